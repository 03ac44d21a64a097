/* test_c_media.c - rows C17 to C26 and C30 of HOSTILE.md: RTP that is protected with the right keys, and
 * wrong inside. */
#include <stdio.h>
#include <stdlib.h>

#include "hostile/media.h"

static void c17_padding_that_cannot_be_is_refused(void **state)
{
	static const uint8_t counts[] = { 0, 13, 14, 100, 255 };
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 441, 0);
	const struct tt_rtp_sender *s = craft_stream(&h, TAUT_AUDIO);
	const uint64_t before = rtp(&h)->packets_refused;
	for (size_t i = 0; i < TT_COUNT(counts); i++) {
		struct wr w = craft_rtp(buf, sizeof buf, s->cfg.payload_type, (uint16_t)(9000 + i),
					9, FRESH);
		buf[0] |= 0x20;
		wr_zeros(&w, 11);
		wr_u8(&w, counts[i]);
		craft_send_rtp(&h, buf, w.off);
	}
	struct wr w = craft_rtp(buf, sizeof buf, s->cfg.payload_type, 9010, 9, FRESH);
	buf[0] |= 0x20;
	craft_send_rtp(&h, buf, w.off); /* no payload at all */
	assert_int_equal(rtp(&h)->packets_refused - before, TT_COUNT(counts) + 1);
	hostile_assert_refused_but(&h, TAUT_DROP_RTP_MALFORMED, TT_COUNT(counts) + 1, STATE_SRTP);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c18_extensions_that_cannot_be_are_survived(void **state)
{
	static const char *const blocks[] = {
		"bede0000",         /* empty */
		"bede00010f000000", /* an element past the end */
		"bede00011fffffff", /* ... by 14 */
		"bede0001f0000000", /* id 15 */
		"bede000107ffffff", /* id 0 with a length */
		"bede00013f313131", /* a mid past the end */
		"1000000101ff0000", /* two-byte form in a one-byte session, past the end */
		"100f000100010203", "1000000100ff00ff",
		"beef00015eedbeef", "bede00020000000000000000", /* only padding */
	};
	uint8_t buf[PACKET], block[64];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 442, 0);
	const struct tt_rtp_sender *s = craft_stream(&h, TAUT_AUDIO);
	const struct seen before = h.seen[0];
	for (int known = 0; known < 2; known++) { /* a stream of nobody's, then one that is taken */
		for (size_t i = 0; i < TT_COUNT(blocks); i++) {
			struct wr w = craft_rtp(buf, sizeof buf, known ? s->cfg.payload_type : 120,
						(uint16_t)(100 + i), 9, FRESH + (uint32_t)known);
			buf[0] |= 0x10;
			wr_bytes(&w, block, unhex(blocks[i], block, sizeof block));
			wr_bytes(&w, "\x78 sound", 7);
			craft_send_rtp(&h, buf, w.off);
		}
		if (known)
			break;
		hostile_assert_refused_but(&h, TAUT_DROP_RTP_NO_STREAM, TT_COUNT(blocks), STATE_SRTP);
		fall_silent(&h);
		hostile_mark(&h);
	}
	/* What is said beside a sound is passed over; the sound is good (RFC 8285 section 4.1.2). */
	hostile_assert_none_dropped(&h);
	fall_silent(&h);
	assert_int_equal(h.seen[0].audio - before.audio, TT_COUNT(blocks));
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* Of 64 KB it says it is, which no datagram is; and as long as one can be. */
static void c18_an_extension_block_is_as_long_as_its_packet_at_most(void **state)
{
	enum { LONGEST = 1400 };
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 452, 0);
	const struct tt_rtp_sender *s = craft_stream(&h, TAUT_AUDIO);
	struct wr w = craft_rtp(buf, sizeof buf, s->cfg.payload_type, 100, 9, FRESH);
	buf[0] |= 0x10;
	wr_u16(&w, 0xbede);
	wr_u16(&w, 65536 / 4);
	wr_zeros(&w, LONGEST);
	hostile_inject(&h, NULL, buf, w.off);
	hostile_assert_refused(&h, TAUT_DROP_SRTP_MALFORMED, 1);
	fall_silent(&h);
	const struct seen before = h.seen[0];
	w = craft_rtp(buf, sizeof buf, s->cfg.payload_type, 100, 9, FRESH);
	buf[0] |= 0x10;
	wr_u16(&w, 0xbede);
	wr_u16(&w, LONGEST / 4);
	for (size_t i = 0; i < LONGEST; i += 4)
		wr_u32(&w, 0xe2000000); /* an element of three octets that nobody named */
	wr_bytes(&w, "\x78 sound", 7);
	craft_send_rtp(&h, buf, w.off);
	hostile_assert_none_dropped(&h);
	fall_silent(&h);
	assert_int_equal(h.seen[0].audio - before.audio, 1);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c20_a_frame_of_two_codecs_is_no_frame(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 443, 0);
	fall_silent(&h);
	const uint8_t vp8 = craft_stream(&h, TAUT_VIDEO)->cfg.payload_type;
	const uint8_t opus = craft_stream(&h, TAUT_AUDIO)->cfg.payload_type;
	const struct seen before = h.seen[0];
	for (unsigned n = 0; n < 30; n++) { /* begin, a strange middle, end */
		const unsigned part = n % 3;
		struct wr w = craft_rtp(buf, sizeof buf, part == 1 ? opus : vp8,
					(uint16_t)(100 + n), n / 3 * 3000, FRESH);
		buf[1] |= part == 2 ? 0x80 : 0;
		wr_u8(&w, part == 0 ? 0x10 : 0);
		wr_bytes(&w, "\x10\0\0\x9d\x01\x2a\x40\x01\xf0\0 picture", 18);
		hostile_mark(&h);
		craft_send_rtp(&h, buf, w.off);
		if (part == 1)
			hostile_assert_refused_but(&h, TAUT_DROP_RTP_PAYLOAD_TYPE, 1, STATE_SRTP);
		hostile_assert_none_dropped(&h);
	}
	hostile_run(&h, 2 * SECOND);
	assert_int_equal(h.seen[0].video, before.video);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* Of a VP8 descriptor, RFC 7741 section 4.2; missing octets read as 0. */
