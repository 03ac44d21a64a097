/* SRTP and SRTCP both ways: round trips, vectors, forgery, replay, floods. HOSTILE C01 to C07. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/hmac_sha1.h"
#include "base/num.h"
#include "base/wr.h"
#include "srtp/srtp.h"
#include "srtp/srtp_state.h"
#include "support/sim.h"

/* Every test runs each way. */
static const struct way {
	uint32_t backend;
	uint16_t profile;
} ways[] = {
	{ TAUT_SRTP_TAUT, TT_SRTP_PROFILE_AES128_CM_SHA1_80 },
	{ TAUT_SRTP_TAUT, TT_SRTP_PROFILE_AES128_CM_SHA1_32 },
	{ TAUT_SRTP_TAUT, TT_SRTP_PROFILE_AEAD_AES_128_GCM },
	{ TAUT_SRTP_TAUT, TT_SRTP_PROFILE_AEAD_AES_256_GCM },
	{ TAUT_SRTP_LIBSRTP, TT_SRTP_PROFILE_AES128_CM_SHA1_80 },
	{ TAUT_SRTP_LIBSRTP, TT_SRTP_PROFILE_AES128_CM_SHA1_32 },
	{ TAUT_SRTP_LIBSRTP, TT_SRTP_PROFILE_AEAD_AES_128_GCM },
	{ TAUT_SRTP_LIBSRTP, TT_SRTP_PROFILE_AEAD_AES_256_GCM },
};
static struct way way;

struct ends {
	struct sim sim;
	struct tt_srtp *a, *b; /* what a protects, b takes off, and back */
};

static void ends_init(struct ends *e)
{
	const struct tt_srtp_config cfg = { .backend = way.backend };
	const uint16_t profile = way.profile;
	struct tt_srtp_keys k = { .profile = profile }, back;

	sim_init(&e->sim, 1, NULL);
	tt_random(&e->sim.env[0], &k.local, sizeof k.local);
	tt_random(&e->sim.env[0], &k.remote, sizeof k.remote);
	back = (struct tt_srtp_keys){ .profile = profile, .local = k.remote, .remote = k.local };
	assert_int_equal(tt_srtp_new(&e->a, &e->sim.env[0], &k, &cfg), TAUT_OK);
	assert_int_equal(tt_srtp_new(&e->b, &e->sim.env[1], &back, &cfg), TAUT_OK);
}

static void ends_free(struct ends *e)
{
	tt_srtp_free(e->a);
	tt_srtp_free(e->b);
	assert_int_equal(e->sim.env[0].memory + e->sim.env[1].memory, 0);
	sim_free(&e->sim);
}

static size_t rtp(uint8_t *buf, size_t cap, uint16_t seq, uint32_t ssrc, size_t payload)
{
	struct wr w = wr_make(buf, cap);

	wr_u8(&w, 0x80);
	wr_u8(&w, 96);
	wr_u16(&w, seq);
	wr_u32(&w, 3000u * seq);
	wr_u32(&w, ssrc);
	for (size_t i = 0; i < payload; i++)
		wr_u8(&w, (uint8_t)i);
	return wr_len(&w);
}

static size_t rtcp(uint8_t *buf, size_t cap, uint32_t ssrc)
{
	struct wr w = wr_make(buf, cap);

	wr_u32(&w, 0x80c90001); /* an empty receiver report */
	wr_u32(&w, ssrc);
	return wr_len(&w);
}

