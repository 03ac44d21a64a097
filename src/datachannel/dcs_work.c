/* dcs_work.c - what channels have to send, to say, and to be told when there is room.
 *
 * Three lists of slots, each in the order things were put in. A channel that ends
 * while it stands in one is skipped there; its slot is not used again before. */
#include <string.h>

#include "datachannel/dcs_dcep.h"
#include "datachannel/dcs_internal.h"

void tt_dcs_add_work(struct tt_dcs *d, struct channel *c)
{
	uint32_t slot = tt_dcs_slot(d, c);

	if (c->working)
		return;
	c->working = true;
	c->next_work = NO_SLOT;
	if (d->work.first == NO_SLOT)
		d->work.first = slot;
	else
		d->channels[d->work.last].next_work = slot;
	d->work.last = slot;
}

/* A channel that ends before there is an association would keep its slot until there is one. */
void tt_dcs_drop_work(struct tt_dcs *d, struct channel *c)
{
	uint32_t slot = tt_dcs_slot(d, c), before = NO_SLOT, at = d->work.first;

	if (!c->working)
		return;
	while (at != slot) {
		before = at;
		at = d->channels[at].next_work;
	}
	if (before == NO_SLOT)
		d->work.first = c->next_work;
	else
		d->channels[before].next_work = c->next_work;
	if (d->work.last == slot)
		d->work.last = before;
	c->working = false;
}

/* Ordered and reliable, whatever the channel is: RFC 8832 section 6. */
static int send_dcep(struct tt_dcs *d, taut_time now, const struct channel *c, const void *data,
		     size_t len)
{
	const struct tt_sctp_send_options opt = { .weight = c->priority };

	return tt_sctp_send(d->sctp, now, (uint16_t)c->id, PPID_DCEP, &opt, data, len);
}

/* RFC 8832 section 5.1. */
static int send_open(struct tt_dcs *d, taut_time now, const struct channel *c)
{
	uint8_t bytes[DCEP_OPEN_HEADER + 2 * TT_DCS_MAX_TEXT];
	struct wr w = wr_make(bytes, sizeof bytes);
	const struct dcep_open open = {
		.unordered = c->unordered,
		.limit_retransmits = c->limit_retransmits,
		.limit_lifetime = c->limit_lifetime,
		.reliability = c->reliability,
		.priority = c->priority,
		.label = span_of(c->label),
		.protocol = span_of(c->protocol),
	};

	tt_dcs_write_open(&w, &open);
	return send_dcep(d, now, c, bytes, wr_len(&w));
}

static bool do_open(struct tt_dcs *d, taut_time now, struct channel *c)
{
	if (!c->open_sent && !c->negotiated && send_open(d, now, c) < 0)
		return false;
	c->open_sent = true;
	c->must_open = false;
	tt_dcs_set_open(d, c);
	c->say_open = true;
	tt_dcs_add_talk(d, c);
	return true;
}

static bool do_ack(struct tt_dcs *d, taut_time now, struct channel *c)
{
	static const uint8_t ack = DCEP_ACK;

	if (send_dcep(d, now, c, &ack, 1) < 0)
		return false;
	c->must_ack = false;
	return true;
}

/* RFC 8831 section 6.7; a peer without RE-CONFIG cannot be told, and the stream is spent. */
static bool do_reset(struct tt_dcs *d, taut_time now, struct channel *c)
{
	int err = tt_sctp_reset_stream(d->sctp, now, (uint16_t)c->id);

	if (err == TAUT_E_UNSUPPORTED) {
		d->by_stream[c->id] = STREAM_BURNT;
		tt_dcs_finish_close(d, c, TAUT_REASON_NONE);
		return true;
	}
	if (err < 0)
		return false;
	c->must_reset = false;
	return true;
}

/* All that can be done for c; false: the rest must wait. */
static bool do_one(struct tt_dcs *d, taut_time now, struct channel *c)
{
	if (c->id >= tt_sctp_out_streams(d->sctp)) { /* the peer takes fewer, perhaps since OPEN left */
		tt_dcs_finish_close(d, c, TAUT_REASON_TRANSPORT_GONE);
		return true;
	}
	return (!c->must_open || do_open(d, now, c)) && (!c->must_ack || do_ack(d, now, c)) &&
	       (!c->must_reset || do_reset(d, now, c));
}

