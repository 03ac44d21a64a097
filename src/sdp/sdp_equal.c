/* sdp_equal.c - do two descriptions say the same? For tests, and to tell what changed.
 *
 * Order counts where SDP gives it a meaning (sections, payload types, candidates); warnings do
 * not count. Strings are the same when their bytes are. */
#include "sdp/sdp.h"

#include <string.h>

#include "base/num.h"

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_address(const struct tt_sdp_address *a, const struct tt_sdp_address *b)
{
	return same(a->nettype, b->nettype) && same(a->addrtype, b->addrtype) &&
	       same(a->address, b->address);
}

static bool same_list(const char **a, size_t an, const char **b, size_t bn)
{
	if (an != bn)
		return false;
	for (size_t i = 0; i < an; i++)
		if (!same(a[i], b[i]))
			return false;
	return true;
}

/* The lines whose type is one of these, in their order: the grammar has the others elsewhere. */
static bool same_lines(const struct tt_sdp_common *a, const struct tt_sdp_common *b,
                       const char *types)
{
	size_t i = 0, k = 0;

	for (;;) {
		while (i < a->line_count && !strchr(types, a->lines[i].type))
			i++;
		while (k < b->line_count && !strchr(types, b->lines[k].type))
			k++;
		if (i == a->line_count || k == b->line_count)
			return i == a->line_count && k == b->line_count;
		if (a->lines[i].type != b->lines[k].type ||
		    !same(a->lines[i].value, b->lines[k].value))
			return false;
		i++;
		k++;
	}
}

static bool same_all_lines(const struct tt_sdp_common *a, const struct tt_sdp_common *b)
{
	static const char *const places[] = { "i", "u", "e", "p", "c", "trz" };

	for (size_t i = 0; i < TT_COUNT(places); i++)
		if (!same_lines(a, b, places[i]))
			return false;
	return true;
}

static bool same_bandwidths(const struct tt_sdp_common *a, const struct tt_sdp_common *b)
{
	if (a->bandwidth_count != b->bandwidth_count)
		return false;
	for (size_t i = 0; i < a->bandwidth_count; i++)
		if (!same(a->bandwidths[i].type, b->bandwidths[i].type) ||
		    a->bandwidths[i].value != b->bandwidths[i].value)
			return false;
	return true;
}

static bool same_fingerprints(const struct tt_sdp_common *a, const struct tt_sdp_common *b)
{
	if (a->fingerprint_count != b->fingerprint_count)
		return false;
	for (size_t i = 0; i < a->fingerprint_count; i++) {
		const struct tt_sdp_fingerprint *f = &a->fingerprints[i], *g = &b->fingerprints[i];
		if (strcmp(f->hash, g->hash) != 0 || f->len != g->len ||
		    memcmp(f->value, g->value, f->len) != 0)
			return false;
	}
	return true;
}

static bool same_extmaps(const struct tt_sdp_common *a, const struct tt_sdp_common *b)
{
	if (a->extmap_count != b->extmap_count)
		return false;
	for (size_t i = 0; i < a->extmap_count; i++) {
		const struct tt_sdp_extmap *e = &a->extmaps[i], *f = &b->extmaps[i];
		if (e->id != f->id || e->direction != f->direction || !same(e->uri, f->uri) ||
		    !same(e->params, f->params))
			return false;
	}
	return true;
}

static bool same_attrs(const struct tt_sdp_common *a, const struct tt_sdp_common *b)
{
	if (a->attr_count != b->attr_count)
		return false;
	for (size_t i = 0; i < a->attr_count; i++)
		if (!same(a->attrs[i].name, b->attrs[i].name) ||
		    !same(a->attrs[i].value, b->attrs[i].value))
			return false;
	return true;
}

/* The first difference, NULL: none. */
#define DIFFERS(condition, what) \
	do {                     \
		if (condition)   \
			return what; \
	} while (0)

