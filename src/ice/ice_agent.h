/* ice_agent.h - the agent's inside, shared by the files of this folder only.
 *
 * An agent has sockets (bases) and local candidates that outlive a restart, and
 * generations: a pair of credentials on each side with the remote candidates and
 * pairs they belong to. cur is the one that signaling talks about. prev is there
 * only between a restart and the first nomination after it, to carry data. */
#ifndef TAUT_ICE_ICE_AGENT_H
#define TAUT_ICE_ICE_AGENT_H

#include "ice/ice.h"
#include "stun/stun.h"
#include "stun/stun_client.h"
#include "stun/turn_client.h"

enum {
	TT_ICE_TA_MIN = 5000, /* RFC 8445 section 14.2: the floor, between any two of them */
	/* Of what a peer may ask for: the checks of 128 pairs are to come to an end, in 66 s. */
	TT_ICE_TA_MOST = 200000,
	TT_ICE_HURRIED = 8, /* triggered checks of a generation that wait for no more than that */
	TT_ICE_PAC = 39500000,          /* RFC 8863 section 4, RFC 8489 section 6.2.1 */
	TT_ICE_CONSENT_BASIC = 5000000, /* RFC 7675 section 5.1, times 0.8 to 1.2 */
	TT_ICE_CONSENT_LIFE = 30000000, /* ... */
	TT_ICE_LINGER = 3000000,        /* a round trip by satellite, and what queues hold */
	TT_ICE_SILENT = 5000000, /* a consent check unanswered for this long, and nothing heard */
	TT_ICE_SILENT_ONE_WAY = 15000000, /* unanswered, though the peer's checks arrive */
	TT_ICE_RELAY_PATIENCE = 2000000,  /* three tries of a check that might spare the relay */
	TT_ICE_FOLLOW = 6000000,          /* how long a nominating check speaks for its pair */
	TT_ICE_GATHER_LIFE = 8000000,     /* of a request to a STUN server */
	TT_ICE_GATHER_RC = 5,
	TT_ICE_TR = 15000000,          /* RFC 8445 section 11 */
	TT_ICE_MAX_ROLE_SWITCHES = 16, /* in one generation */
	TT_ICE_UFRAG_LEN = 8,
	TT_ICE_PWD_LEN = 24,
	TT_ICE_PAIR_TX = 4,
	TT_ICE_CONSENT_TX = 8,
	TT_ICE_NAME_CAP = 64 + 6,      /* one label, ".local" and a NUL */
	TT_ICE_OWN_CAP = 36 + 7,       /* a UUID, ".local" and a NUL */
	TT_ICE_STREAM_LIFE = 12000000, /* of an allocation that has to connect first */
	/* Those to TURN servers, with the peer, and those that listen; what is being closed included. */
	TT_ICE_MAX_STREAMS = 2 * TT_ICE_MAX_RELAYS + 2 * TT_ICE_MAX_TCP + TT_ICE_MAX_BASES,
	TT_ICE_PORTS = 3,           /* RFC 8656 section 7.4, on which an allocation is tried */
	TT_ICE_SHUNNED = 120000000, /* ... and then for two minutes not any more */
	TT_ICE_MAX_PORTS = 2 * TT_ICE_MAX_RELAYS, /* what is being closed included */
	TT_ICE_MAX_SRV = 8,                       /* records that count */
	TT_ICE_SRV_NAME = 256,                    /* with a NUL */
	/* No target is begun with so long after the first one failed. */
	TT_ICE_SRV_LIFE = 12000000,
	TT_ICE_TCP_PATIENCE = 10000000, /* for the first check over a connection that came */
	TT_ICE_TCP_HEAD = 2,            /* RFC 4571 section 2 */
	TT_ICE_TCP_WAITING = 64,        /* to be connected when there is room again, at most */
	TT_ICE_MESSAGE = 1552,      /* the longest datagram, and what a TURN server has around it */
	TT_ICE_BLOCK = 4,           /* pairs and candidates for which memory is taken at once */
	TT_ICE_RANKS = 5,           /* of networks */
	TT_ICE_MOVE_GAP = 10000000, /* between two moves to a better pair */
	TT_ICE_QUIET = 2000000,     /* an unanswered consent check, and nothing heard: doubt */
	TT_ICE_QUIET_ONE_WAY = 12000000, /* ... though the peer's checks arrive */
	TT_ICE_DOUBT = 2000000,          /* how long the pair in use may be silent then */
	TT_ICE_DOUBT_ASK =
		300000, /* between two checks, at least: TT_ICE_CONSENT_TX of them last longer than that */
	TT_ICE_URGENT = 500000,        /* ... and at most */
	TT_ICE_URGENT_LIFE = 10000000, /* for who is controlled and has lost what was nominated */
	TT_ICE_ECHO = 2000000, /* so long after ours a check of the peer may be due to that */
	TT_ICE_ATTEMPT_MIN = 1500000, /* of a nomination while there is another pair */
	TT_ICE_ATTEMPT_MAX = 4000000,
	TT_ICE_SPARE_AGE = 12000000, /* since its last answer: a spare pair is checked again */
	TT_ICE_SPARES = 3,
	TT_ICE_NOMINATIONS = 0xffffff, /* 24 bits */
	TT_ICE_SAVING = 200, /* what cellular networks cost more than any other, at least */
};