static size_t descriptor_length(const uint8_t *p, size_t len)
{
	const uint8_t x = len > 1 ? p[1] : 0, i = len > 2 ? p[2] : 0;
	size_t n = 1;

	if (!(p[0] & 0x80))
		return n;
	n += 1;
	n += x & 0x80 ? 1 + (i >> 7) : 0;
	n += x & 0x40 ? 1 : 0;
	return n + (x & 0x30 ? 1 : 0);
}

static void c22_vp8_descriptors_that_need_more_octets_are_refused(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	uint16_t seq = 0;
	unsigned short_of = 0;

	(void)state;
	hostile_begin(&h, 444, 0);
	fall_silent(&h);
	hostile_mark(&h);
	const uint8_t vp8 = craft_stream(&h, TAUT_VIDEO)->cfg.payload_type;
	for (unsigned first = 0; first < 256; first++)
		for (unsigned len = 0; len <= 8; len++) {
			seq++;
			struct wr w = craft_rtp(buf, sizeof buf, vp8, seq, seq * 3000u, FRESH);
			const size_t at = w.off;
			buf[1] |= (uint8_t)(seq % 2 * 0x80);
			wr_u8(&w, (uint8_t)first);
			for (unsigned i = 0; i < len; i++)
				wr_u8(&w, (uint8_t)sim_random(&h.pair.sim));
			const bool wants_more = descriptor_length(buf + at, 1 + len) >= 1 + len;
			const bool compared = wants_more && short_of++ % 8 == 1;
			if (compared)
				hostile_mark(&h);
			craft_send_rtp(&h, buf, w.off);
			hostile_assert_dropped(&h, TAUT_DROP_RTP_VP8, wants_more);
			if (compared)
				hostile_assert_unchanged_but(&h, STATE_SRTP);
		}
	assert_in_range(short_of, 256, 1000); /* 256 are the descriptor's first octet alone */
	hostile_assert_none_dropped(&h);
	fall_silent(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c25_sounds_that_do_not_add_up_are_not_delivered(void **state)
{
	static const char *const bad[] = {
		"7b00",   /* code 3 of no frames */
		"7b3f",   /* of 63: 1,260 ms */
		"7b07",   /* of 7 of 20 ms: 140 ms */
		"1b0300", /* 3 of 60 ms */
		"7b",     /* without its count */
		"7900 ",  /* code 1, and an odd rest */
		"7aff",   /* code 2, longer than there is */
	};
	uint8_t buf[PACKET], sound[64];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 445, 0);
	fall_silent(&h);
	const uint8_t opus = craft_stream(&h, TAUT_AUDIO)->cfg.payload_type;
	const struct seen before = h.seen[0];
	for (unsigned n = 0; n < 2 * TT_COUNT(bad); n++) {
		struct wr w = craft_rtp(buf, sizeof buf, opus, (uint16_t)(100 + n), n * 960, FRESH);
		wr_bytes(&w, sound, unhex(bad[n / 2], sound, sizeof sound));
		craft_send_rtp(&h, buf, w.off);
		if (n == 0) { /* from here on that source is the one that is heard */
			hostile_assert_dropped(&h, TAUT_DROP_RTP_OPUS, 1);
			hostile_mark(&h);
		}
	}
	hostile_assert_refused_but(&h, TAUT_DROP_RTP_OPUS, 2 * TT_COUNT(bad) - 1, STATE_SRTP);
	hostile_run(&h, SECOND);
	assert_int_equal(h.seen[0].audio, before.audio);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static const struct tt_rtp_receiver *video_of(const struct hostile *h)
{
	for (size_t i = 0; i < h->pc->rtp->receiver_count; i++)
		if (h->pc->rtp->receivers[i]->cfg.kind == TAUT_VIDEO)
			return h->pc->rtp->receivers[i];
	fail_msg("the good peer receives no video");
	return NULL;
}

static void c26_retransmissions_of_nothing_are_refused(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	uint16_t seq = 20000;

	(void)state;
	hostile_begin(&h, 446, 0);
	const struct tt_rtp_sender_config *c = &craft_stream(&h, TAUT_VIDEO)->cfg;
	assert_true(c->rtx_payload_type && c->rtx_ssrc);
	struct wr w = craft_rtp(buf, sizeof buf, c->rtx_payload_type, seq++, 1, c->rtx_ssrc);
	craft_send_rtp(&h, buf, w.off); /* without an octet it is a probe */
	hostile_assert_none_dropped(&h);
	hostile_mark(&h);
	w = craft_rtp(buf, sizeof buf, c->rtx_payload_type, seq++, 1, c->rtx_ssrc);
	wr_zeros(&w, 1);
	craft_send_rtp(&h, buf, w.off);
	hostile_assert_refused_but(&h, TAUT_DROP_RTP_RTX_SHORT, 1, STATE_SRTP);
	const uint32_t newest = (uint32_t)video_of(&h)->source.newest;
	unsigned far = 0;
	for (unsigned osn = 0; osn < 65536; osn += 257) {
		const int16_t off = (int16_t)(osn - newest);
		if (off <= 100 && off >= -TT_NACK_AGE)
			continue; /* it may be missing: farther away nothing is */
		w = craft_rtp(buf, sizeof buf, c->rtx_payload_type, seq++, 1, c->rtx_ssrc);
		wr_u16(&w, tt_u16(osn));
		wr_u8(&w, c->rtx_payload_type); /* as if one inside the other */
		wr_zeros(&w, 20);
		craft_send_rtp(&h, buf, w.off);
		far++;
	}
	assert_in_range(far, 200, 255);
	hostile_assert_refused_but(&h, TAUT_DROP_RTP_RTX_FAR, far, STATE_SRTP);
	/* On the stream's own SSRC, and the media's type on the SSRC of retransmissions; the second time even
	 * the moment is known when that source was heard last. */
	const struct tt_rtp_sender *video = craft_stream(&h, TAUT_VIDEO);
	uint16_t media_seq = (uint16_t)(video->first_seq + video->history.next + 40);
	for (int again = 0; again < 2; again++) {
		hostile_mark(&h);
		w = craft_rtp(buf, sizeof buf, c->rtx_payload_type, media_seq++, 1, c->ssrc);
		wr_zeros(&w, 20);
		craft_send_rtp(&h, buf, w.off);
		w = craft_rtp(buf, sizeof buf, c->payload_type, seq++, 1, c->rtx_ssrc);
		wr_zeros(&w, 20);
		craft_send_rtp(&h, buf, w.off);
		hostile_assert_dropped(&h, TAUT_DROP_RTP_RTX_ON_MEDIA, 1);
		hostile_assert_dropped(&h, TAUT_DROP_RTP_RTX_PAYLOAD_TYPE, 1);
	}
	hostile_assert_none_dropped(&h);
	hostile_assert_unchanged_but(&h, STATE_SRTP);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c30_a_clock_that_cannot_be_is_refused_or_not_used(void **state)
{
	static const char *const rates[] = { "0", "4294967296", "-1", "90000x", "1", "4294967295" };
	enum { REFUSED = 4 }; /* so many of them, because they are no clock rates at all */

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rates); i++) {
		struct hostile h;
		char line[64];
		hostile_init(&h, 451, 1, false);
		struct pair_signal *s = hostile_catch(&h);
		char *at = strstr(s->text, " VP8/90000");
		assert_non_null(at);
		const char *start = at;
		while (start[-1] != '\n')
			start--;
		snprintf(line, sizeof line, "%.*s VP8/%s\r\n", (int)(at - start), start, rates[i]);
		char prefix[32];
		snprintf(prefix, sizeof prefix, "%.*s", (int)(at - start), start);
		char *text = hostile_edit(s->text, prefix, line);
		if (i < REFUSED) {
			hostile_assert_description_refused(&h, TAUT_SDP_OFFER, text, 0);
			free(text);
			hostile_assert_call(&h); /* by the right one, which comes after all */
		} else {
			hostile_rewrite(s, text);
			hostile_run(&h, 3 * SECOND);
			assert_int_equal(h.pc->local.sdp->media[1]->port, 0); /* video is rejected */
			hostile_assert_ping(&h);
		}
		hostile_end(&h);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c17_padding_that_cannot_be_is_refused),
		cmocka_unit_test(c18_extensions_that_cannot_be_are_survived),
		cmocka_unit_test(c18_an_extension_block_is_as_long_as_its_packet_at_most),
		cmocka_unit_test(c20_a_frame_of_two_codecs_is_no_frame),
		cmocka_unit_test(c22_vp8_descriptors_that_need_more_octets_are_refused),
		cmocka_unit_test(c25_sounds_that_do_not_add_up_are_not_delivered),
		cmocka_unit_test(c26_retransmissions_of_nothing_are_refused),
		cmocka_unit_test(c30_a_clock_that_cannot_be_is_refused_or_not_used),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/c_media", tests, NULL, NULL);
}
