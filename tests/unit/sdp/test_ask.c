/* What holds for a section, its own or the session's; the small readers of lists; the lexer. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"
#include "sdp/sdp_lex.h"
#include "sdp/sdp_names.h"

static struct tt_env env;

/* Each question with nothing, with one of the two, and with both. */
static void the_section_s_own_word_counts_before_the_session_s(void **state)
{
	struct tt_sdp_fingerprint f[2] = { { .len = 1 }, { .len = 2 } };
	size_t n;

	(void)state;
	for (int has = 0; has < 16; has++) {
		struct tt_sdp whole = { .username = "-" };
		struct tt_sdp_media section = { .port = 9 };
		struct tt_sdp *sdp = has & 4 ? NULL : &whole;
		struct tt_sdp_media *m = has & 8 ? NULL : &section;
		const bool of_section = (has & 1) && m, of_session = (has & 2) && sdp;

		if (has & 1) {
			section.common = (struct tt_sdp_common){
				.ice_ufrag = "m", .ice_pwd = "m", .ice_options = "m", .tls_id = "m",
				.setup = TT_SDP_ACTIVE, .direction = TAUT_SENDONLY,
				.extmap_allow_mixed = true, .fingerprints = &f[0], .fingerprint_count = 1
			};
		}
		if (has & 2) {
			whole.common = (struct tt_sdp_common){
				.ice_ufrag = "s", .ice_pwd = "s", .ice_options = "s", .tls_id = "s",
				.setup = TT_SDP_PASSIVE, .direction = TAUT_RECVONLY,
				.extmap_allow_mixed = true, .fingerprints = &f[1], .fingerprint_count = 1
			};
		}
		const char *want = of_section ? "m" : of_session ? "s" : NULL;
		const char *texts[] = { tt_sdp_ufrag(sdp, m), tt_sdp_pwd(sdp, m), tt_sdp_tls_id(sdp, m) };
		for (size_t i = 0; i < TT_COUNT(texts); i++)
			assert_true(want ? texts[i] && strcmp(texts[i], want) == 0 : !texts[i]);
		assert_string_equal(tt_sdp_ice_options(sdp, m), want ? want : "");
		assert_int_equal(tt_sdp_setup(sdp, m), of_section   ? TT_SDP_ACTIVE
						       : of_session ? TT_SDP_PASSIVE
								    : TT_SDP_SETUP_NONE);
		assert_int_equal(tt_sdp_direction(sdp, m), of_section   ? TAUT_SENDONLY
							   : of_session ? TAUT_RECVONLY
									: TAUT_SENDRECV);
		assert_int_equal(tt_sdp_allow_mixed(sdp, m), of_section || of_session);
		assert_ptr_equal(tt_sdp_fingerprints(sdp, m, &n), of_section   ? &f[0]
								  : of_session ? &f[1]
									       : NULL);
		assert_int_equal(n, of_section || of_session);
	}
}

static void an_extension_is_looked_for_in_the_section_first(void **state)
{
	struct tt_sdp_extmap a[] = { { .id = 1, .uri = "a" }, { .id = 2, .uri = "b" } };
	struct tt_sdp_extmap b[] = { { .id = 3, .uri = "b" }, { .id = 4, .uri = "c" } };
	struct tt_sdp sdp = { .common = { .extmaps = b, .extmap_count = 2 } };
	struct tt_sdp_media m = { .common = { .extmaps = a, .extmap_count = 2 } };

	(void)state;
	assert_ptr_equal(tt_sdp_extmap_by_uri(&sdp, &m, "b"), &a[1]);
	assert_ptr_equal(tt_sdp_extmap_by_uri(&sdp, &m, "c"), &b[1]);
	assert_ptr_equal(tt_sdp_extmap_by_uri(&sdp, NULL, "b"), &b[0]);
	assert_ptr_equal(tt_sdp_extmap_by_uri(NULL, &m, "a"), &a[0]);
	assert_null(tt_sdp_extmap_by_uri(NULL, &m, "c"));
	assert_null(tt_sdp_extmap_by_uri(NULL, NULL, "a"));
	assert_null(tt_sdp_extmap_by_uri(&sdp, &m, "d"));
}

