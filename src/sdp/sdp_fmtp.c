/* sdp_fmtp.c - see sdp_fmtp.h. */
#include "sdp/sdp_fmtp.h"

#include <string.h>

#include "base/num.h"

static const char opus[] = "RFC 7587 section 6.1";
static const char vp8[] = "RFC 7741 section 6.1";
static const char vp9[] = "RFC 9628 section 6";
static const char h264[] = "RFC 6184 section 8.1";
static const char av1[] = "RTP Payload Format For AV1, section 7.2";
static const char rid[] = "RFC 8851 section 5";

static const struct tt_sdp_param rows[] = {
	{ "opus", "minptime", "the shortest packet wanted, in ms", opus, NULL },
	{ "opus", "maxptime", "the longest packet wanted, in ms", opus, NULL },
	{ "opus", "ptime", "the length of packets wanted, in ms", opus, NULL },
	{ "opus", "useinbandfec", "1: packets may hold a worse copy of the last one", opus, NULL },
	{ "opus", "usedtx", "1: wants silence not to be sent", opus, NULL },
	{ "opus", "stereo", "1: would rather receive stereo", opus, NULL },
	{ "opus", "sprop-stereo", "1: is likely to send stereo", opus, NULL },
	{ "opus", "cbr", "1: wants a constant bit rate", opus, NULL },
	{ "opus", "maxplaybackrate", "plays no more than these Hz", opus, NULL },
	{ "opus", "sprop-maxcapturerate", "captures no more than these Hz", opus, NULL },
	{ "opus", "maxaveragebitrate", "receives at most these bit/s on average", opus, NULL },

	{ "VP8", "max-fr", "decodes at most these frames a second", vp8, NULL },
	{ "VP8", "max-fs", "decodes at most these macroblocks of 16x16 in a frame", vp8, NULL },

	{ "VP9", "profile-id", "bits and subsampling of colours: 0 is 8 bits and 4:2:0", vp9, "0" },
	{ "VP9", "max-fr", "decodes at most these frames a second", vp9, NULL },
	{ "VP9", "max-fs", "decodes at most these macroblocks of 16x16 in a frame", vp9, NULL },

	{ "H264", "profile-level-id", "which tools of H.264, and how large and fast", h264,
	  "420010" },
	{ "H264", "packetization-mode", "0: a NAL unit a packet; 1: several, or parts of one", h264,
	  "0" },
	{ "H264", "level-asymmetry-allowed", "1: each direction may have its own level", h264,
	  NULL },
	{ "H264", "sprop-parameter-sets", "SPS and PPS, in base64", h264, NULL },
	{ "H264", "max-mbps", "decodes these macroblocks a second, above its level", h264, NULL },
	{ "H264", "max-fs", "decodes these macroblocks in a frame, above its level", h264, NULL },
	{ "H264", "max-br", "receives these kbit/s, above its level", h264, NULL },
	{ "H264", "max-dpb", "keeps these macroblocks of pictures, above its level", h264, NULL },
	{ "H264", "max-cpb", "buffers these kbit, above its level", h264, NULL },

	{ "AV1", "profile", "0: main, 8 and 10 bits 4:2:0; 1: high; 2: professional", av1, "0" },
	{ "AV1", "level-idx", "how large and fast: 5 is level 3.1", av1, NULL },
	{ "AV1", "tier", "0: main; 1: high, for more bits", av1, "0" },

	{ "H265", "profile-id", "the profile: 1 is main", "RFC 7798 section 7.1", "1" },
	{ "H265", "tier-flag", "0: main; 1: high, for more bits", "RFC 7798 section 7.1", "0" },
	{ "H265", "level-id", "30 times the level", "RFC 7798 section 7.1", NULL },
	{ "H265", "tx-mode", "SRST: all on one stream", "RFC 7798 section 7.1", "SRST" },

	{ "rtx", "apt", "the payload type that is sent again", "RFC 4588 section 8.6", NULL },
	{ "rtx", "rtx-time", "how long packets are kept for that, in ms", "RFC 4588 section 8.6",
	  NULL },
	{ "red", NULL, "payload types of the copies, then of what is new", "RFC 2198 section 5",
	  NULL },
	{ "telephone-event", NULL, "the events: 0-15 are the keys 0 to 9, *, #, A to D",
	  "RFC 4733 section 2.4", NULL },
	{ "flexfec-03", "repair-window", "how long packets wait to be repaired, in us",
	  "draft-ietf-payload-flexible-fec-scheme-03", NULL },
	{ "flexfec", "repair-window", "how long packets wait to be repaired, in us", "RFC 8627",
	  NULL },

	{ NULL, "x-google-min-bitrate", "sends at least these kbit/s", "libwebrtc", NULL },
	{ NULL, "x-google-start-bitrate", "begins with these kbit/s", "libwebrtc", NULL },
	{ NULL, "x-google-max-bitrate", "sends at most these kbit/s", "libwebrtc", NULL },
	{ NULL, "x-google-max-quantization", "the coarsest picture, from 0 to 63", "libwebrtc",
	  NULL },

	{ "rid", "pt", "the payload types it may have", "RFC 8851 section 4", NULL },
	{ "rid", "max-width", "pixels", rid, NULL },
	{ "rid", "max-height", "pixels", rid, NULL },
	{ "rid", "max-fps", "frames a second", rid, NULL },
	{ "rid", "max-fs", "pixels of a frame", rid, NULL },
	{ "rid", "max-br", "bit/s", rid, NULL },
	{ "rid", "max-pps", "pixels a second", rid, NULL },
	{ "rid", "max-bpp", "bits for a pixel", rid, NULL },
	{ "rid", "depend", "rids that it is built on", rid, NULL },
};

