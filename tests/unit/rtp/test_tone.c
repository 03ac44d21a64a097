/* Keys of a telephone as RFC 4733 reports them, sent and heard. */
#include "unit/rtp/rtp_support.h"

#include "base/num.h"
#include "rtp/payload/payload_event.h"
#include "rtp/rtp_receiver.h"
#include "rtp/rtp_tone.h"

enum { MS = 1000, RATE = 48000, PT = 110 };

static struct tt_env env;
static struct tt_rtp_history history;
static struct tt_rtp_tone tone;
static taut_time now;

static int begin(void **state)
{
	(void)state;
	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config) });
	tt_rtp_history_init(&history, &env, 64);
	tone = (struct tt_rtp_tone){ 0 };
	now = 1000000;
	return 0;
}

static int end(void **state)
{
	(void)state;
	tt_rtp_history_free(&history);
	return env.memory == 0 ? 0 : -1;
}

static void start(unsigned event, taut_time duration, uint32_t ts)
{
	const struct tt_rtp_tone fresh = { .duration = duration,
		                           .clock_rate = RATE,
		                           .ts = ts,
		                           .event = (uint8_t)event,
		                           .pt = PT };

	tt_rtp_tone_start(&tone, &history, now, &fresh);
}

/* What the packet at the head reports: "M 5 960 E". */
static const char *taken(uint32_t *ts)
{
	static char text[64];
	struct tt_rtp_sent *p = tt_rtp_history_head(&history);
	struct tt_event_report r;

	if (!p)
		return "nothing";
	struct rd rd = rd_make(p->data, p->len);
	assert_true(tt_event_read(&rd, &r));
	assert_int_equal(rd_left(&rd), 0);
	assert_int_equal(p->pt, PT);
	assert_int_equal(r.volume, 10);
	*ts = p->ts;
	(void)snprintf(text, sizeof text, "%s%u %u%s", p->marker ? "M " : "", r.event, r.duration,
	               r.end ? " E" : "");
	history.head++;
	return text;
}

static void assert_reports(const char *what, uint32_t ts)
{
	uint32_t got = ts;

	assert_string_equal(taken(&got), what);
	assert_int_equal(got, ts);
}

/* Until nothing is due any more. */
static void let_it_pass(void)
{
	while (tone.next > 0) {
		assert_true(tone.next >= now);
		now = tone.next;
		tt_rtp_tone_tick(&tone, &history, now);
	}
}

static void a_tone_is_reported_every_20_ms_and_its_end_three_times(void **state)
{
	(void)state;
	start(5, 50 * MS, 7000);
	tt_rtp_tone_tick(&tone, &history, now + 19 * MS);
	assert_reports("nothing", 7000);
	const taut_time began = now;
	let_it_pass();
	assert_reports("M 5 960", 7000);
	assert_reports("5 1920", 7000);
	for (int i = 0; i < 3; i++)
		assert_reports("5 2400 E", 7000);
	assert_reports("nothing", 7000);
	assert_int_equal(now - began, 90 * MS);
}

/* 0xffff units are 1.37 seconds: section 2.5.1.3. */
static void a_long_tone_goes_on_in_another_segment(void **state)
{
	uint32_t ts = 0, segments[3] = { 0 };
	unsigned marks = 0, ends = 0, full[3] = { 0 };
	const uint32_t first = 0xffff0000;

	(void)state;
	start(11, 4000 * MS, first);
	while (tone.next > 0) {
		now = tone.next;
		tt_rtp_tone_tick(&tone, &history, now);
		for (const char *r; strcmp(r = taken(&ts), "nothing") != 0;) {
			const uint32_t segment = (ts - first) / 0xffff;
			assert_true(segment < 3 && ts == first + segment * 0xffff);
			segments[segment]++;
			marks += r[0] == 'M';
			ends += strstr(r, " E") != NULL;
			full[segment] += strstr(r, " 65535") != NULL;
			assert_false(strstr(r, " E") && segment < 2);
		}
	}
	assert_int_equal(marks, 1);
	assert_int_equal(ends, 3);
	assert_int_equal(full[0], 3);
	assert_int_equal(full[1], 3);
	assert_int_equal(full[2], 0);
	assert_true(segments[0] > 60 && segments[1] > 60 && segments[2] > 60);
}

