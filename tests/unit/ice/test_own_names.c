/* Names for our own host candidates, question by question: draft-ietf-mmusic-mdns-ice-candidates section 3.1,
 * RFC 6762 sections 5.4, 6, 7.1, 8.3 and 10.1. Whole calls: tests/sim/test_mdns.c. */
#include "unit/ice/world.h"

#include "ice/ice_agent.h"
#include "taut/why.h"

struct lone {
	struct sim sim;
	struct tt_ice *ice;
	taut_flow next, mdns;
	int errors; /* of the multicast socket */
	char name[TT_ICE_MAX_BASES][TT_ICE_OWN_CAP];
	struct tt_ice_candidate told[TT_ICE_MAX_LOCAL];
	size_t candidates;
	unsigned opened, closed;
	/* what left over the multicast socket, the last of it */
	uint8_t buf[1280];
	struct tt_ice_out out;
};

static const struct taut_addr asker = { .family = 4, .port = 5353, .ip = { 192, 0, 2, 9 } };
static const struct taut_addr other = { .family = 4, .port = 5353, .ip = { 192, 0, 2, 10 } };
static const struct taut_addr group = { .family = 4, .port = 5353, .ip = { 224, 0, 0, 251 } };

static void serve(struct lone *l)
{
	const struct tt_ice_event *e;
	const struct taut_io *io;

	while ((io = tt_ice_poll_io(l->ice))) {
		struct taut_addr bound = io->local;
		if (io->kind == TAUT_IO_MULTICAST) {
			assert_true(tt_addr_eq(&io->local, &group));
			l->mdns = io->flow;
			l->opened++;
			tt_ice_io_result(l->ice, l->sim.now, io->flow, l->errors, NULL, 0);
		} else if (io->kind == TAUT_IO_UDP) {
			bound.port = 4000;
			tt_ice_io_result(l->ice, l->sim.now, io->flow, 0, &bound, 1);
		} else if (io->kind == TAUT_IO_CLOSE) {
			l->closed++;
		}
	}
	while ((e = tt_ice_poll_event(l->ice)))
		if (e->type == TT_ICE_EV_CANDIDATE) {
			l->told[l->candidates] = e->candidate;
			if (e->candidate.name)
				(void)snprintf(l->name[l->candidates], TT_ICE_OWN_CAP, "%s",
					       e->candidate.name);
			l->candidates++;
		}
}

static void interfaces(struct lone *l, const char *const *address)
{
	struct taut_interface face[TT_ICE_MAX_BASES];
	size_t n = 0;

	for (; address[n]; n++)
		face[n] = (struct taut_interface){ .size = sizeof face[n],
						   .index = 1,
						   .name = "eth0",
						   .addr = ip(address[n], 0) };
	assert_int_equal(tt_ice_set_interfaces(l->ice, l->sim.now, face, n), TAUT_OK);
	serve(l);
}

#define INTERFACES(l, ...) interfaces(l, (const char *const[]){ __VA_ARGS__, NULL })

static void begin_traced(struct lone *l, int errors, const char *const *address,
			 const struct taut_trace_sink *trace)
{
	memset(l, 0, sizeof *l);
	l->next = 1;
	l->errors = errors;
	sim_init(&l->sim, 1, NULL);
	l->sim.env[0].trace = trace;
	const struct tt_ice_config cfg = { .hide_hosts = true, .next_flow = &l->next };
	assert_int_equal(tt_ice_new(&l->ice, &l->sim.env[0], &cfg, l->sim.now), TAUT_OK);
	interfaces(l, address);
	tt_ice_gather(l->ice, l->sim.now);
	serve(l);
}

static void begin_with(struct lone *l, int errors, const char *const *address)
{
	begin_traced(l, errors, address, NULL);
}

#define BEGIN(l, ...) begin_with(l, 0, (const char *const[]){ __VA_ARGS__, NULL })

static void end(struct lone *l)
{
	tt_ice_free(l->ice);
	assert_int_equal(l->sim.env[0].memory, 0);
	sim_free(&l->sim);
}

