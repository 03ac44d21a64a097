/* dtls_seal.c - records after the handshake, sealed and opened here: RFC 6347 section 4.1, RFC 5246
 * section 6.2.3.3, RFC 5288 (AES-GCM), RFC 7905 (ChaCha20-Poly1305).
 *
 *      0      1       3       5            11      13              21
 *     +------+-------+-------+------------+-------+---------------+-------- - - -
 *     | type |version| epoch |  sequence  |length | nonce: GCM    | sealed, then a tag of 16
 *     +------+-------+-------+------------+-------+---------------+-------- - - -
 *
 * OpenSSL makes the handshake and with it the master secret. From then on application data passes
 * it by: it would copy each record four times, and for each it compares names of parameters.
 *
 * What OpenSSL still has to say, alerts and a last flight again, it seals by numbers of its own, which
 * stand still while data goes. A peer would take them for replays. So each such record is opened on
 * its way out and sealed anew with the next number: the peer sees one sequence, and no nonce twice.
 * Nonces go on where those of OpenSSL, which begin by chance, stopped. */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/kdf.h>

#include "base/num.h"
#include "base/work.h"
#include "base/wr.h"
#include "dtls/dtls_state.h"

enum { EPOCH = 1, HEADER = 13, VERSION = 0xfefd };
enum { SECRET = 48, LABEL = 13, RANDOM = 32, BLOCK_MAX = 2 * (TT_DTLS_KEY_MAX + TT_DTLS_IV) };

#define NUMBER_MAX ((UINT64_C(1) << 48) - 1)

/* What is not negotiated is not here. */
static const struct {
	int nid;
	const char *name;
	uint8_t key, iv; /* octets of the key block; the rest of the nonce is in the record */
} ciphers[] = {
	{ NID_aes_128_gcm, "AES-128-GCM", 16, 4 },
	{ NID_aes_256_gcm, "AES-256-GCM", 32, 4 },
	{ NID_chacha20_poly1305, "ChaCha20-Poly1305", 32, 12 },
};

/* RFC 5246 section 6.3: PRF(master secret, "key expansion" and both random values). */
static bool expand(struct tt_dtls *d, const char *digest, uint8_t *out, size_t len)
{
	uint8_t secret[SECRET], seed[LABEL + 2 * RANDOM] = "key expansion";
	EVP_KDF *kdf = EVP_KDF_fetch(d->shared->lib, OSSL_KDF_NAME_TLS1_PRF, NULL);
	EVP_KDF_CTX *c = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	const SSL_SESSION *session = SSL_get_session(d->ssl);
	char name[16];

	OPENSSL_strlcpy(name, digest, sizeof name);
	const OSSL_PARAM how[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret, sizeof secret),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed, sizeof seed),
		OSSL_PARAM_END,
	};
	const bool done =
		c && session &&
		SSL_SESSION_get_master_key(session, secret, sizeof secret) == sizeof secret &&
		SSL_get_server_random(d->ssl, seed + LABEL, RANDOM) == RANDOM &&
		SSL_get_client_random(d->ssl, seed + LABEL + RANDOM, RANDOM) == RANDOM &&
		EVP_KDF_derive(c, out, len, how) == 1;
	OPENSSL_cleanse(secret, sizeof secret);
	EVP_KDF_CTX_free(c);
	EVP_KDF_free(kdf);
	return done;
}

bool tt_dtls_take_over(struct tt_dtls *d)
{
	const SSL_CIPHER *suite = SSL_get_current_cipher(d->ssl);
	const EVP_MD *digest = suite ? SSL_CIPHER_get_handshake_digest(suite) : NULL;
	struct tt_dtls_records *r = &d->records;
	uint8_t block[BLOCK_MAX];
	size_t i = 0;

	while (i < TT_COUNT(ciphers) &&
	       (!suite || ciphers[i].nid != SSL_CIPHER_get_cipher_nid(suite)))
		i++;
	if (i == TT_COUNT(ciphers) || !digest)
		return false;
	const size_t key = ciphers[i].key, iv = ciphers[i].iv, len = 2 * (key + iv);
	if (!expand(d, EVP_MD_get0_name(digest), block, len)) {
		OPENSSL_cleanse(block, sizeof block);
		return false;
	}
	/* Client's key, server's key, client's IV, server's IV. */
	const uint8_t *const keys[2] = { block, block + key };
	const uint8_t *const ivs[2] = { block + 2 * key, block + 2 * key + iv };
	r->name = ciphers[i].name;
	r->key_len = tt_u8(key);
	r->iv_len = tt_u8(iv);
	memcpy(r->key, keys[!d->client], key);
	memcpy(r->iv_out, ivs[!d->client], iv);
	memcpy(r->iv_in, ivs[d->client], iv);
	r->ready = tt_cipher_init(&r->seal, d->shared->lib, r->name, r->key, key, true) &&
		   tt_cipher_init(&r->open, d->shared->lib, r->name, keys[d->client], key, false);
	OPENSSL_cleanse(block, sizeof block);
	return r->ready;
}

void tt_dtls_records_free(struct tt_dtls_records *r)
{
	tt_cipher_free(&r->seal);
	tt_cipher_free(&r->open);
	OPENSSL_cleanse(r, sizeof *r);
}

/* Octets of the nonce that are in the record. */
static size_t carried(const struct tt_dtls_records *r)
{
	return TT_DTLS_IV - r->iv_len;
}

