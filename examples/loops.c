/* loops.c - taut's loop inside a loop of your own, a thread that asks it for something, and timers.
 *
 *     example_loops
 *
 * The addresses of this host are gathered, as for a call; meanwhile a line is read from a pipe. */
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include "expect.h"
#include "taut/loop.h"

static taut_loop *loop;
static int gathered, posted, timers, lines;

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	(void)user;
	if (ev->type == TAUT_EV_ICE_CANDIDATE && ev->text)
		printf("%s\n", ev->text);
	if (ev->type != TAUT_EV_GATHERING_STATE || ev->number != TAUT_GATHERING_COMPLETE)
		return;
	gathered = 1;
	taut_loop_free_pc(loop, pc); /* here as anywhere else */
}

/* On the loop's thread: it may call whatever it likes. */
static void gather(void *arg)
{
	const struct taut_config config = { .size = sizeof config };
	const struct taut_data_channel_init init = { .size = sizeof init };
	taut_channel channel;
	taut_pc *pc;

	*(int *)arg = 1;
	expect(taut_pc_new(&pc, taut_loop_env(loop), &config, taut_loop_now(loop)) == TAUT_OK,
	       "a connection is made");
	expect(taut_loop_add(loop, pc, on_event, NULL) == TAUT_OK, "the loop drives it");
	expect(taut_pc_create_data_channel(pc, taut_loop_now(loop), &init, &channel) == TAUT_OK,
	       "a channel is made");
	expect(taut_pc_set_local_description(pc, taut_loop_now(loop), 0, NULL, 0) == TAUT_OK,
	       "an offer is set");
}

/* Another thread: taut_loop_post is all that it may call. */
static void *work(void *pipe_end)
{
	expect(taut_loop_post(loop, gather, &posted) == TAUT_OK, "a task is taken");
	expect(write(*(int *)pipe_end, "line\n", 5) == 5, "the pipe takes a line");
	return NULL;
}

static void on_timer(void *arg)
{
	(*(int *)arg)++;
}

static void never(void *arg)
{
	(void)arg;
	expect(0, "a timer that was cancelled does not come");
}

static void set_timers(void)
{
	const taut_timer cancelled = taut_loop_after(loop, 1000, never, NULL);

	expect(taut_loop_after(loop, 2000, on_timer, &timers) != 0, "a timer is set");
	taut_loop_cancel(loop, cancelled);
}

static void read_line(int fd)
{
	char text[64];
	const ssize_t len = read(fd, text, sizeof text);

	expect(len > 0, "there was something to read");
	printf("read %.*s", (int)len, text);
	lines = 1;
}

/* What GLib, libuv or Qt do: wait for several things, of which the loop is one. */
static void run(int fd)
{
	struct pollfd fds[] = { { .fd = taut_loop_fd(loop), .events = POLLIN },
				{ .fd = fd, .events = POLLIN } };

	while (!gathered || !posted || !timers || !lines) {
		expect(poll(fds, 2, 60000) > 0, "something happens within a minute");
		if (fds[0].revents & POLLIN)
			expect(taut_loop_step(loop, 0) == TAUT_OK, "the loop has a turn");
		if (fds[1].revents & POLLIN)
			read_line(fd);
	}
}

int main(void)
{
	const struct taut_loop_config config = { .size = sizeof config,
						 .flags = TAUT_LOOP_LOOPBACK_ONLY };
	pthread_t worker;
	int ends[2];

	expect(taut_loop_new(&loop, &config) == TAUT_OK, "a loop is made");
	expect(pipe(ends) == 0, "a pipe is made");
	set_timers();
	expect(pthread_create(&worker, NULL, work, &ends[1]) == 0, "a thread is started");
	run(ends[0]);
	pthread_join(worker, NULL);
	taut_loop_free(loop);
	return 0;
}
