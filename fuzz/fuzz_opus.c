/* layers: media rtp base; corpus: opus */
/* fuzz_opus.c - how long a packet plays, or that it is none, and whether it holds the one before it a second time: as
 * libopus says of the same bytes, and RFC 6716 of its first bits. */
#include <opus.h>

#include "fuzz.h"
#include "media/media_opus.h"
#include "rtp/payload/payload_opus.h"

/* Bit by bit: of each channel a flag for every 20 ms, and the one that counts. RFC 6716 section 4.2.3 */
static bool has_fec(const uint8_t *frame, int size, uint8_t toc)
{
	const uint8_t config = toc >> 3;
	const int ms =
		config >= 12 ? (config & 1 ? 20 : 10) : (const int[]){ 10, 20, 40, 60 }[config & 3];
	int bit = 0;
	bool found = false;

	if (config >= 16 || size == 0) /* CELT alone, or nothing sent */
		return false;
	for (int channel = 0; channel <= (toc & 4 ? 1 : 0); channel++) {
		for (int at = 0; at < ms; at += 20)
			bit++;
		found |= frame[bit / 8] >> (7 - bit % 8) & 1;
		bit++;
	}
	return found;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	const uint32_t samples = tt_opus_duration(data, size);
	const unsigned char *frames[48];
	opus_int16 sizes[48];
	unsigned char toc;

	fuzz_check_work(before, size, 1);
	FUZZ_CHECK(samples <= 5760, "120 ms at most");
	const uint64_t between = tt_work_total;
	const bool fec = tt_opus_has_fec(data, size);
	fuzz_check_work_if(fec, between, size, 1);
	if (size == 0 || size > INT16_MAX) {
		FUZZ_CHECK(size > 0 || !fec, "nothing holds nothing");
		return 0;
	}
	const int n = opus_packet_parse(data, (opus_int32)size, &toc, frames, sizes, NULL);
	const int theirs = n > 0 ? n * opus_packet_get_samples_per_frame(data, 48000) : 0;
	if ((uint32_t)theirs != samples)
		(void)fprintf(stderr, "%d samples by libopus, %u by us\n", theirs, samples);
	FUZZ_CHECK((uint32_t)theirs == samples, "libopus says otherwise");
	FUZZ_CHECK(fec == (n > 0 && has_fec(frames[0], sizes[0], toc)), "its first bits say so");
	return 0;
}
