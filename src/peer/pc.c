/* pc.c - a peer connection from its beginning to its end. */
#include "peer/pc.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"

/* ---- errors ---- */

static const char no_text[] = "out of memory";

/* Most connections never fail a call. NULL: no memory for it. */
static struct pc_error_texts *error_texts(struct taut_pc *pc)
{
	if (!pc->error.texts)
		pc->error.texts = tt_alloc(pc->env, sizeof *pc->error.texts);
	return pc->error.texts;
}

int pc_fail(struct taut_pc *pc, int code, const char *dom_name, const char *spec, const char *fmt,
	    ...)
{
	struct pc_error_texts *t = error_texts(pc);
	va_list args;

	pc->error.e = (struct taut_error){
		.code = code, .dom_name = dom_name, .spec = spec, .message = no_text
	};
	if (!t)
		return code;
	va_start(args, fmt);
	vsnprintf(t->message, sizeof t->message, fmt, args);
	va_end(args);
	pc->error.e.message = t->message;
	return code;
}

int pc_fail_nomem(struct taut_pc *pc)
{
	return pc_fail(pc, TAUT_E_NOMEM, "OperationError", NULL, "out of memory");
}

int pc_fail_no_transceiver(struct taut_pc *pc)
{
	return pc_fail(pc, TAUT_E_GONE, "InvalidStateError", "webrtc-pc section 5.4",
		       "no such transceiver");
}

int pc_fail_closed(struct taut_pc *pc)
{
	return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 4.4.1.1",
		       "the connection is closed");
}

int pc_fail_sdp(struct taut_pc *pc, int code, const struct taut_error *why)
{
	struct pc_error_texts *t = error_texts(pc);

	pc->error.e = *why;
	pc->error.e.code = code;
	pc->error.e.dom_name = "OperationError"; /* RTCError, sdp-syntax-error */
	pc->error.e.message = no_text;
	pc->error.e.found = pc->error.e.expected = "";
	if (!t)
		return code;
	snprintf(t->message, sizeof t->message, "%s", why->message ? why->message : "");
	snprintf(t->found, sizeof t->found, "%s", why->found ? why->found : "");
	snprintf(t->expected, sizeof t->expected, "%s", why->expected ? why->expected : "");
	pc->error.e.message = t->message;
	pc->error.e.found = t->found;
	pc->error.e.expected = t->expected;
	return code;
}

const struct taut_error *taut_pc_error(const taut_pc *pc)
{
	return &pc->error.e;
}

static const char *const reason_texts[] = {
	[TAUT_REASON_NONE] = "no reason",
	[TAUT_REASON_CLOSED_HERE] = "closed on this side",
	[TAUT_REASON_CLOSED_BY_PEER] = "the peer said goodbye (DTLS close_notify)",
	[TAUT_REASON_ICE_NO_PAIR] = "no pair of candidates works",
	[TAUT_REASON_ICE_SILENT] = "the peer does not answer for the moment",
	[TAUT_REASON_ICE_CONSENT_EXPIRED] =
		"the peer has not answered for 30 seconds (consent expired)",
	[TAUT_REASON_DTLS_FINGERPRINT] =
		"the peer's certificate is not the one its description names",
	[TAUT_REASON_DTLS_HANDSHAKE] = "the DTLS handshake failed",
	[TAUT_REASON_DTLS_TIMEOUT] = "the DTLS handshake took too long",
	[TAUT_REASON_SCTP_ABORT] = "the peer aborted the SCTP association",
	[TAUT_REASON_SCTP_UNREACHABLE] = "the SCTP peer does not acknowledge any more",
	[TAUT_REASON_NO_MEMORY] = "out of memory",
	[TAUT_REASON_CHANNEL_CLOSED_BY_PEER] = "the peer closed the channel",
	[TAUT_REASON_TRANSPORT_GONE] = "the transport below is gone",
	[TAUT_REASON_CHANNEL_MESSAGE_TOO_LARGE] =
		"a message of the peer is larger than this side takes (max-message-size)",
	[TAUT_REASON_CHANNEL_UNKNOWN_PPID] =
		"a message of the peer is of a payload protocol that data channels do not know",
	[TAUT_REASON_SCTP_ABORTED_HERE] =
		"this side aborted the SCTP association for what the peer sent",
};

const char *taut_reason_text(uint32_t reason)
{
	return reason < sizeof reason_texts / sizeof reason_texts[0] ? reason_texts[reason]
								     : "an unknown reason";
}

/* ---- state ---- */

void pc_touch(struct taut_pc *pc, taut_time now)
{
	pc->now = now;
	pc->wants_io = pc->wants_event = true;
	pc_may_send(pc);
}

void pc_may_send(struct taut_pc *pc)
{
	pc->wants_send = true;
	pc->sent_at = PC_NEVER;
	pc_wake(pc);
}

