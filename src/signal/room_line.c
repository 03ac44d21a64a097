/* room_line.c - the thread of a WebSocket client that keeps coming back: RFC 6455 through
 * libwebsockets. */
#define _GNU_SOURCE
#include "signal/room_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/num.h"
#include "base/work.h"
#include "signal/signal_json.h"

enum { LONGEST_WAIT = 5000000, CLOSE_WAIT = 300000 };
enum { ANSWER_WAIT = 5000000 }; /* from the call to an open WebSocket */
enum { TELL_WAIT = 100000 };    /* until there may be memory again */

static int64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void tell_down(struct tt_link *link)
{
	link->untold = !tt_link_tell(link, TT_LINK_DOWN, link->why, strlen(link->why));
	if (!link->untold)
		link->why[0] = '\0';
}

/* What libwebsockets is to be told: -1 ends the connection, which nobody would hear of. */
static int went_up(struct tt_link *link)
{
	link->up = true;
	link->untold = false; /* and nobody need hear of that any more */
	link->why[0] = '\0';
	link->asks = !link->asks; /* as this time: it worked */
	pthread_mutex_lock(&link->lock);
	link->line = ++link->lines;
	pthread_mutex_unlock(&link->lock);
	return tt_link_tell(link, TT_LINK_UP, "", 0) ? 0 : -1;
}

static void went_down(struct tt_link *link)
{
	if (!link->wsi)
		return;
	link->wsi = NULL;
	link->up = false;
	link->have = 0;
	pthread_mutex_lock(&link->lock);
	if (link->settled)
		link->wait = TT_LINK_FIRST_WAIT;
	link->line = 0;
	link->cut = link->settled = false;
	tt_link_queue_clear(&link->out);
	pthread_mutex_unlock(&link->lock);
	link->next_try = link->cfg.no_reconnect ? INT64_MAX : clock_us() + link->wait;
	link->wait = tt_min64(2 * link->wait, LONGEST_WAIT);
	tell_down(link);
}

static int received(struct tt_link *link, struct lws *wsi, const char *in, size_t len)
{
	if (link->have + len > TT_SIGNAL_MESSAGE + 64 * 1024) /* the relay wraps what has 256 KiB */
		return -1;
	char *grown = realloc(link->gather, link->have + len + 1);
	if (!grown)
		return -1;
	link->gather = grown;
	tt_work(len);
	if (len > 0)
		memcpy(grown + link->have, in, len);
	link->have += len;
	if (lws_remaining_packet_payload(wsi) == 0 && lws_is_final_fragment(wsi)) {
		const bool told = tt_link_tell(link, TT_LINK_TEXT, grown, link->have);
		link->have = 0;
		return told ? 0 : -1;
	}
	return 0;
}

