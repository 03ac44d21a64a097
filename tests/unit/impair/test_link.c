/* The bad link of the interop tests: what it does to packets, in virtual time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "link.h"

enum { UDP = 17, TCP = 6, HEAD4 = 28, NUMBER_AT = 40 };

struct world {
	struct link_rules rules;
	struct link_talks talks;
	struct link_dir dir;
	int64_t now;
};

static void open_world(struct world *w, struct link_rules rules)
{
	*w = (struct world){ .rules = rules };
	if (w->rules.seed == 0)
		w->rules.seed = 1;
	link_init(&w->dir, &w->rules, &w->talks, 0);
}

static void close_world(struct world *w)
{
	link_free(&w->dir);
}

/* An IPv4 packet from .1 to .2, or back, with a number in it. */
static void put(struct world *w, uint8_t protocol, uint8_t port, bool back, uint8_t first,
                uint16_t number)
{
	uint8_t ip[100] = { 0x45, [9] = protocol, [12] = 10, [15] = 1, [16] = 10, [19] = 2 };

	if (back) {
		ip[15] = 2;
		ip[19] = 1;
	}
	ip[21] = ip[23] = port;
	ip[HEAD4] = first;
	ip[HEAD4 + 1] = 0xfe;
	ip[NUMBER_AT] = (uint8_t)(number >> 8);
	ip[NUMBER_AT + 1] = (uint8_t)number;
	link_put(&w->dir, w->now, ip, sizeof ip);
}

/* The number of the next packet that is out by now; -1: none. */
static int take(struct world *w)
{
	struct link_packet *p = link_take(&w->dir, w->now);

	if (!p)
		return -1;
	const int number = p->data[NUMBER_AT] << 8 | p->data[NUMBER_AT + 1];
	free(p);
	return number;
}

static void a_link_without_rules_passes_everything_in_order(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, (struct link_rules){ 0 });
	for (uint16_t i = 0; i < 100; i++)
		put(&w, i % 2 ? UDP : TCP, 9, false, 0, i);
	for (int i = 0; i < 100; i++)
		assert_int_equal(take(&w), i);
	assert_int_equal(take(&w), -1);
	close_world(&w);
}

static void tcp_and_mdns_pass_untouched(void **state)
{
	uint8_t ip[60] = { 0x45, [9] = UDP, [20] = 5353 >> 8, 5353 & 255, 5353 >> 8, 5353 & 255 };
	struct world w;
	(void)state;

	open_world(&w, (struct link_rules){ .loss = 100, .delay = 1000 });
	put(&w, UDP, 9, false, 0, 1);
	put(&w, TCP, 9, false, 0, 2);
	assert_int_equal(take(&w), 2);
	assert_int_equal(take(&w), -1);
	link_put(&w.dir, w.now, ip, sizeof ip);
	assert_int_equal(take(&w), 0);
	assert_int_equal(w.dir.stats.lost, 1);
	assert_int_equal(w.dir.stats.other_packets, 2);
	close_world(&w);
}

/* How many of 10000 came, how many twice, how many after a later one; a hash of the order. */
static void count(struct world *w, size_t *came, size_t *twice, size_t *late, uint64_t *hash)
{
	static uint8_t seen[10000];
	int newest = -1;

	memset(seen, 0, sizeof seen);
	*came = *twice = *late = 0;
	for (uint16_t i = 0; i < 10000; i++) {
		put(w, UDP, 9, false, 0, i);
		w->now += 100;
		for (int n; (n = take(w)) >= 0;) {
			*(seen[n]++ ? twice : came) += 1;
			*late += n < newest;
			newest = n > newest ? n : newest;
			*hash = *hash * 31 + (uint64_t)n;
		}
	}
}

static void shares_are_about_what_was_asked_for(void **state)
{
	struct world w;
	size_t came, twice, late;
	uint64_t hash = 0;
	(void)state;

	open_world(&w, (struct link_rules){ .loss = 5, .duplicate = 2, .reorder = 4,
	                                    .reorder_share = 10 });
	count(&w, &came, &twice, &late, &hash);
	assert_in_range(came, 9400, 9600);
	assert_in_range(twice, 140, 260);
	assert_in_range(late, 700, 1300);
	assert_int_equal(w.dir.stats.udp_packets, 10000);
	close_world(&w);
}

static void the_same_seed_does_the_same(void **state)
{
	uint64_t hash[3] = { 0 };
	size_t came, twice, late;
	(void)state;

	for (size_t i = 0; i < 3; i++) {
		struct world w;
		open_world(&w, (struct link_rules){ .loss = 5, .jitter = 500, .seed = i == 2 ? 8 : 7 });
		count(&w, &came, &twice, &late, &hash[i]);
		close_world(&w);
	}
	assert_true(hash[0] == hash[1]);
	assert_true(hash[0] != hash[2]);
}

