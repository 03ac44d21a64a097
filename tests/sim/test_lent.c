/* test_lent.c - messages of several pieces, and messages whose memory is the application's until it is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "peer/pc.h"
#include "sim/sim_pair.h"

enum { MS = 1000, SECOND = 1000000, LEN = 50000, LOANS = 100 };

static const struct sim_link calm = { .delay = 10 * MS };

struct loan {
	uint8_t *data;
	unsigned done;
};

static struct {
	struct pair p;
	taut_channel channel[2];
	unsigned messages, closed;
	size_t len, bytes;
	bool wrong; /* a message is not what fill() makes */
	uint8_t last[LEN];
	struct loan loans[LOANS];
} w;

static uint8_t byte_of(size_t n, size_t at)
{
	return (uint8_t)(n * 31 + at * 7 + at / 256);
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	(void)p;
	if (ev->type == TAUT_EV_OPEN)
		w.channel[i] = ev->channel;
	w.closed += ev->type == TAUT_EV_CLOSE && i == 0;
	if (ev->type != TAUT_EV_MESSAGE)
		return;
	const uint8_t *data = ev->data;
	w.messages++;
	w.bytes += ev->len;
	w.len = ev->len;
	memcpy(w.last, data, tt_min(ev->len, sizeof w.last));
	for (size_t k = 1; k < ev->len; k++) /* the first is its number */
		w.wrong = w.wrong || data[k] != byte_of(data[0], k);
}

static bool is_open(struct pair *p)
{
	(void)p;
	return w.channel[0] && w.channel[1];
}

static void begin(uint64_t seed, const struct sim_link *link,
		  const struct taut_data_channel_init *init)
{
	const struct taut_data_channel_init plain = { .size = sizeof plain };
	taut_channel ch;

	memset(&w, 0, sizeof w);
	pair_init(&w.p, seed, link, on_event, &w);
	assert_int_equal(taut_pc_create_data_channel(w.p.peers[0].pc, w.p.sim.now,
						     init ? init : &plain, &ch),
			 TAUT_OK);
	assert_true(pair_run(&w.p, 20 * SECOND, is_open));
}

/* What is lent is gone with that: whoever reads it later is seen by the sanitizer. */
static void on_done(void *ctx)
{
	struct loan *l = ctx;

	l->done++;
	free(l->data);
	l->data = NULL;
}

static int lend(size_t n, size_t len)
{
	struct loan *l = &w.loans[n];

	l->data = malloc(len ? len : 1);
	assert_non_null(l->data);
	for (size_t k = 0; k < len; k++)
		l->data[k] = k ? byte_of(n, k) : (uint8_t)n;
	const int err = taut_pc_send_lent(w.p.peers[0].pc, w.p.sim.now, w.channel[0], 1, l->data,
					  len, on_done, l);
	if (err != TAUT_OK) { /* it is ours, as before */
		assert_int_equal(l->done, 0);
		free(l->data);
		l->data = NULL;
	}
	return err;
}

static unsigned count_done(size_t n)
{
	unsigned sum = 0;

	for (size_t i = 0; i < n; i++) {
		assert_in_range(w.loans[i].done, 0, 1);
		sum += w.loans[i].done;
	}
	return sum;
}

static int send_pieces(const struct taut_piece *pieces, size_t n)
{
	return taut_pc_send_pieces(w.p.peers[0].pc, w.p.sim.now, w.channel[0], 1, pieces, n);
}

/* ---- pieces ---- */

