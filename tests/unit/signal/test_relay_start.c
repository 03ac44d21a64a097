/* wraps: calloc malloc realloc socket bind listen getrlimit pthread_create SSL_CTX_new */
/* wraps: EVP_PKEY_Q_keygen X509_new BIO_new X509_set_version ASN1_INTEGER_set_int64 */
/* wraps: X509_gmtime_adj X509_NAME_add_entry_by_txt X509_set_issuer_name X509_set_pubkey */
/* wraps: X509V3_EXT_conf_nid X509_add_ext X509_sign PEM_write_bio_X509 PEM_write_bio_PrivateKey */
/* wraps: lws_create_context lws_service lws_write lws_add_http_common_headers */
/* wraps: lws_add_http_header_by_name lws_finalize_write_http_header */
/* The relay when a call of the system or of a library fails: it starts with its error and nothing
 * left behind, or not at all; a running one loses the line it was for and no other. And its TLS. */
#define _GNU_SOURCE
#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>

#include "signal/relay_server.h"
#include "wire.h"

/* ---- one call that fails ---- */

enum call {
	NONE,
	CALLOC,
	MALLOC,
	REALLOC,
	SOCKET,
	BIND,
	LISTEN,
	GETRLIMIT,
	THREAD,
	TLS_CTX,
	KEYGEN,
	CERT,
	MEMORY_BIO,
	VERSION,
	SERIAL,
	TIME,
	NAME,
	ISSUER,
	PUBKEY,
	EXTENSION,
	ADD_EXTENSION,
	SIGN,
	WRITE_X509,
	WRITE_KEY,
	LWS_CONTEXT,
	LWS_SERVICE,
	LWS_WRITE,
	LWS_COMMON,
	LWS_HEADER,
	LWS_FINALIZE,
};

#include "fails.h"

WRAP(int, socket, SOCKET, 0, -1, (int domain, int type, int protocol), (domain, type, protocol))
WRAP(int, bind, BIND, 0, -1, (int fd, const struct sockaddr *a, socklen_t len), (fd, a, len))
WRAP(int, listen, LISTEN, 0, -1, (int fd, int backlog), (fd, backlog))
WRAP(int, getrlimit, GETRLIMIT, 0, -1, (__rlimit_resource_t what, struct rlimit *limit),
     (what, limit))
WRAP(int, pthread_create, THREAD, 0, EAGAIN,
     (pthread_t * t, const pthread_attr_t *a, void *(*f)(void *), void *arg), (t, a, f, arg))
WRAP(SSL_CTX *, SSL_CTX_new, TLS_CTX, 0, NULL, (const SSL_METHOD *m), (m))
WRAP(X509 *, X509_new, CERT, 0, NULL, (void), ())
WRAP(BIO *, BIO_new, MEMORY_BIO, 0, NULL, (const BIO_METHOD *m), (m))
WRAP(int, X509_set_version, VERSION, 0, 0, (X509 * x, long v), (x, v))
WRAP(int, ASN1_INTEGER_set_int64, SERIAL, 0, 0, (ASN1_INTEGER * a, int64_t v), (a, v))
WRAP(ASN1_TIME *, X509_gmtime_adj, TIME, 0, NULL, (ASN1_TIME * t, long adj), (t, adj))
WRAP(int, X509_NAME_add_entry_by_txt, NAME, 0, 0,
     (X509_NAME * name, const char *field, int type, const unsigned char *bytes, int len, int loc,
      int set),
     (name, field, type, bytes, len, loc, set))
WRAP(int, X509_set_issuer_name, ISSUER, 0, 0, (X509 * x, const X509_NAME *n), (x, n))
WRAP(int, X509_set_pubkey, PUBKEY, 0, 0, (X509 * x, EVP_PKEY *key), (x, key))
WRAP(X509_EXTENSION *, X509V3_EXT_conf_nid, EXTENSION, 0, NULL,
     (LHASH_OF(CONF_VALUE) * conf, X509V3_CTX *ctx, int nid, const char *value),
     (conf, ctx, nid, value))
