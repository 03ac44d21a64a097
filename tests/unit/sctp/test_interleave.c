/* test_interleave.c - messages whose fragments mix: RFC 8260, seen from outside and by forged chunks. */
#include "base/num.h"
#include "sctp/rx/sctp_run.h"
#include "unit/sctp/sctp_forge.h"

static void begin_interleaved(uint64_t seed, const struct sim_link *link)
{
	pair_interleaves = true;
	pair_init(&pair, seed, link, NULL);
	pair_connect(&pair);
	assert_true(VICTIM->rx.interleaved && pair.s[0]->queue.interleaved);
}

/* flags: B, E, U */
static int give_i_data(uint32_t tsn, uint16_t stream, uint32_t mid, uint32_t fsn, const char *flags,
		       const char *text)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);

	tt_sctp_write_data(&w, &(struct sctp_data){ .tsn = { tsn },
						    .stream = stream,
						    .interleaved = true,
						    .mid = { mid },
						    .fsn = fsn,
						    .ppid = 53,
						    .begin = strchr(flags, 'B'),
						    .end = strchr(flags, 'E'),
						    .unordered = strchr(flags, 'U'),
						    .data = (const uint8_t *)text,
						    .len = strlen(text) });
	return give(&w);
}

static int give_i_forward(uint32_t cum, const struct sctp_skipped *list, size_t n)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_I_FORWARD_TSN, 0);

	wr_u32(&w, cum);
	for (size_t i = 0; i < n; i++)
		tt_sctp_write_skipped(&w, &list[i], true);
	tt_sctp_end(&w, at);
	return give(&w);
}

static uint32_t text_of(const char text[static 4])
{
	uint32_t v;

	memcpy(&v, text, sizeof v);
	return v;
}

/* ---- agreeing ---- */

/* What was seen of an end's chunks on the link. */
static struct {
	unsigned data[256];
	uint32_t mids[2][64]; /* ordered, unordered */
	size_t count[2];
	uint8_t hide; /* a type that INIT and INIT ACK shall not name */
} seen;

static void note_data(const struct sctp_tlv *chunk)
{
	struct sctp_data d;

	assert_true(tt_sctp_read_data(&d, chunk));
	size_t *n = &seen.count[d.unordered];
	if (d.begin && *n < TT_COUNT(seen.mids[0]))
		seen.mids[d.unordered][(*n)++] = d.mid.v;
}

static void hide_extension(uint8_t *data, size_t len)
{
	for (size_t i = 12; i + 8 <= len; i++)
		if (data[i] == 0x80 && data[i + 1] == 8)
			for (size_t k = i + 4; k < i + data[i + 3]; k++)
				data[k] = data[k] == seen.hide ? SCTP_RE_CONFIG : data[k];
	struct wr w = wr_make(data, len);
	w.off = len;
	memset(data + 8, 0, 4);
	tt_sctp_seal(&w);
}

static void look(struct pair *p, int to, uint8_t *data, size_t *len)
{
	struct rd r = rd_make(data + SCTP_COMMON_HEADER, *len - SCTP_COMMON_HEADER);
	struct sctp_tlv chunk;

	(void)p;
	while (tt_sctp_next(&r, &chunk)) {
		seen.data[chunk.type]++;
		if (to == 1 && (chunk.type == SCTP_DATA || chunk.type == SCTP_I_DATA))
			note_data(&chunk);
		if (seen.hide && (chunk.type == SCTP_INIT || chunk.type == SCTP_INIT_ACK))
			hide_extension(data, *len);
	}
}

