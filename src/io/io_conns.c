/* io_conns.c - the loop's connections in a chained hash by address. */
#include "io/io_loop.h"

#include <string.h>

#include "base/num.h"

static size_t bucket_of(const struct tt_io_conns *c, const taut_pc *pc)
{
	/* Multiplying by an odd constant spreads the low, always zero bits of a pointer upwards. */
	const uint64_t h = (uint64_t)(uintptr_t)pc * 0x9e3779b97f4a7c15u;

	return (size_t)(h >> 32) & (c->bucket_count - 1);
}

struct tt_io_conn *tt_io_conn_find(const struct tt_io_conns *c, const taut_pc *pc)
{
	if (c->bucket_count == 0)
		return NULL;
	for (struct tt_io_conn *i = c->buckets[bucket_of(c, pc)]; i; i = i->next)
		if (i->pc == pc)
			return i;
	return NULL;
}

struct tt_io_conn *tt_io_conn_by_key(const struct tt_io_conns *c, uint64_t key)
{
	for (size_t b = 0; b < c->bucket_count; b++)
		for (struct tt_io_conn *i = c->buckets[b]; i; i = i->next)
			if (i->key == key)
				return i;
	return NULL;
}

static bool grow(struct tt_env *env, struct tt_io_conns *c)
{
	struct tt_io_conns bigger = { .bucket_count = tt_max(16, c->bucket_count * 2) };

	bigger.buckets = tt_alloc(env, bigger.bucket_count * sizeof(struct tt_io_conn *));
	if (!bigger.buckets)
		return false;
	for (size_t b = 0; b < c->bucket_count; b++) {
		for (struct tt_io_conn *i = c->buckets[b], *next; i; i = next) {
			next = i->next;
			struct tt_io_conn **to = &bigger.buckets[bucket_of(&bigger, i->pc)];
			i->next = *to;
			*to = i;
		}
	}
	tt_free(env, c->buckets);
	c->buckets = bigger.buckets;
	c->bucket_count = bigger.bucket_count;
	return true;
}

struct tt_io_conn *tt_io_conn_add(struct tt_env *env, struct tt_io_conns *c, taut_pc *pc)
{
	if (c->count >= c->bucket_count && !grow(env, c))
		return NULL;

	struct tt_io_conn *conn = tt_alloc(env, sizeof *conn);

	if (!conn)
		return NULL;
	struct tt_io_conn **to = &c->buckets[bucket_of(c, pc)];
	conn->pc = pc;
	conn->key = ++c->keys;
	conn->next = *to;
	*to = conn;
	c->count++;
	return conn;
}

void tt_io_conn_remove(struct tt_io_conns *c, struct tt_io_conn *conn)
{
	struct tt_io_conn **at = &c->buckets[bucket_of(c, conn->pc)];

	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
	conn->next = NULL;
	c->count--;
}

void tt_io_conn_each(const struct tt_io_conns *c, void (*call)(struct tt_io_conn *))
{
	for (size_t b = 0; b < c->bucket_count; b++)
		for (struct tt_io_conn *i = c->buckets[b], *next; i; i = next) {
			next = i->next;
			call(i);
		}
}
