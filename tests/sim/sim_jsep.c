/* sim_jsep.c - see sim_jsep.h. */
#include "sim/sim_jsep.h"

#include <assert.h>
#include <string.h>

#include "taut/taut.h"

const char *jsep_call_name(enum jsep_call c)
{
	static const char *const names[JSEP_CALLS] = {
		[JSEP_CREATE_OFFER] = "create_offer",
		[JSEP_CREATE_ANSWER] = "create_answer",
		[JSEP_LOCAL_OFFER] = "set_local(offer)",
		[JSEP_LOCAL_PRANSWER] = "set_local(pranswer)",
		[JSEP_LOCAL_ANSWER] = "set_local(answer)",
		[JSEP_REMOTE_OFFER] = "set_remote(offer)",
		[JSEP_REMOTE_PRANSWER] = "set_remote(pranswer)",
		[JSEP_REMOTE_ANSWER] = "set_remote(answer)",
		[JSEP_ROLLBACK] = "rollback",
		[JSEP_ADD_TRANSCEIVER] = "add_transceiver",
		[JSEP_STOP] = "stop",
		[JSEP_RESTART_ICE] = "restart_ice",
	};

	return names[c];
}

void jsep_init(struct jsep_world *w)
{
	memset(w, 0, sizeof *w);
	for (int i = 0; i < 2; i++) {
		w->p[i].state = TAUT_SIGNALING_STABLE;
		w->p[i].to_replace[0] = w->p[i].to_replace[1] = JSEP_NONE;
	}
}

/* ---- directions and lines ---- */

static bool sends(uint8_t d)
{
	return d == TAUT_SENDRECV || d == TAUT_SENDONLY;
}

static bool receives(uint8_t d)
{
	return d == TAUT_SENDRECV || d == TAUT_RECVONLY;
}

static uint8_t direction(bool send, bool receive)
{
	return send ? (receive ? TAUT_SENDRECV : TAUT_SENDONLY)
		    : (receive ? TAUT_RECVONLY : TAUT_INACTIVE);
}

static uint8_t reversed(uint8_t d)
{
	return direction(receives(d), sends(d));
}

static uint8_t within(uint8_t d, uint8_t offered)
{
	return direction(sends(d) && receives(offered), receives(d) && sends(offered));
}

/* A transceiver that is stopping has become inactive: webrtc-pc 5.4. */
static uint8_t wants(const struct jsep_transceiver *t)
{
	return t->stopping ? TAUT_INACTIVE : t->direction;
}

static const struct jsep_transceiver *at_line(const struct jsep_peer *p, int line)
{
	for (int k = 0; k < p->count; k++)
		if (p->t[k].line == line)
			return &p->t[k];
	return NULL;
}

static bool rejected(const struct jsep_peer *p, int line)
{
	return line < p->local.count && (!p->local.line[line].lives || !p->remote.line[line].lives);
}

static bool lives(const struct jsep_desc *d)
{
	for (int k = 0; d->type && k < d->count; k++)
		if (d->line[k].lives)
			return true;
	return false;
}

/* ---- what may be called ---- */

static bool may_offer(const struct jsep_peer *p)
{
	return p->state == TAUT_SIGNALING_STABLE || p->state == TAUT_SIGNALING_HAVE_LOCAL_OFFER;
}

static bool may_answer(const struct jsep_peer *p)
{
	return p->state == TAUT_SIGNALING_HAVE_REMOTE_OFFER ||
	       p->state == TAUT_SIGNALING_HAVE_LOCAL_PRANSWER;
}

static bool awaits_answer(const struct jsep_peer *p)
{
	return p->state == TAUT_SIGNALING_HAVE_LOCAL_OFFER ||
	       p->state == TAUT_SIGNALING_HAVE_REMOTE_PRANSWER;
}

static struct jsep_transceiver *first_to_stop(struct jsep_peer *p)
{
	for (int k = 0; k < p->count; k++)
		if (!p->t[k].stopping)
			return &p->t[k];
	return NULL;
}

bool jsep_applies(const struct jsep_world *w, int i, enum jsep_call c)
{
	struct jsep_peer p = w->p[i];

	switch (c) {
	case JSEP_REMOTE_OFFER:
		return w->p[1 - i].offer.type != 0;
	case JSEP_REMOTE_PRANSWER:
	case JSEP_REMOTE_ANSWER:
		return w->p[1 - i].answer.type != 0;
	case JSEP_ADD_TRANSCEIVER:
		return p.count < JSEP_LINES - 2;
	case JSEP_STOP:
		return first_to_stop(&p) != NULL;
	default:
		return true;
	}
}

