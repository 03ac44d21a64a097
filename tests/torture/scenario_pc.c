/* scenario_pc.c - whole connections that live through any failure: strict (see run.c).
 *
 * Each call may fail, with an error that its header names; whatever has failed, everything can
 * be freed, and memory is back. Without the library in front nothing fails. */
#define _GNU_SOURCE
#include "torture/scenario.h"

#include <string.h>

#include "sim/sim_pair.h"
#include "taut/stats.h"

enum { SECOND = 1000000 };

static const struct taut_codec codecs[] = {
	{ .size = sizeof(struct taut_codec),
	  .mime = "audio/opus",
	  .clock_rate = 48000,
	  .channels = 2 },
	{ .size = sizeof(struct taut_codec), .mime = "video/VP8", .clock_rate = 90000 },
};

/* True: it worked. A connection remembers the error that it returned. */
static bool fine(const taut_pc *pc, int err)
{
	if (err == TAUT_OK)
		return true;
	assert_true(anything_failed());
	assert_true(err == TAUT_E_NOMEM || err == TAUT_E_CRYPTO);
	if (pc)
		assert_int_equal(taut_pc_error(pc)->code, err);
	return false;
}

static int drawn(void *ctx, void *out, size_t len)
{
	uint64_t *state = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)((*state = *state * 6364136223846793005u + 1442695040888963407u) >>
				 56);
	return 0;
}

static bool make(taut_env **env, taut_pc **pc, uint64_t *random)
{
	const struct taut_env_config e = { .size = sizeof e, .random = drawn, .ctx = random };
	const struct taut_ice_server server = { .size = sizeof server, .url = "stun:192.0.2.9" };
	const struct taut_config cfg = { .size = sizeof cfg,
					 .ice_servers = &server,
					 .ice_server_count = 1,
					 .codecs = codecs,
					 .codec_count = 2,
					 .max_receive_encodings = 2 };
	int err = taut_env_new(env, &e);

	assert_true((err == TAUT_OK) == (*env != NULL));
	if (err == TAUT_OK)
		err = taut_pc_new(pc, *env, &cfg, 1);
	assert_true((err == TAUT_OK) == (*pc != NULL));
	return fine(NULL, err);
}

static void drain(taut_pc *pc)
{
	for (int i = 0; i < 1000 && taut_pc_poll_event(pc); i++)
		;
	for (int i = 0; i < 1000 && taut_pc_poll_io(pc); i++)
		;
}

/* What failed for a moment may work the next time; a state that it left behind would show. */
#define TWICE(pc, call)                                                                            \
	do {                                                                                       \
		const uint32_t before = taut_pc_signaling_state(pc);                               \
		if (!fine((pc), (call))) {                                                         \
			assert_int_equal(taut_pc_signaling_state(pc), before);                     \
			fine((pc), (call));                                                        \
		}                                                                                  \
	} while (0)

/* Other servers before the first gathering, a relay among them. */
static void change_servers(taut_pc *pc)
{
	static const struct taut_ice_server servers[] = {
		{ .size = sizeof servers[0], .url = "stun:192.0.2.10" },
		{ .size = sizeof servers[0],
		  .url = "turn:192.0.2.11",
		  .username = "me",
		  .credential = "secret" },
	};
	const struct taut_config *is = taut_pc_get_configuration(pc);

	if (!is) {
		assert_true(anything_failed());
		return;
	}
	struct taut_config cfg = *is;
	cfg.ice_servers = servers;
	cfg.ice_server_count = 2;
	TWICE(pc, taut_pc_set_configuration(pc, 1, &cfg));
}

static void a_connection_is_made_and_freed(void **state)
{
	uint64_t random = 1;
	taut_env *env = NULL;
	taut_pc *pc = NULL;

	(void)state;
	if (make(&env, &pc, &random))
		change_servers(pc);
	taut_pc_free(pc);
	assert_int_equal(taut_env_free(env), TAUT_OK);
}

static void add_all(taut_pc *pc)
{
	const struct taut_transceiver_init audio = { .size = sizeof audio, .kind = TAUT_AUDIO };
	const struct taut_transceiver_init video = { .size = sizeof video,
						     .kind = TAUT_VIDEO,
						     .stream_id = "s" };
	taut_transceiver t;
	taut_channel ch;

	TWICE(pc, taut_pc_add_transceiver(pc, 1, &audio, &t));
	TWICE(pc, taut_pc_add_transceiver(pc, 1, &video, &t));
	TWICE(pc, taut_pc_create_data_channel(pc, 1, NULL, &ch));
}

