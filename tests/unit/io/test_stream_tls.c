/* wraps: send recv */
/* Streams of TLS with a stand-in for the connection: a server of OpenSSL's with certificates made
 * here. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>

#include "base/addr.h"
#include "io/io_stream.h"
#include "unit/io/fake_pc.h"
#include "until.h"
#include "far.h"
#include "cert.h"

enum { DEADLINE = 20000000, FLOW = 7, TEXT = 1 << 20, YEAR = 31536000 };

/* ---- the kernel ---- */

static size_t takes; /* bytes of each send and recv of the loop's; 0: all */

ssize_t __real_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags);
ssize_t __wrap_send(int fd, const void *buf, size_t len, int flags)
{
	assert_true(flags & MSG_NOSIGNAL);
	return __real_send(fd, buf, takes > 0 && takes < len ? takes : len, flags);
}

ssize_t __real_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags);
ssize_t __wrap_recv(int fd, void *buf, size_t len, int flags)
{
	return __real_recv(fd, buf, takes > 0 && takes < len ? takes : len, flags);
}

/* ---- what the trace says ---- */

static char said[128]; /* by TLS, of the latest end */

static void on_record(void *ctx, const struct taut_trace_record *r)
{
	(void)ctx;
	for (size_t i = 0; i < r->field_count; i++)
		if (strcmp(r->fields[i].key, "tls") == 0)
			snprintf(said, sizeof said, "%s", r->fields[i].text);
}

static const struct taut_trace_sink sink = { .size = sizeof sink, .record = on_record };

/* ---- certificates of all tests ---- */

static struct cert authority, stranger; /* two that sign */
static int trust_file;                  /* has the first */
static char trust[CERT_PATH];
static uint8_t text[TEXT];

/* Whom the machine trusts is not for a test to depend on, nor a hundred and forty certificates to read
 * for each context. */
static void trust_no_authority(void)
{
	setenv("SSL_CERT_FILE", "/dev/null", 1);
	setenv("SSL_CERT_DIR", "/dev/null", 1);
}

static int make_all(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN); /* of the other end's writes; ours are asked for it */
	trust_no_authority();
	authority = cert_make("authority", NULL, NULL, YEAR);
	stranger = cert_make("stranger", NULL, NULL, YEAR);
	trust_file = cert_file(&authority, trust);
	for (size_t i = 0; i < TEXT; i++)
		text[i] = (uint8_t)(i * 31 + i / 256);
	return 0;
}

static int free_all(void **state)
{
	(void)state;
	cert_free(&authority);
	cert_free(&stranger);
	return close(trust_file);
}

/* ---- one connection, one server ---- */

struct world {
	taut_loop *loop;
	taut_pc *pc;
	struct far far;
	size_t messages;
	bool free_on_event;
};

static char named[64]; /* whom the client wants to talk to, as the server heard it */

static int on_name(SSL *ssl, int *alert, void *arg)
{
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert, (void)arg;
	snprintf(named, sizeof named, "%s", name ? name : "");
	return SSL_TLSEXT_ERR_OK;
}

static void serve_tls(struct far *f, const struct cert *c)
{
	f->tls = SSL_CTX_new(TLS_server_method());
	assert_non_null(f->tls);
	assert_int_equal(SSL_CTX_use_certificate(f->tls, c->x), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(f->tls, c->key), 1);
	SSL_CTX_set_tlsext_servername_callback(f->tls, on_name);
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct world *w = user;

	w->messages += ev->type == TAUT_EV_MESSAGE;
	if (w->free_on_event) {
		w->free_on_event = false;
		free(pc->heard);
		w->pc = NULL;
		taut_loop_free_pc(w->loop, pc);
	}
}

