/* link.h - what one direction of the bad link does to a packet. No descriptors, no clock. */
#ifndef IMPAIR_LINK_H
#define IMPAIR_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_MTU = 2048, LINK_QUEUE = 8192, LINK_TALKS = 256 };

struct link_rules {
	double loss, duplicate, reorder_share; /* percent */
	unsigned reorder;                      /* packets that overtake one that is held back */
	unsigned drop_dtls;                    /* datagrams of a handshake lost at its beginning */
	int64_t delay, jitter;                 /* microseconds */
	uint64_t seed;
};

struct link_stats {
	uint64_t udp_packets, udp_bytes, other_packets;
	uint64_t lost, duplicated, reordered, dtls_dropped, cut, overflowed;
};

struct link_packet {
	struct link_packet *next;
	int64_t due;
	unsigned behind; /* packets that must still pass it */
	size_t len;
	uint8_t data[LINK_MTU];
};

/* Two ends that speak DTLS: the first handshake datagram decides which direction counts. */
struct link_talk {
	uint8_t ends[2][18]; /* address and port, the smaller first */
	unsigned from, dropped;
};
struct link_talks {
	struct link_talk all[LINK_TALKS];
	size_t count;
};

struct link_dir {
	const struct link_rules *rules;
	struct link_talks *talks; /* shared by both directions */
	struct link_stats stats;
	uint64_t random;
	bool cut; /* nothing of UDP passes */
	struct link_packet *held, *queue; /* queue: by due */
	struct link_packet *last;         /* of the queue; with an empty one it says nothing */
	size_t waiting;
};

void link_init(struct link_dir *d, const struct link_rules *rules, struct link_talks *talks,
               unsigned which);
void link_free(struct link_dir *d);
/* An IP packet came in at now. */
void link_put(struct link_dir *d, int64_t now, const uint8_t *ip, size_t len);
/* The next packet to go out at now, freed by the caller; NULL: none yet. */
struct link_packet *link_take(struct link_dir *d, int64_t now);
int64_t link_due(const struct link_dir *d); /* when link_take has one; INT64_MAX: never */

#endif
