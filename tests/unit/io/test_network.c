/* test_network.c - what an interface leads to, by files such as the kernel shows of it. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"
#include "io/io_ifaces.h"

enum { INDEX = 7 };

static const struct row {
	const char *name, *type, *uevent;
	const char
		*file[2]; /* that are there as well; those below an interface stand above it here */
	uint32_t network;
} rows[] = {
	{ "a", "1", "INTERFACE=a\nIFINDEX=7\n", { "device" }, TAUT_NETWORK_ETHERNET },
	{ "a2", "1", "INTERFACE=a2\n", { "device" }, TAUT_NETWORK_ETHERNET },
	{ "w1", "1", "DEVTYPE=wlan\nINTERFACE=w1\n", { NULL }, TAUT_NETWORK_WIFI },
	{ "w2", "1", "INTERFACE=w2\n", { "wireless" }, TAUT_NETWORK_WIFI },
	{ "w3", "1", NULL, { "phy80211", "device" }, TAUT_NETWORK_WIFI },
	{ "c1",
	  "65534",
	  "INTERFACE=c1\nDEVTYPE=wwan\nIFINDEX=7\n",
	  { NULL },
	  TAUT_NETWORK_CELLULAR },
	{ "c2", "519", "INTERFACE=c2\n", { "device" }, TAUT_NETWORK_CELLULAR },
	{ "v1", "65534", "INTERFACE=v1\n", { "tun_flags" }, TAUT_NETWORK_VPN },
	{ "v2", "1", "INTERFACE=v2\n", { "tun_flags" }, TAUT_NETWORK_VPN },
	{ "v3", "65534", "DEVTYPE=wireguard\n", { NULL }, TAUT_NETWORK_VPN },
	{ "v4", "776", "INTERFACE=v4\n", { NULL }, TAUT_NETWORK_VPN },
	{ "l", "772", "INTERFACE=l\n", { NULL }, TAUT_NETWORK_LOOPBACK },
	{ "p", "512", "DEVTYPE=ppp\nINTERFACE=p\n", { NULL }, TAUT_NETWORK_UNKNOWN },
	/* No device: what is below counts, if there is anything and all of it is the same. */
	{ "veth", "1", "INTERFACE=veth\n", { NULL }, TAUT_NETWORK_UNKNOWN },
	{ "docker",
	  "1",
	  "DEVTYPE=bridge\nINTERFACE=docker\n",
	  { "lower_veth" },
	  TAUT_NETWORK_UNKNOWN },
	{ "bond", "1", "DEVTYPE=bond\n", { "lower_a", "lower_a2" }, TAUT_NETWORK_ETHERNET },
	{ "both", "1", "DEVTYPE=bond\n", { "lower_a", "lower_w1" }, TAUT_NETWORK_UNKNOWN },
	{ "vlan", "1", "DEVTYPE=vlan\n", { "lower_bond" }, TAUT_NETWORK_ETHERNET },
	{ "mac", "1", "DEVTYPE=macvlan\n", { "lower_w1" }, TAUT_NETWORK_WIFI },
	{ "br", "1", "DEVTYPE=bridge\n", { "lower_vlan" }, TAUT_NETWORK_ETHERNET },
	{ "deep", "1", "DEVTYPE=bridge\n", { "lower_br" }, TAUT_NETWORK_UNKNOWN },
	{ "ring", "1", "DEVTYPE=bridge\n", { "lower_ring" }, TAUT_NETWORK_UNKNOWN },
	{ "gone", "1", "DEVTYPE=vlan\n", { "lower_nobody" }, TAUT_NETWORK_UNKNOWN },
	/* What a name says, here of the wrong kind, does not count; nor does part of a line. */
	{ "wlan0", "1", "INTERFACE=DEVTYPE=wlan\n", { "device" }, TAUT_NETWORK_ETHERNET },
	{ "tun0", "1", "DEVTYPE=wlanish\n", { "device" }, TAUT_NETWORK_ETHERNET },
	{ "x", NULL, NULL, { NULL }, TAUT_NETWORK_UNKNOWN },
	{ "y", "what?", NULL, { NULL }, TAUT_NETWORK_UNKNOWN },
};

static const char template[] = "/tmp/taut-network-XXXXXX";
static char dir[sizeof template];

static void path_of(char out[128], const char *name, const char *file)
{
	const int n = snprintf(out, 128, "%s/%s%s%s", dir, name, file ? "/" : "", file ? file : "");

	assert_in_range(n, 1, 127);
}

