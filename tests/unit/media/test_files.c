/* test_files.c - IVF, WAV, Y4M: what is written is read; what is broken is refused with a place. */
#include "media_help.h"

#include <zlib.h>

#include "base/crc32.h"
#include "media/media_ivf.h"
#include "media/media_ogg.h"
#include "media/media_wav.h"
#include "media/media_y4m.h"

/* ---- round trips ---- */

static void make_ivf(const char *path, uint32_t frames)
{
	struct tt_ivf_writer w;
	uint8_t data[300];

	assert_true(tt_ivf_create(&w, path));
	for (uint32_t i = 0; i < frames; i++) {
		memset(data, (int)i, sizeof data);
		assert_true(tt_ivf_write(&w, data, 1 + i * 7 % 300, 5000 + i * 3000, 320, 240));
	}
	assert_true(tt_ivf_finish(&w));
}

static void ivf_frames_come_back_as_written(void **state)
{
	struct place p;
	struct tt_ivf_reader r;
	struct tt_ivf_frame frame, before = { 0 };
	(void)state;
	place_make(&p);
	make_ivf(place_at(&p, "a.ivf"), 50);
	assert_int_equal(tt_ivf_open(&r, p.path, NULL), 0);
	assert_int_equal(r.width, 320);
	assert_int_equal(r.height, 240);
	for (int round = 0; round < 2; round++) {
		for (uint32_t i = 0; i < 50; i++) {
			assert_int_equal(tt_ivf_next(&r, &frame, NULL), 1);
			assert_int_equal(frame.len, 1 + i * 7 % 300);
			assert_int_equal(frame.data[0], i);
			assert_int_equal(frame.at, (5000 + i * INT64_C(3000)) * 100 / 9);
			if (i > 0) /* lent until the next but one */
				assert_int_equal(before.data[0], i - 1);
			before = frame;
		}
		assert_int_equal(tt_ivf_next(&r, &frame, NULL), 0);
		assert_true(tt_ivf_rewind(&r));
	}
	tt_ivf_close(&r);
	place_drop(&p);
}

static void wav_samples_come_back_as_written(void **state)
{
	struct place p;
	struct tt_wav_writer w;
	struct tt_wav_reader r;
	int16_t out[2 * 5000], in[2 * 5000];
	(void)state;
	place_make(&p);
	for (int i = 0; i < 10000; i++)
		out[i] = (int16_t)(i * 7919);
	assert_true(tt_wav_create(&w, place_at(&p, "a.wav"), 44100, 2));
	assert_true(tt_wav_write(&w, out, 3000));
	assert_true(tt_wav_write(&w, out + 6000, 2000));
	assert_true(tt_wav_finish(&w));
	assert_int_equal(tt_wav_open(&r, p.path, NULL), 0);
	assert_int_equal(r.rate, 44100);
	assert_int_equal(r.channels, 2);
	assert_int_equal(tt_wav_read(&r, in, 5000), 5000);
	assert_memory_equal(in, out, sizeof in);
	assert_int_equal(tt_wav_read(&r, in, 5000), 0);
	tt_wav_close(&r);
	place_drop(&p);
}

static void y4m_pictures_come_back_as_written(void **state)
{
	struct place p;
	struct tt_y4m_writer w;
	struct tt_y4m_reader r;
	struct taut_image card, back;
	(void)state;
	place_make(&p);
	assert_true(tt_image_make(&card, 161, 121));
	assert_true(tt_y4m_create(&w, place_at(&p, "a.y4m"), 161, 121, 25, 1));
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(taut_test_card_draw(&card, i, i * 40000), 0);
		assert_true(tt_y4m_write(&w, &card));
	}
	assert_true(tt_y4m_finish(&w));
	assert_int_equal(tt_y4m_open(&r, p.path, NULL), 0);
	assert_int_equal(r.rate, 25);
	assert_true(tt_image_make(&back, r.width, r.height));
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(taut_test_card_draw(&card, i, i * 40000), 0);
		assert_int_equal(tt_y4m_next(&r, &back, NULL), 1);
		assert_memory_equal(card.planes[0], back.planes[0], tt_image_bytes(161, 121));
	}
	assert_int_equal(tt_y4m_next(&r, &back, NULL), 0);
	tt_y4m_close(&r);
	tt_image_drop(&card);
	tt_image_drop(&back);
	place_drop(&p);
}

