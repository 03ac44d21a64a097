/* descriptions.c - offers and answers, as RTCPeerConnection has them, with no network at all.
 *
 *     example_descriptions
 *
 * What is pending, what is current, what an error says, a rollback, and an ICE restart. */
#include <string.h>

#include "expect.h"
#include "taut/taut.h"

static const taut_time now = 1; /* nothing here waits for a timer */
static taut_env *env;

static taut_pc *connection(void)
{
	const struct taut_ice_server server = { .size = sizeof server, .url = "stun:192.0.2.53" };
	struct taut_config config = { .size = sizeof config };
	taut_pc *pc;

	expect(taut_pc_new(&pc, env, &config, now) == TAUT_OK, "a connection is made");
	/* Servers may come later, from signaling; until the first description they may change. */
	config.ice_servers = &server;
	config.ice_server_count = 1;
	expect(taut_pc_set_configuration(pc, now, &config) == TAUT_OK, "it has a server now");
	expect(taut_pc_get_configuration(pc)->max_message_size == 262144, "defaults are filled in");
	return pc;
}

/* A text that is none: the error says where, what stands there, and by which rule. */
static void refuse_nonsense(taut_pc *pc)
{
	static const char text[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n"
				   "m=audio nine UDP/TLS/RTP/SAVPF 111\r\n";

	expect(taut_pc_set_remote_description(pc, now, TAUT_SDP_OFFER, text, sizeof text - 1) ==
		       TAUT_E_SYNTAX,
	       "it is refused");
	const struct taut_error *error = taut_pc_error(pc);
	printf("line %u: %s (%s), which a browser calls %s\n", (unsigned)error->line,
	       error->message, error->spec ? error->spec : "no rule", error->dom_name);
}

static void offer(taut_pc *from, taut_pc *to)
{
	uint32_t type;
	const char *sdp;

	/* Without a text it is what create_offer would return: "perfect negotiation" does so. */
	expect(taut_pc_set_local_description(from, now, 0, NULL, 0) == TAUT_OK, "an offer is set");
	sdp = taut_pc_local_description(from, &type);
	expect(type == TAUT_SDP_OFFER, "and is an offer");
	expect(taut_pc_signaling_state(from) == TAUT_SIGNALING_HAVE_LOCAL_OFFER, "it waits");
	expect(taut_pc_set_remote_description(to, now, type, sdp, strlen(sdp)) == TAUT_OK,
	       "the other takes it");
}

static void answer(taut_pc *from, taut_pc *to)
{
	uint32_t type;
	const char *sdp;

	expect(taut_pc_create_answer(from, now, &sdp) == TAUT_OK, "an answer is made");
	expect(taut_pc_set_local_description(from, now, TAUT_SDP_ANSWER, sdp, strlen(sdp)) ==
		       TAUT_OK,
	       "and set");
	sdp = taut_pc_current_local_description(from, &type);
	expect(type == TAUT_SDP_ANSWER, "an answer is current at once");
	expect(taut_pc_set_remote_description(to, now, type, sdp, strlen(sdp)) == TAUT_OK,
	       "the other takes it");
	expect(taut_pc_signaling_state(to) == TAUT_SIGNALING_STABLE, "and both agree");
}

static void show_what_is_pending(taut_pc *ada, taut_pc *bob)
{
	expect(taut_pc_pending_local_description(ada, NULL) != NULL, "the offer is pending here");
	expect(taut_pc_current_local_description(ada, NULL) == NULL, "nothing was agreed");
	expect(taut_pc_pending_remote_description(bob, NULL) != NULL, "it is pending there");
}

static void show_what_is_current(taut_pc *ada)
{
	expect(taut_pc_pending_local_description(ada, NULL) == NULL, "nothing is pending");
	expect(taut_pc_current_remote_description(ada, NULL) != NULL, "an answer is current");
	expect(strstr(taut_pc_remote_description(ada, NULL), "a=setup:active") != NULL,
	       "and is the one that counts");
	expect(taut_pc_can_trickle_ice_candidates(ada) == 1,
	       "the peer takes candidates one by one");
}

/* What the peer's signaling brought, for its first m-line. The end of candidates is a candidate without a text. */
static void trickle(taut_pc *to)
{
	static const char text[] = "candidate:1 1 udp 2130706431 192.0.2.7 40000 typ host";

	expect(taut_pc_add_ice_candidate(to, now, text, sizeof text - 1, NULL, 0) == TAUT_OK,
	       "a candidate is taken");
	expect(taut_pc_add_ice_candidate(to, now, NULL, 0, NULL, 0) == TAUT_OK, "so is the end");
}

static void restart(taut_pc *ada)
{
	char before[257];
	const char *sdp;

	snprintf(before, sizeof before, "a=ice-ufrag:%s\r\n", taut_pc_ice_ufrag(ada));
	expect(taut_pc_restart_ice(ada, now) == TAUT_OK, "the next offer restarts ICE");
	expect(taut_pc_create_offer(ada, now, &sdp) == TAUT_OK, "which is made");
	expect(strstr(sdp, before) == NULL, "with other credentials");
}

int main(void)
{
	const struct taut_env_config config = { .size = sizeof config };
	const struct taut_data_channel_init init = { .size = sizeof init, .label = "files" };
	taut_channel channel;

	expect(taut_env_new(&env, &config) == TAUT_OK, "an environment is made");
	taut_pc *ada = connection(), *bob = connection();
	refuse_nonsense(bob);
	expect(taut_pc_create_data_channel(ada, now, &init, &channel) == TAUT_OK,
	       "there is something to offer");
	offer(ada, bob);
	show_what_is_pending(ada, bob);
	/* Ada thinks again: all is as it was. */
	expect(taut_pc_set_local_description(ada, now, TAUT_SDP_ROLLBACK, NULL, 0) == TAUT_OK,
	       "an offer is taken back");
	expect(taut_pc_set_remote_description(bob, now, TAUT_SDP_ROLLBACK, NULL, 0) == TAUT_OK,
	       "on the other side as well");
	offer(ada, bob);
	answer(bob, ada);
	show_what_is_current(ada);
	trickle(ada);
	restart(ada);
	taut_pc_free(ada);
	taut_pc_free(bob);
	printf("offered, taken back, agreed, and offered anew\n");
	return taut_env_free(env) ? 1 : 0;
}
