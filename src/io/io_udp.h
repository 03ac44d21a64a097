/* io_udp.h - a UDP socket that sends and receives in runs.
 *
 * UDP_SEGMENT and UDP_GRO where the kernel has them, sendmmsg and recvmmsg
 * for several. Knows nothing of connections. Never blocks. */
#ifndef TAUT_IO_UDP_H
#define TAUT_IO_UDP_H

#include <stdbool.h>

#include "taut/taut.h"

enum {
	TT_UDP_BATCH = 16,      /* datagrams or runs of one recvmmsg */
	TT_UDP_BUF = 65536,     /* a run that UDP_GRO joined is as long as that */
	TT_UDP_PAYLOAD = 65507, /* the most that one UDP_SEGMENT call takes ... */
	TT_UDP_SEGMENTS = 64,   /* ... in so many packets (UDP_MAX_SEGMENTS of older kernels) */
	TT_UDP_GROUPS = 16,     /* interfaces a multicast group is joined on */
};

struct tt_udp {
	int fd;
	bool gso, gro;
	struct taut_addr local;
	uint32_t groups[TT_UDP_GROUPS]; /* indices of the interfaces of a multicast socket */
	size_t group_count;
	unsigned singles; /* receives that take one datagram, until several are asked for again */
	/* io_udp_peer.c */
	bool split;     /* there is rest, a second socket on the same address; both hear ... */
	bool connected; /* ... and it has all but peer, to whom fd is connected */
	bool refused;   /* one or the other could not be had, and is not tried again */
	int rest;
	struct taut_addr peer, most; /* most: who has the votes */
	unsigned votes;
};

/* What one recvmmsg left: in[i].buf points into room. */
struct tt_udp_batch {
	struct taut_datagram in[TT_UDP_BATCH];
	size_t count;
	size_t truncated; /* longer than a buffer: not in the batch */
	uint8_t *room;    /* TT_UDP_BATCH * TT_UDP_BUF bytes, the caller's */
};

/* Bound to local; u->local is what it got. 0 or errno. */
int tt_udp_open(struct tt_udp *u, const struct taut_addr *local, bool gso);
/* Bound to the group's port, shared with others, IPv4 to the group alone, and joined to the group on every multicast
 * interface and on loopback; one of them suffices. 0 or errno. */
int tt_udp_open_group(struct tt_udp *u, const struct taut_addr *group);
/* Not bound, for what it says of the kernel: u->gso and u->gro. While it is open, the kernel need
 * not patch the paths of GRO and time stamps in and out of its code with the first and last socket of
 * a call, which interrupts every core. 0 or errno. */
int tt_udp_open_probe(struct tt_udp *u);
void tt_udp_no_gro(struct tt_udp *u); /* packets come one by one from now on */
void tt_udp_close(struct tt_udp *u);

/* A socket with all options, not bound. 0 or errno. */
int tt_udp_make(struct tt_udp *u, uint8_t family, bool gso);
int tt_udp_bind(struct tt_udp *u, const struct taut_addr *local); /* 0, or -1 and errno */

/* So many packets went to an address. True: most do now, and would be cheaper if it were connected to. */
bool tt_udp_vote(struct tt_udp *u, const struct taut_addr *to, size_t packets);
/* Opens u->rest, which is to be read as u->fd is. 0 or errno. */
int tt_udp_split(struct tt_udp *u);
/* Connects to whoever has the votes, after the split. 0, or errno and all stays as it is. */
int tt_udp_connect(struct tt_udp *u);
void tt_udp_join(struct tt_udp *u); /* closes u->rest of a socket that is not connected */
bool tt_udp_goes_by_rest(const struct tt_udp *u, const struct taut_addr *to);
bool tt_udp_is_peer(const struct tt_udp *u, const struct taut_addr *to);

/* 0: b->count datagrams came. EAGAIN: none are left. Another errno was a pending error of the
 * socket and is cleared by this. */
int tt_udp_recv(struct tt_udp *u, struct tt_udp_batch *b, taut_time now, int64_t unix_us);
/* The same of u->rest. */
int tt_udp_recv_rest(struct tt_udp *u, struct tt_udp_batch *b, taut_time now, int64_t unix_us);

/* Where a send stands: datagram index and the byte offset in it. */
struct tt_udp_cursor {
	size_t at, offset;
};
/* Sends d[c->at] and those after it, equal neighbours to one address in one call. 0: all are
 * gone. Otherwise errno, and c says which one did not go: EAGAIN means not now, anything else
 * that this datagram is refused and the caller may go on behind it. */
int tt_udp_send(struct tt_udp *u, const struct taut_datagram *d, size_t n, struct tt_udp_cursor *c);

#endif
