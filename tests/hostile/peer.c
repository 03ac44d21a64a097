/* peer.c - see peer.h. */
#include "hostile/craft.h"
#include "hostile/peer.h"

#include <stdio.h>
#include <stdlib.h>

#include "datachannel/dcs_internal.h"
#include "dtls/dtls_state.h"

enum { FRAME = 3000 };

/* ---- what is seen ---- */

static void swallow(void *ctx, const char *text, size_t len)
{
	struct hostile *h = ctx;

	h->text_bytes += len;
	for (int k = 0; k < 2 && h->secrets[k]; k++) {
		const size_t n = strlen(h->secrets[k]);
		for (size_t i = 0; i + n <= len; i++)
			h->leaks += memcmp(text + i, h->secrets[k], n) == 0;
	}
}

static void note_end(struct end *e, const struct taut_event *ev)
{
	*e = (struct end){ .reason = ev->reason, .cause = ev->sctp_cause };
	snprintf(e->text, sizeof e->text, "%s", ev->text);
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct hostile *h = p->user;
	struct seen *s = &h->seen[i];

	switch (ev->type) {
	case TAUT_EV_OPEN:
		s->opens++;
		break;
	case TAUT_EV_CLOSING:
		note_end(&s->closing, ev);
		break;
	case TAUT_EV_CLOSE:
		s->closes++;
		note_end(&s->close, ev);
		break;
	case TAUT_EV_SCTP_STATE:
		if (ev->number == TAUT_STATE_CLOSED)
			note_end(&s->sctp, ev);
		break;
	case TAUT_EV_TRACK:
		s->tracks++;
		break;
	case TAUT_EV_KEY_FRAME_WANTED:
		s->keys_wanted++;
		break;
	case TAUT_EV_DATA_CHANNEL:
		s->channels++;
		if (s->channels == 1)
			s->channel = ev->channel;
		snprintf(s->label, sizeof s->label, "%s", ev->label);
		break;
	case TAUT_EV_MESSAGE:
		s->messages++;
		s->bytes += ev->len;
		if (ev->len == 4 && memcmp(ev->data, "ping", 4) == 0)
			(void)!taut_pc_send_message(p->peers[i].pc, p->sim.now, ev->channel, 0,
						    "pong", 4);
		if (ev->len == 4 && memcmp(ev->data, "pong", 4) == 0)
			s->echoes++;
		break;
	case TAUT_EV_FRAME:
		if (ev->frame->codec && strcmp(ev->frame->codec->mime, "video/VP8") == 0)
			s->video++;
		else
			s->audio++;
		break;
	default:
		break;
	}
	if (h->on_event)
		h->on_event(h, i, ev);
}

/* ---- from nothing to a call ---- */

void hostile_init(struct hostile *h, uint64_t seed, int good, bool only_data)
{
	static const struct sim_link quick = { .delay = 10000 };
	const struct taut_data_channel_init chat = { .size = sizeof chat, .label = "chat" };
	struct taut_transceiver_init media = { .size = sizeof media, .stream_id = "s" };

	memset(h, 0, sizeof *h);
	h->good = good;
	h->bad = 1 - good;
	pair_init(&h->pair, seed, &quick, on_event, h);
	h->pc = h->pair.peers[good].pc;
	h->evil = h->pair.peers[h->bad].pc;
	assert_int_equal(taut_trace_text_new(&h->text, swallow, h), TAUT_OK);
	h->pair.peers[good].env->base.trace = h->pc->base.trace = h->text;

	taut_pc *pc = h->pair.peers[0].pc;
	assert_int_equal(
		taut_pc_create_data_channel(pc, h->pair.sim.now, &chat, &h->seen[0].channel),
		TAUT_OK);
	for (uint32_t kind = TAUT_AUDIO; !only_data && kind <= TAUT_VIDEO; kind++) {
		media.kind = kind;
		taut_pc_add_transceiver(pc, h->pair.sim.now, &media,
					kind == TAUT_AUDIO ? &h->audio[0] : &h->video[0]);
	}
}

void hostile_run(struct hostile *h, taut_time most)
{
	assert_true(h->runs++ < 1000000);
	pair_run(&h->pair, most, NULL);
}

unsigned hostile_flood(unsigned usual, unsigned listed)
{
	return getenv("TAUT_LONG") ? listed : usual;
}

static bool open_at_both(struct pair *p)
{
	const struct hostile *h = p->user;

	return h->seen[0].opens > 0 && h->seen[1].opens > 0;
}

