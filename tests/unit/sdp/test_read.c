/* What is refused and where, what is forgiven, and the ceilings. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"
#include "base/work.h"

#define AUDIO MINIMAL "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n"
#define VIDEO MINIMAL "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
#define PWD   "0123456789abcdefghijkl"
#define HEX16 "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F"

static struct tt_env env;

static int read_text(struct tt_sdp **out, const char *text, size_t len, struct tt_sdp_error *err)
{
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, text, len);
	const int code = tt_sdp_read(out, &env, exact, len, err);
	free(exact);
	return code;
}

static struct tt_sdp *must_read(const char *text)
{
	struct tt_sdp *sdp;
	struct tt_sdp_error err;

	assert_int_equal(sdp_round_trip(&env, text, strlen(text), &err), 0);
	assert_int_equal(read_text(&sdp, text, strlen(text), &err), 0);
	return sdp;
}

static void what_is_wrong_is_named_with_its_place(void **state)
{
	static const struct {
		const char *text;
		uint32_t line, column;
		const char *found, *spec;
	} bad[] = {
		{ "", 1, 1, "the end of the line", "RFC 8866 section 9" },
		{ "\r\nv=0\r\n", 1, 1, "the end of the line", "RFC 8866 section 9" },
		{ "o=- 1 1 IN IP4 0\r\n", 1, 1, "o=-", "RFC 8866 section 9" },
		{ "v=1\r\n", 1, 3, "1", "RFC 8866 section 5.1" },
		{ "v=0", 1, 4, "the end of the line", "RFC 8866 section 5" },
		{ "v=0\r\ns=-\r\n", 2, 4, "the end of the line", "RFC 8866 section 5" },
		{ "v=0\r\no=- x 1 IN IP4 0\r\n", 2, 5, "x", "RFC 8866 section 5.2" },
		{ "v=0\r\no=- 1 -1 IN IP4 0\r\n", 2, 7, "-1", "RFC 8866 section 5.2" },
		{ "v=0\r\no=- 1 1 IN IP4\r\n", 2, 15, "the end of the line", "RFC 8866 section 5.2" },
		{ MINIMAL "o=- 1 1 IN IP4 0\r\n", 5, 1, "o=-", "RFC 8866 section 5" },
		{ MINIMAL "v=0\r\n", 5, 1, "v=0", "RFC 8866 section 5" },
		{ MINIMAL "audio\r\n", 5, 1, "audio", "RFC 8866 section 9" },
		{ MINIMAL "a\r\n", 5, 1, "a", "RFC 8866 section 9" },
		{ MINIMAL "a=\r\n", 5, 3, "the end of the line", "RFC 8866 section 5.13" },
		{ MINIMAL "a=:x\r\n", 5, 3, ":x", "RFC 8866 section 5.13" },
		{ "v=0\ro=- 1 1 IN IP4 0\rs=-\r", 1, 4, "?o=-", "RFC 8866 section 9" },
		{ MINIMAL "t=0\r\n", 5, 4, "the end of the line", "RFC 8866 section 5.9" },
		{ MINIMAL "b=AS\r\n", 5, 5, "the end of the line", "RFC 8866 section 5.8" },
		{ MINIMAL "b=AS:x\r\n", 5, 6, "x", "RFC 8866 section 5.8" },
		{ MINIMAL "c=IN IP4\r\n", 5, 9, "the end of the line", "RFC 8866 section 5.7" },
		{ MINIMAL "m=audio\r\n", 5, 8, "the end of the line", "RFC 8866 section 5.14" },
		{ MINIMAL "m=audio x RTP/AVP 0\r\n", 5, 9, "x", "RFC 8866 section 5.14" },
		{ MINIMAL "m=audio 65536 RTP/AVP 0\r\n", 5, 9, "65536", "RFC 8866 section 5.14" },
		{ MINIMAL "m=audio 9/0 RTP/AVP 0\r\n", 5, 11, "0", "RFC 8866 section 5.14" },
		{ MINIMAL "m=audio 9 RTP/AVP\r\n", 5, 18, "the end of the line", "RFC 8866 section 5.14" },
		{ MINIMAL "m=audio 9 RTP/AVP 0 128\r\n", 5, 21, "128", "RFC 8866 section 5.14" },
		{ MINIMAL "m=audio 9 RTP/AVP -1\r\n", 5, 19, "-1", "RFC 8866 section 5.14" },
		{ MINIMAL "m=audio 9 RTP/AVP 4294967296\r\n", 5, 19, "4294967296", "RFC 8866 section 5.14" },
		{ MINIMAL "m=audio 9 RTP/AVP 96 0 96\r\n", 5, 24, "96", "RFC 8866 section 5.14" },
		{ MINIMAL "m=application 9 UDP/DTLS/SCTP\r\n", 5, 30, "the end of the line",
		  "RFC 8866 section 5.14" },
		{ AUDIO "s=-\r\n", 6, 1, "s=-", "RFC 8866 section 5" },
		{ AUDIO "t=0 0\r\n", 6, 1, "t=0", "RFC 8866 section 5" },
		{ AUDIO "a=rtpmap:128 opus/48000/2\r\n", 6, 10, "128", "RFC 8866 section 6.6" },
		{ AUDIO "a=rtpmap:111\r\n", 6, 13, "the end of the line", "RFC 8866 section 6.6" },
		{ AUDIO "a=rtpmap:111 opus\r\n", 6, 18, "the end of the line", "RFC 8866 section 6.6" },
		{ AUDIO "a=rtpmap:111 opus/0\r\n", 6, 19, "0", "RFC 8866 section 6.6" },
		{ AUDIO "a=rtpmap:111 opus/4294967296\r\n", 6, 19, "4294967296", "RFC 8866 section 6.6" },
		{ AUDIO "a=rtpmap:111 opus/48000/256\r\n", 6, 25, "256", "RFC 8866 section 6.6" },
		{ AUDIO "a=rtpmap:111 opus/48000/2/1\r\n", 6, 26, "/1", "RFC 8866 section 6.6" },
		{ AUDIO "a=rtpmap:111 a/8000\r\na=rtpmap:111 b/8000\r\n", 7, 14, "b/8000",
		  "RFC 8866 section 6.6" },
		{ AUDIO "a=fmtp:111\r\n", 6, 11, "the end of the line", "RFC 8866 section 6.15" },
		{ AUDIO "a=rtcp-fb:111\r\n", 6, 14, "the end of the line", "RFC 4585 section 4.2" },
		{ AUDIO "a=extmap:0 urn:x\r\n", 6, 10, "0", "RFC 8285 section 5" },
		{ AUDIO "a=extmap:256 urn:x\r\n", 6, 10, "256", "RFC 8285 section 5" },
		{ AUDIO "a=extmap:4352 urn:x\r\n", 6, 10, "4352", "RFC 8285 section 5" },
		{ AUDIO "a=extmap:1/both urn:x\r\n", 6, 12, "both", "RFC 8285 section 5" },
		{ AUDIO "a=extmap:1\r\n", 6, 11, "the end of the line", "RFC 8285 section 5" },
		{ AUDIO "a=extmap:1 urn:x\r\na=extmap:1 urn:y\r\n", 7, 10, "1", "RFC 8285 section 5" },
		{ AUDIO "a=sendrecv\r\na=inactive\r\n", 7, 3, "inactive", "RFC 8866 section 6.7" },
		{ AUDIO "a=mid:12345678901234567\r\n", 6, 7, "12345678901234567", "RFC 5888 section 4" },
		{ AUDIO "a=mid:\r\n", 6, 7, "the end of the line", "RFC 5888 section 4" },
		{ AUDIO "a=mid:1\r\na=mid:2\r\n", 7, 7, "2", "RFC 5888 section 4" },
		{ AUDIO "a=mid:1\r\nm=audio 9 RTP/AVP 0\r\na=mid:1\r\n", 8, 7, "1", "RFC 5888 section 4" },
		{ MINIMAL "a=group:BUNDLE 0\r\nm=audio 9 RTP/AVP 0\r\na=mid:1\r\n", 5, 16, "0",
		  "RFC 9143 section 7" },
		{ MINIMAL "a=group:BUNDLE 1\r\na=group:BUNDLE 1\r\nm=audio 9 RTP/AVP 0\r\na=mid:1\r\n", 6, 16,
		  "1", "RFC 9143 section 7" },
		{ AUDIO "a=ice-ufrag:abc:d\r\n", 6, 13, "abc:d", "RFC 8839 section 5.4" },
		{ AUDIO "a=ice-ufrag:abcd\r\na=ice-ufrag:abce\r\n", 7, 13, "abce", "RFC 8839 section 5.4" },
		{ AUDIO "a=ice-pwd:01234:6789\r\n", 6, 11, "01234:6789",
		  "RFC 8839 section 5.4" },
		{ AUDIO "a=setup:both\r\n", 6, 9, "both", "RFC 4145 section 4" },
		{ AUDIO "a=setup:active\r\na=setup:passive\r\n", 7, 9, "passive", "RFC 4145 section 4" },
		{ AUDIO "a=connection:old\r\n", 6, 14, "old", "RFC 4145 section 5" },
		{ AUDIO "a=fingerprint:sha-256\r\n", 6, 22, "the end of the line", "RFC 8122 section 5" },
		{ AUDIO "a=fingerprint:md5 " HEX16 ":10\r\n", 6, 19, HEX16 ":10", "RFC 8122 section 5" },
		{ AUDIO "a=fingerprint:md5 0001\r\n", 6, 19, "0001", "RFC 8122 section 5" },
		{ AUDIO "a=fingerprint:x 00:0\r\n", 6, 17, "00:0", "RFC 8122 section 5" },
		{ AUDIO "a=fingerprint:x 00:0g\r\n", 6, 20, "0g", "RFC 8122 section 5" },
		{ AUDIO "a=fingerprint:x 00-00\r\n", 6, 17, "00-00", "RFC 8122 section 5" },
		{ AUDIO "a=rtcp:65536\r\n", 6, 8, "65536", "RFC 3605 section 2.1" },
		{ AUDIO "a=rtcp:9 IN\r\n", 6, 12, "the end of the line", "RFC 3605 section 2.1" },
		{ AUDIO "a=candidate:1 1 udp 1 192.0.2.1 0 typ host\r\n", 6, 33, "0",
		  "RFC 8839 section 5.1" },
		{ VIDEO "a=msid:\r\n", 6, 8, "the end of the line", "RFC 8830 section 2" },
		{ VIDEO "a=msid:a b c\r\n", 6, 12, "c", "RFC 8830 section 2" },
		{ VIDEO "a=ssrc:4294967296 cname:x\r\n", 6, 8, "4294967296", "RFC 5576 section 4.1" },
		{ VIDEO "a=ssrc:1\r\n", 6, 9, "the end of the line", "RFC 5576 section 4.1" },
		{ VIDEO "a=ssrc-group:FID 1 x\r\n", 6, 20, "x", "RFC 5576 section 4.2" },
		{ VIDEO "a=rid:1\r\n", 6, 8, "the end of the line", "RFC 8851 section 4" },
		{ VIDEO "a=rid:1 both\r\n", 6, 9, "both", "RFC 8851 section 4" },
		{ VIDEO "a=rid:1 send\r\na=rid:1 recv\r\n", 7, 7, "1", "RFC 8851 section 4" },
		{ VIDEO "a=rid:12345678901234567 send\r\n", 6, 7, "12345678901234567",
		  "RFC 8851 section 4" },
		{ VIDEO "a=simulcast:\r\n", 6, 13, "the end of the line", "RFC 8853 section 5.1" },
		{ VIDEO "a=simulcast:1;2\r\n", 6, 13, "1;2", "RFC 8853 section 5.1" },
		{ VIDEO "a=simulcast:send\r\n", 6, 17, "the end of the line", "RFC 8853 section 5.1" },
		{ VIDEO "a=simulcast:send 1;;2\r\n", 6, 20, ";2", "RFC 8853 section 5.1" },
		{ VIDEO "a=simulcast:send 1 send 2\r\n", 6, 20, "send", "RFC 8853 section 5.1" },
		{ VIDEO "a=simulcast:send 1\r\na=simulcast:recv 1\r\n", 7, 13, "recv",
		  "RFC 8853 section 5.1" },
		{ VIDEO "a=sctp-port:65536\r\n", 6, 13, "65536", "RFC 8841 section 5" },
		{ VIDEO "a=max-message-size:-1\r\n", 6, 20, "-1", "RFC 8841 section 6" },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(bad); i++) {
		struct tt_sdp *sdp;
		struct tt_sdp_error e = { .buf = "" };
		const int code = read_text(&sdp, bad[i].text, strlen(bad[i].text), &e);
		const char *tail = strlen(bad[i].text) > sizeof MINIMAL ? bad[i].text + sizeof MINIMAL - 1
		                                                        : bad[i].text;
		if (code != TAUT_E_SYNTAX || e.err.line != bad[i].line || e.err.column != bad[i].column ||
		    strcmp(e.err.found, bad[i].found) != 0 || strcmp(e.err.spec, bad[i].spec) != 0)
			fail_msg("%s: code %d at %u:%u, found \"%s\" (%s): %s", tail, code,
			         (unsigned)e.err.line, (unsigned)e.err.column,
			         e.err.found ? e.err.found : "", e.err.spec ? e.err.spec : "",
			         e.err.message ? e.err.message : "");
		assert_null(sdp);
		assert_int_equal(e.err.code, code);
		assert_int_equal(env.memory, 0);
	}
}

static void a_nul_byte_is_refused_where_it_stands(void **state)
{
	static const char text[] = MINIMAL "a=x:\0y\r\n";
	struct tt_sdp *sdp;
	struct tt_sdp_error e;

	(void)state;
	assert_int_equal(read_text(&sdp, text, sizeof text - 1, &e), TAUT_E_SYNTAX);
	assert_int_equal(e.err.line, 5);
	assert_int_equal(e.err.column, 5);
	assert_string_equal(e.err.message, "a NUL byte");
}

static void what_devices_do_differently_is_forgiven(void **state)
{
	struct tt_sdp *sdp = must_read("v=0\no=- 1 2 IN IP4 0.0.0.0\n\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\n"
	                               "f=what\nk=clear:x\n"
	                               "a=rtpmap:99 x/8000\na=fmtp:99 x=1\na=rtcp-fb:99 nack\n"
	                               "a=rtcp-mux \na=sendonly\t\na=setup: passive\nb=AS:-1\n"
	                               "a=fmtp:111 a=1\na=fmtp:111 b=2\na=rtpmap:111  opus/48000/2 ");
	char buf[8];

	(void)state;
	assert_string_equal(sdp->session_name, "-");
	assert_int_equal(sdp->warning_count, 6);
	assert_int_equal(sdp->warnings[0].line, 5);
	const struct tt_sdp_media *m = sdp->media[0];
	assert_true(m->rtcp_mux);
	assert_int_equal(tt_sdp_direction(sdp, m), TAUT_SENDONLY);
	assert_int_equal(tt_sdp_setup(sdp, m), TT_SDP_PASSIVE);
	const struct tt_sdp_codec *opus = tt_sdp_codec_by_pt(m, 111);
	assert_true(tt_sdp_codec_is(opus, "OPUS") && opus->clock_rate == 48000 && opus->channels == 2);
	assert_int_equal(tt_sdp_fmtp_get(opus->fmtp, "b", buf, sizeof buf), 1);
	assert_string_equal(buf, "2");
	const struct tt_sdp_codec *pcmu = tt_sdp_codec_by_pt(m, 0);
	assert_true(tt_sdp_codec_is(pcmu, "pcmu") && pcmu->clock_rate == 8000 && pcmu->is_static);
	assert_null(tt_sdp_codec_by_pt(m, 99));
	tt_sdp_free(sdp);
}

static void attributes_nobody_knows_are_kept_in_order(void **state)
{
	struct tt_sdp *sdp = must_read(MINIMAL "a=tool:x y\r\na=mid:0\r\n"
	                                       "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=zz\r\na=x:\r\na=x:2\r\n"
	                                       "a=ice-lite\r\na=ice-pacing:20\r\n"
	                                       "m=image 9 udptl t38\r\na=rtpmap:96 x/1\r\na=fmtp:t38 q\r\n");

	(void)state;
	assert_string_equal(tt_sdp_attr(&sdp->common, "tool")->value, "x y");
	assert_non_null(tt_sdp_attr(&sdp->common, "mid"));
	const struct tt_sdp_common *c = &sdp->media[0]->common;
	assert_int_equal(c->attr_count, 5);
	assert_string_equal(c->attrs[0].name, "zz");
	assert_null(c->attrs[0].value);
	assert_string_equal(c->attrs[1].value, "");
	assert_string_equal(c->attrs[2].value, "2");
	assert_false(sdp->ice_lite);
	assert_false(sdp->has_ice_pacing);
	assert_int_equal(sdp->media[1]->common.attr_count, 2);
	assert_int_equal(sdp->media[1]->kind, TT_SDP_OTHER);
	tt_sdp_free(sdp);
}

static void data_channels_of_before_and_after_the_rfc_are_read(void **state)
{
	struct tt_sdp *sdp = must_read(MINIMAL "m=application 9 DTLS/SCTP 5001\r\n"
	                                       "a=sctpmap:5001 webrtc-datachannel 1024\r\n"
	                                       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
	                                       "a=sctp-port:5002\r\na=max-message-size:0\r\n"
	                                       "m=application 9 DTLS/SCTP webrtc-datachannel\r\n");

	(void)state;
	assert_int_equal(tt_sdp_sctp_port(sdp->media[0]), 5001);
	assert_int_equal(tt_sdp_max_message_size(sdp->media[0]), 65536);
	assert_int_equal(tt_sdp_sctp_port(sdp->media[1]), 5002);
	assert_int_equal(tt_sdp_max_message_size(sdp->media[1]), 0);
	assert_int_equal(tt_sdp_sctp_port(sdp->media[2]), 5000);
	tt_sdp_free(sdp);
}

static void the_init_of_sctp_is_held_if_it_is_base64(void **state)
{
	static const struct {
		const char *value;
		bool held;
	} rows[] = { { "AZaz09+/", true }, { "AAA=", true },   { "AA==", true },  { "A===", false },
		     { "====", false },    { "=", false },     { "==", false },
		     { "AAA", false },   { "", false },     { "AA=A", false },
		     { "AAA-", false },    { "AA AA", false }, { "AAAAA", false } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[256];
		(void)snprintf(text, sizeof text,
		               MINIMAL "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
		                       "a=sctp-init:%s\r\n",
		               rows[i].value);
		struct tt_sdp *sdp = must_read(text);
		if (rows[i].held)
			assert_string_equal(sdp->media[0]->sctp_init, rows[i].value);
		else
			assert_null(sdp->media[0]->sctp_init);
		assert_int_equal(sdp->warning_count, !rows[i].held);
		assert_int_equal(sdp->media[0]->common.attr_count, 0);
		tt_sdp_free(sdp);
	}
}

static void a_wildcard_of_feedback_holds_for_every_codec(void **state)
{
	struct tt_sdp *sdp = must_read(VIDEO "a=rtcp-fb:* nack pli\r\na=rtcp-fb:96 ccm fir\r\n");
	const struct tt_sdp_media *m = sdp->media[0];

	(void)state;
	assert_true(tt_sdp_codec_has_fb(m, &m->codecs[1], "nack pli"));
	assert_true(tt_sdp_codec_has_fb(m, &m->codecs[0], "ccm fir"));
	assert_false(tt_sdp_codec_has_fb(m, &m->codecs[1], "ccm fir"));
	tt_sdp_free(sdp);
}

static void simulcast_tells_streams_from_alternatives(void **state)
{
	struct tt_sdp *sdp = must_read(VIDEO "a=simulcast:send 1,~4;2;3 recv c\r\n");
	const struct tt_sdp_simulcast_rid *s = sdp->media[0]->simulcast;
	static const struct {
		const char *rid;
		bool recv, paused;
		uint8_t stream;
	} want[] = { { "1", false, false, 0 }, { "4", false, true, 0 }, { "2", false, false, 1 },
		     { "3", false, false, 2 }, { "c", true, false, 0 } };

	(void)state;
	assert_int_equal(sdp->media[0]->simulcast_count, TT_COUNT(want));
	for (size_t i = 0; i < TT_COUNT(want); i++) {
		assert_string_equal(s[i].rid, want[i].rid);
		assert_int_equal(s[i].recv, want[i].recv);
		assert_int_equal(s[i].paused, want[i].paused);
		assert_int_equal(s[i].stream, want[i].stream);
	}
	tt_sdp_free(sdp);
}

static void format_parameters_are_found_without_regard_to_case(void **state)
{
	static const char fmtp[] = "minptime=10; UseInbandFEC=1 ;stereo;x=";
	char buf[8];

	(void)state;
	assert_int_equal(tt_sdp_fmtp_get(fmtp, "minptime", buf, sizeof buf), 2);
	assert_string_equal(buf, "10");
	assert_int_equal(tt_sdp_fmtp_get(fmtp, "useinbandfec", buf, sizeof buf), 1);
	assert_string_equal(buf, "1");
	assert_int_equal(tt_sdp_fmtp_get(fmtp, "stereo", buf, sizeof buf), 0);
	assert_int_equal(tt_sdp_fmtp_get(fmtp, "x", buf, sizeof buf), 0);
	assert_string_equal(buf, "");
	assert_int_equal(tt_sdp_fmtp_get(fmtp, "ptime", buf, sizeof buf), -1);
	assert_int_equal(tt_sdp_fmtp_get(fmtp, "minptime", buf, 2), -1);
	assert_int_equal(tt_sdp_fmtp_get(NULL, "x", buf, sizeof buf), -1);
}

/* E07: numbers an int, a uint32_t or a uint64_t cannot hold are refused, not wrapped. */
static void numbers_are_read_to_their_last_digit_or_refused(void **state)
{
	static const struct {
		const char *number;
		bool port, size; /* fit a=sctp-port and a=max-message-size */
	} numbers[] = {
		{ "0", true, true }, { "1", true, true }, { "000005", true, true },
		{ "65535", true, true }, { "65536", false, true }, { "2147483647", false, true },
		{ "2147483648", false, true }, { "4294967295", false, true },
		{ "4294967296", false, true }, { "18446744073709551615", false, true },
		{ "18446744073709551616", false, false }, { "-1", false, false },
		{ "+1", false, false }, { "0x10", false, false }, { "1e3", false, false },
		{ "1.0", false, false }, { "", false, false },
	};
	char text[1024], digits[401];
	struct tt_sdp *sdp;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(numbers); i++) {
		(void)snprintf(text, sizeof text, AUDIO "a=sctp-port:%s\r\n", numbers[i].number);
		assert_int_equal(read_text(&sdp, text, strlen(text), NULL),
		                 numbers[i].port ? 0 : TAUT_E_SYNTAX);
		tt_sdp_free(sdp);
		(void)snprintf(text, sizeof text, AUDIO "a=max-message-size:%s\r\n", numbers[i].number);
		assert_int_equal(read_text(&sdp, text, strlen(text), NULL),
		                 numbers[i].size ? 0 : TAUT_E_SYNTAX);
		if (sdp)
			assert_int_equal(sdp->media[0]->max_message_size,
			                 strtoull(numbers[i].number, NULL, 10));
		tt_sdp_free(sdp);
	}
	memset(digits, '9', sizeof digits - 1);
	digits[sizeof digits - 1] = '\0';
	(void)snprintf(text, sizeof text, AUDIO "a=max-message-size:%s\r\n", digits);
	assert_int_equal(read_text(&sdp, text, strlen(text), NULL), TAUT_E_SYNTAX);
	(void)snprintf(text, sizeof text, "v=0\r\no=- %s 1 IN IP4 0.0.0.0\r\n", digits);
	assert_int_equal(read_text(&sdp, text, strlen(text), NULL), TAUT_E_SYNTAX);
}

