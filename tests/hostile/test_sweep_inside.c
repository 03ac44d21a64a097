/* test_sweep_inside.c - with the right keys: RTP and each type of RTCP inside SRTP, each chunk of SCTP
 * and DCEP inside DTLS, at every length, with every 16-bit field and octet at its edges.
 *
 * What is said with the right keys may end what it speaks of, an association or a channel; nothing
 * else, and the media go on. Fields of media and data that only the application sees are not swept. */
#include "datachannel/dcs_internal.h"
#include "hostile/craft.h"

enum { SAMPLE = 1500, SCTP_MOST = 1160 };

static void every_length_inside_srtp_is_survived(void **state)
{
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
			if (len % 2 && len >= 20) { /* with an extension */
				buf[0] |= 0x10;
				memcpy(buf + 12, "\xbe\xde\0\1", 4);
			}
			craft_send_rtp(&h, buf, len);
		}
	}
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* What the sweeps below have in common: a packet and how it is sent. */
typedef void sender(struct hostile *h, uint8_t *packet, size_t len);

static void at_edges(struct hostile *h, const uint8_t *packet, size_t len, size_t from,
		     sender *send)
{
	static const uint8_t octets[] = { 0, 1, 0x7f, 0x80, 0xff };
	const uint16_t n = tt_u16(len);
	const uint16_t words[] = { 0,      1,     (uint16_t)(n - 1), n, (uint16_t)(n + 1), 0x7fff,
				   0x8000, 0xffff };
	uint8_t copy[SAMPLE + 64];

	for (size_t at = from; at < len; at++) {
		for (size_t e = 0; e < TT_COUNT(octets); e++) {
			memcpy(copy, packet, len);
			copy[at] = octets[e];
			send(h, copy, len);
		}
		for (size_t e = 0; e < TT_COUNT(words) && at + 2 <= len; e++) {
			memcpy(copy, packet, len);
			copy[at] = (uint8_t)(words[e] >> 8);
			copy[at + 1] = (uint8_t)words[e];
			send(h, copy, len);
		}
	}
}

static void send_rtcp(struct hostile *h, uint8_t *packet, size_t len)
{
	craft_send_rtcp(h, packet, len);
}

static void each_type_of_rtcp_is_survived(void **state)
{
	static const uint8_t types[] = { 200, 201, 202, 203, 204, 205, 206, 207, 192 };
	static const uint8_t counts[] = { 0, 1, 2, 4, 15, 31 };
	uint8_t buf[SAMPLE + 64] = { 0 };

	(void)state;
	for (size_t t = 0; t < TT_COUNT(types); t++) {
		struct hostile h;
		hostile_begin(&h, 712, (int)(t % 2));
		for (size_t len = 8; len + TT_SRTP_RTCP_TAIL <= SAMPLE; len++) {
			buf[0] = (uint8_t)(0x80 | counts[len % TT_COUNT(counts)]);
			buf[1] = types[t];
			buf[2] = (uint8_t)((len / 4 - 1) >> 8);
			buf[3] = (uint8_t)(len / 4 - 1);
			memset(buf + 4, 0, 4); /* a source that is nobody's */
			craft_send_rtcp(&h, buf, len);
		}
		for (size_t c = 0; c < TT_COUNT(counts); c++) {
			buf[0] = (uint8_t)(0x80 | counts[c]);
			buf[2] = 0;
			buf[3] = 6;
			at_edges(&h, buf, 28, 1, send_rtcp);
		}
		hostile_run(&h, SECOND);
		hostile_assert_alive(&h);
		hostile_end(&h);
	}
}

static void send_sctp(struct hostile *h, uint8_t *packet, size_t len)
{
	struct wr w = wr_make(packet, len);

	w.off = len;
	craft_send_sctp(h, &w);
}

/* An association that has ended stays in its end for the rest of the sweep of that chunk.
 * A chunk with the numbers that its kind likes: TSNs of the victim, where there are any. */
static size_t sample_chunk(struct hostile *h, uint8_t type, uint8_t *buf, size_t cap)
{
	const struct tt_sctp *s = craft_victim(h);
	const bool data = type == SCTP_DATA || type == SCTP_I_DATA;
	const bool of_theirs = data || type == SCTP_FORWARD_TSN || type == SCTP_I_FORWARD_TSN;
	struct wr w = craft_sctp_tag(h, buf, cap, type == SCTP_INIT ? 0 : s->my_tag);
	const size_t at = tt_sctp_begin(&w, type, 3);

	wr_u32(&w, of_theirs ? s->tracker.cum.v + 1 : s->flight.cum.v);
	wr_u32(&w, data ? 0x00070000 : 100000);
	wr_u32(&w, type == SCTP_DATA ? 53 : type == SCTP_I_DATA ? 0 : 0x000a000a);
	wr_u32(&w, 0x00010008);
	wr_u32(&w, 12345);
	tt_sctp_end(&w, at);
	return w.off;
}

