/* dcs_dcep.c - see dcs_dcep.h. */
#include "datachannel/dcs_dcep.h"

#include "base/num.h"
#include "base/rd.h"
#include "datachannel/datachannel.h"

enum { /* RFC 8832 section 5.1 */
	TYPE_RELIABLE = 0,
	TYPE_RETRANSMITS = 1,
	TYPE_LIFETIME = 2,
	TYPE_UNORDERED = 0x80,
};

bool tt_dcs_read_open(struct dcep_open *o, const uint8_t *data, size_t len)
{
	struct rd r = rd_make(data, len);
	uint8_t message = rd_u8(&r), type = rd_u8(&r);

	*o = (struct dcep_open){ .priority = rd_u16(&r) };
	o->reliability = rd_u32(&r);
	o->label.len = rd_u16(&r);
	o->protocol.len = rd_u16(&r);
	o->label.p = rd_take(&r, o->label.len);
	o->protocol.p = rd_take(&r, o->protocol.len);
	if (r.bad || rd_left(&r) != 0 || message != DCEP_OPEN)
		return false;
	if (o->label.len > TT_DCS_MAX_TEXT || o->protocol.len > TT_DCS_MAX_TEXT)
		return false;
	o->unordered = type & TYPE_UNORDERED;
	type &= (uint8_t)~TYPE_UNORDERED;
	o->limit_retransmits = type == TYPE_RETRANSMITS;
	o->limit_lifetime = type == TYPE_LIFETIME;
	return type <= TYPE_LIFETIME;
}

void tt_dcs_write_open(struct wr *w, const struct dcep_open *o)
{
	wr_u8(w, DCEP_OPEN);
	wr_u8(w, (uint8_t)((o->unordered ? TYPE_UNORDERED : 0) |
	                   (o->limit_retransmits ? TYPE_RETRANSMITS
	                    : o->limit_lifetime  ? TYPE_LIFETIME
	                                         : TYPE_RELIABLE)));
	wr_u16(w, o->priority);
	wr_u32(w, o->reliability);
	wr_u16(w, tt_u16(o->label.len));
	wr_u16(w, tt_u16(o->protocol.len));
	wr_bytes(w, o->label.p, o->label.len);
	wr_bytes(w, o->protocol.p, o->protocol.len);
}
