/* datachannel.h - the data channels of one connection.
 *
 * RFC 8831 (channels over SCTP) and RFC 8832 (the Data Channel Establishment
 * Protocol). A struct tt_dcs owns the association below it, so that the layer
 * above talks to this header alone. Driven like every layer, in this order after
 * each packet, tick or call:
 *
 *     tt_dcs_recv or tt_dcs_tick
 *     tt_dcs_poll_event   until NULL; DCEP is answered in there, so do it before ...
 *     tt_dcs_poll_send    until 0
 *     tt_dcs_deadline     when to tick next
 *
 * Channels may be created at any time; those created before the DTLS role and
 * the association are known get their stream then, in order of creation. */
#ifndef TAUT_DATACHANNEL_DATACHANNEL_H
#define TAUT_DATACHANNEL_DATACHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "sctp/sctp.h"

struct tt_dcs;

#define TT_DCS_MAX_TEXT 1024 /* bytes of a label or a protocol */
#define TT_DCS_NORMAL   256  /* RFC 8831 section 6.4: the priority of who says none */

struct tt_dcs_config {
	struct tt_sctp_config sctp;
	uint32_t max_channels;  /* 0: 1,024 */
	size_t channel_buffer;  /* queued and unsent on one channel; 0: 2 MiB */
};

int tt_dcs_new(struct tt_dcs **out, struct tt_env *env, const struct tt_dcs_config *cfg,
               taut_time now);
void tt_dcs_free(struct tt_dcs *d); /* NULL is fine */

/* From the descriptions, before tt_dcs_connect: a=sctp-port, and a=max-message-size of the peer
 * (RFC 8841 section 6: absent means 65,536, which is the default here; 0: any size). */
int tt_dcs_set_remote(struct tt_dcs *d, uint16_t port, uint64_t max_message_size);
/* RFC 8832 section 6: the DTLS client uses even streams, the server odd ones. Known as soon as
 * a=setup is agreed; must be told before, or together with, connect. */
void tt_dcs_set_role(struct tt_dcs *d, taut_time now, bool is_dtls_client);
/* As tt_sctp_snap_write, tt_sctp_snap and tt_sctp_no_snap. */
size_t tt_dcs_snap_write(const struct tt_dcs *d, uint8_t *buf, size_t cap);
uint32_t tt_dcs_snap(struct tt_dcs *d, const uint8_t *init, size_t len, bool keep);
void tt_dcs_no_snap(struct tt_dcs *d);
/* When DTLS is up: sends INIT, or is up itself. */
int tt_dcs_connect(struct tt_dcs *d, taut_time now);

/* As tt_sctp_recv. */
int tt_dcs_recv(struct tt_dcs *d, taut_time now, const uint8_t *pkt, size_t len);
void tt_dcs_tick(struct tt_dcs *d, taut_time now);
taut_time tt_dcs_deadline(const struct tt_dcs *d, const char **why);
size_t tt_dcs_poll_send(struct tt_dcs *d, taut_time now, uint8_t *buf, size_t cap);

enum tt_dcs_event_type {
	TT_DCS_ASSOCIATION_UP = 1,
	TT_DCS_CHANNEL,             /* the peer opened one: label, protocol; OPEN follows */
	TT_DCS_OPEN,                /* it can be sent on */
	TT_DCS_MESSAGE,             /* binary, data, len (0 for an empty one) */
	TT_DCS_BUFFERED_AMOUNT_LOW, /* see tt_dcs_send */
	TT_DCS_CLOSING,             /* reason; it ends unasked, and CLOSE follows */
	TT_DCS_CLOSE,               /* reason, and of one that ended with the association text and cause;
	                               the number is stale from now on */
	TT_DCS_ASSOCIATION_CLOSED,  /* reason, text, cause; after a CLOSE for every channel */
};

struct tt_dcs_event {
	enum tt_dcs_event_type type;
	taut_channel channel; /* 0 for the association's */
	uint32_t reason;      /* TAUT_REASON_ */
	uint16_t cause;       /* as that of struct tt_sctp_event */
	bool binary;
	const uint8_t *data;
	size_t len;
	const char *label, *protocol; /* NUL-terminated, as the peer sent them */
	const char *text; /* NULL: the reason says all */
};

/* Valid until the next poll_event or free, whatever else is called. NULL: nothing more. */
const struct tt_dcs_event *tt_dcs_poll_event(struct tt_dcs *d, taut_time now);

struct tt_dcs_init {
	const char *label, *protocol; /* NULL: "" */
	bool unordered;
	bool negotiated;              /* agreed out of band; id counts, and no DCEP is spoken */
	bool limit_lifetime, limit_retransmits; /* at most one */
	uint16_t id;
	uint16_t max_packet_life_time; /* ms */
	uint16_t max_retransmits;
	uint16_t priority; /* RFC 8831 section 6.4; 0: TT_DCS_NORMAL */
};

