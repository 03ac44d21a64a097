/* sys.c - the system calls that src makes by itself, in front of the sanitizer's; and send(),
 * which libwebsockets makes for src/signal as well.
 *
 * Each row says which errors a call can meet. SHORT is no error: the call does less than it was
 * asked for, as a datagram without a byte, a file at its end, one message of many. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "torture.h"

#define EXPORT __attribute__((visibility("default")))

/* A fork shares with its parent what the kernel holds: sockets, places in files. */
static bool is_outside(const char *call, void *frame, void *ret)
{
	struct torture_stack s;

	if (strcmp(call, "socket") == 0 || strcmp(call, "epoll_create1") == 0)
		return true;
	if (strcmp(call, "fopen") != 0 && strcmp(call, "open") != 0)
		return false;
	torture_busy++;
	torture_walk(&s, frame, ret);
	torture_busy--;
	/* A test reads its vectors before it begins, a library what it is configured by. */
	return torture_library(&s)[0] == '\0' && torture_is_ours(&s);
}

static bool fails(const char *call, const int *errors, int *error, void *frame, void *ret)
{
	if (torture.phase == TORTURE_COUNT && !torture_busy && is_outside(call, frame, ret))
		torture_points->outside = true;
	if (!torture_system(call))
		return false;
	if (!torture_point(call, errors, error, frame, ret))
		return false;
	if (*error > 0)
		errno = *error;
	return true;
}

#define FAILS(call, ...)                                                                           \
	fails((call), (const int[]){ __VA_ARGS__, 0 }, &error, __builtin_frame_address(0),         \
	      __builtin_return_address(0))

/* The next definition of a function: the sanitizer's, or the C library's. */
#define NEXT(name, type, ...)                                                                      \
	static type (*next)(__VA_ARGS__);                                                          \
	int error;                                                                                 \
	if (!next)                                                                                 \
	*(void **)&next = dlsym(RTLD_NEXT, name)

/* ---- sockets ---- */

EXPORT int socket(int domain, int type, int protocol)
{
	NEXT("socket", int, int, int, int);
	return FAILS("socket", EMFILE, EAFNOSUPPORT, ENOBUFS) ? -1 : next(domain, type, protocol);
}

EXPORT int bind(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	NEXT("bind", int, int, __CONST_SOCKADDR_ARG, socklen_t);
	return FAILS("bind", EADDRNOTAVAIL, EADDRINUSE) ? -1 : next(fd, addr, len);
}

EXPORT int listen(int fd, int backlog)
{
	NEXT("listen", int, int, int);
	return FAILS("listen", EADDRINUSE) ? -1 : next(fd, backlog);
}

EXPORT int accept4(int fd, __SOCKADDR_ARG addr, socklen_t *len, int flags)
{
	NEXT("accept4", int, int, __SOCKADDR_ARG, socklen_t *, int);
	return FAILS("accept4", EMFILE, ECONNABORTED, EAGAIN, ENOBUFS) ? -1
								       : next(fd, addr, len, flags);
}

EXPORT int connect(int fd, __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	NEXT("connect", int, int, __CONST_SOCKADDR_ARG, socklen_t);
	return FAILS("connect", ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, ECONNREFUSED)
		       ? -1
		       : next(fd, addr, len);
}

/* SHORT: it tells of an error that the socket met. */
EXPORT int getsockopt(int fd, int level, int name, void *value, socklen_t *len)
{
	NEXT("getsockopt", int, int, int, int, void *, socklen_t *);
	const bool fail = FAILS("getsockopt", ENOBUFS, TORTURE_SHORT);
	if (fail && error != TORTURE_SHORT)
		return -1;
	const int rc = next(fd, level, name, value, len);
	if (fail && level == SOL_SOCKET && name == SO_ERROR)
		memcpy(value, &(int){ ETIMEDOUT }, sizeof(int));
	return rc;
}

