/* DATA with COOKIE ECHO, and before COOKIE ACK: RFC 9260 section 5.1. Agent 0 connects. */
#include "unit/sctp/sctp_forge.h"

static struct {
	size_t data_with_echo, packets_before_ack, lose_echoes, lose_acks;
	bool acked;
} seen;

static size_t count(const uint8_t *data, size_t len, uint8_t type)
{
	size_t n = 0;

	for (size_t at = 12; at + 4 <= len;
	     at += ((size_t)(data[at + 2] << 8 | data[at + 3]) + 3) & ~(size_t)3)
		n += data[at] == type;
	return n;
}

static void look(struct pair *p, int to, uint8_t *data, size_t *len)
{
	(void)p;
	if (to == 1 && data[12] == SCTP_COOKIE_ECHO) {
		seen.data_with_echo += count(data, *len, SCTP_DATA);
		if (seen.lose_echoes > 0 && seen.lose_echoes-- > 0)
			*len = 0;
	} else if (to == 1 && data[12] != SCTP_INIT && !seen.acked) {
		seen.packets_before_ack++;
	}
	if (to == 0 && *len > 0 && count(data, *len, SCTP_COOKIE_ACK) > 0) {
		if (seen.lose_acks > 0 && seen.lose_acks-- > 0)
			*len = 0;
		else
			seen.acked = true;
	}
}

static void start(uint64_t seed, size_t messages, size_t len)
{
	memset(&seen, 0, sizeof seen);
	pair_init(&pair, seed, NULL, NULL);
	pair.on_packet = look;
	for (uint32_t n = 0; n < messages; n++)
		assert_int_equal(pair_number(&pair, 0, 0, n, len, NULL), 0);
	assert_int_equal(tt_sctp_connect(pair.s[0], pair.sim.now), 0);
}

static void expect_all(size_t messages)
{
	assert_int_equal(pair.count[1], messages);
	for (uint32_t n = 0; n < messages; n++)
		assert_int_equal(pair.log[1][n].first, n);
	assert_int_equal(pair.connected[0], 1);
	assert_int_equal(pair.connected[1], 1);
	assert_int_equal(tt_sctp_count(pair.s[0]).timeouts, 0);
	pair_free(&pair);
}

/* INIT, INIT ACK, and on the third way the message. */
static void a_message_goes_with_the_cookie_echo(void **state)
{
	(void)state;
	start(1, 1, 100);
	pair_run(&pair, 30000);
	assert_int_equal(pair.count[1], 1);
	assert_int_equal(seen.data_with_echo, 1);
	pair_run(&pair, SECOND);
	expect_all(1);
}

static void nothing_else_leaves_before_the_cookie_ack(void **state)
{
	(void)state;
	start(2, 30, 1000);
	pair_run(&pair, 5 * SECOND);
	assert_int_equal(seen.packets_before_ack, 0);
	assert_int_equal(seen.data_with_echo, 1); /* one fits beside the cookie */
	expect_all(30);
}

static void what_went_with_a_lost_cookie_echo_goes_with_the_next(void **state)
{
	(void)state;
	start(3, 3, 1000);
	seen.lose_echoes = 2;
	pair_run(&pair, 10 * SECOND);
	assert_int_equal(seen.packets_before_ack, 0);
	assert_int_equal(seen.data_with_echo, 3);
	assert_int_equal(tt_sctp_count(pair.s[0]).chunks_resent, 2);
	expect_all(3);
}

/* 6.1 D counts what leaves at one moment, and here seconds lie between. */
static void what_went_with_seven_lost_cookie_echoes_goes_with_the_eighth(void **state)
{
	(void)state;
	start(7, 1, 1000);
	seen.lose_echoes = 7;
	pair_run(&pair, 100 * (taut_time)SECOND);
	assert_int_equal(seen.data_with_echo, 8);
	expect_all(1);
}

static void what_arrived_is_not_taken_twice_where_the_cookie_ack_was_lost(void **state)
{
	(void)state;
	start(4, 3, 1000);
	seen.lose_acks = 1;
	pair_run(&pair, 10 * SECOND);
	expect_all(3);
}

