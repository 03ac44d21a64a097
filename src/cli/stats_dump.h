/* stats_dump.h - reports of connections over time, as chrome://webrtc-internals writes them down.
 *
 * Each member of each object is a series of values, one for each report, so that what reads dumps of
 * Chromium reads these. */
#ifndef TAUT_CLI_STATS_DUMP_H
#define TAUT_CLI_STATS_DUMP_H

#include <stdbool.h>

#include "taut/taut.h"

struct stats_dump;

/* NULL: no memory. */
struct stats_dump *stats_dump_new(void);
void stats_dump_free(struct stats_dump *d); /* NULL is fine */
/* A report of pc at now; name says which connection. Of a series the last 1,000 values are kept; series
 * and connections beyond what any call has are left out. */
void stats_dump_add(struct stats_dump *d, const char *name, taut_pc *pc, taut_time now);
/* Something that happened to it, at that many microseconds since 1970. */
void stats_dump_log(struct stats_dump *d, const char *name, int64_t unix_us, const char *type,
		    const char *value);
/* False: the file could not be written; errno says why. */
bool stats_dump_write(const struct stats_dump *d, const char *path);

#endif
