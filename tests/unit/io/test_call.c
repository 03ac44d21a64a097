/* Two real connections on one real loop: sockets of loopback, a data channel, a goodbye.
 * What the layers do in detail is tested in virtual time; this shows that the loop drives them. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "taut/loop.h"
#include "until.h"

enum { DEADLINE = 20000000, MESSAGE = 16384, MESSAGES = 64 };

struct end {
	struct world *w;
	struct end *other;
	taut_pc *pc;
	taut_channel channel;
	uint32_t state, reason;
	size_t got, got_bytes, sent;
	bool blocked, corrupt;
};

struct world {
	taut_loop *loop;
	struct end a, b;
	bool free_when_closed;
};

static void fill(uint8_t *message, size_t n)
{
	for (size_t i = 0; i < MESSAGE; i++)
		message[i] = (uint8_t)(i * 31 + n);
}

static void send_more(struct end *e)
{
	uint8_t message[MESSAGE];

	while (e->channel && e->sent < MESSAGES) {
		fill(message, e->sent);
		const int rc = taut_pc_send_message(e->pc, taut_loop_now(e->w->loop), e->channel, 1,
		                                    message, MESSAGE);
		if (rc != TAUT_OK)
			return; /* BUFFERED_AMOUNT_LOW comes */
		e->sent++;
	}
}

static void take_candidate(struct end *e, const struct taut_event *ev)
{
	assert_int_equal(taut_pc_add_ice_candidate(e->other->pc, taut_loop_now(e->w->loop), ev->text,
	                                           ev->text ? strlen(ev->text) : 0, ev->label, -1),
	                 TAUT_OK);
}

static void take_message(struct end *e, const struct taut_event *ev)
{
	uint8_t expected[MESSAGE];

	fill(expected, e->got);
	if (ev->len != MESSAGE || memcmp(ev->data, expected, MESSAGE) != 0)
		e->corrupt = true;
	e->got++;
	e->got_bytes += ev->len;
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct end *e = user;

	switch (ev->type) {
	case TAUT_EV_ICE_CANDIDATE:
		take_candidate(e, ev);
		break;
	case TAUT_EV_DATA_CHANNEL:
		e->channel = ev->channel;
		send_more(e);
		break;
	case TAUT_EV_OPEN:
	case TAUT_EV_BUFFERED_AMOUNT_LOW:
		send_more(e);
		break;
	case TAUT_EV_MESSAGE:
		take_message(e, ev);
		break;
	case TAUT_EV_CONNECTION_STATE:
		e->state = (uint32_t)ev->number;
		e->reason = ev->reason;
		if (e->w->free_when_closed && e->state == TAUT_STATE_CLOSED) {
			e->pc = NULL;
			taut_loop_free_pc(e->w->loop, pc);
		}
		break;
	}
}

static void open_end(struct world *w, struct end *e, struct end *other)
{
	const struct taut_config cfg = { .size = sizeof cfg };

	e->w = w;
	e->other = other;
	assert_int_equal(taut_pc_new(&e->pc, taut_loop_env(w->loop), &cfg, taut_loop_now(w->loop)),
	                 TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, e->pc, on_event, e), TAUT_OK);
}

/* Describes from one end to the other; both take it. */
static void describe(struct end *from, uint32_t type)
{
	const taut_time now = taut_loop_now(from->w->loop);
	uint32_t got;

	assert_int_equal(taut_pc_set_local_description(from->pc, now, 0, NULL, 0), TAUT_OK);
	const char *sdp = taut_pc_local_description(from->pc, &got);
	assert_non_null(sdp);
	assert_int_equal(got, type);
	assert_int_equal(taut_pc_set_remote_description(from->other->pc, now, type, sdp, strlen(sdp)),
	                 TAUT_OK);
}

static void call(struct world *w, uint32_t flags)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg,
		                              .flags = flags | TAUT_LOOP_LOOPBACK_ONLY };
	const struct taut_data_channel_init chat = { .size = sizeof chat, .label = "chat" };

	*w = (struct world){ 0 };
	assert_int_equal(taut_loop_new(&w->loop, &cfg), TAUT_OK);
	open_end(w, &w->a, &w->b);
	open_end(w, &w->b, &w->a);
	assert_int_equal(taut_pc_create_data_channel(w->a.pc, taut_loop_now(w->loop), &chat,
	                                             &w->a.channel),
	                 TAUT_OK);
	describe(&w->a, TAUT_SDP_OFFER);
	describe(&w->b, TAUT_SDP_ANSWER);
	until(w, w->a.state == TAUT_STATE_CONNECTED && w->b.state == TAUT_STATE_CONNECTED);
}

static void expect_messages(uint32_t flags)
{
	struct world w;

	call(&w, flags);
	until(&w, w.a.got == MESSAGES && w.b.got == MESSAGES);
	assert_false(w.a.corrupt || w.b.corrupt);
	assert_int_equal(w.a.got_bytes + w.b.got_bytes, 2 * MESSAGES * MESSAGE);
	taut_loop_free(w.loop);
}

static void a_mebibyte_crosses_in_both_directions(void **state)
{
	(void)state;
	expect_messages(0);
	expect_messages(TAUT_LOOP_NO_GSO);
	expect_messages(TAUT_LOOP_NO_GRO);
	expect_messages(TAUT_LOOP_NO_GSO | TAUT_LOOP_NO_GRO);
	expect_messages(TAUT_LOOP_NO_IPV6);
}

static void a_goodbye_arrives_and_both_are_freed_in_their_handlers(void **state)
{
	struct world w;
	(void)state;

	call(&w, 0);
	w.free_when_closed = true;
	assert_int_equal(taut_pc_close(w.a.pc, taut_loop_now(w.loop)), TAUT_OK);
	until(&w, !w.a.pc && !w.b.pc);
	assert_int_equal(w.b.reason, TAUT_REASON_CLOSED_BY_PEER);
	taut_loop_free(w.loop);
}

static void freeing_after_close_still_says_goodbye(void **state)
{
	struct world w;
	(void)state;

	call(&w, 0);
	assert_int_equal(taut_pc_close(w.a.pc, taut_loop_now(w.loop)), TAUT_OK);
	taut_loop_free_pc(w.loop, w.a.pc);
	until(&w, w.b.state == TAUT_STATE_CLOSED);
	assert_int_equal(w.b.reason, TAUT_REASON_CLOSED_BY_PEER);
	taut_loop_free(w.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_mebibyte_crosses_in_both_directions),
		cmocka_unit_test(a_goodbye_arrives_and_both_are_freed_in_their_handlers),
		cmocka_unit_test(freeing_after_close_still_says_goodbye),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
