/* ice_types.h - what an agent is made of, seen by the files of this folder only.
 *
 * An agent has sockets (bases) and local candidates that outlive a restart, and
 * generations: a pair of credentials on each side with the remote candidates and
 * pairs they belong to. cur is the one that signaling talks about. prev is there
 * only between a restart and the first nomination after it, to carry data. */
#ifndef TAUT_ICE_ICE_TYPES_H
#define TAUT_ICE_ICE_TYPES_H

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
	bool controlling, use_loopback, relay_only, lite;
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

#endif
