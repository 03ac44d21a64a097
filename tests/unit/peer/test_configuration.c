/* test_configuration.c - getConfiguration, setConfiguration: webrtc-pc sections 4.4.1.6 and 4.4.2. */
#include "two.h"

#include <stdbool.h>

static const struct taut_codec opus = { .size = sizeof opus,
					.mime = "audio/opus",
					.clock_rate = 48000,
					.channels = 2,
					.fmtp = "useinbandfec=1" };
static const struct taut_ice_server servers[] = {
	{ .size = sizeof servers[0], .url = "stun:192.0.2.1" },
	{ .size = sizeof servers[0], .url = "stun:[2001:db8::1]:3479" },
};
static int me, other;

static struct taut_config config(void)
{
	return (struct taut_config){ .size = sizeof(struct taut_config),
				     .user = &me,
				     .ice_servers = servers,
				     .ice_server_count = 1,
				     .codecs = &opus,
				     .codec_count = 1,
				     .max_message_size = 1000 };
}

static taut_pc *new_pc(taut_env *env)
{
	const struct taut_config cfg = config();
	taut_pc *pc;

	assert_int_equal(taut_pc_new(&pc, env, &cfg, 1), TAUT_OK);
	return pc;
}

static int set(taut_pc *pc, const struct taut_config *cfg)
{
	return taut_pc_set_configuration(pc, 1, cfg);
}

static void it_is_handed_out_as_it_was_given(void **state)
{
	struct two *t = *state;
	const struct taut_config *c = taut_pc_get_configuration(t->a);

	assert_ptr_equal(c->user, &me);
	assert_int_equal(c->ice_server_count, 1);
	assert_string_equal(c->ice_servers[0].url, servers[0].url);
	assert_ptr_not_equal(c->ice_servers[0].url, servers[0].url);
	assert_int_equal(c->codec_count, 1);
	assert_string_equal(c->codecs[0].fmtp, opus.fmtp);
	assert_int_equal(c->codecs[0].payload_type, 0);
	assert_int_equal(c->max_message_size, 1000);
	assert_int_equal(c->max_memory, 32 * 1024 * 1024); /* the default */
	assert_int_equal(c->max_receive_window, 16 * 1024 * 1024);
	/* so it can be set again */
	assert_int_equal(set(t->a, taut_pc_get_configuration(t->a)), TAUT_OK);
}

static void what_may_not_change_is_refused(void **state)
{
	struct two *t = *state;
	struct taut_codec c = opus;
	struct taut_config cfg;

#define BAD(change)                                                                                \
	cfg = config();                                                                            \
	change;                                                                                    \
	assert_int_equal(set(t->a, &cfg), TAUT_E_INVAL);                                           \
	assert_string_equal(taut_pc_error(t->a)->dom_name, "InvalidModificationError")
	BAD(cfg.max_message_size++);
	BAD(cfg.send_buffer_size++);
	BAD(cfg.max_memory++);
	BAD(cfg.max_receive_window++);
	BAD(cfg.pacing_burst++);
	BAD(cfg.pacing_interval++);
	BAD(cfg.srtp_backend++);
	BAD(cfg.ice_transport_policy = TAUT_ICE_RELAY);
	BAD(cfg.ice_mdns = 1);
	BAD(cfg.congestion_control = TAUT_CC_MODEL);
	BAD(cfg.ice_address_policy = TAUT_ICE_ADDRESS_DEFAULT);
	BAD(cfg.codec_count = 0);
	BAD(cfg.codecs = NULL);
	BAD((c.mime = "audio/OPUS", cfg.codecs = &c));
	BAD((c = opus, c.fmtp = NULL, cfg.codecs = &c));
	BAD((c = opus, c.clock_rate++, cfg.codecs = &c));
	BAD((c = opus, c.channels++, cfg.codecs = &c));
	BAD((c = opus, c.payload_type = 111, cfg.codecs = &c));
	BAD((c = opus, c.size = 1, cfg.codecs = &c));
#undef BAD
}

static void servers_are_checked(void **state)
{
	struct two *t = *state;
	struct taut_ice_server many[5] = { { .size = sizeof many[0], .url = "http://x" } };
	struct taut_config cfg = config();

	cfg.ice_servers = many;
	assert_int_equal(set(t->a, &cfg), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "SyntaxError");
	cfg.ice_server_count = 5;
	assert_int_equal(set(t->a, &cfg), TAUT_E_LIMIT);
	cfg.ice_servers = NULL;
	assert_int_equal(set(t->a, &cfg), TAUT_E_INVAL);
	cfg.size = 1;
	assert_int_equal(set(t->a, &cfg), TAUT_E_INVAL);
	assert_string_equal(taut_pc_get_configuration(t->a)->ice_servers[0].url, servers[0].url);
	cfg = config();
	taut_pc_close(t->a, 1);
	assert_int_equal(set(t->a, &cfg), TAUT_E_STATE);
}

