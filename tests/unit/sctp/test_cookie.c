/* wraps: HMAC */
/* The state cookie, RFC 9260 section 5.1.3: what is written is read, and nothing else is. */
#include "unit/sctp/sctp_solo.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "support/refuse.h"

REFUSABLE(unsigned char *, HMAC,
	  (const EVP_MD *md, const void *key, int key_len, const unsigned char *d, size_t n,
	   unsigned char *out, unsigned *out_len),
	  (md, key, key_len, d, n, out, out_len), NULL)

enum { SIGNED = SCTP_COOKIE_SIZE - 32 };

static const struct sctp_cookie some = {
	.created = 0x0102030405060708,
	.my_tag = 0x11121314,
	.peer_tag = 0x21222324,
	.my_tie = 0x31323334,
	.peer_tie = 0x41424344,
	.my_tsn = { 0x51525354 },
	.peer_tsn = { 0x61626364 },
	.peer_window = 0x71727374,
	.peer_out = 0x8182,
	.peer_in = 0x9192,
	.reconfig = true,
	.zero_checksum = true,
};

static bool read_it(const uint8_t *bytes, size_t len, struct sctp_cookie *c)
{
	uint8_t *exact = malloc(len ? len : 1);

	assert_non_null(exact);
	if (len > 0)
		memcpy(exact, bytes, len);
	const bool good = tt_sctp_cookie_read(VICTIM, c, (struct span){ exact, len });
	free(exact);
	return good;
}

static void sign_anew(uint8_t *cookie)
{
	unsigned n;

	assert_non_null(HMAC(EVP_sha256(), VICTIM->secret, sizeof VICTIM->secret, cookie, SIGNED,
			     cookie + SIGNED, &n));
}

static void start(uint64_t seed, uint8_t cookie[SCTP_COOKIE_SIZE])
{
	solo_init(seed);
	assert_true(tt_sctp_cookie_write(VICTIM, &some, cookie));
}

static void what_is_written_is_read(void **state)
{
	uint8_t cookie[SCTP_COOKIE_SIZE];
	struct sctp_cookie c;
	(void)state;

	start(1, cookie);
	assert_true(read_it(cookie, sizeof cookie, &c));
	assert_int_equal(c.created, some.created);
	assert_int_equal(c.my_tag, some.my_tag);
	assert_int_equal(c.peer_tag, some.peer_tag);
	assert_int_equal(c.my_tie, some.my_tie);
	assert_int_equal(c.peer_tie, some.peer_tie);
	assert_int_equal(c.my_tsn.v, some.my_tsn.v);
	assert_int_equal(c.peer_tsn.v, some.peer_tsn.v);
	assert_int_equal(c.peer_window, some.peer_window);
	assert_int_equal(c.peer_out, some.peer_out);
	assert_int_equal(c.peer_in, some.peer_in);
	assert_false(c.forward_tsn || c.interleaved);
	assert_true(c.reconfig && c.zero_checksum);
	pair_free(&pair);
}

static void no_other_length_and_no_flipped_bit_is_read(void **state)
{
	uint8_t cookie[SCTP_COOKIE_SIZE + 8] = { 0 };
	struct sctp_cookie c;
	(void)state;

	start(2, cookie);
	for (size_t len = 0; len <= sizeof cookie; len++)
		assert_int_equal(read_it(cookie, len, &c), len == SCTP_COOKIE_SIZE);
	for (size_t bit = 0; bit < 8 * SCTP_COOKIE_SIZE; bit++) {
		cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
		assert_false(read_it(cookie, SCTP_COOKIE_SIZE, &c));
		cookie[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	pair_free(&pair);
}

/* Even signed: it is of another layout, or of an association between other ports. */
static void what_begins_otherwise_is_not_ours(void **state)
{
	uint8_t cookie[SCTP_COOKIE_SIZE];
	struct sctp_cookie c;
	(void)state;

	start(3, cookie);
	for (size_t at = 0; at < 12; at++) {
		cookie[at] ^= 1;
		sign_anew(cookie);
		assert_int_equal(read_it(cookie, sizeof cookie, &c), at >= 8);
		cookie[at] ^= 1;
	}
	pair_free(&pair);
}

static void what_cannot_be_signed_is_neither_written_nor_read(void **state)
{
	uint8_t cookie[SCTP_COOKIE_SIZE], other[SCTP_COOKIE_SIZE];
	struct sctp_cookie c;
	(void)state;

	start(4, cookie);
	REFUSE_EACH
	{
		const bool written = tt_sctp_cookie_write(VICTIM, &some, other);
		assert_int_equal(written, !refuse_failed());
	}
	REFUSE_EACH
	{
		const bool read = read_it(cookie, sizeof cookie, &c);
		assert_int_equal(read, !refuse_failed());
	}
	assert_memory_equal(other, cookie, sizeof cookie);
	pair_free(&pair);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(no_other_length_and_no_flipped_bit_is_read),
		cmocka_unit_test(what_begins_otherwise_is_not_ours),
		cmocka_unit_test(what_cannot_be_signed_is_neither_written_nor_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
