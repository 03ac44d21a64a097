/* test_channels.c - data channels between two ends: RFC 8831, RFC 8832. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/num.h"
#include "datachannel/datachannel.h"
#include "datachannel/dcs_dcep.h"
#include "datachannel/dcs_internal.h"
#include "sctp/sctp_assoc.h"
#include "support/sim.h"

#define SECOND 1000000
#define MAX_LOGGED 4096

struct logged {
	enum tt_dcs_event_type type;
	taut_channel channel;
	uint32_t reason;
	bool binary;
	size_t len;
	uint16_t cause;
	char text[24]; /* of a label or a message */
	char why[48];
};

struct world {
	struct sim sim;
	struct tt_dcs *d[2]; /* 0 is the DTLS client */
	struct logged log[2][MAX_LOGGED];
	size_t count[2], messages[2];
	size_t bytes[2];
	bool echo[2], deaf[2];
	taut_channel busy; /* has as much to send all the time as 0 takes; 0: none */
};

static struct world world;

static void begin(uint64_t seed, const struct sim_link *link, const struct tt_dcs_config *cfg)
{
	static const struct tt_dcs_config plain;
	static const struct sim_link clean = { .delay = 10000 };

	memset(&world, 0, sizeof world);
	sim_init(&world.sim, seed, link ? link : &clean);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_dcs_new(&world.d[i], &world.sim.env[i], cfg ? cfg : &plain,
		                            world.sim.now), 0);
}

static void finish(void)
{
	for (int i = 0; i < 2; i++) {
		tt_dcs_free(world.d[i]);
		assert_int_equal(world.sim.env[i].memory, 0);
	}
	sim_free(&world.sim);
}

static void events(int i)
{
	static const uint8_t much[10000];
	const struct tt_dcs_event *e;

	while (i == 0 && world.busy &&
	       tt_dcs_send(world.d[0], world.sim.now, world.busy, true, much, sizeof much) == 0)
		;
	while ((e = tt_dcs_poll_event(world.d[i], world.sim.now)) != NULL) {
		if (e->type == TT_DCS_MESSAGE) {
			world.messages[i]++;
			world.bytes[i] += e->len;
		}
		if (world.count[i] < MAX_LOGGED) {
			struct logged *l = &world.log[i][world.count[i]++];
			*l = (struct logged){ e->type, e->channel, e->reason, e->binary, e->len, e->cause, "", "" };
			snprintf(l->why, sizeof l->why, "%s", e->text ? e->text : "");
			if (e->type == TT_DCS_MESSAGE)
				snprintf(l->text, sizeof l->text, "%.*s", (int)(e->len < 20 ? e->len : 20), (const char *)e->data);
			else
				snprintf(l->text, sizeof l->text, "%s", e->label ? e->label : "");
		}
		if (e->type == TT_DCS_MESSAGE && world.echo[i])
			tt_dcs_send(world.d[i], world.sim.now, e->channel, e->binary, e->data, e->len);
	}
}

static void send_all(int i)
{
	uint8_t buf[2048];
	size_t len;

	while ((len = tt_dcs_poll_send(world.d[i], world.sim.now, buf, sizeof buf)) > 0)
		sim_send(&world.sim, 1 - i, buf, len, NULL, NULL);
}

static void settle(void)
{
	for (int i = 0; i < 2; i++) {
		events(i);
		send_all(i);
		events(i);
	}
}

static void run(taut_time how_long)
{
	taut_time end = world.sim.now + how_long;

	for (;;) {
		settle();
		taut_time next = sim_next(&world.sim);
		for (int i = 0; i < 2; i++) {
			taut_time at = tt_dcs_deadline(world.d[i], NULL);
			next = at < next ? at : next;
		}
		if (next > end)
			break;
		world.sim.now = next > world.sim.now ? next : world.sim.now;
		struct sim_packet *k;
		while ((k = sim_take(&world.sim)) != NULL) {
			if (!world.deaf[k->to])
				tt_dcs_recv(world.d[k->to], world.sim.now, k->data, k->len);
			events(k->to);
			send_all(k->to);
			free(k);
		}
		for (int i = 0; i < 2; i++)
			tt_dcs_tick(world.d[i], world.sim.now);
	}
	world.sim.now = end;
}

static void connect_both(void)
{
	for (int i = 0; i < 2; i++) {
		tt_dcs_set_role(world.d[i], world.sim.now, i == 0);
		assert_int_equal(tt_dcs_connect(world.d[i], world.sim.now), 0);
	}
	run(SECOND);
}

static taut_channel create(int i, const struct tt_dcs_init *init)
{
	taut_channel ch;

	assert_int_equal(tt_dcs_create(world.d[i], world.sim.now, init, &ch), 0);
	assert_true(ch != 0);
	return ch;
}

static struct logged *find(int i, enum tt_dcs_event_type type, size_t nth)
{
	for (size_t n = 0; n < world.count[i]; n++)
		if (world.log[i][n].type == type && nth-- == 0)
			return &world.log[i][n];
	return NULL;
}

static size_t count(int i, enum tt_dcs_event_type type)
{
	size_t n = 0;

	while (find(i, type, n))
		n++;
	return n;
}

static int say(int i, taut_channel ch, const char *text)
{
	return tt_dcs_send(world.d[i], world.sim.now, ch, false, text, strlen(text));
}

/* A channel from 0 to 1; answers both its numbers. */
static void open_pair(const struct tt_dcs_init *init, taut_channel ch[2])
{
	size_t before = count(1, TT_DCS_CHANNEL);

	ch[0] = create(0, init);
	run(SECOND);
	assert_non_null(find(1, TT_DCS_CHANNEL, before));
	ch[1] = find(1, TT_DCS_CHANNEL, before)->channel;
}

