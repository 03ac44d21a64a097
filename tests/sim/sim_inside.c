/* sim_inside.c - see sim_inside.h. */
#include "sim/sim_inside.h"

#include "peer/pc.h"
#include "taut/drop.h"

/* ---- what it is about to do ---- */

/* Whoever waits for something wakes up by itself: where no timer is armed, all is over or nothing has
 * begun. */
static void look_at_timers(struct world_peer *p)
{
	const uint32_t state = taut_pc_connection_state(p->pc);

	if (state != TAUT_STATE_NEW && state < TAUT_STATE_FAILED &&
	    taut_pc_deadline(p->pc, NULL) == INT64_MAX)
		world_fail(p->world, "%s: waits, and no timer is armed", p->cfg.name);
}

/* Who has been asked for all and has said nothing more has nothing more to say, whether or not it is
 * asked as if something had happened; and it wants no turn before its time. */
static void look_at_silence(struct world_peer *p)
{
	struct taut_pc *pc = p->pc;
	const taut_time now = p->world->now;
	uint8_t buf[2048];
	struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = sizeof buf };

	if (taut_pc_deadline(pc, NULL) <= now)
		return;
	if (taut_env_ready(p->env, now))
		world_fail(p->world, "%s: wants a turn, and has nothing to do", p->cfg.name);
	pc_touch(pc, now);
	const struct taut_io *io = taut_pc_poll_io(pc);
	const struct taut_event *ev = taut_pc_poll_event(pc);
	const bool sends = taut_pc_poll_send(pc, now, &d) != 0;
	if (io || ev || sends)
		world_fail(p->world, "%s: was silent, and had %s %u", p->cfg.name,
			   io   ? "a request of kind"
			   : ev ? "an event of type"
				: "a datagram, first octet",
			   io   ? io->kind
			   : ev ? ev->type
				: buf[0]);
}

void sim_inside_step(struct world_peer *p, size_t send_buffer)
{
	if (!p->pc)
		return;
	sim_check_ceilings(p, send_buffer);
	look_at_timers(p);
	look_at_silence(p);
}

/* ---- refused input changes nothing ---- */

/* Packets refused as a whole, by ICE, demultiplexing or SRTP, and a DTLS record that is alone in its
 * datagram. (Others are refused one by one, as is all above DTLS, where a duplicate is answered: RFC
 * 9260 section 6.2. An answer from another address than was asked is refused and fails the pair: RFC
 * 8445 section 7.2.5.2.1.) */
static uint64_t refused(const struct sim_inside *a, const struct taut_pc *pc)
{
	uint64_t n = 0;

	for (uint32_t r = 1; r < TAUT_DROPS; r++) {
		const struct taut_drop_info *d = taut_drop_info(r);
		if (r != TAUT_DROP_ICE_ASYMMETRIC && d->what == TAUT_DROP_IN &&
		    (d->layer == TAUT_LAYER_ICE || d->layer == TAUT_LAYER_PEER ||
		     d->layer == TAUT_LAYER_SRTP || (d->layer == TAUT_LAYER_DTLS && a->one_record)))
			n += taut_pc_drop_count(pc, r);
	}
	return n;
}

void sim_inside_before(struct sim_inside *a, struct world_peer *p, const uint8_t *data, size_t len)
{
	if (!p->pc)
		return;
	/* After a jump of the clock, or due at this very moment: what time brings happens with the packet. */
	a->overdue = taut_pc_deadline(p->pc, NULL) <= p->world->now;
	a->one_record = len >= 13 && (size_t)(data[11] << 8 | data[12]) == len - 13;
	a->dropped_before = refused(a, p->pc);
	a->held_before = p->pc->held_count;
	state_take(&a->before, p->pc);
}

void sim_inside_after(struct sim_inside *a, struct world_peer *p)
{
	struct state after;

	if (!p->pc || a->overdue || refused(a, p->pc) == a->dropped_before)
		return;
	if (p->pc->held_count < a->held_before)
		return; /* what was refused is media that had waited for the keys this packet brought */
	state_take(&after, p->pc);
	const char *part = state_differs(&a->before, &after);
	if (state_records_differ(&a->before, &after))
		part = "the numbers of DTLS records";
	a->refused++;
	if (part)
		world_fail(p->world, "%s: a packet was refused, and yet it changed %s", p->cfg.name,
			   part);
}