/* ---- ceilings: the line that is one too many is the one that is named, so none after it was read */

struct text {
	char *p;
	size_t len, cap;
};

static void add(struct text *t, const char *piece, size_t times)
{
	const size_t n = strlen(piece);

	while (times-- > 0) {
		if (t->len + n > t->cap) {
			t->cap = 2 * (t->len + n);
			t->p = realloc(t->p, t->cap);
			assert_non_null(t->p);
		}
		memcpy(t->p + t->len, piece, n);
		t->len += n;
	}
}

static void expect_limit(struct text *t, uint32_t line)
{
	struct tt_sdp *sdp;
	struct tt_sdp_error e = { .buf = "" };

	assert_int_equal(tt_sdp_read(&sdp, &env, t->p, t->len, &e), TAUT_E_LIMIT);
	assert_null(sdp);
	assert_int_equal(e.err.code, TAUT_E_LIMIT);
	assert_int_equal(e.err.line, line);
	assert_int_equal(env.memory, 0);
	free(t->p);
	*t = (struct text){ .p = NULL };
}

static void expect_read(struct text *t)
{
	struct tt_sdp *sdp;

	assert_int_equal(tt_sdp_read(&sdp, &env, t->p, t->len, NULL), 0);
	tt_sdp_free(sdp);
}

