/* test_sweep_media.c - with the right keys: RTP inside SRTP and each type of RTCP inside SRTCP, at every length, with
 * every octet and 16-bit field at its edges, when there is a call and while ICE is disconnected; and at every length
 * after taut_pc_close.
 *
 * All through taut_pc_recv, each packet sealed anew, under a sequence number that is new. RTP is that of streams
 * whose header extensions were agreed on, in both forms of RFC 8285; in a call its flags and payload type, each
 * octet of its extension and the length of its padding have all of their values. Each packet is taken, or refused and
 * counted, for that reason which the header alone decides (RFC 3550 section 5.1) where it does. Every now
 * and then a right one must be taken, and at the end media and data pass. */
#include "hostile/edges.h"
#include "hostile/media.h"
#include "rtp/rtp_receiver.h"

enum { SAMPLE = 1500, PADDING = 4, CEILING = 4 * 1024 * 1024 };

enum content { SOUND, PICTURE, KEY, AGAIN };

/* What is sent, and in which form of RFC 8285 its header extension is. */
static const struct kind {
	uint32_t media;
	enum content content;
	bool two_byte;
} kinds[] = {
	{ TAUT_AUDIO, SOUND, false }, { TAUT_VIDEO, PICTURE, false }, { TAUT_AUDIO, KEY, false },
	{ TAUT_VIDEO, AGAIN, false }, { TAUT_VIDEO, PICTURE, true },  { TAUT_AUDIO, SOUND, true },
};

struct sweep {
	struct hostile h;
	const struct kind *kind;
	uint32_t connection; /* what it is throughout: TAUT_STATE_ */
	uint32_t ssrc;
	uint16_t seq, lost, transport_seq; /* lost: what is sent again */
	size_t memory, header;             /* the length of the header that is right */
	unsigned sent;
};

/* ---- samples ---- */

static uint8_t payload_type(const struct sweep *s)
{
	const struct tt_rtp_sender_config *c = &craft_stream(&s->h, s->kind->media)->cfg;

	for (size_t i = 0; i < s->h.pc->rtp->receiver_count; i++) {
		const struct tt_rtp_receiver *r = s->h.pc->rtp->receivers[i];
		for (size_t k = 0; k < r->cfg.payload_count; k++) {
			const struct tt_rtp_payload *p = &r->payloads[k];
			if ((s->kind->content == KEY && p->codec == TT_RTP_CODEC_EVENT) ||
			    (s->kind->content == AGAIN && p->apt == c->payload_type))
				return p->pt;
		}
	}
	assert_true(s->kind->content <= PICTURE);
	return c->payload_type;
}

static void put_element(const struct sweep *s, struct wr *w, uint8_t id, const void *value,
			size_t len)
{
	assert_true(id > 0);
	if (s->kind->two_byte) {
		wr_u8(w, id);
		wr_u8(w, (uint8_t)len);
	} else {
		wr_u8(w, (uint8_t)((size_t)id << 4 | (len - 1)));
	}
	wr_bytes(w, value, len);
}

static void put_extension(struct sweep *s, struct wr *w)
{
	const struct tt_rtp_sender *tx = craft_stream(&s->h, s->kind->media);
	const uint16_t seq = ++s->transport_seq;

	wr_u16(w, s->kind->two_byte ? 0x1000 : 0xbede);
	wr_u16(w, 0);
	put_element(s, w, tx->cfg.ext.mid, tx->mid, strlen(tx->mid));
	put_element(s, w, tx->cfg.ext.transport_cc,
		    (uint8_t[]){ (uint8_t)(seq >> 8), (uint8_t)seq }, 2);
	if (s->kind->media == TAUT_AUDIO)
		put_element(s, w, tx->cfg.ext.audio_level, "\x8f", 1);
	while (w->off % 4)
		wr_u8(w, 0);
	w->base[15] = (uint8_t)((w->off - 16) / 4);
}

static size_t sample(struct sweep *s, uint8_t *buf)
{
	static const struct {
		const char *octets;
		size_t len;
	} contents[] = {
		[SOUND] = { "\x78 sound", 7 },
		[PICTURE] = { "\x90\xe0\x80\1\2\0\x10\0\0\x9d\x01\x2a\x40\x01\xf0\0 picture", 24 },
		[KEY] = { "\5\x8a\7\x80", 4 },
		[AGAIN] = { "\0\0\x10\0\0\0\x9d\x01\x2a\x40\x01\xf0\0 picture", 21 },
	};
	const enum content c = s->kind->content;
	const bool again = c == AGAIN;

	s->seq++;
	struct wr w =
		craft_rtp(buf, SAMPLE, payload_type(s), s->seq, s->seq * 960u, s->ssrc + again);
	buf[0] |= 0x30;
	buf[1] |= c == PICTURE ? 0x80 : 0;
	put_extension(s, &w);
	s->header = w.off;
	wr_bytes(&w, contents[c].octets, contents[c].len);
	if (again) {
		buf[s->header] = (uint8_t)(s->lost >> 8);
		buf[s->header + 1] = (uint8_t)s->lost;
	}
	wr_bytes(&w, "\0\0\0\4", PADDING);
	return w.off;
}