static void what_one_end_protects_the_other_reads(void **state)
{
	(void)state;
	struct ends e;
	uint8_t plain[1200], buf[1300];

	ends_init(&e);
	for (uint16_t seq = 1; seq < 200; seq++) {
		const size_t len = rtp(plain, sizeof plain, seq, 42, seq * 5u);
		memcpy(buf, plain, len);
		int n = tt_srtp_protect_rtp(e.a, 0, buf, len, len + TT_SRTP_RTP_TAIL);
		assert_int_equal(n, len + tt_srtp_tail(e.a));
		assert_memory_equal(buf, plain, 12);
		assert_memory_not_equal(buf + 12, plain + 12, (size_t)n - 12);
		n = tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n);
		assert_int_equal(n, len);
		assert_memory_equal(buf, plain, len);
	}
	for (int k = 0; k < 20; k++) {
		const size_t len = rtcp(plain, sizeof plain, 43);
		memcpy(buf, plain, len);
		int n = tt_srtp_protect_rtcp(e.b, 0, buf, len, len + TT_SRTP_RTCP_TAIL);
		assert_int_equal(n, len + (tt_srtp_tail(e.b) == 16 ? 16 : 10) + 4);
		n = tt_srtp_unprotect_rtcp(e.a, 0, buf, (size_t)n);
		assert_int_equal(n, len);
		assert_memory_equal(buf, plain, len);
	}
	assert_int_equal(tt_srtp_counters(e.a)->unprotected_packets, 20);
	assert_int_equal(tt_srtp_counters(e.b)->unprotected_packets, 199);
	ends_free(&e);
}

static void every_flipped_bit_is_refused_and_nothing_changes(void **state)
{
	(void)state;
	for (int control = 0; control < 2; control++) {
		struct ends e;
		uint8_t good[200], bad[200];

		ends_init(&e);
		size_t len = control ? rtcp(good, 100, 9) : rtp(good, 100, 1000, 9, 30);
		int n = control ? tt_srtp_protect_rtcp(e.a, 0, good, len, sizeof good)
				: tt_srtp_protect_rtp(e.a, 0, good, len, sizeof good);
		assert_true(n > 0);
		for (size_t bit = 0; bit < 8 * (size_t)n; bit++) {
			memcpy(bad, good, (size_t)n);
			bad[bit / 8] ^= (uint8_t)(1u << bit % 8);
			assert_true((control ? tt_srtp_unprotect_rtcp(e.b, 0, bad, (size_t)n)
					     : tt_srtp_unprotect_rtp(e.b, 0, bad, (size_t)n)) < 0);
		}
		assert_int_equal(tt_srtp_counters(e.b)->unprotected_packets, 0);
		assert_true(tt_srtp_counters(e.b)->auth_failed > 100);
		assert_true((control ? tt_srtp_unprotect_rtcp(e.b, 0, good, (size_t)n)
				     : tt_srtp_unprotect_rtp(e.b, 0, good, (size_t)n)) == (int)len);
		ends_free(&e);
	}
}

static void every_length_of_junk_is_refused(void **state)
{
	(void)state;
	struct ends e;

	ends_init(&e);
	for (size_t len = 0; len <= 80; len++)
		for (unsigned first = 0; first < 256; first++) {
			uint8_t *exact = malloc(len ? len : 1);
			assert_non_null(exact);
			memset(exact, 0xff, len ? len : 1);
			/* CC up to 15, X with a length of ffff, other versions */
			exact[0] = (uint8_t)first;
			assert_true(tt_srtp_unprotect_rtp(e.b, 0, exact, len) < 0);
			exact[0] = (uint8_t)first;
			assert_true(tt_srtp_unprotect_rtcp(e.b, 0, exact, len) < 0);
			free(exact);
		}
	ends_free(&e);
}

static void truncated_packets_are_refused(void **state)
{
	(void)state;
	struct ends e;
	uint8_t good[300];

	ends_init(&e);
	const size_t len = rtp(good, sizeof good, 5, 1, 100);
	const int n = tt_srtp_protect_rtp(e.a, 0, good, len, sizeof good);
	assert_true(n > 0);
	for (size_t cut = 0; cut < (size_t)n; cut++) {
		uint8_t *exact = malloc(cut ? cut : 1);
		assert_non_null(exact);
		memcpy(exact, good, cut);
		assert_true(tt_srtp_unprotect_rtp(e.b, 0, exact, cut) < 0);
		free(exact);
	}
	ends_free(&e);
}

