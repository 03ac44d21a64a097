/* sdp_candidate.c - RFC 8839 section 5.1: one candidate, from text and back.
 *
 *     candidate:1467250027 1 udp 2122260223 192.0.2.1 46243 typ srflx raddr 10.0.0.1 rport 9
 *               foundation   transport      address   port            and "name value" pairs
 *                          component priority
 *
 * Names are kept as text: whoever resolves them decides. Extensions that do not fit their buffer
 * are left out, as those that nobody knows may be. */
#include "sdp/sdp_candidate.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"
#include "base/never.h"
#include "base/num.h"
#include "base/work.h"

static const char *const type_texts[] = {
	[TT_SDP_HOST] = "host",
	[TT_SDP_SRFLX] = "srflx",
	[TT_SDP_PRFLX] = "prflx",
	[TT_SDP_RELAY] = "relay",
};

static const char *const tcptype_texts[] = {
	/* RFC 6544 */
	[TT_SDP_TCP_ACTIVE] = "active",
	[TT_SDP_TCP_PASSIVE] = "passive",
	[TT_SDP_TCP_SO] = "so",
};

static uint8_t index_of(struct tt_sdp_word w, const char *const *texts, size_t count, uint8_t other)
{
	for (size_t i = 1; i < count; i++)
		if (tt_sdp_word_is_any(w, texts[i]))
			return tt_u8(i);
	return other;
}

/* The next word into a buffer with a NUL. */
static bool word_into(struct tt_sdp_lex *x, char *buf, size_t cap, const char *expected)
{
	struct tt_sdp_word w;

	if (!tt_sdp_word(x, &w, "", expected))
		return false;
	if (w.len >= cap)
		return tt_sdp_bad(x, w.p, "too long", expected);
	memcpy(buf, w.p, w.len);
	buf[w.len] = '\0';
	return true;
}

static bool is_host_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '.' || c == '-' || c == '_';
}

static bool ends_in_local(const char *name, size_t len)
{
	static const char suffix[] = ".local";
	const size_t n = sizeof suffix - 1;

	if (len <= n)
		return false;
	const struct tt_sdp_word end = { name + len - n, n };
	return tt_sdp_word_is_any(end, suffix);
}

static bool read_address(struct tt_sdp_lex *x, struct tt_sdp_candidate *c)
{
	static const char expected[] = "an IP address or a host name";

	if (!word_into(x, c->address, sizeof c->address, expected))
		return false;
	const size_t len = strlen(c->address);
	/* A zone says nothing on another host: the literal counts without it. */
	const char *zone = strchr(c->address, '%');
	if (tt_addr_parse_ip(&c->addr, c->address, zone ? (size_t)(zone - c->address) : len))
		return true;
	c->addr = (struct taut_addr){ .family = 0 };
	for (size_t i = 0; i < len; i++)
		if (!is_host_char(c->address[i]))
			return tt_sdp_bad(x, x->at - len, "not an address", expected);
	c->is_local_name = ends_in_local(c->address, len);
	return true;
}

static bool read_literal_word(struct tt_sdp_lex *x, const char *text)
{
	struct tt_sdp_word w;

	if (!tt_sdp_word(x, &w, "", text))
		return false;
	if (!tt_sdp_word_is(w, text))
		return tt_sdp_bad(x, w.p, "not what belongs here", text);
	return true;
}

