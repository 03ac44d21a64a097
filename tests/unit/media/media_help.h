/* media_help.h - what the media tests share: files that go away again, and scaling. */
#ifndef TAUT_TESTS_MEDIA_HELP_H
#define TAUT_TESTS_MEDIA_HELP_H

#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "media/media_image.h"
#include "taut/media.h"

/* cmocka's takes floats. */
#define assert_near(is, should, by) assert_true((is) >= (should) - (by) && (is) <= (should) + (by))

struct place {
	char dir[200], path[256];
};

/* A fresh directory for one test. */
static inline void place_make(struct place *p)
{
	const char *tmp = getenv("TMPDIR");

	(void)snprintf(p->dir, sizeof p->dir, "%s/taut-media-XXXXXX", tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(p->dir));
}

static inline const char *place_at(struct place *p, const char *file)
{
	(void)snprintf(p->path, sizeof p->path, "%s/%s", p->dir, file);
	return p->path;
}

static inline void place_drop(struct place *p)
{
	static const char *const files[] = { "video.ivf", "audio.ogg", "audio.wav", "snapshot.png",
					     "a.ivf",     "a.wav",     "a.y4m",     "a.ogg",
					     "a.txt",     "a.png" };

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		(void)remove(place_at(p, files[i]));
	assert_int_equal(rmdir(p->dir), 0);
}

static inline void write_file(const char *path, const void *data, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* The whole file in a buffer of just its size. */
static inline uint8_t *read_whole(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");

	assert_non_null(f);
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	*len = (size_t)ftell(f);
	assert_int_equal(fseek(f, 0, SEEK_SET), 0);
	uint8_t *p = malloc(*len + !*len);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, *len, f), *len);
	(void)fclose(f);
	return p;
}

/* Luma by the mean of two by two neighbours: as blurred as a careless scaler makes it. */
static inline void scale_luma(const struct taut_image *from, struct taut_image *to)
{
	for (uint32_t y = 0; y < to->height; y++)
		for (uint32_t x = 0; x < to->width; x++) {
			double fx = (x + 0.5) * from->width / to->width - 0.5;
			double fy = (y + 0.5) * from->height / to->height - 0.5;
			uint32_t x0 = fx > 0 ? (uint32_t)fx : 0, y0 = fy > 0 ? (uint32_t)fy : 0;
			uint32_t x1 = x0 + 1 < from->width ? x0 + 1 : x0;
			uint32_t y1 = y0 + 1 < from->height ? y0 + 1 : y0;
			const uint8_t *p = from->planes[0];
			size_t s = from->strides[0];

			to->planes[0][y * to->strides[0] + x] =
				(uint8_t)((p[y0 * s + x0] + p[y0 * s + x1] + p[y1 * s + x0] +
					   p[y1 * s + x1] + 2) /
					  4);
		}
}

#endif
