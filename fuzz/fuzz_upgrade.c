/* layers: signal peer base; corpus: none */
/* fuzz_upgrade.c - which WebSockets the relay lets in: what a request says of its path, its host and its page.
 *
 * libwebsockets reads the request; its two calls that say what was read are here instead, and give the
 * lines of the input. The first octet says whether the relay speaks TLS, answers to loopback alone, whether
 * there is an Origin, and whether that is made of the Host. Who is let in asks for /ws; a page is of the
 * relay's own origin; and where only loopback counts, its host is a loopback by the reader of URLs too. */
#include <string.h>
#include <strings.h>

#include "base/addr.h"
#include "fuzz_env.h"
#include "signal/relay_server.h"
#include "signal/room_link.h"

enum { LINE = 600 };

static struct {
	char path[LINE], host[LINE], origin[LINE + 16];
} said;

static const char *header(enum lws_token_indexes h)
{
	FUZZ_CHECK(h == WSI_TOKEN_GET_URI || h == WSI_TOKEN_HOST || h == WSI_TOKEN_ORIGIN,
		   "nothing else is asked for");
	return h == WSI_TOKEN_GET_URI ? said.path : h == WSI_TOKEN_HOST ? said.host : said.origin;
}

int lws_hdr_total_length(struct lws *wsi, enum lws_token_indexes h)
{
	(void)wsi;
	return (int)strlen(header(h));
}

/* -1: it does not fit. */
int lws_hdr_copy(struct lws *wsi, char *dest, int len, enum lws_token_indexes h)
{
	const int n = lws_hdr_total_length(wsi, h);

	dest[0] = '\0';
	if (n >= len)
		return -1;
	memcpy(dest, header(h), (size_t)n + 1);
	return n;
}

static void take_line(struct rd *in, char out[LINE])
{
	size_t n = 0;

	for (uint8_t c; (c = rd_u8(in)) != '\n' && c != '\0';)
		if (n < LINE - 1)
			out[n++] = (char)c;
	out[n] = '\0';
}

static bool ends_with(const char *text, const char *end)
{
	const size_t n = strlen(text), k = strlen(end);

	return n > k && strcasecmp(text + n - k, end) == 0;
}

/* What is no URL no browser asks for. */
static void check_loopback(const char *host)
{
	struct tt_link_url u;
	struct taut_addr a;
	char url[LINE + 16];

	(void)snprintf(url, sizeof url, "http://%s", host);
	if (!tt_link_parse_url(&u, url) || strcspn(host, "/?#") < strlen(host))
		return;
	if (tt_addr_parse_ip(&a, u.host, strlen(u.host)))
		FUZZ_CHECK(a.family == 4 ? a.ip[0] == 127
					 : memcmp(a.ip, (uint8_t[16]){ [15] = 1 }, 16) == 0,
			   "an address of loopback");
	else /* a name of numbers alone is none that DNS has */
		FUZZ_CHECK(strcasecmp(u.host, "localhost") == 0 ||
				   ends_with(u.host, ".localhost") ||
				   strspn(u.host, "0123456789.") == strlen(u.host),
			   "a name of loopback");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct taut_relay relay;
	struct rd in = rd_make(data, size);
	const uint8_t how = rd_u8(&in);
	const char *why = NULL, *scheme = how & 1 ? "https" : "http";
	char own[LINE + 16];

	relay.cfg.flags = how & 1 ? TAUT_RELAY_TLS : 0;
	relay.loopback_only = how & 2;
	take_line(&in, said.path);
	take_line(&in, said.host);
	take_line(&in, said.origin);
	(void)snprintf(own, sizeof own, "%s://%s", scheme, said.host);
	if (how & 4)
		(void)snprintf(said.origin, sizeof said.origin, "%s", own);
	if (how & 8)
		said.origin[0] = '\0';
	if (how & 16)
		(void)snprintf(said.path, sizeof said.path, "/ws");
	const bool in_it_goes = tt_relay_upgrade_allowed(&relay, NULL, &why);
	FUZZ_CHECK(in_it_goes || (why && why[0]), "refused without a reason");
	const bool right = strcmp(said.path, "/ws") == 0 && said.host[0] &&
			   (!said.origin[0] || strcasecmp(said.origin, own) == 0);
	FUZZ_CHECK(right || !in_it_goes, "for /ws, to somebody, from a page of here or from none");
	if (in_it_goes && relay.loopback_only)
		check_loopback(said.host);
	/* and the other way round: who must be let in */
	if (right && strlen(said.host) < 256 && !in_it_goes)
		FUZZ_CHECK(relay.loopback_only && strcasecmp(said.host, "localhost") != 0 &&
				   strcmp(said.host, "127.0.0.1") != 0 &&
				   strcmp(said.host, "[::1]") != 0,
			   "who is right gets in");
	return 0;
}