EXPORT int getsockname(int fd, __SOCKADDR_ARG addr, socklen_t *len)
{
	NEXT("getsockname", int, int, __SOCKADDR_ARG, socklen_t *);
	return FAILS("getsockname", ENOBUFS) ? -1 : next(fd, addr, len);
}

EXPORT int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	NEXT("setsockopt", int, int, int, int, const void *, socklen_t);
	return FAILS("setsockopt", ENOPROTOOPT, ENOMEM) ? -1 : next(fd, level, name, value, len);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	NEXT("sendmsg", ssize_t, int, const struct msghdr *, int);
	return FAILS("sendmsg", EAGAIN, ENOBUFS, EMSGSIZE, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
		     EPERM, EIO, EINTR)
		       ? -1
		       : next(fd, msg, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags)
{
	NEXT("sendmmsg", int, int, struct mmsghdr *, unsigned, int);
	if (!FAILS("sendmmsg", EAGAIN, ENOBUFS, EMSGSIZE, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,
		   EPERM, EIO, EINTR, TORTURE_SHORT))
		return next(fd, msgs, count, flags);
	return error == TORTURE_SHORT ? next(fd, msgs, 1, flags) : -1;
}

EXPORT int recvmmsg(int fd, struct mmsghdr *msgs, unsigned count, int flags,
		    struct timespec *timeout)
{
	NEXT("recvmmsg", int, int, struct mmsghdr *, unsigned, int, struct timespec *);
	if (!FAILS("recvmmsg", EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, ENETDOWN, EINTR,
		   TORTURE_SHORT))
		return next(fd, msgs, count, flags, timeout);
	if (error != TORTURE_SHORT)
		return -1;
	const int n = next(fd, msgs, 1, flags, timeout);
	if (n > 0)
		msgs[0].msg_len = 0;
	return n;
}

EXPORT ssize_t recvmsg(int fd, struct msghdr *msg, int flags)
{
	NEXT("recvmsg", ssize_t, int, struct msghdr *, int);
	return FAILS("recvmsg", EAGAIN, ECONNREFUSED, EHOSTUNREACH, ENOMEM, ENETDOWN, EINTR)
		       ? -1
		       : next(fd, msg, flags);
}

EXPORT ssize_t recv(int fd, void *buf, size_t len, int flags)
{
	NEXT("recv", ssize_t, int, void *, size_t, int);
	torture_await_input(fd, __builtin_frame_address(0), __builtin_return_address(0));
	if (!FAILS("recv", EAGAIN, ENOBUFS, EINTR, TORTURE_SHORT))
		return next(fd, buf, len, flags);
	return error == TORTURE_SHORT ? 0 : -1;
}

/* One octet is taken, as by a socket that has room for no more: of ours, and of what libwebsockets
 * says on our behalf. It forgets what is left of a client's request for the upgrade (4.1.6; the first bytes on a fresh
 * connection, for which there is room): that is spared. For good is so many times: a message of 200,000
 * octets would take longer than the relay waits for a word of who hears it. */
enum { OCTETS = 5000 };

EXPORT ssize_t send(int fd, const void *buf, size_t len, int flags)
{
	static int slowed;

	NEXT("send", ssize_t, int, const void *, size_t, int);
	if (len > 1 && memcmp(buf, "GET ", len < 4 ? len : 4) != 0 &&
	    FAILS("send", TORTURE_SHORT) && slowed++ < OCTETS)
		len = 1;
	if (FAILS("a stream's send", EAGAIN, EPIPE, ECONNRESET, ENOBUFS, EINTR))
		return -1;
	return next(fd, buf, len, flags);
}

/* ---- the loop's descriptors ---- */

EXPORT int epoll_create1(int flags)
{
	NEXT("epoll_create1", int, int);
	return FAILS("epoll_create1", EMFILE, ENOMEM) ? -1 : next(flags);
}

EXPORT int epoll_ctl(int set, int op, int fd, struct epoll_event *event)
{
	NEXT("epoll_ctl", int, int, int, int, struct epoll_event *);
	return FAILS("epoll_ctl", ENOMEM, ENOSPC) ? -1 : next(set, op, fd, event);
}

