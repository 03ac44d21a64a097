/* test_d_data.c - rows D09 to D14 and D18 to D20 of HOSTILE.md: messages, streams and channels, inside
 * the DTLS of a call. */

#include "datachannel/dcs_dcep.h"
#include "datachannel/dcs_internal.h"
#include "hostile/chunks.h"

static void d09_tsns_far_ahead_are_refused_and_gaps_bounded(void **state)
{
	static const uint32_t far[] = { 0x7fffffff, 0x7ffffffe, 0x40000000, 100000, 65536, 65551 };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 511, 0);
	const struct tt_sctp *s = craft_victim(&h);
	struct sctp_data d = { .stream = 8,
			       .ppid = 53,
			       .begin = true,
			       .end = true,
			       .data = (const uint8_t *)"far",
			       .len = 3 };
	for (size_t i = 0; i < TT_COUNT(far); i++) {
		d.tsn.v = s->tracker.cum.v + far[i];
		send_data_chunk(&h, &d);
	}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_TSN_TOO_FAR, TT_COUNT(far));
	/* Every second one: this breaks the bad one's own association, and nothing else. */
	const size_t memory = h.pc->env->memory;
	const uint32_t first = s->tracker.cum.v;
	for (uint32_t n = 2; n < 9000; n += 2) {
		d.tsn.v = first + n;
		d.mid.v = (uint16_t)n;
		send_data_chunk(&h, &d);
		assert_true(s->rx.held <= s->rx.limit);
	}
	assert_in_range(h.pc->env->memory, memory, memory + 2 * s->rx.limit);
	hostile_run(&h, SECOND);
	hostile_assert_frame(&h);
	hostile_end(&h);
}

static void begin_with(struct hostile *h, uint64_t seed, bool interleaved)
{
	if (interleaved)
		hostile_begin(h, seed, 0);
	else
		hostile_begin_plain(h, seed, 0);
	assert_int_equal(craft_victim(h)->rx.interleaved, interleaved);
}

/* B without E; interleaved also what lies far behind any beginning. */
static void give_fragments_without_end(bool interleaved)
{
	struct hostile h;

	begin_with(&h, 512, interleaved);
	const struct tt_sctp *s = craft_victim(&h);
	const uint32_t first = s->tracker.cum.v;
	const size_t memory = h.pc->env->memory;
	uint8_t big[1100] = { 0 };
	unsigned full = 0; /* what is not held is counted */
	for (uint32_t n = 2; n < 16000 && s->state == SCTP_ESTABLISHED; n += 2) {
		struct sctp_data d = { .tsn = { first + n },
				       .stream = (uint16_t)(n % 1024),
				       .mid = { (uint16_t)n },
				       .ppid = 53,
				       .begin = !interleaved || n % 8 < 4,
				       .fsn = n % 16 < 8 ? UINT32_MAX - n : n,
				       .unordered = n % 4 == 0,
				       .data = big,
				       .len = n % 3 && !interleaved ? 1 : sizeof big };
		const size_t held = s->rx.held;
		send_data_chunk(&h, &d);
		full += s->rx.held == held;
		assert_true(s->rx.held <= s->rx.limit);
	}
	assert_in_range(h.pc->env->memory, 1, memory + 2 * s->rx.limit);
	assert_in_range(full, 1000, 8000);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_WINDOW_FULL, full);
	hostile_assert_none_dropped(&h);
	hostile_run(&h, SECOND);
	hostile_assert_frame(&h);
	hostile_end(&h);
}

static void d10_fragments_without_end_stay_within_the_window(void **state)
{
	(void)state;
	give_fragments_without_end(false);
}

static void d10_fragments_of_interleaved_messages_stay_within_the_window(void **state)
{
	(void)state;
	give_fragments_without_end(true);
}

/* One octet for each of all streams, ordered and unordered, the numbers a wrap away from each other:
 * streams that are not there are refused, the window stops the rest, and all that is held is freed
 * with the association. Then in a row: the window fills with what can never be whole. */