/* cert: the server's; NULL: it speaks no TLS. */
static void open_world(struct world *w, const struct cert *cert, const char *trusted)
{
	const struct taut_env_config env = { .size = sizeof env, .trace = &sink };
	const struct taut_loop_config cfg = { .size = sizeof cfg,
					      .env = &env,
					      .tls_trust = trusted };

	*w = (struct world){ 0 };
	takes = 0;
	said[0] = named[0] = '\0';
	far_open(&w->far, 4, false);
	if (cert)
		serve_tls(&w->far, cert);
	assert_int_equal(taut_loop_new(&w->loop, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_new(&w->pc, taut_loop_env(w->loop), NULL, 0), TAUT_OK);
	assert_int_equal(taut_loop_add(w->loop, w->pc, on_event, w), TAUT_OK);
	w->pc->heard_cap = TEXT;
	w->pc->heard = malloc(TEXT);
	assert_non_null(w->pc->heard);
}

static void close_world(struct world *w)
{
	if (w->pc)
		free(w->pc->heard);
	taut_loop_free(w->loop);
	far_close(&w->far);
	assert_int_equal(ERR_peek_error(), 0);
}

static void ask(struct world *w, const char *name)
{
	w->pc->ask = (struct taut_io){ .kind = TAUT_IO_TLS,
				       .flow = FLOW,
				       .local = w->far.at,
				       .remote = w->far.at,
				       .name = name };
	w->pc->asking = true;
}

static struct tt_io_stream *stream_of(struct world *w)
{
	const struct tt_io_flow *flow = tt_io_conn_find(&w->loop->conns, w->pc)->flows;

	return flow ? flow->stream : NULL;
}

static void handshake(struct world *w, const char *name)
{
	ask(w, name);
	until_both(w, w->pc->io_answered);
	assert_int_equal(w->pc->io_answers, 1);
}

/* All is well, and both hear each other. */
static void connect_world(struct world *w)
{
	struct cert c = cert_make("turn", "DNS:turn.example", &authority, YEAR);

	open_world(w, &c, trust);
	cert_free(&c);
	handshake(w, "turn.example");
	assert_int_equal(w->pc->io_errno, 0);
	assert_true(w->pc->bound.port != 0);
	until_both(w, SSL_is_init_finished(w->far.ssl));
}

static void connect_old_world(struct world *w)
{
	struct cert c = cert_make("turn", "DNS:turn.example", &authority, YEAR);

	open_world(w, &c, trust);
	cert_free(&c);
	SSL_CTX_set_max_proto_version(w->far.tls, TLS1_2_VERSION);
	handshake(w, "turn.example");
	assert_int_equal(w->pc->io_errno, 0);
}

static void say(struct world *w, size_t messages, size_t len)
{
	w->pc->script = text;
	w->pc->send_len = len;
	w->pc->to_send = messages;
}

static void talk(struct world *w)
{
	const size_t got = w->far.got_len, heard = w->pc->heard_len;

	say(w, 7, 1234);
	w->far.say = text;
	w->far.say_len = 5000;
	until_both(w, w->far.got_len == got + 7 * 1234 && w->pc->heard_len == heard + 5000);
	assert_memory_equal(w->far.got + got, text, 7 * 1234);
	assert_memory_equal(w->pc->heard + heard, text, 5000);
}

/* ---- whom to trust ---- */

static void a_certificate_for_the_name_by_someone_trusted_is_taken(void **state)
{
	static const struct {
		const char *alt, *name, *named;
	} all[] = {
		{ "DNS:turn.example", "turn.example", "turn.example" },
		{ "DNS:turn.example", "turn.example.", "turn.example" },
		{ "DNS:TURN.example", "turn.EXAMPLE", "turn.EXAMPLE" },
		{ "DNS:a.example,DNS:*.turn.example", "b.turn.example", "b.turn.example" },
		{ "IP:127.0.0.1", "127.0.0.1", "" },
		{ "IP:2001:db8::1", "2001:DB8::0001", "" },
	};
	struct world w;
	(void)state;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct cert c = cert_make("a server", all[i].alt, &authority, YEAR);
		open_world(&w, &c, trust);
		cert_free(&c);
		handshake(&w, all[i].name);
		assert_int_equal(w.pc->io_errno, 0);
		assert_string_equal(named, all[i].named);
		talk(&w);
		close_world(&w);
	}
}

