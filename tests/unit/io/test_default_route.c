/* wraps: getifaddrs freeifaddrs if_nametoindex if_indextoname tt_iface_network connect getsockname */
/* test_default_route.c - which address of this host packets to the internet leave from: RFC 8828 section 6.2.
 * The kernel's table is made up; that nothing but a socket of UDP is connected is looked at. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "io/io_ifaces.h"
#include "io/io_sockaddr.h"
#include "taut/loop.h"

enum { ADDRESSES = 6 };

static const struct row {
	const char *name, *ip;
	int family;
	unsigned flags;
} rows[ADDRESSES] = {
	{ "lo", "127.0.0.1", AF_INET, IFF_UP | IFF_LOOPBACK },
	{ "eth0", "10.0.0.2", AF_INET, IFF_UP },
	{ "wlan0", "192.168.7.3", AF_INET, IFF_UP },
	{ "eth0", "2001:db8::2", AF_INET6, IFF_UP },
	{ "eth0", "2001:db8::3", AF_INET6, IFF_UP },
	{ "eth0:1", "10.0.0.9", AF_INET, IFF_UP }, /* a label */
};

static struct ifaddrs all[ADDRESSES];
static union tt_sockaddr addr[ADDRESSES];
static const char *source[2]; /* by IPv4, by IPv6; NULL: there is no way */
static int family_of_last;
static unsigned connected;

static void fill(union tt_sockaddr *out, int family, const char *ip)
{
	memset(out, 0, sizeof *out);
	out->any.sa_family = (sa_family_t)family;
	assert_int_equal(inet_pton(family, ip,
				   family == AF_INET ? (void *)&out->in4.sin_addr
						     : (void *)&out->in6.sin6_addr),
			 1);
}

int __wrap_getifaddrs(struct ifaddrs **out);
int __wrap_getifaddrs(struct ifaddrs **out)
{
	for (int i = 0; i < ADDRESSES; i++) {
		fill(&addr[i], rows[i].family, rows[i].ip);
		all[i] = (struct ifaddrs){ .ifa_name = (char *)(uintptr_t)rows[i].name,
					   .ifa_flags = rows[i].flags,
					   .ifa_addr = &addr[i].any,
					   .ifa_next = i + 1 < ADDRESSES ? &all[i + 1] : NULL };
	}
	*out = all;
	return 0;
}

void __wrap_freeifaddrs(struct ifaddrs *list);
void __wrap_freeifaddrs(struct ifaddrs *list)
{
	assert_ptr_equal(list, all);
}

unsigned __wrap_if_nametoindex(const char *name);
unsigned __wrap_if_nametoindex(const char *name)
{
	return (unsigned char)name[0];
}

char *__wrap_if_indextoname(unsigned index, char *name);
char *__wrap_if_indextoname(unsigned index, char *name)
{
	for (int i = 0; i < ADDRESSES; i++)
		if ((unsigned char)rows[i].name[0] == index)
			return memcpy(name, rows[i].name, strlen(rows[i].name) + 1);
	return NULL;
}

/* The kernel has a folder for each interface, and none for a label. */
uint32_t __wrap_tt_iface_network(const char *dir, const char *name, uint32_t index);
uint32_t __wrap_tt_iface_network(const char *dir, const char *name, uint32_t index)
{
	assert_string_equal(dir, TT_IFACES_SYS);
	assert_int_equal(index, (unsigned char)name[0]);
	return strchr(name, ':')            ? TAUT_NETWORK_UNKNOWN
	       : strcmp(name, "wlan0") == 0 ? TAUT_NETWORK_WIFI
					    : TAUT_NETWORK_ETHERNET;
}

int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len);
int __wrap_connect(int fd, const struct sockaddr *to, socklen_t len)
{
	int type = 0;
	socklen_t size = sizeof type;

	assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size), 0);
	assert_int_equal(type, SOCK_DGRAM); /* a stream would send a packet */
	assert_true(len > 0);
	connected++;
	family_of_last = to->sa_family;
	if (!source[to->sa_family == AF_INET6]) {
		errno = ENETUNREACH;
		return -1;
	}
	return 0;
}

