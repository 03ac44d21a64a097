/* test_calls.c - calls that make no sense, or come when it is too late: which error, in which
 * words, and nothing changes. webrtc-pc names most of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "peer/pc.h"
#include "taut/taut.h"

static const struct taut_codec opus = {
	.size = sizeof opus, .mime = "audio/opus", .clock_rate = 48000, .channels = 2
};

static taut_env *new_env(void)
{
	const struct taut_env_config cfg = { .size = sizeof cfg, .now = 1 };
	taut_env *env;

	assert_int_equal(taut_env_new(&env, &cfg), TAUT_OK);
	return env;
}

static taut_pc *new_pc(taut_env *env)
{
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = &opus, .codec_count = 1 };
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

static void free_both(taut_env *env, taut_pc *pc)
{
	taut_pc_free(pc);
	assert_int_equal(taut_env_free(env), TAUT_OK);
}

/* The call failed so, and said so in webrtc-pc's words. */
static void expect_error(const taut_pc *pc, int rc, int want, const char *name)
{
	assert_int_equal(rc, want);
	assert_int_equal(taut_pc_error(pc)->code, want);
	assert_string_equal(taut_pc_error(pc)->dom_name, name);
}

/* ---- codecs ---- */

static int try_codecs(const struct taut_codec *codecs, size_t count)
{
	const struct taut_config cfg = { .size = sizeof cfg,
					 .codecs = codecs,
					 .codec_count = count };
	taut_env *env = new_env();
	taut_pc *pc;
	const int rc = taut_pc_new(&pc, env, &cfg, 1);

	assert_int_equal(pc != NULL, rc == TAUT_OK);
	free_both(env, pc);
	return rc;
}

static int try_codec(const char *mime, uint32_t rate, uint8_t pt)
{
	const struct taut_codec c = { .size = sizeof c,
				      .mime = mime,
				      .clock_rate = rate,
				      .channels = 2,
				      .payload_type = pt };

	return try_codecs(&c, 1);
}

static void a_codec_that_nobody_could_send_is_refused(void **state)
{
	struct taut_codec many[PC_MAX_CODECS + 1];
	struct taut_codec twice[2] = { opus, opus };
	(void)state;

	assert_int_equal(try_codec("audio/opus", 48000, 0), TAUT_OK);
	assert_int_equal(try_codec(NULL, 48000, 0), TAUT_E_INVAL);
	assert_int_equal(try_codec("audio/", 48000, 0), TAUT_E_INVAL);
	assert_int_equal(try_codec("video/", 90000, 0), TAUT_E_INVAL);
	assert_int_equal(try_codec("text/t140", 1000, 0), TAUT_E_INVAL);
	assert_int_equal(try_codec("audio/opus", 0, 0), TAUT_E_INVAL);
	assert_int_equal(try_codec("audio/PCMU", 8000, 0), TAUT_E_UNSUPPORTED);
	assert_int_equal(try_codec("video/H264", 90000, 0), TAUT_E_UNSUPPORTED);
	/* RFC 5761 section 4: 64 to 95 look like RTCP */
	static const uint8_t good[] = { 35, 63, 96, 127 }, bad[] = { 1, 34, 64, 95, 128, 255 };
	for (size_t i = 0; i < sizeof good; i++)
		assert_int_equal(try_codec("audio/opus", 48000, good[i]), TAUT_OK);
	for (size_t i = 0; i < sizeof bad; i++)
		assert_int_equal(try_codec("audio/opus", 48000, bad[i]), TAUT_E_INVAL);
	twice[0].payload_type = twice[1].payload_type = 100;
	assert_int_equal(try_codecs(twice, 2), TAUT_E_INVAL);
	twice[1].payload_type = 101;
	assert_int_equal(try_codecs(twice, 2), TAUT_OK);
	twice[1].size = 0;
	assert_int_equal(try_codecs(twice, 2), TAUT_E_INVAL);
	assert_int_equal(try_codecs(NULL, 1), TAUT_E_INVAL);
	for (size_t i = 0; i < TT_COUNT(many); i++)
		many[i] = opus;
	assert_int_equal(try_codecs(many, PC_MAX_CODECS), TAUT_OK);
	assert_int_equal(try_codecs(many, PC_MAX_CODECS + 1), TAUT_E_LIMIT);
}

