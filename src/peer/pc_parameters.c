/* pc_parameters.c - what was negotiated for a sender or receiver, and what its owner may change of
 * it: webrtc-pc sections 5.2, getParameters and setParameters, and 5.3. */
#include <string.h>

#include "base/config.h"
#include "base/num.h"
#include "peer/pc.h"

/* What get_ lends, until the next one. */
struct pc_parameters {
	struct taut_rtp_encoding encodings[PC_MAX_ENCODINGS];
	struct taut_codec codecs[PC_MAX_CODECS];
	struct taut_rtp_header_extension extensions[PC_EXT_COUNT];
};

static const struct tt_sdp_media *section(const struct tt_sdp *sdp, const struct pc_transceiver *t)
{
	const int line = t->bound.m_line;

	return sdp && line >= 0 && (size_t)line < sdp->media_count ? sdp->media[line] : NULL;
}

static bool knows(const struct taut_pc *pc, const struct tt_sdp_media *m, const struct pc_codec *c)
{
	for (size_t i = 0; i < m->codec_count; i++)
		if (pc_match_codec(pc, m->kind, &m->codecs[i]) == c)
			return true;
	return false;
}

/* As the one description numbers them, as far as the other knows them as well. */
static void put_codecs(struct taut_pc *pc, const struct tt_sdp_media *from,
		       const struct tt_sdp_media *other, struct taut_rtp_parameters *out)
{
	struct pc_parameters *lent = pc->parameters;

	for (size_t i = 0; i < from->codec_count && out->codec_count < PC_MAX_CODECS; i++) {
		const struct tt_sdp_codec *c = &from->codecs[i];
		const struct pc_codec *ours = pc_match_codec(pc, from->kind, c);
		if (!ours || !knows(pc, other, ours))
			continue;
		struct taut_codec *to = &lent->codecs[out->codec_count++];
		*to = ours->codec;
		to->payload_type = c->payload_type;
		to->fmtp = c->fmtp;
	}
}

static void put_extensions(struct taut_pc *pc, const struct tt_sdp_media *l,
			   const struct tt_sdp_media *r, bool sender,
			   struct taut_rtp_parameters *out)
{
	const struct tt_sdp *ls = pc_agreed_local(pc), *rs = pc_agreed_remote(pc);

	for (int e = 0; e < PC_EXT_COUNT; e++) {
		const uint8_t id = pc_common_ext_id(ls, l, rs, r, (enum pc_ext)e, sender);
		if (id == 0)
			continue;
		pc->parameters->extensions[out->header_extension_count++] =
			(struct taut_rtp_header_extension){ .uri = pc_ext_uri((enum pc_ext)e),
							    .id = id };
	}
}

static void put_negotiated(struct taut_pc *pc, const struct pc_transceiver *t, bool sender,
			   struct taut_rtp_parameters *out)
{
	const struct tt_sdp *ls = pc_agreed_local(pc), *rs = pc_agreed_remote(pc);
	const struct tt_sdp_media *l = section(ls, t), *r = section(rs, t);

	out->codecs = pc->parameters->codecs;
	out->header_extensions = pc->parameters->extensions;
	if (!l || !r || !pc_section_lives(l) || !pc_section_lives(r))
		return;
	put_codecs(pc, sender ? r : l, sender ? l : r, out);
	put_extensions(pc, l, r, sender, out);
	out->reduced_size = pc_rtcp_rsize(ls, l) && pc_rtcp_rsize(rs, r);
}

static struct taut_rtp_encoding encoding_of(const struct pc_transceiver *t,
					    const struct pc_encoding *e)
{
	return (struct taut_rtp_encoding){
		.size = sizeof(struct taut_rtp_encoding),
		.rid = e->rid[0] ? e->rid : NULL,
		.active = !e->inactive,
		.max_bitrate = e->max_bitrate,
		.max_framerate = e->max_framerate,
		.scale_resolution_down_by =
			t->kind == TAUT_VIDEO ? (e->scale > 0 ? e->scale : 1) : 0,
	};
}

static void put_encodings(struct taut_pc *pc, struct pc_transceiver *t,
			  struct taut_rtp_parameters *out)
{
	for (size_t i = 0; i < t->encoding_count; i++)
		pc->parameters->encodings[i] = encoding_of(t, &t->encodings[i]);
	out->encodings = pc->parameters->encodings;
	out->encoding_count = t->encoding_count;
	out->cname = pc->cname;
	if (t->transaction == 0)
		t->transaction = ++pc->last_transaction;
	out->transaction_id = t->transaction;
}

static int get(struct taut_pc *pc, taut_transceiver id, bool sender,
	       struct taut_rtp_parameters *out)
{
	struct pc_transceiver *t = pc_find_transceiver(pc, id);
	struct taut_rtp_parameters all = { 0 };
	const size_t size = out->size;

