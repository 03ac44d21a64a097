/* dcs_channel.c - one channel: its number, its stream, and the calls of its owner.
 *
 * RFC 8831 sections 6.4 to 6.7. A number is a generation and a slot, so that one
 * kept after the channel's end is known to be stale. */
#include <string.h>

#include "base/num.h"
#include "datachannel/dcs_internal.h"

struct channel *tt_dcs_find(const struct tt_dcs *d, taut_channel number)
{
	uint32_t slot = (number & 0xffff) - 1;

	if (number == 0 || slot >= d->count || d->channels[slot].number != number)
		return NULL;
	return &d->channels[slot];
}

uint32_t tt_dcs_stream(const struct tt_dcs *d, uint32_t stream)
{
	const uint32_t slot = stream < d->streams ? d->by_stream[stream] : STREAM_FREE;

	return slot == STREAM_ENDED ? STREAM_FREE : slot;
}

/* Room to say whose the first n streams are. */
static bool reserve_streams(struct tt_dcs *d, size_t n)
{
	if (n <= d->streams)
		return true;
	const size_t room = tt_min(tt_max(n, 2 * (size_t)d->streams), d->max_streams);
	uint32_t *all = tt_resize(d->env, d->by_stream, room * sizeof *all);
	if (!all)
		return false;
	memset(all + d->streams, 0, (room - d->streams) * sizeof *all); /* STREAM_FREE */
	d->by_stream = all;
	d->streams = tt_u32(room);
	return true;
}

struct channel *tt_dcs_by_stream(const struct tt_dcs *d, uint16_t stream)
{
	uint32_t slot = tt_dcs_stream(d, stream);

	return slot == STREAM_FREE || slot == STREAM_BURNT ? NULL : &d->channels[slot - 1];
}

uint32_t tt_dcs_slot(const struct tt_dcs *d, const struct channel *c)
{
	return (uint32_t)(c - d->channels);
}

/* A slot that is free and in no list any more. */
static struct channel *free_slot(struct tt_dcs *d)
{
	for (uint32_t i = 0; d->used < d->count && i < d->count; i++) {
		const struct channel *c = &d->channels[i];
		if (c->number == 0 && !c->working && !c->talking && !c->in_armed)
			return &d->channels[i];
	}
	if (d->count >= d->max_channels)
		return NULL;
	uint32_t want = (uint32_t)tt_min(d->count ? 2 * (size_t)d->count : 2, d->max_channels);
	struct channel *all = tt_resize(d->env, d->channels, want * sizeof *all);
	if (!all)
		return NULL;
	memset(all + d->count, 0, (want - d->count) * sizeof *all);
	d->channels = all;
	struct channel *c = &all[d->count];
	d->count = want;
	return c;
}

int tt_dcs_new_channel(struct tt_dcs *d, const struct tt_dcs_init *init, size_t label_len,
                       size_t protocol_len, struct channel **out)
{
	if (d->used >= d->max_channels)
		return TAUT_E_LIMIT;
	/* With that, one that chooses its stream later finds room for it, but for spent ones. */
	struct channel *c = reserve_streams(d, tt_min(2 * (size_t)d->used + 2, d->max_streams))
				    ? free_slot(d)
				    : NULL;
	if (!c)
		return TAUT_E_NOMEM;
	*c = (struct channel){
		.state = TT_DCS_STATE_CONNECTING,
		.id = -1,
		.unordered = init->unordered,
		.negotiated = init->negotiated,
		.limit_lifetime = init->limit_lifetime,
		.limit_retransmits = init->limit_retransmits,
		.reliability =
			init->limit_lifetime ? init->max_packet_life_time : init->max_retransmits,
		.priority = init->priority ? init->priority : TT_DCS_NORMAL,
		.label = tt_copy_text(d->env, init->label, label_len),
		.protocol = tt_copy_text(d->env, init->protocol, protocol_len),
	};
	if (!c->label || !c->protocol) {
		tt_free(d->env, c->label);
		tt_free(d->env, c->protocol);
		*c = (struct channel){ 0 };
		return TAUT_E_NOMEM;
	}
	c->number = (uint32_t)d->generation << 16 | (tt_dcs_slot(d, c) + 1);
	d->generation = d->generation == UINT16_MAX ? 1 : (uint16_t)(d->generation + 1);
	d->used++;
	*out = c;
	return TAUT_OK;
}

