/* layers: peer */
/* fuzz_pc.c - a whole connection, in any moment of its life, and the datagrams of a peer that has
 * all its keys, of somebody with none, and of nobody in particular.
 *
 * a and b are two connections with a link between them. The first byte says how far they come:
 * new, offered, looking for a path, without DTLS yet, or up, with a channel and media both ways.
 * The second may have them leave out SCTP's handshake, and damage what one tells the other of its association.
 * Then the input injects datagrams into a, alone and in runs, calls what an application calls, and
 * lets time pass over a link that may be cut. DTLS is plain_dtls.h: what stands in its records the
 * input can write. */
#define _GNU_SOURCE
#include "fuzz_env.h"
#include "fuzz_snap.h"
#include "peer/pc.h"
#include "plain_dtls.h"
#include "datachannel/dcs_internal.h"
#include "sctp/sctp_assoc.h"
#include "taut/stats.h"

enum { FLOWS = 8, LINK = 64, SEEN = 16, OPERATIONS = 32, DATAGRAM = 1500, KINDS = 3, BLOCKS = 4 };

struct packet {
	int to;                         /* -1: none */
	struct taut_addr local, remote; /* as the receiver sees them */
	size_t len;
	uint8_t data[DATAGRAM];
};

/* Memory that is lent to a channel, freed as soon as it is the application's. */
struct block {
	uint8_t *memory; /* NULL: none */
	taut_channel channel;
};

struct side {
	taut_env *env;
	size_t own_memory; /* of env, before there was a connection */
	uint64_t seed;
	taut_pc *pc;
	taut_flow flow[FLOWS];
	struct taut_addr addr[FLOWS];
	size_t flows;
	struct packet seen[KINDS][SEEN]; /* what it sent: STUN, DTLS, media */
	size_t seen_at[KINDS];
	bool ended;
	taut_channel channel;
	struct block blocks[BLOCKS];
};

struct world {
	struct side s[2];
	taut_time now;
	struct packet link[LINK];
	size_t first, count;
	uint8_t loss;
	bool stun_meddled; /* then anybody may have become a peer */
	uint8_t snap;      /* 1, 2: a or b offers it; 3: both, and damaged: */
	uint16_t where;
	uint8_t what;
	unsigned sent;
};

static const struct taut_addr stranger = { .family = 4, .port = 9, .ip = { 203, 0, 113, 5 } };

static bool fine(int err)
{
	FUZZ_CHECK(err <= 0 && err != TAUT_E_NOMEM, "a defined error, and not for want of memory");
	return err == TAUT_OK;
}

/* ---- one side ---- */

static void answer_io(struct world *w, int i)
{
	struct side *s = &w->s[i];
	const struct taut_io *io;
	int n = 0;

	while ((io = taut_pc_poll_io(s->pc)) != NULL) {
		const struct taut_io copy = *io;
		struct taut_addr bound = copy.local;
		FUZZ_CHECK(n++ < 200, "poll_io ends");
		if (copy.kind == TAUT_IO_UDP) {
			bound.port = (uint16_t)(40000 + 100 * i + (int)s->flows);
			s->flow[s->flows % FLOWS] = copy.flow;
			s->addr[s->flows++ % FLOWS] = bound;
			taut_pc_io_result(s->pc, w->now, copy.flow, 0, &bound, 1);
		} else if (copy.kind != TAUT_IO_CLOSE) {
			taut_pc_io_result(s->pc, w->now, copy.flow, 101, NULL, 0);
		}
	}
}

static void describe(struct world *w, int i)
{
	uint32_t type = 0;
	const char *text = taut_pc_local_description(w->s[i].pc, &type);
	size_t len = text ? strlen(text) : 0;
	const size_t cap = len + 2400;
	char *copy = malloc(cap);

	if (!copy)
		abort();
	if (text) {
		memcpy(copy, text, len + 1);
		if (w->snap == 3 && (w->where >> 14 & 1) == i) /* of the offer or of the answer */
			len = fuzz_snap_damage(copy, len, cap, w->where, w->what);
		fine(taut_pc_set_remote_description(w->s[1 - i].pc, w->now, type, copy, len));
	}
	free(copy);
}

/* Those of a channel, where that is not 0, or the one that begins there. */
static void free_blocks(struct side *s, taut_channel channel, const void *data)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		struct block *b = &s->blocks[i];
		if (b->memory && (b->memory == data || b->channel == channel)) {
			free(b->memory);
			b->memory = NULL;
		}
	}
}

