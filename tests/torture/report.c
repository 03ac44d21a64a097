/* report.c - JSON lines for tools/torture.py. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "torture.h"

enum { LOG_MOST = 1 << 17 };

static int out = -1, logged = -1;

void torture_report_init(const char *path)
{
	char name[4096];

	snprintf(name, sizeof name, "%s.log", path);
	out = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	logged = open(name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
	if (out < 0 || logged < 0)
		abort();
}

int torture_report_log(void)
{
	if (ftruncate(logged, 0) != 0)
		abort();
	return logged;
}

static void put_text(FILE *f, const char *text, size_t len)
{
	fputc('"', f);
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];
		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 32 || c > 126)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputc('"', f);
}

/* One write a line: several processes append to the file. */
static void put_line(FILE *f, char **text, size_t *len)
{
	fclose(f);
	if (write(out, *text, *len) != (ssize_t)*len)
		abort();
	free(*text);
}

void torture_report_test(long index, const char *name, const struct torture_tally *t, bool reruns)
{
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f, "{\"test\": ");
	put_text(f, name, strlen(name));
	fprintf(f,
		", \"index\": %ld, \"points\": %ld, \"own\": %ld, \"chosen\": %ld, \"injected\": "
		"%ld, "
		"\"clean\": %ld, \"refused\": %ld, \"findings\": %ld, \"reran\": %ld, \"missed\": %ld, "
		"\"reruns\": %s}\n",
		index, t->points, t->own, t->chosen, t->injected, t->clean, t->refused, t->findings,
		t->reran, t->missed, reruns ? "true" : "false");
	put_line(f, &text, &len);
}

static void put_stack(FILE *f, const struct torture_stack *s)
{
	char name[300];

	fprintf(f, ", \"stack\": [");
	for (size_t i = 0; i < s->count; i++) {
		torture_name(s->pc[i], name, sizeof name);
		fprintf(f, i > 0 ? ", " : "");
		put_text(f, name, strlen(name));
	}
	fprintf(f, "]");
}

void torture_report_finding(const char *kind, long index, const char *test, long n, int status)
{
	static char said[LOG_MOST];
	const ssize_t had = pread(logged, said, sizeof said, 0);
	char *text;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fprintf(f,
		"{\"finding\": \"%s\", \"index\": %ld, \"n\": %ld, \"mode\": %d, \"cut\": %s, "
		"\"variant\": %u, \"error\": \"%s\", \"call\": \"%s\", \"status\": %d, \"test\": ",
		kind, index, n, (int)torture.mode, had == sizeof said ? "true" : "false",
		torture.variant,
		torture.error > 0   ? strerrorname_np(torture.error)
		: torture.error < 0 ? "short"
				    : "",
		torture.call ? torture.call : "", status);
	put_text(f, test, strlen(test));
	put_stack(f, &torture.stack);
	fprintf(f, ", \"said\": ");
	put_text(f, said, had > 0 ? (size_t)had : 0);
	fprintf(f, "}\n");
	put_line(f, &text, &len);
}
