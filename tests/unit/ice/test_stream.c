/* What comes over a stream to a TURN server, cut into messages: every cut, every length, every allocation that
 * may fail. Whole calls are in tests/sim/test_turn_stream.c. */
#include "stream_rig.h"

/* An agent that waits for its stream to the server. */
static bool begin(struct rig *r, long allowed, enum tt_ice_transport transport)
{
	const struct tt_ice_server server = {
		.host = "203.0.113.2", .transport = transport, .user = "ada", .password = "lovelace"
	};

	return begin_with(r, allowed,
			  &(struct tt_ice_config){ .controlling = true,
						   .servers = &server,
						   .server_count = 1,
						   .next_flow = &r->next_flow });
}

/* One that listens for the peer. */
static bool begin_tcp(struct rig *r)
{
	const bool begun = begin_with(r, ALLOWED,
				      &(struct tt_ice_config){ .controlling = true,
							       .tcp = TT_ICE_TCP_LISTENS,
							       .next_flow = &r->next_flow });

	if (begun)
		open_it(r);
	return begun;
}

/* The bytes in a block of just that size; *sum takes the lengths of the messages and what is in them. */
static unsigned give(struct rig *r, const uint8_t *bytes, size_t len, uint64_t *sum)
{
	uint8_t *block = malloc(len ? len : 1), *at = block, *msg = NULL;
	size_t left = len, n;
	unsigned count = 0;

	assert_non_null(block);
	memcpy(block, bytes, len);
	while ((n = tt_ice_stream_next(r->ice, r->now, r->stream, &at, &left, &msg)) > 0) {
		count++;
		*sum = *sum * 31 + n;
		for (size_t i = 0; i < n; i++)
			*sum = *sum * 31 + msg[i];
	}
	free(block);
	return count;
}

static size_t put_channel_data(uint8_t *out, size_t len)
{
	tt_turn_channel_head(out, 0x4001, len);
	for (size_t i = 0; i < len + (-len & 3); i++)
		out[TT_TURN_CHANNEL_HEAD + i] = (uint8_t)(i * 7 + len);
	return TT_TURN_CHANNEL_HEAD + len + (-len & 3);
}

static size_t put_stun(uint8_t *out, size_t attributes)
{
	memset(out, 0, TT_STUN_HEADER_LEN + attributes);
	out[1] = 1;
	out[2] = (uint8_t)(attributes >> 8);
	out[3] = (uint8_t)attributes;
	return TT_STUN_HEADER_LEN + attributes;
}

static uint64_t drops(const struct rig *r, uint32_t reason)
{
	return r->env.drops[reason];
}

static void the_stream_is_asked_for_from_our_address_to_the_server(void **state)
{
	struct rig r;
	(void)state;

	assert_true(begin(&r, ALLOWED, TT_ICE_TCP));
	assert_int_equal(r.io.kind, TAUT_IO_TCP);
	assert_null(r.io.name);
	const struct taut_addr local = ip("192.0.2.1", 0), remote = ip("203.0.113.2", 3478);
	assert_true(tt_addr_eq(&r.io.local, &local));
	assert_true(tt_addr_eq(&r.io.remote, &remote));
	assert_true(tt_ice_owns(r.ice, r.stream));
	end(&r);
	assert_true(begin(&r, ALLOWED, TT_ICE_TLS));
	assert_int_equal(r.io.kind, TAUT_IO_TLS);
	assert_string_equal(r.name, "203.0.113.2");
	assert_int_equal(r.io.remote.port, 5349);
	end(&r);
}

static void nothing_leaves_before_it_is_open(void **state)
{
	uint8_t buf[1500];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	struct rig r;
	(void)state;

	assert_true(begin(&r, ALLOWED, TT_ICE_TCP));
	r.now += SEC;
	assert_false(tt_ice_poll_send(r.ice, r.now, &out));
	open_it(&r);
	assert_true(tt_ice_poll_send(r.ice, r.now, &out));
	assert_int_equal(out.flow, r.stream);
	assert_int_equal(out.local.port, 6000);
	assert_int_equal(out.remote.port, 3478);
	assert_int_equal(buf[1], TT_TURN_ALLOCATE);
	/* RFC 8489 section 6.2.2: over a stream nothing is said twice. */
	for (int i = 0; i < 100; i++) {
		r.now += SEC / 10;
		assert_false(tt_ice_poll_send(r.ice, r.now, &out));
	}
	end(&r);
}

