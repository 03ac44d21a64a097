/* explain_rtp.c - RTP and RTCP: RFC 3550 sections 5.1 and 6, RFC 4585, RFC 5104, RFC 3611. */
#include <inttypes.h>

#include "base/rd.h"
#include "trace/trace_line.h"

enum { SR = 200, RR = 201, RTPFB = 205, PSFB = 206 };

void tt_explain_rtp(struct tt_line *l, const uint8_t *p, size_t len)
{
	struct rd r = rd_make(p, len);
	const uint8_t first = rd_u8(&r), second = rd_u8(&r);
	const uint16_t seq = rd_u16(&r);
	const uint32_t ts = rd_u32(&r), ssrc = rd_u32(&r);

	rd_take(&r, 4u * (first & 0x0f));
	if (first & 0x10) {
		rd_u16(&r);
		rd_take(&r, 4u * rd_u16(&r));
	}
	if (r.bad) {
		tt_line_add(l, "not a whole RTP packet, %zu octets", len);
		return;
	}
	tt_line_add(l,
		    "payload type %u seq=%u timestamp=%" PRIu32 " ssrc=%" PRIu32 "%s%s payload=%zu",
		    second & 0x7fu, seq, ts, ssrc, second & 0x80 ? " marker" : "",
		    first & 0x20 ? " padded" : "", rd_left(&r));
}

static const struct tt_name types[] = {
	{ 192, "FIR (old)" }, { 195, "IJ" },  { SR, "SR" },   { RR, "RR" },
	{ 202, "SDES" },      { 203, "BYE" }, { 204, "APP" }, { RTPFB, "RTPFB" },
	{ PSFB, "PSFB" },     { 207, "XR" },  { 0, NULL },
};
static const struct tt_name transport[] = {
	{ 1, "NACK" }, { 3, "TMMBR" }, { 4, "TMMBN" }, { 11, "CCFB" }, { 15, "TWCC" }, { 0, NULL },
};
static const struct tt_name payload[] = {
	{ 1, "PLI" }, { 2, "SLI" }, { 3, "RPSI" }, { 4, "FIR" }, { 15, "REMB" }, { 0, NULL },
};

/* RFC 4585 section 6.2.1: a packet, and a bit for each of the 16 after it */
static void add_nacked(struct tt_line *l, struct rd r)
{
	for (int i = 0; i < 8 && rd_left(&r) >= 4; i++) {
		const uint16_t pid = rd_u16(&r), mask = rd_u16(&r);

		tt_line_add(l, " %u", pid);
		for (unsigned bit = 0; bit < 16; bit++)
			if (mask >> bit & 1)
				tt_line_add(l, " %u", (pid + 1 + bit) & 0xffff);
	}
}

/* RFC 4585 section 6.1 */
static void add_feedback(struct tt_line *l, uint8_t type, uint8_t format, struct rd r)
{
	const char *name = tt_name_of(type == RTPFB ? transport : payload, format);
	const uint32_t from = rd_u32(&r), about = rd_u32(&r);

	if (name)
		tt_line_add(l, "%s", name);
	else
		tt_line_add(l, "%s %u", tt_name_of(types, type), format);
	tt_line_add(l, " from %" PRIu32 " about %" PRIu32, from, about);
	if (type == RTPFB && format == 1)
		add_nacked(l, r);
}

static void add_packet(struct tt_line *l, uint8_t type, uint8_t count, struct rd r)
{
	const char *name = tt_name_of(types, type);

	if (type == RTPFB || type == PSFB) {
		add_feedback(l, type, count, r);
		return;
	}
	if (name)
		tt_line_add(l, "%s", name);
	else
		tt_line_add(l, "type %u", type);
	if (type != SR && type != RR)
		return;
	tt_line_add(l, " from %" PRIu32, rd_u32(&r));
	if (type == SR)
		rd_take(&r, 20);
	for (unsigned i = 0; i < count && rd_left(&r) >= 24; i++) { /* section 6.4.1 */
		const uint32_t about = rd_u32(&r);
		const uint8_t fraction = rd_u8(&r);
		const uint32_t lost = (uint32_t)rd_be(&r, 3);
		tt_line_add(l, " (of %" PRIu32 ": lost %" PRIu32 " in all, %u of 256 lately)",
			    about, lost, fraction);
		rd_take(&r, 16);
	}
}

void tt_explain_rtcp(struct tt_line *l, const uint8_t *p, size_t len)
{
	struct rd r = rd_make(p, len);
	bool first = true;

	while (rd_left(&r) >= 4) {
		const uint8_t head = rd_u8(&r), type = rd_u8(&r);
		const struct rd body = rd_sub(&r, 4u * rd_u16(&r));

		if (body.bad)
			break;
		tt_line_add(l, "%s", first ? "" : ", ");
		add_packet(l, type, head & 0x1f, body);
		first = false;
	}
	if (r.bad || rd_left(&r) > 0)
		tt_line_add(l, "%s(cut off)", first ? "" : " ");
}
