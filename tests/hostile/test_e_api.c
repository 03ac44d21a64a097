/* test_e_api.c - rows E of HOSTILE.md: descriptions, candidates and the calls of an application. */
#include <stdio.h>
#include <stdlib.h>

#include "base/work.h"
#include "hostile/craft.h"
#include "ice/ice_agent.h"

enum { MEBIBYTE = 1 << 20 };

/* Offers it. Refused: nothing changed. Taken: it can be answered, and taken back. made: a copy of the answer, or
 * NULL. */
static int try_offer_for(struct hostile *h, const char *text, size_t len, char **made_text)
{
	const char *answer;

	hostile_mark(h);
	const int code = taut_pc_set_remote_description(h->pc, h->pair.sim.now, TAUT_SDP_OFFER, text, len);
	if (code < 0) {
		assert_non_null(taut_pc_error(h->pc)->message);
		hostile_assert_unchanged(h);
		return code;
	}
	const int made = taut_pc_create_answer(h->pc, h->pair.sim.now, &answer);
	if (made != TAUT_OK)
		fail_msg("taken, and cannot be answered: %s\n%.*s", taut_pc_error(h->pc)->message,
			 (int)len, text);
	if (made_text)
		*made_text = hostile_edit(answer, "\n", "");
	assert_int_equal(taut_pc_set_remote_description(h->pc, h->pair.sim.now, TAUT_SDP_ROLLBACK, NULL,
							0),
			 TAUT_OK);
	return code;
}

static int try_offer(struct hostile *h, const char *text, size_t len)
{
	return try_offer_for(h, text, len, NULL);
}

/* An offer of which some lines are others is taken: its answer, for the caller to free. */
static char *answer_to(struct hostile *h, const char *offer, const char *const (*edits)[2], size_t n)
{
	char *answer = NULL, *text = hostile_edit(offer, "\n", "");

	for (size_t i = 0; i < n && edits[i][0]; i++) {
		char *next = hostile_edit(text, edits[i][0], edits[i][1]);
		assert_string_not_equal(next, text);
		free(text);
		text = next;
	}
	if (try_offer_for(h, text, strlen(text), &answer) != TAUT_OK)
		fail_msg("refused: %s\n%s", taut_pc_error(h->pc)->message, text);
	free(text);
	return answer;
}

/* Of the first section of that kind. */
static void assert_formats(const char *answer, const char *kind, const char *formats)
{
	const char *at = strstr(answer, kind);
	const size_t n = strlen(formats);

	assert_non_null(at);
	at = strstr(at, "SAVPF ");
	assert_non_null(at);
	if (strncmp(at + 6, formats, n) != 0 || at[6 + n] != '\r')
		fail_msg("not %s in %s:\n%s", formats, kind, answer);
}

/* The good one waits for the offer of a whole call. */
static struct pair_signal *with_offer(struct hostile *h, uint64_t seed)
{
	hostile_init(h, seed, 1, false);
	return hostile_catch(h);
}

/* The true offer comes at last, and the call comes up. */
static void assert_call(struct hostile *h)
{
	hostile_assert_call(h);
	hostile_end(h);
}

static char *repeated(const char *head, const char *line, size_t n)
{
	const size_t a = strlen(head), b = strlen(line);
	char *text = malloc(a + n * b + 1);

	assert_non_null(text);
	memcpy(text, head, a);
	for (size_t i = 0; i < n; i++)
		memcpy(text + a + i * b, line, b);
	text[a + n * b] = '\0';
	return text;
}

static void e01_descriptions_without_end_are_refused_at_once(void **state)
{
	static const struct {
		const char *line;
		size_t n;
	} all[] = { { "a=x\r\n", 100000 },
		    { "a=ssrc:1 cname:x\r\n", 60000 },
		    { "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\n", 10000 },
		    { "a=rtpmap:96 opus/48000/2\r\n", 40000 },
		    { "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n", 20000 },
		    { "b=AS:1\r\n", 4200 }, /* only the number of lines is too large */
		    { "\r\n", MEBIBYTE / 2 } };
	struct hostile h;

	(void)state;
	const struct pair_signal *s = with_offer(&h, 601);
	for (size_t i = 0; i < TT_COUNT(all); i++) {
		char *text = repeated(s->text, all[i].line, all[i].n);
		const uint64_t before = tt_work_total;
		assert_true(try_offer(&h, text, strlen(text)) < 0);
		assert_true(tt_work_total - before <= 4 * strlen(text)); /* base/work.h */
		free(text);
	}
	char *big = malloc(MEBIBYTE);
	assert_non_null(big);
	memset(big, 'a', MEBIBYTE);
	assert_true(try_offer(&h, big, MEBIBYTE) < 0);
	free(big);
	char wide[8000] = "a=x:"; /* and here only the sum of their lengths */
	memset(wide + 4, 'y', sizeof wide - 7);
	memcpy(wide + sizeof wide - 3, "\r\n", 3);
	char *text = repeated(s->text, wide, 40);
	assert_int_equal(try_offer(&h, text, strlen(text)), TAUT_E_LIMIT);
	free(text);
	assert_call(&h);
}

