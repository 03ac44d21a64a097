/* test_simulcast.c - several encodings of one video between two connections: RFC 8853, webrtc-pc section
 * 5.4.1. Each frame says which encoding it is of, so that none can pass for another's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer/pc.h"
#include "rtcp/rtp_session_int.h"
#include "sim/sim_pair.h"
#include "taut/drop.h"
#include "taut/stats.h"

enum { SECOND = 1000000, FRAME = 33000, ENCODINGS = 3, LONG = 2500 };

static const char *const rids[ENCODINGS] = { "l", "m", "h" };

struct encoding {
	unsigned sent, heard, lost, wished; /* wished: key frames */
	bool key_next;
	uint32_t last;
};

struct world {
	struct pair pair;
	int from; /* who sends the video */
	taut_transceiver video, remote;
	struct encoding of[ENCODINGS];
	unsigned unnamed; /* frames without rid */
	uint32_t ssrc;    /* of a line that is put into the offer; 0: none */
	char answer[8192];
};

static const struct sim_link quick = { .delay = 10000 };
static const struct sim_link lossy = { .delay = 10000, .loss = 20 };

static int index_of(const char *rid)
{
	for (int i = 0; i < ENCODINGS; i++)
		if (strcmp(rids[i], rid) == 0)
			return i;
	fail_msg("rid %s", rid);
	return -1;
}

static void take_frame(struct world *w, const struct taut_frame *f)
{
	const uint8_t *data = f->data;

	if (!f->rid) {
		w->unnamed++;
		return;
	}
	struct encoding *e = &w->of[index_of(f->rid)];
	uint32_t number;

	assert_int_equal(f->len, LONG);
	assert_int_equal(data[10], f->rid[0]);
	memcpy(&number, data + 12, sizeof number);
	assert_true(number > e->last || e->heard == 0);
	e->lost += e->heard > 0 && number != e->last + 1;
	e->last = number;
	e->heard++;
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	if (ev->type == TAUT_EV_TRACK && ev->number == TAUT_VIDEO)
		w->remote = ev->transceiver;
	if (ev->type == TAUT_EV_FRAME && ev->frame->codec->clock_rate == 90000) {
		assert_int_equal(i, 1 - w->from);
		take_frame(w, ev->frame);
	}
	if (ev->type == TAUT_EV_KEY_FRAME_WANTED) {
		assert_int_equal(i, w->from);
		assert_int_equal(ev->transceiver, w->video);
		if (ev->label)
			w->of[index_of(ev->label)].wished++;
		for (int k = 0; k < ENCODINGS; k++)
			if (!ev->label || k == index_of(ev->label))
				w->of[k].key_next = true;
	}
}

static char *describe(struct pair *p, int to, uint32_t type, const char *text)
{
	struct world *w = p->user;
	char *same = malloc(strlen(text) + 1);

	(void)to;
	memcpy(same, text, strlen(text) + 1);
	if (type == TAUT_SDP_OFFER && w->ssrc) {
		free(same);
		same = malloc(strlen(text) + 100);
		(void)snprintf(same, strlen(text) + 100, "%sa=ssrc:%u cname:x\r\n", text, (unsigned)w->ssrc);
	}
	if (type == TAUT_SDP_ANSWER)
		(void)snprintf(w->answer, sizeof w->answer, "%s", text);
	return same;
}

static taut_pc *sender(struct world *w)
{
	return w->pair.peers[w->from].pc;
}

static taut_pc *receiver(struct world *w)
{
	return w->pair.peers[1 - w->from].pc;
}

static int send(struct world *w, const char *rid)
{
	struct encoding *e = &w->of[rid ? index_of(rid) : 0];
	const bool key = e->sent == 0 || e->key_next;
	uint8_t data[LONG] = { 0 };
	const uint32_t number = e->sent + 1;
	const struct taut_frame f = { .size = sizeof f,
				      .data = data,
				      .len = sizeof data,
				      .rid = rid,
				      .flags = key ? TAUT_FRAME_KEY : 0,
				      .rtp_timestamp = number * 2970 };

	memcpy(data, key ? "\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0" : "\x11\x02\x00\x00\x00\x00\x00\x00\x00",
	       9);
	data[10] = rid ? (uint8_t)rid[0] : 0;
	memcpy(data + 12, &number, sizeof number);
	const int err = taut_pc_send_frame(sender(w), w->pair.sim.now, w->video, &f);
	e->sent += err == TAUT_OK;
	e->key_next &= err != TAUT_OK;
	return err;
}

