/* pc_send.c - what goes on the wire next.
 *
 * One place decides the order: checks keep the path alive, then DTLS flights,
 * then RTCP and media (paced by their session), then SCTP, which fills what its
 * window allows. Packets of one length to one place leave as a run, written one
 * behind the other at their final place, for one UDP_SEGMENT call. On a relayed path each is
 * written behind the room for what the TURN server reads. */
#include "base/num.h"
#include "peer/pc.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum {
	RUN_PACKETS = 64,  /* UDP_MAX_SEGMENTS of Linux */
	RUN_BYTES = 65000, /* within one UDP datagram's 65,507 */
	MIN_BUFFER = 2048, /* taut_pc_poll_send promises to need no more */
	ALWAYS_FIT = PC_SCTP_PACKET + TT_DTLS_OVERHEAD, /* longer ones are data channels' */
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
	size_t len = tt_dcs_poll_send(pc->channels, now, clear, sizeof clear - TT_DTLS_OVERHEAD);
	pc->wants_event |= len > 0; /* less is buffered now, which an event may tell */
	return len > 0 ? tt_dtls_protect(pc->dtls, now, clear, len, buf, cap) : 0;
}

/* A packet and where it goes, by the socket. */
struct packet {
	struct tt_ice_path path;
	size_t len, head, data; /* data octets at head; what is around them is a TURN server's */
	bool check;             /* of ICE: it goes nowhere else */
	bool probe;             /* of the path's MTU: it leaves alone */
};

void pc_drop_check(struct taut_pc *pc, taut_time now)
{
	if (pc->next_packet_len == 0 || !pc->next_packet_check)
		return;
	tt_drop(pc->env, now, TAUT_DROP_NO_PATH, TT_INT("bytes", pc->next_packet_len));
	pc->next_packet_len = 0;
}

/* Data lies at buf + p->path.head. 0: it cannot leave, for want of a permission. */
static size_t leave(struct taut_pc *pc, taut_time now, uint8_t *buf, size_t len, struct packet *p)
{
	p->head = p->path.head;
	p->data = len;
	p->len = tt_ice_wrap(pc->ice, &p->path, buf, len, PC_WRAPPED);
	if (p->len == 0)
		tt_drop(pc->env, now, TAUT_DROP_NO_PATH, TT_INT("bytes", len));
	return p->len;
}

/* The packet that ended a run. A check stays on its pair; data goes where data goes now, which is
 * nowhere once consent has expired (RFC 7675 section 5.1). 0: it may not leave any more. */
static size_t held_packet(struct taut_pc *pc, taut_time now, uint8_t *buf, struct packet *p)
{
	const size_t len = pc->next_packet_len;

	pc->next_packet_len = 0;
	*p = (struct packet){ .path = pc->next_packet_path,
			      .check = pc->next_packet_check,
			      .probe = pc->next_packet_probe };
	if (!p->check && !tt_ice_selected(pc->ice, now, &p->path)) {
		tt_drop(pc->env, now, TAUT_DROP_NO_PATH, TT_INT("bytes", len));
		return 0;
	}
	memcpy(buf + p->path.head, pc->next_packet, len);
	p->len = p->data = len;
	return p->check ? len : leave(pc, now, buf, len, p);
}

static size_t next_check(struct taut_pc *pc, taut_time now, uint8_t *buf, struct packet *p)
{
	struct tt_ice_out out = { .buf = buf, .cap = PC_PACKET };

	if (!tt_ice_poll_send(pc->ice, now, &out))
		return 0;
	*p = (struct packet){
		.path = { .flow = out.flow, .local = out.local, .remote = out.remote },
		.len = out.len,
		.data = out.len,
		.check = true
	};
	return out.len;
}

static size_t next_data(struct taut_pc *pc, taut_time now, uint8_t *buf, struct packet *p)
{
	*p = (struct packet){ 0 };
	if (!tt_ice_selected(pc->ice, now, &p->path))
		return 0;
	uint8_t *data = buf + p->path.head;
	size_t len = pc->dtls_started ? tt_dtls_poll_send(pc->dtls, now, data, PC_PACKET) : 0;
	if (len == 0 && !pc->closed)
		len = next_media(pc, now, data, PC_PACKET);
	if (len == 0 && !pc->closed)
		p->probe = (len = next_sctp(pc, now, data, PC_PACKET)) > 0 &&
			   tt_dcs_sent_probe(pc->channels);
	return len > 0 ? leave(pc, now, buf, len, p) : 0;
}

