/* pc_check.c - a description of the peer parses; may it be applied?
 *
 * RFC 9429 sections 5.8 to 5.11. Everything is asked before anything changes, so
 * that a refused description leaves the connection as it was. */
#include <string.h>

#include "peer/pc.h"

static int refuse(struct taut_pc *pc, const char *spec, size_t line, const char *what)
{
	return pc_fail(pc, TAUT_E_INVAL, "InvalidAccessError", spec, "m-line %zu: %s", line, what);
}

static int check_fingerprints(struct taut_pc *pc, const struct tt_sdp *sdp,
			      const struct tt_sdp_media *m, size_t line)
{
	size_t count = 0;
	const struct tt_sdp_fingerprint *f = tt_sdp_fingerprints(sdp, pc_carrier(sdp, m), &count);

	/* RFC 8122 section 5: MD2 and MD5 must not be used; SHA-1 proves little and nobody needs it. */
	for (size_t i = 0; i < count; i++)
		if (strcmp(f[i].hash, "sha-256") == 0 || strcmp(f[i].hash, "sha-384") == 0 ||
		    strcmp(f[i].hash, "sha-512") == 0)
			return TAUT_OK;
	return refuse(pc, "RFC 8122 section 5", line,
		      count ? "no fingerprint with a hash that counts" : "no a=fingerprint");
}

static bool same_fingerprint(const struct tt_sdp_fingerprint *a, const struct tt_sdp_fingerprint *b)
{
	return strcmp(a->hash, b->hash) == 0 && a->len == b->len &&
	       memcmp(a->value, b->value, a->len) == 0;
}

/* RFC 8842 section 5.5: another certificate means a new DTLS association, which is not offered. */
static int check_same_certificate(struct taut_pc *pc, const struct tt_sdp *sdp, size_t line)
{
	size_t n = 0, m = 0;
	const struct tt_sdp_fingerprint *is =
		tt_sdp_fingerprints(sdp, pc_carrier(sdp, sdp->media[line]), &n);
	const struct tt_sdp *remote = pc_agreed_remote(pc);
	const struct tt_sdp_media *before = pc->agreed ? pc_transport_section(remote) : NULL;
	const struct tt_sdp_fingerprint *was =
		before ? tt_sdp_fingerprints(remote, before, &m) : NULL;

	for (size_t i = 0; was && i < n; i++)
		for (size_t k = 0; k < m; k++)
			if (same_fingerprint(&is[i], &was[k]))
				return TAUT_OK;
	return was ? pc_fail(pc, TAUT_E_UNSUPPORTED, "OperationError", "RFC 8842 section 5.5",
			     "m-line %zu: the certificate changes in the middle of a session", line)
		   : TAUT_OK;
}

/* An offer may say actpass again, or what the peer is already. Firefox answers with active when ICE
 * restarts, and means no other association: what is agreed on stays (RFC 8842 section 5.5). */
static bool turns_role(const struct taut_pc *pc, bool answer, uint8_t setup)
{
	return setup == (pc->dtls_client ? TT_SDP_ACTIVE : TT_SDP_PASSIVE) &&
	       !(answer && setup == TT_SDP_ACTIVE);
}

static int check_setup(struct taut_pc *pc, uint32_t type, const struct tt_sdp *sdp,
		       const struct tt_sdp_media *m, size_t line)
{
	uint8_t setup = tt_sdp_setup(sdp, pc_carrier(sdp, m));

	if (setup == TT_SDP_HOLDCONN)
		return refuse(pc, "RFC 8842 section 5.1", line, "a=setup:holdconn is not for DTLS");
	if (type != TAUT_SDP_OFFER && setup != TT_SDP_ACTIVE && setup != TT_SDP_PASSIVE)
		return refuse(pc, "RFC 8842 section 5.3", line,
			      "an answer is a=setup:active or passive");
	if (type == TAUT_SDP_OFFER && setup == TT_SDP_SETUP_NONE)
		return refuse(pc, "RFC 8842 section 5.2", line, "no a=setup");
	if (pc->agreed && m == pc_transport_section(sdp) &&
	    turns_role(pc, type != TAUT_SDP_OFFER, setup))
		return refuse(pc, "RFC 8842 section 5.5", line,
			      "the DTLS role changes in the middle of a session");
	return TAUT_OK;
}

