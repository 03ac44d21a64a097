/* The messages of .local candidates: Chromium's own, and what must be refused. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/num.h"
#include "base/work.h"
#include "base/wr.h"
#include "ice/mdns.h"

static const char name[] = "35a10f90-5976-42fd-96f6-e7dd052840f2.local";

/* As captured from Chromium 156: an A record, and an NSEC that says there is no more. */
static const uint8_t answer_a[] =
	"\0\0\x84\0\0\0\0\1\0\0\0\1"
	"\x24" "35a10f90-5976-42fd-96f6-e7dd052840f2" "\5local\0"
	"\0\1\x80\1\0\0\0\x78\0\4\xc0\0\2\2"
	"\x24" "35a10f90-5976-42fd-96f6-e7dd052840f2" "\5local\0"
	"\0\x2f\x80\1\0\0\0\x78\0\5\xc0\x46\0\1\x40";

/* Asked for AAAA it says so by NSEC and adds the A record. */
static const uint8_t answer_nsec_first[] =
	"\0\0\x84\0\0\0\0\1\0\0\0\1"
	"\x24" "35a10f90-5976-42fd-96f6-e7dd052840f2" "\5local\0"
	"\0\x2f\x80\1\0\0\0\x78\0\5\xc0\x0c\0\1\x40"
	"\x24" "35a10f90-5976-42fd-96f6-e7dd052840f2" "\5local\0"
	"\0\1\x80\1\0\0\0\x78\0\4\xc0\0\2\2";

/* -1: malformed; else the number of address records. */
static int walk(const uint8_t *pkt, size_t len)
{
	struct tt_mdns_reader r;
	struct tt_mdns_record rec;
	int n = 0, more;

	if (!tt_mdns_begin(&r, pkt, len))
		return -1;
	while ((more = tt_mdns_next(&r, &rec)) > 0)
		n++;
	return more < 0 ? -1 : n;
}

static int walk_copy(const uint8_t *pkt, size_t len)
{
	uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	memcpy(exact, pkt, len);
	int n = walk(exact, len);
	free(exact);
	return n;
}

static void chromium_s_answers_give_the_address(void **state)
{
	static const uint8_t *const answers[] = { answer_a, answer_nsec_first };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct tt_mdns_reader r;
		struct tt_mdns_record rec;
		assert_true(tt_mdns_begin(&r, answers[i], sizeof answer_a - 1));
		assert_int_equal(tt_mdns_next(&r, &rec), 1);
		assert_string_equal(rec.name, name);
		assert_true(tt_mdns_same_name(rec.name, "35A10F90-5976-42fd-96f6-e7dd052840f2.LOCAL"));
		assert_int_equal(rec.addr.family, 4);
		assert_memory_equal(rec.addr.ip, "\xc0\0\2\2", 4);
		assert_int_equal(tt_mdns_next(&r, &rec), 0);
	}
}

static void a_query_is_the_one_chromium_answers(void **state)
{
	uint8_t buf[128];
	size_t len = tt_mdns_write_query(buf, sizeof buf, name, TT_MDNS_AAAA);

	(void)state;
	assert_int_equal(len, 60);
	assert_memory_equal(buf, "\0\0\0\0\0\1\0\0\0\0\0\0\x24" "35a10f90", 21);
	assert_memory_equal(buf + 49, "\5local\0\0\x1c\0\1", 11);
	assert_int_equal(walk(buf, len), -1); /* a query is no answer */
	for (size_t cap = 0; cap < len; cap++)
		assert_int_equal(tt_mdns_write_query(buf, cap, name, TT_MDNS_A), 0);
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof answer_a - 1; n++)
		assert_int_equal(walk_copy(answer_a, n), -1);
}

static void flipped_bytes_are_survived(void **state)
{
	uint8_t buf[sizeof answer_a - 1];

	(void)state;
	memcpy(buf, answer_a, sizeof buf);
	for (size_t at = 0; at < sizeof buf; at++)
		for (int v = 0; v < 256; v++) {
			uint8_t was = buf[at];
			buf[at] = (uint8_t)v;
			walk_copy(buf, sizeof buf);
			buf[at] = was;
		}
}

