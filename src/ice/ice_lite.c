/* ice_lite.c - where we are a lite agent: RFC 8445 sections 2.5, 6.2, 7.3.2, 8.2 and 12.1.1.
 *
 * It has host candidates alone, is never controlling, and sends no checks. A pair is what a check of the peer came over; it is
 * valid, and carries data, once one with USE-CANDIDATE has. Consent (RFC 7675) is asked for by checks, which a lite agent does
 * not send. In its place are those of the peer: they are authenticated, come each 4 to 6 s, and 30 s without any
 * over the pair end it. They prove that the peer wants data, but not that it is at the address that they come from: whoever
 * has the password may name another. A full agent is safer, and reaches peers that a lite one does not. */
#include "base/num.h"
#include "ice/ice_agent.h"

void tt_ice_lite_heard(struct tt_ice *ice, struct ice_pair *p)
{
	p->state = TT_ICE_PAIR_SUCCEEDED;
	if (p->nominate && ice->cur->has_remote) {
		p->valid = p->nominated = true;
		p->nominate = false;
	}
	if (p->valid)
		p->consent_until = p->heard + TT_ICE_CONSENT_LIFE;
}

void tt_ice_lite_knows_peer(struct tt_ice *ice)
{
	for (int i = 0; ice->lite && i < ice->cur->pairs; i++)
		if (tt_ice_pair_at(ice->cur, i)->used)
			tt_ice_lite_heard(ice, tt_ice_pair_at(ice->cur, i));
}

taut_time tt_ice_lite_awaits(const struct tt_ice *ice)
{
	taut_time until = INT64_MIN;

	for (int i = 0; ice->lite && i < ice->cur->pairs; i++) {
		const struct ice_pair *p = tt_ice_pair_at(ice->cur, i);
		if (p->used)
			until = tt_max64(until, p->heard + TT_ICE_CONSENT_LIFE);
	}
	return until;
}
