/* turn_bench.h - a TURN client and a server by hand, for the tests of both. */
#ifndef TAUT_TEST_TURN_BENCH_H
#define TAUT_TEST_TURN_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/num.h"
#include "stun/stun_client.h"
#include "stun/turn_client.h"

#define SECOND INT64_C(1000000)

enum { CAP = 1500, ALLOWED = 1 << 20 };

/* The client, its environment, and the last request it made. */
struct bench {
	struct tt_env env;
	long allowed; /* allocations before memory fails */
	bool no_random;
	uint64_t seed;
	taut_time now;
	struct tt_turn *t;
	uint8_t pkt[CAP];
	size_t len;
	struct tt_stun_msg m;
	/* of the server */
	enum tt_stun_algorithm algorithm; /* its key's */
	bool strong, unsigned_answers, wrong_mac;
	struct taut_addr from;
};

static inline void *take(void *ctx, void *p, size_t size)
{
	struct bench *b = ctx;

	if (size == 0) {
		free(p);
		return NULL;
	}
	return b->allowed-- > 0 ? realloc(p, size) : NULL;
}

static inline int draw(void *ctx, void *out, size_t len)
{
	struct bench *b = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		b->seed = b->seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(b->seed >> 56);
	}
	return b->no_random ? -1 : 0;
}

static inline struct taut_addr addr(const char *ip, uint16_t port)
{
	struct taut_addr a;

	assert_true(tt_addr_parse_ip(&a, ip, strlen(ip)));
	a.port = port;
	return a;
}

static inline struct tt_turn_config usual(void)
{
	return (struct tt_turn_config){ .server = addr("203.0.113.2", 3478),
					.user = "ada",
					.password = "lovelace",
					.ipv4 = true,
					.ipv6 = true };
}

static inline void prepare(struct bench *b)
{
	*b = (struct bench){ .allowed = ALLOWED, .now = 5 * SECOND, .algorithm = TT_STUN_MD5 };
	tt_env_init(&b->env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							.realloc = take,
							.random = draw,
							.ctx = b });
	b->from = addr("203.0.113.2", 3478);
}

static inline void begin(struct bench *b)
{
	const struct tt_turn_config cfg = usual();

	prepare(b);
	assert_int_equal(tt_turn_new(&b->t, &b->env, &cfg, b->now), TAUT_OK);
}

static inline void end(struct bench *b)
{
	tt_turn_free(b->t);
	assert_int_equal(b->env.memory, 0);
}

/* The next request, which has to be there. */
static inline void asks(struct bench *b, uint16_t method)
{
	b->len = tt_turn_poll_send(b->t, b->now, b->pkt, sizeof b->pkt);
	assert_true(b->len > 0);
	assert_int_equal(tt_stun_read(&b->m, b->pkt, b->len), TT_STUN_OK);
	assert_int_equal(b->m.cls, TT_STUN_REQUEST);
	assert_int_equal(b->m.method, method);
}

static inline void is_quiet(struct bench *b)
{
	uint8_t buf[CAP];

	assert_int_equal(tt_turn_poll_send(b->t, b->now, buf, sizeof buf), 0);
}

/* ---- the server ---- */

static uint8_t answer[CAP];
static struct wr w;

static inline void reply(const struct bench *b, enum tt_stun_class cls)
{
	w = wr_make(answer, sizeof answer);
	tt_stun_begin(&w, cls, b->m.method, b->m.tid);
}

static inline void sign(struct bench *b)
{
	struct tt_stun_key k;

	assert_true(tt_stun_key_long_term(&k, b->algorithm, span_of("ada"), span_of("example"),
					  span_of("lovelace")));
	if (b->strong)
		tt_stun_put_integrity_sha256(&w, &k);
	else
		tt_stun_put_integrity(&w, &k);
	tt_stun_key_free(&k);
	answer[w.off - 1] ^= b->wrong_mac;
}

static inline enum tt_turn_came sent(struct bench *b)
{
	struct tt_turn_data data;

	return tt_turn_recv(b->t, b->now, &b->from, answer, tt_stun_finish(&w), &data);
}

static inline enum tt_turn_came answered(struct bench *b)
{
	if (!b->unsigned_answers)
		sign(b);
	return sent(b);
}

static inline void put_text(uint16_t type, const char *text)
{
	tt_stun_put(&w, type, text, strlen(text));
}

static inline enum tt_turn_came challenged(struct bench *b, uint16_t code, const char *nonce)
{
	reply(b, TT_STUN_ERROR);
	tt_stun_put_error(&w, code, "");
	put_text(TT_STUN_REALM, "example");
	put_text(TT_STUN_NONCE, nonce);
	return sent(b);
}

static inline enum tt_turn_came refused(struct bench *b, uint16_t code)
{
	reply(b, TT_STUN_ERROR);
	tt_stun_put_error(&w, code, "");
	return answered(b);
}

static inline enum tt_turn_came fine(struct bench *b)
{
	reply(b, TT_STUN_SUCCESS);
	return answered(b);
}

static inline enum tt_turn_came granted(struct bench *b, uint32_t lifetime)
{
	const struct taut_addr relayed = addr("203.0.113.2", 50000),
			       relayed6 = addr("2001:db8::2", 50001),
			       mapped = addr("198.51.100.7", 4000);

	reply(b, TT_STUN_SUCCESS);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &relayed);
	tt_stun_put_addr(&w, TT_STUN_XOR_RELAYED_ADDRESS, &relayed6);
	tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &mapped);
	tt_stun_put_u32(&w, TT_STUN_LIFETIME, lifetime);
	return answered(b);
}

/* Up to where it has shown its credentials. */
static inline void log_in(struct bench *b)
{
	begin(b);
	asks(b, TT_TURN_ALLOCATE);
	assert_int_equal(challenged(b, 401, "n1"), TT_TURN_TAKEN);
	asks(b, TT_TURN_ALLOCATE);
}

static inline void allocate(struct bench *b)
{
	log_in(b);
	assert_int_equal(granted(b, 600), TT_TURN_TAKEN);
	assert_int_equal(tt_turn_state(b->t), TT_TURN_ALLOCATED);
}

static inline void is_over(struct bench *b, uint16_t code, const char *why)
{
	assert_int_equal(tt_turn_state(b->t), TT_TURN_OVER);
	assert_int_equal(tt_turn_error(b->t), code);
	assert_non_null(strstr(tt_turn_why(b->t), why));
	is_quiet(b);
	assert_true(tt_turn_due(b->t) == INT64_MAX && tt_turn_deadline(b->t) == INT64_MAX);
	tt_turn_tick(b->t, b->now + SECOND); /* and stays so */
	tt_turn_release(b->t, b->now);
	is_quiet(b);
}

#endif
