/* Transport-wide feedback: vectors read, arrivals written and read back. */
#include "unit/rtp/rtp_support.h"

#include "base/drop.h"
#include "base/num.h"
#include "rtcp/rtcp_packet.h"
#include "rtcp/rtcp_twcc.h"

static void check_vector(const json_t *want, const uint8_t *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	struct tt_rtcp one;
	struct tt_rtcp_feedback f;
	struct tt_twcc_reader t;
	struct tt_twcc_status s;
	const char *symbols = rtp_text(want, "symbols");
	const json_t *deltas = json_object_get(want, "deltas_us");
	size_t n = 0, d = 0;

	assert_int_equal(tt_rtcp_check(pkt, len), TT_TAKEN);
	assert_true(tt_rtcp_next(&r, &one));
	tt_rtcp_read_feedback(&one, &f);
	tt_twcc_begin(&t, f.fci);
	assert_int_equal(f.sender, rtp_int(want, "sender_ssrc"));
	assert_int_equal(f.media, rtp_int(want, "media_ssrc"));
	assert_int_equal(t.base, rtp_int(want, "base_seq"));
	assert_int_equal(t.count, rtp_int(want, "status_count"));
	assert_int_equal(t.reference, rtp_int(want, "reference_time_64ms"));
	assert_int_equal(t.feedback, rtp_int(want, "fb_pkt_count"));
	for (; tt_twcc_next(&t, &s); n++) {
		if (strlen(symbols) == t.count)
			assert_int_equal(s.received, symbols[n] != '0');
		if (s.has_delta)
			assert_int_equal(s.delta_us, json_integer_value(json_array_get(deltas, d++)));
	}
	assert_int_equal(n, t.count);
	assert_int_equal(d, json_array_size(deltas));
}

static void every_vector_reads_as_expected(void **state)
{
	json_t *root = rtp_vectors("rtcp"), *v;
	size_t i, checked = 0;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		const json_t *want = json_object_get(v, "expected");

		/* symbol 3, padding counted wrong and a count of 0 are refused here */
		if (strcmp(rtp_text(v, "name"), "twcc-pion-example3") == 0 ||
		    strcmp(rtp_text(v, "name"), "twcc-pion-example5") == 0 ||
		    !json_object_get(want, "base_seq") || rtp_int(want, "status_count") == 0 ||
		    strchr(rtp_text(want, "symbols"), '3'))
			continue;
		size_t len;
		uint8_t *p = rtp_unhex(rtp_text(v, "bytes"), &len);

		check_vector(want, p, len);
		free(p);
		checked++;
	}
	assert_true(checked >= 8);
	json_decref(root);
}

struct seen {
	bool received;
	taut_time at;
};

/* Writes all that is pending and enters what is reported; -1 in base: the first. */
static unsigned drain(struct tt_twcc_arrivals *a, struct seen *seen, size_t max, uint16_t base)
{
	uint8_t buf[1168];
	unsigned packets = 0;

	while (tt_twcc_pending(a)) {
		struct wr w = wr_make(buf, sizeof buf);
		struct rd r;
		struct tt_rtcp one;
		struct tt_rtcp_feedback f;
		struct tt_twcc_reader t;
		struct tt_twcc_status s;

		assert_true(tt_twcc_write(a, &w, 1));
		assert_int_equal(tt_rtcp_check(buf, wr_len(&w)), TT_TAKEN);
		assert_int_equal(wr_len(&w) % 4, 0);
		r = rd_make(buf, wr_len(&w));
		assert_true(tt_rtcp_next(&r, &one));
		tt_rtcp_read_feedback(&one, &f);
		tt_twcc_begin(&t, f.fci);
		assert_int_equal(t.feedback, packets++ & 0xff);
		int64_t ticks = (int64_t)t.reference * 256;

		while (tt_twcc_next(&t, &s)) {
			size_t at = (uint16_t)(s.seq - base);

			if (!s.received)
				continue;
			assert_true(at < max);
			ticks += s.delta_us / TT_TWCC_TICK;
			seen[at] = (struct seen){ true, ticks * TT_TWCC_TICK };
		}
	}
	return packets;
}

/* The deltas of one feedback as a text, or why it is refused. */
static const char *statuses(const char *hex)
{
	static char out[64];
	size_t len, n = 0;
	uint8_t *p = rtp_unhex(hex, &len);
	const struct span fci = { p, len };
	struct tt_twcc_reader t;
	struct tt_twcc_status s;

	const uint32_t why = tt_twcc_check(fci);

	if (why) {
		free(p);
		return tt_drop_text(why);
	}
	tt_twcc_begin(&t, fci);
	while (tt_twcc_next(&t, &s))
		n += (size_t)snprintf(out + n, sizeof out - n, "%s%d", n ? " " : "",
				      s.received ? (int)(s.delta_us / TT_TWCC_TICK) : -9);
	assert_int_equal(t.at, t.count);
	assert_false(tt_twcc_next(&t, &s));
	free(p);
	return out;
}

#define NOTHING "transport feedback about nothing"
#define CHUNKS "transport feedback chunks cut off"
#define SYMBOL "transport feedback with a reserved symbol"
#define DELTAS "transport feedback deltas cut off"

