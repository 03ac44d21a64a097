/* pc_stats_path.c - transport, certificates, candidates and their pairs: webrtc-stats. */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/num.h"
#include "peer/pc_stats.h"

#define TRANSPORT "transport"

enum { PLACE = 80 }; /* "<63 characters>.local:65535" */

static const char *const transports[] = { "udp", "tcp", "tls" };
static const char *const tcptypes[] = { NULL, "active", "passive", "so" };
static const char *const types[] = { "host", "srflx", "prflx", "relay" };

/* Its address, or the name in place of it. */
static const char *place_of(char *buf, const struct tt_ice_candidate *c)
{
	if (!c->name)
		return tt_addr_text(&c->addr, buf);
	(void)snprintf(buf, PLACE, "%s:%u", c->name, (unsigned)c->addr.port);
	return buf;
}

/* Its place is what makes a candidate the same one from report to report. One of ours can be of
 * two types; one of the peer's has another type once it is signaled, and is the same all the same. */
static const char *candidate_id(char *buf, bool local, const struct tt_ice_candidate *c)
{
	char place[PLACE];

	(void)snprintf(buf, PC_STAT_ID, "%s-%s%s-%s", local ? "local" : "remote",
		       local ? types[c->type] : "",
		       local    ? (c->tcp ? "-tcp" : "")
		       : c->tcp ? "tcp"
				: "udp",
		       place_of(place, c));
	return buf;
}

static void put_candidate(struct taut_pc *pc, struct pc_report *r, bool local,
			  const struct tt_ice_candidate *c, size_t server)
{
	const char *ufrag = local ? tt_ice_local_ufrag(pc->ice) : tt_ice_remote_ufrag(pc->ice);
	char id[PC_STAT_ID], addr[TT_ADDR_TEXT], related[TT_ADDR_TEXT];

	pc_stat_begin(r, local ? "local-candidate" : "remote-candidate", "%s",
		      candidate_id(id, local, c));
	pc_stat_text(r, "transportId", TRANSPORT);
	pc_stat_text(r, "address", c->name ? c->name : tt_addr_ip_text(&c->addr, addr));
	pc_stat_count(r, "port", c->addr.port);
	pc_stat_text(r, "protocol", c->tcp ? "tcp" : "udp");
	if (c->tcptype)
		pc_stat_text(r, "tcpType", tcptypes[c->tcptype]);
	pc_stat_text(r, "candidateType", types[c->type]);
	pc_stat_count(r, "priority", c->priority);
	pc_stat_text(r, "foundation", c->foundation[0] ? c->foundation : NULL);
	pc_stat_text(r, "usernameFragment", ufrag[0] ? ufrag : NULL);
	if (c->related.family) {
		pc_stat_text(r, "relatedAddress", tt_addr_ip_text(&c->related, related));
		pc_stat_count(r, "relatedPort", c->related.port);
	}
	if (server > 0 && server <= pc->server_count)
		pc_stat_text(r, "url", pc->servers[server - 1].url);
	if (local && c->type == TT_ICE_RELAY && server > 0)
		pc_stat_text(r, "relayProtocol",
			     transports[tt_ice_server_at(pc->ice, server - 1).transport]);
	pc_stat_end(r);
}

static bool is_there(const struct pc_report *r, const char *id)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->all[i].id, id) == 0)
			return true;
	return false;
}

static void put_candidates(struct taut_pc *pc, struct pc_report *r)
{
	struct tt_ice_candidate c;
	char id[PC_STAT_ID];
	size_t server;

	for (size_t i = 0; tt_ice_local_info(pc->ice, i, &c, &server); i++)
		if (!is_there(r, candidate_id(id, true, &c)))
			put_candidate(pc, r, true, &c, server);
	for (size_t i = 0; tt_ice_remote_info(pc->ice, i, &c); i++)
		if (!is_there(r, candidate_id(id, false, &c)))
			put_candidate(pc, r, false, &c, 0);
}