/* ---- PNG ---- */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The pixels of a PNG, each row behind the number of its filter. Checks the order and the CRC of
 * every chunk. */
static uint8_t *read_png(const uint8_t *png, size_t len, size_t size, int *pieces)
{
	uint8_t *pixels = malloc(size);
	uLongf had = size;
	uint8_t *data = malloc(len);
	size_t held = 0, at = 8;

	assert_true(pixels && data);
	assert_memory_equal(png, "\x89PNG\r\n\x1a\n", 8);
	for (*pieces = -1; at < len; at += 12 + be32(png + at)) {
		const uint32_t n = be32(png + at);

		assert_true(len - at >= 12 && n <= len - at - 12);
		assert_int_equal(be32(png + at + 8 + n), tt_crc32(png + at + 4, n + 4));
		const bool last = at + 12 + n == len;
		assert_memory_equal(png + at + 4, *pieces < 0 ? "IHDR" : last ? "IEND" : "IDAT", 4);
		if (*pieces >= 0)
			memcpy(data + held, png + at + 8, n), held += n;
		*pieces += !last;
	}
	assert_int_equal(uncompress(pixels, &had, data, held), Z_OK);
	assert_int_equal(had, size);
	free(data);
	return pixels;
}

static int of_bt601(const struct taut_image *i, uint32_t x, uint32_t y, int colour)
{
	static const double of[3][2] = { { 0, 1.596 }, { -0.392, -0.813 }, { 2.017, 0 } };
	const size_t at = (size_t)(y / 2) * i->strides[1] + x / 2;
	const double v = 1.164 * (i->planes[0][(size_t)y * i->strides[0] + x] - 16) +
			 of[colour][0] * (i->planes[1][at] - 128) +
			 of[colour][1] * (i->planes[2][at] - 128);

	return v < 0 ? 0 : v > 255 ? 255 : (int)(v + 0.5);
}

static void check_png(struct place *p, uint32_t width, uint32_t height, bool noise)
{
	struct taut_image card;
	struct taut_media_error error;
	size_t len;
	int pieces;

	assert_true(tt_image_make(&card, width, height));
	assert_int_equal(taut_test_card_draw(&card, 1, 0), 0);
	for (size_t i = 0; noise && i < tt_image_bytes(width, height); i++)
		card.planes[0][i] = (uint8_t)((i * 2654435761u) >> 13);
	assert_int_equal(taut_image_write_png(&card, place_at(p, "a.png"), &error), 0);
	uint8_t *png = read_whole(p->path, &len);
	assert_true(be32(png + 16) == width && be32(png + 20) == height);
	assert_memory_equal(png + 24, "\x8\x2\0\0\0", 5); /* 8 bits, colours, nothing else */
	const size_t row = 1 + 3 * (size_t)width;
	uint8_t *pixels = read_png(png, len, row * height, &pieces);
	assert_true(noise == (pieces > 1)); /* noise takes more than one chunk */
	for (uint32_t y = 0; y < height; y++) {
		assert_int_equal(pixels[y * row], 1);
		for (size_t i = 1; i < row; i++) {
			uint8_t *v = &pixels[y * row + i];
			*v = (uint8_t)(*v + (i > 3 ? v[-3] : 0));
			const int should =
				of_bt601(&card, (uint32_t)(i - 1) / 3, y, (int)((i - 1) % 3));
			assert_near(*v, should, 2);
		}
	}
	free(pixels);
	free(png);
	tt_image_drop(&card);
}

