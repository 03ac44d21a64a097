/* turn_login.c - what a TURN server asks for and is shown: the long-term credential mechanism from
 * the client's side, RFC 8489 section 9.2.
 *
 *   NONCE   "obMatJos2" features(4) ...     features: 24 bits in base64, section 18.1
 *
 * The password is in no message: it makes the key that signs. */
#include <string.h>

#include <openssl/crypto.h>

#include "base/num.h"
#include "base/rd.h"
#include "stun/turn_client_int.h"

enum { FEATURE_ALGORITHMS = 0x20, FEATURE_ANONYMITY = 0x10, COOKIE = 9, FEATURES = 4 };

static int base64_digit(uint8_t c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* The first six of the 24 bits, bit 0 on the left; 0: no nonce cookie. */
static unsigned features(struct span nonce)
{
	if (nonce.len < COOKIE + FEATURES || memcmp(nonce.p, "obMatJos2", COOKIE) != 0)
		return 0;
	for (size_t i = 0; i < FEATURES; i++)
		if (base64_digit(nonce.p[COOKIE + i]) < 0)
			return 0;
	return (unsigned)base64_digit(nonce.p[COOKIE]);
}

/* 14.11: number, length and padded parameters, one after another. 0: none that is ours. */
static uint16_t first_known(struct span all)
{
	struct rd r = rd_make(all.p, all.len);

	while (rd_left(&r) > 0) {
		const uint16_t number = rd_u16(&r), len = rd_u16(&r);
		rd_take(&r, (len + 3u) & ~3u);
		if (!r.bad && len == 0 && (number == TT_STUN_MD5 || number == TT_STUN_SHA256))
			return number;
	}
	return 0;
}

static struct span realm(const struct turn_login *l)
{
	return (struct span){ l->text, l->realm_len };
}

/* Of what the server said now; what it said before is forgotten. */
static const char *learn(struct tt_turn *t, const struct tt_stun_msg *m, uint16_t algorithm)
{
	const size_t len = m->realm.len + m->nonce.len;
	struct turn_login *l = &t->login;
	uint8_t *text = tt_alloc(t->env, len);

	tt_turn_forget_login(t);
	if (!text)
		return "out of memory";
	tt_work(len + m->algorithms.len);
	l->text = text;
	l->realm_len = m->realm.len;
	l->nonce_len = m->nonce.len;
	memcpy(text, m->realm.p, m->realm.len);
	memcpy(text + m->realm.len, m->nonce.p, m->nonce.len);
	l->anonymous = features(m->nonce) & FEATURE_ANONYMITY;
	l->strong = algorithm != 0;
	l->algorithm = algorithm ? (enum tt_stun_algorithm)algorithm : TT_STUN_MD5;
	l->algorithms_len = l->strong ? m->algorithms.len : 0;
	if (l->algorithms_len > 0)
		memcpy(l->algorithms, m->algorithms.p, l->algorithms_len);
	if (!tt_stun_key_long_term(&l->key, l->algorithm, span_of(t->user), realm(l),
				   span_of(t->password)) ||
	    (l->anonymous && !tt_stun_userhash(l->userhash, span_of(t->user), realm(l))))
		return "no key could be made of the password";
	l->known = true;
	return NULL;
}

/* 9.2.1: somebody on the way has taken out what the nonce, which he cannot change, promises. */
bool tt_turn_bid_down(const struct tt_stun_msg *m)
{
	return m->has & TT_STUN_HAS_NONCE && !(m->has & TT_STUN_HAS_ALGORITHMS) &&
	       features(m->nonce) & FEATURE_ALGORITHMS;
}

/* 9.2.5, in its order. */
const char *tt_turn_challenged(struct tt_turn *t, const struct turn_ask *a,
			       const struct tt_stun_msg *m)
{
	const uint32_t both = TT_STUN_HAS_REALM | TT_STUN_HAS_NONCE;
	uint16_t algorithm = 0;

	if ((m->has & both) != both || m->realm.len == 0 || m->nonce.len == 0)
		return "it asks for credentials without a realm and a nonce";
	if (tt_turn_bid_down(m))
		return "its nonce promises password algorithms that are not there";
	if (m->error_code == 401 && a->authenticated && span_eq(m->realm, realm(&t->login)))
		return "it does not accept the username and password";
	if (a->challenges >= TT_TURN_MAX_CHALLENGES)
		return "it asks for credentials again and again";
	if (m->has & TT_STUN_HAS_ALGORITHMS) {
		algorithm = first_known(m->algorithms);
		if (algorithm == 0 || m->algorithms.len > TT_TURN_MAX_ALGORITHMS)
			return "it knows no password algorithm that we know";
	}
	return learn(t, m, algorithm);
}

void tt_turn_put_login(const struct tt_turn *t, struct wr *w)
{
	const struct turn_login *l = &t->login;

	if (l->anonymous)
		tt_stun_put(w, TT_STUN_USERHASH, l->userhash, sizeof l->userhash);
	else
		tt_stun_put(w, TT_STUN_USERNAME, t->user, strlen(t->user));
	tt_stun_put(w, TT_STUN_REALM, l->text, l->realm_len);
	tt_stun_put(w, TT_STUN_NONCE, l->text + l->realm_len, l->nonce_len);
	if (!l->strong) {
		tt_stun_put_integrity(w, &l->key);
		return;
	}
	tt_stun_put(w, TT_STUN_PASSWORD_ALGORITHMS, l->algorithms, l->algorithms_len);
	tt_stun_put_u32(w, TT_STUN_PASSWORD_ALGORITHM, (uint32_t)l->algorithm << 16);
	tt_stun_put_integrity_sha256(w, &l->key);
}

/* What was asked with SHA-256 is not answered with less. */
bool tt_turn_verified(const struct tt_turn *t, const struct tt_stun_msg *m, const uint8_t *pkt)
{
	if (t->login.strong && !(m->has & TT_STUN_HAS_INTEGRITY_SHA256))
		return false;
	return tt_stun_verify(m, pkt, &t->login.key);
}

void tt_turn_forget_login(struct tt_turn *t)
{
	tt_stun_key_free(&t->login.key);
	tt_free(t->env, t->login.text);
	OPENSSL_cleanse(&t->login, sizeof t->login);
	t->login = (struct turn_login){ 0 };
}
