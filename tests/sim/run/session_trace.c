/* session_trace.c - the trace of a session, and the search for secrets in it. */
#include <stdlib.h>
#include <string.h>

#include "run/session_int.h"

static bool holds(const uint8_t *in, size_t len, const uint8_t *what, size_t n)
{
	const uint8_t *end = in + len;

	while (n > 0 && (size_t)(end - in) >= n) {
		const uint8_t *at = memchr(in, what[0], (size_t)(end - in) - n + 1);
		if (!at)
			return false;
		if (memcmp(at, what, n) == 0)
			return true;
		in = at + 1;
	}
	return false;
}

static void keep(struct session *s, const void *data, size_t len)
{
	if (s->traced.len + len > s->traced.cap) {
		s->traced.cap = 2 * (s->traced.cap + len);
		s->traced.text = realloc(s->traced.text, s->traced.cap);
		if (!s->traced.text)
			abort();
	}
	memcpy(s->traced.text + s->traced.len, data, len);
	s->traced.len += len;
}

static void on_line(void *ctx, const char *text, size_t len)
{
	struct session *s = ctx;

	keep(s, text, len);
	if (s->options->write_trace)
		s->options->write_trace(s->options->ctx, text, len);
}

static void on_record(void *ctx, const struct taut_trace_record *r)
{
	const struct side *a = ctx;
	struct session *s = a->s;

	for (size_t i = 0; i < r->field_count; i++)
		if (r->fields[i].text)
			keep(s, r->fields[i].text, strlen(r->fields[i].text) + 1);
	if (r->data)
		keep(s, r->data, r->len);
	if (r->data && s->options->packet)
		s->options->packet(s->options->ctx, a->index, r);
	s->text->record(s->text->ctx, r);
}

void session_trace_begin(struct session *s)
{
	s->tracing = !s->options->untraced;
	if (s->tracing && taut_trace_text_new(&s->text, on_line, s) != TAUT_OK)
		abort();
}

struct taut_trace_sink session_trace_sink(struct side *a)
{
	return (struct taut_trace_sink){ .size = sizeof a->sink, .ctx = a, .record = on_record };
}

/* Only now is every secret known: one that was traced when it was made is found as well. */
void session_trace_end(struct session *s)
{
	for (size_t i = 0; i < s->secret_count; i++)
		if (s->traced.len > 0 && holds((const uint8_t *)s->traced.text, s->traced.len,
					       s->secrets[i].data, s->secrets[i].len))
			world_fail(s->world, "a secret stands in the trace: %s",
				   s->secrets[i].what);
	free(s->traced.text);
	taut_trace_free(s->text);
}

void session_secret(struct session *s, const char *what, const void *data, size_t len)
{
	for (size_t i = 0; i < s->secret_count; i++)
		if (s->secrets[i].len == len && memcmp(s->secrets[i].data, data, len) == 0)
			return;
	if (s->secret_count == SECRETS || len > SECRET_CAP) {
		world_fail(s->world, "more secrets than there is room for");
		return;
	}
	s->secrets[s->secret_count].what = what;
	s->secrets[s->secret_count].len = len;
	memcpy(s->secrets[s->secret_count++].data, data, len);
}
