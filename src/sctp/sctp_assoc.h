/* sctp_assoc.h - inside the association: its state, and who does what.
 *
 * RFC 9260 section 4 names the states. The parts: sctp_assoc.c life and calls,
 * sctp_recv.c packets in, sctp_init.c set-up, sctp_cookie.c the state cookie,
 * sctp_data.c DATA, SACK and FORWARD-TSN, sctp_reconfig.c stream resets,
 * sctp_close.c the ends, sctp_timer.c time, sctp_send.c packets out, sctp_transmit.c the DATA in them, sctp_pmtu.c how
 * long they are. */
#ifndef TAUT_SCTP_ASSOC_H
#define TAUT_SCTP_ASSOC_H

#include "sctp/rx/sctp_reassembly.h"
#include "sctp/sctp.h"
#include "sctp/tx/sctp_cc.h"
#include "sctp/tx/sctp_flight.h"
#include "sctp/tx/sctp_pace.h"
#include "sctp/tx/sctp_rtt.h"
#include "sctp/wire/sctp_wire.h"

#define SCTP_MAX_INIT_RETRANS 8 /* section 16 */
#define SCTP_MAX_RETRANS 10
#define SCTP_HEARTBEAT_INTERVAL 30000000
#define SCTP_SACK_DELAY 200000 /* 6.2: at most 500 ms */
#define SCTP_COOKIE_LIFE 60000000
#define SCTP_COOKIE_SIZE 100
#define SCTP_MAX_REPLY 704 /* an INIT ACK that reports as much as it may */
#define SCTP_MAX_CONTROL 8
#define SCTP_MAX_RESETS_READY 1024
#define SCTP_KEPT_GAPS 19 /* in an acknowledgement that waits */
#define SCTP_MAX_EARLIER 32 /* acknowledgements that wait to be sent, beside the last */
#define SCTP_MAX_SKIP 131072u /* TSNs that one FORWARD-TSN may skip */

enum sctp_state {
	SCTP_CLOSED,
	SCTP_COOKIE_WAIT,
	SCTP_COOKIE_ECHOED,
	SCTP_ESTABLISHED,
	SCTP_SHUTDOWN_PENDING,
	SCTP_SHUTDOWN_SENT,
	SCTP_SHUTDOWN_RECEIVED,
	SCTP_SHUTDOWN_ACK_SENT,
	SCTP_DEAD, /* CLOSED again, for good */
};

enum sctp_timer {
	SCTP_T1, /* INIT or COOKIE ECHO */
	SCTP_T2, /* SHUTDOWN or SHUTDOWN ACK */
	SCTP_T3, /* DATA, FORWARD-TSN, and the wait for a window */
	SCTP_T5, /* the whole shutdown */
	SCTP_T_LOSS,  /* RFC 8985 section 6.2 step 5: what is lost by now */
	SCTP_T_PROBE, /* section 7: the tail may be lost */
	SCTP_T_PACE,  /* the next packet may leave */
	SCTP_T_SACK,
	SCTP_T_HEARTBEAT,
	SCTP_T_RECONFIG,
	SCTP_T_PMTU, /* RFC 8899 section 5.1.1: PROBE_TIMER, or PMTU_RAISE_TIMER */
	SCTP_TIMERS
};

/* Section 5.1.3: all that is needed to make the association, signed and handed to the peer. */
struct sctp_cookie {
	taut_time created; /* since the association was made */
	uint32_t my_tag, peer_tag, my_tie, peer_tie;
	struct serial32 my_tsn, peer_tsn;
	uint32_t peer_window;
	uint16_t peer_out, peer_in;
	bool forward_tsn, reconfig, interleaved, zero_checksum; /* agreed on */
};

/* What a SACK says, as it was at one moment; gap_count beyond SCTP_KEPT_GAPS: there were more, and it is not kept. */
struct sctp_report {
	struct serial32 cum;
	size_t window, gap_count;
	struct sctp_gap gaps[SCTP_KEPT_GAPS + 1];
};

/* A control chunk that waits for the next packet. */
struct sctp_control {
	struct sctp_control *next;
	size_t len; /* padded */
	uint8_t bytes[];
};

struct sctp_reconfig {
	uint32_t my_seq;   /* of the next request of ours; of this one while pending */
	uint32_t peer_seq; /* of the next request of the peer */
	uint32_t last_result; /* given to peer_seq - 1 */
	bool answered;     /* last_result stands for something */
	bool pending;      /* a request is not answered */
	bool due;          /* and shall be sent, once more */
	unsigned waits;    /* so often its answer was "in progress" */
	bool renew;        /* ask again under a new number */
	struct serial32 last_tsn;
	/* RFC 6525 section 5.2.2 E2: the last request of the peer, if what was sent before it was
	 * missing; last_result says whether it still is; NULL: none */
	uint8_t *deferred;
	size_t deferred_len;
	size_t wanted;     /* streams that are resetting and not sealed */
	size_t reports;    /* streams with reset_done */
	size_t count;
	uint16_t streams[SCTP_MAX_RESET];
};

