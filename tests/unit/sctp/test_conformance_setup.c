/* Set-up, collision and restart as RFC 9260 sections 3.3.2, 3.3.3 and 5 ask for; docs/RFC9260.md says which sentence. */
#include "unit/sctp/sctp_solo.h"

static void assert_init_is_well_made(const struct sctp_tlv *chunk, size_t cookies)
{
	uint32_t seen = 0;
	size_t found = 0;
	struct sctp_tlv param;
	struct rd r = chunk->value;

	assert_true(rd_u32(&r) != 0);     /* Initiate Tag */
	assert_true(rd_u32(&r) >= 1500);  /* a_rwnd */
	assert_int_equal(rd_u16(&r), 16); /* OS */
	assert_int_equal(rd_u16(&r), 16); /* MIS */
	(void)rd_u32(&r);
	while (tt_sctp_next(&r, &param)) {
		const bool address =
			param.tag == 5 || param.tag == 6 || param.tag == 11 || param.tag == 12;
		const uint32_t bit = 1u << (param.tag & 15) << (param.tag & 0x4000 ? 16 : 0);
		assert_false(address);
		assert_false(seen & bit); /* each once */
		seen |= bit;
		found += param.tag == SCTP_P_COOKIE;
	}
	assert_false(r.bad);
	assert_int_equal(found, cookies);
}

static void an_init_stands_alone_and_has_tag_zero(void **state)
{
	struct sent p;

	(void)state;
	solo_init(1);
	tt_sctp_connect(VICTIM, pair.sim.now);
	assert_sends_alone(&p, 0, SCTP_INIT, 0);
	assert_init_is_well_made(&p.chunks[0], 0);
	assert_int_equal(u32_of(p.bytes + 16), VICTIM->my_tag);
	assert_int_equal(VICTIM->state, SCTP_COOKIE_WAIT);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T1));
	pair_free(&pair);
}

static struct sctp_cookie cookie_in(const struct sent *p)
{
	struct sctp_init in;
	struct sctp_cookie c;

	assert_true(tt_sctp_read_init(&in, &p->chunks[0]));
	assert_true(tt_sctp_cookie_read(VICTIM, &c, in.cookie));
	return c;
}

static void an_init_is_answered_by_a_cookie_and_nothing_is_kept(void **state)
{
	const struct sctp_init in = peer_init();
	struct tt_sctp before;
	struct sent p;

	(void)state;
	solo_init(2);
	const size_t memory = pair.sim.env[1].memory;
	memcpy(&before, VICTIM, sizeof before);
	for (int n = 0; n < 3; n++) {
		struct sctp_init some = in;
		some.in_streams = 16;
		assert_int_equal(give_init(&some), 0);
		assert_sends_alone(&p, PEER_TAG, SCTP_INIT_ACK, 0);
		assert_init_is_well_made(&p.chunks[0], 1);
		const struct sctp_cookie c = cookie_in(&p);
		assert_true(c.my_tie == 0 && c.peer_tie == 0); /* 5.2.2: there was no TCB */
		assert_int_equal(c.peer_tag, PEER_TAG);
	}
	before.counters = VICTIM->counters;
	assert_memory_equal(&before, VICTIM, sizeof before);
	assert_int_equal(pair.sim.env[1].memory, memory);
	assert_true(tt_sctp_deadline(VICTIM, NULL) == INT64_MAX);
	pair_free(&pair);
}

static void an_init_ack_wants_no_more_streams_than_the_peer_takes(void **state)
{
	static const uint16_t takes[] = { 1, 15, 16, 17, 65535 };
	struct sctp_init out;
	struct sent p;

	(void)state;
	for (int s = SCTP_CLOSED; s <= SCTP_ESTABLISHED; s++)
		for (size_t i = 0; i < TT_COUNT(takes); i++) {
			struct sctp_init in = peer_init();
			solo_begin(3, (enum sctp_state)s);
			in.in_streams = takes[i];
			assert_int_equal(give_init(&in), 0);
			assert_sends_alone(&p, PEER_TAG, SCTP_INIT_ACK, 0);
			assert_true(tt_sctp_read_init(&out, &p.chunks[0]));
			assert_int_equal(out.out_streams, tt_min(takes[i], OUR_STREAMS));
			assert_int_equal(out.in_streams, OUR_STREAMS);
			pair_free(&pair);
		}
}

