/* test_priority.c - who sends next, and how much: weighted fair queueing, RFC 8260 section 3.6. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "sctp/tx/sctp_queue.h"

enum { STREAMS = 40, DEEP = 8, CHUNK = 1000, SCALE = 65536, SMALL = 1024 };

static struct tt_env env;
static struct sctp_queue q;
static uint32_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static void begin(bool interleaved, size_t share)
{
	seed = 1;
	tt_env_init(&env, NULL);
	tt_sctp_queue_init(&q, &env, 2000, SIZE_MAX / 2);
	q.interleaved = interleaved;
	q.share = share;
}

static void finish(void)
{
	tt_sctp_queue_clear(&q);
	assert_int_equal(env.memory, 0);
}

static void say(uint16_t stream, uint32_t id, size_t len, uint16_t weight)
{
	static uint8_t bytes[70000];
	const struct tt_sctp_send_options opt = { .weight = weight };

	assert_in_range(len, 1, sizeof bytes);
	const struct taut_piece piece = { bytes, len };
	assert_int_equal(tt_sctp_queue_add(&q, stream, id, &opt, 0,
					   &(struct tt_sctp_body){ &piece, 1, len, NULL, NULL }),
			 0);
}

static struct sctp_message *next(void)
{
	uint64_t dropped = 0;

	return tt_sctp_queue_next(&q, 0, true, &dropped);
}

/* The next chunk: how long it is. */
static size_t cut(struct sctp_message *m, size_t most)
{
	const size_t len = tt_min(most, m->len - m->cut);

	tt_sctp_queue_cut(&q, m, len);
	tt_sctp_queue_release(&q, m);
	return len;
}

/* ---- against a model that looks at each ---- */

struct model_message {
	uint32_t id;
	size_t len, cut;
};

struct model_stream {
	struct model_message waiting[DEEP];
	size_t count;
	uint64_t tag, lead;
	uint32_t since;
	uint16_t weight;
	bool is_new, held, sealed;
};

static struct model {
	struct model_stream s[STREAMS];
	uint64_t last, now, latest;
	uint32_t came;
	int current;
} model;

static size_t model_begun(void)
{
	size_t sum = 0;

	for (int i = 0; i < STREAMS; i++)
		sum += model.s[i].count > 0 && model.s[i].waiting[0].cut > 0
			       ? model.s[i].waiting[0].len
			       : 0;
	return sum;
}

static bool model_in(const struct model_stream *s)
{
	return s->count > 0 && !s->sealed;
}

static int model_first(bool held)
{
	int best = -1;

	for (int i = 0; i < STREAMS; i++) {
		const struct model_stream *s = &model.s[i];
		const struct model_stream *b = best < 0 ? s : &model.s[best];
		if (model_in(s) && s->held == held &&
		    (best < 0 || s->tag < b->tag || (s->tag == b->tag && s->is_new > b->is_new) ||
		     (s->tag == b->tag && s->is_new == b->is_new && s->since < b->since)))
			best = i;
	}
	return best;
}

static bool model_share(int i)
{
	const struct model_message *m = &model.s[i].waiting[0];
	const size_t begun = model_begun();

	return !q.interleaved || m->cut > 0 || m->len <= SMALL || begun == 0 ||
	       (begun < q.share && m->len <= q.share - begun);
}

static int model_next(void)
{
	for (;;) {
		const int held = model_first(true), first = model_first(false);
		if (model.current >= 0)
			return model.current;
		if (held >= 0 && model_share(held))
			return held;
		if (first < 0)
			return -1;
		const struct model_message *m = &model.s[first].waiting[0];
		if (model_share(first) &&
		    (held < 0 || m->cut > 0 || m->len <= SMALL || !q.interleaved))
			return first;
		model.s[first].held = true;
	}
}

/* It has come into the round. */
static void model_join(struct model_stream *s)
{
	if (s->tag <= model.now) {
		s->tag = model.last;
		s->lead = model.now - model.last;
	}
	s->since = model.came++;
	s->is_new = true;
}

/* Perhaps nobody is left. */
static void model_settle(void)
{
	for (int i = 0; i < STREAMS; i++)
		if (model_in(&model.s[i]))
			return;
	model.now = model.last = model.latest;
}

static void model_shift(struct model_stream *s)
{
	for (size_t k = 1; k < s->count; k++)
		s->waiting[k - 1] = s->waiting[k];
	s->count--;
	s->held = false;
	model_settle();
}

