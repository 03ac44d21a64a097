/* pc.h - the inside of a peer connection: who owns what.
 *
 * A taut_pc owns the transceivers, the descriptions and one transport: with
 * BUNDLE (RFC 9143) all m-lines share it, and an m-line that would need another
 * is rejected (JSEP's max-bundle, RFC 9429 section 4.1.1). The verbs live in
 * files of their own: pc_recv, pc_send, pc_tick, pc_event, pc_io for the network
 * side; pc_offer, pc_answer, pc_bundle, pc_check, pc_bind,
 * pc_agree, pc_streams, pc_simulcast for descriptions; pc_transceiver, pc_encoding,
 * pc_channel, pc_media, pc_source for what the application uses; pc_stats, pc_stats_path and pc_stats_media
 * for reports of how it goes. */
#ifndef TAUT_PEER_PC_H
#define TAUT_PEER_PC_H

#include "base/addr.h"
#include "base/env.h"
#include "datachannel/datachannel.h"
#include "dtls/dtls.h"
#include "ice/ice.h"
#include "rtcp/rtp_session.h"
#include "sdp/sdp.h"
#include "srtp/srtp.h"
#include "stun/turn_client.h"

enum {
	PC_MAX_TRANSCEIVERS = 64,
	PC_MAX_CODECS = 16,
	PC_MAX_M_LINES = 64,
	PC_MAX_EVENTS = 4096,
	PC_MAX_HELD = 128, /* media that came before the keys: a second of it, for a slow answer */
	PC_PACKET = 1500,  /* the longest datagram taken or made ... */
	PC_WRAPPED = PC_PACKET + TT_TURN_HEAD + TT_TURN_TAIL, /* ... and by a TURN server */
	PC_RTP_PACKET = 1168,  /* clear RTP: with tag and UDP over IPv6 it stays under 1,280 */
	PC_SCTP_PACKET = 1160, /* in DTLS 1,197, until it is known that the path takes more */
	PC_FIRST_DATAGRAM = offsetof(struct taut_datagram, dont_fragment), /* of version 0.1 */
	PC_SCTP_RELAYED = PC_SCTP_PACKET - TT_TURN_CHANNEL_HEAD, /* and in a channel the same */
	PC_MID = TT_SDP_MID_LEN, /* longer ones the reader refuses */
	PC_MAX_STREAMS = 16,     /* of one sender */
	PC_MAX_WINDOW = 128 * 1024 * 1024, /* 65,535 chunks of PC_PACKET would fit */
	PC_MAX_ENCODINGS = 4,    /* of one source, sent or received */
	PC_RID = 16,             /* octets: what an extension's one-byte form holds, RFC 8285 */
	PC_STREAM_SHIFT = 28,    /* a stream of the session: a transceiver, and above it the slot */
};

/* A connection is either ready, in the list, or asleep, in the heap: never in both. */
struct taut_env {
	struct tt_env base;
	struct tt_dtls_shared *dtls; /* the certificate and the SSL_CTX of its connections */
	struct pc_certificate *certificate; /* what it says, lent; NULL until somebody asks */
	struct taut_pc *ready, *ready_last;
	struct taut_pc **asleep; /* a binary heap by deadline, with room for all of them */
	size_t count, room, asleep_count;
};

/* A codec as this connection numbers it. Payload types of a bundle are one space. */
struct pc_codec {
	struct taut_codec codec; /* mime and fmtp are owned copies */
	uint8_t kind;
	uint8_t pt, rtx_pt; /* rtx_pt 0: none (audio) */
	bool agreed;        /* the peer knows these numbers: they stay */
	struct {
		uint8_t pt, rtx_pt;
		bool agreed;
	} stable; /* what a rollback restores */
};

/* Header extensions this stack understands, by URI; their ids are one space in a bundle. */
enum pc_ext {
	PC_EXT_MID,
	PC_EXT_RID,
	PC_EXT_REPAIRED_RID,
	PC_EXT_TRANSPORT_CC,
	PC_EXT_AUDIO_LEVEL,
	PC_EXT_COUNT
};

/* What one negotiation may change, kept apart so that a rollback is a copy. */
struct pc_binding {
	char mid[PC_MID + 1]; /* "": not in a description yet */
	int m_line;           /* -1: none */
	bool announced;       /* TAUT_EV_TRACK was given for the current receiving spell */
};

