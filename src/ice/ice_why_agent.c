/* ice_why_agent.c - why an agent has no path, in the one sentence that its failure is told with.
 *
 * Where several things went wrong the one that kept the others from mattering is named. */
#include "ice/ice_why.h"

#include "base/addr.h"

/* ---- what there is ---- */

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

/* Another socket of ours may have heard from it. */
static bool has_answered(const struct tt_ice *ice, size_t server)
{
	const struct ice_server *s = &ice->server[server];

	for (size_t i = 0; i < ice->local_count; i++)
		if (ice->local[i].server == server + 1)
			return true;
	return !s->why || s->code != TT_ICE_UNREACHED;
}

/* Every server that was asked over UDP is silent, and none is reached otherwise. */
static bool udp_is_silent(const struct tt_ice *ice)
{
	bool asked = false;

	for (size_t i = 0; i < ice->server_count; i++) {
		const struct ice_server *s = &ice->server[i];
		if (s->transport != TT_ICE_UDP ||
		    (s->state == SERVER_KNOWN && has_answered(ice, i)))
			return false;
		asked |= s->state == SERVER_KNOWN;
	}
	return asked;
}

static bool counts_here(const struct tt_ice *ice, const struct ice_base *b)
{
	return b->state == BASE_OPEN && (!ice->relay_only || b->relay);
}

static size_t unresolved(const struct ice_gen *g)
{
	size_t n = 0;

	for (int i = 0; i < tt_ice_names_of(g); i++)
		n += g->name[i].used && !g->name[i].resolved;
	return n;
}

/* What our addresses and the peer's have in common: RFC 8445 section 6.1.2.2. */
struct match {
	bool here[2], there[2]; /* IPv4, IPv6: is there any? */
	bool family, scope;     /* two of one family; of which neither or both are loopback */
	bool beyond;            /* and the peer's is not of its link alone */
	bool by_socket;         /* and ours is not a relay's */
	bool their_loopback;    /* of a family that both have */
};

static void compare(struct match *m, const struct ice_base *b, const struct taut_addr *theirs)
{
	if (theirs->family != b->addr.family)
		return;
	m->family = true;
	m->their_loopback |= tt_addr_is_loopback(theirs);
	if (tt_addr_is_loopback(theirs) != tt_addr_is_loopback(&b->addr))
		return;
	m->scope = true;
	if (theirs->family == 6 && tt_addr_is_link_local(theirs))
		return;
	m->beyond = true;
	m->by_socket |= !b->relay;
}

static struct match match(const struct tt_ice *ice)
{
	const struct ice_gen *g = ice->cur;
	struct match m = { 0 };

	for (size_t k = 0; k < g->remote_count; k++)
		m.there[tt_ice_remote_at(g, (int)k)->addr.family == 6] = true;
	for (int i = 0; i < ice->base_count; i++) {
		const struct ice_base *b = &ice->base[i];
		if (!counts_here(ice, b))
			continue;
		m.here[b->addr.family == 6] = true;
		for (size_t k = 0; k < g->remote_count; k++)
			compare(&m, b, &tt_ice_remote_at(g, (int)k)->addr);
	}
	return m;
}

struct tally {
	size_t pairs, heard, forbidden;
	bool asymmetric, roles, refused;
	bool by_relay; /* a check over a relay was not answered */
};

static struct tally count(const struct tt_ice *ice)
{
	const struct ice_gen *g = ice->cur;
	struct tally t = { 0 };

	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (!p->used)
			continue;
		/* One that failed and is tried again has a reason yet that counts no more. */
		const uint8_t why = p->state == TT_ICE_PAIR_FAILED ? p->why : 0;
		t.pairs++;
		t.heard += p->heard_from;
		t.forbidden += why == TAUT_WHY_FORBIDDEN;
		t.asymmetric |= why == TAUT_WHY_ASYMMETRIC;
		t.roles |= why == TAUT_WHY_ROLES;
		t.refused |= why == TAUT_WHY_REFUSED;
		t.by_relay |=
			ice->base[p->base].relay && p->tries > 0 && why == TAUT_WHY_UNANSWERED;
	}
	return t;
}

