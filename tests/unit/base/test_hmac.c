/* test_hmac.c - HMAC-SHA1 against OpenSSL's, for keys shorter than a block, as long, and longer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/hmac_sha1.h"

enum { LONGEST_KEY = 200, LONGEST = 150 };

static void every_length_of_key_and_message(void **state)
{
	uint8_t key[LONGEST_KEY], data[LONGEST], ours[TT_SHA1_LEN], theirs[TT_SHA1_LEN];
	struct tt_hmac_sha1 h;
	unsigned len;

	(void)state;
	for (size_t i = 0; i < sizeof key; i++)
		key[i] = (uint8_t)(i * 7 + 1);
	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)(i * 13 + 5);
	for (size_t n = 0; n <= sizeof key; n++) {
		tt_hmac_sha1_init(&h, key, n);
		for (size_t m = 0; m <= sizeof data; m += 3) {
			tt_hmac_sha1(&h, data, m / 3, data + m / 3, m - m / 3, ours);
			assert_non_null(HMAC(EVP_sha1(), key, (int)n, data, m, theirs, &len));
			assert_memory_equal(ours, theirs, sizeof ours);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_of_key_and_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
