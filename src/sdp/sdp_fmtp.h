/* sdp_fmtp.h - parameters of formats (a=fmtp, a=rid): what each means, and what two formats must
 * have in common to be the same. */
#ifndef TAUT_SDP_FMTP_H
#define TAUT_SDP_FMTP_H

#include "sdp/sdp_lex.h"

struct tt_sdp_param {
	const char *codec; /* NULL: any; "rid": of restrictions */
	const char *key;   /* NULL: the whole text is one value */
	const char *words, *spec;
	/* What is taken where it is not said, when formats that differ in it are two formats; NULL:
	 * formats may differ in it. */
	const char *differs;
};

/* NULL: nobody here knows the parameter. Case does not count. */
const struct tt_sdp_param *tt_sdp_param(struct tt_sdp_word codec, struct tt_sdp_word key);

/* Are they the same format, by RFC 3264 section 6.1 and the codec's own rules? No: in *key is what
 * differs, "name", "clock rate", "channels" or a parameter. */
bool tt_sdp_same_format(const struct tt_sdp_codec *a, const struct tt_sdp_codec *b,
			const char **key);

/* RFC 6184 section 8.1: the profile of a profile-level-id, "constrained baseline"; "" for one that
 * has no name, NULL if that is no profile-level-id. *level is its last byte: ten times the level. */
const char *tt_sdp_h264_profile(const char *id, unsigned *level);

/* The next "key" or "key=value" of parameters that semicolons part. False: no more. */
bool tt_sdp_next_param(struct tt_sdp_lex *x, struct tt_sdp_word *key, struct tt_sdp_word *value);

#endif
