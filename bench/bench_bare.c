/* bench_bare.c - see bench_bare.h. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "bench_bare.h"

enum { HEADER = 12, TAG = 16, PACKET = 1500 };

struct bare {
	struct bench_veth *veth;
	int out, in;
	unsigned burst;
	size_t payload, reply;
	EVP_CIPHER_CTX *seal, *open;
	uint8_t send[BENCH_BARE_BURST * PACKET], recv[65536];
	uint64_t counter;
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

void *bench_bare_new(unsigned burst, size_t payload, size_t reply, struct bench_veth *veth)
{
	static const uint8_t key[16] = { 1 }, iv[12];
	struct bare *b = calloc(1, sizeof *b);
	struct sockaddr_in out, in;

	if (!b)
		abort();
	b->veth = veth;
	b->burst = burst;
	b->payload = payload;
	b->reply = reply;
	b->in = socket_on(&in, veth, 1);
	b->out = socket_on(&out, veth, 0);
	if (connect(b->out, (const struct sockaddr *)&in, sizeof in) < 0 ||
	    connect(b->in, (const struct sockaddr *)&out, sizeof out) < 0)
		abort();
	set_int(b->out, IPPROTO_UDP, UDP_SEGMENT, (int)(HEADER + payload + TAG));
	set_int(b->in, IPPROTO_UDP, UDP_GRO, 1);
	b->seal = EVP_CIPHER_CTX_new();
	b->open = EVP_CIPHER_CTX_new();
	EVP_EncryptInit_ex(b->seal, EVP_aes_128_gcm(), NULL, key, iv);
	EVP_DecryptInit_ex(b->open, EVP_aes_128_gcm(), NULL, key, iv);
	return b;
}

void bench_bare_free(void *me)
{
	struct bare *b = me;

	close(b->in);
	close(b->out);
	EVP_CIPHER_CTX_free(b->seal);
	EVP_CIPHER_CTX_free(b->open);
	bench_veth_free(b->veth);
	free(b);
}

static void seal(struct bare *b, uint8_t *packet, size_t payload)
{
	uint8_t iv[12] = { 0 };
	int n;

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
}

/* All that waits at a socket. */
static uint64_t take_all(struct bare *b, int fd, size_t payload)
{
	const size_t size = HEADER + payload + TAG;
	uint64_t got = 0;

	for (;;) {
		const ssize_t n = recv(fd, b->recv, sizeof b->recv, MSG_DONTWAIT);
		if (n <= 0)
			return got;
		for (size_t at = 0; at + size <= (size_t)n; at += size, got++)
			unseal(b, b->recv + at, payload);
	}
}

static uint64_t turn(struct bare *b)
{
	const size_t size = HEADER + b->payload + TAG;

	for (unsigned i = 0; i < b->burst; i++)
		seal(b, b->send + i * size, b->payload);
	if (send(b->out, b->send, b->burst * size, 0) < 0)
		abort();
	const uint64_t got = take_all(b, b->in, b->payload);
	if (b->reply > 0) {
		seal(b, b->send, b->reply);
		if (send(b->in, b->send, HEADER + b->reply + TAG, 0) < 0)
			abort();
		take_all(b, b->out, b->reply);
	}
	return got;
}

void bench_bare_run(void *me, uint64_t packets, struct bench_sample *out)
{
	struct bare *b = me;
	const double from = bench_cpu_us(), wall = bench_wall_us();
	const uint64_t mallocs = bench_allocations();
	uint64_t sent = 0, got = 0;

	for (; sent < packets; sent += b->burst)
		got += turn(b);
	*out = (struct bench_sample){ .packets = got,
				      .bytes = got * b->payload,
				      .cpu_us = bench_cpu_us() - from,
				      .wall_us = bench_wall_us() - wall,
				      .allocations = bench_allocations() - mallocs,
				      .lost = (double)(sent - got) / (double)sent };
}
