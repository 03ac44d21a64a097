/* test_d_sctp.c - rows D01 to D08, D15 to D17 and D21 to D25 of HOSTILE.md: an association, its chunks and
 * its acknowledgements, inside the DTLS of a call. */

#include <stdlib.h>

#include "datachannel/dcs_internal.h"
#include "hostile/chunks.h"

static struct wr begin_init(struct hostile *h, uint8_t *buf, size_t cap, uint32_t tag, uint32_t window,
			    uint16_t out, uint16_t in)
{
	struct wr w = craft_sctp_tag(h, buf, cap, 0);

	tt_sctp_begin(&w, SCTP_INIT, 0);
	wr_u32(&w, tag);
	wr_u32(&w, window);
	wr_u16(&w, out);
	wr_u16(&w, in);
	wr_u32(&w, 12345);
	return w;
}

/* What the good one answers in SCTP is seen at the other end, by the trace of the bad one. */
struct tap {
	struct taut_trace_sink sink;
	uint8_t type; /* the chunk that is looked for, first in its packet */
	uint8_t packet[PACKET];
	size_t len;
	unsigned seen;
};

static void tapped(void *ctx, const struct taut_trace_record *r)
{
	struct tap *t = ctx;

	if (r->kind != TAUT_TRACE_PACKET_IN || r->layer != TAUT_LAYER_SCTP || r->len < 16 ||
	    ((const uint8_t *)r->data)[12] != t->type)
		return;
	memcpy(t->packet, r->data, r->len);
	t->len = r->len;
	t->seen++;
}

static void tap(struct hostile *h, struct tap *t, uint8_t type)
{
	*t = (struct tap){ .type = type };
	t->sink = (struct taut_trace_sink){ .size = sizeof t->sink, .ctx = t, .record = tapped };
	h->evil->env->trace = &t->sink;
}

static void d01_parameters_that_end_early_or_late_are_refused(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	unsigned sent = 0;

	(void)state;
	hostile_begin(&h, 501, 0);
	for (unsigned plen = 0; plen < 40; plen++)
		for (unsigned there = 4; there <= 8; there += 4) {
			if (plen >= 4 && plen <= there)
				continue; /* that one fits */
			struct wr w = begin_init(&h, buf, sizeof buf, 77, 100000, 10, 10);
			wr_u16(&w, 0x8008);
			wr_u16(&w, tt_u16(plen));
			wr_zeros(&w, there - 4);
			tt_sctp_end(&w, 12);
			craft_send_sctp(&h, &w);
			sent++;
		}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_INIT_MALFORMED, sent);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void d02_chunks_nobody_speaks_here_follow_their_highest_bits(void **state)
{
	/* AUTH, ASCONF-ACK, PKTDROP, ASCONF, and some of nobody */
	static const uint8_t types[] = { 0x0f, 0x41, 0x80, 0x81, 0xc1, 0xc3, 0x3f, 0x7f, 0xbf, 0xff };
	uint8_t value[64] = { 1, 2, 3 };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 502, 0);
	for (size_t i = 0; i < TT_COUNT(types); i++) {
		unsigned sent = 0;
		hostile_mark(&h);
		for (size_t len = 0; len <= sizeof value; len += 7, sent++)
			send_chunk(&h, types[i], 0xff, value, len);
		hostile_assert_dropped(&h, TAUT_DROP_SCTP_CHUNK_UNKNOWN, sent);
		if (!(types[i] & 0x40))
			hostile_assert_unchanged(&h);
		assert_in_range(h.replies, 0, sent);
		hostile_run(&h, SECOND);
		/* What follows it counts only if its first bit says so. */
		uint8_t buf[PACKET];
		struct wr w = craft_sctp(&h, buf, sizeof buf);
		hostile_mark(&h);
		chunk(&w, types[i], 0, value, 4);
		chunk(&w, SCTP_HEARTBEAT, 0, "\0\1\0\4", 4);
		craft_send_sctp(&h, &w);
		assert_int_equal(h.replies, types[i] >> 7 | (types[i] >> 6 & 1));
		hostile_run(&h, SECOND);
	}
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* The cookie out of an INIT ACK that the good one was made to send. */
static size_t fetch_cookie(struct hostile *h, struct tap *t, uint8_t *cookie, size_t cap, uint32_t *tag)
{
	uint8_t buf[PACKET];
	struct wr w = begin_init(h, buf, sizeof buf, 77, 100000, 10, 10);
	struct sctp_header head;
	struct rd chunks;
	struct sctp_tlv c;
	struct sctp_init init;

	tap(h, t, SCTP_INIT_ACK);
	tt_sctp_end(&w, 12);
	craft_send_sctp(h, &w);
	hostile_run(h, SECOND / 10);
	assert_int_equal(t->seen, 1);
	assert_int_equal(tt_sctp_read_packet(&head, &chunks, t->packet, t->len, false), TT_TAKEN);
	assert_true(tt_sctp_next(&chunks, &c));
	assert_true(tt_sctp_read_init(&init, &c));
	assert_in_range(init.cookie.len, 32, cap);
	memcpy(cookie, init.cookie.p, init.cookie.len);
	*tag = init.tag;
	return init.cookie.len;
}

