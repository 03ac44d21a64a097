/* signal_json.c - the limits of a signaling message, and access to its members. */
#include "signal/signal_json.h"

#include <string.h>

#include "base/num.h"
#include "base/work.h"

size_t tt_signal_depth(const char *text, size_t len)
{
	size_t depth = 0, deepest = 0;
	bool in_string = false;

	tt_work(len);
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
		} else if (c == '"') {
			in_string = true;
		} else if (c == '{' || c == '[') {
			deepest = tt_max(deepest, ++depth);
		} else if ((c == '}' || c == ']') && depth > 0) {
			depth--;
		}
	}
	return deepest;
}

json_t *tt_signal_parse(const char *text, size_t len, const char **why)
{
	if (len > TT_SIGNAL_MESSAGE) {
		*why = "too_large";
		return NULL;
	}
	if (tt_signal_depth(text, len) > TT_SIGNAL_DEPTH) {
		*why = "too_deep";
		return NULL;
	}
	json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(root)) {
		json_decref(root);
		*why = "bad_json";
		return NULL;
	}
	return root;
}

/* Bytes of the UTF-8 sequence at p, 0: not one. RFC 3629 section 4: no surrogates, none
 * longer than needed, none above U+10FFFF. */
static size_t utf8_sequence(const unsigned char *p, size_t left)
{
	if (p[0] < 0x80)
		return 1;
	size_t n = p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

bool tt_signal_is_utf8(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0, n; i < len; i += n) {
		n = utf8_sequence(p + i, len - i);
		if (n == 0)
			return false;
	}
	return true;
}

bool tt_signal_is_word(const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t chars = 0;

	for (size_t i = 0, n; i < len; i += n, chars++) {
		n = utf8_sequence(p + i, len - i);
		bool c1 = p[i] == 0xc2 && n == 2 && p[i + 1] < 0xa0; /* U+0080 to U+009F */
		if (n == 0 || p[i] < 0x20 || p[i] == 0x7f || c1 || chars == TT_SIGNAL_WORD)
			return false;
	}
	return chars > 0;
}

const char *tt_signal_word(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);
	const char *text = json_string_value(v);

	return tt_signal_is_word(text, json_string_length(v)) ? text : NULL;
}

const char *tt_signal_text(const json_t *o, const char *key, size_t max)
{
	const json_t *v = json_object_get(o, key);
	const char *text = json_string_value(v);

	return json_string_length(v) <= max ? text : NULL;
}
