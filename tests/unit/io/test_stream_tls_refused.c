/* wraps: SSL_CTX_new SSL_CTX_ctrl SSL_CTX_set_default_verify_paths SSL_CTX_load_verify_file SSL_new BIO_new X509_VERIFY_PARAM_set1_host X509_VERIFY_PARAM_set1_ip_asc SSL_ctrl BIO_write_ex BIO_read_ex SSL_write_ex */
/* OpenSSL refuses, call by call: a stream that is told of once, and nothing that stays. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>

#include "io/io_stream.h"
#include "support/refuse.h"
#include "unit/io/fake_pc.h"
#include "until.h"
#include "far.h"
#include "cert.h"

enum { DEADLINE = 20000000, MESSAGE = 1000 };

REFUSABLE(SSL_CTX *, SSL_CTX_new, (const SSL_METHOD *m), (m), NULL)
REFUSABLE(int, SSL_CTX_set_default_verify_paths, (SSL_CTX * c), (c), 0)
REFUSABLE(int, SSL_CTX_load_verify_file, (SSL_CTX * c, const char *path), (c, path), 0)
REFUSABLE(SSL *, SSL_new, (SSL_CTX * c), (c), NULL)
REFUSABLE(BIO *, BIO_new, (const BIO_METHOD *m), (m), NULL)
REFUSABLE(int, X509_VERIFY_PARAM_set1_host, (X509_VERIFY_PARAM * p, const char *name, size_t len),
	  (p, name, len), 0)
REFUSABLE(int, X509_VERIFY_PARAM_set1_ip_asc, (X509_VERIFY_PARAM * p, const char *ip), (p, ip), 0)
REFUSABLE(int, BIO_write_ex, (BIO * b, const void *data, size_t len, size_t *done),
	  (b, data, len, done), 0)
REFUSABLE(int, BIO_read_ex, (BIO * b, void *data, size_t len, size_t *done), (b, data, len, done),
	  0)
REFUSABLE(int, SSL_write_ex, (SSL * s, const void *data, size_t len, size_t *done),
	  (s, data, len, done), 0)

/* Of these only the calls whose result is asked for. */
long __real_SSL_CTX_ctrl(SSL_CTX *c, int cmd, long n, void *p);
long __wrap_SSL_CTX_ctrl(SSL_CTX *c, int cmd, long n, void *p);
long __wrap_SSL_CTX_ctrl(SSL_CTX *c, int cmd, long n, void *p)
{
	const bool asked = cmd == SSL_CTRL_SET_MIN_PROTO_VERSION;

	return asked && refuse_now() ? 0 : __real_SSL_CTX_ctrl(c, cmd, n, p);
}

long __real_SSL_ctrl(SSL *s, int cmd, long n, void *p);
long __wrap_SSL_ctrl(SSL *s, int cmd, long n, void *p);
long __wrap_SSL_ctrl(SSL *s, int cmd, long n, void *p)
{
	const bool asked = cmd == SSL_CTRL_SET_TLSEXT_HOSTNAME;

	return asked && refuse_now() ? 0 : __real_SSL_ctrl(s, cmd, n, p);
}

struct world {
	taut_loop *loop;
	taut_pc *pc;
	struct far far;
};

static struct cert self;
static int trust_file;
static char trust[CERT_PATH];

static int make_all(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	self = cert_make("x", "DNS:turn.example,IP:127.0.0.1", NULL, 31536000);
	trust_file = cert_file(&self, trust);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	cert_free(&self);
	return close(trust_file);
}

static void open_world(struct world *w)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg, .tls_trust = trust };

	*w = (struct world){ 0 };
	far_open(&w->far, 4, false);
	w->far.tls = __real_SSL_CTX_new(TLS_server_method());
	SSL_CTX_use_certificate(w->far.tls, self.x);
	SSL_CTX_use_PrivateKey(w->far.tls, self.key);
	assert_int_equal(taut_loop_new(&w->loop, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_new(&w->pc, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, w->pc, NULL, NULL), TAUT_OK);
}

static void close_world(struct world *w)
{
	taut_loop_free(w->loop);
	far_close(&w->far);
	assert_int_equal(ERR_peek_error(), 0);
}

static struct tt_io_stream *stream_of(struct world *w)
{
	const struct tt_io_flow *flow = tt_io_conn_find(&w->loop->conns, w->pc)->flows;

	return flow ? flow->stream : NULL;
}

/* The other end is served by OpenSSL as well, which does not refuse there. */
static void spare_far(struct far *f)
{
	const long at = refuse.at;

	refuse.at = -1;
	far_act(f);
	refuse.at = at;
}

static void on_late(void *late)
{
	*(bool *)late = true;
}

#define UNTIL_SPARED(w, condition)                                                                 \
	do {                                                                                       \
		bool late = false;                                                                 \
		const taut_timer limit = taut_loop_after((w)->loop, DEADLINE, on_late, &late);     \
		while (!(condition) && !late) {                                                    \
			spare_far(&(w)->far);                                                      \
			assert_int_equal(taut_loop_step((w)->loop, 0), TAUT_OK);                   \
		}                                                                                  \
		taut_loop_cancel((w)->loop, limit);                                                \
		assert_true(condition);                                                            \
	} while (0)

static void ask(struct world *w, const char *name)
{
	w->pc->ask = (struct taut_io){
		.kind = TAUT_IO_TLS, .local = w->far.at, .remote = w->far.at, .name = name
	};
	w->pc->asking = true;
}

/* True: all went well. */
static bool converse(struct world *w)
{
	static const uint8_t text[500];

	UNTIL_SPARED(w, w->pc->io_answered);
	if (w->pc->io_errno != 0)
		return false;
	w->pc->to_send = 3;
	w->far.say = text;
	w->far.say_len = sizeof text;
	UNTIL_SPARED(w, (w->far.got_len == 3 * MESSAGE && w->pc->received_bytes == sizeof text) ||
				w->pc->io_answers == 2);
	return w->pc->io_answers == 1;
}

static void whatever_openssl_refuses_ends_the_stream_and_it_alone(void **state)
{
	static const char *const names[] = { "turn.example", "127.0.0.1" };
	struct world w;
	long most = 0;
	(void)state;

	for (size_t i = 0; i < 2; i++)
		REFUSE_EACH
		{
			open_world(&w);
			ask(&w, names[i]);
			const bool well = converse(&w);
			most = refuse.at;
			assert_true(well != refuse_failed());
			if (!well) {
				assert_int_not_equal(w.pc->io_errno, 0);
				assert_true(!stream_of(&w) || stream_of(&w)->fd < 0);
				w.pc->closes =
					stream_of(&w) != NULL; /* the next one fares better */
				UNTIL_SPARED(&w, !stream_of(&w));
				far_hang_up(&w.far);
				w.far.ended = false;
				w.far.got_len = w.pc->received_bytes = w.far.say_len = 0;
				w.pc->io_answers = w.pc->to_send = 0;
				w.pc->io_answered = false;
				ask(&w, names[i]);
				assert_true(converse(&w));
			}
			close_world(&w);
		}
	assert_true(most > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_openssl_refuses_ends_the_stream_and_it_alone),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
