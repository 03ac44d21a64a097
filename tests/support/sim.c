/* sim.c - see sim.h. */
#include "support/sim.h"

#include <stdlib.h>
#include <string.h>

/* splitmix64: one addition and a mix, the same everywhere. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint64_t sim_random(struct sim *s)
{
	return next_random(&s->seed);
}

static int env_random(void *ctx, void *out, size_t len)
{
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)sim_random(ctx);
	return 0;
}

void sim_init(struct sim *s, uint64_t seed, const struct sim_link *link)
{
	*s = (struct sim){ .seed = seed, .hash = 0xcbf29ce484222325u, .now = 1000000 };
	if (link)
		s->link = *link;
	for (int i = 0; i < 2; i++) {
		tt_env_init(&s->env[i],
			    &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						       .random = env_random,
						       .ctx = s });
		s->env[i].wall_now = s->now;
		s->env[i].wall_unix_us = 1700000000000000;
	}
}

void sim_free(struct sim *s)
{
	while (s->queue) {
		struct sim_packet *p = s->queue;
		s->queue = p->next;
		free(p);
	}
}

static bool listed(const struct sim_link *l, unsigned n)
{
	for (size_t i = 0; i < l->drop_count; i++)
		if (l->drop[i] == n)
			return true;
	return false;
}

static bool chance(struct sim *s, unsigned per_thousand)
{
	return per_thousand > 0 && sim_random(s) % 1000 < per_thousand;
}

static void enqueue(struct sim *s, struct sim_packet *p)
{
	struct sim_packet **at = &s->queue;

	while (*at && ((*at)->at < p->at || ((*at)->at == p->at && (*at)->order < p->order)))
		at = &(*at)->next;
	p->next = *at;
	*at = p;
}

static void send_one(struct sim *s, int to, const void *data, size_t len,
		     const struct taut_addr *local, const struct taut_addr *remote)
{
	struct sim_packet *p = malloc(sizeof *p + len);

	if (!p)
		abort();
	*p = (struct sim_packet){
		.at = s->now + s->link.delay, .order = s->order++, .to = to, .len = len
	};
	if (s->link.jitter > 0)
		p->at += (taut_time)(sim_random(s) % (uint64_t)s->link.jitter);
	if (chance(s, s->link.reorder))
		p->at += 4 * s->link.delay + 1000;
	if (local && remote) { /* what one end calls local is remote to the other */
		p->local = *remote;
		p->remote = *local;
	}
	memcpy(p->data, data, len);
	if (len > 0 && chance(s, s->link.corrupt)) {
		const uint8_t bit = (uint8_t)(1u << sim_random(s) % 8);
		p->data[sim_random(s) % len] ^= bit;
	}
	enqueue(s, p);
}

void sim_send(struct sim *s, int to, const void *data, size_t len, const struct taut_addr *local,
	      const struct taut_addr *remote)
{
	unsigned n = s->sent[to]++;

	if (listed(&s->link, n) || chance(s, s->link.loss))
		return;
	send_one(s, to, data, len, local, remote);
	if (chance(s, s->link.duplicate))
		send_one(s, to, data, len, local, remote);
}

taut_time sim_next(const struct sim *s)
{
	return s->queue ? s->queue->at : INT64_MAX;
}

/* FNV-1a over time, direction and bytes. */
static void absorb(struct sim *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		s->hash = (s->hash ^ p[i]) * 0x100000001b3u;
}

struct sim_packet *sim_take(struct sim *s)
{
	struct sim_packet *p = s->queue;

	if (!p || p->at > s->now)
		return NULL;
	s->queue = p->next;
	absorb(s, &p->at, sizeof p->at);
	absorb(s, &p->to, sizeof p->to);
	absorb(s, p->data, p->len);
	return p;
}
