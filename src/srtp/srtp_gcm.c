/* srtp_gcm.c - AEAD_AES_128_GCM and AEAD_AES_256_GCM: RFC 7714. */
#include <string.h>

#include "base/num.h"
#include "base/rd.h"
#include "base/wr.h"
#include "srtp/srtp_backend.h"
#include "srtp/srtp_transform.h"

enum { NONCE = 12 };

/* 8.1: two zero octets, the SSRC, ROC and SEQ, all XOR the salt. 9.1 has the index of 31 bits
 * in the last four of twelve octets, and zeros before it: the same 48 bits. */
static void make_nonce(const struct tt_srtp_transform *t, const struct tt_srtp_sealed *p,
		       uint8_t nonce[NONCE])
{
	struct wr w = wr_make(nonce, NONCE);
	struct rd salt = rd_make(t->salt, NONCE);

	wr_u16(&w, rd_u16(&salt));
	wr_u32(&w, rd_u32(&salt) ^ p->ssrc);
	wr_u16(&w, rd_u16(&salt) ^ (uint16_t)(p->index >> 32));
	wr_u32(&w, rd_u32(&salt) ^ (uint32_t)p->index);
}

/* The header, of RTCP also E and index: authenticated, not encrypted. */
static bool associate(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p,
		      const uint8_t *word)
{
	return tt_cipher_associate(&t->cipher, p->buf, p->header) &&
	       (!word || tt_cipher_associate(&t->cipher, word, TT_SRTCP_INDEX_LEN));
}

/* All of a packet but its tag. */
static bool crypt(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p, const uint8_t *word)
{
	uint8_t nonce[NONCE];

	make_nonce(t, p, nonce);
	return tt_cipher_start(&t->cipher, nonce, sizeof nonce) && associate(t, p, word) &&
	       tt_cipher_crypt(&t->cipher, p->buf + p->header, p->buf + p->header,
			       p->len - p->header) &&
	       tt_cipher_finish(&t->cipher);
}

static bool seal(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p, const uint8_t *word)
{
	return crypt(t, p, word) &&
	       tt_cipher_get_tag(&t->cipher, p->buf + p->len, TT_SRTP_GCM_TAG);
}

static bool unseal(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p, const uint8_t *word)
{
	return tt_cipher_set_tag(&t->cipher, p->buf + p->len, TT_SRTP_GCM_TAG) &&
	       crypt(t, p, word);
}

static bool seal_rtp(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	return seal(t, p, NULL);
}

static bool open_rtp(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	return unseal(t, p, NULL);
}

static bool seal_rtcp(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	uint8_t *word = p->buf + p->len + TT_SRTP_GCM_TAG;
	struct wr w = wr_make(word, TT_SRTCP_INDEX_LEN);

	wr_u32(&w, TT_SRTCP_E | (uint32_t)p->index);
	return seal(t, p, word);
}

static bool open_rtcp(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p)
{
	return unseal(t, p, p->buf + p->len + TT_SRTP_GCM_TAG);
}

void tt_srtp_use_gcm(struct tt_srtp_transform *t)
{
	t->seal_rtp = seal_rtp;
	t->open_rtp = open_rtp;
	t->seal_rtcp = seal_rtcp;
	t->open_rtcp = open_rtcp;
}
