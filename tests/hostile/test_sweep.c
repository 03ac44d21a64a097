/* test_sweep.c - each kind of packet at every length and with every 16-bit field at its edges, in
 * every state of a connection; and every bit of protected packets flipped. All through
 * taut_pc_recv, in heap buffers of exactly their size. */
#include "hostile/craft.h"
#include "ice/ice_agent.h"

enum { SAMPLE = 1500, KINDS = 11 };

struct sample {
	const char *name;
	uint8_t data[SAMPLE]; /* zeros behind len, for what is longer */
	size_t len;
};

enum moment { NEW, CHECKING, SHAKING, CONNECTED, CLOSED, MOMENTS };

/* Headers that pass the first look of each layer; nothing in them is secret. */
static void make_samples(struct hostile *h, struct sample all[KINDS])
{
	static const uint8_t first[] = { 0x40, 0x13, 0xff };
	struct wr w;
	size_t n = 0;

	memset(all, 0, KINDS * sizeof *all);
	w = wr_make(all[n].data, SAMPLE);
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, (const uint8_t *)"0123456789ab");
	tt_stun_put(&w, TT_STUN_USERNAME, "abcd:efgh", 9);
	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 77);
	tt_stun_put_u64(&w, TT_STUN_ICE_CONTROLLED, 5);
	craft_sign_request(h, &w);
	all[n].name = "STUN request";
	all[n++].len = tt_stun_finish(&w);
	w = wr_make(all[n].data, SAMPLE);
	tt_stun_begin(&w, TT_STUN_ERROR, TT_STUN_BINDING, (const uint8_t *)"0123456789ab");
	tt_stun_put_error(&w, 487, "Role Conflict");
	tt_stun_put_unknown(&w, (const uint16_t[]){ 5, 6, 7 }, 3);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &(struct taut_addr){ .family = 6 });
	craft_sign_answer(h, &w);
	all[n].name = "STUN answer";
	all[n++].len = tt_stun_finish(&w);
	all[n].name = "ClientHello";
	all[n].len = craft_hello(all[n].data);
	n++;
	all[n].name = "fragment";
	all[n].len = craft_fragment(all[n].data, 11, 3000, 1, 0, 100, all[0].data, 100);
	n++;
	all[n].name = "DTLS data";
	all[n].len = craft_record(all[n].data, DTLS_DATA, 1, 9, all[0].data, 100);
	n++;
	w = craft_rtp(all[n].data, SAMPLE, 96, 7, 9, 0x1234);
	all[n].data[0] |= 0x31; /* padding, an extension and a source */
	wr_bytes(&w, "\0\0\0\1\xbe\xde\0\1\x10\0\0\0payload...........\1", 29);
	all[n].name = "SRTP";
	all[n++].len = w.off;
	w = wr_make(all[n].data, SAMPLE);
	tt_rtcp_write_rr(&w, 5, &(struct tt_rtcp_block){ .ssrc = 6 }, 1);
	wr_zeros(&w, 20);
	all[n].name = "SRTCP";
	all[n++].len = w.off;
	for (size_t i = 0; i < sizeof first; i++) {
		all[n].name = "odd first octet";
		all[n].data[0] = first[i];
		all[n++].len = 40;
	}
	all[n].name = "zeros";
	all[n++].len = 40;
	assert_int_equal(n, KINDS);
}

static void reach(struct hostile *h, enum moment m)
{
	hostile_init(h, 700 + (uint64_t)m, m == SHAKING, false);
	hostile_run(h, 1000);
	if (m == CHECKING) {
		while (!h->pc->remote.sdp)
			hostile_run(h, 1000);
		h->pair.cut = true;
	} else if (m == SHAKING) {
		hostile_until_dtls(h, TAUT_STATE_CONNECTING);
	} else if (m >= CONNECTED) {
		hostile_run(h, 3 * SECOND);
	}
}

static struct tt_ice_path path_of(struct hostile *h)
{
	const struct pair_flow *f = &h->pair.peers[h->good].flows[0];
	struct tt_ice_path path = { .flow = f->flow, .local = f->addr, .remote = hostile_stranger(0) };

	tt_ice_selected(h->pc->ice, h->pair.sim.now, &path);
	return path;
}

