/* wire.h - a client of the relay made of bytes: it can say what no library would. Loopback sockets;
 * whoever waits does so in recv, for twenty seconds at most. */
#ifndef TAUT_TEST_WIRE_H
#define TAUT_TEST_WIRE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WIRE_ROOM = 600 * 1024, WIRE_TEXT = 1, WIRE_BINARY = 2, WIRE_CLOSE = 8, WIRE_PING = 9 };

struct wire {
	int fd;
	uint16_t port; /* of the relay */
	size_t have;
	uint8_t got[WIRE_ROOM];
};

static inline struct wire *wire_connect_to(uint32_t ip, uint16_t port, int receive_buffer)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr = { htonl(ip) } };
	const struct timeval deadline = { .tv_sec = 20 };
	const int at_once = 1;
	struct wire *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->port = port;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* low numbers are left to the relay: libwebsockets takes none past the system's limit */
	w->fd = fcntl(fd, F_DUPFD_CLOEXEC, 400);
	assert_true(fd >= 0 && w->fd >= 0);
	close(fd);
	if (receive_buffer)
		setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
	setsockopt(w->fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
	setsockopt(w->fd, SOL_SOCKET, SO_SNDTIMEO, &deadline, sizeof deadline);
	assert_int_equal(connect(w->fd, (const struct sockaddr *)&to, sizeof to), 0);
	return w;
}

static inline struct wire *wire_connect(uint16_t port, int receive_buffer)
{
	return wire_connect_to(INADDR_LOOPBACK, port, receive_buffer);
}

static inline void wire_free(struct wire *w)
{
	close(w->fd);
	free(w);
}

