/* Descriptions put together here: what the peer connection builds, and what is never written. */
#define _DEFAULT_SOURCE
#include "sdp_support.h"

#include "base/num.h"

static struct tt_env env;

static struct tt_sdp *an_offer(struct tt_env *of)
{
	static const uint8_t digest[32] = { 0xab, 0x01 };
	struct tt_sdp *sdp = tt_sdp_new(of);

	if (!sdp)
		return NULL;
	sdp->sess_id = 4611686018427387904;
	sdp->sess_version = 2;
	struct tt_sdp_group *bundle = tt_sdp_add_group(sdp, "BUNDLE");
	tt_sdp_group_add(sdp, bundle, "0");
	tt_sdp_group_add(sdp, bundle, "1");
	sdp->common.extmap_allow_mixed = true;
	sdp->msid_semantic = "WMS *";
	sdp->has_ice_pacing = true;
	sdp->ice_pacing = 20;

	struct tt_sdp_media *m = tt_sdp_add_media(sdp, TT_SDP_AUDIO, 9, TT_SDP_UDP_TLS_RTP_SAVPF);
	m->mid = tt_sdp_text(sdp, "%d", 0);
	m->common.ice_ufrag = "abcd";
	m->common.ice_pwd = "0123456789abcdefghijkl";
	m->common.ice_options = "trickle";
	tt_sdp_add_fingerprint(sdp, &m->common, "sha-256", digest, sizeof digest);
	m->common.setup = TT_SDP_ACTPASS;
	m->common.direction = TAUT_SENDRECV;
	m->rtcp_mux = m->rtcp_rsize = true;
	m->has_rtcp = true;
	m->rtcp_port = 9;
	m->rtcp_address = tt_sdp_address(sdp, "IP4", "0.0.0.0");
	struct tt_sdp_codec *opus =
	        tt_sdp_add_codec(sdp, m, 111, "opus", 48000, 2, "minptime=10;useinbandfec=1");
	tt_sdp_add_rtcp_fb(sdp, opus, "transport-cc");
	tt_sdp_add_extmap(sdp, &m->common, 1, 0, "urn:ietf:params:rtp-hdrext:ssrc-audio-level");
	tt_sdp_add_extmap(sdp, &m->common, 4, TAUT_SENDONLY, "urn:ietf:params:rtp-hdrext:sdes:mid");
	tt_sdp_add_msid(sdp, m, "-", "track");
	tt_sdp_add_ssrc(sdp, m, 7, "cname", "x");
	const uint32_t ids[] = { 7, 8 };
	tt_sdp_add_ssrc_group(sdp, m, "FID", ids, TT_COUNT(ids));
	tt_sdp_add_rid(sdp, m, "h", false, "pt=111");
	tt_sdp_add_rid(sdp, m, "l", false, NULL);
	tt_sdp_add_simulcast(sdp, m, "h", false, false, 0);
	tt_sdp_add_simulcast(sdp, m, "l", false, true, 1);
	tt_sdp_add_attr(sdp, &m->common, "ptime", "20");
	tt_sdp_add_attr(sdp, &m->common, "flag", NULL);
	tt_sdp_add_bandwidth(sdp, &m->common, "AS", 64);
	struct tt_sdp_candidate c;
	const struct taut_addr addr = { .family = 4, .port = 4000, .ip = { 192, 0, 2, 1 } };
	tt_sdp_candidate_init(&c, TT_SDP_UDP, TT_SDP_HOST, &addr);
	c.priority = 2130706431;
	tt_sdp_add_candidate(sdp, m, &c);
	m->common.end_of_candidates = true;

	m = tt_sdp_add_media(sdp, TT_SDP_APPLICATION, 9, TT_SDP_UDP_DTLS_SCTP);
	m->mid = tt_sdp_text(sdp, "%d", 1);
	tt_sdp_add_format(sdp, m, "webrtc-datachannel");
	m->has_sctp_port = m->has_max_message_size = true;
	m->sctp_port = 5000;
	m->max_message_size = 262144;
	return sdp;
}

