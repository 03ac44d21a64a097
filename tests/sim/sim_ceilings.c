/* sim_ceilings.c - what a connection may hold of everything, in numbers.
 *
 * They are those of the list of hostile cases, or ours where those say nothing or docs say why they differ, and none
 * is taken from src: each row has what is held, what src would let be held, and the number that neither may exceed. So
 * a limit that is raised in src is found here, whether or not a session comes to fill it. */
#include "base/num.h"
#include "datachannel/dcs_internal.h"
#include "dtls/dtls_state.h"
#include "ice/ice_agent.h"
#include "peer/pc.h"
#include "rtcp/rtp_session_int.h"
#include "sctp/sctp_assoc.h"
#include "sim/sim_inside.h"

enum {
	KIB = 1024,
	MIB = 1024 * KIB,

	/* ICE, of one generation where it says so */
	SIGNALED = 64,
	LEARNED = 16,
	PAIRS = 128,
	NAMES = 16,
	CANDIDATES = 64,
	SOCKETS = 16,
	ALLOCATIONS = 8,
	PORTS = 2 * ALLOCATIONS, /* of allocations, those being closed included */
	TO_PEER = 16,            /* over TCP */
	/* One for each allocation and connection, and those being closed; and one listens on each socket. */
	STREAMS = 2 * ALLOCATIONS + 2 * TO_PEER + SOCKETS,
	MESSAGE = 2 * KIB, /* of one, that comes in parts */
	CONNECTS = 64, /* that wait for room */
	SERVERS = 4,
	ANSWERS = 32,

	/* DTLS */
	HELLOS = 2, /* records before the handshake ... */
	HELLO = 2 * KIB,
	PLAINTEXT = 18000, /* two of the longest datagrams */
	FLIGHTS = 8 * KIB,
	HANDSHAKE = 64 * KIB, /* all messages of the peer, by their own word */
	CERTIFICATE = 16 * KIB,

	/* RTP */
	MEDIA_STREAMS = 64, /* each way */
	SSRCS = 256,
	PROBES = 32,
	NACKS = 1000,
	NACK_TRIES = 10,
	NACK_AGE = 10000,
	FRAME_PACKETS = 2048, /* of one receiver */
	HELD_PACKETS = 8192,  /* of all */
	SENT_PACKETS = 1024,  /* of one sender, those that wait included */
	ARRIVALS = 2048,      /* of transport-wide feedback; the list has 2^15 */
	BYES = 128,
	ASKED = 4, /* whose round trips are to be answered */

	/* SCTP */
	WINDOW = 16 * MIB, /* the list has 5, for windows that do not grow: docs/SCTP.md */
	SCTP_STREAMS = 1024,
	CHANNELS = 1024,
	CHANNEL_BUFFER = 2 * MIB,
	AHEAD = 65535, /* TSNs, either way: what gap blocks can name. The list has 16,384 for a window of 1 MiB */
	DUPLICATES = 20,
	REPORTS = 32,
	CONTROLS = 8,                 /* chunks that answer others ... */
	CONTROL_BYTES = CONTROLS * 9000,
	LOANS = 64, /* of memory that the application lends, in one channel */
	RESET_STREAMS = 256,          /* in a request of ours */
	RESET_REQUESTS = 64,          /* of both sides; we keep one of each */
	RESETS = 1024 + SCTP_STREAMS, /* to be told: while 1,024 wait one more request may be granted */
	PACKET = 9000,

	EVENTS = 4096,
	TRANSCEIVERS = 64,
	M_LINES = 64,
	HELD_MEDIA = 128, /* datagrams that came before their keys */
};

/* is 0 where only src's own limit can be looked at. */
struct level {
	const char *what;
	size_t is, may, most;
};

