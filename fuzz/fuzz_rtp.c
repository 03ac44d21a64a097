/* layers: rtp base */
/* fuzz_rtp.c - a packet and its header extensions are read, and read back as the same when written. */
#include "base/num.h"
#include "fuzz.h"
#include "rtp/rtp_packet.h"

enum { MOST = 64 }; /* extensions that are written again; a packet may have more */

/* All elements, the first MOST of them kept. */
static size_t read_ext(const struct tt_rtp_packet *p, struct tt_rtp_ext *ext, size_t *bytes)
{
	struct tt_rtp_ext_reader r = tt_rtp_ext_begin(p);
	struct tt_rtp_ext e;
	size_t n = 0;

	for (*bytes = 0; tt_rtp_ext_next(&r, &e); n++) {
		*bytes += e.value.len + 1;
		FUZZ_CHECK(e.id > 0, "id 0 is padding");
		if (n < MOST)
			ext[n] = e;
	}
	FUZZ_CHECK(*bytes <= p->ext.len, "elements lie within the extension");
	return n;
}

static void again(const struct tt_rtp_packet *p, const struct tt_rtp_ext *ext, size_t n)
{
	static uint8_t buf[70000];
	struct wr w = wr_make(buf, sizeof buf);
	struct tt_rtp_packet q;
	struct tt_rtp_ext read[MOST];
	size_t bytes;

	tt_rtp_write_header(&w, p, ext, n);
	FUZZ_CHECK(w.off == TT_RTP_HEADER + tt_rtp_ext_room(ext, n), "the room that was said");
	wr_bytes(&w, p->payload.p, p->payload.len);
	FUZZ_CHECK(!w.bad && tt_rtp_read(&q, buf, wr_len(&w)), "written but not read");
	FUZZ_CHECK(q.seq == p->seq && q.ts == p->ts && q.ssrc == p->ssrc && q.pt == p->pt &&
			   q.marker == p->marker && span_eq(q.payload, p->payload),
		   "read back as another");
	FUZZ_CHECK(read_ext(&q, read, &bytes) == n, "as many extensions");
	for (size_t i = 0; i < n; i++)
		FUZZ_CHECK(read[i].id == ext[i].id && span_eq(read[i].value, ext[i].value),
			   "the same extensions");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	struct tt_rtp_packet p;
	struct tt_rtp_ext ext[MOST];
	size_t bytes;

	(void)tt_rtp_is_rtcp(data, size);
	if (!tt_rtp_read(&p, data, size))
		return 0;
	FUZZ_CHECK(p.header_len + p.payload.len + p.padding == size, "it adds up");
	const size_t n = read_ext(&p, ext, &bytes);
	fuzz_check_work(before, size, 4);
	if (size < 65536)
		again(&p, ext, tt_min(n, MOST));
	return 0;
}