static void a_png_reads_back_as_the_picture(void **state)
{
	struct place p;
	(void)state;
	place_make(&p);
	check_png(&p, 320, 240, false);
	check_png(&p, 161, 121, true);
	place_drop(&p);
}

static void a_png_that_cannot_be_written_says_why(void **state)
{
	struct taut_image card;
	struct taut_media_error error;
	(void)state;
	assert_true(tt_image_make(&card, 32, 24));
	assert_int_equal(taut_image_write_png(&card, "/nowhere/at/all.png", &error), TAUT_E_IO);
	assert_non_null(strstr(error.text, "/nowhere/at/all.png: cannot be written: No such file"));
	assert_int_equal(taut_image_write_png(&card, NULL, &error), TAUT_E_INVAL);
	const struct taut_image none = card;
	card.width = 0;
	assert_int_equal(taut_image_write_png(&card, "/nowhere/at/all.png", &error), TAUT_E_INVAL);
	card = none;
	tt_image_drop(&card);
}

/* ---- broken files ---- */

/* To the end or to an error; it must do neither more nor forever. */
static int walk_ivf(const char *path, struct taut_media_error *error)
{
	struct tt_ivf_reader r;
	struct tt_ivf_frame frame;
	int rc = tt_ivf_open(&r, path, error);

	if (rc != TAUT_OK)
		return rc;
	while ((rc = tt_ivf_next(&r, &frame, error)) > 0)
		;
	tt_ivf_close(&r);
	return rc;
}

static int walk_wav(const char *path, struct taut_media_error *error)
{
	struct tt_wav_reader r;
	int16_t samples[2 * 480];
	int rc = tt_wav_open(&r, path, error);

	if (rc != TAUT_OK)
		return rc;
	while (tt_wav_read(&r, samples, 480) > 0)
		;
	tt_wav_close(&r);
	return TAUT_OK;
}

static int walk_source(const char *path, struct taut_media_error *error)
{
	const struct taut_source_config cfg = { .size = sizeof cfg, .name = path };
	taut_source *src;
	struct taut_frame frame;
	int rc = taut_source_open(&src, &cfg, error);

	if (rc != TAUT_OK)
		return rc;
	taut_source_start(src, 0);
	taut_time at;
	while ((at = taut_source_deadline(src)) != INT64_MAX)
		if ((rc = taut_source_poll(src, at, &frame)) < 0 && error)
			*error = *taut_source_error(src);
	taut_source_free(src);
	return rc < 0 ? rc : TAUT_OK;
}

struct broken {
	const char *what;
	size_t at, len;
	const char *bytes; /* put there */
};

static void refuse_all(struct place *p, const char *file,
		       int (*walk)(const char *, struct taut_media_error *),
		       const struct broken *cases, size_t n)
{
	size_t len;
	uint8_t *good = read_whole(place_at(p, file), &len);
	struct taut_media_error error;

	assert_int_equal(walk(p->path, NULL), 0);
	for (size_t i = 0; i < n; i++) {
		uint8_t *bad = malloc(len);
		memcpy(bad, good, len);
		memcpy(bad + cases[i].at, cases[i].bytes, cases[i].len);
		write_file(p->path, bad, len);
		memset(&error, 0, sizeof error);
		int rc = walk(p->path, &error);
		print_message("%s\n", error.text);
		assert_true(rc == TAUT_E_SYNTAX || rc == TAUT_E_UNSUPPORTED);
		assert_int_equal(error.code, rc);
		assert_non_null(strstr(error.text, cases[i].what));
		assert_non_null(strstr(error.text, p->path));
		free(bad);
	}
	/* and cut off anywhere: an error or a shorter file, as ASan sees it */
	for (size_t cut = 0; cut < len; cut += cut < 100 ? 1 : len / 50 + 1) {
		write_file(p->path, good, cut);
		if (cut < 32)
			assert_true(walk(p->path, NULL) < 0);
		else
			(void)walk(p->path, NULL);
	}
	write_file(p->path, good, len);
	free(good);
}

