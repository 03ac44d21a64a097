/* test_sweep_bits.c - every bit of every kind of packet that is protected, flipped: STUN by its
 * integrity, DTLS, SRTP and SRTCP by their tags. */
#include "dtls/dtls_state.h"
#include "hostile/craft.h"
#include "ice/ice_agent.h"

enum { SAMPLE = 1500 };

/* With its own length, a type of another method is nobody's; one of another class, and all else, is seen by the
 * FINGERPRINT. */
static uint32_t stun_why(const uint8_t *p, size_t len)
{
	const bool whole = (size_t)(p[2] << 8 | p[3]) + 20 == len;
	const bool binding = (p[0] & 0x3e) == 0 && (p[1] & 0xef) == 1;

	return !whole || binding ? TAUT_DROP_ICE_NOT_STUN : TAUT_DROP_ICE_STATE;
}

static uint32_t record_why(const uint8_t *p, size_t len)
{
	const unsigned epoch = (unsigned)(p[3] << 8 | p[4]);

	if (p[0] < DTLS_CCS || p[0] > DTLS_DATA)
		return TAUT_DROP_DTLS_TYPE;
	if (p[1] != 0xfe)
		return TAUT_DROP_DTLS_VERSION;
	if (epoch > 1)
		return TAUT_DROP_DTLS_EPOCH;
	if (epoch == 0)
		return TAUT_DROP_DTLS_CLEAR_TEXT;
	return len < 8 + 16 ? TAUT_DROP_DTLS_TOO_SHORT : TAUT_DROP_DTLS_NOT_OPENED;
}

/* Where a record's length is wrong, so is what follows. */
static void count_records(const uint8_t *p, size_t len, unsigned *all)
{
	while (len > 0) {
		const size_t own = len < 13 ? len : (size_t)(p[11] << 8 | p[12]);
		if (len < 13 || own > len - 13) {
			all[TAUT_DROP_DTLS_FRAMING]++;
			return;
		}
		all[record_why(p, own)]++;
		p += 13 + own;
		len -= 13 + own;
	}
}

/* The header of RTP may claim more than there is beside the tag; RTCP has a tag at its end whatever it says. */
static uint32_t media_why(const uint8_t *p, size_t len)
{
	size_t head = 12 + 4 * (p[0] & 15u);

	if (p[1] >= 192 && p[1] <= 223)
		return TAUT_DROP_SRTP_AUTH;
	if (p[0] & 0x10)
		head += head + 4 <= len ? 4 + 4 * (size_t)(p[head + 2] << 8 | p[head + 3]) : len;
	return head + 16 > len ? TAUT_DROP_SRTP_MALFORMED : TAUT_DROP_SRTP_AUTH;
}

/* For which reasons it must be dropped. RFC 7983 section 7: the first octet says whose it is. */
static void count_reasons(const uint8_t *p, size_t len, unsigned *all)
{
	if (p[0] < 4)
		all[stun_why(p, len)]++;
	else if (p[0] >= 20 && p[0] < 64)
		count_records(p, len, all);
	else if (p[0] >= 128 && p[0] < 192)
		all[media_why(p, len)]++;
	else
		all[TAUT_DROP_NO_PROTOCOL]++;
}

/* Each is dropped and counted, nothing comes out and nothing changes. */
static void flip_all(struct hostile *h, uint8_t *packet, size_t len)
{
	const struct seen before = h->seen[h->good];
	unsigned all[TAUT_DROPS] = { 0 };

	hostile_mark(h);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
		count_reasons(packet, len, all);
		hostile_inject(h, NULL, packet, len);
		packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		hostile_assert_dropped(h, r, all[r]);
	hostile_assert_unchanged(h);
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