static void a_tone_that_is_overtaken_ends_first(void **state)
{
	(void)state;
	start(1, 100 * MS, 7000);
	now += 30 * MS;
	tt_rtp_tone_tick(&tone, &history, now);
	now += 10 * MS;
	start(2, 40 * MS, 9000);
	assert_reports("M 1 1440", 7000);
	for (int i = 0; i < 3; i++)
		assert_reports("1 1920 E", 7000);
	let_it_pass();
	assert_reports("M 2 960", 9000);
	assert_reports("2 1920 E", 9000);
	/* the ends that are left come at once */
	start(3, 40 * MS, 11000);
	start(4, 40 * MS, 11000);
	for (int i = 0; i < 2; i++)
		assert_reports("2 1920 E", 9000);
	/* none lasts no time */
	assert_reports("M 3 48 E", 11000);
}

/* Nobody takes packets: what has no room is left out, and the tone ends in its time. */
static void a_full_queue_delays_no_tone(void **state)
{
	uint32_t ts;

	(void)state;
	start(0, 6000 * MS, 0);
	const taut_time began = now;
	let_it_pass();
	assert_int_equal(now - began, 6040 * MS);
	unsigned n = 0;
	while (strcmp(taken(&ts), "nothing") != 0)
		n++;
	assert_int_equal(n, 64);
}

/* ---- heard ---- */

static struct tt_rtp_heard heard;

/* One packet: "5 960, 6 480 E". What is told then, as keys. */
static const char *hear(uint32_t ts, const char *what)
{
	static char keys[TT_RTP_HEARD + 1];
	uint8_t buf[64];
	struct wr w = wr_make(buf, sizeof buf);
	size_t n = 0;
	char *at = (char *)(uintptr_t)what;
	int key;

	while (*at) {
		const unsigned long event = strtoul(at, &at, 10), duration = strtoul(at, &at, 10);
		const bool last = strncmp(at, " E", 2) == 0;
		tt_event_write(&w, &(struct tt_event_report){ .event = (uint8_t)event,
		                                              .end = last,
		                                              .duration = (uint16_t)duration });
		at += last ? 2 : 0;
		at += *at == ',';
	}
	assert_true(tt_rtp_heard_whole((struct span){ buf, wr_len(&w) }));
	tt_rtp_heard_take(&heard, ts, (struct span){ buf, wr_len(&w) });
	while ((key = tt_rtp_heard_tell(&heard)) >= 0)
		keys[n++] = tt_event_key((unsigned)key) ? tt_event_key((unsigned)key) : '?';
	keys[n] = '\0';
	return keys;
}

static void a_key_is_told_once(void **state)
{
	(void)state;
	heard = (struct tt_rtp_heard){ 0 };
	assert_string_equal(hear(1000, "5 960"), "5");
	assert_string_equal(hear(1000, "5 1920"), "");
	assert_string_equal(hear(1000, "5 2400 E"), "");
	assert_string_equal(hear(9000, "5 960"), "5"); /* again */
	assert_string_equal(hear(1000, "5 2400 E"), ""); /* late */
	assert_string_equal(hear(9000, "5 960 E"), "");
	/* all but the last was lost */
	assert_string_equal(hear(20000, "11 4800 E"), "#");
	assert_string_equal(hear(30000, "66 4800"), "?");
	/* across the wrap of the timestamp */
	heard = (struct tt_rtp_heard){ 0 };
	assert_string_equal(hear(0xfffffff0, "1 960"), "1");
	assert_string_equal(hear(0x10, "2 960"), "2");
	assert_string_equal(hear(0xfffffff0, "1 960 E"), "");
}

