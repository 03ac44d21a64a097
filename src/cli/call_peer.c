/* call_peer.c - what one peer sends us, and what goes back. */
#include "cli/call_peer.h"

#include <stdlib.h>
#include <string.h>

#include "cli/call_report.h"
#include "cli/cli_text.h"
#include "io/io_clock.h"
#include "taut/stats.h"
#include "taut/why.h"

static double ms_since(const struct call_peer *p)
{
	return (double)(taut_loop_now(p->call->loop) - p->since) / 1000.0;
}

void call_say(struct call_peer *p, const char *event, const char *text)
{
	call_report(p->call->cfg.out, p->call->cfg.json, p->call->cfg.name, ms_since(p), event,
		    text, json_pack("{s:o}", "peer", cli_json_text(p->name)));
}

/* ---- messages ---- */

static const char *label_of(const struct call_peer *p, taut_channel id)
{
	for (size_t i = 0; i < p->channel_count; i++)
		if (p->channels[i].id == id)
			return p->channels[i].label;
	return "";
}

static void remember_channel(struct call_peer *p, taut_channel id, const char *label)
{
	if (p->channel_count == CALL_MAX_CHANNELS)
		return;
	struct call_channel *ch = &p->channels[p->channel_count++];
	ch->id = id;
	snprintf(ch->label, sizeof ch->label, "%s", label);
}

static void forget_channel(struct call_peer *p, taut_channel id)
{
	for (size_t i = 0; i < p->channel_count; i++)
		if (p->channels[i].id == id)
			p->channels[i--] = p->channels[--p->channel_count];
	if (p->chat == id)
		p->chat_open = false;
}

static int send_now(struct call_peer *p, taut_channel ch, int binary, const void *data, size_t len)
{
	int err = taut_pc_send_message(p->pc, taut_loop_now(p->call->loop), ch, binary, data, len);

	if (err == TAUT_OK)
		p->messages_sent++;
	return err;
}

/* Sent back in order; what the buffer does not take waits for BUFFERED_AMOUNT_LOW. */
static void send_back(struct call_peer *p, const struct taut_event *ev)
{
	bool waits = false;

	for (struct call_pending *m = p->pending; m; m = m->next)
		waits |= m->channel == ev->channel;
	if (!waits && send_now(p, ev->channel, ev->number != 0, ev->data, ev->len) != TAUT_E_AGAIN)
		return;
	if (p->pending_bytes + ev->len > CALL_MAX_PENDING) {
		call_say(p, "echo dropped", "more waits to be sent back than fits");
		return;
	}
	struct call_pending *m = malloc(sizeof *m + ev->len);
	if (!m)
		return;
	*m = (struct call_pending){ .channel = ev->channel,
				    .binary = ev->number != 0,
				    .len = ev->len };
	if (ev->len > 0)
		memcpy(m->data, ev->data, ev->len);
	*p->pending_end = m;
	p->pending_end = &m->next;
	p->pending_bytes += ev->len;
}

static void send_pending(struct call_peer *p, taut_channel channel)
{
	for (struct call_pending **at = &p->pending; *at;) {
		struct call_pending *m = *at;
		if (m->channel != channel) {
			at = &m->next;
			continue;
		}
		if (send_now(p, m->channel, m->binary, m->data, m->len) == TAUT_E_AGAIN)
			break;
		*at = m->next;
		p->pending_bytes -= m->len;
		free(m);
	}
	p->pending_end = &p->pending;
	while (*p->pending_end)
		p->pending_end = &(*p->pending_end)->next;
}

static void on_message(struct call_peer *p, const struct taut_event *ev)
{
	const char *label = label_of(p, ev->channel);

	p->last.messages_received++;
	if (p->call->cfg.echo || strcmp(label, "echo") == 0) {
		send_back(p, ev);
		return;
	}
	if (ev->number == 0 && strcmp(label, "chat") == 0) {
		char text[CALL_CHAT + 1];
		snprintf(text, sizeof text, "%.*s", (int)cli_text_cut(ev->data, ev->len, CALL_CHAT),
			 (const char *)ev->data);
		call_say(p, "chat", text);
	}
}

static void on_open(struct call_peer *p, const struct taut_event *ev)
{
	char hello[2 * CALL_WORD + 32];

	if (strcmp(label_of(p, ev->channel), "chat") != 0)
		return;
	p->chat = ev->channel;
	p->chat_open = true;
	if (p->call->cfg.echo)
		return; /* two echoes would send the greeting to and fro for ever */
	snprintf(hello, sizeof hello, "hello %s, this is %s", p->name, p->call->cfg.name);
	send_now(p, ev->channel, 0, hello, strlen(hello));
}

/* ---- media ---- */

