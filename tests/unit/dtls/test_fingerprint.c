/* wraps: X509_digest */
/* a=fingerprint: the table of outcomes, RFC 8122 section 5 and HOSTILE row B07. */
#include "pair.h"

#include "dtls/dtls_state.h"

#define H8  "01:23:45:67:89:AB:CD:EF"
#define H16 H8 ":" H8
#define H32 H16 ":" H16

static const struct {
	const char *algo, *value;
	int result;
} outcomes[] = {
	{ "sha-256", H32, TAUT_OK },
	{ "SHA-256", H32, TAUT_OK },
	{ "Sha-384", H32 ":" H16, TAUT_OK },
	{ "sha-512", H32 ":" H32, TAUT_OK },
	{ "sha-256", "01:23:45:67:89:ab:cd:ef:" H8 ":" H16, TAUT_OK },
	{ "sha-256", H32 ":01", TAUT_E_SYNTAX },
	{ "sha-256", H16 ":" H8, TAUT_E_SYNTAX },
	{ "sha-256", "", TAUT_E_SYNTAX },
	{ "sha-256", H32 ":", TAUT_E_SYNTAX },
	{ "sha-256",
	  "0G"
	  ":23:45:67:89:AB:CD:EF:" H8 ":" H16,
	  TAUT_E_SYNTAX },
	{ "sha-256", "01-23:45:67:89:AB:CD:EF:" H8 ":" H16, TAUT_E_SYNTAX },
	{ "sha-256", "0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF",
	  TAUT_E_SYNTAX },
	{ "sha-1", H16 ":01:02:03:04", TAUT_E_UNSUPPORTED },
	{ "sha-1", H16, TAUT_E_SYNTAX },
	{ "md5", H16, TAUT_E_UNSUPPORTED },
	{ "md2", H16, TAUT_E_UNSUPPORTED },
	{ "sha-224", H16 ":" H8 ":01:02:03:04", TAUT_E_UNSUPPORTED },
	{ "sha3-256", H32, TAUT_E_UNSUPPORTED },
	{ "sha-25", H32, TAUT_E_UNSUPPORTED },
	{ "", H32, TAUT_E_UNSUPPORTED },
};

static struct tt_dtls_fingerprint fp(const char *algo, const char *value)
{
	return (struct tt_dtls_fingerprint){
		.algo = algo, .algo_len = strlen(algo), .value = value, .value_len = strlen(value)
	};
}

static void every_form_has_its_outcome(void **state)
{
	struct tt_dtls_print print;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(outcomes); i++) {
		const struct tt_dtls_fingerprint one = fp(outcomes[i].algo, outcomes[i].value);

		if (tt_dtls_fingerprint_read(&one, &print) != outcomes[i].result)
			fail_msg("%s %s", outcomes[i].algo, outcomes[i].value);
	}
}

/* Each character of a fingerprint in turn against all that it may and may not be. */
static void every_place_of_a_fingerprint_takes_a_digit_or_a_colon(void **state)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	struct tt_dtls_print print;
	char value[] = H32;

	(void)state;
	for (size_t i = 0; i < sizeof value - 1; i++) {
		const char was = value[i];

		for (int c = 1; c < 256; c++) {
			const bool good = i % 3 == 2 ? c == ':' : strchr(digits, c) != NULL;
			const struct tt_dtls_fingerprint one = fp("sha-256", value);

			value[i] = (char)c;
			assert_int_equal(tt_dtls_fingerprint_read(&one, &print),
					 good ? TAUT_OK : TAUT_E_SYNTAX);
			if (good && i == 0)
				assert_int_equal(print.value[0] & 15, 1);
		}
		value[i] = was;
	}
	for (int c = 0; c < 16; c++) {
		const struct tt_dtls_fingerprint one = fp("sha-256", value);

		value[1] = digits[c];
		assert_int_equal(tt_dtls_fingerprint_read(&one, &print), TAUT_OK);
		assert_int_equal(print.value[0], c);
		if (c >= 10) {
			value[1] = digits[c + 6];
			assert_int_equal(tt_dtls_fingerprint_read(&one, &print), TAUT_OK);
			assert_int_equal(print.value[0], c);
		}
	}
}

