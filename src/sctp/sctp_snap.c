/* sctp_snap.c - an association without a handshake: draft-hancke-tsvwg-snap.
 *
 * Each side's INIT chunk went in its session description. What the four-way set-up would tell is known then: tags, first TSNs,
 * windows, streams and extensions; and that the peer is no impostor DTLS says, so that there is no cookie. When DTLS is up, both
 * are ESTABLISHED at once. Not here: base64, and who has told whom (src/peer/pc_snap.c). */
#include "base/num.h"
#include "sctp/sctp_assoc.h"

size_t tt_sctp_snap_write(const struct tt_sctp *s, uint8_t *buf, size_t cap)
{
	const struct sctp_init init = tt_sctp_our_init(s);
	struct wr w = wr_make(buf, cap);

	tt_sctp_write_init(&w, SCTP_INIT, &init);
	return wr_len(&w);
}

/* The one chunk that there may be. */
static bool read_chunk(struct rd r, struct sctp_init *in)
{
	struct sctp_tlv chunk;

	return tt_sctp_next(&r, &chunk) && chunk.type == SCTP_INIT && rd_left(&r) == 0 &&
	       tt_sctp_read_init(in, &chunk);
}

uint32_t tt_sctp_snap(struct tt_sctp *s, const uint8_t *init, size_t len, bool keep)
{
	struct sctp_init in;

	if (s->state != SCTP_CLOSED)
		return TAUT_DROP_SCTP_CHUNK_STATE;
	if (!read_chunk(rd_make(init, len), &in) || in.host_name.len > 0)
		return TAUT_DROP_SCTP_INIT_MALFORMED;
	if (in.tag == 0)
		return TAUT_DROP_SCTP_INIT_TAG_0;
	/* Who gives back what he does not know has said nothing of himself. */
	if (in.tag == s->my_tag && s32_eq(in.tsn, s->my_tsn))
		return TAUT_DROP_SCTP_INIT_TAG;
	const uint32_t fault = tt_sctp_init_fault(&in);
	if (fault || !keep)
		return fault;
	const struct sctp_cookie told = tt_sctp_read_peer(s, &in);
	tt_sctp_learn_peer(s, &told);
	s->snap = s->unheard = true;
	return TT_TAKEN;
}

/* The peer shakes hands after all: it had no use for our INIT, or never saw it. Of what was sent it has nothing, so all
 * of it leaves anew, under the same TSNs: no restart, for there was nothing before. Who takes back what he told of I-DATA
 * cannot have it: it is cut to the length of the one kind, and mixed as only the other may be. */
uint32_t tt_sctp_snap_by_cookie(struct tt_sctp *s, taut_time now, const struct sctp_cookie *c)
{
	const bool leaving = s->state > SCTP_ESTABLISHED;

	s->unheard = false;
	if (c->interleaved != s->queue.interleaved && tt_sctp_flight_count(&s->flight) > 0) {
		s->peer_tag = c->peer_tag;
		tt_sctp_abort_with(s, now, SCTP_C_PROTOCOL_VIOLATION,
				   tt_drop_text(TAUT_DROP_SCTP_INTERLEAVING));
		return TAUT_DROP_SCTP_INTERLEAVING;
	}
	tt_sctp_learn_peer(s, c);
	(void)tt_sctp_flight_timeout(&s->flight, now, s->peer_forward_tsn);
	s->forward_tsn_due = s32_before(s->flight.cum, s->flight.advanced);
	s->fast_due = s->tail_due = s->tail_out = s->tail_open = s->timed_out = false;
	s->burst = SCTP_MAX_BURST * s->cc.pmdcs;
	s->heartbeat_at = -1;
	tt_sctp_stop(s, SCTP_T_LOSS);
	tt_sctp_stop(s, SCTP_T_PROBE);
	tt_sctp_establish(s, now);
	if (leaving)
		tt_sctp_shutdown(s, now);
	return TT_TAKEN;
}

/* The peer may yet take it for agreed. Ours answers the INIT that it was told as well as another; to others one with another
 * tag is that of a restart (RFC 9260 section 5.2.4 A), and the same would be none. */
void tt_sctp_no_snap(struct tt_sctp *s)
{
	if (s->state != SCTP_CLOSED)
		return;
	s->my_tag = ~s->my_tag; /* as random as it was, 5.3.1, and without a draw that may fail */
	s->my_tag += s->my_tag == 0;
}
