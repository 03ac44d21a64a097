/* test_sweep.c - each kind of packet at every length from 0 to 1,500, with every 16-bit field at its edges and every
 * octet at some, in every state of a connection.
 *
 * All through taut_pc_recv, in heap buffers of exactly their size. Nothing here has the right keys: each packet is
 * dropped and counted, exactly once, or of DTLS once for each record, and no state changes; a Binding indication that is
 * whole is taken and nothing comes of it (RFC 8445 section 11), and media before its keys are held up to their ceiling.
 * The state is asserted before and after each kind, and what comes after all of them is as if nothing had been.
 * While DTLS shakes hands a record in the clear may end that: with a reason, and others meet another handshake, but for
 * some that meet the one that has ended. Either side is the good one, in turns from state to state and from test to
 * test; but side 0 is always the one that gathers. What has the right keys is in test_sweep_stun.c, _media.c,
 * _sctp.c and _dcep.c. */
#include <stdlib.h>

#include "dtls/dtls_state.h"
#include "hostile/craft.h"
#include "hostile/samples.h"
#include "ice/ice_agent.h"

/* The state of a connection before the packets come. */
enum moment { NEW, GATHERING, CHECKING, SHAKING, CONNECTED, DISCONNECTED, FAILED, CLOSED, MOMENTS };

/* ---- states ---- */

/* The first of its sockets is open, and the next one is not. */
static void gather_half(struct hostile *h)
{
	const struct taut_addr bound = { .family = 4, .port = 4000, .ip = { 10, 0, 0, 1 } };

	assert_int_equal(taut_pc_set_local_description(h->pc, h->pair.sim.now, 0, NULL, 0),
			 TAUT_OK);
	const struct taut_io *io = taut_pc_poll_io(h->pc);
	assert_non_null(io);
	assert_int_equal(io->kind, TAUT_IO_UDP);
	h->pair.peers[h->good].flows[0] = (struct pair_flow){ io->flow, bound };
	h->pair.peers[h->good].flow_count = 1;
	taut_pc_io_result(h->pc, h->pair.sim.now, io->flow, 0, &bound, 1);
	assert_int_equal(taut_pc_gathering_state(h->pc), TAUT_GATHERING_GATHERING);
}

static void assert_moment(struct hostile *h, enum moment m)
{
	static const uint32_t connection[MOMENTS] = {
		[NEW] = TAUT_STATE_NEW,
		[GATHERING] = TAUT_STATE_NEW,
		[CHECKING] = TAUT_STATE_CONNECTING,
		[SHAKING] = TAUT_STATE_CONNECTING,
		[CONNECTED] = TAUT_STATE_CONNECTED,
		[DISCONNECTED] = TAUT_STATE_DISCONNECTED,
		[FAILED] = TAUT_STATE_FAILED,
		[CLOSED] = TAUT_STATE_CLOSED,
	};
	const uint32_t gathering = m == NEW ? TAUT_GATHERING_NEW : TAUT_GATHERING_COMPLETE;

	assert_int_equal(taut_pc_connection_state(h->pc), connection[m]);
	assert_int_equal(taut_pc_gathering_state(h->pc),
			 m == GATHERING ? TAUT_GATHERING_GATHERING : gathering);
	if (m <= CHECKING)
		assert_false(h->pc->dtls_started);
	if (m == SHAKING)
		assert_int_equal(h->pc->dtls_state, TAUT_STATE_CONNECTING);
}

static void reach(struct hostile *h, enum moment m, int good)
{
	hostile_init(h, 700 + (uint64_t)m, good, false);
	switch (m) {
	case NEW:
		break;
	case GATHERING:
		gather_half(h);
		break;
	case CHECKING:
		HOSTILE_RUN_UNTIL(h, 1000, h->pc->remote.sdp);
		h->pair.cut = true;
		break;
	case SHAKING:
		hostile_until_dtls(h, TAUT_STATE_CONNECTING);
		break;
	default:
		hostile_run(h, 3 * SECOND);
		h->pair.cut = m == DISCONNECTED || m == FAILED;
		hostile_run(h, m == DISCONNECTED ? 15 * SECOND : m == FAILED ? 45 * SECOND : 0);
	}
}

