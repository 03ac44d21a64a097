/* media.h - Opus and VP8, a test card, files in and out (libtaut-media).
 *
 * A taut_source makes encoded frames at the right time, from the test card or
 * from a file; taut_pc_send_frame takes them as they are, and one source may
 * feed many connections. A taut_sink takes the frames of TAUT_EV_FRAME, decodes,
 * measures and records them. The codecs, the test card and the tone meter below
 * them can be used alone.
 *
 * Nothing here reads a clock: times are parameters, in microseconds, and the
 * same calls give the same bytes. An object belongs to one thread at a time;
 * two objects share nothing. What a call hands out is lent until the next call
 * on the same object. TAUT_E_IO, TAUT_E_SYNTAX and TAUT_E_UNSUPPORTED about a
 * file come with a text that names the file, the place and the reason. */
#ifndef TAUT_MEDIA_H
#define TAUT_MEDIA_H

#include "taut/taut.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* begin: bindings parse from here to the end mark */

typedef struct taut_opus_encoder taut_opus_encoder;
typedef struct taut_opus_decoder taut_opus_decoder;
typedef struct taut_vp8_encoder taut_vp8_encoder;
typedef struct taut_vp8_decoder taut_vp8_decoder;
typedef struct taut_source taut_source;
typedef struct taut_sink taut_sink;
struct taut_codec_stats; /* taut/stats.h */

/* Filled when a call that takes it fails; where it is taken, NULL will do. */
struct taut_media_error {
	int32_t code;   /* TAUT_E_ */
	char text[508]; /* "a.wav: at byte 16: a chunk of 4294967295 bytes, 10 are left" */
};

/* What libtaut-media encodes and decodes, for taut_config.codecs: Opus, VP8. */
const struct taut_codec *taut_media_codecs(size_t *count);

/* ---- pictures and sound, decoded ---- */

/* I420: one plane of luma, two of chroma with half the width and height, rounded up. */
struct taut_image {
	size_t size;
	uint32_t width, height;
	uint8_t *planes[3];  /* Y, U, V */
	uint32_t strides[3]; /* bytes from one row to the next */
	taut_time at;
};

/* Interleaved samples. */
struct taut_pcm {
	size_t size;
	uint32_t rate, channels;
	uint32_t count; /* of samples per channel */
	int16_t *samples;
	taut_time at; /* of the first sample */
};

/* Writes the picture as a PNG (BT.601, limited range), over what was there. TAUT_E_INVAL: no
 * picture, or too large; TAUT_E_IO: the file could not be written; TAUT_E_NOMEM. */
int taut_image_write_png(const struct taut_image *image, const char *path,
                         struct taut_media_error *error);
/* Peak signal to noise ratio of the luma planes in dB, 99 at most; 0: of different size. */
double taut_image_psnr(const struct taut_image *a, const struct taut_image *b);

/* The amplitude of a sine of that frequency, 1 is full scale (Goertzel); 20 ms or more. */
double taut_tone_level(const struct taut_pcm *pcm, double frequency);
/* The strongest frequency between 50 and 4,000 Hz; 0: silence. 100 ms give it to 1 Hz. */
double taut_tone_frequency(const struct taut_pcm *pcm);
/* How loud it is, as RFC 6464 says it: -dBov of the root mean square, 0 is loudest, 127 silence. */
uint8_t taut_pcm_audio_level(const struct taut_pcm *pcm);

/* ---- Opus: 48 kHz, frames of 20 ms, inband FEC ---- */

struct taut_opus_config {
	size_t size;
	uint32_t channels;     /* 1 or 2; 0: 1 */
	uint32_t bitrate;      /* bit/s; 0: 32,000 per channel */
	uint32_t loss_percent; /* expected, drives the FEC; 0: 5 */
};
/* An encoder for sound of that many channels. TAUT_E_INVAL: a number out of its range, or no size;
 * TAUT_E_UNSUPPORTED, TAUT_E_NOMEM. */
int taut_opus_encoder_new(taut_opus_encoder **out, const struct taut_opus_config *cfg);
/* Frees an encoder, and what it has lent. NULL is fine. */
void taut_opus_encoder_free(taut_opus_encoder *enc);
/* Encodes 20 ms of sound: 960 samples per channel at 48 kHz, or TAUT_E_INVAL. out->rtp_timestamp
 * counts on by 960 from 0; out->captured is in->at; the audio level is that of in. */
int taut_opus_encode(taut_opus_encoder *enc, const struct taut_pcm *in, struct taut_frame *out);
/* How much it may make from the next frame on, bit/s. TAUT_E_INVAL: not 6,000 to 510,000 (RFC 7587
 * section 6.1). */