static void d10_one_octet_on_every_stream_is_bounded(void **state)
{
	struct hostile h;

	(void)state;
	hostile_begin(&h, 536, 0);
	const struct tt_sctp *s = craft_victim(&h);
	const size_t memory = h.pc->env->memory;
	unsigned streams = 0;
	for (uint32_t n = 0; n < 2 * 65536 && s->state == SCTP_ESTABLISHED; n++) {
		struct sctp_data d = { .tsn = { s->tracker.cum.v + 1 },
				       .stream = (uint16_t)(n / 2),
				       .mid = { n % 3 * 0x7fffffff },
				       .fsn = n % 5 ? UINT32_MAX : 1,
				       .unordered = n & 1,
				       .data = (const uint8_t *)"x",
				       .len = 1 };
		send_data_chunk(&h, &d);
		streams += d.stream < s->in_streams;
		assert_true(s->rx.held <= s->rx.limit);
		craft_sent_up_to(&h, s->tracker.cum);
		if (n % 64 == 0)
			hostile_run(&h, SECOND / 10); /* its errors are sent */
	}
	assert_int_equal(streams, 2 * 1024);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_NO_STREAM, 2 * 65536 - 2 * 1024);
	for (uint32_t n = 0; n < 200000 && s->state == SCTP_ESTABLISHED; n++) {
		struct sctp_data d = { .tsn = { s->tracker.cum.v + 1 },
				       .stream = (uint16_t)(n % 1024),
				       .mid = { 10 + n },
				       .begin = true,
				       .unordered = n & 1,
				       .data = (const uint8_t *)"x",
				       .len = 1 };
		send_data_chunk(&h, &d);
		assert_true(s->rx.held <= s->rx.limit);
		craft_sent_up_to(&h, s->tracker.cum);
		if (n % 64 == 0)
			hostile_run(&h, SECOND / 10); /* what it answers does not pile up here */
	}
	assert_int_equal(s->state, SCTP_DEAD);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_STUCK, 1);
	hostile_assert_none_dropped(&h);
	assert_in_range(h.pc->env->memory, 1, memory + s->rx.limit);
	hostile_run(&h, SECOND);
	hostile_assert_frame(&h);
	hostile_end(&h);
}

static void d11_of_duplicates_the_first_wins(void **state)
{
	struct hostile h;

	(void)state;
	hostile_begin(&h, 513, 0);
	const uint16_t stream = 1; /* the channel of the call: the good one is the server */
	const struct seen before = h.seen[0];
	struct sctp_data d = { .tsn = { craft_take_tsn(&h) },
			       .stream = stream,
			       .mid = { craft_take_ssn(&h, stream) },
			       .ppid = 51,
			       .begin = true,
			       .end = true,
			       .data = (const uint8_t *)"first",
			       .len = 5 };
	send_data_chunk(&h, &d);
	assert_int_equal(h.seen[0].messages, before.messages + 1);
	hostile_mark(&h);
	for (unsigned n = 0; n < 32; n++) {
		d.unordered = n & 1;
		d.begin = n & 2;
		d.end = n & 4;
		d.stream = n & 8 ? 7 : stream;
		d.ppid = n & 16 ? 50 : 51;
		d.data = (const uint8_t *)"second";
		d.len = 6;
		send_data_chunk(&h, &d);
	}
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_DUPLICATE, 32);
	hostile_assert_none_dropped(&h);
	h.replies = 0; /* they are acknowledged */
	hostile_assert_unchanged_but(&h, STATE_SCTP);
	assert_int_equal(h.seen[0].messages, before.messages + 1);
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* Begin and end flags of chunks in a row that no sender makes, RFC 9260 section 6.9, how many of them
 * come after the one that ends the association, and whether a message came before, of no channel. */
static const struct {
	const char *flags;
	unsigned after, whole;
} impossible[] = { { "BB", 0, 0 },  { "B-B", 0, 0 }, { "-B", 1, 0 },    { "B-EE", 0, 1 },
		   { "BEE", 0, 1 }, { "BE-", 0, 1 }, { "B--BE", 1, 0 }, { "E", 0, 0 } };

