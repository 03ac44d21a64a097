/* layers: sdp base; corpus: none */
/* fuzz_candidate.c - a candidate line is read or refused; what was read, written again, is the same. */
#include <string.h>

#include "fuzz.h"
#include "sdp/sdp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_sdp_candidate c, d;
	struct tt_sdp_error err;
	char once[TT_SDP_CANDIDATE_TEXT], twice[TT_SDP_CANDIDATE_TEXT];
	const uint64_t before = tt_work_total;

	const int code = tt_sdp_candidate_read(&c, (const char *)data, size, &err);
	fuzz_check_work(before, size, 8);
	if (code != 0) {
		FUZZ_CHECK(err.err.code == code && err.err.line == 1 && err.err.column >= 1 &&
				   err.err.message && err.err.found && err.err.expected,
			   "refused without a reason");
		return 0;
	}
	const size_t n = tt_sdp_candidate_write(&c, once, sizeof once);
	FUZZ_CHECK(n > 0, "read but not written");
	FUZZ_CHECK(tt_sdp_candidate_read(&d, once, n, NULL) == 0, "written but not read");
	FUZZ_CHECK(tt_sdp_candidate_write(&d, twice, sizeof twice) == n && strcmp(once, twice) == 0,
		   "read back as another");
	FUZZ_CHECK(d.component == c.component && d.port == c.port && d.rport == c.rport &&
			   d.priority == c.priority && d.type == c.type &&
			   d.transport == c.transport && d.tcptype == c.tcptype &&
			   strcmp(d.address, c.address) == 0 && strcmp(d.raddr, c.raddr) == 0 &&
			   d.is_local_name == c.is_local_name && strcmp(d.ufrag, c.ufrag) == 0,
		   "read back as another");
	for (size_t cap = 0; cap <= n; cap += n / 4 + 1)
		FUZZ_CHECK(tt_sdp_candidate_write(&c, twice, cap) == 0, "more than there was room");
	return 0;
}