/* Local candidates of one ICE generation, as lines. */
struct pc_candidates {
	char **lines;
	size_t count;
	bool done; /* no more will come */
	uint32_t generation;
};

#define PC_NEVER INT64_MIN

/* What is sent, as RTCRtpEncodingParameters has it: all of a transceiver, or one of its simulcast. */
struct pc_encoding {
	char rid[PC_RID + 1]; /* "": there is only one, without */
	uint8_t slot;         /* of its stream, for good */
	bool inactive;
	bool has_sender; /* the session has one for it, which may be silent for now */
	uint32_t max_bitrate;
	double max_framerate, scale;
	uint32_t ssrc, rtx_ssrc;
	taut_time began;                /* when there was one first; 0: never */
	struct pc_codec_stats *encoder; /* NULL: nothing was told */
};

struct pc_transceiver {
	taut_transceiver id;
	uint32_t kind, direction,
		current_direction;       /* TAUT_SENDRECV ..., current 0: not negotiated */
	struct pc_binding bound, stable; /* stable: what a rollback restores */
	bool made_by_offer;              /* of the peer, not yet answered: a rollback removes it */
	char offered_mid[PC_MID + 1];    /* of the offer created last, where it has no m-line yet */
	bool sends, receives;            /* agreed on; the session has a receiver for it */
	char *streams; /* ids, each with its NUL, one behind the other; pc_stream_at */
	size_t stream_count;
	char *sender_id; /* in a=msid, for good */
	char *track;     /* what is sent; NULL: nobody has said */
	bool muted;      /* the track was taken away: no frames */
	bool has_sent, by_add_track;
	struct pc_encoding encodings[PC_MAX_ENCODINGS]; /* RTCRtpSender's [[SendEncodings]] */
	size_t encoding_count;                          /* at least 1 */
	struct pc_encoding ridless; /* the only one, before an offer asked for simulcast ... */
	bool was_ridless;           /* ... which is not answered yet: what a rollback restores */
	/* By slot: the rids of what is received; all "": there is no simulcast, and slot 0 takes it. */
	char heard_rids[PC_MAX_ENCODINGS][PC_RID + 1];
	unsigned heard_slots; /* the session has a receiver for these, a bit each */
	uint8_t preferred[PC_MAX_CODECS]; /* of pc->codecs, in this order; none: all of its kind */
	uint8_t preferred_count;
	bool prefers_rtx;
	uint64_t transaction; /* in which set_sender_parameters may change encodings; 0: none */
	struct pc_codec_stats *decoders[PC_MAX_ENCODINGS]; /* by slot; NULL: nothing was told */
	const struct pc_codec *send_codec;  /* NULL: nothing can be sent */
	uint16_t tone_keys;                 /* telephone events that the peer takes, a bit each */
	struct pc_dtmf *dtmf;               /* NULL: none was ever sent */
	struct pc_sources *sources;         /* who was heard; NULL: nobody */
	taut_time jitter_target;            /* of the application; -1: none */
	const struct pc_codec *heard_codec; /* of the last frame; NULL: to be looked up */
	uint8_t heard_pt;
	struct taut_transceiver_info info; /* what transceiver_at hands out */
};

struct pc_event {
	struct pc_event *next;
	struct taut_event ev; /* its texts point into the same allocation */
	struct taut_addr addr; /* ev.addr, where there is one */
};

struct pc_held {
	size_t len;
	uint8_t ecn;
	uint8_t data[PC_PACKET];
};

/* Offer or answer, as text and as what it says. */
struct pc_description {
	uint32_t type;       /* 0: none */
	uint32_t generation; /* of the ICE credentials in it, where it is ours */
	struct tt_sdp *sdp;
	struct pc_trickled *trickled; /* what add_ice_candidate brought and nobody has asked for */
};

/* A text for each call that hands one out, so that none takes away another's. */
enum pc_text {
	PC_TEXT_LOCAL,
	PC_TEXT_CURRENT_LOCAL,
	PC_TEXT_PENDING_LOCAL,
	PC_TEXT_REMOTE,
	PC_TEXT_CURRENT_REMOTE,
	PC_TEXT_PENDING_REMOTE,
	PC_TEXTS
};

