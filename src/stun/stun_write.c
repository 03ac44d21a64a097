/* stun_write.c - STUN messages, attribute by attribute, in place.
 *
 * RFC 8489 sections 5 and 14. The length field in the header is kept true after
 * every attribute, because the HMAC and the CRC cover it. A message that does
 * not fit leaves the cursor bad, and tt_stun_finish answers 0. */
#include <string.h>

#include "base/num.h"
#include "stun/stun_auth.h"

void tt_stun_begin(struct wr *w, enum tt_stun_class cls, uint16_t method,
		   const uint8_t tid[TT_STUN_TID_LEN])
{
	uint32_t c = (uint32_t)cls;
	uint32_t type = (method & 0xfu) | (method & 0x70u) << 1 | (method & 0xf80u) << 2 |
			(c & 1) << 4 | (c & 2) << 7;

	wr_u16(w, tt_u16(type));
	wr_u16(w, 0);
	wr_u32(w, TT_STUN_COOKIE);
	wr_bytes(w, tid, TT_STUN_TID_LEN);
}

static void set_length(struct wr *w, size_t body)
{
	if (body > UINT16_MAX)
		w->bad = true;
	else
		wr_patch_u16(w, 2, tt_u16(body));
}

static void attr_head(struct wr *w, uint16_t type, size_t len)
{
	if (len > UINT16_MAX)
		w->bad = true;
	wr_u16(w, type);
	wr_u16(w, w->bad ? 0 : tt_u16(len));
}

void tt_stun_put(struct wr *w, uint16_t type, const void *value, size_t len)
{
	attr_head(w, type, len);
	wr_bytes(w, value, len);
	wr_zeros(w, -len & 3);
	if (!w->bad)
		set_length(w, w->off - TT_STUN_HEADER_LEN);
}

void tt_stun_put_u32(struct wr *w, uint16_t type, uint32_t v)
{
	uint8_t b[4];
	struct wr value = wr_make(b, sizeof b);

	wr_u32(&value, v);
	tt_stun_put(w, type, b, sizeof b);
}

void tt_stun_put_u64(struct wr *w, uint16_t type, uint64_t v)
{
	uint8_t b[8];
	struct wr value = wr_make(b, sizeof b);

	wr_u64(&value, v);
	tt_stun_put(w, type, b, sizeof b);
}

static bool xored(uint16_t type)
{
	return type == TT_STUN_XOR_MAPPED_ADDRESS || type == TT_STUN_XOR_PEER_ADDRESS ||
	       type == TT_STUN_XOR_RELAYED_ADDRESS;
}

void tt_stun_put_addr(struct wr *w, uint16_t type, const struct taut_addr *a)
{
	size_t n = a->family == 4 ? 4 : 16;
	uint8_t b[20] = { 0, a->family == 4 ? 1 : 2, (uint8_t)(a->port >> 8), (uint8_t)a->port };

	if (w->bad || w->off < TT_STUN_HEADER_LEN)
		return;
	memcpy(b + 4, a->ip, n);
	if (xored(type)) {
		/* 14.2: the cookie and the id lie one after another in the header. */
		b[2] ^= w->base[4];
		b[3] ^= w->base[5];
		for (size_t i = 0; i < n; i++)
			b[4 + i] ^= w->base[4 + i];
	}
	tt_stun_put(w, type, b, 4 + n);
}

/* 14.8: the reason is for people and below 128 characters. */
void tt_stun_put_error(struct wr *w, uint16_t code, const char *reason)
{
	uint8_t b[4 + 127] = { 0, 0, (uint8_t)(code / 100), (uint8_t)(code % 100) };
	size_t n = tt_min(strlen(reason), 127);

	memcpy(b + 4, reason, n);
	tt_stun_put(w, TT_STUN_ERROR_CODE, b, 4 + n);
}

void tt_stun_put_unknown(struct wr *w, const uint16_t *types, size_t n)
{
	uint8_t b[2 * TT_STUN_MAX_UNKNOWN];
	struct wr value = wr_make(b, sizeof b);

	for (size_t i = 0; i < tt_min(n, TT_STUN_MAX_UNKNOWN); i++)
		wr_u16(&value, types[i]);
	tt_stun_put(w, TT_STUN_UNKNOWN_ATTRIBUTES, b, wr_len(&value));
}

static void put_hmac(struct wr *w, uint16_t type, const struct tt_stun_key *k, bool strong,
		     size_t len)
{
	uint8_t mac[TT_STUN_SHA256_LEN];

	if (w->bad)
		return;
	if (!tt_stun_hmac(k, strong, w->base, w->off, len, mac)) {
		w->bad = true;
		return;
	}
	tt_stun_put(w, type, mac, len);
}

void tt_stun_put_integrity(struct wr *w, const struct tt_stun_key *k)
{
	put_hmac(w, TT_STUN_MESSAGE_INTEGRITY, k, false, TT_STUN_SHA1_LEN);
}

void tt_stun_put_integrity_sha256(struct wr *w, const struct tt_stun_key *k)
{
	put_hmac(w, TT_STUN_MESSAGE_INTEGRITY_SHA256, k, true, TT_STUN_SHA256_LEN);
}

void tt_stun_put_fingerprint(struct wr *w)
{
	if (w->bad)
		return;
	/* 14.7: the length covers this attribute before its value is known. */
	set_length(w, w->off + 8 - TT_STUN_HEADER_LEN);
	if (!w->bad)
		tt_stun_put_u32(w, TT_STUN_FINGERPRINT, tt_stun_crc(w->base, w->off));
}

size_t tt_stun_finish(struct wr *w)
{
	return wr_len(w) >= TT_STUN_HEADER_LEN ? wr_len(w) : 0;
}