/* 5.1.1: the lesser of both. What was queued before that was known, and for a stream that is not, is never sent. */
static void streams_are_as_many_as_both_have(void **state)
{
	(void)state;
	solo_init(4);
	assert_int_equal(tt_sctp_out_streams(VICTIM), OUR_STREAMS);
	for (uint16_t stream = 0; stream < OUR_STREAMS; stream++)
		assert_int_equal(pair_number(&pair, 1, stream, stream, 10, NULL), TAUT_OK);
	solo_reach(SCTP_COOKIE_ECHOED);
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_COOKIE_ACK, 0, NULL, 0), 0);
	assert_int_equal(tt_sctp_out_streams(VICTIM), 10);
	assert_silent(); /* they went with COOKIE ECHO */
	assert_int_equal(VICTIM->flight.next.v, VICTIM->my_tsn.v + 10);
	for (uint32_t n = 0; n < 10; n++)
		assert_int_equal(tt_sctp_flight_at(&VICTIM->flight, s32_add(VICTIM->my_tsn, n))->m->stream, n);
	assert_int_equal(give_sack(VICTIM->flight.next.v - 1, NULL, 0), 0);
	assert_int_equal(tt_sctp_held(VICTIM), 0);
	assert_int_equal(pair_number(&pair, 1, 9, 1, 10, NULL), TAUT_OK);
	assert_int_equal(pair_number(&pair, 1, 10, 1, 10, NULL), TAUT_E_INVAL);
	pair_free(&pair);
}

/* 5.1 C: and nothing else leaves until it is acknowledged. */
static void the_cookie_is_echoed_first_and_unchanged(void **state)
{
	static const struct tt_sctp_send_options unordered = { .unordered = true };
	const struct sctp_init in = peer_init_ack();
	struct sent p;

	(void)state;
	solo_begin(5, SCTP_COOKIE_WAIT);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 3000, NULL), TAUT_OK);
	assert_int_equal(pair_number(&pair, 1, 1, 2, 30, &unordered), TAUT_OK);
	assert_silent();
	assert_int_equal(give_init_ack(&in), 0);
	assert_int_equal(VICTIM->state, SCTP_COOKIE_ECHOED);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T1));
	assert_int_equal(VICTIM->flight.cum.v, VICTIM->my_tsn.v - 1);
	for (int again = 0; again < 2; again++) {
		assert_true(next_sent(&p));
		assert_int_equal(p.tag, PEER_TAG);
		assert_int_equal(p.chunks[0].type, SCTP_COOKIE_ECHO);
		assert_int_equal(rd_left(&p.chunks[0].value), 8);
		assert_memory_equal(p.bytes + 16, "a cookie", 8);
		for (size_t i = 1; i < p.count; i++)
			assert_int_equal(p.chunks[i].type, SCTP_DATA);
		assert_true(p.count > 1);
		assert_silent();
		if (!again)
			solo_expire(SCTP_T1);
	}
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_COOKIE_ACK, 0, NULL, 0), 0);
	assert_false(tt_sctp_runs(VICTIM, SCTP_T1));
	assert_true(count_sent(SCTP_DATA) > 1);
	pair_free(&pair);
}

/* 4, 5.1.4, 6.3.3 E2: the same chunk again, eight times, after twice as long each time. */
static void init_and_cookie_echo_are_repeated_and_then_given_up(void **state)
{
	(void)state;
	for (int s = SCTP_COOKIE_WAIT; s <= SCTP_COOKIE_ECHOED; s++) {
		struct sent first, p;
		solo_begin(6, (enum sctp_state)s);
		solo_expire(SCTP_T1);
		assert_true(next_sent(&first));
		taut_time wait = VICTIM->timer[SCTP_T1] - pair.sim.now;
		assert_int_equal(wait, 2 * SCTP_RTO_INITIAL);
		for (int n = 2; n <= SCTP_MAX_INIT_RETRANS; n++) {
			solo_expire(SCTP_T1);
			assert_int_equal(VICTIM->state, s);
			assert_true(next_sent(&p));
			assert_int_equal(p.len, first.len);
			assert_memory_equal(p.bytes, first.bytes, p.len);
			assert_silent();
			wait = tt_min64(2 * wait, SCTP_RTO_MAX);
			assert_int_equal(VICTIM->timer[SCTP_T1] - pair.sim.now, wait);
		}
		solo_expire(SCTP_T1);
		assert_silent();
		pair_events(&pair, 1);
		assert_int_equal(pair.closed[1], 1);
		assert_int_equal(pair.reason[1], TAUT_REASON_SCTP_UNREACHABLE);
		pair_free(&pair);
	}
}

