/* layers: peer */
/* fuzz_jsep.c - offer and answer between two connections: webrtc-pc section 4.4, RFC 9429.
 *
 * The first byte chooses how the two behave. Well-bred: descriptions travel in order, b is polite
 * (webrtc-pc section 10.7), and then no call may fail that the state allows, each offer is
 * answered and each answer taken, the two agree when all has arrived, and m-lines keep their place
 * for ever. Wild: any call in any state, with any description that was ever made, whole, with a
 * line changed, or with another a=sctp-init; then what is refused changes nothing. A rollback leads back to
 * where it was in both. The certificate is made once; no packet is sent. */
#define _GNU_SOURCE
#include <string.h>

#include "fuzz_env.h"
#include "fuzz_snap.h"
#include "peer/pc.h"

enum { TEXTS = 8, TEXT = 16384, QUEUE = 16, OPERATIONS = 48, ADDED = 5 };

struct text {
	int to;
	uint32_t type; /* 0: none */
	size_t len;
	char text[TEXT];
};

/* What an application can see, and what offers are made of. */
struct seen {
	uint32_t signaling;
	const struct tt_sdp *local, *remote, *pending_local, *pending_remote;
	int data_m_line;
	size_t count, codec_count;
	struct {
		taut_transceiver id;
		uint32_t kind, direction, current;
		struct pc_binding bound;
		size_t encodings;
		char rids[PC_MAX_ENCODINGS][PC_RID + 1];
	} t[PC_MAX_TRANSCEIVERS];
	uint8_t numbers[PC_MAX_CODECS][3], ext[PC_EXT_COUNT];
	char ufrag[TT_ICE_UFRAG_CAP];
	bool needed;
};

struct world {
	taut_pc *pc[2];
	taut_time now;
	struct text queue[QUEUE];
	size_t first, count;
	struct text old[TEXTS]; /* for the wild */
	size_t old_at;
	struct seen stable[2]; /* as each was when it left the stable state */
	bool untouched[2];     /* nothing was called since but descriptions */
	bool needed[2];
	unsigned added[2];
	bool wild;
};

static taut_env *env;
static uint64_t seed;
static size_t own_memory; /* of the environment itself */

static void look(taut_pc *pc, struct seen *s)
{
	memset(s, 0, sizeof *s);
	s->signaling = pc->signaling_state;
	s->local = pc->local.sdp;
	s->remote = pc->remote.sdp;
	s->pending_local = pc->pending_local.sdp;
	s->pending_remote = pc->pending_remote.sdp;
	s->data_m_line = pc->data_m_line;
	s->needed = pc->negotiation_needed;
	for (; s->count < pc->transceiver_count; s->count++) {
		const struct pc_transceiver *t = pc->transceivers[s->count];
		s->t[s->count].id = t->id;
		s->t[s->count].kind = t->kind;
		s->t[s->count].direction = t->direction;
		s->t[s->count].current = t->current_direction;
		memcpy(&s->t[s->count].bound, &t->bound, sizeof t->bound);
		s->t[s->count].bound.announced = false; /* the event was given, and stays given */
		s->t[s->count].encodings = t->encoding_count;
		for (size_t k = 0; k < t->encoding_count; k++)
			memcpy(s->t[s->count].rids[k], t->encodings[k].rid, PC_RID);
	}
	for (; s->codec_count < pc->codec_count; s->codec_count++) {
		const struct pc_codec *c = &pc->codecs[s->codec_count];
		s->numbers[s->codec_count][0] = c->pt;
		s->numbers[s->codec_count][1] = c->rtx_pt;
		s->numbers[s->codec_count][2] = c->agreed;
	}
	memcpy(s->ext, pc->ext_ids, sizeof s->ext);
	/* Before, nobody has seen them; nor those that create_offer made for a restart. */
	if (pc->agreed && !pc->restarted_here)
		snprintf(s->ufrag, sizeof s->ufrag, "%s", tt_ice_local_ufrag(pc->ice));
}

static bool same(taut_pc *pc, const struct seen *before)
{
	struct seen now;

	look(pc, &now);
	return memcmp(before, &now, sizeof now) == 0;
}

static bool stable(const struct world *w, int i)
{
	return taut_pc_signaling_state(w->pc[i]) == TAUT_SIGNALING_STABLE;
}

