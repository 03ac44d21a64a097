/* test_b_certificate.c - rows B05 to B08, B14 and B17 of HOSTILE.md: who the peer is, and what was agreed
 * on, against a whole connection. */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "dtls/dtls_state.h"
#include "hostile/craft.h"

static void b05_a_client_without_a_certificate_fails_the_call(void **state)
{
	struct hostile h;

	(void)state;
	hostile_init(&h, 205, 0, false); /* the bad one answers and is the DTLS client */
	SSL_certs_clear(h.evil->dtls->ssl);
	hostile_assert_settled(&h);
	assert_int_equal(h.pc->dtls_state, TAUT_STATE_FAILED);
	assert_int_equal(h.pc->dtls->end_reason, TAUT_REASON_DTLS_HANDSHAKE);
	assert_int_equal(h.seen[0].opens, 0);
	hostile_end(&h);
}

static void b06_another_certificate_fails_before_keys_and_data(void **state)
{
	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 206, good, false);
		struct pair_signal *s = hostile_catch(&h);
		char *at = strstr(s->text, "a=fingerprint:sha-256 ");
		assert_non_null(at);
		at[22] = at[22] == 'A' ? 'B' : 'A';
		for (at = strstr(at + 1, "a=fingerprint:sha-256 "); at;
		     at = strstr(at + 1, "a=fingerprint:sha-256 "))
			at[22] = at[22] == 'A' ? 'B' : 'A';
		hostile_until_dtls(&h, TAUT_STATE_FAILED);
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_FAILED);
		assert_int_equal(h.pc->dtls->end_reason, TAUT_REASON_DTLS_FINGERPRINT);
		assert_int_equal(taut_pc_connection_state(h.pc), TAUT_STATE_FAILED);
		hostile_run(&h, 5 * SECOND);
		assert_null(h.pc->srtp);
		assert_false(h.pc->sctp_started);
		assert_int_equal(h.seen[good].opens + h.seen[good].messages, 0);
		hostile_end(&h);
	}
}

/* What stands where the offer's a=fingerprint lines stood: R the right one, r in small letters, W a
 * wrong one of the same hash, N the right one without colons, + and - one octet more or less. */
static const struct {
	const char *lines;
	int code;      /* of set_remote_description */
	bool connects; /* when it was taken */
} fingerprints[] = {
	{ "R", TAUT_OK, true },        { "r", TAUT_OK, true },        { "RW", TAUT_OK, true },
	{ "WR", TAUT_OK, true },       { "1R", TAUT_OK, true }, /* a sha-1 beside it */
	{ "MR", TAUT_OK, true },                                /* an md5 beside it */
	{ "5R", TAUT_OK, false }, /* a wrong sha-512 beside it: the stronger counts */
	{ "W", TAUT_OK, false },       { "1", TAUT_E_INVAL, false },  { "M", TAUT_E_INVAL, false },
	{ "N", TAUT_E_SYNTAX, false }, { "+", TAUT_E_SYNTAX, false }, { "-", TAUT_E_SYNTAX, false },
	{ "", TAUT_E_INVAL, false },
};

static void put_print(char *out, size_t cap, char kind, const char *right)
{
	char value[256];
	size_t n = strlen(right);

	snprintf(value, sizeof value, "%s", right);
	if (kind == 'W')
		value[0] = value[0] == 'A' ? 'B' : 'A';
	for (size_t i = 0; kind == 'r' && i < n; i++)
		value[i] = (char)tolower((unsigned char)value[i]);
	if (kind == '+')
		snprintf(value + n, sizeof value - n, ":00");
	if (kind == '-')
		value[n - 3] = '\0';
	if (kind == 'N') {
		n = 0;
		for (size_t i = 0; right[i]; i++)
			if (right[i] != ':')
				value[n++] = right[i];
		value[n] = '\0';
	}
	const size_t len = kind == '1' ? 20 : kind == 'M' ? 16 : kind == '5' ? 64 : 0;
	for (size_t i = 0; i < len; i++)
		snprintf(value + 3 * i, sizeof value - 3 * i, i + 1 < len ? "AB:" : "AB");
	snprintf(out, cap, "a=fingerprint:%s %s\r\n",
		 kind == '1'   ? "sha-1"
		 : kind == 'M' ? "md5"
		 : kind == '5' ? "sha-512"
			       : "sha-256",
		 value);
}

