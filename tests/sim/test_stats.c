/* test_stats.c - reports of whole calls: what both ends say of the same thing agrees, and all that
 * webrtc-pc makes mandatory is there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "peer/pc.h"
#include "rtcp/rtp_session_int.h"
#include "sim/sim_pair.h"
#include "taut/stats.h"

enum { SECOND = 1000000, TICK = 20000, DELAY = 10000, WORDS = 5 };

struct world {
	struct pair pair;
	taut_transceiver sound, picture, their_sound, their_picture;
	taut_channel channel, channels[2];
	uint32_t number;
	taut_time assembly; /* of the frame that came last */
	bool open;
};

static const struct sim_link quick = { .delay = DELAY };
static const struct sim_link lossy = { .delay = DELAY, .jitter = 3000, .loss = 50 };
static const struct sim_link bad = { .delay = 4 * DELAY, .loss = 300, .reorder = 100 };

static void on_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct world *w = p->user;

	if (ev->type == TAUT_EV_FRAME)
		w->assembly = ev->frame->received - ev->frame->first_received;
	if (ev->type != TAUT_EV_OPEN)
		return;
	w->open |= i == 0;
	w->channels[i] = ev->channel;
}

static taut_pc *pc(const struct world *w, int i)
{
	return w->pair.peers[i].pc;
}

static bool is_open(struct pair *p)
{
	const struct world *w = p->user;

	return w->open && pair_both_connected(p);
}

static taut_transceiver add(struct world *w, uint32_t kind, const char *track)
{
	const struct taut_track_init init = { .size = sizeof init,
					      .kind = kind,
					      .track_id = track };
	taut_transceiver t;

	assert_int_equal(taut_pc_add_track(pc(w, 0), 0, &init, &t), TAUT_OK);
	return t;
}

static void begin_with(struct world *w, uint64_t seed, const struct sim_link *link,
		       char *(*describe)(struct pair *, int, uint32_t, const char *))
{
	const struct taut_data_channel_init init = { .size = sizeof init,
						     .label = "words",
						     .protocol = "talk" };

	memset(w, 0, sizeof *w);
	pair_init(&w->pair, seed, link, on_event, w);
	w->pair.describe = describe;
	w->sound = add(w, TAUT_AUDIO, "voice");
	w->picture = add(w, TAUT_VIDEO, "face");
	assert_int_equal(taut_pc_create_data_channel(pc(w, 0), 0, &init, &w->channel), TAUT_OK);
	assert_true(pair_run(&w->pair, 20 * SECOND, is_open));
}

static void begin(struct world *w, uint64_t seed, const struct sim_link *link)
{
	begin_with(w, seed, link, NULL);
}

static int send(struct world *w, taut_transceiver t, const uint8_t *data, size_t len, uint32_t ts,
		uint32_t flags)
{
	const struct taut_frame f = {
		.size = sizeof f, .data = data, .len = len, .rtp_timestamp = ts, .flags = flags
	};

	return taut_pc_send_frame(pc(w, 0), w->pair.sim.now, t, &f);
}

/* So many times 20 ms of sound and a picture of five packets, each tenth a key frame. */
static void talk(struct world *w, unsigned times)
{
	static const uint8_t sound[] = { 0x78, 1, 2, 3, 4, 5 };
	/* RFC 6386 section 9.1: the lowest bit of a key frame is 0, and it has a start code. */
	static uint8_t picture[5000] = { 0, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0 };

	for (unsigned i = 0; i < times; i++, w->number++) {
		const bool key = w->number % 10 == 0;

		picture[0] = key ? 0 : 1;
		assert_int_equal(send(w, w->sound, sound, sizeof sound, w->number * 960, 0),
				 TAUT_OK);
		assert_int_equal(send(w, w->picture, picture, sizeof picture, w->number * 1800,
				      key ? TAUT_FRAME_KEY : 0),
				 TAUT_OK);
		pair_run(&w->pair, TICK, NULL);
	}
	pair_run(&w->pair, 3 * SECOND, NULL);
}

/* ---- reports ---- */

struct report {
	const struct taut_stats *all;
	size_t count;
};

static struct report report(const struct world *w, int i)
{
	struct report r;

	assert_int_equal(taut_pc_get_stats(pc(w, i), w->pair.sim.now, &r.all, &r.count), TAUT_OK);
	return r;
}

static const struct taut_stats *find(const struct report *r, const char *id)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->all[i].id, id) == 0)
			return &r->all[i];
	return NULL;
}

static bool has_type(const struct report *r, const char *type)
{
	for (size_t i = 0; i < r->count; i++)
		if (strcmp(r->all[i].type, type) == 0)
			return true;
	return false;
}

/* The one of that type and kind (NULL: any). */
static const struct taut_stats *of(const struct report *r, const char *type, const char *kind)
{
	const struct taut_stats *found = NULL;

	for (size_t i = 0; i < r->count; i++) {
		const struct taut_stat *k = taut_stats_member(&r->all[i], "kind");

		if (strcmp(r->all[i].type, type) != 0 || (kind && strcmp(k->text, kind) != 0))
			continue;
		assert_null(found);
		found = &r->all[i];
	}
	if (!found)
		print_error("there is no %s\n", type);
	assert_non_null(found);
	return found;
}

static const struct taut_stat *member(const struct taut_stats *s, const char *name)
{
	const struct taut_stat *m = taut_stats_member(s, name);

	if (!m)
		print_error("%s has no %s\n", s->id, name);
	assert_non_null(m);
	return m;
}

static double number(const struct taut_stats *s, const char *name)
{
	const struct taut_stat *m = member(s, name);

	assert_int_equal(m->kind, TAUT_STAT_NUMBER);
	return m->number;
}

static const char *text(const struct taut_stats *s, const char *name)
{
	const struct taut_stat *m = member(s, name);

	assert_int_equal(m->kind, TAUT_STAT_TEXT);
	return m->text;
}

static void assert_number(const struct taut_stats *s, const char *name, double is)
{
	if (number(s, name) != is)
		print_error("%s of %s is %f, not %f\n", name, s->id, number(s, name), is);
	assert_true(number(s, name) == is);
}