struct pc_error {
	struct taut_error e;
	struct pc_error_texts *texts; /* NULL until there is one */
};

struct pc_error_texts {
	char message[160], found[64], expected[96];
};

struct taut_pc {
	struct taut_env *owner;
	struct tt_env base; /* what this connection takes of its owner's, and drops */
	struct tt_env *env; /* that one, for its layers */
	struct taut_pc *next_ready, *before_ready;
	size_t asleep_at;   /* its place in the heap, from 1; 0: it is in the list */
	taut_time wakes_at; /* what the heap goes by */
	void *user;
	struct taut_ice_server *servers; /* as they were given, in a block with their texts */
	struct pc_config *config;        /* handed out last; NULL until it is asked for */
	uint8_t server_count, policy;    /* TAUT_ICE_ALL or _RELAY */
	uint8_t ice_tcp;                 /* TAUT_ICE_TCP_ */
	uint8_t address_policy;          /* TAUT_ICE_ADDRESS_ */
	uint8_t pool_size;               /* of candidates */
	uint8_t srv_servers;             /* a bit for each: by SRV records */
	taut_time now;                   /* of the last call that told it */
	struct pc_error error;
	bool closed;
	bool wants_send, wants_io, wants_event; /* a poll may yield something */
	taut_time
		sent_at; /* when poll_send found nothing, and nobody has called since; or PC_NEVER */

	/* negotiation */
	uint32_t signaling_state;
	uint32_t made_type; /* of made_text; 0: it may not be set any more */
	struct pc_description local, remote;                 /* current */
	struct pc_description pending_local, pending_remote; /* while not stable */
	char *made_text, *texts[PC_TEXTS]; /* what create_ and the descriptions handed out last */
	struct pc_candidates candidates, before; /* before: what undoing a restart brings back */
	uint32_t last_generation, replaced; /* replaced: restart_ice wants a later one than this */
	uint64_t session_id, session_version;
	struct pc_codec *codecs; /* room for those of the configuration */
	size_t codec_count;
	uint8_t ext_ids[PC_EXT_COUNT]; /* 0: not numbered yet */
	uint8_t stable_ext_ids[PC_EXT_COUNT];
	char heard_key[2]; /* of the last TAUT_EV_TONE */
	struct pc_transceiver **transceivers;
	size_t transceiver_count, transceiver_room; /* up to PC_MAX_TRANSCEIVERS */
	taut_transceiver next_transceiver;
	unsigned next_mid;
	int data_m_line, stable_data_m_line; /* of data channels; -1: none yet */
	bool negotiation_needed, needed_queued, restart_wanted;
	bool channels_wanted;             /* the application made one */
	struct pc_parameters *parameters; /* lent; NULL until they are asked for */
	struct pc_why *why;               /* as well */
	struct pc_report *report;         /* the same */
	uint64_t last_transaction;
	char cname[24];

	/* the transport */
	struct tt_ice *ice;
	struct tt_dtls *dtls;
	struct tt_srtp *srtp;       /* NULL until DTLS gave keys */
	struct tt_dcs *channels;    /* NULL until a channel is made or offered */
	struct tt_rtp_session *rtp; /* NULL until media is negotiated */
	struct taut_addr path_local, path_remote; /* of the pair that was nominated last; family 0: none was */
	bool path_relayed, path_stream; /* that pair: by a TURN server of ours; by TCP or TLS */
	size_t max_message_size, send_buffer_size, max_receive_window;
	uint32_t congestion_control; /* TAUT_CC_ */
	uint32_t srtp_backend; /* TAUT_SRTP_ */
	uint32_t pacing_burst, pacing_interval;
	uint32_t max_receive_encodings;
	uint32_t ice_mdns; /* 1: host candidates are told under names */
	taut_flow next_flow;
	bool relays; /* a TURN server is configured: what is sent leaves room for what it needs until a pair is selected */
	bool dtls_started, dtls_client, sctp_started, srtp_refused, agreed, data_agreed;
	bool ice_lite;        /* ours */
	bool sctp_snap, snap; /* a=sctp-init is offered; it is agreed on */
	bool restarted_here, restarted_there; /* by the pending offer: a rollback undoes it */
	bool state_untold; /* no memory for its event: poll_event makes it of what is at hand */
	uint32_t gathering_state, connection_state;
	uint32_t dtls_state; /* TAUT_STATE_NEW, CONNECTING, CONNECTED, FAILED or CLOSED */
	uint32_t end_reason;
	uint32_t state_reason;
	uint32_t milestones; /* a bit each, given once */
	taut_time dtmf_at;   /* the next tone of any transceiver; INT64_MAX: none */

