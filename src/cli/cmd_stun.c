/* cmd_stun.c - taut stun: what address a STUN server sees us under, RFC 8489; with --nat also how the
 * NAT before us behaves, RFC 5780.
 *
 * Every address of the server's name is asked at once, and the first answer
 * counts: a machine whose IPv6 leads nowhere gets its answer all the same. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/addr.h"
#include "base/num.h"
#include "cli/cli.h"
#include "cli/stun_behaviour.h"
#include "cli/stun_place.h"
#include "io/io_clock.h"
#include "io/io_udp.h"
#include "stun/stun_client.h"

static const struct cli_option options[] = {
	{ "nat", 'n', NULL,
	  "how the NAT before this machine maps and filters, too (up to 20 s more)" },
	{ "srv", 's', NULL, "a HOST without a port is a domain, whose SRV records say more" },
	{ "json", 'j', NULL, "one JSON object" },
	{ NULL, 0, NULL, NULL },
};

enum { GIVE_UP = 8000000, ADDRESSES = STUN_PLACE_ADDRESSES };
static const char default_server[] = "stun.l.google.com:19302";

/* One address of the server, its socket and its transaction. */
struct attempt {
	struct tt_udp udp;
	struct tt_stun_client client;
};

struct query {
	struct stun_place server, second; /* second: its host is empty when there is none */
	bool json, nat, srv;
	struct tt_env env;
	taut_time give_up;
	struct attempt attempts[ADDRESSES];
	const char *failed, *reason; /* the step that failed, and a sentence */
	unsigned code;               /* what the server refused with; 0: nothing */
};

static int draw(void *ctx, void *out, size_t len)
{
	(void)ctx;
	return getrandom(out, len, 0) == (ssize_t)len ? 0 : -1;
}

static bool fail(struct query *q, const char *step, const char *reason)
{
	q->failed = step;
	q->reason = reason;
	return false;
}

static bool resolve(struct query *q)
{
	const char *why = q->srv ? stun_place_resolve_srv(&q->server, &q->env, q->give_up)
				 : stun_place_resolve(&q->server, q->give_up);

	return why ? fail(q, "resolve", why) : true;
}

static void send_due(struct query *q, struct attempt *a)
{
	uint8_t buf[512];
	struct tt_udp_cursor c = { 0, 0 };
	struct taut_datagram d = { .size = sizeof d, .remote = a->client.server, .buf = buf };

	d.len = tt_stun_client_poll_send(&a->client, tt_io_now(), buf, sizeof buf);
	if (d.len == 0)
		return;
	const int err = tt_udp_send(&a->udp, &d, 1, &c);
	if (err != 0 && err != EAGAIN) {
		q->reason = strerrordesc_np(err);
		tt_udp_close(&a->udp);
	}
}

static void receive(struct attempt *a, struct tt_udp_batch *b)
{
	if (tt_udp_recv(&a->udp, b, tt_io_now(), tt_io_unix_us()) != 0)
		return;
	for (size_t i = 0; i < b->count; i++) {
		const struct taut_datagram *d = &b->in[i];
		tt_stun_client_recv(&a->client, tt_max64(d->received, a->client.last_sent),
				    &d->remote, d->buf, d->len);
	}
}

static void open_attempts(struct query *q)
{
	for (size_t i = 0; i < q->server.count; i++) {
		struct attempt *a = &q->attempts[i];
		const struct taut_addr any = { .family = q->server.found[i].family };
		const int err = tt_udp_open(&a->udp, &any, false);
		if (err != 0)
			q->reason = strerrordesc_np(err);
		tt_stun_client_init(&a->client, &q->env, tt_io_now(), &q->server.found[i],
				    q->give_up - tt_io_now());
	}
}

/* The attempt that was answered, or NULL: all have failed. */
static struct attempt *ask(struct query *q, struct tt_udp_batch *b)
{
	struct pollfd fds[ADDRESSES];
	struct attempt *refused = NULL;
	bool any = true;

	while (any) {
		taut_time next = INT64_MAX;
		any = false;
		for (size_t i = 0; i < q->server.count; i++) {
			struct attempt *a = &q->attempts[i];
			fds[i] = (struct pollfd){ .fd = a->udp.fd, .events = POLLIN };
			if (a->udp.fd < 0)
				continue;
			tt_stun_client_tick(&a->client, tt_io_now());
			send_due(q, a);
			if (a->client.state == TT_STUN_CLIENT_DONE)
				return a;
			if (a->client.state != TT_STUN_CLIENT_WAITING) {
				refused = a;
				tt_udp_close(&a->udp);
			}
			fds[i].fd = a->udp.fd;
			any = any || a->udp.fd >= 0;
			if (a->udp.fd >= 0)
				next = tt_min64(next, tt_stun_client_deadline(&a->client));
		}
		if (any)
			poll(fds, q->server.count, stun_wait_ms(next));
		for (size_t i = 0; i < q->server.count; i++)
			if (q->attempts[i].udp.fd >= 0 && (fds[i].revents & POLLIN))
				receive(&q->attempts[i], b);
	}
	q->code = refused ? refused->client.error_code : 0;
	if (refused)
		fail(q, refused->client.state == TT_STUN_CLIENT_NO_ANSWER ? "answer" : "request",
		     refused->client.why);
	else
		fail(q, "send", q->reason);
	return NULL;
}

