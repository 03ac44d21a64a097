/* media_card.c - the test card: drawn, read and heard. The geometry stands in taut/media.h. */
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "media/media_image.h"
#include "media/media_util.h"

#define COLUMNS 16
#define ROWS    12
#define MARK    0xb2
#define SECOND  1000000
#define FLASH   100000
#define WANDER  2000000
#define WHITE   235
#define BLACK   16
#define GREY    40
#define MIDDLE  126

struct color {
	uint8_t y, u, v;
};

/* Edges in 1/16 of the width and 1/12 of the height. */
struct rect {
	double x0, y0, x1, y1;
};

static uint32_t edge(double part, double parts, uint32_t size)
{
	double at = part * size / parts;

	return at <= 0 ? 0 : at >= size ? size : (uint32_t)at;
}

static void fill_plane(uint8_t *p, uint32_t stride, uint32_t x0, uint32_t y0, uint32_t x1,
		       uint32_t y1, uint8_t value)
{
	for (uint32_t y = y0; y < y1; y++)
		if (x1 > x0)
			memset(p + (size_t)y * stride + x0, value, x1 - x0);
}

static void fill_pixels(struct taut_image *image, uint32_t x0, uint32_t y0, uint32_t x1,
			uint32_t y1, struct color c)
{
	fill_plane(image->planes[0], image->strides[0], x0, y0, x1, y1, c.y);
	fill_plane(image->planes[1], image->strides[1], x0 / 2, y0 / 2, (x1 + 1) / 2, (y1 + 1) / 2,
		   c.u);
	fill_plane(image->planes[2], image->strides[2], x0 / 2, y0 / 2, (x1 + 1) / 2, (y1 + 1) / 2,
		   c.v);
}

static void fill(struct taut_image *image, struct rect r, struct color c)
{
	fill_pixels(image, edge(r.x0, COLUMNS, image->width), edge(r.y0, ROWS, image->height),
		    edge(r.x1, COLUMNS, image->width), edge(r.y1, ROWS, image->height), c);
}

static const struct color white = { WHITE, 128, 128 }, black = { BLACK, 128, 128 },
			  grey = { GREY, 128, 128 };

static uint8_t crc8(uint32_t number)
{
	unsigned crc = 0;

	for (int shift = 24; shift >= 0; shift -= 8) {
		crc ^= number >> shift & 0xff;
		for (int i = 0; i < 8; i++)
			crc = crc & 0x80 ? (crc << 1 ^ 0x07) & 0xff : crc << 1;
	}
	return (uint8_t)crc;
}

static bool flash_at(taut_time at)
{
	return at >= 0 && at % SECOND < FLASH;
}

/* ---- drawing ---- */

/* 3 x 5 pixels each, rows of three bits from the top. */
static const uint16_t digits[10] = {
	075557, 026227, 071747, 071717, 055711, 074717, 074757, 071111, 075757, 075717,
};

static void draw_glyph(struct taut_image *image, uint32_t x, uint32_t y, uint32_t dot, char c)
{
	uint32_t shape = c >= '0' && c <= '9' ? digits[c - '0'] : 000002; /* or a point */

	for (uint32_t i = 0; i < 15; i++) {
		uint32_t px = x + i % 3 * dot, py = y + i / 3 * dot;

		if (shape >> (14 - i) & 1)
			fill_plane(image->planes[0], image->strides[0], px, py, px + dot, py + dot,
				   WHITE);
	}
}

#define GLYPHS 10

/* Right-aligned, so that digits keep their places; point: digits behind the point. */
static void draw_number(struct taut_image *image, double row, uint64_t number, int point)
{
	uint32_t width = edge(10, COLUMNS, image->width);
	uint32_t height = edge(1.5, ROWS, image->height);
	uint32_t dot = (uint32_t)tt_min(width / (4 * GLYPHS + 2), height / 6);
	uint32_t y = edge(row, ROWS, image->height) + (height - 5 * dot) / 2;
	uint32_t x = width - 4 * dot;

	for (int i = 0; i < GLYPHS && (number > 0 || i <= point + (point > 0)); i++, x -= 4 * dot) {
		if (point > 0 && i == point) {
			draw_glyph(image, x, y, dot, '.');
			continue;
		}
		draw_glyph(image, x, y, dot, (char)('0' + number % 10));
		number /= 10;
	}
}

