/* dcs_dcep.h - the messages of the Data Channel Establishment Protocol: RFC 8832 section 5.
 *
 *   |  type 0x03    | channel type  |          priority             |
 *   |                    reliability parameter                      |
 *   |         label length          |       protocol length         |
 *   |  label, protocol                                              |
 *
 * and the acknowledgement, one byte 0x02. Bytes only; no channels. */
#ifndef TAUT_DATACHANNEL_DCEP_H
#define TAUT_DATACHANNEL_DCEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"
#include "base/wr.h"

#define DCEP_ACK 2
#define DCEP_OPEN 3
#define DCEP_OPEN_HEADER 12

struct dcep_open {
	bool unordered, limit_retransmits, limit_lifetime;
	uint16_t priority;
	uint32_t reliability; /* retransmissions or milliseconds, by the limit */
	struct span label, protocol;
};

/* False: malformed, an unknown channel type, or a text above TT_DCS_MAX_TEXT. */
bool tt_dcs_read_open(struct dcep_open *o, const uint8_t *data, size_t len);
void tt_dcs_write_open(struct wr *w, const struct dcep_open *o);

#endif