static void assert_absent(const uint8_t *in, size_t len, const void *what, size_t n)
{
	for (size_t i = 0; i + n <= len; i++)
		assert_memory_not_equal(in + i, what, n);
}

static void d03_a_cookie_tells_nothing_about_the_process(void **state)
{
	uint8_t cookie[256], again[256];
	struct hostile h;
	struct tap t;
	uint32_t tag;

	(void)state;
	hostile_begin(&h, 503, 0);
	const size_t len = fetch_cookie(&h, &t, cookie, sizeof cookie, &tag);
	const struct tt_sctp *s = craft_victim(&h);
	const uintptr_t pointers[] = { (uintptr_t)s, (uintptr_t)s->env, (uintptr_t)&t,
				       (uintptr_t)tt_sctp_recv };
	for (size_t i = 0; i < TT_COUNT(pointers); i++) { /* the octets that all addresses near share */
		const uint8_t *p = (const uint8_t *)&pointers[i] + 3;
		if (pointers[i] >> 24 == 0)
			continue; /* code where programs are linked without PIE: no secret */
		assert_absent(cookie, len, p, 3);
		assert_absent(cookie, len, (uint8_t[]){ p[2], p[1], p[0] }, 3);
	}
	assert_absent(cookie, len, s->secret, 8);
	assert_int_equal(fetch_cookie(&h, &t, again, sizeof again, &tag), len);
	assert_memory_not_equal(cookie, again, len);
	h.evil->env->trace = NULL;
	hostile_assert_none_dropped(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void echo_cookie(struct hostile *h, uint32_t tag, const uint8_t *cookie, size_t len)
{
	uint8_t buf[PACKET];
	struct wr w = craft_sctp_tag(h, buf, sizeof buf, tag);

	chunk(&w, SCTP_COOKIE_ECHO, 0, cookie, len);
	craft_send_sctp(h, &w);
}

static void d04_a_cookie_counts_unchanged_and_in_time_only(void **state)
{
	uint8_t cookie[256], other[256];
	struct hostile h, x;
	struct tap t, tx;
	uint32_t tag, other_tag;

	(void)state;
	hostile_begin(&h, 504, 0);
	hostile_begin(&x, 505, 0);
	const size_t len = fetch_cookie(&h, &t, cookie, sizeof cookie, &tag);
	const size_t other_len = fetch_cookie(&x, &tx, other, sizeof other, &other_tag);
	hostile_mark(&h);
	for (size_t i = 0; i < len; i++) {
		cookie[i] ^= 0x40;
		echo_cookie(&h, tag, cookie, len);
		cookie[i] ^= 0x40;
	}
	for (size_t n = 0; n < len; n += 9) {
		echo_cookie(&h, tag, cookie, n);
		echo_cookie(&h, craft_assoc(&h)->peer_tag, cookie, n);
	}
	echo_cookie(&h, other_tag, other, other_len); /* of another association */
	hostile_assert_refused(&h, TAUT_DROP_SCTP_COOKIE_NOT_OURS,
			       (unsigned)(len + 2 * ((len + 8) / 9) + 1));
	echo_cookie(&h, tag + 1, cookie, len);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_COOKIE_TAG, 1);
	hostile_run(&h, 61 * SECOND);
	hostile_mark(&h);
	echo_cookie(&h, tag, cookie, len);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_COOKIE_STALE, 1);
	h.evil->env->trace = x.evil->env->trace = NULL;
	hostile_assert_alive(&h);
	hostile_end(&h);
	hostile_end(&x);
}

static void d05_chunk_lengths_that_cannot_be_refuse_the_packet(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;
	unsigned sent = 0;

	(void)state;
	hostile_begin(&h, 506, 0);
	for (unsigned type = 0; type < 256; type += 3)
		for (unsigned lie = 0; lie < 64; lie++) {
			if (lie >= 4 && lie <= 16)
				continue;
			struct wr w = craft_sctp(&h, buf, sizeof buf);
			wr_u8(&w, (uint8_t)type);
			wr_u8(&w, 3);
			wr_u16(&w, tt_u16(lie < 60 ? lie : 0xffff - (lie - 60)));
			wr_zeros(&w, 12);
			craft_send_sctp(&h, &w);
			sent++;
		}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_CHUNK_LENGTHS, sent);
	/* DATA shorter than its own header */
	for (size_t len = 0; len < 12; len++)
		send_chunk(&h, SCTP_DATA, 3, "\0\0\0\0\0\0\0\0\0\0\0\0", len);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_DATA_MALFORMED, 12);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* The reason for which a chunk with that tag is refused, RFC 9260 sections 8.5 and 8.5.1. */
