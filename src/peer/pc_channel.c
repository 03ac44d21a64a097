/* pc_channel.c - RTCDataChannel: webrtc-pc section 6.2, over src/datachannel. */
#include "base/config.h"
#include "base/num.h"
#include "peer/pc.h"

/* Which leg of a relayed path is how long nobody knows here: as if both had IPv6. */
size_t pc_around_sctp(const struct taut_pc *pc)
{
	enum { UDP = 8 };
	const bool known = pc->path_remote.family != 0;
	const bool relayed = known ? pc->path_relayed : pc->relays;
	const size_t ip = relayed || pc->path_remote.family != 4 ? 40 : 20;
	const size_t channel = relayed ? TT_TURN_CHANNEL_HEAD : 0;

	return ip + UDP + channel + TT_DTLS_OVERHEAD;
}

/* Below what every IPv6 path takes nothing is tried out. */
uint16_t pc_max_probed(const struct taut_pc *pc)
{
	return pc->max_path_mtu > 1280 ? tt_u16(pc->max_path_mtu - pc_around_sctp(pc)) : 0;
}

struct tt_dcs *pc_make_channels(struct taut_pc *pc, taut_time now)
{
	const struct tt_dcs_config cfg = {
		.sctp = { .max_message_in = pc->max_message_size,
			  .max_packet = pc->relays ? PC_SCTP_RELAYED : PC_SCTP_PACKET,
			  .max_probed = pc_max_probed(pc),
			  .recv_window_most = pc->max_receive_window,
			  .send_buffer = pc->send_buffer_size,
			  .congestion_control = pc->congestion_control },
	};

	if (!pc->channels && tt_dcs_new(&pc->channels, pc->env, &cfg, now) != TAUT_OK)
		return NULL;
	return pc->channels;
}

int taut_pc_create_data_channel(taut_pc *pc, taut_time now,
				const struct taut_data_channel_init *init, taut_channel *out)
{
	struct taut_data_channel_init c;
	int err = tt_config_take(&c, sizeof c, init);

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (err || (c.max_packet_life_time && c.max_retransmits) || c.max_packet_life_time < 0 ||
	    c.max_packet_life_time > 65535 || c.max_retransmits < 0 || c.max_retransmits > 65536)
		return pc_fail(pc, err ? err : TAUT_E_INVAL, "TypeError", "webrtc-pc section 6.2",
			       "at most one of max_packet_life_time and max_retransmits, each "
			       "within 16 bits");
	if (c.priority > UINT16_MAX)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", "RFC 8832 section 5.1",
			       "a priority is within 16 bits");
	if (!pc_make_channels(pc, now))
		return pc_fail_nomem(pc);
	const struct tt_dcs_init dc = {
		.label = c.label,
		.protocol = c.protocol,
		.unordered = c.unordered != 0,
		.negotiated = c.negotiated != 0,
		.id = c.id,
		.limit_lifetime = c.max_packet_life_time > 0,
		.limit_retransmits = c.max_retransmits > 0,
		.max_packet_life_time = (uint16_t)c.max_packet_life_time,
		.max_retransmits = (uint16_t)(c.max_retransmits > 0 ? c.max_retransmits - 1 : 0),
		.priority = (uint16_t)c.priority,
	};
	err = tt_dcs_create(pc->channels, now, &dc, out);
	if (err == TAUT_E_NOMEM)
		return pc_fail_nomem(pc);
	if (err)
		return pc_fail(pc, err, err == TAUT_E_LIMIT ? "OperationError" : "TypeError",
			       "webrtc-pc section 6.1.1.3",
			       "the channel cannot be made: its stream is taken, "
			       "its label or protocol too long, or there are too many");
	pc->channels_wanted = true;
	pc_update_negotiation_needed(pc);
	pc_pump(pc, now);
	return TAUT_OK;
}

/* Adds up what the pieces have. Not NULL: what is wrong with them. Below that limit what lies beside a message has
 * room in a size_t as well. */
static const char *measure(struct tt_sctp_body *body)
{
	const size_t most = SIZE_MAX / 2;

	for (size_t i = 0; i < body->count; i++) {
		const struct taut_piece *p = &body->pieces[i];
		if (!p->data && p->len > 0)
			return "a message of no data has a length";
		if (p->len > most - body->len)
			return "a message is longer than memory can be";
		body->len += p->len;
	}
	return NULL;
}

static int send_body(taut_pc *pc, taut_time now, taut_channel ch, int binary,
		     struct tt_sctp_body *body)
{
	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	const char *wrong = measure(body);
	if (wrong)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", NULL, "%s", wrong);
	const int err = pc->channels ? tt_dcs_send_body(pc->channels, now, ch, binary != 0, body)
				     : TAUT_E_GONE;
	switch (err) {
	case TAUT_OK:
		pc->counters.messages_sent++;
		return TAUT_OK;
	case TAUT_E_AGAIN:
		return pc_fail(pc, err, "OperationError", "webrtc-pc section 6.2",
			       "the send buffer is full; an event follows when it is not");
	case TAUT_E_LIMIT:
		return pc_fail(pc, err, "TypeError", "RFC 8841 section 6",
			       "%zu bytes are more than the peer's max-message-size", body->len);
	case TAUT_E_STATE:
		return pc_fail(pc, err, "InvalidStateError", "webrtc-pc section 6.2",
			       "the channel is not open");
	case TAUT_E_GONE:
		return pc_fail(pc, err, "InvalidStateError", "webrtc-pc section 6.2",
			       "no such channel");
	default:
		return pc_fail(pc, err, "OperationError", "webrtc-pc section 6.2",
			       "the message was not sent");
	}
}

