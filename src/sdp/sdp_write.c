/* sdp_write.c - a description as text, in the order of RFC 8866 section 5 and, for attributes,
 * in the order browsers write them.
 *
 * Strict whatever was read: CRLF everywhere, nothing about payload types that are not on the
 * m-line (there is no place for it in the structure). A text with a line end inside would be two
 * lines to the peer: it is refused. */
#include "sdp/sdp.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/never.h"
#include "base/num.h"
#include "sdp/sdp_names.h"

struct sink {
	struct tt_env *env;
	char *buf;
	size_t len, cap; /* cap counts a NUL that is not in len */
	int code;
};

static bool reserve(struct sink *s, size_t more)
{
	if (s->cap - s->len > more)
		return true;
	const size_t cap = tt_max(2 * s->cap, s->len + more + 1);
	char *bigger = tt_resize(s->env, s->buf, cap);
	if (!bigger) {
		s->code = TAUT_E_NOMEM;
		return false;
	}
	s->buf = bigger;
	s->cap = cap;
	return true;
}

#if defined __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
static void
put(struct sink *s, const char *fmt, ...)
{
	va_list ap;

	if (s->code != 0)
		return;
	va_start(ap, fmt);
	const int n = vsnprintf(s->buf + s->len, s->cap - s->len, fmt, ap);
	va_end(ap);
	if (TT_NEVER(n < 0, "no format of ours fails")) {
		s->code = TAUT_E_INVAL;
		return;
	}
	if ((size_t)n >= s->cap - s->len) {
		if (!reserve(s, (size_t)n))
			return;
		va_start(ap, fmt);
		(void)vsnprintf(s->buf + s->len, s->cap - s->len, fmt, ap);
		va_end(ap);
	}
	for (size_t i = s->len; i < s->len + (size_t)n; i++)
		if (s->buf[i] == '\r' || s->buf[i] == '\n')
			s->code = TAUT_E_INVAL;
	s->len += (size_t)n;
}

static void end_line(struct sink *s)
{
	if (s->code != 0 || !reserve(s, 2))
		return;
	memcpy(s->buf + s->len, "\r\n", 3);
	s->len += 2;
}

#define LINE(s, ...) (put((s), __VA_ARGS__), end_line(s))

/* Something that has no form in SDP. The first mistake counts. */
static void refuse(struct sink *s)
{
	if (s->code == 0)
		s->code = TAUT_E_INVAL;
}

static const char *text(struct sink *s, const char *value)
{
	if (value)
		return value;
	refuse(s);
	return "";
}

static void write_address(struct sink *s, const struct tt_sdp_address *a)
{
	put(s, "%s %s %s", text(s, a->nettype), text(s, a->addrtype), text(s, a->address));
}

static void write_lines(struct sink *s, const struct tt_sdp_common *c, const char *types)
{
	for (size_t i = 0; i < c->line_count; i++)
		if (strchr(types, c->lines[i].type))
			LINE(s, "%c=%s", c->lines[i].type, text(s, c->lines[i].value));
}

/* What comes before the times and the attributes, in the order of the grammar. */
static void write_head(struct sink *s, const struct tt_sdp_common *c, const char *types)
{
	for (const char *t = types; *t; t++) {
		const char one[] = { *t, '\0' };
		write_lines(s, c, one);
	}
	if (c->connection.address) {
		put(s, "c=");
		write_address(s, &c->connection);
		end_line(s);
	}
	write_lines(s, c, "c");
	for (size_t i = 0; i < c->bandwidth_count; i++)
		LINE(s, "b=%s:%" PRIu64, text(s, c->bandwidths[i].type), c->bandwidths[i].value);
}

static void write_extmaps(struct sink *s, const struct tt_sdp_common *c)
{
	for (size_t i = 0; i < c->extmap_count; i++) {
		const struct tt_sdp_extmap *e = &c->extmaps[i];
		put(s, "a=extmap:%u", e->id);
		if (e->direction)
			put(s, "/%s", tt_sdp_direction_text(e->direction));
		put(s, " %s", text(s, e->uri));
		if (e->params)
			put(s, " %s", e->params);
		end_line(s);
	}
}

static void write_fingerprints(struct sink *s, const struct tt_sdp_common *c)
{
	static const char digits[] = "0123456789ABCDEF";
	char hex[3 * sizeof c->fingerprints->value + 1];

	for (size_t i = 0; i < c->fingerprint_count; i++) {
		const struct tt_sdp_fingerprint *f = &c->fingerprints[i];
		for (size_t k = 0; k < f->len; k++) {
			hex[3 * k] = ':';
			hex[3 * k + 1] = digits[f->value[k] >> 4];
			hex[3 * k + 2] = digits[f->value[k] & 15];
		}
		hex[3 * f->len] = '\0';
		LINE(s, "a=fingerprint:%s %s", f->hash, f->len ? hex + 1 : "");
	}
}