static void a_packet_held_back_is_overtaken_by_as_many_as_told(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, (struct link_rules){ .reorder = 2, .reorder_share = 100 });
	put(&w, UDP, 9, false, 0, 0);
	w.rules.reorder_share = 0;
	for (uint16_t i = 1; i <= 3; i++)
		put(&w, UDP, 9, false, 0, i);
	assert_int_equal(take(&w), 1);
	assert_int_equal(take(&w), 2);
	assert_int_equal(take(&w), 0);
	assert_int_equal(take(&w), 3);
	close_world(&w);
}

static void nobody_waits_forever_to_be_overtaken(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, (struct link_rules){ .reorder = 2, .reorder_share = 100 });
	put(&w, UDP, 9, false, 0, 5);
	assert_int_equal(take(&w), -1);
	assert_true(link_due(&w.dir) > w.now);
	w.now = link_due(&w.dir);
	assert_int_equal(take(&w), 5);
	assert_true(link_due(&w.dir) == INT64_MAX);
	close_world(&w);
}

static void the_first_flight_of_each_dtls_client_is_lost(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, (struct link_rules){ .drop_dtls = 2 });
	put(&w, UDP, 9, false, 22, 1); /* ClientHello, in two datagrams */
	put(&w, UDP, 9, false, 22, 2);
	put(&w, UDP, 9, true, 22, 3);  /* the server's answer is none of it */
	put(&w, UDP, 9, false, 22, 4); /* again */
	put(&w, UDP, 9, false, 23, 5);
	put(&w, UDP, 7, false, 22, 6); /* another pair of ports */
	assert_int_equal(take(&w), 3);
	assert_int_equal(take(&w), 4);
	assert_int_equal(take(&w), 5);
	assert_int_equal(take(&w), -1);
	assert_int_equal(w.dir.stats.dtls_dropped, 3);
	close_world(&w);
}

static void a_cut_link_passes_no_udp_until_it_heals(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, (struct link_rules){ 0 });
	w.dir.cut = true;
	put(&w, UDP, 9, false, 0, 1);
	put(&w, TCP, 9, false, 0, 2);
	w.dir.cut = false;
	put(&w, UDP, 9, false, 0, 3);
	assert_int_equal(take(&w), 2);
	assert_int_equal(take(&w), 3);
	assert_int_equal(w.dir.stats.cut, 1);
	close_world(&w);
}

static void packets_of_any_length_harm_nobody(void **state)
{
	struct world w;
	(void)state;

	open_world(&w, (struct link_rules){ .drop_dtls = 1 });
	for (size_t len = 0; len <= LINK_MTU + 1; len++)
		for (uint8_t first = 0x40; first < 0x70; first++) {
			uint8_t *ip = calloc(1, len ? len : 1);
			ip[0] = first;
			if (len > 9) {
				ip[6] = first < 0x60 ? 0 : UDP;
				ip[9] = UDP;
			}
			link_put(&w.dir, w.now, ip, len);
			free(ip);
			while (take(&w) >= 0) {
			}
		}
	close_world(&w);
}

static void packets_leave_after_the_delay_and_within_the_jitter(void **state)
{
	enum { PACKETS = 500, APART = 100, DELAY = 2000, JITTER = 3000 };
	bool back[PACKETS] = { false };
	struct world w;
	int left = PACKETS, before = -1, overtaken = 0;
	(void)state;

	open_world(&w, (struct link_rules){ .delay = DELAY, .jitter = JITTER });
	for (int sent = 0; left > 0; w.now += APART) {
		if (sent < PACKETS)
			put(&w, UDP, 9, false, 0, (uint16_t)sent++);
		for (int n; link_due(&w.dir) <= w.now; left--, before = n) {
			assert_true(w.now - link_due(&w.dir) < APART); /* none waits behind another */
			n = take(&w);
			assert_in_range(n, 0, PACKETS - 1);
			const int64_t took = w.now - (int64_t)n * APART;
			assert_in_range(took, DELAY, DELAY + JITTER + APART);
			assert_false(back[n]);
			back[n] = true;
			overtaken += n < before;
		}
		assert_true(w.now < (PACKETS + 1) * APART + DELAY + JITTER);
	}
	assert_true(overtaken > 50);
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_without_rules_passes_everything_in_order),
		cmocka_unit_test(tcp_and_mdns_pass_untouched),
		cmocka_unit_test(shares_are_about_what_was_asked_for),
		cmocka_unit_test(the_same_seed_does_the_same),
		cmocka_unit_test(a_packet_held_back_is_overtaken_by_as_many_as_told),
		cmocka_unit_test(nobody_waits_forever_to_be_overtaken),
		cmocka_unit_test(the_first_flight_of_each_dtls_client_is_lost),
		cmocka_unit_test(a_cut_link_passes_no_udp_until_it_heals),
		cmocka_unit_test(packets_of_any_length_harm_nobody),
		cmocka_unit_test(packets_leave_after_the_delay_and_within_the_jitter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
