/* ice_state.c - what the agent says of itself: its state, its events, its path.
 * States are those of RTCIceTransport (webrtc-pc section 5.6); when to give up is
 * RFC 8863. Events are made from what has not been told yet, so that their number
 * is bounded by what there is to tell. */
#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

const char *tt_ice_state_text(enum tt_ice_state s)
{
	static const char *const texts[] = { "new",       "checking",     "connected",
					     "completed", "disconnected", "failed" };

	return (size_t)s < TT_COUNT(texts) ? texts[s] : "unknown";
}

/* In one sentence; without memory for it what set_state was told must do. */
static void diagnose(struct tt_ice *ice)
{
	if (!ice->diagnosis)
		ice->diagnosis = tt_alloc(ice->env, sizeof *ice->diagnosis);
	if (!ice->diagnosis)
		return;
	(void)tt_ice_why(ice, 0, ice->diagnosis);
	ice->why = ice->diagnosis->text;
}

static void set_state(struct tt_ice *ice, taut_time now, enum tt_ice_state s, uint32_t reason,
		      const char *why)
{
	if (ice->state == s)
		return;
	ice->state = s;
	ice->reason = reason;
	ice->why = why;
	if (s == TT_ICE_FAILED)
		diagnose(ice);
	tt_note(ice->env, now, TAUT_LAYER_ICE, "state", TT_STR("is", tt_ice_state_text(s)),
		TT_STR("why", ice->why));
}

static bool any_pair_lives(const struct ice_gen *g, taut_time now)
{
	for (int i = 0; i < g->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(g, i);
		if (tt_ice_pair_busy(p) || (p->valid && now < p->consent_until))
			return true;
	}
	return false;
}

/* A call that rings has not begun: nobody could find us yet. */
taut_time tt_ice_patience(const struct tt_ice *ice)
{
	const bool rings = !ice->gathering && !(ice->prev && ice->prev->had_path);

	if (rings || ice->pooled)
		return INT64_MAX;
	return tt_max64(ice->cur->pac_until, tt_ice_lite_awaits(ice));
}

/* RFC 8863 section 4: while the timer runs an agent does not fail, even with nothing to check:
 * a check of the peer may still reveal a path. */
static bool hopeless(const struct tt_ice *ice, taut_time now)
{
	return now >= tt_ice_patience(ice) && !any_pair_lives(ice->cur, now) &&
	       !(ice->mdns_state == BASE_OPEN && tt_ice_names_open(ice->cur));
}

static void state_on_path(struct tt_ice *ice, taut_time now)
{
	const struct ice_gen *g = ice->path_gen;

	if (tt_ice_is_silent(ice, now))
		set_state(ice, now, TT_ICE_DISCONNECTED, TAUT_REASON_ICE_SILENT,
			  ice->lite ? "the peer sends no consent checks"
				    : "the peer does not answer consent checks");
	else if (g == ice->cur && tt_ice_pair_at(g, ice->path)->nominated && g->remote_end &&
		 tt_ice_gathering_done(ice))
		set_state(ice, now, TT_ICE_COMPLETED, TAUT_REASON_NONE,
			  "a pair is nominated, no more candidates are awaited");
	else
		set_state(ice, now, TT_ICE_CONNECTED, TAUT_REASON_NONE, "a check was answered");
}

/* A restart was offered, and meanwhile the old pair lost its consent. RFC 8863 section 4 has an
 * agent wait for the peer's candidates as long as checks may take; an answer is given no longer.
 * Then all pairs have "lost consent", as webrtc-pc section 5.6.4 has it of "failed". */
static void state_until_answer(struct tt_ice *ice, taut_time now)
{
	if (ice->answer_until == 0)
		ice->answer_until = now + TT_ICE_PAC;
	if (now < ice->answer_until)
		set_state(ice, now, TT_ICE_DISCONNECTED, TAUT_REASON_ICE_SILENT,
			  "consent on the old pair expired during the restart");
	else
		set_state(ice, now, TT_ICE_FAILED, TAUT_REASON_ICE_CONSENT_EXPIRED,
			  "no pair has consent, and the restart was not answered");
}