static void receive_into(struct side *s, uint8_t how)
{
	if (how % 8 == 0) {
		if (fine(taut_pc_receive_into(s->pc, s->channel, NULL, 0)))
			free_blocks(s, s->channel, NULL);
		return;
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		struct block *b = &s->blocks[i];
		if (b->memory)
			continue;
		const size_t size = how & 1 ? 20000 : 1 + how / 2;
		*b = (struct block){ malloc(size), s->channel };
		if (!b->memory)
			abort();
		if (!fine(taut_pc_receive_into(s->pc, s->channel, b->memory, size)))
			free_blocks(s, 0, b->memory);
		return;
	}
}

static void take_events(struct world *w, int i)
{
	struct side *s = &w->s[i];
	const struct taut_event *ev;
	int n = 0;

	while ((ev = taut_pc_poll_event(s->pc)) != NULL) {
		FUZZ_CHECK(n++ < 10000, "poll_event ends");
		if (ev->type == TAUT_EV_ICE_CANDIDATE)
			taut_pc_add_ice_candidate(w->s[1 - i].pc, w->now, ev->text,
						  ev->text ? strlen(ev->text) : 0, ev->label, -1);
		else if (ev->type == TAUT_EV_CONNECTION_STATE)
			s->ended = ev->number == TAUT_STATE_CLOSED;
		else if (ev->type == TAUT_EV_OPEN)
			s->channel = ev->channel;
		else if (ev->type == TAUT_EV_MESSAGE && ev->len < 100) /* an echo of what is lent */
			(void)!taut_pc_send_message(s->pc, w->now, ev->channel, (int)ev->number,
						    ev->data, ev->len);
		if (ev->type == TAUT_EV_MESSAGE)
			free_blocks(s, 0, ev->data);
		if (ev->type == TAUT_EV_CLOSE)
			free_blocks(s, ev->channel, NULL);
	}
}

/* 0: nothing; 1: DTLS; 2: everything; 3: some. */
static bool lost(struct world *w, int kind)
{
	w->sent++;
	return (w->loss & 3) == 3 ? w->sent * 0x9e3779b1u >> 29 < (unsigned)(w->loss >> 5)
				  : (w->loss & 3) == 2 || ((w->loss & 3) == 1 && kind == 1);
}

static void one_leaves(struct world *w, int i, const struct taut_datagram *d, const uint8_t *data,
		       size_t len)
{
	struct side *s = &w->s[i];
	const int kind = data[0] <= 3 ? 0 : data[0] < 64 ? 1 : 2;
	bool known = kind == 0 || w->stun_meddled;

	FUZZ_CHECK(len > 0 && len <= DATAGRAM, "a datagram of some length");
	for (size_t k = 0; k < FLOWS; k++)
		known |= tt_addr_eq(&w->s[1 - i].addr[k], &d->remote);
	FUZZ_CHECK(known, "data go nowhere but to the peer");
	struct packet *p = &s->seen[kind][s->seen_at[kind]++ % SEEN];
	p->to = 1 - i;
	p->local = d->remote;
	p->remote = d->local;
	p->len = len;
	memcpy(p->data, data, len);
	if (w->count < LINK && !lost(w, kind))
		w->link[(w->first + w->count++) % LINK] = *p;
}

static void take_packets(struct world *w, int i)
{
	static uint8_t buf[16384];
	struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = sizeof buf };
	int n = 0;

	while (taut_pc_poll_send(w->s[i].pc, w->now, &d) == 1) {
		const size_t step = d.segment ? d.segment : d.len;
		FUZZ_CHECK(n++ < 2000 && d.len > 0, "poll_send ends");
		for (size_t at = 0; at < d.len; at += step)
			one_leaves(w, i, &d, buf + at, tt_min(step, d.len - at));
	}
}

/* What one says of its candidates gives the other something to do. */
static void settle(struct world *w)
{
	for (int n = 0, i = 0, quiet = 0; quiet < 2; n++, i = 1 - i) {
		const taut_pc *pc = w->s[i].pc;
		FUZZ_CHECK(n < 100, "the two come to rest");
		quiet = pc->wants_send || pc->wants_io || pc->wants_event ? 0 : quiet + 1;
		if (quiet > 0)
			continue;
		answer_io(w, i);
		take_events(w, i);
		take_packets(w, i);
	}
}

