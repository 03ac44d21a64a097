/* test_receive_into.c - messages that come into memory of the application's, over links as they are. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "peer/pc.h"
#include "sim/sim_pair.h"

enum { MS = 1000, SECOND = 1000000, LEN = 50000, BLOCKS = 4 };

static const struct sim_link calm = { .delay = 10 * MS };
static const struct sim_link bad = { .delay = 10 * MS, .loss = 50, .reorder = 20 };

static struct {
	struct pair p;
	taut_channel channel[2];
	uint8_t *blocks[BLOCKS];
	unsigned messages, lent, closed;
	bool wrong; /* a message is not what fill() makes */
	bool again; /* a block whose message came is lent again, else freed, ... */
	bool kept;  /* ... or stays as it is */
} w;

static uint8_t byte_of(size_t n, size_t at)
{
	return (uint8_t)(n * 31 + at * 7 + at / 256);
}

static int receive_into(void *memory, size_t size)
{
	return taut_pc_receive_into(w.p.peers[1].pc, w.channel[1], memory, size);
}

static void on_message(const struct taut_event *ev)
{
	const uint8_t *data = ev->data;

	w.messages++;
	for (size_t k = 1; k < ev->len; k++) /* the first is its number */
		w.wrong = w.wrong || data[k] != byte_of(data[0], k);
	for (size_t i = 0; i < BLOCKS; i++) {
		if (w.blocks[i] != data)
			continue;
		w.lent++;
		if (w.kept)
			return;
		if (w.again) {
			assert_int_equal(receive_into(w.blocks[i], LEN), TAUT_OK);
			return;
		}
		free(w.blocks[i]);
		w.blocks[i] = NULL;
		return;
	}
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	(void)p;
	if (ev->type == TAUT_EV_OPEN)
		w.channel[i] = ev->channel;
	w.closed += ev->type == TAUT_EV_CLOSE && i == 1;
	if (ev->type == TAUT_EV_MESSAGE && i == 1)
		on_message(ev);
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

/* Blocks of exactly that size. */
static void lend(size_t size)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		w.blocks[i] = malloc(size);
		assert_non_null(w.blocks[i]);
		assert_int_equal(receive_into(w.blocks[i], size), TAUT_OK);
	}
}

static void free_blocks(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		free(w.blocks[i]);
		w.blocks[i] = NULL;
	}
}

static void send(size_t n, size_t len)
{
	static uint8_t message[LEN];

	for (size_t k = 0; k < len; k++)
		message[k] = k ? byte_of(n, k) : (uint8_t)n;
	assert_int_equal(
		taut_pc_send_message(w.p.peers[0].pc, w.p.sim.now, w.channel[0], 1, message, len),
		TAUT_OK);
}

static void end(void)
{
	pair_free(&w.p);
	free_blocks();
}

static void a_few_blocks_take_all_messages_whatever_the_link_does(void **state)
{
	(void)state;
	begin(1, &bad, NULL);
	w.again = true;
	lend(LEN);
	for (size_t n = 0; n < 40; n++)
		send(n, n % 5 == 4 ? LEN / 50 : LEN);
	(void)pair_run(&w.p, 60 * SECOND, NULL);
	assert_int_equal(w.messages, 40);
	assert_int_equal(w.lent, 40);
	assert_false(w.wrong);
	end();
}

/* One of four packets is lost, and none is sent again: what is given up lies in a block until FORWARD-TSN says so. */
static void messages_that_are_given_up_leave_their_blocks_to_those_that_are_not(void **state)
{
	static const struct sim_link lossy = { .delay = 10 * MS, .loss = 250 };
	const struct taut_data_channel_init once = { .size = sizeof once, .max_retransmits = 1 };

	(void)state;
	begin(2, &lossy, &once);
	w.again = true;
	lend(LEN);
	for (size_t n = 0; n < 100; n++) {
		send(n, 4000);
		(void)pair_run(&w.p, SECOND, NULL);
	}
	assert_in_range(w.messages, 10, 90);
	assert_int_equal(w.lent, w.messages);
	assert_false(w.wrong);
	end();
}

static void what_does_not_fit_lies_in_memory_of_ours(void **state)
{
	(void)state;
	begin(3, &bad, NULL);
	w.again = true;
	lend(LEN - 1);
	for (size_t n = 0; n < 20; n++)
		send(n, LEN);
	(void)pair_run(&w.p, 30 * SECOND, NULL);
	assert_int_equal(w.messages, 20);
	assert_int_equal(w.lent, 0);
	assert_false(w.wrong);
	end();
}

