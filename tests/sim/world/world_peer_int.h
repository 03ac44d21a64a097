/* world_peer_int.h - what world_peer.c and world_peer_io.c share, and nobody else needs. */
#ifndef TAUT_WORLD_PEER_INT_H
#define TAUT_WORLD_PEER_INT_H

#include "world/world_peer.h"

void world_peer_resolved(void *user, uint64_t flow, const struct world_answer *answer);
void world_peer_answer(struct world_peer *p, const struct taut_io *io);
void world_peer_send(struct world_peer *p, const struct taut_datagram *d); /* a packet or a run */

#endif