static void a_number_that_is_wanted_is_given_to_nobody_else(void **state)
{
	struct taut_codec both[2] = { opus, opus };
	const struct taut_config cfg = { .size = sizeof cfg, .codecs = both, .codec_count = 2 };
	const struct taut_transceiver_init audio = { .size = sizeof audio, .kind = TAUT_AUDIO };
	taut_env *env = new_env();
	taut_transceiver t;
	taut_pc *pc;
	const char *sdp;
	(void)state;

	both[0].channels = 1; /* takes whichever is free, which would be 96 */
	both[1].payload_type = 96;
	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	assert_int_equal(taut_pc_add_transceiver(pc, 1, &audio, &t), TAUT_OK);
	assert_int_equal(taut_pc_create_offer(pc, 1, &sdp), TAUT_OK);
	assert_non_null(strstr(sdp, "a=rtpmap:96 opus/48000/2\r\n"));
	assert_non_null(strstr(sdp, "a=rtpmap:97 opus/"));
	free_both(env, pc);
}

/* ---- servers and backends ---- */

static int try_servers(const struct taut_ice_server *servers, size_t count, uint32_t srtp)
{
	const struct taut_config cfg = { .size = sizeof cfg,
					 .ice_servers = servers,
					 .ice_server_count = count,
					 .srtp_backend = srtp };
	taut_env *env = new_env();
	taut_pc *pc;
	const int rc = taut_pc_new(&pc, env, &cfg, 1);

	free_both(env, pc);
	return rc;
}

static int try_url(const char *url)
{
	const struct taut_ice_server s = { .size = sizeof s, .url = url };

	return try_servers(&s, 1, 0);
}

static void a_server_has_a_url_of_rfc_7064(void **state)
{
	static const char *const good[] = { "stun:a.example",       "stun:a.example:1",
					    "stun:a.example:65535", "stun:192.0.2.1:3478",
					    "stun:[2001:db8::1]",   "stun:[2001:db8::1]:3478" };
	static const char *const bad[] = { NULL,
					   "",
					   "stun",
					   "http:a.example",
					   "stun:",
					   "stun::3478",
					   "stun:a.example:",
					   "stun:a.example:0",
					   "stun:a.example:65536",
					   "stun:a.example:99999999999",
					   "stun:a.example:34x",
					   "stun:a.example:3 ",
					   "stun:[2001:db8::1",
					   "stun:[2001:db8::1]3478",
					   "stun:[]",
					   "stun:a b",
					   "stun:a\x7f",
					   "stun:a/b",
					   "stun:u@a" };
	struct taut_ice_server many[TT_ICE_MAX_SERVERS + 1], broken = { .url = "stun:a.example" };
	char longest[300] = "stun:";
	(void)state;

	for (size_t i = 0; i < TT_COUNT(good); i++)
		assert_int_equal(try_url(good[i]), TAUT_OK);
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		assert_int_equal(try_url(bad[i]), TAUT_E_INVAL);
	memset(longest + 5, 'a', 256);
	assert_int_equal(try_url(longest), TAUT_E_INVAL);
	assert_int_equal(try_servers(&broken, 1, 0), TAUT_E_INVAL); /* no size */
	assert_int_equal(try_servers(NULL, 1, 0), TAUT_E_INVAL);
	for (size_t i = 0; i < TT_COUNT(many); i++)
		many[i] =
			(struct taut_ice_server){ .size = sizeof many[i], .url = "stun:a.example" };
	assert_int_equal(try_servers(many, TT_ICE_MAX_SERVERS, 0), TAUT_OK);
	assert_int_equal(try_servers(many, TT_ICE_MAX_SERVERS + 1, 0), TAUT_E_LIMIT);
	assert_int_equal(try_servers(NULL, 0, 99), TAUT_E_UNSUPPORTED);
}

static int try_turn(const char *url, const char *user, const char *password)
{
	const struct taut_ice_server s = {
		.size = sizeof s, .url = url, .username = user, .credential = password
	};

	return try_servers(&s, 1, 0);
}

