/* world_dns_wire.c - see world_dns_wire.h. */
#include "world/world_dns_wire.h"

#include <string.h>

enum { LABEL = 63 };

struct dns_head world_dns_head(struct rd *r)
{
	struct dns_head h = { .id = rd_u16(r) };

	h.flags = rd_u16(r);
	h.questions = rd_u16(r);
	h.answers = rd_u16(r);
	rd_u32(r); /* authority and additional: not looked at */
	return h;
}

bool world_dns_read_name(struct rd *r, char out[DNS_NAME])
{
	size_t at = 0;

	for (uint8_t n; (n = rd_u8(r)) > 0 && !r->bad;) {
		const uint8_t *label = rd_take(r, n);
		if (!label || n > LABEL || at + n + 2 > DNS_NAME - 1)
			return false;
		memcpy(out + at, label, n);
		at += n;
		out[at++] = '.';
	}
	out[at > 0 ? at - 1 : 0] = '\0';
	return !r->bad && at > 0;
}

void world_dns_skip_name(struct rd *r)
{
	for (uint8_t n; (n = rd_u8(r)) > 0 && !r->bad;) {
		if (n > LABEL) { /* 4.1.4: a pointer is the end */
			rd_u8(r);
			return;
		}
		rd_take(r, n);
	}
}

void world_dns_write_name(struct wr *w, const char *name)
{
	while (*name) {
		size_t n = strcspn(name, ".");
		wr_u8(w, (uint8_t)n);
		wr_bytes(w, name, n);
		name += n + (name[n] == '.');
	}
	wr_u8(w, 0);
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool world_dns_same(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}
