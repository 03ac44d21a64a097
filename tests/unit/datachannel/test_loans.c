/* test_loans.c - memory that the application lends to a channel, and when it has it again.
 *
 * Each loan is a heap block of its exact size, freed as soon as it is the application's: the sanitizer sees who writes there
 * then. What comes to one end is lost from some packet on, where a test says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "datachannel/dcs_dcep.h"
#include "datachannel/dcs_internal.h"
#include "sctp/sctp_assoc.h"
#include "support/sim.h"

enum { MS = 1000, LEN = 5000 };

static struct {
	struct sim sim;
	struct tt_dcs *d[2];
	taut_channel ch[2]; /* one, at both ends */
	size_t hears;       /* so many packets come to the first */
	unsigned closed, messages;
	const uint8_t *data; /* of the last message to the first */
	size_t len;
	uint8_t copy[LEN];
	void (*on_message)(void);
} w;

static uint8_t bytes[LEN];
static uint8_t *free_at_close;

static void take(int i, const struct tt_dcs_event *e)
{
	if (e->type == TT_DCS_OPEN)
		w.ch[i] = e->channel;
	if (i == 1)
		return;
	w.closed += e->type == TT_DCS_CLOSE;
	if (e->type == TT_DCS_CLOSE && e->channel == w.ch[0]) {
		free(free_at_close);
		free_at_close = NULL;
	}
	if (e->type != TT_DCS_MESSAGE)
		return;
	w.messages++;
	w.data = e->data;
	w.len = e->len;
	memcpy(w.copy, e->data, e->len);
	if (w.on_message)
		w.on_message();
}

static bool exchange(int from)
{
	const struct tt_dcs_event *e;
	uint8_t buf[2048];
	size_t len;
	bool moved = false;

	while ((e = tt_dcs_poll_event(w.d[from], w.sim.now)) != NULL)
		take(from, e);
	while ((len = tt_dcs_poll_send(w.d[from], w.sim.now, buf, sizeof buf)) > 0) {
		moved = true;
		if (from == 1 && w.hears == 0)
			continue;
		w.hears -= from == 1;
		tt_dcs_recv(w.d[1 - from], w.sim.now, buf, len);
	}
	return moved;
}

static void run(unsigned ms)
{
	for (; ms > 0; ms--, w.sim.now += MS) {
		while (exchange(0) | exchange(1))
			;
		tt_dcs_tick(w.d[0], w.sim.now);
		tt_dcs_tick(w.d[1], w.sim.now);
	}
}

static void create(void)
{
	static const struct tt_dcs_init plain;

	assert_int_equal(tt_dcs_create(w.d[0], w.sim.now, &plain, &w.ch[0]), TAUT_OK);
}

/* There is a channel, without a stream yet. */
static void begin(void)
{
	static const struct tt_dcs_config plain;
	static const struct sim_link link;

	memset(&w, 0, sizeof w);
	w.hears = SIZE_MAX;
	for (size_t k = 0; k < LEN; k++)
		bytes[k] = (uint8_t)(k * 7 + k / 256);
	sim_init(&w.sim, 1, &link);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_dcs_new(&w.d[i], &w.sim.env[i], &plain, 0), TAUT_OK);
	create();
}

static void connect_both(void)
{
	for (int i = 0; i < 2; i++) {
		tt_dcs_set_role(w.d[i], w.sim.now, i == 0);
		assert_int_equal(tt_dcs_connect(w.d[i], w.sim.now), TAUT_OK);
	}
	run(100);
	assert_int_equal(tt_dcs_info(w.d[0], w.ch[0])->state, TT_DCS_STATE_OPEN);
	assert_int_not_equal(w.ch[1], 0);
}

static void end(void)
{
	for (int i = 0; i < 2; i++) {
		tt_dcs_free(w.d[i]);
		assert_int_equal(w.sim.env[i].memory, 0);
	}
	sim_free(&w.sim);
}

static int receive_into(void *memory, size_t size)
{
	return tt_dcs_receive_into(w.d[0], w.ch[0], memory, size);
}

static uint8_t *lend(size_t size)
{
	uint8_t *memory = malloc(size);

	assert_non_null(memory);
	assert_int_equal(receive_into(memory, size), TAUT_OK);
	return memory;
}

