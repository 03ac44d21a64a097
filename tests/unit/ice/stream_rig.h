/* stream_rig.h - one agent whose streams are opened, answered and ended by hand. */
#ifndef TAUT_TEST_ICE_STREAM_RIG_H
#define TAUT_TEST_ICE_STREAM_RIG_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice.h"
#include "stun/turn.h"

enum { SEC = 1000000, ALLOWED = 1 << 20, ROOM = 70000, ASKED = 128 };

struct rig {
	struct tt_env env;
	long allowed;
	uint64_t seed;
	taut_time now;
	taut_flow next_flow, stream;
	struct tt_ice *ice;
	unsigned opened, closed, errors; /* closed: the last one that was opened */
	struct taut_io asked[ASKED];     /* all of streams, of what listens, and closings */
	size_t asked_count;
	struct tt_ice_candidate told[TT_ICE_MAX_LOCAL];
	size_t told_count;
	bool done; /* gathering */
	char name[64], why[200];
	struct taut_io io;
};

static inline void *take(void *ctx, void *p, size_t size)
{
	struct rig *r = ctx;

	if (size == 0) {
		free(p);
		return NULL;
	}
	return r->allowed-- > 0 ? realloc(p, size) : NULL;
}

static inline int draw(void *ctx, void *out, size_t len)
{
	struct rig *r = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		r->seed = r->seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(r->seed >> 56);
	}
	return 0;
}

static inline struct taut_addr ip(const char *text, uint16_t port)
{
	struct taut_addr a;

	assert_true(tt_addr_parse_ip(&a, text, strlen(text)));
	a.port = port;
	return a;
}

static inline void answer_io(struct rig *r)
{
	const struct taut_io *io;

	while ((io = tt_ice_poll_io(r->ice)) != NULL) {
		struct taut_addr bound = io->local;
		bound.port = (uint16_t)(5000 + io->flow);
		if (io->kind == TAUT_IO_UDP) {
			tt_ice_io_result(r->ice, r->now, io->flow, 0, &bound, 1);
			continue;
		}
		if (io->kind == TAUT_IO_RESOLVE)
			continue;
		assert_true(r->asked_count < ASKED);
		r->asked[r->asked_count++] = *io;
		if (io->kind == TAUT_IO_CLOSE) {
			r->closed += io->flow == r->stream;
		} else {
			r->io = *io;
			r->stream = io->flow;
			r->opened++;
			strncpy(r->name, io->name ? io->name : "", sizeof r->name - 1);
		}
	}
}

static inline void listen(struct rig *r)
{
	const struct tt_ice_event *e;

	while ((e = tt_ice_poll_event(r->ice)) != NULL) {
		if (e->type == TT_ICE_EV_SERVER_ERROR) {
			r->errors++;
			strncpy(r->why, e->why, sizeof r->why - 1);
		}
		r->done |= e->type == TT_ICE_EV_GATHERING_DONE;
		if (e->type == TT_ICE_EV_CANDIDATE && r->told_count < TT_ICE_MAX_LOCAL)
			r->told[r->told_count++] = e->candidate;
	}
}

/* How often this kind was asked for. */
static inline unsigned asked(const struct rig *r, uint32_t kind)
{
	unsigned n = 0;

	for (size_t i = 0; i < r->asked_count; i++)
		n += r->asked[i].kind == kind;
	return n;
}

/* Time passes, and what is asked for meanwhile is noted; packets are thrown away. */
static inline void pass(struct rig *r, taut_time duration)
{
	const taut_time until = r->now + duration;
	uint8_t buf[1500];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };

	while (r->now < until) {
		answer_io(r);
		while (tt_ice_poll_send(r->ice, r->now, &out))
			;
		listen(r);
		r->now = tt_max64(r->now + 1, tt_min64(tt_ice_deadline(r->ice, NULL), until));
		tt_ice_tick(r->ice, r->now);
	}
	answer_io(r);
	listen(r);
}

static inline bool begin_with(struct rig *r, long allowed, const struct tt_ice_config *cfg)
{
	const struct taut_interface eth = { .size = sizeof eth, .addr = ip("192.0.2.1", 0) };

	*r = (struct rig){ .allowed = allowed, .now = SEC, .next_flow = 1 };
	tt_env_init(&r->env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							.realloc = take,
							.random = draw,
							.ctx = r });
	if (tt_ice_new(&r->ice, &r->env, cfg, r->now) != TAUT_OK)
		return false;
	tt_ice_set_interfaces(r->ice, r->now, &eth, 1);
	tt_ice_gather(r->ice, r->now);
	answer_io(r);
	return true;
}

static inline void open_it(struct rig *r)
{
	const struct taut_addr bound = ip("192.0.2.1", 6000);

	tt_ice_io_result(r->ice, r->now, r->stream, 0, &bound, 1);
}

static inline void end(struct rig *r)
{
	tt_ice_free(r->ice);
	assert_int_equal(r->env.memory, 0);
}

#endif