static void check(const struct world *w)
{
	struct taut_counters c = { .size = sizeof c };

	for (int i = 0; i < 2; i++) {
		const struct side *s = &w->s[i];
		FUZZ_CHECK(taut_pc_deadline(s->pc, NULL) > w->now, "the deadline lies ahead");
		FUZZ_CHECK(s->env->base.memory < 32 << 20, "memory has a ceiling");
		FUZZ_CHECK(taut_pc_get_counters(s->pc, &c) == TAUT_OK, "there are counters");
		FUZZ_CHECK(!s->ended || taut_pc_connection_state(s->pc) == TAUT_STATE_CLOSED,
			   "the end is final");
		if (s->pc->channels)
			FUZZ_CHECK(tt_sctp_flight_adds_up(&s->pc->channels->sctp->flight),
				   "the flight adds up");
	}
}

static bool is_there(const struct taut_stats *all, size_t count, const char *id)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].id, id) == 0)
			return true;
	return false;
}

/* Whatever came to pass, a report can be had, and what it refers to is in it. */
static void check_report(const struct world *w, taut_pc *pc)
{
	const struct taut_stats *all;
	size_t count;

	FUZZ_CHECK(taut_pc_get_stats(pc, w->now, &all, &count) == TAUT_OK, "there is a report");
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < all[i].member_count; k++) {
			const struct taut_stat *m = &all[i].members[k];
			const size_t n = strlen(m->name);
			FUZZ_CHECK(m->kind != TAUT_STAT_TEXT || strcmp(m->name + n - 2, "Id") != 0 ||
					   is_there(all, count, m->text),
				   "a report refers to what is in it");
		}
}

/* ---- the link, and time ---- */

static void give(struct world *w, int i, const struct packet *p, size_t len, uint16_t segment)
{
	struct side *s = &w->s[i];
	uint8_t *exact = malloc(len ? len : 1);
	struct taut_datagram d = { .size = sizeof d,
				   .local = p->local,
				   .remote = p->remote,
				   .buf = exact,
				   .cap = len,
				   .len = len,
				   .segment = segment };

	if (!exact)
		abort();
	for (size_t at = 0; at < len; at += p->len) /* a run is the same packet several times */
		memcpy(exact + at, p->data, tt_min(p->len, len - at));
	for (size_t k = 0; k < FLOWS; k++)
		if (s->flow[k] && tt_addr_eq(&s->addr[k], &p->local))
			d.flow = s->flow[k];
	FUZZ_CHECK(taut_pc_recv(s->pc, w->now, &d) == TAUT_OK, "what comes in is no error");
	take_events(w, i); /* what is lent is done with before the buffer goes */
	free(exact);
}

static void deliver(struct world *w)
{
	for (int n = 0; n < LINK && w->count > 0; n++) {
		const struct packet p = w->link[w->first];
		w->first = (w->first + 1) % LINK;
		w->count--;
		give(w, p.to, &p, p.len, 0);
	}
}

static void run(struct world *w, taut_time how_long, int most)
{
	const taut_time end = w->now + how_long;

	settle(w);
	for (int steps = 0; steps < most; steps++) {
		taut_time next = w->count ? tt_min64(w->now + 10 * FUZZ_MS, end) : end;
		for (int i = 0; i < 2; i++)
			next = tt_min64(next, taut_pc_deadline(w->s[i].pc, NULL));
		w->now = tt_max64(w->now, next);
		deliver(w);
		for (int i = 0; i < 2; i++)
			taut_pc_tick(w->s[i].pc, w->now);
		settle(w);
		check(w);
		if (w->now >= end)
			return;
	}
}

/* ---- what the input may do ---- */

