/* The TURN client's permissions, channels and data: RFC 8656 sections 9 to 12; and where no relay may be
 * led. */
#include "turn_bench.h"

/* A permission for peer, granted. */
static void permit(struct bench *b, const struct taut_addr *peer)
{
	assert_int_equal(tt_turn_permit(b->t, b->now, peer), TT_TURN_ASKED);
	asks(b, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(fine(b), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_permission(b->t, peer), TT_TURN_GRANTED);
}

static void bind_channel(struct bench *b, const struct taut_addr *peer, uint16_t number)
{
	tt_turn_bind(b->t, b->now, peer);
	asks(b, TT_TURN_CHANNEL_BIND);
	assert_int_equal(b->m.channel, number);
	assert_true(tt_addr_eq(&b->m.peers[0], peer));
	assert_int_equal(fine(b), TT_TURN_TAKEN);
}

/* ---- permissions ---- */

static void a_permission_is_of_an_address_whatever_its_port(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000), same = addr("192.0.2.7", 4001);
	struct bench b;

	(void)state;
	allocate(&b);
	assert_int_equal(tt_turn_permission(b.t, &peer), TT_TURN_REFUSED);
	permit(&b, &peer);
	assert_true(span_eq(b.m.username, span_of("ada")));
	assert_int_equal(tt_turn_permission(b.t, &same), TT_TURN_GRANTED);
	assert_int_equal(tt_turn_permit(b.t, b.now, &same), TT_TURN_GRANTED);
	is_quiet(&b);
	end(&b);
}

static void a_permission_is_asked_for_again_after_four_minutes(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct bench b;

	(void)state;
	allocate(&b);
	permit(&b, &peer);
	assert_true(tt_turn_deadline(b.t) == b.now + 240 * SECOND);
	b.now += 240 * SECOND;
	tt_turn_tick(b.t, b.now - 1);
	is_quiet(&b);
	b.no_random = true; /* then five seconds later */
	tt_turn_tick(b.t, b.now);
	is_quiet(&b);
	b.no_random = false;
	b.now += 5 * SECOND;
	tt_turn_tick(b.t, b.now);
	asks(&b, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(tt_turn_permission(b.t, &peer), TT_TURN_GRANTED);
	assert_int_equal(challenged(&b, 438, "n2"), TT_TURN_TAKEN);
	asks(&b, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(fine(&b), TT_TURN_TAKEN);
	assert_true(tt_turn_deadline(b.t) == b.now + 240 * SECOND);
	end(&b);
}

static void a_permission_that_is_not_renewed_expires(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct bench b;

	(void)state;
	allocate(&b);
	permit(&b, &peer);
	b.now += 299 * SECOND;
	b.no_random = true;
	tt_turn_tick(b.t, b.now);
	b.now += SECOND;
	tt_turn_tick(b.t, b.now);
	assert_int_equal(tt_turn_permission(b.t, &peer), TT_TURN_REFUSED);
	end(&b);
}

static void a_permission_that_is_not_answered_is_refused(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct bench b;
	int n = 0;

	(void)state;
	allocate(&b);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	while (tt_turn_permission(b.t, &peer) == TT_TURN_ASKED) {
		n += tt_turn_poll_send(b.t, b.now, b.pkt, sizeof b.pkt) > 0;
		b.now = tt_min64(tt_turn_due(b.t), tt_turn_deadline(b.t));
		tt_turn_tick(b.t, b.now);
	}
	assert_int_equal(n, TT_STUN_RC);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_REFUSED);
	tt_turn_forget_refusals(b.t);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	end(&b);
}

static void a_refusal_is_of_that_address_only(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000), other = addr("192.0.2.8", 4000);
	struct bench b;

	(void)state;
	allocate(&b);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	asks(&b, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(refused(&b, 403), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_REFUSED);
	permit(&b, &other);
	bind_channel(&b, &other, 0x4000);
	tt_turn_forget_refusals(b.t);
	assert_int_equal(tt_turn_permission(b.t, &other), TT_TURN_GRANTED);
	assert_int_equal(tt_turn_state(b.t), TT_TURN_ALLOCATED);
	permit(&b, &peer);
	end(&b);
}

static void no_allocation_for_a_permission_is_the_end(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct bench b;

	(void)state;
	allocate(&b);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	asks(&b, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(refused(&b, 437), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_state(b.t), TT_TURN_OVER);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_REFUSED);
	end(&b);
}

static void permissions_have_a_ceiling(void **state)
{
	struct taut_addr peer = addr("192.0.2.0", 4000);
	struct bench b;

	(void)state;
	allocate(&b);
	for (int i = 1; i <= TT_TURN_MAX_PERMISSIONS; i++) {
		peer.ip[3] = (uint8_t)i;
		assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	}
	peer.ip[3]++;
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_REFUSED);
	peer.ip[3]--;
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	end(&b);
}