/* ---- one packet ---- */

/* What no receiver takes, whatever was agreed on. TT_TAKEN: it depends. */
static uint32_t fault(const uint8_t *p, size_t len)
{
	size_t header = 12 + 4u * (p[0] & 15u);

	if (p[1] >= 192 && p[1] <= 223)
		return TAUT_DROP_SRTP_AUTH; /* sealed as RTP, and RTCP to look at: RFC 5761 section 4 */
	if (p[0] & 0x10)
		header += header + 4 <= len
				  ? 4 + 4u * (uint16_t)(p[header + 2] << 8 | p[header + 3])
				  : 4;
	if (header > len)
		return TAUT_DROP_SRTP_MALFORMED;
	if (p[0] & 0x20 && (p[len - 1] == 0 || p[len - 1] > len - header))
		return TAUT_DROP_RTP_MALFORMED;
	return TT_TAKEN;
}

/* Where nothing can be sealed, what would be the tag is behind it. */
static void inject(struct sweep *s, const uint8_t *packet, size_t len, bool sealed)
{
	uint8_t buf[SAMPLE + TT_SRTP_RTP_TAIL] = { 0 };

	memcpy(buf, packet, len);
	const int n = tt_srtp_protect_rtp(s->h.srtp, s->h.pair.sim.now, buf, len, sizeof buf);
	assert_int_equal(n > 0, sealed);
	hostile_inject(&s->h, NULL, buf, sealed ? (size_t)n : len + tt_srtp_tail(s->h.srtp));
	if (++s->sent % 32 == 0)
		hostile_run(&s->h, 1000);
}

/* True: it was taken. */
static bool try_packet(struct sweep *s, const uint8_t *packet, size_t len)
{
	const struct tt_rtp_counters *c = rtp(&s->h), before = *c;
	const uint32_t why = fault(packet, len);
	const uint32_t judged = why ? why : TAUT_DROP_RTP_MALFORMED;
	const uint64_t drops = taut_pc_drop_count(s->h.pc, judged);
	const bool of_srtp = why == TAUT_DROP_SRTP_AUTH || why == TAUT_DROP_SRTP_MALFORMED;

	inject(s, packet, len, why != TAUT_DROP_SRTP_MALFORMED);
	const uint64_t taken = c->packets_received - before.packets_received;
	const uint64_t refused = c->packets_refused - before.packets_refused;
	assert_int_equal(taken + refused, of_srtp ? 0 : 1);
	assert_in_range(s->h.pc->env->memory, 1, s->memory + CEILING);
	assert_int_equal(taut_pc_drop_count(s->h.pc, judged) - drops, why ? 1 : 0);
	if (why)
		assert_int_equal(taken, 0);
	s->lost = (uint16_t)(s->lost + taken);
	return taken;
}

/* So that no sweep goes on where all is refused. */
static void a_right_one_is_taken(struct sweep *s)
{
	uint8_t buf[SAMPLE];

	assert_true(try_packet(s, buf, sample(s, buf)));
}

/* ---- sweeps of RTP ---- */

/* From here on another source sends, and what it sends comes out. */
static void begin_kind(struct sweep *s, const struct kind *kind)
{
	const struct seen *seen = &s->h.seen[s->h.good];

	s->ssrc += 2;
	fall_silent(&s->h);
	assert_int_equal(taut_pc_connection_state(s->h.pc), s->connection);
	const unsigned frames = seen->audio + seen->video;
	const uint64_t recovered = rtp(&s->h)->packets_recovered;
	if (kind->content == AGAIN) { /* what is sent again was sent before */
		s->kind = &kinds[1];
		a_right_one_is_taken(s);
		s->lost = (uint16_t)(s->seq + 1);
	}
	s->kind = kind;
	a_right_one_is_taken(s);
	hostile_run(&s->h, SECOND / 10);
	if (kind->content != KEY)
		assert_true(seen->audio + seen->video > frames);
	assert_int_equal(rtp(&s->h)->packets_recovered - recovered, kind->content == AGAIN);
	s->memory = s->h.pc->env->memory;
}

