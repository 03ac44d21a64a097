/* An association out of two descriptions, without a handshake: draft-hancke-tsvwg-snap. */
#include "unit/sctp/sctp_forge.h"

enum { ROOM = 768 };

static size_t handshake; /* chunks of it */

static void look(struct pair *p, int to, uint8_t *data, size_t *len)
{
	(void)p, (void)to, (void)len;
	handshake += data[12] == SCTP_INIT || data[12] == SCTP_INIT_ACK ||
		     data[12] == SCTP_COOKIE_ECHO || data[12] == SCTP_COOKIE_ACK;
}

static void start(uint64_t seed)
{
	handshake = 0;
	pair_init(&pair, seed, NULL, NULL);
	pair.on_packet = look;
}

static uint32_t tell(int from, bool keep)
{
	uint8_t init[ROOM];
	const size_t len = tt_sctp_snap_write(pair.s[from], init, sizeof init);

	assert_in_range(len, 20, 200);
	return tt_sctp_snap(pair.s[1 - from], init, len, keep);
}

static void connect_both(void)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_sctp_connect(pair.s[i], pair.sim.now), 0);
}

static void with_both_told_nobody_shakes_hands(void **state)
{
	(void)state;
	start(1);
	assert_int_equal(tell(0, true), 0);
	assert_int_equal(tell(1, true), 0);
	connect_both();
	for (int i = 0; i < 2; i++) {
		assert_true(tt_sctp_is_connected(pair.s[i]));
		assert_int_equal(pair_number(&pair, i, 3, 7, 100000, NULL), 0);
		assert_int_equal(tt_sctp_reset_stream(pair.s[i], pair.sim.now, 3), 0);
	}
	pair_run(&pair, 10 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pair.connected[i], 1);
		assert_int_equal(pair.count[i], 1);
		assert_int_equal(pair.bytes[i], 100000);
		assert_int_equal(pair.resets_in[i], 1);
		assert_int_equal(tt_sctp_count(pair.s[i]).packets_dropped, 0);
		assert_int_equal(tt_sctp_count(pair.s[i]).chunks_resent, 0);
	}
	assert_int_equal(handshake, 0);
	pair_free(&pair);
}

static void the_first_message_arrives_on_the_first_way(void **state)
{
	(void)state;
	start(2);
	assert_int_equal(tell(0, true), 0);
	assert_int_equal(tell(1, true), 0);
	connect_both();
	assert_int_equal(pair_number(&pair, 0, 0, 1, 100, NULL), 0);
	pair_run(&pair, 10000); /* the link's delay */
	assert_int_equal(pair.count[1], 1);
	pair_free(&pair);
}

/* Its DTLS was up first: what it sends comes before our connect. */
static void data_before_our_connect_is_taken(void **state)
{
	(void)state;
	start(3);
	assert_int_equal(tell(0, true), 0);
	assert_int_equal(tell(1, true), 0);
	assert_int_equal(tt_sctp_connect(pair.s[0], pair.sim.now), 0);
	assert_int_equal(pair_number(&pair, 0, 0, 1, 100, NULL), 0);
	pair_run(&pair, SECOND / 10);
	assert_int_equal(pair.count[1], 1);
	assert_int_equal(tt_sctp_connect(pair.s[1], pair.sim.now), 0);
	assert_int_equal(pair_number(&pair, 1, 0, 1, 100, NULL), 0);
	pair_run(&pair, SECOND);
	assert_int_equal(pair.count[0], 1);
	assert_int_equal(handshake, 0);
	pair_free(&pair);
}

static void a_look_alone_changes_nothing(void **state)
{
	(void)state;
	start(4);
	assert_int_equal(tell(0, false), 0);
	assert_int_equal(tell(1, false), 0);
	pair_connect(&pair);
	assert_true(handshake >= 4);
	pair_free(&pair);
}