/* In a call none of these means anything; before one some may be kept for a while. */
static void judge(struct hostile *h, enum moment m, const char *kind)
{
	const struct state before = h->before;
	struct state after;

	state_take(&after, h->pc);
	const char *part = state_differs(&before, &after);
	if (m != SHAKING && part)
		fail_msg("in moment %d, %s changed the state of %s", m, kind, part);
	/* Media before its keys is held up to its ceiling, and little else. */
	assert_true(after.part[STATE_MEMORY] <
		    before.part[STATE_MEMORY] + PC_MAX_HELD * sizeof(struct pc_held) + 65536);
	if (m != SHAKING)
		assert_int_equal(h->replies, 0);
}

static void finish(struct hostile *h, enum moment m)
{
	h->pair.cut = false;
	if (m != CLOSED) {
		hostile_run(h, 45 * SECOND);
		if (m != SHAKING) /* forged records may end a handshake; see row B02 */
			hostile_assert_ping(h);
	}
	hostile_end(h);
}

static void every_length_in_every_state_changes_nothing(void **state)
{
	static struct sample all[KINDS];

	(void)state;
	for (enum moment m = NEW; m < MOMENTS; m++) {
		struct hostile h;
		reach(&h, m);
		make_samples(&h, all);
		const struct tt_ice_path path = path_of(&h);
		if (m == CLOSED)
			taut_pc_close(h.pc, h.pair.sim.now);
		for (size_t k = 0; k < KINDS; k++) {
			hostile_mark(&h);
			for (size_t len = 0; len <= SAMPLE; len++)
				hostile_inject_on(&h, path.flow, &path.local, &path.remote, all[k].data,
						  len);
			judge(&h, m, all[k].name);
		}
		finish(&h, m);
	}
}

static void every_field_at_its_edges_in_every_state_changes_nothing(void **state)
{
	static struct sample all[KINDS];
	uint8_t copy[SAMPLE];

	(void)state;
	for (enum moment m = NEW; m < MOMENTS; m++) {
		struct hostile h;
		reach(&h, m);
		make_samples(&h, all);
		const struct tt_ice_path path = path_of(&h);
		if (m == CLOSED)
			taut_pc_close(h.pc, h.pair.sim.now);
		for (size_t k = 0; k < KINDS; k++) {
			const uint16_t n = tt_u16(all[k].len);
			const uint16_t edges[] = { 0, 1, (uint16_t)(n - 1), n, (uint16_t)(n + 1),
						   0x7fff, 0x8000, 0xffff };
			hostile_mark(&h);
			for (size_t at = 0; at + 2 <= tt_min(all[k].len, 80); at++)
				for (size_t e = 0; e < TT_COUNT(edges); e++) {
					memcpy(copy, all[k].data, all[k].len);
					copy[at] = (uint8_t)(edges[e] >> 8);
					copy[at + 1] = (uint8_t)edges[e];
					hostile_inject_on(&h, path.flow, &path.local, &path.remote,
							  copy, all[k].len);
				}
			judge(&h, m, all[k].name);
		}
		finish(&h, m);
	}
}