static void a_packet_is_delivered_once_even_shuffled_within_the_window(void **state)
{
	enum { N = 1000 };
	static uint8_t sent[N][64];
	static unsigned order[2 * N];
	struct ends e;
	uint8_t buf[64];
	unsigned got = 0;
	int n = 0;

	(void)state;
	ends_init(&e);
	for (unsigned i = 0; i < N; i++) {
		const size_t len = rtp(sent[i], 64, (uint16_t)(65000 + i / 2), 100 + i % 2, 10);
		n = tt_srtp_protect_rtp(e.a, 0, sent[i], len, 64);
		assert_true(n > 0);
		order[2 * i] = order[2 * i + 1] = i;
	}
	for (unsigned i = 2 * N - 1; i > 0;
	     i--) { /* Fisher and Yates, but the first stays in front */
		const unsigned j = 1 + (unsigned)(sim_random(&e.sim) % i), t = order[i];
		order[i] = order[j];
		order[j] = t;
	}
	for (unsigned i = 0; i < 2 * N; i++) {
		memcpy(buf, sent[order[i]], (size_t)n);
		if (tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n) > 0)
			got++;
	}
	assert_int_equal(got, N);
	assert_int_equal(tt_srtp_counters(e.b)->replayed, N);
	ends_free(&e);
}

/* RFC 3711 section 9.1: two packets under one index give away the XOR of their contents. */
static void no_sequence_number_is_protected_twice(void **state)
{
	(void)state;
	struct ends e;
	uint8_t buf[2000];

	ends_init(&e);
	for (uint16_t seq = 2000; seq < 4000; seq++)
		assert_true(tt_srtp_protect_rtp(e.a, 0, buf, rtp(buf, sizeof buf, seq, 1, 20),
						sizeof buf) > 0);
	/* the last one, one within the window, and a sender that starts anew */
	static const uint16_t again[] = { 3999, 3900, 2000, 500 };
	for (size_t k = 0; k < TT_COUNT(again); k++)
		assert_int_equal(tt_srtp_protect_rtp(e.a, 0, buf,
						     rtp(buf, sizeof buf, again[k], 1, 30),
						     sizeof buf),
				 TT_SRTP_E_REPLAY);
	assert_true(tt_srtp_protect_rtp(e.a, 0, buf, rtp(buf, sizeof buf, 4000, 1, 20),
					sizeof buf) > 0);
	ends_free(&e);
}

static void the_65537th_packet_continues_where_sequence_numbers_wrap(void **state)
{
	struct ends e;
	uint8_t buf[64];

	(void)state;
	ends_init(&e);
	for (unsigned i = 0; i < 400; i++) {
		const size_t len = rtp(buf, sizeof buf, (uint16_t)(65400 + i), 5, 8);
		const int n = tt_srtp_protect_rtp(e.a, 0, buf, len, sizeof buf);
		if (i % 7 != 3)
			assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n), len);
	}
	ends_free(&e);
}

static struct tt_srtp_own *own_of(const struct tt_srtp *s)
{
	assert_int_equal(way.backend, TAUT_SRTP_TAUT);
	return s->me;
}

static struct tt_srtp_stream *stream_of(struct tt_srtp_side *side, uint32_t ssrc)
{
	struct tt_srtp_stream *x = tt_srtp_streams_find(&side->streams, ssrc);

	assert_non_null(x);
	return x;
}

/* RFC 3711 section 9.2: a key protects 2^48 packets of RTP and 2^31 of RTCP of a source. The next one would
 * begin its key stream anew. */
