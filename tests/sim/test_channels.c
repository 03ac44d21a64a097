/* test_channels.c - many data channels of whole connections: who gets how much, and a thousand of them.
 * RFC 8831 section 6.4, RFC 8260 section 3.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "peer/pc.h"
#include "sim/sim_pair.h"

enum {
	MS = 1000,
	SECOND = 1000000,
	EACH = 500,
	THOUSAND = 2 * EACH,
	PIECE = 16384,
	WHOLE = 262144
};

static const struct sim_link calm = { .delay = 10 * MS };

struct side {
	taut_channel channel[THOUSAND]; /* by stream */
	size_t opened, closed;
	uint64_t bytes[THOUSAND], all;
	unsigned messages[THOUSAND];
	taut_time came[THOUSAND]; /* the last message */
};

static struct {
	struct pair p;
	struct side side[2];
	size_t streams; /* those that are always filled, from stream 0 on */
	size_t piece;
	uint64_t enough;
	bool echo;
} w;

/* Which of the thousand a number stands for, once it is open. */
static size_t stream_of(int i, taut_channel ch)
{
	const struct taut_channel_info *c = taut_pc_channel_info(w.p.peers[i].pc, ch);

	assert_non_null(c);
	assert_in_range(c->id, 0, THOUSAND - 1);
	return (size_t)c->id;
}

/* RFC 8832 section 6: the n-th stream that an end opens. */
static size_t nth_of(int opener, size_t n)
{
	return 2 * n + (w.p.peers[opener].pc->dtls_client ? 0 : 1);
}

static int opener_of(size_t stream)
{
	return nth_of(0, stream / 2) == stream ? 0 : 1;
}

static void on_message(int i, const struct taut_event *ev)
{
	struct side *s = &w.side[i];
	const size_t stream = stream_of(i, ev->channel);

	s->bytes[stream] += ev->len;
	s->all += ev->len;
	s->messages[stream]++;
	s->came[stream] = w.p.sim.now;
	if (w.echo && i != opener_of(stream))
		assert_int_equal(taut_pc_send_message(w.p.peers[i].pc, w.p.sim.now, ev->channel,
						      true, ev->data, ev->len),
				 TAUT_OK);
}

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	(void)p;
	if (ev->type == TAUT_EV_OPEN) {
		w.side[i].channel[stream_of(i, ev->channel)] = ev->channel;
		w.side[i].opened++;
	}
	w.side[i].closed += ev->type == TAUT_EV_CLOSE;
	if (ev->type == TAUT_EV_MESSAGE)
		on_message(i, ev);
}

static void begin(uint64_t seed)
{
	memset(&w, 0, sizeof w);
	pair_init(&w.p, seed, &calm, on_event, &w);
}

static void create(int i, uint64_t priority)
{
	const struct taut_data_channel_init init = { .size = sizeof init, .priority = priority };
	taut_channel ch;

	assert_int_equal(taut_pc_create_data_channel(w.p.peers[i].pc, w.p.sim.now, &init, &ch),
			 TAUT_OK);
}

static int say(int i, size_t stream, size_t len)
{
	static const uint8_t bytes[WHOLE];

	return taut_pc_send_message(w.p.peers[i].pc, w.p.sim.now, w.side[i].channel[stream], true,
				    bytes, len);
}

/* ---- priorities ---- */

static bool filled_until_enough(struct pair *p)
{
	(void)p;
	for (size_t n = 0; n < w.streams; n++)
		for (int err = TAUT_OK; err == TAUT_OK;)
			err = say(0, nth_of(0, n), w.piece);
	return w.side[1].all >= w.enough;
}

static bool all_open(struct pair *p)
{
	(void)p;
	return w.side[0].opened == w.streams && w.side[1].opened == w.streams;
}

static void open_all(const uint32_t *priorities, size_t n)
{
	for (size_t i = 0; i < n; i++)
		create(0, priorities[i]);
	w.streams = n;
	assert_true(pair_run(&w.p, 10 * SECOND, all_open));
}

static void check_shares(const uint32_t *priorities, size_t n, uint64_t bytes)
{
	const struct side *to = &w.side[1];
	uint64_t got[THOUSAND / 2], all = 0, sum = 0;

	w.enough = to->all + 2000000; /* those that began first are ahead */
	assert_true(pair_run(&w.p, 60 * SECOND, filled_until_enough));
	for (size_t i = 0; i < n; i++)
		got[i] = to->bytes[nth_of(0, i)];
	w.enough = to->all + bytes;
	assert_true(pair_run(&w.p, 60 * SECOND, filled_until_enough));
	for (size_t i = 0; i < n; i++) {
		got[i] = to->bytes[nth_of(0, i)] - got[i];
		all += got[i];
		sum += priorities[i];
	}
	for (size_t i = 0; i < n; i++) {
		const double share = (double)got[i] / (double)all;
		const double due = (double)priorities[i] / (double)sum;
		print_message("priority %u: %.2f %% of the bytes, due %.2f %%\n", priorities[i],
			      100 * share, 100 * due);
		assert_true(share > 0.97 * due && share < 1.03 * due);
	}
}

