/* layers: rtcp rtp base; corpus: rtcp */
/* fuzz_rtcp_session.c - a session that sends and receives takes a datagram of RTCP, and answers. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "rtcp/rtcp_packet.h"
#include "rtcp/rtp_session.h"
#include "rtp/rtp_packet.h"

static void check(bool ok)
{
	FUZZ_CHECK(ok, "a promise of the session");
}

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0, len);
	return 0;
}

static void drain(struct tt_rtp_session *s, taut_time now)
{
	uint8_t buf[TT_RTP_PACKET_ROOM];
	bool rtcp;
	size_t len;

	tt_rtp_session_tick(s, now);
	while (tt_rtp_session_poll_event(s))
		;
	while ((len = tt_rtp_session_poll_send(s, now, buf, sizeof buf, &rtcp)) > 0)
		check(!rtcp || tt_rtcp_check(buf, len) == TT_TAKEN);
	check(tt_rtp_session_deadline(s, NULL) > now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tt_rtp_payload map[] = {
		{ .pt = 96, .codec = TT_RTP_CODEC_VP8, .clock_rate = 90000 },
	};
	static const uint8_t frame[3000] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a };
	const struct taut_frame f = { .size = sizeof f, .data = frame, .len = sizeof frame };
	const struct tt_rtp_packet h = { .pt = 96, .ssrc = 0x12345678 };
	uint8_t pkt[32];
	struct wr w = wr_make(pkt, sizeof pkt);
	struct tt_env env;
	struct tt_rtp_session *s;

	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						     .random = no_random });
	check(tt_rtp_session_new(&s, &env, NULL, 1000) == TAUT_OK);
	tt_rtp_session_set_receiver_rtt(s, TT_RTP_RTT_ALL);
	check(tt_rtp_session_set_sender(s, 1000,
					&(struct tt_rtp_sender_config){ .stream = 1,
									.kind = TAUT_VIDEO,
									.codec = TT_RTP_CODEC_VP8,
									.clock_rate = 90000,
									.ssrc = 0x23456789,
									.rtx_ssrc = 5,
									.payload_type = 96,
									.rtx_payload_type = 97,
									.nack = true }) == TAUT_OK);
	check(tt_rtp_session_set_receiver(s, 1000,
					  &(struct tt_rtp_receiver_config){ .stream = 1,
									    .kind = TAUT_VIDEO,
									    .ssrc = h.ssrc,
									    .payloads = map,
									    .payload_count = 1,
									    .nack = true,
									    .pli = true }) ==
	      TAUT_OK);
	check(tt_rtp_session_send_frame(s, 1000, 1, &f) == TAUT_OK);
	tt_rtp_write_header(&w, &h, NULL, 0);
	wr_bytes(&w, "\x10zzz", 4);
	tt_rtp_session_recv_rtp(s, 1000, 0, 0, pkt, wr_len(&w));
	drain(s, 1000);
	const uint64_t before = tt_work_total;
	tt_rtp_session_recv_rtcp(s, 2000, 0, data, size);
	fuzz_check_work_if(size >= 4, before, size, 32);
	drain(s, 2000);
	tt_rtp_session_recv_rtcp(s, 400000, 0, data, size);
	drain(s, 400000);
	drain(s, 3000000);
	tt_rtp_session_free(s);
	check(env.memory == 0);
	return 0;
}
