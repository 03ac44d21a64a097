/* dtls_algorithms.c - what of OpenSSL's default provider DTLS may use, and no more.
 *
 * (m) OpenSSL 3.0 looks at every kind of key and every decoder that a library context has for each
 * certificate it reads: of the instructions of a handshake that is a quarter, half as much as
 * all its elliptic curves. Later versions keep what they found. So the default provider is loaded
 * into a context of its own, and the one that SSL_CTX lives in sees this provider instead: the
 * algorithms of the table below, which are the default provider's own. A certificate with a key of
 * another kind is refused, and a stranger reaches less code.
 *
 * An algorithm's functions get the context of their provider where they make something. There ours
 * is exchanged for the default provider's, and nothing else: (read, 3.0.22) where others
 * get it they do not look at it. That is why this is done for 3.0 only. */
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "base/num.h"
#include "dtls/dtls_state.h"

typedef void (*call)(void); /* what OSSL_DISPATCH holds */

#define PUBLIC_KEY "structure=SubjectPublicKeyInfo"

/* Those of one operation together. */
static const struct {
	int operation;
	const char *name, *properties[2]; /* the properties have both of these in them */
} picks[] = {
	{ OSSL_OP_DIGEST, "SHA1", { "", "" } }, /* OpenSSL takes it of each certificate */
	{ OSSL_OP_DIGEST, "SHA2-256", { "", "" } },
	{ OSSL_OP_DIGEST, "SHA2-384", { "", "" } },
	{ OSSL_OP_DIGEST, "SHA2-512", { "", "" } },
	{ OSSL_OP_CIPHER, "AES-128-GCM", { "", "" } },
	{ OSSL_OP_CIPHER, "AES-256-GCM", { "", "" } },
	{ OSSL_OP_CIPHER, "ChaCha20-Poly1305", { "", "" } },
	{ OSSL_OP_KDF, "TLS1-PRF", { "", "" } },
	{ OSSL_OP_KEYMGMT, "EC", { "", "" } },
	{ OSSL_OP_KEYMGMT, "X25519", { "", "" } },
	{ OSSL_OP_KEYMGMT, "ED25519", { "", "" } },
	{ OSSL_OP_KEYMGMT, "RSA", { "", "" } },
	{ OSSL_OP_KEYMGMT, "RSA-PSS", { "", "" } },
	{ OSSL_OP_KEYEXCH, "ECDH", { "", "" } },
	{ OSSL_OP_KEYEXCH, "X25519", { "", "" } },
	{ OSSL_OP_SIGNATURE, "ECDSA", { "", "" } },
	{ OSSL_OP_SIGNATURE, "ED25519", { "", "" } },
	{ OSSL_OP_SIGNATURE, "RSA", { "", "" } },
	{ OSSL_OP_ENCODER, "EC", { "output=der", PUBLIC_KEY } },
	{ OSSL_OP_DECODER, "EC", { "input=der", PUBLIC_KEY } },
	{ OSSL_OP_DECODER, "ED25519", { "input=der", PUBLIC_KEY } },
	{ OSSL_OP_DECODER, "RSA", { "input=der", PUBLIC_KEY } },
	{ OSSL_OP_DECODER, "RSA-PSS", { "input=der", PUBLIC_KEY } },
	{ OSSL_OP_DECODER, "DER", { "input=der", PUBLIC_KEY } },
};

enum {
	PICKS = TT_COUNT(picks),
	OPERATIONS = OSSL_OP_DECODER + 1,
	CALLS = 24 * PICKS, /* of all of them together, with the end of each */
	MAKE = 1,           /* the number of newctx, for keys that of new */
};

/* The context of this provider. */
struct shelf {
	OSSL_PROVIDER *standard; /* NULL: not filled yet */
	void *standard_context;
	call make[PICKS], generate[PICKS]; /* the default provider's own */
	OSSL_DISPATCH calls[CALLS];
	size_t call_count;
	OSSL_ALGORITHM list[PICKS + OPERATIONS]; /* an empty one ends each operation's */
	const OSSL_ALGORITHM *of[OPERATIONS];    /* NULL: none */
};

/* ---- what is called with our context, for each pick ---- */

/* clang-format off */
#define EACH_PICK(X) \
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15) \
	X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23)

#define FUNCTIONS(n)                                                                           \
	static void *make_##n(void *shelf)                                                     \
	{                                                                                      \
		const struct shelf *s = shelf;                                                 \
		return ((OSSL_FUNC_kdf_newctx_fn *)s->make[n])(s->standard_context);           \
	}                                                                                      \
	static void *sign_##n(void *shelf, const char *query)                                  \
	{                                                                                      \
		const struct shelf *s = shelf;                                                 \
		return ((OSSL_FUNC_signature_newctx_fn *)s->make[n])(s->standard_context, query); \
	}                                                                                      \
	static void *generate_##n(void *shelf, int selection, const OSSL_PARAM params[])       \
	{                                                                                      \
		const struct shelf *s = shelf;                                                 \
		return ((OSSL_FUNC_keymgmt_gen_init_fn *)s->generate[n])(s->standard_context,  \
		                                                         selection, params);   \
	}
EACH_PICK(FUNCTIONS)