/* DATA and FORWARD-TSN, or what stands for them when messages are interleaved (RFC 8260). */
static void write_chunks(struct wr *out, struct rd *in, uint32_t tsn, uint32_t acked,
			 bool interleaved)
{
	static const uint8_t types[] = { SCTP_DATA,        SCTP_SACK,      SCTP_DATA,
					 SCTP_FORWARD_TSN, SCTP_RE_CONFIG, SCTP_HEARTBEAT,
					 SCTP_SHUTDOWN,    SCTP_ERROR };

	for (int n = 1 + rd_u8(in) % 3; n > 0; n--) {
		const uint8_t type = types[fuzz_pick(in, TT_COUNT(types))];
		const uint8_t flags = type == SCTP_DATA ? rd_u8(in) & 15 : 0;
		const uint8_t instead = type == SCTP_DATA          ? SCTP_I_DATA
					: type == SCTP_FORWARD_TSN ? SCTP_I_FORWARD_TSN
								   : type;
		const size_t at = tt_sctp_begin(out, interleaved ? instead : type, flags);
		if (type == SCTP_DATA) { /* DCEP too: 50, on any stream */
			wr_u32(out, tsn + rd_u8(in) - 1u);
			wr_u16(out, rd_u8(in) % 8);
			wr_u16(out, rd_u8(in) % 4);
			if (interleaved)
				wr_u32(out, rd_u8(in) % 4);
			const bool fragment = interleaved && !(flags & SCTP_FLAG_BEGIN);
			wr_u32(out, fragment ? rd_u8(in) % 4 : 50u + rd_u8(in) % 8);
		} else if (type == SCTP_SACK || type == SCTP_SHUTDOWN) {
			wr_u32(out, acked + rd_u8(in) % 4);
		} else if (type == SCTP_FORWARD_TSN) {
			wr_u32(out, tsn + rd_u8(in) % 16);
		}
		fuzz_copy(out, in, rd_u8(in) % 40);
		tt_sctp_end(out, at);
	}
}

/* What b could say over its association: in a DTLS record, with the right tag. */
static void forge_sctp(const struct world *w, struct packet *p, struct rd *in)
{
	const struct tt_dcs *d = w->s[0].pc->channels;
	const struct tt_sctp *s = d ? d->sctp : NULL;
	uint8_t buf[1200];
	struct wr out = wr_make(buf, sizeof buf);

	tt_sctp_write_header(&out, &(struct sctp_header){ 5000, 5000, s ? s->my_tag : 1 });
	write_chunks(&out, in, s ? s->tracker.cum.v : 0, s ? s->flight.cum.v : 0,
		     s && s->rx.interleaved);
	p->len = plain_record(PLAIN_DATA, buf, tt_sctp_seal(&out), p->data, sizeof p->data);
}

/* RTP or RTCP of b, protected where keys are known; as it is where they are not. */
static void forge_media(struct world *w, struct packet *p, struct rd *in)
{
	const struct packet *like = &w->s[1].seen[2][rd_u8(in) % SEEN];
	const uint8_t how = rd_u8(in);
	struct wr out = wr_make(p->data, 1200);
	const size_t len = rd_u8(in) % 200;
	const bool rtcp = how & 1;

	wr_u8(&out, 0x80 | (how >> 3 & 0x1f));
	wr_u8(&out,
	      rtcp ? (uint8_t)(200 + how % 8) : like->data[1] ^ (uint8_t)(how & 2 ? 0x80 : 0));
	wr_u16(&out, rtcp ? (uint16_t)(len / 4 + 1)
			  : (uint16_t)(((unsigned)like->data[2] << 8 | like->data[3]) + rd_u8(in)));
	wr_bytes(&out, like->data + (rtcp ? 8 : 4), rtcp ? 4 : 8);
	fuzz_copy(&out, in, len);
	p->len = wr_len(&out);
	struct tt_srtp *srtp = w->s[1].pc->srtp;
	if (!srtp || how & 4)
		return;
	const int n = rtcp ? tt_srtp_protect_rtcp(srtp, w->now, p->data, p->len, sizeof p->data)
			   : tt_srtp_protect_rtp(srtp, w->now, p->data, p->len, sizeof p->data);
	p->len = n > 0 ? (size_t)n : p->len;
}

static void inject(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in), how = rd_u8(in);
	struct packet p = { .local = w->s[0].addr[0] };

	switch (what % 6) {
	case 0:
		forge_sctp(w, &p, in);
		break;
	case 1:
		forge_media(w, &p, in);
		break;
	case 2: /* again, perhaps a's own back */
	case 3: /* or damaged */
		p = w->s[how & 1 ? 0 : 1].seen[(how >> 1) % KINDS][rd_u8(in) % SEEN];
		if (what % 6 == 3 && p.len > 0)
			p.data[fuzz_pick(in, DATAGRAM) % p.len] ^= rd_u8(in);
		break;
	default:
		p.len = fuzz_bytes(in, fuzz_pick(in, DATAGRAM), p.data);
	}
	p.local = w->s[0].addr[0];
	p.remote = how >= 240 ? stranger : w->s[1].addr[w->s[1].addr[0].family != p.local.family];
	if (p.len == 0)
		return;
	w->stun_meddled |= p.data[0] <= 3;
	const size_t times = what >> 6 ? what >> 6 : 1;
	give(w, 0, &p, p.len * times - (times > 1 && p.len > 1), (uint16_t)(times > 1 ? p.len : 0));
}

