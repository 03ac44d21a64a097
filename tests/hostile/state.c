/* state.c - see state.h. */
#include "hostile/state.h"

#include <string.h>

#include "datachannel/dcs_internal.h"
#include "dtls/dtls_state.h"
#include "ice/ice_agent.h"
#include "peer/pc.h"
#include "rtcp/rtp_session_int.h"
#include "sctp/sctp_assoc.h"
#include "srtp/srtp_state.h"

/* FNV-1a, by eight octets as far as there are so many. */
static uint64_t absorb(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t word;

	for (; len >= sizeof word; len -= sizeof word, p += sizeof word) {
		memcpy(&word, p, sizeof word);
		h = (h ^ word) * 0x100000001b3u;
		h ^= h >> 32;
	}
	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

enum { SEED = 17 };

/* The struct without some of its fields. */
struct cut {
	size_t at, len;
};
#define CUT(type, field)                                                                           \
	{                                                                                          \
		offsetof(struct type, field), sizeof(((struct type *)0)->field)                    \
	}

static uint64_t absorb_but(uint64_t h, const void *data, size_t len, const struct cut *cuts,
			   size_t n)
{
	const uint8_t *p = data;

	for (size_t at = 0; at < len;) {
		size_t end = len, next = len;
		for (size_t k = 0; k < n; k++) /* the first cut from here on */
			if (cuts[k].at >= at && cuts[k].at < end) {
				end = cuts[k].at;
				next = end + cuts[k].len;
			}
		h = absorb(h, p + at, end - at);
		at = next;
	}
	return h;
}
#define ABSORB_BUT(h, p, cuts)                                                                     \
	absorb_but((h), (p), sizeof *(p), (cuts), sizeof(cuts) / sizeof(cuts)[0])

static uint64_t of_gen(uint64_t h, const struct ice_gen *g)
{
	/* What is counted for ice_why.c changes nothing. */
	static const struct cut cuts[] = { CUT(ice_gen, hints) };

	h = ABSORB_BUT(h, g, cuts);
	for (int i = 0; i < g->pairs; i++)
		h = absorb(h, tt_ice_pair_at(g, i), offsetof(struct ice_pair, count));
	for (size_t i = 0; i < g->remote_count; i++)
		h = absorb(h, tt_ice_remote_at(g, (int)i), sizeof(struct tt_ice_candidate));
	return g->name ? absorb(h, g->name, TT_ICE_MAX_NAMES * sizeof *g->name) : h;
}

/* What few agents have. */
static uint64_t of_others(uint64_t h, const struct tt_ice *ice)
{
	if (ice->relay)
		h = absorb(h, ice->relay, TT_ICE_MAX_RELAYS * sizeof *ice->relay);
	if (ice->port)
		h = absorb(h, ice->port, TT_ICE_MAX_PORTS * sizeof *ice->port);
	for (int i = 0; ice->stream && i < TT_ICE_MAX_STREAMS; i++) {
		h = absorb(h, &ice->stream[i], sizeof ice->stream[i]);
		if (ice->stream[i].part)
			h = absorb(h, ice->stream[i].part, ice->stream[i].have);
	}
	if (ice->waiting)
		h = absorb(h, ice->waiting, ice->waiting_count * sizeof *ice->waiting);
	return ice->own ? absorb(h, ice->own, TT_ICE_MAX_BASES * sizeof *ice->own) : h;
}

static uint64_t of_ice(const struct tt_ice *ice)
{
	/* The last three only say whether to look again. */
	static const struct cut cuts[] = { CUT(tt_ice, counters),   CUT(tt_ice, io),
					   CUT(tt_ice, event),      CUT(tt_ice, last_now),
					   CUT(tt_ice, idle_until), CUT(tt_ice, idle_why),
					   CUT(tt_ice, all_told) };
	uint64_t h = ABSORB_BUT(SEED, ice, cuts);

	h = of_gen(h, ice->cur);
	h = absorb(h, ice->local, ice->local_count * sizeof *ice->local);
	h = absorb(h, ice->probe, ice->probe_room * sizeof *ice->probe);
	h = absorb(h, ice->response, ice->response_room * sizeof *ice->response);
	h = absorb(h, ice->server, ice->server_count * sizeof *ice->server);
	h = absorb(h, ice->base, (size_t)ice->base_count * sizeof *ice->base);
	h = absorb(h, ice->wanted, ice->wanted_count * sizeof *ice->wanted);
	h = of_others(h, ice);
	return ice->prev ? of_gen(h, ice->prev) : h;
}

static uint64_t of_dtls(const struct tt_dtls *d)
{
	/* Records are counted before it is known what is in them: of_records. The last two only say when to look
	 * for queues that nobody used. */
	static const struct cut cuts[] = { CUT(tt_dtls, records.number),
					   CUT(tt_dtls, records.nonce),
					   CUT(tt_dtls, records.seen),
					   CUT(tt_dtls, records.highest),
					   CUT(tt_dtls, counters),
					   CUT(tt_dtls, now),
					   CUT(tt_dtls, hint),
					   CUT(tt_dtls, in),
					   CUT(tt_dtls, out),
					   CUT(tt_dtls, lent),
					   CUT(tt_dtls, flights),
					   CUT(tt_dtls, record_len),
					   CUT(tt_dtls, used_at),
					   CUT(tt_dtls, rest_at) };
	uint64_t h = ABSORB_BUT(SEED, d, cuts);
	int inside[] = { (int)SSL_get_state(d->ssl), SSL_pending(d->ssl),
			 SSL_get_shutdown(d->ssl) };

	h = absorb(h, inside, sizeof inside);
	h = absorb(h, d->prints, d->print_count * sizeof *d->prints);
	for (size_t i = 0; d->early && i < d->early_count; i++)
		h = absorb(h, d->early[i].data, d->early[i].len);
	h = absorb(h, d->in.base + d->in.off, d->in.len - d->in.off);
	return absorb(h, d->out.base + d->out.off, d->out.len - d->out.off);
}

static uint64_t of_records(const struct tt_dtls_records *r)
{
	uint64_t h = absorb(SEED, &r->number, sizeof r->number);

	h = absorb(h, &r->nonce, sizeof r->nonce);
	h = absorb(h, r->seen, sizeof r->seen);
	return absorb(h, &r->highest, sizeof r->highest);
}

/* Every index, window and place in the order of use. */
static uint64_t of_srtp_side(uint64_t h, const struct tt_srtp_side *s)
{
	const uint32_t all[] = { s->streams.count, s->streams.newest, s->streams.oldest };

	h = absorb(h, all, sizeof all);
	return absorb(h, s->streams.list, s->streams.count * sizeof *s->streams.list);
}

/* A source that authenticates may grow its table: that is SRTP's state, which is compared too. */
static size_t memory_of_sources(const struct tt_srtp *s)
{
	if (!s || s->backend != &tt_srtp_taut)
		return 0;
	const struct tt_srtp_own *o = s->me;

	return (o->in.streams.room + o->out.streams.room) *
	       (sizeof(struct tt_srtp_stream) + sizeof(uint32_t));
}

/* Room for what comes and goes, which is no part of the state: an answer that waits, the texts of an
 * error, and DTLS queues, which go when nothing came for a while and come back with a record. */
static size_t memory_in_passing(const struct taut_pc *pc)
{
	const struct tt_sctp *s = pc->channels ? pc->channels->sctp : NULL;

	return pc->dtls->in.room + pc->dtls->out.room + (s && s->reply ? SCTP_MAX_REPLY : 0) +
	       (pc->error.texts ? sizeof *pc->error.texts : 0);
}

static uint64_t of_srtp(const struct tt_srtp *s)
{
	if (!s)
		return 0;
	const struct tt_srtp_counters *c = tt_srtp_counters(s);
	uint64_t all[] = { c->protected_packets, c->unprotected_packets, c->ssrcs_evicted };
	uint64_t h = absorb(SEED, all, sizeof all);

	if (s->backend != &tt_srtp_taut)
		return h;
	const struct tt_srtp_own *o = s->me;
	h = of_srtp_side(h, &o->out);
	return of_srtp_side(h, &o->in);
}

static uint64_t of_sender(uint64_t h, const struct tt_rtp_sender *tx)
{
	const struct tt_rtp_history *k = &tx->history;

	h = absorb(h, tx, sizeof *tx);
	for (uint64_t i = k->oldest; k->slots && i < k->next; i++)
		h = absorb(h, &k->slots[i & (k->size - 1)], sizeof *k->slots);
	return tx->resend ? absorb(h, tx->resend, k->size * sizeof *tx->resend) : h;
}

static uint64_t of_receiver(uint64_t h, const struct tt_rtp_receiver *r)
{
	h = absorb(h, r, sizeof *r);
	h = absorb(h, r->nack.list, r->nack.count * sizeof *r->nack.list);
	for (int64_t i = r->reorder.next; r->reorder.started && i <= r->reorder.newest; i++)
		h = absorb(h, tt_rtp_reorder_place(&r->reorder, i), sizeof *r->reorder.slots);
	return h;
}

static uint64_t of_rtp(const struct tt_rtp_session *s)
{
	static const struct cut cuts[] = { CUT(tt_rtp_session, counters), CUT(tt_rtp_session, now),
					   CUT(tt_rtp_session, event), CUT(tt_rtp_session, frame) };

	if (!s)
		return 0;
	uint64_t h = ABSORB_BUT(SEED, s, cuts);
	for (size_t i = 0; i < s->sender_count; i++)
		h = of_sender(h, s->senders[i]);
	for (size_t i = 0; i < s->receiver_count; i++)
		h = of_receiver(h, s->receivers[i]);
	return h;
}

/* Messages that wait to be sent, whole ones that wait for their turn or to be handed out, chunks that answer
 * others, and what of the TSNs is known bit by bit. */
static uint64_t of_queues(uint64_t h, const struct tt_sctp *s)
{
	for (size_t i = 0; i < s->queue.count; i++)
		for (const struct sctp_message *m = s->queue.streams[i].head; m; m = m->next)
			h = absorb(h, m, sizeof *m);
	for (size_t i = 0; i < s->rx.stream_count; i++)
		for (size_t k = 0; k < s->rx.streams[i].count; k++)
			h = absorb(h, s->rx.streams[i].waiting[k], sizeof(struct sctp_run));
	for (const struct sctp_run *r = s->rx.ready; r; r = r->next)
		h = absorb(h, r, sizeof *r);
	for (const struct sctp_control *c = s->control; c; c = c->next)
		h = absorb(h, c->bytes, c->len);
	h = absorb(h, s->cookie, s->cookie ? s->cookie_len : 0);
	h = absorb(h, s->reconfig.deferred, s->reconfig.deferred ? s->reconfig.deferred_len : 0);
	h = absorb(h, s->tracker.bits.words, s->tracker.bits.cap / 8);
	return absorb(h, s->flight.bits.words, s->flight.bits.cap / 8);
}

static uint64_t of_sctp(const struct tt_sctp *s)
{
	static const struct cut cuts[] = { CUT(tt_sctp, counters), CUT(tt_sctp, event),
					   CUT(tt_sctp, reply) };
	uint64_t h = ABSORB_BUT(SEED, s, cuts);

	h = absorb(h, s->reply, s->reply_len);
	h = of_queues(h, s);
	if (s->earlier)
		h = absorb(h, s->earlier, SCTP_MAX_EARLIER * sizeof *s->earlier);
	for (size_t i = 0; i < s->rx.count; i++) {
		const struct sctp_run *r = s->rx.runs[i];
		h = absorb(h, r, sizeof *r);
		h = absorb(h, r->data, r->len);
	}
	h = absorb(h, s->rx.streams, s->rx.stream_count * sizeof *s->rx.streams);
	h = absorb(h, s->queue.streams, s->queue.count * sizeof *s->queue.streams);
	return s->flight.ring ? absorb(h, s->flight.ring, s->flight.cap * sizeof *s->flight.ring)
			      : h;
}

static uint64_t of_channels(const struct tt_dcs *d)
{
	static const struct cut cuts[] = { CUT(tt_dcs, event), CUT(tt_dcs, info) };
	uint64_t h = ABSORB_BUT(SEED, d, cuts);

	h = absorb(h, d->channels, d->count * sizeof *d->channels);
	return absorb(h, d->by_stream, d->streams * sizeof *d->by_stream);
}

static uint64_t of_peer(const struct taut_pc *pc)
{
	static const struct cut cuts[] = {
		CUT(taut_pc, base),
		CUT(taut_pc, now),
		CUT(taut_pc, error),
		CUT(taut_pc, wants_send),
		CUT(taut_pc, wants_io),
		CUT(taut_pc, wants_event),
		CUT(taut_pc, sent_at),
		CUT(taut_pc, texts),
		CUT(taut_pc, made_text),
		CUT(taut_pc, made_type),
		CUT(taut_pc, lent),
		CUT(taut_pc, layer_event),
		CUT(taut_pc, frame),
		CUT(taut_pc, next_packet),
		CUT(taut_pc, io),
		CUT(taut_pc, counters),
		CUT(taut_pc, next_packet_path),
	};
	uint64_t h = ABSORB_BUT(SEED, pc, cuts);

	for (const struct pc_event *e = pc->events; e; e = e->next)
		h = absorb(h, e, sizeof *e);
	for (size_t i = 0; pc->held && i < pc->held_count; i++)
		h = absorb(h, pc->held[i].data, pc->held[i].len);
	if (pc->codecs)
		h = absorb(h, pc->codecs, pc->codec_count * sizeof *pc->codecs);
	for (size_t i = 0; i < pc->transceiver_count; i++)
		h = absorb_but(h, pc->transceivers[i], sizeof *pc->transceivers[i],
			       &(struct cut)CUT(pc_transceiver, info), 1);
	return h;
}

static uint64_t of_description(uint64_t h, const struct pc_description *d)
{
	h = absorb(h, &d->type, sizeof d->type);
	return absorb(h, &d->sdp, sizeof d->sdp); /* made anew whenever one is set */
}

static uint64_t of_sdp(const struct taut_pc *pc)
{
	uint64_t h = absorb(SEED, &pc->signaling_state, sizeof pc->signaling_state);

	h = of_description(h, &pc->local);
	h = of_description(h, &pc->remote);
	h = of_description(h, &pc->pending_local);
	return of_description(h, &pc->pending_remote);
}

void state_take(struct state *s, const struct taut_pc *pc)
{
	*s = (struct state){ {
		[STATE_ICE] = of_ice(pc->ice),
		[STATE_DTLS] = of_dtls(pc->dtls),
		[STATE_SRTP] = of_srtp(pc->srtp),
		[STATE_RTP] = of_rtp(pc->rtp),
		[STATE_SCTP] = pc->channels ? of_sctp(pc->channels->sctp) : 0,
		[STATE_CHANNELS] = pc->channels ? of_channels(pc->channels) : 0,
		[STATE_PEER] = of_peer(pc),
		[STATE_SDP] = of_sdp(pc),
		[STATE_MEMORY] =
			pc->env->memory - memory_of_sources(pc->srtp) - memory_in_passing(pc),
	}, of_records(&pc->dtls->records) };
}

bool state_records_differ(const struct state *a, const struct state *b)
{
	return a->records != b->records;
}

const char *state_differs(const struct state *a, const struct state *b)
{
	static const char *const names[] = {
		[STATE_ICE] = "ICE",   [STATE_DTLS] = "DTLS",        [STATE_SRTP] = "SRTP",
		[STATE_RTP] = "RTP",   [STATE_SCTP] = "SCTP",        [STATE_CHANNELS] = "channels",
		[STATE_PEER] = "peer", [STATE_SDP] = "descriptions", [STATE_MEMORY] = "memory",
	};

	for (int i = 0; i < STATE_PARTS; i++)
		if (a->part[i] != b->part[i])
			return names[i];
	return NULL;
}
