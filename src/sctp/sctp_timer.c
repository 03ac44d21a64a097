/* sctp_timer.c - time passes: RFC 9260 sections 5.1, 6.2, 6.3.3, 8.1, 8.3, 9.2. */
#include "base/num.h"
#include "sctp/sctp_assoc.h"

void tt_sctp_start(struct tt_sctp *s, enum sctp_timer t, taut_time at)
{
	s->timer[t] = at;
}

void tt_sctp_stop(struct tt_sctp *s, enum sctp_timer t)
{
	s->timer[t] = INT64_MAX;
}

bool tt_sctp_runs(const struct tt_sctp *s, enum sctp_timer t)
{
	return s->timer[t] != INT64_MAX;
}

/* 8.3: RTO plus HB.interval, and half an RTO more or less so that not all beat at once. */
void tt_sctp_start_heartbeat(struct tt_sctp *s, taut_time now)
{
	uint32_t r = 0;

	(void)tt_random_u32(s->env, &r); /* without a random number: no jitter */
	taut_time jitter = (taut_time)(r % (uint64_t)s->rtt.rto) - s->rtt.rto / 2;
	tt_sctp_start(s, SCTP_T_HEARTBEAT, now + SCTP_HEARTBEAT_INTERVAL + s->rtt.rto + jitter);
}

static void give_up(struct tt_sctp *s, taut_time now, const char *text)
{
	tt_sctp_end_with(s, now, TAUT_REASON_SCTP_UNREACHABLE, text);
}

/* 5.1: the same INIT or COOKIE ECHO once more. */
static void on_t1(struct tt_sctp *s, taut_time now)
{
	if (++s->errors > SCTP_MAX_INIT_RETRANS) {
		give_up(s, now, "no answer to INIT or COOKIE ECHO");
		return;
	}
	s->init_due = s->state == SCTP_COOKIE_WAIT;
	s->cookie_echo_due = s->state == SCTP_COOKIE_ECHOED;
	if (s->cookie_echo_due) /* with what went with it */
		(void)tt_sctp_flight_timeout(&s->flight, now, s->peer_forward_tsn);
	tt_sctp_rtt_back_off(&s->rtt);
	s->cookie_again = false;
	tt_sctp_start(s, SCTP_T1, now + s->rtt.rto);
}

/* 9.2 */
static void on_t2(struct tt_sctp *s, taut_time now)
{
	if (++s->errors > SCTP_MAX_RETRANS) {
		give_up(s, now, "no answer to SHUTDOWN");
		return;
	}
	s->shutdown_due = s->state == SCTP_SHUTDOWN_SENT;
	s->shutdown_ack_due = s->state == SCTP_SHUTDOWN_ACK_SENT;
	tt_sctp_rtt_back_off(&s->rtt);
	tt_sctp_start(s, SCTP_T2, now + s->rtt.rto);
}

/* RFC 8985 section 7.2: twice a round trip after the last that was sent, or acknowledged; and as long as a receiver may
 * wait with a single packet. */
void tt_sctp_arm_probe(struct tt_sctp *s, taut_time now)
{
	const struct sctp_flight *f = &s->flight;

	tt_sctp_stop(s, SCTP_T_PROBE);
	s->tail_due = false; /* things moved on */
	if (f->listed == 0 || f->marked > 0 || f->recovering || s->tail_out || s->rtt.srtt == 0)
		return;
	const taut_time delay = f->flight <= s->cc.pmdcs ? SCTP_SACK_DELAY : 0;
	tt_sctp_start(s, SCTP_T_PROBE, now + 2 * s->rtt.srtt + delay); /* T3 may come first, and stops it */
}

static void on_probe(struct tt_sctp *s, taut_time now)
{
	(void)now;
	tt_sctp_stop(s, SCTP_T_PROBE);
	s->tail_due = true;
}

static void on_loss(struct tt_sctp *s, taut_time now)
{
	tt_sctp_look_for_losses(s, now);
}

static void on_pace(struct tt_sctp *s, taut_time now)
{
	(void)now;
	tt_sctp_stop(s, SCTP_T_PACE); /* poll_send goes on */
}

