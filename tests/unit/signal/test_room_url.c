/* URLs of a relay: host, port, scheme; what is not one is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "signal/room_link.h"

static void a_url_is_taken_apart(void **state)
{
	static const struct {
		const char *url, *host, *authority;
		int port;
		bool tls;
	} rows[] = {
		{ "http://localhost:8080/", "localhost", "localhost:8080", 8080, false },
		{ "ws://relay.example", "relay.example", "relay.example:80", 80, false },
		{ "https://relay.example/#room=tea", "relay.example", "relay.example:443", 443,
		  true },
		{ "wss://[2001:db8::1]:99/ws", "2001:db8::1", "[2001:db8::1]:99", 99, true },
		{ "http://x:65535/", "x", "x:65535", 65535, false },
		{ "http://x:00080#y", "x", "x:80", 80, false },
		{ "wss://x", "x", "x:443", 443, true },
		{ "HTTP://127.0.0.1:1?x", "127.0.0.1", "127.0.0.1:1", 1, false },
	};
	struct tt_link_url u;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		assert_true(tt_link_parse_url(&u, rows[i].url));
		assert_string_equal(u.host, rows[i].host);
		assert_string_equal(u.authority, rows[i].authority);
		assert_int_equal(u.port, rows[i].port);
		assert_int_equal(u.tls, rows[i].tls);
	}
}

static void what_is_no_url_of_a_relay_is_refused(void **state)
{
	static const char *const bad[] = { "",
					   "localhost:8080",
					   "ftp://x/",
					   "http://",
					   "http:///",
					   "http://:80/",
					   "http://x:0/",
					   "http://x:65536/",
					   "http://x:8a/",
					   "http://x:/8",
					   "http://x:+8/",
					   "http://x:9+/",
					   "http://[::1]x80/",
					   "http://x:8:/",
					   "http://x:655360/",
					   "http://[::1@]/",
					   "http:/x/",
					   "http://x:/",
					   "http://[::1/",
					   "http://[]:1/",
					   "http://[::1]x/",
					   "http://u@x/",
					   "http://x:99999999999999999999/" };
	char longest[400] = "http://";
	struct tt_link_url u;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(tt_link_parse_url(&u, bad[i]));
	assert_false(tt_link_parse_url(&u, NULL));
	memset(longest + 7, 'a', 255);
	assert_true(tt_link_parse_url(&u, longest));
	memset(longest + 7, 'a', 256);
	assert_false(tt_link_parse_url(&u, longest));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_is_taken_apart),
		cmocka_unit_test(what_is_no_url_of_a_relay_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
