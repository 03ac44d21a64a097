/* layers: rtcp rtp base; corpus: none */
/* fuzz_payload.c - frames that are cut into packets and put together again are the same.
 *
 * The first byte says how (Opus or VP8, packets in pairs the wrong way round), the second how long
 * packets may be; then frames, a length of two bytes and content. A session sends, another receives. */
#include <string.h>

#include "base/num.h"
#include "fuzz_env.h"
#include "rtcp/rtp_session.h"
#include "rtp/payload/payload_opus.h"

enum { OPUS = 1, SWAP = 2, MAX_FRAME = 6000, FRAMES = 24 };

struct world {
	struct fuzz_env env;
	struct tt_rtp_session *from, *to;
	taut_time now;
	uint8_t how;
	uint8_t frame[MAX_FRAME];
	size_t len;
	unsigned came;
};

static void begin(struct world *w, uint8_t how, uint8_t room)
{
	const bool opus = how & OPUS;
	const enum tt_rtp_codec codec = opus ? TT_RTP_CODEC_OPUS : TT_RTP_CODEC_VP8;
	const uint32_t rate = opus ? 48000 : 90000, kind = opus ? TAUT_AUDIO : TAUT_VIDEO;
	const struct tt_rtp_payload map = { .pt = 96, .codec = codec, .clock_rate = rate };
	const struct tt_rtp_session_config cfg = { .max_packet = 1100u + room };
	const struct tt_rtp_sender_config s = { .stream = 1,
						.kind = kind,
						.codec = codec,
						.clock_rate = rate,
						.ssrc = 9,
						.mid = "m",
						.payload_type = 96,
						.ext = { .mid = 1, .transport_cc = 2 } };
	const struct tt_rtp_receiver_config r = { .stream = 1,
						  .kind = kind,
						  .mid = "m",
						  .ssrc = 9,
						  .payloads = &map,
						  .payload_count = 1,
						  .nack = true,
						  .pli = true,
						  .ext = s.ext };

	*w = (struct world){ .now = FUZZ_SECOND, .how = how };
	fuzz_env_begin(&w->env, 1);
	FUZZ_CHECK(tt_rtp_session_new(&w->from, &w->env.env, &cfg, w->now) == TAUT_OK &&
			   tt_rtp_session_new(&w->to, &w->env.env, NULL, w->now) == TAUT_OK &&
			   tt_rtp_session_set_sender(w->from, w->now, &s) == TAUT_OK &&
			   tt_rtp_session_set_receiver(w->to, w->now, &r) == TAUT_OK,
		   "two sessions");
}

static void take_events(struct world *w)
{
	const struct tt_rtp_event *e;

	while ((e = tt_rtp_session_poll_event(w->to)) != NULL) {
		if (e->type != TT_RTP_EV_FRAME)
			continue;
		w->came++;
		FUZZ_CHECK(e->frame->len == w->len && memcmp(e->frame->data, w->frame, w->len) == 0,
			   "another frame than was sent");
	}
	while (tt_rtp_session_poll_event(w->from))
		;
}

/* RTP from the sender to the receiver, perhaps each second packet before the first. */
static void carry(struct world *w)
{
	uint8_t buf[2][TT_RTP_PACKET_ROOM];
	size_t len, held = 0;
	bool rtcp;

	while ((len = tt_rtp_session_poll_send(w->from, w->now, buf[0], sizeof buf[0], &rtcp)) >
	       0) {
		if (rtcp)
			continue;
		if (held == 0 && (w->how & SWAP)) {
			memcpy(buf[1], buf[0], len);
			held = len;
			continue;
		}
		tt_rtp_session_recv_rtp(w->to, w->now, 0, 0, buf[0], len);
		if (held > 0)
			tt_rtp_session_recv_rtp(w->to, w->now, 0, 0, buf[1], held);
		held = 0;
	}
	if (held > 0)
		tt_rtp_session_recv_rtp(w->to, w->now, 0, 0, buf[1], held);
	while (tt_rtp_session_poll_send(w->to, w->now, buf[0], sizeof buf[0], &rtcp) > 0)
		;
}

static void send(struct world *w, struct rd *in, unsigned n)
{
	const bool opus = w->how & OPUS;
	const size_t want = rd_u16(in) % MAX_FRAME, len = tt_min(want, rd_left(in));

	memset(w->frame, 0, sizeof w->frame);
	if (len > 0)
		memcpy(w->frame, rd_take(in, len), len);
	/* What a receiver can begin with, and content that is one Opus frame. */
	w->len = tt_max(len, opus ? 1 : 10);
	if (opus)
		w->frame[0] &= 0xfc;
	else if (n == 0)
		memcpy(w->frame, "\x10\x02\x00\x9d\x01\x2a\x40\x01\xf0\x00", 10);
	const struct taut_frame f = { .size = sizeof f,
				      .rtp_timestamp = n * (opus ? 960u : 3000u),
				      .data = w->frame,
				      .len = w->len };
	const int rc = tt_rtp_session_send_frame(w->from, w->now, 1, &f);
	const unsigned before = w->came;

	for (int step = 0; step < 40 && w->came == before; step++) {
		carry(w);
		take_events(w);
		w->now += 5 * FUZZ_MS;
		tt_rtp_session_tick(w->from, w->now);
		tt_rtp_session_tick(w->to, w->now);
	}
	FUZZ_CHECK(w->came == before + (rc == TAUT_OK), "as many frames as were taken");
	FUZZ_CHECK(rc == TAUT_OK || opus, "a frame of VP8 is cut to fit");
	FUZZ_CHECK(rc == TAUT_OK || rc == TAUT_E_LIMIT || tt_opus_duration(w->frame, w->len) == 0,
		   "a frame of Opus fits, or is none");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);
	const uint8_t how = rd_u8(&in), room = rd_u8(&in);

	begin(&w, how, room);
	for (unsigned n = 0; n < FRAMES && rd_left(&in) > 2; n++)
		send(&w, &in, n);
	tt_rtp_session_free(w.from);
	tt_rtp_session_free(w.to);
	fuzz_env_end(&w.env);
	return 0;
}
