/* Parameters of formats: their meaning, profiles of H.264, and which formats are the same. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"
#include "sdp/sdp_fmtp.h"

static struct tt_sdp_word word(const char *text)
{
	return (struct tt_sdp_word){ text, strlen(text) };
}

static void a_parameter_is_its_codecs(void **state)
{
	(void)state;
	assert_string_equal(tt_sdp_param(word("VP9"), word("PROFILE-ID"))->spec,
			    "RFC 9628 section 6");
	assert_string_equal(tt_sdp_param(word("h265"), word("profile-id"))->spec,
			    "RFC 7798 section 7.1");
	assert_null(tt_sdp_param(word("VP8"), word("profile-id")));
	assert_null(tt_sdp_param(word("what"), word("max-fr")));
	assert_string_equal(tt_sdp_param(word("VP8"), word("x-google-min-bitrate"))->spec,
			    "libwebrtc");
	assert_non_null(tt_sdp_param(word("red"), word("111/111")));
}

static void parameters_come_one_by_one(void **state)
{
	static const char text[] = " a = b=c ;; d;e=";
	struct tt_sdp_lex x = { .at = text, .end = text + sizeof text - 1, .line = text };
	static const char *const pairs[][2] = {
		{ "a", "b=c" }, { "", "" }, { "d", "" }, { "e", "" }
	};
	struct tt_sdp_word key, value;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(pairs); i++) {
		assert_true(tt_sdp_next_param(&x, &key, &value));
		assert_true(tt_sdp_word_is(key, pairs[i][0]));
		assert_true(tt_sdp_word_is(value, pairs[i][1]));
	}
	assert_false(tt_sdp_next_param(&x, &key, &value));
}

static void profiles_of_h264_have_names(void **state)
{
	static const struct {
		const char *id, *name;
		unsigned level;
	} rows[] = {
		{ "42E01A", "constrained baseline", 26 },
		{ "42e01f", "constrained baseline", 31 },
		{ "42C00a", "constrained baseline", 10 },
		{ "4d8028", "constrained baseline", 40 },
		{ "58c028", "constrained baseline", 40 },
		{ "42001f", "baseline", 31 },
		{ "58801f", "baseline", 31 },
		{ "4D001F", "main", 31 },
		{ "4d401f", "main", 31 },
		{ "58001f", "extended", 31 },
		{ "640033", "high", 51 },
		{ "640c33", "constrained high", 51 },
		{ "6e0033", "high 10", 51 },
		{ "7a0033", "high 4:2:2", 51 },
		{ "f4001f", "high 4:4:4 predictive", 31 },
		{ "4d201f", "", 31 },
		{ "42011f", "", 31 },
		{ "641033", "", 51 },
		{ "000000", "", 0 },
	};
	static const char *const none[] = { "",       "42e01",  "42e01f0", "42e01g",
					    "@2e01f", "42e0.f", "G2e01f" };
	unsigned level = 0;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		assert_string_equal(tt_sdp_h264_profile(rows[i].id, &level), rows[i].name);
		assert_int_equal(level, rows[i].level);
	}
	for (size_t i = 0; i < TT_COUNT(none); i++)
		assert_null(tt_sdp_h264_profile(none[i], &level));
}

static struct tt_sdp_codec codec(const char *name, uint32_t rate, uint8_t channels,
				 const char *fmtp)
{
	return (struct tt_sdp_codec){
		.name = name, .clock_rate = rate, .channels = channels, .fmtp = fmtp
	};
}

static void formats_are_the_same_by_their_codecs_rules(void **state)
{
	static const struct {
		const char *a, *b;
		uint32_t rate_a, rate_b;
		uint8_t channels_a, channels_b;
		const char *fmtp_a, *fmtp_b, *differs;
	} rows[] = {
		{ "opus", "OPUS", 48000, 48000, 2, 2, "usedtx=1", NULL, NULL },
		{ "opus", "VP8", 1, 1, 0, 0, NULL, NULL, "name" },
		{ NULL, "VP8", 1, 1, 0, 0, NULL, NULL, "name" },
		{ "VP8", NULL, 1, 1, 0, 0, NULL, NULL, "name" },
		{ "opus", "opus", 48000, 24000, 2, 2, NULL, NULL, "clock rate" },
		{ "opus", "opus", 48000, 48000, 2, 1, NULL, NULL, "channels" },
		{ "G722", "G722", 8000, 8000, 0, 1, NULL, NULL, NULL },
		{ "VP9", "VP9", 1, 1, 0, 0, NULL, "profile-id=0", NULL },
		{ "VP9", "VP9", 1, 1, 0, 0, "max-fs=1", "profile-id=2", "profile-id" },
		{ "VP9", "VP9", 1, 1, 0, 0, "profile-id=2", NULL, "profile-id" },
		{ "VP9", "VP9", 1, 1, 0, 0, "profile-id=", NULL, "profile-id" },
		{ "VP9", "VP9", 1, 1, 0, 0, NULL, "profile-id=", "profile-id" },
		{ "AV1", "AV1", 1, 1, 0, 0, "profile=1", "level-idx=5;profile=0", "profile" },
		{ "AV1", "AV1", 1, 1, 0, 0, "tier=1", NULL, "tier" },
		{ "H264", "H264", 1, 1, 0, 0, NULL, "packetization-mode=1", "packetization-mode" },
		{ "H264", "H264", 1, 1, 0, 0, NULL, "profile-level-id=42000b", NULL },
		{ "H264", "H264", 1, 1, 0, 0, "profile-level-id=42e01f", "profile-level-id=4d802a",
		  NULL },
		{ "H264", "H264", 1, 1, 0, 0, "profile-level-id=42e01f", "profile-level-id=42001f",
		  "profile-level-id" },
		{ "H264", "H264", 1, 1, 0, 0, "profile-level-id=x", "profile-level-id=42001f",
		  "profile-level-id" },
		{ "H264", "H264", 1, 1, 0, 0, "profile-level-id=42001f", "profile-level-id=x",
		  "profile-level-id" },
		{ "H264", "H264", 1, 1, 0, 0, "profile-level-id=420f1f", "profile-level-id=42001f",
		  "profile-level-id" },
		{ "H264", "H264", 1, 1, 0, 0, "profile-level-id=42001f", "profile-level-id=420f1f",
		  "profile-level-id" },
		{ "H264", "H264", 1, 1, 0, 0, "profile-level-id=420f1f", "profile-level-id=420f20",
		  NULL },
		{ "H264", "H264", 1, 1, 0, 0, "profile-level-id=420f1f", "profile-level-id=641033",
		  "profile-level-id" },
		{ "H265", "H265", 1, 1, 0, 0, "tx-mode=SRST", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct tt_sdp_codec a =
			codec(rows[i].a, rows[i].rate_a, rows[i].channels_a, rows[i].fmtp_a);
		const struct tt_sdp_codec b =
			codec(rows[i].b, rows[i].rate_b, rows[i].channels_b, rows[i].fmtp_b);
		const char *key = "nothing";
		const bool same = tt_sdp_same_format(&a, &b, &key);
		if (rows[i].differs)
			assert_string_equal(key, rows[i].differs);
		else
			assert_null(key);
		assert_int_equal(same, rows[i].differs == NULL);
	}
}

static void a_retransmission_says_of_what(void **state)
{
	static const struct {
		const char *fmtp;
		bool said;
		unsigned apt;
	} rows[] = { { "apt=96", true, 96 },   { "rtx-time=9; apt = 0", true, 0 },
		     { "apt=127", true, 127 }, { "apt=128", false, 7 },
		     { "apt=1270", false, 7 }, { "apt=", false, 7 },
		     { "apt=x", false, 7 },    { "rtx-time=9", false, 7 },
		     { NULL, false, 7 } };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct tt_sdp_codec c = codec("rtx", 90000, 0, rows[i].fmtp);
		unsigned apt = 7;
		assert_int_equal(tt_sdp_apt(&c, &apt), rows[i].said);
		assert_int_equal(apt, rows[i].apt);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_parameter_is_its_codecs),
		cmocka_unit_test(parameters_come_one_by_one),
		cmocka_unit_test(profiles_of_h264_have_names),
		cmocka_unit_test(formats_are_the_same_by_their_codecs_rules),
		cmocka_unit_test(a_retransmission_says_of_what),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
