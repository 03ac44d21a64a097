/* wraps: lws_get_peer_simple lws_get_peer_simple_fd tt_addr_is_loopback */
/* The relay over real sockets on loopback: the page, which upgrades are let in, WebSockets that
 * misbehave, and each limit of docs/SIGNALING.md that has to do with sockets. What the rooms do is
 * tested in virtual time by test_relay_core.c. The clock of the whole process is ours. */
#define _GNU_SOURCE
#include <errno.h>
#include <libwebsockets.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/addr.h"
#include "signal/relay_server.h"
#include "wire.h"

#define SECOND INT64_C(1000000)

/* ---- the clock: the real one, and what leap() adds; libwebsockets takes it, too ---- */

static atomic_llong leapt; /* seconds */

__attribute__((visibility("default"))) int clock_gettime(clockid_t clock, struct timespec *t)
{
	const int e = (int)syscall(SYS_clock_gettime, clock, t);

	t->tv_sec += atomic_load(&leapt);
	return e;
}

/* ---- where clients come from ---- */

static _Atomic(const char *) address;

const char *__real_lws_get_peer_simple(struct lws *wsi, char *name, size_t cap);
const char *__wrap_lws_get_peer_simple(struct lws *wsi, char *name, size_t cap);
const char *__wrap_lws_get_peer_simple(struct lws *wsi, char *name, size_t cap)
{
	const char *a = atomic_load(&address);

	if (!a)
		return __real_lws_get_peer_simple(wsi, name, cap);
	snprintf(name, cap, "%s", a);
	return name;
}

const char *__real_lws_get_peer_simple_fd(lws_sockfd_type fd, char *name, size_t cap);
const char *__wrap_lws_get_peer_simple_fd(lws_sockfd_type fd, char *name, size_t cap);
const char *__wrap_lws_get_peer_simple_fd(lws_sockfd_type fd, char *name, size_t cap)
{
	const char *a = atomic_load(&address);

	if (!a)
		return __real_lws_get_peer_simple_fd(fd, name, cap);
	snprintf(name, cap, "%s", a);
	return name;
}

static bool no_loopback;

bool __real_tt_addr_is_loopback(const struct taut_addr *a);
bool __wrap_tt_addr_is_loopback(const struct taut_addr *a);
bool __wrap_tt_addr_is_loopback(const struct taut_addr *a)
{
	return !no_loopback && __real_tt_addr_is_loopback(a);
}

/* ---- a relay, and what it logs ---- */

static struct stage {
	taut_relay *relay;
	uint16_t port;
	pthread_mutex_t lock;
	char log[64 * 1024];
} st = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void take_line(void *user, const char *line)
{
	(void)user;
	pthread_mutex_lock(&st.lock);
	const size_t n = strlen(st.log);
	snprintf(st.log + n, sizeof st.log - n, "%s\n", line);
	pthread_mutex_unlock(&st.lock);
}

static bool logged(const char *part)
{
	pthread_mutex_lock(&st.lock);
	const bool yes = strstr(st.log, part) != NULL;
	pthread_mutex_unlock(&st.lock);
	return yes;
}

static void start(const struct taut_relay_config *cfg)
{
	st.log[0] = '\0';
	assert_int_equal(taut_relay_start(&st.relay, cfg), TAUT_OK);
	st.port = taut_relay_port(st.relay);
	assert_true(st.port > 0);
}

static int set_up(void **state)
{
	const struct taut_relay_config cfg = { .size = sizeof cfg, .log = take_line };

	(void)state;
	start(&cfg);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	atomic_store(&address, NULL);
	no_loopback = false;
	taut_relay_stop(st.relay);
	st.relay = NULL;
	return 0;
}

/* Something happens at the relay, so that its thread looks at the clock. */
static void poke(void)
{
	struct wire *w = wire_connect(st.port, 0);
	char head[2048];

	wire_request(w, "HEAD", "/");
	assert_int_equal(wire_head(w, head, sizeof head), 200);
	wire_free(w);
}

static void leap(int seconds)
{
	atomic_fetch_add(&leapt, seconds);
	poke();
}

/* ---- the page ---- */

static size_t length_of(const char *head)
{
	const char *p = strcasestr(head, "\r\ncontent-length: ");

	assert_non_null(p);
	return strtoul(p + 18, NULL, 10);
}

