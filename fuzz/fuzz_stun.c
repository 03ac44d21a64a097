/* layers: stun base */
/* fuzz_stun.c - a datagram is read; what was understood of it, written again, reads the same. */
#include <string.h>

#include "base/addr.h"
#include "fuzz.h"
#include "stun/stun.h"

static void put_span(struct wr *w, const struct tt_stun_msg *m, uint32_t has, uint16_t type,
		     struct span s)
{
	if (m->has & has)
		tt_stun_put(w, type, s.p, s.len);
}

static void put_addr(struct wr *w, const struct tt_stun_msg *m, uint32_t has, uint16_t type,
		     const struct taut_addr *a)
{
	if (m->has & has)
		tt_stun_put_addr(w, type, a);
}

static void put_u32(struct wr *w, const struct tt_stun_msg *m, uint32_t has, uint16_t type,
		    uint32_t v)
{
	if (m->has & has)
		tt_stun_put_u32(w, type, v);
}

static void put_flag(struct wr *w, const struct tt_stun_msg *m, uint32_t has, uint16_t type)
{
	if (m->has & has)
		tt_stun_put(w, type, "", 0);
}

static void rewrite_stun(struct wr *w, const struct tt_stun_msg *m)
{
	put_span(w, m, TT_STUN_HAS_USERNAME, TT_STUN_USERNAME, m->username);
	put_span(w, m, TT_STUN_HAS_SOFTWARE, TT_STUN_SOFTWARE, m->software);
	put_span(w, m, TT_STUN_HAS_REALM, TT_STUN_REALM, m->realm);
	put_span(w, m, TT_STUN_HAS_NONCE, TT_STUN_NONCE, m->nonce);
	put_span(w, m, TT_STUN_HAS_ALGORITHMS, TT_STUN_PASSWORD_ALGORITHMS, m->algorithms);
	put_u32(w, m, TT_STUN_HAS_ALGORITHM, TT_STUN_PASSWORD_ALGORITHM,
		(uint32_t)m->algorithm << 16);
	if (m->has & TT_STUN_HAS_USERHASH)
		tt_stun_put(w, TT_STUN_USERHASH, m->userhash, TT_STUN_USERHASH_LEN);
	put_addr(w, m, TT_STUN_HAS_XOR_MAPPED, TT_STUN_XOR_MAPPED_ADDRESS, &m->xor_mapped);
	put_addr(w, m, TT_STUN_HAS_MAPPED, TT_STUN_MAPPED_ADDRESS, &m->mapped);
	put_addr(w, m, TT_STUN_HAS_ALTERNATE, TT_STUN_ALTERNATE_SERVER, &m->alternate);
	if (m->has & TT_STUN_HAS_ERROR)
		tt_stun_put_error(w, m->error_code, "a reason");
	if (m->has & TT_STUN_HAS_UNKNOWN_LIST)
		tt_stun_put_unknown(w, m->refused, m->refused_count);
	put_u32(w, m, TT_STUN_HAS_PRIORITY, TT_STUN_PRIORITY, m->priority);
	put_flag(w, m, TT_STUN_HAS_USE_CANDIDATE, TT_STUN_USE_CANDIDATE);
	if (m->has & TT_STUN_HAS_CONTROLLED)
		tt_stun_put_u64(w, TT_STUN_ICE_CONTROLLED, m->tiebreaker);
	else if (m->has & TT_STUN_HAS_CONTROLLING)
		tt_stun_put_u64(w, TT_STUN_ICE_CONTROLLING, m->tiebreaker);
	put_u32(w, m, TT_STUN_HAS_NOMINATION, TT_STUN_NOMINATION, m->nomination);
	put_u32(w, m, TT_STUN_HAS_NETWORK_INFO, TT_STUN_GOOG_NETWORK_INFO, m->network_info);
}

