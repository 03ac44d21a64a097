/* call.h - a native peer in a room: what `taut call` and `taut demo` run.
 *
 * It joins a room, gives every peer the sources it was told to send (or sends
 * back what it gets), decodes and records what comes, and says what happens as
 * lines for people or as JSON, one object per line. Everything is on one loop. */
#ifndef TAUT_CLI_CALL_H
#define TAUT_CLI_CALL_H

#include <stdbool.h>
#include <stdio.h>

#include "cli/cli_ice.h"
#include "taut/drop.h"
#include "taut/loop.h"
#include "taut/media.h"
#include "taut/signal.h"

enum { CALL_MAX_SOURCES = 2, CALL_MAX_PEERS = 8, CALL_MAX_PENDING = 16 * 1024 * 1024 };
enum { CALL_LAYERS = 3, CALL_MAX_LAYERS = 4 }; /* sent of the test card; received of a picture */

struct call;

struct call_config {
	const char *url, *room, *name;
	const char *send[CALL_MAX_SOURCES]; /* "test" or files */
	size_t send_count;
	bool echo; /* send back frames and messages instead */
	bool loop_files;
	bool lines;     /* of standard input: /restart, and what is said in the chat */
	bool data_only; /* no media at all */
	bool any_certificate;
	const char *save;       /* directory, or NULL */
	const char *stats_json; /* file for a dump of statistics, or NULL */
	struct cli_servers servers;
	bool relay_only;
	uint32_t ice_tcp;                     /* TAUT_ICE_TCP_ */
	uint32_t addresses;                   /* TAUT_ICE_ADDRESS_ */
	bool mdns;                            /* our addresses are told under .local names */
	bool lite;                            /* ICE lite: checks are answered, and none are sent */
	uint32_t width, height, fps, bitrate; /* of the test card; 0: media.h's defaults */
	uint32_t srtp_backend;                /* TAUT_SRTP_ */
	const char *dial;                     /* keys of a telephone, to everybody; or NULL */
	bool simulcast; /* the test card in three sizes, and what others send so */
	bool json;
	FILE *out;                 /* where lines go */
	void (*ended)(void *user); /* the files are sent, or the room is lost for good */
	void *user;
};

/* Of a picture that comes in several. */
struct call_encoding {
	char rid[17];
	uint32_t width, height; /* of the last frame */
	uint64_t frames_decoded, card_frames, card_missing;
};

/* What one side of a call saw; times in ms since the side came to know the peer, -1: never. */
struct call_summary {
	double connected_ms, first_audio_ms, first_frame_ms;
	uint64_t frames_sent, frames_decoded, audio_frames_decoded;
	uint64_t card_frames, card_in_order, card_missing;
	uint64_t av_pairs;
	double av_offset_ms, audio_frequency;
	unsigned audio_level; /* -dBov: 127 is silence */
	uint64_t messages_sent, messages_received, bytes_sent, bytes_received;
	uint64_t packets_lost, packets_resent, nacks_sent, plis_sent;
	char srtp_profile[32], path[160];
	uint64_t drops[TAUT_DROPS];                      /* by reason */
	struct call_encoding encodings[CALL_MAX_LAYERS]; /* none: it came in one */
	size_t encoding_count;
};

/* Of a side that saw nothing. */
struct call_summary call_no_summary(void);

int call_join(struct call **out, taut_loop *loop, const struct call_config *cfg);
/* Leaves the room, closes the files. False: the statistics could not be written, which was said. */
bool call_leave(struct call *c);
/* Of the first peer that was connected. False: there was none. */
bool call_summarize(struct call *c, struct call_summary *out);
size_t call_peer_count(const struct call *c);
/* A line of live statistics. */
void call_print_stats(struct call *c, bool same_line);
/* A report of each connection for stats_json. */
void call_take_stats(struct call *c);
/* As JSON or as a table; ok is what the caller made of it. */
void call_print_summary(FILE *out, bool json, bool ok, const char *const *names,
			const struct call_summary *sides, size_t count);
/* The first picture and the recording lie in this directory. */
const char *call_save_dir(const struct call *c);
int call_snapshot(struct call *c);

#endif
