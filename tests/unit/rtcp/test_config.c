/* What a session is told about its streams: what makes no sense is refused and changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "rtcp/rtp_session.h"
#include "support/refuse.h"
#include "support/sim.h"

struct world {
	struct sim sim;
	struct tt_rtp_session *s;
};

static void begin(struct world *w)
{
	sim_init(&w->sim, 1, NULL);
	assert_int_equal(tt_rtp_session_new(&w->s, &w->sim.env[0], NULL, w->sim.now), TAUT_OK);
}

static void end(struct world *w)
{
	tt_rtp_session_free(w->s);
	assert_int_equal(w->sim.env[0].memory, 0);
	sim_free(&w->sim);
}

static int refusing_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 5, len);
	return refuse_now() ? -1 : 0;
}

static void a_session_that_makes_no_sense_is_none(void **state)
{
	static const char longest[] =
		"0123456789012345678901234567890123456789012345678901234567890123"
		"0123456789012345678901234567890123456789012345678901234567890123"
		"0123456789012345678901234567890123456789012345678901234567890123"
		"0123456789012345678901234567890123456789012345678901234567890123";
	const struct tt_rtp_session_config bad[] = {
		{ .cname = longest },   { .first_sequence = 0x10000 }, { .burst_every = -1 },
		{ .max_packet = 1099 }, { .max_packet = 100000 },
	};
	const struct tt_rtp_session_config good = { .cname = "c",
						    .first_sequence = 0xffff,
						    .burst_packets = 3,
						    .burst_every = 1000,
						    .max_packet = 1100 };
	struct tt_rtp_session *s = NULL;
	struct sim sim;
	(void)state;

	sim_init(&sim, 1, NULL);
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		assert_int_equal(tt_rtp_session_new(&s, &sim.env[0], &bad[i], 0), TAUT_E_INVAL);
	assert_null(s);
	assert_int_equal(tt_rtp_session_new(&s, &sim.env[0], &good, 0), TAUT_OK);
	tt_rtp_session_free(s);
	tt_rtp_session_free(NULL);
	assert_int_equal(sim.env[0].memory, 0);
	sim_free(&sim);
}

static void a_session_without_random_numbers_is_none(void **state)
{
	struct tt_rtp_session *s = NULL;
	struct sim sim;
	long rounds = 0;
	(void)state;

	sim_init(&sim, 1, NULL);
	sim.env[0].random = refusing_random;
	REFUSE_EACH
	{
		const int rc = tt_rtp_session_new(&s, &sim.env[0], NULL, 0);
		assert_int_equal(rc, refuse_failed() ? TAUT_E_CRYPTO : TAUT_OK);
		if (rc != TAUT_OK)
			assert_int_equal(sim.env[0].memory, 0);
		rounds++;
	}
	assert_int_equal(rounds, 3); /* an SSRC, a CNAME, and neither */
	tt_rtp_session_free(s);
	sim_free(&sim);
}

/* ---- senders ---- */

static const struct tt_rtp_sender_config video = { .stream = 1,
						   .kind = TAUT_VIDEO,
						   .codec = TT_RTP_CODEC_VP8,
						   .clock_rate = 90000,
						   .ssrc = 10,
						   .rtx_ssrc = 11,
						   .payload_type = 96,
						   .rtx_payload_type = 97 };

/* The sender above with one field changed. */
#define SENDER(...)                                                                                \
	(&(struct tt_rtp_sender_config){ .stream = 1,                                              \
					 .kind = TAUT_VIDEO,                                       \
					 .codec = TT_RTP_CODEC_VP8,                                \
					 .clock_rate = 90000,                                      \
					 .ssrc = 10,                                               \
					 .rtx_ssrc = 11,                                           \
					 .payload_type = 96,                                       \
					 .rtx_payload_type = 97,                                   \
					 __VA_ARGS__ })

static int set(struct world *w, const struct tt_rtp_sender_config *cfg)
{
	return tt_rtp_session_set_sender(w->s, w->sim.now, cfg);
}

/* The changed field is there twice, and the second counts. */
#if defined __clang__
#pragma clang diagnostic ignored "-Winitializer-overrides"
#else
#pragma GCC diagnostic ignored "-Woverride-init"
#endif

