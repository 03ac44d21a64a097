/* bench_tls.h - OpenSSL alone: two ends of DTLS in memory, with what connections of one environment
 * share. What they cost, no stack over OpenSSL can leave out: whatever we spared OpenSSL is spared here. */
#ifndef TAUT_BENCH_BENCH_TLS_H
#define TAUT_BENCH_BENCH_TLS_H

#include <stdbool.h>

#include <openssl/ssl.h>

struct bench_tls;
struct bench_tls *bench_tls_new(void);
void bench_tls_free(struct bench_tls *t);
/* Two new ends, the caller's to free, done or not. False: the handshake was not done. */
bool bench_tls_shake(struct bench_tls *t, SSL *ssl[2]);

#endif
