/* sdp_tell_rtp.c - what the values of lines about RTP mean.
 *
 * A payload type is told with its codec, for which one would have to look elsewhere. */
#include <inttypes.h>

#include "base/num.h"
#include "sdp/sdp_fmtp.h"
#include "sdp/sdp_tale.h"

static uint64_t number(struct tt_sdp_tale *t)
{
	uint64_t v;

	(void)tt_sdp_number(&t->x, 0, UINT32_MAX, &v, "/", "");
	return v;
}

/* The codec of the payload type that comes next; says both. NULL: it is not on the m-line. */
static const struct tt_sdp_codec *codec(struct tt_sdp_tale *t)
{
	const struct tt_sdp_codec *c = tt_sdp_codec_by_pt(t->m, (unsigned)number(t));

	if (c)
		tt_sdp_say(t, "%u is %s", c->payload_type, c->name ? c->name : "what nobody says");
	return c;
}

void tt_sdp_tell_rtpmap(struct tt_sdp_tale *t)
{
	const struct tt_sdp_codec *c = codec(t);

	if (!c)
		return;
	tt_sdp_say(t, ", with %" PRIu32 " ticks a second", c->clock_rate);
	if (c->channels)
		tt_sdp_say(t, " and %u channel%s", c->channels, c->channels == 1 ? "" : "s");
	const struct tt_sdp_meaning *row = tt_sdp_meaning(TT_SDP_OF_CODEC, tt_sdp_word_of(c->name));
	if (row) { /* names of codecs are free: none is a mistake */
		tt_sdp_say(t, ": %s", row->words);
		t->spec = row->spec;
	}
}

void tt_sdp_say_params(struct tt_sdp_tale *t, struct tt_sdp_word name, struct tt_sdp_word params)
{
	struct tt_sdp_lex x = { .at = params.p, .end = params.p + params.len, .line = params.p };
	struct tt_sdp_word key, value;

	while (tt_sdp_next_param(&x, &key, &value)) {
		const struct tt_sdp_param *row = tt_sdp_param(name, key);
		tt_sdp_say(t, "; %.*s", (int)key.len, key.p);
		if (value.len > 0)
			tt_sdp_say(t, "=%.*s", (int)value.len, value.p);
		tt_sdp_say(t, " (%s)", row ? row->words : "nobody here knows it");
		t->unknown = t->unknown || !row;
		t->spec = row ? row->spec : t->spec;
	}
}

static void say_profile(struct tt_sdp_tale *t, const char *fmtp)
{
	char id[16] = "";
	unsigned level;

	(void)tt_sdp_fmtp_get(fmtp, "profile-level-id", id, sizeof id); /* nothing is no profile */
	const char *profile = tt_sdp_h264_profile(id, &level);
	if (profile)
		tt_sdp_say(t, "; that is %s, level %u.%u", *profile ? profile : "no named profile",
			   level / 10, level % 10);
}

void tt_sdp_tell_fmtp(struct tt_sdp_tale *t)
{
	const struct tt_sdp_codec *c = codec(t);
	unsigned apt;

	if (!c || !c->name)
		return;
	const struct tt_sdp_word params = tt_sdp_rest(&t->x);
	tt_sdp_say_params(t, tt_sdp_word_of(c->name), params);
	if (tt_sdp_codec_is(c, "H264"))
		say_profile(t, c->fmtp);
	if (tt_sdp_apt(c, &apt)) {
		const struct tt_sdp_codec *of = tt_sdp_codec_by_pt(t->m, apt);
		tt_sdp_say(t, "; %u is %s", apt, of && of->name ? of->name : "not on the m-line");
	}
}

void tt_sdp_tell_rtcp_fb(struct tt_sdp_tale *t)
{
	if (tt_sdp_skip(&t->x, '*'))
		tt_sdp_say(t, "all payload types");
	else if (!codec(t))
		return;
	tt_sdp_say(t, "; ");
	tt_sdp_say_meaning(t, TT_SDP_OF_FEEDBACK, tt_sdp_rest(&t->x));
}

