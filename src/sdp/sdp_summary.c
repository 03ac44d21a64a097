/* sdp_summary.c - what a description says, for people: a line for a fact, indented by section. */
#include "sdp/sdp.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/never.h"
#include "base/num.h"

struct page {
	void (*write)(void *ctx, const char *text, size_t len);
	void *ctx;
};

/* A piece of text; the longest of a description fits, a longer one is cut. */
#if defined __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
static void
say(const struct page *p, const char *fmt, ...)
{
	char buf[TT_SDP_MAX_LINE + 256];
	va_list ap;

	va_start(ap, fmt);
	const int n = vsnprintf(buf, sizeof buf, fmt, ap);
	va_end(ap);
	if (TT_NEVER(n < 0, "no format of ours fails"))
		return;
	p->write(p->ctx, buf, tt_min((size_t)n, sizeof buf - 1));
}

static const char *or_none(const char *text)
{
	return text ? text : "none";
}

static void say_common(const struct page *p, const struct tt_sdp_common *c, const char *indent)
{
	for (size_t i = 0; i < c->bandwidth_count; i++)
		say(p, "%sbandwidth %s %" PRIu64 "\n", indent, c->bandwidths[i].type,
		    c->bandwidths[i].value);
	if (c->ice_ufrag || c->ice_pwd)
		say(p, "%sICE credentials: ufrag %s, password of %zu characters\n", indent,
		    or_none(c->ice_ufrag), c->ice_pwd ? strlen(c->ice_pwd) : 0);
	if (c->ice_options)
		say(p, "%sICE options: %s\n", indent, c->ice_options);
	for (size_t i = 0; i < c->fingerprint_count; i++)
		say(p, "%scertificate by %s %02X:%02X:...\n", indent, c->fingerprints[i].hash,
		    c->fingerprints[i].value[0], c->fingerprints[i].value[1]);
	if (c->setup)
		say(p, "%sDTLS role: %s\n", indent, tt_sdp_setup_text(c->setup));
	if (c->extmap_allow_mixed)
		say(p, "%sone- and two-byte header extensions may be mixed\n", indent);
	for (size_t i = 0; i < c->extmap_count; i++)
		say(p, "%sheader extension %u%s%s: %s\n", indent, c->extmaps[i].id,
		    c->extmaps[i].direction ? " " : "",
		    tt_sdp_direction_text(c->extmaps[i].direction), c->extmaps[i].uri);
	for (size_t i = 0; i < c->attr_count; i++)
		say(p, "%skept as it is: a=%s%s%s\n", indent, c->attrs[i].name,
		    c->attrs[i].value ? ":" : "", c->attrs[i].value ? c->attrs[i].value : "");
}

static void say_codecs(const struct page *p, const struct tt_sdp_media *m)
{
	for (size_t i = 0; i < m->codec_count; i++) {
		const struct tt_sdp_codec *c = &m->codecs[i];
		say(p, "    %3u %s", c->payload_type, c->name ? c->name : "(not said)");
		if (c->clock_rate)
			say(p, " %" PRIu32, c->clock_rate);
		if (c->channels)
			say(p, "/%u", c->channels);
		if (c->fmtp)
			say(p, "  %s", c->fmtp);
		for (size_t k = 0; k < c->rtcp_fb_count; k++)
			say(p, "%s%s", k ? ", " : "  feedback: ", c->rtcp_fb[k]);
		say(p, "\n");
	}
	for (size_t i = 0; i < m->rtcp_fb_all_count; i++)
		say(p, "    feedback of all: %s\n", m->rtcp_fb_all[i]);
}

