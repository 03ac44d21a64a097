/* layers: rtcp rtp base */
/* fuzz_twcc.c - transport-wide feedback against a list of what arrived.
 *
 * The input says which numbers arrive and when, and now and then a feedback is asked for, with more
 * room or less. What it says is read back: each packet it calls received did arrive, at that very
 * tick; each it calls lost did not; and once nothing is pending every arrival was told. */
#include <string.h>

#include "fuzz_env.h"
#include "rtcp/rtcp_packet.h"
#include "rtcp/rtcp_twcc.h"

enum { ARRIVALS = 600, OPERATIONS = 500, MAX_LATE = 500, TICKS_64MS = 256 };

struct arrival {
	int64_t seq;
	taut_time at;
	bool told;
};

struct world {
	struct fuzz_env env;
	struct tt_twcc_arrivals a;
	struct arrival all[ARRIVALS];
	size_t count;
	int64_t newest;
	taut_time now;
};

static struct arrival *find(struct world *w, int64_t seq)
{
	for (size_t i = w->count; i > 0; i--)
		if (w->all[i - 1].seq == seq)
			return &w->all[i - 1];
	return NULL;
}

static void arrive(struct world *w, int64_t seq)
{
	if (w->count == ARRIVALS)
		return;
	tt_twcc_arrived(&w->a, (uint16_t)seq, 7, w->now);
	if (w->count > 0 && (seq <= w->newest - MAX_LATE || find(w, seq)))
		return; /* too late, or twice */
	w->all[w->count++] = (struct arrival){ seq, w->now, false };
	w->newest = w->count == 1 ? seq : tt_max64(w->newest, seq);
}

static void read_back(struct world *w, const uint8_t *pkt, size_t len)
{
	struct rd r = rd_make(pkt, len);
	struct tt_rtcp one;
	struct tt_rtcp_feedback f;
	struct tt_twcc_reader t;
	struct tt_twcc_status s;

	FUZZ_CHECK(tt_rtcp_check(pkt, len) == TT_TAKEN && tt_rtcp_next(&r, &one), "well formed");
	tt_rtcp_read_feedback(&one, &f);
	FUZZ_CHECK(f.sender == 5 && f.media == 7, "whose it is");
	tt_twcc_begin(&t, f.fci);
	int64_t us = (int64_t)t.reference * TICKS_64MS * TT_TWCC_TICK;
	/* which of the numbers that end in these 16 bits */
	int64_t seq = w->newest + (int16_t)(uint16_t)(t.base - (uint16_t)w->newest);
	for (; tt_twcc_next(&t, &s); seq++) {
		struct arrival *a = find(w, seq);
		FUZZ_CHECK(s.seq == (uint16_t)seq, "number after number");
		FUZZ_CHECK(s.received == (a != NULL), "received is what arrived");
		if (!a)
			continue;
		us += s.delta_us;
		FUZZ_CHECK(us == a->at / TT_TWCC_TICK * TT_TWCC_TICK, "at that very tick");
		a->told = true;
	}
}

static void report(struct world *w, size_t room, bool all)
{
	uint8_t buf[1200];

	do {
		struct wr out = wr_make(buf, room);
		if (!tt_twcc_write(&w->a, &out, 5))
			break;
		FUZZ_CHECK(wr_len(&out) > 0 && wr_len(&out) % 4 == 0, "whole words that fit");
		read_back(w, buf, wr_len(&out));
	} while (all);
	for (size_t i = 0; !tt_twcc_pending(&w->a) && i < w->count; i++)
		FUZZ_CHECK(w->all[i].told || w->all[i].seq + TT_TWCC_RING <= w->newest,
			   "every arrival was told that the ring still holds");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const taut_time spans[] = { 100, 1000, 20 * FUZZ_MS, 9 * FUZZ_SECOND };
	static struct world w;
	struct rd in = rd_make(data, size);
	int64_t next = 65536 + rd_u16(&in);

	fuzz_env_begin(&w.env, 1);
	w.a = (struct tt_twcc_arrivals){ .env = &w.env.env };
	w.count = 0;
	w.newest = 0;
	w.now = FUZZ_SECOND;
	for (int n = 0; n < OPERATIONS && rd_left(&in) > 0; n++) {
		const uint8_t what = rd_u8(&in);
		if (what % 8 == 0) {
			w.now += spans[what >> 6];
		} else if (what % 8 == 1) {
			report(&w, what & 128 ? 1200 : 40 + what, what & 64);
		} else if (what % 8 == 2) {
			arrive(&w, next - rd_u8(&in));
		} else if (what % 8 == 3) {
			next += what >> 3; /* lost */
		} else {
			for (int k = what >> 5; k >= 0; k--) {
				arrive(&w, next++);
				w.now += what & 8 ? 300 : 0;
			}
		}
	}
	report(&w, 1200, true);
	FUZZ_CHECK(!tt_twcc_pending(&w.a), "nothing is left to tell");
	tt_twcc_free(&w.a);
	fuzz_env_end(&w.env);
	return 0;
}
