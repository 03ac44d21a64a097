/* media_ivf.h - IVF, the plain container of libvpx: VP8 frames with their times.
 *
 *     0  "DKIF"  version 0 (16)  header length (16)
 *     8  "VP80"  width (16)  height (16)
 *     16 rate (32)  scale (32)     a timestamp counts scale / rate seconds
 *     24 number of frames (32)     unused (32)
 *     then for each frame: length (32), timestamp (64), the frame
 *
 * All of it little-endian. The number of frames is not believed: it is 0 in files
 * whose writer was killed. */
#ifndef TAUT_MEDIA_IVF_H
#define TAUT_MEDIA_IVF_H

#include "media/media_file.h"

struct tt_ivf_frame {
	const uint8_t *data; /* the reader's, until the next but one */
	size_t len;
	taut_time at; /* from the file's zero, never before the frame before */
};

struct tt_ivf_reader {
	struct tt_file file;
	uint32_t width, height, rate, scale;
	uint64_t first;     /* offset of the first frame */
	taut_time last;     /* of the last frame read */
	taut_time interval; /* one tick; the length of the last frame */
	uint8_t *buf[2];    /* in turns */
	size_t cap[2];
	unsigned turn;
};

int tt_ivf_open(struct tt_ivf_reader *r, const char *name, struct taut_media_error *error);
void tt_ivf_close(struct tt_ivf_reader *r);
/* 1: a frame; 0: the end; negative: broken here. */
int tt_ivf_next(struct tt_ivf_reader *r, struct tt_ivf_frame *out, struct taut_media_error *error);
bool tt_ivf_rewind(struct tt_ivf_reader *r);

struct tt_ivf_writer {
	FILE *stream;
	uint32_t frames, width, height;
};

/* Times are written in units of 1 / 90,000 s. */
bool tt_ivf_create(struct tt_ivf_writer *w, const char *name);
/* The first frame gives the file its width and height. */
bool tt_ivf_write(struct tt_ivf_writer *w, const void *data, size_t len, uint64_t timestamp,
		  uint32_t width, uint32_t height);
bool tt_ivf_finish(struct tt_ivf_writer *w); /* false: the file is not whole */

#endif