static struct tt_ice_path path_of(struct hostile *h)
{
	const struct pair_peer *q = &h->pair.peers[h->good];
	struct tt_ice_path path = { .flow = 1,
				    .local = { .family = 4, .port = 9 },
				    .remote = hostile_stranger(0) };

	if (q->flows[0].flow != 0) {
		path.flow = q->flows[0].flow;
		path.local = q->flows[0].addr;
	}
	tt_ice_selected(h->pc->ice, h->pair.sim.now, &path);
	return path;
}

/* A call costs as much as some hundred packets, so that this many meet one whose handshake was ended. With the packet that
 * ends it they are 81, which has no divisor in common with the edges of an octet or a field: each edge has its turn. */
enum { OVER = 80 };

struct sweep {
	struct hostile h;
	enum moment m;
	struct tt_ice_path path;
	const struct sample *kind;
	unsigned to_drop; /* since the kind has begun ... */
	size_t held;      /* ... and so many were held then */
	unsigned over;    /* packets that will meet a handshake that has ended */
	unsigned ends;
};

/* Who has made no offer has nothing to gather for. */
static void begin(struct sweep *s, enum moment m, int good)
{
	*s = (struct sweep){ .m = m };
	reach(&s->h, m, m == GATHERING ? 0 : good);
	samples_make(&s->h);
	s->path = path_of(&s->h);
	if (m == CLOSED)
		taut_pc_close(s->h.pc, s->h.pair.sim.now);
}

/* The same handshake as before. */
static void begin_anew(struct sweep *s)
{
	const int good = s->h.good;

	s->over = 0;
	hostile_end(&s->h);
	reach(&s->h, SHAKING, good);
	s->path = path_of(&s->h);
}

/* ---- one packet ---- */

/* RFC 6347 section 4.1.1: a datagram may hold several, and each is dropped by itself; what is left at the end and
 * is none is one more. */
static unsigned records_in(const uint8_t *data, size_t len)
{
	unsigned n = 0;

	for (size_t at = 0; at < len; n++) {
		const size_t left = len - at;
		const size_t body = left < 13 ? 0 : (size_t)data[at + 11] << 8 | data[at + 12];
		at = left < 13 + body ? len : at + 13 + body;
	}
	return n;
}

static bool keeps_alive(const struct sweep *s, const uint8_t *data, size_t len)
{
	return s->kind->keeps_alive && s->m > NEW && s->m < CLOSED && len == s->kind->len &&
	       memcmp(data, s->kind->data, len) == 0;
}

static unsigned drops_of(const struct sweep *s, const uint8_t *data, size_t len)
{
	const bool dtls = len > 0 && data[0] >= 20 && data[0] <= 63; /* RFC 7983 */

	if (keeps_alive(s, data, len))
		return 0;
	return dtls && (s->m == CONNECTED || s->m == DISCONNECTED) ? records_in(data, len) : 1;
}

/* A connection that gathers must not be asked what it wants: it would go on. */
static void give_unasked(struct sweep *s, const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, data, len);
	struct taut_datagram d = { .size = sizeof d,
				   .flow = s->path.flow,
				   .local = s->path.local,
				   .remote = s->path.remote,
				   .buf = exact,
				   .cap = len,
				   .len = len };
	assert_int_equal(taut_pc_recv(s->h.pc, s->h.pair.sim.now, &d), TAUT_OK);
	free(exact);
}

static void give(struct sweep *s, const uint8_t *data, size_t len)
{
	if (s->m > GATHERING)
		hostile_inject_on(&s->h, s->path.flow, &s->path.local, &s->path.remote, data, len);
	else
		give_unasked(s, data, len);
}

static void mark(struct sweep *s)
{
	if (s->m > GATHERING)
		hostile_mark(&s->h);
	else
		state_take(&s->h.before, s->h.pc);
	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		s->h.drops[r] = taut_pc_drop_count(s->h.pc, r);
	s->to_drop = 0;
	s->held = s->h.pc->held_count;
}

