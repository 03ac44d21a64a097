/* ice.h - the ICE agent: finds a path to the peer, and keeps the peer's consent.
 *
 * A full agent for one component (RFC 8445, both roles; trickle 8838, patience
 * 8863, consent 7675), without a socket or a clock. One agent is one transport.
 *
 *   set_interfaces, gather     sockets are asked for by poll_io, answered by io_result
 *   set_remote, add_remote     what signaling brought
 *   recv, tick, poll_send      packets and time; poll_event says what happened
 *
 * Data goes where tt_ice_selected says and is taken from where tt_ice_may_recv
 * agrees. A relayed address counts as a flow of its own, which no socket has: what
 * arrives passes tt_ice_unwrap first, and data for a path with a head leaves by
 * tt_ice_wrap. A TURN server that is reached over TCP or TLS has a stream: what comes over it passes
 * tt_ice_stream_next before, as does what comes over TCP from the peer (RFC 6544). Not here: aggressive
 * nomination of our own. Limits are the TT_ICE_MAX_ below; past one a candidate or packet is
 * dropped, counted and traced. */
#ifndef TAUT_ICE_ICE_H
#define TAUT_ICE_ICE_H

#include <stdbool.h>

#include "base/env.h"
#include "taut/taut.h"
#include "taut/why.h"

enum {
	TT_ICE_MAX_BASES = 16,  /* local sockets */
	TT_ICE_MAX_COST = 999,  /* of a network */
	TT_ICE_MAX_LOCAL = 64,  /* local candidates */
	TT_ICE_MAX_REMOTE = 64, /* signaled, in one generation */
	TT_ICE_MAX_PRFLX = 16,  /* learned from checks, beside those */
	TT_ICE_MAX_PAIRS = 128, /* RFC 8445 section 6.1.2.5 recommends 100 */
	TT_ICE_MAX_SERVERS = 4,
	TT_ICE_UNREACHED = 701,    /* webrtc-pc section 4.8.3 */
	TT_ICE_MAX_TCP = 16,       /* connections with the peer over TCP, made and taken */
	TT_ICE_MAX_RELAYS = 8,     /* allocations, and so many relayed addresses */
	TT_ICE_MAX_RESPONSES = 32, /* waiting for poll_send */
	TT_ICE_MAX_NAMES = 16,     /* .local names in one generation */
	TT_ICE_TA = 50000,         /* RFC 8445 section 14.2: where nothing is proposed */
	TT_ICE_TA_OURS = 20000,    /* what we propose, in each description */
	TT_ICE_UFRAG_CAP = 257,    /* RFC 8839 section 5.4: 4 to 256 characters, and a NUL */
	TT_ICE_PWD_CAP = 257,      /* 22 to 256 */
};

struct tt_ice; /* opaque */

enum tt_ice_transport { TT_ICE_UDP, TT_ICE_TCP, TT_ICE_TLS };

struct tt_ice_server {
	const char *host; /* a name or an address; "stun:" is the caller's to take off */
	uint16_t port;    /* 0: 3478, over TLS 5349 */
	enum tt_ice_transport transport; /* of TURN; STUN is asked over UDP */
	const char *user, *password;     /* of a TURN server; NULL: it is one of STUN */
	bool srv; /* the host is a domain that is asked for its servers; not if it is an address */
};

/* The modes of RFC 8828 section 5.2, as TAUT_ICE_ADDRESS_ has them. */
enum tt_ice_addresses {
	TT_ICE_ADDRESS_ALL,
	TT_ICE_ADDRESS_DEFAULT,
	TT_ICE_ADDRESS_PUBLIC,
	TT_ICE_ADDRESS_PROXY
};

/* Copied, but for next_flow. */
struct tt_ice_config {
	bool controlling;
	bool loopback;   /* use loopback addresses even when there are others */
	bool relay_only; /* no other candidate is gathered, told or used */
	bool lite; /* RFC 8445 section 2.5: never controlling, sends no checks; neither servers nor relay_only */
	uint8_t tcp;     /* TT_ICE_TCP_CONNECTS, TT_ICE_TCP_LISTENS; 0: UDP alone */
	bool hide_hosts; /* host candidates are told under .local names, for which the agent answers */
	enum tt_ice_addresses addresses; /* PROXY implies relay_only, and opens no socket */
	const struct tt_ice_server *servers;
	size_t server_count;
	taut_flow
		*next_flow; /* the connection's counter: the number the next socket gets, from 1 */
};