static void send_all(struct world *w, unsigned count)
{
	for (unsigned n = 0; n < count; n++) {
		for (int i = 0; i < ENCODINGS; i++)
			assert_int_equal(send(w, rids[i]), TAUT_OK);
		pair_run(&w->pair, FRAME, NULL);
	}
}

static void add_video(struct world *w, size_t encodings)
{
	struct taut_rtp_encoding all[ENCODINGS];

	for (size_t i = 0; i < ENCODINGS; i++)
		all[i] = (struct taut_rtp_encoding){ .size = sizeof all[0],
						     .rid = rids[i],
						     .active = 1 };
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = TAUT_VIDEO,
						    .direction = TAUT_SENDONLY,
						    .track_id = "camera",
						    .send_encodings = all,
						    .send_encoding_count = encodings };
	assert_int_equal(taut_pc_add_transceiver(sender(w), 0, &init, &w->video), TAUT_OK);
}

static void prepare(struct world *w, const struct sim_link *link, uint32_t taken)
{
	memset(w, 0, sizeof *w);
	pair_init(&w->pair, 11, link, on_event, w);
	w->pair.describe = describe;
	receiver(w)->max_receive_encodings = taken;
}

/* Peer 0 sends three encodings, of which peer 1 takes so many. */
static void begin(struct world *w, const struct sim_link *link, uint32_t taken)
{
	prepare(w, link, taken);
	add_video(w, ENCODINGS);
	assert_true(pair_run(&w->pair, 10 * SECOND, pair_both_connected));
}

static size_t encodings_of(struct world *w, struct taut_rtp_parameters *p)
{
	*p = (struct taut_rtp_parameters){ .size = sizeof *p };
	assert_int_equal(taut_pc_get_sender_parameters(sender(w), w->video, p), TAUT_OK);
	return p->encoding_count;
}

static void three_encodings_arrive_each_under_its_rid(void **state)
{
	struct world w;
	struct taut_rtp_parameters p;

	(void)state;
	begin(&w, &lossy, ENCODINGS);
	assert_non_null(strstr(w.answer, "a=simulcast:recv l;m;h\r\n"));
	assert_int_equal(encodings_of(&w, &p), ENCODINGS);
	send_all(&w, 150);
	pair_run(&w.pair, SECOND, NULL);
	for (int i = 0; i < ENCODINGS; i++) {
		assert_int_equal(w.of[i].sent, 150);
		assert_in_range(w.of[i].heard, 140, 150);
	}
	assert_int_equal(w.unnamed, 0);
	pair_free(&w.pair);
}

/* webrtc-pc section 5.3: a receiver is one, whatever it receives. */
static void each_encoding_is_a_source_and_waits_for_the_jitter_buffers_target(void **state)
{
	struct world w;

	(void)state;
	begin(&w, &quick, ENCODINGS);
	assert_int_equal(taut_pc_set_jitter_buffer_target(receiver(&w), w.pair.sim.now, w.remote,
							  10 * FRAME), TAUT_OK);
	send_all(&w, 9);
	for (int i = 0; i < ENCODINGS; i++)
		assert_int_equal(w.of[i].heard, 0);
	assert_null(taut_pc_synchronization_source_at(receiver(&w), w.pair.sim.now, w.remote, 0));
	pair_run(&w.pair, SECOND, NULL);
	for (size_t i = 0; i < ENCODINGS; i++) {
		assert_int_equal(w.of[i].heard, 9);
		const struct taut_rtp_source *s = taut_pc_synchronization_source_at(
			receiver(&w), w.pair.sim.now, w.remote, i);
		assert_non_null(s);
		unsigned found = 0;
		for (size_t k = 0; k < ENCODINGS; k++)
			found += sender(&w)->transceivers[0]->encodings[k].ssrc == s->source;
		assert_int_equal(found, 1);
	}
	assert_null(taut_pc_synchronization_source_at(receiver(&w), w.pair.sim.now, w.remote,
						      ENCODINGS));
	pair_free(&w.pair);
}

