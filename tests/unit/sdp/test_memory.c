/* Memory that runs out at each single place: in the reader, and in the builder. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"
#include "sdp/sdp_arena.h"

/* What a builder takes comes from its fourth block, of 4,608 octets, and then there is so much of it and no
 * memory any more. */
static void leave(struct tt_env *env, struct tt_sdp *sdp, size_t rest)
{
	for (int block = 2; block <= 4; block++) {
		const size_t before = env->memory;
		while (env->memory == before)
			assert_non_null(tt_sdp_arena(sdp, 1));
	}
	assert_non_null(tt_sdp_arena(sdp, 4608 - 16 - rest));
	env->max_memory = env->memory;
}

/* An environment with room for the first block of a text of that length. */
static void poor_reader_env(struct tt_env *env, size_t text)
{
	tt_env_init(env, NULL);
	struct tt_sdp *sdp = tt_sdp_new_to_read(env, text);
	assert_non_null(sdp);
	assert_non_null(tt_sdp_arena(sdp, 1));
	env->max_memory = env->memory + 256; /* the next one would have 512 */
	tt_sdp_free(sdp);
	assert_int_equal(env->memory, 0);
}

static const char *const lines[] = {
	"b=AS:1\r\n",
	"c=IN IP4 0.0.0.1\r\nc=IN IP4 0.0.0.2\r\n",
	"e=mail\r\n",
	"k=a key\r\n", /* a warning */
	"a=group:LS a b c d e f\r\n",
	"a=extmap:1 urn:a with=parameters\r\n",
	"a=fingerprint:md5 00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F\r\n",
	"a=kept\r\na=kept:as it is\r\n",
	"a=ice-ufrag:abcd\r\na=ice-options:trickle\r\n",
	"m=audio 9 RTP/AVP 0\r\n",
	"m=audio 9 RTP/AVP 0\r\na=fmtp:0 a=1\r\na=fmtp:0 b=2\r\n",
	"m=audio 9 RTP/AVP 96\r\na=rtpmap:96 opus/48000\r\na=rtcp-fb:96 nack\r\n",
	"m=audio 9 RTP/AVP 0\r\na=rtcp-fb:* nack\r\n",
	"m=audio 9 RTP/AVP 0\r\na=candidate:1 1 udp 1 192.0.2.6 11 typ host\r\n",
	"m=audio 9 RTP/AVP 0\r\na=msid:s t\r\na=msid:s t\r\n",
	"m=audio 9 RTP/AVP 0\r\na=ssrc:1 cname:c\r\n",
	"m=audio 9 RTP/AVP 0\r\na=ssrc-group:FID 1 2\r\n",
	"m=audio 9 RTP/AVP 0\r\na=rid:1 send max-width=1\r\n",
	"m=audio 9 RTP/AVP 0\r\na=simulcast:send 1,~2;3\r\n",
	"m=audio 9 RTP/AVP 0\r\na=mid:a\r\na=rtcp:9 IN IP4 0.0.0.0\r\n",
	"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n",
	"m=application 9 DTLS/SCTP 5000\r\na=sctpmap:5000 webrtc-datachannel 1024\r\n",
};

/* Without t=, so that the default for it is the last that needs memory. */
#define HEAD "v=0\r\no=- 1 2 IN IP4 0.0.0.0\r\ns=-\r\n"
/* Attributes take more memory than their part of the first block, a long text less: the longer that is,
 * the further the reader comes. */
#define HEAVY "a=x\r\na=x\r\na=x\r\na=x\r\na=x\r\na=x\r\na=x\r\na=x\r\na=x\r\na=x\r\n"

static void a_line_that_does_not_fit_into_memory_refuses_the_description(void **state)
{
	struct tt_env env;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(lines); i++) {
		unsigned refused = 0, taken = 0;
		for (int filler = 1; filler < 8180; filler += 8) {
			static char text[10000];
			struct tt_sdp_error err;
			struct tt_sdp *sdp;
			const int n = snprintf(text, sizeof text, HEAD "i=%*s\r\n" HEAVY HEAVY "%s",
					       filler, "x", lines[i]);
			assert_true(n > 0 && (size_t)n < sizeof text);
			poor_reader_env(&env, (size_t)n);
			const int code = tt_sdp_read(&sdp, &env, text, (size_t)n, &err);
			if (code != 0 && code != TAUT_E_NOMEM)
				fail_msg("%s: %s", lines[i], err.err.message);
			assert_int_equal(sdp == NULL, code != 0);
			assert_true(code == 0 ? !sdp->failed : err.err.code == code);
			taken += code == 0;
			refused += code != 0;
			tt_sdp_free(sdp);
			assert_int_equal(env.memory, 0);
		}
		assert_true(taken > 0 && refused > 0);
	}
}

static const uint32_t ids[] = { 1, 2, 3, 4, 5 };