static void messages_are_interleaved_if_both_ends_offer_it(void **state)
{
	(void)state;
	pair_interleaves = true;
	for (int off = 0; off < 4; off++)
		for (int connects = 1; connects < 4; connects++) {
			memset(&seen, 0, sizeof seen);
			pair_init(&pair, 1, NULL, NULL);
			pair.on_packet = look;
			for (int i = 0; i < 2; i++) {
				pair.s[i]->cfg.no_interleaving = off >> i & 1;
				if (connects >> i & 1)
					tt_sctp_connect(pair.s[i], pair.sim.now);
			}
			pair_run(&pair, SECOND);
			for (int i = 0; i < 2; i++) {
				assert_int_equal(pair.connected[i], 1);
				assert_int_equal(pair.s[i]->rx.interleaved, off == 0);
				assert_int_equal(pair.s[i]->queue.interleaved, off == 0);
				assert_true(pair.s[i]->peer_forward_tsn);
				pair_number(&pair, i, 1, 1, 20000, NULL);
			}
			pair_run(&pair, SECOND);
			assert_int_equal(pair.count[0] + pair.count[1], 2);
			assert_int_equal(seen.data[SCTP_DATA] > 0, off != 0);
			assert_int_equal(seen.data[SCTP_I_DATA] > 0, off == 0);
			pair_free(&pair);
		}
}

/* RFC 8260 section 2.3.1: who does not know I-FORWARD-TSN is sent everything, once it is I-DATA. */
static void without_i_forward_tsn_nothing_is_given_up(void **state)
{
	const struct sim_link link = { .delay = 10000, .loss = 200 };
	const struct tt_sctp_send_options once = { .limit_retransmits = true };

	(void)state;
	pair_interleaves = true;
	memset(&seen, 0, sizeof seen);
	seen.hide = SCTP_I_FORWARD_TSN;
	pair_init(&pair, 2, &link, NULL);
	pair.on_packet = look;
	pair_connect(&pair);
	assert_true(pair.s[0]->queue.interleaved && !pair.s[0]->peer_forward_tsn);
	for (uint32_t n = 0; n < 100; n++)
		pair_number(&pair, 0, 2, n, 2000, &once);
	pair_run(&pair, 300 * (taut_time)SECOND);
	assert_int_equal(pair.count[1], 100);
	assert_int_equal(tt_sctp_count(pair.s[0]).abandoned, 0);
	assert_int_equal(seen.data[SCTP_I_FORWARD_TSN] + seen.data[SCTP_FORWARD_TSN], 0);
	pair_free(&pair);
}

static int give_forward_of(uint8_t type, uint32_t cum)
{
	uint8_t buf[64];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, type, 0);

	wr_u32(&w, cum);
	tt_sctp_end(&w, at);
	return give(&w);
}

static void the_chunk_that_was_not_agreed_on_ends_the_association(void **state)
{
	(void)state;
	for (int k = 0; k < 4; k++) {
		uint8_t buf[1500];
		pair_interleaves = k & 1;
		begin(3);
		if (k < 2)
			assert_int_equal(k ? give_data(next_tsn(), 1, 0, "BE", "x")
					   : give_i_data(next_tsn(), 1, 0, 0, "BE", "x"),
					 1);
		else
			assert_int_equal(
				give_forward_of(k & 1 ? SCTP_FORWARD_TSN : SCTP_I_FORWARD_TSN,
						next_tsn()),
				1);
		assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_INTERLEAVING], 1);
		assert_int_equal(VICTIM->state, SCTP_DEAD);
		assert_true(tt_sctp_poll_send(VICTIM, pair.sim.now, buf, sizeof buf) >= 20);
		assert_int_equal(buf[12], SCTP_ABORT);
		assert_int_equal(buf[17], SCTP_C_PROTOCOL_VIOLATION);
		pair_free(&pair);
	}
}

/* ---- sending ---- */

static void a_large_message_holds_up_no_small_one(void **state)
{
	(void)state;
	for (int interleaved = 0; interleaved < 2; interleaved++) {
		pair_interleaves = interleaved;
		begin(4);
		pair_number(&pair, 0, 1, 1, 262144, NULL);
		pair_number(&pair, 0, 1, 2, 10, NULL); /* behind it on the same stream: waits */
		for (uint16_t n = 2; n < 10; n++)
			pair_number(&pair, 0, n, n, 100, NULL);
		pair_run(&pair, 20 * SECOND);
		assert_int_equal(pair.count[1], 10);
		for (size_t n = 0; n < 8; n++)
			assert_int_equal(pair.log[1][interleaved ? n : n + 1].len, 100);
		assert_int_equal(pair.log[1][interleaved ? 8 : 0].len, 262144);
		assert_int_equal(pair.log[1][9].len, 10);
		pair_free(&pair);
	}
}

