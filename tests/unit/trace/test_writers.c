/* What the sinks write: exact lines for known packets, and lines for whatever else comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <jansson.h>

#include "base/env.h"
#include "base/num.h"
#include "taut/trace.h"

struct paper {
	char text[4096];
	size_t len;
};

static void write_down(void *ctx, const char *text, size_t len)
{
	struct paper *p = ctx;

	assert_true(len > 0 && text[len - 1] == '\n' && !memchr(text, '\n', len - 1));
	p->len = 0; /* the last line alone */
	assert_true(len < sizeof p->text);
	memcpy(p->text, text, len - 1);
	p->text[len - 1] = '\0';
	p->len = len;
}

struct scene {
	struct paper paper;
	struct taut_trace_sink *sink;
	struct tt_env env;
};

static void scene_init(struct scene *s, bool json)
{
	memset(s, 0, sizeof *s);
	assert_int_equal(json ? taut_trace_json_new(&s->sink, write_down, &s->paper)
			      : taut_trace_text_new(&s->sink, write_down, &s->paper),
			 TAUT_OK);
	tt_env_init(&s->env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							.trace = s->sink });
}

static size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; text[0] && text[1]; text += 2)
		out[n++] = (uint8_t)strtoul((const char[]){ text[0], text[1], 0 }, NULL, 16);
	return n;
}

