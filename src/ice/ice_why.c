/* ice_why.c - why there is no path, in a sentence: of the agent, of servers, names and pairs.
 *
 * What is known is little: which addresses there are, which checks were answered, what else came. The
 * sentences say that, and what follows from it for certain; where several things went wrong the
 * one that kept the others from mattering is named. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

__attribute__((format(printf, 2, 3))) static void say(struct tt_ice_why *w, const char *fmt, ...)
{
	const size_t at = strlen(w->text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(w->text + at, sizeof w->text - at, fmt, ap);
	va_end(ap);
}

static void is(struct tt_ice_why *w, uint32_t code, const char *spec)
{
	w->code = code;
	w->spec = spec;
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

/* ---- servers ---- */

static void say_server(struct tt_ice_why *w, const struct ice_server *s)
{
	say(w, "%s server %s:%u: %s", s->user ? "TURN" : "STUN", s->host, (unsigned)s->port,
	    s->why);
	if (s->code >= 300 && s->code < 700)
		say(w, " (%u)", (unsigned)s->code);
}

static const struct ice_server *failed_server(const struct tt_ice *ice, bool turn)
{
	for (size_t i = 0; i < ice->server_count; i++)
		if (ice->server[i].why && (ice->server[i].user != NULL) == turn)
			return &ice->server[i];
	return NULL;
}

static bool has_turn(const struct tt_ice *ice)
{
	return ice->relay != NULL;
}

static bool has_relay(const struct tt_ice *ice)
{
	for (int i = TT_ICE_MAX_BASES; i < ice->base_count; i++)
		if (ice->base[i].state == BASE_OPEN)
			return true;
	return false;
}

/* ---- what there is ---- */

static bool has_socket(const struct tt_ice *ice)
{
	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		if (ice->base[i].state == BASE_OPEN)
			return true;
	return false;
}

static int names_of(const struct ice_gen *g)
{
	return g->name ? TT_ICE_MAX_NAMES : 0;
}

static size_t unresolved(const struct ice_gen *g)
{
	size_t n = 0;

	for (int i = 0; i < names_of(g); i++)
		n += g->name[i].used && !g->name[i].resolved;
	return n;
}

/* Bits of families and of addresses that do not leave their host. */
enum { IPV4 = 1, IPV6 = 2, OF_HOST = 4, BEYOND = 8 };

static unsigned kind_of(const struct taut_addr *a)
{
	return (a->family == 6 ? IPV6 : IPV4) | (tt_addr_is_loopback(a) ? OF_HOST : BEYOND);
}

static unsigned kinds_here(const struct tt_ice *ice)
{
	unsigned kinds = 0;

	for (int i = 0; i < ice->base_count; i++)
		if (ice->base[i].state == BASE_OPEN && (!ice->relay_only || ice->base[i].relay))
			kinds |= kind_of(&ice->base[i].addr);
	return kinds;
}

static unsigned kinds_there(const struct ice_gen *g)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < g->remote_count; i++)
		kinds |= kind_of(&tt_ice_remote_at(g, (int)i)->addr);
	return kinds;
}

struct tally {
	size_t pairs, checks, heard, forbidden;
	bool asymmetric, roles;
};

static struct tally count(const struct ice_gen *g)
{
	struct tally t = { 0 };

	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (!p->used)
			continue;
		t.pairs++;
		t.checks += p->tries;
		t.heard += p->heard_from;
		t.forbidden += p->why == TAUT_WHY_FORBIDDEN;
		t.asymmetric |= p->why == TAUT_WHY_ASYMMETRIC;
		t.roles |= p->why == TAUT_WHY_ROLES;
	}
	return t;
}

/* RFC 4787 section 4.1: two servers see one socket at two addresses. */
static bool maps_per_destination(const struct tt_ice *ice)
{
	for (size_t i = 0; i < ice->local_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct ice_local *a = &ice->local[i], *b = &ice->local[k];
			if (a->c.type == TT_ICE_SRFLX && b->c.type == TT_ICE_SRFLX &&
			    a->base == b->base && a->c.addr.family == b->c.addr.family &&
			    !tt_addr_eq(&a->c.addr, &b->c.addr))
				return true;
		}
	return false;
}

/* ---- the agent ---- */