static void add_group(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	struct tt_sdp_group *g = tt_sdp_add_group(sdp, "LS");

	(void)m;
	for (int i = 0; i < 5; i++)
		tt_sdp_group_add(sdp, g, "a");
}

static void add_codec(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_rtcp_fb(sdp, tt_sdp_add_codec(sdp, m, 96, "opus", 48000, 2, "a=1"), "nack");
	(void)tt_sdp_add_codec(sdp, m, 97, "opus", 48000, 2, "");
	(void)tt_sdp_add_codec(sdp, m, 98, "opus", 48000, 2, NULL);
}

static void add_candidate(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	const struct tt_sdp_candidate c = { .component = 1 };

	tt_sdp_add_candidate(sdp, m, &c);
}

static void add_extmap(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	(void)tt_sdp_add_extmap(sdp, &m->common, 1, 0, "urn:a");
}

static void add_msid(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_msid(sdp, m, "s", NULL);
}

static void add_ssrc(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_ssrc(sdp, m, 1, "cname", "c");
}

static void add_ssrc_group(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_ssrc_group(sdp, m, "FID", ids, TT_COUNT(ids));
}

static void add_rid(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_rid(sdp, m, "1", false, NULL);
}

static void add_simulcast(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_simulcast(sdp, m, "1", false, true, 0);
}

static void add_fingerprint(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	const uint8_t value[70] = { 0 };

	tt_sdp_add_fingerprint(sdp, &m->common, "a-name-of-sixteen", value, sizeof value);
}

static void add_attr(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_attr(sdp, &m->common, "x", NULL);
}

static void add_bandwidth(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_bandwidth(sdp, &m->common, "AS", 1);
}

static void add_format(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	tt_sdp_add_format(sdp, m, "0");
}

static void add_media(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	(void)m;
	assert_non_null(tt_sdp_add_media(sdp, TT_SDP_VIDEO, 9, TT_SDP_RTP_AVP));
}

static void add_text(struct tt_sdp *sdp, struct tt_sdp_media *m)
{
	(void)m;
	assert_non_null(tt_sdp_text(sdp, "%d", 1));
}

static void a_builder_goes_on_without_memory_wherever_it_ends(void **state)
{
	static void (*const adds[])(struct tt_sdp *, struct tt_sdp_media *) = {
		add_group,       add_codec,      add_candidate, add_extmap,    add_msid,
		add_ssrc,        add_ssrc_group, add_rid,       add_simulcast, add_attr,
		add_fingerprint, add_bandwidth,  add_format,    add_media,     add_text,
	};
	struct tt_env env;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(adds); i++) {
		unsigned refused = 0, whole = 0;
		for (size_t rest = 0; rest <= 4576; rest += 16) {
			tt_env_init(&env, NULL);
			struct tt_sdp *sdp = sdp_made(&env);
			char *text = NULL;
			size_t len = 0;
			assert_non_null(sdp);
			struct tt_sdp_media *m =
				tt_sdp_add_media(sdp, TT_SDP_AUDIO, 9, TT_SDP_RTP_AVP);
			leave(&env, sdp, rest);
			adds[i](sdp, m);
			const bool failed = sdp->failed;
			refused += failed;
			whole += !failed;
			env.max_memory = 0;
			if (failed)
				assert_int_equal(tt_sdp_write(sdp, &env, &text, &len),
						 TAUT_E_NOMEM);
			tt_sdp_free(sdp);
			assert_int_equal(env.memory, 0);
		}
		if (refused == 0 || whole == 0)
			fail_msg("%zu: %u refused, %u whole", i, refused, whole);
	}
}

/* The text is as long as the session's name makes it: memory ends in each place of it once. */
static void a_writer_out_of_memory_says_so_wherever_it_ends(void **state)
{
	static char name[6000];
	struct tt_env env;

	(void)state;
	tt_env_init(&env, NULL);
	struct tt_sdp *sdp = sdp_made(&env);
	const size_t before = env.memory;
	unsigned refused = 0, taken = 0;
	env.max_memory = before + 5000;
	for (size_t n = 1; n < sizeof name; n++) {
		char *text;
		size_t len;
		name[n - 1] = 'n';
		sdp->session_name = name;
		const int code = tt_sdp_write(sdp, &env, &text, &len);
		assert_true(code == 0 || code == TAUT_E_NOMEM);
		refused += code != 0;
		taken += code == 0;
		if (code == 0)
			tt_free(&env, text);
		assert_int_equal(env.memory, before);
	}
	assert_true(refused > 0 && taken > 0);
	tt_sdp_free(sdp);
}

