/* sctp_loan.c - the lender of a stream wants its memory back, whatever lies in it.
 *
 * A run in a loan is a header alone, in the array of incomplete messages, at its stream or in the
 * ready queue. Before anything moves there is room behind all of them, so that a failure changes
 * nothing. */
#include "sctp/rx/sctp_run.h"

typedef bool action(struct sctp_reassembly *r, struct sctp_run **run);

static bool each_of(struct sctp_reassembly *r, struct sctp_run **runs, size_t count, uint16_t stream,
		    action *act)
{
	for (size_t i = 0; i < count; i++)
		if (runs[i]->loan > 0 && runs[i]->stream == stream && !act(r, &runs[i]))
			return false;
	return true;
}

/* act may move a run. False: so it was for one, and the rest was not asked. */
static bool each(struct sctp_reassembly *r, uint16_t stream, action *act)
{
	struct sctp_run **at;

	if (!each_of(r, r->runs, r->count, stream, act))
		return false;
	if (stream < r->stream_count &&
	    !each_of(r, r->streams[stream].waiting, r->streams[stream].count, stream, act))
		return false;
	for (at = &r->ready; *at; at = &(*at)->next)
		if ((*at)->loan > 0 && (*at)->stream == stream && !act(r, at))
			return false;
	r->ready_tail = at;
	return true;
}

static bool make_room(struct sctp_reassembly *r, struct sctp_run **run)
{
	struct sctp_run *moved = tt_resize(r->env, *run, tt_sctp_run_cost((*run)->cap));

	if (!moved)
		return false;
	*run = moved;
	return true;
}

static bool bring_home(struct sctp_reassembly *r, struct sctp_run **run)
{
	tt_sctp_run_bring_home(r, *run);
	return true;
}

/* What came of it counts until it would have been delivered. */
static bool let_go(struct sctp_reassembly *r, struct sctp_run **run)
{
	tt_sctp_run_give_back(r, *run);
	(*run)->len = 0;
	(*run)->discard = (*run)->abandoned = true;
	return true;
}

bool tt_sctp_reassembly_give_back(struct sctp_reassembly *r, uint16_t stream, bool surely)
{
	if (each(r, stream, make_room))
		return each(r, stream, bring_home);
	return surely && each(r, stream, let_go);
}