static const struct {
	uint32_t layer;
	const char *hex, *words;
} packets[] = {
	{ TAUT_LAYER_STUN, /* RFC 5769 section 2.1 */
	  "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e7400240004"
	  "6e0001ff"
	  "80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5"
	  "b2d3f249"
	  "c1b571a280280004e57a3bcf",
	  "Binding request SOFTWARE PRIORITY=1845494271 ICE-CONTROLLED USERNAME=evtj:h6vY "
	  "MESSAGE-INTEGRITY "
	  "FINGERPRINT" },
	{ TAUT_LAYER_STUN, /* section 2.2 */
	  "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147"
	  "e112a643"
	  "000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96",
	  "Binding success SOFTWARE XOR-MAPPED-ADDRESS=192.0.2.1:32853 MESSAGE-INTEGRITY "
	  "FINGERPRINT" },
	{ TAUT_LAYER_STUN, /* section 2.3 */
	  "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a147"
	  "0113a9fa"
	  "a5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4"
	  "c",
	  "Binding success SOFTWARE "
	  "XOR-MAPPED-ADDRESS=[2001:db8:1234:5678:11:2233:4455:6677]:32853 "
	  "MESSAGE-INTEGRITY FINGERPRINT" },
	{ TAUT_LAYER_STUN, "0111000c2112a442b7e7a701bc34d686fa87dfae0009000800000457526f6c65",
	  "Binding error ERROR-CODE=487" },
	{ TAUT_LAYER_SCTP, /* RFC 8832 section 5.1, unordered, in two parts */
	  "138813880fc0f8a13f30fe9c" "0006001e" "00000001" "0001" "0000" "00000032"
	  "03800000000000000002000068690000",
	  "DATA tsn=1 stream=1 message 0 unordered, first part: DCEP OPEN \"hi\", 14 octets" },
	{ TAUT_LAYER_SCTP, "138813880fc0f8a13f30fe9c000300149a0f13fd000100010000003370696e67",
	  "DATA tsn=2584679421 stream=1 message 1 whole: text, 4 octets" },
	{ TAUT_LAYER_SCTP, "138813883df2428dca7547bd0a00000c3132333435363738", "COOKIE-ECHO" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a13f30fe9c03000010000000050000ffff00000000"
	  "000300111234567800020003000000320300"
	  "000000",
	  "SACK up to 5 a_rwnd=65535, DATA tsn=305419896 stream=2 message 3 whole: DCEP OPEN, "
	  "1 octets (cut off)" },
	{ TAUT_LAYER_SCTP, "13881388000000008f0ad3e000000003", "(cut off)" },
	{ TAUT_LAYER_SCTP, /* RFC 8260 section 2.1: a first part, and the third of an unordered message */
	  "138813880fc0f8a100000000" "40020019" "00000001" "0002" "0000" "00010000" "00000033"
	  "6869212121000000" "40040016" "00000002" "0002" "ffff" "00000007" "00000002" "68690000",
	  "I-DATA tsn=1 stream=2 message 65536 first part: text, 5 octets, I-DATA tsn=2 stream=2 message 7 "
	  "unordered, middle part: fragment 2, 2 octets" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "c2000018" "00000009" "0001" "0000" "00010000" "0002" "ffff" "00000004"
	  "c000000c" "0000000a" "0003" "0005",
	  "I-FORWARD-TSN to 9 stream=1 message 65536 stream=2 unordered message 4, FORWARD-TSN to 10 stream=3 "
	  "message 5" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "c000002c" "0000000a" "00010001" "00020001" "00030001" "00040001"
	  "00050001" "00060001" "00070001" "00080001" "00090001",
	  "FORWARD-TSN to 10 stream=1 message 1 stream=2 message 1 stream=3 message 1 stream=4 message 1 "
	  "stream=5 message 1 stream=6 message 1 stream=7 message 1 stream=8 message 1 ..." },
	{ TAUT_LAYER_SCTP,
	  "1388138800000000ffffffff" "01000034" "deadbeef" "00010000" "0400" "0400" "0000000b" "c0000004"
	  "80080009" "82c040c2" "7f000000" "80010008" "00000001" "000c0004" "00070003",
	  "INIT a_rwnd=65536 streams=1024/1024 tsn=11 RE-CONFIG FORWARD-TSN I-DATA I-FORWARD-TSN chunk 127 "
	  "zero-checksum" },
	{ TAUT_LAYER_RTP, "80e0012a0000bb80deadbeef0102030405",
	  "payload type 96 seq=298 timestamp=48000 ssrc=3735928559 marker payload=5" },
	{ TAUT_LAYER_RTCP,
	  "80c9000112345678"
	  "81ce000212345678deadbeef"
	  "81cd000312345678deadbeef00290003",
	  "RR from 305419896, PLI from 305419896 about 3735928559, "
	  "NACK from 305419896 about 3735928559 41 42 43" },
	{ TAUT_LAYER_RTCP, /* RFC 3550 section 6.4.2 */
	  "81c9000700000001000000024000000300000004000000050000000600000007",
	  "RR from 1 (of 2: lost 3 in all, 64 of 256 lately)" },
	{ TAUT_LAYER_RTCP, "afcd0005fa17fa1743032fa0009900013de8021720019401",
	  "TWCC from 4195875351 about 1124282272" },
	{ TAUT_LAYER_DTLS,
	  "15fefd0000000000000001000202"
	  "28",
	  "Alert fatal, number 40" },
	{ TAUT_LAYER_DTLS,
	  "16feff0000000000000000000e"
	  "01000585000000000000000200ff"
	  "16fefd000100000000000500040102"
	  "0304",
	  "Handshake ClientHello[0..2 of 1413], Handshake encrypted (epoch 1, 5, 4 octets)" },
	{ TAUT_LAYER_STUN, /* the shortest attribute, the last one's padding, and what ends early */
	  "000100042112a442b7e7a701bc34d686fa87dfae" "00250000", "Binding request USE-CANDIDATE" },
	{ TAUT_LAYER_STUN,
	  "000100072112a442b7e7a701bc34d686fa87dfae" "00240003010203", "Binding request PRIORITY" },
	{ TAUT_LAYER_STUN,
	  "000100082112a442b7e7a701bc34d686fa87dfae" "0024000301020300",
	  "Binding request PRIORITY" },
	{ TAUT_LAYER_STUN,
	  "000100092112a442b7e7a701bc34d686fa87dfae" "002400050102030405",
	  "Binding request PRIORITY" },
	{ TAUT_LAYER_STUN,
	  "000100072112a442b7e7a701bc34d686fa87dfae" "00090003000004",
	  "Binding request ERROR-CODE" },
	{ TAUT_LAYER_STUN,
	  "000100082112a442b7e7a701bc34d686fa87dfae" "0009000400000457",
	  "Binding request ERROR-CODE=487" },
	{ TAUT_LAYER_STUN,
	  "000100082112a442b7e7a701bc34d686fa87dfae" "0020000400010000",
	  "Binding request XOR-MAPPED-ADDRESS" },
	{ TAUT_LAYER_STUN,
	  "0001000b2112a442b7e7a701bc34d686fa87dfae" "0020000700010000112233",
	  "Binding request XOR-MAPPED-ADDRESS" },
	{ TAUT_LAYER_STUN,
	  "000100042112a442b7e7a701bc34d686fa87dfae" "0bad0000", "Binding request 0x0bad" },
	{ TAUT_LAYER_STUN,
	  "000100052112a442b7e7a701bc34d686fa87dfae" "0025000000",
	  "Binding request USE-CANDIDATE (cut off)" },
	{ TAUT_LAYER_STUN,
	  "000100072112a442b7e7a701bc34d686fa87dfae" "00250000000000",
	  "Binding request USE-CANDIDATE (cut off)" },
	{ TAUT_LAYER_STUN,
	  "000100082112a442b7e7a701bc34d686fa87dfae" "0006000461626300",
	  "Binding request USERNAME=abc\\x00" },
	{ TAUT_LAYER_STUN,
	  "000100072112a442b7e7a701bc34d686fa87dfae" "00060004616263",
	  "Binding request (cut off)" },
	{ TAUT_LAYER_STUN,
	  "000100082112a442b7e7a701bc34d686fa87dfae" "00250000", "Binding request (cut off)" },
	{ TAUT_LAYER_STUN, "3fff00002112a442b7e7a701bc34d686fa87dfae", "unknown method error" },
	{ TAUT_LAYER_STUN, "000100002112a442b7e7a701bc34d686fa87df", "not STUN, 19 octets" },
	{ TAUT_LAYER_SCTP, /* the shortest chunk; the last one with its padding and without */
	  "138813880fc0f8a100000000" "0b000004", "COOKIE-ACK" },
	{ TAUT_LAYER_SCTP, "138813880fc0f8a100000000" "63000004", "chunk 99" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "00030011" "00000001" "00020003" "00000063" "ff",
	  "DATA tsn=1 stream=2 message 3 whole: ppid=99, 1 octets" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "00030013" "00000001" "00020003" "00000033" "616263" "00",
	  "DATA tsn=1 stream=2 message 3 whole: text, 3 octets" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "00010011" "00000001" "00020003" "00000033" "61",
	  "DATA tsn=1 stream=2 message 3 last part: text, 1 octets" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "0003000f" "00000001" "00020003" "000000", "DATA" },
	{ TAUT_LAYER_SCTP, "138813880fc0f8a100000000" "0b000004" "000000", "COOKIE-ACK (cut off)" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "0b000004" "0b000003", "COOKIE-ACK (cut off)" },
	{ TAUT_LAYER_SCTP, "138813880fc0f8a100000000" "0b000004" "00", "COOKIE-ACK (cut off)" },
	{ TAUT_LAYER_SCTP, /* RFC 8832 section 5.2; what is no message; a label of 65 */
	  "138813880fc0f8a100000000" "0003001d" "00000001" "00020003" "00000032" "0200000000000000"
	  "0001000061", "DATA tsn=1 stream=2 message 3 whole: DCEP ACK, 13 octets" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "0003001d" "00000001" "00020003" "00000032" "0100000000000000"
	  "0001000061", "DATA tsn=1 stream=2 message 3 whole: DCEP (unknown), 13 octets" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "0003005d" "00000001" "00020003" "00000032" "0300000000000000"
	  "00410000" "6161616161616161616161616161616161616161616161616161616161616161"
	  "6161616161616161616161616161616161616161616161616161616161616161" "62",
	  "DATA tsn=1 stream=2 message 3 whole: "
	  "DCEP OPEN \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", "
	  "77 octets" },
	{ TAUT_LAYER_SCTP, /* parameters that end early or are too long */
	  "138813880fc0f8a100000000" "01000018" "00000000" "00010000" "00010002" "0000000b"
	  "80010004", "INIT a_rwnd=65536 streams=1/2 tsn=11 zero-checksum" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "02000017" "00000000" "00010000" "00010002" "0000000b"
	  "800100", "INIT-ACK a_rwnd=65536 streams=1/2 tsn=11" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "01000018" "00000000" "00010000" "00010002" "0000000b"
	  "80010008", "INIT a_rwnd=65536 streams=1/2 tsn=11" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "01000018" "00000000" "00010000" "00010002" "0000000b"
	  "80010003", "INIT a_rwnd=65536 streams=1/2 tsn=11" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "01000019" "00000000" "00010000" "00010002" "0000000b"
	  "80080005" "c0", "INIT a_rwnd=65536 streams=1/2 tsn=11 FORWARD-TSN" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "03000010" "00000005" "0000ffff" "00010000",
	  "SACK up to 5 a_rwnd=65535 gaps=1 duplicates=0" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "03000010" "00000005" "0000ffff" "00000002",
	  "SACK up to 5 a_rwnd=65535 gaps=0 duplicates=2" },
	{ TAUT_LAYER_SCTP,
	  "138813880fc0f8a100000000" "c200000c" "00000009" "00010000", "I-FORWARD-TSN to 9" },
	{ TAUT_LAYER_RTP, "80e0012a0000bb80deadbe", "not a whole RTP packet, 11 octets" },
	{ TAUT_LAYER_RTP,
	  "90e0012a0000bb80deadbeef" "bede0001000000", "not a whole RTP packet, 19 octets" },
	{ TAUT_LAYER_RTP,
	  "b160012a0000bb80deadbeef" "00000001" "bede000100000000" "01",
	  "payload type 96 seq=298 timestamp=48000 ssrc=3735928559 padded payload=1" },
	{ TAUT_LAYER_RTCP, /* RFC 3550 section 6.4.1 */
	  "81c8000c" "00000001" "0000000000000000" "00000000" "00000000" "00000000" "00000002"
	  "40000003" "00000004" "00000005" "00000006" "00000007",
	  "SR from 1 (of 2: lost 3 in all, 64 of 256 lately)" },
	{ TAUT_LAYER_RTCP, /* fewer reports than are said, and more */
	  "82c90007" "00000001" "00000002" "40000003" "00000004" "00000005" "00000006" "00000007",
	  "RR from 1 (of 2: lost 3 in all, 64 of 256 lately)" },
	{ TAUT_LAYER_RTCP,
	  "80c90007" "00000001" "00000002" "40000003" "00000004" "00000005" "00000006" "00000007",
	  "RR from 1" },
	{ TAUT_LAYER_RTCP, /* the shortest packet, and what ends early */
	  "80cb0000", "BYE" },
	{ TAUT_LAYER_RTCP, "80cb0000" "80", "BYE (cut off)" },
	{ TAUT_LAYER_RTCP, "80cb0000" "80cb00", "BYE (cut off)" },
	{ TAUT_LAYER_RTCP, "80cb0000" "80c90001", "BYE (cut off)" },
	{ TAUT_LAYER_RTCP, "80c90001", "(cut off)" },
	{ TAUT_LAYER_RTCP, "80c70000", "type 199" },
	{ TAUT_LAYER_RTCP, "82cd0002" "0000000100000002", "RTPFB 2 from 1 about 2" },
	{ TAUT_LAYER_RTCP, "85ce0002" "0000000100000002", "PSFB 5 from 1 about 2" },
	{ TAUT_LAYER_RTCP, "81ce0003" "0000000100000002" "00290003", "PLI from 1 about 2" },
	{ TAUT_LAYER_RTCP,
	  "81cd000b" "0000000100000002" "00008000" "00640000" "00c80000" "012c0000" "01900000"
	  "01f40000" "02580000" "02bc0000" "03200000",
	  "NACK from 1 about 2 0 16 100 200 300 400 500 600 700" },
	{ TAUT_LAYER_RTCP,
	  "81cd0004" "0000000100000002" "ffff0001" "00010000", "NACK from 1 about 2 65535 0 1" },
	{ TAUT_LAYER_DTLS, /* the shortest message, and one that is none */
	  "16fefd0000000000000000000c0e0000000001000000000000", "Handshake ServerHelloDone" },
	{ TAUT_LAYER_DTLS, "16fefd0000000000000000000b0e00000000010000000000", "Handshake" },
	{ TAUT_LAYER_DTLS,
	  "16fefd0000000000000000000c630000000001000000000000", "Handshake message 99" },
	{ TAUT_LAYER_DTLS, "14fefd000000000000000000020102", "ChangeCipherSpec" },
	{ TAUT_LAYER_DTLS, "63fefd000000000000000000020102", "unknown record" },
	{ TAUT_LAYER_DTLS, "15fefd000000000000000000020100", "Alert warning, number 0" },
	{ TAUT_LAYER_DTLS, "15fefd0000000000000000000102", "Alert" },
	{ TAUT_LAYER_DTLS,
	  "14fefd0000000000000000000101" "16", "ChangeCipherSpec, not a whole record" },
	{ TAUT_LAYER_DTLS, "14fefd0000000000000000000201", "not a whole record" },
	{ TAUT_LAYER_DATA, "0102", "2 octets" },
};