/* ---- calls that may not fail, when both are well-bred ---- */

static bool fine(struct world *w, int i, int err, const char *what)
{
	if (err && !w->wild)
		(void)fprintf(stderr, "%c: %s: %d %s\n", 'a' + i, what, err,
			      taut_pc_error(w->pc[i])->message);
	FUZZ_CHECK(!err || w->wild, "what the state allows is done");
	FUZZ_CHECK(err <= 0 && err != TAUT_E_NOMEM, "a defined error, and not for want of memory");
	return !err;
}

static void keep(struct world *w, int i)
{
	uint32_t type = 0;
	const char *text = taut_pc_local_description(w->pc[i], &type);
	struct text *t = &w->old[w->old_at++ % TEXTS];

	FUZZ_CHECK(text, "there is a local description");
	t->len = strlen(text);
	FUZZ_CHECK(t->len < TEXT, "a description is of this size");
	t->to = 1 - i;
	t->type = type;
	memcpy(t->text, text, t->len);
	if (!w->wild && w->count < QUEUE)
		w->queue[(w->first + w->count++) % QUEUE] = *t;
}

static void leave_stable(struct world *w, int i)
{
	if (!stable(w, i))
		return;
	look(w->pc[i], &w->stable[i]);
	w->untouched[i] = true;
}

/* Back in stable by a rollback: as if the offer had never been. */
static void check_rollback(struct world *w, int i)
{
	struct seen now;

	if (!w->untouched[i])
		return;
	look(w->pc[i], &now);
	now.needed = w->stable[i].needed; /* asked anew, webrtc-pc section 4.4.1.5 */
	/* What the offer had stopped stays stopped, there as well. */
	for (size_t k = 0; k < now.count; k++)
		if (now.t[k].current == TAUT_STOPPED && k < w->stable[i].count)
			w->stable[i].t[k].current = w->stable[i].t[k].direction = TAUT_STOPPED;
	if (w->stable[i].ufrag[0] == '\0') /* a restart was under way, and is undone */
		memset(now.ufrag, 0, sizeof now.ufrag);
	FUZZ_CHECK(memcmp(&now, &w->stable[i], sizeof now) == 0, "a rollback leads back");
}

static void set_local(struct world *w, int i, uint32_t type)
{
	leave_stable(w, i);
	if (fine(w, i, taut_pc_set_local_description(w->pc[i], w->now, type, NULL, 0), "set local"))
		keep(w, i);
}

static void roll_back(struct world *w, int i)
{
	const bool remote = taut_pc_signaling_state(w->pc[i]) == TAUT_SIGNALING_HAVE_REMOTE_OFFER;
	const int err = remote ? taut_pc_set_remote_description(w->pc[i], w->now, TAUT_SDP_ROLLBACK,
								NULL, 0)
			       : taut_pc_set_local_description(w->pc[i], w->now, TAUT_SDP_ROLLBACK,
							       NULL, 0);

	if (fine(w, i, err, "rollback"))
		check_rollback(w, i);
}

/* ---- descriptions on their way ---- */

/* RFC 9429 section 5.2.2: m-lines are never taken away, and keep their order. */
static void check_lines(struct world *w, int i)
{
	const struct taut_pc *pc = w->pc[i];
	const struct tt_sdp *l = pc->local.sdp, *r = pc->remote.sdp;

	if (!l || !r)
		return;
	FUZZ_CHECK(l->media_count == r->media_count, "as many m-lines on both sides");
	for (size_t k = 0; k < l->media_count; k++)
		FUZZ_CHECK(l->media[k]->kind == r->media[k]->kind, "of the same kinds");
	if (w->stable[i].local == l)
		return;
	for (size_t k = 0; k < pc->transceiver_count; k++) {
		const struct pc_transceiver *t = pc->transceivers[k];
		for (size_t n = 0; n < w->stable[i].count; n++)
			FUZZ_CHECK(w->stable[i].t[n].id != t->id || t->bound.m_line < 0 ||
					   w->stable[i].t[n].bound.m_line < 0 ||
					   t->bound.m_line == w->stable[i].t[n].bound.m_line,
				   "a transceiver keeps its m-line");
	}
}

static void answer_at_last(struct world *w, int i)
{
	if (taut_pc_signaling_state(w->pc[i]) == TAUT_SIGNALING_HAVE_LOCAL_PRANSWER)
		set_local(w, i, 0);
}