/* What the other lists still hold of it they find to be free, and skip. */
void tt_dcs_set_open(struct tt_dcs *d, struct channel *c)
{
	c->state = TT_DCS_STATE_OPEN;
	c->was_open = true;
	d->opened++;
}

static void leave_open(struct tt_dcs *d, struct channel *c)
{
	d->closed += c->was_open;
	c->was_open = false;
}

void tt_dcs_free_channel(struct tt_dcs *d, struct channel *c)
{
	leave_open(d, c);
	if (c->id >= 0 && tt_dcs_stream(d, (uint32_t)c->id) == tt_dcs_slot(d, c) + 1)
		d->by_stream[c->id] = STREAM_FREE;
	tt_dcs_drop_work(d, c);
	tt_free(d->env, c->label);
	tt_free(d->env, c->protocol);
	tt_free(d->env, c->loans);
	c->label = c->protocol = NULL;
	c->loans = NULL;
	c->loan_count = 0;
	c->number = 0;
	c->must_open = c->must_ack = c->must_reset = false;
	c->say_channel = c->say_open = c->say_closing = c->say_close = false;
	c->armed = c->refused = false;
	d->used--;
}

bool tt_dcs_bind(struct tt_dcs *d, struct channel *c, uint16_t stream)
{
	if (!reserve_streams(d, (size_t)stream + 1))
		return false;
	c->id = stream;
	d->by_stream[stream] = tt_dcs_slot(d, c) + 1;
	return true;
}

/* RFC 8832 section 6: the DTLS client opens even streams, the server odd ones. */
bool tt_dcs_choose_id(struct tt_dcs *d, struct channel *c)
{
	uint16_t limit = (uint16_t)tt_min(tt_sctp_out_streams(d->sctp), d->max_streams);

	for (uint32_t id = !d->is_client; id < limit; id += 2)
		if (tt_dcs_stream(d, id) == STREAM_FREE)
			return tt_dcs_bind(d, c, (uint16_t)id);
	return false;
}

static int check_init(const struct tt_dcs *d, const struct tt_dcs_init *init, size_t label_len,
                      size_t protocol_len)
{
	if (d->ended)
		return TAUT_E_STATE;
	if (label_len > TT_DCS_MAX_TEXT || protocol_len > TT_DCS_MAX_TEXT ||
	    (init->limit_lifetime && init->limit_retransmits))
		return TAUT_E_INVAL;
	if (init->negotiated &&
	    (init->id >= d->max_streams || init->id >= tt_sctp_out_streams(d->sctp) ||
	     tt_dcs_stream(d, init->id) != STREAM_FREE))
		return TAUT_E_INVAL;
	return TAUT_OK;
}

int tt_dcs_create(struct tt_dcs *d, taut_time now, const struct tt_dcs_init *init,
                  taut_channel *out)
{
	struct tt_dcs_init in = *init;

	in.label = in.label ? in.label : "";
	in.protocol = in.protocol ? in.protocol : "";
	*out = 0;
	size_t label_len = strlen(in.label), protocol_len = strlen(in.protocol);
	int err = check_init(d, &in, label_len, protocol_len);
	if (err < 0)
		return err;
	struct channel *c;
	err = tt_dcs_new_channel(d, &in, label_len, protocol_len, &c);
	if (err < 0)
		return err;
	if (in.negotiated) {
		if (!tt_dcs_bind(d, c, in.id)) {
			tt_dcs_free_channel(d, c);
			return TAUT_E_NOMEM;
		}
		c->heard = true;
	} else if (d->role_known && !tt_dcs_choose_id(d, c)) {
		tt_dcs_free_channel(d, c);
		return TAUT_E_LIMIT;
	}
	c->must_open = true;
	tt_dcs_add_work(d, c);
	*out = c->number;
	tt_dcs_do_work(d, now);
	return TAUT_OK;
}

