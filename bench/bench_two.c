/* bench_two.c - see bench_two.h.
 *
 * This process offers and sends; the other one is told by a line (a socket) what to expect, and answers
 * when it has come. Between rounds neither steps its loop, so that no time passes for either. */
#define _GNU_SOURCE
#include "bench_two.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "taut/loop.h"

enum { SECOND = 1000000, PATIENCE = 10 * SECOND, PACKET = 1200, DESCRIPTION = 16384 };
enum { HIGH = 1 << 20, LOW = HIGH / 4 };

struct two {
	taut_loop *loop;
	taut_pc *pc;
	taut_channel channel;
	bool gathered, open;
	uint64_t messages; /* that came */
	int line;
	pid_t other; /* 0: this is the other one */
	size_t size;
	uint8_t *message;
};

/* What the other process took for a round. */
struct took {
	double cpu_us;
	uint64_t packets, allocations;
	long rss_kb;
};

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct two *t = user;

	(void)pc;
	if (ev->type == TAUT_EV_MESSAGE)
		t->messages++;
	else if (ev->type == TAUT_EV_GATHERING_STATE)
		t->gathered = ev->number == TAUT_GATHERING_COMPLETE;
	else if (ev->type == TAUT_EV_OPEN)
		t->open = true;
	else if (ev->type == TAUT_EV_DATA_CHANNEL) {
		t->channel = ev->channel;
		t->open = true;
	}
}

static taut_time now(const struct two *t)
{
	return taut_loop_now(t->loop);
}

static bool make(struct two *t, uint32_t loop_flags)
{
	const struct taut_loop_config loop = { .size = sizeof loop,
					       .flags = loop_flags | TAUT_LOOP_NO_IPV6 };
	const struct taut_config pc = { .size = sizeof pc };
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "bench" };

	return taut_loop_new(&t->loop, &loop) == TAUT_OK &&
	       taut_pc_new(&t->pc, taut_loop_env(t->loop), &pc, now(t)) == TAUT_OK &&
	       taut_loop_add(t->loop, t->pc, on_event, t) == TAUT_OK &&
	       (t->other == 0 ||
		taut_pc_create_data_channel(t->pc, now(t), &init, &t->channel) == TAUT_OK);
}

static bool until(struct two *t, const bool *there)
{
	const taut_time end = now(t) + PATIENCE;

	while (!*there && now(t) < end)
		(void)taut_loop_step(t->loop, SECOND / 100);
	return *there;
}

/* With all candidates in it. */
static bool describe(struct two *t, uint32_t type)
{
	if (taut_pc_set_local_description(t->pc, now(t), type, NULL, 0) != TAUT_OK ||
	    !until(t, &t->gathered))
		return false;
	const char *text = taut_pc_local_description(t->pc, &type);
	return text && send(t->line, text, strlen(text), MSG_NOSIGNAL) > 0;
}

static bool hear(struct two *t, uint32_t type)
{
	char text[DESCRIPTION];
	const ssize_t n = recv(t->line, text, sizeof text, 0);

	return n > 0 &&
	       taut_pc_set_remote_description(t->pc, now(t), type, text, (size_t)n) == TAUT_OK;
}

static struct taut_counters counters(const struct two *t)
{
	struct taut_counters c = { .size = sizeof c };

	(void)taut_pc_get_counters(t->pc, &c);
	return c;
}

/* ---- the other process ---- */

static void expect(struct two *t, uint64_t messages, struct took *out)
{
	const double from = bench_cpu_us();
	const uint64_t mallocs = bench_allocations(), packets = counters(t).packets_received;
	const uint64_t end = t->messages + messages;

	while (t->messages < end)
		(void)taut_loop_step(t->loop, -1);
	(void)taut_loop_step(t->loop, 0); /* the last acknowledgement */
	*out = (struct took){ .cpu_us = bench_cpu_us() - from,
			      .packets = counters(t).packets_received - packets,
			      .allocations = bench_allocations() - mallocs,
			      .rss_kb = bench_peak_rss_kb() };
}

