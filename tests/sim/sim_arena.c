/* sim_arena.c - see sim_arena.h. */
#include "sim/sim_arena.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <stdlib.h>
#include <string.h>

#include "base/poison.h"

enum { ROOM = 8 << 20, CLASSES = 24, ALIGN = 16 };

struct block {
	size_t class;
	struct block *next; /* while it is free */
};

struct head {
	size_t used;
	struct block *free[CLASSES];
};

static _Alignas(ALIGN) uint8_t room[ROOM];
static uint8_t saved[2][ROOM];

static struct head *head(void)
{
	return (struct head *)(void *)room;
}

static size_t round_up(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

void *arena_begin(size_t root)
{
	tt_unpoison(room, sizeof room);
	memset(room, 0, sizeof room);
	head()->used = round_up(sizeof(struct head)) + round_up(root);
	return room + round_up(sizeof(struct head));
}

/* Powers of two, so that what is given back fits what is asked for next. */
static void *take(size_t size)
{
	size_t class = 5;

	while (((size_t)1 << class) < size + ALIGN)
		class ++;
	assert(class < CLASSES);
	struct block *b = head()->free[class];
	if (b) {
		head()->free[class] = b->next;
	} else {
		b = (struct block *)(void *)(room + head()->used);
		head()->used += (size_t)1 << class;
		assert(head()->used <= ROOM);
		b->class = class;
	}
	return (uint8_t *)b + ALIGN;
}

void *arena_realloc(void *ctx, void *p, size_t size)
{
	struct block *b = p ? (struct block *)(void *)((uint8_t *)p - ALIGN) : NULL;
	void *to;

	(void)ctx;
	if (size == 0) {
		if (b) {
			b->next = head()->free[b->class];
			head()->free[b->class] = b;
		}
		return NULL;
	}
	const size_t old = b ? ((size_t)1 << b->class) - ALIGN : 0;
	if (b && size <= old)
		return p;
	to = take(size);
	if (b) {
		memcpy(to, p, old < size ? old : size);
		arena_realloc(ctx, p, 0);
	}
	return to;
}

/* ---- OpenSSL ---- */

static bool is_open;

static bool is_ours(const void *p)
{
	return (uintptr_t)p >= (uintptr_t)room && (uintptr_t)p < (uintptr_t)room + ROOM;
}

static void *openssl_malloc(size_t n, const char *file, int line)
{
	(void)file, (void)line;
	return is_open ? arena_realloc(NULL, NULL, n) : malloc(n);
}

static void openssl_free(void *p, const char *file, int line)
{
	(void)file, (void)line;
	if (is_ours(p))
		arena_realloc(NULL, p, 0);
	else
		free(p);
}

static void *openssl_realloc(void *p, size_t n, const char *file, int line)
{
	if (p ? is_ours(p) : is_open)
		return arena_realloc(NULL, p, n);
	(void)file, (void)line;
	return realloc(p, n);
}

void arena_join_openssl(void)
{
	int done = CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free);

	assert(done);
	(void)done;
}

void arena_open(bool open)
{
	is_open = open;
}

void arena_save(int to)
{
	tt_unpoison(room, sizeof room);
	memcpy(saved[to], room, head()->used);
}

void arena_restore(int from)
{
	const struct head *h = (const struct head *)(const void *)saved[from];

	tt_unpoison(room, sizeof room);
	memcpy(room, saved[from], h->used);
}
