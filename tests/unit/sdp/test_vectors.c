/* Descriptions of real browsers, of RFCs, and of other projects: read, written, read again. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include <jansson.h>

#include "base/num.h"

#define BROWSERS TAUT_SOURCE_DIR "/tests/vectors/browser-sdp"

static struct tt_env env;

static void must_round_trip(const char *path, const char *text, size_t len, int nth)
{
	struct tt_sdp_error err;

	(void)nth;
	if (sdp_round_trip(&env, text, len, &err) != 0)
		fail_msg("%s:%u:%u: %s, found %s, expected %s", path, (unsigned)err.err.line,
			 (unsigned)err.err.column, err.err.message, err.err.found,
			 err.err.expected);
	assert_int_equal(env.memory, 0);
}

static void may_be_refused(const char *path, const char *text, size_t len, int nth)
{
	struct tt_sdp_error err;

	(void)path;
	(void)nth;
	const int code = sdp_round_trip(&env, text, len, &err);
	assert_true(code == 0 || (code == err.err.code && err.err.line > 0 && err.err.column > 0));
	assert_int_equal(env.memory, 0);
}

static void every_description_of_a_browser_reads_back_the_same(void **state)
{
	(void)state;
	assert_int_equal(sdp_each_file(BROWSERS, ".sdp", must_round_trip), 323);
}

static void the_descriptions_printed_in_rfcs_read_back_the_same(void **state)
{
	json_t *root = json_load_file(TAUT_SOURCE_DIR "/tests/vectors/sdp-rfc.json", 0, NULL);
	json_t *of, *step, *text;
	size_t i, k, n, seen = 0;

	(void)state;
	assert_non_null(root);
	json_array_foreach(json_object_get(root, "offer_answer"), i, of)
		json_array_foreach(json_object_get(of, "steps"), k, step)
			json_array_foreach(json_object_get(step, "sdps"), n, text)
	{
		must_round_trip(json_string_value(json_object_get(of, "name")),
				json_string_value(text), json_string_length(text), 0);
		seen++;
	}
	json_array_foreach(json_object_get(root, "vectors"), i, of)
	{
		text = json_object_get(of, "sdp");
		must_round_trip(json_string_value(json_object_get(of, "name")),
				json_string_value(text), json_string_length(text), 0);
		seen++;
	}
	assert_true(seen > 20);
	json_decref(root);
}

static void hear(void *ctx, const struct tt_sdp_told *t)
{
	const char *path = ctx;

	if (!t->known || t->error)
		fail_msg("%s:%u: %.*s: %s", path, (unsigned)t->line, (int)t->len, t->text,
			 t->value);
}

static void must_be_known(const char *path, const char *text, size_t len, int nth)
{
	struct tt_sdp_error err;
	char name[4096];

	(void)nth;
	(void)snprintf(name, sizeof name, "%s", path);
	assert_int_equal(tt_sdp_explain(&env, text, len, &err, hear, name), 0);
	assert_int_equal(env.memory, 0);
}

static void no_line_of_a_browser_is_unknown(void **state)
{
	(void)state;
	assert_int_equal(sdp_each_file(BROWSERS, ".sdp", must_be_known), 323);
}

/* Where others' descriptions are, if they are. */
static const char *corpus(const char *below, char *path, size_t cap)
{
	const char *root = getenv("TAUT_CORPUS");

	(void)snprintf(path, cap, "%s/%s", root ? root : TAUT_SOURCE_DIR "/../shared/corpus",
		       below);
	return path;
}

/* Which of them the peer connection must understand its own tests say; here nothing may break. */
static void descriptions_of_the_corpus_read_back_the_same_or_say_where_not(void **state)
{
	char path[4096];

	(void)state;
	if (sdp_each_file(corpus("sdp", path, sizeof path), "", may_be_refused) < 0)
		printf("not there: %s\n", path);
	if (sdp_each_file(corpus("../vectors/jsep", path, sizeof path), ".sdp", must_round_trip) <
	    0)
		printf("not there: %s\n", path);
}

/* Whole descriptions of the corpus that are refused all the same, and why. Some are there to be
 * refused; others are of parsers alone, and no peer could use them. */
