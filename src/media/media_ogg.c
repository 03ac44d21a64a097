/* media_ogg.c - Opus packets out of an Ogg file. */
#include "media/media_ogg.h"

#include <opus.h>
#include <string.h>

#include "base/num.h"

#define CHUNK 4096

int tt_ogg_open(struct tt_ogg_reader *r, const char *name, struct taut_media_error *error)
{
	*r = (struct tt_ogg_reader){ 0 };
	(void)ogg_sync_init(&r->sync);
	return tt_file_open(&r->file, name, error);
}

static void forget(struct tt_ogg_reader *r)
{
	(void)ogg_stream_clear(&r->stream); /* nothing to one that is not open */
	r->open = false;
	r->header = 0;
}

void tt_ogg_close(struct tt_ogg_reader *r)
{
	forget(r);
	(void)ogg_sync_clear(&r->sync);
	tt_file_close(&r->file);
}

bool tt_ogg_rewind(struct tt_ogg_reader *r)
{
	forget(r);
	(void)ogg_sync_reset(&r->sync);
	return tt_file_seek(&r->file, 0);
}

/* 1, or 0: the file ends; what does not look like a page is passed over. */
static int next_page(struct tt_ogg_reader *r, ogg_page *page, struct taut_media_error *error)
{
	for (;;) {
		int found = ogg_sync_pageout(&r->sync, page);

		if (found > 0)
			return 1;
		if (found < 0)
			continue;
		size_t n = (size_t)tt_min64((int64_t)tt_file_left(&r->file), CHUNK);
		if (n == 0)
			return 0;
		char *to = ogg_sync_buffer(&r->sync, CHUNK);
		if (!to)
			return tt_media_fail(error, TAUT_E_NOMEM, "%s: out of memory",
					     r->file.name);
		if (!tt_file_read(&r->file, to, n))
			return tt_file_broken(&r->file, error, "cannot be read");
		(void)ogg_sync_wrote(&r->sync, (long)n);
	}
}

/* RFC 7845 section 5.1. Family 0 is mono or stereo; the others need a multistream decoder. */
static int read_head(struct tt_ogg_reader *r, const ogg_packet *p, struct taut_media_error *error)
{
	struct rd rd = rd_make(p->packet, (size_t)p->bytes);

	rd_take(&rd, 8); /* "OpusHead": the page began with it, see claim */
	uint8_t version = rd_u8(&rd), channels = rd_u8(&rd);

	rd_take(&rd, 8); /* pre-skip, the rate before encoding, gain */
	uint8_t family = rd_u8(&rd);
	if (rd.bad || version > 15)
		return tt_file_broken(&r->file, error, "no Opus header");
	if (family != 0 || channels < 1 || channels > 2)
		return tt_media_fail(
			error, TAUT_E_UNSUPPORTED,
			"%s: %u channels of mapping family %u; mono and stereo are read",
			r->file.name, channels, family);
	r->channels = channels;
	return TAUT_OK;
}

/* A page that begins an Opus stream opens it; false: not one of ours. Which of the others are,
 * ogg_stream_pagein asks. */
static bool claim(struct tt_ogg_reader *r, const ogg_page *page)
{
	if (!ogg_page_bos(page))
		return true;
	struct rd rd = rd_make(page->body, (size_t)page->body_len);
	const uint8_t *magic = rd_take(&rd, 8);

	if (!magic || memcmp(magic, "OpusHead", 8) != 0)
		return false;
	if (!ogg_stream_eos(&r->stream)) /* one that is not open has ended */
		return false;
	forget(r); /* chained files begin again, RFC 3533 section 4 */
	r->open = ogg_stream_init(&r->stream, ogg_page_serialno(page)) == 0;
	return r->open;
}

static int next_any_packet(struct tt_ogg_reader *r, ogg_packet *p, struct taut_media_error *error)
{
	for (;;) {
		int found = r->open ? ogg_stream_packetout(&r->stream, p) : 0;

		if (found > 0)
			return 1;
		if (found < 0)
			continue; /* a hole: the next packet is whole again */
		ogg_page page;
		int rc = next_page(r, &page, error);
		if (rc <= 0)
			return rc;
		if (claim(r, &page))
			(void)ogg_stream_pagein(&r->stream, &page);
	}
}

int tt_ogg_next(struct tt_ogg_reader *r, struct tt_ogg_packet *out, struct taut_media_error *error)
{
	for (;;) {
		ogg_packet p;
		int rc = next_any_packet(r, &p, error);

		if (rc < 0)
			return rc;
		if (rc == 0 && r->channels == 0)
			return tt_file_broken(&r->file, error, "no Opus stream in it");
		if (rc == 0)
			return 0;
		if (r->header < 2) {
			rc = r->header == 0 ? read_head(r, &p, error) : TAUT_OK;
			if (rc != TAUT_OK)
				return rc;
			r->header++;
			continue;
		}
		if (p.bytes == 0)
			continue;
		/* the first bytes tell; no packet of Opus has 2 GiB */
		int samples = opus_packet_get_nb_samples(
			p.packet, (int32_t)tt_min64(p.bytes, INT32_MAX), 48000);
		if (samples <= 0)
			return tt_file_broken(&r->file, error,
					      "the packet before this is not Opus");
		*out = (struct tt_ogg_packet){ .data = p.packet,
					       .len = (size_t)p.bytes,
					       .samples = (uint32_t)samples };
		return 1;
	}
}
