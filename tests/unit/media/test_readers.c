/* wraps: realloc ogg_sync_buffer */
/* test_readers.c - each field of a WAV, IVF, Y4M or Ogg file at its limits, files that shrink, and
 * disks that are full. */
#define _POSIX_C_SOURCE 200809L
#include "media_help.h"

#include <ogg/ogg.h>

#include "media/media_ivf.h"
#include "media/media_ogg.h"
#include "media/media_wav.h"
#include "media/media_y4m.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static void put(uint8_t *p, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void cut_to(const char *path, long size)
{
	assert_int_equal(truncate(path, size), 0);
}

static bool memory_is_gone;

void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size)
{
	return memory_is_gone ? NULL : __real_realloc(p, size);
}

char *__real_ogg_sync_buffer(ogg_sync_state *s, long size);
char *__wrap_ogg_sync_buffer(ogg_sync_state *s, long size);
char *__wrap_ogg_sync_buffer(ogg_sync_state *s, long size)
{
	return memory_is_gone ? NULL : __real_ogg_sync_buffer(s, size);
}

/* ---- WAV ---- */

static void a_wav_has_a_rate_and_channels_in_their_range(void **state)
{
	static const struct {
		uint32_t format, channels, rate, bits;
		bool good;
	} rows[] = {
		{ 1, 1, 8000, 16, true },    { 1, 1, 7999, 16, false },	  { 1, 2, 192000, 16, true },
		{ 1, 2, 192001, 16, false }, { 1, 3, 48000, 16, false },  { 1, 0, 48000, 16, false },
		{ 2, 1, 48000, 16, false },  { 1, 1, 48000, 8, false },	  { 0xfffe, 1, 48000, 16, false },
	};
	struct place p;
	struct tt_wav_reader r;

	(void)state;
	place_make(&p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t file[48] = "RIFF....WAVEfmt ....................data....";

		put(file + 16, 16, 4), put(file + 20, rows[i].format, 2);
		put(file + 22, rows[i].channels, 2), put(file + 24, rows[i].rate, 4);
		put(file + 34, rows[i].bits, 2), put(file + 40, 4, 4);
		write_file(place_at(&p, "a.wav"), file, sizeof file);
		assert_int_equal(tt_wav_open(&r, p.path, NULL),
				 rows[i].good ? TAUT_OK : TAUT_E_UNSUPPORTED);
		tt_wav_close(&r);
	}
	place_drop(&p);
}

/* WAVE_FORMAT_EXTENSIBLE: 40 bytes, and the format in the first two of the GUID. */
static void an_extensible_wav_says_its_format_later(void **state)
{
	static const struct {
		uint32_t len, format, inner;
		int code;
	} rows[] = {
		{ 40, 0xfffe, 1, TAUT_OK },
		{ 41, 0xfffe, 1, TAUT_OK },
		{ 40, 0xfffe, 3, TAUT_E_UNSUPPORTED },
		{ 39, 0xfffe, 1, TAUT_E_UNSUPPORTED },
		{ 40, 1, 3, TAUT_OK },
		{ 15, 1, 1, TAUT_E_SYNTAX },
		{ 16, 1, 1, TAUT_OK },
		{ 17, 1, 1, TAUT_OK }, /* and a byte of padding */
	};
	struct place p;
	struct tt_wav_reader r;

	(void)state;
	place_make(&p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t file[100] = "RIFF....WAVEfmt ";
		const size_t body = rows[i].len + (rows[i].len & 1);

		put(file + 16, rows[i].len, 4), put(file + 20, rows[i].format, 2);
		put(file + 22, 1, 2), put(file + 24, 48000, 4), put(file + 34, 16, 2);
		if (rows[i].len >= 39)
			put(file + 44, rows[i].inner, 2);
		memcpy(file + 20 + body, "data\2\0\0\0xx", 10);
		write_file(place_at(&p, "a.wav"), file, 30 + body);
		assert_int_equal(tt_wav_open(&r, p.path, NULL), rows[i].code);
		if (rows[i].code == TAUT_OK)
			assert_int_equal(r.bytes, 2);
		tt_wav_close(&r);
	}
	place_drop(&p);
}