/* What was not described before leaves the other end in another state: that is an error too. */
static void carry(taut_pc *from, taut_pc *to)
{
	uint32_t type;
	const char *text;

	TWICE(from, taut_pc_set_local_description(from, 1, 0, NULL, 0));
	text = taut_pc_local_description(from, &type);
	if (!text) {
		assert_true(anything_failed());
		return;
	}
	const uint32_t before = taut_pc_signaling_state(to);
	const int err = taut_pc_set_remote_description(to, 1, type, text, strlen(text));
	if (err == TAUT_OK)
		return;
	assert_true(anything_failed());
	assert_true(err == TAUT_E_NOMEM || err == TAUT_E_CRYPTO || err == TAUT_E_STATE);
	assert_int_equal(taut_pc_signaling_state(to), before);
}

/* What senders are told between two negotiations. */
static void change_senders(taut_pc *pc)
{
	static const char *const streams[] = { "one", "two" };
	const struct taut_track_init track = {
		.size = sizeof track, .kind = TAUT_AUDIO, .stream_ids = streams, .stream_count = 2
	};
	struct taut_rtp_parameters p = { .size = sizeof p };
	taut_transceiver t = 0;

	TWICE(pc, taut_pc_add_track(pc, 1, &track, &t));
	if (t == 0)
		return;
	TWICE(pc, taut_pc_set_streams(pc, 1, t, streams, 1));
	TWICE(pc, taut_pc_replace_track(pc, 1, t, "another"));
	if (fine(pc, taut_pc_get_sender_parameters(pc, t, &p)))
		fine(pc, taut_pc_set_sender_parameters(pc, 1, t, &p));
	TWICE(pc, taut_pc_set_codec_preferences(pc, 1, t, NULL, 0));
	const struct taut_config *is = taut_pc_get_configuration(pc);
	assert_true(is || anything_failed());
	if (is)
		TWICE(pc, taut_pc_set_configuration(pc, 1, is));
	TWICE(pc, taut_pc_stop_transceiver(pc, 1, t));
}

/* Three encodings to send, and three to receive, which the other side makes of its own. */
static void add_simulcast(taut_pc *pc, taut_transceiver *sent)
{
	static const char *const rids[] = { "x", "y", "z" };
	struct taut_rtp_encoding all[3];

	for (size_t i = 0; i < 3; i++)
		all[i] = (struct taut_rtp_encoding){ .size = sizeof all[0], .rid = rids[i] };
	struct taut_transceiver_init init = { .size = sizeof init,
					      .kind = TAUT_VIDEO,
					      .send_encodings = all,
					      .send_encoding_count = 3 };
	TWICE(pc, taut_pc_add_transceiver(pc, 1, &init, sent));
	init.send_encoding_count = 0;
	init.receive_rids = rids;
	init.receive_rid_count = 3;
	taut_transceiver heard;
	TWICE(pc, taut_pc_add_transceiver(pc, 1, &init, &heard));
}

static void change_encodings(taut_pc *pc, taut_transceiver t)
{
	struct taut_codec_stats told = { .size = sizeof told, .frames = 1 };
	struct taut_rtp_parameters p = { .size = sizeof p };

	if (t == 0)
		return;
	TWICE(pc, taut_pc_set_encoder_stats(pc, t, &told));
	if (fine(pc, taut_pc_get_sender_parameters(pc, t, &p)))
		fine(pc, taut_pc_set_sender_parameters(pc, 1, t, &p));
}

static void several_encodings_are_agreed_on(void **state)
{
	uint64_t random[2] = { 1, 2 };
	taut_env *env[2] = { NULL };
	taut_pc *pc[2] = { NULL };
	taut_transceiver sent = 0;

	(void)state;
	if (make(&env[0], &pc[0], &random[0]) && make(&env[1], &pc[1], &random[1])) {
		add_simulcast(pc[0], &sent);
		for (int i = 0; i < 2; i++) {
			carry(pc[0], pc[1]);
			if (taut_pc_signaling_state(pc[1]) == TAUT_SIGNALING_HAVE_REMOTE_OFFER)
				carry(pc[1], pc[0]);
			change_encodings(pc[0], sent);
		}
		drain(pc[0]);
		drain(pc[1]);
	}
	for (int i = 0; i < 2; i++) {
		taut_pc_free(pc[i]);
		taut_env_free(env[i]);
	}
}

