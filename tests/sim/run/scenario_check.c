/* scenario_check.c - what a scenario claims, judged at its moment or when all is over. */
#include <stdlib.h>
#include <string.h>

#include "run/scenario_run.h"

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
	if (whole == 0)
		SCENARIO_FAIL(run, l, a, "was sent no %s, of which a share should come", scenario_counters[l->word]);
	if ((l->compare == '=' && is == want) || (l->compare == '>' && is >= want) ||
	    (l->compare == '<' && is <= want))
		return;
	if (l->percent)
		SCENARIO_FAIL(run, l, a, "has %llu of %llu %s, not %c %lld %%",
			      (unsigned long long)count, (unsigned long long)whole,
			      scenario_counters[l->word], l->compare, (long long)l->number);
	else
		SCENARIO_FAIL(run, l, a, "has %llu %s, not %c %lld", (unsigned long long)count,
			      scenario_counters[l->word], l->compare, (long long)l->number);
}

static void check_by(const struct scenario_run *run, const struct scenario_line *l,
		     const struct side *a, taut_time at, const char *name)
{
	if (at == 0)
		SCENARIO_FAIL(run, l, a, "is never \"%s\"", name);
	else if (l->by.after_up && !run->up)
		SCENARIO_FAIL(run, l, a, "is \"%s\", but both were never connected", name);
	else if (at > scenario_moment_at(run, &l->by))
		SCENARIO_FAIL(run, l, a, "is \"%s\" only at %.3f s", name,
			      (double)(at - run->s->world->start) / 1e6);
}

void scenario_check(const struct scenario_run *run, const struct scenario_line *l,
		    const struct side *a)
{
	const taut_pc *pc = a->peer.pc;
	const taut_time *states = run->sides[a->index].state_at;
	uint32_t is;

	switch (l->what) {
	case IS_STATE:
		is = pc ? taut_pc_connection_state(pc) : TAUT_STATE_CLOSED;
		if (is != l->word)
			SCENARIO_FAIL(run, l, a, "is \"%s\", not \"%s\"", scenario_states[is],
				      scenario_states[l->word]);
		break;
	case WAS_STATE:
		check_by(run, l, a, states[l->word], scenario_states[l->word]);
		break;
	case NEVER_STATE:
		if (states[l->word] > 0)
			SCENARIO_FAIL(run, l, a, "is \"%s\" at %.3f s", scenario_states[l->word],
				      (double)(states[l->word] - run->s->world->start) / 1e6);
		break;
	case WAS_MILESTONE:
		check_by(run, l, a, run->sides[a->index].milestone_at[l->word],
			 scenario_milestones[l->word]);
		break;
	case IS_REASON:
		if (a->end_reason != l->word)
			SCENARIO_FAIL(run, l, a, "ends for the reason \"%s\", not \"%s\"",
				      scenario_reason_word(a->end_reason),
				      scenario_reason_word(l->word));
		break;
	case IS_SIGNALING:
		is = pc ? taut_pc_signaling_state(pc) : TAUT_SIGNALING_CLOSED;
		if (is != l->word)
			SCENARIO_FAIL(run, l, a, "has signaling state \"%s\", not \"%s\"",
				      scenario_signaling[is], scenario_signaling[l->word]);
		break;
	default:
		check_count(run, l, a);
	}
}
