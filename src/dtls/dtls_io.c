/* dtls_io.c - records in, records out.
 *
 * A datagram is cut into records, and each is judged (dtls_record.c). Application data is opened here
 * (dtls_seal.c), the rest is fed to OpenSSL one by one, which changes nothing for it: records of
 * DTLS do not depend on each other. After the handshake SSL_read goes on, and so answers a peer that
 * repeats its Finished because our last flight was lost (RFC 6347 section 4.2.4). */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/num.h"
#include "base/work.h"
#include "dtls/dtls_state.h"

enum { APPLICATION_DATA = 23 };

void tt_dtls_forget_errors(void)
{
	if (ERR_peek_error() != 0)
		ERR_clear_error();
}

static bool shaking(const struct tt_dtls *d)
{
	return d->state == TT_DTLS_HANDSHAKE;
}

static bool alive(const struct tt_dtls *d)
{
	return d->state != TT_DTLS_CLOSED && d->state != TT_DTLS_FAILED;
}

/* What OpenSSL has against it, in its own words. */
static void end_by_openssl(struct tt_dtls *d)
{
	const char *words = ERR_reason_error_string(ERR_peek_last_error());
	char text[sizeof d->end_text];

	if (d->mismatch) {
		tt_dtls_end(d, TT_DTLS_FAILED, TAUT_REASON_DTLS_FINGERPRINT,
			    "the peer's certificate matches no fingerprint of its description");
		return;
	}
	snprintf(text, sizeof text, "%s: %s",
		 shaking(d) ? "handshake refused" : "association broken",
		 words ? words : "OpenSSL gives no reason");
	tt_dtls_end(d, TT_DTLS_FAILED, TAUT_REASON_DTLS_HANDSHAKE, text);
}

static void shake_hands(struct tt_dtls *d)
{
	const unsigned before = d->flights;

	tt_dtls_forget_errors();
	const int r = SSL_do_handshake(d->ssl);
	tt_dtls_leave_thread(d->shared);
	if (r == 1 && !tt_dtls_take_over(d)) {
		tt_dtls_say_goodbye(d); /* the peer has its keys, or will have them */
		tt_dtls_end(d, TT_DTLS_FAILED, TAUT_REASON_DTLS_HANDSHAKE,
			    "handshake in vain: no keys could be made for records");
		return;
	}
	if (r == 1) {
		d->state = TT_DTLS_UNPROVEN;
		d->give_up_at = TT_DTLS_NEVER;
		tt_dtls_use(d); /* from now on it is looked who uses the queues */
	} else if (SSL_get_error(d->ssl, r) != SSL_ERROR_WANT_READ) {
		end_by_openssl(d);
		return;
	}
	tt_dtls_timer_update(d, d->flights != before);
	tt_dtls_prove(d);
}

static void no_more_to_read(struct tt_dtls *d, int result)
{
	switch (SSL_get_error(d->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		return;
	case SSL_ERROR_ZERO_RETURN:
		SSL_shutdown(d->ssl); /* RFC 5246 section 7.2.1: answered with one of our own */
		tt_dtls_end(d, TT_DTLS_CLOSED, TAUT_REASON_CLOSED_BY_PEER,
			    "the peer said close_notify");
		return;
	default:
		end_by_openssl(d);
	}
}

/* What is lent out stays where it is. */
static bool room_for(struct tt_dtls *d, size_t len)
{
	return d->in.room - d->in.len >= len + 2 ||
	       (d->lent == 0 && tt_dtls_queue_reserve(d->env, &d->in, len));
}

/* An alert, or a message of a handshake that is over: nothing that would come out of SSL_read. */
static void read_on(struct tt_dtls *d)
{
	uint8_t none;
	size_t got;

	tt_dtls_forget_errors();
	no_more_to_read(d, SSL_read_ex(d->ssl, &none, sizeof none, &got));
	SSL_free_buffers(d->ssl); /* data needs none of them; those that are in use stay */
}

void tt_dtls_drive(struct tt_dtls *d)
{
	if (shaking(d))
		shake_hands(d);
	if (d->state == TT_DTLS_UNPROVEN || d->state == TT_DTLS_CONNECTED)
		read_on(d); /* also what overtook the end of the handshake, and was kept */
	tt_dtls_forget_errors(); /* the queue is the thread's, and others on it look there too */
}

static void dropped(struct tt_dtls *d, uint32_t why, size_t len)
{
	d->counters.records_dropped++;
	tt_drop(d->env, d->now, why, TT_INT("len", len));
}

static bool same_but_number(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
	tt_work(b_len);
	return a_len == b_len && a_len > 13 && memcmp(a + 13, b + 13, a_len - 13) == 0;
}

/* For later: what came too early is kept, two of it. */
static void hold(struct tt_dtls *d, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < d->early_count; i++)
		if (same_but_number(d->early[i].data, d->early[i].len, data, len))
			return; /* a retransmission */
	const bool room = d->early_count < TT_DTLS_EARLY_MAX && len <= TT_DTLS_EARLY_SIZE;
	if (room && !d->early)
		d->early = tt_alloc(d->env, TT_DTLS_EARLY_MAX * sizeof *d->early);
	if (!room || !d->early) {
		dropped(d, TAUT_DROP_DTLS_TOO_EARLY, len);
		return;
	}
	tt_work(len);
	memcpy(d->early[d->early_count].data, data, len);
	d->early[d->early_count++].len = len;
	tt_note(d->env, d->now, TAUT_LAYER_DTLS, "held for later", TT_INT("len", len));
}