static void a_turn_server_has_a_url_of_rfc_7065_and_credentials(void **state)
{
	static const char *const good[] = { "turn:a.example", "turn:a.example:1",
					    "turn:a.example?transport=udp",
					    "turn:[2001:db8::1]:3478?transport=udp",
					    "turn:a.example?transport=tcp",
					    "turn:[::1]:1?transport=tcp",
					    "turns:a.example",
					    "turns:a.example:5349?transport=tcp" };
	static const char *const later[] = { "turns:a.example?transport=udp", "stuns:a.example" };
	static const char *const bad[] = { "turn", "turn:", "turn:?transport=udp", "turn:a:0",
					   "turn:a:65536", "turn:a?", "turn:a?transport=",
					   "turn:a?transport=udp4", "turn:a?Transport=udp",
					   "turn:a?x=udp", "turn:u@a", "turn:[::1", "turn:[::1]x",
					   "turn:[::1]:", "turns:", "turns:a?transport=sctp",
					   "turn:a?transport=udp?transport=udp", "turnx:a" };
	char longest[510];
	(void)state;

	for (size_t i = 0; i < TT_COUNT(good); i++)
		assert_int_equal(try_turn(good[i], "ada", "lovelace"), TAUT_OK);
	for (size_t i = 0; i < TT_COUNT(later); i++)
		assert_int_equal(try_turn(later[i], "ada", "lovelace"), TAUT_E_UNSUPPORTED);
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		assert_int_equal(try_turn(bad[i], "ada", "lovelace"), TAUT_E_INVAL);
	assert_int_equal(try_turn(good[0], NULL, "lovelace"), TAUT_E_INVAL);
	assert_int_equal(try_turn(good[0], "ada", NULL), TAUT_E_INVAL);
	assert_int_equal(try_turn("stun:a.example", "ada", "lovelace"), TAUT_OK); /* of no use */
	memset(longest, 'a', 509);
	longest[509] = '\0';
	assert_int_equal(try_turn(good[0], longest, "lovelace"), TAUT_E_INVAL);
	assert_int_equal(try_turn(good[0], "ada", longest), TAUT_E_INVAL);
	assert_int_equal(try_turn(good[0], longest + 1, longest + 1), TAUT_OK);
}

/* RFC 8265 section 4.2, RFC 3629 section 4. */
static void credentials_of_a_turn_server_are_utf_8_without_controls(void **state)
{
	static const char *const good[] = { "",
					    " ",
					    "~",
					    "a b",
					    "\xc2\xa0",
					    "p\xc3\xa4ss",
					    "\xdf\xbf",
					    "\xe0\xa0\x80",
					    "\xed\x9f\xbf",
					    "\xee\x80\x80",
					    "\xf0\x9f\x94\x91",
					    "\xf4\x8f\xbf\xbf" };
	static const char *const bad[] = {
		"a\nb",
		"\x01",
		"\x1f",
		"a\x7f",
		"\xc2\x80",
		"a\xc2\x9f", /* controls */
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xf5\x80\x80\x80",
		"\xff", /* no first octets */
		"\xc3",
		"\xc3(",
		"\xe2\x82",
		"\xe2(\xa1",
		"\xf0\x9f\x94",
		"\xf0\x9f(\x91", /* cut */
		"\xe0\x9f\xbf",
		"\xf0\x8f\xbf\xbf", /* longer than they need be */
		"\xed\xa0\x80",
		"\xf4\x90\x80\x80", /* a surrogate, and beyond the last one */
	};
	(void)state;

	for (size_t i = 0; i < TT_COUNT(good); i++) {
		assert_int_equal(try_turn("turn:a.example", good[i], "lovelace"), TAUT_OK);
		assert_int_equal(try_turn("turn:a.example", "ada", good[i]), TAUT_OK);
	}
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		if (try_turn("turn:a.example", bad[i], "lovelace") != TAUT_E_INVAL ||
		    try_turn("turn:a.example", "ada", bad[i]) != TAUT_E_INVAL)
			fail_msg("row %zu", i);
}

