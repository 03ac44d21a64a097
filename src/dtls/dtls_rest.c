/* dtls_rest.c - what an association that says nothing gives back.
 *
 * OpenSSL keeps room for the longest record there is, 16 KiB to read into and TT_DTLS_SEND_MAX to write
 * from. After the handshake it has them only while it reads or writes, which is seldom: data
 * passes it by. Our own queues go after TT_DTLS_REST without a record, because most connections are
 * silent most of the time. The next record brings them back. While data comes, nothing is freed and
 * nothing allocated. */
#include <openssl/ssl.h>

#include "dtls/dtls_state.h"

void tt_dtls_use(struct tt_dtls *d)
{
	d->used_at = d->now;
	if (d->rest_at == TT_DTLS_NEVER)
		d->rest_at = d->now + TT_DTLS_REST;
}

bool tt_dtls_rouse(struct tt_dtls *d)
{
	tt_dtls_use(d);
	/* SSL_read would do that by itself, SSL_shutdown takes it for done. */
	return SSL_alloc_buffers(d->ssl) == 1;
}

void tt_dtls_rest(struct tt_dtls *d)
{
	if (d->now < d->rest_at)
		return;
	if (d->now < d->used_at + TT_DTLS_REST)
		d->rest_at = d->used_at + TT_DTLS_REST;
	else if (d->lent > 0 || d->in.len > 0)
		d->rest_at = d->now + TT_DTLS_REST;
	else {
		tt_dtls_queue_free(d->env, &d->in);
		if (d->out.len == 0)
			tt_dtls_queue_free(d->env, &d->out);
		d->rest_at = TT_DTLS_NEVER;
	}
}
