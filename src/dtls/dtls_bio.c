/* dtls_bio.c - where OpenSSL meets datagrams.
 *
 * BIO_s_mem would glue datagrams together; this BIO keeps them apart. Reading yields the one
 * record that tt_dtls_recv has laid out, then nothing. Writing is one datagram each: OpenSSL
 * gathers a flight up to the MTU before it writes. It goes into the queue of outgoing datagrams; a
 * full queue loses it as the network would. Application data is not OpenSSL's: dtls_seal.c. */
#include <string.h>

#include <openssl/bio.h>
#include <openssl/crypto.h>

#include "base/num.h"
#include "base/work.h"
#include "dtls/dtls_state.h"

enum { FIRST_ROOM = 2048 }; /* a datagram's worth, which is all that most need */

bool tt_dtls_queue_reserve(struct tt_env *env, struct tt_dtls_queue *q, size_t len)
{
	const size_t need = q->len + 2 + len;
	size_t room = q->room ? q->room : FIRST_ROOM;
	uint8_t *base;

	if (len > UINT16_MAX || need > q->cap)
		return false;
	if (need <= q->room)
		return true;
	while (room < need)
		room *= 2;
	base = tt_alloc(env, tt_min(room, q->cap));
	if (!base)
		return false;
	const struct tt_dtls_queue old = *q;
	if (old.len > 0)
		memcpy(base, old.base, old.len);
	tt_dtls_queue_free(env, q); /* plaintext: not left behind by a realloc */
	*q = old;
	q->base = base;
	q->room = tt_min(room, q->cap);
	return true;
}

void tt_dtls_queue_free(struct tt_env *env, struct tt_dtls_queue *q)
{
	if (q->base)
		OPENSSL_cleanse(q->base, q->room);
	tt_free(env, q->base);
	*q = (struct tt_dtls_queue){ .cap = q->cap };
}

bool tt_dtls_queue_put(struct tt_env *env, struct tt_dtls_queue *q, const void *data, size_t len)
{
	if (!tt_dtls_queue_reserve(env, q, len))
		return false;
	q->base[q->len] = tt_u8(len >> 8);
	q->base[q->len + 1] = tt_u8(len & 0xff);
	memcpy(q->base + q->len + 2, data, len);
	q->len += len + 2;
	return true;
}

bool tt_dtls_queue_peek(const struct tt_dtls_queue *q, const uint8_t **data, size_t *len)
{
	if (q->off == q->len)
		return false;
	*len = (size_t)q->base[q->off] << 8 | q->base[q->off + 1];
	*data = q->base + q->off + 2;
	return true;
}

void tt_dtls_queue_drop(struct tt_dtls_queue *q)
{
	const uint8_t *data;
	size_t len;

	if (tt_dtls_queue_peek(q, &data, &len))
		q->off += len + 2;
	if (q->off == q->len)
		q->off = q->len = 0;
}

static int bio_read(BIO *b, char *out, int cap)
{
	struct tt_dtls *d = BIO_get_data(b);

	BIO_clear_retry_flags(b);
	if (!d->record) {
		BIO_set_retry_read(b);
		return -1;
	}
	const size_t n = tt_min((size_t)cap, d->record_len);
	tt_work(n);
	memcpy(out, d->record, n);
	d->record = NULL; /* what did not fit is gone, as with a socket */
	return (int)n;
}

static int bio_write(BIO *b, const char *data, int count)
{
	struct tt_dtls *d = BIO_get_data(b);
	const size_t len = (size_t)count, before = d->out.len;

	BIO_clear_retry_flags(b);
	d->flights++;
	if (!tt_dtls_queue_put(d->env, &d->out, data, len)) {
		tt_drop(d->env, d->now, TAUT_DROP_DTLS_QUEUE_FULL, TT_INT("len", len));
		return count;
	}
	uint8_t *datagram = d->out.base + before + 2;
	if (tt_dtls_pass_out(d, datagram, len))
		tt_trace_packet(d->env, d->now, TAUT_LAYER_DTLS, true, datagram, len, NULL, NULL);
	else
		d->out.len = before; /* lost, as to the network */
	return count;
}

static long bio_ctrl(BIO *b, int cmd, long num, void *ptr)
{
	struct tt_dtls *d = BIO_get_data(b);

	(void)num;
	switch (cmd) {
	case BIO_CTRL_FLUSH:
		return 1;
	case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: /* dtls_timer.c has a use for it */
		d->openssl_timer = ptr;
		return 1;
	default: /* overhead of the path and bytes pending among them: none */
		return 0;
	}
}

BIO_METHOD *tt_dtls_bio_method(void)
{
	/* Not BIO_get_new_index: it has 128 numbers for a whole process. */
	BIO_METHOD *m = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "taut datagrams");

	if (m && BIO_meth_set_read(m, bio_read) && BIO_meth_set_write(m, bio_write) &&
	    BIO_meth_set_ctrl(m, bio_ctrl))
		return m;
	BIO_meth_free(m);
	return NULL;
}