/* 6.3.3; with nothing in flight it is the wait for a window to open, 6.1 A. */
static void on_t3(struct tt_sctp *s, taut_time now)
{
	tt_sctp_stop(s, SCTP_T3);
	if (tt_sctp_flight_count(&s->flight) == 0) {
		s->probe_due = true;
		s->burst = 1;
		return;
	}
	if (++s->errors > SCTP_MAX_RETRANS) { /* 8.1 */
		give_up(s, now, "data is not acknowledged");
		return;
	}
	s->counters.timeouts++;
	bool probing = s->peer_window < s->cc.pmdcs; /* 6.1 A: says nothing about congestion */
	if (!probing)
		s->cc.kind->timed_out(&s->cc); /* E1 */
	tt_sctp_rtt_back_off(&s->rtt);          /* E2 */
	/* Retransmitted chunks measure nothing (6.3.1 C5), so the RTO would stay backed off until
	 * new data is acknowledged; a heartbeat (8.3, on demand) measures at once. */
	s->heartbeat_due = !probing;
	const struct sctp_pmtu_signs signs =
		tt_sctp_flight_timeout(&s->flight, now, s->peer_forward_tsn);
	tt_sctp_pmtu_judge(s, now, &signs);
	s->forward_tsn_due = s32_before(s->flight.cum, s->flight.advanced);
	s->fast_due = s->tail_due = s->tail_out = s->tail_open = false;
	s->timed_out = true;
	tt_sctp_stop(s, SCTP_T_PROBE);
	s->burst = 1; /* E3: one packet until something is acknowledged */
	tt_sctp_start(s, SCTP_T3, now + s->rtt.rto); /* E4 */
}

static void on_t5(struct tt_sctp *s, taut_time now)
{
	tt_sctp_abort_with(s, now, SCTP_C_USER_ABORT, "shutdown took too long");
}

static void on_sack_timer(struct tt_sctp *s, taut_time now)
{
	(void)now;
	tt_sctp_stop(s, SCTP_T_SACK);
	s->sack_due = true;
}

static void on_heartbeat_timer(struct tt_sctp *s, taut_time now)
{
	if (s->heartbeat_at >= 0) { /* the last one was not answered */
		tt_sctp_rtt_back_off(&s->rtt);
		if (++s->errors > SCTP_MAX_RETRANS) {
			give_up(s, now, "heartbeats are not answered");
			return;
		}
	}
	/* 8.3: only when idle; data in flight tells as much */
	s->heartbeat_due = tt_sctp_flight_count(&s->flight) == 0;
	tt_sctp_start_heartbeat(s, now);
}

static void on_reconfig_timer(struct tt_sctp *s, taut_time now)
{
	tt_sctp_stop(s, SCTP_T_RECONFIG);
	if (!tt_sctp_reconfig_timeout(s))
		return;
	tt_sctp_rtt_back_off(&s->rtt);
	if (++s->errors > SCTP_MAX_RETRANS)
		give_up(s, now, "RE-CONFIG is not answered");
}

static void on_pmtu(struct tt_sctp *s, taut_time now)
{
	tt_sctp_stop(s, SCTP_T_PMTU);
	tt_sctp_pmtu_timeout(s, now);
}

static const struct {
	const char *name;
	void (*expired)(struct tt_sctp *s, taut_time now);
} timers[SCTP_TIMERS] = {
	[SCTP_T1] = { "SCTP T1-init", on_t1 },
	[SCTP_T2] = { "SCTP T2-shutdown", on_t2 },
	[SCTP_T3] = { "SCTP T3-rtx", on_t3 },
	[SCTP_T5] = { "SCTP T5-shutdown-guard", on_t5 },
	[SCTP_T_LOSS] = { "SCTP RACK reordering", on_loss },
	[SCTP_T_PROBE] = { "SCTP tail loss probe", on_probe },
	[SCTP_T_PACE] = { "SCTP pacing", on_pace },
	[SCTP_T_SACK] = { "SCTP delayed SACK", on_sack_timer },
	[SCTP_T_HEARTBEAT] = { "SCTP heartbeat", on_heartbeat_timer },
	[SCTP_T_RECONFIG] = { "SCTP RE-CONFIG", on_reconfig_timer },
	[SCTP_T_PMTU] = { "SCTP path MTU", on_pmtu },
};

/* Of who slept over a timer, as a laptop does that was closed, acknowledgements wait in the socket. How long they did is no
 * round trip: taken for one, it slows the pace to a packet in many seconds. */
void tt_sctp_wake(struct tt_sctp *s, taut_time now)
{
	const taut_time due = tt_min64(tt_min64(s->timer[SCTP_T1], s->timer[SCTP_T3]), s->timer[SCTP_T_HEARTBEAT]);

	if (due < now - SCTP_RTO_MIN || now < s->awake_since) /* or the clock was set back */
		s->awake_since = now;
}

void tt_sctp_tick(struct tt_sctp *s, taut_time now)
{
	tt_sctp_wake(s, now);
	for (int t = 0; t < SCTP_TIMERS; t++)
		if (s->timer[t] <= now)
			timers[t].expired(s, now);
}

taut_time tt_sctp_deadline(const struct tt_sctp *s, const char **why)
{
	int first = 0;

	for (int t = 1; t < SCTP_TIMERS; t++)
		if (s->timer[t] < s->timer[first])
			first = t;
	if (why)
		*why = s->timer[first] == INT64_MAX ? NULL : timers[first].name;
	return s->timer[first];
}
