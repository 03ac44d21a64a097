/* taut.h - a WebRTC peer connection without sockets, clocks or threads.
 *
 * You own the I/O. What moves a connection:
 *
 *     taut_pc_recv        a datagram came in
 *     taut_pc_tick        time passed; taut_pc_deadline says when at the latest
 *     taut_pc_poll_send   what to put on the wire, until it answers 0
 *     taut_pc_poll_io     sockets it wants opened, names resolved, until NULL
 *     taut_pc_poll_event  what happened, until NULL
 *
 * No call blocks and none calls you back, but for the hooks of the environment and
 * done of taut_pc_send_lent, which must not call taut. A taut_env and all its connections belong to one
 * thread at a time; two environments share nothing. taut/loop.h drives all this
 * with real sockets for those who would rather have it done.
 *
 * Conventions. int results: 0 or a count, or a TAUT_E_ code; the details are in
 * taut_pc_error. What the peer or the network does wrong is never an error here:
 * it is dropped, counted by reason and traced, or ends the connection in an
 * event with its reason. Structs you make begin with their size and zero means
 * the default, so they can grow (a larger size with a tail that is not zero is
 * TAUT_E_UNSUPPORTED). Structs taut makes are lent, and grow at their end. Text
 * handed out ends in NUL; text taken has a length. 0 is never a valid number of
 * a channel, transceiver or flow. Times are microseconds. */
#ifndef TAUT_H
#define TAUT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* begin: bindings parse from here to the end mark; between the marks there is no
 * directive but "#define NAME integer", and no struct is passed by value. */

#define TAUT_OK 0
#define TAUT_E_NOMEM -1       /* out of memory, or of the environment's share */
#define TAUT_E_INVAL -2       /* an argument the call cannot take */
#define TAUT_E_STATE -3       /* not in this state */
#define TAUT_E_SYNTAX -4      /* the description does not parse */
#define TAUT_E_UNSUPPORTED -5 /* understood, and not offered here */
#define TAUT_E_LIMIT -6       /* a configured limit is reached */
#define TAUT_E_AGAIN -7       /* full; exactly one TAUT_EV_BUFFERED_AMOUNT_LOW follows */
#define TAUT_E_GONE -8        /* no such channel, transceiver or flow any more */
#define TAUT_E_CRYPTO -9      /* OpenSSL, libsrtp or the random source refused */
#define TAUT_E_IO -10         /* the operating system refused (loop.h, media.h, signal.h) */

struct taut_trace_sink; /* taut/trace.h */

typedef struct taut_env taut_env; /* allocator, random source, trace, certificate */
typedef struct taut_pc taut_pc;   /* RTCPeerConnection */
typedef int64_t taut_time;        /* since any moment you like, never backwards */
typedef uint32_t taut_channel;
typedef uint32_t taut_transceiver;
typedef uint32_t taut_flow; /* a socket of yours: one UDP port, or a stream */

struct taut_error {
	int32_t code;
	uint32_t line, column; /* in a description, from 1; 0 elsewhere */
	const char *dom_name;  /* what a browser would throw: "InvalidStateError" */
	const char *message, *found, *expected;
	const char *spec; /* "RFC 8866 section 5.14" */
};

struct taut_addr {
	uint8_t family; /* 4, 6, or 0 for none */
	uint8_t reserved;
	uint16_t port;
	uint32_t scope; /* of a link-local IPv6 address */
	uint8_t ip[16];
};

struct taut_env_config {
	size_t size;
	void *(*realloc)(void *ctx, void *p, size_t size); /* size 0 frees; NULL: the C library's */
	int (*random)(void *ctx, void *out, size_t len);   /* secure; not 0: failed; NULL: OpenSSL's */
	void *ctx;
	const struct taut_trace_sink *trace; /* taut/trace.h; NULL is silent */
	size_t max_memory;                   /* of all its connections together; 0: no ceiling */
	int64_t unix_us;                     /* the wall clock at the monotonic moment ... */
	taut_time now;                       /* ... this; dates the certificate */
};

/* An environment, where the certificate and the cipher contexts live that its connections share.
 * TAUT_E_INVAL, TAUT_E_UNSUPPORTED: cfg->size; TAUT_E_CRYPTO: no certificate could be made;
 * TAUT_E_NOMEM. */
int taut_env_new(taut_env **out, const struct taut_env_config *cfg);
/* Frees an environment. TAUT_E_STATE, and nothing happens, while connections are left. */
int taut_env_free(taut_env *env);

/* RTCCertificate, webrtc-pc 4.9. The environment's, for all of its connections, as long as there is one. */
struct taut_dtls_fingerprint {
	const char *algorithm; /* "sha-256" */
	const char *value;     /* "4a:ad:...", lower case, where a=fingerprint has upper (RFC 8122 section 5) */
};
struct taut_certificate {
	int64_t expires; /* microseconds of the wall clock (unix_us): after it, it is not valid any more */
	const struct taut_dtls_fingerprint *fingerprints; /* getFingerprints: sha-256, sha-384, sha-512 */
	size_t fingerprint_count;
};
/* The certificate that each of its connections shows; the environment's. NULL: no memory. */
const struct taut_certificate *taut_env_certificate(taut_env *env);
/* Says what time it is for people, for sender reports and capture times. A jump moves no timer. */
void taut_env_set_wall_clock(taut_env *env, taut_time now, int64_t unix_us);
/* The next connection with packets, requests, events or a timer due; NULL: none. */
taut_pc *taut_env_ready(taut_env *env, taut_time now);
/* When the first timer of its connections is due, and in *why what for; why may be NULL. INT64_MAX:
 * never. */
taut_time taut_env_deadline(const taut_env *env, const char **why);

/* RTCIceServer: one URL each, "stun:host:port", "turn:host:port?transport=tcp" (or udp, which nobody has to
 * say) or "turns:host:port" for TLS over TCP; "stuns:" and TURN over DTLS are TAUT_E_UNSUPPORTED. Ports are
 * 3478 and with "turns:" 5349 where none is said. TURN takes both texts (long-term credentials, RFC 8489 section 9.2), as they
 * are: UTF-8 of at most 508 octets without control characters (RFC 8265 section 4.2, but not normalized), or
 * TAUT_E_INVAL. */
struct taut_ice_server {
	size_t size;
	const char *url;
	const char *username, *credential;
};

/* RTCIceTransportPolicy */
#define TAUT_ICE_ALL 0
#define TAUT_ICE_RELAY 1 /* no address but those of TURN servers is gathered, told or used */

/* Which addresses of this host are used and told, RFC 8828 section 5.2. */
#define TAUT_ICE_ADDRESS_ALL 0     /* mode 1: those of all interfaces */
#define TAUT_ICE_ADDRESS_DEFAULT 1 /* mode 2: those from which packets leave by the default route */
#define TAUT_ICE_ADDRESS_PUBLIC 2  /* mode 3: the same are used, but only what servers see or lend is told */
#define TAUT_ICE_ADDRESS_PROXY 3   /* mode 4: no UDP; TURN servers over TCP or TLS, and nothing else */

#define TAUT_ICE_TCP_CONNECT 1 /* to what the peer listens on: active candidates */
#define TAUT_ICE_TCP_LISTEN 2  /* on each address, for the peer to connect to: passive candidates */

/* A codec the application can encode, decode or forward; Opus and VP8 have packetizers here, and
 * audio/telephone-event, which needs its fmtp "0-15", lets keys of a telephone be sent and heard
 * beside sound; others are TAUT_E_UNSUPPORTED. Order is preference. */
struct taut_codec {
	size_t size;
	const char *mime;  /* "audio/opus", "video/VP8" */
	uint32_t clock_rate;
	uint8_t channels; /* 0 for video */
	uint8_t payload_type; /* the one to offer, 96..127 or 35..63; 0: taut chooses */
	const char *fmtp;  /* or NULL */
};