/* What stands in the clear may be the peer's as well as anybody's, and OpenSSL may end the handshake for it (row B02): with
 * a reason, and nothing is left of it. */
static void judge_end(struct sweep *s)
{
	const struct taut_pc *pc = s->h.pc;

	assert_true(s->kind->shakes);
	assert_int_equal(pc->dtls_state, TAUT_STATE_FAILED);
	assert_int_equal(taut_pc_connection_state(pc), TAUT_STATE_FAILED);
	assert_int_equal(pc->dtls->end_reason, TAUT_REASON_DTLS_HANDSHAKE);
	assert_true(pc->dtls->end_text[0] != '\0');
	assert_null(pc->srtp);
	assert_false(pc->sctp_started);
	s->ends++;
	s->over = OVER;
}

/* It moves nothing any more. */
static void give_to_what_has_ended(struct sweep *s, const uint8_t *data, size_t len)
{
	mark(s);
	give(s, data, len);
	hostile_assert_unchanged(&s->h);
	assert_int_equal(hostile_dropped_in_all(&s->h), 1);
	if (--s->over == 0)
		begin_anew(s);
	mark(s);
}

static void inject(struct sweep *s, const uint8_t *data, size_t len)
{
	if (s->over > 0) {
		give_to_what_has_ended(s, data, len);
		return;
	}
	s->to_drop += drops_of(s, data, len);
	give(s, data, len);
	if (s->m == SHAKING && s->h.pc->dtls_state != TAUT_STATE_CONNECTING)
		judge_end(s);
}

/* ---- one kind ---- */

static void begin_kind(struct sweep *s, const struct sample *k)
{
	if (s->over > 0)
		begin_anew(s);
	s->kind = k;
	assert_moment(&s->h, s->m);
	mark(s);
}

/* Of one kind, since it has begun: nothing has changed, nothing was sent, and each was dropped and counted. */
static void judge(struct sweep *s)
{
	const char *name = s->kind->name;
	struct state after;

	if (s->over == 0)
		assert_moment(&s->h, s->m);
	state_take(&after, s->h.pc);
	/* Media before its keys is held up to its ceiling, and little else. */
	assert_true(after.part[STATE_MEMORY] <
		    s->h.before.part[STATE_MEMORY] + PC_MAX_HELD * sizeof(struct pc_held) + 65536);
	if (s->m == SHAKING && s->kind->shakes)
		return;
	const size_t held = s->h.pc->held_count - s->held;
	if (held > 0) { /* an octet at its edge makes media of any packet */
		assert_int_equal(s->m, SHAKING);
		after.part[STATE_PEER] = s->h.before.part[STATE_PEER];
		after.part[STATE_MEMORY] = s->h.before.part[STATE_MEMORY];
	}
	const char *part = state_differs(&s->h.before, &after);
	if (part)
		fail_msg("in moment %d, %s changed the state of %s", s->m, name, part);
	if (hostile_dropped_in_all(&s->h) + held != s->to_drop)
		fail_msg("in moment %d, of %s %u were dropped, not %u", s->m, name,
			 hostile_dropped_in_all(&s->h), s->to_drop - (unsigned)held);
	assert_int_equal(s->h.replies, 0);
}

/* ---- the end ---- */

/* What is closed says so, and keeps nothing: the end looks at the memory. */
static void stays_closed(struct hostile *h)
{
	const taut_time now = h->pair.sim.now;
	const struct taut_data_channel_init late = { .size = sizeof late, .label = "late" };
	taut_channel channel;

	assert_int_equal(taut_pc_connection_state(h->pc), TAUT_STATE_CLOSED);
	assert_int_equal(taut_pc_restart_ice(h->pc, now), TAUT_E_STATE);
	assert_int_equal(taut_pc_create_data_channel(h->pc, now, &late, &channel), TAUT_E_STATE);
	assert_true(taut_pc_send_message(h->pc, now, h->seen[h->good].channel, 0, "ping", 4) < 0);
}