/* An allocation that was there and is over. */
static bool say_lost(const struct tt_ice *ice, struct tt_ice_why *w)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		const struct ice_relay *r = &ice->relay[i];
		if (!r->turn || tt_turn_state(r->turn) != TT_TURN_OVER)
			continue;
		const struct ice_server *s = &ice->server[r->server];
		say(w, "the allocation on TURN server %s:%u is over: %s", s->host,
		    (unsigned)s->port, tt_turn_why(r->turn));
		if (tt_turn_error(r->turn) > 0)
			say(w, " (%u)", (unsigned)tt_turn_error(r->turn));
		return true;
	}
	return false;
}

static void nothing_here(const struct tt_ice *ice, struct tt_ice_why *w)
{
	const struct ice_server *s = failed_server(ice, true);

	if (!ice->relay_only || !has_socket(ice)) {
		is(w, TAUT_WHY_NO_ADDRESS, "RFC 8445 section 5.1.1.1");
		say(w, "no network interface here has an address that can be used");
		return;
	}
	is(w, TAUT_WHY_NO_RELAY, "RFC 8828 section 5.2");
	say(w, "only a relay is allowed, and there is none: ");
	if (s)
		say_server(w, s);
	else if (!has_turn(ice))
		say(w, "no TURN server is configured");
	else if (!say_lost(ice, w))
		say(w, "no TURN server has answered yet");
}

static void nothing_there(const struct ice_gen *g, struct tt_ice_why *w)
{
	const size_t names = unresolved(g);

	if (names > 0) {
		is(w, TAUT_WHY_NAME, "draft-ietf-mmusic-mdns-ice-candidates section 3.2");
		say(w,
		    "the peer hides its address%s behind %zu .local name%s that nobody here "
		    "resolves: it is in another network, or multicast does not get through",
		    names == 1 ? "" : "es", names, plural(names));
	} else if (g->tcp_count > 0) {
		is(w, TAUT_WHY_TCP, "RFC 6544 section 4");
		say(w, "the peer offers TCP alone, in %u candidate%s", g->tcp_count,
		    plural(g->tcp_count));
	} else {
		is(w, TAUT_WHY_NO_CANDIDATE, "RFC 8863 section 4");
		say(w, "the peer has given no candidate, and no check of it came");
	}
}

static const char *families(unsigned kinds)
{
	return (kinds & (IPV4 | IPV6)) == (IPV4 | IPV6) ? "IPv4 and IPv6"
	       : kinds & IPV6                           ? "IPv6"
							: "IPv4";
}

/* What two addresses have in common that are not to be paired, RFC 8445 section 6.1.2.2. */
enum { OF_FAMILY = 1, OF_SCOPE = 2, OF_LINK = 4 };

static unsigned common(const struct tt_ice *ice)
{
	unsigned all = 0;

	for (int i = 0; i < ice->base_count; i++) {
		const struct ice_base *b = &ice->base[i];
		if (b->state != BASE_OPEN || (ice->relay_only && !b->relay))
			continue;
		for (size_t k = 0; k < ice->cur->remote_count; k++) {
			const struct taut_addr *a = &tt_ice_remote_at(ice->cur, (int)k)->addr;
			if (a->family != b->addr.family)
				continue;
			all |= OF_FAMILY;
			if (tt_addr_is_loopback(a) != tt_addr_is_loopback(&b->addr))
				continue;
			all |= OF_SCOPE;
			if (!tt_addr_is_link_local(a))
				all |= OF_LINK;
		}
	}
	return all;
}

static void no_pair(const struct tt_ice *ice, struct tt_ice_why *w)
{
	const unsigned here = kinds_here(ice), there = kinds_there(ice->cur), both = common(ice);

	if (!(both & OF_FAMILY)) {
		is(w, TAUT_WHY_FAMILY, "RFC 8445 section 6.1.2.2");
		say(w, "there is only %s here, and the peer has only %s", families(here),
		    families(there));
	} else if (!(both & OF_SCOPE)) {
		is(w, TAUT_WHY_LOOPBACK, "RFC 8445 section 5.1.1.1");
		say(w, "%s addresses are those of its host alone, 127.0.0.1 or ::1",
		    there & OF_HOST ? "the peer's" : "our");
	} else if (!(both & OF_LINK)) {
		is(w, TAUT_WHY_LINK_LOCAL, "RFC 8445 section 5.1.1.1");
		say(w, "the peer's addresses are those of its link alone, fe80::/10");
	} else if (has_relay(ice)) {
		is(w, TAUT_WHY_FORBIDDEN, "RFC 8656 section 10.2");
		say(w, "the TURN server relays to none of the peer's addresses");
	} else {
		is(w, TAUT_WHY_NO_MEMORY, NULL);
		say(w, "there was no memory for a pair");
	}
}