static void check_levels(struct world_peer *p, const struct level *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].is > all[i].most)
			world_fail(p->world, "%s: %zu %s, over the ceiling of %zu", p->cfg.name, all[i].is, all[i].what,
				   all[i].most);
		else if (all[i].may > all[i].most)
			world_fail(p->world, "%s: would hold %zu %s, over the ceiling of %zu", p->cfg.name, all[i].may,
				   all[i].what, all[i].most);
}
#define CHECK_LEVELS(p, all) check_levels((p), (all), TT_COUNT(all))

/* ---- SCTP ---- */

static void look_at_buffers(struct world_peer *p, const struct tt_dcs *d)
{
	const struct sctp_queue *q = &d->sctp->queue;
	size_t most = 0, loans = 0;

	for (size_t i = 0; i < q->count; i++)
		most = tt_max(most, q->streams[i].buffered);
	for (size_t i = 0; i < d->count; i++)
		loans = tt_max(loans, d->channels[i].loan_count);
	const struct level all[] = {
		{ "bytes that one channel has not sent", most, d->channel_buffer, CHANNEL_BUFFER },
		{ "loans of one channel", loans, 0, LOANS },
		{ "channels", d->used, d->max_channels, CHANNELS },
		{ "places of channels", d->count, d->max_channels, CHANNELS },
		{ "streams of channels", d->streams, d->max_streams, SCTP_STREAMS },
	};

	CHECK_LEVELS(p, all);
}

static void look_at_resets(struct world_peer *p, const struct tt_sctp *s)
{
	const struct sctp_reconfig *r = &s->reconfig;
	const struct level all[] = {
		{ "RE-CONFIG requests", (size_t)r->pending + (r->deferred != NULL), 2, RESET_REQUESTS },
		{ "bytes of a RE-CONFIG request that waits", r->deferred ? r->deferred_len : 0, SCTP_MAX_PACKET,
		  PACKET },
		{ "streams in a RE-CONFIG request", r->count, SCTP_MAX_RESET, RESET_STREAMS },
		{ "streams to be reset", r->wanted, s->queue.max, SCTP_STREAMS },
		{ "resets to be told", s->rx.resets, SCTP_MAX_RESETS_READY + s->rx.max_streams, RESETS },
	};

	CHECK_LEVELS(p, all);
}

static void look_at_sctp(struct world_peer *p, const struct tt_sctp *s, size_t send_buffer)
{
	const size_t ahead = (uint32_t)(s->tracker.highest.v - s->tracker.cum.v);
	const struct level all[] = {
		{ "bytes in SCTP's send buffer", s->queue.held, s->queue.limit, send_buffer },
		{ "bytes in SCTP's reassembly", s->rx.held, tt_max(s->rx.limit, s->cfg.recv_window_most), WINDOW },
		{ "SCTP control chunks", s->control_count, SCTP_MAX_CONTROL, CONTROLS },
		{ "bytes of SCTP control chunks", s->control_bytes, 0, CONTROL_BYTES },
		{ "acknowledgements that wait", s->earlier_count, SCTP_MAX_EARLIER, REPORTS },
		{ "SCTP streams", tt_max(s->queue.count, s->rx.stream_count), tt_max(s->queue.max, s->rx.max_streams),
		  SCTP_STREAMS },
		{ "outstanding TSNs", tt_sctp_flight_count(&s->flight), SCTP_MAX_OUTSTANDING, AHEAD },
		{ "TSNs ahead", ahead, SCTP_TSN_AHEAD, AHEAD },
		{ "duplicate TSNs to be told", s->tracker.dup_count, SCTP_MAX_DUPS, DUPLICATES },
	};

	CHECK_LEVELS(p, all);
	look_at_resets(p, s);
	/* RFC 9260 section 6 */
	if (!tt_sctp_flight_adds_up(&s->flight))
		world_fail(p->world, "%s: SCTP's flight size is not the sum of its chunks", p->cfg.name);
}

/* ---- RTP ---- */