static void samples_end_where_the_file_does(void **state)
{
	struct place p;
	struct tt_wav_writer w;
	struct tt_wav_reader r;
	int16_t samples[2000], back[2000];

	(void)state;
	for (int i = 0; i < 2000; i++)
		samples[i] = (int16_t)(i * 31 - 30000);
	place_make(&p);
	assert_true(tt_wav_create(&w, place_at(&p, "a.wav"), 48000, 2));
	assert_true(tt_wav_write(&w, samples, 1000));
	assert_true(tt_wav_finish(&w));
	assert_true(tt_wav_finish(&w)); /* again: nothing is open any more */
	assert_false(tt_wav_write(&w, samples, 1));
	assert_int_equal(tt_wav_open(&r, p.path, NULL), 0);
	for (size_t some = 1; some < 400; some += 99) {
		assert_true(tt_wav_rewind(&r));
		size_t n = 0, got;
		while ((got = tt_wav_read(&r, back + 2 * n, some)) > 0)
			n += got;
		assert_int_equal(n, 1000);
		assert_memory_equal(back, samples, sizeof samples);
	}
	assert_int_equal(tt_wav_read(&r, back, 0), 0);
	tt_wav_close(&r);
	/* a file that shrinks while it is read: what was whole came, and then nothing */
	assert_true(tt_wav_create(&w, p.path, 48000, 2));
	for (int i = 0; i < 20; i++)
		assert_true(tt_wav_write(&w, samples, 1000));
	assert_true(tt_wav_finish(&w));
	assert_int_equal(tt_wav_open(&r, p.path, NULL), 0);
	assert_int_equal(tt_wav_read(&r, back, 1000), 1000);
	cut_to(p.path, 40000);
	size_t whole = 1000;
	for (size_t got; (got = tt_wav_read(&r, back, 1000)) > 0;)
		whole += got;
	assert_true(whole < 10000 && r.left == 0);
	tt_wav_close(&r);
	/* half a sample at the end is none; more said than there is, is refused */
	uint8_t file[51] = "RIFF....WAVEfmt ....................data....";
	put(file + 16, 16, 4), put(file + 20, 1, 2), put(file + 22, 2, 2);
	put(file + 24, 48000, 4), put(file + 34, 16, 2), put(file + 40, 7, 4);
	write_file(p.path, file, sizeof file);
	assert_int_equal(tt_wav_open(&r, p.path, NULL), 0);
	assert_int_equal(r.bytes, 4);
	tt_wav_close(&r);
	put(file + 40, 8, 4);
	write_file(p.path, file, sizeof file);
	assert_int_equal(tt_wav_open(&r, p.path, NULL), TAUT_E_SYNTAX);
	place_drop(&p);
}

/* ---- IVF ---- */

static void ivf_head(uint8_t *h, uint32_t width, uint32_t rate, uint32_t scale)
{
	memcpy(h, "DKIF\0\0\x20\0VP80", 12);
	put(h + 12, width, 2), put(h + 14, 16, 2), put(h + 16, rate, 4), put(h + 20, scale, 4);
}

static void an_ivf_s_time_base_has_limits(void **state)
{
	static const struct {
		uint32_t rate, scale;
		bool good;
	} rows[] = {
		{ 1, 1, true },		      { 0, 1, false },	       { 1, 0, false },
		{ 1000000000, 1, true },      { 1000000001, 1, false }, { 1000000, 1000000, true },
		{ 1000001, 1000001, false },  { 1, 10, true },	       { 1, 11, false },
		{ 2, 21, true },	      { 90000, 1, true },
	};
	struct place p;
	struct tt_ivf_reader r;

	(void)state;
	place_make(&p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t head[32] = { 0 };

		ivf_head(head, 16, rows[i].rate, rows[i].scale);
		write_file(place_at(&p, "a.ivf"), head, sizeof head);
		assert_int_equal(tt_ivf_open(&r, p.path, NULL), rows[i].good ? TAUT_OK : TAUT_E_SYNTAX);
		tt_ivf_close(&r);
	}
	for (size_t n = 0; n <= 32; n++) {
		uint8_t head[32] = { 0 };

		ivf_head(head, 16, 90000, 1);
		write_file(p.path, head, n);
		assert_int_equal(tt_ivf_open(&r, p.path, NULL), n == 32 ? TAUT_OK : TAUT_E_SYNTAX);
		tt_ivf_close(&r);
	}
	/* a header of 31 bytes is none, of 33 is read */
	for (unsigned len = 31; len <= 33; len++) {
		uint8_t head[33] = { 0 };

		ivf_head(head, 16, 90000, 1);
		head[6] = (uint8_t)len;
		write_file(p.path, head, sizeof head);
		assert_int_equal(tt_ivf_open(&r, p.path, NULL), len >= 32 ? TAUT_OK : TAUT_E_SYNTAX);
		tt_ivf_close(&r);
	}
	place_drop(&p);
}

/* Two frames of one byte, their time in microseconds. */
static int second_frame(struct place *p, uint64_t first, uint64_t second)
{
	uint8_t file[58] = { 0 };
	struct tt_ivf_reader r;
	struct tt_ivf_frame f;

	ivf_head(file, 16, 1000000, 1);
	put(file + 32, 1, 4), put(file + 36, first, 8), put(file + 45, 1, 4), put(file + 49, second, 8);
	write_file(place_at(p, "a.ivf"), file, sizeof file);
	assert_int_equal(tt_ivf_open(&r, p->path, NULL), 0);
	int rc = tt_ivf_next(&r, &f, NULL);
	if (rc == 1)
		rc = tt_ivf_next(&r, &f, NULL);
	tt_ivf_close(&r);
	return rc;
}

