/* room_link.c - the room client's line to the relay, as the loop sees it: opening, sending, what
 * came in, closing. The thread is room_line.c. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "signal/room_line.h"

enum { JOIN_WAIT = 1 };           /* seconds: a name server that is silent holds the thread */
enum { QUEUE = 4 * 1024 * 1024 }; /* bytes, each way; past it the line is cut */

/* ---- queues ---- */

/* NULL: no memory, or no room in the queue that it is for. */
static struct tt_link_item *item_for(const struct tt_link_queue *q, enum tt_link_kind kind,
				     unsigned line, const char *text, size_t len)
{
	const size_t size = sizeof(struct tt_link_item) + len + 1;
	struct tt_link_item *item = q->bytes + size <= QUEUE ? malloc(size) : NULL;

	if (!item)
		return NULL;
	*item = (struct tt_link_item){ .kind = kind, .line = line, .len = len };
	if (len > 0)
		memcpy(item->text, text, len);
	item->text[len] = '\0';
	return item;
}

static void queue_add(struct tt_link_queue *q, struct tt_link_item *item)
{
	*q->last = item;
	q->last = &item->next;
	q->bytes += sizeof *item + item->len + 1;
}

struct tt_link_item *tt_link_queue_take(struct tt_link_queue *q)
{
	struct tt_link_item *item = q->first;

	if (!item)
		return NULL;
	q->first = item->next;
	if (!q->first)
		q->last = &q->first;
	q->bytes -= sizeof *item + item->len + 1;
	return item;
}

void tt_link_queue_clear(struct tt_link_queue *q)
{
	struct tt_link_item *item;

	while ((item = tt_link_queue_take(q)) != NULL)
		free(item);
}

void tt_link_release(struct tt_link *link)
{
	pthread_mutex_lock(&link->lock);
	const bool last = --link->refs == 0;
	pthread_mutex_unlock(&link->lock);
	if (!last)
		return;
	tt_line_context_free(link);
	tt_link_queue_clear(&link->in);
	tt_link_queue_clear(&link->out);
	pthread_cond_destroy(&link->over);
	pthread_mutex_destroy(&link->lock);
	free(link->gather);
	free(link);
}

/* ---- to the loop ---- */

/* The task on the loop's thread. */
static void drain(void *arg)
{
	struct tt_link *link = arg;
	struct tt_link_item *item;

	for (;;) {
		pthread_mutex_lock(&link->lock);
		item = link->closing ? NULL : tt_link_queue_take(&link->in);
		if (!item)
			link->posted = false;
		pthread_mutex_unlock(&link->lock);
		if (!item)
			break;
		link->cfg.item(link->cfg.user, item); /* may close the link; we still hold it */
		free(item);
	}
	tt_link_release(link);
}

/* Under the lock. An item in the queue that no task comes for would wait for the next one. */
static bool wake_loop(struct tt_link *link)
{
	if (link->posted || link->closing)
		return true;
	if (taut_loop_post(link->cfg.loop, drain, link) != TAUT_OK)
		return false;
	link->posted = true;
	link->refs++;
	return true;
}

bool tt_link_tell(struct tt_link *link, enum tt_link_kind kind, const char *text, size_t len)
{
	pthread_mutex_lock(&link->lock);
	struct tt_link_item *item = item_for(&link->in, kind, link->lines, text, len);
	const bool told = item && wake_loop(link);
	if (told)
		queue_add(&link->in, item);
	pthread_mutex_unlock(&link->lock);
	if (!told)
		free(item);
	return told;
}

/* ---- open and close ---- */

/* Signals are for the threads of the application; a write to a broken line is no signal here. */
static bool start_thread(struct tt_link *link)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	link->refs++;
	const bool ok = pthread_create(&link->thread, NULL, tt_line_run, link) == 0;
	if (!ok)
		link->refs--;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return ok;
}

static void init_locks(struct tt_link *link)
{
	pthread_condattr_t attr;

	pthread_mutex_init(&link->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&link->over, &attr);
	pthread_condattr_destroy(&attr);
}

int tt_link_open(struct tt_link **out, const struct tt_link_config *cfg)
{
	struct tt_link *link = calloc(1, sizeof *link);

	*out = NULL;
	if (!link)
		return TAUT_E_NOMEM;
	link->cfg = *cfg;
	link->in.last = &link->in.first;
	link->out.last = &link->out.first;
	link->wait = TT_LINK_FIRST_WAIT;
	link->refs = 1;
	init_locks(link);
	if (!tt_line_make_context(link) || !start_thread(link)) {
		tt_link_release(link);
		return TAUT_E_IO;
	}
	*out = link;
	return TAUT_OK;
}

void tt_link_send(struct tt_link *link, unsigned line, const char *text, size_t len)
{
	pthread_mutex_lock(&link->lock);
	if (link->line == line) {
		struct tt_link_item *item = item_for(&link->out, TT_LINK_TEXT, line, text, len);
		if (item)
			queue_add(&link->out, item);
		else
			link->cut = true;
	}
	pthread_mutex_unlock(&link->lock);
	lws_cancel_service(link->context);
}

void tt_link_cut(struct tt_link *link, unsigned line)
{
	pthread_mutex_lock(&link->lock);
	if (link->line == line)
		link->cut = true;
	pthread_mutex_unlock(&link->lock);
	lws_cancel_service(link->context);
}

void tt_link_settled(struct tt_link *link, unsigned line)
{
	pthread_mutex_lock(&link->lock);
	if (link->line == line)
		link->settled = true;
	pthread_mutex_unlock(&link->lock);
}

void tt_link_close(struct tt_link *link)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += JOIN_WAIT;
	pthread_mutex_lock(&link->lock);
	link->closing = true;
	pthread_mutex_unlock(&link->lock);
	lws_cancel_service(link->context);
	pthread_mutex_lock(&link->lock);
	while (!link->ended && pthread_cond_timedwait(&link->over, &link->lock, &until) == 0)
		;
	const bool ended = link->ended;
	pthread_mutex_unlock(&link->lock);
	if (ended) {
		pthread_join(link->thread, NULL);
		tt_line_context_free(link);
	} else {
		pthread_detach(link->thread); /* it frees the link when its name is answered */
	}
	tt_link_release(link);
}