/* How many packets leave over the multicast socket now. */
static unsigned sent(struct lone *l)
{
	unsigned n = 0;

	for (;;) {
		struct tt_ice_out out = { .buf = l->buf, .cap = sizeof l->buf };
		if (!tt_ice_poll_send(l->ice, l->sim.now, &out))
			break;
		assert_int_equal(out.flow, l->mdns);
		l->out = out;
		assert_true(++n <= 2 * TT_ICE_MAX_BASES);
	}
	return n;
}

/* Up to that moment, by deadlines; how many left. */
static unsigned until(struct lone *l, taut_time at)
{
	unsigned n = sent(l);

	for (int round = 0; tt_ice_deadline(l->ice, NULL) <= at; round++) {
		assert_true(round < 1000);
		l->sim.now = tt_max64(l->sim.now, tt_ice_deadline(l->ice, NULL));
		tt_ice_tick(l->ice, l->sim.now);
		n += sent(l);
	}
	l->sim.now = at;
	tt_ice_tick(l->ice, at);
	return n + sent(l);
}

static unsigned after(struct lone *l, taut_time us)
{
	return until(l, l->sim.now + us);
}

/* What was announced is behind us, and nobody has heard anything for a while. */
static void settle(struct lone *l)
{
	assert_int_equal(after(l, 60 * SEC), 2);
}

static void put_name(struct wr *w, const char *name)
{
	const size_t label = strcspn(name, ".");

	wr_u8(w, (uint8_t)label);
	wr_bytes(w, name, label);
	wr_bytes(w, "\5local", 7);
}

struct question {
	const char *name;
	uint16_t type, cls; /* cls 0: IN */
	const char *knows;  /* an address that the asker has for the name */
	uint32_t for_seconds;
};

static size_t write_questions(uint8_t *buf, size_t cap, const struct question *q, size_t n)
{
	struct wr w = wr_make(buf, cap);
	uint16_t known = 0;

	for (size_t i = 0; i < n; i++)
		known = (uint16_t)(known + (q[i].knows != NULL));
	wr_u16(&w, 0x1234);
	wr_u16(&w, 0);
	wr_u16(&w, (uint16_t)n);
	wr_u16(&w, known);
	wr_u32(&w, 0);
	for (size_t i = 0; i < n; i++) {
		put_name(&w, q[i].name);
		wr_u16(&w, q[i].type);
		wr_u16(&w, q[i].cls ? q[i].cls : 1);
	}
	for (size_t i = 0; i < n; i++) {
		if (!q[i].knows)
			continue;
		const struct taut_addr a = ip(q[i].knows, 0);
		put_name(&w, q[i].name);
		wr_u16(&w, a.family == 4 ? TT_MDNS_A : TT_MDNS_AAAA);
		wr_u16(&w, 1);
		wr_u32(&w, q[i].for_seconds);
		wr_u16(&w, a.family == 4 ? 4 : 16);
		wr_bytes(&w, a.ip, a.family == 4 ? 4 : 16);
	}
	assert_false(w.bad);
	return wr_len(&w);
}

static int hear(struct lone *l, const struct taut_addr *from, const uint8_t *buf, size_t len)
{
	return tt_ice_recv(l->ice, l->sim.now, l->mdns, NULL, from, buf, len);
}

static void ask_all(struct lone *l, const struct taut_addr *from, const struct question *q,
		    size_t n)
{
	uint8_t buf[4096];

	assert_int_equal(hear(l, from, buf, write_questions(buf, sizeof buf, q, n)), 0);
}

#define Q(of, what)                                                                                \
	{                                                                                          \
		.name = (of), .type = (what)                                                       \
	}
#define QU(of, what)                                                                               \
	{                                                                                          \
		.name = (of), .type = (what), .cls = 0x8001                                        \
	}
#define ASK(l, from, ...)                                                                          \
	ask_all(l, from, (const struct question[]){ __VA_ARGS__ },                                 \
		sizeof((const struct question[]){ __VA_ARGS__ }) / sizeof(struct question))

static void says(const struct lone *l, const struct taut_addr *to, const char *name,
		 const char *address, uint32_t ttl)
{
	const struct taut_addr a = ip(address, 0);
	struct tt_mdns_reader r;
	struct tt_mdns_record rec;

	assert_true(tt_addr_eq(&l->out.remote, to));
	assert_true(tt_mdns_begin(&r, l->buf, l->out.len));
	assert_int_equal(tt_mdns_next(&r, &rec), 1);
	assert_string_equal(rec.name, name);
	assert_true(tt_addr_eq(&rec.addr, &a));
	assert_int_equal(rec.ttl, ttl);
	assert_int_equal(tt_mdns_next(&r, &rec), 0);
}

