/* The relay's rooms in virtual time: docs/SIGNALING.md, message by message. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/relay_core.h"

#define SECOND INT64_C(1000000)

struct world {
	struct tt_env env;
	struct tt_relay relay;
	taut_time now;
	uint32_t seed;
	size_t woken;
};

static int count_random(void *ctx, void *out, size_t len)
{
	struct world *w = ctx;
	for (size_t i = 0; i < len; i++)
		((uint8_t *)out)[i] = (uint8_t)(w->seed++);
	return 0;
}

static void woken(void *ctx, struct tt_relay_client *c)
{
	(void)c;
	((struct world *)ctx)->woken++;
}

static int set_up(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct taut_env_config cfg = { .size = sizeof cfg, .random = count_random, .ctx = w };
	struct tt_relay_hooks hooks = { .ctx = w, .wake = woken };
	tt_env_init(&w->env, &cfg);
	w->env.ctx = w;
	tt_relay_init(&w->relay, &w->env, &hooks);
	w->now = 1000 * SECOND;
	*state = w;
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;
	tt_relay_free(&w->relay);
	assert_int_equal(w->env.memory, 0);
	free(w);
	return 0;
}

static struct tt_relay_client *enter(struct world *w)
{
	struct tt_relay_client *c = tt_relay_enter(&w->relay, w->now, "127.0.0.1", true, NULL);

	assert_non_null(c);
	return c;
}

static void say(struct world *w, struct tt_relay_client *c, const char *text)
{
	tt_relay_recv(&w->relay, c, w->now, text, strlen(text));
}

__attribute__((format(printf, 3, 4))) static void sayf(struct world *w, struct tt_relay_client *c,
						       const char *format, ...)
{
	char text[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	say(w, c, text);
}

/* The next message for c, which must be of this type; the caller frees it. */
static json_t *hear(struct world *w, struct tt_relay_client *c, const char *type)
{
	struct tt_relay_text *t = tt_relay_pop(&w->relay, c);
	assert_non_null(t);
	json_t *o = json_loadb(t->text, t->len, 0, NULL);
	tt_relay_text_free(&w->relay, t);
	assert_string_equal(json_string_value(json_object_get(o, "type")), type);
	return o;
}

static void hear_with(struct world *w, struct tt_relay_client *c, const char *type, const char *key,
		      const char *value)
{
	json_t *o = hear(w, c, type);
	const char *is = json_string_value(json_object_get(o, key));
	assert_non_null(is);
	assert_string_equal(is, value);
	json_decref(o);
}

static void hear_nothing(struct world *w, struct tt_relay_client *c)
{
	struct tt_relay_text *t = tt_relay_pop(&w->relay, c);
	if (t)
		tt_relay_text_free(&w->relay, t);
	assert_null(t);
}

static void deafen(struct world *w, struct tt_relay_client *c)
{
	struct tt_relay_text *t;
	while ((t = tt_relay_pop(&w->relay, c)) != NULL)
		tt_relay_text_free(&w->relay, t);
}

static struct tt_relay_client *join(struct world *w, const char *name, const char *agent)
{
	struct tt_relay_client *c = enter(w);
	sayf(w, c, "{\"type\":\"ready\",\"name\":\"%s\",\"agent\":\"%s\",\"rooms\":[\"tea\"]}",
	     name, agent);
	json_decref(hear(w, c, "joined"));
	return c;
}

static struct tt_relay_client *second(struct world *w, struct tt_relay_client *a, const char *agent)
{
	struct tt_relay_client *b = join(w, "Bob", agent);
	deafen(w, a);
	return b;
}

/* ---- */

static void the_room_hears_of_who_joins_and_the_newcomer_who_is_there(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = enter(w);
	say(w, b, "{\"type\":\"ready\",\"name\":\"Bob\",\"agent\":\"native\",\"rooms\":[\"tea\"]}");
	json_t *o = hear(w, a, "announce");
	assert_string_equal(json_string_value(json_object_get(o, "from")), b->id);
	assert_string_equal(json_string_value(json_object_get(o, "name")), "Bob");
	assert_string_equal(json_string_value(json_object_get(o, "agent")), "native");
	assert_string_equal(json_string_value(json_object_get(o, "role")), "impolite");
	json_decref(o);
	o = hear(w, b, "joined");
	assert_string_equal(json_string_value(json_object_get(o, "id")), b->id);
	json_t *peers = json_object_get(o, "peers");
	assert_int_equal(json_array_size(peers), 1);
	json_t *first = json_array_get(peers, 0);
	assert_string_equal(json_string_value(json_object_get(first, "id")), a->id);
	assert_string_equal(json_string_value(json_object_get(first, "role")), "polite");
	json_decref(o);
}