/* A mapping that an allocation showed and that is over may be another one by now. */
static bool is_mapping(const struct tt_ice *ice, const struct ice_local *l)
{
	return l->c.type == TT_ICE_SRFLX && l->server > 0 &&
	       (!ice->server[l->server - 1].user || l->of_relay);
}

/* RFC 4787 section 4.1: two servers see one socket at two ports. */
static bool maps_per_destination(const struct tt_ice *ice)
{
	for (size_t i = 0; i < ice->local_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct ice_local *a = &ice->local[i], *b = &ice->local[k];
			if (is_mapping(ice, a) && is_mapping(ice, b) && a->server != b->server &&
			    a->base == b->base &&
			    tt_addr_eq_ip(&a->c.addr,
					  &b->c.addr)) /* they differ, so the port does */
				return true;
		}
	return false;
}

/* ---- the agent: nothing to try ---- */

/* An allocation that was there and is over. */
static bool say_lost(const struct tt_ice *ice, struct tt_ice_why *w)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		const struct ice_relay *r = &ice->relay[i];
		if (!r->turn || tt_turn_state(r->turn) != TT_TURN_OVER)
			continue;
		tt_why_say(w, "that on ");
		tt_why_url(w, &ice->server[r->server]);
		tt_why_say(w, " is over: %s", tt_turn_why(r->turn));
		if (tt_turn_error(r->turn) > 0)
			tt_why_say(w, " (%u)", (unsigned)tt_turn_error(r->turn));
		return true;
	}
	return false;
}

static void no_relay(const struct tt_ice *ice, struct tt_ice_why *w)
{
	const struct ice_server *s = failed_server(ice, true);

	tt_why_is(w, TAUT_WHY_NO_RELAY, "RFC 9429 section 3.5.3");
	tt_why_say(w, "only a relay is allowed, and there is none: ");
	if (!has_turn(ice))
		tt_why_say(w, "no TURN server is configured");
	else if (s)
		tt_why_server(w, s);
	else if (!say_lost(ice, w))
		tt_why_say(w, "no TURN server has given one");
}

static void nothing_here(const struct tt_ice *ice, struct tt_ice_why *w)
{
	bool open = false, asked = !ice->gathering;

	for (int i = 0; i < TT_ICE_MAX_BASES; i++) {
		open |= ice->base[i].state == BASE_OPEN;
		asked |= ice->base[i].state == BASE_WANTED || ice->base[i].state == BASE_ASKED;
	}
	if (open) {
		no_relay(ice, w);
	} else if (ice->wanted_count == 0) {
		tt_why_is(w, TAUT_WHY_NO_ADDRESS, "RFC 8445 section 5.1.1.1");
		tt_why_say(w, "no network interface here has an address that can be used");
	} else if (asked) {
		tt_why_is(w, TAUT_WHY_WAITING, "RFC 8445 section 5.1.1.1");
		tt_why_say(w, "no socket is open yet");
	} else {
		tt_why_is(w, TAUT_WHY_NO_ADDRESS, "RFC 8445 section 5.1.1.1");
		tt_why_say(w, "no socket could be opened on %zu address%s of ours",
			   ice->wanted_count, ice->wanted_count == 1 ? "" : "es");
	}
}

static void nothing_there(const struct ice_gen *g, struct tt_ice_why *w)
{
	const size_t names = unresolved(g);

	if (names > 0) {
		tt_why_is(w, tt_ice_names_open(g) ? TAUT_WHY_WAITING : TAUT_WHY_NAME,
			  "draft-ietf-mmusic-mdns-ice-candidates section 3.2");
		tt_why_say(w, "the peer hides its address%s behind %zu .local name%s",
			   names == 1 ? "" : "es", names, tt_why_plural(names));
		tt_why_say(w, tt_ice_names_open(g)
				      ? ", not resolved yet"
				      : " that nobody here resolves: it is in another network, "
					"or multicast does not get through");
	} else if (g->hints.tcp) {
		tt_why_is(w, TAUT_WHY_TCP, "RFC 6544 section 4");
		tt_why_say(w, "the peer offers TCP alone, or candidates of an unknown type");
	} else {
		tt_why_is(w, TAUT_WHY_NO_CANDIDATE, "RFC 8863 section 4");
		tt_why_say(w, "the peer has given no candidate%s, and no check of it came",
			   g->hints.useless ? " that can be used" : "");
	}
}