static void deliver(struct world *w, bool provisionally)
{
	if (w->count == 0)
		return;
	const struct text *m = &w->queue[w->first];
	const int i = m->to;
	taut_pc *pc = w->pc[i];

	w->first = (w->first + 1) % QUEUE;
	w->count--;
	if (m->type == TAUT_SDP_OFFER && i == 0 && !stable(w, 0))
		return; /* the impolite one ignores it */
	leave_stable(w, i);
	fine(w, i, taut_pc_set_remote_description(pc, w->now, m->type, m->text, m->len),
	     m->type == TAUT_SDP_OFFER ? "their offer" : "their answer");
	if (m->type == TAUT_SDP_OFFER)
		set_local(w, i, provisionally ? TAUT_SDP_PRANSWER : 0);
	check_lines(w, i);
}

static void drain(struct world *w, int i)
{
	const struct taut_event *ev;
	const struct taut_io *io;
	int n = 0;

	while ((ev = taut_pc_poll_event(w->pc[i])) != NULL) {
		FUZZ_CHECK(n++ < 5000, "poll_event ends");
		w->needed[i] |= ev->type == TAUT_EV_NEGOTIATION_NEEDED;
	}
	while ((io = taut_pc_poll_io(w->pc[i])) != NULL)
		FUZZ_CHECK(n++ < 5000, "poll_io ends");
}

/* An offer that the other takes and gives back, before the first takes it back as well. */
static void take_back(struct world *w, int i, bool seen)
{
	if (!stable(w, 0) || !stable(w, 1) || w->count > 0)
		return;
	set_local(w, i, TAUT_SDP_OFFER);
	const struct text *m = &w->queue[w->first];
	w->count = 0;
	if (seen) {
		leave_stable(w, 1 - i);
		fine(w, 1 - i,
		     taut_pc_set_remote_description(w->pc[1 - i], w->now, m->type, m->text, m->len),
		     "an offer to be taken back");
		roll_back(w, 1 - i);
	}
	roll_back(w, i);
}

/* ---- what applications do ---- */

static void prefer(struct world *w, int i, const struct taut_transceiver_info *info, bool rtx)
{
	const struct taut_config *cfg = taut_pc_get_configuration(w->pc[i]);
	struct taut_codec list[3];
	size_t n = 0;

	FUZZ_CHECK(cfg, "there is a configuration");
	for (size_t k = 0; k < cfg->codec_count; k++)
		if ((cfg->codecs[k].channels == 0) == (info->kind == TAUT_VIDEO))
			list[n++] = cfg->codecs[k];
	if (rtx && info->kind == TAUT_VIDEO)
		list[n++] = (struct taut_codec){ .size = sizeof list[0],
						 .mime = "video/rtx",
						 .clock_rate = 90000 };
	fine(w, i, taut_pc_set_codec_preferences(w->pc[i], w->now, info->id, list, n), "prefer");
}

static void set_parameters(struct world *w, int i, taut_transceiver id, uint8_t how)
{
	struct taut_rtp_parameters p = { .size = sizeof p };
	struct taut_rtp_encoding all[PC_MAX_ENCODINGS];

	if (!fine(w, i, taut_pc_get_sender_parameters(w->pc[i], id, &p), "get parameters"))
		return;
	FUZZ_CHECK(p.encoding_count >= 1 && p.encoding_count <= PC_MAX_ENCODINGS &&
			   p.transaction_id != 0,
		   "there is one encoding, or a few");
	memcpy(all, p.encodings, p.encoding_count * sizeof all[0]);
	all[p.encoding_count - 1].active = how & 1;
	all[0].max_bitrate = how;
	p.encodings = all;
	fine(w, i, taut_pc_set_sender_parameters(w->pc[i], w->now, id, &p), "set parameters");
	fine(w, i, taut_pc_get_receiver_parameters(w->pc[i], id, &p), "get parameters");
}