static void messages_are_the_same_however_they_are_cut(void **state)
{
	uint8_t bytes[256];
	uint64_t whole = 0;
	size_t len = 0;
	struct rig r;
	(void)state;

	len += put_stun(bytes + len, 8);
	len += put_channel_data(bytes + len, 5);
	len += put_channel_data(bytes + len, 0);
	len += put_stun(bytes + len, 0);
	len += put_channel_data(bytes + len, 32);
	assert_true(begin(&r, ALLOWED, TT_ICE_TCP));
	open_it(&r);
	assert_int_equal(give(&r, bytes, len, &whole), 5);
	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b++) {
			uint64_t sum = 0;
			unsigned n = give(&r, bytes, a, &sum);
			n += give(&r, bytes + a, b - a, &sum);
			n += give(&r, bytes + b, len - b, &sum);
			if (n != 5 || sum != whole)
				fail_msg("cut at %zu and %zu: %u messages", a, b, n);
		}
	uint64_t sum = 0;
	for (size_t i = 0; i < len; i++)
		give(&r, bytes + i, 1, &sum);
	assert_true(sum == whole);
	end(&r);
}

/* The longest that is put together is that of a datagram and what a Data indication has around it. */
/* RFC 4571 section 2; one of no length is none. */
static void frames_of_the_peer_are_the_same_however_they_are_cut(void **state)
{
	static const uint8_t bytes[] = "\x00\x01"
				       "a"
				       "\x00\x00"
				       "\x00\x04"
				       "abcd"
				       "\x00\x00"
				       "\x00\x02"
				       "xy";
	const size_t len = sizeof bytes - 1;
	const struct taut_addr here = ip("192.0.2.1", 5999), there = ip("203.0.113.9", 40000);
	uint64_t whole = 0;
	struct rig r;
	(void)state;

	assert_true(begin_tcp(&r));
	assert_int_equal(r.io.kind, TAUT_IO_LISTEN);
	assert_int_equal(tt_ice_accept(r.ice, r.now, r.stream + 9, &here, &there), 0);
	const taut_flow listener = r.stream;
	r.stream = tt_ice_accept(r.ice, r.now, listener, &here, &there);
	assert_true(r.stream != 0);
	assert_int_equal(give(&r, bytes, len, &whole), 3);
	for (size_t a = 0; a <= len; a++)
		for (size_t b = a; b <= len; b++) {
			uint64_t sum = 0;
			unsigned n = give(&r, bytes, a, &sum);
			n += give(&r, bytes + a, b - a, &sum);
			n += give(&r, bytes + b, len - b, &sum);
			if (n != 3 || sum != whole)
				fail_msg("cut at %zu and %zu: %u messages", a, b, n);
		}
	end(&r);
}

/* The length that a drop tells. */
static void note_length(void *ctx, const struct taut_trace_record *rec)
{
	int64_t *bytes = ctx;

	if (rec->kind == TAUT_TRACE_DROP && strcmp(rec->fields[0].key, "bytes") == 0)
		*bytes = rec->fields[0].number;
}

static void what_is_too_long_is_skipped_and_the_next_one_is_found(void **state)
{
	static uint8_t bytes[2 * ROOM];
	int64_t told = 0;
	const struct taut_trace_sink sink = { .size = sizeof sink,
					      .ctx = &told,
					      .record = note_length };
	struct rig r;
	(void)state;

	assert_true(begin(&r, ALLOWED, TT_ICE_TCP));
	open_it(&r);
	r.env.trace = &sink;
	for (size_t payload = 1530; payload < 65000; payload += payload < 1570 ? 1 : 4001) {
		const uint64_t before = drops(&r, TAUT_DROP_LENGTH);
		size_t len = put_channel_data(bytes, payload);
		const bool fits = len <= 1552;
		const int64_t whole = (int64_t)len;
		uint8_t next[TT_STUN_HEADER_LEN + 4];
		uint64_t sum = 0, of_next = 0;
		len += put_stun(bytes + len, 4);
		give(&r, next, put_stun(next, 4), &of_next);
		unsigned n = 0;
		for (size_t at = 0; at < len; at += 1000)
			n += give(&r, bytes + at, tt_min(1000, len - at), &sum);
		assert_int_equal(n, fits ? 2 : 1);
		assert_true(fits || sum == of_next);
		assert_int_equal(drops(&r, TAUT_DROP_LENGTH) - before, fits ? 0 : 1);
		assert_int_equal(told, fits ? 0 : whole);
	}
	assert_true(r.env.memory < 100000);
	end(&r);
}

static bool ends_it(const uint8_t *bytes, size_t len)
{
	struct rig r;
	uint64_t sum = 0;

	assert_true(begin(&r, ALLOWED, TT_ICE_TCP));
	open_it(&r);
	give(&r, bytes, len, &sum);
	const bool over = drops(&r, TAUT_DROP_TURN_STREAM) == 1;
	answer_io(&r);
	listen(&r);
	assert_int_equal(r.closed, over);
	assert_int_equal(r.errors, over);
	if (over) /* and nothing behind it is looked at */
		assert_int_equal(give(&r, bytes, len, &sum), 0);
	end(&r);
	return over;
}