static struct {
	const char *message;
	unsigned expected, seen;
} refusals[] = {
	{ "not a credential of ICE", 1, 0 },
	{ "something is missing", 15, 0 },
	{ "not a number of the range", 11, 0 },
	{ "no section has this mid", 5, 0 },
	{ "a second codec for this payload type", 2, 0 },
	{ "contradicts an earlier line", 1, 0 },
	{ "the mid is too long", 9, 0 },
	{ "more than belongs here", 1, 0 },
	{ "not one of the words known here", 1, 0 },
	{ "no clock rate", 1, 0 },
	{ "a second a=simulcast", 1, 0 },
};

static void ignore(void *ctx, const struct tt_sdp_told *t)
{
	*(unsigned *)ctx += t->line > 0;
}

static void whole(const char *file)
{
	struct tt_sdp_error err, explained;
	char below[512], path[4096];
	unsigned lines = 0;
	size_t len;

	(void)snprintf(below, sizeof below, "sdp/%s", file);
	char *text = sdp_load(corpus(below, path, sizeof path), &len);
	assert_non_null(text);
	const int code = sdp_round_trip(&env, text, len, &err);
	assert_int_equal(tt_sdp_explain(&env, text, len, &explained, ignore, &lines), code);
	assert_true(lines >= 4);
	free(text);
	if (code == 0)
		return;
	for (size_t i = 0; i < TT_COUNT(refusals); i++)
		if (strcmp(refusals[i].message, err.err.message) == 0) {
			refusals[i].seen++;
			return;
		}
	fail_msg("%s:%u: %s", path, (unsigned)err.err.line, err.err.message);
}

static bool is(const json_t *entry, const char *key)
{
	return json_is_true(json_object_get(entry, key));
}

static void whole_descriptions_of_the_corpus_are_read_or_refused_for_a_known_reason(void **state)
{
	char path[4096];
	json_t *index = json_load_file(corpus("sdp-index.json", path, sizeof path), 0, NULL),
	       *entry;
	size_t i;
	unsigned count = 0;

	(void)state;
	if (!index) {
		printf("not there: %s\n", path);
		skip();
	}
	json_array_foreach(index, i, entry) if (is(entry, "all_lines_type_eq") &&
						is(entry, "starts_v_o_s") && is(entry, "has_t"))
	{
		whole(json_string_value(json_object_get(entry, "file")));
		count++;
	}
	json_decref(index);
	assert_int_equal(count, 297);
	for (i = 0; i < TT_COUNT(refusals); i++)
		if (refusals[i].seen != refusals[i].expected)
			fail_msg("%s: %u", refusals[i].message, refusals[i].seen);
}

static void cut_off(const char *path, const char *text, size_t len, int nth)
{
	(void)path;
	if (nth % 80 != 7)
		return;
	for (size_t n = 0; n <= len; n++)
		may_be_refused(path, text, n, nth);
}

static void cut_off_every_one(const char *path, const char *text, size_t len, int nth)
{
	for (size_t n = 0; n <= len; n++)
		may_be_refused(path, text, n, nth);
}

static void every_beginning_of_a_description_is_read_or_refused(void **state)
{
	char path[4096];

	(void)state;
	(void)sdp_each_file(BROWSERS, ".sdp", cut_off);
	if (sdp_each_file(corpus("../vectors/jsep", path, sizeof path), ".sdp", cut_off_every_one) <
	    0)
		printf("not there: %s\n", path);
}

static void replaced(const char *path, const char *text, size_t len, int nth)
{
	static const char others[] = { '\0', ' ', '\n', '\xff', '9' };
	char *copy;

	if (nth != 40 && nth != 200)
		return;
	copy = malloc(len);
	assert_non_null(copy);
	memcpy(copy, text, len);
	for (size_t i = 0; i < len; i++)
		for (size_t k = 0; k < sizeof others; k++) {
			copy[i] = others[k];
			may_be_refused(path, copy, len, nth);
			copy[i] = text[i];
		}
	free(copy);
}

static void every_byte_can_be_another(void **state)
{
	(void)state;
	(void)sdp_each_file(BROWSERS, ".sdp", replaced);
}