static int writeable(struct tt_link *link, struct lws *wsi)
{
	pthread_mutex_lock(&link->lock);
	const bool cut = link->cut;
	struct tt_link_item *item = cut ? NULL : tt_link_queue_take(&link->out);
	bool more = link->out.first != NULL, closing = link->closing;
	pthread_mutex_unlock(&link->lock);
	if (cut)
		return -1;
	if (!item && closing) {
		lws_close_reason(wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
		return -1;
	}
	if (!item)
		return 0;
	unsigned char *buf = malloc(LWS_PRE + item->len);
	int n = -1;
	if (buf) {
		memcpy(buf + LWS_PRE, item->text, item->len);
		n = lws_write(wsi, buf + LWS_PRE, item->len, LWS_WRITE_TEXT);
	}
	n = n < (int)item->len ? -1 : 0;
	free(buf);
	free(item);
	if (more || closing)
		lws_callback_on_writable(wsi);
	return n;
}

static void peer_closes(struct tt_link *link, const unsigned char *in, size_t len)
{
	if (len >= 2)
		snprintf(link->why, sizeof link->why, "the relay closed with %d: %.*s",
			 in[0] << 8 | in[1], (int)tt_min(len - 2, 120), (const char *)in + 2);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
		    size_t len)
{
	struct tt_link *link = wsi ? lws_context_user(lws_get_context(wsi)) : NULL;

	switch ((int)reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		return went_up(link);
	case LWS_CALLBACK_CLIENT_RECEIVE:
		return received(link, wsi, in, len);
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return writeable(link, wsi);
	case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
		if (link->up)
			lws_callback_on_writable(link->wsi);
		return 0;
	case LWS_CALLBACK_OPENSSL_PERFORM_SERVER_CERT_VERIFICATION:
		if (len == 0 && link && !link->cfg.any_certificate) /* len: what OpenSSL found */
			snprintf(link->why, sizeof link->why,
				 "the relay's certificate is not trusted: %s",
				 X509_verify_cert_error_string(X509_STORE_CTX_get_error(user)));
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		peer_closes(link, in, len);
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		if (!link->why[0])
			snprintf(link->why, sizeof link->why, "%.*s",
				 in ? (int)tt_min(len, 150) : 13,
				 in ? (const char *)in : "no connection");
		went_down(link);
		return 0;
	case LWS_CALLBACK_WSI_DESTROY: /* all that is heard of one that never answered */
		if (!link || wsi != link->wsi)
			return 0;
		/* fall through */
	case LWS_CALLBACK_CLIENT_CLOSED:
		if (!link->why[0])
			snprintf(link->why, sizeof link->why, "the connection to the relay broke");
		went_down(link);
		return 0;
	default:
		return 0;
	}
}

/* RFC 6761 section 6.3: localhost is loopback, whatever name servers say; a bare system may have
 * no file that knows it. Every second try asks all the same, for a relay on ::1 alone. */
static const char *address_of(struct tt_link *link)
{
	const char *host = link->cfg.url.host;
	const bool ask = link->asks;

	link->asks = !ask;
	return !ask && strcasecmp(host, "localhost") == 0 ? "127.0.0.1" : host;
}

static void try_now(struct tt_link *link)
{
	const struct tt_link_url *u = &link->cfg.url;
	struct lws_client_connect_info i = { 0 };

	i.context = link->context;
	i.address = address_of(link);
	i.port = u->port;
	i.path = "/ws";
	i.host = u->authority; /* no Origin: this is no page */
	i.protocol = i.local_protocol_name = link->protocols[0].name;
	i.pwsi = &link->wsi;
	i.retry_and_idle_policy = &link->idle;
	if (u->tls)
		i.ssl_connection = LCCSCF_USE_SSL;
	if (u->tls && link->cfg.any_certificate)
		i.ssl_connection |= LCCSCF_ALLOW_SELFSIGNED |
				    LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK | LCCSCF_ALLOW_EXPIRED |
				    LCCSCF_ALLOW_INSECURE;
	link->next_try = INT64_MAX;
	link->answer_by = clock_us() + ANSWER_WAIT;
	unsigned before = link->lines;
	if (!lws_client_connect_via_info(&i) && link->next_try == INT64_MAX &&
	    before == link->lines) {
		/* Refused before it began, without a callback. */
		link->next_try = link->cfg.no_reconnect ? INT64_MAX : clock_us() + link->wait;
		link->wait = tt_min64(2 * link->wait, LONGEST_WAIT);
		snprintf(link->why, sizeof link->why, "no connection");
		tell_down(link);
	}
}

static void on_alarm(lws_sorted_usec_list_t *alarm)
{
	(void)alarm; /* it only ends lws_service */
}

/* True: time to go. What is queued gets a moment to leave. */
static bool closing(struct tt_link *link, int64_t now)
{
	pthread_mutex_lock(&link->lock);
	bool yes = link->closing;
	pthread_mutex_unlock(&link->lock);
	if (!yes)
		return false;
	if (link->closed_by == 0) {
		link->closed_by = now + CLOSE_WAIT;
		if (link->up)
			lws_callback_on_writable(link->wsi);
	}
	return !link->up || now >= link->closed_by;
}

/* Something else listens on that port, and says nothing: libwebsockets would wait for ever. */
static void give_up(struct tt_link *link)
{
	snprintf(link->why, sizeof link->why, "no answer within 5 seconds");
	link->answer_by = INT64_MAX;
	lws_set_timeout(link->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
}

static int64_t next_alarm(const struct tt_link *link)
{
	if (link->closed_by)
		return link->closed_by;
	if (link->wsi)
		return link->up ? INT64_MAX : link->answer_by;
	return link->untold ? tt_min64(link->next_try, clock_us() + TELL_WAIT) : link->next_try;
}

void *tt_line_run(void *arg)
{
	struct tt_link *link = arg;

	for (int64_t now; now = clock_us(), !closing(link, now);) {
		if (link->untold && !link->wsi)
			tell_down(link);
		if (!link->wsi && now >= link->next_try)
			try_now(link);
		if (link->wsi && !link->up && now >= link->answer_by)
			give_up(link);
		const int64_t next = next_alarm(link);
		if (next != INT64_MAX)
			lws_sul_schedule(link->context, 0, &link->alarm, on_alarm,
					 tt_max64(next - now, 1000));
		if (lws_service(link->context, 0) < 0)
			break;
	}
	pthread_mutex_lock(&link->lock);
	link->ended = true;
	pthread_cond_signal(&link->over);
	pthread_mutex_unlock(&link->lock);
	tt_link_release(link);
	return NULL;
}

/* ---- the context ---- */

static bool make_tls(struct tt_link *link)
{
	link->tls = SSL_CTX_new(TLS_client_method());
	return link->tls && SSL_CTX_set_min_proto_version(link->tls, TLS1_2_VERSION) == 1 &&
	       (link->cfg.any_certificate || SSL_CTX_set_default_verify_paths(link->tls) == 1);
}

bool tt_line_make_context(struct tt_link *link)
{
	struct lws_context_creation_info info = { 0 };

	if (link->cfg.url.tls && !make_tls(link))
		return false;
	info.provided_client_ssl_ctx = link->tls;
	link->protocols[0] = (struct lws_protocols){ .name = "taut-room",
						     .callback = callback,
						     .rx_buffer_size = 16 * 1024 };
	link->idle = (lws_retry_bo_t){ .secs_since_valid_ping = 30, .secs_since_valid_hangup = 40 };
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = link->protocols;
	info.user = link;
	info.timeout_secs = info.connect_timeout_secs = 5;
	info.fd_limit_per_thread = 16;
	info.options = LWS_SERVER_OPTION_NO_LWS_SYSTEM_STATES;
	if (link->cfg.url.tls)
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
	lws_set_log_level(0, NULL);
	link->context = lws_create_context(&info);
	return link->context != NULL;
}

void tt_line_context_free(struct tt_link *link)
{
	link->wsi = NULL; /* its end is no news any more */
	if (link->context)
		lws_context_destroy(link->context);
	link->context = NULL;
	SSL_CTX_free(link->tls);
	link->tls = NULL;
}
