/* Every bit of what ends a handshake, flipped: the record of Finished, which is the first under the new keys. */
#include "pair.h"

enum {
	SEED = 5,
	RECORD_HEADER = 13,
	AT_ONCE =
		4, /* after eight that it cannot open, an association looks at no more before its timer */
};

struct datagram {
	int to;
	size_t len, finished; /* where the record of Finished begins; len: nowhere */
	uint8_t data[1500];
};

static struct datagram tape[16];
static size_t count;

static size_t finished_in(const uint8_t *data, size_t len)
{
	size_t at = 0;

	while (at + RECORD_HEADER <= len &&
	       !(data[at] == 22 && data[at + 3] == 0 && data[at + 4] == 1))
		at += RECORD_HEADER + ((size_t)data[at + 11] << 8 | data[at + 12]);
	return tt_min(at, len);
}

static void begin(struct pair *p)
{
	pair_init(p, SEED, NULL);
	pair_teach_both(p);
	pair_start(p);
}

/* What both send, in the order in which it comes; the same seed says the same again. */
static void record(void)
{
	struct pair p;
	uint8_t buf[1500];
	size_t n;

	begin(&p);
	count = 0;
	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < 2; i++)
			while ((n = tt_dtls_poll_send(p.d[i], p.sim.now, buf, sizeof buf)) > 0) {
				assert_true(count < TT_COUNT(tape));
				struct datagram *d = &tape[count++];
				*d = (struct datagram){ .to = !i,
							.len = n,
							.finished = finished_in(buf, n) };
				memcpy(d->data, buf, n);
				tt_dtls_recv(p.d[!i], p.sim.now, buf, n);
				more = true;
			}
	}
	pair_free(&p);
}

static void give(struct pair *p, int to, const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len);

	assert_non_null(exact);
	memcpy(exact, data, len);
	tt_dtls_recv(p->d[to], p->sim.now, exact, len);
	free(exact);
	pair_events(p, to);
}

static size_t replies(struct pair *p, int who)
{
	uint8_t buf[1500];
	size_t n = 0;

	while (tt_dtls_poll_send(p->d[who], p->sim.now, buf, sizeof buf) > 0)
		n++;
	return n;
}

/* It is dropped: nothing is sent for it, nothing has ended, nothing is up. */
static void assert_nothing_of(struct pair *p, const struct datagram *d, size_t bit)
{
	const size_t len = d->len - d->finished;
	uint8_t bad[1500];

	memcpy(bad, d->data + d->finished, len);
	bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
	give(p, d->to, bad, len);
	if (replies(p, d->to) > 0 || p->connected[d->to] || p->failed[d->to] || p->closed[d->to])
		fail_msg("bit %zu of the Finished to %d was heard", bit, d->to);
}

static void flip(size_t k, size_t first)
{
	const struct datagram *d = &tape[k];
	struct pair p;

	begin(&p);
	for (size_t i = 0; i < k; i++) {
		give(&p, tape[i].to, tape[i].data, tape[i].len);
		replies(&p, 0);
		replies(&p, 1);
	}
	if (d->finished > 0)
		give(&p, d->to, d->data, d->finished);
	assert_false(p.connected[d->to]);
	for (size_t bit = first; bit < first + AT_ONCE; bit++)
		assert_nothing_of(&p, d, bit);
	give(&p, d->to, d->data + d->finished, d->len - d->finished);
	assert_true(p.connected[d->to]);
	pair_free(&p);
}

static void a_flipped_bit_of_finished_changes_nothing(void **state)
{
	size_t found[2] = { 0 };

	(void)state;
	record();
	for (size_t k = 0; k < count; k++)
		if (tape[k].finished < tape[k].len) {
			found[tape[k].to]++;
			for (size_t i = 0; i < 8 * (tape[k].len - tape[k].finished); i += AT_ONCE)
				flip(k, i);
		}
	assert_int_equal(found[0], 1);
	assert_int_equal(found[1], 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_flipped_bit_of_finished_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
