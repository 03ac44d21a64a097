/* pc_track.c - what a transceiver sends and where it belongs: webrtc-pc section 5.1, addTrack and
 * removeTrack, and section 5.2, replaceTrack and setStreams.
 *
 * A track is an id here: its frames come by send_frame. A sender may have none. */
#include <string.h>

#include "base/config.h"
#include "peer/pc.h"

/* ---- streams ---- */

/* msid-id of RFC 8830 section 2: 1*64 token characters. */
bool pc_is_msid(const char *s)
{
	size_t n = s ? strlen(s) : 1;

	for (size_t i = 0; s && i < n; i++)
		if (s[i] <= ' ' || s[i] > '~' || strchr("\"(),/:;<=>?@[\\]", s[i]))
			return false;
	return n >= 1 && n <= 64;
}

const char *pc_stream_at(const struct pc_transceiver *t, size_t i)
{
	const char *at = t->streams;

	for (; i > 0; i--)
		at += strlen(at) + 1;
	return at;
}

static bool has_stream(const struct pc_transceiver *t, const char *id)
{
	for (size_t i = 0; i < t->stream_count; i++)
		if (strcmp(pc_stream_at(t, i), id) == 0)
			return true;
	return false;
}

/* An id that comes twice counts once. 0, or what the call fails with. */
int pc_copy_streams(struct taut_pc *pc, const char *const *ids, size_t count,
		    struct pc_transceiver *to)
{
	size_t len = 0;

	if (count > PC_MAX_STREAMS)
		return pc_fail(pc, TAUT_E_LIMIT, "OperationError", "webrtc-pc section 5.2",
			       "at most %d streams", PC_MAX_STREAMS);
	for (size_t i = 0; i < count; i++) {
		if (!ids[i] || !pc_is_msid(ids[i]))
			return pc_fail(pc, TAUT_E_INVAL, "TypeError", "webrtc-pc section 5.2",
				       "a stream's id has 1 to 64 token characters");
		len += strlen(ids[i]) + 1;
	}
	to->streams = len > 0 ? tt_alloc(pc->env, len) : NULL;
	if (len > 0 && !to->streams)
		return pc_fail_nomem(pc);
	char *at = to->streams;
	for (size_t i = 0; i < count; i++) {
		if (has_stream(to, ids[i]))
			continue;
		memcpy(at, ids[i], strlen(ids[i]) + 1);
		at += strlen(at) + 1;
		to->stream_count++;
	}
	return TAUT_OK;
}

void pc_take_streams(struct taut_pc *pc, struct pc_transceiver *t, struct pc_transceiver *from)
{
	tt_free(pc->env, t->streams);
	t->streams = from->streams;
	t->stream_count = from->stream_count;
}

int taut_pc_set_streams(taut_pc *pc, taut_time now, taut_transceiver id,
			const char *const *stream_ids, size_t count)
{
	struct pc_transceiver *t, fresh = { 0 };
	const int gone = pc_on_transceiver(pc, now, id, &t);

	if (gone)
		return gone;
	if (count > 0 && !stream_ids)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", NULL, "there are no ids");
	int err = pc_copy_streams(pc, stream_ids, count, &fresh);
	if (err)
		return err;
	pc_take_streams(pc, t, &fresh);
	pc_update_negotiation_needed(pc);
	return TAUT_OK;
}

int taut_pc_set_stream(taut_pc *pc, taut_time now, taut_transceiver id, const char *stream_id)
{
	return taut_pc_set_streams(pc, now, id, &stream_id, stream_id ? 1 : 0);
}

/* ---- tracks ---- */

/* webrtc-pc 5.1: one that has never sent, and has nothing to send. */
static struct pc_transceiver *unused_sender(struct taut_pc *pc, uint32_t kind)
{
	for (size_t i = 0; i < pc->transceiver_count; i++) {
		struct pc_transceiver *t = pc->transceivers[i];
		if (t->kind == kind && !t->track && !t->has_sent && t->direction != TAUT_STOPPED)
			return t;
	}
	return NULL;
}