	/* events, in the order in which they happened */
	struct pc_event *events, **events_end, *lent;
	size_t event_count;
	struct taut_event layer_event; /* made of what a layer lent */
	struct taut_frame frame;

	/* packets */
	struct pc_held *held; /* PC_MAX_HELD of them, while media comes before the keys */
	size_t held_count;
	uint8_t next_packet[PC_PACKET]; /* the one that ended a run; data not wrapped yet */
	size_t next_packet_len;
	bool next_packet_check; /* of ICE, for next_packet_path; data goes where data goes then */
	bool next_packet_probe; /* of the path's MTU */
	uint16_t max_path_mtu;  /* taut_config's */
	struct tt_ice_path next_packet_path;
	struct taut_io io;
	struct taut_channel_info channel; /* lent */
	struct taut_rtp_source source;    /* lent */
	struct taut_counters counters;
};

/* Fails the call: fills pc->error and returns code. */
int pc_fail(struct taut_pc *pc, int code, const char *dom_name, const char *spec, const char *fmt,
	    ...) __attribute__((format(printf, 5, 6)));
int pc_fail_nomem(struct taut_pc *pc);
int pc_fail_no_transceiver(struct taut_pc *pc);
int pc_fail_closed(struct taut_pc *pc);
int pc_fail_sdp(struct taut_pc *pc, int code, const struct taut_error *why);

/* Something came in or was called: every poll may yield again. */
void pc_touch(struct taut_pc *pc, taut_time now);
void pc_may_send(struct taut_pc *pc); /* of the polls, poll_send may */

/* env_ready.c: who has something to do. */
int pc_enlist(struct taut_pc *pc); /* TAUT_E_NOMEM */
void pc_delist(struct taut_pc *pc);
void pc_wake(struct taut_pc *pc); /* one of its wants_ became true */

/* Queues an event; label and text are copied. Dropped, and traced, when memory or the ceiling ends. */
struct pc_event *pc_queue(struct taut_pc *pc, uint32_t type, const char *label, const char *text);
/* The same with data, which is copied as well. */
struct pc_event *pc_queue_data(struct taut_pc *pc, uint32_t type, const char *label,
			       const char *text, const char *data, size_t len);
void pc_milestone(struct taut_pc *pc, uint32_t which, const char *text);
void pc_free_events(struct taut_pc *pc);

/* Carries what one layer produced to the next, until nothing moves. Whether anything did. */
bool pc_pump(struct taut_pc *pc, taut_time now);
void pc_update_connection_state(struct taut_pc *pc, uint32_t reason, const char *text);
void pc_end(struct taut_pc *pc, taut_time now, uint32_t reason, const char *text);
void pc_receive_media(struct taut_pc *pc, taut_time now, taut_time received, uint8_t ecn,
		      uint8_t *buf, size_t len);
void pc_replay_held(struct taut_pc *pc, taut_time now);

uint64_t pc_packets_dropped(const struct taut_pc *pc);

void pc_drop_check(struct taut_pc *pc, taut_time now); /* if one waits to be sent */

/* pc_server.c: RFC 7064, RFC 7065. host has cap octets; out: its port (0: none is said) and transport;
 * *turn: it is a TURN server. */
int pc_read_server(const char *url, char *host, size_t cap, struct tt_ice_server *out, bool *turn);

/* transceivers */
struct pc_transceiver *pc_find_transceiver(struct taut_pc *pc, taut_transceiver id);
/* What most calls on one begin with: the time is taken, the connection is open, and it exists; or what
 * the call fails with. */
int pc_on_transceiver(struct taut_pc *pc, taut_time now, taut_transceiver id,
		      struct pc_transceiver **out);