static void a_description_of_a_megabyte_is_refused_unread(void **state)
{
	struct text t = { .p = NULL };

	(void)state;
	add(&t, MINIMAL, 1);
	add(&t, "a=x:0123456789\r\n", 65536);
	struct tt_sdp *sdp;
	struct tt_sdp_error e;
	assert_int_equal(tt_sdp_read(&sdp, &env, t.p, t.len, &e), TAUT_E_LIMIT);
	assert_string_equal(e.err.found, "1048617 bytes");
	expect_limit(&t, 1);
}

static void a_hundred_thousand_attributes_are_refused_at_the_ceiling(void **state)
{
	struct text t = { .p = NULL };

	(void)state;
	add(&t, MINIMAL, 1);
	add(&t, "a=x\n", 100000);
	t.len = TT_SDP_MAX_BYTES;
	expect_limit(&t, 4 + TT_SDP_MAX_ATTRS + 1);
	add(&t, MINIMAL, 1);
	add(&t, "\n", 100000);
	expect_limit(&t, TT_SDP_MAX_LINES + 1);
	add(&t, MINIMAL, 1);
	for (int i = 0; i < 100; i++) {
		add(&t, "m=audio 9 RTP/AVP 0\n", 1);
		add(&t, "a=x\n", 50);
	}
	expect_limit(&t, TT_SDP_MAX_LINES + 1);
}

