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
enum { CLASS_IN = 1, CLASS_ANY = 255, CACHE_FLUSH = 0x8000, UNICAST = 0x8000 };
enum { RESPONSE = 0x8000, OPCODE = 0x7800, AUTHORITATIVE = 0x0400, NSEC = 47, HEADER = 12 };

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

/* The header. The records of a query's last two sections are no answers: what a prober wants to have, section
 * 8.2, and options. RFC 6762 section 18.3: only opcode 0 counts. */
static bool begin(struct tt_mdns_reader *m, const uint8_t *pkt, size_t len, bool response)
{
	struct rd r = rd_make(pkt, len);

	*m = (struct tt_mdns_reader){ .pkt = pkt, .len = len };
	m->id = rd_u16(&r); /* of no meaning but for section 18.1 */
	const uint16_t flags = rd_u16(&r);
	m->questions = rd_u16(&r);
	m->left = rd_u16(&r);
	const unsigned more = rd_u16(&r), most = rd_u16(&r);
	m->left += response ? more + most : 0;
	m->off = r.off;
	return !r.bad && response == ((flags & RESPONSE) != 0) && !(flags & OPCODE);
}

bool tt_mdns_begin(struct tt_mdns_reader *m, const uint8_t *pkt, size_t len)
{
	struct tt_mdns_question passed;
	int more;

	if (!begin(m, pkt, len, true))
		return false;
	while ((more = tt_mdns_next_question(m, &passed)) > 0)
		;
	return more == 0;
}

bool tt_mdns_begin_query(struct tt_mdns_reader *m, const uint8_t *pkt, size_t len)
{
	return begin(m, pkt, len, false) && m->questions <= TT_MDNS_MAX_QUESTIONS;
}

int tt_mdns_next_question(struct tt_mdns_reader *m, struct tt_mdns_question *out)
{
	struct rd r = rd_make(m->pkt, m->len);

	for (r.off = m->off; m->questions > 0; m->questions--) {
		if (!read_name(&r, out->name))
			return -1;
		out->type = rd_u16(&r);
		const uint16_t cls = rd_u16(&r);
		if (r.bad)
			return -1;
		m->off = r.off;
		out->unicast = (cls & UNICAST) != 0;
		if ((cls & ~UNICAST) != CLASS_IN && (cls & ~UNICAST) != CLASS_ANY)
			continue;
		m->questions--;
		return 1;
	}
	return 0;
}

int tt_mdns_next(struct tt_mdns_reader *m, struct tt_mdns_record *out)
{
	struct rd r = rd_make(m->pkt, m->len);

	for (r.off = m->off; m->left > 0; m->left--) {
		if (!read_name(&r, out->name))
			return -1;
		uint16_t type = rd_u16(&r), cls = rd_u16(&r);
		out->ttl = rd_u32(&r);
		uint16_t len = rd_u16(&r);
		const uint8_t *data = rd_take(&r, len);
		if (r.bad)
			return -1;
		bool a = type == TT_MDNS_A && len == 4, aaaa = type == TT_MDNS_AAAA && len == 16;
		if ((cls & ~CACHE_FLUSH) != CLASS_IN || !(a || aaaa))
			continue;
		out->addr = (struct taut_addr){ .family = a ? 4 : 6 };
		tt_work(len);
		memcpy(out->addr.ip, data, len);
		m->off = r.off;
		m->left--;
		return 1;
	}
	return 0;
}

/* False: it is no name. */
static bool write_name(struct wr *w, const char *name)
{
	const size_t total = strlen(name);

	for (const char *p = name; *p;) {
		const char *dot = strchr(p, '.');
		size_t len = dot ? (size_t)(dot - p) : strlen(p);
		if (len == 0 || len > 63 || total > 253)
			return false;
		wr_u8(w, (uint8_t)len);
		wr_bytes(w, p, len);
		p += len + (dot != NULL);
	}
	wr_u8(w, 0);
	return true;
}

size_t tt_mdns_write_query(uint8_t *buf, size_t cap, const char *name, uint16_t type)
{
	struct wr w = wr_make(buf, cap);

	wr_zeros(&w, 4);
	wr_u16(&w, 1); /* one question: Chromium answers no others */
	wr_zeros(&w, 6);
	if (!write_name(&w, name))
		return 0;
	wr_u16(&w, type);
	wr_u16(&w, CLASS_IN); /* without the QU bit: Chromium's answers are multicast */
	return wr_len(&w);
}

/* RFC 6762 section 6.1: a map of the types below 256 that this name has, of which there is one. */
static void write_nsec(struct wr *w, uint16_t type, uint32_t ttl)
{
	const uint8_t len = (uint8_t)(type / 8 + 1);

	wr_u16(w, 0xc000 | HEADER); /* the name of the record before */
	wr_u16(w, NSEC);
	wr_u16(w, CLASS_IN | CACHE_FLUSH);
	wr_u32(w, ttl);
	wr_u16(w, (uint16_t)(2 + 2 + len));
	wr_u16(w, 0xc000 | HEADER);
	wr_u8(w, 0);
	wr_u8(w, len);
	wr_zeros(w, len - 1u);
	wr_u8(w, (uint8_t)(0x80 >> type % 8));
}

size_t tt_mdns_write_answer(uint8_t *buf, size_t cap, const char *name,
			    const struct taut_addr *addr, uint32_t ttl, uint16_t id)
{
	const uint16_t type = addr->family == 4 ? TT_MDNS_A : TT_MDNS_AAAA;
	const uint16_t len = addr->family == 4 ? 4 : 16;
	struct wr w = wr_make(buf, cap);

	wr_u16(&w, id);
	wr_u16(&w, RESPONSE | AUTHORITATIVE);
	wr_u16(&w, 0);
	wr_u16(&w, 1);
	wr_u16(&w, 0);
	wr_u16(&w, ttl > 0);
	if (!write_name(&w, name))
		return 0;
	wr_u16(&w, type);
	wr_u16(&w, CLASS_IN | CACHE_FLUSH); /* 10.2: nobody else has records of this name */
	wr_u32(&w, ttl);
	wr_u16(&w, len);
	wr_bytes(&w, addr->ip, len);
	if (ttl > 0)
		write_nsec(&w, type, ttl);
	return wr_len(&w);
}

bool tt_mdns_same_name(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		tt_work(1);
		if (lower((uint8_t)*a) != lower((uint8_t)*b))
			return false;
	}
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
