/* world_stun.c - a STUN server as a simulated host: RFC 8489 section 6.3.1, RFC 5780 section 6. */
#include "base/addr.h"
#include "stun/stun.h"
#include "world/world_servers.h"

/* RFC 5780 section 7.2: it is known to servers of that kind alone. */
static uint32_t change_asked(const struct tt_stun_msg *m, const uint8_t *data, size_t len)
{
	struct span v;

	if (m->unknown_count != 1 || m->unknown[0] != TT_STUN_CHANGE_REQUEST ||
	    !tt_stun_find(data, len, TT_STUN_CHANGE_REQUEST, &v) || v.len != 4)
		return 0;
	return v.p[3];
}

static struct taut_addr other_than(const struct world_stun *s, const struct taut_addr *local,
				   uint32_t change)
{
	struct taut_addr a = *local;

	if (change & TT_STUN_CHANGE_ADDRESS)
		a = s->both[tt_addr_eq_ip(local, &s->both[0])];
	a.port = local->port;
	if (change & TT_STUN_CHANGE_PORT)
		a.port = local->port == WORLD_STUN_PORT ? WORLD_STUN_OTHER_PORT : WORLD_STUN_PORT;
	return a;
}

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct world_stun *s = user;
	struct tt_stun_msg m;
	uint8_t out[128];
	struct wr w = wr_make(out, sizeof out);
	const bool two = s->both[0].family != 0;

	if (s->silent ||
	    !(local->port == WORLD_STUN_PORT || (two && local->port == WORLD_STUN_OTHER_PORT)) ||
	    tt_stun_read(&m, data, len) != TT_STUN_OK || m.cls != TT_STUN_REQUEST ||
	    m.method != TT_STUN_BINDING)
		return;
	const uint32_t change = two ? change_asked(&m, data, len) : 0;
	if (m.unknown_count > 0 && change == 0)
		return;
	const struct taut_addr from = other_than(s, local, change),
			       other = other_than(s, local,
						  TT_STUN_CHANGE_ADDRESS | TT_STUN_CHANGE_PORT);
	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, m.tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, remote);
	if (two)
		tt_stun_put_addr(&w, TT_STUN_OTHER_ADDRESS, &other);
	tt_stun_put_fingerprint(&w);
	s->answered++;
	world_send(s->world, s->host, &from, remote, out, tt_stun_finish(&w));
}

void world_stun_add(struct world *w, struct world_stun *s)
{
	static const struct world_host_ops ops = { .recv = on_packet };

	*s = (struct world_stun){ .world = w };
	s->host = world_add_host(w, "stun", &ops, s);
}
