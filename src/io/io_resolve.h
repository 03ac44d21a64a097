/* io_resolve.h - getaddrinfo and look-ups of SRV records, which block, on a thread of their own.
 *
 * At most one helper thread per loop and TT_RESOLVE_MAX names waiting. The
 * thread ends when nothing waits. The loop may be freed while getaddrinfo
 * blocks: the thread then finds nobody to answer and frees what is left. */
#ifndef TAUT_IO_RESOLVE_H
#define TAUT_IO_RESOLVE_H

#include "io/io_post.h"
#include "io/io_srv.h"

enum { TT_RESOLVE_MAX = 64, TT_RESOLVE_ADDRS = 16, TT_RESOLVE_NAME = 256 };

struct tt_resolved {
	uint64_t key; /* as asked with */
	taut_flow flow;
	int os_errno; /* ENOENT: no such name; EAGAIN: the name servers do not answer */
	struct taut_addr found[TT_RESOLVE_ADDRS]; /* port 0 */
	size_t count;
	struct tt_srv_found srv[TT_SRV_MAX];
	size_t srv_count;
	bool is_srv;
	void *user;
};

/* Called on the loop's thread; r is lent. */
typedef void (*tt_resolve_done)(struct tt_resolved *r);

struct tt_resolver;
struct tt_resolver *tt_resolver_new(struct tt_post *post, tt_resolve_done done, void *user);
void tt_resolver_free(struct tt_resolver *rs); /* before the post queue is freed */
/* Calls done for what was answered since the last time; whether any was. On the loop's thread, whenever
 * post was woken. */
bool tt_resolver_deliver(struct tt_resolver *rs);
/* 0, or errno at once: ENAMETOOLONG, EBUSY (too many wait), ENOMEM, EAGAIN (no thread). */
int tt_resolver_ask(struct tt_resolver *rs, uint64_t key, taut_flow flow, const char *name);
int tt_resolver_ask_srv(struct tt_resolver *rs, uint64_t key, taut_flow flow, const char *name);

#endif
