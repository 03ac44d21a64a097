/* Signaling JSON: what is refused before and by jansson. RFC 8259. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "signal/signal_json.h"

static const char *refused(const char *text, size_t len)
{
	const char *why = NULL;
	char *exact = malloc(len ? len : 1); /* so that a read past the end is seen */
	memcpy(exact, text, len);
	json_t *o = tt_signal_parse(exact, len, &why);
	free(exact);
	json_decref(o);
	return o ? NULL : why;
}

static void an_object_is_read_and_everything_else_refused(void **state)
{
	static const char *bad[] = { "",
				     "[]",
				     "\"x\"",
				     "{",
				     "{}{}",
				     "{\"a\":1,\"a\":2}",
				     "{\"a\":\"\xff\"}",
				     "{\"a\":\"\\u0000\"}",
				     "null",
				     "{'a':1}",
				     "{\"a\":\"\\ud800\"}" };
	(void)state;
	assert_null(refused("{\"type\":\"x\"}", 12));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_string_equal(refused(bad[i], strlen(bad[i])), "bad_json");
}

static void every_truncation_of_a_message_is_refused(void **state)
{
	static const char text[] =
		"{\"type\":\"chat\",\"n\":[1,{\"a\":\"\\u00e4\"}],\"t\":\"\xc3\xa4\"}";
	(void)state;
	assert_null(refused(text, sizeof text - 1));
	for (size_t len = 0; len < sizeof text - 1; len++)
		assert_non_null(refused(text, len));
}

static void nesting_of_32_is_read_and_of_33_or_a_million_refused(void **state)
{
	size_t n = 1000000;
	char *bomb = malloc(n);
	char fits[256] = "{\"a\":";
	(void)state;
	memset(bomb, '[', n);
	assert_string_equal(refused(bomb, TT_SIGNAL_MESSAGE), "too_deep");
	assert_string_equal(refused(bomb, n), "too_large");
	for (int depth = 31; depth <= 32; depth++) {
		size_t at = 5;
		memset(fits + at, '[', (size_t)depth);
		memset(fits + at + depth, ']', (size_t)depth);
		fits[at + 2 * (size_t)depth] = '}';
		const char *why = refused(fits, at + 2 * (size_t)depth + 1);
		if (depth == 31)
			assert_null(why);
		else
			assert_string_equal(why, "too_deep");
	}
	free(bomb);
}

static void brackets_in_strings_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(tt_signal_depth("{\"a\":\"[[[[\\\"[[[\"}", 17), 1);
	assert_int_equal(tt_signal_depth("]]]]{", 5), 1);
	assert_int_equal(tt_signal_depth("\"\\", 2), 0);
}

static void a_word_has_1_to_64_characters_and_no_controls(void **state)
{
	char sixty_five[131];
	(void)state;
	for (size_t i = 0; i < 65; i++)
		memcpy(sixty_five + 2 * i, "\xc3\xa4", 2);
	assert_true(tt_signal_is_word(sixty_five, 128));
	assert_false(tt_signal_is_word(sixty_five, 130));
	assert_false(tt_signal_is_word(sixty_five, 127)); /* half a character */
	assert_false(tt_signal_is_word("", 0));
	assert_false(tt_signal_is_word("a\nb", 3));
	assert_false(tt_signal_is_word("\x7f", 1));
	assert_false(tt_signal_is_word("a\xc2\x9b", 3)); /* U+009B, which is ESC [ */
	assert_true(tt_signal_is_word("\xc2\xa0", 2));
	assert_true(tt_signal_is_word("<img onerror>", 13));
}

static void utf8_that_rfc_3629_forbids_is_refused(void **state)
{
	static const char *bad[] = { "\xc0\x80",         "\xc1\xbf",
				     "\xe0\x80\x80",     "\xed\xa0\x80",
				     "\xf0\x80\x80\x80", "\xf4\x90\x80\x80",
				     "\xf5\x80\x80\x80", "\x80",
				     "\xe2\x82",         "\xfe" };
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(tt_signal_is_utf8(bad[i], strlen(bad[i])));
	assert_true(tt_signal_is_utf8("\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe2\x82\xac", 10));
}

/* The Unicode Standard's table of well-formed sequences (as RFC 3629 section 4 has it): the lead
 * byte decides the length and what may follow. */
