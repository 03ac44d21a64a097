/* ice_relay.c - relayed candidates: RFC 8445 sections 5.1.1.2 and 7.1, RFC 8656.
 *
 * Each socket asks each TURN server of its family for an allocation, itself or by a stream from its
 * address, from which it may relay to both families; the same answer shows the server-reflexive address. A
 * relayed address is a base of its own, with a flow that no socket has; what leaves by it is ice_path.c's
 * matter, what the client makes of the server's answers turn_client.h's. */
#include <string.h>

#include "base/addr.h"
#include "base/never.h"
#include "base/num.h"
#include "ice/ice_agent.h"

int tt_ice_make_bases(struct tt_ice *ice)
{
	bool relays = false;

	for (size_t i = 0; i < ice->server_count; i++)
		relays |= ice->server[i].user != NULL;
	ice->base_count = TT_ICE_MAX_BASES + (relays ? TT_ICE_MAX_RELAYS : 0) +
			  (ice->tcp ? TT_ICE_MAX_TCP : 0);
	ice->base = tt_alloc(ice->env, (size_t)ice->base_count * sizeof *ice->base);
	if (relays)
		ice->relay = tt_alloc(ice->env, TT_ICE_MAX_RELAYS * sizeof *ice->relay);
	return ice->base && (!relays || ice->relay) ? TAUT_OK : TAUT_E_NOMEM;
}

static struct ice_stream *stream_of(const struct tt_ice *ice, const struct ice_relay *r)
{
	return r->stream ? &ice->stream[r->stream - 1] : NULL;
}

struct tt_ice_path tt_ice_server_path(const struct tt_ice *ice, const struct ice_relay *r)
{
	const struct ice_stream *s = stream_of(ice, r);
	const struct ice_port *p = tt_ice_port(ice, r);
	const struct ice_base *b = &ice->base[r->base];

	return (struct tt_ice_path){ .flow = s   ? s->flow
					     : p ? p->flow
						 : b->flow,
				     .local = s   ? s->local
					      : p ? p->addr
						  : b->addr,
				     .remote = *tt_turn_server(r->turn) };
}

static void close_stream(struct tt_ice *ice, struct ice_relay *r)
{
	if (r->stream)
		tt_ice_stream_close(ice, r->stream - 1);
	r->stream = 0;
}

static void forget(struct tt_ice *ice, struct ice_relay *r)
{
	close_stream(ice, r);
	tt_ice_port_close(ice, r);
	tt_turn_free(r->turn);
	*r = (struct ice_relay){ 0 };
}

void tt_ice_forget_failed_relays(struct tt_ice *ice)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		struct ice_relay *r = &ice->relay[i];
		if (r->turn && tt_turn_state(r->turn) == TT_TURN_OVER) {
			ice->server[r->server].why = NULL;
			forget(ice, r);
		}
	}
}

void tt_ice_free_relays(struct tt_ice *ice)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		tt_turn_free(ice->relay[i].turn);
	tt_free(ice->env, ice->relay);
}

/* ---- allocations ---- */

static struct ice_relay *free_relay(struct tt_ice *ice, int base, size_t server)
{
	struct ice_relay *room = NULL;

	for (int i = 0; i < TT_ICE_MAX_RELAYS; i++) {
		struct ice_relay *r = &ice->relay[i];
		if (r->turn && r->base == base && r->server == server)
			return NULL;
		if (!r->turn && !room)
			room = r;
	}
	return room;
}

/* A server has one allocation for a socket, RFC 8656 section 7.2, under however many names. */
static bool has_allocation(const struct tt_ice *ice, int base, const struct taut_addr *server)
{
	for (int i = 0; i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn && ice->relay[i].base == base &&
		    ice->server[ice->relay[i].server].transport == TT_ICE_UDP &&
		    tt_addr_eq(tt_turn_server(ice->relay[i].turn), server))
			return true;
	return false;
}

