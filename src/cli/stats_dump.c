/* stats_dump.c - see stats_dump.h.
 *
 *     { "getUserMedia": [], "UserAgent": "taut ...",
 *       "PeerConnections": { NAME: {
 *         "rtcConfiguration": "", "constraints": "", "url": "", "pid": 0, "rid": 0,
 *         "updateLog": [ { "time": "...", "type": "...", "value": "..." } ],
 *         "stats": { "ID-MEMBER": { "statsType": "outbound-rtp", "startTime": "...", "endTime": "...",
 *                                   "values": "[1,2,3]" } } } } }
 *
 * The values of a series are a text that holds JSON: so it is there. */
#include "cli/stats_dump.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>

#include "cli/cli_text.h"
#include "taut/stats.h"

/* Some 600 series for each of eight peers, which is as many as a room has here. */
enum { MOST_VALUES = 1000, MOST_LOG = 10000, MOST_SERIES = 5000, MOST_CONNECTIONS = 64 };

struct stats_dump {
	json_t *connections;
	size_t series; /* of all connections */
};

struct stats_dump *stats_dump_new(void)
{
	struct stats_dump *d = calloc(1, sizeof *d);

	if (d && !(d->connections = json_object())) {
		free(d);
		return NULL;
	}
	return d;
}

void stats_dump_free(struct stats_dump *d)
{
	if (d)
		json_decref(d->connections);
	free(d);
}

/* "2026-11-27T07:00:00.000Z" */
static json_t *moment(double ms)
{
	const time_t seconds = (time_t)(ms / 1000);
	char text[64];
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm) == 0)
		return json_null();
	return json_sprintf("%s.%03dZ", text, (int)(ms - (double)seconds * 1000));
}

/* NULL: there are too many, or no memory. */
static json_t *of_connection(struct stats_dump *d, const char *name)
{
	json_t *c = json_object_get(d->connections, name);

	if (c || json_object_size(d->connections) == MOST_CONNECTIONS)
		return c;
	c = json_pack("{s:i, s:i, s:s, s:s, s:s, s:[], s:{}}", "pid", (int)getpid(), "rid", 0,
		      "url", "", "rtcConfiguration", "", "constraints", "", "updateLog", "stats");
	json_object_set_new(d->connections, name, c);
	return json_object_get(d->connections, name);
}

/* NULL: the same. */
static json_t *series_of(struct stats_dump *d, json_t *stats, const struct taut_stats *s,
			 const char *member)
{
	char key[256];

	(void)snprintf(key, sizeof key, "%s-%s", s->id, member);
	json_t *series = json_object_get(stats, key);
	if (series || d->series == MOST_SERIES)
		return series;
	series = json_pack("{s:s, s:o, s:[]}", "statsType", s->type, "startTime",
			   moment(s->timestamp), "values");
	d->series += json_object_set_new(stats, key, series) == 0;
	return json_object_get(stats, key);
}

static void add(struct stats_dump *d, json_t *stats, const struct taut_stats *s, const char *member,
		json_t *value)
{
	json_t *series = series_of(d, stats, s, member);
	json_t *values = json_object_get(series, "values");

	if (json_array_size(values) == MOST_VALUES)
		json_array_remove(values, 0);
	json_array_append_new(values, value);
	if (series)
		json_object_set_new(series, "endTime", moment(s->timestamp));
}

/* Whole numbers without a point. */
static json_t *number(double n)
{
	return n == (double)(json_int_t)n ? json_integer((json_int_t)n) : json_real(n);
}

static json_t *value_of(const struct taut_stat *m)
{
	if (m->kind == TAUT_STAT_TEXT)
		return cli_json_text(m->text);
	return m->kind == TAUT_STAT_BOOLEAN ? json_boolean(m->number != 0) : number(m->number);
}

/* A record is one series of objects: the members behind one another whose names begin with the same word and a
 * point. How many of them there are from the first on. */
static size_t add_record(struct stats_dump *d, json_t *stats, const struct taut_stats *s,
			 size_t first, size_t prefix)
{
	const char *const word = s->members[first].name;
	json_t *record = json_object();
	char name[64];
	size_t n = 0;

	for (; first + n < s->member_count; n++) {
		const struct taut_stat *m = &s->members[first + n];
		if (strncmp(m->name, word, prefix + 1) != 0)
			break;
		json_object_set_new(record, m->name + prefix + 1, value_of(m));
	}
	(void)snprintf(name, sizeof name, "%.*s", (int)prefix, word);
	add(d, stats, s, name, record);
	return n;
}

static void add_members(struct stats_dump *d, json_t *stats, const struct taut_stats *s)
{
	for (size_t k = 0; k < s->member_count;) {
		const struct taut_stat *m = &s->members[k];
		const char *point = strchr(m->name, '.');
		if (point) {
			k += add_record(d, stats, s, k, (size_t)(point - m->name));
			continue;
		}
		add(d, stats, s, m->name, value_of(m));
		k++;
	}
}

void stats_dump_add(struct stats_dump *d, const char *name, taut_pc *pc, taut_time now)
{
	const struct taut_stats *all;
	size_t count;

	if (taut_pc_get_stats(pc, now, &all, &count) != TAUT_OK)
		return;
	json_t *stats = json_object_get(of_connection(d, name), "stats");
	for (size_t i = 0; i < count; i++) {
		add(d, stats, &all[i], "timestamp", number(all[i].timestamp));
		add_members(d, stats, &all[i]);
	}
}

void stats_dump_log(struct stats_dump *d, const char *name, int64_t unix_us, const char *type,
		    const char *value)
{
	json_t *log = json_object_get(of_connection(d, name), "updateLog");

	if (json_array_size(log) < MOST_LOG)
		json_array_append_new(log, json_pack("{s:o, s:s, s:o}", "time",
						     moment((double)unix_us / 1e3), "type", type,
						     "value", cli_json_text(value)));
}

/* The values of each series become a text. */
static json_t *as_written(const json_t *connections)
{
	json_t *all = json_deep_copy(connections), *connection, *series;
	const char *name, *key;

	json_object_foreach(all, name, connection)
	{
		json_object_foreach(json_object_get(connection, "stats"), key, series)
		{
			char *text = json_dumps(json_object_get(series, "values"), JSON_COMPACT);
			json_object_set_new(series, "values", json_string(text ? text : "[]"));
			free(text);
		}
	}
	return all;
}

bool stats_dump_write(const struct stats_dump *d, const char *path)
{
	json_t *all = json_pack("{s:[], s:o, s:s}", "getUserMedia", "PeerConnections",
				as_written(d->connections), "UserAgent", "taut");
	const bool ok = all && json_dump_file(all, path, JSON_INDENT(1)) == 0;

	json_decref(all);
	return ok;
}
