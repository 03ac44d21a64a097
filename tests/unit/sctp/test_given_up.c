/* Reliable messages beside such as may be given up, on the same streams: RFC 3758 and RFC 8260. W3C's channels
 * have one reliability each, but their OPEN is reliable whatever they are. */
#include "unit/sctp/sctp_pair.h"

#define STREAMS  8
#define MESSAGES 300
#define RELIABLE 0x10000u

static struct pair pair;
static uint64_t seed;
static unsigned reliable_sent[2];

static bool is_unordered(uint16_t stream)
{
	return stream % 4 == 3;
}

static void check(bool ok, const char *what, int to, uint32_t n)
{
	if (!ok)
		fail_msg("seed %d%s: %s, to %d, number %u", (int)seed,
			 pair_interleaves ? " interleaved" : "", what, to, (unsigned)n);
}

/* Half of them are reliable; the others are sent once, three times, or for 60 ms. */
static void say(int from, uint32_t n)
{
	const uint16_t stream = (uint16_t)(sim_random(&pair.sim) % STREAMS);
	const bool reliable = n == MESSAGES - 1 || sim_random(&pair.sim) % 2;
	const unsigned kind = n % 3;
	const struct tt_sctp_send_options opt = {
		.unordered = is_unordered(stream),
		.limit_retransmits = !reliable && kind < 2,
		.max_retransmits = kind == 1 ? 2 : 0,
		.lifetime_ms = !reliable && kind == 2 ? 60 : 0,
	};
	const size_t len = 4 + sim_random(&pair.sim) % (n % 10 == 0 ? 20000 : 3000);

	assert_int_equal(pair_number(&pair, from, stream, n | (reliable ? RELIABLE : 0), len, &opt),
			 0);
	reliable_sent[from] += reliable;
}

static bool has_come_to_rest(void)
{
	return tt_sctp_held(pair.s[0]) == 0 && tt_sctp_held(pair.s[1]) == 0;
}

/* All that are reliable, and each once; whatever comes is in order where it was asked for. */
static void check_log(int to)
{
	static bool seen[MESSAGES];
	uint32_t last[STREAMS] = { 0 };
	unsigned reliable = 0;

	memset(seen, 0, sizeof seen);
	for (size_t i = 0; i < pair.count[to]; i++) {
		const struct logged *l = &pair.log[to][i];
		const uint32_t n = l->first & ~RELIABLE;
		check(n < MESSAGES && !seen[n], "twice, or never sent", to, n);
		seen[n] = true;
		reliable += (l->first & RELIABLE) != 0;
		check(l->unordered || n + 1 > last[l->stream], "order", to, n);
		last[l->stream] = l->unordered ? 0 : n + 1;
	}
	check(reliable == reliable_sent[1 - to], "reliable ones are missing", to, reliable);
}

static void play(const struct sim_link *link)
{
	memset(reliable_sent, 0, sizeof reliable_sent);
	pair_init(&pair, seed, link, NULL);
	pair_connect(&pair);
	for (uint32_t n = 0; n < MESSAGES; n++) {
		say(0, n);
		say(1, n);
		pair_run(&pair, (taut_time)(sim_random(&pair.sim) % 8000));
	}
	for (int n = 0; n < 600 && !has_come_to_rest(); n++)
		pair_run(&pair, SECOND);
	check(has_come_to_rest(), "never comes to rest", 0, 0);
	pair_run(&pair, SECOND);
	for (int i = 0; i < 2; i++) {
		check(pair.closed[i] == 0, "ended", i, 0);
		check(tt_sctp_count(pair.s[i]).abandoned > 0, "gave up nothing", i, 0);
		check_log(i);
	}
	pair_free(&pair);
}

static void what_is_given_up_takes_no_reliable_message_of_its_stream_along(void **state)
{
	const struct sim_link bad = {
		.delay = 15000, .jitter = 8000, .loss = 100, .reorder = 50, .duplicate = 20
	};

	(void)state;
	for (seed = 1; seed <= 10; seed++)
		for (int kind = 0; kind < 2; kind++) {
			pair_interleaves = kind;
			play(&bad);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_given_up_takes_no_reliable_message_of_its_stream_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