static void a_certificate_that_is_not_good_is_refused(void **state)
{
	static const struct {
		const char *alt, *name;
		bool strange;
		long ends;
		int found;
	} all[] = {
		{ "DNS:turn.example", "other.example", false, YEAR, X509_V_ERR_HOSTNAME_MISMATCH },
		{ "DNS:*.turn.example", "a.b.turn.example", false, YEAR,
		  X509_V_ERR_HOSTNAME_MISMATCH },
		{ "DNS:t*.turn.example", "tx.turn.example", false, YEAR,
		  X509_V_ERR_HOSTNAME_MISMATCH },
		{ "IP:127.0.0.1", "127.0.0.2", false, YEAR, X509_V_ERR_IP_ADDRESS_MISMATCH },
		{ "DNS:127.0.0.1", "127.0.0.1", false, YEAR, X509_V_ERR_IP_ADDRESS_MISMATCH },
		{ "IP:127.0.0.1", "turn.example", false, YEAR, X509_V_ERR_HOSTNAME_MISMATCH },
		{ "email:a@b.example", "turn.example", false, YEAR, X509_V_ERR_HOSTNAME_MISMATCH },
		{ "DNS:turn.example", "turn.example", true, YEAR,
		  X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY },
		{ "DNS:turn.example", "turn.example", false, -60, X509_V_ERR_CERT_HAS_EXPIRED },
	};
	struct world w;
	(void)state;

	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		struct cert c = cert_make("turn.example", all[i].alt,
					  all[i].strange ? &stranger : &authority, all[i].ends);
		open_world(&w, &c, trust);
		cert_free(&c);
		handshake(&w, all[i].name);
		assert_int_equal(w.pc->io_errno, EKEYREJECTED);
		assert_string_equal(said, X509_verify_cert_error_string(all[i].found));
		assert_int_equal(w.pc->bound.family, 0);
		until_both(&w, w.far.ended); /* and is told why */
		assert_int_not_equal(w.far.alert, 0);
		close_world(&w);
	}
}

static void a_server_may_be_trusted_by_itself(void **state)
{
	struct cert self = cert_make("x", "DNS:turn.example", NULL, YEAR),
		    signed_by = cert_make("x", "DNS:turn.example", &stranger, YEAR);
	struct cert *all[] = { &self, &signed_by };
	struct world w;
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		char path[CERT_PATH];
		const int file = cert_file(all[i], path);
		open_world(&w, all[i], path);
		handshake(&w, "turn.example");
		assert_int_equal(w.pc->io_errno, 0);
		close_world(&w);
		close(file);
		open_world(&w, all[i], NULL);
		handshake(&w, "turn.example");
		assert_int_equal(w.pc->io_errno, EKEYREJECTED);
		close_world(&w);
		cert_free(all[i]);
	}
}

static void the_system_may_be_told_whom_to_trust(void **state)
{
	struct cert c = cert_make("x", "DNS:turn.example", &authority, YEAR);
	struct world w;
	(void)state;

	setenv("SSL_CERT_FILE", trust, 1);
	open_world(&w, &c, NULL);
	handshake(&w, "turn.example");
	trust_no_authority();
	assert_int_equal(w.pc->io_errno, 0);
	close_world(&w);
	cert_free(&c);
}

static void a_file_that_cannot_be_read_ends_each_stream(void **state)
{
	char empty[CERT_PATH];
	const int file = cert_file(NULL, empty);
	const struct {
		const char *path;
		int err;
	} all[] = { { "/nowhere/trust.pem", ENOENT }, { empty, EINVAL } };
	struct world w;
	(void)state;

	for (size_t i = 0; i < 2; i++) {
		open_world(&w, NULL, all[i].path);
		for (size_t n = 1; n <= 2; n++) {
			ask(&w, "turn.example");
			assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
			assert_int_equal(w.pc->io_answers, n);
			assert_int_equal(w.pc->io_errno, all[i].err);
			assert_null(stream_of(&w));
		}
		close_world(&w);
	}
	close(file);
}

static void without_a_name_nobody_is_trusted(void **state)
{
	static char longer[300];
	const char *const names[] = { NULL, "", ".", longer };
	struct world w;
	(void)state;

	memset(longer, 'a', sizeof longer - 1);
	for (size_t i = 0; i < 4; i++) {
		open_world(&w, NULL, trust);
		ask(&w, names[i]);
		assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
		assert_int_equal(w.pc->io_errno, EINVAL);
		assert_null(stream_of(&w));
		close_world(&w);
	}
}