static void what_a_browser_offers_is_understood(void **state)
{
	struct tt_sdp *sdp;
	size_t len, count;
	char *text = sdp_load(BROWSERS "/chrome156_simulcast3_rids_offer.sdp", &len);

	(void)state;
	assert_non_null(text);
	assert_int_equal(tt_sdp_read(&sdp, &env, text, len, NULL), 0);
	free(text);
	assert_int_equal(sdp->sess_id, 6295330711340702254);
	assert_true(tt_sdp_allow_mixed(sdp, NULL));
	assert_non_null(tt_sdp_group_of(sdp, "BUNDLE", "0"));
	assert_null(tt_sdp_group_of(sdp, "BUNDLE", "1"));
	const struct tt_sdp_media *m = tt_sdp_media_by_mid(sdp, "0", NULL);
	assert_non_null(m);
	assert_int_equal(m->kind, TT_SDP_VIDEO);
	assert_int_equal(tt_sdp_direction(sdp, m), TAUT_SENDONLY);
	assert_int_equal(tt_sdp_setup(sdp, m), TT_SDP_ACTPASS);
	assert_string_equal(tt_sdp_ufrag(sdp, m), "5KxY");
	assert_true(tt_sdp_has_token(tt_sdp_ice_options(sdp, m), "trickle"));
	assert_int_equal(m->codec_count, 23);
	assert_true(tt_sdp_codec_is(&m->codecs[0], "vp8"));
	assert_true(tt_sdp_codec_has_fb(m, &m->codecs[0], "nack pli"));
	assert_int_equal(m->candidate_count, 4);
	assert_int_equal(m->candidates[0].port, 38582);
	assert_int_equal(tt_sdp_extmap_by_uri(sdp, m, "urn:ietf:params:rtp-hdrext:sdes:mid")->id,
			 9);
	assert_string_equal(tt_sdp_fingerprints(sdp, m, &count)->hash, "sha-256");
	assert_int_equal(count, 1);
	assert_int_equal(m->simulcast_count, 3);
	assert_int_equal(m->simulcast[2].stream, 2);
	assert_int_equal(m->rid_count, 3);
	assert_int_equal(sdp->warning_count, 0);
	tt_sdp_free(sdp);
}

static void what_only_the_session_says_holds_for_its_sections(void **state)
{
	struct tt_sdp *sdp;
	size_t len, count;
	char *text = sdp_load(BROWSERS "/firefox153-to-chrome156_av_data_offer.sdp", &len);

	(void)state;
	assert_non_null(text);
	assert_int_equal(tt_sdp_read(&sdp, &env, text, len, NULL), 0);
	free(text);
	for (size_t i = 0; i < sdp->media_count; i++) {
		assert_int_equal(sdp->media[i]->common.fingerprint_count, 0);
		assert_non_null(tt_sdp_fingerprints(sdp, sdp->media[i], &count));
		assert_int_equal(count, 1);
		assert_true(tt_sdp_has_token(tt_sdp_ice_options(sdp, sdp->media[i]), "trickle"));
	}
	const struct tt_sdp_media *data = sdp->media[sdp->media_count - 1];
	assert_true(tt_sdp_is_sctp(data));
	assert_int_equal(tt_sdp_sctp_port(data), 5000);
	assert_int_equal(tt_sdp_max_message_size(data), 1073741823);
	tt_sdp_free(sdp);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_description_of_a_browser_reads_back_the_same),
		cmocka_unit_test(the_descriptions_printed_in_rfcs_read_back_the_same),
		cmocka_unit_test(no_line_of_a_browser_is_unknown),
		cmocka_unit_test(
			whole_descriptions_of_the_corpus_are_read_or_refused_for_a_known_reason),
		cmocka_unit_test(descriptions_of_the_corpus_read_back_the_same_or_say_where_not),
		cmocka_unit_test(every_beginning_of_a_description_is_read_or_refused),
		cmocka_unit_test(every_byte_can_be_another),
		cmocka_unit_test(what_a_browser_offers_is_understood),
		cmocka_unit_test(what_only_the_session_says_holds_for_its_sections),
	};

	tt_env_init(&env, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
