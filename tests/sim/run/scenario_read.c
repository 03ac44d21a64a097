/* scenario_read.c - from a text file to a struct scenario, or to a line that says what is wrong.
 *
 * One statement a line, words between blanks, # begins a comment. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "run/scenario.h"

enum { WORDS = 24, LONGEST = 256, MS = 1000, SECOND = 1000000 };

struct reader {
	struct scenario *sc;
	const char *words[WORDS];
	size_t count, at;
	unsigned line;
	bool bad, has_end, up_seen;
	char *error;
};

__attribute__((format(printf, 2, 3))) static void bad(struct reader *r, const char *fmt, ...)
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

/* ---- words ---- */

static const char *peek(const struct reader *r)
{
	return r->at < r->count ? r->words[r->at] : "";
}

static const char *take(struct reader *r, const char *what)
{
	if (r->at == r->count) {
		bad(r, "%s is missing", what);
		return "";
	}
	return r->words[r->at++];
}

static bool accept(struct reader *r, const char *word)
{
	bool same = strcmp(peek(r), word) == 0;

	r->at += same;
	return same;
}

static int find(const char *const *list, const char *word)
{
	for (int i = 0; list[i]; i++)
		if (strcmp(list[i], word) == 0)
			return i;
	return -1;
}

static unsigned one_of(struct reader *r, const char *const *list, const char *what)
{
	const char *word = take(r, what);
	int i = find(list, word);
	char all[160] = "";

	if (i >= 0 || r->bad)
		return i < 0 ? 0 : (unsigned)i;
	for (int k = 0; list[k] && strlen(all) + strlen(list[k]) + 2 < sizeof all; k++) {
		strncat(all, " ", sizeof all - strlen(all) - 1);
		strncat(all, list[k], sizeof all - strlen(all) - 1);
	}
	bad(r, "\"%s\" is no %s; there are%s", word, what, all);
	return 0;
}

static unsigned who(struct reader *r)
{
	static const char *const names[] = { "nobody", "alice", "bob", "both", NULL };
	unsigned i = one_of(r, names, "name");

	if (i == 0)
		bad(r, "it is alice, bob or both");
	return i;
}

struct unit {
	const char *name;
	double factor;
};

static double measure(struct reader *r, const struct unit *units, const char *what)
{
	const char *word = take(r, what);
	char *end;
	double v = strtod(word, &end);

	if (end == word || r->bad) {
		bad(r, "\"%s\" is no %s", word, what);
		return 0;
	}
	for (const struct unit *u = units; u->name; u++)
		if (strcmp(u->name, end) == 0)
			return v * u->factor;
	bad(r, "\"%s\" is no %s: it ends in %s%s%s", word, what, units[0].name,
	    units[1].name ? " or " : "", units[1].name ? units[1].name : "");
	return 0;
}

static taut_time duration(struct reader *r, const char *what)
{
	static const struct unit units[] = { { "ms", 1e3 }, { "s", 1e6 }, { NULL, 0 } };

	return (taut_time)measure(r, units, what);
}

static uint32_t share(struct reader *r)
{
	static const struct unit units[] = { { "%", 10000 }, { NULL, 0 } };

	return (uint32_t)measure(r, units, "share");
}

static int64_t number(struct reader *r, const char *what, int64_t low, int64_t high)
{
	const char *word = take(r, what);
	char *end;

	errno = 0;
	long long v = strtoll(word, &end, 10);
	if (r->bad)
		return low;
	if (errno || end == word || *end || v < low || v > high) {
		bad(r, "\"%s\" is no %s from %lld to %lld", word, what, (long long)low,
		    (long long)high);
		return low;
	}
	return v;
}

/* "3s", "250ms"; "up+2s": after both were connected. */
static struct scenario_moment moment(struct reader *r)
{
	struct scenario_moment m = { 0 };

	if (r->at < r->count && strncmp(peek(r), "up+", 3) == 0) {
		r->words[r->at] += 3;
		m.after_up = true;
	}
	m.at = duration(r, "time");
	return m;
}

/* ---- where they are ---- */

