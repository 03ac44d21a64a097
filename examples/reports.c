/* reports.c - how a call goes: getStats, counters, drops, which path it took and why, and a trace.
 *
 *     example_reports text trace.txt
 *     example_reports json trace.json
 *
 * Ada sends a test card to Bob, who decodes it; the file tells every packet and step. */
#include <string.h>

#include "pair.h"
#include "taut/drop.h"
#include "taut/media.h"
#include "taut/stats.h"
#include "taut/trace.h"
#include "taut/why.h"

static taut_source *card;
static taut_sink *screen;
static taut_transceiver sent, received; /* at Ada's, at Bob's */
static int seen;

static void send_frames(void *arg)
{
	struct taut_frame frame = { .size = sizeof frame };

	(void)arg;
	while (taut_source_poll(card, pair_now(), &frame) == TAUT_VIDEO)
		taut_pc_send_frame(pair.pc[ADA], pair_now(), sent, &frame);
	const taut_time wait = taut_source_deadline(card) - pair_now();
	taut_loop_after(pair.loop, wait > 0 ? wait : 0, send_frames, NULL);
}

static void on_event(int who, const struct taut_event *ev)
{
	if (who == ADA && ev->type == TAUT_EV_CONNECTION_STATE &&
	    ev->number == TAUT_STATE_CONNECTED) {
		taut_source_start(card, pair_now());
		send_frames(NULL);
	}
	if (ev->type == TAUT_EV_TRACK)
		received = ev->transceiver;
	if (ev->type == TAUT_EV_FRAME) {
		taut_sink_frame(screen, pair_now(), TAUT_VIDEO, ev->frame);
		seen = taut_sink_stats(screen)->video_frames >= 10;
	}
}

/* The encoder and the decoder are the application's: the report says what it was told of them. */
static void tell_of_codecs(void)
{
	struct taut_codec_stats encoder = { .size = sizeof encoder }, decoder = encoder;

	expect(taut_source_encoder_stats(card, pair_now(), TAUT_VIDEO, &encoder) == TAUT_OK,
	       "the source knows its encoder");
	expect(taut_pc_set_encoder_stats(pair.pc[ADA], sent, &encoder) == TAUT_OK,
	       "the sender is told");
	expect(taut_sink_decoder_stats(screen, pair_now(), TAUT_VIDEO, &decoder) == TAUT_OK,
	       "the sink knows its decoder");
	expect(taut_pc_set_decoder_stats(pair.pc[BOB], received, &decoder) == TAUT_OK,
	       "the receiver is told");
}

static const struct taut_stats *of_type(const struct taut_stats *all, size_t count,
					const char *type)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].type, type) == 0)
			return &all[i];
	expect(0, "every report of a call has one");
	return NULL;
}

static double number_of(const struct taut_stats *stats, const char *name)
{
	const struct taut_stat *member = taut_stats_member(stats, name);

	expect(member != NULL && member->kind == TAUT_STAT_NUMBER, "it is known");
	return member->number;
}

static void show_stats(void)
{
	const struct taut_stats *all;
	size_t count;

	expect(taut_pc_get_stats(pair.pc[BOB], pair_now(), &all, &count) == TAUT_OK,
	       "all there is");
	printf("Bob's report has %zu objects\n", count);
	expect(taut_pc_get_receiver_stats(pair.pc[BOB], pair_now(), received, &all, &count) ==
		       TAUT_OK,
	       "what belongs to one track");
	const struct taut_stats *in = of_type(all, count, "inbound-rtp");
	expect(number_of(in, "framesDecoded") >= 10, "Bob's decoder has told");
	expect(taut_pc_get_sender_stats(pair.pc[ADA], pair_now(), sent, &all, &count) == TAUT_OK,
	       "the same of who sends");
	const struct taut_stats *out = of_type(all, count, "outbound-rtp");
	expect(number_of(out, "framesEncoded") >= 10, "Ada's encoder has told");
	printf("of %.0f x %.0f pixels\n", number_of(out, "frameWidth"),
	       number_of(out, "frameHeight"));
}

static void show_counters(void)
{
	struct taut_counters c = { .size = sizeof c };

	expect(taut_pc_get_counters(pair.pc[BOB], &c) == TAUT_OK, "there are counters");
	expect(c.video_frames_received >= 10, "frames were counted");
	printf("protected with %s, over %s\n", c.srtp_profile, c.dtls_cipher);
}