/* With the right keys every length comes through to the layer inside. */
static void every_length_inside_srtp_is_survived(void **state)
{
	static const uint8_t seconds[] = { 200, 201, 202, 203, 204, 205, 206, 207, 192 };
	uint8_t buf[SAMPLE + 64];
	struct hostile h;
	uint16_t seq = 1;

	(void)state;
	hostile_begin(&h, 710, 0);
	hostile_run(&h, SECOND / 2);
	const uint8_t video = craft_stream(&h, TAUT_VIDEO)->cfg.payload_type;
	const uint8_t audio = craft_stream(&h, TAUT_AUDIO)->cfg.payload_type;
	for (size_t len = 12; len + TT_SRTP_RTCP_TAIL <= SAMPLE; len++) {
		for (int kind = 0; kind < 2; kind++) {
			seq++;
			craft_rtp(buf, sizeof buf, kind ? video : audio, seq, seq * 11u,
				  0xabc + (uint32_t)kind);
			for (size_t i = 12; i < len; i++)
				buf[i] = (uint8_t)sim_random(&h.pair.sim);
			craft_send_rtp(&h, buf, len);
		}
		buf[0] = (uint8_t)(0x80 | (len & 0x3f));
		buf[1] = seconds[len % TT_COUNT(seconds)];
		buf[2] = (uint8_t)((len / 4 - 1) >> 8);
		buf[3] = (uint8_t)(len / 4 - 1);
		memset(buf + 4, 0, 4); /* a source that is nobody's */
		craft_send_rtcp(&h, buf, len);
	}
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void every_length_inside_dtls_is_survived(void **state)
{
	static const uint8_t types[] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 14, 130, 192, 63, 255 };
	uint8_t buf[SAMPLE];
	struct hostile h;

	(void)state;
	hostile_begin_data(&h, 711, 0);
	for (size_t len = 1; len <= 1400; len++) {
		struct wr w = craft_sctp(&h, buf, sizeof buf);
		const uint8_t type = types[len % TT_COUNT(types)];
		if (len < 16) { /* not even a header and a chunk */
			craft_send_data(&h, buf, len);
			continue;
		}
		wr_u8(&w, type);
		wr_u8(&w, type == 0 ? 3 : 0);
		wr_u16(&w, tt_u16(len - 12));
		wr_zeros(&w, len - 16);
		if (type == 0 && len == 28)
			continue; /* DATA without user data ends it, as row D13 says */
		craft_send_sctp(&h, &w);
		craft_send_data(&h, buf, len - 1);
	}
	hostile_run(&h, SECOND);
	assert_int_equal(craft_victim(&h)->state, SCTP_ESTABLISHED);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* ---- every bit ---- */

static void flip_all(struct hostile *h, uint8_t *packet, size_t len)
{
	hostile_mark(h);
	for (size_t bit = 0; bit < 8 * len; bit++) {
		packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
		hostile_inject(h, NULL, packet, len);
		packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	hostile_assert_unchanged(h);
}

static void a_flipped_bit_of_a_check_changes_nothing(void **state)
{
	uint8_t buf[SAMPLE];

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_begin(&h, 720, good);
		struct wr w = craft_check(&h, buf, sizeof buf);
		tt_stun_put(&w, TT_STUN_USE_CANDIDATE, "", 0);
		craft_sign_request(&h, &w);
		const size_t len = tt_stun_finish(&w);
		flip_all(&h, buf, len);
		const uint64_t before = h.pc->ice->counters.checks_received;
		hostile_inject(&h, NULL, buf, len);
		assert_int_equal(h.pc->ice->counters.checks_received, before + 1);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void a_flipped_bit_of_an_answer_changes_nothing(void **state)
{
	uint8_t buf[SAMPLE], tid[TT_STUN_TID_LEN];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 721, 0);
	craft_open_transaction(&h, tid);
	struct wr w = craft_answer(&h, buf, sizeof buf, tid);
	craft_sign_answer(&h, &w);
	const size_t len = tt_stun_finish(&w);
	flip_all(&h, buf, len);
	const uint64_t before = h.pc->ice->counters.responses_received;
	hostile_inject(&h, NULL, buf, len);
	assert_int_equal(h.pc->ice->counters.responses_received, before + 1);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void a_flipped_bit_of_a_message_changes_nothing(void **state)
{
	uint8_t clear[SAMPLE], buf[SAMPLE];
	struct hostile h;

	(void)state;
	for (int good = 0; good < 2; good++) {
		hostile_begin(&h, 722, good);
		struct wr w = craft_sctp(&h, clear, sizeof clear);
		const uint16_t stream = 1; /* the channel of the call */
		const struct sctp_data d = { .tsn = { craft_take_tsn(&h) }, .stream = stream,
					     .ssn = { craft_take_ssn(&h, stream) }, .ppid = 51,
					     .begin = true, .end = true,
					     .data = (const uint8_t *)"whole", .len = 5 };
		tt_sctp_write_data(&w, &d);
		const size_t sealed = tt_sctp_seal(&w);
		const size_t len = tt_dtls_protect(h.evil->dtls, h.pair.sim.now, clear, sealed, buf,
						   sizeof buf);
		flip_all(&h, buf, len);
		const unsigned before = h.seen[good].messages;
		hostile_inject(&h, NULL, buf, len);
		assert_int_equal(h.seen[good].messages, before + 1);
		hostile_inject(&h, NULL, buf, len); /* a replay is none */
		assert_int_equal(h.seen[good].messages, before + 1);
		hostile_run(&h, SECOND);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_in_every_state_changes_nothing),
		cmocka_unit_test(every_field_at_its_edges_in_every_state_changes_nothing),
		cmocka_unit_test(every_length_inside_srtp_is_survived),
		cmocka_unit_test(every_length_inside_dtls_is_survived),
		cmocka_unit_test(a_flipped_bit_of_a_check_changes_nothing),
		cmocka_unit_test(a_flipped_bit_of_an_answer_changes_nothing),
		cmocka_unit_test(a_flipped_bit_of_a_message_changes_nothing),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/sweep", tests, NULL, NULL);
}