static void the_port_of_sctp_is_said_in_one_of_two_forms(void **state)
{
	static const struct {
		uint8_t proto;
		const char *format;
		bool has;
		uint16_t want;
	} rows[] = {
		{ TT_SDP_UDP_DTLS_SCTP, "webrtc-datachannel", true, 6000 },
		{ TT_SDP_UDP_DTLS_SCTP, "4000", false, 5000 },
		{ TT_SDP_DTLS_SCTP, "4000", false, 4000 },
		{ TT_SDP_DTLS_SCTP, "4000", true, 6000 },
		{ TT_SDP_DTLS_SCTP, "1", false, 1 },
		{ TT_SDP_DTLS_SCTP, "65535", false, 65535 },
		{ TT_SDP_DTLS_SCTP, "0", false, 5000 },
		{ TT_SDP_DTLS_SCTP, "65536", false, 5000 },
		{ TT_SDP_DTLS_SCTP, "none", false, 5000 },
		{ TT_SDP_DTLS_SCTP, NULL, false, 5000 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const char *formats[] = { rows[i].format };
		const struct tt_sdp_media m = { .proto = rows[i].proto,
						.formats = formats,
						.format_count = rows[i].format ? 1 : 0,
						.has_sctp_port = rows[i].has,
						.sctp_port = 6000,
						.max_message_size = 7 };

		assert_int_equal(tt_sdp_sctp_port(&m), rows[i].want);
		assert_int_equal(tt_sdp_max_message_size(&m), 65536);
	}
	const struct tt_sdp_media any = { .has_max_message_size = true };
	assert_int_equal(tt_sdp_max_message_size(&any), 0);
}

static void a_transport_is_of_rtp_or_of_sctp_or_of_neither(void **state)
{
	(void)state;
	for (unsigned p = 0; p < 16; p++) {
		const struct tt_sdp_media m = { .proto = (uint8_t)p };

		assert_int_equal(tt_sdp_is_rtp(&m), p >= 1 && p <= 8);
		assert_int_equal(tt_sdp_is_sctp(&m), p >= 9 && p <= 11);
		const char *text = tt_sdp_proto_text(p);
		assert_int_equal(text[0] != '\0', p >= 1 && p <= 11);
		if (text[0])
			assert_int_equal(tt_sdp_proto_of((struct tt_sdp_word){ text, strlen(text) }), p);
	}
	assert_int_equal(tt_sdp_proto_of((struct tt_sdp_word){ "UDP", 3 }), TT_SDP_PROTO_OTHER);
}

static void every_name_reads_back_and_nothing_else_has_one(void **state)
{
	(void)state;
	for (unsigned v = 0; v < 10; v++) {
		const char *d = tt_sdp_direction_text(v), *s = tt_sdp_setup_text(v),
			   *k = tt_sdp_kind_text(v);

		assert_int_equal(d[0] != '\0', v >= 1 && v <= 4);
		assert_int_equal(s[0] != '\0', v >= 1 && v <= 4);
		if (d[0])
			assert_int_equal(tt_sdp_direction_of((struct tt_sdp_word){ d, strlen(d) }), v);
		if (s[0])
			assert_int_equal(tt_sdp_setup_of((struct tt_sdp_word){ s, strlen(s) }), v);
		if (v >= 1 && v <= 3)
			assert_int_equal(tt_sdp_kind_of((struct tt_sdp_word){ k, strlen(k) }), v);
		else
			assert_string_equal(k, "other");
	}
	assert_int_equal(tt_sdp_kind_of((struct tt_sdp_word){ "text", 4 }), TT_SDP_OTHER);
	assert_int_equal(tt_sdp_direction_of((struct tt_sdp_word){ "sendboth", 8 }), 0);
	/* RFC 3551 section 6 */
	assert_string_equal(tt_sdp_static_codec(0, TT_SDP_AUDIO)->name, "PCMU");
	assert_string_equal(tt_sdp_static_codec(34, TT_SDP_VIDEO)->name, "H263");
	assert_null(tt_sdp_static_codec(0, TT_SDP_VIDEO));
	assert_null(tt_sdp_static_codec(35, TT_SDP_VIDEO));
	assert_int_equal(tt_sdp_hash_len("sha-256"), 32);
	assert_int_equal(tt_sdp_hash_len("md2"), 16);
	assert_int_equal(tt_sdp_hash_len("sha-3"), 0);
}

static void sections_codecs_groups_and_values_are_found_or_not(void **state)
{
	static const char text[] =
		MINIMAL "a=group:LS a\r\na=group:BUNDLE a b\r\nm=audio 9 RTP/AVP 0 96\r\na=mid:a\r\n"
			"a=rtcp-fb:96 nack\r\na=rtcp-fb:* pli\r\na=ssrc:1 cname:c\r\na=ssrc:1 x:y\r\n"
			"a=ssrc:2 cname:d\r\na=one:1\r\na=two\r\n"
			"m=video 9 RTP/AVP 97\r\nm=video 9 RTP/AVP 98\r\na=mid:b\r\n";
	struct tt_sdp *sdp;
	struct tt_sdp_error err;
	size_t index = 77;

	(void)state;
	assert_int_equal(tt_sdp_read(&sdp, &env, text, strlen(text), &err), 0);
	const struct tt_sdp_media *m = tt_sdp_media_by_mid(sdp, "a", NULL);
	assert_ptr_equal(m, sdp->media[0]);
	assert_ptr_equal(tt_sdp_media_by_mid(sdp, "b", &index), sdp->media[2]);
	assert_int_equal(index, 2);
	assert_null(tt_sdp_media_by_mid(sdp, "c", &index));
	assert_ptr_equal(tt_sdp_codec_by_pt(m, 96), &m->codecs[1]);
	assert_null(tt_sdp_codec_by_pt(m, 97));
	assert_true(tt_sdp_codec_is(&m->codecs[0], "pcmu"));
	assert_false(tt_sdp_codec_is(&m->codecs[0], "pcma"));
	assert_false(tt_sdp_codec_is(&m->codecs[1], "pcmu")); /* nobody says what 96 is */
	assert_true(tt_sdp_codec_has_fb(m, &m->codecs[1], "nack"));
	assert_true(tt_sdp_codec_has_fb(m, &m->codecs[0], "pli"));
	assert_false(tt_sdp_codec_has_fb(m, &m->codecs[0], "nack"));
	assert_ptr_equal(tt_sdp_group_of(sdp, "BUNDLE", "b"), &sdp->groups[1]);
	assert_ptr_equal(tt_sdp_group_of(sdp, "LS", NULL), &sdp->groups[0]);
	assert_null(tt_sdp_group_of(sdp, "LS", "b"));
	assert_null(tt_sdp_group_of(sdp, "FID", NULL));
	assert_string_equal(tt_sdp_attr(&m->common, "one")->value, "1");
	assert_null(tt_sdp_attr(&m->common, "two")->value);
	assert_null(tt_sdp_attr(&m->common, "three"));
	assert_string_equal(tt_sdp_ssrc_value(m, 1, "x"), "y");
	assert_string_equal(tt_sdp_ssrc_value(m, 2, "cname"), "d");
	assert_null(tt_sdp_ssrc_value(m, 2, "x"));
	assert_null(tt_sdp_ssrc_value(m, 3, "cname"));
	tt_sdp_free(sdp);
}

static void parameters_are_cut_at_semicolons_and_equals(void **state)
{
	static const struct {
		const char *fmtp, *key, *want; /* NULL: no such key, or too long for six bytes */
	} rows[] = {
		{ "a=1;b=2", "a", "1" },	{ "a=1;b=2", "b", "2" },   { "a=1; b = 2 ", "B", "2" },
		{ "a=1;b=2", "c", NULL },	{ "a", "a", "" },	   { "a=", "a", "" },
		{ "a=b=c", "a", "b=c" },	{ ";a=1", "a", "1" },	   { "ab=1;a=2", "a", "2" },
		{ "a=12345", "a", "12345" },	{ "a=123456", "a", NULL }, { "", "a", NULL },
		{ "  ", "a", NULL },		{ NULL, "a", NULL },	   { "b;a=1", "b", "" },
	};
	char buf[6];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const int n = tt_sdp_fmtp_get(rows[i].fmtp, rows[i].key, buf, sizeof buf);

		assert_int_equal(n, rows[i].want ? (int)strlen(rows[i].want) : -1);
		if (n >= 0)
			assert_string_equal(buf, rows[i].want);
	}
}

