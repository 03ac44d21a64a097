/* media_wav.h - WAV: RIFF chunks, of which "fmt " and "data" count; 16 bit PCM, mono or stereo.
 *
 * A data chunk of 4,294,967,295 bytes is what programs write into a pipe: it lasts until
 * the end of the file. Any other size must be there. */
#ifndef TAUT_MEDIA_WAV_H
#define TAUT_MEDIA_WAV_H

#include "media/media_file.h"

struct tt_wav_reader {
	struct tt_file file;
	uint32_t rate, channels;
	uint64_t first, left; /* offset of the samples; bytes of them not read yet */
	uint64_t bytes;       /* of all samples */
};

int tt_wav_open(struct tt_wav_reader *r, const char *name, struct taut_media_error *error);
void tt_wav_close(struct tt_wav_reader *r);
/* At most count samples per channel; how many there were, 0 at the end. */
size_t tt_wav_read(struct tt_wav_reader *r, int16_t *out, size_t count);
bool tt_wav_rewind(struct tt_wav_reader *r);

struct tt_wav_writer {
	FILE *stream;
	uint32_t rate, channels, bytes;
};

bool tt_wav_create(struct tt_wav_writer *w, const char *name, uint32_t rate, uint32_t channels);
/* False: refused by the system, or the 4 GiB that the format can say are full. */
bool tt_wav_write(struct tt_wav_writer *w, const int16_t *samples, size_t count);
bool tt_wav_finish(struct tt_wav_writer *w);

#endif
