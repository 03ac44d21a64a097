/* test_c_media.c - rows C of HOSTILE.md: SRTP, RTP and RTCP against a whole connection. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "hostile/craft.h"

enum {
	bad_tag = TAUT_DROP_SRTP_AUTH,
	not_whole = TAUT_DROP_SRTP_MALFORMED,
	replayed = TAUT_DROP_SRTP_REPLAY,
};

enum { FRESH = 0x5eed0000 }; /* SSRCs that nobody named */

static const struct tt_rtp_counters *rtp(const struct hostile *h)
{
	return &h->pc->rtp->counters;
}

/* So long that another SSRC may take a stream over. */
static void fall_silent(struct hostile *h)
{
	hostile_run(h, SECOND / 2);
}

static size_t protected_audio(struct hostile *h, uint8_t *buf, size_t cap, uint16_t seq)
{
	const struct tt_rtp_sender *s = craft_stream(h, TAUT_AUDIO);
	struct wr w = craft_rtp(buf, cap, s->cfg.payload_type, seq, seq * 960u, FRESH);

	wr_bytes(&w, "\x78 sound", 7);
	return craft_protect_rtp(h, buf, w.off, cap);
}

static size_t protected_report(struct hostile *h, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);

	tt_rtcp_write_rr(&w, FRESH + 1, NULL, 0);
	return craft_protect_rtcp(h, buf, w.off, cap);
}

static uint64_t dropped_by(const struct hostile *h)
{
	struct taut_counters c = { .size = sizeof c };

	assert_int_equal(taut_pc_get_counters(h->pc, &c), TAUT_OK);
	return c.packets_dropped;
}

/* Lets the good one come into that state; where it would hear packets from. */
static struct tt_ice_path reach(struct hostile *h, uint32_t wanted)
{
	hostile_run(h, 1000);
	if (wanted == TAUT_STATE_CONNECTING)
		hostile_until_dtls(h, wanted);
	else if (wanted != TAUT_STATE_NEW)
		hostile_run(h, 3 * SECOND);
	const struct pair_flow *f = &h->pair.peers[0].flows[0];
	struct tt_ice_path path = { .flow = f->flow,
				    .local = f->addr,
				    .remote = hostile_stranger(0) };
	tt_ice_selected(h->pc->ice, h->pair.sim.now, &path);
	if (wanted == TAUT_STATE_CLOSED)
		taut_pc_close(h->pc, h->pair.sim.now);
	h->pair.cut = wanted == TAUT_STATE_DISCONNECTED || wanted == TAUT_STATE_FAILED;
	if (h->pair.cut)
		hostile_run(h, (wanted == TAUT_STATE_FAILED ? 40 : 20) * SECOND);
	if (wanted != TAUT_STATE_CONNECTING && wanted != TAUT_STATE_NEW)
		assert_int_equal(taut_pc_connection_state(h->pc), wanted);
	return path;
}

static void c01_media_of_every_short_length_is_refused_in_every_state(void **state)
{
	static const uint32_t states[] = { TAUT_STATE_NEW,       TAUT_STATE_CONNECTING,
					   TAUT_STATE_CONNECTED, TAUT_STATE_DISCONNECTED,
					   TAUT_STATE_FAILED,    TAUT_STATE_CLOSED };
	uint8_t buf[64] = { 0x80 };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(states); i++) {
		struct hostile h;
		unsigned sent = 0;
		hostile_init(&h, 401, 0, false);
		const struct tt_ice_path path = reach(&h, states[i]);
		hostile_mark(&h);
		const uint64_t before = dropped_by(&h);
		for (size_t len = 0; len <= sizeof buf; len++)
			for (int kind = 0; kind < 2; kind++, sent++) {
				buf[1] = kind ? 200 : 111;
				hostile_inject_on(&h, path.flow, &path.local, &path.remote, buf,
						  len);
			}
		if (states[i] != TAUT_STATE_CONNECTING) {
			assert_int_equal(dropped_by(&h) - before, sent);
			hostile_assert_unchanged(&h);
		}
		h.pair.cut = false;
		hostile_run(&h, 5 * SECOND);
		if (states[i] ==
		    TAUT_STATE_CONNECTING) /* some might have been media that came early */
			assert_int_equal(dropped_by(&h) - before, sent);
		if (states[i] < TAUT_STATE_FAILED)
			hostile_assert_ping(&h);
		hostile_end(&h);
	}
}

