/* media_record.h - the files of a sink. */
#ifndef TAUT_MEDIA_RECORD_H
#define TAUT_MEDIA_RECORD_H

#include <opusenc.h>
#include <stdbool.h>

#include "media/media_ivf.h"
#include "media/media_util.h"
#include "media/media_wav.h"

/* Files begin with the first thing that goes into them. */
struct tt_record {
	char *dir;
	bool wav;
	struct tt_ivf_writer ivf;
	struct tt_wav_writer pcm;
	OggOpusComments *comments;
	OggOpusEnc *ogg;
	bool video_begun, audio_begun;
	struct taut_media_error error; /* code 0: nothing went wrong yet */
};

/* Makes the directory if it is not there. */
int tt_record_open(struct tt_record *r, const char *dir, bool wav, struct taut_media_error *error);
/* Of a key frame the size; timestamps in 1 / 90,000 s. False once anything went wrong. */
bool tt_record_video(struct tt_record *r, const void *data, size_t len, uint64_t timestamp,
		     uint32_t width, uint32_t height);
bool tt_record_audio(struct tt_record *r, const struct taut_pcm *pcm); /* 48 kHz stereo */
/* DIR/file, to be freed. */
char *tt_record_path(const struct tt_record *r, const char *file);
void tt_record_close(struct tt_record *r); /* r->error stays */

#endif