/* The same interleaved, where it is the FSNs that cannot be. */
static const struct {
	const char *flags;
	uint32_t fsn[4];
} misnumbered[] = { { "BB", { 0, 0 } },      { "-B", { 0, 0 } }, { "B-E", { 0, 1, 1 } },
		    { "-EE", { 3, 5, 7 } },  { "E-", { 4, 5 } }, { "-E", { 9, 4 } },
		    { "--", { 6, 6 } },      { "E", { 0 } },     { "-E", { UINT32_MAX, 1 } },
		    { "B--", { 0, 2, 2 } } };

static void d12_fragment_numbers_that_no_sender_makes_end_the_association(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * TT_COUNT(misnumbered); i++) {
		struct hostile h;
		hostile_begin(&h, 537, 0);
		const struct tt_sctp *s = craft_victim(&h);
		const char *flags = misnumbered[i / 2].flags;
		uint32_t tsn = s->tracker.cum.v + 1;
		unsigned after = 0; /* the one that ends it */
		for (size_t k = 0; flags[k]; k++) {
			struct sctp_data d = { .tsn = { tsn++ },
					       .stream = 8,
					       .fsn = misnumbered[i / 2].fsn[k],
					       .ppid = 53,
					       .begin = flags[k] == 'B',
					       .end = flags[k] == 'E',
					       .unordered = i & 1,
					       .data = (const uint8_t *)"part",
					       .len = 4 };
			after += s->state == SCTP_DEAD;
			send_data_chunk(&h, &d);
		}
		hostile_assert_dropped(&h, TAUT_DROP_SCTP_FRAGMENTS, 1);
		hostile_assert_dropped(&h, TAUT_DROP_SCTP_AFTER_END, after);
		hostile_assert_none_dropped(&h);
		hostile_run(&h, SECOND);
		assert_int_equal(s->state, SCTP_DEAD);
		assert_int_equal(s->rx.held - s->rx.ready_bytes, 0);
		assert_int_equal(h.seen[0].closes, 1);
		hostile_assert_frame(&h);
		hostile_end(&h);
	}
}

static void d12_fragments_that_no_sender_makes_end_the_association(void **state)
{
	(void)state;
	for (size_t i = 0; i < TT_COUNT(impossible); i++) {
		struct hostile h;
		hostile_begin_plain(&h, 514, 0);
		const struct tt_sctp *s = craft_victim(&h);
		uint32_t tsn = s->tracker.cum.v + 1;
		for (const char *k = impossible[i].flags; *k; k++) {
			struct sctp_data d = { .tsn = { tsn++ },
					       .stream = 8,
					       .mid = { 0 },
					       .ppid = 53,
					       .begin = *k == 'B',
					       .end = *k == 'E',
					       .data = (const uint8_t *)"part",
					       .len = 4 };
			send_data_chunk(&h, &d);
		}
		hostile_assert_dropped(&h, TAUT_DROP_SCTP_FRAGMENTS, 1);
		hostile_assert_dropped(&h, TAUT_DROP_SCTP_AFTER_END, impossible[i].after);
		hostile_assert_dropped(&h, TAUT_DROP_DATA_NO_CHANNEL, impossible[i].whole);
		hostile_assert_none_dropped(&h);
		assert_int_equal(s->state, SCTP_DEAD);
		assert_int_equal(s->rx.held - s->rx.ready_bytes, 0);
		hostile_run(&h, SECOND);
		assert_int_equal(h.seen[0].closes, 1);
		hostile_assert_frame(&h);
		hostile_end(&h);
	}
}

static void assert_end(const struct end *e, uint32_t reason)
{
	assert_int_equal(e->reason, reason);
	assert_int_equal(e->cause, 0);
	assert_string_equal(e->text, taut_reason_text(reason));
}

