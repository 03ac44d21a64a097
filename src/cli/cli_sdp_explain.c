/* cli_sdp_explain.c - taut sdp explain: each line, and below it what it means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/cli_colour.h"
#include "cli/cli_sdp.h"
#include "cli/cli_text.h"
#include "cli/sdp_json.h"

struct page {
	const struct cli_sdp_file *f;
	uint32_t line; /* told last */
	unsigned lines, unknown, wrong;
};

static const char *colour(enum cli_colour c)
{
	return cli_colour(stdout, c);
}

static void put_text(const char *text)
{
	cli_put_text(stdout, text, strlen(text));
}

/* The line itself; of a password or a key, what it is and no more. */
static void put_line(const struct tt_sdp_told *t)
{
	printf("%s", colour(CLI_BOLD));
	if (t->secret) {
		put_text(t->kind);
		printf(strcmp(t->kind, "k=") == 0 ? "..." : ":...");
	} else {
		cli_put_text(stdout, t->text, t->len);
	}
	printf("%s\n", colour(CLI_PLAIN));
}

static void put_meaning(const struct tt_sdp_told *t)
{
	if (!t->kind[0])
		return;
	printf("    %s%s", t->known ? "" : colour(CLI_ODD), t->known ? "" : "unknown: ");
	put_text(t->words);
	if (t->value[0])
		printf(": ");
	put_text(t->value);
	printf("%s", colour(CLI_PLAIN));
	if (t->spec[0])
		printf("  %s[%s%s%s]%s", colour(CLI_DIM), t->spec, t->value_spec[0] ? "; " : "",
		       t->value_spec, colour(CLI_PLAIN));
	putchar('\n');
	if (t->remark)
		printf("    %s%s%s\n", colour(CLI_ODD), t->remark, colour(CLI_PLAIN));
}

static void put_error(const struct page *p, const struct taut_error *e, bool secret)
{
	if (!secret)
		cli_sdp_place(stdout, p->f, e, 0);
	printf("    %swrong: %s: found ", colour(CLI_WRONG), e->message);
	put_text(secret ? "what is not shown" : e->found);
	printf(", expected %s%s  %s[%s]%s\n", e->expected, colour(CLI_PLAIN), colour(CLI_DIM),
	       e->spec, colour(CLI_PLAIN));
}

static void tell_words(void *ctx, const struct tt_sdp_told *t)
{
	struct page *p = ctx;

	p->lines += t->line != p->line;
	p->unknown += !t->error && !t->known;
	p->wrong += t->error != NULL;
	if (t->line != p->line) {
		if (t->kind[0] == 'm')
			putchar('\n');
		if (!t->error || t->secret)
			put_line(t);
	}
	if (t->error)
		put_error(p, t->error, t->secret);
	if (t->line != p->line)
		put_meaning(t);
	p->line = t->line;
}

static json_t *text_of(const struct tt_sdp_told *t)
{
	char *copy = t->secret ? NULL : strndup(t->text, t->len);
	json_t *o = cli_json_text(copy);

	free(copy);
	return o;
}

static void tell_json(void *ctx, const struct tt_sdp_told *t)
{
	struct page *p = ctx;
	json_t *o =
		json_pack("{s:i, s:i, s:o, s:o, s:b, s:s, s:o}", "line", (int)t->line, "section",
			  (int)t->section, "text", text_of(t), "kind", cli_json_text(t->kind),
			  "known", t->known, "meaning", t->words, "value", cli_json_text(t->value));

	if (t->spec[0])
		json_object_set_new(o, "spec", json_string(t->spec));
	if (t->value_spec[0])
		json_object_set_new(o, "value_spec", json_string(t->value_spec));
	if (t->remark)
		json_object_set_new(o, "remark", json_string(t->remark));
	if (t->error)
		json_object_set_new(
			o, "error",
			json_pack("{s:i, s:s, s:o, s:s, s:s}", "column", (int)t->error->column,
				  "message", t->error->message, "found",
				  t->secret ? json_null() : cli_json_text(t->error->found),
				  "expected", t->error->expected, "spec", t->error->spec));
	p->wrong += t->error != NULL;
	cli_put_json(stdout, o);
}

int cli_sdp_explain(const struct cli_sdp_file *f, bool json)
{
	struct page p = { .f = f };
	struct tt_sdp_error e;
	struct tt_env env;

	tt_env_init(&env, NULL);
	const int code =
		tt_sdp_explain(&env, f->text, f->len, &e, json ? tell_json : tell_words, &p);
	if (code != 0 && code != TAUT_E_SYNTAX) {
		cli_sdp_error(f, &e.err, json);
		return CLI_FAILED;
	}
	if (!json)
		printf("\n%u lines, %u unknown, %u wrong\n", p.lines, p.unknown, p.wrong);
	return code == 0 ? CLI_OK : CLI_FAILED;
}