static void send_media(struct world *w, int i, uint8_t how)
{
	uint8_t bytes[3000] = {
		how & 8 ? 0x78 : 0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a
	}; /* TOC; VP8 */
	const struct taut_transceiver_info *t = taut_pc_transceiver_at(w->s[i].pc, how & 1);
	const struct taut_frame f = { .size = sizeof f,
				      .rtp_timestamp = (uint32_t)(w->now / 10),
				      .data = bytes,
				      .len = how & 1 ? 100u + 11u * how : 60,
				      .flags = how & 2 ? TAUT_FRAME_KEY : 0 };

	if (t)
		fine(taut_pc_send_frame(w->s[i].pc, w->now, t->id, &f));
}

static void call(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in), how = rd_u8(in);
	static const uint8_t message[20000];
	const int i = what >> 7;
	taut_pc *pc = w->s[i].pc;
	const struct taut_data_channel_init init = { .size = sizeof init,
						     .label = "more",
						     .unordered = how & 1,
						     .negotiated = how & 2,
						     .id = how >> 4,
						     .max_retransmits = how >> 2 & 3 };
	const struct taut_transceiver_init media = { .size = sizeof media, .kind = 1 + (how & 1) };
	const struct taut_transceiver_info *t = taut_pc_transceiver_at(pc, how & 1);
	taut_transceiver id;
	taut_channel ch;

	switch (what % 16) {
	case 0:
	case 1:
		fine(taut_pc_send_message(pc, w->now, w->s[i].channel, how & 1, message,
					  how & 2 ? sizeof message : how));
		break;
	case 2:
	case 3:
	case 4:
		send_media(w, i, how);
		break;
	case 5:
		fine(taut_pc_create_data_channel(pc, w->now, &init, &ch));
		break;
	case 6:
		fine(taut_pc_close_channel(pc, w->now, w->s[i].channel));
		break;
	case 7:
		fine(taut_pc_restart_ice(pc, w->now));
		break;
	case 8:
	case 9: /* a new negotiation, whole or half */
		if (fine(taut_pc_set_local_description(pc, w->now, 0, NULL, 0)))
			describe(w, i);
		if (how & 1 &&
		    fine(taut_pc_set_local_description(w->s[1 - i].pc, w->now, 0, NULL, 0)))
			describe(w, 1 - i);
		break;
	case 10:
		if (pc->transceiver_count < 6)
			fine(taut_pc_add_transceiver(pc, w->now, &media, &id));
		break;
	case 11:
		if (t)
			fine(taut_pc_set_direction(pc, w->now, t->id, 1 + how % 4));
		break;
	case 12:
		if (t)
			fine(taut_pc_request_key_frame(pc, w->now, t->id));
		break;
	case 13:
		if (how >= 192)
			fine(taut_pc_close(pc, w->now));
		break;
	case 15:
		receive_into(&w->s[i], how);
		break;
	default:
		fine(taut_pc_set_buffered_amount_low_threshold(pc, w->s[i].channel, how));
	}
}

static void operate(struct world *w, struct rd *in)
{
	static const taut_time spans[] = { 20 * FUZZ_MS, 100 * FUZZ_MS, FUZZ_SECOND,
					   6 * FUZZ_SECOND, 33 * FUZZ_SECOND };
	const uint8_t what = rd_u8(in);

	switch (what & 3) {
	case 0:
		w->loss = rd_u8(in);
		run(w, spans[(what >> 2) % TT_COUNT(spans)], 60);
		return;
	case 1:
		call(w, in);
		break;
	default:
		inject(w, in);
	}
	for (int i = 0; i < 2; i++)
		taut_pc_tick(w->s[i].pc, w->now);
	settle(w);
	check(w);
}

/* ---- the beginning ---- */

