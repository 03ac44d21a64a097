/* layers: sctp base */
/* fuzz_sctp_assoc.c - two associations in any state, the link between them, and a third who writes
 * packets in the name of one.
 *
 * The first byte says how far the two come before the input takes over: closed, in the middle of
 * the set-up, established, or leaving. Then it sends, resets, leaves, lets time pass, decides
 * packet by packet what the link does, and writes chunks with the right tag or a wrong one. As long
 * as nobody meddled, messages arrive whole, once, and in order. */
#include <string.h>

#include "base/num.h"
#include "fuzz_env.h"
#include "sctp/sctp_assoc.h"

enum {
	LINK = 32,
	OPERATIONS = 64,
	STREAMS = 8,
	MESSAGES = 256,
	MAX_MESSAGE = 3000,
	MOST = 20000, /* the largest message that is sent */
};

struct packet {
	int to; /* -1: none */
	size_t len;
	uint8_t data[SCTP_MAX_PACKET / 6];
};

/* What one end sent on a stream and the other has not seen yet. */
struct stream {
	uint8_t sent, seen; /* ordered and reliable ones */
};

struct end {
	struct fuzz_env env;
	struct tt_sctp *s;
	struct stream out[STREAMS];
	bool connected, closed;
};

struct world {
	struct end e[2];
	taut_time now;
	struct packet link[LINK];
	size_t first, count;
	bool meddled, restarted; /* then what arrives is no longer what was sent */
};

/* ---- what comes out ---- */

static void take_message(struct world *w, int i, const struct tt_sctp_event *e)
{
	struct stream *from = &w->e[1 - i].out[e->stream % STREAMS];

	FUZZ_CHECK(e->len > 0 && e->len <= w->e[i].s->cfg.max_message_in, "its length");
	if (w->meddled || w->restarted || e->len < 4)
		return;
	for (size_t k = 4; k < e->len; k++)
		FUZZ_CHECK(e->data[k] == (uint8_t)(k + e->data[0]), "a message is what was sent");
	if (e->ppid != 1)
		return;
	FUZZ_CHECK(e->data[0] == from->seen, "messages of a stream come once and in order");
	from->seen++;
}

static void take_events(struct world *w, int i)
{
	struct end *end = &w->e[i];
	const struct tt_sctp_event *e;
	int n = 0;

	while ((e = tt_sctp_poll_event(end->s)) != NULL) {
		FUZZ_CHECK(n++ < 5000, "poll_event ends");
		FUZZ_CHECK(!end->closed, "nothing comes after the end");
		if (e->type == TT_SCTP_CONNECTED) {
			FUZZ_CHECK(!end->connected, "it comes up once");
			end->connected = true;
		} else if (e->type == TT_SCTP_MESSAGE) {
			take_message(w, i, e);
		} else if (e->type == TT_SCTP_STREAM_RESET_IN) {
			/* nothing: numbers of ours go on */
		} else if (e->type == TT_SCTP_RESTARTED) {
			w->restarted = true;
		} else if (e->type == TT_SCTP_CLOSED) {
			end->closed = true;
		}
	}
}

static void take_packets(struct world *w, int i)
{
	uint8_t buf[2048];
	size_t len;
	int n = 0;

	while ((len = tt_sctp_poll_send(w->e[i].s, w->now, buf, sizeof buf)) > 0) {
		FUZZ_CHECK(n++ < 2000, "poll_send ends");
		FUZZ_CHECK(len <= w->e[i].s->cfg.max_packet,
			   "a packet has at most max_packet bytes");
		if (w->count == LINK)
			continue; /* lost */
		struct packet *p = &w->link[(w->first + w->count++) % LINK];
		p->to = 1 - i;
		p->len = len;
		memcpy(p->data, buf, len);
	}
}