static void assert_near(const struct taut_stats *s, const char *name, double is, double within)
{
	if (fabs(number(s, name) - is) > within)
		print_error("%s of %s is %f, not %f\n", name, s->id, number(s, name), is);
	assert_true(fabs(number(s, name) - is) <= within);
}

static void assert_same(const struct taut_stats *a, const char *of_a, const struct taut_stats *b,
			const char *of_b)
{
	assert_number(a, of_a, number(b, of_b));
}

/* webrtc-pc, "Mandatory To Implement Stats"; a kind before a colon: of that kind alone. What needs a
 * decoder is told by the test. */
static const char *const mandatory[][24] = {
	{ "codec", "payloadType", "mimeType", "clockRate", "audio:channels" },
	{ "inbound-rtp", "ssrc", "kind", "transportId", "codecId", "packetsReceived", "packetsLost",
	  "jitter", "trackIdentifier", "remoteId", "video:framesDecoded", "video:framesDropped",
	  "nackCount", "video:framesReceived", "bytesReceived", "audio:totalAudioEnergy",
	  "audio:totalSamplesDuration", "packetsDiscarded" },
	{ "outbound-rtp", "ssrc", "kind", "transportId", "codecId", "packetsSent", "bytesSent",
	  "remoteId", "video:framesEncoded", "nackCount", "video:framesSent", "mediaSourceId" },
	{ "remote-inbound-rtp", "ssrc", "kind", "transportId", "codecId", "packetsReceived",
	  "packetsLost", "jitter", "localId", "roundTripTime" },
	{ "remote-outbound-rtp", "ssrc", "kind", "transportId", "codecId", "packetsSent",
	  "bytesSent", "localId", "remoteTimestamp" },
	{ "media-source", "trackIdentifier", "kind", "audio:totalAudioEnergy",
	  "audio:totalSamplesDuration", "video:width", "video:height", "video:framesPerSecond" },
	{ "peer-connection", "dataChannelsOpened", "dataChannelsClosed" },
	{ "data-channel", "label", "protocol", "dataChannelIdentifier", "state", "messagesSent",
	  "bytesSent", "messagesReceived", "bytesReceived" },
	{ "transport", "bytesSent", "bytesReceived", "selectedCandidatePairId",
	  "localCertificateId", "remoteCertificateId" },
	{ "candidate-pair", "transportId", "localCandidateId", "remoteCandidateId", "state",
	  "nominated", "bytesSent", "bytesReceived", "totalRoundTripTime", "responsesReceived" },
	{ "local-candidate", "address", "port", "protocol", "candidateType" },
	{ "remote-candidate", "address", "port", "protocol", "candidateType" },
	{ "certificate", "fingerprint", "fingerprintAlgorithm", "base64Certificate" },
};

static bool is_kind(const struct taut_stats *s, const char *kind, size_t len)
{
	const struct taut_stat *k = taut_stats_member(s, "kind");
	const struct taut_stat *mime = taut_stats_member(s, "mimeType");
	const char *is = k ? k->text : mime ? mime->text : "";

	return strncmp(is, kind, len) == 0;
}

static void assert_mandatory(const struct taut_stats *s)
{
	for (size_t t = 0; t < sizeof mandatory / sizeof *mandatory; t++) {
		if (strcmp(mandatory[t][0], s->type) != 0)
			continue;
		for (const char *const *name = &mandatory[t][1]; *name; name++) {
			const char *colon = strchr(*name, ':');

			if (!colon)
				member(s, *name);
			else if (is_kind(s, *name, (size_t)(colon - *name)))
				member(s, colon + 1);
		}
		return;
	}
	fail_msg("%s is of no type of webrtc-stats", s->id);
}

/* Of each type that has mandatory members there is an object. */
static void assert_all_types(const struct report *a, const struct report *b)
{
	for (size_t t = 0; t < sizeof mandatory / sizeof *mandatory; t++)
		if (!has_type(a, mandatory[t][0]) && !has_type(b, mandatory[t][0]))
			fail_msg("no %s in the reports of a call", mandatory[t][0]);
}

/* Ids are unique, what they refer to is there, and nothing is said twice. */
static void assert_whole(const struct report *r)
{
	for (size_t i = 0; i < r->count; i++) {
		const struct taut_stats *s = &r->all[i];

		assert_ptr_equal(find(r, s->id), s);
		assert_mandatory(s);
		for (size_t k = 0; k < s->member_count; k++) {
			const struct taut_stat *m = &s->members[k];
			const size_t n = strlen(m->name);

			assert_ptr_equal(taut_stats_member(s, m->name), m);
			assert_true(m->kind == TAUT_STAT_TEXT || isfinite(m->number));
			if (m->kind == TAUT_STAT_TEXT && strcmp(m->name + n - 2, "Id") == 0 &&
			    !find(r, m->text))
				fail_msg("%s: %s is %s, which is nowhere", s->id, m->name, m->text);
		}
	}
}

static void tell_codecs(struct world *w)
{
	const struct taut_codec_stats did = { .size = sizeof did,
					      .frames = 70,
					      .key_frames = 7,
					      .width = 640,
					      .height = 480,
					      .frames_per_second = 30,
					      .total_audio_energy = 0.25,
					      .total_samples_duration = 2,
					      .implementation = "of the test" };
	const struct taut_transceiver_info *t;

	for (int i = 0; i < 2; i++)
		for (size_t k = 0; (t = taut_pc_transceiver_at(pc(w, i), k)) != NULL; k++) {
			const taut_transceiver id = t->id;

			assert_int_equal(taut_pc_set_encoder_stats(pc(w, i), id, &did), TAUT_OK);
			assert_int_equal(taut_pc_set_decoder_stats(pc(w, i), id, &did), TAUT_OK);
		}
}

static void say_words(struct world *w)
{
	for (unsigned i = 0; i < WORDS; i++)
		assert_int_equal(
			taut_pc_send_message(pc(w, 0), w->pair.sim.now, w->channel, 0, "hello", 5),
			TAUT_OK);
	pair_run(&w->pair, SECOND, NULL);
}