static void the_transport_policy_is_one_of_two(void **state)
{
	struct taut_config cfg = { .size = sizeof cfg };
	(void)state;

	for (uint32_t policy = TAUT_ICE_ALL; policy <= TAUT_ICE_RELAY + 1; policy++) {
		taut_env *env = new_env();
		taut_pc *pc;
		cfg.ice_transport_policy = policy;
		assert_int_equal(taut_pc_new(&pc, env, &cfg, 1),
				 policy <= TAUT_ICE_RELAY ? TAUT_OK : TAUT_E_INVAL);
		free_both(env, pc);
	}
}

static void the_address_policy_is_one_of_four(void **state)
{
	struct taut_config cfg = { .size = sizeof cfg };
	(void)state;

	for (cfg.ice_address_policy = 0; cfg.ice_address_policy <= 4; cfg.ice_address_policy++) {
		taut_env *env = new_env();
		taut_pc *pc;
		assert_int_equal(taut_pc_new(&pc, env, &cfg, 1),
				 cfg.ice_address_policy <= TAUT_ICE_ADDRESS_PROXY ? TAUT_OK
										  : TAUT_E_INVAL);
		if (pc)
			assert_int_equal(taut_pc_get_configuration(pc)->ice_address_policy,
					 cfg.ice_address_policy);
		free_both(env, pc);
	}
}

static void names_for_addresses_are_wanted_or_not(void **state)
{
	struct taut_config cfg = { .size = sizeof cfg };
	(void)state;

	for (cfg.ice_mdns = 0; cfg.ice_mdns <= 2; cfg.ice_mdns++) {
		taut_env *env = new_env();
		taut_pc *pc;
		assert_int_equal(taut_pc_new(&pc, env, &cfg, 1),
				 cfg.ice_mdns <= 1 ? TAUT_OK : TAUT_E_INVAL);
		if (pc)
			assert_int_equal(taut_pc_get_configuration(pc)->ice_mdns, cfg.ice_mdns);
		free_both(env, pc);
	}
}

static void congestion_control_is_one_that_is_there(void **state)
{
	struct taut_config cfg = { .size = sizeof cfg };
	(void)state;

	for (cfg.congestion_control = 0; cfg.congestion_control <= 4; cfg.congestion_control++) {
		const bool good = cfg.congestion_control <= TAUT_CC_MODEL;
		taut_env *env = new_env();
		taut_pc *pc;
		assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), good ? TAUT_OK : TAUT_E_INVAL);
		if (pc)
			assert_int_equal(taut_pc_get_configuration(pc)->congestion_control,
					 cfg.congestion_control);
		free_both(env, pc);
	}
}

/* What is no ceiling for two messages is taken as well: sim/window shows what becomes of it. */
static void a_receive_window_may_grow_to_128_mib_at_most(void **state)
{
	static const struct {
		uint64_t given, kept; /* 0: refused */
	} rows[] = { { 0, 16 << 20 },         { 1, 1 },
		     { 1 << 20, 1 << 20 },    { 128 << 20, 128 << 20 },
		     { (128 << 20) + 1, 0 },  { UINT64_C(1) << 32, 0 },
		     { UINT64_MAX, 0 } };
	struct taut_config cfg = { .size = sizeof cfg };
	(void)state;

	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		taut_env *env = new_env();
		taut_pc *pc;
		cfg.max_receive_window = rows[i].given;
		assert_int_equal(taut_pc_new(&pc, env, &cfg, 1),
				 rows[i].kept ? TAUT_OK : TAUT_E_INVAL);
		if (pc)
			assert_int_equal(taut_pc_get_configuration(pc)->max_receive_window,
					 rows[i].kept);
		free_both(env, pc);
	}
}

/* ---- interfaces, sockets, datagrams ---- */

