/* wraps: res_nquery __res_ninit */
/* SRV records of DNS answers, read out of bytes that anybody may have sent; and the question, to a system that says what
 * it is told to say. RFC 2782, RFC 1035 section 4. */
#define _GNU_SOURCE
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <stdlib.h>
#include <string.h>

#include "base/wr.h"
#include "io/io_resolve.h"

static struct {
	uint8_t msg[4096];
	size_t len;
	int longer;     /* than what it has room for */
	int h_errno_is; /* 0: it answers */
	char asked[300];
} sys;

int __wrap_res_nquery(res_state state, const char *name, int cls, int type, unsigned char *out,
		      int cap);
int __wrap_res_nquery(res_state state, const char *name, int cls, int type, unsigned char *out,
		      int cap)
{
	assert_int_equal(cls, 1);
	assert_int_equal(type, 33);
	assert_true((size_t)cap >= sys.len);
	(void)strncpy(sys.asked, name, sizeof sys.asked - 1);
	state->res_h_errno = sys.h_errno_is;
	if (sys.h_errno_is)
		return -1;
	memcpy(out, sys.msg, sys.len);
	return (int)sys.len + sys.longer;
}

static bool no_state;

int __real___res_ninit(res_state state);
int __wrap___res_ninit(res_state state);
int __wrap___res_ninit(res_state state)
{
	return no_state ? -1 : __real___res_ninit(state);
}

static void put_head(struct wr *w, uint16_t flags, uint16_t questions, uint16_t answers)
{
	static const uint8_t name[] = "\5_turn\4_udp\7example\3net"; /* at 12 */

	*w = wr_make(sys.msg, sizeof sys.msg);
	wr_u16(w, 1);
	wr_u16(w, flags);
	wr_u16(w, questions);
	wr_u16(w, answers);
	wr_u32(w, 0);
	for (uint16_t i = 0; i < questions; i++) {
		wr_bytes(w, name, sizeof name);
		wr_u16(w, 33);
		wr_u16(w, 1);
	}
}

static void put_record(struct wr *w, uint16_t type, uint16_t cls, uint16_t priority,
		       const void *target, size_t len)
{
	wr_u16(w, 0xc00c);
	wr_u16(w, type);
	wr_u16(w, cls);
	wr_u32(w, 60);
	wr_u16(w, (uint16_t)(6 + len));
	wr_u16(w, priority);
	wr_u16(w, 2);
	wr_u16(w, 3478);
	wr_bytes(w, target, len);
}

static size_t read_all(const struct wr *w, struct tt_srv_found out[TT_SRV_MAX])
{
	uint8_t *exact = malloc(wr_len(w)); /* of its length, so that nothing behind it is read */

	assert_non_null(exact);
	memcpy(exact, sys.msg, wr_len(w));
	const size_t n = tt_srv_read(out, exact, wr_len(w));
	free(exact);
	return n;
}

#define A "\1a\7example\3net"

static void records_are_read_with_their_targets(void **state)
{
	struct tt_srv_found found[TT_SRV_MAX];
	struct wr w;

	(void)state;
	put_head(&w, 0x8180, 1, 4);
	put_record(&w, 33, 1, 10, A, sizeof A);
	put_record(&w, 5, 1, 11, A, sizeof A);       /* of another type: passed over */
	put_record(&w, 33, 1, 20, "\1b\xc0\x17", 4); /* compressed, which RFC 2782 has not */
	put_record(&w, 33, 1, 0, "", 1);             /* the root */
	assert_int_equal(read_all(&w, found), 3);
	assert_string_equal(found[0].target, "a.example.net");
	assert_int_equal(found[0].priority, 10);
	assert_int_equal(found[0].weight, 2);
	assert_int_equal(found[0].port, 3478);
	assert_string_equal(found[1].target, "b.example.net");
	assert_int_equal(found[1].priority, 20);
	assert_string_equal(found[2].target, "");
}

static void what_is_no_answer_has_no_records(void **state)
{
	static const struct {
		uint16_t flags, questions;
	} rows[] = { { 0x0180, 1 }, { 0x8183, 1 }, { 0x8182, 1 }, { 0x8180, 3 } };
	struct tt_srv_found found[TT_SRV_MAX];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put_head(&w, rows[i].flags, 1, 1);
		sys.msg[5] = (uint8_t)rows[i].questions;
		put_record(&w, 33, 1, 10, A, sizeof A);
		assert_int_equal(read_all(&w, found), 0);
	}
	put_head(&w, 0x8180, 1, 1);
	put_record(&w, 33, 3, 10, A, sizeof A); /* CHAOS */
	assert_int_equal(read_all(&w, found), 0);
}