static void streams_and_extensions_are_as_the_other_told(void **state)
{
	struct tt_sctp_config few = { .max_streams = 5,
				      .no_interleaving = true,
				      .no_zero_checksum = true };
	uint8_t init[ROOM];

	(void)state;
	start(5);
	tt_sctp_free(pair.s[0]);
	assert_int_equal(tt_sctp_new(&pair.s[0], &pair.sim.env[0], &few, pair.sim.now), 0);
	const size_t len = tt_sctp_snap_write(pair.s[0], init, sizeof init);
	assert_int_equal(tt_sctp_snap(pair.s[1], init, len, true), 0);
	assert_int_equal(tell(1, true), 0);
	connect_both();
	assert_int_equal(tt_sctp_out_streams(pair.s[0]), 5);
	assert_int_equal(tt_sctp_out_streams(pair.s[1]), 5);
	assert_true(pair.s[0]->peer_reconfig && pair.s[0]->peer_forward_tsn);
	assert_int_equal(pair.s[0]->peer_tag, pair.s[1]->my_tag);
	assert_int_equal(pair.s[1]->tracker.cum.v + 1, pair.s[0]->my_tsn.v);
	pair_free(&pair);
}

/* D: what stands in a description is the peer's word, and no packet's. */
static void an_init_that_cannot_be_is_refused_and_changes_nothing(void **state)
{
	static const struct {
		size_t at, len;
		uint8_t value[4];
		uint32_t why;
	} wrong[] = {
		{ 0, 1, { SCTP_INIT_ACK }, TAUT_DROP_SCTP_INIT_MALFORMED },
		{ 0, 1, { SCTP_DATA }, TAUT_DROP_SCTP_INIT_MALFORMED },
		{ 2, 2, { 0, 3 }, TAUT_DROP_SCTP_INIT_MALFORMED },
		{ 2, 2, { 0, 19 }, TAUT_DROP_SCTP_INIT_MALFORMED },
		{ 2, 2, { 0xff, 0xff }, TAUT_DROP_SCTP_INIT_MALFORMED },
		{ 4, 4, { 0 }, TAUT_DROP_SCTP_INIT_TAG_0 },
		{ 8, 4, { 0, 0, 5, 0xdb }, TAUT_DROP_SCTP_WINDOW_SMALL },
		{ 12, 2, { 0 }, TAUT_DROP_SCTP_NO_STREAMS },
		{ 14, 2, { 0 }, TAUT_DROP_SCTP_NO_STREAMS },
		{ 20, 2, { 0, SCTP_P_HOST_NAME }, TAUT_DROP_SCTP_INIT_MALFORMED },
	};
	uint8_t good[ROOM], bad[ROOM];

	(void)state;
	start(6);
	const size_t len = tt_sctp_snap_write(pair.s[0], good, sizeof good);
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		memcpy(bad, good, len);
		memcpy(bad + wrong[i].at, wrong[i].value, wrong[i].len);
		assert_int_equal(tt_sctp_snap(pair.s[1], bad, len, true), wrong[i].why);
	}
	for (size_t n = 0; n + 2 < len; n++) /* the last two are padding */
		assert_int_equal(tt_sctp_snap(pair.s[1], good, n, true),
				 TAUT_DROP_SCTP_INIT_MALFORMED);
	for (uint8_t n = 4; n < 20; n++) { /* whole, but no INIT */
		memcpy(bad, good, n);
		memset(bad + n, 0, 4);
		bad[3] = n;
		assert_int_equal(tt_sctp_snap(pair.s[1], bad, (n + 3u) & ~3u, true),
				 TAUT_DROP_SCTP_INIT_MALFORMED);
	}
	memcpy(bad, good, len);
	memcpy(bad + len, "\x84\0\0\4", 4); /* and another chunk */
	assert_int_equal(tt_sctp_snap(pair.s[1], bad, len + 4, true),
			 TAUT_DROP_SCTP_INIT_MALFORMED);
	pair_connect(&pair);
	assert_true(handshake >= 4);
	pair_free(&pair);
}