static void pairs_and_lists_are_cut_at_blanks(void **state)
{
	char buf[6];

	(void)state;
	assert_int_equal(tt_sdp_pair_get("a 1 b 2", "b", buf, sizeof buf), 1);
	assert_string_equal(buf, "2");
	assert_int_equal(tt_sdp_pair_get("a 1 b 2", "1", buf, sizeof buf), -1);
	assert_int_equal(tt_sdp_pair_get("a 1 b", "b", buf, sizeof buf), -1);
	assert_int_equal(tt_sdp_pair_get("", "b", buf, sizeof buf), -1);
	assert_int_equal(tt_sdp_pair_get("a 12345", "a", buf, sizeof buf), 5);
	assert_int_equal(tt_sdp_pair_get("a 123456", "a", buf, sizeof buf), -1);
	assert_true(tt_sdp_has_token("ice2 trickle", "trickle"));
	assert_false(tt_sdp_has_token("ice2 trickles", "trickle"));
	assert_false(tt_sdp_has_token("", "trickle"));
	assert_false(tt_sdp_has_token(NULL, "trickle"));
}

static struct tt_sdp_lex over(const char *text, struct tt_sdp_error *err)
{
	return (struct tt_sdp_lex){ .at = text, .end = text + strlen(text), .line = text,
				    .number = 7, .spec = "here", .err = err };
}