/* What protects media. */
#define TAUT_SRTP_DEFAULT 0
#define TAUT_SRTP_TAUT 1    /* transforms of taut, over OpenSSL */
#define TAUT_SRTP_LIBSRTP 2 /* libsrtp2 */

/* All of it is copied, but for user. */
struct taut_config {
	size_t size;
	void *user; /* comes back in every event */
	const struct taut_ice_server *ice_servers;
	size_t ice_server_count;
	const struct taut_codec *codecs; /* none: no media can be negotiated */
	size_t codec_count;
	/* Of a data channel, received; 0: 262,144. That there is no bound (a=max-message-size:0, RFC 8841 section 6) cannot be
	 * said: a message is given out whole, and memory has one. Without the line a peer would take it for 65,536. */
	size_t max_message_size;
	size_t send_buffer_size; /* of all data channels together; 0: 16 MiB */
	size_t max_memory;       /* of the connection, OpenSSL's apart; 0: 32 MiB */
	/* Video leaves in bursts of at most so many packets, and a burst each so many microseconds. */
	uint32_t pacing_burst, pacing_interval; /* 0: 10, and 5,000 */
	uint32_t srtp_backend;   /* TAUT_SRTP_; one that this build lacks is TAUT_E_UNSUPPORTED */
	uint32_t ice_transport_policy; /* TAUT_ICE_ */
	/* Where the peer offers several encodings of a video (simulcast, RFC 8853), so many are taken,
	 * each frame with its rid. 0: the peer sends one. At most 4. */
	uint32_t max_receive_encodings;
	/* Candidates over TCP (RFC 6544), for where UDP does not get through and there is no TURN server:
	 * TAUT_ICE_TCP_, or both. With the policy relay there are none. 0: UDP alone; other bits are TAUT_E_INVAL. */
	uint64_t ice_tcp; /* so wide that it lies behind all of what version 0.1 had first */
	/* 1: host candidates, local descriptions, statistics and TAUT_EV_ICE_CANDIDATE_ERROR show a random
	 * "<uuid>.local" in place of each address of this host, and who asks for it by multicast DNS on its
	 * link is answered (RFC 6762, draft-ietf-mmusic-mdns-ice-candidates section 3.1). For those that
	 * must not tell peers and signaling what their network looks like. It costs: peers elsewhere
	 * meet us by other candidates alone, those on our link ask first. 0: addresses, because an application that
	 * links this library is no web page: it knows them anyway. Anything else is TAUT_E_INVAL.
	 * taut_pc_why_at, milestones and the trace are for this side, and show addresses. */
	uint32_t ice_mdns;
	/* TAUT_CC_: how much data channels have on their way, and how fast it leaves. Anything else is TAUT_E_INVAL. */
	uint32_t congestion_control;
	/* TAUT_ICE_ADDRESS_: one against telling peers more about this host than a web server would see. All
	 * but TAUT_ICE_ADDRESS_ALL need interfaces with TAUT_IF_DEFAULT_ROUTE. With PUBLIC and PROXY there are no
	 * candidates over TCP, and statistics, descriptions and candidate errors show no address of an
	 * interface that no server has seen. With PROXY a server that is asked over UDP is told of
	 * in TAUT_EV_ICE_CANDIDATE_ERROR; names are resolved as always. Others are TAUT_E_INVAL. */
	uint32_t ice_address_policy;
	/* iceCandidatePoolSize: 1 and more, gathering begins at once, and what was found is told when the first local
	 * description is set; until then servers are asked again each 15 seconds. There is one transport, and more
	 * than 1 means no more. 0: gathering begins with that description. Above 255 it is TAUT_E_INVAL.
	 * webrtc-pc 4.2.1, RFC 9429 section 4.1.1. */
	uint32_t ice_candidate_pool_size;
	/* Bit i is of ice_servers[i]. 1: where its URL has a name and no port, the name's SRV records say which servers there
	 * are (RFC 8489 section 8, RFC 2782), "_stun._udp.name", "_turn._udp", "_turn._tcp" or "_turns._tcp": at
	 * most 8 targets, one after the other until one answers, or so many as 12 s after the first one failed have
	 * room for. Without records it is as with 0, where the name
	 * is that of the server. A certificate is for the name of the URL. Bits of servers that there
	 * are not are TAUT_E_INVAL. It belongs to the servers, and may change with them. */
	uint64_t ice_srv_servers; /* so wide that it lies behind all that went before */
	/* As long IP packets of data channels may become, in octets: while there is much to send it is found out how long
	 * ones the path takes (RFC 8899, docs/SCTP.md), beginning with 1,200 octets of UDP. Everything else stays
	 * below those. 0: 1,500. Up to 1,280: no packet ever gets longer, and nothing is tried out, which is for
	 * drivers that cannot do as taut_datagram.dont_fragment says. Above 1,500 it is TAUT_E_INVAL. */
	uint64_t max_path_mtu;
	/* 1: offers say how our SCTP begins (a=sctp-init, draft-hancke-tsvwg-snap), and a peer that answers so has data
	 * channels two round trips sooner; with others it is as always. Such an offer is answered so in any case. It is
	 * an option because there are peers that give back what they do not know; our own is recognized. Above 1 it is
	 * TAUT_E_INVAL. */
	uint32_t sctp_snap;
	/* 1: a lite agent (RFC 8445 section 2.5), for servers that everybody reaches: it waits for the peer's checks and sends none.
	 * With it go no servers, TAUT_ICE_ALL, TAUT_ICE_ADDRESS_ALL or _DEFAULT, and no TAUT_ICE_TCP_CONNECT; others are TAUT_E_INVAL.
	 * A description of a peer that is one too is TAUT_E_UNSUPPORTED. docs/ICE.md says what it costs. */
	uint32_t ice_lite;
	/* Octets that the receive window of data channels may grow to: it doubles while the peer fills more than half of it in a
	 * round trip and the application takes what comes (a_rwnd of RFC 9260 section 3.3.4, docs/SCTP.md). What waits for
	 * the application counts, and max_memory has to have room for it; how much a peer may have on its way to
	 * us is at most this, and how much we have on ours at most send_buffer_size and the peer's window. 0: 16 MiB.
	 * What two messages of max_message_size and 128 KiB take is the least, whatever is said here. Above 128 MiB it is
	 * TAUT_E_INVAL: gap blocks can name 65,535 chunks, and so much is not on its way in packets of 1,500. */
	uint64_t max_receive_window;
};

#define TAUT_CC_DEFAULT 0 /* TAUT_CC_CUBIC */
#define TAUT_CC_RFC9260 1 /* section 7.2: a packet more each round trip, half of it all at a loss */
#define TAUT_CC_CUBIC 2   /* RFC 9438, by which most of the internet's TCP goes as well */
/* By a model of the path, in the manner of BBR: for paths that lose packets by themselves, which the others
 * cannot fill. Beside those it takes more than its half, the more the shorter the path's queue is (docs/SCTP.md). */
#define TAUT_CC_MODEL 3

/* A connection of the environment, on whose thread it lives. TAUT_E_INVAL: a member of cfg that it
 * says so of, a URL of a server that is none, or no size; TAUT_E_UNSUPPORTED: a codec, server or
 * SRTP that is not offered here; TAUT_E_LIMIT: more servers or codecs than it keeps; TAUT_E_CRYPTO,
 * TAUT_E_NOMEM. webrtc-pc 4.4.1.1. */
int taut_pc_new(taut_pc **out, taut_env *env, const struct taut_config *cfg, taut_time now);
/* Frees a connection at once and without a word to the peer; taut_pc_close says goodbye first. NULL
 * is fine. */
void taut_pc_free(taut_pc *pc);
/* Why the last call that failed did. The connection's; valid until the next one that fails. Never
 * NULL. */
