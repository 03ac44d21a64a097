/* test_simulcast.c - encodings of one source in a session: RFC 8852 section 3, RFC 9143 section 9.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "rtcp/rtcp_packet.h"
#include "rtcp/rtp_session.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_types.h"
#include "support/sim.h"
#include "taut/drop.h"

enum { SECOND = 1000000, PT = 96, RTX = 97, MID = 4, RID = 10, REPAIRED = 11, ENCODINGS = 2 };

struct world {
	struct sim sim;
	struct tt_rtp_session *s; /* receives streams 1 and 2, rids "a" and "b" */
	unsigned frames[ENCODINGS + 1];
	char rid[8]; /* of the last frame */
};

static const struct tt_rtp_ext_ids ext = { .mid = MID, .rid = RID, .repaired_rid = REPAIRED };

static int receive(struct world *w, uint32_t stream, const char *mid, const char *rid)
{
	static const struct tt_rtp_payload map[] = {
		{ .pt = PT, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
		{ .pt = RTX, .apt = PT },
	};
	const struct tt_rtp_receiver_config cfg = { .stream = stream,
						    .kind = TAUT_VIDEO,
						    .mid = mid,
						    .rid = rid,
						    .payloads = map,
						    .payload_count = 2,
						    .nack = true,
						    .ext = ext };

	return tt_rtp_session_set_receiver(w->s, w->sim.now, &cfg);
}

static int send(struct world *w, const char *rid)
{
	const struct tt_rtp_sender_config cfg = { .stream = 1,
						  .kind = TAUT_VIDEO,
						  .codec = TT_RTP_CODEC_VP8,
						  .clock_rate = 90000,
						  .mid = "v",
						  .rid = rid,
						  .ssrc = 10,
						  .rtx_ssrc = 11,
						  .payload_type = PT,
						  .rtx_payload_type = RTX,
						  .nack = true,
						  .ext = ext };

	return tt_rtp_session_set_sender(w->s, w->sim.now, &cfg);
}

static void begin(struct world *w)
{
	memset(w, 0, sizeof *w);
	sim_init(&w->sim, 1, NULL);
	assert_int_equal(tt_rtp_session_new(&w->s, &w->sim.env[0], NULL, w->sim.now), TAUT_OK);
	assert_int_equal(receive(w, 1, "v", "a"), TAUT_OK);
	assert_int_equal(receive(w, 2, "v", "b"), TAUT_OK);
}

static void end(struct world *w)
{
	tt_rtp_session_free(w->s);
	assert_int_equal(w->sim.env[0].memory, 0);
	sim_free(&w->sim);
}

static void take_events(struct world *w)
{
	const struct tt_rtp_event *ev;

	while ((ev = tt_rtp_session_poll_event(w->s)) != NULL)
		if (ev->type == TT_RTP_EV_FRAME) {
			assert_in_range(ev->stream, 1, ENCODINGS);
			w->frames[ev->stream]++;
			(void)snprintf(w->rid, sizeof w->rid, "%s", ev->rid);
		}
}

/* A key frame of one packet, or, with osn, what repairs it. A name that is NULL is not there. */
static void deliver(struct world *w, uint32_t ssrc, uint16_t seq, const char *mid, const char *rid,
		    const char *repaired, int osn)
{
	static const uint8_t key[] = { 0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	const struct tt_rtp_packet h = { .marker = true,
					 .pt = osn < 0 ? PT : RTX,
					 .seq = seq,
					 .ts = (uint32_t)(osn < 0 ? seq : osn) * 3000U,
					 .ssrc = ssrc };
	const char *names[] = { mid, rid, repaired };
	const uint8_t ids[] = { MID, RID, REPAIRED };
	struct tt_rtp_ext all[3];
	uint8_t buf[200];
	struct wr out = wr_make(buf, sizeof buf);
	size_t n = 0;

	for (size_t i = 0; i < 3; i++)
		if (names[i])
			all[n++] = (struct tt_rtp_ext){ ids[i], span_of(names[i]) };
	tt_rtp_write_header(&out, &h, all, n);
	if (osn >= 0)
		wr_u16(&out, (uint16_t)osn);
	wr_bytes(&out, key, sizeof key);
	tt_rtp_session_recv_rtp(w->s, w->sim.now, 0, 0, buf, wr_len(&out));
	take_events(w);
	w->sim.now += 33000;
}

static void a_stream_is_found_by_mid_and_rid_and_then_by_its_ssrc(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	deliver(&w, 100, 1, "v", "b", NULL, -1);
	assert_int_equal(w.frames[2], 1);
	assert_string_equal(w.rid, "b");
	deliver(&w, 200, 1, "v", "a", NULL, -1);
	assert_int_equal(w.frames[1], 1);
	assert_string_equal(w.rid, "a");
	deliver(&w, 100, 2, NULL, NULL, NULL, -1);
	deliver(&w, 200, 2, "v", NULL, NULL, -1);
	assert_int_equal(w.frames[2], 2);
	assert_int_equal(w.frames[1], 2);
	end(&w);
}

static void without_its_rid_an_encoding_is_not_found(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	deliver(&w, 100, 1, "v", NULL, NULL, -1);
	deliver(&w, 101, 1, "v", "c", NULL, -1);
	deliver(&w, 102, 1, "v", "aa", NULL, -1);
	assert_int_equal(w.sim.env[0].drops[TAUT_DROP_RTP_NO_RID], 3);
	deliver(&w, 103, 1, "x", "a", NULL, -1);
	assert_int_equal(w.sim.env[0].drops[TAUT_DROP_RTP_NO_MID], 1);
	deliver(&w, 104, 1, NULL, NULL, NULL, -1);
	assert_int_equal(w.sim.env[0].drops[TAUT_DROP_RTP_NO_STREAM], 1);
	assert_int_equal(w.frames[1] + w.frames[2], 0);
	end(&w);
}

static void without_a_mid_the_rid_decides_where_it_is_alone(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	deliver(&w, 100, 1, NULL, "b", NULL, -1);
	assert_int_equal(w.frames[2], 1);
	assert_int_equal(receive(&w, 3, "other", "a"), TAUT_OK);
	deliver(&w, 200, 1, NULL, "a", NULL, -1);
	assert_int_equal(w.frames[1], 0);
	assert_int_equal(w.sim.env[0].drops[TAUT_DROP_RTP_NO_STREAM], 1);
	end(&w);
}

static void one_that_takes_all_asks_for_no_rid(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	tt_rtp_session_remove_receiver(w.s, w.sim.now, 1);
	assert_int_equal(receive(&w, 2, "v", NULL), TAUT_OK);
	deliver(&w, 100, 1, "v", "q", NULL, -1);
	deliver(&w, 100, 2, "v", NULL, NULL, -1);
	assert_int_equal(w.frames[2], 2);
	assert_string_equal(w.rid, "");
	end(&w);
}

static void a_rid_on_a_bound_ssrc_moves_it(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	deliver(&w, 100, 1, "v", "a", NULL, -1);
	deliver(&w, 100, 2, "v", "b", NULL, -1);
	deliver(&w, 100, 3, NULL, NULL, NULL, -1);
	assert_int_equal(w.frames[1], 1);
	assert_int_equal(w.frames[2], 2);
	/* but not to one that is not there */
	deliver(&w, 100, 4, "v", "c", NULL, -1);
	assert_int_equal(w.frames[2], 3);
	end(&w);
}

static void what_is_sent_again_names_what_it_repairs(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	deliver(&w, 100, 1, "v", "a", NULL, -1);
	deliver(&w, 200, 1, "v", "b", NULL, -1);
	deliver(&w, 200, 3, "v", "b", NULL, -1); /* 2 is missing */
	assert_int_equal(w.frames[2], 1);
	deliver(&w, 201, 1, "v", NULL, "b", 2);
	assert_int_equal(w.frames[2], 3);
	assert_int_equal(w.frames[1], 1);
	deliver(&w, 101, 1, "v", NULL, "c", 2);
	assert_int_equal(w.sim.env[0].drops[TAUT_DROP_RTP_NO_RID], 1);
	end(&w);
}

static void with_another_rid_a_receiver_begins_anew(void **state)
{
	struct tt_rtp_receiver_stats stats;
	struct world w;

	(void)state;
	begin(&w);
	deliver(&w, 100, 1, "v", "a", NULL, -1);
	assert_int_equal(receive(&w, 1, "v", "a"), TAUT_OK);
	assert_true(tt_rtp_session_receiver_stats(w.s, 1, &stats));
	assert_int_equal(receive(&w, 1, "v", "c"), TAUT_OK);
	assert_false(tt_rtp_session_receiver_stats(w.s, 1, &stats));
	deliver(&w, 100, 2, NULL, NULL, NULL, -1);
	assert_int_equal(w.sim.env[0].drops[TAUT_DROP_RTP_NO_STREAM], 1);
	deliver(&w, 300, 9, "v", "c", NULL, -1);
	assert_int_equal(w.frames[1], 2);
	/* a stream more than there is room for: nothing has changed */
	for (uint32_t stream = 3; stream <= TT_RTP_MAX_STREAMS; stream++)
		assert_int_equal(receive(&w, stream, "w", "x"), TAUT_OK);
	assert_int_equal(receive(&w, 99, "w", "x"), TAUT_E_LIMIT);
	assert_int_equal(receive(&w, 1, "v", "d"), TAUT_OK);
	end(&w);
}

static void a_name_too_long_is_refused(void **state)
{
	char name[TT_RTP_MAX_MID + 2];
	struct world w;

	(void)state;
	begin(&w);
	memset(name, 'a', sizeof name);
	name[TT_RTP_MAX_MID + 1] = '\0';
	assert_int_equal(receive(&w, 1, "v", name), TAUT_E_INVAL);
	assert_int_equal(send(&w, name), TAUT_E_INVAL);
	name[TT_RTP_MAX_MID] = '\0';
	assert_int_equal(receive(&w, 1, "v", name), TAUT_OK);
	assert_int_equal(send(&w, name), TAUT_OK);
	end(&w);
}

/* The name that the next packet has under this id, "none" if there is none. */
static const char *next_name(struct world *w, uint8_t pt, uint8_t id)
{
	static uint8_t buf[TT_RTP_PACKET_ROOM];
	static char name[40];
	struct tt_rtp_packet p;
	struct tt_rtp_ext e;
	bool rtcp;
	size_t len;

	while ((len = tt_rtp_session_poll_send(w->s, w->sim.now, buf, sizeof buf, &rtcp)) > 0) {
		if (rtcp)
			continue;
		assert_true(tt_rtp_read(&p, buf, len));
		assert_int_equal(p.pt, pt);
		struct tt_rtp_ext_reader r = tt_rtp_ext_begin(&p);
		while (tt_rtp_ext_next(&r, &e))
			if (e.id == id) {
				(void)snprintf(name, sizeof name, "%.*s", (int)e.value.len,
					       (const char *)e.value.p);
				return name;
			}
		return "none";
	}
	fail_msg("no packet");
	return NULL;
}

static void send_frame(struct world *w)
{
	static const uint8_t key[] = { 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	const struct taut_frame f = { .size = sizeof f, .data = key, .len = sizeof key };

	w->sim.now += 33000;
	assert_int_equal(tt_rtp_session_send_frame(w->s, w->sim.now, 1, &f), TAUT_OK);
}

static void ask_again(struct world *w, uint16_t seq)
{
	/* RFC 4585 section 6.2.1: a NACK of one packet of ssrc 10 */
	uint8_t nack[16] = { 0x81, 205, 0, 3, 0, 0, 0, 77, 0, 0, 0, 10, (uint8_t)(seq >> 8),
			     (uint8_t)seq };

	tt_rtp_session_recv_rtcp(w->s, w->sim.now, 0, nack, sizeof nack);
}

/* So many packets since the first one have come. */
static void report(struct world *w, unsigned packets)
{
	struct tt_rtp_sender_stats stats;

	/* RFC 3550 section 6.4.2: a receiver report of ssrc 77 with a block about ssrc 10 */
	uint8_t rr[32] = { 0x81, 201, 0, 7, 0, 0, 0, 77, 0, 0, 0, 10 };

	assert_true(tt_rtp_session_sender_stats(w->s, 1, &stats));
	const unsigned highest = stats.first_seq + packets - 1;
	rr[18] = (uint8_t)(highest >> 8);
	rr[19] = (uint8_t)highest;

	tt_rtp_session_recv_rtcp(w->s, w->sim.now, 0, rr, sizeof rr);
}

static void packets_are_named_until_a_report_has_come(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	tt_rtp_session_set_reduced_size(w.s, true);
	assert_int_equal(send(&w, "a"), TAUT_OK);
	send_frame(&w);
	assert_string_equal(next_name(&w, PT, RID), "a");
	send_frame(&w);
	assert_string_equal(next_name(&w, PT, MID), "v");
	send_frame(&w);
	assert_string_equal(next_name(&w, PT, REPAIRED), "none");
	for (int i = 3; i < 40; i++) {
		send_frame(&w);
		assert_string_equal(next_name(&w, PT, RID), "a");
		report(&w, i < 30 ? (unsigned)i : 30); /* of which one more would do */
	}
	report(&w, 31);
	send_frame(&w);
	assert_string_equal(next_name(&w, PT, RID), "none");
	send_frame(&w);
	assert_string_equal(next_name(&w, PT, MID), "none");
	end(&w);
}

/* After a description whoever receives may have begun anew, and a late report is of before. */
static void packets_are_named_again_after_a_description(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	tt_rtp_session_set_reduced_size(w.s, true);
	assert_int_equal(send(&w, "a"), TAUT_OK);
	for (int i = 0; i < 50; i++) {
		send_frame(&w);
		next_name(&w, PT, RID);
	}
	report(&w, 50);
	assert_int_equal(send(&w, "a"), TAUT_OK);
	report(&w, 50);
	for (unsigned i = 51; i < 90; i++) {
		send_frame(&w);
		assert_string_equal(next_name(&w, PT, RID), i <= 80 ? "a" : "none");
		report(&w, i < 80 ? i : 81);
	}
	end(&w);
}

static void without_simulcast_no_packet_has_a_rid(void **state)
{
	struct world w;

	(void)state;
	begin(&w);
	assert_int_equal(send(&w, NULL), TAUT_OK);
	send_frame(&w);
	assert_string_equal(next_name(&w, PT, RID), "none");
	send_frame(&w);
	assert_string_equal(next_name(&w, PT, MID), "v");
	end(&w);
}

static void what_we_send_again_names_what_it_repairs(void **state)
{
	struct tt_rtp_sender_stats stats;
	struct world w;

	(void)state;
	begin(&w);
	tt_rtp_session_set_reduced_size(w.s, true);
	assert_int_equal(send(&w, "a"), TAUT_OK);
	for (int i = 0; i < 3; i++) {
		send_frame(&w);
		assert_string_equal(next_name(&w, PT, RID), "a");
	}
	assert_true(tt_rtp_session_sender_stats(w.s, 1, &stats));
	ask_again(&w, stats.first_seq);
	assert_string_equal(next_name(&w, RTX, REPAIRED), "a");
	ask_again(&w, (uint16_t)(stats.first_seq + 1));
	assert_string_equal(next_name(&w, RTX, RID), "none");
	ask_again(&w, (uint16_t)(stats.first_seq + 2));
	assert_string_equal(next_name(&w, RTX, MID), "v");
	end(&w);
}

/* The longest names still leave packets within their size. */
static void names_are_counted_in_the_size_of_packets(void **state)
{
	static uint8_t data[1200] = { 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	struct taut_frame f = { .size = sizeof f, .data = data, .len = 1000 };
	uint8_t buf[TT_RTP_PACKET_ROOM];
	struct world w;
	size_t len, longest = 0;
	bool rtcp;

	(void)state;
	begin(&w);
	assert_int_equal(send(&w, "abcdefghijklmnop"), TAUT_OK);
	for (; f.len <= sizeof data; f.len++, w.sim.now += 10000) {
		assert_int_equal(tt_rtp_session_send_frame(w.s, w.sim.now, 1, &f), TAUT_OK);
		while ((len = tt_rtp_session_poll_send(w.s, w.sim.now, buf, sizeof buf, &rtcp)) > 0)
			longest = !rtcp && len > longest ? len : longest;
	}
	assert_in_range(longest, 1160, 1168);
	end(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_stream_is_found_by_mid_and_rid_and_then_by_its_ssrc),
		cmocka_unit_test(without_its_rid_an_encoding_is_not_found),
		cmocka_unit_test(without_a_mid_the_rid_decides_where_it_is_alone),
		cmocka_unit_test(one_that_takes_all_asks_for_no_rid),
		cmocka_unit_test(a_rid_on_a_bound_ssrc_moves_it),
		cmocka_unit_test(what_is_sent_again_names_what_it_repairs),
		cmocka_unit_test(with_another_rid_a_receiver_begins_anew),
		cmocka_unit_test(a_name_too_long_is_refused),
		cmocka_unit_test(packets_are_named_until_a_report_has_come),
		cmocka_unit_test(packets_are_named_again_after_a_description),
		cmocka_unit_test(without_simulcast_no_packet_has_a_rid),
		cmocka_unit_test(what_we_send_again_names_what_it_repairs),
		cmocka_unit_test(names_are_counted_in_the_size_of_packets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
