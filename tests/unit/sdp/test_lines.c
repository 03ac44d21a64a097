/* Single lines, taken or refused: each in its section, out of a buffer of exactly its size. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"

#define HEX16 "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F"
#define HEX64 HEX16 ":" HEX16 ":" HEX16 ":" HEX16
#define AUDIO "m=audio 9 RTP/AVP 96\r\n"
#define DATA  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
#define OLD   "m=application 9 DTLS/SCTP 5000\r\n"
#define PWD   "0123456789abcdefghijkl"
#define X64   "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static struct tt_env env;

static int code_of(const char *text)
{
	struct tt_sdp_error err;

	return sdp_round_trip(&env, text, strlen(text), &err);
}

static void a_line_is_taken_or_refused(void **state)
{
	static const struct {
		const char *lines;
		int code;
	} rows[] = {
		{ "v=0 x\r\n", TAUT_E_SYNTAX },
		{ "v=0\r\nv=0\r\no=- 1 2 IN IP4 0.0.0.0\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "t=0 0 x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "t=0 x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "b=\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "b=:1\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "b=AS:1 x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "b=AS:1\r\n", 0 },
		{ "v=0\r\ns=-\r\n" AUDIO "o=- 1 2 IN IP4 0.0.0.0\r\n", TAUT_E_SYNTAX },
		{ "v=0\r\ns=-\r\no=- 1 2 IN IP4 0.0.0.0\r\n" AUDIO, 0 },
		{ MINIMAL AUDIO "a=mid:a\r\na=mid:a\r\n", 0 },
		{ MINIMAL AUDIO "a=mid:a\r\na=mid:b\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=mid:a b\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=mid:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=mid:0123456789abcdef\r\n", 0 },
		{ MINIMAL AUDIO "a=mid:0123456789abcdefg\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=mid:a\r\n" DATA "a=mid:a\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO DATA "a=mid:a\r\n", 0 },
		{ MINIMAL "a=ice-pacing:0\r\n", 0 },
		{ MINIMAL "a=ice-pacing:9999999999\r\n", 0 },
		{ MINIMAL "a=ice-pacing:10000000000\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-pacing:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-pacing\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-pacing:-1\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-pacing:5 x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-pacing:50\r\na=ice-pacing:50\r\n", 0 },
		{ MINIMAL "a=ice-pacing:50\r\na=ice-pacing:20\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=ice-pacing:x\r\n", 0 }, /* of no section: kept as it is */
		{ MINIMAL "a=ice-ufrag:a\r\n", 0 },        /* who applies it refuses it */
		{ MINIMAL "a=ice-ufrag:abcd\r\n", 0 },
		{ MINIMAL "a=ice-ufrag:abcd x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-ufrag:ab:cd\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-ufrag:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-ufrag:abcd\r\na=ice-ufrag:abcd\r\n", 0 },
		{ MINIMAL "a=ice-ufrag:abcd\r\na=ice-ufrag:abce\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-ufrag:" X64 X64 X64 X64 "\r\n", 0 },
		{ MINIMAL "a=ice-ufrag:" X64 X64 X64 X64 "x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-pwd:0\r\n", 0 },
		{ MINIMAL "a=ice-pwd:0:1\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-pwd:" X64 X64 X64 X64 "\r\n", 0 },
		{ MINIMAL "a=ice-pwd:" X64 X64 X64 X64 "x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-pwd:" PWD "\r\n", 0 },
		{ MINIMAL "a=tls-id:one\r\na=tls-id:one\r\n", 0 },
		{ MINIMAL "a=tls-id:one\r\na=tls-id:two\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=tls-id:one two\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=tls-id:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=ice-options:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x " HEX64 "\r\n", 0 },
		{ MINIMAL "a=fingerprint:x " HEX64 ":00\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x " HEX16 ":0\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x " HEX16 ":\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x 0G\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x G0\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x 00;00\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x aF\r\n", 0 },
		{ MINIMAL "a=fingerprint:x `f\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x @F\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x /0\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x :0\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x g0\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x 00 x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:0123456789abcde 00\r\n", 0 },
		{ MINIMAL "a=fingerprint:0123456789abcdef 00\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:SHA-256 00\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=fingerprint:SHA-256 " HEX16 ":" HEX16 "\r\n", 0 },
		{ MINIMAL "a=fingerprint:SHA-256 " HEX16 ":" HEX16 ":00\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=setup:active\r\na=setup:active\r\n", 0 },
		{ MINIMAL "a=setup:active\r\na=setup:passive\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=setup:none\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=setup:active x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=connection:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=connection:old\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=connection:new\r\n", 0 },
		{ MINIMAL AUDIO "a=connection:existing\r\n", 0 },
		{ MINIMAL AUDIO "a=sendonly\r\na=recvonly\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=sendonly\r\na=sendonly\r\n", 0 },
		{ MINIMAL DATA "a=sctpmap:\r\n", 0 }, /* of no meaning there, and kept */
		{ MINIMAL OLD "a=sctpmap:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL OLD "a=sctpmap:5000 x 1\r\na=sctpmap:5000 x 1\r\n", 0 },
		{ MINIMAL OLD "a=sctpmap:5000 x 1\r\na=sctpmap:5000 x 2\r\n", TAUT_E_SYNTAX },
		{ MINIMAL DATA "a=sctp-init:AAAA\r\na=sctp-init: AAAA\r\n", 0 },
		{ MINIMAL DATA "a=sctp-init:AAAA\r\na=sctp-init:AAA=\r\n", TAUT_E_SYNTAX },
		{ MINIMAL DATA "a=sctp-port:65535\r\n", 0 },
		{ MINIMAL DATA "a=sctp-port:65536\r\n", TAUT_E_SYNTAX },
		{ MINIMAL DATA "a=sctp-port:1 x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL DATA "a=max-message-size:x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL DATA "a=max-message-size:1 x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtcp:x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtcp:9\r\n", 0 },
		{ MINIMAL AUDIO "a=rtcp:9 IN\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtpmap:96 opus/48000/2\r\na=rtpmap:96 OPUS/48000/2\r\n", 0 },
		{ MINIMAL AUDIO "a=rtpmap:96 opus/48000/2\r\na=rtpmap:96 opux/48000/2\r\n",
		  TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtpmap:96 opus/48000/2\r\na=rtpmap:96 opus/48001/2\r\n",
		  TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtpmap:96 opus/48000/2\r\na=rtpmap:96 opus/48000/1\r\n",
		  TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtpmap:96 opus/48000/255\r\n", 0 },
		{ MINIMAL AUDIO "a=rtpmap:96 opus/48000/256\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtpmap:96 opus/48000/0\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtpmap:96 opus/48000/2 x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL DATA "a=rtpmap:96 opus/48000/2\r\n", 0 },
		{ MINIMAL DATA "a=rtcp-fb:* nack\r\na=rtcp-fb:96 nack\r\na=fmtp:96 x\r\n", 0 },
		{ MINIMAL AUDIO "a=rtcp-fb:*\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rtcp-fb:97 nack\r\na=fmtp:97 x\r\na=rtpmap:97 a/1\r\n", 0 },
		{ MINIMAL AUDIO "a=fmtp:96 a=1\r\na=fmtp:96 a=1\r\n", 0 },
		{ MINIMAL AUDIO "a=fmtp:96 a=1\r\na=fmtp:96 b=1\r\na=fmtp:96 b=1\r\n", 0 },
		{ MINIMAL AUDIO "a=fmtp:96\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO
		  "a=msid:s\r\na=msid:s\r\na=msid:s t\r\na=msid:s t\r\na=msid:r t\r\n",
		  0 },
		{ MINIMAL AUDIO "a=msid:s t x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=msid:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=ssrc:4294967295 a\r\n", 0 },
		{ MINIMAL AUDIO "a=ssrc:4294967296 a\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=ssrc:1\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=ssrc:1 a b\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=ssrc-group:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=ssrc-group:FID x\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rid:0123456789abcdef send\r\n", 0 },
		{ MINIMAL AUDIO "a=rid:0123456789abcdefg send\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rid:1\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rid:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rid:1 sendrecv\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=rid:1 send\r\na=rid:1 recv\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=simulcast:send 1 recv 2\r\n", 0 },
		{ MINIMAL AUDIO "a=simulcast:send 1 send 2\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=simulcast:send\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=simulcast:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=simulcast:send 1\r\na=simulcast:send 1\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=extmap:255 u\r\na=extmap:4096 v\r\na=extmap:4351 w\r\n", 0 },
		{ MINIMAL AUDIO "a=extmap:256 u\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=extmap:4095 u\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=extmap:4352 u\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=extmap:1/ u\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=extmap:1/both u\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=extmap:1/sendonly\r\n", TAUT_E_SYNTAX },
		{ MINIMAL AUDIO "a=extmap:1 u\r\na=extmap:1 v\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=group:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=group:BUNDLE\r\n", 0 },
		{ MINIMAL "a=group:BUNDLE a\r\n" AUDIO "a=mid:b\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=group:BUNDLE a a\r\n" AUDIO "a=mid:a\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "a=group:BUNDLE a\r\na=group:BUNDLE a\r\n" AUDIO "a=mid:a\r\n",
		  TAUT_E_SYNTAX },
		{ MINIMAL "m=audio 9/1 RTP/AVP 0\r\n", 0 },
		{ MINIMAL "m=audio 9/65536 RTP/AVP 0\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "m=audio 9\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "i=a\rb\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "i\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "i:\r\n", TAUT_E_SYNTAX },
		{ MINIMAL "i=\n\n\ni=x", 0 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (code_of(rows[i].lines) != rows[i].code)
			fail_msg("not %d: %s", rows[i].code, rows[i].lines);
}

static void a_group_has_at_most_128_members(void **state)
{
	char text[1024] = MINIMAL "a=group:LS";
	size_t n = strlen(text);

	(void)state;
	for (int i = 0; i < 129; i++) {
		memcpy(text + n, " x", 3);
		n += 2;
		assert_int_equal(code_of(text), i < 128 ? 0 : TAUT_E_LIMIT);
	}
}

static int candidate(struct tt_sdp_candidate *c, const char *line)
{
	const size_t len = strlen(line);
	char *exact = malloc(len);

	memcpy(exact, line, len);
	const int code = tt_sdp_candidate_read(c, exact, len, NULL);
	free(exact);
	return code;
}

static void a_host_name_has_letters_digits_dots_dashes_and_underscores(void **state)
{
	struct tt_sdp_candidate c;

	(void)state;
	for (int ch = 33; ch < 256; ch++) {
		char line[80];
		const bool good = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
				  (ch >= '0' && ch <= '9') || strchr(".-_", ch);

		(void)snprintf(line, sizeof line, "candidate:1 1 udp 1 x%cy 9 typ host", ch);
		assert_int_equal(candidate(&c, line), good ? 0 : TAUT_E_SYNTAX);
	}
	assert_int_equal(candidate(&c, "candidate:1 1 udp 1 .local 9 typ host"), 0);
	assert_false(c.is_local_name);
	assert_int_equal(candidate(&c, "candidate:1 1 udp 1 a.LOCAL 9 typ host"), 0);
	assert_true(c.is_local_name);
	for (int ch = 1; ch < 32; ch++) {
		char line[80];

		(void)snprintf(line, sizeof line, "candidate:1%c1 udp 1 192.0.2.1 9 typ host", ch);
		assert_int_equal(candidate(&c, line), ch == '\t' ? 0 : TAUT_E_SYNTAX);
	}
}

static void parts_of_a_candidate_have_their_length(void **state)
{
#define REST " 9 typ host"
	static const struct {
		const char *before, *after;
		size_t max;
	} rows[] = {
		{ "candidate:", " 1 udp 1 192.0.2.1" REST, 32 },
		{ "candidate:1 1 ", " 1 192.0.2.1" REST, 11 },
		{ "candidate:1 1 udp 1 ", REST, 127 },
		{ "candidate:1 1 udp 1 192.0.2.1 9 typ ", "", 15 },
		{ "candidate:1 1 udp 1 192.0.2.1" REST " raddr ", " rport 9", 63 },
		{ "candidate:1 1 udp 1 192.0.2.1" REST " ufrag ", "", 256 },
	};
	struct tt_sdp_candidate c;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		for (size_t n = rows[i].max; n <= rows[i].max + 1; n++) {
			char word[300], line[400];

			memset(word, 'w', n);
			word[n] = '\0';
			(void)snprintf(line, sizeof line, "%s%s%s", rows[i].before, word,
				       rows[i].after);
			assert_int_equal(candidate(&c, line), n == rows[i].max ? 0 : TAUT_E_SYNTAX);
		}
	assert_int_equal(candidate(&c, "candidate:1 1 udp 1 192.0.2.1" REST " x"), TAUT_E_SYNTAX);
	assert_int_equal(candidate(&c, "candidate:1 1 udp 1 192.0.2.1 9 type host"), TAUT_E_SYNTAX);
	assert_int_equal(candidate(&c, "candidate:1 1 udp 1 192.0.2.1" REST " generation x"), 0);
	assert_string_equal(c.extensions, "generation x");
	assert_int_equal(candidate(&c, "candidate:1 1 udp 1 192.0.2.1" REST " tcptype no"), 0);
	assert_string_equal(c.extensions, "tcptype no");
}

static void a_candidate_is_written_into_what_is_large_enough(void **state)
{
	const struct taut_addr addr = { .family = 4, .ip = { 192, 0, 2, 1 }, .port = 9 };
	static const struct {
		enum tt_sdp_transport transport;
		enum tt_sdp_candidate_type type;
		const char *want;
	} rows[] = {
		{ TT_SDP_UDP, TT_SDP_HOST, "candidate:1 1 udp 0 192.0.2.1 9 typ host" },
		{ TT_SDP_TCP, TT_SDP_RELAY, "candidate:1 1 tcp 0 192.0.2.1 9 typ relay" },
		{ TT_SDP_UDP, TT_SDP_TYPE_OTHER, "candidate:1 1 udp 0 192.0.2.1 9 typ host" },
	};
	struct tt_sdp_candidate c;
	char buf[100];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		tt_sdp_candidate_init(&c, rows[i].transport, rows[i].type, &addr);
		c.tcptype = i == 0 ? 0 : 200; /* of no name, so not written */
		const size_t len = strlen(rows[i].want);
		assert_int_equal(tt_sdp_candidate_write(&c, buf, sizeof buf), len);
		assert_string_equal(buf, rows[i].want);
		for (size_t cap = 1; cap <= len + 1; cap++)
			assert_int_equal(tt_sdp_candidate_write(&c, buf, cap), cap > len ? len : 0);
	}
	c.tcptype = TT_SDP_TCP_SO;
	c.has_generation = true;
	(void)snprintf(c.raddr, sizeof c.raddr, "a");
	(void)snprintf(c.ufrag, sizeof c.ufrag, "u");
	(void)snprintf(c.extensions, sizeof c.extensions, "x y");
	static const char all[] =
		"candidate:1 1 udp 0 192.0.2.1 9 typ host raddr a rport 0 tcptype so "
		"generation 0 ufrag u x y";
	for (size_t cap = 1; cap <= sizeof all; cap++) {
		char exact[200];

		assert_int_equal(tt_sdp_candidate_write(&c, exact, cap),
				 cap == sizeof all ? sizeof all - 1 : 0);
	}
}

struct page {
	char text[8192];
	size_t len;
};

static void hear(void *ctx, const char *text, size_t len)
{
	struct page *p = ctx;

	assert_true(p->len + len < sizeof p->text);
	memcpy(p->text + p->len, text, len);
	p->text[p->len += len] = '\0';
}

static void an_explanation_says_each_thing_that_is_there(void **state)
{
	static const struct {
		const char *lines, *said;
	} rows[] = {
		{ "a=ice-ufrag:abcd\r\n", "ufrag abcd, password of 0 characters" },
		{ "a=ice-pwd:" PWD "\r\n", "ufrag none, password of 22 characters" },
		{ "b=AS:7\r\n", "bandwidth AS 7" },
		{ "a=group:LS a b\r\n", "group LS: a b\n" },
		{ "a=ice-lite\r\n", "ICE lite" },
		{ "a=ice-pacing:20\r\n", "ICE checks: one each 20 ms at most" },
		{ "a=extmap-allow-mixed\r\n", "may be mixed" },
		{ "k=secret\r\n", "left out: keys do not belong here" },
		{ "m=audio 9 RTP/AVP 96\r\n", "96 (not said)\n" },
		{ "m=audio 9 RTP/AVP 0\r\n", "0 PCMU 8000/1\n" },
		{ "m=audio 9 RTP/AVP 0\r\n", "RTCP on a port of its own\n" },
		{ "m=audio 9 RTP/AVP 0\r\na=rtcp-mux\r\n", "RTCP on the port of RTP\n" },
		{ "m=audio 9 RTP/AVP 0\r\na=rtcp-mux-only\r\na=rtcp-rsize\r\n",
		  "RTCP on the port of RTP, reduced size" },
		{ "m=audio 0 RTP/AVP 0\r\n", ", rejected or stopped\n" },
		{ "m=audio 0 RTP/AVP 0\r\na=bundle-only\r\n", ", only if bundled\n" },
		{ "m=audio 9 RTP/AVP 0\r\n" DATA, ", 2 sections\n" },
		{ "m=audio 9 RTP/AVP 0\r\n", ", 1 section\n" },
		{ "m=text 9 other 7 8\r\n", "format 7\n    format 8\n" },
		{ "m=audio 9 RTP/AVP 0\r\na=rtcp-fb:0 a\r\na=rtcp-fb:0 b\r\n", "feedback: a, b\n" },
		{ "m=audio 9 RTP/AVP 0\r\na=rid:1 recv\r\n", "rid 1, recv \n" },
		{ "m=audio 9 RTP/AVP 0\r\na=simulcast:recv ~1\r\n",
		  "simulcast recv stream 1: rid 1, paused" },
		{ "m=audio 9 RTP/AVP 0\r\na=end-of-candidates\r\n", "no more candidates" },
		{ "m=audio 9 RTP/AVP 0\r\na=candidate:1 1 udp 1 a.local 9 typ host\r\n",
		  "a name of multicast DNS" },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct page p = { .len = 0 };
		struct tt_sdp *sdp;
		char text[1024];

		(void)snprintf(text, sizeof text, MINIMAL "%s", rows[i].lines);
		assert_int_equal(tt_sdp_read(&sdp, &env, text, strlen(text), NULL), 0);
		tt_sdp_summary(sdp, hear, &p);
		if (!strstr(p.text, rows[i].said))
			fail_msg("\"%s\" is not in\n%s", rows[i].said, p.text);
		tt_sdp_free(sdp);
	}
}

static void what_has_no_form_is_not_written_and_the_first_mistake_is_told(void **state)
{
	struct tt_sdp *sdp = sdp_made(&env);
	char *text;
	size_t len;

	(void)state;
	struct tt_sdp_media *m = tt_sdp_add_media(sdp, TT_SDP_AUDIO, 0, TT_SDP_RTP_AVP);
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), 0);
	assert_non_null(strstr(text, "m=audio 0 RTP/AVP 0\r\n")); /* it has lost all of its own */
	tt_free(&env, text);
	m->kind_text = NULL;
	m->proto_text = NULL; /* a second one after the first */
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	m->kind_text = "audio";
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	m->proto_text = "RTP/AVP";
	(void)tt_sdp_add_media(sdp, TT_SDP_APPLICATION, 9, TT_SDP_UDP_DTLS_SCTP);
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL); /* without a format */
	tt_sdp_free(sdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_is_taken_or_refused),
		cmocka_unit_test(a_group_has_at_most_128_members),
		cmocka_unit_test(a_host_name_has_letters_digits_dots_dashes_and_underscores),
		cmocka_unit_test(parts_of_a_candidate_have_their_length),
		cmocka_unit_test(a_candidate_is_written_into_what_is_large_enough),
		cmocka_unit_test(an_explanation_says_each_thing_that_is_there),
		cmocka_unit_test(what_has_no_form_is_not_written_and_the_first_mistake_is_told),
	};

	tt_env_init(&env, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