/* RFC 9429 section 5.2.2: m-lines keep their places and mids, but where either side rejected one.
 * webrtc-pc 4.4.1.5: an offer that comes again is judged as if in stable. */
static enum jsep_verdict check_offer(const struct jsep_peer *p, const struct jsep_desc *o)
{
	if (o->count < p->remote.count)
		return JSEP_INVALID_ACCESS;
	for (int k = 0; k < p->remote.count; k++)
		if (!rejected(p, k) && o->line[k].mid != p->remote.line[k].mid)
			return JSEP_INVALID_ACCESS;
	return JSEP_FINE;
}

/* RFC 9429 section 5.10: other credentials mean a restart and a restart means other credentials;
 * those of before are of the last answer or offer taken. taut: also after a provisional answer. */
static bool wrong_credentials(const struct jsep_peer *p, const struct jsep_desc *a)
{
	const struct jsep_desc *before = p->pending_remote.type ? &p->pending_remote : &p->remote;

	if (!lives(a) || !lives(before))
		return false;
	if (p->pending_remote.type)
		return a->ufrag != before->ufrag;
	return (a->ufrag != before->ufrag) != p->pending_restarts;
}

static enum jsep_verdict check_answer(const struct jsep_peer *p, const struct jsep_desc *a)
{
	const struct jsep_desc *o = &p->pending_local;

	if (a->count != o->count)
		return JSEP_INVALID_ACCESS;
	for (int k = 0; k < o->count; k++)
		if (a->line[k].mid != o->line[k].mid || (a->line[k].lives && !o->line[k].lives))
			return JSEP_INVALID_ACCESS;
	/* RFC 8842 section 5.5. taut: another role means another association, which it does not make. But an
	 * answer may say active to a client, as Firefox does whenever ICE restarts: the roles stay. */
	if (lives(a) && p->role == 2 && !a->active)
		return JSEP_INVALID_ACCESS;
	return wrong_credentials(p, a) ? JSEP_INVALID_ACCESS : JSEP_FINE;
}

enum jsep_verdict jsep_check(const struct jsep_world *w, int i, enum jsep_call c)
{
	const struct jsep_peer *p = &w->p[i], *other = &w->p[1 - i];

	switch (c) {
	case JSEP_CREATE_OFFER:
	case JSEP_LOCAL_OFFER:
		return may_offer(p) ? JSEP_FINE : JSEP_INVALID_STATE;
	case JSEP_CREATE_ANSWER:
	case JSEP_LOCAL_PRANSWER:
	case JSEP_LOCAL_ANSWER:
		return may_answer(p) ? JSEP_FINE : JSEP_INVALID_STATE;
	case JSEP_REMOTE_OFFER:
		if (p->state == TAUT_SIGNALING_HAVE_LOCAL_PRANSWER ||
		    p->state == TAUT_SIGNALING_HAVE_REMOTE_PRANSWER)
			return JSEP_INVALID_STATE;
		return check_offer(p, &other->offer);
	case JSEP_REMOTE_PRANSWER:
	case JSEP_REMOTE_ANSWER:
		return awaits_answer(p) ? check_answer(p, &other->answer) : JSEP_INVALID_STATE;
	case JSEP_ROLLBACK:
		return p->state == TAUT_SIGNALING_HAVE_LOCAL_OFFER ||
				       p->state == TAUT_SIGNALING_HAVE_REMOTE_OFFER
			       ? JSEP_FINE
			       : JSEP_INVALID_STATE;
	default:
		return JSEP_FINE;
	}
}

/* ---- what is described ---- */

bool jsep_makes(const struct jsep_world *w, int i, enum jsep_call c)
{
	const uint8_t made = w->p[i].made.type;

	return c == JSEP_CREATE_OFFER || c == JSEP_CREATE_ANSWER ||
	       (c == JSEP_LOCAL_OFFER && made != TAUT_SDP_OFFER) ||
	       ((c == JSEP_LOCAL_PRANSWER || c == JSEP_LOCAL_ANSWER) && made != TAUT_SDP_ANSWER);
}

static const struct jsep_transceiver *next_new(const struct jsep_peer *p, int *k)
{
	while (*k < p->count) {
		const struct jsep_transceiver *t = &p->t[(*k)++];
		if (t->line == JSEP_NONE && !t->stopping)
			return t;
	}
	return NULL;
}

