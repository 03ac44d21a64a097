/* RTCP: framing, every kind of packet, vectors, truncations, flips, and back again. */
#include "unit/rtp/rtp_support.h"

#include "base/num.h"
#include "rtcp/rtcp_packet.h"
#include "rtcp/rtcp_twcc.h"

static json_t *root;

static const json_t *vector(const char *name)
{
	size_t i;
	json_t *v;

	json_array_foreach(json_object_get(root, "vectors"), i, v)
		if (strcmp(rtp_text(v, "name"), name) == 0)
			return v;
	fail_msg("no vector %s", name);
	return NULL;
}

static uint32_t check_hex(const char *hex)
{
	size_t len;
	uint8_t *p = rtp_unhex(hex, &len);
	uint32_t why = tt_rtcp_check(p, len);

	free(p);
	return why;
}

static bool starts(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The name says what the packet is; some are named by what is wrong with them. */
static bool refused_by_name(const char *name)
{
	static const char *const bad[] = { "_invalid", "_truncated", "kTooSmall", "WithoutFci",
		                           "OneAndHalf" };

	for (size_t i = 0; i < TT_COUNT(bad); i++)
		if (strstr(name, bad[i]))
			return true;
	return false;
}

static void every_vector_is_taken_or_refused_as_it_should(void **state)
{
	size_t i, taken = 0, refused = 0;
	json_t *v;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		const json_t *want = json_object_get(v, "expected");
		const char *name = rtp_text(v, "name");
		uint32_t why = check_hex(rtp_text(v, "bytes"));
		const char *parse = rtp_text(want, "parse");

		if (why)
			refused++;
		else
			taken++;
		if (starts(parse, "reject:"))
			assert_int_not_equal(why, TT_TAKEN);
		else if (refused_by_name(name))
			assert_int_not_equal(why, TT_TAKEN);
		else if (strcmp(name, "twcc-pion-example2") == 0 || strcmp(name, "twcc-pion-example3") == 0 ||
		         strcmp(name, "twcc-pion-example5") == 0 || strcmp(name, "twcc-pion-example7") == 0)
			assert_int_not_equal(
				why,
				TT_TAKEN); /* symbol 3; padding counted wrong, twice; about nothing */
		else if (json_object_get(want, "base_seq"))
			assert_int_equal(why, TT_TAKEN);
	}
	assert_true(taken > 25 && refused > 10);
}

static void sender_and_receiver_reports_read_as_they_are(void **state)
{
	size_t len;
	uint8_t *p = rtp_unhex(rtp_text(vector("libwebrtc-receiver_report-kPacket-1254"), "bytes"), &len);
	struct rd r = rd_make(p, len);
	struct tt_rtcp one;
	struct tt_rtcp_block b;

	(void)state;
	assert_true(tt_rtcp_next(&r, &one));
	tt_rtcp_read_block(&one, 0, &b);
	assert_int_equal(b.ssrc, 0x23456789);
	assert_int_equal(b.fraction, 0x37);
	assert_int_equal(b.lost, 0x111213);
	assert_int_equal(b.highest, 0x22232425);
	assert_int_equal(b.jitter, 0x33343536);
	assert_int_equal(b.lsr, 0x44454647);
	assert_int_equal(b.dlsr, 0x55565758);
	free(p);

	p = rtp_unhex(rtp_text(vector("libwebrtc-sender_report-kPacket-1005"), "bytes"), &len);
	r = rd_make(p, len);
	struct tt_rtcp_sender_info info;

	assert_true(tt_rtcp_next(&r, &one));
	tt_rtcp_read_sender_info(&one, &info);
	assert_int_equal(info.ssrc, 0x12345678);
	assert_true(info.ntp == 0x1112141822242628);
	assert_int_equal(info.rtp, 0x33343536);
	assert_int_equal(info.packets, 0x44454647);
	assert_int_equal(info.octets, 0x55565758);
	free(p);
}

