/* sdp_reader.h - what the parts of the reader share. */
#ifndef TAUT_SDP_READER_H
#define TAUT_SDP_READER_H

#include "sdp/sdp_arena.h"
#include "sdp/sdp_lex.h"

struct tt_sdp_attribute;

struct tt_sdp_reader {
	struct tt_sdp_lex x; /* the current line; x.code is sticky over lines */
	struct tt_sdp *sdp;
	struct tt_sdp_media *m;             /* NULL: still the session's part */
	struct tt_sdp_common *at;           /* m's or the session's */
	const struct tt_sdp_attribute *row; /* of the a= line */
	bool goes_on;                       /* after what was refused by TAUT_E_SYNTAX */
	bool has_origin;
	size_t attr_lines;     /* of this section */
	size_t fmtp_lines;     /* of these, joined to one before */
	uint8_t codec_of[128]; /* payload type to its index in m->codecs plus 1 */
	struct tt_sdp_lex groups[TT_SDP_MAX_GROUPS]; /* their lines, for the last check */
};

/* Cuts the next line off text; its end without CR and LF. */
void tt_sdp_next_line(struct tt_sdp_lex *x, const char **at, const char *end);
/* One line from behind its "=" on. */
bool tt_sdp_read_line(struct tt_sdp_reader *r, char type);
bool tt_sdp_read_attr(struct tt_sdp_reader *r); /* a= */

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

/* What is left of the line, said once or twice the same. */
bool tt_sdp_rest_once(struct tt_sdp_reader *r, const char **slot, const char *expected);
/* A number of an enumeration, the same; 0: the word at `where` is none of it. */
bool tt_sdp_choice(struct tt_sdp_reader *r, uint8_t *slot, uint8_t value, const char *where,
		   const char *expected);
void tt_sdp_keep_line(struct tt_sdp *sdp, struct tt_sdp_common *at, char type, const char *value,
		      size_t len);

/* Attributes, from their value on; the table in sdp_attrs.c says which is whose. */
#define TT_SDP_READER(name) bool tt_sdp_read_##name(struct tt_sdp_reader *r)
TT_SDP_READER(group); /* sdp_read_attr.c */
TT_SDP_READER(mid);
TT_SDP_READER(msid_semantic);
TT_SDP_READER(direction);
TT_SDP_READER(rtpmap); /* sdp_read_rtp.c */
TT_SDP_READER(fmtp);
TT_SDP_READER(rtcp_fb);
TT_SDP_READER(extmap);
TT_SDP_READER(msid);
TT_SDP_READER(ssrc);
TT_SDP_READER(ssrc_group);
TT_SDP_READER(rid);
TT_SDP_READER(simulcast);
TT_SDP_READER(allow_mixed);
TT_SDP_READER(rtcp_mux);
TT_SDP_READER(rtcp_mux_only);
TT_SDP_READER(rtcp_rsize);
TT_SDP_READER(bundle_only);
TT_SDP_READER(ufrag); /* sdp_read_transport.c */
TT_SDP_READER(pwd);
TT_SDP_READER(ice_options);
TT_SDP_READER(ice_lite);
TT_SDP_READER(ice_pacing);
TT_SDP_READER(candidate);
TT_SDP_READER(end_of_candidates);
TT_SDP_READER(fingerprint);
TT_SDP_READER(setup);
TT_SDP_READER(connection);
TT_SDP_READER(tls_id);
TT_SDP_READER(rtcp);
TT_SDP_READER(sctp_port);
TT_SDP_READER(max_message_size);
TT_SDP_READER(sctp_init);
TT_SDP_READER(sctpmap);

#endif