static void e02_every_line_may_lose_its_end(void **state)
{
	struct hostile h;

	(void)state;
	const struct pair_signal *s = with_offer(&h, 602);
	const size_t len = strlen(s->text);
	char *cut = malloc(len + 1);
	for (const char *line = s->text; *line; line = strchr(line, '\n') + 1) {
		const size_t at = (size_t)(line - s->text), n = strcspn(line, "\r\n");
		const size_t keep[] = { 0, 1, 2, 3, n / 2, n - 1 };
		for (size_t k = 0; k < TT_COUNT(keep); k++) { /* the line alone is cut */
			const size_t left = tt_min(keep[k], n);
			memcpy(cut, s->text, at + left);
			memcpy(cut + at + left, line + n, len - at - n);
			try_offer(&h, cut, len - (n - left));
		}
	}
	free(cut);
	assert_call(&h);
}

/* Where a line for a payload type out of range stands, all is refused; as the apt of another it is of
 * nobody, and that one is not agreed on. */
static void e03_payload_types_out_of_range_index_nothing(void **state)
{
	static const char *const numbers[] = { "-1", "128", "255", "256", "65536", "4294967296",
					       "18446744073709551616", "", "x" };
	static const char *const kinds[] = { "a=rtpmap:%s opus/48000/2\r\n", "a=fmtp:%s a=b\r\n",
					     "a=rtcp-fb:%s nack\r\n" };
	struct hostile h;
	char line[256];

	(void)state;
	const struct pair_signal *s = with_offer(&h, 603);
	for (size_t i = 0; i < TT_COUNT(numbers); i++) {
		snprintf(line, sizeof line, "m=audio 9 UDP/TLS/RTP/SAVPF %s\r\n", numbers[i]);
		char *text = hostile_edit(s->text, "m=audio", line);
		assert_int_equal(try_offer(&h, text, strlen(text)), TAUT_E_SYNTAX);
		free(text);
		for (size_t k = 0; k < TT_COUNT(kinds); k++) {
			const char *hole = strstr(kinds[k], "%s");
			snprintf(line, sizeof line, "a=sendrecv\r\n%.*s%s%s", (int)(hole - kinds[k]),
				 kinds[k], numbers[i], hole + 2);
			text = hostile_edit(s->text, "a=sendrecv", line);
			assert_int_equal(try_offer(&h, text, strlen(text)), TAUT_E_SYNTAX);
			free(text);
		}
		snprintf(line, sizeof line, "a=fmtp:98 apt=%s\r\n", numbers[i]);
		char *answer = answer_to(&h, s->text,
					 &(const char *const[2]){ "a=fmtp:98 apt=97", line }, 1);
		assert_formats(answer, "m=video", "97");
		free(answer);
	}
	assert_call(&h);
}

/* And so many rejected ones. */
static char *with_sections(const char *offer, size_t n)
{
	enum { SECTION = 100 };
	const size_t cap = strlen(offer) + n * SECTION + 1;
	char *text = malloc(cap);

	assert_non_null(text);
	size_t len = (size_t)snprintf(text, cap, "%s", offer);
	for (size_t i = 0; i < n; i++)
		len += (size_t)snprintf(text + len, cap - len,
					"m=audio 0 UDP/TLS/RTP/SAVPF 0\r\nc=IN IP4 0.0.0.0\r\n"
					"a=mid:m%zu\r\na=inactive\r\n",
					i);
	assert_true(len < cap);
	return text;
}

/* Up to our limits they are passed over or rejected one by one. */
static void e03_more_lines_than_others_had_room_for_are_no_harm(void **state)
{
	static const char crypto[] = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n";
	struct hostile h;

	(void)state;
	const struct pair_signal *s = with_offer(&h, 612);
	for (int more = 0; more < 2; more++) {
		const size_t n = more ? TT_SDP_MAX_ATTRS : 69;
		char *lines = repeated("a=sendrecv\r\n", crypto, n);
		char *text = hostile_edit(s->text, "a=sendrecv", lines);
		char *answer = NULL;
		assert_int_equal(try_offer_for(&h, text, strlen(text), &answer),
				 more ? TAUT_E_LIMIT : TAUT_OK);
		if (answer)
			assert_null(strstr(answer, "crypto"));
		free(answer);
		free(lines);
		free(text);
		text = with_sections(s->text, more ? TT_SDP_MAX_MEDIA - 2 : 30); /* beside three */
		assert_int_equal(try_offer(&h, text, strlen(text)), more ? TAUT_E_LIMIT : TAUT_OK);
		free(text);
	}
	assert_call(&h);
}

