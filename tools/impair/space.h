/* space.h - a network namespace with one TUN device in it, named eth0. */
#ifndef IMPAIR_SPACE_H
#define IMPAIR_SPACE_H

#include <stdbool.h>

struct space {
	int tun, ns; /* the device and the namespace, open */
	const char *ip4, *ip6;
};

/* Root, or root in a user namespace of our own. False: errno says why not. */
bool space_become_root(void);
/* Makes the namespace; the caller's own does not change. False: *step and errno say what failed. */
bool space_open(struct space *s, const char *ip4, const char *ip6, const char **step);

#endif
