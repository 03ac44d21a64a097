/* test_turn_stream.c - TURN over TCP and TLS: RFC 8656 section 3.1, RFC 8489 sections 6.2.2 and 6.2.3. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ice/ice.h"
#include "sim_duo.h"

#define SECOND INT64_C(1000000)

static const struct world_nat_config blocked = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						 .blocked = true };
static const struct world_certificate good = { .name = DUO_TURN };

#define TCP "turn:" DUO_TURN "?transport=tcp"
#define TLS "turns:" DUO_TURN

/* No UDP at all for either, a server over this URL for both. */
static struct duo_config without_udp(const char *url)
{
	return (struct duo_config){ .side = { { .nat = &blocked, .turn = true, .url = url },
					      { .nat = &blocked, .turn = true, .url = url } },
				    .turn.tls = &good };
}

static bool meet(struct duo *d)
{
	const bool met = duo_meet(d, 20);

	duo_wait(d, 3 * SECOND);
	return met;
}

static void where_udp_is_blocked_a_relay_over_a_stream_connects(void **state)
{
	static const struct {
		const char *url;
		unsigned by;
	} rows[] = { { TCP, TAUT_TURN_TCP }, { TLS, TAUT_TURN_TLS } };
	(void)state;

	for (size_t k = 0; k < 2; k++) {
		const struct duo_config cfg = without_udp(rows[k].url);
		struct duo d;

		duo_begin(&d, &cfg);
		assert_true(meet(&d));
		for (int i = 0; i < 2; i++) {
			const struct duo_side *s = &d.side[i];
			assert_non_null(strstr(s->path, "relay " DUO_TURN));
			assert_string_equal(s->server[TT_ICE_RELAY], rows[k].url);
			assert_int_equal(s->reached_by[TT_ICE_RELAY], rows[k].by);
			assert_int_equal(s->candidates[TT_ICE_SRFLX], 0); /* TCP's is of no use */
		}
		duo_end(&d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_udp_is_blocked_a_relay_over_a_stream_connects),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
