/* torture.h - a library to be loaded in front of a test program, whose memory and system calls
 * then fail one by one.
 *
 * It stands in for malloc and its kin, for system calls, and for cmocka's runner. Each place in
 * the course of a test where something may fail is a point; points are numbered from 0. At a
 * point the test forks: in the child the call fails, the parent waits for what becomes of it
 * and goes on as if nothing had been. So every point starts from the very state that led to it.
 * Where the test has what a fork does not copy, threads, sockets, files, each child instead
 * runs the whole test from its start up to that point.
 *
 *     who.c     whose call it is: that of src, of the test, of a library
 *     alloc.c   memory
 *     live.c    what of it is in use, and whether it is lost
 *     sys.c     system calls
 *     spin.c    a loop that works for nothing
 *     thread.c  threads and locks
 *     wait.c    a test that waits for nothing
 *     point.c   which points fail, and how
 *     run.c     tests, children, what became of them
 *     warm.c    what a process does once
 *     report.c  the lines that tools/torture.py reads
 *
 * Loaded without the variable TORTURE it changes nothing. */
#ifndef TAUT_TORTURE_H
#define TAUT_TORTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TORTURE_FRAMES = 64 };

struct torture_stack {
	uintptr_t pc[TORTURE_FRAMES]; /* return addresses, the innermost first */
	size_t count;
};

/* Once: that call alone. For good: it and all of its kind after it. */
enum torture_mode { TORTURE_ONCE, TORTURE_GOOD, TORTURE_MODES };

/* ---- who.c ---- */
void torture_who_init(void);
/* Of whoever called the function that calls this one; frame is its frame address. */
void torture_walk(struct torture_stack *s, void *frame, void *ret);
/* Whether code of src asked for it, by itself or through a library. A test's own calls, and those
 * of cmocka, never fail. */
bool torture_is_ours(const struct torture_stack *s);
/* The library that made the call for us: "libcrypto.so.3"; "" for our own code. */
const char *torture_library(const struct torture_stack *s);
/* NSS takes a failure for impossible, and crashes: it is spared. */
bool torture_is_nss(const struct torture_stack *s);
uint64_t torture_hash(const struct torture_stack *s); /* of the innermost frames */
/* A function of the program, which may be hidden; NULL: it has none of that name. */
void (*torture_function(const char *name))(void);

/* A name for a frame: "tt_alloc (program+0x1234)", "libcrypto.so.3". */
void torture_name(uintptr_t pc, char *out, size_t size);
/* "FILE+0x1234", as the sanitizers write it. */
void torture_place(uintptr_t pc, char *out, size_t size);
bool torture_is_shim(uintptr_t pc); /* of this library, or of the sanitizer */
void torture_print(const struct torture_stack *s); /* to stderr */

/* ---- point.c ---- */
struct torture_settings {
	bool on, strict;
	bool memory, system;
	bool both;     /* ask LeakSanitizer too, and say where it differs */
	bool cold;     /* OpenSSL starts within the test */
	bool dry;      /* nothing fails: how many points there are, and would be chosen */
	long sample;   /* so many points of the program, drawn; 0: see each */
	uint64_t seed; /* of the drawing */
	long most;     /* a test with more points of its own than this is cut down ... */
	long each;     /* ... to so many with each stack that this program meets ... */
	long drawn;    /* ... and about so many that are drawn */
	long share, shares; /* of the points that were chosen this process lets each shares-th fail */
	long depth;    /* stacks are the same by so many frames of the program; 0: by eight of all */
	long only_test, only_n, only_mode, only_variant; /* -1: all */
};
extern struct torture_settings torture_set;
extern _Thread_local int torture_busy; /* above 0: our own work, neither counted nor failed */

enum torture_phase {
	TORTURE_OFF,    /* between tests */
	TORTURE_COUNT,  /* how many points are there? */
	TORTURE_FORK,   /* a child at each chosen point */
	TORTURE_AWAIT,  /* a child that runs the test up to its point */
	TORTURE_FAILED, /* behind the point */
};

