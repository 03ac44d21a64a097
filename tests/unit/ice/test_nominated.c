/* Which pair a controlled agent follows its peer to: RFC 8445 section 8.1.1, and draft-thatcher-ice-renomination-01. */
#include "ice/ice_agent.h"

#include "world.h"

/* When a pair was nominated, in microseconds before now, and with which value; the one of a higher priority comes first. */
struct said {
	taut_time ago;
	uint32_t nomination;
};

static const struct {
	const char *what;
	struct said better, worse;
	bool worse_wins;
} rows[] = {
	{ "the better one of both that are fresh", { 2 * SEC, 0 }, { 1 * SEC, 0 }, false },
	{ "the one that is fresh", { 60 * SEC, 0 }, { 1 * SEC, 0 }, true },
	{ "the last one", { 60 * SEC, 0 }, { 50 * SEC, 0 }, true },
	{ "the last one", { 50 * SEC, 0 }, { 60 * SEC, 0 }, false },
	{ "the highest value", { 1 * SEC, 1 }, { 2 * SEC, 2 }, true },
	{ "the highest value", { 2 * SEC, 2 }, { 1 * SEC, 1 }, false },
	{ "a value, not the fresh one without", { 1 * SEC, 0 }, { 60 * SEC, 1 }, true },
};

static void begin(struct world *w)
{
	world_init(w, 1, NULL, NULL, 0);
	world_iface(&w->h[0], "10.0.0.1");
	world_iface(&w->h[1], "10.0.0.2");
	world_iface(&w->h[1], "10.0.0.3");
	world_begin(w);
	world_run_until(w, w->sim.now + 5 * SEC, NULL);
}

static void the_peer_is_followed_by_what_it_nominated(void **state)
{
	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct world w;
		begin(&w);
		struct tt_ice *ice = w.h[1].ice;
		const taut_time now = w.sim.now + 100 * SEC;
		assert_int_equal(ice->cur->pairs, 2);
		for (int k = 0; k < 2; k++) {
			struct ice_pair *p = tt_ice_pair_at(ice->cur, k);
			const struct ice_pair *other = tt_ice_pair_at(ice->cur, 1 - k);
			const struct said *s =
				p->priority > other->priority ? &rows[i].better : &rows[i].worse;
			p->state = TT_ICE_PAIR_SUCCEEDED;
			p->valid = true;
			p->consent_until = now + SEC;
			p->nominated = true;
			p->nominated_at = now - s->ago;
			p->nomination = s->nomination;
		}
		ice->last_now = now;
		tt_ice_update(ice, now);
		const struct ice_pair *chosen = tt_ice_pair_at(ice->cur, ice->path);
		const struct ice_pair *other = tt_ice_pair_at(ice->cur, 1 - ice->path);
		if ((chosen->priority < other->priority) != rows[i].worse_wins)
			fail_msg("row %zu: not %s", i, rows[i].what);
		world_free(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_peer_is_followed_by_what_it_nominated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
