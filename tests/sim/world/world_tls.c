/* world_tls.c - a handshake with the shape of TLS 1.3 and none of its secrets.
 *
 *   client   22 3 3 length  1 name                   what it expects
 *   server   22 3 3 length  2 trusted name padding   what it shows
 *   client   22 3 3 length  20                       it is content; data may follow
 *
 * Record headers are those of RFC 8446 section 5.1, so that an end which speaks
 * no TLS sees what it would see in life. */
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/rd.h"
#include "base/wr.h"
#include "world/world_tcp_int.h"

enum { HANDSHAKE = 22, HELLO = 1, CERTIFICATE = 2, FINISHED = 20, HEAD = 5, FLIGHT = 3000 };

static void send_record(struct world_stream *s, uint8_t type, const char *text, bool trusted,
			size_t padded)
{
	uint8_t out[FLIGHT + 16];
	size_t n = strlen(text), body = tt_max(3 + n, padded);
	struct wr w = wr_make(out, sizeof out);

	wr_u8(&w, HANDSHAKE);
	wr_u16(&w, 0x0303);
	wr_u16(&w, tt_u16(body));
	wr_u8(&w, type);
	wr_u8(&w, trusted);
	wr_u8(&w, tt_u8(n));
	wr_bytes(&w, text, n);
	wr_zeros(&w, body - 3 - n);
	world_stream_write(s, out, wr_len(&w));
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same_name(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return *a == *b;
}

/* RFC 9525 section 6.3: a wildcard stands for one whole label, the leftmost. */
static bool names_it(const char *certificate, const char *wanted)
{
	const char *dot = strchr(wanted, '.');

	if (certificate[0] == '*' && certificate[1] == '.')
		return dot && dot > wanted && same_name(certificate + 1, dot);
	return same_name(certificate, wanted);
}

void world_tls_begin(struct world_stream *s)
{
	if (!s->is_server)
		send_record(s, HELLO, s->tls_name, false, 500);
}

static void fail(struct world_stream *s, enum world_stream_end why)
{
	world_tcp_put(s, s->nxt, TCP_RST, NULL, 0); /* in life an alert goes before it */
	world_stream_end(s, why);
}

static void done(struct world_stream *s)
{
	s->tls = TLS_DONE;
	world_stream_opened(s);
}

static void verify(struct world_stream *s, bool trusted, const char *name)
{
	if (!trusted) {
		fail(s, WORLD_STREAM_UNTRUSTED);
	} else if (!names_it(name, s->tls_name)) {
		fail(s, WORLD_STREAM_TLS_NAME);
	} else {
		send_record(s, FINISHED, "", true, 52);
		done(s);
	}
}

static void on_record(struct world_stream *s, struct rd body)
{
	uint8_t type = rd_u8(&body), trusted = rd_u8(&body), n = rd_u8(&body);
	const uint8_t *text = rd_take(&body, n);
	char name[WORLD_TLS_NAME] = { 0 };

	if (!body.bad)
		memcpy(name, text, n);
	if (!body.bad && s->is_server && type == HELLO && s->tls == TLS_HELLO) {
		const struct world_certificate *c = s->listener->cfg.tls;
		s->tls = TLS_FINISH;
		send_record(s, CERTIFICATE, c->name, !c->untrusted, FLIGHT);
	} else if (!body.bad && s->is_server && type == FINISHED && s->tls == TLS_FINISH) {
		done(s);
	} else if (!body.bad && !s->is_server && type == CERTIFICATE) {
		verify(s, trusted, name);
	} else {
		fail(s, WORLD_STREAM_NOT_TLS);
	}
}

void world_tls_data(struct world_stream *s, const uint8_t *data, size_t len)
{
	while (len > 0 && s->tls != TLS_DONE) {
		s->tls_in[s->tls_have++] = *data++;
		len--;
		struct rd r = rd_make(s->tls_in, s->tls_have);
		if (rd_u8(&r) != HANDSHAKE) {
			fail(s, WORLD_STREAM_NOT_TLS);
			return;
		}
		rd_u16(&r);
		uint16_t n = rd_u16(&r);
		if (!r.bad && n > sizeof s->tls_in - HEAD) {
			fail(s, WORLD_STREAM_NOT_TLS);
			return;
		}
		if (r.bad || rd_left(&r) < n)
			continue;
		s->tls_have = 0;
		on_record(s, rd_sub(&r, n));
		if (s->dead)
			return;
	}
	if (len > 0)
		world_stream_arrived(s, data, len);
}
