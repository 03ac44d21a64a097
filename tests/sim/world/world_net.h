/* world_net.h - how packets move: what world.c and world_net.c share, and nobody else needs. */
#ifndef TAUT_WORLD_NET_H
#define TAUT_WORLD_NET_H

#include "world/world.h"

/* world_send for either kind of packet. */
int world_send_packet(struct world *w, int host, const struct taut_addr *from,
		      const struct taut_addr *to, const void *data, size_t len, bool tcp);

void world_push(struct world *w, const struct world_event *event);
void world_packet_moves(struct world *w, const struct world_event *e);
void world_packet_drop(struct world_packet *p); /* one reference; NULL is fine */
void world_iface_flush(struct world_iface *f);

#endif
