/* fake_pc.h - the calls of taut.h that a loop makes, played by a stand-in.
 *
 * Included once by a test program, whose linker then leaves the real ones out.
 * A fake connection opens one socket or stream, sends what is put in its outbox, and
 * turns every packet received into a TAUT_EV_MESSAGE. */
#ifndef TAUT_TEST_FAKE_PC_H
#define TAUT_TEST_FAKE_PC_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "taut/loop.h"

enum { FAKE_PCS = 40, FAKE_MESSAGES = 4096 };

static bool fake_env_fails; /* the next environment cannot be made */

/* The latest time that the application, or a fake on its behalf, has read from the clock; and how
 * often a call came with an earlier one. */
static _Atomic taut_time fake_seen;
static size_t fake_behind;

static inline void fake_check(taut_time now)
{
	fake_behind += now < fake_seen;
}

struct taut_env {
	taut_pc *pcs[FAKE_PCS];
	size_t wall_clock_set;
};

struct taut_pc {
	taut_env *env;
	struct taut_io ask;
	bool asking, freed_marker;
	taut_time timer; /* 0: none; when due, a TAUT_EV_MILESTONE */
	bool timer_event;
	bool restless; /* always has something to do */
	bool deaf;     /* makes no event of what it hears, and reads the clock when asked for one */
	size_t reads_clock_at; /* packets left to send */
	taut_time due; /* 0: none; a deadline, and yet nothing to do when it comes */
	struct taut_addr bound, peer;
	int io_errno;
	bool io_answered;
	size_t io_answers;
	taut_flow accepts; /* the flow that the next TCP connection gets; 0: none is wanted */
	size_t came;       /* so many did */
	struct taut_addr came_to, came_from;
	bool closes; /* asks for the end of what it opened */
	struct taut_io close_ask;
	struct taut_addr resolved[16];
	struct taut_srv srv; /* the first of srv_count; its target is srv_target */
	char srv_target[64];
	size_t srv_count;
	size_t resolved_count, interface_count, loopback_count, interfaces_told;
	size_t to_send, send_len, send_failures; /* packets of send_len bytes each */
	int send_errno;                          /* of the latest failure */
	uint16_t run;                            /* packets per datagram; 0: one */
	const uint8_t *script;                   /* what the packets hold; NULL: zeros */
	void (*on_refused)(const struct taut_datagram *what);
	uint8_t *heard; /* every byte received goes behind heard_len; NULL: nowhere */
	size_t heard_len, heard_cap;
	struct taut_addr heard_on, heard_from;
	uint8_t received[FAKE_MESSAGES];         /* the first byte of each packet */
	size_t received_count, delivered;
	size_t received_bytes;
	taut_time heard_at; /* latest */
	char ufrag[16];
	uint64_t authenticated;
	bool knows_all; /* whatever is STUN is authenticated */
	struct taut_event ev;
};

int taut_env_new(taut_env **out, const struct taut_env_config *cfg)
{
	(void)cfg;
	*out = fake_env_fails ? NULL : calloc(1, sizeof **out);
	return *out ? TAUT_OK : TAUT_E_NOMEM;
}

int taut_env_free(taut_env *env)
{
	for (size_t i = 0; i < FAKE_PCS; i++)
		if (env->pcs[i])
			return TAUT_E_STATE;
	free(env);
	return TAUT_OK;
}

void taut_env_set_wall_clock(taut_env *env, taut_time now, int64_t unix_us)
{
	(void)now, (void)unix_us;
	env->wall_clock_set++;
}

static bool fake_is_ready(const taut_pc *pc, taut_time now)
{
	return pc->asking || pc->closes || pc->restless || (pc->timer && pc->timer <= now) || pc->timer_event ||
	       (pc->bound.family && pc->to_send) ||
	       (!pc->deaf && pc->delivered < pc->received_count);
}

taut_pc *taut_env_ready(taut_env *env, taut_time now)
{
	fake_check(now);
	for (size_t i = 0; i < FAKE_PCS; i++)
		if (env->pcs[i] && fake_is_ready(env->pcs[i], now))
			return env->pcs[i];
	return NULL;
}

taut_time taut_env_deadline(const taut_env *env, const char **why)
{
	taut_time at = INT64_MAX;

	if (why)
		*why = "the first timer";
	for (size_t i = 0; i < FAKE_PCS; i++)
		if (env->pcs[i] && env->pcs[i]->timer && env->pcs[i]->timer < at)
			at = env->pcs[i]->timer;
	for (size_t i = 0; i < FAKE_PCS; i++)
		if (env->pcs[i] && env->pcs[i]->due && env->pcs[i]->due < at)
			at = env->pcs[i]->due;
	return at;
}

int taut_pc_new(taut_pc **out, taut_env *env, const struct taut_config *cfg, taut_time now)
{
	(void)cfg, (void)now;
	for (size_t i = 0; i < FAKE_PCS; i++)
		if (!env->pcs[i]) {
			env->pcs[i] = *out = calloc(1, sizeof **out);
			if (!*out)
				return TAUT_E_NOMEM;
			(*out)->env = env;
			(*out)->send_len = 1000;
			return TAUT_OK;
		}
	return TAUT_E_LIMIT;
}

void taut_pc_free(taut_pc *pc)
{
	for (size_t i = 0; i < FAKE_PCS; i++)
		if (pc->env->pcs[i] == pc)
			pc->env->pcs[i] = NULL;
	free(pc);
}