static void a_permission_needs_memory_numbers_and_its_family(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000), six = addr("2001:db8::7", 4000);
	struct tt_turn_config cfg = usual();
	struct bench b;

	(void)state;
	allocate(&b);
	b.allowed = 0;
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_REFUSED);
	tt_turn_bind(b.t, b.now, &peer);
	b.allowed = ALLOWED;
	is_quiet(&b);
	b.no_random = true;
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_REFUSED);
	tt_turn_bind(b.t, b.now, &peer);
	b.no_random = false;
	is_quiet(&b);
	end(&b);

	prepare(&b);
	cfg.ipv6 = false;
	assert_int_equal(tt_turn_new(&b.t, &b.env, &cfg, b.now), TAUT_OK);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_REFUSED); /* not yet */
	asks(&b, TT_TURN_ALLOCATE);
	assert_int_equal(challenged(&b, 401, "n"), TT_TURN_TAKEN);
	asks(&b, TT_TURN_ALLOCATE);
	assert_int_equal(granted(&b, 600), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_permit(b.t, b.now, &six), TT_TURN_REFUSED);
	tt_turn_bind(b.t, b.now, &six);
	is_quiet(&b);
	end(&b);
}

/* A request that the server's own words made too long. */
static void a_permission_that_cannot_be_written_is_refused(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct bench b;

	(void)state;
	allocate(&b);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	assert_int_equal(tt_turn_poll_send(b.t, b.now, b.pkt, 40), 0);
	assert_int_equal(tt_turn_permission(b.t, &peer), TT_TURN_REFUSED);
	end(&b);
}

/* ---- channels ---- */

static void channels_are_numbered_and_kept(void **state)
{
	struct taut_addr peer = addr("192.0.2.7", 4000);
	struct bench b;

	(void)state;
	allocate(&b);
	permit(&b, &peer);
	assert_int_equal(tt_turn_head(b.t, &peer), 36);
	for (int i = 0; i < TT_TURN_MAX_CHANNELS; i++) {
		peer.port = (uint16_t)(4000 + i);
		bind_channel(&b, &peer, (uint16_t)(0x4000 + i));
		assert_int_equal(tt_turn_head(b.t, &peer), 4);
		tt_turn_bind(b.t, b.now, &peer);
		is_quiet(&b);
	}
	peer.port++; /* the ceiling: indications do as well */
	tt_turn_bind(b.t, b.now, &peer);
	is_quiet(&b);
	assert_int_equal(tt_turn_head(b.t, &peer), 36);
	end(&b);
}

