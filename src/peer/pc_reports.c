/* pc_reports.c - extended reports that descriptions agree on, RFC 3611 section 5. Of those there is one: whoever
 * receives asks for the round trip (rcvr-rtt), and is answered. It holds where offer and answer both
 * say it, for all or for those alone that send as well. */
#include <string.h>

#include "base/num.h"
#include "peer/pc.h"

#define NAME "rtcp-xr"

static bool says(const char *word, const char *format)
{
	const size_t n = strlen(format);

	/* behind it there may be the largest size of such a packet, which ours never come near */
	return strncmp(word, format, n) == 0 && strchr(" :", word[n]) != NULL;
}

static enum tt_rtp_rtt wanted(const struct tt_sdp_common *c)
{
	enum tt_rtp_rtt found = TT_RTP_RTT_NONE;

	for (size_t i = 0; i < c->attr_count; i++) {
		const char *word = strcmp(c->attrs[i].name, NAME) == 0 ? c->attrs[i].value : NULL;
		for (; word; word = strchr(word, ' ')) {
			word += strspn(word, " ");
			if (says(word, "rcvr-rtt=all"))
				found = TT_RTP_RTT_ALL;
			else if (says(word, "rcvr-rtt=sender") && found == TT_RTP_RTT_NONE)
				found = TT_RTP_RTT_SENDER;
		}
	}
	return found;
}

/* 5.1: what the session says holds for each section, which may say more. */
static enum tt_rtp_rtt rtt_of(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	const enum tt_rtp_rtt here = wanted(&m->common);

	return here ? here : wanted(&sdp->common);
}

void pc_offer_reports(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_attr(sdp, &m->common, NAME, "rcvr-rtt=all");
}

void pc_answer_reports(struct tt_sdp *sdp, struct tt_sdp_media *m, const struct tt_sdp *offer,
		       const struct tt_sdp_media *o)
{
	static const char *const formats[] = {
		[TT_RTP_RTT_SENDER] = "rcvr-rtt=sender", [TT_RTP_RTT_ALL] = "rcvr-rtt=all"
	};
	const enum tt_rtp_rtt theirs = rtt_of(offer, o);

	if (theirs)
		tt_sdp_add_attr(sdp, &m->common, NAME, formats[theirs]);
}

/* There is one session for all sections: where one of them agrees, its reports may be of all. */
void pc_agree_reports(struct taut_pc *pc, const struct tt_sdp *ls, const struct tt_sdp *rs)
{
	enum tt_rtp_rtt agreed = TT_RTP_RTT_NONE;

	for (size_t i = 0; i < ls->media_count; i++) {
		const struct tt_sdp_media *l = ls->media[i], *r = rs->media[i];
		if (!tt_sdp_is_rtp(l) || !pc_section_lives(l) || !pc_section_lives(r))
			continue;
		const enum tt_rtp_rtt ours = rtt_of(ls, l), theirs = rtt_of(rs, r);
		const enum tt_rtp_rtt both = ours < theirs ? ours : theirs;
		agreed = both > agreed ? both : agreed;
	}
	if (pc->rtp)
		tt_rtp_session_set_receiver_rtt(pc->rtp, agreed);
}
