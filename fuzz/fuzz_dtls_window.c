/* layers: dtls base; corpus: none */
/* fuzz_dtls_window.c - the replay window of DTLS records against a naive set: RFC 6347 section 4.1.2.6.
 *
 * Two connections shake hands when the program starts. Each input gives one of them the numbers that it
 * says to go on with, and the other an empty window. One side protects data in order, and leaves numbers
 * out, up to the last there is; the input says in which order, how often and how many in a datagram they come. The
 * model remembers every number: each opens once, none that is as old as the window is long, and data are what was
 * protected. What is damaged, and what nobody protected, opens never and moves nothing: tags are
 * compared in a fuzzing build too. */
#include <string.h>

#include "dtls/dtls_state.h"
#include "fuzz_env.h"

enum { RECORDS = 1024, OPERATIONS = 200, PLAIN = 12, WINDOW = 256, MOST_IN_ONE = 4 };
enum { NUMBER = 5, SEALED = PLAIN + TT_DTLS_OVERHEAD };

#define NUMBER_MAX ((UINT64_C(1) << 48) - 1)

struct sent {
	uint64_t number;
	size_t len;
	uint8_t data[SEALED];
	bool seen;
};

struct world {
	struct sent all[RECORDS];
	size_t count;
	bool any; /* one was opened ... */
	uint64_t newest; /* ... and of those the highest */
};

static struct fuzz_env env[2];
static struct tt_dtls_shared *shared[2];
static struct tt_dtls *end[2]; /* who protects, who opens */

static void teach(struct tt_dtls *d, const char *text)
{
	const char *space = strchr(text, ' ');
	const struct tt_dtls_fingerprint one = { .algo = text,
						 .algo_len = (size_t)(space - text),
						 .value = space + 1,
						 .value_len = strlen(space + 1) };

	FUZZ_CHECK(tt_dtls_set_remote_fingerprints(d, FUZZ_SECOND, &one, 1) == TAUT_OK,
		   "a fingerprint");
}

static void prepare(void)
{
	uint8_t buf[TT_DTLS_DATAGRAM_MAX];
	struct tt_dtls_event e;
	size_t len;

	for (int i = 0; i < 2; i++) {
		fuzz_env_begin(&env[i], (uint64_t)i + 1);
		if (tt_dtls_shared_new(&shared[i], &env[i].env, FUZZ_SECOND) ||
		    tt_dtls_new(&end[i], shared[i], &env[i].env))
			abort();
	}
	for (int i = 0; i < 2; i++) {
		teach(end[i], tt_dtls_shared_fingerprint(shared[!i]));
		tt_dtls_start(end[i], FUZZ_SECOND, i == 0, 0);
	}
	for (int n = 0; n < 16; n++) {
		while ((len = tt_dtls_poll_send(end[n & 1], FUZZ_SECOND, buf, sizeof buf)) > 0)
			tt_dtls_recv(end[!(n & 1)], FUZZ_SECOND, buf, len);
		while (tt_dtls_poll_event(end[n & 1], &e))
			;
	}
	FUZZ_CHECK(tt_dtls_state(end[0]) == TT_DTLS_CONNECTED &&
			   tt_dtls_state(end[1]) == TT_DTLS_CONNECTED,
		   "a handshake of our own");
}

static void plain(uint64_t number, uint8_t out[PLAIN])
{
	for (size_t i = 0; i < PLAIN; i++)
		out[i] = (uint8_t)(number >> 8 * (i % 6));
}

static void send(struct world *w)
{
	struct sent *p = &w->all[w->count];
	uint8_t data[PLAIN];

	if (w->count == RECORDS || end[0]->records.number > NUMBER_MAX)
		return; /* the end would fail: there are no more numbers */
	p->number = end[0]->records.number;
	p->seen = false;
	plain(p->number, data);
	p->len = tt_dtls_protect(end[0], FUZZ_SECOND, data, PLAIN, p->data, sizeof p->data);
	FUZZ_CHECK(p->len > PLAIN && p->len <= sizeof p->data, "the next number is protected");
	w->count++;
}

/* How many data came out of a datagram, of which first[] are what is expected, in their order. */
static size_t give(const uint8_t *data, size_t len, const uint64_t *expected, size_t most)
{
	uint8_t *exact = calloc(1, len ? len : 1), want[PLAIN];
	struct tt_dtls_event e;
	size_t n = 0;

	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, data, len);
	const uint64_t before = tt_work_total;
	FUZZ_CHECK(tt_dtls_recv(end[1], FUZZ_SECOND, exact, len) == TAUT_OK, "nothing ends it");
	fuzz_check_work(before, len, 8);
	free(exact);
	while (tt_dtls_poll_event(end[1], &e)) {
		FUZZ_CHECK(e.type == TT_DTLS_EV_DATA && n < most, "nothing but data to be opened");
		plain(expected[n++], want);
		FUZZ_CHECK(e.len == PLAIN && memcmp(e.data, want, PLAIN) == 0,
			   "what went in comes out");
	}
	return n;
}

