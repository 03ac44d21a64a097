/* media_image.c - pictures: memory, comparison. */
#include "media/media_image.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t tt_image_bytes(uint32_t width, uint32_t height)
{
	size_t chroma = (size_t)((width + 1) / 2) * ((height + 1) / 2);

	return (size_t)width * height + 2 * chroma;
}

bool tt_image_make(struct taut_image *image, uint32_t width, uint32_t height)
{
	*image = (struct taut_image){ .size = sizeof *image };
	if (width == 0 || height == 0 || width > TT_IMAGE_MAX_SIDE || height > TT_IMAGE_MAX_SIDE)
		return false;
	uint8_t *p = calloc(1, tt_image_bytes(width, height));

	if (!p)
		return false;
	image->width = width;
	image->height = height;
	image->strides[0] = width;
	image->strides[1] = image->strides[2] = (width + 1) / 2;
	image->planes[0] = p;
	image->planes[1] = p + (size_t)width * height;
	image->planes[2] = image->planes[1] + (size_t)image->strides[1] * ((height + 1) / 2);
	return true;
}

void tt_image_drop(struct taut_image *image)
{
	free(image->planes[0]);
	*image = (struct taut_image){ 0 };
}

bool tt_image_copy(struct taut_image *to, const struct taut_image *from)
{
	if (to->width != from->width || to->height != from->height) {
		struct taut_image fresh;

		if (!tt_image_make(&fresh, from->width, from->height))
			return false;
		tt_image_drop(to);
		*to = fresh;
	}
	for (int p = 0; p < 3; p++) {
		uint32_t rows = p == 0 ? from->height : (from->height + 1) / 2;
		uint32_t len = p == 0 ? from->width : (from->width + 1) / 2;

		for (uint32_t y = 0; y < rows; y++)
			memcpy(to->planes[p] + (size_t)y * to->strides[p],
			       from->planes[p] + (size_t)y * from->strides[p], len);
	}
	to->at = from->at;
	return true;
}

double taut_image_psnr(const struct taut_image *a, const struct taut_image *b)
{
	double sum = 0;

	if (a->width != b->width || a->height != b->height || a->width == 0)
		return 0;
	for (uint32_t y = 0; y < a->height; y++) {
		const uint8_t *p = a->planes[0] + (size_t)y * a->strides[0];
		const uint8_t *q = b->planes[0] + (size_t)y * b->strides[0];

		for (uint32_t x = 0; x < a->width; x++)
			sum += (double)((p[x] - q[x]) * (p[x] - q[x]));
	}
	if (sum <= 0)
		return 99;
	return fmin(99, 10 * log10(255.0 * 255.0 * a->width * a->height / sum));
}