static void a_fingerprint_longer_than_any_is_cut(void **state)
{
	struct tt_env env;

	(void)state;
	tt_env_init(&env, NULL);
	struct tt_sdp *sdp = sdp_made(&env);
	struct tt_sdp_media *m = tt_sdp_add_media(sdp, TT_SDP_AUDIO, 9, TT_SDP_RTP_AVP);
	add_fingerprint(sdp, m);
	assert_string_equal(m->common.fingerprints[0].hash, "a-name-of-sixte");
	assert_int_equal(m->common.fingerprints[0].len, 64);
	char *text;
	size_t len;
	tt_sdp_add_fingerprint(sdp, &m->common, "none", (const uint8_t *)"",
			       0); /* no reader takes it */
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_OK);
	assert_non_null(strstr(text, "a=fingerprint:none \r\n"));
	tt_free(&env, text);
	tt_sdp_free(sdp);
	tt_sdp_free(NULL);
}

static void an_arena_gives_nothing_above_a_quarter_of_all_addresses(void **state)
{
	struct tt_env env;

	(void)state;
	tt_env_init(&env, NULL);
	struct tt_sdp *sdp = sdp_made(&env);
	assert_non_null(tt_sdp_arena(sdp, 1));
	assert_null(tt_sdp_arena(sdp, SIZE_MAX / 4 + 1));
	assert_true(sdp->failed);
	assert_null(tt_sdp_arena(sdp, 1)); /* and nothing any more */
	tt_sdp_free(sdp);
	assert_int_equal(env.memory, 0);
}

/* A block has half of what there is, up to 64 KiB; a larger piece gets one of its own; every piece
 * is aligned. */
static void an_arena_grows_by_half_and_takes_what_is_larger(void **state)
{
	struct tt_env env;

	(void)state;
	tt_env_init(&env, NULL);
	struct tt_sdp *sdp = sdp_made(&env);
	size_t before = env.memory, half = 4096 / 2;
	for (int n = 0; n < 12;) {
		void *p = tt_sdp_arena(sdp, 1);
		assert_true(p && (uintptr_t)p % _Alignof(max_align_t) == 0);
		*(char *)p = 1;
		if (env.memory != before) {
			n++;
			assert_in_range(env.memory - before, half, half + 64);
			half = tt_min(half * 3 / 2, 65536);
		}
		before = env.memory;
	}
	uint8_t *big = tt_sdp_arena(sdp, 100000);
	assert_non_null(big);
	big[0] = big[99999] = 1;
	assert_true(env.memory - before >= 100000 && env.memory - before < 101000);
	tt_sdp_free(sdp);
	assert_int_equal(env.memory, 0);
}

static void an_array_keeps_what_it_has_when_it_grows(void **state)
{
	struct tt_env env;
	uint32_t *list = NULL;
	size_t count = 0;

	(void)state;
	tt_env_init(&env, NULL);
	struct tt_sdp *sdp = sdp_made(&env);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t *slot = TT_SDP_PUSH(sdp, list, count);
		assert_non_null(slot);
		assert_int_equal(*slot, 0);
		*slot = i;
		for (uint32_t k = 0; k <= i; k += 37)
			assert_int_equal(list[k], k);
	}
	assert_int_equal(count, 1000);
	tt_sdp_free(sdp);
}

/* A group is looked for by its texts while the rest is still built. */
static void what_is_built_without_memory_has_empty_texts(void **state)
{
	struct tt_env env;

	(void)state;
	tt_env_init(&env, NULL);
	struct tt_sdp *sdp = tt_sdp_new(&env);
	assert_non_null(sdp);
	struct tt_sdp_group *g = tt_sdp_add_group(sdp, "BUNDLE");
	assert_non_null(g);
	tt_sdp_group_add(sdp, g, "0");
	tt_sdp_group_add(sdp, g, "1");
	leave(&env, sdp, 0);
	tt_sdp_group_add(sdp, g, "2"); /* its place was there, its text is not */
	assert_true(sdp->failed);
	assert_ptr_equal(tt_sdp_group_of(sdp, "BUNDLE", "1"), g);
	assert_null(tt_sdp_group_of(sdp, "BUNDLE", "2"));
	assert_string_equal(g->mids[2], "");
	assert_null(tt_sdp_copy(sdp, NULL));
	tt_sdp_free(sdp);
	assert_int_equal(env.memory, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_that_does_not_fit_into_memory_refuses_the_description),
		cmocka_unit_test(a_builder_goes_on_without_memory_wherever_it_ends),
		cmocka_unit_test(a_writer_out_of_memory_says_so_wherever_it_ends),
		cmocka_unit_test(a_fingerprint_longer_than_any_is_cut),
		cmocka_unit_test(an_arena_gives_nothing_above_a_quarter_of_all_addresses),
		cmocka_unit_test(an_arena_grows_by_half_and_takes_what_is_larger),
		cmocka_unit_test(an_array_keeps_what_it_has_when_it_grows),
		cmocka_unit_test(what_is_built_without_memory_has_empty_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