/* The name of a hash is read in either case, and whole. */
static void the_name_of_a_hash_has_letters_of_both_cases(void **state)
{
	static const struct {
		const char *name;
		int result;
	} rows[] = {
		{ "SHA-256", TAUT_OK },		    { "sHa-256", TAUT_OK },
		{ "sha-2560", TAUT_E_UNSUPPORTED }, { "sha-257", TAUT_E_UNSUPPORTED },
		{ "sha\r256", TAUT_E_UNSUPPORTED }, { "[ha-256", TAUT_E_UNSUPPORTED },
		{ "S@A-256", TAUT_E_UNSUPPORTED },
	};
	struct tt_dtls_print print;

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct tt_dtls_fingerprint one = fp(rows[i].name, H32);

		assert_int_equal(tt_dtls_fingerprint_read(&one, &print), rows[i].result);
	}
	/* of a hash that counts for nothing the form is asked all the same */
	static const struct {
		const char *name;
		size_t octets;
	} weak[] = { { "md2", 16 }, { "md5", 16 }, { "sha-1", 20 }, { "sha-224", 28 } };
	for (size_t i = 0; i < TT_COUNT(weak); i++)
		for (size_t n = 1; n <= 32; n++) {
			struct tt_dtls_fingerprint one = fp(weak[i].name, H32);

			one.value_len = 3 * n - 1;
			assert_int_equal(tt_dtls_fingerprint_read(&one, &print),
					 n == weak[i].octets ? TAUT_E_UNSUPPORTED : TAUT_E_SYNTAX);
		}
}

static bool digests_fail;

int __real_X509_digest(const X509 *x, const EVP_MD *md, unsigned char *out, unsigned *len);
int __wrap_X509_digest(const X509 *x, const EVP_MD *md, unsigned char *out, unsigned *len);
int __wrap_X509_digest(const X509 *x, const EVP_MD *md, unsigned char *out, unsigned *len)
{
	return digests_fail ? 0 : __real_X509_digest(x, md, out, len);
}

static void a_certificate_without_a_digest_matches_nothing(void **state)
{
	struct tt_dtls_print print = { .hash = 0 };
	char text[TT_DTLS_FINGERPRINT_TEXT];
	struct pair p;

	(void)state;
	pair_init(&p, 1, NULL);
	digests_fail = true;
	assert_false(tt_dtls_fingerprint_text(p.shared[0]->lib, p.shared[0]->cert, 0, text));
	assert_false(tt_dtls_fingerprint_match(p.shared[0]->lib, p.shared[0]->cert, &print, 1));
	digests_fail = false;
	pair_free(&p);
}

static void a_library_without_the_hash_gives_no_fingerprint(void **state)
{
	OSSL_LIB_CTX *bare = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *null = OSSL_PROVIDER_load(bare, "null");
	struct tt_dtls_print print = { .hash = 0 };
	char text[TT_DTLS_FINGERPRINT_TEXT];
	struct pair p;

	(void)state;
	assert_true(bare && null);
	pair_init(&p, 1, NULL);
	assert_false(tt_dtls_fingerprint_text(bare, p.shared[0]->cert, 0, text));
	assert_false(tt_dtls_fingerprint_match(bare, p.shared[0]->cert, &print, 1));
	assert_false(tt_dtls_fingerprint_match(p.shared[0]->lib, p.shared[0]->cert, &print, 0));
	ERR_clear_error();
	pair_free(&p);
	OSSL_PROVIDER_unload(null);
	OSSL_LIB_CTX_free(bare);
}

static void hash_text(struct pair *p, int whose, const char *name, char *out)
{
	uint8_t value[64];
	unsigned len;

	assert_true(X509_digest(p->shared[whose]->cert, EVP_get_digestbyname(name), value,
				&len));
	for (unsigned i = 0; i < len; i++)
		snprintf(out + 3 * i, 4, "%02x%s", value[i], i + 1 < len ? ":" : "");
}

/* What the client is told about the server, and whether it then connects. */
static bool connects(const struct tt_dtls_fingerprint *all, size_t n, struct pair *p)
{
	assert_int_equal(tt_dtls_set_remote_fingerprints(p->d[0], p->sim.now, all, n), TAUT_OK);
	assert_int_equal(pair_teach(p, 1, tt_dtls_shared_fingerprint(p->shared[0])), TAUT_OK);
	pair_start(p);
	pair_run(p, p->sim.now + 500 * MS);
	const bool yes = p->connected[0];
	pair_free(p);
	return yes;
}

