/* dtls.c - one association: its life, from an early ClientHello to close_notify.
 *
 *     NEW ---start---> HANDSHAKE ---done---> UNPROVEN ---fingerprint matches---> CONNECTED
 *                          |                     |                                  |
 *                          +-----timeout, alert, wrong certificate, close_notify----+--> FAILED
 *                                                                                        CLOSED
 *
 * When the fingerprint is known before, UNPROVEN is passed through at once. The handshake does
 * not wait for it: the answer may be slower than the path. */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/num.h"
#include "dtls/dtls_state.h"

static bool make_ssl(struct tt_dtls *d)
{
	d->ssl = SSL_new(d->shared->ctx);
	BIO *bio = BIO_new(d->shared->bio);

	if (!d->ssl || !bio) {
		BIO_free(bio);
		return false;
	}
	BIO_set_data(bio, d);
	BIO_set_init(bio, 1);
	SSL_set_bio(d->ssl, bio, bio); /* owns it now */
	/* needs memory; callbacks find d by it */
	if (SSL_set_app_data(d->ssl, d) != 1)
		return false;
	return DTLS_set_link_mtu(d->ssl, TT_DTLS_MTU) == 1;
}

int tt_dtls_new(struct tt_dtls **out, struct tt_dtls_shared *shared, struct tt_env *env)
{
	struct tt_dtls *d = tt_alloc(env, sizeof *d);

	*out = NULL;
	if (!d)
		return TAUT_E_NOMEM;
	*d = (struct tt_dtls){ .env = env, .shared = shared, .state = TT_DTLS_NEW };
	d->resend_at = d->give_up_at = d->rest_at = TT_DTLS_NEVER;
	d->timer_lent = tt_dtls_timer_is_lent();
	d->in.cap = TT_DTLS_IN_SIZE;
	d->out.cap = TT_DTLS_OUT_SIZE;
	ERR_clear_error();
	if (!make_ssl(d)) {
		tt_dtls_free(d);
		return TAUT_E_CRYPTO;
	}
	*out = d;
	return TAUT_OK;
}

void tt_dtls_free(struct tt_dtls *d)
{
	if (!d)
		return;
	SSL_free(d->ssl);
	tt_dtls_records_free(&d->records);
	tt_dtls_queue_free(d->env, &d->in);
	tt_dtls_queue_free(d->env, &d->out);
	tt_free(d->env, d->early);
	tt_free(d->env, d->prints);
	tt_free(d->env, d);
}

void tt_dtls_end(struct tt_dtls *d, uint32_t state, uint32_t reason, const char *text)
{
	ERR_clear_error();
	if (d->state == TT_DTLS_CLOSED || d->state == TT_DTLS_FAILED)
		return;
	d->state = state;
	d->end_reason = reason;
	snprintf(d->end_text, sizeof d->end_text, "%s", text);
	d->resend_at = d->give_up_at = d->rest_at = TT_DTLS_NEVER;
	if (!d->proven) /* what came from someone whose certificate never matched is not data */
		d->in.off = d->in.len = d->lent = 0;
	tt_note(d->env, d->now, TAUT_LAYER_DTLS, state == TT_DTLS_CLOSED ? "closed" : "failed",
		TT_STR("text", d->end_text));
}

void tt_dtls_say_goodbye(struct tt_dtls *d)
{
	if (tt_dtls_rouse(d))
		SSL_shutdown(d->ssl);
	SSL_free_buffers(d->ssl);
}

void tt_dtls_prove(struct tt_dtls *d)
{
	if (d->state != TT_DTLS_UNPROVEN || d->print_count == 0)
		return;
	X509 *cert = SSL_get1_peer_certificate(d->ssl);
	const bool match =
		cert && tt_dtls_fingerprint_match(d->shared->lib, cert, d->prints, d->print_count);
	X509_free(cert);
	if (!match) {
		tt_dtls_say_goodbye(d); /* OpenSSL sends no alert of our choice this late */
		tt_dtls_end(d, TT_DTLS_FAILED, TAUT_REASON_DTLS_FINGERPRINT,
			    "the peer's certificate matches no fingerprint of its description");
		return;
	}
	d->state = TT_DTLS_CONNECTED;
	d->proven = true;
	const SRTP_PROTECTION_PROFILE *srtp = SSL_get_selected_srtp_profile(d->ssl);
	tt_note(d->env, d->now, TAUT_LAYER_DTLS, "connected",
		TT_STR("role", d->client ? "client" : "server"),
		TT_STR("cipher", SSL_get_cipher_name(d->ssl)),
		TT_STR("srtp", srtp ? srtp->name : "none"),
		TT_STR("extended_master_secret",
		       SSL_get_extms_support(d->ssl) == 1 ? "yes" : "no"));
}