/* The COOKIE ECHO that the peer would send for the INIT ACK that waits. */
static struct wr begin_echo(uint8_t *buf, size_t cap)
{
	static struct sctp_init in;
	struct sent p;

	assert_true(next_sent(&p));
	assert_true(tt_sctp_read_init(&in, &p.chunks[0]));
	struct wr w = begin_packet(buf, cap, in.tag);
	add_chunk(&w, SCTP_COOKIE_ECHO, 0, in.cookie.p, in.cookie.len);
	return w;
}

static void add_data(struct wr *w, uint32_t tsn, uint16_t ssn)
{
	tt_sctp_write_data(w, &(struct sctp_data){ .tsn = { tsn },
						   .mid = { ssn },
						   .ppid = 53,
						   .begin = true,
						   .end = true,
						   .data = (const uint8_t *)"data",
						   .len = 4 });
}

static void cookie_ack_stands_before_what_goes_with_it(void **state)
{
	const struct sctp_init in = peer_init();
	uint8_t buf[1500];
	struct sent p;

	(void)state;
	solo_init(7);
	assert_int_equal(pair_number(&pair, 1, 1, 1, 30, NULL), TAUT_OK);
	assert_int_equal(give_init(&in), 0);
	struct wr w = begin_echo(buf, sizeof buf);
	add_data(&w, PEER_TSN, 0);
	assert_int_equal(give(&w), 0);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	assert_true(next_sent(&p));
	assert_int_equal(p.count, 3);
	assert_int_equal(p.chunks[0].type, SCTP_COOKIE_ACK);
	assert_int_equal(p.chunks[1].type, SCTP_SACK); /* 5.1: the first DATA at once */
	assert_int_equal(p.chunks[2].type, SCTP_DATA); /* 6: control first */
	assert_int_equal(u32_of(p.chunks[1].whole.p + 4), PEER_TSN);
	pair_free(&pair);
}

/* 5.1.5: a cookie with a flipped bit, or for another tag; without a word. */
static void a_false_cookie_takes_its_packet_with_it(void **state)
{
	const struct sctp_init in = peer_init();

	(void)state;
	for (int what = 0; what < 3; what++) {
		uint8_t buf[1500];
		solo_init(8);
		assert_int_equal(give_init(&in), 0);
		struct wr w = begin_echo(buf, sizeof buf);
		add_data(&w, PEER_TSN, 0);
		buf[what == 0 ? 40 : 7] ^= (uint8_t)(what < 2);
		assert_int_equal(give(&w), what < 2);
		pair_events(&pair, 1);
		assert_int_equal(pair.count[1], what == 2);
		assert_int_equal(VICTIM->state, what == 2 ? SCTP_ESTABLISHED : SCTP_CLOSED);
		if (what < 2)
			assert_silent();
		pair_free(&pair);
	}
}

/* 5.2.4 steps 3 and D: of this association even when it is stale; of another one with ERROR. */
static void a_stale_cookie_counts_for_the_association_that_is_there(void **state)
{
	uint8_t buf[1500];
	struct sctp_init in = peer_init();
	struct sent p;

	(void)state;
	solo_init(9);
	assert_int_equal(give_init(&in), 0);
	struct wr w = begin_echo(buf, sizeof buf);
	assert_int_equal(give(&w), 0);
	discard_sent();
	pair.sim.now += SCTP_COOKIE_LIFE + 1000000;
	memset(buf + 8, 0, 4); /* its checksum is made anew */
	assert_int_equal(give(&w), 0);
	assert_sends_alone(&p, PEER_TAG, SCTP_COOKIE_ACK, 0);
	in.tag = PEER_TAG + 1; /* it begins anew, and is late */
	assert_int_equal(give_init(&in), 0);
	w = begin_echo(buf, sizeof buf);
	pair.sim.now += SCTP_COOKIE_LIFE + 1000000;
	assert_int_equal(give(&w), 1);
	assert_sends_alone(&p, PEER_TAG + 1, SCTP_ERROR, 0);
	assert_int_equal(u32_of(p.bytes + 16), SCTP_C_STALE_COOKIE << 16 | 8);
	assert_int_equal(u32_of(p.bytes + 20), 1000000); /* 3.3.10.3 */
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	assert_int_equal(VICTIM->peer_tag, PEER_TAG);
	pair_free(&pair);
}

