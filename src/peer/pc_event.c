/* pc_event.c - what happened, in order.
 *
 * Events of the connection itself wait in a queue of their own; what a layer
 * lends (messages, frames) is taken from the layer when its turn comes, so that
 * a payload is never copied on its way to the application. */
#include "peer/pc.h"
#include "rtp/payload/payload_event.h"

#include <string.h>

static size_t text_size(const char *s)
{
	return s ? strlen(s) + 1 : 0;
}

static const char *put_text(char **at, const char *s)
{
	if (!s)
		return NULL;
	size_t n = strlen(s) + 1;
	char *start = *at;
	memcpy(start, s, n);
	*at += n;
	return start;
}

struct pc_event *pc_queue(struct taut_pc *pc, uint32_t type, const char *label, const char *text)
{
	return pc_queue_data(pc, type, label, text, NULL, 0);
}

struct pc_event *pc_queue_data(struct taut_pc *pc, uint32_t type, const char *label,
			       const char *text, const char *data, size_t len)
{
	struct pc_event *e = NULL;

	if (pc->event_count < PC_MAX_EVENTS)
		e = tt_alloc(pc->env, sizeof *e + text_size(label) + text_size(text) + len);
	if (!e) {
		tt_drop(pc->env, pc->now, TAUT_DROP_EVENT_LOST, TT_INT("type", type));
		return NULL;
	}
	char *at = (char *)(e + 1);
	e->ev = (struct taut_event){ .type = type, .at = pc->now, .user = pc->user };
	e->ev.label = put_text(&at, label);
	e->ev.text = put_text(&at, text);
	if (len > 0) {
		e->ev.data = memcpy(at, data, len);
		e->ev.len = len;
	}
	*pc->events_end = e;
	pc->events_end = &e->next;
	pc->event_count++;
	pc->wants_event = true;
	pc_wake(pc);
	return e;
}

void pc_milestone(struct taut_pc *pc, uint32_t which, const char *text)
{
	if (pc->milestones & 1u << which)
		return;
	pc->milestones |= 1u << which;
	struct pc_event *e = pc_queue(pc, TAUT_EV_MILESTONE, NULL, text);
	if (e)
		e->ev.number = which;
}

static void drop_lent(struct taut_pc *pc)
{
	tt_free(pc->env, pc->lent);
	pc->lent = NULL;
}

void pc_free_events(struct taut_pc *pc)
{
	drop_lent(pc);
	while (pc->events) {
		struct pc_event *e = pc->events;
		pc->events = e->next;
		tt_free(pc->env, e);
	}
	pc->events_end = &pc->events;
	pc->event_count = 0;
}

/* webrtc-pc 4.7.3: what was needed when the event was queued may be needed no more. */
static bool stale(struct taut_pc *pc, const struct taut_event *ev)
{
	if (ev->type != TAUT_EV_NEGOTIATION_NEEDED)
		return false;
	pc->needed_queued = false;
	if (!pc->closed && pc->signaling_state == TAUT_SIGNALING_STABLE &&
	    pc_check_negotiation_needed(pc))
		return false;
	pc->negotiation_needed = false; /* asked again when stable */
	return true;
}

static const struct taut_event *next_queued(struct taut_pc *pc)
{
	while (pc->events) {
		struct pc_event *e = pc->events;
		pc->events = e->next;
		if (!pc->events)
			pc->events_end = &pc->events;
		pc->event_count--;
		pc->lent = e;
		if (!stale(pc, &e->ev))
			return &e->ev;
		drop_lent(pc);
	}
	return NULL;
}

static struct taut_event *fresh(struct taut_pc *pc, uint32_t type)
{
	pc->layer_event = (struct taut_event){ .type = type, .at = pc->now, .user = pc->user };
	return &pc->layer_event;
}

/* Why a channel or all of them end, RFC 9260 section 3.3.10 and webrtc-pc 6.2.4. */
static const struct taut_event *with_reason(struct taut_event *ev, const struct tt_dcs_event *d)
{
	ev->reason = d->reason;
	ev->text = d->text ? d->text : taut_reason_text(d->reason);
	ev->sctp_cause = d->cause;
	return ev;
}

