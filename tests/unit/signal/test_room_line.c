/* wraps: calloc malloc realloc pthread_create lws_create_context lws_service lws_write */
/* wraps: lws_client_connect_via_info SSL_CTX_new */
/* The room client's line to the relay, over loopback: this file plays the relay, byte by byte, and the
 * loop. The clock of the whole process is ours, so that waits take no time. */
#define _GNU_SOURCE
#include <libwebsockets.h>
#include <openssl/sha.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <time.h>

#include "signal/room_line.h"
#include "signal/signal_json.h"
#include "wire.h"

static atomic_llong leapt; /* seconds */

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
	const int e = (int)syscall(SYS_clock_gettime, clock, t);

	t->tv_sec += atomic_load(&leapt);
	return e;
}

/* ---- one call that fails ---- */

enum call { NONE, CALLOC, MALLOC, REALLOC, THREAD, CONTEXT, SERVICE, WRITE, CONNECT, TLS_CTX };

#include "fails.h"

WRAP(int, pthread_create, THREAD, 0, EAGAIN,
     (pthread_t * t, const pthread_attr_t *a, void *(*f)(void *), void *arg), (t, a, f, arg))
WRAP(struct lws_context *, lws_create_context, CONTEXT, 0, NULL,
     (const struct lws_context_creation_info *info), (info))
WRAP(int, lws_service, SERVICE, 0, -1, (struct lws_context * c, int ms), (c, ms))
WRAP(int, lws_write, WRITE, 0, -1,
     (struct lws * wsi, unsigned char *buf, size_t len, enum lws_write_protocol how),
     (wsi, buf, len, how))
WRAP(struct lws *, lws_client_connect_via_info, CONNECT, 0, NULL,
     (const struct lws_client_connect_info *i), (i))
WRAP(SSL_CTX *, SSL_CTX_new, TLS_CTX, 0, NULL, (const SSL_METHOD *m), (m))

/* ---- the loop ---- */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t posted;
	taut_task task;
	void *arg;
	bool full; /* it takes no task */
} loop = { .lock = PTHREAD_MUTEX_INITIALIZER, .posted = PTHREAD_COND_INITIALIZER };

int taut_loop_post(taut_loop *unused, taut_task task, void *arg)
{
	(void)unused;
	pthread_mutex_lock(&loop.lock);
	const bool full = loop.full;
	if (!full) {
		assert_null(loop.task);
		loop.task = task;
		loop.arg = arg;
		pthread_cond_signal(&loop.posted);
	}
	pthread_mutex_unlock(&loop.lock);
	return full ? TAUT_E_NOMEM : TAUT_OK;
}

/* ---- the stage ---- */

static struct {
	int listener;
	uint16_t port;
	struct tt_link *link;
	struct wire *relay; /* the relay's side of the line */
	size_t count;       /* of items so far */
	enum tt_link_kind kind;
	unsigned line;
	size_t len;
	char text[WIRE_ROOM];
} st;

static void on_item(void *user, const struct tt_link_item *item)
{
	assert_ptr_equal(user, &st);
	assert_int_equal(strlen(item->text), item->len);
	st.count++;
	st.kind = item->kind;
	st.line = item->line;
	st.len = item->len;
	snprintf(st.text, sizeof st.text, "%s", item->text);
}

