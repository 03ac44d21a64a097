/* dtls_timer.c - when a flight is sent again: RFC 6347 section 4.2.4.
 *
 * Only OpenSSL can send a flight again, because each copy needs new record numbers (a Finished
 * with its old number would be dropped as a replay, and a lost last flight never answered). But
 * OpenSSL decides by gettimeofday whether it is time, and our clock is the caller's `now`,
 * which may be virtual. So the decision is taken out of its hands:
 *
 *  - Its own timer is set to run for over an hour (timer_callback); what fires is ours.
 *  - When ours is due, its timer is moved into the past and DTLSv1_handle_timeout called, which
 *    then always acts. OpenSSL 3.0 and 3.1 lend the timer to the BIO with
 *    BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: the pointer leads into the SSL and stays good as long as it.
 *
 * Other versions lend a copy, so there the pointer is not touched: OpenSSL's timer runs for the
 * same durations as ours, and when its clock disagrees we ask again 10 ms later. */
#include <sys/time.h>

#include <openssl/crypto.h>

#include "base/num.h"
#include "dtls/dtls_state.h"

enum {
	FIRST_MIN = 50000,   /* as libwebrtc: a data centre ... */
	FIRST_MAX = 3000000, /* ... and a satellite */
	/* OpenSSL gives up at the 13th timeout; doubling from 50 ms up to this, that is after the
	 * 30 s of TOTAL. */
	TIMEOUT_MAX = 4000000,
	TOTAL = 30000000,
	ASK_AGAIN = 10000,
	EARLY_RECORDS = 8, /* encrypted ones before the handshake is done, and more per round */
	EARLY_RECORDS_MORE = 2,
};
#define HOUR_AND_MORE 4000000000u /* microseconds, in an unsigned int */

bool tt_dtls_timer_is_lent(void)
{
	const unsigned long v = OpenSSL_version_num();

	return v >= 0x30000000ul && v < 0x30200000ul;
}

/* Asked for the duration of a first wait (before is 0) or, when one is over, of the next. */
static unsigned timer_callback(SSL *ssl, unsigned before)
{
	struct tt_dtls *d = SSL_get_app_data(ssl);

	d->timeout = before == 0 ? d->first_timeout : tt_min64(2 * d->timeout, TIMEOUT_MAX);
	return d->timer_lent ? HOUR_AND_MORE : (unsigned)d->timeout;
}

void tt_dtls_timer_start(struct tt_dtls *d, taut_time first_timeout)
{
	d->first_timeout = d->timeout = tt_clamp64(first_timeout, FIRST_MIN, FIRST_MAX);
	d->resend_at = TT_DTLS_NEVER;
	d->give_up_at = d->now + TOTAL;
	d->early_records = EARLY_RECORDS;
	DTLS_set_timer_cb(d->ssl, timer_callback);
}

void tt_dtls_timer_update(struct tt_dtls *d, bool wrote)
{
	struct timeval left;

	if (d->state != TT_DTLS_HANDSHAKE || !DTLSv1_get_timeout(d->ssl, &left))
		d->resend_at = TT_DTLS_NEVER;
	else if (wrote || d->resend_at == TT_DTLS_NEVER)
		d->resend_at = d->now + d->timeout;
}

bool tt_dtls_timer_fire(struct tt_dtls *d)
{
	struct timeval *t = d->openssl_timer;

	if (d->timer_lent && t && (t->tv_sec != 0 || t->tv_usec != 0)) /* 0: it is not running */
		*t = (struct timeval){ .tv_sec = 1 };
	const long sent = DTLSv1_handle_timeout(d->ssl);
	if (sent < 0)
		return false;
	if (sent == 0) {
		d->resend_at = d->now + ASK_AGAIN;
		return true;
	}
	d->counters.retransmissions++;
	d->early_records += EARLY_RECORDS_MORE;
	d->resend_at = d->now + d->timeout;
	tt_note(d->env, d->now, TAUT_LAYER_DTLS, "flight sent again",
		TT_INT("next_ms", d->timeout / 1000));
	return true;
}
