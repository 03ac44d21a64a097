/* srtp_once.c - the one exception to "no globals": libsrtp's kernel and NSS beneath it.
 *
 * Debian's libsrtp 2.5 runs on NSS, whose context is torn down with the last session and
 * built again with the next, (m) 0.5 ms each time. So one session that protects nothing is kept
 * for the life of the process. Three objects: the flag, the outcome, that session. */
#include "srtp/srtp_once.h"

#include <string.h>
#include <threads.h>

#include <srtp2/srtp.h>

static once_flag once = ONCE_FLAG_INIT;
static bool ready;
static srtp_t anchor;

static void start(void)
{
	unsigned char no_key[SRTP_MASTER_KEY_LEN] = { 0 };
	srtp_policy_t policy;

	memset(&policy, 0, sizeof policy);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
	srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	policy.ssrc.type = ssrc_any_outbound;
	policy.key = no_key;
	ready = srtp_init() == srtp_err_status_ok &&
		srtp_create(&anchor, &policy) == srtp_err_status_ok;
}

bool tt_srtp_libsrtp_ready(void)
{
	call_once(&once, start);
	return ready;
}