static void roles_are_decided_per_pair(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "A", "native"), *b = enter(w);
	say(w, b, "{\"type\":\"ready\",\"name\":\"B\",\"agent\":\"native\",\"rooms\":[\"tea\"]}");
	hear_with(w, a, "announce", "role", "impolite");
	deafen(w, b);
	struct tt_relay_client *c = enter(w);
	say(w, c, "{\"type\":\"ready\",\"name\":\"C\",\"rooms\":[\"tea\"]}");
	hear_with(w, a, "announce", "role", "polite");
	hear_with(w, b, "announce", "role", "polite");
	deafen(w, c);
	struct tt_relay_client *d = enter(w);
	say(w, d, "{\"type\":\"ready\",\"name\":\"D\",\"rooms\":[\"tea\"]}");
	hear_with(w, c, "announce", "role", "turns");
}

static void the_sender_is_stamped_and_never_believed(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	sayf(w, b,
	     "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"hi\",\"from\":\"%s\",\"name\":\"Ada\","
	     "\"x\":1}",
	     a->id);
	json_t *o = hear(w, a, "chat");
	assert_string_equal(json_string_value(json_object_get(o, "from")), b->id);
	assert_string_equal(json_string_value(json_object_get(o, "name")), "Bob");
	assert_string_equal(json_string_value(json_object_get(o, "room")), "tea");
	assert_null(json_object_get(o, "x"));
	json_decref(o);
	hear_nothing(w, b);
}

static void an_addressed_message_goes_to_one_and_another_to_all_others(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "native"), *b = second(w, a, "native");
	struct tt_relay_client *c = join(w, "Cid", "native");
	deafen(w, a), deafen(w, b);
	sayf(w, a, "{\"type\":\"candidate\",\"room\":\"tea\",\"to\":\"%s\",\"candidate\":null}",
	     c->id);
	json_t *o = hear(w, c, "candidate");
	assert_true(json_is_null(json_object_get(o, "candidate")));
	json_decref(o);
	hear_nothing(w, b);
	say(w, a,
	    "{\"type\":\"description\",\"room\":\"tea\",\"call\":\"k\",\"description\":{\"type\":"
	    "\"offer\",\"sdp\":\"v=0\",\"y\":1}}");
	o = hear(w, b, "description");
	assert_string_equal(json_string_value(json_object_get(o, "call")), "k");
	assert_null(json_object_get(json_object_get(o, "description"), "y"));
	json_decref(o);
	json_decref(hear(w, c, "description"));
	hear_nothing(w, a);
	sayf(w, a, "{\"type\":\"chat\",\"room\":\"tea\",\"to\":\"%s\",\"text\":\"psst\"}", a->id);
	hear_with(w, a, "error", "code", "no_such_peer");
}

static void user_here_wakes_who_was_there_before(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	say(w, b, "{\"type\":\"user_here\",\"room\":\"tea\"}");
	hear_with(w, a, "user_here", "from", b->id);
	hear_nothing(w, b);
	/* of two who joined together, only the first is woken, whoever speaks first */
	say(w, a, "{\"type\":\"user_here\",\"room\":\"tea\"}");
	hear_nothing(w, b);
	sayf(w, a, "{\"type\":\"user_here\",\"room\":\"tea\",\"to\":\"%s\"}", b->id);
	hear_with(w, b, "user_here", "from", a->id);
}