/* What the offer says instead, and the payload types that are agreed on then. */
static const struct {
	const char *edits[2][2], *audio, *video;
} strays[] = {
	/* without rtpmap */
	{ { { "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 77 96 99\r\n" },
	    { "a=rtcp-fb:96", "a=fmtp:77 useinbandfec=1\r\n" } },
	  "96 99",
	  "97 98" },
	/* RED of dynamic types, of static ones, and without its own rtpmap */
	{ { { "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 63 96 99\r\n" },
	    { "a=rtcp-fb:96", "a=rtpmap:63 red/48000/2\r\na=fmtp:63 96/97\r\n" } },
	  "96 99",
	  "97 98" },
	{ { { "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 63 96 99\r\n" },
	    { "a=rtcp-fb:96", "a=rtpmap:63 red/48000/2\r\na=fmtp:63 0/8/9\r\n" } },
	  "96 99",
	  "97 98" },
	{ { { "m=audio", "m=audio 9 UDP/TLS/RTP/SAVPF 63 96 99\r\n" },
	    { "a=rtcp-fb:96", "a=fmtp:63 0/8/9\r\n" } },
	  "96 99",
	  "97 98" },
	/* retransmissions of themselves, of nobody, of none; and feedback about nobody */
	{ { { "a=fmtp:98 apt=97", "a=fmtp:98 apt=98\r\n" } }, "96 99", "97" },
	{ { { "a=fmtp:98 apt=97", "a=fmtp:98 apt=5\r\n" } }, "96 99", "97" },
	{ { { "a=fmtp:98 apt=97", "" } }, "96 99", "97" },
	{ { { "a=rtcp-fb:96", "a=rtcp-fb:77 nack\r\n" } }, "96 99", "97 98" },
};

static void e04_formats_that_refer_to_nothing_are_passed_over(void **state)
{
	struct hostile h;

	(void)state;
	const struct pair_signal *s = with_offer(&h, 604);
	for (size_t i = 0; i < TT_COUNT(strays); i++) {
		char *answer = answer_to(&h, s->text, strays[i].edits, 2);
		assert_formats(answer, "m=audio", strays[i].audio);
		assert_formats(answer, "m=video", strays[i].video);
		free(answer);
	}
	assert_call(&h);
}

static void e05_every_beginning_and_odd_bytes_are_survived(void **state)
{
	static const char odd[] = { '\0', '\t', '\r', '\n', '=', ' ', ':', (char)0xc0, (char)0xff, 'm' };
	struct hostile h;

	(void)state;
	const struct pair_signal *s = with_offer(&h, 605);
	const size_t len = strlen(s->text);
	for (size_t n = 0; n < len; n += 5) {
		char *exact = malloc(n > 0 ? n : 1);
		memcpy(exact, s->text, n);
		try_offer(&h, exact, n);
		free(exact);
	}
	char *text = malloc(len + 1);
	for (size_t n = 0; n < 400; n++) {
		memcpy(text, s->text, len + 1);
		text[sim_random(&h.pair.sim) % len] = odd[n % sizeof odd];
		const char other = odd[sim_random(&h.pair.sim) % sizeof odd];
		text[sim_random(&h.pair.sim) % len] = other;
		try_offer(&h, text, len);
	}
	for (int how = 0; how < 2; how++) { /* CR only, LF only */
		size_t n = 0;
		for (size_t i = 0; i < len; i++)
			if (s->text[i] != (how ? '\n' : '\r'))
				text[n++] = s->text[i];
		try_offer(&h, text, n);
	}
	free(text);
	assert_call(&h);
}

/* Lines that stand where the first of that kind stood: whether that is refused, or what the answer does not
 * have then. */
static const struct {
	const char *prefix, *with;
	bool refused;
	const char *absent;
} twins[] = {
	{ "a=mid:1", "a=mid:0\r\n", true, NULL },
	{ "a=mid:0", "a=mid:0123456789abcdefg\r\n", true, NULL },
	{ "a=mid:0", "a=mid:\r\n", true, NULL },
	{ "a=group:BUNDLE", "a=group:BUNDLE 0 1 2 9\r\n", true, NULL },
	{ "a=group:BUNDLE", "a=group:BUNDLE 0 0 1 2\r\n", true, NULL },
	{ "a=group:BUNDLE", "a=group:BUNDLE 0 1\r\na=group:BUNDLE 1 2\r\n", true, NULL },
	{ "a=extmap:1 ", "a=extmap:0 urn:a\r\n", true, NULL },
	{ "a=extmap:1 ", "a=extmap:256 urn:a\r\n", true, NULL },
	{ "a=extmap:1 ", "a=extmap:4 urn:a\r\n", true, NULL }, /* that of the mid */
	{ "a=sendrecv", "a=sendrecv\r\na=sendonly\r\n", true, NULL },
	{ "a=sendrecv", "a=sendrecv\r\na=rid:a send\r\na=rid:a send\r\n", true, NULL },
	/* Passed over. */
	{ "a=group:BUNDLE", "a=group:BUNDLE\r\n", false, "BUNDLE 0" },
	{ "m=audio", "m=audio 0 UDP/TLS/RTP/SAVPF 96 99\r\n", false, "BUNDLE 0" }, /* rejected */
	{ "a=extmap:1 ", "a=extmap:15 urn:a\r\n", false, "extmap:15" },
	{ "a=extmap:1 ", "a=extmap:16 urn:a\r\n", false, "extmap:16" },
	{ "a=sendrecv", "a=sendrecv\r\na=msid:s t\r\na=msid:s t\r\n", false, "msid:s t" },
	{ "a=sendrecv", "a=sendrecv\r\na=ssrc:5 cname:a\r\na=ssrc:5 cname:b\r\n", false, "ssrc:5" },
	{ "a=ssrc:", "a=ssrc:5 cname:a\r\n", false, "ssrc:5" }, /* of all sections */
	{ "a=sendrecv", "a=sendrecv\r\na=simulcast:send x;y\r\n", false, "simulcast" },
	{ "a=sendrecv", "a=sendrecv\r\na=rid:x send\r\na=simulcast:send x;y\r\n", false, "x;y" },
	{ "a=sendrecv", "a=sendrecv\r\na=ssrc-group:FID 1\r\na=ssrc-group:FID 1 2 3\r\n", false,
	  "ssrc-group" },
};

