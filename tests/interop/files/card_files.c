/* card_files.c - makes the test card as raw files, and compares what a call saved with it.
 *
 *     card_files make DIR SECONDS     DIR/card.y4m (320 x 240, 30 per second), DIR/card.wav
 *     card_files video FILE.ivf N     at least N pictures, their counters in order, close to the card
 *     card_files sound FILE.ogg S     at least S seconds, close to the card's sound after alignment
 *
 * Prints what it measured; status 1 when it is not good enough. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "taut/media.h"

enum { WIDTH = 320, HEIGHT = 240, FPS = 30, RATE = 48000, BLOCK = 960, MAX_SECONDS = 60 };
static const double least_psnr = 24.0, least_correlation = 0.9;

static uint8_t planes[WIDTH * HEIGHT * 3 / 2];

static struct taut_image card_image(void)
{
	return (struct taut_image){
		.size = sizeof(struct taut_image),
		.width = WIDTH,
		.height = HEIGHT,
		.planes = { planes, planes + WIDTH * HEIGHT, planes + WIDTH * HEIGHT * 5 / 4 },
		.strides = { WIDTH, WIDTH / 2, WIDTH / 2 },
	};
}

static void draw(struct taut_image *image, uint32_t number)
{
	taut_test_card_draw(image, number, (taut_time)number * 1000000 / FPS);
}

static int write_y4m(const char *dir, int seconds)
{
	char path[1024];
	struct taut_image image = card_image();

	snprintf(path, sizeof path, "%s/card.y4m", dir);
	FILE *f = fopen(path, "wb");
	if (!f)
		return 1;
	fprintf(f, "YUV4MPEG2 W%d H%d F%d:1 Ip A1:1 C420jpeg\n", WIDTH, HEIGHT, FPS);
	for (int n = 0; n < seconds * FPS; n++) {
		draw(&image, (uint32_t)n);
		fputs("FRAME\n", f);
		fwrite(planes, 1, sizeof planes, f);
	}
	return fclose(f) != 0;
}

static void put_le(FILE *f, uint32_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		fputc((int)(v >> 8 * i & 255), f);
}

static int write_wav(const char *dir, int seconds)
{
	char path[1024];
	uint32_t bytes = (uint32_t)seconds * RATE * 2;

	snprintf(path, sizeof path, "%s/card.wav", dir);
	FILE *f = fopen(path, "wb");
	if (!f)
		return 1;
	fputs("RIFF", f), put_le(f, 36 + bytes, 4), fputs("WAVEfmt ", f), put_le(f, 16, 4);
	put_le(f, 1, 2), put_le(f, 1, 2), put_le(f, RATE, 4), put_le(f, RATE * 2, 4),
		put_le(f, 2, 2);
	put_le(f, 16, 2), fputs("data", f), put_le(f, bytes, 4);
	for (int s = 0; s < seconds * RATE; s += BLOCK) {
		int16_t samples[BLOCK];
		struct taut_pcm pcm = { .size = sizeof pcm,
					.rate = RATE,
					.channels = 1,
					.count = BLOCK,
					.samples = samples };
		taut_test_card_sound(&pcm, (uint64_t)s);
		for (int i = 0; i < BLOCK; i++)
			put_le(f, (uint16_t)samples[i], 2);
	}
	return fclose(f) != 0;
}

/* Opens a recording; its frames come in virtual time. */
static taut_source *open_recording(const char *path)
{
	const struct taut_source_config cfg = { .size = sizeof cfg, .name = path };
	struct taut_media_error error;
	taut_source *src;

	if (taut_source_open(&src, &cfg, &error) != TAUT_OK) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	taut_source_start(src, 0);
	return src;
}

static int next_frame(taut_source *src, struct taut_frame *f)
{
	for (;;) {
		taut_time at = taut_source_deadline(src);
		if (at == INT64_MAX)
			return 0;
		int kind = taut_source_poll(src, at, f);
		if (kind != 0)
			return kind;
	}
}

