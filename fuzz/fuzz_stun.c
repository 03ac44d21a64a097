/* layers: stun base */
/* fuzz_stun.c - a datagram is read; what was understood of it, written again, reads the same. */
#include <string.h>

#include "base/addr.h"
#include "fuzz.h"
#include "stun/stun.h"

static size_t rewrite(const struct tt_stun_msg *m, uint8_t *buf, size_t cap)
{
	struct wr w = wr_make(buf, cap);

	tt_stun_begin(&w, m->cls, m->method, m->tid);
	if (m->has & TT_STUN_HAS_USERNAME)
		tt_stun_put(&w, TT_STUN_USERNAME, m->username.p, m->username.len);
	if (m->has & TT_STUN_HAS_SOFTWARE)
		tt_stun_put(&w, TT_STUN_SOFTWARE, m->software.p, m->software.len);
	if (m->has & TT_STUN_HAS_XOR_MAPPED)
		tt_stun_put_addr(&w, TT_STUN_XOR_MAPPED_ADDRESS, &m->xor_mapped);
	if (m->has & TT_STUN_HAS_PRIORITY)
		tt_stun_put_u32(&w, TT_STUN_PRIORITY, m->priority);
	if (m->has & TT_STUN_HAS_UNKNOWN_LIST)
		tt_stun_put_unknown(&w, m->refused, m->refused_count);
	tt_stun_put_fingerprint(&w);
	return tt_stun_finish(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[4096];
	struct tt_stun_msg m, again;
	struct tt_stun_key key;

	(void)tt_stun_is(data, size);
	if (tt_stun_read(&m, data, size) != TT_STUN_OK)
		return 0;
	FUZZ_CHECK(tt_stun_key_init(&key, "password", 8), "a key is made");
	(void)tt_stun_verify(&m, data, &key);
	(void)tt_stun_fingerprint_ok(&m, data);
	tt_stun_key_free(&key);

	size_t len = rewrite(&m, buf, sizeof buf);
	FUZZ_CHECK(len > 0 && tt_stun_read(&again, buf, len) == TT_STUN_OK, "the same again");
	FUZZ_CHECK(again.cls == m.cls && again.method == m.method, "the same again");
	FUZZ_CHECK(memcmp(again.tid, m.tid, TT_STUN_TID_LEN) == 0, "the same again");
	FUZZ_CHECK(!(m.has & TT_STUN_HAS_USERNAME) || span_eq(again.username, m.username),
		   "the same again");
	FUZZ_CHECK(!(m.has & TT_STUN_HAS_SOFTWARE) || span_eq(again.software, m.software),
		   "the same again");
	FUZZ_CHECK(!(m.has & TT_STUN_HAS_XOR_MAPPED) ||
			   tt_addr_eq(&again.xor_mapped, &m.xor_mapped),
		   "the same again");
	FUZZ_CHECK(again.priority == m.priority && again.refused_count == m.refused_count,
		   "the same again");
	FUZZ_CHECK(tt_stun_fingerprint_ok(&again, buf), "the same again");
	return 0;
}
