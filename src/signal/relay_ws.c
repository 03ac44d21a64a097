/* relay_ws.c - sockets and WebSockets of the relay: RFC 6455 through libwebsockets.
 *
 * Messages are gathered under our own limit, whatever length a frame claims; a message that
 * is too long is thrown away as it comes. Output waits on the client's bounded queue and is
 * written when that client's own socket takes it, so that nobody waits for a slow reader.
 * LWS_CALLBACK_HTTP_CONFIRM_UPGRADE is never handled: CVE-2025-11677. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "signal/relay_server.h"

/* ---- sockets, counted by address ---- */

static bool is_loopback(const char *a)
{
	return strncmp(a, "127.", 4) == 0 || strncmp(a, "::ffff:127.", 11) == 0 ||
	       strcmp(a, "::1") == 0;
}

static bool accept_allowed(const taut_relay *relay, lws_sockfd_type fd)
{
	char address[64] = "";
	size_t same = 0;

	lws_get_peer_simple_fd(fd, address, sizeof address);
	if (relay->socket_count >= relay->socket_limit)
		return false;
	if (is_loopback(address))
		return true;
	for (const struct tt_relay_socket *s = relay->sockets; s; s = s->next)
		same += strcmp(s->address, address) == 0;
	return same < TT_RELAY_TCP_PER_ADDRESS;
}

static int socket_opened(taut_relay *relay, struct lws *wsi)
{
	struct tt_relay_socket *s = calloc(1, sizeof *s);

	if (!s)
		return -1;
	lws_get_peer_simple(wsi, s->address, sizeof s->address);
	s->loopback = is_loopback(s->address);
	s->next = relay->sockets;
	if (s->next)
		s->next->prev = s;
	relay->sockets = s;
	relay->socket_count++;
	lws_set_opaque_user_data(wsi, s);
	return 0;
}

static void socket_closed(taut_relay *relay, struct lws *wsi)
{
	struct tt_relay_socket *s = lws_get_opaque_user_data(wsi);

	if (!s)
		return;
	if (s->prev)
		s->prev->next = s->next;
	else
		relay->sockets = s->next;
	if (s->next)
		s->next->prev = s->prev;
	relay->socket_count--;
	lws_set_opaque_user_data(wsi, NULL);
	free(s);
}

/* ---- a WebSocket's life ---- */

static int opened(taut_relay *relay, struct lws *wsi, struct tt_relay_session *session)
{
	const struct tt_relay_socket *s = lws_get_opaque_user_data(wsi);
	struct tt_relay_conn *conn = calloc(1, sizeof *conn);

	session->conn = NULL;
	if (!conn)
		return -1;
	conn->wsi = wsi;
	conn->client = tt_relay_enter(&relay->core, tt_relay_clock(), s ? s->address : "?",
				      !s || s->loopback, conn);
	if (!conn->client) {
		free(conn);
		return -1;
	}
	session->conn = conn;
	if (conn->client->head)
		lws_callback_on_writable(
			wsi); /* what tt_relay_enter had to say came before the conn */
	return 0;
}

static void closed(taut_relay *relay, struct tt_relay_session *session)
{
	struct tt_relay_conn *conn = session->conn;

	if (!conn)
		return;
	session->conn = NULL;
	lws_sul_cancel(&conn->resume);
	conn->client->owner = NULL;
	tt_relay_gone(&relay->core, conn->client, tt_relay_clock());
	free(conn->gather);
	free(conn);
}

/* ---- in ---- */

static void resume(lws_sorted_usec_list_t *timer)
{
	lws_rx_flow_control(((struct tt_relay_conn *)(void *)timer)->wsi, 1);
}

/* Reads no further before the client has a message to its credit again. */
static void keep_pace(taut_relay *relay, struct tt_relay_conn *conn)
{
	taut_time now = tt_relay_clock(), at = tt_relay_read_at(conn->client, now);

	if (at <= now)
		return;
	lws_rx_flow_control(conn->wsi, 0);
	lws_sul_schedule(relay->context, 0, &conn->resume, resume, at - now);
}

static bool gather(struct tt_relay_conn *conn, const char *in, size_t len)
{
	if (conn->have + len > conn->cap) {
		size_t cap = tt_min(tt_max(2 * conn->cap, conn->have + len), TT_SIGNAL_MESSAGE);
		char *grown = realloc(conn->gather, cap);
		if (!grown)
			return false;
		conn->gather = grown;
		conn->cap = cap;
	}
	tt_work(len);
	if (len > 0)
		memcpy(conn->gather + conn->have, in, len);
	conn->have += len;
	return true;
}

