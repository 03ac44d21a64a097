/* scenario_signal.c - a relay and rooms that live through any failure of memory or of the system:
 * strict (see run.c). Relay, lines and loop are whole; connections are stand-ins.
 *
 * A relay is there or is refused; a room comes to its relay however often it must try; two that
 * meet agree, or one of them is told; everything can be left and stopped, all descriptors are given
 * back, and what failed once works when it is tried again. Without the library in front nothing fails. */
#define _GNU_SOURCE
#include "torture/scenario.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "taut/signal.h"

/* The stand-in's events come behind those that a room acts upon. */
#define taut_pc_poll_event fake_pc_poll_event
const struct taut_event *fake_pc_poll_event(taut_pc *pc);
#include "unit/io/fake_pc.h"
#undef taut_pc_poll_event

enum { STEPS = 4000, FEW = 50 };

/* ---- connections that reach each other once each has the other's description ---- */

enum { SAID_ALL = 2 };

static struct talk {
	taut_pc *pc;
	uint32_t signaling, connection, local;
	unsigned said;       /* of: a candidate, the last one */
	unsigned id, remote; /* of the two descriptions */
	bool reached;        /* and is not told yet */
	char text[16];
	struct taut_event ev;
} talks[FAKE_PCS];

static struct talk *talk_of(const taut_pc *pc)
{
	static unsigned ids;
	struct talk *t = talks;

	while (t->pc && t->pc != pc)
		t++;
	if (!t->pc)
		*t = (struct talk){ .pc = (taut_pc *)(uintptr_t)pc,
				    .signaling = TAUT_SIGNALING_STABLE,
				    .connection = TAUT_STATE_NEW,
				    .id = ++ids,
				    .said = SAID_ALL };
	return t;
}

/* The last thing that a room does with one, but for freeing it. */
int taut_pc_close(taut_pc *pc, taut_time now)
{
	struct talk *t = talk_of(pc), *last = talks;

	(void)now;
	while (last + 1 < talks + FAKE_PCS && last[1].pc)
		last++;
	*t = *last;
	last->pc = NULL;
	return TAUT_OK;
}

static void agreed(struct talk *t)
{
	t->signaling = TAUT_SIGNALING_STABLE;
	t->said = 0;
	t->pc->timer_event = true; /* it has something to tell */
	for (struct talk *u = talks; u->pc; u++)
		if (u->id == t->remote && u->remote == t->id &&
		    u->signaling == TAUT_SIGNALING_STABLE)
			t->reached = u->reached = u->pc->timer_event = true;
}

const struct taut_event *taut_pc_poll_event(taut_pc *pc)
{
	struct talk *t = talk_of(pc);

	if (pc->restless) {
		pc->restless = false;
		t->ev = (struct taut_event){ .type = TAUT_EV_NEGOTIATION_NEEDED };
		return &t->ev;
	}
	if (t->said < SAID_ALL) {
		t->ev = (struct taut_event){ .type = TAUT_EV_ICE_CANDIDATE,
					     .text = t->said++ == 0 ? "candidate:1" : NULL };
		return &t->ev;
	}
	if (!t->reached)
		return fake_pc_poll_event(pc);
	t->reached = false;
	t->connection = TAUT_STATE_CONNECTED;
	t->ev = (struct taut_event){ .type = TAUT_EV_CONNECTION_STATE,
				     .number = TAUT_STATE_CONNECTED };
	return &t->ev;
}

const struct taut_error *taut_pc_error(const taut_pc *pc)
{
	(void)pc;
	return NULL;
}

uint32_t taut_pc_signaling_state(const taut_pc *pc)
{
	return talk_of(pc)->signaling;
}

uint32_t taut_pc_connection_state(const taut_pc *pc)
{
	return talk_of(pc)->connection;
}

const char *taut_reason_text(uint32_t reason)
{
	(void)reason;
	return "a reason";
}

