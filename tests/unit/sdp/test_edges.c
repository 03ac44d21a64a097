/* Checks that another one stood in for: each alone, and at its limit. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"
#include "sdp/sdp_arena.h"
#include "sdp/sdp_candidate.h"

#define AUDIO MINIMAL "m=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\n"
#define REST  "o=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"

static struct tt_env env;

static struct tt_sdp *taken(const char *text)
{
	struct tt_sdp *sdp;
	struct tt_sdp_error err;

	if (tt_sdp_read(&sdp, &env, text, strlen(text), &err) != 0)
		fail_msg("%u:%u %s in %s", (unsigned)err.err.line, (unsigned)err.err.column,
			 err.err.message, text);
	assert_false(sdp->failed);
	return sdp;
}

/* What is said of a text that is refused. */
static const char *message(const char *text, size_t len)
{
	static struct tt_sdp_error err;
	struct tt_sdp *sdp;

	assert_int_not_equal(tt_sdp_read(&sdp, &env, text, len, &err), 0);
	assert_null(sdp);
	return err.err.message;
}

static void add(char *text, size_t cap, const char *more)
{
	const size_t n = strlen(text);

	assert_true(n + strlen(more) < cap);
	memcpy(text + n, more, strlen(more) + 1);
}

static void more_than_belongs_on_a_line_is_refused(void **state)
{
	static const char *const texts[] = {
		"v=0 x\r\n" REST,
		"v=0\r\no=- 1 2 IN IP4 0.0.0.0 x\r\ns=-\r\nt=0 0\r\n",
		MINIMAL "c=IN IP4 0.0.0.0 x\r\n",
		AUDIO "a=rtcp:9 IN IP4 0.0.0.0 x\r\n",
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(texts); i++)
		assert_string_equal(message(texts[i], strlen(texts[i])), "more than belongs here");
}

static void a_digit_is_none_below_0_either(void **state)
{
	struct tt_sdp_lex x = { .at = "/" };
	uint64_t n;

	(void)state;
	x.line = x.at;
	x.end = x.at + 1;
	assert_false(tt_sdp_number(&x, 0, UINT64_MAX, &n, "", "a number"));
	/* at the end of a line as before it, nothing follows a refusal */
	x = (struct tt_sdp_lex){ .at = "", .code = TAUT_E_SYNTAX };
	x.line = x.end = x.at;
	assert_false(tt_sdp_done(&x));
}

static void a_first_line_of_two_bytes_lacks_its_version_only(void **state)
{
	(void)state;
	assert_string_equal(message("v=\r\n", 4), "something is missing");
	assert_string_equal(message("v", 1), "not a session description");
}

static void blank_lines_say_nothing_from_the_second_on(void **state)
{
	struct tt_sdp *sdp = taken("v=0\r\n\r\n" REST);

	(void)state;
	tt_sdp_free(sdp);
}

static void a_name_of_the_session_may_be_short_or_missing(void **state)
{
	struct tt_sdp *sdp = taken("v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=\r\nt=0 0\r\n");

	(void)state;
	assert_string_equal(sdp->session_name, "-");
	tt_sdp_free(sdp);
	sdp = taken("v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=x\r\nt=0 0\r\n");
	assert_string_equal(sdp->session_name, "x");
	tt_sdp_free(sdp);
}

static void a_time_is_added_only_where_there_is_none(void **state)
{
	struct tt_sdp *sdp = taken("v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\nt=1 2\r\nr=1 2 3\r\n");

	(void)state;
	assert_int_equal(sdp->common.line_count, 2);
	tt_sdp_free(sdp);
}

static void a_description_has_at_most_256_kib(void **state)
{
	const size_t most = 262144;
	char *text = malloc(most + 1);

	(void)state;
	memset(text, 'x', most + 1);
	assert_string_not_equal(message(text, most), "the description is too long");
	assert_string_equal(message(text, most + 1), "the description is too long");
	free(text);
}

static void a_section_has_at_most_64_formats(void **state)
{
	char text[1024] = MINIMAL "m=application 9 UDP/DTLS/SCTP";
	struct tt_sdp *sdp;

	(void)state;
	for (int i = 0; i < 64; i++)
		add(text, sizeof text, " f");
	sdp = taken(text);
	assert_int_equal(sdp->media[0]->format_count, 64);
	tt_sdp_free(sdp);
	add(text, sizeof text, " f");
	assert_string_equal(message(text, strlen(text)), "too many");
}

