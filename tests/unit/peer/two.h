/* two.h - two connections in one environment, without a network, that tell each other their
 * descriptions. The test defines new_pc, which makes one of them. */
#ifndef TAUT_TEST_PEER_TWO_H
#define TAUT_TEST_PEER_TWO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "taut/taut.h"

struct two {
	taut_env *env;
	taut_pc *a, *b;
};

static taut_pc *new_pc(taut_env *env);

static inline int set_up(void **state)
{
	struct two *t = calloc(1, sizeof *t);

	assert_int_equal(taut_env_new(&t->env, NULL), TAUT_OK);
	t->a = new_pc(t->env);
	t->b = new_pc(t->env);
	*state = t;
	return 0;
}

static inline int tear_down(void **state)
{
	struct two *t = *state;

	taut_pc_free(t->a);
	taut_pc_free(t->b);
	assert_int_equal(taut_env_free(t->env), TAUT_OK);
	free(t);
	return 0;
}

static inline taut_channel add_channel(taut_pc *pc)
{
	taut_channel ch;

	assert_int_equal(taut_pc_create_data_channel(pc, 1, NULL, &ch), TAUT_OK);
	return ch;
}

static inline const char *local(taut_pc *pc)
{
	int err = taut_pc_set_local_description(pc, 1, 0, NULL, 0);

	if (err)
		print_error("%s\n", taut_pc_error(pc)->message);
	assert_int_equal(err, TAUT_OK);
	return taut_pc_local_description(pc, NULL);
}

static inline int remote(taut_pc *pc, uint32_t type, const char *sdp)
{
	return taut_pc_set_remote_description(pc, 1, type, sdp, strlen(sdp));
}

static inline void take(taut_pc *pc, uint32_t type, const char *sdp)
{
	int err = remote(pc, type, sdp);

	if (err)
		print_error("%s\n%s", taut_pc_error(pc)->message, sdp);
	assert_int_equal(err, TAUT_OK);
}

static inline void negotiate(taut_pc *from, taut_pc *to)
{
	take(to, TAUT_SDP_OFFER, local(from));
	take(from, TAUT_SDP_ANSWER, local(to));
}

static inline unsigned count(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what))
		n++;
	return n;
}

#endif