/* False: there are too many. */
static bool open_stream(struct tt_ice *ice, struct ice_relay *r, const struct taut_addr *to)
{
	const struct ice_server *s = &ice->server[r->server];
	const int stream = tt_ice_stream_open(
		ice, &(struct ice_stream){ .state = STREAM_WANTED,
					   .tls = s->transport == TT_ICE_TLS ? s->host : NULL,
					   .local = ice->base[r->base].addr,
					   .remote = *to });

	r->stream = tt_u8((uint64_t)(stream + 1));
	return stream >= 0;
}

static bool by_stream(const struct tt_ice *ice, const struct ice_relay *r)
{
	return ice->server[r->server].transport != TT_ICE_UDP;
}

/* A client, which begins anew. False: no memory. */
static bool begin(struct tt_ice *ice, taut_time now, struct ice_relay *r, struct taut_addr to)
{
	const struct ice_server *s = &ice->server[r->server];
	const bool streams = by_stream(ice, r);
	const struct tt_turn_config cfg = {
		.server = to,
		.user = s->user,
		.password = s->password,
		.stream = streams,
		.ipv4 = true,
		.ipv6 = true,
		.give_up_after =
			tt_ice_srv_life(s, streams ? TT_ICE_STREAM_LIFE : TT_ICE_GATHER_LIFE),
	};
	struct tt_turn *fresh;

	if (tt_turn_new(&fresh, ice->env, &cfg, now) != TAUT_OK)
		return false;
	tt_turn_free(r->turn);
	r->turn = fresh;
	return true;
}

static void allocate(struct tt_ice *ice, taut_time now, int base, size_t server)
{
	struct ice_server *s = &ice->server[server];
	const struct taut_addr *to = &s->addr[ice->base[base].addr.family == 6];
	const bool streams = s->transport != TT_ICE_UDP;
	struct ice_relay *r = free_relay(ice, base, server);

	if (!r || (!streams && has_allocation(ice, base, to)))
		return;
	if (now < s->shunned_until && tt_addr_eq(to, &s->shunned[to->family == 6])) {
		tt_ice_server_error(ice, server, base, 437,
				    "no port was free there less than two minutes ago");
		return;
	}
	*r = (struct ice_relay){ .base = tt_u8((uint64_t)base), .server = tt_u8(server) };
	if ((streams && !open_stream(ice, r, to)) || !begin(ice, now, r, *to)) {
		tt_note(ice->env, now, TAUT_LAYER_ICE, "no TURN allocation",
			TT_STR("why", "no memory, or too many streams"), TT_STR("host", s->host));
		forget(ice, r);
	}
}

/* An allocation outlives a restart, if the server still knows of it. One that is over is tried again. */
void tt_ice_reset_relays(struct tt_ice *ice, taut_time now)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		struct ice_relay *r = &ice->relay[i];
		if (!r->turn)
			continue;
		r->settled = r->again = false;
		tt_turn_forget_refusals(r->turn);
		tt_turn_confirm(r->turn, now);
		if (tt_turn_state(r->turn) == TT_TURN_OVER)
			forget(ice, r);
	}
}

bool tt_ice_relays_settled(const struct tt_ice *ice)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn && !ice->relay[i].settled)
			return false;
	return true;
}

bool tt_ice_relays_asking(const struct tt_ice *ice, size_t server)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn && ice->relay[i].server == server && !ice->relay[i].settled)
			return true;
	return false;
}

void tt_ice_forget_relays(struct tt_ice *ice, size_t server)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn && ice->relay[i].server == server &&
		    tt_turn_state(ice->relay[i].turn) == TT_TURN_OVER)
			forget(ice, &ice->relay[i]);
}

/* ---- addresses ---- */

static void add_reflexive(struct tt_ice *ice, taut_time now, const struct ice_relay *r)
{
	const struct taut_addr *mapped = tt_turn_mapped(r->turn);

	if (ice->relay_only || r->stream || r->port || !mapped || /* not of the base's own port */
	    mapped->family != ice->base[r->base].addr.family ||
	    tt_addr_is_loopback(&ice->base[r->base].addr))
		return;
	int at = tt_ice_add_local(ice, now, TT_ICE_SRFLX, r->base, r->server + 1, mapped);
	if (at >= 0)
		ice->local[at].of_relay = true;
}