/* Candidates over TCP: those that connect, and those that are connected to. RFC 6544 section 4.1 */
enum tt_ice_tcp { TT_ICE_NO_TCP, TT_ICE_ACTIVE, TT_ICE_PASSIVE, TT_ICE_SO };
enum { TT_ICE_TCP_CONNECTS = 1, TT_ICE_TCP_LISTENS = 2 };

enum tt_ice_type { TT_ICE_HOST, TT_ICE_SRFLX, TT_ICE_PRFLX, TT_ICE_RELAY };

/* What a candidate line says (RFC 8839 section 5.1); src/sdp reads and writes the line. */
struct tt_ice_candidate {
	enum tt_ice_type type;
	bool tcp; /* or a transport or type that nobody knows: then tcptype is 0, and it is ignored */
	uint8_t tcptype;     /* enum tt_ice_tcp */
	uint8_t component;   /* 1; others are ignored (rtcp-mux) */
	char foundation[33]; /* 1 to 32 ice-chars */
	uint32_t priority;
	struct taut_addr addr; /* family 0: name holds the address, port is still this one's */
	/* libwebrtc's "network-id" and "network-cost": which of its owner's networks it is in, and what that
	 * costs, 0 to TT_ICE_MAX_COST. 0: not told */
	uint16_t network_id, network_cost;
	const char *name; /* "<uuid>.local", or NULL; copied. Of one that is told: the agent's */
	struct taut_addr related; /* raddr and rport; family 0: none */
	const char *ufrag; /* the candidate's ufrag extension, or NULL: the current generation */
};

struct tt_ice_path {
	taut_flow flow;
	struct taut_addr local, remote;
	uint8_t head; /* octets before data that tt_ice_wrap fills; 0: it needs no wrapping */
};

enum tt_ice_state {
	TT_ICE_NEW,
	TT_ICE_CHECKING,
	TT_ICE_CONNECTED,    /* data can flow; more may come */
	TT_ICE_COMPLETED,    /* a pair is nominated, nothing more is awaited */
	TT_ICE_DISCONNECTED, /* consent is not answered: may come back */
	TT_ICE_FAILED,       /* only tt_ice_restart leads out */
};
const char *tt_ice_state_text(enum tt_ice_state s);

enum tt_ice_event_type {
	TT_ICE_EV_CANDIDATE,      /* candidate: tell the peer */
	TT_ICE_EV_GATHERING_DONE, /* no more candidates: tell the peer */
	TT_ICE_EV_FIRST_CHECK,    /* once per generation: path */
	TT_ICE_EV_SELECTED, /* a pair was nominated and carries data now: path, its types, rtt */
	TT_ICE_EV_STATE,    /* state, reason (TAUT_REASON_), why */
	TT_ICE_EV_SERVER_ERROR, /* server, code, why, path.local: once a generation for each */
};

/* Valid until the next poll_event. */
struct tt_ice_event {
	enum tt_ice_event_type type;
	struct tt_ice_candidate candidate;
	struct tt_ice_path path;
	enum tt_ice_type local_type, remote_type;
	bool stream; /* with EV_SELECTED: data leaves by TCP or TLS, to the peer or to a server */
	taut_time rtt;
	enum tt_ice_state state;
	uint32_t reason;
	const char *why; /* a sentence, never NULL with EV_STATE and EV_SERVER_ERROR */
	size_t server;   /* of the configuration; with EV_CANDIDATE from 1, 0: none saw it */
	uint16_t code;   /* what it answered; TT_ICE_UNREACHED: nothing */
	uint8_t network; /* TAUT_NETWORK_, with EV_CANDIDATE */
};

/* Data that was sent and of which no statistics told yet. Below 0: so much they told that failed only then, for
 * a driver may hold a datagram. */
struct tt_ice_untold {
	int32_t packets, bytes;
};

