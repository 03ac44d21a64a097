/* sctp_wire.h - SCTP packets as bytes: RFC 9260 section 3.
 *
 *    0                   1                   2                   3
 *   |      source port              |     destination port          |
 *   |                      verification tag                         |
 *   |              CRC-32C, least significant byte first            |
 *   |  chunk type   |  chunk flags  |        chunk length           |
 *   |  value, padded with up to three bytes that length leaves out  |
 *
 * Chunks, parameters and error causes are all a 16-bit tag, a 16-bit length that
 * counts its own header, a value and padding. One iterator reads all three, so
 * that no two readers can disagree about where the last one ends. */
#ifndef TAUT_SCTP_WIRE_H
#define TAUT_SCTP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/drop.h"
#include "base/rd.h"
#include "base/serial.h"
#include "base/span.h"
#include "base/wr.h"

#define SCTP_COMMON_HEADER 12
#define SCTP_TLV_HEADER 4
#define SCTP_DATA_HEADER 16 /* with the chunk's own four bytes */
#define SCTP_I_DATA_HEADER 20
#define SCTP_MAX_PACKET 9000
#define SCTP_MAX_GAPS 2243 /* what a packet has room for: a sender cannot see behind them */
#define SCTP_MAX_DUPS 20  /* the same of what came twice */
#define SCTP_MAX_RESET 256 /* streams in one request of ours */

enum sctp_chunk_type {
	SCTP_DATA = 0,
	SCTP_INIT = 1,
	SCTP_INIT_ACK = 2,
	SCTP_SACK = 3,
	SCTP_HEARTBEAT = 4,
	SCTP_HEARTBEAT_ACK = 5,
	SCTP_ABORT = 6,
	SCTP_SHUTDOWN = 7,
	SCTP_SHUTDOWN_ACK = 8,
	SCTP_ERROR = 9,
	SCTP_COOKIE_ECHO = 10,
	SCTP_COOKIE_ACK = 11,
	SCTP_SHUTDOWN_COMPLETE = 14,
	SCTP_I_DATA = 64,       /* RFC 8260 section 2.1 */
	SCTP_RE_CONFIG = 130,   /* RFC 6525 section 3.1 */
	SCTP_PAD = 132,         /* RFC 4820 section 3 */
	SCTP_FORWARD_TSN = 192, /* RFC 3758 section 3.2 */
	SCTP_I_FORWARD_TSN = 194, /* RFC 8260 section 2.3.1 */
};

enum sctp_flag {
	SCTP_FLAG_END = 1, /* of DATA, 3.3.1 */
	SCTP_FLAG_BEGIN = 2,
	SCTP_FLAG_UNORDERED = 4,
	SCTP_FLAG_IMMEDIATE = 8,
	SCTP_FLAG_T = 1, /* of ABORT and SHUTDOWN COMPLETE: the tag is reflected, 3.3.7 */
};

enum sctp_param {
	SCTP_P_HEARTBEAT_INFO = 1,
	SCTP_P_COOKIE = 7,
	SCTP_P_UNRECOGNIZED = 8,
	SCTP_P_HOST_NAME = 11, /* 3.3.2.1.4: nobody may send it */
	SCTP_P_RESET_OUT = 13, /* RFC 6525 section 4 */
	SCTP_P_RESET_IN = 14,
	SCTP_P_RESET_TSN = 15,
	SCTP_P_RESPONSE = 16,
	SCTP_P_ADD_OUT = 17,
	SCTP_P_ADD_IN = 18,
	SCTP_P_ZERO_CHECKSUM = 0x8001, /* RFC 9653 section 4 */
	SCTP_P_EXTENSIONS = 0x8008,
	SCTP_P_FORWARD_TSN = 0xc000,
};

#define SCTP_DETECTION_DTLS 1 /* RFC 9653 section 6 */

enum sctp_cause { /* 3.3.10 */
	SCTP_C_INVALID_STREAM = 1,
	SCTP_C_MISSING_PARAM = 2,
	SCTP_C_STALE_COOKIE = 3,
	SCTP_C_OUT_OF_RESOURCE = 4,
	SCTP_C_UNRESOLVABLE_ADDRESS = 5,
	SCTP_C_UNRECOGNIZED_CHUNK = 6,
	SCTP_C_INVALID_PARAM = 7,
	SCTP_C_UNRECOGNIZED_PARAM = 8,
	SCTP_C_NO_USER_DATA = 9,
	SCTP_C_COOKIE_WHILE_SHUTDOWN = 10,
	SCTP_C_USER_ABORT = 12,
	SCTP_C_PROTOCOL_VIOLATION = 13,
};

struct sctp_header {
	uint16_t from, to;
	uint32_t tag;
};