/* TAUT_E_INVAL: a text above TT_DCS_MAX_TEXT, both limits, or an id in use or out of range;
 * TAUT_E_LIMIT: max_channels, or no stream left; TAUT_E_STATE: the association has ended. */
int tt_dcs_create(struct tt_dcs *d, taut_time now, const struct tt_dcs_init *init,
                  taut_channel *out);

/* All of it or nothing. A channel takes a message while that fits its buffer, and one with nothing
 * queued takes a message of any size that the peer takes; the association's send buffer likewise.
 * TAUT_E_AGAIN: not now; exactly one BUFFERED_AMOUNT_LOW follows, when the amount is at the
 * threshold or below and this message would be taken, unless the channel closes first.
 * TAUT_E_LIMIT: larger than the peer's max-message-size; TAUT_E_STATE: not open;
 * TAUT_E_GONE: no such channel any more. */
int tt_dcs_send(struct tt_dcs *d, taut_time now, taut_channel ch, bool binary, const void *data,
                size_t len);
/* The same of several pieces, or of one that is lent, see struct tt_sctp_body. */
int tt_dcs_send_body(struct tt_dcs *d, taut_time now, taut_channel ch, bool binary,
		     const struct tt_sctp_body *body);
/* Lends memory for one message that comes, as taut_pc_receive_into; NULL, 0: takes all of the channel's back. */
int tt_dcs_receive_into(struct tt_dcs *d, taut_channel ch, void *memory, size_t size);
/* Sends what is queued, then closes both directions (RFC 8831 section 6.7); CLOSE follows.
 * Twice is fine. TAUT_E_GONE. */
int tt_dcs_close(struct tt_dcs *d, taut_time now, taut_channel ch);
/* Closes the association in order; every channel gets its CLOSE. */
int tt_dcs_shutdown(struct tt_dcs *d, taut_time now);
/* As tt_sctp_fail; every channel gets its CLOSE with this reason. */
void tt_dcs_fail(struct tt_dcs *d, taut_time now, uint32_t reason, const char *text);
/* As tt_sctp_new_path. */
void tt_dcs_new_path(struct tt_dcs *d);
/* As tt_sctp_set_max_probed, tt_sctp_sent_probe and tt_sctp_too_long. */
void tt_dcs_set_max_probed(struct tt_dcs *d, uint16_t max_probed);
bool tt_dcs_sent_probe(const struct tt_dcs *d);
void tt_dcs_too_long(struct tt_dcs *d, taut_time now, bool probe);

/* webrtc-pc: bytes of messages that have not been sent yet. TAUT_E_GONE. */
int64_t tt_dcs_buffered_amount(const struct tt_dcs *d, taut_channel ch);
/* BUFFERED_AMOUNT_LOW comes when the amount falls from above to at most this; 0 at first. */
int tt_dcs_set_buffered_amount_low_threshold(struct tt_dcs *d, taut_channel ch, size_t threshold);

enum tt_dcs_state { TT_DCS_STATE_CONNECTING = 1, TT_DCS_STATE_OPEN, TT_DCS_STATE_CLOSING };

struct tt_dcs_info {
	enum tt_dcs_state state;
	int32_t id; /* the stream; -1: not chosen yet */
	const char *label, *protocol;
	bool unordered, negotiated, limit_lifetime, limit_retransmits;
	uint16_t reliability; /* the limit, if there is one */
	uint16_t priority;
	size_t threshold;
	uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
};
/* Lent until the next call. NULL: no such channel any more. */
const struct tt_dcs_info *tt_dcs_info(struct tt_dcs *d, taut_channel ch);
/* What the association can do. max_message_out 0: any size; max_channels 0: not known yet. */
struct tt_dcs_transport {
	bool up, ended;
	uint64_t max_message_out;
	uint32_t max_channels;
};
struct tt_dcs_transport tt_dcs_transport(const struct tt_dcs *d);
/* The i-th channel there is; 0: no more. */
taut_channel tt_dcs_at(const struct tt_dcs *d, size_t i);
/* How many have been open, and how many of those are not any more. */
void tt_dcs_opened(const struct tt_dcs *d, uint64_t *opened, uint64_t *closed);

/* a=max-message-size and a=sctp-port of our description. */
size_t tt_dcs_max_message_in(const struct tt_dcs *d);
uint16_t tt_dcs_local_port(const struct tt_dcs *d);
struct tt_sctp_counters tt_dcs_count(const struct tt_dcs *d);

#endif