const struct taut_error *taut_pc_error(const taut_pc *pc);
/* The configuration as it was given, with the defaults filled in; what it points to lives until the
 * next call of this or of taut_pc_set_configuration. NULL: no memory. webrtc-pc 4.4.2. */
const struct taut_config *taut_pc_get_configuration(taut_pc *pc);
/* Changes what may be changed: other servers, until the first local description is set (later
 * TAUT_E_UNSUPPORTED), another size of the candidate pool until then (later TAUT_E_INVAL,
 * InvalidModificationError), and another user. Other servers throw away what was pooled. The rest
 * is as it was, or TAUT_E_INVAL (InvalidModificationError); so is a URL that is none (SyntaxError).
 * TAUT_E_LIMIT: more than 4. After an error nothing has changed. webrtc-pc 4.4.1.6. */
int taut_pc_set_configuration(taut_pc *pc, taut_time now, const struct taut_config *cfg);

/* ---- network: you are told and you are asked ---- */

/* One packet, or a run of them: when segment is not 0, len bytes are packets of
 * that size one after another, the last one perhaps shorter. A run is what
 * UDP_SEGMENT sends and UDP_GRO receives in one system call. */
struct taut_datagram {
	size_t size;
	taut_flow flow;
	struct taut_addr local, remote;
	uint8_t *buf; /* yours; recv decrypts in place and may borrow it until poll_event answers NULL */
	size_t cap, len;
	taut_time received; /* by the kernel's clock; 0: now */
	uint16_t segment;
	uint8_t dscp, ecn;
	/* Of poll_send. 1: it tries out whether the path takes packets of that length, and has to leave in one piece, with
	 * DF in IPv4, or not at all (send_failed with EMSGSIZE), also where the host believes to know better: with
	 * IP_MTU_DISCOVER or IPV6_MTU_DISCOVER at PMTUDISC_PROBE while it is sent. It is no run. */
	uint64_t dont_fragment;
};

/* What the core cannot do itself: sockets, names, multicast, streams.
 *
 * A second UDP socket on the same local address is asked for when a TURN server has refused the port of the
 * first (437): it has to have another port, also where a driver lets connections share the first one.
 *
 * A stream (TCP, TLS) is answered when it is open, TLS included, or when that failed, and once more when it
 * ends, which nobody but TAUT_IO_CLOSE does without an os_errno: ECONNRESET also if the other end said goodbye,
 * EKEYREJECTED if its certificate is not for name or not of anybody trusted, EPROTO if it does not speak TLS. What
 * comes over one goes to taut_pc_recv as it comes, in pieces of any length, with the local address that was
 * answered and the remote one that was asked for. What poll_send gives for one, a run included, is written whole
 * behind what was written before, or, where the driver has no room for it, not at all (send_failed). Requests
 * are not said twice over a stream: a driver keeps room for what is shorter than 600 octets. What listens
 * is answered at once, and may end with an os_errno as well. */
#define TAUT_IO_UDP 1       /* bind a UDP socket on local; answer with the address it got */
#define TAUT_IO_CLOSE 2     /* no answer */
#define TAUT_IO_RESOLVE 3   /* name to addresses */
#define TAUT_IO_MULTICAST 4 /* a socket on local's port, shared, joined to group local.ip */
#define TAUT_IO_TCP 5       /* a stream from local's ip to remote; answer with the local address it got */
#define TAUT_IO_LISTEN 7    /* take TCP connections on local's ip; answer with the address, then taut_pc_accept */
#define TAUT_IO_RESOLVE_SRV 8 /* name to SRV records; answer with taut_pc_srv_result */
#define TAUT_IO_TLS 6       /* TLS on one; name: whom the certificate has to be for, a DNS name or an address */
struct taut_io {
	uint32_t kind;
	taut_flow flow;
	struct taut_addr local;
	const char *name;
	struct taut_addr remote; /* of a stream */
};

#define TAUT_IF_LOOPBACK 1
/* What is sent to the internet leaves from this address, by the routing table: RFC 8828 section 6.2. At most
 * one address of each family has it. */
#define TAUT_IF_DEFAULT_ROUTE 2
/* An IPv6 address that is another one tomorrow, so that nobody can be followed by it (RFC 8981). Where an interface has
 * one, others of the same prefix that are not are left out: RFC 8445 section 5.1.1.1. */
#define TAUT_IF_TEMPORARY 4
/* An IPv6 address for what is under way alone (RFC 4862 section 5.5.4): left out where the interface has another. */
#define TAUT_IF_DEPRECATED 8
/* What an interface leads to. Where data can go by several, the cheaper one is taken: ethernet and loopback,
 * then Wi-Fi, one of which nothing is known, what goes through another network, and cellular last. */
#define TAUT_NETWORK_UNKNOWN 0
#define TAUT_NETWORK_ETHERNET 1
#define TAUT_NETWORK_WIFI 2
#define TAUT_NETWORK_CELLULAR 3 /* no more is known of it than that */
#define TAUT_NETWORK_VPN 4      /* or another tunnel */
#define TAUT_NETWORK_LOOPBACK 5
#define TAUT_NETWORK_CELLULAR_2G 6
#define TAUT_NETWORK_CELLULAR_3G 7
#define TAUT_NETWORK_CELLULAR_4G 8
#define TAUT_NETWORK_CELLULAR_5G 9
struct taut_interface {
	size_t size;
	uint32_t index, flags;
	const char *name;
	struct taut_addr addr; /* one entry per address */
	uint32_t network;      /* TAUT_NETWORK_; others are TAUT_E_INVAL */
};

/* Tells which addresses this host has: all there are now, each time; the entries are copied. One
 * that comes while candidates are gathered is a candidate at once, a later one with the next
 * restart; a peer that follows another nomination (ice-options:renomination) is shown it by checks
 * before. If data has no way left but by such an address, ICE is restarted as by
 * taut_pc_restart_ice. TAUT_E_NOMEM: those of before stay. RFC 8445 section 5.1.1.1. */
int taut_pc_set_interfaces(taut_pc *pc, taut_time now, const struct taut_interface *all, size_t n);
/* The next thing that the connection wants of its driver: a socket, a stream, a name. Valid until
 * the next poll_io. NULL: nothing more is wanted. */
const struct taut_io *taut_pc_poll_io(taut_pc *pc);
/* Answers what taut_pc_poll_io has asked for. os_errno 0: done, found holds the one bound address
 * (of a socket, a stream, what listens) or those resolved; lent for the call. TAUT_E_GONE: nothing
 * was asked with that flow. */
int taut_pc_io_result(taut_pc *pc, taut_time now, taut_flow flow, int os_errno,
                      const struct taut_addr *found, size_t n);
/* What DNS has of RFC 2782. */
struct taut_srv {
	uint16_t priority, weight, port;
	const char *target; /* a name, without a dot at its end; "": there is no such service */
};
/* The answer to TAUT_IO_RESOLVE_SRV, in any order; lent for the call. Who cannot ask for such records
 * answers with taut_pc_io_result and an os_errno. Errors as there. */
int taut_pc_srv_result(taut_pc *pc, taut_time now, taut_flow flow, int os_errno,
		       const struct taut_srv *found, size_t n);
/* A TCP connection came to a flow of TAUT_IO_LISTEN: the number of its own flow, which is a stream that is open, or
 * 0: it is not wanted, close it. */
taut_flow taut_pc_accept(taut_pc *pc, taut_time now, taut_flow listener,
                         const struct taut_addr *local, const struct taut_addr *remote);
/* Takes what came in: a datagram, a run of them, or a piece of a stream. TAUT_E_INVAL: no size, or
 * len beyond cap; what the peer does wrong is no error. */
