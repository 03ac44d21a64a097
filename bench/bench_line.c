/* bench_line.c - see bench_line.h. */
#include "bench_line.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TEXT = 0x81, MASKED = 0x80, TWO = 126, EIGHT = 127 };

int bench_line_connect(uint16_t port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

bool bench_line_send(int fd, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;

	while (len > 0) {
		const ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* Octet by octet: what comes behind the head is left in the socket. */
static bool take_head(int fd)
{
	static const char status[] = "HTTP/1.1 101 ";
	char head[1024];

	for (size_t have = 0; have < sizeof head && recv(fd, head + have, 1, 0) == 1;)
		if (++have >= 4 && memcmp(head + have - 4, "\r\n\r\n", 4) == 0)
			return memcmp(head, status, sizeof status - 1) == 0;
	return false;
}

bool bench_line_upgrade(int fd, uint16_t port)
{
	char ask[256];
	const int n = snprintf(ask, sizeof ask,
			       "GET /ws HTTP/1.1\r\nHost: localhost:%u\r\nConnection: Upgrade\r\n"
			       "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
			       "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
			       port);

	return bench_line_send(fd, ask, (size_t)n) && take_head(fd);
}

size_t bench_line_frame(uint8_t *out, const char *text, size_t len)
{
	/* Not zero: that, libwebsockets need not undo. */
	static const uint8_t mask[4] = { 0x37, 0xfa, 0x21, 0x3d };
	size_t at = 0;

	out[at++] = TEXT;
	if (len < TWO)
		out[at++] = (uint8_t)(MASKED | len);
	else {
		const bool two = len <= UINT16_MAX;
		out[at++] = (uint8_t)(MASKED | (two ? TWO : EIGHT));
		for (int shift = two ? 8 : 56; shift >= 0; shift -= 8)
			out[at++] = (uint8_t)((uint64_t)len >> shift);
	}
	memcpy(out + at, mask, sizeof mask);
	at += sizeof mask;
	for (size_t i = 0; i < len; i++)
		out[at + i] = (uint8_t)((uint8_t)text[i] ^ mask[i % sizeof mask]);
	return at + len;
}

static size_t head_size(const struct bench_line *l)
{
	if (l->have < 2)
		return 2;
	return l->head[1] == TWO ? 4 : l->head[1] == EIGHT ? 10 : 2;
}

static uint64_t payload_size(const struct bench_line *l)
{
	uint64_t n = 0;

	if (l->head[1] < TWO)
		return l->head[1];
	for (size_t i = 2; i < l->have; i++)
		n = n << 8 | l->head[i];
	return n;
}

void bench_line_count(struct bench_line *l, const uint8_t *bytes, size_t len)
{
	for (size_t at = 0; at < len;) {
		if (l->have < head_size(l)) {
			l->head[l->have++] = bytes[at++];
			if (l->have < head_size(l))
				continue;
			l->left = payload_size(l);
		} else {
			const uint64_t n = l->left < len - at ? l->left : len - at;
			l->left -= n;
			at += (size_t)n;
		}
		if (l->left == 0) {
			l->frames++;
			l->have = 0;
		}
	}
}
