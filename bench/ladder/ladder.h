/* ladder.h - what the agents of the ladder of set-up times share: how they are started, and what they say.
 *
 *     AGENT offers|answers [--stun HOST PORT] [--turn HOST PORT USER PASSWORD] [--relay-only] [...]
 *
 * Descriptor 3 is a socket of SOCK_SEQPACKET to the other agent: what signaling would carry, a message each, no
 * longer on its way than between two processes. The one that offers begins when it is told "go" on standard
 * input, the other with its first message. Each says a line when something happened: its name and the
 * microseconds of CLOCK_MONOTONIC, which all namespaces share; then "cpu", microseconds of user and
 * system since it began. Both end when standard input does. */
#ifndef TAUT_BENCH_LADDER_LADDER_H
#define TAUT_BENCH_LADDER_LADDER_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>

enum { LADDER_PEER = 3, LADDER_MESSAGE = 65536 };

struct ladder {
	bool offers, relay_only;
	const char *stun, *turn, *user, *password;
	unsigned stun_port, turn_port;
	const char *nomination; /* libnice's */
	double cpu_before;
	unsigned said; /* bits of enum ladder_event */
};

enum ladder_event {
	LADDER_BEGAN,
	LADDER_HOST,
	LADDER_SRFLX,
	LADDER_RELAY,
	LADDER_GATHERED,
	LADDER_CONNECTED, /* data can be sent */
	LADDER_NOMINATED, /* no other pair is tried */
	LADDER_FAILED,
};

static inline double ladder_cpu_us(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return 1e6 * (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

/* Only the first time counts. */
static inline void ladder_say(struct ladder *l, enum ladder_event e)
{
	static const char *const names[] = { "began",    "host",      "srflx",     "relay",
					     "gathered", "connected", "nominated", "failed" };
	struct timespec t;

	if (l->said & 1u << e)
		return;
	l->said |= 1u << e;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	if (e == LADDER_BEGAN)
		l->cpu_before = ladder_cpu_us();
	printf("%s %lld\n", names[e], (long long)t.tv_sec * 1000000 + t.tv_nsec / 1000);
	if (e == LADDER_NOMINATED)
		printf("cpu %.0f\n", ladder_cpu_us() - l->cpu_before);
}

static inline void ladder_send(const char *message)
{
	if (send(LADDER_PEER, message, strlen(message), MSG_NOSIGNAL) < 0)
		perror("ladder: to the other agent");
}

/* Its length, with a NUL behind it; 0: the other agent is gone. */
static inline size_t ladder_receive(char out[LADDER_MESSAGE])
{
	const ssize_t n = recv(LADDER_PEER, out, LADDER_MESSAGE - 1, 0);

	out[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* The candidate is behind its fifth blank: "... typ host". */
static inline void ladder_say_candidate(struct ladder *l, const char *candidate)
{
	if (strstr(candidate, " typ host"))
		ladder_say(l, LADDER_HOST);
	else if (strstr(candidate, " typ srflx"))
		ladder_say(l, LADDER_SRFLX);
	else if (strstr(candidate, " typ relay"))
		ladder_say(l, LADDER_RELAY);
}

static inline void ladder_options(struct ladder *l, int argc, char **argv)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	l->offers = argc > 1 && strcmp(argv[1], "offers") == 0;
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--relay-only") == 0) {
			l->relay_only = true;
		} else if (strcmp(argv[i], "--stun") == 0 && i + 2 < argc) {
			l->stun = argv[++i];
			l->stun_port = (unsigned)strtoul(argv[++i], NULL, 10);
		} else if (strcmp(argv[i], "--turn") == 0 && i + 4 < argc) {
			l->turn = argv[++i];
			l->turn_port = (unsigned)strtoul(argv[++i], NULL, 10);
			l->user = argv[++i];
			l->password = argv[++i];
		} else if (strcmp(argv[i], "--nomination") == 0 && i + 1 < argc) {
			l->nomination = argv[++i];
		} else {
			(void)fprintf(stderr, "ladder: what is %s?\n", argv[i]);
			exit(2);
		}
	}
}

/* Until the driver says "go". False: it is gone. */
static inline bool ladder_wait(void)
{
	char line[16];

	return fgets(line, sizeof line, stdin) != NULL;
}

#endif
