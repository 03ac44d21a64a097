/* craft.c - see craft.h. */
#include "hostile/craft.h"

#include <stdio.h>

#include "datachannel/dcs_internal.h"
#include "ice/ice_agent.h"

/* ---- STUN ---- */

struct wr craft_bare_check(struct hostile *h, uint8_t *buf, size_t cap)
{
	const struct ice_gen *good = h->pc->ice->cur;
	const struct ice_gen *evil = h->evil->ice->cur;
	struct wr w = wr_make(buf, cap);
	uint8_t tid[TT_STUN_TID_LEN];
	char name[600];

	for (size_t i = 0; i < sizeof tid; i++)
		tid[i] = (uint8_t)sim_random(&h->pair.sim);
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, tid);
	snprintf(name, sizeof name, "%s:%s", good->ufrag, evil->ufrag);
	tt_stun_put(&w, TT_STUN_USERNAME, name, strlen(name));
	return w;
}

struct wr craft_check(struct hostile *h, uint8_t *buf, size_t cap)
{
	struct wr w = craft_bare_check(h, buf, cap);

	tt_stun_put_u32(&w, TT_STUN_PRIORITY, 0x6e0001ff);
	tt_stun_put_u64(&w, h->pc->ice->controlling ? TT_STUN_ICE_CONTROLLED : TT_STUN_ICE_CONTROLLING,
			h->evil->ice->tiebreaker);
	return w;
}

struct wr craft_answer(struct hostile *h, uint8_t *buf, size_t cap, const uint8_t *tid)
{
	const struct tt_ice_path path = hostile_path(h);
	struct wr w = wr_make(buf, cap);

	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &path.local);
	return w;
}

void craft_sign_request(struct hostile *h, struct wr *w)
{
	tt_stun_put_integrity(w, &h->pc->ice->cur->local_key);
	tt_stun_put_fingerprint(w);
}

void craft_sign_answer(struct hostile *h, struct wr *w)
{
	tt_stun_put_integrity(w, &h->evil->ice->cur->local_key);
	tt_stun_put_fingerprint(w);
}

void craft_inject(struct hostile *h, const struct taut_addr *from, struct wr *w)
{
	const size_t len = tt_stun_finish(w);

	assert_true(len > 0);
	hostile_inject(h, from, w->base, len);
}

void craft_open_transaction(struct hostile *h, uint8_t tid[TT_STUN_TID_LEN])
{
	hostile_run(h, SECOND);
	h->pair.cut = true;
	hostile_run(h, 6500000); /* at the latest after 6 s there is one */
	h->pair.cut = false;
	craft_newest_transaction(h, tid);
}

void craft_newest_transaction(const struct hostile *h, uint8_t tid[TT_STUN_TID_LEN])
{
	const struct tt_ice *ice = h->pc->ice;
	const struct ice_tx *tx =
		&ice->consent[(ice->consent_at + TT_ICE_CONSENT_TX - 1) % TT_ICE_CONSENT_TX];

	assert_true(tx->live);
	memcpy(tid, tx->tid, TT_STUN_TID_LEN);
}

/* ---- DTLS ---- */

size_t craft_record(uint8_t *buf, uint8_t type, uint16_t epoch, uint64_t seq, const void *body,
		    size_t len)
{
	struct wr w = wr_make(buf, PACKET);

	wr_u8(&w, type);
	wr_u16(&w, 0xfefd);
	wr_u16(&w, epoch);
	wr_be(&w, seq, 6);
	wr_u16(&w, tt_u16(len));
	wr_bytes(&w, body, len);
	assert_false(w.bad);
	return w.off;
}

size_t craft_fragment(uint8_t *buf, uint8_t type, uint32_t total, uint16_t message_seq,
		      uint32_t offset, uint32_t claimed, const void *body, size_t len)
{
	uint8_t inside[PACKET];
	struct wr w = wr_make(inside, sizeof inside);

	wr_u8(&w, type);
	wr_u24(&w, total);
	wr_u16(&w, message_seq);
	wr_u24(&w, offset);
	wr_u24(&w, claimed);
	wr_bytes(&w, body, len);
	return craft_record(buf, DTLS_HANDSHAKE, 0, message_seq, inside, w.off);
}

/* RFC 5246 section 7.4.1.2, with the one suite TLS_NULL_WITH_NULL_NULL. */
size_t craft_hello(uint8_t *buf)
{
	uint8_t body[64] = { 0xfe, 0xfd };
	struct wr w = wr_make(body, sizeof body);

	wr_u16(&w, 0xfefd);
	wr_zeros(&w, 32);
	wr_u8(&w, 0);  /* session id */
	wr_u8(&w, 0);  /* cookie */
	wr_u16(&w, 2); /* suites */
	wr_u16(&w, 0);
	wr_u8(&w, 1); /* compression */
	wr_u8(&w, 0);
	return craft_fragment(buf, 1, (uint32_t)w.off, 0, 0, (uint32_t)w.off, body, w.off);
}

/* ---- RTP and RTCP ---- */

