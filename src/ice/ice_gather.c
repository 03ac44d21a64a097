/* ice_gather.c - local candidates: a socket for each address that ice_addresses.c chose. RFC 8445 section 5.1.1.
 *
 * Names of servers are resolved by whoever answers poll_io. What STUN servers see is in ice_probe.c, relayed candidates
 * in ice_relay.c. */

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

int tt_ice_base_of_flow(const struct tt_ice *ice, taut_flow flow)
{
	for (int i = 0; i < ice->base_count; i++)
		if (ice->base[i].flow == flow && ice->base[i].state != BASE_NONE)
			return i;
	return -1;
}

/* RFC 8828 section 5.2, mode 4: an address is where streams begin, and has no socket. */
static bool no_udp(const struct tt_ice *ice)
{
	return ice->addresses == TT_ICE_ADDRESS_PROXY;
}

int tt_ice_base_on(const struct tt_ice *ice, const struct taut_addr *addr)
{
	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		if (ice->base[i].state != BASE_NONE && ice->base[i].state != BASE_CLOSING &&
		    tt_addr_eq_ip(&ice->base[i].addr, addr))
			return i;
	return -1;
}

void tt_ice_forget_base(struct tt_ice *ice, int base)
{
	size_t kept = 0;

	tt_ice_drop_relays_of(ice, base);
	tt_ice_tcp_forget(ice, base);
	tt_ice_drop_pairs_of_base(ice, base);
	for (size_t i = 0; i < ice->local_count; i++)
		if (ice->local[i].base != base)
			ice->local[kept++] = ice->local[i];
	ice->local_count = kept;
	for (size_t i = 0; i < ice->probe_room; i++)
		if (ice->probe[i].base == base)
			ice->probe[i].used = false;
	for (size_t i = 0; i < ice->response_count; i++) {
		struct ice_response *r = tt_ice_response_at(ice, i);

		if (r->flow == ice->base[base].flow)
			r->flow = 0; /* not sent */
	}
}

/* An address without a socket; or, if untold, one that no candidate tells of. */
static bool any_fresh(const struct tt_ice *ice, bool untold)
{
	for (size_t k = 0; k < ice->wanted_count; k++) {
		const int base = tt_ice_base_on(ice, &ice->wanted[k].addr);
		if (base < 0 || (untold && ice->base[base].late))
			return true;
	}
	return false;
}

static bool any_base(const struct tt_ice *ice)
{
	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		if (ice->base[i].state != BASE_NONE && ice->base[i].state != BASE_CLOSING)
			return true;
	return false;
}

static void open_bases(struct tt_ice *ice, bool late)
{
	for (size_t i = 0; i < ice->wanted_count; i++) {
		const struct ice_wanted *w = &ice->wanted[i];
		if (tt_ice_base_on(ice, &w->addr) >= 0)
			continue;
		for (int k = 0; k < TT_ICE_MAX_BASES; k++) {
			struct ice_base *b = &ice->base[k];
			if (b->state != BASE_NONE)
				continue;
			*b = (struct ice_base){ .state = no_udp(ice) ? BASE_OPEN : BASE_WANTED,
						.flow = (*ice->next_flow)++,
						.addr = w->addr,
						.index = w->index,
						.network = tt_ice_network_id(ice, w->index),
						.type = w->type,
						.late = late,
						.late_before = true,
						.local_pref = tt_u16(65535 - i) };
			ice->bases_ask = true;
			break;
		}
	}
}

static void update_networks(struct tt_ice *ice, taut_time now)
{
	for (size_t k = 0; k < ice->wanted_count; k++) {
		const struct ice_wanted *w = &ice->wanted[k];
		const int base = tt_ice_base_on(ice, &w->addr);
		if (base >= 0)
			tt_ice_change_network(ice, now, base, w->index, w->type);
	}
}

int tt_ice_set_interfaces(struct tt_ice *ice, taut_time now, const struct taut_interface *all,
			  size_t n)
{
	if (!tt_ice_choose_addresses(ice, now, all, n))
		return TAUT_E_NOMEM;
	for (int i = 0; i < TT_ICE_MAX_BASES; i++) {
		struct ice_base *b = &ice->base[i];
		if (b->state == BASE_NONE || b->state == BASE_CLOSING ||
		    tt_ice_is_wanted(ice, &b->addr))
			continue;
		tt_note(ice->env, now, TAUT_LAYER_ICE, "local address gone",
			TT_ADDR("address", &b->addr));
		tt_ice_own_forget(ice, &b->addr);
		tt_ice_forget_base(ice, i);
		b->state = b->state == BASE_WANTED || no_udp(ice) ? BASE_NONE : BASE_CLOSING;
		ice->bases_ask = true;
	}
	update_networks(ice, now);
	if (any_fresh(ice, false))
		tt_ice_mdns_again(ice);
	tt_ice_update(ice, now);
	/* After the end of candidates was told there are no more, RFC 8838; but who may nominate again, or be
	 * nominated, shows the peer by checks that there is another way. */
	const bool late = ice->cur->done_told;
	if (ice->gathering && ice->state != TT_ICE_FAILED &&
	    (!late || (ice->cur->renomination && ice->path_gen == ice->cur && !ice->relay_only)))
		open_bases(ice, late);
	return TAUT_OK;
}

