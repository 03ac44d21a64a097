/* ice_probe.c - what STUN servers see of each socket: server-reflexive candidates, RFC 8445 section 5.1.1.2, and how they are
 * kept alive, section 5.1.1.4. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

static struct ice_probe *free_probe(struct tt_ice *ice, int base, int server)
{
	struct ice_probe *room = NULL;

	for (size_t i = 0; i < ice->probe_room; i++) {
		struct ice_probe *p = &ice->probe[i];
		if (p->used && p->base == base && p->server == server)
			return NULL;
		if (!p->used && !room)
			room = p;
	}
	return room;
}

static void ask(struct tt_ice *ice, taut_time now, struct ice_probe *p)
{
	p->give_up = now + tt_ice_srv_life(&ice->server[p->server], TT_ICE_GATHER_LIFE);
	p->done = !tt_random(ice->env, p->tid, sizeof p->tid);
	tt_stun_retry_start(&p->retry, now, TT_STUN_RTO, TT_ICE_GATHER_RC);
}

/* 5.1.1.2: every base asks every server of its family; loopback has nothing to ask. */
void tt_ice_probe_servers(struct tt_ice *ice, taut_time now)
{
	for (int b = 0; ice->gathering && !ice->relay_only && b < TT_ICE_MAX_BASES; b++)
		for (size_t s = 0; s < ice->server_count; s++) {
			if (ice->server[s].user || ice->base[b].state != BASE_OPEN ||
			    ice->base[b].late || ice->server[s].state != SERVER_KNOWN ||
			    tt_addr_is_loopback(&ice->base[b].addr) ||
			    ice->server[s].addr[ice->base[b].addr.family == 6].family == 0)
				continue;
			struct ice_probe *p = free_probe(ice, b, (int)s);
			if (!p)
				continue;
			*p = (struct ice_probe){ .used = true,
						 .base = tt_u8((uint64_t)b),
						 .server = tt_u8(s) };
			ask(ice, now, p);
		}
}

/* RFC 8445 section 5.1.1.4: until there is a way, however long the peer takes to answer. */
static taut_time renewal(const struct tt_ice *ice, const struct ice_probe *p)
{
	const taut_time life = tt_ice_srv_life(&ice->server[p->server], TT_ICE_GATHER_LIFE);
	const bool open = ice->path_gen != ice->cur && ice->state != TT_ICE_FAILED;
	const bool awaited = ice->pooled || (open && p->shown);

	return awaited ? p->give_up - life + TT_ICE_TR : INT64_MAX;
}

/* While nobody was told: what the server showed before, if that is another address. */
static void forget_mapping(struct tt_ice *ice, const struct ice_probe *p,
			   const struct taut_addr *now_mapped)
{
	size_t kept = 0;

	if (!ice->pooled)
		return;
	for (size_t i = 0; i < ice->local_count; i++) {
		const struct ice_local *l = &ice->local[i];
		if (l->c.type != TT_ICE_SRFLX || l->base != p->base || l->server != p->server + 1 ||
		    (now_mapped && tt_addr_eq(&l->c.addr, now_mapped)))
			ice->local[kept++] = *l;
	}
	ice->local_count = kept;
}

int tt_ice_probe_due(const struct tt_ice *ice, taut_time now, taut_time *at)
{
	int due = -1;

	for (size_t i = 0; i < ice->probe_room; i++) {
		const struct ice_probe *p = &ice->probe[i];
		if (!p->used || p->done || p->retry.sent >= p->retry.rc)
			continue;
		*at = tt_min64(*at, p->retry.next);
		if (due < 0 && tt_stun_retry_due(&p->retry, now))
			due = (int)i;
	}
	return due;
}

size_t tt_ice_probe_write(struct tt_ice *ice, taut_time now, int probe, struct tt_ice_out *out)
{
	struct ice_probe *p = &ice->probe[probe];
	const struct ice_base *b = &ice->base[p->base];
	struct wr w = wr_make(out->buf, out->cap);

	ice->last_check = now;
	ice->next_ask = now + TT_ICE_TA;
	tt_stun_retry_sent(&p->retry, now);
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, p->tid);
	tt_stun_put_fingerprint(&w);
	out->flow = b->flow;
	out->local = b->addr;
	out->remote = ice->server[p->server].addr[b->addr.family == 6];
	out->len = tt_stun_finish(&w);
	return out->len;
}

