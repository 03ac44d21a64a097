/* rtp_support.h - vectors as JSON, hex, and blocks of exactly their size. */
#ifndef TAUT_TEST_RTP_SUPPORT_H
#define TAUT_TEST_RTP_SUPPORT_H

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/env.h"

static inline uint8_t rtp_nibble(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
}

/* In a block of exactly its size, so that the sanitizer sees one byte too many. */
static inline uint8_t *rtp_unhex(const char *hex, size_t *len)
{
	*len = strlen(hex) / 2;
	uint8_t *p = malloc(*len ? *len : 1);

	for (size_t i = 0; i < *len; i++)
		p[i] = (uint8_t)(rtp_nibble(hex[2 * i]) << 4 | rtp_nibble(hex[2 * i + 1]));
	return p;
}

static inline bool rtp_hex_is(const char *hex, const uint8_t *p, size_t len)
{
	size_t n;
	uint8_t *want = rtp_unhex(hex, &n);
	bool same = n == len && memcmp(want, p, n) == 0;

	free(want);
	return same;
}

static inline json_t *rtp_vectors(const char *name)
{
	char path[512];

	snprintf(path, sizeof path, "%s/tests/vectors/%s.json", TAUT_SOURCE_DIR, name);
	json_t *root = json_load_file(path, 0, NULL);

	assert_non_null(root);
	return root;
}

static inline const char *rtp_text(const json_t *o, const char *key)
{
	const char *t = json_string_value(json_object_get(o, key));

	return t ? t : "";
}

static inline json_int_t rtp_int(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

/* Calls take with every prefix of p, and with every byte of it changed in each bit and to 0 and ff. */
static inline void rtp_sweep(const uint8_t *p, size_t len, void (*take)(const uint8_t *, size_t))
{
	for (size_t n = 0; n <= len; n++) {
		uint8_t *cut = malloc(n ? n : 1);

		if (n > 0)
			memcpy(cut, p, n);
		take(cut, n);
		free(cut);
	}
	uint8_t *flip = malloc(len ? len : 1);

	for (size_t i = 0; i < len; i++) {
		for (unsigned bit = 0; bit < 10; bit++) {
			memcpy(flip, p, len);
			flip[i] = (uint8_t)(bit < 8 ? p[i] ^ 1u << bit : bit == 8 ? 0u : 0xffu);
			take(flip, len);
		}
	}
	free(flip);
}

#endif
