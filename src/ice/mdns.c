/* mdns.c - reading and writing the messages of mdns.h.
 *
 * RFC 1035 section 4.1: a header of six 16-bit words, then questions, then
 * records. A name is labels, each a length and bytes, and may end in a pointer
 * to an earlier place (4.1.4). A pointer here must point before the place it was
 * followed from, so that no chain of them can come back to itself. */
#include "ice/mdns.h"

#include <string.h>

#include "base/rd.h"
#include "base/wr.h"

/* Nobody needs more than one pointer in a name; chains are followed anew for every record. */
enum { MAX_POINTERS = 16 };
enum { CLASS_IN = 1, CACHE_FLUSH = 0x8000, RESPONSE = 0x8000, OPCODE = 0x7800 };

static char lower(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c + 32);
	/* What no host name has must not end or split the text. */
	return c > ' ' && c < 0x7f && c != '.' ? (char)c : '?';
}

/* At r, and past it in r; the text in out. False: malformed. */
static bool read_name(struct rd *r, char out[TT_MDNS_NAME_CAP])
{
	struct rd at = *r;
	size_t n = 0, limit = r->off; /* pointers go before this */
	unsigned pointers = 0;

	for (;;) {
		uint8_t len = rd_u8(&at);
		if (at.bad || (len & 0xc0) == 0x40 || (len & 0xc0) == 0x80)
			return false;
		if ((len & 0xc0) == 0xc0) {
			size_t to = (size_t)(len & 0x3f) << 8 | rd_u8(&at);
			if (pointers++ == 0)
				*r = at;
			if (at.bad || to >= limit || pointers > MAX_POINTERS)
				return false;
			limit = to;
			at.off = to;
			continue;
		}
		if (len == 0)
			break;
		if (n + len + 2 > TT_MDNS_NAME_CAP) /* 2.3.4: 255 bytes */
			return false;
		if (n > 0)
			out[n++] = '.';
		for (uint8_t i = 0; i < len; i++)
			out[n++] = lower(rd_u8(&at));
	}
	out[n] = '\0';
	if (pointers == 0)
		*r = at;
	return true;
}

bool tt_mdns_begin(struct tt_mdns_reader *m, const uint8_t *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	char name[TT_MDNS_NAME_CAP];

	rd_u16(&r); /* id: of no meaning, RFC 6762 section 18.1 */
	uint16_t flags = rd_u16(&r), questions = rd_u16(&r);
	unsigned records = 0;
	for (int i = 0; i < 3; i++)
		records += rd_u16(&r);
	if (r.bad || !(flags & RESPONSE) || (flags & OPCODE))
		return false;
	for (uint16_t i = 0; i < questions; i++) {
		if (!read_name(&r, name))
			return false;
		rd_u32(&r);
		if (r.bad)
			return false;
	}
	*m = (struct tt_mdns_reader){ .pkt = pkt, .len = len, .off = r.off, .left = records };
	return true;
}

int tt_mdns_next(struct tt_mdns_reader *m, struct tt_mdns_record *out)
{
	struct rd r = rd_make(m->pkt, m->len);

	for (r.off = m->off; m->left > 0; m->left--) {
		if (!read_name(&r, out->name))
			return -1;
		uint16_t type = rd_u16(&r), cls = rd_u16(&r);
		rd_u32(&r); /* TTL: the answer is used at once or not at all */
		uint16_t len = rd_u16(&r);
		const uint8_t *data = rd_take(&r, len);
		if (r.bad)
			return -1;
		bool a = type == TT_MDNS_A && len == 4, aaaa = type == TT_MDNS_AAAA && len == 16;
		if ((cls & ~CACHE_FLUSH) != CLASS_IN || !(a || aaaa))
			continue;
		out->addr = (struct taut_addr){ .family = a ? 4 : 6 };
		memcpy(out->addr.ip, data, len);
		m->off = r.off;
		m->left--;
		return 1;
	}
	return 0;
}

size_t tt_mdns_write_query(uint8_t *buf, size_t cap, const char *name, uint16_t type)
{
	struct wr w = wr_make(buf, cap);
	size_t total = strlen(name);

	wr_zeros(&w, 4);
	wr_u16(&w, 1); /* one question: Chromium answers no others */
	wr_zeros(&w, 6);
	for (const char *p = name; *p;) {
		const char *dot = strchr(p, '.');
		size_t len = dot ? (size_t)(dot - p) : strlen(p);
		if (len == 0 || len > 63 || total > 253)
			return 0;
		wr_u8(&w, (uint8_t)len);
		wr_bytes(&w, p, len);
		p += len + (dot != NULL);
	}
	wr_u8(&w, 0);
	wr_u16(&w, type);
	wr_u16(&w, CLASS_IN); /* without the QU bit: Chromium's answers are multicast */
	return wr_len(&w);
}

bool tt_mdns_same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++)
		if (lower((uint8_t)*a) != lower((uint8_t)*b))
			return false;
	return *a == *b;
}

bool tt_mdns_is_local(const char *name)
{
	const char *dot = strchr(name, '.');

	if (!dot || dot == name || dot - name > 63 || !tt_mdns_same_name(dot + 1, "local"))
		return false;
	for (const char *p = name; p < dot; p++)
		if (lower((uint8_t)*p) == '?')
			return false;
	return true;
}