static void every_file_of_the_page_is_served_with_its_type_and_its_headers(void **state)
{
	static const struct {
		const char *end, *type;
	} types[] = { { ".html", "text/html; charset=utf-8" },
		      { ".css", "text/css; charset=utf-8" },
		      { ".js", "text/javascript; charset=utf-8" },
		      { ".svg", "image/svg+xml" } };
	struct wire *w = wire_connect(st.port, 0); /* one line for all of them */
	char head[2048], want[100];
	(void)state;

	for (const struct tt_page_file *f = tt_page_files; f->path; f++) {
		wire_request(w, "GET", f->path);
		assert_int_equal(wire_head(w, head, sizeof head), 200);
		assert_int_equal(length_of(head), f->len);
		while (w->have < f->len)
			assert_true(wire_more(w));
		assert_memory_equal(w->got, f->data, f->len);
		wire_skip(w, f->len);
		want[0] = '\0';
		for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
			if (strcmp(strrchr(f->path, '.'), types[i].end) == 0)
				snprintf(want, sizeof want, "\r\ncontent-type: %s\r\n",
					 types[i].type);
		assert_true(want[0] && strcasestr(head, want));
		assert_non_null(strcasestr(head, "\r\ncache-control: no-store\r\n"));
		assert_non_null(strcasestr(head, "\r\nx-content-type-options: nosniff\r\n"));
		assert_non_null(
			strcasestr(head, "\r\ncontent-security-policy: default-src 'self'"));
	}
	wire_free(w);
}

static void what_is_no_page_is_not_found_and_only_get_and_head_are_taken(void **state)
{
	static const char *const strange[] = { "/nothing", "/../../etc/passwd", "//etc/passwd",
					       "/.git/config", "/index.html/" };
	char head[2048];
	(void)state;

	for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++) {
		struct wire *w = wire_connect(st.port, 0);
		wire_request(w, "GET", strange[i]);
		const int status = wire_head(w, head, sizeof head);
		assert_true(status == 404 || status == 403);
		wire_free(w);
	}
	struct wire *w = wire_connect(st.port, 0);
	wire_request(w, "HEAD", "/");
	assert_int_equal(wire_head(w, head, sizeof head), 200);
	assert_true(length_of(head) > 1000);
	wire_request(w, "GET", "/favicon.svg"); /* no body came before this answer */
	assert_int_equal(wire_head(w, head, sizeof head), 200);
	assert_non_null(strcasestr(head, "image/svg"));
	wire_free(w);
	w = wire_connect(st.port, 0);
	wire_request(w, "DELETE", "/");
	assert_int_equal(wire_head(w, head, sizeof head), 405);
	wire_free(w);
}

static void a_request_is_done_in_five_seconds(void **state)
{
	struct wire *slow = wire_connect(st.port, 0), *silent = wire_connect(st.port, 0);
	const struct timeval soon = { .tv_sec =
					      3 }; /* by itself libwebsockets would wait for 10 s */
	(void)state;

	setsockopt(slow->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
	setsockopt(silent->fd, SOL_SOCKET, SO_RCVTIMEO, &soon, sizeof soon);
	wire_send(slow, "GET / HTTP/1.1\r\nHost: x\r\n", 25);
	poke(); /* has been read by then */
	leap(6);
	wire_ended(slow);
	wire_ended(silent);
}

static void a_request_has_eight_kib_at_most(void **state)
{
	static const struct {
		size_t len;
		int status; /* 0: the line ends */
	} rows[] = { { 4000, 200 }, { 9000, 0 }, { 1000000, 0 } };
	static char text[1000000];
	char head[2048];
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire *w = wire_connect(st.port, 0);
		memset(text, 'a', rows[i].len);
		memcpy(text, "HEAD / HTTP/1.1\r\nHost: x\r\nUser-Agent: ", 39);
		memcpy(text + rows[i].len - 4, "\r\n\r\n", 4);
		wire_send(w, text, rows[i].len);
		assert_int_equal(wire_head(w, head, sizeof head), rows[i].status);
		wire_free(w);
	}
}

/* ---- upgrades ---- */

