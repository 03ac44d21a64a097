/* srtp_libsrtp.c - the backend that is libsrtp2: the oracle of our own, and a choice at run time.
 *
 * Two libsrtp sessions, one for each direction. libsrtp never forgets a stream by itself; the
 * lists here know which SSRCs it has, and which of them has been silent for longest. */
#include <string.h>

#include <openssl/crypto.h>
#include <srtp2/srtp.h>

#include "base/num.h"
#include "srtp/srtp_backend.h"
#include "srtp/srtp_once.h"

/* The SSRCs of one direction: each costs libsrtp a stream. */
struct ssrcs {
	struct ssrc {
		uint32_t ssrc;
		uint64_t used; /* when, counted in packets */
	} * list;
	size_t count, room, max;
	size_t last; /* most packets are of the stream of the packet before */
};

struct lib {
	struct tt_env *env;
	srtp_t out, in;
	struct ssrcs sent, heard; /* heard: that authenticated */
	uint64_t packets, evicted;
};

static void set_transforms(srtp_policy_t *p, uint16_t profile)
{
	switch (profile) {
	case TT_SRTP_PROFILE_AEAD_AES_128_GCM:
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&p->rtcp);
		break;
	case TT_SRTP_PROFILE_AEAD_AES_256_GCM:
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtp);
		srtp_crypto_policy_set_aes_gcm_256_16_auth(&p->rtcp);
		break;
	case TT_SRTP_PROFILE_AES128_CM_SHA1_32:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
		break;
	default:
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&p->rtcp);
	}
}

static int make_session(srtp_t *out, uint16_t profile, const struct tt_srtp_key *key,
			srtp_ssrc_type_t which)
{
	const size_t key_len = tt_srtp_key_len(profile);
	uint8_t master[TT_SRTP_KEY_MAX + TT_SRTP_SALT_MAX];
	srtp_policy_t policy;

	memcpy(master, key->key, key_len);
	memcpy(master + key_len, key->salt, tt_srtp_salt_len(profile));
	memset(&policy, 0, sizeof policy);
	set_transforms(&policy, profile);
	policy.ssrc.type = which;
	policy.key = master;
	policy.window_size = TT_SRTP_WINDOW;
	policy.allow_repeat_tx = 0; /* section 9.1: one index never protects two packets */
	const srtp_err_status_t status = srtp_create(out, &policy);
	OPENSSL_cleanse(master, sizeof master);
	if (status == srtp_err_status_ok)
		return TAUT_OK;
	*out = NULL;
	return status == srtp_err_status_alloc_fail ? TAUT_E_NOMEM : TAUT_E_CRYPTO;
}

static void lib_free(void *me)
{
	struct lib *l = me;

	if (l->out)
		srtp_dealloc(l->out);
	if (l->in)
		srtp_dealloc(l->in);
	tt_free(l->env, l->sent.list);
	tt_free(l->env, l->heard.list);
	tt_free(l->env, l);
}

static int lib_make(void **out, struct tt_env *env, const struct tt_srtp_keys *keys,
		    const struct tt_srtp_config *cfg)
{
	struct lib *l = tt_alloc(env, sizeof *l);

	if (!l)
		return TAUT_E_NOMEM;
	l->env = env;
	l->sent.max = cfg->sent_max;
	l->heard.max = cfg->received_max;
	int r = make_session(&l->out, keys->profile, &keys->local, ssrc_any_outbound);
	if (r == TAUT_OK)
		r = make_session(&l->in, keys->profile, &keys->remote, ssrc_any_inbound);
	if (r != TAUT_OK) {
		lib_free(l);
		return r;
	}
	*out = l;
	return TAUT_OK;
}

static uint64_t lib_evicted(const void *me)
{
	return ((const struct lib *)me)->evicted;
}

static int judge(srtp_err_status_t status)
{
	switch (status) {
	case srtp_err_status_ok:
		return 0;
	case srtp_err_status_auth_fail:
		return TT_SRTP_E_AUTH;
	case srtp_err_status_replay_fail:
	case srtp_err_status_replay_old:
		return TT_SRTP_E_REPLAY;
	case srtp_err_status_bad_param:
	case srtp_err_status_parse_err:
		return TT_SRTP_E_MALFORMED;
	default:
		return TT_SRTP_E_REFUSED;
	}
}

