/* ice_agent.h - what the files of this folder do for each other; what they do it with is in ice_types.h. */
#ifndef TAUT_ICE_ICE_AGENT_H
#define TAUT_ICE_ICE_AGENT_H

#include "ice/ice_types.h"

/* ice_agent.c */
void tt_ice_drop_packet(struct tt_ice *ice, taut_time now, uint32_t reason,
			const struct taut_addr *remote);
void tt_ice_gen_free(struct tt_ice *ice, struct ice_gen *g);

/* ice_state.c: after anything changed: thaw, nominate, choose the path, tell the state. */
void tt_ice_update(struct tt_ice *ice, taut_time now);
void tt_ice_wake(struct tt_ice *ice); /* something changed that update need not look at */
taut_time tt_ice_patience(const struct tt_ice *ice); /* for a first path; INT64_MAX: without end */

/* ice_addresses.c */
/* Those of all that are to be used; what was chosen before is forgotten. False: no memory, and it stays. */
bool tt_ice_choose_addresses(struct tt_ice *ice, taut_time now, const struct taut_interface *all,
			     size_t n);
bool tt_ice_is_wanted(const struct tt_ice *ice, const struct taut_addr *a);

/* ice_gather.c */
int tt_ice_base_of_flow(const struct tt_ice *ice, taut_flow flow); /* -1 */
/* Told once for a server and generation. base -1: none of ours has to do with it. */
void tt_ice_server_error(struct tt_ice *ice, size_t server, int base, uint16_t code,
			 const char *why);
void tt_ice_forget_base(struct tt_ice *ice, int base); /* all but the socket */
bool tt_ice_gathering_done(const struct tt_ice *ice);
void tt_ice_begin_gathering(struct tt_ice *ice, taut_time now);
/* The one with a socket on that address, or about to have one; -1: none. */
int tt_ice_base_on(const struct tt_ice *ice, const struct taut_addr *addr);
/* From each socket, those that were not asked yet or are to be asked again. */
void tt_ice_ask_servers(struct tt_ice *ice, taut_time now);
bool tt_ice_gather_io(struct tt_ice *ice);
bool tt_ice_gather_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			  const struct taut_addr *found, size_t n);
void tt_ice_gather_reset(struct tt_ice *ice, taut_time now);

/* ice_probe.c */
void tt_ice_probe_servers(struct tt_ice *ice, taut_time now); /* from each socket, each that it has not asked */
/* Asks anew where an answer is missing, or older than it is to be kept alive; what it showed is forgotten. */
void tt_ice_ask_stale(struct tt_ice *ice, taut_time now);
/* The probe whose turn it is, -1: none; *at: when one will be due. */
int tt_ice_probe_due(const struct tt_ice *ice, taut_time now, taut_time *at);
size_t tt_ice_probe_write(struct tt_ice *ice, taut_time now, int probe, struct tt_ice_out *out);
bool tt_ice_probe_answer(struct tt_ice *ice, taut_time now, taut_flow flow,
			 const struct taut_addr *from, const struct tt_stun_msg *m,
			 const uint8_t *pkt);
void tt_ice_probe_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_probe_deadline(const struct tt_ice *ice);

/* ice_lite.c, where we are a lite agent */
void tt_ice_lite_heard(struct tt_ice *ice, struct ice_pair *p); /* a check of the peer came over it */
void tt_ice_lite_knows_peer(struct tt_ice *ice); /* its description came: what was heard before counts */
/* Until then a peer whose checks come may nominate what it checks; INT64_MIN: none come, or we are not lite. */
taut_time tt_ice_lite_awaits(const struct tt_ice *ice);

/* ice_pool.c */
void tt_ice_take_pool(struct tt_ice *ice, taut_time now); /* what is there may be told */

/* ice_candidate.c */
uint32_t tt_ice_priority(enum tt_ice_type type, enum tt_ice_tcp tcp, uint16_t local_pref);
uint32_t tt_ice_base_priority(const struct ice_base *b, enum tt_ice_type type);
int tt_ice_add_local_tcp(struct tt_ice *ice, taut_time now, int base, enum tt_ice_tcp tcp,
			 const struct taut_addr *addr);