/* ---- the tests ---- */

static void assert_media_agrees(const struct report *a, const struct report *b, const char *kind)
{
	const struct taut_stats *out = of(a, "outbound-rtp", kind),
				*in = of(b, "inbound-rtp", kind);
	const struct taut_stats *seen = find(a, text(out, "remoteId"));
	const struct taut_stats *said = find(b, text(in, "remoteId"));
	const bool video = strcmp(kind, "video") == 0;

	assert_same(in, "ssrc", out, "ssrc");
	assert_same(in, "packetsReceived", out, "packetsSent");
	assert_same(in, "bytesReceived", out, "bytesSent");
	assert_same(in, "headerBytesReceived", out, "headerBytesSent");
	assert_number(in, "packetsLost", 0);
	assert_number(in, "packetsDiscarded", 0);
	assert_string_equal(text(in, "mid"), text(out, "mid"));
	assert_string_equal(text(in, "trackIdentifier"), video ? "face" : "voice");
	assert_same(seen, "packetsReceived", out, "packetsSent");
	assert_number(seen, "packetsLost", 0);
	assert_number(seen, "fractionLost", 0);
	assert_true(number(seen, "roundTripTime") >= 2 * DELAY / 1e6);
	assert_true(number(seen, "roundTripTime") < 2 * DELAY / 1e6 + 0.001);
	assert_same(said, "packetsSent", out, "packetsSent");
	assert_same(said, "bytesSent", out, "bytesSent");
	/* by RRTR and DLRR, since nothing is sent that reports could measure it by */
	assert_near(said, "roundTripTime", 2 * DELAY / 1e6, 0.001);
	assert_true(number(said, "roundTripTimeMeasurements") >= 2);
	assert_near(said, "totalRoundTripTime",
		    number(said, "roundTripTimeMeasurements") * 2 * DELAY / 1e6, 0.01);
	/* their timestamps are when the reports came, of which there is one each 1.5 s or sooner */
	assert_near(said, "remoteTimestamp", said->timestamp - DELAY / 1e3, 0.1);
	assert_true(said->timestamp < in->timestamp && said->timestamp > in->timestamp - 1510);
	assert_true(seen->timestamp < out->timestamp && seen->timestamp > out->timestamp - 1510);
	if (video) {
		assert_number(out, "framesSent", 100);
		assert_number(in, "framesReceived", 100);
		assert_number(in, "framesDecoded", 70);
		assert_number(in, "framesAssembledFromMultiplePackets", 100);
		assert_number(in, "jitterBufferEmittedCount", 100);
		assert_number(in, "frameWidth", 640);
		/* bursts of ten leave at once: the last of a frame's five comes as early as its first */
		assert_true(number(in, "jitterBufferDelay") < 1);
	} else {
		assert_number(in, "totalSamplesReceived", 100 * 960);
		assert_number(in, "totalAudioEnergy", 0.25);
	}
}

static void both_ends_say_the_same_of_a_call_without_loss(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 1, &quick);
	talk(&w, 100);
	say_words(&w);
	tell_codecs(&w);
	const struct report a = report(&w, 0), b = report(&w, 1);
	assert_whole(&a);
	assert_whole(&b);
	assert_all_types(&a, &b);
	assert_media_agrees(&a, &b, "audio");
	assert_media_agrees(&a, &b, "video");

	const struct taut_stats *to = of(&a, "data-channel", NULL),
				*from = of(&b, "data-channel", NULL);
	assert_number(to, "messagesSent", WORDS);
	assert_number(to, "bytesSent", 5 * WORDS);
	assert_same(from, "messagesReceived", to, "messagesSent");
	assert_same(from, "bytesReceived", to, "bytesSent");
	assert_same(from, "dataChannelIdentifier", to, "dataChannelIdentifier");
	assert_string_equal(text(from, "label"), "words");
	assert_string_equal(text(from, "state"), "open");
	assert_number(of(&a, "peer-connection", NULL), "dataChannelsOpened", 1);
	pair_free(&w.pair);
}

/* What RFC 3611 section 5.1 does not know, in what is told to one side. */
static char *without_questions(int at_side, int to, const char *text)
{
	char *other = malloc(strlen(text) + 1), *at;

	memcpy(other, text, strlen(text) + 1);
	while (to == at_side && (at = strstr(other, "rcvr-rtt")) != NULL)
		memcpy(at, "xxxx-xxx", 8);
	return other;
}

static char *offer_without(struct pair *p, int to, uint32_t type, const char *text)
{
	(void)p;
	(void)type;
	return without_questions(1, to, text);
}

static char *answer_without(struct pair *p, int to, uint32_t type, const char *text)
{
	(void)p;
	(void)type;
	return without_questions(0, to, text);
}

static void a_round_trip_that_nobody_may_ask_for_is_not_told(void **state)
{
	struct world w;

	(void)state;
	begin_with(&w, 26, &quick, offer_without);
	talk(&w, 100);
	const struct report b = report(&w, 1);
	const struct taut_stats *said = of(&b, "remote-outbound-rtp", "video");
	assert_null(taut_stats_member(said, "roundTripTime"));
	assert_number(said, "roundTripTimeMeasurements", 0);
	assert_number(said, "totalRoundTripTime", 0);
	pair_free(&w.pair);

	/* what we offered and the peer did not answer */
	begin_with(&w, 27, &quick, answer_without);
	assert_int_equal(pc(&w, 0)->rtp->receiver_rtt, TT_RTP_RTT_NONE);
	pair_free(&w.pair);
	begin(&w, 28, &quick);
	assert_int_equal(pc(&w, 0)->rtp->receiver_rtt, TT_RTP_RTT_ALL);
	pair_free(&w.pair);
}

