/* media_meter.c - what a receiver hears and sees. */
#include "media/media_meter.h"

#include <stdlib.h>

#include "base/num.h"
#include "base/serial.h"
#include "media/media_render.h"

#define BEEP      1000.0
#define BEEP_FULL 0.5 /* the card's, taut/media.h */
#define BEEP_ON   0.15
#define BEEP_OFF  0.08
#define BEEP_GAP  8 /* windows without it: it has ended */
#define PAIR      500000

static void note_offset(taut_time offset, uint64_t *pairs, taut_time *last, taut_time *worst)
{
	(*pairs)++;
	*last = offset;
	if (*pairs == 1 || llabs(offset) > llabs(*worst))
		*worst = offset;
}

static void pair(struct tt_meter *m)
{
	struct tt_signal *f = &m->flash, *b = &m->beep;
	struct taut_sink_stats *s = m->stats;
	taut_time offset = b->began.seen - f->began.seen;

	if (s->flashes == 0 || s->beeps == 0 || f->paired || b->paired || llabs(offset) > PAIR)
		return;
	f->paired = b->paired = true;
	note_offset(offset, &s->av_pairs, &s->av_offset, &s->av_offset_worst);
	if (f->began.captured && b->began.captured)
		note_offset(b->began.captured - f->began.captured, &s->av_captured_pairs,
			    &s->av_captured_offset, &s->av_captured_offset_worst);
}

static void begin(struct tt_signal *s, struct tt_moment at, uint64_t *count, taut_time *last)
{
	s->on = true;
	s->paired = false;
	s->began = at;
	(*count)++;
	*last = at.seen;
}

/* ---- sound ---- */

static struct tt_moment later(struct tt_moment at, taut_time by)
{
	at.seen += by;
	at.captured += at.captured ? by : 0;
	return at;
}

/* The part of the window that the beep fills says where in it the beep began. */
static void listen(struct tt_meter *m, double level)
{
	struct tt_signal *b = &m->beep;

	b->quiet = level < BEEP_OFF ? b->quiet + 1 : 0;
	if (b->quiet >= BEEP_GAP)
		b->on = false;
	if (!b->on && b->known && level >= BEEP_ON) {
		double fills = level < BEEP_FULL ? level / BEEP_FULL : 1;

		begin(b, later(m->window_at, (taut_time)(5000 * (1 - fills))), &m->stats->beeps,
		      &m->stats->last_beep);
		pair(m);
	}
	b->known = b->known || level < BEEP_OFF;
	b->on = b->on || (!b->known && level >= BEEP_ON);
}

static void end_window(struct tt_meter *m)
{
	struct taut_pcm pcm = { .size = sizeof pcm,
				.rate = 48000,
				.channels = 1,
				.count = TT_METER_WINDOW,
				.samples = m->window };

	listen(m, taut_tone_level(&pcm, BEEP));
	m->in_window = 0;
	if (m->beep.on) {
		m->in_block = 0;
		return;
	}
	for (uint32_t i = 0; i < TT_METER_WINDOW; i++)
		m->block[m->in_block++] = m->window[i];
	if (m->in_block < TT_METER_BLOCK)
		return;
	pcm.samples = m->block;
	pcm.count = TT_METER_BLOCK;
	m->stats->audio_level = taut_pcm_audio_level(&pcm);
	m->stats->audio_frequency = taut_tone_frequency(&pcm);
	m->in_block = 0;
}

void tt_meter_sound(struct tt_meter *m, const struct taut_pcm *pcm, struct tt_moment at)
{
	struct taut_sink_stats *s = m->stats;

	tt_loudness_add(pcm, &s->audio_peak, &s->audio_energy, &s->audio_duration);
	for (uint32_t i = 0; i < pcm->count; i++) {
		int sum = 0;

		for (uint32_t c = 0; c < pcm->channels; c++)
			sum += pcm->samples[(size_t)i * pcm->channels + c];
		if (m->in_window == 0)
			m->window_at = later(at, (taut_time)i * 1000 / 48);
		m->window[m->in_window++] = (int16_t)(sum / (int)pcm->channels);
		if (m->in_window == TT_METER_WINDOW)
			end_window(m);
	}
}

/* ---- picture ---- */

static void count_card(struct taut_sink_stats *s, uint32_t number)
{
	uint32_t step = s32_diff(s32(s->card_last), s32(number));

	if (s->card_frames++ == 0) {
		s->card_first = number;
	} else if (s32_before(s32(s->card_last), s32(number))) {
		s->card_in_order += step == 1;
		s->card_missing += step - 1;
	} else {
		s->card_backwards++;
	}
	s->card_last = number;
}

void tt_meter_picture(struct tt_meter *m, const struct taut_image *image, struct tt_moment at)
{
	struct tt_signal *f = &m->flash;
	uint32_t number;
	int on;

	if (!taut_test_card_read(image, &number, &on))
		return;
	count_card(m->stats, number);
	if (on && f->known && !f->on) {
		begin(f, at, &m->stats->flashes, &m->stats->last_flash);
		pair(m);
	}
	f->known = f->known || !on;
	f->on = on != 0;
}
