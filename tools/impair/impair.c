/* impair.c - two network namespaces and a bad link between them.
 *
 * Each namespace has one TUN device; this program carries the packets from one
 * to the other and does to UDP what its options say. It runs a command, which
 * starts what it likes in either namespace, and ends when that does. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "link.h"
#include "space.h"

#define IP4_A "10.77.0.1"
#define IP4_B "10.77.0.2"
#define IP6_A "fd77::1"
#define IP6_B "fd77::2"
enum { CANNOT = 77 }; /* what test runners understand as "skipped" */

static const char help[] =
	"usage: impair [options] [--] COMMAND...     run COMMAND beside two networks, a and b\n"
	"       impair in a|b COMMAND...             from there: run COMMAND inside one of them\n"
	"\n"
	"The networks are joined by a link that treats UDP badly; TCP and multicast DNS pass\n"
	"untouched. a is " IP4_A " and " IP6_A ", b is " IP4_B " and " IP6_B "; in the environment\n"
	"of COMMAND: IMPAIR (this program), IMPAIR_IP_A, IMPAIR_IP_B. Needs root or user\n"
	"namespaces, and /dev/net/tun; without them it ends with status 77.\n"
	"\n"
	"  --loss PERCENT            of the UDP packets, in each direction\n"
	"  --duplicate PERCENT\n"
	"  --reorder N               hold packets back until N others have passed (or 50 ms)\n"
	"  --reorder-share PERCENT   how many are held back; default 10\n"
	"  --delay MS, --jitter MS   one way; jitter is added, from 0 up to it\n"
	"  --drop-dtls N             lose the first N handshake datagrams that the DTLS client\n"
	"                            of each pair of ports sends\n"
	"  --seed N                  decides all the rest; default 1\n"
	"  --stats FILE              the JSON printed at the end; default standard error\n"
	"\n"
	"Signal USR1 cuts the link for UDP, and heals it the next time.\n"
	"\n"
	"example:\n"
	"  impair --loss 5 --duplicate 2 --reorder 4 --drop-dtls 1 -- sh -c '\n"
	"    \"$IMPAIR\" in a taut relay --host $IMPAIR_IP_A --port 8080 &\n"
	"    \"$IMPAIR\" in a taut call ws://$IMPAIR_IP_A:8080/ --room r --send echo &\n"
	"    \"$IMPAIR\" in b taut call ws://$IMPAIR_IP_A:8080/ --room r --send test'\n"
	"\n"
	"Chromium takes http://" IP4_A ":8080 for a secure page with\n"
	"  --unsafely-treat-insecure-origin-as-secure=http://" IP4_A ":8080\n";

struct run {
	struct link_rules rules;
	const char *stats;
	struct space a, b;
	struct link_talks talks;
	struct link_dir to_b, to_a;
	int signals;
	pid_t child;
};

static int64_t clock_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int run_inside(int argc, char **argv)
{
	if (argc < 3 || (strcmp(argv[1], "a") != 0 && strcmp(argv[1], "b") != 0)) {
		fputs(help, stderr);
		return 2;
	}
	const char *name = argv[1][0] == 'a' ? "IMPAIR_NET_A" : "IMPAIR_NET_B";
	const char *path = getenv(name);
	const int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) {
		fprintf(stderr, "impair: cannot enter %s (%s): %s\n", argv[1],
		        path ? path : "not below impair", strerror(errno));
		return 1;
	}
	execvp(argv[2], argv + 2);
	fprintf(stderr, "impair: %s: %s\n", argv[2], strerror(errno));
	return 127;
}

static bool number(const char *text, double max, double *out)
{
	char *end;

	errno = 0;
	*out = strtod(text, &end);
	return errno == 0 && end != text && *end == '\0' && *out >= 0 && *out <= max;
}

enum { OPT_LOSS = 1, OPT_DUPLICATE, OPT_REORDER, OPT_SHARE, OPT_DELAY, OPT_JITTER, OPT_DTLS,
       OPT_SEED, OPT_STATS, OPT_HELP };