WRAP(int, X509_add_ext, ADD_EXTENSION, 0, 0, (X509 * x, X509_EXTENSION *e, int loc), (x, e, loc))
WRAP(int, X509_sign, SIGN, 0, 0, (X509 * x, EVP_PKEY *key, const EVP_MD *md), (x, key, md))
WRAP(int, PEM_write_bio_X509, WRITE_X509, 0, 0, (BIO * b, const X509 *x), (b, x))
WRAP(int, PEM_write_bio_PrivateKey, WRITE_KEY, 0, 0,
     (BIO * b, const EVP_PKEY *key, const EVP_CIPHER *c, const unsigned char *pass, int len,
      pem_password_cb *cb, void *u),
     (b, key, c, pass, len, cb, u))
WRAP(struct lws_context *, lws_create_context, LWS_CONTEXT, 0, NULL,
     (const struct lws_context_creation_info *info), (info))
WRAP(int, lws_service, LWS_SERVICE, 0, -1, (struct lws_context * c, int ms), (c, ms))
WRAP(int, lws_write, LWS_WRITE, 0, -1,
     (struct lws * wsi, unsigned char *buf, size_t len, enum lws_write_protocol how),
     (wsi, buf, len, how))
WRAP(int, lws_add_http_common_headers, LWS_COMMON, 0, 1,
     (struct lws * wsi, unsigned code, const char *type, lws_filepos_t len, unsigned char **p,
      unsigned char *end),
     (wsi, code, type, len, p, end))
WRAP(int, lws_add_http_header_by_name, LWS_HEADER, 0, 1,
     (struct lws * wsi, const unsigned char *name, const unsigned char *value, int len,
      unsigned char **p, unsigned char *end),
     (wsi, name, value, len, p, end))
WRAP(int, lws_finalize_write_http_header, LWS_FINALIZE, 0, 1,
     (struct lws * wsi, unsigned char *start, unsigned char **p, unsigned char *end),
     (wsi, start, p, end))

/* EVP_EC_gen is a macro over this; its one argument more is the curve. */
EVP_PKEY *__real_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *propq, const char *type, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *propq, const char *type, ...);
EVP_PKEY *__wrap_EVP_PKEY_Q_keygen(OSSL_LIB_CTX *ctx, const char *propq, const char *type, ...)
{
	va_list args;

	if (fails(KEYGEN, 0))
		return NULL;
	va_start(args, type);
	const char *curve = va_arg(args, const char *);
	va_end(args);
	return __real_EVP_PKEY_Q_keygen(ctx, propq, type, curve);
}

/* ---- starting ---- */

static taut_relay *relay;

static int set_up(void **state)
{
	const struct taut_relay_config cfg = { .size = sizeof cfg };

	(void)state;
	assert_int_equal(taut_relay_start(&relay, &cfg), TAUT_OK);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fail_at(NONE, 0, 0);
	taut_relay_stop(relay);
	relay = NULL;
	return 0;
}

static void starts_with(int error, uint32_t flags, enum call call, int after, size_t size)
{
	const struct taut_relay_config cfg = { .size = sizeof cfg, .flags = flags };
	taut_relay *other;

	fail_at(call, after, size);
	assert_int_equal(taut_relay_start(&other, &cfg), error);
	assert_true(has_failed());
	if (error)
		assert_null(other);
	taut_relay_stop(other);
}

static void without_what_the_system_gives_there_is_no_relay(void **state)
{
	(void)state;
	starts_with(TAUT_E_NOMEM, 0, CALLOC, 0, sizeof(struct taut_relay));
	starts_with(TAUT_E_IO, 0, SOCKET, 0, 0);
	starts_with(TAUT_E_IO, 0, BIND, 0, 0);
	starts_with(TAUT_E_IO, 0, LISTEN, 0, 0);
	starts_with(TAUT_E_IO, 0, LWS_CONTEXT, 0, 0);
	starts_with(TAUT_E_IO, 0, THREAD, 0, 0);
	starts_with(TAUT_OK, 0, GETRLIMIT, 0, 0); /* then as many as we would like */
}

static void without_a_certificate_there_is_no_relay_with_tls(void **state)
{
	static const enum call calls[] = { TLS_CTX,       KEYGEN, CERT,       VERSION,  SERIAL,
					   TIME,          NAME,   ISSUER,     PUBKEY,   EXTENSION,
					   ADD_EXTENSION, SIGN,   WRITE_X509, WRITE_KEY };
	(void)state;

	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
		starts_with(TAUT_E_CRYPTO, TAUT_RELAY_TLS, calls[i], 0, 0);
	starts_with(TAUT_E_CRYPTO, TAUT_RELAY_TLS, TIME, 1, 0);
	starts_with(TAUT_E_CRYPTO, TAUT_RELAY_TLS, MEMORY_BIO, 0, 0);
	starts_with(TAUT_E_CRYPTO, TAUT_RELAY_TLS, MEMORY_BIO, 1, 0);
	starts_with(TAUT_E_CRYPTO, TAUT_RELAY_TLS, MALLOC, 0, 0);
	starts_with(TAUT_E_CRYPTO, TAUT_RELAY_TLS, MALLOC, 1, 0);
}

