/* pc_preference.c - which codecs a transceiver offers and answers with: webrtc-pc section 5.4,
 * setCodecPreferences, RFC 9429 section 4.2.6. */
#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "peer/pc.h"

size_t pc_codec_order(const struct taut_pc *pc, const struct pc_transceiver *t, uint32_t kind,
		      uint8_t order[PC_MAX_CODECS])
{
	size_t n = 0;

	if (t && t->preferred_count > 0) {
		memcpy(order, t->preferred, t->preferred_count);
		return t->preferred_count;
	}
	for (size_t i = 0; i < pc->codec_count; i++)
		if (pc->codecs[i].kind == kind)
			order[n++] = (uint8_t)i;
	return n;
}

bool pc_prefers(const struct taut_pc *pc, const struct pc_transceiver *t, const struct pc_codec *c)
{
	for (size_t i = 0; t && i < t->preferred_count; i++)
		if (&pc->codecs[t->preferred[i]] == c)
			return true;
	return !t || t->preferred_count == 0;
}

bool pc_repairs(const struct pc_transceiver *t)
{
	return t->preferred_count == 0 || t->prefers_rtx;
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

/* webrtc-pc 5.4, "codec match". */
static int match(const struct taut_pc *pc, uint32_t kind, const struct taut_codec *c)
{
	for (size_t i = 0; i < pc->codec_count; i++) {
		const struct taut_codec *ours = &pc->codecs[i].codec;
		if (pc->codecs[i].kind == kind && strcasecmp(ours->mime, c->mime) == 0 &&
		    ours->clock_rate == c->clock_rate && ours->channels == c->channels &&
		    same_text(ours->fmtp, c->fmtp))
			return (int)i;
	}
	return -1;
}

static bool is_rtx(const struct pc_transceiver *t, const struct taut_codec *c)
{
	return t->kind == TAUT_VIDEO && strcasecmp(c->mime, "video/rtx") == 0;
}

/* Into `to`; false: one of them is not ours. */
static bool prefer(const struct taut_pc *pc, const struct pc_transceiver *t,
		   const struct taut_codec *c, struct pc_transceiver *to)
{
	if (!c->mime)
		return false;
	if (is_rtx(t, c)) {
		to->prefers_rtx = true;
		return true;
	}
	const int i = match(pc, t->kind, c);
	if (i >= 0 && !memchr(to->preferred, i, to->preferred_count))
		to->preferred[to->preferred_count++] = (uint8_t)i;
	return i >= 0;
}

static bool carries_any(const struct taut_pc *pc, const struct pc_transceiver *t)
{
	for (size_t i = 0; i < t->preferred_count; i++)
		if (pc_carries(&pc->codecs[t->preferred[i]]))
			return true;
	return false;
}

int taut_pc_set_codec_preferences(taut_pc *pc, taut_time now, taut_transceiver id,
				  const struct taut_codec *codecs, size_t count)
{
	struct pc_transceiver *t, fresh = { 0 };
	const int gone = pc_on_transceiver(pc, now, id, &t);

	if (gone)
		return gone;
	if (count > 0 && !codecs)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", NULL, "there are no codecs");
	for (size_t i = 0; i < count; i++) {
		struct taut_codec c;
		const char *at = (const char *)codecs + i * codecs[0].size;
		int err = tt_config_take(&c, sizeof c, at);
		if (err)
			return pc_fail(pc, err, "TypeError", "webrtc-pc section 5.4",
				       "codec %zu has another size than this library knows", i);
		if (!prefer(pc, t, &c, &fresh))
			return pc_fail(pc, TAUT_E_INVAL, "InvalidModificationError",
				       "webrtc-pc section 5.4", "codec %zu is none of ours", i);
	}
	if (count > 0 && !carries_any(pc, &fresh))
		return pc_fail(pc, TAUT_E_INVAL, "InvalidModificationError",
			       "webrtc-pc section 5.4",
			       "there is nothing but retransmission and telephone events");
	memcpy(t->preferred, fresh.preferred, sizeof t->preferred);
	t->preferred_count = fresh.preferred_count;
	t->prefers_rtx = fresh.prefers_rtx;
	return TAUT_OK;
}