static bool take_option(struct run *r, int option, const char *text)
{
	struct link_rules *rules = &r->rules;
	double v = 0;

	if (option == OPT_STATS) {
		r->stats = text;
		return true;
	}
	const bool percent = option == OPT_LOSS || option == OPT_DUPLICATE || option == OPT_SHARE;
	if (!number(text, percent ? 100 : option == OPT_SEED ? 4294967295.0 : 60000, &v)) {
		fprintf(stderr, "impair: %s is not a number that fits here\n", text);
		return false;
	}
	switch (option) {
	case OPT_LOSS: rules->loss = v; break;
	case OPT_DUPLICATE: rules->duplicate = v; break;
	case OPT_SHARE: rules->reorder_share = v; break;
	case OPT_REORDER: rules->reorder = (unsigned)v; break;
	case OPT_DELAY: rules->delay = (int64_t)(v * 1000); break;
	case OPT_JITTER: rules->jitter = (int64_t)(v * 1000); break;
	case OPT_DTLS: rules->drop_dtls = (unsigned)v; break;
	case OPT_SEED: rules->seed = (uint64_t)v; break;
	}
	return true;
}

/* -1: go on; otherwise the status to end with. */
static int read_options(struct run *r, int argc, char **argv)
{
	static const struct option options[] = {
		{ "loss", required_argument, NULL, OPT_LOSS },
		{ "duplicate", required_argument, NULL, OPT_DUPLICATE },
		{ "reorder", required_argument, NULL, OPT_REORDER },
		{ "reorder-share", required_argument, NULL, OPT_SHARE },
		{ "delay", required_argument, NULL, OPT_DELAY },
		{ "jitter", required_argument, NULL, OPT_JITTER },
		{ "drop-dtls", required_argument, NULL, OPT_DTLS },
		{ "seed", required_argument, NULL, OPT_SEED },
		{ "stats", required_argument, NULL, OPT_STATS },
		{ "help", no_argument, NULL, OPT_HELP },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (option == OPT_HELP) {
			fputs(help, stdout);
			return 0;
		}
		if (option == '?' || !take_option(r, option, optarg))
			return 2;
	}
	if (optind == argc) {
		fputs(help, stderr);
		return 2;
	}
	return -1;
}

static void set_path(const char *name, const struct space *s)
{
	char path[64];

	snprintf(path, sizeof path, "/proc/%ld/fd/%d", (long)getpid(), s->ns);
	setenv(name, path, 1);
}

static void set_environment(const struct run *r)
{
	char self[4096];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n > 0) {
		self[n] = '\0';
		setenv("IMPAIR", self, 1);
	}
	set_path("IMPAIR_NET_A", &r->a);
	set_path("IMPAIR_NET_B", &r->b);
	setenv("IMPAIR_IP_A", IP4_A, 1);
	setenv("IMPAIR_IP_B", IP4_B, 1);
}

static bool start(struct run *r, char **command)
{
	sigset_t ours, before;

	sigemptyset(&ours);
	sigaddset(&ours, SIGCHLD);
	sigaddset(&ours, SIGUSR1);
	sigaddset(&ours, SIGINT);
	sigaddset(&ours, SIGTERM);
	sigprocmask(SIG_BLOCK, &ours, &before);
	r->signals = signalfd(-1, &ours, SFD_NONBLOCK | SFD_CLOEXEC);
	set_environment(r);
	r->child = r->signals < 0 ? -1 : fork();
	if (r->child == 0) {
		sigprocmask(SIG_SETMASK, &before, NULL);
		execvp(command[0], command);
		fprintf(stderr, "impair: %s: %s\n", command[0], strerror(errno));
		_exit(127);
	}
	return r->child > 0;
}

static void read_packets(int tun, struct link_dir *d)
{
	uint8_t packet[LINK_MTU];

	for (int i = 0; i < 64; i++) {
		const ssize_t n = read(tun, packet, sizeof packet);
		if (n <= 0)
			return;
		link_put(d, clock_us(), packet, (size_t)n);
	}
}

static void write_packets(int tun, struct link_dir *d)
{
	struct link_packet *p;

	while ((p = link_take(d, clock_us())) != NULL) {
		if (write(tun, p->data, p->len) < 0)
			d->stats.overflowed++;
		free(p);
	}
}