struct torture_state {
	enum torture_phase phase;
	long n;                 /* number of the next point */
	long calls;             /* of all that might be one, so far */
	long target, from;      /* of TORTURE_AWAIT: that point, not before so many calls */
	enum torture_mode mode; /* once, or for good ... */
	unsigned variant;       /* ... with this one of the errors ... */
	int error;
	const char *call;           /* ... of this call */
	struct torture_stack stack; /* and here */
};
extern struct torture_state torture;

/* What the counting pass of a test leaves for the parent: shared memory. */
enum { TORTURE_POINTS = 1 << 22 };
struct torture_points {
	long count;
	const char *call; /* of a child that ran up to its point: what failed ... */
	int error;
	struct torture_stack stack; /* ... and where */
	bool met;                   /* it came there */
	bool outside; /* the test has threads, sockets or files, which a fork does not copy */
	uint64_t hash[TORTURE_POINTS];
	uint32_t before[TORTURE_POINTS];  /* points with that stack */
	uint32_t call_no[TORTURE_POINTS]; /* how many calls, points or not, came before */
	uint8_t variants[TORTURE_POINTS];
	bool library[TORTURE_POINTS]; /* not of our own code */
	uint8_t chosen[TORTURE_POINTS]; /* a bit for each mode */
	bool reached[TORTURE_POINTS];   /* by the pass that forks */
};
extern struct torture_points *torture_points;

/* seen: a file of the stacks that other programs take; took: one for those of this program. */
void torture_point_init(const char *seen, const char *took);
/* In a process of its own: what comes by is counted from here. */
void torture_pass_begins(void);
/* Marks the points of a test that will fail; total: the points of the whole program; reruns: each child
 * runs the test from its start. */
void torture_choose(long index, long total, bool reruns);
/* Whether a sample takes any of a test's points. */
bool torture_draws(long index, long count, long total);
/* True: the call fails, with *error, one of a list that ends in 0. */
bool torture_point(const char *call, const int *errors, int *error, void *frame, void *ret);

/* Of the errors of a call: it succeeds, but does less than it could. */
enum { TORTURE_SHORT = -1 };

/* ---- spin.c ---- */
bool torture_system(const char *call); /* a call may fail here */
int torture_wait(int timeout);         /* how long a wait may take */
int torture_waited(int n);             /* it ended, with n events */

/* ---- wait.c ---- */
/* Before a read of a test's that may block. */
void torture_await_input(int fd, void *frame, void *ret);

/* ---- live.c ---- */
void *torture_given(void *p, size_t size); /* p */
size_t torture_taken(void *p);		    /* its octets, 0: it is not known */
size_t torture_untracked(void);		    /* octets that the sanitizer gave out by itself */
/* How many blocks cannot be reached any more; who took them goes to stderr. Of a process of one thread,
 * once, at its end. */
size_t torture_lost(void);

/* ---- thread.c ---- */
bool torture_has_threads(void); /* this process does, or did */

/* ---- run.c ---- */
/* A stream that takes one octet at a time has not failed: all must go on as before. */
bool torture_only_slowed(void);
/* 0, or what pthread_create says: it fails here. */
int torture_no_thread(void *frame, void *ret);
/* In the parent: a child for each error and mode. True: this is one, and its call fails. */
bool torture_fork(long n, const char *call, const int *errors, const struct torture_stack *s);
_Noreturn void torture_spin(const char *where);
_Noreturn void torture_gave_up(void); /* the test waits for what will not come */
_Noreturn void torture_deadlock(const struct torture_stack *s);

/* ---- warm.c ---- */
/* Lets OpenSSL start, as far as the program is linked with it: what it makes once for the whole
 * process is then no part of the tests. */
void torture_warm(void);

/* ---- report.c ---- */
struct torture_tally {
	long points, own, chosen, injected, clean, refused, findings;
	long reran;  /* failures whose child ran the test from its start */
	long missed; /* those of them that did not come to their point */
};
void torture_report_init(const char *path);
int torture_report_log(void); /* what children write; emptied before each */
void torture_report_test(long index, const char *name, const struct torture_tally *t, bool reruns);
void torture_report_finding(const char *kind, long index, const char *test, long n, int status);

#endif
