/* io_loop.c - taut/loop.h on epoll.
 *
 * The one descriptor is the epoll set itself. It holds the sockets, an eventfd
 * for other threads, a timerfd set to the next deadline, and netlink. A step:
 *
 *     due timers, ready connections -> wait -> sockets -> the same again
 *
 * To set the timerfd is dear, above all in a virtual machine: 6 us. It is set when a step is
 * about to wait beyond the next deadline, and always once somebody else polls the descriptor.
 *
 * Nobody asks all connections: the environment knows which ones have something
 * to do and when the next one will. */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/num.h"
#include "io/io_clock.h"
#include "io/io_stream.h"

enum {
	WALL_EVERY = 1000000,   /* how often the wall clock is read */
	IFACES_SETTLE = 100000, /* changes of addresses come in flocks */
	SPIN_GUARD = 1000,      /* when a deadline has passed and nobody is ready */
};

taut_time taut_loop_now(taut_loop *loop)
{
	(void)loop;
	return tt_io_now();
}

taut_env *taut_loop_env(taut_loop *loop)
{
	return loop->core;
}

uint64_t taut_loop_drop_count(const taut_loop *loop, uint32_t reason)
{
	return reason < TAUT_DROPS ? loop->env.drops[reason] : 0;
}

taut_time tt_io_clock(taut_loop *loop)
{
	loop->now = tt_io_now();
	loop->now_old = false;
	return loop->now;
}

taut_time tt_io_fresh(taut_loop *loop)
{
	return loop->now_old ? tt_io_clock(loop) : loop->now;
}

/* ---- deadlines ---- */

static taut_time next_deadline(const taut_loop *loop)
{
	return tt_min64(tt_timers_deadline(&loop->timers), taut_env_deadline(loop->core, NULL));
}

/* Sets the timerfd, so that the descriptor is readable at that time. One that is too early stays:
 * where deadlines move with every packet, a needless step now and then costs less. */
static void set_alarm(taut_loop *loop, taut_time at)
{
	const taut_time t = tt_max64(at, 1); /* zero would disarm it */
	const struct itimerspec spec = { .it_value = { .tv_sec = (time_t)(t / 1000000),
						       .tv_nsec = (long)(t % 1000000) * 1000 } };

	if (at >= loop->alarm_at)
		return;
	timerfd_settime(loop->alarm, TFD_TIMER_ABSTIME, &spec, NULL);
	loop->alarm_at = at;
}

/* Outside a step something is to be done at that time, 0: now. The next step finds it, but somebody
 * who polls has to be told to make one. */
static void stir(taut_loop *loop, taut_time at)
{
	if (loop->polled && !loop->stepping)
		set_alarm(loop, at);
}

int taut_loop_fd(taut_loop *loop)
{
	if (!loop->polled) {
		loop->polled = true;
		stir(loop, 0); /* what there is to do by now */
	}
	return loop->epoll;
}

/* ---- interfaces ---- */

static void tell_interfaces(struct tt_io_conn *conn)
{
	taut_loop *loop = conn->loop;

	taut_pc_set_interfaces(conn->pc, tt_io_now(), loop->ifaces.all, loop->ifaces.count);
}

static void copy_interfaces(struct tt_ifaces *to, const struct tt_ifaces *from)
{
	*to = *from;
	for (size_t i = 0; i < to->count; i++)
		to->all[i].name = to->names[i];
}

/* Once for each thing, until it is there and goes again. */
static void tell_lacks(taut_loop *loop)
{
	static const struct {
		uint32_t what;
		const char *text, *means;
	} rows[] = {
		{ TT_LACKS_NETWORK, "no network but loopback",
		  "only peers on this machine can be met" },
		{ TT_LACKS_IPV4, "no IPv4",
		  "peers without IPv6 are met through a relay, and .local names are not heard" },
		{ TT_LACKS_IPV6, "no IPv6", "peers without IPv4 are met through a relay" },
		{ TT_LACKS_MULTICAST, "no multicast",
		  ".local names are not heard, ours and others'" },
	};
	const uint32_t fresh = loop->ifaces.lacks & ~loop->lacks_told;

	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (fresh & rows[i].what)
			tt_note(&loop->env, tt_io_now(), TAUT_LAYER_IO, rows[i].text,
				TT_STR("means", rows[i].means));
	loop->lacks_told = loop->ifaces.lacks;
}

