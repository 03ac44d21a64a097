/* sdp_lex.c - see sdp_lex.h. Blanks are spaces and tabs: RFC 8866 section 9 has single spaces
 * only, devices have more. */
#include "sdp/sdp_lex.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/work.h"

enum { FOUND_ROOM = 96 }; /* of the error's buffer; the rest is for what was expected */

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* The word at `where`, fit to be shown: what is not printable ASCII becomes "?". */
static void excerpt(const struct tt_sdp_lex *x, const char *where, char *buf)
{
	size_t n = 0;

	while (where < x->end && n < FOUND_ROOM - 4 && (n == 0 || !is_blank(*where))) {
		buf[n++] = *where >= 0x20 && *where < 0x7f ? *where : '?';
		where++;
	}
	if (where < x->end && !is_blank(*where))
		for (int dots = 0; dots < 3; dots++)
			buf[n++] = '.';
	buf[n] = '\0';
}

bool tt_sdp_refuse(struct tt_sdp_lex *x, int code, const char *where, const char *message,
		   const char *expected)
{
	if (x->code != 0)
		return false;
	x->code = code;
	if (!x->err)
		return false;
	struct taut_error *e = &x->err->err;
	*e = (struct taut_error){
		.code = code,
		.line = x->number,
		.column = tt_u32((size_t)(where - x->line) + 1),
		.message = message,
		.expected = expected,
		.spec = x->spec,
	};
	excerpt(x, where, x->err->buf);
	e->found = where < x->end ? x->err->buf : "the end of the line";
	return false;
}

void tt_sdp_error_copy(struct tt_sdp_error *to, const struct tt_sdp_error *from)
{
	*to = *from;
	if (from->err.found == from->buf)
		to->err.found = to->buf;
	if (from->err.expected == from->buf + FOUND_ROOM)
		to->err.expected = to->buf + FOUND_ROOM;
}

static void skip_blanks(struct tt_sdp_lex *x)
{
	while (x->at < x->end && is_blank(*x->at)) {
		x->at++;
		tt_work(1);
	}
}

bool tt_sdp_word(struct tt_sdp_lex *x, struct tt_sdp_word *out, const char *stop,
		 const char *expected)
{
	*out = (struct tt_sdp_word){ x->at, 0 };
	if (x->code != 0)
		return false;
	skip_blanks(x);
	static const bool ends[256] = { [0] = true, [' '] = true, ['\t'] = true };
	const char one = stop[0], other = one ? stop[1] : '\0';
	const char *p = x->at, *const end = x->end;
	while (p < end && !ends[(uint8_t)*p] && *p != one && *p != other)
		p++;
	if (p == x->at)
		return tt_sdp_bad(x, p, "something is missing", expected);
	*out = (struct tt_sdp_word){ x->at, (size_t)(p - x->at) };
	tt_work(out->len);
	x->at = p;
	return true;
}

static bool decimal(struct tt_sdp_word w, uint64_t *out)
{
	uint64_t v = 0;

	tt_work(w.len);
	for (size_t i = 0; i < w.len; i++) {
		if (w.p[i] < '0' || w.p[i] > '9')
			return false;
		const uint64_t digit = (uint64_t)(w.p[i] - '0');
		if (v > (UINT64_MAX - digit) / 10)
			return false;
		v = 10 * v + digit;
	}
	*out = v;
	return true;
}

bool tt_sdp_number(struct tt_sdp_lex *x, uint64_t min, uint64_t max, uint64_t *out,
		   const char *stop, const char *what)
{
	struct tt_sdp_word w;

	*out = 0;
	if (!tt_sdp_word(x, &w, stop, what))
		return false;
	if (decimal(w, out) && *out >= min && *out <= max)
		return true;
	*out = 0;
	const char *expected = what;
	if (x->err) {
		char *room = x->err->buf + FOUND_ROOM;
		(void)snprintf(room, sizeof x->err->buf - FOUND_ROOM,
			       "%s, from %" PRIu64 " to %" PRIu64, what, min, max);
		expected = room;
	}
	return tt_sdp_bad(x, w.p, "not a number of the range", expected);
}

bool tt_sdp_next_is(const struct tt_sdp_lex *x, char c)
{
	return x->code == 0 && x->at < x->end && *x->at == c;
}

bool tt_sdp_skip(struct tt_sdp_lex *x, char c)
{
	if (!tt_sdp_next_is(x, c))
		return false;
	x->at++;
	return true;
}

bool tt_sdp_at_end(struct tt_sdp_lex *x)
{
	skip_blanks(x);
	return x->at >= x->end;
}

struct tt_sdp_word tt_sdp_rest(struct tt_sdp_lex *x)
{
	skip_blanks(x);
	const char *end = x->end;
	while (end > x->at && is_blank(end[-1]))
		end--;
	const struct tt_sdp_word w = { x->at, (size_t)(end - x->at) };
	tt_work((size_t)(x->end - x->at));
	x->at = x->end;
	return w;
}

bool tt_sdp_done(struct tt_sdp_lex *x)
{
	if (x->code != 0)
		return false;
	if (!tt_sdp_at_end(x))
		return tt_sdp_bad(x, x->at, "more than belongs here", "the end of the line");
	return true;
}

bool tt_sdp_word_is(struct tt_sdp_word w, const char *text)
{
	return strlen(text) == w.len && memcmp(text, w.p, w.len) == 0;
}

bool tt_sdp_word_is_any(struct tt_sdp_word w, const char *text)
{
	if (strlen(text) != w.len)
		return false;
	for (size_t i = 0; i < w.len; i++)
		if (lower(w.p[i]) != lower(text[i]))
			return false;
	return true;
}