static void every_lead_byte_has_its_second_bytes(void **state)
{
	static const struct {
		unsigned first, last, low, high;
		size_t len;
	} rows[] = {
		{ 0x00, 0x7f, 0, 0, 1 },       { 0x80, 0xc1, 0, 0, 0 },
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
		{ 0xf5, 0xff, 0, 0, 0 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (unsigned first = rows[i].first; first <= rows[i].last; first++)
			for (unsigned second = 0; second < 256; second++) {
				char *p = malloc(4);
				memcpy(p, (char[]){ (char)first, (char)second, (char)0x80, (char)0xbf }, 4);
				const size_t len = rows[i].len;
				const bool good = len == 1 || (len > 1 && second >= rows[i].low &&
							       second <= rows[i].high);
				assert_int_equal(tt_signal_is_utf8(p, len ? len : 1), good);
				assert_false(len == 0 && tt_signal_is_utf8(p, 4));
				if (len > 1) { /* cut short, or gone on with something else */
					char *cut = malloc(len - 1);
					memcpy(cut, p, len - 1);
					assert_false(tt_signal_is_utf8(cut, len - 1));
					free(cut);
					p[len - 1] = len == 2 ? (char)second : 'a';
					assert_int_equal(tt_signal_is_utf8(p, len), good && len == 2);
				}
				free(p);
			}
}

static void a_word_has_no_controls_of_either_kind(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 0x100; c++) {
		const char two[2] = { (char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f)) };
		const char one = (char)c;
		if (c < 0x80)
			assert_int_equal(tt_signal_is_word(&one, 1), c >= 0x20 && c != 0x7f);
		else
			assert_int_equal(tt_signal_is_word(two, 2), c >= 0xa0);
	}
	assert_false(tt_signal_is_word("\xc2" "a", 2));
	assert_true(tt_signal_is_word("\xc3\x84", 2)); /* the second byte of another letter */
}

static void members_are_taken_by_kind_and_length(void **state)
{
	char text[80];
	(void)state;
	for (size_t n = 0; n < 70; n++) {
		memset(text, 'x', n);
		json_t *o = json_pack("{ss# si}", "key", text, (int)n, "number", 7);
		assert_int_equal(tt_signal_word(o, "key") != NULL, n >= 1 && n <= 64);
		assert_int_equal(tt_signal_text(o, "key", 16) != NULL, n <= 16);
		assert_null(tt_signal_word(o, "number"));
		assert_null(tt_signal_text(o, "number", 16));
		assert_null(tt_signal_word(o, "missing"));
		assert_null(tt_signal_text(o, "missing", 16));
		json_decref(o);
	}
	assert_null(tt_signal_word(NULL, "key"));
}

static void a_message_has_at_most_256_kib(void **state)
{
	const char *why;
	(void)state;
	for (size_t len = TT_SIGNAL_MESSAGE; len <= TT_SIGNAL_MESSAGE + 1; len++) {
		char *text = malloc(len);
		memset(text, ' ', len);
		memcpy(text, "{}", 2);
		why = "none";
		json_t *o = tt_signal_parse(text, len, &why);
		assert_int_equal(o != NULL, len == TT_SIGNAL_MESSAGE);
		if (!o)
			assert_string_equal(why, "too_large");
		json_decref(o);
		free(text);
	}
}

static void depth_counts_open_brackets_of_both_kinds(void **state)
{
	static const struct {
		const char *text;
		size_t depth;
	} rows[] = {
		{ "", 0 },	{ "{", 1 },	  { "[", 1 },	   { "{}{}", 1 }, { "[][]", 1 },
		{ "[{}]", 2 },	{ "{}[{[]}]", 3 }, { "}{", 1 },	   { "]][", 1 },  { "a{b", 1 },
		{ "\"{\"", 0 }, { "\"\\\"{", 0 }, { "\"\\\\\"{", 1 }, { "\"a\"{", 1 },
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_int_equal(tt_signal_depth(rows[i].text, strlen(rows[i].text)), rows[i].depth);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_read_and_everything_else_refused),
		cmocka_unit_test(every_truncation_of_a_message_is_refused),
		cmocka_unit_test(nesting_of_32_is_read_and_of_33_or_a_million_refused),
		cmocka_unit_test(brackets_in_strings_do_not_count),
		cmocka_unit_test(a_word_has_1_to_64_characters_and_no_controls),
		cmocka_unit_test(utf8_that_rfc_3629_forbids_is_refused),
		cmocka_unit_test(every_lead_byte_has_its_second_bytes),
		cmocka_unit_test(a_word_has_no_controls_of_either_kind),
		cmocka_unit_test(members_are_taken_by_kind_and_length),
		cmocka_unit_test(a_message_has_at_most_256_kib),
		cmocka_unit_test(depth_counts_open_brackets_of_both_kinds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