/* RFC 8839 section 5.1: raddr is the mapped address; with the policy relay that is nobody's business, and the
 * port is 9. */
static struct taut_addr related_to(const struct tt_ice *ice, const struct ice_relay *r)
{
	const struct taut_addr *mapped = tt_turn_mapped(r->turn);

	if (ice->relay_only || !mapped)
		return (struct taut_addr){ .family = ice->base[r->base].addr.family, .port = 9 };
	return tt_ice_related(ice, mapped);
}

/* The base of the relayed address of this family, by which its peers are heard; -1: none. */
static int base_of(const struct tt_ice *ice, int relay, uint8_t family)
{
	for (int i = TT_ICE_MAX_BASES; i < ice->base_count; i++)
		if (ice->base[i].relay == relay + 1 && ice->base[i].addr.family == family)
			return i;
	return -1;
}

/* 5.1.2.1: no two priorities are the same; sockets differ by less than their number. What waits for what
 * was lost before it (TCP) comes behind all that does not. */
static uint16_t relayed_pref(const struct tt_ice *ice, const struct ice_relay *r, int base)
{
	enum { STEP = TT_ICE_MAX_BASES * (TT_ICE_MAX_RELAYS + 1) };

	return tt_u16((uint64_t)(ice->base[r->base].local_pref -
				 (base - TT_ICE_MAX_BASES) * TT_ICE_MAX_BASES -
				 (int)ice->server[r->server].transport * STEP));
}

static void add_relayed(struct tt_ice *ice, taut_time now, int relay, uint8_t family)
{
	const struct ice_relay *r = &ice->relay[relay];
	const struct taut_addr *addr = tt_turn_relayed(r->turn, family);
	int base = TT_ICE_MAX_BASES;

	while (base < TT_ICE_MAX_BASES + TT_ICE_MAX_RELAYS && ice->base[base].state != BASE_NONE)
		base++;
	if (!addr || base == TT_ICE_MAX_BASES + TT_ICE_MAX_RELAYS ||
	    base_of(ice, relay, family) >= 0)
		return;
	ice->base[base] = (struct ice_base){ .state = BASE_OPEN,
					     .flow = (*ice->next_flow)++,
					     .addr = *addr,
					     .index = ice->base[r->base].index,
					     .network = ice->base[r->base].network,
					     .type = ice->base[r->base].type,
					     .local_pref = relayed_pref(ice, r, base),
					     .relay = tt_u8((uint64_t)relay + 1) };
	int at = tt_ice_add_local(ice, now, TT_ICE_RELAY, base, r->server + 1, addr);
	if (at < 0) {
		ice->base[base] = (struct ice_base){ 0 };
		return;
	}
	ice->local[at].of_relay = true;
	ice->local[at].c.related = related_to(ice, r);
	tt_ice_pair_base(ice, now, base);
}

static void forget_relayed(struct tt_ice *ice, int relay)
{
	for (int i = TT_ICE_MAX_BASES; i < ice->base_count; i++) {
		if (ice->base[i].relay != relay + 1)
			continue;
		tt_ice_forget_base(ice, i);
		ice->base[i] = (struct ice_base){ 0 };
	}
}

void tt_ice_drop_relays_of(struct tt_ice *ice, int base)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		if (!ice->relay[i].turn || ice->base[base].relay || ice->relay[i].base != base)
			continue;
		forget_relayed(ice, i);
		forget(ice, &ice->relay[i]);
	}
}

/* Pairs whose permission was refused have failed: nothing could leave over them. */
static void fail_refused(struct tt_ice *ice, taut_time now, int relay)
{
	const struct ice_gen *g = ice->cur;

	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (tt_ice_pair_busy(p) && ice->base[p->base].relay == relay + 1 &&
		    tt_turn_permission(ice->relay[relay].turn,
				       &tt_ice_remote_at(g, p->remote)->addr) == TT_TURN_REFUSED)
			tt_ice_pair_failed(ice, now, i, TAUT_WHY_FORBIDDEN);
	}
}

