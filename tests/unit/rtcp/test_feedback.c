/* What a sender learns from our RTCP: feedback read back by a parser of its own, reports, BYE.
 *
 * Chromium's rate follows transport-wide feedback, so that one wrong delta costs picture. The parser
 * below is written from the draft alone and shares nothing with src/rtcp. */
#include "unit/rtcp/rtp_world.h"

enum { SPAN = 1 << 17, SENT = 60000, TICK = 250, LATE = 500, SSRC = 2001 };

/* ---- the reader of draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1 ---- */

struct told {
	bool mentioned, received;
	int64_t at; /* in ticks */
};

static struct told told[SPAN];
static int64_t last_base, last_time; /* unwrapped: sequence number, 64 ms */
static int last_count;               /* of feedback packets; -1: none yet */
static unsigned feedbacks;

static unsigned be(const uint8_t *p, int n)
{
	unsigned v = 0;

	while (n-- > 0)
		v = v << 8 | *p++;
	return v;
}

/* The number with these low bits that lies nearest to the last one. */
static int64_t unwrap(int64_t last, unsigned low, int bits)
{
	int64_t size = (int64_t)1 << bits, v = last - last % size + low;

	return v - last > size / 2 ? v - size : last - v > size / 2 ? v + size : v;
}

/* Symbols one after another into out; where the chunks end. */
static const uint8_t *read_chunks(const uint8_t *p, unsigned count, uint8_t *out)
{
	unsigned n = 0;

	while (n < count) {
		unsigned chunk = be(p, 2);

		p += 2;
		if (chunk < 0x8000) {
			for (unsigned i = 0; i < (chunk & 0x1fff) && n < count; i++)
				out[n++] = (uint8_t)(chunk >> 13);
		} else if (chunk < 0xc000) {
			for (int i = 13; i >= 0 && n < count; i--)
				out[n++] = (uint8_t)(chunk >> i & 1);
		} else {
			for (int i = 12; i >= 0 && n < count; i -= 2)
				out[n++] = (uint8_t)(chunk >> i & 3);
		}
	}
	return p;
}

static void read_feedback(const uint8_t *p, size_t len)
{
	static uint8_t symbols[65536];
	const uint8_t *end = p + len - (p[0] & 0x20 ? p[len - 1] : 0);
	unsigned count = be(p + 14, 2);

	assert_int_equal(be(p + 2, 2) * 4 + 4, len);
	last_base = last_count < 0 ? be(p + 12, 2) : unwrap(last_base, be(p + 12, 2), 16);
	last_time = last_count < 0 ? be(p + 16, 3) : unwrap(last_time, be(p + 16, 3), 24);
	if (last_count >= 0)
		assert_int_equal(p[19], (last_count + 1) & 0xff);
	last_count = p[19];
	const uint8_t *at = read_chunks(p + 20, count, symbols);
	int64_t ticks = last_time * 256;

	for (unsigned i = 0; i < count; i++) {
		assert_in_range(last_base + i, 0, SPAN - 1);
		struct told *t = &told[last_base + i];

		t->mentioned = true;
		assert_true(symbols[i] < 3);
		if (symbols[i] == 0) {
			assert_false(t->received); /* nothing that arrived is ever taken back */
			continue;
		}
		ticks += symbols[i] == 1 ? (int)be(at, 1) : (int16_t)be(at, 2);
		at += symbols[i];
		assert_true(at <= end);
		assert_true(!t->received || t->at == ticks); /* said again, it is the same */
		t->received = true;
		t->at = ticks;
	}
	assert_true(at == end);
	feedbacks++;
}

static void read_rtcp(const uint8_t *p, size_t len)
{
	while (len >= 4) {
		size_t n = be(p + 2, 2) * 4u + 4;

		assert_true(n <= len);
		if (p[1] == 205 && (p[0] & 31) == 15)
			read_feedback(p, n);
		p += n;
		len -= n;
	}
	assert_int_equal(len, 0);
}

/* ---- a receiver of one audio stream, and packets that come to it ---- */

static struct tt_env env;
static struct tt_rtp_session *s;
static uint64_t seed;