static void b07_every_form_of_fingerprint_has_its_outcome(void **state)
{
	(void)state;
	for (size_t i = 0; i < TT_COUNT(fingerprints); i++) {
		struct hostile h;
		char lines[1024] = "", right[100];
		hostile_init(&h, 207, 1, false);
		struct pair_signal *s = hostile_catch(&h);
		const char *at = strstr(s->text, "a=fingerprint:sha-256 ");
		assert_non_null(at);
		snprintf(right, sizeof right, "%.95s", at + 22);
		for (const char *k = fingerprints[i].lines; *k; k++)
			put_print(lines + strlen(lines), sizeof lines - strlen(lines), *k, right);
		char *text = hostile_edit(s->text, "a=fingerprint:", lines);
		if (fingerprints[i].code != TAUT_OK) {
			hostile_assert_description_refused(&h, TAUT_SDP_OFFER, text,
							   fingerprints[i].code);
			free(text);
			hostile_end(&h);
			continue;
		}
		hostile_rewrite(s, text);
		hostile_run(&h, 3 * SECOND);
		if (h.pair.peers[1].connected != fingerprints[i].connects)
			fail_msg("fingerprints %s: connected %d", fingerprints[i].lines,
				 h.pair.peers[1].connected);
		if (fingerprints[i].connects)
			hostile_assert_call(&h);
		else
			assert_int_equal(h.pc->dtls->end_reason, TAUT_REASON_DTLS_FINGERPRINT);
		hostile_end(&h);
	}
}

static void b07_a_fingerprint_of_the_section_overrides_the_session_s(void **state)
{
	struct hostile h;
	char lines[256], right[100], wrong[200];

	(void)state;
	hostile_init(&h, 208, 1, false);
	struct pair_signal *s = hostile_catch(&h);
	snprintf(right, sizeof right, "%.95s", strstr(s->text, "a=fingerprint:sha-256 ") + 22);
	put_print(wrong, sizeof wrong, 'W', right);
	snprintf(lines, sizeof lines, "t=0 0\r\n%s", wrong);
	hostile_rewrite(s, hostile_edit(s->text, "t=0 0", lines));
	hostile_run(&h, 3 * SECOND);
	assert_true(h.pair.peers[1].connected);
	hostile_assert_call(&h);
	hostile_end(&h);
}

static void b08_a_setup_that_cannot_be_is_refused(void **state)
{
	static const char *const offers[] = { "a=setup:holdconn\r\n", "a=setup:both\r\n" };
	static const char *const answers[] = { "a=setup:holdconn\r\n", "a=setup:actpass\r\n",
					       "a=setup:\r\n" };

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 209, good, false);
		struct pair_signal *s = hostile_catch(&h);
		const char *const *all = good ? offers : answers;
		for (size_t i = 0; i < (good ? TT_COUNT(offers) : TT_COUNT(answers)); i++) {
			char *text = hostile_edit(s->text, "a=setup:", all[i]);
			hostile_assert_description_refused(&h, s->type, text, 0);
			free(text);
		}
		hostile_assert_call(&h); /* by the right one, which comes after all */
		hostile_end(&h);
	}
}

