/* test_tones.c - keys of a telephone in a session: RFC 4733 section 2.5.1.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rtcp/rtp_session.h"
#include "rtp/rtp_packet.h"
#include "support/sim.h"

enum { MS = 1000, PT = 110 };

struct world {
	struct sim sim;
	struct tt_rtp_session *s;
};

static void agree(struct world *w, uint8_t pt)
{
	const struct tt_rtp_sender_config cfg = { .stream = 1,
						  .kind = TAUT_AUDIO,
						  .codec = TT_RTP_CODEC_OPUS,
						  .clock_rate = 48000,
						  .ssrc = 10,
						  .payload_type = 111,
						  .event_payload_type = pt };

	assert_int_equal(tt_rtp_session_set_sender(w->s, w->sim.now, &cfg), TAUT_OK);
}

static void begin(struct world *w)
{
	sim_init(&w->sim, 1, NULL);
	assert_int_equal(tt_rtp_session_new(&w->s, &w->sim.env[0], NULL, w->sim.now), TAUT_OK);
	agree(w, PT);
}

static void end(struct world *w)
{
	tt_rtp_session_free(w->s);
	assert_int_equal(w->sim.env[0].memory, 0);
	sim_free(&w->sim);
}

/* The next packet of the wanted payload type until then; reports: of RTCP beside it. */
static bool next(struct world *w, taut_time until, uint8_t pt, struct tt_rtp_packet *p,
		 unsigned *reports)
{
	static uint8_t buf[TT_RTP_PACKET_ROOM];
	bool rtcp;
	size_t len;

	for (;;) {
		while ((len = tt_rtp_session_poll_send(w->s, w->sim.now, buf, sizeof buf, &rtcp)) > 0) {
			*reports += rtcp;
			if (!rtcp && tt_rtp_read(p, buf, len) && p->pt == pt)
				return true;
		}
		const taut_time at = tt_rtp_session_deadline(w->s, NULL);
		if (at > until)
			return false;
		w->sim.now = at > w->sim.now ? at : w->sim.now;
		tt_rtp_session_tick(w->s, w->sim.now);
	}
}

static void a_tone_begins_where_sound_ends(void **state)
{
	static const uint8_t data[] = { 0x78, 1, 2, 3 }; /* 20 ms */
	const struct taut_frame f = {
		.size = sizeof f, .data = data, .len = sizeof data, .rtp_timestamp = 5000
	};
	struct tt_rtp_packet sound, tone;
	struct world w;
	unsigned reports = 0;

	(void)state;
	begin(&w);
	assert_int_equal(tt_rtp_session_send_frame(w.s, w.sim.now, 1, &f), TAUT_OK);
	assert_true(next(&w, w.sim.now, 111, &sound, &reports));
	const uint32_t ts = sound.ts;
	assert_int_equal(tt_rtp_session_send_tone(w.s, w.sim.now, 1, 5, 100 * MS), TAUT_OK);
	assert_true(next(&w, w.sim.now + 50 * MS, PT, &tone, &reports));
	assert_int_equal(tone.ts, ts + 960);
	while (next(&w, w.sim.now + 50 * MS, PT, &tone, &reports))
		assert_int_equal(tone.ts, ts + 960);
	/* later, where sound would be by then */
	w.sim.now += 1000 * MS;
	const taut_time later = w.sim.now;
	assert_int_equal(tt_rtp_session_send_tone(w.s, later, 1, 5, 100 * MS), TAUT_OK);
	assert_true(next(&w, later + 50 * MS, PT, &tone, &reports));
	assert_true((int32_t)(tone.ts - ts) > 48000 && (int32_t)(tone.ts - ts) < 2 * 48000);
	end(&w);
}

