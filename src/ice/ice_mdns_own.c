/* ice_mdns_own.c - our own host candidates hide their address behind a .local name, and who asks is told.
 *
 * draft-ietf-mmusic-mdns-ice-candidates section 3.1, RFC 6762 sections 6, 8.3 and 10.1. An address has one
 * name from when its first candidate is told until the address or the agent goes, restarts
 * included. The names are random, so nobody is asked before whether they are free (3.1.1), and a conflict is
 * nothing but a lie. A name is told also where nobody can resolve it, so that an application does not
 * learn whether there is multicast (3.1.1): no address ever takes its place.
 *
 * Each multicast of a record is one for all who ask, and they are a second apart (6). The first of them waits
 * a second for a question, because one that came right after it would have to wait as long. Whoever asks
 * for a type that the name has not gets the same message: what else there is, it denies (6.1). Not here: answers to
 * askers from other ports than 5353 (6.7), and waiting for more that an asker knows (7.2): he hears it again. */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"
#include "ice/mdns.h"

enum { SECOND = 1000000, ANNOUNCEMENTS = 2, RECENT = TT_MDNS_TTL / 4 * SECOND };

static const struct taut_addr group = { .family = 4,
					.port = TT_MDNS_PORT,
					.ip = { 224, 0, 0, 251 } };

bool tt_ice_own_make(struct tt_ice *ice)
{
	ice->own = tt_alloc(ice->env, TT_ICE_MAX_BASES * sizeof *ice->own);
	return ice->own != NULL;
}

static int own_count(const struct tt_ice *ice)
{
	return ice->own ? TT_ICE_MAX_BASES : 0;
}

bool tt_ice_own_needed(const struct tt_ice *ice)
{
	for (int i = 0; i < own_count(ice); i++)
		if (ice->own[i].used)
			return true;
	return false;
}

static struct ice_own *of_name(const struct tt_ice *ice, const char *name)
{
	for (int i = 0; i < own_count(ice); i++)
		if (ice->own[i].used && tt_mdns_same_name(ice->own[i].text, name))
			return &ice->own[i];
	return NULL;
}

bool tt_ice_own_has(const struct tt_ice *ice, const char *name)
{
	return of_name(ice, name) != NULL;
}

/* RFC 9562 section 5.4: version 4, variant 10. */
static bool make_name(struct tt_ice *ice, char *out)
{
	uint8_t u[16];

	if (!tt_random(ice->env, u, sizeof u))
		return false;
	u[6] = (uint8_t)((u[6] & 0x0f) | 0x40);
	u[8] = (uint8_t)((u[8] & 0x3f) | 0x80);
	(void)snprintf(out, TT_ICE_OWN_CAP,
		       "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x.local",
		       u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11],
		       u[12], u[13], u[14], u[15]);
	return true;
}

/* One that says goodbye may be overwritten: its record is forgotten after two minutes all the same. */
static struct ice_own *room_for_name(struct tt_ice *ice)
{
	struct ice_own *leaving = NULL;

	for (int i = 0; i < own_count(ice); i++) {
		if (!ice->own[i].used)
			return &ice->own[i];
		if (ice->own[i].leaves)
			leaving = &ice->own[i];
	}
	return leaving;
}

bool tt_ice_own_hides(const struct tt_ice *ice, const struct taut_addr *addr)
{
	return ice->own && !tt_addr_is_loopback(addr);
}

const char *tt_ice_own_name(struct tt_ice *ice, taut_time now, const struct taut_addr *addr)
{
	for (int i = 0; i < own_count(ice); i++)
		if (ice->own[i].used && !ice->own[i].leaves &&
		    tt_addr_eq_ip(&ice->own[i].addr, addr))
			return ice->own[i].text;
	struct ice_own *o = room_for_name(ice);
	if (!o)
		return NULL;
	*o = (struct ice_own){ .addr = *addr, .left = ANNOUNCEMENTS, .next = now + SECOND };
	o->used = make_name(ice, o->text);
	if (!o->used)
		return NULL;
	tt_note(ice->env, now, TAUT_LAYER_ICE, "name of a local candidate", TT_STR("name", o->text),
		TT_ADDR("address", &o->addr));
	tt_ice_mdns_want(ice);
	return o->text;
}

void tt_ice_own_forget(struct tt_ice *ice, const struct taut_addr *addr)
{
	for (int i = 0; i < own_count(ice); i++)
		if (ice->own[i].used && (!addr || tt_addr_eq_ip(&ice->own[i].addr, addr)))
			ice->own[i].used = ice->own[i].leaves = ice->own[i].told;
}

void tt_ice_own_unheard(struct tt_ice *ice, taut_time now, int os_errno)
{
	size_t names = 0;

	for (int i = 0; i < own_count(ice); i++)
		names += ice->own[i].used;
	if (names > 0)
		tt_note(ice->env, now, TAUT_LAYER_ICE,
			"names of local candidates have no multicast", TT_INT("names", names),
			TT_INT("errno", os_errno));
}

/* ---- questions ---- */

/* One bit for each name. */
struct asked {
	uint32_t has, lacks, alone, known;
};
_Static_assert(TT_ICE_MAX_BASES <= 32, "a bit for each name");

