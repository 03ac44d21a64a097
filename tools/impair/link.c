/* link.c - loss, duplicates, reordering, delay; only for UDP, and not for mDNS.
 *
 * TCP (the WebSocket and the page) and everything else passes at once and in
 * order. Every decision is drawn from the seed, per direction. */
#include "link.h"

#include <stdlib.h>
#include <string.h>

enum { HOLD_AT_MOST = 50000, MDNS = 5353, DTLS_HANDSHAKE = 22 };

struct udp_view {
	const uint8_t *payload;
	size_t len;
	uint8_t src[18], dst[18]; /* address, port */
};

void link_init(struct link_dir *d, const struct link_rules *rules, struct link_talks *talks,
               unsigned which)
{
	*d = (struct link_dir){ .rules = rules, .talks = talks };
	d->random = (rules->seed * 2 + which + 1) * 0x9e3779b97f4a7c15u;
}

void link_free(struct link_dir *d)
{
	struct link_packet *lists[] = { d->held, d->queue };

	for (size_t i = 0; i < 2; i++)
		for (struct link_packet *p = lists[i], *next; p; p = next) {
			next = p->next;
			free(p);
		}
}

/* splitmix64 */
static uint64_t draw(struct link_dir *d)
{
	uint64_t z = d->random += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static bool chance(struct link_dir *d, double percent)
{
	return (double)(draw(d) >> 11) < percent / 100 * 9007199254740992.0; /* 2^53 */
}

static unsigned u16(const uint8_t *p)
{
	return (unsigned)p[0] << 8 | p[1];
}

/* Whether it is a whole UDP datagram, IPv4 (RFC 791) or IPv6 without extensions (RFC 8200). */
static bool view_udp(struct udp_view *v, const uint8_t *ip, size_t len)
{
	size_t head = 0, addr_at = 0, addr_len = 0;

	memset(v, 0, sizeof *v);
	if (len >= 20 && ip[0] >> 4 == 4 && ip[9] == 17 && (u16(ip + 6) & 0x1fff) == 0) {
		head = (size_t)(ip[0] & 15) * 4;
		addr_at = 12;
		addr_len = 4;
	} else if (len >= 40 && ip[0] >> 4 == 6 && ip[6] == 17) {
		head = 40;
		addr_at = 8;
		addr_len = 16;
	}
	if (head < 20 || len < head + 8)
		return false;
	memcpy(v->src, ip + addr_at, addr_len);
	memcpy(v->dst, ip + addr_at + addr_len, addr_len);
	memcpy(v->src + 16, ip + head, 2);
	memcpy(v->dst + 16, ip + head + 2, 2);
	v->payload = ip + head + 8;
	v->len = len - head - 8;
	return u16(v->src + 16) != MDNS && u16(v->dst + 16) != MDNS;
}

static struct link_talk *find_talk(struct link_talks *t, const struct udp_view *v, unsigned from)
{
	const uint8_t *low = from == 0 ? v->src : v->dst, *high = from == 0 ? v->dst : v->src;

	for (size_t i = 0; i < t->count; i++)
		if (memcmp(t->all[i].ends[0], low, 18) == 0 && memcmp(t->all[i].ends[1], high, 18) == 0)
			return &t->all[i];
	if (t->count == LINK_TALKS)
		return NULL;
	struct link_talk *n = &t->all[t->count++];
	memcpy(n->ends[0], low, 18);
	memcpy(n->ends[1], high, 18);
	n->from = from;
	return n;
}

/* The first of the two ends to send a handshake record loses its first datagrams. */
static bool drops_dtls(struct link_dir *d, const struct udp_view *v)
{
	if (d->rules->drop_dtls == 0 || v->len < 13 || v->payload[0] != DTLS_HANDSHAKE ||
	    v->payload[1] != 0xfe)
		return false;
	const unsigned from = memcmp(v->src, v->dst, 18) < 0 ? 0 : 1;
	struct link_talk *t = find_talk(d->talks, v, from);
	return t && t->from == from && t->dropped < d->rules->drop_dtls && t->dropped++ < UINT32_MAX;
}

static struct link_packet *copy(struct link_dir *d, const uint8_t *ip, size_t len)
{
	struct link_packet *p = d->waiting < LINK_QUEUE ? malloc(sizeof *p) : NULL;

	if (!p) {
		d->stats.overflowed++;
		return NULL;
	}
	p->next = NULL;
	p->behind = 0;
	p->len = len;
	memcpy(p->data, ip, len);
	d->waiting++;
	return p;
}

static void enqueue(struct link_dir *d, int64_t due, struct link_packet *p)
{
	struct link_packet **at = &d->queue;

	/* The usual case; to walk by thousands takes longer than they may. */
	if (*at && d->last->due <= due)
		at = &d->last->next;
	while (*at && (*at)->due <= due)
		at = &(*at)->next;
	p->due = due;
	p->next = *at;
	*at = p;
	if (!p->next)
		d->last = p;
}

static int64_t delayed(struct link_dir *d, int64_t now)
{
	const int64_t jitter = d->rules->jitter;

	return now + d->rules->delay + (jitter ? (int64_t)(draw(d) % (uint64_t)jitter) : 0);
}

/* One more has passed those held back; who has waited for enough of them follows it. */
static void passed(struct link_dir *d, int64_t due)
{
	for (struct link_packet **at = &d->held, *p; (p = *at) != NULL;) {
		if (--p->behind > 0) {
			at = &p->next;
			continue;
		}
		*at = p->next;
		enqueue(d, due, p);
	}
}

static void hold(struct link_dir *d, int64_t now, struct link_packet *p)
{
	struct link_packet **at = &d->held;

	while (*at)
		at = &(*at)->next;
	p->behind = d->rules->reorder;
	p->due = now + HOLD_AT_MOST;
	*at = p;
	d->stats.reordered++;
}

static void put_udp(struct link_dir *d, int64_t now, const uint8_t *ip, size_t len)
{
	/* Drawn always, so that one rule does not shift the decisions of another. */
	const bool lose = chance(d, d->rules->loss);
	const bool twice = chance(d, d->rules->duplicate);
	const bool late = chance(d, d->rules->reorder_share);
	const int64_t due = delayed(d, now);

	if (lose) {
		d->stats.lost++;
		return;
	}
	struct link_packet *p = copy(d, ip, len);
	if (!p)
		return;
	if (late && d->rules->reorder > 0) {
		hold(d, now, p);
	} else {
		enqueue(d, due, p);
		passed(d, due);
	}
	if (twice && (p = copy(d, ip, len)) != NULL) {
		d->stats.duplicated++;
		enqueue(d, delayed(d, now), p);
	}
}

void link_put(struct link_dir *d, int64_t now, const uint8_t *ip, size_t len)
{
	struct udp_view v;
	struct link_packet *p;

	if (len > LINK_MTU)
		return;
	if (!view_udp(&v, ip, len)) {
		d->stats.other_packets++;
		if ((p = copy(d, ip, len)) != NULL)
			enqueue(d, now, p);
		return;
	}
	d->stats.udp_packets++;
	d->stats.udp_bytes += v.len;
	if (d->cut)
		d->stats.cut++;
	else if (drops_dtls(d, &v))
		d->stats.dtls_dropped++;
	else
		put_udp(d, now, ip, len);
}

struct link_packet *link_take(struct link_dir *d, int64_t now)
{
	/* Nobody came to overtake it: it goes all the same. */
	while (d->held && d->held->due <= now) {
		struct link_packet *p = d->held;
		d->held = p->next;
		enqueue(d, now, p);
	}
	struct link_packet *p = d->queue;
	if (!p || p->due > now)
		return NULL;
	d->queue = p->next;
	d->waiting--;
	return p;
}

int64_t link_due(const struct link_dir *d)
{
	const int64_t held = d->held ? d->held->due : INT64_MAX;
	const int64_t queued = d->queue ? d->queue->due : INT64_MAX;

	return held < queued ? held : queued;
}