/* The relay may have ended the line while we speak: what it said stands in what is read. */
static inline void wire_send(struct wire *w, const void *bytes, size_t len)
{
	const char *p = bytes;

	while (len > 0) {
		const ssize_t n = send(w->fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

/* false: the line has ended. */
static inline bool wire_more(struct wire *w)
{
	assert_true(w->have < sizeof w->got);
	const ssize_t n = recv(w->fd, w->got + w->have, sizeof w->got - w->have, 0);
	if (n < 0 && errno == EAGAIN)
		fail_msg("nothing came in time");
	if (n > 0)
		w->have += (size_t)n;
	return n > 0;
}

static inline void wire_skip(struct wire *w, size_t len)
{
	memmove(w->got, w->got + len, w->have - len);
	w->have -= len;
}

/* The line ends, without another byte. */
static inline void wire_ended(struct wire *w)
{
	assert_int_equal(w->have, 0);
	assert_false(wire_more(w));
	wire_free(w);
}

/* ---- HTTP ---- */

/* The status of the answer, its head in head; 0: the line ended first. The body is left. */
static inline int wire_head(struct wire *w, char *head, size_t cap)
{
	uint8_t *end;

	while ((end = memmem(w->got, w->have, "\r\n\r\n", 4)) == NULL)
		if (!wire_more(w))
			return 0;
	const size_t len = (size_t)(end - w->got) + 4;
	snprintf(head, cap, "%.*s", (int)len, (const char *)w->got);
	wire_skip(w, len);
	assert_memory_equal(head, "HTTP/1.", 7);
	return (int)strtol(head + 9, NULL, 10);
}

static inline void wire_request(struct wire *w, const char *method, const char *path)
{
	char text[512];
	const int n = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: localhost:%u\r\n\r\n",
			       method, path, w->port);

	wire_send(w, text, (size_t)n);
}

/* ---- WebSockets, RFC 6455 ---- */

/* more: header lines, each with its CRLF. */
static inline int wire_ask(struct wire *w, const char *path, const char *host, const char *more)
{
	char text[1024], head[1024];
	const int n = snprintf(text, sizeof text,
			       "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\n"
			       "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
			       "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s\r\n",
			       path, host, more);

	wire_send(w, text, (size_t)n);
	return wire_head(w, head, sizeof head);
}

static inline struct wire *wire_open_with(uint16_t port, int receive_buffer)
{
	struct wire *w = wire_connect(port, receive_buffer);

	assert_int_equal(wire_ask(w, "/ws", "localhost", ""), 101);
	return w;
}

static inline struct wire *wire_open(uint16_t port)
{
	return wire_open_with(port, 0);
}

/* first: FIN, reserved bits and opcode; claimed: the length that the frame says it has. */
static inline void wire_frame_of(struct wire *w, uint8_t first, uint64_t claimed, const void *data,
				 size_t len)
{
	uint8_t head[14 + 256] = { first };
	size_t n = 2;

	if (claimed < 126) {
		head[1] = (uint8_t)(0x80 | claimed);
	} else {
		const int bytes = claimed < 65536 ? 2 : 8;
		head[1] = 0x80 | (bytes == 2 ? 126 : 127);
		for (int i = bytes - 1; i >= 0; i--)
			head[n++] = (uint8_t)(claimed >> 8 * i);
	}
	n += 4; /* a mask of zeros is one, too */
	/* A wrong head ends the line, and data behind it would take the relay's last word. */
	const size_t with = len < 256 ? len : 256;
	memcpy(head + n, data, with);
	wire_send(w, head, n + with);
	wire_send(w, (const uint8_t *)data + with, len - with);
}

static inline void wire_frame(struct wire *w, uint8_t first, const void *data, size_t len)
{
	wire_frame_of(w, first, len, data, len);
}

static inline void wire_say(struct wire *w, const char *text)
{
	wire_frame(w, 0x80 | WIRE_TEXT, text, strlen(text));
}

/* The next frame: its opcode; its bytes in text, with a NUL behind. -1: the line has ended. */
static inline int wire_hear(struct wire *w, char *text, size_t cap, size_t *len)
{
	for (;;) {
		const uint8_t *p = w->got;
		const size_t head = w->have < 2 ? 2 : p[1] == 126 ? 4 : p[1] == 127 ? 10 : 2;
		size_t n = w->have < 2 ? 0 : p[1];
		if (w->have >= head && p[1] == 126)
			n = (size_t)p[2] << 8 | p[3];
		if (w->have >= head && p[1] == 127)
			n = (size_t)p[6] << 24 | (size_t)p[7] << 16 | (size_t)p[8] << 8 | p[9];
		if (w->have >= head && w->have >= head + n) {
			const int opcode = p[0] & 15;
			assert_true(p[0] & 0x80); /* the relay does not fragment */
			assert_true(n < cap);
			memcpy(text, p + head, n);
			text[n] = '\0';
			*len = n;
			wire_skip(w, head + n);
			return opcode;
		}
		if (!wire_more(w))
			return -1;
	}
}

/* The next text, which must have this in it; what else is said before it is passed over. */
static inline void wire_hears(struct wire *w, const char *part)
{
	static char text[WIRE_ROOM];
	size_t len;

	for (;;) {
		const int opcode = wire_hear(w, text, sizeof text, &len);
		if (opcode == WIRE_CLOSE || opcode < 0)
			fail_msg("the line ended before '%s'", part);
		if (opcode == WIRE_TEXT && strstr(text, part))
			return;
	}
}

/* The relay closes with this code, whatever it says before; 0: without a word. Frees w. */
static inline void wire_closed(struct wire *w, int code)
{
	static char text[WIRE_ROOM];
	size_t len;
	int opcode;

	while ((opcode = wire_hear(w, text, sizeof text, &len)) >= 0 && opcode != WIRE_CLOSE)
		;
	if (opcode < 0)
		assert_int_equal(0, code);
	else
		assert_int_equal((uint8_t)text[0] << 8 | (uint8_t)text[1], code);
	wire_free(w);
}

static inline struct wire *wire_join(uint16_t port, const char *room, const char *name)
{
	struct wire *w = wire_open(port);
	char text[256];

	snprintf(text, sizeof text, "{\"type\":\"ready\",\"name\":\"%s\",\"rooms\":[\"%s\"]}", name,
		 room);
	wire_say(w, text);
	wire_hears(w, "\"joined\"");
	return w;
}

#endif
