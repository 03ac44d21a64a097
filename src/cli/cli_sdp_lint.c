/* cli_sdp_lint.c - taut sdp lint: would Chromium and Firefox take it as an offer?
 *
 * Every rule here was tried on Chromium 156 and Firefox ESR 153: what is not known to be refused
 * by them is not reported, and what taut itself cannot read is said to be that. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_colour.h"
#include "cli/cli_sdp.h"
#include "cli/cli_text.h"
#include "sdp/sdp_lex.h"

enum { CHROMIUM = 1, FIREFOX = 2, BOTH = CHROMIUM | FIREFOX, TAUT = 4 };

struct lint {
	const struct cli_sdp_file *f;
	const struct tt_sdp *sdp;
	bool json;
	unsigned found;
};

static const char *who(unsigned browsers)
{
	return browsers == CHROMIUM ? "Chromium refuses it"
	       : browsers == BOTH   ? "Chromium and Firefox refuse it"
				    : "taut cannot read it";
}

static json_t *list(unsigned browsers)
{
	json_t *names = json_array();

	if (browsers & CHROMIUM)
		json_array_append_new(names, json_string("Chromium"));
	if (browsers & FIREFOX)
		json_array_append_new(names, json_string("Firefox"));
	return names;
}

/* A problem at a line. says: the browser's own words, or NULL. */
__attribute__((format(printf, 5, 6))) static void
problem(struct lint *l, uint32_t line, unsigned browsers, const char *says, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	l->found++;
	if (l->json) {
		json_t *o = json_pack("{s:o, s:i, s:o, s:o}", "file", cli_json_text(l->f->name),
				      "line", (int)line, "refused_by", list(browsers), "problem",
				      cli_json_text(text));
		if (says)
			json_object_set_new(o, "says", json_string(says));
		cli_put_json(stdout, o);
		return;
	}
	printf("%s%s:%u:%s %s%s%s: ", cli_colour(stdout, CLI_BOLD), l->f->name, line,
	       cli_colour(stdout, CLI_PLAIN), cli_colour(stdout, CLI_WRONG), who(browsers),
	       cli_colour(stdout, CLI_PLAIN));
	cli_put_text(stdout, text, strlen(text));
	if (says)
		printf("; it says \"%s\"", says);
	putchar('\n');
}

/* ---- places ---- */

/* The line that begins at `at`, without its end. */
static struct tt_sdp_word line_from(const struct cli_sdp_file *f, const char *at)
{
	const size_t left = (size_t)(f->text + f->len - at);
	const char *lf = memchr(at, '\n', left);
	size_t n = lf ? (size_t)(lf - at) : left;

	if (n > 0 && at[n - 1] == '\r')
		n--;
	return (struct tt_sdp_word){ at, n };
}

/* Where the line after the one that begins at `at` begins. */
static const char *next_line(const struct cli_sdp_file *f, const char *at)
{
	const char *end = f->text + f->len;
	const char *lf = memchr(at, '\n', (size_t)(end - at));

	return lf ? lf + 1 : end;
}

/* Line n, from 1. */
static struct tt_sdp_word line_at(const struct cli_sdp_file *f, uint32_t n)
{
	const char *at = f->text;

	for (; n > 1; n--)
		at = next_line(f, at);
	return line_from(f, at);
}

static bool begins(struct tt_sdp_word line, const char *text)
{
	return line.len >= strlen(text) && memcmp(line.p, text, strlen(text)) == 0;
}

/* The line with one of two beginnings in the section whose m-line is `from`; none: that one. */
static uint32_t line_of(const struct cli_sdp_file *f, uint32_t from, const char *one,
			const char *other)
{
	uint32_t n = from + 1;

	for (const char *at = line_at(f, n).p; at < f->text + f->len; at = next_line(f, at), n++) {
		const struct tt_sdp_word line = line_from(f, at);
		if (begins(line, "m="))
			break;
		if (begins(line, one) || begins(line, other))
			return n;
	}
	return from;
}

/* If the number is written in another way than usual, the section's. */
static uint32_t extmap_line(const struct cli_sdp_file *f, uint32_t from, unsigned id)
{
	char spaced[32], slashed[32];

	(void)snprintf(spaced, sizeof spaced, "a=extmap:%u ", id);
	(void)snprintf(slashed, sizeof slashed, "a=extmap:%u/", id);
	return line_of(f, from, spaced, slashed);
}

/* ---- rules ---- */

/* Both browsers write such lines themselves: Firefox after setCodecPreferences. */
static void check_strays(struct lint *l)
{
	for (size_t i = 0; i < l->sdp->warning_count; i++) {
		const uint32_t n = l->sdp->warnings[i].line;
		const struct tt_sdp_word line = line_at(l->f, n);
		if (begins(line, "a=rtcp-fb:") || begins(line, "a=fmtp:"))
			problem(l, n, CHROMIUM, "Failed to parse codecs correctly",
				"its payload type is not on the m-line");
	}
}

