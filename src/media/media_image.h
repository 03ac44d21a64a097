/* media_image.h - pictures that own their planes. */
#ifndef TAUT_MEDIA_IMAGE_H
#define TAUT_MEDIA_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "taut/media.h"

#define TT_IMAGE_MAX_SIDE   4096
#define TT_IMAGE_MAX_PIXELS 16777216

/* One block of memory for the three planes, with no gaps; false: none left, or too large. */
bool tt_image_make(struct taut_image *image, uint32_t width, uint32_t height);
void tt_image_drop(struct taut_image *image);
size_t tt_image_bytes(uint32_t width, uint32_t height); /* of the three planes */
/* Makes to as large as from, if it is not yet. */
bool tt_image_copy(struct taut_image *to, const struct taut_image *from);

#endif