/* What else might have helped. */
static void say_help(const struct tt_ice *ice, struct tt_ice_why *w)
{
	const struct ice_server *turn = failed_server(ice, true), *stun = failed_server(ice, false);

	if (maps_per_destination(ice))
		say(w, "; the NAT here maps each destination to another port");
	if (has_relay(ice))
		say(w, "; a relay did not help: the peer is gone, or nothing reaches it");
	else if (turn)
		say(w, "; "), say_server(w, turn);
	else if (!has_turn(ice))
		say(w, "; a TURN server would help if NATs are in the way");
	if (stun && !turn)
		say(w, "; "), say_server(w, stun);
}

static void all_failed(const struct tt_ice *ice, const struct tally *t, struct tt_ice_why *w)
{
	const struct ice_gen *g = ice->cur;

	if (g->refused > 0) {
		is(w, g->refused == 401 ? TAUT_WHY_PASSWORD : TAUT_WHY_REFUSED,
		   "RFC 8445 section 7.2.5.2.4");
		say(w, "the peer refuses our checks with %u%s", g->refused,
		    g->refused == 401 ? ": it knows another password for us" : "");
	} else if (g->forged > 0) {
		is(w, TAUT_WHY_PASSWORD, "RFC 8489 section 9.1.3");
		say(w,
		    "%u message%s came that %s signed with another password: the descriptions "
		    "are not of the same session",
		    g->forged, plural(g->forged), g->forged == 1 ? "was" : "were");
	} else if (t->forbidden == t->pairs) {
		is(w, TAUT_WHY_FORBIDDEN, "RFC 8656 section 10.2");
		say(w, "the TURN server relays to none of the peer's addresses");
	} else if (t->roles) {
		is(w, TAUT_WHY_ROLES, "RFC 8445 section 7.3.1.1");
		say(w, "both sides insist on the same role");
	} else if (t->asymmetric) {
		is(w, TAUT_WHY_ASYMMETRIC, "RFC 8445 section 7.2.5.2.1");
		say(w, "checks were answered from other addresses than they went to");
	} else if (t->heard > 0) {
		is(w, TAUT_WHY_ONE_WAY, "RFC 8445 section 7.2.5.2.3");
		say(w,
		    "the peer's checks come, but none of ours is answered: it goes one way only");
	} else {
		is(w, TAUT_WHY_UNANSWERED, "RFC 8445 section 8.1.2");
		say(w, "%zu request%s on %zu pair%s and no answer, and nothing came of the peer",
		    t->checks, plural(t->checks), t->pairs, plural(t->pairs));
		say_help(ice, w);
	}
}

static void without_path(const struct tt_ice *ice, struct tt_ice_why *w)
{
	const struct ice_gen *g = ice->cur;
	const unsigned here = kinds_here(ice), there = kinds_there(g);
	const struct tally t = count(g);

	if (g->had_path && ice->path_gone) {
		is(w, TAUT_WHY_GONE, "RFC 8445 section 8.3");
		say(w, "%s", ice->path_gone);
	} else if (g->had_path || (ice->state == TT_ICE_FAILED && !g->has_remote)) {
		is(w, TAUT_WHY_CONSENT, "RFC 7675 section 5.1");
		say(w, "%s",
		    g->had_path ? "the peer has answered no consent check for 30 s"
				: "consent has expired, and the restart was not answered");
	} else if (!g->has_remote) {
		is(w, TAUT_WHY_NO_DESCRIPTION, "RFC 8839 section 5.4");
		say(w, "there is no description of the peer yet");
	} else if (here == 0) {
		nothing_here(ice, w);
	} else if (there == 0) {
		nothing_there(g, w);
	} else if (t.pairs == 0) {
		no_pair(ice, w);
	} else if (ice->state == TT_ICE_FAILED) {
		all_failed(ice, &t, w);
	} else {
		is(w, TAUT_WHY_WAITING, "RFC 8445 section 6.1.4.2");
		say(w, "%zu request%s on %zu pair%s so far, and no answer yet", t.checks,
		    plural(t.checks), t.pairs, plural(t.pairs));
	}
}

static void say_pair(struct tt_ice_why *w)
{
	char local[TT_ADDR_TEXT], remote[TT_ADDR_TEXT];

	say(w, "%s -> %s", tt_addr_text(&w->local, local), tt_addr_text(&w->remote, remote));
}