static void no_help(struct tt_ice *ice, taut_time now, const struct ice_probe *p, uint16_t code)
{
	tt_ice_server_error(ice, p->server, p->base, code,
			    code ? "it answers with an error" : "its answer shows no address");
	tt_note(ice->env, now, TAUT_LAYER_ICE, "STUN server of no help",
		TT_STR("host", ice->server[p->server].host), TT_INT("code", code));
}

/* False: not an answer to one of our requests to a server. */
bool tt_ice_probe_answer(struct tt_ice *ice, taut_time now, taut_flow flow,
			 const struct taut_addr *from, const struct tt_stun_msg *m,
			 const uint8_t *pkt)
{
	struct ice_probe *p = NULL;

	for (size_t i = 0; i < ice->probe_room; i++)
		if (ice->probe[i].used && !ice->probe[i].done && ice->probe[i].retry.sent > 0 &&
		    memcmp(ice->probe[i].tid, m->tid, TT_STUN_TID_LEN) == 0)
			p = &ice->probe[i];
	if (!p)
		return false;
	const struct ice_base *b = &ice->base[p->base];
	bool forged = (m->has & TT_STUN_HAS_FINGERPRINT) && !tt_stun_fingerprint_ok(m, pkt);
	if (b->flow != flow || forged || m->unknown_count > 0 ||
	    !tt_addr_eq(from, &ice->server[p->server].addr[b->addr.family == 6]))
		return false;
	const struct taut_addr *mapped = tt_stun_mapped(m);
	p->done = true;
	if (p->again && ice->cur->done_told)
		return true; /* kept alive; what it shows now could not be told any more (RFC 8838) */
	forget_mapping(ice, p, mapped);
	ice->server[p->server].helped |= m->cls == TT_STUN_SUCCESS;
	p->shown = m->cls == TT_STUN_SUCCESS && mapped && mapped->port != 0 &&
		   mapped->family == b->addr.family && !tt_addr_is_any(mapped);
	if (p->shown)
		tt_ice_add_local(ice, now, TT_ICE_SRFLX, p->base, p->server + 1, mapped);
	else
		no_help(ice, now, p, m->error_code);
	return true;
}

void tt_ice_ask_stale(struct tt_ice *ice, taut_time now)
{
	for (size_t i = 0; i < ice->probe_room; i++) {
		struct ice_probe *p = &ice->probe[i];
		if (!p->used || !p->done || (p->shown && now < renewal(ice, p)))
			continue;
		forget_mapping(ice, p, NULL);
		ice->server[p->server].why = NULL;
		p->shown = p->again = false;
		ask(ice, now, p);
	}
}

taut_time tt_ice_probe_deadline(const struct tt_ice *ice)
{
	taut_time at = INT64_MAX;

	for (size_t i = 0; i < ice->probe_room; i++)
		if (ice->probe[i].used && !ice->probe[i].done)
			at = tt_min64(at, ice->probe[i].give_up);
		else if (ice->probe[i].used)
			at = tt_min64(at, renewal(ice, &ice->probe[i]));
	return at;
}

static void give_up(struct tt_ice *ice, taut_time now, struct ice_probe *p)
{
	p->done = true;
	if (p->again)
		return;
	p->shown = false;
	tt_ice_server_error(ice, p->server, p->base, TT_ICE_UNREACHED, "it does not answer");
	tt_note(ice->env, now, TAUT_LAYER_ICE, "STUN server does not answer",
		TT_STR("host", ice->server[p->server].host),
		TT_ADDR("from", &ice->base[p->base].addr));
}

/* Whoever was not run for a while may find both due. */
void tt_ice_probe_tick(struct tt_ice *ice, taut_time now)
{
	for (size_t i = 0; i < ice->probe_room; i++) {
		struct ice_probe *p = &ice->probe[i];
		if (p->used && !p->done && now >= p->give_up)
			give_up(ice, now, p);
		if (p->used && p->done && now >= renewal(ice, p)) {
			ask(ice, now, p);
			p->again = !ice->pooled;
		}
	}
}