static void an_upgrade_of_another_path_host_or_origin_is_refused_and_logged(void **state)
{
	static const char long_host[] =
		"Origin: http://"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n";
	static const struct {
		const char *path, *host, *more, *why;
	} rows[] = {
		{ "/ws", "localhost", "", NULL },
		{ "/ws", "LocalHost:1", "", NULL },
		{ "/ws", "taut.localhost", "", NULL },
		{ "/ws", "a.localhost", "", NULL },
		{ "/ws", "127.1.2.3:80", "", NULL },
		{ "/ws", "[::1]:80", "", NULL },
		{ "/ws", "localhost:9", "Origin: http://localhost:9\r\n", NULL },
		{ "/ws", "localhost:9", "Origin: HTTP://LOCALHOST:9\r\n", NULL },
		{ "/other", "localhost", "", "at /ws" },
		{ "/ws/more", "localhost", "", "at /ws" },
		{ "/a/path/that/is/longer", "localhost", "", "at /ws" },
		{ "/ws", "evil.example", "", "another place" },
		{ "/ws", "evil.example", "Origin: http://evil.example\r\n", "another place" },
		{ "/ws", "127.0.0.1.evil.example", "", "another place" },
		{ "/ws", "12.0.0.1", "", "another place" },
		{ "/ws", "localhos:7", "", "another place" },
		{ "/ws", "localhosd", "", "another place" },
		{ "/ws", ".localhost", "", "another place" },
		{ "/ws", "xlocalhost", "", "another place" },
		{ "/ws", "localhost.evil.example", "", "another place" },
		{ "/ws", "localhosts", "", "another place" },
		{ "/ws", "[::2]", "", "another place" },
		{ "/ws", "[::1].evil.example", "", "another place" },
		{ "/ws", "localhost", "Origin: http://evil.example\r\n", "another origin" },
		{ "/ws", "localhost", "Origin: null\r\n", "another origin" },
		{ "/ws", "localhost", "Origin: https://localhost\r\n", "another origin" },
		{ "/ws", "localhost", long_host, "another origin" },
	};
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire *w = wire_connect(st.port, 0);
		st.log[0] = '\0';
		assert_int_equal(wire_ask(w, rows[i].path, rows[i].host, rows[i].more),
				 rows[i].why ? 403 : 101);
		if (rows[i].why)
			assert_true(logged(rows[i].why));
		wire_free(w);
	}
	/* no Host at all */
	static const char bare[] = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\n"
				   "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
				   "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";
	struct wire *w = wire_connect(st.port, 0);
	char head[1024];
	wire_send(w, bare, sizeof bare - 1);
	assert_int_equal(wire_head(w, head, sizeof head), 403);
	wire_free(w);
	assert_false(logged("joins"));
}

static void a_relay_for_all_takes_any_name_but_keeps_to_its_origin(void **state)
{
	const struct taut_relay_config cfg = { .size = sizeof cfg, .host = "0.0.0.0" };
	struct wire *w;
	(void)state;

	tear_down(NULL);
	start(&cfg);
	w = wire_connect(st.port, 0);
	assert_int_equal(wire_ask(w, "/ws", "relay.example", ""), 101);
	wire_free(w);
	w = wire_connect(st.port, 0);
	assert_int_equal(wire_ask(w, "/ws", "r", ""), 101);
	wire_free(w);
	w = wire_connect(st.port, 0); /* but it has to have one */
	assert_int_equal(wire_ask(w, "/ws", "", ""), 403);
	wire_free(w);
	w = wire_connect(st.port, 0); /* refused, and there is nobody to tell */
	assert_int_equal(wire_ask(w, "/ws", "relay.example", "Origin: http://evil.example\r\n"),
			 403);
	wire_free(w);
}

static void a_subprotocol_that_is_not_ours_gets_no_websocket(void **state)
{
	struct wire *w = wire_connect(st.port, 0);
	(void)state;

	assert_int_equal(wire_ask(w, "/ws", "localhost", "Sec-WebSocket-Protocol: taut-room\r\n"),
			 101);
	wire_free(w);
	w = wire_connect(st.port, 0);
	assert_int_not_equal(wire_ask(w, "/ws", "localhost", "Sec-WebSocket-Protocol: other\r\n"),
			     101);
	wire_free(w);
}

/* ---- messages ---- */

