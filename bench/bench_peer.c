/* bench_peer.c - other stacks, each a program of its own that plays both ends.
 *
 * What a peer's program says, one line at a time, and is told:
 *
 *     NAME --cases      {"subject": "Pion", "version": "3.1.56"}
 *                       {"bench": "rtp", "profile": "1,200 B, GCM", "burst": 16}
 *                       {"bench": "rtp", "profile": "...", "left_out": "it sends no RTP"}
 *     NAME rtp "1,200 B, GCM" 16
 *                       {"ready": true}, or {"left_out": "..."} and the end
 *     run 5000          {"packets": 5008, "bytes": ..., "cpu_us": ..., "wall_us": ..., "lost": 0,
 *                        "rss_kb": ..., "whole": false, "more": {"p99_ms": 3}}
 *
 * CPU is that of the whole process, by its own getrusage, as here. It finds the offer and the check
 * that everybody reads in its environment: BENCH_OFFER (text), BENCH_CHECK (hex), BENCH_PASSWORD. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "bench.h"

enum { PEERS_MAX = 16, CASES = 128, LINE = 8192 };
enum { ANSWER_MS = 120000, END_MS = 3000 };

static struct program {
	char path[4096], subject[64];
} programs[PEERS_MAX];

static struct said {
	struct bench_case c;
	struct program *program;
	char *bench, *profile;
	char *left_out; /* NULL: it can run */
} cases[CASES];
static size_t program_count, case_count;

/* ---- one running program ---- */

struct child {
	pid_t pid;
	int to, from;
	size_t have;
	char line[LINE], why[256];
};

static bool start(struct child *p, const char *path, char *const argv[])
{
	int in[2], out[2];

	if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
		return false;
	p->to = in[1];
	p->from = out[0];
	p->have = 0;
	p->pid = fork();
	if (p->pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)dup2(in[0], STDIN_FILENO);
		(void)dup2(out[1], STDOUT_FILENO);
		(void)execv(path, argv);
		_exit(127);
	}
	close(in[0]);
	close(out[1]);
	return p->pid > 0;
}

/* The next line of JSON; what libraries write between is not ours. NULL: none came in time. */
static json_t *hear(struct child *p)
{
	for (;;) {
		char *end = memchr(p->line, '\n', p->have);
		if (end) {
			json_t *o = json_loadb(p->line, (size_t)(end - p->line), 0, NULL);
			p->have -= (size_t)(end + 1 - p->line);
			memmove(p->line, end + 1, p->have);
			if (o)
				return o;
			continue;
		}
		struct pollfd f = { .fd = p->from, .events = POLLIN };
		if (p->have == sizeof p->line || poll(&f, 1, ANSWER_MS) != 1)
			return NULL;
		const ssize_t n = read(p->from, p->line + p->have, sizeof p->line - p->have);
		if (n <= 0)
			return NULL;
		p->have += (size_t)n;
	}
}

/* It ends when its input does; one that does not is ended. */
static void end(struct child *p)
{
	close(p->to);
	struct pollfd f = { .fd = p->from, .events = POLLIN };
	char rest[256];
	while (poll(&f, 1, END_MS) == 1 && read(p->from, rest, sizeof rest) > 0)
		;
	close(p->from);
	(void)kill(p->pid, SIGKILL);
	(void)waitpid(p->pid, NULL, 0);
}

/* ---- a case ---- */

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static char *kept(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		abort();
	return copy;
}

void *bench_peer_open(const struct bench_case *c, const char **why)
{
	struct said *s = &cases[c->arg];
	struct child *p = calloc(1, sizeof *p);
	char burst[16];

	if (!p)
		abort();
	(void)snprintf(burst, sizeof burst, "%u", c->burst);
	char *const argv[] = { s->program->path, s->bench, s->profile, burst, NULL };
	*why = s->left_out ? s->left_out : "its program does not start";
	if (s->left_out || !start(p, s->program->path, argv)) {
		free(p);
		return NULL;
	}
	json_t *o = hear(p);
	if (json_is_true(json_object_get(o, "ready"))) {
		json_decref(o);
		return p;
	}
	*why = "its program said nothing";
	if (*text(o, "left_out"))
		*why = s->left_out = kept(text(o, "left_out"));
	json_decref(o);
	end(p);
	free(p);
	return NULL;
}

static void take_more(const json_t *o, struct bench_sample *out)
{
	const char *key;
	json_t *value;
	size_t n = 0;

	json_object_foreach((json_t *)json_object_get(o, "more"), key, value)
	{
		if (n == BENCH_MORE)
			break;
		(void)snprintf(out->more[n].name, BENCH_NAME, "%s", key);
		out->more[n++].value = json_number_value(value);
	}
}

