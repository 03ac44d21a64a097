/* ice_mdns.c - remote candidates that hide their address behind a .local name; and the multicast socket,
 * which ice_mdns_own.c uses as well. IPv4 alone, also for names of IPv6 addresses.
 *
 * draft-ietf-mmusic-mdns-ice-candidates section 3.2, RFC 6762. Chromium answers
 * a query only when it comes from port 5353 and holds one question, and answers
 * by multicast, at most once a second per record: so A and AAAA are asked in
 * packets of their own, at 0, 1, 3 and 7 s. Whoever cannot be resolved, or where
 * there is no multicast, costs one line of trace and this candidate only. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "base/work.h"
#include "ice/ice_agent.h"
#include "ice/mdns.h"

enum { ROUNDS = 4, SECOND = 1000000 };

static const struct taut_addr group = { .family = 4,
					.port = TT_MDNS_PORT,
					.ip = { 224, 0, 0, 251 } };

bool tt_ice_names_open(const struct ice_gen *g)
{
	for (int i = 0; i < tt_ice_names_of(g); i++)
		if (g->name[i].used && !g->name[i].done)
			return true;
	return false;
}

static void close_if_idle(struct tt_ice *ice)
{
	if (ice->mdns_state == BASE_NONE || ice->mdns_state == BASE_CLOSING ||
	    tt_ice_names_open(ice->cur) || tt_ice_own_needed(ice))
		return;
	ice->mdns_state = ice->mdns_state == BASE_WANTED ? BASE_NONE : BASE_CLOSING;
}

void tt_ice_mdns_want(struct tt_ice *ice)
{
	if (ice->mdns_state == BASE_NONE) {
		ice->mdns_flow = (*ice->next_flow)++;
		ice->mdns_state = BASE_WANTED;
	} else if (ice->mdns_state == BASE_CLOSING) {
		ice->mdns_state = BASE_OPEN;
	}
}

/* A socket hears the group on the interfaces that there were when it was opened. */
void tt_ice_mdns_again(struct tt_ice *ice)
{
	if (ice->mdns_state != BASE_OPEN && ice->mdns_state != BASE_ASKED)
		return;
	ice->mdns_close = ice->mdns_flow;
	ice->mdns_flow = (*ice->next_flow)++;
	ice->mdns_state = BASE_WANTED;
}

static void give_up(struct tt_ice *ice, taut_time now, struct ice_name *n, const char *why)
{
	n->done = true;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "name of a remote candidate not resolved",
		TT_STR("name", n->text), TT_STR("why", why));
}

static int refuse(struct tt_ice *ice, taut_time now, uint32_t why, int code, const char *name)
{
	tt_drop(ice->env, now, why, TT_STR("name", name));
	return code;
}

int tt_ice_add_name(struct tt_ice *ice, taut_time now, const struct tt_ice_candidate *c)
{
	struct ice_name *room = NULL;

	ice->cur->hints.tcp |= c->tcp;
	if (ice->lite) /* the peer comes to us */
		return TAUT_OK;
	if (ice->addresses == TT_ICE_ADDRESS_PROXY) /* multicast is UDP; and relays take no names */
		return refuse(ice, now, TAUT_DROP_ICE_NAME, TAUT_OK, c->name);
	/* One of ours came back: there is nobody to be found under it but us. */
	if (!tt_mdns_is_local(c->name) || c->tcp || c->component != 1 || c->addr.port == 0 ||
	    tt_ice_own_has(ice, c->name))
		return refuse(ice, now, TAUT_DROP_ICE_NAME, TAUT_OK, c->name);
	if (!ice->cur->name)
		ice->cur->name = tt_alloc(ice->env, TT_ICE_MAX_NAMES * sizeof *ice->cur->name);
	if (!ice->cur->name)
		return TAUT_E_NOMEM;
	for (int i = 0; i < tt_ice_names_of(ice->cur); i++) {
		struct ice_name *n = &ice->cur->name[i];
		if (n->used && tt_mdns_same_name(n->text, c->name) &&
		    n->c.addr.port == c->addr.port)
			return TAUT_OK;
		if (!n->used && !room)
			room = n;
	}
	if (!room)
		return refuse(ice, now, TAUT_DROP_ICE_TOO_MANY_NAMES, TAUT_E_LIMIT, c->name);
	*room = (struct ice_name){ .used = true, .c = *c, .next = now };
	memcpy(room->text, c->name, strlen(c->name)); /* is_local bounds it; the rest is zero */
	room->c.name = NULL;
	room->c.ufrag = NULL;
	tt_ice_mdns_want(ice);
	return TAUT_OK;
}

bool tt_ice_mdns_io(struct tt_ice *ice)
{
	if (ice->mdns_close != 0) {
		ice->io = (struct taut_io){ .kind = TAUT_IO_CLOSE, .flow = ice->mdns_close };
		ice->mdns_close = 0;
		return true;
	}
	if (ice->mdns_state == BASE_WANTED) {
		ice->mdns_state = BASE_ASKED;
		ice->io = (struct taut_io){ .kind = TAUT_IO_MULTICAST,
					    .flow = ice->mdns_flow,
					    .local = group };
		return true;
	}
	if (ice->mdns_state == BASE_CLOSING) {
		ice->io = (struct taut_io){ .kind = TAUT_IO_CLOSE, .flow = ice->mdns_flow };
		ice->mdns_state = BASE_NONE;
		ice->mdns_flow = 0;
		return true;
	}
	return false;
}

