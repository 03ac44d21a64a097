/* stun_read.c - from a datagram to a struct tt_stun_msg.
 *
 * RFC 8489 section 5: twenty bytes of header, then attributes, each a type, a
 * length and a value padded to four bytes.
 *
 *   |0 0|  method and class   |   length of all that follows  |
 *   |               magic cookie, 0x2112A442                  |
 *   |               transaction id, 96 bits                   |
 *
 * Nothing is copied or allocated: what the message points to lies in the
 * datagram and lives as long as it does. Who wrote it is stun_auth.c's matter. */
#include "base/num.h"
#include "stun/stun_attr.h"

const char *tt_stun_err_text(enum tt_stun_err err)
{
	static const char *const texts[] = {
#define X(name, text) text,
		TT_STUN_ERR_MAP(X)
#undef X
	};

	return (size_t)err < TT_COUNT(texts) ? texts[err] : "unknown";
}

bool tt_stun_is(const void *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	uint32_t first = rd_u32(&r);

	/* RFC 7983 section 7: a first byte of 0 to 3. */
	return len >= TT_STUN_HEADER_LEN && first >> 24 <= 3 && rd_u32(&r) == TT_STUN_COOKIE;
}

const struct taut_addr *tt_stun_mapped(const struct tt_stun_msg *m)
{
	if (m->has & TT_STUN_HAS_XOR_MAPPED)
		return &m->xor_mapped;
	return m->has & TT_STUN_HAS_MAPPED ? &m->mapped : NULL;
}

/* Types below 0x8000 must be understood; a request with one that is not gets
 * a 420 answer listing it, section 6.3.1. */
static void note_unknown(struct tt_stun_msg *m, uint16_t type)
{
	if (type < 0x8000 && m->unknown_count < TT_STUN_MAX_UNKNOWN)
		m->unknown[m->unknown_count++] = type;
}

/* What follows an HMAC is not covered by it, so it is ignored, but for the next
 * HMAC and FINGERPRINT: 14.5, 14.6. */
static bool counts(const struct tt_stun_msg *m, uint32_t flag)
{
	if (flag == TT_STUN_HAS_FINGERPRINT)
		return true;
	if (m->has & TT_STUN_HAS_INTEGRITY_SHA256)
		return false;
	return !(m->has & TT_STUN_HAS_INTEGRITY) || flag == TT_STUN_HAS_INTEGRITY_SHA256;
}

static void note_place(struct tt_stun_msg *m, uint32_t flag, size_t at)
{
	if (flag == TT_STUN_HAS_INTEGRITY)
		m->integrity_at = at;
	if (flag == TT_STUN_HAS_INTEGRITY_SHA256)
		m->integrity_sha256_at = at;
	if (flag == TT_STUN_HAS_FINGERPRINT)
		m->fingerprint_at = at;
}

/* RFC 8656 sections 7.2 and 10.1: of these each one counts. */
static const uint32_t several = TT_STUN_HAS_PEER | TT_STUN_HAS_RELAYED;

static enum tt_stun_err read_attr(struct rd *r, struct tt_stun_msg *m, size_t at)
{
	uint16_t type = rd_u16(r);
	uint16_t len = rd_u16(r);
	struct rd value = rd_sub(r, len);
	rd_take(r, -(size_t)len & 3); /* padding */

	if (r->bad)
		return TT_STUN_E_SHORT;
	if (m->has & TT_STUN_HAS_FINGERPRINT)
		return TT_STUN_E_ORDER; /* 14.7: FINGERPRINT is the last one */

	const struct tt_stun_attr_rule *rule = tt_stun_attr_rule(type);
	uint32_t flag = rule ? rule->flag : 0;

	if (!counts(m, flag))
		return TT_STUN_OK;
	if (!rule) {
		note_unknown(m, type);
		return TT_STUN_OK;
	}
	if (len < rule->min || len > rule->max)
		return TT_STUN_E_LENGTH;
	if (m->has & flag & ~several)
		return TT_STUN_OK; /* 14: only the first of a kind counts */

	m->has |= flag;
	note_place(m, flag, at);
	return rule->read ? rule->read(&value, m) : TT_STUN_OK;
}

enum tt_stun_err tt_stun_read(struct tt_stun_msg *m, const uint8_t *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	uint16_t type = rd_u16(&r);
	uint16_t body = rd_u16(&r);
	uint32_t cookie = rd_u32(&r);

	*m = (struct tt_stun_msg){ .tid = rd_take(&r, TT_STUN_TID_LEN) };
	if (r.bad)
		return TT_STUN_E_SHORT;
	if (type >> 14 != 0 || cookie != TT_STUN_COOKIE)
		return TT_STUN_E_NOT_STUN;
	if (body % 4 != 0 || body != rd_left(&r))
		return TT_STUN_E_LENGTH; /* over UDP, one datagram is one message */

	/* Section 5: the two class bits lie among the twelve method bits. */
	m->cls = (enum tt_stun_class)((type >> 7 & 2) | (type >> 4 & 1));
	m->method = (uint16_t)((type & 0xf) | (type >> 1 & 0x70) | (type >> 2 & 0xf80));

	for (int n = 0; rd_left(&r) > 0; n++) {
		if (n >= TT_STUN_MAX_ATTRS)
			return TT_STUN_E_MANY;
		enum tt_stun_err err = read_attr(&r, m, r.off);
		if (err)
			return err;
	}
	return TT_STUN_OK;
}

bool tt_stun_find(const uint8_t *pkt, size_t len, uint16_t type, struct span *value)
{
	struct rd r = rd_make(pkt, len);

	rd_take(&r, TT_STUN_HEADER_LEN);
	while (rd_left(&r) > 0) {
		const uint16_t t = rd_u16(&r), n = rd_u16(&r);
		*value = (struct span){ rd_take(&r, n), n };
		if (t == type)
			return !r.bad;
		rd_take(&r, -(size_t)n & 3);
	}
	return false;
}

bool tt_stun_find_addr(const uint8_t *pkt, size_t len, uint16_t type, struct taut_addr *out)
{
	struct span value;
	struct taut_addr a;

	if (!tt_stun_find(pkt, len, type, &value))
		return false;
	struct rd v = rd_make(value.p, value.len);
	if (value.len < 8 || tt_stun_read_address(&v, &a) != TT_STUN_OK)
		return false;
	*out = a;
	return true;
}