/* Each value of an octet that says how the rest is read, but that of another protocol (RFC 7983) and its own number. */
static void sweep_octets(struct sweep *s)
{
	uint8_t buf[SAMPLE];

	for (size_t at = 0; at < s->header + PADDING; at += at == 1 ? 11 : 1)
		for (unsigned v = 0; v < 256; v++) {
			const size_t len = sample(s, buf);
			const size_t behind = at < s->header ? at : len - PADDING + at - s->header;
			buf[behind] = (uint8_t)v;
			if (buf[0] >> 6 == 2)
				try_packet(s, buf, len);
			if (v % 64 == 63)
				a_right_one_is_taken(s);
		}
}

static bool is_number(size_t at, unsigned k)
{
	return at == 2 || at == 3 || (at == 1 && k >= EDGE_OCTETS);
}

static void sweep_fields(struct sweep *s)
{
	uint8_t buf[SAMPLE];
	size_t len = 16;

	for (size_t at = 0; at < len; at++) {
		for (unsigned k = 0; k < EDGES; k++) {
			len = sample(s, buf);
			if (!is_number(at, k) && edge_set(buf, len, at, k) && buf[0] >> 6 == 2)
				try_packet(s, buf, len);
		}
		a_right_one_is_taken(s);
	}
}

static uint64_t refused_by_srtp(const struct hostile *h)
{
	return taut_pc_drop_count(h->pc, TAUT_DROP_SRTP_AUTH) +
	       taut_pc_drop_count(h->pc, TAUT_DROP_SRTP_REPLAY) +
	       taut_pc_drop_count(h->pc, TAUT_DROP_SRTP_MALFORMED) +
	       taut_pc_drop_count(h->pc, TAUT_DROP_SRTP_REFUSED);
}

static uint64_t accounted(const struct hostile *h)
{
	const struct tt_rtp_counters *c = rtp(h);

	return refused_by_srtp(h) + c->packets_received + c->packets_refused + c->rtcp_received +
	       c->rtcp_refused;
}

/* The number of the second packet of a source, at its edges: to SRTP it may be one of long ago. */
static void sweep_numbers(struct sweep *s)
{
	uint8_t buf[SAMPLE + TT_SRTP_RTP_TAIL];
	unsigned sent = 0;

	for (size_t at = 1; at < 4; at++)
		for (unsigned k = 0; k < EDGES; k++) {
			if (!is_number(at, k))
				continue;
			begin_kind(s, &kinds[0]);
			const size_t len = sample(s, buf);
			edge_set(buf, len, at, k);
			const int n = tt_srtp_protect_rtp(s->h.srtp, s->h.pair.sim.now, buf, len,
							  sizeof buf);
			if (n <= 0)
				continue;
			const uint64_t before = accounted(&s->h);
			hostile_inject(&s->h, NULL, buf, (size_t)n);
			assert_int_equal(accounted(&s->h), before + 1);
			sent++;
		}
	assert_in_range(sent, 20, 34);
}

/* Whatever follows the fixed header. */
static void sweep_lengths(struct sweep *s)
{
	uint8_t buf[SAMPLE];

	for (size_t i = 0; i < 2; i++) {
		begin_kind(s, &kinds[i]);
		for (size_t len = 12; len + TT_SRTP_RTP_TAIL <= SAMPLE; len++) {
			sample(s, buf);
			for (size_t at = 12; at < len; at++)
				buf[at] = (uint8_t)sim_random(&s->h.pair.sim);
			buf[0] = len % 2 && len >= 20 ? 0x90 : 0x80;
			if (buf[0] == 0x90)
				memcpy(buf + 12, "\xbe\xde\0\1", 4);
			try_packet(s, buf, len);
		}
	}
}

/* Every other kind, from the first or the second. */
static void sweep_rtp(struct sweep *s, size_t first, bool all_values)
{
	for (size_t i = first; i < TT_COUNT(kinds); i += 2) {
		begin_kind(s, &kinds[i]);
		if (all_values)
			sweep_octets(s);
		sweep_fields(s);
	}
}

/* ---- RTCP ---- */

static void try_report(struct sweep *s, const uint8_t *packet, size_t len)
{
	const uint64_t before = accounted(&s->h);

	craft_send_rtcp(&s->h, packet, len);
	assert_int_equal(accounted(&s->h), before + 1);
	assert_in_range(s->h.pc->env->memory, 1, s->memory + CEILING);
}

