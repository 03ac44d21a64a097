/* addr.c - transport addresses. Text forms are RFC 5952 (shortest IPv6, the
 * longest run of zeros written ::) and read as RFC 4291 section 2.2. Written
 * here because the core imports nothing from the sockets API. */
#include "base/addr.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"

static size_t ip_len(const struct taut_addr *a)
{
	return a->family == 4 ? 4 : a->family == 6 ? 16 : 0;
}

bool tt_addr_eq_ip(const struct taut_addr *a, const struct taut_addr *b)
{
	return a->family == b->family && memcmp(a->ip, b->ip, ip_len(a)) == 0;
}

bool tt_addr_eq(const struct taut_addr *a, const struct taut_addr *b)
{
	return a->port == b->port && tt_addr_eq_ip(a, b);
}

bool tt_addr_is_any(const struct taut_addr *a)
{
	static const uint8_t zeros[16];

	return memcmp(a->ip, zeros, ip_len(a)) == 0;
}

bool tt_addr_is_loopback(const struct taut_addr *a)
{
	static const uint8_t one[16] = { [15] = 1 };

	return a->family == 4 ? a->ip[0] == 127 : a->family == 6 && memcmp(a->ip, one, 16) == 0;
}

bool tt_addr_is_link_local(const struct taut_addr *a)
{
	if (a->family == 4)
		return a->ip[0] == 169 && a->ip[1] == 254;
	return a->family == 6 && a->ip[0] == 0xfe && (a->ip[1] & 0xc0) == 0x80;
}

bool tt_addr_is_private(const struct taut_addr *a)
{
	if (a->family == 4)
		return a->ip[0] == 10 || (a->ip[0] == 172 && (a->ip[1] & 0xf0) == 16) ||
		       (a->ip[0] == 192 && a->ip[1] == 168);
	return a->family == 6 && (a->ip[0] & 0xfe) == 0xfc;
}

static uint16_t group(const struct taut_addr *a, int i)
{
	return (uint16_t)(a->ip[2 * i] << 8 | a->ip[2 * i + 1]);
}

/* RFC 5952 section 4.2: the longest run of at least two zero groups, the first of equals. */
static void longest_zero_run(const struct taut_addr *a, int *at, int *len)
{
	*at = -1;
	*len = 1;
	for (int i = 0; i < 8;) {
		int n = 0;
		while (i + n < 8 && group(a, i + n) == 0)
			n++;
		if (n > *len) {
			*at = i;
			*len = n;
		}
		i += n + 1; /* what ended the run is no zero */
	}
}

static size_t put_ip6(const struct taut_addr *a, char *buf, size_t cap)
{
	int at, run;
	size_t n = 0;

	longest_zero_run(a, &at, &run);
	for (int i = 0; i < 8; i++) {
		if (i == at) {
			n += (size_t)snprintf(buf + n, cap - n, "::");
			i += run - 1;
			continue;
		}
		const char *colon = i == 0 || i == at + run ? "" : ":";
		n += (size_t)snprintf(buf + n, cap - n, "%s%x", colon, (unsigned)group(a, i));
	}
	return n;
}

const char *tt_addr_ip_text(const struct taut_addr *a, char *buf)
{
	if (a->family == 4)
		snprintf(buf, TT_ADDR_TEXT, "%u.%u.%u.%u", a->ip[0], a->ip[1], a->ip[2], a->ip[3]);
	else if (a->family == 6)
		put_ip6(a, buf, TT_ADDR_TEXT);
	else
		snprintf(buf, TT_ADDR_TEXT, "none");
	return buf;
}

const char *tt_addr_text(const struct taut_addr *a, char *buf)
{
	char ip[TT_ADDR_TEXT];

	tt_addr_ip_text(a, ip);
	snprintf(buf, TT_ADDR_TEXT, a->family == 6 ? "[%.45s]:%u" : "%.45s:%u", ip,
		 (unsigned)a->port);
	return buf;
}

static bool parse_ip4(uint8_t out[4], const char *t, size_t len)
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		unsigned v = 0;
		size_t digits = 0;
		while (i < len && t[i] >= '0' && t[i] <= '9') {
			v = v * 10 + (unsigned)(t[i++] - '0');
			digits++;
		}
		if (digits == 0 || digits > 3 || v > 255)
			return false;
		out[part] = (uint8_t)v;
		if (part < 3 && (i >= len || t[i++] != '.'))
			return false;
	}
	return i == len;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One group of up to four hex digits at *i, into two bytes. */
static bool parse_group(uint8_t *out, const char *t, size_t len, size_t *i)
{
	size_t end = *i;
	unsigned v = 0;

	while (end < len && hex_digit(t[end]) >= 0)
		v = v << 4 | (unsigned)hex_digit(t[end++]);
	if (end == *i || end - *i > 4)
		return false;
	out[0] = (uint8_t)(v >> 8);
	out[1] = (uint8_t)v;
	*i = end;
	return true;
}

/* Groups go to head until "::" and to tail after it; the gap between is zeros. */
static bool parse_ip6(uint8_t out[16], const char *t, size_t len)
{
	uint8_t bytes[16] = { 0 };
	size_t n = 0, gap = 17, i = 0;

	if (len >= 2 && t[0] == ':' && t[1] == ':') {
		gap = 0;
		i = 2;
	}
	while (i < len) {
		if (memchr(t + i, ':', len - i) == NULL && memchr(t + i, '.', len - i) != NULL) {
			/* 2.2.3: the last four bytes as a dotted quad */
			if (n > 12 || !parse_ip4(bytes + n, t + i, len - i))
				return false;
			n += 4;
			break;
		}
		if (n == 16 || !parse_group(bytes + n, t, len, &i))
			return false;
		n += 2;
		if (i == len)
			break;
		if (t[i++] != ':' || i == len)
			return false;
		if (t[i] == ':') {
			if (gap <= 16)
				return false;
			gap = n;
			i++;
		}
	}
	if ((n == 16) != (gap > 16)) /* a gap stands for a group at least */
		return false;
	memset(out, 0, 16);
	gap = tt_min(gap, n);
	memcpy(out, bytes, gap);
	memcpy(out + 16 - (n - gap), bytes + gap, n - gap);
	return true;
}

bool tt_addr_parse_ip(struct taut_addr *out, const char *text, size_t len)
{
	struct taut_addr a = { .family = 4 };

	if (!parse_ip4(a.ip, text, len)) {
		a.family = 6;
		if (!parse_ip6(a.ip, text, len))
			return false;
	}
	*out = a;
	return true;
}