static void a_channel_opens_and_carries_both_ways(void **state)
{
	(void)state;
	begin(1, NULL, NULL);
	taut_channel ch = create(0, &(struct tt_dcs_init){ .label = "chat", .protocol = "p" });
	assert_int_equal(tt_dcs_info(world.d[0], ch)->id, -1); /* no role yet */
	assert_int_equal(say(0, ch, "too early"), TAUT_E_STATE);
	connect_both();
	assert_int_equal(world.log[1][0].type, TT_DCS_ASSOCIATION_UP);
	assert_int_equal(world.log[1][1].type, TT_DCS_CHANNEL);
	assert_string_equal(world.log[1][1].text, "chat");
	assert_int_equal(world.log[1][2].type, TT_DCS_OPEN);
	assert_int_equal(count(0, TT_DCS_OPEN), 1);
	assert_int_equal(tt_dcs_info(world.d[0], ch)->id, 0); /* client: even */
	taut_channel there = world.log[1][1].channel;
	assert_string_equal(tt_dcs_info(world.d[1], there)->protocol, "p");
	assert_int_equal(say(0, ch, "hello"), 0);
	assert_int_equal(say(1, there, "hallo"), 0);
	run(SECOND);
	assert_string_equal(find(1, TT_DCS_MESSAGE, 0)->text, "hello");
	assert_string_equal(find(0, TT_DCS_MESSAGE, 0)->text, "hallo");
	finish();
}

static void empty_messages_and_kinds_arrive_as_they_left(void **state)
{
	taut_channel ch[2];

	(void)state;
	begin(2, NULL, NULL);
	connect_both();
	open_pair(&(struct tt_dcs_init){ .label = "x" }, ch);
	for (int binary = 0; binary < 2; binary++) {
		assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], binary, NULL, 0), 0);
		assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], binary, "y", 1), 0);
	}
	run(SECOND);
	for (size_t n = 0; n < 4; n++) {
		assert_int_equal(find(1, TT_DCS_MESSAGE, n)->binary, n >= 2);
		assert_int_equal(find(1, TT_DCS_MESSAGE, n)->len, n % 2);
	}
	finish();
}

static void messages_sent_right_after_open_arrive(void **state)
{
	(void)state;
	for (unsigned loss = 0; loss < 300; loss += 100)
		for (int unordered = 0; unordered < 2; unordered++) {
			const struct sim_link link = { .delay = 10000, .loss = loss, .reorder = loss };
			begin(3 + loss, &link, NULL);
			connect_both();
			run(20 * SECOND);
			taut_channel ch = create(0, &(struct tt_dcs_init){ .label = "x", .unordered = unordered });
			assert_int_equal(say(0, ch, "first"), 0);
			assert_int_equal(say(0, ch, "second"), 0);
			run(60 * SECOND);
			assert_int_equal(world.messages[1], 2);
			finish();
		}
}

static void an_unordered_message_does_not_pass_its_open(void **state)
{
	(void)state;
	begin(20, NULL, NULL);
	connect_both();
	const unsigned lost[] = { world.sim.sent[1] };
	world.sim.link.drop = lost;
	world.sim.link.drop_count = 1;
	taut_channel ch = create(0, &(struct tt_dcs_init){ .unordered = true });
	settle(); /* the OPEN, on its way to nowhere */
	assert_int_equal(say(0, ch, "first"), 0);
	run(5 * SECOND);
	assert_int_equal(world.messages[1], 1);
	assert_true(tt_dcs_find(world.d[0], ch)->heard); /* from now on they may */
	finish();
}

static void closing_is_seen_at_both_ends_and_frees_the_stream(void **state)
{
	taut_channel ch[2];

	(void)state;
	for (unsigned loss = 0; loss <= 200; loss += 100) {
		const struct sim_link link = { .delay = 10000, .loss = loss };
		begin(4 + loss, &link, NULL);
		connect_both();
		run(20 * SECOND);
		for (size_t round = 0; round < 10; round++) {
			ch[0] = create(0, &(struct tt_dcs_init){ .label = "x" });
			assert_int_equal(tt_dcs_info(world.d[0], ch[0])->id, 0); /* again and again */
			run(30 * SECOND);
			ch[1] = find(1, TT_DCS_CHANNEL, round)->channel;
			int closer = (int)(round % 2);
			assert_int_equal(say(closer, ch[closer], "last words"), 0);
			assert_int_equal(tt_dcs_close(world.d[closer], world.sim.now, ch[closer]), 0);
			assert_int_equal(say(closer, ch[closer], "no more"), TAUT_E_STATE);
			run(60 * SECOND);
			assert_int_equal(world.messages[1 - closer], round / 2 + 1);
			for (int i = 0; i < 2; i++) {
				assert_int_equal(count(i, TT_DCS_CLOSE), round + 1);
				assert_int_equal(find(i, TT_DCS_CLOSE, round)->channel, ch[i]);
				assert_int_equal(find(i, TT_DCS_CLOSE, round)->reason,
				                 i == closer ? TAUT_REASON_CLOSED_HERE
				                             : TAUT_REASON_CHANNEL_CLOSED_BY_PEER);
				assert_int_equal(say(i, ch[i], "gone"), TAUT_E_GONE);
				assert_int_equal(tt_dcs_close(world.d[i], world.sim.now, ch[i]), TAUT_E_GONE);
				assert_int_equal(tt_dcs_buffered_amount(world.d[i], ch[i]), TAUT_E_GONE);
				assert_null(tt_dcs_info(world.d[i], ch[i]));
			}
		}
		finish();
	}
}

