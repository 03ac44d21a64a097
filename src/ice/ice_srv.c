/* ice_srv.c - servers that a domain names: SRV records (RFC 2782), where the application asked for them and a URL has
 * a name and no port (RFC 8489 section 8; for TURN by the service of the URL's scheme, RFC 8656 section 5).
 *
 * The records are put into an order once, and the first target is looked up like any other name. The next one follows
 * when nothing of this server's answers any more, and nothing did: no answer, no connection, no such name; all of it
 * within a time that somebody would wait. What a server refuses, it refuses. Without records the name itself is
 * looked up. A certificate is always for the name of the URL, never for what DNS made of it (RFC 8489 section
 * 6.2.3). */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "ice/ice_agent.h"

/* ---- which comes first ---- */

static uint32_t draw(struct tt_env *env, uint32_t most)
{
	uint32_t x;

	return tt_random(env, &x, sizeof x) ? x % (most + 1) : 0;
}

/* RFC 2782, "Weight": by chance in proportion to the weights, those without one last but for a small chance. */
static size_t choose(struct tt_env *env, const struct taut_srv *all, size_t n)
{
	uint32_t sum = 0, run = 0;

	for (size_t i = 0; i < n; i++)
		sum += all[i].weight;
	const uint32_t at = draw(env, sum);
	for (size_t i = 0; at == 0 && i < n; i++) /* those without a weight stand first */
		if (all[i].weight == 0)
			return i;
	for (size_t i = 0; i < n; i++) {
		run += all[i].weight;
		if (run >= at)
			return i;
	}
	return 0;
}

static void bring_forward(struct taut_srv *all, size_t i)
{
	const struct taut_srv first = all[i];

	memmove(all + 1, all, i * sizeof *all);
	all[0] = first;
}

void tt_ice_srv_order(struct tt_env *env, struct taut_srv *all, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		size_t same = 0;
		/* The lowest priority of those left comes to the front, in the order in which they came. */
		for (size_t k = i; k < n; k++)
			if (k == i || all[k].priority < all[i].priority) {
				bring_forward(all + i, k - i);
				same = 1;
			} else if (all[k].priority == all[i].priority) {
				bring_forward(all + i + same, k - i - same);
				same++;
			}
		bring_forward(all + i, choose(env, all + i, same));
	}
}

/* ---- asking ---- */

int tt_ice_srv_make(struct tt_ice *ice, struct ice_server *s)
{
	static const char *const services[2][3] = {
		{ "_stun._udp", "_stun._tcp", "_stuns._tcp" },
		{ "_turn._udp", "_turn._tcp", "_turns._tcp" },
	};

	s->srv = tt_alloc(ice->env, sizeof *s->srv);
	if (!s->srv)
		return TAUT_E_NOMEM;
	(void)snprintf(s->srv->query, sizeof s->srv->query, "%s.%s",
		       services[s->user != NULL][s->transport], s->host);
	return TAUT_OK;
}

const char *tt_ice_srv_query(const struct ice_server *s)
{
	return s->srv && !s->srv->answered ? s->srv->query : NULL;
}

const char *tt_ice_srv_host(const struct ice_server *s)
{
	return s->srv && s->srv->count > 0 ? s->srv->target[s->srv->at].name : s->host;
}

uint16_t tt_ice_srv_port(const struct ice_server *s)
{
	return s->srv && s->srv->count > 0 ? s->srv->target[s->srv->at].port : s->port;
}

bool tt_ice_srv_has_more(const struct ice_server *s)
{
	return s->srv && (size_t)s->srv->at + 1 < s->srv->count;
}

taut_time tt_ice_srv_life(const struct ice_server *s, taut_time usual)
{
	return tt_ice_srv_has_more(s) ? usual / 2 : usual;
}

void tt_ice_srv_forget(struct ice_server *s)
{
	s->held = false;
	if (s->srv)
		s->srv->until = 0;
	if (s->srv && !s->helped) {
		s->srv->answered = false;
		s->srv->count = s->srv->at = 0;
		s->addr[0].family = s->addr[1].family = 0;
		s->state = SERVER_WANTED;
	}
	s->helped = false;
}

/* ---- what came ---- */

/* Letters, digits and what else stands in names of hosts; it goes to getaddrinfo. */
static bool is_name(const char *text)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (n == TT_ICE_SRV_NAME - 1 ||
		    !((text[n] >= 'a' && text[n] <= 'z') || (text[n] >= 'A' && text[n] <= 'Z') ||
		      (text[n] >= '0' && text[n] <= '9') || text[n] == '-' || text[n] == '_' ||
		      text[n] == '.'))
			return false;
	return n > 0 && text[0] != '.';
}

