/* rtp_reorder.c - see rtp_reorder.h. */
#include "rtp/rtp_reorder.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"

enum { MAX_SPARE = 16 };

void tt_rtp_reorder_init(struct tt_rtp_reorder *r, struct tt_env *env, size_t size)
{
	*r = (struct tt_rtp_reorder){ .env = env, .size = size };
}

static void free_buffer(struct tt_rtp_reorder *r, uint8_t *data)
{
	if (data && r->held)
		--*r->held;
	tt_give(r->env, data);
}

/* A stream keeps what a frame needs as a rule. The rest goes to the environment's other streams, and so
 * does all where streams hold a quarter of what they may. */
static void give_back(struct tt_rtp_reorder *r, uint8_t *data)
{
	bool room = !r->held || *r->held <= TT_RTP_MAX_HELD / 4;

	if (!data)
		return;
	if (!r->spare) {
		r->spare = tt_alloc(r->env, MAX_SPARE * sizeof *r->spare);
		r->spare_cap = r->spare ? MAX_SPARE : 0;
	}
	if (room && r->spare_count < r->spare_cap)
		r->spare[r->spare_count++] = data;
	else
		free_buffer(r, data);
}

static uint8_t *take_buffer(struct tt_rtp_reorder *r)
{
	if (r->spare_count > 0)
		return r->spare[--r->spare_count];
	if (r->held && *r->held >= TT_RTP_MAX_HELD)
		return NULL;
	uint8_t *data = tt_take(r->env, TT_RTP_BUFFER);

	if (data && r->held)
		++*r->held;
	return data;
}

static void clear(struct tt_rtp_reorder *r, struct tt_rtp_slot *s)
{
	r->keys -= s->used && s->key;
	give_back(r, s->data);
	*s = (struct tt_rtp_slot){ 0 };
}

void tt_rtp_reorder_reset(struct tt_rtp_reorder *r)
{
	for (size_t i = 0; r->slots && i < r->size; i++)
		clear(r, &r->slots[i]);
	r->next = r->run = r->newest = 0;
	r->started = false;
}

void tt_rtp_reorder_start(struct tt_rtp_reorder *r, int64_t seq)
{
	r->started = true;
	r->next = r->run = seq;
	r->newest = seq - 1;
}

void tt_rtp_reorder_free(struct tt_rtp_reorder *r)
{
	for (size_t i = 0; r->slots && i < r->size; i++)
		free_buffer(r, r->slots[i].data);
	for (size_t i = 0; i < r->spare_count; i++)
		free_buffer(r, r->spare[i]);
	tt_free(r->env, r->slots);
	tt_free(r->env, r->spare);
	*r = (struct tt_rtp_reorder){ 0 };
}

struct tt_rtp_slot *tt_rtp_reorder_first(const struct tt_rtp_reorder *r, int64_t seq)
{
	for (; r->started && seq <= r->newest; seq++) {
		struct tt_rtp_slot *s = tt_rtp_reorder_at(r, seq);

		if (s)
			return s;
	}
	return NULL;
}

static void extend_run(struct tt_rtp_reorder *r)
{
	while (r->run <= r->newest && tt_rtp_reorder_at(r, r->run))
		r->run++;
}

enum tt_rtp_put tt_rtp_reorder_put(struct tt_rtp_reorder *r, const struct tt_rtp_slot *meta,
				   const void *data, size_t len)
{
	if (!r->slots && !(r->slots = tt_alloc(r->env, r->size * sizeof *r->slots)))
		return TT_RTP_PUT_NOMEM;
	if (r->started && meta->seq < r->next)
		return TT_RTP_PUT_LATE;
	if (tt_rtp_reorder_at(r, meta->seq))
		return TT_RTP_PUT_DUPLICATE;
	uint8_t *copy = len > 0 && len <= TT_RTP_BUFFER ? take_buffer(r) : NULL;

	if (len > 0 && !copy)
		return TT_RTP_PUT_NOMEM;
	if (!r->started)
		tt_rtp_reorder_start(r, meta->seq);
	struct tt_rtp_slot *s = tt_rtp_reorder_place(r, meta->seq);

	*s = *meta;
	s->used = true;
	s->len = tt_u16(len);
	s->data = copy;
	tt_work(len);
	if (len > 0)
		memcpy(copy, data, len);
	r->keys += s->key;
	r->newest = tt_max64(r->newest, meta->seq);
	extend_run(r);
	return TT_RTP_PUT_OK;
}

void tt_rtp_reorder_skip_to(struct tt_rtp_reorder *r, int64_t seq)
{
	if (!r->started)
		return;
	for (int64_t i = r->next; i < seq && i <= r->newest; i++) {
		struct tt_rtp_slot *s = tt_rtp_reorder_at(r, i);

		if (s)
			clear(r, s);
	}
	r->next = tt_max64(r->next, seq);
	r->newest = tt_max64(r->newest, r->next - 1);
	r->run = tt_max64(r->run, r->next);
	extend_run(r);
}
