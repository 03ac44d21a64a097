/* sdp_read_attr.c - a= lines: which reader for which name, and those that are not about RTP.
 *
 * What a reader here does not know, or knows only on the other level, is kept as it is. */
#include "sdp/sdp_reader.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "sdp/sdp_candidate.h"
#include "sdp/sdp_names.h"

/* a=group:BUNDLE 0 1; that its members exist is asked when all sections are read. */
static bool read_group(struct tt_sdp_reader *r)
{
	struct tt_sdp_word w;
	const struct tt_sdp_lex line = r->x;

	if (!tt_sdp_word(&r->x, &w, "", "what the group means"))
		return false;
	if (r->sdp->group_count >= TT_SDP_MAX_GROUPS)
		return tt_sdp_full(r, "at most 32 groups");
	struct tt_sdp_group *g = TT_SDP_PUSH(r->sdp, r->sdp->groups, r->sdp->group_count);
	if (!g)
		return true;
	r->groups[r->sdp->group_count - 1] = line;
	g->semantics = tt_sdp_hold(r, w);
	while (!tt_sdp_at_end(&r->x)) {
		if (g->mid_count >= TT_SDP_MAX_MEDIA)
			return tt_sdp_full(r, "at most 128 members");
		(void)tt_sdp_word(&r->x, &w, "", ""); /* there is one: this is not the end */
		tt_sdp_hold_list(r, &g->mids, &g->mid_count, w);
	}
	return true;
}

static bool read_mid(struct tt_sdp_reader *r)
{
	struct tt_sdp_word w;

	if (!tt_sdp_word(&r->x, &w, "", "a mid"))
		return false;
	if (w.len > TT_SDP_MID_LEN)
		return tt_sdp_bad(&r->x, w.p, "the mid is too long", "at most 16 characters");
	tt_work(r->sdp->media_count);
	for (size_t i = 0; i + 1 < r->sdp->media_count; i++)
		if (r->sdp->media[i]->mid && tt_sdp_word_is(w, r->sdp->media[i]->mid))
			return tt_sdp_bad(&r->x, w.p, "another section has this mid",
					  "a mid of its own for each");
	return tt_sdp_hold_once(r, &r->m->mid, w) && tt_sdp_done(&r->x);
}

static bool credential(struct tt_sdp_reader *r, const char **slot, size_t min, const char *expected)
{
	struct tt_sdp_word w;

	if (!tt_sdp_word(&r->x, &w, "", expected))
		return false;
	/* ":" parts the halves of a STUN USERNAME, RFC 8445 section 7.2.2 */
	if (w.len < min || w.len > 256 || memchr(w.p, ':', w.len))
		return tt_sdp_bad(&r->x, w.p, "not a credential of ICE", expected);
	return tt_sdp_hold_once(r, slot, w) && tt_sdp_done(&r->x);
}

static bool read_ufrag(struct tt_sdp_reader *r)
{
	return credential(r, &r->at->ice_ufrag, 4, "4 to 256 characters");
}

static bool read_pwd(struct tt_sdp_reader *r)
{
	return credential(r, &r->at->ice_pwd, 22, "22 to 256 characters");
}

static bool rest_once(struct tt_sdp_reader *r, const char **slot, const char *expected)
{
	const struct tt_sdp_word w = tt_sdp_rest(&r->x);

	if (w.len == 0)
		return tt_sdp_bad(&r->x, w.p, "something is missing", expected);
	return tt_sdp_hold_once(r, slot, w);
}

static bool read_ice_options(struct tt_sdp_reader *r)
{
	return rest_once(r, &r->at->ice_options, "an option of ICE");
}

static bool read_msid_semantic(struct tt_sdp_reader *r)
{
	return rest_once(r, &r->sdp->msid_semantic, "what the ids mean");
}

static bool read_tls_id(struct tt_sdp_reader *r)
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

static bool read_fingerprint(struct tt_sdp_reader *r)
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

/* A number of an enumeration, said once or twice the same. */
static bool choice(struct tt_sdp_reader *r, uint8_t *slot, uint8_t value, const char *where,
		   const char *expected)
{
	if (value == 0)
		return tt_sdp_bad(&r->x, where, "not one of the words known here", expected);
	if (*slot != 0 && *slot != value)
		return tt_sdp_bad(&r->x, where, "contradicts an earlier line", "one of them");
	*slot = value;
	return tt_sdp_done(&r->x);
}

