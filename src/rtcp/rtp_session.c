/* rtp_session.c - the streams of one transport: made, changed, ended. See rtp_session.h. */
#include "rtcp/rtp_session_int.h"

#include <string.h>

#include "base/num.h"

enum {
	MAX_PACKET = 1168,
	MIN_PACKET = 1100 /* of a report with all it may hold */,
	BURST = 10,
	BURST_EVERY = 5000
};

/* RFC 7022 section 4.2: random for each session, so that it says nothing about the person. */
static bool make_cname(struct tt_rtp_session *s)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t raw[16];

	if (!tt_random(s->env, raw, sizeof raw))
		return false;
	for (size_t i = 0; i < sizeof raw; i++)
		s->cname[i] = letters[raw[i] & 63];
	return true;
}

int tt_rtp_session_new(struct tt_rtp_session **out, struct tt_env *env,
		       const struct tt_rtp_session_config *cfg, taut_time now)
{
	static const struct tt_rtp_session_config defaults;
	const struct tt_rtp_session_config *c = cfg ? cfg : &defaults;
	size_t cname = c->cname ? strlen(c->cname) : 0;

	if (cname > TT_RTP_MAX_CNAME || c->first_sequence > 0xffff || c->burst_every < 0 ||
	    (c->max_packet &&
	     (c->max_packet < MIN_PACKET || c->max_packet > TT_RTP_PACKET_ROOM - 2)))
		return TAUT_E_INVAL;
	struct tt_rtp_session *s = tt_alloc(env, sizeof *s);

	if (!s)
		return TAUT_E_NOMEM;
	s->env = env;
	s->arrivals.env = env;
	s->max_packet = c->max_packet ? c->max_packet : MAX_PACKET;
	s->first_sequence = c->first_sequence;
	s->transport_seq = c->first_sequence ? tt_u16(c->first_sequence) : 1;
	s->burst_packets = c->burst_packets ? c->burst_packets : BURST;
	s->burst_every = c->burst_every ? c->burst_every : BURST_EVERY;
	s->burst_left = s->burst_packets;
	s->now = s->burst_at = now;
	s->unix_offset = tt_wall_clock(env, now) - now;
	s->report_at = INT64_MAX;
	if (cname > 0)
		memcpy(s->cname, c->cname, cname);
	if (!tt_random_u32(env, &s->own_ssrc) || (cname == 0 && !make_cname(s))) {
		tt_free(env, s);
		return TAUT_E_CRYPTO;
	}
	*out = s;
	return TAUT_OK;
}

static void free_sender(struct tt_rtp_session *s, size_t i)
{
	tt_rtp_sender_free(s->senders[i]);
	tt_free(s->env, s->senders[i]);
	s->senders[i] = s->senders[--s->sender_count];
}

static void free_receiver(struct tt_rtp_session *s, size_t i)
{
	tt_rtp_session_unbind(s, s->receivers[i]);
	tt_rtp_receiver_free(s->receivers[i]);
	tt_free(s->env, s->receivers[i]);
	s->receivers[i] = s->receivers[--s->receiver_count];
}

void tt_rtp_session_free(struct tt_rtp_session *s)
{
	if (!s)
		return;
	while (s->sender_count > 0)
		free_sender(s, s->sender_count - 1);
	while (s->receiver_count > 0)
		free_receiver(s, s->receiver_count - 1);
	tt_twcc_free(&s->arrivals);
	tt_free(s->env, s->frame_buf);
	tt_free(s->env, s);
}

void tt_rtp_session_set_receiver_rtt(struct tt_rtp_session *s, enum tt_rtp_rtt who)
{
	s->receiver_rtt = who;
}

void tt_rtp_session_set_reduced_size(struct tt_rtp_session *s, bool allowed)
{
	s->reduced_size = allowed;
}

void tt_rtp_session_set_path_rtt(struct tt_rtp_session *s, taut_time rtt)
{
	s->path_rtt = rtt;
}

uint64_t tt_rtp_session_ntp(const struct tt_rtp_session *s, taut_time now)
{
	return tt_rtcp_ntp(s->unix_offset + now);
}

struct tt_rtp_sender *tt_rtp_session_sender(struct tt_rtp_session *s, uint32_t stream)
{
	for (size_t i = 0; i < s->sender_count; i++)
		if (s->senders[i]->cfg.stream == stream)
			return s->senders[i];
	return NULL;
}

struct tt_rtp_sender *tt_rtp_session_sender_of(struct tt_rtp_session *s, uint32_t ssrc)
{
	for (size_t i = 0; i < s->sender_count; i++)
		if (s->senders[i]->cfg.ssrc == ssrc)
			return s->senders[i];
	return NULL;
}

struct tt_rtp_receiver *tt_rtp_session_receiver(struct tt_rtp_session *s, uint32_t stream)
{
	for (size_t i = 0; i < s->receiver_count; i++)
		if (s->receivers[i]->cfg.stream == stream)
			return s->receivers[i];
	return NULL;
}