/* Of its blocks; and uses up the last of them. */
static size_t bytes_used(struct tt_sdp *sdp)
{
	const size_t room = sdp->room;
	size_t left = 0;

	for (tt_sdp_arena(sdp, 16); sdp->room == room; tt_sdp_arena(sdp, 16)) {
		assert_false(sdp->failed);
		left += 16;
	}
	return room - left;
}

/* What is said again as before costs no memory. */
static void what_is_said_again_is_not_held_again(void **state)
{
	static char text[20000] = AUDIO;
	size_t used = 0;

	(void)state;
	for (int i = 0; i < 400; i++) {
		add(text, sizeof text, "a=tls-id:0123456789abcdef\r\n");
		if (i < 40) /* until one block is enough, which grows with the text */
			continue;
		struct tt_sdp *sdp = taken(text);
		const size_t now = bytes_used(sdp);
		assert_true(used == 0 || now == used);
		used = now;
		tt_sdp_free(sdp);
	}
}

static void fingerprints_have_digits_of_both_cases(void **state)
{
	static const uint8_t want[] = { 0x01, 0x9a, 0xaf, 0xf0, 0xaf };
	struct tt_sdp *sdp = taken(AUDIO "a=fingerprint:AZ-z 01:9a:af:F0:AF\r\n");
	const struct tt_sdp_fingerprint *f = sdp->media[0]->common.fingerprints;

	(void)state;
	assert_string_equal(f->hash, "az-z");
	assert_int_equal(f->len, sizeof want);
	assert_memory_equal(f->value, want, sizeof want);
	tt_sdp_free(sdp);
}

static void blanks_end_the_name_of_an_attribute_without_a_colon(void **state)
{
	struct tt_sdp *sdp = taken(AUDIO "a=mid :0\r\na=x-flag \t\r\n");
	const struct tt_sdp_common *c = &sdp->media[0]->common;

	(void)state;
	assert_null(sdp->media[0]->mid);
	assert_int_equal(c->attr_count, 2);
	assert_string_equal(c->attrs[0].name, "mid ");
	assert_string_equal(c->attrs[1].name, "x-flag");
	assert_null(c->attrs[1].value);
	tt_sdp_free(sdp);
	assert_string_equal(message(AUDIO "a= \r\n", strlen(AUDIO) + 5), "an attribute without a name");
}

/* Parameters on several lines are joined by a semicolon, up to the length of a line less 64. */
static void joined_parameters_fit_one_line(void **state)
{
	static char text[10000];

	(void)state;
	for (int n = 4128; n <= 4129; n++) {
		const int len = snprintf(text, sizeof text, AUDIO "a=fmtp:111 %04000d\r\na=fmtp:111 %0*d\r\n",
					 0, n, 0);
		if (n == 4129) {
			assert_string_equal(message(text, (size_t)len), "too many");
			continue;
		}
		struct tt_sdp *sdp = taken(text);
		assert_int_equal(strlen(sdp->media[0]->codecs[0].fmtp), 8129);
		tt_sdp_free(sdp);
	}
}

static void a_star_of_feedback_is_one_in_sections_of_rtp_only(void **state)
{
	struct tt_sdp *sdp = taken(MINIMAL "m=application 9 UDP/DTLS/SCTP x\r\na=rtcp-fb:* nack\r\n");

	(void)state;
	assert_int_equal(sdp->media[0]->rtcp_fb_all_count, 0);
	assert_int_equal(sdp->media[0]->common.attr_count, 1);
	assert_string_equal(sdp->media[0]->common.attrs[0].value, "* nack");
	tt_sdp_free(sdp);
}

static void what_is_missing_at_the_end_of_a_line_is_not_there(void **state)
{
	struct tt_sdp *sdp = taken(AUDIO "a=extmap:1 urn:a\r\na=extmap:2 urn:b x\r\na=rid:1 send\r\n"
					 "a=rid:2 send x\r\na=msid:s t\r\na=msid:r t\r\n");
	const struct tt_sdp_media *m = sdp->media[0];

	(void)state;
	assert_null(m->common.extmaps[0].params);
	assert_string_equal(m->common.extmaps[1].params, "x");
	assert_null(m->rids[0].params);
	assert_string_equal(m->rids[1].params, "x");
	assert_int_equal(m->msid_count, 2); /* the same track, of another stream */
	tt_sdp_free(sdp);
}