static void d13_payload_protocols_and_empty_messages_follow_their_table(void **state)
{
	static const struct {
		uint32_t ppid;
		size_t len, bytes;
		unsigned messages, closes;
	} all[] = {
		{ 51, 5, 5, 1, 0 },         { 53, 5, 5, 1, 0 }, { 56, 1, 0, 1, 0 },
		{ 57, 1, 0, 1, 0 },         { 56, 5, 0, 1, 0 }, { 0, 5, 0, 0, 1 },
		{ 52, 5, 0, 0, 1 },         { 54, 5, 0, 0, 1 }, { 58, 5, 0, 0, 1 },
		{ 0xffffffff, 5, 0, 0, 1 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(all); i++) {
		struct hostile h;
		hostile_begin(&h, 515, 0);
		const struct seen before = h.seen[0];
		craft_send_message(&h, 1, all[i].ppid, "hello", all[i].len);
		hostile_run(&h, SECOND);
		assert_int_equal(h.seen[0].messages - before.messages, all[i].messages);
		assert_int_equal(h.seen[0].bytes - before.bytes, all[i].bytes);
		assert_int_equal(h.seen[0].closes - before.closes, all[i].closes);
		hostile_assert_dropped(&h, TAUT_DROP_DATA_PROTOCOL, all[i].closes);
		hostile_assert_none_dropped(&h);
		if (all[i].closes) {
			assert_end(&h.seen[0].closing, TAUT_REASON_CHANNEL_UNKNOWN_PPID);
			assert_end(&h.seen[0].close, TAUT_REASON_CHANNEL_UNKNOWN_PPID);
		}
		assert_int_equal(taut_pc_connection_state(h.pc), TAUT_STATE_CONNECTED);
		hostile_end(&h);
	}
	struct hostile h; /* 6.2: none at all ends the association */
	hostile_begin_plain(&h, 516, 0);
	send_chunk(&h, SCTP_DATA, 3, "\0\0\0\0\0\1\0\0\0\0\0\x33", 12);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_DATA_EMPTY, 1);
	assert_int_equal(craft_victim(&h)->state, SCTP_DEAD);
	hostile_run(&h, SECOND);
	hostile_assert_frame(&h);
	hostile_end(&h);
}

static void d14_a_message_without_end_closes_its_channel_and_no_other(void **state)
{
	static uint8_t part[1000];
	struct hostile h;
	taut_channel other;
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "other" };

	(void)state;
	hostile_begin(&h, 517, 0);
	assert_int_equal(taut_pc_create_data_channel(h.evil, h.pair.sim.now, &init, &other),
			 TAUT_OK);
	hostile_run(&h, SECOND);
	const int32_t id = tt_dcs_info(h.evil->channels, other)->id;
	const size_t memory = h.pc->env->memory;
	const struct seen before = h.seen[0];
	const uint16_t ssn = craft_take_ssn(&h, (uint16_t)id);
	for (unsigned n = 0; n < 2000; n++) { /* 2 MB */
		struct sctp_data d = { .tsn = { craft_take_tsn(&h) },
				       .stream = (uint16_t)id,
				       .mid = { ssn },
				       .ppid = 53,
				       .fsn = n,
				       .begin = n == 0,
				       .end = n == 1999,
				       .data = part,
				       .len = sizeof part };
		send_data_chunk(&h, &d);
		assert_in_range(h.pc->env->memory, 1, memory + 512 * 1024);
	}
	hostile_run(&h, 2 * SECOND);
	hostile_assert_dropped(&h, TAUT_DROP_DATA_TOO_LARGE, 1);
	hostile_assert_none_dropped(&h);
	assert_int_equal(h.seen[0].closes, before.closes + 1);
	assert_end(&h.seen[0].closing, TAUT_REASON_CHANNEL_MESSAGE_TOO_LARGE);
	assert_end(&h.seen[0].close, TAUT_REASON_CHANNEL_MESSAGE_TOO_LARGE);
	assert_int_equal(h.seen[0].messages, before.messages);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* RFC 3758 section 3.6: each is acknowledged, and has no other effect. */
static void assert_only_acknowledged(struct hostile *h, uint32_t why, unsigned count,
				     const struct sctp_tracker *tracker,
				     const struct sctp_reassembly *rx)
{
	hostile_assert_dropped(h, why, count);
	hostile_assert_none_dropped(h);
	assert_int_equal(h->replies, count);
	h->replies = 0;
	hostile_assert_unchanged_but(h, STATE_SCTP);
	assert_memory_equal(&craft_victim(h)->tracker, tracker, sizeof *tracker);
	assert_memory_equal(&craft_victim(h)->rx, rx, sizeof *rx);
	hostile_mark(h);
}

