/* sdp_read_attr.c - a= lines: the row of the table for each name, and what is of the session.
 *
 * What has no reader, or none in such a section, is kept as it is. */
#include "sdp/sdp_reader.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "sdp/sdp_attrs.h"
#include "sdp/sdp_names.h"

/* a=group:BUNDLE 0 1; that its members exist is asked when all sections are read. */
bool tt_sdp_read_group(struct tt_sdp_reader *r)
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

bool tt_sdp_read_mid(struct tt_sdp_reader *r)
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

bool tt_sdp_rest_once(struct tt_sdp_reader *r, const char **slot, const char *expected)
{
	const struct tt_sdp_word w = tt_sdp_rest(&r->x);

	if (w.len == 0)
		return tt_sdp_bad(&r->x, w.p, "something is missing", expected);
	return tt_sdp_hold_once(r, slot, w);
}

bool tt_sdp_choice(struct tt_sdp_reader *r, uint8_t *slot, uint8_t value, const char *where,
		   const char *expected)
{
	if (value == 0)
		return tt_sdp_bad(&r->x, where, "not one of the words known here", expected);
	if (*slot != 0 && *slot != value)
		return tt_sdp_bad(&r->x, where, "contradicts an earlier line", "one of them");
	*slot = value;
	return tt_sdp_done(&r->x);
}

bool tt_sdp_read_msid_semantic(struct tt_sdp_reader *r)
{
	return tt_sdp_rest_once(r, &r->sdp->msid_semantic, "what the ids mean");
}

bool tt_sdp_read_direction(struct tt_sdp_reader *r)
{
	const struct tt_sdp_word name = { r->row->name, strlen(r->row->name) };
	const char *where = r->x.line + 2;

	r->x.at = r->x.end; /* what follows a colon is left out */
	return tt_sdp_choice(r, &r->at->direction, tt_sdp_direction_of(name), where, "");
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

bool tt_sdp_read_attr(struct tt_sdp_reader *r)
{
	const char *value;

	r->x.spec = "RFC 8866 section 5.13";
	if (++r->attr_lines > TT_SDP_MAX_ATTRS)
		return tt_sdp_full(r, "at most 512 attributes of a section");
	const struct tt_sdp_word name = tt_sdp_attribute_name(&r->x, &value);
	if (name.len == 0)
		return tt_sdp_bad(&r->x, name.p, "an attribute without a name", "a name");
	r->row = tt_sdp_attribute_read(name, tt_sdp_levels(r->m));
	if (r->row) {
		r->x.spec = r->row->spec;
		return r->row->read(r);
	}
	keep(r, name, value, r->x.end);
	return true;
}