/* A member of the stream of this type which has the rid, or of the index-th one. */
static double member(const struct taut_stats *all, size_t count, const char *type, const char *rid,
		     const char *name)
{
	for (size_t i = 0; i < count; i++) {
		const struct taut_stat *m = taut_stats_member(&all[i], "rid");
		if (strcmp(all[i].type, type) == 0 && m && strcmp(m->text, rid) == 0)
			return taut_stats_member(&all[i], name)->number;
	}
	fail_msg("no %s of %s", type, rid);
	return 0;
}

static void what_was_lost_is_sent_again_in_its_encoding(void **state)
{
	const struct taut_stats *all;
	size_t count, streams = 0;
	struct world w;

	(void)state;
	begin(&w, &lossy, ENCODINGS);
	send_all(&w, 150);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(
		taut_pc_get_receiver_stats(receiver(&w), w.pair.sim.now, w.remote, &all, &count),
		TAUT_OK);
	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].type, "inbound-rtp") != 0)
			continue;
		streams++;
		assert_true(taut_stats_member(&all[i], "retransmittedPacketsReceived")->number > 0);
		assert_in_range(taut_stats_member(&all[i], "framesReceived")->number, 140, 150);
	}
	assert_int_equal(streams, ENCODINGS);
	assert_int_equal(
		taut_pc_get_sender_stats(sender(&w), w.pair.sim.now, w.video, &all, &count),
		TAUT_OK);
	for (int i = 0; i < ENCODINGS; i++) {
		assert_int_equal(member(all, count, "outbound-rtp", rids[i], "encodingIndex"), i);
		assert_int_equal(member(all, count, "outbound-rtp", rids[i], "framesSent"), 150);
	}
	pair_free(&w.pair);
}

static void an_encoder_and_a_decoder_are_told_by_rid(void **state)
{
	const struct taut_stats *all;
	size_t count;
	struct world w;
	struct taut_codec_stats c = { .size = sizeof c, .frames = 7, .width = 640, .rid = "m" };

	(void)state;
	begin(&w, &quick, ENCODINGS);
	send_all(&w, 2);
	assert_int_equal(taut_pc_set_encoder_stats(sender(&w), w.video, &c), TAUT_OK);
	assert_int_equal(taut_pc_set_decoder_stats(receiver(&w), w.remote, &c), TAUT_OK);
	c.rid = "x";
	assert_int_equal(taut_pc_set_encoder_stats(sender(&w), w.video, &c), TAUT_E_GONE);
	assert_int_equal(taut_pc_set_decoder_stats(receiver(&w), w.remote, &c), TAUT_E_GONE);
	c.rid = NULL;
	c.frames = 5;
	c.width = 320;
	assert_int_equal(taut_pc_set_encoder_stats(sender(&w), w.video, &c), TAUT_OK);
	assert_int_equal(
		taut_pc_get_sender_stats(sender(&w), w.pair.sim.now, w.video, &all, &count),
		TAUT_OK);
	assert_int_equal(member(all, count, "outbound-rtp", "l", "framesEncoded"), 5);
	assert_int_equal(member(all, count, "outbound-rtp", "m", "framesEncoded"), 7);
	assert_int_equal(member(all, count, "outbound-rtp", "h", "framesEncoded"), 2);
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].type, "media-source") == 0)
			assert_int_equal(taut_stats_member(&all[i], "width")->number, 640);
	assert_int_equal(
		taut_pc_get_receiver_stats(receiver(&w), w.pair.sim.now, w.remote, &all, &count),
		TAUT_OK);
	unsigned told = 0;
	for (size_t i = 0; i < count; i++)
		told += taut_stats_member(&all[i], "framesDecoded") != NULL;
	assert_int_equal(told, 1);
	pair_free(&w.pair);
}