/* All of them begun at once would fill the peer's window with what can not be delivered. */
static void large_messages_are_not_all_begun_at_once(void **state)
{
	const struct tt_sctp_config cfg = { .recv_window = 1048576 };

	(void)state;
	pair_interleaves = true;
	pair_init(&pair, 5, NULL, &cfg);
	pair_connect(&pair);
	for (uint16_t n = 0; n < 20; n++)
		assert_int_equal(pair_number(&pair, 0, n, n, 262144, NULL), 0);
	for (uint16_t n = 20; n < 30; n++)
		assert_int_equal(pair_number(&pair, 0, n, n, 1024, NULL), 0);
	for (int i = 0; i < 2000 && pair.count[1] < 30; i++) {
		assert_in_range(pair.s[0]->queue.begun, 0, pair.s[0]->queue.share + 10 * 1024);
		pair_run(&pair, SECOND / 100);
	}
	assert_int_equal(pair.count[1], 30);
	for (size_t n = 0; n < 10; n++)
		assert_int_equal(pair.log[1][n].len, 1024); /* these did not wait */
	assert_int_equal(pair.closed[0] + pair.closed[1], 0);
	assert_int_equal(pair.s[0]->queue.begun, 0);
	pair_free(&pair);
}

/* One goes, whatever the peer's window, and the others after it. */
static void a_message_larger_than_the_share_is_sent_alone(void **state)
{
	(void)state;
	begin_interleaved(15, NULL);
	pair.s[0]->queue.share = 1000;
	for (uint16_t n = 0; n < 5; n++)
		assert_int_equal(pair_number(&pair, 0, n, n, 50000, NULL), 0);
	const taut_time until = pair.sim.now + 60 * (taut_time)SECOND;
	while (pair.count[1] < 5) {
		assert_true(pair.sim.now < until);
		assert_in_range(pair.s[0]->queue.begun, 0, 50000);
		pair_run(&pair, SECOND / 100);
	}
	for (size_t n = 0; n < 5; n++)
		assert_int_equal(pair.log[1][n].stream, n);
	pair_free(&pair);
}

/* RFC 8260 sections 2.1 and 2.3.2. */
static void ordered_and_unordered_count_apart_and_begin_anew_after_a_reset(void **state)
{
	const struct tt_sctp_send_options unordered = { .unordered = true };

	(void)state;
	begin_interleaved(6, NULL);
	memset(&seen, 0, sizeof seen);
	pair.on_packet = look;
	for (int round = 0; round < 2; round++) {
		for (uint32_t n = 0; n < 6; n++)
			pair_number(&pair, 0, 7, n, 50, n % 3 ? &unordered : NULL);
		pair_run(&pair, SECOND);
		tt_sctp_reset_stream(pair.s[0], pair.sim.now, 7);
		pair_run(&pair, SECOND);
	}
	assert_int_equal(pair.resets_in[1], 2);
	assert_int_equal(seen.count[0], 4);
	assert_int_equal(seen.count[1], 8);
	for (uint32_t n = 0; n < 8; n++) {
		assert_int_equal(seen.mids[1][n], n % 4);
		if (n < 4)
			assert_int_equal(seen.mids[0][n], n % 2);
	}
	assert_int_equal(pair.count[1], 12);
	pair_free(&pair);
}

