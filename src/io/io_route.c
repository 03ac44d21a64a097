/* io_route.c - see io_route.h. */
#include "io/io_route.h"

#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "base/work.h"
#include "stun/stun.h"

struct tt_route_name {
	struct tt_route_node node;
	struct tt_route_end *end;
	size_t len;
	char text[];
};

struct tt_route_addr {
	struct tt_route_node node;
	struct tt_route_end *end;
	struct tt_route_addr *younger;
	struct taut_addr addr;
	bool proven;
};

struct tt_route_asked {
	struct tt_route_node node;
	struct tt_route_end *end;
	struct tt_route_asked *younger;
	taut_time at;
	struct taut_addr to;
	uint8_t tid[TT_STUN_TID_LEN];
};

/* ---- tables; the node is the first member of what is in them ---- */

static struct tt_route_node **bucket(const struct tt_route_table *t, uint64_t hash)
{
	return &t->buckets[(hash >> 32) & (t->bucket_count - 1)];
}

static void grow(struct tt_env *env, struct tt_route_table *t)
{
	struct tt_route_table bigger = { .bucket_count = tt_max(16, t->bucket_count * 2),
					 .count = t->count };

	bigger.buckets = tt_alloc(env, bigger.bucket_count * sizeof(struct tt_route_node *));
	if (!bigger.buckets)
		return; /* longer chains will do */
	for (size_t b = 0; b < t->bucket_count; b++)
		for (struct tt_route_node *i = t->buckets[b], *next; i; i = next) {
			next = i->next;
			struct tt_route_node **to = bucket(&bigger, i->hash);
			i->next = *to;
			*to = i;
		}
	tt_free(env, t->buckets);
	*t = bigger;
}

/* A new entry of so many bytes in the table. NULL: no memory. */
static void *put(struct tt_env *env, struct tt_route_table *t, uint64_t hash, size_t size)
{
	if (t->count >= t->bucket_count)
		grow(env, t);

	struct tt_route_node *n = t->bucket_count > 0 ? tt_alloc(env, size) : NULL;

	if (!n)
		return NULL;
	n->hash = hash;
	n->next = *bucket(t, hash);
	*bucket(t, hash) = n;
	t->count++;
	return n;
}

static void take_out(struct tt_env *env, struct tt_route_table *t, struct tt_route_node *n)
{
	struct tt_route_node **at = bucket(t, n->hash);

	while (*at != n)
		at = &(*at)->next;
	*at = n->next;
	t->count--;
	tt_free(env, n);
}

static struct tt_route_node *first(const struct tt_route_table *t, uint64_t hash)
{
	return t->bucket_count > 0 ? *bucket(t, hash) : NULL;
}

static uint64_t hash_of(const struct tt_route *r, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t h = r->seed;

	for (size_t i = 0; i < len; i++) /* FNV-1a, from a start that nobody knows */
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ h << 32;
}

static uint64_t hash_of_addr(const struct tt_route *r, const struct taut_addr *a)
{
	uint8_t key[sizeof a->ip + 2];

	memcpy(key, a->ip, sizeof a->ip);
	key[sizeof a->ip] = (uint8_t)(a->port >> 8);
	key[sizeof a->ip + 1] = (uint8_t)(a->port & 0xff);
	return hash_of(r, key, sizeof key);
}

/* ---- names ---- */

static struct tt_route_name *find_name(const struct tt_route *r, const void *text, size_t len)
{
	const uint64_t hash = hash_of(r, text, len);

	for (struct tt_route_node *n = first(&r->names, hash); n; n = n->next) {
		struct tt_route_name *name = (struct tt_route_name *)n;
		if (n->hash == hash && name->len == len && memcmp(name->text, text, len) == 0)
			return name;
	}
	return NULL;
}

static void forget_name(struct tt_route *r, struct tt_route_end *end, size_t which)
{
	if (end->name[which])
		take_out(r->env, &r->names, &end->name[which]->node);
	end->name[which] = NULL;
}

bool tt_route_name(struct tt_route *r, struct tt_route_end *end, const char *ufrag)
{
	const size_t len = strlen(ufrag);
	struct tt_route_name *now = end->name[0], *before = end->name[1];

	if (now && now->len == len && memcmp(now->text, ufrag, len) == 0)
		return true;
	if (before && before->len == len && memcmp(before->text, ufrag, len) == 0) {
		end->name[0] = before; /* a restart that was rolled back */
		end->name[1] = now;
		return true;
	}
	struct tt_route_name *name =
		put(r->env, &r->names, hash_of(r, ufrag, len), sizeof *name + len);
	if (!name)
		return false;
	name->end = end;
	name->len = len;
	memcpy(name->text, ufrag, len);
	forget_name(r, end, 1);
	end->name[1] = end->name[0];
	end->name[0] = name;
	return true;
}