static void model_cut(int i, size_t len)
{
	struct model_stream *s = &model.s[i];
	const size_t size = (q.interleaved ? 20 : 16) + (len + 3) / 4 * 4;

	s->held = false;
	if (model.current < 0) {
		model.last = s->tag;
		model.now = tt_max(model.now, s->tag);
	}
	s->tag += s->lead;
	s->lead = 0;
	s->tag += size * SCALE / s->weight;
	s->since = model.came++;
	s->is_new = false;
	model.latest = tt_max(model.latest, s->tag);
	s->waiting[0].cut += len;
	model.current = s->waiting[0].cut < s->waiting[0].len && !q.interleaved ? i : -1;
	if (s->waiting[0].cut == s->waiting[0].len)
		model_shift(s);
}

static void both_say(uint32_t id)
{
	static const uint16_t weights[] = { 1, 128, 256, 512, 1024, 65535 };
	const uint16_t i = (uint16_t)draw(STREAMS), weight = weights[draw(TT_COUNT(weights))];
	struct model_stream *s = &model.s[i];
	const size_t len = 1 + draw(draw(2) ? 900 : 9000);

	if (s->count == DEEP)
		return;
	s->weight = weight;
	s->waiting[s->count++] = (struct model_message){ .id = id, .len = len };
	if (s->count == 1 && !s->sealed)
		model_join(s);
	say(i, id, len, weight);
}

static void both_cut(void)
{
	struct sctp_message *m = next();
	const int i = model_next();

	assert_int_equal(m ? m->stream : -1, i);
	if (!m)
		return;
	assert_int_equal(m->ppid, model.s[i].waiting[0].id);
	model_cut(i, cut(m, 1 + draw(1200)));
}

static void both_give_up(void)
{
	const uint16_t i = (uint16_t)draw(STREAMS);
	struct model_stream *s = &model.s[i];

	if (s->count == 0)
		return;
	model.current = model.current == i ? -1 : model.current;
	model_shift(s);
	struct sctp_message *m = q.streams[i].head;
	tt_sctp_queue_give_up(&q, m);
	tt_sctp_queue_release(&q, m);
}

/* As a reset does: it waits until nothing is queued, and what is said meanwhile waits for its end. */
static void both_seal(void)
{
	const uint16_t i = (uint16_t)draw(STREAMS);
	struct model_stream *s = &model.s[i];

	if (i >= q.count || (!s->sealed && s->count > 0))
		return;
	s->sealed = !s->sealed;
	if (s->sealed) {
		q.streams[i].sealed = true;
		return;
	}
	s->tag = model.now;
	s->lead = 0;
	if (s->count > 0)
		model_join(s);
	tt_sctp_queue_unseal(&q, i, true);
}

static void turns_are_those_of_a_model_that_looks_at_each(void **state)
{
	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++) {
		begin(interleaved, 20000);
		memset(&model, 0, sizeof model);
		model.current = -1;
		for (int i = 0; i < STREAMS; i++)
			model.s[i].weight = 256;
		for (uint32_t n = 0; n < 200000; n++) {
			const uint32_t what = draw(1000);
			/* the backlog grows, and goes */
			if (what < (n / 5000 % 2 ? 150u : 400u))
				both_say(n);
			else if (what < 980)
				both_cut();
			else if (what < 990)
				both_give_up();
			else
				both_seal();
			assert_int_equal(q.begun, model_begun());
		}
		finish();
	}
}

/* ---- what it is for ---- */

/* So many chunks, while each stream always has three messages: who got how many bytes? */
static void run_backlogged(const uint16_t *weights, size_t streams, size_t len, unsigned chunks,
			   uint64_t *got)
{
	for (uint16_t i = 0; i < streams; i++)
		for (int k = 0; k < 3; k++)
			say(i, 0, len, weights[i]);
	for (unsigned n = 0; n < chunks; n++) {
		struct sctp_message *m = next();
		assert_non_null(m);
		const uint16_t stream = m->stream;
		got[stream] += cut(m, CHUNK);
		if (!q.streams[stream].head || !q.streams[stream].head->next)
			say(stream, 0, len, weights[stream]);
	}
}

static void who_always_has_something_gets_a_share_by_weight(void **state)
{
	static const uint16_t weights[] = { 128, 256, 512, 1024, 256 };
	static const size_t lengths[] = { 10, 1000, 16000, 65536 };
	enum { N = TT_COUNT(weights), SUM = 128 + 256 + 512 + 1024 + 256 };

	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++)
		for (size_t k = 0; k < TT_COUNT(lengths); k++)
			for (size_t share = 100000; share < 10000000; share *= 10) {
				uint64_t got[N] = { 0 }, all = 0;
				begin(interleaved, share);
				run_backlogged(weights, N, lengths[k], 60000, got);
				for (size_t i = 0; i < N; i++)
					all += got[i];
				for (size_t i = 0; i < N; i++) /* within one part in fifty */
					assert_in_range(got[i] * SUM * 50 / (all * weights[i]), 49,
							51);
				finish();
			}
}