static void a_key_frame_is_asked_of_one_encoding_or_of_all(void **state)
{
	struct world w;

	(void)state;
	begin(&w, &quick, ENCODINGS);
	send_all(&w, 10);
	for (int i = 0; i < ENCODINGS; i++)
		w.of[i].wished = 0;
	assert_int_equal(
		taut_pc_request_key_frame_of(receiver(&w), w.pair.sim.now, w.remote, "m"), TAUT_OK);
	send_all(&w, 20);
	assert_int_equal(w.of[0].wished, 0);
	assert_int_equal(w.of[1].wished, 1);
	assert_int_equal(w.of[2].wished, 0);
	assert_int_equal(taut_pc_request_key_frame(receiver(&w), w.pair.sim.now, w.remote),
			 TAUT_OK);
	send_all(&w, 20);
	for (int i = 0; i < ENCODINGS; i++)
		assert_int_equal(w.of[i].wished, i == 1 ? 2 : 1);
	assert_int_equal(
		taut_pc_request_key_frame_of(receiver(&w), w.pair.sim.now, w.remote, "x"),
		TAUT_E_GONE);
	pair_free(&w.pair);
}

static void a_peer_that_takes_one_gets_the_first(void **state)
{
	struct world w;
	struct taut_rtp_parameters p;

	(void)state;
	begin(&w, &quick, 0);
	assert_null(strstr(w.answer, "simulcast"));
	assert_null(strstr(w.answer, "a=rid"));
	assert_int_equal(encodings_of(&w, &p), 1);
	assert_string_equal(p.encodings[0].rid, "l");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(send(&w, NULL), TAUT_OK);
		pair_run(&w.pair, FRAME, NULL);
	}
	assert_int_equal(send(&w, "m"), TAUT_E_GONE);
	assert_int_equal(send(&w, "l"), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	const struct tt_rtp_session *s = sender(&w)->rtp;
	assert_int_equal(s->sender_count, 1);
	assert_string_equal(s->senders[0]->rid, ""); /* nothing was agreed about it */
	assert_int_equal(w.unnamed, 21);
	pair_free(&w.pair);
}

static void a_peer_that_takes_two_gets_two(void **state)
{
	struct world w;
	struct taut_rtp_parameters p;

	(void)state;
	begin(&w, &quick, 2);
	assert_non_null(strstr(w.answer, "a=simulcast:recv l;m\r\n"));
	assert_int_equal(encodings_of(&w, &p), 2);
	assert_string_equal(p.encodings[1].rid, "m");
	for (int i = 0; i < 20; i++) {
		assert_int_equal(send(&w, "l"), TAUT_OK);
		assert_int_equal(send(&w, "m"), TAUT_OK);
		assert_int_equal(send(&w, "h"), TAUT_E_GONE);
		pair_run(&w.pair, FRAME, NULL);
	}
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(w.of[0].heard, 20);
	assert_int_equal(w.of[1].heard, 20);
	pair_free(&w.pair);
}

static void of_an_encoding_that_is_not_active_no_frame_is_taken(void **state)
{
	struct world w;
	struct taut_rtp_parameters p;

	(void)state;
	begin(&w, &quick, ENCODINGS);
	encodings_of(&w, &p);
	struct taut_rtp_encoding all[ENCODINGS];
	memcpy(all, p.encodings, sizeof all);
	all[1].active = 0;
	p.encodings = all;
	assert_int_equal(taut_pc_set_sender_parameters(sender(&w), w.pair.sim.now, w.video, &p),
			 TAUT_OK);
	assert_int_equal(send(&w, "l"), TAUT_OK);
	assert_int_equal(send(&w, "m"), TAUT_E_STATE);
	assert_int_equal(send(&w, "h"), TAUT_OK);
	pair_free(&w.pair);
}

/* An SSRC that a description names is of none of them. */
static void streams_are_known_by_their_rids_alone(void **state)
{
	struct world w;

	(void)state;
	prepare(&w, &quick, ENCODINGS);
	add_video(&w, ENCODINGS);
	w.ssrc = 12345;
	assert_true(pair_run(&w.pair, 10 * SECOND, pair_both_connected));
	const struct tt_rtp_session *s = receiver(&w)->rtp;
	assert_int_equal(s->receiver_count, ENCODINGS);
	for (size_t i = 0; i < s->receiver_count; i++)
		assert_int_equal(s->receivers[i]->cfg.ssrc, 0);
	pair_free(&w.pair);
}

