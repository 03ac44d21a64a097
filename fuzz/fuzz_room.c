/* layers: signal base; corpus: none */
/* fuzz_room.c - the room client: what a relay says, whatever it says, and what connections tell it.
 *
 * The line, the loop and the connections are played here. The input writes the relay's lines, field by
 * field or as any bytes, breaks and mends the line, moves connections and lets timers fire; the
 * application may leave in any callback. After each: there is one connection for each peer, descriptions
 * are set in states that allow them, what goes out is JSON for a peer that is there, and no log has a
 * secret. In the end nothing is left. */
#include <openssl/rand.h>
#include <string.h>

#include "fuzz_env.h"
#include "signal/room_link.h"
#include "signal/signal_json.h"
#include "taut/signal.h"

enum { PCS = 80, OPERATIONS = 200 };

struct tt_link {
	struct tt_link_config cfg;
};

struct taut_pc {
	uint32_t signaling, connection, local;
	taut_event_handler handler;
	void *user;
};

static struct world {
	struct tt_link link;
	bool open;
	unsigned line, lines;
	taut_pc *pcs[PCS];
	size_t alive;
	taut_task timer[PCS];
	void *timer_arg[PCS];
	taut_room *room;
	unsigned leave_after; /* so many callbacks; 0: never */
	bool refuses;         /* the next call of a connection fails */
	unsigned drawn;
} w;

/* The room draws its secret and the names of calls by this. */
int RAND_bytes(unsigned char *out, int n)
{
	memset(out, (int)++w.drawn, (size_t)n);
	return 1;
}

/* ---- the line ---- */

int tt_link_open(struct tt_link **out, const struct tt_link_config *cfg)
{
	w.link.cfg = *cfg;
	w.open = true;
	*out = &w.link;
	return TAUT_OK;
}

void tt_link_send(struct tt_link *link, unsigned line, const char *text, size_t len)
{
	const char *why = NULL;
	json_t *o = tt_signal_parse(text, len, &why);

	FUZZ_CHECK(link == &w.link && w.open, "a line that is there");
	FUZZ_CHECK(line == w.line && line > 0, "what is said goes to the line that is up");
	FUZZ_CHECK(o && tt_signal_word(o, "type") && tt_signal_word(o, "room"), "a message");
	FUZZ_CHECK(!json_object_get(o, "to") || tt_signal_word(o, "to"), "to somebody");
	json_decref(o);
}

void tt_link_cut(struct tt_link *link, unsigned line)
{
	(void)link, (void)line;
}

void tt_link_settled(struct tt_link *link, unsigned line)
{
	(void)link, (void)line;
}

void tt_link_close(struct tt_link *link)
{
	FUZZ_CHECK(link == &w.link && w.open, "closed once");
	w.open = false;
}

/* ---- connections and the loop ---- */

static bool refused(void)
{
	const bool yes = w.refuses;

	w.refuses = false;
	return yes;
}

int taut_pc_new(taut_pc **out, taut_env *env, const struct taut_config *cfg, taut_time now)
{
	(void)env, (void)cfg, (void)now;
	if (refused())
		return TAUT_E_NOMEM;
	for (size_t i = 0; i < PCS; i++) {
		if (w.pcs[i])
			continue;
		*out = w.pcs[i] = calloc(1, sizeof **out);
		if (!*out)
			abort();
		(*out)->signaling = TAUT_SIGNALING_STABLE;
		(*out)->connection = TAUT_STATE_NEW;
		w.alive++;
		return TAUT_OK;
	}
	abort();
}

void taut_pc_free(taut_pc *pc)
{
	for (size_t i = 0; i < PCS; i++)
		if (w.pcs[i] == pc)
			w.pcs[i] = NULL;
	w.alive--;
	free(pc);
}

int taut_pc_close(taut_pc *pc, taut_time now)
{
	(void)now;
	pc->connection = TAUT_STATE_CLOSED;
	return TAUT_OK;
}