/* RFC 9429 section 5.2.2. */
static void expect_offer(const struct jsep_peer *p, struct jsep_desc *out)
{
	const struct jsep_desc *was = p->pending_local.type ? &p->pending_local : &p->local;
	const struct jsep_transceiver *t;
	int next = 0;

	out->count = was->count;
	for (int k = 0; k < was->count; k++) {
		const struct jsep_transceiver *owner = at_line(p, k);
		t = !owner && rejected(p, k) ? next_new(p, &next) : NULL;
		if (t)
			out->line[k] = (struct jsep_line){ JSEP_NEW, 1, t->direction };
		else if (owner && !owner->stopping)
			out->line[k] = (struct jsep_line){ was->line[k].mid, 1, owner->direction };
		else
			out->line[k] = (struct jsep_line){ was->line[k].mid, 0, TAUT_INACTIVE };
	}
	while ((t = next_new(p, &next)) != NULL)
		out->line[out->count++] = (struct jsep_line){ JSEP_NEW, 1, t->direction };
	/* taut: an offer said again has the credentials that it had. */
	const bool again = lives(&p->pending_local);
	const bool replaces = p->to_replace[0] != JSEP_NONE || p->to_replace[1] != JSEP_NONE;
	out->ufrag = !lives(out)                     ? JSEP_NONE
		     : again                         ? p->pending_local.ufrag
		     : !replaces && lives(&p->local) ? p->local.ufrag
						     : JSEP_NEW;
}

/* Whether the pending offer of the peer restarts ICE: RFC 8839 section 4.4.1.1.1. */
static bool peer_restarts(const struct jsep_peer *p)
{
	return lives(&p->pending_remote) && lives(&p->remote) &&
	       p->pending_remote.ufrag != p->remote.ufrag;
}

/* RFC 9429 section 5.3.1; webrtc-pc 5.4: who is only stopping answers, who is stopped does not. */
static void expect_answer(const struct jsep_peer *p, struct jsep_desc *out)
{
	const struct jsep_desc *o = &p->pending_remote;

	out->count = o->count;
	for (int k = 0; k < o->count; k++) {
		const struct jsep_transceiver *t = at_line(p, k);
		const bool taken = o->line[k].lives && t && !t->stopped;
		out->line[k] = (struct jsep_line){ o->line[k].mid, taken,
						   taken ? within(wants(t), o->line[k].direction)
							 : TAUT_INACTIVE };
	}
	out->active = lives(out) && p->role != 2;
	out->ufrag = !lives(out)                             ? JSEP_NONE
		     : lives(&p->pending_local)              ? p->pending_local.ufrag
		     : !peer_restarts(p) && lives(&p->local) ? p->local.ufrag
							     : JSEP_NEW;
}

void jsep_expect(const struct jsep_world *w, int i, enum jsep_call c, struct jsep_desc *out)
{
	memset(out, 0, sizeof *out);
	if (c == JSEP_CREATE_OFFER || c == JSEP_LOCAL_OFFER) {
		out->type = TAUT_SDP_OFFER;
		expect_offer(&w->p[i], out);
	} else {
		out->type = TAUT_SDP_ANSWER;
		expect_answer(&w->p[i], out);
	}
}

static bool knows_mid(const struct jsep_desc *d, int mid)
{
	for (int k = 0; k < d->count; k++)
		if (d->line[k].mid == mid)
			return true;
	return false;
}

static const char *line_fits(const struct jsep_peer *p, const struct jsep_desc *made, int k,
			     const struct jsep_line *e)
{
	const struct jsep_line *l = &made->line[k];

	if (l->lives != e->lives)
		return e->lives ? "an m-line is rejected" : "an m-line is not rejected";
	if (l->lives && l->direction != e->direction)
		return "a direction";
	if (e->mid != JSEP_NEW)
		return l->mid == e->mid ? NULL : "a mid";
	for (int n = 0; n < k; n++)
		if (made->line[n].mid == l->mid)
			return "a mid comes twice";
	return knows_mid(&p->local, l->mid) || knows_mid(&p->remote, l->mid)
		       ? "a mid was used before"
		       : NULL;
}

