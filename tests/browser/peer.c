/* peer.c - a connection of taut that is told what to do (told.h). What matrix.mjs drives beside a browser.
 *
 *     {"id": 1, "do": "add", "kind": "video", "direction": "sendrecv"}   ->   {"id": 1, "t": 1}
 *
 * Whatever may send sends the test card; what comes is decoded and counted. "ping ..." of a channel is
 * answered with "pong ...". */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "taut/media.h"
#include "taut/stats.h"
#include "told.h"

enum { SINKS = 32, RIDS = 4, MESSAGES = 256 };

/* What came of one encoding. */
struct heard {
	taut_transceiver t;
	char rid[32];
	uint32_t kind;
	taut_sink *sink;
};

static struct {
	taut_source *source;
	struct heard heard[SINKS];
	size_t heard_count;
	char *messages[MESSAGES];
	size_t message_count;
} peer;

/* ---- words ---- */

static const char *const directions[] = { NULL,       "sendrecv", "sendonly",
					  "recvonly", "inactive", "stopped" };
static const char *const signaling[] = { NULL,
					 "stable",
					 "have-local-offer",
					 "have-remote-offer",
					 "closed",
					 "have-local-pranswer",
					 "have-remote-pranswer" };

#define NUMBER(words, word) told_place(words, sizeof words / sizeof words[0], word)

static taut_transceiver t_of(const json_t *o)
{
	return (taut_transceiver)told_number(o, "t");
}

/* ---- media ---- */

static struct heard *heard_of(taut_transceiver t, const char *rid, uint32_t kind)
{
	const struct taut_sink_config cfg = { .size = sizeof cfg };

	for (size_t i = 0; i < peer.heard_count; i++)
		if (peer.heard[i].t == t && strcmp(peer.heard[i].rid, rid) == 0)
			return &peer.heard[i];
	struct heard *h = &peer.heard[peer.heard_count];
	if (peer.heard_count == SINKS || taut_sink_new(&h->sink, &cfg, NULL))
		return NULL;
	h->t = t;
	h->kind = kind;
	snprintf(h->rid, sizeof h->rid, "%s", rid);
	peer.heard_count++;
	return h;
}

static void on_frame(const struct taut_event *ev)
{
	const uint32_t kind =
		ev->frame->codec && ev->frame->codec->clock_rate == 90000 ? TAUT_VIDEO : TAUT_AUDIO;
	const char *rid = ev->frame->rid ? ev->frame->rid : "";
	struct heard *h = heard_of(ev->transceiver, rid, kind);

	if (!h)
		return;
	taut_sink_frame(h->sink, told_now(), kind, ev->frame);
	if (taut_sink_wants_key_frame(h->sink, told_now()))
		taut_pc_request_key_frame(told.pc, told_now(), ev->transceiver);
}

static void send_by(const struct taut_transceiver_info *t, struct taut_frame *frame)
{
	struct taut_rtp_parameters p = { .size = sizeof p };
	char rids[RIDS][32];
	size_t count = 0;

	if (taut_pc_get_sender_parameters(told.pc, t->id, &p) != TAUT_OK)
		return;
	for (; count < p.encoding_count && count < RIDS; count++)
		snprintf(rids[count], sizeof rids[count], "%s",
			 p.encodings[count].rid ? p.encodings[count].rid : "");
	for (size_t i = 0; i < count; i++) {
		frame->rid = rids[i][0] ? rids[i] : NULL;
		taut_pc_send_frame(told.pc, told_now(), t->id, frame);
	}
}

static void send_due(void *unused)
{
	struct taut_frame frame = { .size = sizeof frame };
	const struct taut_transceiver_info *t;
	int kind;

	(void)unused;
	while ((kind = taut_source_poll(peer.source, told_now(), &frame)) > 0)
		for (size_t i = 0; (t = taut_pc_transceiver_at(told.pc, i)) != NULL; i++)
			if (t->kind == (uint32_t)kind)
				send_by(t, &frame);
	const taut_time at = taut_source_deadline(peer.source);
	taut_loop_after(told.loop, at > told_now() ? at - told_now() : 0, send_due, NULL);
}

/* ---- events ---- */