static int draw(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0x35, len);
	return 0;
}

static uint32_t chance(uint32_t below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % below;
}

static void begin(taut_time now)
{
	static const struct tt_rtp_payload audio[] = {
		{ .pt = 111, .codec = TT_RTP_CODEC_OPUS, .clock_rate = 48000 },
		{ .pt = 126, .clock_rate = 8000 },
	};

	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config), .random = draw });
	assert_int_equal(tt_rtp_session_new(&s, &env, NULL, now), TAUT_OK);
	assert_int_equal(tt_rtp_session_set_receiver(s, now, &(struct tt_rtp_receiver_config){
		.stream = AUDIO, .kind = TAUT_AUDIO, .mid = "0", .ssrc = SSRC, .payloads = audio,
		.payload_count = 2, .transport_cc = true, .ext = { .transport_cc = 3 } }), TAUT_OK);
	memset(told, 0, sizeof told);
	last_base = last_time = 0;
	last_count = -1;
	feedbacks = 0;
}

static void finish(void)
{
	tt_rtp_session_free(s);
	assert_int_equal(env.memory, 0);
}

static void arrives(taut_time now, uint32_t ssrc, uint8_t pt, uint16_t seq, uint16_t transport)
{
	uint8_t buf[64], value[2] = { (uint8_t)(transport >> 8), (uint8_t)transport };
	const struct tt_rtp_ext ext = { 3, { value, 2 } };
	const struct tt_rtp_packet h = { .pt = pt, .seq = seq, .ts = seq * 960u, .ssrc = ssrc };
	struct wr w = wr_make(buf, sizeof buf);

	tt_rtp_write_header(&w, &h, &ext, 1);
	wr_bytes(&w, "\x78zzz", 4);
	tt_rtp_session_recv_rtp(s, now, 0, 0, buf, wr_len(&w));
}

/* All that is due until then goes to the reader. */
static void run_until(taut_time *now, taut_time then)
{
	uint8_t buf[TT_RTP_PACKET_ROOM];
	bool rtcp;

	for (;;) {
		size_t len;

		tt_rtp_session_tick(s, *now);
		while (tt_rtp_session_poll_event(s))
			;
		while ((len = tt_rtp_session_poll_send(s, *now, buf, sizeof buf, &rtcp)) > 0) {
			assert_true(rtcp);
			read_rtcp(buf, len);
		}
		taut_time at = tt_rtp_session_deadline(s, NULL);

		assert_true(at > *now);
		if (at > then)
			break;
		*now = at;
	}
	*now = then;
}

struct flight {
	unsigned number;
	taut_time at;
};

static int by_arrival(const void *a, const void *b)
{
	const struct flight *x = a, *y = b;

	return x->at != y->at ? (x->at > y->at) - (x->at < y->at) : (x->number > y->number) - (x->number < y->number);
}

/* Per thousand: lost, in bursts too, and held back; every so often nothing is sent for a while. */
struct weather {
	unsigned loss, late, burst;
	taut_time spacing, lateness, pause;
};

static void feedback_says_what_arrived(const struct weather *wx, taut_time start, uint16_t first)
{
	static struct flight flights[SENT];
	static taut_time arrived[SENT];
	taut_time now = start, sent = start;
	size_t n = 0;
	unsigned burst = 0;

	begin(start);
	memset(arrived, 0, sizeof arrived);
	for (unsigned i = 0; i < SENT; i++) {
		sent += chance((uint32_t)wx->spacing * 2);
		if (wx->pause && i % 5000 == 4999)
			sent += wx->pause;
		if (burst == 0 && wx->burst && chance(2000) == 0)
			burst = chance(wx->burst);
		if (i > 0 && (burst > 0 ? burst-- > 0 : chance(1000) < wx->loss))
			continue;
		flights[n++] = (struct flight){ i, sent + (chance(1000) < wx->late ? chance((uint32_t)wx->lateness) : 0) };
	}
	qsort(flights, n, sizeof *flights, by_arrival);
	unsigned newest = 0, forgotten = 0;

	for (size_t k = 0; k < n; k++) {
		unsigned i = flights[k].number;

		run_until(&now, flights[k].at);
		arrives(now, SSRC, 111, (uint16_t)i, (uint16_t)(first + i));
		if (i > newest)
			newest = i;
		if (newest - i < LATE)
			arrived[i] = now;
		else
			forgotten++;
		if (chance(50) == 0) /* twice: the second one is no news */
			arrives(now + 100, SSRC, 111, (uint16_t)i, (uint16_t)(first + i));
	}
	run_until(&now, now + 1000000);
	for (unsigned i = 0; i <= newest; i++) {
		const struct told *t = &told[first + i];

		if (arrived[i] && (!t->received || t->at % ((int64_t)1 << 32) != arrived[i] / TICK % ((int64_t)1 << 32)))
			fail_msg("packet %u of %lld is told as %d at %lld", i, (long long)arrived[i], t->received,
			         (long long)t->at * TICK);
		assert_true(t->mentioned);
		assert_true(arrived[i] || !t->received);
	}
	assert_true(feedbacks > 100 && forgotten < 10);
	finish();
}

