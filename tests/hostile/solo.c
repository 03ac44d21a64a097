/* solo.c - see solo.h. */
#include "hostile/solo.h"

#include "datachannel/dcs_internal.h"

enum { PEER_TAG = 0x11223344, PEER_TSN = 1000, STREAMS = 1024 };

static void renew(struct hostile *h, int i)
{
	struct taut_pc *pc = h->pair.peers[i].pc;
	const struct tt_dcs was = *pc->channels;
	const uint16_t port = was.sctp->cfg.remote_port;

	tt_dcs_free(pc->channels);
	pc->channels = NULL;
	assert_non_null(pc_make_channels(pc, h->pair.sim.now));
	assert_int_equal(tt_dcs_set_remote(pc->channels, port, was.max_message_out), TAUT_OK);
	tt_dcs_set_role(pc->channels, h->pair.sim.now, was.is_client);
	pc->sctp_started = false;
}

static void open_chat(struct hostile *h)
{
	const struct taut_data_channel_init chat = { .size = sizeof chat, .label = "chat" };

	assert_int_equal(taut_pc_create_data_channel(h->pc, h->pair.sim.now, &chat,
						     &h->seen[h->good].channel),
			 TAUT_OK);
	while (pair_pump(&h->pair, h->good))
		;
}

static void answer_init(struct hostile *h, bool interleaved)
{
	const struct sctp_init in = { .tag = PEER_TAG,
				      .window = 100000,
				      .out_streams = STREAMS,
				      .in_streams = STREAMS,
				      .tsn = { PEER_TSN },
				      .forward_tsn = true,
				      .reconfig = true,
				      .interleaving = interleaved,
				      .i_forward_tsn = interleaved,
				      .cookie = { (const uint8_t *)"a cookie", 8 } };
	uint8_t buf[PACKET];
	struct wr w = craft_sctp_tag(h, buf, sizeof buf, craft_victim(h)->my_tag);

	tt_sctp_write_init(&w, SCTP_INIT_ACK, &in);
	craft_send_sctp(h, &w);
}

void solo_begin(struct hostile *h, enum sctp_state state, bool interleaved)
{
	h->pair.cut = true;
	h->seen[h->good].sctp = (struct end){ 0 };
	renew(h, h->good);
	open_chat(h);
	if (state >= SCTP_COOKIE_ECHOED)
		answer_init(h, interleaved);
	if (state == SCTP_ESTABLISHED) {
		uint8_t buf[PACKET];
		struct wr w = craft_sctp_tag(h, buf, sizeof buf, craft_victim(h)->my_tag);
		chunk(&w, SCTP_COOKIE_ACK, 0, NULL, 0);
		craft_send_sctp(h, &w);
		assert_int_equal(craft_victim(h)->rx.interleaved, interleaved);
	}
	assert_int_equal(craft_victim(h)->state, state);
}

void solo_end(struct hostile *h)
{
	struct seen *bad = &h->seen[h->bad];

	renew(h, h->good);
	renew(h, h->bad);
	h->pair.cut = false;
	bad->channels = bad->opens = 0;
	open_chat(h);
	HOSTILE_RUN_UNTIL(h, 10000, bad->opens > 0);
}

uint32_t solo_next_mid(const struct hostile *h, uint16_t stream)
{
	const struct sctp_reassembly *r = &craft_victim(h)->rx;

	return stream < r->stream_count ? r->streams[stream].next.v : r->first.v;
}

void solo_send_message(struct hostile *h, uint16_t stream, uint32_t ppid, const void *data,
		       size_t len)
{
	const struct tt_sctp *s = craft_victim(h);
	const struct sctp_data d = { .tsn = { s->tracker.cum.v + 1 },
				     .stream = stream,
				     .mid = { solo_next_mid(h, stream) },
				     .ppid = ppid,
				     .interleaved = s->rx.interleaved,
				     .begin = true,
				     .end = true,
				     .data = data,
				     .len = len };
	uint8_t buf[PACKET];
	struct wr w = craft_sctp_tag(h, buf, sizeof buf, s->my_tag);

	tt_sctp_write_data(&w, &d);
	craft_send_sctp(h, &w);
}