static const char *families(const bool has[2])
{
	return has[0] && has[1] ? "IPv4 and IPv6" : has[1] ? "IPv6" : "IPv4";
}

static void no_permission(struct tt_ice_why *w)
{
	tt_why_is(w, TAUT_WHY_FORBIDDEN, "RFC 8656 section 10.2");
	tt_why_say(w, "the TURN server has given no permission for any of the peer's addresses");
}

static void no_pair(const struct match *m, struct tt_ice_why *w)
{
	if (!m->family) {
		tt_why_is(w, TAUT_WHY_FAMILY, "RFC 8445 section 6.1.2.2");
		tt_why_say(w, "there is only %s here, and the peer has only %s", families(m->here),
			   families(m->there));
	} else if (!m->scope) {
		tt_why_is(w, TAUT_WHY_LOOPBACK, "RFC 8445 section 5.1.1.1");
		tt_why_say(w, "%s addresses are those of its host alone, 127.0.0.1 or ::1",
			   m->their_loopback ? "the peer's" : "our");
	} else if (!m->beyond) {
		tt_why_is(w, TAUT_WHY_LINK_LOCAL, "RFC 8445 section 6.1.2.2");
		tt_why_say(w, "the peer's addresses are those of its link alone, fe80::/10");
	} else if (m->by_socket) {
		tt_why_is(w, TAUT_WHY_NO_MEMORY, NULL);
		tt_why_say(w, "there was no memory for a pair");
	} else {
		no_permission(w);
	}
}

/* ---- the agent: all was tried ---- */

/* Ours, if nobody found us by them. */
static void say_own_names(const struct tt_ice *ice, struct tt_ice_why *w)
{
	size_t names = 0;

	for (int i = 0; ice->own && i < TT_ICE_MAX_BASES; i++) {
		if (ice->own[i].questions > 0)
			return;
		names += ice->own[i].used;
	}
	if (names > 0)
		tt_why_say(w, "; our address%s behind %zu .local name%s, %s",
			   names == 1 ? " is" : "es are", names, tt_why_plural(names),
			   ice->mdns_state == BASE_OPEN ? "and nobody asked for any"
							: "and there is no multicast here");
}

static void say_help(const struct tt_ice *ice, const struct tally *t, struct tt_ice_why *w)
{
	const struct ice_server *turn = failed_server(ice, true), *stun = failed_server(ice, false);

	if (maps_per_destination(ice))
		tt_why_say(w, "; the NAT here maps each destination to another port");
	if (t->forbidden > 0)
		tt_why_say(w,
			   "; the TURN server gave no permission for %zu of the peer's addresses",
			   t->forbidden);
	else if (t->by_relay)
		tt_why_say(w, "; a relay did not help: the peer is gone, or nothing reaches it");
	if (udp_is_silent(ice))
		tt_why_say(w, "; no server answers over UDP, which may be blocked here: a TURN "
			      "server over TCP or TLS would help");
	else if (!turn && !has_turn(ice))
		tt_why_say(w, "; a TURN server would help if NATs are in the way");
	if (turn)
		tt_why_say(w, "; "), tt_why_server(w, turn);
	if (stun && !turn)
		tt_why_say(w, "; "), tt_why_server(w, stun);
	say_own_names(ice, w);
}

