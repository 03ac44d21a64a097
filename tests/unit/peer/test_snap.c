/* test_snap.c - a=sctp-init: which of what a peer says is used, and what is said to it. */
#define _GNU_SOURCE
#include "two.h"

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/num.h"
#include "base/wr.h"
#include "taut/drop.h"

enum { LONGEST = 768, HEADER = 20 };

static taut_pc *new_pc(taut_env *env)
{
	const struct taut_config cfg = { .size = sizeof cfg, .sctp_snap = 1 };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

/* An INIT of len octets: behind the fixed part a parameter to be skipped, of no padding. */
static size_t init_of(uint8_t *out, size_t len)
{
	struct wr w = wr_make(out, len);

	wr_u16(&w, 0x0100), wr_u16(&w, (uint16_t)len);
	wr_u32(&w, 0x11223344), wr_u32(&w, 100000), wr_u16(&w, 10), wr_u16(&w, 10),
		wr_u32(&w, 1000);
	if (len > HEADER) {
		wr_u16(&w, 0x8123), wr_u16(&w, (uint16_t)(len - HEADER));
		wr_zeros(&w, len - HEADER - 4);
	}
	assert_int_equal(wr_len(&w), len);
	return len;
}

/* The offer with this in the place of what it says of SCTP. */
static char *offer_with(const char *offer, const char *said)
{
	const char *at = strstr(offer, "a=sctp-init:"), *rest = at ? strstr(at, "\r\n") : NULL;
	char *out = NULL;

	assert_non_null(rest);
	assert_true(asprintf(&out, "%.*sa=sctp-init:%s%s", (int)(at - offer), offer, said, rest) >
		    0);
	return out;
}

/* Whether it is answered with one of ours. Either way there is an answer. */
static bool is_used(taut_pc *pc, const char *offer, const char *said)
{
	char *sdp = offer_with(offer, said);

	take(pc, TAUT_SDP_OFFER, sdp);
	const char *answer = local(pc);
	free(sdp);
	assert_non_null(strstr(answer, "m=application"));
	return strstr(answer, "a=sctp-init:") != NULL;
}

static void a_chunk_of_any_length_up_to_768_octets_is_used(void **state)
{
	static const struct {
		size_t len;
		const char *tail; /* how its text ends */
		bool used;
	} rows[] = {
		{ HEADER, "=", true },        { 24, "", true },
		{ 28, "==", true },           { 32, "=", true },
		{ LONGEST - 4, "=", true },   { LONGEST, "", true },
		{ LONGEST + 1, "==", false }, { LONGEST + 12, "", false },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		uint8_t init[LONGEST + 12];
		char said[2 * sizeof init];
		void *both;

		set_up(&both);
		struct two *t = both;
		add_channel(t->a);
		const size_t len = init_of(init, rows[i].len);
		EVP_EncodeBlock((unsigned char *)said, init, (int)len);
		const size_t tail = strlen(rows[i].tail);
		assert_string_equal(said + strlen(said) - tail, rows[i].tail);
		assert_true(said[strlen(said) - tail - 1] != '=');
		assert_int_equal(is_used(t->b, local(t->a), said), rows[i].used);
		assert_int_equal(taut_pc_drop_count(t->b, TAUT_DROP_SCTP_INIT_MALFORMED),
				 !rows[i].used);
		tear_down(&both);
	}
}

/* What is no chunk is dropped, what is no base64 not even that: it was left out of the description. */
static void what_cannot_be_used_costs_no_call(void **state)
{
	static const struct {
		const char *said;
		unsigned dropped;
	} rows[] = {
		{ "AAAA", 1 }, { "AA==", 1 }, { "AQAAFA==", 1 }, { "", 0 },
		{ "====", 0 }, { "AAA", 0 },  { "A===", 0 },     { "AA=A", 0 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		void *both;

		set_up(&both);
		struct two *t = both;
		add_channel(t->a);
		assert_false(is_used(t->b, local(t->a), rows[i].said));
		assert_int_equal(taut_pc_drop_count(t->b, TAUT_DROP_SCTP_INIT_MALFORMED),
				 rows[i].dropped);
		tear_down(&both);
	}
}

static void both_say_it_where_both_may(void **state)
{
	struct two *t = *state;

	add_channel(t->a);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	const char *answer = local(t->b);
	assert_non_null(strstr(answer, "a=sctp-init:"));
	take(t->a, TAUT_SDP_ANSWER, answer);
	assert_int_equal(taut_pc_drop_count(t->a, TAUT_DROP_SCTP_INIT_MALFORMED), 0);
	assert_non_null(strstr(local(t->a), "a=sctp-init:")); /* once more, as it was agreed on */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chunk_of_any_length_up_to_768_octets_is_used),
		cmocka_unit_test(what_cannot_be_used_costs_no_call),
		cmocka_unit_test_setup_teardown(both_say_it_where_both_may, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
