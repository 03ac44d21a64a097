/* trace_line.c - see trace_line.h. */
#include "trace/trace_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void tt_line_add(struct tt_line *l, const char *format, ...)
{
	const size_t room = sizeof l->text - l->len;
	va_list args;

	va_start(args, format);
	const int n = vsnprintf(l->text + l->len, room, format, args);
	va_end(args);
	if (n > 0)
		l->len += (size_t)n < room ? (size_t)n : room - 1;
}

void tt_line_add_foreign(struct tt_line *l, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c < 0x7f)
			tt_line_add(l, "%c", c);
		else
			tt_line_add(l, "\\x%02x", c);
	}
}

void tt_line_add_json(struct tt_line *l, const char *text)
{
	tt_line_add(l, "\"");
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			tt_line_add(l, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			tt_line_add(l, "\\u%04x", c);
		else
			tt_line_add(l, "%c", c);
	}
	tt_line_add(l, "\"");
}

const char *tt_name_of(const struct tt_name *table, uint32_t number)
{
	for (; table->name; table++)
		if (table->number == number)
			return table->name;
	return NULL;
}

const char *tt_trace_layer_name(uint32_t layer)
{
	static const struct tt_name names[] = {
		{ TAUT_LAYER_PEER, "peer" }, { TAUT_LAYER_SDP, "sdp" },
		{ TAUT_LAYER_ICE, "ice" },   { TAUT_LAYER_STUN, "stun" },
		{ TAUT_LAYER_DTLS, "dtls" }, { TAUT_LAYER_SRTP, "srtp" },
		{ TAUT_LAYER_SCTP, "sctp" }, { TAUT_LAYER_DATA, "data" },
		{ TAUT_LAYER_RTP, "rtp" },   { TAUT_LAYER_RTCP, "rtcp" },
		{ TAUT_LAYER_IO, "io" },     { 0, NULL },
	};
	const char *name = tt_name_of(names, layer);

	return name ? name : "?";
}

void tt_explain(struct tt_line *l, uint32_t layer, const void *data, size_t len)
{
	switch (layer) {
	case TAUT_LAYER_STUN:
	case TAUT_LAYER_ICE:
		tt_explain_stun(l, data, len);
		return;
	case TAUT_LAYER_DTLS:
		tt_explain_dtls(l, data, len);
		return;
	case TAUT_LAYER_SCTP:
		tt_explain_sctp(l, data, len);
		return;
	case TAUT_LAYER_RTP:
		tt_explain_rtp(l, data, len);
		return;
	case TAUT_LAYER_RTCP:
		tt_explain_rtcp(l, data, len);
		return;
	default:
		tt_line_add(l, "%zu octets", len);
	}
}
