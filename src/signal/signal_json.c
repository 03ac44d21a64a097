/* signal_json.c - the limits of a signaling message, and access to its members. */
#include "signal/signal_json.h"

#include <string.h>

#include "base/num.h"
#include "base/utf8.h"
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

bool tt_signal_is_utf8(const char *text, size_t len)
{
	for (size_t i = 0, n; i < len; i += n) {
		n = tt_utf8_char(text + i, len - i, NULL);
		tt_work(n);
		if (n == 0)
			return false;
	}
	return true;
}

bool tt_signal_is_word(const char *text, size_t len)
{
	size_t chars = 0;

	for (size_t i = 0, n; i < len; i += n, chars++) {
		uint32_t c = 0;
		n = tt_utf8_char(text + i, len - i, &c);
		tt_work(n);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || chars == TT_SIGNAL_WORD)
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