/* A16, A17: pointers to themselves, forwards, in circles; labels of 64 to 191. */
static void names_that_do_not_end_are_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} names[] = {
		{ "\xc0\x0c", 2 }, { "\xc0\x0d", 2 }, { "\xc0\x0e", 2 }, { "\xff\xff", 2 },
		{ "\1a\xc0\x0c", 4 }, { "\x40", 1 }, { "\x7f", 1 }, { "\x80", 1 }, { "\xbf", 1 },
		{ "\x3f", 1 }, { "\xc0", 1 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(names); i++) {
		uint8_t buf[64];
		struct wr w = wr_make(buf, sizeof buf);
		wr_u16(&w, 0), wr_u16(&w, 0x8400), wr_u16(&w, 0), wr_u16(&w, 1), wr_u32(&w, 0);
		wr_bytes(&w, names[i].bytes, names[i].len);
		wr_u16(&w, 1), wr_u16(&w, 1), wr_u32(&w, 0), wr_u16(&w, 4), wr_u32(&w, 0x01020304);
		assert_int_equal(walk_copy(buf, wr_len(&w)), -1);
	}
	for (unsigned len = 64; len < 192; len++) { /* with all the octets it counts */
		uint8_t buf[300];
		struct wr w = wr_make(buf, sizeof buf);
		wr_u16(&w, 0), wr_u16(&w, 0x8400), wr_u16(&w, 0), wr_u16(&w, 1), wr_u32(&w, 0);
		wr_u8(&w, (uint8_t)len);
		memset(wr_room(&w, len), 'a', len);
		wr_u8(&w, 0);
		wr_u16(&w, 1), wr_u16(&w, 1), wr_u32(&w, 0), wr_u16(&w, 4), wr_u32(&w, 0x01020304);
		assert_int_equal(walk_copy(buf, wr_len(&w)), -1);
	}
}

static void a_name_of_more_than_255_bytes_is_refused_also_by_pointers(void **state)
{
	uint8_t buf[1024];
	struct wr w = wr_make(buf, sizeof buf);
	size_t at[8];

	(void)state;
	wr_u16(&w, 0), wr_u16(&w, 0x8400), wr_u16(&w, 0), wr_u16(&w, 8), wr_u32(&w, 0);
	for (size_t i = 0; i < 8; i++) { /* each name is a label and the name before */
		at[i] = w.off;
		wr_u8(&w, 60);
		memset(wr_room(&w, 60), 'a', 60);
		if (i == 0)
			wr_u8(&w, 0);
		else
			wr_u16(&w, (uint16_t)(0xc000 | at[i - 1]));
		wr_u16(&w, 1), wr_u16(&w, 1), wr_u32(&w, 0), wr_u16(&w, 4), wr_u32(&w, 0x01020304);
		struct tt_mdns_reader r;
		struct tt_mdns_record rec;
		buf[7] = (uint8_t)(i + 1);
		assert_true(tt_mdns_begin(&r, buf, w.off));
		int more, n = 0;
		while ((more = tt_mdns_next(&r, &rec)) > 0)
			n++;
		assert_int_equal(more, i < 4 ? 0 : -1);
		assert_int_equal(n, i < 4 ? i + 1 : 4);
	}
}

/* Pointers to pointers: followed anew for every record, they would cost the square of their number. */
static void a_chain_of_pointers_is_refused_before_it_costs_much(void **state)
{
	enum { CHAIN = 700, RECORDS = 200, LEN = 12 + 11 + 2 + 2 * CHAIN + 12 * RECORDS };
	uint8_t buf[LEN];
	struct wr w = wr_make(buf, sizeof buf);
	const uint64_t before = tt_work_total;

	(void)state;
	wr_u16(&w, 0), wr_u16(&w, 0x8400), wr_u16(&w, 0), wr_u16(&w, 1 + RECORDS), wr_u32(&w, 0);
	wr_u8(&w, 0), wr_u16(&w, 16), wr_u16(&w, 1), wr_u32(&w, 0); /* a TXT of pointers */
	wr_u16(&w, 2 + 2 * CHAIN);
	wr_u16(&w, 0); /* the root's name, and who points to it */
	for (size_t i = 0; i < CHAIN; i++)
		wr_u16(&w, (uint16_t)(0xc000 | (w.off - 2)));
	const uint16_t last = (uint16_t)(w.off - 2);
	for (size_t i = 0; i < RECORDS; i++)
		wr_u16(&w, 0xc000 | last), wr_u16(&w, 16), wr_u16(&w, 1), wr_u32(&w, 0), wr_u16(&w, 0);
	assert_int_equal(wr_len(&w), LEN);
	assert_int_equal(walk(buf, LEN), -1);
	assert_true(tt_work_total - before < 4 * LEN);
}