/* An address of an interface that is to have a socket. */
struct ice_wanted {
	struct taut_addr addr; /* port 0 */
	uint32_t index;
	uint8_t type; /* TAUT_NETWORK_ */
};

/* Of a pair, from the least: it has not answered since the one in use was doubted, it has an end in common with one
 * that was left as dead, or it is that, or was nominated in vain. */
enum { TT_ICE_UNHEARD = 1, TT_ICE_LIKE_DEAD, TT_ICE_DEAD };

enum ice_base_state { BASE_NONE, BASE_WANTED, BASE_ASKED, BASE_OPEN, BASE_CLOSING };

/* A socket on one local address; or a relayed address, whose flow is only a number; or a connection
 * over TCP, which has one other end. */
struct ice_base { /* without holes: there are places for sixteen in every connection */
	taut_flow flow;
	struct taut_addr addr; /* port 0 until OPEN */
	uint32_t index;        /* of the interface */
	uint16_t network;      /* as the peer is told, from 1: one for each interface */
	uint16_t local_pref;   /* RFC 8421 */
	uint16_t foundation;
	uint8_t state;    /* enum ice_base_state */
	uint8_t type;     /* TAUT_NETWORK_ */
	uint8_t relay;    /* of a relayed address, from 1; 0: none */
	uint8_t stream;   /* of a connection over TCP, from 1; 0: none */
	uint8_t home : 6; /* ... the socket whose address it has */
	bool late : 1; /* it came after the end of candidates: no candidate tells of it, only checks */
	bool late_before : 1; /* the same in the generation that a restart may be undone to */
	uint8_t tcp; /* who made the connection, enum tt_ice_tcp */
};

/* An allocation: from a socket, on a server. Its relayed addresses are bases (RFC 8445 section
 * 5.1.1.1) behind those of sockets. */
struct ice_relay {
	struct tt_turn *turn; /* NULL: free */
	uint8_t base, server;
	uint8_t stream; /* by which the server is reached, from 1; 0: by the socket */
	uint8_t port;   /* of a socket of its own, on another port, from 1; 0: none */
	uint8_t ports;  /* or streams, that were tried beside the first */
	bool settled;   /* there, or given up: gathering does not wait for it */
	bool again;     /* in this generation the one that it had was found to be lost */
	taut_time kept; /* when something of its own last went to the server */
};

/* A socket on another port of a base's address. */
struct ice_port {
	enum ice_base_state state;
	taut_flow flow;
	struct taut_addr addr;
};

enum ice_stream_state { STREAM_NONE, STREAM_WANTED, STREAM_ASKED, STREAM_OPEN, STREAM_CLOSING };

struct ice_stream {
	enum ice_stream_state state;
	taut_flow flow;
	const char *tls; /* the server's name, whose it stays; NULL: TCP alone */
	bool framed;     /* RFC 4571: it is the peer's; else a TURN server's */
	bool listens;
	bool came;       /* it was not we who connected */
	uint8_t base;    /* of a framed one; that of one that listens is its socket's */
	taut_time until; /* when one that came must have said a check, one of ours be connected */
	struct taut_addr local, remote;
	uint8_t *part; /* TT_ICE_MESSAGE octets; NULL until a message comes in two */
	size_t have,
		skip; /* of such a message; of one that is longer than that, what is still to come */
};

/* A candidate of the peer to which there is no room to connect now. */
struct ice_waiting {
	uint8_t home, remote; /* a socket, and of the generation */
};

struct ice_local {
	struct tt_ice_candidate c;
	uint8_t base;
	uint8_t server; /* of a reflexive or relayed one, from 1; 0: none */
	bool of_relay;  /* an allocation told us: it outlives a restart */
	bool told;
};

/* What a domain says of its servers: RFC 2782. */
struct ice_srv {
	char query[TT_ICE_SRV_NAME + 16];
	bool answered;
	uint8_t count, at; /* of targets, in the order in which they are tried; the one that is */
	taut_time until;   /* the last one may begin; 0: none has failed yet */
	struct {
		char name[TT_ICE_SRV_NAME];
		uint16_t port;
	} target[TT_ICE_MAX_SRV];
};

enum ice_server_state { SERVER_WANTED, SERVER_ASKED, SERVER_KNOWN, SERVER_FAILED };

struct ice_server {
	enum ice_server_state state;
	taut_flow id;                 /* of the RESOLVE request */
	char *host, *user, *password; /* user NULL: it is one of STUN */
	uint16_t port;
	uint8_t transport;        /* enum tt_ice_transport */
	struct taut_addr addr[2]; /* IPv4, IPv6; family 0: none */
	/* The first thing that went wrong in this generation. */
	const char *why; /* NULL: nothing */
	uint16_t code;
	uint8_t base;
	bool told;
	bool held;           /* it is not told yet: another target may do better */
	bool helped;         /* in this generation it answered as it should */
	struct ice_srv *srv; /* NULL: nobody asked for that */
	struct taut_addr shunned[2]; /* there none of our ports was free: RFC 8656 section 7.4 */
	taut_time shunned_until;
};