static void two_meet_talk_and_one_is_gone(void **state)
{
	struct wire *a = wire_join(st.port, "tea", "Ada"), *b = wire_join(st.port, "tea", "Bob");
	(void)state;

	wire_hears(a, "\"announce\"");
	wire_say(b, "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"\xc3\xa4\xe2\x82\xac\"}");
	wire_hears(a, "\"text\":\"\xc3\xa4\xe2\x82\xac\"");
	/* in pieces, with a ping between them: RFC 6455 section 5.4 */
	wire_frame(b, WIRE_TEXT, "{\"type\":\"chat\",", 15);
	wire_frame(b, 0x80 | WIRE_PING, "are you there", 13);
	wire_frame(b, 0, "\"room\":\"tea\",", 13);
	wire_frame(b, 0, "", 0);
	wire_frame(b, 0x80, "\"text\":\"pieces\"}", 16);
	wire_hears(a, "\"text\":\"pieces\"");
	wire_free(b);
	wire_hears(a, "\"reason\":\"gone\"");
	wire_free(a);
}

/* A description of len bytes in all. */
static char *description(size_t len)
{
	static const char before[] = "{\"type\":\"description\",\"room\":\"big\",\"description\":"
				     "{\"type\":\"answer\",\"sdp\":\"",
			  after[] = "\"}}";
	char *text = malloc(len + 1);

	assert_non_null(text);
	memset(text, 'x', len);
	memcpy(text, before, sizeof before - 1);
	memcpy(text + len - (sizeof after - 1), after, sizeof after);
	return text;
}

static void a_message_of_262144_bytes_passes_in_one_frame_and_in_many(void **state)
{
	struct wire *a = wire_join(st.port, "big", "Ada"), *b = wire_join(st.port, "big", "Bob");
	char *text = description(TT_SIGNAL_MESSAGE);
	const size_t piece = 375;
	(void)state;

	wire_say(a, text);
	wire_hears(b, "xxx\"");
	for (size_t at = 0; at < TT_SIGNAL_MESSAGE; at += piece) {
		const size_t n = TT_SIGNAL_MESSAGE - at < piece ? TT_SIGNAL_MESSAGE - at : piece;
		wire_frame(a,
			   (uint8_t)((at == 0 ? WIRE_TEXT : 0) |
				     (at + n == TT_SIGNAL_MESSAGE ? 0x80 : 0)),
			   text + at, n);
	}
	wire_hears(b, "xxx\"");
	free(text);
	wire_free(a);
	wire_free(b);
}

static void the_second_message_that_is_too_large_is_closed_with_1009(void **state)
{
	struct wire *a = wire_join(st.port, "big", "Ada");
	char *text = description(TT_SIGNAL_MESSAGE + 1);
	(void)state;

	wire_say(a, text);
	wire_hears(a, "\"too_large\"");
	wire_frame(a, WIRE_TEXT, text, 200000);
	wire_frame(a, 0x80, text, 200000);
	wire_closed(a, 1009);
	free(text);
}

static void a_frame_or_a_message_of_more_than_one_mib_is_closed_with_1009(void **state)
{
	struct wire *a = wire_join(st.port, "big", "Ada"), *b = wire_join(st.port, "big", "Bob");
	static char piece[200000];
	(void)state;

	memset(piece, 'x', sizeof piece);
	wire_frame_of(a, 0x80 | WIRE_TEXT, INT64_MAX, piece, 100);
	wire_closed(a, 1009);
	for (int i = 0; i < 5; i++)
		wire_frame(b, i == 0 ? WIRE_TEXT : 0, piece, sizeof piece);
	/* its last octet is one too many: none behind it meets a line that is being closed */
	wire_frame(b, 0, piece, 4 * TT_SIGNAL_MESSAGE + 1 - 5 * sizeof piece);
	wire_closed(b, 1009);
	assert_true(logged("frame too large") && logged("message too large"));
}

static void five_errors_of_form_are_closed_with_1008(void **state)
{
	struct wire *a = wire_open(st.port);
	(void)state;

	wire_say(a, "{");
	wire_hears(a, "\"bad_json\"");
	wire_say(a, "");
	wire_hears(a, "\"bad_json\"");
	wire_frame(a, 0x80 | WIRE_BINARY, "{}", 2);
	wire_hears(a, "\"not_text\"");
	wire_say(a, "{\"type\":\"chat\"}");
	wire_hears(a, "\"not_ready\"");
	wire_say(a, "{\"type\":\"sudo\"}");
	wire_hears(a, "\"unknown_type\"");
	wire_say(a, "{}"); /* not read any more */
	wire_closed(a, 1008);
}