/* 3.3.2, 5.1, 8.4: by the tag that the INIT came with, whatever association there is. */
static void an_init_that_cannot_be_is_aborted_by_its_own_tag(void **state)
{
	struct sent p;

	(void)state;
	for (int s = SCTP_CLOSED; s <= SCTP_DEAD; s++)
		for (int what = 0; what < 4; what++) {
			struct sctp_init in = peer_init();
			solo_begin(10, (enum sctp_state)s);
			const enum sctp_state before = VICTIM->state;
			const taut_time deadline = tt_sctp_deadline(VICTIM, NULL);
			in.tag = what == 3 ? 0 : 77;
			in.out_streams = what != 0;
			in.in_streams = what != 1;
			in.window = what == 2 ? 1499 : 1500;
			assert_int_equal(give_init(&in), 1);
			if (what == 3)
				assert_silent();
			else
				assert_sends_alone(&p, 77, SCTP_ABORT, 0);
			assert_int_equal(VICTIM->state, before);
			assert_true(tt_sctp_deadline(VICTIM, NULL) == deadline);
			pair_free(&pair);
		}
}

static const uint8_t host_name[] = { 0, 11, 0, 9, 'h', 'o', 's', 't', 0, 0, 0, 0 };

static int give_with_param(uint8_t type, uint32_t tag, const uint8_t *param, size_t len)
{
	uint8_t buf[SCTP_MAX_PACKET];
	struct wr w = begin_packet(buf, sizeof buf, tag);
	const size_t at = tt_sctp_begin(&w, type, 0);

	wr_u32(&w, PEER_TAG);
	wr_u32(&w, 100000);
	wr_u16(&w, 10);
	wr_u16(&w, 10);
	wr_u32(&w, PEER_TSN);
	wr_bytes(&w, param, len);
	if (type == SCTP_INIT_ACK) {
		const size_t p = tt_sctp_begin_param(&w, SCTP_P_COOKIE);
		wr_bytes(&w, "a cookie", 8);
		tt_sctp_end_param(&w, p);
	}
	tt_sctp_end(&w, at);
	return give(&w);
}

static void a_host_name_is_aborted(void **state)
{
	struct sent p;

	(void)state;
	for (int s = SCTP_CLOSED; s <= SCTP_ESTABLISHED; s++) {
		solo_begin(11, (enum sctp_state)s);
		assert_int_equal(give_with_param(SCTP_INIT, 0, host_name, sizeof host_name), 1);
		assert_sends_alone(&p, PEER_TAG, SCTP_ABORT, 0);
		assert_int_equal(u32_of(p.bytes + 16), SCTP_C_UNRESOLVABLE_ADDRESS << 16 | 13);
		assert_memory_equal(p.bytes + 20, host_name, 9);
		assert_int_equal(VICTIM->state, s);
		pair_free(&pair);
	}
	solo_begin(11, SCTP_COOKIE_WAIT);
	assert_int_equal(
		give_with_param(SCTP_INIT_ACK, VICTIM->my_tag, host_name, sizeof host_name), 1);
	assert_sends_alone(&p, PEER_TAG, SCTP_ABORT, 0);
	assert_int_equal(u32_of(p.bytes + 16), SCTP_C_UNRESOLVABLE_ADDRESS << 16 | 13);
	assert_int_equal(VICTIM->state, SCTP_DEAD);
	assert_int_equal(VICTIM->close_reason, TAUT_REASON_SCTP_ABORTED_HERE);
	assert_int_equal(VICTIM->close_cause, SCTP_C_UNRESOLVABLE_ADDRESS);
	pair_free(&pair);
}

/* A name of any length is answered, but not sent back. */
static void a_long_host_name_is_aborted_without_it(void **state)
{
	uint8_t param[1000] = { 0, 11, 1000 >> 8, 1000 & 0xff };
	struct sent p;

	(void)state;
	solo_init(12);
	assert_int_equal(give_with_param(SCTP_INIT, 0, param, sizeof param), 1);
	assert_sends_alone(&p, PEER_TAG, SCTP_ABORT, 0);
	assert_int_equal(p.len, 16);
	pair_free(&pair);
}

/* RFC 8261 section 6.1: there are none; whoever names some all the same means where the packet came from. 3.3.2.1.5: a
 * host name among the types says nothing. */
static void addresses_and_their_types_are_ignored(void **state)
{
	static const uint8_t params[] = { 0,  5, 0,   8, 192, 0, 2,  1,    0,    12,   0,
					  10, 0, 5,   0, 6,   0, 11, 0xff, 0xff, 0x80, 8,
					  0,  5, 192, 1, 2,   3, 0,  12,   0,    4 };
	struct sent p;

	(void)state;
	solo_init(13);
	assert_int_equal(give_with_param(SCTP_INIT, 0, params, sizeof params), 0);
	assert_sends_alone(&p, PEER_TAG, SCTP_INIT_ACK, 0);
	assert_true(
		cookie_in(&p).forward_tsn); /* it was found behind padding of any value, 3.2.1 */
	pair_free(&pair);
}