static void the_path_and_what_went_over_it_are_told(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 2, &quick);
	talk(&w, 20);
	pair_run(&w.pair, 20 * SECOND, NULL); /* of consent checks */
	tell_codecs(&w);
	const struct report r[] = { report(&w, 0), report(&w, 1) };
	for (int i = 0; i < 2; i++) {
		const struct taut_stats *t = of(&r[i], "transport", NULL);
		const struct taut_stats *peer = of(&r[1 - i], "transport", NULL);
		const struct taut_stats *pair = find(&r[i], text(t, "selectedCandidatePairId"));
		const struct taut_stats *its =
			find(&r[1 - i], text(peer, "selectedCandidatePairId"));
		const struct taut_stats *ours = find(&r[i], text(t, "localCertificateId"));
		const struct taut_stats *theirs =
			find(&r[1 - i], text(peer, "remoteCertificateId"));

		assert_same(t, "bytesSent", peer, "bytesReceived");
		assert_same(t, "packetsSent", peer, "packetsReceived");
		assert_string_equal(text(t, "dtlsState"), "connected");
		assert_string_equal(text(t, "iceState"), "completed");
		assert_string_equal(text(t, "iceRole"), i == 0 ? "controlling" : "controlled");
		assert_string_equal(text(t, "dtlsRole"), i == 0 ? "server" : "client");
		assert_string_equal(text(t, "tlsVersion"), "FEFD");
		assert_string_equal(text(t, "dtlsCipher"),
				    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256");
		assert_string_equal(text(t, "srtpCipher"), "SRTP_AEAD_AES_128_GCM");
		assert_string_equal(text(ours, "base64Certificate"),
				    text(theirs, "base64Certificate"));
		assert_string_equal(text(ours, "fingerprint"), text(theirs, "fingerprint"));

		assert_string_equal(text(pair, "state"), "succeeded");
		assert_true(member(pair, "nominated")->number == 1);
		assert_int_equal(member(pair, "nominated")->kind, TAUT_STAT_BOOLEAN);
		assert_same(pair, "responsesReceived", its, "responsesSent");
		assert_true(number(pair, "consentRequestsSent") >= 3);
		assert_true(number(pair, "responsesReceived") >
			    number(pair, "consentRequestsSent"));
		assert_same(pair, "bytesReceived", its, "bytesSent");
		assert_same(pair, "packetsReceived", its, "packetsSent");
		assert_number(pair, "requestsReceived",
			      number(its, "requestsSent") + number(its, "consentRequestsSent"));
		assert_true(number(pair, "bytesSent") > 0);
		assert_true(number(pair, "currentRoundTripTime") >= 2 * DELAY / 1e6);
		assert_true(number(pair, "totalRoundTripTime") >=
			    number(pair, "responsesReceived") * 2 * DELAY / 1e6);
		assert_true(number(pair, "lastPacketSentTimestamp") <= pair->timestamp);
		assert_string_equal(
			text(find(&r[i], text(pair, "localCandidateId")), "address"),
			text(find(&r[1 - i], text(its, "remoteCandidateId")), "address"));
	}
	pair_free(&w.pair);
}

static void loss_and_what_is_sent_again_are_told(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 3, &lossy);
	talk(&w, 200);
	tell_codecs(&w);
	const struct report a = report(&w, 0), b = report(&w, 1);
	const struct taut_stats *out = of(&a, "outbound-rtp", "video"),
				*in = of(&b, "inbound-rtp", "video");
	const struct taut_stats *seen = find(&a, text(out, "remoteId"));
	struct taut_counters ca = { .size = sizeof ca }, cb = { .size = sizeof cb };

	assert_whole(&a);
	assert_int_equal(taut_pc_get_counters(pc(&w, 0), &ca), TAUT_OK);
	assert_int_equal(taut_pc_get_counters(pc(&w, 1), &cb), TAUT_OK);
	assert_true(number(in, "packetsLost") > 20);
	assert_true(number(seen, "packetsLost") > 20);
	assert_true(number(in, "nackCount") >= number(out, "nackCount"));
	assert_true(number(out, "nackCount") > 5);
	assert_number(out, "retransmittedPacketsSent", (double)ca.rtp_packets_resent);
	assert_same(in, "rtxSsrc", out, "rtxSsrc");
	assert_null(taut_stats_member(of(&b, "inbound-rtp", "audio"), "rtxSsrc"));
	assert_true(number(in, "retransmittedPacketsReceived") > 20);
	assert_true(number(in, "retransmittedPacketsReceived") <=
		    number(out, "retransmittedPacketsSent"));
	assert_number(out, "packetsSent",
		      (double)ca.rtp_packets_sent -
			      number(of(&a, "outbound-rtp", "audio"), "packetsSent"));
	assert_number(in, "packetsReceived",
		      (double)cb.rtp_packets_received -
			      number(of(&b, "inbound-rtp", "audio"), "packetsReceived"));
	assert_number(in, "nackCount", (double)cb.nacks_sent);
	assert_true(number(in, "jitter") > 0 && number(seen, "jitter") > 0);
	/* frames wait for what is sent again, and sound for what does not come */
	assert_true(number(in, "jitterBufferDelay") > 0.001 * number(in, "packetsLost"));
	assert_true(number(of(&b, "inbound-rtp", "audio"), "jitterBufferDelay") > 100);
	pair_free(&w.pair);
}

static void what_comes_too_late_and_what_is_never_whole_is_told(void **state)
{
	struct taut_counters n = { .size = sizeof n };
	struct world w;

	(void)state;
	begin(&w, 29, &bad);
	talk(&w, 300);
	const struct report b = report(&w, 1);
	assert_int_equal(taut_pc_get_counters(pc(&w, 1), &n), TAUT_OK);
	assert_true(number(of(&b, "inbound-rtp", "audio"), "packetsDiscarded") > 0);
	assert_true(number(of(&b, "inbound-rtp", "video"), "framesDropped") > 0);
	assert_true(number(of(&b, "inbound-rtp", "video"), "pliCount") > 0);
	pair_free(&w.pair);
}