static void a06_what_is_no_message_or_longer_than_any_datagram_ends_the_stream(void **state)
{
	uint8_t bytes[8] = { 0 };
	(void)state;

	for (unsigned first = 0; first < 256; first++) {
		bytes[0] = (uint8_t)first;
		assert_int_equal(ends_it(bytes, 4), first > 3 && (first < 0x40 || first > 0x4f));
	}
	for (unsigned len = 0; len < 0x10000; len += len < 0xfe00 ? 0x101 : 1) {
		bytes[0] = 0;
		bytes[2] = (uint8_t)(len >> 8);
		bytes[3] = (uint8_t)len;
		assert_int_equal(ends_it(bytes, 4), len % 4 != 0 || len >= 0xffec);
		bytes[0] = 0x40;
		assert_int_equal(ends_it(bytes, 4), len > 0xfff8);
	}
}

static void an_end_is_told_with_its_reason_and_the_allocation_is_given_up(void **state)
{
	static const struct {
		int err;
		bool open;
		const char *words;
	} rows[] = {
		{ ECONNREFUSED, false, "refuses the connection" },
		{ EKEYREJECTED, false, "the certificate of the TURN server" },
		{ EPROTO, false, "does not speak TLS" },
		{ ECONNRESET, false, "before it is ready" },
		{ ENETUNREACH, false, "no connection to the TURN server could be made" },
		{ 0, false, "no connection to the TURN server could be made" }, /* and no address */
		{ ECONNRESET, true, "the connection to the TURN server has ended" },
		{ 0, true, "the connection to the TURN server has ended" },
	};
	(void)state;

	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		struct rig r;
		assert_true(begin(&r, ALLOWED, TT_ICE_TLS));
		if (rows[i].open)
			open_it(&r);
		assert_true(tt_ice_io_result(r.ice, r.now, r.stream, rows[i].err, NULL, 0));
		listen(&r);
		assert_int_equal(r.errors, 1);
		assert_non_null(strstr(r.why, rows[i].words));
		/* Until it is closed there is nothing more to say of it, and afterwards it is gone. */
		assert_true(tt_ice_io_result(r.ice, r.now, r.stream, EPROTO, NULL, 0));
		answer_io(&r);
		assert_int_equal(r.closed, 1);
		assert_false(tt_ice_io_result(r.ice, r.now, r.stream, EPROTO, NULL, 0));
		listen(&r);
		assert_int_equal(r.errors, 1);
		end(&r);
	}
}

static void one_that_nobody_answers_is_given_up_in_time(void **state)
{
	struct rig r;
	(void)state;

	assert_true(begin(&r, ALLOWED, TT_ICE_TCP));
	for (int i = 0; i < 200 && r.errors == 0; i++) {
		r.now += SEC / 10;
		tt_ice_tick(r.ice, r.now);
		listen(&r);
	}
	assert_int_equal(r.errors, 1);
	assert_in_range(r.now, SEC + 12 * SEC, SEC + 12 * SEC + SEC / 10);
	answer_io(&r);
	assert_int_equal(r.closed, 1);
	end(&r);
}

/* A server has an allocation for each socket (RFC 8656 section 7.2), and another for each stream. */
static void one_server_over_udp_and_tcp_is_asked_over_both(void **state)
{
	(void)state;
	for (int tcp_first = 0; tcp_first < 2; tcp_first++) {
		struct tt_ice_server both[2] = {
			{ .host = "a.example", .user = "ada", .password = "lovelace" },
			{ .host = "b.example", .user = "ada", .password = "lovelace" },
		};
		const struct taut_addr server = ip("203.0.113.2", 0);
		unsigned by_socket = 0;
		uint8_t buf[1500];
		struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
		struct rig r;

		both[!tcp_first].transport = TT_ICE_TCP;
		assert_true(begin_with(&r, ALLOWED,
				       &(struct tt_ice_config){ .controlling = true,
								.servers = both,
								.server_count = 2,
								.next_flow = &r.next_flow }));
		/* Names are asked for after the socket: flows 2 and 3. */
		tt_ice_io_result(r.ice, r.now, 2, 0, &server, 1);
		answer_io(&r);
		if (tcp_first) /* refused before the other one is known */
			tt_ice_io_result(r.ice, r.now, r.stream, ECONNREFUSED, NULL, 0);
		tt_ice_io_result(r.ice, r.now, 3, 0, &server, 1);
		answer_io(&r);
		assert_int_equal(asked(&r, TAUT_IO_TCP), 1);
		for (int i = 0; i < 20; i++) {
			r.now += SEC / 20;
			while (tt_ice_poll_send(r.ice, r.now, &out))
				by_socket += out.flow == 1 && buf[1] == TT_TURN_ALLOCATE;
		}
		assert_true(by_socket > 0);
		end(&r);
	}
}

