/* test_turn_sweep.c - what a TURN server sends, at every length, with every octet and 16-bit field at its edges, and
 * what it signs with every bit flipped: RFC 8656 sections 12.4 and 12.5, RFC 8489 section 9.2.5.
 *
 * Straight into tt_turn_recv, in heap buffers of exactly their size, with an allocation, a permission and a channel.
 * A packet is given on as data of the permitted peer, from inside the buffer; or it is dropped and counted, or not
 * ours, and no octet of the client changes. */
#include "turn_bench.h"

#include "stun/turn_client_int.h"
#include "taut/drop.h"

static uint64_t all_drops(const struct bench *b)
{
	uint64_t n = 0;

	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		n += b->env.drops[r];
	return n;
}

/* The grants too; memory is as it was. */
struct known {
	struct tt_turn turn;
	struct turn_grant grants[4];
	size_t memory;
};

static struct known known_of(const struct bench *b)
{
	struct known k;

	memset(&k, 0, sizeof k);
	memcpy(&k.turn, b->t, sizeof k.turn);
	assert_true(b->t->grant_count <= TT_COUNT(k.grants));
	if (b->t->grant_count > 0)
		memcpy(k.grants, b->t->grants, b->t->grant_count * sizeof *k.grants);
	k.memory = b->env.memory;
	k.turn.ask.forged = false; /* which only says why, should no answer come */
	for (size_t i = 0; i < b->t->grant_count; i++)
		k.grants[i].ask.forged = false;
	return k;
}

static enum tt_turn_came give_exactly(struct bench *b, const uint8_t *packet, size_t len,
				      struct tt_turn_data *data)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, packet, len);
	const enum tt_turn_came came = tt_turn_recv(b->t, b->now, &b->from, exact, len, data);
	if (came == TT_TURN_DATA_CAME) /* read it: the sanitizer looks on */
		for (size_t i = 0; i < data->len; i++)
			b->seed += exact[data->at + i];
	free(exact);
	return came;
}

static const char peer_ip[] = "192.0.2.7";

static bool try_packet(struct bench *b, const uint8_t *packet, size_t len)
{
	const struct taut_addr peer = addr(peer_ip, 4000);
	const struct known before = known_of(b);
	const uint64_t drops = all_drops(b);
	struct tt_turn_data data;
	const enum tt_turn_came came = give_exactly(b, packet, len, &data);
	const struct known after = known_of(b);

	assert_int_not_equal(came, TT_TURN_TAKEN);
	assert_int_equal(all_drops(b), drops + (came == TT_TURN_DROPPED));
	assert_memory_equal(&before, &after, sizeof before);
	if (came != TT_TURN_DATA_CAME)
		return false;
	assert_true(data.at <= len && data.len <= len - data.at);
	assert_memory_equal(data.peer.ip, peer.ip, 4);
	assert_int_equal(data.peer.family, 4);
	return true;
}