static _Noreturn void be_other(struct two *t, uint32_t loop_flags)
{
	uint64_t messages;
	struct took took;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!make(t, loop_flags) || !hear(t, TAUT_SDP_OFFER) || !describe(t, TAUT_SDP_ANSWER) ||
	    !until(t, &t->open))
		_exit(1);
	while (recv(t->line, &messages, sizeof messages, 0) == (ssize_t)sizeof messages) {
		expect(t, messages, &took);
		if (send(t->line, &took, sizeof took, MSG_NOSIGNAL) != (ssize_t)sizeof took)
			break;
	}
	taut_loop_free(t->loop);
	_exit(0);
}

/* ---- this one ---- */

static bool begin_other(struct two *t, uint32_t loop_flags)
{
	int line[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) < 0)
		return false;
	t->other = fork();
	t->line = line[t->other == 0];
	close(line[t->other != 0]);
	if (t->other == 0)
		be_other(t, loop_flags);
	return t->other > 0;
}

void *bench_two_new(size_t size, uint32_t loop_flags, const char **why)
{
	struct two *t = calloc(1, sizeof *t);

	if (!t || !(t->message = calloc(1, size)))
		abort();
	t->size = size;
	*why = "there was no second process";
	if (begin_other(t, loop_flags)) {
		*why = "they did not connect";
		if (make(t, loop_flags) && describe(t, TAUT_SDP_OFFER) &&
		    hear(t, TAUT_SDP_ANSWER) && until(t, &t->open)) {
			(void)taut_pc_set_buffered_amount_low_threshold(t->pc, t->channel, LOW);
			return t;
		}
	}
	bench_two_free(t);
	return NULL;
}

void bench_two_free(void *me)
{
	struct two *t = me;

	close(t->line); /* nobody was forked since who holds it */
	if (t->other > 0) {
		(void)kill(t->other, SIGTERM); /* it may wait for what does not come */
		(void)waitpid(t->other, NULL, 0);
	}
	if (t->loop)
		taut_loop_free(t->loop);
	free(t->message);
	free(t);
}

static uint64_t send_some(struct two *t, uint64_t most)
{
	uint64_t n = 0;

	while (n < most && taut_pc_buffered_amount(t->pc, t->channel) < HIGH &&
	       taut_pc_send_message(t->pc, now(t), t->channel, 1, t->message, t->size) == TAUT_OK)
		n++;
	return n;
}

/* Both sleep when there is nothing to do, so that each waits for the other as in life. False: nothing left
 * for a while. */
static bool send_all(struct two *t, uint64_t messages)
{
	taut_time last = now(t);
	uint64_t sent = 0;

	while (sent < messages) {
		const uint64_t n = send_some(t, messages - sent);
		sent += n;
		if (n > 0)
			last = now(t);
		else if (now(t) - last > PATIENCE)
			return false;
		(void)taut_loop_step(t->loop, SECOND);
	}
	return true;
}

/* Until the other one says that all has come. */
static bool hear_took(struct two *t, struct took *took)
{
	const taut_time end = now(t) + PATIENCE;
	struct pollfd f[2] = { { .fd = taut_loop_fd(t->loop), .events = POLLIN },
			       { .fd = t->line, .events = POLLIN } };

	while (now(t) < end && poll(f, 2, PATIENCE / 1000) > 0) {
		if (f[1].revents)
			return recv(t->line, took, sizeof *took, 0) == (ssize_t)sizeof *took;
		(void)taut_loop_step(t->loop, 0);
	}
	return false;
}

void bench_two_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct two *t = me;
	const uint64_t messages = packets * PACKET / t->size + 1;
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	struct took took = { 0 };

	if (send(t->line, &messages, sizeof messages, MSG_NOSIGNAL) < 0 || !send_all(t, messages) ||
	    !hear_took(t, &took)) {
		*out = (struct bench_sample){ .gave_up = "gave up: the messages did not arrive" };
		return;
	}
	*out = (struct bench_sample){ .packets = took.packets,
				      .bytes = messages * t->size,
				      .cpu_us = bench_cpu_us() - from + took.cpu_us,
				      .wall_us = bench_wall_us() - wall,
				      .allocations =
					      bench_allocations() - mallocs + took.allocations,
				      .rss_kb = bench_peak_rss_kb() + took.rss_kb };
}