static void make_side(struct world *w, int i)
{
	static const struct taut_codec codecs[] = {
		{ .size = sizeof codecs[0],
		  .mime = "audio/opus",
		  .clock_rate = 48000,
		  .channels = 2 },
		{ .size = sizeof codecs[0], .mime = "video/VP8", .clock_rate = 90000 },
	};
	struct side *s = &w->s[i];
	const struct taut_config cfg = {
		.size = sizeof cfg,
		.codecs = codecs,
		.codec_count = 2,
		.send_buffer_size = 100000,
		.sctp_snap = w->snap & (1 << i) ? 1 : 0,
	};
	struct taut_interface all[2] = {
		{ .size = sizeof all[0],
		  .name = "e",
		  .addr = { .family = 4, .ip = { 10, 0, 0, 1 } } },
		{ .size = sizeof all[0], .name = "e", .addr = { .family = 6, .ip = { 0x20, 1 } } },
	};

	s->seed = (uint64_t)i + 1;
	all[0].addr.ip[3] = all[1].addr.ip[15] = (uint8_t)(i + 1);
	const struct taut_env_config env = {
		.size = sizeof env, .random = fuzz_draw, .ctx = &s->seed, .now = w->now
	};
	if (taut_env_new(&s->env, &env))
		abort();
	s->own_memory = s->env->base.memory;
	if (taut_pc_new(&s->pc, s->env, &cfg, w->now) ||
	    taut_pc_set_interfaces(s->pc, w->now, all, 1 + (size_t)i % 2))
		abort();
}

static void begin(struct world *w, uint8_t how, uint8_t steps, struct rd *in)
{
	const struct taut_transceiver_init audio = { .size = sizeof audio, .kind = TAUT_AUDIO };
	const struct taut_transceiver_init video = { .size = sizeof video, .kind = TAUT_VIDEO };
	taut_transceiver t;

	memset(w->s, 0, sizeof w->s);
	w->now = FUZZ_SECOND;
	w->first = w->count = w->sent = w->loss = 0;
	w->stun_meddled = false;
	w->snap = steps >> 6;
	w->where = w->snap == 3 ? rd_u16(in) : 0;
	w->what = w->snap == 3 ? rd_u8(in) : 0;
	plain_srtp_profile =
		how & 16 ? TT_SRTP_PROFILE_AES128_CM_SHA1_80 : TT_SRTP_PROFILE_AEAD_AES_128_GCM;
	for (int i = 0; i < 2; i++)
		make_side(w, i);
	if (how & 32 || taut_pc_create_data_channel(w->s[0].pc, w->now, NULL, &w->s[0].channel))
		w->s[0].channel = 0;
	for (int i = 0; i < 2 && !(how & 64); i++)
		if (taut_pc_add_transceiver(w->s[i].pc, w->now, &audio, &t) ||
		    taut_pc_add_transceiver(w->s[i].pc, w->now, &video, &t))
			abort();
	if (how % 8 == 0)
		return; /* new */
	const int from = how >> 7;
	if (taut_pc_set_local_description(w->s[from].pc, w->now, 0, NULL, 0))
		return;
	if (how % 8 == 1)
		return; /* offered */
	describe(w, from);
	if (how % 8 == 2 || taut_pc_set_local_description(w->s[1 - from].pc, w->now, 0, NULL, 0))
		return; /* not answered yet */
	describe(w, 1 - from);
	w->loss = how % 8 == 3 ? 2 : how % 8 == 5;           /* nothing arrives, or all but DTLS */
	run(w, FUZZ_SECOND, how % 8 == 4 ? steps % 40 : 60); /* in the middle, or up */
	w->loss = 0;
	for (uint8_t k = 0; k < 4 && how % 8 > 5; k++)
		for (int i = 0; i < 2; i++)
			send_media(w, i, k | 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	static struct tt_srtp
		*kept; /* one session lives on, or libsrtp takes NSS down and up again */
	static struct fuzz_env of_kept;
	struct rd in = rd_make(data, size);

	if (!kept) {
		const struct tt_srtp_keys keys = { .profile = TT_SRTP_PROFILE_AEAD_AES_128_GCM };
		fuzz_env_begin(&of_kept, 1);
		if (tt_srtp_new(&kept, &of_kept.env, &keys, NULL))
			abort();
	}
	const uint8_t how = rd_u8(&in) ^ 7;

	begin(&w, how, rd_u8(&in), &in);
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	for (int i = 0; i < 2; i++) {
		check_report(&w, w.s[i].pc);
		taut_pc_free(w.s[i].pc);
		for (size_t n = 0; n < BLOCKS; n++)
			free(w.s[i].blocks[n].memory);
		const size_t own = w.s[i].own_memory + sizeof(struct tt_dtls_shared) +
				   tt_spares_waiting(&w.s[i].env->base);
		FUZZ_CHECK(w.s[i].env->base.memory <= own + 128, "memory is left");
		FUZZ_CHECK(taut_env_free(w.s[i].env) == TAUT_OK, "nothing holds the environment");
	}
	return 0;
}