static void the_lightest_gets_its_part_beside_the_heaviest(void **state)
{
	static const uint16_t weights[] = { 65535, 1 };
	uint64_t got[2] = { 0 };

	(void)state;
	begin(true, 1000000);
	run_backlogged(weights, 2, 100, 300000, got);
	assert_in_range(got[1], 400, 600); /* one message of 100 bytes in 65,535 */
	finish();
}

static void equals_take_turns_in_the_order_they_came(void **state)
{
	static const uint16_t came[] = { 3, 0, 4, 1, 2 };

	(void)state;
	begin(true, 1000000);
	for (size_t i = 0; i < TT_COUNT(came); i++)
		say(came[i], 0, 50000, 0);
	for (size_t n = 0; n < 250; n++) {
		struct sctp_message *m = next();
		assert_int_equal(m->stream, came[n % TT_COUNT(came)]);
		(void)cut(m, CHUNK);
	}
	assert_null(next());
	finish();
}

/* Stream 0 had all there was for long; neither does the other make up for it, nor does the first owe anything. */
static void to_have_been_silent_earns_nothing(void **state)
{
	(void)state;
	for (int empty = 0; empty < 2; empty++) { /* does the round end in between? */
		uint64_t got[2] = { 0 };
		begin(true, 1000000);
		say(1, 0, 1000, 0);
		(void)cut(next(), CHUNK);
		run_backlogged((const uint16_t[]){ 256 }, 1, 50000, 5000, got);
		for (struct sctp_message *m; empty && (m = next()) != NULL;)
			(void)cut(m, CHUNK);
		got[0] = 0;
		run_backlogged((const uint16_t[]){ 256, 256 }, 2, 50000, 100, got);
		assert_int_equal(got[0], got[1]);
		finish();
	}
}

/* After a whole message of 60 chunks, which goes by itself without interleaving, the round ends. */
static void nobody_owes_for_what_was_sent_alone(void **state)
{
	(void)state;
	begin(false, 0);
	say(0, 0, 60000, 128);
	while (next())
		(void)cut(next(), CHUNK);
	say(0, 0, 1000, 128);
	say(1, 0, 1000, 128);
	say(1, 0, 1000, 128);
	assert_int_equal(next()->stream, 0);
	finish();
}

/* Stream 0 is always busy, so that the round never ends. The lightest channel on stream 1 has its turns, ends, and the
 * stream is reset for another one. */
static void who_has_a_stream_anew_does_not_owe_for_who_had_it(void **state)
{
	static const uint16_t weights[] = { 256, 1 };
	uint64_t got[2] = { 0 };

	(void)state;
	begin(true, 1000000);
	run_backlogged(weights, 2, 1000, 15000, got);
	assert_in_range(got[1], 50000, 70000);
	while (q.streams[1].head) {
		struct sctp_message *m = next();
		const uint16_t stream = m->stream;
		(void)cut(m, CHUNK);
		if (stream == 0)
			say(0, 0, 1000, 256);
	}
	q.streams[1].sealed = true;
	tt_sctp_queue_unseal(&q, 1, true);
	say(1, 0, 1000, 1024);
	assert_int_equal(next()->stream, 1);
	(void)cut(next(), CHUNK);

	q.streams[1].sealed = true;
	tt_sctp_queue_unseal(&q, 1, true);
	got[0] = got[1] = 0;
	run_backlogged((const uint16_t[]){ 0, 0 }, 2, 1000, 1000, got); /* the weight is not kept, either */
	assert_in_range(got[1], 490000, 510000);
	finish();
}

/* What is said while the reset is under way is the new one's. */
static void a_weight_that_was_said_before_the_reset_was_done_stays(void **state)
{
	static const uint16_t weights[] = { 0, 0 };
	uint64_t got[2] = { 0 };

	(void)state;
	begin(true, 1000000);
	assert_non_null(tt_sctp_queue_stream(&q, 1));
	q.streams[1].sealed = true;
	say(1, 0, 1000, 1024);
	tt_sctp_queue_unseal(&q, 1, true);
	run_backlogged(weights, 2, 1000, 1000, got);
	assert_in_range(got[1] * 100 / got[0], 390, 410);
	finish();
}

/* A thousand others have much to send. */
static void a_message_on_a_silent_stream_is_next(void **state)
{
	static const uint16_t weights[1000];
	static uint64_t got[1000];

	(void)state;
	for (uint16_t weight = 128; weight <= 1024; weight *= 2) {
		begin(true, 1000000);
		run_backlogged(weights, 1000, 16000, 5500, got);
		say(1000, 7, 100, weight);
		assert_int_equal(next()->stream, 1000);
		(void)cut(next(), CHUNK);
		finish();
	}
}

