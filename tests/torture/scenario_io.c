/* scenario_io.c - a loop that lives through any failure of memory or of the system: strict (see
 * run.c). Its connections are stand-ins.
 *
 * Each call returns an error that its header names, what was asked for is answered, waits end, all
 * descriptors are given back. Without the library in front nothing fails. */
#define _GNU_SOURCE
#include "torture/scenario.h"

#include <errno.h>
#include <signal.h>

#include "base/addr.h"
#include "unit/io/fake_pc.h"
#include "unit/io/far.h"
#include "unit/io/cert.h"

enum { STEPS = 4000, FEW = 50, BATCH = 20, BATCHES = 3 };

struct world {
	taut_loop *loop;
	taut_pc *pc[2];
	size_t messages, tasks;
	int fds;
};

static bool fine(int err)
{
	return worked(err, ONE_OF(TAUT_E_NOMEM, TAUT_E_IO));
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct world *w = user;

	(void)pc;
	w->messages += ev->type == TAUT_EV_MESSAGE;
}

static bool open_with(struct world *w, const struct taut_loop_config *cfg)
{
	*w = (struct world){ .fds = count_fds() };
	const bool made = fine(taut_loop_new(&w->loop, cfg));
	assert_true(made == (w->loop != NULL));
	bool all = made;
	for (int i = 0; made && i < 2; i++)
		if (!fine(taut_pc_new(&w->pc[i], taut_loop_env(w->loop), NULL, 0))) {
			all = false;
		} else if (!fine(taut_loop_add(w->loop, w->pc[i], on_event, w))) {
			taut_pc_free(w->pc[i]);
			all = false;
		}
	return all;
}

static bool open_world(struct world *w, uint32_t flags)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg, .flags = flags };

	return open_with(w, &cfg);
}

static void close_world(struct world *w)
{
	taut_loop_free(w->loop);
	assert_int_equal(count_fds(), w->fds);
}

static void step(struct world *w)
{
	fine(taut_loop_step(w->loop, 5000));
}

#define UNTIL(w, condition)                                                                        \
	for (int i_ = 0; i_ < (keeps_failing() ? FEW : STEPS) && !(condition); i_++)               \
	step(w)

static void a_loop_is_made_and_freed(void **state)
{
	struct world w;

	(void)state;
	open_world(&w, 0);
	close_world(&w);
}

static void on_task(void *arg)
{
	((struct world *)arg)->tasks++;
}

static void tasks_run_or_are_refused(void **state)
{
	struct world w;
	size_t due = 0;

	(void)state;
	if (open_world(&w, 0)) {
		due += taut_loop_after(w.loop, 1000, on_task, &w) != 0;
		due += fine(taut_loop_post(w.loop, on_task, &w));
		taut_loop_cancel(w.loop, taut_loop_after(w.loop, 500, on_task, &w));
		assert_true(due == 2 || anything_failed());
		UNTIL(&w, w.tasks == due);
		assert_true(w.tasks == due || keeps_failing());
	}
	close_world(&w);
}

static void ask_for_socket(taut_pc *pc)
{
	pc->ask = (struct taut_io){ .kind = TAUT_IO_UDP, .flow = 7 };
	assert_true(tt_addr_parse_ip(&pc->ask.local, "127.0.0.1", 9));
	pc->asking = true;
}

/* What is sent comes, or the connection is told; a failure that passes spoils one batch at most. */
static void talk(struct world *w)
{
	int whole = 0;

	w->pc[0]->peer = w->pc[1]->bound;
	for (int b = 0; b < BATCHES; b++) {
		const size_t before = w->messages, refused = w->pc[0]->send_failures;
		w->pc[0]->to_send = BATCH;
		w->pc[0]->run = b == 1 ? 0 : 10;
		UNTIL(w, w->messages - before + w->pc[0]->send_failures - refused >= BATCH ||
				 (anything_failed() && i_ > 20));
		whole += w->messages - before == BATCH;
	}
	assert_true(whole >= BATCHES - (int)anything_failed() || keeps_failing());
}

static void exchange(uint32_t flags)
{
	struct world w;

	if (open_world(&w, flags)) {
		ask_for_socket(w.pc[0]);
		ask_for_socket(w.pc[1]);
		UNTIL(&w, w.pc[0]->io_answered && w.pc[1]->io_answered);
		for (int i = 0; i < 2; i++) {
			assert_true(w.pc[i]->io_answered || keeps_failing());
			assert_true(w.pc[i]->bound.port || w.pc[i]->io_errno || keeps_failing());
			assert_true(w.pc[i]->io_errno == 0 || anything_failed());
		}
		if (w.pc[0]->bound.port && w.pc[1]->bound.port)
			talk(&w);
		taut_loop_free_pc(w.loop, w.pc[1]);
		step(&w);
	}
	close_world(&w);
}

static void datagrams_come_or_are_told(void **state)
{
	(void)state;
	exchange(0);
}

static void so_without_segmentation(void **state)
{
	(void)state;
	exchange(TAUT_LOOP_NO_GSO);
}

