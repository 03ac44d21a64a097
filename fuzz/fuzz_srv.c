/* layers: io base */
/* fuzz_srv.c - whatever DNS answers, SRV records are read out of it, or none. */
#include <string.h>

#include "fuzz.h"
#include "io/io_srv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	struct tt_srv_found found[TT_SRV_MAX];
	const size_t n = tt_srv_read(found, data, size);

	/* A pointer of two octets stands for a name of 253, in an entry of six. */
	fuzz_check_work(before, size, 50);

	FUZZ_CHECK(n <= TT_SRV_MAX, "there is a ceiling");
	for (size_t i = 0; i < n; i++) {
		FUZZ_CHECK(memchr(found[i].target, '\0', TT_SRV_NAME), "a name ends");
		FUZZ_CHECK(strspn(found[i].target,
				  "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789-_.") == strlen(found[i].target),
			   "and is one of a host");
	}
	return 0;
}