static void look_at_receiver(struct world_peer *p, const struct tt_rtp_receiver *r)
{
	const struct tt_rtp_reorder *o = &r->reorder;
	const struct level all[] = {
		{ "packets to be asked for again", r->nack.count, TT_NACK_MAX, NACKS },
		{ "packets of a stream held for order", tt_rtp_reorder_empty(o) ? 0 : (size_t)(o->newest - o->next + 1),
		  o->size, FRAME_PACKETS },
	};

	CHECK_LEVELS(p, all);
}

static void look_at_sender(struct world_peer *p, const struct tt_rtp_sender *tx)
{
	const struct tt_rtp_history *h = &tx->history;
	const struct level all[] = {
		{ "packets to be sent again", tx->resend_count, h->size, SENT_PACKETS },
		{ "packets sent and to be sent", h->next - h->oldest, h->size, SENT_PACKETS },
	};

	CHECK_LEVELS(p, all);
}

static void look_at_rtp(struct world_peer *p, const struct tt_rtp_session *s)
{
	const struct tt_twcc_arrivals *a = &s->arrivals;
	const struct level all[] = {
		{ "RTP packets held for order", s->held, TT_RTP_MAX_HELD, HELD_PACKETS },
		{ "RTP senders", s->sender_count, TT_RTP_MAX_STREAMS, MEDIA_STREAMS },
		{ "RTP receivers", s->receiver_count, TT_RTP_MAX_STREAMS, MEDIA_STREAMS },
		{ "SSRCs", s->binding_count, TT_RTP_MAX_SSRCS + TT_RTP_MAX_PROBES, SSRCS + PROBES },
		{ "arrivals to be told", tt_twcc_pending(a) ? (size_t)(a->newest - a->from + 1) : 0, TT_TWCC_RING,
		  ARRIVALS },
		{ "BYEs", s->bye_count, TT_RTP_MAX_BYES, BYES },
		{ "peers that asked for a round trip", s->asked_count, TT_RTP_MAX_ASKED, ASKED },
		{ "tries of a NACK", 0, TT_NACK_TRIES, NACK_TRIES },
		{ "packets of age to be asked for", 0, TT_NACK_AGE, NACK_AGE },
	};

	CHECK_LEVELS(p, all);
	for (size_t i = 0; i < s->receiver_count; i++)
		look_at_receiver(p, s->receivers[i]);
	for (size_t i = 0; i < s->sender_count; i++)
		look_at_sender(p, s->senders[i]);
}

/* ---- ICE ---- */

static size_t names_of(const struct ice_gen *g)
{
	size_t n = 0;

	for (int i = 0; i < tt_ice_names_of(g); i++)
		n += g->name[i].used;
	return n;
}

static void look_at_generation(struct world_peer *p, const struct ice_gen *g)
{
	const struct level all[] = {
		{ "ICE candidates of the peer", g->remote_count, TT_ICE_MAX_REMOTE + TT_ICE_MAX_PRFLX,
		  SIGNALED + LEARNED },
		{ "ICE candidates that the peer told", g->signaled_count, TT_ICE_MAX_REMOTE, SIGNALED },
		{ "ICE candidates learned from checks", g->prflx_count, TT_ICE_MAX_PRFLX, LEARNED },
		{ "ICE pairs", (size_t)g->pairs, TT_ICE_MAX_PAIRS, PAIRS },
		{ "mDNS names", names_of(g), TT_ICE_MAX_NAMES, NAMES },
	};

	CHECK_LEVELS(p, all);
}

