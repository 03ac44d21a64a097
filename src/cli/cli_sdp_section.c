/* cli_sdp_section.c - taut sdp diff: one section, codecs apart. */
#include <string.h>

#include "cli/cli_sdp_found.h"
#include "sdp/sdp_names.h"

enum { OFFERER = 1, ANSWERER = 2 }; /* who sends */

static unsigned senders(uint8_t direction, unsigned self, unsigned other)
{
	return direction == TAUT_SENDRECV   ? self | other
	       : direction == TAUT_SENDONLY ? self
	       : direction == TAUT_RECVONLY ? other
					    : 0;
}

static void compare_direction(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
			      const struct tt_sdp_media *answer)
{
	static const char *const result[] = { "nobody sends", "the offerer sends",
					      "the answerer sends", "both send" };
	const uint8_t o = tt_sdp_direction(f->offer, offer),
		      a = tt_sdp_direction(f->answer, answer);
	const unsigned offered = senders(o, OFFERER, ANSWERER);
	const unsigned answered = senders(a, ANSWERER, OFFERER);

	cli_sdp_found(f,
		      answered & ~offered   ? CLI_SDP_WRONG
		      : answered == offered ? CLI_SDP_AGREED
					    : CLI_SDP_NARROWED,
		      "direction", "RFC 3264 section 6.1", "%s was offered, %s answered: %s%s",
		      tt_sdp_direction_text(o), tt_sdp_direction_text(a),
		      result[offered & answered],
		      answered & ~offered ? "; the answer takes more than was offered" : "");
}

/* ---- header extensions ---- */

static void compare_extension(struct cli_sdp_found *f, const struct tt_sdp_extmap *e,
			      const struct tt_sdp_media *answer)
{
	static const char spec[] = "RFC 8285 section 7";
	const struct tt_sdp_extmap *a = tt_sdp_extmap_by_uri(f->answer, answer, e->uri);

	if (!a) {
		cli_sdp_found(f, CLI_SDP_REFUSED, "extension", spec, "%s (%u)", e->uri, e->id);
		return;
	}
	if (a->id != e->id && e->id < 4096) {
		cli_sdp_found(f, CLI_SDP_WRONG, "extension", spec,
			      "%s: %u was offered, %u answered; the number stays", e->uri, e->id,
			      a->id);
		return;
	}
	const unsigned offered =
		senders(e->direction ? e->direction : TAUT_SENDRECV, OFFERER, ANSWERER);
	const unsigned answered =
		senders(a->direction ? a->direction : TAUT_SENDRECV, ANSWERER, OFFERER);
	if ((offered & answered) == offered)
		cli_sdp_found(f, CLI_SDP_AGREED, "extension", spec, "%s as %u", e->uri, a->id);
	else
		cli_sdp_found(f, CLI_SDP_NARROWED, "extension", spec,
			      "%s as %u, in fewer directions than offered", e->uri, a->id);
}

static void compare_extensions(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
			       const struct tt_sdp_media *answer)
{
	const struct tt_sdp_common *at[] = { &f->offer->common, &offer->common };

	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < at[k]->extmap_count; i++)
			compare_extension(f, &at[k]->extmaps[i], answer);
	for (size_t i = 0; i < answer->common.extmap_count; i++) {
		const struct tt_sdp_extmap *e = &answer->common.extmaps[i];
		if (!tt_sdp_extmap_by_uri(f->offer, offer, e->uri))
			cli_sdp_found(f, CLI_SDP_WRONG, "extension", "RFC 8285 section 7",
				      "%s (%u): it was not offered", e->uri, e->id);
	}
	if (tt_sdp_allow_mixed(f->offer, offer))
		cli_sdp_found(
			f, tt_sdp_allow_mixed(f->answer, answer) ? CLI_SDP_AGREED : CLI_SDP_REFUSED,
			"extension", "RFC 8285 section 6", "one- and two-byte forms mixed");
}

/* ---- simulcast ---- */