static void where_the_indices_end_nothing_is_protected_or_taken_any_more(void **state)
{
	const uint64_t begun = UINT64_C(0xffffffff) << 16 | 65000;
	uint8_t buf[128];
	struct ends e;

	(void)state;
	if (way.backend != TAUT_SRTP_TAUT)
		return; /* whose state is not ours to wind up */
	ends_init(&e);
	struct tt_srtp_own *a = own_of(e.a), *b = own_of(e.b);
	int n = tt_srtp_protect_rtp(e.a, 0, buf, rtp(buf, sizeof buf, 65000, 5, 8), sizeof buf);
	assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n), 20);
	stream_of(&a->out, 5)->top = stream_of(&b->in, 5)->top = begun;
	for (uint32_t seq = 65001; seq <= 65535; seq++) {
		n = tt_srtp_protect_rtp(e.a, 0, buf, rtp(buf, sizeof buf, (uint16_t)seq, 5, 8),
					sizeof buf);
		assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n), 20);
	}
	assert_true(stream_of(&b->in, 5)->top == (UINT64_C(1) << 48) - 1);
	assert_int_equal(
		tt_srtp_protect_rtp(e.a, 0, buf, rtp(buf, sizeof buf, 0, 5, 8), sizeof buf),
		TT_SRTP_E_REFUSED);
	assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, rtp(buf, sizeof buf, 0, 5, 60)),
			 TT_SRTP_E_REFUSED);
	assert_true(stream_of(&b->in, 5)->top == (UINT64_C(1) << 48) - 1);

	stream_of(&a->out, 5)->rtcp_top = (UINT64_C(1) << 31) - 1;
	n = tt_srtp_protect_rtcp(e.a, 0, buf, rtcp(buf, sizeof buf, 5), sizeof buf);
	assert_int_equal(tt_srtp_unprotect_rtcp(e.b, 0, buf, (size_t)n), 8);
	assert_int_equal(stream_of(&b->in, 5)->rtcp_top, INT32_MAX);
	assert_int_equal(tt_srtp_protect_rtcp(e.a, 0, buf, rtcp(buf, sizeof buf, 5), sizeof buf),
			 TT_SRTP_E_REFUSED);
	ends_free(&e);
}

static void more_ssrcs_than_the_ceiling_cost_no_more_memory(void **state)
{
	struct ends e;
	uint8_t buf[64], first[64];

	(void)state;
	ends_init(&e);
	for (uint32_t i = 0; i < 1000; i++) {
		const size_t len = rtp(buf, sizeof buf, 1, 1000 + i, 8);
		const int n = tt_srtp_protect_rtp(e.a, 0, buf, len, sizeof buf);
		if (i == 0)
			memcpy(first, buf, sizeof first);
		assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n), len);
		if (i == 100) {
			memcpy(buf, first, sizeof buf);
			assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n),
					 TT_SRTP_E_REPLAY);
		}
	}
	assert_int_equal(tt_srtp_counters(e.b)->ssrcs_evicted, 1000 - TT_SRTP_SSRC_MAX);
	assert_true(tt_srtp_unprotect_rtp(e.b, 0, first, 20 + tt_srtp_tail(e.b)) >
		    0); /* forgotten, window and all */
	ends_free(&e);
}

/* Someone leaves and someone comes, for hours, while one speaks all the time. */
static void a_stream_that_goes_on_outlives_300_that_came_and_went(void **state)
{
	struct ends e;
	uint8_t buf[64];
	uint16_t seq = 65000;

	(void)state;
	ends_init(&e);
	for (uint32_t i = 0; i < 300; i++) {
		for (int k = 0; k < 4;
		     k++) { /* over the wrap: a forgotten rollover counter is fatal */
			const size_t len = rtp(buf, sizeof buf, seq++, 1, 8);
			const int n = tt_srtp_protect_rtp(e.a, 0, buf, len, sizeof buf);

			assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n), len);
		}
		const size_t len = rtp(buf, sizeof buf, 1, 1000 + i, 8);
		const int n = tt_srtp_protect_rtp(e.a, 0, buf, len, sizeof buf);
		assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n), len);
	}
	assert_int_equal(tt_srtp_counters(e.b)->ssrcs_evicted, 301 - TT_SRTP_SSRC_MAX);
	ends_free(&e);
}