/* Runs what was posted, until so many items have come. */
static void items(size_t count)
{
	struct timespec until;

	syscall(SYS_clock_gettime, CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	while (st.count < count) {
		pthread_mutex_lock(&loop.lock);
		int e = 0;
		while (!loop.task && e == 0)
			e = pthread_cond_timedwait(&loop.posted, &loop.lock, &until);
		const taut_task task = loop.task;
		void *arg = loop.arg;
		loop.task = NULL;
		pthread_mutex_unlock(&loop.lock);
		if (!task)
			fail_msg("%zu items did not come, but %zu", count, st.count);
		task(arg);
	}
}

static void is(size_t count, enum tt_link_kind kind, unsigned line, const char *text)
{
	items(count);
	assert_int_equal(st.count, count);
	assert_int_equal(st.kind, kind);
	assert_int_equal(st.line, line);
	assert_non_null(strstr(st.text, text));
}

/* The thread looks at the clock. */
static void leap(int seconds)
{
	atomic_fetch_add(&leapt, seconds);
	tt_link_send(st.link, 12345, "", 0); /* to a line that never was */
}

/* ---- the relay ---- */

static struct wire *take(void)
{
	const struct timeval deadline = { .tv_sec = 20 };
	struct wire *w = calloc(1, sizeof *w);

	assert_non_null(w);
	w->fd = accept(st.listener, NULL, NULL);
	assert_true(w->fd >= 0);
	setsockopt(w->fd, SOL_SOCKET, SO_RCVTIMEO, &deadline, sizeof deadline);
	uint8_t *end;
	while ((end = memmem(w->got, w->have, "\r\n\r\n", 4)) == NULL)
		assert_true(wire_more(w));
	*end = '\0';
	return w;
}

/* The upgrade is asked for as docs/SIGNALING.md says, and given: RFC 6455 section 4.2.2. */
static void upgrade(void)
{
	static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
	struct wire *w = take();
	char *ask = (char *)w->got, host[64], key[128], text[300];
	unsigned char hash[SHA_DIGEST_LENGTH], base64[64];

	snprintf(host, sizeof host, "Host: 127.0.0.1:%u\r\n", st.port);
	assert_memory_equal(ask, "GET /ws HTTP/1.1\r\n", 18);
	assert_non_null(strcasestr(ask, host));
	assert_non_null(strcasestr(ask, "sec-websocket-protocol: taut-room\r\n"));
	assert_null(strcasestr(ask, "\r\norigin:"));
	const char *p = strcasestr(ask, "sec-websocket-key: ");
	assert_non_null(p);
	snprintf(key, sizeof key, "%.24s%s", p + 19, guid);
	SHA1((const unsigned char *)key, strlen(key), hash);
	EVP_EncodeBlock(base64, hash, sizeof hash);
	const int n = snprintf(text, sizeof text,
			       "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\n"
			       "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n"
			       "Sec-WebSocket-Protocol: taut-room\r\n\r\n",
			       (const char *)base64);
	w->have = 0;
	wire_send(w, text, (size_t)n);
	st.relay = w;
}

/* A server does not mask. */
static void tell(uint8_t first, const char *data, size_t len)
{
	uint8_t head[10] = { first, (uint8_t)(len < 126 ? len : 127) };

	for (int i = 0; i < 8; i++)
		head[2 + i] = (uint8_t)((uint64_t)len >> 8 * (7 - i));
	wire_send(st.relay, head, len < 126 ? 2 : 10);
	wire_send(st.relay, data, len);
}

/* The next frame of the client, which masks. */
static int heard(char *text, size_t cap)
{
	struct wire *w = st.relay;

	for (;;) {
		const size_t n = w->have < 2 ? 0 : w->got[1] & 127;
		assert_true(n < 126);
		if (w->have >= 6 + n) {
			const int opcode = w->got[0] & 15;
			assert_true(w->got[1] & 128 && n < cap);
			for (size_t i = 0; i < n; i++)
				text[i] = (char)(w->got[6 + i] ^ w->got[2 + i % 4]);
			text[n] = '\0';
			wire_skip(w, 6 + n);
			return opcode;
		}
		if (!wire_more(w))
			return -1;
	}
}

static void hangs_up(void)
{
	wire_free(st.relay);
	st.relay = NULL;
}

/* ---- */

static int open_with(bool no_reconnect, bool tls)
{
	struct tt_link_config cfg = { .item = on_item, .user = &st, .no_reconnect = no_reconnect };
	char url[64];

	snprintf(url, sizeof url, "%s://127.0.0.1:%u/", tls ? "https" : "http", st.port);
	assert_true(tt_link_parse_url(&cfg.url, url));
	return tt_link_open(&st.link, &cfg);
}

static int set_up(void **state)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	socklen_t len = sizeof a;

	(void)state;
	memset(&st, 0, sizeof st);
	st.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(st.listener, (const struct sockaddr *)&a, len), 0);
	assert_int_equal(listen(st.listener, 8), 0);
	assert_int_equal(getsockname(st.listener, (struct sockaddr *)&a, &len), 0);
	st.port = ntohs(a.sin_port);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fail_at(NONE, 0, 0);
	if (st.link)
		tt_link_close(st.link);
	pthread_mutex_lock(&loop.lock);
	const taut_task task = loop.task;
	void *arg = loop.arg;
	loop.task = NULL;
	loop.full = false;
	pthread_mutex_unlock(&loop.lock);
	if (task)
		task(arg); /* it holds a reference of the link */
	if (st.relay)
		hangs_up();
	close(st.listener);
	return 0;
}

