/* media_opus.c - Opus through libopus: 48 kHz, 20 ms, RFC 6716 and RFC 7587. */
#include <opus.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/work.h"
#include "media/media_opus.h"
#include "media/media_util.h"

#define RATE          48000
#define FRAME         960
#define MAX_PACKET    1275 /* one frame, RFC 6716 section 3.2.1 */
#define MAX_SAMPLES   5760 /* 120 ms, the longest packet */
#define MAX_CONCEALED 50

struct taut_opus_encoder {
	OpusEncoder *codec;
	uint32_t channels, timestamp;
	uint8_t packet[MAX_PACKET];
};

struct taut_opus_decoder {
	OpusDecoder *codec;
	uint32_t channels;
	int16_t pcm[2 * (MAX_CONCEALED * FRAME + MAX_SAMPLES)];
};

int taut_opus_encoder_new(taut_opus_encoder **out, const struct taut_opus_config *cfg)
{
	struct taut_opus_config c;
	int rc = tt_media_config(&c, sizeof c, cfg), bad = 0;

	*out = NULL;
	if (rc != TAUT_OK)
		return rc;
	c.channels = c.channels ? c.channels : 1;
	if (c.channels > 2 || c.loss_percent > 100)
		return TAUT_E_INVAL;
	taut_opus_encoder *enc = calloc(1, sizeof *enc);
	if (!enc)
		return TAUT_E_NOMEM;
	enc->channels = c.channels;
	/* VOIP takes a steady tone for noise after half a second, and all but drops it */
	enc->codec = opus_encoder_create(RATE, (int)c.channels, OPUS_APPLICATION_AUDIO, &bad);
	if (!enc->codec) {
		free(enc);
		return TAUT_E_NOMEM;
	}
	int loss = c.loss_percent ? (int)c.loss_percent : 5;
	(void)opus_encoder_ctl(enc->codec, OPUS_SET_INBAND_FEC(1));
	(void)opus_encoder_ctl(enc->codec, OPUS_SET_PACKET_LOSS_PERC(loss));
	(void)opus_encoder_ctl(enc->codec, OPUS_SET_COMPLEXITY(5));
	rc = taut_opus_encoder_set_bitrate(enc, c.bitrate ? c.bitrate : 32000 * c.channels);
	if (rc != TAUT_OK) {
		taut_opus_encoder_free(enc);
		return rc;
	}
	*out = enc;
	return TAUT_OK;
}

void taut_opus_encoder_free(taut_opus_encoder *enc)
{
	if (enc)
		opus_encoder_destroy(enc->codec);
	free(enc);
}

int taut_opus_encoder_set_bitrate(taut_opus_encoder *enc, uint32_t bitrate)
{
	if (bitrate < 6000 || bitrate > 510000) /* RFC 7587 section 6.1 */
		return TAUT_E_INVAL;
	(void)opus_encoder_ctl(enc->codec, OPUS_SET_BITRATE((opus_int32)bitrate));
	return TAUT_OK;
}

int taut_opus_encode(taut_opus_encoder *enc, const struct taut_pcm *in, struct taut_frame *out)
{
	if (!in || in->rate != RATE || in->channels != enc->channels || in->count != FRAME)
		return TAUT_E_INVAL;
	opus_int32 n = opus_encode(enc->codec, in->samples, FRAME, enc->packet, MAX_PACKET);
	if (n <= 0)
		return TAUT_E_STATE;
	uint8_t level = taut_pcm_audio_level(in);
	*out = (struct taut_frame){
		.size = sizeof *out,
		.rtp_timestamp = enc->timestamp,
		.flags = TAUT_FRAME_KEY | TAUT_FRAME_AUDIO_LEVEL |
			 (level < 60 ? TAUT_FRAME_VOICE : 0),
		.captured = in->at,
		.data = enc->packet,
		.len = (size_t)n,
		.audio_level = level,
	};
	enc->timestamp += FRAME;
	return TAUT_OK;
}

int taut_opus_decoder_new(taut_opus_decoder **out, uint32_t channels)
{
	int bad = 0;

	*out = NULL;
	if (channels < 1 || channels > 2)
		return TAUT_E_INVAL;
	taut_opus_decoder *dec = calloc(1, sizeof *dec);
	if (!dec)
		return TAUT_E_NOMEM;
	dec->channels = channels;
	dec->codec = opus_decoder_create(RATE, (int)channels, &bad);
	if (!dec->codec) {
		free(dec);
		return TAUT_E_NOMEM;
	}
	*out = dec;
	return TAUT_OK;
}

void taut_opus_decoder_free(taut_opus_decoder *dec)
{
	if (dec)
		opus_decoder_destroy(dec->codec);
	free(dec);
}

/* In SILK frames, those of configurations 0 to 15 (3.1), a flag for each 20 ms that says whether there is voice, and
 * one for LBRR, come first, of the middle and then of the side (4.2.3); their probabilities are 1/2, so
 * that they are the first bits as they stand. */
bool tt_opus_has_fec(const void *data, size_t len)
{
	const unsigned char *frames[48];
	unsigned char toc;
	opus_int16 sizes[48];

	if (!data || len == 0 || len > INT32_MAX ||
	    opus_packet_parse(data, (opus_int32)len, &toc, frames, sizes, NULL) <= 0)
		return false;
	tt_work(2); /* of our own; what libopus does is not counted */
	const unsigned config = toc >> 3, length = config < 12 ? config & 3 : config & 1;
	const unsigned flags = length < 2 ? 1 : length; /* 10, 20, 40 and 60 ms */
	if (config >= 16 || sizes[0] == 0)
		return false;
	const bool middle = frames[0][0] >> (7 - flags) & 1;
	const bool side = toc & 4 && frames[0][0] >> (6 - 2 * flags) & 1;
	return middle || side;
}

int taut_opus_decode(taut_opus_decoder *dec, const void *data, size_t len, uint32_t lost,
		     struct taut_pcm *out)
{
	opus_int32 size = len <= INT32_MAX ? (opus_int32)len : -1;
	int16_t *to = dec->pcm;

	lost = (uint32_t)tt_min(lost, MAX_CONCEALED);
	if (data) { /* looked at before anything is made up in front of it */
		int samples = size > 0 ? opus_packet_get_nb_samples(data, size, RATE) : -1;

		if (samples <= 0 || samples > MAX_SAMPLES)
			return TAUT_E_SYNTAX;
	}
	for (uint32_t i = 0; i < lost; i++) {
		bool fec = data && i + 1 == lost;
		int n = opus_decode(dec->codec, fec ? data : NULL, fec ? size : 0, to, FRAME, fec);

		if (n != FRAME && fec) /* it has none that can be used */
			n = opus_decode(dec->codec, NULL, 0, to, FRAME, 0);
		if (n != FRAME)
			return TAUT_E_STATE;
		to += (size_t)FRAME * dec->channels;
	}
	int n = data ? opus_decode(dec->codec, data, size, to, MAX_SAMPLES, 0) : 0;
	if (n < 0)
		return TAUT_E_SYNTAX;
	*out = (struct taut_pcm){ .size = sizeof *out,
				  .rate = RATE,
				  .channels = dec->channels,
				  .count = lost * FRAME + (uint32_t)n,
				  .samples = dec->pcm };
	return TAUT_OK;
}