static void frames_follow_one_another_within_ten_seconds(void **state)
{
	struct place p;

	(void)state;
	place_make(&p);
	assert_int_equal(second_frame(&p, 0, 0), 1);
	assert_int_equal(second_frame(&p, 0, 10000000), 1);
	assert_int_equal(second_frame(&p, 0, 10000001), TAUT_E_SYNTAX);
	assert_int_equal(second_frame(&p, 5, 5), 1);
	assert_int_equal(second_frame(&p, 5, 4), TAUT_E_SYNTAX);
	/* a billion seconds is the end of time */
	assert_int_equal(second_frame(&p, UINT64_C(1000000000999999), UINT64_C(1000000000999999)), 1);
	assert_int_equal(second_frame(&p, UINT64_C(1000000001000000), 0), TAUT_E_SYNTAX);
	place_drop(&p);
}

static void a_frame_is_as_long_as_it_says_and_at_most_16_mib(void **state)
{
	static const struct {
		uint32_t len;
		size_t there;
		int code;
	} rows[] = {
		{ 0, 1, TAUT_E_SYNTAX }, { 1, 1, 1 },		 { 1, 0, TAUT_E_SYNTAX },
		{ 5, 5, 1 },		 { 5, 4, TAUT_E_SYNTAX }, { 16u << 20, 16u << 20, 1 },
		{ (16u << 20) + 1, (16u << 20) + 1, TAUT_E_SYNTAX },
	};
	struct place p;
	struct tt_ivf_reader r;
	struct tt_ivf_frame f;

	(void)state;
	place_make(&p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t *file = calloc(1, 44 + rows[i].there);

		ivf_head(file, 16, 90000, 1);
		put(file + 32, rows[i].len, 4);
		write_file(place_at(&p, "a.ivf"), file, 44 + rows[i].there);
		assert_int_equal(tt_ivf_open(&r, p.path, NULL), 0);
		assert_int_equal(tt_ivf_next(&r, &f, NULL), rows[i].code);
		if (rows[i].code == 1)
			assert_int_equal(f.len, rows[i].len);
		tt_ivf_close(&r);
		free(file);
	}
	place_drop(&p);
}

static void a_file_that_shrinks_while_it_is_read_is_broken(void **state)
{
	struct place p;
	struct tt_ivf_writer w;
	struct tt_ivf_reader r;
	struct tt_ivf_frame f;
	static uint8_t data[20000];

	(void)state;
	place_make(&p);
	assert_true(tt_ivf_create(&w, place_at(&p, "a.ivf")));
	for (uint64_t i = 0; i < 3; i++)
		assert_true(tt_ivf_write(&w, data, sizeof data, i, 16, 16));
	assert_true(tt_ivf_finish(&w));
	assert_true(tt_ivf_finish(&w));
	assert_false(tt_ivf_write(&w, data, 1, 3, 16, 16));
	assert_int_equal(tt_ivf_open(&r, p.path, NULL), 0);
	assert_int_equal(tt_ivf_next(&r, &f, NULL), 1);
	cut_to(p.path, 32 + 12 + 20000 + 12 + 9000);
	assert_true(tt_ivf_next(&r, &f, NULL) == TAUT_E_SYNTAX);
	tt_ivf_close(&r);
	place_drop(&p);
}

/* Of two frames in turn each has its buffer: no more memory is asked for than they need. */
static void frames_of_a_size_need_no_more_memory(void **state)
{
	struct place p;
	struct tt_ivf_writer w;
	struct tt_ivf_reader r;
	struct tt_ivf_frame f;

	(void)state;
	place_make(&p);
	assert_true(tt_ivf_create(&w, place_at(&p, "a.ivf")));
	for (uint64_t i = 0; i < 4; i++)
		assert_true(tt_ivf_write(&w, "frame", i < 3 ? 5 : 4, i, 16, 16));
	assert_true(tt_ivf_finish(&w));
	assert_int_equal(tt_ivf_open(&r, p.path, NULL), 0);
	assert_int_equal(tt_ivf_next(&r, &f, NULL), 1);
	assert_int_equal(tt_ivf_next(&r, &f, NULL), 1);
	memory_is_gone = true;
	assert_int_equal(tt_ivf_next(&r, &f, NULL), 1);
	assert_int_equal(tt_ivf_next(&r, &f, NULL), 1);
	assert_int_equal(tt_ivf_next(&r, &f, NULL), 0);
	memory_is_gone = false;
	tt_ivf_close(&r);
	place_drop(&p);
}

