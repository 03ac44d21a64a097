/* test_snap.c - a=sctp-init between two peers: draft-hancke-tsvwg-snap. Peer 0 offers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "datachannel/dcs_internal.h"
#include "peer/pc.h"
#include "sctp/sctp_assoc.h"
#include "sim_duo.h"

#define SECOND INT64_C(1000000)
#define LINE   "a=sctp-init:"

static const struct world_link_config wire = { .delay = 50000 };

static struct duo_config config(bool first, bool second)
{
	return (struct duo_config){ .wire = &wire,
				    .side = { { .snap = first }, { .snap = second } } };
}

static bool is_snap(const struct duo *d, int side)
{
	const struct taut_pc *pc = d->side[side].peer.pc;

	assert_int_equal(pc->snap, pc->channels->sctp->snap);
	return pc->snap;
}

/* When each had heard the other. */
static taut_time meet(struct duo *d, const struct duo_config *cfg)
{
	duo_begin(d, cfg);
	assert_true(duo_meet(d, 20));
	return d->world->now;
}

static void both_say_it_and_channels_open_sooner(void **state)
{
	const struct duo_config with = config(true, false), without = config(false, false);
	struct duo d;

	(void)state;
	const taut_time sooner = meet(&d, &with);
	assert_true(is_snap(&d, 0) && is_snap(&d, 1));
	assert_non_null(strstr(d.side[0].said, LINE));
	assert_non_null(strstr(d.side[1].said, LINE));
	duo_say(&d, 0, 200000);
	duo_wait(&d, 10 * SECOND);
	assert_int_equal(d.side[1].heard_bytes, 5 + 200000);
	duo_end(&d);
	const taut_time later = meet(&d, &without);
	assert_true(sooner + 4 * wire.delay <=
		    later); /* the way is two wires long: a round trip at least */
	assert_null(strstr(d.side[0].said, LINE));
	duo_end(&d);
}

static void who_was_not_offered_it_does_not_answer_it(void **state)
{
	const struct duo_config cfg = config(false, true);
	struct duo d;

	(void)state;
	(void)meet(&d, &cfg);
	assert_false(is_snap(&d, 0) || is_snap(&d, 1));
	assert_null(strstr(d.side[1].said, LINE));
	duo_end(&d);
}

static void value_of(const struct taut_pc *pc, char out[1500])
{
	const struct tt_sdp_media *m = pc->local.sdp->media[pc->data_m_line];

	assert_non_null(m->sctp_init);
	snprintf(out, 1500, "%s", m->sctp_init);
}

static void a_later_offer_says_the_same(void **state)
{
	const struct duo_config cfg = config(true, true);
	char before[2][1500], after[1500];
	struct duo d;

	(void)state;
	(void)meet(&d, &cfg);
	for (int i = 0; i < 2; i++)
		value_of(d.side[i].peer.pc, before[i]);
	for (int by = 0; by < 2; by++) {
		duo_restart(&d, by);
		duo_talk(&d, 5 * SECOND);
		for (int i = 0; i < 2; i++) {
			value_of(d.side[i].peer.pc, after);
			assert_string_equal(after, before[i]);
		}
	}
	duo_end(&d);
}

static char seen_value[1500];

/* The line is lost on the way. */
static bool lose(uint32_t type, char *text, size_t cap)
{
	char *line = strstr(text, LINE);

	(void)cap;
	if (line && type == TAUT_SDP_ANSWER)
		line[2] = 'x';
	return true;
}

/* Its chunk is of another type. */
static bool damage(uint32_t type, char *text, size_t cap)
{
	char *line = strstr(text, LINE);

	(void)cap, (void)type;
	if (line)
		line[strlen(LINE)] = 'B';
	return true;
}

/* What is not known is given back: the offer's value stands in the answer of a peer that does not know it. */
static bool hide_and_keep(uint32_t type, char *text, size_t cap)
{
	char *line = strstr(text, LINE);

	(void)cap;
	if (line && type == TAUT_SDP_OFFER) {
		snprintf(seen_value, sizeof seen_value, "%.*s", (int)strcspn(line, "\r"), line);
		line[2] = 'x';
	}
	return true;
}

static bool give_back(uint32_t type, char *text, size_t cap)
{
	char *port = strstr(text, "a=sctp-port:");
	const size_t len = strlen(seen_value);

	if (!port || type != TAUT_SDP_ANSWER)
		return true;
	assert_true(len > 0 && strlen(text) + len + 3 < cap);
	memmove(port + len + 2, port, strlen(port) + 1);
	memcpy(port, seen_value, len);
	memcpy(port + len, "\r\n", 2);
	return true;
}

static void expect_handshake(struct duo_config cfg)
{
	struct duo d;

	(void)meet(&d, &cfg);
	assert_false(is_snap(&d, 0));
	const size_t before[] = { d.side[0].heard_bytes, d.side[1].heard_bytes };
	duo_say(&d, 0, 20000);
	duo_say(&d, 1, 20000);
	duo_wait(&d, 10 * SECOND);
	for (int i = 0; i < 2; i++)
		assert_int_equal(d.side[i].heard_bytes, before[i] + 20000);
	duo_end(&d);
}

static void a_damaged_offer_is_answered_without(void **state)
{
	struct duo_config cfg = config(true, true);

	(void)state;
	cfg.side[0].alter = damage;
	expect_handshake(cfg);
}

static void an_answer_that_gives_the_offer_back_is_none(void **state)
{
	struct duo_config cfg = config(true, true);

	(void)state;
	cfg.side[0].alter = hide_and_keep;
	cfg.side[1].alter = give_back;
	expect_handshake(cfg);
}

/* The answerer takes it for agreed. */
static void an_answer_that_is_lost_or_damaged_costs_a_handshake(void **state)
{
	struct duo_config cfg = config(true, true);

	(void)state;
	cfg.side[1].alter = lose;
	expect_handshake(cfg);
	cfg.side[1].alter = damage;
	expect_handshake(cfg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_say_it_and_channels_open_sooner),
		cmocka_unit_test(who_was_not_offered_it_does_not_answer_it),
		cmocka_unit_test(a_later_offer_says_the_same),
		cmocka_unit_test(a_damaged_offer_is_answered_without),
		cmocka_unit_test(an_answer_that_gives_the_offer_back_is_none),
		cmocka_unit_test(an_answer_that_is_lost_or_damaged_costs_a_handshake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