static void a_sender_that_makes_no_sense_is_refused(void **state)
{
	const struct tt_rtp_sender_config *const bad[] = {
		SENDER(.stream = 0),
		SENDER(.kind = 0),
		SENDER(.kind = 3),
		SENDER(.mid = "this one is longer than a mid may be"),
		SENDER(.payload_type = 64),
		SENDER(.payload_type = 95),
		SENDER(.payload_type = 128),
		SENDER(.rtx_payload_type = 72),
		SENDER(.event_payload_type = 110), /* keys of a telephone beside pictures */
		SENDER(.kind = TAUT_AUDIO, .codec = TT_RTP_CODEC_OPUS, .event_payload_type = 72),
		SENDER(.clock_rate = 999),
		SENDER(.clock_rate = 192001),
		SENDER(.ext.mid = 15),
		SENDER(.ext.rid = 15),
		SENDER(.ext.repaired_rid = 15),
		SENDER(.ext.transport_cc = 15),
		SENDER(.ext.audio_level = 15),
		SENDER(.ext.abs_send_time = 15),
		SENDER(.ssrc = 0),
		SENDER(.ssrc = 11),
	};
	struct world w;
	(void)state;

	begin(&w);
	const size_t before = w.sim.env[0].memory;
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		assert_int_equal(set(&w, bad[i]), TAUT_E_INVAL);
	assert_int_equal(set(&w, SENDER(.codec = TT_RTP_CODEC_OPUS)), TAUT_E_UNSUPPORTED);
	assert_int_equal(set(&w, SENDER(.kind = TAUT_AUDIO)), TAUT_E_UNSUPPORTED);
	assert_int_equal(w.sim.env[0].memory, before);
	assert_int_equal(set(&w, &video), TAUT_OK);
	end(&w);
}

static void ssrcs_of_senders_differ(void **state)
{
	struct world w;
	(void)state;

	begin(&w);
	assert_int_equal(set(&w, &video), TAUT_OK);
	assert_int_equal(set(&w, SENDER(.stream = 2, .ssrc = 10, .rtx_ssrc = 0)), TAUT_E_INVAL);
	assert_int_equal(set(&w, SENDER(.stream = 2, .ssrc = 11, .rtx_ssrc = 0)), TAUT_E_INVAL);
	assert_int_equal(set(&w, SENDER(.stream = 2, .ssrc = 20, .rtx_ssrc = 10)), TAUT_E_INVAL);
	assert_int_equal(set(&w, SENDER(.stream = 2, .ssrc = 20, .rtx_ssrc = 11)), TAUT_E_INVAL);
	assert_int_equal(set(&w, SENDER(.stream = 2, .ssrc = 20, .rtx_ssrc = 0)), TAUT_OK);
	assert_int_equal(set(&w, SENDER(.stream = 3, .ssrc = 30, .rtx_ssrc = 0)), TAUT_OK);
	/* changed: other parameters of the same, another ssrc, another kind */
	assert_int_equal(set(&w, SENDER(.payload_type = 100)), TAUT_OK);
	assert_int_equal(set(&w, SENDER(.ssrc = 12)), TAUT_OK);
	assert_int_equal(set(&w, SENDER(.ssrc = 12, .kind = TAUT_AUDIO, .codec = TT_RTP_CODEC_OPUS,
					.clock_rate = 48000)),
			 TAUT_OK);
	end(&w);
}

static void senders_and_receivers_have_a_ceiling(void **state)
{
	struct world w;
	(void)state;

	begin(&w);
	for (uint32_t i = 1; i <= TT_RTP_MAX_STREAMS; i++) {
		const struct tt_rtp_receiver_config r = { .stream = i, .kind = TAUT_AUDIO };
		assert_int_equal(set(&w, SENDER(.stream = i, .ssrc = 100 + i, .rtx_ssrc = 0)),
				 TAUT_OK);
		assert_int_equal(tt_rtp_session_set_receiver(w.s, w.sim.now, &r), TAUT_OK);
	}
	const struct tt_rtp_receiver_config more = { .stream = 9999, .kind = TAUT_AUDIO };
	assert_int_equal(set(&w, SENDER(.stream = 9999, .ssrc = 9999, .rtx_ssrc = 0)),
			 TAUT_E_LIMIT);
	assert_int_equal(tt_rtp_session_set_receiver(w.s, w.sim.now, &more), TAUT_E_LIMIT);
	/* one that is there may still be changed, and one that goes makes room */
	assert_int_equal(set(&w, SENDER(.stream = 1, .ssrc = 9999, .rtx_ssrc = 0)), TAUT_OK);
	tt_rtp_session_remove_sender(w.s, w.sim.now, 1);
	tt_rtp_session_remove_sender(w.s, w.sim.now, 1);
	tt_rtp_session_remove_receiver(w.s, w.sim.now, 1);
	tt_rtp_session_remove_receiver(w.s, w.sim.now, 1);
	assert_int_equal(set(&w, SENDER(.stream = 9999, .ssrc = 9999, .rtx_ssrc = 0)), TAUT_OK);
	assert_int_equal(tt_rtp_session_set_receiver(w.s, w.sim.now, &more), TAUT_OK);
	end(&w);
}

