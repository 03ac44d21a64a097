/* scenario_act.c - the steps of a scenario, each when its moment has come. */
#include <stdlib.h>
#include <string.h>

#include "run/scenario_run.h"

static void expect_ok(const struct scenario_run *run, const struct scenario_line *l,
		      const struct side *a, int result)
{
	if (result != TAUT_OK)
		SCENARIO_FAIL(run, l, a, "gets error %d: %s", result,
			      taut_pc_error(a->peer.pc)->message);
}

static void add(struct scenario_run *run, const struct scenario_line *l, struct side *a)
{
	const struct taut_data_channel_init channel = { .size = sizeof channel, .label = "bulk" };
	taut_time now = run->s->world->now;

	for (uint32_t kind = TAUT_AUDIO; kind <= TAUT_VIDEO; kind++) {
		const struct taut_transceiver_init init = { .size = sizeof init,
							    .kind = kind,
							    .stream_id = "s" };
		if (l->number & 1 << kind)
			expect_ok(run, l, a,
				  taut_pc_add_transceiver(a->peer.pc, now, &init,
							  &a->tracks[kind - 1]));
	}
	if (l->number & 1 << 3) {
		run->s->plan.offerer = a->index;
		expect_ok(run, l, a,
			  taut_pc_create_data_channel(a->peer.pc, now, &channel, &a->made));
	}
}

static void leave(struct scenario_run *run, struct side *a, bool goodbye)
{
	a->left = a->ended = true;
	if (goodbye)
		taut_pc_close(a->peer.pc, run->s->world->now);
	else
		world_peer_free(&a->peer);
}

/* Addresses that nobody has: of TEST-NET-2, RFC 5737. */
static void flood(struct side *a, int64_t count)
{
	char text[128];

	for (int64_t i = 0; i < count; i++) {
		snprintf(text, sizeof text,
			 "candidate:f%lld 1 udp %lld 198.51.100.%lld %lld typ host", (long long)i,
			 2000000000 - (long long)i, 100 + (long long)i % 100, 20000 + (long long)i);
		world_signal_send(&a->out, &(struct world_note){ 0, text, "0" });
	}
}

static void replace_link(struct session *s, const struct side *a,
			 const struct world_link_config *link)
{
	for (int i = 0; i < s->world->iface_count; i++) {
		struct world_iface *f = &s->world->ifaces[i];
		if (f->host == a->peer.host)
			f->in.cfg = f->out.cfg = *link;
	}
}

static void rebind(struct session *s)
{
	for (int i = 0; i < s->world->net_count; i++)
		if (s->world->nets[i].nat)
			world_nat_rebind(s->world->nets[i].nat);
}

/* What befalls a side from outside. */
static void befall(struct scenario_run *run, const struct scenario_line *l, struct side *a)
{
	struct session *s = run->s;

	switch (l->what) {
	case DO_SLEEP:
		world_peer_sleep(&a->peer, s->world->now + l->number);
		break;
	case DO_INTERFACE:
		if (l->word == 2)
			session_interface(s, a->index, (int)l->number, false, false);
		session_interface(s, a->index, (int)l->number, l->word > 0, l->word == 2);
		break;
	case DO_HOLE:
		session_hole(s, a->index, l->word);
		break;
	case DO_REBIND:
		rebind(s);
		break;
	case DO_WALL:
		session_wall_jump(a, l->number);
		break;
	case DO_FLOOD:
		flood(a, l->number);
		break;
	case DO_BACK: /* it is one clock: with "both" it is turned twice */
		world_turn_back(s->world, l->number);
		break;
	case DO_LINK:
		replace_link(s, a, &l->link);
		break;
	default:
		break;
	}
}

/* What a side does. */
void scenario_act(struct scenario_run *run, const struct scenario_line *l, struct side *a)
{
	taut_time now = run->s->world->now;

	switch (l->what) {
	case DO_ADD:
		add(run, l, a);
		break;
	case DO_DIRECT:
		expect_ok(run, l, a,
			  taut_pc_set_direction(a->peer.pc, now, a->tracks[l->word - 1],
						(uint32_t)l->number));
		break;
	case DO_SEND:
		a->wanted += (unsigned)l->number;
		a->wanted_size = (size_t)l->number2;
		session_send_messages(a);
		break;
	case DO_RESTART:
		session_restart(a);
		break;
	case DO_ROLLBACK:
		expect_ok(
			run, l, a,
			taut_pc_set_local_description(a->peer.pc, now, TAUT_SDP_ROLLBACK, NULL, 0));
		break;
	case DO_HOLD:
		a->holds = true;
		break;
	case DO_RELEASE:
		session_release(a);
		break;
	case DO_FORGET:
		session_forget(a);
		break;
	case DO_FORGE:
		a->forges = true;
		break;
	case DO_CLOSE:
	case DO_VANISH:
		leave(run, a, l->what == DO_CLOSE);
		break;
	default:
		befall(run, l, a);
	}
}
