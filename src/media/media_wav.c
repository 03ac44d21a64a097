/* media_wav.c - WAV read and written. */
#include "media/media_wav.h"

#include <string.h>

#include "base/num.h"

#define HEADER    44
#define UNTIL_END 0xffffffffu

static int read_format(struct tt_wav_reader *r, uint32_t len, struct taut_media_error *error)
{
	uint8_t chunk[40];
	size_t want = tt_min(len, sizeof chunk);

	if (len < 16 || !tt_file_read(&r->file, chunk, want))
		return tt_file_broken(&r->file, error, "a format of %u bytes", len);
	struct rd rd = rd_make(chunk, want);
	uint16_t format = rd_le16(&rd);
	r->channels = rd_le16(&rd);
	r->rate = rd_le32(&rd);
	rd_le(&rd, 6); /* bytes per second and per sample */
	uint16_t bits = rd_le16(&rd);
	if (format == 0xfffe && want == 40) { /* extensible: the first bytes of the GUID tell */
		rd_le(&rd, 8);
		format = rd_le16(&rd);
	}
	if (format != 1 || bits != 16)
		return tt_media_fail(
			error, TAUT_E_UNSUPPORTED,
			"%s: at byte %llu: only PCM of 16 bit is read, this is format %u "
			"of %u bit",
			r->file.name, (unsigned long long)r->file.offset, format, bits);
	if (r->channels < 1 || r->channels > 2 || r->rate < 8000 || r->rate > 192000)
		return tt_media_fail(error, TAUT_E_UNSUPPORTED,
				     "%s: at byte %llu: %u channels at %u Hz; 1 or 2 at 8,000 to "
				     "192,000 Hz are read",
				     r->file.name, (unsigned long long)r->file.offset, r->channels,
				     r->rate);
	return TAUT_OK;
}

/* Chunks up to and including the head of "data". */
static int read_chunks(struct tt_wav_reader *r, struct taut_media_error *error)
{
	uint8_t head[12];

	if (!tt_file_read(&r->file, head, 12) || memcmp(head, "RIFF", 4) != 0 ||
	    memcmp(head + 8, "WAVE", 4) != 0) {
		r->file.offset = 0;
		return tt_file_broken(&r->file, error, "no WAV header");
	}
	for (;;) {
		if (!tt_file_read(&r->file, head, 8))
			return tt_file_broken(&r->file, error, "the file ends before its samples");
		struct rd rd = rd_make(head + 4, 4);
		uint32_t len = rd_le32(&rd);
		uint64_t begin = r->file.offset;

		if (memcmp(head, "data", 4) == 0) {
			r->bytes = len == UNTIL_END ? tt_file_left(&r->file) : len;
			break;
		}
		if (memcmp(head, "fmt ", 4) == 0) {
			int rc = read_format(r, len, error);

			if (rc != TAUT_OK)
				return rc;
		}
		if (!tt_file_seek(&r->file, begin + len + (len & 1)))
			return tt_file_broken(&r->file, error, "a chunk of %u bytes, %llu are left",
					      len, (unsigned long long)tt_file_left(&r->file));
	}
	if (r->channels == 0)
		return tt_file_broken(&r->file, error, "samples before their format");
	if (r->bytes > tt_file_left(&r->file))
		return tt_file_broken(&r->file, error, "%llu bytes of samples, %llu are left",
				      (unsigned long long)r->bytes,
				      (unsigned long long)tt_file_left(&r->file));
	r->bytes -= r->bytes % (2 * r->channels);
	r->first = r->file.offset;
	r->left = r->bytes;
	return TAUT_OK;
}

int tt_wav_open(struct tt_wav_reader *r, const char *name, struct taut_media_error *error)
{
	*r = (struct tt_wav_reader){ 0 };
	int rc = tt_file_open(&r->file, name, error);

	if (rc == TAUT_OK)
		rc = read_chunks(r, error);
	if (rc != TAUT_OK)
		tt_wav_close(r);
	return rc;
}

void tt_wav_close(struct tt_wav_reader *r)
{
	tt_file_close(&r->file);
}

bool tt_wav_rewind(struct tt_wav_reader *r)
{
	r->left = r->bytes;
	return tt_file_seek(&r->file, r->first);
}

size_t tt_wav_read(struct tt_wav_reader *r, int16_t *out, size_t count)
{
	uint8_t bytes[1024];
	size_t step = 2 * r->channels, done = 0;

	while (done < count && r->left > 0) {
		size_t n =
			tt_min(tt_min(sizeof bytes / step, count - done), (size_t)(r->left / step));

		if (!tt_file_read(&r->file, bytes, n * step)) {
			r->left = 0; /* the file has shrunk */
			break;
		}
		for (size_t i = 0; i < n * r->channels; i++)
			*out++ = (int16_t)(uint16_t)(bytes[2 * i] | bytes[2 * i + 1] << 8);
		r->left -= n * step;
		done += n;
	}
	return done;
}

static void put_le(uint8_t *p, uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static bool write_header(struct tt_wav_writer *w)
{
	uint8_t h[HEADER] = "RIFF....WAVEfmt ....................data...";

	put_le(h + 4, w->bytes + HEADER - 8, 4);
	put_le(h + 16, 16, 4);
	put_le(h + 20, 1, 2);
	put_le(h + 22, w->channels, 2);
	put_le(h + 24, w->rate, 4);
	put_le(h + 28, w->rate * w->channels * 2, 4);
	put_le(h + 32, w->channels * 2, 2);
	put_le(h + 34, 16, 2);
	put_le(h + 40, w->bytes, 4);
	return fwrite(h, 1, sizeof h, w->stream) == sizeof h;
}

bool tt_wav_create(struct tt_wav_writer *w, const char *name, uint32_t rate, uint32_t channels)
{
	*w = (struct tt_wav_writer){ .stream = fopen(name, "wb"),
				     .rate = rate,
				     .channels = channels };
	if (!w->stream)
		return false;
	(void)write_header(w); /* what fails now fails again when it is finished */
	return true;
}

bool tt_wav_write(struct tt_wav_writer *w, const int16_t *samples, size_t count)
{
	uint8_t bytes[1024];
	size_t n = count * w->channels;

	if (!w->stream || n > (UINT32_MAX - HEADER - w->bytes) / 2)
		return false;
	while (n > 0) {
		size_t some = tt_min(n, sizeof bytes / 2);

		for (size_t i = 0; i < some; i++)
			put_le(bytes + 2 * i, (uint16_t)samples[i], 2);
		if (fwrite(bytes, 2, some, w->stream) != some)
			return false;
		w->bytes += (uint32_t)(2 * some);
		samples += some;
		n -= some;
	}
	return true;
}

bool tt_wav_finish(struct tt_wav_writer *w)
{
	if (!w->stream)
		return true;
	bool ok = fseek(w->stream, 0, SEEK_SET) == 0 && write_header(w);

	ok = fclose(w->stream) == 0 && ok;
	w->stream = NULL;
	return ok;
}