static const char *common_difference(const struct tt_sdp_common *a, const struct tt_sdp_common *b)
{
	DIFFERS(!same_all_lines(a, b), "lines");
	DIFFERS(!same_address(&a->connection, &b->connection), "connection");
	DIFFERS(!same_bandwidths(a, b), "bandwidths");
	DIFFERS(!same(a->ice_ufrag, b->ice_ufrag), "ice-ufrag");
	DIFFERS(!same(a->ice_pwd, b->ice_pwd), "ice-pwd");
	DIFFERS(!same(a->ice_options, b->ice_options), "ice-options");
	DIFFERS(!same_fingerprints(a, b), "fingerprints");
	DIFFERS(a->setup != b->setup, "setup");
	DIFFERS(a->direction != b->direction, "direction");
	DIFFERS(!same(a->tls_id, b->tls_id), "tls-id");
	DIFFERS(!same_extmaps(a, b), "extmaps");
	DIFFERS(a->extmap_allow_mixed != b->extmap_allow_mixed, "extmap-allow-mixed");
	DIFFERS(a->end_of_candidates != b->end_of_candidates, "end-of-candidates");
	DIFFERS(!same_attrs(a, b), "attributes");
	return NULL;
}

static bool same_candidates(const struct tt_sdp_media *a, const struct tt_sdp_media *b)
{
	char left[TT_SDP_CANDIDATE_TEXT], right[TT_SDP_CANDIDATE_TEXT];

	if (a->candidate_count != b->candidate_count)
		return false;
	for (size_t i = 0; i < a->candidate_count; i++) {
		(void)tt_sdp_candidate_write(&a->candidates[i], left, sizeof left);
		(void)tt_sdp_candidate_write(&b->candidates[i], right, sizeof right);
		if (strcmp(left, right) != 0)
			return false;
	}
	return true;
}

static bool same_codecs(const struct tt_sdp_media *a, const struct tt_sdp_media *b)
{
	if (a->codec_count != b->codec_count)
		return false;
	for (size_t i = 0; i < a->codec_count; i++) {
		const struct tt_sdp_codec *c = &a->codecs[i], *d = &b->codecs[i];
		if (c->payload_type != d->payload_type || !same(c->name, d->name) ||
		    c->clock_rate != d->clock_rate || c->channels != d->channels ||
		    c->is_static != d->is_static || !same(c->fmtp, d->fmtp) ||
		    !same_list(c->rtcp_fb, c->rtcp_fb_count, d->rtcp_fb, d->rtcp_fb_count))
			return false;
	}
	return true;
}

static bool same_msids(const struct tt_sdp_media *a, const struct tt_sdp_media *b)
{
	if (a->msid_count != b->msid_count)
		return false;
	for (size_t i = 0; i < a->msid_count; i++)
		if (!same(a->msids[i].stream, b->msids[i].stream) ||
		    !same(a->msids[i].track, b->msids[i].track))
			return false;
	return true;
}

static bool same_ssrcs(const struct tt_sdp_media *a, const struct tt_sdp_media *b)
{
	if (a->ssrc_count != b->ssrc_count)
		return false;
	for (size_t i = 0; i < a->ssrc_count; i++)
		if (a->ssrcs[i].id != b->ssrcs[i].id ||
		    !same(a->ssrcs[i].attribute, b->ssrcs[i].attribute) ||
		    !same(a->ssrcs[i].value, b->ssrcs[i].value))
			return false;
	return true;
}

static bool same_ssrc_groups(const struct tt_sdp_media *a, const struct tt_sdp_media *b)
{
	if (a->ssrc_group_count != b->ssrc_group_count)
		return false;
	for (size_t i = 0; i < a->ssrc_group_count; i++) {
		const struct tt_sdp_ssrc_group *g = &a->ssrc_groups[i], *h = &b->ssrc_groups[i];
		if (!same(g->semantics, h->semantics) || g->id_count != h->id_count)
			return false;
		for (size_t k = 0; k < g->id_count; k++)
			if (g->ids[k] != h->ids[k])
				return false;
	}
	return true;
}

static bool same_rids(const struct tt_sdp_media *a, const struct tt_sdp_media *b)
{
	if (a->rid_count != b->rid_count)
		return false;
	for (size_t i = 0; i < a->rid_count; i++)
		if (!same(a->rids[i].id, b->rids[i].id) || a->rids[i].recv != b->rids[i].recv ||
		    !same(a->rids[i].params, b->rids[i].params))
			return false;
	return true;
}

