/* dcs_event.c - what comes up from SCTP, and what becomes of it: RFC 8831 section 6, RFC 8832. */
#include <stdio.h>
#include <string.h>

#include "datachannel/dcs_dcep.h"
#include "datachannel/dcs_internal.h"

static void drop(struct tt_dcs *d, taut_time now, uint32_t why, uint16_t stream)
{
	tt_drop(d->env, now, why, TT_INT("stream", stream));
}

/* RFC 8832 section 6: it must be the peer's stream, and not in use. */
static uint32_t open_fault(const struct tt_dcs *d, uint16_t stream)
{
	if (stream >= d->max_streams || stream >= tt_sctp_out_streams(d->sctp))
		return TAUT_DROP_DATA_NO_WAY_BACK;
	if (tt_dcs_stream(d, stream) != STREAM_FREE)
		return TAUT_DROP_DATA_STREAM_IN_USE;
	if ((stream % 2 == 0) == d->is_client)
		return TAUT_DROP_DATA_STREAM_OURS;
	return TT_TAKEN;
}

static uint16_t clamp16(uint32_t v)
{
	return v > UINT16_MAX ? UINT16_MAX : (uint16_t)v;
}

static uint32_t make_channel(struct tt_dcs *d, taut_time now, const struct dcep_open *o,
			     uint16_t stream)
{
	const struct tt_dcs_init init = {
		.label = (const char *)o->label.p,
		.protocol = (const char *)o->protocol.p,
		.unordered = o->unordered,
		.limit_lifetime = o->limit_lifetime,
		.limit_retransmits = o->limit_retransmits,
		.max_packet_life_time = clamp16(o->reliability),
		.max_retransmits = clamp16(o->reliability),
		.priority = o->priority, /* of whom says none it is 0: normal */
	};
	struct channel *c;

	if (tt_dcs_new_channel(d, &init, o->label.len, o->protocol.len, &c) < 0)
		return TAUT_DROP_DATA_TOO_MANY;
	if (!tt_dcs_bind(d, c, stream)) {
		tt_dcs_free_channel(d, c);
		return TAUT_DROP_DATA_TOO_MANY;
	}
	c->by_peer = c->heard = true;
	tt_dcs_set_open(d, c);
	c->must_ack = c->say_channel = c->say_open = true;
	tt_dcs_add_work(d, c);
	tt_dcs_add_talk(d, c);
	tt_note(d->env, now, TAUT_LAYER_DATA, "peer opens a channel", TT_INT("stream", stream),
	        TT_STR("label", c->label), TT_STR("protocol", c->protocol));
	return TT_TAKEN;
}

/* The peer uses a stream again, so both of its directions were reset; that the answer to our reset
 * got lost does not matter any more. */
static void end_former(struct tt_dcs *d, uint16_t stream)
{
	struct channel *c = tt_dcs_by_stream(d, stream);

	if (!c || c->state != TT_DCS_STATE_CLOSING || !c->reset_in || c->must_reset)
		return;
	tt_dcs_finish_close(d, c, TAUT_REASON_NONE);
	d->by_stream[stream] = STREAM_FREE;
	c->id = -1;
}

/* What is refused is closed, by resetting our side of the stream; but not what is in use. */
static void on_open(struct tt_dcs *d, taut_time now, const struct tt_sctp_event *e)
{
	struct dcep_open o;

	end_former(d, e->stream);
	uint32_t why = open_fault(d, e->stream);
	bool in_use = tt_dcs_by_stream(d, e->stream) != NULL;

	if (!why)
		why = tt_dcs_read_open(&o, e->data, e->len) ? make_channel(d, now, &o, e->stream)
							    : TAUT_DROP_DATA_OPEN_MALFORMED;
	if (!why)
		return;
	drop(d, now, why, e->stream);
	if (!in_use)
		tt_sctp_reset_stream(d->sctp, now, e->stream);
}

static void on_dcep(struct tt_dcs *d, taut_time now, const struct tt_sctp_event *e)
{
	struct channel *c = tt_dcs_by_stream(d, e->stream);

	if (e->data[0] == DCEP_OPEN)
		on_open(d, now, e);
	else if (e->data[0] == DCEP_ACK && e->len == 1 && c && !c->by_peer && !c->negotiated &&
	         !c->heard)
		c->heard = true;
	else
		drop(d, now, TAUT_DROP_DATA_DCEP, e->stream);
}

static bool is_data(uint32_t ppid)
{
	return ppid == PPID_TEXT || ppid == PPID_BINARY || ppid == PPID_TEXT_EMPTY ||
	       ppid == PPID_BINARY_EMPTY;
}

/* True: a message for the application. */
static bool on_message(struct tt_dcs *d, taut_time now, const struct tt_sctp_event *e)
{
	if (e->ppid == PPID_DCEP) {
		on_dcep(d, now, e);
		return false;
	}
	struct channel *c = tt_dcs_by_stream(d, e->stream);
	if (!c || c->state != TT_DCS_STATE_OPEN) {
		drop(d, now, TAUT_DROP_DATA_NO_CHANNEL, e->stream);
		tt_dcs_undo_loan(d, e);
		return false;
	}
	if (!is_data(e->ppid)) { /* RFC 8831 section 6.6: also the partial ones, 52 and 54 */
		drop(d, now, TAUT_DROP_DATA_PROTOCOL, e->stream);
		tt_dcs_begin_close(d, c, TAUT_REASON_CHANNEL_UNKNOWN_PPID, false);
		return false;
	}
	bool empty = e->ppid == PPID_TEXT_EMPTY || e->ppid == PPID_BINARY_EMPTY;
	c->heard = true;
	d->event = (struct tt_dcs_event){
		.type = TT_DCS_MESSAGE, .channel = c->number,
		.binary = e->ppid == PPID_BINARY || e->ppid == PPID_BINARY_EMPTY,
		.data = e->data, .len = empty ? 0 : e->len,
	};
	tt_dcs_end_loan(c, e->data);
	c->messages_received++;
	c->bytes_received += d->event.len;
	return true;
}

