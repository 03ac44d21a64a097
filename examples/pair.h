/* pair.h - a call of two connections in one process, over loopback, for examples that are about
 * something else. Only the signaling is made up: what one describes, the other is given. */
#ifndef PAIR_H
#define PAIR_H

#include "expect.h"
#include "taut/loop.h"

enum { ADA, BOB };

/* Called with each event of who. */
typedef void (*pair_handler)(int who, const struct taut_event *ev);

struct pair {
	taut_loop *loop;
	taut_pc *pc[2];
	pair_handler handler;
};
extern struct pair pair;

/* Both have the codecs of libtaut-media and keys of a telephone. env may be NULL. */
void pair_open(const struct taut_env_config *env, pair_handler handler);
/* An offer of Ada's, and Bob's answer. Candidates follow by themselves. */
void pair_negotiate(void);
/* Until *done is not 0; a minute without it is a failure. */
void pair_run_until(const int *done);
/* Both end, and the loop. */
void pair_close(void);
taut_time pair_now(void);

#endif