static void keep(struct tt_ice *ice, taut_time now, struct ice_srv *srv, struct taut_srv *all,
		 size_t n)
{
	tt_ice_srv_order(ice->env, all, n);
	for (size_t i = 0; i < n; i++) {
		if (!is_name(all[i].target) || all[i].port == 0)
			continue;
		(void)snprintf(srv->target[srv->count].name, TT_ICE_SRV_NAME, "%s", all[i].target);
		srv->target[srv->count++].port = all[i].port;
	}
	tt_note(ice->env, now, TAUT_LAYER_ICE, "SRV records", TT_STR("name", srv->query),
		TT_INT("targets", srv->count));
}

/* RFC 2782, "Target": one that is the root says that the domain has no such service. */
static bool is_none(const struct taut_srv *all, size_t n)
{
	return n == 1 && (all[0].target[0] == '\0' || strcmp(all[0].target, ".") == 0);
}

bool tt_ice_srv_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
		       const struct taut_srv *found, size_t n)
{
	struct taut_srv all[TT_ICE_MAX_SRV];
	struct ice_server *s = NULL;

	for (size_t i = 0; i < ice->server_count; i++)
		if (ice->server[i].state == SERVER_ASKED && ice->server[i].id == flow &&
		    tt_ice_srv_query(&ice->server[i]))
			s = &ice->server[i];
	if (!s)
		return false;
	n = os_errno != 0 || !found ? 0 : tt_min(n, TT_ICE_MAX_SRV);
	s->srv->answered = true;
	s->state = SERVER_WANTED;
	for (size_t i = 0; i < n; i++)
		all[i] = found[i];
	if (is_none(all, n)) {
		s->state = SERVER_FAILED;
		tt_ice_server_error(ice, (size_t)(s - ice->server), -1, TT_ICE_UNREACHED,
				    "its domain says that it has no such server");
	} else {
		keep(ice, now, s->srv, all, n);
	}
	tt_ice_update(ice, now);
	return true;
}

/* ---- the next one ---- */

static bool is_asking(const struct tt_ice *ice, size_t server)
{
	const enum ice_server_state state = ice->server[server].state;

	for (size_t i = 0; i < ice->probe_room; i++)
		if (ice->probe[i].used && !ice->probe[i].done && ice->probe[i].server == server)
			return true;
	return state == SERVER_WANTED || state == SERVER_ASKED || tt_ice_relays_asking(ice, server);
}

/* All our sockets are of the other address family: nobody will ask it. */
static bool is_out_of_reach(const struct tt_ice *ice, const struct ice_server *s)
{
	bool any = false;

	for (int i = 0; i < TT_ICE_MAX_BASES; i++) {
		const struct ice_base *b = &ice->base[i];
		if (b->state == BASE_WANTED || b->state == BASE_ASKED ||
		    (b->state == BASE_OPEN && s->addr[b->addr.family == 6].family != 0))
			return false;
		any |= b->state == BASE_OPEN;
	}
	return any;
}

/* Eight that are silent would take a minute, for which nobody waits; what is wrong with the one at hand is told then. */
static bool has_time(struct ice_srv *srv, taut_time now)
{
	if (srv->until == 0)
		srv->until = now + TT_ICE_SRV_LIFE;
	return now < srv->until;
}

void tt_ice_srv_advance(struct tt_ice *ice, taut_time now)
{
	for (size_t i = 0; ice->gathering && i < ice->server_count; i++) {
		struct ice_server *s = &ice->server[i];
		if (s->state == SERVER_KNOWN && !s->why && tt_ice_srv_has_more(s) &&
		    is_out_of_reach(ice, s))
			tt_ice_server_error(ice, i, -1, TT_ICE_UNREACHED,
					    "its address is of a family that is not here");
		if (!s->held || is_asking(ice, i))
			continue;
		s->held = false;
		if (s->helped || !has_time(s->srv, now))
			continue;
		s->srv->at++;
		tt_note(ice->env, now, TAUT_LAYER_ICE, "the next target of SRV records",
			TT_STR("name", tt_ice_srv_host(s)), TT_STR("why", s->why));
		s->why = NULL;
		s->addr[0].family = s->addr[1].family = 0;
		s->state = SERVER_WANTED;
		for (size_t k = 0; k < ice->probe_room; k++)
			if (ice->probe[k].server == i)
				ice->probe[k].used = false;
		tt_ice_forget_relays(ice, i);
	}
}
