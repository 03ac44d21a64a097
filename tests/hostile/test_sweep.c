/* test_sweep.c - each kind of packet at every length from 0 to 1,500, with every 16-bit field at its
 * edges and every octet at some, in every state of a connection.
 *
 * All through taut_pc_recv, in heap buffers of exactly their size. Nothing here has the right keys:
 * each packet is dropped and counted, and no state changes. What has them is in
 * test_sweep_inside.c. */
#include <stdlib.h>

#include "hostile/craft.h"
#include "ice/ice_agent.h"

enum { SAMPLE = 1500, MOST_KINDS = 48 };

struct sample {
	const char *name;
	uint8_t data[SAMPLE]; /* zeros behind len, for what is longer */
	size_t len;
	bool silent; /* taken without a word: an indication */
	bool shakes; /* in the clear and of DTLS: while that shakes hands OpenSSL may be shown it */
};

/* The state of a connection before the packets come. */
enum moment { NEW, GATHERING, CHECKING, SHAKING, CONNECTED, DISCONNECTED, FAILED, CLOSED, MOMENTS };

static struct sample all[MOST_KINDS];
static size_t kinds;

static struct sample *add(const char *name, size_t len)
{
	struct sample *s = &all[kinds++];

	assert_true(kinds <= MOST_KINDS);
	memset(s, 0, sizeof *s);
	s->name = name;
	s->len = len;
	return s;
}

static void add_stun(struct hostile *h)
{
	static const struct {
		const char *name;
		enum tt_stun_class cls;
		uint16_t method;
	} these[] = {
		{ "Binding request", TT_STUN_REQUEST, TT_STUN_BINDING },
		{ "Binding answer", TT_STUN_SUCCESS, TT_STUN_BINDING },
		{ "Binding error", TT_STUN_ERROR, TT_STUN_BINDING },
		{ "Binding indication", TT_STUN_INDICATION, TT_STUN_BINDING },
		{ "Allocate request", TT_STUN_REQUEST, 3 },
		{ "Refresh answer", TT_STUN_SUCCESS, 4 },
		{ "Send indication", TT_STUN_INDICATION, 6 },
		{ "Data indication", TT_STUN_INDICATION, 7 },
		{ "CreatePermission error", TT_STUN_ERROR, 8 },
		{ "ChannelBind answer", TT_STUN_SUCCESS, 9 },
	};

	for (size_t i = 0; i < TT_COUNT(these); i++) {
		struct sample *s = add(these[i].name, 0);
		struct wr w = wr_make(s->data, SAMPLE);
		tt_stun_begin(&w, these[i].cls, these[i].method, (const uint8_t *)"0123456789ab");
		tt_stun_put(&w, TT_STUN_USERNAME, "abcd:efgh", 9);
		tt_stun_put_u32(&w, TT_STUN_PRIORITY, 77);
		tt_stun_put_u64(&w, TT_STUN_ICE_CONTROLLED, 5);
		tt_stun_put_error(&w, 487, "Role Conflict");
		tt_stun_put_unknown(&w, (const uint16_t[]){ 5, 6, 7 }, 3);
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS,
				 &(struct taut_addr){ .family = 6 });
		if (these[i].cls == TT_STUN_REQUEST)
			craft_sign_request(h, &w);
		else
			craft_sign_answer(h, &w);
		s->len = tt_stun_finish(&w);
		s->silent = these[i].cls == TT_STUN_INDICATION;
	}
}

static void add_dtls(void)
{
	static const uint8_t types[] = { DTLS_CCS, DTLS_ALERT, DTLS_DATA, 24, 25, 63 };
	static const uint8_t body[100] = { 2, 40 };
	struct sample *s = add("ClientHello", 0);

	s->shakes = true;
	s->len = craft_hello(s->data);
	s = add("handshake fragment", 0);
	s->shakes = true;
	s->len = craft_fragment(s->data, 11, 3000, 1, 0, sizeof body, body, sizeof body);
	for (size_t i = 0; i < TT_COUNT(types); i++) {
		s = add("DTLS record", 0);
		s->shakes = true;
		s->len = craft_record(s->data, types[i], types[i] == DTLS_DATA, 9, body,
				      types[i] == DTLS_ALERT ? 2 : sizeof body);
	}
}

static void add_media(void)
{
	struct sample *s = add("SRTP", 0);
	struct wr w = craft_rtp(s->data, SAMPLE, 96, 7, 9, 0x1234);

	wr_bytes(&w, "payload...........", 18);
	s->len = w.off;
	s = add("SRTP with an extension", 0);
	w = craft_rtp(s->data, SAMPLE, 96, 7, 9, 0x1234);
	s->data[0] |= 0x31; /* padding, an extension and a source */
	wr_bytes(&w, "\0\0\0\1\xbe\xde\0\1\x10\0\0\0payload...........\1", 29);
	s->len = w.off;
	s = add("SRTP with the two-byte extension", 0);
	w = craft_rtp(s->data, SAMPLE, 96, 7, 9, 0x1234);
	s->data[0] |= 0x10;
	wr_bytes(&w, "\x10\0\0\2\1\2ab\2\0\0\0payload...........", 30);
	s->len = w.off;
	for (unsigned type = 200; type <= 208; type++) {
		s = add("SRTCP", 0);
		w = wr_make(s->data, SAMPLE);
		wr_u8(&w, type == 206 ? 0x8f : 0x81);
		wr_u8(&w, type == 208 ? 192 : (uint8_t)type);
		wr_u16(&w, 12);
		for (uint8_t i = 0; i < 48 + 14; i++) /* its body, the index and a tag */
			wr_u8(&w, i);
		s->len = w.off;
	}
}

