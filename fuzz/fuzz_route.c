/* layers: io stun base; corpus: stun */
/* fuzz_route.c - whose datagram is it, on a socket that several connections share: io_route.h, against a model.
 *
 * The input says what the connections are called, what they send and where, who leaves, and which datagrams
 * come from where: checks with a USERNAME, answers to what was asked, what is neither, and any octets; before all
 * that it is a datagram itself. The model keeps names, addresses and questions in one list each, in the order of their age. What is found is then
 * authenticated, or is not, as the input likes. */
#include <string.h>

#include "base/addr.h"
#include "fuzz_env.h"
#include "io/io_route.h"
#include "stun/stun.h"
#include "taut/drop.h"

enum { ENDS = 3, OPERATIONS = 400, LIST = ENDS * 2 * TT_ROUTE_ASKED, NAME = 24, PACKET = 300 };

struct address {
	struct taut_addr addr;
	int end;
	bool proven;
};

struct asked {
	uint8_t tid[TT_STUN_TID_LEN];
	struct taut_addr to;
	taut_time at;
	int end;
};

struct world {
	struct fuzz_env env;
	struct tt_route r;
	struct tt_route_end end[ENDS];
	char name[ENDS][TT_ROUTE_NAMES][NAME];
	struct address addr[LIST]; /* the oldest first */
	struct asked asked[LIST];
	size_t addrs, asks;
	taut_time now;
};

/* ---- the model ---- */

static void drop_addr(struct world *w, size_t i)
{
	memmove(&w->addr[i], &w->addr[i + 1], (--w->addrs - i) * sizeof w->addr[0]);
}

static void drop_asked(struct world *w, size_t i)
{
	memmove(&w->asked[i], &w->asked[i + 1], (--w->asks - i) * sizeof w->asked[0]);
}

static struct address *at_address(struct world *w, const struct taut_addr *a)
{
	for (size_t i = 0; i < w->addrs; i++)
		if (tt_addr_eq(&w->addr[i].addr, a))
			return &w->addr[i];
	return NULL;
}

/* The most that an end may have is not passed: the oldest goes, one that was only said first. */
static void limit_addrs(struct world *w, int end)
{
	size_t count = 0, oldest = SIZE_MAX, said = SIZE_MAX;

	for (size_t i = 0; i < w->addrs; i++) {
		if (w->addr[i].end != end)
			continue;
		count++;
		oldest = tt_min(oldest, i);
		said = w->addr[i].proven ? said : tt_min(said, i);
	}
	if (count >= TT_ROUTE_ADDRS)
		drop_addr(w, said < SIZE_MAX ? said : oldest);
}

static void model_sent(struct world *w, int end, const struct taut_addr *to, const uint8_t *tid)
{
	const struct address *known = at_address(w, to);
	size_t count = 0;

	if (known && known->end == end && known->proven)
		return;
	for (size_t i = 0; i < w->asks; i++)
		if (memcmp(w->asked[i].tid, tid, TT_STUN_TID_LEN) == 0)
			return;
	for (size_t i = 0; i < w->asks; i++)
		count += w->asked[i].end == end;
	for (size_t i = 0; i < w->asks;) {
		if (w->asked[i].end != end) {
			i++;
			continue;
		}
		if (count < TT_ROUTE_ASKED && w->now - w->asked[i].at <= TT_ROUTE_PATIENCE)
			break;
		drop_asked(w, i);
		count--;
	}
	FUZZ_CHECK(w->asks < LIST, "so many are never asked");
	struct asked *a = &w->asked[w->asks++];
	*a = (struct asked){ .to = *to, .at = w->now, .end = end };
	memcpy(a->tid, tid, TT_STUN_TID_LEN);
}

static void model_shown(struct world *w, int end, bool proven, const struct taut_addr *from)
{
	struct address *a = at_address(w, from);

	if (a && a->end == end) {
		a->proven |= proven;
	} else if (!a || proven || !a->proven) {
		if (a)
			drop_addr(w, (size_t)(a - w->addr));
		limit_addrs(w, end);
		w->addr[w->addrs++] = (struct address){ *from, end, proven };
	}
	for (size_t i = 0; proven && i < w->asks;)
		if (w->asked[i].end == end && tt_addr_eq(&w->asked[i].to, from))
			drop_asked(w, i);
		else
			i++;
}