static void check(struct world *w, int i)
{
	const struct tt_sctp *s = w->e[i].s;

	FUZZ_CHECK(tt_sctp_deadline(s, NULL) > w->now, "the deadline lies ahead");
	FUZZ_CHECK(tt_sctp_flight_adds_up(&s->flight), "the flight adds up");
	FUZZ_CHECK(s->rx.held <= s->cfg.recv_window + s->rx.resets * 128, "the window is kept");
	FUZZ_CHECK(s->queue.held <= s->cfg.send_buffer || s->queue.held <= MOST + 1024,
		   "the send buffer is kept");
	FUZZ_CHECK(s->control_count <= SCTP_MAX_CONTROL, "few control chunks wait");
	FUZZ_CHECK(s->cc.cwnd >= s->cc.pmdcs, "a packet fits the congestion window");
	FUZZ_CHECK(s->rtt.rto >= SCTP_RTO_MIN && s->rtt.rto <= SCTP_RTO_MAX, "the RTO is kept");
	FUZZ_CHECK(w->e[i].env.env.memory < 4 << 20, "memory has a ceiling");
	FUZZ_CHECK(!w->e[i].closed || s->state == SCTP_DEAD, "who is dead stays dead");
}

static void settle(struct world *w)
{
	for (int i = 0; i < 2; i++) {
		tt_sctp_tick(w->e[i].s, w->now);
		take_events(w, i);
		take_packets(w, i);
		take_events(w, i);
		check(w, i);
	}
}

/* ---- the link ---- */

static int give(struct world *w, int to, const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, data, len);
	const uint64_t before = tt_work_total;
	const int r = tt_sctp_recv(w->e[to].s, w->now, exact, len);
	fuzz_check_work(before, len, 16);
	free(exact);
	return r;
}

static void deliver(struct world *w, size_t at, bool keep)
{
	struct packet p = w->link[(w->first + at) % LINK];

	if (!keep) {
		for (size_t k = at; k > 0; k--)
			w->link[(w->first + k) % LINK] = w->link[(w->first + k - 1) % LINK];
		w->first = (w->first + 1) % LINK;
		w->count--;
	}
	give(w, p.to, p.data, p.len);
	settle(w);
}

/* All that is under way arrives, and what that brings about. */
static void exchange(struct world *w, int packets)
{
	for (settle(w); packets > 0 && w->count > 0; packets--) {
		w->now += FUZZ_MS;
		deliver(w, 0, false);
	}
}

static void drop(struct world *w)
{
	w->first = (w->first + 1) % LINK;
	w->count--;
}

/* ---- calls ---- */

static void send(struct world *w, int i, struct rd *in)
{
	static uint8_t bytes[MOST];
	const uint8_t how = rd_u8(in);
	struct stream *out = &w->e[i].out[how % STREAMS];
	const struct tt_sctp_send_options opt = { .unordered = how & 8,
						  .limit_retransmits = how & 16,
						  .max_retransmits = how >> 6,
						  .lifetime_ms = how & 32 ? 700 : 0 };
	const bool plain = !(how & (8 | 16 | 32));
	const size_t len = 4 + (how & 64 ? fuzz_pick(in, MOST - 4) : rd_u8(in));
	const uint8_t number = plain ? out->sent : how;

	for (size_t k = 0; k < len; k++)
		bytes[k] = (uint8_t)(k + number);
	const int r =
		tt_sctp_send(w->e[i].s, w->now, how % STREAMS, plain ? 1 : 2, &opt, bytes, len);
	FUZZ_CHECK(r == TAUT_OK || r == TAUT_E_STATE || r == TAUT_E_INVAL || r == TAUT_E_AGAIN,
		   "a defined error");
	if (r == TAUT_OK && plain && len <= MAX_MESSAGE)
		out->sent++;
	else if (r == TAUT_OK && plain)
		w->meddled = true; /* too large: thrown away, and the numbers have a hole */
}

static void call(struct world *w, int i, struct rd *in)
{
	struct tt_sctp *s = w->e[i].s;

	switch (fuzz_pick(in, 10)) {
	case 0:
		tt_sctp_reset_stream(s, w->now, rd_u8(in) % STREAMS);
		break;
	case 1:
		tt_sctp_shutdown(s, w->now);
		break;
	case 2:
		tt_sctp_abort(s, w->now);
		break;
	case 3:
		tt_sctp_connect(s, w->now);
		break;
	default:
		send(w, i, in);
	}
}

/* ---- packets of a third ---- */

static uint32_t near(struct rd *in, uint32_t what)
{
	return what + rd_u8(in) - 128u;
}