static void a_stream_opened_again_at_once_works(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		const struct sim_link link = { .delay = 10000, .loss = 150, .jitter = 5000 };
		begin(500 + seed, &link, NULL);
		connect_both();
		run(30 * SECOND);
		taut_channel ch = create(0, &(struct tt_dcs_init){ .label = "x" });
		for (size_t round = 0; round < 5; round++) {
			run(20 * SECOND);
			tt_dcs_close(world.d[0], world.sim.now, ch);
			for (int n = 0; n < 3000 && count(0, TT_DCS_CLOSE) <= round; n++)
				run(20000);
			ch = create(0, &(struct tt_dcs_init){ .label = "y" });
			assert_int_equal(tt_dcs_info(world.d[0], ch)->id, 0);
			assert_int_equal(say(0, ch, "again"), 0);
			run(60 * SECOND);
			assert_int_equal(world.messages[1], round + 1);
		}
		finish();
	}
}

static void both_ends_close_at_once(void **state)
{
	taut_channel ch[2];

	(void)state;
	begin(5, NULL, NULL);
	connect_both();
	open_pair(&(struct tt_dcs_init){ .label = "x" }, ch);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_dcs_close(world.d[i], world.sim.now, ch[i]), 0);
	run(5 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(count(i, TT_DCS_CLOSE), 1);
		assert_int_equal(find(i, TT_DCS_CLOSE, 0)->reason, TAUT_REASON_CLOSED_HERE);
		assert_int_equal(count(i, TT_DCS_CLOSING), 0);
	}
	finish();
}

/* Of the stream's next life 1 hears while it asks once more for the end of the one before. */
static void a_stream_opened_again_and_closed_before_the_answer_is_heard_closes(void **state)
{
	taut_channel ch[2];

	(void)state;
	begin(55, NULL, NULL);
	connect_both();
	open_pair(&(struct tt_dcs_init){ .label = "old" }, ch);
	for (int i = 0; i < 2; i++)
		assert_int_equal(tt_dcs_close(world.d[i], world.sim.now, ch[i]), 0);
	run(15000);
	world.deaf[1] = true; /* while it is answered */
	run(10000);
	world.deaf[1] = false;
	assert_int_equal(count(0, TT_DCS_CLOSE), 1);
	const taut_channel fresh = create(0, &(struct tt_dcs_init){ .label = "new" });
	assert_int_equal(tt_dcs_info(world.d[0], fresh)->id, 0);
	assert_int_equal(tt_dcs_close(world.d[0], world.sim.now, fresh), 0);
	run(5 * SECOND);
	for (int i = 0; i < 2; i++)
		assert_int_equal(count(i, TT_DCS_CLOSE), 2);
	assert_int_equal(count(1, TT_DCS_CHANNEL), 2);
	finish();
}

/* Only who did not close it is told that it closes. */
static void expect_closing(int closer, uint32_t reason)
{
	assert_int_equal(count(closer, TT_DCS_CLOSING), 0);
	assert_int_equal(count(1 - closer, TT_DCS_CLOSING), 1);
	const struct logged *closing = find(1 - closer, TT_DCS_CLOSING, 0);
	const struct logged *close = find(1 - closer, TT_DCS_CLOSE, 0);
	assert_true(closing < close);
	assert_int_equal(closing->channel, close->channel);
	assert_int_equal(closing->reason, reason);
	assert_int_equal(close->reason, reason);
}

static void a_channel_that_ends_unasked_says_first_that_it_closes(void **state)
{
	taut_channel ch[2];

	(void)state;
	for (int closer = 0; closer < 2; closer++) {
		begin(40, NULL, NULL);
		connect_both();
		open_pair(&(struct tt_dcs_init){ .label = "x" }, ch);
		assert_int_equal(tt_dcs_close(world.d[closer], world.sim.now, ch[closer]), 0);
		for (int ms = 0; count(1 - closer, TT_DCS_CLOSING) == 0; ms++) {
			assert_true(ms < 5000);
			run(1000);
		}
		assert_int_equal(tt_dcs_info(world.d[1 - closer], ch[1 - closer])->state,
		                 TT_DCS_STATE_CLOSING);
		/* to close it now makes no difference */
		assert_int_equal(tt_dcs_close(world.d[1 - closer], world.sim.now, ch[1 - closer]), 0);
		run(SECOND);
		expect_closing(closer, TAUT_REASON_CHANNEL_CLOSED_BY_PEER);
		finish();
	}
}

/* So does one on which more came than we take. */
static void a_message_that_is_too_large_closes_its_channel(void **state)
{
	static uint8_t large[3000];
	const struct tt_dcs_config cfg = { .sctp.max_message_in = 2000 };
	taut_channel ch[2];

	(void)state;
	begin(42, NULL, &cfg);
	connect_both();
	open_pair(&(struct tt_dcs_init){ .label = "x" }, ch);
	assert_int_equal(tt_sctp_send(world.d[0]->sctp, world.sim.now, 0, PPID_BINARY, NULL, large,
	                              sizeof large), 0);
	run(5 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(count(i, TT_DCS_CLOSING), 1);
		assert_int_equal(find(i, TT_DCS_CLOSING, 0)->reason,
		                 i == 1 ? TAUT_REASON_CHANNEL_MESSAGE_TOO_LARGE
		                        : TAUT_REASON_CHANNEL_CLOSED_BY_PEER);
		assert_int_equal(count(i, TT_DCS_CLOSE), 1);
		assert_int_equal(find(i, TT_DCS_CLOSE, 0)->reason, find(i, TT_DCS_CLOSING, 0)->reason);
	}
	assert_int_equal(world.messages[1], 0);
	finish();
}