/* Whether they are others than before. Those that cannot be read stay: a process that has no
 * descriptor left for a moment has not lost its addresses. */
static bool read_interfaces(taut_loop *loop)
{
	struct tt_ifaces before;

	copy_interfaces(&before, &loop->ifaces);
	const int err = tt_ifaces_read(&loop->ifaces, loop->flags);
	loop->ifaces_known = err == 0;
	if (err != 0) {
		copy_interfaces(&loop->ifaces, &before);
		tt_note(&loop->env, tt_io_now(), TAUT_LAYER_IO, "interfaces not read",
			TT_STR("error", strerrordesc_np(err)));
	}
	tell_lacks(loop);
	return !tt_ifaces_equal(&before, &loop->ifaces);
}

/* A loop that was not run for a while may not have heard of a change. */
static bool interfaces_stale(const taut_loop *loop)
{
	return !loop->ifaces_known || loop->netlink < 0 || tt_ifaces_drain(loop->netlink);
}

static void interfaces_settled(void *arg)
{
	taut_loop *loop = arg;

	loop->ifaces_timer = 0;
	if (read_interfaces(loop))
		tt_io_conn_each(&loop->conns, tell_interfaces);
}

static void interfaces_changed(taut_loop *loop)
{
	tt_ifaces_drain(loop->netlink);
	if (loop->ifaces_timer == 0)
		loop->ifaces_timer = taut_loop_after(loop, IFACES_SETTLE, interfaces_settled, loop);
}

/* ---- the step ---- */

static void dispatch(taut_loop *loop, const struct epoll_event *ev)
{
	enum tt_io_source *source = ev->data.ptr;

	switch (*source) {
	case TT_IO_WAKE:
		if (tt_post_run(&loop->post) > 0)
			loop->worked = loop->now_old = true;
		if (loop->resolver && tt_resolver_deliver(loop->resolver))
			loop->worked = true;
		break;
	case TT_IO_ALARM:
		loop->alarm_at = INT64_MAX;
		break;
	case TT_IO_NETLINK:
		interfaces_changed(loop);
		break;
	case TT_IO_SOCKET: {
		struct tt_io_socket *s = ev->data.ptr;
		if (s->udp.fd >= 0 && (ev->events & EPOLLOUT))
			tt_io_socket_writable(loop, s);
		if (s->udp.fd >= 0 && (ev->events & ~(uint32_t)EPOLLOUT))
			tt_io_socket_readable(loop, s);
		break;
	}
	case TT_IO_SOCKET_REST:
		tt_io_socket_rest_event(loop, source, ev->events);
		break;
	case TT_IO_STREAM:
		tt_io_stream_event(loop, ev->data.ptr, ev->events);
		break;
	}
}

static void run_timers(taut_loop *loop)
{
	/* Timers that tasks add wait for the next step: a task that sets itself up again with
	 * no delay must not keep the sockets waiting. */
	const taut_time now = loop->now;
	size_t turns = loop->timers.count;
	taut_task task;
	void *arg;

	while (turns-- > 0 && tt_timers_take(&loop->timers, now, &task, &arg)) {
		loop->worked = true;
		task(arg);
		loop->now_old = true;
	}
}

/* Gives every ready connection a turn. True: some are still ready. */
static bool run_ready(taut_loop *loop)
{
	size_t turns = loop->conns.count * 2 + 16;
	taut_pc *pc;

	tt_io_fresh(loop);
	while ((pc = taut_env_ready(loop->core, loop->now)) != NULL) {
		struct tt_io_conn *conn = tt_io_conn_find(&loop->conns, pc);
		if (!conn) { /* not ours (yet), and in the way: everybody gets a turn instead */
			tt_io_conn_each(&loop->conns, tt_io_drive);
			return false;
		}
		if (turns-- == 0)
			return true;
		tt_io_drive(conn);
	}
	return false;
}

static bool work(taut_loop *loop)
{
	const taut_time now = tt_io_fresh(loop);

	if (now - loop->wall_read >= WALL_EVERY) {
		loop->wall_read = now;
		loop->wall_unix_us = tt_io_unix_us();
		taut_env_set_wall_clock(loop->core, now, loop->wall_unix_us);
	}
	run_timers(loop);
	return run_ready(loop);
}