static void a_built_codec_has_parameters_or_none(void **state)
{
	struct tt_sdp *sdp = sdp_made(&env);
	struct tt_sdp_media *m = tt_sdp_add_media(sdp, TT_SDP_AUDIO, 9, TT_SDP_RTP_AVP);

	(void)state;
	assert_null(tt_sdp_add_codec(sdp, m, 96, "opus", 48000, 2, "")->fmtp);
	assert_null(tt_sdp_add_codec(sdp, m, 97, "opus", 48000, 2, NULL)->fmtp);
	assert_string_equal(tt_sdp_add_codec(sdp, m, 98, "opus", 48000, 2, "a")->fmtp, "a");
	assert_null(tt_sdp_codec_by_pt(m, 99));
	assert_null(tt_sdp_ssrc_value(m, 1, "cname"));
	tt_sdp_add_ssrc(sdp, m, 1, "cname", "c");
	assert_null(tt_sdp_ssrc_value(m, 1, "label"));
	tt_sdp_free(sdp);
}

/* ---- the arena ---- */

static void an_array_grows_at_powers_of_two_from_four(void **state)
{
	struct tt_sdp *sdp = sdp_made(&env);
	uint64_t *array = tt_sdp_grow(sdp, NULL, 0, sizeof *array);

	(void)state;
	for (size_t n = 1; n < 20; n++) {
		uint64_t *next = tt_sdp_grow(sdp, array, n, sizeof *array);

		assert_int_equal(next != array, n == 4 || n == 8 || n == 16);
		array = next;
		array[n] = n;
	}
	for (size_t n = 1; n < 20; n++)
		assert_true(array[n] == n);
	tt_sdp_free(sdp);
}

/* One of 8 KiB and more, behind the first. */
static void a_block_is_filled_to_its_last_byte(void **state)
{
	struct tt_sdp *sdp = sdp_made(&env);
	size_t before = env.memory, room = 0, most = 0;

	(void)state;
	while (most < 8192) { /* until a block of that size is new */
		before = env.memory;
		assert_non_null(tt_sdp_arena(sdp, 16));
		most = env.memory - before;
	}
	before = env.memory;
	for (room = 16; env.memory == before; room += 16)
		assert_non_null(tt_sdp_arena(sdp, 16));
	/* what the block is more than its pieces is its header; the last piece has another block */
	assert_true(most - (room - 16) < 48);
	assert_string_equal(tt_sdp_copy_n(sdp, NULL, 0), "");
	tt_sdp_free(sdp);
}

/* What the first octet of an arena for such a text takes, and the first that no longer fits. */
static void takes(size_t text, size_t first, size_t second)
{
	struct tt_sdp *sdp = tt_sdp_new_to_read(&env, text);

	assert_non_null(sdp);
	size_t before = env.memory;
	assert_non_null(tt_sdp_arena(sdp, 1));
	assert_in_range(env.memory - before, first, first + 64);
	for (before = env.memory; env.memory == before;)
		assert_non_null(tt_sdp_arena(sdp, 1));
	assert_in_range(env.memory - before, second, second + 64);
	tt_sdp_free(sdp);
}

static void a_text_has_memory_by_its_length_within_bounds(void **state)
{
	(void)state;
	takes(0, 512, 512);
	takes(400, 512 + 900, (512 + 900) / 2);
	takes(1 << 20, 512 + 65536, (512 + 65536) / 2);
}

/* ---- candidates ---- */

static const char *refusal(const char *line, size_t len)
{
	static struct tt_sdp_error err;
	struct tt_sdp_candidate c;

	return tt_sdp_candidate_read(&c, line, len, &err) != 0 ? err.err.message : NULL;
}

#define HOST "candidate:1 1 tcp 1 192.0.2.1 9 typ host"

static void a_line_end_alone_is_no_candidate(void **state)
{
	(void)state;
	assert_string_equal(refusal("\n", 1), "not a candidate");
	assert_string_equal(refusal("\r", 1), "not a candidate");
	assert_string_equal(refusal("\r\n", 2), "not a candidate");
}

static void a_candidate_has_at_most_8192_bytes(void **state)
{
	static char line[8194] = HOST " x ";

	(void)state;
	memset(line + strlen(line), 'y', sizeof line - strlen(line));
	assert_null(refusal(line, 8192));
	assert_string_equal(refusal(line, 8193), "the line is too long");
}

