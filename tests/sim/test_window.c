/* test_window.c - how far the receive window of data channels grows: a_rwnd of RFC 9260 section 3.3.4, up to
 * taut_config.max_receive_window. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/num.h"
#include "datachannel/dcs_internal.h"
#include "peer/pc.h"
#include "sctp/sctp_assoc.h"
#include "sim_duo.h"

#define SECOND INT64_C(1000000)
#define MIB    (size_t)1048576

enum { MS = 1000, MESSAGE = 262144, LEAST = 2 * MESSAGE + 131072 };

static const uint8_t message[MESSAGE];

/* As much as it takes. */
static void fill(struct duo_side *s)
{
	const taut_time now = s->duo->world->now;
	int err;

	do
		err = taut_pc_send_message(s->peer.pc, now, s->channel, 1, message, MESSAGE);
	while (err == TAUT_OK);
	assert_int_equal(err, TAUT_E_AGAIN);
	world_peer_pump(&s->peer);
}

/* The most that the sender is ever told over a path of 200 ms without a bottleneck, until it is told so much, or for 3 s, 5 where
 * it has to come. */
static size_t widest(size_t ceiling, size_t enough)
{
	static const struct world_link_config wire = { .delay = 50 * MS };
	const struct duo_config cfg = {
		.wire = &wire,
		.bulk = true,
		.side = { { .send_buffer = 64 * MIB, .memory = 128 * MIB },
			  { .receive_window = ceiling, .memory = 128 * MIB } },
	};
	size_t most = 0;
	struct duo d;

	duo_begin(&d, &cfg);
	assert_true(duo_meet_for_good(&d));
	const struct tt_sctp *sender = d.side[0].peer.pc->channels->sctp;
	const taut_time until = d.world->now + (enough == SIZE_MAX ? 3 : 5) * SECOND;
	while (d.world->now < until && most < enough) {
		fill(&d.side[0]);
		duo_wait(&d, 20 * MS);
		most = tt_max(most, tt_sctp_count(sender).peer_window);
	}
	duo_end(&d);
	return most;
}

static void it_grows_to_16_mib_without_being_asked(void **state)
{
	(void)state;
	assert_in_range(widest(0, SIZE_MAX), 12 * MIB, 16 * MIB);
}

static void it_grows_beyond_where_the_application_says_so(void **state)
{
	(void)state;
	assert_in_range(widest(64 * MIB, 32 * MIB), 32 * MIB, 64 * MIB);
}

/* Both speak I-DATA, which begins with 5 MiB otherwise. */
static void it_is_never_wider_than_the_application_says(void **state)
{
	(void)state;
	assert_in_range(widest(MIB, SIZE_MAX), MIB / 2, MIB);
}

/* A message that cannot become whole beside another one would stop everything. */
static void two_messages_have_room_whatever_it_says(void **state)
{
	(void)state;
	assert_in_range(widest(1, SIZE_MAX), 131072, LEAST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_grows_to_16_mib_without_being_asked),
		cmocka_unit_test(it_grows_beyond_where_the_application_says_so),
		cmocka_unit_test(it_is_never_wider_than_the_application_says),
		cmocka_unit_test(two_messages_have_room_whatever_it_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