static void one_match_among_several_of_the_strongest_hash_is_enough(void **state)
{
	struct pair p;
	char sha256[200], sha512[200], sha1[200];

	(void)state;
	pair_init(&p, 1, NULL);
	hash_text(&p, 1, "SHA256", sha256);
	hash_text(&p, 1, "SHA512", sha512);
	hash_text(&p, 1, "SHA1", sha1);
	const struct tt_dtls_fingerprint rollover[] = { fp("sha-256", H32), fp("sha-256", sha256) };
	assert_true(connects(rollover, 2, &p));
	pair_init(&p, 1, NULL);
	const struct tt_dtls_fingerprint both[] = { fp("SHA-512", sha512), fp("sha-256", H32),
						    fp("sha-1", sha1) };
	assert_true(connects(both, 3, &p));
	pair_init(&p, 1, NULL);
	const struct tt_dtls_fingerprint weaker[] = { fp("sha-512", H32 ":" H32),
						      fp("sha-256", sha256) };
	assert_false(connects(weaker, 2, &p));
	pair_init(&p, 1, NULL);
	const struct tt_dtls_fingerprint only_weak[] = { fp("sha-1", sha1) };
	assert_int_equal(tt_dtls_set_remote_fingerprints(p.d[0], 0, only_weak, 1),
			 TAUT_E_UNSUPPORTED);
	assert_int_equal(tt_dtls_set_remote_fingerprints(p.d[0], 0, NULL, 0), TAUT_E_UNSUPPORTED);
	pair_free(&p);
}

/* The digest of the strongest hash counts under its own name only. */
static void what_stands_under_a_weaker_hash_is_not_compared(void **state)
{
	struct pair p;
	unsigned len;
	/* of exactly this size, so that the sanitizer sees one more */
	struct tt_dtls_print *all = calloc(2, sizeof *all);

	(void)state;
	pair_init(&p, 1, NULL);
	const X509 *cert = p.shared[0]->cert;
	assert_int_equal(X509_digest(cert, EVP_sha512(), all[1].value, &len), 1);
	all[0].hash = 2;
	assert_false(tt_dtls_fingerprint_match(p.shared[0]->lib, cert, all, 2));
	all[1].hash = 2;
	assert_true(tt_dtls_fingerprint_match(p.shared[0]->lib, cert, all, 2));
	pair_free(&p);
	free(all);
}

static void a_refused_set_changes_nothing(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 2, NULL);
	pair_teach_both(&p);
	const struct tt_dtls_fingerprint bad[] = { fp("sha-256", H32), fp("sha-256", "junk") };
	assert_int_equal(tt_dtls_set_remote_fingerprints(p.d[0], 0, bad, 2), TAUT_E_SYNTAX);
	pair_start(&p);
	pair_run(&p, p.sim.now + 500 * MS);
	assert_true(p.connected[0] && p.connected[1]);
	pair_free(&p);
}

static void our_own_reads_back(void **state)
{
	struct pair p;

	(void)state;
	pair_init(&p, 3, NULL);
	const char *text = tt_dtls_shared_fingerprint(p.shared[0]);
	assert_int_equal(strlen(text), TT_DTLS_FINGERPRINT_TEXT - 1);
	assert_memory_equal(text, "sha-256 ", 8);
	assert_string_not_equal(text, tt_dtls_shared_fingerprint(p.shared[1]));
	pair_free(&p);
}

/* With every hash, as RTCCertificate.getFingerprints lists them. */
static void every_hash_of_our_own_is_at_hand(void **state)
{
	static const char *const names[] = { "sha-256", "sha-384", "sha-512" };
	struct tt_dtls_print print;
	char hex[200];
	struct pair p;

	(void)state;
	pair_init(&p, 4, NULL);
	assert_int_equal(TT_COUNT(names), TT_DTLS_HASHES);
	for (size_t i = 0; i < TT_COUNT(names); i++) {
		char text[TT_DTLS_FINGERPRINT_MAX];
		const char openssl[] = { 'S', 'H', 'A', names[i][4], names[i][5], names[i][6], 0 };

		assert_true(tt_dtls_shared_fingerprint_by(p.shared[1], i, text));
		assert_memory_equal(text, names[i], 7);
		assert_int_equal(text[7], ' ');
		const struct tt_dtls_fingerprint f = fp(names[i], text + 8);
		assert_int_equal(tt_dtls_fingerprint_read(&f, &print), TAUT_OK);
		hash_text(&p, 1, openssl, hex);
		for (char *c = hex; *c; c++)
			*c = *c >= 'a' && *c <= 'f' ? (char)(*c - 'a' + 'A') : *c;
		assert_string_equal(f.value, hex);
	}
	pair_free(&p);
}