int taut_opus_encoder_set_bitrate(taut_opus_encoder *enc, uint32_t bitrate);

/* A decoder whose sound has 1 or 2 channels, whatever is sent. TAUT_E_INVAL: another number;
 * TAUT_E_NOMEM. */
int taut_opus_decoder_new(taut_opus_decoder **out, uint32_t channels);
/* Frees a decoder, and what it has lent. NULL is fine. */
void taut_opus_decoder_free(taut_opus_decoder *dec);
/* Decodes a packet, and makes up for those that were lost before it. Before what the packet holds,
 * out has `lost` frames of 20 ms in place of those that did not come, 50 at most: the last one from
 * the packet's FEC if it has any, the others concealed. data NULL: only those. TAUT_E_SYNTAX: no
 * Opus packet, and the decoder is as it was. */
int taut_opus_decode(taut_opus_decoder *dec, const void *data, size_t len, uint32_t lost,
                     struct taut_pcm *out);

/* ---- VP8, RFC 6386, as for a call: no look-ahead, one thread, fixed speed ---- */

struct taut_vp8_config {
	size_t size;
	uint32_t width, height; /* 16..4096 each */
	uint32_t fps;           /* 0: 30 */
	uint32_t bitrate;       /* bit/s; 0: 500,000 */
	uint32_t speed;         /* 1..16, faster and worse; 0: 8 */
	uint32_t key_interval;  /* at most so many frames without a key frame; 0: only when asked */
};
/* An encoder for pictures of that size. TAUT_E_INVAL: a number out of its range, or no size;
 * TAUT_E_UNSUPPORTED, TAUT_E_NOMEM. */
int taut_vp8_encoder_new(taut_vp8_encoder **out, const struct taut_vp8_config *cfg);
/* Frees an encoder, and what it has lent. NULL is fine. */
void taut_vp8_encoder_free(taut_vp8_encoder *enc);
/* Encodes a picture, as a key frame where key_frame is not 0. in->at (which grows) becomes
 * out->captured, and in units of 1/90,000 s out->rtp_timestamp. TAUT_E_INVAL: of another size, or
 * not later than the one before; TAUT_E_STATE: libvpx gave no frame. */
int taut_vp8_encode(taut_vp8_encoder *enc, const struct taut_image *in, int key_frame,
                    struct taut_frame *out);
/* How much it may make from the next frame on, bit/s. TAUT_E_INVAL: not 1,000 to 100,000,000. */
int taut_vp8_encoder_set_bitrate(taut_vp8_encoder *enc, uint32_t bitrate);

/* A decoder for pictures as large as taut_vp8_decode says. TAUT_E_NOMEM. */
int taut_vp8_decoder_new(taut_vp8_decoder **out);
/* Frees a decoder, and what it has lent. NULL is fine. */
void taut_vp8_decoder_free(taut_vp8_decoder *dec);
/* Decodes a frame. 1: out is a picture; 0: the frame shows none. TAUT_E_SYNTAX: not VP8, or a key
 * frame is needed first; TAUT_E_LIMIT: larger than 4096 x 4096 or 16,777,216 pixels;
 * TAUT_E_NOMEM. */
int taut_vp8_decode(taut_vp8_decoder *dec, const void *data, size_t len, struct taut_image *out);

/* ---- the test card ----
 *
 * A picture that a program can read, at any size from 160 x 120, after any scaling
 * that keeps its corners. In units of 1/16 of the width and 1/12 of the height, from top left:
 *
 *     x 0..16  y 0..5    eight colour bars (75 %), 2 wide: white, yellow, cyan, green, magenta,
 *                        red, blue, black
 *     x 0..10  y 5..6    a white box, 1 wide, that wanders once from left to right in 2 s
 *     x 0..10  y 6..9    digits: seconds and milliseconds; below, the frame number
 *     x 10..16 y 5..9    the flash: white in the first 100 ms of each second, else dark grey
 *     x 0..16  y 9..12   48 cells of 1 x 1, row by row; white is 1, black is 0:
 *                        32 bits of frame number, 8 of CRC, then 1 0 1 1 0 0 1 0; first bit highest
 *
 * A cell's bit is its middle pixel's brightness against the middle of black and white. The CRC
 * is CRC-8 over the 4 bytes of the number, highest first: crc = 0; for each byte: crc ^= byte,
 * then 8 times crc = crc & 128 ? (crc << 1 ^ 7) & 255 : crc << 1. The flash is on if the pixel
 * at x 13, y 7 is bright. In the page, with `px` from getImageData of a w x h canvas:
 *
 *     const lum = (x, y) => { const i = 4 * (Math.floor(y * h / 12) * w + Math.floor(x * w / 16));
 *                             return (px[i] + px[i + 1] + px[i + 2]) / 3; };
 *     const bit = i => lum(i % 16 + 0.5, 9.5 + Math.floor(i / 16)) > 127 ? 1 : 0;
 *     const bits = (i, n) => { let v = 0; while (n-- > 0) v = v * 2 + bit(i++); return v; };
 *     const number = bits(0, 32), crc = bits(32, 8), there = bits(40, 8) === 0xb2;
 *     const flash = lum(13, 7) > 127;
 *
 * The sound is a sine of 440 Hz at a tenth of full scale; in the first 100 ms of each second,
 * with the flash, one of 1,000 Hz at half of full scale. */

