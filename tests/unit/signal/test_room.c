/* wraps: calloc RAND_bytes */
/* The room client against a line, a loop and connections that this file plays: which message
 * leads to which call of taut_pc, and that leaving is legal in every callback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/room_link.h"
#include "signal/signal_json.h"
#include "taut/signal.h"

/* ---- the line ---- */

struct tt_link {
	struct tt_link_config cfg;
};

/* One test at a time: what it plays with. */
static struct stage {
	struct tt_link *link;
	char sent[64][1024];
	size_t sent_count, heard_count;
	int pcs_alive, pcs_made, peers_seen, peers_left, offers_seen, chats, errors, restarts,
		candidates;
	char last_error[64], last_left[128], last_chat[128], last_failure[128];
	int failures, cuts;
	unsigned settled; /* the line */
	uint32_t state;
	struct taut_pc *pc; /* the newest */
	taut_task timer;
	void *timer_arg;
	taut_room *room;
	const char *leave_in;      /* the callback in which to leave */
	bool no_memory;            /* for another connection */
	bool no_calloc, no_random; /* the next call fails */
	bool full;                 /* the loop takes no connection */
	bool no_local, no_text;    /* no description can be made; there is none */
	bool bad_candidate, no_restart;
	const struct taut_error *pc_error;
	char last_candidate[64], last_text[512];
	int last_index;
	char last_signal[2][1024]; /* in, out */
} st;

int tt_link_open(struct tt_link **out, const struct tt_link_config *cfg)
{
	st.link = *out = calloc(1, sizeof **out);
	(*out)->cfg = *cfg;
	return TAUT_OK;
}

void tt_link_send(struct tt_link *link, unsigned line, const char *text, size_t len)
{
	assert_ptr_equal(link, st.link);
	assert_true(line > 0 && st.sent_count < 64 && len < 1024);
	snprintf(st.sent[st.sent_count++], 1024, "%s", text);
}

void tt_link_cut(struct tt_link *link, unsigned line)
{
	assert_ptr_equal(link, st.link);
	assert_true(line > 0);
	st.cuts++;
}

void tt_link_settled(struct tt_link *link, unsigned line)
{
	assert_ptr_equal(link, st.link);
	assert_true(line > 0);
	st.settled = line;
}

void tt_link_close(struct tt_link *link)
{
	free(link);
	st.link = NULL;
}

bool tt_link_parse_url(struct tt_link_url *out, const char *url)
{
	*out = (struct tt_link_url){ .port = 1 };
	return url && *url;
}

static void item(enum tt_link_kind kind, unsigned line, const char *text)
{
	size_t len = strlen(text);
	struct tt_link_item *i = calloc(1, sizeof *i + len + 1);

	if (st.link) {
		i->kind = kind;
		i->line = line;
		i->len = len;
		memcpy(i->text, text, len);
		st.link->cfg.item(st.link->cfg.user, i);
	}
	free(i);
}

static void hear(const char *text)
{
	item(TT_LINK_TEXT, 1, text);
}

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	const bool fails = st.no_calloc && n * size > 700; /* a room or a peer, no message */

	st.no_calloc = st.no_calloc && !fails;
	return fails ? NULL : __real_calloc(n, size);
}

int __real_RAND_bytes(unsigned char *out, int n);
int __wrap_RAND_bytes(unsigned char *out, int n);
int __wrap_RAND_bytes(unsigned char *out, int n)
{
	return st.no_random ? 0 : __real_RAND_bytes(out, n);
}

/* ---- connections and the loop ---- */

struct taut_pc {
	uint32_t signaling, connection, local;
	taut_event_handler handler;
	void *user;
	bool closed;
};

int taut_pc_new(taut_pc **out, taut_env *env, const struct taut_config *cfg, taut_time now)
{
	(void)env, (void)cfg, (void)now;
	if (st.no_memory)
		return TAUT_E_NOMEM;
	st.pc = *out = calloc(1, sizeof **out);
	(*out)->signaling = TAUT_SIGNALING_STABLE;
	(*out)->connection = TAUT_STATE_NEW;
	st.pcs_alive++;
	st.pcs_made++;
	return TAUT_OK;
}

void taut_pc_free(taut_pc *pc)
{
	st.pcs_alive--;
	if (st.pc == pc)
		st.pc = NULL;
	free(pc);
}

int taut_pc_close(taut_pc *pc, taut_time now)
{
	(void)now;
	pc->closed = true;
	return TAUT_OK;
}
const struct taut_error *taut_pc_error(const taut_pc *pc)
{
	(void)pc;
	return st.pc_error;
}
uint32_t taut_pc_signaling_state(const taut_pc *pc)
{
	return pc->signaling;
}
uint32_t taut_pc_connection_state(const taut_pc *pc)
{
	return pc->connection;
}
const char *taut_reason_text(uint32_t reason)
{
	(void)reason;
	return "a reason";
}

int taut_pc_set_local_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
				  size_t len)
{
	(void)now, (void)sdp, (void)len;
	assert_int_equal(type, 0);
	if (st.no_local)
		return TAUT_E_STATE;
	bool answer = pc->signaling == TAUT_SIGNALING_HAVE_REMOTE_OFFER;
	pc->local = answer ? TAUT_SDP_ANSWER : TAUT_SDP_OFFER;
	pc->signaling = answer ? TAUT_SIGNALING_STABLE : TAUT_SIGNALING_HAVE_LOCAL_OFFER;
	return TAUT_OK;
}

int taut_pc_set_remote_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
				   size_t len)
{
	(void)now, (void)len;
	if (strcmp(sdp, "bad") == 0)
		return TAUT_E_SYNTAX;
	pc->signaling =
		type == TAUT_SDP_OFFER ? TAUT_SIGNALING_HAVE_REMOTE_OFFER : TAUT_SIGNALING_STABLE;
	return TAUT_OK;
}

const char *taut_pc_local_description(taut_pc *pc, uint32_t *type)
{
	*type = pc->local;
	return st.no_text ? NULL : "mine";
}

