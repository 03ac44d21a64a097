/* stun_behaviour.h - how the NAT before this machine maps and filters: taut stun --nat. */
#ifndef TAUT_CLI_STUN_BEHAVIOUR_H
#define TAUT_CLI_STUN_BEHAVIOUR_H

#include "io/io_udp.h"
#include "stun/stun_nat.h"

/* Asks over that socket, which has asked nobody but the server so far; takes up to 20 s. second: or NULL. */
void stun_behaviour_ask(struct tt_stun_nat *n, struct tt_env *env, struct tt_udp *udp,
			const struct taut_addr *server, const struct taut_addr *second,
			struct tt_udp_batch *batch);
void stun_behaviour_print(const struct tt_stun_nat *n);
/* Members of a JSON object, a comma before the first. */
void stun_behaviour_print_json(const struct tt_stun_nat *n);

#endif
