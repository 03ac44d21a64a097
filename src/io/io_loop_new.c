/* io_loop_new.c - making a loop and ending it; what it does meanwhile is io_loop.c. */
#define _GNU_SOURCE
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/config.h"
#include "io/io_clock.h"
#include "io/io_loop.h"
#include "io/io_tls.h"

/* The alarm is told of once each time it is set and need not be read: EPOLLET. */
static int add_source(taut_loop *loop, int fd, enum tt_io_source *source, enum tt_io_source kind)
{
	struct epoll_event ev = { .events = EPOLLIN | (kind == TT_IO_ALARM ? EPOLLET : 0u),
				  .data = { .ptr = source } };

	*source = kind;
	return epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &ev) == 0 ? TAUT_OK : TAUT_E_IO;
}

static int open_descriptors(taut_loop *loop)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	loop->alarm = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	loop->netlink =
		tt_ifaces_watch(); /* without it, addresses are read with every connection */
	(void)tt_udp_open_probe(&loop->probe);
	if (loop->epoll < 0 || loop->alarm < 0)
		return TAUT_E_IO;
	if (add_source(loop, loop->post.wake, &loop->wake_source, TT_IO_WAKE) != TAUT_OK ||
	    add_source(loop, loop->alarm, &loop->alarm_source, TT_IO_ALARM) != TAUT_OK)
		return TAUT_E_IO;
	if (loop->netlink >= 0)
		return add_source(loop, loop->netlink, &loop->netlink_source, TT_IO_NETLINK);
	return TAUT_OK;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* Of a loop without connections. */
static void discard(taut_loop *loop)
{
	struct tt_env env = loop->env;

	close_if_open(loop->epoll);
	close_if_open(loop->alarm);
	close_if_open(loop->netlink);
	tt_udp_close(&loop->probe);
	tt_timers_free(&loop->timers);
	tt_free(&env, loop->conns.buckets);
	tt_free(&env, loop->in.room);
	tt_free(&env, loop->arena);
	tt_free(&env, loop->tls_trust);
	tt_tls_shared_free(loop->tls);
	tt_free(&env, loop);
}

static int make_core(taut_loop *loop, const struct taut_env_config *given)
{
	struct taut_env_config env = { .size = sizeof env };

	if (given) {
		env.realloc = given->realloc;
		env.random = given->random;
		env.ctx = given->ctx;
		env.trace = given->trace;
		env.max_memory = given->max_memory;
	}
	env.now = loop->wall_read = tt_io_clock(loop);
	env.unix_us = loop->wall_unix_us = tt_io_unix_us();
	return taut_env_new(&loop->core, &env);
}

int taut_loop_new(taut_loop **out, const struct taut_loop_config *given)
{
	struct taut_loop_config cfg;
	struct tt_env env;
	taut_loop *loop;
	int rc;

	*out = NULL;
	rc = tt_config_take(&cfg, sizeof cfg, given);
	if (rc != TAUT_OK)
		return rc;
	tt_env_init(&env, cfg.env);
	env.max_memory = 0; /* a share of the connections, not of the loop */
	loop = tt_alloc(&env, sizeof *loop);
	if (!loop)
		return TAUT_E_NOMEM;
	loop->env = env;
	loop->flags = cfg.flags;
	loop->port = cfg.port;
	loop->epoll = loop->alarm = loop->netlink = -1;
	loop->probe.fd = -1;
	loop->alarm_at = INT64_MAX;
	tt_timers_init(&loop->timers, &loop->env);
	loop->in.room = tt_resize(&loop->env, NULL, (size_t)TT_UDP_BATCH * TT_UDP_BUF);
	loop->arena = tt_resize(&loop->env, NULL, TT_LOOP_ARENA);
	if (cfg.tls_trust)
		loop->tls_trust = tt_copy_text(&loop->env, cfg.tls_trust, strlen(cfg.tls_trust));
	rc = loop->in.room && loop->arena && (loop->tls_trust || !cfg.tls_trust) ? TAUT_OK
										 : TAUT_E_NOMEM;
	if (rc == TAUT_OK && tt_post_init(&loop->post) != 0)
		rc = TAUT_E_IO;
	if (rc != TAUT_OK) {
		discard(loop);
		return rc;
	}
	rc = open_descriptors(loop);
	if (rc == TAUT_OK)
		rc = make_core(loop, cfg.env);
	if (rc != TAUT_OK) {
		tt_post_free(&loop->post);
		discard(loop);
		return rc;
	}
	*out = loop;
	return TAUT_OK;
}

static void free_conn(struct tt_io_conn *conn)
{
	taut_loop_free_pc(conn->loop, conn->pc);
}

void taut_loop_free(taut_loop *loop)
{
	if (!loop)
		return;
	/* What was posted owns its argument, and gives it back only by running. */
	tt_post_run(&loop->post);
	tt_io_conn_each(&loop->conns, free_conn);
	tt_io_bury(loop);
	taut_env_free(loop->core);
	tt_resolver_free(loop->resolver);
	tt_post_free(&loop->post);
	discard(loop);
}
