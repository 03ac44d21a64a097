/* dtls_state.h - what the files of src/dtls share; no other folder includes it. */
#ifndef TAUT_DTLS_DTLS_STATE_H
#define TAUT_DTLS_DTLS_STATE_H

#include <openssl/provider.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/cipher.h"
#include "base/rd.h"
#include "base/window.h"
#include "dtls/dtls.h"

enum {
	TT_DTLS_FINGERPRINTS_MAX = 16,
	TT_DTLS_EARLY_MAX = 2, /* a ClientHello with a post-quantum key share comes in two */
	TT_DTLS_EARLY_SIZE = 2048,
	TT_DTLS_IN_SIZE = 2 * TT_DTLS_DATAGRAM_MAX,
	TT_DTLS_OUT_SIZE = 8192, /* two flights of ours, certificate and all */
	TT_DTLS_MESSAGES = 16,   /* of a handshake, per side; DTLS 1.2 needs 8 */
	TT_DTLS_CERTIFICATE_MAX = 16384,
	TT_DTLS_REASSEMBLY_MAX = 65536, /* of all messages of the peer together */
	TT_DTLS_KEY_MAX = 32,
	TT_DTLS_IV = 12,
	TT_DTLS_WINDOW = 256, /* records: of older ones nobody knows whether they were there */
};

#define TT_DTLS_NEVER INT64_MAX
#define TT_DTLS_REST  1000000 /* microseconds */

struct tt_dtls_shared {
	struct tt_env *env;
	OSSL_LIB_CTX *lib;
	OSSL_PROVIDER *source, *algorithms; /* random numbers; everything else */
	/* Where the default provider is, if lib sees only a part of it; NULL: lib has it. */
	OSSL_LIB_CTX *inner;
	OSSL_PROVIDER *inner_source, *standard;
	BIO_METHOD *bio;
	EVP_PKEY *key;
	X509 *cert;
	SSL_CTX *ctx;
	char fingerprint[TT_DTLS_FINGERPRINT_TEXT];
	int64_t expires; /* of the wall clock */
};

/* Packets one after another, each behind its length in two octets. */
struct tt_dtls_queue {
	uint8_t *base;
	size_t off, len, room; /* off <= len <= room */
	size_t cap;            /* what room may grow to */
};

struct tt_dtls_print {
	uint8_t hash; /* index into the table of hashes, the stronger the greater */
	uint8_t value[64];
};

/* What came too early. Before start: a ClientHello. While the handshake goes on: application data. */
struct tt_dtls_early {
	size_t len;
	uint8_t data[TT_DTLS_EARLY_SIZE];
};

/* Epoch 1 in both directions; see dtls_seal.c. Secret. */
struct tt_dtls_records {
	bool ready; /* the handshake is done: before, only number and nonce follow OpenSSL's */
	uint8_t key_len, iv_len;
	const char *name; /* of the cipher */
	struct tt_cipher seal, open;
	uint8_t key[TT_DTLS_KEY_MAX]; /* ours, to open what OpenSSL sealed */
	uint8_t iv_out[TT_DTLS_IV], iv_in[TT_DTLS_IV];
	uint64_t number, nonce; /* of the next record that leaves */
	uint64_t seen[TT_DTLS_WINDOW / 64], highest;
};

struct tt_dtls {
	struct tt_env *env;
	struct tt_dtls_shared *shared;
	SSL *ssl;
	uint32_t state;
	bool client;
	bool proven;                   /* was CONNECTED at some time */
	bool told_connected, told_end; /* events that were polled */
	bool mismatch;                 /* the certificate was refused while it was verified */
	uint32_t end_reason;
	char end_text[200];
	taut_time now; /* of the call under way, for what OpenSSL calls back */
	/* Queues are given back when no record came or went for TT_DTLS_REST. */
	taut_time used_at, rest_at; /* rest_at: when to look; TT_DTLS_NEVER: none were used */

	struct tt_dtls_print *prints;
	size_t print_count; /* 0: not known yet */

	/* The record that OpenSSL may read now; NULL: none. */
	const uint8_t *record;
	size_t record_len;
	struct tt_dtls_records records;
	unsigned flights; /* datagrams that OpenSSL wrote, wrapping */

