/* scenario_run.c - lets a scenario happen, and judges what it claims; see scenario.h. */
#include "run/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "run/session_int.h"

#define UP_MOST (120 * (taut_time)SECOND) /* no longer is waited for "up" */

enum { KINDS = 5, STATES = 8 };

struct scenario_run {
	const struct scenario *sc;
	struct session *s;
	bool up;
	taut_time up_at;
	struct {
		taut_time state_at[STATES], milestone_at[STATES]; /* the first time; 0: never */
		unsigned sent[KINDS];                             /* datagrams, for the drops */
	} sides[2];
};

static taut_time moment_at(const struct scenario_run *run, const struct scenario_moment *m)
{
	return (m->after_up ? run->up_at : run->s->world->start) + m->at;
}

#define FAIL(run, l, a, fmt, ...)                                                                  \
	world_fail((run)->s->world, "%s:%u: %s " fmt, (run)->sc->path, (l)->line,                  \
		   (a)->peer.cfg.name, __VA_ARGS__)

/* ---- steps ---- */

static void expect_ok(const struct scenario_run *run, const struct scenario_line *l,
		      const struct side *a, int result)
{
	if (result != TAUT_OK)
		FAIL(run, l, a, "gets error %d: %s", result, taut_pc_error(a->peer.pc)->message);
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
	case DO_LINK:
		replace_link(s, a, &l->link);
		break;
	default:
		break;
	}
}

/* What a side does. */
static void act(struct scenario_run *run, const struct scenario_line *l, struct side *a)
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

/* ---- claims ---- */

static uint64_t count_of(const struct side *a, unsigned counter)
{
	struct taut_counters c = { .size = sizeof c };

	if (a->peer.pc)
		taut_pc_get_counters(a->peer.pc, &c);
	const uint64_t all[] = {
		[COUNT_MESSAGES] = a->messages_in,
		[COUNT_AUDIO] = a->audio_received,
		[COUNT_VIDEO] = a->video_received,
		[COUNT_STUN] = a->peer.watch.sent_stun,
		[COUNT_DTLS] = a->peer.watch.sent_dtls,
		[COUNT_MEDIA] = a->peer.watch.sent_media,
		[COUNT_DESCRIPTIONS] = a->offers,
		[COUNT_RESENT] = c.rtp_packets_resent,
		[COUNT_PLIS] = c.plis_sent,
		[COUNT_DROPPED] = c.packets_dropped,
	};

	return all[counter];
}

static uint64_t sent_to(const struct side *a, unsigned counter)
{
	const struct side *from = &a->s->sides[1 - a->index];

	return counter == COUNT_MESSAGES ? from->messages_out
	       : counter == COUNT_AUDIO  ? from->audio_sent
					 : from->video_sent;
}

static void check_count(const struct scenario_run *run, const struct scenario_line *l,
			const struct side *a)
{
	uint64_t count = count_of(a, l->word), want = (uint64_t)l->number;
	uint64_t whole = l->percent ? sent_to(a, l->word) : 1;
	uint64_t is = l->percent ? count * 100 : count;

	want *= whole;
	if ((l->compare == '=' && is == want) || (l->compare == '>' && is >= want) ||
	    (l->compare == '<' && is <= want))
		return;
	if (l->percent)
		FAIL(run, l, a, "has %llu of %llu %s, not %c %lld %%", (unsigned long long)count,
		     (unsigned long long)whole, scenario_counters[l->word], l->compare,
		     (long long)l->number);
	else
		FAIL(run, l, a, "has %llu %s, not %c %lld", (unsigned long long)count,
		     scenario_counters[l->word], l->compare, (long long)l->number);
}

static void check_by(const struct scenario_run *run, const struct scenario_line *l,
		     const struct side *a, taut_time at, const char *name)
{
	if (at == 0)
		FAIL(run, l, a, "is never \"%s\"", name);
	else if (l->by.after_up && !run->up)
		FAIL(run, l, a, "is \"%s\", but both were never connected", name);
	else if (at > moment_at(run, &l->by))
		FAIL(run, l, a, "is \"%s\" only at %.3f s", name,
		     (double)(at - run->s->world->start) / 1e6);
}

static void check(const struct scenario_run *run, const struct scenario_line *l,
		  const struct side *a)
{
	const taut_pc *pc = a->peer.pc;
	const taut_time *states = run->sides[a->index].state_at;
	uint32_t is;

	switch (l->what) {
	case IS_STATE:
		is = pc ? taut_pc_connection_state(pc) : TAUT_STATE_CLOSED;
		if (is != l->word)
			FAIL(run, l, a, "is \"%s\", not \"%s\"", scenario_states[is],
			     scenario_states[l->word]);
		break;
	case WAS_STATE:
		check_by(run, l, a, states[l->word], scenario_states[l->word]);
		break;
	case NEVER_STATE:
		if (states[l->word] > 0)
			FAIL(run, l, a, "is \"%s\" at %.3f s", scenario_states[l->word],
			     (double)(states[l->word] - run->s->world->start) / 1e6);
		break;
	case WAS_MILESTONE:
		check_by(run, l, a, run->sides[a->index].milestone_at[l->word],
			 scenario_milestones[l->word]);
		break;
	case IS_REASON:
		if (a->end_reason != l->word)
			FAIL(run, l, a, "ends for the reason \"%s\", not \"%s\"",
			     scenario_reason_word(a->end_reason), scenario_reason_word(l->word));
		break;
	case IS_SIGNALING:
		is = pc ? taut_pc_signaling_state(pc) : TAUT_SIGNALING_CLOSED;
		if (is != l->word)
			FAIL(run, l, a, "has signaling state \"%s\", not \"%s\"",
			     scenario_signaling[is], scenario_signaling[l->word]);
		break;
	default:
		check_count(run, l, a);
	}
}

