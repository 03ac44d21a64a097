/* stun_annotate.h - a STUN message octet by octet, for people. */
#ifndef TAUT_TRACE_STUN_ANNOTATE_H
#define TAUT_TRACE_STUN_ANNOTATE_H

#include <stddef.h>
#include <stdint.h>

/* Lines of printable ASCII, each given to line, without their ends: offset, octets, what they mean, the
 * section of the RFC. Shows what is on the wire as it is, integrity included: those are no secrets. */
void tt_stun_annotate(const uint8_t *data, size_t len, void (*line)(void *ctx, const char *text),
		      void *ctx);

#endif