static void d18_forward_tsn_goes_forwards_and_not_too_far(void **state)
{
	uint8_t value[1200];
	struct hostile h;

	(void)state;
	hostile_begin_plain(&h, 521, 0);
	const struct tt_sctp *s = craft_victim(&h);
	const struct sctp_tracker tracker = s->tracker;
	const struct sctp_reassembly rx = s->rx;
	const uint32_t cum = tracker.cum.v;
	const uint32_t far[] = { cum + SCTP_MAX_SKIP + 1, cum + 0x7fffffff, cum + 0x40000000 };
	const uint32_t old[] = { cum, cum - 1, cum - 0x7fffffff };
	for (size_t i = 0; i < 3; i++) {
		struct wr w = wr_make(value, sizeof value);
		wr_u32(&w, far[i]);
		send_chunk(&h, SCTP_FORWARD_TSN, 0, value, w.off);
	}
	assert_only_acknowledged(&h, TAUT_DROP_SCTP_FORWARD_TOO_FAR, 3, &tracker, &rx);
	for (size_t i = 0; i < 3; i++) {
		struct wr w = wr_make(value, sizeof value);
		wr_u32(&w, old[i]);
		for (unsigned k = 0; k < 290; k++)
			wr_u32(&w, k << 16 | 9);
		send_chunk(&h, SCTP_FORWARD_TSN, 0, value, w.off);
	}
	assert_only_acknowledged(&h, TAUT_DROP_SCTP_FORWARD_OLD, 3, &tracker, &rx);
	for (size_t len = 0; len < 4; len++)
		send_chunk(&h, SCTP_FORWARD_TSN, 0, value, len);
	send_chunk(&h, SCTP_FORWARD_TSN, 0, value, 9);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_FORWARD_MALFORMED, 5);
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	/* A list of every stream, known or not: it harms only who sends it. */
	struct wr w = wr_make(value, sizeof value);
	wr_u32(&w, s->tracker.cum.v + 5);
	for (unsigned k = 0; k < 290; k++)
		wr_u32(&w, k * 226u << 16 | 0xffff);
	const size_t memory = h.pc->env->memory;
	send_chunk(&h, SCTP_FORWARD_TSN, 0, value, w.off);
	assert_in_range(h.pc->env->memory, 1, memory + 65536);
	hostile_run(&h, SECOND);
	hostile_assert_frame(&h);
	hostile_end(&h);
}

static void d18_forward_tsn_that_was_never_agreed_on_is_refused(void **state)
{
	uint8_t value[4];
	struct hostile h;

	(void)state;
	hostile_begin_plain(&h, 535, 0);
	h.pc->channels->sctp->peer_forward_tsn = false; /* as if its INIT had not named it */
	hostile_mark(&h);
	for (unsigned n = 0; n < 20; n++) {
		struct wr w = wr_make(value, sizeof value);
		wr_u32(&w, craft_victim(&h)->tracker.cum.v + n);
		send_chunk(&h, SCTP_FORWARD_TSN, 0, value, w.off);
	}
	hostile_assert_refused(&h, TAUT_DROP_SCTP_FORWARD_NOT_AGREED, 20);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void send_i_forward(struct hostile *h, uint32_t cum, const struct sctp_skipped *list, size_t n)
{
	uint8_t value[1400];
	struct wr w = wr_make(value, sizeof value);

	wr_u32(&w, cum);
	for (size_t i = 0; i < n; i++)
		tt_sctp_write_skipped(&w, &list[i], true);
	send_chunk(h, SCTP_I_FORWARD_TSN, 0, value, w.off);
}

static void d18_i_forward_tsn_goes_forwards_and_not_too_far(void **state)
{
	struct sctp_skipped list[140];
	uint8_t value[16] = { 0 };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 538, 0);
	const struct tt_sctp *s = craft_victim(&h);
	const struct sctp_tracker tracker = s->tracker;
	const struct sctp_reassembly rx = s->rx;
	const uint32_t cum = tracker.cum.v;
	const uint32_t far[] = { cum + SCTP_MAX_SKIP + 1, cum + 0x7fffffff, cum + 0x40000000 };
	const uint32_t old[] = { cum, cum - 1, cum - 0x7fffffff };
	for (size_t i = 0; i < TT_COUNT(list); i++)
		list[i] = (struct sctp_skipped){ 9, i & 1, { (uint32_t)i } };
	for (size_t i = 0; i < 3; i++)
		send_i_forward(&h, far[i], NULL, 0);
	assert_only_acknowledged(&h, TAUT_DROP_SCTP_FORWARD_TOO_FAR, 3, &tracker, &rx);
	for (size_t i = 0; i < 3; i++)
		send_i_forward(&h, old[i], list, TT_COUNT(list));
	assert_only_acknowledged(&h, TAUT_DROP_SCTP_FORWARD_OLD, 3, &tracker, &rx);
	for (size_t len = 0; len < sizeof value; len++)
		if (len != 4 && len != 12)
			send_chunk(&h, SCTP_I_FORWARD_TSN, 0, value, len);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_FORWARD_MALFORMED, sizeof value - 2);
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	/* Every stream, known or not, both kinds, numbers from everywhere. */
	for (size_t i = 0; i < TT_COUNT(list); i++)
		list[i] = (struct sctp_skipped){ (uint16_t)(i * 467), i & 1, { (uint32_t)i * 0x2fffffff } };
	const size_t memory = h.pc->env->memory;
	send_i_forward(&h, s->tracker.cum.v + 5, list, TT_COUNT(list));
	assert_in_range(h.pc->env->memory, 1, memory + 65536);
	hostile_run(&h, SECOND);
	hostile_assert_frame(&h);
	hostile_end(&h);
}