int taut_pc_send_message(taut_pc *pc, taut_time now, taut_channel ch, int binary, const void *data,
			 size_t len)
{
	const struct taut_piece piece = { data, len };

	return send_body(pc, now, ch, binary,
			 &(struct tt_sctp_body){ .pieces = &piece, .count = 1 });
}

int taut_pc_send_pieces(taut_pc *pc, taut_time now, taut_channel ch, int binary,
			const struct taut_piece *pieces, size_t count)
{
	return send_body(pc, now, ch, binary,
			 &(struct tt_sctp_body){ .pieces = pieces, .count = count });
}

int taut_pc_send_lent(taut_pc *pc, taut_time now, taut_channel ch, int binary, const void *data,
		      size_t len, void (*done)(void *ctx), void *ctx)
{
	const struct taut_piece piece = { data, len };

	return send_body(
		pc, now, ch, binary,
		&(struct tt_sctp_body){ .pieces = &piece, .count = 1, .done = done, .ctx = ctx });
}

int taut_pc_receive_into(taut_pc *pc, taut_channel ch, void *memory, size_t size)
{
	if (pc->closed && memory)
		return pc_fail_closed(pc);
	const int err =
		pc->channels ? tt_dcs_receive_into(pc->channels, ch, memory, size) : TAUT_E_GONE;
	switch (err) {
	case TAUT_OK:
		return TAUT_OK;
	case TAUT_E_NOMEM:
		return pc_fail_nomem(pc);
	case TAUT_E_INVAL:
		return pc_fail(pc, err, "TypeError", NULL,
			       "memory and its size go together, and it is lent once");
	case TAUT_E_LIMIT:
		return pc_fail(pc, err, "OperationError", NULL,
			       "as much memory as can be lent waits for messages");
	case TAUT_E_STATE:
		return pc_fail(pc, err, "InvalidStateError", "webrtc-pc section 6.2",
			       "the channel is closing");
	default:
		return pc_fail(pc, err, "InvalidStateError", "webrtc-pc section 6.2",
			       "no such channel");
	}
}

int64_t taut_pc_buffered_amount(const taut_pc *pc, taut_channel ch)
{
	return pc->channels ? tt_dcs_buffered_amount(pc->channels, ch) : TAUT_E_GONE;
}

int taut_pc_set_buffered_amount_low_threshold(taut_pc *pc, taut_channel ch, size_t threshold)
{
	return pc->channels ? tt_dcs_set_buffered_amount_low_threshold(pc->channels, ch, threshold)
			    : TAUT_E_GONE;
}

int taut_pc_close_channel(taut_pc *pc, taut_time now, taut_channel ch)
{
	pc_touch(pc, now);
	int err = pc->channels ? tt_dcs_close(pc->channels, now, ch) : TAUT_E_GONE;
	if (err)
		return pc_fail(pc, err, "InvalidStateError", "webrtc-pc section 6.2",
			       "no such channel");
	pc_pump(pc, now);
	return TAUT_OK;
}

const struct taut_channel_info *taut_pc_channel_info(taut_pc *pc, taut_channel ch)
{
	static const uint8_t states[] = { [TT_DCS_STATE_CONNECTING] = TAUT_CHANNEL_CONNECTING,
					  [TT_DCS_STATE_OPEN] = TAUT_CHANNEL_OPEN,
					  [TT_DCS_STATE_CLOSING] = TAUT_CHANNEL_CLOSING };
	const struct tt_dcs_info *c = pc->channels ? tt_dcs_info(pc->channels, ch) : NULL;

	if (!c)
		return NULL;
	pc->channel = (struct taut_channel_info){
		.label = c->label,
		.protocol = c->protocol,
		.state = states[c->state],
		.id = c->id,
		.unordered = c->unordered,
		.negotiated = c->negotiated,
		.max_packet_life_time = c->limit_lifetime ? c->reliability : 0,
		.max_retransmits = c->limit_retransmits ? c->reliability + 1 : 0,
		.buffered_amount_low_threshold = c->threshold,
		.priority = c->priority,
	};
	return &pc->channel;
}

static bool negotiated(const struct taut_pc *pc)
{
	return pc->channels && pc->data_agreed;
}

uint32_t taut_pc_sctp_state(const taut_pc *pc)
{
	if (!negotiated(pc))
		return 0;
	const struct tt_dcs_transport t = tt_dcs_transport(pc->channels);

	if (pc->closed || t.ended)
		return TAUT_STATE_CLOSED;
	return t.up ? TAUT_STATE_CONNECTED : TAUT_STATE_CONNECTING;
}

int64_t taut_pc_max_message_size(const taut_pc *pc)
{
	if (!negotiated(pc))
		return 0;
	const uint64_t most = tt_dcs_transport(pc->channels).max_message_out;

	return most == 0 ? -1 : (int64_t)tt_min(most, INT64_MAX);
}

uint32_t taut_pc_max_channels(const taut_pc *pc)
{
	return negotiated(pc) ? tt_dcs_transport(pc->channels).max_channels : 0;
}
