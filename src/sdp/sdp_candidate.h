/* sdp_candidate.h - candidate lines inside the reader. */
#ifndef TAUT_SDP_CANDIDATE_H
#define TAUT_SDP_CANDIDATE_H

#include "sdp/sdp_lex.h"

/* What follows "candidate:". */
bool tt_sdp_candidate_parse(struct tt_sdp_lex *x, struct tt_sdp_candidate *out);

#endif
