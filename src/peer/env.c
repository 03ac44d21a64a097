/* env.c - what connections of one thread share: memory, random numbers, the certificate. */
#include <string.h>

#include "base/config.h"
#include "peer/pc.h"

struct pc_certificate {
	struct taut_certificate lent;
	struct taut_dtls_fingerprint fingerprints[TT_DTLS_HASHES];
	char texts[TT_DTLS_HASHES][TT_DTLS_FINGERPRINT_MAX];
};

static bool describe(const struct taut_env *env, struct pc_certificate *c)
{
	for (size_t i = 0; i < TT_DTLS_HASHES; i++) {
		char *text = c->texts[i];

		if (!tt_dtls_shared_fingerprint_by(env->dtls, i, text))
			return false;
		char *space = strchr(text, ' ');
		*space = '\0';
		for (char *at = space + 1; *at; at++)
			*at = (char)(*at >= 'A' && *at <= 'F' ? *at - 'A' + 'a' : *at);
		c->fingerprints[i] = (struct taut_dtls_fingerprint){ text, space + 1 };
	}
	c->lent = (struct taut_certificate){ tt_dtls_shared_expires(env->dtls), c->fingerprints,
					     TT_DTLS_HASHES };
	return true;
}

const struct taut_certificate *taut_env_certificate(taut_env *env)
{
	if (env->certificate)
		return &env->certificate->lent;
	struct pc_certificate *c = tt_alloc(&env->base, sizeof *c);
	if (!c || !describe(env, c)) {
		tt_free(&env->base, c);
		return NULL;
	}
	env->certificate = c;
	return &c->lent;
}

int taut_env_new(taut_env **out, const struct taut_env_config *cfg)
{
	struct taut_env_config c;
	struct tt_env base;

	*out = NULL;
	int err = tt_config_take(&c, sizeof c, cfg);
	if (err)
		return err;
	if (!c.random)
		c.random = tt_dtls_system_random;
	tt_env_init(&base, &c);
	struct taut_env *env = tt_alloc(&base, sizeof *env);
	if (!env)
		return TAUT_E_NOMEM;
	env->base = base;
	taut_env_set_wall_clock(env, c.now, c.unix_us);
	err = tt_spares_init(&env->base) ? TAUT_OK : TAUT_E_NOMEM;
	if (!err)
		err = tt_dtls_shared_new(&env->dtls, &env->base, c.now);
	if (err) {
		tt_spares_free(&env->base);
		tt_free(&base, env);
		return err;
	}
	*out = env;
	return TAUT_OK;
}

int taut_env_free(taut_env *env)
{
	if (!env)
		return TAUT_OK;
	if (env->count > 0)
		return TAUT_E_STATE;
	tt_dtls_shared_free(env->dtls);
	tt_free(&env->base, env->certificate);
	tt_spares_free(&env->base);
	struct tt_env base = env->base;
	tt_free(&base, env);
	return TAUT_OK;
}

void taut_env_set_wall_clock(taut_env *env, taut_time now, int64_t unix_us)
{
	env->base.wall_now = now;
	env->base.wall_unix_us = unix_us;
}