/* webrtc-pc section 4.3.3, with one transport; the end by either side is final. */
static uint32_t combined_state(const struct taut_pc *pc)
{
	enum tt_ice_state ice = tt_ice_state(pc->ice);

	if (pc->closed)
		return TAUT_STATE_CLOSED;
	if (ice == TT_ICE_FAILED || pc->dtls_state == TAUT_STATE_FAILED)
		return TAUT_STATE_FAILED;
	if (ice == TT_ICE_DISCONNECTED)
		return TAUT_STATE_DISCONNECTED;
	if (ice >= TT_ICE_CONNECTED && pc->dtls_state == TAUT_STATE_CONNECTED)
		return TAUT_STATE_CONNECTED;
	return ice == TT_ICE_NEW && pc->dtls_state == TAUT_STATE_NEW ? TAUT_STATE_NEW
								     : TAUT_STATE_CONNECTING;
}

void pc_update_connection_state(struct taut_pc *pc, uint32_t reason, const char *text)
{
	static const char *const names[] = { "",          "new",          "connecting",
					     "connected", "disconnected", "failed",
					     "closed" };
	uint32_t state = combined_state(pc);

	if (state == pc->connection_state)
		return;
	pc->connection_state = state;
	if (state == TAUT_STATE_CONNECTED)
		reason = TAUT_REASON_NONE;
	struct pc_event *e = pc_queue(pc, TAUT_EV_CONNECTION_STATE, NULL,
				      text     ? text
				      : reason ? taut_reason_text(reason)
					       : NULL);
	if (e) {
		e->ev.number = state;
		e->ev.reason = reason;
	}
	pc->state_untold = !e;
	pc->wants_event = true;
	pc->state_reason = reason;
	if (reason)
		tt_note(pc->env, pc->now, TAUT_LAYER_PEER, "connection state",
			TT_STR("is", names[state]), TT_STR("why", taut_reason_text(reason)));
	else
		tt_note(pc->env, pc->now, TAUT_LAYER_PEER, "connection state",
			TT_STR("is", names[state]));
}

void pc_end(struct taut_pc *pc, taut_time now, uint32_t reason, const char *text)
{
	if (pc->closed)
		return;
	pc->closed = true;
	pc->end_reason = reason;
	pc->signaling_state = TAUT_SIGNALING_CLOSED;
	pc_drop_check(pc, now);
	tt_ice_close(pc->ice, now);
	pc_update_connection_state(pc, reason, text);
	pc_touch(pc, now);
}

int taut_pc_close(taut_pc *pc, taut_time now)
{
	pc_touch(pc, now);
	if (pc->closed)
		return TAUT_OK;
	if (pc->dtls_started)
		tt_dtls_close(pc->dtls, now);
	pc_end(pc, now, TAUT_REASON_CLOSED_HERE, NULL);
	return TAUT_OK;
}

uint32_t taut_pc_signaling_state(const taut_pc *pc)
{
	return pc->signaling_state;
}
uint32_t taut_pc_gathering_state(const taut_pc *pc)
{
	return pc->gathering_state;
}
uint32_t taut_pc_connection_state(const taut_pc *pc)
{
	return pc->connection_state;
}

uint32_t taut_pc_ice_connection_state(const taut_pc *pc)
{
	static const uint8_t states[] = {
		[TT_ICE_NEW] = TAUT_ICE_STATE_NEW,
		[TT_ICE_CHECKING] = TAUT_ICE_STATE_CHECKING,
		[TT_ICE_CONNECTED] = TAUT_ICE_STATE_CONNECTED,
		[TT_ICE_COMPLETED] = TAUT_ICE_STATE_COMPLETED,
		[TT_ICE_DISCONNECTED] = TAUT_ICE_STATE_DISCONNECTED,
		[TT_ICE_FAILED] = TAUT_ICE_STATE_FAILED,
	};

	return pc->closed ? TAUT_ICE_STATE_CLOSED : states[tt_ice_state(pc->ice)];
}

uint32_t taut_pc_ice_role(const taut_pc *pc)
{
	if (!pc_local_sdp(pc) && !pc_remote_sdp(pc))
		return TAUT_ICE_ROLE_UNKNOWN;
	return tt_ice_controlling(pc->ice) ? TAUT_ICE_ROLE_CONTROLLING : TAUT_ICE_ROLE_CONTROLLED;
}

uint32_t taut_pc_dtls_state(const taut_pc *pc)
{
	return pc->closed ? TAUT_STATE_CLOSED : pc->dtls_state;
}

int taut_pc_remote_certificate(taut_pc *pc, size_t index, void *der, size_t cap)
{
	const int len = tt_dtls_remote_certificate(pc->dtls, index, der, cap);

	return len < 0 ? pc_fail_nomem(pc) : len;
}

/* ---- from new to free ---- */

static int make_names(struct taut_pc *pc)
{
	uint64_t r[3];

	if (!tt_random(pc->env, r, sizeof r))
		return TAUT_E_CRYPTO;
	pc->session_id = r[0] >> 2; /* RFC 9429 section 5.2.1: 62 random bits, top bits zero */
	snprintf(pc->cname, sizeof pc->cname, "%016llx", (unsigned long long)r[1]);
	return TAUT_OK;
}

