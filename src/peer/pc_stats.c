/* pc_stats.c - the report: webrtc-pc section 8. What is in it is said by pc_stats_path.c and
 * pc_stats_media.c. */
#include "peer/pc_stats.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/num.h"

/* ---- one object ---- */

void pc_stat_begin(struct pc_report *r, const char *type, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(r->id, sizeof r->id, fmt, args);
	va_end(args);
	r->type = type;
	r->timestamp = r->wall;
	r->member_count = r->texts_len = 0;
}

static struct taut_stat *member(struct pc_report *r, const char *name, uint32_t kind)
{
	if (r->member_count == PC_STAT_MEMBERS) { /* one too many is a mistake of ours */
		r->failed = true;
		r->member_count--;
	}
	struct taut_stat *m = &r->members[r->member_count++];
	*m = (struct taut_stat){ .name = name, .kind = kind };
	return m;
}

void pc_stat_number(struct pc_report *r, const char *name, double n)
{
	member(r, name, TAUT_STAT_NUMBER)->number = n;
}

void pc_stat_count(struct pc_report *r, const char *name, uint64_t n)
{
	pc_stat_number(r, name, (double)n);
}

void pc_stat_seconds(struct pc_report *r, const char *name, taut_time us)
{
	pc_stat_number(r, name, (double)us / 1e6);
}

void pc_stat_moment(struct pc_report *r, const char *name, taut_time at)
{
	if (at != 0)
		pc_stat_number(r, name, r->wall - (double)(r->now - at) / 1e3);
}

void pc_stat_reported(struct pc_report *r, taut_time at)
{
	r->timestamp = r->wall - (double)(r->now - at) / 1e3;
}

void pc_stat_flag(struct pc_report *r, const char *name, bool yes)
{
	member(r, name, TAUT_STAT_BOOLEAN)->number = yes;
}

static bool room_for_text(struct pc_report *r, size_t size)
{
	size_t room = r->texts_room ? r->texts_room : 256;

	while (room < r->texts_len + size)
		room *= 2;
	if (room == r->texts_room)
		return true;
	char *texts = tt_resize(r->env, r->texts, room);

	if (!texts)
		return false;
	r->texts = texts;
	r->texts_room = room;
	return true;
}

void pc_stat_text(struct pc_report *r, const char *name, const char *text)
{
	const size_t size = text ? strlen(text) + 1 : 0;

	if (!text)
		return;
	if (!room_for_text(r, size)) {
		r->failed = true;
		return;
	}
	struct taut_stat *m = member(r, name, TAUT_STAT_TEXT);
	if (r->failed)
		return;
	r->text_at[m - r->members] = r->texts_len;
	memcpy(r->texts + r->texts_len, text, size);
	r->texts_len += size;
}

void pc_stat_reference(struct pc_report *r, const char *name, const char *fmt, ...)
{
	char id[PC_STAT_ID];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(id, sizeof id, fmt, args);
	va_end(args);
	pc_stat_text(r, name, id);
}

static bool room_for_one(struct pc_report *r)
{
	const size_t room = r->room ? 2 * r->room : 8;

	if (r->count < r->room)
		return true;
	struct taut_stats *all = tt_resize(r->env, r->all, room * sizeof *all);

	if (!all)
		return false;
	r->all = all;
	r->room = room;
	return true;
}

/* In one block: the members, their texts, the id. */
void pc_stat_end(struct pc_report *r)
{
	const size_t n = r->member_count, id = strlen(r->id) + 1;
	struct taut_stat *block = !r->failed && room_for_one(r)
					  ? tt_alloc(r->env, n * sizeof *block + r->texts_len + id)
					  : NULL;

	if (!block) {
		r->failed = true;
		return;
	}
	char *texts = (char *)(block + n);

	memcpy(block, r->members, n * sizeof *block);
	if (r->texts_len > 0)
		memcpy(texts, r->texts, r->texts_len);
	memcpy(texts + r->texts_len, r->id, id);
	for (size_t i = 0; i < n; i++)
		if (block[i].kind == TAUT_STAT_TEXT)
			block[i].text = texts + r->text_at[i];
	r->all[r->count++] = (struct taut_stats){ .id = texts + r->texts_len,
						  .type = r->type,
						  .timestamp = r->timestamp,
						  .members = block,
						  .member_count = n };
}

/* ---- all of them ---- */

static void free_one(struct pc_report *r, size_t i)
{
	tt_free(r->env, (void *)(uintptr_t)r->all[i].members);
}

void pc_free_report(struct taut_pc *pc)
{
	struct pc_report *r = pc->report;

	for (size_t i = 0; r && i < r->count; i++)
		free_one(r, i);
	if (r) {
		tt_free(pc->env, r->all);
		tt_free(pc->env, r->texts);
	}
	tt_free(pc->env, r);
	pc->report = NULL;
}