static void add_others(void)
{
	static const uint8_t first[] = { 0, 4, 0x13, 0x40, 0x4f, 0x7f, 0xc0, 0xff };

	for (size_t i = 0; i < TT_COUNT(first); i++)
		add("odd first octet", 40)->data[0] = first[i];
}

static void make_samples(struct hostile *h)
{
	kinds = 0;
	add_stun(h);
	add_dtls();
	add_media();
	add_others();
}

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

static void reach(struct hostile *h, enum moment m)
{
	hostile_init(h, 700 + (uint64_t)m, m == SHAKING, false);
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
	if (m == DISCONNECTED || m == FAILED)
		assert_int_equal(taut_pc_connection_state(h->pc),
				 m == FAILED ? TAUT_STATE_FAILED : TAUT_STATE_DISCONNECTED);
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

struct sweep {
	struct hostile h;
	enum moment m;
	struct tt_ice_path path;
	unsigned sent;
};

static void begin(struct sweep *s, enum moment m)
{
	*s = (struct sweep){ .m = m };
	reach(&s->h, m);
	make_samples(&s->h);
	s->path = path_of(&s->h);
	if (m == CLOSED)
		taut_pc_close(s->h.pc, s->h.pair.sim.now);
}

/* A connection that gathers must not be asked what it wants: it would go on. */
static void inject(struct sweep *s, const uint8_t *data, size_t len)
{
	s->sent++;
	if (s->m > GATHERING) {
		hostile_inject_on(&s->h, s->path.flow, &s->path.local, &s->path.remote, data, len);
		return;
	}
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

static void mark(struct sweep *s)
{
	if (s->m > GATHERING)
		hostile_mark(&s->h);
	else
		state_take(&s->h.before, s->h.pc);
	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		s->h.drops[r] = taut_pc_drop_count(s->h.pc, r);
	s->sent = 0;
}

static unsigned dropped(const struct sweep *s)
{
	unsigned n = 0;

	for (uint32_t r = 1; taut_drop_info(r); r++)
		if (taut_drop_info(r)->what == TAUT_DROP_IN)
			n += hostile_dropped(&s->h, r);
	return n;
}

/* While DTLS shakes hands a record in the clear, or one that is too early, may be the peer's as well as anybody's, and goes to
 * OpenSSL: what may come of it is judged at the end (row B02). Media before its keys is held, which is of PEER and
 * MEMORY, and an octet at its edge can make media of any packet. All else is as in other moments. */
static void judge(struct sweep *s, const struct sample *k)
{
	struct state after;

	state_take(&after, s->h.pc);
	const char *part = state_differs(&s->h.before, &after);
	/* Media before its keys is held up to its ceiling, and little else. */
	assert_true(after.part[STATE_MEMORY] <
		    s->h.before.part[STATE_MEMORY] + PC_MAX_HELD * sizeof(struct pc_held) + 65536);
	if (s->m == SHAKING) {
		if (k->shakes)
			return;
		after.part[STATE_PEER] = s->h.before.part[STATE_PEER];
		after.part[STATE_MEMORY] = s->h.before.part[STATE_MEMORY];
		part = state_differs(&s->h.before, &after);
		if (part)
			fail_msg("while DTLS shakes hands, %s changed the state of %s", k->name, part);
		assert_int_equal(s->h.replies, 0);
		return;
	}
	if (part)
		fail_msg("in moment %d, %s changed the state of %s", s->m, k->name, part);
	if (dropped(s) < s->sent && !k->silent)
		fail_msg("in moment %d, of %u times %s %u were dropped", s->m, s->sent, k->name,
			 dropped(s));
	assert_int_equal(s->h.replies, 0);
}

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
	if (s->m == SHAKING) { /* forged records may end a handshake, but with a reason */
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
		begin(&s, m);
		for (size_t k = 0; k < kinds; k++) {
			mark(&s);
			for (size_t len = 0; len <= SAMPLE; len++)
				inject(&s, all[k].data, len);
			judge(&s, &all[k]);
		}
		finish(&s);
	}
}

static void every_field_at_its_edges_in_every_state_changes_nothing(void **state)
{
	static struct sweep s;
	uint8_t copy[SAMPLE];

	(void)state;
	for (enum moment m = NEW; m < MOMENTS; m++) {
		begin(&s, m);
		for (size_t k = 0; k < kinds; k++) {
			const uint16_t n = tt_u16(all[k].len);
			const uint16_t edges[] = {
				0,      1,     (uint16_t)(n - 1), n, (uint16_t)(n + 1), 0x7fff,
				0x8000, 0xffff
			};
			mark(&s);
			memcpy(copy, all[k].data, n);
			for (size_t at = 0; at + 2 <= n; at++) {
				for (size_t e = 0; e < TT_COUNT(edges); e++) {
					copy[at] = (uint8_t)(edges[e] >> 8);
					copy[at + 1] = (uint8_t)edges[e];
					inject(&s, copy, n);
				}
				memcpy(copy + at, all[k].data + at, 2);
			}
			judge(&s, &all[k]);
		}
		finish(&s);
	}
}

static void every_octet_at_its_edges_in_every_state_changes_nothing(void **state)
{
	static const uint8_t edges[] = { 0, 1, 0x7f, 0x80, 0xff };
	static struct sweep s;
	uint8_t copy[SAMPLE];

	(void)state;
	for (enum moment m = NEW; m < MOMENTS; m++) {
		begin(&s, m);
		for (size_t k = 0; k < kinds; k++) {
			mark(&s);
			memcpy(copy, all[k].data, all[k].len);
			for (size_t at = 0; at < all[k].len; at++) {
				for (size_t e = 0; e < TT_COUNT(edges); e++) {
					copy[at] = edges[e];
					inject(&s, copy, all[k].len);
				}
				copy[at] = all[k].data[at];
			}
			judge(&s, &all[k]);
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
