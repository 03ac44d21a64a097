/* bench_bare.c - see bench_bare.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "base/crc32c.h"
#include "bench_bare.h"

enum { HEADER = 12, TAG = 16, CRC = 4, PACKET = 1500, UNDER_WAY = 2 };

struct bare {
	struct bench_bare_config cfg;
	int out, in;
	EVP_CIPHER_CTX *seal, *open;
	uint8_t send[BENCH_BARE_BURST * PACKET], recv[65536];
	uint64_t counter;
	pid_t other; /* who takes the packets; 0: we do */
	int line;    /* to it, or to who asked it */
};

/* What the other process took, up to now. */
struct taken {
	double cpu_us;
	uint64_t packets;
	long rss_kb;
};

static int socket_on(struct sockaddr_in *at, const struct bench_veth *veth, int end)
{
	socklen_t len = sizeof *at;

	bench_veth_enter(veth, end);
	const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bench_veth_home(veth);
	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	inet_pton(AF_INET, veth ? bench_veth_address[end] : "127.0.0.1", &at->sin_addr);
	if (fd < 0 || bind(fd, (const struct sockaddr *)at, sizeof *at) < 0 ||
	    getsockname(fd, (struct sockaddr *)at, &len) < 0)
		abort();
	return fd;
}

static void set_int(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof value) < 0)
		abort();
}

static void begin_other(struct bare *b);

void *bench_bare_new(const struct bench_bare_config *cfg)
{
	static const uint8_t key[16] = { 1 }, iv[12];
	struct bare *b = calloc(1, sizeof *b);
	struct sockaddr_in out, in;

	if (!b)
		abort();
	b->cfg = *cfg;
	b->in = socket_on(&in, cfg->veth, 1);
	b->out = socket_on(&out, cfg->veth, 0);
	if (connect(b->out, (const struct sockaddr *)&in, sizeof in) < 0 ||
	    connect(b->in, (const struct sockaddr *)&out, sizeof out) < 0)
		abort();
	if (!cfg->no_gso) {
		set_int(b->out, IPPROTO_UDP, UDP_SEGMENT, (int)(HEADER + cfg->payload + TAG));
		set_int(b->in, IPPROTO_UDP, UDP_GRO, 1);
	}
	b->seal = EVP_CIPHER_CTX_new();
	b->open = EVP_CIPHER_CTX_new();
	EVP_EncryptInit_ex(b->seal, EVP_aes_128_gcm(), NULL, key, iv);
	EVP_DecryptInit_ex(b->open, EVP_aes_128_gcm(), NULL, key, iv);
	if (cfg->two)
		begin_other(b);
	return b;
}

void bench_bare_free(void *me)
{
	struct bare *b = me;

	if (b->other > 0) {
		close(b->line); /* it hears that, for nobody was forked since who holds it */
		(void)waitpid(b->other, NULL, 0);
	}
	close(b->in);
	close(b->out);
	EVP_CIPHER_CTX_free(b->seal);
	EVP_CIPHER_CTX_free(b->open);
	bench_veth_free(b->cfg.veth);
	free(b);
}

static void seal(struct bare *b, uint8_t *packet, size_t payload)
{
	uint8_t iv[12] = { 0 };
	int n;

	if (b->cfg.crc32c) {
		const uint32_t crc = tt_crc32c(packet + HEADER + CRC, payload - CRC);
		memcpy(packet + HEADER, &crc, CRC);
	}
	memcpy(iv, &b->counter, sizeof b->counter);
	memcpy(packet, &b->counter, sizeof b->counter); /* in place of a header */
	b->counter++;
	EVP_EncryptInit_ex(b->seal, NULL, NULL, NULL, iv);
	EVP_EncryptUpdate(b->seal, NULL, &n, packet, HEADER);
	EVP_EncryptUpdate(b->seal, packet + HEADER, &n, packet + HEADER, (int)payload);
	EVP_EncryptFinal_ex(b->seal, packet + HEADER + payload, &n);
	EVP_CIPHER_CTX_ctrl(b->seal, EVP_CTRL_AEAD_GET_TAG, TAG, packet + HEADER + payload);
}

static void unseal(struct bare *b, uint8_t *packet, size_t payload)
{
	uint8_t iv[12] = { 0 };
	int n;

	memcpy(iv, packet, sizeof b->counter);
	EVP_DecryptInit_ex(b->open, NULL, NULL, NULL, iv);
	EVP_CIPHER_CTX_ctrl(b->open, EVP_CTRL_AEAD_SET_TAG, TAG, packet + HEADER + payload);
	EVP_DecryptUpdate(b->open, NULL, &n, packet, HEADER);
	EVP_DecryptUpdate(b->open, packet + HEADER, &n, packet + HEADER, (int)payload);
	if (EVP_DecryptFinal_ex(b->open, packet + HEADER + payload, &n) != 1)
		abort();
	if (b->cfg.crc32c) {
		const uint32_t crc = tt_crc32c(packet + HEADER + CRC, payload - CRC);
		if (memcmp(packet + HEADER, &crc, CRC) != 0)
			abort();
	}
}

/* ---- packet by packet, many in a call ---- */

enum { SLOTS = 65536 / PACKET };

static void pass_singly(struct bare *b)
{
	const size_t size = HEADER + b->cfg.payload + TAG;
	struct mmsghdr all[BENCH_BARE_BURST] = { 0 };
	struct iovec at[BENCH_BARE_BURST];

	for (unsigned i = 0; i < b->cfg.burst; i++) {
		at[i] = (struct iovec){ b->send + i * size, size };
		all[i].msg_hdr = (struct msghdr){ .msg_iov = &at[i], .msg_iovlen = 1 };
	}
	if (sendmmsg(b->out, all, b->cfg.burst, 0) != (int)b->cfg.burst)
		abort();
}