/* On a socket that others share what begins with more than 3 is no STUN, whatever it reads as: RFC 7983 section 7. */
static bool read_stun(struct tt_stun_msg *m, const uint8_t *buf, size_t len)
{
	return len > 0 && buf[0] <= 3 && tt_stun_read(m, buf, len) == TT_STUN_OK;
}

/* Who it is for, -1: nobody; and what it proves if it is authentic. */
static int model_find(struct world *w, const struct taut_addr *from, const uint8_t *buf, size_t len,
		      enum tt_route_proof *proof)
{
	const struct address *a = at_address(w, from);
	struct tt_stun_msg m;

	*proof = TT_ROUTE_NOTHING;
	if (!read_stun(&m, buf, len))
		return a ? a->end : -1;
	if (m.cls == TT_STUN_REQUEST && m.has & TT_STUN_HAS_USERNAME) {
		*proof = TT_ROUTE_SAID;
		for (int i = 0; i < ENDS * TT_ROUTE_NAMES; i++) {
			const char *name = w->name[i / TT_ROUTE_NAMES][i % TT_ROUTE_NAMES];
			const size_t n = strlen(name);
			if (n > 0 && m.username.len > n && memcmp(m.username.p, name, n) == 0 &&
			    m.username.p[n] == ':')
				return i / TT_ROUTE_NAMES;
		}
		return -1;
	}
	for (size_t i = 0; i < w->asks && (m.cls & TT_STUN_SUCCESS); i++)
		if (memcmp(w->asked[i].tid, m.tid, TT_STUN_TID_LEN) == 0) {
			*proof = tt_addr_eq(&w->asked[i].to, from) ? TT_ROUTE_PROVEN
								   : TT_ROUTE_NOTHING;
			return w->asked[i].end;
		}
	return a ? a->end : -1;
}

/* ---- operations ---- */

static struct taut_addr an_address(struct rd *in)
{
	const uint8_t n = rd_u8(in);
	struct taut_addr a = { .family = n & 128 ? 6 : 4, .port = (uint16_t)(1000 + n % 4) };

	a.ip[n & 128 ? 15 : 3] = n & 127;
	return a;
}

/* A name that no other end has: the agents draw theirs at random. */
static void call(struct world *w, int end, uint8_t how)
{
	char name[NAME], (*has)[NAME] = w->name[end];

	(void)snprintf(name, sizeof name, "%c%.*s", 'a' + end, how & 15, "0123456789abcde");
	FUZZ_CHECK(tt_route_name(&w->r, &w->end[end], name), "it has this name now");
	if (strcmp(has[0], name) == 0)
		return;
	memcpy(has[1], has[0], NAME);
	memcpy(has[0], name, NAME);
}

static void leave(struct world *w, int end)
{
	tt_route_leave(&w->r, &w->end[end]);
	memset(w->name[end], 0, sizeof w->name[end]);
	for (size_t i = w->addrs; i-- > 0;)
		if (w->addr[i].end == end)
			drop_addr(w, i);
	for (size_t i = w->asks; i-- > 0;)
		if (w->asked[i].end == end)
			drop_asked(w, i);
	FUZZ_CHECK(!w->end[end].addrs && !w->end[end].asked && !w->end[end].name[0] &&
			   w->end[end].addr_count == 0 && w->end[end].asked_count == 0,
		   "who has left has nothing");
}

/* A message of that class, whose transaction is one of a few. */
static size_t message(const struct world *w, uint8_t buf[PACKET], struct rd *in)
{
	const uint8_t how = rd_u8(in), tid_of = rd_u8(in);
	const int end = how >> 2 & 3;
	uint8_t tid[TT_STUN_TID_LEN] = { tid_of };
	char user[NAME + 4];
	struct wr out = wr_make(buf, PACKET);

	tt_stun_begin(&out, how & 3, TT_STUN_BINDING, tid);
	const int n =
		snprintf(user, sizeof user, "%s%s",
			 end < ENDS ? w->name[end][how >> 4 & 1] : "nobody", how & 32 ? "" : ":x");
	if (!(how & 64))
		tt_stun_put(&out, TT_STUN_USERNAME, user, (size_t)n);
	if (how & 128) /* not known, and as long as the input says */
		tt_stun_put(&out, 0x8fff, "0123456789abcdef", rd_u8(in) & 15);
	return tt_stun_finish(&out);
}

static void sent(struct world *w, int end, struct rd *in)
{
	const struct taut_addr to = an_address(in);
	uint8_t buf[PACKET];
	const size_t len = message(w, buf, in);

	tt_route_sent(&w->r, w->now, &w->end[end], &to, buf, len);
	if (len > 0 && (buf[0] & 1) == 0 && (buf[1] & 0x10) == 0)
		model_sent(w, end, &to, buf + 8);
}

