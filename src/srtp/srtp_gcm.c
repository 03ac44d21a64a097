/* srtp_gcm.c - AEAD_AES_128_GCM and AEAD_AES_256_GCM: RFC 7714. */
#include <string.h>

#include <openssl/core_names.h>

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
	int n = 0;

	return EVP_CipherUpdate(t->cipher, NULL, &n, p->buf, (int)p->header) == 1 &&
	       (!word || EVP_CipherUpdate(t->cipher, NULL, &n, word, TT_SRTCP_INDEX_LEN) == 1);
}

/* What EVP_CTRL_GCM_SET_IV_FIXED does with a length of -1: the whole nonce. EVP_CipherInit_ex asks
 * the provider for the nonce's length each time, which costs a twentieth of a packet. */
static OSSL_PARAM nonce_param(uint8_t nonce[NONCE])
{
	return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TLS1_IV_FIXED, nonce,
						 (size_t)-1);
}

static OSSL_PARAM tag_param(uint8_t *tag)
{
	return OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, TT_SRTP_GCM_TAG);
}

static bool seal(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p, const uint8_t *word)
{
	uint8_t nonce[NONCE];
	uint8_t *text = p->buf + p->header;
	int n = 0;

	make_nonce(t, p, nonce);
	const OSSL_PARAM start[] = { nonce_param(nonce), OSSL_PARAM_END };
	OSSL_PARAM end[] = { tag_param(p->buf + p->len), OSSL_PARAM_END };
	return EVP_CIPHER_CTX_set_params(t->cipher, start) == 1 && associate(t, p, word) &&
	       EVP_EncryptUpdate(t->cipher, text, &n, text, (int)(p->len - p->header)) == 1 &&
	       EVP_EncryptFinal_ex(t->cipher, p->buf + p->len, &n) == 1 &&
	       EVP_CIPHER_CTX_get_params(t->cipher, end) == 1;
}

static bool unseal(struct tt_srtp_transform *t, const struct tt_srtp_sealed *p, const uint8_t *word)
{
	uint8_t nonce[NONCE];
	uint8_t *text = p->buf + p->header;
	int n = 0;

	make_nonce(t, p, nonce);
	const OSSL_PARAM start[] = { tag_param(p->buf + p->len), nonce_param(nonce),
				     OSSL_PARAM_END };
	return EVP_CIPHER_CTX_set_params(t->cipher, start) == 1 && associate(t, p, word) &&
	       EVP_DecryptUpdate(t->cipher, text, &n, text, (int)(p->len - p->header)) == 1 &&
	       EVP_DecryptFinal_ex(t->cipher, text + n, &n) == 1;
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