static bool is_sent(const struct taut_pc *pc, const char *track_id)
{
	for (size_t i = 0; track_id && i < pc->transceiver_count; i++)
		if (pc->transceivers[i]->track && pc->transceivers[i]->direction != TAUT_STOPPED &&
		    strcmp(pc->transceivers[i]->track, track_id) == 0)
			return true;
	return false;
}

static int check_track(struct taut_pc *pc, int err, const struct taut_track_init *c)
{
	if (err || (c->kind != TAUT_AUDIO && c->kind != TAUT_VIDEO) || !pc_is_msid(c->track_id) ||
	    (c->stream_count > 0 && !c->stream_ids))
		return pc_fail(pc, err ? err : TAUT_E_INVAL, "TypeError", "webrtc-pc section 5.1",
			       "a track has a kind, and ids of 1 to 64 token characters");
	if (is_sent(pc, c->track_id))
		return pc_fail(pc, TAUT_E_INVAL, "InvalidAccessError", "webrtc-pc section 5.1",
			       "the track is sent already");
	return TAUT_OK;
}

/* What may fail comes first, so that nothing has changed then. */
static int attach(struct taut_pc *pc, const struct taut_track_init *c, struct pc_transceiver **out)
{
	struct pc_transceiver fresh = { 0 }, *t = unused_sender(pc, c->kind);
	int err = pc_copy_streams(pc, c->stream_ids, c->stream_count, &fresh);

	if (err)
		return err;
	if (!t) {
		err = pc_new_transceiver(pc, c->kind, TAUT_SENDRECV, c->track_id, true, NULL, &t);
	} else {
		const char *track = c->track_id ? c->track_id : t->sender_id;
		t->track = tt_copy_text(pc->env, track, strlen(track));
		err = t->track ? TAUT_OK : pc_fail_nomem(pc);
	}
	if (err) {
		tt_free(pc->env, fresh.streams);
		return err;
	}
	pc_take_streams(pc, t, &fresh);
	*out = t;
	return TAUT_OK;
}

int taut_pc_add_track(taut_pc *pc, taut_time now, const struct taut_track_init *init,
		      taut_transceiver *out)
{
	struct taut_track_init c = { 0 };
	struct pc_transceiver *t = NULL;
	int err = init ? tt_config_take(&c, sizeof c, init) : TAUT_E_INVAL;

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	err = check_track(pc, err, &c);
	if (!err)
		err = attach(pc, &c, &t);
	if (err)
		return err;
	t->direction = pc_direction(true, pc_direction_receives(t->direction));
	t->by_add_track = true;
	t->made_by_offer = false; /* RFC 9429 section 5.7: a rollback does not remove it any more */
	t->muted = false;
	pc_update_negotiation_needed(pc);
	*out = t->id;
	return TAUT_OK;
}

static void drop_track(struct taut_pc *pc, struct pc_transceiver *t)
{
	tt_free(pc->env, t->track);
	t->track = NULL;
	t->muted = true;
}

int taut_pc_remove_track(taut_pc *pc, taut_time now, taut_transceiver id)
{
	struct pc_transceiver *t;
	const int gone = pc_on_transceiver(pc, now, id, &t);

	if (gone)
		return gone;
	if (t->muted)
		return TAUT_OK;
	drop_track(pc, t);
	if (pc_direction_sends(t->direction))
		t->direction = pc_direction(false, pc_direction_receives(t->direction));
	pc_update_negotiation_needed(pc);
	return TAUT_OK;
}

int taut_pc_replace_track(taut_pc *pc, taut_time now, taut_transceiver id, const char *track_id)
{
	struct pc_transceiver *t;
	const int gone = pc_on_transceiver(pc, now, id, &t);

	if (gone)
		return gone;
	if (t->direction == TAUT_STOPPED)
		return pc_fail(pc, TAUT_E_STATE, "InvalidStateError", "webrtc-pc section 5.2",
			       "the transceiver is stopped");
	if (!pc_is_msid(track_id))
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", "webrtc-pc section 5.2",
			       "a track's id has 1 to 64 token characters");
	char *copy = track_id ? tt_copy_text(pc->env, track_id, strlen(track_id)) : NULL;
	if (track_id && !copy)
		return pc_fail_nomem(pc);
	drop_track(pc, t);
	t->track = copy;
	t->muted = !copy;
	return TAUT_OK;
}