/* Messages of all kinds on many streams side by side: each arrives whole, and in order. */
static void every_kind_of_message_crosses_a_bad_link_side_by_side(void **state)
{
	const struct sim_link link = {
		.delay = 10000, .loss = 50, .reorder = 50, .duplicate = 20, .jitter = 3000
	};
	const struct tt_sctp_send_options kinds[] = {
		{ 0 },
		{ .unordered = true },
		{ .limit_retransmits = true },
		{ .limit_retransmits = true, .unordered = true, .max_retransmits = 1 },
		{ .lifetime_ms = 100 },
		{ .lifetime_ms = 100, .unordered = true },
	};
	enum { KINDS = 6, EACH = 60 };

	(void)state;
	for (uint64_t seed = 20; seed < 24; seed++) {
		unsigned got[KINDS] = { 0 };
		uint32_t last[KINDS] = { 0 };
		begin_interleaved(seed, &link);
		for (uint32_t n = 1; n <= EACH; n++) {
			for (uint16_t k = 0; k < KINDS; k++)
				pair_number(&pair, 0, k, n, 4 + n * 997 % 9000, &kinds[k]);
			pair_run(&pair, 50000);
		}
		pair_run(&pair, 300 * (taut_time)SECOND);
		for (size_t i = 0; i < pair.count[1]; i++) {
			const struct logged *l = &pair.log[1][i];
			assert_int_equal(l->len, 4 + l->first * 997 % 9000);
			assert_int_equal(l->unordered, kinds[l->stream].unordered);
			if (!l->unordered)
				assert_true(l->first > last[l->stream]);
			last[l->stream] = l->first;
			got[l->stream]++;
		}
		assert_int_equal(got[0], EACH);
		assert_int_equal(got[1], EACH);
		assert_true(tt_sctp_count(pair.s[0]).abandoned > 0);
		assert_int_equal(tt_sctp_held(pair.s[0]), 0);
		assert_int_equal(pair.s[0]->queue.begun, 0);
		assert_int_equal(VICTIM->rx.held, 0); /* nothing is left of what was given up */
		assert_int_equal(pair.closed[0] + pair.closed[1], 0);
		pair_free(&pair);
	}
}

static void numbers_wrap(void **state)
{
	const struct tt_sctp_send_options unordered = { .unordered = true };
	const struct tt_sctp_send_options once = { .limit_retransmits = true };
	const struct sim_link link = { .delay = 10000, .loss = 100 };
	const struct serial32 soon = s32(UINT32_MAX - 3);

	(void)state;
	pair_interleaves = true;
	pair_init(&pair, 8, &link, NULL);
	pair.s[0]->my_tsn = soon;
	tt_sctp_flight_init(&pair.s[0]->flight, &pair.sim.env[0], &pair.s[0]->queue, soon);
	pair_connect(&pair);
	assert_non_null(tt_sctp_queue_stream(&pair.s[0]->queue, 1));
	pair.s[0]->queue.streams[1].next_mid = pair.s[0]->queue.streams[1].next_unordered = soon;
	pair_number(&pair, 0, 0, 0, 10, NULL);
	pair_run(&pair, 5 * SECOND);
	assert_int_equal(pair.count[1], 1);
	assert_true(tt_sctp_order_has_stream(&VICTIM->rx, 1));
	VICTIM->rx.streams[1].next = soon;
	for (uint32_t n = 0; n < 40; n++) {
		pair_number(&pair, 0, 1, n, 3000, n % 2 ? &unordered : NULL);
		pair_number(&pair, 0, 1, 1000 + n, 3000, &once);
		pair_run(&pair, 20000);
	}
	pair_run(&pair, 100 * (taut_time)SECOND);
	unsigned reliable = 0;
	for (size_t i = 1; i < pair.count[1]; i++)
		reliable += pair.log[1][i].first < 1000;
	assert_int_equal(reliable, 40);
	assert_true(pair.s[0]->queue.streams[1].next_mid.v < 100);
	assert_true(pair.s[0]->queue.streams[1].next_unordered.v < 100);
	assert_int_equal(VICTIM->rx.held, 0);
	pair_free(&pair);
}

/* ---- receiving ---- */

struct fragment {
	uint32_t mid, fsn;
	const char *flags, *text;
};