/* The first refusal is the one that is told; after it nothing is read. */
static void the_first_refusal_stands(void **state)
{
	struct tt_sdp_error err = { .buf = "" };
	struct tt_sdp_lex x = over("one 2", &err);
	struct tt_sdp_word w;
	uint64_t n;

	(void)state;
	assert_true(tt_sdp_word(&x, &w, "", "a word"));
	assert_true(tt_sdp_word_is(w, "one"));
	assert_false(tt_sdp_refuse(&x, TAUT_E_SYNTAX, x.at, "first", "x"));
	assert_false(tt_sdp_refuse(&x, TAUT_E_LIMIT, x.line, "second", "y"));
	assert_int_equal(x.code, TAUT_E_SYNTAX);
	assert_string_equal(err.err.message, "first");
	assert_int_equal(err.err.column, 4);
	assert_int_equal(err.err.line, 7);
	assert_false(tt_sdp_word(&x, &w, "", "a word"));
	assert_int_equal(w.len, 0);
	assert_false(tt_sdp_number(&x, 0, 9, &n, "", "a number"));
	assert_false(tt_sdp_next_is(&x, ' '));
	assert_false(tt_sdp_skip(&x, ' '));
	assert_false(tt_sdp_done(&x));
	x = over("x", NULL); /* nobody wants to know why */
	assert_false(tt_sdp_number(&x, 0, 9, &n, "", "a number"));
	assert_int_equal(x.code, TAUT_E_SYNTAX);
}

static void what_was_found_is_shown_in_printable_characters(void **state)
{
	static const struct {
		const char *text, *found;
	} rows[] = {
		{ "", "the end of the line" },
		{ "word more", "word" },
		{ " word", " word" },
		{ "\t", "?" },
		{ "a\x1f\x7f\x80~z", "a???~z" },
	};
	char longest[200];
	struct tt_sdp_error err;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct tt_sdp_lex x = over(rows[i].text, &err);

		(void)tt_sdp_bad(&x, x.at, "wrong", "right");
		assert_string_equal(err.err.found, rows[i].found);
	}
	for (size_t n = 90; n < 100; n++) {
		memset(longest, 'w', n);
		longest[n] = '\0';
		struct tt_sdp_lex x = over(longest, &err);
		(void)tt_sdp_bad(&x, x.at, "wrong", "right");
		assert_int_equal(strlen(err.err.found), n <= 92 ? n : 95);
		assert_int_equal(strstr(err.err.found, "...") != NULL, n > 92);
		longest[92] = ' ';
		x = over(longest, &err);
		(void)tt_sdp_bad(&x, x.at, "wrong", "right");
		assert_null(strstr(err.err.found, "..."));
	}
}