/* RFC 9260 section 3.3.10: whoever aborted, and for what, each channel tells it as the association does. */
static void a_channel_that_an_abort_ends_has_its_cause(void **state)
{
	taut_channel ch[2];

	(void)state;
	for (int user = 0; user < 2; user++) {
		begin(43, NULL, NULL);
		connect_both();
		open_pair(&(struct tt_dcs_init){ .label = "x" }, ch);
		open_pair(&(struct tt_dcs_init){ .label = "closes" }, ch);
		world.deaf[1] = true;
		assert_int_equal(tt_dcs_close(world.d[0], world.sim.now, ch[0]), 0);
		settle();
		world.deaf[1] = false;
		tt_sctp_abort_with(world.d[1]->sctp, world.sim.now,
				   user ? SCTP_C_USER_ABORT : SCTP_C_PROTOCOL_VIOLATION, "why");
		run(SECOND / 20);
		for (int i = 0; i < 2; i++) {
			const uint32_t here = user ? TAUT_REASON_CLOSED_HERE : TAUT_REASON_SCTP_ABORTED_HERE;
			const uint32_t reason = i == 1 ? here : TAUT_REASON_SCTP_ABORT;
			const struct logged *end = find(i, TT_DCS_ASSOCIATION_CLOSED, 0);
			const struct logged *close = find(i, TT_DCS_CLOSE, 0);
			assert_int_equal(end->reason, reason);
			assert_int_equal(end->cause, user ? 12 : 13);
			assert_string_equal(end->why, i == 1 && user ? "why"
					    : user ? "user-initiated abort: why" : "protocol violation: why");
			assert_int_equal(close->reason, reason);
			assert_int_equal(close->cause, end->cause);
			assert_string_equal(close->why, end->why);
			assert_int_equal(count(i, TT_DCS_CLOSE), 2);
		}
		/* One that was closed here before has that reason, and no cause. */
		assert_int_equal(find(0, TT_DCS_CLOSE, 1)->channel, ch[0]);
		assert_int_equal(find(0, TT_DCS_CLOSE, 1)->reason, TAUT_REASON_CLOSED_HERE);
		assert_int_equal(find(0, TT_DCS_CLOSE, 1)->cause, 0);
		assert_string_equal(find(0, TT_DCS_CLOSE, 1)->why, "");
		finish();
	}
}

/* It opened and closed before anybody looked. */
static void events_of_a_short_life_come_in_order(void **state)
{
	static const enum tt_dcs_event_type order[] = { TT_DCS_CHANNEL, TT_DCS_OPEN, TT_DCS_CLOSING,
	                                                TT_DCS_CLOSE };
	(void)state;
	begin(41, NULL, NULL);
	connect_both();
	run(SECOND);
	const size_t first = world.count[1];
	const taut_channel ch = create(0, &(struct tt_dcs_init){ .label = "brief" });
	assert_int_equal(tt_dcs_close(world.d[0], world.sim.now, ch), 0);
	run(5 * SECOND);
	assert_int_equal(world.count[1], first + TT_COUNT(order));
	for (size_t i = 0; i < TT_COUNT(order); i++)
		assert_int_equal(world.log[1][first + i].type, order[i]);
	expect_closing(0, TAUT_REASON_CHANNEL_CLOSED_BY_PEER);
	finish();
}

static void two_hundred_channels_from_each_end(void **state)
{
	static taut_channel ch[2][200];
	char label[32];

	(void)state;
	begin(6, NULL, NULL);
	for (int n = 0; n < 100; n++)
		for (int i = 0; i < 2; i++) {
			snprintf(label, sizeof label, "%d/%d", i, n);
			ch[i][n] = create(i, &(struct tt_dcs_init){ .label = label });
		}
	connect_both();
	for (int n = 100; n < 200; n++)
		for (int i = 0; i < 2; i++)
			ch[i][n] = create(i, &(struct tt_dcs_init){ .label = "late" });
	run(5 * SECOND);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(count(i, TT_DCS_CHANNEL), 200);
		assert_int_equal(count(i, TT_DCS_OPEN), 400);
		assert_string_equal(find(i, TT_DCS_CHANNEL, 99)->text, i ? "0/99" : "1/99"); /* in order */
		for (int n = 0; n < 200; n++) {
			assert_int_equal(tt_dcs_info(world.d[i], ch[i][n])->id, 2 * n + i);
			assert_int_equal(say(i, ch[i][n], "x"), 0);
		}
	}
	run(5 * SECOND);
	assert_int_equal(world.messages[0], 200);
	for (int i = 0; i < 2; i++)
		for (int n = 0; n < 200; n++)
			tt_dcs_close(world.d[i], world.sim.now, ch[i][n]);
	run(20 * SECOND);
	assert_int_equal(count(0, TT_DCS_CLOSE), 400);
	assert_int_equal(count(1, TT_DCS_CLOSE), 400);
	finish();
}

static void negotiated_channels_speak_no_dcep(void **state)
{
	const struct tt_dcs_init init = { .label = "n", .negotiated = true, .id = 77 };
	taut_channel ch[2], other;

	(void)state;
	begin(7, NULL, NULL);
	for (int i = 0; i < 2; i++)
		ch[i] = create(i, &init);
	assert_int_equal(tt_dcs_create(world.d[0], world.sim.now, &init, &other), TAUT_E_INVAL);
	connect_both();
	assert_int_equal(say(0, ch[0], "hi"), 0);
	run(SECOND);
	assert_int_equal(count(1, TT_DCS_CHANNEL), 0);
	assert_int_equal(count(1, TT_DCS_OPEN), 1);
	assert_int_equal(find(1, TT_DCS_MESSAGE, 0)->channel, ch[1]);
	assert_int_equal(tt_dcs_count(world.d[0]).chunks_sent, 1);
	finish();
}