static void interfaces_that_are_none_are_refused(void **state)
{
	struct taut_interface one = { .size = sizeof one, .name = "x" };
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	(void)state;

	one.addr = (struct taut_addr){ .family = 4, .ip = { 192, 0, 2, 1 } };
	assert_int_equal(taut_pc_set_interfaces(pc, 1, &one, 1), TAUT_OK);
	assert_int_equal(taut_pc_set_interfaces(pc, 1, NULL, 0), TAUT_OK);
	expect_error(pc, taut_pc_set_interfaces(pc, 1, NULL, 1), TAUT_E_INVAL, "TypeError");
	expect_error(pc, taut_pc_set_interfaces(pc, 1, &one, 1025), TAUT_E_LIMIT, "TypeError");
	one.size = 0;
	expect_error(pc, taut_pc_set_interfaces(pc, 1, &one, 1), TAUT_E_INVAL, "OperationError");
	expect_error(pc, taut_pc_io_result(pc, 1, 77, 0, NULL, 0), TAUT_E_GONE,
		     "InvalidStateError");
	free_both(env, pc);
}

static void a_datagram_without_size_or_bytes_is_refused(void **state)
{
	uint8_t bytes[4000] = { 0 };
	struct taut_datagram d = { .size = sizeof d, .buf = bytes, .cap = sizeof bytes, .len = 1 };
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	(void)state;

	assert_int_equal(taut_pc_recv(pc, 1, &d), TAUT_OK);
	d.len = d.cap + 1;
	assert_int_equal(taut_pc_recv(pc, 1, &d), TAUT_E_INVAL);
	d.len = 1;
	d.buf = NULL;
	assert_int_equal(taut_pc_recv(pc, 1, &d), TAUT_E_INVAL);
	d.len = 0;
	assert_int_equal(taut_pc_recv(pc, 1, &d), TAUT_OK); /* an empty one is dropped */
	d.buf = bytes;
	d.size = 3;
	assert_int_equal(taut_pc_recv(pc, 1, &d), TAUT_E_INVAL);
	assert_int_equal(taut_pc_poll_send(pc, 1, &d), TAUT_E_INVAL);
	d.size = sizeof d;
	d.cap = 2047;
	assert_int_equal(taut_pc_poll_send(pc, 1, &d), TAUT_E_INVAL);
	d.cap = 2048;
	assert_int_equal(taut_pc_poll_send(pc, 1, &d), 0);
	free_both(env, pc);
}

static void a_failure_to_send_is_counted(void **state)
{
	const struct taut_datagram d = { .size = sizeof d, .len = 10 };
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	(void)state;

	taut_pc_send_failed(pc, 1, &d, 105);
	assert_int_equal(taut_pc_drop_count(pc, TAUT_DROP_NOT_SENT), 1);
	assert_int_equal(taut_pc_drop_count(pc, 0), 0);
	assert_int_equal(taut_pc_drop_count(pc, 99999), 0);
	free_both(env, pc);
}

/* ---- transceivers ---- */

static int add(taut_pc *pc, struct taut_transceiver_init init, taut_transceiver *out)
{
	init.size = sizeof init;
	return taut_pc_add_transceiver(pc, 1, &init, out);
}

static void a_transceiver_has_a_kind_a_direction_and_ids_of_tokens(void **state)
{
	char longest[66];
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	taut_transceiver t = 0;
	(void)state;

	memset(longest, 'a', 65);
	longest[65] = '\0';
	const struct taut_transceiver_init bad[] = {
		{ .kind = 0 },
		{ .kind = 3 },
		{ .kind = TAUT_AUDIO, .direction = TAUT_STOPPED },
		{ .kind = TAUT_AUDIO, .stream_id = "" },
		{ .kind = TAUT_AUDIO, .stream_id = "a b" },
		{ .kind = TAUT_AUDIO, .track_id = "a\x7f" },
		{ .kind = TAUT_AUDIO, .track_id = "a=b" },
		{ .kind = TAUT_AUDIO, .track_id = longest },
	};
	for (size_t i = 0; i < TT_COUNT(bad); i++)
		expect_error(pc, add(pc, bad[i], &t), TAUT_E_INVAL, "TypeError");
	expect_error(pc, taut_pc_add_transceiver(pc, 1, NULL, &t), TAUT_E_INVAL, "TypeError");
	assert_null(taut_pc_transceiver_at(pc, 0));
	const struct taut_transceiver_init good = { .kind = TAUT_AUDIO,
						    .stream_id = longest + 1,
						    .track_id = "t" };
	assert_int_equal(add(pc, good, &t), TAUT_OK);
	expect_error(pc, taut_pc_set_direction(pc, 1, t + 1, TAUT_SENDONLY), TAUT_E_GONE,
		     "InvalidStateError");
	expect_error(pc, taut_pc_set_direction(pc, 1, t, 0), TAUT_E_INVAL, "TypeError");
	expect_error(pc, taut_pc_set_direction(pc, 1, t, TAUT_STOPPED), TAUT_E_INVAL, "TypeError");
	assert_int_equal(taut_pc_set_direction(pc, 1, t, TAUT_INACTIVE), TAUT_OK);
	expect_error(pc, taut_pc_set_stream(pc, 1, t, "a b"), TAUT_E_INVAL, "TypeError");
	expect_error(pc, taut_pc_set_stream(pc, 1, t + 1, "s"), TAUT_E_GONE, "InvalidStateError");
	assert_int_equal(taut_pc_set_stream(pc, 1, t, "s"), TAUT_OK);
	assert_int_equal(taut_pc_set_stream(pc, 1, t, NULL), TAUT_OK);
	free_both(env, pc);
}