/* Marks it as used just now. False: it is not among them. */
static bool use(struct ssrcs *all, uint32_t ssrc, uint64_t when)
{
	size_t i = all->last;

	if (i >= all->count || all->list[i].ssrc != ssrc)
		for (i = 0; i < all->count && all->list[i].ssrc != ssrc; i++)
			;
	if (i == all->count)
		return false;
	all->last = i;
	all->list[i].used = when;
	return true;
}

static bool make_room(struct tt_env *env, struct ssrcs *all)
{
	if (all->count < all->room)
		return true;
	const size_t room = tt_min(all->max, all->room ? 2 * all->room : 16);
	struct ssrc *list = tt_resize(env, all->list, room * sizeof *list);
	if (!list)
		return false;
	all->list = list;
	all->room = room;
	return true;
}

static void put(struct ssrcs *all, size_t at, uint32_t ssrc, uint64_t when)
{
	all->list[at] = (struct ssrc){ ssrc, when };
	all->last = at;
	if (at == all->count)
		all->count++;
}

/* srtp_remove_stream wants the SSRC as it lies in the packet; its documentation says nothing. */
static void forget(struct lib *l, uint32_t ssrc)
{
	const uint8_t be[4] = { (uint8_t)(ssrc >> 24), (uint8_t)(ssrc >> 16), (uint8_t)(ssrc >> 8),
				(uint8_t)ssrc };
	uint32_t as_it_lies;

	memcpy(&as_it_lies, be, sizeof be);
	srtp_remove_stream(l->in, as_it_lies);
}

/* An SSRC has authenticated. At the ceiling the one silent for longest goes: not the first one,
 * which in a long call may be the one stream that was there all the time. */
static bool remember(struct lib *l, uint32_t ssrc)
{
	struct ssrcs *all = &l->heard;
	size_t at = 0;

	if (use(all, ssrc, ++l->packets))
		return true;
	if (all->count < all->max && make_room(l->env, all)) {
		put(all, all->count, ssrc, l->packets);
		return true;
	}
	for (size_t i = 1; i < all->count; i++)
		if (all->list[i].used < all->list[at].used)
			at = i;
	forget(l, all->count ? all->list[at].ssrc : ssrc);
	if (all->count == 0)
		return false; /* no memory for a single one */
	l->evicted++;
	put(all, at, ssrc, l->packets);
	return true;
}

/* What we send is never forgotten, or its rollover counter would start anew and with it the
 * indices. Past the ceiling a new one is refused. */
static bool may_send(struct lib *l, uint32_t ssrc)
{
	struct ssrcs *all = &l->sent;

	if (use(all, ssrc, ++l->packets))
		return true;
	if (all->count == all->max || !make_room(l->env, all))
		return false;
	put(all, all->count, ssrc, l->packets);
	return true;
}

static int protect(struct lib *l, const struct tt_srtp_packet *p,
		   srtp_err_status_t (*work)(srtp_t, void *, int *))
{
	int n = (int)p->len;

	if (!may_send(l, p->ssrc))
		return TT_SRTP_E_REFUSED;
	const int error = judge(work(l->out, p->buf, &n));
	return error ? error : n;
}

static int unprotect(struct lib *l, const struct tt_srtp_packet *p,
		     srtp_err_status_t (*work)(srtp_t, void *, int *))
{
	int n = (int)p->len;
	const int error = judge(work(l->in, p->buf, &n));

	if (error)
		return error;
	return remember(l, p->ssrc) ? n : TT_SRTP_E_REFUSED;
}

static int protect_rtp(void *me, const struct tt_srtp_packet *p)
{
	return protect(me, p, srtp_protect);
}

static int protect_rtcp(void *me, const struct tt_srtp_packet *p)
{
	return protect(me, p, srtp_protect_rtcp);
}

static int unprotect_rtp(void *me, const struct tt_srtp_packet *p)
{
	return unprotect(me, p, srtp_unprotect);
}

static int unprotect_rtcp(void *me, const struct tt_srtp_packet *p)
{
	return unprotect(me, p, srtp_unprotect_rtcp);
}

const struct tt_srtp_backend tt_srtp_libsrtp = {
	.name = "libsrtp2",
	.ready = tt_srtp_libsrtp_ready,
	.make = lib_make,
	.free = lib_free,
	.protect_rtp = protect_rtp,
	.protect_rtcp = protect_rtcp,
	.unprotect_rtp = unprotect_rtp,
	.unprotect_rtcp = unprotect_rtcp,
	.evicted = lib_evicted,
};