bool tt_dcs_would_take(const struct tt_dcs *d, const struct channel *c, size_t len)
{
	size_t queued = tt_sctp_buffered(d->sctp, (uint16_t)c->id);

	if (queued > 0 && (queued >= d->channel_buffer || len > d->channel_buffer - queued))
		return false;
	return tt_sctp_can_hold(d->sctp, len);
}

static uint32_t ppid_of(bool binary, bool empty)
{
	if (binary)
		return empty ? PPID_BINARY_EMPTY : PPID_BINARY;
	return empty ? PPID_TEXT_EMPTY : PPID_TEXT;
}

/* RFC 8831 section 6.6: SCTP has no empty messages; one zero byte stands for them. What was lent for one is
 * not needed. */
static int send_empty(struct tt_dcs *d, taut_time now, const struct channel *c,
		      const struct tt_sctp_send_options *opt, const struct tt_sctp_body *body,
		      bool binary)
{
	const int err =
		tt_sctp_send(d->sctp, now, (uint16_t)c->id, ppid_of(binary, true), opt, "", 1);

	if (err == TAUT_OK && body->done)
		body->done(body->ctx);
	return err;
}

int tt_dcs_send(struct tt_dcs *d, taut_time now, taut_channel ch, bool binary, const void *data,
                size_t len)
{
	const struct taut_piece piece = { data, len };

	return tt_dcs_send_body(d, now, ch, binary,
				&(struct tt_sctp_body){ &piece, 1, len, NULL, NULL });
}

int tt_dcs_send_body(struct tt_dcs *d, taut_time now, taut_channel ch, bool binary,
		     const struct tt_sctp_body *body)
{
	struct channel *c = tt_dcs_find(d, ch);
	const size_t len = body->len, wire_len = len > 0 ? len : 1;

	if (!c)
		return TAUT_E_GONE;
	if (c->state != TT_DCS_STATE_OPEN)
		return TAUT_E_STATE;
	if (d->max_message_out != 0 && len > d->max_message_out)
		return TAUT_E_LIMIT;
	if (!tt_dcs_would_take(d, c, wire_len)) {
		c->refused = true;
		c->refused_len = wire_len;
		tt_dcs_arm(d, c);
		return TAUT_E_AGAIN;
	}
	const struct tt_sctp_send_options opt = {
		.unordered = c->unordered && c->heard, /* RFC 8832 section 6: not past OPEN */
		.limit_retransmits = c->limit_retransmits,
		.max_retransmits = c->reliability,
		/* a lifetime of 0 is one that ends at once: the shortest there is */
		.lifetime_ms = c->limit_lifetime ? tt_max(c->reliability, 1) & 0xffff : 0,
		.weight = c->priority,
	};
	const int err = len > 0 ? tt_sctp_send_body(d->sctp, now, (uint16_t)c->id,
						    ppid_of(binary, false), &opt, body)
				: send_empty(d, now, c, &opt, body, binary);
	if (err < 0)
		return err;
	c->messages_sent++;
	c->bytes_sent += len;
	if (wire_len >= c->refused_len) /* what was refused has room now, or is not sent any more */
		c->refused = false;
	if (tt_sctp_buffered(d->sctp, (uint16_t)c->id) > c->threshold)
		tt_dcs_arm(d, c);
	return TAUT_OK;
}

void tt_dcs_finish_close(struct tt_dcs *d, struct channel *c, uint32_t reason)
{
	if (c->say_close)
		return;
	leave_open(d, c);
	c->state = TT_DCS_STATE_CLOSING;
	c->must_open = c->must_ack = c->must_reset = false;
	tt_dcs_end_loans(d, c);
	c->close_reason = c->close_reason ? c->close_reason : reason;
	c->say_close = true;
	tt_dcs_add_talk(d, c);
}