static int random_of_sim(void *ctx, void *out, size_t len)
{
	uint8_t *p = out;

	while (len-- > 0)
		*p++ = (uint8_t)sim_random(ctx);
	return 0;
}

static void open_own_srtp(struct hostile *h)
{
	struct tt_srtp_keys keys;

	tt_env_init(&h->srtp_env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							     .random = random_of_sim,
							     .ctx = &h->pair.sim });
	assert_int_equal(tt_dtls_srtp_keys(h->evil->dtls, &keys), TAUT_OK);
	assert_int_equal(tt_srtp_new(&h->srtp, &h->srtp_env, &keys, NULL), TAUT_OK);
}

void hostile_renew_keys(struct hostile *h)
{
	tt_srtp_free(h->srtp);
	open_own_srtp(h);
}

static void come_up(struct hostile *h, bool only_data)
{
	assert_true(pair_run(&h->pair, 10 * SECOND, open_at_both));
	for (size_t k = 0; k < 2 && !only_data; k++) {
		const struct taut_transceiver_info *info =
			taut_pc_transceiver_at(h->pair.peers[1].pc, k);
		assert_non_null(info);
		*(k == 0 ? &h->audio[1] : &h->video[1]) = info->id;
		taut_pc_set_direction(h->pair.peers[1].pc, h->pair.sim.now, info->id,
				      TAUT_SENDRECV);
	}
	hostile_run(h, 3 * SECOND);
	if (!only_data)
		open_own_srtp(h);
}

static void begin(struct hostile *h, uint64_t seed, int good, bool only_data)
{
	hostile_init(h, seed, good, only_data);
	come_up(h, only_data);
}

void hostile_begin(struct hostile *h, uint64_t seed, int good)
{
	begin(h, seed, good, false);
	hostile_assert_alive(h);
	hostile_mark(h);
}

void hostile_begin_plain(struct hostile *h, uint64_t seed, int good)
{
	hostile_init(h, seed, good, false);
	HOSTILE_RUN_UNTIL(h, 1000, h->evil->channels && h->pc->channels);
	assert_int_equal(craft_assoc(h)->state, SCTP_CLOSED);
	craft_assoc(h)->cfg.no_interleaving = true;
	h->pc->channels->sctp->cfg.no_zero_checksum = true;
	come_up(h, false);
	hostile_assert_alive(h);
	hostile_mark(h);
}

void hostile_begin_data(struct hostile *h, uint64_t seed, int good)
{
	begin(h, seed, good, true);
	hostile_assert_ping(h);
	hostile_mark(h);
}

static bool dtls_reached(struct pair *p)
{
	const struct hostile *h = p->user;

	return h->pc->dtls_state >= *(const uint32_t *)h->user;
}

void hostile_until_dtls(struct hostile *h, uint32_t state)
{
	void *user = h->user;

	h->user = &state;
	assert_true(pair_run(&h->pair, 10 * SECOND, dtls_reached));
	h->user = user;
}

void hostile_end(struct hostile *h)
{
	tt_srtp_free(h->srtp);
	pair_free(&h->pair);
	taut_trace_free(h->text);
}

/* ---- signaling ---- */

static struct pair_signal *description_for_good(struct pair *p)
{
	const struct hostile *h = p->user;

	for (struct pair_signal *s = p->signals; s; s = s->next)
		if (s->to == h->good && s->type != 0)
			return s;
	return NULL;
}

static bool one_is_coming(struct pair *p)
{
	return description_for_good(p) != NULL;
}

struct pair_signal *hostile_catch(struct hostile *h)
{
	assert_true(pair_run(&h->pair, 5 * SECOND, one_is_coming));
	return description_for_good(&h->pair);
}

char *hostile_edit(const char *text, const char *prefix, const char *with)
{
	char *out = malloc(strlen(text) * (strlen(with) + 1) + 1);
	size_t n = 0;

	assert_non_null(out);
	while (*text) {
		const char *end = strchr(text, '\n');
		const size_t len = end ? (size_t)(end - text) + 1 : strlen(text);
		const bool hit = strncmp(text, prefix, strlen(prefix)) == 0;
		memcpy(out + n, hit ? with : text, hit ? strlen(with) : len);
		n += hit ? strlen(with) : len;
		text += len;
	}
	out[n] = '\0';
	return out;
}

void hostile_rewrite(struct pair_signal *s, char *text)
{
	free(s->text);
	s->text = text;
}