static int check_section(struct taut_pc *pc, uint32_t type, const struct tt_sdp *sdp, size_t i)
{
	const struct tt_sdp_media *m = sdp->media[i];
	const struct tt_sdp_media *carrier = pc_carrier(sdp, m);
	bool ours = (tt_sdp_is_rtp(m) && (m->kind == TT_SDP_AUDIO || m->kind == TT_SDP_VIDEO)) ||
		    tt_sdp_is_sctp(m);

	if (!pc_section_lives(m) || !ours)
		return TAUT_OK;
	if (!tt_sdp_ufrag(sdp, carrier) || !tt_sdp_pwd(sdp, carrier))
		return refuse(pc, "RFC 8839 section 5.4", i, "no a=ice-ufrag or no a=ice-pwd");
	if (!tt_ice_remote_usable(tt_sdp_ufrag(sdp, carrier), tt_sdp_pwd(sdp, carrier)))
		return refuse(pc, "RFC 8839 section 5.4", i,
			      "a=ice-ufrag has 4 to 256 characters of ASCII, and a=ice-pwd 22 to 256");
	if (type != TAUT_SDP_OFFER && tt_sdp_is_rtp(m) && !pc_rtcp_mux(sdp, m))
		return refuse(pc, "RFC 9429 section 5.11", i,
			      "rtcp-mux was required and is not accepted");
	int err = check_fingerprints(pc, sdp, m, i);
	if (!err)
		err = check_same_certificate(pc, sdp, i);
	return err ? err : check_setup(pc, type, sdp, m, i);
}

/* RFC 9429 section 5.8: m-lines never move, and a mid stays with its line. */
static int check_order(struct taut_pc *pc, const struct tt_sdp *sdp, const struct tt_sdp *before,
		       bool answer)
{
	size_t known = before ? before->media_count : 0;

	if (answer ? sdp->media_count != known : sdp->media_count < known)
		return pc_fail(pc, TAUT_E_INVAL, "InvalidAccessError", "RFC 3264 section 6",
			       "%zu m-lines where there were %zu", sdp->media_count, known);
	for (size_t i = 0; i < known; i++) {
		const struct tt_sdp_media *was = before->media[i], *is = sdp->media[i];
		/* JSEP 5.2.2: either side may have rejected what an offer then recycles. */
		bool recycled = !answer && (!pc_section_lives(was) ||
					    (pc->local.sdp && i < pc->local.sdp->media_count &&
					     !pc_section_lives(pc->local.sdp->media[i])));
		if (!recycled && was->kind != is->kind)
			return refuse(pc, "RFC 3264 section 8", i, "its kind of media has changed");
		if (!recycled && was->mid && (!is->mid || strcmp(was->mid, is->mid) != 0) &&
		    !(answer && !pc_section_lives(is) && !is->mid))
			return refuse(pc, "RFC 9429 section 5.8", i, "its a=mid has changed");
		if (answer && !pc_section_lives(was) && pc_section_lives(is))
			return refuse(pc, "RFC 3264 section 6", i,
				      "accepted although it was not offered");
	}
	return TAUT_OK;
}

/* There is one transport: what an answer accepts must be bundled with its first living line. */
static int check_answer_bundle(struct taut_pc *pc, const struct tt_sdp *sdp)
{
	const struct tt_sdp_media *first = NULL;

	for (size_t i = 0; i < sdp->media_count; i++) {
		const struct tt_sdp_media *m = sdp->media[i];
		if (!pc_section_lives(m))
			continue;
		if (!first) {
			first = m;
			continue;
		}
		const struct tt_sdp_group *a =
			first->mid ? tt_sdp_group_of(sdp, "BUNDLE", first->mid) : NULL;
		if (!a || !m->mid || tt_sdp_group_of(sdp, "BUNDLE", m->mid) != a)
			return refuse(pc, "RFC 9429 section 4.1.1", i,
				      "not in the bundle, and there is one transport");
	}
	return TAUT_OK;
}

/* RFC 9429 section 5.10: an offer with a restart is answered with other credentials. */
static int check_restart(struct taut_pc *pc, const struct tt_sdp *answer)
{
	const struct tt_sdp *before = pc->remote.sdp;
	const struct tt_sdp_media *is = pc_transport_section(answer);
	const struct tt_sdp_media *was = before ? pc_transport_section(before) : NULL;

	if (!is || !was || pc_provisional(pc) ||
	    pc->pending_local.generation == pc->local.generation)
		return TAUT_OK;
	if (strcmp(tt_sdp_ufrag(answer, is), tt_sdp_ufrag(before, was)) != 0 ||
	    strcmp(tt_sdp_pwd(answer, is), tt_sdp_pwd(before, was)) != 0)
		return TAUT_OK;
	return pc_fail(pc, TAUT_E_INVAL, "InvalidAccessError", "RFC 9429 section 5.10",
		       "ICE restarts, and the credentials are those of before");
}

int pc_check_remote(struct taut_pc *pc, uint32_t type, const struct tt_sdp *sdp)
{
	bool answer = type != TAUT_SDP_OFFER;
	int err = check_order(pc, sdp, answer ? pc->pending_local.sdp : pc->remote.sdp, answer);

	if (!err && sdp->media_count > PC_MAX_M_LINES)
		err = pc_fail(pc, TAUT_E_LIMIT, "OperationError", "RFC 9429 section 5.8",
			      "more than %d m-lines", PC_MAX_M_LINES);
	for (size_t i = 0; !err && i < sdp->media_count; i++)
		err = check_section(pc, type, sdp, i);
	if (!err && answer)
		err = check_answer_bundle(pc, sdp);
	if (!err && answer)
		err = check_restart(pc, sdp);
	return err;
}
