/* srtp.c - the face of SRTP: RFC 3711, RFC 7714, RFC 5764 section 4.1.2.
 *
 * Lengths and headers are checked here, once, for every backend: libsrtp2 trusts the CSRC count
 * and the extension length more than a stranger deserves (CVE-2013-2139, CVE-2015-6360). What the
 * packets mean is not known here. */
#include "srtp/srtp.h"

#include <string.h>

#include <openssl/crypto.h>

#include "base/num.h"
#include "base/rd.h"
#include "base/unchecked.h"
#include "srtp/srtp_state.h"

enum { LEN_MAX = 65535 };

const char *tt_srtp_profile_name(uint16_t profile)
{
	switch (profile) {
	case TT_SRTP_PROFILE_AES128_CM_SHA1_80:
		return "AES_CM_128_HMAC_SHA1_80";
	case TT_SRTP_PROFILE_AES128_CM_SHA1_32:
		return "AES_CM_128_HMAC_SHA1_32";
	case TT_SRTP_PROFILE_AEAD_AES_128_GCM:
		return "AEAD_AES_128_GCM";
	case TT_SRTP_PROFILE_AEAD_AES_256_GCM:
		return "AEAD_AES_256_GCM";
	default:
		return NULL;
	}
}

size_t tt_srtp_rtp_tag(uint16_t profile)
{
	return tt_srtp_salt_len(profile) == 12                ? 16
	       : profile == TT_SRTP_PROFILE_AES128_CM_SHA1_32 ? 4
							      : 10;
}

size_t tt_srtp_rtcp_tag(uint16_t profile)
{
	return tt_srtp_salt_len(profile) == 12 ? 16 : 10;
}

static const struct tt_srtp_backend *backend_of(uint32_t number)
{
	switch (number) {
	case TAUT_SRTP_DEFAULT:
		return TT_SRTP_DEFAULT_BACKEND;
	case TAUT_SRTP_TAUT:
		return &tt_srtp_taut;
	case TAUT_SRTP_LIBSRTP:
		return TT_SRTP_LIBSRTP_BACKEND;
	default:
		return NULL;
	}
}

const char *tt_srtp_backend_name(uint32_t backend)
{
	const struct tt_srtp_backend *b = backend_of(backend);

	return b ? b->name : NULL;
}

bool tt_srtp_ready(uint32_t backend)
{
	const struct tt_srtp_backend *b = backend_of(backend);

	return b && (!b->ready || b->ready());
}

int tt_srtp_new(struct tt_srtp **out, struct tt_env *env, const struct tt_srtp_keys *keys,
		const struct tt_srtp_config *cfg)
{
	struct tt_srtp_config c = cfg ? *cfg : (struct tt_srtp_config){ 0 };
	const struct tt_srtp_backend *backend = backend_of(c.backend);

	*out = NULL;
	if (!backend || tt_srtp_key_len(keys->profile) == 0)
		return TAUT_E_INVAL;
	if (!tt_srtp_ready(c.backend))
		return TAUT_E_CRYPTO;
	c.received_max = c.received_max ? c.received_max : TT_SRTP_SSRC_MAX;
	c.sent_max = c.sent_max ? c.sent_max : TT_SRTP_SENT_MAX;
	struct tt_srtp *s = tt_alloc(env, sizeof *s);
	if (!s)
		return TAUT_E_NOMEM;
	s->env = env;
	s->backend = backend;
	s->rtp_tag = tt_srtp_rtp_tag(keys->profile);
	s->rtcp_tag = tt_srtp_rtcp_tag(keys->profile);
	const int r = backend->make(&s->me, env, keys, &c);
	if (r != TAUT_OK) {
		tt_free(env, s);
		return r;
	}
	*out = s;
	return TAUT_OK;
}

void tt_srtp_free(struct tt_srtp *s)
{
	if (!s)
		return;
	s->backend->free(s->me);
	tt_free(s->env, s);
}

void tt_srtp_wipe(void *p, size_t len)
{
	OPENSSL_cleanse(p, len);
}

size_t tt_srtp_tail(const struct tt_srtp *s)
{
	return s->rtp_tag;
}

const struct tt_srtp_counters *tt_srtp_counters(const struct tt_srtp *s)
{
	return &s->counters;
}

