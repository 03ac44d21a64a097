/* media_util.h - what the files of this layer share: errors with a text, configurations.
 *
 * Memory here is the C library's: the codecs take theirs there too, and workers may
 * run on threads of their own, where a taut_env must not be touched. */
#ifndef TAUT_MEDIA_UTIL_H
#define TAUT_MEDIA_UTIL_H

#include "taut/media.h"

/* Returns code, with the text in error unless that is NULL. */
__attribute__((format(printf, 3, 4))) int tt_media_fail(struct taut_media_error *error, int code,
							const char *format, ...);

/* Copies a caller's struct, which begins with its size, over the zeroed one of to_size bytes.
 * TAUT_E_UNSUPPORTED: it is longer than what is known here, and the rest is not zero. */
int tt_media_config(void *to, size_t to_size, const void *from);

/* Copies ours of from_size bytes to a caller's, as much as its size says; the rest of that is zeroed.
 * TAUT_E_INVAL: it has no size. */
int tt_media_give(void *to, const void *from, size_t from_size);

#endif