/* What is done with a transceiver that is there and not stopped. */
static void use(struct world *w, int i, const struct taut_transceiver_info *info, uint8_t what,
		uint8_t how)
{
	static const char *const streams[] = { "s", "other", "s" };
	taut_pc *pc = w->pc[i];
	const taut_transceiver id = info->id;

	switch (what) {
	case 0:
		fine(w, i, taut_pc_remove_track(pc, w->now, id), "remove track");
		break;
	case 1:
		fine(w, i, taut_pc_replace_track(pc, w->now, id, how & 1 ? "t" : NULL), "replace");
		break;
	case 2:
		fine(w, i, taut_pc_set_streams(pc, w->now, id, streams, how % 4), "streams");
		break;
	case 3:
		prefer(w, i, info, how & 1);
		break;
	default:
		set_parameters(w, i, id, how);
	}
}

/* Simulcast, RFC 8853: to send up to three, or to receive two, or both. */
static void want_several(struct taut_transceiver_init *init, uint8_t how)
{
	static const struct taut_rtp_encoding sent[] = {
		{ .size = sizeof sent[0], .rid = "a", .active = 1 },
		{ .size = sizeof sent[0], .rid = "b", .active = 1 },
		{ .size = sizeof sent[0], .rid = "c" },
	};
	static const char *const received[] = { "x", "y" };

	init->send_encodings = sent;
	init->send_encoding_count = how == 3 ? 2 : 3;
	init->receive_rids = received;
	init->receive_rid_count = how & 1 ? 2 : 0;
}

static void touch(struct world *w, int i, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	struct taut_transceiver_init init = { .size = sizeof init,
					      .kind = 1 + (how & 1),
					      .direction = (how >> 1) % 5,
					      .stream_id = how & 128 ? "s" : NULL };
	const struct taut_transceiver_info *info = taut_pc_transceiver_at(w->pc[i], how >> 4 & 7);
	const taut_transceiver id = info ? info->id : 99;
	const bool can = info && info->direction != TAUT_STOPPED;
	taut_transceiver t;
	taut_channel ch;

	const struct taut_track_init track = { .size = sizeof track, .kind = 1 + (how & 1) };
	const uint8_t what = rd_u8(in) % 13;

	w->untouched[i] = false;
	switch (what) {
	case 0:
		if (init.kind == TAUT_VIDEO && how & 64)
			want_several(&init, how >> 4 & 3);
		if (w->added[i]++ < ADDED)
			fine(w, i, taut_pc_add_transceiver(w->pc[i], w->now, &init, &t), "add");
		break;
	case 1:
	case 2:
		if (can || w->wild)
			fine(w, i, taut_pc_set_direction(w->pc[i], w->now, id, 1 + how % 5 % 4),
			     "direction");
		break;
	case 3:
		if (can || w->wild)
			fine(w, i,
			     taut_pc_set_stream(w->pc[i], w->now, id, how & 1 ? "other" : NULL),
			     "stream");
		break;
	case 4:
		if (w->added[i]++ < ADDED)
			fine(w, i, taut_pc_create_data_channel(w->pc[i], w->now, NULL, &ch),
			     "channel");
		break;
	case 5:
		if (info || w->wild)
			fine(w, i, taut_pc_stop_transceiver(w->pc[i], w->now, id), "stop");
		break;
	case 6:
		if (w->added[i]++ < ADDED)
			fine(w, i, taut_pc_add_track(w->pc[i], w->now, &track, &t), "add track");
		break;
	case 7:
	case 8:
	case 9:
	case 10:
	case 11:
		if (can)
			use(w, i, info, what - 7, how);
		break;
	default:
		fine(w, i, taut_pc_restart_ice(w->pc[i], w->now), "restart");
	}
}

static void well_bred(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	const int i = what >> 7;
	const char *sdp;

	switch (what & 15) {
	case 0:
	case 1:
	case 2:
	case 3:
		touch(w, i, in);
		break;
	case 4:
	case 5:
		take_back(w, i, what & 64);
		break;
	case 6:
		if (stable(w, i) ||
		    taut_pc_signaling_state(w->pc[i]) == TAUT_SIGNALING_HAVE_LOCAL_OFFER)
			fine(w, i, taut_pc_create_offer(w->pc[i], w->now, &sdp), "create_offer");
		break;
	case 7:
	case 8:
		w->needed[i] = false;
		if (stable(w, i) && w->count < QUEUE / 2)
			set_local(w, i, TAUT_SDP_OFFER);
		break;
	case 9:
		drain(w, i);
		break;
	case 10:
		w->now += FUZZ_SECOND;
		taut_pc_tick(w->pc[i], w->now);
		break;
	case 11:
		answer_at_last(w, i);
		break;
	default:
		deliver(w, what & 64);
	}
}