static void about_agent(const struct tt_ice *ice, struct tt_ice_why *w)
{
	w->about = TAUT_WHY_AGENT;
	if (!ice->path_gen) {
		without_path(ice, w);
		return;
	}
	const struct tt_ice_path path = tt_ice_pair_path(ice, ice->path_gen, ice->path);
	w->local = path.local;
	w->remote = path.remote;
	is(w, TAUT_WHY_CONNECTED, "RFC 8445 section 8.1.1");
	say(w, "data goes over ");
	say_pair(w);
}

/* ---- the others ---- */

static void about_server(const struct ice_server *s, struct tt_ice_why *w)
{
	w->about = TAUT_WHY_SERVER;
	is(w, TAUT_WHY_SERVER_ERROR, s->user ? "RFC 8656 section 7" : "RFC 8489 section 6.3.4");
	say_server(w, s);
}

static void about_name(const struct ice_name *n, struct tt_ice_why *w)
{
	w->about = TAUT_WHY_CANDIDATE;
	is(w, n->done ? TAUT_WHY_NAME : TAUT_WHY_WAITING,
	   "draft-ietf-mmusic-mdns-ice-candidates section 3.2");
	say(w, "%s: asked %d time%s, and nobody has answered%s", n->text, n->sent,
	    plural((size_t)n->sent), n->done ? "" : " yet");
}

static void about_pair(const struct tt_ice *ice, int i, struct tt_ice_why *w)
{
	static const char *const ends[] = {
		[TAUT_WHY_UNANSWERED] = "no check was answered",
		[TAUT_WHY_ASYMMETRIC] = "the answer came from another address",
		[TAUT_WHY_REFUSED] = "the peer refuses checks",
		[TAUT_WHY_ROLES] = "both sides insist on the same role",
		[TAUT_WHY_FORBIDDEN] = "the TURN server gives no permission",
		[TAUT_WHY_CONSENT] = "consent has expired",
		[TAUT_WHY_SPARED] = "another pair was nominated first",
	};
	static const char *const specs[] = {
		[TAUT_WHY_UNANSWERED] = "RFC 8445 section 7.2.5.2.3",
		[TAUT_WHY_ASYMMETRIC] = "RFC 8445 section 7.2.5.2.1",
		[TAUT_WHY_REFUSED] = "RFC 8445 section 7.2.5.2.4",
		[TAUT_WHY_ROLES] = "RFC 8445 section 7.3.1.1",
		[TAUT_WHY_FORBIDDEN] = "RFC 8656 section 10.2",
		[TAUT_WHY_CONSENT] = "RFC 7675 section 5.1",
		[TAUT_WHY_SPARED] = "RFC 8445 section 8.1.2",
	};
	const struct ice_gen *g = ice->cur;
	const struct ice_pair *p = tt_ice_pair_at(g, i);

	w->about = TAUT_WHY_PAIR;
	w->local = ice->base[p->base].addr;
	w->remote = tt_ice_remote_at(g, p->remote)->addr;
	say_pair(w);
	if (p->state == TT_ICE_PAIR_FAILED) {
		is(w, p->why, specs[p->why]);
		say(w, ": %s", ends[p->why]);
	} else if (p->valid) {
		const bool used = ice->path_gen == g && ice->path == i;
		is(w, used ? TAUT_WHY_CONNECTED : TAUT_WHY_VALID, "RFC 8445 section 7.2.5.3.2");
		say(w, used ? ": data goes here" : ": it works, and another one carries data");
		return;
	} else {
		is(w, TAUT_WHY_WAITING, "RFC 8445 section 6.1.2.6");
		say(w, p->state == TT_ICE_PAIR_IN_PROGRESS ? ": no answer yet" : ": not tried yet");
	}
	say(w, ", %u request%s sent, %u came", p->tries, plural(p->tries),
	    p->count.requests_received);
}

bool tt_ice_why(const struct tt_ice *ice, size_t i, struct tt_ice_why *out)
{
	const struct ice_gen *g = ice->cur;

	memset(out, 0, sizeof *out);
	if (i-- == 0) {
		about_agent(ice, out);
		return true;
	}
	for (size_t k = 0; k < ice->server_count; k++)
		if (ice->server[k].why && i-- == 0) {
			about_server(&ice->server[k], out);
			return true;
		}
	for (int k = 0; k < names_of(g); k++)
		if (g->name[k].used && !g->name[k].resolved && i-- == 0) {
			about_name(&g->name[k], out);
			return true;
		}
	for (int k = 0; k < g->pairs; k++)
		if (tt_ice_pair_at(g, k)->used && i-- == 0) {
			about_pair(ice, k, out);
			return true;
		}
	return false;
}