static uint32_t wrong_tag(uint8_t type, uint8_t flags, uint32_t tag)
{
	if (type == SCTP_INIT)
		return TAUT_DROP_SCTP_INIT_TAG;
	if (tag == 0)
		return TAUT_DROP_SCTP_TAG_0;
	if ((type == SCTP_ABORT || type == SCTP_SHUTDOWN_COMPLETE) && flags & SCTP_FLAG_T)
		return TAUT_DROP_SCTP_TAG_REFLECTED;
	return TAUT_DROP_SCTP_TAG;
}

/* Whether that is a cell of the table where the chunk counts. */
static bool right_tag(const struct tt_sctp *s, uint8_t type, uint8_t flags, uint32_t tag)
{
	const bool ends = type == SCTP_ABORT || type == SCTP_SHUTDOWN_COMPLETE;

	return type == SCTP_INIT ? tag == 0 : ends && flags & SCTP_FLAG_T && tag == s->peer_tag;
}

/* COOKIE ECHO has its tag in the cookie: d04. */
static void d06_no_chunk_counts_with_a_wrong_tag(void **state)
{
	static const uint8_t init[] = "\0\0\0\5\0\0\xff\xff\0\1\0\1\0\0\0\1\0\0\0\0";
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 507, 0);
	const struct tt_sctp *s = craft_victim(&h);
	const uint32_t tags[] = { s->peer_tag, s->my_tag + 1, s->my_tag ^ 0x80000000, 0xffffffff, 0 };
	for (unsigned type = 0; type < 256; type++)
		for (size_t k = 0; type != SCTP_COOKIE_ECHO && k < TT_COUNT(tags); k++)
			for (uint8_t flags = 0; flags < 2; flags++) {
				if (right_tag(s, (uint8_t)type, flags, tags[k]))
					continue;
				struct wr w = craft_sctp_tag(&h, buf, sizeof buf, tags[k]);
				chunk(&w, (uint8_t)type, flags, init, 16);
				craft_send_sctp(&h, &w);
				hostile_assert_refused(&h, wrong_tag((uint8_t)type, flags, tags[k]),
						       1);
			}
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* 8.5.1 B: whoever lost its state knows no other tag than the one that it is sent. */
static void d06_an_abort_with_the_reflected_tag_counts(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 533, 0);
	struct wr w = craft_sctp_tag(&h, buf, sizeof buf, craft_victim(&h)->peer_tag);
	chunk(&w, SCTP_SHUTDOWN_COMPLETE, SCTP_FLAG_T, NULL, 0);
	craft_send_sctp(&h, &w); /* the right tag, but only in SHUTDOWN-ACK-SENT: 8.5.1 C */
	hostile_assert_refused(&h, TAUT_DROP_SCTP_CHUNK_STATE, 1);
	w = craft_sctp_tag(&h, buf, sizeof buf, craft_victim(&h)->peer_tag);
	chunk(&w, SCTP_ABORT, SCTP_FLAG_T, NULL, 0);
	craft_send_sctp(&h, &w);
	hostile_assert_none_dropped(&h);
	assert_int_equal(craft_victim(&h)->state, SCTP_DEAD);
	hostile_run(&h, SECOND);
	hostile_assert_frame(&h);
	hostile_end(&h);
}

static void send_init(struct hostile *h, uint32_t tag)
{
	uint8_t buf[PACKET];
	struct wr w = begin_init(h, buf, sizeof buf, tag, 100000, 10, 10);

	tt_sctp_end(&w, 12);
	craft_send_sctp(h, &w);
}