static void between_two_browsers_one_offers_at_a_time(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	const char *offer = "{\"type\":\"description\",\"room\":\"tea\",\"description\":{\"type\":"
			    "\"offer\",\"sdp\":\"o\"}}";
	const char *answer = "{\"type\":\"description\",\"room\":\"tea\",\"description\":{\"type\":"
			     "\"answer\",\"sdp\":\"a\"}}";
	say(w, a, offer);
	hear_with(w, a, "error", "code", "no_turn");
	hear_nothing(w, b);
	sayf(w, a, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", b->id);
	hear_with(w, a, "turn", "from", b->id);
	sayf(w, b, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", a->id);
	hear_nothing(w, b);
	say(w, b, offer);
	hear_with(w, b, "error", "code", "no_turn");
	say(w, a, offer);
	json_decref(hear(w, b, "description"));
	say(w, b, answer); /* passes the turn on, after the answer */
	json_decref(hear(w, a, "description"));
	hear_with(w, b, "turn", "from", a->id);
	say(w, a, offer);
	hear_with(w, a, "error", "code", "no_turn");
	sayf(w, b, "{\"type\":\"turn_done\",\"room\":\"tea\",\"to\":\"%s\"}", a->id);
	sayf(w, a, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", b->id);
	hear_with(w, a, "turn", "from", b->id);
}

static void an_answer_to_one_ends_that_ones_turn(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	struct tt_relay_client *c = join(w, "Cy", "browser");
	deafen(w, a), deafen(w, b);
	sayf(w, a, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", b->id);
	hear_with(w, a, "turn", "from", b->id);
	sayf(w, c, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", b->id);
	hear_with(w, c, "turn", "from", b->id);
	sayf(w, b,
	     "{\"type\":\"description\",\"room\":\"tea\",\"to\":\"%s\",\"description\":{\"type\":"
	     "\"answer\",\"sdp\":\"a\"}}",
	     a->id);
	hear_with(w, a, "description", "from", b->id);
	sayf(w, b, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", a->id);
	hear_with(w, b, "turn", "from", a->id);
	sayf(w, b, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", c->id);
	hear_nothing(w, b);
}

static void a_turn_that_is_not_used_ends_after_ten_seconds(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	sayf(w, a, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", b->id);
	sayf(w, b, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", a->id);
	assert_int_equal(tt_relay_deadline(&w->relay), w->now + TT_RELAY_TURN_TIME);
	w->now = tt_relay_deadline(&w->relay);
	tt_relay_tick(&w->relay, w->now);
	hear_with(w, b, "turn", "from", a->id);
	w->now = tt_relay_deadline(&w->relay);
	tt_relay_tick(&w->relay, w->now);
	assert_int_equal(tt_relay_deadline(&w->relay), INT64_MAX);
}

static void a_turn_goes_when_its_holder_goes(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	sayf(w, a, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", b->id);
	tt_relay_gone(&w->relay, a, w->now);
	hear_with(w, b, "leave", "reason", "gone");
	assert_int_equal(tt_relay_deadline(&w->relay), INT64_MAX);
}

static void toward_a_native_peer_no_turn_is_needed(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "native");
	sayf(w, a, "{\"type\":\"turn_request\",\"room\":\"tea\",\"to\":\"%s\"}", b->id);
	hear_with(w, a, "turn", "from", b->id);
	sayf(w, b,
	     "{\"type\":\"description\",\"room\":\"tea\",\"to\":\"%s\",\"description\":{\"type\":"
	     "\"offer\",\"sdp\":\"\"}}",
	     a->id);
	json_decref(hear(w, a, "description"));
	assert_int_equal(tt_relay_deadline(&w->relay), INT64_MAX);
}

static void the_same_secret_gives_the_same_id_and_replaces_the_old_connection(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser");
	const char *ready = "{\"type\":\"ready\",\"name\":\"Bob\",\"secret\":\"0123456789abcdef\","
			    "\"rooms\":[\"tea\"]}";
	struct tt_relay_client *b = enter(w), *c = enter(w);
	say(w, b, ready);
	deafen(w, a);
	say(w, c, ready);
	assert_string_equal(b->id, c->id);
	assert_string_equal(c->id, "093fe6115dc69b83d1f3");
	hear_with(w, a, "leave", "reason", "gone");
	hear_with(w, a, "announce", "from", c->id);
	assert_int_equal(b->close_code, TT_CLOSE_REPLACED);
	assert_int_equal(b->room_count, 0);
	tt_relay_gone(&w->relay, b, w->now);
	hear_nothing(w, a);
}

static void leaving_is_announced_and_a_room_without_members_goes(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	say(w, b, "{\"type\":\"leave\",\"room\":\"tea\"}");
	hear_with(w, a, "leave", "reason", "left");
	say(w, b, "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"x\"}");
	deafen(w, b);
	say(w, a, "{\"type\":\"leave\",\"room\":\"tea\"}");
	assert_null(w->relay.room_list);
}

static void malformed_messages_get_an_error_and_the_fifth_a_close_code(void **state)
{
	static const struct {
		const char *text, *code;
	} rows[] = {
		{ "nonsense", "bad_json" },
		{ "{}", "unknown_type" },
		{ "{\"type\":\"rm -rf\"}", "unknown_type" },
		{ "{\"type\":\"chat\",\"room\":\"tea\"}", "bad_field" },
		{ "{\"type\":\"chat\",\"room\":7}", "bad_field" },
		{ "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"\"}", "bad_field" },
		{ "{\"type\":\"candidate\",\"room\":\"tea\",\"candidate\":{}}", "bad_field" },
		{ "{\"type\":\"candidate\",\"room\":\"tea\"}", "bad_field" },
		{ "{\"type\":\"description\",\"room\":\"tea\",\"description\":{\"type\":"
		  "\"pranswer\",\"sdp\":\"\"}}",
		  "bad_field" },
		{ "{\"type\":\"turn_request\",\"room\":\"tea\"}", "bad_field" },
		{ "{\"type\":\"ready\",\"rooms\":[]}", "bad_field" },
		{ "{\"type\":\"ready\",\"rooms\":[\"\"]}", "bad_field" },
		{ "{\"type\":\"ready\",\"rooms\":[7]}", "bad_field" },
		{ "{\"type\":\"ready\",\"rooms\":[\"a\",\"\"]}", "bad_field" },
		{ "{\"type\":\"ready\",\"rooms\":\"a\"}", "bad_field" },
		{ "{\"type\":\"ready\",\"rooms\":[\"1\",\"2\",\"3\",\"4\",\"5\"]}", "bad_field" },
		{ "{\"type\":\"chat\",\"room\":\"tea\",\"to\":7,\"text\":\"x\"}", "bad_field" },
		{ "{\"type\":\"chat\",\"room\":\"tea\",\"to\":\"\",\"text\":\"x\"}", "bad_field" },
		{ "{\"type\":\"turn_done\",\"room\":\"tea\"}", "bad_field" },
		{ "{\"type\":\"description\",\"room\":\"tea\"}", "bad_field" },
		{ "{\"type\":\"description\",\"room\":\"tea\",\"description\":{\"type\":\"offer\"}"
		  "}",
		  "bad_field" },
		{ "{\"type\":\"description\",\"room\":\"tea\",\"description\":{\"sdp\":\"x\"}}",
		  "bad_field" },
		{ "{\"type\":\"candidate\",\"room\":\"tea\",\"candidate\":{\"candidate\":7}}",
		  "bad_field" },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tt_relay_client *a = join(w, "Ada", "browser");
		for (int k = 0; k < TT_RELAY_STRIKES; k++) {
			assert_int_equal(a->close_code, 0);
			say(w, a, rows[i].text);
			hear_with(w, a, "error", "code", rows[i].code);
		}
		assert_int_equal(a->close_code, TT_CLOSE_POLICY);
		say(w, a, "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"still here\"}");
		tt_relay_gone(&w->relay, a, w->now);
	}
}

static void before_ready_nothing_else_is_heard(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = enter(w);
	say(w, a, "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"x\"}");
	hear_with(w, a, "error", "code", "not_ready");
	assert_int_equal(tt_relay_deadline(&w->relay), w->now + TT_RELAY_READY_TIME);
	tt_relay_tick(&w->relay, w->now + TT_RELAY_READY_TIME);
	assert_int_equal(a->close_code, TT_CLOSE_POLICY);
	assert_int_equal(tt_relay_deadline(&w->relay), INT64_MAX);
}

static void the_second_message_that_is_too_large_gets_1009(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser");
	char *big = malloc(TT_SIGNAL_MESSAGE + 1);
	memset(big, ' ', TT_SIGNAL_MESSAGE + 1);
	memcpy(big, "{}", 2); /* as large as it may be: read, and without a type */
	tt_relay_recv(&w->relay, a, w->now, big, TT_SIGNAL_MESSAGE);
	hear_with(w, a, "error", "code", "unknown_type");
	tt_relay_recv_large(&w->relay, a);
	hear_with(w, a, "error", "code", "too_large");
	assert_int_equal(a->close_code, 0);
	tt_relay_recv(&w->relay, a, w->now, big, TT_SIGNAL_MESSAGE + 1);
	free(big);
	assert_int_equal(a->close_code, TT_CLOSE_LARGE);
}

static void a_slow_reader_is_cut_off_at_one_mebibyte_and_nobody_else(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "native"), *b = second(w, a, "native");
	struct tt_relay_client *c = join(w, "Cid", "native");
	deafen(w, a), deafen(w, b);
	char *text = malloc(8300);
	int n = snprintf(text, 8300, "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"%8000d\"}", 1);
	size_t heard = 0;
	for (int i = 0; i < 200; i++) {
		w->now += SECOND;
		tt_relay_recv(&w->relay, a, w->now, text, (size_t)n);
		assert_true(b->queued <= TT_RELAY_QUEUE);
		struct tt_relay_text *t = tt_relay_pop(&w->relay, c);
		heard += t != NULL;
		tt_relay_text_free(&w->relay, t);
	}
	free(text);
	assert_int_equal(heard, 200);
	assert_true(b->overflowed);
	assert_int_equal(b->queued, 0);
	assert_false(c->overflowed);
}

static void a_hundred_messages_at_once_then_fifty_a_second(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "native");
	w->now += 10 * SECOND;
	for (int i = 0; i < TT_RELAY_BURST; i++) {
		assert_int_equal(tt_relay_read_at(a, w->now), w->now);
		say(w, a, "{\"type\":\"leave\",\"room\":\"none\"}");
		deafen(w, a);
	}
	taut_time at = tt_relay_read_at(a, w->now);
	assert_true(at > w->now && at <= w->now + SECOND / TT_RELAY_RATE + 1);
	w->now += 2 * SECOND;
	for (int i = 0; i < 2 * TT_RELAY_RATE; i++) {
		assert_int_equal(tt_relay_read_at(a, w->now), w->now);
		say(w, a, "{\"type\":\"leave\",\"room\":\"none\"}");
		deafen(w, a);
	}
	assert_true(tt_relay_read_at(a, w->now) > w->now);
}

static void rooms_have_8_peers_and_clients_4_rooms(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *c = NULL;
	for (int i = 0; i < TT_RELAY_PEERS; i++)
		c = join(w, "N", "native");
	struct tt_relay_client *x = enter(w);
	say(w, x, "{\"type\":\"ready\",\"name\":\"x\",\"rooms\":[\"tea\",\"b\"]}");
	hear_with(w, x, "error", "code", "room_full");
	hear_with(w, x, "joined", "room", "b");
	/* four at once, and each once */
	say(w, x, "{\"type\":\"ready\",\"rooms\":[\"b\",\"c\",\"d\",\"e\"]}");
	assert_int_equal(x->room_count, TT_RELAY_ROOMS);
	deafen(w, c);
	say(w, c, "{\"type\":\"ready\",\"rooms\":[\"1\",\"2\",\"3\"]}");
	deafen(w, c);
	say(w, c, "{\"type\":\"ready\",\"rooms\":[\"4\"]}");
	hear_with(w, c, "error", "code", "too_many_rooms");
}

static void in_a_full_room_the_last_is_heard_as_well(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *all[TT_RELAY_PEERS];
	for (int i = 0; i < TT_RELAY_PEERS; i++)
		all[i] = join(w, "N", "native");
	struct tt_relay_client *last = all[TT_RELAY_PEERS - 1];
	deafen(w, all[0]);
	sayf(w, last, "{\"type\":\"user_here\",\"room\":\"tea\",\"to\":\"%s\"}", all[0]->id);
	hear_with(w, all[0], "user_here", "from", last->id);
	say(w, last,
	    "{\"type\":\"description\",\"room\":\"tea\",\"description\":{\"type\":"
	    "\"answer\",\"sdp\":\"a\"}}");
	hear_with(w, all[0], "description", "from", last->id);
}

static void an_address_has_16_connections_and_loopback_is_not_counted(void **state)
{
	struct world *w = *state;
	for (int i = 0; i < TT_RELAY_PER_ADDRESS; i++)
		assert_int_equal(
			tt_relay_enter(&w->relay, w->now, "192.0.2.1", false, NULL)->close_code, 0);
	struct tt_relay_client *c = tt_relay_enter(&w->relay, w->now, "192.0.2.1", false, NULL);
	assert_non_null(c);
	hear_with(w, c, "error", "code", "address_full");
	assert_int_equal(c->close_code, TT_CLOSE_LATER);
	assert_int_equal(tt_relay_enter(&w->relay, w->now, "192.0.2.2", false, NULL)->close_code,
			 0);
	while (w->relay.client_count < TT_RELAY_CONNECTIONS)
		assert_int_equal(enter(w)->close_code, 0);
	c = enter(w);
	hear_with(w, c, "error", "code", "relay_full");
	assert_int_equal(c->close_code, TT_CLOSE_LATER);
}

/* What a client says of itself before it is heard: each field missing, wrong, or at its limit. */
static void an_introduction_is_checked_field_by_field(void **state)
{
#define R "{\"type\":\"ready\",\"rooms\":[\"tea\"]"
#define N R ",\"name\":\"Ada\""
	static const struct {
		const char *text;
		bool good;
		enum tt_relay_agent agent;
	} rows[] = {
		{ R "}", false, 0 },
		{ R ",\"name\":\"\"}", false, 0 },
		{ R ",\"name\":7}", false, 0 },
		{ N "}", true, TT_RELAY_BROWSER },
		{ N ",\"agent\":\"browser\"}", true, TT_RELAY_BROWSER },
		{ N ",\"agent\":\"native\"}", true, TT_RELAY_NATIVE },
		{ N ",\"agent\":\"robot\"}", false, 0 },
		{ N ",\"agent\":7}", false, 0 },
		{ N ",\"agent\":\"browser----------\"}", false, 0 },
		{ N ",\"secret\":\"123456789012345\"}", false, 0 },
		{ N ",\"secret\":\"1234567890123456\"}", true, TT_RELAY_BROWSER },
		{ N ",\"secret\":7}", false, 0 },
		{ N ",\"secret\":\"\"}", false, 0 },
	};
	struct world *w = *state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tt_relay_client *a = enter(w);
		say(w, a, rows[i].text);
		assert_int_equal(a->ready, rows[i].good);
		if (rows[i].good) {
			json_decref(hear(w, a, "joined"));
			assert_int_equal(a->agent, rows[i].agent);
			assert_int_equal(strlen(a->id), TT_SIGNAL_ID);
		} else {
			hear_with(w, a, "error", "code", "bad_field");
			assert_int_equal(a->strikes, 1);
			assert_int_equal(a->room_count, 0);
		}
		tt_relay_gone(&w->relay, a, w->now);
	}
}

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx, (void)out, (void)len;
	return -1;
}

static void without_random_numbers_nobody_is_introduced(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = enter(w);
	w->env.random = no_random;
	say(w, a, N "}");
	assert_false(a->ready);
	say(w, a, N ",\"secret\":\"1234567890123456\"}");
	assert_true(a->ready); /* an id of a secret needs none */
	w->env.random = count_random;
	tt_relay_gone(&w->relay, a, w->now);
}

/* Only what the protocol knows is passed on of a candidate, and only in its kind. */
static void a_candidate_is_copied_member_by_member(void **state)
{
	static const struct {
		const char *said, *heard; /* NULL: refused */
	} rows[] = {
		{ "null", "null" },
		{ "{\"candidate\":\"c\"}", "{\"candidate\":\"c\"}" },
		{ "{\"candidate\":\"\",\"sdpMid\":\"0\",\"sdpMLineIndex\":3,\"usernameFragment\":"
		  "\"u\"}",
		  "{\"candidate\":\"\",\"sdpMid\":\"0\",\"usernameFragment\":\"u\","
		  "\"sdpMLineIndex\":3}" },
		{ "{\"candidate\":\"c\",\"sdpMid\":7,\"sdpMLineIndex\":\"3\",\"usernameFragment\":["
		  "],"
		  "\"more\":1}",
		  "{\"candidate\":\"c\"}" },
		{ "7", NULL },
		{ "{\"sdpMid\":\"0\"}", NULL },
	};
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sayf(w, a, "{\"type\":\"candidate\",\"room\":\"tea\",\"candidate\":%s}",
		     rows[i].said);
		if (!rows[i].heard) {
			hear_with(w, a, "error", "code", "bad_field");
			hear_nothing(w, b);
			continue;
		}
		json_t *o = hear(w, b, "candidate");
		json_t *want = json_loads(rows[i].heard, JSON_DECODE_ANY, NULL);
		assert_true(json_equal(json_object_get(o, "candidate"), want));
		json_decref(want);
		json_decref(o);
	}
	tt_relay_gone(&w->relay, a, w->now);
	tt_relay_gone(&w->relay, b, w->now);
}

static void lengths_of_chat_and_candidates_have_a_limit(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	static const struct {
		const char *format;
		size_t max;
		const char *type;
	} rows[] = {
		{ "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"%s\"}", TT_SIGNAL_CHAT, "chat" },
		{ "{\"type\":\"candidate\",\"room\":\"tea\",\"candidate\":{\"candidate\":\"%s\"}}",
		  TT_SIGNAL_CANDIDATE, "candidate" },
	};
	static char text[TT_SIGNAL_CHAT + 8], message[TT_SIGNAL_CHAT + 200];
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t n = rows[i].max; n <= rows[i].max + 1; n++) {
			memset(text, 'x', n);
			text[n] = '\0';
			/* the format is one of ours, two lines above */
			const char *hole = strstr(rows[i].format, "%s");
			snprintf(message, sizeof message, "%.*s%s%s", (int)(hole - rows[i].format),
				 rows[i].format, text, hole + 2);
			say(w, a, message);
			if (n == rows[i].max)
				json_decref(hear(w, b, rows[i].type));
			else
				hear_with(w, a, "error", "code", "bad_field");
			hear_nothing(w, b);
		}
	tt_relay_gone(&w->relay, a, w->now);
	tt_relay_gone(&w->relay, b, w->now);
}

static void why_it_failed_goes_to_whom_it_failed_with(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "native"), *b = second(w, a, "native");
	struct tt_relay_client *c = join(w, "Cy", "native");
	static const size_t lengths[] = { 0, 1, TT_SIGNAL_FAILURE, TT_SIGNAL_FAILURE + 1 };
	char text[TT_SIGNAL_FAILURE + 2];

	deafen(w, a), deafen(w, b);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		const size_t n = lengths[i];
		memset(text, 'x', n);
		text[n] = '\0';
		sayf(w, a,
		     "{\"type\":\"failure\",\"room\":\"tea\",\"to\":\"%s\",\"call\":\"7\","
		     "\"text\":\"%s\"}",
		     c->id, text);
		if (n > 0 && n <= TT_SIGNAL_FAILURE) {
			json_t *o = hear(w, c, "failure");
			assert_string_equal(json_string_value(json_object_get(o, "from")), a->id);
			assert_string_equal(json_string_value(json_object_get(o, "call")), "7");
			assert_string_equal(json_string_value(json_object_get(o, "text")), text);
			json_decref(o);
		} else {
			hear_with(w, a, "error", "code", "bad_field");
		}
		hear_nothing(w, b);
		hear_nothing(w, c);
	}
	say(w, a, "{\"type\":\"failure\",\"room\":\"tea\",\"text\":\"x\"}"); /* with nobody */
	hear_with(w, a, "error", "code", "bad_field");
	hear_nothing(w, b);
}

/* Addressed to one, nobody else hears it; to oneself or a stranger, nobody does. */
static void an_address_is_that_of_another_peer_of_the_room(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "native"), *b = second(w, a, "native");
	struct tt_relay_client *c = join(w, "Cy", "native");
	deafen(w, a);
	deafen(w, b);
	sayf(w, a, "{\"type\":\"user_here\",\"room\":\"tea\",\"to\":\"%s\"}", c->id);
	hear_with(w, c, "user_here", "agent", "native");
	hear_nothing(w, b);
	sayf(w, c, "{\"type\":\"user_here\",\"room\":\"tea\"}");
	json_decref(hear(w, a, "user_here"));
	json_decref(hear(w, b, "user_here"));
	sayf(w, a, "{\"type\":\"user_here\",\"room\":\"tea\",\"to\":\"%s\"}", a->id);
	hear_with(w, a, "error", "code", "no_such_peer");
	sayf(w, a, "{\"type\":\"chat\",\"room\":\"tea\",\"to\":\"nobody\",\"text\":\"x\"}");
	hear_with(w, a, "error", "code", "no_such_peer");
	say(w, a, "{\"type\":\"chat\",\"room\":\"coffee\",\"text\":\"x\"}");
	hear_with(w, a, "error", "code", "not_in_room");
	/* of leave no address is asked */
	say(w, a, "{\"type\":\"leave\",\"room\":\"tea\",\"to\":\"nobody\"}");
	assert_int_equal(a->room_count, 0);
	deafen(w, a);
	sayf(w, b,
	     "{\"type\":\"description\",\"room\":\"tea\",\"to\":\"%s\",\"call\":\"k\","
	     "\"description\":{\"type\":\"answer\",\"sdp\":\"x\"}}",
	     c->id);
	deafen(w, c);
	for (struct tt_relay_client *all[] = { a, b, c }, **p = all; p < all + 3; p++)
		tt_relay_gone(&w->relay, *p, w->now);
}

