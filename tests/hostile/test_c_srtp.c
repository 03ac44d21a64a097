/* test_c_srtp.c - rows C01 to C10 of HOSTILE.md: SRTP, and what comes before it, against a whole
 * connection. */
#include <stdlib.h>

#include "hostile/media.h"

enum {
	bad_tag = TAUT_DROP_SRTP_AUTH,
	not_whole = TAUT_DROP_SRTP_MALFORMED,
	replayed = TAUT_DROP_SRTP_REPLAY,
};

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

/* Why media of that length go nowhere: 12 octets of RTP or 8 of RTCP are a header, and the tag of 16 and,
 * for RTCP, an index of 4 come on top. */
static uint32_t too_short(uint32_t in, size_t len, bool rtcp)
{
	if (in == TAUT_STATE_CLOSED)
		return TAUT_DROP_CLOSED;
	if (len == 0)
		return TAUT_DROP_LENGTH;
	if (in == TAUT_STATE_NEW || in == TAUT_STATE_FAILED)
		return TAUT_DROP_NOT_VALIDATED;
	if (len < (rtcp ? 8 : 12))
		return TAUT_DROP_TOO_SHORT_FOR_RTP;
	return len < 12 + 16 ? not_whole : bad_tag;
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
		unsigned all[TAUT_DROPS] = { 0 };
		hostile_init(&h, 401, 0, false);
		const struct tt_ice_path path = reach(&h, states[i]);
		hostile_mark(&h);
		for (size_t len = 0; len <= sizeof buf; len++)
			for (int rtcp = 0; rtcp < 2; rtcp++) {
				buf[1] = rtcp ? 200 : 111;
				hostile_inject_on(&h, path.flow, &path.local, &path.remote, buf,
						  len);
				all[too_short(states[i], len, rtcp)]++;
			}
		if (states[i] != TAUT_STATE_CONNECTING)
			hostile_assert_unchanged(&h);
		else /* some might have been media that came early */
			hostile_run(&h, 5 * SECOND);
		for (uint32_t r = 1; r < TAUT_DROPS; r++)
			hostile_assert_dropped(&h, r, all[r]);
		h.pair.cut = false;
		hostile_run(&h, 5 * SECOND);
		if (states[i] < TAUT_STATE_FAILED)
			hostile_assert_call(&h);
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
		hostile_assert_none_dropped(&h);
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
	hostile_mark(&h);
	for (unsigned n = 0; n < 65536; n++) {
		if (n % TT_SRTP_SSRC_MAX == TT_SRTP_SSRC_MAX - 1)
			hostile_renew_keys(&h); /* our own side has a ceiling, too */
		if (n == TT_SRTP_SSRC_MAX) { /* SRTP has as many as it takes */
			hostile_assert_dropped(&h, TAUT_DROP_RTP_EVENT, 1);
			hostile_assert_dropped(&h, TAUT_DROP_RTP_SECOND_SSRC, n - 2);
			hostile_mark(&h);
		}
		struct wr w =
			craft_rtp(buf, sizeof buf, n % 2 ? pt : 99, (uint16_t)n, n, FRESH + n);
		wr_bytes(&w, "\x78 sound", 7);
		craft_send_rtp(&h, buf, w.off);
	}
	/* The first of either payload type is followed, and of events it is no whole one. */
	hostile_assert_refused_but(&h, TAUT_DROP_RTP_SECOND_SSRC, 65536 - TT_SRTP_SSRC_MAX,
				   STATE_SRTP);
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
			hostile_assert_call(&h);
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
	hostile_assert_none_dropped(&h);
	fall_silent(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
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
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/c_srtp", tests, NULL, NULL);
}