/* One number, one meaning: the sections of a bundle share their packets. */
static void check_extensions_of(struct lint *l, const struct tt_sdp_group *g)
{
	const char *uris[4352] = { NULL };

	for (size_t i = 0; i < g->mid_count; i++) {
		const struct tt_sdp_media *m = tt_sdp_media_by_mid(l->sdp, g->mids[i], NULL);
		for (size_t k = 0; m && k < m->common.extmap_count; k++) {
			const struct tt_sdp_extmap *e = &m->common.extmaps[k];
			if (!uris[e->id])
				uris[e->id] = e->uri;
			else if (strcmp(uris[e->id], e->uri) != 0)
				problem(l, extmap_line(l->f, m->line, e->id), CHROMIUM,
					"A BUNDLE group contains a codec collision for header "
					"extension id",
					"extension %u is %s in mid %s, and %s in another section "
					"of its "
					"bundle",
					e->id, e->uri, m->mid, uris[e->id]);
		}
	}
}

static void check_extensions(struct lint *l)
{
	for (size_t i = 0; i < l->sdp->group_count; i++)
		if (strcmp(l->sdp->groups[i].semantics, "BUNDLE") == 0)
			check_extensions_of(l, &l->sdp->groups[i]);
}

static void check_last_line(struct lint *l)
{
	uint32_t n = 1;

	if (l->f->len == 0 || l->f->text[l->f->len - 1] == '\n')
		return;
	for (size_t i = 0; i < l->f->len; i++)
		n += l->f->text[i] == '\n';
	problem(l, n, CHROMIUM, NULL, "the last line has no end");
}

static bool has_fingerprint(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	size_t count;

	(void)tt_sdp_fingerprints(sdp, m, &count);
	return count > 0;
}

/* RFC 8839 section 5.4. Both browsers read shorter ones, and refuse the description for them. */
static void check_credentials(struct lint *l, const struct tt_sdp_media *m)
{
	const char *ufrag = tt_sdp_ufrag(l->sdp, m), *pwd = tt_sdp_pwd(l->sdp, m);

	if (ufrag && strlen(ufrag) < 4)
		problem(l, line_of(l->f, m->line, "a=ice-ufrag:", "a=ice-ufrag:"), BOTH, NULL,
			"a=ice-ufrag has fewer than 4 characters");
	if (pwd && strlen(pwd) < 22)
		problem(l, line_of(l->f, m->line, "a=ice-pwd:", "a=ice-pwd:"), BOTH, NULL,
			"a=ice-pwd has fewer than 22 characters");
}

static void check_section(struct lint *l, const struct tt_sdp_media *m)
{
	const struct tt_sdp_group *g = m->mid ? tt_sdp_group_of(l->sdp, "BUNDLE", m->mid) : NULL;
	const struct tt_sdp_media *first = g ? tt_sdp_media_by_mid(l->sdp, g->mids[0], NULL) : NULL;

	if (m->port == 0 && !m->bundle_only)
		return; /* it is stopped */
	if (g && tt_sdp_is_rtp(m) && !m->rtcp_mux)
		problem(l, m->line, BOTH, NULL, "a bundled section has no a=rtcp-mux");
	if (!has_fingerprint(l->sdp, m) && !(first && has_fingerprint(l->sdp, first)))
		problem(l, m->line, BOTH, NULL, "no a=fingerprint is for this section");
	check_credentials(l, m);
}

static void check_mistakes(struct lint *l)
{
	for (size_t i = 0; i < l->sdp->mistake_count; i++) {
		const struct taut_error *e = &l->sdp->mistakes[i]->err;
		const struct tt_sdp_word line = line_at(l->f, e->line);
		if (begins(line, "a=ice-pwd:") || begins(line, "k=")) /* not to be shown */
			problem(l, e->line, TAUT, NULL, "%s: expected %s", e->message, e->expected);
		else
			problem(l, e->line, TAUT, NULL, "%s: found %s, expected %s", e->message,
				e->found, e->expected);
	}
}

int cli_sdp_lint(const struct cli_sdp_file *f, bool json)
{
	struct tt_env env;
	struct tt_sdp_error e;
	struct tt_sdp *sdp;

	tt_env_init(&env, NULL);
	if (tt_sdp_read_on(&sdp, &env, f->text, f->len, &e) != 0) {
		cli_sdp_error(f, &e.err, json);
		return CLI_FAILED;
	}
	struct lint l = { .f = f, .sdp = sdp, .json = json };
	check_mistakes(&l);
	check_strays(&l);
	check_extensions(&l);
	for (size_t i = 0; i < sdp->media_count; i++)
		check_section(&l, sdp->media[i]);
	check_last_line(&l);
	tt_sdp_free(sdp);
	if (json)
		cli_put_json(stdout, json_pack("{s:o, s:i}", "file", cli_json_text(f->name),
					       "problems", (int)l.found));
	else if (l.found == 0)
		printf("%s: nothing is known that Chromium or Firefox would refuse\n", f->name);
	return l.found == 0 ? CLI_OK : CLI_FAILED;
}