static void pieces_are_one_message(void **state)
{
	static uint8_t bytes[LEN];
	struct taut_piece pieces[LEN / 100];

	(void)state;
	begin(1, &calm, NULL);
	for (size_t k = 0; k < LEN; k++)
		bytes[k] = k ? byte_of(5, k) : 5;
	for (size_t step = 100; step <= LEN; step *= 5) {
		size_t n = 0;
		for (size_t at = 0; at < LEN; at += pieces[n++].len)
			pieces[n] = (struct taut_piece){ bytes + at, tt_min(step, LEN - at) };
		assert_int_equal(send_pieces(pieces, n), TAUT_OK);
	}
	assert_int_equal(
		send_pieces((const struct taut_piece[]){ { NULL, 0 }, { "abc", 1 }, { NULL, 0 } },
			    3),
		TAUT_OK);
	assert_int_equal(send_pieces(NULL, 0), TAUT_OK);
	(void)pair_run(&w.p, 2 * SECOND, NULL);
	assert_int_equal(w.messages, 6);
	assert_int_equal(w.bytes, 4 * LEN + 1);
	assert_int_equal(w.len, 0);
	assert_false(w.wrong);
	pair_free(&w.p);
}

static void expect_refused(const struct taut_piece *pieces, size_t n, const char *why)
{
	assert_int_equal(send_pieces(pieces, n), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(w.p.peers[0].pc)->message, why);
}

static void pieces_that_cannot_be_are_refused(void **state)
{
	static const uint8_t large[200000];

	(void)state;
	begin(2, &calm, NULL);
	expect_refused((const struct taut_piece[]){ { "a", 1 }, { NULL, 1 } }, 2,
		       "a message of no data has a length");
	expect_refused((const struct taut_piece[]){ { "a", 2 }, { "a", SIZE_MAX } }, 2,
		       "a message is longer than memory can be");
	expect_refused((const struct taut_piece[]){ { "a", 1 }, { "a", SIZE_MAX / 2 } }, 2,
		       "a message is longer than memory can be");
	expect_refused((const struct taut_piece[]){ { "a", SIZE_MAX / 2 + 1 } }, 1,
		       "a message is longer than memory can be");
	assert_int_equal(send_pieces((const struct taut_piece[]){ { "a", SIZE_MAX / 2 } }, 1),
			 TAUT_E_LIMIT);
	assert_int_equal(
		send_pieces((const struct taut_piece[]){ { large, 200000 }, { large, 62145 } }, 2),
		TAUT_E_LIMIT);
	assert_int_equal(
		send_pieces((const struct taut_piece[]){ { large, 200000 }, { large, 62144 } }, 2),
		TAUT_OK);
	(void)pair_run(&w.p, 2 * SECOND, NULL);
	assert_int_equal(w.len, 262144);
	pair_free(&w.p);
}

/* ---- lent ---- */

static void what_is_lent_is_read_until_the_peer_has_it_and_not_copied(void **state)
{
	static const struct sim_link bad = { .delay = 10 * MS, .loss = 50, .reorder = 20 };
	const struct tt_env *env;

	(void)state;
	begin(3, &bad, NULL);
	env = &w.p.peers[0].env->base;
	const size_t before = env->memory;
	for (size_t n = 0; n < 30; n++)
		assert_int_equal(lend(n, LEN), TAUT_OK);
	assert_in_range(env->memory, before, before + 30 * 300); /* no message lies there */
	assert_int_equal(count_done(30), 0);
	assert_int_equal(taut_pc_buffered_amount(w.p.peers[0].pc, w.channel[0]), 30 * LEN);
	(void)pair_run(&w.p, 30 * SECOND, NULL);
	assert_int_equal(w.messages, 30);
	assert_int_equal(w.bytes, 30 * LEN);
	assert_false(w.wrong);
	assert_int_equal(count_done(30), 30);
	pair_free(&w.p);
}

