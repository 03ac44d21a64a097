/* sdp_arena.c - see sdp_arena.h; and the life of a description. */
#include "sdp/sdp_arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/never.h"
#include "base/num.h"
#include "base/poison.h"
#include "base/work.h"

enum {
	ALIGN = alignof(max_align_t),
	BLOCK_TO_BUILD = 4096,
	BLOCK_TO_READ = 512, /* and 9/4 of the text: (m) enough for ours, Chromium's take 3.3 */
	LARGEST_STEP = 64 * 1024,
};

struct tt_sdp_block {
	struct tt_sdp_block *next;
	size_t used, cap; /* of what follows the header */
};

static size_t aligned(size_t n)
{
	return (n + ALIGN - 1) / ALIGN * ALIGN;
}

static uint8_t *block_bytes(struct tt_sdp_block *b)
{
	return (uint8_t *)b + aligned(sizeof *b);
}

static struct tt_sdp_block *new_block(struct tt_sdp *sdp, size_t need)
{
	const size_t cap = aligned(tt_max(sdp->next_block, need));
	struct tt_sdp_block *b = tt_alloc(sdp->env, aligned(sizeof *b) + cap);
	if (!b)
		return NULL;
	b->cap = cap;
	tt_poison(block_bytes(b), cap);
	b->next = sdp->blocks;
	sdp->blocks = b;
	sdp->room += cap;
	sdp->next_block = tt_min(tt_max(sdp->room / 2, BLOCK_TO_READ), LARGEST_STEP);
	return b;
}

void *tt_sdp_arena(struct tt_sdp *sdp, size_t size)
{
	struct tt_sdp_block *b = sdp->blocks;
	const size_t need = aligned(size);

	if (sdp->failed || size > SIZE_MAX / 4)
		goto fail;
	if (!b || b->cap - b->used < need)
		b = new_block(sdp, need);
	if (!b)
		goto fail;
	void *p = block_bytes(b) + b->used;
	b->used += need;
	tt_unpoison(p, size);
	return p;
fail:
	sdp->failed = true;
	return NULL;
}

char *tt_sdp_copy_n(struct tt_sdp *sdp, const char *text, size_t len)
{
	char *copy = tt_sdp_arena(sdp, len + 1);

	tt_work(len);
	if (copy && len > 0)
		memcpy(copy, text, len);
	return copy;
}

void *tt_sdp_grow(struct tt_sdp *sdp, void *array, size_t count, size_t size)
{
	const size_t first = 4, used = count * size;

	if (count != 0 && (count < first || (count & (count - 1)) != 0)) {
		tt_unpoison((uint8_t *)array + used, size);
		return array;
	}
	const size_t room = count == 0 ? first * size : 2 * used;
	uint8_t *bigger = tt_sdp_arena(sdp, room);
	if (!bigger)
		return array;
	tt_work(count);
	if (array)
		memcpy(bigger, array, used);
	tt_poison(bigger + used + size, room - used - size);
	return bigger;
}

const char *tt_sdp_copy(struct tt_sdp *sdp, const char *text)
{
	const char *copy = text ? tt_sdp_copy_n(sdp, text, strlen(text)) : NULL;

	return copy || !text ? copy : ""; /* who builds on must find a text */
}

const char *tt_sdp_text(struct tt_sdp *sdp, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (TT_NEVER(len < 0, "no format of ours fails")) {
		sdp->failed = true;
		return "";
	}
	char *text = tt_sdp_arena(sdp, (size_t)len + 1);
	tt_work((size_t)len);
	if (!text)
		return "";
	va_start(ap, fmt);
	(void)vsnprintf(text, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return text;
}

static struct tt_sdp *make(struct tt_env *env, size_t first_block)
{
	struct tt_sdp *sdp = tt_alloc(env, sizeof *sdp);

	if (!sdp)
		return NULL;
	sdp->env = env;
	sdp->next_block = first_block;
	sdp->username = sdp->session_name = "-";
	sdp->origin = (struct tt_sdp_address){ "IN", "IP4", "127.0.0.1" };
	return sdp;
}

struct tt_sdp *tt_sdp_new_to_read(struct tt_env *env, size_t text)
{
	return make(env, BLOCK_TO_READ + tt_min(text / 4 * 9, LARGEST_STEP));
}

struct tt_sdp *tt_sdp_new(struct tt_env *env)
{
	struct tt_sdp *sdp = make(env, BLOCK_TO_BUILD);

	if (!sdp)
		return NULL;
	sdp->scrap = tt_sdp_arena(sdp, sizeof *sdp->scrap);
	if (!sdp->scrap) {
		tt_sdp_free(sdp);
		return NULL;
	}
	return sdp;
}

void tt_sdp_free(struct tt_sdp *sdp)
{
	if (!sdp)
		return;
	for (struct tt_sdp_block *b = sdp->blocks, *next; b; b = next) {
		next = b->next;
		tt_unpoison(block_bytes(b), b->cap);
		tt_free(sdp->env, b);
	}
	tt_free(sdp->env, sdp);
}