/* What both levels have, after what only one has. */
static void write_transport(struct sink *s, const struct tt_sdp_common *c)
{
	if (c->end_of_candidates)
		LINE(s, "a=end-of-candidates");
	if (c->ice_ufrag)
		LINE(s, "a=ice-ufrag:%s", c->ice_ufrag);
	if (c->ice_pwd)
		LINE(s, "a=ice-pwd:%s", c->ice_pwd);
	if (c->ice_options)
		LINE(s, "a=ice-options:%s", c->ice_options);
	write_fingerprints(s, c);
	if (c->setup)
		LINE(s, "a=setup:%s", tt_sdp_setup_text(c->setup));
	if (c->tls_id)
		LINE(s, "a=tls-id:%s", c->tls_id);
}

static void write_extensions(struct sink *s, const struct tt_sdp_common *c)
{
	if (c->extmap_allow_mixed)
		LINE(s, "a=extmap-allow-mixed");
	write_extmaps(s, c);
	if (c->direction)
		LINE(s, "a=%s", tt_sdp_direction_text(c->direction));
}

static void write_others(struct sink *s, const struct tt_sdp_common *c)
{
	for (size_t i = 0; i < c->attr_count; i++) {
		put(s, "a=%s", text(s, c->attrs[i].name));
		if (c->attrs[i].value)
			put(s, ":%s", c->attrs[i].value);
		end_line(s);
	}
}

static void write_session(struct sink *s, const struct tt_sdp *sdp)
{
	LINE(s, "v=0");
	put(s, "o=%s %" PRIu64 " %" PRIu64 " ", text(s, sdp->username), sdp->sess_id,
	    sdp->sess_version);
	write_address(s, &sdp->origin);
	end_line(s);
	LINE(s, "s=%s", text(s, sdp->session_name));
	write_head(s, &sdp->common, "iuep");
	bool has_time = false;
	for (size_t i = 0; i < sdp->common.line_count; i++)
		has_time = has_time || sdp->common.lines[i].type == 't';
	if (!has_time)
		LINE(s, "t=0 0");
	write_lines(s, &sdp->common, "trz");
	for (size_t i = 0; i < sdp->group_count; i++) {
		put(s, "a=group:%s", text(s, sdp->groups[i].semantics));
		for (size_t k = 0; k < sdp->groups[i].mid_count; k++)
			put(s, " %s", text(s, sdp->groups[i].mids[k]));
		end_line(s);
	}
	write_extensions(s, &sdp->common);
	if (sdp->msid_semantic)
		LINE(s, "a=msid-semantic: %s", sdp->msid_semantic);
	if (sdp->ice_lite)
		LINE(s, "a=ice-lite");
	if (sdp->has_ice_pacing)
		LINE(s, "a=ice-pacing:%" PRIu64, sdp->ice_pacing);
	write_transport(s, &sdp->common);
	write_others(s, &sdp->common);
}

static void write_media_line(struct sink *s, const struct tt_sdp_media *m)
{
	put(s, "m=%s %u", text(s, m->kind_text), m->port);
	if (m->port_count)
		put(s, "/%u", m->port_count);
	put(s, " %s", text(s, m->proto_text));
	if (tt_sdp_is_rtp(m)) {
		for (size_t i = 0; i < m->codec_count; i++)
			put(s, " %u", m->codecs[i].payload_type);
		/* 5.14: at least one format; a rejected section may have lost all of its own */
		if (m->codec_count == 0)
			put(s, " 0");
	} else {
		for (size_t i = 0; i < m->format_count; i++)
			put(s, " %s", text(s, m->formats[i]));
		if (m->format_count == 0)
			refuse(s);
	}
	end_line(s);
}

static void write_candidates(struct sink *s, const struct tt_sdp_media *m)
{
	char buf[TT_SDP_CANDIDATE_TEXT];

	for (size_t i = 0; i < m->candidate_count; i++) {
		(void)tt_sdp_candidate_write(&m->candidates[i], buf, sizeof buf); /* all fit */
		LINE(s, "a=%s", buf);
	}
}

static void write_codec(struct sink *s, const struct tt_sdp_codec *c)
{
	if (c->name && !c->is_static) {
		put(s, "a=rtpmap:%u %s/%" PRIu32, c->payload_type, c->name, c->clock_rate);
		if (c->channels)
			put(s, "/%u", c->channels);
		end_line(s);
	}
	for (size_t i = 0; i < c->rtcp_fb_count; i++)
		LINE(s, "a=rtcp-fb:%u %s", c->payload_type, text(s, c->rtcp_fb[i]));
	if (c->fmtp)
		LINE(s, "a=fmtp:%u %s", c->payload_type, c->fmtp);
}

