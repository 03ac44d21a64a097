/* test_call.c - whole calls between two peer connections, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/num.h"
#include "sim/sim_pair.h"

enum { SECOND = 1000000, MAX_MESSAGE = 262144, FRAME = 4000 };

struct seen {
	unsigned messages, opens, channels, tracks, closes, milestones;
	unsigned audio, video, keys_wanted, broken;
	size_t bytes, largest;
	uint32_t sum;
	taut_channel channel, remote_channel;
	uint32_t last_video;
	bool gap;
};

struct world {
	struct pair pair;
	struct seen seen[2];
	bool echo;
};

static uint32_t sum_of(const uint8_t *p, size_t n)
{
	uint32_t s = 2166136261u;

	for (size_t i = 0; i < n; i++)
		s = (s ^ p[i]) * 16777619u;
	return s;
}

/* A frame that shows whether it arrived whole: its number, then a pattern made of it. A VP8 frame
 * starts with a tag whose lowest bit is 0 for a key frame (RFC 6386 section 9.1). */
static void fill_frame(uint8_t *f, size_t len, uint32_t number, bool key)
{
	for (size_t i = 0; i < len; i++)
		f[i] = (uint8_t)(number * 31 + i * 7);
	f[0] = key ? 0x10 : 0x11;
	if (key && len >= 10)
		memcpy(f + 3, (uint8_t[]){ 0x9d, 0x01, 0x2a, 64, 1, 240, 0 }, 7);
	memcpy(f + 10, &number, 4);
}

static void check_video(struct seen *s, const struct taut_frame *f)
{
	uint8_t want[FRAME];
	uint32_t number;

	if (f->len != FRAME) {
		s->broken++;
		return;
	}
	memcpy(&number, (const uint8_t *)f->data + 10, 4);
	fill_frame(want, FRAME, number, (f->flags & TAUT_FRAME_KEY) != 0);
	if (memcmp(want, f->data, FRAME) != 0)
		s->broken++;
	if (s->video > 0 && number != s->last_video + 1 && !(f->flags & TAUT_FRAME_KEY))
		s->broken++; /* after a gap only a key frame may come */
	s->last_video = number;
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;
	struct seen *s = &w->seen[i];

	switch (ev->type) {
	case TAUT_EV_OPEN:
		s->opens++;
		break;
	case TAUT_EV_CLOSE:
		s->closes++;
		break;
	case TAUT_EV_TRACK:
		s->tracks++;
		break;
	case TAUT_EV_MILESTONE:
		s->milestones |= 1u << ev->number;
		break;
	case TAUT_EV_KEY_FRAME_WANTED:
		s->keys_wanted++;
		break;
	case TAUT_EV_DATA_CHANNEL:
		s->channels++;
		s->remote_channel = ev->channel;
		break;
	case TAUT_EV_MESSAGE:
		s->messages++;
		s->bytes += ev->len;
		s->largest = tt_max(s->largest, ev->len);
		s->sum ^= sum_of(ev->data, ev->len);
		if (w->echo && i == 1)
			assert_int_equal(taut_pc_send_message(p->peers[i].pc, p->sim.now,
							      ev->channel, ev->number != 0,
							      ev->data, ev->len),
					 TAUT_OK);
		break;
	case TAUT_EV_FRAME:
		if (ev->frame->codec && strcmp(ev->frame->codec->mime, "video/VP8") == 0) {
			check_video(s, ev->frame);
			s->video++;
		} else {
			s->audio++;
		}
		break;
	default:
		break;
	}
}

static void begin(struct world *w, uint64_t seed, const struct sim_link *link)
{
	memset(w, 0, sizeof *w);
	pair_init(&w->pair, seed, link, on_event, w);
}

static void open_channel(struct world *w, int i, const char *label)
{
	const struct taut_data_channel_init init = { .size = sizeof init, .label = label };

	assert_int_equal(taut_pc_create_data_channel(w->pair.peers[i].pc, w->pair.sim.now, &init,
						     &w->seen[i].channel),
			 TAUT_OK);
}

static taut_transceiver add_media(struct world *w, int i, uint32_t kind)
{
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = kind,
						    .stream_id = "s" };
	taut_transceiver t = 0;

	assert_int_equal(taut_pc_add_transceiver(w->pair.peers[i].pc, w->pair.sim.now, &init, &t),
			 TAUT_OK);
	return t;
}