/* RFC 5288 section 3: IV and what the record carries. RFC 7905 section 2: IV XOR the number. */
static bool start(const struct tt_dtls_records *r, struct tt_cipher *c, const uint8_t *iv,
		  const uint8_t *header)
{
	uint8_t nonce[TT_DTLS_IV];

	memcpy(nonce, iv, r->iv_len);
	memcpy(nonce + r->iv_len, header + HEADER, carried(r));
	for (size_t i = 0; carried(r) == 0 && i < 8; i++)
		nonce[4 + i] ^= header[3 + i];
	return tt_cipher_start(c, nonce, sizeof nonce);
}

/* RFC 6347 section 4.1.2.1: epoch and number, then type, version and length of what is sealed. */
static bool associate(struct tt_cipher *c, const uint8_t *header, size_t len)
{
	uint8_t data[HEADER];
	struct wr w = wr_make(data, sizeof data);

	wr_bytes(&w, header + 3, 8);
	wr_bytes(&w, header, 3);
	wr_u16(&w, tt_u16(len));
	return tt_cipher_associate(c, data, sizeof data);
}

size_t tt_dtls_seal(struct tt_dtls *d, uint8_t type, const uint8_t *data, size_t len, uint8_t *out)
{
	struct tt_dtls_records *r = &d->records;
	const size_t before = HEADER + carried(r), whole = before + len + TT_DTLS_TAG;
	struct wr w = wr_make(out, before);

	if (r->number > NUMBER_MAX)
		return 0;
	wr_u8(&w, type);
	wr_u16(&w, VERSION);
	wr_u64(&w, (uint64_t)EPOCH << 48 | r->number);
	wr_u16(&w, tt_u16(whole - HEADER));
	if (carried(r) > 0)
		wr_u64(&w, r->nonce);
	/* Used up, whatever becomes of the record. */
	r->number++;
	r->nonce++;
	if (!start(r, &r->seal, r->iv_out, out) || !associate(&r->seal, out, len) ||
	    !tt_cipher_crypt(&r->seal, out + before, data, len) || !tt_cipher_finish(&r->seal) ||
	    !tt_cipher_get_tag(&r->seal, out + before + len, TT_DTLS_TAG))
		return 0;
	return whole;
}

/* Whether it is what it says; *len octets are in out then. */
static bool unseal(const struct tt_dtls_records *r, struct tt_cipher *c, const uint8_t *iv,
		   const struct tt_dtls_record *rec, uint8_t *out, size_t *len)
{
	const size_t before = HEADER + carried(r);
	uint8_t tag[TT_DTLS_TAG];

	if (rec->whole_len < before + TT_DTLS_TAG)
		return false;
	*len = rec->whole_len - before - TT_DTLS_TAG;
	tt_work(sizeof tag);
	memcpy(tag, rec->whole + before + *len, sizeof tag);
	return start(r, c, iv, rec->whole) && associate(c, rec->whole, *len) &&
	       tt_cipher_set_tag(c, tag, sizeof tag) &&
	       tt_cipher_crypt(c, out, rec->whole + before, *len) && tt_cipher_finish(c);
}

bool tt_dtls_is_peers(struct tt_dtls *d, const struct tt_dtls_record *rec, uint8_t *out, size_t *len)
{
	return unseal(&d->records, &d->records.open, d->records.iv_in, rec, out, len);
}

/* 4.1.2.6: a record that was there is not opened; one that is not what it says moves nothing. */
bool tt_dtls_open(struct tt_dtls *d, const struct tt_dtls_record *rec, uint8_t *out, size_t *len)
{
	struct tt_dtls_records *r = &d->records;
	struct rd number = rd_make(rec->whole + 5, 6);
	const uint64_t n = rd_be(&number, 6);

	if (tt_window_refuses(r->seen, TT_DTLS_WINDOW, r->highest, n) ||
	    !tt_dtls_is_peers(d, rec, out, len))
		return false;
	tt_window_take(r->seen, TT_DTLS_WINDOW, &r->highest, n);
	return true;
}

/* The number and the nonce of a record that OpenSSL sealed: ours come after it. */
static void learn(struct tt_dtls_records *r, const struct tt_dtls_record *rec)
{
	struct rd number = rd_make(rec->whole + 5, 6), nonce = rd_make(rec->body, rec->len);

	r->number = rd_be(&number, 6) + 1;
	r->nonce = rd_u64(&nonce) + 1;
}

/* In place. */
static bool seal_anew(struct tt_dtls *d, const struct tt_dtls_record *rec, uint8_t *at)
{
	struct tt_dtls_records *r = &d->records;
	struct tt_cipher own;
	uint8_t plain[TT_DTLS_SEND_MAX];
	size_t len = 0;

	if (rec->len > sizeof plain ||
	    !tt_cipher_init(&own, d->shared->lib, r->name, r->key, r->key_len, false))
		return false;
	const bool done = unseal(r, &own, r->iv_out, rec, plain, &len) &&
			  tt_dtls_seal(d, rec->type, plain, len, at) == rec->whole_len;
	tt_cipher_free(&own);
	OPENSSL_cleanse(plain, sizeof plain);
	return done;
}

bool tt_dtls_pass_out(struct tt_dtls *d, uint8_t *datagram, size_t len)
{
	struct rd all = rd_make(datagram, len);
	struct tt_dtls_record rec;

	while (tt_dtls_record_next(&all, &rec)) {
		if (rec.epoch != EPOCH)
			continue;
		if (!d->records.ready)
			learn(&d->records, &rec);
		else if (!seal_anew(d, &rec, datagram + (rec.whole - datagram)))
			return false;
	}
	return true;
}