int taut_pc_recv(taut_pc *pc, taut_time now, struct taut_datagram *in);
/* The next packets to send. Fills out->buf (at most out->cap bytes, which are at least 2,048) and
 * the rest of out but size. 1; 0: nothing more now; TAUT_E_INVAL: no size, or too little room. A caller
 * whose datagram ends before dont_fragment is given nothing that it would have to know. */
int taut_pc_poll_send(taut_pc *pc, taut_time now, struct taut_datagram *out);
/* The fragment by which checks of the peer name this connection. For a driver whose connections
 * share a socket, as loop.h does with TAUT_LOOP_ONE_SOCKET. They begin their USERNAME with this
 * fragment and a colon (RFC 8445 section 7.2.2); it changes with an ICE restart, and the one before
 * counts on until the new path carries data. */
const char *taut_pc_ice_ufrag(const taut_pc *pc);
/* How many checks of the peer and answers to ours were authenticated, so far: whether one more came
 * with the datagram just given to recv says whether its sender knows the passwords. */
uint64_t taut_pc_ice_authenticated(const taut_pc *pc);
/* Says that what poll_send gave could not be sent; counted, in statistics of its pair as well, and
 * traced; ICE decides by its timers. EMSGSIZE says that packets of data channels are longer than the
 * interface takes: they become shorter. */
void taut_pc_send_failed(taut_pc *pc, taut_time now, const struct taut_datagram *what, int os_errno);
/* Says that time has passed: timers that are due run. At taut_pc_deadline at the latest; earlier
 * does no harm. */
void taut_pc_tick(taut_pc *pc, taut_time now);
/* When its first timer is due, and in *why what for; why may be NULL. INT64_MAX: never. */
taut_time taut_pc_deadline(const taut_pc *pc, const char **why);

/* ---- what happened ---- */

#define TAUT_EV_NEGOTIATION_NEEDED 1
/* text: "candidate:...", label: its mid; no text: end of candidates. Of one that a server saw or lends
 * (srflx, relay) url: the server's; number: how a relay's is reached, TAUT_TURN_ */
#define TAUT_EV_ICE_CANDIDATE 2
#define TAUT_EV_SIGNALING_STATE 3  /* number: TAUT_SIGNALING_ */
#define TAUT_EV_GATHERING_STATE 4  /* number: TAUT_GATHERING_ */
#define TAUT_EV_CONNECTION_STATE 5 /* number: TAUT_STATE_; reason and text: what led there */
#define TAUT_EV_MILESTONE 6        /* number: TAUT_MS_; text: in words */
#define TAUT_EV_TRACK 7            /* a remote track began: transceiver, number: its kind,
                                      label: its stream id, text: its own id or NULL;
                                      data, len: the ids of all its streams, each with its NUL */
#define TAUT_EV_FRAME 8            /* frame: as assembled from RTP */
#define TAUT_EV_KEY_FRAME_WANTED 9 /* the peer sent PLI or FIR for this transceiver;
                                      label: the rid of the encoding, NULL where there is one */
#define TAUT_EV_DATA_CHANNEL 10    /* the peer opened one; label and text: its label and protocol */
#define TAUT_EV_OPEN 11
#define TAUT_EV_MESSAGE 12 /* data, len; number: 1 if binary */
#define TAUT_EV_BUFFERED_AMOUNT_LOW 13
/* A channel is gone. reason; text: in words, of one that ends with its association what that says; sctp_cause.
 * onclose and, if reason is neither CLOSED_HERE nor one of the two CLOSED_BY_PEER, onerror of webrtc-pc 6.2. */
#define TAUT_EV_CLOSE 14
/* A STUN or TURN server is of no help, once for each and ICE generation. number: what it answered, 701:
 * nothing (RTCPeerConnectionIceErrorEvent); label: its URL as it was given; text: why, in words; addr:
 * our own, from which it was asked, NULL: from none */
#define TAUT_EV_ICE_CANDIDATE_ERROR 15
#define TAUT_EV_ICE_CONNECTION_STATE 16 /* number: TAUT_ICE_STATE_; text: what led there */
#define TAUT_EV_TONE_CHANGE 17 /* text: the tone that begins, or "": all are out (ontonechange) */
/* The peer pressed a key of a telephone. number: its event, RFC 4733 section 3.2; text: "5", "" for an
 * event that is no key */
#define TAUT_EV_TONE 18
/* RTCDtlsTransport and RTCSctpTransport, onstatechange of webrtc-pc 5.5 and 6.1. number: TAUT_STATE_;
 * reason and text: what led there. A change comes before the state of the connection that it leads to,
 * and before the channels that it opens. taut_pc_close closes both without a word. Of an association that
 * an ABORT ended sctp_cause; reason: whose, TAUT_REASON_SCTP_ABORT or TAUT_REASON_SCTP_ABORTED_HERE; text: the
 * cause in words, and what was said of it. */
#define TAUT_EV_DTLS_STATE 19
#define TAUT_EV_SCTP_STATE 20
/* A channel is TAUT_CHANNEL_CLOSING though nobody here has closed it: reason, text. TAUT_EV_CLOSE follows, with
 * the same, when all that was to be sent is. One that ends with its transport closes at once.
 * onclosing, webrtc-pc 6.2.4. */
#define TAUT_EV_CLOSING 21

#define TAUT_SIGNALING_STABLE 1
#define TAUT_SIGNALING_HAVE_LOCAL_OFFER 2
#define TAUT_SIGNALING_HAVE_REMOTE_OFFER 3
#define TAUT_SIGNALING_CLOSED 4
#define TAUT_SIGNALING_HAVE_LOCAL_PRANSWER 5
#define TAUT_SIGNALING_HAVE_REMOTE_PRANSWER 6

#define TAUT_GATHERING_NEW 1
#define TAUT_GATHERING_GATHERING 2
#define TAUT_GATHERING_COMPLETE 3

/* RTCPeerConnectionState, webrtc-pc section 4.3.3 */
#define TAUT_STATE_NEW 1
#define TAUT_STATE_CONNECTING 2
#define TAUT_STATE_CONNECTED 3
#define TAUT_STATE_DISCONNECTED 4
#define TAUT_STATE_FAILED 5
#define TAUT_STATE_CLOSED 6

/* RTCIceConnectionState, webrtc-pc section 4.3.4 */
#define TAUT_ICE_STATE_NEW 1
#define TAUT_ICE_STATE_CHECKING 2
#define TAUT_ICE_STATE_CONNECTED 3
#define TAUT_ICE_STATE_COMPLETED 4
#define TAUT_ICE_STATE_DISCONNECTED 5
#define TAUT_ICE_STATE_FAILED 6
#define TAUT_ICE_STATE_CLOSED 7

#define TAUT_ICE_ROLE_UNKNOWN 0 /* there is no description yet */
#define TAUT_ICE_ROLE_CONTROLLING 1
#define TAUT_ICE_ROLE_CONTROLLED 2

/* The steps of a call coming up, each reported once per ICE generation. */
#define TAUT_MS_GATHERING 1      /* the first local candidate */
#define TAUT_MS_FIRST_CHECK 2    /* the first check left */
#define TAUT_MS_NOMINATED 3      /* a pair is selected */
#define TAUT_MS_DTLS 4           /* the handshake is done and the fingerprint matches */
#define TAUT_MS_SCTP 5           /* the association is up */

