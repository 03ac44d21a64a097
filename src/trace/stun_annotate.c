/* stun_annotate.c - a STUN message octet by octet, each with its meaning: RFC 8489 sections 5 and 14.
 *
 *     0000  00 01                    a Binding request                 RFC 8489 section 5
 *
 * What is not STUN, or ends early, is shown as far as it goes. */
#include "trace/stun_annotate.h"

#include <inttypes.h>
#include <string.h>

#include "base/addr.h"
#include "base/crc32.h"
#include "base/rd.h"
#include "trace/stun_names.h"
#include "trace/trace_line.h"

enum {
	IN_A_LINE = 8, /* octets */
	HEX_WIDTH = 3 * IN_A_LINE,
	WORDS_WIDTH = 58,
	COOKIE_AT = 4,
	COOKIE_LEN = 4,
	TID_LEN = 12,
};
#define COOKIE      0x2112A442u
#define FINGERPRINT 0x5354554eu /* what the CRC is XORed with, RFC 8489 section 14.7 */

struct page {
	void (*line)(void *ctx, const char *text);
	void *ctx;
	const uint8_t *all;
	struct rd r;
};

static void spaces(struct tt_line *l, size_t until)
{
	while (l->len < until)
		tt_line_add(l, " ");
}

/* n octets from where r stands, with words beside the first eight. */
static void show(struct page *p, size_t n, const char *words, const char *where)
{
	for (size_t at = 0; at < n || at == 0; at += IN_A_LINE) {
		struct tt_line l = { 0 };
		const size_t off = p->r.off;
		tt_line_add(&l, "  %04zx  ", off);
		const size_t start = l.len;
		for (size_t i = at; i < n && i < at + IN_A_LINE; i++)
			tt_line_add(&l, "%02x ", rd_u8(&p->r));
		if (at == 0) {
			spaces(&l, start + HEX_WIDTH + 1);
			tt_line_add(&l, "%s", words);
			if (where) {
				spaces(&l, start + HEX_WIDTH + 1 + WORDS_WIDTH);
				tt_line_add(&l, "  %s", where);
			}
		}
		while (l.text[l.len - 1] == ' ') /* it has its number at least */
			l.text[--l.len] = '\0';
		p->line(p->ctx, l.text);
	}
}

static void add_address(struct tt_line *l, struct rd v, const uint8_t *mask)
{
	struct taut_addr a = { 0 };
	char text[TT_ADDR_TEXT];

	rd_u8(&v);
	const uint8_t family = rd_u8(&v);
	const size_t n = family == 1 ? 4 : 16;
	a.family = n == 4 ? 4 : 6;
	a.port = rd_u16(&v);
	if (mask)
		a.port ^= COOKIE >> 16;
	for (size_t i = 0; i < n; i++)
		a.ip[i] = (uint8_t)(rd_u8(&v) ^ (mask ? mask[i] : 0));
	if (!v.bad)
		tt_line_add(l, "%s%s", tt_addr_text(&a, text),
			    mask ? ", XORed with the cookie and the id" : "");
}

/* RFC 8445 section 5.1.2.1, read backwards. */
static void add_priority(struct tt_line *l, uint32_t v)
{
	tt_line_add(l, "%" PRIu32 ": type %u, local %u, component %u", v, v >> 24, v >> 8 & 0xffffu,
		    256 - (v & 0xffu));
}

/* 400 and more: RFC 8489 section 14.8. */
static void add_code(struct tt_line *l, struct rd *v)
{
	const unsigned hundreds = rd_u8(v) & 7u, rest = rd_u8(v);

	if (!v->bad)
		tt_line_add(l, "%u ", hundreds * 100 + rest % 100);
}

/* RFC 8656 sections 18.6, 18.11 and 18.12 */
static void add_family_and_code(struct tt_line *l, enum tt_stun_value kind, struct rd *v)
{
	const uint8_t family = rd_u8(v);

	tt_line_add(l, "%s", family == 1 ? "IPv4" : family == 2 ? "IPv6" : "an unknown family");
	if (kind == TT_VALUE_FAMILY)
		return;
	rd_u8(v);
	tt_line_add(l, ": ");
	add_code(l, v);
	tt_line_add_foreign(l, (const char *)rd_at(v), rd_left(v));
}

static void add_transport(struct tt_line *l, uint8_t protocol)
{
	const char *name = protocol == 17 ? "UDP" : protocol == 6 ? "TCP" : "another";

	tt_line_add(l, "%s, protocol %u", name, protocol);
}

/* RFC 8489 section 18.5: 1 MD5, 2 SHA-256; behind each the length of parameters, padded. */
static void add_algorithms(struct tt_line *l, struct rd *v)
{
	while (rd_left(v) >= 4) {
		const uint16_t number = rd_u16(v), len = rd_u16(v);
		const char *name = number == 1 ? "MD5" : number == 2 ? "SHA-256" : "another";
		tt_line_add(l, "%s%s", l->len ? ", " : "", name);
		rd_take(v, (len + 3u) & ~3u);
	}
}

static void add_fingerprint(struct tt_line *l, const struct page *p, uint32_t said)
{
	const size_t before = p->r.off - 4; /* its head does not count */
	const bool good = (tt_crc32(p->all, before) ^ FINGERPRINT) == said;

	tt_line_add(l, "CRC-32 of all before it, XORed with \"STUN\": %s",
		    good ? "right" : "wrong");
}

static void add_network(struct tt_line *l, uint32_t v)
{
	tt_line_add(l, "its network %" PRIu32 ", of cost %" PRIu32, v >> 16, v & 0xffff);
}