int tt_ice_add_local(struct tt_ice *ice, taut_time now, enum tt_ice_type type, int base, int server,
		     const struct taut_addr *addr);
bool tt_ice_unicast(const struct taut_addr *a);
/* Without its address, if it has a name. */
struct tt_ice_candidate tt_ice_shown(const struct tt_ice_candidate *c);
/* Is it kept from peers and signaling: behind a name, or by RFC 8828 section 5.2, mode 3? */
bool tt_ice_hides(const struct tt_ice *ice, const struct taut_addr *addr);
/* What a candidate tells of its base: RFC 8839 section 9.1. */
struct taut_addr tt_ice_related(const struct tt_ice *ice, const struct taut_addr *base);
int tt_ice_find_remote(const struct ice_gen *g, bool tcp, const struct taut_addr *addr); /* -1 */
/* A remote candidate with an address: known, new, or the signaling of a learned one. Its name, if it has one,
 * is the generation's. */
int tt_ice_put_remote(struct tt_ice *ice, taut_time now, const struct tt_ice_candidate *c);
int tt_ice_put_prflx(struct tt_ice *ice, taut_time now, bool tcp, const struct taut_addr *addr,
		     uint32_t priority);

/* ice_network.c */
unsigned tt_ice_network_rank(uint32_t type); /* 0 is the best, TT_ICE_RANKS - 1 the last */
uint16_t tt_ice_network_id(struct tt_ice *ice, uint32_t index);
/* Do candidates and checks of ours say where they come from? */
bool tt_ice_tells_network(const struct tt_ice *ice);
uint32_t tt_ice_network_info(const struct ice_base *b); /* the value of GOOG-NETWORK-INFO */
/* In a candidate of ours, if we tell it. */
void tt_ice_show_network(const struct tt_ice *ice, struct ice_local *l);
/* The socket's address is of another interface, or that leads elsewhere; relays and connections of it as well. */
void tt_ice_change_network(struct tt_ice *ice, taut_time now, int base, uint32_t index,
			   uint8_t type);
/* What the peer says of the network that a candidate of its is in. */
void tt_ice_take_network(struct tt_ice *ice, taut_time now, struct tt_ice_candidate *r,
			 uint32_t info);
/* Of both ends; a relay or TCP is as much more as a cellular network at least. */
unsigned tt_ice_pair_cost(const struct tt_ice *ice, const struct ice_gen *g,
			  const struct ice_pair *p);
/* Is data to take the first rather than the second? */
bool tt_ice_better(const struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p,
		   const struct ice_pair *than);

/* ice_pair.c */
uint64_t tt_ice_pair_priority(bool controlling, uint32_t local, uint32_t remote);
int tt_ice_find_pair(const struct ice_gen *g, int base, int remote);          /* -1 */
int tt_ice_add_pair(struct tt_ice *ice, taut_time now, int base, int remote); /* -1: none made */
bool tt_ice_can_pair(const struct taut_addr *local, const struct taut_addr *remote);
void tt_ice_pair_base(struct tt_ice *ice, taut_time now, int base);
void tt_ice_pair_remote(struct tt_ice *ice, taut_time now, int remote);
void tt_ice_drop_pairs_of_base(struct tt_ice *ice, int base);
void tt_ice_reprioritize(struct tt_ice *ice);
void tt_ice_thaw(struct tt_ice *ice);
void tt_ice_thaw_foundation(struct tt_ice *ice, const struct ice_pair *like);
void tt_ice_trigger(struct ice_gen *g, struct ice_pair *p);
/* why: TAUT_WHY_ */
void tt_ice_pair_failed(struct tt_ice *ice, taut_time now, int pair, uint8_t why);
/* That local address of ours and that remote one, or NULL. */
struct ice_pair *tt_ice_pair_from(const struct tt_ice *ice, const struct ice_gen *g, taut_flow flow,
				  const struct taut_addr *remote);