static void transceivers_have_a_ceiling(void **state)
{
	const struct taut_transceiver_init video = { .kind = TAUT_VIDEO };
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	taut_transceiver t = 0;
	(void)state;

	for (size_t i = 0; i < PC_MAX_TRANSCEIVERS; i++)
		assert_int_equal(add(pc, video, &t), TAUT_OK);
	expect_error(pc, add(pc, video, &t), TAUT_E_LIMIT, "OperationError");
	free_both(env, pc);
}

/* ---- channels ---- */

static int create(taut_pc *pc, struct taut_data_channel_init init, taut_channel *out)
{
	init.size = sizeof init;
	return taut_pc_create_data_channel(pc, 1, &init, out);
}

static void a_channel_has_one_limit_within_16_bits(void **state)
{
	static const struct taut_data_channel_init bad[] = {
		{ .max_packet_life_time = 1, .max_retransmits = 1 },
		{ .max_packet_life_time = -1 },
		{ .max_packet_life_time = 65536 },
		{ .max_retransmits = -1 },
		{ .max_retransmits = 65537 },
	};
	static const struct taut_data_channel_init good[] = {
		{ .max_packet_life_time = 65535 },
		{ .max_retransmits = 65536 },
		{ .unordered = 1 },
		{ .negotiated = 1, .id = 7 },
	};
	struct taut_data_channel_init none = { .size = 0 };
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	taut_channel ch = 0;
	(void)state;

	for (size_t i = 0; i < TT_COUNT(bad); i++)
		expect_error(pc, create(pc, bad[i], &ch), TAUT_E_INVAL, "TypeError");
	expect_error(pc, taut_pc_create_data_channel(pc, 1, &none, &ch), TAUT_E_INVAL, "TypeError");
	for (size_t i = 0; i < TT_COUNT(good); i++)
		assert_int_equal(create(pc, good[i], &ch), TAUT_OK);
	const int taken = create(pc, good[3], &ch); /* stream 7 once more */
	assert_int_not_equal(taken, TAUT_OK);
	assert_int_equal(taut_pc_error(pc)->code, taken);
	expect_error(pc, taut_pc_send_message(pc, 1, ch, 1, NULL, 5), TAUT_E_INVAL, "TypeError");
	free_both(env, pc);
}

/* ---- too late ---- */