/* One Binding transaction from a base to a STUN server. */
struct ice_probe {
	bool used : 1, done : 1;
	bool shown : 1; /* the last answer had an address */
	bool again : 1; /* only to keep what it showed alive: nothing waits for it */
	uint8_t base, server;
	uint8_t tid[TT_STUN_TID_LEN];
	struct tt_stun_retry retry;
	taut_time give_up;
};

struct ice_tx {
	bool live, use_candidate, controlling, repeated;
	uint8_t pair; /* of consent checks */
	uint8_t tid[TT_STUN_TID_LEN];
	uint32_t nomination; /* 0: it carries none */
	taut_time sent;
};

/* A base and a remote candidate (RFC 8445 section 6.1.2.4: local ones are always bases).
 * valid: a check of ours was answered here. nominated implies valid. */
struct ice_pair {
	bool used, valid, nominated;
	bool use_candidate; /* controlling: its checks nominate */
	bool nominate;      /* controlled: the peer nominated it, our own check is still out */
	bool heard_from;    /* an authenticated check came over it */
	uint8_t doubtful;   /* TT_ICE_DEAD and so on, until it answers; 0: it is not */
	uint8_t base, remote;
	uint8_t tx_at; /* of tx, the next one */
	uint8_t again; /* how often a check under way was begun anew because the peer's came */
	uint8_t why;   /* TAUT_WHY_, of one that failed */
	uint32_t nomination; /* controlled: the highest with which the peer nominated it */
	uint32_t triggered;  /* its place in the triggered-check queue; 0: not there */
	enum tt_ice_pair_state state;
	uint64_t priority;
	struct tt_stun_retry retry;       /* of the newest transaction */
	struct ice_tx tx[TT_ICE_PAIR_TX]; /* older ones may still be answered, 7.3.1.4 */
	taut_time rtt, consent_until;
	taut_time heard, nominated_at; /* the latest check, and nominating check, of the peer */
	struct tt_ice_pair_counters count;
	unsigned tries; /* requests sent to check it, repeated ones included */
};

struct ice_name {
	bool used, done, resolved;
	char text[TT_ICE_NAME_CAP];
	struct tt_ice_candidate c; /* without its name */
	int sent;                  /* queries so far */
	taut_time next;
};

/* A name of ours, for one address. The port of addr means nothing. */
struct ice_own {
	bool used;
	bool leaves;  /* only to say that it counts no more; told implies */
	bool told;    /* it was multicast, at sent */
	bool asked;   /* by asker, and whoever asked before him: a multicast is wanted */
	uint8_t left; /* announcements; the next one at next */
	char text[TT_ICE_OWN_CAP];
	struct taut_addr addr, asker; /* asker: whom the last multicast answered */
	struct taut_addr alone;       /* waits for an answer of his own; family 0: nobody */
	uint16_t id;                  /* of his question */
	taut_time next, sent, sent_alone;
	uint64_t questions;
};

/* What ice_why_agent.c makes its sentence of; it changes nothing. */
struct ice_hints {
	unsigned requests, formed; /* checks sent, pairs made, those that are no more included */
	unsigned forged;           /* messages that were signed with another password */
	unsigned strange;          /* checks for another user name */
	unsigned refused; /* with which code the peer refused a check of ours; 1: with none */
	unsigned hinted;  /* the same, 400 or 401, but not signed: anybody could say so */
	unsigned cut;     /* connections over TCP that were refused or ended */
	bool useless;     /* there are candidates of the peer that cannot be used */
	bool tcp;         /* one of them for TCP, or of an unknown type */
	uint8_t lost;     /* TAUT_WHY_, what became of the path that was there */
};

struct ice_gen {
	char ufrag[TT_ICE_UFRAG_LEN + 1], pwd[TT_ICE_PWD_LEN + 1];
	/* Without has_remote the fragment is that of who sends checks before any description came. */
	char remote_ufrag[TT_ICE_UFRAG_CAP], remote_pwd[TT_ICE_PWD_CAP];
	struct tt_stun_key local_key, remote_key;
	bool has_remote, lite, remote_end, had_path;
	bool renomination; /* the peer follows another nomination */
	bool checked[2];   /* a pair of IPv4, of IPv6 */
	bool first_check, first_check_told, done_told;
	uint8_t hurried;         /* checks, TT_ICE_HURRIED at most */
	uint32_t said, heard;    /* the highest nomination, of ours and of the peer's */
	uint32_t said_of_path;   /* controlling: that of the selected pair */
	taut_time move_after;    /* not before that, for a better pair alone */
	taut_time attempt_until; /* the nomination under way gives way to another then */
	struct tt_ice_path first_path;
	/* In blocks that come as they are needed, and stay where they are. */
	struct tt_ice_candidate *remotes[(TT_ICE_MAX_REMOTE + TT_ICE_MAX_PRFLX) / TT_ICE_BLOCK];
	size_t remote_count, prflx_count, signaled_count;
	struct ice_pair *pair_blocks[TT_ICE_MAX_PAIRS / TT_ICE_BLOCK];
	int pairs; /* those in use are below, so that nobody walks the whole array at every turn */
	struct ice_name *name; /* TT_ICE_MAX_NAMES of them; NULL: none came yet */
	int nominating;        /* controlling: the pair whose check carries USE-CANDIDATE; -1 */
	int selected;          /* controlling: the pair that was nominated; -1 */
	int role_switches;
	struct ice_hints hints;
	uint32_t triggers;                /* so far: the queue's order */
	taut_time pac_until, nominate_at; /* 0: not running */
	taut_time ta;                     /* of checks */
};