static const struct sim_link quick = { .delay = 10000 };
static const struct sim_link rough = { .delay = 20000, .loss = 50, .duplicate = 20, .reorder = 40 };

static bool a_message_came_back(struct pair *p)
{
	return ((struct world *)p->user)->seen[0].messages > 0;
}

static bool both_open(struct pair *p)
{
	struct world *w = p->user;

	return w->seen[0].opens > 0 && w->seen[1].opens > 0;
}

static void a_data_call_comes_up_and_echoes(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1, &quick);
	w.echo = true;
	open_channel(&w, 0, "chat");
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	assert_int_equal(w.seen[1].channels, 1);
	assert_int_equal(taut_pc_send_message(w.pair.peers[0].pc, w.pair.sim.now, w.seen[0].channel,
					      0, "hello", 5),
			 TAUT_OK);
	assert_true(pair_run(&w.pair, 2 * SECOND, a_message_came_back));
	assert_int_equal(w.seen[0].bytes, 5);
	/* every milestone of a data call: gathering, first check, nominated, DTLS, SCTP */
	assert_int_equal(w.seen[0].milestones, 0x3e);
	assert_int_equal(w.seen[1].milestones, 0x3e);
	pair_free(&w.pair);
}

static void the_other_side_may_offer_too(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 2, &quick);
	open_channel(&w, 1, "chat");
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	pair_free(&w.pair);
}

static uint64_t hash_of_a_call(uint64_t seed)
{
	struct world w;

	begin(&w, seed, &rough);
	w.echo = true;
	open_channel(&w, 0, "chat");
	assert_true(pair_run(&w.pair, 30 * SECOND, both_open));
	assert_int_equal(taut_pc_send_message(w.pair.peers[0].pc, w.pair.sim.now, w.seen[0].channel,
					      0, "hello", 5),
			 TAUT_OK);
	assert_true(pair_run(&w.pair, 30 * SECOND, a_message_came_back));
	uint64_t hash = w.pair.sim.hash;
	pair_free(&w.pair);
	return hash;
}

static void the_same_seed_gives_the_same_packets(void **state)
{
	(void)state;
	assert_true(hash_of_a_call(7) == hash_of_a_call(7));
	assert_true(hash_of_a_call(7) != hash_of_a_call(8));
}

static bool forty_messages(struct pair *p)
{
	return ((struct world *)p->user)->seen[0].messages >= 40;
}

static void messages_of_every_size_survive_a_rough_link(void **state)
{
	static uint8_t data[MAX_MESSAGE];
	struct world w;
	uint32_t sum = 0;
	size_t bytes = 0;

	(void)state;
	begin(&w, 3, &rough);
	w.echo = true;
	open_channel(&w, 0, "bulk");
	assert_true(pair_run(&w.pair, 30 * SECOND, both_open));
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13);
	for (int i = 0; i < 40; i++) {
		size_t n = i == 39 ? MAX_MESSAGE : (size_t)i * 701;
		assert_int_equal(taut_pc_send_message(w.pair.peers[0].pc, w.pair.sim.now,
						      w.seen[0].channel, 1, data, n),
				 TAUT_OK);
		sum ^= sum_of(data, n);
		bytes += n;
	}
	assert_true(pair_run(&w.pair, 120 * SECOND, forty_messages));
	assert_int_equal(w.seen[0].bytes, bytes);
	assert_int_equal(w.seen[0].sum, sum);
	assert_int_equal(w.seen[0].largest, MAX_MESSAGE);
	pair_free(&w.pair);
}

/* Ten seconds of 50 sounds and 25 pictures each second, both ways. */
static void send_media(struct world *w, taut_transceiver t[2][2], int ticks)
{
	uint8_t video[FRAME],
		audio[] = { 0x78, 1, 2, 3, 4, 5 }; /* Opus TOC: CELT, 20 ms, one frame */
	bool key[2] = { true, true };
	unsigned wanted[2] = { w->seen[0].keys_wanted, w->seen[1].keys_wanted };

	for (int n = 0; n < ticks; n++) {
		for (int i = 0; i < 2; i++) {
			taut_pc *pc = w->pair.peers[i].pc;
			struct taut_frame a = { .size = sizeof a,
						.data = audio,
						.len = sizeof audio,
						.rtp_timestamp = (uint32_t)n * 960,
						.captured = w->pair.sim.now };
			struct taut_frame v = { .size = sizeof v,
						.data = video,
						.len = FRAME,
						.rtp_timestamp = (uint32_t)n * 1800,
						.captured = w->pair.sim.now };
			assert_int_equal(taut_pc_send_frame(pc, w->pair.sim.now, t[i][0], &a),
					 TAUT_OK);
			if (n % 2)
				continue;
			key[i] |= w->seen[i].keys_wanted != wanted[i];
			wanted[i] = w->seen[i].keys_wanted;
			fill_frame(video, FRAME, (uint32_t)n / 2, key[i]);
			v.flags = key[i] ? TAUT_FRAME_KEY : 0;
			key[i] = false;
			assert_int_equal(taut_pc_send_frame(pc, w->pair.sim.now, t[i][1], &v),
					 TAUT_OK);
		}
		pair_run(&w->pair, 20000, NULL);
	}
}

