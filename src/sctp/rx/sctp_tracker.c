/* sctp_tracker.c - see sctp_tracker.h. */
#include "sctp/rx/sctp_tracker.h"

#include <assert.h>
#include <string.h>

#include "base/num.h"

static bool bit(const struct sctp_tracker *t, uint32_t tsn)
{
	return t->bits[tsn % SCTP_TSN_AHEAD / 64] >> tsn % 64 & 1;
}

static void set_bit(struct sctp_tracker *t, uint32_t tsn, bool on)
{
	uint64_t *word = &t->bits[tsn % SCTP_TSN_AHEAD / 64];
	uint64_t mask = (uint64_t)1 << tsn % 64;

	*word = on ? *word | mask : *word & ~mask;
}

void tt_sctp_tracker_init(struct sctp_tracker *t, struct serial32 first)
{
	*t = (struct sctp_tracker){ .cum = s32_add(first, UINT32_MAX) };
	t->highest = t->cum;
}

bool tt_sctp_tracker_has(const struct sctp_tracker *t, struct serial32 tsn)
{
	if (s32_before_eq(tsn, t->cum))
		return true;
	return s32_before_eq(tsn, t->highest) && bit(t, tsn.v);
}

enum sctp_arrival tt_sctp_tracker_look(const struct sctp_tracker *t, struct serial32 tsn)
{
	if (s32_before_eq(tsn, t->cum))
		return SCTP_DUPLICATE;
	if (s32_diff(t->cum, tsn) > SCTP_TSN_AHEAD)
		return SCTP_TOO_FAR;
	return tt_sctp_tracker_has(t, tsn) ? SCTP_DUPLICATE : SCTP_NEW;
}

static void advance(struct sctp_tracker *t)
{
	while (s32_before(t->cum, t->highest) && bit(t, t->cum.v + 1)) {
		t->cum = s32_add(t->cum, 1);
		set_bit(t, t->cum.v, false);
	}
}

void tt_sctp_tracker_add(struct sctp_tracker *t, struct serial32 tsn)
{
	assert(tt_sctp_tracker_look(t, tsn) == SCTP_NEW);
	set_bit(t, tsn.v, true);
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
		memset(t->bits, 0, sizeof t->bits);
		t->cum = t->highest = cum;
		return;
	}
	while (s32_before(t->cum, cum)) { /* at most SCTP_TSN_AHEAD steps: highest lies beyond */
		t->cum = s32_add(t->cum, 1);
		set_bit(t, t->cum.v, false);
	}
	advance(t);
}

bool tt_sctp_tracker_has_gap(const struct sctp_tracker *t)
{
	return !s32_eq(t->cum, t->highest);
}

/* The first TSN from `from` up to `end` whose bit is as wanted; one past end if there is none. */
static uint32_t find(const struct sctp_tracker *t, uint32_t from, uint32_t end, bool wanted)
{
	while (s32_before_eq(s32(from), s32(end))) {
		uint64_t word = t->bits[from % SCTP_TSN_AHEAD / 64];
		word = (wanted ? word : ~word) >> from % 64;
		if (word != 0) {
			uint32_t at = from + (uint32_t)__builtin_ctzll(word);
			return s32_before(s32(end), s32(at)) ? end + 1 : at;
		}
		from += 64 - from % 64;
	}
	return end + 1;
}

size_t tt_sctp_tracker_gaps(const struct sctp_tracker *t, struct sctp_gap *out, size_t max)
{
	uint32_t end = t->highest.v, at = t->cum.v + 1;
	size_t n = 0;

	while (n < max && s32_before_eq(s32(at), s32(end))) {
		uint32_t start = find(t, at, end, true);
		if (s32_before(s32(end), s32(start)))
			break;
		at = find(t, start, end, false);
		out[n++] = (struct sctp_gap){ tt_u16(start - t->cum.v), tt_u16(at - 1 - t->cum.v) };
	}
	return n;
}