static void a_segment_is_no_other_key(void **state)
{
	(void)state;
	heard = (struct tt_rtp_heard){ 0 };
	assert_string_equal(hear(1000, "5 65535"), "5");
	assert_string_equal(hear(1000 + 65535, "5 960"), "");
	assert_string_equal(hear(1000 + 65535, "5 65535"), "");
	assert_string_equal(hear(1000 + 2 * 65535, "5 960 E"), "");
	/* a gap, an end, or another key make it one */
	assert_string_equal(hear(500000, "5 65535"), "5");
	assert_string_equal(hear(500000 + 65536, "5 960"), "5");
	assert_string_equal(hear(700000, "5 65535 E"), "5");
	assert_string_equal(hear(700000 + 65535, "5 960"), "5");
	assert_string_equal(hear(900000, "5 65535"), "5");
	assert_string_equal(hear(900000 + 65535, "6 960"), "6");
	assert_string_equal(hear(1100000, "5 65535"), "5");
	assert_string_equal(hear(1100000, "5 960"), ""); /* older than what was heard */
	assert_string_equal(hear(1100000 + 65535, "5 960"), "");
	/* so does a report that is not full, or a later one that says that it ended */
	assert_string_equal(hear(2000000, "5 960"), "5");
	assert_string_equal(hear(2000000 + 65535, "5 960"), "5");
	assert_string_equal(hear(3000000, "5 65535"), "5");
	assert_string_equal(hear(3000000, "5 65535 E"), "");
	assert_string_equal(hear(3000000 + 65535, "5 960"), "5");
}

/* ---- in a stream ---- */

static struct tt_rtp_receiver rx;
static struct tt_rtp_counters counters;

static const uint8_t five[] = { 5, 0x0a, 0x03, 0xc0 }, sound[] = { 0x78, 1, 2, 3 };

static uint32_t deliver(uint8_t pt, uint16_t seq, uint32_t ts, const void *data, size_t len)
{
	static const struct tt_rtp_ext_values none;
	const struct tt_rtp_packet p = {
		.pt = pt, .seq = seq, .ts = ts, .ssrc = 9, .payload = { data, len }, .header_len = 12
	};

	return tt_rtp_receiver_media(&rx, now, now, &p, &none);
}

static int begin_stream(void **state)
{
	static const struct tt_rtp_payload map[] = {
		{ .pt = 111, .codec = TT_RTP_CODEC_OPUS, .clock_rate = RATE },
		{ .pt = PT, .codec = TT_RTP_CODEC_EVENT, .clock_rate = RATE },
		{ .pt = 126, .codec = TT_RTP_CODEC_EVENT, .clock_rate = 8000 },
		{ .pt = 97, .apt = PT },
	};

	begin(state);
	counters = (struct tt_rtp_counters){ 0 };
	tt_rtp_receiver_init(&rx, &env, &counters, &(struct tt_rtp_receiver_config){
		.stream = 1, .kind = TAUT_AUDIO, .payloads = map, .payload_count = TT_COUNT(map), .nack = true });
	tt_rtp_receiver_follow(&rx, 9);
	return 0;
}

static int end_stream(void **state)
{
	tt_rtp_receiver_free(&rx);
	return end(state);
}

static void a_key_in_a_stream_is_no_frame(void **state)
{
	uint8_t *buf = NULL;
	size_t cap = 0;
	struct taut_frame f;

	(void)state;
	assert_int_equal(deliver(111, 1, 0, sound, sizeof sound), TT_TAKEN);
	assert_int_equal(deliver(PT, 2, 960, five, sizeof five), TT_TAKEN);
	assert_int_equal(deliver(PT, 2, 960, five, sizeof five), TT_TAKEN); /* twice the same */
	assert_int_equal(deliver(111, 3, 1920, sound, sizeof sound), TT_TAKEN);
	assert_int_equal(tt_rtp_heard_tell(&rx.heard), 5);
	assert_int_equal(tt_rtp_heard_tell(&rx.heard), -1);
	for (uint32_t i = 0; i < 2; i++) {
		assert_true(tt_rtp_receiver_take(&rx, &f, &buf, &cap));
		assert_int_equal(f.rtp_timestamp, i * 1920);
		assert_int_equal(f.frame_count_lost, 0);
	}
	assert_false(tt_rtp_receiver_take(&rx, &f, &buf, &cap));
	assert_int_equal(deliver(PT, 4, 2880, five, 3), TAUT_DROP_RTP_EVENT);
	assert_int_equal(deliver(PT, 4, 2880, five, 0), TT_TAKEN); /* padding */
	tt_free(&env, buf);
}

static void a_key_of_another_clock_leaves_that_of_sound(void **state)
{
	(void)state;
	assert_int_equal(deliver(111, 1, 0, sound, sizeof sound), TT_TAKEN);
	assert_int_equal(deliver(126, 2, 960, five, sizeof five), TT_TAKEN);
	assert_int_equal(rx.clock_rate, RATE);
	assert_int_equal(tt_rtp_heard_tell(&rx.heard), 5);
}

