/* stun_nat.c - see stun_nat.h: RFC 5780 sections 4.3, 4.4 and 7. */
#include "stun/stun_nat.h"

#include "base/addr.h"

enum {
	PATIENCE = 4000000
}; /* silence is an answer here: four requests, at 0, 0.5, 1.5 and 3.5 s */

static void ask(struct tt_stun_nat *n, taut_time now, enum tt_stun_nat_step step,
		const struct taut_addr *to)
{
	n->step = step;
	tt_stun_client_init(&n->client, n->env, now, to, PATIENCE);
}

static void done(struct tt_stun_nat *n, const char *why)
{
	n->step = TT_STUN_NAT_DONE;
	n->why = why;
}

void tt_stun_nat_init(struct tt_stun_nat *n, struct tt_env *env, taut_time now,
		      const struct taut_addr *local, const struct taut_addr *server,
		      const struct taut_addr *second)
{
	*n = (struct tt_stun_nat){ .env = env, .local = *local, .server = *server };
	if (second)
		n->second = *second;
	ask(n, now, TT_STUN_NAT_PRIMARY, server);
}

/* Section 7.2: where the answer is to come from. */
static void ask_from(struct tt_stun_nat *n, taut_time now, enum tt_stun_nat_step step,
		     uint32_t change)
{
	ask(n, now, step, &n->server);
	n->client.change = change;
	n->client.answers_from = n->other;
	if (!(change & TT_STUN_CHANGE_ADDRESS)) {
		n->client.answers_from = n->server;
		n->client.answers_from.port = n->other.port;
	}
}

static void ask_other(struct tt_stun_nat *n, taut_time now, enum tt_stun_nat_step step)
{
	struct taut_addr to = n->other;

	if (step == TT_STUN_NAT_TO_OTHER)
		to.port = n->server.port;
	ask(n, now, step, &to);
}

/* 4.3, test I: who is seen under its own address needs no more questions about mapping. */
static void after_filtering(struct tt_stun_nat *n, taut_time now)
{
	if (n->mapping == TT_STUN_NAT_NONE)
		done(n, NULL);
	else
		ask_other(n, now, TT_STUN_NAT_TO_OTHER);
}

static void primary_answered(struct tt_stun_nat *n, taut_time now)
{
	n->mapped = n->client.mapped;
	n->other = n->client.other;
	if (tt_addr_eq(&n->mapped, &n->local))
		n->mapping = TT_STUN_NAT_NONE;
	/* 7.4: both differ, or it is of no use */
	if (n->other.family == n->server.family && !tt_addr_eq_ip(&n->other, &n->server) &&
	    n->other.port != n->server.port)
		ask_from(n, now, TT_STUN_NAT_FROM_OTHER,
			 TT_STUN_CHANGE_ADDRESS | TT_STUN_CHANGE_PORT);
	else if (n->mapping != TT_STUN_NAT_NONE && n->second.family != 0)
		ask(n, now, TT_STUN_NAT_TO_OTHER, &n->second);
	else
		done(n, "the server has no second address (RFC 5780 section 7.4)");
}

static void other_answered(struct tt_stun_nat *n, taut_time now)
{
	const bool same = tt_addr_eq(&n->client.mapped, &n->mapped);

	if (n->filtering == TT_STUN_NAT_UNKNOWN) { /* that was the second server */
		n->mapping = same ? TT_STUN_NAT_ENDPOINT_INDEPENDENT : TT_STUN_NAT_DEPENDENT;
		done(n, "two servers of one address each cannot tell who may answer");
	} else if (same) {
		n->mapping = TT_STUN_NAT_ENDPOINT_INDEPENDENT;
		done(n, NULL);
	} else {
		n->mapped_by_other = n->client.mapped;
		ask_other(n, now, TT_STUN_NAT_TO_BOTH);
	}
}

static void answered(struct tt_stun_nat *n, taut_time now)
{
	switch (n->step) {
	case TT_STUN_NAT_PRIMARY:
		primary_answered(n, now);
		break;
	case TT_STUN_NAT_FROM_OTHER:
		n->filtering = TT_STUN_NAT_ENDPOINT_INDEPENDENT;
		after_filtering(n, now);
		break;
	case TT_STUN_NAT_FROM_PORT:
		n->filtering = TT_STUN_NAT_ADDRESS_DEPENDENT;
		after_filtering(n, now);
		break;
	case TT_STUN_NAT_TO_OTHER:
		other_answered(n, now);
		break;
	case TT_STUN_NAT_TO_BOTH:
		n->mapping = tt_addr_eq(&n->client.mapped, &n->mapped_by_other)
				     ? TT_STUN_NAT_ADDRESS_DEPENDENT
				     : TT_STUN_NAT_ADDRESS_PORT_DEPENDENT;
		done(n, NULL);
		break;
	case TT_STUN_NAT_DONE:
		break;
	}
}

