/* sctp.h - one SCTP association inside one DTLS connection.
 *
 * RFC 9260, with partial reliability (RFC 3758), stream resets (RFC 6525) and
 * interleaved messages (RFC 8260), carried as RFC 8261 says: one path, no multihoming,
 * and no checksum where the peer does without (RFC 9653). Streams share what there is by weight (RFC 8260 section
 * 3.6). Not here: AUTH, ASCONF, other schedulers.
 *
 * How it is driven, in this order after every packet or tick:
 *
 *     tt_sctp_recv or tt_sctp_tick
 *     tt_sctp_poll_event   until NULL; data that is not polled closes the window
 *     tt_sctp_poll_send    until 0
 *     tt_sctp_deadline     when to tick next, at the latest
 *
 * Both ends may call tt_sctp_connect; the collision of INITs that follows is the
 * normal case with browsers. An end that does not call it still answers. */
#ifndef TAUT_SCTP_SCTP_H
#define TAUT_SCTP_SCTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"

struct tt_sctp;

/* Zero means the default everywhere. */
struct tt_sctp_config {
	uint16_t local_port, remote_port; /* 0: 5000 */
	uint16_t max_packet;              /* bytes of SCTP, common header included; 0: 1,160 */
	uint16_t max_probed;              /* what packets may grow to where the path takes it, sctp_pmtu.c;
	                                     0, or no more than max_packet: they do not */
	uint16_t max_streams;             /* in each direction; 0: 1,024 */
	size_t max_message_in;            /* larger: thrown away, see TOO_LARGE; 0: 262,144 */
	size_t recv_window;               /* reassembly and undelivered together with overhead,
	                                     never more; 0: 1 MiB, 5 MiB when interleaved: then
	                                     many large messages may be under way at once. Room
	                                     for a message is kept back: a_rwnd starts
	                                     max_message_in + 64 KiB below it. Raised to twice
	                                     that when it is smaller */
	size_t recv_window_most;          /* what it may grow to while the peer fills more than half of
	                                     it in a round trip and the application takes what comes;
	                                     it begins no higher either, but where two messages have no
	                                     room then. 0: 16 MiB, or recv_window if that is set */
	size_t send_buffer;               /* queued and unacknowledged, overhead too; 0: 16 MiB */
	/* I-DATA is offered, and used if the peer offers it too: Firefox does, and whoever does not
	 * know it skips the name in the list. A large message then holds up no other stream. */
	bool no_interleaving;
	/* Packets need no checksum inside DTLS: so we tell the peer, and leave it out where it tells
	 * us. Who does not know the parameter skips it. Set it where packets go without DTLS. */
	bool no_zero_checksum;
	uint32_t congestion_control; /* TAUT_CC_; sctp/tx/sctp_cc.h says what they are */
};

/* TAUT_E_NOMEM, TAUT_E_CRYPTO (no random numbers), TAUT_E_INVAL (max_packet below 576, no such controller). */
int tt_sctp_new(struct tt_sctp **out, struct tt_env *env, const struct tt_sctp_config *cfg,
                taut_time now);
void tt_sctp_free(struct tt_sctp *s); /* at once, without a word to the peer; NULL is fine */

/* What the descriptions say; before connect or the first packet only, else TAUT_E_STATE. */
int tt_sctp_set_ports(struct tt_sctp *s, uint16_t local, uint16_t remote);
/* Sends INIT, or is up by tt_sctp_snap. TAUT_E_STATE: ended already. A second call does nothing. */
int tt_sctp_connect(struct tt_sctp *s, taut_time now);

/* Without a handshake, draft-hancke-tsvwg-snap, before connect: our INIT chunk for the description, its length (0: it does not
 * fit); the peer's, which is kept if it is to be; TT_TAKEN, or why it cannot be used (taut/drop.h). With it kept, connect
 * makes the association at once. no_snap: ours was told, and shall not be used. */
size_t tt_sctp_snap_write(const struct tt_sctp *s, uint8_t *buf, size_t cap);
uint32_t tt_sctp_snap(struct tt_sctp *s, const uint8_t *init, size_t len, bool keep);
void tt_sctp_no_snap(struct tt_sctp *s);