/* 3.3.3: a thousand addresses, and a cookie behind them. */
static void an_init_ack_may_be_large(void **state)
{
	static uint8_t params[8000];
	struct sent p;

	(void)state;
	for (size_t i = 0; i < sizeof params; i += 8)
		memcpy(params + i,
		       ((uint8_t[]){ 0, 5, 0, 8, 10, 0, (uint8_t)(i >> 11), (uint8_t)(i >> 3) }),
		       8);
	solo_begin(14, SCTP_COOKIE_WAIT);
	assert_int_equal(give_with_param(SCTP_INIT_ACK, VICTIM->my_tag, params, sizeof params), 0);
	assert_sends_alone(&p, PEER_TAG, SCTP_COOKIE_ECHO, 0);
	assert_memory_equal(p.bytes + 16, "a cookie", 8);
	pair_free(&pair);
}

/* 3.3.3, but for the window: the set-up is over, and the peer is told. */
static void an_init_ack_that_cannot_be_ends_the_set_up(void **state)
{
	static const uint8_t missing[] = { 0, 2, 0, 10, 0, 0, 0, 1, 0, 7 };

	(void)state;
	for (int what = 0; what < 4; what++) {
		struct sctp_init in = peer_init_ack();
		struct sent p;
		solo_begin(15, SCTP_COOKIE_WAIT);
		in.tag = what == 0 ? 0 : PEER_TAG;
		in.out_streams = what != 1;
		in.in_streams = what != 2;
		in.cookie.len = what == 3 ? 0 : 8;
		assert_int_equal(give_init_ack(&in), 1);
		assert_int_equal(VICTIM->state, SCTP_DEAD);
		assert_sends_alone(&p, what == 0 ? VICTIM->my_tag : PEER_TAG, SCTP_ABORT,
				   what == 0 ? SCTP_FLAG_T : 0);
		if (what == 3)
			assert_memory_equal(p.bytes + 16, missing, sizeof missing);
		else
			assert_int_equal(u32_of(p.bytes + 16), SCTP_C_INVALID_PARAM << 16 | 4);
		pair_events(&pair, 1);
		assert_int_equal(pair.closed[1], 1);
		pair_free(&pair);
	}
}

static void an_init_ack_with_a_small_window_changes_nothing(void **state)
{
	struct sctp_init in = peer_init_ack();
	struct sent p;

	(void)state;
	solo_begin(16, SCTP_COOKIE_WAIT);
	const taut_time t1 = VICTIM->timer[SCTP_T1];
	in.window = 1499;
	assert_int_equal(give_init_ack(&in), 1);
	assert_sends_alone(&p, PEER_TAG, SCTP_ABORT, 0);
	assert_int_equal(VICTIM->state, SCTP_COOKIE_WAIT);
	assert_true(VICTIM->timer[SCTP_T1] == t1);
	assert_int_equal(VICTIM->peer_tag, 0);
	in.window = 1500;
	assert_int_equal(give_init_ack(&in), 0);
	assert_int_equal(VICTIM->state, SCTP_COOKIE_ECHOED);
	pair_free(&pair);
}

/* 5.2.1: as in our own INIT; tie-tags from COOKIE-ECHOED on, and those of the TCB. */
static void an_init_that_crosses_ours_is_answered_by_the_same_numbers(void **state)
{
	const struct sctp_init in = peer_init();
	struct sctp_init out;
	struct sent p;

	(void)state;
	for (int s = SCTP_COOKIE_WAIT; s <= SCTP_COOKIE_ECHOED; s++) {
		solo_begin(17, (enum sctp_state)s);
		const taut_time t1 = VICTIM->timer[SCTP_T1];
		const uint32_t peer_tag = VICTIM->peer_tag;
		assert_int_equal(give_init(&in), 0);
		assert_sends_alone(&p, PEER_TAG, SCTP_INIT_ACK, 0);
		assert_true(tt_sctp_read_init(&out, &p.chunks[0]));
		assert_int_equal(out.tag, VICTIM->my_tag);
		assert_int_equal(out.tsn.v, VICTIM->my_tsn.v);
		assert_true(out.cookie.len > 0);
		const struct sctp_cookie c = cookie_in(&p);
		assert_int_equal(c.my_tie != 0, s == SCTP_COOKIE_ECHOED);
		assert_true(c.my_tie == VICTIM->my_tie && c.peer_tie == VICTIM->peer_tie);
		assert_int_equal(VICTIM->state, s);
		assert_true(VICTIM->timer[SCTP_T1] == t1);
		assert_int_equal(VICTIM->peer_tag, peer_tag);
		pair_free(&pair);
	}
}

