/* plain_dtls.h - dtls/dtls.h without cryptography, for targets above it: no OpenSSL, nothing to
 * wait for, the same bytes every time.
 *
 * A handshake is a record of each side. Application data stand in the clear where the ciphertext
 * would, with its 37 octets around them, so that a fuzzer can write what a peer with keys can.
 * Everybody's certificate is the right one. Included by the one file of the target: what it
 * defines is not taken from the layer's archive then. */
#ifndef TAUT_FUZZ_PLAIN_DTLS_H
#define TAUT_FUZZ_PLAIN_DTLS_H

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "dtls/dtls.h"
#include "fuzz.h"

enum { PLAIN_HANDSHAKE = 22, PLAIN_ALERT = 21, PLAIN_DATA = 23, PLAIN_HEAD = 21, PLAIN_QUEUE = 8 };

struct tt_dtls_shared {
	struct tt_env *env;
};

struct tt_dtls {
	struct tt_env *env;
	uint32_t state, end;
	bool client, known, flight_due, bye_due, tell_connected, tell_end;
	taut_time retry_at, give_up_at, wait;
	struct {
		size_t len;
		uint8_t data[1500];
	} queue[PLAIN_QUEUE], lent;
	size_t first, count;
	struct tt_dtls_counters counters;
};

static uint16_t plain_srtp_profile = TT_SRTP_PROFILE_AEAD_AES_128_GCM;

int tt_dtls_shared_new(struct tt_dtls_shared **out, struct tt_env *env, taut_time now)
{
	(void)now;
	*out = tt_alloc(env, sizeof **out);
	if (*out)
		(*out)->env = env;
	return *out ? TAUT_OK : TAUT_E_NOMEM;
}

void tt_dtls_shared_free(struct tt_dtls_shared *shared)
{
	if (shared)
		tt_free(shared->env, shared);
}

const char *tt_dtls_shared_fingerprint(const struct tt_dtls_shared *shared)
{
	(void)shared;
	return "sha-256 19:E2:1C:3B:4B:9F:81:E6:B8:5C:F4:A5:A8:D8:73:04:BB:05:2F:70:9F:04:A9:0E:"
	       "05:E9:26:33:E8:70:88:A2";
}

bool tt_dtls_shared_fingerprint_by(const struct tt_dtls_shared *shared, size_t hash, char *out)
{
	(void)hash;
	(void)snprintf(out, TT_DTLS_FINGERPRINT_MAX, "%s", tt_dtls_shared_fingerprint(shared));
	return true;
}

int64_t tt_dtls_shared_expires(const struct tt_dtls_shared *shared)
{
	(void)shared;
	return 0;
}

int tt_dtls_system_random(void *ctx, void *out, size_t len)
{
	(void)ctx, (void)out, (void)len;
	return -1;
}

int tt_dtls_new(struct tt_dtls **out, struct tt_dtls_shared *shared, struct tt_env *env)
{
	(void)shared;
	*out = tt_alloc(env, sizeof **out);
	if (!*out)
		return TAUT_E_NOMEM;
	(*out)->env = env;
	(*out)->state = TT_DTLS_NEW;
	(*out)->retry_at = (*out)->give_up_at = INT64_MAX;
	return TAUT_OK;
}

void tt_dtls_free(struct tt_dtls *d)
{
	if (d)
		tt_free(d->env, d);
}

static void plain_connected(struct tt_dtls *d)
{
	d->retry_at = d->give_up_at = INT64_MAX;
	d->state = d->known ? TT_DTLS_CONNECTED : TT_DTLS_UNPROVEN;
	d->tell_connected = d->known;
}

static void plain_end(struct tt_dtls *d, uint32_t state, uint32_t reason)
{
	d->retry_at = d->give_up_at = INT64_MAX;
	d->state = state;
	d->end = reason;
	d->tell_end = true;
}

int tt_dtls_set_remote_fingerprints(struct tt_dtls *d, taut_time now,
				    const struct tt_dtls_fingerprint *all, size_t n)
{
	(void)now, (void)all;
	if (n == 0)
		return TAUT_E_UNSUPPORTED;
	d->known = true;
	if (d->state == TT_DTLS_UNPROVEN)
		plain_connected(d);
	return TAUT_OK;
}

int tt_dtls_start(struct tt_dtls *d, taut_time now, bool client, taut_time first_timeout)
{
	if (d->state != TT_DTLS_NEW)
		return TAUT_E_STATE;
	d->state = TT_DTLS_HANDSHAKE;
	d->client = d->flight_due = client;
	d->wait = tt_clamp64(first_timeout, 50000, 3000000);
	d->retry_at = client ? now + d->wait : INT64_MAX;
	d->give_up_at = now + 30000000;
	return TAUT_OK;
}

void tt_dtls_close(struct tt_dtls *d, taut_time now)
{
	(void)now;
	d->bye_due = d->state == TT_DTLS_CONNECTED || d->state == TT_DTLS_UNPROVEN;
	d->state = TT_DTLS_CLOSED;
	d->retry_at = d->give_up_at = INT64_MAX;
}

static void plain_keep(struct tt_dtls *d, const uint8_t *buf, size_t len)
{
	if (len < TT_DTLS_OVERHEAD || d->count == PLAIN_QUEUE || len > sizeof d->queue[0].data) {
		d->counters.records_dropped++;
		return;
	}
	const size_t at = (d->first + d->count++) % PLAIN_QUEUE;
	d->queue[at].len = len - TT_DTLS_OVERHEAD;
	memcpy(d->queue[at].data, buf + PLAIN_HEAD, d->queue[at].len);
}

