/* session.h - one whole session: two peer connections, their networks, a call, and the end of it.
 *
 * Both send audio and video for at least 5 s and 256 KiB of messages, then one
 * hangs up. What must hold is told to the world's failure text. */
#ifndef TAUT_SIM_SESSION_H
#define TAUT_SIM_SESSION_H

#include "run/plan.h"
#include "taut/trace.h"
#include "world/world.h"

/* What may start just below its wrap, and is seen to wrap. */
enum {
	WRAP_ROC,
	WRAP_TIMESTAMP,
	WRAP_PICTURE,
	WRAP_TRANSPORT_SEQ,
	WRAP_TSN,
	WRAP_SSN,
	WRAP_MS31,
	WRAP_MS32,
	WRAP_TRANSPORT_TIME,
	WRAP_NTP,
	SESSION_WRAPS,
};
const char *session_wrap_name(int i);

struct session_result {
	bool expected, connected;
	bool undisturbed;       /* nothing but the profile troubled it */
	taut_time connect_time; /* until both are connected */
	double goodput;         /* of messages, bytes a second, the slower direction */
	taut_time virtual_time;
	uint64_t hash, datagrams, bytes;
	unsigned audio_sent, audio_received, video_sent, video_received;
	size_t memory_peak; /* of one peer */
	unsigned wraps;     /* a bit each */
	unsigned refused;   /* packets that were seen to be refused and change nothing */
	bool asked_dns;
	unsigned failures;
	char failure[WORLD_FAILURE_TEXT];
	bool one_net, carrier, hairpin;
	char access[2][PLAN_TEXT], shared[PLAN_TEXT];
};

struct session_options {
	bool untraced; /* and no secret is looked for: nothing else may come of that, and neither of these is called */
	void (*write_trace)(void *ctx, const char *text, size_t len); /* or NULL */
	/* each packet that a side sent or took, in clear; or NULL */
	void (*packet)(void *ctx, int side, const struct taut_trace_record *r);
	void (*description)(void *ctx, const char *text);             /* or candidate; or NULL */
	void *ctx;
	uint32_t srtp; /* TAUT_SRTP_, of both peers */
};

void session_run(uint64_t seed, const struct profile *profile,
		 const struct session_options *options, struct session_result *out);

#endif