/* Everything but the counters, and what a poll that found nothing left behind. */
static void assert_same(const struct tt_sctp *before)
{
	struct tt_sctp now;

	memcpy(&now, VICTIM, sizeof now);
	now.counters = before->counters;
	now.burst_open = before->burst_open;
	now.filled = before->filled;
	now.flight.rate = before->flight.rate;
	assert_memory_equal(&now, before, sizeof now);
}

/* 5.2.2: a new tag, the ties of the TCB, and nothing changes. */
static void an_unexpected_init_changes_nothing(void **state)
{
	struct sctp_init in = peer_init(), out;
	struct tt_sctp before;
	struct sent p;
	uint32_t last = 0;

	(void)state;
	in.tag = 99;
	for (int s = SCTP_ESTABLISHED; s < SCTP_SHUTDOWN_ACK_SENT; s++) {
		solo_begin(18, (enum sctp_state)s);
		for (int n = 0; n < 3; n++) {
			memcpy(&before, VICTIM, sizeof before);
			assert_int_equal(give_init(&in), 0);
			assert_sends_alone(&p, 99, SCTP_INIT_ACK, 0);
			assert_true(tt_sctp_read_init(&out, &p.chunks[0]));
			assert_true(out.tag != VICTIM->my_tag && out.tag != last && out.tag != 0);
			last = out.tag;
			const struct sctp_cookie c = cookie_in(&p);
			assert_true(c.my_tie != 0 && c.my_tie == VICTIM->my_tie &&
				    c.peer_tie == VICTIM->peer_tie);
			before.my_tie = VICTIM->my_tie; /* drawn by the first */
			before.peer_tie = VICTIM->peer_tie;
			assert_same(&before);
		}
		pair_free(&pair);
	}
}

/* The peer forgot all and began anew: INIT with this tag, INIT ACK, COOKIE ECHO. */
static int restart_as(uint32_t tag)
{
	struct sctp_init in = peer_init();
	uint8_t buf[1500];

	in.tag = tag;
	in.tsn = s32(5000);
	assert_int_equal(give_init(&in), 0);
	struct wr w = begin_echo(buf, sizeof buf);
	return give(&w);
}

/* 5.2.4 A */
static void a_restart_begins_with_new_tags_and_the_first_window(void **state)
{
	struct sctp_cc fresh;
	struct sent p;

	(void)state;
	solo_begin(19, SCTP_ESTABLISHED);
	fresh = VICTIM->cc;
	const uint32_t tag = VICTIM->my_tag;
	VICTIM->cc.cwnd = 9999999;
	VICTIM->cc.ssthresh = 5;
	VICTIM->rtt.srtt = 777;
	assert_int_equal(restart_as(4242), 0);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	assert_true(VICTIM->my_tag != tag);
	assert_int_equal(VICTIM->peer_tag, 4242);
	assert_int_equal(VICTIM->cc.cwnd, fresh.cwnd);
	assert_int_equal(VICTIM->cc.ssthresh, fresh.ssthresh);
	assert_int_equal(VICTIM->rtt.srtt, 0);
	assert_int_equal(VICTIM->tracker.cum.v, 4999);
	assert_sends_alone(&p, 4242, SCTP_COOKIE_ACK, 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.restarted[1], 1);
	pair_free(&pair);
}

/* 5.2.4 A: not while it says goodbye. The cookie is of before. */
static void a_restart_while_shutting_down_makes_no_association(void **state)
{
	struct sctp_init in = peer_init();
	uint8_t buf[1500];
	struct sent p;

	(void)state;
	in.tag = 4242;
	solo_begin(20, SCTP_ESTABLISHED);
	assert_int_equal(give_init(&in), 0);
	struct wr w = begin_echo(buf, sizeof buf);
	assert_int_equal(give_shutdown(VICTIM->flight.cum.v), 0);
	discard_sent();
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_ACK_SENT);
	assert_int_equal(give(&w), 1);
	assert_int_equal(VICTIM->state, SCTP_SHUTDOWN_ACK_SENT);
	assert_true(next_sent(&p));
	assert_int_equal(p.tag, PEER_TAG);
	assert_int_equal(p.count, 2);
	assert_int_equal(p.chunks[0].type, SCTP_SHUTDOWN_ACK);
	assert_int_equal(p.chunks[1].type, SCTP_ERROR);
	assert_int_equal(u32_of(p.chunks[1].whole.p + 4), SCTP_C_COOKIE_WHILE_SHUTDOWN << 16 | 4);
	assert_silent();
	pair_free(&pair);
}

