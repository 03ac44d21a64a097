/* sctp_pair.h - two associations with a simulated link between them. */
#ifndef TAUT_TEST_SCTP_PAIR_H
#define TAUT_TEST_SCTP_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sctp/sctp.h"
#include "support/sim.h"

#define SECOND 1000000
#define MAX_LOGGED 4096

struct logged {
	uint16_t stream;
	uint32_t ppid;
	bool unordered;
	size_t len;
	uint32_t first; /* the first four bytes: tests number their messages */
};

/* Both ends of the next pair: I-DATA, or DATA. A program may run its tests with both. */
static bool pair_interleaves;
/* There is no DTLS here: only for tests whose link damages nothing. */
static bool pair_zero_checksum;

struct pair {
	struct sim sim;
	struct tt_sctp *s[2];
	struct sim_link link;
	bool dead[2];          /* does not get anything any more */
	/* what happened to each */
	int connected[2], closed[2], restarted[2], too_large[2], resets_in[2], resets_out[2];
	uint32_t reason[2], reset_reason[2];
	uint16_t cause[2];
	char text[2][128];
	size_t bytes[2];
	uint64_t hash[2];      /* of all message bytes in order of delivery */
	size_t count[2];
	struct logged log[2][MAX_LOGGED];
	unsigned polls;
	void (*on_packet)(struct pair *p, int to, uint8_t *data, size_t *len);
	size_t most;           /* no packet is longer; 0: 1,191 */
	bool keep_events[2];   /* the application does not poll */
	bool batch;            /* what came is answered once all of it is read, as src/io does */
};

static inline uint64_t pair_hash(uint64_t h, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * 0x100000001b3u;
	return h;
}

static inline void pair_init(struct pair *p, uint64_t seed, const struct sim_link *link,
                             const struct tt_sctp_config *cfg)
{
	struct tt_sctp_config c = { 0 };

	if (cfg)
		c = *cfg;
	c.no_interleaving = c.no_interleaving || !pair_interleaves;
	c.no_zero_checksum = c.no_zero_checksum || !pair_zero_checksum;
	memset(p, 0, sizeof *p);
	p->link = link ? *link : (struct sim_link){ .delay = 10000 };
	sim_init(&p->sim, seed, &p->link);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_sctp_new(&p->s[i], &p->sim.env[i], &c, p->sim.now), 0);
}

static inline void pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		tt_sctp_free(p->s[i]);
		assert_int_equal(p->sim.env[i].memory, 0);
	}
	sim_free(&p->sim);
}

static inline void pair_message(struct pair *p, int i, const struct tt_sctp_event *e)
{
	p->bytes[i] += e->len;
	p->hash[i] = pair_hash(p->hash[i], e->data, e->len);
	if (p->count[i] < MAX_LOGGED) {
		struct logged *l = &p->log[i][p->count[i]];
		*l = (struct logged){ e->stream, e->ppid, e->unordered, e->len, 0 };
		if (e->len >= 4)
			memcpy(&l->first, e->data, 4);
	}
	p->count[i]++;
}

static inline void pair_events(struct pair *p, int i)
{
	const struct tt_sctp_event *e;

	while (!p->keep_events[i] && (e = tt_sctp_poll_event(p->s[i])) != NULL) {
		switch (e->type) {
		case TT_SCTP_CONNECTED: p->connected[i]++; break;
		case TT_SCTP_MESSAGE: pair_message(p, i, e); break;
		case TT_SCTP_TOO_LARGE: p->too_large[i]++; break;
		case TT_SCTP_STREAM_RESET_IN: p->resets_in[i]++; break;
		case TT_SCTP_STREAM_RESET_OUT:
			p->resets_out[i]++;
			p->reset_reason[i] = e->reason;
			break;
		case TT_SCTP_RESTARTED: p->restarted[i]++; break;
		case TT_SCTP_CLOSED:
			p->closed[i]++;
			p->reason[i] = e->reason;
			p->cause[i] = e->cause;
			snprintf(p->text[i], sizeof p->text[i], "%s", e->text ? e->text : "");
			break;
		}
	}
}

static inline void pair_send(struct pair *p, int i)
{
	uint8_t buf[2048];
	size_t len;

	for (int n = 0; (len = tt_sctp_poll_send(p->s[i], p->sim.now, buf, sizeof buf)) > 0; n++) {
		assert_true(n < 10000); /* polls end */
		assert_true(len <= (p->most ? p->most : 1191));
		if (p->on_packet)
			p->on_packet(p, 1 - i, buf, &len);
		if (len > 0)
			sim_send(&p->sim, 1 - i, buf, len, NULL, NULL);
	}
}

static inline void pair_settle(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		pair_events(p, i);
		pair_send(p, i);
		pair_events(p, i);
	}
}

/* Exact-size copies, so that the sanitizer sees every byte read too far. */
static inline int pair_recv(struct pair *p, int i, const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	assert_non_null(copy);
	if (len > 0)
		memcpy(copy, data, len);
	int r = tt_sctp_recv(p->s[i], p->sim.now, copy, len);
	free(copy);
	return r;
}

/* Until then, or until nothing is left to happen. */
static inline void pair_run_until(struct pair *p, taut_time end)
{
	for (;;) {
		pair_settle(p);
		taut_time next = sim_next(&p->sim);
		for (int i = 0; i < 2; i++) {
			taut_time at = tt_sctp_deadline(p->s[i], NULL);
			next = at < next ? at : next;
		}
		if (next > end)
			break;
		if (next > p->sim.now)
			p->sim.now = next;
		struct sim_packet *k;
		while ((k = sim_take(&p->sim)) != NULL) {
			if (!p->dead[k->to])
				pair_recv(p, k->to, k->data, k->len);
			if (!p->batch) {
				pair_events(p, k->to);
				pair_send(p, k->to);
			}
			free(k);
		}
		for (int i = 0; i < 2; i++) {
			tt_sctp_tick(p->s[i], p->sim.now);
			/* after tick, the deadline lies ahead, or a poll yields what moves it */
			pair_settle(p);
			assert_true(tt_sctp_deadline(p->s[i], NULL) > p->sim.now);
		}
		p->polls++;
		assert_true(p->polls < 5000000);
	}
	p->sim.now = end;
}

static inline void pair_run(struct pair *p, taut_time how_long)
{
	pair_run_until(p, p->sim.now + how_long);
}

static inline void pair_connect(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_sctp_connect(p->s[i], p->sim.now), 0);
	pair_run(p, 5 * SECOND);
	assert_int_equal(p->connected[0], 1);
	assert_int_equal(p->connected[1], 1);
}

/* A message of len bytes whose first four are its number. */
static inline int pair_number(struct pair *p, int i, uint16_t stream, uint32_t n, size_t len,
                              const struct tt_sctp_send_options *opt)
{
	uint8_t *m = malloc(len);

	assert_non_null(m);
	for (size_t k = 0; k < len; k++)
		m[k] = (uint8_t)(k * 31 + n);
	memcpy(m, &n, len < 4 ? len : 4);
	int r = tt_sctp_send(p->s[i], p->sim.now, stream, 53, opt, m, len);
	free(m);
	return r;
}

#endif
