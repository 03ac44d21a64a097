/* pair.h - two associations and a link between them, in virtual time, for the tests of dtls. */
#ifndef TAUT_TEST_DTLS_PAIR_H
#define TAUT_TEST_DTLS_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/err.h>

#include "base/num.h"
#include "dtls/dtls.h"
#include "support/sim.h"

#define MS          1000
#define RTT_TIMEOUT (50 * MS)

struct pair {
	struct sim sim;
	struct tt_dtls_shared *shared[2];
	struct tt_dtls *d[2]; /* 0 is the client unless a test says otherwise */
	bool connected[2], closed[2], failed[2];
	uint32_t reason[2];
	char text[2][200];
	char data[2][2000]; /* what each received, one after another */
	size_t data_len[2];
	taut_time connected_at[2];
	uint8_t last[2][2048]; /* the last datagram to each */
	size_t last_len[2];
};

static inline int pair_teach(struct pair *p, int who, const char *text)
{
	const char *space = strchr(text, ' ');
	const struct tt_dtls_fingerprint one = { .algo = text,
						 .algo_len = (size_t)(space - text),
						 .value = space + 1,
						 .value_len = strlen(space + 1) };

	return tt_dtls_set_remote_fingerprints(p->d[who], p->sim.now, &one, 1);
}

static inline void pair_teach_both(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		assert_int_equal(pair_teach(p, i, tt_dtls_shared_fingerprint(p->shared[!i])),
				 TAUT_OK);
}

static inline void pair_init(struct pair *p, uint64_t seed, const struct sim_link *link)
{
	static const struct sim_link calm = { .delay = 10 * MS };

	memset(p, 0, sizeof *p);
	sim_init(&p->sim, seed, link ? link : &calm);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(tt_dtls_shared_new(&p->shared[i], &p->sim.env[i], p->sim.now),
				 TAUT_OK);
		assert_int_equal(tt_dtls_new(&p->d[i], p->shared[i], &p->sim.env[i]), TAUT_OK);
	}
}

static inline void pair_free(struct pair *p)
{
	assert_int_equal(ERR_peek_error(), 0); /* nothing of ours is left for whoever else uses OpenSSL here */
	for (int i = 0; i < 2; i++) {
		tt_dtls_free(p->d[i]);
		tt_dtls_shared_free(p->shared[i]);
		assert_int_equal(p->sim.env[i].memory, 0);
	}
	sim_free(&p->sim);
}

static inline void pair_start(struct pair *p)
{
	assert_int_equal(tt_dtls_start(p->d[0], p->sim.now, true, RTT_TIMEOUT), TAUT_OK);
	assert_int_equal(tt_dtls_start(p->d[1], p->sim.now, false, RTT_TIMEOUT), TAUT_OK);
}

static inline void pair_events(struct pair *p, int i)
{
	struct tt_dtls_event e;

	while (tt_dtls_poll_event(p->d[i], &e)) {
		switch (e.type) {
		case TT_DTLS_EV_CONNECTED:
			assert_false(p->connected[i]);
			p->connected[i] = true;
			p->connected_at[i] = p->sim.now;
			break;
		case TT_DTLS_EV_DATA:
			assert_true(p->connected[i]);
			assert_true(p->data_len[i] + e.len < sizeof p->data[i]);
			memcpy(p->data[i] + p->data_len[i], e.data, e.len);
			p->data_len[i] += e.len;
			break;
		case TT_DTLS_EV_CLOSED:
			p->closed[i] = true;
			p->reason[i] = e.reason;
			break;
		default:
			assert_int_equal(e.type, TT_DTLS_EV_FAILED);
			p->failed[i] = true;
			p->reason[i] = e.reason;
			snprintf(p->text[i], sizeof p->text[i], "%s", e.text);
		}
	}
}

/* Everything both want to say goes onto the link. */
static inline void pair_flush(struct pair *p)
{
	uint8_t buf[2048];
	size_t n;

	for (int i = 0; i < 2; i++) {
		pair_events(p, i);
		while ((n = tt_dtls_poll_send(p->d[i], p->sim.now, buf, sizeof buf)) > 0)
			sim_send(&p->sim, !i, buf, n, NULL, NULL);
		pair_events(p, i);
	}
}

/* Until the given time, or until nothing is left to wait for. */
static inline void pair_run(struct pair *p, taut_time until)
{
	for (;;) {
		pair_flush(p);
		taut_time next = sim_next(&p->sim);
		for (int i = 0; i < 2; i++)
			next = tt_min64(next, tt_dtls_deadline(p->d[i], NULL));
		if (next == INT64_MAX || next > until)
			break;
		p->sim.now = tt_max64(next, p->sim.now);
		struct sim_packet *packet;
		while ((packet = sim_take(&p->sim)) != NULL) {
			p->last_len[packet->to] = tt_min(packet->len, sizeof p->last[0]);
			memcpy(p->last[packet->to], packet->data, p->last_len[packet->to]);
			tt_dtls_recv(p->d[packet->to], p->sim.now, packet->data, packet->len);
			pair_events(p, packet->to);
			free(packet);
		}
		for (int i = 0; i < 2; i++) {
			tt_dtls_tick(p->d[i], p->sim.now);
			assert_true(tt_dtls_deadline(p->d[i], NULL) > p->sim.now);
		}
	}
	p->sim.now = tt_max64(p->sim.now, until);
	pair_flush(p);
}

static inline void pair_say(struct pair *p, int from, const char *text)
{
	uint8_t buf[2048];
	const size_t n =
		tt_dtls_protect(p->d[from], p->sim.now, text, strlen(text), buf, sizeof buf);

	assert_true(n > strlen(text) && n <= strlen(text) + TT_DTLS_OVERHEAD);
	sim_send(&p->sim, !from, buf, n, NULL, NULL);
}

/* Both but the client, whose last flight is in last, of 1,500 octets, and did not arrive. Its length. */
static inline size_t pair_connect_nearly(struct pair *p, uint8_t *last)
{
	uint8_t buf[1500];
	size_t n, len = 0;

	pair_teach_both(p);
	pair_start(p);
	for (int round = 0; !p->connected[1]; round++) {
		assert_true(round < 100);
		while ((n = tt_dtls_poll_send(p->d[0], p->sim.now, buf, sizeof buf)) > 0)
			tt_dtls_recv(p->d[1], p->sim.now, buf, n);
		pair_events(p, 1);
		while ((n = tt_dtls_poll_send(p->d[1], p->sim.now, buf, sizeof buf)) > 0) {
			if (!p->connected[1])
				tt_dtls_recv(p->d[0], p->sim.now, buf, n);
			memcpy(last, buf, n);
			len = n;
		}
	}
	return len;
}

static inline void pair_connect(struct pair *p)
{
	pair_teach_both(p);
	pair_start(p);
	pair_run(p, p->sim.now + 5000 * MS);
	assert_true(p->connected[0] && p->connected[1]);
}

#endif