/* Of a path that was there. Where nothing was noted, time has passed over the end of its consent. */
static inline uint8_t tt_ice_lost(const struct ice_gen *g)
{
	return g->hints.lost ? g->hints.lost : TAUT_WHY_CONSENT;
}

/* How many there are places for; most peers send none. */
static inline int tt_ice_names_of(const struct ice_gen *g)
{
	return g->name ? TT_ICE_MAX_NAMES : 0;
}

static inline struct ice_pair *tt_ice_pair_at(const struct ice_gen *g, int i)
{
	const unsigned at = (unsigned)i; /* divides by a shift alone */

	return &g->pair_blocks[at / TT_ICE_BLOCK][at % TT_ICE_BLOCK];
}

static inline struct tt_ice_candidate *tt_ice_remote_at(const struct ice_gen *g, int i)
{
	const unsigned at = (unsigned)i;

	return &g->remotes[at / TT_ICE_BLOCK][at % TT_ICE_BLOCK];
}

struct ice_response {
	taut_flow flow;
	struct taut_addr local, remote;
	uint8_t tid[TT_STUN_TID_LEN];
	uint16_t error; /* 0: success */
	bool prev;      /* signed with the key of the generation before */
	uint16_t unknown[TT_STUN_MAX_UNKNOWN];
	uint8_t unknown_count;
};

struct tt_ice {
	struct tt_env *env;
	taut_flow *next_flow;
	bool controlling, use_loopback, relay_only;
	uint8_t tcp; /* TT_ICE_TCP_ */
	enum tt_ice_addresses addresses;
	bool closed;    /* nothing is sent but the last word to TURN servers */
	bool bases_ask; /* one may be WANTED or CLOSING */
	bool reopen;    /* ... and another take its place then */
	uint64_t tiebreaker;

	struct ice_wanted *wanted; /* the usable interface addresses, best first; NULL: none */
	size_t wanted_count;
	struct ice_base *base; /* TT_ICE_MAX_BASES, and those of relays where there can be any */
	int base_count;
	uint16_t foundations, networks; /* numbers given so far */
	struct ice_local *local;
	size_t local_count, local_room;
	struct ice_server *server;
	size_t server_count;
	struct ice_probe *probe;
	size_t probe_room;           /* one for each base and server */
	struct ice_relay *relay;     /* TT_ICE_MAX_RELAYS of them; NULL: no server is one of TURN */
	struct ice_port *port;       /* TT_ICE_MAX_PORTS of them; NULL: none was needed */
	struct ice_stream *stream;   /* TT_ICE_MAX_STREAMS of them; NULL: all goes over UDP */
	struct ice_waiting *waiting; /* TT_ICE_TCP_WAITING of them; NULL: there was room for all */
	size_t waiting_count;
	taut_time decided_at; /* when the pair that is the path was nominated */
	bool gathering;       /* gather was called in this generation */
	bool gathered;        /* or ever */
	bool pooled;          /* or not, but there are candidates: nothing is told, nor checked */
	bool all_told;        /* no event waits */

	struct ice_gen *cur, *prev;
	taut_time prev_until;     /* 0: prev is needed; else what is under way to it is awaited */
	taut_time answer_until;   /* a restart's answer is all there is to hope for; 0: it is not */
	struct ice_gen *path_gen; /* cur, prev or NULL: nowhere to send data */
	int path;                 /* a pair of path_gen */
	taut_time next_check, next_ask; /* checks by the generation's Ta, requests by TT_ICE_TA */
	taut_time last_check;           /* when either left */
	taut_time next_connect;
	taut_time last_now; /* of the latest update */
	/* After all was asked for and given, nothing changes before that time; 0: look again. */
	taut_time idle_until;
	const char *idle_why;

	taut_time next_consent, unanswered_since; /* 0: nothing unanswered */
	taut_time
		doubt_until; /* the pair in use must have answered by then; 0: there is no doubt */
	taut_time doubt_since;  /* ... and since when it is asked */
	taut_time urgent_until; /* consent checks tell the peer where we are */
	struct ice_tx consent[TT_ICE_CONSENT_TX];
	uint8_t consent_at;
	uint8_t doubt_asked; /* so often, 2 stands for more */

