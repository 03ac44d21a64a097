/* world_stun.c - a STUN server as a simulated host: RFC 8489 section 6.3.1. */
#include "stun/stun.h"
#include "world/world_servers.h"

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct world_stun *s = user;
	struct tt_stun_msg m;
	uint8_t out[128];
	struct wr w = wr_make(out, sizeof out);

	if (s->silent || local->port != WORLD_STUN_PORT ||
	    tt_stun_read(&m, data, len) != TT_STUN_OK || m.cls != TT_STUN_REQUEST ||
	    m.method != TT_STUN_BINDING || m.unknown_count > 0)
		return;
	tt_stun_begin(&w, TT_STUN_SUCCESS, TT_STUN_BINDING, m.tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, remote);
	tt_stun_put_fingerprint(&w);
	s->answered++;
	world_send(s->world, s->host, local, remote, out, tt_stun_finish(&w));
}

void world_stun_add(struct world *w, struct world_stun *s)
{
	static const struct world_host_ops ops = { .recv = on_packet };

	*s = (struct world_stun){ .world = w };
	s->host = world_add_host(w, "stun", &ops, s);
}