/* Or the peer took all that comes after it for old. */
static void sound_goes_on_where_a_tone_was_first(void **state)
{
	static const uint8_t data[] = { 0x78, 1, 2, 3 }; /* 20 ms */
	struct taut_frame f = {
		.size = sizeof f, .data = data, .len = sizeof data, .rtp_timestamp = 0x80005000
	};
	struct tt_rtp_packet sound, tone;
	struct world w;
	unsigned reports = 0;

	(void)state;
	begin(&w);
	/* A machine that has run longer than a frame of sound may lie back. */
	w.sim.now += INT64_C(172800000) * MS;
	const taut_time began = w.sim.now;
	assert_int_equal(tt_rtp_session_send_tone(w.s, began, 1, 5, 100 * MS), TAUT_OK);
	assert_true(next(&w, began + 50 * MS, PT, &tone, &reports));
	const uint32_t first = tone.ts;
	assert_int_not_equal(first, 0); /* RFC 3550 section 5.1: drawn */
	(void)next(&w, began + 500 * MS, 111, &sound, &reports);
	w.sim.now = began + 1000 * MS;
	assert_int_equal(tt_rtp_session_send_tone(w.s, w.sim.now, 1, 6, 100 * MS), TAUT_OK);
	assert_true(next(&w, w.sim.now + 50 * MS, PT, &tone, &reports));
	assert_int_equal(tone.ts, first + 48000);
	(void)next(&w, w.sim.now + 500 * MS, 111, &sound, &reports);
	/* It was recorded when 2 s were over, and leaves 50 ms later. */
	w.sim.now = began + 2050 * MS;
	f.captured = began + 2000 * MS;
	assert_int_equal(tt_rtp_session_send_frame(w.s, w.sim.now, 1, &f), TAUT_OK);
	assert_true(next(&w, w.sim.now, 111, &sound, &reports));
	assert_int_equal(sound.ts, first + 2 * 48000);
	f.captured += 20 * MS;
	f.rtp_timestamp += 960;
	assert_int_equal(tt_rtp_session_send_frame(w.s, w.sim.now, 1, &f), TAUT_OK);
	assert_true(next(&w, w.sim.now, 111, &sound, &reports));
	assert_int_equal(sound.ts, first + 2 * 48000 + 960);
	assert_int_equal(tt_rtp_session_send_tone(w.s, w.sim.now, 1, 5, 100 * MS), TAUT_OK);
	assert_true(next(&w, w.sim.now + 50 * MS, PT, &tone, &reports));
	assert_int_equal(tone.ts, first + 2050 * 48);
	end(&w);
}

/* Where nothing but tones is sent, the peer still learns of the stream. */
static void tones_alone_have_reports(void **state)
{
	struct tt_rtp_packet tone;
	struct world w;
	unsigned reports = 0, packets = 0;
	uint32_t first;

	(void)state;
	begin(&w);
	assert_int_equal(tt_rtp_session_deadline(w.s, NULL), INT64_MAX);
	assert_int_equal(tt_rtp_session_send_tone(w.s, w.sim.now, 1, 5, 100 * MS), TAUT_OK);
	assert_true(next(&w, w.sim.now + 50 * MS, PT, &tone, &reports));
	first = tone.ts;
	while (next(&w, w.sim.now + 500 * MS, PT, &tone, &reports))
		packets++;
	assert_int_equal(packets, 6);
	assert_true(reports > 0);
	w.sim.now += 1000 * MS;
	assert_int_equal(tt_rtp_session_send_tone(w.s, w.sim.now, 1, 5, 100 * MS), TAUT_OK);
	assert_true(next(&w, w.sim.now + 50 * MS, PT, &tone, &reports));
	assert_true((int32_t)(tone.ts - first) > 48000);
	assert_int_equal(tt_rtp_session_send_tone(w.s, w.sim.now, 2, 5, 100 * MS), TAUT_E_GONE);
	end(&w);
}

/* In the middle of a tone. */
static void another_payload_type_counts_at_once(void **state)
{
	struct tt_rtp_packet tone;
	struct world w;
	unsigned reports = 0;

	(void)state;
	begin(&w);
	assert_int_equal(tt_rtp_session_send_tone(w.s, w.sim.now, 1, 5, 1000 * MS), TAUT_OK);
	assert_true(next(&w, w.sim.now + 50 * MS, PT, &tone, &reports));
	agree(&w, 126);
	assert_true(next(&w, w.sim.now + 50 * MS, 126, &tone, &reports));
	agree(&w, 0);
	assert_false(next(&w, w.sim.now + 2000 * MS, 0, &tone, &reports)); /* nor under none */
	assert_false(next(&w, w.sim.now + 2000 * MS, 126, &tone, &reports));
	assert_int_equal(tt_rtp_session_send_tone(w.s, w.sim.now, 1, 5, 1000 * MS), TAUT_E_STATE);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_tone_begins_where_sound_ends),
		cmocka_unit_test(sound_goes_on_where_a_tone_was_first),
		cmocka_unit_test(tones_alone_have_reports),
		cmocka_unit_test(another_payload_type_counts_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