/* One SCTP packet. 0, or 1: refused, which changed nothing, was counted and traced. */
int tt_sctp_recv(struct tt_sctp *s, taut_time now, const uint8_t *pkt, size_t len);
void tt_sctp_tick(struct tt_sctp *s, taut_time now);
/* INT64_MAX: never. why (may be NULL): the timer's name in the words of the RFC. */
taut_time tt_sctp_deadline(const struct tt_sctp *s, const char **why);
/* One packet of at most cap bytes (cap at least max_packet); 0: nothing to send. What is longer than cap by the
 * path's measure is cut to it. */
size_t tt_sctp_poll_send(struct tt_sctp *s, taut_time now, uint8_t *buf, size_t cap);

enum tt_sctp_event_type {
	TT_SCTP_CONNECTED = 1,
	TT_SCTP_MESSAGE,         /* stream, ppid, unordered, data, len; len is never 0 */
	TT_SCTP_TOO_LARGE,       /* stream: a message above max_message_in was thrown away */
	TT_SCTP_STREAM_RESET_IN, /* the peer reset its stream towards us: all of it was delivered */
	TT_SCTP_STREAM_RESET_OUT, /* our reset of stream was answered; reason not 0: refused */
	TT_SCTP_RESTARTED,       /* RFC 9260 section 5.2.4 A: both directions start anew, empty;
	                            what came before and was not polled is gone */
	TT_SCTP_CLOSED,          /* the last one; reason: TAUT_REASON_, cause, text: in words, the peer's or ours */
};

struct tt_sctp_event {
	enum tt_sctp_event_type type;
	uint32_t reason;
	uint16_t cause; /* the first in the ABORT that ended it, RFC 9260 section 3.3.10; 0: none */
	uint16_t stream;
	bool unordered;
	uint32_t ppid;
	const uint8_t *data;
	size_t len;
	const char *text; /* NULL or printable ASCII */
};

/* Valid until the next poll_event or free, whatever else is called. NULL: nothing more. */
const struct tt_sctp_event *tt_sctp_poll_event(struct tt_sctp *s);

/* How a message is sent, RFC 3758 and RFC 8831 section 6.1. */
struct tt_sctp_send_options {
	bool unordered;
	bool limit_retransmits;    /* max_retransmits counts */
	uint16_t max_retransmits;  /* 0: sent once */
	uint32_t lifetime_ms;      /* 0: no limit */
	/* Of its stream, beside others that have something to send, from now on. 0: as it is, at first 256. */
	uint16_t weight;
};

/* What a message is made of: pieces one behind the other, len octets together. done NULL: they are copied, once. Else there
 * is one piece, which is lent and does not change until done(ctx), which is called once, from whatever call of this
 * association frees the message: acknowledged, given up, or the end of it all. It must not call back. */
struct tt_sctp_body {
	const struct taut_piece *pieces;
	size_t count, len;
	void (*done)(void *ctx);
	void *ctx;
};

/* opt NULL: ordered and reliable. May be called before the
 * association is up. TAUT_E_INVAL: len 0 or no such stream; TAUT_E_AGAIN: the send buffer is
 * full (an empty one takes a message of any size); TAUT_E_STATE: shutting down or ended. */
int tt_sctp_send(struct tt_sctp *s, taut_time now, uint16_t stream, uint32_t ppid,
                 const struct tt_sctp_send_options *opt, const void *data, size_t len);
/* After an error nothing is copied, and what was to be lent is not. */
int tt_sctp_send_body(struct tt_sctp *s, taut_time now, uint16_t stream, uint32_t ppid,
		      const struct tt_sctp_send_options *opt, const struct tt_sctp_body *body);
/* Bytes given to tt_sctp_send and never sent yet. */
size_t tt_sctp_buffered(const struct tt_sctp *s, uint16_t stream);
/* Held for sending and for retransmission, of all streams, with some overhead per message;
 * bounded by send_buffer. */
