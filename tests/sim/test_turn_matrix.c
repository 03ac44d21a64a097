/* test_turn_matrix.c - who meets whom, and how: NATs of all kinds against each other, without a TURN server
 * and with one over UDP, TCP and TLS, as RFC 4787 and RFC 8445 say they must. The table of docs/ICE.md is written by this
 * test (TAUT_WRITE=1 in its environment) and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "sim_duo.h"

#define SECOND INT64_C(1000000)

enum { NONE, INDEPENDENT, BY_ADDRESS, BY_PORT, SYMMETRIC, DOUBLE, BLOCKED, KINDS, TABLE = 16384 };
enum { NO_TURN, OVER_UDP, OVER_TCP, OVER_TLS, TURNS };

static const char *const names[KINDS] = {
	"no NAT",
	"endpoint-independent",
	"filters by address",
	"filters by address and port",
	"maps per destination",
	"two in a row",
	"no UDP",
};

static const struct world_nat_config independent = { .filtering = WORLD_NAT_ENDPOINT_INDEPENDENT };
static const struct world_nat_config by_address = { .filtering = WORLD_NAT_ADDRESS_DEPENDENT };
static const struct world_nat_config by_port = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };
static const struct world_nat_config symmetric = { .mapping = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						   .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };
static const struct world_nat_config blocked = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						 .blocked = true };

static const struct {
	const char *url, *title;
} turns[TURNS] = {
	{ NULL, "Without a TURN server" },
	{ "turn:" DUO_TURN, "With a TURN server for both, over UDP" },
	{ "turn:" DUO_TURN "?transport=tcp", "With a TURN server for both, over TCP" },
	{ "turns:" DUO_TURN, "With a TURN server for both, over TLS" },
};

static const struct {
	const struct world_nat_config *nat, *outer;
} kinds[KINDS] = {
	[INDEPENDENT] = { &independent, NULL }, [BY_ADDRESS] = { &by_address, NULL },
	[BY_PORT] = { &by_port, NULL },         [SYMMETRIC] = { &symmetric, NULL },
	[DOUBLE] = { &by_port, &by_port },      [BLOCKED] = { &blocked, NULL },
};

/* RFC 4787 sections 4.1 and 5: who maps per destination sends from a port that nobody can name
 * beforehand, and who filters by port lets in only those that it has named. */
static bool meet_directly(int a, int b)
{
	const bool unnamed = a == SYMMETRIC || b == SYMMETRIC;
	const int other = a == SYMMETRIC ? b : a;

	if (a == BLOCKED || b == BLOCKED)
		return false;
	return !unnamed || (other != SYMMETRIC && other != BY_PORT && other != DOUBLE);
}

/* RFC 8656 section 3.1: who has no UDP needs a relay of its own, over TCP; for the others one of either's
 * is enough, since a relay maps independently of the destination, and filters by address alone. */
static unsigned relays_needed(int a, int b)
{
	const unsigned own = (unsigned)(a == BLOCKED) + (b == BLOCKED);

	return own > 0 ? own : !meet_directly(a, b);
}

static bool can_meet(int a, int b, int turn)
{
	if (a == BLOCKED || b == BLOCKED)
		return turn >= OVER_TCP;
	return turn != NO_TURN || meet_directly(a, b);
}

static unsigned relays_on(const struct duo_side *s)
{
	const char *first = strstr(s->path, "relay ");

	return first ? 1 + (strstr(first + 1, "relay ") != NULL) : 0;
}

static struct duo_side_config side_of(int kind, int turn)
{
	return (struct duo_side_config){ .nat = kinds[kind].nat,
					 .outer = kinds[kind].outer,
					 .turn = turn != NO_TURN,
					 .url = turns[turn].url };
}

/* One cell: "direct, 92 ms", "relay, 620 ms", or that it was given up. */
static void meet(int a, int b, int turn, char *cell, size_t cap)
{
	static const struct world_certificate its = { .name = DUO_TURN };
	const struct duo_config cfg = { .side = { side_of(a, turn), side_of(b, turn) },
					.turn.tls = &its };
	const unsigned relays = relays_needed(a, b);
	struct duo d;

	duo_begin(&d, &cfg);
	const bool met = duo_meet(&d, 60);
	if (met != can_meet(a, b, turn))
		fail_msg("%s and %s: %s", names[a], names[b], d.side[0].why);
	/* One side may still hear the other's last checks, and begin its own anew. */
	world_run(d.world, d.world->now + (met ? 3 : 20) * SECOND, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		const struct duo_side *s = &d.side[i];
		if (met && relays_on(s) != relays)
			fail_msg("%s and %s go by %s", names[a], names[b], s->path);
		if (!met && (s->state != TAUT_STATE_FAILED || s->reason != TAUT_REASON_ICE_NO_PAIR))
			fail_msg("%s and %s end in %u", names[a], names[b], s->state);
	}
	const taut_time took =
		tt_max64(d.side[0].connected_at, d.side[1].connected_at) - d.world->start;
	(void)snprintf(cell, cap, met ? "%s, %lld ms" : "%s",
		       !met          ? "no"
		       : relays == 0 ? "direct"
		       : relays == 1 ? "relay"
				     : "two relays",
		       (long long)took / 1000);
	duo_end(&d);
}

static void add(char *table, const char *text)
{
	const size_t have = strlen(table), len = strlen(text);

	assert_true(have + len < TABLE);
	memcpy(table + have, text, len + 1);
}

static void add_table(char *table, int turn)
{
	char cell[64];

	add(table, turn == NO_TURN ? "" : "\n");
	add(table, turns[turn].title);
	add(table, ":\n\n|");
	for (int b = 0; b < KINDS; b++) {
		add(table, " | ");
		add(table, names[b]);
	}
	add(table, " |\n|---|---|---|---|---|---|---|---|\n");
	for (int a = 0; a < KINDS; a++) {
		add(table, "| ");
		add(table, names[a]);
		for (int b = 0; b < KINDS; b++) {
			add(table, " | ");
			meet(a, b, turn, cell, sizeof cell);
			add(table, cell);
		}
		add(table, " |\n");
	}
}

static void compare_or_write(const char *table)
{
	static const char path[] = TAUT_SOURCE_DIR "/docs/ICE.md", begin[] = "<!-- begin -->\n",
			  end[] = "<!-- end -->\n";
	static char text[65536];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	(void)fclose(f);
	char *from = strstr(text, begin), *to = strstr(text, end);
	assert_true(from && to && from < to);
	from += sizeof begin - 1;
	if (getenv("TAUT_WRITE")) {
		f = fopen(path, "w");
		assert_non_null(f);
		(void)fprintf(f, "%.*s%s%s", (int)(from - text), text, table, to);
		assert_int_equal(fclose(f), 0);
		return;
	}
	if (strlen(table) != (size_t)(to - from) || strncmp(table, from, strlen(table)) != 0)
		fail_msg("docs/ICE.md says something else: TAUT_WRITE=1 makes it say\n%s", table);
}

static void they_meet_where_and_how_theory_says(void **state)
{
	static char table[TABLE];

	(void)state;
	table[0] = '\0';
	for (int turn = 0; turn < TURNS; turn++)
		add_table(table, turn);
	compare_or_write(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_meet_where_and_how_theory_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
