/* sdp_lex.h - one line of a description: words, numbers, and where it stopped making sense.
 *
 * A cursor over borrowed text. Every read answers false once the line has been refused; the first
 * refusal is the one that is reported. Nothing is copied here. */
#ifndef TAUT_SDP_LEX_H
#define TAUT_SDP_LEX_H

#include "sdp/sdp.h"

struct tt_sdp_word {
	const char *p;
	size_t len;
};

struct tt_sdp_lex {
	const char *at, *end;     /* what is left of the line; at <= end */
	const char *line;         /* its first byte */
	uint32_t number;          /* from 1 */
	const char *spec;         /* the rule that is being read */
	struct tt_sdp_error *err; /* or NULL */
	int code;                 /* of the first refusal */
};

/* Refuses the line at `where`; always false. message and expected are literals. */
bool tt_sdp_refuse(struct tt_sdp_lex *x, int code, const char *where, const char *message,
		   const char *expected);
static inline bool tt_sdp_bad(struct tt_sdp_lex *x, const char *where, const char *message,
			      const char *expected)
{
	return tt_sdp_refuse(x, TAUT_E_SYNTAX, where, message, expected);
}

/* Of one that was refused: found and expected may point into its own buffer. */
void tt_sdp_error_copy(struct tt_sdp_error *to, const struct tt_sdp_error *from);

/* The next run of bytes that are neither blank nor in stop (two at most). False, at what stands
 * there: none. */
bool tt_sdp_word(struct tt_sdp_lex *x, struct tt_sdp_word *out, const char *stop,
		 const char *expected);
/* A whole word that is a decimal number from min to max; what ("payload type") is its name. */
bool tt_sdp_number(struct tt_sdp_lex *x, uint64_t min, uint64_t max, uint64_t *out,
		   const char *stop, const char *what);
bool tt_sdp_next_is(const struct tt_sdp_lex *x, char c); /* without moving */
bool tt_sdp_skip(struct tt_sdp_lex *x, char c);          /* moves past c if it is next */
bool tt_sdp_at_end(struct tt_sdp_lex *x);                /* but for blanks */
struct tt_sdp_word tt_sdp_rest(struct tt_sdp_lex *x);    /* all that is left, blanks around cut */
bool tt_sdp_done(struct tt_sdp_lex *x);                  /* refuses what is left over */

bool tt_sdp_word_is(struct tt_sdp_word w, const char *text);     /* case counts */
bool tt_sdp_word_is_any(struct tt_sdp_word w, const char *text); /* it does not */

#endif
