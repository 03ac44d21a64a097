/* sdp_read_transport.c - the attributes that say how packets get there: ICE, DTLS, SCTP.
 *
 * RFC 8839, RFC 8840, RFC 8122, RFC 4145, RFC 8842, RFC 3605, RFC 8841. */
#include "sdp/sdp_reader.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "sdp/sdp_candidate.h"
#include "sdp/sdp_names.h"

/* Shorter ones than RFC 8839 section 5.4 allows are read, as browsers do: who applies the description
 * refuses them. */
static bool credential(struct tt_sdp_reader *r, const char **slot)
{
	static const char expected[] = "up to 256 characters without a colon";
	struct tt_sdp_word w;

	if (!tt_sdp_word(&r->x, &w, "", expected))
		return false;
	/* ":" parts the halves of a STUN USERNAME, RFC 8445 section 7.2.2 */
	if (w.len > 256 || memchr(w.p, ':', w.len))
		return tt_sdp_bad(&r->x, w.p, "not a credential of ICE", expected);
	return tt_sdp_hold_once(r, slot, w) && tt_sdp_done(&r->x);
}

bool tt_sdp_read_ufrag(struct tt_sdp_reader *r)
{
	return credential(r, &r->at->ice_ufrag);
}

bool tt_sdp_read_pwd(struct tt_sdp_reader *r)
{
	return credential(r, &r->at->ice_pwd);
}

bool tt_sdp_read_ice_options(struct tt_sdp_reader *r)
{
	return tt_sdp_rest_once(r, &r->at->ice_options, "an option of ICE");
}

bool tt_sdp_read_tls_id(struct tt_sdp_reader *r)
{
	struct tt_sdp_word w;

	if (!tt_sdp_word(&r->x, &w, "", "an id of the TLS association"))
		return false;
	return tt_sdp_hold_once(r, &r->at->tls_id, w) && tt_sdp_done(&r->x);
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* "4A:AD:..." in two digits each, with colons between */
static bool read_digest(struct tt_sdp_reader *r, struct tt_sdp_fingerprint *f)
{
	struct tt_sdp_word w;
	static const char expected[] = "pairs of hexadecimal digits with colons between";

	if (!tt_sdp_word(&r->x, &w, "", expected))
		return false;
	const size_t n = (w.len + 1) / 3;
	if ((w.len + 1) % 3 != 0 || n > sizeof f->value)
		return tt_sdp_bad(&r->x, w.p, "not a fingerprint", expected);
	for (size_t i = 0; i < n; i++) {
		const char *p = w.p + 3 * i;
		if (hex(p[0]) < 0 || hex(p[1]) < 0 || (i + 1 < n && p[2] != ':'))
			return tt_sdp_bad(&r->x, p, "not a fingerprint", expected);
		f->value[i] = (uint8_t)(16 * hex(p[0]) + hex(p[1]));
	}
	f->len = tt_u8(n);
	const size_t known = tt_sdp_hash_len(f->hash);
	if (known != 0 && known != n)
		return tt_sdp_bad(&r->x, w.p, "not as long as this hash is",
				  "all bytes of the hash");
	return true;
}

bool tt_sdp_read_fingerprint(struct tt_sdp_reader *r)
{
	struct tt_sdp_word w;
	struct tt_sdp_fingerprint f = { .len = 0 };

	if (!tt_sdp_word(&r->x, &w, "", "the name of a hash"))
		return false;
	if (w.len >= sizeof f.hash)
		return tt_sdp_bad(&r->x, w.p, "not a hash", "sha-256 or one of its kind");
	for (size_t i = 0; i < w.len; i++)
		f.hash[i] = w.p[i] >= 'A' && w.p[i] <= 'Z' ? (char)(w.p[i] - 'A' + 'a') : w.p[i];
	if (!read_digest(r, &f) || !tt_sdp_done(&r->x))
		return false;
	if (r->at->fingerprint_count >= TT_SDP_MAX_FINGERPRINTS)
		return tt_sdp_full(r, "at most 16 fingerprints");
	struct tt_sdp_fingerprint *slot =
		TT_SDP_PUSH(r->sdp, r->at->fingerprints, r->at->fingerprint_count);
	if (slot)
		*slot = f;
	return true;
}

bool tt_sdp_read_setup(struct tt_sdp_reader *r)
{
	struct tt_sdp_word w;
	static const char expected[] = "active, passive, actpass or holdconn";

	return tt_sdp_word(&r->x, &w, "", expected) &&
	       tt_sdp_choice(r, &r->at->setup, tt_sdp_setup_of(w), w.p, expected);
}

bool tt_sdp_read_connection(struct tt_sdp_reader *r)
{
	struct tt_sdp_word w;
	static const char expected[] = "new or existing";

	if (!tt_sdp_word(&r->x, &w, "", expected))
		return false;
	const uint8_t value = tt_sdp_word_is(w, "new") ? 1 : tt_sdp_word_is(w, "existing") ? 2 : 0;
	return tt_sdp_choice(r, &r->m->connection_new, value, w.p, expected);
}

bool tt_sdp_read_candidate(struct tt_sdp_reader *r)
{
	struct tt_sdp_candidate c;

	if (!tt_sdp_candidate_parse(&r->x, &c))
		return false;
	if (r->m->candidate_count >= TT_SDP_MAX_CANDIDATES)
		return tt_sdp_full(r, "at most 64 candidates");
	struct tt_sdp_candidate *slot =
		TT_SDP_PUSH(r->sdp, r->m->candidates, r->m->candidate_count);
	if (slot)
		*slot = c;
	return true;
}

/* a=rtcp:9 IN IP4 0.0.0.0 */
bool tt_sdp_read_rtcp(struct tt_sdp_reader *r)
{
	uint64_t port;

	if (!tt_sdp_number(&r->x, 0, UINT16_MAX, &port, "", "a port"))
		return false;
	r->m->has_rtcp = true;
	r->m->rtcp_port = tt_u16(port);
	r->m->rtcp_address = (struct tt_sdp_address){ NULL, NULL, NULL };
	return tt_sdp_at_end(&r->x) || tt_sdp_read_address(r, &r->m->rtcp_address);
}

bool tt_sdp_read_sctp_port(struct tt_sdp_reader *r)
{
	uint64_t port;

	if (!tt_sdp_number(&r->x, 0, UINT16_MAX, &port, "", "a port"))
		return false;
	r->m->has_sctp_port = true;
	r->m->sctp_port = tt_u16(port);
	return tt_sdp_done(&r->x);
}

bool tt_sdp_read_max_message_size(struct tt_sdp_reader *r)
{
	uint64_t size;

	if (!tt_sdp_number(&r->x, 0, UINT64_MAX, &size, "", "a size in bytes"))
		return false;
	r->m->has_max_message_size = true;
	r->m->max_message_size = size;
	return tt_sdp_done(&r->x);
}

/* RFC 4648 section 4: four characters for each three bytes, "=" for what the last ones lack. */
static bool is_base64(struct tt_sdp_word w)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = w.len;

	if (n == 0 || n % 4 != 0)
		return false;
	for (size_t pad = 0; pad < 2 && w.p[n - 1] == '='; pad++)
		n--;
	tt_work(n);
	for (size_t i = 0; i < n; i++)
		if (!memchr(digits, w.p[i], sizeof digits - 1))
			return false;
	return true;
}

