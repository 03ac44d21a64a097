/* path.h - one or several SCTP associations over a path with a bottleneck, in virtual time.
 *
 * Senders on the left, receivers on the right, one link each way: a rate, which may change once, a queue before it that drops
 * what it has no room for, a delay, some of it drawn for each packet, and packets lost at random behind it; in order.
 * Acknowledgements go back over a link of the same kind that loses nothing. The same seed gives the same run. */
#ifndef TAUT_SIM_PATH_H
#define TAUT_SIM_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sctp/sctp.h"

#define PATH_FLOWS 8

struct path_flow {
	uint32_t control; /* TAUT_CC_ */
	taut_time begins; /* connects then */
	taut_time
		pings; /* beside its bulk, a small message on another stream each so often; 0: none */
	size_t ping; /* bytes of it; 0: 4 */
	bool no_bulk;
	size_t message, waiting; /* of the bulk: bytes, 0: 65,536; how many wait at any time, 0: 4 */
};

struct path_setting {
	uint64_t seed;
	uint64_t rate; /* bytes a second of the link, headers of UDP/IPv4, DTLS and SCTP included */
	size_t queue;  /* bytes */
	taut_time rtt; /* both ways together, without the queue */
	taut_time jitter; /* each way, up to so much more, but for order */
	uint64_t later_rate; /* from later on; 0: as before */
	taut_time later;
	uint32_t loss; /* per million, of what is sent to the right */
	taut_time lasts, from; /* measured from then to the end */
	bool whole_messages;   /* DATA: they are not interleaved, RFC 8260 */
	bool short_packets;    /* they never grow: more of them, and more gaps, in the same bytes */
	size_t window;         /* of the receiver, bytes; 0: as it is without being asked */
	struct path_flow flows[PATH_FLOWS];
	size_t flow_count;
};

struct path_result {
	uint64_t bytes;                   /* of messages delivered while it was measured */
	double goodput;                   /* of them, bytes a second */
	double queued;                    /* the bottleneck's queue, on average over time, bytes */
	uint64_t dropped;                 /* by the queue, all flows */
	taut_time ping_median, ping_most; /* one way up and an answer back; -1: none */
	size_t pings;                     /* answered while it was measured */
	struct tt_sctp_counters counters;
};

/* One result for each flow. False: no memory. */
bool path_run(const struct path_setting *s, struct path_result *out);

#endif
