/* media_y4m.c - YUV4MPEG2 read and written. */
#include "media/media_y4m.h"

#include <string.h>

#include "media/media_image.h"

#define MAX_LINE 256

/* Without its end; false: longer than a header has reason to be, or the file ends first. */
static bool read_line(struct tt_file *f, char line[MAX_LINE])
{
	for (size_t n = 0; n < MAX_LINE; n++) {
		if (!tt_file_read(f, &line[n], 1))
			return false;
		if (line[n] == '\n') {
			line[n] = '\0';
			return true;
		}
	}
	return false;
}

/* Nine digits and leading zeros at most; *text moves behind them, a tenth is left to the caller. */
static bool read_number(const char **text, uint32_t *out)
{
	const char *p = *text;
	uint32_t v = 0;

	while (*p >= '0' && *p <= '9' && v < 100000000)
		v = v * 10 + (uint32_t)(*p++ - '0');
	if (p == *text)
		return false;
	*text = p;
	*out = v;
	return true;
}

static bool chroma_known(const char *p, size_t len)
{
	static const char *const known[] = { "420", "420jpeg", "420mpeg2", "420paldv" };

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strlen(known[i]) == len && memcmp(p, known[i], len) == 0)
			return true;
	return false;
}

/* One word of the first line; what is not known says nothing that we need. */
static bool read_word(struct tt_y4m_reader *r, const char *word, size_t len)
{
	const char *p = word + 1;

	switch (word[0]) {
	case 'W':
		return read_number(&p, &r->width) && p == word + len;
	case 'H':
		return read_number(&p, &r->height) && p == word + len;
	case 'F':
		return read_number(&p, &r->rate) && *p++ == ':' && read_number(&p, &r->scale) &&
		       p == word + len;
	case 'I':
		return len == 2 && (*p == 'p' || *p == '?');
	case 'C':
		return chroma_known(p, len - 1);
	default:
		return true;
	}
}

static int read_header(struct tt_y4m_reader *r, struct taut_media_error *error)
{
	char line[MAX_LINE];

	if (!read_line(&r->file, line) || strncmp(line, "YUV4MPEG2 ", 10) != 0) {
		r->file.offset = 0;
		return tt_file_broken(&r->file, error, "no YUV4MPEG2 header");
	}
	r->first = r->file.offset;
	r->file.offset = 0; /* where the errors below are */
	for (const char *p = line + 10; *p != '\0';) {
		size_t len = strcspn(p, " ");

		if (!read_word(r, p, len))
			return tt_media_fail(error, TAUT_E_UNSUPPORTED,
					     "%s: at byte %d: \"%.*s\" is not read (8 bit 4:2:0, "
					     "progressive is)",
					     r->file.name, (int)(p - line), (int)len, p);
		p += len;
		p += strspn(p, " ");
	}
	if (r->width < 16 || r->height < 16 || r->width > TT_IMAGE_MAX_SIDE ||
	    r->height > TT_IMAGE_MAX_SIDE)
		return tt_file_broken(&r->file, error, "a picture of %u x %u", r->width, r->height);
	if (r->rate == 0 || r->scale == 0 || r->rate / r->scale > 240 || r->scale / r->rate > 10)
		return tt_file_broken(&r->file, error, "%u/%u pictures per second", r->rate,
				      r->scale);
	r->file.offset = r->first;
	return TAUT_OK;
}

int tt_y4m_open(struct tt_y4m_reader *r, const char *name, struct taut_media_error *error)
{
	*r = (struct tt_y4m_reader){ .rate = 30, .scale = 1 };
	int rc = tt_file_open(&r->file, name, error);

	if (rc == TAUT_OK)
		rc = read_header(r, error);
	if (rc != TAUT_OK)
		tt_y4m_close(r);
	return rc;
}

void tt_y4m_close(struct tt_y4m_reader *r)
{
	tt_file_close(&r->file);
}

bool tt_y4m_rewind(struct tt_y4m_reader *r)
{
	return tt_file_seek(&r->file, r->first);
}

int tt_y4m_next(struct tt_y4m_reader *r, struct taut_image *image, struct taut_media_error *error)
{
	char line[MAX_LINE];
	size_t len = tt_image_bytes(r->width, r->height);

	if (tt_file_left(&r->file) == 0)
		return 0;
	if (!read_line(&r->file, line) || strncmp(line, "FRAME", 5) != 0)
		return tt_file_broken(&r->file, error, "no FRAME line where one is due");
	/* tt_image_make leaves no gaps, so the planes are one run */
	if (!tt_file_read(&r->file, image->planes[0], len))
		return tt_file_broken(&r->file, error, "a frame has %zu bytes, %llu are left", len,
				      (unsigned long long)tt_file_left(&r->file));
	return 1;
}

bool tt_y4m_create(struct tt_y4m_writer *w, const char *name, uint32_t width, uint32_t height,
		   uint32_t rate, uint32_t scale)
{
	*w = (struct tt_y4m_writer){ .stream = fopen(name, "wb"),
				     .width = width,
				     .height = height };
	if (!w->stream)
		return false;
	(void)fprintf(w->stream, "YUV4MPEG2 W%u H%u F%u:%u Ip A1:1 C420jpeg\n", width, height, rate,
		      scale); /* what fails is told by finish */
	return true;
}

bool tt_y4m_write(struct tt_y4m_writer *w, const struct taut_image *image)
{
	if (!w->stream || image->width != w->width || image->height != w->height)
		return false;
	(void)fputs("FRAME\n", w->stream); /* what fails is told by the planes, or by finish */
	for (int p = 0; p < 3; p++) {
		uint32_t rows = p == 0 ? image->height : (image->height + 1) / 2;
		uint32_t len = p == 0 ? image->width : (image->width + 1) / 2;

		for (uint32_t y = 0; y < rows; y++)
			if (fwrite(image->planes[p] + (size_t)y * image->strides[p], 1, len,
				   w->stream) != len)
				return false;
	}
	return true;
}

bool tt_y4m_finish(struct tt_y4m_writer *w)
{
	if (!w->stream)
		return true;
	bool ok = ferror(w->stream) == 0;

	ok = fclose(w->stream) == 0 && ok;
	w->stream = NULL;
	return ok;
}
