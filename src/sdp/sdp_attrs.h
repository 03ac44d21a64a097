/* sdp_attrs.h - the attributes of SDP: where each may stand, who reads it, what it means. */
#ifndef TAUT_SDP_ATTRS_H
#define TAUT_SDP_ATTRS_H

#include "sdp/sdp_reader.h"

struct tt_sdp_tale;

/* Where an attribute means something. */
enum {
	TT_SDP_IN_SESSION = 1,
	TT_SDP_IN_MEDIA = 2,    /* any section */
	TT_SDP_IN_RTP = 4,      /* of RTP */
	TT_SDP_IN_OLD_DATA = 8, /* of data channels as they were before RFC 8841 */
};

struct tt_sdp_attribute {
	const char *name;
	uint8_t levels;
	bool (*read)(struct tt_sdp_reader *r); /* NULL: it is kept as it is */
	void (*tell)(struct tt_sdp_tale *t);   /* what a value means, once it was read; or NULL */
	const char *spec;
	const char *words; /* what such an attribute says */
	bool secret;       /* not to be shown */
};

/* Cuts the name off an a= line; x goes on with the value, NULL if there is no colon. */
struct tt_sdp_word tt_sdp_attribute_name(struct tt_sdp_lex *x, const char **value);
/* The levels that an attribute of this section is on; NULL: of the session. */
uint8_t tt_sdp_levels(const struct tt_sdp_media *m);
/* The row that reads an attribute there; NULL: none, it is to be kept as it is. */
const struct tt_sdp_attribute *tt_sdp_attribute_read(struct tt_sdp_word name, uint8_t levels);

/* The row of that name, wherever it stands; NULL: nobody here knows it. */
const struct tt_sdp_attribute *tt_sdp_attribute(struct tt_sdp_word name);

#endif
