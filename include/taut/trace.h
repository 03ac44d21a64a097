/* trace.h - what the core says while it works.
 *
 * One sink in the environment receives everything: notes with typed fields,
 * drops with their reason, packets before encryption and after decryption.
 * Sinks decide what becomes of it; taut_trace_text writes lines for people. No
 * record ever holds a key or an ICE password. A sink is called from inside the
 * core and must not call taut. */
#ifndef TAUT_TRACE_H
#define TAUT_TRACE_H

#include "taut/taut.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined __GNUC__
#pragma GCC visibility push(default)
#endif

/* begin: bindings parse from here to the end mark */

#define TAUT_TRACE_NOTE 1
#define TAUT_TRACE_DROP 2
#define TAUT_TRACE_PACKET_IN 3
#define TAUT_TRACE_PACKET_OUT 4

#define TAUT_LAYER_PEER 1
#define TAUT_LAYER_SDP 2
#define TAUT_LAYER_ICE 3
#define TAUT_LAYER_STUN 4
#define TAUT_LAYER_DTLS 5
#define TAUT_LAYER_SRTP 6
#define TAUT_LAYER_SCTP 7
#define TAUT_LAYER_DATA 8
#define TAUT_LAYER_RTP 9
#define TAUT_LAYER_RTCP 10
#define TAUT_LAYER_IO 11

/* text when it is not NULL, else addr when it is not NULL, else number. */
struct taut_trace_field {
	const char *key;
	const char *text;
	const struct taut_addr *addr;
	int64_t number;
};

/* Lent for the length of the call. */
struct taut_trace_record {
	size_t size;
	taut_time at;
	uint32_t kind, layer;
	const char *name;
	const struct taut_trace_field *fields;
	size_t field_count;
	const void *data; /* of packets */
	size_t len;
	const struct taut_addr *local, *remote; /* of packets; may be NULL */
	uint32_t reason; /* of drops: TAUT_DROP_, taut/drop.h */
};

struct taut_trace_sink {
	size_t size;
	void *ctx;
	void (*record)(void *ctx, const struct taut_trace_record *r);
};

/* Writes text (a line, or the start of one; not ended by NUL) wherever you like. */
typedef void (*taut_trace_write)(void *ctx, const char *text, size_t len);

/* A sink that writes lines a newcomer can follow: milliseconds since its first record, layer,
 * what happened, key=value; a packet with one line that explains it. TAUT_E_NOMEM. */
int taut_trace_text_new(struct taut_trace_sink **out, taut_trace_write write, void *ctx);
/* The same records as JSON, one object per line (RFC 8259). TAUT_E_NOMEM. */
int taut_trace_json_new(struct taut_trace_sink **out, taut_trace_write write, void *ctx);
/* Frees a sink of either kind, after the last environment that uses it. NULL is fine. */
void taut_trace_free(struct taut_trace_sink *sink);

/* end */

#if defined __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
