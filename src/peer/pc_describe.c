/* pc_describe.c - createOffer to addIceCandidate: webrtc-pc section 4.4.2, RFC 9429 section 4.1.
 *
 * The signaling state machine. Every call either does all of its work or leaves
 * the connection as it was and says why in taut_pc_error. */
#include <string.h>

#include "peer/pc.h"

const struct tt_sdp *pc_local_sdp(const struct taut_pc *pc)
{
	return pc->pending_local.sdp ? pc->pending_local.sdp : pc->local.sdp;
}

const struct tt_sdp *pc_remote_sdp(const struct taut_pc *pc)
{
	return pc->pending_remote.sdp ? pc->pending_remote.sdp : pc->remote.sdp;
}

bool pc_provisional(const struct taut_pc *pc)
{
	return pc->signaling_state == TAUT_SIGNALING_HAVE_LOCAL_PRANSWER ||
	       pc->signaling_state == TAUT_SIGNALING_HAVE_REMOTE_PRANSWER;
}

const struct tt_sdp *pc_agreed_local(const struct taut_pc *pc)
{
	return pc_provisional(pc) ? pc->pending_local.sdp : pc->local.sdp;
}

const struct tt_sdp *pc_agreed_remote(const struct taut_pc *pc)
{
	return pc_provisional(pc) ? pc->pending_remote.sdp : pc->remote.sdp;
}

void pc_free_description(struct pc_description *d)
{
	pc_free_trickled(d);
	tt_sdp_free(d->sdp);
	*d = (struct pc_description){ 0 };
}

static const char *const state_names[] = {
	[TAUT_SIGNALING_STABLE] = "stable",
	[TAUT_SIGNALING_HAVE_LOCAL_OFFER] = "have-local-offer",
	[TAUT_SIGNALING_HAVE_REMOTE_OFFER] = "have-remote-offer",
	[TAUT_SIGNALING_CLOSED] = "closed",
	[TAUT_SIGNALING_HAVE_LOCAL_PRANSWER] = "have-local-pranswer",
	[TAUT_SIGNALING_HAVE_REMOTE_PRANSWER] = "have-remote-pranswer",
};

static void set_signaling_state(struct taut_pc *pc, uint32_t before)
{
	struct pc_event *e;

	if (pc->signaling_state == before)
		return;
	e = pc_queue(pc, TAUT_EV_SIGNALING_STATE, NULL, NULL);
	if (e)
		e->ev.number = pc->signaling_state;
	tt_note(pc->env, pc->now, TAUT_LAYER_PEER, "signaling state",
		TT_STR("is", state_names[pc->signaling_state]));
}

/* Keeps the text for the caller and forgets the model. */
static int hand_out(struct taut_pc *pc, uint32_t type, struct tt_sdp *made, const char **text)
{
	char *out = NULL;
	size_t len;
	int err = tt_sdp_write(made, pc->env, &out, &len);

	tt_sdp_free(made);
	if (err)
		return err == TAUT_E_NOMEM
			       ? pc_fail_nomem(pc)
			       : pc_fail(pc, err, "OperationError", "RFC 8866 section 9",
					 "the description cannot be written");
	tt_free(pc->env, pc->made_text);
	pc->made_text = out;
	pc->made_type = type;
	*text = out;
	return TAUT_OK;
}

static bool may_offer(const struct taut_pc *pc)
{
	return pc->signaling_state == TAUT_SIGNALING_STABLE ||
	       pc->signaling_state == TAUT_SIGNALING_HAVE_LOCAL_OFFER;
}

static bool may_answer(const struct taut_pc *pc)
{
	return pc->signaling_state == TAUT_SIGNALING_HAVE_REMOTE_OFFER ||
	       pc->signaling_state == TAUT_SIGNALING_HAVE_LOCAL_PRANSWER;
}

int taut_pc_create_offer(taut_pc *pc, taut_time now, const char **sdp)
{
	struct tt_sdp *made;

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (!may_offer(pc))
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 4.4.2",
			       "an offer waits for its answer");
	pc->made_type = 0; /* transceivers get other mids than an earlier one gave them */
	int err = pc_build_offer(pc, now, &made);
	return err ? err : hand_out(pc, TAUT_SDP_OFFER, made, sdp);
}

