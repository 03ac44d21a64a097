/* relay.c - the relay's public face: its port, its thread, its end. */
#define _GNU_SOURCE
#include "signal/relay_server.h"

#include <netinet/in.h>
#include <openssl/rand.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/addr.h"
#include "base/config.h"
#include "base/num.h"

#define STOP_TIME INT64_C(500000) /* for the close frames to leave */

taut_time tt_relay_clock(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (taut_time)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int random_bytes(void *ctx, void *out, size_t len)
{
	(void)ctx;
	return RAND_bytes(out, (int)len) == 1 ? 0 : -1;
}

static void wake(void *ctx, struct tt_relay_client *c)
{
	struct tt_relay_conn *conn = c->owner;

	(void)ctx;
	if (conn)
		lws_callback_on_writable(conn->wsi);
}

static void log_line(void *ctx, const char *line)
{
	const taut_relay *relay = ctx;

	if (relay->cfg.log)
		relay->cfg.log(relay->cfg.user, line);
}

/* ---- the thread ---- */

static void on_tick(lws_sorted_usec_list_t *tick)
{
	(void)tick; /* it only ends lws_service */
}

static void end_all(taut_relay *relay)
{
	for (struct tt_relay_client *c = relay->core.clients; c; c = c->next)
		tt_relay_end(&relay->core, c, TT_CLOSE_AWAY, "the relay ends");
}

static void *serve(void *arg)
{
	taut_relay *relay = arg;
	taut_time until = INT64_MAX;

	for (;;) {
		taut_time now = tt_relay_clock();
		if (relay->stop && until == INT64_MAX) {
			end_all(relay);
			until = now + STOP_TIME;
		}
		if (relay->stop && (!relay->core.clients || now >= until))
			return NULL;
		tt_relay_tick(&relay->core, now);
		taut_time next = tt_min64(tt_relay_deadline(&relay->core), until);
		if (next != INT64_MAX)
			lws_sul_schedule(relay->context, 0, &relay->tick, on_tick,
					 tt_clamp64(next - now, 1000, INT64_C(60000000)));
		if (lws_service(relay->context, 0) < 0)
			return NULL;
	}
}

/* ---- start ---- */

static bool any_address(const struct taut_addr *a)
{
	static const uint8_t zero[16];

	return memcmp(a->ip, zero, sizeof a->ip) == 0;
}

static int take_host(taut_relay *relay, struct taut_addr *a)
{
	const char *host = relay->cfg.host && *relay->cfg.host ? relay->cfg.host : "127.0.0.1";

	if (strcmp(host, "localhost") == 0)
		host = "127.0.0.1";
	*a = (struct taut_addr){ 0 };
	if (!tt_addr_parse_ip(a, host, strlen(host)))
		return TAUT_E_INVAL;
	snprintf(relay->host, sizeof relay->host, "%s", host);
	relay->loopback_only = tt_addr_is_loopback(a);
	return TAUT_OK;
}

/* Whether the port can be had at all: libwebsockets 4.1.6 loses memory when it cannot. */
static bool port_is_free(const struct taut_addr *a, int port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	bool four = a->family == 4;
	int fd = socket(four ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0)
		return false;
	memcpy(&v4.sin_addr, a->ip, sizeof v4.sin_addr);
	memcpy(&v6.sin6_addr, a->ip, sizeof v6.sin6_addr);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* as libwebsockets does */
	const struct sockaddr *sa =
		four ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
	bool is_free = bind(fd, sa, four ? sizeof v4 : sizeof v6) == 0 && listen(fd, 1) == 0;
	close(fd);
	return is_free;
}

static bool open_port(taut_relay *relay, const struct taut_addr *a, int port)
{
	struct lws_context_creation_info info = { 0 };

	info.port = port;
	info.iface = any_address(a) ? NULL : relay->host;
	info.protocols = relay->protocols;
	info.user = relay;
	info.server_string = "taut";
	info.max_http_header_data = TT_RELAY_HEADER;
	info.max_http_header_pool = 256;
	info.timeout_secs = TT_RELAY_HANDSHAKE;
	info.timeout_secs_ah_idle = TT_RELAY_HANDSHAKE; /* else it waits 10 s for headers */
	info.keepalive_timeout = TT_RELAY_HANDSHAKE;
	info.retry_and_idle_policy = &relay->idle;
	info.fd_limit_per_thread = TT_RELAY_TCP + 64;
	info.options = LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND |
		       LWS_SERVER_OPTION_NO_LWS_SYSTEM_STATES | LWS_SERVER_OPTION_VALIDATE_UTF8;
	if (a->family == 4)
		info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
	if (relay->cfg.flags & TAUT_RELAY_TLS) {
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		info.alpn = "http/1.1";
		info.provided_client_ssl_ctx = relay->unused;
		info.server_ssl_cert_mem = relay->certificate;
		info.server_ssl_cert_mem_len = (unsigned)strlen(relay->certificate);
		info.server_ssl_private_key_mem = relay->key;
		info.server_ssl_private_key_mem_len = (unsigned)strlen(relay->key);
	}
	relay->context = lws_create_context(&info);
	if (!relay->context)
		return false;
	relay->port = tt_u16((uint64_t)lws_get_vhost_listen_port(
		lws_get_vhost_by_name(relay->context, "default")));
	return true;
}

static void name_url(taut_relay *relay, const struct taut_addr *a)
{
	const char *scheme = relay->cfg.flags & TAUT_RELAY_TLS ? "https" : "http";
	bool here = relay->loopback_only || any_address(a);

	snprintf(relay->url, sizeof relay->url, "%s://%s%s%s:%u/", scheme,
		 !here && a->family == 6 ? "[" : "",
		 here ? (a->family == 6 && relay->loopback_only ? "[::1]" : "localhost")
		      : relay->host,
		 !here && a->family == 6 ? "]" : "", relay->port);
}

static void free_relay(taut_relay *relay)
{
	if (relay->context)
		lws_context_destroy(relay->context); /* closes what is left, through the callback */
	tt_relay_free(&relay->core);
	SSL_CTX_free(relay->unused);
	free(relay->certificate);
	free(relay->key);
	free(relay);
}

/* Past the system's limit accept would fail again and again, and the thread would spin. */
static size_t sockets_allowed(void)
{
	struct rlimit most;

	if (getrlimit(RLIMIT_NOFILE, &most) != 0 || most.rlim_cur >= TT_RELAY_TCP + TT_RELAY_SPARE)
		return TT_RELAY_TCP;
	return most.rlim_cur > 2 * TT_RELAY_SPARE ? (size_t)most.rlim_cur - TT_RELAY_SPARE
						  : (size_t)most.rlim_cur / 2;
}

static void set_up(taut_relay *relay)
{
	struct taut_env_config env = { .size = sizeof env, .random = random_bytes };
	struct tt_relay_hooks hooks = { .ctx = relay, .wake = wake, .log = log_line };
	static const struct lws_protocols row = {
		.callback = tt_relay_callback,
		.per_session_data_size = sizeof(struct tt_relay_session),
		.rx_buffer_size = 16 * 1024,
	};

	tt_env_init(&relay->env, &env);
	tt_relay_init(&relay->core, &relay->env, &hooks);
	relay->socket_limit = sockets_allowed();
	relay->protocols[0] = relay->protocols[1] = row;
	relay->protocols[0].name = "http"; /* also for a WebSocket that names no subprotocol */
	relay->protocols[1].name = "taut-room";
	relay->idle = (lws_retry_bo_t){ .secs_since_valid_ping = TT_RELAY_PING,
					.secs_since_valid_hangup = TT_RELAY_PING_END };
}

static bool set_up_tls(taut_relay *relay)
{
	relay->unused = SSL_CTX_new(TLS_client_method());
	return relay->unused &&
	       tt_relay_make_certificate(relay->host, &relay->certificate, &relay->key);
}

/* Signals are for the threads of the application; a write to a broken line is no signal here. */
static bool start_thread(taut_relay *relay)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	const bool ok = pthread_create(&relay->thread, NULL, serve, relay) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ok;
}

