/* dtls.h - DTLS 1.2 over OpenSSL, without sockets, clocks or globals: RFC 6347, RFC 5764.
 *
 * How it is driven:
 *
 *     tt_dtls_shared_new    once per environment: certificate, SSL_CTX
 *     tt_dtls_new           once per transport; tt_dtls_recv may be called from now on
 *     tt_dtls_set_remote_fingerprints   when the description is there: before start or after
 *                           the handshake is done, in either order
 *     tt_dtls_start         when a candidate pair is valid and the role is known
 *     tt_dtls_recv/tick/poll_send/poll_event/deadline   as everywhere
 *     tt_dtls_protect       one SCTP packet becomes one record becomes one datagram
 *
 * CONNECTED comes only when the handshake is done and the certificate matches a
 * fingerprint; no key is exported and no data passed on before. This layer traces its own
 * records (TAUT_LAYER_DTLS); what application data means is for others to trace. */
#ifndef TAUT_DTLS_DTLS_H
#define TAUT_DTLS_DTLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/env.h"
#include "base/srtp_keys.h"

enum {
	TT_DTLS_FINGERPRINT_TEXT = 8 + 32 * 3, /* "sha-256 AA:BB:..." and its NUL */
	TT_DTLS_HASHES = 3,                    /* of certificates: sha-256, sha-384, sha-512 */
	TT_DTLS_FINGERPRINT_MAX = 8 + 64 * 3,  /* by the longest of them */
	TT_DTLS_OVERHEAD = 37, /* most that tt_dtls_protect adds: 13 + 8 + 16, RFC 5288 section 3 */
	TT_DTLS_MTU = 1200,    /* what flights are cut to; (m) a few octets over it happen */
	TT_DTLS_DATAGRAM_MAX = 9000, /* longer ones are dropped */
	TT_DTLS_SEND_MAX = 2048,     /* of tt_dtls_protect, and of what OpenSSL writes */
};

/* ---- once per environment ---- */

struct tt_dtls_shared;

/* Makes an ECDSA P-256 key and a self-signed certificate, valid from a day before the
 * environment's wall clock at now to 30 days after. All its random numbers come from env.
 * TAUT_E_NOMEM; TAUT_E_CRYPTO: OpenSSL or the random source refused. */
int tt_dtls_shared_new(struct tt_dtls_shared **out, struct tt_env *env, taut_time now);
/* After every tt_dtls made from it. NULL is fine. */
void tt_dtls_shared_free(struct tt_dtls_shared *shared);
/* Of our certificate, "sha-256 AA:BB:...", as it stands in a=fingerprint (RFC 8122). */
const char *tt_dtls_shared_fingerprint(const struct tt_dtls_shared *shared);
/* By each of TT_DTLS_HASHES, the weakest first; out has TT_DTLS_FINGERPRINT_MAX octets. False: no memory. */
bool tt_dtls_shared_fingerprint_by(const struct tt_dtls_shared *shared, size_t hash, char *out);
/* After this it is not valid any more, by the wall clock. */
int64_t tt_dtls_shared_expires(const struct tt_dtls_shared *shared);

/* OpenSSL's own generator, for taut_env_config.random when the application has none. 0, or -1. */
int tt_dtls_system_random(void *ctx, void *out, size_t len);

/* ---- one association ---- */

struct tt_dtls;

enum {
	TT_DTLS_NEW = 1,   /* not started: keeps an early ClientHello */
	TT_DTLS_HANDSHAKE, /* flights go to and fro */
	TT_DTLS_UNPROVEN,  /* handshake done, fingerprint not known yet */
	TT_DTLS_CONNECTED,
	TT_DTLS_CLOSED, /* close_notify, from here or from there */
	TT_DTLS_FAILED,
};

/* TAUT_E_NOMEM, TAUT_E_CRYPTO. shared and env must outlive it. */
int tt_dtls_new(struct tt_dtls **out, struct tt_dtls_shared *shared, struct tt_env *env);
void tt_dtls_free(struct tt_dtls *d);

/* One a=fingerprint: hash name and colon-separated hex, in any case. */
struct tt_dtls_fingerprint {
	const char *algo, *value;
	size_t algo_len, value_len;
};

