/* sdp_ask.c - what a description says about one of its sections.
 *
 * Several attributes may stand once for the whole session: RFC 8839 section 5.4 (ICE), RFC 8122
 * section 5 and RFC 4145 section 4 (DTLS), RFC 8866 section 6.7 (direction). */
#include "sdp/sdp.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "sdp/sdp_lex.h"

static struct tt_sdp_word word_of(const char *text)
{
	return (struct tt_sdp_word){ text, strlen(text) };
}

const char *tt_sdp_ufrag(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return m && m->common.ice_ufrag ? m->common.ice_ufrag : sdp ? sdp->common.ice_ufrag : NULL;
}

const char *tt_sdp_pwd(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return m && m->common.ice_pwd ? m->common.ice_pwd : sdp ? sdp->common.ice_pwd : NULL;
}

const char *tt_sdp_ice_options(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	if (m && m->common.ice_options)
		return m->common.ice_options;
	return sdp && sdp->common.ice_options ? sdp->common.ice_options : "";
}

const char *tt_sdp_tls_id(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return m && m->common.tls_id ? m->common.tls_id : sdp ? sdp->common.tls_id : NULL;
}

uint8_t tt_sdp_setup(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return m && m->common.setup ? m->common.setup : sdp ? sdp->common.setup : TT_SDP_SETUP_NONE;
}

uint8_t tt_sdp_direction(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	const uint8_t d = m && m->common.direction ? m->common.direction
	                  : sdp                    ? sdp->common.direction
	                                           : 0;

	return d ? d : TAUT_SENDRECV;
}

bool tt_sdp_allow_mixed(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	return (m && m->common.extmap_allow_mixed) || (sdp && sdp->common.extmap_allow_mixed);
}

const struct tt_sdp_fingerprint *tt_sdp_fingerprints(const struct tt_sdp *sdp,
                                                     const struct tt_sdp_media *m, size_t *count)
{
	const struct tt_sdp_common *c = m && m->common.fingerprint_count > 0 ? &m->common
	                                : sdp                                ? &sdp->common
	                                                                     : NULL;

	*count = c ? c->fingerprint_count : 0;
	return *count > 0 ? c->fingerprints : NULL;
}

uint16_t tt_sdp_sctp_port(const struct tt_sdp_media *m)
{
	uint64_t port = 0;

	if (m->has_sctp_port)
		return m->sctp_port;
	if (m->proto == TT_SDP_DTLS_SCTP && m->format_count > 0) {
		const struct tt_sdp_word w = word_of(m->formats[0]);
		struct tt_sdp_lex x = { .at = w.p, .end = w.p + w.len, .line = w.p };
		if (tt_sdp_number(&x, 1, UINT16_MAX, &port, "", ""))
			return tt_u16(port);
	}
	return 5000; /* what every peer uses, RFC 8841 section 5 has no default */
}

uint64_t tt_sdp_max_message_size(const struct tt_sdp_media *m)
{
	/* RFC 8841 section 6.1: 64K unless said otherwise */
	return m->has_max_message_size ? m->max_message_size : 65536;
}

bool tt_sdp_is_rtp(const struct tt_sdp_media *m)
{
	return m->proto >= TT_SDP_UDP_TLS_RTP_SAVPF && m->proto <= TT_SDP_RTP_AVP;
}

bool tt_sdp_is_sctp(const struct tt_sdp_media *m)
{
	return m->proto >= TT_SDP_UDP_DTLS_SCTP && m->proto <= TT_SDP_DTLS_SCTP;
}

struct tt_sdp_media *tt_sdp_media_by_mid(const struct tt_sdp *sdp, const char *mid, size_t *index)
{
	tt_work(sdp->media_count);
	for (size_t i = 0; i < sdp->media_count; i++)
		if (sdp->media[i]->mid && strcmp(sdp->media[i]->mid, mid) == 0) {
			if (index)
				*index = i;
			return sdp->media[i];
		}
	return NULL;
}

struct tt_sdp_codec *tt_sdp_codec_by_pt(const struct tt_sdp_media *m, unsigned payload_type)
{
	for (size_t i = 0; i < m->codec_count; i++)
		if (m->codecs[i].payload_type == payload_type)
			return &m->codecs[i];
	return NULL;
}