static int set_up(struct taut_pc *pc, const struct taut_config *cfg, taut_time now)
{
	static const uint8_t
		ids
			[PC_EXT_COUNT] = {
				[PC_EXT_AUDIO_LEVEL] = 1,   [PC_EXT_TRANSPORT_CC] = 3,
				[PC_EXT_MID] = 4,           [PC_EXT_RID] = 10,
				[PC_EXT_REPAIRED_RID] = 11, /* the numbers Chromium uses */
			};
	int err = make_names(pc);

	memcpy(pc->ext_ids, ids, sizeof ids);
	pc->dtmf_at = INT64_MAX;
	pc->max_message_size = pc_max_message(cfg);
	pc->send_buffer_size = cfg->send_buffer_size;
	pc->max_receive_window = (size_t)pc_max_window(cfg); /* checked below */
	pc->congestion_control = cfg->congestion_control;
	pc->sctp_snap = cfg->sctp_snap == 1;
	pc->ice_lite = cfg->ice_lite == 1;
	pc->max_path_mtu = (uint16_t)pc_max_path_mtu(cfg); /* checked below */
	pc->srtp_backend = cfg->srtp_backend;
	pc->max_receive_encodings = cfg->max_receive_encodings;
	pc->ice_mdns = cfg->ice_mdns;
	pc->pacing_burst = cfg->pacing_burst;
	pc->pacing_interval = cfg->pacing_interval;
	if (!err)
		err = pc_take_codecs(pc, cfg->codecs, cfg->codec_count);
	pc_keep_numbers(pc);
	if (!err && cfg->max_receive_encodings > PC_MAX_ENCODINGS)
		err = TAUT_E_LIMIT;
	if (!err && (cfg->congestion_control > TAUT_CC_MODEL || cfg->max_path_mtu > PC_PACKET ||
		     cfg->sctp_snap > 1 || cfg->max_receive_window > PC_MAX_WINDOW))
		err = TAUT_E_INVAL;
	if (!err && !tt_srtp_backend_name(cfg->srtp_backend))
		err = TAUT_E_UNSUPPORTED;
	if (!err && pc->codec_count > 0 && !tt_srtp_ready(cfg->srtp_backend))
		err = TAUT_E_CRYPTO;
	if (!err)
		err = tt_dtls_new(&pc->dtls, pc->owner->dtls, pc->env);
	if (!err)
		err = pc_make_ice(pc, cfg, now);
	return err ? err : pc_keep_servers(pc, cfg);
}

int taut_pc_new(taut_pc **out, taut_env *env, const struct taut_config *cfg, taut_time now)
{
	struct taut_config c;
	int err = tt_config_take(&c, sizeof c, cfg);

	*out = NULL;
	if (!err && ((c.codec_count && !c.codecs) || (c.ice_server_count && !c.ice_servers)))
		err = TAUT_E_INVAL;
	if (err)
		return err;
	struct taut_pc *pc = tt_alloc(&env->base, sizeof *pc);
	if (!pc)
		return TAUT_E_NOMEM;
	pc->owner = env;
	tt_env_init_child(&pc->base, &env->base, pc_max_memory(&c));
	pc->env = &pc->base;
	pc->user = c.user;
	pc->next_flow = 1;
	pc->events_end = &pc->events;
	pc->data_m_line = pc->stable_data_m_line = -1;
	pc->signaling_state = TAUT_SIGNALING_STABLE;
	pc->gathering_state = TAUT_GATHERING_NEW;
	pc->connection_state = pc->dtls_state = TAUT_STATE_NEW;
	pc->error.e.message = "";
	err = pc_enlist(pc);
	if (err) {
		tt_free(&env->base, pc);
		return err;
	}
	pc_touch(pc, now);
	err = set_up(pc, &c, now);
	if (err) {
		taut_pc_free(pc);
		return err;
	}
	*out = pc;
	return TAUT_OK;
}

void taut_pc_free(taut_pc *pc)
{
	if (!pc)
		return;
	pc_delist(pc);
	for (size_t i = 0; i < pc->transceiver_count; i++)
		pc_free_transceiver(pc, pc->transceivers[i]);
	tt_rtp_session_free(pc->rtp);
	tt_dcs_free(pc->channels);
	tt_srtp_free(pc->srtp);
	tt_dtls_free(pc->dtls);
	tt_ice_free(pc->ice);
	pc_free_description(&pc->local);
	pc_free_description(&pc->remote);
	pc_free_description(&pc->pending_local);
	pc_free_description(&pc->pending_remote);
	pc_forget_candidates(pc, true);
	pc_free_config(pc);
	pc_free_codecs(pc);
	pc_free_events(pc);
	tt_free(pc->env, pc->transceivers);
	tt_free(pc->env, pc->held);
	tt_free(pc->env, pc->made_text);
	tt_free(pc->env, pc->error.texts);
	tt_free(pc->env, pc->parameters);
	tt_free(pc->env, pc->why);
	pc_free_report(pc);
	for (int i = 0; i < PC_TEXTS; i++)
		tt_free(pc->env, pc->texts[i]);
	tt_free(&pc->owner->base, pc);
}
