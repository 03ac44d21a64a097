/* layers: rtcp rtp base */
/* fuzz_rtcp.c - a datagram is checked, read to its end, and taken by a session that sends and receives. */
#include <stdlib.h>
#include <string.h>

#include "rtcp/rtcp_packet.h"
#include "rtcp/rtcp_twcc.h"
#include "rtcp/rtp_session.h"
#include "rtp/rtp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void read_feedback(const struct tt_rtcp *one)
{
	struct tt_rtcp_feedback f;
	struct tt_twcc_reader t;
	struct tt_twcc_status status;
	uint64_t rate;
	uint32_t ssrc;
	uint16_t seq;
	uint8_t n;

	tt_rtcp_read_feedback(one, &f);
	(void)tt_rtcp_read_remb(f.fci, &rate);
	for (size_t i = 0; tt_rtcp_read_nack(f.fci, &i, &seq);)
		;
	for (size_t i = 0; tt_rtcp_read_fir(f.fci, i, &ssrc, &n); i++)
		;
	if (one->type != TT_RTCP_RTPFB || one->count != TT_RTPFB_TRANSPORT_CC)
		return;
	unsigned statuses = 0;

	tt_twcc_begin(&t, f.fci);
	while (tt_twcc_next(&t, &status))
		statuses++;
	check(statuses == t.count);
}

static void read_all(const uint8_t *data, size_t size)
{
	struct rd r = rd_make(data, size);
	struct tt_rtcp one;
	struct tt_rtcp_block b;

	while (tt_rtcp_next(&r, &one)) {
		if (one.type == TT_RTCP_SR || one.type == TT_RTCP_RR)
			for (size_t i = 0; i < one.count; i++)
				tt_rtcp_read_block(&one, i, &b);
		if (one.type == TT_RTCP_BYE)
			for (size_t i = 0; i < one.count; i++)
				(void)tt_rtcp_read_bye(&one, i);
		if (one.type == TT_RTCP_RTPFB || one.type == TT_RTCP_PSFB)
			read_feedback(&one);
	}
	check(!r.bad);
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
		check(!rtcp || tt_rtcp_check(buf, len) == NULL);
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

	if (tt_rtcp_check(data, size) == NULL)
		read_all(data, size);
	tt_env_init(&env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
						     .random = no_random });
	check(tt_rtp_session_new(&s, &env, NULL, 1000) == TAUT_OK);
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
	tt_rtp_session_recv_rtp(s, 1000, 0, pkt, wr_len(&w));
	drain(s, 1000);
	tt_rtp_session_recv_rtcp(s, 2000, 0, data, size);
	drain(s, 2000);
	tt_rtp_session_recv_rtcp(s, 400000, 0, data, size);
	drain(s, 400000);
	drain(s, 3000000);
	tt_rtp_session_free(s);
	check(env.memory == 0);
	return 0;
}
