/* pair.c - two connections on one loop: see pair.h. */
#include <string.h>

#include "pair.h"

struct pair pair;

/* The list of libtaut-media does not hold what a telephone needs. */
static const struct taut_codec codecs[] = {
	{ .size = sizeof codecs[0], .mime = "audio/opus", .clock_rate = 48000, .channels = 2 },
	{ .size = sizeof codecs[0],
	  .mime = "audio/telephone-event",
	  .clock_rate = 48000,
	  .channels = 1,
	  .fmtp = "0-15" },
	{ .size = sizeof codecs[0], .mime = "video/VP8", .clock_rate = 90000 },
};

taut_time pair_now(void)
{
	return taut_loop_now(pair.loop);
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	const int who = pc == pair.pc[BOB];

	(void)user;
	if (ev->type == TAUT_EV_ICE_CANDIDATE)
		expect(taut_pc_add_ice_candidate(pair.pc[!who], pair_now(), ev->text,
						 ev->text ? strlen(ev->text) : 0, ev->label,
						 -1) == TAUT_OK,
		       "a candidate is taken");
	if (ev->type == TAUT_EV_CONNECTION_STATE)
		expect(ev->number != TAUT_STATE_FAILED, "the two reach each other");
	pair.handler(who, ev);
}

void pair_open(const struct taut_env_config *env, pair_handler handler)
{
	const struct taut_loop_config config = { .size = sizeof config,
						 .flags = TAUT_LOOP_LOOPBACK_ONLY,
						 .env = env };
	const struct taut_config pc = { .size = sizeof pc,
					.codecs = codecs,
					.codec_count = sizeof codecs / sizeof codecs[0] };

	pair.handler = handler;
	expect(taut_loop_new(&pair.loop, &config) == TAUT_OK, "a loop is made");
	for (int who = ADA; who <= BOB; who++) {
		expect(taut_pc_new(&pair.pc[who], taut_loop_env(pair.loop), &pc, pair_now()) ==
			       TAUT_OK,
		       "a connection is made");
		expect(taut_loop_add(pair.loop, pair.pc[who], on_event, NULL) == TAUT_OK,
		       "the loop drives it");
	}
}

static void describe(taut_pc *from, taut_pc *to)
{
	uint32_t type;

	expect(taut_pc_set_local_description(from, pair_now(), 0, NULL, 0) == TAUT_OK,
	       "it is described");
	const char *sdp = taut_pc_local_description(from, &type);
	expect(taut_pc_set_remote_description(to, pair_now(), type, sdp, strlen(sdp)) == TAUT_OK,
	       "and understood");
}

void pair_negotiate(void)
{
	describe(pair.pc[ADA], pair.pc[BOB]);
	describe(pair.pc[BOB], pair.pc[ADA]);
}

static void too_late(void *arg)
{
	(void)arg;
	expect(0, "a minute is enough");
}

void pair_run_until(const int *done)
{
	const taut_timer timer = taut_loop_after(pair.loop, 60000000, too_late, NULL);

	while (!*done)
		expect(taut_loop_step(pair.loop, -1) == TAUT_OK, "the loop runs");
	taut_loop_cancel(pair.loop, timer);
}

void pair_close(void)
{
	for (int who = ADA; who <= BOB; who++)
		taut_loop_free_pc(pair.loop, pair.pc[who]);
	taut_loop_free(pair.loop);
}
