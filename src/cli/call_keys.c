/* call_keys.c - keys of a telephone in a call: those that are dialled, and those that are heard. */
#include <string.h>

#include "cli/call_peer.h"

const struct taut_codec *call_codecs(size_t *count)
{
	static const struct taut_codec keys = { .size = sizeof keys,
						.mime = "audio/telephone-event",
						.clock_rate = 48000,
						.fmtp = "0-15" }; /* RFC 4733 section 2.4 */
	static struct taut_codec all[8];
	size_t n = 0;
	const struct taut_codec *media = taut_media_codecs(&n);

	if (n > sizeof all / sizeof all[0] - 1)
		n = sizeof all / sizeof all[0] - 1;
	memcpy(all, media, n * sizeof all[0]);
	all[n] = keys;
	*count = n + 1;
	return all;
}

void call_dial(struct call_peer *p)
{
	const struct call *c = p->call;
	int err = TAUT_E_STATE;

	if (!c->cfg.dial)
		return;
	if (taut_pc_can_insert_dtmf(p->pc, p->audio))
		err = taut_pc_insert_dtmf(p->pc, taut_loop_now(c->loop), p->audio, c->cfg.dial, 0,
					  0);
	if (err)
		call_say(p, "not dialled",
			 err == TAUT_E_STATE ? "the other side takes no keys, or gets no sound"
					     : taut_pc_error(p->pc)->message);
}

void call_key(struct call_peer *p, const struct taut_event *ev)
{
	if (ev->type == TAUT_EV_TONE)
		call_say(p, "key", ev->text);
	else if (ev->text[0])
		call_say(p, "dials", ev->text);
}
