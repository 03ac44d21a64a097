/* relay_http.c - the page over HTTP, and which WebSocket upgrades are let in.
 *
 * The files are those embedded from web/, found by their exact path: there is no file system
 * behind this. Headers allow the page itself and nothing from elsewhere. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "signal/relay_server.h"

enum { CHUNK = 16 * 1024 };

static const struct {
	const char *end, *type;
} types[] = {
	{ ".html", "text/html; charset=utf-8" },
	{ ".css", "text/css; charset=utf-8" },
	{ ".js", "text/javascript; charset=utf-8" },
	{ ".svg", "image/svg+xml" },
	{ ".png", "image/png" },
	{ ".ico", "image/x-icon" },
	{ ".json", "application/json" },
	{ ".webmanifest", "application/manifest+json" },
};

static const struct {
	const char *name, *value;
} headers[] = {
	{ "cache-control:", "no-store" },
	{ "content-security-policy:",
	  "default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
	  "media-src 'self' blob: mediastream:; object-src 'none'; base-uri 'none'; "
	  "form-action 'none'; frame-ancestors 'none'" },
	{ "x-content-type-options:", "nosniff" },
	{ "x-frame-options:", "DENY" },
	{ "referrer-policy:", "no-referrer" },
	{ "permissions-policy:", "camera=(self), microphone=(self)" },
};

static const char *type_of(const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < TT_COUNT(types); i++) {
		size_t n = strlen(types[i].end);
		if (len >= n && strcmp(path + len - n, types[i].end) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

static const struct tt_page_file *find(const char *path)
{
	if (strcmp(path, "/") == 0)
		path = "/index.html";
	for (const struct tt_page_file *f = tt_page_files; f->path; f++)
		if (strcmp(f->path, path) == 0)
			return f;
	return NULL;
}

static int done(struct lws *wsi)
{
	return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int refuse(struct lws *wsi, unsigned status, const char *text)
{
	if (lws_return_http_status(wsi, status, text))
		return -1;
	return done(wsi);
}

static bool write_headers(struct lws *wsi, const struct tt_page_file *f)
{
	unsigned char buf[LWS_PRE + 2048], *start = buf + LWS_PRE, *p = start;
	unsigned char *end = buf + sizeof buf - 1;

	if (lws_add_http_common_headers(wsi, HTTP_STATUS_OK, type_of(f->path), f->len, &p, end))
		return false;
	for (size_t i = 0; i < TT_COUNT(headers); i++)
		if (lws_add_http_header_by_name(wsi, (const unsigned char *)headers[i].name,
						(const unsigned char *)headers[i].value,
						(int)strlen(headers[i].value), &p, end))
			return false;
	return lws_finalize_write_http_header(wsi, start, &p, end) == 0;
}

int tt_relay_http(struct lws *wsi, struct tt_relay_session *s, const char *path)
{
	const struct tt_page_file *f = find(path);
	bool head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;

	if (!head && lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) == 0)
		return refuse(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, "only GET and HEAD");
	if (!f)
		return refuse(wsi, HTTP_STATUS_NOT_FOUND, "no such page");
	if (!write_headers(wsi, f))
		return -1;
	if (head)
		return done(wsi);
	s->file = f;
	s->sent = 0;
	lws_callback_on_writable(wsi);
	return 0;
}

int tt_relay_http_more(struct lws *wsi, struct tt_relay_session *s)
{
	unsigned char buf[LWS_PRE + CHUNK];

	if (!s || !s->file)
		return 0;
	size_t n = tt_min(s->file->len - s->sent, CHUNK);
	bool last = s->sent + n == s->file->len;
	memcpy(buf + LWS_PRE, s->file->data + s->sent, n);
	int wrote = lws_write(wsi, buf + LWS_PRE, n, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP);
	if (wrote < (int)n)
		return -1;
	s->sent += n;
	if (!last) {
		lws_callback_on_writable(wsi);
		return 0;
	}
	s->file = NULL;
	return done(wsi);
}

/* ---- upgrades ---- */

/* A relay on loopback answers only to names of loopback, so that a name made to point here
 * (DNS rebinding) does not make a foreign page one of this origin. */
static bool host_is_loopback(const char *host)
{
	size_t n = strcspn(host, ":");

	if (host[0] == '[')
		return strncmp(host, "[::1]", 5) == 0 && (host[5] == '\0' || host[5] == ':');
	return (n == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	       (n > 10 && strncasecmp(host + n - 10, ".localhost", 10) == 0) ||
	       (strncmp(host, "127.", 4) == 0 && strspn(host, "0123456789.") == n);
}

bool tt_relay_upgrade_allowed(const struct taut_relay *relay, struct lws *wsi, const char **why)
{
	char path[16] = "", host[256] = "", origin[300] = "", own[300];

	*why = "refused: WebSockets are at /ws";
	if (lws_hdr_copy(wsi, path, sizeof path, WSI_TOKEN_GET_URI) < 0 || strcmp(path, "/ws") != 0)
		return false;
	*why = "refused: a Host header of another place";
	if (lws_hdr_copy(wsi, host, sizeof host, WSI_TOKEN_HOST) <= 0)
		return false;
	if (relay->loopback_only && !host_is_loopback(host))
		return false;
	*why = "refused: a page of another origin";
	if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0)
		return true; /* no browser: they always send one, RFC 6455 section 4.1 */
	if (lws_hdr_copy(wsi, origin, sizeof origin, WSI_TOKEN_ORIGIN) <= 0)
		return false;
	snprintf(own, sizeof own, "%s://%s", relay->cfg.flags & TAUT_RELAY_TLS ? "https" : "http",
		 host);
	return strcasecmp(origin, own) == 0;
}
