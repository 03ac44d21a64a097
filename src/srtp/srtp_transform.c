/* srtp_transform.c - session keys into cipher contexts, once for each connection. */
#include "srtp/srtp_transform.h"

#include <string.h>

#include <openssl/crypto.h>

#include "srtp/srtp_backend.h"

static const char *cipher_of(uint16_t profile)
{
	switch (profile) {
	case TT_SRTP_PROFILE_AEAD_AES_128_GCM:
		return "AES-128-GCM";
	case TT_SRTP_PROFILE_AEAD_AES_256_GCM:
		return "AES-256-GCM";
	default:
		return "AES-128-CTR";
	}
}

bool tt_srtp_transform_set(struct tt_srtp_transform *t, uint16_t profile,
			   const struct tt_srtp_session_keys *keys, bool rtcp, bool seal)
{
	const bool gcm = tt_srtp_salt_len(profile) == 12;

	*t = (struct tt_srtp_transform){ .tag = rtcp ? tt_srtp_rtcp_tag(profile)
						     : tt_srtp_rtp_tag(profile) };
	if (!tt_cipher_init(&t->cipher, NULL, cipher_of(profile), keys->cipher,
			    tt_srtp_key_len(profile), seal || !gcm)) {
		tt_srtp_transform_free(t);
		return false;
	}
	memcpy(t->salt, keys->salt, sizeof t->salt);
	if (gcm) {
		tt_srtp_use_gcm(t);
		return true;
	}
	tt_hmac_sha1_init(&t->hmac, keys->auth, sizeof keys->auth);
	tt_srtp_use_cm(t);
	return true;
}

bool tt_srtp_transform_init(struct tt_srtp_transform *t, uint16_t profile,
			    const struct tt_srtp_key *master, bool rtcp, bool seal)
{
	struct tt_srtp_session_keys keys;
	const bool ok = tt_srtp_derive(&keys, master, tt_srtp_key_len(profile),
				       tt_srtp_salt_len(profile), rtcp) &&
			tt_srtp_transform_set(t, profile, &keys, rtcp, seal);

	if (!ok)
		*t = (struct tt_srtp_transform){ 0 };
	OPENSSL_cleanse(&keys, sizeof keys);
	return ok;
}

void tt_srtp_transform_free(struct tt_srtp_transform *t)
{
	tt_cipher_free(&t->cipher);
	OPENSSL_cleanse(t, sizeof *t);
}