int tt_dtls_set_remote_fingerprints(struct tt_dtls *d, taut_time now,
				    const struct tt_dtls_fingerprint *all, size_t n)
{
	struct tt_dtls_print read[TT_DTLS_FINGERPRINTS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		struct tt_dtls_print one;
		const int r = tt_dtls_fingerprint_read(&all[i], &one);

		if (r == TAUT_E_SYNTAX)
			return r;
		if (r == TAUT_OK && count < TT_COUNT(read))
			read[count++] = one;
	}
	if (count == 0)
		return TAUT_E_UNSUPPORTED;
	struct tt_dtls_print *prints = tt_alloc(d->env, count * sizeof *prints);
	if (!prints)
		return TAUT_E_NOMEM;
	memcpy(prints, read, count * sizeof *prints);
	tt_free(d->env, d->prints);
	d->prints = prints;
	d->print_count = count;
	d->now = now;
	tt_dtls_prove(d);
	return TAUT_OK;
}

int tt_dtls_start(struct tt_dtls *d, taut_time now, bool client, taut_time first_timeout)
{
	if (d->state != TT_DTLS_NEW)
		return TAUT_E_STATE;
	d->state = TT_DTLS_HANDSHAKE;
	d->client = client;
	d->now = now;
	if (client)
		SSL_set_connect_state(d->ssl);
	else
		SSL_set_accept_state(d->ssl);
	tt_dtls_timer_start(d, first_timeout);
	tt_note(d->env, now, TAUT_LAYER_DTLS, "handshake begins",
		TT_STR("role", client ? "client" : "server"),
		TT_INT("first_timeout_ms", d->first_timeout / 1000),
		TT_INT("early_datagrams", d->early_count));
	tt_dtls_drive(d);
	if (client)
		d->early_count = 0; /* two clients: the description said otherwise */
	tt_dtls_feed_held(d);
	return TAUT_OK;
}

void tt_dtls_close(struct tt_dtls *d, taut_time now)
{
	d->now = now;
	if (d->state == TT_DTLS_UNPROVEN || d->state == TT_DTLS_CONNECTED) {
		ERR_clear_error();
		tt_dtls_say_goodbye(d);
	}
	tt_dtls_end(d, TT_DTLS_CLOSED, TAUT_REASON_CLOSED_HERE, "closed here");
	d->told_connected = d->told_end = true;
	d->in.off = d->in.len = d->lent = 0;
}

void tt_dtls_tick(struct tt_dtls *d, taut_time now)
{
	char text[sizeof d->end_text];

	d->now = now;
	if (d->state != TT_DTLS_HANDSHAKE) {
		tt_dtls_rest(d);
		return;
	}
	if (now < d->give_up_at && now < d->resend_at)
		return;
	ERR_clear_error();
	if (now < d->give_up_at && tt_dtls_timer_fire(d))
		return;
	snprintf(text, sizeof text, "no handshake within 30 s%s%s%s",
		 d->hint ? "; there was an alert (" : "", d->hint ? d->hint : "",
		 d->hint ? "), though anyone could have sent it" : "");
	tt_dtls_end(d, TT_DTLS_FAILED, TAUT_REASON_DTLS_TIMEOUT, text);
}

taut_time tt_dtls_deadline(const struct tt_dtls *d, const char **why)
{
	const bool resend = d->resend_at <= d->give_up_at;

	if (d->state != TT_DTLS_HANDSHAKE) {
		if (why)
			*why = "DTLS queues unused";
		return d->rest_at;
	}
	if (why)
		*why = resend ? "DTLS flight again" : "DTLS handshake limit";
	return resend ? d->resend_at : d->give_up_at;
}

bool tt_dtls_poll_event(struct tt_dtls *d, struct tt_dtls_event *out)
{
	*out = (struct tt_dtls_event){ 0 };
	if (d->lent) {
		tt_dtls_queue_drop(&d->in);
		d->lent = 0;
	}
	if (d->proven && !d->told_connected) {
		d->told_connected = true;
		out->type = TT_DTLS_EV_CONNECTED;
		return true;
	}
	if (d->state >= TT_DTLS_CONNECTED && tt_dtls_queue_peek(&d->in, &out->data, &out->len)) {
		out->type = TT_DTLS_EV_DATA;
		d->lent = out->len + 2;
		return true;
	}
	if (d->state <= TT_DTLS_CONNECTED || d->told_end)
		return false;
	d->told_end = true;
	out->type = d->state == TT_DTLS_CLOSED ? TT_DTLS_EV_CLOSED : TT_DTLS_EV_FAILED;
	out->reason = d->end_reason;
	out->text = d->end_text;
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

const struct tt_dtls_counters *tt_dtls_counters(const struct tt_dtls *d)
{
	return &d->counters;
}
