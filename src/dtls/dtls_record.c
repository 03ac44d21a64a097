/* dtls_record.c - what may reach OpenSSL, or be opened: RFC 6347 sections 4.1 and 4.2.
 *
 *      0      1       3       5            11      13
 *     +------+-------+-------+------------+-------+-------- - - -
 *     | type |version| epoch |  sequence  |length | fragment
 *     +------+-------+-------+------------+-------+-------- - - -
 *
 * Records are looked at in the clear before anybody else sees them, because in the first epoch
 * anybody can write them: (m) a forged alert of 15 octets kills an OpenSSL client. Each record is
 * then fed alone. Nothing is decrypted or reassembled here. */
#include "base/num.h"
#include "base/work.h"
#include "dtls/dtls_state.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22, APPLICATION_DATA = 23 };
enum { CLIENT_HELLO = 1, CERTIFICATE = 11 };
enum { RECORD_MAX = 16384 + 2048, MESSAGE_MAX = 8192 }; /* RFC 5246 section 6.2.3; our own */

/* Handshake messages that each side may send in the clear (RFC 5246 section 7.4), by number. */
static const uint32_t from_server =
	1u << 2 | 1u << 3 | 1u << 4 | 1u << 11 | 1u << 12 | 1u << 13 | 1u << 14 | 1u << 22;
static const uint32_t from_client = 1u << 1 | 1u << 11 | 1u << 15 | 1u << 16;

bool tt_dtls_record_next(struct rd *r, struct tt_dtls_record *out)
{
	const size_t start = r->off;

	if (rd_left(r) == 0)
		return false;
	out->type = rd_u8(r);
	out->version = rd_u16(r);
	out->epoch = rd_u16(r);
	rd_take(r, 6);
	out->len = rd_u16(r);
	out->body = rd_take(r, out->len);
	if (r->bad)
		return false;
	out->whole = r->base + start;
	out->whole_len = r->off - start;
	return true;
}

bool tt_dtls_record_is_hello(const struct tt_dtls_record *rec)
{
	tt_work(1);
	return rec->type == HANDSHAKE && rec->epoch == 0 && rec->len > 12 &&
	       rec->body[0] == CLIENT_HELLO;
}

static uint32_t claimed_total(const struct tt_dtls *d)
{
	uint32_t total = 0;

	for (size_t i = 0; i < TT_DTLS_MESSAGES; i++)
		total += d->message_len[i];
	return total;
}

/* One message, or a fragment of one, RFC 6347 section 4.2.2. OpenSSL sets the whole length aside
 * when the first fragment comes, so the claim is what counts. */
static uint32_t refuse_message(struct tt_dtls *d, struct rd *r)
{
	const uint8_t type = rd_u8(r);
	const uint32_t len = (uint32_t)rd_be(r, 3);
	const uint16_t seq = rd_u16(r);
	const uint32_t offset = (uint32_t)rd_be(r, 3), part = (uint32_t)rd_be(r, 3);

	rd_take(r, part);
	if (r->bad)
		return TAUT_DROP_DTLS_MESSAGE_CUT_OFF;
	if (offset > len || part > len - offset)
		return TAUT_DROP_DTLS_FRAGMENT_BEYOND;
	if (part == 0 && len > 0)
		return TAUT_DROP_DTLS_FRAGMENT_EMPTY;
	if (type >= 32 || ((d->client ? from_server : from_client) >> type & 1) == 0)
		return TAUT_DROP_DTLS_MESSAGE_TYPE;
	if (seq >= TT_DTLS_MESSAGES)
		return TAUT_DROP_DTLS_TOO_MANY_MESSAGES;
	if (len > (type == CERTIFICATE ? TT_DTLS_CERTIFICATE_MAX : MESSAGE_MAX))
		return TAUT_DROP_DTLS_MESSAGE_TOO_LONG;
	const uint32_t before = d->message_len[seq];
	if (claimed_total(d) - before + len > TT_DTLS_REASSEMBLY_MAX)
		return TAUT_DROP_DTLS_MESSAGES_TOO_LONG;
	d->message_len[seq] = tt_u32(tt_max(before, len)); /* a smaller claim frees nothing */
	return TT_TAKEN;
}

static uint32_t refuse_handshake(struct tt_dtls *d, const struct tt_dtls_record *rec)
{
	struct rd r = rd_make(rec->body, rec->len);
	uint32_t why = TT_TAKEN;

	if (rec->len == 0)
		return TAUT_DROP_DTLS_EMPTY_HANDSHAKE;
	while (!why && rd_left(&r) > 0)
		why = refuse_message(d, &r);
	return why;
}

/* Before the handshake is done: epoch 0, and a few of epoch 1 that overtook their key change. */
static uint32_t refuse_while_shaking(struct tt_dtls *d, const struct tt_dtls_record *rec)
{
	if (rec->epoch == 1 && rec->type == APPLICATION_DATA)
		return TT_TAKEN; /* held, two of them: dtls_io.c */
	if (rec->epoch == 1) { /* OpenSSL would keep 100, at 16 KiB each */
		if (d->early_records == 0)
			return TAUT_DROP_DTLS_ENCRYPTED_EARLY;
		d->early_records--;
		return TT_TAKEN;
	}
	switch (rec->type) {
	case HANDSHAKE:
		return refuse_handshake(d, rec);
	case CHANGE_CIPHER_SPEC:
		return TT_TAKEN;
	case ALERT:
		d->counters.alerts_ignored++;
		tt_work(1);
		if (rec->len == 2)
			d->hint = SSL_alert_desc_string_long(rec->body[1]);
		return TAUT_DROP_DTLS_ALERT_IN_CLEAR;
	default:
		return TAUT_DROP_DTLS_DATA_IN_CLEAR;
	}
}

uint32_t tt_dtls_record_refuse(struct tt_dtls *d, const struct tt_dtls_record *rec)
{
	if (rec->type < CHANGE_CIPHER_SPEC || rec->type > APPLICATION_DATA)
		return TAUT_DROP_DTLS_TYPE;
	if (rec->version >> 8 != 0xfe)
		return TAUT_DROP_DTLS_VERSION;
	if (rec->len > RECORD_MAX)
		return TAUT_DROP_DTLS_TOO_LONG;
	if (rec->epoch > 1)
		return TAUT_DROP_DTLS_EPOCH; /* keys change once: no renegotiation */
	/* (m) OpenSSL 3.0.19 ends the association over it, and anybody can send it; 3.0.22 does not. */
	if (rec->epoch == 1 && rec->len < TT_DTLS_NONCE + TT_DTLS_TAG &&
	    rec->len < tt_dtls_sealed_min(d))
		return TAUT_DROP_DTLS_TOO_SHORT;
	if (d->state == TT_DTLS_HANDSHAKE)
		return refuse_while_shaking(d, rec);
	return rec->epoch == 1 ? TT_TAKEN : TAUT_DROP_DTLS_CLEAR_TEXT;
}
