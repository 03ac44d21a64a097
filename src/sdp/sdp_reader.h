/* sdp_reader.h - what the parts of the reader share. */
#ifndef TAUT_SDP_READER_H
#define TAUT_SDP_READER_H

#include "sdp/sdp_arena.h"
#include "sdp/sdp_lex.h"

struct tt_sdp_reader {
	struct tt_sdp_lex x; /* the current line; x.code is sticky over lines */
	struct tt_sdp *sdp;
	struct tt_sdp_media *m;     /* NULL: still the session's part */
	struct tt_sdp_common *at;   /* m's or the session's */
	size_t attr_lines;          /* of this section */
	size_t fmtp_lines;          /* of these, joined to one before */
	uint8_t codec_of[128];      /* payload type to its index in m->codecs plus 1 */
	bool keep;                  /* the attribute means nothing here: keep it as it is */
	struct tt_sdp_lex groups[TT_SDP_MAX_GROUPS]; /* their lines, for the last check */
};

/* One a= line from its name on. */
bool tt_sdp_read_attr(struct tt_sdp_reader *r);

/* Arena text of a word; NULL when memory is used up, which the line's end finds. */
const char *tt_sdp_hold(struct tt_sdp_reader *r, struct tt_sdp_word w);
/* Once, or twice the same; else refused. */
bool tt_sdp_hold_once(struct tt_sdp_reader *r, const char **slot, struct tt_sdp_word w);
void tt_sdp_hold_list(struct tt_sdp_reader *r, const char ***list, size_t *count,
                      struct tt_sdp_word w);
void tt_sdp_warn(struct tt_sdp_reader *r, const char *text); /* a literal */
bool tt_sdp_full(struct tt_sdp_reader *r, const char *what); /* refuses by TAUT_E_LIMIT */
/* "IN IP4 192.0.2.1" */
bool tt_sdp_read_address(struct tt_sdp_reader *r, struct tt_sdp_address *out);

/* sdp_read_rtp.c: attributes of RTP sections, from their value on */
bool tt_sdp_read_rtpmap(struct tt_sdp_reader *r);
bool tt_sdp_read_fmtp(struct tt_sdp_reader *r);
bool tt_sdp_read_rtcp_fb(struct tt_sdp_reader *r);
bool tt_sdp_read_extmap(struct tt_sdp_reader *r);
bool tt_sdp_read_msid(struct tt_sdp_reader *r);
bool tt_sdp_read_ssrc(struct tt_sdp_reader *r);
bool tt_sdp_read_ssrc_group(struct tt_sdp_reader *r);
bool tt_sdp_read_rid(struct tt_sdp_reader *r);
bool tt_sdp_read_simulcast(struct tt_sdp_reader *r);

#endif