static const struct tt_sdp_simulcast_rid *find_rid(const struct tt_sdp_media *m, const char *rid,
						   bool recv)
{
	for (size_t i = 0; i < m->simulcast_count; i++)
		if (m->simulcast[i].recv == recv && strcmp(m->simulcast[i].rid, rid) == 0)
			return &m->simulcast[i];
	return NULL;
}

static void compare_simulcast(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
			      const struct tt_sdp_media *answer)
{
	static const char spec[] = "RFC 8853 section 5.3";

	if (offer->simulcast_count > 0 && answer->simulcast_count == 0) {
		cli_sdp_found(f, CLI_SDP_REFUSED, "simulcast", spec,
			      "%zu encodings were offered; the answer has no a=simulcast, so there "
			      "is one",
			      offer->simulcast_count);
		return;
	}
	for (size_t i = 0; i < offer->simulcast_count; i++) {
		const struct tt_sdp_simulcast_rid *r = &offer->simulcast[i];
		const struct tt_sdp_simulcast_rid *a = find_rid(answer, r->rid, !r->recv);
		const char *who = r->recv ? "answerer" : "offerer";
		if (!a)
			cli_sdp_found(f, CLI_SDP_REFUSED, "simulcast", spec, "rid %s of the %s",
				      r->rid, who);
		else if (a->paused && !r->paused)
			cli_sdp_found(f, CLI_SDP_NARROWED, "simulcast", spec,
				      "rid %s of the %s, paused for now", r->rid, who);
		else
			cli_sdp_found(f, CLI_SDP_AGREED, "simulcast", spec, "rid %s of the %s",
				      r->rid, who);
	}
	for (size_t i = 0; i < answer->simulcast_count; i++)
		if (!find_rid(offer, answer->simulcast[i].rid, !answer->simulcast[i].recv))
			cli_sdp_found(f, CLI_SDP_WRONG, "simulcast", spec,
				      "rid %s was not offered in that direction",
				      answer->simulcast[i].rid);
}

/* ---- RTCP, DTLS, data ---- */

/* Something that is on if both say so, and that only the offer may begin. */
static void compare_flag(struct cli_sdp_found *f, bool offered, bool answered, const char *topic,
			 const char *spec, const char *on, const char *off)
{
	if (offered && answered)
		cli_sdp_found(f, CLI_SDP_AGREED, topic, spec, "%s", on);
	else if (offered)
		cli_sdp_found(f, CLI_SDP_REFUSED, topic, spec, "%s", off);
	else if (answered)
		cli_sdp_found(f, CLI_SDP_WRONG, topic, spec, "it is answered, and was not offered");
}

static void compare_rtcp(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
			 const struct tt_sdp_media *answer)
{
	if (offer->rtcp_mux_only && !answer->rtcp_mux)
		cli_sdp_found(f, CLI_SDP_WRONG, "rtcp-mux", "RFC 8858 section 4",
			      "the offerer has no other way, so the section had to be refused");
	else
		compare_flag(f, offer->rtcp_mux, answer->rtcp_mux, "rtcp-mux",
			     "RFC 5761 section 5.1.1", "RTCP comes on the port of RTP",
			     "RTCP has a port of its own");
	compare_flag(f, offer->rtcp_rsize, answer->rtcp_rsize, "rtcp-rsize", "RFC 5506 section 5",
		     "RTCP may be shorter than a report", "RTCP begins with a report");
}

/* The transport of a bundle is told once, by its first section (RFC 9143 section 7.1.3). */
static bool told_elsewhere(const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	const struct tt_sdp_group *g = m->mid ? tt_sdp_group_of(sdp, "BUNDLE", m->mid) : NULL;

	return g && strcmp(g->mids[0], m->mid) != 0;
}