static void go_up(bool no_reconnect)
{
	assert_int_equal(open_with(no_reconnect, false), TAUT_OK);
	upgrade();
	is(1, TT_LINK_UP, 1, "");
}

static void text_goes_both_ways_in_order_whole_or_in_pieces(void **state)
{
	char text[200];
	(void)state;

	go_up(false);
	tt_link_send(st.link, 1, "one", 3);
	tt_link_send(st.link, 1, "two", 3);
	assert_int_equal(heard(text, sizeof text), WIRE_TEXT);
	assert_string_equal(text, "one");
	assert_int_equal(heard(text, sizeof text), WIRE_TEXT);
	assert_string_equal(text, "two");
	tell(0x81, "whole", 5);
	is(2, TT_LINK_TEXT, 1, "whole");
	tell(0x01, "pie", 3);
	tell(0x00, "", 0);
	tell(0x80, "ces", 3);
	is(3, TT_LINK_TEXT, 1, "pieces");
	tell(0x81, "", 0);
	is(4, TT_LINK_TEXT, 1, "");
	assert_int_equal(st.len, 0);
}

static void a_line_that_breaks_is_told_with_its_reason_and_made_again(void **state)
{
	char text[200];
	(void)state;

	go_up(false);
	tell(0x88, "\x03\xe9the relay ends", 16);
	is(2, TT_LINK_DOWN, 1, "the relay closed with 1001: the relay ends");
	hangs_up();
	tt_link_send(st.link, 1, "too late", 8); /* of the line that is no more */
	leap(1);
	upgrade();
	is(3, TT_LINK_UP, 2, "");
	tt_link_send(st.link, 1, "too late", 8);
	tt_link_send(st.link, 2, "now", 3);
	assert_int_equal(heard(text, sizeof text), WIRE_TEXT);
	assert_string_equal(text, "now");
	tt_link_settled(st.link, 2);
	hangs_up();
	is(4, TT_LINK_DOWN, 2, "broke");
	leap(1); /* the wait begins small again */
	upgrade();
	is(5, TT_LINK_UP, 3, "");
	tell(0x88, "", 0); /* a close without a code */
	is(6, TT_LINK_DOWN, 3, "broke");
}

static void a_relay_that_never_serves_is_met_later_and_later(void **state)
{
	size_t count = 1;
	unsigned line = 1;
	(void)state;

	go_up(false);
	for (int64_t wait = 2 * TT_LINK_FIRST_WAIT; line < 4; wait *= 2) {
		hangs_up();
		is(++count, TT_LINK_DOWN, line, "broke");
		assert_int_equal(st.link->wait, wait);
		leap(6);
		upgrade();
		is(++count, TT_LINK_UP, ++line, "");
	}
	tt_link_settled(st.link, line - 1); /* an older one */
	tt_link_settled(st.link, line);
	hangs_up();
	is(++count, TT_LINK_DOWN, line, "broke");
	assert_int_equal(st.link->wait, 2 * TT_LINK_FIRST_WAIT);
}

