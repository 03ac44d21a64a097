/* media_ivf.c - IVF read and written. */
#include "media/media_ivf.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

#define HEADER       32
#define FRAME_HEADER 12
#define MAX_FRAME    (16u << 20)
#define MAX_STEP     10000000 /* a longer pause between two frames is a broken timestamp */

static int read_header(struct tt_ivf_reader *r, struct taut_media_error *error)
{
	uint8_t head[HEADER];

	if (!tt_file_read(&r->file, head, sizeof head))
		return tt_file_broken(&r->file, error, "too short for an IVF header");
	struct rd rd = rd_make(head, sizeof head);
	const uint8_t *magic = rd_take(&rd, 4);
	uint16_t version = rd_le16(&rd), len = rd_le16(&rd);
	const uint8_t *codec = rd_take(&rd, 4);
	r->width = rd_le16(&rd);
	r->height = rd_le16(&rd);
	r->rate = rd_le32(&rd);
	r->scale = rd_le32(&rd);
	r->file.offset = 0; /* where the errors below are */
	if (memcmp(magic, "DKIF", 4) != 0 || version != 0)
		return tt_file_broken(&r->file, error, "no IVF header");
	if (memcmp(codec, "VP80", 4) != 0)
		return tt_media_fail(error, TAUT_E_UNSUPPORTED,
				     "%s: at byte 8: the codec is not VP8 (VP80)", r->file.name);
	if (r->width == 0 || r->height == 0)
		return tt_file_broken(&r->file, error, "a picture of %u x %u", r->width, r->height);
	if (r->rate == 0 || r->scale == 0 || r->rate > 1000000000 || r->scale > 1000000 ||
	    r->scale / r->rate > 10)
		return tt_file_broken(&r->file, error, "a time base of %u/%u s", r->scale, r->rate);
	if (len < HEADER || !tt_file_seek(&r->file, len))
		return tt_file_broken(&r->file, error, "a header of %u bytes", len);
	r->first = len;
	r->interval = (taut_time)((uint64_t)r->scale * 1000000 / r->rate);
	return TAUT_OK;
}

int tt_ivf_open(struct tt_ivf_reader *r, const char *name, struct taut_media_error *error)
{
	*r = (struct tt_ivf_reader){ .last = -1 };
	int rc = tt_file_open(&r->file, name, error);

	if (rc == TAUT_OK)
		rc = read_header(r, error);
	if (rc != TAUT_OK)
		tt_ivf_close(r);
	return rc;
}

void tt_ivf_close(struct tt_ivf_reader *r)
{
	tt_file_close(&r->file);
	for (int i = 0; i < 2; i++) {
		free(r->buf[i]);
		r->buf[i] = NULL;
	}
}

bool tt_ivf_rewind(struct tt_ivf_reader *r)
{
	r->last = -1;
	return tt_file_seek(&r->file, r->first);
}

/* Whole seconds and the rest apart, so that nothing overflows. False: not a time of this world. */
static bool to_time(const struct tt_ivf_reader *r, uint64_t stamp, taut_time *out)
{
	uint64_t whole = stamp / r->rate, rest = stamp % r->rate;

	if (whole > UINT64_C(1000000000) / r->scale)
		return false;
	*out = (taut_time)(whole * r->scale * 1000000 + rest * r->scale * 1000000 / r->rate);
	return true;
}

static bool room(struct tt_ivf_reader *r, size_t len)
{
	unsigned turn = r->turn;

	if (len <= r->cap[turn])
		return true;
	uint8_t *p = realloc(r->buf[turn], len);

	if (!p)
		return false;
	r->buf[turn] = p;
	r->cap[turn] = len;
	return true;
}

/* Where the frame begins is the place of all that is wrong with it. */
static int broken_frame(struct tt_ivf_reader *r, uint64_t begin, struct taut_media_error *error,
			const char *what, uint64_t number)
{
	uint64_t left = tt_file_left(&r->file);

	r->file.offset = begin;
	return tt_file_broken(&r->file, error, "a frame with %s %llu, where %llu bytes are left",
			      what, (unsigned long long)number, (unsigned long long)left);
}

int tt_ivf_next(struct tt_ivf_reader *r, struct tt_ivf_frame *out, struct taut_media_error *error)
{
	uint64_t begin = r->file.offset;
	uint8_t head[FRAME_HEADER];
	taut_time at;

	if (tt_file_left(&r->file) == 0)
		return 0;
	if (!tt_file_read(&r->file, head, sizeof head))
		return tt_file_broken(&r->file, error, "too short for a frame header");
	struct rd rd = rd_make(head, sizeof head);
	uint32_t len = rd_le32(&rd);
	uint64_t stamp = rd_le(&rd, 8);
	if (len == 0 || len > MAX_FRAME || len > tt_file_left(&r->file))
		return broken_frame(r, begin, error, "the length", len);
	if (!to_time(r, stamp, &at) || (r->last >= 0 && (at < r->last || at - r->last > MAX_STEP)))
		return broken_frame(r, begin, error, "the timestamp", stamp);
	r->turn ^= 1;
	if (!room(r, len))
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", r->file.name);
	if (!tt_file_read(&r->file, r->buf[r->turn], len))
		return broken_frame(r, begin, error, "the length", len);
	r->last = at;
	*out = (struct tt_ivf_frame){ .data = r->buf[r->turn], .len = len, .at = at };
	return 1;
}

static void put_le(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static bool write_header(struct tt_ivf_writer *w)
{
	uint8_t head[HEADER] = { 'D', 'K', 'I', 'F', 0, 0, HEADER, 0, 'V', 'P', '8', '0' };

	put_le(head + 12, w->width, 2);
	put_le(head + 14, w->height, 2);
	put_le(head + 16, 90000, 4);
	put_le(head + 20, 1, 4);
	put_le(head + 24, w->frames, 4);
	return fwrite(head, 1, sizeof head, w->stream) == sizeof head;
}

bool tt_ivf_create(struct tt_ivf_writer *w, const char *name)
{
	*w = (struct tt_ivf_writer){ .stream = fopen(name, "wb") };
	if (!w->stream)
		return false;
	(void)write_header(w); /* what fails now fails again when it is finished */
	return true;
}

bool tt_ivf_write(struct tt_ivf_writer *w, const void *data, size_t len, uint64_t timestamp,
		  uint32_t width, uint32_t height)
{
	uint8_t head[FRAME_HEADER];

	if (!w->stream || len > MAX_FRAME)
		return false;
	if (w->frames == 0) {
		w->width = width;
		w->height = height;
	}
	put_le(head, len, 4);
	put_le(head + 4, timestamp, 8);
	if (fwrite(head, 1, sizeof head, w->stream) != sizeof head ||
	    fwrite(data, 1, len, w->stream) != len)
		return false;
	w->frames++;
	return true;
}

bool tt_ivf_finish(struct tt_ivf_writer *w)
{
	if (!w->stream)
		return true;
	bool ok = fseek(w->stream, 0, SEEK_SET) == 0 && write_header(w);

	ok = fclose(w->stream) == 0 && ok;
	w->stream = NULL;
	return ok;
}
