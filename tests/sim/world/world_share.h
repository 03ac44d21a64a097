/* world_share.h - a host whose connections share one UDP port, as TAUT_LOOP_ONE_SOCKET has it.
 *
 * Whose a datagram is says src/io/io_route.c, as in the real loop. The peers are of world_peer.h;
 * each names the share in its configuration instead of getting a host of its own. */
#ifndef TAUT_WORLD_SHARE_H
#define TAUT_WORLD_SHARE_H

#include "world/world.h"

enum { WORLD_SHARE_PEERS = 16 };

struct world_share;

/* The host has no interface yet. */
struct world_share *world_share_new(struct world *w, const char *name, uint16_t port);
int world_share_host(const struct world_share *s);
uint64_t world_share_nobodys(const struct world_share *s); /* datagrams for none of them */
void world_share_free(struct world_share *s);              /* its peers have been freed */

#endif
