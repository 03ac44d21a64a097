/* fuzz_mdns.c - whatever the multicast group sends is walked to its end, or refused. */
#include <stdlib.h>
#include <string.h>

#include "ice/mdns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_mdns_reader r;
	struct tt_mdns_record rec;
	uint8_t buf[512];

	if (!tt_mdns_begin(&r, data, size))
		return 0;
	for (unsigned n = 0; tt_mdns_next(&r, &rec) > 0; n++) {
		size_t len = strlen(rec.name);
		if (n > 3 * 65535u || len >= sizeof rec.name)
			abort();
		if (tt_mdns_is_local(rec.name) &&
		    tt_mdns_write_query(buf, sizeof buf, rec.name, TT_MDNS_A) != 12 + len + 2 + 4)
			abort();
	}
	return 0;
}