struct tt_ice_counters {
	uint64_t checks_sent, checks_received;       /* requests, retransmissions included */
	uint64_t responses_sent, responses_received; /* received: matched and authenticated */
	uint64_t consent_sent;
	uint64_t role_conflicts;
	uint64_t path_changes; /* where data goes: the first one counts too */
	/* Of data, over all pairs */
	uint64_t data_packets_sent, data_bytes_sent, data_packets_received, data_bytes_received;
	struct tt_ice_untold untold;
};

/* What went over one pair, since it was formed. Of data, ICE's own packets apart; of checks: requests sent
 * without retransmissions and consent, those received with both. */
struct tt_ice_pair_counters {
	uint64_t packets_sent, bytes_sent, packets_received, bytes_received;
	taut_time sent_at, received_at; /* the last of them; 0: none */
	uint32_t requests_sent, requests_received, responses_sent, responses_received;
	uint32_t consents_sent;
	uint32_t packets_discarded; /* no socket took them; not among those sent */
	taut_time rtt_sum; /* of responses_received measurements */
	uint64_t bytes_discarded;
	struct tt_ice_untold untold;
};

/* As taut/why.h has it. */
struct tt_ice_why {
	uint32_t about, code;
	const char *spec;
	struct taut_addr local, remote;
	char text[768]; /* with a name of 255 octets in it; the room carries 1,024 */
};

/* As webrtc-stats names them. */
enum tt_ice_pair_state {
	TT_ICE_PAIR_FROZEN,
	TT_ICE_PAIR_WAITING,
	TT_ICE_PAIR_IN_PROGRESS,
	TT_ICE_PAIR_SUCCEEDED,
	TT_ICE_PAIR_FAILED
};

struct tt_ice_pair_info {
	struct tt_ice_candidate local, remote; /* as of local_info and remote_info */
	enum tt_ice_pair_state state;
	bool nominated, selected; /* selected: data goes there now */
	uint64_t priority;
	taut_time rtt; /* the latest; 0: none yet */
	struct tt_ice_pair_counters count;
};

int tt_ice_new(struct tt_ice **out, struct tt_env *env, const struct tt_ice_config *cfg,
	       taut_time now); /* TAUT_E_NOMEM, TAUT_E_CRYPTO, TAUT_E_INVAL */
/* The sockets it asked for are the caller's to close. */
void tt_ice_free(struct tt_ice *ice);

/* ---- what signaling says and hears ---- */

/* The credentials of the current generation; the text changes with restart. */
const char *tt_ice_local_ufrag(const struct tt_ice *ice);
const char *tt_ice_local_pwd(const struct tt_ice *ice);
/* The initial role (RFC 8445 section 6.1.1). A conflict repaired later may turn it again. */
void tt_ice_set_role(struct tt_ice *ice, taut_time now, bool controlling);
bool tt_ice_controlling(const struct tt_ice *ice);
/* From a=ice-ufrag, a=ice-pwd, a=ice-lite. The same again is fine; others need a
 * tt_ice_restart first: TAUT_E_STATE. TAUT_E_INVAL: a length RFC 8839 section 5.4
 * forbids, or a blank or control character.
 * When the offer of the peer changes them: tt_ice_restart, then set_remote, then gather. */
int tt_ice_set_remote(struct tt_ice *ice, taut_time now, const char *ufrag, const char *pwd,
		      bool lite);
/* From a=ice-options, after set_remote: the peer follows another nomination (draft-thatcher-ice-renomination-01). */
void tt_ice_set_renomination(struct tt_ice *ice, bool can);
/* The Ta that the peer proposes (a=ice-pacing, RFC 8839 section 5.5), or TT_ICE_TA, before set_remote is told what
 * the same description says. For agents whose descriptions propose TT_ICE_TA_OURS; others keep TT_ICE_TA. */
void tt_ice_set_remote_ta(struct tt_ice *ice, taut_time ta);
/* Of lengths and characters that set_remote takes. */
bool tt_ice_remote_usable(const char *ufrag, const char *pwd);
/* Does this differ from what set_remote was told, so that it means a restart? */
bool tt_ice_remote_changes(const struct tt_ice *ice, const char *ufrag, const char *pwd);
/* RFC 8445 section 9: new local credentials, no remote ones, the same sockets. Data stays on
 * the old pair, with consent, until the new generation has nominated one. Gather follows. */
int tt_ice_restart(struct tt_ice *ice, taut_time now); /* TAUT_E_NOMEM, TAUT_E_CRYPTO */
/* An offer with a restart was rolled back: the generation before counts again.
 * TAUT_E_STATE: there is none. */
