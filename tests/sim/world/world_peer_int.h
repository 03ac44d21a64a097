/* world_peer_int.h - what world_peer*.c and world_share.c share, and nobody else needs. */
#ifndef TAUT_WORLD_PEER_INT_H
#define TAUT_WORLD_PEER_INT_H

#include "world/world_peer.h"
#include "world/world_share.h"

void world_peer_resolved(void *user, uint64_t flow, const struct world_answer *answer);
void world_peer_answer(struct world_peer *p, const struct taut_io *io);
void world_peer_send(struct world_peer *p, const struct taut_datagram *d); /* a packet or a run */

/* world_peer_stream.c */
void world_peer_connect(struct world_peer *p, struct world_peer_flow *f, const struct taut_io *io);
void world_peer_listen(struct world_peer *p, struct world_peer_flow *f, const struct taut_io *io);
int world_peer_free_flow(struct world_peer *p); /* -1, and a failure: there is none */
/* How many octets go before a message on a stream. */
size_t world_peer_head(struct world_peer_flow *f, const uint8_t *data, size_t len);
void world_peer_disconnect(struct world_peer_flow *f);
void world_peer_write(struct world_peer_flow *f, const struct taut_datagram *d);

/* A datagram for that flow; what comes of it is not polled yet. */
void world_peer_recv(struct world_peer *p, int flow, const struct taut_addr *local,
		     const struct taut_addr *remote, uint8_t *data, size_t len);
taut_time world_peer_deadline(const struct world_peer *p);
void world_peer_tick(struct world_peer *p);
void world_peer_ifaces(struct world_peer *p);

/* How many were there before. */
size_t world_share_enter(struct world_share *s, struct world_peer *p);
uint16_t world_share_port(const struct world_share *s);
/* Is it of the shared port? A second socket on the same address has another. */
bool world_peer_shares(const struct world_peer *p, int flow);
/* The flow is open; again after each change of the fragment. */
void world_share_join(struct world_share *s, struct world_peer *p, int flow);
void world_share_leave(struct world_share *s, struct world_peer *p, int flow);
void world_share_sent(struct world_share *s, struct world_peer *p, int flow,
		      const struct taut_addr *to, const uint8_t *data, size_t len);

#endif
