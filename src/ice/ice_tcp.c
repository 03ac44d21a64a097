/* ice_tcp.c - candidates over TCP: RFC 6544.
 *
 * A socket's address is an active candidate, which connects, and a passive one where something listens. Each
 * connection, made or taken, is a base of its own, whose pair is with its other end; nothing else pairs over
 * TCP (section 6.2). What connects to us is nobody until a check of his is authenticated, and for no longer
 * than a while. Simultaneous open is not made: no browser does. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

enum { DISCARD = 9 }; /* RFC 6544 section 4.5: the port of who only connects */

/* ---- candidates ---- */

static int listener_of(const struct tt_ice *ice, int base)
{
	for (int i = 0; i < TT_ICE_MAX_STREAMS; i++)
		if (ice->stream[i].listens && ice->stream[i].base == base &&
		    ice->stream[i].state != STREAM_CLOSING && ice->stream[i].state != STREAM_NONE)
			return i;
	return -1;
}

static void listen(struct tt_ice *ice, taut_time now, int base)
{
	const int at = listener_of(ice, base);

	if (at >= 0 && ice->stream[at].state == STREAM_OPEN)
		tt_ice_add_local_tcp(ice, now, base, TT_ICE_PASSIVE, &ice->stream[at].local);
	if (at < 0)
		tt_ice_stream_open(ice, &(struct ice_stream){ .state = STREAM_WANTED,
							      .listens = true,
							      .base = tt_u8((uint64_t)base),
							      .local = ice->base[base].addr });
}

void tt_ice_tcp_use_base(struct tt_ice *ice, taut_time now, int base)
{
	struct taut_addr active = ice->base[base].addr;

	active.port = DISCARD;
	if (ice->tcp & TT_ICE_TCP_CONNECTS)
		tt_ice_add_local_tcp(ice, now, base, TT_ICE_ACTIVE, &active);
	if (ice->tcp & TT_ICE_TCP_LISTENS)
		listen(ice, now, base);
}

/* A description is no way to have us knock at other services: below 1024 only the ports count by which
 * media servers get through firewalls. */
bool tt_ice_tcp_usable(const struct tt_ice *ice, const struct tt_ice_candidate *c)
{
	const uint16_t port = c->addr.port;

	return (ice->tcp & TT_ICE_TCP_CONNECTS) && c->tcptype == TT_ICE_PASSIVE &&
	       (port >= 1024 || port == 443 || port == 80);
}

bool tt_ice_tcp_settled(const struct tt_ice *ice)
{
	for (int i = 0; ice->stream && i < TT_ICE_MAX_STREAMS; i++)
		if (ice->stream[i].listens &&
		    (ice->stream[i].state == STREAM_WANTED || ice->stream[i].state == STREAM_ASKED))
			return false;
	return true;
}

/* ---- connections ---- */

static uint16_t foundation_of(const struct tt_ice *ice, int home, enum tt_ice_tcp tcp)
{
	unsigned v = 0;

	for (size_t i = 0; i < ice->local_count; i++)
		if (ice->local[i].base == home && ice->local[i].c.tcptype == tcp) {
			for (const char *p = ice->local[i].c.foundation; *p; p++)
				v = v * 10 + (unsigned)(*p - '0');
			break;
		}
	return tt_u16(v);
}

/* A place among the bases, behind those of relays; -1: there are as many connections as there may be. Half of
 * them at most came: strangers shall not keep us from connecting. */
static int free_base(const struct tt_ice *ice, bool came)
{
	int free = -1, count = 0;

	for (int i = ice->base_count - TT_ICE_MAX_TCP; i < ice->base_count; i++) {
		count += ice->base[i].stream && ice->base[i].tcp == TT_ICE_PASSIVE;
		if (ice->base[i].state == BASE_NONE)
			free = i;
	}
	return came && count >= TT_ICE_MAX_TCP / 2 ? -1 : free;
}

/* The base of a new connection; -1: none. */
static int add_base(struct tt_ice *ice, taut_time now, int home, const struct ice_stream *like)
{
	const enum tt_ice_tcp tcp = like->came ? TT_ICE_PASSIVE : TT_ICE_ACTIVE;
	const int base = free_base(ice, like->came);
	const int stream = base < 0 ? -1 : tt_ice_stream_open(ice, like);

	if (stream < 0) {
		tt_drop(ice->env, now, TAUT_DROP_ICE_TOO_MANY_TCP,
			TT_ADDR("remote", &like->remote));
		return -1;
	}
	struct ice_stream *s = &ice->stream[stream];
	s->base = tt_u8((uint64_t)base);
	ice->base[base] = (struct ice_base){ .state = BASE_OPEN,
					     .flow = s->flow,
					     .addr = s->local,
					     .index = ice->base[home].index,
					     .network = ice->base[home].network,
					     .type = ice->base[home].type,
					     .local_pref = ice->base[home].local_pref,
					     .foundation = foundation_of(ice, home, tcp),
					     .stream = tt_u8((uint64_t)stream + 1),
					     .home = (unsigned)home & 0x3f,
					     .tcp = (uint8_t)tcp };
	return base;
}

