/* test_handshake.c - the four-way set-up in every order: RFC 9260 sections 5.1 and 5.2.
 *
 * Not a sample: for eight steps, each packet that is under way may be the next to arrive, or the
 * next timer expires first; where one end connects, one packet may also arrive twice. What has not arrived by then is lost.
 * Whatever happened, the two must come up afterwards, once, and the message that waited must
 * arrive, once. Orders that lead to the same moment are followed from there once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "sctp/sctp_assoc.h"

enum { DEPTH = 8, UNDER_WAY = 40, SECOND = 1000000, MOMENTS = 1 << 20 };

struct packet {
	int to;
	size_t len;
	uint8_t data[1191];
};

struct model {
	struct tt_env env[2];
	uint64_t seed[2];
	struct tt_sctp *s[2];
	taut_time now;
	struct packet way[UNDER_WAY];
	size_t count;
	unsigned connected[2], messages[2];
	int copies; /* so many packets may yet arrive twice */
};

static int draw(void *ctx, void *out, size_t len)
{
	uint64_t *seed = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(*seed >> 56);
	}
	return 0;
}

static void settle(struct model *m, int i)
{
	const struct tt_sctp_event *e;
	uint8_t buf[1191];
	size_t len;

	while ((e = tt_sctp_poll_event(m->s[i])) != NULL) {
		m->connected[i] += e->type == TT_SCTP_CONNECTED;
		m->messages[i] += e->type == TT_SCTP_MESSAGE;
		assert_true(e->type == TT_SCTP_CONNECTED || e->type == TT_SCTP_MESSAGE);
	}
	while ((len = tt_sctp_poll_send(m->s[i], m->now, buf, sizeof buf)) > 0) {
		assert_true(m->count < UNDER_WAY);
		struct packet *p = &m->way[m->count++];
		p->to = 1 - i;
		p->len = len;
		memcpy(p->data, buf, len);
	}
	assert_true(tt_sctp_deadline(m->s[i], NULL) > m->now);
	assert_true(m->s[i]->state != SCTP_DEAD);
}

static void begin(struct model *m, bool both)
{
	const struct tt_sctp_config plain = { 0 };

	memset(m, 0, offsetof(struct model, way));
	m->count = 0;
	memset(m->connected, 0, sizeof m->connected);
	memset(m->messages, 0, sizeof m->messages);
	m->now = SECOND;
	for (int i = 0; i < 2; i++) {
		m->seed[i] = (uint64_t)i + 1;
		tt_env_init(&m->env[i],
			    &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						       .random = draw,
						       .ctx = &m->seed[i] });
		assert_int_equal(tt_sctp_new(&m->s[i], &m->env[i], &plain, m->now), TAUT_OK);
	}
	for (int i = 0; i <= both; i++)
		assert_int_equal(tt_sctp_connect(m->s[i], m->now), TAUT_OK);
	assert_int_equal(tt_sctp_send(m->s[0], m->now, 1, 53, NULL, "first", 5), TAUT_OK);
	for (int i = 0; i < 2; i++)
		settle(m, i);
}

static void end(struct model *m)
{
	for (int i = 0; i < 2; i++) {
		tt_sctp_free(m->s[i]);
		assert_int_equal(m->env[i].memory, 0);
	}
}

static void expire(struct model *m)
{
	taut_time at[2] = { tt_sctp_deadline(m->s[0], NULL), tt_sctp_deadline(m->s[1], NULL) };

	if (at[0] == INT64_MAX && at[1] == INT64_MAX)
		return;
	m->now = at[0] < at[1] ? at[0] : at[1];
	for (int i = 0; i < 2; i++) {
		tt_sctp_tick(m->s[i], m->now);
		settle(m, i);
	}
}

static void arrive(struct model *m, size_t which, bool keep)
{
	const struct packet p = m->way[which];

	if (!keep)
		memmove(&m->way[which], &m->way[which + 1],
			(--m->count - which) * sizeof m->way[0]);
	tt_sctp_recv(m->s[p.to], m->now, p.data, p.len);
	for (int i = 0; i < 2; i++)
		settle(m, i);
}

static unsigned choices(const struct model *m)
{
	return 1 + (unsigned)m->count * (m->copies > 0 ? 2 : 1);
}

static void choose(struct model *m, unsigned what)
{
	if (what == 0)
		expire(m);
	else if (what <= m->count)
		arrive(m, what - 1, false);
	else
		arrive(m, what - 1 - m->count, true), m->copies--;
}

