/* crc32c.h - CRC-32C (Castagnoli), the checksum of SCTP: RFC 9260 appendix A. */
#ifndef TAUT_BASE_CRC32C_H
#define TAUT_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* The value of the checksum as RFC 9260 prints it; it goes on the wire little-endian. */
uint32_t tt_crc32c(const void *data, size_t len);
/* The same where the processor has no instruction for it. */
uint32_t tt_crc32c_portable(const void *data, size_t len);

#endif
