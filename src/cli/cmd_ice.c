/* cmd_ice.c - taut ice: what addresses this machine would offer for a call (RFC 8445 section 5.1), as they
 * are found; with --hex each STUN message of it, octet by octet. */
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "cli/cli.h"
#include "cli/cli_ice.h"
#include "cli/cli_text.h"
#include "cli/runtime.h"
#include "sdp/sdp.h"
#include "trace/stun_annotate.h"

enum {
	KEY_STUN = 's',
	KEY_HEX = 'x',
	KEY_JSON = 'j',
	KEY_TIME = 't',
	KEY_LOOPBACK = 300,
	KEY_TURN,
	KEY_TURN_USER,
	KEY_TURN_PASSWORD,
	KEY_TURN_CA,
	KEY_RELAY_ONLY,
	KEY_ICE_TCP,
	KEY_MDNS,
	KEY_ADDRESSES,
	KEY_SRV,
	KEY_TRACE
};
enum { SECONDS = 45, MOST_SECONDS = 3600 };

static const struct cli_option options[] = {
	{ "stun", KEY_STUN, "URL",
	  "stun:HOST[:PORT]; again for more of them, up to 4 servers (default: none)" },
	{ "turn", KEY_TURN, "URL",
	  "turn:HOST[:PORT], turn:HOST?transport=tcp or turns:HOST (TLS); again for more" },
	{ "turn-user", KEY_TURN_USER, "NAME", "who we are there, or behind each --turn" },
	{ "turn-password", KEY_TURN_PASSWORD, "TEXT", "and how we prove it; never shown" },
	{ "turn-ca", KEY_TURN_CA, "FILE",
	  "certificates trusted beside the system's, PEM (turns:)" },
	{ "srv", KEY_SRV, NULL, "a server without a port is a domain, whose SRV records say more" },
	{ "ice-tcp", KEY_ICE_TCP, "WHO",
	  "candidates over TCP too: connect, listen (for the peer to connect), or both" },
	{ "relay-only", KEY_RELAY_ONLY, NULL, "no address but those of TURN servers" },
	{ "addresses", KEY_ADDRESSES, "WHICH",
	  "all, default (of the default route), public (as servers see it) or proxy (no UDP)" },
	{ "mdns", KEY_MDNS, NULL, "random .local names in place of our addresses" },
	{ "time", KEY_TIME, "SECONDS", "wait so long for servers (default: 45)" },
	{ "loopback-only", KEY_LOOPBACK, NULL, "use the loopback interface and no other" },
	{ "hex", KEY_HEX, NULL, "each STUN message, octet by octet, with what it means" },
	{ "trace", KEY_TRACE, "FILE", "every packet and step in words; - is stderr" },
	{ "json", KEY_JSON, NULL, "one object per line; the last is the summary" },
	{ NULL, 0, NULL, NULL },
};

static int run(int argc, char **argv);

const struct cli_command cli_ice = {
	"ice",
	"",
	"Gathers ICE candidates and tells them as they come: what this machine would offer for a\n"
	"call; and which server was of no help, and why. Ends when there are no more. Status 1:\n"
	"there is none at all.",
	options,
	"  taut ice\n"
	"  taut ice --stun stun:stun.example.org --stun stun:stun.example.net:19302\n"
	"  taut ice --turn turn:turn.example.org --turn-user ada --turn-password lovelace\n"
	"  taut ice --stun stun:stun.example.org --hex\n"
	"  taut ice --stun stun:example.org --srv --trace -\n"
	"  taut ice --json\n",
	run,
};

struct job {
	struct runtime rt;
	struct cli_servers servers;
	uint32_t ice_tcp;
	bool relay_only, mdns;
	uint32_t addresses; /* TAUT_ICE_ADDRESS_ */
	struct taut_trace_sink sink;
	taut_time began;
	long seconds;
	unsigned count;
	struct runtime_config runtime;
	const char *trace; /* a file, or NULL */
	bool json, hex, complete;
};