/* The mapping it showed is not kept alive any more. */
static void disown_reflexive(struct tt_ice *ice, const struct ice_relay *r)
{
	for (size_t i = 0; i < ice->local_count; i++)
		if (ice->local[i].base == r->base && ice->local[i].server == r->server + 1)
			ice->local[i].of_relay = false;
}

/* What a restart found to be lost is asked for anew, once; later its candidate could not be told. */
static bool try_again(struct tt_ice *ice, taut_time now, int relay)
{
	struct ice_relay *r = &ice->relay[relay];
	const struct ice_relay lost = *r;

	if (tt_turn_error(r->turn) != 437 || lost.again || lost.settled || ice->cur->done_told)
		return false;
	forget(ice, r);
	allocate(ice, now, lost.base, lost.server);
	r->again = true;
	return r->turn != NULL;
}

/* RFC 8656 section 7.4: three ports are tried. Later than gathering its candidate could not be told. */
static bool try_another_port(struct tt_ice *ice, taut_time now, int relay)
{
	struct ice_relay *r = &ice->relay[relay];
	const struct taut_addr to = *tt_turn_server(r->turn);

	if (tt_turn_error(r->turn) != 437 || r->settled || r->ports + 1 >= TT_ICE_PORTS)
		return false;
	close_stream(ice, r);
	if (by_stream(ice, r) ? !open_stream(ice, r, &to) || !begin(ice, now, r, to)
			      : !tt_ice_port_open(ice, r))
		return false;
	r->ports++;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "TURN: 437, another port is tried",
		TT_ADDR("server", &to), TT_INT("try", r->ports + 1));
	return true;
}

/* Each of three ports was refused, the last one too: what never was answered says nothing of it. */
static bool has_no_port(const struct ice_relay *r)
{
	return tt_turn_error(r->turn) == 437 && r->ports + 1 == TT_ICE_PORTS;
}

/* The addresses, not the name: another target of the domain's SRV records is another server. */
static const char *shun(struct tt_ice *ice, taut_time now, const struct ice_relay *r)
{
	struct ice_server *s = &ice->server[r->server];

	memcpy(s->shunned, s->addr, sizeof s->shunned);
	s->shunned_until = now + TT_ICE_SHUNNED;
	return "the TURN server takes each of three ports for that of another allocation";
}

static uint16_t error_of(const struct tt_turn *t)
{
	return tt_turn_error(t) ? tt_turn_error(t) : TT_ICE_UNREACHED;
}

/* What the client has come to means for candidates and pairs. */
static void settle(struct tt_ice *ice, taut_time now, int relay)
{
	struct ice_relay *r = &ice->relay[relay];
	const enum tt_turn_state state = tt_turn_state(r->turn);

	if (tt_ice_port_awaited(ice, r))
		return;
	if (state == TT_TURN_ALLOCATED) {
		ice->server[r->server].helped = true;
		fail_refused(ice, now, relay);
		if (r->settled || tt_turn_asking(r->turn))
			return;
		r->settled = true;
		add_reflexive(ice, now, r);
		add_relayed(ice, now, relay, 4);
		add_relayed(ice, now, relay, 6);
	} else if (state == TT_TURN_OVER) {
		const bool was_there = base_of(ice, relay, 4) >= 0 || base_of(ice, relay, 6) >= 0;
		forget_relayed(ice, relay);
		disown_reflexive(ice, r);
		if (was_there ? try_again(ice, now, relay) : try_another_port(ice, now, relay))
			return;
		if (!r->settled && r->turn)
			tt_ice_server_error(ice, r->server, r->base, error_of(r->turn),
					    has_no_port(r) ? shun(ice, now, r)
							   : tt_turn_why(r->turn));
		r->settled = true;
		close_stream(ice, r);
		tt_ice_port_close(ice, r);
	}
}