static void a_remb_says_its_rate(void **state)
{
	size_t len;
	uint8_t *p = rtp_unhex(rtp_text(vector("remb"), "bytes"), &len);
	struct rd r = rd_make(p, len);
	struct tt_rtcp one;
	struct tt_rtcp_feedback f;
	uint64_t rate = 0;

	(void)state;
	assert_true(tt_rtcp_next(&r, &one));
	tt_rtcp_read_feedback(&one, &f);
	assert_true(tt_rtcp_read_remb(f.fci, &rate));
	assert_int_equal(rate, 522022);
	free(p);
	assert_null(check_hex(rtp_text(vector("neg-remb-ndid"), "bytes")));
}

static void a_nack_list_reads_pairs_and_masks(void **state)
{
	size_t len, n = 0;
	uint8_t *p = rtp_unhex(rtp_text(vector("aiortc-rtcp_rtpfb"), "bytes"), &len);
	static const uint16_t want[] = { 12, 32, 39, 54, 76, 110, 123, 142, 183, 187, 223, 236, 271, 292 };
	struct rd r = rd_make(p, len);
	struct tt_rtcp one;
	struct tt_rtcp_feedback f;
	uint16_t seq;

	(void)state;
	assert_true(tt_rtcp_next(&r, &one));
	tt_rtcp_read_feedback(&one, &f);
	for (size_t i = 0; tt_rtcp_read_nack(f.fci, &i, &seq); n++)
		assert_int_equal(seq, want[n]);
	assert_int_equal(n, TT_COUNT(want));
	free(p);
}

static void what_is_written_reads_the_same(void **state)
{
	uint8_t buf[1500];
	struct wr w = wr_make(buf, sizeof buf);
	const struct tt_rtcp_sender_info info = { 1, 0x0123456789abcdef, 2, 3, 4 };
	struct tt_rtcp_block blocks[31] = { { 7, 255, -0x800000, 1, 2, 3, 4 }, { 8, 1, 0x7fffff, 9, 9, 9, 9 } };
	const uint32_t ssrcs[] = { 5, 6 };
	const uint16_t seqs[] = { 65530, 65533, 3, 20, 40 };
	struct tt_rtcp one;
	struct tt_rtcp_block b;
	struct tt_rtcp_feedback f;

	(void)state;
	tt_rtcp_write_sr(&w, &info, blocks, 2);
	tt_rtcp_write_sdes(&w, ssrcs, 2, "abc");
	assert_int_equal(tt_rtcp_write_nack(&w, 1, 2, seqs, 5), 5);
	tt_rtcp_write_pli(&w, 1, 2);
	tt_rtcp_write_fir(&w, 1, 2, 77);
	tt_rtcp_write_bye(&w, ssrcs, 2);
	assert_true(wr_len(&w) > 0);
	assert_int_equal(tt_rtcp_check(buf, wr_len(&w)), TT_TAKEN);

	struct rd r = rd_make(buf, wr_len(&w));
	size_t i = 0, n = 0;
	uint16_t seq;
	uint32_t ssrc;
	uint8_t fir;

	assert_true(tt_rtcp_next(&r, &one) && one.type == TT_RTCP_SR && one.count == 2);
	tt_rtcp_read_block(&one, 0, &b);
	assert_int_equal(b.lost, -0x800000);
	tt_rtcp_read_block(&one, 1, &b);
	assert_int_equal(b.lost, 0x7fffff);
	assert_true(tt_rtcp_next(&r, &one) && one.type == TT_RTCP_SDES && one.count == 2);
	assert_true(tt_rtcp_next(&r, &one) && one.type == TT_RTCP_RTPFB);
	tt_rtcp_read_feedback(&one, &f);
	while (tt_rtcp_read_nack(f.fci, &i, &seq))
		assert_int_equal(seq, seqs[n++]);
	assert_int_equal(n, 5);
	assert_int_equal(f.fci.len, 12); /* 65530..3, 20, 40 */
	assert_true(tt_rtcp_next(&r, &one) && one.type == TT_RTCP_PSFB && one.count == TT_PSFB_PLI);
	assert_true(tt_rtcp_next(&r, &one) && one.type == TT_RTCP_PSFB && one.count == TT_PSFB_FIR);
	tt_rtcp_read_feedback(&one, &f);
	assert_true(tt_rtcp_read_fir(f.fci, 0, &ssrc, &fir));
	assert_true(ssrc == 2 && fir == 77 && f.media == 0);
	assert_true(tt_rtcp_next(&r, &one) && one.type == TT_RTCP_BYE);
	assert_int_equal(tt_rtcp_read_bye(&one, 1), 6);
	assert_false(tt_rtcp_next(&r, &one));
	assert_false(r.bad);
}

