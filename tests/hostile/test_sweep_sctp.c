/* test_sweep_sctp.c - with the right keys: each chunk of SCTP inside DTLS, at every length, with every 16-bit field and
 * octet at its edges: while the association is set up, when it is there, while ICE is disconnected, and after
 * taut_pc_close.
 *
 * All through taut_pc_recv. Each packet has numbers that are new and right, but for those that are swept, so that it
 * is judged by what is swept; the other end is written by hand (solo.h). Each meets the state that is meant, which is
 * asserted: where one has ended the association the next meets a new one. What a chunk may make of the state is in a
 * table, and it makes nothing of ICE, DTLS, SRTP, RTP and descriptions: at the end media and data pass. A
 * user's data and checksums are not swept. While it is shut down: tests/unit/sctp/test_sweep.c. */
#include "hostile/edges.h"
#include "hostile/solo.h"

enum { MOST = 1160, CEILING = 1024 * 1024 };

#define IN(state) (1u << (state))
#define NEVER     0u
#define THERE     (IN(SCTP_COOKIE_ECHOED) | IN(SCTP_ESTABLISHED))
#define ALWAYS    (IN(SCTP_COOKIE_WAIT) | THERE)
#define ENDS      IN(SCTP_DEAD)
#define SHUTS     (IN(SCTP_SHUTDOWN_RECEIVED) | IN(SCTP_SHUTDOWN_ACK_SENT))

/* Each kind, with the peer whose association it is a part of; what becomes of one that is right when the association
 * is there; and in which states it may make which others, whatever it says. */
static const struct kind {
	uint8_t type;
	bool interleaved;
	uint32_t why; /* TAUT_DROP_ or TT_TAKEN */
	uint32_t in, then;
} kinds[] = {
	{ SCTP_DATA, false, TT_TAKEN, THERE, ENDS },
	{ SCTP_INIT, true, TT_TAKEN, NEVER, 0 },
	{ SCTP_INIT_ACK, true, TAUT_DROP_SCTP_CHUNK_STATE, IN(SCTP_COOKIE_WAIT),
	  ENDS | IN(SCTP_COOKIE_ECHOED) },
	{ SCTP_SACK, true, TT_TAKEN, IN(SCTP_ESTABLISHED), ENDS },
	{ SCTP_HEARTBEAT, false, TT_TAKEN, NEVER, 0 },
	{ SCTP_HEARTBEAT_ACK, true, TAUT_DROP_SCTP_HEARTBEAT_NOT_OURS, NEVER, 0 },
	{ SCTP_ABORT, true, TT_TAKEN, ALWAYS, ENDS },
	{ SCTP_SHUTDOWN, true, TT_TAKEN, IN(SCTP_ESTABLISHED), SHUTS },
	{ SCTP_SHUTDOWN_ACK, true, TAUT_DROP_SCTP_SHUTDOWN_ACK_ALONE, NEVER, 0 },
	{ SCTP_ERROR, true, TT_TAKEN, IN(SCTP_COOKIE_ECHOED), IN(SCTP_COOKIE_WAIT) },
	{ SCTP_COOKIE_ECHO, true, TAUT_DROP_SCTP_COOKIE_NOT_OURS, NEVER, 0 },
	{ SCTP_COOKIE_ACK, true, TT_TAKEN, IN(SCTP_COOKIE_ECHOED), IN(SCTP_ESTABLISHED) },
	{ SCTP_SHUTDOWN_COMPLETE, true, TAUT_DROP_SCTP_CHUNK_STATE, NEVER, 0 },
	{ 63, true, TAUT_DROP_SCTP_CHUNK_UNKNOWN, NEVER, 0 },
	{ SCTP_I_DATA, true, TT_TAKEN, THERE, ENDS },
	{ 128, true, TAUT_DROP_SCTP_CHUNK_UNKNOWN, NEVER, 0 },
	{ SCTP_RE_CONFIG, true, TT_TAKEN, NEVER, 0 },
	{ SCTP_PAD, false, TT_TAKEN, NEVER, 0 },
	{ SCTP_FORWARD_TSN, false, TT_TAKEN, THERE, ENDS },
	{ 193, true, TAUT_DROP_SCTP_CHUNK_UNKNOWN, NEVER, 0 },
	{ SCTP_I_FORWARD_TSN, true, TT_TAKEN, THERE, ENDS },
	{ 255, true, TAUT_DROP_SCTP_CHUNK_UNKNOWN, NEVER, 0 },
};

