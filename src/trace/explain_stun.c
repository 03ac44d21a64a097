/* explain_stun.c - a STUN message in a sentence: RFC 8489 sections 5 and 14, RFC 8445 section 16.1.
 *
 * Method and class, then the attributes by name; of some the value. USERNAME is shown (it is
 * in the description anyway), the values of integrity attributes are not. */
#include <inttypes.h>

#include "base/addr.h"
#include "base/rd.h"
#include "trace/stun_names.h"
#include "trace/trace_line.h"

#define COOKIE 0x2112A442u

enum { USERNAME = 0x0006, ERROR_CODE = 0x0009, XOR_MAPPED_ADDRESS = 0x0020, PRIORITY = 0x0024 };

static void add_xor_address(struct tt_line *l, struct rd value, const uint8_t *cookie_and_id)
{
	struct taut_addr a = { 0 };
	char text[TT_ADDR_TEXT];

	rd_u8(&value);
	const size_t n = rd_u8(&value) == 1 ? 4 : 16;
	a.family = n == 4 ? 4 : 6;
	a.port = (uint16_t)(rd_u16(&value) ^ COOKIE >> 16);
	for (size_t i = 0; i < n; i++) /* 14.2: the cookie, then the transaction ID */
		a.ip[i] = rd_u8(&value) ^ cookie_and_id[i];
	if (!value.bad)
		tt_line_add(l, "=%s", tt_addr_text(&a, text));
}

static void add_value(struct tt_line *l, uint16_t type, struct rd value,
		      const uint8_t *cookie_and_id)
{
	const size_t len = rd_left(&value);

	if (type == USERNAME) {
		tt_line_add(l, "=");
		tt_line_add_foreign(l, (const char *)rd_take(&value, len), len);
	} else if (type == PRIORITY && len == 4) {
		tt_line_add(l, "=%" PRIu32, rd_u32(&value));
	} else if (type == ERROR_CODE && len >= 4) {
		rd_u16(&value);
		const unsigned hundreds = rd_u8(&value) & 7u;
		tt_line_add(l, "=%u", hundreds * 100 + rd_u8(&value) % 100);
	} else if (type == XOR_MAPPED_ADDRESS) {
		add_xor_address(l, value, cookie_and_id);
	}
}

void tt_explain_stun(struct tt_line *l, const uint8_t *p, size_t len)
{
	static const char *const classes[] = { "request", "indication", "success", "error" };
	struct rd r = rd_make(p, len);
	const uint16_t type = rd_u16(&r);
	const uint16_t body = rd_u16(&r);
	const uint8_t *cookie_and_id = rd_take(&r, 16);

	if (r.bad) {
		tt_line_add(l, "not STUN, %zu octets", len);
		return;
	}
	/* 5: the class's two bits lie among the method's twelve */
	const unsigned kind = (type >> 7 & 2u) | (type >> 4 & 1u);
	const uint32_t method = (type & 0xfu) | (type >> 1 & 0x70u) | (type >> 2 & 0xf80u);
	const char *name = tt_stun_method_name(method);
	tt_line_add(l, "%s %s", name ? name : "unknown method", classes[kind]);
	struct rd attrs = rd_sub(&r, body);
	while (rd_left(&attrs) >= 4) {
		const uint16_t a = rd_u16(&attrs), a_len = rd_u16(&attrs);
		const struct rd value = rd_sub(&attrs, a_len);

		if (value.bad)
			break;
		if (rd_left(&attrs) > 0)
			rd_take(&attrs, (4u - a_len % 4u) % 4u);
		const struct tt_stun_name *known = tt_stun_attribute_name(a);
		if (known)
			tt_line_add(l, " %s", known->name);
		else
			tt_line_add(l, " 0x%04x", a);
		add_value(l, a, value, cookie_and_id);
	}
	if (attrs.bad || rd_left(&attrs) > 0)
		tt_line_add(l, " (cut off)");
}
