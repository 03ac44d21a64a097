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

/* The reason as far as the writer takes one: 14.8, below 128 characters. */
static size_t reason_len(const struct tt_stun_msg *m)
{
	const uint8_t *nul =
		m->error_reason.len > 0 ? memchr(m->error_reason.p, 0, m->error_reason.len) : NULL;
	const size_t len = nul ? (size_t)(nul - m->error_reason.p) : m->error_reason.len;

	return len < 127 ? len : 127;
}

static void put_error(struct wr *w, const struct tt_stun_msg *m)
{
	char reason[128] = "";

	if (reason_len(m) > 0)
		memcpy(reason, m->error_reason.p, reason_len(m));
	tt_stun_put_error(w, m->error_code, reason);
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
		put_error(w, m);
	if (m->has & TT_STUN_HAS_UNKNOWN_LIST)
		tt_stun_put_unknown(w, m->refused, m->refused_count);
	put_u32(w, m, TT_STUN_HAS_PRIORITY, TT_STUN_PRIORITY, m->priority);
	put_flag(w, m, TT_STUN_HAS_USE_CANDIDATE, TT_STUN_USE_CANDIDATE);
	if (m->has & TT_STUN_HAS_CONTROLLED)
		tt_stun_put_u64(w, TT_STUN_ICE_CONTROLLED, m->tiebreaker);
	if (m->has & TT_STUN_HAS_CONTROLLING)
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
	put_u32(w, m, TT_STUN_HAS_MORE_FAMILY, TT_STUN_ADDITIONAL_ADDRESS_FAMILY,
		(uint32_t)m->more_family << 24);
	if (m->has & TT_STUN_HAS_EVEN_PORT)
		tt_stun_put(w, TT_STUN_EVEN_PORT, m->even_port_and_next ? "\x80" : "", 1);
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

/* What is not written again: integrity is not ours to make; a fingerprint always is. */
static void compare_flags(const struct tt_stun_msg *a, const struct tt_stun_msg *b)
{
	const uint32_t not_written =
		TT_STUN_HAS_INTEGRITY | TT_STUN_HAS_INTEGRITY_SHA256 | TT_STUN_HAS_FINGERPRINT;

	FUZZ_CHECK(((a->has ^ b->has) & ~not_written) == 0, "the same attributes");
	FUZZ_CHECK(!(a->has & TT_STUN_HAS_EVEN_PORT) ||
			   a->even_port_and_next == b->even_port_and_next,
		   "the same wish for a port");
	FUZZ_CHECK(!(a->has & TT_STUN_HAS_MORE_FAMILY) || a->more_family == b->more_family,
		   "the same other family");
	FUZZ_CHECK(!(a->has & TT_STUN_HAS_USERHASH) ||
			   memcmp(a->userhash, b->userhash, TT_STUN_USERHASH_LEN) == 0,
		   "the same hash of a name");
	FUZZ_CHECK(!(a->has & TT_STUN_HAS_TOKEN) ||
			   memcmp(a->token, b->token, TT_STUN_TOKEN_LEN) == 0,
		   "the same token");
	FUZZ_CHECK(a->tiebreaker == b->tiebreaker && a->nomination == b->nomination,
		   "the same role and nomination");
	FUZZ_CHECK(a->refused_count == b->refused_count &&
			   memcmp(a->refused, b->refused,
				  a->refused_count * sizeof a->refused[0]) == 0,
		   "the same list of what was not known");
	FUZZ_CHECK(
		!(a->has & TT_STUN_HAS_ERROR) ||
			span_eq((struct span){ a->error_reason.p, reason_len(a) }, b->error_reason),
		"the same reason");
}

static void compare(const struct tt_stun_msg *a, const struct tt_stun_msg *b)
{
	compare_flags(a, b);
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
			   a->algorithm == b->algorithm && a->network_info == b->network_info &&
			   a->channel == b->channel && a->lifetime == b->lifetime &&
			   a->family == b->family && a->transport == b->transport,
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
