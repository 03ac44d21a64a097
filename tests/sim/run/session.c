/* session.c - the course of one session; see session.h. */
#include "run/session.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "run/session_int.h"

#define CONNECT_MOST   (60 * (taut_time)SECOND)
#define NOTICE_MOST    (150 * (taut_time)SECOND) /* many pairs are slow to fail: RFC 8445 14.3 */
#define LOAD_MOST      (120 * (taut_time)SECOND)
#define GOODBYE_MOST   (40 * (taut_time)SECOND)
#define MEMORY_CEILING (4u << 20)

static const struct taut_codec codecs[] = {
	{ .size = sizeof(struct taut_codec),
	  .mime = "audio/opus",
	  .clock_rate = 48000,
	  .channels = 2 },
	{ .size = sizeof(struct taut_codec), .mime = "video/VP8", .clock_rate = 90000 },
};
static const struct taut_ice_server servers[] = {
	{ .size = sizeof(struct taut_ice_server), .url = "stun:stun.example" },
};
static const struct taut_config config = { .size = sizeof config,
					   .codecs = codecs,
					   .codec_count = TT_COUNT(codecs),
					   .ice_servers = servers,
					   .ice_server_count = TT_COUNT(servers),
					   .send_buffer_size = SESSION_SEND_BUFFER };

static void add_side(struct session *s, int i)
{
	struct side *a = &s->sides[i];
	const struct world_peer_config peer = { .name = i == 0 ? "alice" : "bob",
						.pc = &s->config,
						.trace = s->tracing ? &a->sink : NULL,
						.handler = session_event,
						.user = a,
						.after_step = session_look_inside,
						.before_packet = session_before_packet,
						.after_packet = session_after_packet,
						.lets = s->scenario ? scenario_lets : NULL,
						.memory = MEMORY_CEILING,
						.near_wrap = s->plan.near_wrap,
						.dns = session_dns(s),
						.dns_delay =
							world_between(&s->random, 1, 80) * MS };

	a->s = s;
	a->index = i;
	a->sink = session_trace_sink(a);
	world_peer_add(s->world, &a->peer, &peer);
	session_join(a);
}

/* ---- conditions ---- */

static bool both_connected(void *user)
{
	struct session *s = user;

	return s->sides[0].connected && s->sides[1].connected;
}

static bool both_ended(void *user)
{
	struct session *s = user;

	return s->sides[0].ended && s->sides[1].ended;
}

/* And the relay has told one of them. */
static bool parted(void *user)
{
	struct session *s = user;

	return both_ended(s) && (!s->rooms || s->sides[0].alone || s->sides[1].alone);
}

static bool connected_or_ended(void *user)
{
	return both_connected(user) || both_ended(user);
}

static bool loaded(void *user)
{
	struct session *s = user;

	return session_loaded(s) || s->sides[0].ended || s->sides[1].ended;
}

/* ---- the course ---- */

static bool come_up(struct session *s, struct session_result *out)
{
	taut_time start = s->world->now;

	session_begin(s);
	world_run(s->world, start + (s->plan.connects ? CONNECT_MOST : NOTICE_MOST),
		  connected_or_ended, s);
	out->connected = both_connected(s);
	out->connect_time = s->world->now - start;
	if (out->connected != s->plan.connects)
		world_fail(s->world,
			   s->plan.connects ? "does not connect (reasons %u and %u)"
					    : "connects, which RFC 4787 says it cannot "
					      "(reasons %u and %u)",
			   s->sides[0].end_reason, s->sides[1].end_reason);
	else if (!out->connected && !both_ended(s))
		world_fail(s->world, "cannot connect, and has not noticed");
	return out->connected;
}

static void carry(struct session *s, struct session_result *out)
{
	session_plan_faults(s);
	world_run(s->world, s->world->now + LOAD_MOST + s->plan.fault_time, loaded, s);
	for (int i = 0; i < 2; i++)
		if (s->sides[i].ended)
			world_fail(s->world, "%s: the call ends by itself, reason %u",
				   s->sides[i].peer.cfg.name, s->sides[i].end_reason);
	s->hung_up = true;
	world_run(s->world, s->world->now + 2 * SECOND + 4 * s->plan.half[0].delay, NULL, NULL);
	session_check_load(s);
	for (int i = 0; i < 2; i++) {
		const struct side *to = &s->sides[i], *from = &s->sides[1 - i];
		taut_time took = to->last_in - from->first_out;
		double rate = took > 0 ? (double)to->bytes_in * SECOND / (double)took : 0;
		out->goodput = i == 0 || rate < out->goodput ? rate : out->goodput;
	}
}