void hostile_assert_description_refused(struct hostile *h, uint32_t type, const char *sdp, int code)
{
	hostile_mark(h);
	const int got =
		taut_pc_set_remote_description(h->pc, h->pair.sim.now, type, sdp, strlen(sdp));
	if (code ? got != code : got >= 0)
		fail_msg("%d and not %d for:\n%s", got, code, sdp);
	assert_non_null(taut_pc_error(h->pc)->message);
	hostile_assert_unchanged(h);
}

/* ---- injecting ---- */

struct taut_addr hostile_stranger(unsigned n)
{
	struct taut_addr a = { .family = 4, .port = (uint16_t)(10000 + n % 50000) };

	memcpy(a.ip, (uint8_t[]){ 198, 51, 100, (uint8_t)(1 + n / 50000) }, 4);
	return a;
}

struct tt_ice_path hostile_path(struct hostile *h)
{
	struct tt_ice_path path;

	assert_true(tt_ice_selected(h->pc->ice, h->pair.sim.now, &path));
	return path;
}

void hostile_inject_on(struct hostile *h, taut_flow flow, const struct taut_addr *local,
		       const struct taut_addr *from, const void *data, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);
	uint64_t order = h->pair.sim.order;
	struct taut_datagram d = { .size = sizeof d,
				   .flow = flow,
				   .local = *local,
				   .remote = *from,
				   .buf = exact,
				   .cap = len,
				   .len = len };

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, data, len);
	assert_int_equal(taut_pc_recv(h->pair.peers[h->good].pc, h->pair.sim.now, &d), TAUT_OK);
	while (pair_pump(&h->pair, h->good))
		;
	free(exact);
	for (const struct sim_packet *k = h->pair.sim.queue; k; k = k->next)
		if (k->order >= order && k->to == h->bad) {
			h->replies++;
			h->reply_bytes += k->len;
		}
}

void hostile_inject(struct hostile *h, const struct taut_addr *from, const void *data, size_t len)
{
	const struct tt_ice_path path = hostile_path(h);

	hostile_inject_on(h, path.flow, &path.local, from ? from : &path.remote, data, len);
}

/* ---- judging ---- */

void hostile_mark(struct hostile *h)
{
	hostile_run(h, 0);
	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		h->drops[r] = taut_pc_drop_count(h->pc, r);
	h->replies = 0;
	h->reply_bytes = 0;
	h->records = 0;
	state_take(&h->before, h->pc);
}

unsigned hostile_dropped(const struct hostile *h, uint32_t reason)
{
	return (unsigned)(taut_pc_drop_count(h->pc, reason) - h->drops[reason]);
}

unsigned hostile_dropped_in_all(const struct hostile *h)
{
	unsigned n = 0;

	for (uint32_t r = 1; taut_drop_info(r); r++)
		if (taut_drop_info(r)->what == TAUT_DROP_IN)
			n += hostile_dropped(h, r);
	return n;
}

static void print_drops(const struct hostile *h)
{
	for (uint32_t r = 1; taut_drop_info(r); r++)
		if (hostile_dropped(h, r) > 0)
			print_error("dropped %u: %s\n", hostile_dropped(h, r), taut_drop_text(r));
}

void hostile_assert_dropped(struct hostile *h, uint32_t reason, unsigned count)
{
	if (hostile_dropped(h, reason) != count) {
		print_drops(h);
		fail_msg("not %u dropped as \"%s\"", count, taut_drop_text(reason));
	}
	h->drops[reason] += count;
}

void hostile_assert_none_dropped(struct hostile *h)
{
	if (hostile_dropped_in_all(h) == 0)
		return;
	print_drops(h);
	fail_msg("dropped, and not judged");
}

void hostile_assert_unchanged(struct hostile *h)
{
	hostile_assert_unchanged_but(h, STATE_PARTS);
}

void hostile_assert_unchanged_but(struct hostile *h, int but)
{
	struct state after;

	state_take(&after, h->pc);
	if (but < STATE_PARTS)
		after.part[but] = h->before.part[but];
	const char *part = state_differs(&h->before, &after);
	if (part)
		fail_msg("the state of %s has changed", part);
	if (state_records_differ(&h->before, &after) != (h->records > 0))
		fail_msg("after %u right records the window of DTLS has %s", h->records,
			 h->records > 0 ? "not moved" : "moved");
	if (h->replies > 0)
		fail_msg("%u packets went out in reply", h->replies);
}

void hostile_assert_refused(struct hostile *h, uint32_t reason, unsigned count)
{
	hostile_assert_refused_but(h, reason, count, STATE_PARTS);
}