struct pc_transceiver *pc_transceiver_at_line(const struct taut_pc *pc, int m_line);
/* track_id NULL: made up; without a track it names the sender alone. encodings: of this one; NULL: one.
 * 0, or what the call fails with. */
int pc_new_transceiver(struct taut_pc *pc, uint32_t kind, uint32_t direction, const char *track_id,
		       bool has_track, const struct pc_transceiver *encodings,
		       struct pc_transceiver **out);
void pc_free_transceiver(struct taut_pc *pc, struct pc_transceiver *t);
void pc_make_room(struct taut_pc *pc); /* forgets a stopped one when there are too many */
void pc_stop(struct taut_pc *pc,
	     struct pc_transceiver *t); /* it neither sends nor receives any more */
bool pc_direction_sends(uint32_t direction);
bool pc_direction_receives(uint32_t direction);
uint32_t pc_direction(bool sends, bool receives);

/* tracks and streams: pc_track.c */
bool pc_is_msid(const char *s); /* NULL is fine */
const char *pc_stream_at(const struct pc_transceiver *t, size_t i);
/* Of one transceiver for another to take, so that what may fail comes first. */
int pc_copy_streams(struct taut_pc *pc, const char *const *ids, size_t count,
		    struct pc_transceiver *to);
void pc_take_streams(struct taut_pc *pc, struct pc_transceiver *t, struct pc_transceiver *from);

/* encodings: pc_encoding.c */
uint32_t pc_stream(taut_transceiver id, size_t slot); /* as the session numbers it */
taut_transceiver pc_stream_transceiver(uint32_t stream);
bool pc_is_rid(const char *s);
/* Where it stands, -1: nowhere. "": the first place that is free. */
int pc_slot_of(char heard[PC_MAX_ENCODINGS][PC_RID + 1], const char *rid);
/* Where nobody says how large they are: each half as wide and high as the one behind it. */
void pc_halve(struct pc_encoding *all, size_t count);
/* rid NULL or "": the first one. NULL: there is none. */
struct pc_encoding *pc_find_encoding(struct pc_transceiver *t, const char *rid);
/* The limits of an encoding are within their ranges; or what the call fails with. */
int pc_check_limits(struct taut_pc *pc, uint32_t kind, const struct taut_rtp_encoding *e);
void pc_take_limits(struct pc_encoding *to, uint32_t kind, const struct taut_rtp_encoding *e);
/* Those of init, without SSRCs; none: `to` is as it was. */
int pc_read_encodings(struct taut_pc *pc, const struct taut_transceiver_init *init,
		      struct pc_transceiver *to);
bool pc_draw_ssrcs(struct taut_pc *pc, struct pc_transceiver *t); /* for encodings without */
void pc_remove_senders(struct taut_pc *pc, taut_time now, struct pc_transceiver *t);
void pc_remove_receivers(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			 unsigned slots);

/* simulcast: pc_simulcast.c */
/* Into an offer, or into the answer to one. Whether encodings are offered to be sent. */
bool pc_put_simulcast(const struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
		      const struct pc_transceiver *t, const struct tt_sdp_media *offer);
/* An offer that would receive several encodings makes them, where there was one without rid. */
int pc_take_proposal(struct taut_pc *pc, struct pc_transceiver *t, const struct tt_sdp *offer,
		     const struct tt_sdp_media *m);
void pc_undo_proposal(struct taut_pc *pc, struct pc_transceiver *t);
/* Only these are left, a bit each and at least one. */
void pc_narrow_encodings(struct taut_pc *pc, taut_time now, struct pc_transceiver *t,
			 unsigned agreed);

void pc_free_report(struct taut_pc *pc); /* pc_stats.c */

void pc_dtmf_tick(struct taut_pc *pc, taut_time now); /* pc_dtmf.c */

/* pc_source.c: a frame is handed out. */
void pc_hear(struct taut_pc *pc, struct pc_transceiver *t, uint32_t ssrc,
	     const struct tt_rtp_csrcs *csrcs, const struct taut_frame *frame);

/* configuration: pc_config.c */
int pc_make_ice(struct taut_pc *pc, const struct taut_config *cfg, taut_time now);
int pc_keep_servers(struct taut_pc *pc, const struct taut_config *cfg);
size_t pc_max_message(const struct taut_config *cfg); /* or their defaults */
uint64_t pc_max_path_mtu(const struct taut_config *cfg);
uint64_t pc_max_window(const struct taut_config *cfg);
size_t pc_max_memory(const struct taut_config *cfg);
void pc_free_config(struct taut_pc *pc);

