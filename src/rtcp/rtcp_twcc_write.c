/* rtcp_twcc_write.c - arrivals remembered, and transport-wide feedback made of them.
 *
 * draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1. A packet that
 * comes late, after a feedback has called it lost, is reported again together
 * with its neighbours; senders take the better news. */
#include "rtcp/rtcp_twcc.h"

#include "base/num.h"
#include "rtcp/rtcp_packet.h"

enum { TICKS_64MS = 256, MAX_LATE = 500 };

void tt_twcc_free(struct tt_twcc_arrivals *a)
{
	tt_free(a->env, a->ring);
	a->ring = NULL;
	a->started = false;
}

static struct tt_twcc_arrival *slot(const struct tt_twcc_arrivals *a, int64_t seq)
{
	return &a->ring[(uint64_t)seq & (TT_TWCC_RING - 1)];
}

static bool arrived(const struct tt_twcc_arrivals *a, int64_t seq)
{
	return slot(a, seq)->seq == seq;
}

void tt_twcc_arrived(struct tt_twcc_arrivals *a, uint16_t seq, uint32_t media_ssrc, taut_time at)
{
	if (!a->ring && !(a->ring = tt_alloc(a->env, TT_TWCC_RING * sizeof *a->ring)))
		return;
	uint16_t ahead = (uint16_t)(seq - (uint16_t)a->newest);
	int64_t ext = a->newest + (ahead < 0x8000 ? ahead : (int64_t)ahead - 0x10000);

	if (!a->started) {
		ext = 0x10000 + seq;
		a->from = ext;
		a->newest = ext - 1;
		a->started = true;
	}
	if (ext <= a->newest - MAX_LATE || (ext <= a->newest && arrived(a, ext)))
		return;
	*slot(a, ext) = (struct tt_twcc_arrival){ ext, at };
	a->media_ssrc = media_ssrc;
	a->fresh++;
	a->newest = tt_max64(a->newest, ext);
	a->from = tt_max64(tt_min64(a->from, ext), a->newest - TT_TWCC_RING + 1);
}

/* What one feedback will say. */
struct plan {
	uint8_t symbols[TT_TWCC_MAX_STATUS];
	int16_t deltas[TT_TWCC_MAX_STATUS];
	size_t count;
	int64_t first; /* sequence number */
	int64_t reference;
};

static int64_t ticks_of(taut_time at)
{
	return at / TT_TWCC_TICK;
}

/* Takes statuses while their deltas can be written, and `room` bytes suffice at worst. */
static bool make_plan(const struct tt_twcc_arrivals *a, struct plan *p, size_t room)
{
	int64_t seq = a->from;
	size_t bytes = 0;

	while (seq < a->newest && !arrived(a, seq))
		seq++; /* the newest one always did */
	p->first = a->from;
	p->count = 0;
	p->reference = ticks_of(slot(a, seq)->at) / TICKS_64MS;

	int64_t last = p->reference * TICKS_64MS;

	for (seq = p->first; seq <= a->newest && p->count < TT_TWCC_MAX_STATUS; seq++) {
		size_t i = p->count;
		size_t chunks = 2 * (i / 7 + 1);

		p->symbols[i] = 0;
		p->deltas[i] = 0;
		if (arrived(a, seq)) {
			int64_t ticks = ticks_of(slot(a, seq)->at);
			int64_t delta = ticks - last;

			if (delta < INT16_MIN || delta > INT16_MAX)
				break; /* 3.1.5: begin a new one */
			p->symbols[i] = delta >= 0 && delta <= UINT8_MAX ? 1 : 2;
			p->deltas[i] = (int16_t)delta;
			last = ticks;
		}
		if (chunks + bytes + p->symbols[i] > room)
			break;
		bytes += p->symbols[i];
		p->count++;
	}
	return p->count > 0;
}

static size_t run_length(const struct plan *p, size_t at)
{
	size_t n = 1;

	while (at + n < p->count && p->symbols[at + n] == p->symbols[at] && n < 0x1fff)
		n++;
	return n;
}

/* The chunk for the symbols from `at` on; says how many it holds. */
static uint16_t make_chunk(const struct plan *p, size_t at, size_t *held)
{
	size_t run = run_length(p, at), left = p->count - at;
	bool one_bit = true;

	if (run >= 14 || run == left) {
		*held = run;
		return tt_u16((size_t)p->symbols[at] << 13 | run);
	}
	for (size_t i = 0; i < tt_min(14, left); i++)
		one_bit &= p->symbols[at + i] < 2;
	size_t places = one_bit ? 14 : 7;
	unsigned width = one_bit ? 1 : 2, chunk = 0;

	*held = tt_min(places, left);
	for (size_t i = 0; i < *held; i++)
		chunk |= (unsigned)p->symbols[at + i] << width * (places - 1 - i);
	return tt_u16(0x8000u | (one_bit ? 0 : 0x4000u) | chunk);
}

static void write_plan(const struct plan *p, struct wr *w)
{
	for (size_t at = 0, held; at < p->count; at += held)
		wr_u16(w, make_chunk(p, at, &held));
	for (size_t i = 0; i < p->count; i++) {
		if (p->symbols[i] == 1)
			wr_u8(w, tt_u8((uint64_t)p->deltas[i]));
		else if (p->symbols[i] == 2)
			wr_u16(w, (uint16_t)p->deltas[i]);
	}
}

bool tt_twcc_write(struct tt_twcc_arrivals *a, struct wr *w, uint32_t sender)
{
	struct plan p;
	size_t at = w->off;

	if (!tt_twcc_pending(a) || wr_left(w) < 32)
		return false;
	if (!make_plan(a, &p, wr_left(w) - 20 - 3)) {
		a->from = a->newest + 1;
		return false;
	}
	wr_u8(w, 0x80 | TT_RTPFB_TRANSPORT_CC);
	wr_u8(w, TT_RTCP_RTPFB);
	wr_u16(w, 0);
	wr_u32(w, sender);
	wr_u32(w, a->media_ssrc);
	wr_u16(w, (uint16_t)p.first);
	wr_u16(w, tt_u16(p.count));
	wr_u24(w, (uint32_t)p.reference & 0xffffff);
	wr_u8(w, a->feedback++);
	write_plan(&p, w);
	unsigned pad = -(unsigned)w->off & 3;

	if (pad > 0) { /* RFC 3550 section 6.4.1: its last byte counts the padding */
		wr_zeros(w, pad - 1);
		wr_u8(w, tt_u8(pad));
		if (!w->bad)
			w->base[at] |= 0x20;
	}
	wr_patch_u16(w, at + 2, tt_u16((w->off - at) / 4 - 1));
	a->from = p.first + (int64_t)p.count;
	if (!tt_twcc_pending(a))
		a->fresh = 0;
	return !w->bad;
}