/* The numbers of transceivers end below those of slots. */
static void a_connection_ends_numbering_before_numbers_meet(void **state)
{
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	struct world w;
	taut_transceiver t;

	(void)state;
	prepare(&w, &quick, 0);
	sender(&w)->next_transceiver = (1u << PC_STREAM_SHIFT) - 2;
	assert_int_equal(taut_pc_add_transceiver(sender(&w), 0, &init, &t), TAUT_OK);
	assert_int_equal(t, 0x0fffffff);
	assert_int_equal(taut_pc_add_transceiver(sender(&w), 0, &init, &t), TAUT_E_LIMIT);
	pair_free(&w.pair);
}

static void add_sound(struct world *w, int peer)
{
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = TAUT_AUDIO };
	taut_transceiver t;

	assert_int_equal(taut_pc_add_transceiver(w->pair.peers[peer].pc, w->pair.sim.now, &init, &t),
			 TAUT_OK);
}

/* The other side offers as well: its offer says which encodings it receives. */
static void streams_go_on_through_offers_of_either_side(void **state)
{
	struct world w;
	struct taut_rtp_parameters p;

	(void)state;
	begin(&w, &quick, ENCODINGS);
	send_all(&w, 20);
	for (int peer = 0; peer < 2; peer++) {
		add_sound(&w, peer);
		send_all(&w, 20);
		assert_int_equal(encodings_of(&w, &p), ENCODINGS);
	}
	assert_non_null(strstr(w.answer, "a=simulcast:send l;m;h\r\n"));
	pair_run(&w.pair, SECOND, NULL);
	for (int i = 0; i < ENCODINGS; i++) {
		assert_int_equal(w.of[i].heard, 60);
		assert_int_equal(w.of[i].lost, 0);
	}
	pair_free(&w.pair);
}

static void set_direction(struct world *w, uint32_t direction)
{
	assert_int_equal(taut_pc_set_direction(sender(w), w->pair.sim.now, w->video, direction),
			 TAUT_OK);
	pair_run(&w->pair, SECOND, NULL);
}

/* Who receives again has forgotten the SSRCs, which no description names. */
static void what_was_held_goes_on_under_its_rids(void **state)
{
	struct world w;

	(void)state;
	begin(&w, &quick, ENCODINGS);
	send_all(&w, 300); /* reports have come long since */
	set_direction(&w, TAUT_INACTIVE);
	assert_int_equal(receiver(&w)->rtp->receiver_count, 0);
	set_direction(&w, TAUT_SENDONLY);
	for (int i = 0; i < ENCODINGS; i++) {
		w.of[i].key_next = true;
		w.of[i].heard = 0;
	}
	send_all(&w, 60);
	pair_run(&w.pair, SECOND, NULL);
	for (int i = 0; i < ENCODINGS; i++)
		assert_in_range(w.of[i].heard, 55, 60);
	pair_free(&w.pair);
}

/* The SSRC of the only one becomes that of the first of several. */
static void one_that_was_sent_alone_becomes_the_first_of_several(void **state)
{
	const struct taut_track_init track = { .size = sizeof track, .kind = TAUT_VIDEO };
	struct world w;

	(void)state;
	prepare(&w, &quick, 0);
	assert_int_equal(taut_pc_add_track(sender(&w), 0, &track, &w.video), TAUT_OK);
	assert_true(pair_run(&w.pair, 10 * SECOND, pair_both_connected));
	for (int i = 0; i < 300; i++) {
		assert_int_equal(send(&w, NULL), TAUT_OK);
		pair_run(&w.pair, FRAME, NULL);
	}
	assert_int_equal(w.unnamed, 300);
	/* as if receive_rids had said so from the beginning */
	struct pc_transceiver *t = pc_find_transceiver(receiver(&w), w.remote);
	for (int i = 0; i < ENCODINGS; i++)
		memcpy(t->heard_rids[i], rids[i], strlen(rids[i]) + 1);
	add_sound(&w, 1);
	pair_run(&w.pair, SECOND, NULL);
	assert_non_null(strstr(w.answer, "a=simulcast:send l;m;h\r\n"));
	w.of[0].key_next = true;
	send_all(&w, 60);
	pair_run(&w.pair, SECOND, NULL);
	for (int i = 0; i < ENCODINGS; i++)
		assert_in_range(w.of[i].heard, 55, 60);
	pair_free(&w.pair);
}

