/* world_link.h - one direction of one wire, and everything that wires do to packets.
 *
 * Zero is a perfect wire. Shares are per million. The link says what becomes of
 * a packet; the world carries it. Corruption and truncation spare what nothing
 * but the UDP checksum protects (DTLS in the clear, DNS): there the checksum
 * finds them, and the packet is lost. */
#ifndef TAUT_WORLD_LINK_H
#define TAUT_WORLD_LINK_H

#include "taut/taut.h"
#include "world/world_random.h"

enum { WORLD_LINK_COPIES = 2, WORLD_LINK_MTU = 65507 };

struct world_link_config {
	taut_time delay, jitter; /* microseconds; jitter is drawn from 0 to this and keeps order */
	uint64_t rate;           /* bit/s of IP packets; 0: any */
	taut_time queue; /* what the queue before it holds, as time at that rate; 0: 200 ms */
	uint32_t mtu;    /* longest UDP payload; longer ones vanish; 0: any */
	uint32_t loss;   /* independent */
	uint32_t to_bad, to_good, loss_bad; /* Gilbert-Elliott: per packet; loss_bad while bad */
	uint32_t duplicate, corrupt, truncate;
	uint32_t reorder;       /* share held back ... */
	unsigned reorder_depth; /* ... until so many others passed, drawn from 1 to this */
	const unsigned *drop;   /* exact packets, counted from 0, ascending */
	size_t drop_count;
};

struct world_link {
	struct world_link_config cfg;
	bool hole;            /* swallows everything */
	taut_time dead_until; /* likewise: an outage */
	taut_time free_at;    /* the wire is busy until then */
	taut_time last_at;    /* the latest arrival that kept order */
	bool bad;             /* Gilbert-Elliott */
	unsigned sent;        /* packets offered */
	uint64_t lost, passed, bytes;
};

/* What becomes of one copy of a packet. */
struct world_link_copy {
	taut_time at;
	unsigned behind; /* not before so many later packets have been offered, or HOLD is over */
	bool flip;       /* damage a bit or a few */
	size_t len;      /* cut to this */
};
#define WORLD_LINK_HOLD 100000

/* The copies that arrive, 0 to WORLD_LINK_COPIES. protected_: the content would show damage itself. */
size_t world_link_offer(struct world_link *l, struct world_random *r, taut_time now, size_t len,
			bool protected_, struct world_link_copy out[WORLD_LINK_COPIES]);

#endif
