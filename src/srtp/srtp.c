/* srtp.c - one face over libsrtp2: RFC 3711, RFC 7714, RFC 5764 section 4.1.2.
 *
 * Two libsrtp sessions, one for each direction. Lengths and headers are checked before
 * libsrtp sees a packet: it trusts the CSRC count and the extension length more than a
 * stranger deserves (CVE-2013-2139, CVE-2015-6360). What the packets mean is not known here. */
#include "srtp/srtp.h"

#include <string.h>

#include <srtp2/srtp.h>

#include "base/num.h"
#include "base/rd.h"
#include "base/unchecked.h"
#include "srtp/srtp_once.h"

enum {
	RTP_HEADER = 12,
	RTCP_HEADER = 8,
	SRTCP_INDEX = 4, /* E and the index, RFC 3711 section 3.4 */
	WINDOW = 1024,   /* section 3.3.2 wants 64 at least; a burst of resent video needs more */
	LEN_MAX = 65535,
};

/* The SSRCs of one direction: each costs libsrtp a stream. */
struct ssrcs {
	struct ssrc {
		uint32_t ssrc;
		uint64_t used; /* when, counted in packets */
	} *list;
	size_t count, room, max;
	size_t last; /* most packets are of the stream of the packet before */
};

struct tt_srtp {
	struct tt_env *env;
	srtp_t out, in;
	size_t tag;
	struct ssrcs sent, heard; /* heard: that authenticated */
	uint64_t packets;
	struct tt_srtp_counters counters;
};

const char *tt_srtp_profile_name(uint16_t profile)
{
	switch (profile) {
	case TT_SRTP_PROFILE_AES128_CM_SHA1_80:
		return "AES_CM_128_HMAC_SHA1_80";
	case TT_SRTP_PROFILE_AEAD_AES_128_GCM:
		return "AEAD_AES_128_GCM";
	default:
		return NULL;
	}
}

static int make_session(srtp_t *out, uint16_t profile, const struct tt_srtp_key *key,
			srtp_ssrc_type_t which)
{
	const bool gcm = profile == TT_SRTP_PROFILE_AEAD_AES_128_GCM;
	const size_t salt_len = gcm ? 12 : 14;
	uint8_t master[16 + 14];
	srtp_policy_t policy;

	memcpy(master, key->key, sizeof key->key);
	memcpy(master + sizeof key->key, key->salt, salt_len);
	memset(&policy, 0, sizeof policy);
	if (gcm) {
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtp);
		srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy.rtcp);
	} else {
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtp);
		srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy.rtcp);
	}
	policy.ssrc.type = which;
	policy.key = master;
	policy.window_size = WINDOW;
	policy.allow_repeat_tx = 0; /* section 9.1: one index never protects two packets */
	const srtp_err_status_t status = srtp_create(out, &policy);
	tt_srtp_wipe(master, sizeof master);
	if (status == srtp_err_status_ok)
		return TAUT_OK;
	*out = NULL;
	return status == srtp_err_status_alloc_fail ? TAUT_E_NOMEM : TAUT_E_CRYPTO;
}

int tt_srtp_new(struct tt_srtp **out, struct tt_env *env, const struct tt_srtp_keys *keys)
{
	*out = NULL;
	if (!tt_srtp_profile_name(keys->profile))
		return TAUT_E_INVAL;
	if (!tt_srtp_library_ready())
		return TAUT_E_CRYPTO;
	struct tt_srtp *s = tt_alloc(env, sizeof *s);
	if (!s)
		return TAUT_E_NOMEM;
	s->env = env;
	s->tag = keys->profile == TT_SRTP_PROFILE_AEAD_AES_128_GCM ? 16 : 10;
	s->sent.max = TT_SRTP_SENT_MAX;
	s->heard.max = TT_SRTP_SSRC_MAX;
	int r = make_session(&s->out, keys->profile, &keys->local, ssrc_any_outbound);
	if (r == TAUT_OK)
		r = make_session(&s->in, keys->profile, &keys->remote, ssrc_any_inbound);
	if (r != TAUT_OK) {
		tt_srtp_free(s);
		return r;
	}
	*out = s;
	return TAUT_OK;
}

