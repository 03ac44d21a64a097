/* layers: media base; corpus: none */
/* fuzz_wav.c - a WAV file is read to its end or refused, twice the same. */
#define _GNU_SOURCE
#include "fuzz_file.h"
#include "media/media_wav.h"

static uint64_t read_all(struct tt_wav_reader *r, uint32_t *sum)
{
	int16_t samples[2 * 333];
	uint64_t all = 0;
	size_t n;

	*sum = 0;
	while ((n = tt_wav_read(r, samples, 333)) > 0) {
		all += n * r->channels * 2;
		for (size_t i = 0; i < n * r->channels; i++)
			*sum = *sum * 31 + (uint16_t)samples[i];
	}
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	struct taut_media_error error;
	struct tt_wav_reader r;
	struct fuzz_file f;
	uint32_t sum, again;

	fuzz_file_begin(&f, data, size);
	if (tt_wav_open(&r, f.name, &error) == TAUT_OK) {
		FUZZ_CHECK(read_all(&r, &sum) == r.bytes && r.bytes < size, "what was promised");
		FUZZ_CHECK(tt_wav_rewind(&r), "back to the first sample");
		FUZZ_CHECK(read_all(&r, &again) == r.bytes && again == sum, "the same again");
		tt_wav_close(&r);
	}
	fuzz_check_work_if(size >= 12, before, size, 8); /* read twice */
	fuzz_file_end(&f);
	return 0;
}