static void a_kind_of_tcp_that_nobody_knows_changes_none(void **state)
{
	static const char line[] = HOST " tcptype passive tcptype x";
	struct tt_sdp_candidate c;

	(void)state;
	assert_int_equal(tt_sdp_candidate_read(&c, line, strlen(line), NULL), 0);
	assert_int_equal(c.tcptype, TT_SDP_TCP_PASSIVE);
	assert_string_equal(c.extensions, "tcptype x");
}

static void extensions_fill_their_room_to_the_last_byte(void **state)
{
	static char line[2000];
	struct tt_sdp_candidate c;
	const int room = sizeof c.extensions - 1;

	(void)state;
	for (int more = 0; more < 2; more++) {
		(void)snprintf(line, sizeof line, HOST " x %0*d", room - 2 + more, 0);
		assert_int_equal(tt_sdp_candidate_read(&c, line, strlen(line), NULL), 0);
		assert_int_equal(strlen(c.extensions), more ? 0 : room);
		(void)snprintf(line, sizeof line, HOST " a b x %0*d", room - 6 + more, 0);
		assert_int_equal(tt_sdp_candidate_read(&c, line, strlen(line), NULL), 0);
		assert_int_equal(strlen(c.extensions), more ? 3 : room);
	}
}

static void a_candidate_is_not_written_where_it_does_not_fit(void **state)
{
	static const char line[] = HOST " raddr 192.0.2.2 rport 9 tcptype so generation 1 ufrag u x y";
	struct tt_sdp_candidate c;

	(void)state;
	assert_int_equal(tt_sdp_candidate_read(&c, line, strlen(line), NULL), 0);
	for (size_t cap = 1; cap < sizeof line + 2; cap++) {
		char *exact = malloc(cap);

		assert_int_equal(tt_sdp_candidate_write(&c, exact, cap),
				 cap > strlen(line) ? strlen(line) : 0);
		free(exact);
	}
	c.tcptype = TT_SDP_TCP_SO + 1;
	char text[TT_SDP_CANDIDATE_TEXT];
	assert_true(tt_sdp_candidate_write(&c, text, sizeof text) > 0);
	assert_null(strstr(text, "tcptype"));
}

/* ---- explained, compared, written ---- */

struct page {
	char text[20000];
	size_t len;
};

static void hear(void *ctx, const char *text, size_t len)
{
	struct page *p = ctx;

	assert_true(p->len + len < sizeof p->text);
	memcpy(p->text + p->len, text, len);
	p->text[p->len += len] = '\0';
}

static const char *explained(const struct tt_sdp *sdp)
{
	static struct page p;

	p.len = 0;
	tt_sdp_summary(sdp, hear, &p);
	return p.text;
}

static void nothing_is_explained_that_is_not_there(void **state)
{
	struct tt_sdp *sdp = taken(MINIMAL "m=audio 9 RTP/AVP 0\r\n"
				   "m=application 9 UDP/DTLS/SCTP x\r\n");

	(void)state;
	assert_string_equal(explained(sdp),
			    "session 1 version 2 by - at 0.0.0.0, 2 sections\n"
			    "section 1: audio, mid none, sendrecv over RTP/AVP\n"
			    "      0 PCMU 8000/1\n"
			    "    RTCP on a port of its own\n"
			    "section 2: application, mid none, sendrecv over UDP/DTLS/SCTP\n"
			    "    data channels: SCTP port 5000, messages of at most 65536 bytes\n");
	tt_sdp_free(sdp);
}

static void an_explanation_of_what_is_too_long_is_cut(void **state)
{
	static char value[9001];
	struct tt_sdp *sdp = taken(MINIMAL);

	(void)state;
	memset(value, 'v', sizeof value - 1);
	tt_sdp_add_attr(sdp, &sdp->common, "x", value);
	const char *at = strstr(explained(sdp), "kept as it is: a=x:");
	assert_non_null(at);
	assert_int_equal(strlen(at), 8192 + 256 - 1);
	tt_sdp_free(sdp);
}

static const char *difference(const char *one, const char *other)
{
	struct tt_sdp *a = taken(one), *b = taken(other);
	const char *what, *again;

	(void)tt_sdp_equal(a, b, &what);
	(void)tt_sdp_equal(b, a, &again);
	assert_ptr_equal(what, again);
	tt_sdp_free(a);
	tt_sdp_free(b);
	return what;
}