/* Closed, DTLS says goodbye, and then TURN servers are told: in that order, because the first may
 * need the second. */
static size_t next_packet(struct taut_pc *pc, taut_time now, uint8_t *buf, struct packet *p)
{
	size_t len = 0;

	if (pc->next_packet_len > 0)
		len = held_packet(pc, now, buf, p);
	if (len == 0 && !pc->closed)
		len = next_check(pc, now, buf, p);
	if (len == 0)
		len = next_data(pc, now, buf, p);
	if (len == 0 && pc->closed)
		len = next_check(pc, now, buf, p);
	return len;
}

static bool same_place(const struct tt_ice_path *a, const struct tt_ice_path *b)
{
	return a->flow == b->flow && tt_addr_eq(&a->remote, &b->remote);
}

/* The packet behind the run has another length or goes elsewhere: it waits for the next call.
 * A shorter one may still end the run. */
static bool joins(struct taut_pc *pc, struct taut_datagram *out, const struct packet *first,
		  const struct packet *p)
{
	if (same_place(&first->path, &p->path) && p->len <= first->len && !p->probe)
		return true;
	memcpy(pc->next_packet, out->buf + out->len + p->head, p->data);
	pc->next_packet_len = p->data;
	pc->next_packet_path = p->path;
	pc->next_packet_check = p->check;
	pc->next_packet_probe = p->probe;
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

static size_t first_packet(struct taut_pc *pc, taut_time now, uint8_t *buf, struct packet *p)
{
	size_t len = 0;

	if (now == pc->sent_at)
		return 0;
	do
		len = next_packet(pc, now, buf, p);
	while (len == 0 && more_to_send(pc, now));
	return len;
}

/* Version 0.1 has no such member, and so is sent no probe. */
static void mark_probe(struct taut_datagram *out, bool probe)
{
	if (out->size >= sizeof *out)
		out->dont_fragment = probe;
}

int taut_pc_poll_send(taut_pc *pc, taut_time now, struct taut_datagram *out)
{
	struct packet first, next;
	size_t packets = 1, data_packets, data;

	if (out->size < PC_FIRST_DATAGRAM || out->cap < MIN_BUFFER)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", NULL,
			       "the datagram has a size, and room for %d bytes", MIN_BUFFER);
	pc->now = now;
	if (out->size < sizeof *out && pc->channels)
		tt_dcs_set_max_probed(pc->channels, 0);
	if (first_packet(pc, now, out->buf, &first) == 0)
		return 0;
	pc->wants_send = true;
	pc_wake(pc);
	out->flow = first.path.flow;
	out->local = first.path.local;
	out->remote = first.path.remote;
	out->len = first.len;
	out->received = 0;
	out->segment = 0;
	out->dscp = out->ecn = 0;
	mark_probe(out, first.probe);
	data = first.check ? 0 : first.data;
	data_packets = !first.check;
	while (!first.probe && packets < RUN_PACKETS &&
	       out->len + PC_WRAPPED <= tt_min(out->cap, RUN_BYTES)) {
		const size_t len = next_packet(pc, now, out->buf + out->len, &next);
		if (len == 0)
			(void)more_to_send(pc, now);
		if (len == 0 || !joins(pc, out, &first, &next))
			break;
		out->len += len;
		data += next.check ? 0 : next.data;
		data_packets += !next.check;
		out->segment = tt_u16(first.len);
		packets++;
		if (len < first.len)
			break;
	}
	tt_ice_sent_data(pc->ice, now, data_packets, data);
	pc->counters.packets_sent += packets;
	pc->counters.bytes_sent += out->len;
	return 1;
}

void taut_pc_send_failed(taut_pc *pc, taut_time now, const struct taut_datagram *what, int os_errno)
{
	const size_t step = what->segment > 0 ? what->segment : what->len;

	for (size_t at = 0; what->buf && at < what->len; at += step) {
		struct tt_ice_out out = { .flow = what->flow, .local = what->local };
		out.remote = what->remote;
		out.buf = what->buf + at;
		out.len = out.cap = tt_min(step, what->len - at);
		tt_ice_discarded(pc->ice, &out);
	}
	if (os_errno == EMSGSIZE && step > ALWAYS_FIT && pc->channels) {
		tt_dcs_too_long(pc->channels, now,
				what->size >= sizeof *what && what->dont_fragment);
		pc_touch(pc, now);
	}
	tt_drop(pc->env, now, TAUT_DROP_NOT_SENT, TT_INT("errno", os_errno),
		TT_INT("bytes", what->len), TT_ADDR("remote", &what->remote));
}
