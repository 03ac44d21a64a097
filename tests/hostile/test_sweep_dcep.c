/* test_sweep_dcep.c - with the right keys: DCEP, RFC 8832 section 5, of every length to 1,100, with every octet and
 * 16-bit field at its edges, on a stream that nobody has used.
 *
 * Whether each is a right OPEN is told beforehand by a reader of the test's own. One that is right opens a channel
 * with what it says; any other opens none and is counted under its reason. The association is made anew when its
 * streams are used up (solo.h). */
#include "datachannel/dcs_internal.h"
#include "hostile/edges.h"
#include "hostile/solo.h"

enum { MOST = 1100, HEAD = 12, TEXT = 1024, DCEP = 50, BY_PEER = 512 };

static const uint8_t open[] = { 3, 0, 0,   0,   0,   0,   0,   0,   0,   4,
				0, 4, 'l', 'a', 'b', 'e', 'p', 'r', 'o', 't' };

struct sweep {
	struct hostile h;
	bool interleaved;
	uint16_t stream; /* the last that was used */
	unsigned opened;
};

static void begin_anew(struct sweep *s)
{
	solo_begin(&s->h, SCTP_ESTABLISHED, s->interleaved);
	s->stream = s->h.pc->channels->is_client ? 1 : 0;
	s->h.seen[s->h.good].channels = 0;
}

/* Of those that are the peer's to use, section 6. */
static uint16_t fresh_stream(struct sweep *s)
{
	if (s->stream + 2 >= 2 * BY_PEER)
		begin_anew(s);
	s->stream = (uint16_t)(s->stream + 2);
	assert_int_equal(tt_dcs_stream(s->h.pc->channels, s->stream), STREAM_FREE);
	return s->stream;
}

static size_t number(const uint8_t *p)
{
	return (size_t)p[0] << 8 | p[1];
}

/* 5.1 */
static bool is_right(const uint8_t *m, size_t len)
{
	if (len < HEAD || m[0] != 3 || (m[1] & 0x7f) > 2)
		return false;
	const size_t label = number(m + 8), protocol = number(m + 10);

	return len == HEAD + label + protocol && label <= TEXT && protocol <= TEXT;
}

static void assert_is_as_it_says(struct sweep *s, const uint8_t *m)
{
	const struct tt_dcs *d = s->h.pc->channels;
	const struct channel *c = tt_dcs_by_stream(d, s->stream);
	const size_t label = number(m + 8), protocol = number(m + 10);

	assert_non_null(c);
	assert_int_equal(c->state, TT_DCS_STATE_OPEN);
	assert_int_equal(c->unordered, m[1] >> 7);
	assert_int_equal(c->limit_retransmits, (m[1] & 0x7f) == 1);
	assert_int_equal(c->limit_lifetime, (m[1] & 0x7f) == 2);
	assert_memory_equal(c->label, m + HEAD, label);
	assert_memory_equal(c->protocol, m + HEAD + label, protocol);
	assert_int_equal(c->label[label], 0);
	assert_int_equal(c->protocol[protocol], 0);
}

static void try_message(struct sweep *s, const uint8_t *m, size_t len)
{
	const uint16_t stream = fresh_stream(s);
	const bool right = is_right(m, len);
	const unsigned channels = s->h.seen[s->h.good].channels;
	const uint32_t why = m[0] == 3 ? TAUT_DROP_DATA_OPEN_MALFORMED : TAUT_DROP_DATA_DCEP;
	const uint64_t drops = taut_pc_drop_count(s->h.pc, why);

	assert_int_equal(craft_victim(&s->h)->state, SCTP_ESTABLISHED);
	solo_send_message(&s->h, stream, DCEP, m, len);
	assert_int_equal(craft_victim(&s->h)->state, SCTP_ESTABLISHED);
	assert_int_equal(s->h.seen[s->h.good].channels, channels + right);
	assert_int_equal(taut_pc_drop_count(s->h.pc, why), drops + !right);
	if (right)
		assert_is_as_it_says(s, m);
	else
		assert_null(tt_dcs_by_stream(s->h.pc->channels, stream));
	s->opened += right;
}

/* ---- sweeps ---- */

static void claim(uint8_t *m, size_t label, size_t protocol)
{
	m[8] = (uint8_t)(label >> 8);
	m[9] = (uint8_t)label;
	m[10] = (uint8_t)(protocol >> 8);
	m[11] = (uint8_t)protocol;
}

static void begin(struct sweep *s, uint64_t seed, int good)
{
	*s = (struct sweep){ .interleaved = good };
	hostile_begin(&s->h, seed, good);
	begin_anew(s);
}

static void goes_on(struct sweep *s)
{
	solo_end(&s->h);
	hostile_assert_alive(&s->h);
	hostile_end(&s->h);
}