static void who_is_gone_for_good_is_not_heard(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser");
	a->dead = true;
	say(w, a, "{\"type\":\"chat\",\"room\":\"tea\"}");
	hear_nothing(w, a);
	assert_int_equal(a->strikes, 0);
	a->dead = false;
	tt_relay_gone(&w->relay, a, w->now);
}

/* An offer to one is a matter between the two: another browser in the room has no say. */
static void an_addressed_offer_asks_for_its_own_turn_only(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "native");
	struct tt_relay_client *c = join(w, "Cy", "browser");
	deafen(w, a);
	deafen(w, b);
#define OFFER                                                                                      \
	"{\"type\":\"description\",\"room\":\"tea\",\"to\":\"%s\",\"description\":"                \
	"{\"type\":\"offer\",\"sdp\":\"x\"}}"
	sayf(w, a, OFFER, b->id);
	json_decref(hear(w, b, "description"));
	hear_nothing(w, c);
	sayf(w, a, OFFER, c->id);
	hear_with(w, a, "error", "code", "no_turn");
	hear_nothing(w, c);
	for (struct tt_relay_client *all[] = { a, b, c }, **p = all; p < all + 3; p++)
		tt_relay_gone(&w->relay, *p, w->now);
}

static void an_old_connection_that_is_dead_is_not_replaced(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = enter(w), *b = enter(w);
	static const char text[] = N ",\"secret\":\"1234567890123456\"}";
	say(w, a, text);
	a->dead = true;
	say(w, b, text);
	assert_string_equal(a->id, b->id);
	assert_int_equal(a->room_count, 1); /* it goes by itself */
	assert_int_equal(a->close_code, 0);
	a->dead = false;
	tt_relay_gone(&w->relay, a, w->now);
	tt_relay_gone(&w->relay, b, w->now);
}