static void take_question(const struct tt_ice *ice, const struct tt_mdns_question *q,
			  struct asked *all)
{
	const struct ice_own *o = of_name(ice, q->name);

	if (!o)
		return;
	const uint32_t bit = 1u << (o - ice->own);
	const bool has = q->type == TT_MDNS_ANY ||
			 q->type == (o->addr.family == 4 ? TT_MDNS_A : TT_MDNS_AAAA);
	all->has |= has ? bit : 0;
	all->lacks |= has ? 0 : bit;
	all->alone |= q->unicast ? bit : 0;
}

/* 7.1: who knows a record for as long again as it was valid is not told. */
static void take_known(const struct tt_ice *ice, const struct tt_mdns_record *rec,
		       struct asked *all)
{
	const struct ice_own *o = of_name(ice, rec->name);

	if (o && rec->ttl >= TT_MDNS_TTL / 2 && tt_addr_eq_ip(&rec->addr, &o->addr))
		all->known |= 1u << (o - ice->own);
}

/* 5.4: to him alone, unless others have not heard it for long. Either way once a second. */
static void ask(struct ice_own *o, taut_time now, const struct taut_addr *from, uint16_t id,
		bool alone)
{
	o->questions++;
	if (alone && o->told && now < o->sent + RECENT && now >= o->sent_alone + SECOND) {
		if (o->alone.family != 0)
			return;
		o->alone = *from;
		o->id = id;
		return;
	}
	/* He asks for A and for AAAA, and one message answered both. */
	if (o->told && now < o->sent + SECOND && tt_addr_eq(&o->asker, from))
		return;
	o->asked = true;
	o->asker = *from;
}

/* False: it ends malformed. */
static bool read_query(const struct tt_ice *ice, struct tt_mdns_reader *r, struct asked *all)
{
	struct tt_mdns_question q;
	struct tt_mdns_record rec;
	int more;

	while ((more = tt_mdns_next_question(r, &q)) > 0)
		take_question(ice, &q, all);
	while (more == 0 && (more = tt_mdns_next(r, &rec)) > 0) {
		take_known(ice, &rec, all);
		more = 0;
	}
	return more == 0;
}

int tt_ice_own_recv(struct tt_ice *ice, taut_time now, const struct taut_addr *from,
		    const uint8_t *pkt, size_t len)
{
	struct tt_mdns_reader r;
	struct asked all = { 0 };

	if (!ice->own || from->port != TT_MDNS_PORT)
		return 0; /* somebody's question, perhaps our own come back */
	if (!tt_mdns_begin_query(&r, pkt, len) || !read_query(ice, &r, &all)) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_MDNS, from);
		return 1;
	}
	const uint32_t wanted = (all.has & ~all.known) | all.lacks;
	for (int i = 0; i < own_count(ice); i++)
		if (wanted >> i & 1)
			ask(&ice->own[i], now, from, r.id, all.alone >> i & 1);
	return 0;
}

/* ---- answers ---- */

static bool multicast_due(const struct ice_own *o, taut_time *at)
{
	if (!o->asked && o->left == 0)
		return false;
	*at = o->asked ? 0 : o->next;
	if (o->told)
		*at = tt_max64(*at, o->sent + SECOND); /* 6 */
	return true;
}

static size_t answer(struct tt_ice *ice, struct ice_own *o, const struct taut_addr *to,
		     uint32_t ttl, uint16_t id, struct tt_ice_out *out)
{
	out->flow = ice->mdns_flow;
	out->local = (struct taut_addr){ 0 };
	out->remote = *to;
	out->len = tt_mdns_write_answer(out->buf, out->cap, o->text, &o->addr, ttl, id);
	return out->len;
}

static size_t write_own(struct tt_ice *ice, taut_time now, struct ice_own *o,
			struct tt_ice_out *out)
{
	taut_time at;

	if (o->leaves) {
		o->used = false;
		return answer(ice, o, &group, 0, 0, out);
	}
	if (o->alone.family != 0) {
		const struct taut_addr to = o->alone;
		o->alone.family = 0;
		o->sent_alone = now;
		return answer(ice, o, &to, TT_MDNS_TTL, o->id, out);
	}
	if (!multicast_due(o, &at) || now < at)
		return 0;
	o->asked = false;
	o->told = true;
	o->sent = now;
	if (o->left > 0) { /* 8.3: an answer announces as well */
		o->left--;
		o->next = now + SECOND;
	}
	return answer(ice, o, &group, TT_MDNS_TTL, 0, out);
}

size_t tt_ice_own_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	for (int i = 0; ice->mdns_state == BASE_OPEN && i < own_count(ice); i++)
		if (ice->own[i].used && write_own(ice, now, &ice->own[i], out) > 0)
			return out->len;
	return 0;
}

taut_time tt_ice_own_deadline(const struct tt_ice *ice)
{
	taut_time first = INT64_MAX;

	for (int i = 0; ice->mdns_state == BASE_OPEN && i < own_count(ice); i++) {
		const struct ice_own *o = &ice->own[i];
		taut_time at;
		if (o->used && (o->leaves || o->alone.family != 0))
			first = tt_min64(first, ice->last_check);
		else if (o->used && multicast_due(o, &at))
			first = tt_min64(first, tt_max64(at, ice->last_check));
	}
	return first;
}