static void state_without_path(struct tt_ice *ice, taut_time now)
{
	const struct ice_gen *g = ice->cur;

	if (g->had_path && ice->path_gone)
		set_state(ice, now, TT_ICE_FAILED, TAUT_REASON_ICE_NO_PAIR, ice->path_gone);
	else if (g->had_path && tt_ice_lost(g) != TAUT_WHY_CONSENT &&
		 tt_ice_lost(g) != TAUT_WHY_REFUSED)
		set_state(ice, now, TT_ICE_FAILED, TAUT_REASON_ICE_NO_PAIR,
			  "the pair that was in use has failed");
	else if (g->had_path)
		set_state(ice, now, TT_ICE_FAILED, TAUT_REASON_ICE_CONSENT_EXPIRED,
			  "there is no consent of the peer any more, RFC 7675 section 5.1");
	else if (g->has_remote && hopeless(ice, now))
		set_state(ice, now, TT_ICE_FAILED, TAUT_REASON_ICE_NO_PAIR,
			  "no check was answered on any pair, RFC 8445 section 8.1.2");
	else if (g->has_remote)
		set_state(ice, now, TT_ICE_CHECKING, TAUT_REASON_NONE,
			  ice->lite ? "the peer's checks are awaited" : "checks run");
	else if (ice->state != TT_ICE_NEW)
		state_until_answer(ice, now);
}

void tt_ice_wake(struct tt_ice *ice)
{
	ice->idle_until = 0;
	ice->all_told = false;
}

void tt_ice_update(struct tt_ice *ice, taut_time now)
{
	tt_ice_wake(ice);
	ice->last_now = now;
	tt_ice_srv_advance(ice, now);
	if (ice->state == TT_ICE_FAILED)
		return;
	tt_ice_thaw(ice);
	tt_ice_doubt_tick(ice, now);
	tt_ice_nominate(ice, now);
	if (now >= ice->doubt_until)
		ice->doubt_until = 0; /* the pair was left, or there is no other */
	tt_ice_choose_path(ice, now);
	if (ice->path_gen)
		state_on_path(ice, now);
	else
		state_without_path(ice, now);
}

/* ---- events ---- */

static const struct tt_ice_event *candidate_event(struct tt_ice *ice)
{
	const bool tells = ice->gathering && !ice->pooled && !ice->cur->done_told;

	for (size_t i = 0; tells && i < ice->local_count; i++) {
		struct ice_local *l = &ice->local[i];
		if (l->told)
			continue;
		l->told = true;
		ice->event.type = TT_ICE_EV_CANDIDATE;
		ice->event.candidate = tt_ice_shown(&l->c);
		ice->event.candidate.ufrag = ice->cur->ufrag;
		ice->event.server = l->server;
		ice->event.network = ice->base[l->base].type;
		return &ice->event;
	}
	return NULL;
}

static const struct tt_ice_event *error_event(struct tt_ice *ice)
{
	for (size_t i = 0; !ice->pooled && i < ice->server_count; i++) {
		struct ice_server *s = &ice->server[i];
		if (!s->why || s->told || s->held)
			continue;
		s->told = true;
		ice->event.type = TT_ICE_EV_SERVER_ERROR;
		ice->event.server = i;
		ice->event.code = s->code;
		ice->event.why = s->why;
		/* webrtc-pc 4.8.3: not if no candidate shows it. */
		if (s->base < TT_ICE_MAX_BASES && !tt_ice_hides(ice, &ice->base[s->base].addr))
			ice->event.path.local = ice->base[s->base].addr;
		return &ice->event;
	}
	return NULL;
}