static void a_channel_is_bound_again_after_nine_minutes(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct bench b;

	(void)state;
	log_in(&b);
	assert_int_equal(granted(&b, 3600), TT_TURN_TAKEN);
	permit(&b, &peer);
	bind_channel(&b, &peer, 0x4000);
	b.now += 240 * SECOND;
	tt_turn_tick(b.t, b.now);
	asks(&b, TT_TURN_CREATE_PERMISSION); /* section 12: which is shorter */
	assert_int_equal(fine(&b), TT_TURN_TAKEN);
	b.now += 240 * SECOND;
	tt_turn_tick(b.t, b.now);
	asks(&b, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(fine(&b), TT_TURN_TAKEN);
	assert_true(tt_turn_deadline(b.t) == b.now + 60 * SECOND);
	b.now += 60 * SECOND;
	tt_turn_tick(b.t, b.now);
	asks(&b, TT_TURN_CHANNEL_BIND);
	assert_int_equal(b.m.channel, 0x4000);
	assert_int_equal(refused(&b, 400), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_head(b.t, &peer), 36); /* and data goes on without */
	end(&b);
}

/* ---- out ---- */

static void data_leaves_in_a_send_indication_or_a_channel(void **state)
{
	static const char *const ips[] = { "192.0.2.7", "2001:db8::7" };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(ips); i++)
		for (size_t len = 0; len < 6; len++) {
			const struct taut_addr peer = addr(ips[i], 4000);
			struct tt_turn_channel c;
			struct tt_stun_msg m;
			uint8_t buf[100];
			struct bench b;
			allocate(&b);
			permit(&b, &peer);
			size_t head = tt_turn_head(b.t, &peer);
			assert_int_equal(head, i ? TT_TURN_HEAD : 36);
			memset(buf, 0xee, sizeof buf);
			memcpy(buf + head, "hello", len);
			size_t n = tt_turn_wrap(b.t, &peer, buf, head, len, sizeof buf);
			assert_int_equal(n, head + len + (-len & 3));
			assert_int_equal(tt_stun_read(&m, buf, n), TT_STUN_OK);
			assert_int_equal(m.cls, TT_STUN_INDICATION);
			assert_int_equal(m.method, TT_TURN_SEND);
			assert_true(tt_addr_eq(&m.peers[0], &peer));
			assert_true(m.data.len == len && memcmp(m.data.p, "hello", len) == 0);
			assert_int_equal(buf[n], 0xee);
			bind_channel(&b, &peer, 0x4000);
			head = tt_turn_head(b.t, &peer);
			memcpy(buf + head, "hello", len);
			n = tt_turn_wrap(b.t, &peer, buf, head, len, sizeof buf);
			assert_int_equal(n, 4 + len);
			assert_true(tt_turn_channel_read(&c, buf, n));
			assert_int_equal(c.number, 0x4000);
			assert_true(c.data.p == buf + 4 && c.data.len == len);
			end(&b);
		}
}

static void what_cannot_leave_does_not(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000), other = addr("192.0.2.8", 4000);
	static uint8_t buf[70000];
	struct bench b;

	(void)state;
	allocate(&b);
	permit(&b, &peer);
	assert_int_equal(tt_turn_wrap(b.t, &other, buf, 36, 4, sizeof buf), 0);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 36, 4, 40), 40);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 36, 4, 39), 0);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 36, 65496, sizeof buf), 65532);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 36, 65500, sizeof buf), 0);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 48, 4, sizeof buf), 0); /* another head */
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 4, 4, sizeof buf), 0);
	b.no_random = true;
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 36, 4, sizeof buf), 0);
	b.no_random = false;
	bind_channel(&b, &peer, 0x4000);
	/* What was written for an indication still leaves in one. */
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 36, 4, sizeof buf), 40);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 4, 4, 8), 8);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 4, 4, 7), 0);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 4, 65535, sizeof buf), 65539);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 4, 65536, sizeof buf), 0);
	tt_turn_release(b.t, b.now);
	asks(&b, TT_TURN_REFRESH);
	assert_int_equal(tt_turn_wrap(b.t, &peer, buf, 4, 4, sizeof buf), 0);
	end(&b);
}

/* ---- in ---- */

static enum tt_turn_came data_from(struct bench *b, const struct taut_addr *peer, const void *bytes,
				   size_t len, struct tt_turn_data *data)
{
	static const uint8_t tid[TT_STUN_TID_LEN];

	w = wr_make(answer, sizeof answer);
	tt_stun_begin(&w, TT_STUN_INDICATION, TT_TURN_DATA, tid);
	if (peer)
		tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, peer);
	if (bytes)
		tt_stun_put(&w, TT_STUN_DATA, bytes, len);
	return tt_turn_recv(b->t, b->now, &b->from, answer, tt_stun_finish(&w), data);
}

static enum tt_turn_came in_channel(struct bench *b, uint16_t number, size_t claimed, size_t len,
				    struct tt_turn_data *data)
{
	tt_turn_channel_head(answer, number, claimed);
	memcpy(answer + 4, "hello", 5);
	return tt_turn_recv(b->t, b->now, &b->from, answer, 4 + len, data);
}