static void send(bool binary, size_t len)
{
	assert_int_equal(tt_dcs_send(w.d[1], w.sim.now, w.ch[1], binary, bytes, len), TAUT_OK);
}

/* The next message comes, and lies there; NULL: not in any loan. */
static void expect(bool binary, size_t len, const uint8_t *where)
{
	const unsigned before = w.messages;

	send(binary, len);
	run(50);
	assert_int_equal(w.messages, before + 1);
	assert_int_equal(w.len, len);
	assert_memory_equal(w.copy, bytes, len);
	if (where)
		assert_ptr_equal(w.data, where);
}

/* So much of a message has come that it is in its loan, and not all. */
static void half_a_message(void)
{
	send(true, LEN);
	w.hears = 2;
	run(1);
	assert_true(tt_dcs_find(w.d[0], w.ch[0])->loans[0].taken);
	assert_int_equal(w.messages, 0);
}

static void what_is_lent_before_the_stream_is_known_waits_for_the_first_message(void **state)
{
	(void)state;
	begin();
	assert_int_equal(tt_dcs_info(w.d[0], w.ch[0])->id, -1);
	uint8_t *const a = lend(LEN), *const b = lend(10);
	connect_both(); /* OPEN was answered on the same stream */
	assert_true(tt_dcs_find(w.d[0], w.ch[0])->heard);
	expect(true, LEN, a);
	free(a);
	expect(false, 10, b);
	free(b);
	expect(true, LEN, NULL);
	end();
}

static void empty_messages_and_those_of_dcep_take_no_loan(void **state)
{
	(void)state;
	begin();
	connect_both();
	uint8_t *const memory = lend(LEN);
	expect(true, 0, NULL);
	expect(false, 0, NULL);
	assert_int_equal(tt_sctp_send(w.d[1]->sctp, w.sim.now, 0, PPID_DCEP, NULL, "\2", 1), TAUT_OK);
	run(50);
	assert_int_equal(tt_dcs_find(w.d[0], w.ch[0])->loan_count, 1);
	assert_false(tt_dcs_find(w.d[0], w.ch[0])->loans[0].taken);
	expect(false, LEN, memory);
	free(memory);
	end();
}

static void what_is_too_small_is_left_for_the_next_message(void **state)
{
	(void)state;
	begin();
	connect_both();
	uint8_t *const a = lend(9), *const b = lend(LEN);
	expect(true, 10, NULL);
	assert_ptr_not_equal(w.data, b);
	expect(true, LEN, NULL);
	assert_ptr_not_equal(w.data, b);
	expect(true, 9, a);
	expect(true, LEN, b);
	free(a);
	free(b);
	end();
}

static void what_cannot_be_lent_is_refused(void **state)
{
	static uint8_t memory[65];

	(void)state;
	begin();
	assert_int_equal(receive_into(NULL, 0), TAUT_OK);
	assert_int_equal(receive_into(NULL, 1), TAUT_E_INVAL);
	assert_int_equal(receive_into(memory, 0), TAUT_E_INVAL);
	for (size_t n = 0; n < 64; n++)
		assert_int_equal(receive_into(memory + n, 1), TAUT_OK);
	assert_int_equal(receive_into(memory + 63, 1), TAUT_E_INVAL);
	assert_int_equal(receive_into(memory + 64, 1), TAUT_E_LIMIT);
	connect_both();
	expect(true, 1, memory);
	assert_int_equal(receive_into(memory, 1), TAUT_OK);
	assert_int_equal(receive_into(NULL, 0), TAUT_OK);
	expect(true, 1, NULL);
	assert_ptr_not_equal(w.data, memory + 1);
	assert_int_equal(tt_dcs_close(w.d[0], w.sim.now, w.ch[0]), TAUT_OK);
	assert_int_equal(receive_into(memory, 1), TAUT_E_STATE);
	assert_int_equal(receive_into(NULL, 0), TAUT_OK);
	run(50);
	assert_int_equal(receive_into(memory, 1), TAUT_E_GONE);
	assert_int_equal(receive_into(NULL, 0), TAUT_E_GONE);
	end();
}