static void d07_a_flood_of_inits_keeps_nothing(void **state)
{
	const unsigned flood = hostile_flood(20000, 1000000);
	struct hostile h;

	(void)state;
	hostile_begin(&h, 508, 0);
	send_init(&h, 77); /* the tie tags are drawn, once */
	hostile_run(&h, SECOND);
	hostile_mark(&h);
	h.pair.cut = true; /* the answers need not arrive */
	const struct tt_sctp *s = craft_victim(&h);
	const uint64_t sent = s->counters.packets_sent;
	for (unsigned n = 0; n < flood; n++) {
		send_init(&h, 78 + n);
		if (n % 1000 == 0 || n + 1 == flood)
			assert_int_equal(s->counters.packets_sent - sent, n + 1);
	}
	h.pair.cut = false;
	hostile_assert_none_dropped(&h); /* RFC 9260 section 5.2.2: each is answered */
	hostile_assert_unchanged(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* The good one's first record of data, off the wire: its INIT. */
static bool lose_data(struct hostile *h)
{
	for (struct sim_packet **at = &h->pair.sim.queue; *at; at = &(*at)->next) {
		struct sim_packet *k = *at;
		if (k->to != h->bad || k->data[0] != DTLS_DATA)
			continue;
		*at = k->next;
		free(k);
		return true;
	}
	return false;
}

static void d08_an_init_of_nonsense_is_aborted_or_cut_down(void **state)
{
	static const struct {
		uint32_t tag, window;
		uint16_t out, in;
	} all[] = { { 0, 100000, 10, 10 }, { 5, 100000, 0, 10 }, { 5, 100000, 10, 0 },
		    { 5, 1499, 10, 10 },   { 5, 0, 10, 10 } };
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 509, 0);
	for (size_t i = 0; i < TT_COUNT(all); i++) {
		struct wr w = begin_init(&h, buf, sizeof buf, all[i].tag, all[i].window, all[i].out,
					 all[i].in);
		tt_sctp_end(&w, 12);
		craft_send_sctp(&h, &w);
	}
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_INIT_TAG_0, 1);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_NO_STREAMS, 2);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_WINDOW_SMALL, 2);
	hostile_assert_none_dropped(&h);
	assert_int_equal(h.replies, 4); /* ABORTs: but not to who has no tag */
	h.replies = 0;
	hostile_assert_unchanged(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
	/* An association with a peer of 65,535 streams. It is the bad one's INIT that counts: an INIT ACK
	 * names no more than what it answers. */
	hostile_init(&h, 510, 1, false);
	h.evil->channels->sctp->cfg.max_streams = 65535;
	HOSTILE_RUN_UNTIL(&h, 1000, lose_data(&h));
	hostile_run(&h, SECOND / 4);
	assert_int_equal(craft_victim(&h)->peer_tag, craft_assoc(&h)->my_tag);
	assert_int_equal(craft_victim(&h)->state, SCTP_ESTABLISHED);
	assert_in_range(craft_victim(&h)->in_streams, 1, 1024);
	assert_in_range(craft_victim(&h)->out_streams, 1, 1024);
	assert_in_range(h.pc->env->memory, 1, 512 * 1024);
	hostile_assert_call(&h);
	hostile_end(&h);
}

static void send_sack(struct hostile *h, uint32_t cum, const uint16_t *gaps, size_t gap_count,
		      size_t claimed, size_t dups)
{
	uint8_t value[1400];
	struct wr w = wr_make(value, sizeof value);

	wr_u32(&w, cum);
	wr_u32(&w, 100000);
	wr_u16(&w, tt_u16(claimed));
	wr_u16(&w, tt_u16(dups));
	for (size_t i = 0; i < 2 * gap_count; i++)
		wr_u16(&w, gaps[i]);
	send_chunk(h, SCTP_SACK, 0, value, w.off);
}

/* RFC 9260 section 12.4: they end the association, and nothing else. */
static void d15_acknowledgements_of_what_was_not_sent_end_the_association(void **state)
{
	static const uint16_t outside[] = { 2, 60000 };
	static uint8_t data[60000];
	uint16_t many[600];

	(void)state;
	for (size_t i = 0; i < 300; i++) /* far more than were sent */
		many[2 * i] = many[2 * i + 1] = (uint16_t)(2 + 2 * i);
	for (uint32_t ahead = 0; ahead < 12; ahead++) {
		struct hostile h;
		hostile_begin(&h, 560 + ahead, 0);
		h.pair.sim.link.delay = 200000;
		assert_int_equal(taut_pc_send_message(h.pc, h.pair.sim.now, h.seen[0].channel, 1,
						      data, sizeof data),
				 TAUT_OK);
		hostile_mark(&h);
		const struct tt_sctp *s = craft_victim(&h);
		assert_true(s->flight.flight > 0);
		if (ahead == 0)
			send_sack(&h, s->flight.cum.v, outside, 1, 1, 0);
		else if (ahead == 1)
			send_sack(&h, s->flight.cum.v, many, 300, 300, 0);
		else
			send_sack(&h, s->flight.next.v - 1 + ahead * ahead * ahead, NULL, 0, 0, 0);
		hostile_assert_dropped(&h, TAUT_DROP_SCTP_SACK_WRONG, 1);
		assert_int_equal(s->state, SCTP_DEAD);
		assert_int_equal(tt_sctp_held(s), 0);
		h.pair.sim.link.delay = 10000;
		hostile_run(&h, SECOND);
		assert_int_equal(h.seen[0].closes, 1);
		hostile_assert_frame(&h);
		hostile_end(&h);
	}
}