static double ms_since(const struct job *j)
{
	return (double)(taut_loop_now(j->rt.loop) - j->began) / 1000;
}

static void stop(void *user)
{
	struct job *j = user;

	taut_loop_stop(j->rt.loop);
}

/* ---- candidates ---- */

/* RFC 6544 section 4.5 */
static const char *tcp_words(const struct tt_sdp_candidate *c)
{
	return c->tcptype == TT_SDP_TCP_ACTIVE ? "active"
					       : "passive"; /* of ours there are no others */
}

static const char *network_words(uint32_t network)
{
	static const char *const words[] = { "unknown",  "ethernet", "wifi",
					     "cellular", "vpn",      "loopback" };

	return words[network < TT_COUNT(words) ? network : 0]; /* the loop finds no others */
}

/* As the candidate tells it to the peer; -1: it does not. */
static int told(const struct tt_sdp_candidate *c, const char *extension)
{
	char text[8];

	return tt_sdp_pair_get(c->extensions, extension, text, sizeof text) < 0
		       ? -1
		       : (int)strtol(text, NULL, 10);
}

/* A candidate of ours; ev->url: who saw or lends it, or NULL. */
static void print_candidate(const struct job *j, const struct tt_sdp_candidate *c,
			    const struct taut_event *ev)
{
	const int cost = told(c, "network-cost");
	char at[TT_ADDR_TEXT] = "";

	if (c->addr.family != 0)
		tt_addr_text(&c->addr, at);
	else
		snprintf(at, sizeof at, "%.*s:%u", (int)sizeof at - 8, c->address, c->port);
	/* RFC 8445 section 5.1.2.1: what the priority is made of */
	printf("%9.1f  %-5s  %-4s  %-46s  %10u = %3u, %5u  %s", ms_since(j), c->type_text,
	       c->transport_text, at, c->priority, c->priority >> 24, c->priority >> 8 & 0xffffu,
	       c->foundation);
	printf("  %s", network_words(ev->network));
	if (cost >= 0)
		printf(" %d", cost);
	if (c->tcptype != TT_SDP_TCP_NONE)
		printf("  %s", tcp_words(c));
	if (c->raddr[0])
		printf("  from %s port %u", c->raddr, c->rport);
	if (ev->url)
		printf("  by %s", ev->url);
	putchar('\n');
	fflush(stdout);
}

static void print_json(const struct job *j, const struct tt_sdp_candidate *c,
		       const struct taut_event *ev)
{
	json_t *o = json_pack("{s:f, s:s, s:s, s:s, s:i, s:I, s:s, s:o, s:s}", "ms", ms_since(j),
			      "type", c->type_text, "protocol", c->transport_text, "address",
			      c->address, "port", (int)c->port, "priority", (json_int_t)c->priority,
			      "foundation", c->foundation, "candidate", cli_json_text(ev->text),
			      "network", network_words(ev->network));

	if (o && told(c, "network-id") >= 0) {
		json_object_set_new(o, "network_id", json_integer(told(c, "network-id")));
		json_object_set_new(o, "network_cost", json_integer(told(c, "network-cost")));
	}
	if (o && c->raddr[0]) {
		json_object_set_new(o, "related_address", json_string(c->raddr));
		json_object_set_new(o, "related_port", json_integer(c->rport));
	}
	if (o && c->tcptype != TT_SDP_TCP_NONE)
		json_object_set_new(o, "tcp_type", json_string(tcp_words(c)));
	if (o && ev->url)
		json_object_set_new(o, "server", cli_json_text(ev->url));
	cli_put_json(stdout, o);
}

static void take_candidate(struct job *j, const struct taut_event *ev)
{
	struct tt_sdp_candidate c;

	if (tt_sdp_candidate_read(&c, ev->text, strlen(ev->text), NULL) != TAUT_OK)
		return; /* it is ours: this does not happen */
	j->count++;
	if (j->json)
		print_json(j, &c, ev);
	else
		print_candidate(j, &c, ev);
}