/* Bursts of ten packets leave every 5 ms: of 50 packets the tens wait 0, 5, 10, 15 and 20 ms. */
static void what_waits_for_its_turn_is_told(void **state)
{
	static uint8_t large[50 * 1000] = { 0, 0, 0, 0x9d, 0x01, 0x2a, 64, 0, 64, 0 };
	struct world w;

	(void)state;
	begin(&w, 10, &quick);
	assert_int_equal(send(&w, w.picture, large, sizeof large, 0, TAUT_FRAME_KEY), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	const struct report a = report(&w, 0), b = report(&w, 1);
	const struct taut_stats *out = of(&a, "outbound-rtp", "video");
	const double packets = number(out, "packetsSent");
	assert_true(packets >= 43 && packets <= 50);
	assert_true(fabs(number(out, "totalPacketSendDelay") - (0 + 5 + 10 + 15) * 0.01 -
			 (packets - 40) * 0.02) < 0.001);
	assert_number(of(&b, "inbound-rtp", "video"), "totalAssemblyTime", 0.02);
	assert_int_equal(w.assembly, 20000);
	assert_number(of(&b, "inbound-rtp", "video"), "jitterBufferDelay", 0.02);
	pair_free(&w.pair);
}

static const struct taut_stats *selected(const struct report *r)
{
	return find(r, text(of(r, "transport", NULL), "selectedCandidatePairId"));
}

/* Meanwhile consent is asked for, which is no data. */
static void what_no_socket_takes_is_told_and_was_not_sent(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 18, &quick);
	talk(&w, 50);
	const struct report before = report(&w, 0);
	const double sent = number(selected(&before), "packetsSent");
	const double rtp = number(of(&before, "outbound-rtp", "video"), "packetsSent");
	const double asked = number(selected(&before), "consentRequestsSent");
	assert_number(selected(&before), "packetsDiscardedOnSend", 0);
	w.pair.refuse = true;
	talk(&w, 100);
	w.pair.refuse = false;
	const struct report a = report(&w, 0), b = report(&w, 1);
	const struct taut_stats *pair = selected(&a);
	const double lost = number(of(&a, "outbound-rtp", "video"), "packetsSent") - rtp;
	assert_true(lost >= 500 && number(pair, "consentRequestsSent") > asked);
	assert_number(pair, "packetsSent", sent);
	/* sound and reports as well; none is longer than a packet */
	assert_true(number(pair, "packetsDiscardedOnSend") >= lost + 100);
	assert_true(number(pair, "packetsDiscardedOnSend") < lost + 120);
	assert_true(number(pair, "bytesDiscardedOnSend") > 100 * 5000);
	assert_true(number(pair, "bytesDiscardedOnSend") < 100 * 5000 * 1.1);
	assert_same(pair, "packetsSent", selected(&b), "packetsReceived");
	assert_same(pair, "bytesSent", selected(&b), "bytesReceived");
	assert_same(of(&a, "transport", NULL), "bytesSent", of(&b, "transport", NULL),
		    "bytesReceived");
	pair_free(&w.pair);
}

static void assert_sent_is_received(struct world *w)
{
	static const char *const pairs[][2] = { { "packetsSent", "packetsReceived" },
						{ "bytesSent", "bytesReceived" } };
	const struct report a = report(w, 0), b = report(w, 1);

	for (int i = 0; i < 2; i++) {
		assert_same(selected(&a), pairs[i][0], selected(&b), pairs[i][1]);
		assert_same(of(&a, "transport", NULL), pairs[i][0], of(&b, "transport", NULL),
			    pairs[i][1]);
	}
}

/* A driver may hold a datagram and fail with it when it was told of: what is counted does not fall, and is right
 * again when more was sent. */
static void what_fails_after_it_was_told_of_is_made_up_for(void **state)
{
	static const uint8_t sound[] = { 0x78, 1, 2, 3, 4, 5 };
	static uint8_t buf[65536];
	struct taut_datagram out = { .size = sizeof out, .buf = buf, .cap = sizeof buf };
	struct world w;

	(void)state;
	begin(&w, 31, &quick);
	talk(&w, 50);
	assert_sent_is_received(&w);
	const struct report before = report(&w, 0);
	const double packets = number(selected(&before), "packetsSent");
	const double bytes = number(selected(&before), "bytesSent");
	assert_int_equal(send(&w, w.sound, sound, sizeof sound, w.number++ * 960, 0), TAUT_OK);
	assert_int_equal(taut_pc_poll_send(pc(&w, 0), w.pair.sim.now, &out), 1);
	for (int failed = 0; failed < 2; failed++) {
		const struct report a = report(&w, 0);
		assert_number(selected(&a), "packetsSent", packets + 1);
		assert_number(selected(&a), "bytesSent", bytes + (double)out.len);
		assert_number(of(&a, "transport", NULL), "packetsSent", packets + 1);
		assert_number(of(&a, "transport", NULL), "bytesSent", bytes + (double)out.len);
		assert_number(selected(&a), "packetsDiscardedOnSend", failed);
		if (!failed)
			taut_pc_send_failed(pc(&w, 0), w.pair.sim.now, &out, 105);
	}
	talk(&w, 50);
	assert_sent_is_received(&w);
	pair_free(&w.pair);
}

/* Runs of the driver are packets, each with the mark of its datagram. */
static void marks_of_congestion_are_counted_by_packet(void **state)
{
	static const char *const marks[] = { NULL, "packetsReceivedWithEct1", NULL,
					     "packetsReceivedWithCe" };
	struct world w;

	(void)state;
	for (int runs = 0; runs < 2; runs++)
		for (uint8_t ecn = 0; ecn < 4; ecn++) {
			begin(&w, 19, &quick);
			talk(&w, 10);
			w.pair.runs = runs;
			w.pair.ecn = ecn;
			talk(&w, 30);
			const struct report a = report(&w, 0), b = report(&w, 1);
			const struct taut_stats *in = of(&b, "inbound-rtp", "video");
			const double packets = number(in, "packetsReceived") / 4 * 3;
			assert_true(packets == 150);
			for (uint8_t i = 1; i < 4; i += 2)
				assert_number(in, marks[i], i == ecn ? packets : 0);
			assert_number(of(&a, "outbound-rtp", "video"), "packetsSentWithEct1", 0);
			pair_free(&w.pair);
		}
}