bool tt_ice_pair_busy(const struct ice_pair *p); /* not yet succeeded or failed */
int tt_ice_best_valid(const struct tt_ice *ice, const struct ice_gen *g, taut_time now);
struct tt_ice_path tt_ice_pair_path(const struct tt_ice *ice, const struct ice_gen *g, int pair);

/* ice_check.c */
struct ice_turn {
	int pair, probe, relay; /* whose turn it is; -1: not */
	taut_time at;           /* when there is something to do; INT64_MAX */
};
struct ice_turn tt_ice_turn(const struct tt_ice *ice, taut_time now);
size_t tt_ice_check_write(struct tt_ice *ice, taut_time now, int pair, struct tt_ice_out *out);
/* A Binding request over a pair, any kind. 0: it did not fit or could not be made. */
size_t tt_ice_request_write(struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p,
			    const struct ice_tx *tx, struct tt_ice_out *out);
bool tt_ice_switch_role(struct tt_ice *ice, taut_time now, bool controlling);
void tt_ice_check_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_check_deadline(const struct tt_ice *ice); /* of giving up */

/* ice_answer.c, ice_request.c */
int tt_ice_on_response(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *from,
		       const struct tt_stun_msg *m, const uint8_t *pkt);
int tt_ice_on_request(struct tt_ice *ice, taut_time now, int base, const struct taut_addr *local,
		      const struct taut_addr *from, const struct tt_stun_msg *m,
		      const uint8_t *pkt);
size_t tt_ice_response_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);

/* ice_nominate.c */
void tt_ice_nominate(struct tt_ice *ice, taut_time now);
/* Of a restart that is concluded, once what was under way has had its time. */
void tt_ice_drop_prev(struct tt_ice *ice, taut_time now);
void tt_ice_choose_path(struct tt_ice *ice, taut_time now);
taut_time tt_ice_follow_deadline(const struct tt_ice *ice); /* INT64_MAX: never */

/* ice_renominate.c */
/* A pair that is to be nominated in place of the selected one now; -1: none. */
int tt_ice_next_choice(struct tt_ice *ice, taut_time now);
/* The peer nominates the pair: false if what it says counts for nothing. */
bool tt_ice_take_nomination(struct tt_ice *ice, taut_time now, struct ice_pair *p,
			    const struct tt_stun_msg *m);
/* Is the pair checked on after another was nominated? */
bool tt_ice_worth_checking(const struct tt_ice *ice, const struct ice_pair *p);
bool tt_ice_indirect(const struct tt_ice *ice, const struct ice_pair *p); /* by a relay, or TCP */
/* A check of the peer came over it. */
void tt_ice_heard_elsewhere(struct tt_ice *ice, taut_time now, const struct ice_pair *p);
void tt_ice_keep_spares(struct tt_ice *ice, taut_time now);
/* Between two consent checks while one of the sides has lost its path; 0: there is no such hurry. */
taut_time tt_ice_urgency(const struct tt_ice *ice, taut_time now);
void tt_ice_doubt_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_doubt_deadline(const struct tt_ice *ice, taut_time now);
void tt_ice_begin_attempt(struct ice_gen *g, taut_time now, const struct ice_pair *p);
/* False: the nomination that is under way goes on. */
bool tt_ice_give_up_attempt(struct tt_ice *ice, taut_time now);
taut_time tt_ice_move_deadline(const struct tt_ice *ice); /* INT64_MAX: never */

/* ice_consent.c */
void tt_ice_consent_start(struct tt_ice *ice, taut_time now);
size_t tt_ice_consent_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
bool tt_ice_consent_answer(struct tt_ice *ice, taut_time now, int base,
			   const struct taut_addr *from, const struct tt_stun_msg *m,
			   const uint8_t *pkt);
void tt_ice_consent_tick(struct tt_ice *ice, taut_time now);
bool tt_ice_is_silent(const struct tt_ice *ice, taut_time now);
taut_time tt_ice_consent_deadline(const struct tt_ice *ice, taut_time now);

