/* rtp_packet.h - one RTP packet: RFC 3550 section 5.1 with RFC 8285 extensions. */
#ifndef TAUT_RTP_RTP_PACKET_H
#define TAUT_RTP_RTP_PACKET_H

#include "base/rd.h"
#include "base/span.h"
#include "base/wr.h"

enum { TT_RTP_HEADER = 12 };

struct tt_rtp_packet {
	bool marker;
	uint8_t pt;
	uint16_t seq;
	uint32_t ts, ssrc;
	uint8_t csrc_count;
	uint8_t padding; /* bytes, its count included */
	uint16_t ext_profile; /* counts only when ext.p is not NULL */
	struct span csrcs, ext; /* ext: what follows the extension's own header */
	struct span payload;    /* without padding; may be empty */
	size_t header_len;
	uint8_t ecn; /* of the datagram, RFC 3168 section 5; reading leaves it 0 */
};

/* What the second byte says about a packet on a port that carries both, RFC 5761 section 4. */
static inline bool tt_rtp_is_rtcp(const uint8_t *pkt, size_t len)
{
	return len >= 2 && (pkt[1] & 0x7f) >= 64 && (pkt[1] & 0x7f) <= 95;
}

/* False: not RTP version 2, or lengths that do not fit; out is undefined. Points into pkt. */
bool tt_rtp_read(struct tt_rtp_packet *out, const uint8_t *pkt, size_t len);

/* One extension element, lent. */
struct tt_rtp_ext {
	uint8_t id;
	struct span value;
};

struct tt_rtp_ext_reader {
	struct rd rd;
	uint16_t profile;
};

struct tt_rtp_ext_reader tt_rtp_ext_begin(const struct tt_rtp_packet *p);
/* False: no more, or from here on it makes no sense; what came before stands. */
bool tt_rtp_ext_next(struct tt_rtp_ext_reader *r, struct tt_rtp_ext *out);

/* The fixed header of p (marker, pt, seq, ts, ssrc) and the extensions, if any. Elements are
 * 1..16 bytes long with ids 1..14, or else all travel in the two-byte form. */
void tt_rtp_write_header(struct wr *w, const struct tt_rtp_packet *p, const struct tt_rtp_ext *ext,
                         size_t ext_count);
/* What the extensions take on the wire, their header and padding included. */
size_t tt_rtp_ext_room(const struct tt_rtp_ext *ext, size_t ext_count);
/* A mid or rid (NULL: none), cut to TT_RTP_MAX_MID octets, into room for one more; from may be to.
 * Answers with to. */
const char *tt_rtp_copy_name(char *to, const char *from);

#endif