/* Why a connection ended or stumbles; taut_reason_text has a sentence for each. */
#define TAUT_REASON_NONE 0
#define TAUT_REASON_CLOSED_HERE 1
#define TAUT_REASON_CLOSED_BY_PEER 2        /* DTLS close_notify, RFC 5246 section 7.2.1; SHUTDOWN, RFC 9260 9.2 */
#define TAUT_REASON_ICE_NO_PAIR 3           /* every pair failed, RFC 8445 section 8.1.2 */
#define TAUT_REASON_ICE_SILENT 4            /* consent not answered for a while, may come back */
#define TAUT_REASON_ICE_CONSENT_EXPIRED 5   /* RFC 7675 section 5.1 */
#define TAUT_REASON_DTLS_FINGERPRINT 6      /* RFC 8122 section 6.2 */
#define TAUT_REASON_DTLS_HANDSHAKE 7        /* refused by OpenSSL or an alert of the peer */
#define TAUT_REASON_DTLS_TIMEOUT 8
#define TAUT_REASON_SCTP_ABORT 9            /* of the peer's, RFC 9260 section 9.1 */
#define TAUT_REASON_SCTP_UNREACHABLE 10     /* RFC 9260 section 8.1 */
#define TAUT_REASON_NO_MEMORY 11
#define TAUT_REASON_CHANNEL_CLOSED_BY_PEER 12
#define TAUT_REASON_TRANSPORT_GONE 13
#define TAUT_REASON_CHANNEL_MESSAGE_TOO_LARGE 14 /* above taut_config.max_message_size, RFC 8841 section 6 */
#define TAUT_REASON_CHANNEL_UNKNOWN_PPID 15      /* of a message of the peer's, RFC 8831 section 6.6 */
#define TAUT_REASON_SCTP_ABORTED_HERE 16         /* for what the peer sent, RFC 9260 section 3.3.10 */
/* A reason in words. Never NULL. */
const char *taut_reason_text(uint32_t reason);

#define TAUT_FRAME_KEY 1
#define TAUT_FRAME_AUDIO_LEVEL 2 /* audio_level and TAUT_FRAME_VOICE are known */
#define TAUT_FRAME_VOICE 4
#define TAUT_FRAME_AFTER_LOSS 8 /* something before this frame is missing */
/* An encoded frame, on its way out or in. */
struct taut_frame {
	size_t size;
	uint32_t rtp_timestamp, flags;
	taut_time captured; /* out: when it was taken; in: the same by the sender's reports, 0: unknown */
	taut_time received; /* in: when its last packet came */
	const void *data;
	size_t len;
	const struct taut_codec *codec; /* in: what was negotiated for its payload type; out: not looked at */
	uint8_t payload_type;           /* in */
	uint8_t audio_level;            /* RFC 6464: -dBov, 0 is loudest, 127 silence */
	uint16_t frame_count_lost;      /* in: audio frames missing just before this one */
	const char *rid; /* which encoding of several; out: NULL is the first; in: NULL is the only one */
	taut_time first_received; /* in: when its first packet came */
};

/* RTCIceServerTransportProtocol */
#define TAUT_TURN_UDP 1
#define TAUT_TURN_TCP 2
#define TAUT_TURN_TLS 3
struct taut_event {
	uint32_t type, reason; /* reason: TAUT_REASON_ */
	taut_time at;
	void *user; /* of the connection */
	taut_channel channel;
	taut_transceiver transceiver;
	const char *label, *text;
	const void *data;
	size_t len;
	uint64_t number;
	const struct taut_frame *frame;
	const char *url;
	const struct taut_addr *addr;
	uint32_t network; /* TAUT_NETWORK_, of TAUT_EV_ICE_CANDIDATE: where its socket is */
	/* Of TAUT_EV_SCTP_STATE and TAUT_EV_CLOSE: the first cause in the ABORT that ended the association, RFC 9260 section
	 * 3.3.10; 0: there was no ABORT, or no cause in it. sctpCauseCode of webrtc-pc's RTCError. */
	uint32_t sctp_cause;
};

/* What happened next. NULL: nothing more. Valid until the next poll_event or free; no other call
 * touches it, so that an echo can send what it has just been lent. */
const struct taut_event *taut_pc_poll_event(taut_pc *pc);

/* ---- RTCPeerConnection; whatever may start a timer is told the time ---- */

#define TAUT_SDP_OFFER 1
#define TAUT_SDP_ANSWER 2
#define TAUT_SDP_ROLLBACK 3
#define TAUT_SDP_PRANSWER 4 /* an answer that another may follow; media and checks start with it */
/* The text of an offer of what is to be sent and received now. It lives until the next create_offer
 * or create_answer, or the next set_local_description without a text, which makes one.
 * TAUT_E_STATE: the connection is closed, or an offer waits for its answer; TAUT_E_NOMEM. webrtc-pc
 * 4.4.2. */
int taut_pc_create_offer(taut_pc *pc, taut_time now, const char **sdp);
/* The text of an answer to the peer's offer. It lives as long. TAUT_E_STATE: there is no offer;
 * TAUT_E_NOMEM. */
int taut_pc_create_answer(taut_pc *pc, taut_time now, const char **sdp);
/* Makes a description of ours count. type 0: an answer where one is awaited of us, else an offer;
 * sdp NULL: what create_ would return now. TAUT_E_INVAL: another text than create_ made last, or
 * one that the peer's offer has overtaken. A rollback, by this call or the next, takes back an
 * offer of either side, not a provisional answer: TAUT_E_STATE. What the peer's offer had stopped
 * stays stopped. */
int taut_pc_set_local_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
                                  size_t len);
/* Takes a description of the peer's. An offer that meets a local one rolls that back first
 * (implicit rollback), and this stays done if memory then ends. Otherwise a description that is
 * refused changes nothing. TAUT_E_SYNTAX, TAUT_E_INVAL (against a rule, which taut_pc_error names),
 * TAUT_E_UNSUPPORTED, TAUT_E_LIMIT. */
int taut_pc_set_remote_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
                                   size_t len);
/* The local description as it stands now, with the candidates gathered so far; NULL: none, or no
 * memory. The text lives until the next call of this. webrtc-pc 4.4.2: the pending one, else the
 * current one; each of the six has a text of its own. type may be NULL. */
const char *taut_pc_local_description(taut_pc *pc, uint32_t *type);
/* The local description that was negotiated last, as it was set and with the candidates since;
 * NULL: none. */
const char *taut_pc_current_local_description(taut_pc *pc, uint32_t *type);
/* The local description that waits for its answer, or was answered provisionally; NULL: none. */
const char *taut_pc_pending_local_description(taut_pc *pc, uint32_t *type);
/* The peer's description, as taut has read it, with the candidates that add_ice_candidate brought,
 * at most 64 for an m-line that was named. */
const char *taut_pc_remote_description(taut_pc *pc, uint32_t *type);
/* The peer's description that was negotiated last; NULL: none. */
const char *taut_pc_current_remote_description(taut_pc *pc, uint32_t *type);
/* The peer's description that waits for its answer, or is a provisional one; NULL: none. */
const char *taut_pc_pending_remote_description(taut_pc *pc, uint32_t *type);
/* Takes a candidate of the peer's. mid or m_line_index (-1: none) says where; NULL candidate: end
 * of candidates. A candidate that cannot be used is traced and ignored; TAUT_E_SYNTAX: it is not
 * one. */
int taut_pc_add_ice_candidate(taut_pc *pc, taut_time now, const char *candidate, size_t len,
                              const char *mid, int m_line_index);
/* Wants an ICE restart: the next offer has new credentials, RFC 8445 section 9. TAUT_E_STATE: it is
 * closed. */
int taut_pc_restart_ice(taut_pc *pc, taut_time now);
/* Says goodbye (SCTP ABORT is not sent; DTLS close_notify is, by the next poll_send) and ends all.
 * Its channels are gone with it, without a TAUT_EV_CLOSE each; so they are when TAUT_STATE_CLOSED
 * tells that the peer said goodbye. Messages that had arrived can still be polled. Idempotent. */