static const struct tt_ice_event *selected_event(struct tt_ice *ice)
{
	const struct ice_gen *g = ice->path_gen;
	const struct ice_pair *p = tt_ice_pair_at(g, ice->path);
	const struct ice_base *b = &ice->base[p->base];

	ice->selected_due = false;
	ice->event.type = TT_ICE_EV_SELECTED;
	ice->event.path = tt_ice_pair_path(ice, g, ice->path);
	ice->event.local_type = b->relay ? TT_ICE_RELAY : TT_ICE_HOST;
	ice->event.stream = b->stream || (b->relay && ice->relay[b->relay - 1].stream);
	ice->event.remote_type = tt_ice_remote_at(g, p->remote)->type;
	ice->event.rtt = p->rtt;
	return &ice->event;
}

const struct tt_ice_event *tt_ice_poll_event(struct tt_ice *ice)
{
	struct ice_gen *g = ice->cur;

	if (ice->all_told)
		return NULL;
	ice->event = (struct tt_ice_event){ .why = "" };
	if (candidate_event(ice) || error_event(ice))
		return &ice->event;
	if (!g->done_told && !ice->pooled && tt_ice_gathering_done(ice)) {
		g->done_told = true;
		ice->event.type = TT_ICE_EV_GATHERING_DONE;
		return &ice->event;
	}
	if (g->first_check && !g->first_check_told) {
		g->first_check_told = true;
		ice->event.type = TT_ICE_EV_FIRST_CHECK;
		ice->event.path = g->first_path;
		return &ice->event;
	}
	if (ice->selected_due && ice->path_gen == g)
		return selected_event(ice);
	if (ice->state != ice->told_state) {
		ice->told_state = ice->state;
		ice->event.type = TT_ICE_EV_STATE;
		ice->event.state = ice->state;
		ice->event.reason = ice->reason;
		ice->event.why = ice->why;
		return &ice->event;
	}
	ice->all_told = true;
	return NULL;
}

/* ---- questions ---- */

bool tt_ice_has_path(const struct tt_ice *ice, taut_time now)
{
	return ice->path_gen && now < tt_ice_pair_at(ice->path_gen, ice->path)->consent_until;
}

bool tt_ice_selected(const struct tt_ice *ice, taut_time now, struct tt_ice_path *out)
{
	if (!tt_ice_has_path(ice, now))
		return false;
	*out = tt_ice_pair_path(ice, ice->path_gen, ice->path);
	return true;
}

struct ice_pair *tt_ice_pair_from(const struct tt_ice *ice, const struct ice_gen *g, taut_flow flow,
				  const struct taut_addr *remote)
{
	for (int i = 0; g && i < g->pairs; i++) {
		struct ice_pair *p = tt_ice_pair_at(g, i);
		if (p->used && ice->base[p->base].flow == flow &&
		    tt_addr_eq(&tt_ice_remote_at(g, p->remote)->addr, remote))
			return p;
	}
	return NULL;
}

/* The valid pair whose remote end that is, or NULL. */
static struct ice_pair *valid_from(const struct tt_ice *ice, taut_flow flow,
				   const struct taut_addr *remote)
{
	const struct ice_gen *g = ice->path_gen;
	struct ice_pair *p = g ? tt_ice_pair_at(g, ice->path) : NULL;

	if (p && ice->base[p->base].flow == flow &&
	    tt_addr_eq(&tt_ice_remote_at(g, p->remote)->addr, remote))
		return p; /* nearly always */
	p = tt_ice_pair_from(ice, ice->cur, flow, remote);
	if (p && p->valid)
		return p;
	p = tt_ice_pair_from(ice, ice->prev, flow, remote);
	return p && p->valid ? p : NULL;
}

bool tt_ice_may_recv(const struct tt_ice *ice, taut_flow flow, const struct taut_addr *remote)
{
	if (valid_from(ice, flow, remote))
		return true;
	/* 12.2: the peer may send over what it has checked, and a lite agent has no check that it would wait for. */
	if (!ice->lite || !ice->cur->has_remote)
		return false;
	const struct ice_pair *p = tt_ice_pair_from(ice, ice->cur, flow, remote);
	return p && p->state == TT_ICE_PAIR_SUCCEEDED;
}

bool tt_ice_may_hold(const struct tt_ice *ice, taut_flow flow, const struct taut_addr *remote)
{
	const struct ice_pair *p = tt_ice_pair_from(ice, ice->cur, flow, remote);

	return p && p->heard_from && !p->valid;
}