/* What a frame claims is compared with the file before there is memory for it. */
static void a_frame_longer_than_its_file_asks_for_no_memory(void **state)
{
	struct place p;
	struct tt_ivf_reader r;
	struct tt_ivf_frame f;
	uint8_t file[32 + 12 + 7] = { 0 };

	(void)state;
	place_make(&p);
	ivf_head(file, 16, 90000, 1);
	memory_is_gone = true;
	for (unsigned len = 7; len <= 8; len++) {
		put(file + 32, len, 4);
		write_file(place_at(&p, "a.ivf"), file, sizeof file);
		assert_int_equal(tt_ivf_open(&r, p.path, NULL), 0);
		assert_int_equal(tt_ivf_next(&r, &f, NULL), len == 7 ? TAUT_E_NOMEM : TAUT_E_SYNTAX);
		tt_ivf_close(&r);
	}
	memory_is_gone = false;
	place_drop(&p);
}

static void a_frame_is_written_up_to_16_mib(void **state)
{
	struct place p;
	struct tt_ivf_writer w;
	uint8_t *data = calloc(1, (16u << 20) + 1);

	(void)state;
	place_make(&p);
	assert_true(tt_ivf_create(&w, place_at(&p, "a.ivf")));
	assert_true(tt_ivf_write(&w, data, 16u << 20, 0, 16, 16));
	assert_false(tt_ivf_write(&w, data, (16u << 20) + 1, 1, 16, 16));
	assert_true(tt_ivf_finish(&w));
	free(data);
	place_drop(&p);
}

static void a_frame_without_memory_for_it_is_refused(void **state)
{
	struct place p;
	struct tt_ivf_writer w;
	struct tt_ivf_reader r;
	struct tt_ivf_frame f;

	(void)state;
	place_make(&p);
	assert_true(tt_ivf_create(&w, place_at(&p, "a.ivf")));
	assert_true(tt_ivf_write(&w, "frame", 5, 0, 16, 16));
	assert_true(tt_ivf_finish(&w));
	assert_int_equal(tt_ivf_open(&r, p.path, NULL), 0);
	memory_is_gone = true;
	assert_int_equal(tt_ivf_next(&r, &f, NULL), TAUT_E_NOMEM);
	memory_is_gone = false;
	tt_ivf_close(&r);
	place_drop(&p);
}

/* ---- Y4M ---- */

static int y4m_code(struct place *p, const char *header)
{
	struct tt_y4m_reader r;

	write_file(place_at(p, "a.y4m"), header, strlen(header));
	const int rc = tt_y4m_open(&r, p->path, NULL);
	tt_y4m_close(&r);
	return rc;
}

