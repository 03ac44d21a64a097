/* media_y4m.h - YUV4MPEG2: a line about the pictures, then each after a line "FRAME".
 *
 * 4:2:0 with 8 bit, progressive. Where the chroma samples lie (420jpeg, 420mpeg2,
 * 420paldv) makes no difference to us. */
#ifndef TAUT_MEDIA_Y4M_H
#define TAUT_MEDIA_Y4M_H

#include "media/media_file.h"

struct tt_y4m_reader {
	struct tt_file file;
	uint32_t width, height, rate, scale; /* rate / scale pictures per second */
	uint64_t first;
};

int tt_y4m_open(struct tt_y4m_reader *r, const char *name, struct taut_media_error *error);
void tt_y4m_close(struct tt_y4m_reader *r);
/* Into image, which tt_image_make made of the file's size. 1, 0 at the end, negative: broken. */
int tt_y4m_next(struct tt_y4m_reader *r, struct taut_image *image, struct taut_media_error *error);
bool tt_y4m_rewind(struct tt_y4m_reader *r);

struct tt_y4m_writer {
	FILE *stream;
	uint32_t width, height;
};

bool tt_y4m_create(struct tt_y4m_writer *w, const char *name, uint32_t width, uint32_t height,
		   uint32_t rate, uint32_t scale);
bool tt_y4m_write(struct tt_y4m_writer *w, const struct taut_image *image);
bool tt_y4m_finish(struct tt_y4m_writer *w);

#endif