/* Of the second server the first address of that family counts. */
static const struct taut_addr *second_of(struct query *q, uint8_t family)
{
	if (q->second.host[0] == '\0')
		return NULL;
	const char *why = stun_place_resolve(&q->second, tt_io_now() + GIVE_UP);
	for (size_t i = 0; i < q->second.count; i++)
		if (q->second.found[i].family == family)
			return &q->second.found[i];
	fprintf(stderr, "taut stun: cannot ask %s, port %u, as well: %s\n", q->second.host,
		q->second.port, why ? why : "it has no address of the same family");
	return NULL;
}

static void print_answer(struct query *q, struct attempt *a, struct tt_udp_batch *batch)
{
	char server[TT_ADDR_TEXT], mapped[TT_ADDR_TEXT];
	const double ms = (double)a->client.rtt / 1000;
	struct tt_stun_nat nat;

	tt_addr_text(&a->client.server, server);
	tt_addr_text(&a->client.mapped, mapped);
	if (q->json)
		printf("{\"server\":\"%s\",\"mapped\":\"%s\",\"local_port\":%u,\"round_trip_ms\":%."
		       "2f",
		       server, mapped, a->udp.local.port, ms);
	else
		printf("server      %s, port %u (%s)\nmapped      %s, from our port %u\n"
		       "round trip  %.2f ms\n",
		       q->server.host, q->server.port, server, mapped, a->udp.local.port, ms);
	if (q->nat) {
		fflush(stdout);
		stun_behaviour_ask(&nat, &q->env, &a->udp, &a->client.server,
				   second_of(q, a->client.server.family), batch);
		(q->json ? stun_behaviour_print_json : stun_behaviour_print)(&nat);
	}
	if (q->json)
		puts("}");
}

static void print_failure(const struct query *q)
{
	static const struct {
		const char *step, *text;
	} steps[] = { { "resolve", "cannot find the address of" },
		      { "send", "cannot send to" },
		      { "answer", "no answer from" },
		      { "request", "refused by" } };
	const char *text = "";

	for (size_t i = 0; i < TT_COUNT(steps); i++)
		if (strcmp(steps[i].step, q->failed) == 0)
			text = steps[i].text;
	const char *reason = q->reason ? q->reason : "unknown";
	if (q->json) /* the host is printed only where it is one: it may hold anything */
		printf("{\"failed\":\"%s\",\"reason\":\"%s\",\"code\":%u}\n", q->failed, reason,
		       q->code);
	else if (q->code)
		fprintf(stderr, "taut stun: %s %s, port %u: %s, %u\n", text, q->server.host,
			q->server.port, reason, q->code);
	else
		fprintf(stderr, "taut stun: %s %s, port %u: %s\n", text, q->server.host,
			q->server.port, reason);
}

static int query(struct query *q)
{
	static uint8_t room[TT_UDP_BATCH * TT_UDP_BUF];
	const struct taut_env_config cfg = { .size = sizeof cfg, .random = draw };
	struct tt_udp_batch batch = { .room = room };
	struct attempt *answered = NULL;

	tt_env_init(&q->env, &cfg);
	q->give_up = tt_io_now() + GIVE_UP;
	if (resolve(q)) {
		open_attempts(q);
		answered = ask(q, &batch);
	}
	if (answered)
		print_answer(q, answered, &batch);
	else
		print_failure(q);
	for (size_t i = 0; i < q->server.count; i++)
		tt_udp_close(&q->attempts[i].udp);
	return answered ? CLI_OK : CLI_FAILED;
}

static int run(int argc, char **argv)
{
	static struct query q;
	int key;

	for (size_t i = 0; i < ADDRESSES; i++)
		q.attempts[i].udp.fd = -1;
	while ((key = cli_next(&cli_stun, argc, argv)) != CLI_END) {
		if (key == CLI_HELP)
			return CLI_OK;
		if (key != 'j' && key != 'n' && key != 's')
			return CLI_USAGE;
		q.json |= key == 'j';
		q.nat |= key == 'n';
		q.srv |= key == 's';
	}
	if (argc - optind > (q.nat ? 2 : 1)) {
		fprintf(stderr, "taut stun: %s\n",
			q.nat ? "two servers at most" : "one server at a time; two with --nat");
		return CLI_USAGE;
	}
	if (!stun_place_read(&q.server, optind < argc ? argv[optind] : default_server) ||
	    (optind + 1 < argc && !stun_place_read(&q.second, argv[optind + 1])))
		return CLI_USAGE;
	return query(&q);
}

const struct cli_command cli_stun = {
	.name = "stun",
	.operands = "[HOST[:PORT] [HOST[:PORT]]]",
	.summary = "Asks a STUN server which address it sees us under. Tells the address and the\n"
		   "round trip, or which step failed: resolve, send, answer, request. Gives up\n"
		   "after 8 s. Without HOST it asks stun.l.google.com:19302. With --nat it tells "
		   "also\n"
		   "how the NAT before this machine behaves, if the server has two addresses (RFC\n"
		   "5780); the second HOST is for servers that have one.",
	.options = options,
	.examples = "  taut stun\n  taut stun stun.example.org:3478 --json\n"
		    "  taut stun --srv example.org\n"
		    "  taut stun --nat stun.example.org stun.example.net\n",
	.run = run,
};
