/* payload_event.c - see payload_event.h.
 *
 *    0                   1                   2                   3
 *   |     event     |E|R|  volume   |           duration            | */
#include "rtp/payload/payload_event.h"

#include <string.h>

static const char keys[TT_EVENT_KEYS + 1] = "0123456789*#ABCD";

void tt_event_write(struct wr *w, const struct tt_event_report *r)
{
	wr_u8(w, r->event);
	wr_u8(w, (uint8_t)((r->end ? 0x80 : 0) | (r->volume & 0x3f)));
	wr_u16(w, r->duration);
}

bool tt_event_read(struct rd *r, struct tt_event_report *out)
{
	if (rd_left(r) == 0)
		return false;
	out->event = rd_u8(r);
	const uint8_t flags = rd_u8(r);
	out->end = flags & 0x80;
	out->volume = flags & 0x3f;
	out->duration = rd_u16(r);
	return !r->bad;
}

char tt_event_key(unsigned event)
{
	return event < TT_EVENT_KEYS ? keys[event] : '\0';
}

int tt_event_of_key(char key)
{
	const char upper = key >= 'a' && key <= 'd' ? (char)(key - 'a' + 'A') : key;
	const char *at = upper ? strchr(keys, upper) : NULL;

	return at ? (int)(at - keys) : -1;
}

/* 256 and more: no number, or none of an event. */
static unsigned read_number(const char **at)
{
	const char *const from = *at;
	unsigned n = 0;

	for (; **at >= '0' && **at <= '9'; ++*at)
		n = n > 255 ? n : n * 10 + (unsigned)(**at - '0');
	return *at > from ? n : 256;
}

bool tt_event_listed(const char *events, unsigned event)
{
	if (!events)
		return event < TT_EVENT_KEYS;
	for (const char *at = events; *at; at += *at == ',') {
		const unsigned from = read_number(&at);
		unsigned to = from;

		if (*at == '-') {
			at++;
			to = read_number(&at);
		}
		if (from <= event && event <= to && to < 256)
			return true;
		if (*at && *at != ',')
			return false; /* no list from here on */
	}
	return false;
}