static bool read_fixed_part(struct tt_sdp_lex *x, struct tt_sdp_candidate *c)
{
	uint64_t component, priority, port;

	if (!word_into(x, c->foundation, sizeof c->foundation,
		       "a foundation of at most 32 characters") ||
	    !tt_sdp_number(x, 1, 256, &component, "", "a component") ||
	    !word_into(x, c->transport_text, sizeof c->transport_text, "a transport") ||
	    !tt_sdp_number(x, 1, UINT32_MAX, &priority, "", "a priority") || !read_address(x, c))
		return false;
	const struct tt_sdp_word transport = { c->transport_text, strlen(c->transport_text) };
	c->transport = tt_sdp_word_is_any(transport, "udp")   ? TT_SDP_UDP
		       : tt_sdp_word_is_any(transport, "tcp") ? TT_SDP_TCP
							      : TT_SDP_TRANSPORT_OTHER;
	/* Nothing can be sent to UDP port 0; an active TCP candidate has no port of its own. */
	if (!tt_sdp_number(x, c->transport == TT_SDP_UDP, UINT16_MAX, &port, "", "a port") ||
	    !read_literal_word(x, "typ") ||
	    !word_into(x, c->type_text, sizeof c->type_text, "a candidate type"))
		return false;
	c->component = tt_u16(component);
	c->priority = tt_u32(priority);
	c->port = c->addr.port = tt_u16(port);
	if (c->addr.family == 0)
		c->addr.port = 0;
	const struct tt_sdp_word type = { c->type_text, strlen(c->type_text) };
	c->type = index_of(type, type_texts, TT_COUNT(type_texts), TT_SDP_TYPE_OTHER);
	return true;
}

static bool text_value(struct tt_sdp_lex *x, char *buf, size_t cap, struct tt_sdp_word value)
{
	if (value.len >= cap)
		return tt_sdp_bad(x, value.p, "too long", "a shorter value");
	memcpy(buf, value.p, value.len);
	buf[value.len] = '\0';
	return true;
}

/* A cursor over one value, whose refusal is the line's only where it is asked for. */
static struct tt_sdp_lex over(const struct tt_sdp_lex *x, struct tt_sdp_word value)
{
	struct tt_sdp_lex one = *x;

	one.at = value.p;
	one.end = value.p + value.len;
	return one;
}

/* An extension that is understood. False: it is to be kept as it is, or x is refused. */
static bool read_known(struct tt_sdp_lex *x, struct tt_sdp_candidate *c, struct tt_sdp_word name,
		       struct tt_sdp_word value, bool *has_rport)
{
	struct tt_sdp_lex one = over(x, value);
	uint64_t v;

	if (tt_sdp_word_is(name, "raddr"))
		return text_value(x, c->raddr, sizeof c->raddr, value);
	if (tt_sdp_word_is(name, "ufrag"))
		return text_value(x, c->ufrag, sizeof c->ufrag, value);
	if (tt_sdp_word_is(name, "rport")) {
		if (!tt_sdp_number(&one, 0, UINT16_MAX, &v, "", "a related port")) {
			x->code = one.code;
			return false;
		}
		c->rport = tt_u16(v);
		return *has_rport = true;
	}
	if (tt_sdp_word_is(name, "tcptype")) {
		const uint8_t t = index_of(value, tcptype_texts, TT_COUNT(tcptype_texts), 0);
		if (t > 0)
			c->tcptype = t;
		return t > 0;
	}
	if (tt_sdp_word_is(name, "generation")) {
		one.err = NULL;
		if (!tt_sdp_number(&one, 0, UINT32_MAX, &v, "", ""))
			return false;
		c->generation = tt_u32(v);
		return c->has_generation = true;
	}
	return false;
}

static void keep_extension(struct tt_sdp_candidate *c, struct tt_sdp_word name,
			   struct tt_sdp_word value)
{
	const size_t used = strlen(c->extensions);
	const size_t need = (used > 0) + name.len + 1 + value.len;

	if (need >= sizeof c->extensions - used)
		return;
	(void)snprintf(c->extensions + used, sizeof c->extensions - used, "%s%.*s %.*s",
		       used > 0 ? " " : "", (int)name.len, name.p, (int)value.len, value.p);
}

static bool read_extensions(struct tt_sdp_lex *x, struct tt_sdp_candidate *c)
{
	bool has_rport = false;

	while (!tt_sdp_at_end(x)) { /* no word comes after a refusal */
		struct tt_sdp_word name, value;
		(void)tt_sdp_word(x, &name, "", ""); /* there is one: this is not the end */
		if (!tt_sdp_word(x, &value, "", "the value of the extension"))
			return false;
		if (!read_known(x, c, name, value, &has_rport))
			keep_extension(c, name, value);
	}
	if (has_rport != (c->raddr[0] != '\0'))
		return tt_sdp_bad(x, x->at, "one of raddr and rport alone", "both or neither");
	return x->code == 0;
}