/* ice_relay.c */
int tt_ice_make_bases(struct tt_ice *ice); /* room for them and for relays, at the start */
void tt_ice_free_relays(struct tt_ice *ice);
/* Those that are over, so that tt_ice_allocate asks for others. */
void tt_ice_forget_failed_relays(struct tt_ice *ice);
void tt_ice_allocate(struct tt_ice *ice, taut_time now);     /* from each socket, on each server */
void tt_ice_reset_relays(struct tt_ice *ice, taut_time now); /* a restart */
void tt_ice_drop_relays_of(struct tt_ice *ice, int base);
bool tt_ice_relays_settled(const struct tt_ice *ice);
int tt_ice_relay_due(const struct tt_ice *ice, taut_time now, taut_time *at); /* -1 */
size_t tt_ice_relay_write(struct tt_ice *ice, taut_time now, int relay, struct tt_ice_out *out);
/* A Binding indication to a server, by an allocation that nothing else uses. 0: none is due. */
size_t tt_ice_relay_keep(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
size_t tt_ice_relay_last_word(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
void tt_ice_relay_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_relay_deadline(const struct tt_ice *ice);
/* By which packets to the server leave. */
struct tt_ice_path tt_ice_server_path(const struct tt_ice *ice, const struct ice_relay *r);

/* The socket on another port that it waited for is there, or cannot be had. */
void tt_ice_relay_ported(struct tt_ice *ice, taut_time now, int relay);
/* Its stream is over: so is the allocation. */
void tt_ice_relay_cut(struct tt_ice *ice, taut_time now, int stream, const char *why);

/* Requests of that server's that may still be answered; those that are over. */
bool tt_ice_relays_asking(const struct tt_ice *ice, size_t server);
void tt_ice_forget_relays(struct tt_ice *ice, size_t server);

/* ice_srv.c */
int tt_ice_srv_make(struct tt_ice *ice, struct ice_server *s); /* TAUT_E_NOMEM */
/* The name to ask for SRV records; NULL: it was asked, or nobody wants to. */
const char *tt_ice_srv_query(const struct ice_server *s);
const char *tt_ice_srv_host(const struct ice_server *s); /* to be looked up */
uint16_t tt_ice_srv_port(const struct ice_server *s);
bool tt_ice_srv_has_more(const struct ice_server *s);
/* How long it has to answer: of what is usual half, where another target follows. */
taut_time tt_ice_srv_life(const struct ice_server *s, taut_time usual);
void tt_ice_srv_forget(struct ice_server *s); /* a restart asks again if it had no answer */
void tt_ice_srv_advance(struct tt_ice *ice, taut_time now);

/* ice_port.c */
/* False: no memory, or too many of them. It is asked for, and answered by tt_ice_relay_ported. */
bool tt_ice_port_open(struct tt_ice *ice, struct ice_relay *r);
void tt_ice_port_close(struct tt_ice *ice, struct ice_relay *r);
const struct ice_port *tt_ice_port(const struct tt_ice *ice,
				   const struct ice_relay *r); /* NULL: none is open */
bool tt_ice_port_awaited(const struct tt_ice *ice, const struct ice_relay *r);
bool tt_ice_port_owns(const struct tt_ice *ice, taut_flow flow);
bool tt_ice_port_io(struct tt_ice *ice);
bool tt_ice_port_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			const struct taut_addr *found, size_t n);

/* ice_path.c */
/* Of what is written for a base: false if it cannot leave over it. */
bool tt_ice_path_out(struct tt_ice *ice, struct tt_ice_out *out);
enum tt_turn_grant tt_ice_permit(struct tt_ice *ice, taut_time now, int base,
				 const struct taut_addr *remote);
/* May a check leave over the pair now? A relayed one waits for its permission. */
bool tt_ice_pair_ready(const struct tt_ice *ice, const struct ice_gen *g, const struct ice_pair *p);
/* Data takes this pair. */
void tt_ice_bind_channel(struct tt_ice *ice, taut_time now, const struct ice_gen *g, int pair);
uint8_t tt_ice_path_head(const struct tt_ice *ice, int base, const struct taut_addr *remote);
/* The data in a datagram that tt_ice_wrap made for that path; none: it is no such one. */
struct span tt_ice_path_data(const struct tt_ice *ice, const struct tt_ice_path *path,
			     const struct tt_ice_out *out);

/* ice_stream.c */
int tt_ice_make_streams(struct tt_ice *ice);
void tt_ice_free_streams(struct tt_ice *ice);
/* like, with a flow of its own; it is asked for if it is STREAM_WANTED. -1: there are too many. */
int tt_ice_stream_open(struct tt_ice *ice, const struct ice_stream *like);
struct ice_stream *tt_ice_stream_of(const struct tt_ice *ice, taut_flow flow); /* NULL: none */
void tt_ice_stream_close(struct tt_ice *ice, int stream);
bool tt_ice_stream_io(struct tt_ice *ice);
bool tt_ice_stream_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			  const struct taut_addr *found, size_t n);

