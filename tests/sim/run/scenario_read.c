/* scenario_read.c - from a text file to a struct scenario, or to a line that says what is wrong.
 *
 * One statement a line, words between blanks, # begins a comment. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run/scenario_text.h"

enum { LONGEST = 256, MS = 1000 };

/* ---- where they are ---- */

static void read_profile(struct words *r)
{
	const char *name = words_take(r, "profile");
	int i = profile_by_name(name);

	if (i < 0 || profiles[i].drawn) {
		words_bad(r, "\"%s\" is no profile for a scenario", name);
		return;
	}
	r->sc->plan.profile = &profiles[i];
	r->sc->plan.half[0] = r->sc->plan.half[1] = profile_half(&profiles[i].path);
}

/* "ei/apd": mapping and filtering, RFC 4787. */
static void read_rules(struct words *r, struct world_nat_config *nat)
{
	const char *word = words_take(r, "mapping/filtering"), *slash = strchr(word, '/');
	char first[16] = "";

	if (slash && (size_t)(slash - word) < sizeof first)
		memcpy(first, word, (size_t)(slash - word));
	int mapping = words_find(scenario_rules, first);
	int filtering = slash ? words_find(scenario_rules, slash + 1) : -1;
	if (mapping < 0 || filtering < 0) {
		words_bad(r, "\"%s\" is no mapping/filtering: each is ei, ad or apd", word);
		return;
	}
	nat->mapping = (enum world_nat_rule)mapping;
	nat->filtering = (enum world_nat_rule)filtering;
}

static void read_peer(struct words *r)
{
	unsigned w = words_who(r);
	struct plan_peer p = { .access = (enum access)words_one_of(r, scenario_access, "access") };

	if (p.access == ACCESS_NAT || p.access == ACCESS_DOUBLE)
		read_rules(r, &p.nat);
	p.nat.blocked = p.access == ACCESS_BLOCKED;
	while (r->at < r->count && !r->bad) {
		if (words_accept(r, "hairpin"))
			p.nat.hairpin = true;
		else if (words_accept(r, "timeout"))
			p.nat.timeout = words_duration(r, "timeout");
		else if (words_accept(r, "ipv6"))
			p.ipv6 = true;
		else if (words_accept(r, "two-interfaces"))
			p.two_interfaces = true;
		else if (words_accept(r, "hidden"))
			p.hides_addresses = true;
		else
			words_bad(r, "\"%s\" says nothing about a peer", words_peek(r));
	}
	for (int i = 0; i < 2; i++)
		if (w & 1u << i)
			r->sc->plan.peers[i] = p;
}

/* One end's share of the path, in both directions; what is not named is perfect. */
static struct world_link_config read_link(struct words *r)
{
	static const struct words_unit rates[] = { { "kbit", 1e3 }, { "Mbit", 1e6 }, { NULL, 0 } };
	struct world_link_config c = { 0 };

	while (r->at < r->count && !r->bad) {
		if (words_accept(r, "delay"))
			c.delay = words_duration(r, "delay");
		else if (words_accept(r, "jitter"))
			c.jitter = words_duration(r, "jitter");
		else if (words_accept(r, "loss"))
			c.loss = words_share(r);
		else if (words_accept(r, "duplicate"))
			c.duplicate = words_share(r);
		else if (words_accept(r, "corrupt"))
			c.corrupt = words_share(r);
		else if (words_accept(r, "rate"))
			c.rate = (uint64_t)words_measure(r, rates, "rate");
		else if (words_accept(r, "queue"))
			c.queue = words_duration(r, "queue");
		else if (words_accept(r, "mtu"))
			c.mtu = (uint32_t)words_number(r, "length", 500, 65507);
		else
			words_bad(r, "\"%s\" says nothing about a link", words_peek(r));
	}
	return c;
}

static void read_drop(struct words *r)
{
	struct scenario *sc = r->sc;
	struct scenario_drop d = { .who = words_who(r) };

	d.kind = words_one_of(r, scenario_kinds, "kind of packet");
	do {
		char first[24];
		const char *word = words_take(r, "number"), *dash = strchr(word, '-');
		size_t n = dash ? (size_t)(dash - word) : strlen(word);
		if (r->bad || n >= sizeof first)
			return;
		memcpy(first, word, n);
		first[n] = '\0';
		r->words[--r->at] = first;
		d.from = d.to = (unsigned)words_number(r, "number", 0, 1000000);
		if (dash) {
			r->words[--r->at] = dash + 1;
			d.to = (unsigned)words_number(r, "number", d.from, 1000000);
		}
		if (sc->drop_count == SCENARIO_DROPS)
			words_bad(r, "more than %d drops", SCENARIO_DROPS);
		else
			sc->drops[sc->drop_count++] = d;
	} while (r->at < r->count && !r->bad);
}

static void read_signal(struct words *r)
{
	r->sc->plan.signal_delay = words_duration(r, "delay");
	r->sc->plan.signal_jitter = r->at < r->count ? words_duration(r, "jitter") : 0;
}

/* ---- what they do, and what must hold ---- */

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

static void read_expect(struct words *r)
{
	struct scenario_line *l = new_line(r);

	l->at_end = true;
	read_claim(r, l);
}

static void read_never(struct words *r)
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
	l->link = read_link(r);
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
};

static void read_at(struct words *r)
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

/* ---- the file ---- */

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

static void read_top_link(struct words *r)
{
	unsigned w = words_who(r);
	struct world_link_config c = read_link(r);

	for (int i = 0; i < 2; i++)
		if (w & 1u << i)
			r->sc->plan.half[i] = c;
}

static void read_same_network(struct words *r)
{
	r->sc->plan.same_net = true;
}

static void read_wraps(struct words *r)
{
	r->sc->plan.near_wrap = true;
}

static void read_heals(struct words *r)
{
	r->sc->plan.heals = true;
}

static void read_stun_silent(struct words *r)
{
	r->sc->plan.stun_silent = true;
}

static void read_dns(struct words *r)
{
	r->sc->plan.dns = true;
	r->sc->plan.dns_fault =
		(enum world_dns_fault)words_one_of(r, scenario_dns, "kind of DNS server");
}

static const struct statement {
	const char *name;
	void (*read)(struct words *r);
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
	{ "dns", read_dns },
	{ "at", read_at },
	{ "end", read_end },
	{ "expect", read_expect },
	{ "never", read_never },
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
	if (!r.has_end)
		words_bad(&r, "no line says when it ends: \"end 20s\"");
	return !r.bad;
}