static void put_pair(struct taut_pc *pc, struct pc_report *r, const struct tt_ice_pair_info *p,
		     const char *id)
{
	static const char *const states[] = { "frozen", "waiting", "in-progress", "succeeded",
					      "failed" };
	const struct tt_ice_pair_counters *n = &p->count;
	char local[PC_STAT_ID], remote[PC_STAT_ID];

	candidate_id(local, true, &p->local);
	if (!is_there(r, local)) /* of a socket that no candidate was told of */
		put_candidate(pc, r, true, &p->local, 0);
	pc_stat_begin(r, "candidate-pair", "%s", id);
	pc_stat_text(r, "transportId", TRANSPORT);
	pc_stat_text(r, "localCandidateId", local);
	pc_stat_text(r, "remoteCandidateId", candidate_id(remote, false, &p->remote));
	pc_stat_text(r, "state", states[p->state]);
	pc_stat_flag(r, "nominated", p->nominated);
	pc_stat_count(r, "packetsSent", n->packets_sent);
	pc_stat_count(r, "packetsReceived", n->packets_received);
	pc_stat_count(r, "bytesSent", n->bytes_sent);
	pc_stat_count(r, "bytesReceived", n->bytes_received);
	pc_stat_moment(r, "lastPacketSentTimestamp", n->sent_at);
	pc_stat_moment(r, "lastPacketReceivedTimestamp", n->received_at);
	pc_stat_seconds(r, "totalRoundTripTime", n->rtt_sum);
	if (p->rtt > 0)
		pc_stat_seconds(r, "currentRoundTripTime", p->rtt);
	pc_stat_count(r, "requestsSent", n->requests_sent);
	pc_stat_count(r, "requestsReceived", n->requests_received);
	pc_stat_count(r, "responsesSent", n->responses_sent);
	pc_stat_count(r, "responsesReceived", n->responses_received);
	pc_stat_count(r, "consentRequestsSent", n->consents_sent);
	pc_stat_count(r, "packetsDiscardedOnSend", n->packets_discarded);
	pc_stat_count(r, "bytesDiscardedOnSend", n->bytes_discarded);
	pc_stat_end(r);
}

static const char *pair_id(char *buf, const struct tt_ice_pair_info *p)
{
	char local[PLACE], remote[PLACE];

	(void)snprintf(buf, PC_STAT_ID, "pair-%s-%s", place_of(local, &p->local),
		       place_of(remote, &p->remote));
	return buf;
}

/* *selected: the id of the one that carries data, or "". */
static void put_pairs(struct taut_pc *pc, struct pc_report *r, char *selected)
{
	struct tt_ice_pair_info p;
	char id[PC_STAT_ID];

	selected[0] = '\0';
	for (size_t i = 0; tt_ice_pair_info(pc->ice, i, &p); i++) {
		pair_id(id, &p);
		if (p.selected)
			(void)snprintf(selected, PC_STAT_ID, "%s", id);
		if (!is_there(r, id)) /* of two generations that has the same, the present one */
			put_pair(pc, r, &p, id);
	}
}

/* Its id, in buf; NULL: there is none. */
static const char *put_certificate(struct taut_pc *pc, struct pc_report *r, bool remote, char *buf)
{
	struct tt_dtls_certificate c;
	char *space, *text;

	if (!tt_dtls_certificate(pc->dtls, remote, &c))
		return NULL;
	space = strchr(c.fingerprint, ' ');
	text = tt_alloc(pc->env, (c.len + 2) / 3 * 4 + 1);
	if (!space || !text) {
		r->failed = true;
		tt_free(pc->env, c.der);
		tt_free(pc->env, text);
		return NULL;
	}
	*space = '\0';
	EVP_EncodeBlock((unsigned char *)text, c.der, (int)c.len);
	(void)snprintf(buf, PC_STAT_ID, "certificate-%s", space + 1);
	pc_stat_begin(r, "certificate", "%s", buf);
	pc_stat_text(r, "fingerprint", space + 1);
	pc_stat_text(r, "fingerprintAlgorithm", c.fingerprint);
	pc_stat_text(r, "base64Certificate", text);
	pc_stat_end(r);
	tt_free(pc->env, c.der);
	tt_free(pc->env, text);
	return buf;
}