static void fragments_of_two_messages_come_in_any_order(void **state)
{
	static const struct fragment all[] = { { 0, 0, "B", "ab" },
					       { 0, 1, "", "cd" },
					       { 0, 2, "E", "ef" },
					       { 1, 0, "B", "gh" },
					       { 1, 1, "E", "ij" } };
	size_t order[5];

	(void)state;
	begin_interleaved(9, NULL);
	for (unsigned code = 0; code < 120;
	     code++) { /* every permutation, on a stream of its own */
		const uint16_t stream = tt_u16(code);
		const size_t before = pair.count[1];
		unsigned rest = code, taken = 0;
		for (unsigned i = 0; i < 5; rest /= 5 - i, i++) {
			unsigned skip = rest % (5 - i), k = 0;
			while (taken >> k & 1 || skip > 0)
				skip -= taken >> k++ & 1 ? 0 : 1;
			order[i] = k;
			taken |= 1u << k;
		}
		const uint32_t first = next_tsn();
		for (uint32_t i = 0; i < 5; i++) { /* TSNs backwards as well */
			const struct fragment *f = &all[order[i]];
			assert_int_equal(give_i_data(code % 2 ? first + 4 - i : first + i, stream,
						     f->mid, f->fsn, f->flags, f->text),
					 0);
		}
		pair_events(&pair, 1);
		assert_int_equal(pair.count[1], before + 2);
		assert_int_equal(pair.log[1][before].first, text_of("abcd"));
		assert_int_equal(pair.log[1][before].len, 6);
		assert_int_equal(pair.log[1][before + 1].first, text_of("ghij"));
		assert_int_equal(VICTIM->rx.count, 0);
	}
	pair_free(&pair);
}

/* The last of each row is what no sender makes. */
static void fragments_that_no_sender_makes_abort(void **state)
{
	static const struct fragment rows[][4] = {
		{ { 0, 0, "B", "a" }, { 0, 0, "B", "a" } },
		{ { 0, 0, "B", "a" }, { 0, 0, "BE", "a" } },
		{ { 0, 3, "E", "a" }, { 0, 5, "E", "a" } },
		{ { 0, 3, "E", "a" }, { 0, 2, "E", "a" } },
		{ { 0, 3, "E", "a" }, { 0, 4, "", "a" } },
		{ { 0, 3, "E", "a" }, { 0, UINT32_MAX, "", "a" } },
		{ { 0, 3, "", "a" }, { 0, 3, "", "a" } },
		{ { 0, 3, "", "a" }, { 0, 4, "", "a" }, { 0, 5, "", "a" }, { 0, 4, "", "b" } },
		{ { 0, 7, "", "a" }, { 0, 4, "E", "a" } },
		{ { 0, 0, "", "a" } },
		{ { 0, 0, "E", "a" } },
		{ { 0, 1, "E", "a" }, { 0, 0, "BE", "a" } },
	};

	(void)state;
	for (int unordered = 0; unordered < 2; unordered++)
		for (size_t i = 0; i < TT_COUNT(rows); i++) {
			begin_interleaved(10, NULL);
			const uint32_t tsn = next_tsn() + 10; /* not the one that all waits for */
			for (uint32_t k = 0; k < 4 && rows[i][k].flags; k++) {
				const struct fragment *f = &rows[i][k];
				char flags[4];
				const bool last = k == 3 || !rows[i][k + 1].flags;
				snprintf(flags, sizeof flags, "%s%s", f->flags,
					 unordered ? "U" : "");
				assert_int_equal(
					give_i_data(tsn + k, 1, f->mid, f->fsn, flags, f->text),
					last);
				assert_int_equal(VICTIM->state,
						 last ? SCTP_DEAD : SCTP_ESTABLISHED);
			}
			assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_FRAGMENTS], 1);
			pair_free(&pair);
		}
}

/* FSN 0 belongs to the message before, and 2^32 - 1 to the one before that: neighbours, not one. */
static void fragments_of_neighbouring_messages_are_not_joined(void **state)
{
	(void)state;
	begin_interleaved(11, NULL);
	const uint32_t tsn = next_tsn();
	assert_int_equal(give_i_data(tsn + 1, 1, 0, UINT32_MAX, "", "a"), 0);
	assert_int_equal(give_i_data(tsn + 2, 1, 1, 0, "B", "b"), 0);
	assert_int_equal(give_i_data(tsn + 3, 1, 0, UINT32_MAX - 1, "", "c"), 0);
	assert_int_equal(give_i_data(tsn + 4, 1, 1, 1, "EU", "d"), 0); /* an unordered one */
	assert_int_equal(give_i_data(tsn + 5, 2, 1, 1, "E", "e"), 0);  /* another stream's */
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 0);
	assert_int_equal(give_i_data(tsn, 1, 1, 1, "E", "f"), 0);
	assert_int_equal(VICTIM->rx.streams[1].count, 1); /* message 1 waits for message 0 */
	pair_free(&pair);
}