int taut_relay_start(taut_relay **out, const struct taut_relay_config *cfg)
{
	struct taut_addr a;
	taut_relay *relay = calloc(1, sizeof *relay);

	*out = NULL;
	if (!relay)
		return TAUT_E_NOMEM;
	int e = tt_config_take(&relay->cfg, sizeof relay->cfg, cfg);
	if (e == TAUT_OK)
		e = take_host(relay, &a);
	if (e != TAUT_OK) {
		free(relay);
		return e;
	}
	set_up(relay);
	if (relay->cfg.flags & TAUT_RELAY_TLS && !set_up_tls(relay)) {
		free_relay(relay);
		return TAUT_E_CRYPTO;
	}
	lws_set_log_level(0, NULL);
	uint16_t last =
		relay->cfg.last_port > relay->cfg.port ? relay->cfg.last_port : relay->cfg.port;
	for (unsigned port = relay->cfg.port; port <= last && !relay->context; port++)
		if (port_is_free(&a, (int)port))
			open_port(relay, &a, (int)port);
	if (!relay->context || !start_thread(relay)) {
		free_relay(relay);
		return TAUT_E_IO;
	}
	name_url(relay, &a);
	*out = relay;
	return TAUT_OK;
}

uint16_t taut_relay_port(const taut_relay *relay)
{
	return relay->port;
}
const char *taut_relay_url(const taut_relay *relay)
{
	return relay->url;
}

void taut_relay_stop(taut_relay *relay)
{
	if (!relay)
		return;
	relay->stop = true;
	lws_cancel_service(relay->context);
	pthread_join(relay->thread, NULL);
	free_relay(relay);
}
