/* config.h - take a struct that the caller made, whatever version he was compiled with.
 *
 * Such structs begin with size_t size. A shorter one comes from an older caller:
 * what it lacks is zero, the default. A longer one comes from a newer caller and
 * is fine as long as what we do not know is zero (the rule of openat2(2)). */
#ifndef TAUT_BASE_CONFIG_H
#define TAUT_BASE_CONFIG_H

#include <string.h>

#include "taut/taut.h"

/* dst has dst_size bytes. TAUT_E_INVAL: no size; TAUT_E_UNSUPPORTED: a tail that is not zero. */
static inline int tt_config_take(void *dst, size_t dst_size, const void *src)
{
	size_t size = 0;

	memset(dst, 0, dst_size);
	memcpy(dst, &dst_size, sizeof dst_size);
	if (!src)
		return TAUT_OK;
	memcpy(&size, src, sizeof size);
	if (size < sizeof size)
		return TAUT_E_INVAL;
	for (size_t i = dst_size; i < size; i++)
		if (((const unsigned char *)src)[i] != 0)
			return TAUT_E_UNSUPPORTED;
	memcpy(dst, src, size < dst_size ? size : dst_size);
	memcpy(dst, &dst_size, sizeof dst_size);
	return TAUT_OK;
}

#endif