static void media_call(uint64_t seed, const struct sim_link *link, unsigned least_audio,
		       unsigned least_video)
{
	struct world w;
	taut_transceiver t[2][2] = { { 0 } };

	begin(&w, seed, link);
	t[0][0] = add_media(&w, 0, TAUT_AUDIO);
	t[0][1] = add_media(&w, 0, TAUT_VIDEO);
	open_channel(&w, 0, "chat");
	/* The answerer's transceivers come with the offer; it wants to send as well. */
	assert_true(pair_run(&w.pair, 30 * SECOND, pair_both_connected));
	for (size_t k = 0; k < 2; k++) {
		const struct taut_transceiver_info *info =
			taut_pc_transceiver_at(w.pair.peers[1].pc, k);
		assert_non_null(info);
		t[1][k] = info->id;
		assert_int_equal(info->current_direction, TAUT_RECVONLY);
		assert_int_equal(taut_pc_set_direction(w.pair.peers[1].pc, w.pair.sim.now, info->id,
						       TAUT_SENDRECV),
				 TAUT_OK);
	}
	pair_run(&w.pair, 3 * SECOND, NULL); /* a second negotiation, offered by the other side */
	assert_int_equal(w.pair.peers[1].negotiations, 1);
	assert_int_equal(taut_pc_transceiver_at(w.pair.peers[0].pc, 0)->current_direction,
			 TAUT_SENDRECV);
	send_media(&w, t, 500);
	pair_run(&w.pair, 2 * SECOND, NULL);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(w.seen[i].tracks, 2);
		assert_int_equal(w.seen[i].broken, 0);
		assert_in_range(w.seen[i].audio, least_audio, 500);
		assert_in_range(w.seen[i].video, least_video, 250);
	}
	pair_free(&w.pair);
}

static void sound_and_picture_arrive_both_ways(void **state)
{
	(void)state;
	media_call(4, &quick, 500, 250);
}

static void pictures_are_whole_or_absent_on_a_rough_link(void **state)
{
	(void)state;
	for (uint64_t seed = 10; seed < 16; seed++)
		media_call(seed, &rough, 440, 200);
}

static void the_first_dtls_flight_may_be_lost(void **state)
{
	struct sim_link link = quick;
	struct world w;

	(void)state;
	/* Whatever the packets are: each of the first fourteen is lost once, in both directions. */
	for (unsigned n = 0; n < 14; n++) {
		link.drop = &n;
		link.drop_count = 1;
		begin(&w, 100 + n, &link);
		open_channel(&w, 0, "chat");
		assert_true(pair_run(&w.pair, 15 * SECOND, both_open));
		pair_free(&w.pair);
	}
}

static void glare_ends_in_one_call(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 5, &quick);
	open_channel(&w, 0, "from 0");
	open_channel(&w, 1, "from 1");
	assert_true(pair_run(&w.pair, 10 * SECOND, both_open));
	pair_run(&w.pair, 2 * SECOND, NULL);
	assert_int_equal(w.seen[0].channels, 1);
	assert_int_equal(w.seen[1].channels, 1);
	assert_int_equal(taut_pc_signaling_state(w.pair.peers[0].pc), TAUT_SIGNALING_STABLE);
	assert_int_equal(taut_pc_signaling_state(w.pair.peers[1].pc), TAUT_SIGNALING_STABLE);
	pair_free(&w.pair);
}

static bool second_nomination(struct pair *p)
{
	struct world *w = p->user;

	return (w->seen[0].milestones & 1u << TAUT_MS_NOMINATED) && w->pair.peers[0].connected;
}