	struct ice_response *response; /* a ring with room for so many as waited at once */
	size_t response_room, response_head, response_count;

	taut_flow mdns_flow; /* 0: none */
	enum ice_base_state mdns_state;
	taut_flow mdns_close; /* to be closed, after another took its place; 0: none */
	struct ice_own *own;  /* TT_ICE_MAX_BASES of them; NULL: host candidates show addresses */

	enum tt_ice_state state, told_state;
	bool selected_known, selected_due; /* the path is nominated; and that is to be told */
	const char *path_gone; /* what was under the path and went away; NULL: nothing */
	uint32_t reason;
	const char *why;
	struct tt_ice_why *diagnosis; /* of an agent that failed; NULL: not yet, or no memory */
	struct taut_io io;
	struct tt_ice_event event;
	struct tt_ice_counters counters;
};

static inline struct ice_response *tt_ice_response_at(const struct tt_ice *ice, size_t i)
{
	return &ice->response[(ice->response_head + i) % ice->response_room];
}

/* ice_agent.c */
void tt_ice_drop_packet(struct tt_ice *ice, taut_time now, uint32_t reason,
			const struct taut_addr *remote);
void tt_ice_gen_free(struct tt_ice *ice, struct ice_gen *g);

/* ice_state.c: after anything changed: thaw, nominate, choose the path, tell the state. */
void tt_ice_update(struct tt_ice *ice, taut_time now);
void tt_ice_wake(struct tt_ice *ice); /* something changed that update need not look at */

/* ice_addresses.c */
/* Those of all that are to be used; what was chosen before is forgotten. False: no memory, and it stays. */
bool tt_ice_choose_addresses(struct tt_ice *ice, taut_time now, const struct taut_interface *all,
			     size_t n);
bool tt_ice_is_wanted(const struct tt_ice *ice, const struct taut_addr *a);

/* ice_gather.c */
int tt_ice_base_of_flow(const struct tt_ice *ice, taut_flow flow); /* -1 */
/* Told once for a server and generation. base -1: none of ours has to do with it. */
void tt_ice_server_error(struct tt_ice *ice, size_t server, int base, uint16_t code,
			 const char *why);
void tt_ice_forget_base(struct tt_ice *ice, int base); /* all but the socket */
bool tt_ice_gathering_done(const struct tt_ice *ice);
void tt_ice_begin_gathering(struct tt_ice *ice, taut_time now);
/* The one with a socket on that address, or about to have one; -1: none. */
int tt_ice_base_on(const struct tt_ice *ice, const struct taut_addr *addr);
/* From each socket, those that were not asked yet or are to be asked again. */
void tt_ice_ask_servers(struct tt_ice *ice, taut_time now);
/* Those whose answer is missing, or older than they are to be kept alive: what they showed is forgotten. */
void tt_ice_ask_stale(struct tt_ice *ice, taut_time now);
bool tt_ice_gather_io(struct tt_ice *ice);
bool tt_ice_gather_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			  const struct taut_addr *found, size_t n);
/* The probe whose turn it is, -1: none; *at: when one will be due. */
int tt_ice_probe_due(const struct tt_ice *ice, taut_time now, taut_time *at);
size_t tt_ice_probe_write(struct tt_ice *ice, taut_time now, int probe, struct tt_ice_out *out);
bool tt_ice_probe_answer(struct tt_ice *ice, taut_time now, taut_flow flow,
			 const struct taut_addr *from, const struct tt_stun_msg *m,
			 const uint8_t *pkt);
void tt_ice_probe_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_probe_deadline(const struct tt_ice *ice);
void tt_ice_gather_reset(struct tt_ice *ice, taut_time now);

/* ice_pool.c */
void tt_ice_take_pool(struct tt_ice *ice, taut_time now); /* what is there may be told */
/* When a server is asked anew, so that the mapping it showed lives; INT64_MAX: it is not. */
taut_time tt_ice_renewal(const struct tt_ice *ice, const struct ice_probe *p);
/* While nobody was told: what the server showed before, if that is another address. */
void tt_ice_forget_mapping(struct tt_ice *ice, const struct ice_probe *p,
			   const struct taut_addr *now_mapped);

/* ice_candidate.c */
uint32_t tt_ice_priority(enum tt_ice_type type, enum tt_ice_tcp tcp, uint16_t local_pref);
uint32_t tt_ice_base_priority(const struct ice_base *b, enum tt_ice_type type);
int tt_ice_add_local_tcp(struct tt_ice *ice, taut_time now, int base, enum tt_ice_tcp tcp,
			 const struct taut_addr *addr);
int tt_ice_add_local(struct tt_ice *ice, taut_time now, enum tt_ice_type type, int base, int server,
		     const struct taut_addr *addr);
