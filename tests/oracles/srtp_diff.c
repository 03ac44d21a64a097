/* srtp_diff.c - the SRTP of our own against libsrtp2, packet by packet.
 *
 *     srtp_diff [--packets N] [--seed S]        1,000,000 packets from seed 1
 *
 * Both protect the same packet, and must say the same octets; both get the same datagram, perhaps
 * damaged, cut, late or for the second time, and must say the same: taken with the same content,
 * or refused for the same reason. All four profiles, RTP and RTCP, sequences that jump, wrap and
 * turn back, sources without end. Not compared: the SRTCP index that a source starts with, zero here
 * (RFC 3711 section 3.4) and one there; and why SRTCP whose E bit was cleared is refused: its index and
 * tag are looked at here, and at times not there. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "srtp/srtp.h"
#include "srtp/srtp_backend.h"

enum { ROOM = 2048, SOURCES = 24, LATE = 64, TALL = 1400 };

struct late {
	uint8_t data[ROOM];
	size_t len;
	bool rtcp;
};

struct run {
	uint64_t random;
	struct tt_env env;
	struct tt_srtp *ours, *theirs; /* each both protects and unprotects: same keys both ways */
	struct source {
		uint32_t ssrc;
		uint16_t seq;
		bool primed;
	} sources[SOURCES];
	struct late late[LATE];
	size_t control_tag; /* octets behind the E bit and the index of SRTCP */
	uint64_t packets, taken, refused[8];
	uint64_t seed, life; /* of this session, for a failure to be replayed */
};

static uint64_t draw(struct run *r)
{
	r->random ^= r->random << 13;
	r->random ^= r->random >> 7;
	r->random ^= r->random << 17;
	return r->random;
}

static uint64_t below(struct run *r, uint64_t n)
{
	return (draw(r) >> 16) % n;
}

static int random_of(void *ctx, void *out, size_t len)
{
	uint8_t *p = out;

	while (len-- > 0)
		*p++ = (uint8_t)(draw(ctx) >> 24);
	return 0;
}

static void fail(const struct run *r, const char *what, long ours, long theirs)
{
	(void)fprintf(stderr, "packet %" PRIu64 " (seed %" PRIu64 "): %s: ours %ld, libsrtp2 %ld\n",
		      r->packets, r->seed, what, ours, theirs);
	exit(1);
}

static void begin(struct run *r)
{
	static const uint16_t profiles[] = {
		TT_SRTP_PROFILE_AES128_CM_SHA1_80, TT_SRTP_PROFILE_AES128_CM_SHA1_80,
		TT_SRTP_PROFILE_AES128_CM_SHA1_32, TT_SRTP_PROFILE_AEAD_AES_128_GCM,
		TT_SRTP_PROFILE_AEAD_AES_256_GCM,
	};
	struct tt_srtp_config cfg = { .received_max = 16, .backend = TAUT_SRTP_TAUT };
	struct tt_srtp_keys k = { .profile = profiles[below(r, TT_COUNT(profiles))] };

	r->control_tag = tt_srtp_salt_len(k.profile) == 12 ? 0 : tt_srtp_rtcp_tag(k.profile);
	random_of(r, &k.local, sizeof k.local);
	k.remote = k.local;
	if (tt_srtp_new(&r->ours, &r->env, &k, &cfg) != TAUT_OK)
		fail(r, "no session", 0, 0);
	cfg.backend = TAUT_SRTP_LIBSRTP;
	if (tt_srtp_new(&r->theirs, &r->env, &k, &cfg) != TAUT_OK)
		fail(r, "no session", 0, 0);
	for (size_t i = 0; i < SOURCES; i++)
		r->sources[i] = (struct source){ .ssrc = (uint32_t)draw(r),
						 .seq = (uint16_t)(2000 + below(r, 0x7000)) };
	for (size_t i = 0; i < LATE; i++)
		r->late[i].len = 0;
	r->life = 200 + below(r, 20000);
}