/* Not of a peer that knows who we are: its checks, if they came, were taken. */
static bool wrong_password(const struct ice_gen *g, struct tt_ice_why *w)
{
	const struct ice_hints *h = &g->hints;

	if (h->forged == 0 && h->strange == 0 && h->hinted == 0)
		return false;
	if (h->forged > 0) {
		tt_why_is(w, TAUT_WHY_PASSWORD, "RFC 8489 section 9.1.3");
		tt_why_say(w, "%u message%s came that %s signed with another password", h->forged,
			   tt_why_plural(h->forged), h->forged == 1 ? "was" : "were");
	} else if (h->strange > 0) {
		tt_why_is(w, TAUT_WHY_PASSWORD, "RFC 8445 section 7.2.2");
		tt_why_say(w, "%u check%s came for another user name than ours", h->strange,
			   tt_why_plural(h->strange));
	} else {
		tt_why_is(w, TAUT_WHY_PASSWORD, "RFC 8489 section 9.1.3");
		tt_why_say(w, "our checks are answered with %u, unsigned", h->hinted);
	}
	tt_why_say(w, ": the descriptions may be of two sessions");
	return true;
}

static void all_failed(const struct tt_ice *ice, const struct tally *t, struct tt_ice_why *w)
{
	const struct ice_gen *g = ice->cur;

	if (t->refused) {
		tt_why_is(w, TAUT_WHY_REFUSED, "RFC 8445 section 7.2.5.2.4");
		tt_why_say(w, "the peer refuses our checks with an error");
		if (g->hints.refused > 1)
			tt_why_say(w, ", %u", g->hints.refused);
	} else if (t->heard == 0 && wrong_password(g, w)) {
		return;
	} else if (t->forbidden == t->pairs) {
		no_permission(w);
	} else if (t->roles) {
		tt_why_is(w, TAUT_WHY_ROLES, "RFC 8445 section 7.3.1.1");
		tt_why_say(w, "both sides insist on the same role");
	} else if (t->asymmetric) {
		tt_why_is(w, TAUT_WHY_ASYMMETRIC, "RFC 8445 section 7.2.5.2.1");
		tt_why_say(w, "checks were answered from other addresses than they went to");
	} else if (t->heard > 0) {
		tt_why_is(w, TAUT_WHY_ONE_WAY, "RFC 8445 section 7.2.5.2.3");
		tt_why_say(w, "the peer's checks come, but none of ours is answered: it goes one "
			      "way only");
	} else {
		tt_why_is(w, TAUT_WHY_UNANSWERED, "RFC 8445 section 7.2.5.4");
		tt_why_say(w,
			   "%u request%s on %u pair%s and no answer, and no check of the peer came",
			   g->hints.requests, tt_why_plural(g->hints.requests), g->hints.formed,
			   tt_why_plural(g->hints.formed));
		say_help(ice, t, w);
	}
}

/* A lite agent waits until the peer has checked and nominated: RFC 8445 sections 2.5 and 7.3.2. */
static void nobody_nominates(const struct tt_ice *ice, const struct match *m, const struct tally *t,
			     struct tt_ice_why *w)
{
	const bool over = ice->state == TT_ICE_FAILED;

	if (t->heard > 0) {
		tt_why_is(w, over ? TAUT_WHY_SPARED : TAUT_WHY_WAITING, "RFC 8445 section 7.3.2");
		tt_why_say(w, "checks of the peer came, and it has nominated no pair%s",
			   over ? "" : " yet");
	} else if (wrong_password(ice->cur, w)) {
		return;
	} else if ((m->there[0] || m->there[1]) && !m->beyond) {
		no_pair(m, w);
	} else {
		tt_why_is(w, over ? TAUT_WHY_UNANSWERED : TAUT_WHY_WAITING, "RFC 8445 section 2.5");
		tt_why_say(w,
			   "we are a lite agent and wait for checks of the peer, and none came%s",
			   over ? "" : " yet");
		say_own_names(ice, w);
	}
}

/* ---- the agent: there was a path ---- */

