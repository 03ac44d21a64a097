/* cli_sdp_diff.c - taut sdp diff: an offer and its answer, and what came out of it.
 *
 * RFC 3264, and the offer/answer section of each attribute. What is found is one of five things:
 * agreed; narrowed, for less than was offered; refused; added, which nobody offered and which does
 * no harm; and wrong, which an answer must not say. Sections are compared in cli_sdp_section.c. */
#include <stdarg.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_colour.h"
#include "cli/cli_sdp.h"
#include "cli/cli_sdp_found.h"
#include "cli/cli_text.h"

static const struct {
	const char *word;
	enum cli_colour colour;
} verdicts[] = {
	[CLI_SDP_AGREED] = { "agreed", CLI_GOOD },  [CLI_SDP_NARROWED] = { "narrowed", CLI_ODD },
	[CLI_SDP_REFUSED] = { "refused", CLI_ODD }, [CLI_SDP_ADDED] = { "added", CLI_ODD },
	[CLI_SDP_WRONG] = { "wrong", CLI_WRONG },
};

static void put_json(const struct cli_sdp_found *f, enum cli_sdp_verdict v, const char *topic,
		     const char *spec, const char *text)
{
	json_t *o = json_pack("{s:i, s:s, s:s, s:o, s:s}", "section", (int)f->section, "verdict",
			      verdicts[v].word, "topic", topic, "text", cli_json_text(text), "spec",
			      spec);

	if (f->section > 0)
		json_object_set_new(o, "mid", cli_json_text(f->offer->media[f->section - 1]->mid));
	cli_put_json(stdout, o);
}

void cli_sdp_found(struct cli_sdp_found *f, enum cli_sdp_verdict v, const char *topic,
		   const char *spec, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	f->count[v]++;
	if (f->json) {
		put_json(f, v, topic, spec, text);
		return;
	}
	printf("  %s%-8s%s  %s: ", cli_colour(stdout, verdicts[v].colour), verdicts[v].word,
	       cli_colour(stdout, CLI_PLAIN), topic);
	cli_put_text(stdout, text, strlen(text));
	printf("  %s[%s]%s\n", cli_colour(stdout, CLI_DIM), spec, cli_colour(stdout, CLI_PLAIN));
}

static void heading(const struct cli_sdp_found *f)
{
	const struct tt_sdp_media *m = f->section > 0 ? f->offer->media[f->section - 1] : NULL;

	if (f->json)
		return;
	printf("%s%s%s", f->section > 0 ? "\n" : "", cli_colour(stdout, CLI_BOLD),
	       m ? "section " : "the session");
	if (m) {
		printf("%zu: ", f->section);
		cli_put_text(stdout, m->kind_text, strlen(m->kind_text));
		printf(m->mid ? ", mid " : ", no mid");
		cli_put_text(stdout, m->mid ? m->mid : "", strlen(m->mid ? m->mid : ""));
	}
	printf("%s\n", cli_colour(stdout, CLI_PLAIN));
}

/* ---- the session ---- */

static void compare_bundle(struct cli_sdp_found *f)
{
	static const char spec[] = "RFC 9143 section 7.3";
	const struct tt_sdp_group *offered = tt_sdp_group_of(f->offer, "BUNDLE", NULL);
	const struct tt_sdp_group *answered = tt_sdp_group_of(f->answer, "BUNDLE", NULL);

	for (size_t i = 0; offered && i < offered->mid_count; i++) {
		const char *mid = offered->mids[i];
		if (tt_sdp_group_of(f->answer, "BUNDLE", mid))
			cli_sdp_found(f, CLI_SDP_AGREED, "bundle", spec,
				      "mid %s is on the one transport", mid);
		else
			cli_sdp_found(f, CLI_SDP_REFUSED, "bundle", spec,
				      "mid %s: the answer's group does not have it", mid);
	}
	for (size_t i = 0; answered && i < answered->mid_count; i++)
		if (!tt_sdp_group_of(f->offer, "BUNDLE", answered->mids[i]))
			cli_sdp_found(f, CLI_SDP_WRONG, "bundle", spec,
				      "mid %s: the offer's group does not have it",
				      answered->mids[i]);
}

static bool trickles(const struct tt_sdp *sdp)
{
	const struct tt_sdp_media *first = sdp->media_count > 0 ? sdp->media[0] : NULL;

	return tt_sdp_has_token(tt_sdp_ice_options(sdp, first), "trickle");
}

static void compare_ice(struct cli_sdp_found *f)
{
	static const char spec[] = "RFC 8445 section 6.1.1";
	const bool lite = f->offer->ice_lite, answer_lite = f->answer->ice_lite;

	if (!lite || answer_lite)
		cli_sdp_found(
			f, CLI_SDP_AGREED, "ICE", spec,
			answer_lite && !lite
				? "the offerer controls; the answerer is lite and only answers"
				: "the offerer controls: it chooses the pair");
	else
		cli_sdp_found(f, CLI_SDP_AGREED, "ICE", spec,
			      "the answerer controls, because the offerer is lite");
	if (trickles(f->offer))
		cli_sdp_found(f, trickles(f->answer) ? CLI_SDP_AGREED : CLI_SDP_REFUSED, "trickle",
			      "RFC 8840 section 4.1.3",
			      trickles(f->answer)
				      ? "candidates may come one by one"
				      : "the answer does not say a=ice-options:trickle");
}

static void compare_session(struct cli_sdp_found *f)
{
	if (f->offer->media_count != f->answer->media_count)
		cli_sdp_found(f, CLI_SDP_WRONG, "sections", "RFC 3264 section 6",
			      "%zu were offered, %zu are answered; an answer has them all",
			      f->offer->media_count, f->answer->media_count);
	compare_bundle(f);
	compare_ice(f);
}

static void compare(struct cli_sdp_found *f)
{
	heading(f);
	compare_session(f);
	const size_t both = f->offer->media_count < f->answer->media_count ? f->offer->media_count
									   : f->answer->media_count;
	for (size_t i = 0; i < both; i++) {
		f->section = i + 1;
		heading(f);
		cli_sdp_section(f, f->offer->media[i], f->answer->media[i]);
	}
	if (!f->json)
		printf("\n%u agreed, %u narrowed, %u refused, %u added, %u wrong\n",
		       f->count[CLI_SDP_AGREED], f->count[CLI_SDP_NARROWED],
		       f->count[CLI_SDP_REFUSED], f->count[CLI_SDP_ADDED], f->count[CLI_SDP_WRONG]);
}

int cli_sdp_diff(const struct cli_sdp_file *offer, const struct cli_sdp_file *answer, bool json)
{
	struct tt_env env;

	tt_env_init(&env, NULL);
	struct tt_sdp *o = cli_sdp_read(offer, &env, json), *a = cli_sdp_read(answer, &env, json);
	struct cli_sdp_found f = { .offer = o, .answer = a, .json = json };
	if (o && a)
		compare(&f);
	tt_sdp_free(o);
	tt_sdp_free(a);
	return o && a && f.count[CLI_SDP_WRONG] == 0 ? CLI_OK : CLI_FAILED;
}
