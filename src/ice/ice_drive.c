/* ice_drive.c - packets in, packets out, and time. What moves the agent; the
 * rules themselves are in the other files of this folder. */
#include "base/num.h"
#include "ice/ice_agent.h"

void tt_ice_drop_packet(struct tt_ice *ice, taut_time now, uint32_t reason,
			const struct taut_addr *remote)
{
	tt_drop(ice->env, now, reason, TT_ADDR("from", remote));
}

/* ---- the outside ---- */

const struct taut_io *tt_ice_poll_io(struct tt_ice *ice)
{
	return tt_ice_gather_io(ice) || tt_ice_port_io(ice) || tt_ice_stream_io(ice) ||
			       tt_ice_mdns_io(ice)
		       ? &ice->io
		       : NULL;
}

bool tt_ice_io_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
		      const struct taut_addr *found, size_t n)
{
	if (tt_ice_is_multicast(ice, flow))
		tt_ice_mdns_result(ice, now, os_errno);
	else if (!tt_ice_stream_result(ice, now, flow, os_errno, found, n) &&
		 !tt_ice_port_result(ice, now, flow, os_errno, found, n) &&
		 !tt_ice_gather_result(ice, now, flow, os_errno, found, n))
		return false;
	tt_ice_update(ice, now);
	return true;
}

bool tt_ice_is_multicast(const struct tt_ice *ice, taut_flow flow)
{
	return ice->mdns_flow != 0 && flow == ice->mdns_flow;
}

bool tt_ice_owns(const struct tt_ice *ice, taut_flow flow)
{
	if (flow == 0)
		return false;
	for (size_t i = 0; i < ice->server_count; i++)
		if (ice->server[i].id == flow)
			return true;
	return tt_ice_is_multicast(ice, flow) || tt_ice_is_stream(ice, flow) ||
	       tt_ice_port_owns(ice, flow) || tt_ice_base_of_flow(ice, flow) >= 0;
}

/* ---- packets ---- */

static int take_stun(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *local,
		     const struct taut_addr *remote, const struct tt_stun_msg *m,
		     const uint8_t *buf)
{
	bool answer = m->cls == TT_STUN_SUCCESS || m->cls == TT_STUN_ERROR;

	if (m->method != TT_STUN_BINDING) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_STATE, remote);
		return 1;
	}
	if (answer && tt_ice_probe_answer(ice, now, ice->base[base].flow, remote, m, buf))
		return 0;
	if (!tt_stun_fingerprint_ok(m, buf)) { /* 8445 7.1: both sides send it */
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_NOT_STUN, remote);
		return 1;
	}
	if (m->cls == TT_STUN_INDICATION)
		return 0; /* a keepalive of section 11: it has done its work in the NAT */
	if (m->cls == TT_STUN_REQUEST)
		return tt_ice_on_request(ice, now, base, local, remote, m, buf);
	if (tt_ice_consent_answer(ice, now, base, remote, m, buf))
		return 0;
	return tt_ice_on_response(ice, now, base, remote, m, buf);
}

int tt_ice_recv(struct tt_ice *ice, taut_time now, taut_flow flow, const struct taut_addr *local,
		const struct taut_addr *remote, const uint8_t *buf, size_t len)
{
	struct tt_stun_msg m;
	int base = tt_ice_base_of_flow(ice, flow), result;

	if (tt_ice_is_multicast(ice, flow)) {
		result = tt_ice_mdns_recv(ice, now, local, remote, buf, len);
		tt_ice_update(ice, now);
		return result;
	}
	if (base < 0 || ice->base[base].state != BASE_OPEN) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_STATE, remote);
		return 1;
	}
	if (ice->relay_only && !ice->base[base].relay) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_POLICY, remote);
		return 1;
	}
	if (tt_stun_read(&m, buf, len) != TT_STUN_OK) {
		tt_ice_drop_packet(ice, now, TAUT_DROP_ICE_NOT_STUN, remote);
		return 1;
	}
	tt_trace_packet(ice->env, now, TAUT_LAYER_STUN, false, buf, len, &ice->base[base].addr,
			remote);
	result = take_stun(ice, now, base, local, remote, &m, buf);
	tt_ice_update(ice, now);
	return result;
}

/* Answers first, then consent, then what is paced. */
static size_t write_stun(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	while (ice->response_count > 0)
		if (tt_ice_response_write(ice, now, out) > 0)
			return out->len;
	if (tt_ice_consent_write(ice, now, out) > 0)
		return out->len;
	struct ice_turn turn = tt_ice_turn(ice, now);
	if (turn.pair >= 0)
		return tt_ice_check_write(ice, now, turn.pair, out);
	if (turn.probe >= 0)
		return tt_ice_probe_write(ice, now, turn.probe, out);
	return 0;
}

