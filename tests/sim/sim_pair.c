/* sim_pair.c - see sim_pair.h. */
#include "sim/sim_pair.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"

static const struct taut_codec codecs[] = {
	{ .size = sizeof(struct taut_codec),
	  .mime = "audio/opus",
	  .clock_rate = 48000,
	  .channels = 2 },
	{ .size = sizeof(struct taut_codec), .mime = "video/VP8", .clock_rate = 90000 },
	{ .size = sizeof(struct taut_codec),
	  .mime = "audio/telephone-event",
	  .clock_rate = 48000,
	  .fmtp = "0-15" },
};

static int pair_random(void *ctx, void *out, size_t len)
{
	struct pair *p = ctx;
	uint8_t *b = out;

	for (size_t i = 0; i < len; i++)
		b[i] = (uint8_t)sim_random(&p->sim);
	return 0;
}

void *pair_realloc(void *memory, void *p, size_t size)
{
	struct pair_memory *m = memory;

	if (size == 0) {
		m->outstanding -= p != NULL;
		free(p);
		return NULL;
	}
	m->allocations++;
	if (m->fail_at >= 0 &&
	    (m->for_ever ? m->allocations > m->fail_at : m->allocations == m->fail_at + 1))
		return NULL;
	void *q = realloc(p, size);
	m->outstanding += p == NULL && q != NULL;
	return q;
}

static void *env_realloc(void *ctx, void *p, size_t size)
{
	return pair_realloc(((struct pair *)ctx)->memory, p, size);
}

static struct taut_addr address(int peer, int family)
{
	struct taut_addr a = { .family = (uint8_t)family };

	if (family == 4) {
		memcpy(a.ip, (uint8_t[]){ 192, 0, 2, (uint8_t)(peer + 1) }, 4);
	} else {
		memcpy(a.ip, (uint8_t[]){ 0x20, 0x01, 0x0d, 0xb8 }, 4);
		a.ip[15] = (uint8_t)(peer + 1);
	}
	return a;
}

/* Where memory may fail, that is what an error says, or that a library refuses, which often knows
 * no better; else there is none. */
static bool pair_fine(const struct pair *p, int err)
{
	if (!p->memory || (err != TAUT_E_NOMEM && err != TAUT_E_CRYPTO))
		assert_int_equal(err, TAUT_OK);
	return err == TAUT_OK;
}

static int make_env(struct pair *p, int i)
{
	const struct taut_env_config env = {
		.size = sizeof env,
		.realloc = p->memory ? env_realloc : NULL,
		.random = pair_random,
		.ctx = p,
		.now = p->sim.now,
		.unix_us = 1700000000000000,
	};

	return taut_env_new(&p->peers[i].env, &env);
}

static int make_connection(struct pair *p, int i)
{
	struct pair_peer *q = &p->peers[i];
	/* Every test can be run over the other SRTP as well. */
	const char *srtp = getenv("TAUT_TEST_SRTP");
	const struct taut_config cfg = {
		.size = sizeof cfg,
		.codecs = codecs,
		.codec_count = sizeof codecs / sizeof codecs[0],
		.srtp_backend = srtp && strcmp(srtp, "libsrtp2") == 0 ? TAUT_SRTP_LIBSRTP
								      : TAUT_SRTP_DEFAULT,
	};
	struct taut_interface all[PAIR_ADDRESSES] = {
		{ .size = sizeof all[0], .index = 2, .name = "eth0", .addr = address(i, 4) },
		{ .size = sizeof all[0], .index = 2, .name = "eth0", .addr = address(i, 6) },
	};

	q->next_port = 40000;
	const int err = taut_pc_new(&q->pc, q->env, &cfg, p->sim.now);
	return err ? err : taut_pc_set_interfaces(q->pc, p->sim.now, all, PAIR_ADDRESSES);
}

static bool init_peer(struct pair *p, int i)
{
	const int err = make_env(p, i);

	return pair_fine(p, err ? err : make_connection(p, i));
}

bool pair_init_with(struct pair *p, uint64_t seed, const struct sim_link *link,
		    pair_handler handler, void *user, struct pair_memory *memory)
{
	*p = (struct pair){
		.signal_delay = 20000, .handler = handler, .user = user, .memory = memory
	};
	sim_init(&p->sim, seed, link);
	return init_peer(p, 0) && init_peer(p, 1);
}

void pair_init(struct pair *p, uint64_t seed, const struct sim_link *link, pair_handler handler,
	       void *user)
{
	pair_init_with(p, seed, link, handler, user, NULL);
}

static void drop_signals(struct pair *p)
{
	while (p->signals) {
		struct pair_signal *s = p->signals;
		p->signals = s->next;
		free(s->text);
		free(s->mid);
		free(s);
	}
}

