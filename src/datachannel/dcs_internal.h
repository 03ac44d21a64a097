/* dcs_internal.h - inside the set of channels: dcs.c life and the way down, dcs_channel.c one
 * channel and its calls, dcs_work.c what must be sent for it, dcs_event.c what comes up,
 * dcs_loan.c the memory for that. */
#ifndef TAUT_DATACHANNEL_INTERNAL_H
#define TAUT_DATACHANNEL_INTERNAL_H

#include "datachannel/datachannel.h"

enum { /* RFC 8831 section 8 */
	PPID_DCEP = 50,
	PPID_TEXT = 51,
	PPID_BINARY = 53,
	PPID_TEXT_EMPTY = 56,
	PPID_BINARY_EMPTY = 57,
};

#define NO_SLOT UINT32_MAX
#define STREAM_FREE 0
#define STREAM_BURNT UINT32_MAX /* cannot be used again: the peer knows no resets */
#define STREAM_ENDED (UINT32_MAX - 1) /* free; the peer, which agreed on a channel there, is told once that can be */

/* Memory of the application's for one message. */
struct loan {
	uint8_t *memory;
	size_t size;
	bool taken; /* a message is in it */
};

struct channel {
	taut_channel number; /* 0: the slot is free */
	enum tt_dcs_state state;
	int32_t id; /* -1: not chosen yet */
	bool unordered : 1, negotiated : 1, limit_retransmits : 1, limit_lifetime : 1, by_peer : 1;
	bool heard : 1; /* the peer knows the channel: unordered messages may pass OPEN, RFC 8832 6 */
	bool was_open : 1; /* and counted so */
	bool ended_below : 1; /* the association's end is its own: close_reason is that of both */
	/* what is to be done, in the work list */
	bool open_sent : 1; /* OPEN is queued or gone: the peer knows the channel, or will */
	bool working : 1, must_open : 1, must_ack : 1, must_reset : 1;
	/* what is to be said, in the talk list */
	bool talking : 1, say_channel : 1, say_open : 1, say_closing : 1, say_close : 1;
	bool reset_out : 1, reset_in : 1; /* both: closed */
	bool armed : 1;                   /* a BUFFERED_AMOUNT_LOW is owed ... */
	bool refused : 1;                 /* ... because a message of refused_len was refused */
	bool in_armed : 1;                /* in that list */
	uint16_t reliability, priority;
	uint32_t next_work, next_talk, next_armed;
	uint32_t close_reason;
	char *label, *protocol;
	struct loan *loans; /* NULL: there never was one; in the order they came, none twice */
	size_t loan_count;
	size_t threshold, refused_len;
	uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
};

/* Slots in the order they were put in; linked through the channels. */
struct slots {
	uint32_t first, last;
};

struct tt_dcs {
	struct tt_env *env;
	struct tt_sctp *sctp;
	uint32_t max_channels;
	size_t channel_buffer, max_message_in;
	uint64_t max_message_out; /* 0: any */
	uint16_t local_port, max_streams;
	bool role_known, is_client, up, ended;
	bool tell_ended; /* of a stream that is STREAM_ENDED */

	struct channel *channels; /* slots; grows, never shrinks */
	uint32_t count, used;
	uint16_t generation;      /* of the next number handed out */
	uint32_t *by_stream;      /* streams of: slot + 1, or STREAM_; those beyond are free */
	uint32_t streams;
	struct slots work, talk, armed;

	uint64_t opened, closed;
	bool say_closed;
	uint32_t close_reason;
	uint16_t close_cause;
	char close_text[128];
	struct tt_dcs_event event;
	struct tt_dcs_info info;
};

/* dcs_channel.c */
struct channel *tt_dcs_find(const struct tt_dcs *d, taut_channel number);
uint32_t tt_dcs_stream(const struct tt_dcs *d, uint32_t stream); /* slot + 1, STREAM_FREE or STREAM_BURNT */
struct channel *tt_dcs_by_stream(const struct tt_dcs *d, uint16_t stream);
uint32_t tt_dcs_slot(const struct tt_dcs *d, const struct channel *c);
int tt_dcs_new_channel(struct tt_dcs *d, const struct tt_dcs_init *init, size_t label_len,
                       size_t protocol_len, struct channel **out);
void tt_dcs_set_open(struct tt_dcs *d, struct channel *c);
void tt_dcs_free_channel(struct tt_dcs *d, struct channel *c);
bool tt_dcs_choose_id(struct tt_dcs *d, struct channel *c);
bool tt_dcs_bind(struct tt_dcs *d, struct channel *c, uint16_t stream); /* false: no memory */
/* Towards its end, in its own way by its state. asked: by its owner, who need not be told that. */
void tt_dcs_begin_close(struct tt_dcs *d, struct channel *c, uint32_t reason, bool asked);
void tt_dcs_finish_close(struct tt_dcs *d, struct channel *c, uint32_t reason);
bool tt_dcs_would_take(const struct tt_dcs *d, const struct channel *c, size_t len);

/* dcs_loan.c */
void tt_dcs_lend(struct tt_dcs *d); /* to the association, what channels have been lent */
/* A message comes up in memory that may be a loan: it is dropped, and the loan is free for the next one; or given out,
 * and with it the loan. */
void tt_dcs_undo_loan(struct tt_dcs *d, const struct tt_sctp_event *e);
void tt_dcs_end_loan(struct channel *c, const uint8_t *memory);
void tt_dcs_end_loans(struct tt_dcs *d, struct channel *c); /* before it leaves its stream */

/* dcs_work.c */
void tt_dcs_add_work(struct tt_dcs *d, struct channel *c);
void tt_dcs_drop_work(struct tt_dcs *d, struct channel *c);
void tt_dcs_do_work(struct tt_dcs *d, taut_time now);
void tt_dcs_add_talk(struct tt_dcs *d, struct channel *c);
struct channel *tt_dcs_next_talk(struct tt_dcs *d);
void tt_dcs_arm(struct tt_dcs *d, struct channel *c);
struct channel *tt_dcs_next_low(struct tt_dcs *d);

#endif