/* The offer was made by hand: the rest as the pair would have done it. */
static void go_on_from_gathering(struct hostile *h)
{
	const taut_time now = h->pair.sim.now;
	uint32_t type;
	const char *text = taut_pc_local_description(h->pc, &type);

	assert_non_null(text);
	assert_int_equal(taut_pc_set_remote_description(h->evil, now, type, text, strlen(text)),
			 TAUT_OK);
	assert_int_equal(taut_pc_set_local_description(h->evil, now, 0, NULL, 0), TAUT_OK);
	text = taut_pc_local_description(h->evil, &type);
	assert_non_null(text);
	assert_int_equal(taut_pc_set_remote_description(h->pc, now, type, text, strlen(text)),
			 TAUT_OK);
}

static void finish(struct sweep *s)
{
	s->h.pair.cut = false;
	if (s->m == SHAKING) {
		assert_true(s->ends > 0);
		hostile_assert_settled(&s->h);
	} else if (s->m == CLOSED) {
		stays_closed(&s->h);
	} else {
		if (s->m == GATHERING)
			go_on_from_gathering(&s->h);
		if (s->m == FAILED)
			assert_int_equal(taut_pc_restart_ice(s->h.pc, s->h.pair.sim.now), TAUT_OK);
		hostile_run(&s->h, 45 * SECOND);
		hostile_assert_ping(&s->h);
	}
	hostile_end(&s->h);
}

static void every_length_in_every_state_changes_nothing(void **state)
{
	static struct sweep s;

	(void)state;
	for (enum moment m = NEW; m < MOMENTS; m++) {
		begin(&s, m, (int)m % 2);
		for (size_t k = 0; k < sample_count; k++) {
			begin_kind(&s, &samples[k]);
			for (size_t len = 0; len <= SAMPLE_MOST; len++)
				inject(&s, samples[k].data, len);
			judge(&s);
		}
		finish(&s);
	}
}

static void every_field_at_its_edges_in_every_state_changes_nothing(void **state)
{
	static struct sweep s;
	uint8_t copy[SAMPLE_MOST];

	(void)state;
	for (enum moment m = NEW; m < MOMENTS; m++) {
		begin(&s, m, (int)(m + 1) % 2);
		for (size_t k = 0; k < sample_count; k++) {
			const uint16_t n = tt_u16(samples[k].len);
			const uint16_t edges[] = {
				0,      1,     (uint16_t)(n - 1), n, (uint16_t)(n + 1), 0x7fff,
				0x8000, 0xffff
			};
			begin_kind(&s, &samples[k]);
			memcpy(copy, samples[k].data, n);
			for (size_t at = 0; at + 2 <= n; at++) {
				for (size_t e = 0; e < TT_COUNT(edges); e++) {
					copy[at] = (uint8_t)(edges[e] >> 8);
					copy[at + 1] = (uint8_t)edges[e];
					inject(&s, copy, n);
				}
				memcpy(copy + at, samples[k].data + at, 2);
			}
			judge(&s);
		}
		finish(&s);
	}
}

static void every_octet_at_its_edges_in_every_state_changes_nothing(void **state)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	static struct sweep s;
	uint8_t copy[SAMPLE_MOST];

	(void)state;
	for (enum moment m = NEW; m < MOMENTS; m++) {
		begin(&s, m, (int)(m + 2) % 2);
		for (size_t k = 0; k < sample_count; k++) {
			begin_kind(&s, &samples[k]);
			memcpy(copy, samples[k].data, samples[k].len);
			for (size_t at = 0; at < samples[k].len; at++) {
				for (size_t e = 0; e < TT_COUNT(edges); e++) {
					copy[at] = edges[e];
					inject(&s, copy, samples[k].len);
				}
				copy[at] = samples[k].data[at];
			}
			judge(&s);
		}
		finish(&s);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_in_every_state_changes_nothing),
		cmocka_unit_test(every_field_at_its_edges_in_every_state_changes_nothing),
		cmocka_unit_test(every_octet_at_its_edges_in_every_state_changes_nothing),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/sweep", tests, NULL, NULL);
}