const struct taut_error *taut_pc_error(const taut_pc *pc)
{
	static const struct taut_error error = { .message = "refused", .line = 1, .column = 2 };

	return pc->local ? &error : NULL;
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
	const bool answer = pc->signaling == TAUT_SIGNALING_HAVE_REMOTE_OFFER;

	(void)now, (void)sdp, (void)len;
	FUZZ_CHECK(type == 0, "the type that fits");
	FUZZ_CHECK(answer || pc->signaling == TAUT_SIGNALING_STABLE, "no offer meets our own");
	if (refused())
		return TAUT_E_STATE;
	pc->local = answer ? TAUT_SDP_ANSWER : TAUT_SDP_OFFER;
	pc->signaling = answer ? TAUT_SIGNALING_STABLE : TAUT_SIGNALING_HAVE_LOCAL_OFFER;
	return TAUT_OK;
}

int taut_pc_set_remote_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
				   size_t len)
{
	(void)now;
	FUZZ_CHECK(strlen(sdp) == len && len <= TT_SIGNAL_MESSAGE, "a text of its length");
	FUZZ_CHECK(type == TAUT_SDP_OFFER || pc->signaling == TAUT_SIGNALING_HAVE_LOCAL_OFFER,
		   "an answer to an offer");
	if (refused())
		return TAUT_E_SYNTAX;
	pc->signaling =
		type == TAUT_SDP_OFFER ? TAUT_SIGNALING_HAVE_REMOTE_OFFER : TAUT_SIGNALING_STABLE;
	return TAUT_OK;
}

const char *taut_pc_local_description(taut_pc *pc, uint32_t *type)
{
	*type = pc->local;
	return "v=0\r\na=ice-pwd:password\r\n";
}

int taut_pc_add_ice_candidate(taut_pc *pc, taut_time now, const char *c, size_t len,
			      const char *mid, int index)
{
	(void)pc, (void)now;
	FUZZ_CHECK(c ? strlen(c) == len && len <= TT_SIGNAL_CANDIDATE && len > 0 : len == 0,
		   "a candidate keeps its limit");
	FUZZ_CHECK(!mid || strlen(mid) <= TT_SIGNAL_WORD, "so does its line");
	FUZZ_CHECK(index >= -1 && index <= 0xffff, "and the number of it");
	return refused() ? TAUT_E_SYNTAX : TAUT_OK;
}

int taut_pc_restart_ice(taut_pc *pc, taut_time now)
{
	(void)pc, (void)now;
	return refused() ? TAUT_E_STATE : TAUT_OK;
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
	FUZZ_CHECK(pc->connection == TAUT_STATE_CLOSED, "closed before it is freed");
	taut_pc_free(pc);
}

int taut_loop_add(taut_loop *loop, taut_pc *pc, taut_event_handler handler, void *user)
{
	(void)loop;
	pc->handler = handler;
	pc->user = user;
	return refused() ? TAUT_E_LIMIT : TAUT_OK;
}

taut_timer taut_loop_after(taut_loop *loop, taut_time delay, taut_task task, void *arg)
{
	(void)loop;
	FUZZ_CHECK(delay > 0, "later");
	for (size_t i = 0; i < PCS; i++) {
		if (w.timer[i])
			continue;
		w.timer[i] = task;
		w.timer_arg[i] = arg;
		return (taut_timer)(i + 1);
	}
	abort();
}

void taut_loop_cancel(taut_loop *loop, taut_timer timer)
{
	(void)loop;
	FUZZ_CHECK(timer > 0 && timer <= PCS && w.timer[timer - 1], "a timer that runs");
	w.timer[timer - 1] = NULL;
}

/* ---- the application ---- */

static void called(void)
{
	if (w.leave_after == 0 || --w.leave_after > 0 || !w.room)
		return;
	taut_room *room = w.room;
	w.room = NULL;
	taut_room_leave(room);
}

static void on_peer(void *u, taut_room *r, const struct taut_room_peer *p, taut_pc *pc)
{
	(void)u, (void)r;
	FUZZ_CHECK(p->id[0] && pc->handler, "somebody, with a connection");
	called();
}

