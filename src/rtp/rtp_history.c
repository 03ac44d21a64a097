/* rtp_history.c - see rtp_history.h. RFC 4588 section 6 leaves the time packets are kept to
 * the sender; it says how long, and here is a count, so that memory has a ceiling. */
#include "rtp/rtp_history.h"

#include "base/num.h"

#define NOBODY UINT64_MAX /* the number of a buffer that has no packet */

void tt_rtp_history_init(struct tt_rtp_history *h, struct tt_env *env, size_t size)
{
	*h = (struct tt_rtp_history){ .env = env, .size = size };
}

void tt_rtp_history_free(struct tt_rtp_history *h)
{
	for (size_t i = 0; h->slots && i < h->size; i++)
		tt_give(h->env, h->slots[i].data);
	tt_free(h->env, h->slots);
	*h = (struct tt_rtp_history){ 0 };
}

static struct tt_rtp_sent *slot(struct tt_rtp_history *h, uint64_t number)
{
	return &h->slots[number & (h->size - 1)];
}

int tt_rtp_history_reserve(struct tt_rtp_history *h, size_t count, size_t len)
{
	if (count > h->size - tt_rtp_history_waiting(h))
		return TAUT_E_LIMIT;
	if (!h->slots) /* many a sender is negotiated and never sends */
		h->slots = tt_alloc(h->env, h->size * sizeof *h->slots);
	if (!h->slots)
		return TAUT_E_NOMEM;
	for (size_t i = 0; i < count; i++) {
		struct tt_rtp_sent *p = slot(h, h->next + i);

		if (p->data && tt_room(p->data) >= len)
			continue;
		uint8_t *data = tt_take(h->env, len);

		if (!data)
			return TAUT_E_NOMEM;
		tt_give(h->env, p->data);
		*p = (struct tt_rtp_sent){ .number = NOBODY, .data = data };
	}
	return TAUT_OK;
}

struct tt_rtp_sent *tt_rtp_history_add(struct tt_rtp_history *h)
{
	struct tt_rtp_sent *p = slot(h, h->next);

	*p = (struct tt_rtp_sent){ .number = h->next++, .data = p->data };
	if (h->next - h->oldest > h->size)
		h->oldest = h->next - h->size;
	return p;
}

void tt_rtp_history_forget(struct tt_rtp_history *h, taut_time before)
{
	for (; h->oldest < h->head; h->oldest++) {
		struct tt_rtp_sent *p = slot(h, h->oldest);

		if (p->number == h->oldest && p->sent_at >= before)
			return;
		tt_give(h->env, p->data);
		p->data = NULL;
	}
}

struct tt_rtp_sent *tt_rtp_history_head(struct tt_rtp_history *h)
{
	return h->head == h->next ? NULL : slot(h, h->head);
}

struct tt_rtp_sent *tt_rtp_history_find(struct tt_rtp_history *h, uint64_t number)
{
	if (number >= h->head)
		return NULL;
	struct tt_rtp_sent *p = slot(h, number);

	return p->number == number && p->data ? p : NULL;
}
