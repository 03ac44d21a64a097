/* pc_snap.c - a=sctp-init: data channels without SCTP's handshake, draft-hancke-tsvwg-snap.
 *
 * Offered with taut_config.sctp_snap; answered where it was offered and can be used. With both, the association is up
 * as soon as DTLS is. What the other side says is not used if it is damaged, or our own text given back: then SCTP shakes hands
 * as always. */
#include <openssl/evp.h>
#include <string.h>

#include "base/never.h"
#include "base/num.h"
#include "peer/pc.h"

enum { INIT_MAX = 768, TEXT_MAX = (INIT_MAX + 2) / 3 * 4 };

static const struct tt_sdp_media *told_before(const struct taut_pc *pc)
{
	const struct tt_sdp *sdp = pc->local.sdp;
	const int i = pc->data_m_line;

	return sdp && i >= 0 && (size_t)i < sdp->media_count ? sdp->media[i] : NULL;
}

const char *pc_snap_text(struct taut_pc *pc, struct tt_sdp *sdp)
{
	uint8_t init[INIT_MAX];
	char text[TEXT_MAX + 1];
	const struct tt_sdp_media *before = told_before(pc);

	if (pc->data_agreed) /* of the association that there is */
		return pc->snap && before && before->sctp_init ? tt_sdp_copy(sdp, before->sctp_init)
							       : NULL;
	const size_t len = pc->channels ? tt_dcs_snap_write(pc->channels, init, sizeof init) : 0;
	if (len == 0)
		return NULL;
	EVP_EncodeBlock((unsigned char *)text, init, (int)len);
	return tt_sdp_copy(sdp, text);
}

/* 0: it is too long. */
static size_t decode(const char *text, uint8_t out[INIT_MAX])
{
	const size_t len = strlen(text);

	if (len > TEXT_MAX)
		return 0;
	if (TT_NEVER(len == 0 || len % 4 != 0, "the reader takes base64 only"))
		return 0;
	const size_t lack = (size_t)(text[len - 1] == '=') + (text[len - 2] == '=');
	const int n = EVP_DecodeBlock(out, (const unsigned char *)text, (int)len);
	if (TT_NEVER(n < 3, "the same"))
		return 0;
	return (size_t)n - lack;
}

static bool take(struct taut_pc *pc, taut_time now, const char *text, bool keep)
{
	uint8_t init[INIT_MAX];
	const size_t len = decode(text, init);
	const uint32_t why = len == 0 ? TAUT_DROP_SCTP_INIT_MALFORMED
				      : tt_dcs_snap(pc->channels, init, len, keep);

	if (why)
		tt_drop(pc->env, now, why, TT_INT("characters", strlen(text)));
	return !why;
}

const char *pc_snap_answer(struct taut_pc *pc, struct tt_sdp *sdp, const struct tt_sdp_media *offer)
{
	if (!offer->sctp_init || !pc->channels ||
	    (!pc->data_agreed && !take(pc, pc->now, offer->sctp_init, false)))
		return NULL;
	return pc_snap_text(pc, sdp);
}

void pc_snap_agree(struct taut_pc *pc, taut_time now, const struct tt_sdp_media *local,
		   const struct tt_sdp_media *remote)
{
	if (pc->data_agreed || !local->sctp_init)
		return;
	pc->snap = remote->sctp_init && take(pc, now, remote->sctp_init, true);
	if (!pc->snap)
		tt_dcs_no_snap(pc->channels);
}