static void b08_a_role_that_flips_later_changes_nothing(void **state)
{
	struct hostile h;

	(void)state;
	hostile_begin(&h, 210, 0);
	/* The bad one offers anew, and says that it is the server now. */
	struct taut_transceiver_init more = { .size = sizeof more, .kind = TAUT_AUDIO };
	taut_transceiver t;
	assert_int_equal(taut_pc_add_transceiver(h.evil, h.pair.sim.now, &more, &t), TAUT_OK);
	struct pair_signal *s = hostile_catch(&h);
	assert_int_equal(s->type, TAUT_SDP_OFFER);
	const uint32_t nominated = h.pc->dtls_state;
	char *text = hostile_edit(s->text, "a=setup:", "a=setup:passive\r\n");
	const int code = taut_pc_set_remote_description(h.pc, h.pair.sim.now, TAUT_SDP_OFFER, text,
							strlen(text));
	free(text);
	if (code == TAUT_OK)
		taut_pc_set_remote_description(h.pc, h.pair.sim.now, TAUT_SDP_ROLLBACK, NULL, 0);
	assert_false(h.pc->dtls->client);
	assert_int_equal(h.pc->dtls_state, nominated);
	hostile_run(&h, SECOND);
	hostile_assert_none_dropped(&h);
	hostile_assert_alive(&h);
	hostile_end(&h);
}

static void b14_without_a_common_profile_media_fails_closed_and_data_goes_on(void **state)
{
	uint8_t buf[PACKET];
	struct hostile h;

	(void)state;
	hostile_init(&h, 215, 0, false);
	assert_int_equal(SSL_set_tlsext_use_srtp(h.evil->dtls->ssl, "SRTP_AES128_CM_SHA1_32"), 0);
	hostile_until_dtls(&h, TAUT_STATE_CONNECTED);
	hostile_run(&h, 2 * SECOND);
	assert_null(h.pc->srtp);
	assert_true(h.pc->srtp_refused);
	hostile_assert_ping(&h);
	hostile_mark(&h);
	for (unsigned n = 0; n < 50; n++) {
		struct wr w = craft_rtp(buf, sizeof buf, 96, (uint16_t)n, n * 960, 77);
		wr_bytes(&w, "clear", 5);
		hostile_inject(&h, NULL, buf, w.off);
	}
	hostile_assert_refused(&h, TAUT_DROP_MEDIA_WITHOUT_KEYS, 50);
	hostile_assert_ping(&h);
	hostile_end(&h);
}

/* A certificate of the bad one's own making, with a NUL in its names. */
struct odd {
	const char *curve;
	unsigned extensions; /* beside the name, each of so many octets */
	size_t octets;
	bool connects; /* it passes by its fingerprint */
};

static void add_extension(X509 *cert, const void *value, size_t len)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(octets, value, (int)len);
	X509_EXTENSION *e = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
	assert_int_equal(X509_add_ext(cert, e, -1), 1);
	X509_EXTENSION_free(e);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(oid);
}

/* good\0example */
static void add_spoiled_name(X509 *cert)
{
	static const char text[] = "DNS:good.example";
	X509_EXTENSION *san = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, text);
	ASN1_OCTET_STRING *octets = X509_EXTENSION_get_data(san);
	uint8_t spoiled[64];
	const int n = ASN1_STRING_length(octets);

	memcpy(spoiled, ASN1_STRING_get0_data(octets), (size_t)n);
	spoiled[n - 8] = '\0';
	ASN1_OCTET_STRING_set(octets, spoiled, n);
	X509_add_ext(cert, san, -1);
	X509_EXTENSION_free(san);
}