/* A description takes memory: by its name this call counts as one of src, and fails as well. */
int taut_pc_set_local_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
				  size_t len)
{
	struct talk *t = talk_of(pc);
	void *volatile memory = malloc(1000);

	(void)now, (void)type, (void)sdp, (void)len;
	free(memory);
	if (!memory)
		return TAUT_E_NOMEM;
	if (t->signaling == TAUT_SIGNALING_HAVE_REMOTE_OFFER) {
		t->local = TAUT_SDP_ANSWER;
		agreed(t);
	} else {
		t->local = TAUT_SDP_OFFER;
		t->signaling = TAUT_SIGNALING_HAVE_LOCAL_OFFER;
	}
	return TAUT_OK;
}

int taut_pc_set_remote_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
				   size_t len)
{
	struct talk *t = talk_of(pc);
	void *volatile memory = malloc(1000);

	(void)now, (void)len;
	free(memory);
	if (!memory)
		return TAUT_E_NOMEM;
	t->remote = (unsigned)strtoul(sdp, NULL, 10);
	if (type == TAUT_SDP_OFFER)
		t->signaling = TAUT_SIGNALING_HAVE_REMOTE_OFFER;
	else
		agreed(t);
	return TAUT_OK;
}

const char *taut_pc_local_description(taut_pc *pc, uint32_t *type)
{
	struct talk *t = talk_of(pc);

	*type = t->local;
	(void)snprintf(t->text, sizeof t->text, "%u", t->id);
	return t->text;
}

int taut_pc_add_ice_candidate(taut_pc *pc, taut_time now, const char *c, size_t len,
			      const char *mid, int index)
{
	(void)pc, (void)now, (void)c, (void)len, (void)mid, (void)index;
	return TAUT_OK;
}

int taut_pc_restart_ice(taut_pc *pc, taut_time now)
{
	(void)pc, (void)now;
	return TAUT_OK;
}

/* ---- a loop, a relay, two in a room ---- */

struct side {
	taut_room *room;
	uint32_t state;
	int errors, of_here, left, chats,
		signals; /* of_here: errors of this side, not of the line */
	bool connected;
};

/* libwebsockets 4.1.6 leaves descriptors behind where it could not make a context. */
static bool refused;

struct world {
	taut_loop *loop;
	taut_relay *relay;
	struct side sides[2];
	int fds;
};

static void log_line(void *user, const char *line)
{
	(void)user;
	assert_non_null(line);
}

static bool start_relay(taut_relay **relay, uint32_t flags)
{
	const struct taut_relay_config cfg = { .size = sizeof cfg,
					       .flags = flags,
					       .log = log_line };
	const bool started = worked(taut_relay_start(relay, &cfg),
				    ONE_OF(TAUT_E_IO, TAUT_E_CRYPTO, TAUT_E_NOMEM));

	assert_true(started == (*relay != NULL));
	refused = refused || !started;
	if (started) {
		assert_true(taut_relay_port(*relay) > 0);
		assert_memory_equal(taut_relay_url(*relay), "http", 4);
	}
	return started;
}

static bool open_world(struct world *w)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg };

	memset(talks, 0, sizeof talks);
	*w = (struct world){ .fds = count_fds() };
	return worked(taut_loop_new(&w->loop, &cfg), ONE_OF(TAUT_E_IO, TAUT_E_NOMEM));
}

static void close_world(struct world *w)
{
	taut_loop_free(w->loop);
	taut_relay_stop(w->relay);
	assert_true(count_fds() == w->fds || refused);
}

static void step(struct world *w)
{
	worked(taut_loop_step(w->loop, 5000), ONE_OF(TAUT_E_IO));
}

#define UNTIL(w, condition)                                                                        \
	for (int i_ = 0; i_ < (keeps_failing() ? FEW : STEPS) && !(condition); i_++)               \
	step(w)

static void on_peer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	(void)user, (void)room;
	pc->restless = peer->starts != 0;
}

