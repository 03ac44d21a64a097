/* explain_sctp.c - the chunks of a packet: RFC 9260 section 3.3, RFC 3758, RFC 6525, RFC 8260. */
#include <inttypes.h>

#include "base/num.h"
#include "base/rd.h"
#include "trace/trace_line.h"

enum { DATA = 0, INIT = 1, INIT_ACK = 2, SACK = 3, I_DATA = 64 };
enum { FORWARD_TSN = 192, I_FORWARD_TSN = 194 };
enum { ZERO_CHECKSUM = 0x8001, EXTENSIONS = 0x8008 };

static const struct tt_name chunks[] = {
	{ DATA, "DATA" },
	{ INIT, "INIT" },
	{ INIT_ACK, "INIT-ACK" },
	{ SACK, "SACK" },
	{ 4, "HEARTBEAT" },
	{ 5, "HEARTBEAT-ACK" },
	{ 6, "ABORT" },
	{ 7, "SHUTDOWN" },
	{ 8, "SHUTDOWN-ACK" },
	{ 9, "ERROR" },
	{ 10, "COOKIE-ECHO" },
	{ 11, "COOKIE-ACK" },
	{ 14, "SHUTDOWN-COMPLETE" },
	{ I_DATA, "I-DATA" },
	{ 130, "RE-CONFIG" },
	{ 132, "PAD" },
	{ FORWARD_TSN, "FORWARD-TSN" },
	{ I_FORWARD_TSN, "I-FORWARD-TSN" },
	{ 0, NULL },
};

/* RFC 8831 section 8, RFC 8832 section 8.1 */
static const struct tt_name payloads[] = {
	{ 50, "DCEP" },       { 51, "text" },         { 53, "binary" },
	{ 56, "empty text" }, { 57, "empty binary" }, { 0, NULL },
};

/* RFC 8832 section 5: OPEN with the label, ACK */
static void add_dcep(struct tt_line *l, struct rd r)
{
	const uint8_t type = rd_u8(&r);

	tt_line_add(l, type == 3 ? " OPEN" : type == 2 ? " ACK" : " (unknown)");
	if (type != 3)
		return;
	rd_take(&r, 7);
	const uint16_t label_len = rd_u16(&r);
	rd_u16(&r);
	const uint8_t *label = rd_take(&r, label_len);
	if (r.bad)
		return;
	tt_line_add(l, " \"");
	tt_line_add_foreign(l, (const char *)label, tt_min(label_len, 64));
	tt_line_add(l, "\"");
}

static void add_payload(struct tt_line *l, uint32_t ppid, struct rd r)
{
	const char *name = tt_name_of(payloads, ppid);
	const size_t len = rd_left(&r);

	if (name)
		tt_line_add(l, " %s", name);
	else
		tt_line_add(l, " ppid=%" PRIu32, ppid);
	if (ppid == 50)
		add_dcep(l, r);
	tt_line_add(l, ", %zu octets", len);
}

/* Section 3.3.1; section 2.1 of RFC 8260 for I-DATA, whose PPID shares a field with the FSN. */
static void add_data(struct tt_line *l, uint8_t flags, bool interleaved, struct rd r)
{
	const uint32_t tsn = rd_u32(&r);
	const uint16_t sid = rd_u16(&r), ssn = rd_u16(&r);
	const uint32_t mid = interleaved ? rd_u32(&r) : ssn;
	const uint32_t ppid = rd_u32(&r);

	if (r.bad)
		return;
	static const char *const parts[] = { " middle part", " last part", " first part",
					     " whole" };
	tt_line_add(l, " tsn=%" PRIu32 " stream=%u message %" PRIu32 "%s%s:", tsn, sid, mid,
		    flags & 4 ? " unordered," : "", parts[flags & 3]);
	if (interleaved && !(flags & 2))
		tt_line_add(l, " fragment %" PRIu32 ", %zu octets", ppid, rd_left(&r));
	else
		add_payload(l, ppid, r);
}