static void d15_acknowledgements_that_are_old_or_malformed_are_refused(void **state)
{
	static const uint16_t backwards[] = { 5, 4 }, overlap[] = { 2, 5, 4, 8 },
			      down[] = { 8, 9, 2, 3 }, zero[] = { 0, 1 };
	static uint8_t data[60000];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 518, 0);
	h.pair.sim.link.delay = 200000;
	assert_int_equal(taut_pc_send_message(h.pc, h.pair.sim.now, h.seen[0].channel, 1, data,
					      sizeof data),
			 TAUT_OK);
	hostile_mark(&h);
	const struct tt_sctp *s = craft_victim(&h);
	assert_true(s->flight.flight > 0);
	const uint32_t cum = s->flight.cum.v;
	send_sack(&h, cum - 1, NULL, 0, 0, 0);
	send_sack(&h, cum - 0x7fffffff, NULL, 0, 0, 0);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_SACK_WRONG, 2);
	send_sack(&h, cum, backwards, 1, 1, 0);
	send_sack(&h, cum, overlap, 2, 2, 0);
	send_sack(&h, cum, down, 2, 2, 0);
	send_sack(&h, cum, zero, 1, 1, 0);
	send_sack(&h, cum, zero, 1, 16384, 0);
	send_sack(&h, cum, zero, 0, 65535, 65535);
	send_sack(&h, cum, zero, 0, 0, 65535);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_SACK_MALFORMED, 7);
	hostile_assert_unchanged(&h);
	assert_true(tt_sctp_flight_adds_up(&s->flight));
	h.pair.sim.link.delay = 10000;
	hostile_run(&h, 5 * SECOND);
	assert_int_equal(s->flight.flight, 0);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void d16_a_heartbeat_answer_measures_what_was_asked_only(void **state)
{
	uint8_t value[64];
	struct hostile h;
	unsigned sent = 0;

	(void)state;
	hostile_begin(&h, 519, 0);
	HOSTILE_RUN_UNTIL(&h, 5000, craft_victim(&h)->heartbeat_at >= 0); /* one is on its way */
	hostile_mark(&h);
	for (size_t len = 0; len <= 40; len += 4, sent++) {
		struct wr w = wr_make(value, sizeof value);
		wr_u16(&w, 1);
		wr_u16(&w, tt_u16(4 + len));
		for (size_t i = 0; i < len; i++)
			wr_u8(&w, 0xff);
		send_chunk(&h, SCTP_HEARTBEAT_ACK, 0, value, w.off);
	}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_HEARTBEAT_NOT_OURS, sent);
	for (sent = 0; sent < 4; sent++)
		send_chunk(&h, SCTP_HEARTBEAT_ACK, 0, value, sent);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_HEARTBEAT_MALFORMED, sent);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* Of a cause with a wrong length nothing counts; with a right one only the list of missing parameters
 * has a count inside, which is a lie here. */