EXPORT int epoll_wait(int set, struct epoll_event *events, int most, int timeout)
{
	NEXT("epoll_wait", int, int, struct epoll_event *, int, int);
	if (FAILS("epoll_wait", EINTR, EINVAL, TORTURE_SHORT)) {
		if (error != TORTURE_SHORT)
			return -1;
		torture_wait(0); /* nothing comes, for good: that is no step without end */
		return torture_waited(0);
	}
	return torture_waited(next(set, events, most, torture_wait(timeout)));
}

/* A counter takes every number: only a signal can come between. */
enum { COUNTERS = 1024 };
static bool counters[COUNTERS];

EXPORT int eventfd(unsigned start, int flags)
{
	NEXT("eventfd", int, unsigned, int);
	const int fd = FAILS("eventfd", EMFILE, ENOMEM) ? -1 : next(start, flags);
	if (fd >= 0 && fd < COUNTERS)
		counters[fd] = true;
	return fd;
}

EXPORT int timerfd_create(clockid_t clock, int flags)
{
	NEXT("timerfd_create", int, clockid_t, int);
	return FAILS("timerfd_create", EMFILE, ENOMEM) ? -1 : next(clock, flags);
}

EXPORT int timerfd_settime(int fd, int flags, const struct itimerspec *value,
			   struct itimerspec *old)
{
	NEXT("timerfd_settime", int, int, int, const struct itimerspec *, struct itimerspec *);
	return FAILS("timerfd_settime", EINVAL) ? -1 : next(fd, flags, value, old);
}

EXPORT ssize_t read(int fd, void *buf, size_t len)
{
	NEXT("read", ssize_t, int, void *, size_t);
	if (!FAILS("read", EAGAIN, EINTR, EIO, TORTURE_SHORT))
		return next(fd, buf, len);
	return error == TORTURE_SHORT ? 0 : -1;
}

EXPORT int close(int fd)
{
	NEXT("close", int, int);
	(void)error;
	if (fd >= 0 && fd < COUNTERS)
		counters[fd] = false;
	return next(fd);
}

EXPORT ssize_t write(int fd, const void *buf, size_t len)
{
	NEXT("write", ssize_t, int, const void *, size_t);
	if (fd >= 0 && fd < COUNTERS && counters[fd])
		return FAILS("write", EINTR) ? -1 : next(fd, buf, len);
	return FAILS("write", EAGAIN, EINTR, ENOSPC) ? -1 : next(fd, buf, len);
}

/* ---- threads ---- */

int torture_no_thread(void *frame, void *ret)
{
	int error = 0;

	return fails("pthread_create", (const int[]){ EAGAIN, ENOMEM, 0 }, &error, frame, ret)
		       ? error
		       : 0;
}

/* ---- names, interfaces ---- */

EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
		       struct addrinfo **out)
{
	NEXT("getaddrinfo", int, const char *, const char *, const struct addrinfo *,
	     struct addrinfo **);
	if (!FAILS("getaddrinfo", ENOMEM, ENOENT, ETIMEDOUT, EIO))
		return next(node, service, hints, out);
	return error == ENOMEM   ? EAI_MEMORY
	       : error == ENOENT ? EAI_NONAME
	       : error == EIO    ? EAI_SYSTEM
				 : EAI_AGAIN;
}

EXPORT int getifaddrs(struct ifaddrs **out)
{
	NEXT("getifaddrs", int, struct ifaddrs **);
	if (!FAILS("getifaddrs", ENOMEM, EMFILE, TORTURE_SHORT))
		return next(out);
	*out = NULL;
	return error == TORTURE_SHORT ? 0 : -1; /* SHORT: there are none (any more) */
}

/* <resolv.h> has another name for it, under which the C library has it. */
EXPORT int res_ninit(res_state state)
{
	NEXT("__res_ninit", int, res_state);
	return FAILS("res_ninit", EMFILE) ? -1 : next(state);
}