static const struct kind *kind_of(uint8_t type)
{
	for (size_t i = 0; i < TT_COUNT(kinds); i++)
		if (kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

struct sweep {
	struct hostile h;
	uint32_t connection; /* what it is throughout: TAUT_STATE_ */
	enum sctp_state state;
	bool interleaved;
	size_t memory;
};

/* ---- one packet ---- */

/* With messages of the good one that are out, for what acknowledges. */
static void begin_anew(struct sweep *s)
{
	struct hostile *h = &s->h;

	solo_begin(h, s->state, s->interleaved);
	for (int i = 0; i < 4 && s->state == SCTP_ESTABLISHED; i++)
		assert_int_equal(taut_pc_send_message(h->pc, h->pair.sim.now,
						      h->seen[h->good].channel, 0, "out", 3),
				 TAUT_OK);
	while (pair_pump(&h->pair, h->good))
		;
	s->memory = h->pc->env->memory;
}

static void give(struct sweep *s, uint8_t *packet, size_t len)
{
	struct wr w = wr_make(packet, len);

	w.off = len;
	craft_send_sctp(&s->h, &w);
}

/* By a path that the good one has no more. */
static void give_on(struct sweep *s, const struct tt_ice_path *path, const uint8_t *packet,
		    size_t len)
{
	uint8_t buf[PACKET];
	const size_t n =
		tt_dtls_protect(s->h.evil->dtls, s->h.pair.sim.now, packet, len, buf, sizeof buf);

	assert_true(n > 0);
	hostile_inject_on(&s->h, path->flow, &path->local, &path->remote, buf, n);
}

static void assert_ended_with_a_reason(const struct hostile *h)
{
	assert_int_equal(taut_pc_sctp_state(h->pc), TAUT_STATE_CLOSED);
	assert_in_range(h->seen[h->good].sctp.reason, TAUT_REASON_NONE + 1, UINT32_MAX);
}

/* It meets the state that is meant, by the way that is meant, and what it makes of it is what its kind may. */
static void try_packet(struct sweep *s, uint8_t *packet, size_t len)
{
	const struct tt_sctp *v = craft_victim(&s->h);
	const struct kind *k = kind_of(len > 12 ? packet[12] : 255);
	const uint64_t came = v->counters.packets_received;
	const uint32_t cum = v->tracker.cum.v;

	assert_int_equal(v->state, s->state);
	give(s, packet, len);
	assert_int_equal(v->counters.packets_received, came + 1);
	assert_in_range(s->h.pc->env->memory, 1, s->memory + CEILING);
	if (v->state == s->state) {
		assert_in_range(v->tracker.cum.v - cum, 0, SCTP_MAX_SKIP);
		return;
	}
	if (!k || !(k->in & IN(s->state)) || !(k->then & IN(v->state)))
		fail_msg("in state %d, chunk %d of %zu octets made it %d", (int)s->state,
			 len > 12 ? packet[12] : -1, len - 12, (int)v->state);
	if (v->state == SCTP_DEAD)
		assert_ended_with_a_reason(&s->h);
	begin_anew(s);
}

/* ---- sweeps ---- */

/* So that what is swept is near to something that is right. */
static void a_right_one_is_taken(struct sweep *s, const struct kind *k)
{
	uint8_t buf[MOST];

	begin_anew(s);
	hostile_mark(&s->h);
	give(s, buf, solo_sample(&s->h, k->type, buf, MOST));
	if (k->why)
		hostile_assert_dropped(&s->h, k->why, 1);
	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		if (taut_drop_info(r)->layer == TAUT_LAYER_SCTP)
			hostile_assert_dropped(&s->h, r, 0);
}

static void sweep_lengths(struct sweep *s, uint8_t type)
{
	uint8_t buf[MOST];

	for (size_t len = 12; len <= MOST; len++) {
		solo_sample(&s->h, type, buf, MOST);
		if (len >= 16) {
			buf[14] = (uint8_t)((len - 12) >> 8);
			buf[15] = (uint8_t)(len - 12);
		}
		try_packet(s, buf, len);
	}
}

/* Those that are taken for old, or for too new, and so for nothing else. */
static uint64_t untimely(const struct hostile *h)
{
	return taut_pc_drop_count(h->pc, TAUT_DROP_SCTP_DUPLICATE) +
	       taut_pc_drop_count(h->pc, TAUT_DROP_SCTP_TSN_TOO_FAR) +
	       taut_pc_drop_count(h->pc, TAUT_DROP_SCTP_FORWARD_OLD) +
	       taut_pc_drop_count(h->pc, TAUT_DROP_SCTP_FORWARD_TOO_FAR);
}

/* The checksum is made right again, and the type has a sweep of its own. Whatever stands behind the
 * number, which is the first of a chunk's fields, meets a number that is new. */
static void sweep_fields(struct sweep *s, uint8_t type)
{
	enum { BEHIND_THE_NUMBER = 20 };
	uint8_t buf[MOST];
	size_t len = SCTP_COMMON_HEADER + SCTP_TLV_HEADER;

	for (size_t at = 0; at < len; at++)
		for (unsigned k = 0; k < EDGES; k++) {
			const uint64_t before = untimely(&s->h);
			len = solo_sample(&s->h, type, buf, MOST);
			if (!edge_set(buf, len, at, k) || buf[12] != type)
				continue;
			try_packet(s, buf, len);
			if (at >= BEHIND_THE_NUMBER)
				assert_int_equal(untimely(&s->h), before);
		}
}

/* Each that there may be, before the value of each kind. */
static void sweep_types(struct sweep *s)
{
	uint8_t buf[MOST];

	for (unsigned type = 0; type < 256; type++)
		for (size_t i = 0; i < TT_COUNT(kinds); i++) {
			const size_t len = solo_sample(&s->h, kinds[i].type, buf, MOST);
			buf[12] = (uint8_t)type;
			try_packet(s, buf, len);
		}
}

/* Neither the transports below nor the media have noticed. */
static void assert_others_unchanged(const struct state *before, const struct hostile *h)
{
	struct state after;

	state_take(&after, h->pc);
	for (int i = 0; i < STATE_PARTS; i++)
		if (i == STATE_SCTP || i == STATE_CHANNELS || i == STATE_PEER || i == STATE_MEMORY)
			after.part[i] = before->part[i];
	const char *part = state_differs(before, &after);
	if (part)
		fail_msg("the state of %s has changed", part);
}

/* Every other kind, from the first or the second. */
static void sweep_from(struct sweep *s, size_t first)
{
	struct state before;

	state_take(&before, s->h.pc);
	for (size_t i = first; i < TT_COUNT(kinds); i += 2) {
		assert_int_equal(taut_pc_connection_state(s->h.pc), s->connection);
		s->interleaved = kinds[i].interleaved;
		if (s->state == SCTP_ESTABLISHED)
			a_right_one_is_taken(s, &kinds[i]);
		begin_anew(s);
		sweep_lengths(s, kinds[i].type);
		sweep_fields(s, kinds[i].type);
	}
	assert_others_unchanged(&before, &s->h);
	assert_int_equal(taut_pc_connection_state(s->h.pc), s->connection);
}

static void goes_on(struct sweep *s)
{
	solo_end(&s->h);
	hostile_assert_alive(&s->h);
	hostile_end(&s->h);
}

static void each_chunk_is_survived_when_the_association_is_there(void **state)
{
	static struct sweep s;

	(void)state;
	for (int good = 0; good < 2; good++) {
		s = (struct sweep){ .connection = TAUT_STATE_CONNECTED, .state = SCTP_ESTABLISHED };
		hostile_begin(&s.h, 713, good);
		sweep_from(&s, (size_t)good);
		goes_on(&s);
	}
}

/* Of each kind the other side than before. */
static void each_chunk_is_survived_while_ice_is_disconnected(void **state)
{
	static struct sweep s;

	(void)state;
	for (int good = 0; good < 2; good++) {
		s = (struct sweep){ .connection = TAUT_STATE_DISCONNECTED,
				    .state = SCTP_ESTABLISHED };
		hostile_begin(&s.h, 716, good);
		s.h.pair.cut = true;
		hostile_run(&s.h, 15 * SECOND);
		sweep_from(&s, (size_t)(1 - good));
		goes_on(&s);
	}
}

static void each_chunk_is_survived_while_the_association_is_set_up(void **state)
{
	static const enum sctp_state states[] = { SCTP_COOKIE_WAIT, SCTP_COOKIE_ECHOED };
	static struct sweep s;

	(void)state;
	for (int good = 0; good < 2; good++) {
		s = (struct sweep){ .connection = TAUT_STATE_CONNECTED };
		hostile_begin(&s.h, 717, good);
		for (size_t i = 0; i < TT_COUNT(states); i++) {
			s.state = states[i];
			sweep_from(&s, i ^ (size_t)good);
		}
		goes_on(&s);
	}
}

static void each_type_of_chunk_is_survived(void **state)
{
	static struct sweep s;

	(void)state;
	for (enum sctp_state in = SCTP_COOKIE_WAIT; in <= SCTP_ESTABLISHED; in++) {
		s = (struct sweep){ .connection = TAUT_STATE_CONNECTED,
				    .state = in,
				    .interleaved = in % 2 };
		hostile_begin(&s.h, 718, (int)in % 2);
		begin_anew(&s);
		sweep_types(&s);
		goes_on(&s);
	}
}

/* Whatever it is: it is not looked at. */
static void each_chunk_is_dropped_after_close(void **state)
{
	static uint8_t chunks[TT_COUNT(kinds)][MOST];
	static struct sweep s;
	size_t len[TT_COUNT(kinds)];

	(void)state;
	s = (struct sweep){ .state = SCTP_ESTABLISHED };
	hostile_begin(&s.h, 719, 0);
	begin_anew(&s);
	for (size_t i = 0; i < TT_COUNT(kinds); i++)
		len[i] = solo_sample(&s.h, kinds[i].type, chunks[i], MOST);
	const struct tt_ice_path path = hostile_path(&s.h);
	taut_pc_close(s.h.pc, s.h.pair.sim.now);
	hostile_mark(&s.h);
	for (size_t i = 0; i < TT_COUNT(kinds); i++)
		give_on(&s, &path, chunks[i], len[i]);
	for (size_t n = 1; n <= MOST; n++)
		give_on(&s, &path, chunks[0], n);
	hostile_assert_refused(&s.h, TAUT_DROP_CLOSED, MOST + (unsigned)TT_COUNT(kinds));
	assert_int_equal(taut_pc_connection_state(s.h.pc), TAUT_STATE_CLOSED);
	hostile_end(&s.h);
}

/* Shorter than a header and a chunk. */
static void every_short_length_inside_dtls_is_refused(void **state)
{
	uint8_t buf[MOST];
	struct hostile h;

	(void)state;
	hostile_begin_data(&h, 711, 0);
	craft_sctp(&h, buf, sizeof buf);
	for (size_t len = 1; len <= 12; len++)
		craft_send_data(&h, buf, len);
	hostile_assert_refused(&h, TAUT_DROP_SCTP_TOO_SHORT, 12);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_chunk_is_survived_when_the_association_is_there),
		cmocka_unit_test(each_chunk_is_survived_while_ice_is_disconnected),
		cmocka_unit_test(each_chunk_is_survived_while_the_association_is_set_up),
		cmocka_unit_test(each_type_of_chunk_is_survived),
		cmocka_unit_test(each_chunk_is_dropped_after_close),
		cmocka_unit_test(every_short_length_inside_dtls_is_refused),
	};
	if (argc > 1) /* only those: *set_up* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/sweep_sctp", tests, NULL, NULL);
}