static void draw_bars(struct taut_image *image)
{
	static const struct color bars[8] = {
		/* 75 %, BT.601 */
		{ 180, 128, 128 }, { 162, 44, 142 }, { 131, 156, 44 }, { 112, 72, 58 },
		{ 84, 184, 198 },  { 65, 100, 212 }, { 35, 212, 114 }, { 16, 128, 128 },
	};

	for (int i = 0; i < 8; i++)
		fill(image, (struct rect){ 2 * i, 0, 2 * i + 2, 5 }, bars[i]);
}

static void draw_counter(struct taut_image *image, uint32_t number)
{
	uint64_t bits = (uint64_t)number << 16 | (uint64_t)crc8(number) << 8 | MARK;

	for (int i = 0; i < 48; i++) {
		int x = i % COLUMNS, y = 9 + i / COLUMNS;

		fill(image, (struct rect){ x, y, x + 1, y + 1 },
		     bits >> (47 - i) & 1 ? white : black);
	}
}

int taut_test_card_draw(struct taut_image *image, uint32_t frame_number, taut_time at)
{
	if (!image || !image->planes[0] || image->width < 160 || image->height < 120 || at < 0)
		return TAUT_E_INVAL;
	draw_bars(image);
	fill(image, (struct rect){ 0, 5, 10, 9 }, black);
	double box = 9.0 * (double)(at % WANDER) / WANDER;
	fill(image, (struct rect){ box, 5, box + 1, 6 }, white);
	draw_number(image, 6, (uint64_t)at / 1000, 3);
	draw_number(image, 7.5, frame_number, 0);
	fill(image, (struct rect){ 10, 5, 16, 9 }, flash_at(at) ? white : grey);
	draw_counter(image, frame_number);
	image->at = at;
	return TAUT_OK;
}

/* ---- reading ---- */

/* The mean of a few pixels around a point, which forgives noise and half a pixel of scaling. */
static bool bright(const struct taut_image *image, double x, double y)
{
	uint32_t cx = edge(x, COLUMNS, image->width), cy = edge(y, ROWS, image->height), sum = 0;
	uint32_t reach = image->width / COLUMNS / 5, n = 0;

	for (uint32_t py = cy - reach; py <= cy + reach; py++)
		for (uint32_t px = cx - reach; px <= cx + reach; px++, n++)
			sum += image->planes[0][(size_t)py * image->strides[0] + px];
	return sum > MIDDLE * n;
}

int taut_test_card_read(const struct taut_image *image, uint32_t *frame_number, int *flash_on)
{
	uint64_t bits = 0;

	/* half the smallest card, and wide cells still have room for what bright() looks at */
	if (!image || !image->planes[0] || image->width < 80 || image->height < 60 ||
	    image->width > 2 * (uint64_t)image->height + image->height / 2)
		return 0;
	for (int i = 0; i < 48; i++)
		bits = bits << 1 | bright(image, i % COLUMNS + 0.5, 9.5 + (double)(i / COLUMNS));
	uint32_t number = (uint32_t)(bits >> 16);
	if ((bits & 0xff) != MARK || (bits >> 8 & 0xff) != crc8(number))
		return 0;
	if (frame_number)
		*frame_number = number;
	if (flash_on)
		*flash_on = bright(image, 13, 7);
	return 1;
}

/* ---- hearing ---- */

#define RATE 48000
#define PI   3.14159265358979323846

/* Both sines have a whole number of periods in 100 ms, so that nothing clicks where they meet. */
int taut_test_card_sound(struct taut_pcm *pcm, uint64_t first_sample)
{
	if (!pcm || !pcm->samples || pcm->rate != RATE || pcm->channels < 1 || pcm->channels > 2)
		return TAUT_E_INVAL;
	for (uint32_t i = 0; i < pcm->count; i++) {
		uint32_t at = (uint32_t)((first_sample + i) % RATE);
		bool beep = at < RATE / 10;
		double wave = sin(2 * PI * (beep ? 1000 : 440) * at / RATE);
		int16_t v = (int16_t)lround(32767 * (beep ? 0.5 : 0.1) * wave);

		for (uint32_t c = 0; c < pcm->channels; c++)
			pcm->samples[i * pcm->channels + c] = v;
	}
	return TAUT_OK;
}
