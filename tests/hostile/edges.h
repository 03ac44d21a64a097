/* edges.h - each octet of a packet at some of its values, and each 16-bit field at its edges. */
#ifndef TAUT_TEST_HOSTILE_EDGES_H
#define TAUT_TEST_HOSTILE_EDGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { EDGE_OCTETS = 5, EDGES = EDGE_OCTETS + 8 };

/* The k-th of EDGES values, at that octet. False: it is a field, and one octet is left. */
static inline bool edge_set(uint8_t *packet, size_t len, size_t at, unsigned k)
{
	static const uint8_t octets[EDGE_OCTETS] = { 0, 1, 0x7f, 0x80, 0xff };
	const uint16_t n = (uint16_t)len;
	const uint16_t fields[] = { 0,      1,     (uint16_t)(n - 1), n, (uint16_t)(n + 1), 0x7fff,
				    0x8000, 0xffff };

	if (k < EDGE_OCTETS) {
		packet[at] = octets[k];
		return true;
	}
	if (at + 2 > len)
		return false;
	packet[at] = (uint8_t)(fields[k - EDGE_OCTETS] >> 8);
	packet[at + 1] = (uint8_t)fields[k - EDGE_OCTETS];
	return true;
}

#endif