static int json_left; /* allocations of jansson that still succeed */

static void *json_malloc(size_t size)
{
	return json_left-- > 0 ? malloc(size) : NULL;
}

static void without_memory_for_json_who_misses_a_message_is_to_come_back(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *a = join(w, "Ada", "browser"), *b = second(w, a, "browser");
	static const char text[] = "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"x\"}";
	int lost = 0, ended = 0;
	struct tt_relay_text *t = NULL;
	for (int allowed = 0; !t && allowed < 200; allowed++) {
		a->strikes = 0;
		json_left = allowed;
		json_set_alloc_funcs(json_malloc, free);
		say(w, a, text);
		json_set_alloc_funcs(malloc, free);
		a->close_code = 0;
		deafen(w, a);
		lost += (t = tt_relay_pop(&w->relay, b)) == NULL;
		ended += b->dead;
		assert_int_equal(b->close_code, b->dead ? TT_CLOSE_LATER : 0);
		a->dead = b->dead = false; /* a: it could not be told what was wrong */
		b->close_code = 0;
	}
	assert_non_null(t);
	assert_true(lost > 10 && ended > 5); /* the others: the message could not be read */
	assert_non_null(strstr(t->text, "chat"));
	tt_relay_text_free(&w->relay, t);
	tt_relay_gone(&w->relay, a, w->now);
	tt_relay_gone(&w->relay, b, w->now);
}