bool tt_sdp_candidate_parse(struct tt_sdp_lex *x, struct tt_sdp_candidate *out)
{
	*out = (struct tt_sdp_candidate){ .component = 0 };
	x->spec = "RFC 8839 section 5.1";
	return read_fixed_part(x, out) && read_extensions(x, out);
}

static bool skip_text(struct tt_sdp_lex *x, const char *text)
{
	const size_t n = strlen(text);

	if ((size_t)(x->end - x->at) < n || memcmp(x->at, text, n) != 0)
		return false;
	x->at += n;
	return true;
}

int tt_sdp_candidate_read(struct tt_sdp_candidate *out, const char *text, size_t len,
			  struct tt_sdp_error *err)
{
	tt_work(tt_min(len, TT_SDP_MAX_LINE)); /* in search of control characters */
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	struct tt_sdp_lex x = { .at = text,
				.end = text + tt_min(len, TT_SDP_MAX_LINE),
				.line = text,
				.number = 1,
				.spec = "RFC 8839 section 5.1",
				.err = err };

	for (const char *p = x.at; p < x.end; p++)
		if ((unsigned char)*p < ' ' && *p != '\t') {
			(void)tt_sdp_bad(&x, p, "a control character", "one line of text");
			return x.code;
		}
	if (len > TT_SDP_MAX_LINE) {
		(void)tt_sdp_bad(&x, x.end, "the line is too long", "at most 8192 bytes");
	} else {
		(void)skip_text(&x, "a=");
		if (!skip_text(&x, "candidate:"))
			(void)tt_sdp_bad(&x, x.at, "not a candidate", "candidate:");
		else
			(void)tt_sdp_candidate_parse(&x, out);
	}
	return x.code;
}

/* Appends, and remembers in *n that it did not fit by making it cap. */
#if defined __GNUC__
__attribute__((format(printf, 4, 5)))
#endif
static void
append(char *buf, size_t cap, size_t *n, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	const int got = vsnprintf(buf + *n, cap - *n, fmt, ap);
	va_end(ap);
	if (TT_NEVER(got < 0, "no format of ours fails")) {
		*n = cap;
		return;
	}
	*n = tt_min(*n + (size_t)got, cap);
}

size_t tt_sdp_candidate_write(const struct tt_sdp_candidate *c, char *buf, size_t cap)
{
	size_t n = 0;

	append(buf, cap, &n, "candidate:%s %u %s %" PRIu32 " %s %u typ %s", c->foundation,
	       c->component, c->transport_text, c->priority, c->address, c->port, c->type_text);
	if (c->raddr[0])
		append(buf, cap, &n, " raddr %s rport %u", c->raddr, c->rport);
	if (c->tcptype > 0 && c->tcptype < TT_COUNT(tcptype_texts))
		append(buf, cap, &n, " tcptype %s", tcptype_texts[c->tcptype]);
	if (c->has_generation)
		append(buf, cap, &n, " generation %" PRIu32, c->generation);
	if (c->ufrag[0])
		append(buf, cap, &n, " ufrag %s", c->ufrag);
	if (c->extensions[0])
		append(buf, cap, &n, " %s", c->extensions);
	return n < cap ? n : 0;
}

static void set(char *buf, size_t cap, const char *text)
{
	(void)snprintf(buf, cap, "%s", text);
}

void tt_sdp_candidate_init(struct tt_sdp_candidate *c, enum tt_sdp_transport transport,
			   enum tt_sdp_candidate_type type, const struct taut_addr *addr)
{
	char ip[TT_ADDR_TEXT];

	*c = (struct tt_sdp_candidate){ .transport = (uint8_t)transport,
					.type = (uint8_t)type,
					.component = 1,
					.addr = *addr,
					.port = addr->port };
	set(c->foundation, sizeof c->foundation, "1");
	set(c->transport_text, sizeof c->transport_text, transport == TT_SDP_TCP ? "tcp" : "udp");
	set(c->type_text, sizeof c->type_text,
	    type < TT_COUNT(type_texts) ? type_texts[type] : "host");
	set(c->address, sizeof c->address, tt_addr_ip_text(addr, ip));
}