static void ice_restarts_while_messages_flow(void **state)
{
	struct world w;

	(void)state;
	for (int who = 0; who < 2; who++) {
		begin(&w, 20 + (uint64_t)who, &quick);
		w.echo = true;
		open_channel(&w, 0, "chat");
		assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
		assert_int_equal(taut_pc_restart_ice(w.pair.peers[who].pc, w.pair.sim.now),
				 TAUT_OK);
		for (int n = 0; n < 50; n++) {
			assert_int_equal(taut_pc_send_message(w.pair.peers[0].pc, w.pair.sim.now,
							      w.seen[0].channel, 0, "tick", 4),
					 TAUT_OK);
			pair_run(&w.pair, 40000, NULL);
		}
		assert_true(pair_run(&w.pair, 5 * SECOND, second_nomination));
		pair_run(&w.pair, SECOND, NULL);
		assert_int_equal(w.seen[0].messages, 50);
		assert_int_equal(w.pair.peers[who].negotiations, who == 0 ? 2 : 1);
		pair_free(&w.pair);
	}
}

static bool one_has_ended(struct pair *p)
{
	return p->peers[1].ended;
}

static void a_goodbye_is_heard_at_once(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 6, &quick);
	open_channel(&w, 0, "chat");
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	taut_time before = w.pair.sim.now;
	assert_int_equal(taut_pc_close(w.pair.peers[0].pc, w.pair.sim.now), TAUT_OK);
	assert_true(pair_run(&w.pair, SECOND, one_has_ended));
	assert_int_equal(w.pair.peers[1].end_reason, TAUT_REASON_CLOSED_BY_PEER);
	assert_true(w.pair.sim.now - before <= 20000);
	assert_int_equal(w.pair.peers[0].end_reason, TAUT_REASON_CLOSED_HERE);
	pair_free(&w.pair);
}

static void a_peer_that_vanishes_is_noticed_within_35_seconds(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 9, &quick);
	open_channel(&w, 0, "chat");
	assert_true(pair_run(&w.pair, 5 * SECOND, both_open));
	w.pair.cut = true;
	taut_pc_free(w.pair.peers[0].pc);
	w.pair.peers[0].pc = NULL;
	assert_true(pair_run(&w.pair, 35 * SECOND, one_has_ended));
	assert_int_equal(w.pair.peers[1].end_reason, TAUT_REASON_ICE_CONSENT_EXPIRED);
	pair_free(&w.pair);
}

static void a_late_answer_finds_the_handshake_done_or_waiting(void **state)
{
	struct world w;

	(void)state;
	/* Candidates arrive at once, the answer a second later: checks and the ClientHello are early. */
	begin(&w, 11, &quick);
	w.pair.signal_delay = 500000;
	open_channel(&w, 0, "chat");
	assert_true(pair_run(&w.pair, 10 * SECOND, both_open));
	pair_free(&w.pair);
}

static void a_connection_can_be_freed_at_any_moment(void **state)
{
	(void)state;
	for (taut_time at = 0; at < 300000; at += 7000) {
		struct world w;
		begin(&w, 12, &rough);
		add_media(&w, 0, TAUT_VIDEO);
		open_channel(&w, 0, "chat");
		pair_run(&w.pair, at, NULL);
		taut_pc_free(w.pair.peers[0].pc);
		w.pair.peers[0].pc = NULL;
		pair_run(&w.pair, 100000, NULL);
		pair_free(&w.pair);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_data_call_comes_up_and_echoes),
		cmocka_unit_test(the_other_side_may_offer_too),
		cmocka_unit_test(the_same_seed_gives_the_same_packets),
		cmocka_unit_test(messages_of_every_size_survive_a_rough_link),
		cmocka_unit_test(sound_and_picture_arrive_both_ways),
		cmocka_unit_test(pictures_are_whole_or_absent_on_a_rough_link),
		cmocka_unit_test(the_first_dtls_flight_may_be_lost),
		cmocka_unit_test(glare_ends_in_one_call),
		cmocka_unit_test(ice_restarts_while_messages_flow),
		cmocka_unit_test(a_goodbye_is_heard_at_once),
		cmocka_unit_test(a_peer_that_vanishes_is_noticed_within_35_seconds),
		cmocka_unit_test(a_late_answer_finds_the_handshake_done_or_waiting),
		cmocka_unit_test(a_connection_can_be_freed_at_any_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