/* RFC 8831 section 6.7: the other end has the channel as well, and could wait for the end of its own for ever. */
static void a_negotiated_channel_closed_before_it_was_open_ends_at_both(void **state)
{
	const struct tt_dcs_init init = { .label = "n", .negotiated = true, .id = 77 };

	(void)state;
	for (int again = 0; again < 2; again++) {
		taut_channel ch[2];
		begin(7, NULL, NULL);
		for (int i = 0; i < 2; i++)
			ch[i] = create(i, &init);
		assert_int_equal(tt_dcs_close(world.d[0], world.sim.now, ch[0]), TAUT_OK);
		if (again) /* it takes its place */
			ch[0] = create(0, &init);
		connect_both();
		run(SECOND);
		assert_int_equal(count(1, TT_DCS_OPEN), 1);
		assert_int_equal(count(0, TT_DCS_CLOSE), 1);
		assert_int_equal(count(1, TT_DCS_CLOSE), 1 - again);
		if (again) {
			assert_int_equal(say(0, ch[0], "hi"), 0);
			run(SECOND);
			assert_int_equal(count(1, TT_DCS_MESSAGE), 1);
			finish();
			continue;
		}
		for (int i = 0; i < 2; i++) /* the stream is whole again */
			ch[i] = create(i, &init);
		assert_int_equal(say(1, ch[1], "hi"), 0);
		run(SECOND);
		assert_int_equal(find(0, TT_DCS_MESSAGE, 0)->channel, ch[0]);
		finish();
	}
}

static void creation_is_checked(void **state)
{
	char long_text[TT_DCS_MAX_TEXT + 2];
	taut_channel ch;

	(void)state;
	begin(8, NULL, &(struct tt_dcs_config){ .max_channels = 3 });
	memset(long_text, 'x', sizeof long_text);
	long_text[TT_DCS_MAX_TEXT + 1] = '\0';
	const struct tt_dcs_init bad[] = {
		{ .label = long_text }, { .protocol = long_text },
		{ .limit_lifetime = true, .limit_retransmits = true },
		{ .negotiated = true, .id = 1024 }, { .negotiated = true, .id = 65535 },
	};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(tt_dcs_create(world.d[0], world.sim.now, &bad[i], &ch), TAUT_E_INVAL);
	long_text[TT_DCS_MAX_TEXT] = '\0';
	create(0, &(struct tt_dcs_init){ .label = long_text, .protocol = long_text });
	create(0, &(struct tt_dcs_init){ 0 });
	ch = create(0, &(struct tt_dcs_init){ 0 });
	taut_channel none;
	assert_int_equal(tt_dcs_create(world.d[0], world.sim.now, &bad[2], &none), TAUT_E_INVAL);
	assert_int_equal(tt_dcs_create(world.d[0], world.sim.now, &(struct tt_dcs_init){ 0 }, &none),
	                 TAUT_E_LIMIT);
	tt_dcs_close(world.d[0], world.sim.now, ch); /* before anything: closed at once */
	run(1);
	assert_int_equal(count(0, TT_DCS_CLOSE), 1);
	assert_int_equal(say(0, ch, "x"), TAUT_E_GONE);
	taut_channel next = create(0, &(struct tt_dcs_init){ 0 });
	assert_true(next != ch);
	finish();
}

static void what_is_larger_than_the_peer_takes_is_refused(void **state)
{
	static uint8_t big[300000];
	taut_channel ch[2];

	(void)state;
	begin(9, NULL, NULL);
	tt_dcs_set_remote(world.d[1], 5000, 0);
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, big, 65537), TAUT_E_LIMIT);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, big, 65536), 0);
	run(SECOND);
	assert_int_equal(world.bytes[1], 65536);
	/* the other end takes any size to be right, and is told by the close of the channel */
	assert_int_equal(tt_dcs_send(world.d[1], world.sim.now, ch[1], true, big, sizeof big), 0);
	run(5 * SECOND);
	assert_int_equal(world.messages[0], 0);
	assert_int_equal(count(1, TT_DCS_CLOSE), 1);
	assert_int_equal(count(0, TT_DCS_CLOSE), 1);
	assert_int_equal(count(0, TT_DCS_ASSOCIATION_CLOSED), 0);
	finish();
}

static void the_buffered_amount_goes_up_and_down_and_says_so_once(void **state)
{
	const struct tt_dcs_config cfg = { .channel_buffer = 100000 };
	static uint8_t data[60000];
	taut_channel ch[2];

	(void)state;
	begin(10, NULL, &cfg);
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	assert_int_equal(tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[0], 50000), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), 0);
	assert_int_equal(tt_dcs_buffered_amount(world.d[0], ch[0]), 60000);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), TAUT_E_AGAIN);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), TAUT_E_AGAIN);
	assert_int_equal(count(0, TT_DCS_BUFFERED_AMOUNT_LOW), 0);
	for (int i = 0; i < 5000 && count(0, TT_DCS_BUFFERED_AMOUNT_LOW) == 0; i++)
		run(1000);
	assert_int_equal(count(0, TT_DCS_BUFFERED_AMOUNT_LOW), 1);
	assert_in_range(tt_dcs_buffered_amount(world.d[0], ch[0]), 1, 50000);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 50000), 0);
	run(5 * SECOND);
	assert_int_equal(tt_dcs_buffered_amount(world.d[0], ch[0]), 0);
	assert_int_equal(count(0, TT_DCS_BUFFERED_AMOUNT_LOW), 2); /* it had gone above again */
	/* a threshold above what the buffer holds: still not before there is room */
	assert_int_equal(tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[0], 1000000), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), TAUT_E_AGAIN);
	events(0);
	assert_int_equal(count(0, TT_DCS_BUFFERED_AMOUNT_LOW), 2);
	run(5 * SECOND);
	assert_int_equal(count(0, TT_DCS_BUFFERED_AMOUNT_LOW), 3);
	assert_int_equal(tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[0], 50000), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 100), 0);
	run(SECOND);
	assert_int_equal(count(0, TT_DCS_BUFFERED_AMOUNT_LOW), 3); /* never above the threshold */
	finish();
}