static void every_word_of_a_y4m_header_has_its_form(void **state)
{
	static const struct {
		const char *words;
		int code;
	} rows[] = {
		{ "W16 H16", TAUT_OK },
		{ "W15 H16", TAUT_E_SYNTAX },
		{ "W16 H15", TAUT_E_SYNTAX },
		{ "W16  H16 ", TAUT_OK },
		{ " W16 H16", TAUT_OK },
		{ "H16", TAUT_E_SYNTAX },
		{ "W H16", TAUT_E_UNSUPPORTED },
		{ "W16/ H16", TAUT_E_UNSUPPORTED },
		{ "W16: H16", TAUT_E_UNSUPPORTED },
		{ "W16 Hx", TAUT_E_UNSUPPORTED },
		{ "W16 H16x", TAUT_E_UNSUPPORTED },
		{ "W16 H16 Fx:1", TAUT_E_UNSUPPORTED },
		{ "W16 H16 F30:x", TAUT_E_UNSUPPORTED },
		{ "W16 H16 F30;1", TAUT_E_UNSUPPORTED },
		{ "W16 H16 F30:1:1", TAUT_E_UNSUPPORTED },
		{ "W16 H16 F30:1", TAUT_OK },
		{ "W16 H16 F240:1", TAUT_OK },
		{ "W16 H16 F241:1", TAUT_E_SYNTAX },
		{ "W16 H16 F1:10", TAUT_OK },
		{ "W16 H16 F1:11", TAUT_E_SYNTAX },
		{ "W16 H16 F0:1", TAUT_E_SYNTAX },
		{ "W16 H16 F1:0", TAUT_E_SYNTAX },
		{ "W16 H16 Ip", TAUT_OK },
		{ "W16 H16 I?", TAUT_OK },
		{ "W16 H16 It", TAUT_E_UNSUPPORTED },
		{ "W16 H16 Ipp", TAUT_E_UNSUPPORTED },
		{ "W16 H16 I", TAUT_E_UNSUPPORTED },
		{ "W16 H16 C420", TAUT_OK },
		{ "W16 H16 C420jpeg", TAUT_OK },
		{ "W16 H16 C420mpeg2", TAUT_OK },
		{ "W16 H16 C420paldv", TAUT_OK },
		{ "W16 H16 C42", TAUT_E_UNSUPPORTED },
		{ "W16 H16 C422", TAUT_E_UNSUPPORTED },
		{ "W16 H16 C420jpex", TAUT_E_UNSUPPORTED },
		{ "W16 H16 XNOTHING", TAUT_OK },
		{ "W999999999 H16", TAUT_E_SYNTAX }, /* nine digits are read, and too wide */
		{ "W9999999999 H16", TAUT_E_UNSUPPORTED },
		{ "W1000000000 H16", TAUT_E_UNSUPPORTED },
		{ "W9999999990 H16", TAUT_E_UNSUPPORTED },
		{ "W16 H16 F999999999:99999999", TAUT_OK },
	};
	struct place p;
	char line[512];

	(void)state;
	place_make(&p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		(void)snprintf(line, sizeof line, "YUV4MPEG2 %s\n", rows[i].words);
		if (y4m_code(&p, line) != rows[i].code)
			fail_msg("%s", rows[i].words);
	}
	assert_int_equal(y4m_code(&p, "YUV4MPEG2 W16 H16\n"), TAUT_OK);
	assert_int_equal(y4m_code(&p, "YUV4MPEG3 W16 H16\n"), TAUT_E_SYNTAX);
	assert_int_equal(y4m_code(&p, "YUV4MPEG2\tW16 H16\n"), TAUT_E_SYNTAX);
	assert_int_equal(y4m_code(&p, "YUV\n"), TAUT_E_SYNTAX);
	/* the widest and the highest; one more */
	for (int more = 0; more < 2; more++) {
		(void)snprintf(line, sizeof line, "YUV4MPEG2 W%d H16\n", TT_IMAGE_MAX_SIDE + more);
		assert_int_equal(y4m_code(&p, line), more ? TAUT_E_SYNTAX : TAUT_OK);
		(void)snprintf(line, sizeof line, "YUV4MPEG2 W16 H%d\n", TT_IMAGE_MAX_SIDE + more);
		assert_int_equal(y4m_code(&p, line), more ? TAUT_E_SYNTAX : TAUT_OK);
	}
	/* a line of 256 bytes with its end is read, a longer one is none */
	for (int n = 255; n <= 256; n++) {
		(void)snprintf(line, sizeof line, "YUV4MPEG2 W16 H16 X%*s\n", n - 19, "x");
		assert_int_equal(strlen(line), n + 1);
		assert_int_equal(y4m_code(&p, line), n == 255 ? TAUT_OK : TAUT_E_SYNTAX);
	}
	place_drop(&p);
}

static void a_y4m_frame_has_its_line_and_all_its_bytes(void **state)
{
	static const struct {
		const char *line;
		size_t bytes;
		int code;
	} rows[] = {
		{ "FRAME\n", 384, 1 },	      { "FRAME Ip\n", 384, 1 },		 { "FRAME\n", 383, TAUT_E_SYNTAX },
		{ "FRAM\n", 384, TAUT_E_SYNTAX }, { "FRAME", 0, TAUT_E_SYNTAX }, { "", 0, 0 },
	};
	struct place p;
	struct tt_y4m_reader r;
	struct taut_image image;
	char file[600];

	(void)state;
	place_make(&p);
	assert_true(tt_image_make(&image, 16, 16));
	for (size_t i = 0; i < COUNT(rows); i++) {
		memset(file, 'y', sizeof file);
		const int n = snprintf(file, sizeof file, "YUV4MPEG2 W16 H16\n%s", rows[i].line);
		file[n] = 'y';
		write_file(place_at(&p, "a.y4m"), file, (size_t)n + rows[i].bytes);
		assert_int_equal(tt_y4m_open(&r, p.path, NULL), 0);
		assert_int_equal(tt_y4m_next(&r, &image, NULL), rows[i].code);
		tt_y4m_close(&r);
	}
	tt_image_drop(&image);
	place_drop(&p);
}

static void a_y4m_writer_takes_only_its_own_size(void **state)
{
	struct place p;
	struct tt_y4m_writer w;
	struct taut_image image, wide, high;

	(void)state;
	place_make(&p);
	assert_true(tt_image_make(&image, 17, 19));
	assert_true(tt_image_make(&wide, 18, 19));
	assert_true(tt_image_make(&high, 17, 20));
	assert_true(tt_y4m_create(&w, place_at(&p, "a.y4m"), 17, 19, 30, 1));
	assert_true(tt_y4m_write(&w, &image));
	assert_false(tt_y4m_write(&w, &wide));
	assert_false(tt_y4m_write(&w, &high));
	assert_true(tt_y4m_finish(&w));
	assert_true(tt_y4m_finish(&w));
	assert_false(tt_y4m_write(&w, &image));
	tt_image_drop(&image);
	tt_image_drop(&wide);
	tt_image_drop(&high);
	place_drop(&p);
}

