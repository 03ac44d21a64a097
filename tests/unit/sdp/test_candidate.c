/* Candidate lines, RFC 8839 section 5.1. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include <jansson.h>

#include "base/num.h"

static int read_one(struct tt_sdp_candidate *c, const char *text, struct tt_sdp_error *err)
{
	const size_t len = strlen(text);
	char *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, text, len);
	const int code = tt_sdp_candidate_read(c, exact, len, err);
	free(exact);
	return code;
}

static void lines_read_back_as_they_were(void **state)
{
	static const char *const lines[] = {
		"candidate:1467250027 1 udp 2122260223 192.0.2.1 46243 typ host generation 0 ufrag abcd "
		"network-id 3 network-cost 10",
		"candidate:0 1 UDP 2122187007 df759757-4ac0-4a68-93c1-fbd9065cfeef.local 41343 typ host",
		"candidate:2 1 TCP 2105458943 df759757-4ac0-4a68-93c1-fbd9065cfeef.local 9 typ host "
		"tcptype active",
		"candidate:a+/9 256 udp 1 2001:db8::1 65535 typ srflx raddr :: rport 0",
		"candidate:1 1 udp 4294967295 turn.example.com 1 typ relay raddr 10.0.0.1 rport 9",
		"candidate:1 2 tcp 5 192.0.2.1 0 typ prflx tcptype so",
		"candidate:1 1 ssltcp 5 192.0.2.1 443 typ host",
		"candidate:1 1 udp 5 192.0.2.1 443 typ token",
		"candidate:1 1 udp 5 192.0.2.1 443 typ host generation x",
	};
	struct tt_sdp_candidate c;
	char buf[TT_SDP_CANDIDATE_TEXT];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(lines); i++) {
		assert_int_equal(read_one(&c, lines[i], NULL), 0);
		assert_int_equal(tt_sdp_candidate_write(&c, buf, sizeof buf), strlen(lines[i]));
		assert_string_equal(buf, lines[i]);
		for (size_t cap = 0; cap <= strlen(lines[i]); cap++)
			assert_int_equal(tt_sdp_candidate_write(&c, buf, cap), 0);
	}
}

static void the_parts_of_a_line_are_told_apart(void **state)
{
	struct tt_sdp_candidate c;
	char cost[8];

	(void)state;
	assert_int_equal(read_one(&c,
	                          "a=candidate:f 2 TCP 77 192.0.2.7 9 typ srflx raddr 10.0.0.1 rport 8 "
	                          "tcptype passive generation 3 ufrag Ab+/ network-cost 50\r\n",
	                          NULL),
	                 0);
	assert_string_equal(c.foundation, "f");
	assert_int_equal(c.component, 2);
	assert_int_equal(c.transport, TT_SDP_TCP);
	assert_int_equal(c.priority, 77);
	assert_int_equal(c.addr.family, 4);
	assert_int_equal(c.addr.port, 9);
	assert_int_equal(c.addr.ip[3], 7);
	assert_int_equal(c.type, TT_SDP_SRFLX);
	assert_string_equal(c.raddr, "10.0.0.1");
	assert_int_equal(c.rport, 8);
	assert_int_equal(c.tcptype, TT_SDP_TCP_PASSIVE);
	assert_true(c.has_generation && c.generation == 3);
	assert_string_equal(c.ufrag, "Ab+/");
	assert_int_equal(tt_sdp_pair_get(c.extensions, "network-cost", cost, sizeof cost), 2);
	assert_string_equal(cost, "50");
	assert_int_equal(tt_sdp_pair_get(c.extensions, "network-cost", cost, 2), -1);
	assert_false(c.is_local_name);
}

static void names_are_kept_and_zones_ignored(void **state)
{
	struct tt_sdp_candidate c;

	(void)state;
	assert_int_equal(read_one(&c, "candidate:1 1 udp 1 a-B.LOCAL 5 typ host", NULL), 0);
	assert_true(c.is_local_name && c.addr.family == 0);
	assert_int_equal(read_one(&c, "candidate:1 1 udp 1 .local 5 typ host", NULL), 0);
	assert_false(c.is_local_name);
	assert_int_equal(read_one(&c, "candidate:1 1 udp 1 fe80::1%eth0 5 typ host", NULL), 0);
	assert_int_equal(c.addr.family, 6);
	assert_int_equal(c.addr.scope, 0);
	assert_string_equal(c.address, "fe80::1%eth0");
}

static void lines_that_are_none_say_where(void **state)
{
	static const struct {
		const char *line;
		uint32_t column;
	} bad[] = {
		{ "", 1 },
		{ "candidat", 1 },
		{ "a=candidat:1", 3 },
		{ "candidate:", 11 },
		{ "candidate:1", 12 },
		{ "candidate:1 1", 14 },
		{ "candidate:1 1 udp", 18 },
		{ "candidate:1 1 udp 1", 20 },
		{ "candidate:1 1 udp 1 192.0.2.1", 30 },
		{ "candidate:1 1 udp 1 192.0.2.1 5", 32 },
		{ "candidate:1 1 udp 1 192.0.2.1 5 typ", 36 },
		{ "candidate:1 1 udp 1 192.0.2.1 5 host", 33 },
		{ "candidate:1 1 udp 1 192.0.2.1 5 typ host raddr 10.0.0.1", 56 },
		{ "candidate:1 1 udp 1 192.0.2.1 5 typ host rport 5", 49 },
		{ "candidate:1 1 udp 1 192.0.2.1 5 typ host raddr 10.0.0.1 rport", 62 },
		{ "candidate:1 1 udp 1 192.0.2.1 5 typ host raddr 10.0.0.1 rport 65536", 63 },
		{ "candidate:1 1 udp 1 192.0.2.1 5 typ host generation", 52 },
		{ "candidate:123456789012345678901234567890123 1 udp 1 192.0.2.1 5 typ host", 11 },
		{ "candidate:1 0 udp 1 192.0.2.1 5 typ host", 13 },
		{ "candidate:1 257 udp 1 192.0.2.1 5 typ host", 13 },
		{ "candidate:1 -1 udp 1 192.0.2.1 5 typ host", 13 },
		{ "candidate:1 1 udp 0 192.0.2.1 5 typ host", 19 },
		{ "candidate:1 1 udp 4294967296 192.0.2.1 5 typ host", 19 },
		{ "candidate:1 1 udp 1 192.0.2.1 0 typ host", 31 },
		{ "candidate:1 1 udp 1 192.0.2.1 65536 typ host", 31 },
		{ "candidate:1 1 udp 1 192.0.2.1 0x5 typ host", 31 },
		{ "candidate:1 1 udp 1 [::1] 5 typ host", 21 },
		{ "candidate:1 1 udp 1 a/b 5 typ host", 21 },
		{ "candidate:1 1 udp 1 192.0.2.1 5 typ host\na=x", 41 },
	};
	struct tt_sdp_candidate c;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(bad); i++) {
		struct tt_sdp_error err = { .buf = "" };
		if (read_one(&c, bad[i].line, &err) != TAUT_E_SYNTAX || err.err.column != bad[i].column)
			fail_msg("\"%s\": column %u (%s), not %u", bad[i].line, (unsigned)err.err.column,
			         err.err.message ? err.err.message : "taken", (unsigned)bad[i].column);
		assert_int_equal(err.err.line, 1);
		assert_non_null(err.err.expected);
	}
}

static void a_line_of_64_kilobytes_is_refused(void **state)
{
	struct tt_sdp_candidate c;
	struct tt_sdp_error err;
	const size_t len = 65536;
	char *text = malloc(len);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, "candidate:", 10);
	assert_int_equal(tt_sdp_candidate_read(&c, text, len, &err), TAUT_E_SYNTAX);
	assert_int_equal(err.err.column, TT_SDP_MAX_LINE + 1);
	text[1000] = '\0';
	assert_int_equal(tt_sdp_candidate_read(&c, text, len, &err), TAUT_E_SYNTAX);
	assert_int_equal(err.err.column, 1001);
	free(text);
}

static void extensions_past_their_room_are_left_out_in_pairs(void **state)
{
	(void)state;
	for (int pad = 1; pad < 16; pad++) {
		struct tt_sdp_candidate c, d;
		char line[2048], buf[TT_SDP_CANDIDATE_TEXT];
		(void)snprintf(line, sizeof line, "candidate:1 1 udp 1 192.0.2.1 5 typ host pad %.*s", pad,
		               "0123456789abcdef");
		for (int i = 0; i < 60; i++) {
			const size_t n = strlen(line);
			(void)snprintf(line + n, sizeof line - n, " name-%d value", i);
		}
		assert_int_equal(read_one(&c, line, NULL), 0);
		assert_true(strlen(c.extensions) > 200);
		assert_string_equal(c.extensions + strlen(c.extensions) - 6, " value");
		assert_true(tt_sdp_candidate_write(&c, buf, sizeof buf) > 0);
		assert_int_equal(read_one(&d, buf, NULL), 0);
		assert_string_equal(c.extensions, d.extensions);
	}
}

static void what_browsers_trickle_is_read(void **state)
{
	static const char *const files[] = { "chrome156_av_data_trickle_candidates.json",
		                             "firefox153_av_data_trickle_candidates.json",
		                             "firefox153-to-chrome156_av_data_trickle_candidates.json" };
	size_t seen = 0, i;

	(void)state;
	for (size_t f = 0; f < TT_COUNT(files); f++) {
		char path[4096];
		const char *side;
		json_t *list, *entry;
		(void)snprintf(path, sizeof path, "%s/tests/vectors/browser-sdp/%s", TAUT_SOURCE_DIR,
		               files[f]);
		json_t *root = json_load_file(path, 0, NULL);
		assert_non_null(root);
		json_object_foreach(root, side, list)
			json_array_foreach(list, i, entry) {
				const char *text = json_string_value(json_object_get(entry, "candidate"));
				struct tt_sdp_candidate c;
				char buf[TT_SDP_CANDIDATE_TEXT];
				if (!text || !*text)
					continue;
				assert_int_equal(read_one(&c, text, NULL), 0);
				assert_true(tt_sdp_candidate_write(&c, buf, sizeof buf) > 0);
				assert_string_equal(buf, text);
				seen++;
			}
		json_decref(root);
	}
	assert_true(seen >= 20);
}

static void a_candidate_is_made_of_an_address(void **state)
{
	struct tt_sdp_candidate c;
	char buf[TT_SDP_CANDIDATE_TEXT];
	const struct taut_addr a = { .family = 4, .port = 4000, .ip = { 192, 0, 2, 1 } };

	(void)state;
	tt_sdp_candidate_init(&c, TT_SDP_UDP, TT_SDP_HOST, &a);
	c.priority = 2130706431;
	assert_true(tt_sdp_candidate_write(&c, buf, sizeof buf) > 0);
	assert_string_equal(buf, "candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_read_back_as_they_were),
		cmocka_unit_test(the_parts_of_a_line_are_told_apart),
		cmocka_unit_test(names_are_kept_and_zones_ignored),
		cmocka_unit_test(lines_that_are_none_say_where),
		cmocka_unit_test(a_line_of_64_kilobytes_is_refused),
		cmocka_unit_test(extensions_past_their_room_are_left_out_in_pairs),
		cmocka_unit_test(what_browsers_trickle_is_read),
		cmocka_unit_test(a_candidate_is_made_of_an_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
