/* io_network.c - what an interface leads to, by what the kernel's drivers say of it in sysfs; and what IPv6 addresses are for.
 *
 * A process in a network namespace may see the sysfs of another one: what is there counts only if the interface has
 * the same number. Names of interfaces are whatever somebody has given them, and are not looked at.
 *
 * What frames of ethernet go through is ethernet only if there is a device: a bridge of containers or virtual
 * machines leads nowhere by itself. VLANs, bonds and bridges are of the network that all those below them are of. */
#define _GNU_SOURCE
#include "io/io_ifaces.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"

enum { PATH = 256, TEXT = 512, DEEPEST = 3 /* a VLAN on a bond in a bridge */ };

/* Of the interface's directory; false: there is no such file, or its name is too long. */
static bool path_of(char *out, const char *dir, const char *name, const char *file)
{
	const int n = snprintf(out, PATH, "%s/%s/%s", dir, name, file);

	return n > 0 && n < PATH;
}

static bool exists(const char *dir, const char *name, const char *file)
{
	char path[PATH];

	return path_of(path, dir, name, file) && access(path, F_OK) == 0;
}

/* The beginning of it, with a NUL. "": there is none. */
static void read_text(char *out, const char *dir, const char *name, const char *file)
{
	char path[PATH];
	int fd;

	out[0] = '\0';
	if (!path_of(path, dir, name, file) || (fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
		return;
	const ssize_t n = read(fd, out, TEXT - 1);
	close(fd);
	out[n > 0 ? n : 0] = '\0';
}

/* -1: it is none. */
static long read_number(const char *dir, const char *name, const char *file)
{
	char text[TEXT], *end;

	read_text(text, dir, name, file);
	errno = 0;
	const long v = strtol(text, &end, 10);
	return end == text || errno != 0 ? -1 : v;
}

/* The line DEVTYPE= of uevent, without what stands before its value. */
static const char *device_type(char *uevent)
{
	static const char key[] = "DEVTYPE=";
	char *at =
		strncmp(uevent, key, sizeof key - 1) == 0 ? uevent : strstr(uevent, "\nDEVTYPE=");

	if (!at)
		return "";
	at += *at == '\n';
	at[strcspn(at, "\n")] = '\0';
	return at + sizeof key - 1;
}

static uint32_t by_device_type(const char *type)
{
	static const struct {
		const char *name;
		uint32_t network;
	} types[] = {
		{ "wlan", TAUT_NETWORK_WIFI },
		{ "wwan", TAUT_NETWORK_CELLULAR },
		{ "wireguard", TAUT_NETWORK_VPN },
	};

	for (size_t i = 0; i < TT_COUNT(types); i++)
		if (strcmp(type, types[i].name) == 0)
			return types[i].network;
	return TAUT_NETWORK_UNKNOWN;
}

/* The kernel's type of link. Of PPP nobody knows what it goes over. */
static uint32_t by_link_type(long type)
{
	switch (type) {
	case ARPHRD_ETHER:
		return TAUT_NETWORK_ETHERNET;
	case ARPHRD_RAWIP: /* modems that need no frames */
		return TAUT_NETWORK_CELLULAR;
	case ARPHRD_TUNNEL:
	case ARPHRD_TUNNEL6:
	case ARPHRD_SIT:
	case ARPHRD_IPGRE:
	case ARPHRD_IP6GRE:
		return TAUT_NETWORK_VPN;
	case ARPHRD_LOOPBACK:
		return TAUT_NETWORK_LOOPBACK;
	default:
		return TAUT_NETWORK_UNKNOWN;
	}
}

static uint32_t driver_says(const char *dir, const char *name, int depth);

/* Of the interfaces below it, if all are of the same: the links lower_<name>. */
static uint32_t by_those_below(const char *dir, const char *name, int depth)
{
	static const char prefix[] = "lower_";
	uint32_t network = TAUT_NETWORK_UNKNOWN;
	char path[PATH];
	DIR *d = depth < DEEPEST && path_of(path, dir, name, "") ? opendir(path) : NULL;
	bool first = true;

	if (!d)
		return network;
	for (const struct dirent *e = readdir(d); e; e = readdir(d)) {
		if (strncmp(e->d_name, prefix, sizeof prefix - 1) != 0)
			continue;
		const uint32_t below = driver_says(dir, e->d_name + sizeof prefix - 1, depth + 1);
		network = first || network == below ? below : TAUT_NETWORK_UNKNOWN;
		first = false;
		if (network == TAUT_NETWORK_UNKNOWN)
			break;
	}
	closedir(d);
	return network;
}

static uint32_t driver_says(const char *dir, const char *name, int depth)
{
	char uevent[TEXT];

	read_text(uevent, dir, name, "uevent");
	const uint32_t network = by_device_type(device_type(uevent));
	if (network != TAUT_NETWORK_UNKNOWN)
		return network;
	if (exists(dir, name, "tun_flags")) /* of tun and tap */
		return TAUT_NETWORK_VPN;
	if (exists(dir, name, "wireless") || exists(dir, name, "phy80211"))
		return TAUT_NETWORK_WIFI;
	const long type = read_number(dir, name, "type");
	if (type == ARPHRD_ETHER && !exists(dir, name, "device"))
		return by_those_below(dir, name, depth);
	return by_link_type(type);
}

uint32_t tt_iface_network(const char *dir, const char *name, uint32_t index)
{
	return read_number(dir, name, "ifindex") == (long)index ? driver_says(dir, name, 0)
								: TAUT_NETWORK_UNKNOWN;
}

/* ---- addresses ---- */

/* A line is the address in 32 digits, then the number of its interface, the length of the prefix, the scope and the
 * flags (IFA_F_, rtnetlink(7)), all hexadecimal, and the interface's name. */
static bool is_line_of(const char *line, const char *digits, uint32_t index, unsigned long *flags)
{
	char *end;

	if (strncmp(line, digits, 32) != 0 || line[32] != ' ' ||
	    strtoul(line + 32, &end, 16) != index)
		return false;
	(void)strtoul(end, &end, 16);
	(void)strtoul(end, &end, 16);
	*flags = strtoul(end, &end, 16);
	return *end == ' ';
}

uint32_t tt_iface_address_flags(const char *file, const struct taut_addr *a, uint32_t index)
{
	char digits[33], line[128];
	unsigned long flags = 0;
	FILE *f = fopen(file, "re");

	if (!f)
		return 0;
	for (size_t i = 0; i < 16; i++)
		(void)snprintf(digits + 2 * i, 3, "%02x", a->ip[i]);
	while (fgets(line, sizeof line, f))
		if (is_line_of(line, digits, index, &flags))
			break;
	(void)fclose(f);
	/* RFC 4429: an optimistic one may be used meanwhile */
	const bool doubtful = (flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC);
	return (doubtful || (flags & IFA_F_DADFAILED) ? TT_IFACE_UNREADY : 0) |
	       (flags & IFA_F_TEMPORARY ? TAUT_IF_TEMPORARY : 0) |
	       (flags & IFA_F_DEPRECATED ? TAUT_IF_DEPRECATED : 0);
}
