/* ice_port.c - other ports for allocations: RFC 8656 section 7.4.
 *
 * A TURN server knows an allocation by the 5-tuple. What it answers with 437 has one there that is not ours: of a
 * client that is no more, to which a NAT had given the same port, or of another connection on the same socket
 * (TAUT_LOOP_ONE_SOCKET). Then a socket on another port of the same address asks. It is no candidate: only
 * what goes to that server and comes from it passes there. Over TCP and TLS another stream does the same. */
#include "ice/ice_agent.h"

static struct ice_port *port_of(const struct tt_ice *ice, const struct ice_relay *r)
{
	return r->port ? &ice->port[r->port - 1] : NULL;
}

const struct ice_port *tt_ice_port(const struct tt_ice *ice, const struct ice_relay *r)
{
	const struct ice_port *p = port_of(ice, r);

	return p && p->state == BASE_OPEN ? p : NULL;
}

bool tt_ice_port_awaited(const struct tt_ice *ice, const struct ice_relay *r)
{
	return r->port && !tt_ice_port(ice, r);
}

bool tt_ice_port_open(struct tt_ice *ice, struct ice_relay *r)
{
	tt_ice_port_close(ice, r);
	if (!ice->port)
		ice->port = tt_alloc(ice->env, TT_ICE_MAX_PORTS * sizeof *ice->port);
	for (int i = 0; ice->port && i < TT_ICE_MAX_PORTS; i++) {
		struct ice_port *p = &ice->port[i];
		if (p->state != BASE_NONE)
			continue;
		*p = (struct ice_port){ .state = BASE_WANTED,
					.flow = (*ice->next_flow)++,
					.addr = ice->base[r->base].addr };
		p->addr.port = 0;
		r->port = (uint8_t)(i + 1);
		return true;
	}
	return false;
}

void tt_ice_port_close(struct tt_ice *ice, struct ice_relay *r)
{
	struct ice_port *p = port_of(ice, r);

	if (p)
		p->state = p->state == BASE_WANTED ? BASE_NONE : BASE_CLOSING;
	r->port = 0;
}

bool tt_ice_port_io(struct tt_ice *ice)
{
	for (int i = 0; ice->port && i < TT_ICE_MAX_PORTS; i++) {
		struct ice_port *p = &ice->port[i];
		if (p->state == BASE_WANTED) {
			p->state = BASE_ASKED;
			ice->io = (struct taut_io){ .kind = TAUT_IO_UDP,
						    .flow = p->flow,
						    .local = p->addr };
			return true;
		}
		if (p->state == BASE_CLOSING) {
			p->state = BASE_NONE;
			ice->io = (struct taut_io){ .kind = TAUT_IO_CLOSE, .flow = p->flow };
			return true;
		}
	}
	return false;
}

bool tt_ice_port_owns(const struct tt_ice *ice, taut_flow flow)
{
	for (int i = 0; ice->port && i < TT_ICE_MAX_PORTS; i++)
		if (ice->port[i].state != BASE_NONE && ice->port[i].flow == flow)
			return true;
	return false;
}

bool tt_ice_port_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			const struct taut_addr *found, size_t n)
{
	const bool opened = os_errno == 0 && n > 0 && found[0].port != 0;

	if (!tt_ice_port_owns(ice, flow))
		return false;
	for (int i = 0; ice->relay && i < TT_ICE_MAX_RELAYS; i++) {
		struct ice_port *p = port_of(ice, &ice->relay[i]);
		if (!p || p->flow != flow || p->state != BASE_ASKED)
			continue;
		if (opened) {
			p->state = BASE_OPEN;
			p->addr = found[0];
		} else {
			p->state = BASE_NONE; /* there is nothing to close */
			ice->relay[i].port = 0;
			tt_note(ice->env, now, TAUT_LAYER_ICE, "no socket on another port",
				TT_ADDR("address", &p->addr), TT_INT("errno", os_errno));
		}
		tt_ice_relay_ported(ice, now, i);
		return true;
	}
	return true;
}
