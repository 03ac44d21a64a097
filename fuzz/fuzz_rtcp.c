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

static void again_fir(const struct tt_rtcp_feedback *f)
{
	uint32_t ssrc;
	uint8_t seq;
	size_t n = 0;

	for (; tt_rtcp_read_fir(f->fci, n, &ssrc, &seq); n++) {
		struct wr w = wr_make(buf, sizeof buf);
		struct tt_rtcp_feedback g;
		uint32_t other;
		uint8_t number;
		tt_rtcp_write_fir(&w, f->sender, ssrc, seq);
		const struct tt_rtcp q = only_packet(&w);
		tt_rtcp_read_feedback(&q, &g);
		FUZZ_CHECK(q.type == TT_RTCP_PSFB && q.count == TT_PSFB_FIR &&
				   g.sender == f->sender &&
				   tt_rtcp_read_fir(g.fci, 0, &other, &number) && other == ssrc &&
				   number == seq && !tt_rtcp_read_fir(g.fci, 1, &other, &number),
			   "the same wish for a key frame");
	}
	FUZZ_CHECK(n == f->fci.len / 8, "an entry in eight octets");
}

static void again_pli(const struct tt_rtcp_feedback *f)
{
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_rtcp_feedback g;

	tt_rtcp_write_pli(&w, f->sender, f->media);
	const struct tt_rtcp q = only_packet(&w);
	tt_rtcp_read_feedback(&q, &g);
	FUZZ_CHECK(q.type == TT_RTCP_PSFB && q.count == TT_PSFB_PLI && g.sender == f->sender &&
			   g.media == f->media && g.fci.len == 0,
		   "the same loss of a picture");
}

/* The CNAME of the chunk that r stands at, with its NUL, and of whom; r goes to the next. Naive, as nobody in the
 * library reads it. */
static uint32_t chunk(struct rd *r, char cname[256])
{
	const uint32_t ssrc = rd_u32(r);
	uint8_t type;

	cname[0] = '\0';
	while ((type = rd_u8(r)) != 0) {
		const uint8_t len = rd_u8(r), *p = rd_take(r, len);
		if (type == 1 && p && len > 0) {
			memcpy(cname, p, len);
			cname[len] = '\0';
		}
	}
	rd_take(r, -r->off & 3);
	return ssrc;
}

static void again_sdes(const struct tt_rtcp *p)
{
	struct rd r = rd_make(p->body.p, p->body.len);
	uint32_t ssrcs[TT_RTCP_MAX_BLOCKS];
	char cname[256] = "", other[256];
	static uint8_t much[TT_RTCP_MAX_BLOCKS * 264 + 4];
	struct wr w = wr_make(much, sizeof much);

	for (size_t i = 0; i < p->count; i++)
		ssrcs[i] = chunk(&r, cname); /* that of the last */
	FUZZ_CHECK(!r.bad, "what was checked has its chunks");
	tt_rtcp_write_sdes(&w, ssrcs, p->count, cname);
	const struct tt_rtcp q = only_packet(&w);
	FUZZ_CHECK(q.type == TT_RTCP_SDES && q.count == p->count, "as many chunks");
	r = rd_make(q.body.p, q.body.len);
	for (size_t i = 0; i < q.count; i++)
		FUZZ_CHECK(chunk(&r, other) == ssrcs[i] && strcmp(other, cname) == 0,
			   "the same sources, of that name");
	FUZZ_CHECK(!r.bad && rd_left(&r) == 0, "and no more");
}

/* What of it we write: the last time of reference, and the first answers to such. */
static void again_xr(const struct tt_rtcp *p)
{
	enum { ANSWERS = 20 };
	struct tt_rtcp_dlrr answers[ANSWERS], d;
	struct tt_rtcp_xr b;
	struct wr w = wr_make(buf, sizeof buf);
	size_t n = 0, at = 0, last = 4;
	uint64_t ntp = 0;

	while (tt_rtcp_read_xr(p, &at, &b)) {
		FUZZ_CHECK(at == last + 4 + b.body.len && b.body.p == p->body.p + last + 4,
			   "one block behind the other");
		last = at;
		if (b.type == TT_XR_RRTR)
			ntp = tt_rtcp_read_rrtr(&b);
		for (size_t i = 0; b.type == TT_XR_DLRR && tt_rtcp_read_dlrr(&b, i, &d); i++)
			if (n < ANSWERS)
				answers[n++] = d;
	}
	FUZZ_CHECK(last == p->body.len, "to the end");
	tt_rtcp_write_xr(&w, tt_rtcp_read_xr_sender(p), ntp, answers, n);
	if (ntp == 0 && n == 0) {
		FUZZ_CHECK(wr_len(&w) == 0, "nothing is said of nothing");
		return;
	}
	const struct tt_rtcp q = only_packet(&w);
	FUZZ_CHECK(q.type == TT_RTCP_XR && tt_rtcp_read_xr_sender(&q) == tt_rtcp_read_xr_sender(p),
		   "the same sender");
	at = 0;
	if (ntp)
		FUZZ_CHECK(tt_rtcp_read_xr(&q, &at, &b) && b.type == TT_XR_RRTR &&
				   tt_rtcp_read_rrtr(&b) == ntp,
			   "the same time");
	if (n > 0)
		FUZZ_CHECK(tt_rtcp_read_xr(&q, &at, &b) && b.type == TT_XR_DLRR, "and answers");
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(tt_rtcp_read_dlrr(&b, i, &d) && d.ssrc == answers[i].ssrc &&
				   d.last == answers[i].last && d.delay == answers[i].delay,
			   "the same answers");
	FUZZ_CHECK(n == 0 || !tt_rtcp_read_dlrr(&b, n, &d), "as many as were written");
	FUZZ_CHECK(!tt_rtcp_read_xr(&q, &at, &b), "and no more");
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

	tt_rtcp_read_feedback(one, &f);
	(void)tt_rtcp_read_remb(f.fci, &rate);
	if (one->type == TT_RTCP_PSFB && one->count == TT_PSFB_FIR)
		again_fir(&f);
	if (one->type == TT_RTCP_PSFB && one->count == TT_PSFB_PLI)
		again_pli(&f);
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

	fuzz_check_work_if(size >= 4, before, size, 4);
	if (why)
		return 0;
	while (tt_rtcp_next(&r, &one)) {
		if (one.type == TT_RTCP_SR || one.type == TT_RTCP_RR)
			again_report(&one);
		if (one.type == TT_RTCP_BYE)
			again_bye(&one);
		if (one.type == TT_RTCP_SDES)
			again_sdes(&one);
		if (one.type == TT_RTCP_XR)
			again_xr(&one);
		if (one.type == TT_RTCP_RTPFB || one.type == TT_RTCP_PSFB)
			read_feedback(&one);
	}
	FUZZ_CHECK(!r.bad, "what was checked can be read");
	return 0;
}