	if (size < sizeof size)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", NULL, "size is not set");
	if (!t)
		return pc_fail_no_transceiver(pc);
	if (!pc->parameters)
		pc->parameters = tt_alloc(pc->env, sizeof *pc->parameters);
	if (!pc->parameters)
		return pc_fail_nomem(pc);
	put_negotiated(pc, t, sender, &all);
	if (sender)
		put_encodings(pc, t, &all);
	all.size = size;
	memset(out, 0, size);
	memcpy(out, &all, tt_min(size, sizeof all));
	return TAUT_OK;
}

int taut_pc_get_sender_parameters(taut_pc *pc, taut_transceiver t, struct taut_rtp_parameters *out)
{
	return get(pc, t, true, out);
}

int taut_pc_get_receiver_parameters(taut_pc *pc, taut_transceiver t,
				    struct taut_rtp_parameters *out)
{
	return get(pc, t, false, out);
}

/* ---- set ---- */

static int refuse(struct taut_pc *pc, const char *dom_name, const char *what)
{
	return pc_fail(pc, TAUT_E_INVAL, dom_name, "webrtc-pc section 5.2", "%s", what);
}

static bool same_codecs(const struct taut_rtp_parameters *a, const struct taut_rtp_parameters *b)
{
	if (a->codec_count != b->codec_count || (a->codec_count > 0 && !b->codecs))
		return false;
	for (size_t i = 0; i < a->codec_count; i++) {
		const char *at = (const char *)b->codecs + i * b->codecs[0].size;
		struct taut_codec c;
		if (tt_config_take(&c, sizeof c, at) || !c.mime ||
		    c.payload_type != a->codecs[i].payload_type ||
		    strcmp(c.mime, a->codecs[i].mime) != 0)
			return false;
	}
	return true;
}

static bool same_extensions(const struct taut_rtp_parameters *a,
			    const struct taut_rtp_parameters *b)
{
	if (a->header_extension_count != b->header_extension_count ||
	    (a->header_extension_count > 0 && !b->header_extensions))
		return false;
	for (size_t i = 0; i < a->header_extension_count; i++)
		if (a->header_extensions[i].id != b->header_extensions[i].id ||
		    !b->header_extensions[i].uri ||
		    strcmp(a->header_extensions[i].uri, b->header_extensions[i].uri) != 0)
			return false;
	return true;
}

/* All that is not an encoding's is as it was handed out. */
static bool unchanged(struct taut_pc *pc, struct pc_transceiver *t,
		      const struct taut_rtp_parameters *p)
{
	struct taut_rtp_parameters is = { 0 };

	put_negotiated(pc, t, true, &is);
	return p->transaction_id == t->transaction && p->encoding_count == t->encoding_count &&
	       p->encodings &&
	       p->cname && strcmp(p->cname, pc->cname) == 0 && p->reduced_size == is.reduced_size &&
	       same_codecs(&is, p) && same_extensions(&is, p);
}

static int read_encoding(struct taut_pc *pc, const struct pc_transceiver *t, size_t i,
			 const struct taut_rtp_parameters *p, struct taut_rtp_encoding *e)
{
	const int err =
		tt_config_take(e, sizeof *e, (const char *)p->encodings + i * p->encodings[0].size);

	if (err)
		return pc_fail(pc, err, "TypeError", "webrtc-pc section 5.2",
			       "an encoding has another size than this library knows");
	if (strcmp(e->rid ? e->rid : "", t->encodings[i].rid) != 0)
		return refuse(pc, "InvalidModificationError",
			      "the encodings have other rids, or another order");
	return pc_check_limits(pc, t->kind, e);
}

/* All of them or none. */
static int take_encodings(struct taut_pc *pc, struct pc_transceiver *t,
			  const struct taut_rtp_parameters *p)
{
	struct taut_rtp_encoding all[PC_MAX_ENCODINGS];
	int err = TAUT_OK;

	for (size_t i = 0; !err && i < t->encoding_count; i++)
		err = read_encoding(pc, t, i, p, &all[i]);
	if (err)
		return err;
	for (size_t i = 0; i < t->encoding_count; i++)
		pc_take_limits(&t->encodings[i], t->kind, &all[i]);
	t->transaction = 0;
	return TAUT_OK;
}

int taut_pc_set_sender_parameters(taut_pc *pc, taut_time now, taut_transceiver id,
				  const struct taut_rtp_parameters *parameters)
{
	struct pc_transceiver *t = pc_find_transceiver(pc, id);
	struct taut_rtp_parameters p;
	int err = parameters ? tt_config_take(&p, sizeof p, parameters) : TAUT_E_INVAL;

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (err)
		return pc_fail(pc, err, "TypeError", "webrtc-pc section 5.2",
			       "parameters are those that were handed out, changed");
	if (!t)
		return pc_fail_no_transceiver(pc);
	if (t->direction == TAUT_STOPPED || t->transaction == 0)
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 5.2",
			       t->transaction ? "the transceiver is stopped"
					      : "parameters are got before they are set, and "
						"again after an answer");
	if (!unchanged(pc, t, &p))
		return refuse(pc, "InvalidModificationError",
			      "something other than the encodings has changed");
	return take_encodings(pc, t, &p);
}