static uint32_t kind_of(struct call_peer *p, taut_transceiver id)
{
	const struct taut_transceiver_info *t;

	for (size_t i = 0; (t = taut_pc_transceiver_at(p->pc, i)) != NULL; i++)
		if (t->id == id)
			return t->kind;
	return 0;
}

void call_first_frame(struct call_peer *p, const char *what)
{
	if (!p->seen)
		p->last.first_frame_ms = ms_since(p);
	p->seen = true;
	call_say(p, "first frame", what);
}

static void on_frame(struct call_peer *p, const struct taut_event *ev)
{
	taut_time now = taut_loop_now(p->call->loop);
	uint32_t kind = kind_of(p, ev->transceiver);

	if (p->call->cfg.echo)
		taut_pc_send_frame(p->pc, now, ev->transceiver, ev->frame);
	if (!p->sink || kind == 0)
		return;
	if (ev->frame->rid) {
		call_layer_frame(p, ev);
		return;
	}
	taut_sink_frame(p->sink, now, kind, ev->frame);
	const struct taut_sink_stats *s = taut_sink_stats(p->sink);
	if (!p->heard && s->first_audio) {
		p->heard = true;
		p->last.first_audio_ms = ms_since(p);
		call_say(p, "first audio", ev->frame->codec ? ev->frame->codec->mime : "");
	}
	if (!p->seen && s->first_video) {
		char size[40];
		snprintf(size, sizeof size, "%u x %u", (unsigned)s->width, (unsigned)s->height);
		call_first_frame(p, size);
	}
	if (kind == TAUT_VIDEO && taut_sink_wants_key_frame(p->sink, now))
		taut_pc_request_key_frame(p->pc, now, ev->transceiver);
}

static void on_key_frame_wanted(struct call_peer *p, const struct taut_event *ev)
{
	if (p->call->cfg.echo)
		taut_pc_request_key_frame(p->pc, taut_loop_now(p->call->loop), ev->transceiver);
	else
		call_key_frame(p->call);
}

/* ---- states ---- */

/* ICE found nothing: what became of each server, name and pair. The whole is in the event's text. */
static void say_why(struct call_peer *p)
{
	const struct taut_why *w = taut_pc_why_at(p->pc, 0);

	if (!w || w->code == TAUT_WHY_CONNECTED)
		return;
	for (size_t i = 1; (w = taut_pc_why_at(p->pc, i)); i++) {
		json_t *more = json_pack("{s:o, s:i, s:s?}", "peer", cli_json_text(p->name), "code",
					 (int)w->code, "spec", w->spec);
		call_report(p->call->cfg.out, p->call->cfg.json, p->call->cfg.name, ms_since(p),
			    "why", w->text, more);
	}
}

/* The other side gave up first, and may restart ICE at once: then ours never says why. */
void call_peer_failed(struct call_peer *p, const char *text)
{
	const struct taut_why *w;

	call_say(p, "peer failed", text);
	if (taut_pc_connection_state(p->pc) != TAUT_STATE_CONNECTING ||
	    !(w = taut_pc_why_at(p->pc, 0)))
		return;
	call_say(p, "why", w->text);
	say_why(p);
}

static void on_state(struct call_peer *p, const struct taut_event *ev)
{
	static const char *const names[] = { "",          "new",          "connecting",
					     "connected", "disconnected", "failed",
					     "closed" };
	char text[900];

	snprintf(text, sizeof text, "%s%s%s", names[ev->number <= 6 ? ev->number : 0],
		 ev->text ? ": " : "", ev->text ? ev->text : "");
	call_say(p, "state", text);
	if (ev->number == TAUT_STATE_FAILED)
		say_why(p);
	if (p->call->dump)
		stats_dump_log(p->call->dump, p->dumped_as, tt_io_unix_us(),
			       "connectionstatechange", names[ev->number <= 6 ? ev->number : 0]);
	if (ev->number == TAUT_STATE_CONNECTED && !p->connected) {
		p->connected = true;
		call_take_encoders(p, taut_loop_now(p->call->loop));
		p->last.connected_ms = ms_since(p);
		call_open_sink(p);
		call_start_sources(p->call);
		call_key_frame(p->call);
		call_dial(p);
	}
}

static void on_milestone(struct call_peer *p, const struct taut_event *ev)
{
	static const char *const names[] = { "",     "gathering", "first check", "nominated pair",
					     "DTLS", "SCTP" };

	call_say(p, ev->number < 6 ? names[ev->number] : "", ev->text ? ev->text : "");
	if (ev->number == TAUT_MS_NOMINATED)
		snprintf(p->last.path, sizeof p->last.path, "%s", ev->text ? ev->text : "");
}

static void on_server_error(struct call_peer *p, const struct taut_event *ev)
{
	char text[600];

	snprintf(text, sizeof text, "%s: %u, %s", ev->label ? ev->label : "", (unsigned)ev->number,
		 ev->text ? ev->text : "");
	call_say(p, "server error", text);
}