static bool read_setup(struct tt_sdp_reader *r)
{
	struct tt_sdp_word w;
	static const char expected[] = "active, passive, actpass or holdconn";

	return tt_sdp_word(&r->x, &w, "", expected) &&
	       choice(r, &r->at->setup, tt_sdp_setup_of(w), w.p, expected);
}

static bool read_connection(struct tt_sdp_reader *r)
{
	struct tt_sdp_word w;
	static const char expected[] = "new or existing";

	if (!tt_sdp_word(&r->x, &w, "", expected))
		return false;
	const uint8_t value = tt_sdp_word_is(w, "new") ? 1 : tt_sdp_word_is(w, "existing") ? 2 : 0;
	return choice(r, &r->m->connection_new, value, w.p, expected);
}

static bool read_candidate(struct tt_sdp_reader *r)
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
static bool read_rtcp(struct tt_sdp_reader *r)
{
	uint64_t port;

	if (!tt_sdp_number(&r->x, 0, UINT16_MAX, &port, "", "a port"))
		return false;
	r->m->has_rtcp = true;
	r->m->rtcp_port = tt_u16(port);
	r->m->rtcp_address = (struct tt_sdp_address){ NULL, NULL, NULL };
	return tt_sdp_at_end(&r->x) || tt_sdp_read_address(r, &r->m->rtcp_address);
}

static bool read_sctp_port(struct tt_sdp_reader *r)
{
	uint64_t port;

	if (!tt_sdp_number(&r->x, 0, UINT16_MAX, &port, "", "a port"))
		return false;
	r->m->has_sctp_port = true;
	r->m->sctp_port = tt_u16(port);
	return tt_sdp_done(&r->x);
}

static bool read_max_message_size(struct tt_sdp_reader *r)
{
	uint64_t size;

	if (!tt_sdp_number(&r->x, 0, UINT64_MAX, &size, "", "a size in bytes"))
		return false;
	r->m->has_max_message_size = true;
	r->m->max_message_size = size;
	return tt_sdp_done(&r->x);
}

/* a=sctpmap:5000 webrtc-datachannel 1024, of the drafts before RFC 8841. The m-line has its port. */
static bool read_sctpmap(struct tt_sdp_reader *r)
{
	r->keep = r->m->proto != TT_SDP_DTLS_SCTP;
	return r->keep || rest_once(r, &r->m->sctpmap, "a port and an application");
}

enum level { SESSION = 1, MEDIA = 2, BOTH = 3 };

static const struct {
	const char *name;
	enum level level;
	bool (*read)(struct tt_sdp_reader *r);
	const char *spec;
} readers[] = {
	{ "rtcp-fb", MEDIA, tt_sdp_read_rtcp_fb, "RFC 4585 section 4.2" },
	{ "rtpmap", MEDIA, tt_sdp_read_rtpmap, "RFC 8866 section 6.6" },
	{ "fmtp", MEDIA, tt_sdp_read_fmtp, "RFC 8866 section 6.15" },
	{ "extmap", BOTH, tt_sdp_read_extmap, "RFC 8285 section 5" },
	{ "candidate", MEDIA, read_candidate, "RFC 8839 section 5.1" },
	{ "ssrc", MEDIA, tt_sdp_read_ssrc, "RFC 5576 section 4.1" },
	{ "ssrc-group", MEDIA, tt_sdp_read_ssrc_group, "RFC 5576 section 4.2" },
	{ "group", SESSION, read_group, "RFC 5888 section 5" },
	{ "mid", MEDIA, read_mid, "RFC 5888 section 4" },
	{ "setup", BOTH, read_setup, "RFC 4145 section 4" },
	{ "connection", MEDIA, read_connection, "RFC 4145 section 5" },
	{ "ice-ufrag", BOTH, read_ufrag, "RFC 8839 section 5.4" },
	{ "ice-pwd", BOTH, read_pwd, "RFC 8839 section 5.4" },
	{ "ice-options", BOTH, read_ice_options, "RFC 8839 section 5.6" },
	{ "fingerprint", BOTH, read_fingerprint, "RFC 8122 section 5" },
	{ "tls-id", BOTH, read_tls_id, "RFC 8842 section 4" },
	{ "rtcp", MEDIA, read_rtcp, "RFC 3605 section 2.1" },
	{ "msid", MEDIA, tt_sdp_read_msid, "RFC 8830 section 2" },
	{ "msid-semantic", SESSION, read_msid_semantic, "RFC 8830" },
	{ "rid", MEDIA, tt_sdp_read_rid, "RFC 8851 section 4" },
	{ "simulcast", MEDIA, tt_sdp_read_simulcast, "RFC 8853 section 5.1" },
	{ "sctp-port", MEDIA, read_sctp_port, "RFC 8841 section 5" },
	{ "max-message-size", MEDIA, read_max_message_size, "RFC 8841 section 6" },
	{ "sctpmap", MEDIA, read_sctpmap, "draft-ietf-mmusic-sctp-sdp-06" },
};

