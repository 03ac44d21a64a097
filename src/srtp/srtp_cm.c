/* srtp_cm.c - AES_CM_128_HMAC_SHA1_80 and _32: RFC 3711 section 4. */
#include <string.h>

#include <openssl/crypto.h>

#include "base/num.h"
#include "base/wr.h"
#include "srtp/srtp_backend.h"
#include "srtp/srtp_transform.h"

/* 4.1.1: IV = (k_s * 2^16) XOR (SSRC * 2^64) XOR (i * 2^16); counter mode is its own inverse. */
static bool crypt(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	uint8_t iv[16] = { 0 };

	memcpy(iv, t->salt, sizeof t->salt);
	for (size_t i = 0; i < 4; i++)
		iv[4 + i] ^= (uint8_t)(p->ssrc >> (24 - 8 * i));
	for (size_t i = 0; i < 6; i++)
		iv[8 + i] ^= (uint8_t)(p->index >> (40 - 8 * i));
	return tt_cipher_start(&t->cipher, iv, sizeof iv) &&
	       tt_cipher_crypt(&t->cipher, p->buf + p->header, p->buf + p->header,
			       p->len - p->header);
}

/* 4.2: M is the packet and, of RTP, the ROC. */
static void rtp_tag(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p, uint8_t *tag)
{
	const uint32_t roc = (uint32_t)(p->index >> 16);
	uint8_t be[4];
	struct wr w = wr_make(be, sizeof be);

	wr_u32(&w, roc);
	tt_hmac_sha1(&t->hmac, p->buf, p->len, be, sizeof be, tag);
}

static void rtcp_tag(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p, uint8_t *tag)
{
	tt_hmac_sha1(&t->hmac, p->buf, p->len + TT_SRTCP_INDEX_LEN, NULL, 0, tag);
}

static bool seal_rtp(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	uint8_t tag[TT_SHA1_LEN];

	if (!crypt(t, p))
		return false;
	rtp_tag(t, p, tag);
	memcpy(p->buf + p->len, tag, t->tag);
	return true;
}

static bool open_rtp(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	uint8_t tag[TT_SHA1_LEN];

	rtp_tag(t, p, tag);
	return CRYPTO_memcmp(tag, p->buf + p->len, t->tag) == 0 && crypt(t, p);
}

static bool seal_rtcp(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	uint8_t tag[TT_SHA1_LEN];
	struct wr w = wr_make(p->buf + p->len, TT_SRTCP_INDEX_LEN);

	if (!crypt(t, p))
		return false;
	wr_u32(&w, TT_SRTCP_E | (uint32_t)p->index);
	rtcp_tag(t, p, tag);
	memcpy(p->buf + p->len + TT_SRTCP_INDEX_LEN, tag, t->tag);
	return true;
}

static bool open_rtcp(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	uint8_t tag[TT_SHA1_LEN];

	rtcp_tag(t, p, tag);
	return CRYPTO_memcmp(tag, p->buf + p->len + TT_SRTCP_INDEX_LEN, t->tag) == 0 && crypt(t, p);
}

void tt_srtp_use_cm(struct tt_srtp_transform *t)
{
	t->seal_rtp = seal_rtp;
	t->open_rtp = open_rtp;
	t->seal_rtcp = seal_rtcp;
	t->open_rtcp = open_rtcp;
}