/* A goodbye may be lost; then, as when there is none, consent runs out: RFC 7675 section 5.1. In the
 * middle of a restart it is the new generation that finds no pair. */
static bool is_end(const struct plan *p, uint32_t reason)
{
	if (reason == TAUT_REASON_CLOSED_BY_PEER)
		return !p->vanishes;
	return reason == TAUT_REASON_ICE_CONSENT_EXPIRED ||
	       (reason == TAUT_REASON_ICE_NO_PAIR && (p->restarts || p->heals));
}

static void say_goodbye(struct session *s)
{
	int who = world_one_in(&s->random, 2);
	const struct side *left = &s->sides[1 - who];

	if (s->sides[who].ended || left->ended)
		return;
	if (s->plan.vanishes) {
		if (s->rooms)
			world_rooms_lose(&s->sides[who].member);
		world_peer_free(&s->sides[who].peer);
		s->sides[who].ended = true;
	} else {
		if (s->rooms)
			world_rooms_leave(&s->sides[who].member);
		taut_pc_close(s->sides[who].peer.pc, s->world->now);
		world_peer_pump(&s->sides[who].peer);
	}
	world_run(s->world, s->world->now + GOODBYE_MOST, parted, s);
	if (!left->ended || !is_end(&s->plan, left->end_reason))
		world_fail(s->world, "%s: the goodbye is not noticed (reason %u)",
			   left->peer.cfg.name, left->end_reason);
	if (s->rooms && !left->alone)
		world_fail(s->world, "%s: is not told by the relay that the other has left",
			   left->peer.cfg.name);
}

void session_close(struct session *s, struct session_result *out)
{
	for (int i = 0; i < 2; i++) {
		struct side *a = &s->sides[i];
		if (a->peer.env)
			world_peer_free(&a->peer);
		session_forget(a);
		if (!s->rooms)
			world_signal_free(&a->out);
		out->memory_peak = tt_max(out->memory_peak, a->peer.memory_peak);
		out->audio_sent += a->audio_sent;
		out->audio_received += a->audio_received;
		out->video_sent += a->video_sent;
		out->video_received += a->video_received;
		out->datagrams += a->peer.datagrams_out;
		out->refused += a->inside.refused;
		out->bytes += a->peer.bytes_out;
	}
	if (s->rooms)
		world_rooms_free(s->rooms);
	out->virtual_time = s->world->now - s->world->start;
	out->hash = s->world->hash;
	out->wraps = s->wraps;
	out->asked_dns = s->dns.asked > 0;
	if (s->plan.dns)
		world_dns_free(&s->dns);
	session_trace_end(s);
	out->failures = s->world->failures;
	memcpy(out->failure, s->world->failure, sizeof out->failure);
	world_free(s->world);
}

void session_open(struct session *s)
{
	s->world = world_new(s->plan.seed);
	if (s->plan.start > 0)
		s->world->now = s->world->start = s->plan.start;
	s->random = world_stream(s->plan.seed, 8);
	s->config = config;
	s->config.srtp_backend = s->options->srtp;
	session_trace_begin(s);
	s->rooms = s->plan.rooms ? world_rooms_new(s->world) : NULL;
	for (int i = 0; i < 2; i++)
		add_side(s, i);
	session_build(s);
	for (int i = 0; i < 2; i++) {
		world_peer_start(&s->sides[i].peer);
		if (s->plan.wall > 0)
			taut_env_set_wall_clock(s->sides[i].peer.env, s->world->now, s->plan.wall);
	}
}

void session_run(uint64_t seed, const struct profile *profile,
		 const struct session_options *options, struct session_result *out)
{
	struct session *s = calloc(1, sizeof *s);

	if (!s)
		abort();
	*out = (struct session_result){ 0 };
	s->options = options;
	plan_draw(&s->plan, seed, profile);
	out->expected = s->plan.connects;
	out->undisturbed = s->plan.fault == FAULT_NONE;
	for (int i = 0; i < 2; i++)
		plan_access_text(&s->plan.peers[i], out->access[i]);
	plan_shared_text(&s->plan, out->shared);
	out->one_net = s->plan.same_net;
	out->carrier = s->plan.carrier;
	out->hairpin = s->plan.carrier && s->plan.carrier_nat.hairpin;
	session_open(s);
	if (come_up(s, out))
		carry(s, out);
	say_goodbye(s);
	session_close(s, out);
	free(s);
}