/* A chunk (type and flags), a parameter or a cause (tag): value without padding. */
struct sctp_tlv {
	uint16_t tag;
	uint8_t type, flags;
	struct rd value;
	struct span whole; /* header and value, for sending it back */
};

/* Checks the length, the checksum (6.8) and that chunks fill the packet exactly. TT_TAKEN: fine, and
 * chunks stands at the first one; else why not. zero_checksum: we said that DTLS is enough, so
 * zero is as good as the right one (RFC 9653 section 5.3), but where it must be right. */
uint32_t tt_sctp_read_packet(struct sctp_header *h, struct rd *chunks, const uint8_t *pkt,
			     size_t len, bool zero_checksum);
/* False at the end, and with a bad cursor where what is left is no TLV. */
bool tt_sctp_next(struct rd *r, struct sctp_tlv *out);

/* DATA, or I-DATA (RFC 8260 section 2.1):
 *
 *   |                              TSN                              |
 *   |       stream identifier       |   SSN; I-DATA: reserved       |
 *   |                      I-DATA: message identifier               |
 *   |      payload protocol; of I-DATA behind the first: FSN        |
 *   |  user data                                                    | */
struct sctp_data {
	struct serial32 tsn;
	uint16_t stream;
	bool interleaved, begin, end, unordered, immediate; /* the first: it is I-DATA */
	struct serial32 mid; /* of DATA only the low half: the SSN */
	uint32_t fsn;        /* of I-DATA; 0 with begin */
	uint32_t ppid;       /* of I-DATA only with begin, else 0 */
	const uint8_t *data;
	size_t len;
};
bool tt_sctp_read_data(struct sctp_data *d, const struct sctp_tlv *chunk);

/* FORWARD-TSN (RFC 3758 section 3.2) or I-FORWARD-TSN: the new cumulative TSN, then what is skipped. */
struct sctp_forward {
	struct serial32 cum;
	bool interleaved;
	struct rd skipped; /* whole entries: checked */
};
struct sctp_skipped {
	uint16_t stream;
	bool unordered; /* only of I-FORWARD-TSN */
	struct serial32 mid;
};
bool tt_sctp_read_forward(struct sctp_forward *f, const struct sctp_tlv *chunk);
bool tt_sctp_next_skipped(struct sctp_forward *f, struct sctp_skipped *s); /* false: no more */

struct sctp_init {
	uint32_t tag, window;
	uint16_t out_streams, in_streams;
	struct serial32 tsn;
	struct span cookie;    /* of an INIT ACK; len 0: none */
	struct span host_name; /* the whole parameter; len 0: none, as it must be */
	/* extensions; our writer always names the first two */
	bool forward_tsn, reconfig, interleaving, i_forward_tsn;
	bool zero_checksum; /* may be sent, because DTLS detects errors */
	/* parameters to report, 3.2.1: whole, padded, one after another */
	uint8_t unknown[256];
	size_t unknown_len;
};
bool tt_sctp_read_init(struct sctp_init *i, const struct sctp_tlv *chunk);

struct sctp_gap {
	uint16_t start, end; /* offsets from the cumulative TSN */
};

struct sctp_sack {
	struct serial32 cum;
	uint32_t window;
	size_t gap_count, dup_count;
	struct rd gaps; /* gap_count pairs of u16, ascending, not overlapping: checked */
	bool cum_only;  /* from a SHUTDOWN: says nothing of what lies behind cum */
};
bool tt_sctp_read_sack(struct sctp_sack *s, const struct sctp_tlv *chunk);
struct sctp_gap tt_sctp_next_gap(struct rd *gaps);

/* Writers. begin answers where the TLV starts; end sets its length, and pads a chunk: a parameter is
 * padded by whatever follows it. */
size_t tt_sctp_begin(struct wr *w, uint8_t type, uint8_t flags);
size_t tt_sctp_begin_param(struct wr *w, uint16_t tag);
void tt_sctp_end_param(struct wr *w, size_t at);
void tt_sctp_end(struct wr *w, size_t at);
void tt_sctp_write_header(struct wr *w, const struct sctp_header *h); /* checksum still zero */
size_t tt_sctp_seal(struct wr *w); /* sets the checksum; the length, 0 if it did not fit */

void tt_sctp_write_data(struct wr *w, const struct sctp_data *d);
void tt_sctp_write_skipped(struct wr *w, const struct sctp_skipped *s, bool interleaved);
/* An INIT or INIT ACK with our parameters; cookie and unknown only of the latter. */
void tt_sctp_write_init(struct wr *w, uint8_t type, const struct sctp_init *i);
/* An error cause with its information, 3.3.10; inside ABORT or ERROR. */
void tt_sctp_write_cause(struct wr *w, uint16_t cause, const void *info, size_t len);

#endif