void tt_ice_received_data(struct tt_ice *ice, taut_time now, taut_flow flow,
			  const struct taut_addr *remote, size_t len)
{
	struct ice_pair *p = valid_from(ice, flow, remote);

	if (!p)
		p = tt_ice_pair_from(ice, ice->cur, flow, remote);
	if (!p)
		return;
	p->count.packets_received++;
	p->count.bytes_received += len;
	p->count.received_at = now;
	ice->counters.data_packets_received++;
	ice->counters.data_bytes_received += len;
}

/* What is out of range is so far from what was told that it does not matter. */
static int32_t moved(int32_t untold, int64_t by)
{
	return (int32_t)tt_min64(tt_max64(untold + by, -INT32_MAX), INT32_MAX);
}

static void count_sent(uint64_t *count, int32_t *untold, uint64_t n)
{
	*count += n;
	*untold = moved(*untold, (int64_t)n);
}

void tt_ice_sent_data(struct tt_ice *ice, taut_time now, size_t packets, size_t bytes)
{
	struct tt_ice_counters *all = &ice->counters;

	if (!ice->path_gen)
		return;
	struct tt_ice_pair_counters *c = &tt_ice_pair_at(ice->path_gen, ice->path)->count;

	count_sent(&c->packets_sent, &c->untold.packets, packets);
	count_sent(&c->bytes_sent, &c->untold.bytes, bytes);
	count_sent(&all->data_packets_sent, &all->untold.packets, packets);
	count_sent(&all->data_bytes_sent, &all->untold.bytes, bytes);
	c->sent_at = now;
}

/* A driver that says twice that something failed does not make it less than nothing. */
static void take_back(uint64_t *count, int32_t *untold, uint64_t n)
{
	n = n < *count ? n : *count;
	*count -= n;
	*untold = moved(*untold, -(int64_t)n);
}

/* A relayed path is known only while it is the path: data takes no other. */
void tt_ice_discarded(struct tt_ice *ice, const struct tt_ice_out *out)
{
	struct ice_pair *p = valid_from(ice, out->flow, &out->remote);
	struct span data = { out->buf, out->len };
	struct tt_ice_counters *all = &ice->counters;

	if (ice->path_gen) {
		const struct tt_ice_path path = tt_ice_pair_path(ice, ice->path_gen, ice->path);
		const struct span of_path = tt_ice_path_data(ice, &path, out);
		if (of_path.len > 0) {
			p = tt_ice_pair_at(ice->path_gen, ice->path);
			data = of_path;
		}
	}
	if (!p || data.len == 0 || data.p[0] <= 3) /* STUN: RFC 7983 */
		return;
	struct tt_ice_pair_counters *c = &p->count;
	c->packets_discarded++;
	c->bytes_discarded += data.len;
	take_back(&c->packets_sent, &c->untold.packets, 1);
	take_back(&c->bytes_sent, &c->untold.bytes, data.len);
	take_back(&all->data_packets_sent, &all->untold.packets, 1);
	take_back(&all->data_bytes_sent, &all->untold.bytes, data.len);
}

taut_time tt_ice_rtt(const struct tt_ice *ice)
{
	if (ice->path_gen && tt_ice_pair_at(ice->path_gen, ice->path)->rtt > 0)
		return tt_ice_pair_at(ice->path_gen, ice->path)->rtt;
	for (int i = 0; i < ice->cur->pairs; i++)
		if (tt_ice_pair_at(ice->cur, i)->used && tt_ice_pair_at(ice->cur, i)->valid &&
		    tt_ice_pair_at(ice->cur, i)->rtt > 0)
			return tt_ice_pair_at(ice->cur, i)->rtt;
	return 0;
}

enum tt_ice_state tt_ice_state(const struct tt_ice *ice)
{
	return ice->state;
}

const struct tt_ice_counters *tt_ice_counters(const struct tt_ice *ice)
{
	return &ice->counters;
}
