/* call_peer.h - one other in the room, as a call sees it; shared by the files of src/cli/call*. */
#ifndef TAUT_CLI_CALL_PEER_H
#define TAUT_CLI_CALL_PEER_H

#include "cli/call.h"
#include "cli/stats_dump.h"
#include "taut/stats.h"

/* A message that could not be sent back yet. */
struct call_pending {
	struct call_pending *next;
	taut_channel channel;
	int binary;
	size_t len;
	char data[];
};

enum { CALL_MAX_CHANNELS = 64, CALL_LABEL = 64, CALL_CHAT = 8192 };
enum { CALL_WORD = 4 * 64 + 1 }; /* taut/signal.h: 64 characters of UTF-8, and a NUL */

struct call_channel {
	taut_channel id;
	char label[CALL_LABEL];
};

struct call_layer {
	char rid[17];
	taut_sink *sink;
	bool seen;
};

enum { CALL_SOURCES = CALL_MAX_SOURCES + CALL_LAYERS - 1 };

struct call_peer {
	struct call *call;
	taut_pc *pc; /* the room's; NULL: freed */
	char id[CALL_WORD], name[CALL_WORD];
	char dumped_as[16]; /* its name in the dump of statistics */
	taut_time since;
	bool connected, counted;
	taut_transceiver audio, video; /* 0: none */
	taut_channel chat;
	bool chat_open;
	struct call_channel channels[CALL_MAX_CHANNELS];
	size_t channel_count;
	struct call_pending *pending, **pending_end;
	size_t pending_bytes;
	taut_sink *sink;
	struct call_layer layers[CALL_MAX_LAYERS]; /* of a picture that comes in several */
	size_t layer_count;
	bool heard, seen;
	uint64_t messages_sent;
	struct call_summary last; /* kept up to date */
	struct taut_codec_stats encoded[2 * CALL_SOURCES]; /* of each source's sound and picture, before it took them */
};

struct call_lines {
	char text[1024]; /* of the line that has begun */
	size_t len;
	bool too_long;
	taut_timer timer; /* 0: nothing more is read */
};

struct call {
	struct call_config cfg;
	taut_loop *loop;
	taut_room *room;
	struct taut_config pc;
	taut_source *sources[CALL_SOURCES];
	uint32_t scales[CALL_SOURCES]; /* how much smaller its picture is */
	size_t source_count;
	bool started;
	taut_timer timer;
	struct call_peer *peers[CALL_MAX_PEERS];
	size_t peer_count;
	unsigned met; /* calls that were recorded so far */
	bool have_summary;
	struct call_summary summary;
	struct stats_dump *dump; /* NULL: nobody wants one */
	unsigned known;          /* peers so far */
	struct call_lines lines;
	char save_dir[640];
};

/* The parts of the room's callbacks that concern one peer. */
struct call_peer *call_peer_of(struct call *c, taut_pc *pc);
void call_peer_event(struct call_peer *p, const struct taut_event *ev);
/* What the peer says of its side, which failed. */
void call_peer_failed(struct call_peer *p, const char *text);
void call_open_sink(struct call_peer *p);
void call_peer_update(struct call_peer *p);
void call_peer_dump(struct call_peer *p); /* a report into the call's dump */
taut_time call_clock(void *ctx);          /* what sinks measure decoding by; ctx is not looked at */
void call_peer_free(struct call_peer *p);
void call_say(struct call_peer *p, const char *event, const char *text);
void call_first_frame(struct call_peer *p, const char *what);

/* ---- call_keys.c ---- */

/* What a call can send and hear. */
const struct taut_codec *call_codecs(size_t *count);
void call_dial(struct call_peer *p); /* what the configuration says, if it does */
void call_key(struct call_peer *p, const struct taut_event *ev);

/* ---- call_lines.c ---- */

void call_lines_open(struct call *c); /* if the configuration says so */
void call_lines_close(struct call *c);

/* ---- call_layers.c ---- */

/* What is offered to be sent in several sizes; 0: in one. */
size_t call_encodings(const struct call *c, struct taut_rtp_encoding all[CALL_LAYERS]);
extern const char *const call_wanted[CALL_LAYERS]; /* what is offered to be received */
int call_open_layers(struct call *c, struct taut_media_error *error);
/* The peer takes pictures so many times smaller, under this rid (NULL: none). */
bool call_takes(struct call_peer *p, uint32_t scale, const char **rid);
void call_layer_frame(struct call_peer *p, const struct taut_event *ev);
void call_layers_update(struct call_peer *p); /* its summary */
void call_layers_dump(struct call_peer *p);
void call_layers_close(struct call_peer *p);

/* ---- call_sources.c ---- */

/* What is wrong is said on stderr. */
int call_open_sources(struct call *c);
/* The kinds this call sends, TAUT_AUDIO | TAUT_VIDEO. */
uint32_t call_kinds(const struct call *c);
void call_key_frame(struct call *c);
void call_start_sources(struct call *c);
/* For statistics: what the encoders did whose frames this peer takes, since call_take_encoders. */
void call_take_encoders(struct call_peer *p, taut_time now);
void call_tell_encoders(struct call_peer *p, taut_time now);

#endif
