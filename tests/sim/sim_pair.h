/* sim_pair.h - two whole peer connections, their link and their signaling, in virtual time.
 *
 * The pair answers what the connections ask for (sockets on made-up addresses),
 * carries datagrams over a struct sim and descriptions and candidates over a
 * signaling path with a delay of its own, and negotiates as the perfect
 * negotiation pattern of webrtc-pc does: peer 1 is the polite one. Events go to
 * a handler of the test. One seed decides everything. */
#ifndef TAUT_TEST_SIM_PAIR_H
#define TAUT_TEST_SIM_PAIR_H

#include "support/sim.h"
#include "taut/taut.h"

enum { PAIR_FLOWS = 8, PAIR_ADDRESSES = 2 };

struct pair_flow {
	taut_flow flow;
	struct taut_addr addr;
};

struct pair_signal {
	struct pair_signal *next;
	taut_time at;
	int to;
	uint32_t type; /* TAUT_SDP_, or 0: a candidate */
	char *text, *mid;
};

/* The allocator of both environments: lets the failing one fail, and counts what is out. */
struct pair_memory {
	long fail_at; /* so many allocations work before one does not; below 0: all work */
	bool for_ever;  /* none works after that one either */
	long allocations, outstanding;
};

struct pair;
typedef void (*pair_handler)(struct pair *p, int i, const struct taut_event *ev);

struct pair_peer {
	taut_env *env;
	taut_pc *pc;
	struct pair_flow flows[PAIR_FLOWS];
	size_t flow_count;
	uint16_t next_port;
	bool making_offer, connected, ended;
	uint32_t end_reason;
	unsigned negotiations; /* offers made */
};

struct pair {
	struct sim sim;
	struct pair_peer peers[2];
	struct pair_signal *signals;
	taut_time signal_delay;
	bool hold_signals; /* they wait until this is false again */
	bool cut;          /* the link swallows everything */
	bool refuse;       /* no socket takes anything: taut_pc_send_failed */
	bool runs;         /* what leaves as a run arrives as one, at once */
	uint8_t ecn;       /* of what arrives, RFC 3168 section 5 */
	bool by_ready;     /* drives a connection only when its environment says that it is ready */
	/* What a test may do on the way; each may be NULL. A new text is the sender's to allocate. */
	char *(*describe)(struct pair *p, int to, uint32_t type, const char *text);
	void (*before_answer)(struct pair *p, int i);
	void (*delivered)(struct pair *p, const struct sim_packet *k);
	struct pair_memory *memory; /* NULL: the C library's, and errors fail the test */
	pair_handler handler;
	void *user;
};

/* codecs of Opus, VP8 and telephone events; both ends have two addresses, IPv4 and IPv6. */
void pair_init(struct pair *p, uint64_t seed, const struct sim_link *link, pair_handler handler,
	       void *user);
/* The same, with memory that may fail; false: it did at once. */
bool pair_init_with(struct pair *p, uint64_t seed, const struct sim_link *link, pair_handler handler,
		    void *user, struct pair_memory *memory);
void *pair_realloc(void *memory, void *p, size_t size);
/* Other connections in the same environments, at the same time: those of before are freed, and what was under way is
 * lost. */
void pair_again(struct pair *p);
/* Frees it all; the connections may have been freed (and set to NULL) before. Memory must be back. */
void pair_free(struct pair *p);

typedef bool (*pair_condition)(struct pair *p);
/* Lets time pass until the condition holds (true) or until `most` microseconds have (false). */
bool pair_run(struct pair *p, taut_time most, pair_condition until);
bool pair_both_connected(struct pair *p);
/* A datagram for a peer, on the flow that is bound to local. False: it has none there. */
bool pair_inject(struct pair *p, int to, const struct taut_addr *local, const struct taut_addr *remote,
		 const void *data, size_t len);
/* Takes everything that one end has to say now. False: nothing. */
bool pair_pump(struct pair *p, int i);

#endif