/* ---- the course ---- */

static void happens(void *arg, uint64_t number)
{
	struct scenario_run *run = arg;
	const struct scenario_line *l = &run->sc->lines[number];

	for (int i = 0; i < 2; i++) {
		struct side *a = &run->s->sides[i];
		if (!(l->who & 1u << i))
			continue;
		if (l->what >= IS_STATE)
			check(run, l, a);
		else if (!a->peer.pc)
			FAIL(run, l, a, "%s", "is gone and can do nothing");
		else
			act(run, l, a);
	}
	/* After all of it: what both do at one moment crosses on the way. */
	for (int i = 0; i < 2; i++)
		world_peer_pump(&run->s->sides[i].peer);
}

static void plan_lines(struct scenario_run *run, bool after_up)
{
	for (size_t i = 0; i < run->sc->line_count; i++) {
		const struct scenario_line *l = &run->sc->lines[i];
		if (!l->at_end && l->when.after_up == after_up)
			world_at(run->s->world, moment_at(run, &l->when), happens, run, i);
	}
}

void scenario_event(struct side *a, const struct taut_event *ev)
{
	struct scenario_run *run = a->s->scenario;
	bool state = ev->type == TAUT_EV_CONNECTION_STATE;

	if ((!state && ev->type != TAUT_EV_MILESTONE) || ev->number >= STATES)
		return;
	taut_time *first = state ? &run->sides[a->index].state_at[ev->number]
				 : &run->sides[a->index].milestone_at[ev->number];
	if (*first == 0)
		*first = a->s->world->now;
	if (run->up || run->sides[0].state_at[TAUT_STATE_CONNECTED] == 0 ||
	    run->sides[1].state_at[TAUT_STATE_CONNECTED] == 0)
		return;
	run->up = true;
	run->up_at = a->s->world->now;
	plan_lines(run, true);
}

static unsigned kind_of(const uint8_t *data)
{
	enum { STUN = 1, DTLS, DATA, MEDIA };

	if (data[0] <= 3)
		return STUN;
	if (data[0] >= 128)
		return MEDIA;
	return data[0] == 23 ? DATA : DTLS; /* RFC 6347 section 4.1: application_data */
}

bool scenario_lets(struct world_peer *p, const uint8_t *data, size_t len)
{
	const struct side *a = p->cfg.user;
	struct scenario_run *run = a->s->scenario;
	unsigned *sent = run->sides[a->index].sent, kind = kind_of(data);
	bool lets = true;

	(void)len;
	for (size_t i = 0; i < run->sc->drop_count; i++) {
		const struct scenario_drop *d = &run->sc->drops[i];
		bool meant = d->who & 1u << a->index && (d->kind == 0 || d->kind == kind);
		lets &= !(meant && sent[d->kind] >= d->from && sent[d->kind] <= d->to);
	}
	sent[0]++;
	sent[kind]++;
	return lets;
}

static bool is_up(void *user)
{
	return ((struct scenario_run *)user)->up;
}

static void run_to_the_end(struct scenario_run *run)
{
	struct world *w = run->s->world;

	plan_lines(run, false);
	if (run->sc->end.after_up && !world_run(w, w->start + UP_MOST, is_up, run)) {
		world_fail(w, "%s:%u: both are never connected", run->sc->path, run->sc->end_line);
		return;
	}
	world_run(w, moment_at(run, &run->sc->end), NULL, NULL);
}

static void judge(const struct scenario_run *run)
{
	for (size_t i = 0; i < run->sc->line_count; i++)
		for (int k = 0; k < 2; k++) {
			const struct scenario_line *l = &run->sc->lines[i];
			if (l->at_end && l->who & 1u << k)
				check(run, l, &run->s->sides[k]);
		}
	for (int k = 0; k < 2; k++)
		if (run->s->sides[k].broken > 0)
			world_fail(run->s->world, "%s: %u video frames are broken",
				   run->s->sides[k].peer.cfg.name, run->s->sides[k].broken);
}

void scenario_run(const struct scenario *sc, uint64_t seed, const struct session_options *options,
		  struct session_result *out)
{
	struct session *s = calloc(1, sizeof *s);
	struct scenario_run run = { .sc = sc, .s = s };

	if (!s)
		abort();
	*out = (struct session_result){ 0 };
	s->options = options;
	s->plan = sc->plan;
	s->plan.seed = seed;
	s->scenario = &run;
	session_open(s);
	run_to_the_end(&run);
	judge(&run);
	out->connected = run.up;
	out->connect_time = run.up ? run.up_at - s->world->start : 0;
	session_close(s, out);
	free(s);
}