static void ids_stay_what_they_are_and_counters_only_grow(void **state)
{
	char ids[64][160];
	double sent[64];
	struct world w;
	size_t n;

	(void)state;
	begin(&w, 4, &quick);
	talk(&w, 100);
	const struct report first = report(&w, 0);
	const double before = first.all[0].timestamp;
	for (n = 0; n < first.count; n++) {
		const struct taut_stat *m = taut_stats_member(&first.all[n], "bytesSent");

		assert_true(n < 64 && strlen(first.all[n].id) < sizeof ids[n]);
		memcpy(ids[n], first.all[n].id, strlen(first.all[n].id) + 1);
		sent[n] = m ? m->number : -1;
	}
	talk(&w, 20);
	const struct report again = report(&w, 0);
	assert_int_equal(again.count, n);
	assert_true(again.all[0].timestamp > before);
	for (size_t i = 0; i < n; i++) {
		const struct taut_stats *s = find(&again, ids[i]);

		assert_non_null(s);
		if (sent[i] > 0 && strcmp(s->type, "data-channel") != 0)
			assert_true(number(s, "bytesSent") > sent[i]);
	}
	pair_free(&w.pair);
}

/* webrtc-stats, jitterBufferTargetDelay and -MinimumDelay: a target of the application holds frames that could have
 * left, of sound and of pictures; without one they leave when they are whole and behind all others. */
static void what_the_jitter_buffer_adds_is_told_apart(void **state)
{
	static const char *const kinds[] = { "audio", "video" };
	struct world w;

	(void)state;
	begin(&w, 20, &quick);
	for (size_t i = 0; i < 2; i++)
		assert_int_equal(taut_pc_set_jitter_buffer_target(
					 pc(&w, 1), w.pair.sim.now,
					 taut_pc_transceiver_at(pc(&w, 1), i)->id, 200000),
				 TAUT_OK);
	talk(&w, 100);
	struct report b = report(&w, 1);
	for (size_t i = 0; i < 2; i++) {
		const struct taut_stats *in = of(&b, "inbound-rtp", kinds[i]);
		const double n = number(in, "jitterBufferEmittedCount");
		assert_true(n == (i == 0 ? 96000 : 100));
		assert_near(in, "jitterBufferTargetDelay", n * 0.2, n * 0.001);
		assert_near(in, "jitterBufferDelay", number(in, "jitterBufferTargetDelay"),
			    n * 1e-4);
		assert_near(in, "jitterBufferMinimumDelay", 0, n * 0.001);
	}
	pair_free(&w.pair);

	begin(&w, 21, &lossy);
	talk(&w, 200);
	b = report(&w, 1);
	for (size_t i = 0; i < 2; i++) {
		const struct taut_stats *in = of(&b, "inbound-rtp", kinds[i]);
		const double waited = number(in, "jitterBufferDelay");
		assert_true(waited > (i == 0 ? 48 : 0.2));
		assert_near(in, "jitterBufferMinimumDelay", waited, 1e-6 * waited);
		assert_near(in, "jitterBufferTargetDelay", waited, 1e-6 * waited);
	}
	pair_free(&w.pair);
}

/* Loss costs what it costs, whatever is added. */
static void loss_costs_as_much_below_a_target(void **state)
{
	double least[2];
	struct world w;

	(void)state;
	for (int with = 0; with < 2; with++) {
		begin(&w, 22, &lossy);
		for (size_t i = 0; with && i < 2; i++)
			(void)taut_pc_set_jitter_buffer_target(
				pc(&w, 1), w.pair.sim.now, taut_pc_transceiver_at(pc(&w, 1), i)->id,
				400000);
		talk(&w, 200);
		const struct report b = report(&w, 1);
		const struct taut_stats *in = of(&b, "inbound-rtp", "audio");
		least[with] = number(in, "jitterBufferMinimumDelay") /
			      number(in, "jitterBufferEmittedCount");
		if (with)
			assert_true(number(in, "jitterBufferDelay") >
				    0.35 * number(in, "jitterBufferEmittedCount"));
		pair_free(&w.pair);
	}
	assert_true(least[0] > 0.001 && fabs(least[1] - least[0]) < 0.2 * least[0]);
}

/* The moment that is being played, by the peer's clock: what was taken last, and the time since. */
static void the_moment_that_is_played_is_told_by_the_peers_clock(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 23, &quick);
	const struct report fresh = report(&w, 1);
	assert_false(has_type(&fresh, "inbound-rtp"));
	talk(&w, 100);
	struct report b = report(&w, 1);
	const double at = b.all[0].timestamp;
	assert_near(of(&b, "inbound-rtp", "audio"), "estimatedPlayoutTimestamp", at - DELAY / 1e3,
		    1);
	assert_near(of(&b, "inbound-rtp", "video"), "estimatedPlayoutTimestamp", at - DELAY / 1e3,
		    1);
	pair_free(&w.pair);
}

static const char *const told_of_sound[] = { "concealedSamples",
					     "silentConcealedSamples",
					     "concealmentEvents",
					     "insertedSamplesForDeceleration",
					     "removedSamplesForAcceleration",
					     "totalProcessingDelay" };
static const char *const told_of_pictures[] = { "qpSum",
						"framesRendered",
						"totalInterFrameDelay",
						"totalSquaredInterFrameDelay",
						"pauseCount",
						"totalPausesDuration",
						"freezeCount",
						"totalFreezesDuration",
						"totalProcessingDelay" };

static void tell_decoder(struct world *w, uint64_t tells)
{
	struct taut_codec_stats did = { .size = sizeof did,
					.frames = 70,
					.tells = tells,
					.qp_sum = 1,
					.frames_rendered = 2,
					.total_inter_frame_delay = 3,
					.total_squared_inter_frame_delay = 4,
					.pause_count = 5,
					.total_pauses_duration = 6,
					.freeze_count = 7,
					.total_freezes_duration = 8,
					.total_processing_delay = 9 };

	assert_int_equal(taut_pc_set_decoder_stats(pc(w, 1), w->their_picture, &did), TAUT_OK);
	did.concealed_samples = 1;
	did.silent_concealed_samples = 2;
	did.concealment_events = 3;
	did.inserted_samples_for_deceleration = 4;
	did.removed_samples_for_acceleration = 5;
	did.total_processing_delay = 6;
	assert_int_equal(taut_pc_set_decoder_stats(pc(w, 1), w->their_sound, &did), TAUT_OK);
}