	/* Retransmission; see dtls_timer.c. */
	taut_time first_timeout, timeout, resend_at, give_up_at;
	struct timeval *openssl_timer; /* only good if ... */
	bool timer_lent;               /* ... this OpenSSL lends it and not a copy */

	/* What a stranger could make grow. */
	bool heard_alert;       /* the record being fed held one that OpenSSL opened */
	unsigned early_records; /* encrypted ones that may still be fed before the handshake ends */
	uint32_t message_len[TT_DTLS_MESSAGES]; /* as claimed by fragments, by message_seq */
	const char *hint; /* an unauthenticated alert, for the text of a timeout */

	struct tt_dtls_early *early; /* TT_DTLS_EARLY_MAX of them; NULL: nothing is kept */
	size_t early_count;
	struct tt_dtls_queue in, out; /* plaintext; datagrams of flights and alerts */
	size_t lent;                  /* octets of in that the last DATA event lent out */
	struct tt_dtls_counters counters;
};

/* ---- dtls.c ---- */

/* Ends it, once: CLOSED or FAILED, with a TAUT_REASON_ and words. */
void tt_dtls_end(struct tt_dtls *d, uint32_t state, uint32_t reason, const char *text);
/* RFC 5246 section 7.2.1: close_notify, after the handshake. */
void tt_dtls_say_goodbye(struct tt_dtls *d);
/* From UNPROVEN to CONNECTED or FAILED, if the fingerprints are known. */
void tt_dtls_prove(struct tt_dtls *d);

/* ---- dtls_rest.c ---- */

/* A record comes or goes. */
void tt_dtls_use(struct tt_dtls *d);
/* Before OpenSSL reads or writes records after the handshake. False: there is no memory, and OpenSSL will
 * not go on. */
bool tt_dtls_rouse(struct tt_dtls *d);
/* Time passed: queues that nobody used go back. */
void tt_dtls_rest(struct tt_dtls *d);

/* ---- dtls_io.c ---- */

/* OpenSSL's queue of errors is the thread's. To empty it costs as much as a small record, and
 * nearly always it is empty. */
void tt_dtls_forget_errors(void);

/* Lets OpenSSL go on with d->record, or with nothing. */
void tt_dtls_drive(struct tt_dtls *d);
/* What an encrypted record has at least: RFC 5288 section 3; ChaCha20 has the tag alone, RFC 7905. */
enum { TT_DTLS_NONCE = 8, TT_DTLS_TAG = 16 };
/* Octets of the shortest encrypted record. Not agreed on yet: the longest that it can be. */
size_t tt_dtls_sealed_min(const struct tt_dtls *d);
/* What came too early is looked at now. */
void tt_dtls_feed_held(struct tt_dtls *d);

/* ---- dtls_shared.c ---- */

/* OpenSSL gives each thread that draws random numbers a generator of its own, and looks for the
 * context when the thread ends, though it may be freed by then: (m) 3.0.22 crashes. An environment may
 * move from thread to thread, so nothing of it stays behind after a call that drew some. */
void tt_dtls_leave_thread(struct tt_dtls_shared *shared);

/* ---- dtls_random.c ---- */

/* Loads into lib a provider whose only generator draws from env, and makes it lib's default.
 * NULL: OpenSSL refused. */
OSSL_PROVIDER *tt_dtls_random_install(OSSL_LIB_CTX *lib, struct tt_env *env);

/* ---- dtls_algorithms.c ---- */

/* Whether this OpenSSL is one that it was written for. */
bool tt_dtls_algorithms_fit(void);
/* Loads into lib a provider that has what DTLS needs of the default provider, which is loaded in
 * another context and outlives it. NULL: OpenSSL refused. */
OSSL_PROVIDER *tt_dtls_algorithms_install(OSSL_LIB_CTX *lib, OSSL_PROVIDER *standard);

/* ---- dtls_cert.c ---- */

/* P-256 key and a self-signed certificate, from a day before unix_us to 30 days after. */
bool tt_dtls_cert_make(struct tt_dtls_shared *s, int64_t unix_us);

