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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_object_is_read_and_everything_else_refused),
		cmocka_unit_test(every_truncation_of_a_message_is_refused),
		cmocka_unit_test(nesting_of_32_is_read_and_of_33_or_a_million_refused),
		cmocka_unit_test(brackets_in_strings_do_not_count),
		cmocka_unit_test(a_word_has_1_to_64_characters_and_no_controls),
		cmocka_unit_test(utf8_that_rfc_3629_forbids_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