void pair_again(struct pair *p)
{
	const taut_time now = p->sim.now;

	drop_signals(p);
	p->sim.now = INT64_MAX;
	for (struct sim_packet *k; (k = sim_take(&p->sim)) != NULL;)
		free(k);
	p->sim.now = now;
	for (int i = 0; i < 2; i++) {
		taut_pc_free(p->peers[i].pc);
		p->peers[i] = (struct pair_peer){ .env = p->peers[i].env };
		assert_int_equal(make_connection(p, i), TAUT_OK);
	}
}

void pair_free(struct pair *p)
{
	for (int i = 0; i < 2; i++) {
		taut_pc_free(p->peers[i].pc);
		assert_int_equal(taut_env_free(p->peers[i].env), TAUT_OK);
	}
	drop_signals(p);
	sim_free(&p->sim);
}

/* ---- signaling ---- */

static char *copy(const char *text)
{
	char *c = text ? malloc(strlen(text) + 1) : NULL;

	return c ? memcpy(c, text, strlen(text) + 1) : NULL;
}

static void signal_to(struct pair *p, int to, uint32_t type, const char *text, const char *mid)
{
	struct pair_signal *s = calloc(1, sizeof *s), **at = &p->signals;

	*s = (struct pair_signal){ .at = p->sim.now + p->signal_delay,
				   .to = to,
				   .type = type,
				   .text = copy(text),
				   .mid = copy(mid) };
	while (*at)
		at = &(*at)->next;
	*at = s;
}

static void send_description(struct pair *p, int i)
{
	uint32_t type;
	const char *text = taut_pc_local_description(p->peers[i].pc, &type);

	if (!text && p->memory)
		return;
	assert_non_null(text);
	char *other = p->describe ? p->describe(p, 1 - i, type, text) : NULL;
	signal_to(p, 1 - i, type, other ? other : text, NULL);
	free(other);
}

static void negotiate(struct pair *p, int i)
{
	struct pair_peer *q = &p->peers[i];

	q->negotiations++;
	if (pair_fine(p, taut_pc_set_local_description(q->pc, p->sim.now, 0, NULL, 0)))
		send_description(p, i);
}

static void take_description(struct pair *p, int i, const struct pair_signal *s)
{
	taut_pc *pc = p->peers[i].pc;
	bool polite = i == 1;

	if (taut_pc_signaling_state(pc) == TAUT_SIGNALING_CLOSED)
		return;
	if (s->type == TAUT_SDP_OFFER && !polite &&
	    taut_pc_signaling_state(pc) != TAUT_SIGNALING_STABLE)
		return; /* glare: the impolite one ignores it */
	int err = taut_pc_set_remote_description(pc, p->sim.now, s->type, s->text, strlen(s->text));
	/* Where an offer was lost to memory, its answer meets no offer. */
	if (p->memory && (err == TAUT_E_NOMEM || err == TAUT_E_CRYPTO || err == TAUT_E_STATE))
		return;
	if (err)
		print_error("peer %d: %s\n%s", i, taut_pc_error(pc)->message, s->text);
	assert_int_equal(err, TAUT_OK);
	if (s->type == TAUT_SDP_OFFER) {
		if (p->before_answer)
			p->before_answer(p, i);
		if (pair_fine(p, taut_pc_set_local_description(pc, p->sim.now, 0, NULL, 0)))
			send_description(p, i);
	}
}

static bool take_signal(struct pair *p)
{
	struct pair_signal *s = p->signals;

	if (!s || p->hold_signals || s->at > p->sim.now)
		return false;
	p->signals = s->next;
	taut_pc *pc = p->peers[s->to].pc;
	if (pc && s->type != 0)
		take_description(p, s->to, s);
	else if (pc) /* one for an offer that was ignored is refused, and that is fine */
		taut_pc_add_ice_candidate(pc, p->sim.now, s->text, s->text ? strlen(s->text) : 0,
					  s->mid, -1);
	free(s->text);
	free(s->mid);
	free(s);
	return true;
}

/* ---- one peer ---- */

static void answer_io(struct pair *p, int i, const struct taut_io *io)
{
	struct pair_peer *q = &p->peers[i];

	if (io->kind == TAUT_IO_UDP) {
		struct taut_addr bound = io->local;
		taut_flow flow = io->flow;
		bound.port = q->next_port++;
		assert_true(q->flow_count < PAIR_FLOWS);
		q->flows[q->flow_count++] = (struct pair_flow){ flow, bound };
		taut_pc_io_result(q->pc, p->sim.now, flow, 0, &bound, 1);
	} else if (io->kind != TAUT_IO_CLOSE) {
		taut_pc_io_result(q->pc, p->sim.now, io->flow, 101, NULL, 0);
	}
}

static void take_event(struct pair *p, int i, const struct taut_event *ev)
{
	struct pair_peer *q = &p->peers[i];

	if (ev->type == TAUT_EV_NEGOTIATION_NEEDED)
		negotiate(p, i);
	else if (ev->type == TAUT_EV_ICE_CANDIDATE)
		signal_to(p, 1 - i, 0, ev->text, ev->label);
	else if (ev->type == TAUT_EV_CONNECTION_STATE) {
		q->connected = ev->number == TAUT_STATE_CONNECTED;
		q->ended = ev->number >= TAUT_STATE_FAILED;
		if (q->ended)
			q->end_reason = ev->reason;
	}
	if (p->handler)
		p->handler(p, i, ev);
}

