/* env.c - memory that is counted, random numbers that may fail, trace. */
#include "base/env.h"

#include <stdlib.h>
#include <string.h>

#include "base/env_header.h"

static void *libc_realloc(void *ctx, void *p, size_t size)
{
	(void)ctx;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return realloc(p, size);
}

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx, (void)out, (void)len;
	return -1;
}

void tt_env_init(struct tt_env *env, const struct taut_env_config *cfg)
{
	*env = (struct tt_env){ .realloc = libc_realloc, .random = no_random };
	if (!cfg)
		return;
	if (cfg->realloc)
		env->realloc = cfg->realloc;
	if (cfg->random)
		env->random = cfg->random;
	env->ctx = cfg->ctx;
	env->trace = cfg->trace;
	env->max_memory = cfg->max_memory;
}

void tt_env_init_child(struct tt_env *env, struct tt_env *parent, size_t max_memory)
{
	*env = (struct tt_env){ .realloc = parent->realloc,
				.random = parent->random,
				.ctx = parent->ctx,
				.trace = parent->trace,
				.parent = parent,
				.spares = parent->spares,
				.max_memory = max_memory };
}

static bool may_grow(const struct tt_env *env, size_t by)
{
	for (; env; env = env->parent)
		if (env->max_memory != 0 && by > env->max_memory - env->memory)
			return false;
	return true;
}

static void count(struct tt_env *env, size_t had, size_t size)
{
	for (; env; env = env->parent)
		env->memory = env->memory - had + size;
}

void *tt_resize(struct tt_env *env, void *p, size_t size)
{
	union tt_header *old = p ? tt_header_of(p) : NULL;
	size_t had = old ? old->size : 0;

	if (size > SIZE_MAX - sizeof(union tt_header))
		return NULL;
	if (size > had && !may_grow(env, size - had))
		return NULL;
	union tt_header *h = env->realloc(env->ctx, old, size + sizeof *h);
	if (!h)
		return NULL;
	h->size = size;
	count(env, had, size);
	return h + 1;
}

void *tt_alloc(struct tt_env *env, size_t size)
{
	void *p = tt_resize(env, NULL, size);

	if (p)
		memset(p, 0, size);
	return p;
}

void tt_free(struct tt_env *env, void *p)
{
	if (!p)
		return;
	union tt_header *h = tt_header_of(p);
	count(env, h->size, 0);
	env->realloc(env->ctx, h, 0);
}

size_t tt_room(const void *p)
{
	return ((const union tt_header *)p - 1)->size;
}

char *tt_copy_text(struct tt_env *env, const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? tt_resize(env, NULL, len + 1) : NULL;

	if (!copy)
		return NULL;
	if (len > 0)
		memcpy(copy, text, len);
	copy[len] = '\0';
	return copy;
}

bool tt_random(struct tt_env *env, void *out, size_t len)
{
	if (env->random(env->ctx, out, len) == 0)
		return true;
	memset(out, 0, len);
	return false;
}

bool tt_random_u32(struct tt_env *env, uint32_t *out)
{
	return tt_random(env, out, sizeof *out);
}

int64_t tt_wall_clock(const struct tt_env *env, taut_time now)
{
	while (env->parent)
		env = env->parent;
	return env->wall_unix_us + (now - env->wall_now);
}

void tt_trace_emit(struct tt_env *env, taut_time now, uint32_t kind, uint32_t layer,
		   const char *name, const struct taut_trace_field *fields, size_t n)
{
	const struct taut_trace_record r = {
		.size = sizeof r,
		.at = now,
		.kind = kind,
		.layer = layer,
		.name = name,
		.fields = fields,
		.field_count = n,
	};

	if (env->trace)
		env->trace->record(env->trace->ctx, &r);
}

void tt_trace_drop(struct tt_env *env, taut_time now, uint32_t reason,
		   const struct taut_trace_field *fields, size_t n)
{
	const struct taut_drop_info *why = tt_drop_info(reason);
	const struct taut_trace_record r = {
		.size = sizeof r,
		.at = now,
		.kind = TAUT_TRACE_DROP,
		.layer = why->layer,
		.name = why->text,
		.fields = fields,
		.field_count = n,
		.reason = reason,
	};

	env->trace->record(env->trace->ctx, &r);
}

void tt_trace_packet_on(struct tt_env *env, taut_time now, uint32_t layer, bool outgoing,
			const void *data, size_t len, const struct taut_addr *local,
			const struct taut_addr *remote)
{
	const struct taut_trace_record r = {
		.size = sizeof r,
		.at = now,
		.kind = outgoing ? TAUT_TRACE_PACKET_OUT : TAUT_TRACE_PACKET_IN,
		.layer = layer,
		.name = outgoing ? "sent" : "received",
		.data = data,
		.len = len,
		.local = local,
		.remote = remote,
	};

	env->trace->record(env->trace->ctx, &r);
}