static void what_is_built_is_written_line_by_line(void **state)
{
	static const char want[] =
	        "v=0\r\n"
	        "o=- 4611686018427387904 2 IN IP4 127.0.0.1\r\n"
	        "s=-\r\n"
	        "t=0 0\r\n"
	        "a=group:BUNDLE 0 1\r\n"
	        "a=extmap-allow-mixed\r\n"
	        "a=msid-semantic: WMS *\r\n"
	        "a=ice-pacing:20\r\n"
	        "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
	        "c=IN IP4 0.0.0.0\r\n"
	        "b=AS:64\r\n"
	        "a=rtcp:9 IN IP4 0.0.0.0\r\n"
	        "a=candidate:1 1 udp 2130706431 192.0.2.1 4000 typ host\r\n"
	        "a=end-of-candidates\r\n"
	        "a=ice-ufrag:abcd\r\n"
	        "a=ice-pwd:0123456789abcdefghijkl\r\n"
	        "a=ice-options:trickle\r\n"
	        "a=fingerprint:sha-256 AB:01:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00:00"
	        ":00:00:00:00:00:00:00:00:00\r\n"
	        "a=setup:actpass\r\n"
	        "a=mid:0\r\n"
	        "a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
	        "a=extmap:4/sendonly urn:ietf:params:rtp-hdrext:sdes:mid\r\n"
	        "a=sendrecv\r\n"
	        "a=msid:- track\r\n"
	        "a=rtcp-mux\r\n"
	        "a=rtcp-rsize\r\n"
	        "a=rtpmap:111 opus/48000/2\r\n"
	        "a=rtcp-fb:111 transport-cc\r\n"
	        "a=fmtp:111 minptime=10;useinbandfec=1\r\n"
	        "a=rid:h send pt=111\r\n"
	        "a=rid:l send\r\n"
	        "a=simulcast:send h;~l\r\n"
	        "a=ssrc-group:FID 7 8\r\n"
	        "a=ssrc:7 cname:x\r\n"
	        "a=ptime:20\r\n"
	        "a=flag\r\n"
	        "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n"
	        "c=IN IP4 0.0.0.0\r\n"
	        "a=mid:1\r\n"
	        "a=sctp-port:5000\r\n"
	        "a=max-message-size:262144\r\n";
	struct tt_sdp *sdp = an_offer(&env), *again;
	char *text;
	size_t len;

	(void)state;
	assert_non_null(sdp);
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), 0);
	assert_string_equal(text, want);
	assert_int_equal(len, strlen(want));
	assert_int_equal(tt_sdp_read(&again, &env, text, len, NULL), 0);
	assert_int_equal(again->warning_count, 0);
	tt_free(&env, text);
	tt_sdp_free(sdp);
	tt_sdp_free(again);
	assert_int_equal(env.memory, 0);
}

static void a_line_end_in_a_name_is_not_written(void **state)
{
	struct tt_sdp *sdp = sdp_made(&env);
	char *text;
	size_t len;

	(void)state;
	assert_non_null(sdp);
	struct tt_sdp_media *m = tt_sdp_add_media(sdp, TT_SDP_VIDEO, 9, TT_SDP_UDP_TLS_RTP_SAVPF);
	tt_sdp_add_codec(sdp, m, 96, "VP8", 90000, 0, NULL);
	tt_sdp_add_msid(sdp, m, "stream\r\na=evil", "track");
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	assert_null(text);
	m->msids[0].stream = "stream\ntrack";
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	m->msids[0].stream = "stream\rtrack";
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	m->msids[0].stream = "%s%n";
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), 0);
	assert_non_null(strstr(text, "a=msid:%s%n track\r\n"));
	tt_free(&env, text);
	m->msids[0].stream = NULL;
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	tt_sdp_free(sdp);
	assert_int_equal(env.memory, 0);
}