static bool inject(struct pair *p, int to, const struct taut_addr *local,
		   const struct taut_addr *remote, const void *data, size_t len, size_t segment)
{
	struct pair_peer *q = &p->peers[to];
	uint8_t *exact = malloc(len); /* so that a sanitizer sees a step past its end */
	bool found = false;

	if (len > 0)
		memcpy(exact, data, len);
	for (size_t f = 0; f < q->flow_count && q->pc && !found; f++) {
		if (!tt_addr_eq(&q->flows[f].addr, local))
			continue;
		struct taut_datagram d = { .size = sizeof d,
					   .flow = q->flows[f].flow,
					   .local = *local,
					   .remote = *remote,
					   .buf = exact,
					   .cap = len,
					   .len = len,
					   .segment = (uint16_t)segment,
					   .ecn = p->ecn };
		assert_int_equal(taut_pc_recv(q->pc, p->sim.now, &d), TAUT_OK);
		pair_pump(p, to); /* what is lent is done with before the buffer goes */
		found = true;
	}
	free(exact);
	return found;
}

static void send_run(struct pair *p, int i, const struct taut_datagram *d)
{
	size_t step = d->segment ? d->segment : d->len;

	if (p->refuse)
		taut_pc_send_failed(p->peers[i].pc, p->sim.now, d, 105);
	if (p->runs && step < d->len && !p->refuse) {
		inject(p, 1 - i, &d->remote, &d->local, d->buf, d->len, d->segment);
		return;
	}
	for (size_t at = 0; at < d->len && !p->cut && !p->refuse; at += step)
		sim_send(&p->sim, 1 - i, d->buf + at, d->len - at < step ? d->len - at : step,
			 &d->local, &d->remote);
}

bool pair_pump(struct pair *p, int i)
{
	struct pair_peer *q = &p->peers[i];
	uint8_t buf[65536];
	const struct taut_io *io;
	const struct taut_event *ev;
	bool moved = false;

	if (p->by_ready && q->pc && taut_env_ready(q->env, p->sim.now) != q->pc)
		return false;
	while (q->pc && (io = taut_pc_poll_io(q->pc)) != NULL) {
		answer_io(p, i, io);
		moved = true;
	}
	while (q->pc && (ev = taut_pc_poll_event(q->pc)) != NULL) {
		take_event(p, i, ev);
		moved = true;
	}
	struct taut_datagram d = { .size = sizeof d, .buf = buf, .cap = sizeof buf };
	while (q->pc && taut_pc_poll_send(q->pc, p->sim.now, &d)) {
		assert_true(d.len > 0);
		send_run(p, i, &d);
		moved = true;
	}
	return moved;
}

bool pair_inject(struct pair *p, int to, const struct taut_addr *local,
		 const struct taut_addr *remote, const void *data, size_t len)
{
	return inject(p, to, local, remote, data, len, 0);
}

static bool deliver(struct pair *p)
{
	struct sim_packet *k = sim_take(&p->sim);

	if (!k)
		return false;
	pair_inject(p, k->to, &k->local, &k->remote, k->data, k->len);
	if (p->delivered)
		p->delivered(p, k);
	free(k);
	return true;
}

static taut_time next_moment(struct pair *p)
{
	taut_time next = sim_next(&p->sim);

	for (int i = 0; i < 2; i++) {
		taut_time at = p->peers[i].pc ? taut_pc_deadline(p->peers[i].pc, NULL) : INT64_MAX;
		next = at < next ? at : next;
	}
	if (p->signals && !p->hold_signals && p->signals->at < next)
		next = p->signals->at;
	return next;
}

static void settle(struct pair *p)
{
	for (bool moved = true; moved;) {
		moved = take_signal(p);
		moved |= pair_pump(p, 0);
		moved |= pair_pump(p, 1);
		moved |= deliver(p);
	}
}

bool pair_run(struct pair *p, taut_time most, pair_condition until)
{
	taut_time end = p->sim.now + most;
	unsigned still = 0;

	for (;;) {
		settle(p);
		if (until && until(p))
			return true;
		taut_time next = next_moment(p);
		/* A timer that is due again and again without anything to do spins. */
		still = next <= p->sim.now ? still + 1 : 0;
		assert_true(still < 100);
		if (next > end) {
			p->sim.now = end;
			return false;
		}
		p->sim.now = next > p->sim.now ? next : p->sim.now;
		for (int i = 0; i < 2; i++)
			if (p->peers[i].pc && taut_pc_deadline(p->peers[i].pc, NULL) <= p->sim.now)
				taut_pc_tick(p->peers[i].pc, p->sim.now);
	}
}

bool pair_both_connected(struct pair *p)
{
	return p->peers[0].connected && p->peers[1].connected;
}