static void a_sender_learns_every_arrival_to_the_tick(void **state)
{
	static const struct weather all[] = {
		{ .spacing = 1000 },
		{ .spacing = 1000, .loss = 50 },
		{ .spacing = 700, .loss = 20, .late = 100, .lateness = 90000 },
		{ .spacing = 400, .loss = 300, .late = 300, .lateness = 60000, .burst = 400 },
		{ .spacing = 3000, .loss = 10, .late = 5, .lateness = 400000, .pause = 20000000 },
		{ .spacing = 30, .loss = 100, .burst = 1200 },
		{ .spacing = 20000, .loss = 900 },
	};
	const taut_time wrap = ((taut_time)1 << 24) * 64000; /* of the reference time */

	(void)state;
	for (size_t i = 0; i < TT_COUNT(all); i++) {
		seed = i + 1;
		feedback_says_what_arrived(&all[i], i % 2 ? wrap - 3000000 : 1000000, i % 3 ? 65000 : 0);
	}
}

/* A jump, a payload type nobody agreed on, a stream nobody knows: it arrived all the same. */
static void what_a_stream_refuses_is_no_loss_of_the_path(void **state)
{
	taut_time now = 1000000;

	(void)state;
	begin(now);
	for (uint16_t i = 0; i < 20; i++)
		arrives(now, SSRC, 111, i, i);
	arrives(now, SSRC, 111, 20000, 20);
	arrives(now, SSRC, 96, 21, 21);
	arrives(now, 77, 96, 1, 22);
	arrives(now, 78, 111, 1, 23); /* a second ssrc for the same stream */
	assert_int_equal(tt_rtp_session_counters(s)->packets_refused, 4);
	run_until(&now, now + 200000);
	for (int i = 0; i < 24; i++)
		assert_true(told[i].received);
	finish();
}

static void jumps_of_the_transport_number_bring_no_haste(void **state)
{
	taut_time now = 1000000;

	(void)state;
	begin(now);
	for (unsigned i = 0; i < 60; i++) {
		arrives(now, SSRC, 111, (uint16_t)i, (uint16_t)(i * 2000));
		run_until(&now, now + 1000);
	}
	assert_int_equal(feedbacks, 0);
	finish();
}

/* ---- reports ---- */

static void hear_report(taut_time now, uint64_t ntp)
{
	const struct tt_rtcp_sender_info info = { .ssrc = SSRC, .ntp = ntp, .rtp = 1, .packets = 1 };
	uint8_t buf[64];
	struct wr w = wr_make(buf, sizeof buf);

	tt_rtcp_write_sr(&w, &info, NULL, 0);
	tt_rtp_session_recv_rtcp(s, now, 0, buf, wr_len(&w));
}