/* 5.2.4 B: their INIT crossed ours, and has a later tag than the INIT ACK had. */
static void a_cookie_of_crossed_inits_brings_the_peers_new_tag(void **state)
{
	struct sent p;

	(void)state;
	for (int s = SCTP_COOKIE_WAIT; s <= SCTP_COOKIE_ECHOED; s++) {
		solo_begin(21, (enum sctp_state)s);
		const uint32_t tag = VICTIM->my_tag;
		assert_int_equal(restart_as(4242), 0);
		assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
		assert_false(tt_sctp_runs(VICTIM, SCTP_T1));
		assert_int_equal(VICTIM->my_tag, tag);
		assert_int_equal(VICTIM->peer_tag, 4242);
		assert_sends_alone(&p, 4242, SCTP_COOKIE_ACK, 0);
		pair_events(&pair, 1);
		assert_int_equal(pair.restarted[1], 0);
		pair_free(&pair);
	}
}

/* 5.2.3, 5.2.5, 9.2: chunks of the set-up after it, and of the end during it. */
static void chunks_of_another_time_are_nothing(void **state)
{
	const struct sctp_init in = peer_init_ack();
	struct tt_sctp before;

	(void)state;
	for (int s = SCTP_CLOSED; s < SCTP_DEAD; s++)
		for (int what = 0; what < 3; what++) {
			if ((what == 0 && s == SCTP_COOKIE_WAIT) ||
			    (what == 1 && s == SCTP_COOKIE_ECHOED) ||
			    (what == 2 && s >= SCTP_ESTABLISHED))
				continue;
			solo_begin(24, (enum sctp_state)s);
			assert_silent();
			memcpy(&before, VICTIM, sizeof before);
			if (what == 0)
				(void)give_init_ack(&in);
			else if (what == 1)
				(void)give_chunk(VICTIM->my_tag, SCTP_COOKIE_ACK, 0, NULL, 0);
			else
				(void)give_shutdown(VICTIM->my_tsn.v - 1);
			assert_silent();
			assert_same(&before);
			pair_free(&pair);
		}
}

/* 5.2.4 D: its COOKIE ACK was lost. */
static void a_second_cookie_echo_is_acknowledged_again(void **state)
{
	const struct sctp_init in = peer_init();
	uint8_t buf[1500];
	struct sent p;

	(void)state;
	solo_init(25);
	assert_int_equal(give_init(&in), 0);
	struct wr w = begin_echo(buf, sizeof buf);
	for (int n = 0; n < 3; n++) {
		memset(buf + 8, 0, 4);
		assert_int_equal(give(&w), 0);
		assert_sends_alone(&p, PEER_TAG, SCTP_COOKIE_ACK, 0);
		assert_silent();
		assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	}
	pair_events(&pair, 1);
	assert_int_equal(pair.connected[1], 1);
	assert_int_equal(pair.restarted[1], 0);
	pair_free(&pair);
}

/* 5.2.4 C: it was handed out before we drew the tag that we have now. */
static void a_cookie_that_came_too_late_is_nothing(void **state)
{
	struct sctp_init in = peer_init();
	uint8_t buf[1500];
	struct tt_sctp before;

	(void)state;
	solo_begin(26, SCTP_ESTABLISHED);
	in.tag = 99;
	assert_int_equal(give_init(&in), 0);
	struct wr w =
		begin_echo(buf, sizeof buf); /* of a peer that began anew, and then once more */
	in.tag = 100;
	assert_int_equal(give_init(&in), 0);
	uint8_t later[1500];
	struct wr latest = begin_echo(later, sizeof later);
	assert_int_equal(give(&latest), 0);
	discard_sent();
	assert_int_equal(VICTIM->peer_tag, 100);
	memcpy(&before, VICTIM, sizeof before);
	assert_int_equal(give(&w), 1);
	assert_silent();
	assert_same(&before);
	pair_free(&pair);
}

