/* room_line.h - what the two files of the room client's line share: room_link.c (the loop's side
 * of it) and room_line.c (its thread). */
#ifndef TAUT_SIGNAL_ROOM_LINE_H
#define TAUT_SIGNAL_ROOM_LINE_H

#include <libwebsockets.h>
#include <openssl/ssl.h>
#include <pthread.h>

#include "signal/room_link.h"

enum { TT_LINK_FIRST_WAIT = 500000 }; /* from a break to the first try */

struct tt_link_queue {
	struct tt_link_item *first, **last;
	size_t bytes;
};

/* posted: a task with this link is in the loop's queue. refs: the caller's until tt_link_close,
 * the thread's, and that of the task; whoever gives up the last one frees the link. Below the
 * mutex: what both threads touch. Below that: the line's thread only. */
struct tt_link {
	struct tt_link_config cfg;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t over; /* ended became true */
	struct tt_link_queue in, out;
	bool posted, closing, ended, cut; /* cut: the connection is to end */
	bool settled;                     /* it has served, so that the next break is a new one */
	unsigned refs;
	unsigned line; /* the connection that is up, 0: none */

	struct lws_context *context;
	SSL_CTX *tls; /* ours: libwebsockets 4.1.6 loses the one it makes */
	struct lws_protocols protocols[2];
	lws_retry_bo_t idle;
	lws_sorted_usec_list_t alarm;
	struct lws *wsi;
	bool up, asks; /* asks: the next try resolves the name */
	bool untold;   /* there was no memory to say that it went down */
	unsigned lines;
	int64_t next_try, answer_by, wait, closed_by;
	char *gather;
	size_t have;
	char why[160];
};

/* ---- room_link.c ---- */

/* Both under link->lock. */
struct tt_link_item *tt_link_queue_take(struct tt_link_queue *q);
void tt_link_queue_clear(struct tt_link_queue *q);
/* To the loop. False: there is no memory or no room for it, and nothing was told. */
bool tt_link_tell(struct tt_link *link, enum tt_link_kind kind, const char *text, size_t len);
/* The last one frees the link. */
void tt_link_release(struct tt_link *link);

/* ---- room_line.c ---- */

bool tt_line_make_context(struct tt_link *link);
void tt_line_context_free(struct tt_link *link);
/* The thread's function; arg: the link, of which it holds a reference. */
void *tt_line_run(void *arg);

#endif