int taut_pc_add_ice_candidate(taut_pc *pc, taut_time now, const char *c, size_t len,
			      const char *mid, int index)
{
	(void)pc, (void)now, (void)mid;
	st.candidates++;
	st.last_index = index;
	assert_int_equal(c ? strlen(c) : 0, len);
	snprintf(st.last_candidate, sizeof st.last_candidate, "%s", c ? c : "(end)");
	return st.bad_candidate ? TAUT_E_SYNTAX : TAUT_OK;
}

int taut_pc_restart_ice(taut_pc *pc, taut_time now)
{
	(void)pc, (void)now;
	st.restarts++;
	return st.no_restart ? TAUT_E_STATE : TAUT_OK;
}
taut_env *taut_loop_env(taut_loop *loop)
{
	(void)loop;
	return NULL;
}
taut_time taut_loop_now(taut_loop *loop)
{
	(void)loop;
	return 1;
}
void taut_loop_free_pc(taut_loop *loop, taut_pc *pc)
{
	(void)loop;
	assert_true(pc->closed);
	taut_pc_free(pc);
}

int taut_loop_add(taut_loop *loop, taut_pc *pc, taut_event_handler handler, void *user)
{
	(void)loop;
	if (st.full)
		return TAUT_E_LIMIT;
	pc->handler = handler;
	pc->user = user;
	return TAUT_OK;
}

taut_timer taut_loop_after(taut_loop *loop, taut_time delay, taut_task task, void *arg)
{
	(void)loop, (void)delay;
	st.timer = task;
	st.timer_arg = arg;
	return 7;
}

void taut_loop_cancel(taut_loop *loop, taut_timer timer)
{
	(void)loop;
	assert_int_equal(timer, 7);
	st.timer = NULL;
}

static void event(struct taut_event e)
{
	if (st.pc)
		st.pc->handler(st.pc->user, st.pc, &e);
}

static void needed(void)
{
	event((struct taut_event){ .type = TAUT_EV_NEGOTIATION_NEEDED });
}

static void connection(uint32_t state, uint32_t reason)
{
	if (!st.pc)
		return;
	st.pc->connection = state;
	event((struct taut_event){ .type = TAUT_EV_CONNECTION_STATE,
				   .number = state,
				   .reason = reason,
				   .text = state == TAUT_STATE_FAILED ? "no \"path\"" : "" });
}

/* ---- the application ---- */

static void perhaps_leave(const char *where)
{
	if (st.leave_in && strcmp(st.leave_in, where) == 0) {
		st.leave_in = NULL;
		taut_room_leave(st.room);
		st.room = NULL;
	}
}

static void on_peer(void *u, taut_room *r, const struct taut_room_peer *p, taut_pc *pc)
{
	(void)u, (void)r, (void)p;
	assert_ptr_equal(pc, st.pc);
	st.peers_seen++;
	perhaps_leave("peer");
}

static void on_offer(void *u, taut_room *r, const struct taut_room_peer *p, taut_pc *pc)
{
	(void)u, (void)r, (void)p;
	assert_int_equal(pc->signaling, TAUT_SIGNALING_HAVE_REMOTE_OFFER);
	st.offers_seen++;
	perhaps_leave("offer");
}

static void on_event(void *u, taut_room *r, const struct taut_room_peer *p, taut_pc *pc,
		     const struct taut_event *e)
{
	(void)u, (void)r, (void)p, (void)pc, (void)e;
	perhaps_leave("event");
}

static void on_peer_left(void *u, taut_room *r, const struct taut_room_peer *p, taut_pc *pc,
			 const char *why)
{
	(void)u, (void)r, (void)p;
	assert_false(pc->closed);
	st.peers_left++;
	snprintf(st.last_left, sizeof st.last_left, "%s", why);
	perhaps_leave("left");
}

static void on_chat(void *u, taut_room *r, const struct taut_room_peer *p, const char *text)
{
	(void)u, (void)r;
	snprintf(st.last_chat, sizeof st.last_chat, "%s: %s", p->name, text);
	st.chats++;
	perhaps_leave("chat");
}

static void on_failure(void *u, taut_room *r, const struct taut_room_peer *p, taut_pc *pc,
		       const char *text)
{
	(void)u, (void)r;
	assert_non_null(pc);
	snprintf(st.last_failure, sizeof st.last_failure, "%s: %s", p->name, text);
	st.failures++;
	perhaps_leave("failure");
}

static void on_error(void *u, taut_room *r, const char *code, const char *text)
{
	(void)u, (void)r;
	st.errors++;
	snprintf(st.last_text, sizeof st.last_text, "%s", text);
	snprintf(st.last_error, sizeof st.last_error, "%s", code);
	perhaps_leave("error");
}

static void on_state(void *u, taut_room *r, uint32_t state)
{
	(void)u, (void)r;
	st.state = state;
	perhaps_leave("state");
}

static void on_signal(void *u, taut_room *r, int out, const char *json, size_t len)
{
	(void)u, (void)r;
	assert_int_equal(strlen(json), len);
	snprintf(st.last_signal[out], sizeof st.last_signal[out], "%s", json);
	st.heard_count++;
	perhaps_leave(out ? "signal out" : "signal in");
}

static const struct taut_room_config config = {
	.size = sizeof config,
	.url = "http://x/",
	.room = "tea",
	.name = "Me",
	.on_peer = on_peer,
	.on_offer = on_offer,
	.on_event = on_event,
	.on_peer_left = on_peer_left,
	.on_chat = on_chat,
	.on_error = on_error,
	.on_state = on_state,
	.on_signal = on_signal,
	.on_failure = on_failure,
};