static void put(const char *name, const char *file, const char *text)
{
	char path[128];

	path_of(path, name, file);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static void take_away(const char *name, const char *file)
{
	char path[128];

	path_of(path, name, file);
	(void)remove(path);
}

static void add(const struct row *r)
{
	char path[128];

	path_of(path, r->name, NULL);
	assert_int_equal(mkdir(path, 0700), 0);
	put(r->name, "ifindex", "7\n");
	if (r->type)
		put(r->name, "type", r->type);
	if (r->uevent)
		put(r->name, "uevent", r->uevent);
	for (size_t i = 0; i < TT_COUNT(r->file) && r->file[i]; i++)
		put(r->name, r->file[i], "");
}

static int begin(void **state)
{
	(void)state;
	memcpy(dir, template, sizeof dir);
	if (!mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		add(&rows[i]);
	return 0;
}

static int end(void **state)
{
	static const char *const files[] = { "ifindex", "type", "uevent" };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		for (size_t k = 0; k < TT_COUNT(files); k++)
			take_away(rows[i].name, files[k]);
		for (size_t k = 0; k < TT_COUNT(rows[i].file) && rows[i].file[k]; k++)
			take_away(rows[i].name, rows[i].file[k]);
		take_away(rows[i].name, NULL);
	}
	return rmdir(dir);
}

static void drivers_say_what_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (tt_iface_network(dir, rows[i].name, INDEX) != rows[i].network)
			fail_msg("row %zu, %s: %u", i, rows[i].name,
				 tt_iface_network(dir, rows[i].name, INDEX));
}

/* The files are those of another network namespace. */
static void an_interface_of_another_number_says_nothing(void **state)
{
	(void)state;
	assert_int_equal(tt_iface_network(dir, "w1", INDEX), TAUT_NETWORK_WIFI);
	assert_int_equal(tt_iface_network(dir, "w1", INDEX + 1), TAUT_NETWORK_UNKNOWN);
	assert_int_equal(tt_iface_network(dir, "nobody", INDEX), TAUT_NETWORK_UNKNOWN);
	assert_int_equal(tt_iface_network(dir, "nobody", 0), TAUT_NETWORK_UNKNOWN);
}

static void a_name_that_is_too_long_for_a_path_says_nothing(void **state)
{
	char name[600];

	(void)state;
	memset(name, 'n', sizeof name - 1);
	name[sizeof name - 1] = '\0';
	assert_int_equal(tt_iface_network("/tmp", name, INDEX), TAUT_NETWORK_UNKNOWN);
}

static void the_kernel_says_what_an_address_is_for(void **state)
{
	static const char text[] =
		"fe80000000000000025056fffec00008 07 40 20 80     a\n"
		"20010db8000000000000000000000001 07 40 00 80     a\n"
		"20010db8000000000000000000000002 07 40 00 01     a\n"
		"20010db8000000000000000000000003 07 40 00 21     a\n"
		"20010db8000000000000000000000004 08 40 00 01     b\n"
		"20010db8000000000000000000000004 17 40 00 20 12345678901234567890\n"
		"20010db8000000000000000000000007 07 40 00 c0     a\n"
		"20010db8000000000000000000000008 07 40 00 41     a\n"
		"20010db8000000000000000000000009 07 40 00 44     a\n"
		"20010db800000000000000000000000a 07 40 00 88     a\n"
		"20010db8000000000000000000000005 07\n";
	static const struct {
		uint8_t last;
		uint32_t index, flags;
	} wanted[] = {
		{ 1, 7, 0 },
		{ 2, 7, TAUT_IF_TEMPORARY },
		{ 3, 7, TAUT_IF_TEMPORARY | TAUT_IF_DEPRECATED },
		{ 4, 7, 0 },
		{ 4, 8, TAUT_IF_TEMPORARY },
		{ 4, 23, TAUT_IF_DEPRECATED }, /* 0x17 */
		{ 5, 7, 0 },
		{ 6, 7, 0 },
		{ 7, 7, TT_IFACE_UNREADY },
		{ 8, 7, TT_IFACE_UNREADY | TAUT_IF_TEMPORARY },
		{ 9, 7, 0 }, /* optimistic */
		{ 10, 7, TT_IFACE_UNREADY },
	};
	char file[] = "/tmp/taut-inet6-XXXXXX";
	const int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
	close(fd);
	for (size_t i = 0; i < TT_COUNT(wanted); i++) {
		const struct taut_addr a = { .family = 6,
					     .ip = { 0x20, 1, 0x0d, 0xb8, [15] = wanted[i].last } };
		assert_int_equal(tt_iface_address_flags(file, &a, wanted[i].index), wanted[i].flags);
		assert_int_equal(tt_iface_address_flags("/nowhere", &a, wanted[i].index), 0);
	}
	unlink(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(drivers_say_what_it_is, begin, end),
		cmocka_unit_test_setup_teardown(an_interface_of_another_number_says_nothing, begin, end),
		cmocka_unit_test(a_name_that_is_too_long_for_a_path_says_nothing),
		cmocka_unit_test(the_kernel_says_what_an_address_is_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