/* An experiment of Chromium's: one that is spoilt must not cost the call. */
bool tt_sdp_read_sctp_init(struct tt_sdp_reader *r)
{
	const struct tt_sdp_word w = tt_sdp_rest(&r->x);

	if (is_base64(w))
		return tt_sdp_hold_once(r, &r->m->sctp_init, w);
	tt_sdp_warn(r, "left out: not base64");
	return true;
}

/* a=sctpmap:5000 webrtc-datachannel 1024, of the drafts before RFC 8841. The m-line has its port. */
bool tt_sdp_read_sctpmap(struct tt_sdp_reader *r)
{
	return tt_sdp_rest_once(r, &r->m->sctpmap, "a port and an application");
}

bool tt_sdp_read_ice_lite(struct tt_sdp_reader *r)
{
	return r->sdp->ice_lite = true;
}

/* a=ice-pacing:50 */
bool tt_sdp_read_ice_pacing(struct tt_sdp_reader *r)
{
	const char *where = r->x.at;
	uint64_t ms;

	if (!tt_sdp_number(&r->x, 0, UINT64_C(9999999999), &ms, "", "the milliseconds"))
		return false;
	if (r->sdp->has_ice_pacing && r->sdp->ice_pacing != ms)
		return tt_sdp_bad(&r->x, where, "contradicts an earlier line", "one of them");
	r->sdp->has_ice_pacing = true;
	r->sdp->ice_pacing = ms;
	return tt_sdp_done(&r->x);
}

bool tt_sdp_read_end_of_candidates(struct tt_sdp_reader *r)
{
	return r->at->end_of_candidates = true;
}