static void say_path_lost(const struct tt_ice *ice, const struct ice_gen *g, struct tt_ice_why *w)
{
	const uint8_t lost = tt_ice_lost(g);

	switch (lost) {
	case TAUT_WHY_GONE:
		tt_why_is(w, TAUT_WHY_GONE, NULL);
		tt_why_say(w, "%s",
			   ice->path_gone ? ice->path_gone : "what was under the path is gone");
		break;
	case TAUT_WHY_REFUSED:
		tt_why_is(w, TAUT_WHY_REFUSED, "RFC 7675 section 5.2");
		tt_why_say(w, "the peer refuses us on the pair that was in use");
		break;
	case TAUT_WHY_CONSENT:
		tt_why_is(w, TAUT_WHY_CONSENT, "RFC 7675 section 5.1");
		tt_why_say(w, "the peer has %s no consent check for 30 s",
			   ice->lite ? "sent" : "answered");
		break;
	default:
		tt_why_is(w, lost, tt_why_specs[lost]);
		tt_why_say(w, "the pair that was in use has failed: %s", tt_why_ends[lost]);
	}
}

/* The answer to a restart has not come. */
static void between(const struct tt_ice *ice, struct tt_ice_why *w)
{
	if (!ice->prev || !ice->prev->had_path) {
		tt_why_is(w, TAUT_WHY_NO_DESCRIPTION, "RFC 8839 section 5.4");
		tt_why_say(w, "there is no description of the peer yet%s",
			   ice->prev ? " since ICE was restarted" : "");
		return;
	}
	say_path_lost(ice, ice->prev, w);
	tt_why_say(w, ice->state == TT_ICE_FAILED ? ", and the restart was not answered"
						  : ", and the restart is not answered yet");
}

static void without_path(const struct tt_ice *ice, struct tt_ice_why *w)
{
	const struct ice_gen *g = ice->cur;
	const struct match m = match(ice);
	const struct tally t = count(ice);

	if (ice->closed) {
		tt_why_is(w, TAUT_WHY_CLOSED, NULL);
		tt_why_say(w, "the connection is closed");
	} else if (g->had_path) {
		say_path_lost(ice, g, w);
	} else if (!g->has_remote) {
		between(ice, w);
	} else if (!m.here[0] && !m.here[1]) {
		nothing_here(ice, w);
	} else if (ice->lite) {
		nobody_nominates(ice, &m, &t, w);
	} else if (!m.there[0] && !m.there[1]) {
		nothing_there(g, w);
	} else if (t.pairs == 0 && g->hints.cut > 0) {
		tt_why_is(w, TAUT_WHY_UNANSWERED, "RFC 6544 section 6.2");
		tt_why_say(w, "%u TCP connection%s to the peer came to nothing", g->hints.cut,
			   tt_why_plural(g->hints.cut));
	} else if (t.pairs == 0) {
		no_pair(&m, w);
	} else if (ice->state == TT_ICE_FAILED) {
		all_failed(ice, &t, w);
	} else {
		tt_why_is(w, TAUT_WHY_WAITING, "RFC 8445 section 6.1.4.2");
		tt_why_say(w, "%u request%s on %u pair%s so far, and no answer yet",
			   g->hints.requests, tt_why_plural(g->hints.requests), g->hints.formed,
			   tt_why_plural(g->hints.formed));
	}
}

void tt_why_agent(const struct tt_ice *ice, struct tt_ice_why *w)
{
	w->about = TAUT_WHY_AGENT;
	if (!ice->path_gen || ice->closed) {
		without_path(ice, w);
		return;
	}
	const struct tt_ice_path path = tt_ice_pair_path(ice, ice->path_gen, ice->path);
	w->local = path.local;
	w->remote = path.remote;
	tt_why_is(w, TAUT_WHY_CONNECTED, "RFC 8445 section 8.1.1");
	tt_why_say(w, "data goes over ");
	tt_why_pair(w);
	if (ice->state == TT_ICE_DISCONNECTED)
		tt_why_say(w, ", and the peer has not %s consent checks for a while",
			   ice->lite ? "sent" : "answered");
}