/* 5.2.6 */
static void a_stale_cookie_of_ours_begins_the_set_up_again(void **state)
{
	static const uint8_t stale[] = { 0, SCTP_C_STALE_COOKIE, 0, 8, 0, 0, 0, 1 };
	const struct sctp_init in = peer_init_ack();
	struct sent p;

	(void)state;
	solo_begin(27, SCTP_COOKIE_ECHOED);
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_ERROR, 0, stale, sizeof stale), 0);
	assert_sends_alone(&p, 0, SCTP_INIT, 0);
	assert_int_equal(VICTIM->state, SCTP_COOKIE_WAIT);
	assert_true(tt_sctp_runs(VICTIM, SCTP_T1));
	assert_int_equal(give_init_ack(&in), 0);
	assert_sends_alone(&p, PEER_TAG, SCTP_COOKIE_ECHO, 0);
	assert_int_equal(give_chunk(VICTIM->my_tag, SCTP_COOKIE_ACK, 0, NULL, 0), 0);
	assert_int_equal(VICTIM->state, SCTP_ESTABLISHED);
	pair_free(&pair);
}

static uint32_t tag_of[2];

static void note_tags(struct pair *p, int to, uint8_t *data, size_t *len)
{
	(void)p, (void)len;
	if (data[12] != SCTP_INIT && data[12] != SCTP_INIT_ACK && data[12] != SCTP_COOKIE_ECHO)
		assert_int_equal(u32_of(data + 4), tag_of[to]);
	if (data[12] == SCTP_COOKIE_ECHO)
		tag_of[to] = u32_of(data + 4);
}

/* 5.3.1, 8.5: from the cookie to the end. */
static void the_tags_stay_as_they_were_chosen(void **state)
{
	const struct sim_link link = { .delay = 10000, .loss = 50 };

	(void)state;
	pair_init(&pair, 22, &link, NULL);
	pair.on_packet = note_tags;
	pair_connect(&pair);
	for (uint32_t n = 0; n < 20; n++)
		for (int i = 0; i < 2; i++)
			pair_number(&pair, i, 1, n, 20000, NULL);
	pair_run(&pair, 20 * SECOND);
	tt_sctp_shutdown(pair.s[0], pair.sim.now);
	pair_run(&pair, 20 * SECOND);
	assert_int_equal(pair.count[0] + pair.count[1], 40);
	assert_int_equal(pair.closed[0] + pair.closed[1], 2);
	assert_int_equal(tag_of[0], pair.s[0]->my_tag);
	assert_int_equal(tag_of[1], pair.s[1]->my_tag);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_init_stands_alone_and_has_tag_zero),
		cmocka_unit_test(an_init_is_answered_by_a_cookie_and_nothing_is_kept),
		cmocka_unit_test(an_init_ack_wants_no_more_streams_than_the_peer_takes),
		cmocka_unit_test(streams_are_as_many_as_both_have),
		cmocka_unit_test(the_cookie_is_echoed_first_and_unchanged),
		cmocka_unit_test(init_and_cookie_echo_are_repeated_and_then_given_up),
		cmocka_unit_test(cookie_ack_stands_before_what_goes_with_it),
		cmocka_unit_test(a_false_cookie_takes_its_packet_with_it),
		cmocka_unit_test(a_stale_cookie_counts_for_the_association_that_is_there),
		cmocka_unit_test(an_init_that_cannot_be_is_aborted_by_its_own_tag),
		cmocka_unit_test(a_host_name_is_aborted),
		cmocka_unit_test(a_long_host_name_is_aborted_without_it),
		cmocka_unit_test(addresses_and_their_types_are_ignored),
		cmocka_unit_test(an_init_ack_may_be_large),
		cmocka_unit_test(an_init_ack_that_cannot_be_ends_the_set_up),
		cmocka_unit_test(an_init_ack_with_a_small_window_changes_nothing),
		cmocka_unit_test(an_init_that_crosses_ours_is_answered_by_the_same_numbers),
		cmocka_unit_test(an_unexpected_init_changes_nothing),
		cmocka_unit_test(a_restart_begins_with_new_tags_and_the_first_window),
		cmocka_unit_test(a_restart_while_shutting_down_makes_no_association),
		cmocka_unit_test(a_cookie_of_crossed_inits_brings_the_peers_new_tag),
		cmocka_unit_test(chunks_of_another_time_are_nothing),
		cmocka_unit_test(a_second_cookie_echo_is_acknowledged_again),
		cmocka_unit_test(a_cookie_that_came_too_late_is_nothing),
		cmocka_unit_test(a_stale_cookie_of_ours_begins_the_set_up_again),
		cmocka_unit_test(the_tags_stay_as_they_were_chosen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
