/* codecs.c - Opus and VP8 by themselves: sound and a picture are encoded, decoded and measured.
 *
 *     example_codecs picture.png
 *
 * The picture is a frame of the test card as a decoder gives it. */
#include <string.h>

#include "expect.h"
#include "taut/media.h"

#define SAMPLES 960 /* 20 ms at 48 kHz: what Opus takes at a time */
#define WIDTH   320
#define HEIGHT  240

/* 200 ms of the test card's tone, of which the fifth frame is lost on its way. */
static uint32_t send_tone(taut_opus_encoder *enc, taut_opus_decoder *dec, int16_t *heard,
			  size_t room)
{
	int16_t samples[SAMPLES];
	struct taut_pcm in = { .size = sizeof in,
			       .rate = 48000,
			       .channels = 1,
			       .count = SAMPLES,
			       .samples = samples };
	struct taut_frame frame = { .size = sizeof frame };
	struct taut_pcm out = { .size = sizeof out };
	uint32_t lost = 0, got = 0;

	for (uint32_t i = 0; i < 10; i++) {
		/* From 0.1 s on: before that it beeps. */
		expect(taut_test_card_sound(&in, 4800 + i * SAMPLES) == TAUT_OK, "there is sound");
		expect(taut_opus_encode(enc, &in, &frame) == TAUT_OK, "it is encoded");
		if (i == 4) {
			lost++;
			continue;
		}
		expect(taut_opus_decode(dec, frame.data, frame.len, lost, &out) == TAUT_OK,
		       "it is decoded, and what was lost before it made up");
		lost = 0;
		expect(got + out.count <= room, "there is room for it");
		memcpy(heard + got, out.samples, out.count * sizeof heard[0]);
		got += out.count;
	}
	return got;
}

static void hear(void)
{
	static int16_t heard[10 * SAMPLES];
	const struct taut_opus_config config = { .size = sizeof config,
						 .bitrate = 32000,
						 .loss_percent = 10 };
	taut_opus_encoder *enc;
	taut_opus_decoder *dec;

	expect(taut_opus_encoder_new(&enc, &config) == TAUT_OK, "there is an encoder");
	expect(taut_opus_decoder_new(&dec, 1) == TAUT_OK, "there is a decoder");
	expect(taut_opus_encoder_set_bitrate(enc, 24000) == TAUT_OK, "the network has less room");
	const struct taut_pcm pcm = { .size = sizeof pcm,
				      .rate = 48000,
				      .channels = 1,
				      .count = send_tone(enc, dec, heard, 10 * SAMPLES),
				      .samples = heard };
	expect(pcm.count == 10 * SAMPLES, "nothing is missing");
	printf("a tone of %.0f Hz, %d dB below full scale\n", taut_tone_frequency(&pcm),
	       taut_pcm_audio_level(&pcm));
	expect(taut_tone_level(&pcm, 440) > 0.05, "it is the test card's");
	taut_opus_encoder_free(enc);
	taut_opus_decoder_free(dec);
}

static struct taut_image canvas(uint8_t *pixels)
{
	return (struct taut_image){
		.size = sizeof(struct taut_image),
		.width = WIDTH,
		.height = HEIGHT,
		.planes = { pixels, pixels + WIDTH * HEIGHT, pixels + WIDTH * HEIGHT * 5 / 4 },
		.strides = { WIDTH, WIDTH / 2, WIDTH / 2 },
	};
}

static void check_picture(const struct taut_image *sent, const struct taut_image *seen)
{
	uint32_t number;
	int flash_on;

	printf("a picture %.0f dB from what was sent\n", taut_image_psnr(sent, seen));
	expect(taut_image_psnr(sent, seen) > 25, "it looks like it");
	expect(taut_test_card_read(seen, &number, &flash_on) == 1, "a program can read it");
	expect(number == 77 && flash_on == 0, "it is that frame, half a second after the flash");
}

static void see(const char *path)
{
	static uint8_t pixels[WIDTH * HEIGHT * 3 / 2];
	const struct taut_vp8_config config = { .size = sizeof config,
						.width = WIDTH,
						.height = HEIGHT };
	struct taut_image card = canvas(pixels), seen = { .size = sizeof seen };
	struct taut_frame frame = { .size = sizeof frame };
	struct taut_media_error error = { 0 };
	taut_vp8_encoder *enc;
	taut_vp8_decoder *dec;

	expect(taut_vp8_encoder_new(&enc, &config) == TAUT_OK, "there is an encoder");
	expect(taut_vp8_decoder_new(&dec) == TAUT_OK, "there is a decoder");
	expect(taut_vp8_encoder_set_bitrate(enc, 800000) == TAUT_OK, "the network has more room");
	card.at = 500000;
	expect(taut_test_card_draw(&card, 77, card.at) == TAUT_OK, "a frame is drawn");
	expect(taut_vp8_encode(enc, &card, 1, &frame) == TAUT_OK, "it is encoded, as a key frame");
	expect(taut_vp8_decode(dec, frame.data, frame.len, &seen) == 1, "it shows a picture");
	check_picture(&card, &seen);
	const int err = taut_image_write_png(&seen, path, &error);
	if (err) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	taut_vp8_encoder_free(enc);
	taut_vp8_decoder_free(dec);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: example_codecs PICTURE\n");
		return 2;
	}
	hear();
	see(argv[1]);
	return 0;
}