/* Draws the card of that frame and moment over the whole picture, whose planes are the caller's.
 * TAUT_E_INVAL: smaller than 160 x 120, or a moment before 0. */
int taut_test_card_draw(struct taut_image *image, uint32_t frame_number, taut_time at);
/* Reads the frame number of a card, and whether the flash is on; each may be NULL. 1: it was read;
 * 0: it is not the card, or not legible. */
int taut_test_card_read(const struct taut_image *image, uint32_t *frame_number, int *flash_on);
/* Fills pcm->samples with pcm->count samples of its sound from that one on. TAUT_E_INVAL: the rate
 * is not 48,000, or not 1 or 2 channels. */
int taut_test_card_sound(struct taut_pcm *pcm, uint64_t first_sample);

/* ---- sources ---- */

struct taut_source_config {
	size_t size;
	const char *name;       /* "test", or a file: .ivf .y4m .ogg .opus .wav */
	uint32_t kinds;         /* of the test card: TAUT_AUDIO | TAUT_VIDEO; 0: both */
	uint32_t width, height; /* of the test card; 0: 640 and 480 */
	uint32_t fps;           /* of the test card, 1..60; 0: 30 */
	uint32_t video_bitrate; /* bit/s; 0: 500,000 */
	uint32_t audio_bitrate; /* bit/s; 0: 32,000 per channel */
	uint8_t loop;           /* a file starts again when it ends */
};
/* Opens the test card or a file. TAUT_E_UNSUPPORTED: no such kind of file, or a codec or size that
 * is not known here; TAUT_E_IO: it cannot be read; TAUT_E_SYNTAX: it is broken; TAUT_E_INVAL: a
 * number out of its range, or no size; TAUT_E_NOMEM. */
int taut_source_open(taut_source **out, const struct taut_source_config *cfg,
                     struct taut_media_error *error);
/* Frees a source, and what it has lent. NULL is fine. */
void taut_source_free(taut_source *src);
/* What a source has: TAUT_AUDIO, TAUT_VIDEO, or both. */
uint32_t taut_source_kinds(const taut_source *src);
/* Starts a source: its first frames are due now. Before that there are none. */
void taut_source_start(taut_source *src, taut_time now);
/* When its next frame is due. INT64_MAX: not started, or ended. */
taut_time taut_source_deadline(const taut_source *src);
/* The next frame that is due by now. TAUT_AUDIO or TAUT_VIDEO, the kind of the frame in out; 0:
 * nothing is due; ask until then. Negative: the file is broken from here; taut_source_error says
 * where, and the source has ended. RTP timestamps (48,000 and 90,000 per second) start at 0 with
 * both kinds aligned; captured is the moment a frame was due. Someone who asks half a second late
 * finds the rest moved by that much. */
int taut_source_poll(taut_source *src, taut_time now, struct taut_frame *out);
/* Whether it is over. 1: there are no more frames. */
int taut_source_ended(const taut_source *src);
/* Why it ended where the file is broken; code 0: it is not. Never NULL; the source's. */
const struct taut_media_error *taut_source_error(const taut_source *src);
/* What its encoder of that kind has done since it was opened, for taut_pc_set_encoder_stats; out->size must be
 * set. Frames of a file that pass unchanged count as well, but nobody knows what they were to be like.
 * TAUT_E_INVAL: it has no such kind, or out no size. */
int taut_source_encoder_stats(const taut_source *src, taut_time now, uint32_t kind,
                              struct taut_codec_stats *out);
/* The next video frame is a key frame, but for one in 300 ms at most. Frames of an IVF file pass
 * unchanged; after this they are encoded anew up to the next key frame of the file. */