/* ---- what is no TLS ---- */

static void who_speaks_no_tls_is_refused(void **state)
{
	static const uint8_t greeting[] = "220 mail.example ESMTP\r\n";
	struct world w;
	(void)state;

	open_world(&w, NULL, trust);
	w.far.say = greeting;
	w.far.say_len = sizeof greeting - 1;
	handshake(&w, "turn.example");
	assert_int_equal(w.pc->io_errno, EPROTO);
	assert_true(said[0] != '\0');
	close_world(&w);
}

static void so_is_who_speaks_only_an_old_version(void **state)
{
	struct cert c = cert_make("x", "DNS:turn.example", &authority, YEAR);
	static const struct {
		int version, err;
	} all[] = {
		{ TLS1_1_VERSION, EPROTO },
		{ TLS1_2_VERSION, 0 },
		{ TLS1_3_VERSION, 0 },
	};
	struct world w;
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		open_world(&w, &c, trust);
		SSL_CTX_set_min_proto_version(w.far.tls, 0);
		SSL_CTX_set_max_proto_version(w.far.tls, all[i].version);
		SSL_CTX_set_cipher_list(w.far.tls, "DEFAULT:@SECLEVEL=0");
		handshake(&w, "turn.example");
		assert_int_equal(w.pc->io_errno, all[i].err);
		if (all[i].err == 0)
			talk(&w);
		close_world(&w);
	}
	cert_free(&c);
}

/* So what it shared with the next one may have been, where memory was short. */
static void one_that_cannot_agree_does_not_spoil_the_next(void **state)
{
	struct world w;
	(void)state;

	connect_old_world(&w); /* whose certificate has a key of ECDSA */
	w.pc->closes = true;
	until_both(&w, w.far.ended && !stream_of(&w));
	assert_int_equal(SSL_CTX_set_cipher_list(w.loop->tls, "ECDHE-RSA-AES128-GCM-SHA256"), 1);
	for (size_t n = 0; n < 2; n++) {
		far_hang_up(&w.far);
		w.far.ended = w.pc->io_answered = false;
		ask(&w, "turn.example");
		until_both(&w, w.pc->io_answered);
		assert_int_equal(w.pc->io_errno, n == 0 ? EPROTO : 0);
		if (n == 1)
			talk(&w);
		w.pc->closes = true;
		until(&w, !stream_of(&w));
	}
	close_world(&w);
}

static void an_end_before_the_handshake_is_done_is_told(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, NULL, trust);
	ask(&w, "turn.example");
	until_both(&w, w.far.got_len > 0); /* its first flight */
	assert_false(w.pc->io_answered);
	far_hang_up(&w.far);
	until(&w, w.pc->io_answered);
	assert_int_equal(w.pc->io_errno, ECONNRESET);
	close_world(&w);
}

/* ---- both ways ---- */

static void byte_by_byte_all_come_in_order(void **state)
{
	struct cert c = cert_make("x", "DNS:turn.example", &authority, YEAR);
	struct world w;
	(void)state;

	open_world(&w, &c, trust);
	cert_free(&c);
	takes = 1;
	handshake(&w, "turn.example");
	assert_int_equal(w.pc->io_errno, 0);
	talk(&w);
	assert_int_equal(w.pc->send_failures, 0);
	close_world(&w);
}

static void large_messages_are_more_than_one_record(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w);
	say(&w, 16, 60000);
	w.far.say = text;
	w.far.say_len = TEXT;
	until_both(&w, w.far.got_len + w.pc->send_failures * 60000 == 16 * 60000 &&
			       w.pc->heard_len == TEXT);
	assert_memory_equal(w.pc->heard, text, TEXT);
	if (w.pc->send_failures == 0)
		assert_memory_equal(w.far.got, text, 16 * 60000);
	close_world(&w);
}

static bool refused[4096];
static size_t refusals;

static void on_refused(const struct taut_datagram *what)
{
	uint32_t n;

	assert_int_equal(what->len, 250);
	memcpy(&n, what->buf, sizeof n);
	assert_true(n < 4096 && !refused[n]);
	refused[n] = true;
	refusals++;
}