static void packets_are_explained_in_words(void **state)
{
	struct scene s;
	uint8_t p[300];
	char want[600];

	(void)state;
	scene_init(&s, false);
	for (size_t i = 0; i < TT_COUNT(packets); i++) {
		const size_t len = unhex(packets[i].hex, p);

		tt_trace_packet(&s.env, 5000, packets[i].layer, i % 2 == 1, p, len, NULL, NULL);
		snprintf(want, sizeof want, "%s %s (%zu octets)", i % 2 == 1 ? "->" : "<-",
			 packets[i].words, len);
		if (!strstr(s.paper.text, want))
			fail_msg("wanted: %s\ngot:    %s", want, s.paper.text);
	}
	taut_trace_free(s.sink);
}

static void every_truncation_and_flip_gives_one_line(void **state)
{
	(void)state;
	for (int json = 0; json < 2; json++)
		for (size_t i = 0; i < TT_COUNT(packets); i++) {
			struct scene s;
			uint8_t p[300];
			const size_t len = unhex(packets[i].hex, p);

			scene_init(&s, json);
			for (size_t k = 0; k < len; k++)
				for (unsigned flip = 0; flip < 256; flip += 51) {
					const size_t n = flip == 0 ? k : len;
					uint8_t *exact = malloc(n ? n : 1);
					assert_non_null(exact);
					memcpy(exact, p, n);
					if (flip)
						exact[k] ^= (uint8_t)flip;
					s.paper.len = 0;
					tt_trace_packet(&s.env, 0, packets[i].layer, false, exact,
							n, NULL, NULL);
					assert_true(s.paper.len > 0);
					if (json) {
						json_t *o = json_loads(s.paper.text, 0, NULL);
						assert_non_null(o);
						json_decref(o);
					}
					free(exact);
				}
			taut_trace_free(s.sink);
		}
}