static void read_profile(struct reader *r)
{
	const char *name = take(r, "profile");
	int i = profile_by_name(name);

	if (i < 0 || profiles[i].drawn) {
		bad(r, "\"%s\" is no profile for a scenario", name);
		return;
	}
	r->sc->plan.profile = &profiles[i];
	r->sc->plan.half[0] = r->sc->plan.half[1] = profile_half(&profiles[i].path);
}

/* "ei/apd": mapping and filtering, RFC 4787. */
static void read_rules(struct reader *r, struct world_nat_config *nat)
{
	const char *word = take(r, "mapping/filtering"), *slash = strchr(word, '/');
	char first[16] = "";

	if (slash && (size_t)(slash - word) < sizeof first)
		memcpy(first, word, (size_t)(slash - word));
	int mapping = find(scenario_rules, first);
	int filtering = slash ? find(scenario_rules, slash + 1) : -1;
	if (mapping < 0 || filtering < 0) {
		bad(r, "\"%s\" is no mapping/filtering: each is ei, ad or apd", word);
		return;
	}
	nat->mapping = (enum world_nat_rule)mapping;
	nat->filtering = (enum world_nat_rule)filtering;
}

static void read_peer(struct reader *r)
{
	unsigned w = who(r);
	struct plan_peer p = { .access = (enum access)one_of(r, scenario_access, "access") };

	if (p.access == ACCESS_NAT || p.access == ACCESS_DOUBLE)
		read_rules(r, &p.nat);
	p.nat.blocked = p.access == ACCESS_BLOCKED;
	while (r->at < r->count && !r->bad) {
		if (accept(r, "hairpin"))
			p.nat.hairpin = true;
		else if (accept(r, "timeout"))
			p.nat.timeout = duration(r, "timeout");
		else if (accept(r, "ipv6"))
			p.ipv6 = true;
		else if (accept(r, "two-interfaces"))
			p.two_interfaces = true;
		else if (accept(r, "hidden"))
			p.hides_addresses = true;
		else
			bad(r, "\"%s\" says nothing about a peer", peek(r));
	}
	for (int i = 0; i < 2; i++)
		if (w & 1u << i)
			r->sc->plan.peers[i] = p;
}

/* One end's share of the path, in both directions; what is not named is perfect. */
static struct world_link_config read_link(struct reader *r)
{
	static const struct unit rates[] = { { "kbit", 1e3 }, { "Mbit", 1e6 }, { NULL, 0 } };
	struct world_link_config c = { 0 };

	while (r->at < r->count && !r->bad) {
		if (accept(r, "delay"))
			c.delay = duration(r, "delay");
		else if (accept(r, "jitter"))
			c.jitter = duration(r, "jitter");
		else if (accept(r, "loss"))
			c.loss = share(r);
		else if (accept(r, "duplicate"))
			c.duplicate = share(r);
		else if (accept(r, "corrupt"))
			c.corrupt = share(r);
		else if (accept(r, "rate"))
			c.rate = (uint64_t)measure(r, rates, "rate");
		else if (accept(r, "queue"))
			c.queue = duration(r, "queue");
		else if (accept(r, "mtu"))
			c.mtu = (uint32_t)number(r, "length", 500, 65507);
		else
			bad(r, "\"%s\" says nothing about a link", peek(r));
	}
	return c;
}

static void read_drop(struct reader *r)
{
	struct scenario *sc = r->sc;
	struct scenario_drop d = { .who = who(r) };

	d.kind = one_of(r, scenario_kinds, "kind of packet");
	do {
		char first[24];
		const char *word = take(r, "number"), *dash = strchr(word, '-');
		size_t n = dash ? (size_t)(dash - word) : strlen(word);
		if (r->bad || n >= sizeof first)
			return;
		memcpy(first, word, n);
		first[n] = '\0';
		r->words[--r->at] = first;
		d.from = d.to = (unsigned)number(r, "number", 0, 1000000);
		if (dash) {
			r->words[--r->at] = dash + 1;
			d.to = (unsigned)number(r, "number", d.from, 1000000);
		}
		if (sc->drop_count == SCENARIO_DROPS)
			bad(r, "more than %d drops", SCENARIO_DROPS);
		else
			sc->drops[sc->drop_count++] = d;
	} while (r->at < r->count && !r->bad);
}