static void a_message_beyond_the_ceiling_is_refused_whole(void **state)
{
	uint8_t *numbered = malloc(4096 * 250);
	struct world w;
	(void)state;

	assert_non_null(numbered);
	memcpy(numbered, text, 4096 * 250);
	for (uint32_t n = 0; n < 4096; n++)
		memcpy(numbered + n * 250, &n, sizeof n);
	memset(refused, 0, sizeof refused);
	refusals = 0;
	connect_world(&w);
	w.far.deaf = true;
	w.pc->on_refused = on_refused;
	say(&w, 4096, 250);
	w.pc->script = numbered;
	until_both(&w, w.pc->to_send == 0);
	assert_in_range(refusals, 1, 4096 - 300);
	assert_int_equal(w.pc->send_errno, EAGAIN);
	w.far.deaf = false;
	until_both(&w, w.far.got_len == (4096 - refusals) * 250);
	const uint8_t *got = w.far.got;
	for (size_t n = 0; n < 4096; n++)
		if (!refused[n]) {
			assert_memory_equal(got, numbered + n * 250, 250);
			got += 250;
		}
	assert_int_equal(w.pc->io_answers, 1);
	close_world(&w);
	free(numbered);
}

static void keys_may_be_changed_under_way(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(SSL_key_update(w.far.ssl, SSL_KEY_UPDATE_REQUESTED), 1);
		assert_int_equal(SSL_do_handshake(w.far.ssl), 1);
		talk(&w);
	}
	close_world(&w);
}

static void nothing_is_agreed_anew(void **state)
{
	struct world w;
	(void)state;

	connect_old_world(&w);
	assert_int_equal(SSL_CTX_get_min_proto_version(w.loop->tls), TLS1_2_VERSION);
	assert_false(SSL_SESSION_has_ticket(SSL_get_session(stream_of(&w)->tls.ssl)));
	assert_int_equal(SSL_renegotiate(w.far.ssl), 1);
	assert_int_equal(SSL_do_handshake(w.far.ssl), 1);
	until_both(&w, w.far.ended);
	assert_int_equal(w.far.alert, SSL_R_NO_RENEGOTIATION);
	close_world(&w);
}

/* Each question is answered, by an alert that waits to be read. */
static void who_asks_for_ever_and_does_not_read_is_left(void **state)
{
	struct world w;
	(void)state;

	connect_old_world(&w);
	w.far.deaf = true;
	for (int i = 0; i < 1000000 && w.pc->io_answers == 1; i++) {
		assert_int_equal(SSL_renegotiate(w.far.ssl), 1);
		(void)SSL_do_handshake(w.far.ssl);
		if (i % 100 == 99)
			assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	}
	assert_int_equal(w.pc->io_answers, 2);
	assert_int_equal(w.pc->io_errno, ENOBUFS);
	close_world(&w);
}

/* ---- ends ---- */

static void an_end_by_the_other_side_is_told_once(void **state)
{
	struct world w;
	(void)state;

	for (int goodbye = 0; goodbye <= 1; goodbye++) {
		connect_world(&w);
		talk(&w);
		if (goodbye)
			SSL_shutdown(w.far.ssl);
		else
			far_hang_up(&w.far);
		until_both(&w, w.pc->io_answers == 2);
		assert_int_equal(w.pc->io_errno, ECONNRESET);
		assert_int_equal(stream_of(&w)->fd, -1);
		say(&w, 1, 100);
		until(&w, w.pc->send_failures == 1);
		assert_int_equal(w.pc->send_errno, EPIPE);
		w.pc->closes = true;
		until(&w, !stream_of(&w));
		assert_int_equal(w.pc->io_answers, 2);
		close_world(&w);
	}
}

static void what_was_changed_on_the_way_ends_it(void **state)
{
	static const uint8_t record[] = { 23, 3, 3, 0, 20, 1, 2, 3, 4, 5, 6,  7, 8,
					  9,  1, 2, 3, 4,  5, 6, 7, 8, 9, 10, 11 };
	struct world w;
	(void)state;

	connect_world(&w);
	const ssize_t n = write(w.far.fd, record, sizeof record);
	assert_int_equal(n, sizeof record);
	until_both(&w, w.pc->io_answers == 2);
	assert_int_equal(w.pc->io_errno, EPROTO);
	until_both(&w, w.far.ended);
	assert_int_equal(w.far.alert, SSL_R_SSLV3_ALERT_BAD_RECORD_MAC);
	close_world(&w);
}

