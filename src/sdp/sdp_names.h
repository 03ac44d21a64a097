/* sdp_names.h - the words of SDP that stand for numbers in the structure. */
#ifndef TAUT_SDP_NAMES_H
#define TAUT_SDP_NAMES_H

#include "sdp/sdp_lex.h"

uint8_t tt_sdp_direction_of(struct tt_sdp_word w); /* 0: none of them */
uint8_t tt_sdp_setup_of(struct tt_sdp_word w);
uint8_t tt_sdp_kind_of(struct tt_sdp_word w);
uint8_t tt_sdp_proto_of(struct tt_sdp_word w);
const char *tt_sdp_proto_text(unsigned proto);

struct tt_sdp_static_codec {
	uint8_t payload_type, kind, channels;
	uint32_t clock_rate;
	const char *name;
};
/* RFC 3551 section 6; NULL: none for this kind. */
const struct tt_sdp_static_codec *tt_sdp_static_codec(unsigned payload_type, unsigned kind);

/* Bytes of the digest, 0: a hash nobody here knows. */
size_t tt_sdp_hash_len(const char *hash);

#endif