static void say_streams(const struct page *p, const struct tt_sdp_media *m)
{
	for (size_t i = 0; i < m->msid_count; i++)
		say(p, "    track %s of stream %s\n", or_none(m->msids[i].track),
		    m->msids[i].stream);
	for (size_t i = 0; i < m->rid_count; i++)
		say(p, "    rid %s, %s %s\n", m->rids[i].id, m->rids[i].recv ? "recv" : "send",
		    m->rids[i].params ? m->rids[i].params : "");
	for (size_t i = 0; i < m->simulcast_count; i++)
		say(p, "    simulcast %s stream %u: rid %s%s\n",
		    m->simulcast[i].recv ? "recv" : "send", m->simulcast[i].stream + 1U,
		    m->simulcast[i].rid, m->simulcast[i].paused ? ", paused" : "");
	for (size_t i = 0; i < m->ssrc_group_count; i++) {
		say(p, "    SSRC group %s:", m->ssrc_groups[i].semantics);
		for (size_t k = 0; k < m->ssrc_groups[i].id_count; k++)
			say(p, " %" PRIu32, m->ssrc_groups[i].ids[k]);
		say(p, "\n");
	}
	for (size_t i = 0; i < m->ssrc_count; i++)
		say(p, "    SSRC %" PRIu32 " %s %s\n", m->ssrcs[i].id, m->ssrcs[i].attribute,
		    m->ssrcs[i].value ? m->ssrcs[i].value : "");
}

static void say_candidates(const struct page *p, const struct tt_sdp_media *m)
{
	for (size_t i = 0; i < m->candidate_count; i++) {
		const struct tt_sdp_candidate *c = &m->candidates[i];
		say(p, "    candidate %s %s %s port %u, component %u, priority %" PRIu32 "%s\n",
		    c->type_text, c->transport_text, c->address, c->port, c->component, c->priority,
		    c->is_local_name ? ", a name of multicast DNS" : "");
	}
	if (m->common.end_of_candidates)
		say(p, "    no more candidates\n");
}

static void say_media(const struct page *p, const struct tt_sdp *sdp, size_t index)
{
	const struct tt_sdp_media *m = sdp->media[index];

	say(p, "section %zu: %s, mid %s, %s over %s", index + 1, m->kind_text, or_none(m->mid),
	    tt_sdp_direction_text(tt_sdp_direction(sdp, m)), m->proto_text);
	if (m->port == 0)
		say(p, m->bundle_only ? ", only if bundled" : ", rejected or stopped");
	say(p, "\n");
	if (tt_sdp_is_sctp(m))
		say(p, "    data channels: SCTP port %u, messages of at most %" PRIu64 " bytes\n",
		    tt_sdp_sctp_port(m), tt_sdp_max_message_size(m));
	else
		for (size_t i = 0; i < m->format_count; i++)
			say(p, "    format %s\n", m->formats[i]);
	say_codecs(p, m);
	if (tt_sdp_is_rtp(m))
		say(p, "    RTCP %s%s\n",
		    m->rtcp_mux || m->rtcp_mux_only ? "on the port of RTP" : "on a port of its own",
		    m->rtcp_rsize ? ", reduced size" : "");
	say_streams(p, m);
	say_common(p, &m->common, "    ");
	say_candidates(p, m);
}

void tt_sdp_summary(const struct tt_sdp *sdp,
		    void (*write)(void *ctx, const char *text, size_t len), void *ctx)
{
	const struct page p = { write, ctx };

	say(&p, "session %" PRIu64 " version %" PRIu64 " by %s at %s, %zu section%s\n",
	    sdp->sess_id, sdp->sess_version, sdp->username, sdp->origin.address, sdp->media_count,
	    sdp->media_count == 1 ? "" : "s");
	for (size_t i = 0; i < sdp->group_count; i++) {
		say(&p, "group %s:", sdp->groups[i].semantics);
		for (size_t k = 0; k < sdp->groups[i].mid_count; k++)
			say(&p, " %s", sdp->groups[i].mids[k]);
		say(&p, "\n");
	}
	if (sdp->ice_lite)
		say(&p, "ICE lite: answers checks, makes none\n");
	if (sdp->has_ice_pacing)
		say(&p, "ICE checks: one each %" PRIu64 " ms at most\n", sdp->ice_pacing);
	say_common(&p, &sdp->common, "");
	for (size_t i = 0; i < sdp->media_count; i++)
		say_media(&p, sdp, i);
	for (size_t i = 0; i < sdp->warning_count; i++)
		say(&p, "line %" PRIu32 " %s\n", sdp->warnings[i].line, sdp->warnings[i].text);
}