/* NULL only where memory ended. */
static void look_at_descriptions(taut_pc *pc)
{
	if (taut_pc_signaling_state(pc) != TAUT_SIGNALING_STABLE)
		return;
	const bool agreed = taut_pc_current_local_description(pc, NULL) &&
			    taut_pc_current_remote_description(pc, NULL);
	assert_true(agreed || anything_failed());
}

static void two_connections_agree(void **state)
{
	uint64_t random[2] = { 1, 2 };
	taut_env *env[2] = { NULL };
	taut_pc *pc[2] = { NULL };

	(void)state;
	const bool made = make(&env[0], &pc[0], &random[0]) && make(&env[1], &pc[1], &random[1]);
	if (made) {
		add_all(pc[0]);
		carry(pc[0], pc[1]);
		if (taut_pc_signaling_state(pc[1]) == TAUT_SIGNALING_HAVE_REMOTE_OFFER)
			carry(pc[1], pc[0]);
		drain(pc[0]);
		drain(pc[1]);
		look_at_descriptions(pc[0]);
		change_senders(pc[0]);
		TWICE(pc[0], taut_pc_restart_ice(pc[0], 1));
		assert_true(anything_failed() ||
			    taut_pc_signaling_state(pc[0]) == TAUT_SIGNALING_STABLE);
	}
	for (int i = 0; i < 2; i++) {
		taut_pc_free(pc[i]);
		assert_int_equal(taut_env_free(env[i]), TAUT_OK);
	}
}

/* ---- a whole call ---- */

struct call {
	unsigned messages;
};

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	static const uint8_t data[3000];
	struct call *c = p->user;
	taut_pc *pc = p->peers[i].pc;

	c->messages += ev->type == TAUT_EV_MESSAGE;
	if (ev->type == TAUT_EV_OPEN) {
		const int err =
			taut_pc_send_message(pc, p->sim.now, ev->channel, 1, data, sizeof data);
		assert_true(err == TAUT_OK || anything_failed());
	}
}

static bool both_heard(struct pair *p)
{
	return ((struct call *)p->user)->messages >= 2;
}

static void talk(struct pair *p)
{
	const struct taut_transceiver_init init = { .size = sizeof init, .kind = TAUT_VIDEO };
	uint8_t frame[2000] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 64, 1, 240, 0 };
	const struct taut_frame f = {
		.size = sizeof f, .data = frame, .len = sizeof frame, .flags = TAUT_FRAME_KEY
	};
	taut_pc *pc = p->peers[0].pc;
	taut_transceiver t;
	taut_channel ch;

	fine(pc, taut_pc_create_data_channel(pc, p->sim.now, NULL, &ch));
	const bool added = fine(pc, taut_pc_add_transceiver(pc, p->sim.now, &init, &t));
	const bool heard = pair_run(p, 3 * SECOND, both_heard);
	assert_true(heard || anything_failed());
	if (added) {
		const int err = taut_pc_send_frame(pc, p->sim.now, t, &f);
		assert_true(err == TAUT_OK || anything_failed());
		pair_run(p, SECOND / 10, NULL);
	}
	taut_pc_close(pc, p->sim.now);
	pair_run(p, SECOND / 10, NULL);
	assert_int_equal(taut_pc_connection_state(pc), TAUT_STATE_CLOSED);
}

static void a_call_goes_on_or_ends_with_a_reason(void **state)
{
	static const struct sim_link link = { .delay = 5000 };
	struct pair_memory memory = { .fail_at = -1 };
	struct call c = { 0 };
	struct pair p;

	(void)state;
	if (pair_init_with(&p, 7, &link, on_event, &c, &memory))
		talk(&p);
	if (p.peers[0].ended && p.peers[0].end_reason == 0)
		assert_true(anything_failed());
	pair_free(&p);
	assert_int_equal(memory.outstanding, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_connection_is_made_and_freed),
		cmocka_unit_test(two_connections_agree),
		cmocka_unit_test(several_encodings_are_agreed_on),
		cmocka_unit_test(a_call_goes_on_or_ends_with_a_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
