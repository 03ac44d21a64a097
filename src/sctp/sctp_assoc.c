/* sctp_assoc.c - an association's life and the calls of its owner: RFC 9260 sections 4, 5, 11. */
#include "sctp/sctp_assoc.h"

#include <string.h>

#include "base/num.h"

#define WINDOW      1048576
#define WIDE_WINDOW 5242880
#define WINDOW_MOST 16777216

static const struct sctp_cc_kind *const controllers[] = {
	[TAUT_CC_DEFAULT] = &tt_sctp_cc_cubic,
	[TAUT_CC_RFC9260] = &tt_sctp_cc_rfc,
	[TAUT_CC_CUBIC] = &tt_sctp_cc_cubic,
	[TAUT_CC_MODEL] = &tt_sctp_cc_model,
};

static void apply_defaults(struct tt_sctp_config *c)
{
	c->local_port = c->local_port ? c->local_port : 5000; /* as everybody does */
	c->remote_port = c->remote_port ? c->remote_port : 5000;
	/* RFC 8831 section 5: about 1,200 octets while the path's MTU is not known. In DTLS this is
	 * at most 1,197 of UDP payload. */
	c->max_packet = c->max_packet ? c->max_packet : 1160;
	c->max_streams = c->max_streams ? c->max_streams : 1024;
	c->max_message_in = c->max_message_in ? c->max_message_in : 262144;
	c->recv_window_most = c->recv_window_most ? c->recv_window_most
	                      : c->recv_window    ? c->recv_window
	                                          : WINDOW_MOST;
	c->recv_window = c->recv_window ? c->recv_window : tt_min(WINDOW, c->recv_window_most);
	c->send_buffer = c->send_buffer ? c->send_buffer : 16777216;
	/* less than this and one message could fill the window without being whole */
	c->recv_window = tt_min(tt_max(c->recv_window, 2 * c->max_message_in + 131072), UINT32_MAX);
	c->recv_window_most = tt_min(tt_max(c->recv_window_most, c->recv_window), UINT32_MAX); /* a_rwnd */
}

/* A sender that interleaves has begun many messages before it ends one. */
static size_t window_for(const struct tt_sctp *s, bool interleaved)
{
	const size_t wide = tt_min(WIDE_WINDOW, s->cfg.recv_window_most);

	return interleaved && s->default_window ? tt_max(s->cfg.recv_window, wide) : s->cfg.recv_window;
}

static bool draw(struct tt_sctp *s)
{
	uint32_t tsn;

	do { /* 5.3.1: never 0 */
		if (!tt_random_u32(s->env, &s->my_tag))
			return false;
	} while (s->my_tag == 0);
	if (!tt_random_u32(s->env, &tsn) || !tt_random(s->env, s->secret, sizeof s->secret))
		return false;
	s->my_tsn = s32(tsn);
	return true;
}

static void begin_control(struct tt_sctp *s)
{
	tt_sctp_cc_init(&s->cc, controllers[s->cfg.congestion_control],
	                tt_sctp_base(s) - SCTP_COMMON_HEADER);
	tt_sctp_pmtu_begin(s);
	s->pace = (struct sctp_pace){ 0 };
	s->burst = SCTP_MAX_BURST * s->cc.pmdcs;
}

/* The sending half as it is before the first packet; also after a restart. */
void tt_sctp_begin_sending(struct tt_sctp *s)
{
	tt_sctp_flight_init(&s->flight, s->env, &s->queue, s->my_tsn);
	tt_sctp_rtt_init(&s->rtt);
	begin_control(s);
	s->reconfig = (struct sctp_reconfig){ .my_seq = s->my_tsn.v };
	s->heartbeat_at = -1;
}

/* The shortest round trip was the old path's, and rates of what left on it say nothing of the new one. */
void tt_sctp_new_path(struct tt_sctp *s)
{
	begin_control(s);
	s->rtt.least = 0;
	s->flight.rate.blind = s->flight.rate.delivered;
	s->share = 0;
	s->heartbeat_due = s->heartbeat_due || tt_sctp_can_send_data(s); /* 8.3: measures at once */
}

