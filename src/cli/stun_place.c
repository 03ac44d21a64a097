/* stun_place.c - see stun_place.h. */
#include "cli/stun_place.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "cli/cli.h"
#include "io/io_clock.h"
#include "io/io_resolve.h"

enum { DEFAULT_PORT = 3478, LONGEST_MS = 60000 };

int stun_wait_ms(taut_time until)
{
	return (int)tt_clamp64((until - tt_io_now() + 999) / 1000, 0, LONGEST_MS);
}

bool stun_place_read(struct stun_place *p, const char *text)
{
	long port = DEFAULT_PORT;

	if (strncmp(text, "stun:", 5) == 0)
		text += 5;
	const bool bracket = text[0] == '[';
	const char *host = bracket ? text + 1 : text;
	const char *colon = strchr(host, ':');
	size_t len = strlen(host);
	const char *rest = "";

	if (bracket) {
		len = strcspn(host, "]");
		rest = host[len] ? host + len + 1 : NULL;
	} else if (colon && !strchr(colon + 1, ':')) {
		len = (size_t)(colon - host);
		rest = colon;
	}
	if (!rest || len == 0 || len >= STUN_PLACE_HOST || (rest[0] != '\0' && rest[0] != ':')) {
		fprintf(stderr, "taut stun: '%s' is not HOST[:PORT]\n", text);
		return false;
	}
	if (rest[0] == ':' && !cli_number("port", rest + 1, 1, 65535, &port))
		return false;
	memcpy(p->host, host, len);
	p->host[len] = '\0';
	p->port = tt_u16((uint64_t)port);
	return true;
}

struct question {
	struct stun_place *place;
	bool answered;
	int os_errno;
};

static void resolved(struct tt_resolved *r)
{
	struct question *q = r->user;
	struct stun_place *p = q->place;

	q->answered = true;
	q->os_errno = r->os_errno;
	for (size_t i = 0; i < r->count && p->count < STUN_PLACE_ADDRESSES; i++) {
		p->found[p->count] = r->found[i];
		p->found[p->count++].port = p->port;
	}
}

/* On the helper thread of src/io, because getaddrinfo takes longer than we would wait. */
const char *stun_place_resolve(struct stun_place *p, taut_time until)
{
	struct question q = { .place = p };
	struct tt_post post;

	p->count = tt_addr_parse_ip(&p->found[0], p->host, strlen(p->host)) ? 1 : 0;
	p->found[0].port = p->port;
	if (p->count > 0)
		return NULL;
	if (tt_post_init(&post) != 0)
		return "no descriptor is left";
	struct tt_resolver *rs = tt_resolver_new(&post, resolved, &q);
	const int err = rs ? tt_resolver_ask(rs, 1, 1, p->host) : ENOMEM;
	while (err == 0 && !q.answered && tt_io_now() < until) {
		struct pollfd wake = { .fd = post.wake, .events = POLLIN };
		if (poll(&wake, 1, stun_wait_ms(until)) > 0) {
			tt_post_run(&post);
			tt_resolver_deliver(rs);
		}
	}
	tt_resolver_free(rs);
	tt_post_free(&post);
	if (err != 0)
		return strerrordesc_np(err);
	if (!q.answered || q.os_errno == EAGAIN)
		return "the name servers do not answer";
	return p->count == 0 ? "there is no such name" : NULL;
}