/* The next report's block, as RFC 3550 section 6.4.1 lays it out. */
static void next_block(taut_time now, uint32_t *lsr, uint32_t *dlsr)
{
	uint8_t buf[TT_RTP_PACKET_ROOM];
	bool rtcp;

	assert_true(s->report_at != INT64_MAX);
	now = tt_max64(now, s->report_at);
	assert_true(tt_rtp_session_poll_send(s, now, buf, sizeof buf, &rtcp) > 0);
	assert_int_equal(buf[0], 0x81);
	assert_int_equal(buf[1], 201);
	*lsr = be(buf + 24, 4);
	*dlsr = be(buf + 28, 4);
}

static void the_delay_since_a_report_may_be_hours(void **state)
{
	static const taut_time waits[] = { 0, 1000000, 61000000, 3600000000, 65000000000, 66000000000 };
	uint32_t lsr, dlsr;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(waits); i++) {
		taut_time now = 5000000, then = now + waits[i];

		begin(now);
		arrives(now, SSRC, 111, 1, 1);
		hear_report(now, 0x123456789abcdef0);
		arrives(then, SSRC, 111, 2, 2);
		next_block(then, &lsr, &dlsr);
		taut_time waited = tt_max64(then, s->now) - now;

		if (waited > 65535000000) {
			assert_int_equal(lsr, 0); /* as if there had been none */
			assert_int_equal(dlsr, 0);
		} else {
			assert_int_equal(lsr, 0x56789abc);
			assert_in_range((taut_time)dlsr * 1000000 / 65536, waited - 20, waited);
		}
		finish();
	}
}

/* A note of another clock between the sounds of a stream: RFC 4733 at 8,000 Hz. */
static void a_telephone_event_leaves_the_clock_alone(void **state)
{
	const struct tt_rtp_event *e;
	taut_time now = 5000000;
	int64_t captured = 0;

	(void)state;
	begin(now);
	hear_report(now, 0);
	arrives(now, SSRC, 111, 1, 1);
	hear_report(now, tt_rtcp_ntp(1700000000000000));
	arrives(now, SSRC, 111, 2, 2);
	arrives(now, SSRC, 126, 3, 3);
	while ((e = tt_rtp_session_poll_event(s)))
		if (e->type == TT_RTP_EV_FRAME)
			captured = e->frame->captured;
	/* rtp time 1 is now, the second packet 1,919 ticks later */
	assert_in_range(captured, now + 1919 * 1000000 / 48000 - 1, now + 1919 * 1000000 / 48000 + 1);
	finish();
}

/* Firefox says BYE when a transceiver stops sending, and goes on with the same SSRC later. */
static void a_source_that_said_goodbye_may_come_back(void **state)
{
	const struct tt_rtp_event *e;
	uint8_t buf[64];
	struct wr w = wr_make(buf, sizeof buf);
	taut_time now = 1000000;
	unsigned started = 0, byes = 0;
	uint32_t lsr, dlsr;

	(void)state;
	begin(now);
	for (uint16_t i = 0; i < 10; i++)
		arrives(now, SSRC, 111, i, i);
	tt_rtcp_write_bye(&w, (const uint32_t[]){ SSRC }, 1);
	tt_rtp_session_recv_rtcp(s, now, 0, buf, wr_len(&w));
	arrives(now + 20000, SSRC, 111, 10, 10); /* a straggler */
	while ((e = tt_rtp_session_poll_event(s)))
		byes += e->type == TT_RTP_EV_BYE;
	assert_int_equal(byes, 1);
	assert_true(tt_rtp_session_receiver(s, AUDIO)->ended);
	now += 2000000;
	for (uint16_t i = 11; i < 20; i++)
		arrives(now, SSRC, 111, i, i);
	while ((e = tt_rtp_session_poll_event(s)))
		started += e->type == TT_RTP_EV_TRACK_STARTED;
	assert_int_equal(started, 1);
	next_block(now, &lsr, &dlsr);
	finish();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sender_learns_every_arrival_to_the_tick),
		cmocka_unit_test(what_a_stream_refuses_is_no_loss_of_the_path),
		cmocka_unit_test(jumps_of_the_transport_number_bring_no_haste),
		cmocka_unit_test(the_delay_since_a_report_may_be_hours),
		cmocka_unit_test(a_telephone_event_leaves_the_clock_alone),
		cmocka_unit_test(a_source_that_said_goodbye_may_come_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