/* ---- tests ---- */

static void each_address_has_a_name_and_its_candidate_no_address(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "192.168.7.1", "2001:db8::7", "203.0.113.5");
	assert_int_equal(l.candidates, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(l.told[i].addr.family, 0);
		assert_int_equal(l.told[i].addr.port, 4000);
		assert_int_equal(strlen(l.name[i]), 36 + 6);
		assert_true(tt_mdns_is_local(l.name[i]));
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(l.name[i], l.name[k]);
	}
	assert_int_equal(l.opened, 1);
	struct tt_ice_candidate c;
	size_t server;
	for (size_t i = 0; tt_ice_local_info(l.ice, i, &c, &server); i++)
		assert_true(c.addr.family == 0 && strcmp(c.name, l.name[i]) == 0);
	end(&l);
}

/* 127.0.0.1 is on every host. */
static void a_loopback_address_needs_no_name(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "127.0.0.1", "::1");
	assert_int_equal(l.candidates, 2);
	assert_true(l.told[0].addr.family == 6 && !l.told[0].name);
	assert_true(l.told[1].addr.family == 4 && !l.told[1].name);
	assert_int_equal(l.opened, 0);
	end(&l);
}

static void a_name_is_announced_twice_a_second_apart(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	const taut_time start = l.sim.now;
	assert_int_equal(until(&l, start + SEC - 1), 0);
	assert_int_equal(until(&l, start + SEC), 1);
	says(&l, &group, l.name[0], "192.0.2.1", 120);
	assert_int_equal(until(&l, start + 2 * SEC - 1), 0);
	assert_int_equal(until(&l, start + 2 * SEC), 1);
	assert_int_equal(until(&l, start + 3600 * (taut_time)SEC), 0);
	assert_int_equal(tt_ice_deadline(l.ice, NULL), INT64_MAX);
	end(&l);
}

static void a_question_before_the_announcement_is_answered_at_once(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "2001:db8::7");
	assert_int_equal(after(&l, SEC / 2), 0);
	ASK(&l, &asker, Q(l.name[0], TT_MDNS_AAAA));
	assert_int_equal(sent(&l), 1);
	says(&l, &group, l.name[0], "2001:db8::7", 120);
	assert_int_equal(after(&l, SEC - 1), 0);
	assert_int_equal(after(&l, 1), 1); /* which was the first announcement */
	assert_int_equal(after(&l, 60 * SEC), 0);
	end(&l);
}