/* The other side is up with the COOKIE ECHO, and what it sends may overtake its COOKIE ACK. */
static void data_before_the_cookie_ack_is_taken(void **state)
{
	(void)state;
	start(5, 1, 100);
	assert_int_equal(pair_number(&pair, 1, 0, 7, 100, NULL), 0);
	assert_int_equal(pair_number(&pair, 1, 0, 8, 1100, NULL), 0);
	seen.lose_acks = 1; /* with the first of them */
	pair_run(&pair, 40000);
	assert_int_equal(pair.connected[1], 1);
	assert_int_equal(pair.s[0]->state, SCTP_COOKIE_ECHOED);
	assert_true(pair.s[0]->rx.held >
		    0); /* the second: it waits for the first, and for COOKIE ACK */
	pair_run(&pair, 10 * SECOND);
	assert_int_equal(pair.count[0], 2);
	expect_all(1);
}

/* An INIT that crosses may say other things than its INIT ACK did, if its sender means harm. */
static void a_peer_that_changes_its_mind_about_i_data_confuses_no_count(void **state)
{
	(void)state;
	start(6, 4, 200);
	pair_run(&pair, 20000);
	assert_int_equal(pair.s[0]->state, SCTP_COOKIE_ECHOED);
	assert_int_equal(tt_sctp_flight_count(&pair.s[0]->flight), 4);
	struct sctp_cookie c = {
		.peer_tag = 5, .peer_window = 100000, .peer_out = 9, .peer_in = 9
	};
	for (int n = 0; n < 4; n++) {
		c.interleaved = n % 2 == 0;
		tt_sctp_learn_peer(pair.s[0], &c);
		assert_true(tt_sctp_flight_adds_up(&pair.s[0]->flight));
	}
	pair_free(&pair);
}

/* Takes the COOKIE ECHO away, and says in its place that the cookie is stale. */
static void refuse_first(struct pair *p, int to, uint8_t *data, size_t *len)
{
	static const uint8_t late[4] = { 0, 0, 1, 0 }; /* by 256 us */
	uint8_t out[64];
	struct wr w = wr_make(out, sizeof out);

	if (to != 1 || data[12] != SCTP_COOKIE_ECHO)
		return;
	seen.data_with_echo = count(data, *len, SCTP_DATA);
	if (seen.lose_echoes == 0)
		return;
	seen.lose_echoes--;
	*len = 0;
	tt_sctp_write_header(&w, &(struct sctp_header){ 5000, 5000, p->s[0]->my_tag });
	const size_t at = tt_sctp_begin(&w, SCTP_ERROR, 0);
	tt_sctp_write_cause(&w, SCTP_C_STALE_COOKIE, late, sizeof late);
	tt_sctp_end(&w, at);
	sim_send(&p->sim, 0, out, tt_sctp_seal(&w), NULL, NULL);
}

/* RFC 9260 section 5.1.5: the peer has thrown the whole packet away. */
static void what_went_with_a_stale_cookie_goes_with_the_next(void **state)
{
	(void)state;
	start(55, 2, 400);
	pair.on_packet = refuse_first;
	seen.lose_echoes = 1;
	pair_run(&pair, 100000);
	assert_int_equal(seen.lose_echoes, 0);
	assert_int_equal(seen.data_with_echo, 2);
	expect_all(2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_message_goes_with_the_cookie_echo),
		cmocka_unit_test(nothing_else_leaves_before_the_cookie_ack),
		cmocka_unit_test(what_went_with_a_lost_cookie_echo_goes_with_the_next),
		cmocka_unit_test(what_went_with_seven_lost_cookie_echoes_goes_with_the_eighth),
		cmocka_unit_test(what_arrived_is_not_taken_twice_where_the_cookie_ack_was_lost),
		cmocka_unit_test(data_before_the_cookie_ack_is_taken),
		cmocka_unit_test(a_peer_that_changes_its_mind_about_i_data_confuses_no_count),
		cmocka_unit_test(what_went_with_a_stale_cookie_goes_with_the_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
