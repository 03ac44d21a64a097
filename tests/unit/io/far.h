/* far.h - the other end of a stream: a server of one connection, with TLS or without, on sockets that
 * do not block, which acts between the steps of a loop.
 *
 * It takes what comes into far.got, all at once or a few bytes at a time, and says what it was given
 * to say. */
#ifndef TAUT_TEST_FAR_H
#define TAUT_TEST_FAR_H

#include <errno.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/io_sockaddr.h"

struct far {
	int listener, fd; /* -1: none */
	struct taut_addr at;
	bool deaf;    /* reads nothing */
	size_t bite;  /* reads and writes at most so many bytes at a time; 0: all */
	uint8_t *got; /* got_cap bytes */
	size_t got_len, got_cap;
	const uint8_t *say;
	size_t say_len;
	bool ended;
	int error;    /* of the end; 0: the other side said so */
	SSL_CTX *tls; /* NULL: plain */
	SSL *ssl;
	bool goodbye; /* TLS as well was ended properly */
	int alert;    /* a reason of OpenSSL's; 0: none */
};

/* At a loopback address. A small window fills soon. */
static inline void far_open(struct far *f, int family, bool small_window)
{
	union tt_sockaddr sa;
	const int small = 1, reuse = 1;

	*f = (struct far){ .fd = -1, .got_cap = 1 << 20 };
	f->got = malloc(f->got_cap);
	assert_non_null(f->got);
	f->at = (struct taut_addr){ .family = (uint8_t)family, .ip = { 127, 0, 0, 1 } };
	if (family == 6)
		memcpy(f->at.ip, &in6addr_loopback, 16);
	f->listener = socket(family == 6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	assert_true(f->listener >= 0);
	setsockopt(f->listener, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
	if (small_window)
		setsockopt(f->listener, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
	socklen_t len = tt_sockaddr_from(&sa, &f->at);
	assert_int_equal(bind(f->listener, &sa.any, len), 0);
	assert_int_equal(listen(f->listener, 4), 0);
	assert_int_equal(getsockname(f->listener, &sa.any, &len), 0);
	f->at = tt_sockaddr_to(&sa);
}

static inline void far_hang_up(struct far *f)
{
	SSL_free(f->ssl);
	f->ssl = NULL;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}

static inline void far_close(struct far *f)
{
	far_hang_up(f);
	close(f->listener);
	SSL_CTX_free(f->tls);
	free(f->got);
}

static inline size_t far_bite(const struct far *f, size_t most)
{
	return f->bite > 0 && f->bite < most ? f->bite : most;
}

/* What a call of OpenSSL that was not done leaves. */
static inline void far_judge(struct far *f, int rc)
{
	const int what = SSL_get_error(f->ssl, rc);

	if (what == SSL_ERROR_WANT_READ || what == SSL_ERROR_WANT_WRITE)
		return;
	f->ended = true;
	f->goodbye = what == SSL_ERROR_ZERO_RETURN;
	f->error = what == SSL_ERROR_SYSCALL ? errno : 0;
	f->alert = what == SSL_ERROR_SSL ? ERR_GET_REASON(ERR_peek_error()) : 0;
	ERR_clear_error();
}

static inline void far_read_tls(struct far *f)
{
	int n;

	while ((n = SSL_read(f->ssl, f->got + f->got_len, (int)(f->got_cap - f->got_len))) > 0)
		f->got_len += (size_t)n;
	far_judge(f, n);
}

static inline void far_read(struct far *f)
{
	const ssize_t n = read(f->fd, f->got + f->got_len, far_bite(f, f->got_cap - f->got_len));

	if (n > 0) {
		f->got_len += (size_t)n;
	} else if (n == 0 || errno != EAGAIN) {
		f->ended = true;
		f->error = n == 0 ? 0 : errno;
	}
}

static inline void far_write(struct far *f)
{
	const size_t len = far_bite(f, f->say_len);
	struct iovec piece = { (void *)(uintptr_t)f->say, len };
	const struct msghdr m = { .msg_iov = &piece, .msg_iovlen = 1 }; /* send is the loop's */
	const ssize_t n =
		f->ssl ? SSL_write(f->ssl, f->say, (int)len) : sendmsg(f->fd, &m, MSG_NOSIGNAL);

	if (n > 0) {
		f->say += n;
		f->say_len -= (size_t)n;
	}
	ERR_clear_error();
}

static inline void far_accept(struct far *f)
{
	f->fd = accept4(f->listener, NULL, NULL, SOCK_NONBLOCK);
	if (f->fd < 0 || !f->tls)
		return;
	f->ssl = SSL_new(f->tls);
	assert_non_null(f->ssl);
	assert_int_equal(SSL_set_fd(f->ssl, f->fd), 1);
	SSL_set_accept_state(f->ssl);
	SSL_set_mode(f->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

static inline void far_act(struct far *f)
{
	if (f->fd < 0) {
		far_accept(f);
		return;
	}
	if (f->say_len > 0 && !f->ended)
		far_write(f);
	if (f->deaf || f->ended)
		return;
	if (f->ssl)
		far_read_tls(f);
	else
		far_read(f);
}

static inline struct pollfd far_poll(const struct far *f)
{
	if (f->fd < 0)
		return (struct pollfd){ .fd = f->listener, .events = POLLIN };
	return (struct pollfd){ .fd = f->ended || (f->deaf && f->say_len == 0) ? -1 : f->fd,
				.events = (short)((f->deaf ? 0 : POLLIN) |
						  (f->say_len > 0 ? POLLOUT : 0)) };
}

/* Both act until the condition holds, and wait when neither has anything to do. w->loop, w->far; at
 * most DEADLINE microseconds. */
#define until_both(w, condition)                                                                   \
	do {                                                                                       \
		bool late = false;                                                                 \
		const taut_timer limit = taut_loop_after((w)->loop, DEADLINE, until_late, &late);  \
		for (;;) {                                                                         \
			far_act(&(w)->far);                                                        \
			assert_int_equal(taut_loop_step((w)->loop, 0), TAUT_OK);                   \
			if ((condition) || late)                                                   \
				break;                                                             \
			struct pollfd ready[2] = { { .fd = taut_loop_fd((w)->loop),                \
						     .events = POLLIN },                           \
						   far_poll(&(w)->far) };                          \
			assert_true(poll(ready, 2, DEADLINE / 1000) >= 0);                         \
		}                                                                                  \
		taut_loop_cancel((w)->loop, limit);                                                \
		assert_true(condition);                                                            \
	} while (0)

#endif