static void e06_twins_and_strays_are_refused_or_do_no_harm(void **state)
{
	struct hostile h;
	unsigned wrong = 0;

	(void)state;
	const struct pair_signal *s = with_offer(&h, 606);
	for (size_t i = 0; i < TT_COUNT(twins); i++) {
		char *answer = NULL, *text = hostile_edit(s->text, twins[i].prefix, twins[i].with);
		const int code = try_offer_for(&h, text, strlen(text), &answer);
		if (code != (twins[i].refused ? TAUT_E_SYNTAX : TAUT_OK)) {
			print_error("%d: %s", code, twins[i].with);
			wrong++;
		}
		if (answer && twins[i].absent && strstr(answer, twins[i].absent)) {
			print_error("%s in the answer to %s", twins[i].absent, twins[i].with);
			wrong++;
		}
		free(answer);
		free(text);
	}
	assert_int_equal(wrong, 0);
	assert_call(&h);
}

static void e07_numbers_at_their_edges_are_read_or_refused(void **state)
{
	static const char *const lines[] = {
		"o=- %s 2 IN IP4 127.0.0.1\r\n", "o=- 1 %s IN IP4 127.0.0.1\r\n", "t=%s 0\r\n",
		"a=sctp-port:%s\r\n", "a=max-message-size:%s\r\n", "b=AS:%s\r\n", "a=ptime:%s\r\n",
		"a=maxptime:%s\r\n", "a=rtpmap:96 opus/%s/2\r\n", "a=rtpmap:96 opus/48000/%s\r\n",
		"a=ssrc:%s cname:x\r\n", "a=rtcp:%s IN IP4 0.0.0.0\r\n", "a=framerate:%s\r\n",
		"m=audio %s UDP/TLS/RTP/SAVPF 96\r\n", "m=audio 9/%s UDP/TLS/RTP/SAVPF 96\r\n",
		"a=candidate:1 %s udp 1 192.0.2.1 9 typ host\r\n", "a=fmtp:96 minptime=%s\r\n",
		"a=candidate:1 1 udp %s 192.0.2.1 9 typ host\r\n", "a=extmap:%s urn:x\r\n",
		"a=ssrc-group:FID %s %s\r\n",
	};
	static const char *const numbers[] = {
		"0", "1", "65535", "65536", "2147483647", "2147483648", "4294967295", "4294967296",
		"18446744073709551615", "18446744073709551616", "-1", "0x10", "1e9", "+1", "",
		"99999999999999999999999999999999999999999999999999999999999999999999999999999999",
	};
	struct hostile h;

	(void)state;
	const struct pair_signal *s = with_offer(&h, 607);
	for (size_t i = 0; i < TT_COUNT(lines); i++)
		for (size_t k = 0; k < TT_COUNT(numbers); k++) {
			char with[512], prefix[32];
			const char *hole = strstr(lines[i], "%s");
			const size_t head = strcspn(lines[i], ":%");
			snprintf(with, sizeof with, "%.*s%s%s", (int)(hole - lines[i]), lines[i],
				 numbers[k], hole + 2);
			snprintf(prefix, sizeof prefix, "%.*s", (int)head, lines[i]);
			if (!strstr(s->text, prefix) || lines[i][0] == 'a')
				snprintf(prefix, sizeof prefix, "a=rtcp-mux");
			char *text = hostile_edit(s->text, prefix, with);
			const int code = try_offer(&h, text, strlen(text));
			if (lines[i][0] == 'o' && strlen(numbers[k]) >= 20 &&
			    strcmp(numbers[k], "18446744073709551615") != 0)
				assert_true(code < 0); /* 2^64 and more are no number of a session */
			free(text);
		}
	assert_call(&h);
}