static void why_the_relay_closed_is_told_in_120_octets(void **state)
{
	static const char begin[] = "the relay closed with 1008: ";
	char data[126] = "\x03\xf0";
	(void)state;

	go_up(false);
	tell(0x88, data, 2); /* a code and no word */
	is(2, TT_LINK_DOWN, 1, begin);
	assert_string_equal(st.text, begin);
	hangs_up();
	leap(1);
	upgrade();
	is(3, TT_LINK_UP, 2, "");
	memset(data + 2, 'x', 123);
	tell(0x88, data, 125);
	is(4, TT_LINK_DOWN, 2, begin);
	assert_int_equal(strlen(st.text), sizeof begin - 1 + 120);
	hangs_up();
	leap(1);
	upgrade();
	is(5, TT_LINK_UP, 3, "");
	tell(0x88, "\x03", 1); /* half a code is none */
	is(6, TT_LINK_DOWN, 3, "broke");
}

static void what_is_no_relay_is_told_and_tried_again_later_and_later(void **state)
{
	static const char *const answers[] = {
		"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "SSH-2.0-x\r\n\r\n", ""
	};
	static const char *const why[] = { "", "", "no answer within 5 seconds" };
	(void)state;

	assert_int_equal(open_with(false, false), TAUT_OK);
	for (size_t i = 0; i < 3; i++) {
		struct wire *w = take();
		wire_send(w, answers[i], strlen(answers[i]));
		if (i > 0) /* what is not HTTP is waited for, too */
			leap(6);
		is(i + 1, TT_LINK_DOWN, 0, why[i]);
		assert_true(st.len > 5); /* a reason there is */
		wire_free(w);
		leap(6);
	}
	upgrade();
	is(4, TT_LINK_UP, 1, "");
}