int tt_ice_restart_undo(struct tt_ice *ice, taut_time now);
/* TAUT_OK also for a candidate that is of no use here (traced); TAUT_E_LIMIT: too many. */
int tt_ice_add_remote(struct tt_ice *ice, taut_time now, const struct tt_ice_candidate *c);
void tt_ice_remote_end(struct tt_ice *ice, taut_time now); /* a=end-of-candidates */

/* ---- sockets ---- */

/* All of them, each time. A socket whose address is gone is closed; new addresses are used at once
 * until the end of candidates was told, then by the next gather. TAUT_E_NOMEM. */
int tt_ice_set_interfaces(struct tt_ice *ice, taut_time now, const struct taut_interface *all,
			  size_t n);
/* Data goes nowhere any more, and there is an address that only a restart can tell the peer. */
bool tt_ice_stranded(const struct tt_ice *ice);
/* Others than tt_ice_new was told; what was pooled of those is thrown away. TAUT_E_STATE: after the first gather;
 * TAUT_E_NOMEM: those of before stay. */
int tt_ice_set_servers(struct tt_ice *ice, taut_time now, const struct tt_ice_server *servers,
		       size_t count);
/* Gathers, but tells nothing and checks nothing before tt_ice_gather: RFC 9429 section 4.1.1. After that it does
 * nothing, as when it was called before. */
void tt_ice_pool(struct tt_ice *ice, taut_time now);
void tt_ice_unpool(struct tt_ice *ice, taut_time now); /* throws away what nobody was told */
bool tt_ice_has_gathered(const struct tt_ice *ice);    /* tt_ice_gather was called, in any generation */
/* Once per generation; again is harmless. */
void tt_ice_gather(struct tt_ice *ice, taut_time now);
/* UDP (one per usable address), CLOSE, TCP and TLS (to TURN servers, TCP to the peer), LISTEN, RESOLVE and RESOLVE_SRV (servers; flow is only a number there),
 * MULTICAST (224.0.0.251:5353, while a .local name is open, or one of ours is told). NULL: nothing wanted. */
const struct taut_io *tt_ice_poll_io(struct tt_ice *ice);
/* False: the flow is not this agent's. */
bool tt_ice_io_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
		      const struct taut_addr *found, size_t n);
/* Puts them into the order in which they are tried: RFC 2782. */
void tt_ice_srv_order(struct tt_env *env, struct taut_srv *all, size_t n);
/* Of RESOLVE_SRV; io_result says that there is nothing to say. */
bool tt_ice_srv_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
		       const struct taut_srv *found, size_t n);
bool tt_ice_owns(const struct tt_ice *ice, taut_flow flow);
/* Packets of this flow are mDNS and nothing else. */
bool tt_ice_is_multicast(const struct tt_ice *ice, taut_flow flow);

/* ---- packets and time ---- */

/* A STUN packet, or any packet of the multicast flow. 0: taken; 1: not taken, dropped and
 * counted (nothing changed). local may have family 0. */
int tt_ice_recv(struct tt_ice *ice, taut_time now, taut_flow flow, const struct taut_addr *local,
		const struct taut_addr *remote, const uint8_t *buf, size_t len);