static void c02_a_flipped_bit_is_refused_wherever_it_is(void **state)
{
	uint8_t buf[PACKET];

	(void)state;
	for (int good = 0; good < 2; good++)
		for (int rtcp = 0; rtcp < 2; rtcp++) {
			struct hostile h;
			hostile_begin(&h, 402, good);
			const size_t len = rtcp ? protected_report(&h, buf, sizeof buf)
						: protected_audio(&h, buf, sizeof buf, 30000);
			hostile_mark(&h);
			for (size_t bit = 0; bit < 8 * len; bit++) {
				buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
				hostile_inject(&h, NULL, buf, len);
				buf[bit / 8] ^= (uint8_t)(1u << bit % 8);
				/* the first two octets may make it another protocol, or too short */
				if (bit >= 16)
					hostile_assert_dropped(&h, bad_tag, 1);
				else
					assert_int_equal(hostile_dropped_in_all(&h), bit + 1);
				if (bit == 15)
					hostile_mark(&h);
			}
			hostile_assert_refused(&h, bad_tag, 0);
			const uint64_t before = tt_srtp_counters(h.pc->srtp)->unprotected_packets;
			hostile_inject(&h, NULL, buf, len);
			assert_int_equal(tt_srtp_counters(h.pc->srtp)->unprotected_packets,
					 before + 1);
			hostile_assert_alive(&h);
			hostile_end(&h);
		}
}

static void c03_bad_tags_without_end_do_not_end_the_call(void **state)
{
	enum { FLOOD = 1000000 };
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 403, 0);
	const size_t len = protected_audio(&h, buf, sizeof buf, 30000);
	hostile_mark(&h);
	for (unsigned n = 0; n < FLOOD; n++) {
		buf[len - 1 - n % 10] ^= 0x55;
		hostile_inject(&h, NULL, buf, len);
		buf[len - 1 - n % 10] ^= 0x55;
	}
	hostile_assert_refused(&h, bad_tag, FLOOD);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* The windows are 1,024 RTP packets and 128 of RTCP; a third of all packets is of each source. */
enum { COPIES = 6000, FAR_RTP = 3 * 1000, FAR_RTCP = 3 * 100 };

struct shuffled {
	size_t key, len;
	uint8_t data[100];
};

static int by_key(const void *a, const void *b)
{
	const struct shuffled *x = a, *y = b;

	return x->key < y->key ? -1 : x->key > y->key;
}

