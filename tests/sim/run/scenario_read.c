/* scenario_read.c - from a text file to a struct scenario, or to a line that says what is wrong.
 *
 * One statement a line, words between blanks, # begins a comment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/scenario_text.h"

enum { LONGEST = 256, MS = 1000 };

static void read_end(struct words *r)
{
	r->sc->end = words_moment(r);
	r->sc->end_line = r->line;
	r->has_end = true;
}

static void read_start(struct words *r)
{
	r->sc->plan.start = words_duration(r, "time");
}

static void read_seed(struct words *r)
{
	r->sc->plan.seed = (uint64_t)words_number(r, "seed", 0, INT64_MAX);
}

static const struct statement {
	const char *name;
	void (*read)(struct words *r);
} statements[] = {
	{ "seed", read_seed },
	{ "profile", scenario_read_profile },
	{ "peer", scenario_read_peer },
	{ "carrier", scenario_read_carrier },
	{ "link", scenario_read_top_link },
	{ "same-network", scenario_read_same_network },
	{ "signal", scenario_read_signal },
	{ "drop", scenario_read_drop },
	{ "start", read_start },
	{ "near-wrap", scenario_read_wraps },
	{ "heals", scenario_read_heals },
	{ "stun-silent", scenario_read_stun_silent },
	{ "dns", scenario_read_dns },
	{ "at", scenario_read_at },
	{ "end", read_end },
	{ "expect", scenario_read_expect },
	{ "never", scenario_read_never },
};

static void read_line(struct words *r, char *text)
{
	char *rest = text;

	r->count = r->at = 0;
	text[strcspn(text, "#\n\r")] = '\0';
	for (char *word; (word = rest + strspn(rest, " \t"))[0] != '\0';) {
		if (r->count == WORDS) {
			words_bad(r, "more than %d words", WORDS);
			return;
		}
		r->words[r->count++] = word;
		rest = word + strcspn(word, " \t");
		if (*rest)
			*rest++ = '\0';
	}
	if (r->count == 0)
		return;
	const char *name = words_take(r, "statement");
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		if (strcmp(statements[i].name, name) != 0)
			continue;
		statements[i].read(r);
		if (r->at < r->count)
			words_bad(r, "\"%s\" is one word too many", words_peek(r));
		return;
	}
	words_bad(r, "\"%s\" begins no statement", name);
}

bool scenario_read(struct scenario *out, const char *path, char error[SCENARIO_ERROR])
{
	struct words r = { .sc = out, .error = error };
	char text[LONGEST];
	FILE *f = fopen(path, "r");

	*out = (struct scenario){ .path = path };
	out->plan.seed = 1;
	out->plan.profile = &profiles[0];
	out->plan.half[0] = out->plan.half[1] = profile_half(&profiles[0].path);
	out->plan.signal_delay = 20 * MS;
	out->plan.connects = true;
	if (!f) {
		snprintf(error, SCENARIO_ERROR, "%s: %s", path, strerror(errno));
		return false;
	}
	while (!r.bad && fgets(text, sizeof text, f)) {
		r.line++;
		if (!strchr(text, '\n') && !feof(f))
			words_bad(&r, "a line of more than %d characters", LONGEST - 2);
		else
			read_line(&r, text);
	}
	fclose(f);
	for (int i = 0; out->plan.carrier && i < 2; i++)
		if (out->plan.peers[i].access != ACCESS_NAT)
			words_bad(&r, "a carrier's NAT has two homes with a NAT behind it");
	if (!r.has_end)
		words_bad(&r, "no line says when it ends: \"end 20s\"");
	return !r.bad;
}