void tt_ice_mdns_result(struct tt_ice *ice, taut_time now, int os_errno)
{
	if (ice->mdns_state != BASE_ASKED)
		return;
	if (os_errno == 0) {
		ice->mdns_state = BASE_OPEN;
		for (int i = 0; i < tt_ice_names_of(ice->cur); i++) {
			struct ice_name *n = &ice->cur->name[i];
			n->next =
				n->sent < 2 * ROUNDS ? now : now + SECOND; /* for the last answer */
		}
		return;
	}
	ice->mdns_state = BASE_NONE;
	ice->mdns_flow = 0;
	for (int i = 0; i < tt_ice_names_of(ice->cur); i++)
		if (ice->cur->name[i].used && !ice->cur->name[i].done)
			give_up(ice, now, &ice->cur->name[i], "no multicast here");
	tt_ice_own_unheard(ice, now, os_errno);
}

static void take_record(struct tt_ice *ice, taut_time now, const struct tt_mdns_record *rec)
{
	if (!tt_ice_unicast(&rec->addr) || rec->ttl == 0)
		return; /* the name stays open: a better answer may come */
	for (int i = 0; i < tt_ice_names_of(ice->cur); i++) {
		struct ice_name *n = &ice->cur->name[i];
		if (!n->used || n->done || !tt_mdns_same_name(n->text, rec->name))
			continue;
		struct tt_ice_candidate c = n->c;
		c.addr = rec->addr;
		c.addr.port = n->c.addr.port;
		c.name = n->text;
		n->done = n->resolved = true;
		tt_note(ice->env, now, TAUT_LAYER_ICE, "name of a remote candidate resolved",
			TT_STR("name", n->text), TT_ADDR("address", &c.addr));
		tt_ice_put_remote(ice, now, &c);
	}
}

/* RFC 6762 section 11: what came to the group is of this link; what came to one of our addresses may be of
 * anywhere, and we ask for no such answer. A socket that does not say so has local 0.0.0.0 or none. */
static bool from_afar(const struct taut_addr *local)
{
	return local && local->family != 0 && tt_ice_unicast(local);
}

int tt_ice_mdns_recv(struct tt_ice *ice, taut_time now, const struct taut_addr *local,
		     const struct taut_addr *from, const uint8_t *pkt, size_t len)
{
	struct tt_mdns_reader r;
	struct tt_mdns_record rec;
	int more;

	if (from_afar(local)) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_MDNS, from);
		return 1;
	}
	tt_work(1);
	if (len > 2 && !(pkt[2] & 0x80))
		return tt_ice_own_recv(ice, now, from, pkt, len);
	if (from->port != TT_MDNS_PORT || !tt_mdns_begin(&r, pkt, len)) { /* RFC 6762 section 6 */
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_MDNS, from);
		return 1;
	}
	/* First all of it is read: what ends malformed changes nothing. */
	struct tt_mdns_reader again = r;
	while ((more = tt_mdns_next(&r, &rec)) > 0)
		;
	if (more < 0) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_MDNS, from);
		return 1;
	}
	while (tt_mdns_next(&again, &rec) > 0)
		take_record(ice, now, &rec);
	close_if_idle(ice);
	return 0;
}

/* Even counts ask for A, odd ones for AAAA right after it. */
size_t tt_ice_mdns_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	if (ice->mdns_state != BASE_OPEN)
		return 0;
	for (int i = 0; i < tt_ice_names_of(ice->cur); i++) {
		struct ice_name *n = &ice->cur->name[i];
		if (!n->used || n->done || n->sent >= 2 * ROUNDS || now < n->next)
			continue;
		bool first = n->sent % 2 == 0;
		out->len = tt_mdns_write_query(out->buf, out->cap, n->text,
					       first ? TT_MDNS_A : TT_MDNS_AAAA);
		n->sent++;
		if (!first && n->sent < 2 * ROUNDS)
			n->next = now + ((taut_time)SECOND << (n->sent / 2 - 1));
		else if (!first)
			n->next = now + SECOND; /* to wait for the last answer */
		out->flow = ice->mdns_flow;
		out->local = (struct taut_addr){ 0 };
		out->remote = group;
		return out->len;
	}
	return 0;
}

void tt_ice_mdns_tick(struct tt_ice *ice, taut_time now)
{
	for (int i = 0; ice->mdns_state == BASE_OPEN && i < tt_ice_names_of(ice->cur); i++) {
		struct ice_name *n = &ice->cur->name[i];
		if (n->used && !n->done && n->sent >= 2 * ROUNDS && now >= n->next)
			give_up(ice, now, n, "nobody answered");
	}
	close_if_idle(ice);
}

taut_time tt_ice_mdns_deadline(const struct tt_ice *ice)
{
	taut_time at = INT64_MAX;

	for (int i = 0; ice->mdns_state == BASE_OPEN && i < tt_ice_names_of(ice->cur); i++)
		if (ice->cur->name[i].used && !ice->cur->name[i].done)
			at = tt_min64(at, ice->cur->name[i].next);
	return at;
}