static void without_memory_for_the_list_nothing_is_lent(void **state)
{
	static uint8_t memory[LEN];

	(void)state;
	begin();
	connect_both();
	w.sim.env[0].max_memory = w.sim.env[0].memory;
	assert_int_equal(receive_into(memory, LEN), TAUT_E_NOMEM);
	w.sim.env[0].max_memory = 0;
	expect(true, 10, NULL);
	assert_ptr_not_equal(w.data, memory);
	assert_int_equal(receive_into(memory, LEN), TAUT_OK);
	expect(true, 10, memory);
	end();
}

static uint8_t *ring;

static void lend_again(void)
{
	assert_ptr_equal(w.data, ring);
	assert_int_equal(receive_into(ring, LEN), TAUT_OK);
}

/* It is the application's with the event, before the next one is polled. */
static void one_block_is_enough_for_who_lends_it_again_in_its_event(void **state)
{
	(void)state;
	begin();
	ring = lend(LEN);
	connect_both();
	w.on_message = lend_again;
	for (size_t n = 1; n < 20; n++)
		expect(true, n * 100, ring);
	w.on_message = NULL;
	assert_int_equal(receive_into(NULL, 0), TAUT_OK);
	free(ring);
	end();
}

static void what_is_taken_back_in_the_middle_of_a_message_is_free(void **state)
{
	(void)state;
	begin();
	connect_both();
	uint8_t *const memory = lend(LEN);
	half_a_message();
	w.sim.env[0].max_memory = w.sim.env[0].memory;
	assert_int_equal(receive_into(NULL, 0), TAUT_E_NOMEM);
	assert_int_equal(receive_into(memory, LEN), TAUT_E_INVAL); /* still lent */
	w.sim.env[0].max_memory = 0;
	assert_int_equal(receive_into(NULL, 0), TAUT_OK);
	free(memory);
	w.hears = SIZE_MAX;
	run(3000);
	assert_int_equal(w.messages, 1);
	assert_memory_equal(w.copy, bytes, LEN);
	end();
}

/* As if OPEN had not left yet. */
static void a_message_that_is_dropped_leaves_its_loan(void **state)
{
	(void)state;
	begin();
	connect_both();
	uint8_t *const memory = lend(LEN);
	struct channel *c = tt_dcs_find(w.d[0], w.ch[0]);
	c->state = TT_DCS_STATE_CONNECTING;
	send(true, LEN);
	run(50);
	assert_int_equal(w.messages, 0);
	assert_int_equal(w.sim.env[0].drops[TAUT_DROP_DATA_NO_CHANNEL], 1);
	c->state = TT_DCS_STATE_OPEN;
	expect(true, LEN, memory);
	free(memory);
	end();
}

static void the_loans_of_a_channel_end_with_it_and_not_with_its_stream(void **state)
{
	(void)state;
	begin();
	connect_both();
	const int32_t stream = tt_dcs_info(w.d[0], w.ch[0])->id;
	uint8_t *const a = lend(LEN), *const b = lend(LEN);
	expect(true, LEN, a);
	free(a);
	send(true, LEN);
	assert_int_equal(tt_dcs_close(w.d[0], w.sim.now, w.ch[0]), TAUT_OK);
	run(50);
	assert_int_equal(w.closed, 1);
	assert_int_equal(w.messages, 1); /* what came to a closing channel is nobody's */
	free(b);
	create();
	run(50);
	assert_int_equal(tt_dcs_info(w.d[0], w.ch[0])->id, stream);
	expect(true, LEN, NULL);
	end();
}

/* The peer knows no RE-CONFIG: it goes on, on the stream of a channel that is gone. */
static void a_channel_that_ends_at_once_ends_its_loans_at_once(void **state)
{
	(void)state;
	begin();
	connect_both();
	uint8_t *const memory = lend(LEN);
	half_a_message();
	w.d[0]->sctp->peer_reconfig = false;
	w.sim.env[0].max_memory = w.sim.env[0].memory; /* not even what has come can be kept */
	assert_int_equal(tt_dcs_close(w.d[0], w.sim.now, w.ch[0]), TAUT_OK);
	w.hears = 0;
	run(1);
	assert_int_equal(w.closed, 1);
	free(memory);
	w.sim.env[0].max_memory = 0;
	w.hears = SIZE_MAX;
	run(3000);
	assert_int_equal(w.messages, 0);
	end();
}