static const char *ice_role(const struct taut_pc *pc)
{
	static const char *const roles[] = { "unknown", "controlling", "controlled" };

	return roles[taut_pc_ice_role(pc)];
}

static const char *ice_state(const struct taut_pc *pc)
{
	static const char *const states[] = { "new",       "checking",     "connected",
					      "completed", "disconnected", "failed" };

	return pc->closed ? "closed" : states[tt_ice_state(pc->ice)];
}

static const char *dtls_state(const struct taut_pc *pc)
{
	static const char *const states[] = {
		[TAUT_STATE_NEW] = "new",
		[TAUT_STATE_CONNECTING] = "connecting",
		[TAUT_STATE_CONNECTED] = "connected",
		[TAUT_STATE_FAILED] = "failed",
		[TAUT_STATE_CLOSED] = "closed",
	};

	return states[taut_pc_dtls_state(pc)];
}

/* As IANA has it, RFC 5764 section 4.1.2 and RFC 7714 section 14.2. */
static const char *srtp_cipher(const char *profile)
{
	static const char *const names[][2] = {
		{ "AES_CM_128_HMAC_SHA1_80", "SRTP_AES128_CM_HMAC_SHA1_80" },
		{ "AES_CM_128_HMAC_SHA1_32", "SRTP_AES128_CM_HMAC_SHA1_32" },
		{ "AEAD_AES_128_GCM", "SRTP_AEAD_AES_128_GCM" },
		{ "AEAD_AES_256_GCM", "SRTP_AEAD_AES_256_GCM" },
	};

	for (size_t i = 0; profile && i < TT_COUNT(names); i++)
		if (strcmp(names[i][0], profile) == 0)
			return names[i][1];
	return NULL;
}

void pc_stat_path(struct taut_pc *pc, struct pc_report *r)
{
	char selected[PC_STAT_ID], local[PC_STAT_ID], remote[PC_STAT_ID];
	const struct tt_ice_counters *ice = tt_ice_counters(pc->ice);
	uint64_t packets, bytes;
	const char *ours = put_certificate(pc, r, false, local);
	const char *theirs = put_certificate(pc, r, true, remote);
	const char *cipher = tt_dtls_cipher_standard_name(pc->dtls);

	tt_ice_tell_sent(pc->ice, &packets, &bytes);
	put_candidates(pc, r);
	put_pairs(pc, r, selected);
	pc_stat_begin(r, "transport", TRANSPORT);
	pc_stat_count(r, "packetsSent", packets);
	pc_stat_count(r, "packetsReceived", ice->data_packets_received);
	pc_stat_count(r, "bytesSent", bytes);
	pc_stat_count(r, "bytesReceived", ice->data_bytes_received);
	pc_stat_text(r, "iceRole", ice_role(pc));
	pc_stat_text(r, "iceLocalUsernameFragment", tt_ice_local_ufrag(pc->ice));
	pc_stat_text(r, "iceState", ice_state(pc));
	pc_stat_text(r, "dtlsState", dtls_state(pc));
	pc_stat_text(r, "dtlsRole",
		     pc->dtls_started ? pc->dtls_client ? "client" : "server" : "unknown");
	pc_stat_text(r, "selectedCandidatePairId", selected[0] ? selected : NULL);
	pc_stat_count(r, "selectedCandidatePairChanges", ice->path_changes);
	pc_stat_text(r, "localCertificateId", ours);
	pc_stat_text(r, "remoteCertificateId", theirs);
	pc_stat_text(r, "tlsVersion", cipher ? "FEFD" : NULL); /* DTLS 1.2: RFC 6347 section 4.1 */
	pc_stat_text(r, "dtlsCipher", cipher);
	pc_stat_text(r, "srtpCipher", srtp_cipher(pc->counters.srtp_profile));
	pc_stat_end(r);
}