/* In one datagram. The model says which of them open. */
static void receive(struct world *w, struct sent *const *some, size_t n)
{
	uint8_t datagram[MOST_IN_ONE * SEALED];
	uint64_t opens[MOST_IN_ONE];
	size_t len = 0, count = 0;

	for (size_t i = 0; i < n; i++) {
		struct sent *p = some[i];
		memcpy(datagram + len, p->data, p->len);
		len += p->len;
		if (p->seen || (w->any && w->newest >= p->number + WINDOW))
			continue;
		p->seen = w->any = true;
		w->newest = w->newest > p->number ? w->newest : p->number;
		opens[count++] = p->number;
	}
	FUZZ_CHECK(give(datagram, len, opens, count) == count, "each number once, and no old ones");
}

/* The one that the window just holds, or just does not. */
static void receive_at_edge(struct world *w, uint64_t where)
{
	for (size_t k = 0; k < w->count; k++)
		if (w->all[k].number + WINDOW + 4 == w->newest + where) {
			struct sent *p = &w->all[k];
			receive(w, &p, 1);
			return;
		}
}

static void changes_nothing(const uint8_t *data, size_t len)
{
	const struct tt_dtls_records before = end[1]->records;

	(void)give(data, len, NULL, 0);
	FUZZ_CHECK(end[1]->records.highest == before.highest &&
			   memcmp(end[1]->records.seen, before.seen, sizeof before.seen) == 0,
		   "what does not open moves nothing");
}

static void damage(const struct sent *p, struct rd *in)
{
	uint8_t data[SEALED];
	const uint8_t how = rd_u8(in);

	memcpy(data, p->data, p->len);
	if (how & 1) /* another number */
		data[NUMBER + how % 6] ^= (uint8_t)(rd_u8(in) | 1);
	else
		data[rd_u8(in) % p->len] ^= (uint8_t)(1 << (how >> 5));
	changes_nothing(data, how & 2 ? p->len - 1 - how % 16 : p->len);
}

/* A head as those that were protected have, or none, and any octets. */
static void give_foreign(const struct sent *like, struct rd *in)
{
	uint8_t data[300];
	const uint8_t how = rd_u8(in);
	struct wr out = wr_make(data, sizeof data);

	if (how & 1) {
		wr_bytes(&out, like->data, NUMBER);
		wr_u16(&out, 0);
		wr_u32(&out, rd_u32(in));
		wr_u16(&out, how >> 1);
	}
	fuzz_copy(&out, in, how & 1 ? how >> 1 : rd_u8(in));
	if (wr_len(&out) > 0)
		changes_nothing(data, wr_len(&out));
}

static void operate(struct world *w, struct rd *in)
{
	const uint8_t what = rd_u8(in), how = rd_u8(in);
	struct sent *some[MOST_IN_ONE];

	switch (what & 3) {
	case 0:
		for (int n = what & 128 ? how * 2 : how % 16; n >= 0; n--)
			send(w);
		break;
	case 1: /* numbers that are never sent */
		end[0]->records.number += what & 128 ? how * UINT64_C(0x10001) : how;
		break;
	case 2:
		if (what & 128)
			receive_at_edge(w, how % 8);
		else if (what & 64)
			damage(&w->all[w->count - 1 - how % w->count], in);
		else if (what & 32)
			give_foreign(&w->all[w->count - 1 - how % w->count], in);
		else {
			some[0] = &w->all[((size_t)(what >> 2) << 8 | how) % w->count];
			receive(w, some, 1);
		}
		break;
	default: /* the latest ones, as they mostly come, perhaps one of them twice */
		for (size_t i = 0; i <= (what >> 2 & 3); i++)
			some[i] = &w->all[w->count - 1 - (how ^ i * (what >> 4)) % w->count];
		receive(w, some, (what >> 2 & 3) + 1u);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct rd in = rd_make(data, size);
	const uint8_t how = rd_u8(&in);

	if (!end[0])
		prepare();
	const size_t memory = env[1].env.memory;
	w.count = 0;
	w.any = false;
	w.newest = 0;
	end[0]->records.number = how & 1 ? NUMBER_MAX - 2u * how : how * (how & 2 ? 0x4000u : 1u);
	memset(end[1]->records.seen, 0, sizeof end[1]->records.seen);
	end[1]->records.highest = 0;
	send(&w);
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	FUZZ_CHECK(env[1].env.memory < memory + 20000, "memory has a ceiling");
	return 0;
}