int tt_sctp_new(struct tt_sctp **out, struct tt_env *env, const struct tt_sctp_config *cfg,
                taut_time now)
{
	*out = NULL;
	if (cfg->max_packet != 0 && (cfg->max_packet < 576 || cfg->max_packet > SCTP_MAX_PACKET))
		return TAUT_E_INVAL;
	if (cfg->max_probed > SCTP_MAX_PACKET)
		return TAUT_E_INVAL;
	if (cfg->congestion_control >= TT_COUNT(controllers))
		return TAUT_E_INVAL;
	struct tt_sctp *s = tt_alloc(env, sizeof *s);
	if (!s)
		return TAUT_E_NOMEM;
	s->env = env;
	s->cfg = *cfg;
	s->default_window = cfg->recv_window == 0;
	apply_defaults(&s->cfg);
	s->born = now;
	s->out_streams = s->in_streams = s->cfg.max_streams;
	s->control_tail = &s->control;
	for (int t = 0; t < SCTP_TIMERS; t++)
		s->timer[t] = INT64_MAX;
	if (!draw(s)) {
		tt_free(env, s);
		return TAUT_E_CRYPTO;
	}
	tt_sctp_queue_init(&s->queue, env, s->cfg.max_streams, s->cfg.send_buffer);
	tt_sctp_reassembly_init(&s->rx, env, s->cfg.recv_window, s->cfg.max_message_in,
	                        s->cfg.max_streams);
	tt_sctp_begin_sending(s);
	*out = s;
	return TAUT_OK;
}

void tt_sctp_free(struct tt_sctp *s)
{
	if (!s)
		return;
	tt_sctp_flight_clear(&s->flight);
	tt_sctp_queue_clear(&s->queue);
	tt_sctp_reassembly_clear(&s->rx, true);
	tt_sctp_tracker_free(&s->tracker, s->env);
	tt_sctp_clear_control(s);
	tt_sctp_reconfig_forget(s);
	tt_free(s->env, s->cookie);
	tt_free(s->env, s->earlier);
	tt_free(s->env, s->reply);
	tt_free(s->env, s);
}

int tt_sctp_set_ports(struct tt_sctp *s, uint16_t local, uint16_t remote)
{
	if (s->state != SCTP_CLOSED)
		return TAUT_E_STATE;
	if (local == 0 || remote == 0)
		return TAUT_E_INVAL;
	s->cfg.local_port = local;
	s->cfg.remote_port = remote;
	return TAUT_OK;
}

int tt_sctp_connect(struct tt_sctp *s, taut_time now)
{
	if (s->state == SCTP_DEAD)
		return TAUT_E_STATE;
	if (s->state != SCTP_CLOSED)
		return TAUT_OK;
	if (s->snap) {
		tt_sctp_establish(s, now);
		return TAUT_OK;
	}
	s->state = SCTP_COOKIE_WAIT;
	s->init_due = true;
	tt_sctp_start(s, SCTP_T1, now + s->rtt.rto);
	return TAUT_OK;
}

struct sctp_init tt_sctp_our_init(const struct tt_sctp *s)
{
	return (struct sctp_init){
		.tag = s->my_tag, .tsn = s->my_tsn,
		.window = tt_u32(tt_sctp_reassembly_room(&s->rx)),
		.out_streams = s->cfg.max_streams, .in_streams = s->cfg.max_streams,
		.interleaving = !s->cfg.no_interleaving, .i_forward_tsn = !s->cfg.no_interleaving,
		.zero_checksum = !s->cfg.no_zero_checksum,
	};
}

/* RFC 8260 section 2.2.1: I-DATA when both name it; section 2.3.1: then messages are given up by
 * I-FORWARD-TSN, if the peer names that too, or not at all. RFC 9653 section 5.2: checksums are
 * left out as the peer says. */
struct sctp_cookie tt_sctp_read_peer(const struct tt_sctp *s, const struct sctp_init *in)
{
	const bool interleaved = in->interleaving && !s->cfg.no_interleaving;

