/* room_link.h - the room client's line to the relay: a WebSocket on a thread of its own.
 *
 * Text goes both ways through locked queues: tt_link_send wakes the thread by
 * lws_cancel_service, and what came in wakes the loop by taut_loop_post. The line connects
 * again by itself, 0.5 s after it broke, then after twice as long, at most after 5 s. */
#ifndef TAUT_SIGNAL_ROOM_LINK_H
#define TAUT_SIGNAL_ROOM_LINK_H

#include <stdbool.h>

#include "taut/loop.h"

enum tt_link_kind {
	TT_LINK_UP,   /* connected: say ready */
	TT_LINK_DOWN, /* text: why; comes once per attempt or loss */
	TT_LINK_TEXT, /* one message */
};

struct tt_link_item {
	struct tt_link_item *next;
	enum tt_link_kind kind;
	unsigned line; /* which connection, counted from 1 */
	size_t len;
	char text[]; /* and a NUL */
};

struct tt_link_url {
	char host[256], authority[280]; /* authority: with brackets and port, for Host */
	int port;
	bool tls;
};
/* ws, wss, http or https://host[:port] and anything after; false: not one of these. */
bool tt_link_parse_url(struct tt_link_url *out, const char *url);

struct tt_link_config {
	struct tt_link_url url;
	taut_loop *loop;
	bool any_certificate, no_reconnect;
	void *user;
	/* On the loop's thread. user was given to tt_link_open; never after tt_link_close. */
	void (*item)(void *user, const struct tt_link_item *item);
};

struct tt_link;

int tt_link_open(struct tt_link **out, const struct tt_link_config *cfg);
/* text is copied and goes out if that connection is still the one; else it is dropped. */
void tt_link_send(struct tt_link *link, unsigned line, const char *text, size_t len);
/* Ends that connection if it is still the one; the line comes back by itself. For who could not say, or
 * not read, what the other end counts on. */
void tt_link_cut(struct tt_link *link, unsigned line);
/* That connection has served: when it breaks, the first try comes soon again. */
void tt_link_settled(struct tt_link *link, unsigned line);
/* What was sent goes out first, as far as that is quick. Takes at most about a second. */
void tt_link_close(struct tt_link *link);

#endif