size_t tt_sctp_held(const struct tt_sctp *s);
bool tt_sctp_can_hold(const struct tt_sctp *s, size_t len); /* false: send would say AGAIN */

/* Memory for messages that come; size 0: none. */
struct tt_sctp_loan {
	uint8_t *memory;
	size_t size;
};

/* Who has memory for them. A message that is in a loan lies nowhere else, and counts in the window as always. Neither
 * may call back. */
struct tt_sctp_lender {
	/* For a message that begins with len octets, which have to fit; never while a RESTARTED or a STREAM_RESET_IN waits to
	 * be polled. It is read and written until back, or until poll_event
	 * gives the message out, whose data it is then. */
	struct tt_sctp_loan (*lend)(void *ctx, uint16_t stream, uint32_t ppid, size_t len);
	/* The message came to nothing, or was longer. */
	void (*back)(void *ctx, uint16_t stream, const uint8_t *memory);
	void *ctx;
};
/* Before the first packet. */
void tt_sctp_set_lender(struct tt_sctp *s, const struct tt_sctp_lender *lender);
/* Gives back all that this stream has: messages move to memory of our own. False: there is not enough, and nothing has
 * changed; surely: then none of them is ever delivered, and it is true. */
bool tt_sctp_give_back(struct tt_sctp *s, uint16_t stream, bool surely);

/* Resets our side of a stream once what is queued on it was sent (RFC 6525); what
 * is sent on it meanwhile waits and begins anew. TAUT_E_UNSUPPORTED: the peer cannot. */
int tt_sctp_reset_stream(struct tt_sctp *s, taut_time now, uint16_t stream);
/* Says goodbye when all is acknowledged, RFC 9260 section 9.2. Ends in CLOSED. */
int tt_sctp_shutdown(struct tt_sctp *s, taut_time now);
/* Sends ABORT (user-initiated, section 3.3.10.12) and ends; poll_send once more. */
int tt_sctp_abort(struct tt_sctp *s, taut_time now);
/* What carries it is gone: it ends without a word to the peer. CLOSED has this reason and text. */
void tt_sctp_fail(struct tt_sctp *s, taut_time now, uint32_t reason, const char *text);

/* What carries it goes another way from now on: how much that takes is found out anew, RFC 9260 section 7.2.5, RFC 8261
 * section 6.1. What is under way stays so. */
void tt_sctp_new_path(struct tt_sctp *s);
/* In place of max_probed, from the next path on: to be called before tt_sctp_new_path, or before anything is sent. */
void tt_sctp_set_max_probed(struct tt_sctp *s, uint16_t max_probed);
/* Was the last packet of poll_send a probe of the path's MTU? It has to leave alone and without being fragmented. */
bool tt_sctp_sent_probe(const struct tt_sctp *s);
/* A packet longer than max_packet, a probe or not, is refused by this host: it is longer than the interface takes. A hint, as a PTB
 * message is one (RFC 8899 section 4.6): it takes away, and never adds. */
void tt_sctp_too_long(struct tt_sctp *s, taut_time now, bool probe);

bool tt_sctp_is_connected(const struct tt_sctp *s);
bool tt_sctp_knows_peer(const struct tt_sctp *s); /* that, or only COOKIE ACK is awaited: data may leave */
/* Streams we may send on: ours cut down to what the peer takes; ours before it is up. */
uint16_t tt_sctp_out_streams(const struct tt_sctp *s);

struct tt_sctp_counters {
	uint64_t packets_sent, packets_received, packets_dropped;
	uint64_t chunks_sent, chunks_resent; /* DATA */
	uint64_t fast_retransmits, timeouts, abandoned;
	uint64_t tail_probes; /* RFC 8985 section 7 */
	uint64_t path_probes, path_black_holes; /* RFC 8899: probes sent; so often packets of the path's size vanished */
	uint32_t cwnd, flight, peer_window;
	uint32_t packet; /* bytes of SCTP that one may have now */
	taut_time srtt, rto;
};
struct tt_sctp_counters tt_sctp_count(const struct tt_sctp *s);

#endif
