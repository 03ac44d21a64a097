/* layers: ice stun base */
/* fuzz_mdns.c - whatever the multicast group sends, answers and questions, is walked to its end, or refused. */
#include <string.h>

#include "fuzz.h"
#include "ice/mdns.h"

static void check_name(const char *name)
{
	static const struct taut_addr addr = { .family = 6 };
	uint8_t buf[512];
	struct tt_mdns_reader r;
	struct tt_mdns_record rec;

	FUZZ_CHECK(strlen(name) < TT_MDNS_NAME_CAP, "names end");
	if (!tt_mdns_is_local(name))
		return;
	FUZZ_CHECK(tt_mdns_write_query(buf, sizeof buf, name, TT_MDNS_A) ==
			   12 + strlen(name) + 2 + 4,
		   "a name that was read can be asked for");
	const size_t len = tt_mdns_write_answer(buf, sizeof buf, name, &addr, TT_MDNS_TTL, 0);
	FUZZ_CHECK(len > 0 && tt_mdns_begin(&r, buf, len) && tt_mdns_next(&r, &rec) == 1 &&
			   tt_mdns_same_name(rec.name, name) && rec.addr.family == 6 &&
			   tt_mdns_next(&r, &rec) == 0,
		   "and answered for");
}

static int walk_records(struct tt_mdns_reader *r)
{
	struct tt_mdns_record rec;
	int more;

	for (unsigned n = 0; (more = tt_mdns_next(r, &rec)) > 0; n++) {
		FUZZ_CHECK(n < 3 * 65535u, "the walk ends");
		check_name(rec.name);
	}
	return more;
}

static void walk_query(const uint8_t *data, size_t size)
{
	struct tt_mdns_reader r;
	struct tt_mdns_question q;
	int more;

	if (!tt_mdns_begin_query(&r, data, size))
		return;
	for (unsigned n = 0; (more = tt_mdns_next_question(&r, &q)) > 0; n++) {
		FUZZ_CHECK(n < TT_MDNS_MAX_QUESTIONS, "questions have an end");
		check_name(q.name);
	}
	if (more == 0)
		walk_records(&r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_mdns_reader r;
	const uint64_t before = tt_work_total;

	walk_query(data, size);
	if (tt_mdns_begin(&r, data, size))
		walk_records(&r);
	fuzz_check_work(before, size, 64);
	return 0;
}