int taut_pc_create_answer(taut_pc *pc, taut_time now, const char **sdp)
{
	struct tt_sdp *made;

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (!may_answer(pc))
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 4.4.2",
			       "there is no offer to answer");
	int err = pc_build_answer(pc, &made);
	return err ? err : hand_out(pc, TAUT_SDP_ANSWER, made, sdp);
}

static int parse(struct taut_pc *pc, const char *text, size_t len, struct tt_sdp **out)
{
	struct tt_sdp_error why;
	int err = tt_sdp_read(out, pc->env, text, len, &why);

	if (err == TAUT_E_NOMEM)
		return pc_fail_nomem(pc);
	return err ? pc_fail_sdp(pc, err, &why.err) : TAUT_OK;
}

static int wrong_state(struct taut_pc *pc, const char *what)
{
	return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 4.4.1.5",
		       "%s in signaling state %s", what, state_names[pc->signaling_state]);
}

/* RFC 9429 section 5.7: the same for either side. webrtc-pc 4.4.1.5: not of a provisional answer. */
static int roll_back(struct taut_pc *pc)
{
	uint32_t before = pc->signaling_state;

	if (before != TAUT_SIGNALING_HAVE_LOCAL_OFFER && before != TAUT_SIGNALING_HAVE_REMOTE_OFFER)
		return wrong_state(pc, "a rollback");
	pc_rollback(pc);
	set_signaling_state(pc, before);
	pc_update_negotiation_needed(pc);
	return TAUT_OK;
}

static void apply_local_offer(struct taut_pc *pc, taut_time now, const struct pc_description *d)
{
	pc_free_description(&pc->pending_local);
	pc->pending_local = *d;
	if (!pc->agreed) /* RFC 8445 section 6.1.1: the offerer controls */
		tt_ice_set_role(pc->ice, now, true);
	pc_bind_local_offer(pc, d->sdp);
	pc->signaling_state = TAUT_SIGNALING_HAVE_LOCAL_OFFER;
}

static int apply_local(struct taut_pc *pc, taut_time now, uint32_t type, struct tt_sdp *sdp)
{
	uint32_t before = pc->signaling_state;
	struct pc_description d = { .type = type,
				    .generation = pc->candidates.generation,
				    .sdp = sdp };

	if (type == TAUT_SDP_OFFER) {
		apply_local_offer(pc, now, &d);
	} else {
		int err = pc_agree(pc, now, &d, false);
		if (err) {
			pc_free_description(&d);
			return err;
		}
	}
	set_signaling_state(pc, before);
	tt_ice_gather(pc->ice, now);
	pc_pump(pc, now);
	pc_update_negotiation_needed(pc);
	return TAUT_OK;
}

static bool was_made(const struct taut_pc *pc, uint32_t type, const char *sdp, size_t len)
{
	return pc->made_type == type && strlen(pc->made_text) == len &&
	       memcmp(pc->made_text, sdp, len) == 0;
}

int taut_pc_set_local_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
				  size_t len)
{
	struct tt_sdp *parsed;
	int err;

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (type == TAUT_SDP_ROLLBACK)
		return roll_back(pc);
	if (type == 0)
		type = may_answer(pc) ? TAUT_SDP_ANSWER : TAUT_SDP_OFFER;
	if (type > TAUT_SDP_PRANSWER)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", "webrtc-pc section 4.8",
			       "no such type");
	const bool offering = type == TAUT_SDP_OFFER;
	if (sdp && !was_made(pc, offering ? TAUT_SDP_OFFER : TAUT_SDP_ANSWER, sdp, len))
		return pc_fail(
			pc, TAUT_E_INVAL, "InvalidModificationError", "RFC 9429 section 5.4",
			"a local description is what create_offer or create_answer returned last");
	if (offering ? !may_offer(pc) : !may_answer(pc))
		return wrong_state(pc, offering ? "a local offer" : "a local answer");
	if (!sdp) {
		err = offering ? taut_pc_create_offer(pc, now, &sdp)
			       : taut_pc_create_answer(pc, now, &sdp);
		if (err)
			return err;
		len = strlen(sdp);
	}
	err = parse(pc, sdp, len, &parsed);
	return err ? err : apply_local(pc, now, type, parsed);
}

