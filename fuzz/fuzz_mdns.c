/* layers: ice stun base */
/* fuzz_mdns.c - whatever the multicast group sends is walked to its end, or refused. */
#include <string.h>

#include "fuzz.h"
#include "ice/mdns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_mdns_reader r;
	struct tt_mdns_record rec;
	uint8_t buf[512];
	const uint64_t before = tt_work_total;

	if (!tt_mdns_begin(&r, data, size))
		return 0;
	for (unsigned n = 0; tt_mdns_next(&r, &rec) > 0; n++) {
		size_t len = strlen(rec.name);
		FUZZ_CHECK(n < 3 * 65535u && len < sizeof rec.name, "the walk and its names end");
		FUZZ_CHECK(!tt_mdns_is_local(rec.name) ||
				   tt_mdns_write_query(buf, sizeof buf, rec.name, TT_MDNS_A) ==
					   12 + len + 2 + 4,
			   "a name that was read can be asked for");
	}
	fuzz_check_work(before, size, 64);
	return 0;
}