/* RFC 8899 section 5.2. */
enum sctp_pmtu_state {
	SCTP_PMTU_DISABLED,  /* nobody needs to know yet */
	SCTP_PMTU_BASE,      /* does what we begin with get through? */
	SCTP_PMTU_SEARCHING, /* and more? */
	SCTP_PMTU_COMPLETE,
	SCTP_PMTU_ERROR,     /* not even that */
};

/* How long packets are, common header included: multiples of four. */
struct sctp_pmtu {
	uint64_t nonce;     /* of the probe that is out */
	taut_time lost_up_to; /* what left before is counted in lost, or not to be counted */
	uint16_t size;      /* PLPMTU */
	uint16_t high;      /* no longer ones are looked for */
	uint16_t probed;    /* PROBED_SIZE; 0: no probe is out */
	uint8_t state;      /* sctp_pmtu_state */
	uint8_t count;      /* PROBE_COUNT */
	uint8_t lost;       /* round trips in which long packets were lost, and none as long acknowledged ... */
	uint16_t lost_packet; /* ... as the shortest of them */
	uint8_t full;       /* packets that data filled, up to what begins a search */
	bool due;           /* the probe is to be sent, once more */
	bool idle;          /* it is to be sent when data is ... */
	taut_time waits_from; /* ... because none was since then */
	bool sent;          /* the last packet was a probe */
};

struct tt_sctp {
	struct tt_env *env;
	struct tt_sctp_config cfg;
	bool default_window; /* recv_window was 0 */
	taut_time born;
	enum sctp_state state;
	uint32_t my_tag, peer_tag;
	uint32_t my_tie, peer_tie; /* 5.2.2: 0 until there is something to tie */
	struct serial32 my_tsn;
	uint8_t secret[32]; /* signs cookies; 5.1.3 */
	bool snap;               /* the descriptions made it: sctp_snap.c */
	bool unheard;            /* and nothing came yet that shows that the peer has it too */
	bool peer_zero_checksum; /* takes packets without a checksum */
	bool peer_forward_tsn, peer_reconfig; /* interleaved: its I-FORWARD-TSN; see rx, queue */
	uint16_t out_streams, in_streams; /* agreed, 5.1.1 */
	uint32_t peer_window;             /* a_rwnd as last told */

	taut_time timer[SCTP_TIMERS]; /* INT64_MAX: not running */
	unsigned errors;              /* 8.1; of T1 and T2 their own retransmissions */
	uint8_t *cookie;              /* the peer's, to be echoed */
	size_t cookie_len;

	struct sctp_tracker tracker;
	struct sctp_reassembly rx;
	struct sctp_queue queue;
	struct sctp_flight flight;
	struct sctp_rtt rtt;
	struct sctp_cc cc;
	struct sctp_pace pace;
	struct sctp_pmtu pmtu;
	struct sctp_reconfig reconfig;
	taut_time last_data_sent;

	/* what the next packets must hold */
	bool init_due, cookie_echo_due, cookie_ack_due, shutdown_due, shutdown_ack_due;
	bool sack_due, heartbeat_due, forward_tsn_due;
	bool fast_due;             /* one packet of marked chunks, whatever cwnd says */
	/* RFC 9937: in a recovery, while more is in flight than cwnd, what leaves is a share of what arrives. */
	size_t at_loss;            /* flight when the recovery began */
	size_t share;              /* bytes that may leave */
	size_t since_ack;          /* bytes of DATA that left since the last SACK */
	bool probe_due;            /* one chunk, whatever the window says ... */
	unsigned probes;           /* ... and so many went out since the window was open */
	size_t burst;              /* bytes of DATA until something is acknowledged, 6.1 D */
	bool burst_open;           /* packets came and their leave to send is not used up yet */
	bool filled;               /* cwnd was, when last nothing more was sent, 7.2; or the pacer held it back */
	bool tail_due;             /* RFC 8985 section 7.3: one chunk more, whatever cwnd says */
	bool tail_out, tail_again; /* it is not acknowledged; it was one that had been sent before ... */
	bool tail_open;            /* ... and whether it had to be is not known yet */
	struct serial32 tail;      /* it, or the last that was sent: 7.4 */
	bool timed_out;            /* T3 expired, and no SACK came since */
	unsigned unacked_packets;  /* with DATA, since the last SACK */
	bool acked_once;
	/* Packets may come in batches and ours go out after each: every second one is acknowledged
	 * all the same, as it was when it came. The last report is written as things stand. */
	struct sctp_report report;
	struct sctp_report *earlier; /* SCTP_MAX_EARLIER of them; NULL: there were none yet */
	bool reported;             /* report is not sent */
	size_t earlier_first, earlier_count;
	size_t told_window;        /* a_rwnd of our last SACK */
	size_t came;               /* bytes of DATA since ... */
	taut_time came_since;      /* ... then: a round trip ago at most */
	uint64_t heartbeat_nonce;
	taut_time heartbeat_at;    /* of the unanswered one; -1: none */
	taut_time awake_since;     /* what left before says nothing of the path: see tt_sctp_wake */
	struct sctp_control *control, **control_tail;
	size_t control_count, control_bytes;
	size_t answered; /* bytes queued for the packet that came last */
	bool cookie_again; /* COOKIE ECHO was sent for a HEARTBEAT since T1 began */
	uint8_t *reply; /* a packet of its own, with its own tag; the latest wins; NULL: none */
	size_t reply_len;