static void what_is_taken_back_at_any_time_is_not_written_any_more(void **state)
{
	(void)state;
	begin(4, &bad, NULL);
	for (size_t n = 0; n < 40; n++)
		send(n, n % 4 ? LEN / 50 : LEN);
	for (int n = 0; n < 60; n++) {
		lend(LEN);
		(void)pair_run(&w.p, (7 + n) * MS, NULL);
		assert_int_equal(receive_into(NULL, 0), TAUT_OK);
		free_blocks();
	}
	(void)pair_run(&w.p, 30 * SECOND, NULL);
	assert_int_equal(w.messages, 40);
	assert_in_range(w.lent, 1, 40);
	assert_false(w.wrong);
	end();
}

static void expect_refused(int err, int code, const char *why)
{
	assert_int_equal(err, code);
	assert_string_equal(taut_pc_error(w.p.peers[1].pc)->message, why);
}

static void what_cannot_be_lent_says_why(void **state)
{
	static uint8_t memory[65];

	(void)state;
	begin(5, &calm, NULL);
	expect_refused(receive_into(NULL, 1), TAUT_E_INVAL,
		       "memory and its size go together, and it is lent once");
	for (size_t n = 0; n < 64; n++)
		assert_int_equal(receive_into(memory + n, 1), TAUT_OK);
	expect_refused(receive_into(memory + 64, 1), TAUT_E_LIMIT,
		       "as much memory as can be lent waits for messages");
	assert_int_equal(taut_pc_close_channel(w.p.peers[1].pc, w.p.sim.now, w.channel[1]),
			 TAUT_OK);
	expect_refused(receive_into(memory, 1), TAUT_E_INVAL,
		       "memory and its size go together, and it is lent once");
	expect_refused(receive_into(memory + 64, 1), TAUT_E_STATE, "the channel is closing");
	(void)pair_run(&w.p, SECOND, NULL);
	assert_int_equal(w.closed, 1);
	expect_refused(receive_into(memory, 1), TAUT_E_GONE, "no such channel");
	assert_int_equal(taut_pc_close(w.p.peers[1].pc, w.p.sim.now), TAUT_OK);
	expect_refused(receive_into(memory, 1), TAUT_E_STATE, "the connection is closed");
	assert_int_equal(receive_into(NULL, 0), TAUT_E_GONE);
	end();
}

static void take_picture(uint8_t (*picture)[LEN])
{
	for (size_t i = 0; i < BLOCKS; i++)
		memcpy(picture[i], w.blocks[i], LEN);
}

static void assert_as_in(uint8_t (*picture)[LEN])
{
	for (size_t i = 0; i < BLOCKS; i++)
		assert_memory_equal(picture[i], w.blocks[i], LEN);
}

/* Messages are under way into the blocks. */
static void begin_messages(void)
{
	begin(6, &calm, NULL);
	lend(LEN);
	for (size_t i = 0; i < BLOCKS; i++)
		memset(w.blocks[i], 0, LEN);
	for (size_t n = 0; n < 10; n++)
		send(n, LEN);
	(void)pair_run(&w.p, 40 * MS, NULL);
}

static void nothing_is_written_after_close_or_free(void **state)
{
	static uint8_t picture[BLOCKS][LEN];

	(void)state;
	for (int closed = 0; closed < 2; closed++) {
		begin_messages();
		w.kept = true;
		assert_in_range(w.lent, 0, BLOCKS - 1);
		if (closed)
			assert_int_equal(taut_pc_close(w.p.peers[1].pc, w.p.sim.now), TAUT_OK);
		take_picture(picture);
		if (closed)
			(void)pair_run(&w.p, 60 * SECOND, NULL);
		pair_free(&w.p);
		assert_as_in(picture);
		assert_false(w.wrong);
		free_blocks();
	}
}

static void after_the_peers_close_all_can_be_taken_back(void **state)
{
	(void)state;
	begin_messages();
	assert_int_equal(taut_pc_close(w.p.peers[0].pc, w.p.sim.now), TAUT_OK);
	assert_int_equal(receive_into(NULL, 0), TAUT_OK);
	free_blocks();
	(void)pair_run(&w.p, 60 * SECOND, NULL);
	assert_false(w.wrong);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_few_blocks_take_all_messages_whatever_the_link_does),
		cmocka_unit_test(
			messages_that_are_given_up_leave_their_blocks_to_those_that_are_not),
		cmocka_unit_test(what_does_not_fit_lies_in_memory_of_ours),
		cmocka_unit_test(what_is_taken_back_at_any_time_is_not_written_any_more),
		cmocka_unit_test(what_cannot_be_lent_says_why),
		cmocka_unit_test(nothing_is_written_after_close_or_free),
		cmocka_unit_test(after_the_peers_close_all_can_be_taken_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
