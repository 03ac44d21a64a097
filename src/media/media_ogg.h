/* media_ogg.h - Opus packets out of an Ogg file, RFC 3533 and RFC 7845.
 *
 * Only what passing packets on needs: the first Opus stream of the file; the
 * header and the comments are skipped, and so is every other stream. Pre-skip and the end
 * trimming of RFC 7845 section 4 are not applied: whole packets are sent. */
#ifndef TAUT_MEDIA_OGG_H
#define TAUT_MEDIA_OGG_H

#include <ogg/ogg.h>

#include "media/media_file.h"

struct tt_ogg_reader {
	struct tt_file file;
	ogg_sync_state sync;
	ogg_stream_state stream;
	bool open;       /* the stream is the one with this serial number */
	uint32_t header; /* of the stream's two header packets, those already seen */
	uint32_t channels;
};

struct tt_ogg_packet {
	const uint8_t *data; /* the reader's, until the next */
	size_t len;
	uint32_t samples; /* per channel at 48 kHz */
};

int tt_ogg_open(struct tt_ogg_reader *r, const char *name, struct taut_media_error *error);
void tt_ogg_close(struct tt_ogg_reader *r);
/* 1: a packet; 0: the end; negative: broken here. */
int tt_ogg_next(struct tt_ogg_reader *r, struct tt_ogg_packet *out, struct taut_media_error *error);
bool tt_ogg_rewind(struct tt_ogg_reader *r);

#endif
