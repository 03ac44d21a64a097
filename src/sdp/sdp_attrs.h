/* sdp_attrs.h - the attributes of SDP: where each may stand, who reads it, which rule it follows. */
#ifndef TAUT_SDP_ATTRS_H
#define TAUT_SDP_ATTRS_H

#include "sdp/sdp_reader.h"

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
	bool (*read)(struct tt_sdp_reader *r);
	const char *spec;
};

/* The levels that an attribute of this section is on; NULL: of the session. */
uint8_t tt_sdp_levels(const struct tt_sdp_media *m);
/* The row that reads an attribute there; NULL: none, it is to be kept as it is. */
const struct tt_sdp_attribute *tt_sdp_attribute_read(struct tt_sdp_word name, uint8_t levels);

#endif