/* What is read of it ends at the ceiling, so the work does too. */
static void work_to_refuse(struct text *t, uint64_t most)
{
	struct tt_sdp *sdp;
	const uint64_t before = tt_work_total;

	assert_int_equal(tt_sdp_read(&sdp, &env, t->p, t->len, NULL), TAUT_E_LIMIT);
	assert_true(tt_work_total > before || t->len > TT_SDP_MAX_BYTES);
	assert_true(tt_work_total - before <= most);
	free(t->p);
	*t = (struct text){ .p = NULL };
}

static void a_description_of_259000_lines_costs_no_more_than_the_lines_allowed(void **state)
{
	struct text t = { .p = NULL };

	(void)state;
	add(&t, MINIMAL, 1);
	add(&t, "\n", 259000); /* within the bytes allowed */
	work_to_refuse(&t, 4 * TT_SDP_MAX_LINES);
	add(&t, MINIMAL, 1);
	add(&t, "a=x\r\n", 259000);
	work_to_refuse(&t, 0);
}

/* Each would be copied with all that came before it. */
static void parameters_on_many_lines_are_refused_at_the_ceiling(void **state)
{
	struct text t = { .p = NULL };

	(void)state;
	add(&t, VIDEO "a=fmtp:96 first", 1);
	add(&t, "x", 7000);
	add(&t, "\na=fmtp:96 y=1", TT_SDP_MAX_FMTP_LINES);
	expect_read(&t);
	add(&t, "\na=fmtp:96 y=1", 400);
	expect_limit(&t, 5 + 1 + TT_SDP_MAX_FMTP_LINES + 1);
}

