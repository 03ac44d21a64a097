/* utf8.c - see utf8.h. */
#include "base/utf8.h"

#include <stdbool.h>

size_t tt_utf8_char(const void *text, size_t left, uint32_t *number)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *p = text;
	const size_t n = p[0] < 0x80             ? 1
			 : (p[0] & 0xe0) == 0xc0 ? 2
			 : (p[0] & 0xf0) == 0xe0 ? 3
			 : (p[0] & 0xf8) == 0xf0 ? 4
						 : 0;
	if (n == 0 || n > left)
		return 0;
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	const bool surrogate = c >= 0xd800 && c <= 0xdfff;
	if (c < least[n] || c > 0x10ffff || surrogate)
		return 0;
	if (number)
		*number = c;
	return n;
}