bool tt_ice_stranded(const struct tt_ice *ice)
{
	const bool hopeless = ice->state == TT_ICE_FAILED || ice->cur->had_path || !any_base(ice);

	return ice->gathering && !ice->path_gen && hopeless && any_fresh(ice, true);
}

static void ask_all(struct tt_ice *ice, taut_time now)
{
	tt_ice_allocate(ice, now);
	tt_ice_probe_servers(ice, now);
}

static void use_base(struct tt_ice *ice, taut_time now, int base)
{
	struct ice_base *b = &ice->base[base];

	if (ice->relay_only)
		return;
	if (ice->addresses == TT_ICE_ADDRESS_PUBLIC || b->late) {
		/* RFC 8828 section 5.2, mode 3: no host candidate; checks leave all the same. */
		b->foundation = b->foundation ? b->foundation : ++ice->foundations;
		tt_ice_pair_base(ice, now, base);
		return;
	}
	if (tt_ice_add_local(ice, now, TT_ICE_HOST, base, 0, &b->addr) >= 0)
		tt_ice_pair_base(ice, now, base);
	tt_ice_tcp_use_base(ice, now, base);
}

void tt_ice_server_error(struct tt_ice *ice, size_t server, int base, uint16_t code,
			 const char *why)
{
	struct ice_server *s = &ice->server[server];

	if (s->why)
		return;
	s->why = why;
	s->code = code;
	s->base = base < 0 ? TT_ICE_MAX_BASES : tt_u8((uint64_t)base);
	s->told = false;
	s->held = code == TT_ICE_UNREACHED && tt_ice_srv_has_more(s);
}

/* Mode 4: such servers are not even looked for. */
static void refuse_udp(struct tt_ice *ice)
{
	for (size_t i = 0; no_udp(ice) && i < ice->server_count; i++)
		if (ice->server[i].transport == TT_ICE_UDP) {
			ice->server[i].state = SERVER_FAILED;
			tt_ice_server_error(
				ice, i, -1, TT_ICE_UNREACHED,
				"it is asked over UDP, which the address policy forbids");
		}
}

void tt_ice_gather(struct tt_ice *ice, taut_time now)
{
	if (ice->gathering && !ice->pooled)
		return;
	ice->cur->pac_until = now + TT_ICE_PAC;
	if (ice->pooled)
		tt_ice_take_pool(ice, now);
	else
		tt_ice_begin_gathering(ice, now);
}

void tt_ice_begin_gathering(struct tt_ice *ice, taut_time now)
{
	ice->gathering = ice->gathered = true;
	open_bases(ice, false);
	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		if (ice->base[i].state == BASE_OPEN)
			use_base(ice, now, i);
	tt_ice_ask_servers(ice, now);
}

void tt_ice_ask_servers(struct tt_ice *ice, taut_time now)
{
	refuse_udp(ice);
	ask_all(ice, now);
	tt_ice_update(ice, now);
}

struct tt_ice_server tt_ice_server_at(const struct tt_ice *ice, size_t i)
{
	const struct ice_server *s = &ice->server[i];

	return (struct tt_ice_server){
		.host = s->host,
		.port = s->port,
		.transport = (enum tt_ice_transport)s->transport,
		.user = s->user,
		.password = s->password,
	};
}

/* A restart: the same sockets, but mappings are asked for again and all is told again. */
void tt_ice_gather_reset(struct tt_ice *ice, taut_time now)
{
	size_t kept = 0;

	ice->gathering = false;
	for (int i = 0; i < TT_ICE_MAX_BASES; i++) {
		ice->base[i].late_before = ice->base[i].late;
		ice->base[i].late = false;
	}
	ice->waiting_count = 0; /* they were of the generation before */
	for (size_t i = 0; i < ice->probe_room; i++)
		ice->probe[i] = (struct ice_probe){ 0 };
	tt_ice_reset_relays(ice, now);
	for (size_t i = 0; i < ice->local_count; i++)
		if (ice->local[i].c.type == TT_ICE_HOST || ice->local[i].of_relay) {
			ice->local[kept] = ice->local[i];
			ice->local[kept++].told = false;
		}
	ice->local_count = kept;
	for (size_t i = 0; i < ice->server_count; i++) {
		ice->server[i].why = NULL;
		tt_ice_srv_forget(&ice->server[i]);
		if (ice->server[i].state == SERVER_FAILED)
			ice->server[i].state = SERVER_WANTED;
	}
	if (ice->pooled) /* the peer's offer was taken back, and another came */
		tt_ice_begin_gathering(ice, now);
}

