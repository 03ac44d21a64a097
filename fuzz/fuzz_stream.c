/* layers: ice stun base; corpus: none */
/* fuzz_stream.c - a stream is taken apart into messages: those of a TURN server (RFC 8656 section 12.5) or
 * of the peer (RFC 4571 section 2), in pieces of any length.
 *
 * The input says what comes: octets as they are, frames of a length that it names, and where a piece ends.
 * All that came is kept, and a model walks it from its beginning: each message comes out once, whole and in
 * order; a longer one than any datagram is skipped, if it does not lie whole in one piece; what is
 * no frame of a TURN server ends the stream. With the first bit set the agent is given the messages as well,
 * as the connection does, and may end the stream itself; until then the same holds. */
#include <string.h>

#include "base/addr.h"
#include "fuzz_env.h"
#include "ice/ice_agent.h"
#include "stun/turn.h"

enum { OPERATIONS = 64, STREAM = 160 * 1024, MEMORY = 100000 };

struct world {
	struct fuzz_env env;
	struct tt_ice *ice;
	taut_flow next_flow, flow;
	taut_time now;
	bool framed, passes, over;
	size_t came, given; /* of all[]; given: so much was handed over */
	size_t piece;       /* where the one begins that was handed over last */
	size_t at;          /* of the model: where the next message begins */
	uint64_t skipped;
	uint8_t all[STREAM];
};

static const struct taut_addr here = { .family = 4, .port = 6000, .ip = { 192, 0, 2, 1 } };
static const struct taut_addr peer = { .family = 4, .port = 40000, .ip = { 203, 0, 113, 9 } };

/* ---- the agent ---- */

static taut_flow asked_for(struct world *w)
{
	const struct taut_io *io;
	taut_flow stream = 0;

	while ((io = tt_ice_poll_io(w->ice)) != NULL) {
		const struct taut_io copy = *io;
		struct taut_addr bound = copy.local;
		bound.port = 6000;
		if (copy.kind == TAUT_IO_TCP || copy.kind == TAUT_IO_TLS ||
		    copy.kind == TAUT_IO_LISTEN)
			stream = copy.flow;
		if (copy.kind != TAUT_IO_CLOSE)
			tt_ice_io_result(w->ice, w->now, copy.flow, 0, &bound, 1);
	}
	return stream;
}

static void begin(struct world *w, uint8_t how)
{
	static const struct taut_interface eth = {
		.size = sizeof eth, .name = "e", .addr = { .family = 4, .ip = { 192, 0, 2, 1 } }
	};
	const struct tt_ice_server server = { .host = "203.0.113.2",
					      .transport = how & 4 ? TT_ICE_TLS : TT_ICE_TCP,
					      .user = "ada",
					      .password = "lovelace" };
	const struct tt_ice_config cfg = { .controlling = true,
					   .tcp = how & 2 ? TT_ICE_TCP_LISTENS : 0,
					   .servers = &server,
					   .server_count = !(how & 2),
					   .next_flow = &w->next_flow };

	w->next_flow = 1;
	w->now = FUZZ_SECOND;
	w->framed = how & 2;
	w->passes = how & 1;
	fuzz_env_begin(&w->env, 1);
	if (tt_ice_new(&w->ice, &w->env.env, &cfg, w->now))
		abort();
	tt_ice_set_interfaces(w->ice, w->now, &eth, 1);
	tt_ice_gather(w->ice, w->now);
	w->flow = asked_for(w);
	if (w->framed)
		w->flow = tt_ice_accept(w->ice, w->now, w->flow, &here, &peer);
	FUZZ_CHECK(tt_ice_is_stream(w->ice, w->flow), "there is a stream");
}

/* What the connection does with a message. */
static void pass_on(struct world *w, uint8_t *msg, size_t len)
{
	struct tt_ice_in in = {
		.flow = w->flow, .local = here, .remote = peer, .buf = msg, .len = len
	};

	if (!w->framed)
		in.remote =
			(struct taut_addr){ .family = 4, .port = 3478, .ip = { 203, 0, 113, 2 } };
	const uint64_t before = tt_work_total, *unread = &w->env.env.drops[TAUT_DROP_ICE_STATE];
	const uint64_t unread_before = *unread;
	const bool stun = tt_ice_unwrap(w->ice, w->now, &in) && in.len > 0 && in.buf[0] <= 3;
	if (stun)
		(void)tt_ice_recv(w->ice, w->now, in.flow, &in.local, &in.remote, in.buf, in.len);
	fuzz_check_work_if(stun && *unread == unread_before, before, len, 12);
}

/* ---- the model ---- */

/* How long the frame is that begins at p; 0: more has to come; SIZE_MAX: it is none. */
static size_t frame(const struct world *w, const uint8_t *p, size_t have)
{
	const size_t n = have < 4 ? 0 : (size_t)p[2] << 8 | p[3];

	if (w->framed)
		return have < 2 ? 0 : 2 + ((size_t)p[0] << 8 | p[1]);
	if (have < 4)
		return 0;
	if (p[0] >= 0x40 && p[0] <= 0x4f)
		return 4 + (n + 3) / 4 * 4;
	return p[0] <= 3 && n % 4 == 0 ? 20 + n : SIZE_MAX;
}

