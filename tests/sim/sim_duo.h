/* sim_duo.h - two peers and what lies between them: NATs, a STUN and a TURN server, and signaling by
 * trickle. They open a channel and say hello.
 *
 *     duo_begin(&d, &(struct duo_config){ .side = { { .nat = &symmetric, .turn = true } } });
 *     assert_true(duo_meet(&d, 20));
 *     duo_end(&d);
 *
 * Peer 0 offers. The internet is 203.0.113.0/24 for servers, 198.51.100.0/24 for NATs, and
 * 192.0.2.0/24 for peers that stand in it; homes are 192.168.0.0/24, the same for both. */
#ifndef TAUT_SIM_DUO_H
#define TAUT_SIM_DUO_H

#include "base/addr.h"
#include "sim/sim_inside.h"
#include "world/world_dns.h"
#include "world/world_peer.h"
#include "world/world_servers.h"
#include "world/world_signal.h"
#include "world/world_turn.h"

#define DUO_STUN     "203.0.113.1"
#define DUO_TURN     "203.0.113.2"
#define DUO_TURN6    "2001:db8:1::2"
#define DUO_SECOND   "192.0.2.99"
#define DUO_DNS      "203.0.113.53"
#define DUO_USER     "ada"
#define DUO_PASSWORD "lovelace"

struct duo_side_config {
	const struct world_nat_config *nat, *outer; /* outer: a second one, of the provider */
	bool no_stun, turn, relay_only;
	bool srv;                /* the URL of the TURN server has a domain */
	bool ipv6;               /* and no IPv4, and no NAT */
	bool mdns, no_multicast; /* mdns: host candidates are told under names */
	uint32_t tcp;            /* TAUT_ICE_TCP_ */
	uint32_t congestion_control; /* TAUT_CC_ */
	uint32_t max_path_mtu;
	size_t receive_window, send_buffer, memory; /* max_receive_window, send_buffer_size, max_memory */
	bool snap;               /* a=sctp-init is offered */
	uint32_t addresses;      /* TAUT_ICE_ADDRESS_ */
	bool lite;               /* a lite agent, which has no servers */
	bool second;             /* another interface, without the default route: DUO_SECOND */
	uint32_t pool;           /* of candidates */
	uint32_t network, second_network; /* TAUT_NETWORK_ of the interfaces */
	const struct world_link_config *second_wire; /* NULL: as of the first */
	const char *password;    /* NULL: the right one */
	const char *url;         /* of the TURN server; NULL: the usual one */
	/* Changes what the other side gets of its descriptions and candidates (type 0). False: nothing. */
	bool (*alter)(uint32_t type, char *text, size_t cap);
};

struct duo_config {
	uint64_t seed; /* 0: 1 */
	struct duo_side_config side[2];
	struct world_turn_config turn;
	const struct world_link_config *wire;
	bool dns; /* there is a server of names, DUO_DNS, which both ask */
	bool same_home;                      /* both are in that of side 0 */
	bool bulk; /* so many packets that looking inside at each (sim_inside.h) would take minutes */
	taut_time signal;                    /* delay of signaling; 0: 20 ms */
	const struct taut_trace_sink *trace; /* of peer 0 */
};

struct duo_side {
	struct duo *duo;
	struct world_peer peer;
	struct sim_inside inside;
	struct world_signal out;
	struct taut_ice_server servers[2];
	struct taut_config pc;
	bool (*alter)(uint32_t type, char *text, size_t cap);
	int net, iface, second;
	taut_channel channel;
	bool open;
	unsigned heard, candidates[4]; /* of its own, by enum tt_ice_type */
	size_t heard_bytes;
	unsigned errors_with_address, errors; /* of servers; the last one: */
	unsigned error_code;
	char error_url[80], error_text[200], error_from[TT_ADDR_TEXT];
	uint32_t state, reason;
	char why[160], path[160], candidate[4][200], server[4][80]; /* the last of each type */
	char said[16384]; /* all that it told the other side */
	uint64_t reached_by[4];
	taut_time connected_at, nominated_at, gathered_at;
};

struct duo {
	struct world *world;
	struct world_stun stun;
	struct world_turn turn;
	struct world_dns dns;
	int turn_iface;
	void *user; /* the test's */
	struct duo_side side[2];
};

void duo_begin(struct duo *d, const struct duo_config *cfg);
void duo_start(struct duo *d);             /* the offer; duo_meet does it too */
bool duo_meet(struct duo *d, int seconds); /* until both said hello and heard it */
/* The same in 20 s, and until it is nominated: with a better way still being tried nothing is for two
 * seconds; data does not wait. */
bool duo_meet_for_good(struct duo *d);
void duo_wait(struct duo *d, taut_time duration);
void duo_talk(struct duo *d, taut_time within); /* each says something, and each hears it */
void duo_say(struct duo *d, int side, size_t len);
bool duo_goes_by(const struct duo *d, int side, const char *ip); /* both send by that address of it */
/* That member of the statistics of the nominated pair, now; -1: there is none. */
double duo_path_stat(struct duo_side *s, const char *member);
void duo_restart(struct duo *d, int side);
void duo_close(struct duo *d, int side);
/* Everything went by the rules (sim_inside.h, world_watch.h), and nothing is left. */
void duo_end(struct duo *d);

#endif