const char *jsep_fits(const struct jsep_world *w, int i, const struct jsep_desc *expected,
		      const struct jsep_desc *made)
{
	const struct jsep_peer *p = &w->p[i];

	if (made->count != expected->count)
		return "the number of m-lines";
	for (int k = 0; k < made->count; k++) {
		const char *why = line_fits(p, made, k, &expected->line[k]);
		if (why)
			return why;
	}
	if (expected->active != made->active)
		return "a=setup";
	if (expected->ufrag != JSEP_NEW)
		return expected->ufrag == made->ufrag ? NULL : "the ICE credentials";
	/* New ones are none of those in force, nor, in an offer, of those that are to be replaced. */
	const bool replaced = made->ufrag == p->to_replace[0] || made->ufrag == p->to_replace[1];
	if (made->ufrag == JSEP_NONE || (lives(&p->local) && made->ufrag == p->local.ufrag) ||
	    (expected->type == TAUT_SDP_OFFER && replaced))
		return "the ICE credentials are not new";
	return NULL;
}

/* ---- what follows ---- */

static bool transceiver_needs(const struct jsep_peer *p, const struct jsep_transceiver *t)
{
	if (t->stopped)
		return t->line != JSEP_NONE && !rejected(p, t->line);
	if (t->stopping) /* taut: one that was never described asks for nothing */
		return t->line != JSEP_NONE;
	if (t->line == JSEP_NONE)
		return true;
	const uint8_t ours = p->local.line[t->line].direction;
	const uint8_t theirs = p->remote.line[t->line].direction;
	if (p->local.type == TAUT_SDP_OFFER)
		return ours != t->direction && reversed(theirs) != t->direction;
	return ours != within(t->direction, theirs);
}

static bool negotiation_is_needed(const struct jsep_peer *p)
{
	if (p->to_replace[0] != JSEP_NONE || p->to_replace[1] != JSEP_NONE)
		return true;
	for (int k = 0; k < p->count; k++)
		if (transceiver_needs(p, &p->t[k]))
			return true;
	return false;
}

/* webrtc-pc 4.7.3; the task that it queues runs before the next call. */
static void update_needed(struct jsep_peer *p)
{
	if (p->state != TAUT_SIGNALING_STABLE)
		return;
	const bool was = p->needed;
	p->needed = negotiation_is_needed(p);
	if (p->needed && !was)
		p->fired++;
}

static void enter_stable(struct jsep_peer *p)
{
	p->state = TAUT_SIGNALING_STABLE;
	p->needed = false;
	update_needed(p);
}

static void stop_at(struct jsep_peer *p, int line)
{
	for (int k = 0; k < p->count; k++)
		if (p->t[k].line == line) {
			p->t[k].stopping = p->t[k].stopped = true;
			p->t[k].current = 0;
		}
}

static bool keeps(const struct jsep_desc *next, const struct jsep_transceiver *t)
{
	return next && t->line != JSEP_NONE && t->line < next->count && next->line[t->line].lives &&
	       next->line[t->line].mid == t->mid;
}

static void roll_back(struct jsep_peer *p, const struct jsep_desc *next)
{
	int kept = 0;

	for (int k = 0; k < p->count; k++) {
		struct jsep_transceiver t = p->t[k];
		if (!keeps(next, &t)) {
			if (t.by_offer)
				continue;
			t.line = t.stable_line;
			t.mid = t.stable_mid;
		}
		p->t[kept++] = t;
	}
	p->count = (uint8_t)kept;
	p->pending_local.type = p->pending_remote.type = 0;
	p->pending_restarts = false;
	p->made.type = 0; /* taut: what was created before fits no more */
}

/* Both descriptions are final: RFC 9429 sections 5.9 to 5.11, webrtc-pc 4.4.1.5. */
static void settle(struct jsep_peer *p)
{
	p->local = p->pending_local;
	p->remote = p->pending_remote;
	p->pending_local.type = p->pending_remote.type = 0;
	p->pending_restarts = false;
	p->made.type = 0;
	for (int k = 0; k < p->count; k++) {
		struct jsep_transceiver *t = &p->t[k];
		if (t->stopped && t->line != JSEP_NONE && rejected(p, t->line))
			t->line = t->mid = JSEP_NONE;
		t->stable_line = t->line;
		t->stable_mid = t->mid;
		t->by_offer = false;
	}
	if (!lives(&p->local) ||
	    (p->local.ufrag != p->to_replace[0] && p->local.ufrag != p->to_replace[1]))
		p->to_replace[0] = p->to_replace[1] = JSEP_NONE;
	enter_stable(p);
}

