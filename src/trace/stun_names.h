/* stun_names.h - STUN's methods and attributes by name, and where they are written. */
#ifndef TAUT_TRACE_STUN_NAMES_H
#define TAUT_TRACE_STUN_NAMES_H

#include <stdint.h>

/* What the value of an attribute is, as far as people read it. */
enum tt_stun_value {
	TT_VALUE_OCTETS,
	TT_VALUE_NOTHING,
	TT_VALUE_TEXT,
	TT_VALUE_NUMBER, /* 32 bits */
	TT_VALUE_ADDRESS,
	TT_VALUE_XORED,
	TT_VALUE_ERROR,
	TT_VALUE_PRIORITY,
	TT_VALUE_TYPES, /* of attributes, 16 bits each */
	TT_VALUE_HASH,
	TT_VALUE_FINGERPRINT,
	TT_VALUE_TIEBREAKER,
	TT_VALUE_TRANSPORT,
	TT_VALUE_FAMILY,
	TT_VALUE_FAMILY_ERROR,
	TT_VALUE_CHANNEL,
	TT_VALUE_EVEN_PORT,
	TT_VALUE_ALGORITHMS,
	TT_VALUE_DATA,
	TT_VALUE_NETWORK, /* libwebrtc's: an id and a cost */
};

struct tt_stun_name {
	uint16_t number;
	const char *name, *where; /* "8489 14.1": RFC and section */
	enum tt_stun_value value;
};

/* NULL: not in the table. */
const struct tt_stun_name *tt_stun_attribute_name(uint16_t type);
const char *tt_stun_method_name(uint32_t method);

#endif