static void on_message(const struct taut_event *ev)
{
	char text[200];

	if (peer.message_count < MESSAGES)
		peer.messages[peer.message_count++] = strndup(ev->data ? ev->data : "", ev->len);
	if (ev->number != 0 || ev->len < 5 || ev->len > 100 || memcmp(ev->data, "ping ", 5) != 0)
		return;
	const int n = snprintf(text, sizeof text, "pong %.*s", (int)ev->len - 5,
			       (const char *)ev->data + 5);
	if (taut_pc_send_message(told.pc, told_now(), ev->channel, 0, text, (size_t)n) != TAUT_OK)
		fprintf(stderr, "no pong: %s\n", taut_pc_error(told.pc)->message);
}

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	(void)user, (void)pc;
	switch (ev->type) {
	case TAUT_EV_NEGOTIATION_NEEDED:
		told_say(json_pack("{s:s}", "event", "needed"));
		break;
	case TAUT_EV_GATHERING_STATE:
		told.gathered = ev->number == TAUT_GATHERING_COMPLETE;
		break;
	case TAUT_EV_CONNECTION_STATE:
		told_say(json_pack("{s:s, s:s, s:s}", "event", "state", "state",
				   told_states[ev->number], "why", ev->text ? ev->text : ""));
		break;
	case TAUT_EV_FRAME:
		on_frame(ev);
		break;
	case TAUT_EV_KEY_FRAME_WANTED:
		taut_source_request_key_frame(peer.source);
		break;
	case TAUT_EV_DATA_CHANNEL:
	case TAUT_EV_OPEN:
		told_say(json_pack("{s:s, s:i}", "event", "open", "channel", (int)ev->channel));
		break;
	case TAUT_EV_MESSAGE:
		on_message(ev);
		break;
	default:
		break;
	}
}

/* ---- commands; each fills `out`, or answers with a code ---- */

static int do_add(const json_t *in, json_t *out)
{
	struct taut_rtp_encoding encodings[RIDS];
	const char *received[RIDS];
	const char *kind = told_text(in, "kind");
	struct taut_transceiver_init init = {
		.size = sizeof init,
		.kind = kind && strcmp(kind, "video") == 0 ? TAUT_VIDEO : TAUT_AUDIO,
		.direction = NUMBER(directions, told_text(in, "direction")),
		.stream_id = "taut",
		.send_encodings = encodings,
		.receive_rids = received,
	};
	const json_t *rid;
	taut_transceiver t = 0;
	size_t i;

	json_array_foreach(json_object_get(in, "rids"), i, rid) if (i < RIDS)
		encodings[init.send_encoding_count++] = (struct taut_rtp_encoding){
			.size = sizeof encodings[0], .rid = json_string_value(rid), .active = 1
		};
	json_array_foreach(json_object_get(in, "receive"), i, rid) if (i < RIDS)
		received[init.receive_rid_count++] = json_string_value(rid);
	const int err = taut_pc_add_transceiver(told.pc, told_now(), &init, &t);
	json_object_set_new(out, "t", json_integer(t));
	return err;
}

static int do_prefer(const json_t *in, json_t *out)
{
	size_t count, n = 0, i;
	const struct taut_codec *all = taut_media_codecs(&count);
	struct taut_codec wanted[16];
	const json_t *mime;

	(void)out;
	json_array_foreach(json_object_get(in, "mimes"), i,
			   mime) for (size_t k = 0; k < count && n < 16;
				      k++) if (strcmp(all[k].mime, json_string_value(mime)) == 0)
		wanted[n++] = all[k];
	return taut_pc_set_codec_preferences(told.pc, told_now(), t_of(in), wanted, n);
}

static int do_channel(const json_t *in, json_t *out)
{
	const struct taut_data_channel_init init = { .size = sizeof init,
						     .label = told_text(in, "label") };
	taut_channel ch = 0;
	const int err = taut_pc_create_data_channel(told.pc, told_now(), &init, &ch);

	json_object_set_new(out, "channel", json_integer(ch));
	return err;
}

static int do_say(const json_t *in, json_t *out)
{
	const char *text = told_text(in, "text");

	(void)out;
	return taut_pc_send_message(told.pc, told_now(), (taut_channel)told_number(in, "channel"),
				    0, text, strlen(text));
}