static uint64_t take_singly(struct bare *b, int fd, size_t payload)
{
	struct mmsghdr all[SLOTS] = { 0 };
	struct iovec at[SLOTS];
	uint64_t got = 0;

	for (unsigned i = 0; i < SLOTS; i++) {
		at[i] = (struct iovec){ b->recv + i * PACKET, PACKET };
		all[i].msg_hdr = (struct msghdr){ .msg_iov = &at[i], .msg_iovlen = 1 };
	}
	for (;;) {
		const int n = recvmmsg(fd, all, SLOTS, MSG_DONTWAIT, NULL);
		if (n <= 0)
			return got;
		for (int i = 0; i < n; i++)
			unseal(b, b->recv + i * PACKET, payload);
		got += (uint64_t)n;
		if (n < SLOTS)
			return got;
	}
}

/* All that waits at a socket. */
static uint64_t take_all(struct bare *b, int fd, size_t payload)
{
	const size_t size = HEADER + payload + TAG;
	uint64_t got = 0;

	if (b->cfg.no_gso)
		return take_singly(b, fd, payload);
	for (;;) {
		const ssize_t n = recv(fd, b->recv, sizeof b->recv, MSG_DONTWAIT);
		if (n <= 0)
			return got;
		for (size_t at = 0; at + size <= (size_t)n; at += size, got++)
			unseal(b, b->recv + at, payload);
	}
}

static void send_burst(struct bare *b)
{
	const size_t size = HEADER + b->cfg.payload + TAG;

	for (unsigned i = 0; i < b->cfg.burst; i++)
		seal(b, b->send + i * size, b->cfg.payload);
	if (b->cfg.no_gso)
		pass_singly(b);
	else if (send(b->out, b->send, b->cfg.burst * size, 0) < 0)
		abort();
}

static void send_reply(struct bare *b)
{
	seal(b, b->send, b->cfg.reply);
	if (send(b->in, b->send, HEADER + b->cfg.reply + TAG, 0) < 0)
		abort();
}

static uint64_t turn(struct bare *b)
{
	send_burst(b);
	const uint64_t got = take_all(b, b->in, b->cfg.payload);
	if (b->cfg.reply > 0) {
		send_reply(b);
		take_all(b, b->out, b->cfg.reply);
	}
	return got;
}

/* ---- in two processes ---- */

/* Takes what comes and waits for it, answers each burst, and says what that took when it is asked. */
static _Noreturn void take(struct bare *b)
{
	struct pollfd f[2] = { { .fd = b->in, .events = POLLIN },
			       { .fd = b->line, .events = POLLIN } };
	uint64_t answered = 0;
	struct taken t = { 0 };
	char asked;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (poll(f, 2, -1) > 0) {
		if (f[0].revents) {
			const uint64_t n = take_all(b, b->in, b->cfg.payload);
			t.packets += n;
			for (; t.packets - answered >= b->cfg.burst; answered += b->cfg.burst)
				send_reply(b);
		} else if (f[1].revents) {
			if (recv(b->line, &asked, 1, 0) != 1)
				break;
			t.cpu_us = bench_cpu_us();
			t.rss_kb = bench_peak_rss_kb();
			if (send(b->line, &t, sizeof t, MSG_NOSIGNAL) != (ssize_t)sizeof t)
				break;
		}
	}
	_exit(0);
}

static void begin_other(struct bare *b)
{
	int line[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, line) < 0)
		abort();
	b->other = fork();
	if (b->other < 0)
		abort();
	b->line = line[b->other == 0];
	close(line[b->other != 0]);
	if (b->other == 0)
		take(b);
}

static struct taken ask_other(const struct bare *b)
{
	struct taken t;

	if (send(b->line, "", 1, MSG_NOSIGNAL) != 1 ||
	    recv(b->line, &t, sizeof t, 0) != (ssize_t)sizeof t)
		abort();
	return t;
}

/* A burst whose answer does not come within 200 ms was lost. */
static bool reply_comes(struct bare *b)
{
	struct pollfd f = { .fd = b->out, .events = POLLIN };

	if (poll(&f, 1, 200) != 1 || recv(b->out, b->recv, sizeof b->recv, 0) < 0)
		return false;
	unseal(b, b->recv, b->cfg.reply);
	return true;
}

static void run_two(struct bare *b, uint64_t packets, struct bench_sample *out)
{
	const struct taken before = ask_other(b);
	uint64_t sent = 0;
	unsigned under_way = 0;

	for (; sent < packets || under_way > 0;) {
		if (sent < packets && under_way < UNDER_WAY) {
			send_burst(b);
			sent += b->cfg.burst;
			under_way++;
		} else
			under_way = reply_comes(b) ? under_way - 1 : 0;
	}
	const struct taken after = ask_other(b);
	out->packets = after.packets - before.packets;
	out->cpu_us = after.cpu_us - before.cpu_us;
	out->rss_kb = after.rss_kb + bench_peak_rss_kb();
	out->lost = (double)(sent - out->packets) / (double)sent;
}

static void run_one(struct bare *b, uint64_t packets, struct bench_sample *out)
{
	uint64_t sent = 0;

	for (; sent < packets; sent += b->cfg.burst)
		out->packets += turn(b);
	out->lost = (double)(sent - out->packets) / (double)sent;
}

void bench_bare_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct bare *b = me;
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();

	*out = (struct bench_sample){ 0 };
	(b->cfg.two ? run_two : run_one)(b, packets, out);
	out->bytes = out->packets * b->cfg.payload;
	out->cpu_us += bench_cpu_us() - from;
	out->wall_us = bench_wall_us() - wall;
	out->allocations = bench_allocations() - mallocs;
}