void call_peer_event(struct call_peer *p, const struct taut_event *ev)
{
	switch (ev->type) {
	case TAUT_EV_MILESTONE:
		on_milestone(p, ev);
		break;
	case TAUT_EV_CONNECTION_STATE:
		on_state(p, ev);
		break;
	case TAUT_EV_ICE_CANDIDATE_ERROR:
		on_server_error(p, ev);
		break;
	case TAUT_EV_TRACK:
		call_say(p, "track", ev->number == TAUT_AUDIO ? "audio" : "video");
		break;
	case TAUT_EV_FRAME:
		on_frame(p, ev);
		break;
	case TAUT_EV_KEY_FRAME_WANTED:
		on_key_frame_wanted(p, ev);
		break;
	case TAUT_EV_TONE:
	case TAUT_EV_TONE_CHANGE:
		call_key(p, ev);
		break;
	case TAUT_EV_DATA_CHANNEL:
		remember_channel(p, ev->channel, ev->label);
		break;
	case TAUT_EV_OPEN:
		if (ev->channel == p->chat && p->channel_count < CALL_MAX_CHANNELS &&
		    label_of(p, ev->channel)[0] == '\0')
			remember_channel(p, ev->channel, "chat");
		on_open(p, ev);
		break;
	case TAUT_EV_MESSAGE:
		on_message(p, ev);
		break;
	case TAUT_EV_BUFFERED_AMOUNT_LOW:
		send_pending(p, ev->channel);
		break;
	case TAUT_EV_CLOSE:
		forget_channel(p, ev->channel);
		break;
	default:
		break;
	}
}

/* ---- the sum ---- */

static void from_sink(struct call_summary *s, const struct taut_sink_stats *k)
{
	s->frames_decoded = k->video_frames;
	s->audio_frames_decoded = k->audio_frames;
	s->card_frames = k->card_frames;
	s->card_in_order = k->card_in_order;
	s->card_missing = k->card_missing;
	s->av_pairs = k->av_captured_pairs ? k->av_captured_pairs : k->av_pairs;
	s->av_offset_ms =
		(double)(k->av_captured_pairs ? k->av_captured_offset : k->av_offset) / 1000.0;
	s->audio_frequency = k->audio_frequency;
	s->audio_level = k->audio_level;
}

void call_peer_update(struct call_peer *p)
{
	struct taut_counters n = { .size = sizeof n };

	if (p->pc && taut_pc_get_counters(p->pc, &n) == TAUT_OK) {
		p->last.frames_sent = n.video_frames_sent;
		p->last.bytes_sent = n.bytes_sent;
		p->last.bytes_received = n.bytes_received;
		p->last.packets_lost = n.rtp_packets_lost;
		p->last.packets_resent = n.rtp_packets_resent;
		p->last.nacks_sent = n.nacks_sent;
		p->last.plis_sent = n.plis_sent;
		for (uint32_t r = 1; r < TAUT_DROPS; r++)
			p->last.drops[r] = taut_pc_drop_count(p->pc, r);
		snprintf(p->last.srtp_profile, sizeof p->last.srtp_profile, "%s",
			 n.srtp_profile ? n.srtp_profile : "no media");
	}
	p->last.messages_sent = p->messages_sent;
	if (p->sink)
		from_sink(&p->last, taut_sink_stats(p->sink));
	call_layers_update(p);
}

taut_time call_clock(void *ctx)
{
	(void)ctx;
	return tt_io_now();
}

static void tell_decoder(struct call_peer *p, taut_time now, uint32_t kind, taut_transceiver t)
{
	struct taut_codec_stats did = { .size = sizeof did };

	if (t && taut_sink_decoder_stats(p->sink, now, kind, &did) == TAUT_OK)
		taut_pc_set_decoder_stats(p->pc, t, &did);
}

void call_peer_dump(struct call_peer *p)
{
	const taut_time now = taut_loop_now(p->call->loop);

	if (!p->pc)
		return;
	call_tell_encoders(p, now);
	if (p->sink) {
		if (p->layer_count == 0)
			tell_decoder(p, now, TAUT_VIDEO, p->video);
		call_layers_dump(p);
		tell_decoder(p, now, TAUT_AUDIO, p->audio);
	}
	stats_dump_add(p->call->dump, p->dumped_as, p->pc, now);
}

void call_peer_free(struct call_peer *p)
{
	struct taut_media_error error = { 0 };

	if (p->sink && taut_sink_close(p->sink, &error) != TAUT_OK)
		call_say(p, "not saved", error.text);
	call_layers_close(p);
	while (p->pending) {
		struct call_pending *m = p->pending;
		p->pending = m->next;
		free(m);
	}
	free(p);
}