static void ones_own_given_back_is_nothing(void **state)
{
	uint8_t init[ROOM];

	(void)state;
	start(7);
	const size_t len = tt_sctp_snap_write(pair.s[0], init, sizeof init);
	assert_int_equal(tt_sctp_snap(pair.s[0], init, len, true), TAUT_DROP_SCTP_INIT_TAG);
	pair_connect(&pair);
	pair_free(&pair);
}

static void an_association_that_began_takes_none(void **state)
{
	(void)state;
	start(8);
	pair_connect(&pair);
	const uint32_t tag = pair.s[1]->peer_tag;
	uint8_t init[ROOM];
	size_t len = tt_sctp_snap_write(pair.s[0], init, sizeof init);
	init[7] ^= 1;
	assert_int_equal(tt_sctp_snap(pair.s[1], init, len, true), TAUT_DROP_SCTP_CHUNK_STATE);
	assert_int_equal(pair.s[1]->peer_tag, tag);
	pair_free(&pair);
}

/* Peer 1 took SNAP for agreed, and has sent already when the other one's INIT comes. */
static void fall_back(uint64_t seed, bool with_another_tag)
{
	start(seed);
	assert_int_equal(tell(0, true), 0);
	const uint32_t told = pair.s[0]->my_tag;
	if (with_another_tag)
		tt_sctp_no_snap(pair.s[0]);
	assert_true((pair.s[0]->my_tag != told) == with_another_tag);
	assert_int_equal(tt_sctp_connect(pair.s[1], pair.sim.now), 0);
	assert_int_equal(pair_number(&pair, 1, 3, 7, 20000, NULL), 0);
	pair_run(&pair, SECOND / 50); /* out, and thrown away */
	assert_int_equal(pair.connected[1], 1);
	assert_int_equal(tt_sctp_connect(pair.s[0], pair.sim.now), 0);
	assert_int_equal(pair_number(&pair, 0, 3, 7, 100, NULL), 0);
}

/* It is the association's first set-up, RFC 9260 section 5.2.4 B and D, and no restart. */
static void who_cannot_use_it_shakes_hands_with_who_did(void **state)
{
	(void)state;
	for (int other = 0; other < 2; other++) {
		fall_back(9 + (uint64_t)other, other);
		pair_run(&pair, SECOND / 4); /* T3 is not waited for */
		for (int i = 0; i < 2; i++) {
			assert_true(tt_sctp_is_connected(pair.s[i]));
			assert_int_equal(pair.connected[i], 1);
			assert_int_equal(pair.restarted[i], 0);
			assert_int_equal(pair.count[i], 1);
			assert_int_equal(pair_number(&pair, i, 3, 8, 100, NULL), 0);
		}
		pair_run(&pair, SECOND);
		assert_int_equal(pair.bytes[0], 20100);
		assert_int_equal(pair.bytes[1], 200);
		pair_free(&pair);
	}
}

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx, (void)out, (void)len;
	return -1;
}

/* The answer is taken by then: nothing of it may fail. */
static void another_tag_needs_no_random_number_and_is_never_0(void **state)
{
	static const uint32_t told[] = { 1, UINT32_MAX, 0x12345678, 0x80000000 };

	(void)state;
	start(13);
	pair.sim.env[0].random = no_random;
	for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
		pair.s[0]->my_tag = told[i];
		tt_sctp_no_snap(pair.s[0]);
		assert_int_not_equal(pair.s[0]->my_tag, told[i]);
		assert_int_not_equal(pair.s[0]->my_tag, 0);
	}
	pair_free(&pair);
}