static void each_chunk_of_sctp_is_survived(void **state)
{
	static const uint8_t types[] = { 0,  1,  2,  3,  4,   5,   6,   7,   8,   9,  10,
					 11, 14, 63, 64, 128, 130, 192, 193, 194, 255 };
	uint8_t buf[SAMPLE];

	(void)state;
	for (size_t t = 0; t < TT_COUNT(types); t++) {
		struct hostile h;
		if (types[t] == SCTP_DATA || types[t] == SCTP_FORWARD_TSN)
			hostile_begin_plain(&h, 713, (int)(t % 2));
		else
			hostile_begin(&h, 713, (int)(t % 2));
		const size_t memory = h.pc->env->memory;
		for (size_t len = 12; len <= SCTP_MOST; len++) {
			if ((types[t] == SCTP_DATA && len == 28) || (types[t] == SCTP_I_DATA && len == 32))
				continue; /* without user data it ends all, as row D13 says */
			memset(buf, 0, sizeof buf);
			sample_chunk(&h, types[t], buf, sizeof buf);
			buf[14] = (uint8_t)((len - 12) >> 8);
			buf[15] = (uint8_t)(len - 12);
			send_sctp(&h, buf, len);
		}
		at_edges(&h, buf, sample_chunk(&h, types[t], buf, sizeof buf), 12, send_sctp);
		assert_in_range(h.pc->env->memory, 1, memory + 2 * 1024 * 1024);
		hostile_run(&h, SECOND);
		hostile_assert_frame(&h);
		hostile_end(&h);
	}
}

/* Shorter than a header and a chunk. */
static void every_short_length_inside_dtls_is_refused(void **state)
{
	uint8_t buf[SAMPLE];
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

static void send_dcep(struct hostile *h, uint8_t *packet, size_t len)
{
	craft_send_message(h, 20, 50, packet, len);
}

static void dcep_is_survived(void **state)
{
	static const uint8_t open[] = { 3, 0, 0,   0,   0,   0,   0,   0,   0,   4,
					0, 4, 'l', 'a', 'b', 'e', 'p', 'r', 'o', 't' };
	uint8_t buf[SAMPLE];
	struct hostile h;

	(void)state;
	hostile_begin(&h, 714, 0);
	for (size_t type = 2; type <= 4; type++)
		for (size_t len = 1; len <= 1100; len += len < 64 ? 1 : 7) {
			memset(buf, 0, sizeof buf);
			memcpy(buf, open, sizeof open);
			buf[0] = (uint8_t)type;
			send_dcep(&h, buf, len);
			if (len % 64 == 0)
				hostile_run(&h, 10000);
		}
	at_edges(&h, open, sizeof open, 0, send_dcep);
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

/* 5.1 of RFC 8832: an OPEN is as long as it says, with a type that there is; an ACK is one octet long and somebody
 * waits for it. What is not so opens no channel and is counted. */
static void malformed_dcep_opens_no_channel(void **state)
{
	static const uint16_t claims[] = { 0, 1, 4, 5, 0x7fff, 0x8000, 0xffff };
	uint8_t buf[SAMPLE] = { 3 };
	struct hostile h;
	unsigned sent = 0;

	(void)state;
	hostile_begin(&h, 715, 0);
	const unsigned channels = h.seen[0].channels;
	const size_t count = h.pc->channels->count;
	for (size_t l = 0; l < TT_COUNT(claims); l++)
		for (size_t p = 0; p < TT_COUNT(claims); p++)
			for (size_t len = 1; len <= 24; len++) {
				buf[8] = (uint8_t)(claims[l] >> 8);
				buf[9] = (uint8_t)claims[l];
				buf[10] = (uint8_t)(claims[p] >> 8);
				buf[11] = (uint8_t)claims[p];
				if (len == 12u + claims[l] + claims[p])
					continue; /* right */
				craft_send_message(&h, 20, 50, buf, len);
				if (++sent % 32 == 0)
					hostile_run(&h, 10000);
			}
	hostile_assert_dropped(&h, TAUT_DROP_DATA_OPEN_MALFORMED, sent);
	memset(buf, 2, sizeof buf); /* ACK, of every length */
	for (size_t len = 1; len <= 1100; len += 7) {
		craft_send_message(&h, 20, 50, buf, len);
		hostile_run(&h, 1000);
	}
	hostile_assert_dropped(&h, TAUT_DROP_DATA_DCEP, 158);
	assert_int_equal(h.seen[0].channels, channels);
	assert_int_equal(h.pc->channels->count, count);
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_inside_srtp_is_survived),
		cmocka_unit_test(each_type_of_rtcp_is_survived),
		cmocka_unit_test(each_chunk_of_sctp_is_survived),
		cmocka_unit_test(every_short_length_inside_dtls_is_refused),
		cmocka_unit_test(dcep_is_survived),
		cmocka_unit_test(malformed_dcep_opens_no_channel),
	};
	if (argc > 1) /* only those: *sctp* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/sweep_inside", tests, NULL, NULL);
}
