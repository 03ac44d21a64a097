/* One sender, one receiver, no network: frames cut up and put together again. */
#include "unit/rtp/rtp_support.h"

#include "base/num.h"
#include "rtp/payload/payload_vp8.h"
#include "rtp/rtp_packet.h"
#include "rtp/rtp_receiver.h"
#include "rtp/rtp_sender.h"

enum { MAX_PACKET = 1168 };

static struct tt_env env;
static struct tt_rtp_counters counters;
static struct tt_rtp_sender tx;
static struct tt_rtp_receiver rx;
static uint8_t *frame_buf;
static size_t frame_cap;

static int fill(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0x5a, len);
	return 0;
}

static int begin(void **state)
{
	static const struct tt_rtp_payload map[] = {
		{ .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
		{ .pt = 97, .apt = 96 },
	};

	(void)state;
	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config), .random = fill });
	counters = (struct tt_rtp_counters){ 0 };
	assert_int_equal(tt_rtp_sender_init(&tx, &env, &(struct tt_rtp_sender_config){
		.stream = 1, .kind = TAUT_VIDEO, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000, .mid = "video",
		.ssrc = 1, .rtx_ssrc = 2, .payload_type = 96, .rtx_payload_type = 97, .nack = true,
		.ext = { .mid = 1, .transport_cc = 2, .abs_send_time = 3 } }, 65000), TAUT_OK);
	tt_rtp_receiver_init(&rx, &env, &counters, &(struct tt_rtp_receiver_config){
		.stream = 1, .kind = TAUT_VIDEO, .payloads = map, .payload_count = 2, .nack = true, .pli = true });
	tt_rtp_receiver_follow(&rx, 1);
	return 0;
}

static int end(void **state)
{
	(void)state;
	tt_rtp_sender_free(&tx);
	tt_rtp_receiver_free(&rx);
	tt_free(&env, frame_buf);
	frame_buf = NULL;
	frame_cap = 0;
	return env.memory == 0 ? 0 : -1;
}

static int send(const uint8_t *data, size_t len, uint32_t ts)
{
	return tt_rtp_sender_frame(&tx, 1, &(struct taut_frame){ .size = sizeof(struct taut_frame), .data = data,
	                                                         .len = len, .rtp_timestamp = ts }, MAX_PACKET);
}

static size_t next(uint8_t *buf, struct tt_rtp_packet *p)
{
	size_t len = tt_rtp_sender_next(&tx, 1, &(struct tt_rtp_stamp){ 7, 9 }, buf, 1500);

	if (len > 0)
		assert_true(tt_rtp_read(p, buf, len));
	return len;
}

static void deliver(const struct tt_rtp_packet *p)
{
	static const struct tt_rtp_ext_values none;

	assert_int_equal(tt_rtp_receiver_media(&rx, 1, 1, p, &none), TT_TAKEN);
}

static void key_frame(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i * 7 + i / 251);
	memcpy(p, "\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00", tt_min(len, 10));
}