static void on_event(void *u, taut_room *r, const struct taut_room_peer *p, taut_pc *pc,
		     const struct taut_event *e)
{
	(void)u, (void)r, (void)p, (void)pc, (void)e;
	called();
}

static void on_left(void *u, taut_room *r, const struct taut_room_peer *p, taut_pc *pc,
		    const char *why)
{
	(void)u, (void)r, (void)p;
	FUZZ_CHECK(pc->handler && why[0], "its connection is still there, and a reason");
	called();
}

static void on_chat(void *u, taut_room *r, const struct taut_room_peer *p, const char *text)
{
	(void)u, (void)r, (void)p;
	FUZZ_CHECK(strlen(text) <= TT_SIGNAL_CHAT, "a chat keeps its limit");
	called();
}

static void on_error(void *u, taut_room *r, const char *code, const char *text)
{
	(void)u, (void)r;
	FUZZ_CHECK(code[0] && strlen(text) < 512, "a code and a text");
	called();
}

static void on_state(void *u, taut_room *r, uint32_t state)
{
	(void)u, (void)r;
	FUZZ_CHECK(state == TAUT_ROOM_JOINED || state == TAUT_ROOM_CONNECTING, "a state");
	called();
}

static void on_signal(void *u, taut_room *r, int out, const char *json, size_t len)
{
	(void)u, (void)r;
	FUZZ_CHECK(!out || (strlen(json) == len && !strstr(json, "password") &&
			    !strstr(json, "\"secret\":\"0")),
		   "no log has a secret");
	called();
}

/* ---- what the relay says ---- */

static void item(enum tt_link_kind kind, unsigned line, const char *text, size_t len)
{
	struct tt_link_item *i = malloc(sizeof *i + len + 1);

	if (!i)
		abort();
	if (line == 0) { /* there was no line yet, and nothing comes by it */
		free(i);
		return;
	}
	*i = (struct tt_link_item){ .kind = kind, .line = line, .len = len };
	memcpy(i->text, text, len);
	i->text[len] = '\0';
	if (w.open)
		w.link.cfg.item(w.link.cfg.user, i);
	free(i);
}

static void hear(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT);

	json_decref(o);
	if (!text)
		return;
	item(TT_LINK_TEXT, w.lines, text, strlen(text));
	free(text);
}

static json_t *some_peer(struct rd *in)
{
	static const char *const roles[] = { "polite", "impolite", "turns", "" };
	const uint8_t how = rd_u8(in);
	const char id[] = { (char)('a' + (how & 3)), '\0' };

	return json_pack("{ss ss ss ss}", "id", id, "name", how & 16 ? "\xc3\xa9" : "", "agent",
			 how & 32 ? "native" : "browser", "role", roles[how >> 6]);
}

static void some_joined(struct rd *in)
{
	json_t *peers = json_array();

	for (size_t n = fuzz_pick(in, 5); n > 0; n--)
		json_array_append_new(peers, some_peer(in));
	hear(json_pack("{ss ss ss so}", "type", "joined", "room", "tea", "id", "me", "peers",
		       peers));
}

static void some_message(struct rd *in)
{
	static const char *const types[] = { "announce", "user_here", "description", "candidate",
					     "chat",     "leave",     "error",       "turn" };
	static const char *const calls[] = { "c1", "c2" };
	const uint8_t what = rd_u8(in), how = rd_u8(in);
	json_t *o = some_peer(in), *id = json_incref(json_object_get(o, "id"));

	json_object_set_new(o, "type", json_string(types[what & 7]));
	json_object_set_new(o, "room", json_string(what & 128 ? "coffee" : "tea"));
	json_object_set_new(o, "from", id);
	if (how & 1)
		json_object_set_new(o, "call", json_string(calls[how >> 1 & 1]));
	json_object_set_new(o, "reason", json_string(how & 4 ? "left" : "gone"));
	json_object_set_new(o, "text", json_string("text"));
	json_object_set_new(o, "code", json_string("no_turn"));
	json_object_set_new(o, "candidate",
			    how & 8 ? json_null()
				    : json_pack("{ss si ss}", "candidate",
						how & 16 ? "" : "candidate:1", "sdpMLineIndex",
						(int)how, "sdpMid", "0"));
	json_object_set_new(
		o, "description",
		json_pack("{ss ss}", "type", how & 32 ? "offer" : "answer", "sdp", "v=0"));
	hear(o);
}

