/* cmd_doctor.c - taut doctor: what this machine and this build can do for a call.
 *
 * Each line is a fact that decides how fast or whether at all: tried where it can be tried, so that
 * what stands here is what the kernel did and not what its version promises. */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include <jansson.h>
#include <libwebsockets.h>
#include <openssl/crypto.h>
#include <opus/opus.h>
#include <vpx/vpx_codec.h>

#include "base/num.h"
#include "cli/cli.h"
#include "cli/doctor.h"
#include "srtp/srtp.h"

static const struct cli_option options[] = {
	{ "json", 'j', NULL, "one JSON object per line" },
	{ NULL, 0, NULL, NULL },
};

static const char *const words[] = {
	[DOCTOR_OK] = "ok", [DOCTOR_SLOW] = "slow", [DOCTOR_BAD] = "bad"
};

void doctor_say(struct doctor *d, enum doctor_verdict v, const char *what, const char *fmt, ...)
{
	static const char *const marks[] = {
		[DOCTOR_OK] = " ", [DOCTOR_SLOW] = "!", [DOCTOR_BAD] = "X"
	};
	char text[512];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(text, sizeof text, fmt, args);
	va_end(args);
	d->count[v]++;
	if (!d->json) {
		printf("%s %-16s %s\n", marks[v], what, text);
		return;
	}
	json_t *o = json_pack("{s:s, s:s, s:s}", "check", what, "verdict", words[v], "text", text);
	json_dumpf(o, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(o);
}

static void versions(struct doctor *d)
{
	struct utsname u;

	doctor_say(d, DOCTOR_OK, "taut", "%s", TAUT_VERSION);
	doctor_say(d, DOCTOR_OK, "openssl", "%s", OpenSSL_version(OPENSSL_VERSION));
	doctor_say(d, DOCTOR_OK, "codecs", "%s, libvpx %s", opus_get_version_string(),
		   vpx_codec_version_str());
	doctor_say(d, DOCTOR_OK, "signaling", "libwebsockets %s, jansson %s",
		   lws_get_library_version(), JANSSON_VERSION);
	if (uname(&u) == 0)
		doctor_say(d, DOCTOR_OK, "kernel", "%s %s, %s", u.sysname, u.release, u.machine);
}

/* What makes AES-GCM and SHA-1 fast is in the processor. */
static void processor(struct doctor *d)
{
#if defined __x86_64__
	const bool aes = __builtin_cpu_supports("aes"), clmul = __builtin_cpu_supports("pclmul"),
		   avx2 = __builtin_cpu_supports("avx2");

	doctor_say(d, aes && clmul ? DOCTOR_OK : DOCTOR_SLOW, "processor",
		   "AES %s, carry-less multiplication %s, AVX2 %s", aes ? "yes" : "no",
		   clmul ? "yes" : "no", avx2 ? "yes" : "no");
#else
	doctor_say(d, DOCTOR_OK, "processor", "of a kind that is not looked into");
#endif
}

static void srtp(struct doctor *d)
{
	static const uint32_t all[] = { TAUT_SRTP_TAUT, TAUT_SRTP_LIBSRTP };
	const char *chosen = tt_srtp_backend_name(TAUT_SRTP_DEFAULT);

	for (size_t i = 0; i < TT_COUNT(all); i++) {
		const char *name = tt_srtp_backend_name(all[i]);
		if (!name)
			continue;
		const bool ready = tt_srtp_ready(all[i]);
		const bool by_default = strcmp(name, chosen) == 0;
		doctor_say(d,
			   ready        ? DOCTOR_OK
			   : by_default ? DOCTOR_BAD
					: DOCTOR_SLOW,
			   "srtp", "%s %s%s", name, ready ? "works" : "does not work",
			   by_default ? ", used unless a connection says otherwise" : "");
	}
}

static int run(int argc, char **argv)
{
	struct doctor d = { 0 };

	for (int key; (key = cli_next(&cli_doctor, argc, argv)) != CLI_END;) {
		if (key == CLI_HELP)
			return CLI_OK;
		if (key != 'j')
			return CLI_USAGE;
		d.json = true;
	}
	if (optind < argc) {
		(void)fprintf(stderr, "taut doctor: '%s' is one word too many\n", argv[optind]);
		return CLI_USAGE;
	}
	versions(&d);
	processor(&d);
	srtp(&d);
	doctor_network(&d);
	if (!d.json)
		printf("\n%u well, %u slower than it could be, %u bad\n", d.count[DOCTOR_OK],
		       d.count[DOCTOR_SLOW], d.count[DOCTOR_BAD]);
	return d.count[DOCTOR_BAD] ? CLI_FAILED : CLI_OK;
}

const struct cli_command cli_doctor = {
	.name = "doctor",
	.operands = "",
	.summary =
		"Tells what this machine can do for a call. Versions and backends, the processor,\n"
		"offloads of the kernel, tried over loopback, interfaces, multicast DNS. A line\n"
		"with ! works but is slow, one with X keeps calls from working, and the status\n"
		"is 1 then.",
	.options = options,
	.examples = "  taut doctor\n  taut doctor --json\n",
	.run = run,
};