/* Of one or two octets that mean something, or of many that mean nothing one by one. */
static void add_short(struct tt_line *l, const struct page *p, enum tt_stun_value kind,
		      struct rd *v, size_t len)
{
	if (kind == TT_VALUE_HASH)
		tt_line_add(l, "HMAC of all before it, with the password");
	else if (kind == TT_VALUE_FINGERPRINT && len == 4)
		add_fingerprint(l, p, rd_u32(v));
	else if (kind == TT_VALUE_TIEBREAKER)
		tt_line_add(l, "the tie-breaker, if both claim the same role");
	else if (kind == TT_VALUE_TRANSPORT && len == 4)
		add_transport(l, rd_u8(v));
	else if ((kind == TT_VALUE_FAMILY || kind == TT_VALUE_FAMILY_ERROR) && len >= 4)
		add_family_and_code(l, kind, v);
	else if (kind == TT_VALUE_CHANNEL && len == 4)
		tt_line_add(l, "channel 0x%04x", rd_u16(v));
	else if (kind == TT_VALUE_EVEN_PORT && len == 1)
		tt_line_add(l, "%s", rd_u8(v) & 0x80u ? "and the next port reserved" : "alone");
	else if (kind == TT_VALUE_ALGORITHMS)
		add_algorithms(l, v);
	else if (kind == TT_VALUE_NETWORK && len == 4)
		add_network(l, rd_u32(v));
	else if (kind == TT_VALUE_DATA)
		tt_line_add(l, "what the peer sent, or is to get");
}

static void add_value(struct tt_line *l, const struct page *p, enum tt_stun_value kind, size_t len)
{
	struct rd v = p->r, whole = rd_sub(&v, len);

	switch (kind) {
	case TT_VALUE_TEXT:
		tt_line_add(l, "\"");
		tt_line_add_foreign(l, (const char *)rd_take(&whole, len), len);
		tt_line_add(l, "\"");
		break;
	case TT_VALUE_NUMBER:
	case TT_VALUE_PRIORITY:
		if (len != 4)
			break;
		if (kind == TT_VALUE_PRIORITY)
			add_priority(l, rd_u32(&whole));
		else
			tt_line_add(l, "%" PRIu32, rd_u32(&whole));
		break;
	case TT_VALUE_ADDRESS:
		add_address(l, whole, NULL);
		break;
	case TT_VALUE_XORED:
		add_address(l, whole, p->all + COOKIE_AT);
		break;
	case TT_VALUE_ERROR:
		rd_u16(&whole);
		add_code(l, &whole);
		if (!whole.bad)
			tt_line_add_foreign(l, (const char *)rd_at(&whole), rd_left(&whole));
		break;
	case TT_VALUE_TYPES:
		while (rd_left(&whole) >= 2)
			tt_line_add(l, "%s0x%04x", l->len ? ", " : "", rd_u16(&whole));
		break;
	case TT_VALUE_OCTETS:
	case TT_VALUE_NOTHING:
		break;
	default:
		add_short(l, p, kind, &whole, len);
		break;
	}
}

static void cut_off(struct page *p)
{
	show(p, rd_left(&p->r), "cut off", NULL);
}

/* False: it was the last, or is cut off. */
static bool attribute(struct page *p)
{
	struct rd look = p->r;
	const uint16_t type = rd_u16(&look), len = rd_u16(&look);
	const struct tt_stun_name *name = tt_stun_attribute_name(type);
	struct tt_line head = { 0 }, where = { 0 }, value = { 0 };

	if (rd_left(&p->r) == 0)
		return false;
	if (look.bad) {
		cut_off(p);
		return false;
	}
	if (name)
		tt_line_add(&head, "%s, %u octets", name->name, len);
	else
		tt_line_add(&head, "an attribute 0x%04x nobody here knows, %u octets", type, len);
	if (name && name->where[0] <= '9') {
		const size_t n = strcspn(name->where, " ");
		tt_line_add(&where, "RFC %.*s section %s", (int)n, name->where,
			    name->where + n + 1);
	} else if (name) {
		tt_line_add(&where, "%s", name->where);
	}
	show(p, 4, head.text, where.len ? where.text : NULL);
	if (len > rd_left(&p->r)) {
		cut_off(p);
		return false;
	}
	if (len == 0)
		return true;
	add_value(&value, p, name ? name->value : TT_VALUE_OCTETS, len);
	show(p, len, value.text, NULL);
	const size_t pad = (4u - len % 4u) % 4u;
	if (pad > 0 && rd_left(&p->r) >= pad)
		show(p, pad, "padding", NULL);
	return true;
}

void tt_stun_annotate(const uint8_t *data, size_t len, void (*line)(void *ctx, const char *text),
		      void *ctx)
{
	static const char *const classes[] = { "request", "indication", "success response",
					       "error response" };
	struct page p = { line, ctx, data, rd_make(data, len) };
	struct rd look = p.r;
	const uint16_t type = rd_u16(&look), body = rd_u16(&look);
	struct tt_line head = { 0 }, size = { 0 };

	if (len < COOKIE_AT + COOKIE_LEN + TID_LEN) {
		show(&p, len, "too short for STUN", NULL);
		return;
	}
	const uint32_t method = (type & 0xfu) | (type >> 1 & 0x70u) | (type >> 2 & 0xf80u);
	const char *name = tt_stun_method_name(method);
	tt_line_add(&head, "%s %s", name ? name : "unknown method",
		    classes[(type >> 7 & 2u) | (type >> 4 & 1u)]);
	tt_line_add(&size, "%u octets follow the header", body);
	show(&p, 2, head.text, "RFC 8489 section 5");
	show(&p, 2, size.text, NULL);
	show(&p, COOKIE_LEN, rd_u32(&look) == COOKIE ? "the magic cookie" : "not the magic cookie",
	     NULL);
	show(&p, TID_LEN, "the transaction id", NULL);
	while (attribute(&p))
		;
}
