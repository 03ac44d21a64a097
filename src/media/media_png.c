/* media_png.c - a picture as a PNG file.
 *
 *     signature | IHDR | IDAT ... IDAT | IEND
 *     chunk:  length | type | data | CRC-32 of type and data
 *     row:    filter 1 (Sub: less the pixel before) | red green blue ...
 *
 * One row at a time through zlib's deflate; reading is not done here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "media/media_image.h"
#include "media/media_util.h"

enum { SUB = 1, PIXEL = 3, CHUNK = 16384 };

struct png {
	FILE *stream;
	z_stream z;
	uint8_t out[CHUNK]; /* of one IDAT */
	uint8_t row[];      /* the filter, and width pixels */
};

static uint8_t clip(int v)
{
	return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void put_u32(uint8_t *out, uint32_t v)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(v >> (24 - 8 * i));
}

static bool put_chunk(struct png *p, const char *type, const uint8_t *data, size_t len)
{
	uint8_t head[8], crc[4];

	put_u32(head, (uint32_t)len);
	memcpy(head + 4, type, 4);
	put_u32(crc, (uint32_t)crc32(crc32(0, head + 4, 4), data, (uInt)len));
	return fwrite(head, 1, sizeof head, p->stream) == sizeof head &&
	       fwrite(data, 1, len, p->stream) == len &&
	       fwrite(crc, 1, sizeof crc, p->stream) == sizeof crc;
}

static bool put_header(struct png *p, const struct taut_image *image)
{
	static const uint8_t signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	uint8_t header[13] = { [8] = 8, [9] = 2 }; /* 8 bits each of red, green and blue */

	put_u32(header, image->width);
	put_u32(header + 4, image->height);
	return fwrite(signature, 1, sizeof signature, p->stream) == sizeof signature &&
	       put_chunk(p, "IHDR", header, sizeof header);
}

static bool put_data(struct png *p)
{
	if (!put_chunk(p, "IDAT", p->out, CHUNK - p->z.avail_out))
		return false;
	p->z.next_out = p->out;
	p->z.avail_out = CHUNK;
	return true;
}

/* BT.601, limited range, in 1/256. */
static void make_row(const struct taut_image *image, uint32_t y, uint8_t *out)
{
	const uint8_t *luma = image->planes[0] + (size_t)y * image->strides[0];
	const uint8_t *cb = image->planes[1] + (size_t)(y / 2) * image->strides[1];
	const uint8_t *cr = image->planes[2] + (size_t)(y / 2) * image->strides[2];
	uint8_t before[PIXEL] = { 0 };

	*out++ = SUB;
	for (uint32_t x = 0; x < image->width; x++) {
		const int c = 298 * (luma[x] - 16) + 128, d = cb[x / 2] - 128, e = cr[x / 2] - 128;
		const uint8_t pixel[PIXEL] = { clip((c + 409 * e) / 256),
					       clip((c - 100 * d - 208 * e) / 256),
					       clip((c + 516 * d) / 256) };

		for (int i = 0; i < PIXEL; i++)
			*out++ = (uint8_t)(pixel[i] - before[i]);
		memcpy(before, pixel, sizeof before);
	}
}

static bool put_rows(struct png *p, const struct taut_image *image)
{
	p->z.next_out = p->out;
	p->z.avail_out = CHUNK;
	for (uint32_t y = 0; y < image->height; y++) {
		make_row(image, y, p->row);
		p->z.next_in = p->row;
		p->z.avail_in = (uInt)(1 + (size_t)image->width * PIXEL);
		while (p->z.avail_in > 0)
			if ((p->z.avail_out == 0 && !put_data(p)) ||
			    deflate(&p->z, Z_NO_FLUSH) != Z_OK)
				return false;
	}
	for (int done = Z_OK; done != Z_STREAM_END;) {
		done = p->z.avail_out > 0 || put_data(p) ? deflate(&p->z, Z_FINISH) : Z_ERRNO;
		if (done != Z_OK && done != Z_STREAM_END)
			return false;
	}
	return put_data(p) && put_chunk(p, "IEND", p->row, 0);
}

/* Under another name first, so that whoever reads the old picture meanwhile has a whole one. */
static int write_file(struct png *p, const struct taut_image *image, const char *path,
		      struct taut_media_error *error)
{
	char other[4096];
	const int n = snprintf(other, sizeof other, "%s.part", path);

	if (n < 0 || (size_t)n >= sizeof other)
		return tt_media_fail(error, TAUT_E_INVAL, "the name of the file is too long");
	p->stream = fopen(other, "wb");
	bool written = p->stream && put_header(p, image) && put_rows(p, image);
	int why = errno;
	if (p->stream && fclose(p->stream) != 0 && written)
		written = false, why = errno;
	if (written && rename(other, path) == 0)
		return TAUT_OK;
	why = written ? errno : why;
	(void)remove(other);
	return tt_media_fail(error, TAUT_E_IO, "%s: cannot be written: %s", path, strerror(why));
}

int taut_image_write_png(const struct taut_image *image, const char *path,
			 struct taut_media_error *error)
{
	if (!image || !image->planes[0] || !path || image->width - 1 >= TT_IMAGE_MAX_SIDE ||
	    image->height - 1 >= TT_IMAGE_MAX_SIDE)
		return tt_media_fail(error, TAUT_E_INVAL, "no picture, or no name for it");
	struct png *p = calloc(1, sizeof *p + 1 + (size_t)image->width * PIXEL);
	if (!p || deflateInit(&p->z, Z_DEFAULT_COMPRESSION) != Z_OK) {
		free(p);
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", path);
	}
	const int rc = write_file(p, image, path, error);
	(void)deflateEnd(&p->z);
	free(p);
	return rc;
}