static void write_simulcast(struct sink *s, const struct tt_sdp_media *m)
{
	if (m->simulcast_count == 0)
		return;
	put(s, "a=simulcast:");
	/* in the order in which the directions came */
	const bool first = m->simulcast[0].recv;
	for (int pass = 0; pass < 2; pass++) {
		const bool recv = pass ? !first : first;
		const struct tt_sdp_simulcast_rid *before = NULL;
		for (size_t i = 0; i < m->simulcast_count; i++) {
			const struct tt_sdp_simulcast_rid *r = &m->simulcast[i];
			if (r->recv != recv)
				continue;
			if (!before)
				put(s, "%s%s ", pass ? " " : "", recv ? "recv" : "send");
			else
				put(s, "%c", before->stream == r->stream ? ',' : ';');
			put(s, "%s%s", r->paused ? "~" : "", text(s, r->rid));
			before = r;
		}
	}
	end_line(s);
}

static void write_sources(struct sink *s, const struct tt_sdp_media *m)
{
	for (size_t i = 0; i < m->rid_count; i++) {
		const struct tt_sdp_rid *r = &m->rids[i];
		put(s, "a=rid:%s %s", text(s, r->id), r->recv ? "recv" : "send");
		if (r->params)
			put(s, " %s", r->params);
		end_line(s);
	}
	write_simulcast(s, m);
	for (size_t i = 0; i < m->ssrc_group_count; i++) {
		const struct tt_sdp_ssrc_group *g = &m->ssrc_groups[i];
		put(s, "a=ssrc-group:%s", text(s, g->semantics));
		for (size_t k = 0; k < g->id_count; k++)
			put(s, " %" PRIu32, g->ids[k]);
		end_line(s);
	}
	for (size_t i = 0; i < m->ssrc_count; i++) {
		put(s, "a=ssrc:%" PRIu32 " %s", m->ssrcs[i].id, text(s, m->ssrcs[i].attribute));
		if (m->ssrcs[i].value)
			put(s, ":%s", m->ssrcs[i].value);
		end_line(s);
	}
}

static void write_rtcp(struct sink *s, const struct tt_sdp_media *m)
{
	if (!m->has_rtcp)
		return;
	put(s, "a=rtcp:%u", m->rtcp_port);
	if (m->rtcp_address.address) {
		put(s, " ");
		write_address(s, &m->rtcp_address);
	}
	end_line(s);
}

static void write_section_flags(struct sink *s, const struct tt_sdp_media *m)
{
	if (m->rtcp_mux)
		LINE(s, "a=rtcp-mux");
	if (m->rtcp_mux_only)
		LINE(s, "a=rtcp-mux-only");
	if (m->rtcp_rsize)
		LINE(s, "a=rtcp-rsize");
}

static void write_data(struct sink *s, const struct tt_sdp_media *m)
{
	if (m->sctpmap)
		LINE(s, "a=sctpmap:%s", m->sctpmap);
	if (m->has_sctp_port)
		LINE(s, "a=sctp-port:%u", m->sctp_port);
	if (m->sctp_init)
		LINE(s, "a=sctp-init:%s", m->sctp_init);
	if (m->has_max_message_size)
		LINE(s, "a=max-message-size:%" PRIu64, m->max_message_size);
}

static void write_media(struct sink *s, const struct tt_sdp_media *m)
{
	write_media_line(s, m);
	write_head(s, &m->common, "i");
	write_rtcp(s, m);
	write_candidates(s, m);
	write_transport(s, &m->common);
	if (m->connection_new)
		LINE(s, "a=connection:%s", m->connection_new == 1 ? "new" : "existing");
	if (m->mid)
		LINE(s, "a=mid:%s", m->mid);
	if (m->bundle_only)
		LINE(s, "a=bundle-only");
	write_extensions(s, &m->common);
	for (size_t i = 0; i < m->msid_count; i++) {
		put(s, "a=msid:%s", text(s, m->msids[i].stream));
		if (m->msids[i].track)
			put(s, " %s", m->msids[i].track);
		end_line(s);
	}
	write_section_flags(s, m);
	for (size_t i = 0; i < m->rtcp_fb_all_count; i++)
		LINE(s, "a=rtcp-fb:* %s", text(s, m->rtcp_fb_all[i]));
	for (size_t i = 0; i < m->codec_count; i++)
		write_codec(s, &m->codecs[i]);
	write_sources(s, m);
	write_data(s, m);
	write_others(s, &m->common);
}

int tt_sdp_write(const struct tt_sdp *sdp, struct tt_env *env, char **out, size_t *len)
{
	struct sink s = { .env = env, .cap = 2048 };

	*out = NULL;
	*len = 0;
	if (sdp->failed)
		return TAUT_E_NOMEM;
	s.buf = tt_alloc(env, s.cap);
	if (!s.buf)
		return TAUT_E_NOMEM;
	write_session(&s, sdp);
	for (size_t i = 0; i < sdp->media_count; i++)
		write_media(&s, sdp->media[i]);
	if (s.code != 0) {
		tt_free(env, s.buf);
		return s.code;
	}
	char *exact = tt_resize(env, s.buf, s.len + 1);
	*out = exact ? exact : s.buf;
	*len = s.len;
	return 0;
}