static void a_key_that_is_sent_again_is_heard(void **state)
{
	static const struct tt_rtp_ext_values none;
	static const uint8_t again[] = { 0, 2, 5, 0x0a, 0x03, 0xc0 };
	const struct tt_rtp_packet p = { .pt = 97,
		                         .seq = 70,
		                         .ts = 960,
		                         .ssrc = 10,
		                         .payload = { again, sizeof again },
		                         .header_len = 12 };

	(void)state;
	assert_int_equal(deliver(111, 1, 0, sound, sizeof sound), TT_TAKEN);
	assert_int_equal(deliver(111, 3, 1920, sound, sizeof sound), TT_TAKEN);
	assert_int_equal(tt_rtp_receiver_rtx(&rx, now, now, &p, &none), TT_TAKEN);
	assert_int_equal(tt_rtp_heard_tell(&rx.heard), 5);
	assert_int_equal(tt_rtp_receiver_rtx(&rx, now, now, &p, &none), TT_TAKEN);
	assert_int_equal(tt_rtp_heard_tell(&rx.heard), -1);
}

static void another_source_is_heard_anew(void **state)
{
	(void)state;
	assert_int_equal(deliver(PT, 1, 960, five, sizeof five), TT_TAKEN);
	assert_int_equal(tt_rtp_heard_tell(&rx.heard), 5);
	tt_rtp_receiver_follow(&rx, 9);
	assert_int_equal(deliver(PT, 1, 960, five, sizeof five), TT_TAKEN);
	assert_int_equal(tt_rtp_heard_tell(&rx.heard), 5);
}

static void keys_that_nobody_takes_are_dropped(void **state)
{
	uint8_t many[4 * (TT_RTP_HEARD + 1)];
	struct wr w = wr_make(many, sizeof many);

	(void)state;
	for (int i = 0; i <= TT_RTP_HEARD; i++)
		tt_event_write(&w, &(struct tt_event_report){ .event = 1, .duration = 1 });
	assert_int_equal(deliver(PT, 1, 960, many, sizeof many), TT_TAKEN);
	assert_int_equal(env.drops[TAUT_DROP_EVENT_LOST], 1);
}

/* Section 2.5.1.5 */
static void a_packet_may_report_several_keys(void **state)
{
	(void)state;
	heard = (struct tt_rtp_heard){ 0 };
	assert_string_equal(hear(1000, "1 480 E,2 480 E,3 480"), "123");
	assert_string_equal(hear(1480, "2 480 E,3 960"), "");
	assert_string_equal(hear(1960, "3 960 E,0 0"), ""); /* a state is no key */
}

static void untold_keys_have_a_ceiling(void **state)
{
	uint8_t buf[4 * (TT_RTP_HEARD + 1)];
	struct wr w = wr_make(buf, sizeof buf);

	(void)state;
	heard = (struct tt_rtp_heard){ 0 };
	for (unsigned i = 0; i <= TT_RTP_HEARD; i++)
		tt_event_write(&w, &(struct tt_event_report){ .event = (uint8_t)(i % 16), .duration = 1 });
	assert_false(tt_rtp_heard_take(&heard, 5, (struct span){ buf, sizeof buf }));
	assert_int_equal(heard.count, TT_RTP_HEARD);
	assert_int_equal(tt_rtp_heard_tell(&heard), 0);
	assert_true(tt_rtp_heard_take(&heard, 500, (struct span){ buf, 4 }));
	for (int i = 1; i < TT_RTP_HEARD; i++)
		assert_int_equal(tt_rtp_heard_tell(&heard), i);
	assert_int_equal(tt_rtp_heard_tell(&heard), 0);
	assert_int_equal(tt_rtp_heard_tell(&heard), -1);
}