/* ice_tcp.c */
void tt_ice_tcp_use_base(struct tt_ice *ice, taut_time now, int base); /* candidates of a socket */
bool tt_ice_tcp_usable(const struct tt_ice *ice, const struct tt_ice_candidate *c);
/* To a passive candidate of the peer, from a socket's address: a base, and a pair of it. */
void tt_ice_tcp_connect(struct tt_ice *ice, taut_time now, int base, int remote);
void tt_ice_tcp_open(struct tt_ice *ice, taut_time now, const struct ice_stream *s);
bool tt_ice_tcp_settled(const struct tt_ice *ice); /* gathering does not wait for it */
void tt_ice_tcp_cut(struct tt_ice *ice, taut_time now, int stream);
void tt_ice_tcp_forget(struct tt_ice *ice, int base); /* the socket is gone */
void tt_ice_tcp_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_tcp_deadline(const struct tt_ice *ice);

/* ice_mdns.c */
int tt_ice_add_name(struct tt_ice *ice, taut_time now, const struct tt_ice_candidate *c);
bool tt_ice_mdns_io(struct tt_ice *ice);
void tt_ice_mdns_result(struct tt_ice *ice, taut_time now, int os_errno);
void tt_ice_mdns_want(struct tt_ice *ice);  /* a socket, if there is none */
void tt_ice_mdns_again(struct tt_ice *ice); /* another socket: there are more interfaces */
int tt_ice_mdns_recv(struct tt_ice *ice, taut_time now, const struct taut_addr *local,
		     const struct taut_addr *from, const uint8_t *pkt, size_t len);
size_t tt_ice_mdns_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
void tt_ice_mdns_tick(struct tt_ice *ice, taut_time now);
taut_time tt_ice_mdns_deadline(const struct tt_ice *ice);
bool tt_ice_names_open(const struct ice_gen *g);

/* ice_mdns_own.c */
bool tt_ice_own_make(struct tt_ice *ice); /* false: no memory */
/* Is a host candidate of this address told under a name? One that every host has tells nothing. */
bool tt_ice_own_hides(const struct tt_ice *ice, const struct taut_addr *addr);
/* The agent's. NULL: no randomness. */
const char *tt_ice_own_name(struct tt_ice *ice, taut_time now, const struct taut_addr *addr);
bool tt_ice_own_has(const struct tt_ice *ice, const char *name);
bool tt_ice_own_needed(const struct tt_ice *ice); /* the socket */
/* The address is gone, NULL: all are. Who was told the name hears so. */
void tt_ice_own_forget(struct tt_ice *ice, const struct taut_addr *addr);
void tt_ice_own_unheard(struct tt_ice *ice, taut_time now, int os_errno); /* there is no socket */
int tt_ice_own_recv(struct tt_ice *ice, taut_time now, const struct taut_addr *from,
		    const uint8_t *pkt, size_t len);
size_t tt_ice_own_write(struct tt_ice *ice, taut_time now, struct tt_ice_out *out);
taut_time tt_ice_own_deadline(const struct tt_ice *ice);

#endif