/* A number that was delivered, or waits: the first wins, and nothing is held of the second. */
static void a_message_number_counts_once(void **state)
{
	(void)state;
	begin_interleaved(12, NULL);
	const uint32_t tsn = next_tsn();
	assert_int_equal(give_i_data(tsn, 1, 0, 0, "BE", "aaaa"), 0);
	assert_int_equal(give_i_data(tsn + 1, 1, 2, 0, "BE", "cccc"), 0);
	const size_t held = VICTIM->rx.held;
	assert_int_equal(give_i_data(tsn + 2, 1, 0, 0, "B", "xxxx"), 0);
	assert_int_equal(give_i_data(tsn + 3, 1, 2, 5, "", "xxxx"), 0);
	assert_int_equal(give_i_data(tsn + 4, 1, 0xffffffff, 5, "", "xxxx"), 0);
	assert_int_equal(give_i_data(tsn + 5, 3, 0xffffffff, 0, "B", "xxxx"),
			 0); /* 0 is its first */
	assert_int_equal(VICTIM->rx.held, held);
	assert_int_equal(VICTIM->tracker.cum.v, tsn + 5);
	assert_int_equal(give_i_data(tsn + 6, 1, 1, 0, "BE", "bbbb"), 0);
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 3);
	assert_int_equal(pair.log[1][2].first, text_of("cccc"));
	pair_free(&pair);
}

/* RFC 8260 section 2.3.1. */
static void i_forward_tsn_skips_messages_and_what_comes_late_of_them(void **state)
{
	const struct sctp_skipped list[] = {
		{ 1, false, { 1 } }, { 1, true, { 4 } }, { 2, true, { 0 } }, { 60000, false, { 9 } }
	};

	(void)state;
	begin_interleaved(13, NULL);
	const uint32_t tsn = next_tsn();
	assert_int_equal(give_i_data(tsn + 1, 1, 0, 0, "B", "gone"), 0);
	assert_int_equal(give_i_data(tsn + 2, 1, 1, 0, "BE", "here"), 0);
	assert_int_equal(give_i_data(tsn + 3, 1, 2, 0, "BE", "next"), 0);
	assert_int_equal(give_i_data(tsn + 4, 1, 3, 0, "UB", "gone"), 0);
	assert_int_equal(give_i_data(tsn + 5, 1, 4, 1, "U", "gone"), 0);
	assert_int_equal(give_i_data(tsn + 6, 1, 5, 0, "UB", "last"), 0);
	assert_int_equal(VICTIM->rx.count, 4);
	assert_int_equal(give_i_forward(tsn + 6, list, TT_COUNT(list)), 0);
	assert_int_equal(VICTIM->rx.count, 1);
	assert_int_equal(VICTIM->tracker.cum.v, tsn + 6);
	/* late fragments: counted, not held */
	const size_t held = VICTIM->rx.held;
	assert_int_equal(give_i_data(tsn + 7, 1, 0, 1, "E", "late"), 0);
	assert_int_equal(give_i_data(tsn + 8, 1, 4, 2, "UE", "late"), 0);
	assert_int_equal(give_i_data(tsn + 9, 2, 0, 1, "UE", "late"), 0);
	assert_int_equal(VICTIM->rx.held, held);
	assert_int_equal(give_i_data(tsn + 10, 1, 5, 1, "UE", "more"), 0);
	assert_int_equal(give_i_data(tsn + 11, 1, 0 - 70000u, 0, "UBE", "far!"),
			 0); /* not before 4 */
	pair_events(&pair, 1);
	assert_int_equal(pair.count[1], 4);
	assert_int_equal(pair.log[1][0].first, text_of("here"));
	assert_int_equal(pair.log[1][1].first, text_of("next"));
	assert_int_equal(pair.log[1][2].len, 8);
	assert_int_equal(pair.log[1][3].first, text_of("far!"));
	/* far ahead of what was skipped it is forgotten, so that numbers may come round */
	assert_true(VICTIM->rx.streams[1].has_skipped);
	assert_int_equal(give_i_data(tsn + 12, 1, 4 + SCTP_TSN_AHEAD, 0, "UBE", "then"), 0);
	assert_false(VICTIM->rx.streams[1].has_skipped);
	/* an older one changes nothing */
	assert_int_equal(
		give_i_forward(tsn + 13, &(struct sctp_skipped){ 2, true, { UINT32_MAX } }, 1), 0);
	assert_int_equal(VICTIM->rx.streams[2].skipped.v, 0);
	pair_free(&pair);
}