static int build(struct taut_pc *pc, taut_time now)
{
	pc_free_report(pc);
	struct pc_report *r = tt_alloc(pc->env, sizeof *r);
	uint64_t opened = 0, closed = 0;

	if (!r)
		return pc_fail_nomem(pc);
	pc->report = r;
	r->env = pc->env;
	r->now = now;
	r->wall = (double)tt_wall_clock(pc->env, now) / 1e3;
	if (pc->channels)
		tt_dcs_opened(pc->channels, &opened, &closed);
	pc_stat_begin(r, "peer-connection", "connection");
	pc_stat_count(r, "dataChannelsOpened", opened);
	pc_stat_count(r, "dataChannelsClosed", closed);
	pc_stat_end(r);
	pc_stat_path(pc, r);
	pc_stat_media(pc, r);
	pc_stat_channels(pc, r);
	if (!r->failed)
		return TAUT_OK;
	pc_free_report(pc);
	return pc_fail_nomem(pc);
}

static int lend(struct taut_pc *pc, const struct taut_stats **out, size_t *count)
{
	*out = pc->report->all;
	*count = pc->report->count;
	return TAUT_OK;
}

int taut_pc_get_stats(taut_pc *pc, taut_time now, const struct taut_stats **out, size_t *count)
{
	const int r = build(pc, now);

	return r == TAUT_OK ? lend(pc, out, count) : r;
}

const struct taut_stat *taut_stats_member(const struct taut_stats *of, const char *name)
{
	for (size_t i = 0; i < of->member_count; i++)
		if (strcmp(of->members[i].name, name) == 0)
			return &of->members[i];
	return NULL;
}

/* ---- the selector: webrtc-pc 8.5 ---- */

static bool is_reference(const struct taut_stat *m)
{
	const size_t n = strlen(m->name);

	return m->kind == TAUT_STAT_TEXT && n > 2 && strcmp(m->name + n - 2, "Id") == 0;
}

/* Marks what this object refers to; false: nothing that was not marked. */
static bool mark_references(const struct pc_report *r, const struct taut_stats *of, bool *marked)
{
	bool more = false;

	for (size_t i = 0; i < of->member_count; i++)
		for (size_t k = 0; is_reference(&of->members[i]) && k < r->count; k++)
			if (!marked[k] && strcmp(r->all[k].id, of->members[i].text) == 0)
				marked[k] = more = true;
	return more;
}

/* One of these; 0 is none. */
static bool is_stream(const struct taut_stats *s, const char *type,
		      const uint32_t ssrcs[PC_MAX_ENCODINGS])
{
	const struct taut_stat *m = taut_stats_member(s, "ssrc");

	for (size_t i = 0; m && strcmp(s->type, type) == 0 && i < PC_MAX_ENCODINGS; i++)
		if (ssrcs[i] != 0 && m->number == (double)ssrcs[i])
			return true;
	return false;
}

static void keep_marked(struct pc_report *r, const bool *marked)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (marked[i])
			r->all[kept++] = r->all[i];
		else
			free_one(r, i);
	}
	r->count = kept;
}

static int select_streams(struct taut_pc *pc, const char *type,
			  const uint32_t ssrcs[PC_MAX_ENCODINGS])
{
	struct pc_report *r = pc->report;
	bool *marked = tt_alloc(pc->env, r->count * sizeof *marked);
	bool more = true;

	if (!marked)
		return pc_fail_nomem(pc);
	for (size_t i = 0; i < r->count; i++)
		marked[i] = is_stream(&r->all[i], type, ssrcs);
	while (more) {
		more = false;
		for (size_t i = 0; i < r->count; i++)
			more |= marked[i] && mark_references(r, &r->all[i], marked);
	}
	keep_marked(r, marked);
	tt_free(pc->env, marked);
	return TAUT_OK;
}

static void list_ssrcs(struct taut_pc *pc, const struct pc_transceiver *t, bool sender,
		       uint32_t ssrcs[PC_MAX_ENCODINGS])
{
	struct tt_rtp_receiver_stats in;

	for (size_t i = 0; sender && i < t->encoding_count; i++)
		ssrcs[i] = t->encodings[i].ssrc;
	for (size_t i = 0; !sender && pc->rtp && i < PC_MAX_ENCODINGS; i++)
		if (tt_rtp_session_receiver_stats(pc->rtp, pc_stream(t->id, i), &in))
			ssrcs[i] = in.ssrc;
}