/* Something that is no protocol of ours arrives where media does. */
static void receive_nonsense(taut_pc *pc)
{
	static uint8_t nonsense[2048] = { 255, 255, 255 }; /* lent until all events are polled */
	struct taut_counters c = { .size = sizeof c };

	taut_pc_get_counters(pc, &c);
	struct taut_datagram in = { .size = sizeof in,
				    .flow = 1,
				    .local = c.local,
				    .remote = c.remote,
				    .buf = nonsense,
				    .cap = sizeof nonsense,
				    .len = 20 };
	taut_pc_recv(pc, pair_now(), &in);
}

static void show_drop(uint32_t reason, uint64_t count)
{
	const struct taut_drop_info *info = taut_drop_info(reason);

	printf("dropped %llu: %s (%s)\n", (unsigned long long)count, info->text,
	       info->spec ? info->spec : "a rule of ours");
}

static void show_drops(taut_pc *pc)
{
	uint64_t drops = 0;

	for (uint32_t reason = 1; taut_drop_info(reason); reason++) {
		const uint64_t n = taut_pc_drop_count(pc, reason);
		if (n > 0)
			show_drop(reason, n);
		drops += n;
	}
	expect(drops > 0, "nonsense was dropped");
	if (taut_loop_drop_count(pair.loop, TAUT_DROP_DATAGRAM_TOO_LONG) > 0)
		printf("before that: %s\n", taut_drop_text(TAUT_DROP_DATAGRAM_TOO_LONG));
}

static void show_why(taut_pc *pc)
{
	const struct taut_why *why = taut_pc_why_at(pc, 0);

	expect(why != NULL && why->code == TAUT_WHY_CONNECTED, "there is a path");
	printf("%s\n", why->text);
	for (size_t i = 1; (why = taut_pc_why_at(pc, i)) != NULL; i++)
		if (why->about == TAUT_WHY_PAIR && why->code == TAUT_WHY_CONNECTED)
			printf("%s\n", why->text);
}

static void write_trace(void *file, const char *text, size_t len)
{
	fwrite(text, 1, len, file);
}

static struct taut_trace_sink *open_trace(const char *kind, FILE *file)
{
	struct taut_trace_sink *trace;

	if (strcmp(kind, "json") == 0)
		expect(taut_trace_json_new(&trace, write_trace, file) == TAUT_OK, "objects");
	else
		expect(taut_trace_text_new(&trace, write_trace, file) == TAUT_OK, "lines");
	return trace;
}

static void call(struct taut_trace_sink *trace)
{
	const struct taut_source_config test = { .size = sizeof test,
						 .name = "test",
						 .kinds = TAUT_VIDEO,
						 .width = 160,
						 .height = 120 };
	const struct taut_sink_config none = { .size = sizeof none };
	const struct taut_track_init track = { .size = sizeof track, .kind = TAUT_VIDEO };
	const struct taut_env_config env = { .size = sizeof env, .trace = trace };

	expect(taut_source_open(&card, &test, NULL) == TAUT_OK, "there is something to send");
	expect(taut_sink_new(&screen, &none, NULL) == TAUT_OK, "and somebody who sees it");
	pair_open(&env, on_event);
	expect(taut_pc_add_track(pair.pc[ADA], pair_now(), &track, &sent) == TAUT_OK, "it is sent");
	pair_negotiate();
	pair_run_until(&seen);
}

int main(int argc, char **argv)
{
	FILE *file = argc == 3 ? fopen(argv[2], "w") : NULL;

	if (!file) {
		fprintf(stderr, "usage: example_reports text|json FILE\n");
		return 2;
	}
	struct taut_trace_sink *trace = open_trace(argv[1], file);
	call(trace);
	tell_of_codecs();
	show_stats();
	show_counters();
	receive_nonsense(pair.pc[BOB]);
	show_drops(pair.pc[BOB]);
	show_why(pair.pc[BOB]);
	pair_close();
	taut_source_free(card);
	taut_sink_close(screen, NULL);
	taut_trace_free(trace); /* after the environment, which the loop has freed */
	return fclose(file) ? 1 : 0;
}