int taut_pc_close(taut_pc *pc, taut_time now);
/* Where offers and answers are: TAUT_SIGNALING_, webrtc-pc 4.3.1. */
uint32_t taut_pc_signaling_state(const taut_pc *pc);
/* How far the gathering of candidates is: TAUT_GATHERING_, webrtc-pc 4.3.2. */
uint32_t taut_pc_gathering_state(const taut_pc *pc);
/* How the connection is, ICE and DTLS together: TAUT_STATE_, webrtc-pc 4.3.3. */
uint32_t taut_pc_connection_state(const taut_pc *pc);
/* How ICE alone is: TAUT_ICE_STATE_, webrtc-pc 4.3.4. */
uint32_t taut_pc_ice_connection_state(const taut_pc *pc);
/* Who decides for a pair: TAUT_ICE_ROLE_, RFC 8445 section 6.1.1; a conflict may turn it.
 * RTCIceTransport, webrtc-pc 5.6. */
uint32_t taut_pc_ice_role(const taut_pc *pc);
/* How DTLS is: TAUT_STATE_NEW, CONNECTING, CONNECTED, FAILED or CLOSED. RTCDtlsTransport, webrtc-pc
 * 5.5. */
uint32_t taut_pc_dtls_state(const taut_pc *pc);
/* The certificates that the peer showed, as DER, its own at index 0 and then those that vouch for it:
 * RTCDtlsTransport.getRemoteCertificates, webrtc-pc 5.5. What its description names is the first. Copies
 * one to der, which has room for cap octets. Its length; above cap: nothing was written (16,384 are
 * always enough). 0: no more, or DTLS was never connected; they stay when it has closed or failed. der
 * may be NULL where cap is 0. TAUT_E_NOMEM. */
int taut_pc_remote_certificate(taut_pc *pc, size_t index, void *der, size_t cap);
/* How SCTP is: TAUT_STATE_CONNECTING, CONNECTED or CLOSED; 0: no data channel was negotiated yet.
 * RTCSctpTransport, webrtc-pc 6.1. */
uint32_t taut_pc_sctp_state(const taut_pc *pc);
/* Octets of the largest message that the peer takes, by its description; -1: of any size; 0: it has
 * not said yet. maxMessageSize, webrtc-pc 6.1. */
int64_t taut_pc_max_message_size(const taut_pc *pc);
/* How many channels there can be at once; 0: not known before SCTP is connected. maxChannels. */
uint32_t taut_pc_max_channels(const taut_pc *pc);
/* Whether the peer takes candidates one by one: 1 or 0, by its description; -1: there is none yet. */
int taut_pc_can_trickle_ice_candidates(const taut_pc *pc);

/* ---- media ---- */

#define TAUT_AUDIO 1
#define TAUT_VIDEO 2
#define TAUT_SENDRECV 1
#define TAUT_SENDONLY 2
#define TAUT_RECVONLY 3
#define TAUT_INACTIVE 4
#define TAUT_STOPPED 5
struct taut_rtp_encoding;
struct taut_transceiver_init {
	size_t size;
	uint32_t kind, direction; /* direction 0: sendrecv */
	const char *stream_id;    /* of the sender's track; NULL: none, a=msid:- */
	const char *track_id;     /* NULL: no track yet, and an id is made up for a=msid */
	/* Simulcast: of video up to 4 encodings, each with a rid of 1 to 16 letters, digits, - and _ (RFC
	 * 8851). Where none says how large it is, each is half as wide and high as the one behind
	 * it. An answer takes all, some, or the first alone: see taut_pc_get_sender_parameters. */
	const struct taut_rtp_encoding *send_encodings;
	size_t send_encoding_count; /* 0: one, without rid */
	/* The other way, which no browser offers but each can answer: video of the peer in so many
	 * encodings, at most 4, the smallest first, under these rids, which are others than those that are
	 * sent. It may take fewer, or send one without. */
	const char *const *receive_rids;
	size_t receive_rid_count;
};
/* A pair of a sender and a receiver, for the next offer. TAUT_E_INVAL: its kind, its direction, an
 * id or an encoding cannot be; TAUT_E_LIMIT: there are 64; TAUT_E_STATE: the connection is closed;
 * TAUT_E_NOMEM. webrtc-pc 5.1. */
int taut_pc_add_transceiver(taut_pc *pc, taut_time now, const struct taut_transceiver_init *init,
                            taut_transceiver *out);
/* Gives a transceiver another direction. Takes effect with the next negotiation; one that a remote
 * offer made starts as recvonly. TAUT_E_STATE: it is stopped. */
int taut_pc_set_direction(taut_pc *pc, taut_time now, taut_transceiver t, uint32_t direction);
/* A track, and the streams it belongs to. */
struct taut_track_init {
	size_t size;
	uint32_t kind;
	const char *track_id; /* NULL: made up */
	const char *const *stream_ids;
	size_t stream_count; /* at most 16 */
};
/* Sends a track. It takes a transceiver that has no track and has never sent, which then sends as
 * well, or gets a new one, sendrecv. One added so is also found by an offer of the peer that would
 * receive it. TAUT_E_INVAL: a track with this id is sent already (InvalidAccessError), or an id is
 * none. TAUT_E_LIMIT, TAUT_E_NOMEM. webrtc-pc 5.1 addTrack. */
int taut_pc_add_track(taut_pc *pc, taut_time now, const struct taut_track_init *init,
                      taut_transceiver *out);
/* Takes the track of a sender away: no more frames are taken for it, and the next negotiation says
 * that it does not send. Where there is no track nothing happens. TAUT_E_GONE. webrtc-pc 5.1. */
int taut_pc_remove_track(taut_pc *pc, taut_time now, taut_transceiver t);
/* Sends another track in place of that of a sender; nothing is negotiated. NULL: no frames are
 * taken until there is a track again. TAUT_E_STATE: it is stopped; TAUT_E_GONE, TAUT_E_INVAL.
 * webrtc-pc 5.2. */
int taut_pc_replace_track(taut_pc *pc, taut_time now, taut_transceiver t, const char *track_id);
/* Puts what is sent into streams; tracks of one stream are played in step (lip sync). Takes effect
 * with the next negotiation. An id that comes twice counts once. TAUT_E_LIMIT: more than 16;
 * TAUT_E_INVAL, TAUT_E_GONE. webrtc-pc 5.2. */
int taut_pc_set_streams(taut_pc *pc, taut_time now, taut_transceiver t, const char *const *stream_ids,
                        size_t count);
/* Puts what is sent into one stream, or none: NULL. Errors as there. */
int taut_pc_set_stream(taut_pc *pc, taut_time now, taut_transceiver t, const char *stream_id);
/* Says which codecs are offered and answered with, in which order, from the next description on;
 * none: all of the configuration. Without "video/rtx" among them lost packets are not sent again.
 * TAUT_E_INVAL (InvalidModificationError): one is not of the configuration, by its mime type, rate,
 * channels and fmtp, or there is nothing but rtx. TAUT_E_GONE. webrtc-pc 5.4
 * setCodecPreferences. */
int taut_pc_set_codec_preferences(taut_pc *pc, taut_time now, taut_transceiver t,
                                  const struct taut_codec *codecs, size_t count);

/* RTCRtpSendParameters and RTCRtpReceiveParameters, webrtc-pc 5.2. Of an encoding all but its rid may be
 * changed; what its limits say is for the encoder, which is yours, but frames of one that is not active
 * are refused. */
struct taut_rtp_encoding {
	size_t size;
	const char *rid; /* NULL: there is one, and never were more */
	uint32_t active; /* 0: no frames are taken */
	uint32_t max_bitrate; /* bit/s; 0: no limit */
	double max_framerate; /* of video, frames a second; 0: no limit */
	double scale_resolution_down_by; /* of video: at least 1, or 0 for 1 */
};
struct taut_rtp_header_extension {
	const char *uri;
	uint16_t id;
};
struct taut_rtp_parameters {
	size_t size;
	uint64_t transaction_id; /* of a sender */
	const struct taut_rtp_encoding *encodings; /* of a sender */
	size_t encoding_count;
	const struct taut_codec *codecs; /* with their negotiated payload types and fmtp */
	size_t codec_count;
	const struct taut_rtp_header_extension *header_extensions;
	size_t header_extension_count;
	const char *cname; /* of a sender, RFC 7022 */
	uint32_t reduced_size; /* RTCP, RFC 5506 */
};
/* The parameters of what is sent. out->size must be set. What they point to is lent until the next
 * call of this or the next one, or until another description is set. TAUT_E_INVAL: no size;
 * TAUT_E_GONE, TAUT_E_NOMEM. */