int tt_dtls_recv(struct tt_dtls *d, taut_time now, const uint8_t *buf, size_t len)
{
	(void)now;
	if (d->state >= TT_DTLS_CLOSED)
		return TAUT_E_STATE;
	d->counters.datagrams_in++;
	const bool up = d->state == TT_DTLS_CONNECTED || d->state == TT_DTLS_UNPROVEN;
	if (buf[0] == PLAIN_HANDSHAKE && d->state == TT_DTLS_HANDSHAKE)
		plain_connected(d);
	if (buf[0] == PLAIN_HANDSHAKE && d->state >= TT_DTLS_HANDSHAKE)
		d->flight_due = !d->client;
	else if (buf[0] == PLAIN_DATA && up)
		plain_keep(d, buf, len);
	else if (buf[0] == PLAIN_ALERT && up)
		plain_end(d, TT_DTLS_CLOSED, TAUT_REASON_CLOSED_BY_PEER);
	else
		d->counters.records_dropped++;
	return 0;
}

void tt_dtls_tick(struct tt_dtls *d, taut_time now)
{
	if (now >= d->give_up_at)
		plain_end(d, TT_DTLS_FAILED, TAUT_REASON_DTLS_TIMEOUT);
	if (now < d->retry_at)
		return;
	d->flight_due = true;
	d->wait = tt_min64(2 * d->wait, 3000000);
	d->retry_at = now + d->wait;
}

taut_time tt_dtls_deadline(const struct tt_dtls *d, const char **why)
{
	if (why)
		*why = "DTLS";
	return tt_min64(d->retry_at, d->give_up_at);
}

static size_t plain_record(uint8_t type, const void *data, size_t len, uint8_t *out, size_t cap)
{
	if (cap < len + TT_DTLS_OVERHEAD)
		return 0;
	memset(out, 0, len + TT_DTLS_OVERHEAD);
	out[0] = type;
	out[1] = 254;
	out[2] = 253;
	out[11] = (uint8_t)((len + TT_DTLS_OVERHEAD - 13) >> 8);
	out[12] = (uint8_t)(len + TT_DTLS_OVERHEAD - 13);
	if (len > 0)
		memcpy(out + PLAIN_HEAD, data, len);
	return len + TT_DTLS_OVERHEAD;
}

size_t tt_dtls_poll_send(struct tt_dtls *d, taut_time now, uint8_t *buf, size_t cap)
{
	(void)now;
	if (!d->flight_due && !d->bye_due)
		return 0;
	const uint8_t type = d->flight_due ? PLAIN_HANDSHAKE : PLAIN_ALERT;
	d->bye_due = d->bye_due && d->flight_due;
	d->flight_due = false;
	d->counters.datagrams_out++;
	return plain_record(type, "hello", 5, buf, cap);
}

size_t tt_dtls_protect(struct tt_dtls *d, taut_time now, const void *data, size_t len, uint8_t *out,
		       size_t cap)
{
	(void)now;
	return d->state == TT_DTLS_CONNECTED ? plain_record(PLAIN_DATA, data, len, out, cap) : 0;
}

bool tt_dtls_poll_event(struct tt_dtls *d, struct tt_dtls_event *out)
{
	*out = (struct tt_dtls_event){ .text = "" };
	if (d->tell_connected) {
		d->tell_connected = false;
		out->type = TT_DTLS_EV_CONNECTED;
	} else if (d->state != TT_DTLS_UNPROVEN && d->count > 0) {
		memcpy(&d->lent, &d->queue[d->first], sizeof d->lent);
		d->first = (d->first + 1) % PLAIN_QUEUE;
		d->count--;
		out->type = TT_DTLS_EV_DATA;
		out->data = d->lent.data;
		out->len = d->lent.len;
	} else if (d->tell_end) {
		d->tell_end = false;
		out->type = d->state == TT_DTLS_FAILED ? TT_DTLS_EV_FAILED : TT_DTLS_EV_CLOSED;
		out->reason = d->end;
	} else {
		return false;
	}
	return true;
}

uint32_t tt_dtls_state(const struct tt_dtls *d)
{
	return d->state;
}

bool tt_dtls_is_client(const struct tt_dtls *d)
{
	return d->client;
}

const char *tt_dtls_cipher_name(const struct tt_dtls *d)
{
	return d->state >= TT_DTLS_UNPROVEN ? "none" : NULL;
}

const char *tt_dtls_cipher_standard_name(const struct tt_dtls *d)
{
	return tt_dtls_cipher_name(d);
}

bool tt_dtls_certificate(const struct tt_dtls *d, bool remote, struct tt_dtls_certificate *out)
{
	*out = (struct tt_dtls_certificate){ .len = 1 };
	if (remote && d->state < TT_DTLS_UNPROVEN)
		return false;
	(void)snprintf(out->fingerprint, sizeof out->fingerprint, "sha-256 %02X", remote);
	out->der = tt_alloc(d->env, 1);
	return out->der != NULL;
}

int tt_dtls_remote_certificate(const struct tt_dtls *d, size_t index, void *der, size_t cap)
{
	(void)der, (void)cap;
	return d->state >= TT_DTLS_CONNECTED && index == 0;
}

int tt_dtls_srtp_keys(struct tt_dtls *d, struct tt_srtp_keys *out)
{
	if (d->state != TT_DTLS_CONNECTED)
		return TAUT_E_STATE;
	*out = (struct tt_srtp_keys){ .profile = plain_srtp_profile };
	out->local.key[0] = d->client;
	out->remote.key[0] = !d->client;
	return TAUT_OK;
}

const struct tt_dtls_counters *tt_dtls_counters(const struct tt_dtls *d)
{
	return &d->counters;
}

#endif