/* Mostly of what was sent: any other ends the association. */
static void write_sack(struct wr *out, const struct tt_sctp *s, struct rd *in)
{
	const size_t at = tt_sctp_begin(out, SCTP_SACK, 0);
	const uint8_t how = rd_u8(in), gaps = how % 4, cum = rd_u8(in);
	const bool wild = how >= 240;
	const uint32_t n = tt_sctp_flight_count(&s->flight), acked = wild ? cum - 128u : cum % (n + 1);
	uint16_t end = 0, count = 0;

	wr_u32(out, s->flight.cum.v + acked);
	wr_u32(out, rd_u8(in) * 1000u);
	const size_t where = out->off;
	wr_u32(out, 0);
	for (uint8_t k = 0; k < gaps; k++) {
		const uint16_t start = (uint16_t)(end + rd_u8(in) % 16);
		end = (uint16_t)(start + rd_u8(in) % 8);
		if (!wild && end > n - acked)
			break;
		wr_u16(out, start);
		wr_u16(out, end);
		count++;
	}
	wr_patch_u16(out, where, count);
	tt_sctp_end(out, at);
}

static void write_forward(struct wr *out, const struct tt_sctp *s, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	const bool interleaved = s->rx.interleaved ^ !(how & 0xf8);
	const size_t at =
		tt_sctp_begin(out, interleaved ? SCTP_I_FORWARD_TSN : SCTP_FORWARD_TSN, 0);

	wr_u32(out, near(in, s->tracker.cum.v));
	for (uint8_t n = how % 4; n > 0; n--) {
		const uint8_t which = rd_u8(in);
		tt_sctp_write_skipped(
			out,
			&(struct sctp_skipped){ which % STREAMS, which & 16, { near(in, 64) } },
			interleaved);
	}
	tt_sctp_end(out, at);
}

static void write_reconfig(struct wr *out, const struct tt_sctp *s, struct rd *in)
{
	static const uint16_t kinds[] = { SCTP_P_RESET_OUT, SCTP_P_RESET_IN, SCTP_P_RESET_TSN,
					  SCTP_P_RESPONSE,  SCTP_P_ADD_OUT,  SCTP_P_ADD_IN };
	const size_t at = tt_sctp_begin(out, SCTP_RE_CONFIG, 0);

	for (uint8_t n = 1 + rd_u8(in) % 2; n > 0; n--) {
		const uint16_t kind = kinds[fuzz_pick(in, TT_COUNT(kinds))];
		const size_t p = tt_sctp_begin_param(out, kind);
		wr_u32(out, near(in, kind == SCTP_P_RESPONSE ? s->reconfig.my_seq
							     : s->reconfig.peer_seq));
		if (kind == SCTP_P_RESET_OUT)
			wr_u32(out, s->reconfig.my_seq);
		wr_u32(out, kind == SCTP_P_RESET_OUT ? near(in, s->tracker.cum.v) : rd_u8(in) % 8);
		for (uint8_t k = rd_u8(in) % 4; kind <= SCTP_P_RESET_IN && k > 0; k--)
			wr_u16(out, rd_u8(in) % STREAMS);
		tt_sctp_end(out, p);
	}
	tt_sctp_end(out, at);
}

static void write_init(struct wr *out, const struct tt_sctp *s, struct rd *in, uint8_t type)
{
	const uint8_t how = rd_u8(in);
	static const uint8_t cookie[256];
	const struct sctp_init i = {
		.tag = how & 1 ? s->peer_tag : how,
		.tsn = s32(near(in, s->tracker.cum.v)),
		.window = how & 2 ? 100000 : rd_u16(in),
		.out_streams = how >> 2 & 15,
		.in_streams = how >> 4,
		.interleaving = !(how & 0x40),
		.i_forward_tsn = !(how & 0x20),
		.zero_checksum = !(how & 0x10),
		.cookie = { cookie, type == SCTP_INIT_ACK ? how : 0u },
	};

	tt_sctp_write_init(out, type, &i);
}