int __wrap_getsockname(int fd, struct sockaddr *out, socklen_t *len);
int __wrap_getsockname(int fd, struct sockaddr *out, socklen_t *len)
{
	union tt_sockaddr sa;

	(void)fd;
	fill(&sa, family_of_last, source[family_of_last == AF_INET6]);
	memcpy(out, &sa, *len < sizeof sa ? *len : sizeof sa);
	return 0;
}

/* A bit for each address that has the flag. */
static unsigned flagged(const char *v4, const char *v6, uint32_t flags)
{
	static struct tt_ifaces found;
	unsigned bits = 0;

	source[0] = v4;
	source[1] = v6;
	assert_int_equal(tt_ifaces_read(&found, flags), 0);
	for (size_t i = 0; i < found.count; i++)
		bits |= (found.all[i].flags & TAUT_IF_DEFAULT_ROUTE ? 1u : 0) << i;
	return bits;
}

static void the_source_address_of_each_family_is_flagged(void **state)
{
	(void)state;
	connected = 0;
	assert_int_equal(flagged("10.0.0.2", "2001:db8::3", 0), 1 << 1 | 1 << 4);
	assert_int_equal(connected, 2);
	assert_int_equal(flagged("192.168.7.3", "2001:db8::2", 0), 1 << 2 | 1 << 3);
}

static void a_family_without_a_route_has_none(void **state)
{
	(void)state;
	assert_int_equal(flagged(NULL, "2001:db8::2", 0), 1 << 3);
	assert_int_equal(flagged("10.0.0.2", NULL, 0), 1 << 1);
	assert_int_equal(flagged(NULL, NULL, 0), 0);
}

static void an_address_that_is_not_told_flags_no_other(void **state)
{
	(void)state;
	assert_int_equal(flagged("203.0.113.1", NULL, 0), 0);
	assert_int_equal(flagged("10.0.0.2", "2001:db8::2", TAUT_LOOP_NO_IPV6), 1 << 1);
	assert_int_equal(flagged("10.0.0.2", "2001:db8::2", TAUT_LOOP_LOOPBACK_ONLY), 0);
}

/* So that a connection learns of it. */
static void another_route_is_a_change(void **state)
{
	static struct tt_ifaces before, after;

	(void)state;
	source[0] = "10.0.0.2";
	source[1] = NULL;
	assert_int_equal(tt_ifaces_read(&before, 0), 0);
	source[0] = "192.168.7.3";
	assert_int_equal(tt_ifaces_read(&after, 0), 0);
	assert_false(tt_ifaces_equal(&before, &after));
}

static void an_address_with_a_label_is_of_its_interface_s_network(void **state)
{
	static const uint32_t networks[ADDRESSES] = {
		TAUT_NETWORK_LOOPBACK, TAUT_NETWORK_ETHERNET, TAUT_NETWORK_WIFI,
		TAUT_NETWORK_ETHERNET, TAUT_NETWORK_ETHERNET, TAUT_NETWORK_ETHERNET
	};
	static struct tt_ifaces found;

	(void)state;
	source[0] = source[1] = NULL;
	assert_int_equal(tt_ifaces_read(&found, 0), 0);
	assert_int_equal(found.count, ADDRESSES);
	for (size_t i = 0; i < ADDRESSES; i++)
		assert_int_equal(found.all[i].network, networks[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_source_address_of_each_family_is_flagged),
		cmocka_unit_test(a_family_without_a_route_has_none),
		cmocka_unit_test(an_address_that_is_not_told_flags_no_other),
		cmocka_unit_test(another_route_is_a_change),
		cmocka_unit_test(an_address_with_a_label_is_of_its_interface_s_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
