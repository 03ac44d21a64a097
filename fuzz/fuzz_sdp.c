/* layers: sdp base */
/* fuzz_sdp.c - a description is read or refused; what was read, written again, is the same. */
#include "fuzz.h"

#include <string.h>

#include "sdp/sdp.h"

static void forget(void *ctx, const char *text, size_t len)
{
	size_t *sum = ctx;

	*sum += len + (unsigned char)text[0];
}

static void hear(void *ctx, const struct tt_sdp_told *t)
{
	size_t *sum = ctx;

	*sum += strlen(t->kind) + strlen(t->words) + strlen(t->value) + strlen(t->spec) +
		strlen(t->value_spec) + (t->remark ? strlen(t->remark) : 0);
	for (size_t i = 0; i < t->len; i++)
		*sum += (unsigned char)t->text[i];
	if (t->error)
		*sum += strlen(t->error->found) + strlen(t->error->expected);
}

/* What is refused is explained all the same; what is not, has no mistakes. */
static void try_explanation(struct tt_env *env, const char *text, size_t len, int code)
{
	struct tt_sdp_error err = { .buf = "" };
	size_t sum = 0;

	const uint64_t before = tt_work_total;
	const int explained = tt_sdp_explain(env, text, len, &err, hear, &sum);
	fuzz_check_work(before, len, 64);
	FUZZ_CHECK((explained == 0) == (code == 0), "explained as what it is not");
	FUZZ_CHECK(explained == 0 || err.err.found, "explained without a reason");
}

static void try_description(struct tt_env *env, const char *text, size_t len)
{
	struct tt_sdp *first, *second;
	struct tt_sdp_error err = { .buf = "" };
	char *written;
	size_t n, sum = 0;
	const char *difference = NULL;

	const uint64_t before = tt_work_total;
	const int code = tt_sdp_read(&first, env, text, len, &err);
	fuzz_check_work(before, len, 32);
	try_explanation(env, text, len, code);
	if (code != 0) {
		FUZZ_CHECK(!first && err.err.code == code, "refused without saying so");
		FUZZ_CHECK(err.err.line >= 1 && err.err.column >= 1, "refused nowhere");
		FUZZ_CHECK(err.err.message && err.err.found && err.err.expected && err.err.spec,
			   "refused without a reason");
		return;
	}
	FUZZ_CHECK(tt_sdp_write(first, env, &written, &n) == 0, "read but not written");
	FUZZ_CHECK(strlen(written) == n, "a NUL inside what was written");
	const int again = tt_sdp_read(&second, env, written, n, &err);
	/* CRLF where LF was read may carry a description of that size over the ceiling */
	if (again != TAUT_E_LIMIT || len < TT_SDP_MAX_BYTES / 2) {
		if (again != 0)
			(void)fprintf(stderr, "%u:%u %s, found %s\n%s", (unsigned)err.err.line,
				      (unsigned)err.err.column, err.err.message, err.err.found,
				      written);
		FUZZ_CHECK(again == 0, "written but not read");
		if (!tt_sdp_equal(first, second, &difference))
			(void)fprintf(stderr, "%s\n%s", difference, written);
		FUZZ_CHECK(!difference, "read back as something else");
	}
	tt_sdp_summary(first, forget, &sum);
	tt_free(env, written);
	tt_sdp_free(first);
	tt_sdp_free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_env env;

	tt_env_init(&env, NULL);
	try_description(&env, (const char *)data, size);
	FUZZ_CHECK(env.memory == 0, "memory is left over");
	return 0;
}