bool tt_ice_gathering_done(const struct tt_ice *ice)
{
	if (!ice->gathering || ice->reopen)
		return false;
	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		if (!ice->base[i].late &&
		    (ice->base[i].state == BASE_WANTED || ice->base[i].state == BASE_ASKED))
			return false;
	for (size_t i = 0; i < ice->probe_room; i++)
		if (ice->probe[i].used && !ice->probe[i].done && !ice->probe[i].again)
			return false;
	for (size_t i = 0; i < ice->server_count; i++)
		if (ice->server[i].state == SERVER_WANTED || ice->server[i].state == SERVER_ASKED)
			return false;
	return tt_ice_relays_settled(ice) && tt_ice_tcp_settled(ice);
}

/* ---- what only the outside can do ---- */

static struct ice_base *base_in(struct tt_ice *ice, enum ice_base_state state)
{
	for (int i = 0; ice->bases_ask && i < TT_ICE_MAX_BASES; i++)
		if (ice->base[i].state == state)
			return &ice->base[i];
	return NULL;
}

/* Those that go before those that come: the address may be the same, and a shared socket is one for each. */
static bool base_io(struct tt_ice *ice)
{
	struct ice_base *b = base_in(ice, BASE_CLOSING);

	if (b) {
		b->state = BASE_NONE;
		ice->io = (struct taut_io){ .kind = TAUT_IO_CLOSE, .flow = b->flow };
		return true;
	}
	b = base_in(ice, BASE_WANTED);
	if (b) {
		b->state = BASE_ASKED;
		ice->io =
			(struct taut_io){ .kind = TAUT_IO_UDP, .flow = b->flow, .local = b->addr };
	}
	return b != NULL;
}

bool tt_ice_gather_io(struct tt_ice *ice)
{
	if (base_io(ice))
		return true;
	ice->bases_ask = false;
	if (ice->reopen && ice->gathering) {
		ice->reopen = false;
		open_bases(ice, false);
		if (ice->bases_ask)
			return tt_ice_gather_io(ice);
	}
	for (size_t i = 0; ice->gathering && i < ice->server_count; i++) {
		struct ice_server *s = &ice->server[i];
		if (s->state != SERVER_WANTED)
			continue;
		s->state = SERVER_ASKED;
		s->id = (*ice->next_flow)++;
		const char *query = tt_ice_srv_query(s);
		ice->io = (struct taut_io){ .kind = query ? TAUT_IO_RESOLVE_SRV : TAUT_IO_RESOLVE,
					    .flow = s->id,
					    .name = query ? query : tt_ice_srv_host(s) };
		return true;
	}
	return false;
}

static void bound(struct tt_ice *ice, taut_time now, int base, int os_errno,
		  const struct taut_addr *found, size_t n)
{
	struct ice_base *b = &ice->base[base];

	if (b->state != BASE_ASKED)
		return;
	if (os_errno != 0 || n == 0 || found[0].port == 0) {
		tt_note(ice->env, now, TAUT_LAYER_ICE, "no socket on a local address",
			TT_ADDR("address", &b->addr), TT_INT("errno", os_errno));
		b->state = BASE_NONE;
		return;
	}
	b->state = BASE_OPEN;
	b->addr.port = found[0].port;
	if (ice->gathering)
		use_base(ice, now, base);
	ask_all(ice, now);
}

static void resolved(struct tt_ice *ice, taut_time now, struct ice_server *s, int os_errno,
		     const struct taut_addr *found, size_t n)
{
	for (size_t i = 0; os_errno == 0 && i < n; i++) {
		struct taut_addr *a = &s->addr[found[i].family == 6];
		if ((found[i].family == 4 || found[i].family == 6) && a->family == 0) {
			*a = found[i];
			a->port = tt_ice_srv_port(s);
		}
	}
	s->state = s->addr[0].family || s->addr[1].family ? SERVER_KNOWN : SERVER_FAILED;
	if (s->state == SERVER_FAILED) {
		tt_ice_server_error(ice, (size_t)(s - ice->server), -1, TT_ICE_UNREACHED,
				    "its name was not found");
		tt_note(ice->env, now, TAUT_LAYER_ICE, "STUN server not found",
			TT_STR("host", s->host), TT_INT("errno", os_errno));
	}
	ask_all(ice, now);
}

bool tt_ice_gather_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			  const struct taut_addr *found, size_t n)
{
	int base = tt_ice_base_of_flow(ice, flow);

	if (base >= 0) {
		bound(ice, now, base, os_errno, found, n);
		return true;
	}
	for (size_t i = 0; i < ice->server_count; i++)
		if (ice->server[i].state == SERVER_ASKED && ice->server[i].id == flow) {
			if (tt_ice_srv_result(ice, now, flow, os_errno, NULL, 0))
				return true;
			resolved(ice, now, &ice->server[i], os_errno, found, n);
			return true;
		}
	return false;
}
