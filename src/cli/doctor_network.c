/* doctor_network.c - what the kernel does with our datagrams, tried over loopback. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/addr.h"
#include "cli/doctor.h"
#include "ice/mdns.h"
#include "io/io_clock.h"
#include "io/io_ifaces.h"
#include "io/io_udp.h"
#include "taut/loop.h"

enum { PACKETS = 4, SIZE = 1200, PATIENCE = 1000, WANTED_BUFFER = 1 << 20 };

static const struct taut_addr loopback4 = { .family = 4, .ip = { 127, 0, 0, 1 } };
static const struct taut_addr loopback6 = { .family = 6, .ip = { [15] = 1 } };

/* How many datagrams, and in how many pieces, came within a second. */
static void count_arrivals(struct tt_udp *u, unsigned *packets, unsigned *pieces)
{
	struct tt_udp_batch b = { .room = malloc((size_t)TT_UDP_BATCH * TT_UDP_BUF) };
	struct pollfd p = { .fd = u->fd, .events = POLLIN };

	while (b.room && *packets < PACKETS && poll(&p, 1, PATIENCE) > 0 &&
	       tt_udp_recv(u, &b, tt_io_now(), tt_io_unix_us()) == 0) {
		for (size_t i = 0; i < b.count; i++) {
			const size_t each = b.in[i].segment ? b.in[i].segment : b.in[i].len;
			*packets += (unsigned)((b.in[i].len + each - 1) / each);
			++*pieces;
		}
	}
	free(b.room);
}

/* A run of packets from one socket to the other. */
static void try_run(struct doctor *d, struct tt_udp *from, struct tt_udp *to)
{
	uint8_t bytes[PACKETS * SIZE] = { 0 };
	const struct taut_datagram run = { .size = sizeof run,
					   .local = from->local,
					   .remote = to->local,
					   .buf = bytes,
					   .cap = sizeof bytes,
					   .len = sizeof bytes,
					   .segment = SIZE };
	struct tt_udp_cursor c = { 0, 0 };
	const bool offered = from->gso;
	unsigned packets = 0, pieces = 0;
	const int err = tt_udp_send(from, &run, 1, &c);

	if (err != 0) {
		doctor_say(d, DOCTOR_BAD, "udp", "%d packets over loopback: %s", PACKETS,
			   strerror(err));
		return;
	}
	count_arrivals(to, &packets, &pieces);
	if (packets != PACKETS) {
		doctor_say(d, DOCTOR_BAD, "udp", "of %d packets over loopback %u arrived", PACKETS,
			   packets);
		return;
	}
	doctor_say(d, from->gso ? DOCTOR_OK : DOCTOR_SLOW, "udp send",
		   from->gso ? "UDP_SEGMENT: %d packets left in one call"
		   : offered ? "UDP_SEGMENT is refused when used: %d packets left one by one"
			     : "no UDP_SEGMENT: %d packets left one by one",
		   PACKETS);
	doctor_say(d, to->gro && (pieces < packets || !from->gso) ? DOCTOR_OK : DOCTOR_SLOW,
		   "udp receive", "%s: %u packets came in %u piece%s",
		   to->gro ? "UDP_GRO" : "no UDP_GRO", packets, pieces, pieces == 1 ? "" : "s");
}

static void buffers(struct doctor *d, int fd)
{
	int in = 0, out = 0;
	socklen_t len = sizeof in;

	if (getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &in, &len) != 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &out, &len) != 0)
		return;
	/* The kernel doubles what is asked for, for its own use. */
	doctor_say(
		d, in >= WANTED_BUFFER && out >= WANTED_BUFFER ? DOCTOR_OK : DOCTOR_SLOW,
		"udp buffers", "%d KiB in, %d KiB out%s", in / 1024, out / 1024,
		in >= WANTED_BUFFER && out >= WANTED_BUFFER
			? ""
			: "; raise net.core.rmem_max and wmem_max to 1 MiB for large key frames");
}

static void loopback(struct doctor *d)
{
	struct tt_udp a, b;
	int err = tt_udp_open(&a, &loopback4, true);

	if (err == 0 && (err = tt_udp_open(&b, &loopback4, true)) != 0)
		tt_udp_close(&a);
	if (err != 0) {
		doctor_say(d, DOCTOR_BAD, "udp", "no socket on 127.0.0.1: %s", strerror(err));
		return;
	}
	try_run(d, &a, &b);
	buffers(d, b.fd);
	tt_udp_close(&a);
	tt_udp_close(&b);
}

static void version6(struct doctor *d)
{
	struct tt_udp u;
	const int err = tt_udp_open(&u, &loopback6, true);

	if (err == 0) {
		doctor_say(d, DOCTOR_OK, "ipv6", "sockets can be opened");
		tt_udp_close(&u);
	} else {
		doctor_say(d, DOCTOR_SLOW, "ipv6", "no socket on ::1: %s", strerror(err));
	}
}

static void interfaces(struct doctor *d)
{
	static struct tt_ifaces all;
	char text[TT_ADDR_TEXT];
	unsigned others = 0;
	const int err = tt_ifaces_read(&all, 0);

	if (err != 0) {
		doctor_say(d, DOCTOR_BAD, "interfaces", "cannot be read: %s", strerror(err));
		return;
	}
	for (size_t i = 0; i < all.count; i++) {
		const struct taut_interface *f = &all.all[i];
		others += !(f->flags & TAUT_IF_LOOPBACK);
		doctor_say(d, DOCTOR_OK, "interface", "%s %s", f->name,
			   tt_addr_ip_text(&f->addr, text));
	}
	if (others == 0)
		doctor_say(d, DOCTOR_SLOW, "interfaces",
			   "loopback only: calls stay on this machine");
}

/* What resolves the names that browsers hide their addresses behind. */
static void multicast(struct doctor *d)
{
	const struct taut_addr group = { .family = 4,
					 .port = TT_MDNS_PORT,
					 .ip = { 224, 0, 0, 251 } };
	struct tt_udp u;
	const int err = tt_udp_open_group(&u, &group);

	if (err != 0) {
		doctor_say(d, DOCTOR_SLOW, "mdns",
			   "the group cannot be joined (%s): a browser's .local candidates stay "
			   "unresolved",
			   strerror(err));
		return;
	}
	doctor_say(d, DOCTOR_OK, "mdns", "port %d shared, group joined on %zu interface%s",
		   TT_MDNS_PORT, u.group_count, u.group_count == 1 ? "" : "s");
	tt_udp_close(&u);
}

void doctor_network(struct doctor *d)
{
	loopback(d);
	version6(d);
	interfaces(d);
	multicast(d);
}