static void c04_a_packet_is_taken_once_however_they_are_shuffled(void **state)
{
	static struct shuffled all[2 * COPIES];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 404, 0);
	for (unsigned n = 0; n < COPIES; n++) { /* three sources, one of them RTCP */
		struct shuffled *p = &all[2 * n];
		struct wr w;
		if (n % 3 == 0) {
			w = wr_make(p->data, sizeof p->data);
			tt_rtcp_write_rr(&w, FRESH + 9, NULL, 0);
			p->len = craft_protect_rtcp(&h, p->data, w.off, sizeof p->data);
		} else {
			w = craft_rtp(p->data, sizeof p->data, 100, (uint16_t)(n / 3), n * 960,
				      FRESH + n % 3);
			wr_bytes(&w, "shuffled", 8);
			p->len = craft_protect_rtp(&h, p->data, w.off, sizeof p->data);
		}
		p[1] = p[0];
		for (int k = 0; k < 2; k++)
			p[k].key = n + sim_random(&h.pair.sim) % (n % 3 == 0 ? FAR_RTCP : FAR_RTP);
	}
	qsort(all, 2 * COPIES, sizeof *all, by_key);
	hostile_mark(&h);
	const uint64_t before = tt_srtp_counters(h.pc->srtp)->unprotected_packets;
	for (size_t i = 0; i < 2 * COPIES; i++)
		hostile_inject(&h, NULL, all[i].data, all[i].len);
	hostile_assert_dropped(&h, replayed, COPIES);
	assert_int_equal(tt_srtp_counters(h.pc->srtp)->unprotected_packets - before, COPIES);
	hostile_assert_unchanged_but(&h, STATE_SRTP);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c05_a_rollover_nobody_saw_costs_that_source_only(void **state)
{
	uint8_t buf[PACKET];

	(void)state;
	for (unsigned seed = 0; seed < 10; seed++) {
		struct hostile h;
		hostile_begin(&h, 420 + seed, (int)(seed % 2));
		for (size_t i = 0; i < h.pc->rtp->sender_count; i++) /* ours can be joined late */
			assert_true(h.pc->rtp->senders[i]->first_seq < 0x8000);
		hostile_mark(&h);
		for (unsigned n = 0; n < 40; n++) { /* from 65,526 on, and the first ten are lost */
			struct wr w =
				craft_rtp(buf, sizeof buf, 100, (uint16_t)(65526 + n), n, FRESH);
			wr_bytes(&w, "wrap", 4);
			const size_t len = craft_protect_rtp(&h, buf, w.off, sizeof buf);
			if (n >= 10)
				hostile_inject(&h, NULL, buf, len);
		}
		hostile_assert_refused(&h, bad_tag, 30);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

/* More than half the numbers ahead reads as one of the round before (RFC 3711 section 3.3.1), so one
 * long gone. In the first round there is none before, and nothing is lost. */
static void c05_a_jump_of_forty_thousand_costs_that_source_only(void **state)
{
	static const struct {
		uint16_t first;
		uint32_t why; /* what is dropped after the jump */
	} rounds[] = { { 10, TAUT_DROP_RTP_NO_STREAM }, { 65530, replayed } };
	uint8_t buf[PACKET];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rounds); i++) {
		struct hostile h;
		unsigned seen = 0;
		hostile_begin(&h, 430, 0);
		for (unsigned n = 0; n < 40042; n++) { /* 12 come, 40,000 are lost, 30 come */
			struct wr w = craft_rtp(buf, sizeof buf, 100,
						(uint16_t)(rounds[i].first + n), n, FRESH);
			wr_bytes(&w, "jump", 4);
			const size_t len = craft_protect_rtp(&h, buf, w.off, sizeof buf);
			if (n >= 12 && n < 40012)
				continue;
			if (n == 40012)
				hostile_mark(&h);
			hostile_inject(&h, NULL, buf, len);
			seen++;
		}
		assert_int_equal(seen, 42);
		hostile_assert_dropped(&h, rounds[i].why, 30);
		assert_int_equal(hostile_dropped_in_all(&h), 0);
		if (rounds[i].why == replayed)
			hostile_assert_unchanged(&h);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void c06_a_flood_of_sources_grows_nothing(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 406, 0);
	const uint8_t pt = craft_stream(&h, TAUT_AUDIO)->cfg.payload_type;
	const size_t memory = h.pc->env->memory;
	for (unsigned n = 0; n < 65536; n++) {
		if (n % TT_SRTP_SSRC_MAX == TT_SRTP_SSRC_MAX - 1)
			hostile_renew_keys(&h); /* our own side has a ceiling, too */
		struct wr w =
			craft_rtp(buf, sizeof buf, n % 2 ? pt : 99, (uint16_t)n, n, FRESH + n);
		wr_bytes(&w, "\x78 sound", 7);
		craft_send_rtp(&h, buf, w.off);
	}
	assert_in_range(h.pc->rtp->binding_count, 0, 4 + TT_RTP_MAX_PROBES); /* two streams, RTX */
	assert_in_range(tt_srtp_counters(h.pc->srtp)->ssrcs_evicted, 65536 - TT_SRTP_SSRC_MAX,
			65536);
	assert_true(h.pc->env->memory <= memory + 65536);
	for (unsigned n = 0; n < 60; n++) { /* each after a silence, so that it is followed */
		fall_silent(&h);
		struct wr w = craft_rtp(buf, sizeof buf, pt, (uint16_t)n, n, FRESH - 1 - n);
		wr_bytes(&w, "\x78 sound", 7);
		craft_send_rtp(&h, buf, w.off);
		assert_in_range(h.pc->rtp->binding_count, 1, 4 + TT_RTP_MAX_PROBES);
	}
	fall_silent(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c07_headers_longer_than_their_packet_are_refused(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	unsigned sent = 0;

	(void)state;
	hostile_begin(&h, 407, 0);
	const struct tt_rtp_sender *s = craft_stream(&h, TAUT_AUDIO);
	for (unsigned cc = 1; cc < 16; cc++)
		for (size_t room = 0; room < 4 * cc; room += 3) {
			struct wr w =
				craft_rtp(buf, sizeof buf, s->cfg.payload_type, 9, 9, s->cfg.ssrc);
			buf[0] |= (uint8_t)cc;
			wr_zeros(&w, room + tt_srtp_tail(h.pc->srtp));
			hostile_inject(&h, NULL, buf, w.off);
			sent++;
		}
	for (unsigned words = 0xff00; words <= 0xffff; words++) {
		struct wr w = craft_rtp(buf, sizeof buf, s->cfg.payload_type, 9, 9, s->cfg.ssrc);
		buf[0] |= 0x10;
		wr_u16(&w, 0xbede);
		wr_u16(&w, tt_u16(words));
		wr_zeros(&w, words % 64 + tt_srtp_tail(h.pc->srtp));
		hostile_inject(&h, NULL, buf, w.off);
		sent++;
	}
	hostile_assert_refused(&h, not_whole, sent);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c09_media_in_the_clear_is_never_taken(void **state)
{
	uint8_t buf[PACKET];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_begin(&h, 409, good);
		const struct tt_rtp_sender *s = craft_stream(&h, TAUT_AUDIO);
		const struct seen before = h.seen[good];
		for (unsigned n = 0; n < 100; n++) {
			struct wr w =
				craft_rtp(buf, sizeof buf, s->cfg.payload_type,
					  (uint16_t)(s->first_seq + 500 + n), n * 960, s->cfg.ssrc);
			wr_bytes(&w, "\x78 this is nothing but clear sound", 34);
			if (n % 2) { /* or a BYE */
				w = wr_make(buf, sizeof buf);
				tt_rtcp_write_rr(&w, s->cfg.ssrc, NULL, 0);
				tt_rtcp_write_bye(&w, &s->cfg.ssrc, 1);
				for (int i = 0; i < 5; i++) /* read as an index, one far ahead */
					wr_u32(&w, 0x11111111);
			}
			hostile_inject(&h, NULL, buf, w.off);
		}
		hostile_assert_dropped(&h, bad_tag, 100);
		hostile_assert_unchanged(&h);
		assert_int_equal(h.seen[good].audio, before.audio);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

/* RFC 9429 section 5.1.2 has us take any RTP profile, but never without DTLS. */
static void c09_a_profile_without_protection_is_not_agreed_on(void **state)
{
	(void)state;
	for (int good = 0; good < 2; good++) { /* in an answer, in an offer */
		struct hostile h;
		const char *answer;
		hostile_init(&h, 419, good, false);
		struct pair_signal *s = hostile_catch(&h);
		assert_int_equal(s->type, good ? TAUT_SDP_OFFER : TAUT_SDP_ANSWER);
		for (char *at = s->text; (at = strstr(at, "UDP/TLS/RTP/SAVPF")) != NULL;)
			memcpy(at, "          RTP/AVP", 17);
		char *bare = hostile_edit(s->text, "a=fingerprint:", "");
		hostile_assert_description_refused(&h, s->type, bare, 0);
		free(bare);
		if (good) {
			assert_int_equal(taut_pc_set_remote_description(h.pc, h.pair.sim.now,
									s->type, s->text,
									strlen(s->text)),
					 TAUT_OK);
			assert_int_equal(taut_pc_create_answer(h.pc, h.pair.sim.now, &answer),
					 TAUT_OK);
			assert_non_null(strstr(answer, "a=fingerprint:sha-256"));
			h.pair.hold_signals = true;
		} else { /* with a fingerprint it is taken, and goes over DTLS all the same */
			hostile_run(&h, 3 * SECOND);
			assert_non_null(h.pc->srtp);
			hostile_assert_ping(&h);
		}
		hostile_end(&h);
	}
}

static void c10_every_beginning_of_a_packet_is_safe(void **state)
{
	uint8_t clear[256], buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 410, 0);
	fall_silent(&h);
	const struct tt_rtp_sender *s = craft_stream(&h, TAUT_VIDEO);
	struct wr w = craft_rtp(clear, sizeof clear, s->cfg.payload_type, 1, 1, FRESH);
	wr_bytes(&w, "\x90\x80\x81\x82\xe3\x01\x02\x10\x00\x00\x9d\x01\x2a", 13);
	hostile_mark(&h);
	for (size_t len = 12; len <= w.off; len++) {
		memcpy(buf, clear, len);
		buf[3] = (uint8_t)len;
		craft_send_rtp(&h, buf, len);
	}
	/* a descriptor of four octets and nothing after it, or less: of nothing, a mere number */
	hostile_assert_dropped(&h, TAUT_DROP_RTP_VP8, 4);
	assert_int_equal(hostile_dropped_in_all(&h), 0);
	fall_silent(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* ---- RTCP: protected with the right keys, and wrong inside ---- */

static size_t unhex(const char *hex, uint8_t *out, size_t cap)
{
	size_t n = 0;

	for (; hex[0] && hex[1] && n < cap; hex += 2) {
		char two[3] = { hex[0], hex[1], 0 };
		out[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

struct rtcp_case {
	const char *hex;
	uint32_t why; /* it is refused; 0: it says nothing that matters here */
};

/* What is refused changes nothing but the replay window; the rest of these neither. */
static void send_cases(struct hostile *h, const struct rtcp_case *all, size_t n)
{
	uint8_t buf[PACKET];

	hostile_mark(h);
	for (size_t i = 0; i < n; i++) {
		const uint64_t before = dropped_by(h);
		craft_send_rtcp(h, buf, unhex(all[i].hex, buf, sizeof buf));
		if (dropped_by(h) - before != (all[i].why != 0))
			fail_msg("%s: %s", all[i].why ? "taken" : "refused", all[i].hex);
		if (all[i].why)
			hostile_assert_dropped(h, all[i].why, 1);
	}
	hostile_assert_unchanged_but(h, STATE_SRTP);
}

static void rtcp_cases(unsigned seed, const struct rtcp_case *all, size_t n)
{
	struct hostile h;

	hostile_begin(&h, seed, 0);
	send_cases(&h, all, n);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c11_lengths_inside_bye_and_xr_are_checked(void **state)
{
	static const struct rtcp_case all[] = {
		{ "81cb00025eed0001ff000000", TAUT_DROP_RTCP_BYE_REASON }, /* reason of 255 */
		{ "9fcb00015eed0001", TAUT_DROP_RTCP_BYE_SOURCES }, /* 31 sources, one there */
		{ "80cf00025eed00010400ffff",
		  TAUT_DROP_RTCP_XR_LENGTH }, /* block of 65,535 words */
		{ "80cf00025eed00016300ffff", TAUT_DROP_RTCP_XR },
		{ "80cf00025eed000163000000", 0 }, /* block of nothing */
		{ "80cf00045eed0001630000006300000063000000", 0 },
		{ "80cf00035eed0001050000015eed0002",
		  TAUT_DROP_RTCP_XR_LENGTH }, /* DLRR of a third of a sub-block */
		{ "80cf00015eed0001", 0 },
	};

	(void)state;
	rtcp_cases(431, all, TT_COUNT(all));
}

static void c12_rpsi_padding_beyond_its_string_is_refused(void **state)
{
	static const struct rtcp_case all[] = {
		{ "83ce00035eed00015eed0002ff600000", TAUT_DROP_RTCP_RPSI },
		{ "83ce00035eed00015eed000211600000", TAUT_DROP_RTCP_RPSI },
		{ "83ce00025eed00015eed0002", TAUT_DROP_RTCP_RPSI },
		{ "83ce00035eed00015eed000210600000", 0 },
	};

	(void)state;
	rtcp_cases(432, all, TT_COUNT(all));
}

static void c13_item_and_source_counts_are_checked(void **state)
{
	static const struct rtcp_case all[] = {
		{ "81ca00025eed000101ff6162", TAUT_DROP_RTCP_SDES }, /* item past the end */
		{ "9fca00025eed000101016100", TAUT_DROP_RTCP_SDES }, /* 31 chunks, one there */
		{ "8fce00055eed00010000000052454d42ff0000015eed0002",
		  TAUT_DROP_RTCP_REMB_SOURCES }, /* 255 sources */
		{ "8fce00045eed00010000000052454d4201000001",
		  TAUT_DROP_RTCP_REMB_SOURCES }, /* one, not there */
		{ "8fce00035eed00010000000052454d42", TAUT_DROP_RTCP_REMB_SOURCES },
		{ "9fc900015eed0001", TAUT_DROP_RTCP_RR }, /* 31 blocks, none there */
		{ "9fc800065eed0001000000000000000000000000000000000000000000", TAUT_DROP_RTCP_SR },
	};

	(void)state;
	rtcp_cases(433, all, TT_COUNT(all));
}

static void c14_transport_feedback_is_read_in_the_bytes_it_has(void **state)
{
	static const struct rtcp_case all[] = {
		{ "8fcd00055eed00015eed00020000ffff0000000020000000",
		  TAUT_DROP_RTCP_TWCC_CHUNKS }, /* 65,535 of nothing */
		{ "8fcd00055eed00015eed000200000000000000002001ffff",
		  TAUT_DROP_RTCP_TWCC_EMPTY }, /* about no packet */
		{ "8fcd00055eed00015eed000200000001000000006001ffff",
		  TAUT_DROP_RTCP_TWCC_SYMBOL }, /* symbol 3 */
		{ "8fcd00055eed00015eed00020000000800000000bfff0000",
		  TAUT_DROP_RTCP_TWCC_DELTAS }, /* deltas missing */
		{ "8fcd00045eed00015eed00020000000100000000", TAUT_DROP_RTCP_TWCC_CHUNKS },
		{ "8fcd00055eed00015eed000200000001ffffff0020010000",
		  0 }, /* time before the wrap */
	};

	(void)state;
	rtcp_cases(434, all, TT_COUNT(all));
}

static void c15_counts_of_rfc_8888_end(void **state)
{
	static const struct rtcp_case all[] = {
		{ "8bcd00045eed00015eed00020000ffff00000000", 0 },
		{ "8bcd00045eed00015eed0002ffffffff00000000", 0 },
		{ "8bcd00015eed0001", TAUT_DROP_RTCP_FEEDBACK },
	};

	(void)state;
	rtcp_cases(435, all, TT_COUNT(all));
}

static void c16_broken_framing_is_refused_whole(void **state)
{
	static const struct rtcp_case all[] = {
		{ "80c900005eed0001", TAUT_DROP_RTCP_RR },      /* length 0 */
		{ "80c9ffff5eed0001", TAUT_DROP_RTCP_FRAMING }, /* and far too long */
		{ "80c900015eed0001"
		  "00c900015eed0001",
		  TAUT_DROP_RTCP_FRAMING }, /* version 0 in the second */
		{ "a0c900025eed000100000004"
		  "80c900015eed0001",
		  TAUT_DROP_RTCP_FRAMING },                       /* padding not in the last */
		{ "80c900015eed000180", TAUT_DROP_RTCP_FRAMING }, /* an octet too many */
		{ "80c900015eed000180c9", TAUT_DROP_RTCP_FRAMING },
		{ "a0c900015eed0000", TAUT_DROP_RTCP_FRAMING }, /* padding of nothing */
		{ "a0c900015eed00ff", TAUT_DROP_RTCP_FRAMING }, /* of more than there is */
	};

	(void)state;
	rtcp_cases(436, all, TT_COUNT(all));
}

static void c16_every_known_rtcp_packet_is_taken_or_refused_as_it_should(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	uint64_t refused = 0;
	size_t i;
	json_t *v, *root = json_load_file(TAUT_SOURCE_DIR "/tests/vectors/rtcp.json", 0, NULL);

	(void)state;
	assert_non_null(root);
	hostile_begin(&h, 437, 0);
	const uint64_t before = rtp(&h)->rtcp_refused;
	json_array_foreach(json_object_get(root, "vectors"), i, v)
	{
		const size_t len =
			unhex(json_string_value(json_object_get(v, "bytes")), buf, sizeof buf);
		if (len < 8 || buf[0] >> 6 != 2) /* SRTCP would not seal it */
			continue;
		refused += tt_rtcp_check(buf, len) != TT_TAKEN;
		craft_send_rtcp(&h, buf, len);
	}
	assert_true(refused > 5);
	assert_int_equal(rtp(&h)->rtcp_refused - before, refused);
	json_decref(root);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* ---- RTP: protected with the right keys, and wrong inside ---- */

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
	hostile_assert_dropped(&h, TAUT_DROP_RTP_MALFORMED, TT_COUNT(counts) + 1);
	hostile_assert_unchanged_but(&h, STATE_SRTP);
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
			struct wr w = craft_rtp(buf, sizeof buf, known ? s->cfg.payload_type : 99,
						(uint16_t)(100 + i), 9, FRESH + (uint32_t)known);
			buf[0] |= 0x10;
			wr_bytes(&w, block, unhex(blocks[i], block, sizeof block));
			wr_bytes(&w, "\x78 sound", 7);
			craft_send_rtp(&h, buf, w.off);
		}
		if (known)
			break;
		hostile_assert_dropped(&h, TAUT_DROP_RTP_NO_STREAM, TT_COUNT(blocks));
		assert_int_equal(hostile_dropped_in_all(&h), 0);
		hostile_assert_unchanged_but(&h, STATE_SRTP);
		fall_silent(&h);
		hostile_mark(&h);
	}
	/* What is said beside a sound is passed over; the sound is good (RFC 8285 section 4.1.2). */
	assert_int_equal(hostile_dropped_in_all(&h), 0);
	fall_silent(&h);
	assert_int_equal(h.seen[0].audio - before.audio, TT_COUNT(blocks));
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
	hostile_mark(&h);
	for (unsigned n = 0; n < 30; n++) { /* begin, a strange middle, end */
		const unsigned part = n % 3;
		struct wr w = craft_rtp(buf, sizeof buf, part == 1 ? opus : vp8,
					(uint16_t)(100 + n), n / 3 * 3000, FRESH);
		buf[1] |= part == 2 ? 0x80 : 0;
		wr_u8(&w, part == 0 ? 0x10 : 0);
		wr_bytes(&w, "\x10\0\0\x9d\x01\x2a\x40\x01\xf0\0 picture", 18);
		craft_send_rtp(&h, buf, w.off);
	}
	hostile_assert_dropped(&h, TAUT_DROP_RTP_PAYLOAD_TYPE, 10);
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
			short_of += descriptor_length(buf + at, 1 + len) >= 1 + len;
			craft_send_rtp(&h, buf, w.off);
		}
	assert_in_range(short_of, 256, 1000); /* 256 are the descriptor's first octet alone */
	hostile_assert_dropped(&h, TAUT_DROP_RTP_VP8, short_of);
	assert_int_equal(hostile_dropped_in_all(&h), 0);
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
	}
	hostile_assert_dropped(&h, TAUT_DROP_RTP_OPUS, 2 * TT_COUNT(bad));
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
	hostile_mark(&h);
	for (size_t len = 0; len < 2; len++) {
		struct wr w =
			craft_rtp(buf, sizeof buf, c->rtx_payload_type, seq++, 1, c->rtx_ssrc);
		wr_zeros(&w, len);
		craft_send_rtp(&h, buf, w.off);
	}
	hostile_assert_dropped(&h, TAUT_DROP_RTP_RTX_SHORT, 1); /* without an octet it is a probe */
	const uint32_t newest = (uint32_t)video_of(&h)->source.newest;
	unsigned far = 0;
	for (unsigned osn = 0; osn < 65536;
	     osn += 257) { /* far away from what is missing: nothing is */
		struct wr w =
			craft_rtp(buf, sizeof buf, c->rtx_payload_type, seq++, 1, c->rtx_ssrc);
		wr_u16(&w, tt_u16(osn));
		wr_u8(&w, c->rtx_payload_type); /* as if one inside the other */
		wr_zeros(&w, 20);
		const int16_t off = (int16_t)(osn - newest);
		far += off > 100 || off < -TT_NACK_AGE; /* nearer, it may be missing */
		craft_send_rtp(&h, buf, w.off);
	}
	assert_in_range(far, 200, 255);
	hostile_assert_dropped(&h, TAUT_DROP_RTP_RTX_FAR, far);
	hostile_mark(&h);
	/* On the stream's own SSRC, and the media's type on the SSRC of retransmissions. */
	const struct tt_rtp_sender *video = craft_stream(&h, TAUT_VIDEO);
	struct wr w =
		craft_rtp(buf, sizeof buf, c->rtx_payload_type,
			  (uint16_t)(video->first_seq + video->history.next + 40), 1, c->ssrc);
	wr_zeros(&w, 20);
	craft_send_rtp(&h, buf, w.off);
	w = craft_rtp(buf, sizeof buf, c->payload_type, seq++, 1, c->rtx_ssrc);
	wr_zeros(&w, 20);
	craft_send_rtp(&h, buf, w.off);
	hostile_assert_dropped(&h, TAUT_DROP_RTP_RTX_ON_MEDIA, 1);
	hostile_assert_dropped(&h, TAUT_DROP_RTP_RTX_PAYLOAD_TYPE, 1);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c27_a_jump_asks_for_a_key_frame_and_not_for_thousands(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 447, 0);
	fall_silent(&h);
	const uint8_t vp8 = craft_stream(&h, TAUT_VIDEO)->cfg.payload_type;
	const uint64_t plis = rtp(&h)->plis_sent, nacks = rtp(&h)->nacks_sent;
	for (unsigned n = 0; n < 60; n++) {
		struct wr w = craft_rtp(buf, sizeof buf, vp8, (uint16_t)(n < 30 ? n : n + 2000),
					n * 3000, FRESH);
		buf[1] |= 0x80;
		wr_bytes(&w, "\x10\x11 picture", 10);
		craft_send_rtp(&h, buf, w.off);
		for (size_t i = 0; i < h.pc->rtp->receiver_count; i++)
			assert_in_range(h.pc->rtp->receivers[i]->nack.count, 0, TT_NACK_MAX);
		hostile_run(&h, 5000);
	}
	for (unsigned n = 0; n < 60; n++) { /* thirty thousand at once */
		struct wr w =
			craft_rtp(buf, sizeof buf, vp8, (uint16_t)(n + 33000), n * 3000, FRESH);
		wr_bytes(&w, "\x10\x11 picture", 10);
		craft_send_rtp(&h, buf, w.off);
		for (size_t i = 0; i < h.pc->rtp->receiver_count; i++)
			assert_in_range(h.pc->rtp->receivers[i]->nack.count, 0, TT_NACK_MAX);
	}
	hostile_run(&h, SECOND);
	assert_true(rtp(&h)->plis_sent > plis);
	assert_in_range(rtp(&h)->nacks_sent - nacks, 0, 200);
	fall_silent(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c27_a_flood_of_nacks_resends_each_packet_once_per_round_trip(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	uint16_t seqs[64];

	(void)state;
	hostile_begin(&h, 448, 0);
	const struct tt_rtp_sender *mine = NULL;
	for (size_t i = 0; i < h.pc->rtp->sender_count; i++)
		if (h.pc->rtp->senders[i]->cfg.kind == TAUT_VIDEO)
			mine = h.pc->rtp->senders[i];
	assert_non_null(mine);
	const uint64_t sent = mine->history.head, resent = rtp(&h)->packets_resent;
	for (size_t i = 0; i < 64; i++)
		seqs[i] = (uint16_t)(mine->first_seq + i);
	for (unsigned n = 0; n < 2000; n++) {
		struct wr w = wr_make(buf, sizeof buf);
		tt_rtcp_write_nack(&w, FRESH, mine->cfg.ssrc, seqs, 64);
		craft_send_rtcp(&h, buf, w.off);
		if (n % 100 == 0)
			hostile_run(&h, 1000);
	}
	hostile_run(&h, SECOND);
	/* 20 ms passed: a round trip, and a little */
	assert_in_range(rtp(&h)->packets_resent - resent, 1, 3 * sent);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c28_a_flood_of_plis_makes_a_key_frame_per_interval(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	uint32_t ssrc = 0;

	(void)state;
	hostile_begin(&h, 449, 0);
	for (size_t i = 0; i < h.pc->rtp->sender_count; i++)
		if (h.pc->rtp->senders[i]->cfg.kind == TAUT_VIDEO)
			ssrc = h.pc->rtp->senders[i]->cfg.ssrc;
	const unsigned before = h.seen[0].keys_wanted;
	for (unsigned n = 0; n < 10000; n++) { /* within a second */
		struct wr w = wr_make(buf, sizeof buf);
		if (n % 2)
			tt_rtcp_write_pli(&w, FRESH, ssrc);
		else
			tt_rtcp_write_fir(&w, FRESH, ssrc, (uint8_t)n);
		craft_send_rtcp(&h, buf, w.off);
		if (n % 10 == 0)
			hostile_run(&h, 1000);
	}
	assert_in_range(h.seen[0].keys_wanted - before, 1, SECOND / TT_RTP_KEY_EVERY + 2);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void c29_absurd_reports_are_survived(void **state)
{
	static const uint32_t numbers[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff };
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 450, 0);
	const uint32_t theirs = craft_stream(&h, TAUT_AUDIO)->cfg.ssrc;
	for (size_t i = 0; i < TT_COUNT(numbers); i++)
		for (size_t k = 0; k < TT_COUNT(numbers); k++) {
			const uint32_t a = numbers[i], b = numbers[k];
			struct wr w = wr_make(buf, sizeof buf);
			const struct tt_rtcp_sender_info info = { .ssrc = theirs,
								  .ntp = (uint64_t)a << 32 | b,
								  .rtp = b,
								  .packets = a,
								  .octets = b };
			struct tt_rtcp_block blocks[2] = {
				{ .ssrc = h.pc->rtp->senders[0]->cfg.ssrc,
				  .fraction = 255,
				  .lost = i % 2 ? -0x800000 : 0x7fffff,
				  .highest = a,
				  .jitter = b,
				  .lsr = a,
				  .dlsr = b },
				{ .ssrc = h.pc->rtp->senders[1]->cfg.ssrc,
				  .lost = k % 2 ? -0x800000 : 0x7fffff,
				  .highest = b,
				  .jitter = a,
				  .lsr = b,
				  .dlsr = a },
			};
			tt_rtcp_write_sr(&w, &info, blocks, 2);
			craft_send_rtcp(&h, buf, w.off);
			assert_in_range(rtp(&h)->round_trip_time, 0, 60 * SECOND);
			hostile_run(&h, 30000);
		}
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
		hostile_mark(&h);
		const int code = taut_pc_set_remote_description(h.pc, h.pair.sim.now,
								TAUT_SDP_OFFER, text, strlen(text));
		assert_int_equal(code < 0, i < REFUSED);
		if (code < 0)
			hostile_assert_unchanged(&h);
		free(text);
		const char *answer;
		if (h.pc->pending_remote.sdp) {
			assert_int_equal(taut_pc_create_answer(h.pc, h.pair.sim.now, &answer),
					 TAUT_OK);
			assert_non_null(strstr(answer, "m=video 0 ")); /* rejected */
		}
		h.pair.hold_signals = true;
		hostile_run(&h, SECOND);
		hostile_end(&h);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(c01_media_of_every_short_length_is_refused_in_every_state),
		cmocka_unit_test(c02_a_flipped_bit_is_refused_wherever_it_is),
		cmocka_unit_test(c03_bad_tags_without_end_do_not_end_the_call),
		cmocka_unit_test(c04_a_packet_is_taken_once_however_they_are_shuffled),
		cmocka_unit_test(c05_a_rollover_nobody_saw_costs_that_source_only),
		cmocka_unit_test(c05_a_jump_of_forty_thousand_costs_that_source_only),
		cmocka_unit_test(c06_a_flood_of_sources_grows_nothing),
		cmocka_unit_test(c07_headers_longer_than_their_packet_are_refused),
		cmocka_unit_test(c09_media_in_the_clear_is_never_taken),
		cmocka_unit_test(c09_a_profile_without_protection_is_not_agreed_on),
		cmocka_unit_test(c10_every_beginning_of_a_packet_is_safe),
		cmocka_unit_test(c11_lengths_inside_bye_and_xr_are_checked),
		cmocka_unit_test(c12_rpsi_padding_beyond_its_string_is_refused),
		cmocka_unit_test(c13_item_and_source_counts_are_checked),
		cmocka_unit_test(c14_transport_feedback_is_read_in_the_bytes_it_has),
		cmocka_unit_test(c15_counts_of_rfc_8888_end),
		cmocka_unit_test(c16_broken_framing_is_refused_whole),
		cmocka_unit_test(c16_every_known_rtcp_packet_is_taken_or_refused_as_it_should),
		cmocka_unit_test(c17_padding_that_cannot_be_is_refused),
		cmocka_unit_test(c18_extensions_that_cannot_be_are_survived),
		cmocka_unit_test(c20_a_frame_of_two_codecs_is_no_frame),
		cmocka_unit_test(c22_vp8_descriptors_that_need_more_octets_are_refused),
		cmocka_unit_test(c25_sounds_that_do_not_add_up_are_not_delivered),
		cmocka_unit_test(c26_retransmissions_of_nothing_are_refused),
		cmocka_unit_test(c27_a_jump_asks_for_a_key_frame_and_not_for_thousands),
		cmocka_unit_test(c27_a_flood_of_nacks_resends_each_packet_once_per_round_trip),
		cmocka_unit_test(c28_a_flood_of_plis_makes_a_key_frame_per_interval),
		cmocka_unit_test(c29_absurd_reports_are_survived),
		cmocka_unit_test(c30_a_clock_that_cannot_be_is_refused_or_not_used),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/c_media", tests, NULL, NULL);
}
