/* libnice.c - a peer of taut's bench: the STUN library of libnice. What is said and heard:
 * bench_peer.c. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <stun/stunagent.h>

enum { ROOM = 512 };

static const char read_profile[] = "read and verify a check";

struct work {
	StunAgent agent;
	uint8_t check[ROOM];
	size_t len;
	StunDefaultValidaterData who[2];
	struct sockaddr_in from;
};

static double cpu_us(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return 1e6 * (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static double wall_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return 1e6 * (double)t.tv_sec + (double)t.tv_nsec / 1e3;
}

static bool verify(struct work *w, StunMessage *m)
{
	return stun_agent_validate(&w->agent, m, w->check, w->len, stun_agent_default_validater,
				   w->who) == STUN_VALIDATION_SUCCESS;
}

static bool answer(struct work *w, const StunMessage *request)
{
	uint8_t out[ROOM];
	StunMessage m;

	return stun_agent_init_response(&w->agent, &m, out, sizeof out, request) &&
	       stun_message_append_xor_addr(&m, STUN_ATTRIBUTE_XOR_MAPPED_ADDRESS,
					    (const struct sockaddr_storage *)(void *)&w->from,
					    sizeof w->from) == STUN_MESSAGE_RETURN_SUCCESS &&
	       stun_agent_finish_message(&w->agent, &m, NULL, 0) > 0;
}

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = 0;

	for (; hex[0] && hex[1] && n < ROOM; hex += 2) {
		const char two[] = { hex[0], hex[1], 0 };
		out[n++] = (uint8_t)strtoul(two, NULL, 16);
	}
	return n;
}

static bool ready(struct work *w)
{
	/* What Chromium's check has beside the attributes that every agent knows. */
	static const uint16_t known[] = { STUN_ATTRIBUTE_USERNAME,
					  STUN_ATTRIBUTE_MESSAGE_INTEGRITY,
					  STUN_ATTRIBUTE_PRIORITY,
					  STUN_ATTRIBUTE_USE_CANDIDATE,
					  STUN_ATTRIBUTE_ICE_CONTROLLED,
					  STUN_ATTRIBUTE_ICE_CONTROLLING,
					  0 };
	static uint8_t user[] = "abcd:wxyz", pass[64];
	const char *check = getenv("BENCH_CHECK"), *password = getenv("BENCH_PASSWORD");
	StunMessage m;

	if (!check || !password || strlen(password) >= sizeof pass)
		return false;
	memcpy(pass, password, strlen(password));
	w->len = from_hex(check, w->check);
	w->who[0] = (StunDefaultValidaterData){ user, sizeof user - 1, pass, strlen(password) };
	w->from = (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons(5000) };
	w->from.sin_addr.s_addr = htonl(0xc0000201);
	stun_agent_init(&w->agent, known, STUN_COMPATIBILITY_RFC5389,
			STUN_AGENT_USAGE_SHORT_TERM_CREDENTIALS | STUN_AGENT_USAGE_USE_FINGERPRINT);
	return verify(w, &m) && answer(w, &m);
}

static void run(struct work *w, bool reads, unsigned long n)
{
	StunMessage m;
	struct rusage u;

	if (!verify(w, &m))
		abort();
	const double cpu = cpu_us(), wall = wall_us();
	for (unsigned long i = 0; i < n; i++)
		if (reads ? !verify(w, &m) : !answer(w, &m))
			abort();
	const double took = cpu_us() - cpu, waited = wall_us() - wall;
	getrusage(RUSAGE_SELF, &u);
	printf("{\"packets\":%lu,\"bytes\":%lu,\"cpu_us\":%.0f,\"wall_us\":%.0f,\"lost\":0,"
	       "\"rss_kb\":%ld}\n",
	       n, n * (unsigned long)w->len, took, waited, u.ru_maxrss);
}

int main(int argc, char **argv)
{
	struct work w = { .len = 0 };
	char line[64];

	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && strcmp(argv[1], "--cases") == 0) {
		puts("{\"subject\":\"libnice\",\"version\":\"" NICE_VERSION " (Debian)\"}");
		printf("{\"bench\":\"stun\",\"profile\":\"%s\",\"burst\":0}\n", read_profile);
		puts("{\"bench\":\"stun\",\"profile\":\"write and sign the answer\",\"burst\":0}");
		return 0;
	}
	if (argc != 4) {
		(void)fputs("usage: --cases | BENCH PROFILE BURST; ./dev bench --peers starts it\n",
			    stderr);
		return 2;
	}
	if (!ready(&w)) {
		puts("{\"left_out\":\"it refuses the check\"}");
		return 0;
	}
	puts("{\"ready\":true}");
	while (fgets(line, sizeof line, stdin))
		run(&w, strcmp(argv[2], read_profile) == 0,
		    strtoul(line + strlen("run "), NULL, 10));
	return 0;
}