static void what_breaks_the_websocket_protocol_ends_the_line(void **state)
{
	static const struct {
		uint8_t first;
		const char *data;
		int code;
	} rows[] = {
		{ 0x81, "\xc0\x80\xed\xa0", 1007 }, /* no UTF-8 */
		{ 0x83, "A", 1002 },                /* a reserved opcode */
		{ 0xc1, "A", 1002 },                /* a reserved bit */
		{ 0x80, "A", 1002 },                /* a continuation of nothing */
	};
	char control[126];
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire *w = wire_open(st.port);
		wire_frame(w, rows[i].first, rows[i].data, strlen(rows[i].data));
		wire_closed(w, rows[i].code);
	}
	memset(control, 'A', sizeof control);
	struct wire *w = wire_open(st.port);
	wire_frame(w, 0x80 | WIRE_PING, control, sizeof control);
	wire_closed(w, 0);
	w = wire_open(st.port);
	wire_frame_of(w, 0x80 | WIRE_TEXT, UINT64_MAX, control, sizeof control);
	wire_closed(w, 0);
	w = wire_open(st.port);
	wire_frame(w, 0x80 | WIRE_CLOSE, "\x03\xe8", 2);
	wire_closed(w, 1000);
	poke(); /* and others are served */
}

/* ---- limits ---- */

static void a_hundred_messages_at_once_and_the_rest_later_and_none_lost(void **state)
{
	struct wire *a = wire_join(st.port, "tea", "Ada"), *b = wire_join(st.port, "tea", "Bob");
	char text[100];
	(void)state;

	for (int i = 0; i < 130; i++) {
		snprintf(text, sizeof text,
			 "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"<%d>\"}", i);
		wire_say(a, text);
	}
	for (int i = 0; i < 130; i++) { /* "ready" was one of the hundred */
		static char heard[WIRE_ROOM];
		size_t len;
		snprintf(text, sizeof text, "\"text\":\"<%d>\"", i);
		do
			assert_int_equal(wire_hear(b, heard, sizeof heard, &len), WIRE_TEXT);
		while (!strstr(heard, "\"chat\""));
		assert_non_null(strstr(heard, text));
		if (i == 110) /* by now its sender waits for its turn: time passes */
			leap(10);
	}
	wire_free(a);
	wire_free(b);
}

static void who_does_not_read_is_cut_off_at_one_mib_and_nobody_waits(void **state)
{
	struct wire *a = wire_join(st.port, "big", "Ada"), *b = wire_join(st.port, "big", "Bob"),
		    *slow = wire_open_with(st.port, 4096);
	char *text = description(200000);
	int sent = 0;
	(void)state;

	wire_say(slow, "{\"type\":\"ready\",\"name\":\"Slow\",\"rooms\":[\"big\"]}");
	wire_hears(b, "\"name\":\"Slow\"");
	while (!logged("Slow (127.0.0.1) reads too slowly") && sent < 95) {
		wire_say(a, text);
		wire_hears(b, "xxx\"");
		sent++;
	}
	assert_true(sent >= 5 && sent < 95); /* a mebibyte, and what the kernel takes */
	wire_hears(b, "\"leave\"");
	wire_closed(slow, 0);
	wire_say(a, "{\"type\":\"chat\",\"room\":\"big\",\"text\":\"still\"}");
	wire_hears(b, "\"still\"");
	free(text);
	wire_free(a);
	wire_free(b);
}

static void who_never_says_ready_is_closed_with_1008_after_thirty_seconds(void **state)
{
	struct wire *a = wire_open(st.port);
	(void)state;

	wire_say(a, "{"); /* once it is answered, its time runs */
	wire_hears(a, "\"bad_json\"");
	leap(29);
	wire_say(a, "{"); /* it is still there */
	wire_hears(a, "\"bad_json\"");
	leap(2);
	wire_closed(a, 1008);
	assert_true(logged("never said ready"));
}