static void who_was_leaving_sends_the_rest_first(void **state)
{
	(void)state;
	fall_back(11, false);
	assert_int_equal(tt_sctp_shutdown(pair.s[1], pair.sim.now), 0);
	pair_run(&pair, 10 * SECOND);
	assert_int_equal(pair.bytes[0], 20000);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pair.closed[i], 1);
	pair_free(&pair);
}

/* DATA that is too long for I-DATA, or I-DATA that lies between that of other messages. */
static void who_takes_back_what_he_told_of_i_data_is_refused(void **state)
{
	(void)state;
	pair_interleaves = true;
	for (int told = 0; told < 2; told++) {
		start(14 + (uint64_t)told);
		pair.s[0]->cfg.no_interleaving = !told;
		assert_int_equal(tell(0, true), 0);
		pair.s[0]->cfg.no_interleaving = told;
		assert_int_equal(tt_sctp_connect(pair.s[1], pair.sim.now), 0);
		for (uint16_t stream = 0; stream < 2; stream++)
			assert_int_equal(pair_number(&pair, 1, stream, 7, 20000, NULL), 0);
		pair_run(&pair, SECOND / 50);
		assert_int_equal(tt_sctp_connect(pair.s[0], pair.sim.now), 0);
		pair_run(&pair, SECOND);
		assert_int_equal(pair.closed[1], 1);
		assert_int_equal(pair.reason[1], TAUT_REASON_SCTP_ABORTED_HERE);
		assert_non_null(strstr(pair.text[1], tt_drop_text(TAUT_DROP_SCTP_INTERLEAVING)));
		assert_int_equal(pair.closed[0], 1); /* it is told */
		assert_int_equal(pair.bytes[0], 0);
		pair_free(&pair);
	}
	pair_interleaves = false;
}

/* Then an INIT is that of a restart again, 5.2.2. */
static void who_was_heard_is_told_no_tag(void **state)
{
	uint8_t init[ROOM], packet[SCTP_COMMON_HEADER + ROOM];
	uint8_t buf[2048];

	(void)state;
	start(12);
	assert_int_equal(tell(0, true), 0);
	assert_int_equal(tell(1, true), 0);
	connect_both();
	assert_int_equal(pair_number(&pair, 0, 3, 7, 100, NULL), 0);
	pair_run(&pair, SECOND);
	const size_t len = tt_sctp_snap_write(pair.s[0], init, sizeof init);
	struct wr w = wr_make(packet, sizeof packet);
	tt_sctp_write_header(&w, &(struct sctp_header){ 5000, 5000, 0 });
	wr_bytes(&w, init, len);
	const size_t size = tt_sctp_seal(&w);
	assert_int_equal(tt_sctp_recv(pair.s[1], pair.sim.now, packet, size), 0);
	assert_true(tt_sctp_poll_send(pair.s[1], pair.sim.now, buf, sizeof buf) > 20);
	assert_int_equal(buf[12], SCTP_INIT_ACK);
	struct rd r = rd_make(buf + 16, 4);
	assert_int_not_equal(rd_u32(&r), pair.s[1]->my_tag);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_both_told_nobody_shakes_hands),
		cmocka_unit_test(the_first_message_arrives_on_the_first_way),
		cmocka_unit_test(data_before_our_connect_is_taken),
		cmocka_unit_test(a_look_alone_changes_nothing),
		cmocka_unit_test(streams_and_extensions_are_as_the_other_told),
		cmocka_unit_test(an_init_that_cannot_be_is_refused_and_changes_nothing),
		cmocka_unit_test(ones_own_given_back_is_nothing),
		cmocka_unit_test(an_association_that_began_takes_none),
		cmocka_unit_test(who_cannot_use_it_shakes_hands_with_who_did),
		cmocka_unit_test(another_tag_needs_no_random_number_and_is_never_0),
		cmocka_unit_test(who_was_leaving_sends_the_rest_first),
		cmocka_unit_test(who_takes_back_what_he_told_of_i_data_is_refused),
		cmocka_unit_test(who_was_heard_is_told_no_tag),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