/* What was not told is not there, rather than 0. */
static void what_encoders_and_decoders_tell_is_told(void **state)
{
	const uint64_t all =
		TAUT_TELLS_QP | TAUT_TELLS_RENDERED | TAUT_TELLS_PROCESSING | TAUT_TELLS_PLAYOUT;
	struct taut_codec_stats did = { .size = sizeof did,
					.frames = 70,
					.target_bitrate = 500000,
					.total_encoded_bytes_target = 11,
					.huge_frames = 12,
					.qp_sum = 13 };
	struct world w;

	(void)state;
	begin(&w, 24, &quick);
	talk(&w, 20);
	w.their_sound = taut_pc_transceiver_at(pc(&w, 1), 0)->id;
	w.their_picture = taut_pc_transceiver_at(pc(&w, 1), 1)->id;
	for (int told = 0; told < 2; told++) {
		tell_decoder(&w, told ? all : 0);
		const struct report b = report(&w, 1);
		const struct taut_stats *sound = of(&b, "inbound-rtp", "audio");
		const struct taut_stats *picture = of(&b, "inbound-rtp", "video");
		for (size_t i = 0; i < 6; i++)
			if (told)
				assert_number(sound, told_of_sound[i], (double)i + 1);
			else
				assert_null(taut_stats_member(sound, told_of_sound[i]));
		for (size_t i = 0; i < 9; i++)
			if (told)
				assert_number(picture, told_of_pictures[i], (double)i + 1);
			else
				assert_null(taut_stats_member(picture, told_of_pictures[i]));
		assert_number(sound, "totalSamplesReceived", 20 * 960 + 1);
	}
	for (int told = 0; told < 2; told++) {
		did.tells = told ? TAUT_TELLS_QP | TAUT_TELLS_TARGET : 0;
		assert_int_equal(taut_pc_set_encoder_stats(pc(&w, 0), w.picture, &did), TAUT_OK);
		const struct report a = report(&w, 0);
		const struct taut_stats *out = of(&a, "outbound-rtp", "video");
		static const char *const names[] = { "targetBitrate", "totalEncodedBytesTarget",
						     "hugeFramesSent", "qpSum" };
		for (size_t i = 0; i < 4; i++)
			if (told)
				assert_number(out, names[i], i == 0 ? 500000 : (double)i + 10);
			else
				assert_null(taut_stats_member(out, names[i]));
	}
	pair_free(&w.pair);
}

static void tell_limit(struct world *w, uint64_t by, uint32_t width, taut_time for_so_long)
{
	const struct taut_codec_stats did = { .size = sizeof did,
					      .width = width,
					      .height = 480,
					      .tells = TAUT_TELLS_LIMITATION,
					      .quality_limitation = by,
					      .limited_at = w->pair.sim.now };

	assert_int_equal(taut_pc_set_encoder_stats(pc(w, 0), w->picture, &did), TAUT_OK);
	pair_run(&w->pair, for_so_long, NULL);
}

#define LIMITED "qualityLimitationDurations."

/* webrtc-stats: 720p that is sent as 480p for some time and then recovers are two changes. */
static void how_long_quality_was_limited_is_counted(void **state)
{
	struct world w;

	(void)state;
	begin(&w, 25, &quick);
	talk(&w, 1);
	struct report a = report(&w, 0);
	const struct taut_stats *out = of(&a, "outbound-rtp", "video");
	assert_string_equal(text(out, "qualityLimitationReason"), "none");
	const double before = number(out, LIMITED "none");
	assert_true(before >= 3 && before < 4);
	assert_number(out, LIMITED "bandwidth", 0);
	assert_null(taut_stats_member(of(&a, "outbound-rtp", "audio"), LIMITED "none"));

	tell_limit(&w, TAUT_LIMITED_BY_NOTHING, 1280, SECOND);
	tell_limit(&w, TAUT_LIMITED_BY_BANDWIDTH, 854, 2 * SECOND);
	tell_limit(&w, TAUT_LIMITED_BY_BANDWIDTH, 854, 2 * SECOND);
	tell_limit(&w, TAUT_LIMITED_BY_CPU, 854, 3 * SECOND);
	tell_limit(&w, TAUT_LIMITED_BY_NOTHING, 1280, SECOND);
	tell_limit(&w, TAUT_LIMITED_BY_NOTHING, 640, SECOND); /* somebody wants it so */
	tell_limit(&w, TAUT_LIMITED_BY_OTHER, 640, 5 * SECOND);
	a = report(&w, 0);
	out = of(&a, "outbound-rtp", "video");
	assert_string_equal(text(out, "qualityLimitationReason"), "other");
	assert_near(out, LIMITED "bandwidth", 4, 0.01);
	assert_near(out, LIMITED "cpu", 3, 0.01);
	assert_near(out, LIMITED "other", 5, 0.01);
	assert_near(out, LIMITED "none", before + 3, 0.01);
	assert_number(out, "qualityLimitationResolutionChanges", 2);
	const struct taut_codec_stats wrong = { .size = sizeof wrong,
						.tells = TAUT_TELLS_LIMITATION,
						.quality_limitation = 4 };
	assert_int_equal(taut_pc_set_encoder_stats(pc(&w, 0), w.picture, &wrong), TAUT_E_INVAL);
	pair_free(&w.pair);
}

/* Neither what has not come nor what was before the stream counts. */
static void a_limitation_lasts_no_longer_than_its_stream(void **state)
{
	static const taut_time moments[] = { 1, INT64_MAX };
	struct world w;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		begin(&w, 25, &quick);
		talk(&w, 1);
		const struct taut_codec_stats did = { .size = sizeof did,
						      .tells = TAUT_TELLS_LIMITATION,
						      .quality_limitation = TAUT_LIMITED_BY_CPU,
						      .limited_at = moments[i] };
		struct report a = report(&w, 0);
		const double life = number(of(&a, "outbound-rtp", "video"), LIMITED "none");
		assert_int_equal(taut_pc_set_encoder_stats(pc(&w, 0), w.picture, &did), TAUT_OK);
		a = report(&w, 0);
		const struct taut_stats *out = of(&a, "outbound-rtp", "video");
		assert_near(out, LIMITED "cpu", i == 0 ? life : 0, 0.01);
		assert_near(out, LIMITED "none", i == 0 ? 0 : life, 0.01);
		pair_free(&w.pair);
	}
}

