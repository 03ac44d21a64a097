/* Descriptions that differ in one thing each: the thing is named, whichever of them is first. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"

static struct tt_env env;

#define HEX "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F"

static const char base[] =
	"v=0\r\no=user 1 2 IN IP4 192.0.2.1\r\ns=name\r\ni=about\r\nu=uri\r\ne=mail\r\np=phone\r\n"
	"c=IN IP4 192.0.2.2\r\nb=AS:10\r\nt=0 0\r\nr=1 2 3\r\nz=1 2\r\n"
	"a=group:BUNDLE a d\r\na=group:LS a d\r\na=msid-semantic:WMS *\r\na=ice-lite\r\n"
	"a=ice-pacing:50\r\n"
	"a=x-session:1\r\n"
	"m=audio 9/2 UDP/TLS/RTP/SAVPF 96 0\r\ni=sound\r\nc=IN IP4 192.0.2.3\r\n"
	"c=IN IP4 192.0.2.4\r\nb=AS:20\r\nb=TIAS:9000\r\na=mid:a\r\na=bundle-only\r\n"
	"a=rtcp-mux\r\na=rtcp-mux-only\r\na=rtcp-rsize\r\na=rtcp:10 IN IP4 192.0.2.5\r\n"
	"a=connection:new\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijkl\r\n"
	"a=ice-options:trickle\r\na=tls-id:one\r\na=fingerprint:md5 " HEX "\r\n"
	"a=setup:active\r\na=sendonly\r\na=extmap:1/sendonly urn:a with=parameters\r\n"
	"a=extmap-allow-mixed\r\na=end-of-candidates\r\na=x-media:2\r\na=x-flag\r\n"
	"a=candidate:1 1 udp 1 192.0.2.6 11 typ host\r\n"
	"a=rtpmap:96 opus/48000/2\r\na=fmtp:96 x=1\r\na=rtcp-fb:96 nack\r\na=rtcp-fb:96 ccm fir\r\n"
	"a=rtcp-fb:* pli\r\na=msid:s t\r\na=msid:s\r\na=ssrc:1 cname:c\r\na=ssrc:1 flag\r\n"
	"a=ssrc-group:FID 1 2\r\na=rid:r send max-width=1\r\na=rid:q recv\r\n"
	"a=simulcast:send r,~q;p\r\n"
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel second\r\na=mid:d\r\na=sctp-port:5000\r\n"
	"a=max-message-size:1\r\na=sctp-init:AAAA\r\n"
	"m=application 9 DTLS/SCTP 5000\r\na=sctpmap:5000 webrtc-datachannel 1024\r\na=mid:x\r\n";

static const struct {
	const char *old, *new, *what;
} edits[] = {
	{ "o=user", "o=else", "origin" },
	{ "user 1 2", "user 3 2", "origin" },
	{ "user 1 2", "user 1 3", "origin" },
	{ "IN IP4 192.0.2.1", "XX IP4 192.0.2.1", "origin" },
	{ "IN IP4 192.0.2.1", "IN IP6 192.0.2.1", "origin" },
	{ "IN IP4 192.0.2.1", "IN IP4 192.0.2.9", "origin" },
	{ "s=name", "s=other", "session name" },
	{ "a=ice-lite\r\n", "", "ice-lite" },
	{ "ice-pacing:50", "ice-pacing:20", "ice-pacing" },
	{ "a=ice-pacing:50\r\n", "", "ice-pacing" },
	{ "WMS *", "WMS", "msid-semantic" },
	{ "a=msid-semantic:WMS *\r\n", "", "msid-semantic" },
	{ "a=group:LS a d\r\n", "", "groups" },
	{ "group:LS a d", "group:FID a d", "groups" },
	{ "group:LS a d", "group:LS a", "groups" },
	{ "group:LS a d", "group:LS a e", "groups" },
	{ "i=about", "i=else", "lines" },
	{ "u=uri\r\n", "", "lines" },
	{ "e=mail\r\n", "e=mail\r\ne=more\r\n", "lines" },
	{ "p=phone", "p=other", "lines" },
	{ "r=1 2 3\r\n", "", "lines" },
	{ "r=1 2 3\r\nz=1 2\r\n", "z=1 2\r\nr=1 2 3\r\n", "lines" },
	{ "r=1 2 3\r\nz=1 2\r\n", "r=1 2\r\nz=1 2\r\n", "lines" },
	{ "192.0.2.2", "192.0.2.9", "connection" },
	{ "AS:10", "AS:11", "bandwidths" },
	{ "a=x-session:1", "a=x-session:2", "attributes" },
	{ "m=application 9 DTLS/SCTP 5000\r\na=sctpmap:5000 webrtc-datachannel 1024\r\na=mid:x\r\n", "",
	  "number of sections" },
	{ "m=audio", "m=video", "kind" },
	{ "9/2", "8/2", "port" },
	{ "9/2", "9/3", "port" },
	{ "9/2", "9", "port" },
	{ "UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "proto" },
	{ "webrtc-datachannel second", "webrtc-datachannel third", "formats" },
	{ "webrtc-datachannel second", "webrtc-datachannel", "formats" },
	{ "a=mid:x\r\n", "", "mid" },
	{ "a=mid:x", "a=mid:y", "mid" },
	{ "a=bundle-only\r\n", "", "bundle-only" },
	{ "a=rtcp-mux\r\n", "", "rtcp-mux" },
	{ "a=rtcp-mux-only\r\n", "", "rtcp-mux" },
	{ "a=rtcp-rsize\r\n", "", "rtcp-rsize" },
	{ "a=rtcp:10 IN IP4 192.0.2.5\r\n", "", "rtcp" },
	{ "rtcp:10 ", "rtcp:11 ", "rtcp" },
	{ "rtcp:10 IN", "rtcp:10 XX", "rtcp" },
	{ "192.0.2.5", "192.0.2.9", "rtcp" },
	{ "a=connection:new", "a=connection:existing", "a=connection" },
	{ "typ host", "typ relay", "candidates" },
	{ "a=candidate:1 1 udp 1 192.0.2.6 11 typ host\r\n", "", "candidates" },
	{ "UDP/TLS/RTP/SAVPF 96 0", "UDP/TLS/RTP/SAVPF 96 8", "codecs" },
	{ "UDP/TLS/RTP/SAVPF 96 0", "UDP/TLS/RTP/SAVPF 96", "codecs" },
	{ "opus/48000/2", "opuS/48000/2", "codecs" },
	{ "opus/48000/2", "opus/48001/2", "codecs" },
	{ "opus/48000/2", "opus/48000", "codecs" },
	{ "a=rtpmap:96 opus/48000/2\r\n", "a=rtpmap:96 opus/48000/2\r\na=rtpmap:0 PCMU/8000/1\r\n",
	  "codecs" },
	{ "a=fmtp:96 x=1", "a=fmtp:96 x=2", "codecs" },
	{ "a=fmtp:96 x=1\r\n", "", "codecs" },
	{ "ccm fir", "ccm pli", "codecs" },
	{ "a=rtcp-fb:96 ccm fir\r\n", "", "codecs" },
	{ "rtcp-fb:* pli", "rtcp-fb:* sli", "rtcp-fb:*" },
	{ "a=rtcp-fb:* pli\r\n", "", "rtcp-fb:*" },
	{ "a=msid:s t\r\n", "a=msid:s u\r\n", "msids" },
	{ "a=msid:s t\r\n", "a=msid:r t\r\n", "msids" },
	{ "a=msid:s\r\n", "a=msid:s u\r\n", "msids" },
	{ "a=msid:s\r\n", "", "msids" },
	{ "ssrc:1 cname:c", "ssrc:2 cname:c", "ssrcs" },
	{ "ssrc:1 cname:c", "ssrc:1 cnam:c", "ssrcs" },
	{ "ssrc:1 cname:c", "ssrc:1 cname:d", "ssrcs" },
	{ "ssrc:1 flag", "ssrc:1 flag:", "ssrcs" },
	{ "a=ssrc:1 flag\r\n", "", "ssrcs" },
	{ "FID 1 2", "SIM 1 2", "ssrc-groups" },
	{ "FID 1 2", "FID 1 3", "ssrc-groups" },
	{ "FID 1 2", "FID 1", "ssrc-groups" },
	{ "a=ssrc-group:FID 1 2\r\n", "", "ssrc-groups" },
	{ "rid:r send", "rid:s send", "rids" },
	{ "rid:q recv", "rid:q send", "rids" },
	{ "max-width=1", "max-width=2", "rids" },
	{ "a=rid:q recv\r\n", "", "rids" },
	{ "send r,~q;p", "send s,~q;p", "simulcast" },
	{ "send r,~q;p", "recv r,~q;p", "simulcast" },
	{ "send r,~q;p", "send r,q;p", "simulcast" },
	{ "send r,~q;p", "send r;~q;p", "simulcast" },
	{ "send r,~q;p", "send r,~q", "simulcast" },
	{ "sctp-port:5000", "sctp-port:5001", "sctp-port" },
	{ "a=sctp-port:5000", "a=x-none", "sctp-port" },
	{ "a=sctp-port:5000", "a=sctp-port:0", "sctp-port" },
	{ "max-message-size:1", "max-message-size:2", "max-message-size" },
	{ "a=max-message-size:1\r\n", "", "max-message-size" },
	{ "a=max-message-size:1", "a=max-message-size:0", "max-message-size" },
	{ "a=sctp-init:AAAA", "a=sctp-init:AAAB", "sctp-init" },
	{ "a=sctp-init:AAAA\r\n", "", "sctp-init" },
	{ "webrtc-datachannel 1024", "webrtc-datachannel 1025", "sctpmap" },
	{ "i=sound", "i=else", "lines" },
	{ "c=IN IP4 192.0.2.4\r\n", "", "lines" },
	{ "c=IN IP4 192.0.2.3", "c=IN IP4 192.0.2.9", "connection" },
	{ "b=TIAS:9000\r\n", "", "bandwidths" },
	{ "TIAS:9000", "TIAS:9001", "bandwidths" },
	{ "TIAS:9000", "CT:9000", "bandwidths" },
	{ "ice-ufrag:abcd", "ice-ufrag:abce", "ice-ufrag" },
	{ "a=ice-ufrag:abcd\r\n", "", "ice-ufrag" },
	{ "fghijkl", "fghijkm", "ice-pwd" },
	{ "options:trickle", "options:ice2", "ice-options" },
	{ "tls-id:one", "tls-id:two", "tls-id" },
	{ "fingerprint:md5", "fingerprint:md2", "fingerprints" },
	{ "0E:0F\r\n", "0E:1F\r\n", "fingerprints" },
	{ "fingerprint:md5 " HEX, "fingerprint:md7 " HEX, "fingerprints" },
	{ "a=fingerprint:md5 " HEX "\r\n", "", "fingerprints" },
	{ "setup:active", "setup:passive", "setup" },
	{ "a=sendonly", "a=recvonly", "direction" },
	{ "extmap:1/sendonly", "extmap:2/sendonly", "extmaps" },
	{ "extmap:1/sendonly", "extmap:1", "extmaps" },
	{ "urn:a with", "urn:b with", "extmaps" },
	{ "with=parameters", "with=others", "extmaps" },
	{ "a=extmap:1/sendonly urn:a with=parameters\r\n", "", "extmaps" },
	{ "a=extmap-allow-mixed\r\n", "", "extmap-allow-mixed" },
	{ "a=end-of-candidates\r\n", "", "end-of-candidates" },
	{ "x-media:2", "x-medium:2", "attributes" },
	{ "x-media:2", "x-media:3", "attributes" },
	{ "x-media:2", "x-media", "attributes" },
	{ "a=x-flag\r\n", "", "attributes" },
};

static struct tt_sdp *read_or_fail(const char *text)
{
	struct tt_sdp *sdp;
	struct tt_sdp_error err;

	if (tt_sdp_read(&sdp, &env, text, strlen(text), &err) != 0)
		fail_msg("line %u: %s, found %s\n%s", (unsigned)err.err.line, err.err.message,
			 err.err.found, text);
	return sdp;
}

static void each_difference_is_named_from_both_sides(void **state)
{
	(void)state;
	struct tt_sdp *a = read_or_fail(base);
	const char *what;

	assert_true(tt_sdp_equal(a, a, &what));
	assert_null(what);
	for (size_t i = 0; i < TT_COUNT(edits); i++) {
		static char text[2 * sizeof base];
		const char *at = strstr(base, edits[i].old);

		assert_non_null(at);
		(void)snprintf(text, sizeof text, "%.*s%s%s", (int)(at - base), base, edits[i].new,
			       at + strlen(edits[i].old));
		struct tt_sdp *b = read_or_fail(text);
		assert_false(tt_sdp_equal(a, b, NULL));
		(void)tt_sdp_equal(a, b, &what);
		if (!what || strcmp(what, edits[i].what) != 0)
			fail_msg("%s: %s", edits[i].new, what ? what : "no difference");
		assert_false(tt_sdp_equal(b, a, &what));
		assert_string_equal(what, edits[i].what);
		tt_sdp_free(b);
	}
	tt_sdp_free(a);
}

/* What the reader never makes, a builder can: fields that belong together, and do not agree. */
static void fields_that_texts_set_together_count_one_by_one(void **state)
{
	struct tt_sdp *a = read_or_fail(base), *b = read_or_fail(base);
	const char *what;

	(void)state;
#define CHANGED(field, value, name)                                   \
	do {                                                          \
		struct tt_sdp_media was = *b->media[0];               \
		b->media[0]->field = (value);                         \
		assert_false(tt_sdp_equal(a, b, &what));              \
		assert_string_equal(what, name);                      \
		assert_false(tt_sdp_equal(b, a, &what));              \
		*b->media[0] = was;                                   \
		assert_true(tt_sdp_equal(a, b, &what));               \
	} while (0)
	CHANGED(kind, TT_SDP_VIDEO, "kind");
	CHANGED(kind_text, "video", "kind");
	CHANGED(proto, TT_SDP_RTP_AVP, "proto");
	CHANGED(proto_text, "RTP/AVP", "proto");
	CHANGED(has_sctp_port, true, "sctp-port");
	CHANGED(has_max_message_size, true, "max-message-size");
	CHANGED(has_rtcp, false, "rtcp");
	CHANGED(common.connection.nettype, NULL, "connection");
	CHANGED(common.connection.addrtype, "IP6", "connection");
	CHANGED(mid, NULL, "mid");
	b->media[0]->codecs[1].is_static = false;
	assert_false(tt_sdp_equal(a, b, &what));
	assert_string_equal(what, "codecs");
	b->media[0]->codecs[1].is_static = true;
	b->media[0]->common.fingerprints[0].len--;
	assert_false(tt_sdp_equal(a, b, &what));
	assert_string_equal(what, "fingerprints");
	b->media[0]->common.fingerprints[0].len++;
	tt_sdp_free(a);
	tt_sdp_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_difference_is_named_from_both_sides),
		cmocka_unit_test(fields_that_texts_set_together_count_one_by_one),
	};

	tt_env_init(&env, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