static bool same_simulcast(const struct tt_sdp_media *a, const struct tt_sdp_media *b)
{
	if (a->simulcast_count != b->simulcast_count)
		return false;
	for (size_t i = 0; i < a->simulcast_count; i++) {
		const struct tt_sdp_simulcast_rid *r = &a->simulcast[i], *s = &b->simulcast[i];
		if (!same(r->rid, s->rid) || r->recv != s->recv || r->paused != s->paused ||
		    r->stream != s->stream)
			return false;
	}
	return true;
}

static const char *media_difference(const struct tt_sdp_media *a, const struct tt_sdp_media *b)
{
	DIFFERS(!same(a->kind_text, b->kind_text) || a->kind != b->kind, "kind");
	DIFFERS(a->port != b->port || a->port_count != b->port_count, "port");
	DIFFERS(!same(a->proto_text, b->proto_text) || a->proto != b->proto, "proto");
	DIFFERS(!same_list(a->formats, a->format_count, b->formats, b->format_count), "formats");
	DIFFERS(!same(a->mid, b->mid), "mid");
	DIFFERS(a->bundle_only != b->bundle_only, "bundle-only");
	DIFFERS(a->rtcp_mux != b->rtcp_mux || a->rtcp_mux_only != b->rtcp_mux_only, "rtcp-mux");
	DIFFERS(a->rtcp_rsize != b->rtcp_rsize, "rtcp-rsize");
	DIFFERS(a->has_rtcp != b->has_rtcp || a->rtcp_port != b->rtcp_port ||
	                !same_address(&a->rtcp_address, &b->rtcp_address),
	        "rtcp");
	DIFFERS(a->connection_new != b->connection_new, "a=connection");
	DIFFERS(!same_candidates(a, b), "candidates");
	DIFFERS(!same_codecs(a, b), "codecs");
	DIFFERS(!same_list(a->rtcp_fb_all, a->rtcp_fb_all_count, b->rtcp_fb_all,
	                   b->rtcp_fb_all_count),
	        "rtcp-fb:*");
	DIFFERS(!same_msids(a, b), "msids");
	DIFFERS(!same_ssrcs(a, b), "ssrcs");
	DIFFERS(!same_ssrc_groups(a, b), "ssrc-groups");
	DIFFERS(!same_rids(a, b), "rids");
	DIFFERS(!same_simulcast(a, b), "simulcast");
	DIFFERS(a->has_sctp_port != b->has_sctp_port || a->sctp_port != b->sctp_port, "sctp-port");
	DIFFERS(a->has_max_message_size != b->has_max_message_size ||
	                a->max_message_size != b->max_message_size,
	        "max-message-size");
	DIFFERS(!same(a->sctp_init, b->sctp_init), "sctp-init");
	DIFFERS(!same(a->sctpmap, b->sctpmap), "sctpmap");
	return common_difference(&a->common, &b->common);
}

static const char *session_difference(const struct tt_sdp *a, const struct tt_sdp *b)
{
	DIFFERS(!same(a->username, b->username) || a->sess_id != b->sess_id ||
	                a->sess_version != b->sess_version || !same_address(&a->origin, &b->origin),
	        "origin");
	DIFFERS(!same(a->session_name, b->session_name), "session name");
	DIFFERS(a->ice_lite != b->ice_lite, "ice-lite");
	DIFFERS(a->has_ice_pacing != b->has_ice_pacing || a->ice_pacing != b->ice_pacing,
		"ice-pacing");
	DIFFERS(!same(a->msid_semantic, b->msid_semantic), "msid-semantic");
	DIFFERS(a->group_count != b->group_count, "groups");
	for (size_t i = 0; i < a->group_count; i++)
		DIFFERS(!same(a->groups[i].semantics, b->groups[i].semantics) ||
		                !same_list(a->groups[i].mids, a->groups[i].mid_count,
		                           b->groups[i].mids, b->groups[i].mid_count),
		        "groups");
	return common_difference(&a->common, &b->common);
}

bool tt_sdp_equal(const struct tt_sdp *a, const struct tt_sdp *b, const char **difference)
{
	const char *what = session_difference(a, b);

	if (!what && a->media_count != b->media_count)
		what = "number of sections";
	for (size_t i = 0; !what && i < a->media_count; i++)
		what = media_difference(a->media[i], b->media[i]);
	if (difference)
		*difference = what;
	return !what;
}