static void one_that_was_never_asked_for_is_not_closed(void **state)
{
	struct rig r;
	(void)state;

	assert_true(begin(&r, ALLOWED, TT_ICE_TCP));
	tt_ice_io_result(r.ice, r.now, r.stream, ECONNREFUSED, NULL, 0);
	answer_io(&r);
	assert_int_equal(asked(&r, TAUT_IO_CLOSE), 1);
	assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
	tt_ice_gather(r.ice, r.now); /* which wants a new one */
	tt_ice_set_interfaces(r.ice, r.now, NULL, 0);
	answer_io(&r);
	assert_int_equal(asked(&r, TAUT_IO_TCP), 1);
	assert_int_equal(asked(&r, TAUT_IO_CLOSE), 2); /* of the socket */
	end(&r);
}

static void without_memory_the_stream_is_given_up_and_nothing_leaks(void **state)
{
	uint8_t bytes[64];
	const size_t len = put_channel_data(bytes, 20);
	unsigned given_up = 0;
	(void)state;

	for (long allowed = 0; allowed < 60; allowed++) {
		struct rig r;
		uint64_t sum = 0;
		if (begin(&r, allowed, TT_ICE_TLS) && r.stream != 0) {
			open_it(&r);
			give(&r, bytes, 7, &sum);
			give(&r, bytes + 7, len - 7, &sum);
			listen(&r);
			given_up += r.errors > 0 && strcmp(r.why, "no memory") == 0;
		}
		end(&r);
	}
	assert_true(given_up > 0);
}

/* The server says 437 to what is asked over the stream. */
static void takes_it_for_another(struct rig *r)
{
	const struct taut_addr server = ip("203.0.113.2", 3478);
	uint8_t buf[1500];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_stun_msg m;

	for (int n = 0; !tt_ice_poll_send(r->ice, r->now, &out) || out.flow != r->stream; n++) {
		assert_true(n < 100);
		r->now += 10000;
	}
	assert_int_equal(tt_stun_read(&m, buf, out.len), TT_STUN_OK);
	tt_stun_begin(&w, TT_STUN_ERROR, m.method, m.tid);
	tt_stun_put_error(&w, 437, "");
	struct tt_ice_in in = {
		.flow = r->stream, .remote = server, .buf = buf, .len = tt_stun_finish(&w)
	};
	assert_false(tt_ice_unwrap(r->ice, r->now, &in));
	answer_io(r);
	listen(r);
}

/* There is no memory for the third: two are taken, which is no reason to leave the server alone. */
static void a_third_stream_that_could_not_be_opened_is_not_taken(void **state)
{
	struct rig r;

	(void)state;
	assert_true(begin(&r, ALLOWED, TT_ICE_TCP));
	open_it(&r);
	takes_it_for_another(&r);
	assert_int_equal(r.opened, 2);
	open_it(&r);
	r.allowed = 0;
	takes_it_for_another(&r);
	r.allowed = ALLOWED;
	pass(&r, SEC);
	assert_int_equal(r.errors, 1);
	assert_null(strstr(r.why, "three ports"));
	const unsigned opened = r.opened;
	assert_int_equal(tt_ice_restart(r.ice, r.now), TAUT_OK);
	tt_ice_gather(r.ice, r.now);
	pass(&r, SEC);
	assert_int_equal(r.opened, opened + 1);
	end(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_stream_is_asked_for_from_our_address_to_the_server),
		cmocka_unit_test(nothing_leaves_before_it_is_open),
		cmocka_unit_test(messages_are_the_same_however_they_are_cut),
		cmocka_unit_test(frames_of_the_peer_are_the_same_however_they_are_cut),
		cmocka_unit_test(what_is_too_long_is_skipped_and_the_next_one_is_found),
		cmocka_unit_test(
			a06_what_is_no_message_or_longer_than_any_datagram_ends_the_stream),
		cmocka_unit_test(an_end_is_told_with_its_reason_and_the_allocation_is_given_up),
		cmocka_unit_test(one_that_nobody_answers_is_given_up_in_time),
		cmocka_unit_test(one_server_over_udp_and_tcp_is_asked_over_both),
		cmocka_unit_test(one_that_was_never_asked_for_is_not_closed),
		cmocka_unit_test(a_third_stream_that_could_not_be_opened_is_not_taken),
		cmocka_unit_test(without_memory_the_stream_is_given_up_and_nothing_leaks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