/* When there is something to do, 0: now; nobody ready and yet a deadline in the past would spin. */
static taut_time next_work(const taut_loop *loop, bool more)
{
	const taut_time next = next_deadline(loop);
	const taut_time now = loop->now;

	if (more)
		return 0;
	return next <= now && taut_env_deadline(loop->core, NULL) <= now ? now + SPIN_GUARD : next;
}

/* Before a wait of so many milliseconds, -1: for ever. */
static void arm(taut_loop *loop, bool more, int ms)
{
	if (ms == 0 && !loop->polled)
		return;
	const taut_time at = next_work(loop, more);
	if (loop->polled || ms < 0 || at < loop->now + (taut_time)ms * 1000)
		set_alarm(loop, at);
}

static int wait_ms(const taut_loop *loop, taut_time timeout, bool more)
{
	if (more || loop->worked || loop->stopped)
		return 0;
	if (timeout < 0)
		return -1;
	return (int)tt_min64((timeout + 999) / 1000, INT32_MAX);
}

int taut_loop_step(taut_loop *loop, taut_time timeout)
{
	struct epoll_event events[TT_LOOP_EVENTS];
	bool more;
	int n;

	if (loop->stepping)
		return TAUT_E_STATE;
	loop->stepping = true;
	loop->worked = false;
	loop->now_old = true; /* the application had its time */
	more = work(loop);
	const int ms = wait_ms(loop, timeout, more);
	arm(loop, more, ms);
	n = epoll_wait(loop->epoll, events, TT_LOOP_EVENTS, ms);
	const int err = n < 0 ? errno : 0;
	loop->now_old |= ms != 0;
	for (int i = 0; i < n; i++) {
		tt_io_fresh(loop);
		dispatch(loop, &events[i]);
	}
	if (n > 0)
		arm(loop, work(loop), 0);
	tt_io_bury(loop);
	loop->stepping = false;
	return err == 0 || err == EINTR ? TAUT_OK : TAUT_E_IO;
}

int taut_loop_run(taut_loop *loop)
{
	int rc = TAUT_OK;

	while (!loop->stopped && rc == TAUT_OK)
		rc = taut_loop_step(loop, -1);
	loop->stopped = false;
	return rc;
}

void taut_loop_stop(taut_loop *loop)
{
	loop->stopped = true;
	tt_post_wake(&loop->post);
}

/* ---- connections, tasks, timers ---- */

int taut_loop_add(taut_loop *loop, taut_pc *pc, taut_event_handler handler, void *user)
{
	struct tt_io_conn *conn;

	if (!pc)
		return TAUT_E_INVAL;
	if (tt_io_conn_find(&loop->conns, pc))
		return TAUT_E_STATE;
	conn = tt_io_conn_add(&loop->env, &loop->conns, pc);
	if (!conn)
		return TAUT_E_NOMEM;
	conn->loop = loop;
	conn->handler = handler;
	conn->user = user;
	if (interfaces_stale(loop) && read_interfaces(loop))
		tt_io_conn_each(&loop->conns, tell_interfaces);
	else
		tell_interfaces(conn);
	stir(loop, 0);
	return TAUT_OK;
}

/* What the connection still had to say, a goodbye for one, goes out first. */
void taut_loop_free_pc(taut_loop *loop, taut_pc *pc)
{
	struct tt_io_conn *conn = pc ? tt_io_conn_find(&loop->conns, pc) : NULL;

	if (!conn)
		return;
	tt_io_clock(loop); /* the application may have called with a later time than our last */
	tt_io_send_all(conn);
	tt_io_close_flows(conn);
	tt_io_conn_remove(&loop->conns, conn);
	conn->pc = NULL;
	conn->next = loop->dead_conns;
	loop->dead_conns = conn;
	taut_pc_free(pc);
	if (!loop->stepping)
		tt_io_bury(loop);
}

int taut_loop_post(taut_loop *loop, taut_task task, void *arg)
{
	return tt_post_add(&loop->post, task, arg) ? TAUT_OK : TAUT_E_NOMEM;
}

taut_timer taut_loop_after(taut_loop *loop, taut_time delay, taut_task task, void *arg)
{
	const taut_timer t =
		tt_timers_add(&loop->timers, tt_io_now() + tt_max64(delay, 0), task, arg);

	stir(loop, tt_timers_deadline(&loop->timers));
	return t;
}

void taut_loop_cancel(taut_loop *loop, taut_timer timer)
{
	tt_timers_cancel(&loop->timers, timer);
}