static void silence_is_answered_by_a_ping_and_then_by_the_end(void **state)
{
	struct wire *a = wire_join(st.port, "tea", "Ada"), *b = wire_join(st.port, "tea", "Bob");
	char text[WIRE_ROOM / 4];
	size_t len;
	(void)state;

	leap(31);
	int opcode;
	while ((opcode = wire_hear(a, text, sizeof text, &len)) != WIRE_PING)
		assert_true(opcode >= 0); /* else the line has ended */
	wire_frame(a, 0x80 | 10, text, len);
	wire_say(a, "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"here\"}");
	wire_hears(b, "\"here\"");
	leap(11);
	wire_closed(b, 0); /* it answered no ping */
	wire_hears(a, "\"gone\"");
	wire_free(a);
}

static void an_address_has_sixteen_websockets_and_64_sockets(void **state)
{
	struct wire *all[TT_RELAY_TCP_PER_ADDRESS], *w;
	(void)state;

	atomic_store(&address, "10.0.0.1");
	for (size_t i = 0; i < TT_RELAY_PER_ADDRESS; i++)
		all[i] = wire_open(st.port);
	w = wire_open(st.port);
	wire_hears(w, "\"address_full\"");
	wire_closed(w, 1013);
	poke(); /* its socket is gone, too */
	for (size_t i = TT_RELAY_PER_ADDRESS; i < TT_RELAY_TCP_PER_ADDRESS; i++)
		all[i] = wire_connect(st.port, 0);
	w = wire_connect(st.port, 0);
	wire_ended(w);
	atomic_store(&address, "10.0.0.2");
	wire_free(wire_join(st.port, "tea", "Bob"));
	atomic_store(&address, "10.0.0.1");
	wire_free(all[1]); /* one that is not the last to come */
	all[1] = NULL;
	for (int tries = 0; !all[1]; tries++) { /* the relay hears of it when it comes to it */
		assert_true(tries < 1000);
		w = wire_connect(st.port, 0);
		wire_request(w, "HEAD", "/");
		char head[2048];
		if (wire_head(w, head, sizeof head) == 200)
			all[1] = w;
		else
			wire_free(w);
	}
	for (size_t i = 0; i < TT_RELAY_TCP_PER_ADDRESS; i++)
		wire_free(all[i]);
}

static void loopback_is_not_counted_whatever_it_is_called(void **state)
{
	static const char *const names[] = { "127.0.0.1", "::ffff:127.0.0.1", "::1" };
	struct wire *all[TT_RELAY_PER_ADDRESS + 1];
	(void)state;

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		atomic_store(&address, names[i]);
		for (size_t k = 0; k <= TT_RELAY_PER_ADDRESS; k++)
			all[k] = wire_join(st.port, k < 8 ? "a" : k < 16 ? "b" : "c", "Ada");
		for (size_t k = 0; k <= TT_RELAY_PER_ADDRESS; k++)
			wire_free(all[k]);
	}
}

/* Sockets that a relay takes when the system's limit is this. */
static size_t sockets_under(rlim_t limit)
{
	const struct taut_relay_config cfg = { .size = sizeof cfg };
	struct rlimit old, low;
	struct wire *all[256];
	size_t n = 0;

	tear_down(NULL);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	low = old;
	low.rlim_cur = limit;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	start(&cfg);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	for (; n < sizeof all / sizeof all[0]; n++) {
		char head[2048];
		all[n] = wire_connect(st.port, 0);
		wire_request(all[n], "HEAD", "/");
		if (wire_head(all[n], head, sizeof head) != 200)
			break;
	}
	for (size_t i = 0; i <= n && i < sizeof all / sizeof all[0]; i++)
		wire_free(all[i]);
	return n;
}

static void sockets_stay_below_the_limit_of_the_system(void **state)
{
	(void)state;
	assert_int_equal(sockets_under(100), 50);
	assert_int_equal(sockets_under(200), 200 - TT_RELAY_SPARE);
}

/* ---- the beginning and the end ---- */

static void the_end_is_told_to_everybody_but_waits_for_nobody(void **state)
{
	struct wire *a = wire_join(st.port, "big", "Ada"), *b = wire_join(st.port, "big", "Bob"),
		    *deaf = wire_open_with(st.port, 4096), *idle = wire_connect(st.port, 0);
	char *text = description(200000);
	(void)state;

	wire_say(deaf, "{\"type\":\"ready\",\"name\":\"Deaf\",\"rooms\":[\"big\"]}");
	wire_hears(b, "\"name\":\"Deaf\"");
	for (int i = 0; i < 3; i++)
		wire_say(a, text);
	for (int i = 0; i < 3; i++)
		wire_hears(b, "xxx\"");
	taut_relay_stop(st.relay);
	st.relay = NULL;
	wire_closed(a, 1001);
	wire_closed(b, 1001);
	wire_free(deaf);
	wire_ended(idle);
	free(text);
	taut_relay_stop(NULL);
}

