/* test_cycles.c - connections that come and go in the same two environments: connect, carry, close, and again. What is
 * out afterwards, of taut's memory and of OpenSSL's, is no more than after the first few.
 *
 *     test_sim_cycles [CYCLES]     100 without being told; ./dev cycles has 10,000 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/crypto.h>

#include "peer/pc.h"
#include "sim/sim_pair.h"

enum { MS = 1000, SECOND = 1000000, LEN = 60000, FIRST = 10 };

static unsigned long cycles = 100;

/* ---- what OpenSSL has out ---- */

static struct {
	size_t bytes, most;
} openssl;

union header {
	size_t len;
	max_align_t align;
};

static void *count_realloc(void *p, size_t len, const char *file, int line)
{
	union header *old = p ? (union header *)p - 1 : NULL;
	const size_t before = old ? old->len : 0;

	(void)file, (void)line;
	if (len == 0) {
		openssl.bytes -= before;
		free(old);
		return NULL;
	}
	union header *h = realloc(old, sizeof *h + len);
	if (!h)
		return NULL;
	h->len = len;
	openssl.bytes += len - before;
	openssl.most = openssl.bytes > openssl.most ? openssl.bytes : openssl.most;
	return h + 1;
}

static void *count_malloc(size_t len, const char *file, int line)
{
	return count_realloc(NULL, len, file, line);
}

static void count_free(void *p, const char *file, int line)
{
	(void)count_realloc(p, 0, file, line);
}

/* ---- a cycle ---- */

static struct {
	struct pair p;
	unsigned opened, echoed, gone, channels;
} w;

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	if (ev->type == TAUT_EV_OPEN)
		w.opened++;
	if (ev->type == TAUT_EV_MESSAGE && i == 1)
		assert_int_equal(taut_pc_send_message(p->peers[i].pc, p->sim.now, ev->channel, true,
						      ev->data, ev->len),
				 TAUT_OK);
	w.echoed += ev->type == TAUT_EV_MESSAGE && i == 0;
	w.gone += ev->type == TAUT_EV_CONNECTION_STATE && ev->number == TAUT_STATE_CLOSED;
}

static bool are_open(struct pair *p)
{
	(void)p;
	return w.opened == 2 * w.channels;
}

static bool has_echoed(struct pair *p)
{
	(void)p;
	return w.echoed == w.channels;
}

static bool is_gone(struct pair *p)
{
	(void)p;
	return w.gone > 0;
}

/* Some say goodbye, and some are just gone: then the other end is freed with all it has. */
static void connect_carry_and_close(unsigned long n)
{
	static const uint8_t message[LEN];
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "x" };
	taut_channel ch[3];

	w.opened = w.echoed = w.gone = 0;
	w.channels = 1 + (unsigned)(n % 3);
	for (unsigned k = 0; k < w.channels; k++)
		assert_int_equal(
			taut_pc_create_data_channel(w.p.peers[0].pc, w.p.sim.now, &init, &ch[k]),
			TAUT_OK);
	assert_true(pair_run(&w.p, 10 * SECOND, are_open));
	for (unsigned k = 0; k < w.channels; k++)
		assert_int_equal(taut_pc_send_message(w.p.peers[0].pc, w.p.sim.now, ch[k], true,
						      message, LEN),
				 TAUT_OK);
	if (n % 4 == 3) /* what it had under way goes with it */
		return;
	assert_true(pair_run(&w.p, 10 * SECOND, has_echoed));
	assert_int_equal(taut_pc_close(w.p.peers[n % 2].pc, w.p.sim.now), TAUT_OK);
	assert_true(pair_run(&w.p, 10 * SECOND, is_gone));
}

struct out {
	size_t taut, openssl;
	long blocks;
};

static struct out what_is_out(const struct pair_memory *memory)
{
	return (struct out){ w.p.peers[0].env->base.memory + w.p.peers[1].env->base.memory,
			     openssl.bytes, memory->outstanding };
}

static void memory_is_flat_over_many_connections(void **state)
{
	static const struct sim_link calm = { .delay = 10 * MS };
	struct pair_memory memory = { .fail_at = -1 };
	struct out first = { 0 }, most = { 0 };
	size_t most_while = 0, first_while = 0;

	(void)state;
	assert_true(pair_init_with(&w.p, 9, &calm, on_event, NULL, &memory));
	for (unsigned long n = 0; n < cycles; n++) {
		connect_carry_and_close(n);
		pair_again(&w.p); /* and is new: as much as when the first was */
		const struct out now = what_is_out(&memory);
		most.taut = now.taut > most.taut ? now.taut : most.taut;
		most.openssl = now.openssl > most.openssl ? now.openssl : most.openssl;
		most.blocks = now.blocks > most.blocks ? now.blocks : most.blocks;
		most_while = openssl.most > most_while ? openssl.most : most_while;
		if (n + 1 == FIRST) {
			first = most;
			first_while = most_while;
		}
	}
	print_message("cycles=%lu taut_bytes_first=%zu taut_bytes_most=%zu taut_blocks_first=%ld "
		      "taut_blocks_most=%ld openssl_bytes_first=%zu openssl_bytes_most=%zu "
		      "openssl_peak_first=%zu openssl_peak=%zu\n",
		      cycles, first.taut, most.taut, first.blocks, most.blocks, first.openssl,
		      most.openssl, first_while, most_while);
	assert_true(cycles > FIRST);
	assert_in_range(most.taut, 1, first.taut);
	assert_in_range(most.blocks, 1, first.blocks);
	assert_in_range(most.openssl, 1, first.openssl);
	pair_free(&w.p);
	assert_int_equal(memory.outstanding, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_flat_over_many_connections),
	};

	if (argc > 1)
		cycles = strtoul(argv[1], NULL, 10);
	if (!CRYPTO_set_mem_functions(count_malloc, count_realloc, count_free))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