/* A peer that renegotiates without end makes us send from ever new sources. */
static void sources_of_ours_have_a_ceiling_and_the_first_one_goes_on(void **state)
{
	struct ends e;
	uint8_t buf[64];

	(void)state;
	ends_init(&e);
	for (uint32_t i = 0; i < TT_SRTP_SENT_MAX + 10; i++) {
		const int n = tt_srtp_protect_rtp(e.a, 0, buf, rtp(buf, sizeof buf, 1, 1 + i, 8),
						  sizeof buf);

		if (i < TT_SRTP_SENT_MAX)
			assert_true(n > 0);
		else
			assert_int_equal(n, TT_SRTP_E_REFUSED);
	}
	assert_true(tt_srtp_protect_rtp(e.a, 0, buf, rtp(buf, sizeof buf, 2, 1, 8), sizeof buf) >
		    0);
	assert_int_equal(
		tt_srtp_protect_rtcp(e.a, 0, buf, rtcp(buf, sizeof buf, 999999), sizeof buf),
		TT_SRTP_E_REFUSED);
	ends_free(&e);
}

static void no_room_is_an_error_and_leaves_the_packet(void **state)
{
	(void)state;
	struct ends e;
	uint8_t buf[64], before[64];

	ends_init(&e);
	size_t len = rtp(buf, sizeof buf, 1, 1, 10);
	memcpy(before, buf, len);
	assert_int_equal(tt_srtp_protect_rtp(e.a, 0, buf, len, len + tt_srtp_tail(e.a) - 1),
			 TT_SRTP_E_ROOM);
	assert_memory_equal(buf, before, len);
	len = rtcp(buf, sizeof buf, 1);
	assert_int_equal(tt_srtp_protect_rtcp(e.a, 0, buf, len, len + tt_srtp_tail(e.a) + 3),
			 TT_SRTP_E_ROOM);
	assert_int_equal(tt_srtp_protect_rtp(e.a, 0, buf, 11, sizeof buf), TT_SRTP_E_MALFORMED);
	ends_free(&e);
}

static int protect(struct ends *e, bool control, uint8_t *buf, size_t len, size_t cap)
{
	return control ? tt_srtp_protect_rtcp(e->a, 0, buf, len, cap)
		       : tt_srtp_protect_rtp(e->a, 0, buf, len, cap);
}

static int unprotect(struct ends *e, bool control, uint8_t *buf, size_t len)
{
	return control ? tt_srtp_unprotect_rtcp(e->b, 0, buf, len)
		       : tt_srtp_unprotect_rtp(e->b, 0, buf, len);
}

static void the_longest_packet_has_65535_octets_on_either_way(void **state)
{
	static uint8_t buf[65536 + TT_SRTP_RTCP_TAIL];
	struct ends e;
	(void)state;

	ends_init(&e);
	for (int control = 0; control < 2; control++) {
		memset(buf, 0, sizeof buf);
		if (control)
			rtcp(buf, sizeof buf, 7);
		else
			rtp(buf, sizeof buf, 1, 7, 0);
		assert_int_equal(protect(&e, control, buf, 65536, sizeof buf), TT_SRTP_E_MALFORMED);
		const int whole = protect(&e, control, buf, 65535, sizeof buf);
		const size_t tail = (size_t)whole - 65535;
		assert_in_range(tail, 4, TT_SRTP_RTCP_TAIL);
		assert_int_equal(unprotect(&e, control, buf, (size_t)whole), TT_SRTP_E_MALFORMED);
		assert_int_equal(unprotect(&e, control, buf, 65536), TT_SRTP_E_MALFORMED);
		memset(buf, 0, sizeof buf);
		if (control)
			rtcp(buf, sizeof buf, 7);
		else
			rtp(buf, sizeof buf, 2, 7, 0);
		assert_int_equal(protect(&e, control, buf, 65535 - tail, sizeof buf), 65535);
		assert_int_equal(unprotect(&e, control, buf, 65535), 65535 - tail);
	}
	ends_free(&e);
}

