/* A STUN message octet by octet: exact lines for known ones, and safe lines for whatever else comes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "trace/stun_annotate.h"

static char page[32768];

static void take(void *ctx, const char *text)
{
	const size_t len = strlen(page);

	(void)ctx;
	for (const char *c = text; *c; c++)
		assert_true(*c >= ' ' && *c <= '~');
	assert_true(len == 0 || text[0] != '\0');
	snprintf(page + len, sizeof page - len, "%s\n", text);
}

/* In a block of exactly its size. */
static const char *annotate(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len);

	if (len > 0)
		memcpy(exact, data, len);
	page[0] = '\0';
	tt_stun_annotate(exact, len, take, NULL);
	free(exact);
	return page;
}

static size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (; text[0] && text[1]; text += 2)
		out[n++] = (uint8_t)strtoul((const char[]){ text[0], text[1], 0 }, NULL, 16);
	return n;
}

static const struct {
	const char *hex, *words;
} messages[] = {
	/* RFC 5769 section 2.1 */
	{ "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e7400240004"
	  "6e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56"
	  "781ef2b5b2d3f249c1b571a280280004e57a3bcf",
	  "  0000  00 01                    Binding request                                             RFC 8489 section 5\n"
	  "  0002  00 58                    88 octets follow the header\n"
	  "  0004  21 12 a4 42              the magic cookie\n"
	  "  0008  b7 e7 a7 01 bc 34 d6 86  the transaction id\n"
	  "  0010  fa 87 df ae\n"
	  "  0014  80 22 00 10              SOFTWARE, 16 octets                                         RFC 8489 section 14.14\n"
	  "  0018  53 54 55 4e 20 74 65 73  \"STUN test client\"\n"
	  "  0020  74 20 63 6c 69 65 6e 74\n"
	  "  0028  00 24 00 04              PRIORITY, 4 octets                                          RFC 8445 section 7.1.1\n"
	  "  002c  6e 00 01 ff              1845494271: type 110, local 1, component 1\n"
	  "  0030  80 29 00 08              ICE-CONTROLLED, 8 octets                                    RFC 8445 section 7.1.3\n"
	  "  0034  93 2f f9 b1 51 26 3b 36  the tie-breaker, if both claim the same role\n"
	  "  003c  00 06 00 09              USERNAME, 9 octets                                          RFC 8489 section 14.3\n"
	  "  0040  65 76 74 6a 3a 68 36 76  \"evtj:h6vY\"\n"
	  "  0048  59\n"
	  "  0049  20 20 20                 padding\n"
	  "  004c  00 08 00 14              MESSAGE-INTEGRITY, 20 octets                                RFC 8489 section 14.5\n"
	  "  0050  9a ea a7 0c bf d8 cb 56  HMAC of all before it, with the password\n"
	  "  0058  78 1e f2 b5 b2 d3 f2 49\n"
	  "  0060  c1 b5 71 a2\n"
	  "  0064  80 28 00 04              FINGERPRINT, 4 octets                                       RFC 8489 section 14.7\n"
	  "  0068  e5 7a 3b cf              CRC-32 of all before it, XORed with \"STUN\": right\n" },
	/* and changed by a bit */
	{ "000100082112a442b7e7a701bc34d686fa87dfae80280004e57a3bcf",
	  "  0000  00 01                    Binding request                                             RFC 8489 section 5\n"
	  "  0002  00 08                    8 octets follow the header\n"
	  "  0004  21 12 a4 42              the magic cookie\n"
	  "  0008  b7 e7 a7 01 bc 34 d6 86  the transaction id\n"
	  "  0010  fa 87 df ae\n"
	  "  0014  80 28 00 04              FINGERPRINT, 4 octets                                       RFC 8489 section 14.7\n"
	  "  0018  e5 7a 3b cf              CRC-32 of all before it, XORed with \"STUN\": wrong\n" },
	/* of TURN */
	{ "000300442112a442b7e7a701bc34d686fa87dfae0019000411000000800000040200000000180001800000000017000401000000"
	  "000c0004400100008001000802000428"
	  "6e6f6e65800200080002000000010000001300026869"
	  "0000",
	  "  0000  00 03                    Allocate request                                            RFC 8489 section 5\n"
	  "  0002  00 44                    68 octets follow the header\n"
	  "  0004  21 12 a4 42              the magic cookie\n"
	  "  0008  b7 e7 a7 01 bc 34 d6 86  the transaction id\n"
	  "  0010  fa 87 df ae\n"
	  "  0014  00 19 00 04              REQUESTED-TRANSPORT, 4 octets                               RFC 8656 section 18.8\n"
	  "  0018  11 00 00 00              UDP, protocol 17\n"
	  "  001c  80 00 00 04              ADDITIONAL-ADDRESS-FAMILY, 4 octets                         RFC 8656 section 18.11\n"
	  "  0020  02 00 00 00              IPv6\n"
	  "  0024  00 18 00 01              EVEN-PORT, 1 octets                                         RFC 8656 section 18.7\n"
	  "  0028  80                       and the next port reserved\n"
	  "  0029  00 00 00                 padding\n"
	  "  002c  00 17 00 04              REQUESTED-ADDRESS-FAMILY, 4 octets                          RFC 8656 section 18.6\n"
	  "  0030  01 00 00 00              IPv4\n"
	  "  0034  00 0c 00 04              CHANNEL-NUMBER, 4 octets                                    RFC 8656 section 18.1\n"
	  "  0038  40 01 00 00              channel 0x4001\n"
	  "  003c  80 01 00 08              ADDRESS-ERROR-CODE, 8 octets                                RFC 8656 section 18.12\n"
	  "  0040  02 00 04 28 6e 6f 6e 65  IPv6: 440 none\n"
	  "  0048  80 02 00 08              PASSWORD-ALGORITHMS, 8 octets                               RFC 8489 section 14.11\n"
	  "  004c  00 02 00 00 00 01 00 00  SHA-256, MD5\n"
	  "  0054  00 13 00 02              DATA, 2 octets                                              RFC 8656 section 18.4\n"
	  "  0058  68 69                    what the peer sent, or is to get\n"
	  "  005a  00 00                    padding\n" },
	{ "000300102112a442b7e7a701bc34d686fa87dfae00190004060000000019000401000000",
	  "  0000  00 03                    Allocate request                                            RFC 8489 section 5\n"
	  "  0002  00 10                    16 octets follow the header\n"
	  "  0004  21 12 a4 42              the magic cookie\n"
	  "  0008  b7 e7 a7 01 bc 34 d6 86  the transaction id\n"
	  "  0010  fa 87 df ae\n"
	  "  0014  00 19 00 04              REQUESTED-TRANSPORT, 4 octets                               RFC 8656 section 18.8\n"
	  "  0018  06 00 00 00              TCP, protocol 6\n"
	  "  001c  00 19 00 04              REQUESTED-TRANSPORT, 4 octets                               RFC 8656 section 18.8\n"
	  "  0020  01 00 00 00              another, protocol 1\n" },
	/* of section 2.3 the address, an error, and lists */
	{ "010100182112a442b7e7a701bc34d686fa87dfae002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d9",
	  "  0000  01 01                    Binding success response                                    RFC 8489 section 5\n"
	  "  0002  00 18                    24 octets follow the header\n"
	  "  0004  21 12 a4 42              the magic cookie\n"
	  "  0008  b7 e7 a7 01 bc 34 d6 86  the transaction id\n"
	  "  0010  fa 87 df ae\n"
	  "  0014  00 20 00 14              XOR-MAPPED-ADDRESS, 20 octets                               RFC 8489 section 14.2\n"
	  "  0018  00 02 a1 47 01 13 a9 fa  [2001:db8:1234:5678:11:2233:4455:6677]:32853, XORed with the cookie and the id\n"
	  "  0020  a5 d3 f1 79 bc 25 f4 b5\n"
	  "  0028  be d2 b9 d9\n" },
	{ "011300302112a442b7e7a701bc34d686fa87dfae000900070000041473746100000a0004802c0bad"
	  "802c000800010d97cb007102002500000bad00020102000000140000",
	  "  0000  01 13                    Allocate error response                                     RFC 8489 section 5\n"
	  "  0002  00 30                    48 octets follow the header\n"
	  "  0004  21 12 a4 42              the magic cookie\n"
	  "  0008  b7 e7 a7 01 bc 34 d6 86  the transaction id\n"
	  "  0010  fa 87 df ae\n"
	  "  0014  00 09 00 07              ERROR-CODE, 7 octets                                        RFC 8489 section 14.8\n"
	  "  0018  00 00 04 14 73 74 61     420 sta\n"
	  "  001f  00                       padding\n"
	  "  0020  00 0a 00 04              UNKNOWN-ATTRIBUTES, 4 octets                                RFC 8489 section 14.13\n"
	  "  0024  80 2c 0b ad              0x802c, 0x0bad\n"
	  "  0028  80 2c 00 08              OTHER-ADDRESS, 8 octets                                     RFC 5780 section 7.4\n"
	  "  002c  00 01 0d 97 cb 00 71 02  203.0.113.2:3479\n"
	  "  0034  00 25 00 00              USE-CANDIDATE, 0 octets                                     RFC 8445 section 7.1.2\n"
	  "  0038  0b ad 00 02              an attribute 0x0bad nobody here knows, 2 octets\n"
	  "  003c  01 02\n"
	  "  003e  00 00                    padding\n"
	  "  0040  00 14 00 00              REALM, 0 octets                                             RFC 8489 section 14.9\n" },
	/* what no STUN is */
	{ "80", "  0000  80                       too short for STUN\n" },
	{ "", "  0000                           too short for STUN\n" },
	{ "3fff00000102030400000000000000000000000000",
	  "  0000  3f ff                    unknown method error response                               RFC 8489 section 5\n"
	  "  0002  00 00                    0 octets follow the header\n"
	  "  0004  01 02 03 04              not the magic cookie\n"
	  "  0008  00 00 00 00 00 00 00 00  the transaction id\n"
	  "  0010  00 00 00 00\n"
	  "  0014  00                       cut off\n" },
	{ "001600002112a442b7e7a701bc34d686fa87dfaec05700040001000a0024000301020300240008",
	  "  0000  00 16                    Send indication                                             RFC 8489 section 5\n"
	  "  0002  00 00                    0 octets follow the header\n"
	  "  0004  21 12 a4 42              the magic cookie\n"
	  "  0008  b7 e7 a7 01 bc 34 d6 86  the transaction id\n"
	  "  0010  fa 87 df ae\n"
	  "  0014  c0 57 00 04              GOOG-NETWORK-INFO, 4 octets                                 libwebrtc\n"
	  "  0018  00 01 00 0a              its network 1, of cost 10\n"
	  "  001c  00 24 00 03              PRIORITY, 3 octets                                          RFC 8445 section 7.1.1\n"
	  "  0020  01 02 03\n"
	  "  0023  00                       padding\n"
	  "  0024  24 00 08                 cut off\n" },
};