static void data_of_permitted_peers_is_taken_where_it_lies(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct tt_turn_data data;
	struct bench b;

	(void)state;
	allocate(&b);
	permit(&b, &peer);
	assert_int_equal(data_from(&b, &peer, "hello", 5, &data), TT_TURN_DATA_CAME);
	assert_true(tt_addr_eq(&data.peer, &peer));
	assert_true(data.len == 5 && memcmp(answer + data.at, "hello", 5) == 0);
	assert_int_equal(data_from(&b, &peer, "", 0, &data), TT_TURN_DATA_CAME); /* 11.4 */
	assert_int_equal(data.len, 0);
	bind_channel(&b, &peer, 0x4000);
	assert_int_equal(in_channel(&b, 0x4000, 5, 5, &data), TT_TURN_DATA_CAME);
	assert_true(tt_addr_eq(&data.peer, &peer));
	assert_true(data.at == 4 && data.len == 5);
	assert_int_equal(in_channel(&b, 0x4000, 5, 8, &data), TT_TURN_DATA_CAME); /* padded */
	assert_int_equal(data.len, 5);
	end(&b);
}

/* The server may hear of a grant before we hear its answer. */
static void data_may_overtake_the_answer(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000);
	struct tt_turn_data data;
	struct bench b;

	(void)state;
	allocate(&b);
	assert_int_equal(tt_turn_permit(b.t, b.now, &peer), TT_TURN_ASKED);
	asks(&b, TT_TURN_CREATE_PERMISSION);
	assert_int_equal(data_from(&b, &peer, "hello", 5, &data), TT_TURN_DATA_CAME);
	assert_int_equal(fine(&b), TT_TURN_TAKEN);
	tt_turn_bind(b.t, b.now, &peer);
	asks(&b, TT_TURN_CHANNEL_BIND);
	assert_int_equal(in_channel(&b, 0x4000, 5, 5, &data), TT_TURN_DATA_CAME);
	assert_int_equal(refused(&b, 508), TT_TURN_TAKEN);
	assert_int_equal(in_channel(&b, 0x4000, 5, 5, &data), TT_TURN_DROPPED);
	end(&b);
}

/* HOSTILE A22, packet by packet. */
static void data_of_others_is_dropped(void **state)
{
	const struct taut_addr peer = addr("192.0.2.7", 4000), other = addr("192.0.2.8", 4000);
	struct tt_turn_data data;
	struct bench b;

	(void)state;
	allocate(&b);
	permit(&b, &peer);
	bind_channel(&b, &other, 0x4000); /* which on the server permits it; here it does not */
	assert_int_equal(data_from(&b, &other, "hello", 5, &data), TT_TURN_DROPPED);
	assert_int_equal(in_channel(&b, 0x4000, 5, 5, &data), TT_TURN_DROPPED);
	assert_int_equal(b.env.drops[TAUT_DROP_TURN_PEER], 2);
	assert_int_equal(in_channel(&b, 0x4001, 5, 5, &data), TT_TURN_DROPPED);
	assert_int_equal(b.env.drops[TAUT_DROP_TURN_CHANNEL], 1);
	assert_int_equal(in_channel(&b, 0x4000, 6, 5, &data), TT_TURN_DROPPED);
	assert_int_equal(in_channel(&b, 0x5000, 5, 5, &data), TT_TURN_DROPPED);
	assert_int_equal(data_from(&b, NULL, "hello", 5, &data), TT_TURN_DROPPED);
	assert_int_equal(data_from(&b, &peer, NULL, 0, &data), TT_TURN_DROPPED);
	w = wr_make(answer, sizeof answer);
	tt_stun_begin(&w, TT_STUN_INDICATION, TT_TURN_DATA, (const uint8_t *)"0123456789ab");
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, &peer);
	tt_stun_put(&w, TT_STUN_DATA, "hello", 5);
	tt_stun_put_u32(&w, 0x7777, 0);
	assert_int_equal(sent(&b), TT_TURN_DROPPED);
	assert_int_equal(b.env.drops[TAUT_DROP_TURN_MALFORMED], 5);
	end(&b);
}

/* ---- HOSTILE A18 ---- */