/* The next message that has to come out of what was handed over. False: none. */
static bool expected(struct world *w, const uint8_t **msg, size_t *len)
{
	const size_t head = w->framed ? 2 : 0;

	while (!w->over && w->at < w->given) {
		const size_t whole = frame(w, w->all + w->at, w->given - w->at);
		const bool in_piece = w->at >= w->piece && whole <= w->given - w->at;
		if (whole == 0)
			return false;
		if (!in_piece && !w->framed && whole > UINT16_MAX) {
			w->over = true; /* SIZE_MAX as well */
			return false;
		}
		if (!in_piece && whole > TT_ICE_MESSAGE) {
			w->skipped++; /* it may not all have come */
			w->at += whole;
			continue;
		}
		if (whole > w->given - w->at)
			return false;
		*msg = w->all + w->at + head;
		*len = whole - head;
		w->at += whole;
		if (*len > 0)
			return true;
	}
	return false;
}

/* ---- what comes ---- */

/* Takes the next message out, and counts what was done for it. */
static size_t take(struct world *w, uint8_t **at, size_t *left, uint8_t **msg, uint64_t *work)
{
	const uint64_t before = tt_work_total;
	const size_t len = tt_ice_stream_next(w->ice, w->now, w->flow, at, left, msg);

	*work += tt_work_total - before;
	return len;
}

/* The piece that ends here; what lies before it was handed over. */
static void hand_over(struct world *w)
{
	const size_t n = w->came - w->given;
	uint8_t *exact = malloc(n ? n : 1), *at = exact, *msg = NULL;
	const uint8_t *want = NULL;
	const bool looked_at = !w->over && w->at < w->came; /* or all of it is skipped */
	uint64_t work = 0;
	size_t left = n, len, length = 0;
	bool ended = w->over;

	if (!exact)
		abort();
	if (n > 0)
		memcpy(exact, w->all + w->given, n);
	w->piece = w->given;
	w->given = w->came;
	while ((len = take(w, &at, &left, &msg, &work)) > 0) {
		FUZZ_CHECK(!ended && expected(w, &want, &length), "no message that nobody sent");
		FUZZ_CHECK(len == length && memcmp(msg, want, len) == 0, "the one that was sent");
		if (!w->passes)
			continue;
		pass_on(w, msg, len);
		ended = !tt_ice_is_stream(w->ice, w->flow); /* which is for the agent to say */
		(void)asked_for(w);
	}
	fuzz_check_work_if(n > 0 && looked_at, tt_work_total - work, n, 2);
	if (!w->passes) {
		FUZZ_CHECK(!expected(w, &want, &length), "each message that was sent");
		FUZZ_CHECK(w->over || left == 0, "what came is taken");
		FUZZ_CHECK(w->env.env.drops[TAUT_DROP_LENGTH] == w->skipped,
			   "what is skipped counts");
	} else if (!ended) {
		(void)expected(w, &want, &length); /* skips, and says whether it is over */
	}
	free(exact);
	(void)asked_for(w);
	w->over |= !tt_ice_is_stream(w->ice, w->flow);
	FUZZ_CHECK(w->over == !tt_ice_is_stream(w->ice, w->flow), "what is no frame ends it");
	FUZZ_CHECK(w->env.env.memory < MEMORY, "memory has a ceiling");
}

static void put(struct world *w, const void *data, size_t len)
{
	const size_t n = tt_min(len, sizeof w->all - w->came);

	if (n > 0)
		memcpy(w->all + w->came, data, n);
	w->came += n;
}

/* A frame of that length, whole or short of its end. */
static void put_frame(struct world *w, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	const size_t len = how & 1 ? rd_u16(in) : rd_u8(in);
	const size_t body = w->framed ? len : how & 2 ? len / 4 * 4 + 16 : (len + 3) / 4 * 4;
	uint8_t head[4] = { 0x40 | (how >> 4), how, (uint8_t)(len >> 8), (uint8_t)len };

	if (w->framed)
		memcpy(head, head + 2, 2);
	else if (how & 2)
		memcpy(head, (uint8_t[]){ how >> 4 & 3, how, (uint8_t)(len >> 8), len & 0xfc }, 4);
	put(w, head, w->framed ? 2 : 4);
	for (size_t n = how & 4 ? body / 2 : body, i = 0; i < n; i++)
		put(w, &(uint8_t){ (uint8_t)(i * 7 + len) }, 1);
}

static void operate(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	uint8_t buf[256];

	switch (what & 7) {
	case 0:
		hand_over(w);
		break;
	case 1:
	case 2:
		put(w, buf, fuzz_bytes(in, rd_u8(in), buf));
		break;
	case 3: /* octets of their own */
		for (size_t n = 1 + (what >> 3); n > 0 && rd_left(in) > 0; n--) {
			put(w, &(uint8_t){ rd_u8(in) }, 1);
			hand_over(w);
		}
		break;
	case 4:
		if (what & 128)
			hand_over(w);
		w->now += (what >> 3 & 15) * FUZZ_SECOND;
		tt_ice_tick(w->ice, w->now);
		(void)asked_for(w);
		w->over |= !tt_ice_is_stream(w->ice, w->flow);
		break;
	case 5:
		if (what & 248)
			break;
		tt_ice_io_result(w->ice, w->now, w->flow, 104, NULL, 0);
		(void)asked_for(w);
		FUZZ_CHECK(!tt_ice_is_stream(w->ice, w->flow), "what has ended is none");
		w->over = true;
		break;
	default:
		put_frame(w, in);
		if (what & 128)
			hand_over(w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);

	memset(&w, 0, offsetof(struct world, all));
	begin(&w, rd_u8(&in));
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	hand_over(&w);
	tt_ice_free(w.ice);
	fuzz_env_end(&w.env);
	return 0;
}
