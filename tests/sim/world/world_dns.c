/* world_dns.c - the DNS server; see world_dns.h. */
#include "world/world_dns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world/world_dns_wire.h"

enum { LONGEST = 512, TTL = 60, QUESTION_AT = 12 };

struct world_dns_letter {
	struct world_dns_letter *next;
	struct taut_addr from, to;
	size_t len;
	uint8_t data[LONGEST];
};

static void free_letter(struct world_dns *d, struct world_dns_letter *l)
{
	struct world_dns_letter **at = &d->letters;

	while (*at != l)
		at = &(*at)->next;
	*at = l->next;
	free(l);
}

static uint16_t type_of(const struct world_dns_record *r)
{
	return r->addr.family == 4 ? DNS_A : r->addr.family == 6 ? DNS_AAAA : DNS_SRV;
}

/* The name is the question's: a pointer to it, RFC 1035 section 4.1.4. */
static void put_record(struct wr *w, const struct world_dns_record *r)
{
	wr_u16(w, 0xc000 | QUESTION_AT);
	wr_u16(w, type_of(r));
	wr_u16(w, DNS_IN);
	wr_u32(w, TTL);
	size_t at = w->off;
	wr_u16(w, 0);
	if (r->addr.family == 0) {
		wr_u16(w, r->srv.priority);
		wr_u16(w, r->srv.weight);
		wr_u16(w, r->srv.port);
		world_dns_write_name(w, r->srv.target);
	} else {
		wr_bytes(w, r->addr.ip, r->addr.family == 4 ? 4 : 16);
	}
	wr_patch_u16(w, at, (uint16_t)(w->off - at - 2));
}

static uint16_t put_records(const struct world_dns *d, struct wr *w, const char *name,
			    uint16_t type, bool *known)
{
	uint16_t n = 0;

	for (size_t i = 0; i < d->count && d->fault != WORLD_DNS_LIES; i++) {
		const struct world_dns_record *r = &d->records[i];
		if (!world_dns_same(r->name, name))
			continue;
		*known = true;
		if (type_of(r) != type)
			continue;
		put_record(w, r);
		n++;
	}
	for (size_t i = 0; i < 2 && d->fault == WORLD_DNS_LIES; i++) {
		const struct world_dns_record lie = { .addr = d->lie[i] };
		*known = true;
		if (lie.addr.family == 0 || type_of(&lie) != type)
			continue;
		put_record(w, &lie);
		n++;
	}
	return n;
}

static size_t answer(const struct world_dns *d, const struct dns_head *h, const char *name,
		     uint16_t type, uint8_t *out)
{
	struct wr w = wr_make(out, LONGEST);
	bool known = false, broken = d->fault == WORLD_DNS_BROKEN;

	wr_u16(&w, h->id);
	wr_u16(&w, 0);
	wr_u16(&w, 1);
	wr_u16(&w, 0);
	wr_u32(&w, 0);
	world_dns_write_name(&w, name);
	wr_u16(&w, type);
	wr_u16(&w, DNS_IN);
	uint16_t n = broken ? 0 : put_records(d, &w, name, type, &known);
	/* a response, recursion asked for and available */
	wr_patch_u16(&w, 2,
		     (uint16_t)(DNS_RESPONSE | 0x0180 |
				(broken  ? DNS_SERVFAIL
				 : known ? 0
					 : DNS_NXDOMAIN)));
	wr_patch_u16(&w, 6, n);
	return wr_len(&w);
}

static void send_letter(void *arg, uint64_t number)
{
	struct world_dns *d = arg;
	struct world_dns_letter *l = d->letters;

	while (l && (uint64_t)(uintptr_t)l != number)
		l = l->next;
	if (!l)
		return;
	if (d->fault == WORLD_DNS_FORGED) {
		uint8_t forged[LONGEST];
		memcpy(forged, l->data, l->len);
		forged[1] ^= 1;
		forged[l->len - 1] ^= 1;
		world_send(d->world, d->host, &l->from, &l->to, forged, l->len);
	}
	d->answered++;
	world_send(d->world, d->host, &l->from, &l->to, l->data, l->len);
	free_letter(d, l);
}

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct world_dns *d = user;
	struct rd r = rd_make(data, len);
	const struct dns_head h = world_dns_head(&r);
	char name[DNS_NAME];

	if (local->port != WORLD_DNS_PORT || h.flags & DNS_RESPONSE || h.questions != 1 ||
	    !world_dns_read_name(&r, name))
		return;
	uint16_t type = rd_u16(&r);
	d->asked++;
	if (r.bad || d->fault == WORLD_DNS_SILENT)
		return;
	struct world_dns_letter *l = calloc(1, sizeof *l);
	if (!l)
		abort();
	l->from = *local;
	l->to = *remote;
	l->len = answer(d, &h, name, type, l->data);
	l->next = d->letters;
	d->letters = l;
	world_at(d->world, d->world->now + d->delay, send_letter, d, (uint64_t)(uintptr_t)l);
}

void world_dns_add(struct world *w, struct world_dns *d)
{
	static const struct world_host_ops ops = { .recv = on_packet };

	*d = (struct world_dns){ .world = w };
	d->host = world_add_host(w, "dns", &ops, d);
}

void world_dns_free(struct world_dns *d)
{
	while (d->letters)
		free_letter(d, d->letters);
}

static struct world_dns_record *new_record(struct world_dns *d, const char *name)
{
	if (d->count == WORLD_DNS_RECORDS)
		abort(); /* a mistake of whoever builds the world */
	d->records[d->count] = (struct world_dns_record){ .name = name };
	return &d->records[d->count++];
}

void world_dns_has(struct world_dns *d, const char *name, const struct taut_addr *addr)
{
	new_record(d, name)->addr = *addr;
}

void world_dns_has_srv(struct world_dns *d, const char *name, const struct world_srv *srv)
{
	new_record(d, name)->srv = *srv;
}
