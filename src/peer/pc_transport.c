/* pc_transport.c - ICE finds a path, DTLS starts on it, SRTP and SCTP start on DTLS.
 *
 * The pump carries what one layer produced to the next one up, after every
 * packet, tick and call, until nothing moves. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "peer/pc.h"

/* ---- what the peer's descriptions say of the transport ---- */

/* An extension that is a number below 65,536; 0: it is none, or not there. */
static uint16_t number_of(const struct tt_sdp_candidate *c, const char *name)
{
	char text[6];
	uint32_t v = 0;

	if (tt_sdp_pair_get(c->extensions, name, text, sizeof text) < 0)
		return 0;
	for (const char *p = text; *p; p++) {
		if (*p < '0' || *p > '9')
			return 0;
		v = v * 10 + (uint32_t)(*p - '0');
	}
	return v <= UINT16_MAX ? (uint16_t)v : 0;
}

static void to_ice(struct tt_ice_candidate *to, const struct tt_sdp_candidate *c)
{
	*to = (struct tt_ice_candidate){
		.type = c->type == TT_SDP_SRFLX   ? TT_ICE_SRFLX
			: c->type == TT_SDP_PRFLX ? TT_ICE_PRFLX
			: c->type == TT_SDP_RELAY ? TT_ICE_RELAY
						  : TT_ICE_HOST,
		.tcp = c->transport != TT_SDP_UDP || c->type == TT_SDP_TYPE_OTHER,
		.tcptype = c->transport == TT_SDP_TCP && c->type != TT_SDP_TYPE_OTHER
				   ? c->tcptype /* the same numbers */
				   : TT_ICE_NO_TCP,
		.component = c->component <= 255 ? (uint8_t)c->component : 0,
		.priority = c->priority,
		.addr = c->addr,
		.name = c->is_local_name ? c->address : NULL,
		.ufrag = c->ufrag[0] ? c->ufrag : NULL,
		.network_id = number_of(c, "network-id"),
		.network_cost = number_of(c, "network-cost"),
	};
	memcpy(to->foundation, c->foundation, sizeof to->foundation);
	to->addr.port = c->port;
}

/* TAUT_E_NOMEM; what else keeps a candidate from being used is no error. */
static int add_candidate(struct taut_pc *pc, taut_time now, const struct tt_sdp_candidate *c)
{
	struct tt_ice_candidate ice;

	to_ice(&ice, c);
	if (ice.addr.family == 0 && !ice.name) {
		tt_drop(pc->env, now, TAUT_DROP_CANDIDATE_NAME, TT_STR("address", c->address));
		return TAUT_OK;
	}
	return tt_ice_add_remote(pc->ice, now, &ice) == TAUT_E_NOMEM ? TAUT_E_NOMEM : TAUT_OK;
}

static int take_fingerprints(struct taut_pc *pc, taut_time now, const struct tt_sdp *sdp,
			     const struct tt_sdp_media *m)
{
	static const char digits[] = "0123456789ABCDEF";
	struct tt_dtls_fingerprint all[TT_SDP_MAX_FINGERPRINTS];
	char hex[TT_SDP_MAX_FINGERPRINTS][64 * 3];
	size_t n = 0;
	const struct tt_sdp_fingerprint *f = tt_sdp_fingerprints(sdp, m, &n);

	n = tt_min(n, TT_SDP_MAX_FINGERPRINTS);
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < f[i].len; k++) {
			hex[i][3 * k] = digits[f[i].value[k] >> 4];
			hex[i][3 * k + 1] = digits[f[i].value[k] & 15];
			hex[i][3 * k + 2] = ':';
		}
		all[i] = (struct tt_dtls_fingerprint){ f[i].hash, hex[i], strlen(f[i].hash),
						       f[i].len ? (size_t)f[i].len * 3 - 1 : 0 };
	}
	return tt_dtls_set_remote_fingerprints(pc->dtls, now, all, n);
}

/* Of an offer that section counts which our answer will take. */
static const struct tt_sdp_media *remote_carrier(const struct taut_pc *pc, uint32_t type,
						 const struct tt_sdp *sdp)
{
	if (type == TAUT_SDP_OFFER) {
		int tag = pc_offer_tag(pc, sdp);
		return tag < 0 ? NULL : pc_carrier(sdp, sdp->media[tag]);
	}
	const struct tt_sdp_media *m = pc_transport_section(sdp);
	return m ? pc_carrier(sdp, m) : NULL;
}