/* ---- what was asked ---- */

static struct tt_route_asked *find_asked(const struct tt_route *r, const uint8_t *tid)
{
	const uint64_t hash = hash_of(r, tid, TT_STUN_TID_LEN);

	for (struct tt_route_node *n = first(&r->asked, hash); n; n = n->next) {
		struct tt_route_asked *a = (struct tt_route_asked *)n;
		if (n->hash == hash && memcmp(a->tid, tid, TT_STUN_TID_LEN) == 0)
			return a;
	}
	return NULL;
}

static void forget_asked(struct tt_route *r, struct tt_route_end *end, struct tt_route_asked **at)
{
	struct tt_route_asked *a = *at;

	*at = a->younger;
	end->asked_count--;
	take_out(r->env, &r->asked, &a->node);
}

/* Those nobody waits for any more, and one more when there is no room. */
static void make_room_to_ask(struct tt_route *r, taut_time now, struct tt_route_end *end)
{
	while (end->asked &&
	       (end->asked_count >= TT_ROUTE_ASKED || now - end->asked->at > TT_ROUTE_PATIENCE))
		forget_asked(r, end, &end->asked);
}

/* The class of a STUN message lies in two bits of its type: RFC 8489 section 5. */
static bool is_request(const uint8_t *buf, size_t len)
{
	static const uint8_t cookie[] = { 0x21, 0x12, 0xa4, 0x42 };

	tt_work(tt_min(len, 6));
	return len >= TT_STUN_HEADER_LEN && buf[0] <= 3 && (buf[0] & 0x01) == 0 &&
	       (buf[1] & 0x10) == 0 && memcmp(buf + 4, cookie, sizeof cookie) == 0;
}

static struct tt_route_addr *find_addr(const struct tt_route *r, const struct taut_addr *addr)
{
	const uint64_t hash = hash_of_addr(r, addr);

	for (struct tt_route_node *n = first(&r->addrs, hash); n; n = n->next) {
		struct tt_route_addr *a = (struct tt_route_addr *)n;
		if (n->hash == hash && tt_addr_eq(&a->addr, addr))
			return a;
	}
	return NULL;
}

void tt_route_sent(struct tt_route *r, taut_time now, struct tt_route_end *end,
		   const struct taut_addr *to, const uint8_t *buf, size_t len)
{
	const uint8_t *tid = buf + TT_STUN_HEADER_LEN - TT_STUN_TID_LEN;
	struct tt_route_asked **last = &end->asked;

	if (!is_request(buf, len))
		return;
	const struct tt_route_addr *known = find_addr(r, to);
	if (known && known->end == end && known->proven)
		return; /* the answer finds it by the address */
	if (find_asked(r, tid))
		return; /* said again */
	make_room_to_ask(r, now, end);
	struct tt_route_asked *a =
		put(r->env, &r->asked, hash_of(r, tid, TT_STUN_TID_LEN), sizeof *a);
	if (!a)
		return; /* as if the answer were lost */
	a->end = end;
	a->at = now;
	a->to = *to;
	memcpy(a->tid, tid, TT_STUN_TID_LEN);
	while (*last)
		last = &(*last)->younger;
	*last = a;
	end->asked_count++;
}

/* ---- addresses ---- */

static void unlink_addr(struct tt_route_addr *a)
{
	struct tt_route_addr **at = &a->end->addrs;

	while (*at != a)
		at = &(*at)->younger;
	*at = a->younger;
	a->end->addr_count--;
}

static void link_addr(struct tt_route_addr *a, struct tt_route_end *end)
{
	struct tt_route_addr **last = &end->addrs;

	while (*last)
		last = &(*last)->younger;
	*last = a;
	a->younger = NULL;
	a->end = end;
	end->addr_count++;
}

static void forget_addr(struct tt_route *r, struct tt_route_addr *a)
{
	unlink_addr(a);
	take_out(r->env, &r->addrs, &a->node);
}

static void make_room_for_addr(struct tt_route *r, const struct tt_route_end *end)
{
	struct tt_route_addr *a = end->addrs;

	if (end->addr_count < TT_ROUTE_ADDRS)
		return;
	while (a && a->proven)
		a = a->younger;
	forget_addr(r, a ? a : end->addrs);
}