/* Signs with it, and names it in what it offers or answers. False: this OpenSSL was built without the curve. */
static bool own_certificate(struct hostile *h, const struct odd *odd)
{
	static const uint8_t filler[1000] = { 4, 0x82, 3, 0xe4 };
	struct tt_dtls_shared *shared = h->evil->dtls->shared;
	EVP_PKEY *key = EVP_PKEY_Q_keygen(shared->lib, NULL, "EC", odd->curve);
	X509 *cert = X509_new_ex(shared->lib, NULL);
	uint8_t digest[32];

	assert_non_null(cert);
	if (!key && !odd->connects) {
		X509_free(cert);
		return false;
	}
	assert_non_null(key);
	X509_set_version(cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(cert), -86400);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400 * 30);
	X509_NAME *name = X509_get_subject_name(cert);
	X509_NAME_add_entry_by_txt(name, "CN", V_ASN1_UTF8STRING, (const uint8_t *)"a\0b", 3, -1,
				   0);
	X509_set_issuer_name(cert, name);
	X509_set_pubkey(cert, key);
	add_spoiled_name(cert);
	for (unsigned n = 0; n < odd->extensions; n++)
		add_extension(cert, filler, odd->octets);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(X509_digest(cert, EVP_sha256(), digest, NULL), 1);
	char *print = shared->fingerprint + strlen("sha-256 ");
	for (size_t i = 0; i < 32; i++)
		snprintf(print + 3 * i, 96 - 3 * i, i < 31 ? "%02X:" : "%02X", digest[i]);
	SSL_set_security_level(h->evil->dtls->ssl, 0);
	assert_int_equal(SSL_use_certificate(h->evil->dtls->ssl, cert), 1);
	assert_int_equal(SSL_use_PrivateKey(h->evil->dtls->ssl, key), 1);
	h->evil->dtls->out.cap = 4 << 20; /* it sends them, however long */
	X509_free(cert);
	EVP_PKEY_free(key);
	return true;
}

static void b17_odd_certificates_pass_by_fingerprint_or_fail(void **state)
{
	/* Curves that were not agreed on fail, as does what is longer than TT_DTLS_CERTIFICATE_MAX. */
	static const struct odd all[] = {
		{ "P-256", 0, 0, true },       { "P-256", 4, 1000, true },
		{ "P-256", 1200, 2, true },                                    /* as many as fit */
		{ "P-256", 10000, 2, false },  { "P-256", 1048, 1000, false }, /* a mebibyte */
		{ "P-384", 0, 0, true },       { "P-521", 0, 0, false },
		{ "secp256k1", 0, 0, false },  { "brainpoolP256r1", 0, 0, false },
		{ "prime192v1", 0, 0, false }, { "sect283k1", 0, 0, false },
	};

	(void)state;
	for (int good = 0; good < 2; good++)
		for (size_t i = 0; i < TT_COUNT(all); i++) {
			struct hostile h;
			if (all[i].extensions * all[i].octets > 1000000 && !hostile_flood(0, 1))
				continue;
			hostile_init(&h, 218, good, false);
			const bool made = own_certificate(&h, &all[i]);
			const size_t memory = h.pc->env->memory;
			if (!made) {
				print_message("no curve %s\n", all[i].curve);
			} else if (all[i].connects) {
				hostile_assert_call(&h);
			} else {
				hostile_assert_settled(&h);
				assert_int_equal(h.pc->dtls_state, TAUT_STATE_FAILED);
				assert_in_range(h.pc->env->memory, 1,
						memory + TT_DTLS_REASSEMBLY_MAX);
			}
			hostile_end(&h);
		}
}

/* In the place of the bad one's own: its Certificate, or what is one at first sight, comes before it. */
static void give_certificate(struct hostile *h, const uint8_t *der, size_t len)
{
	uint8_t record[PACKET], message[TT_DTLS_CERTIFICATE_MAX];
	struct wr w = wr_make(message, sizeof message);

	wr_u24(&w, tt_u32(len + 3));
	wr_u24(&w, tt_u32(len));
	wr_bytes(&w, der, len);
	assert_false(w.bad);
	for (size_t at = 0; at < w.off; at += 1000) {
		const size_t part = tt_min(1000, w.off - at);
		const size_t whole = craft_fragment(record, 11, tt_u32(w.off), 1, tt_u32(at),
						    tt_u32(part), message + at, part);
		record[10] =
			tt_u8(40 + at / 1000); /* no other has that number, and all are within 64 */
		hostile_inject(h, NULL, record, whole);
	}
}

