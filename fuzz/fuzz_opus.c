/* layers: media rtp base; corpus: opus */
/* fuzz_opus.c - how long a packet plays, or that it is none: as libopus says of the same bytes. */
#include <opus.h>

#include "fuzz.h"
#include "rtp/payload/payload_opus.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	const uint32_t samples = tt_opus_duration(data, size);
	const unsigned char *frames[48];
	opus_int16 sizes[48];
	unsigned char toc;

	fuzz_check_work(before, size, 1);
	FUZZ_CHECK(samples <= 5760, "120 ms at most");
	if (size == 0 || size > INT16_MAX)
		return 0;
	const int n = opus_packet_parse(data, (opus_int32)size, &toc, frames, sizes, NULL);
	const int theirs = n > 0 ? n * opus_packet_get_samples_per_frame(data, 48000) : 0;
	if ((uint32_t)theirs != samples)
		(void)fprintf(stderr, "%d samples by libopus, %u by us\n", theirs, samples);
	FUZZ_CHECK((uint32_t)theirs == samples, "libopus says otherwise");
	return 0;
}