/* Nothing came, or an error. */
static void failed(struct tt_stun_nat *n, taut_time now)
{
	const bool silence = n->client.state == TT_STUN_CLIENT_NO_ANSWER;

	if (n->step == TT_STUN_NAT_FROM_OTHER && silence) {
		ask_from(n, now, TT_STUN_NAT_FROM_PORT, TT_STUN_CHANGE_PORT);
	} else if (n->step == TT_STUN_NAT_FROM_PORT && silence) {
		n->filtering = TT_STUN_NAT_ADDRESS_PORT_DEPENDENT;
		after_filtering(n, now);
	} else {
		done(n, n->client.why);
	}
}

static void go_on(struct tt_stun_nat *n, taut_time now)
{
	if (n->step == TT_STUN_NAT_DONE || n->client.state == TT_STUN_CLIENT_WAITING)
		return;
	if (n->client.state == TT_STUN_CLIENT_DONE)
		answered(n, now);
	else
		failed(n, now);
}

size_t tt_stun_nat_poll_send(struct tt_stun_nat *n, taut_time now, void *buf, size_t cap)
{
	go_on(n, now); /* a transaction may fail as it begins, for want of random numbers */
	return n->step == TT_STUN_NAT_DONE ? 0
					   : tt_stun_client_poll_send(&n->client, now, buf, cap);
}

bool tt_stun_nat_recv(struct tt_stun_nat *n, taut_time now, const struct taut_addr *from,
		      const void *buf, size_t len)
{
	const bool ours = tt_stun_client_recv(&n->client, now, from, buf, len);

	go_on(n, now);
	return ours;
}

void tt_stun_nat_tick(struct tt_stun_nat *n, taut_time now)
{
	tt_stun_client_tick(&n->client, now);
	go_on(n, now);
}

taut_time tt_stun_nat_deadline(const struct tt_stun_nat *n)
{
	return n->step == TT_STUN_NAT_DONE ? INT64_MAX : tt_stun_client_deadline(&n->client);
}

const char *tt_stun_nat_rule_text(enum tt_stun_nat_rule rule)
{
	static const char *const texts[] = {
		[TT_STUN_NAT_UNKNOWN] = "unknown",
		[TT_STUN_NAT_NONE] = "none",
		[TT_STUN_NAT_ENDPOINT_INDEPENDENT] = "endpoint-independent",
		[TT_STUN_NAT_ADDRESS_DEPENDENT] = "address-dependent",
		[TT_STUN_NAT_ADDRESS_PORT_DEPENDENT] = "address-and-port-dependent",
		[TT_STUN_NAT_DEPENDENT] = "dependent on the destination",
	};

	return texts[rule];
}

/* By the table of RFC 4787: a path that is found by checks needs one mapping at either end that the
 * other end can know, or a filter that lets strangers in. */
const char *tt_stun_nat_meaning(const struct tt_stun_nat *n)
{
	switch (n->mapping) {
	case TT_STUN_NAT_UNKNOWN:
		return "It could not be found out what the NAT does with new destinations.";
	case TT_STUN_NAT_NONE:
		return n->filtering == TT_STUN_NAT_ENDPOINT_INDEPENDENT
			       ? "There is no NAT, and everybody gets through: any peer can be "
				 "called."
			       : "There is no NAT: any peer that can send UDP can be called.";
	case TT_STUN_NAT_ENDPOINT_INDEPENDENT:
		if (n->filtering == TT_STUN_NAT_ENDPOINT_INDEPENDENT)
			return "Peers reach the mapped address whatever NAT they have: calls need "
			       "no relay.";
		if (n->filtering == TT_STUN_NAT_ADDRESS_DEPENDENT)
			return "Calls find a direct path, also to peers whose NAT maps each "
			       "destination anew.";
		return "Calls find a direct path, but for peers whose NAT maps each destination "
		       "anew: those "
		       "need a TURN server.";
	case TT_STUN_NAT_ADDRESS_DEPENDENT:
	case TT_STUN_NAT_ADDRESS_PORT_DEPENDENT:
	case TT_STUN_NAT_DEPENDENT:
		break;
	}
	return "Each destination sees another address (a \"symmetric\" NAT): only peers whose NAT "
	       "lets in "
	       "whatever comes from our public address are reached directly; others need a TURN "
	       "server.";
}
