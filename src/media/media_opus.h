/* media_opus.h - what an Opus packet says of itself before it is decoded. */
#ifndef TAUT_MEDIA_MEDIA_OPUS_H
#define TAUT_MEDIA_MEDIA_OPUS_H

#include <stdbool.h>
#include <stddef.h>

/* Whether it has the frame before its own as well, coarser: RFC 6716 sections 2.1.7 and 4.2.4. */
bool tt_opus_has_fec(const void *data, size_t len);

#endif
