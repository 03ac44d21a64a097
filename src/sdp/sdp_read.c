/* sdp_read.c - a description as a whole: cut into lines, and complete at its end.
 *
 * One pass, each byte looked at a few times: the cost is bounded by the length, and the ceilings
 * of sdp.h bound that before anything is allocated for it. Session lines may come in any order
 * after v=, and lines end in CRLF or LF. */
#include "sdp/sdp.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "sdp/sdp_reader.h"

void tt_sdp_next_line(struct tt_sdp_lex *x, const char **at, const char *end)
{
	const char *lf = memchr(*at, '\n', (size_t)(end - *at));
	const char *stop = lf ? lf : end;

	x->number++;
	tt_work((size_t)(stop - *at) + 1);
	x->line = x->at = *at;
	*at = lf ? lf + 1 : end;
	if (stop > x->line && stop[-1] == '\r')
		stop--;
	x->end = stop;
	x->spec = "RFC 8866 section 9";
}

static bool check_line(struct tt_sdp_reader *r)
{
	const size_t len = (size_t)(r->x.end - r->x.line);

	if (r->x.number > TT_SDP_MAX_LINES)
		return tt_sdp_refuse(&r->x, TAUT_E_LIMIT, r->x.line, "too many lines",
				     "at most 4000");
	if (len > TT_SDP_MAX_LINE)
		return tt_sdp_refuse(&r->x, TAUT_E_LIMIT, r->x.line + TT_SDP_MAX_LINE,
				     "the line is too long", "at most 8192 bytes");
	tt_work(2 * len);
	const char *nul = memchr(r->x.line, '\0', len), *cr = memchr(r->x.line, '\r', len);
	if (nul)
		return tt_sdp_bad(&r->x, nul, "a NUL byte", "text");
	if (cr)
		return tt_sdp_bad(&r->x, cr, "a CR without LF", "text");
	if (r->x.number == 1 && !(len >= 2 && memcmp(r->x.line, "v=", 2) == 0))
		return tt_sdp_bad(&r->x, r->x.line, "not a session description", "v=0");
	if (len < 2 || r->x.line[1] != '=')
		return tt_sdp_bad(&r->x, r->x.line, "not a line of a description",
				  "a letter and =");
	return true;
}

/* Forgets what was refused, if this reader may; false: it ends there. */
static bool go_on(struct tt_sdp_reader *r)
{
	struct tt_sdp *sdp = r->sdp;

	if (!r->goes_on || r->x.code != TAUT_E_SYNTAX)
		return false;
	r->x.code = 0;
	if (sdp->mistake_count >= TT_SDP_MAX_MISTAKES)
		return tt_sdp_full(r, "at most 64 mistakes");
	struct tt_sdp_error *one = tt_sdp_arena(sdp, sizeof *one);
	struct tt_sdp_error **slot = TT_SDP_PUSH(sdp, sdp->mistakes, sdp->mistake_count);
	if (slot) {
		tt_sdp_error_copy(one, r->x.err);
		*slot = one;
	}
	return true;
}

static bool read_one(struct tt_sdp_reader *r)
{
	if (!check_line(r))
		return false;
	const char type = *r->x.line;
	r->x.at += 2;
	return tt_sdp_read_line(r, type);
}

static bool read_lines(struct tt_sdp_reader *r, const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	do {
		tt_sdp_next_line(&r->x, &at, end);
		if (r->x.number > 1 && r->x.at == r->x.end && r->x.number <= TT_SDP_MAX_LINES)
			continue; /* blank lines say nothing */
		if (!read_one(r) && !go_on(r))
			return false;
		if (r->sdp->failed)
			return tt_sdp_refuse(&r->x, TAUT_E_NOMEM, r->x.line, "out of memory",
					     "more of it");
	} while (at < end);
	return true;
}

/* RFC 9143 section 7: who is in a bundle exists, and is in one only. */
static bool check_bundles(struct tt_sdp_reader *r)
{
	bool bundled[TT_SDP_MAX_MEDIA] = { false };

	for (size_t g = 0; g < r->sdp->group_count; g++) {
		const struct tt_sdp_group *group = &r->sdp->groups[g];
		if (strcmp(group->semantics, "BUNDLE") != 0)
			continue;
		struct tt_sdp_lex *x = &r->groups[g];
		struct tt_sdp_word w;
		(void)tt_sdp_word(x, &w, "", "");
		for (size_t i = 0; i < group->mid_count; i++) {
			size_t index;
			x->spec = "RFC 9143 section 7";
			(void)tt_sdp_word(x, &w, "", "");
			if (!tt_sdp_media_by_mid(r->sdp, group->mids[i], &index))
				(void)tt_sdp_bad(x, w.p, "no section has this mid",
						 "mids of sections below");
			else if (bundled[index])
				(void)tt_sdp_bad(x, w.p, "this section is bundled already",
						 "each mid once");
			else
				bundled[index] = true;
			if (x->code != 0) {
				r->x.code = x->code;
				if (!go_on(r))
					return false;
				x->code = 0;
			}
		}
	}
	return true;
}

/* What a description must have, or is taken to have said. */
static bool complete(struct tt_sdp_reader *r)
{
	bool has_time = false;

	r->x.spec = "RFC 8866 section 5";
	r->x.at = r->x.end;
	if (!r->has_origin) {
		(void)tt_sdp_bad(&r->x, r->x.end, "no o= line in the whole description", "o=");
		if (!go_on(r))
			return false;
	}
	for (size_t i = 0; i < r->sdp->common.line_count; i++)
		has_time = has_time || r->sdp->common.lines[i].type == 't';
	if (!has_time)
		tt_sdp_keep_line(r->sdp, &r->sdp->common, 't', "0 0", 3);
	return check_bundles(r);
}

static int read_text(struct tt_sdp **out, struct tt_env *env, const char *text, size_t len,
		     struct tt_sdp_error *err, bool goes_on)
{
	struct tt_sdp_reader r = { .x = { .at = text,
					  .end = text,
					  .line = text,
					  .number = 1,
					  .spec = "RFC 8866 section 5",
					  .err = err },
				   .goes_on = goes_on };

	*out = NULL;
	if (len > TT_SDP_MAX_BYTES) {
		(void)tt_sdp_refuse(&r.x, TAUT_E_LIMIT, text, "the description is too long",
				    "at most 262144 bytes");
		if (err) {
			(void)snprintf(err->buf, sizeof err->buf, "%zu bytes", len);
			err->err.found = err->buf;
		}
		return r.x.code;
	}
	r.sdp = tt_sdp_new_to_read(env, len);
	if (!r.sdp) {
		(void)tt_sdp_refuse(&r.x, TAUT_E_NOMEM, text, "out of memory", "more of it");
		return r.x.code;
	}
	r.at = &r.sdp->common;
	r.x.number = 0;
	(void)(read_lines(&r, text, len) && complete(&r));
	if (r.sdp->failed)
		(void)tt_sdp_refuse(&r.x, TAUT_E_NOMEM, r.x.end, "out of memory", "more of it");
	if (r.x.code == 0) { /* whatever was refused has one */
		*out = r.sdp;
		return 0;
	}
	tt_sdp_free(r.sdp);
	return r.x.code;
}

int tt_sdp_read(struct tt_sdp **out, struct tt_env *env, const char *text, size_t len,
		struct tt_sdp_error *err)
{
	return read_text(out, env, text, len, err, false);
}

int tt_sdp_read_on(struct tt_sdp **out, struct tt_env *env, const char *text, size_t len,
		   struct tt_sdp_error *err)
{
	return read_text(out, env, text, len, err, true);
}
