/* sdp_meanings.h - what the words inside the values of SDP mean, and where that is written. */
#ifndef TAUT_SDP_MEANINGS_H
#define TAUT_SDP_MEANINGS_H

#include "sdp/sdp_lex.h"

enum tt_sdp_topic {
	TT_SDP_OF_PROTO = 1, /* of an m-line */
	TT_SDP_OF_BANDWIDTH, /* types of b= */
	TT_SDP_OF_CODEC,     /* encoding names */
	TT_SDP_OF_FEEDBACK,  /* of a=rtcp-fb */
	TT_SDP_OF_EXTENSION, /* URIs of a=extmap */
	TT_SDP_OF_GROUP,     /* of a=group */
	TT_SDP_OF_SSRC,      /* attributes of a=ssrc */
	TT_SDP_OF_SSRC_GROUP,
	TT_SDP_OF_ICE_OPTION,
	TT_SDP_OF_CANDIDATE, /* types */
	TT_SDP_OF_SETUP,
};

struct tt_sdp_meaning {
	uint8_t topic;
	const char *text; /* one that ends in a space has more behind it */
	const char *words, *spec;
};

/* NULL: nobody here knows it. Case does not count. */
const struct tt_sdp_meaning *tt_sdp_meaning(enum tt_sdp_topic topic, struct tt_sdp_word w);

#endif
