/* room_url.c - where a relay is: scheme, host and port of a URL, RFC 3986 section 3.
 *
 * What follows the port is ignored, so that the link of a page serves as well. No user names. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "base/work.h"
#include "signal/room_link.h"

static const struct {
	const char *prefix;
	int port;
	bool tls;
} schemes[] = {
	{ "ws://", 80, false },
	{ "http://", 80, false },
	{ "wss://", 443, true },
	{ "https://", 443, true },
};

static bool read_port(const char *p, const char *end, int *port)
{
	int64_t n = 0;

	tt_work((size_t)(end - p));
	for (; p < end; p++) {
		if (*p < '0' || *p > '9')
			return false;
		n = tt_min64(n * 10 + (*p - '0'), 65536); /* too high stays too high */
	}
	*port = (int)n;
	return n >= 1 && n <= 65535;
}

bool tt_link_parse_url(struct tt_link_url *out, const char *url)
{
	const char *p = NULL;

	*out = (struct tt_link_url){ 0 };
	for (size_t i = 0; url && i < TT_COUNT(schemes); i++) {
		size_t n = strlen(schemes[i].prefix);
		if (strncasecmp(url, schemes[i].prefix, n) == 0) {
			p = url + n;
			out->port = schemes[i].port;
			out->tls = schemes[i].tls;
		}
	}
	if (!p)
		return false;
	const char *end = p + strcspn(p, "/?#"), *host = p, *host_end;
	tt_work(2 * (size_t)(end - p)); /* the host below */
	if (*p == '[') {
		host = p + 1;
		host_end = host + strcspn(host, "]/?#");
		if (*host_end != ']')
			return false;
		p = host_end + 1;
	} else {
		host_end = p = p + strcspn(p, ":/?#");
	}
	if (host_end == host || (size_t)(host_end - host) >= sizeof out->host ||
	    memchr(host, '@', (size_t)(host_end - host)))
		return false;
	if (p < end && (*p != ':' || !read_port(p + 1, end, &out->port)))
		return false;
	snprintf(out->host, sizeof out->host, "%.*s", (int)(host_end - host), host);
	bool six = strchr(out->host, ':') != NULL;
	snprintf(out->authority, sizeof out->authority, "%s%s%s:%d", six ? "[" : "", out->host,
		 six ? "]" : "", out->port);
	return true;
}