/* Replaces what was set before; once a certificate has matched, it stays matched. Of several,
 * those of the strongest hash we know count, and one match among them is enough (RFC 8122
 * section 5). sha-256, sha-384 and sha-512 count; md2, md5, sha-1, sha-224 and unknown names
 * are passed over. May end in the events CONNECTED or FAILED.
 * After an error nothing was changed. TAUT_E_SYNTAX: one of them is not hex of its hash's length;
 * TAUT_E_UNSUPPORTED: none is of a hash that counts; TAUT_E_NOMEM. */
int tt_dtls_set_remote_fingerprints(struct tt_dtls *d, taut_time now,
				    const struct tt_dtls_fingerprint *all, size_t n);

/* Starts the handshake, once. client: setup:active. first_timeout is that of the first
 * retransmission, meant to be twice the round trip ICE saw; it is clamped to 50 ms .. 3 s.
 * TAUT_E_STATE: started before or closed. */
int tt_dtls_start(struct tt_dtls *d, taut_time now, bool client, taut_time first_timeout);
/* Says close_notify if there is someone to say it to. No event follows. */
void tt_dtls_close(struct tt_dtls *d, taut_time now);

/* One datagram. What is wrong with it is dropped, counted and traced; 0 always but for
 * TAUT_E_STATE after the end. Poll events after each: held plaintext has a ceiling. */
int tt_dtls_recv(struct tt_dtls *d, taut_time now, const uint8_t *buf, size_t len);
void tt_dtls_tick(struct tt_dtls *d, taut_time now);
taut_time tt_dtls_deadline(const struct tt_dtls *d, const char **why); /* INT64_MAX: never */
/* The next datagram of a flight or alert; 0: none. cap of 1,500 is always enough; one that
 * does not fit is dropped like a lost one. */
size_t tt_dtls_poll_send(struct tt_dtls *d, taut_time now, uint8_t *buf, size_t cap);

/* Protects data as one record, straight into out. Its length; 0: not connected, cap is less
 * than len + TT_DTLS_OVERHEAD, or OpenSSL refused (the association then fails). */
size_t tt_dtls_protect(struct tt_dtls *d, taut_time now, const void *data, size_t len, uint8_t *out,
		       size_t cap);

enum { TT_DTLS_EV_CONNECTED = 1, TT_DTLS_EV_DATA, TT_DTLS_EV_CLOSED, TT_DTLS_EV_FAILED };

struct tt_dtls_event {
	uint32_t type;
	uint32_t reason;     /* CLOSED, FAILED: TAUT_REASON_ */
	const char *text;    /* CLOSED, FAILED: in words; lives as long as d */
	const uint8_t *data; /* DATA: plaintext, until the next poll_event */
	size_t len;
};

/* False: nothing more. CONNECTED comes first, CLOSED or FAILED last. */
bool tt_dtls_poll_event(struct tt_dtls *d, struct tt_dtls_event *out);

uint32_t tt_dtls_state(const struct tt_dtls *d);
bool tt_dtls_is_client(const struct tt_dtls *d);
/* "ECDHE-ECDSA-AES128-GCM-SHA256"; NULL before the handshake is done. */
const char *tt_dtls_cipher_name(const struct tt_dtls *d);
/* The same as IANA has it: "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256". */
const char *tt_dtls_cipher_standard_name(const struct tt_dtls *d);

/* Our certificate, or the peer's once the handshake is done. False: there is none, or no memory. */
struct tt_dtls_certificate {
	char fingerprint[TT_DTLS_FINGERPRINT_TEXT];
	uint8_t *der; /* of d's environment: tt_free */
	size_t len;
};
bool tt_dtls_certificate(const struct tt_dtls *d, bool remote, struct tt_dtls_certificate *out);
/* The DER of one of the chain that the peer showed, its own first. Its length; nothing is written if
 * that is more than cap. 0: there is none, or it was never connected; below 0: TAUT_E_NOMEM. */
int tt_dtls_remote_certificate(const struct tt_dtls *d, size_t index, void *der, size_t cap);

/* RFC 5764 section 4.2. profile is 0 when the peer agreed to none: then there is no media, but
 * the data channel goes on. TAUT_E_STATE: not connected. */
int tt_dtls_srtp_keys(struct tt_dtls *d, struct tt_srtp_keys *out);

struct tt_dtls_counters {
	uint64_t datagrams_in, datagrams_out; /* out: flights and alerts, without tt_dtls_protect */
	uint64_t records_dropped, retransmissions;
	uint64_t alerts_ignored; /* of epoch 0: anyone could have forged them */
};
const struct tt_dtls_counters *tt_dtls_counters(const struct tt_dtls *d);

#endif