/* RFC 3550 section 5.1: the fixed header, CSRCs and extension lie within len, tail not counted. */
static bool look_at_rtp(struct tt_srtp_packet *p, uint8_t *buf, size_t len, size_t tail)
{
	if (len > LEN_MAX || len < TT_SRTP_RTP_HEADER + tail)
		return false;
	struct rd r = rd_make(buf, len - tail);
	const uint8_t first = rd_u8(&r);

	rd_take(&r, 7);
	*p = (struct tt_srtp_packet){ .buf = buf, .len = len, .ssrc = rd_u32(&r) };
	rd_take(&r, 4u * (first & 0x0f));
	if (first & 0x10) {
		rd_u16(&r);
		rd_take(&r, 4u * rd_u16(&r));
	}
	p->header = r.off;
	return !r.bad && first >> 6 == 2;
}

static bool look_at_rtcp(struct tt_srtp_packet *p, uint8_t *buf, size_t len, size_t tail)
{
	if (len > LEN_MAX || len < TT_SRTP_RTCP_HEADER + tail)
		return false;
	struct rd r = rd_make(buf, len - tail);

	rd_take(&r, 4);
	*p = (struct tt_srtp_packet){ buf, len, TT_SRTP_RTCP_HEADER, rd_u32(&r) };
	return buf[0] >> 6 == 2;
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

static int protect(struct tt_srtp *s, taut_time now, tt_srtp_work *work,
		   const struct tt_srtp_packet *p)
{
	const int n = work(s->me, p);

	if (n < 0)
		return keep(s, now, n, p->len);
	s->counters.protected_packets++;
	return n;
}

int tt_srtp_protect_rtp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len, size_t cap)
{
	struct tt_srtp_packet p;

	if (!look_at_rtp(&p, buf, len, 0))
		return keep(s, now, TT_SRTP_E_MALFORMED, len);
	if (cap < len + s->rtp_tag)
		return keep(s, now, TT_SRTP_E_ROOM, len);
	return protect(s, now, s->backend->protect_rtp, &p);
}

int tt_srtp_protect_rtcp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len, size_t cap)
{
	struct tt_srtp_packet p;

	if (!look_at_rtcp(&p, buf, len, 0))
		return keep(s, now, TT_SRTP_E_MALFORMED, len);
	if (cap < len + s->rtcp_tag + TT_SRTCP_INDEX_LEN)
		return keep(s, now, TT_SRTP_E_ROOM, len);
	return protect(s, now, s->backend->protect_rtcp, &p);
}

/* What a fuzzer wrote was never encrypted: it passes as it is, without what stands for its tail. */
static int unprotect_unchecked(struct tt_srtp *s, tt_srtp_work *work,
			       const struct tt_srtp_packet *p, size_t tail)
{
	uint8_t before[TT_UNCHECKED ? LEN_MAX : 1];

	memcpy(before, p->buf, p->len);
	const int n = work(s->me, p);
	if (n != TT_SRTP_E_AUTH)
		return n;
	memcpy(p->buf, before, p->len);
	return (int)(p->len - tail);
}

static int unprotect(struct tt_srtp *s, taut_time now, tt_srtp_work *work,
		     const struct tt_srtp_packet *p, size_t tail)
{
	const int n = TT_UNCHECKED ? unprotect_unchecked(s, work, p, tail) : work(s->me, p);

	s->counters.ssrcs_evicted = s->backend->evicted(s->me);
	if (n < 0)
		return refuse(s, now, n, p->len);
	s->counters.unprotected_packets++;
	return n;
}

int tt_srtp_unprotect_rtp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len)
{
	struct tt_srtp_packet p;

	if (!look_at_rtp(&p, buf, len, s->rtp_tag))
		return refuse(s, now, TT_SRTP_E_MALFORMED, len);
	return unprotect(s, now, s->backend->unprotect_rtp, &p, s->rtp_tag);
}

int tt_srtp_unprotect_rtcp(struct tt_srtp *s, taut_time now, uint8_t *buf, size_t len)
{
	struct tt_srtp_packet p;

	if (!look_at_rtcp(&p, buf, len, s->rtcp_tag + TT_SRTCP_INDEX_LEN))
		return refuse(s, now, TT_SRTP_E_MALFORMED, len);
	return unprotect(s, now, s->backend->unprotect_rtcp, &p, s->rtcp_tag + TT_SRTCP_INDEX_LEN);
}