static void d17_counts_inside_causes_loop_over_nothing(void **state)
{
	uint8_t value[64];
	struct hostile h;
	unsigned wrong = 0;

	(void)state;
	hostile_begin(&h, 520, 0);
	for (uint16_t cause = 0; cause < 16; cause++)
		for (unsigned lie = 0; lie < 16; lie++) {
			const unsigned len = lie < 12 ? lie : 0xffff - lie;
			struct wr w = wr_make(value, sizeof value);
			wr_u16(&w, cause);
			wr_u16(&w, tt_u16(len));
			wr_u32(&w, 0xffffffff); /* so many parameters are missing */
			wrong += len < 5 || len > 8 || cause == SCTP_C_MISSING_PARAM;
			send_chunk(&h, SCTP_ERROR, 0, value, w.off);
		}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_ERROR_MALFORMED, wrong);
	for (uint16_t cause = 12; cause < 14; cause++) { /* those whose text is read: 800 octets */
		uint8_t text[804] = { 0 };
		struct wr w = wr_make(text, sizeof text);
		wr_u16(&w, cause);
		wr_u16(&w, sizeof text);
		memset(text + 4, 'x', sizeof text - 4);
		send_chunk(&h, SCTP_ERROR, 0, text, sizeof text);
	}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_ERROR_MALFORMED, 0);
	/* A true list, of two. */
	send_chunk(&h, SCTP_ERROR, 0, "\0\2\0\14\0\0\0\2\0\7\0\5", 12);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_ERROR_MALFORMED, 0);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void d21_chunks_of_the_end_in_the_wrong_place_end_nothing(void **state)
{
	struct hostile h;

	(void)state;
	hostile_begin(&h, 524, 0);
	uint8_t cum[4];
	const uint32_t ahead = craft_victim(&h)->flight.next.v + 5;
	for (int i = 0; i < 4; i++)
		cum[i] = (uint8_t)(ahead >> (24 - 8 * i));
	send_chunk(&h, SCTP_SHUTDOWN, 0, cum, 4);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_SHUTDOWN_WRONG, 1);
	for (size_t len = 0; len < 4; len++)
		send_chunk(&h, SCTP_SHUTDOWN, 0, cum, len);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_SHUTDOWN_MALFORMED, 4);
	send_chunk(&h, SCTP_SHUTDOWN_COMPLETE, 0, NULL, 0);
	send_chunk(&h, SCTP_SHUTDOWN_COMPLETE, 1, NULL, 0);
	send_chunk(&h, SCTP_INIT_ACK, 0, "\0\0\0\5\0\0\xff\xff\0\1\0\1\0\0\0\1", 16);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_TAG_REFLECTED, 1);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_CHUNK_STATE, 2);
	send_chunk(&h, SCTP_SHUTDOWN_ACK, 0, NULL, 0);
	assert_int_equal(craft_victim(&h)->state, SCTP_ESTABLISHED);
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
	/* An ABORT ends the association, and the media go on. */
	hostile_begin(&h, 525, 0);
	send_chunk(&h, SCTP_ABORT, 0, NULL, 0);
	hostile_run(&h, SECOND);
	assert_int_equal(craft_victim(&h)->state, SCTP_DEAD);
	assert_int_equal(h.seen[0].closes, 1);
	hostile_assert_frame(&h);
	hostile_end(&h);
}

static void assert_end(const struct end *e, uint32_t reason, uint32_t cause, const char *text)
{
	assert_int_equal(e->reason, reason);
	assert_int_equal(e->cause, cause);
	assert_string_equal(e->text, text);
}

/* RFC 9260 section 3.3.10: sctpCauseCode of webrtc-pc. */
static void d21_who_aborted_and_for_what_is_told_of_the_association_and_its_channel(void **state)
{
	static const struct {
		const char *causes;
		size_t len;
		uint32_t first;
		const char *text;
	} all[] = {
		{ "", 0, 0, "the peer aborted the SCTP association" },
		{ "\0\4\0\4", 4, 4, "out of resource" },
		{ "\0\x0c\0\x08" "bye\1", 8, 12, "user-initiated abort: bye?" },
		{ "\0\x0d\0\4\0\4\0\4", 8, 13, "protocol violation" }, /* the first counts */
		{ "\xbe\xef\0\4", 4, 0xbeef, "error" },
	};
	struct hostile h;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(all); i++) {
		hostile_begin_data(&h, 529, 0);
		send_chunk(&h, SCTP_ABORT, 0, all[i].causes, all[i].len);
		hostile_run(&h, SECOND / 10);
		assert_int_equal(h.seen[0].closes, 1);
		assert_end(&h.seen[0].close, TAUT_REASON_SCTP_ABORT, all[i].first, all[i].text);
		assert_end(&h.seen[0].sctp, TAUT_REASON_SCTP_ABORT, all[i].first, all[i].text);
		hostile_end(&h);
	}
	hostile_begin_plain(&h, 530, 0); /* 6.2: data of nothing, for which the good one aborts */
	send_chunk(&h, SCTP_DATA, 3, "\0\0\0\0\0\1\0\0\0\0\0\x33", 12);
	hostile_run(&h, SECOND / 10);
	const char *text = "no user data: DATA without user data";
	assert_end(&h.seen[0].close, TAUT_REASON_SCTP_ABORTED_HERE, 9, text);
	assert_end(&h.seen[0].sctp, TAUT_REASON_SCTP_ABORTED_HERE, 9, text);
	assert_end(&h.seen[1].close, TAUT_REASON_SCTP_ABORT, 9, "no user data");
	assert_end(&h.seen[1].sctp, TAUT_REASON_SCTP_ABORT, 9, "no user data");
	hostile_end(&h);
}