	/* what the next events are */
	bool say_connected, said_connected, say_restarted, say_closed;
	uint32_t close_reason;
	uint16_t close_cause; /* 3.3.10: the first in the ABORT that ended it, of either side; 0: none */
	char close_text[128];
	struct tt_sctp_event event;
	struct tt_sctp_counters counters;
};

/* sctp_assoc.c */
void tt_sctp_establish(struct tt_sctp *s, taut_time now);
void tt_sctp_begin_sending(struct tt_sctp *s); /* as it is before the first packet; after a restart too */
/* What an INIT or INIT ACK says of the peer, and what we agree on by it; no tags but the peer's. */
struct sctp_cookie tt_sctp_read_peer(const struct tt_sctp *s, const struct sctp_init *in);
void tt_sctp_learn_peer(struct tt_sctp *s, const struct sctp_cookie *c);
void tt_sctp_cut_streams(struct tt_sctp *s, taut_time now); /* 5.1.1: what is queued for those the peer does not take */
bool tt_sctp_can_send_data(const struct tt_sctp *s); /* by its state */
void tt_sctp_refuse(struct tt_sctp *s, taut_time now, uint32_t why); /* counts and traces */
struct sctp_init tt_sctp_our_init(const struct tt_sctp *s);

/* sctp_cookie.c */
bool tt_sctp_cookie_write(const struct tt_sctp *s, const struct sctp_cookie *c,
                          uint8_t out[SCTP_COOKIE_SIZE]);
bool tt_sctp_cookie_read(const struct tt_sctp *s, struct sctp_cookie *c, struct span bytes);

/* Handlers of chunks answer NULL, or why the chunk was refused. */
struct sctp_packet {
	struct sctp_header header;
	bool first;    /* the chunk at hand is the packet's first */
	bool stop;     /* set by a handler: the rest of the packet does not count */
	bool has_data, immediate; /* set by DATA, for the acknowledgement */
};
typedef uint32_t sctp_handler(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
			      struct sctp_packet *p);

/* sctp_init.c */
uint32_t tt_sctp_init_fault(const struct sctp_init *i); /* of one that has a tag */
sctp_handler tt_sctp_on_init, tt_sctp_on_init_ack, tt_sctp_on_cookie_echo, tt_sctp_on_cookie_ack;

/* sctp_snap.c */
uint32_t tt_sctp_snap_by_cookie(struct tt_sctp *s, taut_time now, const struct sctp_cookie *c); /* of an unheard peer */

/* sctp_data.c */
sctp_handler tt_sctp_on_data, tt_sctp_on_sack, tt_sctp_on_forward_tsn;
size_t tt_sctp_window(const struct tt_sctp *s); /* a_rwnd */
void tt_sctp_data_arrived(struct tt_sctp *s, taut_time now, const struct sctp_packet *p);
uint32_t tt_sctp_take_ack(struct tt_sctp *s, taut_time now, const struct sctp_sack *sack);
void tt_sctp_look_for_losses(struct tt_sctp *s, taut_time now); /* time passed */

/* sctp_reconfig.c */
sctp_handler tt_sctp_on_reconfig;
void tt_sctp_reconfig_prepare(struct tt_sctp *s);
void tt_sctp_reconfig_resume(struct tt_sctp *s); /* DATA came: is it all there now? */
void tt_sctp_reconfig_forget(struct tt_sctp *s); /* the deferred request */
void tt_sctp_reconfig_write(struct tt_sctp *s, struct wr *w);
bool tt_sctp_reconfig_timeout(struct tt_sctp *s); /* true: for want of an answer */