/* What an answer of either side says, seen from here. */
static void take_answer(struct jsep_peer *p, const struct jsep_desc *a, bool ours)
{
	for (int k = 0; k < a->count; k++) {
		if (!a->line[k].lives)
			stop_at(p, k); /* RFC 9429 section 4.2.2 */
		for (int n = 0; n < p->count && a->line[k].lives; n++)
			if (p->t[n].line == k && !p->t[n].stopped)
				p->t[n].current = ours ? a->line[k].direction
						       : reversed(a->line[k].direction);
	}
	if (lives(a) && p->role == 0)
		p->role = (a->active != 0) == ours ? 1 : 2;
}

static void set_local_offer(struct jsep_peer *p, const struct jsep_desc *d)
{
	for (int k = 0; k < d->count; k++)
		for (int n = 0; n < p->count && !at_line(p, k); n++)
			if (p->t[n].line == JSEP_NONE && p->t[n].offered_mid == d->line[k].mid) {
				p->t[n].line = (int16_t)k;
				p->t[n].mid = d->line[k].mid;
			}
	p->pending_local = p->offer = *d;
	p->pending_restarts = lives(d) && lives(&p->local) && d->ufrag != p->local.ufrag;
	p->state = TAUT_SIGNALING_HAVE_LOCAL_OFFER;
}

static void set_local_answer(struct jsep_peer *p, const struct jsep_desc *d, uint8_t type)
{
	p->pending_local = p->answer = *d;
	p->pending_local.type = p->answer.type = type;
	take_answer(p, d, true);
	p->state = TAUT_SIGNALING_HAVE_LOCAL_PRANSWER;
	if (type == TAUT_SDP_ANSWER)
		settle(p);
}

static void set_remote_offer(struct jsep_peer *p, const struct jsep_desc *d)
{
	if (p->state == TAUT_SIGNALING_HAVE_REMOTE_OFFER)
		roll_back(p, d);
	else if (p->state == TAUT_SIGNALING_HAVE_LOCAL_OFFER)
		roll_back(p, NULL);
	p->made.type = 0; /* taut: overtaken */
	p->pending_remote = *d;
	for (int k = 0; k < d->count; k++) {
		if (!d->line[k].lives) {
			stop_at(p, k);
		} else if (!at_line(p, k)) {
			assert(p->count < JSEP_LINES);
			p->t[p->count++] = (struct jsep_transceiver){
				.line = (int16_t)k,
				.mid = d->line[k].mid,
				.stable_line = JSEP_NONE,
				.stable_mid = JSEP_NONE,
				.offered_mid = JSEP_NONE,
				.direction = TAUT_RECVONLY,
				.by_offer = true,
			};
		}
	}
	p->state = TAUT_SIGNALING_HAVE_REMOTE_OFFER;
}

static void set_remote_answer(struct jsep_peer *p, const struct jsep_desc *d, uint8_t type)
{
	p->pending_remote = *d;
	p->pending_remote.type = type;
	take_answer(p, d, false);
	p->state = TAUT_SIGNALING_HAVE_REMOTE_PRANSWER;
	if (type == TAUT_SDP_ANSWER)
		settle(p);
}

static void created_offer(struct jsep_peer *p, const struct jsep_desc *expected,
			  const struct jsep_desc *made)
{
	const struct jsep_desc *was = p->pending_local.type ? &p->pending_local : &p->local;
	int next = 0;

	for (int k = 0; k < p->count; k++)
		p->t[k].offered_mid = JSEP_NONE;
	/* In the order in which expect_offer took them. */
	for (int k = 0; k < made->count; k++)
		if (k >= was->count || expected->line[k].mid == JSEP_NEW) {
			const struct jsep_transceiver *t = next_new(p, &next);
			p->t[t - p->t].offered_mid = made->line[k].mid;
		}
}

static void make(struct jsep_world *w, int i, enum jsep_call c, const struct jsep_desc *made)
{
	struct jsep_desc expected;

	jsep_expect(w, i, c, &expected);
	if (expected.type == TAUT_SDP_OFFER)
		created_offer(&w->p[i], &expected, made);
	w->p[i].made = *made;
	w->p[i].made.type = expected.type;
}

static void add(struct jsep_peer *p)
{
	p->t[p->count++] = (struct jsep_transceiver){
		.line = JSEP_NONE,
		.mid = JSEP_NONE,
		.stable_line = JSEP_NONE,
		.stable_mid = JSEP_NONE,
		.offered_mid = JSEP_NONE,
		.direction = TAUT_SENDRECV,
	};
	update_needed(p);
}