void tt_ice_relay_ported(struct tt_ice *ice, taut_time now, int relay)
{
	struct ice_relay *r = &ice->relay[relay];

	if (!r->port || !begin(ice, now, r, *tt_turn_server(r->turn)))
		r->ports = TT_ICE_PORTS; /* no other can be had */
	settle(ice, now, relay);
}

void tt_ice_relay_cut(struct tt_ice *ice, taut_time now, int stream, const char *why)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn && ice->relay[i].stream == stream + 1) {
			tt_turn_cut(ice->relay[i].turn, now, why);
			settle(ice, now, i);
			tt_ice_update(ice, now);
			return;
		}
	tt_ice_stream_close(ice, stream);
}

/* 300: another server is reached by another stream, under the name of the first. */
static void follow(struct tt_ice *ice, taut_time now, struct ice_relay *r)
{
	const struct taut_addr *to = tt_turn_server(r->turn);
	const struct ice_stream *s = stream_of(ice, r);

	if (!s || tt_addr_eq(&s->remote, to))
		return;
	close_stream(ice, r);
	if (!open_stream(ice, r, to))
		tt_turn_cut(r->turn, now, "it sends to another, and there are too many streams");
}

/* One that was there before and could not be confirmed counts as it is. */
void tt_ice_allocate(struct tt_ice *ice, taut_time now)
{
	for (int i = 0; ice->relay && ice->gathering && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn && !ice->relay[i].settled)
			settle(ice, now, i);
	for (int b = 0; ice->relay && ice->gathering && b < TT_ICE_MAX_BASES; b++)
		for (size_t s = 0; s < ice->server_count; s++)
			if (ice->server[s].user && ice->server[s].state == SERVER_KNOWN &&
			    ice->base[b].state == BASE_OPEN && !ice->base[b].late &&
			    ice->server[s].addr[ice->base[b].addr.family == 6].family != 0)
				allocate(ice, now, b, s);
}

/* ---- requests ---- */

int tt_ice_relay_due(const struct tt_ice *ice, taut_time now, taut_time *at)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		const struct tt_turn *t = ice->relay[i].turn;
		const struct ice_stream *s = stream_of(ice, &ice->relay[i]);
		if (!t || tt_turn_state(t) == TT_TURN_OVER || (s && s->state != STREAM_OPEN))
			continue;
		*at = tt_min64(*at, tt_turn_due(t));
		if (tt_turn_due(t) <= now)
			return i;
	}
	return -1;
}

static size_t write_request(struct tt_ice *ice, taut_time now, int relay, struct tt_ice_out *out)
{
	struct ice_relay *r = &ice->relay[relay];
	const struct ice_stream *s = stream_of(ice, r);

	out->len = 0;
	if (s && s->state != STREAM_OPEN)
		return 0;
	const struct tt_ice_path path = tt_ice_server_path(ice, r);
	out->flow = path.flow;
	out->local = path.local;
	out->remote = path.remote;
	out->len = tt_turn_poll_send(r->turn, now, out->buf, out->cap);
	r->kept = now;
	return out->len;
}

/* ---- what keeps a NAT open ---- */

/* Refreshes come each nine minutes, and a NAT may forget a socket after two, or one (RFC 4787 section 4.3). The
 * path that carries data has its consent checks, a stream lives longer (RFC 5382 section 5): neither needs more. */
static taut_time keep_at(const struct tt_ice *ice, int relay)
{
	const struct ice_relay *r = &ice->relay[relay];
	const struct ice_pair *path =
		ice->path_gen ? tt_ice_pair_at(ice->path_gen, ice->path) : NULL;

	if (!r->turn || r->stream || tt_turn_state(r->turn) != TT_TURN_ALLOCATED ||
	    (path && ice->base[path->base].relay == relay + 1))
		return INT64_MAX;
	return r->kept + TT_ICE_TR;
}

