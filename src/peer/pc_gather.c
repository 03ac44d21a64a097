/* pc_gather.c - local candidates: told one by one (trickle, RFC 8838), and kept for descriptions. */
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "peer/pc.h"

enum { MAX_CANDIDATES = TT_ICE_MAX_LOCAL };

static void free_candidates(struct taut_pc *pc, struct pc_candidates *c)
{
	for (size_t i = 0; i < c->count; i++)
		tt_free(pc->env, c->lines[i]);
	tt_free(pc->env, c->lines);
	*c = (struct pc_candidates){ .generation = c->generation };
}

/* What the generation before had is kept until the restart is agreed on, for a rollback. */
void pc_new_generation(struct taut_pc *pc)
{
	free_candidates(pc, &pc->before);
	pc->before = pc->candidates;
	pc->candidates = (struct pc_candidates){ .generation = ++pc->last_generation };
	pc->gathering_state = TAUT_GATHERING_NEW;
	pc->milestones &=
		~(1u << TAUT_MS_GATHERING | 1u << TAUT_MS_FIRST_CHECK | 1u << TAUT_MS_NOMINATED);
}

void pc_old_generation(struct taut_pc *pc)
{
	free_candidates(pc, &pc->candidates);
	pc->candidates = pc->before;
	pc->before = (struct pc_candidates){ 0 };
	pc->gathering_state = pc->candidates.done        ? TAUT_GATHERING_COMPLETE
			      : pc->candidates.count > 0 ? TAUT_GATHERING_GATHERING
							 : TAUT_GATHERING_NEW;
}

void pc_forget_candidates(struct taut_pc *pc, bool all)
{
	free_candidates(pc, &pc->before);
	if (all)
		free_candidates(pc, &pc->candidates);
}

static const enum tt_sdp_candidate_type sdp_types[] = {
	[TT_ICE_HOST] = TT_SDP_HOST,
	[TT_ICE_SRFLX] = TT_SDP_SRFLX,
	[TT_ICE_PRFLX] = TT_SDP_PRFLX,
	[TT_ICE_RELAY] = TT_SDP_RELAY,
};

static void write_line(const struct taut_pc *pc, const struct tt_ice_candidate *c, char *out,
		       size_t cap)
{
	struct tt_sdp_candidate line;
	char ip[TT_ADDR_TEXT];

	tt_sdp_candidate_init(&line, c->tcp ? TT_SDP_TCP : TT_SDP_UDP, sdp_types[c->type],
			      &c->addr);
	line.tcptype = c->tcptype; /* the same numbers */
	if (c->name)
		snprintf(line.address, sizeof line.address, "%s", c->name);
	snprintf(line.foundation, sizeof line.foundation, "%s", c->foundation);
	line.component = 1;
	line.priority = c->priority;
	if (c->related.family) {
		snprintf(line.raddr, sizeof line.raddr, "%s", tt_addr_ip_text(&c->related, ip));
		line.rport = c->related.port;
	}
	snprintf(line.ufrag, sizeof line.ufrag, "%s", tt_ice_local_ufrag(pc->ice));
	if (c->network_id) /* as libwebrtc has it, which takes a cost that is not there for 0 */
		snprintf(line.extensions, sizeof line.extensions, "network-id %u network-cost %u",
			 c->network_id, c->network_cost);
	if (tt_sdp_candidate_write(&line, out, cap) == 0)
		out[0] = '\0';
}

/* The mid of the section whose transport the bundle uses. */
static const char *transport_mid(const struct taut_pc *pc)
{
	const struct tt_sdp *sdp = pc_local_sdp(pc);
	const struct tt_sdp_media *m = sdp ? pc_transport_section(sdp) : NULL;

	return m ? m->mid : NULL;
}

static void gathering(struct taut_pc *pc, uint32_t state)
{
	if (pc->gathering_state == state)
		return;
	pc->gathering_state = state;
	struct pc_event *e = pc_queue(pc, TAUT_EV_GATHERING_STATE, NULL, NULL);
	if (e)
		e->ev.number = state;
}

static void tell(struct taut_pc *pc, const char *line, const struct tt_ice_event *from)
{
	const size_t server = from->server;
	const char *url = server > 0 ? pc->servers[server - 1].url : NULL;
	struct pc_event *e = pc_queue_data(pc, TAUT_EV_ICE_CANDIDATE, transport_mid(pc), line, url,
					   url ? strlen(url) + 1 : 0);

	if (!e)
		return;
	e->ev.network = from->network;
	e->ev.url = e->ev.data; /* a copy: the configuration may be set again */
	e->ev.data = NULL;
	e->ev.len = 0;
	if (from->candidate.type == TT_ICE_RELAY && server > 0)
		e->ev.number =
			TAUT_TURN_UDP + (uint32_t)tt_ice_server_at(pc->ice, server - 1).transport;
}

/* After a restart that was rolled back before the end of candidates they are told again. */
static bool has_line(const struct pc_candidates *all, const char *line)
{
	for (size_t i = 0; i < all->count; i++)
		if (strcmp(all->lines[i], line) == 0)
			return true;
	return false;
}

void pc_local_candidate(struct taut_pc *pc, const struct tt_ice_event *e)
{
	char line[TT_SDP_CANDIDATE_TEXT];

	gathering(pc, TAUT_GATHERING_GATHERING);
	write_line(pc, &e->candidate, line, sizeof line);
	struct pc_candidates *all = &pc->candidates;
	if (!line[0] || all->count == MAX_CANDIDATES || has_line(all, line))
		return;
	if (!all->lines)
		all->lines = tt_alloc(pc->env, MAX_CANDIDATES * sizeof *all->lines);
	char *copy = all->lines ? tt_copy_text(pc->env, line, strlen(line)) : NULL;
	if (!copy)
		return;
	all->lines[all->count++] = copy;
	tell(pc, line, e);
	pc_milestone(pc, TAUT_MS_GATHERING, line);
}

void pc_gathering_done(struct taut_pc *pc)
{
	pc->candidates.done = true;
	pc_queue(pc, TAUT_EV_ICE_CANDIDATE, transport_mid(pc), NULL);
	gathering(pc, TAUT_GATHERING_COMPLETE);
}
