/* cli_text.c - see cli_text.h. */
#include "cli/cli_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* C0, DEL and C1 (ECMA-48: U+009B begins a sequence like ESC [), line separators, and the
 * marks that turn the direction of what follows (Unicode's annex 9). */
static bool is_unfit(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0x9f) || c == 0x61c || c == 0x200e || c == 0x200f ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static void put_escaped(FILE *out, uint32_t c)
{
	if (c == '\n' || c == '\t' || c == '\r')
		fprintf(out, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else
		fprintf(out, c < 0x80 ? "\\x%02x" : "\\u%04x", (unsigned)c);
}

void cli_put_text(FILE *out, const char *text, size_t len)
{
	const unsigned char *p = (const unsigned char *)text;

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = 0;
		n = tt_utf8_char(p + i, len - i, &c);
		if (n == 0) {
			fprintf(out, "\\x%02x", p[i]);
			n = 1;
		} else if (is_unfit(c)) {
			put_escaped(out, c);
		} else {
			fwrite(p + i, 1, n, out);
		}
	}
}

json_t *cli_json_text(const char *text)
{
	json_t *whole = text ? json_string(text) : json_null();
	const size_t len = text ? strlen(text) : 0;
	const unsigned char *p = (const unsigned char *)text;

	if (whole)
		return whole;
	char *mended = malloc(3 * len + 1), *to = mended; /* U+FFFD has three bytes */
	if (!mended)
		return NULL;
	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = 0;
		n = tt_utf8_char(p + i, len - i, &c);
		memcpy(to, n > 0 ? (const char *)p + i : "\xef\xbf\xbd", n > 0 ? n : 3);
		to += n > 0 ? n : 3;
		n = n > 0 ? n : 1;
	}
	whole = json_stringn(mended, (size_t)(to - mended));
	free(mended);
	return whole;
}

void cli_put_json(FILE *out, json_t *o)
{
	if (o) {
		json_dumpf(o, out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(9));
		fputc('\n', out);
		fflush(out);
	}
	json_decref(o);
}

size_t cli_text_cut(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	while (max > 0 && ((unsigned char)text[max] & 0xc0) == 0x80)
		max--;
	return max;
}