/* The texts are of the program's own making, but for what a server's error says: cli_put_text. */
static void print_error(const struct job *j, const struct taut_event *ev)
{
	const char *url = ev->label ? ev->label : "", *why = ev->text ? ev->text : "";

	if (j->json) {
		cli_put_json(stdout, json_pack("{s:f, s:I, s:o, s:o}", "ms", ms_since(j), "error",
					       (json_int_t)ev->number, "server", cli_json_text(url),
					       "reason", cli_json_text(why)));
		return;
	}
	printf("%9.1f  error  %u from ", ms_since(j), (unsigned)ev->number);
	cli_put_text(stdout, url, strlen(url));
	printf(": ");
	cli_put_text(stdout, why, strlen(why));
	putchar('\n');
	fflush(stdout);
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct job *j = user;

	if (ev->type == TAUT_EV_NEGOTIATION_NEEDED)
		(void)taut_pc_set_local_description(pc, taut_loop_now(j->rt.loop), 0, NULL, 0);
	else if (ev->type == TAUT_EV_ICE_CANDIDATE && ev->text)
		take_candidate(j, ev);
	else if (ev->type == TAUT_EV_ICE_CANDIDATE_ERROR)
		print_error(j, ev);
	j->complete = taut_pc_gathering_state(pc) == TAUT_GATHERING_COMPLETE;
	if (j->complete)
		taut_loop_stop(j->rt.loop);
}

static void print_summary(const struct job *j)
{
	const char *how = j->complete ? "all there are" : "some servers have not answered";

	if (j->json)
		cli_put_json(stdout, json_pack("{s:i, s:f, s:b}", "candidates", (int)j->count, "ms",
					       ms_since(j), "complete", (int)j->complete));
	else
		printf("%u candidate%s in %.1f ms: %s\n", j->count, j->count == 1 ? "" : "s",
		       ms_since(j), how);
}

/* ---- octets ---- */

static void print_line(void *ctx, const char *text)
{
	(void)ctx;
	puts(text);
}

static void put_hex(const struct taut_trace_record *r, bool out, const char *peer)
{
	char hex[2 * 1500 + 1];
	size_t n = 0;

	for (; n < r->len && n < 1500; n++)
		snprintf(hex + 2 * n, 3, "%02x", ((const uint8_t *)r->data)[n]);
	hex[2 * n] = '\0';
	cli_put_json(stdout, json_pack("{s:s, s:s, s:s}", "packet", out ? "out" : "in", "peer",
				       peer, "octets", hex));
}

static void on_record(void *ctx, const struct taut_trace_record *r)
{
	const struct job *j = ctx;
	const bool out = r->kind == TAUT_TRACE_PACKET_OUT;
	char peer[TT_ADDR_TEXT] = "?";

	if ((!out && r->kind != TAUT_TRACE_PACKET_IN) ||
	    (r->layer != TAUT_LAYER_STUN && r->layer != TAUT_LAYER_ICE))
		return;
	if (r->remote)
		tt_addr_text(r->remote, peer);
	if (j->json) {
		put_hex(r, out, peer);
		return;
	}
	printf("\n%s %s, %zu octets\n", out ? "to" : "from", peer, r->len);
	tt_stun_annotate(r->data, r->len, print_line, NULL);
	putchar('\n');
}

/* ---- */

