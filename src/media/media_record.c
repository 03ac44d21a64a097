/* media_record.c - the files of a sink: IVF, and Ogg Opus (libopusenc) or WAV. */
#define _POSIX_C_SOURCE 200809L
#include "media/media_record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/num.h"

#define SERIAL 1 /* of the Ogg stream; the library's own would differ from run to run */

char *tt_record_path(const struct tt_record *r, const char *file)
{
	size_t size = strlen(r->dir) + strlen(file) + 2;
	char *path = malloc(size);

	if (path)
		(void)snprintf(path, size, "%s/%s", r->dir, file);
	return path;
}

int tt_record_open(struct tt_record *r, const char *dir, bool wav, struct taut_media_error *error)
{
	struct stat st;

	*r = (struct tt_record){ .wav = wav, .dir = strdup(dir) };
	if (!r->dir)
		return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory", dir);
	if ((mkdir(dir, 0777) != 0 && errno != EEXIST) || stat(dir, &st) != 0)
		return tt_media_fail(error, TAUT_E_IO, "%s: cannot be made: %s", dir,
				     strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return tt_media_fail(error, TAUT_E_IO, "%s: is not a directory", dir);
	return TAUT_OK;
}

/* The first reason is kept. */
static bool fail(struct tt_record *r, const char *file, const char *why)
{
	if (r->error.code == 0)
		(void)tt_media_fail(&r->error, TAUT_E_IO, "%s/%s: cannot be written: %s", r->dir,
				    file, why);
	return false;
}

bool tt_record_video(struct tt_record *r, const void *data, size_t len, uint64_t timestamp,
		     uint32_t width, uint32_t height)
{
	if (!r->dir)
		return true;
	if (!r->video_begun) {
		char *path = tt_record_path(r, "video.ivf");
		bool ok = path && tt_ivf_create(&r->ivf, path);

		r->video_begun = true;
		free(path);
		if (!ok)
			return fail(r, "video.ivf", strerror(errno));
	}
	if (tt_ivf_write(&r->ivf, data, len, timestamp, width, height))
		return true;
	return fail(r, "video.ivf", strerror(errno));
}

static bool begin_ogg(struct tt_record *r, const char *path)
{
	int rc = 0;

	r->comments = ope_comments_create();
	if (r->comments)
		(void)ope_comments_add(r->comments, "ENCODER", "taut");
	r->ogg = r->comments ? ope_encoder_create_file(path, r->comments, 48000, 2, 0, &rc) : NULL;
	if (!r->ogg)
		return fail(r, "audio.ogg", rc ? ope_strerror(rc) : "out of memory");
	(void)ope_encoder_ctl(r->ogg, OPE_SET_SERIALNO(SERIAL));
	(void)ope_encoder_ctl(r->ogg, OPUS_SET_BITRATE(96000));
	(void)ope_encoder_ctl(r->ogg, OPUS_SET_COMPLEXITY(5));
	return true;
}

static bool begin_audio(struct tt_record *r)
{
	const char *file = r->wav ? "audio.wav" : "audio.ogg";
	char *path = tt_record_path(r, file);

	r->audio_begun = true;
	if (!path)
		return fail(r, file, "out of memory");
	bool ok = r->wav ? tt_wav_create(&r->pcm, path, 48000, 2) || fail(r, file, strerror(errno))
			 : begin_ogg(r, path);
	free(path);
	return ok;
}

bool tt_record_audio(struct tt_record *r, const struct taut_pcm *pcm)
{
	if (!r->dir || pcm->count == 0)
		return true;
	if (!r->audio_begun && !begin_audio(r))
		return false;
	if (r->wav) {
		if (tt_wav_write(&r->pcm, pcm->samples, pcm->count))
			return true;
		return fail(r, "audio.wav", "the disk or the format is full");
	}
	int rc = r->ogg ? ope_encoder_write(r->ogg, pcm->samples, (int)pcm->count) : OPE_WRITE_FAIL;
	return rc == OPE_OK || fail(r, "audio.ogg", ope_strerror(rc));
}

void tt_record_close(struct tt_record *r)
{
	if (!tt_ivf_finish(&r->ivf))
		(void)fail(r, "video.ivf", strerror(errno));
	if (!tt_wav_finish(&r->pcm))
		(void)fail(r, "audio.wav", strerror(errno));
	if (r->ogg) {
		int rc = ope_encoder_drain(r->ogg);

		if (rc != OPE_OK)
			(void)fail(r, "audio.ogg", ope_strerror(rc));
		ope_encoder_destroy(r->ogg);
	}
	if (r->comments)
		ope_comments_destroy(r->comments);
	free(r->dir);
	r->ogg = NULL;
	r->comments = NULL;
	r->dir = NULL;
}