void tt_rtp_session_reports_by(struct tt_rtp_session *s, taut_time at)
{
	s->report_at = tt_min64(s->report_at, at);
}

static bool ids_fit(const struct tt_rtp_ext_ids *e)
{
	return e->mid != 15 && e->rid != 15 && e->repaired_rid != 15 && e->transport_cc != 15 &&
	       e->audio_level != 15 && e->abs_send_time != 15;
}

/* RFC 5761 section 4: 64 to 95 would look like RTCP. */
static bool pt_fits(uint8_t pt)
{
	return pt < 64 || (pt > 95 && pt < 128);
}

static bool clock_fits(uint32_t rate)
{
	return rate >= 1000 && rate <= 192000;
}

static bool codec_fits(enum tt_rtp_codec codec, uint32_t kind)
{
	return codec == (kind == TAUT_VIDEO ? TT_RTP_CODEC_VP8 : TT_RTP_CODEC_OPUS);
}

static bool name_fits(const char *name)
{
	return !name || strlen(name) <= TT_RTP_MAX_MID;
}

static bool stream_fits(uint32_t stream, uint32_t kind, const char *mid, const char *rid)
{
	return stream != 0 && (kind == TAUT_AUDIO || kind == TAUT_VIDEO) && name_fits(mid) &&
	       name_fits(rid);
}

/* Our own SSRCs must differ: RFC 3550 section 8. */
static bool ssrcs_free(struct tt_rtp_session *s, const struct tt_rtp_sender_config *cfg)
{
	if (cfg->ssrc == 0 || cfg->ssrc == cfg->rtx_ssrc)
		return false;
	for (size_t i = 0; i < s->sender_count; i++) {
		const struct tt_rtp_sender_config *o = &s->senders[i]->cfg;

		if (o->stream == cfg->stream)
			continue;
		if (o->ssrc == cfg->ssrc || o->ssrc == cfg->rtx_ssrc || o->rtx_ssrc == cfg->ssrc ||
		    (o->rtx_ssrc && o->rtx_ssrc == cfg->rtx_ssrc))
			return false;
	}
	return true;
}

static int check_sender(struct tt_rtp_session *s, const struct tt_rtp_sender_config *cfg)
{
	if (!stream_fits(cfg->stream, cfg->kind, cfg->mid, cfg->rid) || !pt_fits(cfg->payload_type) ||
	    !pt_fits(cfg->rtx_payload_type) || !pt_fits(cfg->event_payload_type) ||
	    (cfg->event_payload_type && cfg->kind != TAUT_AUDIO) || !clock_fits(cfg->clock_rate) ||
	    !ids_fit(&cfg->ext) || !ssrcs_free(s, cfg))
		return TAUT_E_INVAL;
	return codec_fits(cfg->codec, cfg->kind) ? TAUT_OK : TAUT_E_UNSUPPORTED;
}

int tt_rtp_session_set_sender(struct tt_rtp_session *s, taut_time now,
			      const struct tt_rtp_sender_config *cfg)
{
	int r = check_sender(s, cfg);

	tt_rtp_session_saw(s, now);
	if (r != TAUT_OK)
		return r;
	struct tt_rtp_sender *old = tt_rtp_session_sender(s, cfg->stream);

	if (old && old->cfg.ssrc == cfg->ssrc && old->cfg.kind == cfg->kind) {
		tt_rtp_sender_configure(old, cfg);
		return TAUT_OK;
	}
	if (!old && s->sender_count == TT_RTP_MAX_STREAMS)
		return TAUT_E_LIMIT;
	struct tt_rtp_sender *fresh = tt_alloc(s->env, sizeof *fresh);

	if (!fresh)
		return TAUT_E_NOMEM;
	r = tt_rtp_sender_init(fresh, s->env, cfg, s->first_sequence);
	if (r != TAUT_OK) {
		tt_rtp_sender_free(fresh);
		tt_free(s->env, fresh);
		return r;
	}
	tt_rtp_session_remove_sender(s, now, cfg->stream);
	s->senders[s->sender_count++] = fresh;
	tt_note(s->env, now, TAUT_LAYER_RTP, "sender", TT_INT("stream", cfg->stream),
		TT_INT("ssrc", cfg->ssrc), TT_INT("payload_type", cfg->payload_type));
	return TAUT_OK;
}

static void add_bye(struct tt_rtp_session *s, uint32_t ssrc)
{
	if (ssrc != 0 && s->bye_count < TT_RTP_MAX_BYES)
		s->byes[s->bye_count++] = ssrc;
}

void tt_rtp_session_remove_sender(struct tt_rtp_session *s, taut_time now, uint32_t stream)
{
	tt_rtp_session_saw(s, now);
	for (size_t i = 0; i < s->sender_count; i++) {
		if (s->senders[i]->cfg.stream != stream)
			continue;
		if (s->senders[i]->stats.packets >
		    0) { /* who has sent nothing has nobody to tell, RFC 3550 section 6.3.7 */
			add_bye(s, s->senders[i]->cfg.ssrc);
			add_bye(s, s->senders[i]->cfg.rtx_ssrc);
		}
		free_sender(s, i);
		return;
	}
}

