/* chunks.h - what the tests of SCTP share. */
#ifndef TAUT_TEST_HOSTILE_CHUNKS_H
#define TAUT_TEST_HOSTILE_CHUNKS_H

#include "hostile/craft.h"

static inline void chunk(struct wr *w, uint8_t type, uint8_t flags, const void *value, size_t len)
{
	const size_t at = tt_sctp_begin(w, type, flags);

	wr_bytes(w, value, len);
	tt_sctp_end(w, at);
}

static inline void send_chunk(struct hostile *h, uint8_t type, uint8_t flags, const void *value,
			      size_t len)
{
	uint8_t buf[PACKET];
	struct wr w = craft_sctp(h, buf, sizeof buf);

	chunk(&w, type, flags, value, len);
	craft_send_sctp(h, &w);
}

/* DATA or I-DATA, as the two agreed. */
static inline void send_data_chunk(struct hostile *h, const struct sctp_data *d)
{
	uint8_t buf[PACKET];
	struct wr w = craft_sctp(h, buf, sizeof buf);
	struct sctp_data as_agreed = *d;

	as_agreed.interleaved = craft_assoc(h)->queue.interleaved;
	tt_sctp_write_data(&w, &as_agreed);
	craft_send_sctp(h, &w);
}

#endif