static void channels_share_by_their_priorities(void **state)
{
	static const uint32_t priorities[] = { TAUT_PRIORITY_VERY_LOW, TAUT_PRIORITY_LOW,
					       TAUT_PRIORITY_MEDIUM, TAUT_PRIORITY_HIGH };

	(void)state;
	begin(1);
	open_all(priorities, TT_COUNT(priorities));
	w.piece = PIECE;
	check_shares(priorities, TT_COUNT(priorities), 6000000);
	pair_free(&w.p);
}

static bool told_the_priorities(const uint32_t *said, size_t n)
{
	for (int i = 0; i < 2; i++)
		for (size_t k = 0; k < n; k++) {
			const struct taut_channel_info *c = taut_pc_channel_info(
				w.p.peers[i].pc, w.side[i].channel[nth_of(0, k)]);
			if (c->priority != (said[k] ? said[k] : TAUT_PRIORITY_LOW))
				return false;
		}
	return true;
}

static void both_ends_know_a_priority(void **state)
{
	static const uint32_t said[] = { 0, 1, TAUT_PRIORITY_HIGH, 65535 };
	const struct taut_data_channel_init bad = { .size = sizeof bad, .priority = 65536 };
	taut_channel ch;

	(void)state;
	begin(2);
	open_all(said, TT_COUNT(said));
	assert_true(told_the_priorities(said, TT_COUNT(said)));
	assert_int_equal(taut_pc_create_data_channel(w.p.peers[0].pc, w.p.sim.now, &bad, &ch),
			 TAUT_E_INVAL);
	pair_free(&w.p);
}

static bool small_one_came(struct pair *p)
{
	(void)filled_until_enough(p);
	return w.side[1].messages[nth_of(0, w.streams)] > 0;
}

/* Three others send messages of 256 KiB without end, each with eight times its priority. */
static void a_small_message_is_behind_no_large_one(void **state)
{
	static const uint32_t priorities[] = { TAUT_PRIORITY_HIGH, TAUT_PRIORITY_HIGH,
					       TAUT_PRIORITY_HIGH, TAUT_PRIORITY_VERY_LOW };

	(void)state;
	begin(3);
	open_all(priorities, TT_COUNT(priorities));
	w.streams = 3;
	w.piece = WHOLE;
	w.enough = 1500000;
	assert_true(pair_run(&w.p, 60 * SECOND, filled_until_enough));
	w.enough = UINT64_MAX;
	taut_time most = 0;
	for (unsigned n = 0; n < 5; n++) {
		const taut_time from = w.p.sim.now;
		w.side[1].messages[nth_of(0, 3)] = 0;
		assert_int_equal(say(0, nth_of(0, 3), 100), TAUT_OK);
		assert_true(pair_run(&w.p, SECOND, small_one_came));
		most = tt_max64(most, w.p.sim.now - from);
	}
	print_message("%.1f ms at most, where the way takes 10\n", (double)most / MS);
	assert_true(most <= 31 * MS); /* it may wait a round trip for the window to open */
	pair_free(&w.p);
}

/* ---- a thousand ---- */

static bool a_thousand_echoed(struct pair *p)
{
	(void)p;
	for (size_t n = 0; n < THOUSAND; n++)
		if (w.side[opener_of(n)].messages[n] == 0)
			return false;
	return true;
}

static bool a_thousand_closed(struct pair *p)
{
	(void)p;
	return w.side[0].closed == THOUSAND && w.side[1].closed == THOUSAND;
}

static void open_a_thousand(void)
{
	for (int n = 0; n < THOUSAND; n++)
		create(n % 2, 0);
	w.streams = THOUSAND;
	assert_true(pair_run(&w.p, 30 * SECOND, all_open));
}

/* Half of them opened by each end: each carries a message there and back, and all close. Then there is as much memory out as
 * before, but for what a slot takes. */
static void a_thousand_channels_open_carry_and_close(void **state)
{
	(void)state;
	begin(4);
	for (int round = 0; round < 2; round++) {
		memset(w.side, 0, sizeof w.side);
		open_a_thousand();
		w.echo = true;
		for (size_t n = 0; n < THOUSAND; n++)
			assert_int_equal(say(opener_of(n), n, 1 + n), TAUT_OK);
		assert_true(pair_run(&w.p, 30 * SECOND, a_thousand_echoed));
		for (size_t n = 0; n < THOUSAND; n++) {
			assert_int_equal(w.side[0].bytes[n], 1 + n);
			assert_int_equal(w.side[1].bytes[n], 1 + n);
			const int closer = (int)(n / 2 % 2);
			assert_int_equal(taut_pc_close_channel(w.p.peers[closer].pc, w.p.sim.now,
							       w.side[closer].channel[n]),
					 TAUT_OK);
		}
		assert_true(pair_run(&w.p, 60 * SECOND, a_thousand_closed));
	}
	pair_free(&w.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(channels_share_by_their_priorities),
		cmocka_unit_test(both_ends_know_a_priority),
		cmocka_unit_test(a_small_message_is_behind_no_large_one),
		cmocka_unit_test(a_thousand_channels_open_carry_and_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