static void d22_the_window_grows_by_what_was_acknowledged_and_no_more(void **state)
{
	static uint8_t data[200000];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 526, 0);
	assert_int_equal(taut_pc_send_message(h.pc, h.pair.sim.now, h.seen[0].channel, 1, data,
					      sizeof data),
			 TAUT_OK);
	hostile_run(&h, 0);
	h.pair.cut = true; /* from here on the acknowledgements are made up */
	const struct tt_sctp *s = craft_victim(&h);
	for (unsigned n = 0; n < 60; n++) {
		const size_t cwnd = s->cc.cwnd, flight = s->flight.flight;
		if (tt_sctp_flight_count(&s->flight) == 0)
			break;
		send_sack(&h, s->flight.cum.v + 1, NULL, 0, 0, 0); /* each chunk by itself */
		const size_t once = s->cc.cwnd;
		assert_in_range(once, cwnd, cwnd + tt_min(flight, s->cc.pmdcs));
		for (unsigned k = 0; k < 5; k++)
			send_sack(&h, s->flight.cum.v, NULL, 0, 0, 0); /* again and again */
		assert_int_equal(s->cc.cwnd, once);
		assert_true(tt_sctp_flight_adds_up(&s->flight));
	}
	hostile_assert_none_dropped(&h); /* each is an acknowledgement as any */
	h.pair.cut = false;
	hostile_assert_frame(&h);
	hostile_end(&h);
}

static void d23_a_checksum_of_zero_is_wrong(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin_plain(&h, 527, 0);
	for (unsigned n = 0; n < 20; n++) {
		struct wr w = craft_sctp(&h, buf, sizeof buf);
		chunk(&w, n % 2 ? SCTP_ABORT : SCTP_HEARTBEAT, 0, "\0\1\0\4", 4);
		const size_t len = tt_sctp_seal(&w);
		memset(buf + 8, n < 10 ? 0 : 0xff, 4);
		craft_send_data(&h, buf, len);
	}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_CHECKSUM, 20);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* RFC 9653 section 5: announced, zero is as good as the right one, but in no packet of the set-up. */
static void d23_a_checksum_of_zero_counts_only_as_announced(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 541, 0);
	assert_true(craft_assoc(&h)->peer_zero_checksum);
	for (unsigned n = 0; n < 20; n++) {
		struct wr w = craft_sctp(&h, buf, sizeof buf);
		chunk(&w, SCTP_HEARTBEAT_ACK, 0, "\0\1\0\4", 4);
		const size_t len = tt_sctp_seal(&w);
		memset(buf + 8, 0, 4);
		buf[8 + n % 4] = n < 10 ? 0 : 1;
		craft_send_data(&h, buf, len);
	}
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_CHECKSUM, 10);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_HEARTBEAT_NOT_OURS, 10);
	for (unsigned n = 0; n < 20; n++) {
		struct wr w = n % 2 ? begin_init(&h, buf, sizeof buf, 77, 100000, 10, 10)
				    : craft_sctp(&h, buf, sizeof buf);
		if (n % 2)
			tt_sctp_end(&w, 12);
		else if (n % 4) /* bundled behind something */
			chunk(&w, SCTP_HEARTBEAT, 0, "\0\1\0\4", 4);
		if (n % 2 == 0)
			chunk(&w, SCTP_COOKIE_ECHO, 0, "cookie", 6);
		craft_send_data(&h, buf, w.off);
	}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_CHECKSUM, 20);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void d24_set_up_chunks_stand_alone_and_first(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 528, 0);
	struct wr w = begin_init(&h, buf, sizeof buf, 77, 100000, 10, 10);
	tt_sctp_end(&w, 12);
	chunk(&w, SCTP_ABORT, 0, NULL, 0);
	craft_send_sctp(&h, &w); /* INIT, and something */
	w = craft_sctp(&h, buf, sizeof buf);
	chunk(&w, SCTP_HEARTBEAT, 0, "\0\1\0\4", 4);
	chunk(&w, SCTP_INIT, 0, "\0\0\0\5\0\0\xff\xff\0\1\0\1\0\0\0\1", 16);
	craft_send_sctp(&h, &w); /* something, and INIT */
	hostile_assert_refused(&h, TAUT_DROP_SCTP_INIT_NOT_ALONE, 2);
	w = craft_sctp(&h, buf, sizeof buf);
	chunk(&w, SCTP_INIT_ACK, 0, "\0\0\0\5\0\0\xff\xff\0\1\0\1\0\0\0\1", 16);
	chunk(&w, SCTP_ABORT, 0, NULL, 0);
	craft_send_sctp(&h, &w);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_INIT_ACK_NOT_ALONE, 1);
	w = craft_sctp(&h, buf, sizeof buf);
	chunk(&w, SCTP_COOKIE_ACK, 0, NULL, 0);
	chunk(&w, SCTP_COOKIE_ECHO, 0, "no cookie", 9);
	craft_send_sctp(&h, &w);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_COOKIE_NOT_FIRST, 1);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* 5.1 D: before COOKIE ECHO there is no association that could have data. */
