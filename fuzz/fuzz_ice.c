/* layers: ice stun base */
/* fuzz_ice.c - two ICE agents, the link between them, and somebody who meddles.
 *
 * The input says how time passes and which packets the link loses, calls both agents as signaling
 * does (and as it should not), and gives them packets of its own: checks and answers with the
 * right credentials, what was seen before, once more or damaged, and any bytes. After each:
 * polls end, deadlines lie ahead, a request is sent at most 7 times (RFC 8489 section 6.2.1),
 * nobody sends without an answer of the last 30 s (RFC 7675 section 5.1), and what is refused
 * changes nothing. */
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "fuzz_env.h"
#include "ice/ice_agent.h"

enum {
	SOCKETS = 16,
	LINK = 64, /* packets under way */
	SEEN = 8,  /* packets that can be given again, of each agent */
	TIDS = 64,
	OPERATIONS = 48,
	PACKET = 600,
	DELAY = 20 * FUZZ_MS,
};

struct packet {
	taut_time at; /* 0: none */
	int to;
	struct taut_addr local, remote; /* as the receiver sees them */
	size_t len;
	uint8_t data[PACKET];
};

struct host {
	struct fuzz_env env;
	struct tt_ice *ice;
	taut_flow next_flow, flow[SOCKETS];
	struct taut_addr addr[SOCKETS];
	size_t sockets;
	taut_time answered; /* the last time a success answer was given to it */
	uint8_t tids[TIDS][TT_STUN_TID_LEN];
	unsigned tid_sent[TIDS], tid_count, tid_at;
	struct packet seen[SEEN];
	size_t seen_at;
	struct tt_ice_candidate told; /* the last of its candidates */
};

struct world {
	struct host h[2];
	taut_time now;
	struct packet link[LINK];
	uint8_t loss; /* how, see lost() */
	unsigned sent;
};

static const struct taut_interface faces[2][3] = {
	{ { .size = sizeof faces[0][0],
	    .name = "a",
	    .addr = { .family = 4, .ip = { 10, 0, 0, 1 } } },
	  { .size = sizeof faces[0][0],
	    .name = "b",
	    .addr = { .family = 6, .ip = { 0x20, 1, 1 } } },
	  { .size = sizeof faces[0][0],
	    .name = "c",
	    .addr = { .family = 4, .ip = { 10, 0, 1, 1 } } } },
	{ { .size = sizeof faces[0][0],
	    .name = "a",
	    .addr = { .family = 4, .ip = { 10, 0, 0, 2 } } },
	  { .size = sizeof faces[0][0],
	    .name = "b",
	    .addr = { .family = 6, .ip = { 0x20, 1, 2 } } },
	  { .size = sizeof faces[0][0],
	    .name = "c",
	    .addr = { .family = 4, .ip = { 10, 0, 1, 2 } } } },
};
static const struct taut_addr server = { .family = 4, .port = 3478, .ip = { 192, 0, 2, 1 } };
static const struct taut_addr stranger = { .family = 4, .port = 9, .ip = { 203, 0, 113, 5 } };

/* ---- the agents and what they ask for ---- */

static void answer_io(struct world *w, int i)
{
	struct host *h = &w->h[i];
	const struct taut_io *io;
	int n = 0;

	while ((io = tt_ice_poll_io(h->ice)) != NULL) {
		const struct taut_io copy = *io;
		struct taut_addr found = copy.local;
		FUZZ_CHECK(n++ < 200, "poll_io ends");
		if (copy.kind == TAUT_IO_UDP) {
			found.port = (uint16_t)(5000 + 100 * i + (int)copy.flow);
			h->flow[h->sockets % SOCKETS] = copy.flow;
			h->addr[h->sockets++ % SOCKETS] = found;
		} else if (copy.kind == TAUT_IO_RESOLVE) {
			found = server;
		}
		if (copy.kind != TAUT_IO_CLOSE)
			tt_ice_io_result(h->ice, w->now, copy.flow, 0, &found, 1);
	}
}