	return (struct sctp_cookie){
		.peer_tag = in->tag, .peer_tsn = in->tsn, .peer_window = in->window,
		.peer_out = in->out_streams, .peer_in = in->in_streams,
		.interleaved = interleaved,
		.forward_tsn = interleaved ? in->i_forward_tsn : in->forward_tsn,
		.reconfig = in->reconfig,
		.zero_checksum = in->zero_checksum && !s->cfg.no_zero_checksum,
	};
}

/* DATA or I-DATA. What went with a COOKIE ECHO to a peer that has changed its mind since counts as what it is sent as now. */
static void choose_chunks(struct tt_sctp *s, bool interleaved)
{
	const size_t more = (SCTP_I_DATA_HEADER - SCTP_DATA_HEADER) * (size_t)s->flight.listed;

	if (interleaved && !s->queue.interleaved)
		s->flight.flight += more;
	if (!interleaved && s->queue.interleaved)
		s->flight.flight -= more;
	s->queue.interleaved = interleaved;
}

/* 5.1: from the INIT, the INIT ACK or the cookie that holds them. */
void tt_sctp_learn_peer(struct tt_sctp *s, const struct sctp_cookie *c)
{
	s->peer_tag = c->peer_tag;
	s->peer_window = c->peer_window;
	s->out_streams = (uint16_t)tt_min(s->cfg.max_streams, c->peer_in); /* 5.1.1 */
	s->in_streams = (uint16_t)tt_min(s->cfg.max_streams, c->peer_out);
	s->peer_forward_tsn = c->forward_tsn;
	s->peer_reconfig = c->reconfig;
	s->peer_zero_checksum = c->zero_checksum;
	choose_chunks(s, c->interleaved);
	s->queue.share = c->peer_window;
	/* nothing of before has a place in the new numbers: a peer whose COOKIE ACK is late may
	 * have sent DATA already, and still begin again */
	tt_sctp_reassembly_restart(&s->rx);
	s->rx.interleaved = c->interleaved;
	s->rx.limit = window_for(s, c->interleaved);
	s->came = 0;
	s->sack_due = s->reported = false;
	s->earlier_count = 0;
	s->unacked_packets = 0;
	tt_sctp_tracker_init(&s->tracker, c->peer_tsn);
	s->reconfig.peer_seq = c->peer_tsn.v; /* RFC 6525 section 5.2.1 */
	s->told_window = tt_sctp_reassembly_room(&s->rx);
}

/* Resets that were asked for before it was known that the peer cannot. */
static void refuse_resets(struct tt_sctp *s)
{
	for (size_t i = 0; !s->peer_reconfig && s->reconfig.wanted > 0 && i < s->queue.count; i++) {
		struct sctp_tx_stream *t = &s->queue.streams[i];
		if (!t->resetting)
			continue;
		t->resetting = false;
		t->reset_done = t->reset_refused = true;
		s->reconfig.wanted--;
		s->reconfig.reports++;
	}
}

void tt_sctp_cut_streams(struct tt_sctp *s, taut_time now)
{
	const size_t cut = tt_sctp_queue_cut_streams(&s->queue, s->out_streams);
	s->counters.abandoned += cut;
	if (cut > 0)
		tt_note(s->env, now, TAUT_LAYER_SCTP, "messages for streams that the peer does not take",
			TT_INT("messages", cut), TT_INT("streams", s->out_streams));
}

void tt_sctp_establish(struct tt_sctp *s, taut_time now)
{
	s->state = SCTP_ESTABLISHED;
	s->errors = 0;
	tt_sctp_stop(s, SCTP_T1);
	if (tt_sctp_flight_count(&s->flight) > 0) /* it went with COOKIE ECHO: 6.3.2 R1 */
		tt_sctp_start(s, SCTP_T3, now + s->rtt.rto);
	s->init_due = s->cookie_echo_due = false;
	tt_free(s->env, s->cookie);
	s->cookie = NULL;
	s->cookie_len = 0;
	s->rtt.rto = s->rtt.srtt ? s->rtt.rto : SCTP_RTO_INITIAL; /* without the back-off of T1 */
	s->say_connected = !s->said_connected;
	tt_sctp_cut_streams(s, now);
	refuse_resets(s);
	tt_sctp_start_heartbeat(s, now);
	tt_note(s->env, now, TAUT_LAYER_SCTP, "association up",
	        TT_INT("out_streams", s->out_streams), TT_INT("in_streams", s->in_streams),
	        TT_INT("peer_window", s->peer_window),
	        TT_INT("interleaved", s->queue.interleaved));
}