/* I-FORWARD-TSN that the peer did not name although it interleaves; and each chunk of the other kind. */
static void d18_i_forward_tsn_that_was_never_agreed_on_is_refused(void **state)
{
	static const uint8_t kinds[] = { SCTP_DATA, SCTP_FORWARD_TSN, SCTP_I_DATA, SCTP_I_FORWARD_TSN };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 539, 0);
	h.pc->channels->sctp->peer_forward_tsn = false; /* as if its INIT had not named it */
	hostile_mark(&h);
	for (unsigned n = 0; n < 20; n++)
		send_i_forward(&h, craft_victim(&h)->tracker.cum.v + n, NULL, 0);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_FORWARD_NOT_AGREED, 20);
	hostile_assert_alive(&h);
	hostile_end(&h);
	for (size_t k = 0; k < TT_COUNT(kinds); k++) {
		begin_with(&h, 540, k < 2);
		send_chunk(&h, kinds[k], 3, "\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
			   kinds[k] >= SCTP_FORWARD_TSN ? 4 : 20);
		hostile_assert_dropped(&h, TAUT_DROP_SCTP_INTERLEAVING, 1);
		assert_int_equal(craft_victim(&h)->state, SCTP_DEAD);
		hostile_run(&h, SECOND);
		assert_int_equal(h.seen[0].closes, 1);
		hostile_assert_frame(&h);
		hostile_end(&h);
	}
}

