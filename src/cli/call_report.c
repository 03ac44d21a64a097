/* call_report.c - see call_report.h. */
#include "cli/call_report.h"

#include <string.h>

#include "cli/call.h"
#include "cli/cli_text.h"

void call_report(FILE *out, bool json, const char *side, double ms, const char *event,
		 const char *text, json_t *fields)
{
	if (!json) {
		if (ms >= 0)
			fprintf(out, "%-7s %8.1f ms  %-16s ", side, ms, event);
		else
			fprintf(out, "%-7s %11s  %-16s ", side, "", event);
		cli_put_text(out, text, strlen(text));
		fputc('\n', out);
		fflush(out);
		json_decref(fields);
		return;
	}
	json_t *o = json_pack("{s:s, s:s, s:o}", "event", event, "side", side, "text",
			      cli_json_text(text));
	if (o && ms >= 0)
		json_object_set_new(o, "ms", json_real(ms));
	if (o && fields)
		json_object_update(o, fields);
	json_decref(fields);
	cli_put_json(out, o);
}

struct call_summary call_no_summary(void)
{
	return (struct call_summary){
		.connected_ms = -1, .first_audio_ms = -1, .first_frame_ms = -1, .audio_level = 127
	};
}

static json_t *drops_json(const struct call_summary *s)
{
	json_t *list = json_array();

	for (uint32_t r = 1; r < TAUT_DROPS; r++)
		if (s->drops[r] > 0)
			json_array_append_new(list, json_pack("{s:i, s:s, s:I}", "reason", (int)r,
							      "text", taut_drop_text(r), "count",
							      (json_int_t)s->drops[r]));
	return list;
}

static void print_drops(FILE *out, const struct call_summary *s)
{
	const char *before = "  dropped: ";

	for (uint32_t r = 1; r < TAUT_DROPS; r++) {
		if (s->drops[r] == 0)
			continue;
		fprintf(out, "%s%llu as \"%s\"", before, (unsigned long long)s->drops[r],
			taut_drop_text(r));
		before = ", ";
	}
	if (before[0] == ',')
		fputc('\n', out);
}

static json_t *encodings_json(const struct call_summary *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->encoding_count; i++) {
		const struct call_encoding *e = &s->encodings[i];
		json_array_append_new(list, json_pack("{s:s, s:i, s:i, s:I, s:I, s:I}", "rid", e->rid,
						      "width", (int)e->width, "height",
						      (int)e->height, "frames_decoded",
						      (json_int_t)e->frames_decoded, "card_frames",
						      (json_int_t)e->card_frames, "card_missing",
						      (json_int_t)e->card_missing));
	}
	return list;
}

static void print_encodings(FILE *out, const struct call_summary *s)
{
	for (size_t i = 0; i < s->encoding_count; i++) {
		const struct call_encoding *e = &s->encodings[i];
		fprintf(out, "  encoding %s: %u x %u, decoded %llu (%llu with a counter, %llu missing)\n",
			e->rid, (unsigned)e->width, (unsigned)e->height,
			(unsigned long long)e->frames_decoded, (unsigned long long)e->card_frames,
			(unsigned long long)e->card_missing);
	}
}

static json_t *side_json(const char *name, const struct call_summary *s)
{
	return json_pack(
		"{s:s, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:i, s:I, s:I,"
		" s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:o, s:o}",
		"name", name, "connected_ms", s->connected_ms, "first_audio_ms", s->first_audio_ms,
		"first_frame_ms", s->first_frame_ms, "frames_sent", (json_int_t)s->frames_sent,
		"frames_decoded", (json_int_t)s->frames_decoded, "audio_frames_decoded",
		(json_int_t)s->audio_frames_decoded, "card_frames", (json_int_t)s->card_frames,
		"card_in_order", (json_int_t)s->card_in_order, "card_missing",
		(json_int_t)s->card_missing, "av_pairs", (json_int_t)s->av_pairs, "av_offset_ms",
		s->av_offset_ms, "audio_frequency", s->audio_frequency, "audio_level",
		(int)s->audio_level, "messages_sent", (json_int_t)s->messages_sent,
		"messages_received", (json_int_t)s->messages_received, "bytes_sent",
		(json_int_t)s->bytes_sent, "bytes_received", (json_int_t)s->bytes_received,
		"packets_lost", (json_int_t)s->packets_lost, "packets_resent",
		(json_int_t)s->packets_resent, "nacks_sent", (json_int_t)s->nacks_sent, "plis_sent",
		(json_int_t)s->plis_sent, "srtp_profile", s->srtp_profile, "path", s->path, "drops",
		drops_json(s), "encodings", encodings_json(s));
}

void call_print_summary(FILE *out, bool json, bool ok, const char *const *names,
			const struct call_summary *sides, size_t count)
{
	if (json) {
		json_t *list = json_array();
		for (size_t i = 0; i < count; i++)
			json_array_append_new(list, side_json(names[i], &sides[i]));
		cli_put_json(out, json_pack("{s:s, s:b, s:o}", "event", "summary", "ok", ok,
					    "sides", list));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct call_summary *s = &sides[i];
		if (s->connected_ms < 0) {
			fprintf(out, "%s: not connected\n", names[i]);
			continue;
		}
		fprintf(out,
			"%s: connected after %.1f ms, first sound %.1f ms, first picture %.1f ms\n",
			names[i], s->connected_ms, s->first_audio_ms, s->first_frame_ms);
		fprintf(out,
			"  pictures sent %llu, decoded %llu (%llu with a counter, %llu missing); "
			"sound frames "
			"decoded %llu, level -%u dBov, %.0f Hz\n",
			(unsigned long long)s->frames_sent, (unsigned long long)s->frames_decoded,
			(unsigned long long)s->card_frames, (unsigned long long)s->card_missing,
			(unsigned long long)s->audio_frames_decoded, s->audio_level,
			s->audio_frequency);
		fprintf(out,
			"  messages sent %llu, received %llu; bytes sent %llu, received %llu; %s; "
			"%s\n",
			(unsigned long long)s->messages_sent,
			(unsigned long long)s->messages_received, (unsigned long long)s->bytes_sent,
			(unsigned long long)s->bytes_received, s->srtp_profile, s->path);
		print_encodings(out, s);
		print_drops(out, s);
		if (s->av_pairs > 0)
			fprintf(out, "  the beep comes %.1f ms after its flash (%llu measured)\n",
				s->av_offset_ms, (unsigned long long)s->av_pairs);
	}
	fflush(out);
}
