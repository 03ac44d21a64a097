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

/* Each kind of packet at the lengths around what its counts ask for. */
static void every_kind_is_as_long_as_it_says(void **state)
{
	static const struct {
		const char *hex;
		bool good;
	} rows[] = {
		{ "80c80006" "00000001" "0000000000000000" "00000000" "00000000" "00000000", true },
		{ "80c80005" "00000001" "0000000000000000" "00000000" "00000000", false },
		{ "81c80006" "00000001" "0000000000000000" "00000000" "00000000" "00000000", false },
		{ "80c90001" "00000001", true },
		{ "80c90000", false },
		{ "81c90006" "00000001" "00000002" "00000000" "00000000" "00000000" "00000000", false },
		{ "81c90007" "00000001" "00000002" "00000000" "00000000" "00000000" "00000000" "00000000",
		  true },
		{ "80ca0000", true }, /* SDES about nobody */
		{ "81ca0002" "00000001" "00000000", true },
		{ "81ca0002" "00000001" "01016100", true },
		{ "81ca0002" "00000001" "01026161", false }, /* no end of the list */
		{ "81ca0002" "00000001" "01036161", false },
		{ "81ca0001" "00000001", false },
		{ "82ca0002" "00000001" "00000000", false },
		{ "82ca0004" "00000001" "00000000" "00000002" "00000000", true },
		{ "80cb0000", true },
		{ "81cb0001" "00000001", true },
		{ "82cb0001" "00000001", false },
		{ "81cb0002" "00000001" "03616161", true },
		{ "81cb0002" "00000001" "04616161", false },
		{ "80cc0002" "00000001" "61616161", true },
		{ "80cc0001" "00000001", false },
		{ "81cd0001" "00000001", false },
		{ "81cd0002" "00000001" "00000002", false }, /* a NACK of nothing */
		{ "81cd0003" "00000001" "00000002" "00030004", true },
		{ "a1cd0003" "00000001" "00000002" "00030001", false }, /* of three bytes */
		{ "83cd0002" "00000001" "00000002", true },		/* TMMBR: not looked at */
		{ "81ce0002" "00000001" "00000002", true },		/* PLI */
		{ "81ce0001" "00000001", false },
		{ "83ce0002" "00000001" "00000002", false }, /* RPSI without its first word */
		{ "83ce0003" "00000001" "00000002" "10000000", true },
		{ "83ce0003" "00000001" "00000002" "11000000", false }, /* 17 bits of 16 */
		{ "a3ce0004" "00000001" "00000002" "00000000" "00000004", true },
		{ "84ce0002" "00000001" "00000002", false }, /* a FIR of nobody */
		{ "84ce0003" "00000001" "00000002" "00000003", false },
		{ "84ce0004" "00000001" "00000002" "00000003" "01000000", true },
		{ "8fce0002" "00000001" "00000002", true },		/* AFB without a name */
		{ "8fce0003" "00000001" "00000002" "58454d42", true }, /* not REMB */
		{ "8fce0003" "00000001" "00000002" "52454d42", false },
		{ "8fce0003" "00000001" "00000002" "52454d43", true },
		{ "8fce0003" "00000001" "00000002" "52454e42", true },
		{ "8fce0003" "00000001" "00000002" "52464d42", true },
		{ "8fce0004" "00000001" "00000002" "52454d42" "00000000", true },
		{ "8fce0004" "00000001" "00000002" "52454d42" "01000000", false },
		{ "8fce0005" "00000001" "00000002" "52454d42" "01000000" "00000007", true },
		{ "8fce0004" "00000001" "00000002" "52454d42" "00bbffff", true }, /* 46 bits */
		{ "8fce0004" "00000001" "00000002" "52454d42" "00bc0000", false },
		{ "80cf0000", false }, /* an XR of nobody */
		{ "80cf0001" "00000001", true },
		{ "80cf0004" "00000001" "04000002" "0000000000000000", true },
		{ "80cf0003" "00000001" "04000001" "00000000", false },
		{ "80cf0002" "00000001" "05000000", true },
		{ "80cf0003" "00000001" "05000001" "00000000", false },
		{ "80cf0005" "00000001" "05000003" "000000000000000000000000", true },
		{ "80cf0003" "00000001" "06000001" "00000000", true },
		{ "80c00000", true }, /* of a kind nobody here knows */
		{ "80bf0000", false },
		{ "80df0000", true },
		{ "80e00000", false },
		{ "c0c90001" "00000001", false }, /* version 3 */
		{ "a0c90002" "00000001" "00000004", true },
		{ "a0c90002" "00000001" "00000008", false }, /* the sender is cut off */
		{ "a0cd0003" "00000001" "00000002" "00000003", true },	/* feedback pads by three */
		{ "a0ce0003" "00000001" "00000002" "00000003", false }, /* and no other */
		{ "a0c90000", false },
		{ "a1cd0002" "00000001" "00000001", false }, /* padding in the second source */
		{ "afcd0002" "00000001" "00000001", false },
		{ "85ce0003" "00000001" "00000002" "52454d42", true }, /* REMB of another kind */
		{ "a0cb0001" "00000004", true }, /* of nothing but padding */
		{ "a0cb0001" "00000008", false },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (rows[i].good != !check_hex(rows[i].hex))
			fail_msg("%s", rows[i].hex);
	assert_int_equal(check_hex("80c900"), TAUT_DROP_RTCP_SHORT);
}

static void a_walk_ends_where_the_framing_does(void **state)
{
	static const uint8_t pkt[] = { 0x80, 201, 0, 1, 0, 0, 0, 7, 0x80, 203, 0, 1, 0, 0, 0 };
	struct rd r = rd_make(pkt, sizeof pkt);
	struct tt_rtcp one;

	(void)state;
	assert_true(tt_rtcp_next(&r, &one));
	assert_true(one.type == 201 && one.all.p == pkt && one.all.len == 8);
	assert_false(tt_rtcp_next(&r, &one));
	assert_true(r.bad);
	assert_false(tt_rtcp_next(&r, &one)); /* and stays there */

	/* not even a byte stands behind padding */
	static const uint8_t padded[] = { 0xa0, 203, 0, 1, 0, 0, 0, 4, 0x80 };

	r = rd_make(padded, sizeof padded);
	assert_false(tt_rtcp_next(&r, &one));
	r = rd_make(padded, sizeof padded - 1);
	assert_true(tt_rtcp_next(&r, &one) && one.body.len == 0);
}

/* The readers answer "no more" to what is too short for them. */
static void lists_end_with_their_bytes(void **state)
{
	static const uint8_t fci[] = { 0, 9, 0x80, 1, 0xff, 0xff, 0, 1, 'R', 'E', 'M', 'B', 1, 0xbb, 0xff, 0xff };
	uint16_t seq, want[] = { 9, 10, 25, 65535, 0 };
	uint32_t ssrc;
	uint64_t rate;
	uint8_t n;
	size_t i = 0;

	(void)state;
	for (size_t k = 0; k < TT_COUNT(want); k++) {
		assert_true(tt_rtcp_read_nack((struct span){ fci, 8 }, &i, &seq));
		assert_int_equal(seq, want[k]);
	}
	assert_false(tt_rtcp_read_nack((struct span){ fci, 8 }, &i, &seq));
	assert_true(tt_rtcp_read_fir((struct span){ fci, 8 }, 0, &ssrc, &n));
	assert_true(ssrc == 0x00098001 && n == 255);
	assert_false(tt_rtcp_read_fir((struct span){ fci, 8 }, 1, &ssrc, &n));
	assert_false(tt_rtcp_read_fir((struct span){ fci, 7 }, 0, &ssrc, &n));
	assert_true(tt_rtcp_read_remb((struct span){ fci + 8, 8 }, &rate));
	assert_true(rate == UINT64_C(0x3ffff) << 46);
	assert_false(tt_rtcp_read_remb((struct span){ fci + 8, 7 }, &rate));
	assert_false(tt_rtcp_read_remb((struct span){ fci, 8 }, &rate));
	assert_false(tt_rtcp_read_remb(
		(struct span){ (const uint8_t *)"REMB\1\xbc\0\0", 8 }, &rate));
}

static void a_loss_of_24_bits_has_a_sign(void **state)
{
	static const struct {
		uint32_t bits;
		int32_t lost;
	} rows[] = { { 0, 0 }, { 0x7fffff, 8388607 }, { 0x800000, -8388608 }, { 0xffffff, -1 } };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		uint8_t body[28] = { 0 };
		const struct tt_rtcp p = { .type = TT_RTCP_RR, .count = 1, .body = { body, 28 } };
		struct tt_rtcp_block b;

		body[9] = (uint8_t)(rows[i].bits >> 16);
		body[10] = (uint8_t)(rows[i].bits >> 8);
		body[11] = (uint8_t)rows[i].bits;
		tt_rtcp_read_block(&p, 0, &b);
		assert_int_equal(b.lost, rows[i].lost);
	}
	assert_int_equal(tt_rtcp_ntp(-1), tt_rtcp_ntp(0)); /* before 1970 there is no time */
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
		cmocka_unit_test(every_kind_is_as_long_as_it_says),
		cmocka_unit_test(a_walk_ends_where_the_framing_does),
		cmocka_unit_test(lists_end_with_their_bytes),
		cmocka_unit_test(a_loss_of_24_bits_has_a_sign),
		cmocka_unit_test(truncations_and_flips_never_read_past_the_end),
		cmocka_unit_test(ntp_time_is_that_of_1900),
	};
	return cmocka_run_group_tests(tests, load, unload);
}