/* ---- disks that are full ---- */

static void a_writer_says_when_nothing_can_be_written(void **state)
{
	struct tt_wav_writer wav;
	struct tt_ivf_writer ivf;
	struct tt_y4m_writer y4m;
	struct taut_image image;
	static int16_t samples[50000];
	static uint8_t data[50000];

	(void)state;
	assert_false(tt_wav_create(&wav, "/nowhere/a.wav", 48000, 1));
	assert_false(tt_ivf_create(&ivf, "/nowhere/a.ivf"));
	assert_false(tt_y4m_create(&y4m, "/nowhere/a.y4m", 16, 16, 30, 1));
	if (access("/dev/full", W_OK) != 0)
		skip();
	/* what is buffered fails when it is finished, more of it at once */
	assert_true(tt_wav_create(&wav, "/dev/full", 48000, 1));
	assert_false(tt_wav_finish(&wav));
	assert_true(tt_wav_create(&wav, "/dev/full", 48000, 1));
	assert_false(tt_wav_write(&wav, samples, 50000));
	assert_false(tt_wav_finish(&wav));
	assert_true(tt_ivf_create(&ivf, "/dev/full"));
	assert_false(tt_ivf_finish(&ivf));
	assert_true(tt_ivf_create(&ivf, "/dev/full"));
	assert_false(tt_ivf_write(&ivf, data, sizeof data, 0, 16, 16));
	assert_false(tt_ivf_finish(&ivf));
	assert_true(tt_image_make(&image, 640, 480));
	assert_true(tt_y4m_create(&y4m, "/dev/full", 640, 480, 30, 1));
	assert_false(tt_y4m_write(&y4m, &image));
	(void)tt_y4m_finish(&y4m);
	assert_true(tt_y4m_create(&y4m, "/dev/full", 640, 480, 30, 1));
	assert_false(tt_y4m_finish(&y4m));
	tt_image_drop(&image);
	/* without a buffer the first byte fails */
	assert_true(tt_wav_create(&wav, "/dev/full", 48000, 1));
	FILE *unbuffered = fopen("/dev/full", "wb");
	assert_non_null(unbuffered);
	assert_int_equal(setvbuf(unbuffered, NULL, _IONBF, 0), 0);
	(void)fclose(wav.stream);
	wav.stream = unbuffered;
	assert_false(tt_wav_finish(&wav)); /* the header again */
	ivf = (struct tt_ivf_writer){ .stream = fopen("/dev/full", "wb") };
	assert_int_equal(setvbuf(ivf.stream, NULL, _IONBF, 0), 0);
	assert_false(tt_ivf_write(&ivf, data, 1, 0, 16, 16));
	assert_false(tt_ivf_write(&ivf, data, (16u << 20) + 1, 0, 16, 16));
	assert_false(tt_ivf_finish(&ivf));
	assert_int_equal(tt_image_make(&image, 16, 16), true);
	y4m = (struct tt_y4m_writer){ .stream = fopen("/dev/full", "wb"), .width = 16, .height = 16 };
	assert_int_equal(setvbuf(y4m.stream, NULL, _IONBF, 0), 0);
	assert_false(tt_y4m_write(&y4m, &image)); /* not even the line before it */
	assert_false(tt_y4m_finish(&y4m));
	tt_image_drop(&image);
}

/* The lengths in a WAV header have 32 bits. */
static void a_wav_has_at_most_4_gib(void **state)
{
	struct place p;
	struct tt_wav_writer w;
	const int16_t samples[4] = { 0 };

	(void)state;
	place_make(&p);
	assert_true(tt_wav_create(&w, place_at(&p, "a.wav"), 48000, 1));
	w.bytes = UINT32_MAX - 44 - 5; /* room for two samples */
	assert_false(tt_wav_write(&w, samples, 3));
	for (int i = 0; i < 2; i++) /* one by one */
		assert_true(tt_wav_write(&w, samples, 1));
	assert_false(tt_wav_write(&w, samples, 1));
	assert_int_equal(w.bytes, UINT32_MAX - 44 - 1);
	assert_true(tt_wav_finish(&w));
	place_drop(&p);
}

/* ---- Ogg ---- */

struct ogg_file {
	FILE *f;
	ogg_stream_state s;
	ogg_int64_t number;
};

static void flush(struct ogg_file *o)
{
	ogg_page page;

	while (ogg_stream_flush(&o->s, &page)) {
		assert_int_equal(fwrite(page.header, 1, (size_t)page.header_len, o->f), page.header_len);
		assert_int_equal(fwrite(page.body, 1, (size_t)page.body_len, o->f), page.body_len);
	}
}