void tt_sctp_set_max_probed(struct tt_sctp *s, uint16_t max_probed)
{
	s->cfg.max_probed = (uint16_t)tt_min(max_probed, SCTP_MAX_PACKET);
	/* After a raise it is longer: that stays in use until another path is told. */
	if (s->pmtu.state == SCTP_PMTU_DISABLED && s->pmtu.size == tt_sctp_base(s))
		tt_sctp_pmtu_begin(s);
}

bool tt_sctp_can_send_data(const struct tt_sctp *s)
{
	return s->state == SCTP_ESTABLISHED || s->state == SCTP_SHUTDOWN_PENDING ||
	       s->state == SCTP_SHUTDOWN_RECEIVED;
}

bool tt_sctp_is_connected(const struct tt_sctp *s)
{
	return s->state == SCTP_ESTABLISHED;
}

bool tt_sctp_knows_peer(const struct tt_sctp *s)
{
	return s->state == SCTP_COOKIE_ECHOED || s->state == SCTP_ESTABLISHED;
}

uint16_t tt_sctp_out_streams(const struct tt_sctp *s)
{
	return s->out_streams;
}

void tt_sctp_refuse(struct tt_sctp *s, taut_time now, uint32_t why)
{
	s->counters.packets_dropped++;
	tt_drop(s->env, now, why, TT_INT("state", s->state));
}

bool tt_sctp_can_hold(const struct tt_sctp *s, size_t len)
{
	const struct sctp_queue *q = &s->queue;

	return q->held == 0 ||
	       (q->held < q->limit && tt_sctp_queue_cost(len) <= q->limit - q->held);
}

int tt_sctp_send(struct tt_sctp *s, taut_time now, uint16_t stream, uint32_t ppid,
                 const struct tt_sctp_send_options *opt, const void *data, size_t len)
{
	const struct taut_piece piece = { data, len };

	return tt_sctp_send_body(s, now, stream, ppid, opt,
				 &(struct tt_sctp_body){ &piece, 1, len, NULL, NULL });
}

int tt_sctp_send_body(struct tt_sctp *s, taut_time now, uint16_t stream, uint32_t ppid,
		      const struct tt_sctp_send_options *opt, const struct tt_sctp_body *body)
{
	if (s->state > SCTP_ESTABLISHED)
		return TAUT_E_STATE; /* 9.2: no new data from here on */
	if (body->len == 0 || stream >= s->out_streams)
		return TAUT_E_INVAL;
	if (!tt_sctp_can_hold(s, body->len))
		return TAUT_E_AGAIN;
	if (tt_sctp_flight_count(&s->flight) == 0 && s->queue.unsent == 0)
		tt_sctp_cc_idle(&s->cc, now - s->last_data_sent, s->rtt.rto);
	/* 6.1 D is about what is sent at one moment: small messages now and then need not wait for
	 * each other's acknowledgement. After T3 they do, 6.3.3 E3. */
	if (s->flight.marked == 0)
		s->burst = tt_max(s->burst, SCTP_MAX_BURST * s->cc.pmdcs);
	return tt_sctp_queue_add(&s->queue, stream, ppid, opt, now, body);
}

size_t tt_sctp_buffered(const struct tt_sctp *s, uint16_t stream)
{
	return stream < s->queue.count ? s->queue.streams[stream].buffered : 0;
}

size_t tt_sctp_held(const struct tt_sctp *s)
{
	return s->queue.held;
}

void tt_sctp_set_lender(struct tt_sctp *s, const struct tt_sctp_lender *lender)
{
	s->rx.lender = *lender;
}

bool tt_sctp_give_back(struct tt_sctp *s, uint16_t stream, bool surely)
{
	return tt_sctp_reassembly_give_back(&s->rx, stream, surely);
}