/* Those that say how long they are: label, or protocol, or both have the rest. Each is right, up to what texts may be. */
static void an_open_of_every_length_opens_a_channel(void **state)
{
	static struct sweep s;
	uint8_t m[MOST];

	(void)state;
	for (int good = 0; good < 2; good++) {
		begin(&s, 714, good);
		for (size_t len = HEAD; len <= MOST; len++)
			for (int part = 0; part < 3; part++) {
				const size_t rest = len - HEAD;
				const size_t label = part == 0 ? rest : part == 1 ? 0 : rest / 2;
				memset(m, 'a' + (int)(len % 26), sizeof m);
				memset(m, 0, HEAD);
				m[0] = 3;
				m[1] = (uint8_t)((len & 1) << 7 | len % 3);
				claim(m, label, rest - label);
				try_message(&s, m, len);
			}
		assert_int_equal(s.opened, 2 * (TEXT + 1) + (MOST - HEAD + 1));
		goes_on(&s);
	}
}

/* Of each message, and of numbers that are none; an OPEN says how long it is, and one length is right. */
static void every_other_length_opens_none(void **state)
{
	static struct sweep s;
	uint8_t m[MOST];

	(void)state;
	for (int good = 0; good < 2; good++) {
		begin(&s, 715, good);
		for (uint8_t type = 2; type <= 4; type++)
			for (size_t len = 1; len <= MOST; len++) {
				memset(m, 0, sizeof m);
				memcpy(m, open, sizeof open);
				m[0] = type;
				try_message(&s, m, len);
			}
		assert_int_equal(s.opened, 1);
		goes_on(&s);
	}
}

static void every_field_of_an_open_is_read_or_refused(void **state)
{
	static const size_t claims[] = { 0, 1, 4, 5, 0x3ff, 0x400, 0x401, 0x7fff, 0x8000, 0xffff };
	static struct sweep s;
	uint8_t m[MOST];

	(void)state;
	for (int good = 0; good < 2; good++) {
		begin(&s, 721, good);
		for (size_t at = 0; at < sizeof open; at++)
			for (unsigned k = 0; k < EDGES; k++) {
				memcpy(m, open, sizeof open);
				if (edge_set(m, sizeof open, at, k))
					try_message(&s, m, sizeof open);
			}
		assert_int_equal(s.opened, 179); /* most edges are of a length, or in a text */
		for (unsigned type = 0; type < 256; type++) {
			memcpy(m, open, sizeof open);
			m[1] = (uint8_t)type;
			try_message(&s, m, sizeof open);
		}
		memset(m, 'x', sizeof m);
		memcpy(m, open, HEAD);
		for (size_t l = 0; l < TT_COUNT(claims); l++)
			for (size_t p = 0; p < TT_COUNT(claims); p++)
				for (size_t len = HEAD; len <= 24; len++) {
					claim(m, claims[l], claims[p]);
					try_message(&s, m, len);
				}
		goes_on(&s);
	}
}

/* 5.2: one octet, and somebody waits for it. */
static void an_ack_is_taken_once(void **state)
{
	static const uint8_t ack[] = { 2, 0 };
	static struct sweep s;

	(void)state;
	begin(&s, 722, 0);
	const struct tt_dcs *d = s.h.pc->channels;
	const struct channel *chat = &d->channels[0];
	hostile_mark(&s.h);
	assert_false(chat->heard);
	solo_send_message(&s.h, (uint16_t)chat->id, DCEP, ack, 2);
	hostile_assert_dropped(&s.h, TAUT_DROP_DATA_DCEP, 1);
	assert_false(chat->heard);
	solo_send_message(&s.h, (uint16_t)chat->id, DCEP, ack, 1);
	assert_true(chat->heard);
	hostile_assert_dropped(&s.h, TAUT_DROP_DATA_DCEP, 0);
	solo_send_message(&s.h, (uint16_t)chat->id, DCEP, ack, 1);
	hostile_assert_dropped(&s.h, TAUT_DROP_DATA_DCEP, 1);
	goes_on(&s);
}

/* RFC 9260 section 6.2: there is no message of no octets. */
static void a_message_of_no_octets_ends_the_association(void **state)
{
	static struct sweep s;

	(void)state;
	begin(&s, 723, 1);
	hostile_mark(&s.h);
	solo_send_message(&s.h, fresh_stream(&s), DCEP, "", 0);
	hostile_assert_dropped(&s.h, TAUT_DROP_SCTP_DATA_EMPTY, 1);
	assert_int_equal(taut_pc_sctp_state(s.h.pc), TAUT_STATE_CLOSED);
	assert_int_equal(s.h.seen[1].sctp.reason, TAUT_REASON_SCTP_ABORTED_HERE);
	goes_on(&s);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_open_of_every_length_opens_a_channel),
		cmocka_unit_test(every_other_length_opens_none),
		cmocka_unit_test(every_field_of_an_open_is_read_or_refused),
		cmocka_unit_test(an_ack_is_taken_once),
		cmocka_unit_test(a_message_of_no_octets_ends_the_association),
	};
	if (argc > 1) /* only those: *open* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/sweep_dcep", tests, NULL, NULL);
}