/* RFC 3550 section 5.1. With a tag behind it, so that what is refused is the header. */
static void a_header_that_runs_over_the_end_is_malformed_either_way(void **state)
{
	static const struct {
		uint8_t first;
		size_t payload; /* octets behind the fixed header */
		uint8_t behind[8];
		bool fine;
	} headers[] = {
		{ 0x80, 0, { 0 }, true },           { 0x00, 0, { 0 }, false },
		{ 0x40, 0, { 0 }, false },          { 0xc0, 0, { 0 }, false },
		{ 0x82, 8, { 0 }, true },           { 0x82, 7, { 0 }, false },
		{ 0x8f, 59, { 0 }, false },         { 0x90, 4, { 0, 0, 0, 0 }, true },
		{ 0x90, 3, { 0, 0, 0 }, false },    { 0x90, 8, { 0, 0, 0, 1 }, true },
		{ 0x90, 7, { 0, 0, 0, 1 }, false }, { 0x91, 11, { 0, 0, 0, 1, 0, 0, 0, 1 }, false },
	};
	struct ends e;
	(void)state;

	ends_init(&e);
	for (size_t i = 0; i < TT_COUNT(headers); i++) {
		uint8_t buf[128] = { 0 };
		const size_t len = rtp(buf, sizeof buf, (uint16_t)(i + 1), 9, headers[i].payload);
		buf[0] = headers[i].first;
		memset(buf + 12, 0, headers[i].payload);
		memcpy(buf + 12, headers[i].behind, tt_min(headers[i].payload, 8));
		const int n = tt_srtp_protect_rtp(e.a, 0, buf, len, sizeof buf);
		if (headers[i].fine) {
			assert_int_equal(n, len + tt_srtp_tail(e.a));
			assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, (size_t)n), len);
			continue;
		}
		assert_int_equal(n, TT_SRTP_E_MALFORMED);
		assert_int_equal(tt_srtp_unprotect_rtp(e.b, 0, buf, len + tt_srtp_tail(e.b)),
				 TT_SRTP_E_MALFORMED);
	}
	ends_free(&e);
}

static void other_profiles_are_refused(void **state)
{
	struct tt_srtp *s;
	struct sim sim;

	(void)state;
	sim_init(&sim, 1, NULL);
	assert_int_equal(tt_srtp_new(&s, &sim.env[0], &(struct tt_srtp_keys){ .profile = 0 }, NULL),
			 TAUT_E_INVAL);
	assert_int_equal(tt_srtp_new(&s, &sim.env[0], &(struct tt_srtp_keys){ .profile = 5 }, NULL),
			 TAUT_E_INVAL);
	assert_null(s);
	assert_int_equal(sim.env[0].memory, 0);
	sim_free(&sim);
}

/* RFC 3711 section 3.3.2, of SRTCP: the last 128 indices, each once. */
static void a_report_is_delivered_once_and_within_the_window(void **state)
{
	enum { N = 130 };
	static uint8_t sent[N][64];
	(void)state;
	struct ends e;
	uint8_t buf[64];
	int n = 0;

	ends_init(&e);
	for (int i = 0; i < N; i++) {
		n = tt_srtp_protect_rtcp(e.a, 0, sent[i], rtcp(sent[i], 64, 43), 64);
		assert_true(n > 0);
	}
	static const struct {
		int index;
		bool taken;
	} rows[] = {
		{ 0, true },    { 0, false },   { 128, true }, { 127, true },
		{ 128, false }, { 127, false }, { 1, true },   { 1, false },
		{ 0, false },   { 129, true },  { 2, true },   { 1, false },
	};
	uint64_t refused = 0;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		memcpy(buf, sent[rows[i].index], 64);
		const int got = tt_srtp_unprotect_rtcp(e.b, 0, buf, (size_t)n);
		assert_int_equal(got, rows[i].taken ? 8 : TT_SRTP_E_REPLAY);
		refused += !rows[i].taken;
	}
	assert_int_equal(tt_srtp_counters(e.b)->replayed, refused);
	ends_free(&e);
}