static void rewrite_turn(struct wr *w, const struct tt_stun_msg *m)
{
	put_u32(w, m, TT_STUN_HAS_CHANNEL, TT_STUN_CHANNEL_NUMBER, (uint32_t)m->channel << 16);
	put_u32(w, m, TT_STUN_HAS_LIFETIME, TT_STUN_LIFETIME, m->lifetime);
	put_span(w, m, TT_STUN_HAS_DATA, TT_STUN_DATA, m->data);
	for (size_t i = 0; i < m->peer_count; i++)
		put_addr(w, m, TT_STUN_HAS_PEER, TT_STUN_XOR_PEER_ADDRESS, &m->peers[i]);
	for (size_t i = 0; i < m->relayed_count; i++)
		put_addr(w, m, TT_STUN_HAS_RELAYED, TT_STUN_XOR_RELAYED_ADDRESS, &m->relayed[i]);
	put_u32(w, m, TT_STUN_HAS_FAMILY, TT_STUN_REQUESTED_ADDRESS_FAMILY,
		(uint32_t)m->family << 24);
	put_u32(w, m, TT_STUN_HAS_TRANSPORT, TT_STUN_REQUESTED_TRANSPORT,
		(uint32_t)m->transport << 24);
	put_flag(w, m, TT_STUN_HAS_DONT_FRAGMENT, TT_STUN_DONT_FRAGMENT);
	if (m->has & TT_STUN_HAS_TOKEN)
		tt_stun_put(w, TT_STUN_RESERVATION_TOKEN, m->token, TT_STUN_TOKEN_LEN);
}

static bool same_addrs(const struct taut_addr *a, const struct taut_addr *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!tt_addr_eq(&a[i], &b[i]))
			return false;
	return true;
}

static void compare(const struct tt_stun_msg *a, const struct tt_stun_msg *b)
{
	FUZZ_CHECK(a->cls == b->cls && a->method == b->method &&
			   memcmp(a->tid, b->tid, TT_STUN_TID_LEN) == 0,
		   "the same message");
	FUZZ_CHECK(span_eq(a->username, b->username) && span_eq(a->software, b->software) &&
			   span_eq(a->realm, b->realm) && span_eq(a->nonce, b->nonce) &&
			   span_eq(a->algorithms, b->algorithms) && span_eq(a->data, b->data),
		   "the same texts");
	FUZZ_CHECK(same_addrs(&a->xor_mapped, &b->xor_mapped, 1) &&
			   same_addrs(&a->mapped, &b->mapped, 1) &&
			   same_addrs(&a->alternate, &b->alternate, 1) &&
			   a->peer_count == b->peer_count &&
			   same_addrs(a->peers, b->peers, a->peer_count) &&
			   a->relayed_count == b->relayed_count &&
			   same_addrs(a->relayed, b->relayed, a->relayed_count),
		   "the same addresses");
	FUZZ_CHECK(a->priority == b->priority && a->error_code == b->error_code &&
			   a->refused_count == b->refused_count && a->algorithm == b->algorithm &&
			   a->network_info == b->network_info && a->channel == b->channel &&
			   a->lifetime == b->lifetime && a->family == b->family &&
			   a->transport == b->transport,
		   "the same numbers");
}

static void try_keys(const struct tt_stun_msg *m, const uint8_t *data)
{
	struct tt_stun_key key;

	FUZZ_CHECK(tt_stun_key_init(&key, "password", 8), "a key is made");
	(void)tt_stun_verify(m, data, &key);
	(void)tt_stun_fingerprint_ok(m, data);
	tt_stun_key_free(&key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t buf[70000];
	const uint64_t before = tt_work_total;
	struct tt_stun_msg m, again;
	struct wr w = wr_make(buf, sizeof buf);

	(void)tt_stun_is(data, size);
	const enum tt_stun_err err = tt_stun_read(&m, data, size);
	fuzz_check_work(before, size, 2);
	FUZZ_CHECK(tt_stun_err_text(err)[0] != '\0', "refused without a reason");
	if (err != TT_STUN_OK)
		return 0;
	try_keys(&m, data);
	tt_stun_begin(&w, m.cls, m.method, m.tid);
	rewrite_stun(&w, &m);
	rewrite_turn(&w, &m);
	tt_stun_put_fingerprint(&w);
	const size_t len = tt_stun_finish(&w);
	if (len == 0) /* a length that 16 bits cannot say */
		return 0;
	FUZZ_CHECK(tt_stun_read(&again, buf, len) == TT_STUN_OK, "written but not read");
	compare(&m, &again);
	FUZZ_CHECK(tt_stun_fingerprint_ok(&again, buf), "its fingerprint is right");
	return 0;
}
