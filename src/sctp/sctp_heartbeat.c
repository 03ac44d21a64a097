/* sctp_heartbeat.c - is the peer still there: RFC 9260 section 8.3.
 *
 * What we send holds a random number and nothing else; when it was sent stays
 * here, so that the peer cannot choose the round-trip time. */
#include "base/num.h"
#include "sctp/sctp_assoc.h"

/* 8.3: all of it goes back unchanged. */
uint32_t tt_sctp_on_heartbeat(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			      struct sctp_packet *p)
{
	uint8_t bytes[SCTP_MAX_PACKET];
	struct wr w = wr_make(bytes, tt_sctp_base(s) - SCTP_COMMON_HEADER);

	(void)now, (void)p;
	size_t at = tt_sctp_begin(&w, SCTP_HEARTBEAT_ACK, 0);
	wr_bytes(&w, rd_at(&chunk->value), rd_left(&chunk->value));
	tt_sctp_end(&w, at);
	if (w.bad)
		return TAUT_DROP_SCTP_HEARTBEAT_TOO_LARGE;
	tt_sctp_queue_control(s, bytes, wr_len(&w));
	/* Who asks is up, so the COOKIE ACK is lost; and nothing leaves without COOKIE ECHO, 5.1 C. Once, until T1
	 * sends it in any case: it is larger than the question. */
	if (s->state == SCTP_COOKIE_ECHOED && !s->cookie_again)
		s->cookie_again = s->cookie_echo_due = true;
	return TT_TAKEN;
}

uint32_t tt_sctp_on_heartbeat_ack(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
				  struct sctp_packet *p)
{
	struct rd r = chunk->value;
	struct sctp_tlv info;

	(void)p;
	if (!tt_sctp_next(&r, &info) || info.tag != SCTP_P_HEARTBEAT_INFO)
		return TAUT_DROP_SCTP_HEARTBEAT_MALFORMED;
	uint64_t nonce = rd_u64(&info.value);
	if (!info.value.bad && tt_sctp_pmtu_acked(s, now, nonce))
		return TT_TAKEN;
	if (info.value.bad || s->heartbeat_at < 0 || nonce != s->heartbeat_nonce)
		return TAUT_DROP_SCTP_HEARTBEAT_NOT_OURS;
	if (s->heartbeat_at >= s->awake_since)
		tt_sctp_rtt_measured(&s->rtt, now - s->heartbeat_at);
	s->heartbeat_at = -1;
	s->errors = 0;
	return TT_TAKEN;
}

void tt_sctp_heartbeat_put(struct wr *w, uint64_t nonce)
{
	size_t at = tt_sctp_begin(w, SCTP_HEARTBEAT, 0);
	size_t info = tt_sctp_begin_param(w, SCTP_P_HEARTBEAT_INFO);

	wr_u64(w, nonce);
	tt_sctp_end_param(w, info);
	tt_sctp_end(w, at);
}

void tt_sctp_heartbeat_write(struct tt_sctp *s, taut_time now, struct wr *w)
{
	if (!tt_random(s->env, &s->heartbeat_nonce, sizeof s->heartbeat_nonce))
		return;
	tt_sctp_heartbeat_put(w, s->heartbeat_nonce);
	s->heartbeat_at = now;
}