void tt_srtp_free(struct tt_srtp *s)
{
	if (!s)
		return;
	if (s->out)
		srtp_dealloc(s->out);
	if (s->in)
		srtp_dealloc(s->in);
	tt_free(s->env, s->sent.list);
	tt_free(s->env, s->heard.list);
	tt_free(s->env, s);
}

size_t tt_srtp_tail(const struct tt_srtp *s)
{
	return s->tag;
}

const struct tt_srtp_counters *tt_srtp_counters(const struct tt_srtp *s)
{
	return &s->counters;
}

/* In these two, ssrc comes out as it lies in memory: so srtp_remove_stream wants it (its
 * documentation says nothing), and here it is a name and not a number. */

/* RFC 3550 section 5.1: the fixed header, CSRCs and extension lie within len, tail not counted. */
static bool rtp_whole(const uint8_t *buf, size_t len, size_t tail, uint32_t *ssrc)
{
	if (len > LEN_MAX || len < RTP_HEADER + tail)
		return false;
	struct rd r = rd_make(buf, len - tail);
	const uint8_t first = rd_u8(&r);

	rd_take(&r, RTP_HEADER - 1);
	memcpy(ssrc, buf + 8, sizeof *ssrc);
	rd_take(&r, 4u * (first & 0x0f));
	if (first & 0x10) {
		rd_u16(&r);
		rd_take(&r, 4u * rd_u16(&r));
	}
	return !r.bad && first >> 6 == 2;
}

