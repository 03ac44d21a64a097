/* sdp_explain.c - a text, line by line: what each is for, and what it says.
 *
 * The text is read first, past its mistakes; then its lines are gone through once more, with all
 * that is known by then. So a line that was refused is explained beside those around it. */
#include "sdp/sdp.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "sdp/sdp_attrs.h"
#include "sdp/sdp_tale.h"

struct walk {
	const struct tt_sdp *sdp;
	struct tt_sdp_lex x;     /* the line */
	size_t section, warning; /* of sdp: to come */
	struct tt_sdp_told told;
	struct tt_sdp_tale tale;
	char kind[48];
	void (*tell)(void *ctx, const struct tt_sdp_told *told);
	void *ctx;
};

static const struct {
	char type;
	const char *spec, *words;
} types[] = {
	{ 'v', "RFC 8866 section 5.1", "the version of SDP; there is only 0" },
	{ 'o', "RFC 8866 section 5.2", "who made the session, and which version this is" },
	{ 's', "RFC 8866 section 5.3", "the name of the session; - is none" },
	{ 'i', "RFC 8866 section 5.4", "a description for people" },
	{ 'u', "RFC 8866 section 5.5", "where more is said" },
	{ 'e', "RFC 8866 section 5.6", "the address of who is responsible" },
	{ 'p', "RFC 8866 section 5.6", "the telephone number of who is responsible" },
	{ 'c', "RFC 8866 section 5.7", "the address that media go to" },
	{ 'b', "RFC 8866 section 5.8", "how much bandwidth is meant to be used" },
	{ 't', "RFC 8866 section 5.9", "when the session takes place" },
	{ 'r', "RFC 8866 section 5.10", "when the session is repeated" },
	{ 'z', "RFC 8866 section 5.11", "changes of the clock during that time" },
	{ 'k', "RFC 8866 section 5.12", "a key, which does not belong here any more" },
	{ 'm', "RFC 8866 section 5.14", "a section begins: one kind of media, or data" },
	{ 'a', "RFC 8866 section 5.13", "an attribute" },
};

static struct tt_sdp_tale *begin_tale(struct walk *w)
{
	struct tt_sdp_tale *t = &w->tale;

	t->sdp = w->sdp;
	t->m = w->section > 0 ? w->sdp->media[w->section - 1] : NULL;
	t->x = w->x;
	t->spec = NULL;
	t->unknown = false;
	t->len = 0;
	t->said[0] = '\0';
	return t;
}

static void end_tale(struct walk *w)
{
	w->told.value = w->tale.said;
	w->told.known = !w->tale.unknown;
	if (w->tale.spec && strcmp(w->tale.spec, w->told.spec) != 0)
		w->told.value_spec = w->tale.spec;
}

static const char *out_of_place(uint8_t levels)
{
	if (levels & TT_SDP_IN_MEDIA)
		return "kept: it means something only below an m-line";
	if (levels & TT_SDP_IN_SESSION)
		return "kept: it means something only before the first m-line";
	if (levels & TT_SDP_IN_RTP)
		return "kept: it means something only in a section of RTP";
	return "kept: it means something only where the m-line has DTLS/SCTP";
}

static void explain_attribute(struct walk *w)
{
	const char *value;
	/* as the reader cuts it: what it has not read as such may be anything */
	const struct tt_sdp_word n = tt_sdp_attribute_name(&w->x, &value);
	const struct tt_sdp_attribute *row = tt_sdp_attribute(n);
	struct tt_sdp_tale *t = begin_tale(w);
	(void)snprintf(w->kind, sizeof w->kind, "a=%.*s", (int)n.len, n.p);
	w->told.known = row != NULL;
	if (!row) {
		w->told.words = "an attribute that nobody here knows: it is kept, and ignored";
		return;
	}
	w->told.words = row->words;
	w->told.spec = row->spec;
	w->told.secret = row->secret;
	if (!(row->levels & tt_sdp_levels(t->m))) {
		w->told.remark = out_of_place(row->levels);
	} else if (row->tell && !w->told.error) {
		row->tell(t);
		end_tale(w);
	}
}

static void explain_line(struct walk *w)
{
	const char type = w->x.end - w->x.at >= 2 && w->x.at[1] == '=' ? w->x.at[0] : '\0';
	size_t i = 0;

	while (i < TT_COUNT(types) && types[i].type != type)
		i++;
	if (i == TT_COUNT(types))
		return;
	(void)snprintf(w->kind, sizeof w->kind, "%c=", type);
	w->told.known = true;
	w->told.secret = type == 'k';
	w->told.words = types[i].words;
	w->told.spec = types[i].spec;
	w->x.at += 2;
	if (type == 'a') {
		explain_attribute(w);
	} else if (!w->told.error) {
		tt_sdp_tell_line(begin_tale(w), type);
		end_tale(w);
	}
}

static const struct taut_error *mistake_of(const struct walk *w, size_t *at)
{
	while (*at < w->sdp->mistake_count) {
		const struct taut_error *e = &w->sdp->mistakes[(*at)++]->err;
		if (e->line == w->x.number)
			return e;
	}
	return NULL;
}

static void begin_line(struct walk *w)
{
	const struct tt_sdp *sdp = w->sdp;

	if (w->section < sdp->media_count && sdp->media[w->section]->line == w->x.number)
		w->section++;
	w->kind[0] = '\0';
	w->told = (struct tt_sdp_told){ .line = w->x.number,
					.section = tt_u32(w->section),
					.text = w->x.line,
					.len = (size_t)(w->x.end - w->x.line),
					.kind = w->kind,
					.words = "",
					.value = "",
					.spec = "",
					.value_spec = "" };
	/* they come in the order of their lines */
	while (w->warning < sdp->warning_count && sdp->warnings[w->warning].line < w->x.number)
		w->warning++;
	if (w->warning < sdp->warning_count && sdp->warnings[w->warning].line == w->x.number)
		w->told.remark = sdp->warnings[w->warning].text;
}

static void walk_lines(struct walk *w, const char *text, size_t len)
{
	const char *at = text, *end = text + len;

	do {
		size_t mistake = 0;
		tt_sdp_next_line(&w->x, &at, end);
		if (w->x.number > 1 && w->x.at == w->x.end)
			continue;
		begin_line(w);
		w->told.error = mistake_of(w, &mistake);
		explain_line(w);
		do
			w->tell(w->ctx, &w->told);
		while ((w->told.error = mistake_of(w, &mistake)) != NULL);
	} while (at < end);
}

int tt_sdp_explain(struct tt_env *env, const char *text, size_t len, struct tt_sdp_error *err,
		   void (*tell)(void *ctx, const struct tt_sdp_told *told), void *ctx)
{
	struct walk w = { .tell = tell, .ctx = ctx };
	struct tt_sdp *sdp;
	int code = tt_sdp_read_on(&sdp, env, text, len, err);

	if (code != 0)
		return code;
	w.sdp = sdp;
	walk_lines(&w, text, len);
	if (sdp->mistake_count > 0) {
		tt_sdp_error_copy(err, sdp->mistakes[0]);
		code = TAUT_E_SYNTAX;
	}
	tt_sdp_free(sdp);
	return code;
}
