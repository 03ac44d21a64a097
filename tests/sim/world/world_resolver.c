/* world_resolver.c - the stub resolver; see world_dns.h. */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_dns.h"
#include "world/world_dns_wire.h"

enum { TRIES = 2, FIRST_PORT = 10000, PORTS = 20000 };
#define PATIENCE 5000000

void world_resolver_init(
	struct world_resolver *r, struct world *w, int host, const struct taut_addr *server,
	void (*done)(void *user, uint64_t number, const struct world_answer *answer), void *user)
{
	*r = (struct world_resolver){ .world = w,
				      .host = host,
				      .server = *server,
				      .random = world_stream(w->seed, 800 + (uint64_t)host),
				      .done = done,
				      .user = user };
	if (r->server.port == 0)
		r->server.port = WORLD_DNS_PORT;
}

void world_resolver_stop(struct world_resolver *r)
{
	memset(r->questions, 0, sizeof r->questions);
}

/* ---- asking ---- */

static const struct taut_addr *source(const struct world_resolver *r)
{
	for (int i = 0; i < r->world->iface_count; i++) {
		const struct world_iface *f = &r->world->ifaces[i];
		if (f->host == r->host && f->up && f->addr.family == r->server.family)
			return &f->addr;
	}
	return NULL;
}

static void gave_up(void *arg, uint64_t serial);

static void ask(struct world_resolver *r, struct world_question *q)
{
	const struct taut_addr *ip = source(r);
	struct taut_addr from = { 0 };
	uint8_t out[512];
	struct wr w = wr_make(out, sizeof out);

	q->tries++;
	q->id = (uint16_t)world_draw(&r->random);
	q->port = tt_u16(FIRST_PORT + world_draw(&r->random) % PORTS); /* RFC 5452 */
	wr_u16(&w, q->id);
	wr_u16(&w, 0x0100); /* recursion desired */
	wr_u16(&w, 1);
	wr_u16(&w, 0);
	wr_u32(&w, 0);
	world_dns_write_name(&w, q->name);
	wr_u16(&w, q->type);
	wr_u16(&w, DNS_IN);
	if (ip) {
		from = *ip;
		from.port = q->port;
		world_send(r->world, r->host, &from, &r->server, out, wr_len(&w));
	}
	world_at(r->world, r->world->now + PATIENCE, gave_up, r, q->serial);
}

static struct world_question *new_question(struct world_resolver *r, const char *name,
					   uint16_t type, uint64_t number)
{
	for (size_t i = 0; i < WORLD_DNS_QUESTIONS; i++) {
		struct world_question *q = &r->questions[i];
		if (q->used)
			continue;
		*q = (struct world_question){
			.used = true, .type = type, .number = number, .serial = ++r->serial
		};
		snprintf(q->name, sizeof q->name, "%s", name);
		return q;
	}
	return NULL;
}

bool world_resolve(struct world_resolver *r, const char *name, uint64_t number)
{
	struct world_question *six = new_question(r, name, DNS_AAAA, number);
	struct world_question *four = new_question(r, name, DNS_A, number);

	if (!four) {
		if (six)
			six->used = false;
		return false;
	}
	six->partner = four;
	four->partner = six;
	ask(r, four);
	ask(r, six);
	return true;
}

bool world_resolve_srv(struct world_resolver *r, const char *name, uint64_t number)
{
	struct world_question *q = new_question(r, name, DNS_SRV, number);

	if (q)
		ask(r, q);
	return q != NULL;
}

/* ---- answers ---- */

static void add_addrs(struct world_answer *to, const struct world_answer *from)
{
	for (size_t i = 0; i < from->addr_count && to->addr_count < WORLD_DNS_ANSWERS; i++)
		to->addrs[to->addr_count++] = from->addrs[i];
}