static void some_bytes(struct rd *in)
{
	uint8_t bytes[1000];
	const size_t len = fuzz_bytes(in, fuzz_pick(in, sizeof bytes), bytes);

	item(TT_LINK_TEXT, w.lines, (const char *)bytes, len);
}

static void some_event(struct rd *in)
{
	static const uint32_t reasons[] = { TAUT_REASON_ICE_NO_PAIR,
					    TAUT_REASON_ICE_CONSENT_EXPIRED,
					    TAUT_REASON_CLOSED_BY_PEER, TAUT_REASON_DTLS_TIMEOUT };
	const uint8_t what = rd_u8(in);
	taut_pc *pc = w.pcs[what >> 5];
	struct taut_event e = { .type = TAUT_EV_NEGOTIATION_NEEDED };

	if (!pc)
		return;
	if ((what & 3) == 1) {
		e.type = TAUT_EV_ICE_CANDIDATE;
		e.text = what & 4 ? "candidate:1" : NULL;
	} else if ((what & 3) == 2) {
		e.type = TAUT_EV_CONNECTION_STATE;
		e.number = pc->connection = TAUT_STATE_NEW + (what >> 2 & 7u) % 6;
		e.reason = reasons[what >> 3 & 3];
	}
	pc->handler(pc->user, pc, &e);
}

static void operate(struct rd *in)
{
	const uint8_t what = rd_u8(in);

	w.refuses = (what & 64) != 0;
	switch (what & 7) {
	case 0:
		w.line = ++w.lines;
		item(TT_LINK_UP, w.line, "", 0);
		break;
	case 1:
		w.line = 0;
		item(TT_LINK_DOWN, w.lines, "broke", 5);
		break;
	case 2:
		some_joined(in);
		break;
	case 3:
		some_bytes(in);
		break;
	case 4:
		some_event(in);
		break;
	case 5:
		if (w.timer[what >> 3 & 3]) {
			const taut_task task = w.timer[what >> 3 & 3];
			w.timer[what >> 3 & 3] = NULL;
			task(w.timer_arg[what >> 3 & 3]);
		}
		break;
	default:
		some_message(in);
	}
	if (w.room && what == 15)
		taut_room_chat(w.room, "hello");
}

static void check(void)
{
	size_t peers = 0;
	taut_pc *pc = NULL;

	for (; w.room && taut_room_peer_at(w.room, peers, &pc); peers++)
		FUZZ_CHECK(pc, "a connection each");
	FUZZ_CHECK(peers == w.alive && peers <= 64, "and no other");
	FUZZ_CHECK(w.open == (w.room != NULL), "the line is there as long as the room");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct taut_room_config config = { .size = sizeof config,
						 .url = "http://x/",
						 .room = "tea",
						 .on_peer = on_peer,
						 .on_event = on_event,
						 .on_peer_left = on_left,
						 .on_chat = on_chat,
						 .on_error = on_error,
						 .on_state = on_state,
						 .on_signal = on_signal };
	struct rd in = rd_make(data, size);

	memset(&w, 0, sizeof w);
	FUZZ_CHECK(taut_room_join(&w.room, NULL, &config) == TAUT_OK, "it is joined");
	w.leave_after = rd_u8(&in);
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0 && w.open; n++) {
		operate(&in);
		check();
	}
	taut_room_leave(w.room);
	FUZZ_CHECK(w.alive == 0 && !w.open, "nothing is left");
	for (size_t i = 0; i < PCS; i++)
		FUZZ_CHECK(!w.timer[i], "nor a timer");
	return 0;
}