static void each_octet_of_known_messages_has_its_words(void **state)
{
	uint8_t data[1024];

	(void)state;
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++)
		assert_string_equal(annotate(data, unhex(messages[i].hex, data)), messages[i].words);
}

/* What stands behind the header of a message. */
static const struct {
	const char *hex, *words;
} attributes[] = {
	{ "", "" },
	/* addresses and numbers that are too short, or too long */
	{ "0001000300010200",
	  "  0014  00 01 00 03              MAPPED-ADDRESS, 3 octets                                    RFC 8489 section 14.1\n"
	  "  0018  00 01 02\n"
	  "  001b  00                       padding\n" },
	{ "002000070001a147e112a600",
	  "  0014  00 20 00 07              XOR-MAPPED-ADDRESS, 7 octets                                RFC 8489 section 14.2\n"
	  "  0018  00 01 a1 47 e1 12 a6\n"
	  "  001f  00                       padding\n" },
	{ "00090003000004000009000200000000",
	  "  0014  00 09 00 03              ERROR-CODE, 3 octets                                        RFC 8489 section 14.8\n"
	  "  0018  00 00 04\n"
	  "  001b  00                       padding\n"
	  "  001c  00 09 00 02              ERROR-CODE, 2 octets                                        RFC 8489 section 14.8\n"
	  "  0020  00 00\n"
	  "  0022  00 00                    padding\n" },
	{ "000d000400000258000d00020258",
	  "  0014  00 0d 00 04              LIFETIME, 4 octets                                          RFC 8656 section 18.2\n"
	  "  0018  00 00 02 58              600\n"
	  "  001c  00 0d 00 02              LIFETIME, 2 octets                                          RFC 8656 section 18.2\n"
	  "  0020  02 58\n" },
	{ "80020007000100000001008000",
	  "  0014  80 02 00 07              PASSWORD-ALGORITHMS, 7 octets                               RFC 8489 section 14.11\n"
	  "  0018  00 01 00 00 00 01 00     MD5\n"
	  "  001f  80                       padding\n"
	  "  0020  00                       cut off\n" },
	{ "000a0003802c0b00",
	  "  0014  00 0a 00 03              UNKNOWN-ATTRIBUTES, 3 octets                                RFC 8489 section 14.13\n"
	  "  0018  80 2c 0b                 0x802c\n"
	  "  001b  00                       padding\n" },
	{ "80280003e57a3b00802800053d1de3e700000000",
	  "  0014  80 28 00 03              FINGERPRINT, 3 octets                                       RFC 8489 section 14.7\n"
	  "  0018  e5 7a 3b\n"
	  "  001b  00                       padding\n"
	  "  001c  80 28 00 05              FINGERPRINT, 5 octets                                       RFC 8489 section 14.7\n"
	  "  0020  3d 1d e3 e7 00\n"
	  "  0025  00 00 00                 padding\n" },
	{ "0019000311000000001900051100000000000000",
	  "  0014  00 19 00 03              REQUESTED-TRANSPORT, 3 octets                               RFC 8656 section 18.8\n"
	  "  0018  11 00 00\n"
	  "  001b  00                       padding\n"
	  "  001c  00 19 00 05              REQUESTED-TRANSPORT, 5 octets                               RFC 8656 section 18.8\n"
	  "  0020  11 00 00 00 00\n"
	  "  0025  00 00 00                 padding\n" },
	{ "00170003010000000017000403000000",
	  "  0014  00 17 00 03              REQUESTED-ADDRESS-FAMILY, 3 octets                          RFC 8656 section 18.6\n"
	  "  0018  01 00 00\n"
	  "  001b  00                       padding\n"
	  "  001c  00 17 00 04              REQUESTED-ADDRESS-FAMILY, 4 octets                          RFC 8656 section 18.6\n"
	  "  0020  03 00 00 00              an unknown family\n" },
	{ "80010003010004008001000401000428",
	  "  0014  80 01 00 03              ADDRESS-ERROR-CODE, 3 octets                                RFC 8656 section 18.12\n"
	  "  0018  01 00 04\n"
	  "  001b  00                       padding\n"
	  "  001c  80 01 00 04              ADDRESS-ERROR-CODE, 4 octets                                RFC 8656 section 18.12\n"
	  "  0020  01 00 04 28              IPv4: 440\n" },
	{ "000c000340010000000c000140000000",
	  "  0014  00 0c 00 03              CHANNEL-NUMBER, 3 octets                                    RFC 8656 section 18.1\n"
	  "  0018  40 01 00\n"
	  "  001b  00                       padding\n"
	  "  001c  00 0c 00 01              CHANNEL-NUMBER, 1 octets                                    RFC 8656 section 18.1\n"
	  "  0020  40\n"
	  "  0021  00 00 00                 padding\n" },
	{ "00180002800000000018000100000000",
	  "  0014  00 18 00 02              EVEN-PORT, 2 octets                                         RFC 8656 section 18.7\n"
	  "  0018  80 00\n"
	  "  001a  00 00                    padding\n"
	  "  001c  00 18 00 01              EVEN-PORT, 1 octets                                         RFC 8656 section 18.7\n"
	  "  0020  00                       alone\n"
	  "  0021  00 00 00                 padding\n" },
	{ "c05700030001000000130001800000000013000400010002",
	  "  0014  c0 57 00 03              GOOG-NETWORK-INFO, 3 octets                                 libwebrtc\n"
	  "  0018  00 01 00\n"
	  "  001b  00                       padding\n"
	  "  001c  00 13 00 01              DATA, 1 octets                                              RFC 8656 section 18.4\n"
	  "  0020  80                       what the peer sent, or is to get\n"
	  "  0021  00 00 00                 padding\n"
	  "  0024  00 13 00 04              DATA, 4 octets                                              RFC 8656 section 18.4\n"
	  "  0028  00 01 00 02              what the peer sent, or is to get\n" },
	/* the last one's padding is not there, or not all of it */
	{ "00060003616263",
	  "  0014  00 06 00 03              USERNAME, 3 octets                                          RFC 8489 section 14.3\n"
	  "  0018  61 62 63                 \"abc\"\n" },
	{ "00060002616200",
	  "  0014  00 06 00 02              USERNAME, 2 octets                                          RFC 8489 section 14.3\n"
	  "  0018  61 62                    \"ab\"\n"
	  "  001a  00                       cut off\n" },
	{ "00060005616263",
	  "  0014  00 06 00 05              USERNAME, 5 octets                                          RFC 8489 section 14.3\n"
	  "  0018  61 62 63                 cut off\n" },
};

