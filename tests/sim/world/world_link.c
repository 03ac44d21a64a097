/* world_link.c - see world_link.h. */
#include "world/world_link.h"

#include "base/num.h"

enum { IP_UDP = 28, QUEUE_DEFAULT = 200000 };

static bool listed(const struct world_link_config *c, unsigned n)
{
	for (size_t i = 0; i < c->drop_count; i++)
		if (c->drop[i] == n)
			return true;
	return false;
}

static bool lost(struct world_link *l, struct world_random *r, taut_time now, size_t len)
{
	const struct world_link_config *c = &l->cfg;
	bool gone = listed(c, l->sent++) || l->hole || now < l->dead_until ||
		    (c->mtu > 0 && len > c->mtu);

	if (c->to_bad > 0)
		l->bad = l->bad ? !world_chance(r, c->to_good) : world_chance(r, c->to_bad);
	/* drawn whether it is gone already or not */
	const bool in_bad = l->bad && world_chance(r, c->loss_bad), alone = world_chance(r, c->loss);
	return gone || in_bad || alone;
}

/* When the last bit has left, -1: the queue is full. */
static taut_time leaves(struct world_link *l, taut_time now, size_t len)
{
	const struct world_link_config *c = &l->cfg;

	if (c->rate == 0)
		return now;
	taut_time start = tt_max64(now, l->free_at);
	if (start - now > (c->queue ? c->queue : QUEUE_DEFAULT))
		return -1;
	l->free_at = start + (taut_time)((len + IP_UDP) * 8 * 1000000 / c->rate);
	return l->free_at;
}

static struct world_link_copy copy(struct world_link *l, struct world_random *r, taut_time left,
				   size_t len)
{
	const struct world_link_config *c = &l->cfg;
	struct world_link_copy k = { .at = left + c->delay, .len = len };

	if (c->jitter > 0)
		k.at += world_between(r, 0, c->jitter);
	if (c->reorder_depth > 0 && world_chance(r, c->reorder)) {
		k.behind = (unsigned)world_between(r, 1, c->reorder_depth);
	} else {
		k.at = tt_max64(k.at, l->last_at);
		l->last_at = k.at;
	}
	return k;
}

/* False: the UDP checksum would have told. */
static bool damage(const struct world_link *l, struct world_random *r, bool protected_,
		   struct world_link_copy *k)
{
	k->flip = world_chance(r, l->cfg.corrupt);
	if (world_chance(r, l->cfg.truncate) && k->len > 1)
		k->len = (size_t)world_between(r, 1, (int64_t)k->len - 1);
	else if (!k->flip)
		return true;
	return protected_;
}

size_t world_link_offer(struct world_link *l, struct world_random *r, taut_time now, size_t len,
			bool protected_, struct world_link_copy out[WORLD_LINK_COPIES])
{
	taut_time left = lost(l, r, now, len) ? -1 : leaves(l, now, len);
	size_t n = 0;

	if (left >= 0) {
		size_t copies = world_chance(r, l->cfg.duplicate) ? 2 : 1;
		for (size_t i = 0; i < copies; i++) {
			struct world_link_copy k = copy(l, r, left, len);
			if (damage(l, r, protected_, &k))
				out[n++] = k;
		}
	}
	if (n == 0)
		l->lost++;
	l->passed += n > 0;
	l->bytes += n > 0 ? len : 0;
	return n;
}