/* Certificates that other stacks stumbled over: none has the right fingerprint, and many are none. */
static void b17_a_certificate_of_somebody_else_never_passes(void **state)
{
	const char *dir = getenv("TAUT_CORPUS");
	const unsigned every = hostile_flood(8, 1);
	char path[1024], file[2048];
	unsigned n = 0, tried = 0;

	(void)state;
	snprintf(path, sizeof path, "%s/x509", dir ? dir : TAUT_SOURCE_DIR "/../shared/corpus");
	DIR *d = opendir(path);
	if (!d)
		print_message("no corpus at %s\n", path);
	for (struct dirent *e; d && (e = readdir(d)) != NULL;) {
		uint8_t der[TT_DTLS_CERTIFICATE_MAX - 6];
		struct hostile h;
		snprintf(file, sizeof file, "%s/%s", path, e->d_name);
		FILE *f = e->d_name[0] == '.' || n++ % every != 0 ? NULL : fopen(file, "rb");
		if (!f)
			continue;
		const size_t len = fread(der, 1, sizeof der, f);
		fclose(f);
		tried++;
		hostile_init(&h, 1000 + n, (int)(tried % 2), false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		give_certificate(&h, der, len);
		hostile_run(&h, SECOND);
		const uint32_t why = h.pc->dtls->end_reason;
		if (why != TAUT_REASON_DTLS_FINGERPRINT && why != TAUT_REASON_DTLS_HANDSHAKE)
			fail_msg("%s: %s", file, taut_reason_text(why));
		assert_int_equal(h.pc->dtls_state, TAUT_STATE_FAILED);
		assert_null(h.pc->srtp);
		hostile_end(&h);
	}
	if (d)
		closedir(d);
	print_message("%u certificates of the corpus\n", tried);
}

/* What claims to be longer than any certificate is not even begun. */
static void b17_a_certificate_of_a_mebibyte_is_refused_at_its_first_fragment(void **state)
{
	static const uint32_t lengths[] = { TT_DTLS_CERTIFICATE_MAX + 1, 100000, 1 << 20,
					    0xffffff };
	uint8_t record[PACKET], body[500] = { 0 };

	(void)state;
	for (int good = 0; good < 2; good++) {
		struct hostile h;
		hostile_init(&h, 220, good, false);
		hostile_until_dtls(&h, TAUT_STATE_CONNECTING);
		hostile_mark(&h);
		for (unsigned n = 0; n < 20; n++)
			hostile_inject(&h, NULL, record,
				       craft_fragment(record, 11, lengths[n % TT_COUNT(lengths)], 2,
						      0, sizeof body, body, sizeof body));
		hostile_assert_refused(&h, TAUT_DROP_DTLS_MESSAGE_TOO_LONG, 20);
		hostile_assert_call(&h);
		hostile_end(&h);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(b05_a_client_without_a_certificate_fails_the_call),
		cmocka_unit_test(b06_another_certificate_fails_before_keys_and_data),
		cmocka_unit_test(b07_every_form_of_fingerprint_has_its_outcome),
		cmocka_unit_test(b07_a_fingerprint_of_the_section_overrides_the_session_s),
		cmocka_unit_test(b08_a_setup_that_cannot_be_is_refused),
		cmocka_unit_test(b08_a_role_that_flips_later_changes_nothing),
		cmocka_unit_test(b14_without_a_common_profile_media_fails_closed_and_data_goes_on),
		cmocka_unit_test(b17_odd_certificates_pass_by_fingerprint_or_fail),
		cmocka_unit_test(b17_a_certificate_of_somebody_else_never_passes),
		cmocka_unit_test(b17_a_certificate_of_a_mebibyte_is_refused_at_its_first_fragment),
	};
	if (argc > 1) /* only those: a13* */
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("hostile/b_certificate", tests, NULL, NULL);
}
