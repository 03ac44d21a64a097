/* world_turn_auth.c - the long-term credential mechanism, from the server's side: RFC 8489 section 9.2.4.
 *
 *   nonce     "obMatJos2" features time mac      features: 24 bits in base64, section 9.2
 *
 * time (seconds) and mac are hexadecimal; the mac covers the client's address and port, so
 * that no two clients have the same nonce and none has to be remembered. It is a mix of
 * numbers, no cryptography: nobody in the world tries to forge it. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "world/world_turn_int.h"

#define SECOND INT64_C(1000000)
enum {
	NONCE_TAIL = 8 + 16,
	NONCE = 13 + NONCE_TAIL,
	USED_ALGORITHMS = 0x80,
	USED_ANONYMITY = 0x40
};

/* 14.11: SHA-256 is preferred, then MD5, both without parameters. */
static const uint8_t algorithms[] = { 0, TT_STUN_SHA256, 0, 0, 0, TT_STUN_MD5, 0, 0 };

/* ---- nonces ---- */

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h ^ h >> 29;
}

static void make_nonce(const struct turn_call *c, uint32_t seconds, char out[NONCE + 1])
{
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const struct world_turn_config *cfg = &c->t->cfg;
	unsigned first = USED_ALGORITHMS | (cfg->anonymous ? USED_ANONYMITY : 0);
	const struct taut_addr *from = &c->path->remote;
	uint64_t mac = mix(c->t->secret, &seconds, sizeof seconds);
	char cookie[14] = "";

	mac = mix(mac, from->ip, sizeof from->ip);
	mac = mix(mac, &from->port, sizeof from->port);
	if (!cfg->old) /* three bytes, of which two are zero */
		snprintf(cookie, sizeof cookie, "obMatJos2%c%cAA", base64[first >> 2],
			 base64[(first & 3) << 4]);
	snprintf(out, NONCE + 1, "%s%08x%016llx", cookie, seconds, (unsigned long long)mac);
}

static uint32_t seconds_now(const struct turn_call *c)
{
	return (uint32_t)(c->t->world->now / SECOND);
}

static bool nonce_is_fresh(const struct turn_call *c)
{
	char text[NONCE + 1] = "", expected[NONCE + 1];
	unsigned seconds = 0;

	if (c->t->fault == WORLD_TURN_ALWAYS_438 || c->m.nonce.len > NONCE ||
	    c->m.nonce.len < NONCE_TAIL)
		return false;
	memcpy(text, c->m.nonce.p, c->m.nonce.len);
	for (const char *p = text + c->m.nonce.len - NONCE_TAIL, *end = p + 8; p < end; p++) {
		const char *digit = strchr("0123456789abcdef", *p);
		if (!digit || !*p)
			return false;
		seconds = seconds << 4 | (unsigned)(digit - "0123456789abcdef");
	}
	make_nonce(c, seconds, expected);
	return strcmp(text, expected) == 0 &&
	       (taut_time)(seconds_now(c) - seconds) * SECOND < c->t->cfg.nonce_life;
}

static bool nonce_offered_algorithms(const struct tt_stun_msg *m)
{
	static const char cookie[] = "obMatJos2";

	/* Bit 0 of the features is the first of the base64 digits, g to / . */
	return m->nonce.len >= 13 && memcmp(m->nonce.p, cookie, 9) == 0 &&
	       ((m->nonce.p[9] >= 'g' && m->nonce.p[9] <= 'z') ||
		(m->nonce.p[9] >= '0' && m->nonce.p[9] <= '9') || m->nonce.p[9] == '+' ||
		m->nonce.p[9] == '/');
}

static void put_challenge(struct turn_call *c)
{
	char nonce[NONCE + 1];

	make_nonce(c, seconds_now(c), nonce);
	tt_stun_put(&c->w, TT_STUN_REALM, c->t->cfg.realm, strlen(c->t->cfg.realm));
	tt_stun_put(&c->w, TT_STUN_NONCE, nonce, strlen(nonce));
	if (!c->t->cfg.old)
		tt_stun_put(&c->w, TT_STUN_PASSWORD_ALGORITHMS, algorithms, sizeof algorithms);
}

