/* path_main.c - data channels' SCTP over paths of all kinds, in virtual time: how much of them it uses. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "sim/path/path.h"

static const char usage_text[] =
	"usage: sctp-path [--rtt MS] [--jitter MS] [--rate MBIT] [--later-rate MBIT] [--loss PERCENT] "
	"[--queue BDP]\n"
	"                 [--seconds N] [--seed N] [--control NAME[,NAME...]] [--usual-window] "
	"[--ping] [--json]\n"
	"       sctp-path --grid [--control NAME] [--json]\n"
	"\n"
	"One sender for each NAME (rfc, cubic, model), all at once, over one bottleneck; in "
	"virtual time.\n"
	"\n"
	"  --rtt MS         round trip without the queue, default 50\n"
	"  --jitter MS      each way up to so much more, without overtaking, default 0\n"
	"  --rate MBIT      of the bottleneck, default 100\n"
	"  --later-rate MBIT  of it while it is measured; shares are of this one then\n"
	"  --loss PERCENT   of packets, at random behind the queue, default 0\n"
	"  --queue BDP      the queue, in (first) rate times round trip (of 10 ms at least), default 1\n"
	"  --seconds N      virtual, of which the first third is not measured, default 30\n"
	"  --seed N         default 1\n"
	"  --usual-window   that of a connection that was not asked for another; default 64 MiB\n"
	"  --ping           10 small messages a second beside the first one's bulk, on another "
	"stream\n"
	"  --grid           rtt 0, 10, 50, 100, 300; loss 0, 0.1, 1, 3; rate 10, 100, 1000, of "
	"which the\n"
	"                   last for a third of the time\n"
	"  --json           one object a line\n"
	"\n"
	"examples:\n"
	"  ./dev sctp-path --rtt 100 --loss 0.1 --control model\n"
	"  ./dev sctp-path --control cubic,model --queue 0.5\n"
	"  ./dev sctp-path --rate 20 --later-rate 80 --jitter 40 --control model\n"
	"  ./dev sctp-path --grid --json\n";

static const char *const names[] = { "default", "rfc", "cubic", "model" };

struct options {
	struct path_setting set;
	double rtt, jitter, rate, later_rate, loss, queue, seconds;
	bool grid, json, usual_window;
};

static bool take_controls(struct options *o, char *text)
{
	char *rest, *name = strtok_r(text, ",", &rest);

	for (o->set.flow_count = 0; name; name = strtok_r(NULL, ",", &rest)) {
		uint32_t k = 0;
		while (k < TT_COUNT(names) && strcmp(names[k], name) != 0)
			k++;
		if (k == TT_COUNT(names) || o->set.flow_count == PATH_FLOWS)
			return false;
		o->set.flows[o->set.flow_count++].control = k;
	}
	return o->set.flow_count > 0;
}

static bool number(const char *text, double least, double most, double *out)
{
	char *end;

	*out = strtod(text, &end);
	return end != text && *end == '\0' && *out >= least && *out <= most;
}

enum { RTT = 256, JITTER, RATE, LATER_RATE, LOSS, QUEUE, SECONDS, SEED, CONTROL, PING, USUAL_WINDOW, GRID, JSON, HELP };

static bool take(struct options *o, int option, char *value)
{
	double n;

	switch (option) {
	case RTT:
		return number(value, 0, 10000, &o->rtt);
	case RATE:
		return number(value, 0.01, 10000, &o->rate);
	case JITTER:
		return number(value, 0, 10000, &o->jitter);
	case LATER_RATE:
		return number(value, 0.01, 10000, &o->later_rate);
	case LOSS:
		return number(value, 0, 99, &o->loss);
	case QUEUE:
		return number(value, 0.01, 100, &o->queue);
	case SECONDS:
		return number(value, 1, 100000, &o->seconds);
	case SEED:
		o->set.seed = number(value, 0, 1e15, &n) ? (uint64_t)n : 1;
		return true;
	case CONTROL:
		return take_controls(o, value);
	case PING:
		o->set.flows[0].pings = 100000;
		return true;
	case USUAL_WINDOW:
		return o->usual_window = true;
	case GRID:
		return o->grid = true;
	case JSON:
		return o->json = true;
	default:
		return false;
	}
}

static bool read_options(struct options *o, int argc, char **argv)
{
	static const struct option all[] = {
		{ "rtt", 1, NULL, RTT },
		{ "rate", 1, NULL, RATE },
		{ "jitter", 1, NULL, JITTER },
		{ "later-rate", 1, NULL, LATER_RATE },
		{ "loss", 1, NULL, LOSS },
		{ "queue", 1, NULL, QUEUE },
		{ "seconds", 1, NULL, SECONDS },
		{ "seed", 1, NULL, SEED },
		{ "control", 1, NULL, CONTROL },
		{ "ping", 0, NULL, PING },
		{ "usual-window", 0, NULL, USUAL_WINDOW },
		{ "grid", 0, NULL, GRID },
		{ "json", 0, NULL, JSON },
		{ "help", 0, NULL, HELP },
		{ 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", all, NULL)) >= 0) {
		if (option == HELP) {
			fputs(usage_text, stdout);
			exit(0);
		}
		if (!take(o, option, optarg))
			return false;
	}
	return optind == argc;
}

static void prepare(struct options *o)
{
	struct path_setting *s = &o->set;
	const double bdp = o->rate * 125000 * (o->rtt > 10 ? o->rtt : 10) / 1000;

	s->rate = (uint64_t)(o->rate * 125000);
	s->rtt = (taut_time)(o->rtt * 1000);
	s->jitter = (taut_time)(o->jitter * 1000);
	s->loss = (uint32_t)(o->loss * 10000);
	s->queue = tt_max((size_t)(bdp * o->queue), 3000);
	s->lasts = (taut_time)(o->seconds * 1e6);
	s->from = s->lasts / 3;
	s->later_rate = (uint64_t)(o->later_rate * 125000);
	s->later = s->from;
	s->window = o->usual_window ? 0 : 64u << 20;
}

static void tell(const struct options *o, size_t flow, const struct path_result *r)
{
	const uint64_t rate = o->set.later_rate > 0 ? o->set.later_rate : o->set.rate;
	const double share = r->goodput / (double)rate;
	const struct tt_sctp_counters *c = &r->counters;

	printf(o->json ? "{\"rtt_ms\": %g, \"mbit\": %g, \"loss_percent\": %g, \"queue_bdp\": %g, "
			 "\"control\": \"%s\", "
			 "\"goodput_mbit\": %.3f, \"share\": %.4f, \"queue_ms\": %.1f, "
			 "\"dropped\": %llu, "
			 "\"chunks\": %llu, \"resent\": %llu, \"timeouts\": %llu, \"tail_probes\": "
			 "%llu, "
			 "\"ping_median_ms\": %.1f, \"ping_most_ms\": %.1f}\n"
		       : "%6g ms %6g Mbit/s %5g %% %5g BDP  %-7s %9.3f Mbit/s  %6.4f  queue %7.1f "
			 "ms, %llu dropped;"
			 " %llu chunks, %llu again, %llu timeouts, %llu probes; ping %.1f, most "
			 "%.1f\n",
	       o->rtt, o->rate, o->loss, o->queue, names[o->set.flows[flow].control],
	       r->goodput * 8 / 1e6, share, r->queued / (double)rate * 1e3,
	       (unsigned long long)r->dropped, (unsigned long long)c->chunks_sent,
	       (unsigned long long)c->chunks_resent, (unsigned long long)c->timeouts,
	       (unsigned long long)c->tail_probes, (double)r->ping_median / 1e3,
	       (double)r->ping_most / 1e3);
	fflush(stdout);
}

static bool run(struct options *o)
{
	struct path_result r[PATH_FLOWS];

	prepare(o);
	if (!path_run(&o->set, r)) {
		fputs("sctp-path: out of memory\n", stderr);
		return false;
	}
	for (size_t i = 0; i < o->set.flow_count; i++)
		tell(o, i, &r[i]);
	return true;
}

static bool run_grid(struct options *o)
{
	static const double rates[] = { 10, 100, 1000 }, losses[] = { 0, 0.1, 1, 3 },
			    rtts[] = { 0, 10, 50, 100, 300 };
	const double seconds = o->seconds;
	bool good = true;

	for (size_t r = 0; r < TT_COUNT(rates); r++)
		for (size_t l = 0; l < TT_COUNT(losses); l++)
			for (size_t t = 0; good && t < TT_COUNT(rtts); t++) {
				o->rate = rates[r];
				o->loss = losses[l];
				o->rtt = rtts[t];
				o->seconds = rates[r] >= 1000 ? seconds / 3 : seconds;
				good = run(o);
			}
	return good;
}

int main(int argc, char **argv)
{
	struct options o = { .set = { .seed = 1, .flow_count = 1 },
			     .rtt = 50,
			     .rate = 100,
			     .queue = 1,
			     .seconds = 30 };

	if (!read_options(&o, argc, argv)) {
		fputs(usage_text, stderr);
		return 2;
	}
	return (o.grid ? run_grid(&o) : run(&o)) ? 0 : 1;
}