static void no_relay_is_led_to_addresses_that_no_peer_has(void **state)
{
	static const char *const never[] = {
		"0.0.0.0",
		"0.1.2.3",
		"127.0.0.1",
		"127.255.255.254",
		"169.254.169.254",
		"192.0.0.8",
		"224.0.0.1",
		"239.255.255.255",
		"240.0.0.1",
		"255.255.255.255",
		"::",
		"::1",
		"::127.0.0.1",
		"::ffff:127.0.0.1",
		"::ffff:8.8.8.8",
		"fe80::1",
		"febf::1",
		"fec0::1",
		"ff02::1",
		"2002:7f00:1::",
		"2002:a9fe:a9fe::1",
		"2002:0:1::",
		"64:ff9b::127.0.0.1",
		"64:ff9b::a9fe:a9fe",
		"64:ff9b:1::8.8.8.8",
		/* Teredo carries it inverted */
		"2001:0:53aa:64c::80ff:fffe",
		"2001:0:53aa:64c:0:0:5601:5601",
	};
	static const char *const maybe[] = {
		"1.0.0.1",
		"8.8.8.8",
		"10.0.0.1",
		"126.255.255.255",
		"128.0.0.1",
		"169.253.1.1",
		"169.255.0.1",
		"192.0.1.1",
		"192.168.0.1",
		"223.255.255.255",
		"2001:db8::1",
		"fc00::1",
		"fe7f::1",
		"ff::1",
		"2002:808:808::",
		"64:ff9b::8.8.8.8",
		"2001:0:53aa:64c::f7f7:f7f7",
		"2001:1::7f00:1",
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(never); i++) {
		const struct taut_addr a = addr(never[i], 80);
		struct bench b;
		if (!tt_turn_forbids(&a))
			fail_msg("%s", never[i]);
		allocate(&b);
		assert_int_equal(tt_turn_permit(b.t, b.now, &a), TT_TURN_REFUSED);
		tt_turn_bind(b.t, b.now, &a);
		is_quiet(&b);
		end(&b);
	}
	for (size_t i = 0; i < TT_COUNT(maybe); i++) {
		const struct taut_addr a = addr(maybe[i], 80);
		if (tt_turn_forbids(&a))
			fail_msg("%s", maybe[i]);
	}
}

/* A server on this machine, as tests have it. */
static void a_relay_on_loopback_serves_loopback(void **state)
{
	const struct taut_addr relayed = addr("127.0.0.1", 50000), peer = addr("127.0.0.1", 4000),
			       link = addr("169.254.1.1", 4000);
	struct bench b;

	(void)state;
	log_in(&b);
	reply(&b, TT_STUN_SUCCESS);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &relayed);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, 600);
	assert_int_equal(answered(&b), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_permit(b.t, b.now, &link), TT_TURN_REFUSED);
	permit(&b, &peer);
	end(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_permission_is_of_an_address_whatever_its_port),
		cmocka_unit_test(a_permission_is_asked_for_again_after_four_minutes),
		cmocka_unit_test(a_permission_that_is_not_renewed_expires),
		cmocka_unit_test(a_permission_that_is_not_answered_is_refused),
		cmocka_unit_test(a_refusal_is_of_that_address_only),
		cmocka_unit_test(no_allocation_for_a_permission_is_the_end),
		cmocka_unit_test(permissions_have_a_ceiling),
		cmocka_unit_test(a_permission_needs_memory_numbers_and_its_family),
		cmocka_unit_test(a_permission_that_cannot_be_written_is_refused),
		cmocka_unit_test(channels_are_numbered_and_kept),
		cmocka_unit_test(a_channel_is_bound_again_after_nine_minutes),
		cmocka_unit_test(data_leaves_in_a_send_indication_or_a_channel),
		cmocka_unit_test(what_cannot_leave_does_not),
		cmocka_unit_test(data_of_permitted_peers_is_taken_where_it_lies),
		cmocka_unit_test(data_may_overtake_the_answer),
		cmocka_unit_test(data_of_others_is_dropped),
		cmocka_unit_test(no_relay_is_led_to_addresses_that_no_peer_has),
		cmocka_unit_test(a_relay_on_loopback_serves_loopback),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