int tt_sctp_reset_stream(struct tt_sctp *s, taut_time now, uint16_t stream)
{
	(void)now;
	if (s->state > SCTP_ESTABLISHED)
		return TAUT_E_STATE;
	if (stream >= s->out_streams)
		return TAUT_E_INVAL;
	if (s->state == SCTP_ESTABLISHED && !s->peer_reconfig)
		return TAUT_E_UNSUPPORTED;
	struct sctp_tx_stream *t = tt_sctp_queue_stream(&s->queue, stream);
	if (!t)
		return TAUT_E_NOMEM;
	/* The request that is out says nothing of what was given to the stream since. */
	t->again = t->sealed && t->head;
	if (!t->resetting) {
		t->resetting = true;
		s->reconfig.wanted++;
	}
	return TAUT_OK;
}

/* A window that was nearly closed and is open again is told at once, but not every little step:
 * the receiver's half of the silly window syndrome, 6.1 A. */
static void tell_window(struct tt_sctp *s)
{
	size_t room = tt_sctp_reassembly_room(&s->rx), quarter = s->rx.limit / 4;

	if (s->state >= SCTP_ESTABLISHED && s->told_window < quarter &&
	    room >= s->told_window + quarter)
		s->sack_due = true;
}

static bool next_from_stream(struct tt_sctp *s, struct tt_sctp_event *e)
{
	if (!s->said_connected)
		return false;
	const struct sctp_run *run = tt_sctp_reassembly_poll(&s->rx);
	tell_window(s); /* what was lent before is free again, also when nothing follows it */
	if (!run)
		return false;
	*e = (struct tt_sctp_event){
		.stream = run->stream, .ppid = run->ppid, .unordered = run->unordered,
		.data = run->data, .len = run->len,
	};
	e->type = run->kind == SCTP_READY_MESSAGE     ? TT_SCTP_MESSAGE
	          : run->kind == SCTP_READY_TOO_LARGE ? TT_SCTP_TOO_LARGE
	                                              : TT_SCTP_STREAM_RESET_IN;
	return true;
}

static bool next_reset(struct tt_sctp *s, struct tt_sctp_event *e)
{
	for (size_t i = 0; s->reconfig.reports > 0 && i < s->queue.count; i++) {
		struct sctp_tx_stream *t = &s->queue.streams[i];
		if (!t->reset_done)
			continue;
		*e = (struct tt_sctp_event){ .type = TT_SCTP_STREAM_RESET_OUT, .stream = tt_u16(i),
		                             .reason = t->reset_refused };
		t->reset_done = t->reset_refused = false;
		s->reconfig.reports--;
		return true;
	}
	return false;
}

static bool next_of_association(struct tt_sctp *s, struct tt_sctp_event *e)
{
	if (s->say_connected) {
		s->say_connected = false;
		s->said_connected = true;
		*e = (struct tt_sctp_event){ .type = TT_SCTP_CONNECTED };
	} else if (s->say_restarted) {
		s->say_restarted = false;
		*e = (struct tt_sctp_event){ .type = TT_SCTP_RESTARTED };
	} else {
		return false;
	}
	return true;
}

const struct tt_sctp_event *tt_sctp_poll_event(struct tt_sctp *s)
{
	struct tt_sctp_event *e = &s->event;

	/* resets first: what follows on such a stream may already belong to its next life */
	if (next_of_association(s, e) || next_reset(s, e) || next_from_stream(s, e))
		return e;
	if (!s->say_closed)
		return NULL;
	s->say_closed = false;
	*e = (struct tt_sctp_event){ .type = TT_SCTP_CLOSED, .reason = s->close_reason,
	                             .cause = s->close_cause,
	                             .text = s->close_text[0] ? s->close_text : NULL };
	return e;
}

struct tt_sctp_counters tt_sctp_count(const struct tt_sctp *s)
{
	struct tt_sctp_counters c = s->counters;

	c.abandoned += s->flight.abandoned;
	c.cwnd = (uint32_t)s->cc.cwnd;
	c.flight = (uint32_t)s->flight.flight;
	c.peer_window = s->peer_window;
	c.packet = s->pmtu.size;
	c.srtt = s->rtt.srtt;
	c.rto = s->rtt.rto;
	return c;
}
