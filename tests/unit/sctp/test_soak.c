/* Everything at once, from seeds: both ends send in every manner on eight streams, reset them and
 * go on at once, read late, answer in batches, over bad links; then one of them leaves. What was
 * promised must hold for every message. */
#include "base/num.h"
#include "unit/sctp/sctp_forge.h"

#define STREAMS 8
#define MAX_EPOCHS 64

struct lane {
	uint32_t epoch; /* resets so far */
	uint32_t sent[MAX_EPOCHS];
	bool resetting;
	uint32_t got_epoch, got; /* by the receiver */
	uint32_t last;           /* index of the last one, ordered */
	uint64_t sum;            /* of indices, unordered */
};

static struct lane lanes[2][STREAMS]; /* by sender */
static uint64_t seed;
static bool reading[2];

static bool is_unordered(uint16_t stream) { return stream & 1; }
static bool is_reliable(uint16_t stream) { return stream < 4; }

static void check(bool ok, const char *what, int from, uint16_t stream)
{
	if (!ok)
		fail_msg("seed %d: %s, from %d on stream %d", (int)seed, what, from, stream);
}

static void on_message(int to, const struct tt_sctp_event *e)
{
	struct lane *l = &lanes[1 - to][e->stream];
	struct rd r = rd_make(e->data, e->len);
	uint32_t epoch = rd_u32(&r), index = rd_u32(&r);

	check(!r.bad && e->unordered == is_unordered(e->stream), "form", 1 - to, e->stream);
	check(epoch == l->got_epoch, "a message of another life", 1 - to, e->stream);
	for (uint8_t c = (uint8_t)index; rd_left(&r) > 0; c++)
		check(rd_u8(&r) == c, "bytes", 1 - to, e->stream);
	l->got++;
	l->sum += index;
	if (!is_unordered(e->stream)) {
		check(index > l->last, "order", 1 - to, e->stream);
		check(!is_reliable(e->stream) || index == l->last + 1, "hole", 1 - to, e->stream);
		l->last = index;
	}
}

static void check_whole(int from, uint16_t stream)
{
	const struct lane *l = &lanes[from][stream];
	uint64_t n = l->sent[l->got_epoch];

	if (!is_reliable(stream))
		return;
	check(l->got == n && l->sum == n * (n + 1) / 2, "not all came", from, stream);
}

static void on_reset_in(int to, uint16_t stream)
{
	struct lane *l = &lanes[1 - to][stream];

	check(l->got_epoch < l->epoch + l->resetting, "a reset not asked for", 1 - to, stream);
	check_whole(1 - to, stream);
	l->got_epoch++;
	l->got = l->last = 0;
	l->sum = 0;
}

static void say(int from, uint16_t stream)
{
	struct lane *l = &lanes[from][stream];
	const struct tt_sctp_send_options opt = {
		.unordered = is_unordered(stream),
		.limit_retransmits = stream == 4 || stream == 5,
		.max_retransmits = stream == 5,
		.lifetime_ms = stream >= 6 ? 60 : 0,
	};
	static uint8_t m[30000];
	const bool large = sim_random(&pair.sim) % 10 == 0;
	size_t len = 8 + sim_random(&pair.sim) % (large ? 29000 : 1500);
	struct wr w = wr_make(m, len);

	uint32_t *sent = &l->sent[l->epoch];

	if (l->resetting)
		return;
	wr_u32(&w, l->epoch);
	wr_u32(&w, *sent + 1);
	for (uint8_t c = (uint8_t)(*sent + 1); wr_left(&w) > 0; c++)
		wr_u8(&w, c);
	if (tt_sctp_send(pair.s[from], pair.sim.now, stream, 53, &opt, m, len) == 0)
		++*sent;
}