static void broken_ivf_files_are_refused_with_a_place(void **state)
{
	static const struct broken cases[] = {
		{ "no IVF header", 0, 4, "RIFF" },
		{ "no IVF header", 4, 2, "\1\0" },
		{ "a header of 0 bytes", 6, 2, "\0\0" },
		{ "a header of 65535 bytes", 6, 2, "\xff\xff" },
		{ "not VP8", 8, 4, "VP90" },
		{ "a picture of 0 x 240", 12, 2, "\0\0" },
		{ "a picture of 320 x 0", 14, 2, "\0\0" },
		{ "a time base of 1/0 s", 16, 4, "\0\0\0\0" },
		{ "a time base of 0/90000 s", 20, 4, "\0\0\0\0" },
		{ "at byte 32: a frame with the length 4294967295", 32, 4, "\xff\xff\xff\xff" },
		{ "the length 0", 32, 4, "\0\0\0\0" },
		{ "timestamp", 36, 8, "\xff\xff\xff\xff\xff\xff\xff\xff" },
		{ "timestamp", 36, 8, "\0\0\0\0\0\1\0\0" },
	};
	struct place p;
	(void)state;
	place_make(&p);
	make_ivf(place_at(&p, "a.ivf"), 20);
	refuse_all(&p, "a.ivf", walk_ivf, cases, sizeof cases / sizeof cases[0]);
	place_drop(&p);
}

static void broken_wav_files_are_refused_with_a_place(void **state)
{
	static const struct broken cases[] = {
		{ "at byte 0: no WAV header", 0, 4, "RIFX" },
		{ "no WAV header", 8, 4, "AVI " },
		{ "samples before their format", 12, 4, "junk" },
		{ "a format of 2 bytes", 16, 4, "\2\0\0\0" },
		{ "a chunk of 4294967295 bytes", 16, 4, "\xff\xff\xff\xff" },
		{ "format 3", 20, 2, "\3\0" },
		{ "0 channels", 22, 2, "\0\0" },
		{ "6 channels", 22, 2, "\6\0" },
		{ "at 0 Hz", 24, 4, "\0\0\0\0" },
		{ "24 bit", 34, 2, "\x18\0" },
		{ "2147483647 bytes of samples", 40, 4, "\xff\xff\xff\x7f" },
	};
	struct place p;
	struct tt_wav_writer w;
	int16_t samples[960] = { 1, 2, 3 };
	(void)state;
	place_make(&p);
	assert_true(tt_wav_create(&w, place_at(&p, "a.wav"), 48000, 1));
	assert_true(tt_wav_write(&w, samples, 960));
	assert_true(tt_wav_finish(&w));
	refuse_all(&p, "a.wav", walk_wav, cases, sizeof cases / sizeof cases[0]);
	refuse_all(&p, "a.wav", walk_source, NULL, 0);
	place_drop(&p);
}

static void a_wav_out_of_a_pipe_lasts_until_its_end(void **state)
{
	struct place p;
	struct tt_wav_writer w;
	struct tt_wav_reader r;
	int16_t samples[960] = { 1, 2, 3 };
	size_t len;
	(void)state;
	place_make(&p);
	assert_true(tt_wav_create(&w, place_at(&p, "a.wav"), 48000, 1));
	assert_true(tt_wav_write(&w, samples, 960));
	assert_true(tt_wav_finish(&w));
	uint8_t *data = read_whole(p.path, &len);
	memset(data + 40, 0xff, 4);
	write_file(p.path, data, len);
	assert_int_equal(tt_wav_open(&r, p.path, NULL), 0);
	assert_int_equal(r.bytes, 1920);
	tt_wav_close(&r);
	free(data);
	place_drop(&p);
}