/* Both families' together: what was found; else that the name is not there; else silence. */
static void settle(struct world_resolver *r, struct world_question *q)
{
	struct world_question *p = q->partner;
	struct world_answer both = q->answer;

	q->settled = true;
	if (p && !p->settled)
		return;
	if (p) {
		const struct world_answer *six = q->type == DNS_AAAA ? &q->answer : &p->answer;
		const struct world_answer *four = q->type == DNS_AAAA ? &p->answer : &q->answer;
		both = *six;
		add_addrs(&both, four);
		both.rcode = six->rcode > four->rcode ? six->rcode : four->rcode;
		both.result = both.addr_count > 0 ? WORLD_FOUND
			      : six->result == WORLD_NO_ANSWER && four->result == WORLD_NO_ANSWER
				      ? WORLD_NO_ANSWER
				      : WORLD_NO_NAME;
		p->used = false;
	}
	q->used = false;
	r->done(r->user, q->number, &both);
}

static void gave_up(void *arg, uint64_t serial)
{
	struct world_resolver *r = arg;

	for (size_t i = 0; i < WORLD_DNS_QUESTIONS; i++) {
		struct world_question *q = &r->questions[i];
		if (!q->used || q->settled || q->serial != serial)
			continue;
		q->serial = ++r->serial;
		if (q->tries < TRIES) {
			ask(r, q);
			return;
		}
		q->answer.result = WORLD_NO_ANSWER;
		settle(r, q);
		return;
	}
}

static void read_record(struct rd *r, const struct world_question *q, struct world_answer *a)
{
	world_dns_skip_name(r);
	uint16_t type = rd_u16(r);
	rd_u16(r);
	rd_u32(r);
	struct rd value = rd_sub(r, rd_u16(r));
	if (r->bad || type != q->type)
		return;
	if (type == DNS_SRV && a->srv_count < WORLD_DNS_ANSWERS) {
		struct world_srv *s = &a->srvs[a->srv_count];
		s->priority = rd_u16(&value);
		s->weight = rd_u16(&value);
		s->port = rd_u16(&value);
		/* or the root, which is no name: there is no such service */
		a->srv_count += world_dns_read_name(&value, s->target) ||
				(!value.bad && rd_left(&value) == 0);
	} else if (type != DNS_SRV && a->addr_count < WORLD_DNS_ANSWERS) {
		size_t n = type == DNS_A ? 4 : 16;
		const uint8_t *ip = rd_take(&value, n);
		if (!ip || rd_left(&value) > 0)
			return;
		a->addrs[a->addr_count] = (struct taut_addr){ .family = n == 4 ? 4 : 6 };
		memcpy(a->addrs[a->addr_count++].ip, ip, n);
	}
}

static struct world_question *question_for(struct world_resolver *r, uint16_t port)
{
	for (size_t i = 0; i < WORLD_DNS_QUESTIONS; i++)
		if (r->questions[i].used && !r->questions[i].settled &&
		    r->questions[i].port == port)
			return &r->questions[i];
	return NULL;
}

bool world_resolver_takes(struct world_resolver *r, const struct taut_addr *local,
			  const struct taut_addr *remote, const uint8_t *data, size_t len)
{
	struct world_question *q = question_for(r, local->port);
	struct rd in = rd_make(data, len);
	char name[DNS_NAME];

	if (!q || !tt_addr_eq(remote, &r->server))
		return false;
	const struct dns_head h = world_dns_head(&in);
	if (!(h.flags & DNS_RESPONSE) || h.id != q->id || h.questions != 1 ||
	    !world_dns_read_name(&in, name) || !world_dns_same(name, q->name) ||
	    rd_u16(&in) != q->type)
		return true; /* somebody guesses: the right one may follow */
	rd_u16(&in);
	q->answer = (struct world_answer){ .rcode = h.flags & 0xf };
	for (uint16_t i = 0; i < h.answers && !in.bad; i++)
		read_record(&in, q, &q->answer);
	bool found = q->answer.addr_count > 0 || q->answer.srv_count > 0;
	q->answer.result = found ? WORLD_FOUND : WORLD_NO_NAME;
	settle(r, q);
	return true;
}