static void ten_thousand_sections_are_refused_at_the_ceiling(void **state)
{
	struct text t = { .p = NULL };

	(void)state;
	add(&t, MINIMAL, 1);
	add(&t, "m=a 9 x 0\n", TT_SDP_MAX_MEDIA);
	expect_read(&t);
	add(&t, "m=a 9 x 0\n", 10000);
	expect_limit(&t, 4 + TT_SDP_MAX_MEDIA + 1);
}

static void a_line_of_more_than_8_kilobytes_is_refused(void **state)
{
	struct text t = { .p = NULL };

	(void)state;
	add(&t, MINIMAL "a=", 1);
	add(&t, "x", TT_SDP_MAX_LINE - 2);
	add(&t, "\r\n", 1);
	expect_read(&t);
	t.len -= 2;
	add(&t, "x\r\n", 1);
	expect_limit(&t, 5);
}

static void each_kind_of_attribute_has_its_ceiling(void **state)
{
	static const struct {
		const char *head, *line; /* %d: a number of its own */
		int max;
	} kinds[] = {
		{ VIDEO, "a=ssrc:%d cname:x\n", TT_SDP_MAX_SSRCS },
		{ VIDEO, "a=candidate:%d 1 udp 1 192.0.2.1 5 typ host\n", TT_SDP_MAX_CANDIDATES },
		{ VIDEO, "a=extmap:%d urn:x\n", TT_SDP_MAX_EXTMAPS },
		{ VIDEO, "a=rid:%d send\n", TT_SDP_MAX_RIDS },
		{ VIDEO, "a=fingerprint:x%d 00\n", TT_SDP_MAX_FINGERPRINTS },
		{ MINIMAL, "a=group:LS %d\n", TT_SDP_MAX_GROUPS },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(kinds); i++) {
		struct text t = { .p = NULL };
		char line[128];
		uint32_t lines = 0;
		add(&t, kinds[i].head, 1);
		for (size_t k = 0; k < t.len; k++)
			lines += t.p[k] == '\n';
		for (int n = 1; n <= kinds[i].max + 5; n++) {
			const char *mark = strchr(kinds[i].line, '%');
			(void)snprintf(line, sizeof line, "%.*s%d%s", (int)(mark - kinds[i].line),
			               kinds[i].line, n, mark + 2);
			add(&t, line, 1);
			if (n == kinds[i].max)
				expect_read(&t);
		}
		expect_limit(&t, lines + (uint32_t)kinds[i].max + 1);
	}
}