static uint32_t mirrored(uint32_t d)
{
	return d == TAUT_SENDONLY ? TAUT_RECVONLY : d == TAUT_RECVONLY ? TAUT_SENDONLY : d;
}

/* Where several are sent, the other side receives just these. */
static void check_encodings(const struct pc_transceiver *from, const struct pc_transceiver *to)
{
	unsigned heard = 0;

	for (size_t k = 0; k < PC_MAX_ENCODINGS; k++)
		heard += to->heard_slots >> k & 1;
	if (!from->sends || from->encoding_count == 1)
		return;
	FUZZ_CHECK(heard == from->encoding_count, "as many are received as are sent");
	for (size_t i = 0; i < from->encoding_count; i++) {
		bool known = false;
		for (size_t k = 0; k < PC_MAX_ENCODINGS; k++)
			known |= strcmp(to->heard_rids[k], from->encodings[i].rid) == 0;
		FUZZ_CHECK(known, "under the same rids");
	}
}

static void check_agreed(struct world *w)
{
	FUZZ_CHECK(stable(w, 0) && stable(w, 1), "negotiation ends in stable");
	FUZZ_CHECK(!w->needed[0] && !w->needed[1], "and nothing is left to negotiate");
	FUZZ_CHECK(w->pc[0]->snap == w->pc[1]->snap, "both shake hands, or neither does");
	FUZZ_CHECK(w->pc[0]->sctp_snap || w->pc[1]->sctp_snap || !w->pc[0]->snap,
		   "somebody asked for that");
	for (size_t k = 0; k < w->pc[0]->transceiver_count; k++) {
		const struct pc_transceiver *a = w->pc[0]->transceivers[k];
		if (a->current_direction == TAUT_STOPPED ||
		    (a->direction == TAUT_STOPPED && a->bound.m_line < 0))
			continue; /* the latter was never described */
		const struct pc_transceiver *b = pc_transceiver_at_line(w->pc[1], a->bound.m_line);
		FUZZ_CHECK(b && strcmp(a->bound.mid, b->bound.mid) == 0, "both know the m-line");
		FUZZ_CHECK(b->current_direction == mirrored(a->current_direction),
			   "what one sends the other receives");
		check_encodings(a, b);
		check_encodings(b, a);
	}
}

static void settle(struct world *w)
{
	for (int round = 0; round < 24; round++) {
		while (w->count > 0)
			deliver(w, false);
		answer_at_last(w, 0);
		answer_at_last(w, 1);
		drain(w, 0);
		drain(w, 1);
		const int i = w->needed[0] ? 0 : 1;
		if (w->needed[i] && stable(w, i)) {
			w->needed[i] = false;
			set_local(w, i, TAUT_SDP_OFFER);
		}
	}
	check_agreed(w);
}

/* ---- the wild ---- */

/* One line is left out, comes twice, or has one byte another. */
static size_t damage(char *text, size_t len, uint8_t how, uint16_t where, uint8_t what)
{
	size_t from = len ? where % len : 0, to;

	if (len == 0 || how % 4 == 0)
		return len;
	if (how % 4 == 1) {
		text[from] = (char)what;
		return len;
	}
	while (from > 0 && text[from - 1] != '\n')
		from--;
	for (to = from; to < len && text[to++] != '\n';)
		;
	if (how % 4 == 2) {
		memmove(text + from, text + to, len - to);
		return len - (to - from);
	}
	if (len + (to - from) > TEXT)
		return len;
	memmove(text + to, text + from, len - from);
	return len + (to - from);
}

static void give_any(struct world *w, int i, struct rd *in)
{
	static struct text t;
	const uint8_t how = rd_u8(in);
	struct seen before;

	t = w->old[how % TEXTS];
	const uint16_t where = rd_u16(in);
	const uint8_t what = rd_u8(in);
	t.len = how & 32 && fuzz_snap_in(t.text, t.len)
			? fuzz_snap_damage(t.text, t.len, TEXT, where, what)
			: damage(t.text, t.len, how >> 3, where, what);
	leave_stable(w, i);
	look(w->pc[i], &before);
	if (fine(w, i,
		 taut_pc_set_remote_description(w->pc[i], w->now, how & 128 ? how % 5 : t.type,
						t.text, t.len),
		 "any description"))
		check_lines(w, i);
	else
		FUZZ_CHECK(same(w->pc[i], &before), "what is refused changes nothing");
}