static void a_socket_is_shared_or_refused(void **state)
{
	struct world w;

	(void)state;
	if (open_world(&w, TAUT_LOOP_ONE_SOCKET)) {
		memcpy(w.pc[0]->ufrag, "anna", 5);
		memcpy(w.pc[1]->ufrag, "bert", 5);
		ask_for_socket(w.pc[0]);
		ask_for_socket(w.pc[1]);
		UNTIL(&w, w.pc[0]->io_answered && w.pc[1]->io_answered);
		for (int i = 0; i < 2; i++) {
			assert_true(w.pc[i]->io_answered || keeps_failing());
			assert_true(w.pc[i]->io_errno == 0 || anything_failed());
		}
		if (w.pc[0]->bound.port && w.pc[1]->bound.port)
			assert_int_equal(w.pc[0]->bound.port, w.pc[1]->bound.port);
		memcpy(w.pc[1]->ufrag, "carl", 5); /* a restart */
		w.pc[1]->restless = true;
		step(&w);
		w.pc[1]->restless = false;
		taut_loop_free_pc(w.loop, w.pc[1]);
		step(&w);
	}
	close_world(&w);
}

/* ---- streams ---- */

#define UNTIL_FAR(w, f, condition)                                                                 \
	for (int i_ = 0; i_ < (keeps_failing() ? FEW : STEPS) && !(condition); i_++) {             \
		far_act(f);                                                                        \
		step(w);                                                                           \
	}

/* Opens a stream, says and hears something, and closes it. True: all of it. */
static bool stream_once(struct world *w, struct far *f, uint32_t kind)
{
	static const uint8_t text[500];
	taut_pc *pc = w->pc[0];

	f->ended = false;
	f->got_len = pc->received_bytes = pc->io_answers = pc->send_failures = 0;
	pc->ask = (struct taut_io){
		.kind = kind, .local = f->at, .remote = f->at, .name = "turn.example"
	};
	pc->asking = true;
	UNTIL_FAR(w, f, pc->io_answers > 0);
	assert_true(pc->io_answers > 0 || keeps_failing());
	assert_true(pc->io_errno == 0 || anything_failed());
	const bool opened = pc->io_answers > 0 && pc->io_errno == 0;
	if (opened) {
		pc->to_send = BATCH;
		f->say = text;
		f->say_len = sizeof text;
		UNTIL_FAR(
			w, f,
			(f->got_len == BATCH * pc->send_len && pc->received_bytes == sizeof text) ||
				pc->io_answers > 1);
		assert_true(pc->io_answers == 1 || pc->io_errno != 0);
	}
	const bool all = opened && f->got_len == BATCH * pc->send_len &&
			 pc->received_bytes == sizeof text && pc->io_answers == 1;
	assert_true(all || anything_failed());
	pc->to_send = 0;
	pc->closes = opened || pc->io_answers == 0 || anything_failed();
	UNTIL_FAR(w, f, !pc->closes);
	f->say_len = 0;
	far_hang_up(f);
	return all;
}

static void streams(uint32_t kind, const struct cert *cert, const char *trust)
{
	const struct taut_loop_config cfg = { .size = sizeof cfg, .tls_trust = trust };
	struct far f;
	struct world w;
	int whole = 0;

	far_open(&f, 4, false);
	if (cert) {
		f.tls = SSL_CTX_new(TLS_server_method());
		SSL_CTX_use_certificate(f.tls, cert->x);
		SSL_CTX_use_PrivateKey(f.tls, cert->key);
	}
	if (open_with(&w, &cfg)) {
		for (int b = 0; b < BATCHES; b++)
			whole += stream_once(&w, &f, kind);
		assert_true(whole >= BATCHES - (int)anything_failed() || keeps_failing());
	}
	close_world(&w);
	far_close(&f);
}

static void a_stream_talks_or_tells(void **state)
{
	(void)state;
	streams(TAUT_IO_TCP, NULL, NULL);
}

static void so_does_one_of_tls(void **state)
{
	char trust[CERT_PATH];
	struct cert c = cert_make("x", "DNS:turn.example", NULL, 31536000);

	(void)state;
	signal(SIGPIPE, SIG_IGN); /* of the other end's OpenSSL */
	const int file = cert_file(&c, trust);
	streams(TAUT_IO_TLS, &c, trust);
	close(file);
	cert_free(&c);
}

static void a_group_is_joined_or_refused(void **state)
{
	struct world w;

	(void)state;
	if (open_world(&w, 0)) {
		w.pc[0]->ask = (struct taut_io){ .kind = TAUT_IO_MULTICAST, .flow = 3 };
		assert_true(tt_addr_parse_ip(&w.pc[0]->ask.local, "224.0.0.251", 11));
		w.pc[0]->ask.local.port = 5353;
		w.pc[0]->asking = true;
		UNTIL(&w, w.pc[0]->io_answered);
		assert_true(w.pc[0]->io_answered || keeps_failing());
	}
	close_world(&w);
}

static void names_are_answered_whatever_happens(void **state)
{
	struct world w;

	(void)state;
	if (open_world(&w, 0)) {
		w.pc[0]->ask =
			(struct taut_io){ .kind = TAUT_IO_RESOLVE, .flow = 9, .name = "127.0.0.1" };
		w.pc[0]->asking = true;
		UNTIL(&w, w.pc[0]->io_answered);
		assert_true(w.pc[0]->io_answered || keeps_failing());
		assert_true(w.pc[0]->resolved_count > 0 || anything_failed());
	}
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_is_made_and_freed),
		cmocka_unit_test(tasks_run_or_are_refused),
		cmocka_unit_test(datagrams_come_or_are_told),
		cmocka_unit_test(so_without_segmentation),
		cmocka_unit_test(a_socket_is_shared_or_refused),
		cmocka_unit_test(a_stream_talks_or_tells),
		cmocka_unit_test(so_does_one_of_tls),
		cmocka_unit_test(a_group_is_joined_or_refused),
		cmocka_unit_test(names_are_answered_whatever_happens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