static void bad_framing_is_refused(void **state)
{
	static const char *const bad[] = {
		"", "80", "80c900", "00c9000012345678", "40c9000112345678", /* short, or version 0 and 1 */
		"80c9000212345678",                 /* length beyond the packet */
		"80c900011234567880",               /* a byte trails */
		"a0c90002000000010000000480c9000100000001", /* padding before the last packet */
		"a0cb000104040400", "a0cb000104040405", "a0cb000104040408", /* padding 0, not of words, too long */
		"81cb000200000001ff414243",         /* BYE reason of 255 */
		"80cf000200000001040000ff",         /* XR block beyond the packet */
		"80cf00020000000104000000", /* an RRTR without its time */
		"83ce0003000000010000000221000000", /* RPSI padding of 33 bits in 16 */
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		if (!check_hex(bad[i]))
			fail_msg("taken: %s", bad[i]);
	assert_null(check_hex("80c9000112345678"));
	assert_null(check_hex("80cf000200000001ff000000")); /* an unknown XR block without content */
}

static void touch(const uint8_t *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	struct tt_rtcp one;
	struct tt_rtcp_block b;
	struct tt_rtcp_feedback f;
	uint64_t rate;
	uint32_t ssrc;
	uint16_t seq;
	uint8_t n;

	if (tt_rtcp_check(pkt, len))
		return;
	while (tt_rtcp_next(&r, &one)) {
		if (one.type == TT_RTCP_SR || one.type == TT_RTCP_RR)
			for (size_t i = 0; i < one.count; i++)
				tt_rtcp_read_block(&one, i, &b);
		if (one.type == TT_RTCP_BYE)
			for (size_t i = 0; i < one.count; i++)
				tt_rtcp_read_bye(&one, i);
		if (one.type != TT_RTCP_RTPFB && one.type != TT_RTCP_PSFB)
			continue;
		tt_rtcp_read_feedback(&one, &f);
		tt_rtcp_read_remb(f.fci, &rate);
		for (size_t i = 0; tt_rtcp_read_nack(f.fci, &i, &seq);)
			;
		for (size_t i = 0; tt_rtcp_read_fir(f.fci, i, &ssrc, &n); i++)
			;
		if (one.type == TT_RTCP_RTPFB && one.count == TT_RTPFB_TRANSPORT_CC) {
			struct tt_twcc_reader t;
			struct tt_twcc_status s;
			size_t statuses = 0;

			tt_twcc_begin(&t, f.fci);
			while (tt_twcc_next(&t, &s))
				statuses++;
			assert_int_equal(statuses, t.count);
		}
	}
	assert_false(r.bad);
}

static void truncations_and_flips_never_read_past_the_end(void **state)
{
	size_t i;
	json_t *v;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		size_t len;
		uint8_t *p = rtp_unhex(rtp_text(v, "bytes"), &len);

		rtp_sweep(p, len, touch);
		free(p);
	}
}

static void ntp_time_is_that_of_1900(void **state)
{
	(void)state;
	assert_true(tt_rtcp_ntp(0) == UINT64_C(2208988800) << 32);
	assert_true(tt_rtcp_ntp(1500000) == ((UINT64_C(2208988801) << 32) | 0x80000000u));
	assert_int_equal(tt_rtcp_ntp_us(UINT64_C(3) << 31), 1500000);
}

static int load(void **state)
{
	(void)state;
	root = rtp_vectors("rtcp");
	return 0;
}

static int unload(void **state)
{
	(void)state;
	json_decref(root);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_is_taken_or_refused_as_it_should),
		cmocka_unit_test(sender_and_receiver_reports_read_as_they_are),
		cmocka_unit_test(a_remb_says_its_rate),
		cmocka_unit_test(a_nack_list_reads_pairs_and_masks),
		cmocka_unit_test(what_is_written_reads_the_same),
		cmocka_unit_test(bad_framing_is_refused),
		cmocka_unit_test(truncations_and_flips_never_read_past_the_end),
		cmocka_unit_test(ntp_time_is_that_of_1900),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
