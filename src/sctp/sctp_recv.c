/* sctp_recv.c - a packet comes in: RFC 9260 sections 8.4 and 8.5, and the table of chunks.
 *
 * The whole packet is checked (checksum, ports, chunk lengths, verification tag)
 * before its first chunk does anything. */
#include "base/num.h"
#include "sctp/sctp_assoc.h"

#define IN(state)   (1u << (state))
#define HAS(type)   (1u << (type)) /* a chunk, of those below 32 */
#define FROM(state) (~0u << (state) & ~IN(SCTP_DEAD))
#define WITH_PEER   (FROM(SCTP_COOKIE_ECHOED))
#define TAKES_DATA                                                                                 \
	(IN(SCTP_COOKIE_ECHOED) | IN(SCTP_ESTABLISHED) | IN(SCTP_SHUTDOWN_PENDING) |               \
	 IN(SCTP_SHUTDOWN_SENT))

#define TAKES_RECONFIG                                                                             \
	(IN(SCTP_ESTABLISHED) | IN(SCTP_SHUTDOWN_PENDING) | IN(SCTP_SHUTDOWN_SENT) |               \
	 IN(SCTP_SHUTDOWN_RECEIVED))

static sctp_handler on_pad;

/* In which states a chunk means something; elsewhere it is dropped. */
static const struct {
	uint8_t type;
	uint32_t states;
	sctp_handler *handler;
} rules[] = {
	{ SCTP_DATA, TAKES_DATA, tt_sctp_on_data },
	{ SCTP_I_DATA, TAKES_DATA, tt_sctp_on_data },
	{ SCTP_INIT, FROM(SCTP_CLOSED), tt_sctp_on_init },
	{ SCTP_INIT_ACK, IN(SCTP_COOKIE_WAIT), tt_sctp_on_init_ack }, /* 5.2.3 */
	{ SCTP_SACK, FROM(SCTP_ESTABLISHED), tt_sctp_on_sack },
	{ SCTP_HEARTBEAT, WITH_PEER, tt_sctp_on_heartbeat },
	{ SCTP_HEARTBEAT_ACK, WITH_PEER, tt_sctp_on_heartbeat_ack },
	{ SCTP_ABORT, FROM(SCTP_COOKIE_WAIT), tt_sctp_on_abort },
	{ SCTP_SHUTDOWN, FROM(SCTP_ESTABLISHED), tt_sctp_on_shutdown },
	{ SCTP_SHUTDOWN_ACK, FROM(SCTP_COOKIE_WAIT), tt_sctp_on_shutdown_ack },
	{ SCTP_ERROR, FROM(SCTP_COOKIE_WAIT), tt_sctp_on_error },
	{ SCTP_COOKIE_ECHO, FROM(SCTP_CLOSED), tt_sctp_on_cookie_echo },
	{ SCTP_COOKIE_ACK, IN(SCTP_COOKIE_ECHOED) | IN(SCTP_ESTABLISHED), tt_sctp_on_cookie_ack },
	{ SCTP_SHUTDOWN_COMPLETE, IN(SCTP_SHUTDOWN_ACK_SENT), tt_sctp_on_shutdown_complete },
	/* also when one side is done: what waits for an answer to a reset must yet be sent */
	{ SCTP_RE_CONFIG, TAKES_RECONFIG, tt_sctp_on_reconfig },
	{ SCTP_PAD, FROM(SCTP_CLOSED), on_pad },
	{ SCTP_FORWARD_TSN, TAKES_DATA, tt_sctp_on_forward_tsn },
	{ SCTP_I_FORWARD_TSN, TAKES_DATA, tt_sctp_on_forward_tsn },
};

/* RFC 4820 section 3: nothing but length. */
static uint32_t on_pad(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
		       struct sctp_packet *p)
{
	(void)s, (void)now, (void)chunk, (void)p;
	return TT_TAKEN;
}

/* 3.2: the two highest bits say what becomes of a chunk nobody knows. */
static uint32_t on_unknown(struct tt_sctp *s, const struct sctp_tlv *chunk, struct sctp_packet *p)
{
	p->stop = !(chunk->type & 0x80);
	if (chunk->type & 0x40)
		tt_sctp_queue_error(s, SCTP_C_UNRECOGNIZED_CHUNK, chunk->whole.p,
				    tt_min(chunk->whole.len, 256));
	return TAUT_DROP_SCTP_CHUNK_UNKNOWN;
}

static uint32_t handle(struct tt_sctp *s, taut_time now, const struct sctp_tlv *chunk,
		       struct sctp_packet *p)
{
	for (size_t i = 0; i < TT_COUNT(rules); i++) {
		if (rules[i].type != chunk->type)
			continue;
		if (!(rules[i].states & IN(s->state)))
			return TAUT_DROP_SCTP_CHUNK_STATE;
		return rules[i].handler(s, now, chunk, p);
	}
	return on_unknown(s, chunk, p);
}

/* 8.5, 8.5.1: what the first chunk and the packet's tag must be to each other. */
static uint32_t check_tag(const struct tt_sctp *s, const struct sctp_header *h,
			  const struct sctp_tlv *first)
{
	if (first->type == SCTP_INIT)
		return h->tag != 0 ? TAUT_DROP_SCTP_INIT_TAG : TT_TAKEN;
	if (h->tag == 0)
		return TAUT_DROP_SCTP_TAG_0;
	if (first->type == SCTP_COOKIE_ECHO)
		return TT_TAKEN; /* against the tag in the cookie, 5.1.5 */
	if (first->type == SCTP_SHUTDOWN_ACK && s->state < SCTP_ESTABLISHED)
		return TT_TAKEN; /* 8.5.1 E: as out of the blue */
	if ((first->type == SCTP_ABORT || first->type == SCTP_SHUTDOWN_COMPLETE) &&
	    first->flags & SCTP_FLAG_T)
		return h->tag != s->peer_tag ? TAUT_DROP_SCTP_TAG_REFLECTED : TT_TAKEN;
	return h->tag != s->my_tag ? TAUT_DROP_SCTP_TAG : TT_TAKEN;
}

