/* runtime.h - what long-running commands share: a loop with a trace, and Ctrl-C. */
#ifndef TAUT_CLI_RUNTIME_H
#define TAUT_CLI_RUNTIME_H

#include <stdbool.h>
#include <stdio.h>

#include "taut/loop.h"
#include "taut/trace.h"

struct runtime {
	taut_loop *loop;
	struct taut_trace_sink *trace;
	FILE *trace_file;
	void (*interrupted)(void *user);
	void *user;
	taut_timer watch;
};

/* tls_trust: as in taut_loop_config. */
struct runtime_config {
	uint32_t loop_flags;
	const char *tls_trust;
};

/* trace: a file, "-" for stderr, or NULL. False: said on stderr. */
bool runtime_open(struct runtime *r, const char *trace, const struct runtime_config *cfg);
/* The same, with a sink of the caller's, which must outlive it; NULL: none. */
bool runtime_open_with(struct runtime *r, struct taut_trace_sink *sink,
		       const struct runtime_config *cfg);
/* SIGINT and SIGTERM: once calls interrupted from the top of the loop, twice ends the process. */
void runtime_catch_signals(struct runtime *r, void (*interrupted)(void *user), void *user);
void runtime_close(struct runtime *r);

#endif
