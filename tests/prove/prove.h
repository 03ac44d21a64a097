/* prove.h - what every proof begins with: any bytes, of any length up to N.
 *
 * The packet ends where the array ends, so a read one byte behind it is a read outside of
 * the array. "split" makes the analyser look at each length by itself. */
#ifndef TAUT_PROVE_H
#define TAUT_PROVE_H

#include <stddef.h>
#include <stdint.h>

#include "__fc_builtin.h"

static uint8_t room[N];

static size_t any_length(void)
{
	Frama_C_make_unknown((char *)room, N);
	return (size_t)Frama_C_interval(0, N);
}

#endif
