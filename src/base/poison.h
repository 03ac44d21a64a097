/* poison.h - tells AddressSanitizer what of a larger block nobody may touch.
 *
 * An arena or a pool is one allocation to the sanitizer, so that it sees nobody step from one piece
 * into the next. Without the sanitizer these are nothing. */
#ifndef TAUT_BASE_POISON_H
#define TAUT_BASE_POISON_H

#include <stddef.h>

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define TT_ASAN 1
#endif
#elif defined __SANITIZE_ADDRESS__
#define TT_ASAN 1
#endif

#ifdef TT_ASAN
#include <sanitizer/asan_interface.h>

static inline void tt_poison(const void *p, size_t n)
{
	__asan_poison_memory_region(p, n);
}

static inline void tt_unpoison(const void *p, size_t n)
{
	__asan_unpoison_memory_region(p, n);
}
#else
static inline void tt_poison(const void *p, size_t n)
{
	(void)p, (void)n;
}

static inline void tt_unpoison(const void *p, size_t n)
{
	(void)p, (void)n;
}
#endif

#endif
