/* payload_event.h - named telephone events in RTP, RFC 4733 section 2: the keys of a telephone. */
#ifndef TAUT_RTP_PAYLOAD_EVENT_H
#define TAUT_RTP_PAYLOAD_EVENT_H

#include "base/rd.h"
#include "base/wr.h"

enum {
	TT_EVENT_REPORT = 4, /* octets */
	TT_EVENT_KEYS = 16,  /* section 3.2: 0 to 9, *, #, A to D */
	TT_EVENT_LONGEST = 0xffff,
};

struct tt_event_report {
	uint8_t event;
	bool end;
	uint8_t volume; /* -dBm0, 0 to 63 */
	uint16_t duration; /* so far, in timestamp units */
};

void tt_event_write(struct wr *w, const struct tt_event_report *r);
/* The next of those that one packet holds, section 2.5.1.5; the next event begins where this one
 * ends. False: no more, or cut off, which makes the cursor bad. */
bool tt_event_read(struct rd *r, struct tt_event_report *out);

/* "5" for event 5; 0: it is no key. */
char tt_event_key(unsigned event);
/* The event of a key, a to d as well; -1: it is none. */
int tt_event_of_key(char key);
/* Does the parameter "0-15,66" list it, section 2.4? Without one the keys are meant, section 2.5.1.1. */
bool tt_event_listed(const char *events, unsigned event);

#endif