static bool gather(struct job *j)
{
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "ice" };
	const struct taut_config cfg = { .size = sizeof cfg,
					 .ice_servers = j->servers.list,
					 .ice_server_count = j->servers.count,
					 .ice_srv_servers = cli_servers_srv(&j->servers),
					 .ice_transport_policy =
						 j->relay_only ? TAUT_ICE_RELAY : TAUT_ICE_ALL,
					 .ice_tcp = j->ice_tcp,
					 .ice_mdns = j->mdns,
					 .ice_address_policy = j->addresses };
	taut_channel channel;
	taut_pc *pc;

	j->began = taut_loop_now(j->rt.loop);
	if (!cli_servers_usable(&j->servers, taut_loop_env(j->rt.loop), j->began))
		return false;
	if (taut_pc_new(&pc, taut_loop_env(j->rt.loop), &cfg, j->began) != TAUT_OK) {
		fprintf(stderr, "taut ice: out of memory\n");
		return false;
	}
	if (!j->json)
		printf("       ms  type   over  address                                         "
		       "priority = type, local  foundation  network, cost\n");
	taut_pc_create_data_channel(pc, j->began, &init, &channel);
	if (taut_loop_add(j->rt.loop, pc, on_event, j) != TAUT_OK) {
		taut_pc_free(pc);
		fprintf(stderr, "taut ice: out of memory\n");
		return false;
	}
	runtime_catch_signals(&j->rt, stop, j);
	taut_loop_after(j->rt.loop, j->seconds * 1000000, stop, j);
	taut_loop_run(j->rt.loop);
	print_summary(j);
	taut_loop_free_pc(j->rt.loop, pc);
	return true;
}

static bool take_option(struct job *j, int key)
{
	switch (key) {
	case KEY_STUN:
		return cli_servers_stun(&j->servers, optarg);
	case KEY_TIME:
		return cli_number("time", optarg, 1, MOST_SECONDS, &j->seconds);
	case KEY_LOOPBACK:
		j->runtime.loop_flags |= TAUT_LOOP_LOOPBACK_ONLY;
		return true;
	case KEY_TURN:
		return cli_servers_turn(&j->servers, optarg);
	case KEY_ICE_TCP:
		return cli_ice_tcp(optarg, &j->ice_tcp);
	case KEY_TURN_CA:
		j->runtime.tls_trust = optarg;
		return true;
	case KEY_TURN_USER:
		return cli_servers_user(&j->servers, optarg);
	case KEY_TURN_PASSWORD:
		return cli_servers_password(&j->servers, optarg);
	case KEY_RELAY_ONLY:
		j->relay_only = true;
		return true;
	case KEY_MDNS:
		j->mdns = true;
		return true;
	case KEY_ADDRESSES:
		return cli_addresses("ice", optarg, &j->addresses);
	case KEY_SRV:
		j->servers.srv = true;
		return true;
	case KEY_TRACE:
		j->trace = optarg;
		return true;
	case KEY_HEX:
		j->hex = true;
		return true;
	case KEY_JSON:
		j->json = true;
		return true;
	default:
		return false;
	}
}

static int run(int argc, char **argv)
{
	static struct job j;
	int key;

	j = (struct job){ .seconds = SECONDS };
	while ((key = cli_next(&cli_ice, argc, argv)) != CLI_END) {
		if (key == CLI_HELP)
			return CLI_OK;
		if (!take_option(&j, key))
			return CLI_USAGE;
	}
	if (optind < argc) {
		fprintf(stderr, "taut ice: takes no operand; a server goes behind --stun\n");
		return CLI_USAGE;
	}
	if (j.hex && j.trace) {
		fprintf(stderr, "taut ice: --hex or --trace, not both\n");
		return CLI_USAGE;
	}
	if (!cli_servers_finish(&j.servers))
		return CLI_USAGE;
	j.sink = (struct taut_trace_sink){ .size = sizeof j.sink, .ctx = &j, .record = on_record };
	if (!(j.hex ? runtime_open_with(&j.rt, &j.sink, &j.runtime)
		    : runtime_open(&j.rt, j.trace, &j.runtime)))
		return CLI_FAILED;
	const bool ok = gather(&j);
	runtime_close(&j.rt);
	return !ok ? CLI_USAGE : j.count > 0 ? CLI_OK : CLI_FAILED;
}
