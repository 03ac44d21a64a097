/* io_sockaddr.h - struct taut_addr to and from the socket API. */
#ifndef TAUT_IO_SOCKADDR_H
#define TAUT_IO_SOCKADDR_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "taut/taut.h"

union tt_sockaddr {
	struct sockaddr any;
	struct sockaddr_in in4;
	struct sockaddr_in6 in6;
	struct sockaddr_storage room;
};

/* The length of what was written; 0: a has no family. */
socklen_t tt_sockaddr_from(union tt_sockaddr *out, const struct taut_addr *a);
/* family 0 when it is neither IPv4 nor IPv6. An IPv4-mapped address is given as IPv4. */
struct taut_addr tt_sockaddr_to(const union tt_sockaddr *sa);

#endif