/* ---- running ---- */

static void a_page_that_cannot_be_sent_ends_its_line_only(void **state)
{
	static const struct {
		enum call call;
		int after;
	} rows[] = { { LWS_COMMON, 0 },
		     { LWS_HEADER, 0 },
		     { LWS_HEADER, 5 },
		     { LWS_FINALIZE, 0 },
		     { LWS_WRITE, 0 } };
	char head[2048];
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct wire *w = wire_connect(taut_relay_port(relay), 0),
			    *other = wire_connect(taut_relay_port(relay), 0);
		fail_at(rows[i].call, rows[i].after, 0);
		wire_request(w, "GET", "/");
		if (rows[i].call == LWS_WRITE)
			assert_int_equal(wire_head(w, head, sizeof head), 200);
		wire_ended(w);
		assert_true(has_failed());
		wire_request(other, "HEAD", "/"); /* without a body that is still being written */
		assert_int_equal(wire_head(other, head, sizeof head), 200);
		wire_free(other);
	}
}

static void without_memory_for_a_socket_or_a_client_only_that_one_is_lost(void **state)
{
	static const struct {
		enum call call;
		size_t size;
	} rows[] = { { CALLOC, sizeof(struct tt_relay_socket) },
		     { CALLOC, sizeof(struct tt_relay_conn) },
		     /* with the header that base/env.c puts in front */
		     { REALLOC, sizeof(struct tt_relay_client) + sizeof(max_align_t) } };
	const uint16_t port = taut_relay_port(relay);
	struct wire *b = wire_join(port, "tea", "Bob");
	(void)state;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fail_at(rows[i].call, 0, rows[i].size);
		struct wire *w = wire_connect(port, 0);
		(void)wire_ask(w, "/ws", "localhost", ""); /* past the socket it may be heard */
		wire_closed(w, 0);
		assert_true(has_failed());
		wire_say(b, "{\"type\":\"ready\",\"rooms\":[\"x\"]}");
		wire_hears(b, "\"joined\"");
		wire_say(b, "{\"type\":\"leave\",\"room\":\"x\"}");
	}
	wire_free(b);
}

static void without_memory_for_a_message_its_reader_or_its_writer_is_lost(void **state)
{
	static const char chat[] = "{\"type\":\"chat\",\"room\":\"tea\",\"text\":\"x\"}";
	const uint16_t port = taut_relay_port(relay);
	struct wire *a = wire_join(port, "tea", "Ada"), *b = wire_join(port, "tea", "Bob"), *c;
	(void)state;

	wire_hears(a, "\"announce\"");
	c = wire_open(port); /* which has nothing gathered yet */
	fail_at(REALLOC, 0, 0);
	wire_say(c, chat);
	wire_closed(c, 0);
	assert_true(has_failed());
	fail_at(LWS_WRITE, 0, 0);
	wire_say(b, chat);
	wire_closed(a, 0);
	wire_hears(b, "\"gone\"");
	a = wire_join(port, "tea", "Ada");
	wire_say(a, chat); /* what is written has this length */
	char text[512];
	size_t len;
	do
		assert_int_equal(wire_hear(b, text, sizeof text, &len), WIRE_TEXT);
	while (!strstr(text, "\"chat\""));
	fail_at(MALLOC, 0, LWS_PRE + len);
	wire_say(a, chat);
	wire_closed(b, 0);
	wire_hears(a, "\"gone\"");
	wire_free(a);
}

static void when_its_thread_has_ended_the_relay_can_be_stopped(void **state)
{
	(void)state;
	struct wire *w = wire_connect(taut_relay_port(relay), 0);
	fail_at(LWS_SERVICE, 0, 0);
	wire_request(w, "HEAD", "/"); /* wakes it */
	tear_down(NULL);              /* set_up's relay: joined and freed */
	wire_free(w);
}

/* ---- TLS ---- */

