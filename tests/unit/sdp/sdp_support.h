/* sdp_support.h - what the tests of src/sdp share: files, and a round trip that must hold. */
#ifndef SDP_SUPPORT_H
#define SDP_SUPPORT_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sdp/sdp.h"

#define MINIMAL "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"

/* All of a file, or NULL; free(). */
static inline char *sdp_load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");

	if (!f)
		return NULL;
	(void)fseek(f, 0, SEEK_END);
	const long size = ftell(f);
	rewind(f);
	char *text = malloc(size > 0 ? (size_t)size : 1);
	*len = text && size > 0 ? fread(text, 1, (size_t)size, f) : 0;
	(void)fclose(f);
	return text;
}

/* Reads it out of a buffer of exactly its size; where it can be read, writes it, reads that and
 * compares. The code of the first reading. */
static inline int sdp_round_trip(struct tt_env *env, const char *text, size_t len,
                                 struct tt_sdp_error *err)
{
	struct tt_sdp *first, *second;
	const char *difference = NULL;
	char *exact = malloc(len ? len : 1), *written;
	size_t n;

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, text, len);
	const int code = tt_sdp_read(&first, env, exact, len, err);
	free(exact);
	if (code != 0) {
		assert_null(first);
		return code;
	}
	assert_int_equal(tt_sdp_write(first, env, &written, &n), 0);
	struct tt_sdp_error again;
	if (tt_sdp_read(&second, env, written, n, &again) != 0)
		fail_msg("%u:%u %s, found %s in\n%s", (unsigned)again.err.line,
		         (unsigned)again.err.column, again.err.message, again.err.found, written);
	if (!tt_sdp_equal(first, second, &difference))
		fail_msg("%s differs in\n%s", difference, written);
	tt_free(env, written);
	tt_sdp_free(first);
	tt_sdp_free(second);
	return 0;
}

/* Calls visit for each file below a folder of descriptions. The number of files, -1: no folder. */
static inline int sdp_each_file(const char *folder, const char *suffix,
                                void (*visit)(const char *path, const char *text, size_t len, int nth))
{
	struct dirent **entries;
	int count = 0;
	const int n = scandir(folder, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char path[4096];
		size_t len;
		const char *name = entries[i]->d_name;
		const size_t a = strlen(name), b = strlen(suffix);
		(void)snprintf(path, sizeof path, "%s/%s", folder, name);
		char *text = name[0] == '.' || a < b || strcmp(name + a - b, suffix) != 0
		                     ? NULL
		                     : sdp_load(path, &len);
		if (text)
			visit(path, text, len, count++);
		free(text);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return n < 0 ? -1 : count;
}

/* A description to fill. */
static inline struct tt_sdp *sdp_made(struct tt_env *env)
{
	struct tt_sdp *sdp = tt_sdp_new(env);

	assert_non_null(sdp);
	return sdp;
}

#endif