const struct tt_sdp_param *tt_sdp_param(struct tt_sdp_word codec, struct tt_sdp_word key)
{
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if ((!rows[i].codec || tt_sdp_word_is_any(codec, rows[i].codec)) &&
		    (!rows[i].key || tt_sdp_word_is_any(key, rows[i].key)))
			return &rows[i];
	return NULL;
}

bool tt_sdp_next_param(struct tt_sdp_lex *x, struct tt_sdp_word *key, struct tt_sdp_word *value)
{
	struct tt_sdp_lex one = *x;

	if (tt_sdp_at_end(x))
		return false;
	const char *semicolon = memchr(x->at, ';', (size_t)(x->end - x->at));
	one.at = x->at;
	one.end = semicolon ? semicolon : x->end;
	x->at = semicolon ? semicolon + 1 : x->end;
	struct tt_sdp_lex name = one;
	const char *equals = memchr(one.at, '=', (size_t)(one.end - one.at));
	name.end = equals ? equals : one.end;
	one.at = equals ? equals + 1 : one.end;
	*key = tt_sdp_rest(&name);
	*value = tt_sdp_rest(&one);
	return true;
}

/* RFC 6184 table 5: by profile_idc and the bits of profile-iop that matter for it. */
static const struct {
	uint8_t idc, mask, iop;
	const char *name;
} profiles[] = {
	{ 0x42, 0x4f, 0x40, "constrained baseline" },
	{ 0x4d, 0x8f, 0x80, "constrained baseline" },
	{ 0x58, 0xcf, 0xc0, "constrained baseline" },
	{ 0x42, 0x4f, 0x00, "baseline" },
	{ 0x58, 0xcf, 0x80, "baseline" },
	{ 0x4d, 0xaf, 0x00, "main" },
	{ 0x58, 0xcf, 0x00, "extended" },
	{ 0x64, 0xff, 0x00, "high" },
	{ 0x64, 0xff, 0x0c, "constrained high" },
	{ 0x6e, 0xff, 0x00, "high 10" },
	{ 0x7a, 0xff, 0x00, "high 4:2:2" },
	{ 0xf4, 0xff, 0x00, "high 4:4:4 predictive" },
};

const char *tt_sdp_h264_profile(const char *id, unsigned *level)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t v = 0;

	if (strlen(id) != 6)
		return NULL;
	for (size_t i = 0; i < 6; i++) {
		const char c = id[i] >= 'A' && id[i] <= 'F' ? (char)(id[i] + ('a' - 'A')) : id[i];
		const char *digit = strchr(digits, c);
		if (!digit)
			return NULL;
		v = 16 * v + tt_u32((size_t)(digit - digits));
	}
	*level = v & 0xff;
	for (size_t i = 0; i < TT_COUNT(profiles); i++)
		if (profiles[i].idc == v >> 16 && ((v >> 8) & profiles[i].mask) == profiles[i].iop)
			return profiles[i].name;
	return "";
}

static bool same_profile(const char *a, const char *b)
{
	unsigned level;
	const char *p = tt_sdp_h264_profile(a, &level), *q = tt_sdp_h264_profile(b, &level);

	/* what has no name is the same only as itself: the first four digits are the profile */
	if (!p || !q || !*p)
		return strncmp(a, b, 4) == 0;
	return strcmp(p, q) == 0;
}

static bool same_param(const struct tt_sdp_param *row, const char *a, const char *b)
{
	char left[16], right[16];

	if (tt_sdp_fmtp_get(a, row->key, left, sizeof left) < 0)
		memcpy(left, row->differs, strlen(row->differs) + 1);
	if (tt_sdp_fmtp_get(b, row->key, right, sizeof right) < 0)
		memcpy(right, row->differs, strlen(row->differs) + 1);
	if (strcmp(row->key, "profile-level-id") == 0)
		return same_profile(left, right);
	return strcmp(left, right) == 0;
}

static unsigned channels(const struct tt_sdp_codec *c)
{
	return c->channels ? c->channels : 1; /* RFC 8866 section 6.6 */
}

bool tt_sdp_same_format(const struct tt_sdp_codec *a, const struct tt_sdp_codec *b,
			const char **key)
{
	*key = "name";
	if (!b->name || !tt_sdp_codec_is(a, b->name))
		return false;
	*key = "clock rate";
	if (a->clock_rate != b->clock_rate)
		return false;
	*key = "channels";
	if (channels(a) != channels(b))
		return false;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (rows[i].differs && tt_sdp_codec_is(a, rows[i].codec) &&
		    !same_param(&rows[i], a->fmtp, b->fmtp)) {
			*key = rows[i].key;
			return false;
		}
	*key = NULL;
	return true;
}

bool tt_sdp_apt(const struct tt_sdp_codec *c, unsigned *apt)
{
	char text[4] = "";
	uint64_t v;

	(void)tt_sdp_fmtp_get(c->fmtp, "apt", text, sizeof text); /* nothing is no number */
	struct tt_sdp_lex x = { .at = text, .end = text + strlen(text), .line = text };
	if (!tt_sdp_number(&x, 0, 127, &v, "", ""))
		return false;
	*apt = (unsigned)v;
	return true;
}