const struct tt_rtp_sender *craft_stream(const struct hostile *h, uint32_t kind)
{
	for (size_t i = 0; i < h->evil->rtp->sender_count; i++)
		if (h->evil->rtp->senders[i]->cfg.kind == kind)
			return h->evil->rtp->senders[i];
	fail_msg("the bad peer sends no such stream");
	return NULL;
}

struct wr craft_rtp(uint8_t *buf, size_t cap, uint8_t pt, uint16_t seq, uint32_t ts, uint32_t ssrc)
{
	struct wr w = wr_make(buf, cap);

	wr_u8(&w, 0x80);
	wr_u8(&w, pt);
	wr_u16(&w, seq);
	wr_u32(&w, ts);
	wr_u32(&w, ssrc);
	return w;
}

size_t craft_protect_rtp(struct hostile *h, uint8_t *buf, size_t len, size_t cap)
{
	int n = tt_srtp_protect_rtp(h->srtp, h->pair.sim.now, buf, len, cap);

	assert_true(n > 0);
	return (size_t)n;
}

size_t craft_protect_rtcp(struct hostile *h, uint8_t *buf, size_t len, size_t cap)
{
	int n = tt_srtp_protect_rtcp(h->srtp, h->pair.sim.now, buf, len, cap);

	assert_true(n > 0);
	return (size_t)n;
}

void craft_send_rtp(struct hostile *h, const void *clear, size_t len)
{
	uint8_t buf[PACKET + TT_SRTP_RTP_TAIL];

	memcpy(buf, clear, len);
	hostile_inject(h, NULL, buf, craft_protect_rtp(h, buf, len, sizeof buf));
}

void craft_send_rtcp(struct hostile *h, const void *clear, size_t len)
{
	uint8_t buf[PACKET + TT_SRTP_RTCP_TAIL];

	memcpy(buf, clear, len);
	hostile_inject(h, NULL, buf, craft_protect_rtcp(h, buf, len, sizeof buf));
}

/* ---- SCTP ---- */

struct tt_sctp *craft_assoc(const struct hostile *h)
{
	return h->evil->channels->sctp;
}

const struct tt_sctp *craft_victim(const struct hostile *h)
{
	return h->pc->channels->sctp;
}

struct wr craft_sctp_tag(struct hostile *h, uint8_t *buf, size_t cap, uint32_t tag)
{
	const struct tt_sctp *s = craft_assoc(h);
	struct wr w = wr_make(buf, cap);
	const struct sctp_header head = { .from = s->cfg.local_port, .to = s->cfg.remote_port,
					  .tag = tag };

	tt_sctp_write_header(&w, &head);
	return w;
}

struct wr craft_sctp(struct hostile *h, uint8_t *buf, size_t cap)
{
	return craft_sctp_tag(h, buf, cap, craft_assoc(h)->peer_tag);
}

void craft_send_data(struct hostile *h, const void *data, size_t len)
{
	uint8_t buf[PACKET + TT_DTLS_OVERHEAD];
	size_t n = tt_dtls_protect(h->evil->dtls, h->pair.sim.now, data, len, buf, sizeof buf);

	assert_true(n > 0);
	h->records++;
	hostile_inject(h, NULL, buf, n);
}

void craft_send_sctp(struct hostile *h, struct wr *w)
{
	const size_t len = tt_sctp_seal(w);

	assert_true(len > 0);
	craft_send_data(h, w->base, len);
}

static void step(struct serial32 *s)
{
	s->v++;
}

void craft_sent_up_to(struct hostile *h, struct serial32 tsn)
{
	struct sctp_flight *f = &craft_assoc(h)->flight;

	f->cum = f->next = tsn;
	step(&f->next);
	f->mark_hint = f->next;
	f->advanced = f->highest_gap = f->rack.highest = f->rack.until = f->cum;
}

uint32_t craft_take_tsn(struct hostile *h)
{
	struct sctp_flight *f = &craft_assoc(h)->flight;
	const uint32_t tsn = f->next.v;

	assert_int_equal(tt_sctp_flight_count(f), 0); /* all that it sent was acknowledged */
	craft_sent_up_to(h, f->next);
	return tsn;
}

uint16_t craft_take_ssn(struct hostile *h, uint16_t stream)
{
	struct sctp_tx_stream *s = tt_sctp_queue_stream(&craft_assoc(h)->queue, stream);

	assert_non_null(s);
	return (uint16_t)s->next_mid.v++;
}

void craft_send_message(struct hostile *h, uint16_t stream, uint32_t ppid, const void *data,
			size_t len)
{
	uint8_t buf[PACKET];
	struct wr w = craft_sctp(h, buf, sizeof buf);
	const struct sctp_data d = { .tsn = { craft_take_tsn(h) },
				     .stream = stream,
				     .mid = { craft_take_ssn(h, stream) },
				     .ppid = ppid,
				     .interleaved = craft_assoc(h)->queue.interleaved,
				     .begin = true,
				     .end = true,
				     .data = data,
				     .len = len };

	tt_sctp_write_data(&w, &d);
	craft_send_sctp(h, &w);
}
