/* wraps: socket bind getsockname setsockopt sendmsg sendmmsg recvmsg recvmmsg getifaddrs freeifaddrs if_nametoindex */
/* test_lacks.c - machines that have less: without IPv6, without IPv4, without multicast, without any network. One
 * line of the trace says so, once for a loop. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "base/num.h"
#include "io/io_ifaces.h"
#include "taut/loop.h"
#include "unit/io/fake_pc.h"
#include "unit/io/kernel.h"

enum { PLAIN = IFF_UP, CASTS = IFF_UP | IFF_MULTICAST, LO = IFF_UP | IFF_LOOPBACK };

static void add_face(const char *name, unsigned flags, int family, uint16_t first)
{
	struct ifaddrs *i = kernel_add_iface(name, flags, family);

	if (family != AF_INET6)
		return;
	uint8_t *ip = ((struct sockaddr_in6 *)i->ifa_addr)->sin6_addr.s6_addr;
	ip[0] = (uint8_t)(first >> 8);
	ip[1] = (uint8_t)(first & 255);
}

struct face {
	const char *name;
	unsigned flags;
	int family;
	uint16_t first; /* of an IPv6 address */
};

static const struct row {
	struct face faces[4];
	uint32_t flags; /* of the loop */
	size_t count;
	uint32_t lacks;
} rows[] = {
	{ { { "e", CASTS, AF_INET, 0 }, { "e", CASTS, AF_INET6, 0x2001 } }, 0, 2, 0 },
	{ { { "e", CASTS, AF_INET, 0 } }, 0, 1, TT_LACKS_IPV6 },
	{ { { "e", CASTS, AF_INET, 0 } }, TAUT_LOOP_NO_IPV6, 1, 0 },
	/* Link-local addresses are no candidates. */
	{ { { "e", CASTS, AF_INET, 0 }, { "e", CASTS, AF_INET6, 0xfe80 } }, 0, 2, TT_LACKS_IPV6 },
	{ { { "e", CASTS, AF_INET6, 0x2001 } }, 0, 1, TT_LACKS_IPV4 },
	{ { { "e", PLAIN, AF_INET6, 0x2001 } }, 0, 1, TT_LACKS_IPV4 },
	{ { { "e", PLAIN, AF_INET, 0 }, { "e", PLAIN, AF_INET6, 0x2001 } },
	  0,
	  2,
	  TT_LACKS_MULTICAST },
	/* Names go by IPv4 alone. */
	{ { { "e", PLAIN, AF_INET, 0 }, { "f", CASTS, AF_INET6, 0x2001 } },
	  0,
	  2,
	  TT_LACKS_MULTICAST },
	{ { { "e", PLAIN, AF_INET, 0 } }, 0, 1, TT_LACKS_MULTICAST | TT_LACKS_IPV6 },
	{ { { "lo", LO, AF_INET, 0 }, { "lo", LO, AF_INET6, 0 } }, 0, 2, TT_LACKS_NETWORK },
	{ { { "lo", LO, AF_INET, 0 }, { "e", CASTS, AF_INET, 0 } }, TAUT_LOOP_LOOPBACK_ONLY, 1, 0 },
	{ { { "e", 0, AF_INET, 0 } }, 0, 0, TT_LACKS_NETWORK },
};

static void add_faces(const struct row *r)
{
	for (size_t i = 0; i < TT_COUNT(r->faces) && r->faces[i].name; i++)
		add_face(r->faces[i].name, r->faces[i].flags, r->faces[i].family,
			 r->faces[i].first);
}

static void what_a_machine_lacks_is_seen(void **state)
{
	static struct tt_ifaces found;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		kernel_obey();
		add_faces(&rows[i]);
		assert_int_equal(tt_ifaces_read(&found, rows[i].flags), 0);
		if (found.count != rows[i].count || found.lacks != rows[i].lacks)
			fail_msg("row %zu: %zu addresses, lacks %u", i, found.count, found.lacks);
	}
}

/* What the kernel shows of a family that it refuses (EAFNOSUPPORT) would end in a socket that fails. */
static void a_family_that_gives_no_sockets_has_no_addresses(void **state)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static struct tt_ifaces found;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(families); i++) {
		kernel_obey();
		add_faces(&rows[0]);
		kernel_refuse("socket", 100, EAFNOSUPPORT);
		kernel.option = families[i];
		assert_int_equal(tt_ifaces_read(&found, 0), 0);
		assert_int_equal(found.count, 1);
		assert_int_equal(found.all[0].addr.family, families[i] == AF_INET ? 6 : 4);
		assert_int_equal(found.lacks,
				 families[i] == AF_INET ? TT_LACKS_IPV4 : TT_LACKS_IPV6);
	}
	/* A process that has no descriptor left for a moment has not lost a family. */
	kernel_obey();
	add_faces(&rows[0]);
	kernel_refuse("socket", 100, EMFILE);
	assert_int_equal(tt_ifaces_read(&found, 0), 0);
	assert_int_equal(found.count, 2);
	assert_int_equal(found.lacks, 0);
}

/* ---- what the trace says ---- */

static unsigned said;      /* lines of the loop that begin with "no " */
static const char *latest; /* ... and the last of them */

static void on_record(void *ctx, const struct taut_trace_record *r)
{
	(void)ctx;
	if (r->layer != TAUT_LAYER_IO || strncmp(r->name, "no ", 3) != 0)
		return;
	said++;
	latest = r->name;
}

static void ignore(void *user, taut_pc *pc, const struct taut_event *ev)
{
	(void)user, (void)pc, (void)ev;
}

/* How many lines another connection brings, for which the addresses are read anew. */
static unsigned lines_of_another(taut_loop *loop)
{
	const unsigned before = said;
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, taut_loop_env(loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(loop, pc, ignore, NULL), TAUT_OK);
	return said - before;
}

static void it_is_said_once_for_a_loop_and_again_when_it_comes_back(void **state)
{
	static const struct taut_trace_sink sink = { .size = sizeof sink, .record = on_record };
	const struct taut_env_config env = { .size = sizeof env, .trace = &sink };
	const struct taut_loop_config cfg = { .size = sizeof cfg, .env = &env };
	taut_loop *loop;

	(void)state;
	kernel_obey();
	said = 0;
	kernel_refuse("socket", 1, EPERM); /* no word of changes: each connection looks */
	kernel.option = AF_NETLINK;
	add_face("e", CASTS, AF_INET, 0);
	assert_int_equal(taut_loop_new(&loop, &cfg), TAUT_OK);
	(void)lines_of_another(loop);
	assert_int_equal(said, 1);
	assert_string_equal(latest, "no IPv6");
	assert_int_equal(lines_of_another(loop), 0);
	add_face("e", CASTS, AF_INET6, 0x2001);
	assert_int_equal(lines_of_another(loop), 0);
	kernel.ifaces[1].ifa_flags = 0;
	assert_int_equal(lines_of_another(loop), 1);
	kernel.ifaces[0].ifa_flags = 0;
	assert_int_equal(lines_of_another(loop), 1);
	assert_string_equal(latest, "no network but loopback");
	taut_loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_machine_lacks_is_seen),
		cmocka_unit_test(a_family_that_gives_no_sockets_has_no_addresses),
		cmocka_unit_test(it_is_said_once_for_a_loop_and_again_when_it_comes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