EXPORT int res_nquery(res_state state, const char *name, int class, int type, unsigned char *answer,
		      int room)
{
	NEXT("res_nquery", int, res_state, const char *, int, int, unsigned char *, int);
	if (!FAILS("res_nquery", ENOENT, ETIMEDOUT, EMFILE))
		return next(state, name, class, type, answer, room);
	state->res_h_errno = error == ENOENT      ? HOST_NOT_FOUND
			     : error == ETIMEDOUT ? TRY_AGAIN
						  : NETDB_INTERNAL;
	return -1;
}

/* It is gone since its number or name was read. */
EXPORT char *if_indextoname(unsigned index, char name[IF_NAMESIZE])
{
	NEXT("if_indextoname", char *, unsigned, char *);
	return FAILS("if_indextoname", ENXIO) ? NULL : next(index, name);
}

EXPORT unsigned if_nametoindex(const char *name)
{
	NEXT("if_nametoindex", unsigned, const char *);
	return FAILS("if_nametoindex", ENODEV) ? 0 : next(name);
}

/* ---- random numbers ---- */

EXPORT ssize_t getrandom(void *out, size_t len, unsigned flags)
{
	NEXT("getrandom", ssize_t, void *, size_t, unsigned);
	return FAILS("getrandom", ENOSYS) ? -1 : next(out, len, flags);
}

/* OpenSSL's header is not asked for: only who calls it is linked with it. */
int RAND_bytes(unsigned char *out, int len);

EXPORT int RAND_bytes(unsigned char *out, int len)
{
	NEXT("RAND_bytes", int, unsigned char *, int);
	return FAILS("RAND_bytes", EIO) ? 0 : next(out, len);
}

/* ---- files ---- */

/* A child would remove the folder that its parent goes on to use. */
EXPORT char *mkdtemp(char *name)
{
	static char *(*next)(char *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "mkdtemp");
	if (torture.phase == TORTURE_COUNT && !torture_busy)
		torture_points->outside = true;
	return next(name);
}

EXPORT int open(const char *path, int flags, ...)
{
	va_list more;

	NEXT("open", int, const char *, int, ...);
	va_start(more, flags);
	const int mode =
		(flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, int) : 0;
	va_end(more);
	return FAILS("open", EMFILE, ENOENT, EACCES) ? -1 : next(path, flags, mode);
}

EXPORT DIR *opendir(const char *path)
{
	NEXT("opendir", DIR *, const char *);
	return FAILS("opendir", EMFILE, ENOENT) ? NULL : next(path);
}

EXPORT FILE *fopen(const char *path, const char *mode)
{
	NEXT("fopen", FILE *, const char *, const char *);
	return FAILS("fopen", EMFILE, EACCES, ENOSPC) ? NULL : next(path, mode);
}

EXPORT size_t fread(void *p, size_t size, size_t n, FILE *f)
{
	NEXT("fread", size_t, void *, size_t, size_t, FILE *);
	if (!FAILS("fread", EIO, TORTURE_SHORT))
		return next(p, size, n, f);
	return error == TORTURE_SHORT && n > 1 ? next(p, size, n / 2, f) : 0;
}

EXPORT size_t fwrite(const void *p, size_t size, size_t n, FILE *f)
{
	NEXT("fwrite", size_t, const void *, size_t, size_t, FILE *);
	if (!FAILS("fwrite", ENOSPC, TORTURE_SHORT))
		return next(p, size, n, f);
	return error == TORTURE_SHORT && n > 1 ? next(p, size, n / 2, f) : 0;
}

EXPORT int fclose(FILE *f)
{
	NEXT("fclose", int, FILE *);
	const bool fail = FAILS("fclose", ENOSPC);
	const int result = next(f);
	if (fail)
		errno = ENOSPC;
	return fail ? EOF : result;
}

EXPORT int rename(const char *from, const char *to)
{
	NEXT("rename", int, const char *, const char *);
	return FAILS("rename", ENOSPC) ? -1 : next(from, to);
}