void taut_source_request_key_frame(taut_source *src);
/* What its encoder of that kind takes from the next frame on, bit/s; frames that pass through
 * unchanged keep theirs. TAUT_E_INVAL: it has no such kind, or the encoder no such rate. */
int taut_source_set_bitrate(taut_source *src, uint32_t kind, uint32_t bitrate);

/* ---- sinks ---- */

struct taut_sink_config {
	size_t size;
	const char *dir; /* made if not there: video.ivf, audio.ogg, snapshot.png; NULL: records nothing */
	uint8_t wav;     /* audio.wav instead of audio.ogg */
	/* The clock of taut_frame.first_received and of the times given to taut_sink_frame, so that it is known how long
	 * decoding takes; NULL: nobody measures it. */
	taut_time (*clock)(void *ctx);
	void *ctx;
};

/* Times are those given to taut_sink_frame. */
struct taut_sink_stats {
	size_t size;
	uint64_t audio_frames, audio_concealed, audio_errors; /* decoded; made up; not decodable */
	uint64_t video_frames, video_errors; /* decoded; not decodable */
	uint64_t video_skipped;              /* not shown: something before them is missing */
	taut_time first_audio, first_video;  /* when decoded; 0: none yet */
	uint32_t width, height;              /* of the last picture */
	uint8_t audio_level;                 /* of the last 100 ms without a beep: -dBov */
	double audio_frequency;              /* the strongest in them, Hz; 0: silence */
	uint64_t card_frames;                /* pictures on which the test card's counter was read */
	uint64_t card_in_order;              /* ... one more than the one before */
	uint64_t card_missing;               /* numbers that were jumped over */
	uint64_t card_backwards;             /* pictures whose number did not grow */
	uint32_t card_first, card_last;
	uint64_t flashes, beeps; /* that began */
	taut_time last_flash, last_beep;
	/* A flash and the beep within half a second of it; how much later the beep came, at
	 * this sink and by the sender's clock (frame.captured, where it is known). */
	uint64_t av_pairs, av_captured_pairs;
	taut_time av_offset, av_offset_worst, av_captured_offset, av_captured_offset_worst;
	/* Of all sound, as webrtc-stats sums it: the square of each sample, full scale 1, times its
	 * duration, of the loudest channel; seconds of it; and the loudest sample of the last 20 ms. */
	double audio_energy, audio_duration, audio_peak;
};

/* A sink, which makes its folder and opens its files with what comes first. TAUT_E_IO: the folder
 * cannot be made; TAUT_E_INVAL, TAUT_E_UNSUPPORTED: cfg->size; TAUT_E_NOMEM. */
int taut_sink_new(taut_sink **out, const struct taut_sink_config *cfg,
                  struct taut_media_error *error);
/* Closes the files, writes snapshot.png of the last picture if there is one, frees. The first
 * thing that went wrong with the files, now or before, is returned. NULL is fine. */
int taut_sink_close(taut_sink *sink, struct taut_media_error *error);
/* Decodes, measures and records a frame. now: when it is to be seen or heard. kind: TAUT_AUDIO
 * (Opus) or TAUT_VIDEO (VP8). What cannot be decoded is counted and is no error;
 * TAUT_E_UNSUPPORTED: frame->codec is another codec; TAUT_E_IO: the file could not be written, the
 * rest is done all the same. */
int taut_sink_frame(taut_sink *sink, taut_time now, uint32_t kind, const struct taut_frame *frame);
/* Whether a key frame is needed to go on. 1: call taut_pc_request_key_frame; at most once per 300
 * ms while it lasts. */
int taut_sink_wants_key_frame(taut_sink *sink, taut_time now);
/* What it has seen and heard. Always the same struct, kept up to date until the sink is closed. */
const struct taut_sink_stats *taut_sink_stats(const taut_sink *sink);
/* What its decoder of that kind has done, for taut_pc_set_decoder_stats; out->size must be set. A picture is shown,
 * and sound played, at the time given with it; sound is never stretched. TAUT_E_INVAL: no such kind, or no
 * size. */
int taut_sink_decoder_stats(const taut_sink *sink, taut_time now, uint32_t kind,
                            struct taut_codec_stats *out);
/* The last picture, lent until the next frame; NULL: none yet. */
const struct taut_image *taut_sink_image(const taut_sink *sink);
/* Writes DIR/snapshot.png of the last picture, now. TAUT_E_STATE: no picture yet, or no
 * directory. */
int taut_sink_snapshot(taut_sink *sink, struct taut_media_error *error);

/* end */

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