bool tt_ice_unicast(const struct taut_addr *a);
/* Without its address, if it has a name. */
struct tt_ice_candidate tt_ice_shown(const struct tt_ice_candidate *c);
/* Is it kept from peers and signaling: behind a name, or by RFC 8828 section 5.2, mode 3? */
bool tt_ice_hides(const struct tt_ice *ice, const struct taut_addr *addr);
/* What a candidate tells of its base: RFC 8839 section 9.1. */
struct taut_addr tt_ice_related(const struct tt_ice *ice, const struct taut_addr *base);
int tt_ice_find_remote(const struct ice_gen *g, bool tcp, const struct taut_addr *addr); /* -1 */
/* A remote candidate with an address: known, new, or the signaling of a learned one. Its name, if it has one,
 * is the generation's. */
int tt_ice_put_remote(struct tt_ice *ice, taut_time now, const struct tt_ice_candidate *c);
int tt_ice_put_prflx(struct tt_ice *ice, taut_time now, bool tcp, const struct taut_addr *addr,
		     uint32_t priority);

/* ice_network.c */
unsigned tt_ice_network_rank(uint32_t type); /* 0 is the best, TT_ICE_RANKS - 1 the last */
uint16_t tt_ice_network_id(struct tt_ice *ice, uint32_t index);
/* Do candidates and checks of ours say where they come from? */
bool tt_ice_tells_network(const struct tt_ice *ice);
uint32_t tt_ice_network_info(const struct ice_base *b); /* the value of GOOG-NETWORK-INFO */
/* In a candidate of ours, if we tell it. */
void tt_ice_show_network(const struct tt_ice *ice, struct ice_local *l);
/* The socket's address is of another interface, or that leads elsewhere; relays and connections of it as well. */
void tt_ice_change_network(struct tt_ice *ice, taut_time now, int base, uint32_t index,
			   uint8_t type);
/* What the peer says of the network that a candidate of its is in. */
void tt_ice_take_network(struct tt_ice *ice, taut_time now, struct tt_ice_candidate *r,
			 uint32_t info);
/* Of both ends; a relay or TCP is as much more as a cellular network at least. */
unsigned tt_ice_pair_cost(const struct tt_ice *ice, const struct ice_gen *g,
			  const struct ice_pair *p);
/* Is data to take the first rather than the second? */
bool tt_ice_better(const struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p,
		   const struct ice_pair *than);

/* ice_pair.c */
uint64_t tt_ice_pair_priority(bool controlling, uint32_t local, uint32_t remote);
int tt_ice_find_pair(const struct ice_gen *g, int base, int remote);          /* -1 */
int tt_ice_add_pair(struct tt_ice *ice, taut_time now, int base, int remote); /* -1: none made */
bool tt_ice_can_pair(const struct taut_addr *local, const struct taut_addr *remote);
void tt_ice_pair_base(struct tt_ice *ice, taut_time now, int base);
void tt_ice_pair_remote(struct tt_ice *ice, taut_time now, int remote);
void tt_ice_drop_pairs_of_base(struct tt_ice *ice, int base);
void tt_ice_reprioritize(struct tt_ice *ice);
void tt_ice_thaw(struct tt_ice *ice);
void tt_ice_thaw_foundation(struct tt_ice *ice, const struct ice_pair *like);
void tt_ice_trigger(struct ice_gen *g, struct ice_pair *p);
/* why: TAUT_WHY_ */
void tt_ice_pair_failed(struct tt_ice *ice, taut_time now, int pair, uint8_t why);
/* That local address of ours and that remote one, or NULL. */
struct ice_pair *tt_ice_pair_from(const struct tt_ice *ice, const struct ice_gen *g, taut_flow flow,
				  const struct taut_addr *remote);
bool tt_ice_pair_busy(const struct ice_pair *p); /* not yet succeeded or failed */
int tt_ice_best_valid(const struct tt_ice *ice, const struct ice_gen *g, taut_time now);
struct tt_ice_path tt_ice_pair_path(const struct tt_ice *ice, const struct ice_gen *g, int pair);

/* ice_check.c */
struct ice_turn {
	int pair, probe, relay; /* whose turn it is; -1: not */
	taut_time at;           /* when there is something to do; INT64_MAX */
};
struct ice_turn tt_ice_turn(const struct tt_ice *ice, taut_time now);
size_t tt_ice_check_write(struct tt_ice *ice, taut_time now, int pair, struct tt_ice_out *out);
/* A Binding request over a pair, any kind. 0: it did not fit or could not be made. */
size_t tt_ice_request_write(struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p,
			    const struct ice_tx *tx, struct tt_ice_out *out);
bool tt_ice_switch_role(struct tt_ice *ice, taut_time now, bool controlling);
void tt_ice_check_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_check_deadline(const struct tt_ice *ice); /* of giving up */

/* ice_answer.c, ice_request.c */
int tt_ice_on_response(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *from,
		       const struct tt_stun_msg *m, const uint8_t *pkt);
int tt_ice_on_request(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *local,
		      const struct taut_addr *from, const struct tt_stun_msg *m,
		      const uint8_t *pkt);
size_t tt_ice_response_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);

/* ice_nominate.c */
void tt_ice_nominate(struct tt_ice *ice, taut_time now);
/* Of a restart that is concluded, once what was under way has had its time. */
void tt_ice_drop_prev(struct tt_ice *ice, taut_time now);
void tt_ice_choose_path(struct tt_ice *ice, taut_time now);
taut_time tt_ice_follow_deadline(const struct tt_ice *ice); /* INT64_MAX: never */