static void it_expires_when_it_says(void **state)
{
	const time_t zero = 0;
	int days, seconds;
	struct pair p;

	(void)state;
	pair_init(&p, 5, NULL);
	ASN1_TIME *epoch = ASN1_TIME_set(NULL, zero);
	assert_int_equal(ASN1_TIME_diff(&days, &seconds, epoch,
					X509_get0_notAfter(p.shared[0]->cert)), 1);
	assert_int_equal(tt_dtls_shared_expires(p.shared[0]),
			 ((int64_t)days * 86400 + seconds) * 1000000);
	ASN1_TIME_free(epoch);
	pair_free(&p);
}

static void shows(const struct pair *p, int i, size_t index, const X509 *cert)
{
	uint8_t got[2000], want[2000], *end = want;
	const int len = cert ? i2d_X509(cert, &end) : 0;

	memset(got, 0x5a, sizeof got);
	assert_int_equal(tt_dtls_remote_certificate(p->d[i], index, got, sizeof got), len);
	assert_memory_equal(got, want, (size_t)len);
	assert_int_equal(got[len], 0x5a);
}

/* OpenSSL tells a server another chain than a client. */
static void a_chain_is_told_with_the_peers_own_first(void **state)
{
	uint8_t little[2000];
	struct pair p, other;

	(void)state;
	pair_init(&p, 6, NULL);
	pair_init(&other, 7, NULL);
	for (int i = 0; i < 2; i++)
		for (int k = 0; k < 2; k++) {
			assert_int_equal(SSL_add1_chain_cert(p.d[i]->ssl, other.shared[k]->cert), 1);
			shows(&p, i, 0, NULL);
		}
	pair_teach_both(&p);
	pair_start(&p);
	pair_run(&p, p.sim.now + 500 * MS);
	assert_true(p.connected[0] && p.connected[1]);
	for (int i = 0; i < 2; i++) {
		shows(&p, i, 0, p.shared[!i]->cert);
		shows(&p, i, 1, other.shared[0]->cert);
		shows(&p, i, 2, other.shared[1]->cert);
		shows(&p, i, 3, NULL);
		shows(&p, i, SIZE_MAX, NULL);
		const int len = tt_dtls_remote_certificate(p.d[i], 0, NULL, 0);
		assert_true(len > 200);
		memset(little, 0x5a, sizeof little);
		assert_int_equal(tt_dtls_remote_certificate(p.d[i], 0, little, (size_t)len - 1), len);
		assert_int_equal(little[0], 0x5a);
		assert_int_equal(tt_dtls_remote_certificate(p.d[i], 0, little, (size_t)len), len);
		assert_int_equal(little[0], 0x30); /* SEQUENCE */
	}
	pair_free(&other);
	pair_free(&p);
}

static void who_proves_to_be_somebody_else_shows_none(void **state)
{
	const struct tt_dtls_fingerprint wrong[] = { fp("sha-256", H32) };
	struct pair p;

	(void)state;
	pair_init(&p, 8, NULL);
	assert_int_equal(pair_teach(&p, 1, tt_dtls_shared_fingerprint(p.shared[0])), TAUT_OK);
	pair_start(&p);
	pair_run(&p, p.sim.now + 500 * MS);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_UNPROVEN);
	shows(&p, 0, 0, NULL);
	assert_int_equal(tt_dtls_set_remote_fingerprints(p.d[0], p.sim.now, wrong, 1), TAUT_OK);
	assert_int_equal(tt_dtls_state(p.d[0]), TT_DTLS_FAILED);
	shows(&p, 0, 0, NULL);
	pair_free(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_form_has_its_outcome),
		cmocka_unit_test(every_place_of_a_fingerprint_takes_a_digit_or_a_colon),
		cmocka_unit_test(the_name_of_a_hash_has_letters_of_both_cases),
		cmocka_unit_test(a_certificate_without_a_digest_matches_nothing),
		cmocka_unit_test(a_library_without_the_hash_gives_no_fingerprint),
		cmocka_unit_test(one_match_among_several_of_the_strongest_hash_is_enough),
		cmocka_unit_test(what_stands_under_a_weaker_hash_is_not_compared),
		cmocka_unit_test(a_refused_set_changes_nothing),
		cmocka_unit_test(our_own_reads_back),
		cmocka_unit_test(every_hash_of_our_own_is_at_hand),
		cmocka_unit_test(it_expires_when_it_says),
		cmocka_unit_test(a_chain_is_told_with_the_peers_own_first),
		cmocka_unit_test(who_proves_to_be_somebody_else_shows_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