static void a_sender_without_random_numbers_is_refused(void **state)
{
	struct world w;
	(void)state;

	begin(&w);
	w.sim.env[0].random = refusing_random;
	const size_t before = w.sim.env[0].memory;
	REFUSE_EACH
	{
		const int rc = set(&w, &video);
		assert_int_equal(rc != TAUT_OK, refuse_failed());
		if (rc != TAUT_OK)
			assert_int_equal(w.sim.env[0].memory, before);
	}
	end(&w);
}

/* ---- receivers ---- */

#define RECEIVER(...)                                                                              \
	(&(struct tt_rtp_receiver_config){ .stream = 1, .kind = TAUT_AUDIO, __VA_ARGS__ })
#define PAYLOAD(...)                                                                               \
	.payload_count = 1, .payloads = &(struct tt_rtp_payload)                                   \
	{                                                                                          \
		.pt = 96, .codec = TT_RTP_CODEC_OPUS, .clock_rate = 48000, __VA_ARGS__             \
	}

static void a_receiver_that_makes_no_sense_is_refused(void **state)
{
	static const struct tt_rtp_payload many[TT_RTP_MAX_PAYLOADS + 1];
	const struct tt_rtp_receiver_config *const bad[] = {
		RECEIVER(.stream = 0),
		RECEIVER(.ext.mid = 15),
		RECEIVER(.payloads = many, .payload_count = TT_COUNT(many)),
		RECEIVER(.ssrc = 5, .rtx_ssrc = 5),
		RECEIVER(PAYLOAD(.pt = 80)),
		RECEIVER(PAYLOAD(.apt = 97)), /* retransmissions of a codec of its own */
		RECEIVER(PAYLOAD(.clock_rate = 1)),
	};
	struct world w;
	(void)state;

	begin(&w);
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		assert_int_equal(tt_rtp_session_set_receiver(w.s, w.sim.now, bad[i]), TAUT_E_INVAL);
	assert_int_equal(tt_rtp_session_set_receiver(w.s, w.sim.now,
						     RECEIVER(PAYLOAD(.codec = TT_RTP_CODEC_VP8))),
			 TAUT_E_UNSUPPORTED);
	assert_int_equal(tt_rtp_session_set_receiver(
				 w.s, w.sim.now,
				 RECEIVER(.kind = TAUT_VIDEO, PAYLOAD(.codec = TT_RTP_CODEC_EVENT))),
			 TAUT_E_UNSUPPORTED);
	assert_int_equal(tt_rtp_session_set_receiver(w.s, w.sim.now, RECEIVER(PAYLOAD(.pt = 96))),
			 TAUT_OK);
	assert_int_equal(tt_rtp_session_set_receiver(w.s, w.sim.now, RECEIVER(.kind = TAUT_VIDEO)),
			 TAUT_E_INVAL); /* it is an audio stream */
	assert_int_equal(tt_rtp_session_set_receiver(w.s, w.sim.now, RECEIVER(.ssrc = 5)), TAUT_OK);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_session_that_makes_no_sense_is_none),
		cmocka_unit_test(a_session_without_random_numbers_is_none),
		cmocka_unit_test(a_sender_that_makes_no_sense_is_refused),
		cmocka_unit_test(ssrcs_of_senders_differ),
		cmocka_unit_test(senders_and_receivers_have_a_ceiling),
		cmocka_unit_test(a_sender_without_random_numbers_is_refused),
		cmocka_unit_test(a_receiver_that_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
