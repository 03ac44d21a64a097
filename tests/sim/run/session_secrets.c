/* session_secrets.c - what no trace may say, learned from inside: session_trace.c looks for it. */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/num.h"
#include "datachannel/dcs_internal.h"
#include "dtls/dtls_state.h"
#include "peer/pc.h"
#include "run/session_int.h"
#include "sctp/sctp_assoc.h"

/* As it is, and as hex digits. Four octets stand by chance among millions, and are looked for as digits alone. */
enum { SHORT = 4, SCALAR = 32, MASTER = 48 };

static void learn(struct session *s, const char *what, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";
	char text[SECRET_CAP];

	if (len > SHORT)
		session_secret(s, what, data, len);
	for (size_t i = 0; i < len; i++) {
		text[2 * i] = digits[data[i] >> 4];
		text[2 * i + 1] = digits[data[i] & 15];
	}
	session_secret(s, what, text, 2 * len);
}

/* The number that makes the certificate ours: SEC 1 section 3.2. */
static void learn_private_key(struct side *a)
{
	uint8_t scalar[SCALAR];
	BIGNUM *n = NULL;

	if (EVP_PKEY_get_bn_param(a->peer.pc->dtls->shared->key, OSSL_PKEY_PARAM_PRIV_KEY, &n) == 1 &&
	    BN_bn2binpad(n, scalar, SCALAR) == SCALAR)
		learn(a->s, "the private key", scalar, SCALAR);
	else
		world_fail(a->s->world, "%s: has no private key that can be looked for", a->peer.cfg.name);
	BN_clear_free(n);
}

static void learn_dtls(struct side *a)
{
	const struct tt_dtls *d = a->peer.pc->dtls;
	const struct tt_dtls_records *r = &d->records;
	uint8_t master[MASTER];

	learn(a->s, "a DTLS key", r->key, r->key_len);
	learn(a->s, "a DTLS IV", r->iv_out, r->iv_len);
	learn(a->s, "a DTLS IV", r->iv_in, r->iv_len);
	const SSL_SESSION *made = SSL_get_session(d->ssl);
	if (made && SSL_SESSION_get_master_key(made, master, sizeof master) == sizeof master)
		learn(a->s, "the DTLS master secret", master, sizeof master);
	learn_private_key(a);
}

static void learn_srtp(struct side *a, const struct tt_srtp_keys *keys)
{
	const struct tt_srtp_key *both[] = { &keys->local, &keys->remote };

	for (int i = 0; i < 2; i++) {
		learn(a->s, "an SRTP key", both[i]->key, tt_srtp_key_len(keys->profile));
		learn(a->s, "an SRTP salt", both[i]->salt, tt_srtp_salt_len(keys->profile));
	}
}

void session_learn_keys(struct side *a)
{
	const struct tt_dcs *channels = a->peer.pc->channels;
	struct tt_srtp_keys keys;

	if (!a->s->tracing || tt_dtls_srtp_keys(a->peer.pc->dtls, &keys) != TAUT_OK)
		return;
	if (channels)
		learn(a->s, "what signs cookies", channels->sctp->secret, sizeof channels->sctp->secret);
	learn_dtls(a);
	learn_srtp(a, &keys);
}

void session_secrets_of(struct session *s, const char *sdp)
{
	static const char mark[] = "a=ice-pwd:";

	for (const char *at = strstr(sdp, mark); at; at = strstr(at, mark)) {
		at += strlen(mark);
		session_secret(s, "an ICE password", at, strcspn(at, "\r\n"));
	}
}
