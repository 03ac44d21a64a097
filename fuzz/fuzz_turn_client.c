/* layers: stun base; corpus: none */
/* fuzz_turn_client.c - a TURN client whose server says anything, in any order.
 *
 * The input is a list of operations: time passes, the next request is taken, an answer to the latest one
 * is made of what the input says (signed, though a fuzzing build does not look), or raw bytes
 * come from the server. Whatever comes, requests end, what is over stays over, and data is
 * only what was permitted. */
#include <string.h>

#include "base/addr.h"
#include "fuzz_env.h"
#include "stun/turn_client.h"

enum { CAP = 1500, MOST_REQUESTS = 2000 };

struct run {
	struct fuzz_env fuzz;
	struct tt_turn *t;
	taut_time now;
	struct rd in;
	uint8_t request[CAP], answer[CAP];
	uint16_t method;
	bool asked;
	unsigned requests;
};

static struct taut_addr an_address(struct rd *in)
{
	struct taut_addr a = { .family = rd_u8(in) & 1 ? 6 : 4, .port = rd_u16(in) };

	a.ip[0] = rd_u8(in); /* a few addresses, so that some of them meet */
	a.ip[a.family == 6 ? 15 : 3] = rd_u8(in) & 7;
	return a;
}

static void poll(struct run *r)
{
	const bool over = tt_turn_state(r->t) == TT_TURN_OVER;
	struct tt_stun_msg m;

	for (int n = 0;; n++) {
		const size_t len = tt_turn_poll_send(r->t, r->now, r->request, sizeof r->request);
		if (len == 0)
			break;
		FUZZ_CHECK(!over && n < 100, "polls end, and nothing comes of what is over");
		FUZZ_CHECK(tt_stun_read(&m, r->request, len) == TT_STUN_OK &&
				   m.cls == TT_STUN_REQUEST,
			   "a request is well formed");
		r->method = m.method;
		r->asked = true;
		r->requests++;
	}
	FUZZ_CHECK(tt_turn_state(r->t) == TT_TURN_OVER || tt_turn_due(r->t) > r->now,
		   "what is due was sent");
}

static void pass(struct run *r, taut_time by)
{
	r->now += by;
	for (int n = 0; tt_turn_deadline(r->t) <= r->now; n++) {
		FUZZ_CHECK(n < 100, "no timer spins");
		tt_turn_tick(r->t, r->now);
		poll(r);
	}
}

static void sign(struct wr *w, bool strong)
{
	struct tt_stun_key k;

	FUZZ_CHECK(tt_stun_key_long_term(&k, strong ? TT_STUN_SHA256 : TT_STUN_MD5, span_of("u"),
					 span_of("r"), span_of("p")),
		   "a key");
	if (strong)
		tt_stun_put_integrity_sha256(w, &k);
	else
		tt_stun_put_integrity(w, &k);
	tt_stun_key_free(&k);
}

static void put_said(struct run *r, struct wr *w, unsigned what)
{
	static const uint8_t algorithms[] = { 0, 2, 0, 0, 0, 1, 0, 0 };
	const struct taut_addr a = an_address(&r->in);
	uint8_t text[32];

	if (what & 1)
		tt_stun_put(w, TT_STUN_REALM, "r", 1);
	if (what & 2)
		tt_stun_put(w, TT_STUN_NONCE, "obMatJos2gAAAx", what & 4 ? 14 : 3);
	if (what & 8)
		tt_stun_put(w, TT_STUN_PASSWORD_ALGORITHMS, algorithms, sizeof algorithms);
	if (what & 16)
		tt_stun_put_u32(w, TT_STUN_LIFETIME, rd_u16(&r->in));
	if (what & 32)
		tt_stun_put_addr(w, TT_STUN_XOR_RELAYED_ADDRESS, &a);
	if (what & 64)
		tt_stun_put_addr(w, TT_STUN_XOR_MAPPED_ADDRESS, &a);
	if (what & 128)
		tt_stun_put_addr(w, TT_STUN_ALTERNATE_SERVER, &a);
	if (what & 256) {
		const uint16_t type = rd_u16(&r->in), most = rd_u8(&r->in) & 31;
		tt_stun_put(w, type, text, fuzz_bytes(&r->in, most, text));
	}
}

static void judge(struct run *r, enum tt_turn_came came, const struct tt_turn_data *data,
		  size_t len)
{
	if (came != TT_TURN_DATA_CAME)
		return;
	FUZZ_CHECK(data->at <= len && data->len <= len - data->at, "data lies in the datagram");
	FUZZ_CHECK(tt_turn_permission(r->t, &data->peer) != TT_TURN_REFUSED, "data is permitted");
}