/* One that is there already, of the generation before; -1. */
static int base_to(const struct tt_ice *ice, int home, const struct taut_addr *to)
{
	for (int i = TT_ICE_MAX_BASES; i < ice->base_count; i++)
		if (ice->base[i].stream && ice->base[i].home == home &&
		    tt_addr_eq(&ice->stream[ice->base[i].stream - 1].remote, to))
			return i;
	return -1;
}

/* Until one of those that there are is refused or given up. */
static void wait_for_room(struct tt_ice *ice, taut_time now, int home, int remote)
{
	if (!ice->waiting)
		ice->waiting = tt_alloc(ice->env, TT_ICE_TCP_WAITING * sizeof *ice->waiting);
	if (!ice->waiting || ice->waiting_count == TT_ICE_TCP_WAITING) {
		tt_drop(ice->env, now, TAUT_DROP_ICE_TOO_MANY_TCP,
			TT_ADDR("remote", &tt_ice_remote_at(ice->cur, remote)->addr));
		return;
	}
	ice->waiting[ice->waiting_count++] =
		(struct ice_waiting){ tt_u8((uint64_t)home), tt_u8((uint64_t)remote) };
}

void tt_ice_tcp_connect(struct tt_ice *ice, taut_time now, int base, int remote)
{
	const struct tt_ice_candidate *r = tt_ice_remote_at(ice->cur, remote);
	const struct ice_base *home = &ice->base[base];

	if (base >= TT_ICE_MAX_BASES || home->state != BASE_OPEN || r->tcptype != TT_ICE_PASSIVE ||
	    !tt_ice_can_pair(&home->addr, &r->addr))
		return;
	int at = base_to(ice, base, &r->addr);
	if (at < 0 && free_base(ice, false) < 0) {
		wait_for_room(ice, now, base, remote);
		return;
	}
	if (at < 0)
		at = add_base(ice, now, base,
			      &(struct ice_stream){ .state = STREAM_WANTED,
						    .framed = true,
						    .local = home->addr,
						    .remote = r->addr });
	if (at >= 0)
		tt_ice_add_pair(ice, now, at, remote);
}

taut_flow tt_ice_accept(struct tt_ice *ice, taut_time now, taut_flow listener,
			const struct taut_addr *local, const struct taut_addr *remote)
{
	const struct ice_stream *l = tt_ice_stream_of(ice, listener);

	if (!l || !l->listens || l->state != STREAM_OPEN || ice->closed)
		return 0;
	const int base = add_base(ice, now, l->base,
				  &(struct ice_stream){ .state = STREAM_OPEN,
							.framed = true,
							.came = true,
							.local = *local,
							.remote = *remote,
							.until = now + TT_ICE_TCP_PATIENCE });
	if (base < 0)
		return 0;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "TCP connection came", TT_ADDR("local", local),
		TT_ADDR("remote", remote));
	tt_ice_update(ice, now);
	return ice->base[base].flow;
}

void tt_ice_tcp_open(struct tt_ice *ice, taut_time now, const struct ice_stream *s)
{
	if (s->listens && ice->gathering)
		tt_ice_add_local_tcp(ice, now, s->base, TT_ICE_PASSIVE, &s->local);
	else if (!s->listens)
		ice->base[s->base].addr = s->local;
}

/* ---- the end of one ---- */

static void forget(struct tt_ice *ice, int base)
{
	tt_ice_stream_close(ice, ice->base[base].stream - 1);
	tt_ice_forget_base(ice, base);
	ice->base[base] = (struct ice_base){ 0 };
}

/* Those that waited, in their order; when it is decided who carries data nobody needs them any more. */
static void use_room(struct tt_ice *ice, taut_time now)
{
	if (ice->selected_known || ice->state == TT_ICE_FAILED)
		ice->waiting_count = 0;
	while (ice->waiting_count > 0 && free_base(ice, false) >= 0) {
		const struct ice_waiting next = ice->waiting[0];
		ice->waiting_count--;
		memmove(ice->waiting, ice->waiting + 1, ice->waiting_count * sizeof next);
		tt_ice_tcp_connect(ice, now, next.home, next.remote);
	}
}