static void numbers_have_all_their_digits_in_their_range(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		bool good;
		uint64_t value;
	} rows[] = {
		{ "0", 0, 0, true, 0 },
		{ "1", 0, 0, false, 0 },
		{ "1", 1, 1, true, 1 },
		{ "0", 1, 1, false, 0 },
		{ "2", 1, 1, false, 0 },
		{ "18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX },
		{ "18446744073709551616", 0, UINT64_MAX, false, 0 },
		{ "18446744073709551620", 0, UINT64_MAX, false, 0 },
		{ "99999999999999999999", 0, UINT64_MAX, false, 0 },
		{ "000000000000000000000001", 0, 9, true, 1 },
		{ "9", 0, 9, true, 9 },
		{ "/", 0, 9, false, 0 },
		{ ":", 0, 9, false, 0 },
		{ "-1", 0, 9, false, 0 },
		{ "1x", 0, 9, false, 0 },
		{ "", 0, 9, false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct tt_sdp_error err;
		struct tt_sdp_lex x = over(rows[i].text, &err);
		uint64_t n = 77;

		assert_int_equal(tt_sdp_number(&x, rows[i].min, rows[i].max, &n, "", "a number"),
				 rows[i].good);
		assert_int_equal(n, rows[i].value);
	}
}

static void words_end_at_blanks_stops_and_the_end(void **state)
{
	struct tt_sdp_lex x = over(" \tab/c d\t ", NULL);
	struct tt_sdp_word w;

	(void)state;
	assert_true(tt_sdp_word(&x, &w, "/", "") && tt_sdp_word_is(w, "ab"));
	assert_true(tt_sdp_next_is(&x, '/') && !tt_sdp_next_is(&x, 'c'));
	assert_true(!tt_sdp_skip(&x, 'c') && tt_sdp_skip(&x, '/'));
	assert_false(tt_sdp_done(&x));
	x.code = 0;
	assert_true(tt_sdp_word(&x, &w, "/", "") && tt_sdp_word_is(w, "c"));
	w = tt_sdp_rest(&x);
	assert_true(tt_sdp_word_is(w, "d"));
	assert_true(tt_sdp_at_end(&x) && tt_sdp_done(&x));
	assert_false(tt_sdp_next_is(&x, ' '));
	assert_int_equal(tt_sdp_rest(&x).len, 0);
	x = over("/", NULL);
	assert_false(tt_sdp_word(&x, &w, "/", "a word"));
	x = over("   ", NULL);
	assert_int_equal(tt_sdp_rest(&x).len, 0);
	const struct tt_sdp_word letters = { "aZ@[`{", 6 };
	assert_true(tt_sdp_word_is_any(letters, "Az@[`{"));
	assert_false(tt_sdp_word_is_any(letters, "Az`[`{"));
	assert_false(tt_sdp_word_is_any(letters, "Az@{`{"));
	assert_false(tt_sdp_word_is_any(letters, "Az@[`"));
	assert_false(tt_sdp_word_is(letters, "aZ@[`"));
	assert_false(tt_sdp_word_is(letters, "Az@[`{"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_section_s_own_word_counts_before_the_session_s),
		cmocka_unit_test(an_extension_is_looked_for_in_the_section_first),
		cmocka_unit_test(the_port_of_sctp_is_said_in_one_of_two_forms),
		cmocka_unit_test(a_transport_is_of_rtp_or_of_sctp_or_of_neither),
		cmocka_unit_test(every_name_reads_back_and_nothing_else_has_one),
		cmocka_unit_test(sections_codecs_groups_and_values_are_found_or_not),
		cmocka_unit_test(parameters_are_cut_at_semicolons_and_equals),
		cmocka_unit_test(pairs_and_lists_are_cut_at_blanks),
		cmocka_unit_test(the_first_refusal_stands),
		cmocka_unit_test(what_was_found_is_shown_in_printable_characters),
		cmocka_unit_test(numbers_have_all_their_digits_in_their_range),
		cmocka_unit_test(words_end_at_blanks_stops_and_the_end),
	};

	tt_env_init(&env, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
