/* ice_pool.c - candidates that are gathered before they are wanted: RFC 9429 sections 3.5.4 and 4.1.1.
 *
 * There is one transport, so that the pool is what that one gathers. Nothing of it is told, and nothing is checked,
 * before tt_ice_gather; until then what servers showed is kept alive (RFC 8445 section 5.1.1.4). Allocations over UDP of
 * a pool that is thrown away are left to the server's timer, and so are the ports that have them: another
 * allocation from the same one would be refused (437, RFC 8656 section 7.2). */
#include "base/addr.h"
#include "ice/ice_agent.h"

bool tt_ice_has_gathered(const struct tt_ice *ice)
{
	return ice->gathered && !ice->pooled;
}

void tt_ice_pool(struct tt_ice *ice, taut_time now)
{
	if (ice->gathered)
		return;
	ice->pooled = true;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "candidates are pooled",
		TT_INT("servers", ice->server_count));
	tt_ice_begin_gathering(ice, now);
}

/* What failed while it waited is tried once more: the machine may have been asleep, or without a network. */
void tt_ice_take_pool(struct tt_ice *ice, taut_time now)
{
	tt_ice_ask_stale(ice, now);
	ice->pooled = false;
	tt_ice_forget_failed_relays(ice);
	for (size_t i = 0; i < ice->server_count; i++) {
		struct ice_server *s = &ice->server[i];
		if (s->helped || s->state == SERVER_FAILED)
			s->why = NULL; /* of another time */
		if (s->state == SERVER_FAILED)
			s->state = SERVER_WANTED;
	}
	tt_note(ice->env, now, TAUT_LAYER_ICE, "the pool is used",
		TT_INT("candidates", ice->local_count));
	tt_ice_ask_servers(ice, now);
}

static bool has_allocation(const struct tt_ice *ice, int base)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn && ice->relay[i].base == base && !ice->relay[i].stream)
			return true;
	return false;
}

static void forget_pooled(struct tt_ice *ice, int base)
{
	const bool spent = has_allocation(ice, base);

	tt_ice_forget_base(ice, base);
	if (!spent)
		return; /* its socket stays */
	ice->base[base].state = BASE_CLOSING;
	ice->bases_ask = ice->reopen = true;
}

void tt_ice_unpool(struct tt_ice *ice, taut_time now)
{
	if (!ice->pooled)
		return;
	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		if (ice->base[i].state == BASE_OPEN)
			forget_pooled(ice, i);
	for (size_t i = 0; i < ice->server_count; i++) {
		ice->server[i].why = NULL;
		tt_ice_srv_forget(&ice->server[i]);
		if (ice->server[i].state == SERVER_FAILED)
			ice->server[i].state = SERVER_WANTED;
	}
	ice->pooled = ice->gathering = ice->gathered = false;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "the pool is thrown away",
		TT_INT("servers", ice->server_count));
	tt_ice_update(ice, now);
}