size_t tt_ice_relay_keep(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		uint8_t tid[TT_STUN_TID_LEN];
		struct wr w = wr_make(out->buf, out->cap);
		if (keep_at(ice, i) > now)
			continue;
		ice->relay[i].kept = now;
		if (!tt_random(ice->env, tid, sizeof tid))
			continue;
		const struct tt_ice_path path = tt_ice_server_path(ice, &ice->relay[i]);
		tt_stun_begin(&w, TT_STUN_INDICATION, TT_STUN_BINDING, tid);
		tt_stun_put_fingerprint(&w);
		out->flow = path.flow;
		out->local = path.local;
		out->remote = path.remote;
		out->len = tt_stun_finish(&w);
		tt_trace_packet(ice->env, now, TAUT_LAYER_STUN, true, out->buf, out->len,
				&out->local, &out->remote);
		return out->len;
	}
	return 0;
}

size_t tt_ice_relay_write(struct tt_ice *ice, taut_time now, int relay, struct tt_ice_out *out)
{
	ice->last_check = now;
	ice->next_ask = now + TT_ICE_TA;
	const size_t len = write_request(ice, now, relay, out);
	/* It could not be written, which ended something; or it was the last word. */
	if (len == 0 || tt_turn_state(ice->relay[relay].turn) == TT_TURN_OVER) {
		settle(ice, now, relay);
		tt_ice_update(ice, now);
	}
	return out->len;
}

void tt_ice_close(struct tt_ice *ice, taut_time now)
{
	ice->closed = true;
	tt_ice_own_forget(ice, NULL);
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn)
			tt_turn_release(ice->relay[i].turn, now);
	tt_ice_wake(ice);
}

size_t tt_ice_relay_last_word(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn && tt_turn_state(ice->relay[i].turn) != TT_TURN_OVER &&
		    write_request(ice, now, i, out) > 0)
			return out->len;
	return 0;
}

void tt_ice_relay_tick(struct tt_ice *ice, taut_time now)
{
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		if (!ice->relay[i].turn || now < tt_turn_deadline(ice->relay[i].turn))
			continue;
		tt_turn_tick(ice->relay[i].turn, now);
		settle(ice, now, i);
	}
}

taut_time tt_ice_relay_deadline(const struct tt_ice *ice)
{
	taut_time at = INT64_MAX;

	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		if (ice->relay[i].turn)
			at = tt_min64(at, tt_min64(tt_turn_deadline(ice->relay[i].turn),
						   keep_at(ice, i)));
	return at;
}

/* ---- what comes ---- */

/* False: it goes no further. */
static bool take(const struct tt_ice *ice, int relay, struct tt_ice_in *p,
		 const struct tt_turn_data *data)
{
	const int base = base_of(ice, relay, data->peer.family);

	if (TT_NEVER(base < 0, "a permission is asked for by a base of that family"))
		return false;
	p->flow = ice->base[base].flow;
	p->local = ice->base[base].addr;
	p->remote = data->peer;
	p->buf += data->at;
	p->len = data->len;
	return true;
}

bool tt_ice_unwrap(struct tt_ice *ice, taut_time now, struct tt_ice_in *p)
{
	struct tt_turn_data data;

	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		struct ice_relay *r = &ice->relay[i];
		if (!r->turn || tt_turn_state(r->turn) == TT_TURN_OVER ||
		    tt_ice_server_path(ice, r).flow != p->flow)
			continue;
		const bool asked = !r->settled;
		switch (tt_turn_recv(r->turn, now, &p->remote, p->buf, p->len, &data)) {
		case TT_TURN_NOT_OURS:
			break;
		case TT_TURN_DATA_CAME:
			return take(ice, i, p, &data);
		case TT_TURN_TAKEN:
			/* An allocation takes a few requests, each after an answer: none is ahead of the other. */
			if (asked)
				ice->next_ask = now;
			follow(ice, now, r);
			settle(ice, now, i);
			tt_ice_update(ice, now);
			return false;
		case TT_TURN_DROPPED:
			return false;
		}
	}
	return true;
}