static void look_at_streams(struct world_peer *p, const struct tt_ice *ice)
{
	size_t relays = 0, ports = 0, streams = 0, part = 0;

	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++)
		relays += ice->relay[i].turn != NULL;
	for (int i = 0; ice->port && i < TT_ICE_MAX_PORTS; i++)
		ports += ice->port[i].state != BASE_NONE;
	for (int i = 0; ice->stream && i < TT_ICE_MAX_STREAMS; i++) {
		streams += ice->stream[i].state != STREAM_NONE;
		part = tt_max(part, ice->stream[i].have);
	}
	const struct level all[] = {
		{ "TURN allocations", relays, TT_ICE_MAX_RELAYS, ALLOCATIONS },
		{ "ports of allocations", ports, TT_ICE_MAX_PORTS, PORTS },
		{ "ICE streams", streams, TT_ICE_MAX_STREAMS, STREAMS },
		{ "bytes of a message that one of them has in part", part, TT_ICE_MESSAGE, MESSAGE },
		{ "connections with the peer", 0, TT_ICE_MAX_TCP, TO_PEER },
		{ "connections that wait for room", ice->waiting_count, TT_ICE_TCP_WAITING, CONNECTS },
	};

	CHECK_LEVELS(p, all);
}

static void look_at_ice(struct world_peer *p, const struct tt_ice *ice)
{
	const struct level all[] = {
		{ "ICE candidates of one's own", ice->local_count, TT_ICE_MAX_LOCAL, CANDIDATES },
		{ "addresses that ICE uses", (size_t)ice->base_count,
		  TT_ICE_MAX_BASES + TT_ICE_MAX_RELAYS + TT_ICE_MAX_TCP, SOCKETS + ALLOCATIONS + TO_PEER },
		{ "ICE servers", ice->server_count, TT_ICE_MAX_SERVERS, SERVERS },
		{ "requests to STUN servers", ice->probe_room, TT_ICE_MAX_BASES * TT_ICE_MAX_SERVERS,
		  SOCKETS * SERVERS },
		{ "answers to checks", ice->response_count, TT_ICE_MAX_RESPONSES, ANSWERS },
	};

	CHECK_LEVELS(p, all);
	look_at_generation(p, ice->cur);
	if (ice->prev)
		look_at_generation(p, ice->prev);
	look_at_streams(p, ice);
}

/* ---- all of it ---- */

static void look_at_dtls(struct world_peer *p, const struct tt_dtls *d)
{
	const struct level all[] = {
		{ "bytes of DTLS plaintext", d->in.len - d->in.off, d->in.cap, PLAINTEXT },
		{ "bytes of DTLS flights", d->out.len - d->out.off, d->out.cap, FLIGHTS },
		{ "early ClientHellos", d->early_count, TT_DTLS_EARLY_MAX, HELLOS },
		{ "bytes of an early ClientHello", 0, TT_DTLS_EARLY_SIZE, HELLO },
		{ "bytes of a peer's handshake", 0, TT_DTLS_REASSEMBLY_MAX, HANDSHAKE },
		{ "bytes of a peer's certificate", 0, TT_DTLS_CERTIFICATE_MAX, CERTIFICATE },
	};

	CHECK_LEVELS(p, all);
}

static size_t m_lines(const struct pc_description *d)
{
	return d->sdp ? d->sdp->media_count : 0;
}

void sim_check_ceilings(struct world_peer *p, size_t send_buffer)
{
	const struct taut_pc *pc = p->pc;
	const struct level all[] = {
		{ "events", pc->event_count, PC_MAX_EVENTS, EVENTS },
		{ "packets held for their keys", pc->held_count, PC_MAX_HELD, HELD_MEDIA },
		{ "transceivers", pc->transceiver_count, PC_MAX_TRANSCEIVERS, TRANSCEIVERS },
		{ "m-lines", tt_max(m_lines(&pc->local), m_lines(&pc->remote)), PC_MAX_M_LINES, M_LINES },
	};

	CHECK_LEVELS(p, all);
	look_at_ice(p, pc->ice);
	if (pc->dtls)
		look_at_dtls(p, pc->dtls);
	if (pc->rtp)
		look_at_rtp(p, pc->rtp);
	if (pc->channels)
		look_at_buffers(p, pc->channels);
	if (pc->channels && pc->channels->sctp)
		look_at_sctp(p, pc->channels->sctp, send_buffer);
}
