/* layers: signal peer base; corpus: none */
/* fuzz_url.c - the URL of a relay and that of an ICE server name a host and a port, or are refused. */
#include <string.h>

#include "fuzz_env.h"
#include "signal/room_link.h"

static void relay(const char *text)
{
	const uint64_t before = tt_work_total;
	struct tt_link_url u, again;
	char full[sizeof u.authority + 16];
	const bool good = tt_link_parse_url(&u, text);

	fuzz_check_work_if(good, before, strlen(text), 4);
	if (!good)
		return;
	FUZZ_CHECK(u.host[0] && u.port >= 1 && u.port <= 65535, "a host and a port");
	(void)snprintf(full, sizeof full, "%s%s", u.tls ? "wss://" : "ws://", u.authority);
	FUZZ_CHECK(tt_link_parse_url(&again, full), "the authority can be asked for");
	FUZZ_CHECK(strcmp(u.host, again.host) == 0 && u.port == again.port && u.tls == again.tls,
		   "it is the same");
}

static void ice_server(const char *text)
{
	const struct taut_ice_server server = { .size = sizeof server, .url = text };
	const struct taut_config cfg = { .size = sizeof cfg,
					 .ice_servers = &server,
					 .ice_server_count = 1 };
	uint64_t seed = 1;
	taut_env *env;
	taut_pc *pc = NULL;

	FUZZ_CHECK(taut_env_new(&env,
				&(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							   .random = fuzz_draw,
							   .ctx = &seed }) == TAUT_OK,
		   "an environment");
	if (taut_pc_new(&pc, env, &cfg, 0) == TAUT_OK)
		taut_pc_free(pc);
	else
		FUZZ_CHECK(!pc, "refused and yet there");
	FUZZ_CHECK(taut_env_free(env) == TAUT_OK, "nothing is left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		abort();
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	relay(text);
	if (strncmp(text, "stun", 4) == 0 || strncmp(text, "turn", 4) == 0)
		ice_server(text);
	free(text);
	return 0;
}