static void what_is_left_to_say_goes_out_with_a_goodbye(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w);
	say(&w, 3, 1000);
	free(w.pc->heard);
	taut_loop_free_pc(w.loop, w.pc);
	w.pc = NULL;
	until_both(&w, w.far.ended);
	assert_true(w.far.goodbye);
	assert_int_equal(w.far.got_len, 3000);
	assert_memory_equal(w.far.got, text, 3000);
	close_world(&w);
}

static void the_core_may_close_it_at_any_time(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, NULL, trust); /* it connects */
	ask(&w, "turn.example");
	w.pc->closes = true;
	assert_int_equal(taut_loop_step(w.loop, 0), TAUT_OK);
	assert_null(stream_of(&w));
	assert_int_equal(w.pc->io_answers, 0);
	close_world(&w);

	open_world(&w, NULL, trust); /* it shakes hands */
	ask(&w, "turn.example");
	until_both(&w, w.far.got_len > 0);
	assert_int_equal(stream_of(&w)->state, TT_STREAM_SHAKING);
	w.pc->closes = true;
	until_both(&w, w.far.ended);
	assert_null(stream_of(&w));
	assert_int_equal(w.pc->io_answers, 0);
	close_world(&w);

	connect_world(&w); /* it has something to say */
	say(&w, 3, 1000);
	w.pc->closes = true;
	until_both(&w, w.far.ended);
	assert_int_equal(w.pc->io_answers, 1);
	close_world(&w);
}

/* Of one piece of the kernel's, whose records are handed over one by one. */
static void a_handler_may_free_its_connection(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w);
	for (int i = 0; i < 10; i++)
		assert_int_equal(SSL_write(w.far.ssl, text, 100), 100);
	w.free_on_event = true;
	until_both(&w, !w.pc && w.far.ended);
	assert_int_equal(w.messages, 1);
	assert_true(w.far.goodbye);
	close_world(&w);
}

static void a_loop_may_end_with_streams(void **state)
{
	struct world w;
	(void)state;

	connect_world(&w);
	free(w.pc->heard);
	taut_loop_free(w.loop);
	for (int i = 0; i < 100 && !w.far.ended; i++)
		far_act(&w.far);
	assert_true(w.far.goodbye);
	far_close(&w.far);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_certificate_for_the_name_by_someone_trusted_is_taken),
		cmocka_unit_test(a_certificate_that_is_not_good_is_refused),
		cmocka_unit_test(a_server_may_be_trusted_by_itself),
		cmocka_unit_test(the_system_may_be_told_whom_to_trust),
		cmocka_unit_test(a_file_that_cannot_be_read_ends_each_stream),
		cmocka_unit_test(without_a_name_nobody_is_trusted),
		cmocka_unit_test(who_speaks_no_tls_is_refused),
		cmocka_unit_test(so_is_who_speaks_only_an_old_version),
		cmocka_unit_test(one_that_cannot_agree_does_not_spoil_the_next),
		cmocka_unit_test(an_end_before_the_handshake_is_done_is_told),
		cmocka_unit_test(byte_by_byte_all_come_in_order),
		cmocka_unit_test(large_messages_are_more_than_one_record),
		cmocka_unit_test(a_message_beyond_the_ceiling_is_refused_whole),
		cmocka_unit_test(keys_may_be_changed_under_way),
		cmocka_unit_test(nothing_is_agreed_anew),
		cmocka_unit_test(who_asks_for_ever_and_does_not_read_is_left),
		cmocka_unit_test(an_end_by_the_other_side_is_told_once),
		cmocka_unit_test(what_was_changed_on_the_way_ends_it),
		cmocka_unit_test(what_is_left_to_say_goes_out_with_a_goodbye),
		cmocka_unit_test(the_core_may_close_it_at_any_time),
		cmocka_unit_test(a_handler_may_free_its_connection),
		cmocka_unit_test(a_loop_may_end_with_streams),
	};

	return cmocka_run_group_tests(tests, make_all, free_all);
}
