/* srtp_kdf.c - AES in counter mode as a pseudo-random function.
 *
 * The key derivation rate is 0, as SDP and DTLS know no other: index DIV kdr is 0, and each key
 * is derived once. */
#include "srtp/srtp_kdf.h"

#include <string.h>

#include <openssl/evp.h>

/* 4.3.2: labels of RTP; those of RTCP are 3 more. */
enum { LABEL_CIPHER = 0, LABEL_AUTH = 1, LABEL_SALT = 2, LABEL_RTCP = 3 };
enum { LABEL_AT = 7, BLOCK = 16 };

/* 4.3.3: x = key_id XOR master_salt, the input block is x * 2^16; the output is the key stream. */
static bool derive(EVP_CIPHER_CTX *prf, const uint8_t *salt, size_t salt_len, uint8_t label,
		   uint8_t *out, int len)
{
	uint8_t iv[BLOCK] = { 0 };
	int n = 0;

	/* RFC 7714 section 12.1: a salt of 96 bits is a salt of 112 that ends in zeros. */
	memcpy(iv, salt, salt_len);
	iv[LABEL_AT] ^= label;
	memset(out, 0, (size_t)len);
	return EVP_EncryptInit_ex(prf, NULL, NULL, NULL, iv) == 1 &&
	       EVP_EncryptUpdate(prf, out, &n, out, len) == 1 && n == len;
}

bool tt_srtp_derive(struct tt_srtp_session_keys *out, const struct tt_srtp_key *master,
		    size_t key_len, size_t salt_len, bool rtcp)
{
	const uint8_t first = rtcp ? LABEL_RTCP : 0;
	const EVP_CIPHER *aes = key_len == 32 ? EVP_aes_256_ctr() : EVP_aes_128_ctr();
	EVP_CIPHER_CTX *prf = EVP_CIPHER_CTX_new();
	const bool ok = prf && EVP_EncryptInit_ex(prf, aes, NULL, master->key, NULL) == 1 &&
			derive(prf, master->salt, salt_len, (uint8_t)(first + LABEL_CIPHER),
			       out->cipher, (int)key_len) &&
			derive(prf, master->salt, salt_len, (uint8_t)(first + LABEL_AUTH),
			       out->auth, TT_SRTP_AUTH_KEY) &&
			derive(prf, master->salt, salt_len, (uint8_t)(first + LABEL_SALT),
			       out->salt, (int)salt_len);

	EVP_CIPHER_CTX_free(prf);
	return ok;
}
