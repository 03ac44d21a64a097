/* cli_sdp_codecs.c - taut sdp diff: the payload types of a section, and the feedback of each. */
#include <stdio.h>
#include <string.h>

#include "cli/cli_sdp_found.h"
#include "sdp/sdp_fmtp.h"

enum { NAME = 96, LIST = 512 };

/* "opus/48000/2" */
static const char *name_of(const struct tt_sdp_codec *c, char buf[NAME])
{
	if (!c->name)
		(void)snprintf(buf, NAME, "(no a=rtpmap)");
	else if (c->channels)
		(void)snprintf(buf, NAME, "%s/%u/%u", c->name, c->clock_rate, c->channels);
	else
		(void)snprintf(buf, NAME, "%s/%u", c->name, c->clock_rate);
	return buf;
}

/* Retransmissions are the same if what they repeat is. */
static bool same(const struct tt_sdp_media *ma, const struct tt_sdp_codec *a,
		 const struct tt_sdp_media *mb, const struct tt_sdp_codec *b, const char **key)
{
	unsigned apt_a, apt_b;
	const char *inner;

	if (!tt_sdp_same_format(a, b, key))
		return false;
	if (!tt_sdp_codec_is(a, "rtx"))
		return true;
	*key = "apt";
	if (!tt_sdp_apt(a, &apt_a) || !tt_sdp_apt(b, &apt_b))
		return false;
	const struct tt_sdp_codec *of_a = tt_sdp_codec_by_pt(ma, apt_a);
	const struct tt_sdp_codec *of_b = tt_sdp_codec_by_pt(mb, apt_b);
	return of_a && of_b && tt_sdp_same_format(of_a, of_b, &inner);
}

/* The counterpart in mb. NULL: none; *key is then what differs of one with that name, or NULL. */
static const struct tt_sdp_codec *find(const struct tt_sdp_media *ma, const struct tt_sdp_codec *a,
				       const struct tt_sdp_media *mb, const char **key)
{
	const char *differs;

	*key = NULL;
	for (size_t i = 0; i < mb->codec_count; i++) {
		if (same(ma, a, mb, &mb->codecs[i], &differs))
			return &mb->codecs[i];
		if (strcmp(differs, "name") != 0)
			*key = differs;
	}
	return NULL;
}

static void add(char list[LIST], const char *word)
{
	const size_t n = strlen(list);

	(void)snprintf(list + n, LIST - n, "%s%s", n > 0 ? ", " : "", word);
}

/* Feedback of a that b has as well, or has not. */
static void list_feedback(const struct tt_sdp_media *ma, const struct tt_sdp_codec *a,
			  const struct tt_sdp_media *mb, const struct tt_sdp_codec *b, bool has,
			  char list[LIST])
{
	list[0] = '\0';
	for (size_t i = 0; i < a->rtcp_fb_count; i++)
		if (tt_sdp_codec_has_fb(mb, b, a->rtcp_fb[i]) == has)
			add(list, a->rtcp_fb[i]);
	for (size_t i = 0; i < ma->rtcp_fb_all_count; i++)
		if (tt_sdp_codec_has_fb(mb, b, ma->rtcp_fb_all[i]) == has)
			add(list, ma->rtcp_fb_all[i]);
}

static void compare_feedback(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
			     const struct tt_sdp_codec *o, const struct tt_sdp_media *answer,
			     const struct tt_sdp_codec *a)
{
	static const char spec[] = "RFC 4585 section 4.2";
	char list[LIST], name[NAME];

	name_of(o, name);
	list_feedback(offer, o, answer, a, true, list);
	if (list[0])
		cli_sdp_found(f, CLI_SDP_AGREED, "feedback", spec, "%s: %s", name, list);
	list_feedback(offer, o, answer, a, false, list);
	if (list[0])
		cli_sdp_found(f, CLI_SDP_REFUSED, "feedback", spec, "%s: %s, not in the answer",
			      name, list);
	list_feedback(answer, a, offer, o, false, list);
	if (list[0])
		cli_sdp_found(f, CLI_SDP_ADDED, "feedback", spec, "%s: %s, not in the offer", name,
			      list);
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void agree(struct cli_sdp_found *f, const struct tt_sdp_codec *o,
		  const struct tt_sdp_codec *a)
{
	static const char spec[] = "RFC 3264 section 6.1";
	char name[NAME], numbers[64];

	if (o->payload_type == a->payload_type)
		(void)snprintf(numbers, sizeof numbers, "%u", o->payload_type);
	else
		(void)snprintf(numbers, sizeof numbers, "%u in the offer, %u in the answer",
			       o->payload_type, a->payload_type);
	name_of(o, name);
	if (same_text(o->fmtp, a->fmtp))
		cli_sdp_found(f, CLI_SDP_AGREED, "codec", spec, "%s as %s%s%s", name, numbers,
			      o->fmtp ? ", with " : "", o->fmtp ? o->fmtp : "");
	else if (tt_sdp_codec_is(o, "rtx") || tt_sdp_codec_is(o, "red"))
		cli_sdp_found(f, CLI_SDP_AGREED, "codec", spec, "%s as %s", name, numbers);
	else
		cli_sdp_found(f, CLI_SDP_AGREED, "codec", spec,
			      "%s as %s; the offerer says %s, the answerer %s", name, numbers,
			      o->fmtp ? o->fmtp : "nothing more",
			      a->fmtp ? a->fmtp : "nothing more");
}

void cli_sdp_codecs(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
		    const struct tt_sdp_media *answer)
{
	static const char spec[] = "RFC 3264 section 6.1";
	char name[NAME];
	const char *key;
	size_t common = 0;

	for (size_t i = 0; i < offer->codec_count; i++) {
		const struct tt_sdp_codec *o = &offer->codecs[i], *a = find(offer, o, answer, &key);
		if (a) {
			common++;
			agree(f, o, a);
			compare_feedback(f, offer, o, answer, a);
		} else if (key) {
			cli_sdp_found(f, CLI_SDP_REFUSED, "codec", spec,
				      "%s (%u): the answer has it with another %s",
				      name_of(o, name), o->payload_type, key);
		} else {
			cli_sdp_found(f, CLI_SDP_REFUSED, "codec", spec,
				      "%s (%u): the answer does not have it", name_of(o, name),
				      o->payload_type);
		}
	}
	for (size_t i = 0; i < answer->codec_count; i++)
		if (!find(answer, &answer->codecs[i], offer, &key))
			cli_sdp_found(f, CLI_SDP_ADDED, "codec", spec,
				      "%s (%u): it was not offered; the offerer may send it",
				      name_of(&answer->codecs[i], name),
				      answer->codecs[i].payload_type);
	if (common == 0)
		cli_sdp_found(f, CLI_SDP_WRONG, "codec", spec,
			      "none is in both: the section should have been refused, with port 0");
}
