/* sctp_tracker.c - see sctp_tracker.h. */
#include "sctp/rx/sctp_tracker.h"

#include <assert.h>

#include "base/num.h"

void tt_sctp_tracker_init(struct sctp_tracker *t, struct serial32 first)
{
	*t = (struct sctp_tracker){ .cum = s32_add(first, UINT32_MAX), .bits = t->bits };
	t->highest = t->cum;
	tt_sctp_bits_clear(&t->bits);
}

void tt_sctp_tracker_free(struct sctp_tracker *t, struct tt_env *env)
{
	tt_sctp_bits_free(&t->bits, env);
}

bool tt_sctp_tracker_has(const struct sctp_tracker *t, struct serial32 tsn)
{
	if (s32_before_eq(tsn, t->cum))
		return true;
	return s32_before_eq(tsn, t->highest) && tt_sctp_bit(&t->bits, tsn);
}

enum sctp_arrival tt_sctp_tracker_look(const struct sctp_tracker *t, struct serial32 tsn)
{
	if (s32_before_eq(tsn, t->cum))
		return SCTP_DUPLICATE;
	if (s32_diff(t->cum, tsn) > SCTP_TSN_AHEAD)
		return SCTP_TOO_FAR;
	return tt_sctp_tracker_has(t, tsn) ? SCTP_DUPLICATE : SCTP_NEW;
}

static bool is_next(const struct sctp_tracker *t, struct serial32 tsn)
{
	return s32_eq(t->cum, t->highest) && s32_eq(tsn, s32_add(t->cum, 1));
}

bool tt_sctp_tracker_room(struct sctp_tracker *t, struct tt_env *env, struct serial32 tsn)
{
	return is_next(t, tsn) ||
	       tt_sctp_bits_grow(&t->bits, env, s32_diff(t->cum, tsn) + 1, s32_add(t->cum, 1),
				 s32_diff(t->cum, t->highest));
}

static void advance(struct sctp_tracker *t)
{
	while (s32_before(t->cum, t->highest) && tt_sctp_bit(&t->bits, s32_add(t->cum, 1))) {
		t->cum = s32_add(t->cum, 1);
		tt_sctp_set_bit(&t->bits, t->cum, false);
	}
}

void tt_sctp_tracker_add(struct sctp_tracker *t, struct serial32 tsn)
{
	assert(tt_sctp_tracker_look(t, tsn) == SCTP_NEW);
	if (is_next(t, tsn)) {
		t->cum = t->highest = tsn;
		return;
	}
	tt_sctp_set_bit(&t->bits, tsn, true);
	if (s32_before(t->highest, tsn))
		t->highest = tsn;
	advance(t);
}

void tt_sctp_tracker_duplicate(struct sctp_tracker *t, struct serial32 tsn)
{
	if (t->dup_count < TT_COUNT(t->dups))
		t->dups[t->dup_count++] = tsn.v;
}

void tt_sctp_tracker_skip(struct sctp_tracker *t, struct serial32 cum)
{
	if (!s32_before(t->cum, cum))
		return;
	if (s32_before_eq(t->highest, cum)) {
		tt_sctp_bits_clear(&t->bits);
		t->cum = t->highest = cum;
		return;
	}
	while (s32_before(t->cum, cum)) { /* at most SCTP_TSN_AHEAD steps: highest lies beyond */
		t->cum = s32_add(t->cum, 1);
		tt_sctp_set_bit(&t->bits, t->cum, false);
	}
	advance(t);
}

bool tt_sctp_tracker_has_gap(const struct sctp_tracker *t)
{
	return !s32_eq(t->cum, t->highest);
}

size_t tt_sctp_tracker_gaps(const struct sctp_tracker *t, struct sctp_gap *out, size_t max)
{
	struct serial32 at = s32_add(t->cum, 1);
	size_t n = 0;

	while (n < max && s32_before_eq(at, t->highest)) {
		struct serial32 start = tt_sctp_find_bit(&t->bits, at, t->highest, true);
		if (s32_before(t->highest, start))
			break;
		at = tt_sctp_find_bit(&t->bits, start, t->highest, false);
		out[n++] = (struct sctp_gap){ tt_u16(s32_diff(t->cum, start)),
					      tt_u16(s32_diff(t->cum, at) - 1) };
	}
	return n;
}