void tt_sdp_tell_extmap(struct tt_sdp_tale *t)
{
	struct tt_sdp_word direction, uri;

	tt_sdp_say(t, "%" PRIu64 " is ", number(t));
	const bool limited = tt_sdp_skip(&t->x, '/');
	if (limited)
		(void)tt_sdp_word(&t->x, &direction, "", "");
	(void)tt_sdp_word(&t->x, &uri, "", "");
	tt_sdp_say_meaning(t, TT_SDP_OF_EXTENSION, uri);
	if (tt_sdp_word_is(uri, "urn:ietf:params:rtp-hdrext:encrypt") &&
	    tt_sdp_word(&t->x, &uri, "", "")) {
		tt_sdp_say(t, ": ");
		tt_sdp_say_meaning(t, TT_SDP_OF_EXTENSION, uri);
	}
	if (limited)
		tt_sdp_say(t, " (%.*s)", (int)direction.len, direction.p);
}

void tt_sdp_tell_msid(struct tt_sdp_tale *t)
{
	struct tt_sdp_word stream;

	(void)tt_sdp_word(&t->x, &stream, "", "");
	const struct tt_sdp_word track = tt_sdp_rest(&t->x);
	if (tt_sdp_word_is(stream, "-"))
		tt_sdp_say(t, "no stream");
	else
		tt_sdp_say(t, "stream %.*s", (int)stream.len, stream.p);
	if (track.len > 0)
		tt_sdp_say(t, ", track %.*s", (int)track.len, track.p);
}

void tt_sdp_tell_ssrc(struct tt_sdp_tale *t)
{
	struct tt_sdp_word attribute;

	tt_sdp_say(t, "%" PRIu64 " has ", number(t));
	(void)tt_sdp_word(&t->x, &attribute, ":", "");
	tt_sdp_say_meaning(t, TT_SDP_OF_SSRC, attribute);
	if (tt_sdp_skip(&t->x, ':')) {
		const struct tt_sdp_word value = tt_sdp_rest(&t->x);
		tt_sdp_say(t, ": %.*s", (int)value.len, value.p);
	}
}

void tt_sdp_tell_ssrc_group(struct tt_sdp_tale *t)
{
	struct tt_sdp_word semantics;

	(void)tt_sdp_word(&t->x, &semantics, "", "");
	const struct tt_sdp_word ids = tt_sdp_rest(&t->x);
	tt_sdp_say(t, "%.*s: ", (int)ids.len, ids.p);
	tt_sdp_say_meaning(t, TT_SDP_OF_SSRC_GROUP, semantics);
}

void tt_sdp_tell_rid(struct tt_sdp_tale *t)
{
	struct tt_sdp_word id, direction;

	(void)tt_sdp_word(&t->x, &id, "", "");
	(void)tt_sdp_word(&t->x, &direction, "", "");
	tt_sdp_say(t, "%.*s is %s", (int)id.len, id.p,
		   tt_sdp_word_is(direction, "recv") ? "received" : "sent");
	tt_sdp_say_params(t, tt_sdp_word_of("rid"), tt_sdp_rest(&t->x));
}

void tt_sdp_tell_simulcast(struct tt_sdp_tale *t)
{
	const struct tt_sdp_simulcast_rid *before = NULL;

	for (size_t i = 0; i < t->m->simulcast_count; i++) {
		const struct tt_sdp_simulcast_rid *r = &t->m->simulcast[i];
		if (!before || before->recv != r->recv)
			tt_sdp_say(t, "%s%s ", before ? "; " : "", r->recv ? "receives" : "sends");
		else
			tt_sdp_say(t, before->stream == r->stream ? " or " : ", ");
		tt_sdp_say(t, "%s%s", r->rid, r->paused ? " (paused)" : "");
		before = r;
	}
}
