/* stun_place.c - see stun_place.h. */
#include "cli/stun_place.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "cli/cli.h"
#include "ice/ice.h"
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
	p->port_said = rest[0] == ':';
	return true;
}

struct question {
	struct stun_place *place;
	uint16_t port; /* of the addresses that come */
	bool answered;
	int os_errno;
	struct tt_srv_found srv[TT_SRV_MAX];
	size_t srv_count;
};

static void resolved(struct tt_resolved *r)
{
	struct question *q = r->user;
	struct stun_place *p = q->place;

	q->answered = true;
	q->os_errno = r->os_errno;
	q->srv_count = r->srv_count;
	memcpy(q->srv, r->srv, sizeof q->srv);
	for (size_t i = 0; i < r->count && p->count < STUN_PLACE_ADDRESSES; i++) {
		p->found[p->count] = r->found[i];
		p->found[p->count++].port = q->port;
	}
}

/* On the helper thread of src/io, because that takes longer than we would wait. NULL: answered, if only that there
 * is nothing. */
static const char *ask(struct question *q, const char *name, bool srv, taut_time until)
{
	struct tt_post post;

	q->answered = false;
	if (tt_post_init(&post) != 0)
		return "no descriptor is left";
	struct tt_resolver *rs = tt_resolver_new(&post, resolved, q);
	const int err = rs ? (srv ? tt_resolver_ask_srv : tt_resolver_ask)(rs, 1, 1, name) : ENOMEM;
	while (err == 0 && !q->answered && tt_io_now() < until) {
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
	return !q->answered || q->os_errno == EAGAIN ? "the name servers do not answer" : NULL;
}

const char *stun_place_resolve(struct stun_place *p, taut_time until)
{
	struct question q = { .place = p, .port = p->port };

	p->count = tt_addr_parse_ip(&p->found[0], p->host, strlen(p->host)) ? 1 : 0;
	p->found[0].port = p->port;
	if (p->count > 0)
		return NULL;
	const char *why = ask(&q, p->host, false, until);
	if (why)
		return why;
	return p->count == 0 ? "there is no such name" : NULL;
}

/* For one question of several: a third, so that one without an answer leaves time for the others and for the server. */
static taut_time share_of(taut_time until)
{
	const taut_time now = tt_io_now();

	return now + (until - now) / 3;
}

const char *stun_place_resolve_srv(struct stun_place *p, struct tt_env *env, taut_time until)
{
	struct question q = { .place = p };
	struct taut_srv all[TT_SRV_MAX];
	struct taut_addr literal;
	char name[STUN_PLACE_HOST + 12];

	p->count = 0;
	(void)snprintf(name, sizeof name, "_stun._udp.%s", p->host);
	if (!p->port_said && !tt_addr_parse_ip(&literal, p->host, strlen(p->host)))
		/* Without an answer the name is what there is. */
		(void)ask(&q, name, true, share_of(until));
	const struct question records = q;
	for (size_t i = 0; i < records.srv_count; i++)
		all[i] = (struct taut_srv){ .priority = records.srv[i].priority,
					    .weight = records.srv[i].weight,
					    .port = records.srv[i].port,
					    .target = records.srv[i].target };
	if (records.srv_count == 0)
		return stun_place_resolve(p, until);
	if (records.srv_count == 1 && all[0].target[0] == '\0')
		return "the domain says that it has no STUN server";
	tt_ice_srv_order(env, all, records.srv_count);
	for (size_t i = 0; i < records.srv_count && p->count < STUN_PLACE_ADDRESSES; i++) {
		q.port = all[i].port;
		if (all[i].target[0] && all[i].port > 0)
			(void)ask(&q, all[i].target, false, share_of(until));
	}
	return p->count == 0 ? "none of the domain's STUN servers has an address" : NULL;
}