static void make_any(struct world *w, int i, uint8_t how)
{
	const char *sdp = NULL;
	struct seen before;

	if (how & 1)
		fine(w, i, taut_pc_create_offer(w->pc[i], w->now, &sdp), "create_offer");
	else
		fine(w, i, taut_pc_create_answer(w->pc[i], w->now, &sdp), "create_answer");
	if (!sdp || how & 2)
		return;
	leave_stable(w, i);
	look(w->pc[i], &before);
	if (fine(w, i, taut_pc_set_local_description(w->pc[i], w->now, 0, sdp, strlen(sdp)), "set"))
		keep(w, i);
	else
		FUZZ_CHECK(same(w->pc[i], &before), "what is refused changes nothing");
}

static void candidate(struct world *w, int i, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	char text[64] = "candidate:1 1 udp 2122260223 192.0.2.9 5000 typ host";
	size_t len = strlen(text);

	text[rd_u8(in) % len] ^= (char)(how & 127);
	fine(w, i,
	     taut_pc_add_ice_candidate(w->pc[i], w->now, how & 128 ? NULL : text, len,
				       how & 64 ? "0" : NULL, how % 3),
	     "candidate");
}

static void behave_wild(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	const int i = what >> 7;

	switch (what & 15) {
	case 0:
	case 1:
	case 2:
		touch(w, i, in);
		break;
	case 3:
		roll_back(w, i);
		break;
	case 4:
		drain(w, i);
		break;
	case 5:
		w->now += FUZZ_SECOND;
		taut_pc_tick(w->pc[i], w->now);
		break;
	case 6:
		candidate(w, i, in);
		break;
	case 7:
		if ((what & 112) == 112)
			taut_pc_close(w->pc[i], w->now);
		break;
	case 8:
	case 9:
		make_any(w, i, what >> 4);
		break;
	case 10:
	case 11:
		set_local(w, i, what & 64 ? TAUT_SDP_PRANSWER : 0);
		break;
	default:
		give_any(w, i, in);
	}
}

static int draw(void *ctx, void *out, size_t len)
{
	return fuzz_draw(ctx, out, len);
}

static void begin(struct world *w, uint8_t how)
{
	/* The two number their codecs in different ways. */
	static const struct taut_codec codecs[2][2] = {
		{ { .size = sizeof codecs[0][0],
		    .mime = "audio/opus",
		    .clock_rate = 48000,
		    .channels = 2 },
		  { .size = sizeof codecs[0][0], .mime = "video/VP8", .clock_rate = 90000 } },
		{ { .size = sizeof codecs[0][0],
		    .mime = "video/VP8",
		    .clock_rate = 90000,
		    .payload_type = 111 },
		  { .size = sizeof codecs[0][0],
		    .mime = "audio/opus",
		    .clock_rate = 48000,
		    .channels = 2,
		    .payload_type = 98 } },
	};

	if (!env) {
		seed = 1;
		if (taut_env_new(&env,
				 &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							    .random = draw,
							    .ctx = &seed }))
			abort();
		own_memory = env->base.memory;
	}
	seed = 1;
	memset(w, 0, offsetof(struct world, queue));
	w->first = w->count = w->old_at = 0;
	for (int k = 0; k < TEXTS; k++)
		w->old[k].type = 0, w->old[k].len = 0;
	memset(w->stable, 0, sizeof *w - offsetof(struct world, stable));
	w->wild = how & 1;
	w->now = 1;
	for (int i = 0; i < 2; i++) {
		const struct taut_config cfg = { .size = sizeof cfg,
						 .codecs = codecs[i & how >> 1],
						 .codec_count = 2,
						 .max_receive_encodings = how >> 2 & 3,
						 .sctp_snap = how >> (4 + i) & 1 };
		if (taut_pc_new(&w->pc[i], env, &cfg, w->now))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);

	begin(&w, rd_u8(&in));
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		if (w.wild)
			behave_wild(&w, &in);
		else
			well_bred(&w, &in);
	if (!w.wild)
		settle(&w);
	for (int i = 0; i < 2; i++)
		taut_pc_free(w.pc[i]);
	FUZZ_CHECK(env->base.memory == own_memory, "memory is left");
	return 0;
}
