/* layers: dtls base */
/* fuzz_dtls.c - datagrams for DTLS: what stands between a stranger and OpenSSL, and OpenSSL.
 *
 * Two connections are made when the program starts, one in each role, and the datagrams to one end
 * are kept. An input makes that end anew, with the random numbers it had, so that the kept ones fit
 * once more: given in order it connects, without a handshake that costs. The input gives them whole,
 * cut, damaged, several in one, in any order, or gives any bytes, and lets time pass. Polls end, the
 * deadline lies ahead, an end is final, memory has a ceiling, what waits for the handshake is
 * bounded, and no data come out but those that were protected. An input that begins as a record does is a datagram
 * before it is a script, as are those of the corpus. */
#include <string.h>

#include "dtls/dtls_state.h"
#include "fuzz_env.h"

enum { KEPT = 24, OPERATIONS = 24, DATAGRAM = 2048 };

struct kept {
	size_t len;
	uint8_t data[DATAGRAM];
};

static struct fuzz_env env[2];
static struct tt_dtls_shared *shared[2];
static struct kept kept[2][KEPT]; /* what env[0]'s end got, as client and as server */
static size_t count[2], own_memory;
static uint64_t seed[2]; /* of env[0] before that */

static void teach(struct tt_dtls *d, taut_time now, const char *text)
{
	const char *space = strchr(text, ' ');
	const struct tt_dtls_fingerprint one = { .algo = text,
						 .algo_len = (size_t)(space - text),
						 .value = space + 1,
						 .value_len = strlen(space + 1) };

	FUZZ_CHECK(tt_dtls_set_remote_fingerprints(d, now, &one, 1) == TAUT_OK, "a fingerprint");
}

static void keep(int role, const uint8_t *data, size_t len)
{
	FUZZ_CHECK(count[role] < KEPT && len > 0 && len <= DATAGRAM, "room for what is kept");
	struct kept *k = &kept[role][count[role]++];
	k->len = len;
	memcpy(k->data, data, len);
}

/* Carries what i says to the other. */
static void carry(struct tt_dtls *d[2], int i, int role)
{
	struct tt_dtls_event e;
	uint8_t buf[DATAGRAM];
	size_t len;

	while ((len = tt_dtls_poll_send(d[i], FUZZ_SECOND, buf, sizeof buf)) > 0) {
		if (i == 1)
			keep(role, buf, len);
		tt_dtls_recv(d[!i], FUZZ_SECOND, buf, len);
	}
	while (tt_dtls_poll_event(d[i], &e))
		;
}

/* A handshake, data and a goodbye. */
static void record(int role)
{
	struct tt_dtls *d[2];
	uint8_t buf[DATAGRAM];

	seed[role] = env[0].seed;
	for (int i = 0; i < 2; i++)
		if (tt_dtls_new(&d[i], shared[i], &env[i].env))
			abort();
	for (int i = 0; i < 2; i++) {
		teach(d[i], FUZZ_SECOND, tt_dtls_shared_fingerprint(shared[!i]));
		tt_dtls_start(d[i], FUZZ_SECOND, i == role, 0);
	}
	for (int n = 0; n < 16; n++)
		carry(d, n & 1, role);
	FUZZ_CHECK(tt_dtls_state(d[0]) == TT_DTLS_CONNECTED, "a handshake of our own");
	keep(role, buf, tt_dtls_protect(d[1], FUZZ_SECOND, "data", 4, buf, sizeof buf));
	tt_dtls_close(d[1], FUZZ_SECOND);
	carry(d, 1, role);
	for (int i = 0; i < 2; i++)
		tt_dtls_free(d[i]);
}

static void prepare(void)
{
	for (int i = 0; i < 2; i++) {
		fuzz_env_begin(&env[i], (uint64_t)i + 1);
		if (tt_dtls_shared_new(&shared[i], &env[i].env, FUZZ_SECOND))
			abort();
	}
	own_memory = env[0].env.memory;
	record(0);
	record(1);
}

struct world {
	struct tt_dtls *d;
	taut_time now;
	bool started, ended;
	int role; /* 0: client */
	size_t next;
};

static void settle(struct world *w)
{
	struct tt_dtls_event e;
	uint8_t buf[1500];
	int n = 0;

	tt_dtls_tick(w->d, w->now);
	while (tt_dtls_poll_event(w->d, &e)) {
		FUZZ_CHECK(n++ < 1000 && !w->ended, "poll_event ends, and nothing follows the end");
		w->ended = e.type == TT_DTLS_EV_CLOSED || e.type == TT_DTLS_EV_FAILED;
		FUZZ_CHECK(!w->ended || (e.text && e.text[0]), "the end has a reason");
		FUZZ_CHECK(e.type != TT_DTLS_EV_DATA || (e.len == 4 && !memcmp(e.data, "data", 4)),
			   "no data but those that were protected");
	}
	while (tt_dtls_poll_send(w->d, w->now, buf, sizeof buf) > 0)
		FUZZ_CHECK(n++ < 1000, "poll_send ends");
	FUZZ_CHECK(tt_dtls_deadline(w->d, NULL) > w->now, "the deadline lies ahead");
	FUZZ_CHECK(!w->ended || tt_dtls_state(w->d) >= TT_DTLS_CLOSED, "the end is final");
	FUZZ_CHECK(env[0].env.memory < own_memory + 200000, "memory has a ceiling");
	FUZZ_CHECK(w->d->early_count <= TT_DTLS_EARLY_MAX, "few datagrams wait for the start");
}