static void the_association_ends_and_with_it_all_loans(void **state)
{
	(void)state;
	for (int how = 0; how < 2; how++) {
		begin();
		connect_both();
		uint8_t *const a = lend(LEN), *const b = lend(LEN);
		half_a_message();
		if (how == 1) {
			tt_dcs_fail(w.d[0], w.sim.now, TAUT_REASON_TRANSPORT_GONE, NULL);
			assert_false(tt_dcs_find(w.d[0], w.ch[0])->loans[0].taken);
			run(1);
			assert_int_equal(w.closed, 1);
			free(a);
			free(b);
		}
		end();
		if (how == 0) {
			free(a);
			free(b);
		}
	}
}

/* OPEN, and a message behind it, with the COOKIE ECHO of a peer that has lost its association. */
static void begin_again(uint16_t stream)
{
	static const struct tt_dcs_config plain;
	uint8_t buf[DCEP_OPEN_HEADER];
	struct wr wr = wr_make(buf, sizeof buf);

	tt_dcs_write_open(&wr, &(struct dcep_open){ 0 });
	tt_dcs_free(w.d[1]);
	assert_int_equal(tt_dcs_new(&w.d[1], &w.sim.env[1], &plain, w.sim.now), TAUT_OK);
	struct tt_sctp *s = w.d[1]->sctp;
	assert_int_equal(tt_sctp_send(s, w.sim.now, stream, PPID_DCEP, NULL, buf, wr_len(&wr)), TAUT_OK);
	assert_int_equal(tt_sctp_send(s, w.sim.now, stream, PPID_BINARY, NULL, bytes, 500), TAUT_OK);
	tt_dcs_set_role(w.d[1], w.sim.now, false);
	assert_int_equal(tt_dcs_connect(w.d[1], w.sim.now), TAUT_OK);
}

/* The first end polls no event meanwhile. */
static void hear_and_ask_for_nothing(void)
{
	uint8_t buf[2048];
	size_t len;

	for (int ms = 0; ms < 10; ms++, w.sim.now += MS)
		for (int from = 1; from >= 0; from--)
			while ((len = tt_dcs_poll_send(w.d[from], w.sim.now, buf, sizeof buf)) > 0)
				tt_dcs_recv(w.d[1 - from], w.sim.now, buf, len);
}

/* The channel of before has not heard of its end when the message for the next one comes. */
static void a_message_after_a_restart_does_not_end_with_the_loans_of_before(void **state)
{
	static const struct tt_dcs_init plain;
	taut_channel ch;

	(void)state;
	begin();
	connect_both();
	assert_int_equal(tt_dcs_create(w.d[1], w.sim.now, &plain, &ch), TAUT_OK);
	run(50);
	const int32_t stream = tt_dcs_info(w.d[0], w.ch[0])->id;
	assert_int_equal(stream, 1);
	free_at_close = lend(LEN);
	begin_again((uint16_t)stream);
	hear_and_ask_for_nothing();
	assert_non_null(w.d[0]->sctp->rx.ready);
	assert_false(tt_dcs_find(w.d[0], w.ch[0])->loans[0].taken);
	run(100);
	assert_null(free_at_close);
	assert_int_equal(w.closed, 2); /* the other channel as well */
	assert_int_equal(w.messages, 1);
	assert_int_equal(w.len, 500);
	assert_memory_equal(w.copy, bytes, 500);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_lent_before_the_stream_is_known_waits_for_the_first_message),
		cmocka_unit_test(empty_messages_and_those_of_dcep_take_no_loan),
		cmocka_unit_test(what_is_too_small_is_left_for_the_next_message),
		cmocka_unit_test(what_cannot_be_lent_is_refused),
		cmocka_unit_test(without_memory_for_the_list_nothing_is_lent),
		cmocka_unit_test(one_block_is_enough_for_who_lends_it_again_in_its_event),
		cmocka_unit_test(what_is_taken_back_in_the_middle_of_a_message_is_free),
		cmocka_unit_test(a_message_that_is_dropped_leaves_its_loan),
		cmocka_unit_test(the_loans_of_a_channel_end_with_it_and_not_with_its_stream),
		cmocka_unit_test(a_channel_that_ends_at_once_ends_its_loans_at_once),
		cmocka_unit_test(a_message_after_a_restart_does_not_end_with_the_loans_of_before),
		cmocka_unit_test(the_association_ends_and_with_it_all_loans),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