int taut_pc_set_interfaces(taut_pc *pc, taut_time now, const struct taut_interface *all, size_t n)
{
	(void)now;
	pc->interface_count = n;
	pc->interfaces_told++;
	pc->loopback_count = 0;
	for (size_t i = 0; i < n; i++)
		pc->loopback_count += all[i].flags & TAUT_IF_LOOPBACK;
	return TAUT_OK;
}

const struct taut_io *taut_pc_poll_io(taut_pc *pc)
{
	if (pc->asking) {
		pc->asking = false;
		return &pc->ask;
	}
	if (!pc->closes)
		return NULL;
	pc->closes = false;
	pc->close_ask = (struct taut_io){ .kind = TAUT_IO_CLOSE, .flow = pc->ask.flow };
	return &pc->close_ask;
}

static void fake_answered(taut_pc *pc, taut_time now, int os_errno)
{
	fake_check(now);
	pc->io_errno = os_errno;
	pc->io_answered = true;
	pc->io_answers++;
}

int taut_pc_io_result(taut_pc *pc, taut_time now, taut_flow flow, int os_errno,
                      const struct taut_addr *found, size_t n)
{
	(void)flow;
	fake_answered(pc, now, os_errno);
	if (pc->ask.kind == TAUT_IO_RESOLVE) {
		pc->resolved_count = n;
		for (size_t i = 0; i < n; i++)
			pc->resolved[i] = found[i];
	} else if (n > 0) {
		pc->bound = found[0];
	}
	return TAUT_OK;
}

int taut_pc_srv_result(taut_pc *pc, taut_time now, taut_flow flow, int os_errno,
		       const struct taut_srv *found, size_t n)
{
	(void)flow;
	fake_answered(pc, now, os_errno);
	pc->srv_count = n;
	if (n > 0) {
		pc->srv = found[0];
		strncpy(pc->srv_target, found[0].target, sizeof pc->srv_target - 1);
	}
	return TAUT_OK;
}

taut_flow taut_pc_accept(taut_pc *pc, taut_time now, taut_flow listener, const struct taut_addr *local,
                         const struct taut_addr *remote)
{
	fake_check(now);
	pc->came += listener == pc->ask.flow;
	pc->came_to = *local;
	pc->came_from = *remote;
	return pc->accepts ? pc->accepts++ : 0;
}

int taut_pc_recv(taut_pc *pc, taut_time now, struct taut_datagram *in)
{
	const size_t step = in->segment ? in->segment : in->len;

	fake_check(now);
	pc->heard_at = now;
	if (pc->knows_all && in->len > 0 && in->buf[0] <= 3)
		pc->authenticated++;
	for (size_t at = 0; at < in->len; at += step)
		if (pc->received_count < FAKE_MESSAGES)
			pc->received[pc->received_count++] = in->buf[at];
	pc->received_bytes += in->len;
	pc->heard_on = in->local;
	pc->heard_from = in->remote;
	if (pc->heard && in->len <= pc->heard_cap - pc->heard_len) {
		memcpy(pc->heard + pc->heard_len, in->buf, in->len);
		pc->heard_len += in->len;
	}
	return TAUT_OK;
}

const char *taut_pc_ice_ufrag(const taut_pc *pc)
{
	return pc->ufrag;
}

uint64_t taut_pc_ice_authenticated(const taut_pc *pc)
{
	return pc->authenticated;
}

int taut_pc_poll_send(taut_pc *pc, taut_time now, struct taut_datagram *out)
{
	size_t packets = pc->run ? pc->run : 1;

	fake_check(now);
	if (pc->to_send == 0 || pc->bound.family == 0)
		return 0;
	if (packets > pc->to_send)
		packets = pc->to_send;
	out->flow = pc->ask.flow;
	out->local = pc->bound;
	out->remote = pc->peer;
	out->len = packets * pc->send_len;
	out->segment = packets > 1 ? (uint16_t)pc->send_len : 0;
	memset(out->buf, 0, out->len);
	if (pc->script) {
		memcpy(out->buf, pc->script, out->len);
		pc->script += out->len;
	}
	for (size_t i = 0; i < packets && !pc->script; i++)
		out->buf[i * pc->send_len] = (uint8_t)(pc->to_send - i);
	pc->to_send -= packets;
	if (pc->reads_clock_at > 0 && pc->to_send == pc->reads_clock_at)
		fake_seen = taut_loop_now(NULL);
	return 1;
}

void taut_pc_send_failed(taut_pc *pc, taut_time now, const struct taut_datagram *what, int os_errno)
{
	fake_check(now);
	if (pc->on_refused)
		pc->on_refused(what);
	pc->send_errno = os_errno;
	pc->send_failures++;
}

taut_time taut_pc_deadline(const taut_pc *pc, const char **why)
{
	(void)why;
	return pc->timer ? pc->timer : INT64_MAX;
}

void taut_pc_tick(taut_pc *pc, taut_time now)
{
	fake_check(now);
	if (pc->timer && pc->timer <= now) {
		pc->timer = 0;
		pc->timer_event = true;
	}
}

const struct taut_event *taut_pc_poll_event(taut_pc *pc)
{
	pc->ev = (struct taut_event){ 0 };
	if (pc->deaf) {
		fake_seen = taut_loop_now(NULL);
		return NULL;
	}
	if (pc->timer_event) {
		pc->timer_event = false;
		pc->ev.type = TAUT_EV_MILESTONE;
		return &pc->ev;
	}
	if (pc->delivered == pc->received_count)
		return NULL;
	pc->ev.type = TAUT_EV_MESSAGE;
	pc->ev.number = pc->received[pc->delivered++];
	return &pc->ev;
}

#endif