/* Section 3.4: who has the key may leave it in the clear, and is not heard. */
static void an_authentic_report_in_the_clear_is_refused(void **state)
{
	(void)state;
	struct ends e;
	uint8_t buf[64], tag[TT_SHA1_LEN];

	if (way.backend != TAUT_SRTP_TAUT || way.profile == TT_SRTP_PROFILE_AEAD_AES_128_GCM ||
	    way.profile == TT_SRTP_PROFILE_AEAD_AES_256_GCM)
		return; /* there the bit decides what is authenticated, RFC 7714 section 9.3 */
	ends_init(&e);
	for (unsigned clear = 0; clear < 2; clear++) {
		const size_t len = rtcp(buf, sizeof buf, 43);
		const int n = tt_srtp_protect_rtcp(e.a, 0, buf, len, sizeof buf);
		assert_int_equal(n, len + 4 + 10);
		assert_int_equal(buf[len] & 0x80, 0x80);
		buf[len] &= clear ? 0x7f : 0xff;
		tt_hmac_sha1(&own_of(e.a)->out.rtcp.hmac, buf, len + 4, NULL, 0, tag);
		memcpy(buf + len + 4, tag, 10);
		assert_int_equal(tt_srtp_unprotect_rtcp(e.b, 0, buf, (size_t)n),
				 clear ? TT_SRTP_E_REFUSED : (int)len);
	}
	assert_int_equal(own_of(e.b)->in.streams.list[0].rtcp_top,
			 0); /* its index is not used up */
	ends_free(&e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_end_protects_the_other_reads),
		cmocka_unit_test(every_flipped_bit_is_refused_and_nothing_changes),
		cmocka_unit_test(every_length_of_junk_is_refused),
		cmocka_unit_test(truncated_packets_are_refused),
		cmocka_unit_test(a_packet_is_delivered_once_even_shuffled_within_the_window),
		cmocka_unit_test(no_sequence_number_is_protected_twice),
		cmocka_unit_test(the_65537th_packet_continues_where_sequence_numbers_wrap),
		cmocka_unit_test(where_the_indices_end_nothing_is_protected_or_taken_any_more),
		cmocka_unit_test(more_ssrcs_than_the_ceiling_cost_no_more_memory),
		cmocka_unit_test(a_stream_that_goes_on_outlives_300_that_came_and_went),
		cmocka_unit_test(sources_of_ours_have_a_ceiling_and_the_first_one_goes_on),
		cmocka_unit_test(no_room_is_an_error_and_leaves_the_packet),
		cmocka_unit_test(the_longest_packet_has_65535_octets_on_either_way),
		cmocka_unit_test(a_header_that_runs_over_the_end_is_malformed_either_way),
		cmocka_unit_test(other_profiles_are_refused),
		cmocka_unit_test(a_report_is_delivered_once_and_within_the_window),
		cmocka_unit_test(an_authentic_report_in_the_clear_is_refused),
	};

	int failed = 0;

	for (size_t i = 0; i < TT_COUNT(ways); i++) {
		char name[80];

		way = ways[i];
		(void)snprintf(name, sizeof name, "%s, %s", tt_srtp_backend_name(way.backend),
			       tt_srtp_profile_name(way.profile));
		failed |= cmocka_run_group_tests_name(name, tests, NULL, NULL);
	}
	return failed;
}