static void read_signal(struct reader *r)
{
	r->sc->plan.signal_delay = duration(r, "delay");
	r->sc->plan.signal_jitter = r->at < r->count ? duration(r, "jitter") : 0;
}

/* ---- what they do, and what must hold ---- */

static struct scenario_line *new_line(struct reader *r)
{
	static struct scenario_line nowhere;

	if (r->sc->line_count == SCENARIO_LINES) {
		bad(r, "more than %d steps and claims", SCENARIO_LINES);
		return &nowhere;
	}
	struct scenario_line *l = &r->sc->lines[r->sc->line_count++];
	*l = (struct scenario_line){ .line = r->line };
	return l;
}

static void read_compare(struct reader *r, struct scenario_line *l)
{
	static const char *const signs[] = { "=", ">=", "<=", NULL };
	static const char meaning[] = "=><";

	l->compare = meaning[one_of(r, signs, "comparison")];
	char word[24];
	snprintf(word, sizeof word, "%s", take(r, "number"));
	size_t n = strlen(word);
	if (n > 0 && word[n - 1] == '%') {
		word[n - 1] = '\0';
		l->percent = true;
	}
	if (r->bad)
		return;
	r->words[--r->at] = word;
	l->number = number(r, "number", 0, INT64_C(1) << 40);
	if (l->percent && l->word != COUNT_AUDIO && l->word != COUNT_VIDEO &&
	    l->word != COUNT_MESSAGES)
		bad(r, "only messages, audio and video have a per cent of what was sent");
}

static void read_claim(struct reader *r, struct scenario_line *l)
{
	l->who = who(r);
	if (accept(r, "milestone")) {
		l->what = WAS_MILESTONE;
		l->word = one_of(r, scenario_milestones, "milestone");
		if (!accept(r, "by"))
			bad(r, "a milestone is reached \"by\" a time");
		l->by = moment(r);
	} else if (accept(r, "reason")) {
		const char *word = take(r, "reason");
		uint32_t reason = scenario_reason(word);
		if (reason == UINT32_MAX)
			bad(r, "\"%s\" is no reason", word);
		l->what = IS_REASON;
		l->word = reason;
	} else if (accept(r, "signaling")) {
		l->what = IS_SIGNALING;
		l->word = one_of(r, scenario_signaling, "signaling state");
	} else if (find(scenario_counters, peek(r)) >= 0) {
		l->what = IS_COUNT;
		l->word = one_of(r, scenario_counters, "counter");
		read_compare(r, l);
	} else {
		l->word = one_of(r, scenario_states, "state or counter");
		l->what = accept(r, "by") ? WAS_STATE : IS_STATE;
		if (l->what == WAS_STATE)
			l->by = moment(r);
	}
}

static void read_expect(struct reader *r)
{
	struct scenario_line *l = new_line(r);

	l->at_end = true;
	read_claim(r, l);
}

static void read_never(struct reader *r)
{
	struct scenario_line *l = new_line(r);

	l->at_end = true;
	l->what = NEVER_STATE;
	l->who = who(r);
	l->word = one_of(r, scenario_states, "state");
}

static void read_add(struct reader *r, struct scenario_line *l)
{
	do /* a bit each */
		l->number |= 1 << one_of(r, scenario_media, "kind of media");
	while (r->at < r->count && !r->bad);
}

static void read_direct(struct reader *r, struct scenario_line *l)
{
	l->word = one_of(r, scenario_media, "kind of media");
	l->number = one_of(r, scenario_directions, "direction");
	if (l->word < TAUT_AUDIO || l->word > TAUT_VIDEO)
		bad(r, "only audio and video have a direction");
}

static void read_send(struct reader *r, struct scenario_line *l)
{
	l->number = number(r, "count", 1, 100000);
	l->number2 = number(r, "size", 1, 65536);
}

static void read_sleep(struct reader *r, struct scenario_line *l)
{
	l->number = duration(r, "time");
}

static void read_interface(struct reader *r, struct scenario_line *l)
{
	l->number = number(r, "interface", 0, 3);
	l->word = one_of(r, scenario_interfaces, "state of an interface");
}