/* A message of one record with this head and data; its outcome as of walk. */
static int one_record(uint16_t flags, uint16_t type, uint16_t cls, uint16_t len)
{
	uint8_t buf[64];
	struct wr w = wr_make(buf, sizeof buf);

	wr_u16(&w, 7), wr_u16(&w, flags), wr_u32(&w, 1), wr_u32(&w, 0);
	wr_bytes(&w, "\1a\5local", 9);
	wr_u16(&w, type), wr_u16(&w, cls), wr_u32(&w, 120), wr_u16(&w, len), wr_zeros(&w, len);
	return walk_copy(buf, wr_len(&w));
}

static void only_addresses_of_the_internet_and_of_their_length_count(void **state)
{
	static const struct {
		uint16_t flags, type, cls, len;
		int outcome;
	} rows[] = {
		{ 0x8400, 1, 1, 4, 1 },	       { 0x8400, 1, 0x8001, 4, 1 }, { 0x8400, 28, 1, 16, 1 },
		{ 0x8000, 28, 0x8001, 16, 1 }, { 0x8400, 1, 1, 3, 0 },	    { 0x8400, 1, 1, 5, 0 },
		{ 0x8400, 1, 1, 16, 0 },       { 0x8400, 28, 1, 4, 0 },	    { 0x8400, 28, 1, 15, 0 },
		{ 0x8400, 28, 1, 17, 0 },      { 0x8400, 5, 1, 4, 0 },	    { 0x8400, 5, 1, 16, 0 },
		{ 0x8400, 1, 3, 4, 0 },	       { 0x8400, 1, 255, 4, 0 },    { 0x0400, 1, 1, 4, -1 },
		{ 0x8800, 1, 1, 4, -1 },       { 0xc400, 1, 1, 4, -1 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (one_record(rows[i].flags, rows[i].type, rows[i].cls, rows[i].len) !=
		    rows[i].outcome)
			fail_msg("row %zu", i);
}

static void an_ipv6_address_is_read_and_questions_are_passed_over(void **state)
{
	uint8_t buf[128];
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_mdns_reader r;
	struct tt_mdns_record rec;

	(void)state;
	wr_u16(&w, 0), wr_u16(&w, 0x8400), wr_u16(&w, 1), wr_u16(&w, 1), wr_u32(&w, 0);
	wr_bytes(&w, "\1q\5local\0\0\1\0\1", 13);
	const size_t asked = w.off;
	wr_bytes(&w, "\1A\x5l.c\x7f@\0\0\x1c\0\1\0\0\0\1\0\x10", 19);
	wr_bytes(&w, "\x20\1\xd\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	assert_true(tt_mdns_begin(&r, buf, w.off));
	assert_int_equal(tt_mdns_next(&r, &rec), 1);
	assert_int_equal(rec.addr.family, 6);
	assert_memory_equal(rec.addr.ip, buf + w.off - 16, 16);
	/* a dot inside a label, and what no host name has, do not come out as they are */
	assert_string_equal(rec.name, "a.l?c?@");
	assert_int_equal(tt_mdns_next(&r, &rec), 0);
	buf[12] = 0xc0; /* a pointer of which half is there */
	assert_int_equal(walk_copy(buf, 13), -1);
	buf[12] = 1;
	for (size_t n = 0; n < asked; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, buf, n);
		assert_false(tt_mdns_begin(&r, exact, n));
		free(exact);
	}
	for (size_t n = asked; n < w.off; n++)
		assert_int_equal(walk_copy(buf, n), -1);
}

/* The place behind the pointer is good by then, only where it leads is not. */
static void a_pointer_to_a_label_that_leaves_the_packet_is_refused(void **state)
{
	static const uint8_t pkt[] = "\0\0\x84\0\0\0\0\2\0\0\0\0"
				     "\0\0\1\0\1\0\0\0\x78\0\4\x0a\0\0\x3f"
				     "\xc0\x1a\0\1\0\1\0\0\0\x78\0\4\x0a\0\0\1";
	uint8_t buf[sizeof pkt - 1];

	(void)state;
	memcpy(buf, pkt, sizeof buf);
	assert_int_equal(buf[26], 63);
	assert_int_equal(walk_copy(buf, sizeof buf), -1);
	buf[26] = 0; /* the root, as for the first */
	assert_int_equal(walk_copy(buf, sizeof buf), 2);
}

static void a_query_has_labels_of_1_to_63_bytes_and_253_in_all(void **state)
{
	static const struct {
		size_t label, count; /* so many labels of this length, dots between */
		size_t len;	     /* of the message; 0: refused */
	} rows[] = {
		{ 63, 1, 81 }, { 64, 1, 0 }, { 62, 4, 269 }, { 63, 4, 0 }, { 1, 127, 271 }, { 1, 128, 0 },
	};
	char text[600];
	uint8_t buf[600];

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		size_t n = 0;
		for (size_t k = 0; k < rows[i].count; k++) {
			memset(text + n, 'a', rows[i].label);
			n += rows[i].label;
			text[n++] = k + 1 < rows[i].count ? '.' : '\0';
		}
		assert_int_equal(tt_mdns_write_query(buf, sizeof buf, text, TT_MDNS_A), rows[i].len);
	}
	size_t n = 0; /* one more than 253 in all */
	for (int k = 0; k < 127; k++)
		n += (size_t)snprintf(text + n, sizeof text - n, k == 0 ? "aa" : ".a");
	assert_int_equal(n, 254);
	assert_int_equal(tt_mdns_write_query(buf, sizeof buf, text, TT_MDNS_A), 0);
	assert_int_equal(tt_mdns_write_query(buf, sizeof buf, "a..local", TT_MDNS_A), 0);
	assert_int_equal(tt_mdns_write_query(buf, sizeof buf, ".local", TT_MDNS_A), 0);
}

static void names_are_the_same_in_either_case_and_whole(void **state)
{
	(void)state;
	assert_true(tt_mdns_same_name("aZ.local", "Az.LOCAL"));
	assert_false(tt_mdns_same_name("a.local", "a.loca"));
	assert_false(tt_mdns_same_name("a.loca", "a.local"));
	assert_false(tt_mdns_same_name("a", "["));
	assert_false(tt_mdns_same_name("[", "{"));
	assert_false(tt_mdns_same_name("@", "`"));
	assert_true(tt_mdns_same_name("", ""));
}

/* The text counts every octet that no host name has as one, and its end is none of them. */
static void a_name_ends_where_its_text_does(void **state)
{
	char *exact = malloc(2);

	(void)state;
	assert_non_null(exact);
	memcpy(exact, "a", 2);
	assert_false(tt_mdns_same_name(exact, "a.local"));
	assert_false(tt_mdns_same_name("a.local", exact));
	assert_false(tt_mdns_same_name(exact, "a?b"));
	free(exact);
}

/* Label lengths of 64 to 191 are reserved (RFC 1035 section 4.1.4), also where the bytes are there. */
static void reserved_kinds_of_labels_are_refused(void **state)
{
	uint8_t buf[512];

	(void)state;
	for (unsigned first = 0x40; first < 0xc0; first++) {
		struct wr w = wr_make(buf, sizeof buf);
		wr_u16(&w, 0), wr_u16(&w, 0x8400), wr_u16(&w, 0), wr_u16(&w, 1), wr_u32(&w, 0);
		wr_u8(&w, (uint8_t)first);
		memset(wr_room(&w, first), 'a', first);
		wr_u8(&w, 0);
		wr_u16(&w, 1), wr_u16(&w, 1), wr_u32(&w, 0), wr_u16(&w, 4), wr_u32(&w, 0x01020304);
		assert_int_equal(walk_copy(buf, wr_len(&w)), -1);
	}
}

static void a_name_has_255_bytes_and_sixteen_pointers_at_most(void **state)
{
	uint8_t buf[1024];

	(void)state;
	for (uint8_t last = 1; last <= 2; last++) { /* three labels of 63, one of 61, and this */
		static const uint8_t labels[] = { 63, 63, 63, 61 };
		struct wr w = wr_make(buf, sizeof buf);
		wr_u16(&w, 0), wr_u16(&w, 0x8400), wr_u16(&w, 0), wr_u16(&w, 1), wr_u32(&w, 0);
		for (size_t i = 0; i < sizeof labels; i++) {
			wr_u8(&w, labels[i]);
			memset(wr_room(&w, labels[i]), 'a', labels[i]);
		}
		wr_u8(&w, last), wr_bytes(&w, "bb", last), wr_u8(&w, 0);
		wr_u16(&w, 1), wr_u16(&w, 1), wr_u32(&w, 0), wr_u16(&w, 4), wr_u32(&w, 0x01020304);
		assert_int_equal(walk_copy(buf, wr_len(&w)), last == 1 ? 1 : -1);
	}
	for (unsigned pointers = 15; pointers <= 17; pointers++) {
		struct wr w = wr_make(buf, sizeof buf);
		wr_u16(&w, 0), wr_u16(&w, 0x8400), wr_u16(&w, 0), wr_u16(&w, 1), wr_u32(&w, 0);
		/* a chain inside a record of no interest, then a name that goes down all of it */
		buf[7] = 2;
		wr_u8(&w, 0), wr_u16(&w, 99), wr_u16(&w, 1), wr_u32(&w, 0);
		wr_u16(&w, (uint16_t)(2 * pointers + 1));
		const size_t chain = w.off;
		wr_u8(&w, 0);
		for (unsigned i = 0; i < pointers; i++)
			wr_u16(&w, (uint16_t)(0xc000 | (i == 0 ? chain : chain + 2 * i - 1)));
		/* the name of the second record is the last pointer but one, seen from here */
		wr_u16(&w, (uint16_t)(0xc000 | (chain + 2 * pointers - 3)));
		wr_u16(&w, 1), wr_u16(&w, 1), wr_u32(&w, 0), wr_u16(&w, 4), wr_u32(&w, 0x01020304);
		assert_int_equal(walk_copy(buf, wr_len(&w)), pointers <= 16 ? 1 : -1);
	}
}

static void only_one_label_before_local_is_a_candidate_s_name(void **state)
{
	char big[80];

	(void)state;
	assert_true(tt_mdns_is_local(name));
	assert_true(tt_mdns_is_local("a.LOCAL"));
	assert_true(tt_mdns_is_local("~!.local"));
	assert_false(tt_mdns_is_local("\x7f.local"));
	assert_false(tt_mdns_is_local("a.b.local"));
	assert_false(tt_mdns_is_local(".local"));
	assert_false(tt_mdns_is_local("local"));
	assert_false(tt_mdns_is_local(""));
	assert_false(tt_mdns_is_local("a.local."));
	assert_false(tt_mdns_is_local("a b.local"));
	assert_false(tt_mdns_is_local("example.com"));
	memset(big, 'a', sizeof big);
	memcpy(big + 63, ".local", 7);
	assert_true(tt_mdns_is_local(big));
	memset(big, 'a', sizeof big);
	memcpy(big + 64, ".local", 7);
	assert_false(tt_mdns_is_local(big));
}

/* Section 6.1, and as Chromium has it: the address, and by NSEC that there is nothing else. */
static void an_answer_has_the_address_and_denies_the_rest(void **state)
{
	static const struct taut_addr v4 = { .family = 4, .ip = { 192, 0, 2, 1 } };
	static const struct taut_addr v6 = { .family = 6, .ip = { 0x20, 1, 0x0d, 0xb8, [15] = 7 } };
	static const uint8_t tail4[] = "\0\1\x80\1\0\0\0\x78\0\4\xc0\0\2\1"
				       "\xc0\x0c\0\x2f\x80\1\0\0\0\x78\0\5\xc0\x0c\0\1\x40";
	static const uint8_t tail6[] = "\xc0\x0c\0\x2f\x80\1\0\0\0\x78\0\x08\xc0\x0c\0\4\0\0\0\x08";
	struct tt_mdns_reader r;
	struct tt_mdns_record rec;
	uint8_t buf[256];

	(void)state;
	size_t len = tt_mdns_write_answer(buf, sizeof buf, name, &v4, 120, 0);
	assert_int_equal(len, 12 + 44 + sizeof tail4 - 1);
	assert_memory_equal(buf, "\0\0\x84\0\0\0\0\1\0\0\0\1\x24", 13);
	assert_memory_equal(buf + 56, tail4, sizeof tail4 - 1);
	assert_int_equal(walk_copy(buf, len), 1);
	for (size_t cap = 0; cap < len; cap++)
		assert_int_equal(tt_mdns_write_answer(buf, cap, name, &v4, 120, 0), 0);
	assert_int_equal(tt_mdns_write_answer(buf, sizeof buf, name, &v4, 1, 0), len);
	assert_int_equal(buf[11], 1);

	len = tt_mdns_write_answer(buf, sizeof buf, name, &v6, 120, 0x1234);
	assert_int_equal(len, 12 + 44 + 26 + sizeof tail6 - 1);
	assert_memory_equal(buf, "\x12\x34\x84\0\0\0\0\1\0\0\0\1\x24", 13);
	assert_memory_equal(buf + len - (sizeof tail6 - 1), tail6, sizeof tail6 - 1);
	assert_true(tt_mdns_begin(&r, buf, len));
	assert_int_equal(tt_mdns_next(&r, &rec), 1);
	assert_int_equal(rec.ttl, 120);
	assert_memory_equal(rec.addr.ip, v6.ip, 16);

	len = tt_mdns_write_answer(buf, sizeof buf, name, &v4, 0, 0); /* a goodbye denies nothing */
	assert_int_equal(len, 12 + 44 + 14);
	assert_int_equal(buf[11], 0);
	assert_true(tt_mdns_begin(&r, buf, len));
	assert_int_equal(tt_mdns_next(&r, &rec), 1);
	assert_int_equal(rec.ttl, 0);
	assert_int_equal(tt_mdns_write_answer(buf, sizeof buf, "a..local", &v4, 120, 0), 0);
}

/* -1: malformed; else how many questions, and how many addresses their asker knows. */
static int walk_query(const uint8_t *pkt, size_t len, int *known)
{
	uint8_t *exact = malloc(len ? len : 1);
	struct tt_mdns_reader r;
	struct tt_mdns_question q;
	struct tt_mdns_record rec;
	int n = 0, more = -1;

	assert_non_null(exact);
	memcpy(exact, pkt, len);
	*known = 0;
	if (tt_mdns_begin_query(&r, exact, len)) {
		while ((more = tt_mdns_next_question(&r, &q)) > 0)
			n++;
		while (more == 0 && (more = tt_mdns_next(&r, &rec)) > 0) {
			(*known)++;
			more = 0;
		}
	}
	free(exact);
	return more < 0 ? -1 : n;
}

static void questions_come_before_what_is_known(void **state)
{
	static const uint8_t query[] =
		"\x12\x34\0\0\0\4\0\2\0\1\0\1"
		"\1a\5local\0\0\1\x80\1"		/* A, by unicast */
		"\xc0\x0c\0\x1c\0\1"			/* AAAA */
		"\1B\xc0\x0e\0\1\0\3"		/* of CHAOS: passed over */
		"\1C\xc0\x0e\0\xff\0\xff"		/* all there is, of any class */
		"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1" /* known, for another minute */
		"\xc0\x0c\0\x10\0\1\0\0\0\x3c\0\1x"	/* a text, of no interest */
		"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\2" /* what a prober wants, 8.2 */
		"\0\0\x29\5\xb4\0\0\0\0\0\0";			 /* OPT */
	const size_t last = sizeof query - 1 - 11 - 16; /* what is read of it */
	struct tt_mdns_reader r;
	struct tt_mdns_question q;
	struct tt_mdns_record rec;
	int known;

	(void)state;
	assert_true(tt_mdns_begin_query(&r, query, sizeof query - 1));
	assert_int_equal(r.id, 0x1234);
	assert_int_equal(tt_mdns_next_question(&r, &q), 1);
	assert_string_equal(q.name, "a.local");
	assert_true(q.type == TT_MDNS_A && q.unicast);
	assert_int_equal(tt_mdns_next_question(&r, &q), 1);
	assert_string_equal(q.name, "a.local");
	assert_true(q.type == TT_MDNS_AAAA && !q.unicast);
	assert_int_equal(tt_mdns_next_question(&r, &q), 1);
	assert_string_equal(q.name, "c.local");
	assert_true(q.type == TT_MDNS_ANY && !q.unicast);
	assert_int_equal(tt_mdns_next_question(&r, &q), 0);
	assert_int_equal(tt_mdns_next(&r, &rec), 1);
	assert_string_equal(rec.name, "a.local");
	assert_int_equal(rec.ttl, 60);
	assert_int_equal(rec.addr.ip[3], 1);
	assert_int_equal(tt_mdns_next(&r, &rec), 0);
	for (size_t n = 0; n < last; n++)
		assert_int_equal(walk_query(query, n, &known), -1);
	for (size_t n = last; n < sizeof query; n++) {
		assert_int_equal(walk_query(query, n, &known), 3);
		assert_int_equal(known, 1);
	}
	assert_int_equal(walk(query, sizeof query - 1), -1);	    /* a query is no answer */
	assert_false(tt_mdns_begin_query(&r, answer_a, sizeof answer_a - 1)); /* nor the other way */
}

static void only_queries_of_opcode_0_and_64_questions_are_read(void **state)
{
	uint8_t buf[12 + 70 * 6];
	struct tt_mdns_reader r;
	int known;

	(void)state;
	for (unsigned count = 62; count < 70; count++) {
		struct wr w = wr_make(buf, sizeof buf);
		wr_u32(&w, 0), wr_u16(&w, (uint16_t)count), wr_zeros(&w, 6);
		for (unsigned i = 0; i < count; i++)
			wr_bytes(&w, "\0\0\1\0\1", 5);
		assert_int_equal(walk_query(buf, wr_len(&w), &known), count <= 64 ? (int)count : -1);
	}
	for (unsigned bit = 0; bit < 16; bit++) { /* RFC 6762 section 18: AA, TC, RD and the like do not count */
		struct wr w = wr_make(buf, sizeof buf);
		wr_u16(&w, 0), wr_u16(&w, (uint16_t)(1u << bit)), wr_zeros(&w, 8);
		assert_int_equal(tt_mdns_begin_query(&r, buf, 12), bit < 11);
		assert_int_equal(tt_mdns_begin(&r, buf, 12), bit == 15);
	}
}

static void flipped_bytes_of_a_query_are_survived(void **state)
{
	static const uint8_t query[] = "\0\0\0\0\0\2\0\1\0\0\0\0"
				       "\1a\5local\0\0\1\x80\1\xc0\x0c\0\x1c\0\1"
				       "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";
	uint8_t buf[sizeof query - 1];
	int known;

	(void)state;
	memcpy(buf, query, sizeof buf);
	for (size_t at = 0; at < sizeof buf; at++)
		for (int v = 0; v < 256; v++) {
			uint8_t was = buf[at];
			buf[at] = (uint8_t)v;
			walk_query(buf, sizeof buf, &known);
			buf[at] = was;
		}
}

static void the_corpus_is_survived(void **state)
{
	const char *dir = getenv("TAUT_CORPUS");
	char path[1024];
	struct dirent *e;
	int n = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/mdns", dir ? dir : TAUT_SOURCE_DIR "/../shared/corpus");
	DIR *d = opendir(path);
	if (!d) {
		print_message("no corpus at %s\n", path);
		return;
	}
	while ((e = readdir(d))) {
		char file[2048];
		uint8_t buf[4096];
		snprintf(file, sizeof file, "%s/%s", path, e->d_name);
		FILE *f = e->d_name[0] == '.' ? NULL : fopen(file, "rb");
		if (!f)
			continue;
		walk_copy(buf, fread(buf, 1, sizeof buf, f));
		fclose(f);
		n++;
	}
	closedir(d);
	print_message("%d files of the corpus\n", n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chromium_s_answers_give_the_address),
		cmocka_unit_test(a_query_is_the_one_chromium_answers),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(flipped_bytes_are_survived),
		cmocka_unit_test(names_that_do_not_end_are_refused),
		cmocka_unit_test(a_name_of_more_than_255_bytes_is_refused_also_by_pointers),
		cmocka_unit_test(a_chain_of_pointers_is_refused_before_it_costs_much),
		cmocka_unit_test(only_addresses_of_the_internet_and_of_their_length_count),
		cmocka_unit_test(an_ipv6_address_is_read_and_questions_are_passed_over),
		cmocka_unit_test(a_pointer_to_a_label_that_leaves_the_packet_is_refused),
		cmocka_unit_test(a_query_has_labels_of_1_to_63_bytes_and_253_in_all),
		cmocka_unit_test(names_are_the_same_in_either_case_and_whole),
		cmocka_unit_test(a_name_ends_where_its_text_does),
		cmocka_unit_test(reserved_kinds_of_labels_are_refused),
		cmocka_unit_test(a_name_has_255_bytes_and_sixteen_pointers_at_most),
		cmocka_unit_test(only_one_label_before_local_is_a_candidate_s_name),
		cmocka_unit_test(an_answer_has_the_address_and_denies_the_rest),
		cmocka_unit_test(questions_come_before_what_is_known),
		cmocka_unit_test(only_queries_of_opcode_0_and_64_questions_are_read),
		cmocka_unit_test(flipped_bytes_of_a_query_are_survived),
		cmocka_unit_test(the_corpus_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
