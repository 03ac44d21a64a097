/* scenario.h - a session whose course stands in a text file: who is where, what they do and what
 * befalls them at which moment, and what must hold. docs/TESTING.md has the words.
 *
 * The world's and the connection's invariants are checked as in every session.
 * scenario_read.c reads the file, scenario_where.c and scenario_what.c its statements,
 * scenario_words.c knows the words; scenario_run.c lets it happen, scenario_act.c step by step, and
 * scenario_check.c judges it. */
#ifndef TAUT_SIM_SCENARIO_H
#define TAUT_SIM_SCENARIO_H

#include <stdio.h>

#include "run/session.h"

enum {
	SCENARIO_LINES = 96, /* steps and claims */
	SCENARIO_DROPS = 16,
	SCENARIO_ERROR = 300,
	ALICE = 1,
	BOB = 2,
	BOTH = 3,
};

enum scenario_what {
	/* steps */
	DO_ADD,
	DO_DIRECT,
	DO_SEND,
	DO_RESTART,
	DO_ROLLBACK,
	DO_HOLD,
	DO_RELEASE,
	DO_FORGET,
	DO_FORGE,
	DO_CLOSE,
	DO_VANISH,
	DO_SLEEP,
	DO_INTERFACE,
	DO_HOLE,
	DO_REBIND,
	DO_WALL,
	DO_FLOOD,
	DO_LINK,
	DO_BACK,
	/* claims */
	IS_STATE,    /* now, or at the end */
	WAS_STATE,   /* by a moment */
	NEVER_STATE, /* at any moment */
	WAS_MILESTONE,
	IS_REASON,
	IS_SIGNALING,
	IS_COUNT,
};

enum scenario_counter {
	COUNT_MESSAGES, /* received, as are ... */
	COUNT_AUDIO,    /* ... frames */
	COUNT_VIDEO,
	COUNT_STUN, /* sent packets of that kind */
	COUNT_DTLS,
	COUNT_MEDIA,
	COUNT_DESCRIPTIONS, /* told to the other side */
	COUNT_RESENT,       /* RTP */
	COUNT_PLIS,         /* sent */
	COUNT_DROPPED,      /* refused by demultiplexing, ICE, DTLS or SRTP */
};

/* since the start, or since both were connected for the first time */
struct scenario_moment {
	bool after_up;
	taut_time at;
};

struct scenario_line {
	unsigned line; /* of the file */
	bool at_end;   /* of claims: when all is over */
	struct scenario_moment when, by;
	unsigned who; /* ALICE, BOB or both */
	enum scenario_what what;
	unsigned word; /* state, milestone, kind, counter ..., as scenario_words.c numbers it */
	int64_t number, number2;
	char compare; /* '<' (or equal), '>' (or equal), '=' */
	bool percent; /* of what the other side sent */
	struct world_link_config link;
};

/* The from-th to the to-th datagram of a kind that one sends, from 0, vanish. */
struct scenario_drop {
	unsigned who, kind, from, to;
};

struct scenario {
	const char *path;
	struct plan plan;
	struct scenario_moment end;
	unsigned end_line;
	struct scenario_line lines[SCENARIO_LINES];
	struct scenario_drop drops[SCENARIO_DROPS];
	size_t line_count, drop_count;
};

/* False: error says "FILE:LINE: what is wrong". path must live as long as out. */
bool scenario_read(struct scenario *out, const char *path, char error[SCENARIO_ERROR]);
/* The first thing that did not hold is in out->failure. */
void scenario_run(const struct scenario *sc, uint64_t seed, const struct session_options *options,
		  struct session_result *out);

/* scenario_words.c: lists of words that end in NULL; the number is the place. */
extern const char *const scenario_states[];
extern const char *const scenario_milestones[];
extern const char *const scenario_signaling[];
extern const char *const scenario_counters[];
extern const char *const scenario_kinds[];
extern const char *const scenario_directions[];
extern const char *const scenario_media[];
extern const char *const scenario_holes[];
extern const char *const scenario_interfaces[];
extern const char *const scenario_access[];
extern const char *const scenario_rules[];
extern const char *const scenario_dns[];
uint32_t scenario_reason(const char *word); /* UINT32_MAX: there is none */
const char *scenario_reason_word(uint32_t reason);

#endif
