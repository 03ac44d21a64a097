/* pc_send.c - what goes on the wire next.
 *
 * One place decides the order: checks keep the path alive, then DTLS flights,
 * then RTCP and media (paced by their session), then SCTP, which fills what its
 * window allows. Packets of one length to one place leave as a run, written one
 * behind the other at their final place, for one UDP_SEGMENT call. */
#include "base/num.h"
#include "peer/pc.h"

#include <string.h>

enum {
	RUN_PACKETS = 64,   /* UDP_MAX_SEGMENTS of Linux */
	RUN_BYTES = 65000,  /* within one UDP datagram's 65,507 */
	MIN_BUFFER = 2048,  /* taut_pc_poll_send promises to need no more */
	SCTP_PACKET = 1160, /* in DTLS 1,197: paths that swallow more than 1,200 exist */
};

static size_t next_media(struct taut_pc *pc, taut_time now, uint8_t *buf, size_t cap)
{
	bool rtcp;

	if (!pc->rtp || !pc->srtp || pc->dtls_state != TAUT_STATE_CONNECTED ||
	    cap < TT_RTP_PACKET_ROOM)
		return 0;
	for (;;) {
		size_t len = tt_rtp_session_poll_send(pc->rtp, now, buf, cap, &rtcp);
		if (len == 0)
			return 0;
		int n = rtcp ? tt_srtp_protect_rtcp(pc->srtp, now, buf, len, cap)
			     : tt_srtp_protect_rtp(pc->srtp, now, buf, len, cap);
		if (n > 0)
			return (size_t)n;
	}
}

static size_t next_sctp(struct taut_pc *pc, taut_time now, uint8_t *buf, size_t cap)
{
	uint8_t clear[PC_PACKET];

	if (!pc->channels || pc->dtls_state != TAUT_STATE_CONNECTED)
		return 0;
	size_t len = tt_dcs_poll_send(pc->channels, now, clear, SCTP_PACKET);
	pc->wants_event |= len > 0; /* less is buffered now, which an event may tell */
	return len > 0 ? tt_dtls_protect(pc->dtls, now, clear, len, buf, cap) : 0;
}

/* The packet that ended a run. A check stays on its pair; data goes where data goes now, which is
 * nowhere once consent has expired (RFC 7675 section 5.1). 0: it may not leave any more. */
static size_t held_packet(struct taut_pc *pc, taut_time now, uint8_t *buf, struct tt_ice_path *path)
{
	size_t len = pc->next_packet_len;
	bool check = pc->next_packet[0] <= 3;

	pc->next_packet_len = 0;
	*path = pc->next_packet_path;
	if (check ? pc->closed : !tt_ice_selected(pc->ice, now, path)) {
		tt_drop(pc->env, now, TAUT_DROP_NO_PATH, TT_INT("bytes", len));
		return 0;
	}
	memcpy(buf, pc->next_packet, len);
	return len;
}

static size_t next_packet(struct taut_pc *pc, taut_time now, uint8_t *buf, size_t cap,
			  struct tt_ice_path *path)
{
	struct tt_ice_out out = { .buf = buf, .cap = cap };

	if (pc->next_packet_len > 0) {
		size_t len = held_packet(pc, now, buf, path);
		if (len > 0)
			return len;
	}
	if (!pc->closed && tt_ice_poll_send(pc->ice, now, &out)) {
		*path = (struct tt_ice_path){ .flow = out.flow,
					      .local = out.local,
					      .remote = out.remote };
		return out.len;
	}
	if (!tt_ice_selected(pc->ice, now, path))
		return 0;
	size_t len = pc->dtls_started ? tt_dtls_poll_send(pc->dtls, now, buf, cap) : 0;
	if (len == 0 && !pc->closed)
		len = next_media(pc, now, buf, cap);
	if (len == 0 && !pc->closed)
		len = next_sctp(pc, now, buf, cap);
	return len;
}

static bool same_place(const struct tt_ice_path *a, const struct tt_ice_path *b)
{
	return a->flow == b->flow && tt_addr_eq(&a->remote, &b->remote);
}

/* The packet behind the run has another length or goes elsewhere: it waits for the next call.
 * A shorter one may still end the run. */
static bool joins(struct taut_pc *pc, struct taut_datagram *out, size_t len,
		  const struct tt_ice_path *first, const struct tt_ice_path *path, size_t size)
{
	if (same_place(first, path) && len <= size)
		return true;
	memcpy(pc->next_packet, out->buf + out->len, len);
	pc->next_packet_len = len;
	pc->next_packet_path = *path;
	return false;
}

/* There was nothing more to send; what was sent may have led to something. */
static bool more_to_send(struct taut_pc *pc, taut_time now)
{
	const bool moved = pc_pump(pc, now);

	if (moved) {
		pc->wants_event = true;
		pc_may_send(pc);
	} else {
		pc->wants_send = false;
		pc->sent_at = now;
	}
	return moved;
}

static size_t first_packet(struct taut_pc *pc, taut_time now, uint8_t *buf,
			   struct tt_ice_path *path)
{
	size_t len = 0;

	if (now == pc->sent_at)
		return 0;
	do
		len = next_packet(pc, now, buf, PC_PACKET, path);
	while (len == 0 && more_to_send(pc, now));
	return len;
}

int taut_pc_poll_send(taut_pc *pc, taut_time now, struct taut_datagram *out)
{
	struct tt_ice_path first, path;
	size_t packets = 1, len = 0;

	if (out->size < sizeof *out || out->cap < MIN_BUFFER)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", NULL,
			       "the datagram has a size, and room for %d bytes", MIN_BUFFER);
	pc->now = now;
	const size_t size = first_packet(pc, now, out->buf, &first);
	if (size == 0)
		return 0;
	pc->wants_send = true;
	pc_wake(pc);
	out->flow = first.flow;
	out->local = first.local;
	out->remote = first.remote;
	out->len = size;
	out->received = 0;
	out->segment = 0;
	out->dscp = out->ecn = 0;
	while (packets < RUN_PACKETS && out->len + PC_PACKET <= tt_min(out->cap, RUN_BYTES)) {
		len = next_packet(pc, now, out->buf + out->len, PC_PACKET, &path);
		if (len == 0)
			(void)more_to_send(pc, now);
		if (len == 0 || !joins(pc, out, len, &first, &path, size))
			break;
		out->len += len;
		out->segment = tt_u16(size);
		packets++;
		if (len < size)
			break;
	}
	pc->counters.packets_sent += packets;
	pc->counters.bytes_sent += out->len;
	return 1;
}

void taut_pc_send_failed(taut_pc *pc, taut_time now, const struct taut_datagram *what, int os_errno)
{
	tt_drop(pc->env, now, TAUT_DROP_NOT_SENT, TT_INT("errno", os_errno),
		TT_INT("bytes", what->len), TT_ADDR("remote", &what->remote));
}
