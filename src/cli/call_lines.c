/* call_lines.c - lines of standard input in a call (--stdin): "/restart" restarts ICE with everybody, any other is said
 * in the chat. Looked for by a timer, so that no thread waits in a read when the call ends; its end ends a line, and
 * nothing else. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "cli/call_peer.h"

enum { EVERY = 50000, MORE = 512 };

static void restart(struct call_peer *p)
{
	if (taut_pc_restart_ice(p->pc, taut_loop_now(p->call->loop)) == TAUT_OK)
		call_say(p, "ICE restarts", "asked for by /restart");
	else
		call_say(p, "not restarted", taut_pc_error(p->pc)->message);
}

static void chat(struct call_peer *p, const char *text)
{
	if (p->chat_open && taut_pc_send_message(p->pc, taut_loop_now(p->call->loop), p->chat, 0,
						 text, strlen(text)) == TAUT_OK)
		p->messages_sent++;
}

static void take_line(struct call *c, const char *line)
{
	const bool restarts = strcmp(line, "/restart") == 0;

	if (line[0] == '\0')
		return;
	if (line[0] == '/' && !restarts) {
		fprintf(stderr, "taut call: a line of standard input is /restart, or a text for "
				"the chat\n");
		return;
	}
	for (size_t i = 0; i < c->peer_count; i++)
		if (c->peers[i]->pc && restarts)
			restart(c->peers[i]);
		else if (c->peers[i]->pc)
			chat(c->peers[i], line);
}

/* A line that is too long is left out whole. */
static void take(struct call *c, const char *text, size_t len)
{
	struct call_lines *l = &c->lines;

	for (size_t i = 0; i < len; i++) {
		if (text[i] == '\n') {
			l->text[l->len] = '\0';
			if (!l->too_long)
				take_line(c, l->text);
			l->len = 0;
			l->too_long = false;
		} else if (l->len + 1 < sizeof l->text && text[i] != '\0') {
			l->text[l->len++] = text[i];
		} else {
			l->too_long = true;
		}
	}
}

static void look(void *arg)
{
	struct call *c = arg;
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char more[MORE];
	bool over = false;

	c->lines.timer = 0;
	if (poll(&in, 1, 0) > 0) {
		const ssize_t n = read(STDIN_FILENO, more, sizeof more);
		over = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
		if (n > 0)
			take(c, more, (size_t)n);
		else if (over)
			take(c, "\n", 1);
	}
	if (!over)
		c->lines.timer = taut_loop_after(c->loop, EVERY, look, c);
}

void call_lines_open(struct call *c)
{
	if (c->cfg.lines)
		look(c);
}

void call_lines_close(struct call *c)
{
	if (c->lines.timer)
		taut_loop_cancel(c->loop, c->lines.timer);
}
