/* scenario_text.c - see scenario_text.h. */
#include "run/scenario_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void words_bad(struct words *r, const char *fmt, ...)
{
	va_list args;

	if (r->bad)
		return;
	r->bad = true;
	int n = snprintf(r->error, SCENARIO_ERROR, "%s:%u: ", r->sc->path, r->line);
	va_start(args, fmt);
	if (n > 0 && n < SCENARIO_ERROR)
		vsnprintf(r->error + n, SCENARIO_ERROR - (size_t)n, fmt, args);
	va_end(args);
}

const char *words_peek(const struct words *r)
{
	return r->at < r->count ? r->words[r->at] : "";
}

const char *words_take(struct words *r, const char *what)
{
	if (r->at == r->count) {
		words_bad(r, "%s is missing", what);
		return "";
	}
	return r->words[r->at++];
}

bool words_accept(struct words *r, const char *word)
{
	bool same = strcmp(words_peek(r), word) == 0;

	r->at += same;
	return same;
}

int words_find(const char *const *list, const char *word)
{
	for (int i = 0; list[i]; i++)
		if (strcmp(list[i], word) == 0)
			return i;
	return -1;
}

unsigned words_one_of(struct words *r, const char *const *list, const char *what)
{
	const char *word = words_take(r, what);
	int i = words_find(list, word);
	char all[160] = "";

	if (i >= 0 || r->bad)
		return i < 0 ? 0 : (unsigned)i;
	for (int k = 0; list[k] && strlen(all) + strlen(list[k]) + 2 < sizeof all; k++) {
		strncat(all, " ", sizeof all - strlen(all) - 1);
		strncat(all, list[k], sizeof all - strlen(all) - 1);
	}
	words_bad(r, "\"%s\" is no %s; there are%s", word, what, all);
	return 0;
}

unsigned words_who(struct words *r)
{
	static const char *const names[] = { "nobody", "alice", "bob", "both", NULL };
	unsigned i = words_one_of(r, names, "name");

	if (i == 0)
		words_bad(r, "it is alice, bob or both");
	return i;
}

double words_measure(struct words *r, const struct words_unit *units, const char *what)
{
	const char *word = words_take(r, what);
	char *end;
	double v = strtod(word, &end);

	if (end == word || r->bad) {
		words_bad(r, "\"%s\" is no %s", word, what);
		return 0;
	}
	for (const struct words_unit *u = units; u->name; u++)
		if (strcmp(u->name, end) == 0)
			return v * u->factor;
	words_bad(r, "\"%s\" is no %s: it ends in %s%s%s", word, what, units[0].name,
		  units[1].name ? " or " : "", units[1].name ? units[1].name : "");
	return 0;
}

taut_time words_duration(struct words *r, const char *what)
{
	static const struct words_unit units[] = { { "ms", 1e3 }, { "s", 1e6 }, { NULL, 0 } };

	return (taut_time)words_measure(r, units, what);
}

uint32_t words_share(struct words *r)
{
	static const struct words_unit units[] = { { "%", 10000 }, { NULL, 0 } };

	return (uint32_t)words_measure(r, units, "share");
}

int64_t words_number(struct words *r, const char *what, int64_t low, int64_t high)
{
	const char *word = words_take(r, what);
	char *end;

	errno = 0;
	long long v = strtoll(word, &end, 10);
	if (r->bad)
		return low;
	if (errno || end == word || *end || v < low || v > high) {
		words_bad(r, "\"%s\" is no %s from %lld to %lld", word, what, (long long)low,
			  (long long)high);
		return low;
	}
	return v;
}

/* "3s", "250ms"; "up+2s": after both were connected. */
struct scenario_moment words_moment(struct words *r)
{
	struct scenario_moment m = { 0 };

	if (r->at < r->count && strncmp(words_peek(r), "up+", 3) == 0) {
		r->words[r->at] += 3;
		m.after_up = true;
	}
	m.at = words_duration(r, "time");
	return m;
}
