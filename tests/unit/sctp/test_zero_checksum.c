/* test_zero_checksum.c - packets that leave their checksum to DTLS: RFC 9653. */
#include "unit/sctp/sctp_forge.h"

/* What came to each end, by checksum. */
static struct {
	unsigned right[2], zero[2], zero_setup;
} seen;

static bool is_setup(uint8_t type)
{
	return type == SCTP_INIT || type == SCTP_INIT_ACK || type == SCTP_COOKIE_ECHO;
}

static void look(struct pair *p, int to, uint8_t *data, size_t *len)
{
	struct sctp_header h;
	struct rd r;
	const bool zero = memcmp(data + 8, "\0\0\0\0", 4) == 0;

	(void)p;
	assert_true(zero || tt_sctp_read_packet(&h, &r, data, *len, false) == TT_TAKEN);
	++*(zero ? &seen.zero[to] : &seen.right[to]);
	seen.zero_setup += zero && is_setup(data[12]);
}

static void begin_pair(uint64_t seed, int off)
{
	memset(&seen, 0, sizeof seen);
	pair_zero_checksum = true;
	pair_init(&pair, seed, NULL, NULL);
	pair.on_packet = look;
	for (int i = 0; i < 2; i++)
		pair.s[i]->cfg.no_zero_checksum = off >> i & 1;
}

/* Section 5.2: never in the set-up. Whoever does not want them neither gets nor sends any. */
static void checksums_are_left_out_once_both_know_that_none_is_needed(void **state)
{
	(void)state;
	for (int off = 0; off < 4; off++)
		for (int connects = 1; connects < 4; connects++) {
			begin_pair(1, off);
			for (int i = 0; i < 2; i++)
				if (connects >> i & 1)
					tt_sctp_connect(pair.s[i], pair.sim.now);
			pair_run(&pair, SECOND);
			for (int i = 0; i < 2; i++)
				pair_number(&pair, i, 1, 1, 20000, NULL);
			pair_run(&pair, SECOND);
			assert_int_equal(pair.count[0] + pair.count[1], 2);
			assert_int_equal(seen.zero_setup, 0);
			for (int i = 0; i < 2; i++) {
				assert_int_equal(pair.connected[i], 1);
				assert_int_equal(seen.zero[i] > 10, off == 0);
				assert_true(seen.right[i] > (off == 0 ? 0 : 10));
				assert_true(off == 0 || seen.zero[i] == 0);
				assert_int_equal(tt_sctp_count(pair.s[i]).packets_dropped, 0);
			}
			pair_free(&pair);
		}
}

/* A heartbeat; without its checksum, or with another one that is wrong. */
static int give_heartbeat(bool zero)
{
	uint8_t buf[64];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_HEARTBEAT, 0);

	wr_bytes(&w, "\0\1\0\4", 4);
	tt_sctp_end(&w, at);
	if (!zero)
		buf[11] = 1;
	return pair_recv(&pair, 1, buf, wr_len(&w));
}

/* Section 5.3. */
static void zero_is_right_where_it_was_announced_and_nothing_else_is(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		begin_pair(2, off << 1);
		pair_connect(&pair);
		assert_int_equal(give_heartbeat(true), off);
		assert_int_equal(give_heartbeat(false), 1);
		assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_CHECKSUM], 1 + off);
		pair_free(&pair);
	}
}

static int give_without_checksum(uint8_t type, uint32_t tag)
{
	uint8_t buf[256];
	struct wr w = begin_packet(buf, sizeof buf, tag);

	if (type == SCTP_INIT) {
		tt_sctp_write_init(
			&w, type,
			&(struct sctp_init){
				.tag = 5, .window = 9999, .out_streams = 1, .in_streams = 1 });
	} else {
		size_t at = tt_sctp_begin(&w, type, 0);
		wr_zeros(&w, 100);
		tt_sctp_end(&w, at);
	}
	return pair_recv(&pair, 1, buf, wr_len(&w));
}

/* Section 5.2: those who get these may not have agreed on anything yet. */
static void the_set_up_needs_its_checksums_whatever_was_announced(void **state)
{
	(void)state;
	begin_pair(3, 0);
	assert_int_equal(give_without_checksum(SCTP_INIT, 0), 1); /* closed: nothing announced */
	assert_int_equal(give_without_checksum(SCTP_COOKIE_ECHO, 7), 1);
	pair_connect(&pair);
	assert_int_equal(give_without_checksum(SCTP_INIT, 0), 1);
	assert_int_equal(give_without_checksum(SCTP_COOKIE_ECHO, VICTIM->my_tag), 1);
	assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_CHECKSUM], 4);
	pair_free(&pair);
}

/* The peer began anew, and wants checksums now, or none any more. */
static void a_restart_agrees_anew(void **state)
{
	(void)state;
	for (int off = 0; off < 2; off++) {
		begin_pair(4, off ? 0 : 2);
		pair_connect(&pair);
		tt_sctp_free(pair.s[1]);
		assert_int_equal(tt_sctp_new(&pair.s[1], &pair.sim.env[1],
					     &(struct tt_sctp_config){ .no_zero_checksum = off },
					     pair.sim.now),
				 0);
		memset(&seen, 0, sizeof seen);
		tt_sctp_connect(pair.s[1], pair.sim.now);
		pair_run(&pair, 10 * SECOND);
		assert_int_equal(pair.restarted[0], 1);
		memset(&seen, 0, sizeof seen);
		for (int i = 0; i < 2; i++)
			pair_number(&pair, i, 1, 2, 5000, NULL);
		pair_run(&pair, 10 * SECOND);
		assert_int_equal(pair.count[0] + pair.count[1], 2);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(seen.zero[i] > 0, !off);
			assert_int_equal(seen.right[i] > 0, off);
		}
		pair_free(&pair);
	}
}

/* Section 5.2: an answer to what came out of the blue has one. */
static void an_answer_after_the_end_has_its_checksum(void **state)
{
	uint8_t buf[1500];
	struct sctp_header h;
	struct rd r;

	(void)state;
	begin_pair(5, 0);
	pair_connect(&pair);
	tt_sctp_abort(VICTIM, pair.sim.now);
	pair_send(&pair, 1); /* its ABORT */
	assert_int_equal(give_heartbeat(true), 1);
	const size_t len = tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf);
	assert_int_equal(tt_sctp_read_packet(&h, &r, buf, len, false), TT_TAKEN);
	assert_int_equal(buf[12], SCTP_ABORT);
	assert_int_equal(seen.zero[0] > 0, 1);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checksums_are_left_out_once_both_know_that_none_is_needed),
		cmocka_unit_test(zero_is_right_where_it_was_announced_and_nothing_else_is),
		cmocka_unit_test(the_set_up_needs_its_checksums_whatever_was_announced),
		cmocka_unit_test(a_restart_agrees_anew),
		cmocka_unit_test(an_answer_after_the_end_has_its_checksum),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