static void chunks_and_deltas_add_up_to_the_count(void **state)
{
	static const struct {
		const char *hex, *want; /* -9: not received */
	} rows[] = {
		{ "0001" "0001" "000000" "00" "2001" "05", "5" },
		{ "0001" "0002" "000000" "00" "0002", "-9 -9" },
		{ "0001" "0001" "000000" "00" "4001" "0100", "256" },
		{ "0001" "0001" "000000" "00" "4001" "7fff", "32767" },
		{ "0001" "0001" "000000" "00" "4001" "8000", "-32768" },
		{ "0001" "0002" "000000" "00" "2001" "2001" "05" "06", "5 6" },
		{ "0001" "0002" "000000" "00" "2000" "2002" "05" "06", "5 6" }, /* a run of none */
		{ "0001" "0003" "000000" "00" "b000" "05" "06", "5 6 -9" },    /* 14 bits */
		{ "0001" "0003" "000000" "00" "d800" "05" "ffff", "5 -1 -9" }, /* 7 symbols of two */
		{ "0001" "0001" "000000" "00" "2001", DELTAS },
		{ "0001" "0001" "000000" "00" "4001" "01", DELTAS },
		{ "0001" "0002" "000000" "00" "2001" "05", CHUNKS },
		{ "0001" "0002" "000000" "00" "2001" "20", CHUNKS }, /* half a chunk */
		{ "0001" "0001" "000000" "00" "6001" "050505", SYMBOL },
		{ "0001" "0001" "000000" "00" "f000" "050505", SYMBOL },
		{ "0001" "0001" "000000" "00" "cc00" "050505", "-9" }, /* 3 behind the count */
		{ "0001" "0002" "000000" "00" "b800" "0505", "5 5" },  /* so do its other deltas */
		{ "0001" "0000" "000000" "00" "2001" "05", NOTHING },
		{ "0001" "0001" "000000" "00", CHUNKS },
		{ "0001" "0001" "000000", "transport feedback cut off" },
		{ "0001" "0001" "000000" "00" "2001" "0500", "5" }, /* what follows is padding */
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		assert_string_equal(statuses(rows[i].hex), rows[i].want);
}

/* A reader of feedback that nobody checked ends as well. */
static void unchecked_feedback_ends_at_its_last_byte(void **state)
{
	static const uint8_t whole[] = { 0, 1, 0, 4, 0x80, 0, 0, 3, 0x20, 2, 0x20, 2, 5, 6, 7, 8 };
	struct tt_twcc_reader t;
	struct tt_twcc_status s;

	(void)state;
	for (size_t n = 0; n <= sizeof whole; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		unsigned received = 0;

		memcpy(exact, whole, n);
		tt_twcc_begin(&t, (struct span){ exact, n });
		while (tt_twcc_next(&t, &s))
			received += s.received;
		assert_int_equal(received, n < 12 ? 0 : n - 12);
		if (n >= 8)
			assert_true(t.reference == -0x800000 && t.feedback == 3);
		free(exact);
	}
}

static void reported_arrivals_are_those_that_happened(void **state)
{
	enum { N = 3000, BASE = 65000 };
	static struct seen want[N], got[N];
	uint64_t seed = 5;
	taut_time at = 123456789;

	(void)state;
	for (unsigned loss = 0; loss < 100; loss += 11) {
		struct tt_env env;
		struct tt_twcc_arrivals a = { .env = &env };

		tt_env_init(&env, NULL);
		memset(want, 0, sizeof want);
		memset(got, 0, sizeof got);
		unsigned packets = 0;
		for (unsigned i = 0; i < N; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			if (i % 1500 == 0 && i > 0) {
				a.feedback = 0;
				packets += drain(&a, got, N, BASE);
			}
			at += (taut_time)(seed >> 40) % (i % 200 == 0 ? 9000000 : 3000);
			if (i > 0 && seed >> 33 & 1 ? (seed >> 34) % 100 < loss : false)
				continue;
			want[i] = (struct seen){ true, at / TT_TWCC_TICK * TT_TWCC_TICK };
			tt_twcc_arrived(&a, (uint16_t)(BASE + i), 7, at);
		}
		a.feedback = 0;
		packets += drain(&a, got, N, BASE);
		assert_true(packets >= 2);
		for (unsigned i = 0; i < N; i++) {
			assert_int_equal(got[i].received, want[i].received);
			assert_true(got[i].at == want[i].at);
		}
		tt_twcc_free(&a);
		assert_int_equal(env.memory, 0);
	}
}

static void a_late_packet_is_reported_after_all(void **state)
{
	static struct seen got[16];
	struct tt_env env;
	struct tt_twcc_arrivals a = { .env = &env };

	(void)state;
	tt_env_init(&env, NULL);
	tt_twcc_arrived(&a, 10, 7, 1000000);
	tt_twcc_arrived(&a, 12, 7, 1001000);
	drain(&a, got, 16, 10);
	assert_false(got[1].received);
	tt_twcc_arrived(&a, 11, 7, 1050000);
	tt_twcc_arrived(&a, 11, 7, 1060000); /* a duplicate */
	a.feedback = 0;
	assert_int_equal(drain(&a, got, 16, 10), 1);
	assert_true(got[1].received && got[1].at == 1050000);
	tt_twcc_free(&a);
}

static void a_jump_of_half_the_space_costs_a_bounded_feedback(void **state)
{
	static struct seen got[65536];
	struct tt_env env;
	struct tt_twcc_arrivals a = { .env = &env };

	(void)state;
	tt_env_init(&env, NULL);
	tt_twcc_arrived(&a, 0, 7, 1000000);
	tt_twcc_arrived(&a, 32000, 7, 1001000);
	assert_true(drain(&a, got, 65536, 0) <= 4);
	assert_true(got[32000].received);
	tt_twcc_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vector_reads_as_expected),
		cmocka_unit_test(chunks_and_deltas_add_up_to_the_count),
		cmocka_unit_test(unchecked_feedback_ends_at_its_last_byte),
		cmocka_unit_test(reported_arrivals_are_those_that_happened),
		cmocka_unit_test(a_late_packet_is_reported_after_all),
		cmocka_unit_test(a_jump_of_half_the_space_costs_a_bounded_feedback),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