/* Attributes that are their name alone. What follows a colon is left out. */
static bool *flag_of(struct tt_sdp_reader *r, struct tt_sdp_word name)
{
	if (tt_sdp_word_is(name, "extmap-allow-mixed"))
		return &r->at->extmap_allow_mixed;
	if (tt_sdp_word_is(name, "end-of-candidates"))
		return &r->at->end_of_candidates;
	if (!r->m)
		return tt_sdp_word_is(name, "ice-lite") ? &r->sdp->ice_lite : NULL;
	if (tt_sdp_word_is(name, "rtcp-mux"))
		return &r->m->rtcp_mux;
	if (tt_sdp_word_is(name, "rtcp-mux-only"))
		return &r->m->rtcp_mux_only;
	if (tt_sdp_word_is(name, "rtcp-rsize"))
		return &r->m->rtcp_rsize;
	if (tt_sdp_word_is(name, "bundle-only"))
		return &r->m->bundle_only;
	return NULL;
}

static void keep(struct tt_sdp_reader *r, struct tt_sdp_word name, const char *value,
		 const char *end)
{
	struct tt_sdp_attr *a = TT_SDP_PUSH(r->sdp, r->at->attrs, r->at->attr_count);

	if (!a)
		return;
	a->name = tt_sdp_hold(r, name);
	a->value = value ? tt_sdp_copy_n(r->sdp, value, (size_t)(end - value)) : NULL;
}

static bool read_known(struct tt_sdp_reader *r, struct tt_sdp_word name, bool *known)
{
	const enum level here = r->m ? MEDIA : SESSION;

	*known = true;
	for (size_t i = 0; i < TT_COUNT(readers); i++)
		if ((readers[i].level & here) && tt_sdp_word_is(name, readers[i].name)) {
			r->x.spec = readers[i].spec;
			r->keep = false;
			const bool ok = readers[i].read(r);
			*known = !r->keep;
			return ok;
		}
	const uint8_t direction = tt_sdp_direction_of(name);
	if (direction != 0) {
		r->x.spec = "RFC 8866 section 6.7";
		r->x.at = r->x.end;
		return choice(r, &r->at->direction, direction, name.p, "");
	}
	bool *flag = flag_of(r, name);
	if (flag)
		*flag = true;
	*known = flag != NULL;
	return true;
}

bool tt_sdp_read_attr(struct tt_sdp_reader *r)
{
	struct tt_sdp_word name;
	const char *value = NULL;
	bool known;

	r->x.spec = "RFC 8866 section 5.13";
	if (++r->attr_lines > TT_SDP_MAX_ATTRS)
		return tt_sdp_full(r, "at most 512 attributes of a section");
	tt_work((size_t)(r->x.end - r->x.at));
	const char *colon = memchr(r->x.at, ':', (size_t)(r->x.end - r->x.at));
	name = (struct tt_sdp_word){ r->x.at, (size_t)((colon ? colon : r->x.end) - r->x.at) };
	while (!colon && name.len > 0 &&
	       (name.p[name.len - 1] == ' ' || name.p[name.len - 1] == '\t'))
		name.len--;
	if (name.len == 0)
		return tt_sdp_bad(&r->x, r->x.at, "an attribute without a name", "a name");
	r->x.at = name.p + name.len;
	if (colon) {
		value = colon + 1;
		r->x.at = value;
	}
	if (!read_known(r, name, &known))
		return false;
	if (!known)
		keep(r, name, value, r->x.end);
	return true;
}
