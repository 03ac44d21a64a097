/* io_srv.h - SRV records of a DNS answer. RFC 2782, RFC 1035 section 4. */
#ifndef TAUT_IO_SRV_H
#define TAUT_IO_SRV_H

#include <stddef.h>
#include <stdint.h>

enum {
	TT_SRV_MAX = 8,        /* records that are kept */
	TT_SRV_NAME = 256,     /* of a target, with a NUL */
	TT_SRV_MESSAGE = 4096, /* the longest answer that is looked at */
};

struct tt_srv_found {
	uint16_t priority, weight, port;
	char target[TT_SRV_NAME]; /* labels joined by dots; "": the root */
};

/* The first TT_SRV_MAX of the answer section. 0: none, or the answer is malformed before the first; what is
 * malformed behind one ends it there. A target that could not be the name of a host is left out. */
size_t tt_srv_read(struct tt_srv_found out[TT_SRV_MAX], const uint8_t *msg, size_t len);
/* Asks the system's name servers, which takes seconds; of any thread. errno: ENOENT, EAGAIN, ENOMEM. */
int tt_srv_look_up(const char *name, struct tt_srv_found out[TT_SRV_MAX], size_t *count);

#endif
