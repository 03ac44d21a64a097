/* layers: datachannel sctp base; corpus: none */
/* fuzz_dcep.c - a DATA_CHANNEL_OPEN is read or refused; what was read, written again, is the same. */
#include "datachannel/datachannel.h"
#include "datachannel/dcs_dcep.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[DCEP_OPEN_HEADER + 2 * TT_DCS_MAX_TEXT];
	struct wr w = wr_make(buf, sizeof buf);
	const uint64_t before = tt_work_total;
	struct dcep_open a, b;

	const bool ok = tt_dcs_read_open(&a, data, size);
	fuzz_check_work(before, size, 1);
	if (!ok)
		return 0;
	FUZZ_CHECK(a.label.len + a.protocol.len + DCEP_OPEN_HEADER == size, "all of it was read");
	tt_dcs_write_open(&w, &a);
	FUZZ_CHECK(wr_len(&w) == size && tt_dcs_read_open(&b, buf, size), "read but not written");
	FUZZ_CHECK(a.unordered == b.unordered && a.limit_retransmits == b.limit_retransmits &&
			   a.limit_lifetime == b.limit_lifetime && a.priority == b.priority &&
			   a.reliability == b.reliability && span_eq(a.label, b.label) &&
			   span_eq(a.protocol, b.protocol),
		   "read back as another");
	return 0;
}
