/* io_tcp.c - see io_tcp.h. */
#define _GNU_SOURCE
#include "io/io_tcp.h"

#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/io_sockaddr.h"

/* What the kernel keeps that it could not send yet. By itself it would take megabytes, seconds of a
 * slow path, before it says that there is no room. */
enum { UNSENT = 32768 };

static int set_int(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

static int bind_to(int fd, const struct taut_addr *local)
{
	struct taut_addr any_port = *local;
	union tt_sockaddr sa;

	any_port.port = 0;
	const socklen_t len = tt_sockaddr_from(&sa, &any_port);
	return bind(fd, &sa.any, len);
}

static int begin(int fd, const struct taut_addr *local, const struct taut_addr *remote)
{
	union tt_sockaddr sa;
	const socklen_t len = tt_sockaddr_from(&sa, remote);

	if (local->family == 6 && set_int(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1) != 0)
		return -1;
	set_int(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* it works without, though later */
	set_int(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT);
	if (bind_to(fd, local) != 0)
		return -1;
	return connect(fd, &sa.any, len) == 0 || errno == EINPROGRESS || errno == EINTR ? 0 : -1;
}

int tt_tcp_connect(int *fd, const struct taut_addr *local, const struct taut_addr *remote)
{
	*fd = -1;
	if ((local->family != 4 && local->family != 6) || remote->family != local->family)
		return EAFNOSUPPORT;
	*fd = socket(local->family == 6 ? AF_INET6 : AF_INET,
		     SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
	if (*fd < 0)
		return errno;
	if (begin(*fd, local, remote) == 0)
		return 0;
	const int err = errno;
	close(*fd);
	*fd = -1;
	return err;
}

int tt_tcp_connected(int fd, struct taut_addr *local)
{
	union tt_sockaddr sa;
	socklen_t len = sizeof sa;
	int err = 0;
	socklen_t err_len = sizeof err;

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &err_len) != 0)
		return errno;
	if (err != 0)
		return err;
	if (getsockname(fd, &sa.any, &len) != 0)
		return errno;
	*local = tt_sockaddr_to(&sa);
	return 0;
}

int tt_tcp_send(int fd, const uint8_t *data, size_t len, size_t *sent)
{
	ssize_t n;

	do
		n = send(fd, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	*sent = n > 0 ? (size_t)n : 0;
	if (n < 0)
		return errno;
	return n == 0 ? EAGAIN : 0;
}

int tt_tcp_recv(int fd, uint8_t *buf, size_t cap, size_t *len)
{
	ssize_t n;

	do
		n = recv(fd, buf, cap, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	*len = n > 0 ? (size_t)n : 0;
	if (n < 0)
		return errno;
	return n == 0 ? ECONNRESET : 0;
}

/* To a socket that is closed over unread bytes the kernel adds a reset, which may overtake what was
 * sent last: they are thrown away first. */
void tt_tcp_close(int fd)
{
	(void)recv(fd, NULL, INT_MAX, MSG_DONTWAIT | MSG_TRUNC);
	close(fd);
}