static void what_is_refused_was_not_lent(void **state)
{
	size_t n = 0;

	(void)state;
	begin(4, &calm, NULL);
	assert_int_equal(lend(99, 262145), TAUT_E_LIMIT);
	while (n < 90 && lend(n, LEN) == TAUT_OK)
		n++;
	assert_int_equal(n, 2097152 / LEN); /* lent or not, so much may wait */
	assert_int_equal(lend(98, LEN), TAUT_E_AGAIN);
	assert_int_equal(taut_pc_send_lent(w.p.peers[0].pc, w.p.sim.now, w.channel[0], 1, NULL, 1,
					   on_done, &w.loans[97]),
			 TAUT_E_INVAL);
	(void)pair_run(&w.p, 10 * SECOND, NULL);
	assert_int_equal(count_done(n), n);
	assert_int_equal(w.messages, n);
	assert_int_equal(taut_pc_close_channel(w.p.peers[0].pc, w.p.sim.now, w.channel[0]),
			 TAUT_OK);
	assert_int_equal(lend(96, LEN), TAUT_E_STATE);
	(void)pair_run(&w.p, SECOND, NULL);
	assert_int_equal(lend(95, LEN), TAUT_E_GONE);
	assert_int_equal(taut_pc_close(w.p.peers[0].pc, w.p.sim.now), TAUT_OK);
	assert_int_equal(lend(94, LEN), TAUT_E_STATE);
	for (size_t i = n; i < LOANS; i++)
		assert_int_equal(w.loans[i].done, 0);
	pair_free(&w.p);
}

static void an_empty_message_needs_nothing(void **state)
{
	(void)state;
	begin(5, &calm, NULL);
	assert_int_equal(lend(0, 0), TAUT_OK);
	assert_int_equal(count_done(1), 1);
	(void)pair_run(&w.p, SECOND, NULL);
	assert_int_equal(w.messages, 1);
	assert_int_equal(w.len, 0);
	pair_free(&w.p);
}

/* One of four packets is lost, and none is sent again. */
static void what_is_given_up_is_given_back(void **state)
{
	static const struct sim_link lossy = { .delay = 10 * MS, .loss = 250 };
	const struct taut_data_channel_init once = { .size = sizeof once, .max_retransmits = 1 };

	(void)state;
	begin(6, &lossy, &once);
	for (size_t n = 0; n < LOANS; n++)
		assert_int_equal(lend(n, 10000), TAUT_OK);
	(void)pair_run(&w.p, 60 * SECOND, NULL);
	assert_int_equal(count_done(LOANS), LOANS);
	assert_in_range(w.messages, 1, LOANS - 20);
	assert_false(w.wrong);
	pair_free(&w.p);
}

static void a_channel_that_closes_sends_what_was_lent_first(void **state)
{
	(void)state;
	begin(7, &calm, NULL);
	for (size_t n = 0; n < 20; n++)
		assert_int_equal(lend(n, LEN), TAUT_OK);
	assert_int_equal(taut_pc_close_channel(w.p.peers[0].pc, w.p.sim.now, w.channel[0]),
			 TAUT_OK);
	(void)pair_run(&w.p, 10 * SECOND, NULL);
	assert_int_equal(w.closed, 1);
	assert_int_equal(w.messages, 20);
	assert_int_equal(count_done(20), 20);
	pair_free(&w.p);
}

/* Some of it is under way, and some has not left: freed, closed by either end, or the peer is gone for good. */
static void whatever_ends_it_gives_back_what_was_lent(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		begin(8, &calm, NULL);
		for (size_t n = 0; n < 40; n++)
			assert_int_equal(lend(n, LEN), TAUT_OK);
		(void)pair_run(&w.p, 60 * MS, NULL);
		assert_in_range(count_done(40), 0, 39);
		if (how == 1 || how == 2)
			assert_int_equal(taut_pc_close(w.p.peers[how - 1].pc, w.p.sim.now),
					 TAUT_OK);
		w.p.cut = how == 3;
		if (how > 0)
			(void)pair_run(&w.p, 60 * SECOND, NULL);
		pair_free(&w.p);
		assert_int_equal(count_done(40), 40);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_one_message),
		cmocka_unit_test(pieces_that_cannot_be_are_refused),
		cmocka_unit_test(what_is_lent_is_read_until_the_peer_has_it_and_not_copied),
		cmocka_unit_test(what_is_refused_was_not_lent),
		cmocka_unit_test(an_empty_message_needs_nothing),
		cmocka_unit_test(what_is_given_up_is_given_back),
		cmocka_unit_test(a_channel_that_closes_sends_what_was_lent_first),
		cmocka_unit_test(whatever_ends_it_gives_back_what_was_lent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
