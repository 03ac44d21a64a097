/* bench.h - measuring: what a bench is, and what it tells.
 *
 * A bench is a group of cases that are held against each other: taut, the bare limit (the same work
 * without a stack around it), another library. They take turns, round after round, so that a busy
 * machine does them all the same wrong; the median of the rounds counts, and its spread is told. CPU
 * is that of the whole process, both ends, user and system together. */
#ifndef TAUT_BENCH_BENCH_H
#define TAUT_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What only some benches tell, beside what all do: { "p99_ms", 3.1 }. */
enum { BENCH_MORE = 4, BENCH_NAME = 24 };
struct bench_more {
	char name[BENCH_NAME]; /* empty: there is none */
	double value;
};

/* Of one round of one case. */
struct bench_sample {
	uint64_t packets, bytes; /* bytes: of payload */
	double cpu_us, wall_us;
	uint64_t allocations;
	double lost; /* of what was sent, 0..1 */
	bool whole;  /* a round is this long, whatever it takes: no longer one is looked for */
	const char *gave_up; /* why there is no figure, and none to come; until it is closed */
	long rss_kb;         /* the most that other processes had; 0: it was this one */
	bool uncounted;      /* nobody counted allocations */
	struct bench_more more[BENCH_MORE]; /* the same names in each round */
};

struct bench_case;
struct bench_options {
	double seconds;   /* of CPU, about, for each round */
	uint64_t packets; /* a round is this long, whatever it takes; 0: as `seconds` says */
	int rounds;
	bool json, quiet;
	const char *only; /* a part of "subject/profile/burst"; NULL: all */
};

struct bench_case {
	const char *subject;  /* "taut", "limit", or a peer's name */
	const char *bench;    /* "srtp", "rtp", ... */
	const char *profile;  /* which of its cases: "AEAD_AES_128_GCM, 1,200 octets" */
	unsigned burst;       /* packets handed over at once; 0: does not apply */
	const char *bypasses; /* what the work here leaves out, or NULL */
	/* NULL: it cannot run here; *why says so. */
	void *(*open)(const struct bench_case *c, const char **why);
	/* About `packets` packets, 0: as many as it takes to warm up. */
	void (*run)(void *me, uint64_t packets, struct bench_sample *out);
	void (*close)(void *me);
	long arg; /* for the functions */
};

struct bench {
	const char *name, *summary;
	const char *unit; /* what is counted, NULL: packets */
	const struct bench_case *cases;
	size_t count;
	/* Its cases run in processes of their own, so that peak memory is their own; unless the number of
	 * packets is given, for callgrind counts one process. */
	bool apart;
	/* The profile of the limit's row whose CPU for an octet a case is held against. NULL: it is that
	 * of the same profile, by packet. */
	const char *(*beside)(const struct bench_case *c);
};

extern const struct bench bench_srtp, bench_stun, bench_crc, bench_sdp, bench_rtp, bench_datachannel,
	bench_setup, bench_idle, bench_relay;

/* Runs the cases against each other and tells. False: nothing could run. */
bool bench_run(const struct bench *b, const struct bench_options *o);

/* Median and quartiles of one figure over the rounds. */
struct bench_figure {
	double median, low, high;
};

struct bench_row {
	const struct bench_case *of;
	struct bench_figure cpu_us_per_packet, packets_per_second;
	double cpu_s_per_gb, mb_per_second, lost;
	double allocations_per_packet; /* below 0: nobody counted */
	long peak_rss_kb;
	uint64_t packets; /* in all rounds */
	struct bench_more more[BENCH_MORE];
};
/* A case that cannot run is told as well, with the reason. */
void bench_tell_left_out(const struct bench_case *c, const char *why,
			 const struct bench_options *o);
void bench_tell(const struct bench *b, const struct bench_row *rows, size_t count,
		const struct bench_options *o);
void bench_tell_header(const struct bench *b, const struct bench_options *o);

/* A network namespace of its own, with its loopback up. False: neither root nor allowed to. */
bool bench_own_network(void);

/* ---- a case in a process of its own (bench_apart.c) ---- */
void *bench_apart_open(const struct bench_case *c, const char **why);
void bench_apart_run(void *me, uint64_t packets, struct bench_sample *out);
void bench_apart_close(void *me);

/* ---- peers (bench_peer.c) ----
 * Starts each program in the folder once and asks what it can do; tells their versions. */
void bench_peers_find(const char *folder, const struct bench_options *o);
/* Of the cases of peers, which have a process of their own anyway. */
void *bench_peer_open(const struct bench_case *c, const char **why);
/* The bench with the cases of the peers behind its own; good until the next call. */
const struct bench *bench_with_peers(const struct bench *b);
/* A connectivity check, the same octets for all, and its password. Returns the length. */
enum { BENCH_CHECK_ROOM = 256 };
extern const char bench_check_password[];
size_t bench_check(uint8_t out[BENCH_CHECK_ROOM]);
/* The offer that is read. */
const char *bench_offer_text(void);

/* bench_clock.c */
double bench_cpu_us(void); /* of the process, user and system */
double bench_wall_us(void);
long bench_peak_rss_kb(void);
/* Taken and not given back. What is resident says less: a bench before this one left room behind. */
long bench_heap_kb(void);
/* bench_malloc.c: calls of malloc, calloc, realloc and their like in the process so far; 0 always
 * where nothing is counted (a sanitized build). */
uint64_t bench_allocations(void);
/* Whether those of shared libraries are among them, where anything is counted. */
bool bench_counts_libraries(void);

#endif
