/* test_mdns_sweep.c - mDNS queries and answers at every length, with every octet and 16-bit field at its edges:
 * RFC 6762 section 18, RFC 1035 section 4.1.
 *
 * Into tt_ice_recv, in heap buffers of exactly their size, at an agent that has a name of its own and asks for one
 * of the peer's. What is malformed is dropped and counted, and changes neither names nor the agent. What is taken
 * may have the own name announced and may resolve the peer's, to a unicast address, and no more. */
#include "stream_rig.h"

#include "ice/ice_agent.h"
#include "ice/mdns.h"
#include "taut/drop.h"

enum { LONGEST = 1500 };

static const char theirs[] = "35a10f90-5976-42fd-96f6-e7dd052840f2.local";

static void begin(struct rig *r)
{
	const struct tt_ice_candidate c = { .type = TT_ICE_HOST,
					    .component = 1,
					    .foundation = "1",
					    .priority = 1000,
					    .addr = { .port = 4000 },
					    .name = theirs };

	assert_true(begin_with(r, ALLOWED,
			       &(struct tt_ice_config){ .controlling = true,
							.hide_hosts = true,
							.next_flow = &r->next_flow }));
	assert_int_equal(tt_ice_set_remote(r->ice, r->now, "abcd", "0123456789abcdef0123456789",
					   false),
			 TAUT_OK);
	tt_ice_add_remote(r->ice, r->now, &c);
	answer_io(r);
	assert_int_equal(r->io.kind, TAUT_IO_MULTICAST);
	open_it(r);
	pass(r, SEC); /* of what it announces, and asks for */
	assert_true(r->ice->own && r->ice->own[0].used && !r->ice->own[0].asked);
	assert_true(r->ice->cur->name && r->ice->cur->name[0].used);
}

struct known {
	struct tt_ice ice;
	struct ice_own own[TT_ICE_MAX_BASES];
	struct ice_name name[TT_ICE_MAX_NAMES];
	size_t memory;
};

static void know(struct known *k, const struct rig *r)
{
	memcpy(&k->ice, r->ice, sizeof k->ice);
	memcpy(k->own, r->ice->own, sizeof k->own);
	memcpy(k->name, r->ice->cur->name, sizeof k->name);
	k->ice.all_told = false; /* that somebody may look for events is no change */
	k->memory = r->env.memory;
}

static int hear(struct rig *r, const uint8_t *packet, size_t len)
{
	const struct taut_addr from = ip("192.0.2.9", TT_MDNS_PORT);
	uint8_t *exact = malloc(len > 0 ? len : 1);

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, packet, len);
	const int refused = tt_ice_recv(r->ice, r->now, r->stream, NULL, &from, exact, len);
	free(exact);
	return refused;
}

/* True: it was taken. An agent whose state it changed is followed by another. */
static bool try_packet(struct rig *r, const uint8_t *packet, size_t len)
{
	static struct known before, after;
	const uint64_t drops = r->env.drops[TAUT_DROP_ICE_MDNS];

	know(&before, r);
	const int refused = hear(r, packet, len);
	know(&after, r);
	assert_in_range(refused, 0, 1);
	assert_int_equal(r->env.drops[TAUT_DROP_ICE_MDNS] - drops, refused);
	if (refused) {
		assert_memory_equal(&before.ice, &after.ice, sizeof before.ice);
		assert_memory_equal(before.own, after.own, sizeof before.own);
		assert_memory_equal(before.name, after.name, sizeof before.name);
		assert_int_equal(before.memory, after.memory);
		return false;
	}
	for (int i = 0; i < TT_ICE_MAX_BASES; i++) {
		assert_int_equal(after.own[i].used, before.own[i].used);
		assert_string_equal(after.own[i].text, before.own[i].text);
		assert_true(tt_addr_eq(&after.own[i].addr, &before.own[i].addr));
	}
	for (int i = 0; i < TT_ICE_MAX_NAMES; i++) {
		assert_int_equal(after.name[i].used, before.name[i].used);
		assert_string_equal(after.name[i].text, before.name[i].text);
		assert_int_equal(after.name[i].done, after.name[i].resolved);
	}
	if (after.name[0].resolved || after.own[0].asked || after.own[0].alone.family != 0) {
		end(r);
		begin(r);
	}
	return true;
}