/* A cookie of s: what it would have signed for an INIT, with tags as the input likes. */
static void write_cookie(struct wr *out, const struct tt_sctp *s, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	const struct sctp_cookie c = {
		.created = 0,
		.my_tag = how & 1 ? how : s->my_tag,
		.peer_tag = how & 2 ? how : s->peer_tag,
		.my_tie = s->my_tie,
		.peer_tie = s->peer_tie,
		.my_tsn = how & 4 ? s32(how) : s->my_tsn,
		.peer_tsn = s32(near(in, s->tracker.cum.v)),
		.peer_window = 100000,
		.peer_out = STREAMS,
		.peer_in = STREAMS,
		.forward_tsn = how & 8,
		.reconfig = how & 16,
		.interleaved = how & 32,
		.zero_checksum = how & 64,
	};
	uint8_t bytes[SCTP_COOKIE_SIZE];
	const size_t at = tt_sctp_begin(out, SCTP_COOKIE_ECHO, 0);

	if (tt_sctp_cookie_write(s, &c, bytes))
		wr_bytes(out, bytes, sizeof bytes);
	tt_sctp_end(out, at);
}

static void write_data(struct wr *out, const struct tt_sctp *s, struct rd *in)
{
	static const uint8_t bytes[64];
	const uint8_t flags = rd_u8(in);
	const bool other = (flags & 0xe0) == 0xe0 && rd_u8(in) < 32; /* not the kind agreed on */

	tt_sctp_write_data(out, &(struct sctp_data){ .tsn = { near(in, s->tracker.cum.v) },
						     .stream = flags >> 4 & 7,
						     .interleaved = s->rx.interleaved != other,
						     .mid = { rd_u8(in) % 8 },
						     .fsn = rd_u8(in) % 4,
						     .begin = flags & 1,
						     .end = flags & 2,
						     .unordered = flags & 4,
						     .immediate = flags & 8,
						     .data = bytes,
						     .len = rd_u8(in) % sizeof bytes });
}

static void write_other(struct wr *out, struct rd *in)
{
	static const uint8_t types[] = { SCTP_HEARTBEAT,
					 SCTP_HEARTBEAT_ACK,
					 SCTP_ABORT,
					 SCTP_SHUTDOWN,
					 SCTP_SHUTDOWN_ACK,
					 SCTP_ERROR,
					 SCTP_COOKIE_ACK,
					 SCTP_SHUTDOWN_COMPLETE,
					 0x3f,
					 0x80,
					 0xc1 };
	const size_t at = tt_sctp_begin(out, types[fuzz_pick(in, TT_COUNT(types))], rd_u8(in) & 1);

	fuzz_copy(out, in, rd_u8(in) % 32);
	tt_sctp_end(out, at);
}

static void write_chunk(struct wr *out, const struct tt_sctp *s, struct rd *in)
{
	switch (fuzz_pick(in, 12)) {
	case 0:
		write_sack(out, s, in);
		break;
	case 1:
		write_forward(out, s, in);
		break;
	case 2:
		write_reconfig(out, s, in);
		break;
	case 3:
		write_init(out, s, in, SCTP_INIT);
		break;
	case 4:
		write_init(out, s, in, SCTP_INIT_ACK);
		break;
	case 5:
		write_cookie(out, s, in);
		break;
	case 6: {
		const size_t at = tt_sctp_begin(out, SCTP_SHUTDOWN, 0);
		wr_u32(out, near(in, s->flight.cum.v));
		tt_sctp_end(out, at);
		break;
	}
	case 7: /* any bytes */
		fuzz_copy(out, in, rd_u8(in));
		break;
	case 8:
	case 9:
		write_other(out, in);
		break;
	default:
		write_data(out, s, in);
	}
}