/* webrtc-pc: the event is about the fall from above the threshold, as it is at that moment. */
static void a_threshold_that_moves_counts_from_then_on(void **state)
{
	static uint8_t data[60000];
	taut_channel ch[2];

	(void)state;
	begin(30, NULL, NULL);
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[0], 100000);
	tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000);
	tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[0], 1000); /* now it is above */
	run(5 * SECOND);
	assert_int_equal(count(0, TT_DCS_BUFFERED_AMOUNT_LOW), 1);
	tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000);
	tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[0], 100000); /* and now it never was */
	run(5 * SECOND);
	assert_int_equal(count(0, TT_DCS_BUFFERED_AMOUNT_LOW), 1);
	finish();
}

static size_t lows_of(taut_channel ch)
{
	size_t lows = 0;

	for (size_t n = 0; n < world.count[0]; n++)
		lows += world.log[0][n].type == TT_DCS_BUFFERED_AMOUNT_LOW && world.log[0][n].channel == ch;
	return lows;
}

static void a_full_association_says_again_and_then_low(void **state)
{
	const struct tt_dcs_config cfg = { .sctp.send_buffer = 100000 };
	static uint8_t data[65536];
	taut_channel ch[2], second;

	(void)state;
	begin(11, NULL, &cfg);
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	second = create(0, &(struct tt_dcs_init){ 0 });
	run(SECOND);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 65536), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, second, true, data, 65536), TAUT_E_AGAIN);
	run(5 * SECOND);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, second, true, data, 65536), 0);
	assert_int_equal(lows_of(second), 1);
	finish();
}

/* Another channel has the association full all the time, so that there is never room for as much again. */
static void what_was_refused_and_then_taken_is_not_waited_for(void **state)
{
	const struct tt_dcs_config cfg = { .channel_buffer = 100000, .sctp.send_buffer = 150000 };
	static uint8_t data[60000];
	taut_channel ch[2], busy;

	(void)state;
	begin(31, NULL, &cfg);
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	busy = create(0, &(struct tt_dcs_init){ 0 });
	run(SECOND);
	assert_int_equal(tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[0], 10000), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), TAUT_E_AGAIN);
	while (tt_dcs_buffered_amount(world.d[0], ch[0]) > 40000)
		run(1000);
	assert_in_range(tt_dcs_buffered_amount(world.d[0], ch[0]), 10001, 40000);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), 0);
	world.busy = busy;
	run(SECOND / 2);
	assert_int_equal(tt_dcs_buffered_amount(world.d[0], ch[0]), 0);
	assert_int_equal(lows_of(ch[0]), 1);
	world.busy = 0;
	run(SECOND);
	assert_int_equal(lows_of(ch[0]), 1);
	finish();
}

static void a_smaller_one_that_is_taken_does_not_stand_for_it(void **state)
{
	const struct tt_dcs_config cfg = { .channel_buffer = 100000 };
	static uint8_t data[60000];
	taut_channel ch[2];

	(void)state;
	begin(32, NULL, &cfg);
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	assert_int_equal(tt_dcs_set_buffered_amount_low_threshold(world.d[0], ch[0], 1000000), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), 0);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), TAUT_E_AGAIN);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 59), 0);
	events(0);
	assert_int_equal(lows_of(ch[0]), 0);
	for (int i = 0; i < 5000 && lows_of(ch[0]) == 0; i++)
		run(1000);
	assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, 60000), 0);
	finish();
}

static void a_dead_peer_closes_every_channel(void **state)
{
	taut_channel ch[2];

	(void)state;
	begin(12, NULL, NULL);
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	create(0, &(struct tt_dcs_init){ 0 });
	world.deaf[1] = true;
	say(0, ch[0], "anybody there?");
	run(200 * (taut_time)SECOND);
	assert_int_equal(count(0, TT_DCS_CLOSE), 2);
	assert_int_equal(count(0, TT_DCS_CLOSING), 0); /* there is nothing that it could finish */
	assert_int_equal(world.log[0][world.count[0] - 1].type, TT_DCS_ASSOCIATION_CLOSED);
	assert_int_equal(world.log[0][world.count[0] - 1].reason, TAUT_REASON_SCTP_UNREACHABLE);
	taut_channel none;
	assert_int_equal(tt_dcs_create(world.d[0], world.sim.now, &(struct tt_dcs_init){ 0 }, &none),
	                 TAUT_E_STATE);
	finish();
}

static void shutdown_delivers_and_closes(void **state)
{
	taut_channel ch[2];

	(void)state;
	begin(13, NULL, NULL);
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	for (int n = 0; n < 100; n++)
		say(0, ch[0], "message");
	tt_dcs_shutdown(world.d[0], world.sim.now);
	run(5 * SECOND);
	assert_int_equal(world.messages[1], 100);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(count(i, TT_DCS_CLOSE), 1);
		assert_int_equal(count(i, TT_DCS_ASSOCIATION_CLOSED), 1);
	}
	finish();
}

static void unreliable_channels_are_told_to_the_peer(void **state)
{
	taut_channel ch[2];

	(void)state;
	begin(14, NULL, NULL);
	connect_both();
	open_pair(&(struct tt_dcs_init){ .unordered = true, .limit_retransmits = true,
	                                 .max_retransmits = 3 }, ch);
	const struct channel *c = tt_dcs_find(world.d[1], ch[1]);
	assert_true(c->unordered && c->limit_retransmits && !c->limit_lifetime);
	assert_int_equal(c->reliability, 3);
	open_pair(&(struct tt_dcs_init){ .limit_lifetime = true, .max_packet_life_time = 250 }, ch);
	c = tt_dcs_find(world.d[1], ch[1]);
	assert_true(!c->unordered && !c->limit_retransmits && c->limit_lifetime);
	assert_int_equal(c->reliability, 250);
	finish();
}

