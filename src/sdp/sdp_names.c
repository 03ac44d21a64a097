/* sdp_names.c - see sdp_names.h. */
#include "sdp/sdp_names.h"

#include <string.h>

#include "base/num.h"

static const char *const directions[] = { /* RFC 8866 section 6.7 */
	[TAUT_SENDRECV] = "sendrecv",
	[TAUT_SENDONLY] = "sendonly",
	[TAUT_RECVONLY] = "recvonly",
	[TAUT_INACTIVE] = "inactive",
};

static const char *const setups[] = { /* RFC 4145 section 4 */
	[TT_SDP_ACTIVE] = "active",
	[TT_SDP_PASSIVE] = "passive",
	[TT_SDP_ACTPASS] = "actpass",
	[TT_SDP_HOLDCONN] = "holdconn",
};

static const char *const kinds[] = {
	[TT_SDP_AUDIO] = "audio",
	[TT_SDP_VIDEO] = "video",
	[TT_SDP_APPLICATION] = "application",
};

static const char *const protos[] = {
	[TT_SDP_UDP_TLS_RTP_SAVPF] = "UDP/TLS/RTP/SAVPF",
	[TT_SDP_UDP_TLS_RTP_SAVP] = "UDP/TLS/RTP/SAVP",
	[TT_SDP_TCP_DTLS_RTP_SAVPF] = "TCP/DTLS/RTP/SAVPF",
	[TT_SDP_TCP_DTLS_RTP_SAVP] = "TCP/DTLS/RTP/SAVP",
	[TT_SDP_RTP_SAVPF] = "RTP/SAVPF",
	[TT_SDP_RTP_SAVP] = "RTP/SAVP",
	[TT_SDP_RTP_AVPF] = "RTP/AVPF",
	[TT_SDP_RTP_AVP] = "RTP/AVP",
	[TT_SDP_UDP_DTLS_SCTP] = "UDP/DTLS/SCTP",
	[TT_SDP_TCP_DTLS_SCTP] = "TCP/DTLS/SCTP",
	[TT_SDP_DTLS_SCTP] = "DTLS/SCTP",
};

/* RFC 3551 section 6, tables 4 and 5. G722 counts at 8000 by an old mistake. */
static const struct tt_sdp_static_codec static_codecs[] = {
	{ 0, TT_SDP_AUDIO, 1, 8000, "PCMU" },   { 3, TT_SDP_AUDIO, 1, 8000, "GSM" },
	{ 4, TT_SDP_AUDIO, 1, 8000, "G723" },   { 5, TT_SDP_AUDIO, 1, 8000, "DVI4" },
	{ 6, TT_SDP_AUDIO, 1, 16000, "DVI4" },  { 7, TT_SDP_AUDIO, 1, 8000, "LPC" },
	{ 8, TT_SDP_AUDIO, 1, 8000, "PCMA" },   { 9, TT_SDP_AUDIO, 1, 8000, "G722" },
	{ 10, TT_SDP_AUDIO, 2, 44100, "L16" },  { 11, TT_SDP_AUDIO, 1, 44100, "L16" },
	{ 12, TT_SDP_AUDIO, 1, 8000, "QCELP" }, { 13, TT_SDP_AUDIO, 1, 8000, "CN" },
	{ 14, TT_SDP_AUDIO, 0, 90000, "MPA" },  { 15, TT_SDP_AUDIO, 1, 8000, "G728" },
	{ 16, TT_SDP_AUDIO, 1, 11025, "DVI4" }, { 17, TT_SDP_AUDIO, 1, 22050, "DVI4" },
	{ 18, TT_SDP_AUDIO, 1, 8000, "G729" },  { 25, TT_SDP_VIDEO, 0, 90000, "CelB" },
	{ 26, TT_SDP_VIDEO, 0, 90000, "JPEG" }, { 28, TT_SDP_VIDEO, 0, 90000, "nv" },
	{ 31, TT_SDP_VIDEO, 0, 90000, "H261" }, { 32, TT_SDP_VIDEO, 0, 90000, "MPV" },
	{ 33, TT_SDP_VIDEO, 0, 90000, "MP2T" }, { 34, TT_SDP_VIDEO, 0, 90000, "H263" },
};

static const struct {
	const char *name;
	size_t len;
} hashes[] = { /* RFC 8122 section 5 */
	{ "sha-256", 32 }, { "sha-384", 48 }, { "sha-512", 64 }, { "sha-224", 28 },
	{ "sha-1", 20 },   { "md5", 16 },     { "md2", 16 },
};

static uint8_t index_of(struct tt_sdp_word w, const char *const *texts, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (tt_sdp_word_is_any(w, texts[i]))
			return tt_u8(i);
	return 0;
}

uint8_t tt_sdp_direction_of(struct tt_sdp_word w)
{
	return index_of(w, directions, TT_COUNT(directions));
}

uint8_t tt_sdp_setup_of(struct tt_sdp_word w)
{
	return index_of(w, setups, TT_COUNT(setups));
}

uint8_t tt_sdp_kind_of(struct tt_sdp_word w)
{
	const uint8_t kind = index_of(w, kinds, TT_COUNT(kinds));

	return kind ? kind : TT_SDP_OTHER;
}

uint8_t tt_sdp_proto_of(struct tt_sdp_word w)
{
	return index_of(w, protos, TT_COUNT(protos));
}

const char *tt_sdp_direction_text(unsigned d)
{
	return d > 0 && d < TT_COUNT(directions) ? directions[d] : "";
}

const char *tt_sdp_setup_text(unsigned s)
{
	return s > 0 && s < TT_COUNT(setups) ? setups[s] : "";
}

const char *tt_sdp_kind_text(unsigned k)
{
	return k > 0 && k < TT_COUNT(kinds) ? kinds[k] : "other";
}

const char *tt_sdp_proto_text(unsigned p)
{
	return p > 0 && p < TT_COUNT(protos) ? protos[p] : "";
}

const struct tt_sdp_static_codec *tt_sdp_static_codec(unsigned payload_type, unsigned kind)
{
	for (size_t i = 0; i < TT_COUNT(static_codecs); i++)
		if (static_codecs[i].payload_type == payload_type && static_codecs[i].kind == kind)
			return &static_codecs[i];
	return NULL;
}

size_t tt_sdp_hash_len(const char *hash)
{
	for (size_t i = 0; i < TT_COUNT(hashes); i++)
		if (strcmp(hash, hashes[i].name) == 0)
			return hashes[i].len;
	return 0;
}