/* The data channels' events that the application sees; the association's own are the pump's. */
static const struct taut_event *of_channels(struct taut_pc *pc)
{
	const struct tt_dcs_event *d;

	while (pc->channels && (d = tt_dcs_poll_event(pc->channels, pc->now)) != NULL) {
		struct taut_event *ev = fresh(pc, 0);
		pc_may_send(pc); /* DCEP is answered and windows open as events are taken */
		ev->channel = d->channel;
		switch (d->type) {
		case TT_DCS_ASSOCIATION_UP:
			pc_milestone(pc, TAUT_MS_SCTP, "SCTP association up");
			if (pc->closed)
				continue; /* which says more */
			ev->type = TAUT_EV_SCTP_STATE;
			ev->number = TAUT_STATE_CONNECTED;
			return ev;
		case TT_DCS_ASSOCIATION_CLOSED:
			tt_note(pc->env, pc->now, TAUT_LAYER_PEER, "association ended",
				TT_STR("reason", taut_reason_text(d->reason)));
			if (pc->closed)
				continue;
			ev->type = TAUT_EV_SCTP_STATE;
			ev->number = TAUT_STATE_CLOSED;
			return with_reason(ev, d);
		case TT_DCS_CHANNEL:
			ev->type = TAUT_EV_DATA_CHANNEL;
			ev->label = d->label;
			ev->text = d->protocol;
			return ev;
		case TT_DCS_OPEN:
			ev->type = TAUT_EV_OPEN;
			return ev;
		case TT_DCS_MESSAGE:
			pc->counters.messages_received++;
			ev->type = TAUT_EV_MESSAGE;
			ev->data = d->data;
			ev->len = d->len;
			ev->number = d->binary ? 1 : 0;
			return ev;
		case TT_DCS_BUFFERED_AMOUNT_LOW:
			ev->type = TAUT_EV_BUFFERED_AMOUNT_LOW;
			return ev;
		case TT_DCS_CLOSING:
			ev->type = TAUT_EV_CLOSING;
			return with_reason(ev, d);
		case TT_DCS_CLOSE:
			ev->type = TAUT_EV_CLOSE;
			return with_reason(ev, d);
		}
	}
	return NULL;
}

/* What our description in force says of a payload type: a later offer may have renumbered it. */
static const struct taut_codec *received_codec(const struct taut_pc *pc, struct pc_transceiver *t,
					       uint8_t pt)
{
	const struct tt_sdp *sdp = pc_agreed_local(pc);
	const int line = pc_provisional(pc) ? t->bound.m_line : t->stable.m_line;

	if (t->heard_codec && t->heard_pt == pt)
		return &t->heard_codec->codec;
	if (!sdp || line < 0 || (size_t)line >= sdp->media_count)
		return NULL;
	const struct tt_sdp_media *m = sdp->media[line];
	const struct tt_sdp_codec *c = tt_sdp_codec_by_pt(m, pt);
	t->heard_codec = c ? pc_match_codec(pc, t->kind, c) : NULL;
	t->heard_pt = pt;
	return t->heard_codec ? &t->heard_codec->codec : NULL;
}

static const struct taut_event *of_frame(struct taut_pc *pc, const struct tt_rtp_event *r)
{
	struct pc_transceiver *t = pc_find_transceiver(pc, pc_stream_transceiver(r->stream));
	struct taut_event *ev = fresh(pc, TAUT_EV_FRAME);

	if (!t)
		return NULL;
	pc->frame = *r->frame;
	pc->frame.codec = received_codec(pc, t, r->frame->payload_type);
	pc->frame.rid = r->rid[0] ? r->rid : NULL;
	pc_hear(pc, t, r->ssrc, r->csrcs, &pc->frame);
	ev->transceiver = t->id;
	ev->frame = &pc->frame;
	return ev;
}

static const struct taut_event *of_tone(struct taut_pc *pc, const struct tt_rtp_event *r)
{
	struct taut_event *ev = fresh(pc, TAUT_EV_TONE);

	pc->heard_key[0] = tt_event_key(r->tone);
	ev->transceiver = r->stream;
	ev->number = r->tone;
	ev->text = pc->heard_key;
	return ev;
}

static const struct taut_event *of_wish(struct taut_pc *pc, const struct tt_rtp_event *r)
{
	struct taut_event *ev = fresh(pc, TAUT_EV_KEY_FRAME_WANTED);

	ev->transceiver = pc_stream_transceiver(r->stream);
	ev->label = r->rid[0] ? r->rid : NULL;
	return ev;
}

static const struct taut_event *of_media(struct taut_pc *pc)
{
	const struct tt_rtp_event *r;

	while (pc->rtp && (r = tt_rtp_session_poll_event(pc->rtp)) != NULL) {
		const struct taut_event *frame;

		switch (r->type) {
		case TT_RTP_EV_FRAME:
			frame = of_frame(pc, r);
			if (frame)
				return frame;
			break;
		case TT_RTP_EV_TONE:
			return of_tone(pc, r);
		case TT_RTP_EV_KEY_FRAME_WANTED:
			return of_wish(pc, r);
		default:
			break;
		}
	}
	return NULL;
}

const struct taut_event *taut_pc_poll_event(taut_pc *pc)
{
	const struct taut_event *ev;

	drop_lent(pc);
	if (!pc->wants_event)
		return NULL; /* as the call before found, and nobody has called since */
	ev = next_queued(pc);
	if (!ev)
		ev = of_channels(pc);
	if (!ev)
		ev = of_media(pc);
	if (!ev)
		ev = next_queued(pc); /* a layer's event may have led to one of ours */
	if (!ev && pc->state_untold) {
		struct taut_event *state = fresh(pc, TAUT_EV_CONNECTION_STATE);
		pc->state_untold = false;
		state->number = pc->connection_state;
		state->reason = pc->state_reason;
		state->text = state->reason ? taut_reason_text(state->reason) : NULL;
		ev = state;
	}
	if (!ev)
		pc->wants_event = false;
	return ev;
}