void tt_dcs_begin_close(struct tt_dcs *d, struct channel *c, uint32_t reason, bool asked)
{
	if (c->state == TT_DCS_STATE_CLOSING)
		return;
	c->close_reason = reason;
	if (c->state == TT_DCS_STATE_CONNECTING && !c->open_sent) { /* the peer has not heard of it ... */
		if (c->negotiated) { /* ... or has one of its own */
			d->by_stream[c->id] = STREAM_ENDED;
			d->tell_ended = true;
		}
		tt_dcs_finish_close(d, c, reason);
		return;
	}
	leave_open(d, c);
	c->must_open = false;
	c->state = TT_DCS_STATE_CLOSING;
	c->must_reset = true;
	tt_dcs_add_work(d, c);
	if (asked)
		return;
	c->say_closing = true;
	tt_dcs_add_talk(d, c);
}

int tt_dcs_close(struct tt_dcs *d, taut_time now, taut_channel ch)
{
	struct channel *c = tt_dcs_find(d, ch);

	if (!c)
		return TAUT_E_GONE;
	tt_dcs_begin_close(d, c, TAUT_REASON_CLOSED_HERE, true);
	tt_dcs_do_work(d, now);
	return TAUT_OK;
}

int64_t tt_dcs_buffered_amount(const struct tt_dcs *d, taut_channel ch)
{
	const struct channel *c = tt_dcs_find(d, ch);

	if (!c)
		return TAUT_E_GONE;
	return c->id < 0 ? 0 : (int64_t)tt_sctp_buffered(d->sctp, (uint16_t)c->id);
}

int tt_dcs_set_buffered_amount_low_threshold(struct tt_dcs *d, taut_channel ch, size_t threshold)
{
	struct channel *c = tt_dcs_find(d, ch);

	if (!c)
		return TAUT_E_GONE;
	/* what counts is the fall to it, from now on */
	if (c->id >= 0 && tt_sctp_buffered(d->sctp, (uint16_t)c->id) > threshold)
		tt_dcs_arm(d, c);
	else
		c->armed = c->refused;
	c->threshold = threshold;
	return TAUT_OK;
}

const struct tt_dcs_info *tt_dcs_info(struct tt_dcs *d, taut_channel ch)
{
	const struct channel *c = tt_dcs_find(d, ch);

	if (!c)
		return NULL;
	d->info = (struct tt_dcs_info){
		.state = c->state,
		.id = c->id,
		.label = c->label,
		.protocol = c->protocol,
		.unordered = c->unordered,
		.negotiated = c->negotiated,
		.limit_lifetime = c->limit_lifetime,
		.limit_retransmits = c->limit_retransmits,
		.reliability = c->reliability,
		.priority = c->priority,
		.threshold = c->threshold,
		.messages_sent = c->messages_sent,
		.messages_received = c->messages_received,
		.bytes_sent = c->bytes_sent,
		.bytes_received = c->bytes_received,
	};
	return &d->info;
}

struct tt_dcs_transport tt_dcs_transport(const struct tt_dcs *d)
{
	return (struct tt_dcs_transport){
		.up = d->up,
		.ended = d->ended,
		.max_message_out = d->max_message_out,
		.max_channels = d->up ? (uint32_t)tt_min(tt_sctp_out_streams(d->sctp), d->max_channels) : 0,
	};
}

taut_channel tt_dcs_at(const struct tt_dcs *d, size_t i)
{
	for (uint32_t slot = 0; slot < d->count; slot++)
		if (d->channels[slot].number && i-- == 0)
			return d->channels[slot].number;
	return 0;
}

void tt_dcs_opened(const struct tt_dcs *d, uint64_t *opened, uint64_t *closed)
{
	*opened = d->opened;
	*closed = d->closed;
}