static int set_up(void **state)
{
	(void)state;
	memset(&st, 0, sizeof st);
	assert_int_equal(taut_room_join(&st.room, NULL, &config), TAUT_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	taut_room_leave(st.room);
	assert_int_equal(st.pcs_alive, 0);
	assert_null(st.link);
	return 0;
}

#define JOINED   "{\"type\":\"joined\",\"room\":\"tea\",\"id\":\"me\",\"peers\":[%s]}"
#define BOB      "{\"id\":\"bob\",\"name\":\"Bob\",\"agent\":\"browser\",\"role\":\"polite\"}"
#define FROM_BOB "\"room\":\"tea\",\"from\":\"bob\",\"name\":\"Bob\""
#define OFFER(call, sdp)                                                                           \
	"{\"type\":\"description\"," FROM_BOB ",\"call\":\"" call                                  \
	"\",\"description\":{\"type\":\"offer\",\"sdp\":\"" sdp "\"}}"
#define ANSWER(call)                                                                               \
	"{\"type\":\"description\"," FROM_BOB ",\"call\":\"" call                                  \
	"\",\"description\":{\"type\":\"answer\",\"sdp\":\"x\"}}"
#define USER_HERE(role)                                                                            \
	"{\"type\":\"user_here\"," FROM_BOB ",\"agent\":\"native\",\"role\":\"" role "\"}"

static void join(const char *peers)
{
	char text[512];

	item(TT_LINK_UP, 1, "");
	snprintf(text, sizeof text, JOINED, peers);
	hear(text);
}

static bool sent(const char *part)
{
	for (size_t i = 0; i < st.sent_count; i++)
		if (strstr(st.sent[i], part))
			return true;
	return false;
}

/* ---- */

static void it_says_ready_then_user_here(void **state)
{
	(void)state;
	assert_null(taut_room_id(st.room));
	join("");
	assert_int_equal(st.sent_count, 2);
	assert_non_null(strstr(st.sent[0], "\"type\":\"ready\""));
	assert_non_null(strstr(st.sent[0], "\"agent\":\"native\""));
	assert_non_null(strstr(st.sent[1], "\"type\":\"user_here\""));
	assert_int_equal(st.state, TAUT_ROOM_JOINED);
	assert_string_equal(taut_room_id(st.room), "me");
}

static void a_newcomer_waits_for_the_offer_and_answers_in_its_call(void **state)
{
	(void)state;
	join(BOB);
	assert_int_equal(st.peers_seen, 1);
	assert_int_equal(taut_room_peer_at(st.room, 0, NULL)->starts, 0);
	assert_int_equal(taut_room_peer_at(st.room, 0, NULL)->agent, TAUT_AGENT_BROWSER);
	needed();
	assert_false(sent("description"));
	hear(OFFER("c1", "x"));
	assert_int_equal(st.offers_seen, 1);
	assert_true(sent("\"answer\"") && sent("\"call\":\"c1\"") && sent("\"to\":\"bob\""));
	needed();
	assert_true(sent("\"offer\""));
}

static void who_was_there_first_offers(void **state)
{
	(void)state;
	join("");
	hear("{\"type\":\"announce\"," FROM_BOB ",\"role\":\"impolite\"}");
	assert_int_equal(st.pcs_made, 0);
	hear(USER_HERE("impolite"));
	assert_int_equal(taut_room_peer_at(st.room, 0, NULL)->starts, 1);
	needed();
	assert_true(sent("\"offer\""));
	assert_int_equal(st.pc->signaling, TAUT_SIGNALING_HAVE_LOCAL_OFFER);
	hear(ANSWER("another"));
	assert_int_equal(st.pc->signaling, TAUT_SIGNALING_HAVE_LOCAL_OFFER);
	hear("{\"type\":\"description\"," FROM_BOB
	     ",\"description\":{\"type\":\"answer\",\"sdp\":\"x\"}}");
	assert_int_equal(st.pc->signaling, TAUT_SIGNALING_STABLE);
}

static void when_offers_meet_the_polite_gives_way_and_the_impolite_does_not(void **state)
{
	(void)state;
	for (int polite = 0; polite < 2; polite++) {
		join(BOB);
		hear(OFFER("c1", "x"));
		hear(polite ? "{\"type\":\"announce\"," FROM_BOB ",\"role\":\"polite\"}"
			    : "{\"type\":\"announce\"," FROM_BOB ",\"role\":\"impolite\"}");
		needed();
		assert_int_equal(st.pc->signaling, TAUT_SIGNALING_HAVE_LOCAL_OFFER);
		hear(OFFER("c1", "x"));
		assert_int_equal(st.pc->signaling,
				 polite ? TAUT_SIGNALING_STABLE : TAUT_SIGNALING_HAVE_LOCAL_OFFER);
		tear_down(NULL);
		set_up(NULL);
	}
}

static void a_call_outlives_the_relay_and_what_it_needs_is_done_later(void **state)
{
	(void)state;
	join(BOB);
	hear(OFFER("c1", "x"));
	connection(TAUT_STATE_CONNECTED, 0);
	item(TT_LINK_DOWN, 1, "broke");
	assert_int_equal(st.state, TAUT_ROOM_CONNECTING);
	assert_string_equal(st.last_error, "unreachable");
	assert_int_equal(taut_room_chat(st.room, "x"), TAUT_E_STATE);
	size_t before = st.sent_count;
	needed();
	event((struct taut_event){ .type = TAUT_EV_ICE_CANDIDATE, .text = "candidate:1" });
	assert_int_equal(st.sent_count, before);
	join(BOB);
	assert_int_equal(st.pcs_made, 1);
	assert_true(sent("\"offer\""));
}

static void an_offer_that_has_no_answer_yet_is_said_again_over_another_line(void **state)
{
	(void)state;
	join(BOB);
	hear(OFFER("c1", "x"));
	connection(TAUT_STATE_CONNECTED, 0);
	needed();
	assert_true(sent("\"offer\""));
	assert_int_equal(st.pc->signaling, TAUT_SIGNALING_HAVE_LOCAL_OFFER);
	item(TT_LINK_DOWN, 1, "broke");
	assert_true(st.sent_count > 0);
	memset(st.sent[0], 0, sizeof st.sent[0] * st.sent_count);
	join(BOB);
	assert_int_equal(st.pcs_made, 1);
	assert_true(sent("\"offer\""));
}

static void after_the_relay_was_away_who_is_not_there_is_dropped_unless_the_call_works(void **state)
{
	(void)state;
	join(BOB);
	connection(TAUT_STATE_CONNECTED, 0);
	item(TT_LINK_DOWN, 1, "");
	join("");
	assert_int_equal(st.peers_left, 0);
	connection(TAUT_STATE_FAILED, TAUT_REASON_ICE_CONSENT_EXPIRED);
	assert_int_equal(st.peers_left, 1);
	join(BOB);
	item(TT_LINK_DOWN, 1, "");
	join("");
	assert_int_equal(st.peers_left, 2);
}

static void left_ends_a_call_and_gone_lets_it_go_on(void **state)
{
	(void)state;
	join(BOB);
	connection(TAUT_STATE_CONNECTED, 0);
	hear("{\"type\":\"leave\"," FROM_BOB ",\"reason\":\"gone\"}");
	assert_int_equal(st.peers_left, 0);
	hear(USER_HERE("polite"));
	assert_int_equal(st.pcs_made, 1);
	hear("{\"type\":\"leave\"," FROM_BOB ",\"reason\":\"left\"}");
	assert_int_equal(st.peers_left, 1);
	assert_int_equal(st.pcs_alive, 0);
}

static void an_offer_of_another_call_replaces_the_connection(void **state)
{
	(void)state;
	join(BOB);
	hear(OFFER("c1", "x"));
	hear("{\"type\":\"candidate\"," FROM_BOB
	     ",\"call\":\"c1\",\"candidate\":{\"candidate\":\"candidate:1\"}}");
	hear("{\"type\":\"candidate\"," FROM_BOB
	     ",\"call\":\"c0\",\"candidate\":{\"candidate\":\"candidate:1\"}}");
	hear("{\"type\":\"candidate\"," FROM_BOB ",\"candidate\":null}");
	assert_int_equal(st.candidates, 2);
	assert_int_equal(st.errors, 0);
	hear(OFFER("c2", "x"));
	assert_int_equal(st.pcs_made, 2);
	assert_int_equal(st.pcs_alive, 1);
	assert_int_equal(st.peers_seen, 2);
	assert_true(sent("\"call\":\"c2\""));
}

/* Whoever began: a call of the other's takes the place of ours. */
static void a_call_of_the_other_s_replaces_one_that_was_only_named(void **state)
{
	(void)state;
	join("");
	hear(USER_HERE("polite"));
	assert_int_equal(taut_room_peer_at(st.room, 0, NULL)->starts, 1);
	hear(OFFER("c1", "x"));
	assert_int_equal(st.pcs_made, 2);
	assert_int_equal(st.pcs_alive, 1);
	assert_int_equal(taut_room_peer_at(st.room, 0, NULL)->starts, 0);
	assert_true(sent("\"answer\"") && sent("\"call\":\"c1\""));
}

static void what_lacks_what_it_must_say_is_nothing(void **state)
{
	(void)state;
	item(TT_LINK_UP, 1, "");
	hear("{\"type\":\"joined\",\"room\":\"tea\",\"peers\":[]}"); /* as whom? */
	assert_null(taut_room_id(st.room));
	assert_int_equal(st.state, 0);
	assert_int_equal(st.sent_count, 1);
	join("{\"name\":\"Nobody\"}," BOB ",7");
	assert_int_equal(st.peers_seen, 1);
	hear("{\"type\":\"chat\"," FROM_BOB ",\"id\":\"you\",\"text\":\"I am you\"}");
	assert_int_equal(st.chats, 1);
	assert_string_equal(taut_room_id(st.room), "me");
	hear("{\"type\":\"chat\"," FROM_BOB "}");
	hear("{\"type\":\"chat\"," FROM_BOB ",\"text\":null}");
	assert_int_equal(st.chats, 1);
}

/* A page of before calls had names says none: it belongs to any, and the next one with a name is another. */
static void an_offer_without_a_call_is_one_as_well(void **state)
{
	static const char offer[] = "{\"type\":\"description\"," FROM_BOB
				    ",\"description\":{\"type\":\"offer\",\"sdp\":\"x\"}}";
	(void)state;
	join(BOB);
	hear(offer);
	hear(offer);
	assert_int_equal(st.offers_seen, 2);
	assert_int_equal(st.pcs_made, 1);
	hear(OFFER("c1", "x"));
	assert_int_equal(st.pcs_made, 2);
	assert_int_equal(st.pcs_alive, 1);
	hear(offer);
	assert_int_equal(st.pcs_made, 2);
	assert_int_equal(st.offers_seen, 4);
}

static void an_offer_of_a_stranger_with_a_name_makes_a_peer_if_there_is_memory(void **state)
{
	(void)state;
	join("");
	st.no_calloc = true;
	hear(OFFER("c1", "x"));
	assert_int_equal(st.pcs_made, 0);
	assert_int_equal(st.offers_seen, 0);
	hear(OFFER("c1", "x"));
	assert_int_equal(st.offers_seen, 1);
	assert_string_equal(taut_room_peer_at(st.room, 0, NULL)->name, "Bob");
	assert_int_equal(taut_room_peer_at(st.room, 0, NULL)->starts, 0);
}

static void user_here_begins_anew_unless_the_call_works(void **state)
{
	(void)state;
	join(BOB);
	hear(USER_HERE("polite"));
	assert_int_equal(st.pcs_made, 2);
	connection(TAUT_STATE_CONNECTED, 0);
	hear(USER_HERE("polite"));
	assert_int_equal(st.pcs_made, 2);
	st.pc->signaling = TAUT_SIGNALING_HAVE_LOCAL_OFFER;
	hear(USER_HERE("polite"));
	assert_int_equal(st.pcs_made, 3);
}

static void without_memory_for_a_new_connection_the_peer_is_told_to_have_left(void **state)
{
	(void)state;
	join(BOB);
	hear(OFFER("c1", "x"));
	st.no_memory = true;
	hear(OFFER("c2", "x")); /* on_peer_left looks at the earlier connection */
	assert_int_equal(st.peers_left, 1);
	assert_int_equal(st.pcs_alive, 0);
	assert_string_equal(st.last_error, "local");
	hear(USER_HERE("polite"));
	assert_int_equal(st.peers_seen, 1);
	st.no_memory = false;
	hear(USER_HERE("polite"));
	assert_int_equal(st.peers_seen, 2);
	st.no_memory = true;
	st.leave_in = "error";
	hear(USER_HERE("polite"));
	assert_null(st.room);
}

static void logs_do_not_see_what_would_let_others_in(void **state)
{
	(void)state;
	item(TT_LINK_UP, 1, "");
	assert_non_null(
		strstr(st.last_signal[1], "\"secret\":\"********************************\""));
	assert_null(strstr(st.sent[0], "*"));
	join(BOB);
	hear(OFFER("c", "a=ice-ufrag:u\\r\\na=ice-pwd:0123\\r\\na=ice-pwd:45"));
	assert_non_null(
		strstr(st.last_signal[0], "a=ice-ufrag:u\\r\\na=ice-pwd:****\\r\\na=ice-pwd:**\""));
}

/* Of what the relay says all is JSON, and of what we say: it was memory. */
static void what_could_not_be_read_or_said_for_memory_costs_the_line(void **state)
{
	(void)state;
	join("");
	hear("{\"type\":");
	assert_int_equal(st.cuts, 1);
	hear("{\"type\":\"error\",\"code\":\"bad_json\",\"text\":\"x\"}");
	assert_int_equal(st.cuts, 2);
	hear("{\"type\":\"error\",\"code\":\"room_full\",\"text\":\"x\"}");
	assert_int_equal(st.cuts, 2);
}

static void who_left_when_told_has_no_line_to_cut(void **state)
{
	static const struct {
		const char *where, *text;
	} rows[] = {
		{ "error", "{\"type\":\"error\",\"code\":\"bad_json\",\"text\":\"x\"}" },
		{ "signal in", "{\"type\":" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		join("");
		st.leave_in = rows[i].where;
		hear(rows[i].text);
		assert_null(st.room);
		assert_int_equal(st.cuts, 0);
		tear_down(NULL);
		set_up(NULL);
	}
}

static void the_starter_mends_a_failed_call_by_ice_or_by_a_new_one(void **state)
{
	(void)state;
	join("");
	hear(USER_HERE("impolite"));
	connection(TAUT_STATE_FAILED, TAUT_REASON_ICE_CONSENT_EXPIRED);
	assert_int_equal(st.restarts, 1);
	connection(TAUT_STATE_FAILED, TAUT_REASON_DTLS_TIMEOUT);
	assert_int_equal(st.restarts, 1);
	assert_non_null(st.timer);
	st.timer(st.timer_arg);
	assert_int_equal(st.pcs_made, 2);
	connection(TAUT_STATE_FAILED, TAUT_REASON_DTLS_TIMEOUT);
	assert_non_null(st.timer); /* cancelled by leaving */
}

/* Before the restart: its offer makes the other side forget. */
static void why_a_connection_failed_is_said_first_and_heard(void **state)
{
	char text[TT_SIGNAL_FAILURE + 200];

	(void)state;
	join("");
	hear(USER_HERE("impolite"));
	const size_t before = st.sent_count;
	connection(TAUT_STATE_FAILED, TAUT_REASON_ICE_NO_PAIR);
	assert_int_equal(st.sent_count, before + 1); /* the restart asks for an offer later */
	assert_non_null(strstr(st.sent[before], "\"type\":\"failure\""));
	assert_non_null(strstr(st.sent[before], "\"text\":\"no \\\"path\\\"\""));
	assert_non_null(strstr(st.sent[before], "\"to\":\"bob\""));
	assert_int_equal(st.restarts, 1);
	connection(TAUT_STATE_DISCONNECTED, TAUT_REASON_ICE_SILENT);
	assert_int_equal(st.sent_count, before + 1);

	hear("{\"type\":\"failure\"," FROM_BOB ",\"text\":\"so it is\"}");
	assert_string_equal(st.last_failure, "Bob: so it is");
	hear("{\"type\":\"failure\"," FROM_BOB ",\"call\":\"another\",\"text\":\"x\"}");
	hear("{\"type\":\"failure\",\"room\":\"tea\",\"from\":\"eve\",\"text\":\"x\"}");
	hear("{\"type\":\"failure\"," FROM_BOB ",\"text\":5}");
	const int n = snprintf(text, sizeof text, "{\"type\":\"failure\"," FROM_BOB ",\"text\":\"");
	memset(text + n, 'x', TT_SIGNAL_FAILURE + 1);
	memcpy(text + n + TT_SIGNAL_FAILURE + 1, "\"}", 3);
	hear(text);
	assert_int_equal(st.failures, 1);
	memcpy(text + n + TT_SIGNAL_FAILURE, "\"}", 3);
	hear(text);
	assert_int_equal(st.failures, 2);
}

static void an_offer_that_is_refused_is_told(void **state)
{
	(void)state;
	join(BOB);
	hear(OFFER("c1", "bad"));
	assert_string_equal(st.last_error, "local");
	assert_false(sent("description"));
	hear(OFFER("c1", "x"));
	assert_true(sent("\"answer\""));
}

static void chat_goes_both_ways(void **state)
{
	(void)state;
	join("");
	assert_int_equal(taut_room_chat(st.room, "\xff"), TAUT_E_INVAL);
	assert_int_equal(taut_room_chat(st.room, "hello"), TAUT_OK);
	assert_true(sent("\"text\":\"hello\""));
	hear("{\"type\":\"chat\"," FROM_BOB ",\"text\":\"hi\"}");
	assert_int_equal(st.chats, 1);
	assert_string_equal(st.last_chat, "Bob: hi");
}

static const char *const script[] = {
	JOINED,
	USER_HERE("impolite"),
	OFFER("c9", "x"),
	OFFER("c9", "bad"),
	ANSWER("c9"),
	"{\"type\":\"announce\"," FROM_BOB ",\"role\":\"impolite\"}",
	"{\"type\":\"candidate\"," FROM_BOB ",\"candidate\":{\"candidate\":\"candidate:1\"}}",
	"{\"type\":\"chat\"," FROM_BOB ",\"text\":\"hi\"}",
	"{\"type\":\"failure\"," FROM_BOB ",\"text\":\"hm\"}",
	"{\"type\":\"error\",\"code\":\"no_turn\",\"text\":\"x\"}",
	"{\"type\":\"leave\"," FROM_BOB ",\"reason\":\"left\"}",
};

static void leaving_is_legal_in_every_callback(void **state)
{
	static const char *const where[] = {
		"peer",  "offer",   "event", "left",       "chat",
		"error", "failure", "state", "signal out", "signal in"
	};
	(void)state;
	for (size_t i = 0; i < sizeof where / sizeof where[0]; i++) {
		st.leave_in = where[i];
		join(BOB);
		needed();
		connection(TAUT_STATE_FAILED, TAUT_REASON_DTLS_TIMEOUT);
		for (size_t k = 1; k < sizeof script / sizeof script[0]; k++)
			hear(script[k]);
		assert_null(st.room);
		assert_null(st.link);
		tear_down(NULL);
		set_up(NULL);
	}
}

static void leaving_is_legal_when_the_goodbye_is_logged(void **state)
{
	(void)state;
	join(BOB);
	st.sent_count = 0;
	st.leave_in = "signal out";
	taut_room *room = st.room;
	taut_room_leave(room); /* and again, from on_signal */
	assert_null(st.room);
	assert_int_equal(st.sent_count, 1);
	assert_int_equal(st.pcs_alive, 0);
}

static void whatever_the_relay_says_nothing_breaks(void **state)
{
	char text[512];
	(void)state;
	join(BOB);
	for (size_t k = 0; k < sizeof script / sizeof script[0]; k++) {
		size_t len = strlen(script[k]);
		for (size_t cut = 0; cut < len; cut++) {
			snprintf(text, sizeof text, "%.*s", (int)cut, script[k]);
			hear(text);
			snprintf(text, sizeof text, "%s", script[k]);
			text[cut] ^= 0x15;
			hear(text);
		}
		st.sent_count = 0;
	}
	hear("{\"type\":\"joined\",\"room\":\"tea\",\"id\":7,\"peers\":{}}");
	hear("{\"type\":\"joined\",\"room\":\"tea\",\"id\":\"me\",\"peers\":[1,{},{\"id\":[]}]}");
	hear("{\"type\":\"description\",\"room\":\"tea\",\"from\":\"\"}");
}

static void a_bad_config_is_refused(void **state)
{
	struct taut_room_config c = config;
	taut_room *room;
	(void)state;
	c.room = "";
	assert_int_equal(taut_room_join(&room, NULL, &c), TAUT_E_INVAL);
	c = config;
	c.name = "\xff";
	assert_int_equal(taut_room_join(&room, NULL, &c), TAUT_E_INVAL);
	c = config;
	c.url = NULL;
	assert_int_equal(taut_room_join(&room, NULL, &c), TAUT_E_INVAL);
	assert_null(room);
	taut_room_leave(NULL);
}

static void what_fails_is_told_with_its_place_and_reason(void **state)
{
	static const struct taut_error whole = { .message = "no such thing",
						 .line = 3,
						 .column = 4 },
				       placeless = { .message = "no such thing" }, empty = { 0 };
	(void)state;
	join(BOB);
	hear(OFFER("c1", "bad"));
	assert_string_equal(st.last_text, "an offer was refused with Bob: no reason known");
	st.pc_error = &empty;
	hear(OFFER("c1", "bad"));
	assert_string_equal(st.last_text, "an offer was refused with Bob: no reason known");
	st.pc_error = &placeless;
	hear(OFFER("c1", "bad"));
	assert_string_equal(st.last_text, "an offer was refused with Bob: no such thing");
	st.pc_error = &whole;
	st.no_local = true;
	hear(OFFER("c1", "x"));
	assert_string_equal(st.last_text,
			    "no answer could be made with Bob: no such thing (line 3, column 4)");
	st.pc->signaling = TAUT_SIGNALING_STABLE;
	needed();
	assert_memory_equal(st.last_text, "no offer could be made", 22);
	assert_false(sent("description"));
	st.no_local = false;
	st.no_text = true;
	needed(); /* made, and nothing to send */
	assert_false(sent("description"));
	st.pc->signaling = TAUT_SIGNALING_HAVE_LOCAL_OFFER;
	hear("{\"type\":\"description\"," FROM_BOB
	     ",\"description\":{\"type\":\"answer\",\"sdp\":\"bad\"}}");
	assert_memory_equal(st.last_text, "an answer was refused", 21);
	st.pc->signaling = TAUT_SIGNALING_STABLE;
	const int before = st.errors;
	hear(ANSWER("c1")); /* to nothing */
	assert_int_equal(st.errors, before);
}

#define CANDIDATE(c) "{\"type\":\"candidate\"," FROM_BOB ",\"candidate\":" c "}"

static void candidates_go_both_ways_to_their_line_and_to_their_end(void **state)
{
	(void)state;
	join("");
	hear(CANDIDATE("null")); /* of nobody we know */
	assert_int_equal(st.candidates, 0);
	hear(USER_HERE("impolite"));
	event((struct taut_event){
		.type = TAUT_EV_ICE_CANDIDATE, .text = "candidate:9", .label = "0" });
	assert_true(sent("\"candidate\":{\"candidate\":\"candidate:9\",\"sdpMid\":\"0\"}"));
	event((struct taut_event){ .type = TAUT_EV_ICE_CANDIDATE });
	assert_true(sent("\"candidate\":null"));
	assert_int_equal(st.cuts, 0);
	event((struct taut_event){ .type = TAUT_EV_ICE_CANDIDATE, .text = "\xff" }); /* no JSON, as without memory */
	assert_int_equal(st.cuts, 1);
	hear(CANDIDATE("{\"candidate\":\"candidate:1\",\"sdpMLineIndex\":2}"));
	assert_string_equal(st.last_candidate, "candidate:1");
	assert_int_equal(st.last_index, 2);
	hear(CANDIDATE("{\"candidate\":\"\",\"sdpMLineIndex\":\"2\"}"));
	assert_string_equal(st.last_candidate, "(end)");
	assert_int_equal(st.last_index, -1);
	hear(CANDIDATE("7"));
	assert_int_equal(st.candidates, 2);
	st.bad_candidate = true;
	hear(CANDIDATE("{\"candidate\":\"rubbish\"}"));
	assert_memory_equal(st.last_text, "a candidate was refused", 23);
	needed();
	hear(OFFER("c1", "x")); /* another call: a new connection, which takes it */
	needed();
	hear("{\"type\":\"announce\"," FROM_BOB ",\"role\":\"impolite\"}");
	hear(OFFER("c1", "x")); /* is ignored, and so are its candidates */
	const int before = st.errors;
	hear(CANDIDATE("{\"candidate\":\"rubbish\"}"));
	assert_int_equal(st.errors, before);
}

static void only_the_starter_mends_and_only_what_is_not_over(void **state)
{
	static const uint32_t ice[] = { TAUT_REASON_ICE_NO_PAIR, TAUT_REASON_ICE_SILENT,
					TAUT_REASON_ICE_CONSENT_EXPIRED };
	(void)state;
	join(BOB); /* who starts */
	connection(TAUT_STATE_FAILED, TAUT_REASON_DTLS_TIMEOUT);
	assert_true(!st.timer && st.restarts == 0);
	hear(USER_HERE("impolite"));
	for (int i = 0; i < 3; i++) {
		connection(TAUT_STATE_FAILED, ice[i]);
		assert_int_equal(st.restarts, i + 1);
	}
	connection(TAUT_STATE_CLOSED, TAUT_REASON_CLOSED_BY_PEER);
	assert_null(st.timer);
	st.no_restart = true;
	connection(TAUT_STATE_FAILED, ice[0]);
	assert_non_null(st.timer);
	connection(TAUT_STATE_FAILED, ice[0]); /* once is enough */
	assert_int_equal(st.restarts, 4);
	connection(TAUT_STATE_CONNECTED, 0); /* it mended itself meanwhile */
	const int made = st.pcs_made;
	st.timer(st.timer_arg);
	assert_int_equal(st.pcs_made, made);
	connection(TAUT_STATE_FAILED, TAUT_REASON_DTLS_TIMEOUT);
	item(TT_LINK_DOWN, 1, "");
	st.timer(st.timer_arg); /* nobody could be told */
	assert_int_equal(st.pcs_made, made);
}

/* Its address may be another by now; it is the one who may be asked for that in the room. */
static void who_is_silent_is_asked_for_another_way(void **state)
{
	(void)state;
	join(BOB); /* who starts */
	connection(TAUT_STATE_DISCONNECTED, TAUT_REASON_ICE_SILENT);
	assert_null(st.timer);
	hear(USER_HERE("impolite"));
	connection(TAUT_STATE_DISCONNECTED, TAUT_REASON_ICE_SILENT);
	assert_non_null(st.timer);
	connection(TAUT_STATE_CONNECTED, 0); /* in time */
	assert_null(st.timer);
	connection(TAUT_STATE_DISCONNECTED, TAUT_REASON_ICE_SILENT);
	assert_int_equal(st.restarts, 0);
	st.timer(st.timer_arg);
	assert_int_equal(st.restarts, 1);
	st.timer = NULL;
	connection(TAUT_STATE_FAILED, TAUT_REASON_ICE_CONSENT_EXPIRED); /* and once more, as ever */
	assert_int_equal(st.restarts, 2);
	connection(TAUT_STATE_DISCONNECTED, TAUT_REASON_ICE_SILENT);
	item(TT_LINK_DOWN, 1, "");
	st.timer(st.timer_arg); /* as the line goes with the network: the offer waits for it */
	assert_int_equal(st.restarts, 3);
	const size_t sent = st.sent_count;
	needed();
	assert_int_equal(st.sent_count, sent);
	item(TT_LINK_UP, 2, "");
	assert_true(st.sent_count > sent);
}

static void nobody_is_asked_after_the_call(void **state)
{
	(void)state;
	join("");
	hear(USER_HERE("impolite"));
	connection(TAUT_STATE_DISCONNECTED, TAUT_REASON_ICE_SILENT);
	assert_non_null(st.timer);
	taut_room_leave(st.room);
	st.room = NULL;
	assert_null(st.timer);
	assert_int_equal(st.restarts, 0);
}

static void strangers_and_the_nameless_are_taken_as_they_are(void **state)
{
	static const char nameless[] = ",\"room\":\"tea\",\"from\":\"eve\",\"text\":\"hm\","
				       "\"description\":{\"type\":\"offer\",\"sdp\":\"x\"}}";
	char text[300];
	(void)state;
	join("{\"id\":\"eve\",\"agent\":\"native\"}");
	assert_string_equal(taut_room_peer_at(st.room, 0, NULL)->name, "");
	assert_int_equal(taut_room_peer_at(st.room, 0, NULL)->agent, TAUT_AGENT_NATIVE);
	assert_null(taut_room_peer_at(st.room, 1, NULL));
	taut_pc *pc = NULL;
	assert_non_null(taut_room_peer_at(st.room, 0, &pc));
	assert_ptr_equal(pc, st.pc);
	hear("{\"type\":\"leave\",\"room\":\"tea\",\"from\":\"eve\"}"); /* no reason: gone */
	assert_string_equal(st.last_left, "the peer's connection to the relay is gone");
	hear("{\"type\":\"leave\",\"room\":\"tea\",\"from\":\"eve\"}"); /* nobody */
	assert_int_equal(st.peers_left, 1);
	hear(ANSWER("c1"));
	static const char *const types[] = { "chat", "user_here", "leave", "description" };
	for (size_t i = 0; i < 4; i++) {
		snprintf(text, sizeof text, "{\"type\":\"%s\"%s", types[i], nameless);
		hear(text);
	}
	assert_string_equal(st.last_chat, ": hm");
	assert_int_equal(st.peers_seen, 3);
	assert_int_equal(st.offers_seen, 1);
	hear("{\"type\":\"error\"}");
	assert_string_equal(st.last_error, "unknown");
	item(TT_LINK_TEXT, 7, USER_HERE("polite")); /* of a line that is no more */
	assert_int_equal(st.peers_seen, 3);
	hear("{\"type\":\"description\"," FROM_BOB
	     ",\"description\":{\"type\":\"rollback\",\"sdp\":\"\"}}");
	hear("{\"type\":\"user_here\",\"room\":\"coffee\",\"from\":\"bob\"}");
	assert_int_equal(st.peers_seen, 3);
}

static void sixty_four_peers_are_enough_and_none_without_memory(void **state)
{
	char text[200];
	(void)state;
	join("");
	assert_int_equal(st.settled, 1);
	st.no_calloc = true;
	hear(USER_HERE("polite"));
	assert_int_equal(st.pcs_made, 0);
	assert_string_equal(st.last_text, "no connection could be made");
	st.last_text[0] = '\0';
	st.full = true;
	hear(USER_HERE("polite"));
	assert_string_equal(st.last_text, "no connection could be made");
	assert_int_equal(st.pcs_alive, 0);
	st.full = false;
	for (int i = 0; i < 70; i++) {
		snprintf(
			text, sizeof text,
			"{\"type\":\"user_here\",\"room\":\"tea\",\"from\":\"p%d\",\"name\":\"P\"}",
			i);
		hear(text);
	}
	assert_int_equal(st.peers_seen, 64);
	assert_int_equal(st.pcs_alive, 64);
}

static void without_callbacks_a_room_does_the_same(void **state)
{
	const struct taut_room_config bare = { .size = sizeof bare,
					       .url = "http://x/",
					       .room = "tea" };
	(void)state;
	tear_down(NULL);
	memset(&st, 0, sizeof st);
	st.no_random = true; /* a call is still told from another by its connection */
	assert_int_equal(taut_room_join(&st.room, NULL, &bare), TAUT_OK);
	join(BOB);
	assert_true(sent("\"name\":\"taut\"") && sent("\"secret\":\"00000000"));
	for (size_t k = 1; k < sizeof script / sizeof script[0]; k++)
		hear(script[k]);
	assert_true(sent("\"answer\""));
	assert_int_equal(st.pcs_alive, 0); /* the last word was "leave" */
	join(BOB);
	event((struct taut_event){ .type = TAUT_EV_OPEN });
	item(TT_LINK_DOWN, 1, "");
	join("");
	assert_int_equal(st.pcs_alive, 0);
	assert_int_equal(st.errors + st.chats + (int)st.state, 0);
}

static void a_chat_has_its_limits_and_a_room_its_memory(void **state)
{
	static char text[8194];
	taut_room *room;
	(void)state;
	memset(text, 'x', 8193);
	join("");
	assert_int_equal(taut_room_chat(st.room, text), TAUT_E_LIMIT);
	assert_int_equal(taut_room_chat(st.room, ""), TAUT_E_INVAL);
	assert_false(sent("chat"));
	st.no_calloc = true;
	assert_int_equal(taut_room_join(&room, NULL, &config), TAUT_E_NOMEM);
	assert_null(room);
	const struct taut_room_config none = { 0 };
	assert_int_equal(taut_room_join(&room, NULL, &none), TAUT_E_INVAL);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(it_says_ready_then_user_here),
		T(a_newcomer_waits_for_the_offer_and_answers_in_its_call),
		T(who_was_there_first_offers),
		T(when_offers_meet_the_polite_gives_way_and_the_impolite_does_not),
		T(a_call_outlives_the_relay_and_what_it_needs_is_done_later),
		T(an_offer_that_has_no_answer_yet_is_said_again_over_another_line),
		T(after_the_relay_was_away_who_is_not_there_is_dropped_unless_the_call_works),
		T(left_ends_a_call_and_gone_lets_it_go_on),
		T(an_offer_of_another_call_replaces_the_connection),
		T(a_call_of_the_other_s_replaces_one_that_was_only_named),
		T(what_lacks_what_it_must_say_is_nothing),
		T(an_offer_without_a_call_is_one_as_well),
		T(an_offer_of_a_stranger_with_a_name_makes_a_peer_if_there_is_memory),
		T(user_here_begins_anew_unless_the_call_works),
		T(without_memory_for_a_new_connection_the_peer_is_told_to_have_left),
		T(logs_do_not_see_what_would_let_others_in),
		T(what_could_not_be_read_or_said_for_memory_costs_the_line),
		T(who_left_when_told_has_no_line_to_cut),
		T(the_starter_mends_a_failed_call_by_ice_or_by_a_new_one),
		T(why_a_connection_failed_is_said_first_and_heard),
		T(an_offer_that_is_refused_is_told),
		T(chat_goes_both_ways),
		T(leaving_is_legal_in_every_callback),
		T(leaving_is_legal_when_the_goodbye_is_logged),
		T(whatever_the_relay_says_nothing_breaks),
		T(a_bad_config_is_refused),
		T(what_fails_is_told_with_its_place_and_reason),
		T(candidates_go_both_ways_to_their_line_and_to_their_end),
		T(only_the_starter_mends_and_only_what_is_not_over),
		T(who_is_silent_is_asked_for_another_way),
		T(nobody_is_asked_after_the_call),
		T(strangers_and_the_nameless_are_taken_as_they_are),
		T(sixty_four_peers_are_enough_and_none_without_memory),
		T(without_callbacks_a_room_does_the_same),
		T(a_chat_has_its_limits_and_a_room_its_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