/* Before start: a ClientHello is kept, because the peer's pair may be valid before ours. */
static void hold_hello(struct tt_dtls *d, const uint8_t *buf, size_t len)
{
	struct rd r = rd_make(buf, len);
	struct tt_dtls_record rec;

	if (tt_dtls_record_next(&r, &rec) && tt_dtls_record_is_hello(&rec))
		hold(d, buf, len);
	else
		dropped(d, TAUT_DROP_DTLS_NOT_HELLO, len);
}

/* After the handshake. Data is taken; the rest is for OpenSSL, if the peer sealed it: OpenSSL wants 18 KB
 * to look at a record, and without them gives up. */
static uint32_t open_record(struct tt_dtls *d, const struct tt_dtls_record *rec)
{
	const bool data = rec->type == APPLICATION_DATA;
	struct tt_dtls_queue *q = &d->in;
	size_t len;

	if (!room_for(d, rec->whole_len))
		return TAUT_DROP_DTLS_NO_ROOM;
	uint8_t *at = q->base + q->len;
	tt_dtls_use(d);
	if (!(data ? tt_dtls_open : tt_dtls_is_peers)(d, rec, at + 2, &len))
		return TAUT_DROP_DTLS_NOT_OPENED;
	at[0] = tt_u8(len >> 8);
	at[1] = tt_u8(len & 0xff);
	q->len += data && len > 0 ? len + 2 : 0;
	return TT_TAKEN;
}

static void feed(struct tt_dtls *d, const struct tt_dtls_record *rec)
{
	uint32_t why = tt_dtls_record_refuse(d, rec);

	if (!why && shaking(d) && rec->type == APPLICATION_DATA) {
		hold(d, rec->whole, rec->whole_len); /* it overtook the end of the handshake */
		return;
	}
	if (!why && !shaking(d))
		why = open_record(d, rec);
	if (why)
		dropped(d, why, rec->whole_len);
	if (why || rec->type == APPLICATION_DATA)
		return;
	if (!shaking(d) && !tt_dtls_rouse(d)) {
		end_by_openssl(d);
		return;
	}
	const bool early = shaking(d);
	const unsigned flights = d->flights;

	d->record = rec->whole;
	d->record_len = rec->whole_len;
	d->heard_alert = false;
	tt_dtls_drive(d);
	d->record = NULL;
	/* OpenSSL says nothing of what it could not open (RFC 6347 section 4.1.2.7); but the peer's
	 * Finished, when it comes again, is answered. */
	if (!early && alive(d) && d->flights == flights && !d->heard_alert)
		dropped(d, TAUT_DROP_DTLS_NOT_OPENED, rec->whole_len);
	d->heard_alert = false;
}

static void feed_all(struct tt_dtls *d, const uint8_t *buf, size_t len)
{
	struct rd r = rd_make(buf, len);
	struct tt_dtls_record rec;

	while (alive(d) && tt_dtls_record_next(&r, &rec))
		feed(d, &rec);
	if (r.bad)
		dropped(d, TAUT_DROP_DTLS_FRAMING, len - (size_t)r.off);
}

void tt_dtls_feed_held(struct tt_dtls *d)
{
	const size_t n = d->early_count;
	struct tt_dtls_early *held = d->early;

	d->early = NULL; /* while these are fed, others may have to be held */
	d->early_count = 0;
	for (size_t i = 0; i < n && alive(d); i++)
		feed_all(d, held[i].data, held[i].len);
	tt_free(d->env, held);
}

int tt_dtls_recv(struct tt_dtls *d, taut_time now, const uint8_t *buf, size_t len)
{
	if (!alive(d)) {
		tt_drop(d->env, now, TAUT_DROP_DTLS_ENDED, TT_INT("len", len));
		return TAUT_E_STATE;
	}
	d->now = now;
	d->counters.datagrams_in++;
	if (len == 0 || len > TT_DTLS_DATAGRAM_MAX) {
		dropped(d, TAUT_DROP_DTLS_LENGTH, len);
		return TAUT_OK;
	}
	tt_work(1);
	if (buf[0] != APPLICATION_DATA)
		tt_trace_packet(d->env, now, TAUT_LAYER_DTLS, false, buf, len, NULL, NULL);
	if (d->state == TT_DTLS_NEW) {
		hold_hello(d, buf, len);
		return TAUT_OK;
	}
	feed_all(d, buf, len);
	if (!shaking(d) && alive(d) && d->early_count > 0)
		tt_dtls_feed_held(d);
	return TAUT_OK;
}

