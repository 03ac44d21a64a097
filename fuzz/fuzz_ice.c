/* layers: ice stun base */
/* fuzz_ice.c - two ICE agents, the link between them, and somebody who meddles.
 *
 * The input says how time passes and which packets the link loses, calls both agents as signaling
 * does (and as it should not), and gives them packets of its own: checks and answers with the
 * right credentials, what was seen before, once more or damaged, and any bytes. What must hold after
 * each is in ice_world.h.
 *
 * The first byte says as well what there is beside UDP between the two: a TURN server (turn_server.h), reached
 * over UDP, TCP or TLS, found by SRV records, or alone allowed; connections over TCP; or one of the agents
 * is lite. Then the input may have the server refuse or be silent, end connections, knock at what listens,
 * give octets to a stream, and have data sent. */
#include "ice_world.h"

enum { OPERATIONS = 48 };

/* ---- what the input may do ---- */

static void call_exchange(struct world *w, int i)
{
	struct tt_ice *other = w->h[1 - i].ice;

	tt_ice_set_remote(w->h[i].ice, w->now, tt_ice_local_ufrag(other), tt_ice_local_pwd(other),
			  w->h[1 - i].lite);
	tt_ice_gather(w->h[i].ice, w->now);
	tt_ice_add_remote(w->h[i].ice, w->now, &w->h[1 - i].told);
}

/* The server is silent, or refuses the next request. */
static void set_turn(struct world *w, uint8_t how)
{
	static const uint16_t codes[] = { 300, 400, 401, 403, 437, 438, 442, 443, 486, 508, 500 };

	w->turn.silent = how & 128;
	w->turn.error = codes[how % TT_COUNT(codes)];
}

static void end_connection(struct world *w, int i, uint8_t how)
{
	struct connection *c = &w->connection[how % CONNECTIONS];
	const taut_flow flow = c->flow[i];

	if (how & 128) { /* that to the TURN server */
		if (tt_ice_is_stream(w->h[i].ice, how & 127u) && !connection_of(w, i, how & 127u))
			io_result(w, i, how & 127u, RESET, NULL, 0);
	} else if (c->used) {
		disconnect(w, i, flow);
		if (flow)
			io_result(w, i, flow, RESET, NULL, 0);
	}
}

static void send_data(struct world *w, int i, uint8_t len)
{
	static const uint8_t data[256] = { 23 };
	struct tt_ice *ice = w->h[i].ice;
	struct tt_ice_path path;
	uint8_t buf[512];

	if (!tt_ice_selected(ice, w->now, &path))
		return;
	memcpy(buf + path.head, data, len);
	const size_t n = tt_ice_wrap(ice, &path, buf, len, sizeof buf);
	FUZZ_CHECK(n <= path.head + len + 4u && (n == 0 || n >= len), "and a head, and padding");
	if (n == 0)
		return;
	tt_ice_sent_data(ice, w->now, 1, len);
	route(w, i, &(struct tt_ice_out){ path.flow, path.local, path.remote, buf, sizeof buf, n });
}

static void call_more(struct world *w, int i, uint8_t what, struct rd *in)
{
	const uint8_t how = rd_u8(in);
	const struct host *other = &w->h[1 - i];

	switch (what) {
	case 10:
		set_turn(w, how);
		break;
	case 11:
		end_connection(w, i, how);
		break;
	case 12:
		(void)knock(w, i, 0, &stranger, &other->listener[how % LISTENERS].addr);
		break;
	case 13:
		w->refuses = how;
		break;
	case 14:
		send_data(w, i, how);
		break;
	default:
		if (how >= 250) {
			tt_ice_close(w->h[i].ice, w->now);
			take_packets(w, i); /* a last word to each server */
			w->h[i].closed = true;
		}
	}
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

	if (w->kind && how % 16 >= 10) {
		call_more(w, i, how % 16, in);
		return;
	}
	switch (w->kind ? how % 16 : how % 10) {
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

/* To a stream: whole, as a frame of the peer, or any octets; or relayed, from wherever it likes. */
static void to_stream(struct world *w, struct packet *p, struct rd *in)
{
	const uint8_t how = rd_u8(in), flow = rd_u8(in);
	const struct connection *c = &w->connection[flow % CONNECTIONS];
	struct packet inner = { .to = p->to };
	struct wr out = wr_make(p->data, sizeof p->data);

	p->flow = how & 1 ? flow : c->used && c->flow[p->to] ? c->flow[p->to] : flow;
	if (how & 2) {
		forge(w, &inner, in);
	} else {
		inner.len = fuzz_bytes(in, rd_u8(in), inner.data);
	}
	if (how & 4) {
		p->remote = turn_addr;
		p->len = turn_wrap(&w->turn, (struct turn_who){ p->to, p->flow },
				   how & 8 ? &stranger : &w->h[1 - p->to].addr[0],
				   (struct span){ inner.data, inner.len }, p->data, sizeof p->data);
		return;
	}
	if (how & 16)
		wr_u16(&out, (uint16_t)(inner.len + (how >> 5)));
	wr_bytes(&out, inner.data, inner.len);
	p->len = wr_len(&out);
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
	switch (rd_u8(in) % (w->kind ? 6 : 4)) {
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
	case 3:
		p.len = fuzz_bytes(in, fuzz_pick(in, PACKET), p.data);
		break;
	default:
		to_stream(w, &p, in);
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
		if (!w->h[0].closed && !w->h[1].closed)
			call(w, i, in);
		break;
	default:
		inject(w, i, in);
	}
	/* Whatever was done, time is told before the deadline is asked for. */
	for (int k = 0; k < 2; k++)
		if (!w->h[k].closed)
			tt_ice_tick(w->h[k].ice, w->now);
	settle(w);
	check(w);
}

static size_t servers_of(enum kind kind, bool stun, struct tt_ice_server out[2])
{
	const enum tt_ice_transport transport = kind == TURN_TCP       ? TT_ICE_TCP
						: kind == TURN_TLS_SRV ? TT_ICE_TLS
								       : TT_ICE_UDP;
	size_t n = 0;

	if (kind != PLAIN && kind != TCP && kind != LITE)
		out[n++] = (struct tt_ice_server){ .host = "turn.example",
						   .port = TURN_PORT,
						   .transport = transport,
						   .user = "u",
						   .password = "p",
						   .srv = kind == TURN_TLS_SRV };
	if (stun)
		out[n++] = (struct tt_ice_server){ .host = "stun.example" };
	return n;
}

static void begin(struct world *w, uint8_t how)
{
	struct tt_ice_server servers[2];

	w->now = FUZZ_SECOND;
	w->kind = how >> 5;
	const size_t count = servers_of(w->kind, how & 2, servers);
	for (int i = 0; i < 2; i++) {
		struct host *h = &w->h[i];
		h->lite = w->kind == LITE && i == 1;
		const struct tt_ice_config cfg = {
			.controlling = i == 0 || how & 1,
			.relay_only = w->kind == RELAY_ONLY && i == 0,
			.lite = h->lite,
			.tcp = w->kind == TCP || w->kind == TURN_AND_TCP
				       ? TT_ICE_TCP_CONNECTS | TT_ICE_TCP_LISTENS
				       : 0,
			.servers = servers,
			.server_count = h->lite ? 0 : count,
			.next_flow = &h->next_flow,
		};
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
