/* test_turn_matrix.c - who meets whom, and how: NATs of all kinds against each other, without and with a
 * TURN server, as RFC 4787 and RFC 8445 say they must. The table of docs/ICE.md is written by this
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

enum { NONE, INDEPENDENT, BY_ADDRESS, BY_PORT, SYMMETRIC, DOUBLE, KINDS, TABLE = 8192 };

static const char *const names[KINDS] = {
	"no NAT",
	"endpoint-independent",
	"filters by address",
	"filters by address and port",
	"maps per destination",
	"two in a row",
};

static const struct world_nat_config independent = { .filtering = WORLD_NAT_ENDPOINT_INDEPENDENT };
static const struct world_nat_config by_address = { .filtering = WORLD_NAT_ADDRESS_DEPENDENT };
static const struct world_nat_config by_port = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };
static const struct world_nat_config symmetric = { .mapping = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						   .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };

static const struct {
	const struct world_nat_config *nat, *outer;
} kinds[KINDS] = {
	[INDEPENDENT] = { &independent, NULL }, [BY_ADDRESS] = { &by_address, NULL },
	[BY_PORT] = { &by_port, NULL },         [SYMMETRIC] = { &symmetric, NULL },
	[DOUBLE] = { &by_port, &by_port },
};

/* RFC 4787 sections 4.1 and 5: who maps per destination sends from a port that nobody can name
 * beforehand, and who filters by port lets in only those that it has named. */
static bool meet_directly(int a, int b)
{
	const bool unnamed = a == SYMMETRIC || b == SYMMETRIC;
	const int other = a == SYMMETRIC ? b : a;

	return !unnamed || (other != SYMMETRIC && other != BY_PORT && other != DOUBLE);
}

static unsigned relays_on(const struct duo_side *s)
{
	const char *first = strstr(s->path, "relay ");

	return first ? 1 + (strstr(first + 1, "relay ") != NULL) : 0;
}

static struct duo_side_config side_of(int kind, bool turn)
{
	return (struct duo_side_config){ .nat = kinds[kind].nat,
					 .outer = kinds[kind].outer,
					 .turn = turn };
}

/* One cell: "direct, 92 ms", "relay, 620 ms", or when it was given up. */
static void meet(int a, int b, bool turn, char *cell, size_t cap)
{
	const struct duo_config cfg = { .side = { side_of(a, turn), side_of(b, turn) } };
	const bool direct = meet_directly(a, b);
	struct duo d;

	duo_begin(&d, &cfg);
	const bool met = duo_meet(&d, 60);
	if (met != (direct || turn))
		fail_msg("%s and %s: %s", names[a], names[b], d.side[0].why);
	/* One side may still hear the other's last checks, and begin its own anew. */
	world_run(d.world, d.world->now + (met ? 3 : 20) * SECOND, NULL, NULL);
	for (int i = 0; i < 2; i++) {
		const struct duo_side *s = &d.side[i];
		if (met && relays_on(s) != (direct ? 0 : 1))
			fail_msg("%s and %s go by %s", names[a], names[b], s->path);
		if (!met && (s->state != TAUT_STATE_FAILED || s->reason != TAUT_REASON_ICE_NO_PAIR))
			fail_msg("%s and %s end in %u", names[a], names[b], s->state);
	}
	const taut_time took =
		tt_max64(d.side[0].connected_at, d.side[1].connected_at) - d.world->start;
	(void)snprintf(cell, cap, met ? "%s, %lld ms" : "%s",
		       !met     ? "no"
		       : direct ? "direct"
				: "relay",
		       (long long)took / 1000);
	duo_end(&d);
}

static void add(char *table, const char *text)
{
	const size_t have = strlen(table), len = strlen(text);

	assert_true(have + len < TABLE);
	memcpy(table + have, text, len + 1);
}

static void add_table(char *table, bool turn)
{
	char cell[64];

	add(table, turn ? "\nWith a TURN server for both:\n\n|" : "Without a TURN server:\n\n|");
	for (int b = 0; b < KINDS; b++) {
		add(table, " | ");
		add(table, names[b]);
	}
	add(table, " |\n|---|---|---|---|---|---|---|\n");
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
	add_table(table, false);
	add_table(table, true);
	compare_or_write(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_meet_where_and_how_theory_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