static int check_video(const char *path, unsigned least)
{
	taut_source *src = open_recording(path);
	taut_vp8_decoder *dec;
	struct taut_frame f = { .size = sizeof f };
	struct taut_image image = { .size = sizeof image }, card = card_image();
	unsigned pictures = 0, read = 0, in_order = 0;
	uint32_t number, last = 0;
	double worst = 99, sum = 0;

	if (taut_vp8_decoder_new(&dec) != TAUT_OK)
		return 1;
	while (next_frame(src, &f) > 0) {
		if (taut_vp8_decode(dec, f.data, f.len, &image) != 1)
			continue;
		pictures++;
		if (!taut_test_card_read(&image, &number, NULL))
			continue;
		in_order += read == 0 || number == last + 1;
		last = number;
		read++;
		draw(&card, number);
		double psnr = taut_image_psnr(&image, &card);
		worst = psnr < worst ? psnr : worst;
		sum += psnr;
	}
	taut_vp8_decoder_free(dec);
	taut_source_free(src);
	printf("%u pictures, %u with a counter, %u of them in order, PSNR %.1f dB at worst, %.1f "
	       "on average\n",
	       pictures, read, in_order, worst, read ? sum / read : 0);
	return !(read >= least && in_order + 2 >= read && read + 2 >= pictures &&
		 worst >= least_psnr);
}

static size_t decode_sound(const char *path, int16_t *out, size_t cap)
{
	taut_source *src = open_recording(path);
	taut_opus_decoder *dec;
	struct taut_frame f = { .size = sizeof f };
	struct taut_pcm pcm = { .size = sizeof pcm };
	size_t n = 0;

	if (taut_opus_decoder_new(&dec, 1) != TAUT_OK)
		return 0;
	while (next_frame(src, &f) > 0) {
		if (taut_opus_decode(dec, f.data, f.len, 0, &pcm) != TAUT_OK || n + pcm.count > cap)
			continue;
		memcpy(out + n, pcm.samples, pcm.count * sizeof *out);
		n += pcm.count;
	}
	taut_opus_decoder_free(dec);
	taut_source_free(src);
	return n;
}

/* Where the first beep begins, to 5 ms: there a block holds much more of 1,000 Hz than the one before. */
static size_t first_beep(int16_t *samples, size_t n)
{
	for (size_t at = RATE / 4; at + BLOCK < n; at += 240) {
		struct taut_pcm pcm = { .size = sizeof pcm,
					.rate = RATE,
					.channels = 1,
					.count = BLOCK,
					.samples = samples + at };
		if (taut_tone_level(&pcm, 1000) > 0.25)
			return at;
	}
	return n;
}

static double correlation(const int16_t *a, const int16_t *b, size_t n)
{
	double ab = 0, aa = 1, bb = 1;

	for (size_t i = 0; i < n; i++) {
		ab += (double)a[i] * b[i];
		aa += (double)a[i] * a[i];
		bb += (double)b[i] * b[i];
	}
	return ab / sqrt(aa * bb);
}

/* The card's sound is periodic by the second, so its first full second from a beep on is compared. */
static int check_sound(const char *path, unsigned least)
{
	size_t cap = (size_t)MAX_SECONDS * RATE;
	int16_t *got = calloc(cap, sizeof *got), *card = calloc(4 * RATE, sizeof *card);
	struct taut_pcm pcm = {
		.size = sizeof pcm, .rate = RATE, .channels = 1, .count = 4 * RATE, .samples = card
	};
	double best = 0;

	if (!got || !card)
		return 1;
	taut_test_card_sound(&pcm, 0);
	size_t n = decode_sound(path, got, cap), beep = first_beep(got, n);
	size_t start = first_beep(card, 4 * RATE);
	for (size_t shift = 0; shift < 960 && beep + shift + RATE < n; shift++) {
		double c = correlation(got + beep + shift, card + start + 480, RATE);
		best = c > best ? c : best;
	}
	printf("%.2f seconds of sound, correlation with the card %.4f\n", (double)n / RATE, best);
	free(got);
	free(card);
	return !(n >= (size_t)least * RATE && best >= least_correlation);
}

int main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "make") == 0) {
		int seconds = (int)strtol(argv[3], NULL, 10);
		return write_y4m(argv[2], seconds) || write_wav(argv[2], seconds);
	}
	if (argc == 4 && strcmp(argv[1], "video") == 0)
		return check_video(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	if (argc == 4 && strcmp(argv[1], "sound") == 0)
		return check_sound(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	fprintf(stderr, "usage: card_files make DIR SECONDS | video FILE N | sound FILE SECONDS\n");
	return 2;
}
