/* told.c - see told.h. */
#include "told.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct told told;

static const char *const types[] = { NULL, "offer", "answer", "rollback", "pranswer" };
const char *const told_states[7] = { NULL,           "new",    "connecting", "connected",
				     "disconnected", "failed", "closed" };

void told_say(json_t *o)
{
	char *line = json_dumps(o, JSON_COMPACT);

	puts(line);
	fflush(stdout);
	free(line);
	json_decref(o);
}

taut_time told_now(void)
{
	return taut_loop_now(told.loop);
}

const char *told_text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

int64_t told_number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

uint32_t told_place(const char *const *words, size_t count, const char *word)
{
	for (uint32_t i = 1; word && i < count; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return 0;
}

static uint32_t type_of(const json_t *in)
{
	return told_place(types, sizeof types / sizeof types[0], told_text(in, "type"));
}

static int do_local(const json_t *in, json_t *out)
{
	uint32_t type = type_of(in);
	const int err = taut_pc_set_local_description(told.pc, told_now(), type, NULL, 0);
	const char *sdp = err ? NULL : taut_pc_local_description(told.pc, &type);

	if (sdp) {
		json_object_set_new(out, "type", json_string(types[type]));
		json_object_set_new(out, "sdp", json_string(sdp));
	}
	return err;
}

/* The local description as it stands by now, and whether all candidates are in it. */
static int do_described(const json_t *in, json_t *out)
{
	uint32_t type = 0;
	const char *sdp = taut_pc_local_description(told.pc, &type);

	(void)in;
	json_object_set_new(out, "gathered", json_boolean(told.gathered));
	json_object_set_new(out, "type", sdp ? json_string(types[type]) : json_null());
	json_object_set_new(out, "sdp", sdp ? json_string(sdp) : json_null());
	return TAUT_OK;
}

static int do_remote(const json_t *in, json_t *out)
{
	const char *sdp = told_text(in, "sdp");

	(void)out;
	return taut_pc_set_remote_description(told.pc, told_now(), type_of(in), sdp,
					      sdp ? strlen(sdp) : 0);
}

static int do_restart(const json_t *in, json_t *out)
{
	(void)in, (void)out;
	return taut_pc_restart_ice(told.pc, told_now());
}

static const struct told_word common[] = {
	{ "local", do_local },
	{ "described", do_described },
	{ "remote", do_remote },
	{ "restart", do_restart },
};

static const struct told_word *word(const struct told_word *words, size_t count, const char *name)
{
	for (size_t i = 0; name && i < count; i++)
		if (strcmp(words[i].name, name) == 0)
			return &words[i];
	return NULL;
}

static void obey(void *line)
{
	json_t *in = json_loads(line, 0, NULL), *out = json_object();
	const char *what = told_text(in, "do");
	const struct told_word *w = word(told.words, told.word_count, what);

	if (!w)
		w = word(common, sizeof common / sizeof common[0], what);
	const int err = w ? w->run(in, out) : TAUT_E_INVAL;
	json_object_set(out, "id", json_object_get(in, "id"));
	if (err) {
		const struct taut_error *e = taut_pc_error(told.pc);
		json_object_set_new(out, "error",
				    json_string(!w           ? "no such command"
						: e->message ? e->message
							     : "refused"));
		json_object_set_new(out, "name",
				    json_string(w && e->dom_name ? e->dom_name : "TypeError"));
		json_object_set_new(out, "code", json_integer(err));
	}
	told_say(out);
	json_decref(in);
	free(line);
}

static void stop(void *loop)
{
	taut_loop_stop(loop);
}

static void *read_lines(void *loop)
{
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, stdin) > 0)
		taut_loop_post(loop, obey, strdup(line));
	free(line);
	taut_loop_post(loop, stop, loop);
	return NULL;
}

bool told_open(const struct taut_config *cfg, taut_event_handler handler)
{
	const struct taut_loop_config lc = { .size = sizeof lc };

	return taut_loop_new(&told.loop, &lc) == TAUT_OK &&
	       taut_pc_new(&told.pc, taut_loop_env(told.loop), cfg, told_now()) == TAUT_OK &&
	       taut_loop_add(told.loop, told.pc, handler, NULL) == TAUT_OK;
}

int told_run(void)
{
	pthread_t reader;

	if (pthread_create(&reader, NULL, read_lines, told.loop))
		return 1;
	taut_loop_run(told.loop);
	pthread_join(reader, NULL);
	taut_loop_free(told.loop);
	return 0;
}