/* ---- priorities: RFC 8831 section 6.4 ---- */

static uint16_t weight_of(int i, taut_channel ch)
{
	const struct tt_sctp *s = world.d[i]->sctp;
	const int32_t id = tt_dcs_info(world.d[i], ch)->id;

	assert_in_range(id, 0, s->queue.count - 1);
	return s->queue.round.turns[id].weight;
}

/* RFC 8832 section 5.1 */
static void the_peer_sends_with_the_priority_it_is_told(void **state)
{
	static const uint16_t said[] = { 0, 1, 128, 1024, 65535 };
	taut_channel ch[2];

	(void)state;
	begin(50, NULL, NULL);
	connect_both();
	for (size_t n = 0; n < TT_COUNT(said); n++) {
		const uint16_t meant = said[n] ? said[n] : TT_DCS_NORMAL;
		open_pair(&(struct tt_dcs_init){ .priority = said[n] }, ch);
		for (int i = 0; i < 2; i++) {
			assert_int_equal(tt_dcs_info(world.d[i], ch[i])->priority, meant);
			assert_int_equal(weight_of(i, ch[i]), meant); /* of OPEN, and of ACK */
			assert_int_equal(say(i, ch[i], "x"), 0);
			assert_int_equal(weight_of(i, ch[i]), meant);
		}
	}
	finish();
}

/* Some write 0 because they know no priorities: that is no reason to send them less. */
static void an_open_without_a_priority_means_the_normal_one(void **state)
{
	static const uint8_t open[12] = { DCEP_OPEN };

	(void)state;
	begin(51, NULL, NULL);
	connect_both();
	assert_int_equal(tt_sctp_send(world.d[0]->sctp, world.sim.now, 0, PPID_DCEP, NULL, open,
				      sizeof open),
			 0);
	run(SECOND);
	assert_int_equal(tt_dcs_info(world.d[1], find(1, TT_DCS_CHANNEL, 0)->channel)->priority,
			 TT_DCS_NORMAL);
	finish();
}

/* Nobody is told of a negotiated one's, and the next channel of a stream has its own. */
static void a_priority_is_of_a_channel_and_not_of_its_stream(void **state)
{
	struct tt_dcs_init init = { .negotiated = true, .id = 6, .priority = 1024 };
	taut_channel ch[2];

	(void)state;
	begin(52, NULL, NULL);
	connect_both();
	for (int round = 0; round < 2; round++) {
		init.priority = round ? 0 : 1024;
		ch[0] = create(0, &init);
		init.priority = 512;
		ch[1] = create(1, &init);
		run(SECOND);
		for (int i = 0; i < 2; i++)
			assert_int_equal(say(i, ch[i], "x"), 0);
		assert_int_equal(weight_of(0, ch[0]), round ? TT_DCS_NORMAL : 1024);
		assert_int_equal(weight_of(1, ch[1]), 512);
		tt_dcs_close(world.d[0], world.sim.now, ch[0]);
		run(5 * SECOND);
	}
	finish();
}

/* ---- hostile, D20 ---- */

static size_t open_bytes(uint8_t *out, size_t cap, const char *label)
{
	struct wr w = wr_make(out, cap);

	tt_dcs_write_open(&w, &(struct dcep_open){ .label = span_of(label) });
	return wr_len(&w);
}

static void give(int from, uint16_t stream, uint32_t ppid, const void *data, size_t len)
{
	assert_int_equal(tt_sctp_send(world.d[from]->sctp, world.sim.now, stream, ppid, NULL, data, len), 0);
	run(SECOND);
}

static void an_open_that_is_wrong_opens_nothing(void **state)
{
	uint8_t open[64], bad[64];
	size_t len = open_bytes(open, sizeof open, "label");

	(void)state;
	begin(15, NULL, NULL);
	connect_both();
	give(0, 1, PPID_DCEP, open, len); /* odd: the other end's */
	for (size_t cut = 1; cut < len; cut++)
		give(0, 2, PPID_DCEP, open, cut);
	memcpy(bad, open, len);
	bad[len] = 0;
	give(0, 4, PPID_DCEP, bad, len + 1);
	bad[8] = 0xff, bad[9] = 0xff; /* label length */
	give(0, 6, PPID_DCEP, bad, len);
	memcpy(bad, open, len);
	bad[1] = 3; /* channel type */
	give(0, 8, PPID_DCEP, bad, len);
	give(0, 10, PPID_DCEP, "\2", 1); /* ACK without OPEN */
	give(0, 10, PPID_DCEP, "\7", 1);
	give(0, 10, PPID_TEXT, "x", 1);
	assert_int_equal(count(1, TT_DCS_CHANNEL), 0);
	assert_int_equal(world.messages[1], 0);
	assert_int_equal(count(1, TT_DCS_ASSOCIATION_CLOSED), 0);
	give(0, 12, PPID_DCEP, open, len);
	give(0, 12, PPID_DCEP, open, len); /* twice */
	assert_int_equal(count(1, TT_DCS_CHANNEL), 1);
	assert_int_equal(count(1, TT_DCS_CLOSE), 0);
	finish();
}

static void opens_without_end_stop_at_the_limit(void **state)
{
	uint8_t open[64];
	size_t len = open_bytes(open, sizeof open, "label");

	(void)state;
	begin(16, NULL, &(struct tt_dcs_config){ .max_channels = 100 });
	connect_both();
	for (uint16_t stream = 0; stream < 1024; stream += 2)
		tt_sctp_send(world.d[0]->sctp, world.sim.now, stream, PPID_DCEP, NULL, open, len);
	run(10 * SECOND);
	assert_int_equal(count(1, TT_DCS_CHANNEL), 100);
	assert_int_equal(count(1, TT_DCS_ASSOCIATION_CLOSED), 0);
	assert_true(world.sim.env[1].memory < 262144);
	finish();
}