static void notes_and_drops_tell_time_layer_and_fields(void **state)
{
	const struct taut_addr a = { .family = 4, .port = 4000, .ip = { 192, 0, 2, 1 } };
	struct scene s;

	(void)state;
	scene_init(&s, false);
	tt_note(&s.env, 7000000, TAUT_LAYER_ICE, "pair nominated", TT_ADDR("local", &a),
		TT_INT("rtt_us", -3));
	assert_string_equal(s.paper.text,
			    "       0.000 ice   pair nominated local=192.0.2.1:4000 rtt_us=-3");
	tt_drop(&s.env, 7012345, TAUT_DROP_SRTP_AUTH, TT_INT("len", 52),
		TT_STR("odd", "a\nb\x1b\xff"), TT_STR("why", "two words"));
	assert_string_equal(
		s.paper.text,
		"      12.345 srtp  drop: authentication failed len=52 odd=a\\x0ab\\x1b\\xff "
		"why=\"two words\"");
	tt_trace_packet(&s.env, 7012345, TAUT_LAYER_DATA, true, "x", 1, &a, &a);
	assert_string_equal(s.paper.text,
			    "      12.345 data  -> 1 octets (1 octets to 192.0.2.1:4000)");
	taut_trace_free(s.sink);
}

static void json_lines_are_json_whatever_the_text(void **state)
{
	const struct taut_addr a = { .family = 4, .port = 4000, .ip = { 192, 0, 2, 1 } };
	char nasty[3000];
	struct scene s;

	(void)state;
	scene_init(&s, true);
	for (size_t i = 0; i < sizeof nasty - 1; i++)
		nasty[i] = (char)(1 + i % 255);
	nasty[sizeof nasty - 1] = '\0';
	tt_note(&s.env, 1, TAUT_LAYER_SDP, "quote \" and \\", TT_STR("a", nasty),
		TT_STR("b", nasty), TT_STR("c", nasty), TT_ADDR("d", &a), TT_INT("e", 5));
	json_t *o = json_loads(s.paper.text, 0, NULL);
	assert_non_null(o);
	assert_string_equal(json_string_value(json_object_get(o, "name")), "quote \" and \\");
	assert_string_equal(json_string_value(json_object_get(o, "layer")), "sdp");
	json_decref(o);
	tt_note(&s.env, 501, TAUT_LAYER_ICE, "x", TT_ADDR("local", &a), TT_INT("n", 5));
	assert_string_equal(s.paper.text,
			    "{\"us\":500,\"kind\":\"note\",\"layer\":\"ice\",\"name\":\"x\","
			    "\"fields\":{\"local\":\"192.0.2.1:4000\",\"n\":5}}");
	tt_drop(&s.env, 502, TAUT_DROP_SCTP_CHECKSUM, TT_INT("state", 4));
	o = json_loads(s.paper.text, 0, NULL);
	assert_string_equal(json_string_value(json_object_get(o, "name")), "checksum");
	assert_int_equal(json_integer_value(json_object_get(o, "reason")), TAUT_DROP_SCTP_CHECKSUM);
	json_decref(o);
	taut_trace_free(s.sink);
}

static void a_line_too_long_is_cut_and_still_a_line(void **state)
{
	static char text[5000];
	struct scene s;

	(void)state;
	memset(text, 'x', sizeof text - 1);
	scene_init(&s, false);
	tt_note(&s.env, 0, TAUT_LAYER_PEER, "long", TT_STR("text", text));
	assert_true(s.paper.len > 1000 && s.paper.len < 2100);
	taut_trace_free(s.sink);
	taut_trace_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_explained_in_words),
		cmocka_unit_test(every_truncation_and_flip_gives_one_line),
		cmocka_unit_test(notes_and_drops_tell_time_layer_and_fields),
		cmocka_unit_test(json_lines_are_json_whatever_the_text),
		cmocka_unit_test(a_line_too_long_is_cut_and_still_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