static void an_attribute_of_another_length_is_octets_alone(void **state)
{
	static const char head[] = "000100002112a442b7e7a701bc34d686fa87dfae";
	uint8_t data[128];

	(void)state;
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0]; i++) {
		const size_t before = unhex(head, data);
		const char *all = annotate(data, before + unhex(attributes[i].hex, data + before));
		const char *rest = strstr(all, "fa 87 df ae\n");
		assert_non_null(rest);
		assert_string_equal(strchr(rest, '\n') + 1, attributes[i].words);
	}
}

static void a_header_that_lacks_an_octet_is_none(void **state)
{
	uint8_t data[20];

	(void)state;
	unhex("000100002112a442b7e7a701bc34d686fa87dfae", data);
	assert_string_equal(annotate(data, 19), "  0000  00 01 00 00 21 12 a4 42  too short for STUN\n"
						"  0008  b7 e7 a7 01 bc 34 d6 86\n"
						"  0010  fa 87 df\n");
	assert_non_null(strstr(annotate(data, 20), "Binding request"));
}

static void every_beginning_and_every_octet_is_safe(void **state)
{
	uint8_t data[1024];

	(void)state;
	for (size_t i = 0; i < sizeof messages / sizeof messages[0]; i++) {
		const size_t len = unhex(messages[i].hex, data);
		for (size_t n = 0; n <= len; n++)
			annotate(data, n);
		for (size_t at = 0; at < len; at++)
			for (int bit = 0; bit < 8; bit++) {
				data[at] ^= (uint8_t)(1 << bit);
				annotate(data, len);
				data[at] ^= (uint8_t)(1 << bit);
			}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_octet_of_known_messages_has_its_words),
		cmocka_unit_test(an_attribute_of_another_length_is_octets_alone),
		cmocka_unit_test(a_header_that_lacks_an_octet_is_none),
		cmocka_unit_test(every_beginning_and_every_octet_is_safe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