static void a_target_that_is_none_is_left_out(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} rows[] = {
		{ "\3a b\0", 5 },
		{ "\3a.b\0", 5 },
		{ "\1\377\0", 3 },
		{ A "x", sizeof A + 1 },
		{ "\xc0\xff", 2 },
		{ "\xc0\x4e", 2 },
		/* to the next target */ { "\xc0\x33", 2 },
		{ "\x40\x0c", 2 },
		{ "\x80\x0c", 2 }, /* as if they pointed */
		{ "\x40\1\0", 3 },
		{ "\x80\1\0", 3 },
		{ "\5ab", 3 },
		{ "\xc0", 1 },
		{ "", 0 },
	};
	struct tt_srv_found found[TT_SRV_MAX];
	struct wr w;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put_head(&w, 0x8180, 1, 2);
		put_record(&w, 33, 1, 10, rows[i].bytes, rows[i].len);
		put_record(&w, 33, 1, 11, A, sizeof A);
		const size_t n = read_all(&w, found);
		assert_int_equal(n, 1);
		assert_int_equal(found[0].priority, 11);
	}
	/* 255 octets with their lengths are the most: 3 labels of 63, one of 61; one of 62 is too much. */
	for (uint8_t last = 61; last <= 62; last++) {
		char name[300];
		memset(name, 'a', sizeof name);
		name[0] = name[64] = name[128] = 63;
		name[192] = (char)last;
		name[192 + 1 + last] = '\0';
		put_head(&w, 0x8180, 1, 1);
		put_record(&w, 33, 1, 10, name, 192 + 2u + last);
		assert_int_equal(read_all(&w, found), last == 61);
		if (last == 61)
			assert_int_equal(strlen(found[0].target), 253);
	}
}

static void pointers_end(void **state)
{
	struct tt_srv_found found[TT_SRV_MAX];
	uint8_t chain[40];
	struct wr w;

	(void)state;
	/* Of a record that means nothing: pointers, the first to the question, each other one to the one before. */
	for (uint8_t i = 0; i < 20; i++) {
		chain[2 * i] = 0xc0;
		chain[2 * i + 1] = (uint8_t)(i > 0 ? 58 + 2 * (i - 1) : 12);
	}
	for (uint8_t k = 14; k <= 15; k++) { /* 16 are followed, 17 are not */
		const uint8_t target[2] = { 0xc0, (uint8_t)(58 + 2 * k) };
		put_head(&w, 0x8180, 1, 2);
		put_record(&w, 16, 1, 0, chain, sizeof chain);
		put_record(&w, 33, 1, 10, target, 2);
		assert_int_equal(read_all(&w, found), k == 14);
		if (k == 14)
			assert_string_equal(found[0].target, "_turn._udp.example.net");
	}
}

static void all_that_a_host_s_name_may_have_is_taken_and_nothing_beside_it(void **state)
{
	struct tt_srv_found found[TT_SRV_MAX];
	struct wr w;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const uint8_t target[] = { 1, (uint8_t)c, 0 };
		const bool taken = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				   (c >= '0' && c <= '9') || c == '-' || c == '_';
		put_head(&w, 0x8180, 1, 1);
		put_record(&w, 33, 1, 10, target, sizeof target);
		assert_int_equal(read_all(&w, found), taken);
	}
}

static void what_is_behind_the_answers_does_not_count(void **state)
{
	struct tt_srv_found found[TT_SRV_MAX];
	struct wr w;

	(void)state;
	put_head(&w, 0x8180, 1, 1);
	put_record(&w, 33, 1, 10, A, sizeof A);
	put_record(&w, 33, 1, 11, A, sizeof A);
	assert_int_equal(read_all(&w, found), 1);
	/* One that ends before its target does, and the message with it. */
	put_head(&w, 0x8180, 1, 1);
	put_record(&w, 33, 1, 10, A, sizeof A);
	w.off = 52 + 4;
	sys.msg[51] = 4;
	assert_int_equal(read_all(&w, found), 0);
	/* A record that is longer than what is left, and more of them that are said to come. */
	put_head(&w, 0x8180, 1, 3);
	put_record(&w, 33, 1, 10, A, sizeof A);
	sys.msg[51] += 1;
	assert_int_equal(read_all(&w, found), 0);
}

static void there_is_a_ceiling_of_records(void **state)
{
	struct tt_srv_found found[TT_SRV_MAX];
	struct wr w;

	(void)state;
	put_head(&w, 0x8180, 1, 40);
	for (uint16_t i = 0; i < 40; i++)
		put_record(&w, 33, 1, i, A, sizeof A);
	assert_int_equal(read_all(&w, found), TT_SRV_MAX);
	assert_int_equal(found[TT_SRV_MAX - 1].priority, TT_SRV_MAX - 1);
}