static void broken_y4m_headers_are_refused_with_a_place(void **state)
{
	static const char *const lines[] = {
		"YUV4MPEG W160 H120 F30:1\n",
		"YUV4MPEG2 H120 F30:1\n",
		"YUV4MPEG2 W0 H120 F30:1\n",
		"YUV4MPEG2 W160 H99999 F30:1\n",
		"YUV4MPEG2 W99999999999999999999 H120 F30:1\n",
		"YUV4MPEG2 W160 H120 F0:1\n",
		"YUV4MPEG2 W160 H120 F30:0\n",
		"YUV4MPEG2 W160 H120 F30\n",
		"YUV4MPEG2 W160x H120 F30:1\n",
		"YUV4MPEG2 W-1 H120 F30:1\n",
		"YUV4MPEG2 W160 H120 F30:1 C444\n",
		"YUV4MPEG2 W160 H120 F30:1 C420p10\n",
		"YUV4MPEG2 W160 H120 F30:1 It\n",
		"YUV4MPEG2 W160 H120 F30:1",
		"",
		"YUV4MPEG2 W160 H120 F30:1\n",
		"YUV4MPEG2 W160 H120 F30:1\nFRAM",
		"YUV4MPEG2 W160 H120 F30:1\nFRAME\nshort",
	};
	struct place p;
	struct taut_media_error error;
	(void)state;
	place_make(&p);
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		write_file(place_at(&p, "a.y4m"), lines[i], strlen(lines[i]));
		memset(&error, 0, sizeof error);
		int rc = walk_source(p.path, &error);
		print_message("%s\n", error.text);
		assert_true(rc == TAUT_E_SYNTAX || rc == TAUT_E_UNSUPPORTED);
		assert_non_null(strstr(error.text, "at byte "));
	}
	place_drop(&p);
}

static void ogg_without_opus_is_refused(void **state)
{
	struct place p;
	struct taut_media_error error;
	(void)state;
	place_make(&p);
	write_file(place_at(&p, "a.ogg"), "OggSnothing of the kind", 23);
	assert_int_equal(walk_source(p.path, &error), TAUT_E_SYNTAX);
	assert_non_null(strstr(error.text, "no Opus stream"));
	write_file(p.path, "", 0);
	assert_int_equal(walk_source(p.path, &error), TAUT_E_SYNTAX);
	place_drop(&p);
}

static void what_cannot_be_opened_says_why(void **state)
{
	static const struct {
		const char *name, *text;
		int code;
	} cases[] = {
		{ "/nowhere/a.ivf", "/nowhere/a.ivf: cannot be opened: No such file", TAUT_E_IO },
		{ "/nowhere/a.wav", "No such file", TAUT_E_IO },
		{ "/nowhere/a.y4m", "No such file", TAUT_E_IO },
		{ "/nowhere/a.OGG", "No such file", TAUT_E_IO },
		{ "a.mp4", "neither \"test\" nor a file that ends in .ivf", TAUT_E_UNSUPPORTED },
		{ "card", "neither \"test\" nor", TAUT_E_UNSUPPORTED },
	};
	struct taut_media_error error;
	struct tt_ivf_reader r;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(walk_source(cases[i].name, &error), cases[i].code);
		assert_non_null(strstr(error.text, cases[i].text));
	}
	assert_int_equal(tt_ivf_open(&r, "/tmp", &error), TAUT_E_IO);
	assert_non_null(strstr(error.text, "not a regular file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ivf_frames_come_back_as_written),
		cmocka_unit_test(wav_samples_come_back_as_written),
		cmocka_unit_test(y4m_pictures_come_back_as_written),
		cmocka_unit_test(a_png_reads_back_as_the_picture),
		cmocka_unit_test(a_png_that_cannot_be_written_says_why),
		cmocka_unit_test(broken_ivf_files_are_refused_with_a_place),
		cmocka_unit_test(broken_wav_files_are_refused_with_a_place),
		cmocka_unit_test(a_wav_out_of_a_pipe_lasts_until_its_end),
		cmocka_unit_test(broken_y4m_headers_are_refused_with_a_place),
		cmocka_unit_test(ogg_without_opus_is_refused),
		cmocka_unit_test(what_cannot_be_opened_says_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