/* ---- samples ---- */

enum { STREAM = 2 }; /* nobody's: a message is taken, and then no channel's */

static void put_data(const struct hostile *h, struct wr *w, bool interleaved)
{
	const struct tt_sctp *v = craft_victim(h);
	const uint32_t mid = solo_next_mid(h, STREAM);

	wr_u32(w, v->tracker.cum.v + 1);
	wr_u16(w, STREAM);
	wr_u16(w, interleaved ? 0 : (uint16_t)mid);
	if (interleaved)
		wr_u32(w, mid);
	wr_u32(w, 53);
	wr_bytes(w, "a message", 9);
}

static void put_init(struct wr *w, bool ack)
{
	wr_u32(w, 0x55667788);
	wr_u32(w, 100000);
	wr_u16(w, 10);
	wr_u16(w, 10);
	wr_u32(w, 2000);
	if (ack)
		wr_bytes(w, "\0\7\0\14a cookie", 12);
	wr_bytes(w, "\x80\x08\0\7\x82\xc0\x40\0\xc0\0\0\4", 12);
}

/* One gap, one duplicate: the first chunk that is out is missing, the second has come, if there are two. */
static void put_sack(const struct tt_sctp *v, struct wr *w)
{
	wr_u32(w, v->flight.cum.v);
	wr_u32(w, 100000);
	wr_u16(w, 1);
	wr_u16(w, 1);
	wr_u32(w, 0x00020002);
	wr_u32(w, v->flight.cum.v);
}

static void put_reset(const struct tt_sctp *v, struct wr *w)
{
	wr_u32(w, 13u << 16 | 18);
	wr_u32(w, v->reconfig.peer_seq);
	wr_u32(w, v->reconfig.my_seq - 1);
	wr_u32(w, v->tracker.cum.v);
	wr_u16(w, STREAM);
}

static void put_value(const struct hostile *h, struct wr *w, uint8_t type)
{
	const struct tt_sctp *v = craft_victim(h);

	switch (type) {
	case SCTP_DATA:
	case SCTP_I_DATA:
		put_data(h, w, type == SCTP_I_DATA);
		break;
	case SCTP_INIT:
	case SCTP_INIT_ACK:
		put_init(w, type == SCTP_INIT_ACK);
		break;
	case SCTP_SACK:
		put_sack(v, w);
		break;
	case SCTP_HEARTBEAT:
	case SCTP_HEARTBEAT_ACK:
		wr_bytes(w, "\0\1\0\14a number", 12);
		break;
	case SCTP_ABORT:
	case SCTP_ERROR:
		wr_bytes(w, "\0\2\0\12\0\0\0\1\0\7\0\0\0\15\0\11words", 21);
		break;
	case SCTP_SHUTDOWN:
		wr_u32(w, v->flight.cum.v);
		break;
	case SCTP_RE_CONFIG:
		put_reset(v, w);
		break;
	case SCTP_FORWARD_TSN:
	case SCTP_I_FORWARD_TSN:
		wr_u32(w, v->tracker.cum.v + 1);
		wr_u16(w, STREAM);
		wr_u16(w, type == SCTP_FORWARD_TSN ? (uint16_t)solo_next_mid(h, STREAM) : 0);
		if (type == SCTP_I_FORWARD_TSN)
			wr_u32(w, solo_next_mid(h, STREAM));
		break;
	case SCTP_SHUTDOWN_ACK:
	case SCTP_SHUTDOWN_COMPLETE:
	case SCTP_COOKIE_ACK:
		break;
	default:
		wr_bytes(w, "what it is nobody knows.", 24);
	}
}

size_t solo_sample(struct hostile *h, uint8_t type, uint8_t *buf, size_t cap)
{
	const bool data = type == SCTP_DATA || type == SCTP_I_DATA;

	memset(buf, 0, cap);
	struct wr w = craft_sctp_tag(h, buf, cap, type == SCTP_INIT ? 0 : craft_victim(h)->my_tag);
	const size_t at = tt_sctp_begin(&w, type, data ? 3 : 0);
	put_value(h, &w, type);
	tt_sctp_end(&w, at);
	assert_false(w.bad);
	return w.off;
}