static int apply_remote_offer(struct taut_pc *pc, taut_time now, struct tt_sdp *sdp)
{
	/* webrtc-pc 4.4.2: an offer that meets ours rolls ours back; one that comes again before we
	 * answered takes the place of the earlier one. */
	if (pc->signaling_state == TAUT_SIGNALING_HAVE_REMOTE_OFFER)
		pc_replace_offer(pc, sdp);
	else if (pc->signaling_state != TAUT_SIGNALING_STABLE || pc->restarted_here)
		pc_rollback(pc);
	pc->made_type = 0; /* an offer made before this one does not fit any more */
	pc->pending_remote = (struct pc_description){ .type = TAUT_SDP_OFFER, .sdp = sdp };
	pc->signaling_state = TAUT_SIGNALING_HAVE_REMOTE_OFFER;
	if (!pc->agreed)
		tt_ice_set_role(pc->ice, now,
				sdp->ice_lite); /* a lite peer never controls, 6.1.1 */
	pc_adopt_numbers(pc, sdp);
	int err = pc_bind_remote_offer(pc, sdp);
	return err ? err : pc_take_transport(pc, now, TAUT_SDP_OFFER, sdp);
}

static int apply_remote_answer(struct taut_pc *pc, taut_time now, uint32_t type, struct tt_sdp *sdp)
{
	struct pc_description d = { .type = type, .sdp = sdp };

	if (!pc->agreed && sdp->ice_lite)
		tt_ice_set_role(pc->ice, now, true);
	int err = pc_agree(pc, now, &d, true);
	if (err)
		pc_free_description(&d);
	return err;
}

static int apply_remote(struct taut_pc *pc, taut_time now, uint32_t type, struct tt_sdp *sdp)
{
	uint32_t before = pc->signaling_state;
	int err = type == TAUT_SDP_OFFER ? apply_remote_offer(pc, now, sdp)
					 : apply_remote_answer(pc, now, type, sdp);

	if (!err) {
		pc_announce_tracks(pc, type, sdp);
		pc_stop_rejected(pc, sdp);
	} else if (type == TAUT_SDP_OFFER) {
		pc_rollback(pc);
	}
	set_signaling_state(pc, before);
	pc_pump(pc, now);
	pc_update_negotiation_needed(pc);
	return err;
}

int taut_pc_set_remote_description(taut_pc *pc, taut_time now, uint32_t type, const char *sdp,
				   size_t len)
{
	struct tt_sdp *parsed;

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (type == TAUT_SDP_ROLLBACK)
		return roll_back(pc);
	if (type < TAUT_SDP_OFFER || type > TAUT_SDP_PRANSWER || !sdp)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", "webrtc-pc section 4.8",
			       "no such type, or no description");
	/* webrtc-pc 4.4.2: the rollback that an offer implies is refused after a provisional answer. */
	if (type == TAUT_SDP_OFFER && pc_provisional(pc))
		return wrong_state(pc, "a remote offer");
	if (type != TAUT_SDP_OFFER && pc->signaling_state != TAUT_SIGNALING_HAVE_LOCAL_OFFER &&
	    pc->signaling_state != TAUT_SIGNALING_HAVE_REMOTE_PRANSWER)
		return wrong_state(pc, "a remote answer");
	int err = parse(pc, sdp, len, &parsed);
	if (!err)
		err = pc_check_remote(pc, type, parsed);
	if (err) {
		tt_sdp_free(parsed);
		return err;
	}
	return apply_remote(pc, now, type, parsed);
}

static bool has_credentials(const struct pc_description *d)
{
	return d->sdp && pc_transport_section(d->sdp);
}

int taut_pc_restart_ice(taut_pc *pc, taut_time now)
{
	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	/* webrtc-pc 4.4.2: what is to be replaced are the credentials described so far, if there are any. */
	const struct pc_description *d =
		has_credentials(&pc->pending_local) ? &pc->pending_local : &pc->local;
	pc->restart_wanted = has_credentials(d);
	pc->replaced = d->generation;
	pc_update_negotiation_needed(pc);
	return TAUT_OK;
}
