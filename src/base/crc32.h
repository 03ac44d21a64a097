/* crc32.h - CRC-32 of ITU V.42, from which STUN's FINGERPRINT is made: RFC 8489 section 14.7. */
#ifndef TAUT_BASE_CRC32_H
#define TAUT_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t tt_crc32(const void *data, size_t len);

#endif