void tt_rtp_session_close(struct tt_rtp_session *s, taut_time now)
{
	while (s->sender_count > 0)
		tt_rtp_session_remove_sender(s, now, s->senders[s->sender_count - 1]->cfg.stream);
}

static int check_receiver(const struct tt_rtp_receiver_config *cfg)
{
	if (!stream_fits(cfg->stream, cfg->kind, cfg->mid, cfg->rid) || !ids_fit(&cfg->ext) ||
	    cfg->payload_count > TT_RTP_MAX_PAYLOADS || (cfg->ssrc && cfg->ssrc == cfg->rtx_ssrc))
		return TAUT_E_INVAL;
	for (size_t i = 0; i < cfg->payload_count; i++) {
		const struct tt_rtp_payload *p = &cfg->payloads[i];

		if (!pt_fits(p->pt) || (p->apt && p->codec != TT_RTP_CODEC_NONE))
			return TAUT_E_INVAL;
		if (p->codec == TT_RTP_CODEC_NONE)
			continue;
		if (!clock_fits(p->clock_rate))
			return TAUT_E_INVAL;
		if (!codec_fits(p->codec, cfg->kind) &&
		    (p->codec != TT_RTP_CODEC_EVENT || cfg->kind != TAUT_AUDIO))
			return TAUT_E_UNSUPPORTED;
	}
	return TAUT_OK;
}

/* In the place of one of the same stream, if there is one. After an error nothing has changed. */
static int add_receiver(struct tt_rtp_session *s, const struct tt_rtp_receiver_config *cfg,
			struct tt_rtp_receiver **out)
{
	const struct tt_rtp_receiver *old = tt_rtp_session_receiver(s, cfg->stream);

	if (!old && s->receiver_count == TT_RTP_MAX_STREAMS)
		return TAUT_E_LIMIT;
	struct tt_rtp_receiver *fresh = tt_alloc(s->env, sizeof *fresh);

	if (!fresh)
		return TAUT_E_NOMEM;
	if (old)
		tt_rtp_session_remove_receiver(s, s->now, cfg->stream);
	tt_rtp_receiver_init(fresh, s->env, &s->counters, cfg);
	fresh->reorder.held = &s->held;
	s->receivers[s->receiver_count++] = fresh;
	*out = fresh;
	return TAUT_OK;
}

int tt_rtp_session_set_receiver(struct tt_rtp_session *s, taut_time now,
				const struct tt_rtp_receiver_config *cfg)
{
	int r = check_receiver(cfg);
	struct tt_rtp_receiver *rx = tt_rtp_session_receiver(s, cfg->stream);

	tt_rtp_session_saw(s, now);
	if (r != TAUT_OK)
		return r;
	if (rx && rx->cfg.kind != cfg->kind)
		return TAUT_E_INVAL;
	if (rx && strcmp(rx->rid, cfg->rid ? cfg->rid : "") == 0) {
		tt_rtp_receiver_configure(rx, cfg);
	} else {
		r = add_receiver(s, cfg, &rx);
		if (r != TAUT_OK)
			return r;
	}
	tt_rtp_session_learn_ext(s);
	tt_rtp_session_bind_signalled(s, rx);
	return TAUT_OK;
}

void tt_rtp_session_remove_receiver(struct tt_rtp_session *s, taut_time now, uint32_t stream)
{
	tt_rtp_session_saw(s, now);
	for (size_t i = 0; i < s->receiver_count; i++) {
		if (s->receivers[i]->cfg.stream != stream)
			continue;
		free_receiver(s, i);
		tt_rtp_session_learn_ext(s);
		return;
	}
}

const struct tt_rtp_counters *tt_rtp_session_counters(const struct tt_rtp_session *s)
{
	return &s->counters;
}

bool tt_rtp_session_sender_stats(struct tt_rtp_session *s, uint32_t stream,
				 struct tt_rtp_sender_stats *out)
{
	const struct tt_rtp_sender *tx = tt_rtp_session_sender(s, stream);

	if (!tx)
		return false;
	*out = tx->stats;
	out->first_seq = tx->first_seq;
	out->clock_rate = tx->cfg.clock_rate;
	return true;
}

bool tt_rtp_session_receiver_stats(struct tt_rtp_session *s, uint32_t stream,
				   struct tt_rtp_receiver_stats *out)
{
	const struct tt_rtp_receiver *r = tt_rtp_session_receiver(s, stream);

	if (!r || !r->source.started)
		return false;
	*out = r->stats;
	out->ssrc = r->ssrc;
	out->clock_rate = r->clock_rate;
	out->rtx_ssrc = tt_rtp_session_rtx_of(s, r);
	out->lost = tt_rtp_receiver_lost(r);
	out->jitter = r->source.jitter >> 4;
	out->remote_ntp = r->report_ntp;
	out->reported_at = r->report_at;
	return true;
}
