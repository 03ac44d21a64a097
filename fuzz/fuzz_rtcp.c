/* layers: rtcp rtp base */
/* fuzz_rtcp.c - a datagram is checked and read to its end; what can be written reads back the same. */
#include <string.h>

#include "fuzz.h"
#include "rtcp/rtcp_packet.h"
#include "rtcp/rtcp_twcc.h"

static uint8_t buf[2048];

static struct tt_rtcp only_packet(const struct wr *w)
{
	struct rd r = rd_make(w->base, wr_len(w));
	struct tt_rtcp out;

	FUZZ_CHECK(wr_len(w) > 0 && tt_rtcp_check(w->base, wr_len(w)) == TT_TAKEN, "well formed");
	FUZZ_CHECK(tt_rtcp_next(&r, &out) && rd_left(&r) == 0, "one packet");
	return out;
}

static bool same_block(const struct tt_rtcp_block *a, const struct tt_rtcp_block *b)
{
	return a->ssrc == b->ssrc && a->fraction == b->fraction && a->lost == b->lost &&
	       a->highest == b->highest && a->jitter == b->jitter && a->lsr == b->lsr &&
	       a->dlsr == b->dlsr;
}

static void again_report(const struct tt_rtcp *p)
{
	struct tt_rtcp_block blocks[TT_RTCP_MAX_BLOCKS], b;
	struct tt_rtcp_sender_info info = { 0 }, back;
	struct wr w = wr_make(buf, sizeof buf);

	for (size_t i = 0; i < p->count; i++)
		tt_rtcp_read_block(p, i, &blocks[i]);
	if (p->type == TT_RTCP_SR) {
		tt_rtcp_read_sender_info(p, &info);
		tt_rtcp_write_sr(&w, &info, blocks, p->count);
	} else {
		tt_rtcp_write_rr(&w, 7, blocks, p->count);
	}
	const struct tt_rtcp q = only_packet(&w);
	FUZZ_CHECK(q.type == p->type && q.count == p->count, "the same kind of report");
	for (size_t i = 0; i < p->count; i++) {
		tt_rtcp_read_block(&q, i, &b);
		FUZZ_CHECK(same_block(&b, &blocks[i]), "the same blocks");
	}
	if (p->type != TT_RTCP_SR)
		return;
	tt_rtcp_read_sender_info(&q, &back);
	FUZZ_CHECK(info.ssrc == back.ssrc && info.ntp == back.ntp && info.rtp == back.rtp &&
			   info.packets == back.packets && info.octets == back.octets,
		   "the same sender");
}

static void again_bye(const struct tt_rtcp *p)
{
	uint32_t ssrcs[TT_RTCP_MAX_BLOCKS];
	struct wr w = wr_make(buf, sizeof buf);

	for (size_t i = 0; i < p->count; i++)
		ssrcs[i] = tt_rtcp_read_bye(p, i);
	tt_rtcp_write_bye(&w, ssrcs, p->count);
	const struct tt_rtcp q = only_packet(&w);
	for (size_t i = 0; i < p->count; i++)
		FUZZ_CHECK(tt_rtcp_read_bye(&q, i) == ssrcs[i], "the same sources");
}

/* The sequence numbers that a NACK names, ascending from the first, come back. */
static void again_nack(const struct tt_rtcp_feedback *f)
{
	uint16_t seqs[64], seq;
	struct wr w = wr_make(buf, sizeof buf);
	size_t n = 0, all = 0;

	for (size_t i = 0; tt_rtcp_read_nack(f->fci, &i, &seq); all++)
		if (n == 0 || (n < 64 && (uint16_t)(seq - seqs[n - 1]) - 1u < 0x7fff))
			seqs[n++] = seq;
	FUZZ_CHECK(all <= f->fci.len / 4 * 17, "17 numbers in four bytes at most");
	if (n == 0)
		return;
	FUZZ_CHECK(tt_rtcp_write_nack(&w, f->sender, f->media, seqs, n) == n, "all fit");
	const struct tt_rtcp q = only_packet(&w);
	struct tt_rtcp_feedback g;
	size_t i = 0;
	tt_rtcp_read_feedback(&q, &g);
	FUZZ_CHECK(g.sender == f->sender && g.media == f->media, "the same sources");
	for (size_t k = 0; k < n; k++)
		FUZZ_CHECK(tt_rtcp_read_nack(g.fci, &i, &seq) && seq == seqs[k],
			   "the same numbers");
	FUZZ_CHECK(!tt_rtcp_read_nack(g.fci, &i, &seq), "and no more");
}

static void read_statuses(struct span fci)
{
	struct tt_twcc_reader t;
	struct tt_twcc_status status;
	unsigned statuses = 0;

	for (tt_twcc_begin(&t, fci); tt_twcc_next(&t, &status); statuses++)
		FUZZ_CHECK(status.received || !status.has_delta, "what came has a time");
	FUZZ_CHECK(statuses == t.count && !t.chunks.bad && !t.deltas.bad, "all that was counted");
}

static void read_feedback(const struct tt_rtcp *one)
{
	struct tt_rtcp_feedback f;
	uint64_t rate;
	uint32_t ssrc;
	uint8_t n;

	tt_rtcp_read_feedback(one, &f);
	(void)tt_rtcp_read_remb(f.fci, &rate);
	for (size_t i = 0; tt_rtcp_read_fir(f.fci, i, &ssrc, &n); i++)
		;
	if (one->type != TT_RTCP_RTPFB)
		return;
	if (one->count == TT_RTPFB_NACK)
		again_nack(&f);
	if (one->count == TT_RTPFB_TRANSPORT_CC)
		read_statuses(f.fci);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	const uint32_t why = tt_rtcp_check(data, size);
	struct rd r = rd_make(data, size);
	struct tt_rtcp one;

	fuzz_check_work(before, size, 4);
	if (why)
		return 0;
	while (tt_rtcp_next(&r, &one)) {
		if (one.type == TT_RTCP_SR || one.type == TT_RTCP_RR)
			again_report(&one);
		if (one.type == TT_RTCP_BYE)
			again_bye(&one);
		if (one.type == TT_RTCP_RTPFB || one.type == TT_RTCP_PSFB)
			read_feedback(&one);
	}
	FUZZ_CHECK(!r.bad, "what was checked can be read");
	return 0;
}