static void d19_a_flood_of_resets_is_bounded(void **state)
{
	enum { FLOOD = 100000 };
	uint8_t value[1200];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 522, 0);
	const struct tt_sctp *s = craft_victim(&h);
	const size_t memory = h.pc->env->memory;
	const uint64_t sent = s->counters.packets_sent;
	uint32_t seq = s->reconfig.peer_seq;
	h.pair.cut = true; /* the answers need not arrive */
	for (unsigned n = 0; n < FLOOD; n++) {
		struct wr w = wr_make(value, sizeof value);
		const size_t at = tt_sctp_begin_param(&w, SCTP_P_RESET_OUT);
		wr_u32(&w, seq++);
		wr_u32(&w, 0);
		wr_u32(&w, s->tracker.cum.v);
		for (unsigned k = 0; k <= n % 50; k++)                 /* none would mean all */
			wr_u16(&w, tt_u16(3 + (n + k * 131) % 65000)); /* not the call's channel */
		tt_sctp_end(&w, at);
		send_chunk(&h, SCTP_RE_CONFIG, 0, value, w.off);
		assert_in_range(s->control_count, 0, SCTP_MAX_CONTROL);
	}
	h.pair.cut = false;
	assert_in_range(s->counters.packets_sent - sent, FLOOD, FLOOD + 50); /* each is answered */
	assert_in_range(h.pc->env->memory, 1, memory + 65536);
	hostile_run(&h, 2 * SECOND);
	hostile_assert_none_dropped(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* Nobody takes what the good one has to say: what it owes is not without end. */
static void d19_what_waits_to_be_answered_is_bounded(void **state)
{
	uint8_t clear[PACKET], buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 532, 0);
	const struct tt_ice_path path = hostile_path(&h);
	const size_t memory = h.pc->env->memory;
	for (unsigned n = 0; n < 5000; n++) {
		struct wr w = craft_sctp(&h, clear, sizeof clear);
		chunk(&w, SCTP_HEARTBEAT, 0, "\0\1\0\4", 4);
		struct taut_datagram d = { .size = sizeof d,
					   .flow = path.flow,
					   .local = path.local,
					   .remote = path.remote,
					   .buf = buf,
					   .cap = sizeof buf };
		d.len = tt_dtls_protect(h.evil->dtls, h.pair.sim.now, clear, tt_sctp_seal(&w), buf,
					sizeof buf);
		assert_int_equal(taut_pc_recv(h.pc, h.pair.sim.now, &d), TAUT_OK);
	}
	assert_in_range(craft_victim(&h)->control_count, 1, SCTP_MAX_CONTROL);
	assert_in_range(h.pc->env->memory, memory, memory + 65536);
	hostile_run(&h, SECOND);
	hostile_assert_none_dropped(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static size_t dcep(uint8_t *out, uint8_t type, uint16_t label_len, uint16_t protocol_len,
		   size_t there)
{
	struct wr w = wr_make(out, PACKET);

	wr_u8(&w, DCEP_OPEN);
	wr_u8(&w, type);
	wr_u16(&w, 0);
	wr_u32(&w, 0);
	wr_u16(&w, label_len);
	wr_u16(&w, protocol_len);
	for (size_t i = 0; i < there; i++)
		wr_u8(&w, 'x');
	return w.off;
}

/* The bad one is the DTLS client: even streams are its own. */
static void open_wrongly(struct hostile *h)
{
	uint8_t msg[PACKET];

	craft_send_message(h, 10, 50, msg, dcep(msg, 0, 0xffff, 0, 4));
	craft_send_message(h, 12, 50, msg, dcep(msg, 0, 0xffff, 0xffff, 4));
	craft_send_message(h, 14, 50, msg, dcep(msg, 0, 3, 2, 4));
	craft_send_message(h, 16, 50, msg, dcep(msg, 0x77, 2, 2, 4)); /* no such type */
	craft_send_message(h, 18, 50, msg, dcep(msg, 0, 1, 2, 4));    /* an octet too many */
	for (size_t len = 1; len < 12; len++) {
		dcep(msg, 0, 0, 0, 0);
		craft_send_message(h, tt_u16(18 + 2 * len), 50, msg, len);
	}
	hostile_assert_dropped(h, TAUT_DROP_DATA_OPEN_MALFORMED, 16);
	craft_send_message(h, 51, 50, msg, dcep(msg, 0, 2, 2, 4)); /* our side's parity */
	hostile_assert_dropped(h, TAUT_DROP_DATA_STREAM_OURS, 1);
	craft_send_message(h, 1, 50, msg, dcep(msg, 0, 2, 2, 4)); /* in use */
	hostile_assert_dropped(h, TAUT_DROP_DATA_STREAM_IN_USE, 1);
	craft_send_message(h, 40, 50, "\2", 1); /* ACK without OPEN */
	craft_send_message(h, 1, 50, "\2", 1);  /* a second ACK */
	craft_send_message(h, 1, 50, "\2\2", 2);
	craft_send_message(h, 1, 50, "\xff", 1);
	hostile_assert_dropped(h, TAUT_DROP_DATA_DCEP, 4);
	hostile_assert_none_dropped(h);
}

static void d20_channels_are_opened_rightly_or_not_at_all(void **state)
{
	uint8_t msg[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 523, 0);
	const unsigned channels = h.seen[0].channels;
	open_wrongly(&h);
	hostile_run(&h, SECOND);
	hostile_mark(&h); /* SCTP has room for those streams now */
	open_wrongly(&h);
	h.replies = 0; /* they are acknowledged */
	hostile_assert_unchanged_but(&h, STATE_SCTP);
	hostile_run(&h, SECOND);
	assert_int_equal(h.seen[0].channels, channels);
	/* Streams that are not there at all. */
	struct sctp_data d = { .tsn = { craft_take_tsn(&h) },
			       .stream = 65535,
			       .ppid = 50,
			       .begin = true,
			       .end = true,
			       .data = msg,
			       .len = dcep(msg, 0, 0, 0, 0) };
	send_data_chunk(&h, &d);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_NO_STREAM, 1);
	hostile_assert_none_dropped(&h);
	hostile_run(&h, SECOND);
	assert_int_equal(h.seen[0].channels, channels);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* Every stream that a number can name, twice: those of the bad one's parity are opened once, as far as
 * there are streams (stream 1 is the call's). */
static void d20_a_flood_of_opens_stops_at_the_last_stream(void **state)
{
	enum { FLOOD = 65536, THEIRS = 1024 / 2 };
	static uint8_t msg[PACKET];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 534, 0);
	assert_int_equal(craft_victim(&h)->in_streams, 2 * THEIRS);
	const unsigned channels = h.seen[0].channels;
	const size_t memory = h.pc->env->memory, len = dcep(msg, 0, 2, 2, 4);
	for (unsigned n = 0; n < FLOOD; n++) {
		const uint16_t stream = tt_u16(2 * n % 65536);
		struct sctp_data d = { .tsn = { craft_take_tsn(&h) },
				       .stream = stream,
				       .mid = { tt_u16(n / 32768) },
				       .ppid = 50,
				       .begin = true,
				       .end = true,
				       .data = msg,
				       .len = len };
		send_data_chunk(&h, &d);
		if (n % 32 == 0) /* the bad one's own records stay within the window of 64 */
			hostile_run(&h, SECOND / 10);
	}
	hostile_run(&h, SECOND);
	assert_int_equal(h.seen[0].channels - channels, THEIRS);
	hostile_assert_dropped(&h, TAUT_DROP_DATA_STREAM_IN_USE, THEIRS);
	hostile_assert_dropped(&h, TAUT_DROP_SCTP_NO_STREAM, FLOOD - 2 * THEIRS);
	hostile_assert_none_dropped(&h);
	assert_in_range(h.pc->env->memory, memory, memory + 1024 * 1024);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(d09_tsns_far_ahead_are_refused_and_gaps_bounded),
		cmocka_unit_test(d10_fragments_without_end_stay_within_the_window),
		cmocka_unit_test(d10_fragments_of_interleaved_messages_stay_within_the_window),
		cmocka_unit_test(d10_one_octet_on_every_stream_is_bounded),
		cmocka_unit_test(d11_of_duplicates_the_first_wins),
		cmocka_unit_test(d12_fragments_that_no_sender_makes_end_the_association),
		cmocka_unit_test(d12_fragment_numbers_that_no_sender_makes_end_the_association),
		cmocka_unit_test(d13_payload_protocols_and_empty_messages_follow_their_table),
		cmocka_unit_test(d14_a_message_without_end_closes_its_channel_and_no_other),
		cmocka_unit_test(d18_forward_tsn_goes_forwards_and_not_too_far),
		cmocka_unit_test(d18_forward_tsn_that_was_never_agreed_on_is_refused),
		cmocka_unit_test(d18_i_forward_tsn_goes_forwards_and_not_too_far),
		cmocka_unit_test(d18_i_forward_tsn_that_was_never_agreed_on_is_refused),
		cmocka_unit_test(d19_a_flood_of_resets_is_bounded),
		cmocka_unit_test(d19_what_waits_to_be_answered_is_bounded),
		cmocka_unit_test(d20_channels_are_opened_rightly_or_not_at_all),
		cmocka_unit_test(d20_a_flood_of_opens_stops_at_the_last_stream),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/d_data", tests, NULL, NULL);
}