static void more_than_64_payload_types_are_refused(void **state)
{
	struct text t = { .p = NULL };
	char pt[16];

	(void)state;
	add(&t, MINIMAL "m=video 9 RTP/AVP", 1);
	for (int i = 0; i < 65; i++) {
		if (i == 64)
			expect_read(&t);
		(void)snprintf(pt, sizeof pt, " %d", i);
		add(&t, pt, 1);
	}
	expect_limit(&t, 5);
	add(&t, MINIMAL "m=x 9 y", 1);
	add(&t, " z", 65);
	expect_limit(&t, 5);
}

static void lists_inside_a_line_have_ceilings_too(void **state)
{
	struct text t = { .p = NULL };

	(void)state;
	add(&t, VIDEO "a=simulcast:send 0", 1);
	add(&t, ";1", TT_SDP_MAX_RIDS - 1);
	expect_read(&t);
	add(&t, ",2", 1);
	expect_limit(&t, 6);
	add(&t, VIDEO "a=fmtp:96 x=", 1);
	add(&t, "x", 5000);
	expect_read(&t);
	add(&t, "\r\na=fmtp:96 y=", 1);
	add(&t, "y", 5000);
	expect_limit(&t, 7);
}

static void what_it_costs_in_memory_has_a_ceiling(void **state)
{
	struct text t = { .p = NULL };
	struct tt_sdp *sdp;

	(void)state;
	add(&t, MINIMAL, 1);
	for (int i = 0; i < 58; i++) {
		add(&t, "m=audio 9 RTP/AVP 0\n", 1);
		add(&t, "a=candidate:1 1 udp 1 192.0.2.1 5 typ host\n", TT_SDP_MAX_CANDIDATES);
	}
	assert_int_equal(tt_sdp_read(&sdp, &env, t.p, t.len, NULL), 0);
	assert_true(env.memory < 12 << 20);
	tt_sdp_free(sdp);
	free(t.p);
}

