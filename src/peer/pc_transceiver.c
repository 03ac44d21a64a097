/* pc_transceiver.c - RTCRtpTransceiver: webrtc-pc section 5.4, RFC 9429 section 4.2. */
#include "base/config.h"
#include "base/num.h"
#include "peer/pc.h"

#include <stdio.h>
#include <string.h>

bool pc_direction_sends(uint32_t d)
{
	return d == TAUT_SENDRECV || d == TAUT_SENDONLY;
}
bool pc_direction_receives(uint32_t d)
{
	return d == TAUT_SENDRECV || d == TAUT_RECVONLY;
}

uint32_t pc_direction(bool sends, bool receives)
{
	return sends ? (receives ? TAUT_SENDRECV : TAUT_SENDONLY)
		     : (receives ? TAUT_RECVONLY : TAUT_INACTIVE);
}

struct pc_transceiver *pc_find_transceiver(struct taut_pc *pc, taut_transceiver id)
{
	for (size_t i = 0; i < pc->transceiver_count; i++)
		if (pc->transceivers[i]->id == id)
			return pc->transceivers[i];
	return NULL;
}

struct pc_transceiver *pc_transceiver_at_line(const struct taut_pc *pc, int m_line)
{
	for (size_t i = 0; i < pc->transceiver_count; i++)
		if (m_line >= 0 && pc->transceivers[i]->bound.m_line == m_line)
			return pc->transceivers[i];
	return NULL;
}

static void drop_streams(struct taut_pc *pc, struct pc_transceiver *t)
{
	pc_remove_senders(pc, pc->now, t);
	pc_remove_receivers(pc, pc->now, t, t->heard_slots);
}

int pc_on_transceiver(struct taut_pc *pc, taut_time now, taut_transceiver id,
		      struct pc_transceiver **out)
{
	*out = pc_find_transceiver(pc, id);
	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	return *out ? TAUT_OK : pc_fail_no_transceiver(pc);
}

void pc_stop(struct taut_pc *pc, struct pc_transceiver *t)
{
	drop_streams(pc, t);
	t->sends = t->receives = false;
	t->heard_slots = 0;
	t->send_codec = NULL;
	t->direction = TAUT_STOPPED;
}

void pc_free_transceiver(struct taut_pc *pc, struct pc_transceiver *t)
{
	drop_streams(pc, t);
	tt_free(pc->env, t->streams);
	tt_free(pc->env, t->sender_id);
	tt_free(pc->env, t->track);
	for (size_t i = 0; i < t->encoding_count; i++)
		tt_free(pc->env, t->encodings[i].encoder);
	for (size_t i = 0; i < PC_MAX_ENCODINGS; i++)
		tt_free(pc->env, t->decoders[i]);
	tt_free(pc->env, t->dtmf);
	tt_free(pc->env, t->sources);
	tt_free(pc->env, t);
}

/* A stopped transceiver is only remembered: its place goes to a new one when there is no other. */
void pc_make_room(struct taut_pc *pc)
{
	if (pc->transceiver_count < PC_MAX_TRANSCEIVERS)
		return;
	for (size_t i = 0; i < pc->transceiver_count; i++) {
		struct pc_transceiver *t = pc->transceivers[i];
		if (t->direction != TAUT_STOPPED || t->stable.m_line >= 0 || t->bound.m_line >= 0)
			continue;
		pc_free_transceiver(pc, t);
		pc->transceiver_count--;
		memmove(&pc->transceivers[i], &pc->transceivers[i + 1],
			(pc->transceiver_count - i) * sizeof pc->transceivers[0]);
		return;
	}
}

static char *made_up_id(struct taut_pc *pc)
{
	uint64_t r[2];
	char text[40];

	if (!tt_random(pc->env, r, sizeof r))
		return NULL;
	int n = snprintf(text, sizeof text, "%016llx%08llx", (unsigned long long)r[0],
			 (unsigned long long)(r[1] >> 32));
	return tt_copy_text(pc->env, text, (size_t)n);
}

static bool room_for_one_more(struct taut_pc *pc)
{
	if (pc->transceiver_count < pc->transceiver_room)
		return true;
	const size_t room = pc->transceiver_room ? 2 * pc->transceiver_room : 2;
	struct pc_transceiver **all =
		room <= PC_MAX_TRANSCEIVERS
			? tt_resize(pc->env, pc->transceivers, room * sizeof *all)
			: NULL;
	if (!all)
		return false;
	pc->transceivers = all;
	pc->transceiver_room = room;
	return true;
}

static bool name_sender(struct taut_pc *pc, struct pc_transceiver *t, const char *track_id,
			bool has_track)
{
	t->sender_id =
		track_id ? tt_copy_text(pc->env, track_id, strlen(track_id)) : made_up_id(pc);
	if (t->sender_id && has_track)
		t->track = tt_copy_text(pc->env, t->sender_id, strlen(t->sender_id));
	return t->sender_id && (t->track || !has_track);
}