static void a_payload_protocol_nobody_knows_closes_the_channel(void **state)
{
	static const uint32_t ppids[] = { 0, 49, 52, 54, 55, 58, 0xffffffff };

	(void)state;
	begin(17, NULL, NULL);
	connect_both();
	for (size_t i = 0; i < sizeof ppids / sizeof ppids[0]; i++) {
		taut_channel ch[2];
		open_pair(&(struct tt_dcs_init){ 0 }, ch);
		give(0, 0, ppids[i], "part", 4);
		run(5 * SECOND);
		for (int k = 0; k < 2; k++) {
			assert_int_equal(count(k, TT_DCS_CLOSE), i + 1);
			assert_int_equal(count(k, TT_DCS_CLOSING), i + 1);
			assert_int_equal(find(k, TT_DCS_CLOSING, i)->reason,
			                 k == 1 ? TAUT_REASON_CHANNEL_UNKNOWN_PPID
			                        : TAUT_REASON_CHANNEL_CLOSED_BY_PEER);
		}
	}
	assert_int_equal(world.messages[1], 0);
	finish();
}

static void an_echo_may_send_what_it_was_lent(void **state)
{
	taut_channel ch[2];

	(void)state;
	begin(18, NULL, NULL);
	world.echo[1] = true;
	connect_both();
	open_pair(&(struct tt_dcs_init){ 0 }, ch);
	static uint8_t data[60000];
	for (int n = 0; n < 20; n++)
		assert_int_equal(tt_dcs_send(world.d[0], world.sim.now, ch[0], true, data, sizeof data), 0);
	run(20 * SECOND);
	assert_int_equal(world.bytes[0], 20 * sizeof data);
	finish();
}

static int refuse_after;
static void *failing_realloc(void *ctx, void *p, size_t size)
{
	(void)ctx;
	if (size == 0) {
		free(p);
		return NULL;
	}
	return refuse_after-- > 0 ? realloc(p, size) : NULL;
}

static void no_memory_at_any_moment_does_no_harm(void **state)
{
	(void)state;
	for (int n = 0; n < 120; n++) {
		begin(19, NULL, NULL);
		world.sim.env[1].realloc = failing_realloc;
		refuse_after = 1 << 30;
		connect_both();
		refuse_after = n;
		taut_channel ch = create(0, &(struct tt_dcs_init){ .label = "x" });
		static uint8_t data[5000];
		for (int k = 0; k < 20; k++)
			tt_dcs_send(world.d[0], world.sim.now, ch, true, data, sizeof data);
		taut_channel mine;
		tt_dcs_create(world.d[1], world.sim.now, &(struct tt_dcs_init){ .label = "y" }, &mine);
		run(SECOND);
		refuse_after = 1 << 30;
		run(60 * SECOND);
		assert_int_equal(count(1, TT_DCS_ASSOCIATION_CLOSED), 0);
		assert_int_equal(tt_dcs_count(world.d[0]).flight, 0);
		finish();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_channel_opens_and_carries_both_ways),
		cmocka_unit_test(empty_messages_and_kinds_arrive_as_they_left),
		cmocka_unit_test(messages_sent_right_after_open_arrive),
		cmocka_unit_test(an_unordered_message_does_not_pass_its_open),
		cmocka_unit_test(closing_is_seen_at_both_ends_and_frees_the_stream),
		cmocka_unit_test(a_stream_opened_again_at_once_works),
		cmocka_unit_test(both_ends_close_at_once),
		cmocka_unit_test(
			a_stream_opened_again_and_closed_before_the_answer_is_heard_closes),
		cmocka_unit_test(a_channel_that_ends_unasked_says_first_that_it_closes),
		cmocka_unit_test(a_message_that_is_too_large_closes_its_channel),
		cmocka_unit_test(a_channel_that_an_abort_ends_has_its_cause),
		cmocka_unit_test(events_of_a_short_life_come_in_order),
		cmocka_unit_test(two_hundred_channels_from_each_end),
		cmocka_unit_test(negotiated_channels_speak_no_dcep),
		cmocka_unit_test(a_negotiated_channel_closed_before_it_was_open_ends_at_both),
		cmocka_unit_test(creation_is_checked),
		cmocka_unit_test(what_is_larger_than_the_peer_takes_is_refused),
		cmocka_unit_test(the_buffered_amount_goes_up_and_down_and_says_so_once),
		cmocka_unit_test(a_threshold_that_moves_counts_from_then_on),
		cmocka_unit_test(a_full_association_says_again_and_then_low),
		cmocka_unit_test(what_was_refused_and_then_taken_is_not_waited_for),
		cmocka_unit_test(a_smaller_one_that_is_taken_does_not_stand_for_it),
		cmocka_unit_test(a_dead_peer_closes_every_channel),
		cmocka_unit_test(shutdown_delivers_and_closes),
		cmocka_unit_test(unreliable_channels_are_told_to_the_peer),
		cmocka_unit_test(the_peer_sends_with_the_priority_it_is_told),
		cmocka_unit_test(an_open_without_a_priority_means_the_normal_one),
		cmocka_unit_test(a_priority_is_of_a_channel_and_not_of_its_stream),
		cmocka_unit_test(an_open_that_is_wrong_opens_nothing),
		cmocka_unit_test(opens_without_end_stop_at_the_limit),
		cmocka_unit_test(a_payload_protocol_nobody_knows_closes_the_channel),
		cmocka_unit_test(an_echo_may_send_what_it_was_lent),
		cmocka_unit_test(no_memory_at_any_moment_does_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
