/* scenario_what.c - statements of a scenario that say what its peers do or suffer, and what must hold. */
#include <string.h>

#include "run/scenario_text.h"

static struct scenario_line *new_line(struct words *r)
{
	static struct scenario_line nowhere;

	if (r->sc->line_count == SCENARIO_LINES) {
		words_bad(r, "more than %d steps and claims", SCENARIO_LINES);
		return &nowhere;
	}
	struct scenario_line *l = &r->sc->lines[r->sc->line_count++];
	*l = (struct scenario_line){ .line = r->line };
	return l;
}

static void read_compare(struct words *r, struct scenario_line *l)
{
	static const char *const signs[] = { "=", ">=", "<=", NULL };
	static const char meaning[] = "=><";

	l->compare = meaning[words_one_of(r, signs, "comparison")];
	char word[24];
	snprintf(word, sizeof word, "%s", words_take(r, "number"));
	size_t n = strlen(word);
	if (n > 0 && word[n - 1] == '%') {
		word[n - 1] = '\0';
		l->percent = true;
	}
	if (r->bad)
		return;
	r->words[--r->at] = word;
	l->number = words_number(r, "number", 0, INT64_C(1) << 40);
	if (l->percent && l->word != COUNT_AUDIO && l->word != COUNT_VIDEO &&
	    l->word != COUNT_MESSAGES)
		words_bad(r, "only messages, audio and video have a per cent of what was sent");
}

static void read_claim(struct words *r, struct scenario_line *l)
{
	l->who = words_who(r);
	if (words_accept(r, "milestone")) {
		l->what = WAS_MILESTONE;
		l->word = words_one_of(r, scenario_milestones, "milestone");
		if (!words_accept(r, "by"))
			words_bad(r, "a milestone is reached \"by\" a time");
		l->by = words_moment(r);
	} else if (words_accept(r, "reason")) {
		const char *word = words_take(r, "reason");
		uint32_t reason = scenario_reason(word);
		if (reason == UINT32_MAX)
			words_bad(r, "\"%s\" is no reason", word);
		l->what = IS_REASON;
		l->word = reason;
	} else if (words_accept(r, "signaling")) {
		l->what = IS_SIGNALING;
		l->word = words_one_of(r, scenario_signaling, "signaling state");
	} else if (words_find(scenario_counters, words_peek(r)) >= 0) {
		l->what = IS_COUNT;
		l->word = words_one_of(r, scenario_counters, "counter");
		read_compare(r, l);
	} else {
		l->word = words_one_of(r, scenario_states, "state or counter");
		l->what = words_accept(r, "by") ? WAS_STATE : IS_STATE;
		if (l->what == WAS_STATE)
			l->by = words_moment(r);
	}
}

void scenario_read_expect(struct words *r)
{
	struct scenario_line *l = new_line(r);

	l->at_end = true;
	read_claim(r, l);
}

void scenario_read_never(struct words *r)
{
	struct scenario_line *l = new_line(r);

	l->at_end = true;
	l->what = NEVER_STATE;
	l->who = words_who(r);
	l->word = words_one_of(r, scenario_states, "state");
}

static void read_add(struct words *r, struct scenario_line *l)
{
	do /* a bit each */
		l->number |= 1 << words_one_of(r, scenario_media, "kind of media");
	while (r->at < r->count && !r->bad);
}

static void read_direct(struct words *r, struct scenario_line *l)
{
	l->word = words_one_of(r, scenario_media, "kind of media");
	l->number = words_one_of(r, scenario_directions, "direction");
	if (l->word < TAUT_AUDIO || l->word > TAUT_VIDEO)
		words_bad(r, "only audio and video have a direction");
}

static void read_send(struct words *r, struct scenario_line *l)
{
	l->number = words_number(r, "count", 1, 100000);
	l->number2 = words_number(r, "size", 1, 65536);
}

static void read_sleep(struct words *r, struct scenario_line *l)
{
	l->number = words_duration(r, "time");
}

static void read_interface(struct words *r, struct scenario_line *l)
{
	l->number = words_number(r, "interface", 0, 3);
	l->word = words_one_of(r, scenario_interfaces, "state of an interface");
}

static void read_hole(struct words *r, struct scenario_line *l)
{
	l->word = words_one_of(r, scenario_holes, "direction of a hole");
}

static void read_wall(struct words *r, struct scenario_line *l)
{
	l->number = words_number(r, "number of seconds", -(INT64_C(1) << 40), INT64_C(1) << 40);
}

static void read_flood(struct words *r, struct scenario_line *l)
{
	l->number = words_number(r, "count", 1, 10000);
}

static void read_new_link(struct words *r, struct scenario_line *l)
{
	l->link = scenario_read_link(r);
}

static const struct verb {
	const char *name;
	enum scenario_what what;
	void (*read)(struct words *r, struct scenario_line *l);
} verbs[] = {
	{ "add", DO_ADD, read_add },
	{ "direction", DO_DIRECT, read_direct },
	{ "send", DO_SEND, read_send },
	{ "restart", DO_RESTART, NULL },
	{ "rollback", DO_ROLLBACK, NULL },
	{ "hold", DO_HOLD, NULL },
	{ "release", DO_RELEASE, NULL },
	{ "forget", DO_FORGET, NULL },
	{ "forge", DO_FORGE, NULL },
	{ "close", DO_CLOSE, NULL },
	{ "vanish", DO_VANISH, NULL },
	{ "sleep", DO_SLEEP, read_sleep },
	{ "interface", DO_INTERFACE, read_interface },
	{ "hole", DO_HOLE, read_hole },
	{ "rebind", DO_REBIND, NULL },
	{ "wall-clock", DO_WALL, read_wall },
	{ "flood", DO_FLOOD, read_flood },
	{ "link", DO_LINK, read_new_link },
	{ "clock-back", DO_BACK, read_sleep },
};

void scenario_read_at(struct words *r)
{
	struct scenario_line *l = new_line(r);

	l->when = words_moment(r);
	if (words_accept(r, "expect")) {
		read_claim(r, l);
		return;
	}
	l->who = words_who(r);
	const char *name = words_take(r, "something to do");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		l->what = verbs[i].what;
		if (verbs[i].read)
			verbs[i].read(r, l);
		return;
	}
	words_bad(r, "\"%s\" is nothing that one can do", name);
}