static void give(struct world *w, const uint8_t *data, size_t len)
{
	uint8_t *exact = calloc(1, len ? len : 1);

	if (!exact)
		abort();
	if (len > 0)
		memcpy(exact, data, len);
	const uint64_t before = tt_work_total;
	const int r = tt_dtls_recv(w->d, w->now, exact, len);
	fuzz_check_work_if(r == 0 && len > 0 && len <= TT_DTLS_DATAGRAM_MAX, before, len,
			   8); /* what OpenSSL does is not counted */
	FUZZ_CHECK(r == 0 || (r == TAUT_E_STATE && tt_dtls_state(w->d) >= TT_DTLS_CLOSED), "taken");
	free(exact);
}

/* One of the kept, or two in one, with a byte changed or an end cut off. */
static void give_kept(struct world *w, struct rd *in)
{
	static uint8_t buf[2 * DATAGRAM];
	const uint8_t skip = rd_u8(in), how = rd_u8(in);
	const size_t which = skip < 192 ? 0 : skip;
	const struct kept *k = &kept[w->role][(w->next + which) % count[w->role]];
	size_t len = k->len;

	w->next += how < 128; /* mostly in their order */
	memcpy(buf, k->data, len);
	if (how & 1) {
		const struct kept *more = &kept[w->role][(w->next + which + 1u) % count[w->role]];
		memcpy(buf + len, more->data, more->len);
		len += more->len;
	}
	if (how & 2)
		buf[fuzz_pick(in, 2000) % len] ^= rd_u8(in);
	if (how & 4) /* a field of the record's or the fragment's header */
		buf[rd_u8(in) % 25 % len] = rd_u8(in);
	if (how & 8)
		len -= fuzz_pick(in, 2000) % len;
	give(w, buf, len);
}

static void start(struct world *w)
{
	const int r = tt_dtls_start(w->d, w->now, w->role == 0, 0);

	FUZZ_CHECK(r == TAUT_OK || w->started || w->ended || tt_dtls_state(w->d) >= TT_DTLS_CLOSED,
		   "it starts once");
	w->started = true;
}

static void operate(struct world *w, struct rd *in)
{
	static const taut_time spans[] = { 20 * FUZZ_MS, 400 * FUZZ_MS, 4 * FUZZ_SECOND,
					   31 * FUZZ_SECOND };
	const uint8_t what = rd_u8(in);
	uint8_t buf[300];

	switch (what & 7) {
	case 0:
		w->now += spans[what >> 6];
		break;
	case 1:
		start(w);
		break;
	case 2:
		if (what & 128)
			tt_dtls_close(w->d, w->now);
		else
			teach(w->d, w->now, tt_dtls_shared_fingerprint(shared[1]));
		break;
	case 3: {
		struct wr out = wr_make(buf, sizeof buf);
		fuzz_copy(&out, in, fuzz_pick(in, 200));
		give(w, buf, wr_len(&out));
		break;
	}
	default:
		give_kept(w, in);
	}
	settle(w);
}

static void begin(struct world *w, uint8_t how)
{
	*w = (struct world){ .now = FUZZ_SECOND, .role = how & 1 };
	env[0].seed = seed[w->role];
	if (tt_dtls_new(&w->d, shared[0], &env[0].env))
		abort();
	if (how & 2)
		teach(w->d, w->now, tt_dtls_shared_fingerprint(shared[1]));
	if (!(how & 4))
		start(w);
	settle(w);
}

static void finish(struct world *w)
{
	tt_dtls_free(w->d);
	FUZZ_CHECK(env[0].env.memory == own_memory, "memory is left");
}

/* To a client and to a server: the first that they hear, or the second. */
static void as_datagram(const uint8_t *data, size_t size)
{
	for (uint8_t how = 0; how < 4; how++) {
		struct world w;
		begin(&w, how & 1 ? 3 : 2);
		if (how & 2)
			give(&w, kept[w.role][0].data, kept[w.role][0].len);
		settle(&w);
		give(&w, data, tt_min(size, DATAGRAM));
		settle(&w);
		finish(&w);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;
	struct rd in = rd_make(data, size);

	if (!shared[0])
		prepare();
	if (size >= 13 && data[0] >= 20 && data[0] <= 63) /* RFC 7983 */
		as_datagram(data, size);
	begin(&w, rd_u8(&in));
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++)
		operate(&w, &in);
	finish(&w);
	return 0;
}