static void only_whole_reports_count(void **state)
{
	static const uint8_t bytes[9] = { 5, 0x8a, 0x03, 0xc0, 6, 0x4a, 0, 1, 7 };
	struct tt_event_report r;

	(void)state;
	for (size_t len = 0; len <= sizeof bytes; len++) {
		uint8_t *exact = malloc(len ? len : 1);
		memcpy(exact, bytes, len);
		struct rd rd = rd_make(exact, len);
		size_t n = 0;

		while (tt_event_read(&rd, &r))
			n++;
		assert_int_equal(n, len / 4);
		assert_int_equal(rd.bad, len % 4 != 0);
		assert_int_equal(tt_rtp_heard_whole((struct span){ exact, len }), len == 4 || len == 8);
		free(exact);
	}
	struct rd rd = rd_make(bytes, 8);
	assert_true(tt_event_read(&rd, &r));
	assert_true(r.event == 5 && r.end && r.volume == 10 && r.duration == 960);
	assert_true(tt_event_read(&rd, &r));
	assert_true(r.event == 6 && !r.end && r.volume == 10 && r.duration == 1); /* R is ignored */
	uint8_t out[4];
	struct wr w = wr_make(out, sizeof out);
	tt_event_write(&w, &(struct tt_event_report){ 5, true, 10, 960 });
	assert_memory_equal(out, bytes, 4);
}

static void keys_have_numbers(void **state)
{
	(void)state;
	for (unsigned e = 0; e < 20; e++)
		assert_int_equal(tt_event_key(e), "0123456789*#ABCD\0\0\0\0"[e]);
	for (int c = 0; c < 256; c++) {
		const char *at = c ? strchr("0123456789*#ABCD", c) : NULL;
		const char *low = c ? strchr("abcd", c) : NULL;
		const int got = tt_event_of_key((char)c);
		if (at)
			assert_int_equal(tt_event_key((unsigned)got), c);
		else if (low)
			assert_int_equal(tt_event_key((unsigned)got), c - 32);
		else
			assert_int_equal(got, -1);
	}
}

static void the_events_parameter_lists_what_is_taken(void **state)
{
	static const struct {
		const char *list;
		unsigned event;
		bool listed;
	} rows[] = {
		{ NULL, 0, true },           { NULL, 15, true },        { NULL, 16, false },
		{ "0-15", 0, true },         { "0-15", 15, true },      { "0-15", 16, false },
		{ "0-15,66,70", 66, true },  { "0-15,66,70", 67, false }, { "0-15,66,70", 70, true },
		{ "", 0, false },            { "11", 11, true },        { "11", 1, false },
		{ "5-3", 4, false },         { "x", 0, false },         { "1x,2", 1, true },
		{ "1x,2", 2, false },        { "-5", 3, false },        { "3-", 3, false },
		{ "255", 255, true },        { "256", 255, false },     { "0-256", 5, false },
		{ "99999999999999999999,7", 7, true }, { "4294967301", 5, false }, { "0 - 15", 5, false },
		{ ",,9", 9, true },          { "256,256-3,8", 8, true },
		{ "2550", 255, false },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (tt_event_listed(rows[i].list, rows[i].event) != rows[i].listed)
			fail_msg("row %zu: %s", i, rows[i].list ? rows[i].list : "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_tone_is_reported_every_20_ms_and_its_end_three_times, begin, end),
		cmocka_unit_test_setup_teardown(a_long_tone_goes_on_in_another_segment, begin, end),
		cmocka_unit_test_setup_teardown(a_tone_that_is_overtaken_ends_first, begin, end),
		cmocka_unit_test_setup_teardown(a_full_queue_delays_no_tone, begin, end),
		cmocka_unit_test_setup_teardown(a_key_in_a_stream_is_no_frame, begin_stream, end_stream),
		cmocka_unit_test_setup_teardown(a_key_of_another_clock_leaves_that_of_sound, begin_stream, end_stream),
		cmocka_unit_test_setup_teardown(a_key_that_is_sent_again_is_heard, begin_stream, end_stream),
		cmocka_unit_test_setup_teardown(another_source_is_heard_anew, begin_stream, end_stream),
		cmocka_unit_test_setup_teardown(keys_that_nobody_takes_are_dropped, begin_stream, end_stream),
		cmocka_unit_test(a_key_is_told_once),
		cmocka_unit_test(a_segment_is_no_other_key),
		cmocka_unit_test(a_packet_may_report_several_keys),
		cmocka_unit_test(untold_keys_have_a_ceiling),
		cmocka_unit_test(only_whole_reports_count),
		cmocka_unit_test(keys_have_numbers),
		cmocka_unit_test(the_events_parameter_lists_what_is_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