static void a_closed_connection_refuses_every_call(void **state)
{
	const struct taut_transceiver_init audio = { .size = sizeof audio, .kind = TAUT_AUDIO };
	const struct taut_data_channel_init chat = { .size = sizeof chat };
	const struct taut_frame frame = { .size = sizeof frame };
	struct taut_interface one = { .size = sizeof one };
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	taut_transceiver t;
	taut_channel ch;
	const char *sdp;
	(void)state;

	assert_int_equal(taut_pc_add_transceiver(pc, 1, &audio, &t), TAUT_OK);
	assert_int_equal(taut_pc_close(pc, 1), TAUT_OK);
	assert_int_equal(taut_pc_close(pc, 1), TAUT_OK);
	const char *const name = "InvalidStateError";
	expect_error(pc, taut_pc_create_offer(pc, 1, &sdp), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_create_answer(pc, 1, &sdp), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_set_local_description(pc, 1, 0, NULL, 0), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_set_remote_description(pc, 1, TAUT_SDP_OFFER, "v", 1),
		     TAUT_E_STATE, name);
	expect_error(pc, taut_pc_add_ice_candidate(pc, 1, "c", 1, NULL, -1), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_restart_ice(pc, 1), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_set_interfaces(pc, 1, &one, 1), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_add_transceiver(pc, 1, &audio, &t), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_set_direction(pc, 1, t, TAUT_INACTIVE), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_set_stream(pc, 1, t, "s"), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_request_key_frame(pc, 1, t), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_create_data_channel(pc, 1, &chat, &ch), TAUT_E_STATE, name);
	expect_error(pc, taut_pc_send_frame(pc, 1, t, &frame), TAUT_E_STATE, name);
	assert_int_equal(taut_pc_io_result(pc, 1, 1, 0, NULL, 0), TAUT_OK); /* late, and no harm */
	free_both(env, pc);
}

static void an_environment_with_connections_is_not_freed(void **state)
{
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	(void)state;

	assert_int_equal(taut_env_free(env), TAUT_E_STATE);
	free_both(env, pc);
}

static void what_waits_is_asked_of_a_channel_that_is_there(void **state)
{
	taut_env *env = new_env();
	taut_pc *pc = new_pc(env);
	taut_channel ch;

	(void)state;
	assert_int_equal(taut_pc_buffered_amount(pc, 1), TAUT_E_GONE);
	assert_int_equal(taut_pc_set_buffered_amount_low_threshold(pc, 1, 5), TAUT_E_GONE);
	assert_int_equal(taut_pc_close_channel(pc, 1, 1), TAUT_E_GONE);
	assert_int_equal(create(pc, (struct taut_data_channel_init){ 0 }, &ch), TAUT_OK);
	assert_int_equal(taut_pc_buffered_amount(pc, ch), 0);
	assert_int_equal(taut_pc_set_buffered_amount_low_threshold(pc, ch, 5), TAUT_OK);
	assert_int_equal(taut_pc_set_buffered_amount_low_threshold(pc, ch + 1, 5), TAUT_E_GONE);
	assert_int_equal(taut_pc_buffered_amount(pc, ch + 1), TAUT_E_GONE);
	assert_int_equal(taut_pc_close_channel(pc, 1, ch), TAUT_OK);
	taut_pc_free(pc);
	taut_env_free(env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_codec_that_nobody_could_send_is_refused),
		cmocka_unit_test(a_number_that_is_wanted_is_given_to_nobody_else),
		cmocka_unit_test(a_server_has_a_url_of_rfc_7064),
		cmocka_unit_test(a_turn_server_has_a_url_of_rfc_7065_and_credentials),
		cmocka_unit_test(credentials_of_a_turn_server_are_utf_8_without_controls),
		cmocka_unit_test(the_transport_policy_is_one_of_two),
		cmocka_unit_test(the_address_policy_is_one_of_four),
		cmocka_unit_test(names_for_addresses_are_wanted_or_not),
		cmocka_unit_test(congestion_control_is_one_that_is_there),
		cmocka_unit_test(a_receive_window_may_grow_to_128_mib_at_most),
		cmocka_unit_test(interfaces_that_are_none_are_refused),
		cmocka_unit_test(a_datagram_without_size_or_bytes_is_refused),
		cmocka_unit_test(a_failure_to_send_is_counted),
		cmocka_unit_test(a_transceiver_has_a_kind_a_direction_and_ids_of_tokens),
		cmocka_unit_test(transceivers_have_a_ceiling),
		cmocka_unit_test(a_channel_has_one_limit_within_16_bits),
		cmocka_unit_test(what_waits_is_asked_of_a_channel_that_is_there),
		cmocka_unit_test(a_closed_connection_refuses_every_call),
		cmocka_unit_test(an_environment_with_connections_is_not_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