static void came(struct world *w, bool any, bool authentic, struct rd *in)
{
	const struct taut_addr from = an_address(in);
	uint8_t buf[PACKET];
	const size_t len = any ? fuzz_bytes(in, rd_u8(in), buf) : message(w, buf, in);
	uint8_t *exact = malloc(len ? len : 1);
	enum tt_route_proof proof;

	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, buf, len);
	const uint64_t before = tt_work_total;
	const struct tt_route_found f = tt_route_find(&w->r, &from, exact, len);
	fuzz_check_work(before, len, 2);
	const int end = model_find(w, &from, exact, len, &proof);
	free(exact);
	FUZZ_CHECK(f.end == (end < 0 ? NULL : &w->end[end]), "it is for whom the model says");
	FUZZ_CHECK(f.end ? f.proof == proof && f.why == 0 : f.why != 0, "it proves so much");
	if (!f.end || !authentic)
		return;
	tt_route_shown(&w->r, w->now, &f, &from);
	if (proof != TT_ROUTE_NOTHING)
		model_shown(w, end, proof == TT_ROUTE_PROVEN, &from);
}

static void check(const struct world *w)
{
	size_t addrs[ENDS] = { 0 }, asks[ENDS] = { 0 };

	for (size_t i = 0; i < w->addrs; i++)
		addrs[w->addr[i].end]++;
	for (size_t i = 0; i < w->asks; i++)
		asks[w->asked[i].end]++;
	for (int i = 0; i < ENDS; i++)
		FUZZ_CHECK(w->end[i].addr_count == addrs[i] && addrs[i] <= TT_ROUTE_ADDRS &&
				   w->end[i].asked_count == asks[i] && asks[i] <= TT_ROUTE_ASKED,
			   "as many as the model has, and no more than there may be");
	FUZZ_CHECK(w->r.addrs.count == w->addrs && w->r.asked.count == w->asks,
		   "the tables have what the ends have");
}

static void operate(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in);
	const int end = (what >> 4) % ENDS;

	switch (what & 7) {
	case 0:
		w->now += (what >> 3) * 2 * FUZZ_SECOND;
		break;
	case 1:
		call(w, end, rd_u8(in));
		break;
	case 2:
	case 3: /* several, whose transactions and addresses follow each other */
		sent(w, end, in);
		break;
	case 4:
		if (rd_u8(in) == 1)
			leave(w, end);
		break;
	default:
		came(w, (what & 7) == 5, what & 128, in);
	}
	check(w);
}

/* The input as one datagram: a check finds who is called as its USERNAME begins, and nobody else does. */
static void as_datagram(struct world *w, const uint8_t *data, size_t size)
{
	const struct taut_addr from = { .family = 4, .port = 9, .ip = { 203, 0, 113, 5 } };
	struct tt_stun_msg m;
	char name[513] = "";
	const uint8_t *colon = NULL;

	FUZZ_CHECK(!tt_route_find(&w->r, &from, data, size).end, "nobody is there yet");
	if (!read_stun(&m, data, size) || m.cls != TT_STUN_REQUEST || !(m.has & TT_STUN_HAS_USERNAME) ||
	    m.username.len == 0)
		return;
	colon = memchr(m.username.p, ':', m.username.len);
	const size_t n = colon ? (size_t)(colon - m.username.p) : m.username.len;
	if (n == 0 || n >= sizeof name || memchr(m.username.p, 0, n))
		return;
	memcpy(name, m.username.p, n);
	FUZZ_CHECK(tt_route_name(&w->r, &w->end[0], name), "it is called so");
	FUZZ_CHECK(tt_route_find(&w->r, &from, data, size).end == (colon ? &w->end[0] : NULL),
		   "a check finds whom it names");
	tt_route_leave(&w->r, &w->end[0]);
	FUZZ_CHECK(!tt_route_find(&w->r, &from, data, size).end, "but not who has left");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);

	memset(&w, 0, sizeof w);
	fuzz_env_begin(&w.env, 1);
	tt_route_init(&w.r, &w.env.env, 17);
	as_datagram(&w, data, size);
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	for (int i = 0; i < ENDS; i++)
		leave(&w, i);
	tt_route_free(&w.r);
	fuzz_env_end(&w.env);
	return 0;
}