static void read_hole(struct reader *r, struct scenario_line *l)
{
	l->word = one_of(r, scenario_holes, "direction of a hole");
}

static void read_wall(struct reader *r, struct scenario_line *l)
{
	l->number = number(r, "number of seconds", -(INT64_C(1) << 40), INT64_C(1) << 40);
}

static void read_flood(struct reader *r, struct scenario_line *l)
{
	l->number = number(r, "count", 1, 10000);
}

static void read_new_link(struct reader *r, struct scenario_line *l)
{
	l->link = read_link(r);
}

static const struct verb {
	const char *name;
	enum scenario_what what;
	void (*read)(struct reader *r, struct scenario_line *l);
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
};

static void read_at(struct reader *r)
{
	struct scenario_line *l = new_line(r);

	l->when = moment(r);
	r->up_seen |= l->when.after_up;
	if (accept(r, "expect")) {
		read_claim(r, l);
		return;
	}
	l->who = who(r);
	const char *name = take(r, "something to do");
	for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
		if (strcmp(verbs[i].name, name) != 0)
			continue;
		l->what = verbs[i].what;
		if (verbs[i].read)
			verbs[i].read(r, l);
		return;
	}
	bad(r, "\"%s\" is nothing that one can do", name);
}

/* ---- the file ---- */

static void read_end(struct reader *r)
{
	r->sc->end = moment(r);
	r->sc->end_line = r->line;
	r->has_end = true;
}

static void read_start(struct reader *r)
{
	r->sc->plan.start = duration(r, "time");
}

static void read_seed(struct reader *r)
{
	r->sc->plan.seed = (uint64_t)number(r, "seed", 0, INT64_MAX);
}

static void read_top_link(struct reader *r)
{
	unsigned w = who(r);
	struct world_link_config c = read_link(r);

	for (int i = 0; i < 2; i++)
		if (w & 1u << i)
			r->sc->plan.half[i] = c;
}

static void read_same_network(struct reader *r)
{
	r->sc->plan.same_net = true;
}

static void read_wraps(struct reader *r)
{
	r->sc->plan.near_wrap = true;
}

static void read_heals(struct reader *r)
{
	r->sc->plan.heals = true;
}

static void read_stun_silent(struct reader *r)
{
	r->sc->plan.stun_silent = true;
}

static const struct statement {
	const char *name;
	void (*read)(struct reader *r);
} statements[] = {
	{ "seed", read_seed },
	{ "profile", read_profile },
	{ "peer", read_peer },
	{ "link", read_top_link },
	{ "same-network", read_same_network },
	{ "signal", read_signal },
	{ "drop", read_drop },
	{ "start", read_start },
	{ "near-wrap", read_wraps },
	{ "heals", read_heals },
	{ "stun-silent", read_stun_silent },
	{ "at", read_at },
	{ "end", read_end },
	{ "expect", read_expect },
	{ "never", read_never },
};

static void read_line(struct reader *r, char *text)
{
	char *rest = text;

	r->count = r->at = 0;
	text[strcspn(text, "#\n\r")] = '\0';
	for (char *word; (word = rest + strspn(rest, " \t"))[0] != '\0';) {
		if (r->count == WORDS) {
			bad(r, "more than %d words", WORDS);
			return;
		}
		r->words[r->count++] = word;
		rest = word + strcspn(word, " \t");
		if (*rest)
			*rest++ = '\0';
	}
	if (r->count == 0)
		return;
	const char *name = take(r, "statement");
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		if (strcmp(statements[i].name, name) != 0)
			continue;
		statements[i].read(r);
		if (r->at < r->count)
			bad(r, "\"%s\" is one word too many", peek(r));
		return;
	}
	bad(r, "\"%s\" begins no statement", name);
}

bool scenario_read(struct scenario *out, const char *path, char error[SCENARIO_ERROR])
{
	struct reader r = { .sc = out, .error = error };
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
			bad(&r, "a line of more than %d characters", LONGEST - 2);
		else
			read_line(&r, text);
	}
	fclose(f);
	if (!r.has_end)
		bad(&r, "no line says when it ends: \"end 20s\"");
	return !r.bad;
}