static void end(struct run *r)
{
	tt_srtp_free(r->ours);
	tt_srtp_free(r->theirs);
	if (r->env.memory != 0)
		fail(r, "memory is left", (long)r->env.memory, 0);
}

/* Mostly the next one; at times a gap, a leap of any width, or a step back. */
static uint16_t next_seq(struct run *r, struct source *s)
{
	const uint64_t kind = below(r, 1000);

	if (kind < 940)
		s->seq++;
	else if (kind < 970)
		s->seq = (uint16_t)(s->seq + below(r, 40));
	else if (kind < 994)
		return (uint16_t)(s->seq - below(r, 1200));
	else if (kind < 999)
		s->seq = (uint16_t)(s->seq + below(r, 0x7000));
	else /* past half of them: the ends may not agree on the ROC any more */
		s->seq = (uint16_t)draw(r);
	return s->seq;
}

static size_t write_rtp(struct run *r, struct source *s, uint8_t *buf)
{
	const unsigned csrcs = below(r, 8) ? 0 : (unsigned)below(r, 16);
	const bool extended = below(r, 3) == 0;
	const size_t words = extended ? below(r, 8) : 0;
	const size_t payload = below(r, 20) ? below(r, 60) : below(r, TALL);
	const size_t header = 12 + 4 * csrcs + (extended ? 4 + 4 * words : 0);
	const uint16_t seq = next_seq(r, s);

	random_of(r, buf, header);
	memset(buf + header, (int)draw(r) & 0xff, payload);
	buf[0] = (uint8_t)(0x80u | (below(r, 9) ? 0u : 0x20u) | (extended ? 0x10u : 0u) | csrcs);
	buf[2] = (uint8_t)(seq >> 8);
	buf[3] = (uint8_t)seq;
	for (size_t i = 0; i < 4; i++)
		buf[8 + i] = (uint8_t)(s->ssrc >> (24 - 8 * i));
	if (extended) {
		buf[12 + 4 * csrcs + 2] = 0;
		buf[12 + 4 * csrcs + 3] = (uint8_t)words;
	}
	return header + payload;
}

static size_t write_rtcp(struct run *r, struct source *s, uint8_t *buf)
{
	const size_t len = 8 + 4 * below(r, 40);

	random_of(r, buf, len);
	buf[0] = (uint8_t)(0x80 | (buf[0] & 0x3f));
	buf[1] = (uint8_t)(200 + below(r, 8));
	for (size_t i = 0; i < 4; i++)
		buf[4 + i] = (uint8_t)(s->ssrc >> (24 - 8 * i));
	return len;
}

static int protect_one(struct tt_srtp *s, bool rtcp, uint8_t *buf, size_t len)
{
	return rtcp ? tt_srtp_protect_rtcp(s, 0, buf, len, ROOM)
		    : tt_srtp_protect_rtp(s, 0, buf, len, ROOM);
}

static int unprotect_one(struct tt_srtp *s, bool rtcp, uint8_t *buf, size_t len)
{
	return rtcp ? tt_srtp_unprotect_rtcp(s, 0, buf, len)
		    : tt_srtp_unprotect_rtp(s, 0, buf, len);
}

/* The length; 0: both refused. */
static size_t protect(struct run *r, struct source *s, bool rtcp, uint8_t *out)
{
	uint8_t other[ROOM];
	size_t len = rtcp ? write_rtcp(r, s, out) : write_rtp(r, s, out);

	memcpy(other, out, len);
	if (rtcp && !s->primed) {
		protect_one(r->ours, true, out, len);
		memcpy(out, other, len);
		s->primed = true;
	}
	const int a = protect_one(r->ours, rtcp, out, len);
	const int b = protect_one(r->theirs, rtcp, other, len);
	if (a != b)
		fail(r, "protect", a, b);
	if (a > 0 && memcmp(out, other, (size_t)a) != 0)
		fail(r, "protect, octets", a, b);
	return a > 0 ? (size_t)a : 0;
}