/* Requests to TURN servers are traced by their client. */
static size_t write_to_relay(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	struct ice_turn turn = tt_ice_turn(ice, now);
	size_t len = 0;

	while (len == 0 && turn.relay >= 0) {
		len = tt_ice_relay_write(ice, now, turn.relay, out);
		turn = tt_ice_turn(ice, now);
	}
	return len;
}

/* Between two checks a connection may carry thousands of packets, and asks with each of them. */
static void fall_asleep(struct tt_ice *ice, taut_time now)
{
	if (ice->state != TT_ICE_FAILED)
		tt_ice_thaw(ice); /* the last one that waited may have been sent just now */
	const taut_time at = tt_ice_deadline(ice, &ice->idle_why);

	ice->idle_until = at > now ? at : 0;
}

bool tt_ice_poll_send(struct tt_ice *ice, taut_time now, struct tt_ice_out *out)
{
	out->len = 0;
	if (now < ice->idle_until)
		return false;
	tt_ice_wake(ice);
	if (ice->closed)
		return tt_ice_own_write(ice, now, out) > 0 ||
		       tt_ice_relay_last_word(ice, now, out) > 0;
	while (write_stun(ice, now, out) > 0) {
		tt_trace_packet(ice->env, now, TAUT_LAYER_STUN, true, out->buf, out->len,
				&out->local, &out->remote);
		if (tt_ice_path_out(ice, out))
			return true;
	}
	if (write_to_relay(ice, now, out) > 0 || tt_ice_relay_keep(ice, now, out) > 0 ||
	    tt_ice_mdns_write(ice, now, out) > 0 || tt_ice_own_write(ice, now, out) > 0)
		return true;
	fall_asleep(ice, now);
	return false;
}

/* ---- time ---- */

void tt_ice_tick(struct tt_ice *ice, taut_time now)
{
	if (now < ice->idle_until) {
		ice->last_now = now;
		return;
	}
	tt_ice_drop_prev(ice, now);
	tt_ice_check_tick(ice, now);
	tt_ice_probe_tick(ice, now);
	tt_ice_relay_tick(ice, now);
	tt_ice_consent_tick(ice, now);
	tt_ice_tcp_tick(ice, now); /* without consent one may be of no use */
	tt_ice_mdns_tick(ice, now);
	tt_ice_update(ice, now);
}

static void earlier(taut_time *at, const char **why, taut_time t, const char *reason)
{
	if (t >= *at)
		return;
	*at = t;
	*why = reason;
}

taut_time tt_ice_deadline(const struct tt_ice *ice, const char **why)
{
	const struct ice_gen *g = ice->cur;
	taut_time at = INT64_MAX;
	const char *reason = "";

	if (ice->idle_until > 0) {
		if (why)
			*why = ice->idle_why;
		return ice->idle_until;
	}
	/* What is due already is asked for at the time of the last check, long ago. */
	if (ice->response_count > 0)
		earlier(&at, &reason, ice->last_check, "answer a check");
	earlier(&at, &reason, tt_ice_turn(ice, ice->last_check).at, "send a check");
	earlier(&at, &reason, tt_ice_probe_deadline(ice), "give up a STUN server");
	earlier(&at, &reason, tt_ice_relay_deadline(ice), "keep a TURN allocation");
	earlier(&at, &reason, tt_ice_tcp_deadline(ice), "connect, or give a connection up");
	earlier(&at, &reason, tt_ice_mdns_deadline(ice), "resolve a .local name");
	earlier(&at, &reason, tt_ice_own_deadline(ice), "answer for a .local name");
	earlier(&at, &reason, tt_ice_consent_deadline(ice, ice->last_now), "keep consent");
	if (ice->prev_until > 0)
		earlier(&at, &reason, ice->prev_until, "forget the old generation");
	if (ice->state != TT_ICE_FAILED) {
		earlier(&at, &reason, tt_ice_check_deadline(ice), "give up a check");
		if (ice->controlling && g->has_remote && g->selected < 0 && g->nominating < 0 &&
		    g->nominate_at > ice->last_now)
			earlier(&at, &reason, g->nominate_at, "nominate a pair");
		if (g->has_remote && !ice->path_gen && tt_ice_patience(ice) > ice->last_now)
			earlier(&at, &reason, tt_ice_patience(ice), "patience ends");
		earlier(&at, &reason, tt_ice_move_deadline(ice), "move to a better pair");
		earlier(&at, &reason, tt_ice_follow_deadline(ice),
			"the peer's last nomination counts");
		if (ice->answer_until > 0)
			earlier(&at, &reason, ice->answer_until, "a restart is not answered");
	}
	if (why)
		*why = reason;
	return at;
}