static void a_section_without_formats_is_not_written(void **state)
{
	struct tt_sdp *sdp = sdp_made(&env);
	char *text;
	size_t len;

	(void)state;
	assert_non_null(sdp);
	tt_sdp_add_media(sdp, TT_SDP_APPLICATION, 9, TT_SDP_UDP_DTLS_SCTP);
	assert_int_equal(tt_sdp_write(sdp, &env, &text, &len), TAUT_E_INVAL);
	tt_sdp_free(sdp);
}

static void differences_are_named(void **state)
{
	struct tt_sdp *a = an_offer(&env), *b = an_offer(&env);
	const char *what;

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	assert_true(tt_sdp_equal(a, b, &what));
	assert_null(what);
	b->media[0]->codecs[0].clock_rate = 8000;
	assert_false(tt_sdp_equal(a, b, &what));
	assert_string_equal(what, "codecs");
	b->media[0]->codecs[0].clock_rate = 48000;
	b->media[0]->candidates[0].port = 1;
	assert_false(tt_sdp_equal(a, b, &what));
	assert_string_equal(what, "candidates");
	b->sess_version++;
	assert_false(tt_sdp_equal(a, b, &what));
	assert_string_equal(what, "origin");
	tt_sdp_free(a);
	tt_sdp_free(b);
}

struct heard {
	char text[8192];
	size_t len;
};

static void hear(void *ctx, const char *text, size_t len)
{
	struct heard *h = ctx;

	assert_true(h->len + len < sizeof h->text);
	memcpy(h->text + h->len, text, len);
	h->len += len;
	h->text[h->len] = '\0';
}

static void an_explanation_says_what_is_there_and_no_secret(void **state)
{
	struct tt_sdp *sdp = an_offer(&env);
	struct heard h = { .len = 0 };

	(void)state;
	assert_non_null(sdp);
	tt_sdp_summary(sdp, hear, &h);
	assert_non_null(strstr(h.text, "section 1: audio, mid 0, sendrecv over UDP/TLS/RTP/SAVPF\n"));
	assert_non_null(strstr(h.text, "111 opus 48000/2"));
	assert_non_null(strstr(h.text, "SCTP port 5000, messages of at most 262144 bytes"));
	assert_null(strstr(h.text, "0123456789abcdefghijkl"));
	tt_sdp_free(sdp);
}

struct failing {
	int left;
};

static void *failing_realloc(void *ctx, void *p, size_t size)
{
	struct failing *f = ctx;

	if (size == 0) {
		free(p);
		return NULL;
	}
	return f->left-- > 0 ? realloc(p, size) : NULL;
}

static void a_builder_out_of_memory_learns_it_once_from_write(void **state)
{
	struct failing f;
	const struct taut_env_config cfg = { .size = sizeof cfg, .realloc = failing_realloc, .ctx = &f };
	struct tt_env poor;
	int refused = 0;

	(void)state;
	tt_env_init(&poor, &cfg);
	for (int allowed = 0; allowed < 2; allowed++) {
		f.left = allowed;
		assert_null(an_offer(&poor));
	}
	for (int allowed = 2; allowed < 20; allowed++) {
		char *text;
		size_t len;
		f.left = allowed;
		struct tt_sdp *sdp = an_offer(&poor);
		assert_non_null(sdp);
		f.left = 10;
		const int code = tt_sdp_write(sdp, &poor, &text, &len);
		assert_int_equal(code, sdp->failed ? TAUT_E_NOMEM : 0);
		refused += code != 0;
		tt_free(&poor, text);
		tt_sdp_free(sdp);
		assert_int_equal(poor.memory, 0);
	}
	assert_true(refused > 0 && refused < 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_built_is_written_line_by_line),
		cmocka_unit_test(a_line_end_in_a_name_is_not_written),
		cmocka_unit_test(a_section_without_formats_is_not_written),
		cmocka_unit_test(differences_are_named),
		cmocka_unit_test(an_explanation_says_what_is_there_and_no_secret),
		cmocka_unit_test(a_builder_out_of_memory_learns_it_once_from_write),
	};

	tt_env_init(&env, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