static bool says_clear(const struct run *r, const uint8_t *data, size_t len)
{
	return len >= 4 + r->control_tag && !(data[len - 4 - r->control_tag] & 0x80);
}

static void unprotect(struct run *r, bool rtcp, const uint8_t *data, size_t len)
{
	uint8_t ours[ROOM], theirs[ROOM];

	memcpy(ours, data, len);
	memcpy(theirs, data, len);
	const int a = unprotect_one(r->ours, rtcp, ours, len);
	const int b = unprotect_one(r->theirs, rtcp, theirs, len);
	if (a != b && !(rtcp && a < 0 && b == TT_SRTP_E_REFUSED && says_clear(r, data, len)))
		fail(r, rtcp ? "unprotect RTCP" : "unprotect RTP", a, b);
	if (a > 0 && memcmp(ours, theirs, (size_t)a) != 0)
		fail(r, "unprotect, octets", a, b);
	r->packets++;
	r->taken += a > 0;
	r->refused[a < 0 ? -a : 0] += a < 0;
}

static size_t damage(struct run *r, uint8_t *data, size_t len)
{
	if (below(r, 3) == 0)
		return below(r, len + 1);
	for (uint64_t n = 1 + below(r, 3); n > 0; n--)
		data[below(r, len)] ^= (uint8_t)(1u << below(r, 8));
	return len;
}

static void step(struct run *r)
{
	struct source *s = &r->sources[below(r, SOURCES)];
	struct late *slot = &r->late[below(r, LATE)];
	const bool rtcp = below(r, 10) == 0;
	uint8_t buf[ROOM];

	if (below(r, 500) == 0)
		*s = (struct source){ .ssrc = (uint32_t)draw(r),
				      .seq = (uint16_t)(2000 + below(r, 0x7000)) };
	size_t len = protect(r, s, rtcp, buf);
	if (slot->len > 0 && below(r, 2) == 0) /* late, or for the second time */
		unprotect(r, slot->rtcp, slot->data, slot->len);
	if (len == 0)
		return;
	if (below(r, 4) == 0) {
		memcpy(slot->data, buf, len);
		slot->len = len;
		slot->rtcp = rtcp;
	}
	if (below(r, 10) == 0)
		len = damage(r, buf, len);
	if (below(r, 12) != 0)
		unprotect(r, rtcp, buf, len);
}

static bool take_options(int argc, char **argv, uint64_t *packets, uint64_t *seed)
{
	static const struct option options[] = { { "packets", 1, NULL, 'n' },
						 { "seed", 1, NULL, 's' },
						 { NULL, 0, NULL, 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "n:s:", options, NULL)) >= 0) {
		if (c == 'n')
			*packets = strtoull(optarg, NULL, 10);
		else if (c == 's')
			*seed = strtoull(optarg, NULL, 10);
		else
			return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	static struct run r;
	uint64_t packets = 1000000, seed = 1, sessions = 0;

	if (!take_options(argc, argv, &packets, &seed) || !tt_srtp_ready(TAUT_SRTP_LIBSRTP)) {
		(void)fprintf(stderr, "usage: srtp_diff [--packets N] [--seed S]\n");
		return 2;
	}
	r.seed = seed;
	r.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	tt_env_init(&r.env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						       .random = random_of,
						       .ctx = &r });
	while (r.packets < packets) {
		begin(&r);
		for (uint64_t i = 0; i < r.life; i++)
			step(&r);
		end(&r);
		sessions++;
	}
	printf("%" PRIu64 " packets in %" PRIu64 " sessions: %" PRIu64 " taken, %" PRIu64
	       " malformed, %" PRIu64 " not authentic, %" PRIu64 " replayed, %" PRIu64
	       " refused otherwise; no difference\n",
	       r.packets, sessions, r.taken, r.refused[-TT_SRTP_E_MALFORMED],
	       r.refused[-TT_SRTP_E_AUTH], r.refused[-TT_SRTP_E_REPLAY],
	       r.refused[-TT_SRTP_E_REFUSED]);
	return 0;
}
