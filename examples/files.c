/* files.c - a test card becomes files, and the files play again; no network, and nobody waits.
 *
 *     example_files recording
 *
 * Two seconds later by its own clock recording/ holds video.ivf, audio.ogg and snapshot.png. */
#include <string.h>

#include "expect.h"
#include "taut/media.h"
#include "taut/stats.h"

static const taut_time second = 1000000;

static taut_source *open_source(const char *name)
{
	const struct taut_source_config config = {
		.size = sizeof config, .name = name, .width = 160, .height = 120, .fps = 15
	};
	struct taut_media_error error = { 0 };
	taut_source *src;

	if (taut_source_open(&src, &config, &error) != TAUT_OK) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	return src;
}

/* From one frame that is due to the next, as a call would, but without the time between. */
static taut_time play(taut_source *src, taut_sink *sink, taut_time from, taut_time until)
{
	struct taut_frame frame = { .size = sizeof frame };
	taut_time now = from;
	int kind = 0;

	taut_source_start(src, from);
	while (!taut_source_ended(src) && taut_source_deadline(src) < until) {
		now = taut_source_deadline(src);
		while ((kind = taut_source_poll(src, now, &frame)) > 0)
			expect(taut_sink_frame(sink, now, (uint32_t)kind, &frame) == TAUT_OK,
			       "a frame is decoded and written");
		if (taut_sink_wants_key_frame(sink, now))
			taut_source_request_key_frame(src);
	}
	if (kind < 0) {
		fprintf(stderr, "%s\n", taut_source_error(src)->text);
		exit(1);
	}
	return now;
}

static void show_codecs(const taut_source *src, const taut_sink *sink, taut_time now)
{
	struct taut_codec_stats in = { .size = sizeof in }, out = { .size = sizeof out };

	expect(taut_source_encoder_stats(src, now, TAUT_VIDEO, &out) == TAUT_OK, "it encodes");
	expect(taut_sink_decoder_stats(sink, now, TAUT_VIDEO, &in) == TAUT_OK, "it decodes");
	expect(in.frames == out.frames, "all that was encoded was decoded");
	printf("%llu frames by %s\n", (unsigned long long)out.frames, out.implementation);
}

static void record(const char *dir)
{
	const struct taut_sink_config config = { .size = sizeof config, .dir = dir };
	struct taut_media_error error = { 0 };
	taut_source *src = open_source("test");
	taut_sink *sink;

	if (taut_sink_new(&sink, &config, &error) != TAUT_OK) {
		fprintf(stderr, "%s\n", error.text);
		exit(1);
	}
	expect(taut_source_kinds(src) == (TAUT_AUDIO | TAUT_VIDEO), "a test card has both");
	expect(taut_source_set_bitrate(src, TAUT_VIDEO, 200000) == TAUT_OK, "it takes less room");
	taut_time now = play(src, sink, 1, 2 * second);
	expect(taut_sink_snapshot(sink, &error) == TAUT_OK, "a snapshot is written");
	printf("a picture of %u x %u\n", (unsigned)taut_sink_image(sink)->width,
	       (unsigned)taut_sink_image(sink)->height);
	show_codecs(src, sink, now);
	expect(taut_sink_stats(sink)->beeps == 2, "each second it beeps");
	taut_source_free(src);
	expect(taut_sink_close(sink, &error) == TAUT_OK, "the files are whole");
}

/* A file ends by itself. */
static void play_again(const char *dir, const char *name, uint32_t kind)
{
	const struct taut_sink_config config = { .size = sizeof config };
	char path[4096];
	taut_sink *sink;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	taut_source *src = open_source(path);
	expect(taut_source_kinds(src) == kind, "a file has one of both");
	expect(taut_sink_new(&sink, &config, NULL) == TAUT_OK, "there is a sink");
	play(src, sink, 1, INT64_MAX);
	expect(taut_source_ended(src) == 1, "it is over");
	printf("%s: %llu pictures, %llu sounds\n", name,
	       (unsigned long long)taut_sink_stats(sink)->video_frames,
	       (unsigned long long)taut_sink_stats(sink)->audio_frames);
	taut_source_free(src);
	taut_sink_close(sink, NULL);
}

int main(int argc, char **argv)
{
	size_t count;

	if (argc != 2) {
		fprintf(stderr, "usage: example_files DIRECTORY\n");
		return 2;
	}
	for (const struct taut_codec *c = taut_media_codecs(&count); count > 0; c++, count--)
		printf("knows %s\n", c->mime);
	record(argv[1]);
	play_again(argv[1], "video.ivf", TAUT_VIDEO);
	play_again(argv[1], "audio.ogg", TAUT_AUDIO);
	return 0;
}