static void new_addr(struct tt_route *r, struct tt_route_end *end, const struct taut_addr *addr,
		     bool proven)
{
	make_room_for_addr(r, end);

	struct tt_route_addr *a = put(r->env, &r->addrs, hash_of_addr(r, addr), sizeof *a);

	if (!a)
		return; /* the next check shows it again */
	a->addr = *addr;
	a->proven = proven;
	link_addr(a, end);
}

static void moved(struct tt_route *r, taut_time now, struct tt_route_addr *a,
		  struct tt_route_end *end, bool proven)
{
	tt_note(r->env, now, TAUT_LAYER_IO, "address of another connection now",
		TT_ADDR("remote", &a->addr));
	unlink_addr(a);
	make_room_for_addr(r, end);
	link_addr(a, end);
	a->proven = proven;
}

/* Answers from there find their end by the address from now on. */
static void forget_asked_at(struct tt_route *r, struct tt_route_end *end,
			    const struct taut_addr *addr)
{
	for (struct tt_route_asked **at = &end->asked; *at;) {
		if (tt_addr_eq(&(*at)->to, addr))
			forget_asked(r, end, at);
		else
			at = &(*at)->younger;
	}
}

void tt_route_shown(struct tt_route *r, taut_time now, const struct tt_route_found *found,
		    const struct taut_addr *from)
{
	const bool proven = found->proof == TT_ROUTE_PROVEN;
	struct tt_route_end *end = found->end;
	struct tt_route_addr *a = find_addr(r, from);

	if (found->proof == TT_ROUTE_NOTHING)
		return;
	if (!a)
		new_addr(r, end, from, proven);
	else if (a->end == end)
		a->proven = a->proven || proven;
	else if (proven || !a->proven)
		moved(r, now, a, end, proven);
	if (proven)
		forget_asked_at(r, end, from);
}

/* ---- whose ---- */

static struct tt_route_found by_addr(const struct tt_route *r, const struct taut_addr *from)
{
	const struct tt_route_addr *a = find_addr(r, from);

	return (struct tt_route_found){ .end = a ? a->end : NULL,
					.why = a ? 0 : TAUT_DROP_SHARED_ADDRESS };
}

static struct tt_route_found by_name(const struct tt_route *r, struct span username)
{
	const uint8_t *colon = username.len > 0 ? memchr(username.p, ':', username.len) : NULL;
	const struct tt_route_name *name =
		colon ? find_name(r, username.p, (size_t)(colon - username.p)) : NULL;

	return (struct tt_route_found){ .end = name ? name->end : NULL,
					.proof = TT_ROUTE_SAID,
					.why = name ? 0 : TAUT_DROP_SHARED_UFRAG };
}

struct tt_route_found tt_route_find(const struct tt_route *r, const struct taut_addr *from,
				    const uint8_t *buf, size_t len)
{
	struct tt_stun_msg m;

	tt_work(tt_min(len, 1));
	if (len == 0 || buf[0] > 3 || tt_stun_read(&m, buf, len) != TT_STUN_OK)
		return by_addr(r, from);
	if (m.cls == TT_STUN_REQUEST && (m.has & TT_STUN_HAS_USERNAME))
		return by_name(r, m.username);
	if (m.cls == TT_STUN_SUCCESS || m.cls == TT_STUN_ERROR) {
		const struct tt_route_asked *a = find_asked(r, m.tid);
		if (a)
			return (struct tt_route_found){
				.end = a->end,
				.proof = tt_addr_eq(&a->to, from) ? TT_ROUTE_PROVEN
								  : TT_ROUTE_NOTHING,
			};
	}
	return by_addr(r, from);
}

/* ---- beginning and end ---- */

void tt_route_init(struct tt_route *r, struct tt_env *env, uint64_t seed)
{
	*r = (struct tt_route){ .env = env, .seed = seed };
}

void tt_route_leave(struct tt_route *r, struct tt_route_end *end)
{
	for (size_t i = 0; i < TT_ROUTE_NAMES; i++)
		forget_name(r, end, i);
	while (end->addrs)
		forget_addr(r, end->addrs);
	while (end->asked)
		forget_asked(r, end, &end->asked);
}

void tt_route_free(struct tt_route *r)
{
	tt_free(r->env, r->names.buckets);
	tt_free(r->env, r->addrs.buckets);
	tt_free(r->env, r->asked.buckets);
}
