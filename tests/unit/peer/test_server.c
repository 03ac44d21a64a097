/* The URLs of ICE servers, RFC 7064 and RFC 7065, and each of their bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "peer/pc.h"

enum { HOST = 16 };

struct read_as {
	const char *url, *host;
	uint16_t port;
	enum tt_ice_transport transport;
	bool turn;
};

static const struct read_as good[] = {
	{ "stun:example.org", "example.org", 0, TT_ICE_UDP, false },
	{ "stun:a", "a", 0, TT_ICE_UDP, false },
	{ "stun:example.org:1", "example.org", 1, TT_ICE_UDP, false },
	{ "stun:[::1]", "::1", 0, TT_ICE_UDP, false },
	{ "stun:[::1]:65535", "::1", 65535, TT_ICE_UDP, false },
	{ "stun:a~!b:09", "a~!b", 9, TT_ICE_UDP, false },
	{ "turn:example.org:8000", "example.org", 8000, TT_ICE_UDP, true },
	{ "turn:example.org?transport=udp", "example.org", 0, TT_ICE_UDP, true },
	{ "turn:example.org:8?transport=tcp", "example.org", 8, TT_ICE_TCP, true },
	{ "turn:[::1]?transport=tcp", "::1", 0, TT_ICE_TCP, true },
	{ "turns:example.org", "example.org", 0, TT_ICE_TLS, true },
	{ "turns:example.org:70?transport=tcp", "example.org", 70, TT_ICE_TLS, true },
	{ "turn:123456789012345", "123456789012345", 0, TT_ICE_UDP, true },
};

static const struct read_as later[] = {
	{ "stuns:example.org:12", "example.org", 12, TT_ICE_TLS, false },
	{ "turns:example.org?transport=udp", "example.org", 0, TT_ICE_TLS, true },
};

/* clang-format off */
static const char *const bad[] = {
	"", "stun", "stun:", "stun::1", "stun:[]", "stun:[", "stun:[::1", "stun:[::1]1",
	"stun:[::1]12", "stun:]", "STUN:a", "http:a", "turnx:a", "stun:a:", "stun:a:0",
	"stun:a:65536", "stun:a:655350", "stun:a:655360", "stun:a:4294967297", "stun:a:1/",
	"stun:a:/1", "stun:a:1:", "stun:a:1;", "stun:a:;1", "stun:a:b", "stun:a b", "stun:a\x1f",
	"stun:a\x7f", "stun:\xc3\xa4", "stun:u@a", "stun:a/b", "stun:a?transport=udp",
	"stun:a#b", "turn:1234567890123456", "turn:[1234567890123456]", "turn:a?",
	"turn:a?transport", "turn:a?transport=", "turn:a?transport=udp4", "turn:a?transport=tc",
	"turn:a?x=udp", "turn:a?udp", "turns:a?transport=sctp", "turn:?transport=udp",
	"turn:a?transport=udp?transport=udp",
};
/* clang-format on */

/* URL and host in blocks of exactly their size. */
static int read_exactly(const char *url, struct read_as *got, char host[HOST])
{
	const size_t size = strlen(url) + 1;
	char *text = malloc(size), *room = malloc(HOST);
	struct tt_ice_server out = { .port = 4711 };

	assert_true(text && room);
	memcpy(text, url, size);
	memset(room, 'x', HOST);
	const int err = pc_read_server(text, room, HOST, &out, &got->turn);
	if (err != TAUT_E_INVAL)
		memcpy(host, room, HOST);
	got->port = out.port;
	got->transport = out.transport;
	free(text);
	free(room);
	return err;
}

static void assert_read(const struct read_as *want, int error)
{
	struct read_as got = { 0 };
	char host[HOST];

	assert_int_equal(read_exactly(want->url, &got, host), error);
	assert_string_equal(host, want->host);
	assert_int_equal(got.port, want->port);
	assert_int_equal(got.transport, want->transport);
	assert_int_equal(got.turn, want->turn);
}

static void a_url_names_host_port_and_transport(void **state)
{
	(void)state;
	for (size_t i = 0; i < TT_COUNT(good); i++)
		assert_read(&good[i], TAUT_OK);
}

static void what_is_well_formed_and_not_built_is_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < TT_COUNT(later); i++)
		assert_read(&later[i], TAUT_E_UNSUPPORTED);
}

static void what_is_no_url_of_a_server_is_refused(void **state)
{
	struct read_as got;
	struct tt_ice_server out = { 0 };
	char host[HOST];
	bool turn;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		if (read_exactly(bad[i], &got, host) != TAUT_E_INVAL)
			fail_msg("taken: %s", bad[i]);
	assert_int_equal(pc_read_server(NULL, host, sizeof host, &out, &turn), TAUT_E_INVAL);
}

/* RFC 3986 section 3.2.2, and what ends a host. */
static void a_host_has_no_delimiter_and_no_blank_anywhere(void **state)
{
	static const char refused[] = "@/?#[]\"<>\\^`{|}";
	struct read_as got;
	char url[] = "stun:abc", host[HOST];

	(void)state;
	for (int c = 1; c < 256; c++) {
		if (c == ':' || c == '[')
			continue; /* begins a port, or an IPv6 address */
		for (size_t at = 5; at < 8; at++) {
			memcpy(url, "stun:abc", sizeof url);
			url[at] = (char)c;
			const bool fine = c > ' ' && c < 0x7f && !strchr(refused, c);
			assert_int_equal(read_exactly(url, &got, host),
					 fine ? TAUT_OK : TAUT_E_INVAL);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_names_host_port_and_transport),
		cmocka_unit_test(what_is_well_formed_and_not_built_is_told_apart),
		cmocka_unit_test(what_is_no_url_of_a_server_is_refused),
		cmocka_unit_test(a_host_has_no_delimiter_and_no_blank_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
