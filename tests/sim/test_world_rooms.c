/* test_world_rooms.c - the relay's rooms as a way between the applications of the simulated world. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <string.h>

#include "base/num.h"
#include "world/world_rooms.h"

#define MS     INT64_C(1000)
#define SECOND INT64_C(1000000)

struct who {
	struct world_member member;
	struct world *world;
	unsigned here, gone, notes, refused, closed, polite;
	char id[32], name[32], reason[32], from[32], code[32];
	uint32_t type;
	char text[64], mid[16];
	bool has_text;
	taut_time heard_at;
};

struct room {
	struct world *world;
	struct world_rooms *rooms;
	struct who who[4];
};

static void keep(char *out, size_t cap, const char *text)
{
	snprintf(out, cap, "%s", text ? text : "");
}

static void on_here(struct world_member *m, const char *id, const char *name, bool polite)
{
	struct who *w = m->user;

	w->here++;
	w->polite += polite;
	keep(w->id, sizeof w->id, id);
	keep(w->name, sizeof w->name, name);
	w->heard_at = w->world->now;
}

static void on_gone(struct world_member *m, const char *id, const char *reason)
{
	struct who *w = m->user;

	w->gone++;
	keep(w->id, sizeof w->id, id);
	keep(w->reason, sizeof w->reason, reason);
}

static void on_note(struct world_member *m, const char *from, const struct world_note *note)
{
	struct who *w = m->user;

	w->notes++;
	w->type = note->type;
	w->has_text = note->text != NULL;
	keep(w->from, sizeof w->from, from);
	keep(w->text, sizeof w->text, note->text);
	keep(w->mid, sizeof w->mid, note->mid);
	w->heard_at = w->world->now;
}

static void on_refused(struct world_member *m, const char *code, const char *text)
{
	struct who *w = m->user;

	(void)text;
	w->refused++;
	keep(w->code, sizeof w->code, code);
}

static void on_closed(struct world_member *m)
{
	((struct who *)m->user)->closed++;
}

static void wait(struct room *r, taut_time duration)
{
	world_run(r->world, r->world->now + duration, NULL, NULL);
}

static void join(struct room *r, int i)
{
	static const struct world_member_ops ops = { .here = on_here,
						     .gone = on_gone,
						     .note = on_note,
						     .refused = on_refused,
						     .closed = on_closed };
	static const char *const names[] = { "ada", "bob", "cyd", "dan" };

	r->who[i].world = r->world;
	world_rooms_join(r->rooms, &r->who[i].member, (unsigned)(10 * i), "tea", names[i], 20 * MS,
			 0, &ops, &r->who[i]);
	wait(r, SECOND);
}

static struct room *fresh(int count)
{
	static struct room r;

	r = (struct room){ .world = world_new(1) };
	r.rooms = world_rooms_new(r.world);
	for (int i = 0; i < count; i++)
		join(&r, i);
	return &r;
}

static void finish(struct room *r)
{
	world_rooms_free(r->rooms);
	assert_int_equal(r->world->failures, 0);
	world_free(r->world);
}

static void who_comes_hears_of_those_who_are_there_and_they_of_it(void **state)
{
	struct room *r = fresh(3);

	(void)state;
	assert_int_equal(r->who[0].here, 2);
	assert_int_equal(r->who[1].here, 2);
	assert_int_equal(r->who[2].here, 2);
	assert_string_equal(r->who[0].name, "cyd");
	assert_string_equal(r->who[0].id, r->who[2].member.id);
	assert_int_equal(strlen(r->who[0].member.id), 20);
	/* who was there first is impolite: one of each pair */
	assert_int_equal(r->who[0].polite, 0);
	assert_int_equal(r->who[1].polite, 1);
	assert_int_equal(r->who[2].polite, 2);
	finish(r);
}

static void a_note_takes_both_ways_to_the_relay(void **state)
{
	struct room *r = fresh(2);
	taut_time at = r->world->now;

	(void)state;
	world_rooms_say(&r->who[0].member, NULL,
			&(struct world_note){ TAUT_SDP_OFFER, "v=0", NULL });
	wait(r, SECOND);
	assert_int_equal(r->who[1].notes, 1);
	assert_int_equal(r->who[1].type, TAUT_SDP_OFFER);
	assert_string_equal(r->who[1].text, "v=0");
	assert_string_equal(r->who[1].from, r->who[0].member.id);
	assert_true(r->who[1].heard_at - at == 40 * MS);
	assert_int_equal(r->who[0].notes, 0);
	finish(r);
}