static void take_events(struct world *w, int i)
{
	const struct tt_ice_event *e;
	int n = 0;

	while ((e = tt_ice_poll_event(w->h[i].ice)) != NULL) {
		FUZZ_CHECK(n++ < 200, "poll_event ends");
		FUZZ_CHECK(e->type != TT_ICE_EV_STATE || e->why, "a state says why");
		if (e->type != TT_ICE_EV_CANDIDATE)
			continue;
		w->h[i].told = e->candidate;
		w->h[i].told.ufrag = NULL;
		tt_ice_add_remote(w->h[1 - i].ice, w->now, &w->h[i].told);
	}
}

/* RFC 8489 section 6.2.1: seven times, and consent checks once. */
static void count_request(struct host *h, const struct packet *p)
{
	unsigned k = 0;

	while (k < h->tid_count && memcmp(h->tids[k], p->data + 8, TT_STUN_TID_LEN) != 0)
		k++;
	if (k == h->tid_count) {
		k = h->tid_at++ % TIDS;
		h->tid_count = h->tid_count < TIDS ? h->tid_count + 1 : TIDS;
		memcpy(h->tids[k], p->data + 8, TT_STUN_TID_LEN);
		h->tid_sent[k] = 0;
	}
	FUZZ_CHECK(++h->tid_sent[k] <= 7, "a request is sent seven times at most");
}

static bool lost(struct world *w, int to)
{
	const uint8_t how = w->loss;

	w->sent++;
	switch (how & 7) {
	case 0:
	case 1:
	case 2:
		return false;
	case 3:
		return true;
	case 4:
		return to == 0;
	case 5:
		return to == 1;
	case 6:
		return w->sent % 2;
	default:
		return w->sent * 0x9e3779b1u >> 29 < (unsigned)(how >> 5);
	}
}

static void carry(struct world *w, const struct packet *p)
{
	for (int k = 0; k < LINK; k++)
		if (w->link[k].at == 0) {
			w->link[k] = *p;
			return;
		}
}

static void take_packets(struct world *w, int i)
{
	struct packet p = { .to = 1 - i, .at = w->now + DELAY };
	struct host *h = &w->h[i];
	uint8_t buf[1280];
	struct tt_ice_out out = { .buf = buf, .cap = sizeof buf };
	int n = 0;

	while (tt_ice_poll_send(h->ice, w->now, &out)) {
		FUZZ_CHECK(n++ < 300, "poll_send ends");
		FUZZ_CHECK(out.len > 0 && out.len <= 548, "a request has at most 548 bytes");
		p.len = out.len;
		p.local = out.remote;
		p.remote = out.local;
		memcpy(p.data, buf, out.len);
		if (tt_stun_is(buf, out.len) && buf[0] == 0)
			count_request(h, &p);
		h->seen[h->seen_at++ % SEEN] = p;
		if (!lost(w, 1 - i))
			carry(w, &p);
	}
}

static void settle(struct world *w)
{
	for (int round = 0; round < 2; round++)
		for (int i = 0; i < 2; i++) {
			answer_io(w, i);
			take_events(w, i);
			take_packets(w, i);
		}
}

static void check(const struct world *w)
{
	struct tt_ice_path path;

	for (int i = 0; i < 2; i++) {
		const struct host *h = &w->h[i];
		FUZZ_CHECK(tt_ice_deadline(h->ice, NULL) > w->now, "the deadline lies ahead");
		if (tt_ice_selected(h->ice, w->now, &path))
			FUZZ_CHECK(w->now - h->answered < 30 * FUZZ_SECOND,
				   "no answer for 30 s and it still sends");
		FUZZ_CHECK(h->env.env.memory < 1 << 20, "memory has a ceiling");
	}
}

/* ---- packets and time ---- */