static void on_event(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		     const struct taut_event *ev)
{
	(void)room, (void)peer, (void)pc;
	if (ev->type == TAUT_EV_CONNECTION_STATE)
		((struct side *)user)->connected = ev->number == TAUT_STATE_CONNECTED;
}

static void on_peer_left(void *user, taut_room *room, const struct taut_room_peer *peer,
			 taut_pc *pc, const char *why)
{
	(void)room, (void)peer, (void)pc, (void)why;
	((struct side *)user)->left++;
}

static void on_chat(void *user, taut_room *room, const struct taut_room_peer *peer,
		    const char *text)
{
	(void)room, (void)peer;
	assert_string_equal(text, "hello");
	((struct side *)user)->chats++;
}

static void on_error(void *user, taut_room *room, const char *code, const char *text)
{
	struct side *s = user;

	(void)room;
	assert_non_null(text);
	s->errors++;
	s->of_here += strcmp(code, "local") == 0;
}

static void on_state(void *user, taut_room *room, uint32_t state)
{
	(void)room;
	((struct side *)user)->state = state;
}

static void on_signal(void *user, taut_room *room, int out, const char *json, size_t len)
{
	(void)room, (void)out, (void)json, (void)len;
	((struct side *)user)->signals++;
}

static bool join(struct world *w, struct side *s, const char *url, const char *room, uint32_t flags)
{
	const struct taut_room_config cfg = { .size = sizeof cfg,
					      .url = url,
					      .room = room,
					      .flags = flags,
					      .user = s,
					      .on_peer = on_peer,
					      .on_event = on_event,
					      .on_peer_left = on_peer_left,
					      .on_chat = on_chat,
					      .on_error = on_error,
					      .on_state = on_state,
					      .on_signal = on_signal };

	*s = (struct side){ 0 };
	const bool asked =
		worked(taut_room_join(&s->room, w->loop, &cfg), ONE_OF(TAUT_E_IO, TAUT_E_NOMEM));
	assert_true(asked == (s->room != NULL));
	refused = refused || !asked;
	return asked;
}

/* ---- */

static void a_relay_starts_and_stops_or_is_refused(void **state)
{
	const int fds = count_fds();

	(void)state;
	for (uint32_t flags = 0; flags <= TAUT_RELAY_TLS; flags += TAUT_RELAY_TLS) {
		int whole = 0;
		for (int i = 0; i < TRIES; i++) {
			taut_relay *relay;
			whole += start_relay(&relay, flags);
			taut_relay_stop(relay);
		}
		enough(whole);
	}
	assert_true(count_fds() == fds || refused);
}

/* True: the whole answer came. A line that ends, or is silent for two seconds, has lost it. */
static bool ask_for_file(uint16_t port)
{
	static const char request[] = "GET /favicon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n";
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct timeval patience = { .tv_sec = 2 };
	char text[8192] = "";
	size_t have = 0;
	ssize_t n = 1;
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
	    send(fd, request, sizeof request - 1, MSG_NOSIGNAL) > 0)
		while (!strstr(text, "</svg>") && n > 0 && have < sizeof text - 1) {
			n = recv(fd, text + have, sizeof text - 1 - have, 0);
			have += n > 0 ? (size_t)n : 0;
			text[have] = '\0';
		}
	close(fd);
	const bool whole = strstr(text, "</svg>") != NULL;
	assert_true(whole == (strncmp(text, "HTTP/1.1 200", 12) == 0 && whole));
	assert_true(whole || anything_failed());
	return whole;
}

static void a_page_is_served_or_its_line_ends(void **state)
{
	const int fds = count_fds();
	taut_relay *relay;
	int whole = 0;

	(void)state;
	if (start_relay(&relay, 0)) {
		for (int i = 0; i < TRIES; i++)
			whole += ask_for_file(taut_relay_port(relay));
		enough(whole);
	}
	taut_relay_stop(relay);
	assert_true(count_fds() == fds || refused);
}