static void packet(struct ogg_file *o, const void *data, size_t len, bool first, bool last)
{
	ogg_packet p = { .packet = (unsigned char *)(uintptr_t)data, .bytes = (long)len,
			 .b_o_s = first, .e_o_s = last, .packetno = o->number++ };

	assert_int_equal(ogg_stream_packetin(&o->s, &p), 0);
	flush(o);
}

static void begin(struct ogg_file *o, const char *path, const char *how, int serial)
{
	o->f = fopen(path, how);
	o->number = 0;
	assert_non_null(o->f);
	assert_int_equal(ogg_stream_init(&o->s, serial), 0);
}

static void end(struct ogg_file *o)
{
	(void)ogg_stream_clear(&o->s);
	assert_int_equal(fclose(o->f), 0);
}

static const uint8_t head[19] = "OpusHead\1\1\0\0\x80\xbb\0\0\0\0";
static const uint8_t toc[3] = { 0xfc, 1, 2 }; /* 20 ms */

/* The number of audio packets, or the first error. */
static int packets_of(const char *path)
{
	struct tt_ogg_reader r;
	struct tt_ogg_packet p;
	int n = 0, rc = tt_ogg_open(&r, path, NULL);

	if (rc != TAUT_OK)
		return rc;
	while ((rc = tt_ogg_next(&r, &p, NULL)) == 1) {
		assert_int_equal(p.samples, 960);
		n++;
	}
	if (rc == 0) {
		assert_true(tt_ogg_rewind(&r));
		int again = 0;
		while ((rc = tt_ogg_next(&r, &p, NULL)) == 1)
			again++;
		assert_int_equal(again, n);
	}
	tt_ogg_close(&r);
	return rc < 0 ? rc : n;
}

static int one_stream(struct place *p, const uint8_t *first, size_t len)
{
	struct ogg_file o;

	begin(&o, place_at(p, "a.ogg"), "wb", 1);
	packet(&o, first, len, true, false);
	packet(&o, "OpusTags", 8, false, false);
	packet(&o, toc, 3, false, false);
	packet(&o, "", 0, false, false); /* of no bytes: passed over */
	packet(&o, toc, 1, false, true);
	end(&o);
	return packets_of(p->path);
}

static void an_opus_head_is_checked_field_by_field(void **state)
{
	static const struct {
		size_t at;
		uint8_t value;
		int code;
	} rows[] = {
		{ 8, 1, 2 },	{ 8, 15, 2 },		      { 8, 16, TAUT_E_SYNTAX },
		{ 9, 1, 2 },	{ 9, 2, 2 },		      { 9, 0, TAUT_E_UNSUPPORTED },
		{ 9, 3, TAUT_E_UNSUPPORTED }, { 18, 1, TAUT_E_UNSUPPORTED },
		{ 0, 'o', TAUT_E_SYNTAX },    { 7, 'D', TAUT_E_SYNTAX },
	};
	struct place p;

	(void)state;
	place_make(&p);
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t first[19];

		memcpy(first, head, sizeof first);
		first[rows[i].at] = rows[i].value;
		assert_int_equal(one_stream(&p, first, sizeof first), rows[i].code);
	}
	for (size_t n = 0; n < sizeof head; n++) {
		struct tt_ogg_reader r;
		struct tt_ogg_packet one;
		struct taut_media_error error;

		assert_int_equal(one_stream(&p, head, n), TAUT_E_SYNTAX);
		/* from its eighth byte it is a head, and a broken one */
		assert_int_equal(tt_ogg_open(&r, p.path, NULL), TAUT_OK);
		assert_int_equal(tt_ogg_next(&r, &one, &error), TAUT_E_SYNTAX);
		assert_non_null(strstr(error.text, n < 8 ? "no Opus stream in it" : "no Opus header"));
		tt_ogg_close(&r);
	}
	place_drop(&p);
}

static void other_streams_and_garbage_are_passed_over(void **state)
{
	struct place p;
	struct ogg_file a, b;

	(void)state;
	place_make(&p);
	begin(&a, place_at(&p, "a.ogg"), "wb", 1);
	begin(&b, place_at(&p, "a.txt"), "wb", 2);
	(void)fclose(b.f);
	b.f = a.f; /* two streams in one file, page by page */
	packet(&b, "\x80theora", 7, true, false);
	packet(&b, "\x80theora, longer", 15, false, false);
	packet(&a, head, sizeof head, true, false);
	packet(&a, "OpusTags", 8, false, false);
	packet(&b, "frame", 5, false, false);
	packet(&a, toc, 3, false, false);
	assert_int_equal(fwrite("no page at all, OggX", 1, 20, a.f), 20);
	packet(&a, toc, 3, false, false);
	/* a second Opus stream begins before the first has ended: not ours */
	ogg_stream_state c;
	assert_int_equal(ogg_stream_init(&c, 3), 0);
	struct ogg_file d = { .f = a.f, .s = c };
	packet(&d, head, sizeof head, true, false);
	packet(&d, toc, 3, false, false);
	packet(&a, toc, 3, false, true);
	/* a third begins where it has: chained, RFC 3533 section 4 */
	(void)ogg_stream_clear(&d.s);
	assert_int_equal(ogg_stream_init(&d.s, 4), 0);
	d.number = 0;
	packet(&d, head, sizeof head, true, false);
	packet(&d, "OpusTags", 8, false, false);
	packet(&d, toc, 3, false, true);
	(void)ogg_stream_clear(&d.s);
	(void)ogg_stream_clear(&b.s);
	end(&a);
	assert_int_equal(packets_of(place_at(&p, "a.ogg")), 4);
	place_drop(&p);
}

