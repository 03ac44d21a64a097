/* world_mdns.c - an mDNS responder as a simulated host: RFC 6762 sections 6 and 18.
 *
 * It answers single questions for A and AAAA from port 5353, by multicast, at
 * most once a second for each record. Not here: probing, announcing, goodbye. */
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "world/world_dns_wire.h"
#include "world/world_servers.h"

/* The question's name as text; false: not one plain question. */
static bool read_question(const uint8_t *data, size_t len, char name[DNS_NAME], uint16_t *type)
{
	struct rd r = rd_make(data, len);
	const struct dns_head h = world_dns_head(&r);

	if (h.flags & DNS_RESPONSE || h.questions != 1 || !world_dns_read_name(&r, name))
		return false;
	*type = rd_u16(&r);
	rd_u16(&r);
	return !r.bad;
}

static void answer(struct world_mdns *m, const struct taut_addr *local, const char *name,
		   const struct taut_addr *addr)
{
	const struct taut_addr group = world_addr("224.0.0.251", WORLD_MDNS_PORT);
	uint8_t out[512];
	struct wr w = wr_make(out, sizeof out);

	wr_u16(&w, 0);
	wr_u16(&w, 0x8400); /* a response, authoritative */
	wr_u16(&w, 0);
	wr_u16(&w, 1);
	wr_u32(&w, 0);
	world_dns_write_name(&w, name);
	wr_u16(&w, addr->family == 4 ? DNS_A : DNS_AAAA);
	wr_u16(&w, 0x8001); /* IN, cache flush */
	wr_u32(&w, 120);
	wr_u16(&w, addr->family == 4 ? 4 : 16);
	wr_bytes(&w, addr->ip, addr->family == 4 ? 4 : 16);
	m->answered++;
	world_send(m->world, m->host, local, &group, out, wr_len(&w));
}

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct world_mdns *m = user;
	char name[DNS_NAME];
	uint16_t type;

	/* local is the group; the answer needs an address of ours. */
	if (local->port != WORLD_MDNS_PORT || remote->port != WORLD_MDNS_PORT ||
	    !read_question(data, len, name, &type))
		return;
	for (size_t i = 0; i < m->count; i++) {
		uint16_t has = m->names[i].addr.family == 4 ? DNS_A : DNS_AAAA;
		if (!world_dns_same(m->names[i].name, name) || has != type)
			continue;
		for (int f = 0; f < m->world->iface_count; f++)
			if (m->world->ifaces[f].host == m->host &&
			    m->world->ifaces[f].addr.family == 4) {
				struct taut_addr from = m->world->ifaces[f].addr;
				from.port = WORLD_MDNS_PORT;
				answer(m, &from, name, &m->names[i].addr);
			}
	}
}

void world_mdns_add(struct world *w, struct world_mdns *m)
{
	static const struct world_host_ops ops = { .recv = on_packet };

	*m = (struct world_mdns){ .world = w };
	m->host = world_add_host(w, "mdns", &ops, m);
	w->hosts[m->host].multicast = true;
}

const char *world_mdns_name(struct world_mdns *m, const struct taut_addr *addr,
			    struct world_random *r)
{
	for (size_t i = 0; i < m->count; i++)
		if (tt_addr_eq_ip(&m->names[i].addr, addr))
			return m->names[i].name;
	if (m->count == WORLD_MDNS_NAMES)
		return NULL;
	snprintf(m->names[m->count].name, sizeof m->names[0].name,
		 "%08x-0000-4000-8000-%012llx.local", (unsigned)world_draw(r),
		 (unsigned long long)(world_draw(r) >> 16));
	m->names[m->count].addr = *addr;
	return m->names[m->count++].name;
}
