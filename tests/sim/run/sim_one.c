/* sim_one.c - one session or scenario, twice, and what came of it. */
#include <inttypes.h>
#include <stdio.h>

#include "run/scenario.h"
#include "run/sim_options.h"
#include "run/sim_pcap.h"

/* Where the first run of a session writes what it does. */
struct outputs {
	FILE *trace, *pcap; /* NULL: nowhere */
};

static void write_line(void *ctx, const char *text, size_t len)
{
	(void)fwrite(text, 1, len, ((struct outputs *)ctx)->trace);
}

static void write_packet(void *ctx, int side, const struct taut_trace_record *r)
{
	sim_pcap_packet(((struct outputs *)ctx)->pcap, side, r);
}

static bool open_outputs(const struct sim_options *o, struct outputs *out)
{
	*out = (struct outputs){ .trace = o->trace ? stdout : NULL,
				 .pcap = o->pcap ? fopen(o->pcap, "wb") : NULL };
	if (!o->pcap || (out->pcap && sim_pcap_begin(out->pcap)))
		return true;
	perror(o->pcap);
	return false;
}

/* False: what was written is not all there. */
static bool close_outputs(const struct sim_options *o, struct outputs *out)
{
	if (!out->pcap)
		return true;
	const bool whole = !ferror(out->pcap);
	if (fclose(out->pcap) == 0 && whole)
		return true;
	perror(o->pcap);
	return false;
}

static struct session_options how_to(const struct sim_options *o, struct outputs *out)
{
	return (struct session_options){ .write_trace = out->trace ? write_line : NULL,
					 .packet = out->pcap ? write_packet : NULL,
					 .ctx = out,
					 .srtp = o->srtp };
}

int sim_replay(const struct sim_options *o)
{
	const struct session_options untraced = { .srtp = o->srtp, .untraced = true };
	struct session_result r, again;
	struct outputs out;
	int profile = sim_profile_of(o, o->replay);

	if (!open_outputs(o, &out))
		return 2;
	const struct session_options how = how_to(o, &out);
	sim_running("--profile %s --replay %" PRIu64 "%s", profiles[profile].name, o->replay,
		    o->srtp_option);
	session_run(o->replay, &profiles[profile], &how, &r);
	if (!close_outputs(o, &out))
		return 2;
	session_run(o->replay, &profiles[profile], &untraced, &again);
	printf("seed %" PRIu64 ", profile %s: %s <-> %s%s\n", o->replay, profiles[profile].name,
	       r.access[0], r.access[1], r.shared);
	printf("RFC 4787: %s; %s after %.3f s\n", r.expected ? "connects" : "cannot connect",
	       r.connected ? "connected" : "not connected", (double)r.connect_time / 1e6);
	printf("%.3f simulated seconds, %" PRIu64 " datagrams, %.1f kB/s of messages\n",
	       (double)r.virtual_time / 1e6, r.datagrams, r.goodput / 1000);
	printf("audio %u of %u, video %u of %u frames\n", r.audio_received, r.audio_sent,
	       r.video_received, r.video_sent);
	printf("hash %016" PRIx64 ", again %016" PRIx64 "\n", r.hash, again.hash);
	printf("%u failures%s%s\n", r.failures, r.failures ? ": " : "", r.failure);
	return r.failures > 0 || r.hash != again.hash;
}

static void print_scenario(const struct sim_options *o, uint64_t seed,
			   const struct session_result *r)
{
	if (o->json) {
		printf("{\"kind\":\"scenario\",\"file\":");
		sim_print_text(o->scenario);
		printf(",\"seed\":%" PRIu64
		       ",\"ok\":%s,\"virtual_seconds\":%.3f,\"hash\":\"%016" PRIx64 "\",\"text\":",
		       seed, r->failures ? "false" : "true", (double)r->virtual_time / 1e6,
		       r->hash);
		sim_print_text(r->failure);
		printf("}\n");
		return;
	}
	printf("%s %s, seed %" PRIu64 ": %.3f simulated seconds, hash %016" PRIx64 "\n",
	       r->failures ? "FAILED" : "ok", o->scenario, seed, (double)r->virtual_time / 1e6,
	       r->hash);
	if (r->failures)
		printf("    %s\n    ./dev sim --scenario %s --seed %" PRIu64 "%s --trace\n",
		       r->failure, o->scenario, seed, o->srtp_option);
}

int sim_scenario(const struct sim_options *o)
{
	static struct scenario sc;
	const struct session_options untraced = { .srtp = o->srtp, .untraced = true };
	struct session_result r, again;
	struct outputs out;
	char error[SCENARIO_ERROR];
	int failed = 0;

	if (!scenario_read(&sc, o->scenario, error)) {
		fprintf(stderr, "%s\n", error);
		return 2;
	}
	if (!open_outputs(o, &out))
		return 2;
	const struct session_options how = how_to(o, &out);
	uint64_t first = o->has_first ? o->first : sc.plan.seed,
		 seeds = o->has_seeds ? o->seeds : 1;
	for (uint64_t seed = first; seed < first + seeds; seed++) {
		sim_running("--scenario %s --seed %" PRIu64 "%s", o->scenario, seed,
			    o->srtp_option);
		scenario_run(&sc, seed, &how, &r);
		scenario_run(&sc, seed, &untraced, &again);
		if (again.hash != r.hash && r.failures++ == 0)
			snprintf(r.failure, sizeof r.failure, "the same seed, another hash");
		print_scenario(o, seed, &r);
		failed |= r.failures > 0;
	}
	return close_outputs(o, &out) ? failed : 2;
}