void hostile_assert_refused_but(struct hostile *h, uint32_t reason, unsigned count, int part)
{
	hostile_assert_dropped(h, reason, count);
	hostile_assert_none_dropped(h);
	hostile_assert_unchanged_but(h, part);
}

/* ---- liveness ---- */

static bool answered(struct pair *p)
{
	const struct hostile *h = p->user;

	return h->seen[h->bad].echoes > 0;
}

void hostile_assert_ping(struct hostile *h)
{
	h->seen[h->bad].echoes = 0;
	assert_int_equal(taut_pc_send_message(h->evil, h->pair.sim.now, h->seen[h->bad].channel, 0,
					      "ping", 4),
			 TAUT_OK);
	assert_true(pair_run(&h->pair, 20 * SECOND, answered));
}

/* A VP8 key frame begins with a 0 bit and its size, RFC 6386 section 9.1. */
void hostile_fill_frame(uint8_t *f, size_t len, uint32_t number, bool key)
{
	for (size_t i = 0; i < len; i++)
		f[i] = (uint8_t)(number * 31 + i * 7);
	f[0] = key ? 0x10 : 0x11;
	if (key && len >= 10)
		memcpy(f + 3, (uint8_t[]){ 0x9d, 0x01, 0x2a, 64, 1, 240, 0 }, 7);
}

static void send_both(struct hostile *h, int i)
{
	uint8_t video[FRAME], audio[] = { 0x78, 1, 2, 3, 4, 5 }; /* CELT, 20 ms, one frame */
	struct taut_frame a = { .size = sizeof a,
				.data = audio,
				.len = sizeof audio,
				.rtp_timestamp = h->frames * 960,
				.captured = h->pair.sim.now };
	struct taut_frame v = { .size = sizeof v,
				.data = video,
				.len = sizeof video,
				.flags = TAUT_FRAME_KEY,
				.rtp_timestamp = h->frames * 1800,
				.captured = h->pair.sim.now };
	taut_pc *pc = h->pair.peers[i].pc;

	hostile_fill_frame(video, sizeof video, h->frames, true);
	assert_int_equal(taut_pc_send_frame(pc, h->pair.sim.now, h->audio[i], &a), TAUT_OK);
	assert_int_equal(taut_pc_send_frame(pc, h->pair.sim.now, h->video[i], &v), TAUT_OK);
}

void hostile_assert_frame(struct hostile *h)
{
	struct seen before[2] = { h->seen[0], h->seen[1] };

	for (int n = 0; n < 40; n++) {
		send_both(h, 0);
		send_both(h, 1);
		h->frames++;
		hostile_run(h, 20000);
		if (n >= 4 && h->seen[0].video > before[0].video &&
		    h->seen[1].video > before[1].video && h->seen[0].audio > before[0].audio &&
		    h->seen[1].audio > before[1].audio) {
			hostile_run(h, SECOND / 2);
			return;
		}
	}
	fail_msg("no frames any more: video %u %u, audio %u %u", h->seen[0].video - before[0].video,
		 h->seen[1].video - before[1].video, h->seen[0].audio - before[0].audio,
		 h->seen[1].audio - before[1].audio);
}

void hostile_assert_call(struct hostile *h)
{
	come_up(h, false);
	hostile_assert_alive(h);
}

static bool good_is_connected(struct pair *p)
{
	const struct hostile *h = p->user;

	return taut_pc_connection_state(h->pc) == TAUT_STATE_CONNECTED;
}

void hostile_assert_alive(struct hostile *h)
{
	hostile_assert_ping(h);
	if (h->audio[0])
		hostile_assert_frame(h);
	/* Silence may have been noticed: the next consent check mends it. */
	assert_true(pair_run(&h->pair, 10 * SECOND, good_is_connected));
}

void hostile_assert_settled(struct hostile *h)
{
	hostile_run(h, 45 * SECOND);
	const uint32_t state = taut_pc_connection_state(h->pc);
	if (state != TAUT_STATE_CONNECTED)
		assert_in_range(state, TAUT_STATE_FAILED, TAUT_STATE_CLOSED);
	if (h->pc->dtls_state == TAUT_STATE_FAILED) {
		assert_null(h->pc->srtp);
		assert_false(h->pc->sctp_started);
		assert_true(h->pc->dtls->end_reason != TAUT_REASON_NONE);
	}
	if (state == TAUT_STATE_CONNECTED &&
	    taut_pc_connection_state(h->evil) == TAUT_STATE_CONNECTED) {
		come_up(h, !h->audio[0]);
		hostile_assert_alive(h);
	}
}