/* What is under way is lost, unless a timer has tried as often as it may; then nothing is lost. */
static void must_come_up(struct model *m)
{
	if (m->s[0]->errors < SCTP_MAX_INIT_RETRANS && m->s[1]->errors < SCTP_MAX_INIT_RETRANS)
		m->count = 0;
	for (int n = 0; n < 200 && !(m->connected[0] && m->connected[1] && m->messages[1]); n++)
		if (m->count > 0)
			arrive(m, 0, false);
		else
			expire(m);
	while (m->count > 0)
		arrive(m, 0, false);
	assert_int_equal(m->connected[0], 1);
	assert_int_equal(m->connected[1], 1);
	assert_int_equal(m->messages[0], 0);
	assert_int_equal(m->messages[1], 1);
	assert_int_equal(m->s[0]->state, SCTP_ESTABLISHED);
	assert_int_equal(m->s[1]->state, SCTP_ESTABLISHED);
	assert_int_equal(m->s[0]->peer_tag, m->s[1]->my_tag);
	assert_int_equal(m->s[1]->peer_tag, m->s[0]->my_tag);
}

/* ---- moments ---- */

/* FNV-1a, by eight octets as far as there are so many: most of the time goes here. */
static uint64_t absorb(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word;

	for (; len >= sizeof word; len -= sizeof word, p += sizeof word) {
		memcpy(&word, p, sizeof word);
		h = (h ^ word) * 0x100000001b3u;
		h ^= h >> 32;
	}
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

/* All of an association in its set-up but where things lie in memory, and what it counted. */
static uint64_t absorb_end(uint64_t h, const struct tt_sctp *s)
{
	struct tt_sctp copy;

	memcpy(&copy, s, sizeof copy);
	copy.env = NULL;
	copy.cookie = NULL;
	copy.control = NULL;
	copy.control_tail = NULL;
	memset(&copy.rx, 0, sizeof copy.rx);
	copy.queue.env = copy.flight.env = NULL;
	copy.queue.streams = NULL;
	copy.queue.round.turns = NULL;
	copy.queue.current = NULL;
	copy.flight.queue = NULL;
	copy.flight.ring = NULL;
	memset(&copy.event, 0, sizeof copy.event);
	memset(&copy.counters, 0, sizeof copy.counters);
	h = absorb(h, &copy, sizeof copy);
	h = s->cookie ? absorb(h, s->cookie, s->cookie_len) : h;
	for (const struct sctp_control *c = s->control; c; c = c->next)
		h = absorb(h, c->bytes, c->len);
	for (size_t i = 0; i < s->queue.count; i++)
		h = absorb(h, &s->queue.streams[i].next_mid, sizeof s->queue.streams[i].next_mid);
	for (uint32_t n = 0; n < tt_sctp_flight_count(&s->flight); n++)
		h = absorb(h, &tt_sctp_flight_at(&s->flight, s32_add(s->flight.cum, n + 1))->state,
			   1);
	return h;
}

static uint64_t moment(const struct model *m, int depth)
{
	uint64_t h = absorb(17, &depth, sizeof depth);

	h = absorb(h, &m->now, sizeof m->now);
	h = absorb(h, m->seed, sizeof m->seed);
	h = absorb(h, &m->copies, sizeof m->copies);
	h = absorb(h, m->connected, sizeof m->connected);
	h = absorb(h, m->messages, sizeof m->messages);
	for (int i = 0; i < 2; i++)
		h = absorb_end(h, m->s[i]);
	/* in whatever order the packets were sent */
	uint64_t way = 0;
	for (size_t i = 0; i < m->count; i++)
		way += absorb(absorb(23, &m->way[i].to, sizeof m->way[i].to), m->way[i].data,
			      m->way[i].len);
	return absorb(h, &way, sizeof way) | 1;
}

static uint64_t moments[MOMENTS];
static unsigned long nodes, runs;

/* True: not seen before. */
static bool note(uint64_t h)
{
	size_t at = (size_t)(h >> 20) % MOMENTS;

	while (moments[at] != 0 && moments[at] != h)
		at = (at + 1) % MOMENTS;
	if (moments[at] == h)
		return false;
	moments[at] = h;
	assert_true(++nodes < MOMENTS / 2);
	return true;
}

static void replay(struct model *m, bool both, int copies, const unsigned *path, int depth)
{
	begin(m, both);
	m->copies = copies;
	for (int d = 0; d < depth; d++)
		choose(m, path[d]);
}

static void follow(bool both, int copies, unsigned *path, int depth)
{
	static struct model m;

	replay(&m, both, copies, path, depth);
	const bool anew = note(moment(&m, depth));
	const unsigned n = choices(&m);
	if (anew && depth == DEPTH) {
		runs++;
		must_come_up(&m);
	}
	end(&m);
	for (path[depth] = 0; anew && depth < DEPTH && path[depth] < n; path[depth]++)
		follow(both, copies, path, depth + 1);
}

static void every_order(bool both, int copies)
{
	unsigned path[DEPTH + 1];

	memset(moments, 0, sizeof moments);
	nodes = runs = 0;
	follow(both, copies, path, 0);
	printf("%lu moments, %lu ends\n", nodes, runs);
}

static void one_end_connects_in_every_order(void **state)
{
	(void)state;
	every_order(false, 1);
}

static void both_ends_connect_in_every_order(void **state)
{
	(void)state;
	every_order(true, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_end_connects_in_every_order),
		cmocka_unit_test(both_ends_connect_in_every_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
