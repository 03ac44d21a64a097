/* relay_server.h - what the files of the relay that know libwebsockets share.
 *
 * Everything but start and stop happens on the relay's own thread: libwebsockets 4.1.6 has no
 * external poll, so it gets one. The protocol itself is in relay_core.h and knows none of this. */
#ifndef TAUT_SIGNAL_RELAY_SERVER_H
#define TAUT_SIGNAL_RELAY_SERVER_H

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "signal/page_files.h"
#include "signal/relay_core.h"
#include "taut/signal.h"

enum {
	TT_RELAY_TCP = TT_RELAY_CONNECTIONS + 64, /* sockets, those that speak HTTP included */
	TT_RELAY_TCP_PER_ADDRESS = 64,
	TT_RELAY_SPARE = 64, /* descriptors for everything else in the process */
	TT_RELAY_HEADER = 8 * 1024,
	TT_RELAY_HANDSHAKE = 5, /* seconds for a request */
	TT_RELAY_PING = 30,     /* seconds of silence before a ping; as much again and it is over */
	TT_RELAY_PING_END = 40,
};

/* Every accepted socket, to count them by address. */
struct tt_relay_socket {
	struct tt_relay_socket *prev, *next;
	char address[64];
	bool loopback;
};

/* A WebSocket: the message being gathered, and the pause that keeps its sender to the rate. */
struct tt_relay_conn {
	lws_sorted_usec_list_t resume; /* first, so that its timer finds the whole */
	struct lws *wsi;
	struct tt_relay_client *client;
	char *gather;
	size_t have, cap;
	bool too_large; /* the rest of this message is thrown away */
};

/* lws keeps one for each connection. */
struct tt_relay_session {
	struct tt_relay_conn *conn;      /* a WebSocket */
	const struct tt_page_file *file; /* an answer being written */
	size_t sent;
};

struct taut_relay {
	struct tt_env env;
	struct tt_relay core;
	struct taut_relay_config cfg;
	struct lws_context *context;
	struct lws_protocols protocols[3];
	lws_retry_bo_t idle;
	lws_sorted_usec_list_t tick;
	pthread_t thread;
	atomic_bool stop;
	struct tt_relay_socket *sockets;
	size_t socket_count;
	uint16_t port;
	bool loopback_only;
	char host[64], url[96];
	char *certificate, *key; /* PEM, with TAUT_RELAY_TLS */
	SSL_CTX *unused;         /* as its client: given one, libwebsockets makes and loses none */
	size_t socket_limit;     /* TT_RELAY_TCP, or what the system's limit leaves */
};

taut_time tt_relay_clock(void);

/* The callback of both protocols. */
int tt_relay_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		      size_t len);
/* The page. Each answers what the callback is to return. */
int tt_relay_http(struct lws *wsi, struct tt_relay_session *s, const char *path);
int tt_relay_http_more(struct lws *wsi, struct tt_relay_session *s);
/* The upgrade is for /ws, from a page of this origin or from no page at all. */
bool tt_relay_upgrade_allowed(const struct taut_relay *relay, struct lws *wsi, const char **why);

/* A self-made certificate for host, P-256, 30 days. False: OpenSSL refused. */
bool tt_relay_make_certificate(const char *host, char **certificate, char **key);

#endif