static void d24_data_before_the_set_up_is_refused(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_init(&h, 536, 0, false);
	hostile_until_dtls(&h, TAUT_STATE_CONNECTED);
	HOSTILE_RUN_UNTIL(&h, 1000, h.evil->dtls_state == TAUT_STATE_CONNECTED);
	const struct tt_sctp *s = craft_victim(&h);
	assert_int_equal(s->state, SCTP_COOKIE_WAIT);
	hostile_mark(&h);
	for (unsigned n = 0; n < 20; n++) {
		struct wr w = craft_sctp_tag(&h, buf, sizeof buf, s->my_tag);
		const struct sctp_data d = { .tsn = { n },
					     .stream = 1,
					     .mid = { (uint16_t)n },
					     .ppid = 51,
					     .begin = true,
					     .end = true,
					     .data = (const uint8_t *)"early",
					     .len = 5 };
		tt_sctp_write_data(&w, &d);
		craft_send_sctp(&h, &w);
	}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_CHUNK_STATE, 20);
	hostile_run(&h, 2 * SECOND);
	assert_int_equal(h.seen[0].messages, 0);
	hostile_assert_call(&h);
	hostile_end(&h);
}

static void d25_padding_is_read_as_the_rfc_says(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 529, 0);
	for (size_t len = 1; len <= 8; len++)
		for (int how = 0; how < 2; how++) {
			struct wr w = craft_sctp(&h, buf, sizeof buf);
			const struct seen before = h.seen[0];
			const struct sctp_data d = { .tsn = { craft_take_tsn(&h) }, .stream = 1,
						     .mid = { craft_take_ssn(&h, 1) }, .ppid = 53,
						     .interleaved = craft_assoc(&h)->queue.interleaved,
						     .begin = true, .end = true,
						     .data = (const uint8_t *)"12345678", .len = len };
			tt_sctp_write_data(&w, &d);
			const size_t padding = -len & 3;
			if (how == 0)
				memset(buf + w.off - padding, 0xff, padding);
			else
				w.off -= padding; /* missing at the end */
			craft_send_sctp(&h, &w);
			assert_int_equal(h.seen[0].messages, before.messages + 1);
			assert_int_equal(h.seen[0].bytes, before.bytes + len);
		}
	hostile_run(&h, SECOND);
	hostile_mark(&h);
	for (size_t more = 1; more < 8; more++) { /* what follows is a chunk, or nothing */
		if (more == 4)
			continue;
		struct wr w = craft_sctp(&h, buf, sizeof buf);
		chunk(&w, SCTP_HEARTBEAT_ACK, 0, "\0\1\0\4", 4);
		wr_zeros(&w, more);
		craft_send_sctp(&h, &w);
	}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_CHUNK_LENGTHS, 6);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d01_parameters_that_end_early_or_late_are_refused),
		cmocka_unit_test(d02_chunks_nobody_speaks_here_follow_their_highest_bits),
		cmocka_unit_test(d03_a_cookie_tells_nothing_about_the_process),
		cmocka_unit_test(d04_a_cookie_counts_unchanged_and_in_time_only),
		cmocka_unit_test(d05_chunk_lengths_that_cannot_be_refuse_the_packet),
		cmocka_unit_test(d06_no_chunk_counts_with_a_wrong_tag),
		cmocka_unit_test(d06_an_abort_with_the_reflected_tag_counts),
		cmocka_unit_test(d07_a_flood_of_inits_keeps_nothing),
		cmocka_unit_test(d08_an_init_of_nonsense_is_aborted_or_cut_down),
		cmocka_unit_test(d15_acknowledgements_of_what_was_not_sent_end_the_association),
		cmocka_unit_test(d15_acknowledgements_that_are_old_or_malformed_are_refused),
		cmocka_unit_test(d16_a_heartbeat_answer_measures_what_was_asked_only),
		cmocka_unit_test(d17_counts_inside_causes_loop_over_nothing),
		cmocka_unit_test(d21_chunks_of_the_end_in_the_wrong_place_end_nothing),
		cmocka_unit_test(d21_who_aborted_and_for_what_is_told_of_the_association_and_its_channel),
		cmocka_unit_test(d22_the_window_grows_by_what_was_acknowledged_and_no_more),
		cmocka_unit_test(d23_a_checksum_of_zero_is_wrong),
		cmocka_unit_test(d23_a_checksum_of_zero_counts_only_as_announced),
		cmocka_unit_test(d24_set_up_chunks_stand_alone_and_first),
		cmocka_unit_test(d24_data_before_the_set_up_is_refused),
		cmocka_unit_test(d25_padding_is_read_as_the_rfc_says),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/d_sctp", tests, NULL, NULL);
}