/* A right query is answered, a right answer resolves. */
static void goes_on(struct rig *r)
{
	const struct taut_addr peer = ip("192.0.2.7", 0);
	uint8_t buf[LONGEST];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	struct tt_mdns_reader reader;
	struct tt_mdns_record rec;
	bool answered = false;
	size_t len = tt_mdns_write_query(buf, sizeof buf, r->ice->own[0].text, TT_MDNS_A);

	assert_int_equal(hear(r, buf, len), 0);
	for (int i = 0; i < 40 && !answered; i++) {
		r->now += SEC / 10;
		tt_ice_tick(r->ice, r->now);
		while (tt_ice_poll_send(r->ice, r->now, &out))
			answered |= tt_mdns_begin(&reader, buf, out.len) &&
				    tt_mdns_next(&reader, &rec) == 1 &&
				    tt_mdns_same_name(rec.name, r->ice->own[0].text);
	}
	assert_true(answered);
	assert_false(r->ice->cur->name[0].resolved);
	len = tt_mdns_write_answer(buf, sizeof buf, theirs, &peer, TT_MDNS_TTL, 0);
	assert_int_equal(hear(r, buf, len), 0);
	assert_true(r->ice->cur->name[0].resolved);
}

/* At its own length it is whole; what is behind it, it does not count. */
static void sweep(const char *own_or_theirs, bool query)
{
	static const uint8_t octets[] = { 0, 1, 0x7f, 0x80, 0xff };
	const struct taut_addr peer = ip("192.0.2.7", 0);
	uint8_t packet[LONGEST] = { 0 }, copy[LONGEST];
	unsigned taken = 0, tried = 0;
	struct rig r;

	begin(&r);
	const char *name = own_or_theirs ? own_or_theirs : r.ice->own[0].text;
	const size_t n = query ? tt_mdns_write_query(packet, LONGEST, name, TT_MDNS_A)
			       : tt_mdns_write_answer(packet, LONGEST, name, &peer, TT_MDNS_TTL, 0);
	const uint16_t words[] = { 0,      1,     (uint16_t)(n - 1), (uint16_t)n, (uint16_t)(n + 1),
				   0x7fff, 0x8000, 0xffff };
	/* of an answer, what is not an address is not read (NSEC, in the last section) */
	size_t whole = n;
	while (whole > 0 && try_packet(&r, packet, whole - 1))
		whole--;
	assert_true(whole > 12 + sizeof theirs);
	for (size_t len = 0; len <= LONGEST; len++) /* without flags it is a query of nothing */
		assert_int_equal(try_packet(&r, packet, len), len >= whole);
	for (size_t at = 0; at < n; at++) {
		for (size_t e = 0; e < TT_COUNT(octets); e++, tried++) {
			memcpy(copy, packet, n);
			copy[at] = octets[e];
			taken += try_packet(&r, copy, n);
		}
		for (size_t e = 0; e < TT_COUNT(words) && at + 2 <= n; e++, tried++) {
			memcpy(copy, packet, n);
			copy[at] = (uint8_t)(words[e] >> 8);
			copy[at + 1] = (uint8_t)words[e];
			taken += try_packet(&r, copy, n);
		}
	}
	assert_in_range(taken, 1, tried - 1);
	goes_on(&r);
	end(&r);
}

static void a_query_is_taken_whole_or_changes_nothing(void **state)
{
	(void)state;
	sweep(NULL, true);
}

static void an_answer_is_taken_whole_or_changes_nothing(void **state)
{
	(void)state;
	sweep(theirs, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_query_is_taken_whole_or_changes_nothing),
		cmocka_unit_test(an_answer_is_taken_whole_or_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
