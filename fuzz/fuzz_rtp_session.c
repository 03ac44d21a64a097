/* layers: rtcp rtp base; corpus: rtp vp8 opus */
/* fuzz_rtp_session.c - a session receives a run of packets, in any order, with time between them.
 *
 * The input is one packet as it is, and again as packets of up to 64 bytes behind headers of the
 * streams that the session knows, so that deep state is reached soon. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "fuzz.h"
#include "rtcp/rtp_session.h"
#include "rtp/rtp_packet.h"

static void check(bool ok)
{
	FUZZ_CHECK(ok, "a promise of the session");
}

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 7, len);
	return 0;
}

static struct tt_rtp_session *make_session(struct tt_env *env)
{
	static const struct tt_rtp_payload video[] = {
		{ .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
		{ .pt = 97, .apt = 96 },
	};
	static const struct tt_rtp_payload audio[] = {
		{ .pt = 111, .codec = TT_RTP_CODEC_OPUS, .clock_rate = 48000 },
	};
	const struct tt_rtp_ext_ids ext = { .mid = 4, .transport_cc = 3, .audio_level = 1 };
	struct tt_rtp_session *s;

	check(tt_rtp_session_new(&s, env, NULL, 1000) == TAUT_OK);
	check(tt_rtp_session_set_receiver(s, 1000,
					  &(struct tt_rtp_receiver_config){ .stream = 1,
									    .kind = TAUT_VIDEO,
									    .mid = "v",
									    .ssrc = 1,
									    .rtx_ssrc = 2,
									    .payloads = video,
									    .payload_count = 2,
									    .nack = true,
									    .pli = true,
									    .transport_cc = true,
									    .ext = ext }) ==
	      TAUT_OK);
	check(tt_rtp_session_set_receiver(s, 1000,
					  &(struct tt_rtp_receiver_config){ .stream = 2,
									    .kind = TAUT_AUDIO,
									    .mid = "a",
									    .payloads = audio,
									    .payload_count = 1,
									    .transport_cc = true,
									    .ext = ext }) ==
	      TAUT_OK);
	return s;
}

/* Each step of the input: what kind, how far the number moves, how much time, how many bytes. */
static size_t next_packet(struct rd *r, uint16_t *seq, taut_time *now, uint8_t *buf, size_t cap)
{
	uint8_t kind = rd_u8(r);
	struct wr w = wr_make(buf, cap);

	*seq = (uint16_t)(*seq + (int8_t)rd_u8(r));
	*now += (taut_time)rd_u8(r) * 1000;
	if (kind & 0x80)
		*seq = rd_u16(r);
	const struct tt_rtp_packet h = {
		.marker = kind & 0x40,
		.pt = kind & 2   ? 111
		      : kind & 1 ? 97
				 : 96,
		.seq = *seq,
		.ts = (uint32_t)(kind >> 2 & 15) * 3000,
		.ssrc = kind & 2   ? 3
			: kind & 1 ? 2
				   : 1,
	};
	size_t len = rd_u8(r) & 63;

	len = tt_min(len, rd_left(r));
	tt_rtp_write_header(&w, &h, NULL, 0);
	wr_bytes(&w, rd_take(r, len), len);
	return wr_len(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_env env;
	struct rd r = rd_make(data, size);
	uint8_t buf[TT_RTP_PACKET_ROOM];
	taut_time now = 1000000;
	uint16_t seq = 65530;
	bool rtcp;

	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						     .random = no_random });
	struct tt_rtp_session *s = make_session(&env);

	const uint64_t before = tt_work_total;
	tt_rtp_session_recv_rtp(s, now, 0, 0, data, size);
	fuzz_check_work(before, size, 8);
	while (rd_left(&r) > 4) {
		size_t len = next_packet(&r, &seq, &now, buf, sizeof buf);

		tt_rtp_session_recv_rtp(s, now, 0, 0, buf, len);
		tt_rtp_session_tick(s, now);
		do {
			while (tt_rtp_session_poll_event(s))
				;
		} while (tt_rtp_session_poll_send(s, now, buf, sizeof buf, &rtcp) > 0);
		while (tt_rtp_session_poll_event(s))
			;
		while (tt_rtp_session_poll_send(s, now, buf, sizeof buf, &rtcp) > 0)
			;
		check(tt_rtp_session_deadline(s, NULL) > now); /* no timer spins */
	}
	check(env.memory < 16u << 20);
	tt_rtp_session_free(s);
	check(env.memory == 0);
	return 0;
}
