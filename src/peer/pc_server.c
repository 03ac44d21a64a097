/* pc_server.c - the URL of an ICE server: RFC 7064 for STUN, RFC 7065 for TURN.
 *
 *   stun:host[:port]    turn:host[:port][?transport=udp|tcp]    turns:host[:port][?transport=tcp]
 *
 * STUN over TLS, and TURN over DTLS (turns: with transport=udp), are well formed and not built. */
#include <string.h>

#include "base/work.h"
#include "peer/pc.h"

/* RFC 3986 section 3.2.2: no delimiter of another part, no blank, ASCII only. */
static bool is_host(const char *p, size_t len)
{
	tt_work(len);
	for (size_t i = 0; i < len; i++)
		if (p[i] <= ' ' || p[i] > '~' || strchr("@/?#[]\"<>\\^`{|}", p[i]))
			return false;
	return len > 0;
}

/* ":port" or nothing, up to end: then 0. */
static bool read_port(const char *p, const char *end, uint16_t *port)
{
	unsigned v = 0;

	*port = 0;
	if (p == end)
		return true;
	if (*p != ':')
		return false;
	tt_work((size_t)(end - p));
	for (p++; p < end; p++) {
		if (*p < '0' || *p > '9' || v > 65535)
			return false;
		v = v * 10 + (unsigned)(*p - '0');
	}
	*port = (uint16_t)v;
	return v > 0 && v <= 65535;
}

/* From p to end; in brackets an IPv6 address. */
static bool read_host(const char *p, const char *end, char *host, size_t cap, uint16_t *port)
{
	const char *first = p, *last;

	if (p < end && *p == '[') {
		first = p + 1;
		last = memchr(p, ']', (size_t)(end - p));
		p = last ? last + 1 : NULL;
	} else {
		last = memchr(p, ':', (size_t)(end - p));
		last = last ? last : end;
		p = last;
	}
	if (!last || (size_t)(last - first) >= cap || !is_host(first, (size_t)(last - first)))
		return false;
	memcpy(host, first, (size_t)(last - first));
	host[last - first] = '\0';
	return read_port(p, end, port);
}

/* Behind the "?" of RFC 7065 section 3.1. */
static int read_transport(const char *query, bool tls, enum tt_ice_transport *out)
{
	static const char key[] = "transport=";

	if (strncmp(query, key, sizeof key - 1) != 0)
		return TAUT_E_INVAL;
	query += sizeof key - 1;
	const bool udp = strcmp(query, "udp") == 0;
	if (!udp && strcmp(query, "tcp") != 0)
		return TAUT_E_INVAL;
	if (!tls)
		*out = udp ? TT_ICE_UDP : TT_ICE_TCP;
	return tls && udp ? TAUT_E_UNSUPPORTED : TAUT_OK;
}

int pc_read_server(const char *url, char *host, size_t cap, struct tt_ice_server *out, bool *turn)
{
	static const struct {
		const char *scheme;
		bool turn, tls;
	} schemes[] = {
		{ "stun:", false, false },
		{ "stuns:", false, true },
		{ "turn:", true, false },
		{ "turns:", true, true },
	};

	for (size_t i = 0; url && i < sizeof schemes / sizeof schemes[0]; i++) {
		const size_t len = strlen(schemes[i].scheme);
		if (strncmp(url, schemes[i].scheme, len) != 0)
			continue;
		const char *p = url + len, *query = schemes[i].turn ? strchr(p, '?') : NULL;
		if (!read_host(p, query ? query : p + strlen(p), host, cap, &out->port))
			return TAUT_E_INVAL;
		*turn = schemes[i].turn;
		out->transport = schemes[i].tls ? TT_ICE_TLS : TT_ICE_UDP;
		if (!schemes[i].turn)
			return schemes[i].tls ? TAUT_E_UNSUPPORTED : TAUT_OK;
		return query ? read_transport(query + 1, schemes[i].tls, &out->transport) : TAUT_OK;
	}
	return TAUT_E_INVAL;
}
