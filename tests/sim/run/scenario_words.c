/* scenario_words.c - the words of scenarios; see scenario.h. */
#include <string.h>

#include "run/scenario.h"

const char *const scenario_states[] = { "none",         "new",    "connecting", "connected",
					"disconnected", "failed", "closed",     NULL };
const char *const scenario_milestones[] = { "none", "gathering", "first-check", "nominated",
					    "dtls", "sctp",      NULL };
const char *const scenario_signaling[] = {
	"none", "stable", "have-local-offer", "have-remote-offer", "closed", NULL
};
const char *const scenario_counters[] = { "messages", "audio",        "video",  "stun", "dtls",
					  "media",    "descriptions", "resent", "plis", "dropped",
					  NULL };
const char *const scenario_kinds[] = { "any", "stun", "dtls", "data", "media", NULL };
const char *const scenario_directions[] = { "none",     "sendrecv", "sendonly", "recvonly",
					    "inactive", "stopped",  NULL };
const char *const scenario_media[] = { "none", "audio", "video", "data", NULL };
const char *const scenario_holes[] = { "none", "in", "out", "both", NULL };
const char *const scenario_interfaces[] = { "down", "up", "moved", NULL };
const char *const scenario_access[] = { "open", "nat", "nat+nat", "blocked", NULL };
const char *const scenario_rules[] = { "ei", "ad", "apd", NULL };

const char *const scenario_dns[] = { "fair", "silent", "broken", "lies", "forged", NULL };

static const char *const reasons[] = {
	[TAUT_REASON_NONE] = "none",
	[TAUT_REASON_CLOSED_HERE] = "closed-here",
	[TAUT_REASON_CLOSED_BY_PEER] = "closed-by-peer",
	[TAUT_REASON_ICE_NO_PAIR] = "no-pair",
	[TAUT_REASON_ICE_SILENT] = "silent",
	[TAUT_REASON_ICE_CONSENT_EXPIRED] = "consent-expired",
	[TAUT_REASON_DTLS_FINGERPRINT] = "fingerprint",
	[TAUT_REASON_DTLS_HANDSHAKE] = "handshake",
	[TAUT_REASON_DTLS_TIMEOUT] = "dtls-timeout",
	[TAUT_REASON_SCTP_ABORT] = "sctp-abort",
	[TAUT_REASON_SCTP_UNREACHABLE] = "sctp-unreachable",
	[TAUT_REASON_NO_MEMORY] = "no-memory",
};
enum { REASONS = sizeof reasons / sizeof reasons[0] };

uint32_t scenario_reason(const char *word)
{
	for (uint32_t i = 0; i < REASONS; i++)
		if (strcmp(reasons[i], word) == 0)
			return i;
	return UINT32_MAX;
}

const char *scenario_reason_word(uint32_t reason)
{
	return reason < REASONS ? reasons[reason] : "another";
}