/* RFC 8839 section 4.4.1.1.1: other credentials in an offer restart ICE. */
static int take_credentials(struct taut_pc *pc, taut_time now, uint32_t type,
			    const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	const char *ufrag = tt_sdp_ufrag(sdp, m), *pwd = tt_sdp_pwd(sdp, m);
	int err = TAUT_OK;

	if (type == TAUT_SDP_OFFER && tt_ice_remote_changes(pc->ice, ufrag, pwd)) {
		err = tt_ice_restart(pc->ice, now);
		if (!err) {
			pc->restarted_there = true;
			pc_new_generation(pc);
		}
	}
	if (!err)
		tt_ice_set_remote_ta(pc->ice, sdp->has_ice_pacing
						      ? (taut_time)sdp->ice_pacing * 1000
						      : TT_ICE_TA);
	if (!err)
		err = tt_ice_set_remote(pc->ice, now, ufrag, pwd, sdp->ice_lite);
	if (!err)
		tt_ice_set_renomination(
			pc->ice, tt_sdp_has_token(tt_sdp_ice_options(sdp, m), "renomination"));
	if (err == TAUT_E_NOMEM)
		return pc_fail_nomem(pc);
	if (err == TAUT_E_UNSUPPORTED)
		return pc_fail(pc, err, "OperationError", "RFC 8445 section 6.1.1",
			       "the peer is a lite agent as well: nobody would check");
	if (err == TAUT_E_CRYPTO)
		return pc_fail(pc, err, "OperationError", NULL,
			       "no key could be made of a=ice-pwd");
	/* TAUT_E_STATE: an answer has other credentials although nobody restarted. */
	return err ? pc_fail(pc, err == TAUT_E_STATE ? TAUT_E_INVAL : err, "InvalidAccessError",
			     "RFC 8839 section 5.4", "the ICE credentials cannot be used")
		   : TAUT_OK;
}

int pc_take_transport(struct taut_pc *pc, taut_time now, uint32_t type, const struct tt_sdp *sdp)
{
	const struct tt_sdp_media *m = remote_carrier(pc, type, sdp);

	if (!m || !tt_sdp_ufrag(sdp, m))
		return TAUT_OK;
	/* Fingerprints first: they can be set again, which ICE's credentials cannot. */
	int err = pc->agreed ? TAUT_OK : take_fingerprints(pc, now, sdp, m);
	if (err == TAUT_E_NOMEM)
		return pc_fail_nomem(pc);
	if (err)
		return pc_fail(pc, TAUT_E_INVAL, "InvalidAccessError", "RFC 8122 section 5",
			       "no usable a=fingerprint");
	err = take_credentials(pc, now, type, sdp, m);
	if (err)
		return err;
	for (size_t i = 0; i < m->candidate_count; i++)
		(void)add_candidate(pc, now, &m->candidates[i]);
	if (m->common.end_of_candidates || sdp->common.end_of_candidates)
		tt_ice_remote_end(pc->ice, now);
	return TAUT_OK;
}

/* The end of another section's candidates says nothing about those of the bundle's transport. */
static bool is_for_transport(const struct taut_pc *pc, const struct tt_sdp *remote, const char *mid,
			     int m_line_index)
{
	const struct tt_sdp_media *named = mid && mid[0] ? tt_sdp_media_by_mid(remote, mid, NULL)
					   : m_line_index >= 0 ? remote->media[m_line_index]
							       : NULL;
	return !named ||
	       named == remote_carrier(pc,
				       pc->pending_remote.sdp ? TAUT_SDP_OFFER : pc->remote.type,
				       remote);
}

int taut_pc_add_ice_candidate(taut_pc *pc, taut_time now, const char *candidate, size_t len,
			      const char *mid, int m_line_index)
{
	struct tt_sdp_candidate c;
	struct tt_sdp_error why;
	const struct tt_sdp *remote = pc_remote_sdp(pc);

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (!remote)
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 4.4.2",
			       "candidates come after the description they belong to");
	if ((mid && mid[0] && !tt_sdp_media_by_mid(remote, mid, NULL)) ||
	    (!(mid && mid[0]) && m_line_index >= 0 && (size_t)m_line_index >= remote->media_count))
		return pc_fail(pc, TAUT_E_INVAL, "OperationError", "webrtc-pc section 4.4.2",
			       "the remote description has no such m-line");
	if (!candidate || len == 0) {
		if (is_for_transport(pc, remote, mid, m_line_index))
			tt_ice_remote_end(pc->ice, now);
		pc_keep_remote_candidate(pc, mid, m_line_index, NULL);
	} else {
		int err = tt_sdp_candidate_read(&c, candidate, len, &why);
		if (err)
			return pc_fail_sdp(pc, err, &why.err);
		if (add_candidate(pc, now, &c) != TAUT_OK)
			return pc_fail_nomem(pc);
		pc_keep_remote_candidate(pc, mid, m_line_index, &c);
	}
	pc_pump(pc, now);
	return TAUT_OK;
}

