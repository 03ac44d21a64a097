/* pc_recv.c - a datagram came in: its first byte decides, RFC 7983 section 7.
 *
 * What a TURN server relays is taken out of its wrapping first. STUN goes to ICE from anywhere;
 * DTLS and media only from an address that ICE has validated, so that nobody off the path can
 * reach OpenSSL or libsrtp. */
#include <string.h>

#include "base/config.h"
#include "peer/pc.h"

static void drop(struct taut_pc *pc, taut_time now, uint32_t why, size_t len)
{
	tt_drop(pc->env, now, why, TT_INT("bytes", len));
}

static bool is_media(uint8_t first)
{
	return first >= 128 && first <= 191;
}

static bool is_rtcp(const uint8_t *p)
{
	return p[1] >= 192 && p[1] <= 223; /* RFC 5761 section 4 */
}

static void receive_clear(struct taut_pc *pc, taut_time now, taut_time received, uint8_t ecn,
			  uint8_t *buf, size_t len)
{
	bool rtcp = is_rtcp(buf);
	int n = rtcp ? tt_srtp_unprotect_rtcp(pc->srtp, now, buf, len)
		     : tt_srtp_unprotect_rtp(pc->srtp, now, buf, len);

	if (n <= 0)
		return;
	if (rtcp)
		tt_rtp_session_recv_rtcp(pc->rtp, now, received, buf, (size_t)n);
	else
		tt_rtp_session_recv_rtp(pc->rtp, now, received, ecn, buf, (size_t)n);
}

/* Media may come before the answer, the first or one that adds it to a running session, and before
 * the last DTLS flight: hold what is bounded. */
static void hold(struct taut_pc *pc, taut_time now, uint8_t ecn, const uint8_t *buf, size_t len)
{
	/* With a session and a finished handshake there are keys now or never. */
	bool late = pc->srtp_refused || pc->dtls_state > TAUT_STATE_CONNECTED ||
		    (pc->dtls_state == TAUT_STATE_CONNECTED && pc->rtp);
	if (!late && !pc->held)
		pc->held = tt_alloc(pc->env, PC_MAX_HELD * sizeof *pc->held);
	if (late || !pc->held || pc->held_count == PC_MAX_HELD) {
		drop(pc, now, TAUT_DROP_MEDIA_WITHOUT_KEYS, len);
		return;
	}
	struct pc_held *h = &pc->held[pc->held_count++];
	h->len = len;
	h->ecn = ecn;
	memcpy(h->data, buf, len);
}

void pc_receive_media(struct taut_pc *pc, taut_time now, taut_time received, uint8_t ecn,
		      uint8_t *buf, size_t len)
{
	if (len < 12 && !(len >= 8 && is_rtcp(buf)))
		drop(pc, now, TAUT_DROP_TOO_SHORT_FOR_RTP, len);
	else if (pc->srtp && pc->rtp && pc->dtls_state == TAUT_STATE_CONNECTED)
		receive_clear(pc, now, received, ecn, buf, len);
	else
		hold(pc, now, ecn, buf, len);
}

void pc_replay_held(struct taut_pc *pc, taut_time now)
{
	for (size_t i = 0; i < pc->held_count; i++)
		pc_receive_media(pc, now, now, pc->held[i].ecn, pc->held[i].data, pc->held[i].len);
	pc->held_count = 0;
	tt_free(pc->env, pc->held);
	pc->held = NULL;
}

/* RTP goes no further than to its session, whose deadline says whether feedback is due; what else
 * comes may set anything in motion. */
static void received(struct taut_pc *pc, taut_time now, bool rtp)
{
	if (rtp) {
		pc->wants_event = true;
		pc->sent_at = PC_NEVER;
		return;
	}
	pc_touch(pc, now);
	pc_pump(pc, now);
}

static bool is_rtp(const uint8_t *p, size_t len)
{
	return len > 1 && is_media(p[0]) && !is_rtcp(p);
}

/* Whether it was RTP. */
static bool receive_one(struct taut_pc *pc, taut_time now, const struct taut_datagram *d,
			uint8_t *buf, size_t len)
{
	struct tt_ice_in in = {
		.flow = d->flow, .local = d->local, .remote = d->remote, .buf = buf, .len = len
	};

	pc->counters.packets_received++;
	pc->counters.bytes_received += len;
	if (pc->closed || len == 0 || len > PC_WRAPPED) {
		drop(pc, now, pc->closed ? TAUT_DROP_CLOSED : TAUT_DROP_LENGTH, len);
		return is_rtp(buf, len);
	}
	if (!tt_ice_unwrap(pc->ice, now, &in))
		return false;
	if (in.len == 0 || in.len > PC_PACKET) {
		drop(pc, now, TAUT_DROP_LENGTH, in.len);
		return in.len > 0 && is_rtp(in.buf, in.len);
	}
	if (in.buf[0] <= 3 || tt_ice_is_multicast(pc->ice, in.flow)) {
		tt_ice_recv(pc->ice, now, in.flow, &in.local, &in.remote, in.buf, in.len);
		return false;
	}
	bool dtls = in.buf[0] >= 20 && in.buf[0] <= 63;
	/* A ClientHello may overtake the check that would have made its sender known. */
	if (!tt_ice_may_recv(pc->ice, in.flow, &in.remote) &&
	    !(dtls && !pc->dtls_started && tt_ice_may_hold(pc->ice, in.flow, &in.remote))) {
		drop(pc, now, TAUT_DROP_NOT_VALIDATED, in.len);
		return is_rtp(in.buf, in.len);
	}
	tt_ice_received_data(pc->ice, now, in.flow, &in.remote, in.len);
	if (dtls) {
		tt_dtls_recv(pc->dtls, now, in.buf, in.len);
	} else if (is_media(in.buf[0])) {
		pc_receive_media(pc, now, d->received ? d->received : now, d->ecn, in.buf, in.len);
	} else {
		drop(pc, now, TAUT_DROP_NO_PROTOCOL, in.len);
	}
	return is_rtp(in.buf, in.len);
}

/* Pieces of a stream are no packets: what they carry is. */
static void receive_stream(struct taut_pc *pc, taut_time now, const struct taut_datagram *d)
{
	uint8_t *at = d->buf, *msg = NULL;
	size_t left = d->len, len;

	while ((len = tt_ice_stream_next(pc->ice, now, d->flow, &at, &left, &msg)) > 0)
		received(pc, now, receive_one(pc, now, d, msg, len));
	received(pc, now, false); /* one that is over may have changed things */
}

int taut_pc_recv(taut_pc *pc, taut_time now, struct taut_datagram *in)
{
	struct taut_datagram d;
	int err = in ? tt_config_take(&d, sizeof d, in) : TAUT_E_INVAL;

	pc->now = now;
	pc_wake(pc);
	if (err || d.len > d.cap || (d.len > 0 && !d.buf))
		return pc_fail(pc, err ? err : TAUT_E_INVAL, "TypeError", NULL,
			       "the datagram has a size, and len bytes in its buffer of cap");
	if (tt_ice_is_stream(pc->ice, d.flow)) {
		receive_stream(pc, now, &d);
		return TAUT_OK;
	}
	size_t step = d.segment > 0 ? d.segment : d.len;
	size_t at = 0;
	do { /* one of no bytes is one as well */
		const size_t len = d.len - at < step ? d.len - at : step;
		received(pc, now, receive_one(pc, now, &d, d.buf + at, len));
		at += step;
	} while (at < d.len);
	return TAUT_OK;
}