/* ---- memory that runs out ---- */

struct failing {
	int left; /* allocations that still succeed */
};

static void *failing_realloc(void *ctx, void *p, size_t size)
{
	struct failing *f = ctx;

	if (size == 0) {
		free(p);
		return NULL;
	}
	return f->left-- > 0 ? realloc(p, size) : NULL;
}

static void without_memory_nothing_is_read_and_nothing_is_left(void **state)
{
	struct failing f = { .left = 0 };
	const struct taut_env_config cfg = { .size = sizeof cfg, .realloc = failing_realloc, .ctx = &f };
	struct tt_env poor;
	struct tt_sdp *sdp = NULL;
	size_t len, n;
	char *written, *text = sdp_load(
	        TAUT_SOURCE_DIR "/tests/vectors/browser-sdp/chrome156_av_data_offer.sdp", &len);
	int code = TAUT_E_NOMEM;

	(void)state;
	assert_non_null(text);
	tt_env_init(&poor, &cfg);
	for (int allowed = 0; code == TAUT_E_NOMEM; allowed++) {
		assert_true(allowed < 10000);
		struct tt_sdp_error e = { .buf = "" };
		f.left = allowed;
		code = tt_sdp_read(&sdp, &poor, text, len, &e);
		assert_int_equal(e.err.code, code);
		if (code != 0)
			assert_int_equal(poor.memory, 0);
	}
	assert_int_equal(code, 0);
	const size_t held = poor.memory;
	code = TAUT_E_NOMEM;
	for (int allowed = 0; code == TAUT_E_NOMEM; allowed++) {
		assert_true(allowed < 10000);
		f.left = allowed;
		code = tt_sdp_write(sdp, &poor, &written, &n);
		if (code != 0)
			assert_int_equal(poor.memory, held);
	}
	assert_int_equal(code, 0);
	tt_free(&poor, written);
	tt_sdp_free(sdp);
	assert_int_equal(poor.memory, 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_wrong_is_named_with_its_place),
		cmocka_unit_test(a_nul_byte_is_refused_where_it_stands),
		cmocka_unit_test(what_devices_do_differently_is_forgiven),
		cmocka_unit_test(attributes_nobody_knows_are_kept_in_order),
		cmocka_unit_test(data_channels_of_before_and_after_the_rfc_are_read),
		cmocka_unit_test(the_init_of_sctp_is_held_if_it_is_base64),
		cmocka_unit_test(a_wildcard_of_feedback_holds_for_every_codec),
		cmocka_unit_test(simulcast_tells_streams_from_alternatives),
		cmocka_unit_test(format_parameters_are_found_without_regard_to_case),
		cmocka_unit_test(numbers_are_read_to_their_last_digit_or_refused),
		cmocka_unit_test(a_description_of_a_megabyte_is_refused_unread),
		cmocka_unit_test(a_hundred_thousand_attributes_are_refused_at_the_ceiling),
		cmocka_unit_test(
			a_description_of_259000_lines_costs_no_more_than_the_lines_allowed),
		cmocka_unit_test(parameters_on_many_lines_are_refused_at_the_ceiling),
		cmocka_unit_test(ten_thousand_sections_are_refused_at_the_ceiling),
		cmocka_unit_test(a_line_of_more_than_8_kilobytes_is_refused),
		cmocka_unit_test(each_kind_of_attribute_has_its_ceiling),
		cmocka_unit_test(more_than_64_payload_types_are_refused),
		cmocka_unit_test(lists_inside_a_line_have_ceilings_too),
		cmocka_unit_test(what_it_costs_in_memory_has_a_ceiling),
		cmocka_unit_test(without_memory_nothing_is_read_and_nothing_is_left),
	};

	tt_env_init(&env, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