int taut_pc_get_sender_parameters(taut_pc *pc, taut_transceiver t, struct taut_rtp_parameters *out);
/* The parameters of what is received. Lent and refused as there. */
int taut_pc_get_receiver_parameters(taut_pc *pc, taut_transceiver t, struct taut_rtp_parameters *out);
/* Sets parameters that were got, with another encoding. TAUT_E_STATE: none were got since
 * parameters were last set or an answer applied, or it is stopped; TAUT_E_INVAL: something else was
 * changed (InvalidModificationError), or a number is out of its range (RangeError). TAUT_E_GONE. */
int taut_pc_set_sender_parameters(taut_pc *pc, taut_time now, taut_transceiver t,
                                  const struct taut_rtp_parameters *parameters);
/* Stops a transceiver: it sends and receives nothing more, says BYE, and cannot be undone:
 * webrtc-pc 5.4 stop. Its direction is TAUT_STOPPED at once, and its current one when its m-line is
 * rejected, by our next offer (an answer says inactive) or by the peer. A later transceiver may get
 * the line. Again: nothing happens. TAUT_E_GONE, TAUT_E_STATE. */
int taut_pc_stop_transceiver(taut_pc *pc, taut_time now, taut_transceiver t);
struct taut_transceiver_info {
	taut_transceiver id;
	uint32_t kind, direction, current_direction; /* current 0: not negotiated yet */
	const char *mid;                             /* NULL: not negotiated yet */
	const struct taut_codec *send_codec;         /* NULL: nothing can be sent */
	const char *track_id;                        /* of what is sent; NULL: no track */
	const char *stream_ids; /* of it, each with its NUL, one behind the other */
	size_t stream_count;
};
/* The index-th transceiver in order of creation; valid until the next call. NULL: no more. Of 64
 * the oldest stopped one makes room for a new one; its number is TAUT_E_GONE then. */
const struct taut_transceiver_info *taut_pc_transceiver_at(taut_pc *pc, size_t index);

/* Sends an encoded frame: it is packetized and protected. TAUT_E_STATE: not connected, the
 * direction does not send, the track was taken away, or its encoding is not active. */
int taut_pc_send_frame(taut_pc *pc, taut_time now, taut_transceiver t,
                       const struct taut_frame *frame);
/* Presses keys of a telephone, one after another, from the next tick on: 0 to 9, A to D, *, #, and
 * a comma, which waits for 2 seconds. duration of each, 0: 100,000 microseconds, at least 40,000;
 * gap between two, 0: 70,000, at least 30,000; both at most 6,000,000. They take the place of tones
 * that wait; "" ends them. Meanwhile frames of sound are taken and not sent. TAUT_EV_TONE_CHANGE
 * tells of each. TAUT_E_STATE: it cannot be done now (taut_pc_can_insert_dtmf); TAUT_E_INVAL: no
 * such tone (InvalidCharacterError); TAUT_E_LIMIT: more than 255; TAUT_E_GONE, TAUT_E_NOMEM. After
 * an error nothing has changed. webrtc-pc section 7, RFC 4733. */
int taut_pc_insert_dtmf(taut_pc *pc, taut_time now, taut_transceiver t, const char *tones,
                        taut_time duration, taut_time gap);
/* Whether keys can be pressed. 1: it sends sound, has a track, is connected, and its peer takes
 * telephone events ("audio/telephone-event" of the clock rate of the sound, among the codecs of the
 * configuration). 0: it cannot, or there is none. */
int taut_pc_can_insert_dtmf(taut_pc *pc, taut_transceiver t);
/* The keys that wait to be sent; valid until the next call that is told the time. NULL: no such
 * transceiver. */
const char *taut_pc_dtmf_tone_buffer(taut_pc *pc, taut_transceiver t);
/* Says how long frames that come are kept at least, in microseconds from the moment at which the
 * fastest path seen would have brought them: then they leave evenly, and what is sent again may
 * still come in time. -1: none (null, the default), frames are handed out when they are whole. At
 * most 4,000,000. Where the buffer is nearly full (1,792 packets of video, 224 of sound) frames
 * leave earlier. Another target counts at once. TAUT_E_INVAL: out of its range (RangeError);
 * TAUT_E_GONE, TAUT_E_STATE. jitterBufferTarget, webrtc-pc 5.3. */
int taut_pc_set_jitter_buffer_target(taut_pc *pc, taut_time now, taut_transceiver t, taut_time target);
/* The target of taut_pc_set_jitter_buffer_target, as it was set. TAUT_E_GONE. */
taut_time taut_pc_jitter_buffer_target(taut_pc *pc, taut_transceiver t);
/* Who was heard in the last 10 seconds: RTCRtpSynchronizationSource and RTCRtpContributingSource,
 * webrtc-pc 5.3. */
struct taut_rtp_source {
	taut_time timestamp; /* when taut_pc_poll_event last gave a frame of it */
	uint32_t source;     /* its SSRC; of one whom a mixer has added, its CSRC */
	uint32_t rtp_timestamp; /* of that frame */
	double audio_level;     /* RFC 6464, linear: 0 is silence, 1 is 0 dBov; -1: not told, as of CSRCs */
};
/* The index-th of who sends, the latest first: getSynchronizationSources. Valid until the next call
 * of this or the next one. NULL: no more, or there is no such transceiver. A receiver keeps those
 * heard last, 8 SSRCs and 32 CSRCs, when it receives no more as well. */
const struct taut_rtp_source *taut_pc_synchronization_source_at(taut_pc *pc, taut_time now,
                                                                taut_transceiver t, size_t index);
/* The index-th of those whom a mixer has added, the latest first: getContributingSources. Lent as
 * there. */
const struct taut_rtp_source *taut_pc_contributing_source_at(taut_pc *pc, taut_time now,
                                                             taut_transceiver t, size_t index);
/* Asks the peer for a key frame: a PLI, RFC 4585 section 6.3.1, at most one per 300 ms and stream.
 * TAUT_E_GONE. */
int taut_pc_request_key_frame(taut_pc *pc, taut_time now, taut_transceiver t);
/* Asks the peer for a key frame of one of several encodings; NULL: of all. TAUT_E_GONE: none of
 * this rid is received. */
int taut_pc_request_key_frame_of(taut_pc *pc, taut_time now, taut_transceiver t, const char *rid);

/* ---- data channels ---- */

/* RTCPriorityType, in the numbers of RFC 8831 section 6.4. */
#define TAUT_PRIORITY_VERY_LOW 128
#define TAUT_PRIORITY_LOW 256 /* the normal one */
#define TAUT_PRIORITY_MEDIUM 512
#define TAUT_PRIORITY_HIGH 1024
struct taut_data_channel_init {
	size_t size;
	const char *label, *protocol; /* NULL: "" */
	uint8_t unordered;
	uint8_t negotiated;         /* agreed out of band; id counts */
	uint16_t id;                /* the stream, when negotiated */
	int32_t max_packet_life_time; /* ms; 0: none, at most one of the two */
	int32_t max_retransmits;      /* number + 1; 0: none, 1: never again */
	/* TAUT_PRIORITY_, or anything from 1 to 65,535; 0: TAUT_PRIORITY_LOW; more is TAUT_E_INVAL. Channels that have
	 * more to send than leaves share in these proportions (RFC 8260 section 3.6), and a message on one that has been
	 * silent is next. Where the peer takes no interleaved messages (RFC 8260) a turn is a whole message. The peer is
	 * told (RFC 8832 section 5.1) and sends with the same, unless the channel is negotiated. */
	uint64_t priority; /* so wide that it lies behind all of what version 0.1 had */
};
/* A data channel, for this side to send on when TAUT_EV_OPEN comes. Label and protocol are copied.
 * TAUT_E_INVAL: two limits or one out of its range, a stream that is taken, or a text above 1,024
 * octets; TAUT_E_LIMIT: too many; TAUT_E_STATE: it is closed; TAUT_E_NOMEM. webrtc-pc 6.1. */