static void sweep_type(struct sweep *s, uint8_t type)
{
	static const uint8_t counts[] = { 0, 1, 2, 4, 15, 31 };
	uint8_t buf[SAMPLE] = { 0 }, copy[SAMPLE];

	buf[1] = type; /* of a source that is nobody's */
	for (size_t len = 8; len + TT_SRTP_RTCP_TAIL <= SAMPLE; len++) {
		buf[0] = (uint8_t)(0x80 | counts[len % TT_COUNT(counts)]);
		buf[2] = (uint8_t)((len / 4 - 1) >> 8);
		buf[3] = (uint8_t)(len / 4 - 1);
		try_report(s, buf, len);
	}
	memset(copy, 0, 28);
	for (unsigned first = 0x80; first < 0xc0; first++) { /* padding, and each count */
		memcpy(copy, (uint8_t[]){ (uint8_t)first, type, 0, 6 }, 4);
		try_report(s, copy, 28);
		copy[27] = 4;
		try_report(s, copy, 28);
		copy[27] = 0;
	}
	for (size_t c = 0; c < TT_COUNT(counts); c++)
		for (size_t at = 1; at < 28; at++)
			for (unsigned k = 0; k < EDGES; k++) {
				memcpy(copy, buf, 28);
				copy[0] = (uint8_t)(0x80 | counts[c]);
				copy[2] = 0;
				copy[3] = 6;
				if (edge_set(copy, 28, at, k))
					try_report(s, copy, 28);
			}
}

static void sweep_rtcp(struct sweep *s, size_t first)
{
	static const uint8_t types[] = { 200, 201, 202, 203, 204, 205, 206, 207, 192 };
	const uint64_t taken = rtp(&s->h)->rtcp_received;

	s->memory = s->h.pc->env->memory;
	for (size_t t = first; t < TT_COUNT(types); t += 2) {
		assert_int_equal(taut_pc_connection_state(s->h.pc), s->connection);
		sweep_type(s, types[t]);
	}
	assert_true(rtp(&s->h)->rtcp_received > taken);
}

/* ---- in each state ---- */

static void begin(struct sweep *s, uint64_t seed, int good)
{
	*s = (struct sweep){ .connection = TAUT_STATE_CONNECTED, .ssrc = FRESH };
	hostile_begin(&s->h, seed, good);
}

static void goes_on(struct sweep *s)
{
	assert_int_equal(taut_pc_connection_state(s->h.pc), s->connection);
	s->h.pair.cut = false;
	fall_silent(&s->h);
	hostile_assert_alive(&s->h);
	hostile_end(&s->h);
}

static void each_kind_of_media_is_survived(void **state)
{
	static struct sweep s;

	(void)state;
	for (int good = 0; good < 2; good++) {
		begin(&s, 710, good);
		sweep_rtp(&s, (size_t)good, true);
		sweep_lengths(&s);
		sweep_numbers(&s);
		sweep_rtcp(&s, (size_t)good);
		goes_on(&s);
	}
}

/* Of each kind the other side than before. */
static void each_kind_of_media_is_survived_while_ice_is_disconnected(void **state)
{
	static struct sweep s;

	(void)state;
	for (int good = 0; good < 2; good++) {
		begin(&s, 712, good);
		s.connection = TAUT_STATE_DISCONNECTED;
		s.h.pair.cut = true;
		hostile_run(&s.h, 12 * SECOND);
		sweep_rtp(&s, (size_t)(1 - good), false);
		sweep_rtcp(&s, (size_t)(1 - good));
		goes_on(&s);
	}
}

/* Whatever it is: it is not looked at. */
static void media_of_every_length_are_dropped_after_close(void **state)
{
	static struct sweep s;
	uint8_t buf[SAMPLE], sealed[SAMPLE];
	unsigned sent = 0;

	(void)state;
	begin(&s, 714, 0);
	const struct tt_ice_path path = hostile_path(&s.h);
	taut_pc_close(s.h.pc, s.h.pair.sim.now);
	hostile_mark(&s.h);
	memset(buf, 0, sizeof buf);
	for (uint16_t len = 12; len + TT_SRTP_RTCP_TAIL <= SAMPLE; len++)
		for (int report = 0; report < 2; report++) {
			craft_rtp(buf, sizeof buf, report ? 200 : 96, len, 9, FRESH);
			memcpy(sealed, buf, len);
			const size_t n = (report ? craft_protect_rtcp : craft_protect_rtp)(
				&s.h, sealed, len, sizeof sealed);
			hostile_inject_on(&s.h, path.flow, &path.local, &path.remote, sealed, n);
			sent++;
		}
	hostile_assert_refused(&s.h, TAUT_DROP_CLOSED, sent);
	hostile_end(&s.h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_media_is_survived),
		cmocka_unit_test(each_kind_of_media_is_survived_while_ice_is_disconnected),
		cmocka_unit_test(media_of_every_length_are_dropped_after_close),
	};
	if (argc > 1) /* only those: *close* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/sweep_media", tests, NULL, NULL);
}
