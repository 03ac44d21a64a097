/* trace_write.c - sinks that write lines: for people, and as JSON (RFC 8259) for programs.
 *
 *     12.345 ice   pair nominated              local=192.0.2.1:4000 rtt_us=412
 *     12.400 dtls  drop: unknown record type   len=40
 *     12.411 stun  -> Binding request USERNAME=a:b PRIORITY=1 ... (100 octets to 192.0.2.9:5000)
 *
 * A sink is older than any environment, so it takes its memory from the C library. Payload is
 * explained and never printed. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "trace/trace_line.h"

struct writer {
	struct taut_trace_sink sink; /* first: what was handed out is this */
	taut_trace_write write;
	void *ctx;
	bool begun;
	taut_time first;
};

static bool is_packet(const struct taut_trace_record *r)
{
	return r->kind == TAUT_TRACE_PACKET_IN || r->kind == TAUT_TRACE_PACKET_OUT;
}

static void add_fields_text(struct tt_line *l, const struct taut_trace_record *r)
{
	char addr[TT_ADDR_TEXT];

	for (size_t i = 0; i < r->field_count; i++) {
		const struct taut_trace_field *f = &r->fields[i];

		tt_line_add(l, " %s=", f->key);
		if (f->text) {
			const bool words = f->text[0] == '\0' || strchr(f->text, ' ');
			tt_line_add(l, "%s", words ? "\"" : "");
			tt_line_add_foreign(l, f->text, strlen(f->text));
			tt_line_add(l, "%s", words ? "\"" : "");
		} else if (f->addr) {
			tt_line_add(l, "%s", tt_addr_text(f->addr, addr));
		} else {
			tt_line_add(l, "%" PRId64, f->number);
		}
	}
}

static void add_packet_text(struct tt_line *l, const struct taut_trace_record *r)
{
	const bool out = r->kind == TAUT_TRACE_PACKET_OUT;
	char addr[TT_ADDR_TEXT];

	tt_line_add(l, "%s ", out ? "->" : "<-");
	tt_explain(l, r->layer, r->data, r->len);
	tt_line_add(l, " (%zu octets", r->len);
	if (r->remote)
		tt_line_add(l, " %s %s", out ? "to" : "from", tt_addr_text(r->remote, addr));
	tt_line_add(l, ")");
}

static void write_line(struct writer *w, struct tt_line *l)
{
	if (l->len == sizeof l->text - 1)
		l->len--; /* the ceiling: the line break goes in the last place */
	l->text[l->len++] = '\n';
	w->write(w->ctx, l->text, l->len);
}

static taut_time since_first(struct writer *w, taut_time at)
{
	if (!w->begun) {
		w->begun = true;
		w->first = at;
	}
	return at - w->first;
}

static void record_text(void *ctx, const struct taut_trace_record *r)
{
	struct writer *w = ctx;
	struct tt_line l = { 0 };
	const taut_time t = since_first(w, r->at);

	tt_line_add(&l, "%8" PRId64 ".%03d %-5s ", t / 1000, (int)(t % 1000),
		    tt_trace_layer_name(r->layer));
	if (is_packet(r))
		add_packet_text(&l, r);
	else
		tt_line_add(&l, "%s%s", r->kind == TAUT_TRACE_DROP ? "drop: " : "", r->name);
	add_fields_text(&l, r);
	write_line(w, &l);
}

static void add_addr_json(struct tt_line *l, const char *key, const struct taut_addr *a)
{
	char text[TT_ADDR_TEXT];

	if (a)
		tt_line_add(l, ",\"%s\":\"%s\"", key, tt_addr_text(a, text));
}

static void add_fields_json(struct tt_line *l, const struct taut_trace_record *r)
{
	char addr[TT_ADDR_TEXT];

	tt_line_add(l, ",\"fields\":{");
	for (size_t i = 0; i < r->field_count; i++) {
		const struct taut_trace_field *f = &r->fields[i];

		if (l->len > sizeof l->text - 300)
			break; /* whole fields or none: a line is always JSON */
		tt_line_add(l, "%s", i > 0 ? "," : "");
		tt_line_add_json(l, f->key);
		tt_line_add(l, ":");
		if (f->text) {
			struct tt_line value = { 0 };
			tt_line_add(&value, "%.200s", f->text);
			if (l->len + 6 * value.len + 20 > sizeof l->text)
				value.text[0] = '\0';
			tt_line_add_json(l, value.text);
		} else if (f->addr) {
			tt_line_add(l, "\"%s\"", tt_addr_text(f->addr, addr));
		} else {
			tt_line_add(l, "%" PRId64, f->number);
		}
	}
	tt_line_add(l, "}");
}

static void record_json(void *ctx, const struct taut_trace_record *r)
{
	static const char *const kinds[] = { "?", "note", "drop", "in", "out" };
	struct writer *w = ctx;
	struct tt_line l = { 0 };

	tt_line_add(&l, "{\"us\":%" PRId64 ",\"kind\":\"%s\",\"layer\":\"%s\",\"name\":",
		    since_first(w, r->at), kinds[r->kind <= TAUT_TRACE_PACKET_OUT ? r->kind : 0],
		    tt_trace_layer_name(r->layer));
	tt_line_add_json(&l, r->name ? r->name : "");
	if (r->kind == TAUT_TRACE_DROP)
		tt_line_add(&l, ",\"reason\":%" PRIu32, r->reason);
	if (is_packet(r)) {
		struct tt_line words = { 0 };

		tt_explain(&words, r->layer, r->data, r->len);
		words.text[words.len < 200 ? words.len : 200] =
			'\0'; /* six times that fits, escaped */
		tt_line_add(&l, ",\"len\":%zu,\"packet\":", r->len);
		tt_line_add_json(&l, words.text);
		add_addr_json(&l, "local", r->local);
		add_addr_json(&l, "remote", r->remote);
	}
	if (r->field_count > 0)
		add_fields_json(&l, r);
	tt_line_add(&l, "}");
	write_line(w, &l);
}

static int make(struct taut_trace_sink **out, taut_trace_write write, void *ctx,
		void (*record)(void *ctx, const struct taut_trace_record *r))
{
	struct writer *w = calloc(1, sizeof *w);

	*out = NULL;
	if (!w)
		return TAUT_E_NOMEM;
	w->sink = (struct taut_trace_sink){ .size = sizeof w->sink, .ctx = w, .record = record };
	w->write = write;
	w->ctx = ctx;
	*out = &w->sink;
	return TAUT_OK;
}

int taut_trace_text_new(struct taut_trace_sink **out, taut_trace_write write, void *ctx)
{
	return make(out, write, ctx, record_text);
}

int taut_trace_json_new(struct taut_trace_sink **out, taut_trace_write write, void *ctx)
{
	return make(out, write, ctx, record_json);
}

void taut_trace_free(struct taut_trace_sink *sink)
{
	if (sink)
		free(sink->ctx);
}
