/* sdp_tale.h - what the parts of explaining share: one line, and what is said of its value. */
#ifndef TAUT_SDP_TALE_H
#define TAUT_SDP_TALE_H

#include "sdp/sdp_lex.h"
#include "sdp/sdp_meanings.h"

struct tt_sdp_tale {
	const struct tt_sdp *sdp;     /* all of it, read */
	const struct tt_sdp_media *m; /* the line's section, NULL: the session's part */
	struct tt_sdp_lex x;          /* the value, which was read before and is in order */
	const char *spec;             /* of the value, if another than the line's */
	bool unknown;                 /* it holds a word that nobody here knows */
	size_t len;                   /* of what is said; what does not fit is cut */
	char said[2048];
};

#if defined __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
void tt_sdp_say(struct tt_sdp_tale *t, const char *fmt, ...);
/* What the word means, in the dictionary's words. */
void tt_sdp_say_meaning(struct tt_sdp_tale *t, enum tt_sdp_topic topic, struct tt_sdp_word w);
void tt_sdp_say_params(struct tt_sdp_tale *t, struct tt_sdp_word codec, struct tt_sdp_word params);
struct tt_sdp_word tt_sdp_word_of(const char *text);

/* The value of a line of this type that is no attribute; nothing for those that say it all. */
void tt_sdp_tell_line(struct tt_sdp_tale *t, char type);

#define TT_SDP_TELLER(name) void tt_sdp_tell_##name(struct tt_sdp_tale *t)
TT_SDP_TELLER(rtpmap); /* sdp_tell_rtp.c */
TT_SDP_TELLER(fmtp);
TT_SDP_TELLER(rtcp_fb);
TT_SDP_TELLER(extmap);
TT_SDP_TELLER(msid);
TT_SDP_TELLER(ssrc);
TT_SDP_TELLER(ssrc_group);
TT_SDP_TELLER(rid);
TT_SDP_TELLER(simulcast);
TT_SDP_TELLER(group); /* sdp_tell.c */
TT_SDP_TELLER(candidate);
TT_SDP_TELLER(ice_options);
TT_SDP_TELLER(setup);
TT_SDP_TELLER(length);
TT_SDP_TELLER(message_size);

#endif