int pc_new_transceiver(struct taut_pc *pc, uint32_t kind, uint32_t direction, const char *track_id,
		       bool has_track, const struct pc_transceiver *encodings, struct pc_transceiver **out)
{
	pc_make_room(pc);
	if (pc->transceiver_count == PC_MAX_TRANSCEIVERS ||
	    pc->next_transceiver == (1u << PC_STREAM_SHIFT) - 1)
		return pc_fail(pc, TAUT_E_LIMIT, "OperationError", "webrtc-pc section 5.1",
			       "at most %d transceivers", PC_MAX_TRANSCEIVERS);
	struct pc_transceiver *t = room_for_one_more(pc) ? tt_alloc(pc->env, sizeof *t) : NULL;
	if (!t)
		return pc_fail_nomem(pc);
	t->kind = kind;
	t->direction = direction;
	t->bound.m_line = t->stable.m_line = -1;
	t->encoding_count = encodings ? encodings->encoding_count : 1;
	if (encodings)
		memcpy(t->encodings, encodings->encodings, sizeof t->encodings);
	if (encodings)
		memcpy(t->heard_rids, encodings->heard_rids, sizeof t->heard_rids);
	if (!name_sender(pc, t, track_id, has_track) || !pc_draw_ssrcs(pc, t)) {
		pc_free_transceiver(pc, t);
		return pc_fail_nomem(pc);
	}
	t->jitter_target = -1;
	t->id = ++pc->next_transceiver;
	pc->transceivers[pc->transceiver_count++] = t;
	*out = t;
	return TAUT_OK;
}

int taut_pc_add_transceiver(taut_pc *pc, taut_time now, const struct taut_transceiver_init *init,
			    taut_transceiver *out)
{
	struct taut_transceiver_init c;
	int err = init ? tt_config_take(&c, sizeof c, init) : TAUT_E_INVAL;

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (err || (c.kind != TAUT_AUDIO && c.kind != TAUT_VIDEO) || c.direction > TAUT_INACTIVE ||
	    !pc_is_msid(c.stream_id) || !pc_is_msid(c.track_id))
		return pc_fail(pc, err ? err : TAUT_E_INVAL, "TypeError", "webrtc-pc section 5.1",
			       "a transceiver has a kind, a direction and ids of 1 to 64 token "
			       "characters");
	struct pc_transceiver fresh = { .encoding_count = 1 }, *t;
	err = pc_read_encodings(pc, &c, &fresh);
	if (!err)
		err = pc_copy_streams(pc, &c.stream_id, c.stream_id ? 1 : 0, &fresh);
	if (err)
		return err;
	err = pc_new_transceiver(pc, c.kind, c.direction ? c.direction : TAUT_SENDRECV, c.track_id,
				 c.track_id != NULL, &fresh, &t);
	if (err) {
		tt_free(pc->env, fresh.streams);
		return err;
	}
	pc_take_streams(pc, t, &fresh);
	pc_update_negotiation_needed(pc);
	*out = t->id;
	return TAUT_OK;
}

int taut_pc_set_direction(taut_pc *pc, taut_time now, taut_transceiver id, uint32_t direction)
{
	struct pc_transceiver *t;
	const int gone = pc_on_transceiver(pc, now, id, &t);

	if (gone)
		return gone;
	if (t->direction == TAUT_STOPPED)
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 5.4",
			       "the transceiver is stopped");
	if (direction < TAUT_SENDRECV || direction > TAUT_INACTIVE)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", "webrtc-pc section 5.4",
			       "a direction is one from sendrecv to inactive");
	t->direction = direction;
	pc_update_negotiation_needed(pc);
	return TAUT_OK;
}

int taut_pc_stop_transceiver(taut_pc *pc, taut_time now, taut_transceiver id)
{
	struct pc_transceiver *t;
	const int gone = pc_on_transceiver(pc, now, id, &t);

	if (gone)
		return gone;
	if (t->direction != TAUT_STOPPED) {
		pc_stop(pc, t);
		pc_update_negotiation_needed(pc);
	}
	return TAUT_OK;
}

const struct taut_transceiver_info *taut_pc_transceiver_at(taut_pc *pc, size_t index)
{
	if (index >= pc->transceiver_count)
		return NULL;
	struct pc_transceiver *t = pc->transceivers[index];
	t->info = (struct taut_transceiver_info){
		.id = t->id,
		.kind = t->kind,
		.direction = t->direction,
		.current_direction = t->current_direction,
		.mid = t->bound.mid[0] ? t->bound.mid : NULL,
		.send_codec = t->send_codec ? &t->send_codec->codec : NULL,
		.track_id = t->track,
		.stream_ids = t->streams,
		.stream_count = t->stream_count,
	};
	return &t->info;
}
