/* io_tcp.h - a TCP socket that connects, sends and receives. Knows nothing of connections. Never
 * blocks. */
#ifndef TAUT_IO_TCP_H
#define TAUT_IO_TCP_H

#include "taut/taut.h"

/* From local's ip and any port. 0: *fd is connecting, and writable when that has come to an end.
 * Otherwise errno, and *fd is -1. */
int tt_tcp_connect(int *fd, const struct taut_addr *local, const struct taut_addr *remote);
/* 0: it is connected, *local is the address it has. Otherwise why not. */
int tt_tcp_connected(int fd, struct taut_addr *local);
/* 0: the kernel took the first *sent bytes, at least one. EAGAIN: none now. */
int tt_tcp_send(int fd, const uint8_t *data, size_t len, size_t *sent);
/* 0: *len bytes came, at least one. EAGAIN: none now; ECONNRESET: no more, the other end is through
 * or gone. */
int tt_tcp_recv(int fd, uint8_t *buf, size_t cap, size_t *len);
/* What was sent still goes; what came and was not received is lost. */
void tt_tcp_close(int fd);

#endif