/* codec preferences: pc_preference.c; t may be NULL, who has none */
size_t pc_codec_order(const struct taut_pc *pc, const struct pc_transceiver *t, uint32_t kind,
		      uint8_t order[PC_MAX_CODECS]);
bool pc_prefers(const struct taut_pc *pc, const struct pc_transceiver *t, const struct pc_codec *c);
bool pc_repairs(const struct pc_transceiver *t); /* by RTX */

/* codecs and header extensions: pc_codec.c */
int pc_take_codecs(struct taut_pc *pc, const struct taut_codec *codecs, size_t count);
void pc_free_codecs(struct taut_pc *pc);
/* Ours that a line of the peer's means, or NULL. */
const struct pc_codec *pc_match_codec(const struct taut_pc *pc, uint32_t kind,
				      const struct tt_sdp_codec *c);
/* The RTX payload type that repairs pt in this section, 0: none. */
uint8_t pc_rtx_of(const struct tt_sdp_media *m, uint8_t pt);
/* Takes over the numbers an offer of the peer gives our codecs and extensions. */
void pc_adopt_numbers(struct taut_pc *pc, const struct tt_sdp *offer);
void pc_keep_numbers(struct taut_pc *pc);    /* they are agreed on */
void pc_restore_numbers(struct taut_pc *pc); /* the offer that brought them was rolled back */
enum tt_rtp_codec pc_rtp_codec(const struct pc_codec *c);
bool pc_carries(const struct pc_codec *c); /* frames: telephone events are only something beside them */
const char *pc_ext_uri(enum pc_ext e);
bool pc_ext_is_for(enum pc_ext e, uint32_t kind);
/* The id of an extension that whoever wrote the section sends, or receives; 0: it does not. */
uint8_t pc_ext_id(const struct tt_sdp *sdp, const struct tt_sdp_media *m, enum pc_ext e, bool sent);
/* The ids under which both sections know our extensions: those we send, or those we receive. */
uint8_t pc_common_ext_id(const struct tt_sdp *ls, const struct tt_sdp_media *l,
			 const struct tt_sdp *rs, const struct tt_sdp_media *r, enum pc_ext e,
			 bool sent);
struct tt_rtp_ext_ids pc_common_ext_ids(const struct tt_sdp *local, const struct tt_sdp_media *l,
					const struct tt_sdp *remote, const struct tt_sdp_media *r,
					bool sent);

/* pc_snap.c: a=sctp-init of an offer of ours, of our answer to that section, NULL: none; and what both have said. */
const char *pc_snap_text(struct taut_pc *pc, struct tt_sdp *sdp);
const char *pc_snap_answer(struct taut_pc *pc, struct tt_sdp *sdp, const struct tt_sdp_media *offer);
void pc_snap_agree(struct taut_pc *pc, taut_time now, const struct tt_sdp_media *local,
		   const struct tt_sdp_media *remote);

/* m-sections: pc_section.c */
void pc_put_session(struct taut_pc *pc, struct tt_sdp *sdp);
void pc_put_transport(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
		      enum tt_sdp_setup setup);
void pc_put_track(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m,
		  const struct pc_transceiver *t, const struct tt_sdp_media *offer); /* NULL: it is one */
void pc_put_feedback(struct tt_sdp *sdp, struct tt_sdp_codec *c, uint32_t kind);
void pc_put_data(struct taut_pc *pc, struct tt_sdp *sdp, struct tt_sdp_media *m);
void pc_put_candidates(struct taut_pc *pc, struct tt_sdp *sdp);
bool pc_section_lives(const struct tt_sdp_media *m); /* not rejected, RFC 9143 section 6 */

/* pc_reports.c: RFC 3611 section 5 */
void pc_offer_reports(struct tt_sdp *sdp, struct tt_sdp_media *m);
void pc_answer_reports(struct tt_sdp *sdp, struct tt_sdp_media *m, const struct tt_sdp *offer,
		       const struct tt_sdp_media *o);