static int json_until; /* allocations of jansson until one fails */

static void *json_malloc_but_one(size_t size)
{
	return json_until-- != 0 ? malloc(size) : NULL;
}

static void whom_the_relay_gives_up_joins_no_further_room(void **state)
{
	struct world *w = *state;
	struct tt_relay_client *b = join(w, "Ben", "browser");
	int between = 0;

	for (int allowed = 0; allowed < 300; allowed++) {
		struct tt_relay_client *a = enter(w);
		json_until = allowed;
		json_set_alloc_funcs(json_malloc_but_one, free);
		say(w, a, "{\"type\":\"ready\",\"name\":\"a\",\"rooms\":[\"tea\",\"u\"]}");
		json_set_alloc_funcs(malloc, free);
		between += a->dead && a->room_count == 1;
		assert_true(a->dead || a->room_count != 1);
		tt_relay_gone(&w->relay, a, w->now);
		deafen(w, b);
		b->dead = false;
	}
	assert_true(between > 5);
	tt_relay_gone(&w->relay, b, w->now);
}

static void running_out_of_memory_at_any_point_loses_nothing(void **state)
{
	struct world *w = *state;
	for (size_t share = 1000; share < 40000; share += 97) {
		w->env.max_memory = share;
		struct tt_relay_client *a = enter(w), *b = a ? enter(w) : NULL;
		for (int i = 0; b && i < 3; i++) {
			say(w, a, "{\"type\":\"ready\",\"name\":\"a\",\"rooms\":[\"tea\",\"u\"]}");
			say(w, b, "{\"type\":\"ready\",\"name\":\"b\",\"rooms\":[\"tea\"]}");
			say(w, a, "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"x\"}");
		}
		w->env.max_memory = 0;
		if (a)
			tt_relay_gone(&w->relay, a, w->now);
		if (b)
			tt_relay_gone(&w->relay, b, w->now);
		assert_int_equal(w->env.memory, 0);
	}
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_room_hears_of_who_joins_and_the_newcomer_who_is_there),
		T(roles_are_decided_per_pair),
		T(the_sender_is_stamped_and_never_believed),
		T(an_addressed_message_goes_to_one_and_another_to_all_others),
		T(user_here_wakes_who_was_there_before),
		T(between_two_browsers_one_offers_at_a_time),
		T(an_answer_to_one_ends_that_ones_turn),
		T(a_turn_that_is_not_used_ends_after_ten_seconds),
		T(a_turn_goes_when_its_holder_goes),
		T(toward_a_native_peer_no_turn_is_needed),
		T(the_same_secret_gives_the_same_id_and_replaces_the_old_connection),
		T(leaving_is_announced_and_a_room_without_members_goes),
		T(malformed_messages_get_an_error_and_the_fifth_a_close_code),
		T(an_introduction_is_checked_field_by_field),
		T(without_random_numbers_nobody_is_introduced),
		T(a_candidate_is_copied_member_by_member),
		T(lengths_of_chat_and_candidates_have_a_limit),
		T(why_it_failed_goes_to_whom_it_failed_with),
		T(an_address_is_that_of_another_peer_of_the_room),
		T(who_is_gone_for_good_is_not_heard),
		T(an_addressed_offer_asks_for_its_own_turn_only),
		T(an_old_connection_that_is_dead_is_not_replaced),
		T(without_memory_for_json_who_misses_a_message_is_to_come_back),
		T(before_ready_nothing_else_is_heard),
		T(the_second_message_that_is_too_large_gets_1009),
		T(a_slow_reader_is_cut_off_at_one_mebibyte_and_nobody_else),
		T(a_hundred_messages_at_once_then_fifty_a_second),
		T(rooms_have_8_peers_and_clients_4_rooms),
		T(in_a_full_room_the_last_is_heard_as_well),
		T(an_address_has_16_connections_and_loopback_is_not_counted),
		T(whom_the_relay_gives_up_joins_no_further_room),
		T(running_out_of_memory_at_any_point_loses_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
