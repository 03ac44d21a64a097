/* dcs_loan.c - memory of the application's for the messages of a channel.
 *
 * A channel keeps what it was lent in that order, and SCTP asks for it when a message begins. A loan is
 * over when its message is given out. SCTP knows streams alone: before a channel leaves its stream, nothing
 * of its loans may be there. */
#include <string.h>

#include "datachannel/dcs_internal.h"

enum { LOANS_MOST = 64 };

static struct loan *find(const struct channel *c, const uint8_t *memory)
{
	for (size_t i = 0; c && i < c->loan_count; i++)
		if (c->loans[i].memory == memory)
			return &c->loans[i];
	return NULL;
}

/* Those of a closing channel would be dropped, and of an empty one there is nothing to keep. */
static bool wants_loan(const struct channel *c, uint32_t ppid)
{
	return c && c->state != TT_DCS_STATE_CLOSING && (ppid == PPID_TEXT || ppid == PPID_BINARY);
}

static struct tt_sctp_loan lend(void *ctx, uint16_t stream, uint32_t ppid, size_t len)
{
	const struct channel *c = tt_dcs_by_stream(ctx, stream);

	for (size_t i = 0; wants_loan(c, ppid) && i < c->loan_count; i++) {
		struct loan *l = &c->loans[i];
		if (l->taken)
			continue;
		if (len > l->size)
			break;
		l->taken = true;
		return (struct tt_sctp_loan){ l->memory, l->size };
	}
	return (struct tt_sctp_loan){ 0 };
}

static void back(void *ctx, uint16_t stream, const uint8_t *memory)
{
	struct loan *l = find(tt_dcs_by_stream(ctx, stream), memory);

	if (l)
		l->taken = false;
}

void tt_dcs_lend(struct tt_dcs *d)
{
	const struct tt_sctp_lender lender = { lend, back, d };

	tt_sctp_set_lender(d->sctp, &lender);
}

void tt_dcs_undo_loan(struct tt_dcs *d, const struct tt_sctp_event *e)
{
	back(d, e->stream, e->data);
}

void tt_dcs_end_loan(struct channel *c, const uint8_t *memory)
{
	struct loan *l = find(c, memory);

	if (!l)
		return;
	c->loan_count--;
	memmove(l, l + 1, (size_t)(c->loans + c->loan_count - l) * sizeof *l);
}

void tt_dcs_end_loans(struct tt_dcs *d, struct channel *c)
{
	if (c->id >= 0 && c->loan_count > 0)
		tt_sctp_give_back(d->sctp, (uint16_t)c->id, true);
	tt_free(d->env, c->loans);
	c->loans = NULL;
	c->loan_count = 0;
}

static int take_back(struct tt_dcs *d, struct channel *c)
{
	if (c->id >= 0 && c->loan_count > 0 && !tt_sctp_give_back(d->sctp, (uint16_t)c->id, false))
		return TAUT_E_NOMEM;
	c->loan_count = 0;
	return TAUT_OK;
}

int tt_dcs_receive_into(struct tt_dcs *d, taut_channel ch, void *memory, size_t size)
{
	struct channel *c = tt_dcs_find(d, ch);

	if (!c)
		return TAUT_E_GONE;
	if (!memory != !size || find(c, memory))
		return TAUT_E_INVAL;
	if (!memory)
		return take_back(d, c);
	if (c->state == TT_DCS_STATE_CLOSING)
		return TAUT_E_STATE;
	if (c->loan_count == LOANS_MOST)
		return TAUT_E_LIMIT;
	if (!c->loans)
		c->loans = tt_alloc(d->env, LOANS_MOST * sizeof *c->loans);
	if (!c->loans)
		return TAUT_E_NOMEM;
	c->loans[c->loan_count++] = (struct loan){ .memory = memory, .size = size };
	return TAUT_OK;
}