static SSL *tls_connect(struct wire *w, SSL_CTX *ctx)
{
	SSL *ssl = SSL_new(ctx);

	assert_non_null(ssl);
	SSL_set_fd(ssl, w->fd);
	assert_int_equal(SSL_connect(ssl), 1);
	return ssl;
}

static void
over_tls_the_page_comes_with_a_certificate_of_the_host_that_is_new_each_time(void **state)
{
	static const struct {
		const char *host, *has, *lacks;
	} rows[] = { { "127.0.0.9", "127.0.0.9", "192.0.2.1" },
		     { "0.0.0.0", "127.0.0.1", "0.0.0.0" } };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char serial[2][64] = { "" };
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		const struct taut_relay_config cfg = { .size = sizeof cfg,
						       .flags = TAUT_RELAY_TLS,
						       .host = rows[i].host };
		taut_relay *secure;
		char text[4096] = "", *end = text;
		assert_int_equal(taut_relay_start(&secure, &cfg), TAUT_OK);
		assert_memory_equal(taut_relay_url(secure), "https://", 8);
		struct wire *w = wire_connect_to(i == 0 ? 0x7f000009 : INADDR_LOOPBACK,
						 taut_relay_port(secure), 0);
		SSL *ssl = tls_connect(w, ctx);
		X509 *x = SSL_get1_peer_certificate(ssl);
		assert_int_equal(X509_check_host(x, "localhost", 0, 0, NULL), 1);
		assert_int_equal(X509_check_ip_asc(x, rows[i].has, 0), 1);
		assert_int_equal(X509_check_ip_asc(x, rows[i].lacks, 0), 0);
		assert_true(X509_cmp_current_time(X509_get0_notBefore(x)) < 0);
		assert_true(X509_cmp_current_time(X509_get0_notAfter(x)) > 0);
		BIGNUM *n = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x), NULL);
		char *hex = BN_bn2hex(n);
		snprintf(serial[i], sizeof serial[i], "%s", hex);
		OPENSSL_free(hex);
		BN_free(n);
		X509_free(x);
		SSL_write(ssl, "GET /favicon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n", 47);
		while (!strstr(text, "</svg>")) {
			const int got = SSL_read(ssl, end, (int)(text + sizeof text - 1 - end));
			assert_true(got > 0);
			end += got;
			*end = '\0';
		}
		assert_memory_equal(text, "HTTP/1.1 200", 12);
		SSL_free(ssl);
		wire_free(w);
		taut_relay_stop(secure);
	}
	assert_string_not_equal(serial[0], serial[1]);
	SSL_CTX_free(ctx);
}

static void over_tls_the_origin_of_a_page_is_https(void **state)
{
	static const char ask[] = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
				  "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
				  "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
	const struct taut_relay_config cfg = { .size = sizeof cfg, .flags = TAUT_RELAY_TLS };
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	taut_relay *secure;
	char text[1024];
	(void)state;

	assert_int_equal(taut_relay_start(&secure, &cfg), TAUT_OK);
	for (int i = 0; i < 2; i++) {
		struct wire *w = wire_connect(taut_relay_port(secure), 0);
		SSL *ssl = tls_connect(w, ctx);
		const int n = snprintf(text, sizeof text, "%sOrigin: %s://localhost\r\n\r\n", ask,
				       i ? "https" : "http");
		SSL_write(ssl, text, n);
		memset(text, 0, sizeof text);
		assert_true(SSL_read(ssl, text, sizeof text - 1) > 12);
		assert_memory_equal(text + 8, i ? " 101" : " 403", 4);
		SSL_free(ssl);
		wire_free(w);
	}
	taut_relay_stop(secure);
	SSL_CTX_free(ctx);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_what_the_system_gives_there_is_no_relay),
		cmocka_unit_test(without_a_certificate_there_is_no_relay_with_tls),
		T(a_page_that_cannot_be_sent_ends_its_line_only),
		T(without_memory_for_a_socket_or_a_client_only_that_one_is_lost),
		T(without_memory_for_a_message_its_reader_or_its_writer_is_lost),
		T(when_its_thread_has_ended_the_relay_can_be_stopped),
		cmocka_unit_test(
			over_tls_the_page_comes_with_a_certificate_of_the_host_that_is_new_each_time),
		cmocka_unit_test(over_tls_the_origin_of_a_page_is_https),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
