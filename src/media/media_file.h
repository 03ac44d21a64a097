/* media_file.h - a file being read: knows its length and where it stands, so that no
 * size in it is believed that the rest of the file cannot hold. */
#ifndef TAUT_MEDIA_FILE_H
#define TAUT_MEDIA_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/rd.h"
#include "media/media_util.h"

struct tt_file {
	FILE *stream;
	char *name;
	uint64_t size, offset; /* offset <= size */
};

int tt_file_open(struct tt_file *f, const char *name, struct taut_media_error *error);
void tt_file_close(struct tt_file *f);
uint64_t tt_file_left(const struct tt_file *f);
/* len bytes or none and false: the file has no more, or the system refused. */
bool tt_file_read(struct tt_file *f, void *out, size_t len);
bool tt_file_seek(struct tt_file *f, uint64_t offset);
/* "NAME: at byte OFFSET: ...", TAUT_E_SYNTAX. */
__attribute__((format(printf, 3, 4))) int
tt_file_broken(const struct tt_file *f, struct taut_media_error *error, const char *format, ...);

/* IVF and WAV are little-endian. */
static inline uint64_t rd_le(struct rd *r, size_t n)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++)
		v |= (uint64_t)rd_u8(r) << 8 * i;
	return r->bad ? 0 : v;
}

static inline uint16_t rd_le16(struct rd *r)
{
	return (uint16_t)rd_le(r, 2);
}
static inline uint32_t rd_le32(struct rd *r)
{
	return (uint32_t)rd_le(r, 4);
}

#endif
