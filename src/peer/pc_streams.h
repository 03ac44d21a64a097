/* pc_streams.h - an m-line as both sides describe it, and the streams that follow. */
#ifndef TAUT_PEER_PC_STREAMS_H
#define TAUT_PEER_PC_STREAMS_H

#include "peer/pc.h"

struct pc_pair {
	const struct tt_sdp *ls, *rs;
	const struct tt_sdp_media *l, *r; /* the same m-line on both sides */
};

/* The session has them as the pair says, new or changed; it is the caller's to take those back that are
 * new. TAUT_E_UNSUPPORTED, TAUT_E_LIMIT, TAUT_E_NOMEM, TAUT_E_INVAL. */
int pc_set_senders(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
		   const struct pc_pair *p);
int pc_set_receivers(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
		     const struct pc_pair *p);

/* pc_simulcast.c. The encodings that both descriptions let it send, a bit each; 0: there is no
 * simulcast. */
unsigned pc_agreed_encodings(const struct pc_transceiver *t, const struct pc_pair *p);
/* The rids that both descriptions let it receive, by slot, and which slots there are, a bit each. */
unsigned pc_agreed_heard(const struct pc_transceiver *t, const struct pc_pair *p,
			 char out[PC_MAX_ENCODINGS][PC_RID + 1]);

#endif
