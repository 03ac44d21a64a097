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
	{ "00001.2.3.4", NULL },
	{ "001.02.3.4", "1.2.3.4" },
	{ "1.2.3.256", NULL },
	{ "1.2.3.:", NULL },
	{ "1.2.3./", NULL },
	{ "1.2.3.4:", NULL },
	{ "1.2.3:4", NULL },
	{ "1.2.3.999", NULL },
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
	{ "1:::2", NULL },
	{ "1:2:3:4:5:6:7:8::", NULL },
	{ "4294967297.2.3.4", NULL },
	{ "100000001::", NULL },
	{ "12345::", NULL },
	{ "::g", NULL },
	{ "::G", NULL },
	{ "::@", NULL },
	{ "::`", NULL },
	{ "::/", NULL },
	{ "::aF09", "::af09" },
	{ "::fA90", "::fa90" },
	{ "1.::", NULL },
	{ "1:2:3:4:5:6:7::8", NULL },
	{ "1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0" },
	{ "::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8" },
	{ "1:2:3:4::5:6:7:8", NULL },
	{ "::1::", NULL },
	{ "::1:2:3:4:5:6:7:8", NULL },
	{ "1::3:4:5:6:7:8", "1:0:3:4:5:6:7:8" },
	{ "1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304" },
	{ "::1:2:3:4:5:6:1.2.3.4", NULL },
	{ "1:2:3:4:5:1.2.3.4", NULL },
	{ "::1.2.3", NULL },
	{ "::1.2.3.4:5", NULL },
	{ "0:0:3:4:5:6:0:0", "::3:4:5:6:0:0" },
	{ "1:2:3:4:5:0:0:0", "1:2:3:4:5::" },
	{ "0:0:0:4:0:0:0:8", "::4:0:0:0:8" },
	{ "1:", NULL },
	{ "1:2:", NULL },
	{ "1", NULL },
	{ ":", NULL },
	{ "-:1", NULL },
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
		char *exact = malloc(n ? n : 1); /* nothing behind it: reading on would be seen */
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
		char *exact = malloc(n ? n : 1);
		memcpy(exact, text, n);
		bool ok = tt_addr_parse_ip(&a, exact, n);
		/* whole from the last digit that ends a byte on: .2, .25, .255 */
		assert_int_equal(ok, n >= sizeof text - 3);
		free(exact);
	}
}

static void a_refused_text_leaves_the_address_as_it_was(void **state)
{
	struct taut_addr a = { .family = 4, .ip = { 9, 8, 7, 6 }, .port = 5 };
	const struct taut_addr before = a;

	(void)state;
	assert_false(tt_addr_parse_ip(&a, "1.2.3.256", 9));
	assert_false(tt_addr_parse_ip(&a, "::1.2.3.256", 11));
	assert_memory_equal(&a, &before, sizeof a);
}

static void addresses_are_equal_in_family_bytes_and_port(void **state)
{
	static const char *const texts[] = { "192.0.2.1", "192.0.2.2", "c000:201::", "c000:201::1" };
	struct taut_addr a, b;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(texts); i++)
		for (size_t j = 0; j < TT_COUNT(texts); j++) {
			assert_true(tt_addr_parse_ip(&a, texts[i], strlen(texts[i])));
			assert_true(tt_addr_parse_ip(&b, texts[j], strlen(texts[j])));
			a.port = b.port = 7;
			assert_int_equal(tt_addr_eq_ip(&a, &b), i == j);
			assert_int_equal(tt_addr_eq(&a, &b), i == j);
			b.port = 8;
			assert_int_equal(tt_addr_eq_ip(&a, &b), i == j);
			assert_false(tt_addr_eq(&a, &b));
		}
	/* what has no family has no bytes that could differ */
	assert_true(tt_addr_eq_ip(&(struct taut_addr){ .ip = { 1 } }, &(struct taut_addr){ 0 }));
}

static void kinds_of_addresses_are_told_apart(void **state)
{
	static const struct {
		const char *ip;
		bool loopback, link_local, private, any;
	} kinds[] = {
		{ "127.0.0.1", true, false, false, false },
		{ "127.255.0.1", true, false, false, false },
		{ "126.0.0.1", false, false, false, false },
		{ "128.0.0.1", false, false, false, false },
		{ "::1", true, false, false, false },
		{ "::2", false, false, false, false },
		{ "100::1", false, false, false, false },
		{ "169.254.1.1", false, true, false, false },
		{ "169.253.1.1", false, false, false, false },
		{ "169.255.1.1", false, false, false, false },
		{ "168.254.1.1", false, false, false, false },
		{ "170.254.0.1", false, false, false, false },
		{ "fe80::1", false, true, false, false },
		{ "febf::1", false, true, false, false },
		{ "fec0::1", false, false, false, false },
		{ "fe40::1", false, false, false, false },
		{ "fe00::1", false, false, false, false },
		{ "ff80::1", false, false, false, false },
		{ "fd80::1", false, false, true, false },
		{ "10.1.2.3", false, false, true, false },
		{ "11.1.2.3", false, false, false, false },
		{ "9.1.2.3", false, false, false, false },
		{ "172.16.0.1", false, false, true, false },
		{ "172.31.0.1", false, false, true, false },
		{ "172.15.0.1", false, false, false, false },
		{ "172.32.0.1", false, false, false, false },
		{ "171.16.0.1", false, false, false, false },
		{ "173.16.0.1", false, false, false, false },
		{ "192.168.0.1", false, false, true, false },
		{ "192.167.0.1", false, false, false, false },
		{ "192.169.0.1", false, false, false, false },
		{ "191.168.0.1", false, false, false, false },
		{ "193.168.0.1", false, false, false, false },
		{ "fd00::1", false, false, true, false },
		{ "fc00::1", false, false, true, false },
		{ "fb00::1", false, false, false, false },
		{ "0.0.0.0", false, false, false, true },
		{ "0.0.0.1", false, false, false, false },
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
	/* bytes without a family are of no kind, but for the unspecified */
	static const uint8_t bytes[][16] = {
		{ 127 }, { 169, 254 }, { 10 }, { 0xfe, 0x80 }, { 0xfd }, { [15] = 1 },
	};
	for (size_t i = 0; i < TT_COUNT(bytes); i++) {
		a = (struct taut_addr){ .family = 0 };
		memcpy(a.ip, bytes[i], 16);
		assert_false(tt_addr_is_loopback(&a) || tt_addr_is_link_local(&a) ||
			     tt_addr_is_private(&a));
		assert_true(tt_addr_is_any(&a));
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
		cmocka_unit_test(a_refused_text_leaves_the_address_as_it_was),
		cmocka_unit_test(addresses_are_equal_in_family_bytes_and_port),
		cmocka_unit_test(kinds_of_addresses_are_told_apart),
		cmocka_unit_test(ports_and_brackets_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