#define MAKE_OF(n) (call)make_##n,
#define SIGN_OF(n) (call)sign_##n,
#define GENERATE_OF(n) (call)generate_##n,
/* clang-format on */
static const call make_by_pick[] = { EACH_PICK(MAKE_OF) };
static const call sign_by_pick[] = { EACH_PICK(SIGN_OF) };
static const call generate_by_pick[] = { EACH_PICK(GENERATE_OF) };
_Static_assert(TT_COUNT(make_by_pick) == PICKS, "functions for each pick");

/* ---- the shelf ---- */

/* Names of an algorithm have colons between them, its main one comes first. */
static bool is_named(const OSSL_ALGORITHM *a, const char *name)
{
	const size_t n = strlen(name);

	return strncmp(a->algorithm_names, name, n) == 0 &&
	       (a->algorithm_names[n] == ':' || a->algorithm_names[n] == '\0');
}

static const OSSL_ALGORITHM *find(const OSSL_ALGORITHM *all, size_t pick)
{
	for (const OSSL_ALGORITHM *a = all; a && a->algorithm_names; a++)
		if (is_named(a, picks[pick].name) &&
		    strstr(a->property_definition, picks[pick].properties[0]) &&
		    strstr(a->property_definition, picks[pick].properties[1]))
			return a;
	return NULL;
}

/* Its functions, with those that make something exchanged. NULL: there are more than there is room. */
static const OSSL_DISPATCH *exchange(struct shelf *s, size_t pick, const OSSL_DISPATCH *from)
{
	OSSL_DISPATCH *const to = &s->calls[s->call_count];
	const int operation = picks[pick].operation;

	for (; from->function_id != 0; from++) {
		if (s->call_count + 1 >= CALLS)
			return NULL;
		OSSL_DISPATCH *d = &s->calls[s->call_count++];
		*d = *from;
		if (d->function_id == MAKE) {
			s->make[pick] = d->function;
			d->function = operation == OSSL_OP_SIGNATURE ? sign_by_pick[pick]
								     : make_by_pick[pick];
		} else if (operation == OSSL_OP_KEYMGMT &&
			   d->function_id == OSSL_FUNC_KEYMGMT_GEN_INIT) {
			s->generate[pick] = d->function;
			d->function = generate_by_pick[pick];
		}
	}
	s->call_count++; /* all zero */
	return to;
}

/* False: OpenSSL is not what we take it for. An algorithm that was left out of it is none of ours. */
static bool fill(struct shelf *s, OSSL_PROVIDER *standard)
{
	OSSL_ALGORITHM *at = s->list;
	int no_cache;

	s->standard_context = OSSL_PROVIDER_get0_provider_ctx(standard);
	for (size_t i = 0; i < PICKS; i++) {
		const int operation = picks[i].operation;
		const OSSL_ALGORITHM *a =
			find(OSSL_PROVIDER_query_operation(standard, operation, &no_cache), i);
		if (i > 0 && operation != picks[i - 1].operation)
			at++;
		if (!s->of[operation])
			s->of[operation] = at;
		if (!a)
			continue;
		*at = *a;
		at->implementation = exchange(s, i, a->implementation);
		if (!at++->implementation)
			return false;
	}
	s->standard = standard;
	return true;
}

/* ---- the provider ---- */

static const OSSL_ALGORITHM *provider_query(void *shelf, int operation, int *no_cache)
{
	const struct shelf *s = shelf;

	*no_cache = s->standard == NULL;
	return s->standard && operation < OPERATIONS ? s->of[operation] : NULL;
}

static int provider_capabilities(void *shelf, const char *capability, OSSL_CALLBACK *tell,
				 void *arg)
{
	const struct shelf *s = shelf;

	return s->standard ? OSSL_PROVIDER_get_capabilities(s->standard, capability, tell, arg) : 1;
}

static void provider_teardown(void *shelf)
{
	OPENSSL_free(shelf);
}

static int provider_init(const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *in,
			 const OSSL_DISPATCH **out, void **shelf)
{
	static const OSSL_DISPATCH calls[] = {
		{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, (call)provider_query },
		{ OSSL_FUNC_PROVIDER_GET_CAPABILITIES, (call)provider_capabilities },
		{ OSSL_FUNC_PROVIDER_TEARDOWN, (call)provider_teardown },
		{ 0, NULL },
	};

	(void)core, (void)in;
	*out = calls;
	*shelf = OPENSSL_zalloc(sizeof(struct shelf));
	return *shelf != NULL;
}

bool tt_dtls_algorithms_fit(void)
{
	return OpenSSL_version_num() >> 20 == 0x300;
}

OSSL_PROVIDER *tt_dtls_algorithms_install(OSSL_LIB_CTX *lib, OSSL_PROVIDER *standard)
{
	if (OSSL_PROVIDER_add_builtin(lib, "taut-dtls", provider_init) != 1)
		return NULL;
	OSSL_PROVIDER *provider = OSSL_PROVIDER_load(lib, "taut-dtls");
	if (!provider)
		return NULL;
	if (fill(OSSL_PROVIDER_get0_provider_ctx(provider), standard))
		return provider;
	OSSL_PROVIDER_unload(provider);
	return NULL;
}