/* RFC 9260 section 5.1 C: they go with COOKIE ECHO, as many as its packet has room for; all else waits. */
static void open_early(struct tt_dcs *d, taut_time now)
{
	for (uint32_t at = d->work.first; at != NO_SLOT; at = d->channels[at].next_work) {
		struct channel *c = &d->channels[at];
		if (c->number == 0 || !c->must_open || c->open_sent || c->negotiated ||
		    c->id >= tt_sctp_out_streams(d->sctp))
			continue;
		if (send_open(d, now, c) < 0)
			return;
		c->open_sent = true;
	}
}

/* RFC 8831 section 6.7, of channels that were agreed on and closed before they could be told. */
static void tell_ended(struct tt_dcs *d, taut_time now)
{
	for (uint32_t i = 0; i < d->streams; i++) {
		if (d->by_stream[i] != STREAM_ENDED)
			continue;
		const int err = i < tt_sctp_out_streams(d->sctp) ? tt_sctp_reset_stream(d->sctp, now, (uint16_t)i)
								 : TAUT_OK;
		if (err < 0 && err != TAUT_E_UNSUPPORTED)
			return; /* later */
		d->by_stream[i] = err < 0 ? STREAM_BURNT : STREAM_FREE;
	}
	d->tell_ended = false;
}

void tt_dcs_do_work(struct tt_dcs *d, taut_time now)
{
	if (d->up && d->tell_ended)
		tell_ended(d, now);
	if (!d->up && d->role_known && tt_sctp_knows_peer(d->sctp))
		open_early(d, now);
	while (d->up && d->role_known && d->work.first != NO_SLOT) {
		struct channel *c = &d->channels[d->work.first];
		if (c->number != 0 && !do_one(d, now, c))
			return;
		c->working = false;
		d->work.first = c->next_work;
	}
}

void tt_dcs_add_talk(struct tt_dcs *d, struct channel *c)
{
	uint32_t slot = tt_dcs_slot(d, c);

	if (c->talking)
		return;
	c->talking = true;
	c->next_talk = NO_SLOT;
	if (d->talk.first == NO_SLOT)
		d->talk.first = slot;
	else
		d->channels[d->talk.last].next_talk = slot;
	d->talk.last = slot;
}

/* The first channel that has something to say; it stays first until it has said all. */
struct channel *tt_dcs_next_talk(struct tt_dcs *d)
{
	while (d->talk.first != NO_SLOT) {
		struct channel *c = &d->channels[d->talk.first];
		if (c->say_channel || c->say_open || c->say_closing || c->say_close)
			return c;
		c->talking = false;
		d->talk.first = c->next_talk;
	}
	return NULL;
}

void tt_dcs_arm(struct tt_dcs *d, struct channel *c)
{
	c->armed = true;
	if (c->in_armed)
		return;
	c->in_armed = true;
	c->next_armed = d->armed.first;
	d->armed.first = tt_dcs_slot(d, c);
}

static bool is_low(const struct tt_dcs *d, const struct channel *c)
{
	return tt_sctp_buffered(d->sctp, (uint16_t)c->id) <= c->threshold &&
	       (!c->refused || tt_dcs_would_take(d, c, c->refused_len));
}

/* A channel whose BUFFERED_AMOUNT_LOW is due; it is disarmed with that. */
struct channel *tt_dcs_next_low(struct tt_dcs *d)
{
	for (uint32_t *at = &d->armed.first; *at != NO_SLOT;) {
		struct channel *c = &d->channels[*at];
		bool gone = !c->armed || c->state != TT_DCS_STATE_OPEN;
		if (!gone && !is_low(d, c)) {
			at = &c->next_armed;
			continue;
		}
		*at = c->next_armed;
		c->in_armed = c->armed = c->refused = false;
		if (!gone)
			return c;
	}
	return NULL;
}
