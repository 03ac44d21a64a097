/* fail.c - preloaded to the taut command: the calls that TAUT_FAIL names fail, each time.
 *
 *     TAUT_FAIL=access LD_PRELOAD=libcli_fail.so taut call ... */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#define FAIL(type, name, error, parameters, arguments)                                             \
	__attribute__((visibility("default"))) type name parameters                                \
	{                                                                                          \
		const char *which = getenv("TAUT_FAIL");                                           \
		type(*next) parameters;                                                            \
		*(void **)&next = dlsym(RTLD_NEXT, #name);                                         \
		if (!which || !strstr(which, #name))                                               \
			return next arguments;                                                     \
		errno = error;                                                                     \
		return -1;                                                                         \
	}

FAIL(int, access, EROFS, (const char *path, int how), (path, how))
FAIL(int, getsockopt, ENOPROTOOPT, (int fd, int level, int name, void *value, socklen_t *len),
     (fd, level, name, value, len))
FAIL(int, setsockopt, ENOPROTOOPT, (int fd, int level, int name, const void *value, socklen_t len),
     (fd, level, name, value, len))
FAIL(int, socket, EMFILE, (int domain, int type, int protocol), (domain, type, protocol))
FAIL(int, uname, EFAULT, (struct utsname * u), (u))
FAIL(ssize_t, readlink, EACCES, (const char *path, char *out, size_t cap), (path, out, cap))
FAIL(ssize_t, getrandom, ENOSYS, (void *out, size_t len, unsigned flags), (out, len, flags))
FAIL(int, eventfd, EMFILE, (unsigned first, int flags), (first, flags))
FAIL(ssize_t, sendmsg, EPERM, (int fd, const struct msghdr *m, int flags), (fd, m, flags))
FAIL(int, sendmmsg, EPERM, (int fd, struct mmsghdr *m, unsigned count, int flags),
     (fd, m, count, flags))