/* ls, rs: descriptions that answer each other, ours and the peer's. */
void pc_agree_reports(struct taut_pc *pc, const struct tt_sdp *ls, const struct tt_sdp *rs);

/* bundles: pc_bundle.c */
/* The section that says what m's transport is: itself, or the tagged one of its bundle. */
const struct tt_sdp_media *pc_carrier(const struct tt_sdp *sdp, const struct tt_sdp_media *m);
/* The one that speaks for the only transport there is, or NULL: all are rejected. */
const struct tt_sdp_media *pc_transport_section(const struct tt_sdp *sdp);
bool pc_rtcp_mux(const struct tt_sdp *sdp, const struct tt_sdp_media *m);
bool pc_rtcp_rsize(const struct tt_sdp *sdp, const struct tt_sdp_media *m);
/* The m-line of an offer whose transport an answer of ours takes; -1: none. */
int pc_offer_tag(const struct taut_pc *pc, const struct tt_sdp *offer);
bool pc_accepts(const struct taut_pc *pc, const struct tt_sdp *offer, size_t m_line);

/* negotiation */
void pc_update_negotiation_needed(struct taut_pc *pc);
bool pc_check_negotiation_needed(const struct taut_pc *pc);
const struct tt_sdp *pc_local_sdp(const struct taut_pc *pc); /* pending, else current; or NULL */
const struct tt_sdp *pc_remote_sdp(const struct taut_pc *pc);
int pc_build_offer(struct taut_pc *pc, taut_time now, struct tt_sdp **out);
int pc_build_answer(struct taut_pc *pc, struct tt_sdp **out);
int pc_check_remote(struct taut_pc *pc, uint32_t type, const struct tt_sdp *sdp);
/* Binds transceivers and the application m-line to the m-lines of a description. */
void pc_bind_local_offer(struct taut_pc *pc, const struct tt_sdp *sdp);
int pc_bind_remote_offer(struct taut_pc *pc, const struct tt_sdp *sdp);
void pc_rollback(struct taut_pc *pc);
void pc_undo_restart(
	struct taut_pc *pc); /* of an offer in the making or pending, if there was one */
/* What the peer's offer in force changed is undone, but for transceivers that the next one keeps. */
void pc_replace_offer(struct taut_pc *pc, const struct tt_sdp *next);
/* Credentials, fingerprints and candidates of a remote description. */
int pc_take_transport(struct taut_pc *pc, taut_time now, uint32_t type, const struct tt_sdp *sdp);
void pc_announce_tracks(struct taut_pc *pc, uint32_t type, const struct tt_sdp *remote);
void pc_stop_rejected(struct taut_pc *pc, const struct tt_sdp *remote);
/* Both sides agreed: the streams follow, and after a final answer the pending descriptions become the
 * current ones. The answer is taken over; after an error it is not, and nothing has changed. */
int pc_agree(struct taut_pc *pc, taut_time now, const struct pc_description *answer,
	     bool we_offered);
/* What streams go by: the current descriptions, or those of a provisional answer. */
bool pc_provisional(const struct taut_pc *pc);
const struct tt_sdp *pc_agreed_local(const struct taut_pc *pc);
const struct tt_sdp *pc_agreed_remote(const struct taut_pc *pc);
/* Octets of an IP packet of data channels that are no SCTP, on the path that there is. */
size_t pc_around_sctp(const struct taut_pc *pc);
uint16_t pc_max_probed(const struct taut_pc *pc); /* of tt_sctp_config */
struct tt_dcs *pc_make_channels(struct taut_pc *pc, taut_time now);
void pc_free_description(struct pc_description *d);
void pc_free_trickled(struct pc_description *d);
/* add_ice_candidate brought one (NULL: the end), which the descriptions of the peer show. */
void pc_keep_remote_candidate(struct taut_pc *pc, const char *mid, int m_line_index,
			      const struct tt_sdp_candidate *c);
void pc_local_candidate(struct taut_pc *pc, const struct tt_ice_event *e);
void pc_gathering_done(struct taut_pc *pc);
void pc_new_generation(struct taut_pc *pc);              /* ICE restarted */
void pc_old_generation(struct taut_pc *pc);              /* that was undone */
void pc_forget_candidates(struct taut_pc *pc, bool all); /* else only what a rollback needed */

#endif
