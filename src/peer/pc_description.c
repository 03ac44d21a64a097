/* pc_description.c - the descriptions in force, as text: webrtc-pc section 4.4.2, RFC 9429 sections
 * 4.1.13 to 4.1.16. What has been gathered, and what add_ice_candidate brought, is in them. */
#include <string.h>

#include "peer/pc.h"

/* RFC 8840 section 4.4: in trickle they are added to what was described before. Few ask to see that,
 * and a section has room for four at once, so they wait as lines. */
struct pc_trickled {
	struct pc_trickled *next;
	uint32_t m_line;
	bool end;
	char line[];
};

void pc_free_trickled(struct pc_description *d)
{
	while (d->trickled) {
		struct pc_trickled *t = d->trickled;
		d->trickled = t->next;
		tt_free(d->sdp->env, t);
	}
}

/* The last one comes first in the list, and so the end of candidates before them. */
static void show_trickled(struct pc_description *d)
{
	struct pc_trickled *in_order = NULL;

	while (d->trickled) {
		struct pc_trickled *t = d->trickled;
		d->trickled = t->next;
		t->next = in_order;
		in_order = t;
	}
	d->trickled = in_order;
	for (struct pc_trickled *t = in_order; t; t = t->next) {
		struct tt_sdp_common *m = &d->sdp->media[t->m_line]->common;
		if (t->end)
			m->end_of_candidates = true;
		else
			tt_sdp_add_attr(d->sdp, m, "candidate", t->line);
	}
	pc_free_trickled(d);
}

static const char *as_text(struct taut_pc *pc, struct pc_description *d, enum pc_text which,
			   uint32_t *type)
{
	char *text = NULL;
	size_t len;

	if (!d->sdp)
		return NULL;
	show_trickled(d);
	int err = tt_sdp_write(d->sdp, pc->env, &text, &len);
	d->sdp->failed = false; /* the candidate there was no room for comes the next time */
	if (err)
		return NULL;
	tt_free(pc->env, pc->texts[which]);
	pc->texts[which] = text;
	if (type)
		*type = d->type;
	return text;
}

static const char *local_text(struct taut_pc *pc, struct pc_description *d, enum pc_text which,
			      uint32_t *type)
{
	/* Those of a restart that is not agreed on do not belong into the description before it. */
	if (d->sdp && (d == &pc->pending_local || !(pc->restarted_here || pc->restarted_there)))
		pc_put_candidates(pc, d->sdp);
	return as_text(pc, d, which, type);
}

const char *taut_pc_local_description(taut_pc *pc, uint32_t *type)
{
	struct pc_description *d = pc->pending_local.sdp ? &pc->pending_local : &pc->local;

	return local_text(pc, d, PC_TEXT_LOCAL, type);
}

const char *taut_pc_current_local_description(taut_pc *pc, uint32_t *type)
{
	return local_text(pc, &pc->local, PC_TEXT_CURRENT_LOCAL, type);
}

const char *taut_pc_pending_local_description(taut_pc *pc, uint32_t *type)
{
	return local_text(pc, &pc->pending_local, PC_TEXT_PENDING_LOCAL, type);
}

const char *taut_pc_remote_description(taut_pc *pc, uint32_t *type)
{
	struct pc_description *d = pc->pending_remote.sdp ? &pc->pending_remote : &pc->remote;

	return as_text(pc, d, PC_TEXT_REMOTE, type);
}

const char *taut_pc_current_remote_description(taut_pc *pc, uint32_t *type)
{
	return as_text(pc, &pc->remote, PC_TEXT_CURRENT_REMOTE, type);
}

const char *taut_pc_pending_remote_description(taut_pc *pc, uint32_t *type)
{
	return as_text(pc, &pc->pending_remote, PC_TEXT_PENDING_REMOTE, type);
}

static size_t candidates_of(const struct pc_description *d, size_t line)
{
	const struct tt_sdp_media *m = d->sdp->media[line];
	size_t n = m->candidate_count;

	for (size_t i = 0; i < m->common.attr_count; i++)
		n += strcmp(m->common.attrs[i].name, "candidate") == 0;
	for (const struct pc_trickled *t = d->trickled; t; t = t->next)
		n += t->m_line == line;
	return n;
}

static bool names_line(const struct tt_sdp *sdp, const char *mid, int m_line_index, size_t *line)
{
	if (mid && mid[0])
		return tt_sdp_media_by_mid(sdp, mid, line) != NULL;
	*line = (size_t)m_line_index;
	return m_line_index >= 0 && *line < sdp->media_count;
}

static void keep_candidate(struct pc_description *d, const char *mid, int m_line_index,
			   const struct tt_sdp_candidate *c)
{
	char text[TT_SDP_CANDIDATE_TEXT];
	size_t line = 0, len = 0;

	if (!d->sdp || !names_line(d->sdp, mid, m_line_index, &line) ||
	    candidates_of(d, line) >= TT_SDP_MAX_CANDIDATES)
		return;
	const char *ufrag = tt_sdp_ufrag(d->sdp, pc_carrier(d->sdp, d->sdp->media[line]));
	if (c && c->ufrag[0] && (!ufrag || strcmp(ufrag, c->ufrag) != 0))
		return; /* of another generation */
	if (c)
		len = tt_sdp_candidate_write(c, text, sizeof text) - strlen("candidate:");
	struct pc_trickled *t = tt_alloc(d->sdp->env, sizeof *t + len + 1);
	if (!t)
		return; /* it is used, and only not shown */
	t->m_line = (uint32_t)line;
	t->end = !c;
	memcpy(t->line, text + strlen("candidate:"), len);
	t->next = d->trickled;
	d->trickled = t;
}

void pc_keep_remote_candidate(struct taut_pc *pc, const char *mid, int m_line_index,
			      const struct tt_sdp_candidate *c)
{
	keep_candidate(&pc->pending_remote, mid, m_line_index, c);
	keep_candidate(&pc->remote, mid, m_line_index, c);
}

/* RFC 8840 section 4.1.1. */
int taut_pc_can_trickle_ice_candidates(const taut_pc *pc)
{
	const struct tt_sdp *sdp = pc_remote_sdp(pc);

	if (!sdp)
		return -1;
	if (tt_sdp_has_token(tt_sdp_ice_options(sdp, NULL), "trickle"))
		return 1;
	for (size_t i = 0; i < sdp->media_count; i++)
		if (tt_sdp_has_token(tt_sdp_ice_options(sdp, sdp->media[i]), "trickle"))
			return 1;
	return 0;
}