/* An allocation with a channel to the peer. */
static void open_channel(struct bench *b)
{
	const struct taut_addr peer = addr(peer_ip, 4000);

	allocate(b);
	assert_int_equal(tt_turn_permit(b->t, b->now, &peer), TT_TURN_ASKED);
	asks(b, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(fine(b), TT_TURN_TAKEN);
	tt_turn_bind(b->t, b->now, &peer);
	asks(b, TT_TURN_CHANNEL_BIND);
	assert_int_equal(fine(b), TT_TURN_TAKEN);
}

/* How many of them were data. */
static unsigned at_edges(struct bench *b, const uint8_t *packet, size_t len)
{
	static const uint8_t octets[] = { 0, 1, 0x7f, 0x80, 0xff };
	const uint16_t n = tt_u16(len);
	const uint16_t words[] = { 0,      1,     (uint16_t)(n - 1), n, (uint16_t)(n + 1), 0x7fff,
				   0x8000, 0xffff };
	uint8_t copy[CAP];
	unsigned came = 0;

	for (size_t at = 0; at < len; at++) {
		for (size_t e = 0; e < TT_COUNT(octets); e++) {
			memcpy(copy, packet, len);
			copy[at] = octets[e];
			came += try_packet(b, copy, len);
		}
		for (size_t e = 0; e < TT_COUNT(words) && at + 2 <= len; e++) {
			memcpy(copy, packet, len);
			copy[at] = (uint8_t)(words[e] >> 8);
			copy[at + 1] = (uint8_t)words[e];
			came += try_packet(b, copy, len);
		}
	}
	return came;
}

static void channel_data_is_data_or_nothing(void **state)
{
	uint8_t packet[CAP] = { 0 };
	struct bench b;

	(void)state;
	open_channel(&b);
	for (size_t claimed = 0; claimed <= 1200; claimed += claimed < 20 ? 1 : 59) {
		tt_turn_channel_head(packet, TT_TURN_CHANNEL_FIRST, tt_u16(claimed));
		for (size_t len = 0; len <= CAP; len++) /* 12.4: padding may follow, or not */
			assert_int_equal(try_packet(&b, packet, len), len >= 4 + claimed);
	}
	tt_turn_channel_head(packet, TT_TURN_CHANNEL_FIRST + 1, 100); /* nobody's */
	for (size_t len = 0; len <= CAP; len++)
		assert_false(try_packet(&b, packet, len));
	tt_turn_channel_head(packet, TT_TURN_CHANNEL_FIRST, 40);
	assert_true(at_edges(&b, packet, 44) > 0);
	assert_true(try_packet(&b, packet, 44));
	end(&b);
}

static void messages_of_the_server_are_data_or_nothing(void **state)
{
	static const struct {
		enum tt_stun_class cls;
		uint16_t method;
	} rows[] = {
		{ TT_STUN_INDICATION, TT_TURN_DATA },     { TT_STUN_SUCCESS, TT_TURN_ALLOCATE },
		{ TT_STUN_ERROR, TT_TURN_ALLOCATE },      { TT_STUN_SUCCESS, TT_TURN_REFRESH },
		{ TT_STUN_SUCCESS, TT_TURN_CHANNEL_BIND }, { TT_STUN_ERROR, TT_TURN_CREATE_PERMISSION },
		{ TT_STUN_REQUEST, TT_TURN_ALLOCATE },    { TT_STUN_INDICATION, TT_TURN_SEND },
	};
	const struct taut_addr peer = addr(peer_ip, 4000);
	uint8_t packet[CAP];
	struct bench b;

	(void)state;
	open_channel(&b);
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const bool indication = rows[i].method == TT_TURN_DATA;
		memset(packet, 0, sizeof packet);
		w = wr_make(packet, sizeof packet);
		tt_stun_begin(&w, rows[i].cls, rows[i].method, (const uint8_t *)"0123456789ab");
		tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &peer);
		if (rows[i].cls == TT_STUN_ERROR)
			tt_stun_put_error(&w, 437, "");
		tt_stun_put_u32(&w, TT_STUN_LIFETIME, 0);
		tt_stun_put(&w, TT_STUN_DATA, "twelve bytes", 12);
		const size_t n = tt_stun_finish(&w);
		for (size_t len = 0; len <= CAP; len++)
			assert_int_equal(try_packet(&b, packet, len), indication && len == n);
		for (size_t len = 20; len <= CAP; len += 4) { /* with a length that is right */
			packet[2] = (uint8_t)((len - 20) >> 8);
			packet[3] = (uint8_t)(len - 20);
			try_packet(&b, packet, len);
		}
		packet[2] = (uint8_t)((n - 20) >> 8);
		packet[3] = (uint8_t)(n - 20);
		assert_int_equal(at_edges(&b, packet, n) > 0, indication);
		assert_int_equal(try_packet(&b, packet, n), indication);
	}
	end(&b);
}

/* ---- signed answers ---- */

/* Of the answer that lies ready each bit is flipped: it is dropped or not ours (a first octet that makes it
 * something else), nothing changes, and the right one is taken afterwards. A channel whose answer has
 * come is not asked for meanwhile. */
static void flip_all(struct bench *b)
{
	sign(b);
	const size_t len = tt_stun_finish(&w);
	const uint64_t drops = all_drops(b);
	struct tt_turn_data data;

	for (size_t bit = 0; bit < 8 * len; bit++) {
		answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(try_packet(b, answer, len));
		answer[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	assert_true(all_drops(b) - drops >= 8 * len - 3); /* the two bits of demultiplexing, and Binding */
	is_quiet(b);
	assert_int_equal(give_exactly(b, answer, len, &data), TT_TURN_TAKEN);
}

static void begin_granted(struct bench *b)
{
	const struct taut_addr relayed = addr("203.0.113.2", 50000),
			       mapped = addr("198.51.100.7", 4000);

	reply(b, TT_STUN_SUCCESS);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &relayed);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &mapped);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, 600);
}

static void a_flipped_bit_of_a_signed_answer_changes_nothing(void **state)
{
	const struct taut_addr peer = addr(peer_ip, 4000);
	struct bench b;

	(void)state;
	log_in(&b);
	begin_granted(&b);
	flip_all(&b);
	assert_int_equal(tt_turn_state(b.t), TT_TURN_ALLOCATED);

	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	asks(&b, TT_TURN_CREATE_PERMISSION);
	reply(&b, TT_STUN_SUCCESS);
	flip_all(&b);
	assert_int_equal(tt_turn_permission(b.t, &peer), TT_TURN_GRANTED);

	tt_turn_bind(b.t, b.now, &peer);
	asks(&b, TT_TURN_CHANNEL_BIND);
	reply(&b, TT_STUN_SUCCESS);
	flip_all(&b);
	assert_int_equal(tt_turn_head(b.t, &peer), 4);

	tt_turn_confirm(b.t, b.now);
	asks(&b, TT_TURN_REFRESH);
	reply(&b, TT_STUN_SUCCESS);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, 600);
	flip_all(&b);
	assert_false(tt_turn_asking(b.t));
	assert_int_equal(tt_turn_state(b.t), TT_TURN_ALLOCATED);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(channel_data_is_data_or_nothing),
		cmocka_unit_test(messages_of_the_server_are_data_or_nothing),
		cmocka_unit_test(a_flipped_bit_of_a_signed_answer_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
