/* session_int.h - a session's inside: session.c its course, session_call.c negotiation and
 * events, session_fault.c what goes wrong, session_load.c what is sent and checked,
 * session_net.c the networks, session_inside.c what can only be seen from inside the connection,
 * session_secrets.c what no trace may say.
 * A scenario (scenario.h) is the same session with another course. */
#ifndef TAUT_SIM_SESSION_INT_H
#define TAUT_SIM_SESSION_INT_H

#include "run/session.h"
#include "sim/sim_inside.h"
#include "taut/trace.h"
#include "world/world_peer.h"
#include "world/world_rooms.h"
#include "world/world_servers.h"
#include "world/world_signal.h"

enum {
	MESSAGE_BYTES = 262144,
	TICK = 20000,      /* one frame of sound */
	MEDIA_TICKS = 250, /* 5 s */
	SESSION_SEND_BUFFER = 786432, /* no session fills it; a scenario does */
	SECRETS = 96,
	SECRET_CAP = 260,
	MS = 1000,
	SECOND = 1000000,
};

struct session;

struct side {
	struct session *s;
	int index;
	struct world_peer peer;
	struct taut_trace_sink sink;
	struct world_signal out;    /* from here to the other, or ... */
	struct world_member member; /* ... by the relay */
	bool polite, meets, alone;  /* when offers meet; the other is in the room; it has left */
	taut_channel made, channel; /* by this side; in use, 0: not open */
	taut_transceiver tracks[2];
	bool connected, ended;
	bool ignores; /* an offer of the other side that met one of ours */
	taut_time restarted_at;
	uint32_t end_reason;
	taut_time connected_at;
	/* media out */
	unsigned ticks, audio_sent, video_sent, audio_number, video_number;
	taut_time video_out_at, audio_out_at, tick_at;
	bool key_wanted;
	/* media in */
	unsigned audio_received, video_received, broken;
	unsigned broken_sounds;
	uint32_t last_video, last_sound;
	taut_time last_video_at, last_audio_at;
	/* messages */
	size_t bytes_out, bytes_in;
	uint32_t messages_out, messages_in;
	taut_time first_out, last_in;
	bool waits; /* for room in the buffer */
	struct sim_inside inside;
	/* asked for by a scenario */
	bool holds, forges, left; /* what it signals waits; with another fingerprint; it is gone */
	unsigned wanted;          /* messages, of ... */
	size_t wanted_size;       /* ... so many bytes */
	unsigned offers;          /* and answers: descriptions told to the other side */
	struct session_letter *letters; /* that wait */
};

struct session {
	struct plan plan;
	struct world *world;
	struct world_rooms *rooms; /* NULL: plain pipes */
	struct side sides[2];
	struct world_stun stun;
	struct world_mdns mdns[2];
	struct world_dns dns;
	int carrier; /* the network of its NAT, or the internet */
	struct world_random random;
	struct taut_trace_sink *text;
	const struct session_options *options;
	struct taut_config config; /* of both peers */
	bool tracing;
	struct {
		const char *what;
		uint8_t data[SECRET_CAP];
		size_t len;
	} secrets[SECRETS];
	size_t secret_count;
	struct { /* all that the trace said, to be searched when every secret is known */
		char *text;
		size_t len, cap;
	} traced;
	bool hung_up;
	unsigned wraps; /* a bit each */
	/* NULL in a session of the plan's own course */
	struct scenario_run *scenario;
};

/* session.c */
void session_open(struct session *s); /* as its plan and options say */
void session_close(struct session *s, struct session_result *out);

/* session_net.c */
struct taut_addr session_dns(const struct session *s); /* family 0: none is asked */
void session_build(struct session *s);
struct world_mdns *session_mdns(struct session *s, int peer); /* NULL: its network has none */

/* session_call.c */
void session_event(struct world_peer *p, const struct taut_event *ev);
void session_signal(void *user, const struct world_note *note);
void session_join(struct side *a); /* takes its place in the room, or at the pipe */
void session_begin(struct session *s);
void session_restart(struct side *a);
void session_release(struct side *a); /* what it holds back is told now ... */
void session_forget(struct side *a);  /* ... or never */

/* session_fault.c */
enum { SESSION_TO = 1, SESSION_FROM = 2 };
void session_hole(struct session *s, int side, unsigned ways); /* 0: none any more */
/* The number-th interface of a side goes, or comes back, with another address if moved. */
void session_interface(struct session *s, int side, int number, bool up, bool moved);
void session_wall_jump(struct side *a, int64_t seconds);
void session_plan_faults(struct session *s);

/* session_load.c */
void session_start_media(struct side *a);
void session_send_messages(struct side *a);
void session_message(struct side *a, const struct taut_event *ev);
void session_frame(struct side *a, const struct taut_frame *f);
bool session_loaded(const struct session *s); /* all was sent and received */
void session_check_load(struct session *s);

/* session_trace.c */
void session_trace_begin(struct session *s);
struct taut_trace_sink session_trace_sink(struct side *a);
void session_trace_end(struct session *s);
void session_secret(struct session *s, const char *what, const void *data, size_t len);

/* scenario_run.c */
void scenario_event(struct side *a, const struct taut_event *ev);
bool scenario_lets(struct world_peer *p, const uint8_t *data, size_t len);

/* session_inside.c */
void session_look_inside(struct world_peer *p);
void session_before_packet(struct world_peer *p, const uint8_t *data, size_t len);
void session_after_packet(struct world_peer *p);

/* session_secrets.c */
void session_learn_keys(struct side *a);
void session_secrets_of(struct session *s, const char *sdp);

#endif