static void peer_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct child *p = me;

	(void)dprintf(p->to, "run %llu\n", (unsigned long long)packets);
	json_t *o = hear(p);
	if (!o || number(o, "packets") < 1) {
		(void)snprintf(p->why, sizeof p->why, "gave up: %s",
			       o ? text(o, "left_out") : "no answer");
		*out = (struct bench_sample){ .gave_up = p->why };
		json_decref(o);
		return;
	}
	*out = (struct bench_sample){ .packets = (uint64_t)number(o, "packets"),
				      .bytes = (uint64_t)number(o, "bytes"),
				      .cpu_us = number(o, "cpu_us"),
				      .wall_us = number(o, "wall_us"),
				      .lost = number(o, "lost"),
				      .whole = json_is_true(json_object_get(o, "whole")),
				      .rss_kb = (long)number(o, "rss_kb"),
				      .uncounted = true };
	take_more(o, out);
	json_decref(o);
}

static void peer_close(void *me)
{
	end(me);
	free(me);
}

/* ---- what there is ---- */

static void take_case(struct program *program, const json_t *o)
{
	struct said *s = &cases[case_count];

	if (case_count == CASES)
		abort();
	s->program = program;
	s->bench = kept(text(o, "bench"));
	s->profile = kept(text(o, "profile"));
	s->left_out = *text(o, "left_out") ? kept(text(o, "left_out")) : NULL;
	s->c = (struct bench_case){ .subject = program->subject,
				    .bench = s->bench,
				    .profile = s->profile,
				    .burst = (unsigned)number(o, "burst"),
				    .bypasses =
					    *text(o, "bypasses") ? kept(text(o, "bypasses")) : NULL,
				    .open = bench_peer_open,
				    .run = peer_run,
				    .close = peer_close,
				    .arg = (long)case_count };
	case_count++;
}

static void tell_version(const json_t *o, const struct bench_options *opt)
{
	if (!opt->json)
		printf("%s %s\n", text(o, "subject"), text(o, "version"));
	else {
		json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
		putchar('\n');
	}
}

static void ask(struct program *program, const struct bench_options *opt)
{
	char list[] = "--cases";
	char *const argv[] = { program->path, list, NULL };
	struct child p;

	if (!start(&p, program->path, argv))
		abort();
	for (json_t *o; (o = hear(&p)) != NULL; json_decref(o)) {
		if (*text(o, "subject")) {
			(void)snprintf(program->subject, sizeof program->subject, "%s",
				       text(o, "subject"));
			tell_version(o, opt);
		} else
			take_case(program, o);
	}
	end(&p);
	if (!*program->subject)
		(void)fprintf(stderr, "taut bench: %s left out: it does not start\n",
			      program->path);
}

static void share_inputs(void)
{
	uint8_t check[BENCH_CHECK_ROOM];
	char hex[2 * BENCH_CHECK_ROOM + 1];
	const size_t len = bench_check(check);

	for (size_t i = 0; i < len; i++)
		(void)snprintf(hex + 2 * i, 3, "%02x", check[i]);
	(void)setenv("BENCH_CHECK", hex, 1);
	(void)setenv("BENCH_PASSWORD", bench_check_password, 1);
	(void)setenv("BENCH_OFFER", bench_offer_text(), 1);
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

void bench_peers_find(const char *folder, const struct bench_options *o)
{
	struct dirent **found = NULL;
	const int n = scandir(folder, &found, visible, alphasort);

	(void)signal(SIGPIPE, SIG_IGN);
	share_inputs();
	if (n <= 0)
		(void)fprintf(stderr, "taut bench: no peers in %s: %s\n", folder,
			      n < 0 ? strerror(errno) : "it is empty");
	for (int i = 0; i < n; i++) {
		struct program *p = &programs[program_count];
		if (program_count == PEERS_MAX)
			abort();
		(void)snprintf(p->path, sizeof p->path, "%s/%s", folder, found[i]->d_name);
		if (access(p->path, X_OK) == 0) {
			program_count++;
			ask(p, o);
		}
		free(found[i]);
	}
	free((void *)found);
	(void)fflush(stdout);
}

const struct bench *bench_with_peers(const struct bench *b)
{
	static struct bench all;
	static struct bench_case c[2 * CASES];

	if (b->count > CASES)
		abort();
	all = *b;
	all.cases = c;
	memcpy(c, b->cases, b->count * sizeof *c);
	for (size_t i = 0; i < case_count; i++)
		if (strcmp(cases[i].c.bench, b->name) == 0)
			c[all.count++] = cases[i].c;
	return &all;
}
