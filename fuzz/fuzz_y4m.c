/* layers: media base; corpus: none */
/* fuzz_y4m.c - a YUV4MPEG2 file is read to its end or to where it is broken. */
#define _GNU_SOURCE
#include "fuzz_file.h"
#include "media/media_image.h"
#include "media/media_y4m.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	struct taut_media_error error;
	struct tt_y4m_reader r;
	struct fuzz_file f;
	size_t frames = 0;

	fuzz_file_begin(&f, data, size);
	if (tt_y4m_open(&r, f.name, &error) == TAUT_OK) {
		struct taut_image image = { 0 };
		const size_t each = tt_image_bytes(r.width, r.height);
		/* A picture that the file cannot hold needs no room. */
		if (each <= size && tt_image_make(&image, r.width, r.height)) {
			while (tt_y4m_next(&r, &image, &error) > 0)
				frames++;
			FUZZ_CHECK(frames * (each + 6) <= size, "each picture takes its bytes");
			FUZZ_CHECK(tt_y4m_rewind(&r), "back to the first");
			tt_image_drop(&image);
		}
		tt_y4m_close(&r);
	}
	fuzz_check_work(before, size, 4);
	fuzz_file_end(&f);
	return 0;
}
