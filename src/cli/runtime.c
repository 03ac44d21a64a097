/* runtime.c - see runtime.h. */
#include "cli/runtime.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WATCH_EVERY = 50000 };

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	if (++signals > 1)
		_exit(130);
}

static void write_trace(void *ctx, const char *text, size_t len)
{
	fwrite(text, 1, len, ctx);
}

static void catch_signals(void)
{
	struct sigaction a = { .sa_handler = on_signal };

	signals = 0;
	sigaction(SIGINT, &a, NULL);
	sigaction(SIGTERM, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static bool open_loop(struct runtime *r, struct taut_trace_sink *sink,
		      const struct runtime_config *cfg)
{
	struct taut_env_config env = { .size = sizeof env, .trace = sink };
	struct taut_loop_config loop = { .size = sizeof loop,
					 .flags = cfg->loop_flags,
					 .env = &env,
					 .tls_trust = cfg->tls_trust };

	if (taut_loop_new(&r->loop, &loop) == TAUT_OK)
		return true;
	fprintf(stderr, "taut: the event loop cannot be made\n");
	runtime_close(r);
	return false;
}

bool runtime_open_with(struct runtime *r, struct taut_trace_sink *sink,
		       const struct runtime_config *cfg)
{
	*r = (struct runtime){ 0 };
	catch_signals(); /* from now on an interruption ends in a summary */
	return open_loop(r, sink, cfg);
}

bool runtime_open(struct runtime *r, const char *trace, const struct runtime_config *cfg)
{
	*r = (struct runtime){ 0 };
	catch_signals();
	if (trace) {
		r->trace_file = strcmp(trace, "-") == 0 ? stderr : fopen(trace, "w");
		if (!r->trace_file) {
			fprintf(stderr, "taut: the trace cannot be written to %s: %s\n", trace,
				strerror(errno));
			return false;
		}
		if (taut_trace_text_new(&r->trace, write_trace, r->trace_file) != TAUT_OK) {
			fprintf(stderr, "taut: out of memory\n");
			runtime_close(r);
			return false;
		}
	}
	return open_loop(r, r->trace, cfg);
}

static void watch(void *arg)
{
	struct runtime *r = arg;

	r->watch = 0;
	/* A reader that has gone away ends it, too. */
	if (signals > 0 || ferror(stdout))
		r->interrupted(r->user);
	else
		r->watch = taut_loop_after(r->loop, WATCH_EVERY, watch, r);
}

void runtime_catch_signals(struct runtime *r, void (*interrupted)(void *user), void *user)
{
	r->interrupted = interrupted;
	r->user = user;
	watch(r);
}

void runtime_close(struct runtime *r)
{
	if (r->watch)
		taut_loop_cancel(r->loop, r->watch);
	taut_loop_free(r->loop);
	taut_trace_free(r->trace);
	if (r->trace_file && r->trace_file != stderr)
		fclose(r->trace_file);
}