static void restart(struct jsep_peer *p)
{
	p->to_replace[0] = lives(&p->local) ? p->local.ufrag : JSEP_NONE;
	p->to_replace[1] = lives(&p->pending_local) ? p->pending_local.ufrag : JSEP_NONE;
	update_needed(p);
}

void jsep_apply(struct jsep_world *w, int i, enum jsep_call c, const struct jsep_desc *made)
{
	struct jsep_peer *p = &w->p[i];
	const struct jsep_peer *other = &w->p[1 - i];
	struct jsep_desc d;

	p->fired = 0;
	if (jsep_makes(w, i, c))
		make(w, i, c, made);
	d = p->made;
	switch (c) {
	case JSEP_LOCAL_OFFER:
		set_local_offer(p, &d);
		p->made.type = 0; /* so that the next one is made anew */
		break;
	case JSEP_LOCAL_PRANSWER:
	case JSEP_LOCAL_ANSWER:
		set_local_answer(p, &d,
				 c == JSEP_LOCAL_ANSWER ? TAUT_SDP_ANSWER : TAUT_SDP_PRANSWER);
		p->made.type = 0;
		break;
	case JSEP_REMOTE_OFFER:
		set_remote_offer(p, &other->offer);
		break;
	case JSEP_REMOTE_PRANSWER:
	case JSEP_REMOTE_ANSWER:
		set_remote_answer(p, &other->answer,
				  c == JSEP_REMOTE_ANSWER ? TAUT_SDP_ANSWER : TAUT_SDP_PRANSWER);
		break;
	case JSEP_ROLLBACK:
		roll_back(p, NULL);
		enter_stable(p);
		break;
	case JSEP_ADD_TRANSCEIVER:
		add(p);
		break;
	case JSEP_STOP:
		first_to_stop(p)->stopping = true;
		update_needed(p);
		break;
	case JSEP_RESTART_ICE:
		restart(p);
		break;
	default:
		break;
	}
}

/* ---- equal states ---- */

struct hash {
	uint64_t h;
	int16_t name[64]; /* of credentials, in the order in which they are met */
	int names;
};

static void put(struct hash *h, int64_t v)
{
	h->h = (h->h ^ (uint64_t)v) * 0x9e3779b97f4a7c15u;
	h->h ^= h->h >> 29;
}

static void put_ufrag(struct hash *h, int16_t ufrag)
{
	int k = 0;

	while (k < h->names && h->name[k] != ufrag)
		k++;
	if (k == h->names && k < 64)
		h->name[h->names++] = ufrag;
	put(h, ufrag == JSEP_NONE ? -1 : k);
}

static void put_desc(struct hash *h, const struct jsep_desc *d)
{
	put(h, d->type);
	if (d->type == 0)
		return;
	put(h, d->count);
	put(h, d->active);
	put_ufrag(h, d->ufrag);
	for (int k = 0; k < d->count; k++) {
		put(h, d->line[k].mid);
		put(h, d->line[k].lives << 8 | d->line[k].direction);
	}
}

static void put_peer(struct hash *h, const struct jsep_peer *p)
{
	put(h, p->state << 16 | p->needed << 8 | p->role);
	put(h, p->count);
	for (int k = 0; k < p->count; k++) {
		const struct jsep_transceiver *t = &p->t[k];
		put(h, t->line);
		put(h, t->mid);
		put(h, t->stable_line);
		put(h, t->stable_mid);
		put(h, t->offered_mid);
		put(h, t->direction << 8 | t->current);
		put(h, t->stopping << 2 | t->stopped << 1 | t->by_offer);
	}
	put_desc(h, &p->local);
	put_desc(h, &p->remote);
	put_desc(h, &p->pending_local);
	put_desc(h, &p->pending_remote);
	put_desc(h, &p->made);
	put_desc(h, &p->offer);
	put_desc(h, &p->answer);
	put_ufrag(h, p->to_replace[0]);
	put_ufrag(h, p->to_replace[1]);
	put(h, p->pending_restarts);
}

uint64_t jsep_hash(const struct jsep_world *w)
{
	struct hash h = { .h = 0x6a09e667f3bcc908u };

	put_peer(&h, &w->p[0]);
	put_peer(&h, &w->p[1]);
	return h.h;
}