static void e08_candidate_lines_of_every_kind_are_judged(void **state)
{
	static const struct {
		const char *line;
		int code;
	} all[] = {
		{ "candidate:1 1 udp 1 192.0.2.9 9 typ host", TAUT_OK },
		{ "candidate:1 1 udp 1 192.0.2.9 9 typ", TAUT_E_SYNTAX },
		{ "candidate:1 1 udp 1 192.0.2.9 9", TAUT_E_SYNTAX },
		{ "candidate:1 1 udp 1 192.0.2.9", TAUT_E_SYNTAX },
		{ "candidate:1 1 udp 1", TAUT_E_SYNTAX },
		{ "candidate:1 1 udp", TAUT_E_SYNTAX },
		{ "candidate:1 1", TAUT_E_SYNTAX },
		{ "candidate:1", TAUT_E_SYNTAX },
		{ "candidate:", TAUT_E_SYNTAX },
		{ "x", TAUT_E_SYNTAX },
		{ "candidate:1 1 udp 1 192.0.2.9 65536 typ host", TAUT_E_SYNTAX },
		{ "candidate:1 1 udp 4294967296 192.0.2.9 9 typ host", TAUT_E_SYNTAX },
		{ "candidate:012345678901234567890123456789012 1 udp 1 192.0.2.9 9 typ host",
		  TAUT_E_SYNTAX },
		{ "candidate:1 0 udp 1 192.0.2.9 9 typ host", TAUT_E_SYNTAX },
		{ "candidate:1 257 udp 1 192.0.2.9 9 typ host", TAUT_E_SYNTAX },
		{ "candidate:1 1 udp 1 192.0.2.9 0 typ host", TAUT_E_SYNTAX },  /* of no use */
		{ "candidate:1 1 udp 0 192.0.2.9 9 typ host", TAUT_E_SYNTAX },
		{ "candidate:1 2 udp 1 192.0.2.9 9 typ host", TAUT_OK },
		{ "candidate:1 1 sctp 1 192.0.2.9 9 typ host", TAUT_OK },
		{ "candidate:1 1 udp 1 host.example 9 typ host", TAUT_OK },
		{ "candidate:1 1 udp 1 0.0.0.0 9 typ host", TAUT_OK },
		{ "candidate:1 1 udp 1 224.0.0.1 9 typ host", TAUT_OK },
		{ "candidate:1 1 udp 1 fe80::1%eth0 9 typ host", TAUT_OK },
		{ "candidate:1 1 udp 1 192.0.2.9 9 typ srflx raddr 1.2.3.4", TAUT_E_SYNTAX },
		{ "candidate:1 1 udp 1 192.0.2.9 9 typ host ufrag someoneelse", TAUT_OK },
	};
	struct hostile h;
	unsigned wrong = 0;

	(void)state;
	hostile_begin(&h, 608, 0);
	for (size_t i = 0; i < TT_COUNT(all); i++) {
		hostile_mark(&h);
		const int code = taut_pc_add_ice_candidate(h.pc, h.pair.sim.now, all[i].line,
							   strlen(all[i].line), NULL, 0);
		if (code < 0)
			hostile_assert_unchanged(&h);
		if ((code < 0) != (all[i].code < 0)) {
			print_error("%d: %s\n", code, all[i].line);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	char *long_line = repeated("candidate:1 1 udp 1 192.0.2.9 9 typ host", " x y", 16384);
	hostile_mark(&h);
	assert_true(taut_pc_add_ice_candidate(h.pc, h.pair.sim.now, long_line, strlen(long_line), NULL,
					      0) < 0);
	hostile_assert_unchanged(&h);
	free(long_line);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void e09_answers_that_do_not_fit_their_offer_are_refused(void **state)
{
	struct hostile h;

	(void)state;
	hostile_init(&h, 609, 0, false);
	struct pair_signal *s = hostile_catch(&h);
	const char *second = strstr(strstr(s->text, "\r\nm=") + 2, "\r\nm=") + 2;
	const char *third = strstr(second, "\r\nm=") + 2;
	char text[20000];
	const int head = (int)(strstr(s->text, "\r\nm=") + 2 - s->text);
	const char *first = s->text + head;
	const int n1 = (int)(second - first), n2 = (int)(third - second);
	hostile_run(&h, 0);
	snprintf(text, sizeof text, "%.*s%.*s", head, s->text, n1, first); /* one of three */
	hostile_assert_description_refused(&h, TAUT_SDP_ANSWER, text, 0);
	char *alone = hostile_edit(text, "a=group:BUNDLE", "a=group:BUNDLE 0\r\n");
	hostile_assert_description_refused(&h, TAUT_SDP_ANSWER, alone, 0);
	free(alone);
	snprintf(text, sizeof text, "%s%.*s", s->text, n1, first); /* four */
	hostile_assert_description_refused(&h, TAUT_SDP_ANSWER, text, 0);
	snprintf(text, sizeof text, "%.*s%.*s%.*s%s", head, s->text, n2, second, n1, first, third);
	hostile_assert_description_refused(&h, TAUT_SDP_ANSWER, text, 0); /* swapped */
	static const char *const edits[][2] = {
		{ "a=mid:0", "a=mid:7\r\n" },
		{ "a=ice-pwd:", "" },
		{ "a=ice-ufrag:", "" },
		{ "a=ice-ufrag:", "a=ice-ufrag:abc\r\n" },
	};
	for (size_t i = 0; i < TT_COUNT(edits); i++) {
		char *edited = hostile_edit(s->text, edits[i][0], edits[i][1]);
		hostile_assert_description_refused(&h, TAUT_SDP_ANSWER, edited, 0);
		free(edited);
	}
	char *renamed = hostile_edit(s->text, "a=mid:0", "a=mid:7\r\n"); /* in the bundle as well */
	char *both = hostile_edit(renamed, "a=group:BUNDLE", "a=group:BUNDLE 7 1 2\r\n");
	hostile_assert_description_refused(&h, TAUT_SDP_ANSWER, both, 0);
	free(renamed);
	free(both);
	assert_call(&h); /* and the true answer still fits */
}

static void e10_weak_credentials_are_refused_and_none_is_ever_traced(void **state)
{
	char line[400], filler[300];
	struct hostile h;

	(void)state;
	struct pair_signal *s = with_offer(&h, 610);
	memset(filler, 'a', sizeof filler);
	static const struct {
		const char *name;
		int len;
	} bad[] = { { "a=ice-ufrag:", 0 }, { "a=ice-ufrag:", 3 },  { "a=ice-ufrag:", 257 },
		    { "a=ice-pwd:", 0 },   { "a=ice-pwd:", 21 },   { "a=ice-pwd:", 257 } };
	for (size_t i = 0; i < TT_COUNT(bad); i++) {
		snprintf(line, sizeof line, "%s%.*s\r\n", bad[i].name, bad[i].len, filler);
		char *text = hostile_edit(s->text, bad[i].name, line);
		assert_true(try_offer(&h, text, strlen(text)) < 0);
		free(text);
	}
	h.secrets[0] = tt_ice_local_pwd(h.pc->ice);
	h.secrets[1] = tt_ice_local_pwd(h.evil->ice);
	hostile_assert_call(&h);
	assert_true(h.text_bytes > 1000);
	assert_int_equal(h.leaks, 0);
	hostile_end(&h);
}

static void e10_a_new_offer_with_unusable_credentials_restarts_nothing(void **state)
{
	static const char *const edits[][2] = {
		{ "a=ice-pwd:", "a=ice-pwd:0123456789012345678901\xff\r\n" },
		{ "a=ice-pwd:", "a=ice-pwd:0123456789 12345678901234\r\n" },
		{ "a=ice-pwd:", "a=ice-pwd:short\r\n" },
		{ "a=ice-pwd:", "" },
		{ "a=ice-ufrag:", "a=ice-ufrag:ab\tcd\r\n" },
		{ "a=ice-ufrag:", "" },
	};
	const struct taut_transceiver_init more = { .size = sizeof more, .kind = TAUT_AUDIO };
	struct hostile h;
	taut_transceiver t;

	(void)state;
	hostile_begin(&h, 611, 0);
	assert_int_equal(taut_pc_add_transceiver(h.evil, h.pair.sim.now, &more, &t), TAUT_OK);
	const struct pair_signal *s = hostile_catch(&h);
	for (size_t i = 0; i < TT_COUNT(edits); i++) {
		char *text = hostile_edit(s->text, edits[i][0], edits[i][1]);
		assert_true(try_offer(&h, text, strlen(text)) < 0);
		free(text);
	}
	hostile_run(&h, SECOND);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void e15_calls_in_the_wrong_moment_are_errors(void **state)
{
	struct hostile h;
	taut_channel ch = 0;
	taut_transceiver t = 0;
	const struct taut_data_channel_init dc = { .size = sizeof dc, .label = "x" };
	const struct taut_transceiver_init tr = { .size = sizeof tr, .kind = TAUT_AUDIO };
	struct taut_frame frame = { .size = sizeof frame, .data = "x", .len = 1 };
	struct taut_counters counters = { .size = sizeof counters };
	const char *sdp;
	uint8_t buf[2048];
	struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = sizeof buf };

	(void)state;
	hostile_begin(&h, 615, 0);
	taut_pc *pc = h.pc;
	const taut_time now = h.pair.sim.now;
	const taut_channel chat = h.seen[0].channel;
	hostile_mark(&h);
	/* numbers of nobody */
	assert_int_equal(taut_pc_send_message(pc, now, 0, 0, "x", 1), TAUT_E_GONE);
	assert_int_equal(taut_pc_send_message(pc, now, 0xffffffff, 0, "x", 1), TAUT_E_GONE);
	assert_int_equal(taut_pc_close_channel(pc, now, 0xdeadbeef), TAUT_E_GONE);
	assert_true(taut_pc_buffered_amount(pc, 77777) < 0);
	assert_true(taut_pc_send_frame(pc, now, 99, &frame) < 0);
	assert_true(taut_pc_set_direction(pc, now, 99, TAUT_SENDRECV) < 0);
	assert_true(taut_pc_set_direction(pc, now, h.audio[0], 99) < 0);
	assert_true(taut_pc_request_key_frame(pc, now, 99) < 0);
	/* things that are not there */
	assert_true(taut_pc_recv(pc, now, NULL) < 0);
	assert_true(taut_pc_send_frame(pc, now, h.audio[0], NULL) < 0);
	assert_true(taut_pc_send_message(pc, now, chat, 0, NULL, 5) < 0);
	assert_true(taut_pc_set_remote_description(pc, now, TAUT_SDP_OFFER, NULL, 5) < 0);
	assert_true(taut_pc_set_remote_description(pc, now, 77, "v=0", 3) < 0);
	assert_true(taut_pc_add_transceiver(pc, now, NULL, &t) < 0);
	/* in the wrong state */
	assert_int_equal(taut_pc_create_answer(pc, now, &sdp), TAUT_E_STATE);
	assert_int_equal(taut_env_free(h.pair.peers[0].env), TAUT_E_STATE);
	hostile_assert_unchanged(&h);
	hostile_assert_alive(&h);
	/* after the end */
	assert_int_equal(taut_pc_close(pc, h.pair.sim.now), TAUT_OK);
	assert_int_equal(taut_pc_close(pc, h.pair.sim.now), TAUT_OK);
	assert_true(taut_pc_send_message(pc, now, chat, 0, "x", 1) < 0);
	assert_true(taut_pc_create_data_channel(pc, now, &dc, &ch) < 0);
	assert_true(taut_pc_add_transceiver(pc, now, &tr, &t) < 0);
	assert_true(taut_pc_create_offer(pc, now, &sdp) < 0);
	assert_true(taut_pc_restart_ice(pc, now) < 0);
	assert_true(taut_pc_send_frame(pc, now, h.audio[0], &frame) < 0);
	assert_true(taut_pc_add_ice_candidate(pc, now, "x", 1, NULL, 0) < 0);
	assert_int_equal(taut_pc_get_counters(pc, &counters), TAUT_OK);
	taut_pc_tick(pc, now + SECOND);
	while (taut_pc_poll_send(pc, now, &d))
		d.cap = sizeof buf;
	hostile_run(&h, SECOND);
	assert_int_equal(taut_pc_deadline(pc, NULL), INT64_MAX);
	hostile_end(&h);
}

/* 256 KiB when it is idle, without media, and a ceiling of its own. */
static void a_connection_takes_its_share_and_no_more(void **state)
{
	char label[1000] = "";
	const struct taut_data_channel_init dc = { .size = sizeof dc, .label = label };
	struct hostile h;
	taut_pc *pc = NULL;
	taut_channel ch;
	int code = TAUT_OK;

	(void)state;
	memset(label, 'x', sizeof label - 1);
	hostile_begin_data(&h, 619, 0);
	assert_in_range(h.pc->env->memory, 1, 256 * 1024);
	const struct taut_config cfg = { .size = sizeof cfg, .max_memory = 256 * 1024 };
	assert_int_equal(taut_pc_new(&pc, h.pair.peers[0].env, &cfg, h.pair.sim.now), TAUT_OK);
	for (int n = 0; n < 2000 && code == TAUT_OK; n++) {
		code = taut_pc_create_data_channel(pc, h.pair.sim.now, &dc, &ch);
		assert_in_range(pc->base.memory, 1, cfg.max_memory);
	}
	assert_int_equal(code, TAUT_E_NOMEM);
	hostile_assert_ping(&h);
	taut_pc_free(pc);
	hostile_end(&h);
}

static void e16_nothing_is_written_past_a_caller_s_buffer(void **state)
{
	static const size_t caps[] = { 0, 1, 12, 100, 1200, 1500, 2047, 2048, 2049, 4096 };
	struct hostile h;

	(void)state;
	hostile_begin(&h, 616, 0);
	for (size_t i = 0; i < TT_COUNT(caps); i++) {
		uint8_t *buf = malloc(caps[i] ? caps[i] : 1);
		struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = caps[i] };
		(void)!taut_pc_send_message(h.pc, h.pair.sim.now, h.seen[0].channel, 1, h.drops,
					    sizeof h.drops);
		for (int n = 0; n < 4 && taut_pc_poll_send(h.pc, h.pair.sim.now, &d) > 0; n++) {
			assert_in_range(d.len, 1, caps[i]);
			d = (struct taut_datagram){ .size = sizeof d, .buf = buf, .cap = caps[i] };
		}
		free(buf);
		hostile_run(&h, 2 * SECOND);
	}
	for (size_t size = sizeof(size_t); size <= sizeof(struct taut_counters); size++) {
		struct taut_counters *c = malloc(size); /* of an older caller */
		memcpy(c, &size, sizeof size);
		taut_pc_get_counters(h.pc, c);
		free(c);
	}
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void e17_urls_of_servers_are_read_or_refused(void **state)
{
	static const struct {
		const char *url;
		bool good;
	} all[] = {
		{ "stun:stun.example", true },
		{ "stun:stun.example:3478", true },
		{ "stun:192.0.2.1:1", true },
		{ "stun:[2001:db8::1]:3478", true },
		{ "stun:[2001:db8::1]", true },
		{ "", false },
		{ "stun", false },
		{ "stun:", false },
		{ "stun::3478", false },
		{ "stun:host:0", false },
		{ "stun:host:65536", false },
		{ "stun:host:-1", false },
		{ "stun:host:12x", false },
		{ "stun:[2001:db8::1", false },
		{ "stun:[]:1", false },
		{ "http://stun.example", false },
		{ "stun:user@host", false },
		{ "stun:host:3478?transport=udp", false },
		{ "stun:ho st", false },
		{ "stun:host?transport=udp", false },
		{ "stun:host/path", false },
		{ "stun:h\xc3\xb6st", false },
		{ "turn:turn.example", true },
		{ "turn:turn.example:3478?transport=udp", true },
		{ "turn:[2001:db8::1]:65535?transport=udp", true },
		{ "turn:turn.example?transport=tcp", true },
		{ "turns:turn.example", true },
		{ "turns:turn.example?transport=udp", false }, /* DTLS: not built */
		{ "stuns:stun.example", false },
		{ "turn:", false },
		{ "turn:host:0", false },
		{ "turn:host:65536", false },
		{ "turn:user@host", false },
		{ "turn:[2001:db8::1", false },
		{ "turn:[]?transport=udp", false },
		{ "turn:host?transport=", false },
		{ "turn:host?transport=udp&x", false },
		{ "turn:host?", false },
		{ "turn:host#x", false },
	};
	struct hostile h;
	unsigned wrong = 0;
	char *endless = repeated("turn:", "a", 2048);

	(void)state;
	hostile_begin(&h, 617, 0);
	for (size_t i = 0; i <= TT_COUNT(all); i++) {
		const struct taut_ice_server server = { .size = sizeof server,
							.url = i < TT_COUNT(all) ? all[i].url
										 : endless,
							.username = "ada",
							.credential = "lovelace" };
		const struct taut_config cfg = { .size = sizeof cfg, .ice_servers = &server,
						 .ice_server_count = 1 };
		taut_pc *pc = NULL;
		const int code = taut_pc_new(&pc, h.pair.peers[0].env, &cfg, h.pair.sim.now);
		if ((code == TAUT_OK) != (i < TT_COUNT(all) && all[i].good)) {
			print_error("%d: %s\n", code, server.url);
			wrong++;
		}
		taut_pc_free(pc);
	}
	free(endless);
	assert_int_equal(wrong, 0);
	hostile_assert_unchanged(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

struct leaver {
	unsigned at, seen; /* after so many datagrams; of all */
	bool frees;
};

static void leave_after(struct pair *p, const struct sim_packet *k)
{
	struct hostile *h = p->user;
	struct leaver *l = h->user;

	(void)k;
	if (l->seen++ != l->at)
		return;
	if (l->frees) {
		taut_pc_free(h->pc);
		h->pc = p->peers[h->good].pc = NULL;
	} else {
		taut_pc_close(h->pc, p->sim.now);
	}
}

/* A step is a datagram that arrives, at either end, until the call is up and a second longer. */
static void e18_closing_at_every_step_is_safe(void **state)
{
	(void)state;
	for (int how = 0; how < 4; how++) {
		struct leaver l = { .frees = how / 2 };
		for (bool left = true; left; l.at++) {
			struct hostile h;
			l.seen = 0;
			hostile_init(&h, 618, how % 2, false);
			h.user = &l;
			h.pair.delivered = leave_after;
			hostile_run(&h, 2 * SECOND);
			left = l.seen > l.at;
			if (left && h.pc)
				assert_int_equal(taut_pc_connection_state(h.pc), TAUT_STATE_CLOSED);
			hostile_end(&h);
		}
		assert_in_range(l.at, 20, 400);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(e01_descriptions_without_end_are_refused_at_once),
		cmocka_unit_test(e02_every_line_may_lose_its_end),
		cmocka_unit_test(e03_payload_types_out_of_range_index_nothing),
		cmocka_unit_test(e03_more_lines_than_others_had_room_for_are_no_harm),
		cmocka_unit_test(e04_formats_that_refer_to_nothing_are_passed_over),
		cmocka_unit_test(e05_every_beginning_and_odd_bytes_are_survived),
		cmocka_unit_test(e06_twins_and_strays_are_refused_or_do_no_harm),
		cmocka_unit_test(e07_numbers_at_their_edges_are_read_or_refused),
		cmocka_unit_test(e08_candidate_lines_of_every_kind_are_judged),
		cmocka_unit_test(e09_answers_that_do_not_fit_their_offer_are_refused),
		cmocka_unit_test(e10_weak_credentials_are_refused_and_none_is_ever_traced),
		cmocka_unit_test(e10_a_new_offer_with_unusable_credentials_restarts_nothing),
		cmocka_unit_test(e15_calls_in_the_wrong_moment_are_errors),
		cmocka_unit_test(a_connection_takes_its_share_and_no_more),
		cmocka_unit_test(e16_nothing_is_written_past_a_caller_s_buffer),
		cmocka_unit_test(e17_urls_of_servers_are_read_or_refused),
		cmocka_unit_test(e18_closing_at_every_step_is_safe),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/e_api", tests, NULL, NULL);
}