/* sctp_close.c */
sctp_handler tt_sctp_on_abort, tt_sctp_on_shutdown, tt_sctp_on_shutdown_ack,
	tt_sctp_on_shutdown_complete, tt_sctp_on_error;
void tt_sctp_end_with(struct tt_sctp *s, taut_time now, uint32_t reason, const char *text);
/* That, once an ABORT of ours has left, with its cause; 0: it had none. */
void tt_sctp_end_by_us(struct tt_sctp *s, taut_time now, uint16_t cause, const char *text);
/* Sends ABORT with that cause and ends. */
void tt_sctp_abort_about(struct tt_sctp *s, taut_time now, uint16_t cause, const void *info,
			 size_t len, const char *text);
/* The same with the text as the cause's information: only causes 12 and 13 have one, 3.3.10. */
void tt_sctp_abort_with(struct tt_sctp *s, taut_time now, uint16_t cause, const char *text);
void tt_sctp_reply_abort(struct tt_sctp *s, uint32_t tag, bool reflected, uint16_t cause,
                         const void *info, size_t len);
void tt_sctp_reply_shutdown_complete(struct tt_sctp *s, uint32_t tag, bool reflected);
void tt_sctp_shutdown_go_on(struct tt_sctp *s, taut_time now); /* when all is acknowledged */

/* sctp_heartbeat.c */
sctp_handler tt_sctp_on_heartbeat, tt_sctp_on_heartbeat_ack;
void tt_sctp_heartbeat_write(struct tt_sctp *s, taut_time now, struct wr *w);
void tt_sctp_heartbeat_put(struct wr *w, uint64_t nonce);

/* sctp_pmtu.c */
size_t tt_sctp_base(const struct tt_sctp *s); /* as long packets may always be */
void tt_sctp_pmtu_begin(struct tt_sctp *s);   /* a path of which nothing is known */
void tt_sctp_pmtu_data(struct tt_sctp *s, taut_time now, size_t packet); /* one with DATA is as long */
void tt_sctp_pmtu_judge(struct tt_sctp *s, taut_time now, const struct sctp_pmtu_signs *seen);
void tt_sctp_pmtu_timeout(struct tt_sctp *s, taut_time now);
size_t tt_sctp_pmtu_write(struct tt_sctp *s, taut_time now, uint8_t *buf, size_t cap); /* a probe, if it is due */
bool tt_sctp_pmtu_acked(struct tt_sctp *s, taut_time now, uint64_t nonce);

/* sctp_timer.c */
void tt_sctp_start(struct tt_sctp *s, enum sctp_timer t, taut_time at);
/* Before whatever time or a packet brings. */
void tt_sctp_wake(struct tt_sctp *s, taut_time now);
void tt_sctp_stop(struct tt_sctp *s, enum sctp_timer t);
bool tt_sctp_runs(const struct tt_sctp *s, enum sctp_timer t);
void tt_sctp_arm_probe(struct tt_sctp *s, taut_time now); /* data left, or was acknowledged */
void tt_sctp_start_heartbeat(struct tt_sctp *s, taut_time now);

/* sctp_transmit.c */
void tt_sctp_write_data_chunks(struct tt_sctp *s, taut_time now, struct wr *w); /* as many as fit and may */
/* 5.1 C: behind COOKIE ECHO, in its packet and in no other until COOKIE ACK. */
void tt_sctp_write_early_data(struct tt_sctp *s, taut_time now, struct wr *w);
/* Would it write something? Only a guess about windows: it decides whether an acknowledgement that could
 * wait rides along. */
bool tt_sctp_has_data(struct tt_sctp *s, taut_time now);
/* Nothing more leaves now: for want of leave, which the pacer gives later, or of data. */
void tt_sctp_pause(struct tt_sctp *s, taut_time now);

/* sctp_send.c */
void tt_sctp_forget_reply(struct tt_sctp *s); /* that waits, if there is one */
struct wr tt_sctp_reply_begin(struct tt_sctp *s, uint32_t tag); /* the reply slot */
void tt_sctp_reply_end(struct tt_sctp *s, struct wr *w);
/* Queues a chunk for the next packet; dropped when SCTP_MAX_CONTROL wait already. */
void tt_sctp_queue_control(struct tt_sctp *s, const void *chunk, size_t len);
void tt_sctp_queue_error(struct tt_sctp *s, uint16_t cause, const void *info, size_t len);
void tt_sctp_clear_control(struct tt_sctp *s);

#endif