static void frames_of_every_size_come_back_as_they_were(void **state)
{
	static uint8_t data[102400];
	uint8_t buf[1500];
	uint32_t ts = 0;
	struct tt_rtp_packet p;
	struct taut_frame got;

	(void)state;
	for (size_t size = 10; size <= sizeof data; size += size < 2500 ? 1 : 997) {
		size_t least = SIZE_MAX, most = 0, packets = 0;

		key_frame(data, size);
		assert_int_equal(send(data, size, ts += 3000), TAUT_OK);
		while (next(buf, &p) > 0) {
			size_t len = p.header_len + p.payload.len;

			assert_true(len <= MAX_PACKET - 2); /* room for the OSN of a retransmission */
			least = tt_min(least, p.payload.len);
			most = tt_max(most, p.payload.len);
			packets++;
			deliver(&p);
		}
		assert_true(most - least <= 1);
		assert_true(packets <= size / 1100 + 1);
		assert_true(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
		assert_int_equal(got.len, size);
		assert_memory_equal(got.data, data, size);
		assert_true(got.flags & TAUT_FRAME_KEY);
		assert_false(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
	}
}

/* The room for a payload is what the extensions agreed on last leave. */
static void other_extensions_leave_other_room(void **state)
{
	static uint8_t data[80000];
	struct tt_rtp_sender_config cfg = tx.cfg;
	uint8_t buf[1500];
	struct tt_rtp_packet p;
	size_t most[3] = { 0 };

	(void)state;
	key_frame(data, sizeof data);
	for (size_t i = 0; i < TT_COUNT(most); i++) {
		cfg.ext = (struct tt_rtp_ext_ids){ .mid = i == 1 ? 1 : 0 };
		cfg.mid = "a-longer-mid";
		tt_rtp_sender_configure(&tx, &cfg);
		assert_int_equal(send(data, sizeof data, 0), TAUT_OK);
		while (next(buf, &p) > 0) {
			assert_true(p.header_len + p.payload.len <= MAX_PACKET - 2);
			most[i] = tt_max(most[i], p.payload.len);
		}
	}
	assert_true(most[1] < most[0]);
	assert_int_equal(most[2], most[0]);
}

static void frames_smaller_than_a_header_come_back_too(void **state)
{
	uint8_t data[10], buf[1500];
	struct tt_rtp_packet p;
	struct taut_frame got;

	(void)state;
	key_frame(data, 10);
	for (size_t size = 10; size >= 1; size--) {
		assert_int_equal(send(data, size, (uint32_t)size), TAUT_OK);
		assert_true(next(buf, &p) > 0);
		deliver(&p);
		assert_true(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
		assert_int_equal(got.len, size);
	}
	assert_int_equal(send(data, 0, 1), TAUT_E_INVAL);
}

static void a_packet_sent_again_is_the_packet_that_was_missing(void **state)
{
	static uint8_t data[5000];
	static const struct tt_rtp_ext_values none;
	uint8_t buf[1500];
	struct tt_rtp_packet p;
	struct taut_frame got;
	uint16_t missing = 0;

	(void)state;
	key_frame(data, sizeof data);
	assert_int_equal(send(data, sizeof data, 3000), TAUT_OK);
	for (int i = 0; next(buf, &p) > 0; i++) {
		if (i == 2)
			missing = p.seq;
		else
			deliver(&p);
	}
	assert_false(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
	tt_rtp_sender_nack(&tx, 1000, 0, missing);
	tt_rtp_sender_nack(&tx, 1000, 0, missing);
	tt_rtp_sender_nack(&tx, 1000, 0, (uint16_t)(missing - 100)); /* never sent */
	tt_rtp_sender_nack(&tx, 1000, 0, (uint16_t)(missing + 100));
	size_t len = tt_rtp_sender_resend(&tx, 1000, &(struct tt_rtp_stamp){ 0, 0 }, buf, sizeof buf);

	assert_true(tt_rtp_read(&p, buf, len));
	assert_int_equal(p.ssrc, 2);
	assert_int_equal(p.pt, 97);
	assert_int_equal(p.payload.p[0] << 8 | p.payload.p[1], missing);
	assert_int_equal(tt_rtp_receiver_rtx(&rx, 1000, 1000, &p, &none), TT_TAKEN);
	assert_int_equal(tt_rtp_sender_resend(&tx, 1000, &(struct tt_rtp_stamp){ 0, 0 }, buf, sizeof buf), 0);
	assert_true(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
	assert_memory_equal(got.data, data, sizeof data);
	assert_int_equal(counters.packets_recovered, 1);
	assert_int_equal(counters.packets_lost, 0);
}

/* Chrome probes with padding on the media ssrc, after a frame and within the sequence. */
static void padding_fills_its_numbers_and_is_no_loss(void **state)
{
	static uint8_t data[3000];
	uint8_t buf[1500];
	struct tt_rtp_packet p;
	struct taut_frame got;

	(void)state;
	key_frame(data, sizeof data);
	for (uint16_t round = 0; round < 5; round++) {
		assert_int_equal(send(data, sizeof data, 3000u * round), TAUT_OK);
		while (next(buf, &p) > 0) {
			p.seq = (uint16_t)(p.seq + 2 * round);
			deliver(&p);
		}
		p.payload.len = 0;
		p.marker = false;
		for (int i = 0; i < 2; i++) {
			p.seq++;
			deliver(&p);
		}
		assert_true(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
		assert_int_equal(got.len, sizeof data);
		assert_false(got.flags & TAUT_FRAME_AFTER_LOSS);
	}
	assert_int_equal(counters.packets_lost, 0);
}

static void a_frame_without_marker_ends_where_the_next_begins(void **state)
{
	static uint8_t data[3000];
	uint8_t buf[1500];
	struct tt_rtp_packet p;
	struct taut_frame got;

	(void)state;
	key_frame(data, sizeof data);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(send(data, sizeof data, 3000 * i), TAUT_OK);
		while (next(buf, &p) > 0) {
			p.marker = false;
			deliver(&p);
		}
		assert_int_equal(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap), i > 0);
	}
}

static void a_full_queue_refuses_the_whole_frame(void **state)
{
	static uint8_t data[300000];
	uint8_t buf[1500];
	struct tt_rtp_packet p;
	size_t queued = 0, packets = 0;

	(void)state;
	key_frame(data, sizeof data);
	while (send(data, sizeof data, 0) == TAUT_OK)
		assert_true(++queued < 10);
	assert_int_equal(send(data, sizeof data, 0), TAUT_E_LIMIT);
	while (next(buf, &p) > 0)
		packets++;
	assert_in_range(packets, queued * 260, queued * 270);
	assert_int_equal(send(data, sizeof data, 0), TAUT_OK);
}

/* One frame of so many packets, sent at once. */
static void send_at(taut_time now, uint32_t ts, size_t packets)
{
	static uint8_t data[16 * 1100];
	uint8_t buf[1500];
	const struct taut_frame f = { .size = sizeof f, .data = data, .len = packets * 1100, .rtp_timestamp = ts };

	key_frame(data, f.len);
	tt_rtp_sender_forget(&tx, now, 50000);
	assert_int_equal(tt_rtp_sender_frame(&tx, now, &f, MAX_PACKET), TAUT_OK);
	while (tt_rtp_sender_next(&tx, now, &(struct tt_rtp_stamp){ 7, 9 }, buf, sizeof buf) > 0)
		;
}

static bool sent_again(taut_time now, uint16_t seq)
{
	uint8_t buf[1500];

	tt_rtp_sender_nack(&tx, now, 50000, seq);
	return tt_rtp_sender_resend(&tx, now, &(struct tt_rtp_stamp){ 7, 9 }, buf, sizeof buf) > 0;
}

/* Thirty frames of eight packets a second: a call of 2 Mbit/s. */
static void what_nobody_asks_for_any_more_is_given_back(void **state)
{
	enum { FRAMES = 600, PACKETS = 8, EVERY = 33333, KEPT = 51 * PACKETS }; /* 1.7 s */
	taut_time now = 1000000;
	size_t most = 0;

	(void)state;
	send_at(now, 0, 1);
	const size_t one = env.memory;
	for (uint32_t n = 1; n < FRAMES; n++) {
		now += EVERY;
		send_at(now, n * 3000, PACKETS);
		most = tt_max(most, env.memory);
	}
	assert_in_range(most, one + KEPT * 1100, one + (KEPT + 2 * PACKETS) * 1300);
	const uint16_t newest = (uint16_t)(65000 + (FRAMES - 1) * PACKETS);
	assert_true(sent_again(now, newest));
	assert_true(sent_again(now, (uint16_t)(newest - KEPT + PACKETS)));
	assert_false(sent_again(now, (uint16_t)(newest - KEPT - 2 * PACKETS)));
	/* on a longer path it is asked for later */
	tt_rtp_sender_forget(&tx, now + 2000000, 600000);
	assert_true(sent_again(now + 2000000, newest));
	tt_rtp_sender_forget(&tx, now + 2000000, 50000);
	assert_false(sent_again(now + 2000000, newest));
	assert_true(env.memory < one + 1024 * sizeof(uint64_t) + 64); /* the ring of resends */
}

static void without_nack_nothing_is_kept(void **state)
{
	struct tt_rtp_sender_config cfg = tx.cfg;

	(void)state;
	cfg.nack = false;
	cfg.mid = "video";
	tt_rtp_sender_configure(&tx, &cfg);
	send_at(1, 0, 16);
	send_at(2, 3000, 1);
	const size_t one = env.memory;
	for (uint32_t n = 2; n < 2000; n++) {
		send_at(n, n * 3000, 1);
		assert_int_equal(env.memory, one);
	}
}

/* A packet that needs more room takes the place of one that could still be sent again. */
static void a_place_with_too_little_room_is_nobodys(void **state)
{
	struct tt_rtp_history h;

	(void)state;
	tt_rtp_history_init(&h, &env, 4);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(tt_rtp_history_reserve(&h, 1, 10), TAUT_OK);
		tt_rtp_history_add(&h)->len = 10;
		h.head++;
	}
	assert_non_null(tt_rtp_history_find(&h, 0));
	assert_int_equal(tt_rtp_history_reserve(&h, 1, 300), TAUT_OK);
	assert_null(tt_rtp_history_find(&h, 0));
	assert_non_null(tt_rtp_history_find(&h, 1));
	assert_int_equal(tt_rtp_history_add(&h)->number, 4);
	tt_rtp_history_free(&h);
}

static struct tt_rtp_packet picture(const uint8_t *payload, size_t len, uint16_t seq,
				    const uint8_t *csrcs, size_t count)
{
	return (struct tt_rtp_packet){ .marker = true, .pt = 96, .seq = seq, .ts = seq * 3000u, .ssrc = 1,
				       .csrc_count = (uint8_t)count, .csrcs = { csrcs, 4 * count },
				       .payload = { payload, len } };
}

/* RFC 3550 section 5.1, and of a packet that was sent again, RFC 4588 section 4. */
static void contributors_come_with_their_frame(void **state)
{
	static const uint8_t csrcs[] = { 1, 2, 3, 4, 0xff, 0, 0, 1 };
	static const struct tt_rtp_ext_values none;
	uint8_t payload[TT_RTP_BUFFER + 2] = { 0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40 }, again[20] = { 0, 6 };
	struct taut_frame got;

	(void)state;
	for (uint16_t seq = 5; seq < 8; seq++) {
		struct tt_rtp_packet p = picture(payload, 11, seq, csrcs, 2);
		if (seq == 6) {
			memcpy(again + 2, payload, 11);
			p.pt = 97;
			p.payload = (struct span){ again, 13 };
			assert_int_equal(tt_rtp_receiver_rtx(&rx, 1, 1, &p, &none), TT_TAKEN);
		} else {
			p.csrcs.len = seq == 7 ? 0 : 8;
			deliver(&p);
		}
		assert_true(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
		assert_int_equal(got.len, 10);
		assert_memory_equal(got.data, payload + 1, 10);
		assert_int_equal(rx.csrcs.count, seq == 7 ? 0 : 2);
		if (seq == 7)
			break;
		assert_int_equal(rx.csrcs.ids[0], 0x01020304);
		assert_int_equal(rx.csrcs.ids[1], 0xff000001);
	}
	/* where there is room behind the payload */
	for (uint16_t i = 0; i < 3; i++) {
		const size_t len = TT_RTP_BUFFER - (i == 2 ? 0 : 8u - i);
		const struct tt_rtp_packet p = picture(payload, len + 1, (uint16_t)(8 + i), csrcs, 2);

		deliver(&p);
		assert_true(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
		assert_int_equal(got.len, len);
		assert_int_equal(rx.csrcs.count, i == 0 ? 2 : 0);
	}
}

static void contributors_of_what_is_not_kept_are_not_kept(void **state)
{
	static const uint8_t one[] = { 0, 0, 0, 1 }, other[] = { 0, 0, 0, 2 };
	const uint8_t payload[] = { 0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	struct tt_rtp_packet p = picture(payload, sizeof payload, 5, one, 1);
	struct taut_frame got;

	(void)state;
	deliver(&p);
	p.csrcs.p = other;
	deliver(&p); /* twice */
	assert_int_equal(counters.packets_duplicate, 1);
	assert_true(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
	assert_int_equal(rx.csrcs.count, 1);
	assert_int_equal(rx.csrcs.ids[0], 1);
	p.seq = 6;
	p.payload.len = 0; /* padding */
	deliver(&p);
	p = picture(payload, sizeof payload, 7, one, 1);
	deliver(&p);
	assert_true(tt_rtp_receiver_take(&rx, &got, &frame_buf, &frame_cap));
	assert_int_equal(rx.csrcs.ids[0], 1);
	p.seq = 3; /* nobody waits for it any more */
	deliver(&p);
	assert_int_equal(counters.packets_late, 1);
}

/* RFC 4588 section 4: what was sent again begins with its first number. */
static const struct tt_rtp_payload resent_map[] = {
	{ .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
	{ .pt = 97, .apt = 96 },
	{ .pt = 98, .apt = 97 }, /* of what is itself sent again */
	{ .pt = 99, .apt = 77 }, /* of what nobody knows */
	{ .pt = 0, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 }, /* nobody says that he repairs it */
};

static bool no_memory;

static void *perhaps(void *ctx, void *p, size_t size)
{
	(void)ctx;
	if (size > 0)
		return no_memory ? NULL : realloc(p, size);
	free(p);
	return NULL;
}

static void begin_resent(struct tt_env *e, struct tt_rtp_receiver *r)
{
	tt_env_init(e, &(struct taut_env_config){ .size = sizeof(struct taut_env_config), .random = fill,
	                                          .realloc = perhaps });
	tt_rtp_receiver_init(r, e, &counters, &(struct tt_rtp_receiver_config){
		.stream = 1, .kind = TAUT_VIDEO, .payloads = resent_map, .payload_count = TT_COUNT(resent_map),
		.nack = true, .pli = true });
	tt_rtp_receiver_follow(r, 1);
}

/* Its original number and len octets of a picture, in a block that ends there. */
static uint32_t resent(struct tt_rtp_receiver *r, uint8_t pt, uint16_t number, size_t len)
{
	static const uint8_t rest[] = { 0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	static const struct tt_rtp_ext_values none;
	const uint8_t head[2] = { (uint8_t)(number >> 8), (uint8_t)number };
	uint8_t *exact = malloc(len + (len == 0));

	assert_non_null(exact);
	memcpy(exact, head, tt_min(len, 2));
	if (len > 2)
		memcpy(exact + 2, rest, len - 2);
	struct tt_rtp_packet p = picture(exact, len, 1, NULL, 0);
	p.pt = pt;
	const uint32_t why = tt_rtp_receiver_rtx(r, 1, 1, &p, &none);
	free(exact);
	return why;
}

static void what_is_sent_again_has_to_make_sense(void **state)
{
	static const struct tt_rtp_ext_values none;
	static const uint8_t first[] = { 0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	const struct tt_rtp_packet p = picture(first, sizeof first, 20000, NULL, 0);
	struct tt_rtp_receiver r;
	struct tt_env e;

	(void)state;
	begin_resent(&e, &r);
	for (int started = 0; started < 2; started++) {
		static const uint8_t wrong[] = { 96, 98, 99, 55 };
		for (size_t i = 0; i < sizeof wrong; i++)
			assert_int_equal(resent(&r, wrong[i], 20001, 13), TAUT_DROP_RTP_RTX_PAYLOAD_TYPE);
		assert_int_equal(resent(&r, 97, 0, 0), TT_TAKEN); /* a probe */
		assert_int_equal(resent(&r, 97, 0, 1), TAUT_DROP_RTP_RTX_SHORT);
		assert_int_equal(r.stats.packets, started);
		if (started)
			break;
		assert_int_equal(resent(&r, 97, 20001, 13), TAUT_DROP_RTP_RTX_UNKNOWN);
		assert_int_equal(tt_rtp_receiver_media(&r, 1, 1, &p, &none), TT_TAKEN);
	}
	assert_int_equal(resent(&r, 97, 20001, 3), TAUT_DROP_RTP_VP8);
	assert_int_equal(r.stats.resent_packets, 0);
	assert_int_equal(resent(&r, 97, 20001, 2), TT_TAKEN); /* padding that filled its number */
	assert_int_equal(r.source.newest & 0xffff, 20001);
	tt_rtp_receiver_free(&r);
	assert_int_equal(e.memory, 0);
}

static void what_is_sent_again_lies_near_what_is_known(void **state)
{
	static const struct tt_rtp_ext_values none;
	static const uint8_t first[] = { 0x10, 0x10, 2, 0, 0x9d, 1, 0x2a, 0x40, 1, 0xf0, 0 };
	const struct tt_rtp_packet p = picture(first, sizeof first, 20000, NULL, 0);
	struct tt_rtp_receiver r;
	struct tt_env e;

	(void)state;
	begin_resent(&e, &r);
	assert_int_equal(tt_rtp_receiver_media(&r, 1, 1, &p, &none), TT_TAKEN);
	assert_int_equal(resent(&r, 97, 20101, 13), TAUT_DROP_RTP_RTX_FAR);
	assert_int_equal(resent(&r, 97, 9999, 13), TAUT_DROP_RTP_RTX_FAR);
	assert_int_equal(r.stats.resent_packets, 0);
	assert_int_equal(resent(&r, 97, 10000, 13), TT_TAKEN); /* too late for all but the counters */
	assert_int_equal(r.source.newest & 0xffff, 20000);
	assert_int_equal(counters.packets_recovered, 0);
	for (int twice = 0; twice < 2; twice++) {
		assert_int_equal(resent(&r, 97, 20100, 13), TT_TAKEN);
		assert_int_equal(r.source.newest & 0xffff, 20100);
		assert_int_equal(counters.packets_recovered, 1);
		assert_int_equal(counters.packets_duplicate, twice);
	}
	assert_int_equal(r.stats.resent_packets, 3);
	assert_int_equal(r.stats.resent_octets, 39);
	no_memory = true;
	uint32_t why = TT_TAKEN;
	for (uint16_t n = 20101; why == TT_TAKEN && n < 20200; n++)
		why = resent(&r, 97, n, 13);
	no_memory = false;
	assert_int_equal(why, TAUT_DROP_RTP_NO_MEMORY);
	tt_rtp_receiver_free(&r);
	assert_int_equal(e.memory, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(frames_of_every_size_come_back_as_they_were, begin, end),
		cmocka_unit_test_setup_teardown(other_extensions_leave_other_room, begin, end),
		cmocka_unit_test_setup_teardown(frames_smaller_than_a_header_come_back_too, begin, end),
		cmocka_unit_test_setup_teardown(a_packet_sent_again_is_the_packet_that_was_missing, begin, end),
		cmocka_unit_test_setup_teardown(padding_fills_its_numbers_and_is_no_loss, begin, end),
		cmocka_unit_test_setup_teardown(a_frame_without_marker_ends_where_the_next_begins, begin, end),
		cmocka_unit_test_setup_teardown(a_full_queue_refuses_the_whole_frame, begin, end),
		cmocka_unit_test_setup_teardown(what_nobody_asks_for_any_more_is_given_back, begin, end),
		cmocka_unit_test_setup_teardown(without_nack_nothing_is_kept, begin, end),
		cmocka_unit_test_setup_teardown(a_place_with_too_little_room_is_nobodys, begin, end),
		cmocka_unit_test_setup_teardown(contributors_come_with_their_frame, begin, end),
		cmocka_unit_test_setup_teardown(contributors_of_what_is_not_kept_are_not_kept, begin, end),
		cmocka_unit_test_setup_teardown(what_is_sent_again_has_to_make_sense, begin, end),
		cmocka_unit_test_setup_teardown(what_is_sent_again_lies_near_what_is_known, begin, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
