/* test_stream_sweep.c - frames of every length over a stream, with the length field at its edges and cut at every
 * place: RFC 4571 section 2 for the peer's, RFC 8656 section 12.5 for those of a TURN server.
 *
 * Straight into tt_ice_stream_next, in heap buffers of exactly their size. A frame that fits comes out whole, a
 * longer one is dropped, counted and skipped, and a right one behind it comes out; memory stays what the stream
 * and one message need. What ends a stream to a server is in test_stream.c. */
#include "stream_rig.h"

#include "ice/ice_agent.h"
#include "taut/drop.h"

enum { LONGEST = 0xffff + TT_TURN_CHANNEL_HEAD + 3, MEMORY = 100000 };

struct kind {
	size_t head;
	bool framed;
};

static const struct kind peers = { TT_ICE_TCP_HEAD, true };
static const struct kind servers = { TT_TURN_CHANNEL_HEAD, false };
static const uint8_t last[] = "still here.."; /* of 12 octets: no padding */

static void begin(struct rig *r, const struct kind *k)
{
	const struct taut_addr here = ip("192.0.2.1", 5999), there = ip("203.0.113.9", 40000);
	const struct tt_ice_server server = {
		.host = "203.0.113.2", .transport = TT_ICE_TCP, .user = "ada", .password = "lovelace"
	};

	assert_true(begin_with(r, ALLOWED,
			       &(struct tt_ice_config){ .controlling = true,
							.tcp = k->framed ? TT_ICE_TCP_LISTENS : 0,
							.servers = &server,
							.server_count = !k->framed,
							.next_flow = &r->next_flow }));
	open_it(r);
	if (k->framed)
		r->stream = tt_ice_accept(r->ice, r->now, r->stream, &here, &there);
	assert_true(r->stream != 0);
}

/* The frame; how long it is with its padding, which only a server's has. */
static size_t put(const struct kind *k, uint8_t *out, size_t len)
{
	const size_t padded = k->framed ? len : len + (-len & 3);

	if (k->framed) {
		out[0] = (uint8_t)(len >> 8);
		out[1] = (uint8_t)len;
	} else {
		tt_turn_channel_head(out, 0x4001, len);
	}
	for (size_t i = 0; i < padded; i++)
		out[k->head + i] = (uint8_t)(i * 7 + len);
	return k->head + padded;
}

static size_t put_last(const struct kind *k, uint8_t *out)
{
	put(k, out, sizeof last - 1);
	memcpy(out + k->head, last, sizeof last - 1);
	return k->head + sizeof last - 1;
}

/* What came out, put together again. */
struct came {
	unsigned messages;
	size_t len; /* of the latest */
	uint8_t data[LONGEST];
};

static void give(struct rig *r, const uint8_t *bytes, size_t len, struct came *c)
{
	uint8_t *exact = malloc(len > 0 ? len : 1), *at = exact, *msg = NULL;
	size_t left = len, n;

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, bytes, len);
	while ((n = tt_ice_stream_next(r->ice, r->now, r->stream, &at, &left, &msg)) > 0) {
		c->messages++;
		c->len = n;
		memcpy(c->data, msg, tt_min(n, sizeof c->data));
	}
	assert_int_equal(left, 0);
	free(exact);
	assert_true(r->env.memory < MEMORY);
}

/* Of this frame: it comes out, or it is counted. One that came whole in a piece comes out at any length. A frame of the peer without octets is none. */
static void judge(const struct rig *r, const struct kind *k, const uint8_t *bytes, size_t len,
		  const struct came *c, uint64_t drops, bool whole)
{
	const size_t head = k->framed ? k->head : 0; /* a server's is given on with its head */
	const bool none = k->framed && len == k->head,
		   fits = whole || len <= TT_ICE_MESSAGE;

	assert_int_equal(r->env.drops[TAUT_DROP_LENGTH] - drops, !fits);
	assert_int_equal(r->env.drops[TAUT_DROP_TURN_STREAM], 0);
	if (c->messages != (fits && !none))
		fail_msg("of a frame of %zu octets %u came", len, c->messages);
	if (c->messages == 1) {
		assert_int_equal(c->len, len - head);
		assert_memory_equal(c->data, bytes + head, len - head);
	}
}

static void goes_on(struct rig *r, const struct kind *k)
{
	const size_t head = k->framed ? k->head : 0;
	static struct came c;
	uint8_t right[32];
	const size_t len = put_last(k, right);

	c.messages = 0;
	give(r, right, len, &c);
	assert_int_equal(c.messages, 1);
	assert_int_equal(c.len, len - head);
	assert_memory_equal(c.data, right + head, len - head);
}

static void in_two(struct rig *r, const struct kind *k, const uint8_t *bytes, size_t len, size_t cut)
{
	const uint64_t drops = r->env.drops[TAUT_DROP_LENGTH];
	static struct came c;

	c.messages = 0;
	give(r, bytes, cut, &c);
	give(r, bytes + cut, len - cut, &c);
	judge(r, k, bytes, len, &c, drops, cut == 0 || cut == len);
	goes_on(r, k);
}

static void by_octets(struct rig *r, const struct kind *k, const uint8_t *bytes, size_t len)
{
	const uint64_t drops = r->env.drops[TAUT_DROP_LENGTH];
	static struct came c;

	c.messages = 0;
	for (size_t i = 0; i < len; i++)
		give(r, bytes + i, 1, &c);
	judge(r, k, bytes, len, &c, drops, false);
	goes_on(r, k);
}

/* Also whole, where a longer one would not have to be put together. */
static void sweep(const struct kind *k)
{
	static const size_t edges[] = { 1547, 1548, 1549, 1550, 1551, 1552, 1553,
					0x7fff, 0x8000, 0xfff8 };
	static uint8_t bytes[LONGEST];
	struct rig r;

	begin(&r, k);
	for (size_t payload = 0; payload <= 1500; payload++) {
		const size_t len = put(k, bytes, payload);
		in_two(&r, k, bytes, len, len);
		for (size_t cut = 0; cut < len; cut += cut < 8 || cut + 8 > len ? 1 : 97)
			in_two(&r, k, bytes, len, cut);
		if (payload < 20 || payload % 50 == 0)
			by_octets(&r, k, bytes, len);
	}
	for (size_t e = 0; e < TT_COUNT(edges); e++) {
		const size_t len = put(k, bytes, edges[e]);
		for (size_t cut = 0; cut <= k->head + 1; cut++)
			in_two(&r, k, bytes, len, cut);
		in_two(&r, k, bytes, len, len - 1);
		by_octets(&r, k, bytes, len);
	}
	if (k->framed) { /* a server's of this length ends its stream */
		const size_t len = put(k, bytes, 0xffff);
		in_two(&r, k, bytes, len, 1);
		by_octets(&r, k, bytes, len);
	}
	assert_int_equal(r.closed, 0);
	end(&r);
}

static void frames_of_the_peer_come_out_or_are_skipped_at_every_length(void **state)
{
	(void)state;
	sweep(&peers);
}

static void channel_data_of_a_server_comes_out_or_is_skipped_at_every_length(void **state)
{
	(void)state;
	sweep(&servers);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_of_the_peer_come_out_or_are_skipped_at_every_length),
		cmocka_unit_test(channel_data_of_a_server_comes_out_or_is_skipped_at_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