/* It needs three quarters of what may be begun; ten others would always take that. */
static void the_largest_message_begins_at_last(void **state)
{
	bool begun = false;

	(void)state;
	begin(true, 20000);
	for (uint16_t i = 0; i < 10; i++)
		say(i, 0, 3000, 1024);
	say(20, 0, 15000, 128);
	for (unsigned n = 0; n < 1000 && !begun; n++) {
		struct sctp_message *m = next();
		const uint16_t stream = m->stream;
		begun = stream == 20;
		(void)cut(m, CHUNK);
		if (stream != 20 && !q.streams[stream].head)
			say(stream, 0, 3000, 1024);
	}
	assert_true(begun);
	finish();
}

/* Stream 1 has begun all that may be, and 2 has to wait until that is through. Stream 3 has small messages and 4 has
 * had nothing to send until then: it is next, and then they take turns. */
static void who_comes_when_one_that_was_held_back_begins_has_no_more_than_others(void **state)
{
	uint64_t got[5] = { 0 };

	(void)state;
	begin(true, 20000);
	say(1, 0, 20000, 256);
	(void)cut(next(), CHUNK);
	say(2, 0, 20000, 256);
	say(3, 0, 500, 256);
	for (struct sctp_message *m = next(); m->stream != 2; m = next()) {
		const uint16_t stream = m->stream;
		(void)cut(m, CHUNK);
		if (stream == 3)
			say(3, 0, 500, 256);
	}
	assert_int_equal(q.streams[1].buffered, 0);
	(void)cut(next(), CHUNK);
	for (int k = 0; k < 20; k++) {
		say(3, 0, 500, 256);
		say(4, 0, 500, 256);
	}
	assert_int_equal(next()->stream, 4);
	while (got[3] + got[4] < 20 * 500) {
		struct sctp_message *m = next();
		const uint16_t stream = m->stream;
		got[stream] += cut(m, CHUNK);
	}
	assert_in_range(got[3], got[4] - 500, got[4] + 500);
	finish();
}

static void tags_wrap(void **state)
{
	static const uint16_t weights[] = { 128, 512 };
	uint64_t got[2] = { 0 };

	(void)state;
	begin(true, 1000000);
	q.round.now = q.round.last = q.round.latest = 0u - (uint64_t)SCALE * 10000;
	q.round.came = 0u - 1000;
	assert_non_null(tt_sctp_queue_stream(&q, 1));
	q.round.turns[0].tag = q.round.turns[1].tag = q.round.now - 1000;
	run_backlogged(weights, 2, 5000, 20000, got);
	assert_true(q.round.now < UINT64_MAX / 2);
	assert_in_range(got[1] * 100 / got[0], 396, 404);
	finish();
}

/* Stream 1 had one turn, so long ago that the difference is no number with a sign any more, or that the clock has gone
 * round. */
static void a_tag_of_long_ago_is_not_of_the_future(void **state)
{
	static const uint64_t ago[] = { INT64_MAX, (uint64_t)1 << 63, ((uint64_t)1 << 63) + 12345,
					(uint64_t)3 << 62, 0u - (uint64_t)SCALE, UINT64_MAX };

	(void)state;
	for (size_t k = 0; k < TT_COUNT(ago); k++) {
		begin(true, 1000000);
		say(1, 0, 1000, 0);
		(void)cut(next(), CHUNK);
		say(0, 0, 50000, 0);
		(void)cut(next(), CHUNK);
		q.round.now += ago[k];
		q.round.last += ago[k];
		q.round.latest += ago[k];
		q.round.turns[0].tag += ago[k];
		say(1, 0, 1000, 0);
		for (int n = 0; n < 2 && next()->stream != 1; n++)
			(void)cut(next(), CHUNK);
		assert_int_equal(next()->stream, 1);
		finish();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(turns_are_those_of_a_model_that_looks_at_each),
		cmocka_unit_test(who_always_has_something_gets_a_share_by_weight),
		cmocka_unit_test(the_lightest_gets_its_part_beside_the_heaviest),
		cmocka_unit_test(equals_take_turns_in_the_order_they_came),
		cmocka_unit_test(to_have_been_silent_earns_nothing),
		cmocka_unit_test(nobody_owes_for_what_was_sent_alone),
		cmocka_unit_test(who_has_a_stream_anew_does_not_owe_for_who_had_it),
		cmocka_unit_test(a_weight_that_was_said_before_the_reset_was_done_stays),
		cmocka_unit_test(a_message_on_a_silent_stream_is_next),
		cmocka_unit_test(the_largest_message_begins_at_last),
		cmocka_unit_test(
			who_comes_when_one_that_was_held_back_begins_has_no_more_than_others),
		cmocka_unit_test(tags_wrap),
		cmocka_unit_test(a_tag_of_long_ago_is_not_of_the_future),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