/* ice_renominate.c */
/* A pair that is to be nominated in place of the selected one now; -1: none. */
int tt_ice_next_choice(struct tt_ice *ice, taut_time now);
/* The peer nominates the pair: false if what it says counts for nothing. */
bool tt_ice_take_nomination(struct tt_ice *ice, taut_time now, struct ice_pair *p,
			    const struct tt_stun_msg *m);
/* Is the pair checked on after another was nominated? */
bool tt_ice_worth_checking(const struct tt_ice *ice, const struct ice_pair *p);
bool tt_ice_indirect(const struct tt_ice *ice, const struct ice_pair *p); /* by a relay, or TCP */
/* A check of the peer came over it. */
void tt_ice_heard_elsewhere(struct tt_ice *ice, taut_time now, const struct ice_pair *p);
void tt_ice_keep_spares(struct tt_ice *ice, taut_time now);
/* Between two consent checks while one of the sides has lost its path; 0: there is no such hurry. */
taut_time tt_ice_urgency(const struct tt_ice *ice, taut_time now);
void tt_ice_doubt_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_doubt_deadline(const struct tt_ice *ice, taut_time now);
void tt_ice_begin_attempt(struct ice_gen *g, taut_time now, const struct ice_pair *p);
/* False: the nomination that is under way goes on. */
bool tt_ice_give_up_attempt(struct tt_ice *ice, taut_time now);
taut_time tt_ice_move_deadline(const struct tt_ice *ice); /* INT64_MAX: never */

/* ice_consent.c */
void tt_ice_consent_start(struct tt_ice *ice, taut_time now);
size_t tt_ice_consent_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
bool tt_ice_consent_answer(struct tt_ice *ice, taut_time now, int base,
			   const struct taut_addr *from, const struct tt_stun_msg *m,
			   const uint8_t *pkt);
void tt_ice_consent_tick(struct tt_ice *ice, taut_time now);
bool tt_ice_is_silent(const struct tt_ice *ice, taut_time now);
taut_time tt_ice_consent_deadline(const struct tt_ice *ice, taut_time now);

/* ice_relay.c */
int tt_ice_make_bases(struct tt_ice *ice); /* room for them and for relays, at the start */
void tt_ice_free_relays(struct tt_ice *ice);
/* Those that are over, so that tt_ice_allocate asks for others. */
void tt_ice_forget_failed_relays(struct tt_ice *ice);
void tt_ice_allocate(struct tt_ice *ice, taut_time now);     /* from each socket, on each server */
void tt_ice_reset_relays(struct tt_ice *ice, taut_time now); /* a restart */
void tt_ice_drop_relays_of(struct tt_ice *ice, int base);
bool tt_ice_relays_settled(const struct tt_ice *ice);
int tt_ice_relay_due(const struct tt_ice *ice, taut_time now, taut_time *at); /* -1 */
size_t tt_ice_relay_write(struct tt_ice *ice, taut_time now, int relay, struct tt_ice_out *out);
/* A Binding indication to a server, by an allocation that nothing else uses. 0: none is due. */
size_t tt_ice_relay_keep(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
size_t tt_ice_relay_last_word(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
void tt_ice_relay_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_relay_deadline(const struct tt_ice *ice);
/* By which packets to the server leave. */
struct tt_ice_path tt_ice_server_path(const struct tt_ice *ice, const struct ice_relay *r);

/* The socket on another port that it waited for is there, or cannot be had. */
void tt_ice_relay_ported(struct tt_ice *ice, taut_time now, int relay);
/* Its stream is over: so is the allocation. */
void tt_ice_relay_cut(struct tt_ice *ice, taut_time now, int stream, const char *why);

/* Requests of that server's that may still be answered; those that are over. */
bool tt_ice_relays_asking(const struct tt_ice *ice, size_t server);
void tt_ice_forget_relays(struct tt_ice *ice, size_t server);

/* ice_srv.c */
int tt_ice_srv_make(struct tt_ice *ice, struct ice_server *s); /* TAUT_E_NOMEM */
/* The name to ask for SRV records; NULL: it was asked, or nobody wants to. */
const char *tt_ice_srv_query(const struct ice_server *s);
const char *tt_ice_srv_host(const struct ice_server *s); /* to be looked up */
uint16_t tt_ice_srv_port(const struct ice_server *s);
bool tt_ice_srv_has_more(const struct ice_server *s);
/* How long it has to answer: of what is usual half, where another target follows. */
taut_time tt_ice_srv_life(const struct ice_server *s, taut_time usual);
void tt_ice_srv_forget(struct ice_server *s); /* a restart asks again if it had no answer */
void tt_ice_srv_advance(struct tt_ice *ice, taut_time now);

/* ice_port.c */
/* False: no memory, or too many of them. It is asked for, and answered by tt_ice_relay_ported. */
bool tt_ice_port_open(struct tt_ice *ice, struct ice_relay *r);
void tt_ice_port_close(struct tt_ice *ice, struct ice_relay *r);
const struct ice_port *tt_ice_port(const struct tt_ice *ice,
				   const struct ice_relay *r); /* NULL: none is open */
bool tt_ice_port_awaited(const struct tt_ice *ice, const struct ice_relay *r);
bool tt_ice_port_owns(const struct tt_ice *ice, taut_flow flow);
bool tt_ice_port_io(struct tt_ice *ice);
bool tt_ice_port_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			const struct taut_addr *found, size_t n);

/* ice_path.c */
/* Of what is written for a base: false if it cannot leave over it. */
bool tt_ice_path_out(struct tt_ice *ice, struct tt_ice_out *out);
enum tt_turn_grant tt_ice_permit(struct tt_ice *ice, taut_time now, int base,
				 const struct taut_addr *remote);
/* May a check leave over the pair now? A relayed one waits for its permission. */
bool tt_ice_pair_ready(const struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p);
/* Data takes this pair. */
void tt_ice_bind_channel(struct tt_ice *ice, taut_time now, const struct ice_gen *g, int pair);
uint8_t tt_ice_path_head(const struct tt_ice *ice, int base, const struct taut_addr *remote);
/* The data in a datagram that tt_ice_wrap made for that path; none: it is no such one. */
struct span tt_ice_path_data(const struct tt_ice *ice, const struct tt_ice_path *path,
			     const struct tt_ice_out *out);

/* ice_stream.c */
int tt_ice_make_streams(struct tt_ice *ice);
void tt_ice_free_streams(struct tt_ice *ice);
/* like, with a flow of its own; it is asked for if it is STREAM_WANTED. -1: there are too many. */
int tt_ice_stream_open(struct tt_ice *ice, const struct ice_stream *like);
struct ice_stream *tt_ice_stream_of(const struct tt_ice *ice, taut_flow flow); /* NULL: none */
void tt_ice_stream_close(struct tt_ice *ice, int stream);
bool tt_ice_stream_io(struct tt_ice *ice);
bool tt_ice_stream_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			  const struct taut_addr *found, size_t n);