static void each_truncation_gives_less_and_reads_no_further(void **state)
{
	struct tt_srv_found found[TT_SRV_MAX];
	struct wr w;
	size_t before = 0;

	(void)state;
	put_head(&w, 0x8180, 1, 3);
	for (uint16_t i = 0; i < 3; i++)
		put_record(&w, 33, 1, i, A, sizeof A);
	for (size_t len = 0; len <= wr_len(&w); len++) {
		struct wr part = w;
		part.off = len;
		const size_t n = read_all(&part, found);
		assert_in_range(n, before, 3);
		before = n;
	}
	assert_int_equal(before, 3);
	for (size_t i = 0; i < wr_len(&w); i++)
		for (int bit = 0; bit < 8; bit++) {
			sys.msg[i] ^= (uint8_t)(1 << bit);
			assert_in_range(read_all(&w, found), 0, 3);
			sys.msg[i] ^= (uint8_t)(1 << bit);
		}
}

/* ---- the question ---- */

struct world {
	struct tt_post post;
	struct tt_resolved last;
	bool answered;
};

static void on_resolved(struct tt_resolved *r)
{
	struct world *w = r->user;

	w->last = *r;
	w->answered = true;
}

static void ask(struct world *w)
{
	*w = (struct world){ 0 };
	assert_int_equal(tt_post_init(&w->post), 0);
	struct tt_resolver *rs = tt_resolver_new(&w->post, on_resolved, w);
	assert_non_null(rs);
	assert_int_equal(tt_resolver_ask_srv(rs, 5, 6, "_turn._udp.example.net"), 0);
	while (!w->answered) {
		struct pollfd ready = { .fd = w->post.wake, .events = POLLIN };
		assert_int_equal(poll(&ready, 1, 5000), 1);
		tt_post_run(&w->post);
		tt_resolver_deliver(rs);
	}
	tt_resolver_free(rs);
	tt_post_free(&w->post);
	assert_int_equal(w->last.key, 5);
	assert_int_equal(w->last.flow, 6);
	assert_true(w->last.is_srv);
	assert_string_equal(sys.asked, "_turn._udp.example.net");
}

static void the_helper_thread_asks_for_them(void **state)
{
	struct world w;
	struct wr out;

	(void)state;
	put_head(&out, 0x8180, 1, 1);
	put_record(&out, 33, 1, 10, A, sizeof A);
	sys.len = wr_len(&out);
	sys.h_errno_is = 0;
	ask(&w);
	assert_int_equal(w.last.os_errno, 0);
	assert_int_equal(w.last.srv_count, 1);
	assert_string_equal(w.last.srv[0].target, "a.example.net");
}

static void what_the_system_says_becomes_an_errno(void **state)
{
	static const struct {
		int says, is;
	} rows[] = { { HOST_NOT_FOUND, ENOENT }, { NO_DATA, ENOENT }, { TRY_AGAIN, EAGAIN } };
	struct world w;
	struct wr out;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		sys.h_errno_is = rows[i].says;
		ask(&w);
		assert_int_equal(w.last.os_errno, rows[i].is);
		assert_int_equal(w.last.srv_count, 0);
	}
	no_state = true;
	sys.h_errno_is = TRY_AGAIN;
	ask(&w);
	assert_int_equal(w.last.os_errno, ENOMEM);
	no_state = false;
	/* One that did not fit: its length is said all the same. */
	put_head(&out, 0x8180, 1, 65535);
	while (wr_len(&out) < sizeof sys.msg - 40)
		put_record(&out, 16, 1, 0, A, sizeof A);
	sys.len = sizeof sys.msg;
	sys.longer = 3000;
	sys.h_errno_is = 0;
	ask(&w);
	assert_int_equal(w.last.os_errno, ENOENT);
	sys.longer = 0;
	/* An answer without one. */
	put_head(&out, 0x8180, 1, 0);
	sys.len = wr_len(&out);
	sys.h_errno_is = 0;
	ask(&w);
	assert_int_equal(w.last.os_errno, ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_are_read_with_their_targets),
		cmocka_unit_test(what_is_no_answer_has_no_records),
		cmocka_unit_test(a_target_that_is_none_is_left_out),
		cmocka_unit_test(pointers_end),
		cmocka_unit_test(all_that_a_host_s_name_may_have_is_taken_and_nothing_beside_it),
		cmocka_unit_test(what_is_behind_the_answers_does_not_count),
		cmocka_unit_test(there_is_a_ceiling_of_records),
		cmocka_unit_test(each_truncation_gives_less_and_reads_no_further),
		cmocka_unit_test(the_helper_thread_asks_for_them),
		cmocka_unit_test(what_the_system_says_becomes_an_errno),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