static void i_forward_tsn_is_refused_when_malformed_old_or_too_far(void **state)
{
	(void)state;
	begin_interleaved(14, NULL);
	const uint32_t cum = VICTIM->tracker.cum.v;
	for (size_t len = 0; len < 24; len++) {
		uint8_t buf[64];
		struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
		size_t at = tt_sctp_begin(&w, SCTP_I_FORWARD_TSN, 0);
		for (size_t k = 0; k < len; k++)
			wr_u8(&w, (uint8_t)(k < 4 ? cum >> 8 * (3 - k) : 0));
		tt_sctp_end(&w, at);
		assert_int_equal(give(&w), 1); /* those of whole entries are old */
	}
	assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_FORWARD_MALFORMED], 21);
	assert_int_equal(pair.sim.env[1].drops[TAUT_DROP_SCTP_FORWARD_OLD], 3);
	assert_int_equal(give_i_forward(cum + SCTP_MAX_SKIP + 1, NULL, 0), 1);
	assert_int_equal(VICTIM->tracker.cum.v, cum);
	assert_int_equal(give_i_forward(cum + SCTP_MAX_SKIP, NULL, 0), 0);
	pair_free(&pair);
}

/* What each of them makes room for must not close the window to what they go on with. */
static void small_messages_of_many_streams_follow_a_large_one(void **state)
{
	enum { STREAMS = 80, SMALL = 3000 };
	(void)state;

	begin_interleaved(1, NULL);
	assert_int_equal(pair_number(&pair, 0, 0, 1, 65536, NULL), 0);
	pair_run(&pair, 5 * SECOND);
	assert_int_equal(pair.count[1], 1);
	const taut_time start = pair.sim.now;
	for (uint16_t i = 0; i < STREAMS; i++)
		assert_int_equal(pair_number(&pair, 0, i, 2, SMALL, NULL), 0);
	for (int i = 0; i < 6000 && pair.count[1] < 1 + STREAMS && !pair.closed[1]; i++)
		pair_run(&pair, SECOND / 100);
	assert_int_equal(pair.closed[1], 0);
	assert_int_equal(pair.count[1], 1 + STREAMS);
	assert_in_range(pair.sim.now - start, 0, 2 * SECOND);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(messages_are_interleaved_if_both_ends_offer_it),
		cmocka_unit_test(without_i_forward_tsn_nothing_is_given_up),
		cmocka_unit_test(the_chunk_that_was_not_agreed_on_ends_the_association),
		cmocka_unit_test(a_large_message_holds_up_no_small_one),
		cmocka_unit_test(large_messages_are_not_all_begun_at_once),
		cmocka_unit_test(a_message_larger_than_the_share_is_sent_alone),
		cmocka_unit_test(ordered_and_unordered_count_apart_and_begin_anew_after_a_reset),
		cmocka_unit_test(every_kind_of_message_crosses_a_bad_link_side_by_side),
		cmocka_unit_test(numbers_wrap),
		cmocka_unit_test(fragments_of_two_messages_come_in_any_order),
		cmocka_unit_test(fragments_that_no_sender_makes_abort),
		cmocka_unit_test(fragments_of_neighbouring_messages_are_not_joined),
		cmocka_unit_test(a_message_number_counts_once),
		cmocka_unit_test(i_forward_tsn_skips_messages_and_what_comes_late_of_them),
		cmocka_unit_test(small_messages_of_many_streams_follow_a_large_one),
		cmocka_unit_test(i_forward_tsn_is_refused_when_malformed_old_or_too_far),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