/* ---- the checks, in the order of the section ---- */

/* Who shows no credentials may have a forged address: what it is sent has a ceiling, all
 * strangers together, so that nothing is kept of any. */
static bool may_answer_stranger(struct world_turn *t)
{
	uint64_t most = 2 * (uint64_t)t->cfg.strangers;
	taut_time each = SECOND / t->cfg.strangers;
	uint64_t more = (uint64_t)((t->world->now - t->tokens_at) / each);

	t->strangers++;
	t->tokens_at += (taut_time)more * each;
	t->tokens = (unsigned)(t->tokens + more > most ? most : t->tokens + more);
	if (t->tokens == 0) {
		t->unanswered++;
		return false;
	}
	t->tokens--;
	return true;
}

bool turn_refuse(struct turn_call *c, uint16_t code)
{
	c->user = -1;
	if (code != 438 && !may_answer_stranger(c->t))
		return false;
	turn_error(c, code);
	if (code != 400)
		put_challenge(c);
	turn_answer(c);
	return false;
}

static int user_of(const struct turn_call *c)
{
	const struct world_turn_config *cfg = &c->t->cfg;
	uint8_t hash[TT_STUN_USERHASH_LEN];

	for (int i = 0; i < WORLD_TURN_USERS && cfg->users[i].name; i++) {
		const struct span name = span_of(cfg->users[i].name);
		if (c->m.has & TT_STUN_HAS_USERNAME) {
			if (span_eq(c->m.username, name))
				return i;
		} else if (cfg->anonymous && tt_stun_userhash(hash, name, span_of(cfg->realm)) &&
			   memcmp(hash, c->m.userhash, sizeof hash) == 0) {
			return i;
		}
	}
	return -1;
}

/* What the request says of algorithms; false: 400. */
static bool choose_algorithm(struct turn_call *c, enum tt_stun_algorithm *out)
{
	const struct span offered = { algorithms, sizeof algorithms };
	const uint32_t both = TT_STUN_HAS_ALGORITHM | TT_STUN_HAS_ALGORITHMS;

	*out = TT_STUN_MD5;
	c->sign_sha256 = false;
	if (c->t->cfg.old || !nonce_offered_algorithms(&c->m) || !(c->m.has & both))
		return true;
	*out = (enum tt_stun_algorithm)c->m.algorithm;
	c->sign_sha256 = true;
	return (c->m.has & both) == both && span_eq(c->m.algorithms, offered) &&
	       (c->m.algorithm == TT_STUN_MD5 || c->m.algorithm == TT_STUN_SHA256);
}

bool turn_authenticate(struct turn_call *c)
{
	const uint32_t name = TT_STUN_HAS_USERNAME | TT_STUN_HAS_USERHASH;
	const uint32_t rest = TT_STUN_HAS_REALM | TT_STUN_HAS_NONCE;
	const struct world_turn_config *cfg = &c->t->cfg;
	enum tt_stun_algorithm algorithm;

	if (!(c->m.has & (TT_STUN_HAS_INTEGRITY | TT_STUN_HAS_INTEGRITY_SHA256)) ||
	    c->t->fault == WORLD_TURN_ALWAYS_401)
		return turn_refuse(c, 401);
	if (!(c->m.has & name) || (c->m.has & rest) != rest || !choose_algorithm(c, &algorithm))
		return turn_refuse(c, 400);
	int user = user_of(c);
	if (user < 0 || !span_eq(c->m.realm, span_of(cfg->realm)))
		return turn_refuse(c, 401);
	if (!tt_stun_key_long_term(&c->key, algorithm, span_of(cfg->users[user].name),
				   span_of(cfg->realm), span_of(cfg->users[user].password)) ||
	    !tt_stun_verify(&c->m, c->pkt, &c->key))
		return turn_refuse(c, 401);
	if (!nonce_is_fresh(c))
		return turn_refuse(c, 438);
	c->user = user;
	return true;
}