static void message_done(taut_relay *relay, struct tt_relay_conn *conn)
{
	if (conn->too_large)
		tt_relay_recv_large(&relay->core, conn->client);
	else if (lws_frame_is_binary(conn->wsi))
		tt_relay_recv_binary(&relay->core, conn->client);
	else
		tt_relay_recv(&relay->core, conn->client, tt_relay_clock(),
			      conn->gather ? conn->gather : "", conn->have);
	conn->have = 0;
	conn->too_large = false;
	if (conn->cap > 32 * 1024) { /* descriptions are rare: idle clients stay small */
		free(conn->gather);
		conn->gather = NULL;
		conn->cap = 0;
	}
	keep_pace(relay, conn);
}

static int received(taut_relay *relay, struct tt_relay_conn *conn, const char *in, size_t len)
{
	size_t left = lws_remaining_packet_payload(conn->wsi);

	if (conn->client->dead)
		return 0;                   /* the close is on its way out */
	if (left > 4 * TT_SIGNAL_MESSAGE) { /* RFC 6455 7.4.1: too big to process, even to skip */
		tt_relay_end(&relay->core, conn->client, TT_CLOSE_LARGE, "frame too large");
		return 0;
	}
	if (conn->have + len + left > TT_SIGNAL_MESSAGE)
		conn->too_large = true;
	if (!conn->too_large && !gather(conn, in, len))
		return -1;
	if (conn->too_large) {
		conn->have += len; /* counts what is skipped: no endless message either */
		if (conn->have > 4 * TT_SIGNAL_MESSAGE) {
			tt_relay_end(&relay->core, conn->client, TT_CLOSE_LARGE,
				     "message too large");
			return 0;
		}
	}
	if (left == 0 && lws_is_final_fragment(conn->wsi))
		message_done(relay, conn);
	return 0;
}

/* ---- out ---- */

static int write_text(struct lws *wsi, const struct tt_relay_text *t)
{
	unsigned char *buf = malloc(LWS_PRE + t->len);

	if (!buf)
		return -1;
	memcpy(buf + LWS_PRE, t->text, t->len);
	int n = lws_write(wsi, buf + LWS_PRE, t->len, LWS_WRITE_TEXT);
	free(buf);
	return n < (int)t->len ? -1 : 0;
}

static int writeable(taut_relay *relay, struct tt_relay_conn *conn)
{
	struct tt_relay_client *c = conn->client;
	struct tt_relay_text *t = c->overflowed ? NULL : tt_relay_pop(&relay->core, c);

	if (t) {
		int e = write_text(conn->wsi, t);
		tt_relay_text_free(&relay->core, t);
		if (c->head || c->close_code)
			lws_callback_on_writable(conn->wsi);
		return e;
	}
	if (c->overflowed)
		return -1;
	if (c->close_code) {
		lws_close_reason(conn->wsi, (enum lws_close_status)c->close_code,
				 (unsigned char *)(uintptr_t)c->close_text, strlen(c->close_text));
		return -1;
	}
	return 0;
}

/* An overflowed client's socket never becomes writeable: it is ended from here. */
static void end_overflowed(taut_relay *relay)
{
	for (struct tt_relay_client *c = relay->core.clients; c; c = c->next) {
		struct tt_relay_conn *conn = c->owner;
		if (conn && c->overflowed)
			lws_set_timeout(conn->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
					LWS_TO_KILL_ASYNC);
	}
}

/* ---- the callback ---- */

static int filter_upgrade(const taut_relay *relay, struct lws *wsi)
{
	const char *why = NULL;

	if (tt_relay_upgrade_allowed(relay, wsi, &why))
		return 0;
	if (relay->cfg.log)
		relay->cfg.log(relay->cfg.user, why);
	lws_return_http_status(wsi, HTTP_STATUS_FORBIDDEN, why);
	return -1;
}

int tt_relay_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		      size_t len)
{
	taut_relay *relay = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;
	struct tt_relay_session *s = user;
	int e = 0;

	switch ((int)reason) {
	case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
		return accept_allowed(relay, (lws_sockfd_type)(intptr_t)in) ? 0 : -1;
	case LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED:
		return socket_opened(relay, wsi);
	case LWS_CALLBACK_WSI_DESTROY:
		socket_closed(relay, wsi);
		return 0;
	case LWS_CALLBACK_HTTP:
		return tt_relay_http(wsi, s, in);
	case LWS_CALLBACK_HTTP_WRITEABLE:
		return tt_relay_http_more(wsi, s);
	case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
		return filter_upgrade(relay, wsi);
	case LWS_CALLBACK_ESTABLISHED:
		return opened(relay, wsi, s);
	case LWS_CALLBACK_RECEIVE:
		e = s->conn ? received(relay, s->conn, in, len) : -1;
		end_overflowed(relay);
		return e;
	case LWS_CALLBACK_SERVER_WRITEABLE:
		return s->conn ? writeable(relay, s->conn) : -1;
	case LWS_CALLBACK_CLOSED:
		if (s) /* libwebsockets had no memory for it, and says so here alone */
			closed(relay, s);
		end_overflowed(relay); /* of those who were told */
		return 0;
	default:
		return 0;
	}
}