static void the_next_port_is_taken_when_one_is_not_free(void **state)
{
	const struct taut_relay_config only = { .size = sizeof only, .port = st.port }, more = {
		.size = sizeof more, .port = st.port, .last_port = (uint16_t)(st.port + 20)
	};
	taut_relay *other;
	(void)state;

	assert_int_equal(taut_relay_start(&other, &only), TAUT_E_IO);
	assert_null(other);
	assert_int_equal(taut_relay_start(&other, &more), TAUT_OK);
	assert_true(taut_relay_port(other) > st.port && taut_relay_port(other) <= st.port + 20);
	taut_relay_stop(other);
}

static void the_url_names_the_place_as_a_browser_writes_it(void **state)
{
	static const struct {
		const char *host, *url; /* before the port */
		bool anywhere;          /* as if the address were none of loopback */
	} rows[] = {
		{ NULL, "http://localhost", false },
		{ "", "http://localhost", false },
		{ "localhost", "http://localhost", false },
		{ "0.0.0.0", "http://localhost", false },
		{ "127.0.0.3", "http://127.0.0.3", true },
		{ "::", "http://localhost", false },
		{ "::1", "http://[::1]", false },
		{ "::1", "http://[::1]", true },
	};
	char url[100];
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct taut_relay_config cfg = { .size = sizeof cfg, .host = rows[i].host };
		tear_down(NULL);
		no_loopback = rows[i].anywhere;
		start(&cfg);
		snprintf(url, sizeof url, "%s:%u/", rows[i].url, taut_relay_port(st.relay));
		assert_string_equal(taut_relay_url(st.relay), url);
	}
}

static void what_is_no_address_or_no_config_is_refused(void **state)
{
	const struct taut_relay_config name = { .size = sizeof name, .host = "relay.example" },
				       foreign = { .size = sizeof foreign, .host = "192.0.2.1" },
				       none = { 0 };
	taut_relay *other;
	(void)state;

	assert_int_equal(taut_relay_start(&other, &name), TAUT_E_INVAL);
	assert_int_equal(taut_relay_start(&other, &none), TAUT_E_INVAL);
	assert_int_equal(taut_relay_start(&other, &foreign), TAUT_E_IO);
	assert_null(other);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(every_file_of_the_page_is_served_with_its_type_and_its_headers),
		T(what_is_no_page_is_not_found_and_only_get_and_head_are_taken),
		T(a_request_is_done_in_five_seconds),
		T(a_request_has_eight_kib_at_most),
		T(an_upgrade_of_another_path_host_or_origin_is_refused_and_logged),
		T(a_relay_for_all_takes_any_name_but_keeps_to_its_origin),
		T(a_subprotocol_that_is_not_ours_gets_no_websocket),
		T(two_meet_talk_and_one_is_gone),
		T(a_message_of_262144_bytes_passes_in_one_frame_and_in_many),
		T(the_second_message_that_is_too_large_is_closed_with_1009),
		T(a_frame_or_a_message_of_more_than_one_mib_is_closed_with_1009),
		T(five_errors_of_form_are_closed_with_1008),
		T(what_breaks_the_websocket_protocol_ends_the_line),
		T(a_hundred_messages_at_once_and_the_rest_later_and_none_lost),
		T(who_does_not_read_is_cut_off_at_one_mib_and_nobody_waits),
		T(who_never_says_ready_is_closed_with_1008_after_thirty_seconds),
		T(silence_is_answered_by_a_ping_and_then_by_the_end),
		T(an_address_has_sixteen_websockets_and_64_sockets),
		T(loopback_is_not_counted_whatever_it_is_called),
		T(sockets_stay_below_the_limit_of_the_system),
		T(the_end_is_told_to_everybody_but_waits_for_nobody),
		T(the_next_port_is_taken_when_one_is_not_free),
		T(the_url_names_the_place_as_a_browser_writes_it),
		T(what_is_no_address_or_no_config_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