/* ---- dtls_fingerprint.c ---- */

/* "sha-256 AA:BB:..." of cert; out has TT_DTLS_FINGERPRINT_MAX octets, or for the first hash
 * TT_DTLS_FINGERPRINT_TEXT. */
bool tt_dtls_fingerprint_text(OSSL_LIB_CTX *lib, const X509 *cert, size_t hash, char *out);
/* Reads one; TAUT_OK, TAUT_E_SYNTAX, TAUT_E_UNSUPPORTED. */
int tt_dtls_fingerprint_read(const struct tt_dtls_fingerprint *in, struct tt_dtls_print *out);
/* Whether cert has one of the fingerprints of the strongest hash among those given. */
bool tt_dtls_fingerprint_match(OSSL_LIB_CTX *lib, const X509 *cert, const struct tt_dtls_print *all,
			       size_t n);

/* ---- dtls_bio.c ---- */

/* A method for BIOs whose data is a struct tt_dtls. NULL: no memory. */
BIO_METHOD *tt_dtls_bio_method(void);
/* Makes room for a packet of len octets. False: it would be above cap, or there is no memory. */
bool tt_dtls_queue_reserve(struct tt_env *env, struct tt_dtls_queue *q, size_t len);
void tt_dtls_queue_free(struct tt_env *env, struct tt_dtls_queue *q);
/* False: no room, nothing was queued. */
bool tt_dtls_queue_put(struct tt_env *env, struct tt_dtls_queue *q, const void *data, size_t len);
/* The first packet, or false; it stays until tt_dtls_queue_drop. */
bool tt_dtls_queue_peek(const struct tt_dtls_queue *q, const uint8_t **data, size_t *len);
void tt_dtls_queue_drop(struct tt_dtls_queue *q);

/* ---- dtls_record.c ---- */

struct tt_dtls_record {
	uint8_t type;
	uint16_t version, epoch;
	const uint8_t *whole, *body;
	size_t whole_len, len;
};
/* The next record of a datagram; false: the rest is not one. */
bool tt_dtls_record_next(struct rd *r, struct tt_dtls_record *out);
/* Why neither OpenSSL nor dtls_seal.c must see this record; TT_TAKEN: they may. Counts what it lets pass. */
uint32_t tt_dtls_record_refuse(struct tt_dtls *d, const struct tt_dtls_record *rec);
/* Whether it is (the start or a further part of) a ClientHello in the clear. */
bool tt_dtls_record_is_hello(const struct tt_dtls_record *rec);

/* ---- dtls_seal.c ---- */

/* When the handshake is done: the keys of epoch 1. False: OpenSSL refused, or has no memory. */
bool tt_dtls_take_over(struct tt_dtls *d);
void tt_dtls_records_free(struct tt_dtls_records *r);
/* Into out, which has room for len + TT_DTLS_OVERHEAD and may not be data. The record's length; 0: OpenSSL
 * refused, or there are no numbers left. */
size_t tt_dtls_seal(struct tt_dtls *d, uint8_t type, const uint8_t *data, size_t len, uint8_t *out);
/* Whether the peer sealed it; it may have been there before. out has room for rec->whole_len, and is
 * undefined if not. */
bool tt_dtls_is_peers(struct tt_dtls *d, const struct tt_dtls_record *rec, uint8_t *out, size_t *len);
/* The same for what must not have been there before. */
bool tt_dtls_open(struct tt_dtls *d, const struct tt_dtls_record *rec, uint8_t *out, size_t *len);
/* What OpenSSL wrote: gets the numbers that it leaves with, in place. False: it must not leave. */
bool tt_dtls_pass_out(struct tt_dtls *d, uint8_t *datagram, size_t len);

/* ---- dtls_timer.c ---- */

bool tt_dtls_timer_is_lent(void);
void tt_dtls_timer_start(struct tt_dtls *d, taut_time first_timeout);
/* After OpenSSL ran: arms or disarms. wrote: it sent a new flight. */
void tt_dtls_timer_update(struct tt_dtls *d, bool wrote);
/* Sends the last flight again. False: OpenSSL has given up. */
bool tt_dtls_timer_fire(struct tt_dtls *d);

#endif