/* What must be the same after a refusal: all but the counters, what was lent, the moment, and
 * whether to look again. */
static struct tt_ice remembered(const struct tt_ice *ice)
{
	struct tt_ice copy = *ice;

	memset(&copy.counters, 0, sizeof copy.counters);
	memset(&copy.event, 0, sizeof copy.event);
	memset(&copy.io, 0, sizeof copy.io);
	copy.idle_until = 0;
	copy.idle_why = NULL;
	copy.all_told = false;
	return copy;
}

static uint64_t absorb(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static uint64_t digest(const struct ice_gen *g)
{
	struct ice_gen plain = *g; /* without what is counted for ice_why.c */
	memset(&plain.hints, 0, sizeof plain.hints);
	uint64_t h = absorb(17, &plain, sizeof plain);

	for (int i = 0; i < g->pairs; i++)
		h = absorb(h, tt_ice_pair_at(g, i), sizeof(struct ice_pair));
	for (size_t i = 0; i < g->remote_count; i++)
		h = absorb(h, tt_ice_remote_at(g, (int)i), sizeof(struct tt_ice_candidate));
	return g->name ? absorb(h, g->name, TT_ICE_MAX_NAMES * sizeof *g->name) : h;
}

static void give(struct world *w, const struct packet *p)
{
	struct host *h = &w->h[p->to];
	uint8_t *exact = malloc(p->len ? p->len : 1);
	taut_flow flow = 0;

	for (size_t k = 0; k < SOCKETS; k++)
		if (h->flow[k] && tt_addr_eq(&h->addr[k], &p->local))
			flow = h->flow[k];
	tt_ice_tick(h->ice, w->now);
	const struct tt_ice before = remembered(h->ice);
	const uint64_t cur = digest(h->ice->cur);
	if (!exact)
		abort();
	if (p->len > 0)
		memcpy(exact, p->data, p->len);
	const int refused = tt_ice_recv(h->ice, w->now, flow, &p->local, &p->remote, exact, p->len);
	free(exact);
	if (!refused && p->len > 1 && p->data[0] == 1 && p->data[1] == 1)
		h->answered = w->now;
	if (!refused)
		return;
	const struct tt_ice after = remembered(h->ice);
	FUZZ_CHECK(memcmp(&before, &after, sizeof before) == 0 && cur == digest(h->ice->cur),
		   "what is refused changes nothing");
}

static void deliver(struct world *w)
{
	for (int k = 0; k < LINK; k++)
		if (w->link[k].at != 0 && w->link[k].at <= w->now) {
			const struct packet p = w->link[k];
			w->link[k].at = 0;
			give(w, &p);
			settle(w);
		}
}

static void run(struct world *w, taut_time how_long)
{
	const taut_time end = w->now + how_long;

	settle(w);
	for (int steps = 0; steps < 600; steps++) {
		taut_time next = end;
		for (int k = 0; k < LINK; k++)
			next = w->link[k].at ? tt_min64(next, w->link[k].at) : next;
		for (int i = 0; i < 2; i++)
			next = tt_min64(next, tt_ice_deadline(w->h[i].ice, NULL));
		w->now = tt_max64(w->now, next);
		deliver(w);
		for (int i = 0; i < 2; i++)
			tt_ice_tick(w->h[i].ice, w->now);
		settle(w);
		check(w);
		if (w->now >= end)
			return;
	}
}

/* ---- what the input may do ---- */

static void call_exchange(struct world *w, int i)
{
	struct tt_ice *other = w->h[1 - i].ice;

	tt_ice_set_remote(w->h[i].ice, w->now, tt_ice_local_ufrag(other), tt_ice_local_pwd(other),
			  false);
	tt_ice_gather(w->h[i].ice, w->now);
	tt_ice_add_remote(w->h[i].ice, w->now, &w->h[1 - i].told);
}

static void call(struct world *w, int i, struct rd *in)
{
	struct tt_ice *ice = w->h[i].ice;
	const uint8_t how = rd_u8(in);
	struct tt_ice_candidate c = { .component = 1,
				      .foundation = "1",
				      .priority = how,
				      .addr = {
					      .family = 4, .port = how, .ip = { 10, 0, 0, how } } };

	switch (how % 10) {
	case 0:
		tt_ice_restart(ice, w->now);
		break;
	case 1:
		tt_ice_restart_undo(ice, w->now);
		break;
	case 2:
		for (int k = 0; k < 2; k++)
			call_exchange(w, k);
		break;
	case 3:
		call_exchange(w, i);
		break;
	case 4:
		tt_ice_remote_end(ice, w->now);
		break;
	case 5:
		tt_ice_set_interfaces(ice, w->now, faces[i] + how / 10 % 2, 1 + how / 20 % 2);
		tt_ice_gather(ice, w->now);
		break;
	case 6:
		tt_ice_set_role(ice, w->now, how & 16);
		break;
	case 7:
		c.addr = how & 16 ? w->h[1 - i].addr[how / 32] : c.addr;
		tt_ice_add_remote(ice, w->now, &c);
		break;
	case 8:
		c.name = how & 16 ? "1f4712db-ea17-4bcf-a596-105139dfd8bf.local" : NULL;
		c.addr.family = how & 16 ? 0 : 6;
		tt_ice_add_remote(ice, w->now, &c);
		break;
	default:
		tt_ice_set_remote(ice, w->now, "abcd", "0123456789012345678901", how & 16);
	}
}

/* A Binding message as the other agent might write it, with the right key or without any. */
static void forge(struct world *w, struct packet *p, struct rd *in)
{
	const struct host *h = &w->h[p->to];
	const struct ice_gen *g = rd_u8(in) % 4 || !h->ice->prev ? h->ice->cur : h->ice->prev;
	const uint8_t what = rd_u8(in), how = rd_u8(in);
	const enum tt_stun_class cls = what & 3;
	const bool answer = cls == TT_STUN_SUCCESS || cls == TT_STUN_ERROR;
	const struct tt_stun_key *key = answer ? &g->remote_key : &g->local_key;
	uint8_t tid[TT_STUN_TID_LEN] = { what, how };
	char user[2 * TT_ICE_UFRAG_CAP];
	struct wr out = wr_make(p->data, sizeof p->data);

	if (answer && h->tid_count)
		memcpy(tid, h->tids[(h->tid_at - 1 - how % 4) % TIDS % h->tid_count], sizeof tid);
	tt_stun_begin(&out, cls, TT_STUN_BINDING, tid);
	const int n = snprintf(user, sizeof user, "%s:%s", g->ufrag,
			       g->has_remote ? g->remote_ufrag : "abcd");
	if (!answer && !(what & 4))
		tt_stun_put(&out, TT_STUN_USERNAME, user, (size_t)n);
	if (!answer && !(what & 8))
		tt_stun_put_u32(&out, TT_STUN_PRIORITY, how * 0x1010101u);
	if (!answer && how & 1)
		tt_stun_put(&out, TT_STUN_USE_CANDIDATE, NULL, 0);
	if (!answer && how & 6)
		tt_stun_put_u64(&out, how & 2 ? TT_STUN_ICE_CONTROLLED : TT_STUN_ICE_CONTROLLING,
				how & 8 ? UINT64_MAX : 0);
	if (cls == TT_STUN_SUCCESS && !(what & 16))
		tt_stun_put_addr(&out, TT_STUN_XOR_MAPPED_ADDRESS,
				 how & 16 ? &stranger : &p->local);
	if (cls == TT_STUN_ERROR)
		tt_stun_put_error(&out, how & 16 ? 487 : how & 32 ? 403 : 400, "no");
	if (what & 32)
		tt_stun_put(&out, how, user, what >> 6);
	if (key->strong && !(what & 64))
		tt_stun_put_integrity(&out, key);
	if (!(what & 128))
		tt_stun_put_fingerprint(&out);
	p->len = tt_stun_finish(&out);
}

static void inject(struct world *w, int i, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	struct packet p = { .to = i };
	const struct host *h = &w->h[i], *other = &w->h[1 - i];

	p.local = h->addr[how % SOCKETS % (h->sockets ? h->sockets : 1) % SOCKETS];
	p.remote = how & 16 ? stranger : other->addr[(how >> 5) % SOCKETS];
	if (p.local.family == 0)
		p.local = h->addr[0];
	switch (rd_u8(in) % 4) {
	case 0:
		forge(w, &p, in);
		break;
	case 1: /* again, perhaps from elsewhere, perhaps its own back */
		p = w->h[how & 1].seen[rd_u8(in) % SEEN];
		p.to = i;
		break;
	case 2:
		p = w->h[1 - i].seen[rd_u8(in) % SEEN];
		p.to = i;
		if (p.len > 0)
			p.data[rd_u8(in) % p.len] ^= rd_u8(in);
		p.remote = how & 16 ? stranger : p.remote;
		break;
	default:
		p.len = fuzz_bytes(in, fuzz_pick(in, PACKET), p.data);
	}
	if (!tt_ice_is_multicast(h->ice, h->flow[0]))
		give(w, &p);
}

static void operate(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	const int i = what >> 7;
	static const taut_time spans[8] = { 50 * FUZZ_MS,     500 * FUZZ_MS,   FUZZ_SECOND,
					    2 * FUZZ_SECOND,  6 * FUZZ_SECOND, 12 * FUZZ_SECOND,
					    31 * FUZZ_SECOND, 70 * FUZZ_SECOND };

	switch (what & 7) {
	case 0:
	case 1:
		w->loss = rd_u8(in);
		run(w, spans[(what >> 3) & 7]);
		return;
	case 2: /* a process that was not run for a while */
		w->now += spans[(what >> 3) & 7];
		break;
	case 3:
	case 4:
		call(w, i, in);
		break;
	default:
		inject(w, i, in);
	}
	/* Whatever was done, time is told before the deadline is asked for. */
	for (int k = 0; k < 2; k++)
		tt_ice_tick(w->h[k].ice, w->now);
	settle(w);
	check(w);
}

static void begin(struct world *w, uint8_t how)
{
	static const struct tt_ice_server stun = { .host = "stun.example" };

	w->now = FUZZ_SECOND;
	for (int i = 0; i < 2; i++) {
		struct host *h = &w->h[i];
		const struct tt_ice_config cfg = { .controlling = i == 0 || how & 1,
						   .servers = &stun,
						   .server_count = how >> 1 & 1,
						   .next_flow = &h->next_flow };
		h->next_flow = 1;
		h->answered = -60 * (taut_time)FUZZ_SECOND;
		fuzz_env_begin(&h->env, (uint64_t)i + 1);
		if (tt_ice_new(&h->ice, &h->env.env, &cfg, w->now) != TAUT_OK)
			abort();
		tt_ice_set_interfaces(h->ice, w->now, faces[i], 1 + (how >> 2 & 1));
		if (how & 8)
			tt_ice_gather(h->ice, w->now);
	}
	if (!(how & 16))
		return;
	for (int i = 0; i < 2; i++)
		call_exchange(w, i);
	run(w, FUZZ_SECOND);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);

	memset(&w, 0, sizeof w);
	begin(&w, rd_u8(&in) ^ 24); /* mostly two that know each other and have met */
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	for (int i = 0; i < 2; i++) {
		struct tt_ice_why why;

		for (size_t k = 0; tt_ice_why(w.h[i].ice, k, &why); k++)
			FUZZ_CHECK(why.about && why.code && why.text[0], "there is a reason");
		tt_ice_free(w.h[i].ice);
		fuzz_env_end(&w.h[i].env);
	}
	return 0;
}
