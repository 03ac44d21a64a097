/* io_ifaces.h - the addresses of this machine, and word of their change. */
#ifndef TAUT_IO_IFACES_H
#define TAUT_IO_IFACES_H

#include <stdbool.h>

#include "base/env.h"

enum { TT_IFACES_MAX = 64, TT_IFACE_NAME = 16 };

struct tt_ifaces {
	struct taut_interface all[TT_IFACES_MAX];
	char names[TT_IFACES_MAX][TT_IFACE_NAME]; /* all[i].name points here */
	size_t count;
	uint32_t lacks; /* TT_LACKS_, what there is to say of it */
};

/* A machine without an address of the family, link-local ones apart; without a network but loopback; without
 * multicast on a network that has IPv4. */
enum { TT_LACKS_NETWORK = 1, TT_LACKS_IPV4 = 2, TT_LACKS_IPV6 = 4, TT_LACKS_MULTICAST = 8 };

/* Reads the addresses of all interfaces that are up; flags are TAUT_LOOP_NO_IPV6 and
 * TAUT_LOOP_LOOPBACK_ONLY; of those that are left the ones the default route has are flagged. Copying the struct by value leaves its names behind. 0 or errno. */
int tt_ifaces_read(struct tt_ifaces *out, uint32_t flags);
/* What the interface leads to, as the files below dir say (TT_IFACES_SYS): TAUT_NETWORK_, UNKNOWN if those are
 * not there, or are of another interface. Its name says nothing. */
#define TT_IFACES_SYS "/sys/class/net"
uint32_t tt_iface_network(const char *dir, const char *name, uint32_t index);
/* TAUT_IF_TEMPORARY and TAUT_IF_DEPRECATED of an IPv6 address, as that file says (TT_IFACES_PROC); 0: it is not there.
 * TT_IFACE_UNREADY: no socket can be bound to it before it is known that nobody else has it (RFC 4862 section 5.4), or as
 * somebody has. It is none of this machine's addresses then; the kernel says when it becomes one. */
#define TT_IFACES_PROC "/proc/net/if_inet6"
#define TT_IFACE_UNREADY UINT32_C(0x80000000)
uint32_t tt_iface_address_flags(const char *file, const struct taut_addr *a, uint32_t index);
bool tt_ifaces_equal(const struct tt_ifaces *a, const struct tt_ifaces *b);

/* A socket that becomes readable when addresses, links or routes change; -1: there is none. */
int tt_ifaces_watch(void);
bool tt_ifaces_drain(int fd); /* whether there was anything */

#endif