static bool rtcp_whole(const uint8_t *buf, size_t len, size_t tail, uint32_t *ssrc)
{
	if (len > LEN_MAX || len < RTCP_HEADER + tail)
		return false;
	memcpy(ssrc, buf + 4, sizeof *ssrc);
	return buf[0] >> 6 == 2;
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

/* What a fuzzer wrote was never encrypted: it passes as it is, without what stands for its tail. */
static int judge_tag(srtp_err_status_t status, int *n, size_t len, size_t tail)
{
	const int error = judge(status);

	if (!TT_UNCHECKED || error != TT_SRTP_E_AUTH)
		return error;
	*n = (int)(len - tail);
	return 0;
}

static void count(struct tt_srtp *s, int error)
{
	struct tt_srtp_counters *c = &s->counters;
	uint64_t *const counter[] = {
		[-TT_SRTP_E_MALFORMED] = &c->malformed, [-TT_SRTP_E_AUTH] = &c->auth_failed,
		[-TT_SRTP_E_REPLAY] = &c->replayed,     [-TT_SRTP_E_ROOM] = &c->refused,
		[-TT_SRTP_E_REFUSED] = &c->refused,
	};

	++*counter[-error];
}

static int refuse(struct tt_srtp *s, taut_time now, int error, size_t len)
{
	static const uint32_t reasons[] = {
		[-TT_SRTP_E_MALFORMED] = TAUT_DROP_SRTP_MALFORMED,
		[-TT_SRTP_E_AUTH] = TAUT_DROP_SRTP_AUTH,
		[-TT_SRTP_E_REPLAY] = TAUT_DROP_SRTP_REPLAY,
		[-TT_SRTP_E_REFUSED] = TAUT_DROP_SRTP_REFUSED,
	};

	count(s, error);
	tt_drop(s->env, now, reasons[-error], TT_INT("len", len));
	return error;
}

static int keep(struct tt_srtp *s, taut_time now, int error, size_t len)
{
	count(s, error);
	tt_drop(s->env, now, TAUT_DROP_SRTP_NOT_PROTECTED, TT_INT("error", error),
		TT_INT("len", len));
	return error;
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

/* An SSRC has authenticated. At the ceiling the one silent for longest goes: not the first one,
 * which in a long call may be the one stream that was there all the time. */
static bool remember(struct tt_srtp *s, uint32_t ssrc)
{
	struct ssrcs *all = &s->heard;
	size_t at = 0;

	if (use(all, ssrc, ++s->packets))
		return true;
	if (all->count < all->max && make_room(s->env, all)) {
		put(all, all->count, ssrc, s->packets);
		return true;
	}
	for (size_t i = 1; i < all->count; i++)
		if (all->list[i].used < all->list[at].used)
			at = i;
	srtp_remove_stream(s->in, all->count ? all->list[at].ssrc : ssrc);
	if (all->count == 0)
		return false; /* no memory for a single one */
	s->counters.ssrcs_evicted++;
	put(all, at, ssrc, s->packets);
	return true;
}

/* What we send is never forgotten, or its rollover counter would start anew and with it the
 * indices. Past the ceiling a new one is refused. */
static bool may_send(struct tt_srtp *s, uint32_t ssrc)
{
	struct ssrcs *all = &s->sent;

	if (use(all, ssrc, ++s->packets))
		return true;
	if (all->count == all->max || !make_room(s->env, all))
		return false;
	put(all, all->count, ssrc, s->packets);
	return true;
}

int tt_srtp_protect_rtp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len, size_t cap)
{
	uint32_t ssrc;
	int n = (int)tt_min(len, LEN_MAX);

	if (!rtp_whole(buf, len, 0, &ssrc))
		return keep(s, now, TT_SRTP_E_MALFORMED, len);
	if (cap < len + s->tag)
		return keep(s, now, TT_SRTP_E_ROOM, len);
	if (!may_send(s, ssrc))
		return keep(s, now, TT_SRTP_E_REFUSED, len);
	const int error = judge(srtp_protect(s->out, buf, &n));
	if (error)
		return keep(s, now, error, len);
	s->counters.protected_packets++;
	return n;
}

int tt_srtp_protect_rtcp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len, size_t cap)
{
	uint32_t ssrc;
	int n = (int)tt_min(len, LEN_MAX);

	if (!rtcp_whole(buf, len, 0, &ssrc))
		return keep(s, now, TT_SRTP_E_MALFORMED, len);
	if (cap < len + s->tag + SRTCP_INDEX)
		return keep(s, now, TT_SRTP_E_ROOM, len);
	if (!may_send(s, ssrc))
		return keep(s, now, TT_SRTP_E_REFUSED, len);
	const int error = judge(srtp_protect_rtcp(s->out, buf, &n));
	if (error)
		return keep(s, now, error, len);
	s->counters.protected_packets++;
	return n;
}

int tt_srtp_unprotect_rtp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len)
{
	uint32_t ssrc;
	int n = (int)tt_min(len, LEN_MAX);

	if (!rtp_whole(buf, len, s->tag, &ssrc))
		return refuse(s, now, TT_SRTP_E_MALFORMED, len);
	const int error = judge_tag(srtp_unprotect(s->in, buf, &n), &n, len, s->tag);
	if (error)
		return refuse(s, now, error, len);
	if (!remember(s, ssrc))
		return refuse(s, now, TT_SRTP_E_REFUSED, len);
	s->counters.unprotected_packets++;
	return n;
}

int tt_srtp_unprotect_rtcp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len)
{
	uint32_t ssrc;
	int n = (int)tt_min(len, LEN_MAX);

	if (!rtcp_whole(buf, len, s->tag + SRTCP_INDEX, &ssrc))
		return refuse(s, now, TT_SRTP_E_MALFORMED, len);
	const int error = judge_tag(srtp_unprotect_rtcp(s->in, buf, &n), &n, len,
				    s->tag + SRTCP_INDEX);
	if (error)
		return refuse(s, now, error, len);
	if (!remember(s, ssrc))
		return refuse(s, now, TT_SRTP_E_REFUSED, len);
	s->counters.unprotected_packets++;
	return n;
}