static void add_extensions(struct tt_line *l, struct rd types)
{
	while (rd_left(&types) > 0) {
		const uint8_t type = rd_u8(&types);
		const char *name = tt_name_of(chunks, type);
		if (name)
			tt_line_add(l, " %s", name);
		else
			tt_line_add(l, " chunk %u", type);
	}
}

/* Section 3.3.2, and what is offered: RFC 5061 section 4.2.7, RFC 9653 section 4. */
static void add_init(struct tt_line *l, struct rd r)
{
	rd_u32(&r); /* the verification tag is no one else's business */
	const uint32_t window = rd_u32(&r);
	const uint16_t out = rd_u16(&r), in = rd_u16(&r);

	tt_line_add(l, " a_rwnd=%" PRIu32 " streams=%u/%u tsn=%" PRIu32, window, out, in,
		    rd_u32(&r));
	while (rd_left(&r) >= 4) {
		const uint16_t tag = rd_u16(&r), len = rd_u16(&r);
		const struct rd value = rd_sub(&r, len >= 4 ? len - 4u : SIZE_MAX);
		if (value.bad)
			return;
		if (tag == EXTENSIONS)
			add_extensions(l, value);
		else if (tag == ZERO_CHECKSUM)
			tt_line_add(l, " zero-checksum");
		rd_take(&r, tt_min((4u - len % 4u) % 4u, rd_left(&r)));
	}
}

/* RFC 3758 section 3.2, RFC 8260 section 2.3.1: the first of the streams that are skipped. */
static void add_forward(struct tt_line *l, bool interleaved, struct rd r)
{
	const size_t entry = interleaved ? 8 : 4;

	tt_line_add(l, " to %" PRIu32, rd_u32(&r));
	for (int n = 0; n < 8 && rd_left(&r) >= entry; n++) {
		const uint16_t sid = rd_u16(&r), second = rd_u16(&r);
		tt_line_add(l, " stream=%u%s message %" PRIu32, sid,
			    interleaved && second & 1 ? " unordered" : "",
			    interleaved ? rd_u32(&r) : second);
	}
	if (rd_left(&r) >= entry)
		tt_line_add(l, " ...");
}

static void add_chunk(struct tt_line *l, uint8_t type, uint8_t flags, struct rd r)
{
	const char *name = tt_name_of(chunks, type);

	if (name)
		tt_line_add(l, "%s", name);
	else
		tt_line_add(l, "chunk %u", type);
	switch (type) {
	case DATA:
	case I_DATA:
		add_data(l, flags, type == I_DATA, r);
		break;
	case INIT:
	case INIT_ACK:
		add_init(l, r);
		break;
	case SACK: {
		const uint32_t cumulative = rd_u32(&r), window = rd_u32(&r);
		const uint16_t gaps = rd_u16(&r), twice = rd_u16(&r);
		tt_line_add(l, " up to %" PRIu32 " a_rwnd=%" PRIu32, cumulative, window);
		if (gaps || twice)
			tt_line_add(l, " gaps=%u duplicates=%u", gaps, twice);
		break;
	}
	case FORWARD_TSN:
	case I_FORWARD_TSN:
		add_forward(l, type == I_FORWARD_TSN, r);
		break;
	default:
		break;
	}
}

void tt_explain_sctp(struct tt_line *l, const uint8_t *p, size_t len)
{
	struct rd r = rd_make(p, len);
	bool first = true;

	rd_take(&r, 12);
	while (rd_left(&r) >= 4) {
		const uint8_t type = rd_u8(&r), flags = rd_u8(&r);
		const uint16_t chunk_len = rd_u16(&r);
		const struct rd body = rd_sub(&r, chunk_len >= 4 ? chunk_len - 4u : SIZE_MAX);

		if (body.bad)
			break;
		tt_line_add(l, "%s", first ? "" : ", ");
		add_chunk(l, type, flags, body);
		if (rd_left(&r) > 0)
			rd_take(&r, (4u - chunk_len % 4u) % 4u);
		first = false;
	}
	if (r.bad || rd_left(&r) > 0)
		tt_line_add(l, "%s(cut off)", first ? "" : " ");
}