static void on_reset(struct tt_dcs *d, const struct tt_sctp_event *e, bool incoming)
{
	struct channel *c = tt_dcs_by_stream(d, e->stream);

	if (!c || (!incoming && c->state != TT_DCS_STATE_CLOSING))
		return;
	if (incoming) {
		c->reset_in = true;
		tt_dcs_begin_close(d, c, TAUT_REASON_CHANNEL_CLOSED_BY_PEER, false);
	} else {
		c->reset_out = true;
		if (e->reason != 0) { /* refused: the stream is spent, but the channel is closed */
			d->by_stream[e->stream] = STREAM_BURNT;
			c->reset_in = true;
		}
	}
	if (c->reset_in && c->reset_out)
		tt_dcs_finish_close(d, c, TAUT_REASON_NONE);
}

static void close_all(struct tt_dcs *d, uint32_t reason)
{
	for (uint32_t i = 0; i < d->count; i++)
		if (d->channels[i].number != 0)
			tt_dcs_finish_close(d, &d->channels[i], reason);
}

static void on_closed(struct tt_dcs *d, const struct tt_sctp_event *e)
{
	d->up = false;
	d->ended = d->say_closed = true;
	d->close_reason = e->reason;
	d->close_cause = e->cause;
	snprintf(d->close_text, sizeof d->close_text, "%s", e->text ? e->text : "");
	/* Those that were closing keep the reason that they had. */
	for (uint32_t i = 0; i < d->count; i++)
		d->channels[i].ended_below = d->channels[i].close_reason == TAUT_REASON_NONE;
	close_all(d, e->reason);
}

/* True: d->event holds something for the application. */
static bool take(struct tt_dcs *d, taut_time now, const struct tt_sctp_event *e)
{
	struct channel *c = tt_dcs_by_stream(d, e->stream);

	switch (e->type) {
	case TT_SCTP_CONNECTED:
		d->up = true;
		d->event = (struct tt_dcs_event){ .type = TT_DCS_ASSOCIATION_UP };
		return true;
	case TT_SCTP_MESSAGE:
		return on_message(d, now, e);
	case TT_SCTP_TOO_LARGE:
		drop(d, now, TAUT_DROP_DATA_TOO_LARGE, e->stream);
		if (c)
			tt_dcs_begin_close(d, c, TAUT_REASON_CHANNEL_MESSAGE_TOO_LARGE, false);
		return false;
	case TT_SCTP_STREAM_RESET_IN:
	case TT_SCTP_STREAM_RESET_OUT:
		on_reset(d, e, e->type == TT_SCTP_STREAM_RESET_IN);
		return false;
	case TT_SCTP_RESTARTED:
		close_all(d, TAUT_REASON_CHANNEL_CLOSED_BY_PEER);
		return false;
	case TT_SCTP_CLOSED:
		on_closed(d, e);
		return false;
	}
	return false;
}

static const char *close_text(const struct tt_dcs *d)
{
	return d->close_text[0] ? d->close_text : NULL;
}

static void say(struct tt_dcs *d, struct channel *c)
{
	d->event = (struct tt_dcs_event){ .channel = c->number };
	if (c->say_channel) {
		c->say_channel = false;
		d->event.type = TT_DCS_CHANNEL;
		d->event.label = c->label;
		d->event.protocol = c->protocol;
	} else if (c->say_open) {
		c->say_open = false;
		d->event.type = TT_DCS_OPEN;
	} else if (c->say_closing) {
		c->say_closing = false;
		d->event.type = TT_DCS_CLOSING;
		d->event.reason = c->close_reason;
	} else {
		d->event.type = TT_DCS_CLOSE;
		d->event.reason = c->close_reason;
		d->event.cause = c->ended_below ? d->close_cause : 0;
		d->event.text = c->ended_below ? close_text(d) : NULL;
		tt_dcs_free_channel(d, c);
	}
}

static bool next_event(struct tt_dcs *d, taut_time now)
{
	struct channel *c;
	const struct tt_sctp_event *e;

	for (;;) {
		tt_dcs_do_work(d, now);
		c = tt_dcs_next_talk(d);
		if (c) {
			say(d, c);
			return true;
		}
		e = tt_sctp_poll_event(d->sctp);
		if (!e)
			break;
		if (take(d, now, e))
			return true;
	}
	c = d->ended ? NULL : tt_dcs_next_low(d);
	if (c) {
		d->event = (struct tt_dcs_event){ .type = TT_DCS_BUFFERED_AMOUNT_LOW,
		                                  .channel = c->number };
		return true;
	}
	if (!d->say_closed)
		return false;
	d->say_closed = false;
	d->event = (struct tt_dcs_event){ .type = TT_DCS_ASSOCIATION_CLOSED,
	                                  .reason = d->close_reason,
	                                  .cause = d->close_cause,
	                                  .text = close_text(d) };
	return true;
}

const struct tt_dcs_event *tt_dcs_poll_event(struct tt_dcs *d, taut_time now)
{
	return next_event(d, now) ? &d->event : NULL;
}