static void give_interface(taut_pc *pc)
{
	const struct taut_interface eth = { .size = sizeof eth,
					    .index = 1,
					    .name = "eth0",
					    .addr = { .family = 4, .ip = { 192, 0, 2, 77 } } };

	assert_int_equal(taut_pc_set_interfaces(pc, 1, &eth, 1), TAUT_OK);
}

static void bind_all(taut_pc *pc)
{
	const struct taut_io *io;

	while ((io = taut_pc_poll_io(pc)) != NULL) {
		struct taut_addr bound = io->local;
		bound.port = 5000;
		if (io->kind == TAUT_IO_UDP)
			taut_pc_io_result(pc, 1, io->flow, 0, &bound, 1);
	}
}

/* The server that is asked next: the last octet of its address. */
static int asked(taut_pc *pc, taut_time now)
{
	uint8_t buf[2048];
	struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = sizeof buf };

	taut_pc_tick(pc, now);
	return taut_pc_poll_send(pc, now, &d) ? d.remote.ip[3] : 0;
}

static void other_servers_count_until_the_first_description(void **state)
{
	struct two *t = *state;
	struct taut_ice_server next = { .size = sizeof next, .url = "stun:192.0.2.2" };
	struct taut_config cfg = config();
	taut_time now = 1000000;

	cfg.user = &other;
	cfg.ice_servers = &next;
	assert_int_equal(set(t->a, &cfg), TAUT_OK); /* before the first */
	assert_ptr_equal(taut_pc_get_configuration(t->a)->user, &other);
	assert_string_equal(taut_pc_get_configuration(t->a)->ice_servers[0].url, next.url);
	give_interface(t->a);
	add_channel(t->a);
	take(t->b, TAUT_SDP_OFFER, local(t->a));
	take(t->a, TAUT_SDP_ANSWER, local(t->b));
	bind_all(t->a);
	assert_int_equal(asked(t->a, now), 2);
	/* afterwards they stay */
	next.url = "stun:192.0.2.3";
	assert_int_equal(set(t->a, &cfg), TAUT_E_UNSUPPORTED);
	assert_string_equal(taut_pc_get_configuration(t->a)->ice_servers[0].url, "stun:192.0.2.2");
	assert_int_equal(set(t->a, taut_pc_get_configuration(t->a)), TAUT_OK);
	cfg.ice_server_count = 0;
	assert_int_equal(set(t->a, &cfg), TAUT_E_UNSUPPORTED);
	/* none at all, and one of TURN */
	assert_int_equal(set(t->b, &cfg), TAUT_E_UNSUPPORTED);
	taut_pc *fresh = new_pc(t->env);
	assert_int_equal(set(fresh, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_get_configuration(fresh)->ice_server_count, 0);
	next = (struct taut_ice_server){ .size = sizeof next,
					 .url = "turn:192.0.2.4",
					 .username = "me",
					 .credential = "secret" };
	cfg.ice_server_count = 1;
	assert_int_equal(set(fresh, &cfg), TAUT_OK);
	assert_string_equal(taut_pc_get_configuration(fresh)->ice_servers[0].credential, "secret");
	cfg.ice_srv_servers = 2; /* of a second server, that there is not */
	assert_int_equal(set(fresh, &cfg), TAUT_E_INVAL);
	cfg.ice_srv_servers = 1;
	assert_int_equal(set(fresh, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_get_configuration(fresh)->ice_srv_servers, 1);
	cfg.ice_srv_servers = 0;
	assert_int_equal(set(fresh, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_get_configuration(fresh)->ice_srv_servers, 0);
	taut_pc_free(fresh);
}

/* To step over them would be to add 0 to NULL, which is undefined; only clang's UBSan sees it. */
static void a_connection_without_servers_has_none_to_copy(void **state)
{
	struct two *t = *state;
	struct taut_config cfg = config();
	taut_pc *pc;

	cfg.ice_servers = NULL;
	cfg.ice_server_count = 0;
	assert_int_equal(taut_pc_new(&pc, t->env, &cfg, 1), TAUT_OK);
	assert_int_equal(taut_pc_get_configuration(pc)->ice_server_count, 0);
	assert_null(taut_pc_get_configuration(pc)->ice_servers);
	assert_int_equal(set(pc, taut_pc_get_configuration(pc)), TAUT_OK);
	assert_null(taut_pc_get_configuration(pc)->ice_servers);
	taut_pc_free(pc);
}

static bool says_anything(taut_pc *pc)
{
	const struct taut_event *ev;
	bool any = false;

	while ((ev = taut_pc_poll_event(pc)) != NULL)
		any |= ev->type == TAUT_EV_ICE_CANDIDATE || ev->type == TAUT_EV_GATHERING_STATE ||
		       ev->type == TAUT_EV_ICE_CANDIDATE_ERROR;
	return any;
}

static void the_pool_may_change_until_the_first_description(void **state)
{
	struct two *t = *state;
	struct taut_config cfg = config();

	cfg.ice_candidate_pool_size = 256;
	assert_int_equal(set(t->a, &cfg), TAUT_E_INVAL);
	assert_string_equal(taut_pc_error(t->a)->dom_name, "TypeError");
	cfg.ice_candidate_pool_size = 255;
	assert_int_equal(set(t->a, &cfg), TAUT_OK);
	assert_int_equal(taut_pc_get_configuration(t->a)->ice_candidate_pool_size, 255);
	cfg.ice_candidate_pool_size = 1;
	assert_int_equal(set(t->a, &cfg), TAUT_OK);
	add_channel(t->a);
	(void)local(t->a);
	assert_int_equal(set(t->a, &cfg), TAUT_OK); /* as it is */
	for (int other_size = 0; other_size < 4; other_size += 2) {
		cfg.ice_candidate_pool_size = (uint32_t)other_size;
		assert_int_equal(set(t->a, &cfg), TAUT_E_INVAL);
		assert_string_equal(taut_pc_error(t->a)->dom_name, "InvalidModificationError");
		assert_int_equal(taut_pc_get_configuration(t->a)->ice_candidate_pool_size, 1);
	}
}

static void a_connection_is_not_made_with_a_pool_that_is_too_large(void **state)
{
	struct two *t = *state;
	struct taut_config cfg = config();
	taut_pc *pc = NULL;

	cfg.ice_candidate_pool_size = 256;
	assert_int_equal(taut_pc_new(&pc, t->env, &cfg, 1), TAUT_E_INVAL);
	assert_null(pc);
	cfg.ice_candidate_pool_size = 255;
	assert_int_equal(taut_pc_new(&pc, t->env, &cfg, 1), TAUT_OK);
	assert_int_equal(taut_pc_get_configuration(pc)->ice_candidate_pool_size, 255);
	taut_pc_free(pc);
}

static void a_pool_asks_servers_at_once_and_without_one_nobody_is_asked(void **state)
{
	struct two *t = *state;
	struct taut_config cfg = config();
	struct taut_ice_server next = { .size = sizeof next, .url = "stun:192.0.2.2" };

	give_interface(t->a);
	bind_all(t->a);
	assert_int_equal(asked(t->a, 1000), 0);
	cfg.ice_candidate_pool_size = 1;
	assert_int_equal(set(t->a, &cfg), TAUT_OK);
	bind_all(t->a);
	assert_int_equal(asked(t->a, 2000), 1);
	/* other servers: those of before are forgotten */
	cfg.ice_servers = &next;
	assert_int_equal(set(t->a, &cfg), TAUT_OK);
	bind_all(t->a);
	assert_int_equal(asked(t->a, 1000000), 2);
	assert_int_equal(taut_pc_gathering_state(t->a), TAUT_GATHERING_NEW);
	assert_false(says_anything(t->a));
	/* no pool any more: what was asked is not asked again */
	cfg.ice_candidate_pool_size = 0;
	assert_int_equal(set(t->a, &cfg), TAUT_OK);
	assert_int_equal(asked(t->a, 5000000), 0);
	assert_int_equal(taut_pc_deadline(t->a, NULL), INT64_MAX);
	add_channel(t->a);
	(void)local(t->a);
	assert_int_equal(asked(t->a, 6000000), 2);
	assert_true(says_anything(t->a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
		T(it_is_handed_out_as_it_was_given),
		T(what_may_not_change_is_refused),
		T(servers_are_checked),
		T(other_servers_count_until_the_first_description),
		T(a_connection_without_servers_has_none_to_copy),
		T(the_pool_may_change_until_the_first_description),
		T(a_connection_is_not_made_with_a_pool_that_is_too_large),
		T(a_pool_asks_servers_at_once_and_without_one_nobody_is_asked),
#undef T
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
