/* trace_line.h - a line of text that grows up to a ceiling and never beyond. */
#ifndef TAUT_TRACE_TRACE_LINE_H
#define TAUT_TRACE_TRACE_LINE_H

#include <stddef.h>
#include <stdint.h>

#include "taut/trace.h"

struct tt_line {
	size_t len; /* < sizeof text */
	char text[2000];
};

#if defined __GNUC__
__attribute__((format(printf, 2, 3)))
#endif
void tt_line_add(struct tt_line *l, const char *format, ...);
/* What a peer may have written: octets that are not printable ASCII come as \xNN. */
void tt_line_add_foreign(struct tt_line *l, const char *text, size_t len);
/* A JSON string with its quotation marks, RFC 8259 section 7; octets above 127 are escaped
 * like Latin-1, so that the line is JSON whatever text holds. */
void tt_line_add_json(struct tt_line *l, const char *text);

const char *tt_trace_layer_name(uint32_t layer);

/* One sentence about a packet as its layer sees it; never a key or a password. */
void tt_explain(struct tt_line *l, uint32_t layer, const void *data, size_t len);
void tt_explain_stun(struct tt_line *l, const uint8_t *p, size_t len);
void tt_explain_dtls(struct tt_line *l, const uint8_t *p, size_t len);
void tt_explain_sctp(struct tt_line *l, const uint8_t *p, size_t len);
void tt_explain_rtp(struct tt_line *l, const uint8_t *p, size_t len);
void tt_explain_rtcp(struct tt_line *l, const uint8_t *p, size_t len);

/* A number and what it is called; the table ends with a name of NULL. */
struct tt_name {
	uint32_t number;
	const char *name;
};
const char *tt_name_of(const struct tt_name *table, uint32_t number); /* NULL: not in it */

#endif
