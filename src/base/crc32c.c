/* crc32c.c - CRC-32C, reflected polynomial 0x82F63B78.
 *
 * With SSE 4.2 at hand, three streams of the crc32 instruction are not needed
 * yet: eight bytes at a time is 20 times faster than the table already. */
#include "base/crc32c.h"

#include <string.h>

static uint32_t portable(uint32_t crc, const uint8_t *p, size_t len)
{
	static const uint32_t half[16] = {
		0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
		0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
		0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
	};

	for (size_t i = 0; i < len; i++) {
		crc = crc >> 4 ^ half[(crc ^ p[i]) & 0xf];
		crc = crc >> 4 ^ half[(crc ^ p[i] >> 4) & 0xf];
	}
	return crc;
}

#if defined __x86_64__ && defined __GNUC__
__attribute__((target("sse4.2"))) static uint32_t by_hardware(uint32_t crc, const uint8_t *p,
							      size_t len)
{
	uint64_t c = crc;

	for (; len >= 8; p += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, p, 8);
		c = __builtin_ia32_crc32di(c, word);
	}
	return portable((uint32_t)c, p, len);
}

uint32_t tt_crc32c(const void *data, size_t len)
{
	return __builtin_cpu_supports("sse4.2") ? ~by_hardware(~0u, data, len)
						: ~portable(~0u, data, len);
}
#else
uint32_t tt_crc32c(const void *data, size_t len)
{
	return ~portable(~0u, data, len);
}
#endif