static void compare_setup(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
			  const struct tt_sdp_media *answer)
{
	static const char spec[] = "RFC 8842 section 5.3";
	const uint8_t o = tt_sdp_setup(f->offer, offer), a = tt_sdp_setup(f->answer, answer);
	const char *offered = o ? tt_sdp_setup_text(o) : "nothing";

	if (a == TT_SDP_SETUP_NONE && (o == TT_SDP_SETUP_NONE || told_elsewhere(f->answer, answer)))
		return;
	if (a == TT_SDP_ACTIVE && o != TT_SDP_ACTIVE)
		cli_sdp_found(f, CLI_SDP_AGREED, "DTLS", spec,
			      "%s was offered: the answerer is the client, the offerer the server",
			      offered);
	else if (a == TT_SDP_PASSIVE && o != TT_SDP_PASSIVE)
		cli_sdp_found(f, CLI_SDP_AGREED, "DTLS", spec,
			      "%s was offered: the offerer is the client, the answerer the server",
			      offered);
	else
		cli_sdp_found(f, CLI_SDP_WRONG, "DTLS", spec,
			      "%s was offered, %s answered: nobody knows who opens it", offered,
			      a ? tt_sdp_setup_text(a) : "nothing");
}

static void compare_data(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
			 const struct tt_sdp_media *answer)
{
	const uint64_t o = tt_sdp_max_message_size(offer), a = tt_sdp_max_message_size(answer);

	cli_sdp_found(f, CLI_SDP_AGREED, "data", "RFC 8841 section 5",
		      "SCTP from port %u of the offerer to port %u of the answerer",
		      tt_sdp_sctp_port(offer), tt_sdp_sctp_port(answer));
	if (a == 0)
		cli_sdp_found(f, CLI_SDP_AGREED, "data", "RFC 8841 section 6.1",
			      "the offerer may send messages of any size");
	else
		cli_sdp_found(f, CLI_SDP_AGREED, "data", "RFC 8841 section 6.1",
			      "the offerer may send messages of %llu bytes", (unsigned long long)a);
	if (o == 0)
		cli_sdp_found(f, CLI_SDP_AGREED, "data", "RFC 8841 section 6.1",
			      "the answerer may send messages of any size");
	else
		cli_sdp_found(f, CLI_SDP_AGREED, "data", "RFC 8841 section 6.1",
			      "the answerer may send messages of %llu bytes",
			      (unsigned long long)o);
}

/* ---- the section as a whole ---- */

static bool rejected(const struct tt_sdp_media *m)
{
	return m->port == 0 && !m->bundle_only;
}

static bool same_media(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
		       const struct tt_sdp_media *answer)
{
	if (strcmp(offer->kind_text, answer->kind_text) != 0) {
		cli_sdp_found(f, CLI_SDP_WRONG, "section", "RFC 3264 section 6",
			      "%s was offered, %s answered", offer->kind_text, answer->kind_text);
		return false;
	}
	if (offer->mid && answer->mid && strcmp(offer->mid, answer->mid) != 0)
		cli_sdp_found(f, CLI_SDP_WRONG, "section", "RFC 5888 section 9.1",
			      "mid %s was offered, %s answered", offer->mid, answer->mid);
	if (strcmp(offer->proto_text, answer->proto_text) != 0)
		cli_sdp_found(f, CLI_SDP_WRONG, "section", "RFC 3264 section 6",
			      "%s was offered, %s answered", offer->proto_text, answer->proto_text);
	return true;
}

void cli_sdp_section(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
		     const struct tt_sdp_media *answer)
{
	static const char spec[] = "RFC 3264 section 6";

	if (!same_media(f, offer, answer))
		return;
	if (rejected(offer) || answer->port == 0) {
		if (rejected(offer) && answer->port != 0)
			cli_sdp_found(f, CLI_SDP_WRONG, "section", spec,
				      "the offer stopped it with port 0, the answer has port %u",
				      answer->port);
		else
			cli_sdp_found(f, CLI_SDP_REFUSED, "section", spec,
				      rejected(offer) ? "the offer has port 0: it is stopped"
						      : "the answer has port 0");
		return;
	}
	compare_setup(f, offer, answer);
	if (tt_sdp_is_sctp(offer))
		compare_data(f, offer, answer);
	if (!tt_sdp_is_rtp(offer))
		return;
	compare_direction(f, offer, answer);
	compare_rtcp(f, offer, answer);
	cli_sdp_codecs(f, offer, answer);
	compare_extensions(f, offer, answer);
	compare_simulcast(f, offer, answer);
}