static void answer(struct run *r)
{
	static const uint16_t codes[] = { 300, 400, 401, 403, 437, 438, 486, 508 };
	const unsigned how = rd_u8(&r->in), what = rd_u16(&r->in);
	struct wr w = wr_make(r->answer, sizeof r->answer);
	struct tt_turn_data data;

	if (!r->asked)
		return;
	tt_stun_begin(&w, how & 1 ? TT_STUN_ERROR : TT_STUN_SUCCESS, r->method, r->request + 8);
	if (how & 1)
		tt_stun_put_error(&w, codes[how >> 1 & 7], "");
	put_said(r, &w, what);
	if (how & 16)
		sign(&w, how & 32);
	const size_t len = tt_stun_finish(&w);
	judge(r, tt_turn_recv(r->t, r->now, tt_turn_server(r->t), r->answer, len, &data), &data,
	      len);
}

static void raw(struct run *r)
{
	const size_t len = fuzz_bytes(&r->in, rd_u8(&r->in), r->answer);
	struct tt_turn_data data;

	judge(r, tt_turn_recv(r->t, r->now, tt_turn_server(r->t), r->answer, len, &data), &data,
	      len);
}

static void data_from(struct run *r)
{
	const struct taut_addr peer = an_address(&r->in);
	struct wr w = wr_make(r->answer, sizeof r->answer);
	struct tt_turn_data data;

	tt_stun_begin(&w, TT_STUN_INDICATION, TT_TURN_DATA, r->request);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &peer);
	tt_stun_put(&w, TT_STUN_DATA, "data", rd_u8(&r->in) & 3);
	const size_t len = tt_stun_finish(&w);
	judge(r, tt_turn_recv(r->t, r->now, tt_turn_server(r->t), r->answer, len, &data), &data,
	      len);
}

static void say(struct run *r)
{
	const struct taut_addr peer = an_address(&r->in);
	const size_t len = rd_u8(&r->in), head = tt_turn_head(r->t, &peer);
	uint8_t buf[TT_TURN_HEAD + 256 + TT_TURN_TAIL];
	struct tt_turn_channel c;
	struct tt_stun_msg m;

	memset(buf, 0, sizeof buf);
	const size_t n = tt_turn_wrap(r->t, &peer, buf, head, len, sizeof buf);
	FUZZ_CHECK((n > 0) == (tt_turn_permission(r->t, &peer) == TT_TURN_GRANTED),
		   "it leaves if it is permitted");
	if (n == 0)
		return;
	if (head == TT_TURN_CHANNEL_HEAD)
		FUZZ_CHECK(tt_turn_channel_read(&c, buf, n) && c.data.len == len, "ChannelData");
	else
		FUZZ_CHECK(tt_stun_read(&m, buf, n) == TT_STUN_OK && m.data.len == len &&
				   tt_addr_eq(&m.peers[0], &peer),
			   "a Send indication");
}

static void step(struct run *r)
{
	struct taut_addr peer;

	switch (rd_u8(&r->in) % 12) {
	case 1:
		pass(r, rd_u16(&r->in) * (taut_time)FUZZ_MS);
		break;
	case 2:
		pass(r, rd_u8(&r->in) * (taut_time)FUZZ_SECOND);
		break;
	case 3:
	case 4:
		answer(r);
		break;
	case 5:
		raw(r);
		break;
	case 6:
		peer = an_address(&r->in);
		(void)tt_turn_permit(r->t, r->now, &peer);
		break;
	case 7:
		peer = an_address(&r->in);
		tt_turn_bind(r->t, r->now, &peer);
		break;
	case 8:
		say(r);
		break;
	case 9:
		data_from(r);
		break;
	case 10:
		tt_turn_forget_refusals(r->t);
		tt_turn_confirm(r->t, r->now);
		break;
	case 11:
		if (rd_u8(&r->in) == 0)
			tt_turn_release(r->t, r->now);
		break;
	default:
		break;
	}
	poll(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct run r;
	struct tt_turn_config cfg = {
		.server = { .family = 4, .port = 3478, .ip = { 203, 0, 113, 2 } },
		.user = "u",
		.password = "p"
	};

	r = (struct run){ .in = rd_make(data, size), .now = 1000 };
	fuzz_env_begin(&r.fuzz, 1);
	const uint8_t how = rd_u8(&r.in);
	cfg.ipv6 = how & 1;
	cfg.ipv4 = !(how & 2) || !cfg.ipv6;
	cfg.give_up_after = how & 4 ? 8 * FUZZ_SECOND : 0;
	FUZZ_CHECK(tt_turn_new(&r.t, &r.fuzz.env, &cfg, r.now) == TAUT_OK, "a client");
	poll(&r);
	while (rd_left(&r.in) > 0 && r.requests < MOST_REQUESTS) {
		const bool over = tt_turn_state(r.t) == TT_TURN_OVER;
		step(&r);
		FUZZ_CHECK(!over || tt_turn_state(r.t) == TT_TURN_OVER, "over is over");
	}
	tt_turn_free(r.t);
	fuzz_env_end(&r.fuzz);
	return 0;
}
