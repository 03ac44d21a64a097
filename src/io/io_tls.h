/* io_tls.h - the client's end of TLS, by OpenSSL: from bytes to bytes. Knows nothing of sockets and
 * loops, and never blocks.
 *
 *     tt_tls_take         what came from the other end
 *     tt_tls_handshake    until it is done
 *     tt_tls_read         what that said, in the clear
 *     tt_tls_write        what is to be said
 *     tt_tls_out          what is to go to the other end, after each of these */
#ifndef TAUT_IO_TLS_H
#define TAUT_IO_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ssl_ctx_st;
struct ssl_st;
struct bio_st;

/* What the connections of a loop have in common: TLS 1.2 at least, and whom they trust: the
 * system's authorities (SSL_CERT_FILE and SSL_CERT_DIR name others) and the certificates in the PEM file
 * trust, NULL: none. 0 or errno, and *why then, which is static; EINVAL: the file has no certificate. */
int tt_tls_shared_new(struct ssl_ctx_st **out, const char *trust, const char **why);
void tt_tls_shared_free(struct ssl_ctx_st *shared);

struct tt_tls {
	struct ssl_st *ssl;
	struct bio_st *in, *out; /* of ssl */
	const char *why;         /* after an errno: in words, static */
};

/* To whoever has a certificate for name, a DNS name or an address. 0 or errno; EINVAL: it is neither. */
int tt_tls_open(struct tt_tls *t, struct ssl_ctx_st *shared, const char *name);
void tt_tls_close(struct tt_tls *t);

/* After an errno that is not EAGAIN nothing but tt_tls_out makes sense: there may be an alert. */

/* 0 or ENOMEM. */
int tt_tls_take(struct tt_tls *t, const uint8_t *data, size_t len);
/* 0: it is done. EAGAIN: not yet. EKEYREJECTED: the certificate is not to be trusted, or for somebody
 * else. EPROTO: that is not TLS, or none that we speak. ENOMEM. */
int tt_tls_handshake(struct tt_tls *t);
/* 0: *len bytes, at least one. EAGAIN: none yet. ECONNRESET: the other end said goodbye. EPROTO,
 * ENOMEM. */
int tt_tls_read(struct tt_tls *t, uint8_t *buf, size_t cap, size_t *len);
/* All of it. 0, EPROTO or ENOMEM. */
int tt_tls_write(struct tt_tls *t, const uint8_t *data, size_t len);
void tt_tls_goodbye(struct tt_tls *t); /* after the handshake */

/* Takes out the first bytes of what is to go, at most cap. How many. */
size_t tt_tls_out(struct tt_tls *t, uint8_t *buf, size_t cap);
bool tt_tls_has_out(const struct tt_tls *t);
/* Bytes that a message of so many becomes, at most. */
size_t tt_tls_bound(size_t len);

#endif