struct tt_ice_out {
	taut_flow flow;
	struct taut_addr local, remote;
	uint8_t *buf; /* the caller's, cap bytes, at least 1,280 */
	size_t cap, len;
};
bool tt_ice_poll_send(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
/* What came from a TURN server, in place: p becomes what its peer sent. False: there is nothing more
 * to do with it, the server's own words or dropped. Anything else passes as it is. Cheap. */
struct tt_ice_in {
	taut_flow flow;
	struct taut_addr local, remote;
	uint8_t *buf;
	size_t len;
};
/* Whether it is a stream, and what comes over it, message by message: *p and *left are what came and is left of
 * it. The length of the one at *msg, there or in the agent until the next call; 0: that is all. */
bool tt_ice_is_stream(const struct tt_ice *ice, taut_flow flow);
size_t tt_ice_stream_next(struct tt_ice *ice, taut_time now, taut_flow flow, uint8_t **p,
			  size_t *left, uint8_t **msg);
/* A TCP connection came to a socket that TAUT_IO_LISTEN asked for: its flow. 0: it is not wanted. */
taut_flow tt_ice_accept(struct tt_ice *ice, taut_time now, taut_flow listener,
			const struct taut_addr *local, const struct taut_addr *remote);
bool tt_ice_unwrap(struct tt_ice *ice, taut_time now, struct tt_ice_in *p);
/* len octets at buf + path->head, for the path that selected said: the length of the datagram at buf,
 * and path becomes that of the socket. 0: it cannot leave. */
size_t tt_ice_wrap(struct tt_ice *ice, struct tt_ice_path *path, uint8_t *buf, size_t len,
		   size_t cap);
/* Allocations are given back: poll_send has a last word to each server, and nothing else any more. */
void tt_ice_close(struct tt_ice *ice, taut_time now);
void tt_ice_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_deadline(const struct tt_ice *ice, const char **why); /* INT64_MAX: never */
const struct tt_ice_event *tt_ice_poll_event(struct tt_ice *ice);

/* ---- where data goes and comes from ---- */

/* Where data goes now: the selected pair, or before nomination the best valid one (RFC 8445
 * section 12.1). False: nowhere, also when consent has expired. Cheap. */
bool tt_ice_selected(const struct tt_ice *ice, taut_time now, struct tt_ice_path *out);
bool tt_ice_has_path(const struct tt_ice *ice, taut_time now); /* whether selected would say one */
/* Is that source the remote end of a valid pair of ours? DTLS, SRTP and SRTCP from anywhere
 * else are dropped, or held while tt_ice_may_hold. Cheap. */
bool tt_ice_may_recv(const struct tt_ice *ice, taut_flow flow, const struct taut_addr *remote);
/* Not valid yet, but an authenticated check came from there: a first flight of DTLS that
 * overtook our check may be held (bounded), and passed on once may_recv agrees. */
bool tt_ice_may_hold(const struct tt_ice *ice, taut_flow flow, const struct taut_addr *remote);
/* For statistics: what came from there was taken; so much left where data goes now. */
void tt_ice_received_data(struct tt_ice *ice, taut_time now, taut_flow flow,
			  const struct taut_addr *remote, size_t len);
void tt_ice_sent_data(struct tt_ice *ice, taut_time now, size_t packets, size_t bytes);
/* One datagram that was counted so and that its socket did not take; checks are none. */
void tt_ice_discarded(struct tt_ice *ice, const struct tt_ice_out *out);
/* Of those in the configuration; texts are the agent's. */
struct tt_ice_server tt_ice_server_at(const struct tt_ice *ice, size_t i);
/* The i-th thing that there is to say, 0: of the agent as a whole. False: no more. */
bool tt_ice_why(const struct tt_ice *ice, size_t i, struct tt_ice_why *out);
/* The latest round trip on the path, or on any valid pair; 0: none yet. */
taut_time tt_ice_rtt(const struct tt_ice *ice);
enum tt_ice_state tt_ice_state(const struct tt_ice *ice);
const struct tt_ice_counters *tt_ice_counters(const struct tt_ice *ice);
/* ice_info.c. The i-th pair, candidate of ours, candidate of the peer's: of this generation, and behind
 * them pairs of the one before while it lasts. One that was told under a name has that, and no address
 * (draft-ietf-mmusic-mdns-ice-candidates section 3.3.1). What a pair sent is never less than it was told to be
 * before. False: no more. */
bool tt_ice_pair_info(struct tt_ice *ice, size_t i, struct tt_ice_pair_info *out);
/* What was sent over all pairs, and never less than it was told to be before: what webrtc-stats counts does not
 * fall. A datagram that failed after it had been told of counts as sent until another has made up for it. */
void tt_ice_tell_sent(struct tt_ice *ice, uint64_t *packets, uint64_t *bytes);
/* server: of the configuration, where it came from, from 1; 0: none. */
bool tt_ice_local_info(const struct tt_ice *ice, size_t i, struct tt_ice_candidate *out,
		       size_t *server);
bool tt_ice_remote_info(const struct tt_ice *ice, size_t i, struct tt_ice_candidate *out);
const char *tt_ice_remote_ufrag(const struct tt_ice *ice); /* "": not known yet */

#endif
