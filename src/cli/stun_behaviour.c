/* stun_behaviour.c - see stun_behaviour.h. */
#include "cli/stun_behaviour.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/stun_place.h"
#include "io/io_clock.h"
#include "io/io_sockaddr.h"

/* The address that packets for `to` leave from: connecting a UDP socket sends nothing. Family 0: it
 * cannot be known. */
static struct taut_addr leaves_from(const struct taut_addr *to, uint16_t port)
{
	union tt_sockaddr sa = { .room = { 0 } };
	const socklen_t want = tt_sockaddr_from(&sa, to);
	const int fd = socket(sa.any.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = sizeof sa;
	struct taut_addr a = { 0 };

	if (fd < 0)
		return a;
	if (connect(fd, &sa.any, want) == 0 && getsockname(fd, &sa.any, &len) == 0) {
		a = tt_sockaddr_to(&sa);
		a.port = port;
	}
	close(fd);
	return a;
}

static void send_due(struct tt_stun_nat *n, struct tt_udp *udp)
{
	uint8_t buf[512];
	struct taut_datagram d = { .size = sizeof d, .buf = buf };

	while ((d.len = tt_stun_nat_poll_send(n, tt_io_now(), buf, sizeof buf)) > 0) {
		struct tt_udp_cursor c = { 0, 0 };
		d.remote = n->client.server;
		(void)tt_udp_send(udp, &d, 1, &c); /* what cannot leave is as good as lost */
	}
}

void stun_behaviour_ask(struct tt_stun_nat *n, struct tt_env *env, struct tt_udp *udp,
			const struct taut_addr *server, const struct taut_addr *second,
			struct tt_udp_batch *batch)
{
	const struct taut_addr local = leaves_from(server, udp->local.port);

	tt_stun_nat_init(n, env, tt_io_now(), &local, server, second);
	for (;;) {
		tt_stun_nat_tick(n, tt_io_now());
		send_due(n, udp);
		const taut_time next = tt_stun_nat_deadline(n);
		if (next == INT64_MAX)
			return;
		struct pollfd fd = { .fd = udp->fd, .events = POLLIN };
		if (poll(&fd, 1, stun_wait_ms(next)) <= 0 ||
		    tt_udp_recv(udp, batch, tt_io_now(), tt_io_unix_us()) != 0)
			continue;
		for (size_t i = 0; i < batch->count; i++)
			tt_stun_nat_recv(n, tt_io_now(), &batch->in[i].remote, batch->in[i].buf,
					 batch->in[i].len);
	}
}

void stun_behaviour_print(const struct tt_stun_nat *n)
{
	printf("mapping     %s (RFC 4787 section 4.1)\nfiltering   %s (RFC 4787 section 5)\n",
	       n->mapping == TT_STUN_NAT_NONE ? "none: there is no NAT"
					      : tt_stun_nat_rule_text(n->mapping),
	       tt_stun_nat_rule_text(n->filtering));
	if (n->why)
		printf("            %s\n", n->why);
	printf("for calls   %s\n", tt_stun_nat_meaning(n));
}

void stun_behaviour_print_json(const struct tt_stun_nat *n)
{
	printf(",\"mapping\":\"%s\",\"filtering\":\"%s\"", tt_stun_nat_rule_text(n->mapping),
	       tt_stun_nat_rule_text(n->filtering));
	if (n->why)
		printf(",\"unknown\":\"%s\"", n->why);
}
