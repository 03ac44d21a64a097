/* env_header.h - what env.c and spares.c share. */
#ifndef TAUT_BASE_ENV_HEADER_H
#define TAUT_BASE_ENV_HEADER_H

#include <stddef.h>

/* In front of every allocation, so that freeing needs no size from the caller. */
union tt_header {
	size_t size;
	max_align_t align;
};

static inline union tt_header *tt_header_of(void *p)
{
	return (union tt_header *)p - 1;
}

#endif