int taut_pc_create_data_channel(taut_pc *pc, taut_time now,
                                const struct taut_data_channel_init *init, taut_channel *out);
/* Sends a message, all of it or nothing; it is copied. TAUT_E_AGAIN: beyond 2 MiB that the channel has not sent yet, or beyond
 * send_buffer_size of all channels together; each takes one message of any size where it has nothing. Who does
 * not look at the result loses messages, so compilers warn. TAUT_E_LIMIT: larger than the peer takes;
 * TAUT_E_STATE: the channel is not open; TAUT_E_GONE, TAUT_E_NOMEM; TAUT_E_INVAL: no data has a length, or it is
 * longer than SIZE_MAX / 2. webrtc-pc 6.2 send. */
int taut_pc_send_message(taut_pc *pc, taut_time now, taut_channel ch, int binary, const void *data,
                         size_t len);
struct taut_piece {
	const void *data; /* NULL where len is 0 */
	size_t len;       /* octets */
};
/* Sends one message of several pieces, one behind the other, copied. Errors as of
 * taut_pc_send_message; TAUT_E_INVAL: a piece of no data has a length, or together they are longer than
 * SIZE_MAX / 2. */
int taut_pc_send_pieces(taut_pc *pc, taut_time now, taut_channel ch, int binary,
			const struct taut_piece *pieces, size_t count);
/* Sends a message without a copy: data is lent, and must not change, until done(ctx) is called. That happens exactly once, in the
 * call of this connection after which it is not needed: the peer has it, it was given up, or the connection ends,
 * with taut_pc_free at the latest; of an empty message before this returns. done is on the thread of that call and
 * must not call taut. After an error nothing was lent, and it is not called. done NULL: as taut_pc_send_message. Errors as of
 * that; TAUT_E_INVAL: no data has a length, or it is longer than SIZE_MAX / 2. */
int taut_pc_send_lent(taut_pc *pc, taut_time now, taut_channel ch, int binary, const void *data,
		      size_t len, void (*done)(void *ctx), void *ctx);
/* Lends memory, size octets of it, for one message that comes on a channel: its fragments are put together there, and data of
 * its TAUT_EV_MESSAGE is memory. Up to 64 can be lent. A message takes the first that is free when its first fragment comes, so
 * that of two messages the later may lie in the earlier memory. It takes none if it is empty, if what is known of it does not
 * fit, if other fragments of it came before, or while an end of a channel waits to be polled: then it lies in memory of
 * taut's, as one does that turns out longer. Its octets count for the peer's window either way.
 * The event gives memory back, from then on and not from the next poll_event. So do TAUT_EV_CLOSE of the channel, taut_pc_free,
 * and memory NULL with size 0, which takes back all that the channel was lent and copies what has come into it. After
 * taut_pc_close no TAUT_EV_CLOSE comes: nothing is written there any more, but messages that had arrived can still be polled.
 * Until it is back nothing of it may be lent again. After an error nothing has changed. TAUT_E_STATE: the connection is closed, or
 * the channel closing, and nothing can be lent; TAUT_E_INVAL: one of memory and size is 0, or memory is lent to the channel already;
 * TAUT_E_LIMIT: 64 are lent; TAUT_E_GONE; TAUT_E_NOMEM, which leaves lent what was to be taken back. RFC 9260 section 6.9. */
int taut_pc_receive_into(taut_pc *pc, taut_channel ch, void *memory, size_t size);
/* Octets of a channel that were not sent yet. TAUT_E_GONE. bufferedAmount, webrtc-pc 6.2. */
int64_t taut_pc_buffered_amount(const taut_pc *pc, taut_channel ch);
#define TAUT_CHANNEL_CONNECTING 1
#define TAUT_CHANNEL_OPEN 2
#define TAUT_CHANNEL_CLOSING 3
/* RTCDataChannel, webrtc-pc 6.2; limits as in taut_data_channel_init. */
struct taut_channel_info {
	const char *label, *protocol;
	uint32_t state; /* TAUT_CHANNEL_ */
	int32_t id;     /* its stream; -1: not chosen yet */
	uint8_t unordered, negotiated;
	int32_t max_packet_life_time, max_retransmits;
	size_t buffered_amount_low_threshold;
	uint32_t priority; /* TAUT_PRIORITY_ or another number, by who opened it; TAUT_PRIORITY_LOW: or not said */
};
/* How a channel was made and how it is. Lent until the next call of this. NULL: there is no such
 * channel any more. */
const struct taut_channel_info *taut_pc_channel_info(taut_pc *pc, taut_channel ch);
/* Says with how many unsent octets TAUT_EV_BUFFERED_AMOUNT_LOW comes; 0 is the default.
 * TAUT_E_GONE. webrtc-pc 6.2. */
int taut_pc_set_buffered_amount_low_threshold(taut_pc *pc, taut_channel ch, size_t threshold);
/* Ends a channel when all that was to be sent is; TAUT_EV_CLOSE follows. TAUT_E_GONE. webrtc-pc 6.2
 * close. */
int taut_pc_close_channel(taut_pc *pc, taut_time now, taut_channel ch);

/* ---- how it goes ---- */

struct taut_counters {
	size_t size;
	uint64_t bytes_sent, bytes_received; /* of UDP payload */
	uint64_t packets_sent, packets_received;
	uint64_t packets_dropped; /* all that came in and was dropped; taut/drop.h says why */
	uint64_t frames_sent, frames_received;
	uint64_t audio_frames_sent, audio_frames_received;
	uint64_t video_frames_sent, video_frames_received;
	uint64_t messages_sent, messages_received;
	uint64_t rtp_packets_sent, rtp_packets_received, rtp_packets_lost, rtp_packets_resent;
	uint64_t nacks_sent, nacks_received, plis_sent, plis_received;
	taut_time round_trip_time; /* of the last answered check on the selected pair; 0: none yet */
	struct taut_addr local, remote; /* of the selected pair; family 0: none */
	const char *srtp_profile;       /* NULL: no media */
	const char *dtls_cipher;        /* NULL: not connected */
	uint64_t path_mtu; /* as long IP packets of data channels may be now, in octets; 0: there are none yet,
			      or they go by TCP or TLS */
};
/* Counts of the whole connection. out->size must be set (TAUT_E_INVAL); what the library does not
 * know stays 0. */
int taut_pc_get_counters(const taut_pc *pc, struct taut_counters *out);

/* end */

#if defined __GNUC__
/* TAUT_E_AGAIN is how a connection says that it is full: who does not look loses messages. */
int taut_pc_send_message(taut_pc *pc, taut_time now, taut_channel ch, int binary, const void *data,
			 size_t len) __attribute__((warn_unused_result));
int taut_pc_send_pieces(taut_pc *pc, taut_time now, taut_channel ch, int binary,
			const struct taut_piece *pieces, size_t count)
	__attribute__((warn_unused_result));
int taut_pc_send_lent(taut_pc *pc, taut_time now, taut_channel ch, int binary, const void *data,
		      size_t len, void (*done)(void *ctx), void *ctx)
	__attribute__((warn_unused_result));
/* Who takes memory back and does not look whether he has it may free what is written to. */
int taut_pc_receive_into(taut_pc *pc, taut_channel ch, void *memory, size_t size)
	__attribute__((warn_unused_result));
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