static int do_direction(const json_t *in, json_t *out)
{
	(void)out;
	return taut_pc_set_direction(told.pc, told_now(), t_of(in),
				     NUMBER(directions, told_text(in, "direction")));
}

static int do_stop(const json_t *in, json_t *out)
{
	(void)out;
	return taut_pc_stop_transceiver(told.pc, told_now(), t_of(in));
}

static json_t *transceivers(void)
{
	const struct taut_transceiver_info *t;
	json_t *list = json_array();

	for (size_t i = 0; (t = taut_pc_transceiver_at(told.pc, i)) != NULL; i++)
		json_array_append_new(
			list, json_pack("{s:i, s:s, s:s?, s:s, s:s?}", "t", (int)t->id, "kind",
					t->kind == TAUT_VIDEO ? "video" : "audio", "mid", t->mid,
					"direction", directions[t->direction], "current",
					directions[t->current_direction]));
	return list;
}

static json_t *decoded(void)
{
	json_t *list = json_array();

	for (size_t i = 0; i < peer.heard_count; i++) {
		const struct heard *h = &peer.heard[i];
		const struct taut_sink_stats *s = taut_sink_stats(h->sink);
		json_array_append_new(
			list, json_pack("{s:i, s:s, s:s, s:I}", "t", (int)h->t, "rid", h->rid,
					"kind", h->kind == TAUT_VIDEO ? "video" : "audio", "frames",
					(json_int_t)(h->kind == TAUT_VIDEO ? s->video_frames
									   : s->audio_frames)));
	}
	return list;
}

/* Requests of ours over all pairs. */
static json_t *checks(void)
{
	const struct taut_stats *all;
	size_t count;
	json_int_t sum = 0;

	if (taut_pc_get_stats(told.pc, told_now(), &all, &count) != TAUT_OK)
		return json_null();
	for (size_t i = 0; i < count; i++) {
		const struct taut_stat *sent = taut_stats_member(&all[i], "requestsSent");
		sum += sent ? (json_int_t)sent->number : 0;
	}
	return json_integer(sum);
}

static int do_state(const json_t *in, json_t *out)
{
	json_t *messages = json_array();

	(void)in;
	for (size_t i = 0; i < peer.message_count; i++)
		json_array_append_new(messages, json_string(peer.messages[i]));
	json_object_set_new(out, "signaling",
			    json_string(signaling[taut_pc_signaling_state(told.pc)]));
	json_object_set_new(out, "connection",
			    json_string(told_states[taut_pc_connection_state(told.pc)]));
	json_object_set_new(out, "transceivers", transceivers());
	json_object_set_new(out, "decoded", decoded());
	json_object_set_new(out, "messages", messages);
	uint32_t type;
	const char *sdp = taut_pc_local_description(told.pc, &type);
	json_object_set_new(out, "lite", json_boolean(sdp && strstr(sdp, "a=ice-lite")));
	json_object_set_new(out, "checks", checks());
	return TAUT_OK;
}

static const struct told_word words[] = {
	{ "add", do_add },     { "prefer", do_prefer },       { "channel", do_channel },
	{ "say", do_say },     { "direction", do_direction }, { "stop", do_stop },
	{ "state", do_state },
};

/* --ice-lite: a lite agent. */
int main(int argc, char **argv)
{
	const struct taut_source_config sc = { .size = sizeof sc,
					       .name = "test",
					       .width = 320,
					       .height = 240,
					       .fps = 15,
					       .video_bitrate = 200000 };
	struct taut_config pc = { .size = sizeof pc, .max_receive_encodings = RIDS };

	pc.ice_lite = argc > 1 && strcmp(argv[1], "--ice-lite") == 0;
	pc.codecs = taut_media_codecs(&pc.codec_count);
	told.words = words;
	told.word_count = sizeof words / sizeof words[0];
	if (taut_source_open(&peer.source, &sc, NULL) || !told_open(&pc, on_event))
		return 1;
	taut_source_start(peer.source, told_now());
	send_due(NULL);
	const int status = told_run();
	for (size_t i = 0; i < peer.heard_count; i++)
		taut_sink_close(peer.heard[i].sink, NULL);
	for (size_t i = 0; i < peer.message_count; i++)
		free(peer.messages[i]);
	taut_source_free(peer.source);
	return status;
}