/* The other side wants fewer from now on. */
static void what_is_wanted_no_more_is_gone_on_both_sides(void **state)
{
	struct world w;
	struct taut_rtp_parameters p;

	(void)state;
	begin(&w, &quick, ENCODINGS);
	send_all(&w, 5);
	struct pc_transceiver *t = pc_find_transceiver(receiver(&w), w.remote);
	assert_string_equal(t->heard_rids[1], "m");
	t->heard_rids[1][0] = '\0';
	add_sound(&w, 1);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(encodings_of(&w, &p), 2);
	assert_int_equal(sender(&w)->rtp->sender_count, 2);
	assert_int_equal(t->heard_slots, 5);
	for (size_t i = 0; i < receiver(&w)->rtp->receiver_count; i++)
		assert_string_not_equal(receiver(&w)->rtp->receivers[i]->rid, "m");
	for (int i = 0; i < 10; i++) {
		assert_int_equal(send(&w, "l"), TAUT_OK);
		assert_int_equal(send(&w, "h"), TAUT_OK);
		pair_run(&w.pair, FRAME, NULL);
	}
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(w.of[0].heard, 15);
	assert_int_equal(w.of[2].heard, 15);
	pair_free(&w.pair);
}

/* As a forwarder does: it offers to receive, and the other side has a track. */
static void an_offer_to_receive_makes_encodings(void **state)
{
	struct world w;
	struct taut_rtp_parameters p;
	const struct taut_transceiver_init init = { .size = sizeof init,
						    .kind = TAUT_VIDEO,
						    .direction = TAUT_RECVONLY,
						    .receive_rids = rids,
						    .receive_rid_count = ENCODINGS };
	const struct taut_track_init track = { .size = sizeof track, .kind = TAUT_VIDEO };

	(void)state;
	prepare(&w, &quick, 0);
	w.from = 1;
	assert_int_equal(taut_pc_add_transceiver(receiver(&w), 0, &init, &w.remote), TAUT_OK);
	w.pair.peers[1].making_offer = false;
	assert_int_equal(taut_pc_add_track(sender(&w), 0, &track, &w.video), TAUT_OK);
	assert_true(pair_run(&w.pair, 10 * SECOND, pair_both_connected));
	assert_int_equal(encodings_of(&w, &p), ENCODINGS);
	for (int i = 0; i < ENCODINGS; i++) {
		assert_string_equal(p.encodings[i].rid, rids[i]);
		assert_int_equal(p.encodings[i].scale_resolution_down_by, 4 >> i);
	}
	assert_non_null(strstr(w.answer, "a=simulcast:send l;m;h\r\n"));
	send_all(&w, 30);
	pair_run(&w.pair, SECOND, NULL);
	for (int i = 0; i < ENCODINGS; i++)
		assert_int_equal(w.of[i].heard, 30);
	/* and so does who sends them, though nobody has configured that any are taken */
	add_sound(&w, 1);
	send_all(&w, 30);
	pair_run(&w.pair, SECOND, NULL);
	assert_int_equal(encodings_of(&w, &p), ENCODINGS);
	for (int i = 0; i < ENCODINGS; i++)
		assert_int_equal(w.of[i].heard, 60);
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_encodings_arrive_each_under_its_rid),
		cmocka_unit_test(each_encoding_is_a_source_and_waits_for_the_jitter_buffers_target),
		cmocka_unit_test(what_was_lost_is_sent_again_in_its_encoding),
		cmocka_unit_test(an_encoder_and_a_decoder_are_told_by_rid),
		cmocka_unit_test(a_key_frame_is_asked_of_one_encoding_or_of_all),
		cmocka_unit_test(a_peer_that_takes_one_gets_the_first),
		cmocka_unit_test(a_peer_that_takes_two_gets_two),
		cmocka_unit_test(of_an_encoding_that_is_not_active_no_frame_is_taken),
		cmocka_unit_test(streams_are_known_by_their_rids_alone),
		cmocka_unit_test(a_connection_ends_numbering_before_numbers_meet),
		cmocka_unit_test(streams_go_on_through_offers_of_either_side),
		cmocka_unit_test(what_was_held_goes_on_under_its_rids),
		cmocka_unit_test(one_that_was_sent_alone_becomes_the_first_of_several),
		cmocka_unit_test(what_is_wanted_no_more_is_gone_on_both_sides),
		cmocka_unit_test(an_offer_to_receive_makes_encodings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