static void descriptions_differ_in_one_thing(void **state)
{
	(void)state;
	assert_string_equal(difference(MINIMAL "r=1 2 3\r\n", MINIMAL "z=1 2 3\r\n"), "lines");
	assert_string_equal(difference(MINIMAL "m=audio 9 RTP/AVP 96\r\n",
				       MINIMAL "m=audio 9 RTP/AVP 97\r\n"),
			    "codecs");
	assert_string_equal(difference(MINIMAL "a=ice-lite\r\n", MINIMAL "m=audio 9 RTP/AVP 0\r\n"),
			    "ice-lite");
	/* the first section that differs counts, whatever comes after it */
	assert_string_equal(difference(MINIMAL "m=audio 9 RTP/AVP 0\r\nm=audio 9 RTP/AVP 0\r\n",
				       MINIMAL "m=audio 8 RTP/AVP 0\r\nm=audio 9 RTP/AVP 0\r\n"),
			    "port");
}

static void the_first_mistake_of_a_writer_counts(void **state)
{
	static char value[4001];
	struct tt_sdp *sdp = taken(MINIMAL);
	char *text;
	size_t len;

	(void)state;
	memset(value, 'v', sizeof value - 1);
	tt_sdp_add_attr(sdp, &sdp->common, "long", value);
	tt_sdp_add_attr(sdp, &sdp->common, "x", "two\nlines");
	assert_false(sdp->failed);
	/* no memory; then a text that would be two lines, then one that is not there */
	env.max_memory = env.memory + 2048 + 64;
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_NOMEM);
	sdp->common.attrs[1].value = NULL;
	sdp->common.attrs[1].name = NULL;
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_NOMEM);
	env.max_memory = 0;
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	tt_sdp_free(sdp);
	/* a name that is not there, and then more lines than there is memory for */
	sdp = taken(MINIMAL);
	sdp->session_name = NULL;
	for (int i = 0; i < 2000; i++)
		tt_sdp_add_attr(sdp, &sdp->common, "x", NULL);
	env.max_memory = env.memory + 2048 + 64;
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	env.max_memory = 0;
	tt_sdp_free(sdp);
	assert_int_equal(env.memory, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_than_belongs_on_a_line_is_refused),
		cmocka_unit_test(a_digit_is_none_below_0_either),
		cmocka_unit_test(a_first_line_of_two_bytes_lacks_its_version_only),
		cmocka_unit_test(blank_lines_say_nothing_from_the_second_on),
		cmocka_unit_test(a_name_of_the_session_may_be_short_or_missing),
		cmocka_unit_test(a_time_is_added_only_where_there_is_none),
		cmocka_unit_test(a_description_has_at_most_256_kib),
		cmocka_unit_test(a_section_has_at_most_64_formats),
		cmocka_unit_test(what_is_said_again_is_not_held_again),
		cmocka_unit_test(fingerprints_have_digits_of_both_cases),
		cmocka_unit_test(blanks_end_the_name_of_an_attribute_without_a_colon),
		cmocka_unit_test(joined_parameters_fit_one_line),
		cmocka_unit_test(a_star_of_feedback_is_one_in_sections_of_rtp_only),
		cmocka_unit_test(what_is_missing_at_the_end_of_a_line_is_not_there),
		cmocka_unit_test(a_built_codec_has_parameters_or_none),
		cmocka_unit_test(an_array_grows_at_powers_of_two_from_four),
		cmocka_unit_test(a_block_is_filled_to_its_last_byte),
		cmocka_unit_test(a_text_has_memory_by_its_length_within_bounds),
		cmocka_unit_test(a_line_end_alone_is_no_candidate),
		cmocka_unit_test(a_candidate_has_at_most_8192_bytes),
		cmocka_unit_test(a_kind_of_tcp_that_nobody_knows_changes_none),
		cmocka_unit_test(extensions_fill_their_room_to_the_last_byte),
		cmocka_unit_test(a_candidate_is_not_written_where_it_does_not_fit),
		cmocka_unit_test(nothing_is_explained_that_is_not_there),
		cmocka_unit_test(an_explanation_of_what_is_too_long_is_cut),
		cmocka_unit_test(descriptions_differ_in_one_thing),
		cmocka_unit_test(the_first_mistake_of_a_writer_counts),
	};

	tt_env_init(&env, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