bool tt_sdp_codec_is(const struct tt_sdp_codec *c, const char *name)
{
	return c->name && tt_sdp_word_is_any(word_of(c->name), name);
}

static bool holds(const char **list, size_t count, const char *text)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(list[i], text) == 0)
			return true;
	return false;
}

bool tt_sdp_codec_has_fb(const struct tt_sdp_media *m, const struct tt_sdp_codec *c, const char *fb)
{
	return holds(c->rtcp_fb, c->rtcp_fb_count, fb) ||
	       holds(m->rtcp_fb_all, m->rtcp_fb_all_count, fb);
}

static const struct tt_sdp_extmap *find_uri(const struct tt_sdp_common *c, const char *uri)
{
	for (size_t i = 0; i < c->extmap_count; i++)
		if (strcmp(c->extmaps[i].uri, uri) == 0)
			return &c->extmaps[i];
	return NULL;
}

const struct tt_sdp_extmap *tt_sdp_extmap_by_uri(const struct tt_sdp *sdp,
                                                 const struct tt_sdp_media *m, const char *uri)
{
	const struct tt_sdp_extmap *e = m ? find_uri(&m->common, uri) : NULL;

	return e || !sdp ? e : find_uri(&sdp->common, uri);
}

const struct tt_sdp_group *tt_sdp_group_of(const struct tt_sdp *sdp, const char *semantics,
                                           const char *mid)
{
	for (size_t i = 0; i < sdp->group_count; i++) {
		const struct tt_sdp_group *g = &sdp->groups[i];
		if (strcmp(g->semantics, semantics) == 0 &&
		    (!mid || holds(g->mids, g->mid_count, mid)))
			return g;
	}
	return NULL;
}

const struct tt_sdp_attr *tt_sdp_attr(const struct tt_sdp_common *c, const char *name)
{
	for (size_t i = 0; i < c->attr_count; i++)
		if (strcmp(c->attrs[i].name, name) == 0)
			return &c->attrs[i];
	return NULL;
}

const char *tt_sdp_ssrc_value(const struct tt_sdp_media *m, uint32_t id, const char *attribute)
{
	for (size_t i = 0; i < m->ssrc_count; i++)
		if (m->ssrcs[i].id == id && strcmp(m->ssrcs[i].attribute, attribute) == 0)
			return m->ssrcs[i].value;
	return NULL;
}

static int give(struct tt_sdp_word w, char *buf, size_t cap)
{
	if (w.len >= cap)
		return -1;
	memcpy(buf, w.p, w.len);
	buf[w.len] = '\0';
	return (int)w.len;
}

int tt_sdp_fmtp_get(const char *fmtp, const char *key, char *buf, size_t cap)
{
	struct tt_sdp_lex x = { .at = fmtp };

	if (!fmtp)
		return -1;
	x.end = fmtp + strlen(fmtp);
	while (!tt_sdp_at_end(&x)) {
		const char *semicolon = memchr(x.at, ';', (size_t)(x.end - x.at));
		struct tt_sdp_lex one = x;
		one.end = semicolon ? semicolon : x.end;
		x.at = semicolon ? semicolon + 1 : x.end;
		const char *equals = memchr(one.at, '=', (size_t)(one.end - one.at));
		struct tt_sdp_lex name = one;
		name.end = equals ? equals : one.end;
		if (!tt_sdp_word_is_any(tt_sdp_rest(&name), key))
			continue;
		one.at = equals ? equals + 1 : one.end;
		return give(tt_sdp_rest(&one), buf, cap);
	}
	return -1;
}

int tt_sdp_pair_get(const char *pairs, const char *name, char *buf, size_t cap)
{
	struct tt_sdp_lex x = { .at = pairs, .end = pairs + strlen(pairs) };
	struct tt_sdp_word key, value;

	while (tt_sdp_word(&x, &key, "", "") && tt_sdp_word(&x, &value, "", ""))
		if (tt_sdp_word_is(key, name))
			return give(value, buf, cap);
	return -1;
}

bool tt_sdp_has_token(const char *list, const char *token)
{
	struct tt_sdp_word w;

	if (!list)
		return false;
	struct tt_sdp_lex x = { .at = list, .end = list + strlen(list) };
	while (tt_sdp_word(&x, &w, "", ""))
		if (tt_sdp_word_is(w, token))
			return true;
	return false;
}