/* True: the child has ended; *status is ours to end with. */
static bool handle_signals(struct run *r, int *status)
{
	struct signalfd_siginfo info;
	int child;

	while (read(r->signals, &info, sizeof info) == (ssize_t)sizeof info) {
		if (info.ssi_signo == SIGUSR1) {
			r->to_a.cut = r->to_b.cut = !r->to_a.cut;
			fprintf(stderr, "impair: the link is %s\n", r->to_a.cut ? "cut" : "healed");
		} else if (info.ssi_signo != SIGCHLD) {
			kill(r->child, (int)info.ssi_signo);
		}
	}
	if (waitpid(r->child, &child, WNOHANG) != r->child)
		return false;
	*status = WIFEXITED(child) ? WEXITSTATUS(child) : 128 + WTERMSIG(child);
	return true;
}

static int carry(struct run *r)
{
	struct pollfd fds[] = { { .fd = r->a.tun, .events = POLLIN },
		                { .fd = r->b.tun, .events = POLLIN },
		                { .fd = r->signals, .events = POLLIN } };
	int status = 0;

	for (;;) {
		const int64_t a = link_due(&r->to_a), b = link_due(&r->to_b);
		const int64_t due = a < b ? a : b, now = clock_us();
		struct timespec wait = { 0, 0 };
		if (due != INT64_MAX && due > now) {
			wait.tv_sec = (time_t)((due - now) / 1000000);
			wait.tv_nsec = (long)((due - now) % 1000000 * 1000);
		}
		ppoll(fds, 3, due == INT64_MAX ? NULL : &wait, NULL);
		if ((fds[2].revents & POLLIN) && handle_signals(r, &status))
			return status;
		read_packets(r->a.tun, &r->to_b);
		read_packets(r->b.tun, &r->to_a);
		write_packets(r->b.tun, &r->to_b);
		write_packets(r->a.tun, &r->to_a);
	}
}

static void print_direction(FILE *out, const char *name, const struct link_stats *s)
{
	fprintf(out,
	        "\"%s\":{\"udp_packets\":%llu,\"udp_bytes\":%llu,\"lost\":%llu,"
	        "\"duplicated\":%llu,\"reordered\":%llu,\"dtls_dropped\":%llu,\"cut\":%llu,"
	        "\"overflowed\":%llu,\"other_packets\":%llu}",
	        name, (unsigned long long)s->udp_packets, (unsigned long long)s->udp_bytes,
	        (unsigned long long)s->lost, (unsigned long long)s->duplicated,
	        (unsigned long long)s->reordered, (unsigned long long)s->dtls_dropped,
	        (unsigned long long)s->cut, (unsigned long long)s->overflowed,
	        (unsigned long long)s->other_packets);
}

static void print_stats(const struct run *r)
{
	FILE *out = r->stats ? fopen(r->stats, "w") : stderr;

	if (!out) {
		fprintf(stderr, "impair: %s: %s\n", r->stats, strerror(errno));
		return;
	}
	fprintf(out, "{\"seed\":%llu,", (unsigned long long)r->rules.seed);
	print_direction(out, "a_to_b", &r->to_b.stats);
	fputc(',', out);
	print_direction(out, "b_to_a", &r->to_a.stats);
	fputs("}\n", out);
	if (out != stderr)
		fclose(out);
}

int main(int argc, char **argv)
{
	static struct run r = { .rules = { .reorder_share = 10, .seed = 1 } };
	const char *step = "a user namespace";

	if (argc > 1 && strcmp(argv[1], "in") == 0)
		return run_inside(argc - 1, argv + 1);
	int status = read_options(&r, argc, argv);
	if (status >= 0)
		return status;
	if (!space_become_root() || !space_open(&r.a, IP4_A, IP6_A, &step) ||
	    !space_open(&r.b, IP4_B, IP6_B, &step)) {
		fprintf(stderr, "impair: cannot make %s: %s\n", step, strerror(errno));
		return CANNOT;
	}
	link_init(&r.to_b, &r.rules, &r.talks, 0);
	link_init(&r.to_a, &r.rules, &r.talks, 1);
	if (!start(&r, argv + optind)) {
		fprintf(stderr, "impair: cannot start %s: %s\n", argv[optind], strerror(errno));
		return 1;
	}
	status = carry(&r);
	print_stats(&r);
	link_free(&r.to_a);
	link_free(&r.to_b);
	return status;
}