static void a_selector_gives_one_stream_and_what_it_refers_to(void **state)
{
	struct world w;
	struct report r;

	(void)state;
	begin(&w, 5, &quick);
	talk(&w, 100);
	tell_codecs(&w);
	assert_int_equal(
		taut_pc_get_sender_stats(pc(&w, 0), w.pair.sim.now, w.picture, &r.all, &r.count),
		TAUT_OK);
	assert_whole(&r);
	assert_string_equal(text(of(&r, "outbound-rtp", NULL), "kind"), "video");
	of(&r, "remote-inbound-rtp", NULL);
	of(&r, "media-source", NULL);
	of(&r, "codec", NULL);
	of(&r, "transport", NULL);
	assert_true(has_type(&r, "local-candidate") && has_type(&r, "certificate"));
	assert_false(has_type(&r, "data-channel") || has_type(&r, "peer-connection"));
	assert_int_equal(
		taut_pc_get_receiver_stats(pc(&w, 0), w.pair.sim.now, w.picture, &r.all, &r.count),
		TAUT_OK);
	assert_int_equal(r.count, 0); /* nothing came in */
	const taut_transceiver theirs = taut_pc_transceiver_at(pc(&w, 1), 0)->id;
	assert_int_equal(
		taut_pc_get_receiver_stats(pc(&w, 1), w.pair.sim.now, theirs, &r.all, &r.count),
		TAUT_OK);
	assert_string_equal(text(of(&r, "inbound-rtp", NULL), "kind"), "audio");
	of(&r, "remote-outbound-rtp", NULL);
	pair_free(&w.pair);
}

static void a_report_before_anything_happened_and_after_the_end(void **state)
{
	struct world w;

	(void)state;
	memset(&w, 0, sizeof w);
	pair_init(&w.pair, 6, &quick, on_event, &w);
	const struct report fresh = report(&w, 0);
	const struct taut_stats *t = of(&fresh, "transport", NULL);
	assert_string_equal(text(t, "iceState"), "new");
	assert_string_equal(text(t, "iceRole"), "unknown");
	assert_string_equal(text(t, "dtlsState"), "new");
	assert_string_equal(text(t, "dtlsRole"), "unknown");
	assert_null(taut_stats_member(t, "dtlsCipher"));
	assert_null(taut_stats_member(t, "selectedCandidatePairId"));
	assert_null(taut_stats_member(t, "remoteCertificateId"));
	pair_free(&w.pair);

	begin(&w, 7, &quick);
	say_words(&w);
	assert_int_equal(taut_pc_close_channel(pc(&w, 0), w.pair.sim.now, w.channel), TAUT_OK);
	pair_run(&w.pair, SECOND, NULL);
	struct report r = report(&w, 0);
	assert_false(has_type(&r, "data-channel"));
	assert_number(of(&r, "peer-connection", NULL), "dataChannelsOpened", 1);
	assert_number(of(&r, "peer-connection", NULL), "dataChannelsClosed", 1);
	assert_int_equal(taut_pc_close(pc(&w, 0), w.pair.sim.now), TAUT_OK);
	r = report(&w, 0);
	assert_string_equal(text(of(&r, "transport", NULL), "iceState"), "closed");
	assert_string_equal(text(of(&r, "transport", NULL), "dtlsState"), "closed");
	pair_free(&w.pair);
}

static void what_makes_no_sense_is_refused(void **state)
{
	const struct taut_codec_stats none = { 0 };
	struct world w;
	struct report r;

	(void)state;
	begin(&w, 8, &quick);
	assert_int_equal(taut_pc_get_sender_stats(pc(&w, 0), w.pair.sim.now, 99, &r.all, &r.count),
			 TAUT_E_GONE);
	assert_int_equal(
		taut_pc_get_receiver_stats(pc(&w, 0), w.pair.sim.now, 99, &r.all, &r.count),
		TAUT_E_GONE);
	assert_int_equal(taut_pc_set_encoder_stats(pc(&w, 0), 99, &none), TAUT_E_GONE);
	assert_int_equal(taut_pc_set_decoder_stats(pc(&w, 0), w.sound, &none), TAUT_E_INVAL);
	assert_int_equal(taut_pc_set_decoder_stats(pc(&w, 0), w.sound, NULL), TAUT_E_INVAL);
	pair_free(&w.pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_say_the_same_of_a_call_without_loss),
		cmocka_unit_test(a_round_trip_that_nobody_may_ask_for_is_not_told),
		cmocka_unit_test(the_path_and_what_went_over_it_are_told),
		cmocka_unit_test(loss_and_what_is_sent_again_are_told),
		cmocka_unit_test(what_comes_too_late_and_what_is_never_whole_is_told),
		cmocka_unit_test(what_waits_for_its_turn_is_told),
		cmocka_unit_test(what_no_socket_takes_is_told_and_was_not_sent),
		cmocka_unit_test(what_fails_after_it_was_told_of_is_made_up_for),
		cmocka_unit_test(marks_of_congestion_are_counted_by_packet),
		cmocka_unit_test(what_the_jitter_buffer_adds_is_told_apart),
		cmocka_unit_test(loss_costs_as_much_below_a_target),
		cmocka_unit_test(the_moment_that_is_played_is_told_by_the_peers_clock),
		cmocka_unit_test(what_encoders_and_decoders_tell_is_told),
		cmocka_unit_test(how_long_quality_was_limited_is_counted),
		cmocka_unit_test(a_limitation_lasts_no_longer_than_its_stream),
		cmocka_unit_test(ids_stay_what_they_are_and_counters_only_grow),
		cmocka_unit_test(a_selector_gives_one_stream_and_what_it_refers_to),
		cmocka_unit_test(a_report_before_anything_happened_and_after_the_end),
		cmocka_unit_test(what_makes_no_sense_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