static void which_questions_are_answered(void **state)
{
	static const struct {
		uint16_t type, cls;
		const char *knows;
		uint32_t for_seconds;
		unsigned answers;
	} rows[] = {
		{ TT_MDNS_A, 0, NULL, 0, 1 },
		{ TT_MDNS_ANY, 0, NULL, 0, 1 },
		{ TT_MDNS_A, 255, NULL, 0, 1 },  /* any class */
		{ TT_MDNS_A, 3, NULL, 0, 0 },    /* CHAOS */
		{ TT_MDNS_AAAA, 0, NULL, 0, 1 }, /* 6.1: there is none, and the message says so */
		{ 16, 0, NULL, 0, 1 },
		{ TT_MDNS_A, 0, "192.0.2.1", 60, 0 }, /* 7.1 */
		{ TT_MDNS_A, 0, "192.0.2.1", 120, 0 },
		{ TT_MDNS_A, 0, "192.0.2.1", 59, 1 },
		{ TT_MDNS_A, 0, "192.0.2.2", 120, 1 },
		{ TT_MDNS_A, 0, "2001:db8::1", 120, 1 },
		{ TT_MDNS_ANY, 0, "192.0.2.1", 60, 0 },
		{ TT_MDNS_AAAA, 0, "192.0.2.1", 60, 1 },
	};
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	settle(&l);
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		ASK(&l, &asker,
		    { l.name[0], rows[i].type, rows[i].cls, rows[i].knows, rows[i].for_seconds });
		if (sent(&l) != rows[i].answers)
			fail_msg("row %zu", i);
		if (rows[i].answers)
			says(&l, &group, l.name[0], "192.0.2.1", 120);
		assert_int_equal(after(&l, 60 * SEC), 0);
	}
	ASK(&l, &asker, Q("nobody.local", TT_MDNS_A));
	assert_int_equal(after(&l, 5 * SEC), 0);
	/* in capitals it is the same name */
	char loud[TT_ICE_OWN_CAP];
	for (size_t i = 0; i < sizeof loud; i++)
		loud[i] = l.name[0][i] >= 'a' && l.name[0][i] <= 'z' ? (char)(l.name[0][i] - 32)
								     : l.name[0][i];
	ASK(&l, &asker, Q(loud, TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	end(&l);
}

static void one_query_may_ask_for_all_names(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1", "192.0.2.2");
	assert_int_equal(after(&l, 60 * SEC), 4);
	ASK(&l, &asker, Q(l.name[0], TT_MDNS_A), Q("x.local", TT_MDNS_A), Q(l.name[1], TT_MDNS_A),
	    Q(l.name[0], TT_MDNS_AAAA));
	assert_int_equal(sent(&l), 2);
	assert_int_equal(after(&l, 60 * SEC), 0);
	/* what is known of one does not silence the other */
	ASK(&l, &asker, { l.name[0], TT_MDNS_A, 0, "192.0.2.1", 120 }, Q(l.name[1], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	says(&l, &group, l.name[1], "192.0.2.2", 120);
	end(&l);
}

static void a_record_is_multicast_once_a_second(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	settle(&l);
	ASK(&l, &asker, Q(l.name[0], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	/* The same one asks for the other type: that he was told as well. */
	ASK(&l, &asker, Q(l.name[0], TT_MDNS_AAAA));
	assert_int_equal(after(&l, 5 * SEC), 0);
	/* Another one, half a second after an answer, waits for the rest of the second. */
	ASK(&l, &asker, Q(l.name[0], TT_MDNS_A));
	assert_int_equal(after(&l, SEC / 2), 1);
	ASK(&l, &other, Q(l.name[0], TT_MDNS_A));
	assert_int_equal(after(&l, SEC / 2 - 1), 0);
	assert_int_equal(after(&l, 1), 1);
	assert_int_equal(after(&l, 5 * SEC), 0);
	/* The first one again, after a second: his was lost. */
	ASK(&l, &asker, Q(l.name[0], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	end(&l);
}

/* 5.4: by unicast only what others have heard lately. */
static void who_asks_for_it_is_answered_alone(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	ASK(&l, &asker, QU(l.name[0], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	says(&l, &group, l.name[0], "192.0.2.1", 120); /* nobody has heard it yet */
	ASK(&l, &other, QU(l.name[0], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	says(&l, &other, l.name[0], "192.0.2.1", 120);
	assert_int_equal(l.buf[0] << 8 | l.buf[1], 0x1234); /* 18.1 */
	/* a second one in the same second is one of many, and hears it with all */
	ASK(&l, &asker, QU(l.name[0], TT_MDNS_A));
	ASK(&l, &other, QU(l.name[0], TT_MDNS_A));
	assert_int_equal(sent(&l), 0);
	assert_int_equal(after(&l, SEC), 1);
	assert_true(tt_addr_eq(&l.out.remote, &group));
	assert_int_equal(l.buf[0] << 8 | l.buf[1], 0);
	assert_int_equal(after(&l, 28 * SEC), 0);
	/* two at once: one of them waits in vain, and asks again */
	ASK(&l, &asker, QU(l.name[0], TT_MDNS_A));
	ASK(&l, &other, QU(l.name[0], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	says(&l, &asker, l.name[0], "192.0.2.1", 120);
	assert_int_equal(after(&l, SEC), 0);
	/* after a quarter of the TTL all hear it again */
	assert_int_equal(after(&l, SEC), 0);
	ASK(&l, &asker, QU(l.name[0], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	assert_true(tt_addr_eq(&l.out.remote, &group));
	end(&l);
}

static void a_storm_costs_two_packets_a_second(void **state)
{
	struct lone l;
	unsigned n = 0;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	settle(&l);
	for (int i = 0; i < 10000; i++) { /* a millisecond apart, by all sorts of askers */
		struct taut_addr from = { .family = 4, .port = 5353, .ip = { 10, 0 } };
		from.ip[2] = (uint8_t)(i >> 8);
		from.ip[3] = (uint8_t)i;
		ASK(&l, &from, { .name = l.name[0], .type = TT_MDNS_A, .cls = i % 2 ? 0x8001 : 1 });
		n += after(&l, MS);
	}
	assert_in_range(n, 10, 22);
	end(&l);
}

/* 6.7 wants an answer for a resolver of another port: the draft has no use for those. */
static void askers_of_other_ports_and_of_afar_get_nothing(void **state)
{
	static const struct taut_addr high = { .family = 4, .port = 40000, .ip = { 192, 0, 2, 9 } };
	const struct taut_addr local = ip("192.0.2.1", 5353), any = ip("0.0.0.0", 5353);
	uint8_t buf[512];
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	settle(&l);
	const struct question q = Q(l.name[0], TT_MDNS_A);
	const size_t len = write_questions(buf, sizeof buf, &q, 1);
	assert_int_equal(hear(&l, &high, buf, len), 0);
	assert_int_equal(after(&l, 2 * SEC), 0);
	/* to this host alone: it may come from anywhere */
	const uint64_t before = l.sim.env[0].drops[TAUT_DROP_ICE_MDNS];
	assert_int_equal(tt_ice_recv(l.ice, l.sim.now, l.mdns, &local, &asker, buf, len), 1);
	assert_int_equal(l.sim.env[0].drops[TAUT_DROP_ICE_MDNS], before + 1);
	assert_int_equal(after(&l, 2 * SEC), 0);
	assert_int_equal(tt_ice_recv(l.ice, l.sim.now, l.mdns, &any, &asker, buf, len), 0);
	assert_int_equal(sent(&l), 1);
	assert_int_equal(after(&l, 2 * SEC), 0);
	assert_int_equal(tt_ice_recv(l.ice, l.sim.now, l.mdns, &group, &asker, buf, len), 0);
	assert_int_equal(sent(&l), 1);
	end(&l);
}

/* Every length of a query for three of our names with what is known of them: the whole one is answered, its
 * beginnings are dropped and change nothing. */
static void a_query_cut_anywhere_is_dropped_whole(void **state)
{
	uint8_t buf[512];
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1", "192.0.2.2", "2001:db8::1");
	assert_int_equal(after(&l, 60 * SEC), 6);
	const struct question q[] = { { l.name[0], TT_MDNS_AAAA, 0, NULL, 0 },
				      { l.name[1], TT_MDNS_A, 0, "192.0.2.7", 120 },
				      { l.name[2], TT_MDNS_ANY, 0x8001, "2001:db8::2", 9 } };
	const size_t len = write_questions(buf, sizeof buf, q, 3);
	uint64_t drops = l.sim.env[0].drops[TAUT_DROP_ICE_MDNS];
	for (size_t n = 0; n < len; n++) {
		uint8_t *exact = malloc(n ? n : 1);
		memcpy(exact, buf, n);
		assert_int_equal(hear(&l, &asker, exact, n), 1);
		assert_int_equal(l.sim.env[0].drops[TAUT_DROP_ICE_MDNS], ++drops);
		free(exact);
		if (sent(&l) != 0)
			fail_msg("length %zu", n);
	}
	assert_int_equal(after(&l, 5 * SEC), 0);
	assert_int_equal(hear(&l, &asker, buf, len), 0);
	assert_int_equal(sent(&l), 3);
	end(&l);
}

static void a_query_with_too_many_questions_is_dropped(void **state)
{
	struct question q[TT_MDNS_MAX_QUESTIONS + 1];
	uint8_t buf[8192];
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	settle(&l);
	for (size_t i = 0; i < TT_COUNT(q); i++)
		q[i] = (struct question){ l.name[0], TT_MDNS_A, 0, NULL, 0 };
	size_t len = write_questions(buf, sizeof buf, q, TT_MDNS_MAX_QUESTIONS + 1);
	assert_int_equal(hear(&l, &asker, buf, len), 1);
	assert_int_equal(sent(&l), 0);
	len = write_questions(buf, sizeof buf, q, TT_MDNS_MAX_QUESTIONS);
	assert_int_equal(hear(&l, &asker, buf, len), 0);
	assert_int_equal(sent(&l), 1);
	end(&l);
}

static void a_lie_about_our_name_changes_nothing(void **state)
{
	const struct taut_addr liar = ip("192.0.2.66", 0);
	uint8_t buf[512];
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	settle(&l);
	const size_t len = tt_mdns_write_answer(buf, sizeof buf, l.name[0], &liar, 120, 0);
	assert_int_equal(hear(&l, &other, buf, len), 0);
	assert_int_equal(after(&l, 5 * SEC), 0);
	ASK(&l, &asker, Q(l.name[0], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	says(&l, &group, l.name[0], "192.0.2.1", 120);
	end(&l);
}

static void goodbye_is_said_once_and_by_those_that_were_heard(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1", "192.0.2.2");
	ASK(&l, &asker, Q(l.name[1], TT_MDNS_A));
	assert_int_equal(sent(&l), 1);
	ASK(&l, &other, Q(l.name[1], TT_MDNS_A)); /* which is not answered any more */
	tt_ice_close(l.ice, l.sim.now);
	assert_int_equal(sent(&l), 1);
	says(&l, &group, l.name[1], "192.0.2.2", 0);
	assert_int_equal(sent(&l), 0);
	end(&l);
}

static void an_address_that_comes_back_has_another_name(void **state)
{
	char before[TT_ICE_OWN_CAP];
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1", "192.0.2.2");
	assert_int_equal(after(&l, 60 * SEC), 4);
	INTERFACES(&l, "192.0.2.2");
	assert_int_equal(sent(&l), 1);
	says(&l, &group, l.name[0], "192.0.2.1", 0);
	(void)snprintf(before, sizeof before, "%s", l.name[0]);
	assert_int_equal(after(&l, 60 * SEC), 0);
	ASK(&l, &asker, Q(before, TT_MDNS_A));
	assert_int_equal(after(&l, 5 * SEC), 0);

	/* The socket hears the group on interfaces that were there when it was opened. */
	assert_int_equal(l.opened, 1);
	INTERFACES(&l, "192.0.2.2", "192.0.2.1");
	assert_int_equal(l.opened, 2);
	assert_int_equal(l.closed, 2); /* with that of 192.0.2.1 */
	assert_int_equal(tt_ice_restart(l.ice, l.sim.now), TAUT_OK);
	l.candidates = 0;
	memcpy(before, l.name[1], sizeof before);
	char first[TT_ICE_OWN_CAP];
	memcpy(first, l.name[0], sizeof first);
	tt_ice_gather(l.ice, l.sim.now);
	serve(&l);
	assert_int_equal(l.candidates, 2);
	assert_string_equal(l.name[0], before); /* 192.0.2.2 keeps its own, 3.1.1 step 2 */
	assert_string_not_equal(l.name[1], first);
	assert_int_equal(after(&l, 5 * SEC), 2);
	says(&l, &group, l.name[1], "192.0.2.1", 120);
	end(&l);
}

/* The goodbye of before has not even left. */
static void an_address_that_comes_back_at_once_has_another_name_too(void **state)
{
	struct lone l;
	char first[TT_ICE_OWN_CAP];

	(void)state;
	BEGIN(&l, "192.0.2.1");
	settle(&l);
	(void)snprintf(first, sizeof first, "%s", l.name[0]);
	INTERFACES(&l, "192.0.2.9");
	INTERFACES(&l, "192.0.2.1");
	assert_int_equal(tt_ice_restart(l.ice, l.sim.now), TAUT_OK);
	l.candidates = 0;
	tt_ice_gather(l.ice, l.sim.now);
	serve(&l);
	assert_int_equal(l.candidates, 1);
	assert_string_not_equal(l.name[0], first);
	assert_int_equal(sent(&l), 1);
	says(&l, &group, first, "192.0.2.1", 0);
	end(&l);
}

static void face(char *out, int number)
{
	(void)snprintf(out, 16, "192.0.2.%d", number);
}

/* Sixteen addresses go before anything was sent, and others come: no more is remembered of them than there is
 * room for, and every one of the new ones has its name. */
static void goodbyes_give_way_to_new_names(void **state)
{
	char text[2][TT_ICE_MAX_BASES][16];
	const char *address[2][TT_ICE_MAX_BASES + 1] = { { NULL } };
	struct lone l;

	(void)state;
	for (int k = 0; k < 2; k++)
		for (int i = 0; i < TT_ICE_MAX_BASES; i++) {
			face(text[k][i], 1 + k * 100 + i);
			address[k][i] = text[k][i];
		}
	for (int fails = 0; fails < 2; fails++) {
		begin_with(&l, 0, address[0]);
		assert_int_equal(l.candidates, TT_ICE_MAX_BASES);
		assert_int_equal(after(&l, 60 * SEC), 2 * TT_ICE_MAX_BASES);
		l.errors = fails ? 19 : 0;
		interfaces(&l, address[1] + TT_ICE_MAX_BASES - 1); /* one */
		if (!fails)
			assert_true(tt_ice_deadline(l.ice, NULL) <=
				    l.sim.now); /* goodbyes are due */
		interfaces(&l, address[1]);
		assert_int_equal(tt_ice_restart(l.ice, l.sim.now), TAUT_OK);
		l.candidates = 0;
		tt_ice_gather(l.ice, l.sim.now);
		serve(&l);
		assert_int_equal(l.candidates, TT_ICE_MAX_BASES);
		for (int i = 0; i < TT_ICE_MAX_BASES; i++)
			assert_true(tt_mdns_is_local(l.name[i]));
		/* no goodbye is left: their places are taken, or there was nobody to say it to */
		assert_int_equal(after(&l, 60 * SEC), fails ? 0 : 2 * TT_ICE_MAX_BASES);
		end(&l);
	}
}

static unsigned lines;

static void count_line(void *ctx, const struct taut_trace_record *r)
{
	*(unsigned *)ctx += strcmp(r->name, "names of local candidates have no multicast") == 0;
}

/* 3.1.1: an application does not learn from its candidates whether there is multicast. */
static void without_multicast_the_name_is_told_and_never_the_address(void **state)
{
	const struct taut_trace_sink sink = { .size = sizeof sink,
					      .ctx = &lines,
					      .record = count_line };
	struct lone l;

	(void)state;
	begin_traced(&l, 19, (const char *const[]){ "192.0.2.1", NULL }, &sink);
	assert_int_equal(lines, 1);
	l.sim.env[0].trace = NULL;
	assert_int_equal(l.candidates, 1);
	assert_true(l.told[0].addr.family == 0 && tt_mdns_is_local(l.name[0]));
	assert_int_equal(after(&l, 60 * SEC), 0);
	assert_int_equal(tt_ice_deadline(l.ice, NULL), INT64_MAX);
	/* A name of the peer asks for a socket once more; then ours has one, too. */
	l.errors = 0;
	struct tt_ice_candidate c = { .component = 1,
				      .priority = 1,
				      .foundation = "1",
				      .addr = { .port = 5000 },
				      .name = "peer.local" };
	assert_int_equal(tt_ice_add_remote(l.ice, l.sim.now, &c), TAUT_OK);
	serve(&l);
	assert_int_equal(l.opened, 2);
	assert_int_equal(after(&l, 60 * SEC), 8 + 2); /* questions, and announcements */
	/* That name is given up; the socket stays for ours. */
	serve(&l);
	assert_int_equal(l.closed, 0);
	tt_ice_close(l.ice, l.sim.now);
	assert_int_equal(sent(&l), 1);
	end(&l);
}

static void a_candidate_of_ours_that_comes_back_is_refused(void **state)
{
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	struct tt_ice_candidate c = { .component = 1,
				      .priority = 1,
				      .foundation = "1",
				      .addr = { .port = 5000 },
				      .name = l.name[0] };
	assert_int_equal(tt_ice_add_remote(l.ice, l.sim.now, &c), TAUT_OK);
	assert_int_equal(l.sim.env[0].drops[TAUT_DROP_ICE_NAME], 1);
	settle(&l); /* nothing was asked */
	end(&l);
}

/* 10.1: the peer says that it counts no more. */
static void a_goodbye_of_the_peer_is_no_address(void **state)
{
	const struct taut_addr gone = ip("192.0.2.2", 0);
	struct tt_ice_candidate c = { .component = 1,
				      .priority = 1,
				      .foundation = "1",
				      .addr = { .port = 5000 },
				      .name = "peer.local" };
	struct tt_ice_candidate known;
	uint8_t buf[512];
	struct lone l;

	(void)state;
	BEGIN(&l, "192.0.2.1");
	assert_int_equal(tt_ice_add_remote(l.ice, l.sim.now, &c), TAUT_OK);
	serve(&l);
	size_t len = tt_mdns_write_answer(buf, sizeof buf, "peer.local", &gone, 0, 0);
	assert_int_equal(hear(&l, &other, buf, len), 0);
	assert_false(tt_ice_remote_info(l.ice, 0, &known));
	len = tt_mdns_write_answer(buf, sizeof buf, "peer.local", &gone, 120, 0);
	assert_int_equal(hear(&l, &other, buf, len), 0);
	/* and what is shown of it is the name: 3.3.1 */
	assert_true(tt_ice_remote_info(l.ice, 0, &known));
	assert_string_equal(known.name, "peer.local");
	assert_int_equal(known.addr.family, 0);
	assert_int_equal(known.addr.port, 5000);
	struct tt_ice_pair_info pair;
	assert_true(tt_ice_pair_info(l.ice, 0, &pair));
	assert_true(pair.local.addr.family == 0 && strcmp(pair.local.name, l.name[0]) == 0);
	assert_true(pair.remote.addr.family == 0 && strcmp(pair.remote.name, "peer.local") == 0);
	end(&l);
}

static int no_random(void *ctx, void *out, size_t len)
{
	(void)ctx;
	memset(out, 0, len);
	return -1;
}

static void without_randomness_or_memory_there_is_no_candidate(void **state)
{
	struct lone l;

	(void)state;
	memset(&l, 0, sizeof l);
	l.next = 1;
	sim_init(&l.sim, 1, NULL);
	const struct tt_ice_config cfg = { .hide_hosts = true, .next_flow = &l.next };
	size_t max = 0;
	for (int err = -1; err != 0; max += 64) {
		assert_true(max < 1u << 20);
		l.sim.env[0].max_memory = max + 1;
		err = tt_ice_new(&l.ice, &l.sim.env[0], &cfg, l.sim.now);
		assert_true(err == 0 || (err == TAUT_E_NOMEM && l.sim.env[0].memory == 0));
	}
	l.sim.env[0].max_memory = 0;
	INTERFACES(&l, "192.0.2.1");
	l.sim.env[0].random = no_random;
	tt_ice_gather(l.ice, l.sim.now);
	serve(&l);
	assert_int_equal(l.candidates, 0);
	assert_int_equal(l.opened, 0);
	end(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_address_has_a_name_and_its_candidate_no_address),
		cmocka_unit_test(a_loopback_address_needs_no_name),
		cmocka_unit_test(a_name_is_announced_twice_a_second_apart),
		cmocka_unit_test(a_question_before_the_announcement_is_answered_at_once),
		cmocka_unit_test(which_questions_are_answered),
		cmocka_unit_test(one_query_may_ask_for_all_names),
		cmocka_unit_test(a_record_is_multicast_once_a_second),
		cmocka_unit_test(who_asks_for_it_is_answered_alone),
		cmocka_unit_test(a_storm_costs_two_packets_a_second),
		cmocka_unit_test(askers_of_other_ports_and_of_afar_get_nothing),
		cmocka_unit_test(a_query_cut_anywhere_is_dropped_whole),
		cmocka_unit_test(a_query_with_too_many_questions_is_dropped),
		cmocka_unit_test(a_lie_about_our_name_changes_nothing),
		cmocka_unit_test(goodbye_is_said_once_and_by_those_that_were_heard),
		cmocka_unit_test(an_address_that_comes_back_has_another_name),
		cmocka_unit_test(an_address_that_comes_back_at_once_has_another_name_too),
		cmocka_unit_test(goodbyes_give_way_to_new_names),
		cmocka_unit_test(without_multicast_the_name_is_told_and_never_the_address),
		cmocka_unit_test(a_candidate_of_ours_that_comes_back_is_refused),
		cmocka_unit_test(a_goodbye_of_the_peer_is_no_address),
		cmocka_unit_test(without_randomness_or_memory_there_is_no_candidate),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