/* ice_tcp.c */
void tt_ice_tcp_use_base(struct tt_ice *ice, taut_time now, int base); /* candidates of a socket */
bool tt_ice_tcp_usable(const struct tt_ice *ice, const struct tt_ice_candidate *c);
/* To a passive candidate of the peer, from a socket's address: a base, and a pair of it. */
void tt_ice_tcp_connect(struct tt_ice *ice, taut_time now, int base, int remote);
void tt_ice_tcp_open(struct tt_ice *ice, taut_time now, const struct ice_stream *s);
bool tt_ice_tcp_settled(const struct tt_ice *ice); /* gathering does not wait for it */
void tt_ice_tcp_cut(struct tt_ice *ice, taut_time now, int stream);
void tt_ice_tcp_forget(struct tt_ice *ice, int base); /* the socket is gone */
void tt_ice_tcp_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_tcp_deadline(const struct tt_ice *ice);

/* ice_mdns.c */
int tt_ice_add_name(struct tt_ice *ice, taut_time now, const struct tt_ice_candidate *c);
bool tt_ice_mdns_io(struct tt_ice *ice);
void tt_ice_mdns_result(struct tt_ice *ice, taut_time now, int os_errno);
void tt_ice_mdns_want(struct tt_ice *ice);  /* a socket, if there is none */
void tt_ice_mdns_again(struct tt_ice *ice); /* another socket: there are more interfaces */
int tt_ice_mdns_recv(struct tt_ice *ice, taut_time now, const struct taut_addr *local,
		     const struct taut_addr *from, const uint8_t *pkt, size_t len);
size_t tt_ice_mdns_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
void tt_ice_mdns_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_mdns_deadline(const struct tt_ice *ice);
bool tt_ice_names_open(const struct ice_gen *g);

/* ice_mdns_own.c */
bool tt_ice_own_make(struct tt_ice *ice); /* false: no memory */
/* Is a host candidate of this address told under a name? One that every host has tells nothing. */
bool tt_ice_own_hides(const struct tt_ice *ice, const struct taut_addr *addr);
/* The agent's. NULL: no randomness. */
const char *tt_ice_own_name(struct tt_ice *ice, taut_time now, const struct taut_addr *addr);
bool tt_ice_own_has(const struct tt_ice *ice, const char *name);
bool tt_ice_own_needed(const struct tt_ice *ice); /* the socket */
/* The address is gone, NULL: all are. Who was told the name hears so. */
void tt_ice_own_forget(struct tt_ice *ice, const struct taut_addr *addr);
void tt_ice_own_unheard(struct tt_ice *ice, taut_time now, int os_errno); /* there is no socket */
int tt_ice_own_recv(struct tt_ice *ice, taut_time now, const struct taut_addr *from,
		    const uint8_t *pkt, size_t len);
size_t tt_ice_own_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
taut_time tt_ice_own_deadline(const struct tt_ice *ice);

#endif