static void without_reconnection_a_loss_is_the_end(void **state)
{
	(void)state;
	go_up(true);
	hangs_up();
	is(2, TT_LINK_DOWN, 1, "broke");
	close(st.listener); /* who came now would be told "refused" */
	leap(60);
	tt_link_close(st.link);
	st.link = NULL;
	assert_int_equal(st.count, 2);
	set_up(NULL);
	close(st.listener);
	assert_int_equal(open_with(true, false), TAUT_OK); /* nobody listens there */
	is(1, TT_LINK_DOWN, 0, "");
	st.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static void a_message_beyond_the_relays_own_limit_cuts_the_line(void **state)
{
	static char much[TT_SIGNAL_MESSAGE + 64 * 1024 + 1];
	(void)state;

	go_up(false);
	memset(much, 'x', sizeof much);
	tell(0x81, much, sizeof much - 1);
	is(2, TT_LINK_TEXT, 1, "xxx");
	assert_int_equal(st.len, sizeof much - 1);
	tell(0x81, much, sizeof much);
	is(3, TT_LINK_DOWN, 1, "");
}

static void a_loop_that_does_not_listen_costs_four_mib_and_the_line(void **state)
{
	static char much[300000];
	char text[200];
	int sent = 0;
	(void)state;

	go_up(false);
	memset(much, 'x', sizeof much);
	for (; sent < 40; sent++)
		tell(0x81, much, sizeof much);
	assert_true(heard(text, sizeof text) < 0); /* it was cut */
	hangs_up();
	leap(1);
	upgrade(); /* and it comes again */
	/* up, the thirteen that fit into four mebibytes, down, and up again */
	is(1 + 13 + 2, TT_LINK_UP, 2, "");
}

static void what_was_said_goes_out_before_the_line_is_closed(void **state)
{
	char text[200];
	(void)state;

	go_up(false);
	for (int i = 0; i < 20; i++) {
		const int n = snprintf(text, sizeof text, "last words %d", i);
		tt_link_send(st.link, 1, text, (size_t)n);
	}
	tt_link_close(st.link);
	st.link = NULL;
	for (int i = 0; i < 20; i++) {
		char want[40];
		snprintf(want, sizeof want, "last words %d", i);
		assert_int_equal(heard(text, sizeof text), WIRE_TEXT);
		assert_string_equal(text, want);
	}
	assert_int_equal(heard(text, sizeof text), WIRE_CLOSE);
	assert_true(text[0] == 3 && (uint8_t)text[1] == 0xe8); /* 1000 */
}

static void without_what_the_system_gives_there_is_no_line(void **state)
{
	(void)state;
	fail_at(CALLOC, 0, sizeof(struct tt_link));
	assert_int_equal(open_with(false, false), TAUT_E_NOMEM);
	assert_null(st.link);
	fail_at(CONTEXT, 0, 0);
	assert_int_equal(open_with(false, false), TAUT_E_IO);
	fail_at(THREAD, 0, 0);
	assert_int_equal(open_with(false, false), TAUT_E_IO);
	fail_at(TLS_CTX, 0, 0);
	assert_int_equal(open_with(false, true), TAUT_E_IO);
	assert_null(st.link);
}

static void a_call_that_fails_costs_the_line_and_it_is_made_again(void **state)
{
	(void)state;
	go_up(false);
	fail_at(REALLOC, 0, 6); /* five letters and a NUL */
	tell(0x81, "hello", 5);
	is(2, TT_LINK_DOWN, 1, "");
	hangs_up();
	leap(6);
	upgrade();
	is(3, TT_LINK_UP, 2, "");
	fail_at(WRITE, 0, 0);
	tt_link_send(st.link, 2, "hello", 5);
	is(4, TT_LINK_DOWN, 2, "");
	hangs_up();
	leap(6);
	upgrade();
	is(5, TT_LINK_UP, 3, "");
	fail_at(MALLOC, 0, LWS_PRE + 5);
	tt_link_send(st.link, 3, "hello", 5);
	is(6, TT_LINK_DOWN, 3, "");
	hangs_up();
	fail_at(CONNECT, 0, 0);
	leap(6);
	is(7, TT_LINK_DOWN, 3, "no connection");
	leap(6);
	upgrade();
	is(8, TT_LINK_UP, 4, "");
	fail_at(MALLOC, 0, sizeof(struct tt_link_item) + 6); /* it cannot even wait */
	tt_link_send(st.link, 4, "hello", 5);
	is(9, TT_LINK_DOWN, 4, "");
}

static void a_loop_that_takes_no_task_loses_the_line_and_is_told_so_when_it_does(void **state)
{
	(void)state;
	go_up(false);
	pthread_mutex_lock(&loop.lock);
	loop.full = true;
	pthread_mutex_unlock(&loop.lock);
	tell(0x81, "one", 3);
	char text[200];
	assert_true(heard(text, sizeof text) < 0);
	pthread_mutex_lock(&loop.lock);
	loop.full = false;
	pthread_mutex_unlock(&loop.lock);
	leap(1);
	is(2, TT_LINK_DOWN, 1, "");
}

static void when_its_thread_has_ended_the_line_can_be_closed(void **state)
{
	(void)state;
	go_up(false);
	fail_at(SERVICE, 0, 0);
	tell(0x81, "one", 3); /* wakes it */
	char text[200];
	tt_link_close(st.link);
	st.link = NULL;
	while (heard(text, sizeof text) >= 0)
		;
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(text_goes_both_ways_in_order_whole_or_in_pieces),
		T(a_line_that_breaks_is_told_with_its_reason_and_made_again),
		T(a_relay_that_never_serves_is_met_later_and_later),
		T(why_the_relay_closed_is_told_in_120_octets),
		T(what_is_no_relay_is_told_and_tried_again_later_and_later),
		T(without_reconnection_a_loss_is_the_end),
		T(a_message_beyond_the_relays_own_limit_cuts_the_line),
		T(a_loop_that_does_not_listen_costs_four_mib_and_the_line),
		T(what_was_said_goes_out_before_the_line_is_closed),
		T(without_what_the_system_gives_there_is_no_line),
		T(a_call_that_fails_costs_the_line_and_it_is_made_again),
		T(a_loop_that_takes_no_task_loses_the_line_and_is_told_so_when_it_does),
		T(when_its_thread_has_ended_the_line_can_be_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