static void meddle(struct world *w, int i, struct rd *in)
{
	const struct tt_sctp *s = w->e[i].s;
	const uint8_t how = rd_u8(in);
	const uint32_t tags[8] = { s->my_tag, s->my_tag, s->my_tag,   s->my_tag,
				   s->my_tag, 0,         s->peer_tag, how };
	const uint32_t tag = tags[how & 7];
	uint8_t buf[1400];
	struct wr out = wr_make(buf, sizeof buf);

	tt_sctp_write_header(&out, &(struct sctp_header){ 5000, 5000, tag });
	for (int n = 1 + (how >> 3 & 3); n > 0; n--)
		write_chunk(&out, s, in);
	const size_t len = tt_sctp_seal(&out);
	if (len == 0)
		return;
	w->meddled = true;
	const uint8_t type = len > 12 ? buf[12] : 0;
	struct tt_sctp before = *s;
	const int refused = give(w, i, buf, len);
	/* 8.5: those that do not go by the tag of the receiver alone are left out */
	if (tag == s->my_tag || type == SCTP_INIT || type == SCTP_ABORT ||
	    type == SCTP_COOKIE_ECHO || type == SCTP_SHUTDOWN_ACK ||
	    type == SCTP_SHUTDOWN_COMPLETE || before.state == SCTP_DEAD)
		return;
	before.counters = s->counters;
	FUZZ_CHECK(refused && memcmp(&before, s, sizeof before) == 0, "a wrong tag moves nothing");
}

/* ---- the input ---- */

static void pass_time(struct world *w, struct rd *in)
{
	static const taut_time spans[] = { FUZZ_MS,          50 * FUZZ_MS,    250 * FUZZ_MS,
					   FUZZ_SECOND,      5 * FUZZ_SECOND, 40 * FUZZ_SECOND,
					   120 * FUZZ_SECOND };
	const size_t which = fuzz_pick(in, 16);
	taut_time next = INT64_MAX;

	for (int i = 0; i < 2; i++)
		next = tt_min64(next, tt_sctp_deadline(w->e[i].s, NULL));
	if (which < TT_COUNT(spans))
		w->now += spans[which];
	else if (next != INT64_MAX)
		w->now = next;
	settle(w);
}

static void operate(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	const size_t at = w->count ? (what >> 3) % w->count : 0;

	switch (what & 7) {
	case 0:
		exchange(w, 1 + (what >> 3));
		break;
	case 1: /* the next one, or one of those behind it */
		if (w->count)
			deliver(w, at, false);
		break;
	case 2: /* twice */
		if (w->count)
			deliver(w, at, true);
		break;
	case 3:
		for (int n = what >> 5; n >= 0 && w->count; n--)
			drop(w);
		break;
	case 4:
		pass_time(w, in);
		break;
	case 5:
		meddle(w, what >> 7, in);
		break;
	default:
		call(w, what >> 7, in);
	}
	settle(w);
}

static void begin(struct world *w, uint8_t how)
{
	/* a window that a few of the largest messages fill; I-DATA if both ends offer it */
	struct tt_sctp_config cfg = { .max_streams = STREAMS,
				      .max_message_in = MAX_MESSAGE,
				      .recv_window = 1 << 20,
				      .send_buffer = 60000,
				      .max_packet = 600 };

	w->now = FUZZ_SECOND;
	for (int i = 0; i < 2; i++) {
		fuzz_env_begin(&w->e[i].env, how & 64 ? (uint64_t)i + 1 : (uint64_t)i + 3);
		cfg.no_interleaving = how >> (3 + i) & 1;
		if (tt_sctp_new(&w->e[i].s, &w->e[i].env.env, &cfg, w->now) != TAUT_OK)
			abort();
	}
	if (how % 8 == 0)
		return; /* closed */
	tt_sctp_connect(w->e[0].s, w->now);
	if (how & 32)
		tt_sctp_connect(w->e[1].s, w->now);
	exchange(w,
		 how % 8 < 5 ? how % 8 - 1 : 30); /* cookie-wait, cookie-echoed, up on one side */
	if (how % 8 < 6)
		return;
	uint8_t bytes[2000];
	for (size_t k = 0; k < sizeof bytes; k++)
		bytes[k] = (uint8_t)k;
	tt_sctp_send(w->e[0].s, w->now, 0, 2, NULL, bytes, sizeof bytes);
	tt_sctp_shutdown(w->e[how % 8 == 6].s, w->now); /* shutdown-pending, shutdown-received */
	settle(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);

	memset(&w.e, 0, sizeof w.e);
	w.first = w.count = 0;
	w.meddled = w.restarted = false;
	begin(&w, rd_u8(&in) ^ 5); /* mostly established */
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	for (int i = 0; i < 2; i++) {
		tt_sctp_free(w.e[i].s);
		fuzz_env_end(&w.e[i].env);
	}
	return 0;
}
