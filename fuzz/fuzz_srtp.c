/* layers: srtp base */
/* fuzz_srtp.c - replay protection and the rollover counter against a naive set: RFC 3711 section 3.3.
 *
 * One side protects packets in order, and leaves some out, from just below the wrap of the sequence
 * number on; the input says in which order, how often and to which end they come. The model
 * remembers every index. What comes out must be what went in: a fuzzing build takes a packet whose
 * tag is wrong, but then its payload is not the one that was sent. Before that the input is a packet itself, to
 * ends that have heard nothing, and an operation gives any octets: they change nothing. */
#include <string.h>

#include "base/unchecked.h"
#include "fuzz_env.h"
#include "srtp/srtp.h"

enum { PACKETS = 1600, OPERATIONS = 200, PLAIN = 24, WINDOW = 1024, RTCP_WINDOW = 128 };

struct sent {
	uint64_t index;
	size_t len;
	uint8_t data[64];
	bool seen;
};

struct world {
	struct fuzz_env env;
	struct tt_srtp *from, *to;
	struct sent all[PACKETS];
	size_t count;
	uint64_t index, newest; /* of the next one sent; of those seen */
	bool rtcp;
	taut_time now;
};

static void plain(const struct world *w, uint64_t index, uint8_t out[PLAIN])
{
	memset(out, (int)(index * 7 & 0xff), PLAIN);
	if (w->rtcp) {
		memcpy(out, (uint8_t[]){ 0x80, 201, 0, 5, 1, 2, 3, 4 }, 8);
		return;
	}
	memcpy(out,
	       (uint8_t[]){ 0x80, 96, (uint8_t)(index >> 8), (uint8_t)index, 0, 0, 0, 0, 1, 2, 3,
			    4 },
	       12);
}

static void send(struct world *w)
{
	struct sent *p = &w->all[w->count];
	int n;

	if (w->count == PACKETS)
		return;
	plain(w, w->index, p->data);
	n = w->rtcp ? tt_srtp_protect_rtcp(w->from, w->now, p->data, PLAIN, sizeof p->data)
		    : tt_srtp_protect_rtp(w->from, w->now, p->data, PLAIN, sizeof p->data);
	FUZZ_CHECK(n > PLAIN, "the next number is protected");
	p->len = (size_t)n;
	p->index = w->index++;
	p->seen = false;
	w->count++;
}

static int unprotect(struct world *w, uint8_t *data, size_t len)
{
	return w->rtcp ? tt_srtp_unprotect_rtcp(w->to, w->now, data, len)
		       : tt_srtp_unprotect_rtp(w->to, w->now, data, len);
}

static void receive(struct world *w, struct sent *p)
{
	const uint64_t window = w->rtcp ? RTCP_WINDOW : WINDOW;
	const bool old = w->newest >= p->index + window;
	uint8_t data[64], want[PLAIN];

	/* 3.3.1: further away than that no receiver can guess the rollover counter */
	if (p->index + 0x7fff < w->newest || w->newest + 0x7fff < p->index)
		return;
	memcpy(data, p->data, p->len);
	const int n = unprotect(w, data, p->len);
	FUZZ_CHECK((n == TT_SRTP_E_REPLAY) == (p->seen || old), "each index once, and no old ones");
	if (n == TT_SRTP_E_REPLAY)
		return;
	plain(w, p->index, want);
	FUZZ_CHECK(n == PLAIN && memcmp(data, want, PLAIN) == 0, "what went in comes out");
	p->seen = true;
	w->newest = w->newest > p->index ? w->newest : p->index;
}

/* The one that the window just holds, or just does not. */
static void receive_at_edge(struct world *w, uint64_t where)
{
	const uint64_t window = w->rtcp ? RTCP_WINDOW : WINDOW;

	for (size_t k = 0; k < w->count; k++)
		if (w->all[k].index + window == w->newest + where - 4) {
			receive(w, &w->all[k]);
			return;
		}
}

/* Damaged by a bit: nothing comes out, and nothing changes, which the next ones show. */
static void damage(struct world *w, const struct sent *p, uint8_t how)
{
	uint8_t data[64];

	if (TT_UNCHECKED)
		return;
	memcpy(data, p->data, p->len);
	data[how % p->len] ^= (uint8_t)(1 << (how & 7));
	FUZZ_CHECK(unprotect(w, data, p->len) < 0, "what is damaged does not pass");
}

