/* test_addr.c - addresses as text: RFC 4291 section 2.2 in, RFC 5952 out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"

static const struct {
	const char *in, *out; /* out NULL: refused */
} cases[] = {
	{ "192.0.2.1", "192.0.2.1" },
	{ "255.255.255.255", "255.255.255.255" },
	{ "256.0.0.1", NULL },
	{ "1.2.3", NULL },
	{ "1.2.3.4.", NULL },
	{ "1.2.3.4.5", NULL },
	{ "1..2.3", NULL },
	{ "0001.2.3.4", NULL },
	{ "2001:db8::1", "2001:db8::1" },
	{ "2001:0DB8:0000:0000:0000:0000:0000:0001", "2001:db8::1" },
	{ "::", "::" },
	{ "::1", "::1" },
	{ "1::", "1::" },
	{ "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8" },
	{ "1:0:0:4:5:0:0:8", "1::4:5:0:0:8" }, /* the first of equal runs */
	{ "1:0:3:0:0:6:7:8", "1:0:3::6:7:8" },
	{ "1:0:3:4:5:6:7:8", "1:0:3:4:5:6:7:8" }, /* one group is not shortened */
	{ "::ffff:192.0.2.1", "::ffff:c000:201" },
	{ "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
	{ "1:2:3:4:5:6:7", NULL },
	{ "1:2:3:4:5:6:7:8:9", NULL },
	{ "1::2::3", NULL },
	{ ":1", NULL },
	{ "1:", NULL },
	{ ":::", NULL },
	{ "12345::", NULL },
	{ "::g", NULL },
	{ "1:2:3:4:5:6:7:1.2.3.4", NULL },
	{ "fe80::1%eth0", NULL },
	{ "", NULL },
};

static void addresses_are_read_and_written_in_the_shortest_form(void **state)
{
	char text[TT_ADDR_TEXT];
	struct taut_addr a;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(cases); i++) {
		size_t n = strlen(cases[i].in);
		char *exact = malloc(n + 1); /* no NUL behind it: reading on would be seen */
		memcpy(exact, cases[i].in, n);
		bool ok = tt_addr_parse_ip(&a, exact, n);
		free(exact);
		if (ok != (cases[i].out != NULL))
			print_error("%s\n", cases[i].in);
		assert_int_equal(ok, cases[i].out != NULL);
		if (ok)
			assert_string_equal(tt_addr_ip_text(&a, text), cases[i].out);
	}
}

static void every_prefix_of_an_address_is_read_or_refused(void **state)
{
	static const char text[] = "2001:db8:1:2:3:4:192.0.2.255";
	struct taut_addr a;

	(void)state;
	for (size_t n = 0; n < sizeof text; n++) {
		char *exact = malloc(n + 1);
		memcpy(exact, text, n);
		tt_addr_parse_ip(&a, exact, n);
		free(exact);
	}
}

static void kinds_of_addresses_are_told_apart(void **state)
{
	static const struct {
		const char *ip;
		bool loopback, link_local, private, any;
	} kinds[] = {
		{ "127.0.0.1", true, false, false, false },
		{ "127.255.0.1", true, false, false, false },
		{ "::1", true, false, false, false },
		{ "169.254.1.1", false, true, false, false },
		{ "fe80::1", false, true, false, false },
		{ "febf::1", false, true, false, false },
		{ "fec0::1", false, false, false, false },
		{ "10.1.2.3", false, false, true, false },
		{ "172.16.0.1", false, false, true, false },
		{ "172.32.0.1", false, false, false, false },
		{ "192.168.0.1", false, false, true, false },
		{ "fd00::1", false, false, true, false },
		{ "0.0.0.0", false, false, false, true },
		{ "::", false, false, false, true },
		{ "192.0.2.1", false, false, false, false },
	};
	struct taut_addr a;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(kinds); i++) {
		assert_true(tt_addr_parse_ip(&a, kinds[i].ip, strlen(kinds[i].ip)));
		assert_int_equal(tt_addr_is_loopback(&a), kinds[i].loopback);
		assert_int_equal(tt_addr_is_link_local(&a), kinds[i].link_local);
		assert_int_equal(tt_addr_is_private(&a), kinds[i].private);
		assert_int_equal(tt_addr_is_any(&a), kinds[i].any);
	}
}

static void ports_and_brackets_are_written(void **state)
{
	char text[TT_ADDR_TEXT];
	struct taut_addr a;

	(void)state;
	assert_true(tt_addr_parse_ip(&a, "2001:db8::1", 11));
	a.port = 4000;
	assert_string_equal(tt_addr_text(&a, text), "[2001:db8::1]:4000");
	assert_true(tt_addr_parse_ip(&a, "192.0.2.1", 9));
	a.port = 65535;
	assert_string_equal(tt_addr_text(&a, text), "192.0.2.1:65535");
	assert_string_equal(tt_addr_text(&(struct taut_addr){ 0 }, text), "none:0");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_are_read_and_written_in_the_shortest_form),
		cmocka_unit_test(every_prefix_of_an_address_is_read_or_refused),
		cmocka_unit_test(kinds_of_addresses_are_told_apart),
		cmocka_unit_test(ports_and_brackets_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