static void a_room_without_a_relay_is_told_so_once(void **state)
{
	struct world w;
	struct side *s = &w.sides[0];
	int whole = 0;

	(void)state;
	for (int i = 0; i < TRIES; i++) {
		if (open_world(&w) &&
		    join(&w, s, "http://127.0.0.1:1/", "tea", TAUT_ROOM_NO_RECONNECT)) {
			UNTIL(&w, s->errors > 0);
			for (int j = 0; j < 5; j++)
				step(&w);
			assert_true(s->errors == 1 || keeps_failing());
			assert_null(taut_room_id(s->room));
			assert_int_equal(taut_room_chat(s->room, "hello"), TAUT_E_STATE);
			whole += s->errors == 1;
			taut_room_leave(s->room);
		}
		close_world(&w);
	}
	enough(whole);
}

static bool says(struct side *s)
{
	return worked(taut_room_chat(s->room, "hello"), ONE_OF(TAUT_E_STATE, TAUT_E_NOMEM));
}

/* They joined. True: they agreed, and the first hears the other. */
static bool meet(struct world *w)
{
	struct side *a = &w->sides[0], *b = &w->sides[1];
	taut_pc *pc = NULL;

	UNTIL(w, (a->connected && b->connected) || a->of_here + b->of_here > 0);
	const bool all = a->connected && b->connected;
	assert_true(all || keeps_failing() || (anything_failed() && a->of_here + b->of_here > 0));
	if (!all)
		return false;
	const struct taut_room_peer *peer = taut_room_peer_at(a->room, 0, &pc);
	assert_true(peer && pc && (peer->starts || anything_failed()));
	assert_null(taut_room_peer_at(a->room, 1, NULL));
	/* What was said and not heard was lost with a line, or for memory. */
	int said = says(b);
	for (int i = 0; i < 5 && a->chats == 0; i++) {
		for (int j = 0; j < (keeps_failing() ? 5 : 100) && a->chats == 0; j++)
			step(w);
		if (a->chats == 0)
			said += says(b);
	}
	assert_true(a->chats > 0 || keeps_failing());
	assert_true(said == 1 || anything_failed());
	return a->chats > 0;
}

static bool session(struct world *w, const char *room)
{
	struct side *a = &w->sides[0], *b = &w->sides[1];
	const char *url = taut_relay_url(w->relay);
	bool all = false;

	b->room = NULL;
	if (join(w, a, url, room, 0)) {
		UNTIL(w, a->state == TAUT_ROOM_JOINED);
		assert_true(a->state == TAUT_ROOM_JOINED || keeps_failing());
		assert_true(taut_room_id(a->room) || keeps_failing());
		all = join(w, b, url, room, 0);
	}
	if (all) {
		UNTIL(w, b->state == TAUT_ROOM_JOINED);
		assert_true(b->state == TAUT_ROOM_JOINED || keeps_failing());
		all = meet(w);
	}
	taut_room_leave(b->room);
	taut_room_leave(a->room);
	return all;
}

static void two_in_a_room_agree_or_are_told(void **state)
{
	static const char *const rooms[TRIES] = { "tea", "coffee" };
	struct world w;
	int whole = 0;

	(void)state;
	if (open_world(&w) && start_relay(&w.relay, 0)) {
		for (int i = 0; i < TRIES; i++)
			whole += session(&w, rooms[i]);
		enough(whole);
	}
	close_world(&w);
}

/* OpenSSL starts once in a process, and what fails then it does not try again: before the tests. */
static int set_up(void **state)
{
	taut_relay *relay;

	(void)state;
	assert_true(start_relay(&relay, TAUT_RELAY_TLS));
	taut_relay_stop(relay);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_relay_starts_and_stops_or_is_refused),
		cmocka_unit_test(a_page_is_served_or_its_line_ends),
		cmocka_unit_test(a_room_without_a_relay_is_told_so_once),
		cmocka_unit_test(two_in_a_room_agree_or_are_told),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
