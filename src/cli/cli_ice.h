/* cli_ice.h - options of ICE that several commands have: --ice-tcp; --srv; and --stun, --turn, --turn-user,
 * --turn-password, each as often as there are servers.
 *
 *     --turn A --turn B --turn-user u --turn-password p      u and p for both
 *     --turn A --turn-user a --turn-password p --turn B ...  each has its own
 *
 * A server has the next name and password behind it, or if there are none the last before it. */
#ifndef TAUT_CLI_CLI_ICE_H
#define TAUT_CLI_CLI_ICE_H

#include <stdbool.h>

#include "taut/taut.h"

enum { CLI_SERVERS = 4 }; /* taut_pc_new takes no more */

struct cli_servers {
	struct taut_ice_server list[CLI_SERVERS];
	size_t count;
	bool srv; /* all of them: by SRV records */
	/* Names and passwords, and how many servers stood before each. */
	struct cli_login {
		const char *text[CLI_SERVERS];
		size_t after[CLI_SERVERS], count;
	} users, passwords;
};

/* Each takes what stood behind its option; false: a sentence was said on stderr. */
bool cli_servers_stun(struct cli_servers *s, const char *url);
bool cli_servers_turn(struct cli_servers *s, const char *url);
bool cli_servers_user(struct cli_servers *s, const char *name);
bool cli_servers_password(struct cli_servers *s, char *text); /* cli_secret */
/* Behind the last option: all have what they need, and taut_pc_new takes them. False: said on stderr, without
 * a password. */
bool cli_servers_finish(struct cli_servers *s);
uint64_t cli_servers_srv(const struct cli_servers *s); /* taut_config.ice_srv_servers */
bool cli_servers_usable(const struct cli_servers *s, taut_env *env, taut_time now);

/* connect, listen or both, as TAUT_ICE_TCP_ in *out; false: it is another word, said on stderr. */
bool cli_ice_tcp(const char *who, uint32_t *out);

#endif