static int get_of(struct taut_pc *pc, taut_time now, taut_transceiver id, bool sender,
		  const struct taut_stats **out, size_t *count)
{
	const struct pc_transceiver *t = pc_find_transceiver(pc, id);
	uint32_t ssrcs[PC_MAX_ENCODINGS] = { 0 };

	if (!t)
		return pc_fail_no_transceiver(pc);
	list_ssrcs(pc, t, sender, ssrcs);
	int r = build(pc, now);
	if (r == TAUT_OK)
		r = select_streams(pc, sender ? "outbound-rtp" : "inbound-rtp", ssrcs);
	return r == TAUT_OK ? lend(pc, out, count) : r;
}

int taut_pc_get_sender_stats(taut_pc *pc, taut_time now, taut_transceiver t,
			     const struct taut_stats **out, size_t *count)
{
	return get_of(pc, now, t, true, out, count);
}

int taut_pc_get_receiver_stats(taut_pc *pc, taut_time now, taut_transceiver t,
			       const struct taut_stats **out, size_t *count)
{
	return get_of(pc, now, t, false, out, count);
}

/* ---- what others do ---- */

/* Where a decoder's are kept; rid NULL: of the first slot. */
static struct pc_codec_stats **decoder_place(struct pc_transceiver *t, const char *rid)
{
	for (size_t i = 0; i < PC_MAX_ENCODINGS; i++)
		if (t->heard_slots & 1u << i && (!rid || strcmp(t->heard_rids[i], rid) == 0))
			return &t->decoders[i];
	return rid ? NULL : &t->decoders[0];
}

static struct pc_codec_stats **encoder_place(struct pc_transceiver *t, const char *rid)
{
	struct pc_encoding *e = pc_find_encoding(t, rid);

	return e ? &e->encoder : NULL;
}

static bool resized(const struct taut_codec_stats *was, const struct taut_codec_stats *is)
{
	return was->width > 0 && is->width > 0 &&
	       (was->width != is->width || was->height != is->height);
}

/* Before it is kept what was told: webrtc-stats qualityLimitationDurations and -ResolutionChanges. */
static void count_limitation(struct pc_codec_stats *k, const struct taut_codec_stats *is,
			     taut_time began, taut_time now)
{
	const struct taut_codec_stats *was = &k->what;

	if (is->tells & TAUT_TELLS_LIMITATION && is->limited_at > 0)
		now = tt_max64(is->limited_at, began);
	if (k->limited_at > 0)
		k->limited[was->quality_limitation] += tt_max64(now - k->limited_at, 0);
	k->limited_at = now;
	if (resized(was, is) && (was->quality_limitation || is->quality_limitation))
		k->resolution_changes++;
}

static int keep(struct taut_pc *pc, struct pc_transceiver *t, bool encoder,
		const struct taut_codec_stats *what)
{
	struct taut_codec_stats c;
	const int r = what ? tt_config_take(&c, sizeof c, what) : TAUT_E_INVAL;

	if (!t)
		return pc_fail_no_transceiver(pc);
	if (r != TAUT_OK)
		return pc_fail(pc, r, "TypeError", NULL, "size is not set, or not one of ours");
	if (!(c.tells & TAUT_TELLS_LIMITATION))
		c.quality_limitation = TAUT_LIMITED_BY_NOTHING;
	if (c.quality_limitation > TAUT_LIMITED_BY_OTHER)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", NULL, "no such limitation");
	struct pc_codec_stats **to = encoder ? encoder_place(t, c.rid) : decoder_place(t, c.rid);
	if (!to)
		return pc_fail(pc, TAUT_E_GONE, "InvalidStateError", "webrtc-pc section 5.4.1",
			       "there is no encoding of this rid, or no more");
	if (!*to)
		*to = tt_alloc(pc->env, sizeof **to);
	if (!*to)
		return pc_fail_nomem(pc);
	const struct pc_encoding *e = encoder ? pc_find_encoding(t, c.rid) : NULL;
	count_limitation(*to, &c, e ? e->began : 0, pc->now);
	(*to)->what = c;
	(*to)->what.rid = NULL;
	(void)snprintf((*to)->implementation, sizeof(*to)->implementation, "%s",
		       c.implementation ? c.implementation : "");
	(*to)->what.implementation = c.implementation ? (*to)->implementation : NULL;
	return TAUT_OK;
}

int taut_pc_set_encoder_stats(taut_pc *pc, taut_transceiver id,
			      const struct taut_codec_stats *stats)
{
	return keep(pc, pc_find_transceiver(pc, id), true, stats);
}

int taut_pc_set_decoder_stats(taut_pc *pc, taut_transceiver id,
			      const struct taut_codec_stats *stats)
{
	return keep(pc, pc_find_transceiver(pc, id), false, stats);
}
