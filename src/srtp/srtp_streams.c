/* srtp_streams.c - SSRCs by hash and by order of use; no pointers inside, so that it can move. */
#include "srtp/srtp_streams.h"

#include <string.h>

#include "base/num.h"

#define NONE UINT32_MAX

enum { FIRST_ROOM = 4 };

bool tt_srtp_streams_init(struct tt_srtp_streams *s, struct tt_env *env, size_t max)
{
	*s = (struct tt_srtp_streams){
		.env = env, .max = (uint32_t)tt_min(max, NONE / 2), .newest = NONE, .oldest = NONE
	};
	if (!tt_random_u32(env, &s->key))
		return false;
	s->key |= 1;
	return true;
}

void tt_srtp_streams_free(struct tt_srtp_streams *s)
{
	tt_free(s->env, s->list);
	tt_free(s->env, s->buckets);
	s->list = NULL;
	s->buckets = NULL;
	s->count = s->room = 0;
}

static uint32_t *bucket(const struct tt_srtp_streams *s, uint32_t ssrc)
{
	/* Multiply and take the upper bits; room need not be a power of two. */
	const uint32_t mixed = (ssrc ^ ssrc >> 15) * s->key;

	return &s->buckets[(uint64_t)mixed * s->room >> 32];
}

static void unlink_use(struct tt_srtp_streams *s, uint32_t at)
{
	const struct tt_srtp_stream *x = &s->list[at];

	if (x->newer != NONE)
		s->list[x->newer].older = x->older;
	else
		s->newest = x->older;
	if (x->older != NONE)
		s->list[x->older].newer = x->newer;
	else
		s->oldest = x->newer;
}

static void link_newest(struct tt_srtp_streams *s, uint32_t at)
{
	struct tt_srtp_stream *x = &s->list[at];

	x->newer = NONE;
	x->older = s->newest;
	if (s->newest != NONE)
		s->list[s->newest].newer = at;
	else
		s->oldest = at;
	s->newest = at;
}

struct tt_srtp_stream *tt_srtp_streams_find(const struct tt_srtp_streams *s, uint32_t ssrc)
{
	if (s->count == 0)
		return NULL;
	/* Most packets are of the stream of the packet before. */
	if (s->list[s->newest].ssrc == ssrc)
		return &s->list[s->newest];
	for (uint32_t at = *bucket(s, ssrc); at != NONE; at = s->list[at].chain)
		if (s->list[at].ssrc == ssrc)
			return &s->list[at];
	return NULL;
}

void tt_srtp_streams_use(struct tt_srtp_streams *s, const struct tt_srtp_stream *x)
{
	const uint32_t at = (uint32_t)(x - s->list);

	if (at == s->newest)
		return;
	unlink_use(s, at);
	link_newest(s, at);
}

static void link_chain(struct tt_srtp_streams *s, uint32_t at)
{
	uint32_t *head = bucket(s, s->list[at].ssrc);

	s->list[at].chain = *head;
	*head = at;
}

static void unlink_chain(struct tt_srtp_streams *s, uint32_t at)
{
	uint32_t *p = bucket(s, s->list[at].ssrc);

	while (*p != at)
		p = &s->list[*p].chain;
	*p = s->list[at].chain;
}

static bool grow(struct tt_srtp_streams *s)
{
	const uint32_t room = (uint32_t)tt_min(s->max, s->room ? 2 * (size_t)s->room : FIRST_ROOM);
	uint32_t *buckets = tt_alloc(s->env, room * sizeof *buckets);
	struct tt_srtp_stream *list =
		buckets ? tt_resize(s->env, s->list, room * sizeof *list) : NULL;

	if (!list) {
		tt_free(s->env, buckets);
		return false;
	}
	tt_free(s->env, s->buckets);
	s->list = list;
	s->buckets = buckets;
	s->room = room;
	memset(buckets, 0xff, room * sizeof *buckets); /* NONE everywhere */
	for (uint32_t i = 0; i < s->count; i++)
		link_chain(s, i);
	return true;
}

/* Where a new one may lie; NONE: nowhere. */
static uint32_t make_place(struct tt_srtp_streams *s, bool forget)
{
	if (s->count < s->room || (s->room < s->max && grow(s)))
		return s->count++;
	if (!forget || s->count == 0)
		return NONE;
	const uint32_t at = s->oldest;

	unlink_use(s, at);
	unlink_chain(s, at);
	s->evicted++;
	return at;
}

struct tt_srtp_stream *tt_srtp_streams_put(struct tt_srtp_streams *s, uint32_t ssrc, bool forget)
{
	const uint32_t at = make_place(s, forget);

	if (at == NONE)
		return NULL;
	s->list[at] = (struct tt_srtp_stream){ .ssrc = ssrc };
	link_chain(s, at);
	link_newest(s, at);
	return &s->list[at];
}