static void a_hole_in_a_stream_costs_what_was_in_it(void **state)
{
	struct place p;
	struct ogg_file o;

	(void)state;
	place_make(&p);
	begin(&o, place_at(&p, "a.ogg"), "wb", 1);
	packet(&o, head, sizeof head, true, false);
	packet(&o, "OpusTags", 8, false, false);
	packet(&o, toc, 3, false, false);
	o.s.pageno++;
	packet(&o, toc, 3, false, true);
	end(&o);
	assert_int_equal(packets_of(p.path), 2);
	/* what is not Opus ends the reading: no count of frames, and none of them */
	for (size_t n = 1; n <= 2; n++) {
		begin(&o, p.path, "wb", 1);
		packet(&o, head, sizeof head, true, false);
		packet(&o, "OpusTags", 8, false, false);
		packet(&o, "\xff", n, false, true);
		end(&o);
		assert_int_equal(packets_of(p.path), TAUT_E_SYNTAX);
	}
	place_drop(&p);
}

static void an_ogg_file_that_shrinks_cannot_be_read(void **state)
{
	struct place p;
	struct ogg_file o;
	struct tt_ogg_reader r;
	struct tt_ogg_packet packet_read;
	int rc;

	(void)state;
	place_make(&p);
	begin(&o, place_at(&p, "a.ogg"), "wb", 1);
	packet(&o, head, sizeof head, true, false);
	packet(&o, "OpusTags", 8, false, false);
	for (int i = 0; i < 1000; i++)
		packet(&o, toc, 3, false, i == 999);
	end(&o);
	assert_int_equal(tt_ogg_open(&r, p.path, NULL), 0);
	assert_int_equal(tt_ogg_next(&r, &packet_read, NULL), 1);
	cut_to(p.path, 6000);
	while ((rc = tt_ogg_next(&r, &packet_read, NULL)) == 1)
		;
	assert_int_equal(rc, TAUT_E_SYNTAX);
	tt_ogg_close(&r);
	place_drop(&p);
}

static void an_ogg_page_without_memory_for_it_is_refused(void **state)
{
	struct place p;

	(void)state;
	place_make(&p);
	assert_int_equal(one_stream(&p, head, sizeof head), 2);
	memory_is_gone = true;
	assert_int_equal(packets_of(p.path), TAUT_E_NOMEM);
	memory_is_gone = false;
	place_drop(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wav_has_a_rate_and_channels_in_their_range),
		cmocka_unit_test(an_extensible_wav_says_its_format_later),
		cmocka_unit_test(samples_end_where_the_file_does),
		cmocka_unit_test(an_ivf_s_time_base_has_limits),
		cmocka_unit_test(frames_follow_one_another_within_ten_seconds),
		cmocka_unit_test(a_frame_is_as_long_as_it_says_and_at_most_16_mib),
		cmocka_unit_test(a_file_that_shrinks_while_it_is_read_is_broken),
		cmocka_unit_test(every_word_of_a_y4m_header_has_its_form),
		cmocka_unit_test(a_y4m_frame_has_its_line_and_all_its_bytes),
		cmocka_unit_test(a_y4m_writer_takes_only_its_own_size),
		cmocka_unit_test(a_writer_says_when_nothing_can_be_written),
		cmocka_unit_test(a_wav_has_at_most_4_gib),
		cmocka_unit_test(an_opus_head_is_checked_field_by_field),
		cmocka_unit_test(other_streams_and_garbage_are_passed_over),
		cmocka_unit_test(a_hole_in_a_stream_costs_what_was_in_it),
		cmocka_unit_test(frames_of_a_size_need_no_more_memory),
		cmocka_unit_test(a_frame_longer_than_its_file_asks_for_no_memory),
		cmocka_unit_test(a_frame_is_written_up_to_16_mib),
		cmocka_unit_test(a_frame_without_memory_for_it_is_refused),
		cmocka_unit_test(an_ogg_page_without_memory_for_it_is_refused),
		cmocka_unit_test(an_ogg_file_that_shrinks_cannot_be_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