/* ---- the pump ---- */

static void ice_state(struct taut_pc *pc, const struct tt_ice_event *e)
{
	struct pc_event *ev = pc_queue(pc, TAUT_EV_ICE_CONNECTION_STATE, NULL, e->why);

	if (ev)
		ev->ev.number = taut_pc_ice_connection_state(pc);
	pc_update_connection_state(pc, e->reason, e->why);
}

/* Than the nominated pair before, if there was one. */
static bool takes_another_path(struct taut_pc *pc, const struct tt_ice_path *path)
{
	const bool same = pc->path_remote.family == 0 ||
			  (tt_addr_eq(&pc->path_local, &path->local) &&
			   tt_addr_eq(&pc->path_remote, &path->remote));

	pc->path_local = path->local;
	pc->path_remote = path->remote;
	return !same;
}

static void selected(struct taut_pc *pc, const struct tt_ice_event *e)
{
	static const char *const types[] = { "host", "srflx", "prflx", "relay" };
	char local[TT_ADDR_TEXT], remote[TT_ADDR_TEXT], text[2 * TT_ADDR_TEXT + 40];

	snprintf(text, sizeof text, "%s %s -> %s %s", types[e->local_type],
		 tt_addr_text(&e->path.local, local), types[e->remote_type],
		 tt_addr_text(&e->path.remote, remote));
	pc_milestone(pc, TAUT_MS_NOMINATED, text);
	pc->path_relayed = e->local_type == TT_ICE_RELAY;
	pc->path_stream = e->stream;
	const bool other = takes_another_path(pc, &e->path);
	if (pc->channels)
		tt_dcs_set_max_probed(pc->channels, pc_max_probed(pc));
	if (pc->channels && other)
		tt_dcs_new_path(pc->channels); /* RFC 8261 section 6.1 */
}

static void server_error(struct taut_pc *pc, const struct tt_ice_event *e)
{
	const bool asked = e->path.local.family != 0;
	char text[200], from[TT_ADDR_TEXT] = "";

	if (asked)
		tt_addr_text(&e->path.local, from);
	snprintf(text, sizeof text, "%s%s%s%s", e->why, asked ? " (asked from " : "", from,
		 asked ? ")" : "");
	struct pc_event *ev =
		pc_queue(pc, TAUT_EV_ICE_CANDIDATE_ERROR, pc->servers[e->server].url, text);
	if (!ev)
		return;
	ev->ev.number = e->code;
	ev->addr = e->path.local;
	ev->ev.addr = asked ? &ev->addr : NULL;
}

static bool take_ice(struct taut_pc *pc)
{
	const struct tt_ice_event *e = tt_ice_poll_event(pc->ice);

	if (!e)
		return false;
	switch (e->type) {
	case TT_ICE_EV_CANDIDATE:
		pc_local_candidate(pc, e);
		break;
	case TT_ICE_EV_GATHERING_DONE:
		pc_gathering_done(pc);
		break;
	case TT_ICE_EV_FIRST_CHECK:
		pc_milestone(pc, TAUT_MS_FIRST_CHECK, "first connectivity check sent");
		break;
	case TT_ICE_EV_SELECTED:
		selected(pc, e);
		break;
	case TT_ICE_EV_STATE:
		ice_state(pc, e);
		break;
	case TT_ICE_EV_SERVER_ERROR:
		server_error(pc, e);
		break;
	}
	return true;
}

static void tell_state(struct taut_pc *pc, uint32_t type, uint32_t state, uint32_t reason,
		       const char *text)
{
	struct pc_event *ev = pc_queue(pc, type, NULL, text);

	if (!ev)
		return;
	ev->ev.number = state;
	ev->ev.reason = reason;
}

static void dtls_state(struct taut_pc *pc, uint32_t state, uint32_t reason, const char *text)
{
	pc->dtls_state = state;
	tell_state(pc, TAUT_EV_DTLS_STATE, state, reason, text);
}

/* The peer said goodbye, and what runs over DTLS ends with it. */
static void closed_by_peer(struct taut_pc *pc, taut_time now, const struct tt_dtls_event *e)
{
	const uint32_t sctp = taut_pc_sctp_state(pc);

	dtls_state(pc, TAUT_STATE_CLOSED, e->reason, e->text);
	if (sctp == TAUT_STATE_CONNECTING || sctp == TAUT_STATE_CONNECTED)
		tell_state(pc, TAUT_EV_SCTP_STATE, TAUT_STATE_CLOSED, e->reason, e->text);
	pc_end(pc, now, e->reason, e->text);
}

