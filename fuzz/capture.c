/* capture.c - what simulated sessions say, as files: seeds for the fuzz targets.
 *
 *     capture FOLDER SEED...
 *
 * Each packet in clear, as its layer traces it, goes to FOLDER/<layer>, each description and candidate
 * to FOLDER/sdp; seed N runs the profile N modulo the number of profiles. Of packets that look alike
 * (length, first bytes) a few are kept. The same seeds give the same files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/session.h"
#include "trace/trace_line.h"

enum { ALIKE = 65536, MOST_ALIKE = 2, PATH_ROOM = 1024 };

struct capture {
	const char *folder;
	unsigned written;
	uint8_t seen[ALIKE];
};

static void put(struct capture *c, const char *kind, const void *data, size_t len)
{
	char path[PATH_ROOM];

	(void)snprintf(path, sizeof path, "%s/%s", c->folder, kind);
	(void)mkdir(path, 0777);
	(void)snprintf(path, sizeof path, "%s/%s/%06u", c->folder, kind, c->written++);
	FILE *f = fopen(path, "wb");
	if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

static uint32_t look_of(uint32_t layer, const uint8_t *p, size_t len)
{
	static const size_t places[] = { 0, 1, 12, 13, 28, 29 };
	uint32_t h = layer * 31 + (uint32_t)len / 32;

	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		h = (h ^ (places[i] < len ? p[places[i]] : 0)) * 16777619u;
	return (h ^ h >> 16) % ALIKE;
}

static void on_packet(void *ctx, int side, const struct taut_trace_record *r)
{
	struct capture *c = ctx;
	uint8_t *seen = &c->seen[look_of(r->layer, r->data, r->len)];

	(void)side;
	if (*seen >= MOST_ALIKE)
		return;
	(*seen)++;
	put(c, tt_trace_layer_name(r->layer), r->data, r->len);
}

static void on_description(void *ctx, const char *text)
{
	put(ctx, "sdp", text, strlen(text));
}

int main(int argc, char **argv)
{
	static struct capture c;
	const struct session_options options = { .packet = on_packet,
						 .description = on_description,
						 .ctx = &c };
	struct session_result result;

	if (argc < 3) {
		(void)fprintf(stderr, "usage: capture FOLDER SEED...\n");
		return 2;
	}
	c.folder = argv[1];
	for (int i = 2; i < argc; i++) {
		const unsigned long long seed = strtoull(argv[i], NULL, 10);
		session_run(seed, &profiles[seed % PROFILES], &options, &result);
		if (result.failures > 0) {
			(void)fprintf(stderr, "capture: seed %llu: %s\n", seed, result.failure);
			return 1;
		}
	}
	return 0;
}