static void forget_passive(struct tt_ice *ice, int home)
{
	size_t kept = 0;

	for (size_t i = 0; i < ice->local_count; i++)
		if (ice->local[i].base != home || ice->local[i].c.tcptype != TT_ICE_PASSIVE)
			ice->local[kept++] = ice->local[i];
	ice->local_count = kept;
}

void tt_ice_tcp_cut(struct tt_ice *ice, taut_time now, int stream)
{
	const struct ice_stream s = ice->stream[stream];

	if (s.framed) {
		ice->cur->hints.cut += !s.came;
		forget(ice, s.base);
		use_room(ice, now);
	} else { /* it listened */
		forget_passive(ice, s.base);
		tt_ice_stream_close(ice, stream);
	}
	tt_ice_update(ice, now);
}

void tt_ice_tcp_forget(struct tt_ice *ice, int base)
{
	if (!ice->tcp || base >= TT_ICE_MAX_BASES)
		return;
	for (int i = TT_ICE_MAX_BASES; i < ice->base_count; i++)
		if (ice->base[i].stream && ice->base[i].home == base)
			forget(ice, i);
	const int listener = listener_of(ice, base);
	if (listener >= 0)
		tt_ice_stream_close(ice, listener);
}

/* One that works or may yet. When all is decided, what has not proved itself has failed (stop_checks). */
static bool has_pair(const struct tt_ice *ice, int base)
{
	const struct ice_gen *const both[] = { ice->cur, ice->prev };

	for (size_t k = 0; k < 2 && both[k]; k++)
		for (int i = 0; i < both[k]->pairs; i++) {
			const struct ice_pair *p = tt_ice_pair_at(both[k], i);
			if (p->used && p->base == base &&
			    (p->valid || p->state != TT_ICE_PAIR_FAILED))
				return true;
		}
	return false;
}

static bool is_connection(const struct ice_stream *s)
{
	return s->framed && s->state != STREAM_NONE && s->state != STREAM_CLOSING;
}

/* RFC 8445 section 8.3: three seconds after it was decided what is not selected is freed, here what keeps a
 * connection; a better pair carries data. INT64_MAX: it may be needed. */
static taut_time spare_at(const struct tt_ice *ice, const struct ice_stream *s)
{
	if (ice->state != TT_ICE_COMPLETED || !ice->selected_known || ice->prev ||
	    ice->path_gen != ice->cur)
		return INT64_MAX;
	const struct ice_pair *path = tt_ice_pair_at(ice->cur, ice->path);
	const bool used = path->count.packets_sent > 0 && path->count.packets_received > 0;
	for (int i = 0; i < ice->cur->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(ice->cur, i);
		if (p->used && p->base == s->base && p->priority < path->priority && used)
			return ice->decided_at + TT_ICE_LINGER;
	}
	return INT64_MAX;
}

/* It was not made in time, nobody has shown that he is the peer, or his checks came to nothing. */
static bool is_of_no_use(const struct tt_ice *ice, taut_time now, const struct ice_stream *s)
{
	if (s->state == STREAM_ASKED && now >= s->until)
		return true;
	if (s->came && now < s->until)
		return false;
	return !has_pair(ice, s->base);
}

void tt_ice_tcp_tick(struct tt_ice *ice, taut_time now)
{
	for (int i = 0; ice->tcp && i < TT_ICE_MAX_STREAMS; i++) {
		const struct ice_stream *s = &ice->stream[i];
		if (is_connection(s) && now >= spare_at(ice, s)) {
			tt_note(ice->env, now, TAUT_LAYER_ICE, "TCP connection is not needed",
				TT_ADDR("remote", &s->remote));
			forget(ice, s->base);
		} else if (is_connection(s) && is_of_no_use(ice, now, s)) {
			tt_ice_tcp_cut(ice, now, i);
		}
	}
	use_room(ice, now);
}

taut_time tt_ice_tcp_deadline(const struct tt_ice *ice)
{
	taut_time at = INT64_MAX;

	for (int i = 0; ice->tcp && i < TT_ICE_MAX_STREAMS; i++) {
		const struct ice_stream *s = &ice->stream[i];
		if (is_connection(s) && s->state == STREAM_WANTED)
			at = tt_min64(at, ice->next_connect);
		if (is_connection(s) &&
		    (s->state == STREAM_ASKED || (s->came && !has_pair(ice, s->base))))
			at = tt_min64(at, s->until);
		if (is_connection(s))
			at = tt_min64(at, spare_at(ice, s));
	}
	return at;
}