/* Nobody protected them: refused, or, where tags are not compared, passed as they came without the tail. */
static void foreign(struct tt_srtp *to, taut_time now, bool rtcp, const uint8_t *p, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, p, len);
	const uint64_t before = tt_work_total;
	const int n = rtcp ? tt_srtp_unprotect_rtcp(to, now, exact, len)
			   : tt_srtp_unprotect_rtp(to, now, exact, len);
	fuzz_check_work_if(n != TT_SRTP_E_MALFORMED, before, len, 2);
	FUZZ_CHECK(n < 0 || (TT_UNCHECKED && (size_t)n < len),
		   "what nobody protected does not pass");
	FUZZ_CHECK(n < 0 || memcmp(exact, p, (size_t)n) == 0, "and stays as it came");
	free(exact);
}

/* Any octets, perhaps behind the header of a packet that was sent: its source, and a number near it. */
static void give_foreign(struct world *w, struct rd *in)
{
	uint8_t data[300], how = rd_u8(in);
	const struct sent *like = &w->all[w->count - 1 - rd_u8(in) % w->count];
	struct wr out = wr_make(data, sizeof data);

	if (how & 1)
		wr_bytes(&out, like->data, w->rtcp ? 8 : 12);
	fuzz_copy(&out, in, rd_u8(in));
	const size_t len = wr_len(&out);
	if (how & 1 && !w->rtcp)
		data[3] ^= how >> 1;
	foreign(w->to, w->now, w->rtcp, data, len);
}

static void operate(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in), how = rd_u8(in);

	switch (what & 3) {
	case 0:
		for (int n = what & 128 ? how * 4 : how % 16; n >= 0; n--)
			send(w);
		break;
	case 1: /* numbers that are never sent */
		w->index += w->rtcp ? 0 : how & 128 ? how * 8u : how;
		/* the sender itself goes on by less than half the numbers */
		w->index = tt_min(w->index, w->all[w->count - 1].index + 0x7fff);
		break;
	case 2:
		if (what == 0xfe)
			give_foreign(w, in);
		else if (what & 128)
			receive_at_edge(w, how % 8);
		else
			receive(w, &w->all[((size_t)(what >> 2) << 8 | how) % w->count]);
		break;
	default: /* the latest ones, as they mostly come */
		receive(w, &w->all[w->count - 1 - how % w->count]);
		if (what & 128)
			damage(w, &w->all[w->count - 1 - how % w->count], how);
	}
}

/* Of each stack and profile one that has heard nothing. */
static void as_packet(const uint8_t *data, size_t size)
{
	const struct tt_srtp_config libsrtp = { .backend = TAUT_SRTP_LIBSRTP };

	for (int i = 0; i < 4; i++) {
		struct fuzz_env env;
		struct tt_srtp *to;
		const struct tt_srtp_keys keys = {
			.profile = i & 1 ? TT_SRTP_PROFILE_AEAD_AES_128_GCM
					 : TT_SRTP_PROFILE_AES128_CM_SHA1_80
		};
		fuzz_env_begin(&env, 1);
		if (tt_srtp_new(&to, &env.env, &keys, i & 2 ? &libsrtp : NULL))
			abort();
		foreign(to, 0, false, data, size);
		foreign(to, 0, true, data, size);
		tt_srtp_free(to);
		fuzz_env_end(&env);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tt_srtp *kept; /* so that libsrtp does not take NSS down and up again */
	static struct fuzz_env of_kept;
	static struct world w;
	struct rd in = rd_make(data, size);
	const uint8_t how = rd_u8(&in);
	const struct tt_srtp_config libsrtp = { .backend = TAUT_SRTP_LIBSRTP };
	struct tt_srtp_keys keys = { .profile = how & 1 ? TT_SRTP_PROFILE_AEAD_AES_128_GCM
							: TT_SRTP_PROFILE_AES128_CM_SHA1_80 };

	if (!kept) {
		fuzz_env_begin(&of_kept, 1);
		if (tt_srtp_new(&kept, &of_kept.env, &keys, &libsrtp))
			abort();
	}
	if (size >= 8 && data[0] >> 6 == 2)
		as_packet(data, size);
	w.count = 0;
	w.rtcp = how & 2;
	w.newest = 0;
	w.index = w.rtcp ? 1 : how & 4 ? 65536 - (how >> 3) * 4u : how;
	fuzz_env_begin(&w.env, 1);
	/* Each stack alone, and one behind the other. */
	if (tt_srtp_new(&w.from, &w.env.env, &keys, how & 0x40 ? &libsrtp : NULL) ||
	    tt_srtp_new(&w.to, &w.env.env, &keys, how & 0x80 ? &libsrtp : NULL))
		abort();
	send(&w);
	receive(&w, &w.all[0]); /* only the first one says where it all begins */
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	tt_srtp_free(w.from);
	tt_srtp_free(w.to);
	fuzz_env_end(&w.env);
	return 0;
}