size_t tt_dtls_poll_send(struct tt_dtls *d, taut_time now, uint8_t *buf, size_t cap)
{
	const uint8_t *data;
	size_t len;

	d->now = now;
	while (tt_dtls_queue_peek(&d->out, &data, &len)) {
		const bool fits = len <= cap;

		if (fits)
			memcpy(buf, data, len);
		else
			tt_drop(d->env, now, TAUT_DROP_DTLS_BUFFER_SMALL, TT_INT("len", len),
				TT_INT("cap", cap));
		tt_dtls_queue_drop(&d->out);
		if (d->out.len == 0 && d->state >= TT_DTLS_CONNECTED)
			tt_dtls_queue_free(d->env, &d->out); /* flights are rare from now on */
		if (fits) {
			d->counters.datagrams_out++;
			return len;
		}
	}
	return 0;
}

size_t tt_dtls_protect(struct tt_dtls *d, taut_time now, const void *data, size_t len, uint8_t *out,
		       size_t cap)
{
	d->now = now;
	if (d->state != TT_DTLS_CONNECTED || len == 0 || len > TT_DTLS_SEND_MAX ||
	    cap < len + TT_DTLS_OVERHEAD)
		return 0;
	tt_dtls_use(d);
	const size_t n = tt_dtls_seal(d, APPLICATION_DATA, data, len, out);
	if (n == 0)
		end_by_openssl(d);
	return n;
}

size_t tt_dtls_sealed_min(const struct tt_dtls *d)
{
	const SSL_CIPHER *c = !d->ssl      ? NULL
			      : shaking(d) ? SSL_get_pending_cipher(d->ssl)
					   : SSL_get_current_cipher(d->ssl);

	return c && SSL_CIPHER_get_cipher_nid(c) == NID_chacha20_poly1305
		       ? TT_DTLS_TAG
		       : TT_DTLS_NONCE + TT_DTLS_TAG;
}

static const SSL_CIPHER *cipher_of(const struct tt_dtls *d)
{
	return d->state >= TT_DTLS_UNPROVEN ? SSL_get_current_cipher(d->ssl) : NULL;
}

const char *tt_dtls_cipher_name(const struct tt_dtls *d)
{
	const SSL_CIPHER *cipher = cipher_of(d);

	return cipher ? SSL_CIPHER_get_name(cipher) : NULL;
}

const char *tt_dtls_cipher_standard_name(const struct tt_dtls *d)
{
	const SSL_CIPHER *cipher = cipher_of(d);

	return cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
}

/* Client's key, server's key, client's salt, server's salt. */
static void split(struct tt_srtp_keys *out, const uint8_t *material, size_t key_len,
		  size_t salt_len, bool client)
{
	struct tt_srtp_key *from_client = client ? &out->local : &out->remote;
	struct tt_srtp_key *from_server = client ? &out->remote : &out->local;
	struct rd r = rd_make(material, 2 * (key_len + salt_len));

	memcpy(from_client->key, rd_take(&r, key_len), key_len);
	memcpy(from_server->key, rd_take(&r, key_len), key_len);
	memcpy(from_client->salt, rd_take(&r, salt_len), salt_len);
	memcpy(from_server->salt, rd_take(&r, salt_len), salt_len);
}

int tt_dtls_srtp_keys(struct tt_dtls *d, struct tt_srtp_keys *out)
{
	static const char label[] = "EXTRACTOR-dtls_srtp"; /* RFC 5764 section 4.2 */
	uint8_t material[2 * (TT_SRTP_KEY_MAX + TT_SRTP_SALT_MAX)];

	*out = (struct tt_srtp_keys){ .profile = TT_SRTP_PROFILE_NONE };
	if (d->state != TT_DTLS_CONNECTED)
		return TAUT_E_STATE;
	const SRTP_PROTECTION_PROFILE *srtp = SSL_get_selected_srtp_profile(d->ssl);
	if (!srtp)
		return TAUT_OK;
	const uint16_t profile = tt_u16(srtp->id);
	const size_t key_len = tt_srtp_key_len(profile), salt_len = tt_srtp_salt_len(profile);
	if (SSL_export_keying_material(d->ssl, material, 2 * (key_len + salt_len), label,
				       sizeof label - 1, NULL, 0, 0) != 1)
		return TAUT_E_CRYPTO;
	out->profile = profile;
	split(out, material, key_len, salt_len, d->client);
	OPENSSL_cleanse(material, sizeof material);
	return TAUT_OK;
}
