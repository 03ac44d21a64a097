/* layers: media base; corpus: none */
/* fuzz_ivf.c - an IVF file is read to its end or to where it is broken, twice the same. */
#define _GNU_SOURCE
#include "fuzz_file.h"
#include "media/media_ivf.h"

/* All frames; how many there were, and their lengths in *sum. */
static int read_all(struct tt_ivf_reader *r, size_t size, size_t *sum)
{
	struct tt_ivf_frame frame;
	struct taut_media_error error;
	taut_time last = 0;
	int n = 0, rc;

	*sum = 0;
	while ((rc = tt_ivf_next(r, &frame, &error)) > 0) {
		FUZZ_CHECK(frame.at >= last, "time does not go backwards");
		last = frame.at;
		n++;
		for (size_t i = 0; i < frame.len; i++)
			*sum += frame.data[i] + 1u;
	}
	FUZZ_CHECK((size_t)n * 13 <= size, "each frame takes bytes");
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	struct taut_media_error error;
	struct tt_ivf_reader r;
	struct fuzz_file f;
	size_t sum, again;

	fuzz_file_begin(&f, data, size);
	if (tt_ivf_open(&r, f.name, &error) == TAUT_OK) {
		const int n = read_all(&r, size, &sum);
		FUZZ_CHECK(tt_ivf_rewind(&r), "back to the first frame");
		FUZZ_CHECK(read_all(&r, size, &again) == n && again == sum, "the same again");
		tt_ivf_close(&r);
	}
	fuzz_check_work_if(size >= 32, before, size, 8); /* read twice */
	fuzz_file_end(&f);
	return 0;
}
