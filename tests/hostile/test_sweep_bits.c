/* test_sweep_bits.c - every bit of every kind of packet that is protected, flipped: STUN by its
 * integrity, DTLS, SRTP and SRTCP by their tags. */
#include "dtls/dtls_state.h"
#include "hostile/craft.h"
#include "ice/ice_agent.h"

enum { SAMPLE = 1500 };

static unsigned dropped(const struct hostile *h)
{
	unsigned n = 0;

	for (uint32_t r = 1; taut_drop_info(r); r++)
		if (taut_drop_info(r)->what == TAUT_DROP_IN)
			n += hostile_dropped(h, r);
	return n;
}

/* Each is dropped and counted, once at least: where a record's length is wrong, so is what follows.
 * Nothing comes out and nothing changes. */
static void flip_all(struct hostile *h, uint8_t *packet, size_t len)
{
	const struct seen before = h->seen[h->good];

	hostile_mark(h);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
		hostile_inject(h, NULL, packet, len);
		packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	hostile_assert_unchanged(h);
	assert_in_range(dropped(h), 8 * len, 9 * len);
	assert_memory_equal(&h->seen[h->good], &before, sizeof before);
}

static void a_flipped_bit_of_a_check_changes_nothing(void **state)
{
	uint8_t buf[SAMPLE];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_begin(&h, 720, good);
		struct wr w = craft_check(&h, buf, sizeof buf);
		tt_stun_put(&w, TT_STUN_USE_CANDIDATE, "", 0);
		craft_sign_request(&h, &w);
		const size_t len = tt_stun_finish(&w);
		flip_all(&h, buf, len);
		const uint64_t before = h.pc->ice->counters.checks_received;
		hostile_inject(&h, NULL, buf, len);
		assert_int_equal(h.pc->ice->counters.checks_received, before + 1);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void a_flipped_bit_of_an_answer_changes_nothing(void **state)
{
	uint8_t buf[SAMPLE], tid[TT_STUN_TID_LEN];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 721, 0);
	craft_open_transaction(&h, tid);
	struct wr w = craft_answer(&h, buf, sizeof buf, tid);
	craft_sign_answer(&h, &w);
	const size_t len = tt_stun_finish(&w);
	flip_all(&h, buf, len);
	const uint64_t before = h.pc->ice->counters.responses_received;
	hostile_inject(&h, NULL, buf, len);
	assert_int_equal(h.pc->ice->counters.responses_received, before + 1);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a_flipped_bit_of_a_message_changes_nothing(void **state)
{
	uint8_t clear[SAMPLE], buf[SAMPLE];
	struct hostile h;

	(void)state;
	for (int good = 0; good < 2; good++) {
		hostile_begin(&h, 722, good);
		struct wr w = craft_sctp(&h, clear, sizeof clear);
		const uint16_t stream = 1; /* the channel of the call */
		const struct sctp_data d = { .tsn = { craft_take_tsn(&h) },
					     .stream = stream,
					     .mid = { craft_take_ssn(&h, stream) },
					     .ppid = 51,
					     .interleaved = craft_assoc(&h)->queue.interleaved,
					     .begin = true,
					     .end = true,
					     .data = (const uint8_t *)"whole",
					     .len = 5 };
		tt_sctp_write_data(&w, &d);
		const size_t sealed = tt_sctp_seal(&w);
		const size_t len = tt_dtls_protect(h.evil->dtls, h.pair.sim.now, clear, sealed, buf,
						   sizeof buf);
		flip_all(&h, buf, len);
		const unsigned before = h.seen[good].messages;
		hostile_inject(&h, NULL, buf, len);
		assert_int_equal(h.seen[good].messages, before + 1);
		hostile_inject(&h, NULL, buf, len); /* a replay is none */
		assert_int_equal(h.seen[good].messages, before + 1);
		hostile_run(&h, SECOND);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void flip_media(bool rtcp)
{
	uint8_t buf[SAMPLE];

	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_begin(&h, 723, good);
		struct wr w = wr_make(buf, sizeof buf);
		if (rtcp) {
			tt_rtcp_write_rr(&w, 0x5eed0001, NULL, 0);
		} else {
			w = craft_rtp(buf, sizeof buf, 100, 30000, 9, 0x5eed0000);
			buf[0] |= 0x10; /* with an extension */
			wr_bytes(&w, "\xbe\xde\0\1\x10\0\0\0sound", 13);
		}
		const size_t len = rtcp ? craft_protect_rtcp(&h, buf, w.off, sizeof buf)
					: craft_protect_rtp(&h, buf, w.off, sizeof buf);
		flip_all(&h, buf, len);
		const uint64_t before = tt_srtp_counters(h.pc->srtp)->unprotected_packets;
		hostile_inject(&h, NULL, buf, len);
		assert_int_equal(tt_srtp_counters(h.pc->srtp)->unprotected_packets, before + 1);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void a_flipped_bit_of_a_media_packet_changes_nothing(void **state)
{
	(void)state;
	flip_media(false);
}

static void a_flipped_bit_of_a_report_changes_nothing(void **state)
{
	(void)state;
	flip_media(true);
}

/* The first that is accepted ends the session, so a flipped one that were would be seen. */
static void a_flipped_bit_of_an_alert_changes_nothing(void **state)
{
	uint8_t buf[SAMPLE];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_begin(&h, 724, good);
		tt_dtls_close(h.evil->dtls, h.pair.sim.now);
		const size_t len = tt_dtls_poll_send(h.evil->dtls, h.pair.sim.now, buf, sizeof buf);
		assert_true(len > 13);
		assert_int_equal(buf[0], DTLS_ALERT);
		assert_int_equal(buf[4], 1); /* encrypted: of the first epoch */
		flip_all(&h, buf, len);
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_CONNECTED);
		hostile_inject(&h, NULL, buf, len);
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_CLOSED);
		assert_int_equal(h.pc->dtls->end_reason, TAUT_REASON_CLOSED_BY_PEER);
		hostile_end(&h);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flipped_bit_of_a_check_changes_nothing),
		cmocka_unit_test(a_flipped_bit_of_an_answer_changes_nothing),
		cmocka_unit_test(a_flipped_bit_of_a_message_changes_nothing),
		cmocka_unit_test(a_flipped_bit_of_a_media_packet_changes_nothing),
		cmocka_unit_test(a_flipped_bit_of_a_report_changes_nothing),
		cmocka_unit_test(a_flipped_bit_of_an_alert_changes_nothing),
	};
	if (argc > 1) /* only those: *check* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/sweep_bits", tests, NULL, NULL);
}