static void read_events(int i)
{
	const struct tt_sctp_event *e;

	while (reading[i] && (e = tt_sctp_poll_event(pair.s[i])) != NULL) {
		if (e->type == TT_SCTP_MESSAGE) {
			on_message(i, e);
		} else if (e->type == TT_SCTP_STREAM_RESET_IN) {
			on_reset_in(i, e->stream);
		} else if (e->type == TT_SCTP_STREAM_RESET_OUT) {
			struct lane *l = &lanes[i][e->stream];
			check(e->reason == 0, "reset refused", i, e->stream);
			l->resetting = false;
			l->epoch++;
			assert_true(l->epoch < MAX_EPOCHS);
			say(i, e->stream);
		} else if (e->type == TT_SCTP_CLOSED) {
			pair.closed[i]++;
			pair.reason[i] = e->reason;
		} else {
			check(e->type == TT_SCTP_CONNECTED, "event", i, 0);
			pair.connected[i]++;
		}
	}
}

static void answer(int i)
{
	read_events(i);
	pair_send(&pair, i);
	read_events(i);
}

static void run(taut_time how_long, bool batch)
{
	taut_time end = pair.sim.now + how_long;

	for (;;) {
		answer(0);
		answer(1);
		taut_time next = sim_next(&pair.sim);
		for (int i = 0; i < 2; i++)
			next = tt_min64(next, tt_sctp_deadline(pair.s[i], NULL));
		if (next > end)
			break;
		pair.sim.now = tt_max64(pair.sim.now, next);
		for (struct sim_packet *k; (k = sim_take(&pair.sim)) != NULL; free(k)) {
			pair_recv(&pair, k->to, k->data, k->len);
			if (!batch)
				answer(k->to);
		}
		for (int i = 0; i < 2; i++)
			tt_sctp_tick(pair.s[i], pair.sim.now);
	}
	pair.sim.now = end;
}

static void act(int i)
{
	uint64_t dice = sim_random(&pair.sim);
	uint16_t stream = (uint16_t)(dice >> 8) % STREAMS;
	struct lane *l = &lanes[i][stream];

	if (dice % 40 == 0 && !l->resetting && l->sent[l->epoch] > 0) {
		assert_int_equal(tt_sctp_reset_stream(pair.s[i], pair.sim.now, stream), 0);
		l->resetting = true;
	} else if (dice % 100 == 1) {
		reading[i] = !reading[i];
	} else {
		say(i, stream);
	}
}

static bool is_quiet(void)
{
	bool quiet = true;

	for (int i = 0; i < 2; i++) {
		quiet = quiet && tt_sctp_held(pair.s[i]) == 0;
		for (int k = 0; k < STREAMS; k++)
			quiet = quiet && !lanes[i][k].resetting;
	}
	return quiet;
}

static void play(const struct sim_link *link)
{
	memset(lanes, 0, sizeof lanes);
	pair_init(&pair, seed, link, NULL);
	reading[0] = reading[1] = true;
	tt_sctp_connect(pair.s[0], pair.sim.now);
	if (seed % 2)
		tt_sctp_connect(pair.s[1], pair.sim.now);
	bool batch = seed % 3 == 0;
	for (int n = 0; n < 400; n++) {
		act((int)(sim_random(&pair.sim) % 2));
		run((taut_time)(sim_random(&pair.sim) % 20000), batch);
	}
	reading[0] = reading[1] = true;
	for (int n = 0; n < 3000 && !is_quiet(); n++)
		run(SECOND / 10, batch);
	check(is_quiet(), "never comes to rest", 0, 0);
	run(SECOND, batch);
	for (int i = 0; i < 2; i++)
		for (uint16_t k = 0; k < STREAMS; k++)
			check_whole(i, k);
	for (int i = 0; i < 2; i++)
		if (seed & 1u << i || seed % 4 == 0)
			tt_sctp_shutdown(pair.s[i], pair.sim.now);
	run(100 * (taut_time)SECOND, batch);
	check(pair.closed[0] == 1 && pair.closed[1] == 1, "does not end", 0, 0);
	pair_free(&pair);
}

static void what_was_promised_holds_whatever_happens(void **state)
{
	static const struct sim_link links[] = {
		{ .delay = 10000 },
		{ .delay = 10000, .jitter = 8000, .reorder = 50 },
		{ .delay = 10000, .loss = 50, .duplicate = 50 },
		{ .delay = 30000, .loss = 150, .jitter = 20000, .duplicate = 20, .corrupt = 10 },
	};

	(void)state;
	for (seed = 1; seed <= 96; seed++)
		play(&links[seed % TT_COUNT(links)]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_promised_holds_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
