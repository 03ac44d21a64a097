/* cmd_stun.c - taut stun: what address a STUN server sees us under, RFC 8489.
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
#include "io/io_clock.h"
#include "io/io_resolve.h"
#include "io/io_udp.h"
#include "stun/stun_client.h"

static const struct cli_option options[] = {
	{ "json", 'j', NULL, "one JSON object" },
	{ NULL, 0, NULL, NULL },
};

enum { GIVE_UP = 8000000, ADDRESSES = 4, HOST = 256, DEFAULT_PORT = 3478 };
static const char default_server[] = "stun.l.google.com:19302";

/* One address of the server, its socket and its transaction. */
struct attempt {
	struct tt_udp udp;
	struct tt_stun_client client;
};

struct query {
	char host[HOST];
	uint16_t port;
	bool json;
	struct tt_env env;
	taut_time give_up;
	struct taut_addr found[ADDRESSES];
	size_t found_count;
	struct attempt attempts[ADDRESSES];
	bool resolved;
	const char *failed, *reason; /* the step that failed, and a sentence */
	unsigned code;               /* what the server refused with; 0: nothing */
};

static int draw(void *ctx, void *out, size_t len)
{
	(void)ctx;
	return getrandom(out, len, 0) == (ssize_t)len ? 0 : -1;
}

/* "HOST", "HOST:PORT", "[IPv6]:PORT" or an IPv6 address alone; "stun:" before it is skipped. */
static bool split(struct query *q, const char *text)
{
	long port = DEFAULT_PORT;

	if (strncmp(text, "stun:", 5) == 0)
		text += 5;
	const bool bracket = text[0] == '[';
	const char *host = bracket ? text + 1 : text;
	const char *colon = strchr(host, ':');
	size_t len = strlen(host);
	const char *rest = "";

	if (bracket) {
		len = strcspn(host, "]");
		rest = host[len] ? host + len + 1 : NULL;
	} else if (colon && !strchr(colon + 1, ':')) {
		len = (size_t)(colon - host);
		rest = colon;
	}
	if (!rest || len == 0 || len >= HOST || (rest[0] != '\0' && rest[0] != ':')) {
		fprintf(stderr, "taut stun: '%s' is not HOST[:PORT]\n", text);
		return false;
	}
	if (rest[0] == ':' && !cli_number("port", rest + 1, 1, 65535, &port))
		return false;
	memcpy(q->host, host, len);
	q->host[len] = '\0';
	q->port = tt_u16((uint64_t)port);
	return true;
}

static bool fail(struct query *q, const char *step, const char *reason)
{
	q->failed = step;
	q->reason = reason;
	return false;
}

static void resolved(struct tt_resolved *r)
{
	struct query *q = r->user;

	q->resolved = true;
	for (size_t i = 0; i < r->count && q->found_count < ADDRESSES; i++) {
		q->found[q->found_count] = r->found[i];
		q->found[q->found_count++].port = q->port;
	}
	if (r->os_errno == EAGAIN)
		fail(q, "resolve", "the name servers do not answer");
	else if (q->found_count == 0)
		fail(q, "resolve", "there is no such name");
}

static int wait_ms(taut_time until)
{
	return (int)tt_clamp64((until - tt_io_now() + 999) / 1000, 0, GIVE_UP / 1000);
}

/* On the helper thread of src/io, because getaddrinfo takes longer than we would wait. */
static bool resolve(struct query *q)
{
	struct tt_post post;

	q->found_count = tt_addr_parse_ip(&q->found[0], q->host, strlen(q->host)) ? 1 : 0;
	q->found[0].port = q->port;
	if (q->found_count > 0)
		return true;
	if (tt_post_init(&post) != 0)
		return fail(q, "resolve", "no descriptor is left");
	struct tt_resolver *rs = tt_resolver_new(&post, resolved, q);
	int err = rs ? tt_resolver_ask(rs, 1, 1, q->host) : ENOMEM;
	while (err == 0 && !q->resolved && tt_io_now() < q->give_up) {
		struct pollfd wake = { .fd = post.wake, .events = POLLIN };
		if (poll(&wake, 1, wait_ms(q->give_up)) > 0) {
			tt_post_run(&post);
			tt_resolver_deliver(rs);
		}
	}
	tt_resolver_free(rs);
	tt_post_free(&post);
	if (err != 0)
		return fail(q, "resolve", strerrordesc_np(err));
	if (!q->resolved)
		return fail(q, "resolve", "the name servers do not answer");
	return q->failed == NULL;
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
	for (size_t i = 0; i < q->found_count; i++) {
		struct attempt *a = &q->attempts[i];
		const struct taut_addr any = { .family = q->found[i].family };
		const int err = tt_udp_open(&a->udp, &any, false);
		if (err != 0)
			q->reason = strerrordesc_np(err);
		tt_stun_client_init(&a->client, &q->env, tt_io_now(), &q->found[i],
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
		for (size_t i = 0; i < q->found_count; i++) {
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
			poll(fds, q->found_count, wait_ms(next));
		for (size_t i = 0; i < q->found_count; i++)
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

static void print_answer(const struct query *q, const struct attempt *a)
{
	char server[TT_ADDR_TEXT], mapped[TT_ADDR_TEXT];
	const double ms = (double)a->client.rtt / 1000;

	tt_addr_text(&a->client.server, server);
	tt_addr_text(&a->client.mapped, mapped);
	if (q->json)
		printf("{\"server\":\"%s\",\"mapped\":\"%s\",\"local_port\":%u,\"round_trip_ms\":%."
		       "2f}\n",
		       server, mapped, a->udp.local.port, ms);
	else
		printf("server      %s, port %u (%s)\nmapped      %s, from our port %u\n"
		       "round trip  %.2f ms\n",
		       q->host, q->port, server, mapped, a->udp.local.port, ms);
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
		fprintf(stderr, "taut stun: %s %s, port %u: %s, %u\n", text, q->host, q->port,
			reason, q->code);
	else
		fprintf(stderr, "taut stun: %s %s, port %u: %s\n", text, q->host, q->port, reason);
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
		print_answer(q, answered);
	else
		print_failure(q);
	for (size_t i = 0; i < q->found_count; i++)
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
		if (key != 'j')
			return CLI_USAGE;
		q.json = true;
	}
	if (argc - optind > 1) {
		fprintf(stderr, "taut stun: one server at a time\n");
		return CLI_USAGE;
	}
	return split(&q, optind < argc ? argv[optind] : default_server) ? query(&q) : CLI_USAGE;
}

const struct cli_command cli_stun = {
	.name = "stun",
	.operands = "[HOST[:PORT]]",
	.summary = "Asks a STUN server which address it sees us under. Tells the address and the\n"
		   "round trip, or which step failed: resolve, send, answer, request. Gives up\n"
		   "after 8 s. Without HOST it asks stun.l.google.com:19302.",
	.options = options,
	.examples = "  taut stun\n  taut stun stun.example.org:3478 --json\n",
	.run = run,
};