static bool find(struct rd chunks, uint8_t type, struct sctp_tlv *out)
{
	while (tt_sctp_next(&chunks, out))
		if (out->type == type)
			return true;
	return false;
}

/* A bit for each type that is in the packet; those that are looked for are below 32. */
static uint32_t types_in(struct rd chunks)
{
	struct sctp_tlv c;
	uint32_t types = 0;

	while (tt_sctp_next(&chunks, &c))
		types |= c.type < 32 ? HAS(c.type) : 0;
	return types;
}

/* 8.4: the association has ended; what still comes in is out of the blue. */
static uint32_t out_of_the_blue(struct tt_sctp *s, const struct sctp_header *h, uint32_t types,
				const struct sctp_tlv *first)
{
	if (types & (HAS(SCTP_ABORT) | HAS(SCTP_SHUTDOWN_COMPLETE) | HAS(SCTP_ERROR) |
		     HAS(SCTP_COOKIE_ACK)))
		return TAUT_DROP_SCTP_AFTER_END;
	if (first->type == SCTP_INIT) {
		struct sctp_init init;
		if (tt_sctp_read_init(&init, first) && init.tag != 0 && h->tag == 0)
			tt_sctp_reply_abort(s, init.tag, false, 0, NULL, 0);
	} else if (h->tag != 0 && types & HAS(SCTP_SHUTDOWN_ACK)) {
		tt_sctp_reply_shutdown_complete(s, h->tag, true);
	} else if (h->tag != 0) {
		tt_sctp_reply_abort(s, h->tag, true, 0, NULL, 0);
	}
	return TAUT_DROP_SCTP_AFTER_END;
}

/* 6.10: what stands alone, or nowhere. */
static uint32_t check_company(uint32_t types, bool alone)
{
	if (!alone && types & HAS(SCTP_INIT))
		return TAUT_DROP_SCTP_INIT_NOT_ALONE;
	return !alone && types & HAS(SCTP_INIT_ACK) ? TAUT_DROP_SCTP_INIT_ACK_NOT_ALONE : TT_TAKEN;
}

static int refuse(struct tt_sctp *s, taut_time now, uint32_t why)
{
	tt_sctp_refuse(s, now, why);
	return 1;
}

/* The chunks of a packet that has been checked. */
static int handle_all(struct tt_sctp *s, taut_time now, struct rd chunks, struct sctp_packet *p)
{
	struct sctp_tlv chunk;
	int refused = 0;

	while (!p->stop && s->state != SCTP_DEAD && tt_sctp_next(&chunks, &chunk)) {
		const uint32_t why = handle(s, now, &chunk, p);
		if (why)
			refused = refuse(s, now, why);
		p->first = false;
	}
	if (p->has_data && s->state != SCTP_DEAD)
		tt_sctp_data_arrived(s, now, p);
	s->answered = 0;
	return refused;
}

/* 3.3.7: what stands before an ABORT counts, and is not answered. */
static int handle_abortable(struct tt_sctp *s, taut_time now, struct rd chunks,
			    struct sctp_packet *p, bool aborts)
{
	const int refused = handle_all(s, now, chunks, p);

	if (aborts && s->state == SCTP_DEAD)
		tt_sctp_forget_reply(s);
	return refused;
}

int tt_sctp_recv(struct tt_sctp *s, taut_time now, const uint8_t *pkt, size_t len)
{
	struct sctp_packet p = { .first = true };
	struct sctp_tlv first, abort;
	struct rd chunks, rest;

	s->counters.packets_received++;
	tt_sctp_wake(s, now);
	if (s->snap && s->state == SCTP_CLOSED) /* the peer's DTLS was up first */
		tt_sctp_establish(s, now);
	tt_trace_packet(s->env, now, TAUT_LAYER_SCTP, false, pkt, len, NULL, NULL);
	/* RFC 9653 section 5.3: who was sent an INIT or INIT ACK of ours knows that we need none */
	uint32_t why = tt_sctp_read_packet(&p.header, &chunks, pkt, len,
					   !s->cfg.no_zero_checksum && s->state != SCTP_CLOSED);
	if (why)
		return refuse(s, now, why);
	if (p.header.to != s->cfg.local_port || p.header.from != s->cfg.remote_port)
		return refuse(s, now, TAUT_DROP_SCTP_PORT);
	rest = chunks;
	if (!tt_sctp_next(&rest, &first))
		return refuse(s, now, TAUT_DROP_SCTP_NO_CHUNK);
	const uint32_t types = types_in(chunks);
	why = check_company(types, rd_left(&rest) == 0);
	if (why)
		return refuse(s, now, why);
	if (s->state == SCTP_DEAD)
		return refuse(s, now, out_of_the_blue(s, &p.header, types, &first));
	const bool aborts = types & HAS(SCTP_ABORT) && find(chunks, SCTP_ABORT, &abort);
	why = check_tag(s, &p.header, aborts ? &abort : &first); /* 8.5.1 B: wherever it stands */
	if (!why && first.type != SCTP_INIT && first.type != SCTP_COOKIE_ECHO)
		s->unheard = false;
	if (!why && aborts && abort.flags & SCTP_FLAG_T)         /* a tag for nothing else */
		why = handle(s, now, &abort, &p);
	else if (!why)
		return handle_abortable(s, now, chunks, &p, aborts);
	return why ? refuse(s, now, why) : 0;
}
