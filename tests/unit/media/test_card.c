/* test_card.c - the test card is read by the program that must read it, after all that a call does to it. */
#include "media_help.h"

static const uint32_t numbers[] = {
	0, 1, 255, 256, 0x12345678, 0x7fffffff, 0xfffffffe, 0xffffffff
};

static void a_drawn_number_is_read_back_at_every_size(void **state)
{
	static const uint32_t sizes[][2] = { { 160, 120 }, { 161, 121 }, { 176, 144 }, { 320, 240 },
					     { 640, 360 }, { 853, 479 }, { 1280, 720 } };
	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct taut_image image;
		assert_true(tt_image_make(&image, sizes[i][0], sizes[i][1]));
		for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
			uint32_t number = ~numbers[k];
			int flash = -1;
			assert_int_equal(taut_test_card_draw(&image, numbers[k], 123456789), 0);
			assert_int_equal(taut_test_card_read(&image, &number, &flash), 1);
			assert_int_equal(number, numbers[k]);
			assert_int_equal(flash, 0);
		}
		tt_image_drop(&image);
	}
}

static void the_flash_lights_in_the_first_tenth_of_each_second(void **state)
{
	static const struct {
		taut_time at;
		int on;
	} cases[] = {
		{ 0, 1 },       { 99999, 1 },   { 100000, 0 },  { 999999, 0 },
		{ 1000000, 1 }, { 7050000, 1 }, { 7500000, 0 },
	};
	struct taut_image image;
	(void)state;
	assert_true(tt_image_make(&image, 320, 240));
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int flash = -1;
		assert_int_equal(taut_test_card_draw(&image, 5, cases[i].at), 0);
		assert_int_equal(taut_test_card_read(&image, NULL, &flash), 1);
		assert_int_equal(flash, cases[i].on);
	}
	tt_image_drop(&image);
}

static void what_is_no_card_is_not_read(void **state)
{
	struct taut_image image;
	uint32_t seed = 1, number = 77;
	(void)state;
	assert_true(tt_image_make(&image, 320, 240));
	assert_int_equal(taut_test_card_read(&image, &number, NULL), 0);
	memset(image.planes[0], 255, 320 * 240);
	assert_int_equal(taut_test_card_read(&image, &number, NULL), 0);
	for (int i = 0; i < 320 * 240; i++) {
		seed = seed * 1664525 + 1013904223;
		image.planes[0][i] = (uint8_t)(seed >> 24);
	}
	assert_int_equal(taut_test_card_read(&image, &number, NULL), 0);
	assert_int_equal(number, 77);
	tt_image_drop(&image);
	assert_true(tt_image_make(&image, 16, 16));
	assert_int_equal(taut_test_card_read(&image, &number, NULL), 0);
	assert_int_equal(taut_test_card_draw(&image, 1, 0), TAUT_E_INVAL);
	tt_image_drop(&image);
}

/* One cell turned over is told by the CRC, wherever it is. */
static void a_flipped_cell_is_noticed(void **state)
{
	struct taut_image image;
	(void)state;
	assert_true(tt_image_make(&image, 320, 240));
	for (uint32_t cell = 0; cell < 48; cell++) {
		assert_int_equal(taut_test_card_draw(&image, 0xdeadbeef, 0), 0);
		for (uint32_t y = 0; y < 20; y++)
			for (uint32_t x = 0; x < 20; x++) {
				uint8_t *p = image.planes[0] + (180 + cell / 16 * 20 + y) * 320 +
					     cell % 16 * 20 + x;
				*p = (uint8_t)(251 - *p);
			}
		assert_int_equal(taut_test_card_read(&image, NULL, NULL), 0);
	}
	tt_image_drop(&image);
}

struct way {
	uint32_t width, height, bitrate;
};

/* Every frame of two seconds, as decoded, and at half and one and a half of its size. */
static void survive(const struct way *w)
{
	const struct taut_vp8_config cfg = {
		.size = sizeof cfg, .width = w->width, .height = w->height, .bitrate = w->bitrate
	};
	taut_vp8_encoder *enc;
	taut_vp8_decoder *dec;
	struct taut_image card, half, more;
	size_t bytes = 0;

	assert_int_equal(taut_vp8_encoder_new(&enc, &cfg), 0);
	assert_int_equal(taut_vp8_decoder_new(&dec), 0);
	assert_true(tt_image_make(&card, w->width, w->height));
	assert_true(tt_image_make(&half, w->width / 2, w->height / 2));
	assert_true(tt_image_make(&more, w->width * 3 / 2, w->height * 3 / 2));
	for (uint32_t i = 0; i < 60; i++) {
		taut_time at = (taut_time)i * 1000000 / 30;
		uint32_t number = 1000 + i * 7919, got;
		struct taut_frame frame;
		struct taut_image image;
		int flash;
		assert_int_equal(taut_test_card_draw(&card, number, at), 0);
		assert_int_equal(taut_vp8_encode(enc, &card, 0, &frame), 0);
		bytes += frame.len;
		assert_int_equal(taut_vp8_decode(dec, frame.data, frame.len, &image), 1);
		scale_luma(&image, &half);
		scale_luma(&image, &more);
		const struct taut_image *all[] = { &image, &half, &more };
		for (size_t k = 0; k < 3; k++) {
			assert_int_equal(taut_test_card_read(all[k], &got, &flash), 1);
			assert_int_equal(got, number);
			assert_int_equal(flash, at % 1000000 < 100000);
		}
	}
	print_message("%ux%u at %u: %zu bit/s\n", w->width, w->height, w->bitrate, bytes * 4);
	tt_image_drop(&card);
	tt_image_drop(&half);
	tt_image_drop(&more);
	taut_vp8_encoder_free(enc);
	taut_vp8_decoder_free(dec);
}

static void the_counter_survives_100_kbits_at_320x240(void **state)
{
	(void)state;
	survive(&(struct way){ 320, 240, 100000 });
}

static void the_counter_survives_300_kbits_at_640x480(void **state)
{
	(void)state;
	survive(&(struct way){ 640, 480, 300000 });
}

static void the_sound_is_a_tone_with_a_beep_each_second(void **state)
{
	int16_t samples[2 * 4800];
	struct taut_pcm pcm = {
		.size = sizeof pcm, .rate = 48000, .channels = 2, .count = 4800, .samples = samples
	};
	(void)state;
	for (uint32_t tenth = 0; tenth < 20; tenth++) {
		assert_int_equal(taut_test_card_sound(&pcm, tenth * UINT64_C(4800)), 0);
		int beep = tenth % 10 == 0;
		assert_near(taut_tone_level(&pcm, 1000), beep ? 0.5 : 0, 0.01);
		assert_near(taut_tone_level(&pcm, 440), beep ? 0 : 0.1, 0.01);
		assert_near(taut_tone_frequency(&pcm), beep ? 1000 : 440, 1);
		assert_int_equal(samples[200], samples[201]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_drawn_number_is_read_back_at_every_size),
		cmocka_unit_test(the_flash_lights_in_the_first_tenth_of_each_second),
		cmocka_unit_test(what_is_no_card_is_not_read),
		cmocka_unit_test(a_flipped_cell_is_noticed),
		cmocka_unit_test(the_counter_survives_100_kbits_at_320x240),
		cmocka_unit_test(the_counter_survives_300_kbits_at_640x480),
		cmocka_unit_test(the_sound_is_a_tone_with_a_beep_each_second),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
