/* rtp_packet.c - the RTP header, RFC 3550 section 5.1.
 *
 *    0                   1                   2                   3
 *   |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *   |                           timestamp                           |
 *   |           synchronization source (SSRC) identifier            |
 *   |            contributing source (CSRC) identifiers ...         |
 *   |      defined by profile       |   length in 32-bit words      |   if X
 *   |                        header extension ...                   |
 *
 * Extension elements are in rtp_ext.c. CSRCs are read, never written. */
#include "rtp/rtp_packet.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "rtp/rtp_types.h"

bool tt_rtp_read(struct tt_rtp_packet *out, const uint8_t *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	uint8_t b0 = rd_u8(&r), b1 = rd_u8(&r);

	*out = (struct tt_rtp_packet){ .marker = b1 >> 7, .pt = b1 & 0x7f, .csrc_count = b0 & 15 };
	out->seq = rd_u16(&r);
	out->ts = rd_u32(&r);
	out->ssrc = rd_u32(&r);
	out->csrcs.len = (size_t)out->csrc_count * 4;
	out->csrcs.p = rd_take(&r, out->csrcs.len);
	if (b0 & 0x10) {
		out->ext_profile = rd_u16(&r);
		out->ext.len = (size_t)rd_u16(&r) * 4;
		out->ext.p = rd_take(&r, out->ext.len);
	}
	if (r.bad || b0 >> 6 != 2)
		return false;
	out->header_len = r.off;
	out->payload.len = rd_left(&r);
	out->payload.p = pkt + r.off;
	if (b0 & 0x20) { /* 5.1: the last byte counts the padding, itself included */
		tt_work(1);
		out->padding = pkt[len - 1]; /* of no payload: a byte of the header */
		if (out->padding == 0 || out->padding > out->payload.len)
			return false;
		out->payload.len -= out->padding;
	}
	return true;
}

const char *tt_rtp_copy_name(char *to, const char *from)
{
	const size_t len = from ? tt_min(strlen(from), TT_RTP_MAX_MID) : 0;

	if (len > 0)
		memmove(to, from, len);
	to[len] = '\0';
	return to;
}
