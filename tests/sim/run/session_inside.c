/* session_inside.c - invariants that can only be seen from inside the connection. */
#include "datachannel/dcs_internal.h"
#include "peer/pc.h"
#include "rtcp/rtp_session_int.h"
#include "run/session_int.h"
#include "sctp/sctp_assoc.h"

enum { SAMPLE = 8 }; /* one step in so many: the check walks all that is outstanding */

static void hex(const uint8_t *in, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[in[i] >> 4];
		out[2 * i + 1] = digits[in[i] & 15];
	}
}

/* Sequence numbers and timestamps of RTP, and the numbers of transport-wide feedback, wrap within
 * the first seconds. */
static void wind_up(struct tt_rtp_session *rtp)
{
	enum { SOON = 150, SOON_RTX = 20 };

	for (size_t i = 0; i < rtp->sender_count; i++) {
		struct tt_rtp_sender *s = rtp->senders[i];
		if (s->started)
			return;
		s->first_seq = UINT16_MAX - SOON;
		s->rtx_seq = UINT16_MAX - SOON_RTX;
		s->ts_offset = 0; /* the frames' own timestamps start below the wrap */
		rtp->transport_seq = UINT16_MAX - SOON;
	}
}

/* The flight size is the sum of what is outstanding, RFC 9260 section 6. */
void session_look_inside(struct world_peer *p)
{
	struct side *a = p->cfg.user;

	if (p->cfg.near_wrap && p->pc && p->pc->rtp && !a->connected)
		wind_up(p->pc->rtp);
	if (a->steps++ % SAMPLE != 0 || !p->pc || !p->pc->channels || !p->pc->channels->sctp)
		return;
	if (!tt_sctp_flight_adds_up(&p->pc->channels->sctp->flight))
		world_fail(p->world, "%s: SCTP's flight size is not the sum of its chunks",
			   p->cfg.name);
}

void session_learn_keys(struct side *a)
{
	struct tt_srtp_keys keys;
	char text[32];

	if (!a->s->tracing || tt_dtls_srtp_keys(a->peer.pc->dtls, &keys) != TAUT_OK)
		return;
	const struct tt_srtp_key *both[] = { &keys.local, &keys.remote };
	for (int i = 0; i < 2; i++) {
		session_secret(a->s, both[i]->key, sizeof both[i]->key);
		hex(both[i]->key, sizeof both[i]->key, text);
		session_secret(a->s, text, sizeof text);
	}
}
