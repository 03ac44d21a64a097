/* media_tone.c - how loud, and how high. */
#include <math.h>

#include "base/num.h"
#include "media/media_util.h"

#define PI 3.14159265358979323846

/* All channels as one, in -1..1. */
static double mono(const struct taut_pcm *pcm, size_t i)
{
	int sum = 0;

	for (uint32_t c = 0; c < pcm->channels; c++)
		sum += pcm->samples[i * pcm->channels + c];
	return (double)sum / (32768.0 * pcm->channels);
}

/* Goertzel: the Fourier sum at one frequency, with two multiplications per sample. */
static double magnitude(const double *x, size_t n, double step)
{
	double c = 2 * cos(step), a = 0, b = 0;

	for (size_t i = 0; i < n; i++) {
		double next = x[i] + c * a - b;

		b = a;
		a = next;
	}
	return sqrt(fmax(0, a * a + b * b - c * a * b));
}

double taut_tone_level(const struct taut_pcm *pcm, double frequency)
{
	double a = 0, b = 0;

	if (pcm->count == 0 || pcm->rate == 0 || pcm->channels == 0)
		return 0;
	double c = 2 * cos(2 * PI * frequency / pcm->rate);
	for (size_t i = 0; i < pcm->count; i++) {
		double next = mono(pcm, i) + c * a - b;

		b = a;
		a = next;
	}
	return 2 * sqrt(fmax(0, a * a + b * b - c * a * b)) / pcm->count;
}

#define BINS       400
#define FROM       50.0
#define TO         4000.0
#define MAX_POINTS 1200 /* 100 ms: longer ones would have peaks between the bins */

/* The peak between three neighbours: a parabola through their logarithms. */
static double refine(double left, double middle, double right)
{
	double l = log(left + 1e-12), m = log(middle + 1e-12), r = log(right + 1e-12);
	double bend = l - 2 * m + r;

	return bend < -1e-9 ? 0.5 * (l - r) / bend : 0;
}

/* Fewer samples first (4,000 Hz need no 48,000), under a Hann window; then every bin of
 * the length at hand between the two ends. */
double taut_tone_frequency(const struct taut_pcm *pcm)
{
	double x[MAX_POINTS], found[BINS + 2] = { 0 }, best = 0;
	size_t fold = tt_max(1, pcm->rate / 12000);
	size_t n = tt_min(pcm->count / fold, MAX_POINTS), at = 0;

	if (n < 100 || pcm->channels == 0)
		return 0;
	for (size_t i = 0; i < n; i++) {
		double sum = 0;

		for (size_t k = 0; k < fold; k++)
			sum += mono(pcm, i * fold + k);
		x[i] = sum * (1 - cos(2 * PI * ((double)i + 0.5) / (double)n)) / (double)fold;
	}
	double rate = (double)pcm->rate / (double)fold;
	double width = fmax(rate / (double)n, (TO - FROM) / BINS);
	size_t bins = (size_t)((TO - FROM) / width);
	for (size_t k = 0; k <= bins; k++) {
		found[k] = magnitude(x, n, 2 * PI * (FROM + (double)k * width) / rate) / (double)n;
		if (found[k] > best) {
			best = found[k];
			at = k;
		}
	}
	if (best < 0.0002) /* some 70 dB below full scale */
		return 0;
	double shift = at > 0 && at < bins ? refine(found[at - 1], found[at], found[at + 1]) : 0;
	return FROM + ((double)at + shift) * width;
}

uint8_t taut_pcm_audio_level(const struct taut_pcm *pcm)
{
	size_t n = (size_t)pcm->count * pcm->channels;
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)pcm->samples[i] * pcm->samples[i];
	if (n == 0 || sum <= 0)
		return 127;
	/* RFC 6464 section 3: of the root mean square, over that of the loudest possible */
	double dbov = 10 * log10(sum / (double)n / (32767.0 * 32767.0));
	return tt_u8((uint64_t)lround(fmin(127, fmax(0, -dbov))));
}
