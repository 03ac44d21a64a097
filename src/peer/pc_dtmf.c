/* pc_dtmf.c - RTCDTMFSender: tones one after another, webrtc-pc section 7.
 *
 * The page's tasks are deadlines here. How a tone becomes packets is in
 * rtp/rtp_tone.c. */
#include <string.h>

#include "base/num.h"
#include "peer/pc.h"
#include "rtp/payload/payload_event.h"

enum {
	MAX_TONES = 255,
	DURATION = 100000,
	SHORTEST = 40000,
	GAP = 70000,
	SHORTEST_GAP = 30000,
	LONGEST = 6000000,
	PAUSE = 2000000, /* of a comma */
};

struct pc_dtmf {
	char tones[MAX_TONES + 1];
	size_t at; /* what is before was sent */
	taut_time duration, gap;
	taut_time next; /* when the next one begins, or the end is told; INT64_MAX: none waits */
};

static void tell(struct taut_pc *pc, const struct pc_transceiver *t, const char *tone)
{
	struct pc_event *e = pc_queue(pc, TAUT_EV_TONE_CHANGE, NULL, tone);

	if (e)
		e->ev.transceiver = t->id;
}

static bool sends_now(const struct taut_pc *pc, const struct pc_transceiver *t)
{
	return t->sends && pc->srtp && !pc->closed;
}

/* A tone that the peer does not take is silent for as long: RFC 4733 section 2.5.1.1. */
static void send_tone(struct taut_pc *pc, taut_time now, const struct pc_transceiver *t, int event)
{
	if (t->tone_keys & 1u << event)
		(void)tt_rtp_session_send_tone(pc->rtp, now, t->id, (uint8_t)event,
					       t->dtmf->duration);
	else
		tt_note(pc->env, now, TAUT_LAYER_PEER, "tone not taken by the peer",
			TT_INT("event", event));
}

/* webrtc-pc section 7.2, the playout task. */
static void play(struct taut_pc *pc, taut_time now, struct pc_transceiver *t)
{
	struct pc_dtmf *d = t->dtmf;
	const char tone[2] = { d->tones[d->at], '\0' };

	d->next = INT64_MAX;
	if (!sends_now(pc, t))
		return;
	if (tone[0]) {
		d->at++;
		if (tone[0] != ',')
			send_tone(pc, now, t, tt_event_of_key(tone[0]));
		d->next = now + (tone[0] == ',' ? PAUSE : d->duration + d->gap);
	}
	tell(pc, t, tone);
}

void pc_dtmf_tick(struct taut_pc *pc, taut_time now)
{
	pc->dtmf_at = INT64_MAX;
	for (size_t i = 0; i < pc->transceiver_count; i++) {
		struct pc_transceiver *t = pc->transceivers[i];

		if (t->dtmf && t->dtmf->next <= now)
			play(pc, now, t);
		if (t->dtmf)
			pc->dtmf_at = tt_min64(pc->dtmf_at, t->dtmf->next);
	}
}

/* webrtc-pc section 7.3 */
int taut_pc_can_insert_dtmf(taut_pc *pc, taut_transceiver id)
{
	const struct pc_transceiver *t = pc_find_transceiver(pc, id);

	return t && sends_now(pc, t) && !t->muted && !t->encodings[0].inactive &&
	       pc->connection_state == TAUT_STATE_CONNECTED && t->tone_keys != 0;
}

const char *taut_pc_dtmf_tone_buffer(taut_pc *pc, taut_transceiver id)
{
	const struct pc_transceiver *t = pc_find_transceiver(pc, id);

	if (!t)
		return NULL;
	return t->dtmf ? t->dtmf->tones + t->dtmf->at : "";
}

static taut_time within(taut_time asked, taut_time usual, taut_time least)
{
	return asked == 0 ? usual : tt_clamp64(asked, least, LONGEST);
}

/* The first that is none, or the end. */
static const char *no_tone(const char *tones)
{
	while (*tones == ',' || tt_event_of_key(*tones) >= 0)
		tones++;
	return tones;
}

int taut_pc_insert_dtmf(taut_pc *pc, taut_time now, taut_transceiver id, const char *tones,
			taut_time duration, taut_time gap)
{
	struct pc_transceiver *t;
	const int gone = pc_on_transceiver(pc, now, id, &t);

	if (gone)
		return gone;
	if (!tones)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", "webrtc-pc section 7.2",
			       "there are no tones");
	if (!taut_pc_can_insert_dtmf(pc, id))
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 7.2",
			       "tones cannot be sent now");
	const char *wrong = no_tone(tones);
	if (*wrong)
		return pc_fail(pc, TAUT_E_INVAL, "InvalidCharacterError", "webrtc-pc section 7.2",
			       "character %zu of the tones is none", (size_t)(wrong - tones));
	const size_t len = strlen(tones);
	if (len > MAX_TONES)
		return pc_fail(pc, TAUT_E_LIMIT, "OperationError", NULL, "more than %d tones",
			       MAX_TONES);
	if (!t->dtmf) {
		t->dtmf = tt_alloc(pc->env, sizeof *t->dtmf);
		if (!t->dtmf)
			return pc_fail_nomem(pc);
		t->dtmf->next = INT64_MAX;
	}
	struct pc_dtmf *d = t->dtmf;
	for (size_t i = 0; i <= len; i++) /* a to d are A to D */
		d->tones[i] = tones[i] == ',' || !tones[i]
				      ? tones[i]
				      : tt_event_key((unsigned)tt_event_of_key(tones[i]));
	d->at = 0;
	d->duration = within(duration, DURATION, SHORTEST);
	d->gap = within(gap, GAP, SHORTEST_GAP);
	if (len > 0 && d->next == INT64_MAX)
		d->next = now;
	pc->dtmf_at = tt_min64(pc->dtmf_at, d->next);
	return TAUT_OK;
}