/* So does it when DTLS fails: channels have nothing any more that they could go over. */
static void failed(struct taut_pc *pc, taut_time now, uint32_t reason, const char *text)
{
	dtls_state(pc, TAUT_STATE_FAILED, reason, text);
	if (pc->channels && pc->data_agreed)
		tt_dcs_fail(pc->channels, now, reason, text);
	pc_update_connection_state(pc, reason, text);
}

static void connected(struct taut_pc *pc)
{
	dtls_state(pc, TAUT_STATE_CONNECTED, TAUT_REASON_NONE, NULL);
	pc_milestone(pc, TAUT_MS_DTLS, tt_dtls_cipher_name(pc->dtls));
	pc_update_connection_state(pc, TAUT_REASON_NONE, NULL);
}

/* With the keys of the handshake, once there is media to protect. */
static bool start_srtp(struct taut_pc *pc, taut_time now)
{
	const struct tt_srtp_config cfg = { .backend = pc->srtp_backend };
	struct tt_srtp_keys keys;

	if (pc->srtp || pc->srtp_refused || !pc->rtp)
		return false;
	pc->srtp_refused = tt_dtls_srtp_keys(pc->dtls, &keys) != TAUT_OK ||
			   keys.profile == TT_SRTP_PROFILE_NONE ||
			   tt_srtp_new(&pc->srtp, pc->env, &keys, &cfg) != TAUT_OK;
	if (pc->srtp)
		pc->counters.srtp_profile = tt_srtp_profile_name(keys.profile);
	tt_srtp_wipe(&keys, sizeof keys);
	if (pc->srtp_refused)
		tt_drop(pc->env, now, TAUT_DROP_MEDIA_FAILS_CLOSED,
			TT_STR("why", "the handshake gave no usable keys"));
	return true;
}

static bool take_dtls(struct taut_pc *pc, taut_time now)
{
	struct tt_dtls_event e;

	if (!tt_dtls_poll_event(pc->dtls, &e))
		return false;
	switch (e.type) {
	case TT_DTLS_EV_CONNECTED:
		connected(pc);
		break;
	case TT_DTLS_EV_DATA:
		/* Before both sides agreed on a data section the association has no numbers. */
		if (pc->data_agreed)
			tt_dcs_recv(pc->channels, now, e.data, e.len);
		else
			tt_drop(pc->env, now, TAUT_DROP_DATA_NOT_AGREED, TT_INT("bytes", e.len));
		break;
	case TT_DTLS_EV_CLOSED:
		closed_by_peer(pc, now, &e);
		break;
	case TT_DTLS_EV_FAILED:
		failed(pc, now, e.reason, e.text);
		break;
	}
	return true;
}

static bool start_dtls(struct taut_pc *pc, taut_time now)
{
	if (pc->dtls_started || !pc->agreed || !tt_ice_has_path(pc->ice, now))
		return false;
	pc->dtls_started = true;
	dtls_state(pc, TAUT_STATE_CONNECTING, TAUT_REASON_NONE, NULL);
	int err = tt_dtls_start(pc->dtls, now, pc->dtls_client, 2 * tt_ice_rtt(pc->ice));
	if (err) {
		static const char text[] = "DTLS could not be started";
		const uint32_t reason =
			err == TAUT_E_NOMEM ? TAUT_REASON_NO_MEMORY : TAUT_REASON_DTLS_HANDSHAKE;
		failed(pc, now, reason, text);
	}
	return true;
}

static bool start_transport(struct taut_pc *pc, taut_time now)
{
	bool moved = start_dtls(pc, now);

	if (pc->dtls_state != TAUT_STATE_CONNECTED)
		return moved;
	/* Without memory for it now, the next pump tries again. */
	if (pc->data_agreed && !pc->sctp_started &&
	    tt_dcs_connect(pc->channels, now) != TAUT_E_NOMEM) {
		pc->sctp_started = true;
		moved = true;
	}
	moved |= start_srtp(pc, now);
	if (pc->srtp && pc->rtp && pc->held) {
		pc_replay_held(pc, now);
		moved = true;
	}
	return moved;
}

bool pc_pump(struct taut_pc *pc, taut_time now)
{
	bool any = false, moved = true;

	while (moved && !pc->closed) {
		moved = false;
		while (!pc->closed && take_ice(pc))
			moved = true;
		if (!pc->closed)
			moved |= start_transport(pc, now);
		while (!pc->closed && take_dtls(pc, now))
			moved = true;
		any |= moved;
	}
	if (pc->rtp)
		tt_rtp_session_set_path_rtt(pc->rtp, tt_ice_rtt(pc->ice));
	return any;
}
