/* bench_line.h - clients of a relay made of bare sockets: what they send is ready beforehand, and
 * of what comes they read the lengths. */
#ifndef TAUT_BENCH_BENCH_LINE_H
#define TAUT_BENCH_BENCH_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bench_line {
	int fd;
	uint8_t head[10]; /* of the frame that comes: RFC 6455 section 5.2, never masked */
	size_t have;      /* octets of it */
	uint64_t left;    /* octets of the frame's payload still to come */
	uint64_t frames;  /* whole ones that came */
};

enum { BENCH_FRAME_HEAD = 14 };

/* A TCP connection to loopback, nothing held back. -1: refused. */
int bench_line_connect(uint16_t port);
bool bench_line_send(int fd, const void *bytes, size_t len);
/* GET /ws, and the answer. False: no WebSocket came of it. */
bool bench_line_upgrade(int fd, uint16_t port);
/* A text frame as clients send it, masked. Returns its length; out has room for
 * BENCH_FRAME_HEAD + len. */
size_t bench_line_frame(uint8_t *out, const char *text, size_t len);
/* Counts the frames in what came. */
void bench_line_count(struct bench_line *l, const uint8_t *bytes, size_t len);

#endif