static void candidates_come_with_their_mid_and_an_end(void **state)
{
	struct room *r = fresh(2);

	(void)state;
	world_rooms_say(&r->who[0].member, NULL,
			&(struct world_note){ 0, "candidate:1 1 udp", "0" });
	wait(r, SECOND);
	assert_int_equal(r->who[1].type, 0);
	assert_string_equal(r->who[1].text, "candidate:1 1 udp");
	assert_string_equal(r->who[1].mid, "0");
	world_rooms_say(&r->who[0].member, NULL, &(struct world_note){ 0 });
	wait(r, SECOND);
	assert_int_equal(r->who[1].notes, 2);
	assert_false(r->who[1].has_text);
	finish(r);
}

static void a_note_to_one_is_heard_by_no_other(void **state)
{
	struct room *r = fresh(3);

	(void)state;
	world_rooms_say(&r->who[0].member, r->who[2].member.id,
			&(struct world_note){ TAUT_SDP_ANSWER, "v=0", NULL });
	wait(r, SECOND);
	assert_int_equal(r->who[1].notes, 0);
	assert_int_equal(r->who[2].notes, 1);
	assert_int_equal(r->who[2].type, TAUT_SDP_ANSWER);
	finish(r);
}

static void who_leaves_or_is_lost_is_missed(void **state)
{
	struct room *r = fresh(3);

	(void)state;
	world_rooms_leave(&r->who[0].member);
	wait(r, SECOND);
	assert_int_equal(r->who[1].gone, 1);
	assert_string_equal(r->who[1].reason, "left");
	assert_string_equal(r->who[1].id, r->who[0].member.id);
	world_rooms_lose(&r->who[2].member);
	wait(r, SECOND);
	assert_int_equal(r->who[1].gone, 2);
	assert_string_equal(r->who[1].reason, "gone");
	/* who has left may not speak there */
	world_rooms_say(&r->who[0].member, NULL,
			&(struct world_note){ TAUT_SDP_OFFER, "v=0", NULL });
	wait(r, SECOND);
	assert_string_equal(r->who[0].code, "not_in_room");
	assert_int_equal(r->who[1].notes, 0);
	finish(r);
}

static void more_messages_than_the_rate_are_read_later_and_in_order(void **state)
{
	struct room *r = fresh(2);
	taut_time at = r->world->now;
	char text[32] = "";

	(void)state;
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "candidate:%d", i);
		world_rooms_say(&r->who[0].member, NULL, &(struct world_note){ 0, text, "0" });
	}
	wait(r, 10 * SECOND);
	assert_int_equal(r->who[1].notes, 200);
	assert_string_equal(r->who[1].text, "candidate:199");
	/* a hundred at once, the others at fifty a second */
	assert_in_range(r->who[1].heard_at - at, 1900 * MS, 2100 * MS);
	finish(r);
}

static void who_speaks_nonsense_is_shown_the_door(void **state)
{
	struct room *r = fresh(2);

	(void)state;
	for (int i = 0; i < 5; i++)
		world_rooms_say_raw(&r->who[0].member, "{nonsense");
	wait(r, SECOND);
	assert_int_equal(r->who[0].refused, 5);
	assert_string_equal(r->who[0].code, "bad_json");
	assert_int_equal(r->who[0].closed, 1);
	assert_int_equal(r->who[1].gone, 1);
	finish(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_comes_hears_of_those_who_are_there_and_they_of_it),
		cmocka_unit_test(a_note_takes_both_ways_to_the_relay),
		cmocka_unit_test(candidates_come_with_their_mid_and_an_end),
		cmocka_unit_test(a_note_to_one_is_heard_by_no_other),
		cmocka_unit_test(who_leaves_or_is_lost_is_missed),
		cmocka_unit_test(more_messages_than_the_rate_are_read_later_and_in_order),
		cmocka_unit_test(who_speaks_nonsense_is_shown_the_door),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
