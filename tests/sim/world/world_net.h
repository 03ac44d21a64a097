/* world_net.h - how packets move: what world.c and world_net.c share, and nobody else needs. */
#ifndef TAUT_WORLD_NET_H
#define TAUT_WORLD_NET_H

#include "world/world.h"

void world_push(struct world *w, const struct world_event *event);
void world_packet_moves(struct world *w, const struct world_event *e);
void world_packet_drop(struct world_packet *p); /* one reference; NULL is fine */
void world_iface_flush(struct world_iface *f);

#endif
