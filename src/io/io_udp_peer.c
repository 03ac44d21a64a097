/* io_udp_peer.c - whoever is sent most is connected to.
 *
 * A socket that is not connected looks up the way of each packet, about a tenth of what a packet costs. ICE
 * needs one that hears everybody, so there are two on one address: the first, connected to whoever most
 * goes to, and a second one for all others. The kernel gives each packet to the one that fits it best.
 * Without a second one, or where it refuses, all goes on as before. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/num.h"
#include "io/io_sockaddr.h"
#include "io/io_udp.h"

enum { VOTES = 256 }; /* packets that who is connected to is ahead of all others by */

/* The majority algorithm of Boyer and Moore: whoever has more than half of the packets wins in the end. */
bool tt_udp_vote(struct tt_udp *u, const struct taut_addr *to, size_t packets)
{
	if (u->votes == 0)
		u->most = *to;
	if (!tt_addr_eq(&u->most, to)) {
		u->votes -= (unsigned)tt_min(packets, u->votes);
		return false;
	}
	u->votes = (unsigned)tt_min(u->votes + packets, VOTES);
	/* A link-local peer would bind a socket of another scope to its interface, for good. */
	return u->votes == VOTES && !u->refused && !tt_udp_is_peer(u, to) &&
	       !tt_addr_is_any(&u->local) &&
	       tt_addr_is_link_local(to) == tt_addr_is_link_local(&u->local);
}

/* Whoever has used up a quarter of the descriptors will need the others for sockets that it cannot do without. */
static bool is_scarce(int fd)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) != 0 ||
	       (limit.rlim_cur != RLIM_INFINITY && (rlim_t)fd >= limit.rlim_cur / 4);
}

/* On the address of a socket that did not offer it: SO_REUSEPORT holds from here to the end, lest the
 * kernel choose a port that is taken, or lend ours to somebody else. */
int tt_udp_split(struct tt_udp *u)
{
	const int on = 1, off = 0;
	struct tt_udp rest;
	int err = tt_udp_make(&rest, u->local.family, u->gso);

	if (err != 0) {
		u->refused = true;
		return err;
	}
	if (u->gro != rest.gro)
		tt_udp_no_gro(&rest);
	if (is_scarce(rest.fd))
		err = EMFILE;
	else if (setsockopt(u->fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
		 setsockopt(rest.fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0 ||
		 tt_udp_bind(&rest, &u->local) != 0)
		err = errno;
	setsockopt(u->fd, SOL_SOCKET, SO_REUSEPORT, &off, sizeof off);
	setsockopt(rest.fd, SOL_SOCKET, SO_REUSEPORT, &off, sizeof off);
	if (err != 0) {
		tt_udp_close(&rest);
		u->refused = true;
		return err;
	}
	u->split = true;
	u->rest = rest.fd;
	return 0;
}

void tt_udp_join(struct tt_udp *u)
{
	close(u->rest);
	u->split = false;
	u->refused = true;
}

int tt_udp_connect(struct tt_udp *u)
{
	union tt_sockaddr sa;
	const socklen_t len = tt_sockaddr_from(&sa, &u->most);

	if (connect(u->fd, &sa.any, len) != 0) {
		const int err = errno;
		/* Whoever it was connected to stays so, and the next one has to win first. */
		u->refused = !u->connected;
		u->votes = 0;
		return err;
	}
	u->connected = true;
	u->peer = u->most;
	return 0;
}

bool tt_udp_is_peer(const struct tt_udp *u, const struct taut_addr *to)
{
	return u->connected && tt_addr_eq(&u->peer, to);
}

bool tt_udp_goes_by_rest(const struct tt_udp *u, const struct taut_addr *to)
{
	return u->connected && !tt_addr_eq(&u->peer, to);
}
