/* world_turn.c - the TURN server's host: what comes to its ports, and what it answers. */
#include "world/world_turn.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "world/world_turn_int.h"

static const char software[] = "taut world";

bool turn_same_path(const struct turn_path *a, const struct turn_path *b)
{
	return a->stream == b->stream && (a->stream || (tt_addr_eq(&a->local, &b->local) &&
							tt_addr_eq(&a->remote, &b->remote)));
}

void turn_send(struct world_turn *t, const struct turn_path *path, const uint8_t *data, size_t len)
{
	if (!path->stream)
		world_send(t->world, t->host, &path->local, &path->remote, data, len);
	else if (world_stream_room(path->stream) >= len) /* else dropped whole */
		world_stream_write(path->stream, data, len);
}

/* ---- answers ---- */

/* RFC 8656 section 19, RFC 8489 section 14.8. */
const char *turn_reason(uint16_t code)
{
	static const struct {
		uint16_t code;
		const char *text;
	} rows[] = {
		{ 300, "Try Alternate" },
		{ 400, "Bad Request" },
		{ 401, "Unauthenticated" },
		{ 403, "Forbidden" },
		{ 420, "Unknown Attribute" },
		{ 437, "Allocation Mismatch" },
		{ 438, "Stale Nonce" },
		{ 440, "Address Family not Supported" },
		{ 441, "Wrong Credentials" },
		{ 442, "Unsupported Transport Protocol" },
		{ 443, "Peer Address Family Mismatch" },
		{ 486, "Allocation Quota Reached" },
		{ 508, "Insufficient Capacity" },
	};

	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (rows[i].code == code)
			return rows[i].text;
	return "";
}

static void begin(struct turn_call *c, enum tt_stun_class cls)
{
	c->w = wr_make(c->out, sizeof c->out);
	tt_stun_begin(&c->w, cls, c->m.method, c->m.tid);
}

void turn_success(struct turn_call *c)
{
	begin(c, TT_STUN_SUCCESS);
}

void turn_error(struct turn_call *c, uint16_t code)
{
	begin(c, TT_STUN_ERROR);
	tt_stun_put_error(&c->w, code, turn_reason(code));
}

static void sign(struct turn_call *c)
{
	if (c->user < 0)
		return;
	if (c->sign_sha256)
		tt_stun_put_integrity_sha256(&c->w, &c->key);
	else
		tt_stun_put_integrity(&c->w, &c->key);
	if (c->t->fault == WORLD_TURN_WRONG_MAC && !c->w.bad)
		c->out[c->w.off - 1] ^= 1;
}

/* Section 5: SOFTWARE in all Allocate and Refresh responses. */
void turn_answer(struct turn_call *c)
{
	if (c->m.method == TT_TURN_ALLOCATE || c->m.method == TT_TURN_REFRESH)
		tt_stun_put(&c->w, TT_STUN_SOFTWARE, software, sizeof software - 1);
	sign(c);
	turn_send(c->t, c->path, c->out, tt_stun_finish(&c->w));
}

static void try_alternate(struct turn_call *c)
{
	const struct taut_addr *both = c->t->cfg.alternate;
	uint8_t family = c->path->remote.family;

	turn_error(c, 300); /* RFC 8489 section 10: the client's family first */
	for (int i = 0; i < 2; i++)
		if (both[i].family == family)
			tt_stun_put_addr(&c->w, TT_STUN_ALTERNATE_SERVER, &both[i]);
	for (int i = 0; i < 2; i++)
		if (both[i].family != 0 && both[i].family != family)
			tt_stun_put_addr(&c->w, TT_STUN_ALTERNATE_SERVER, &both[i]);
	if (c->t->cfg.alternate_domain)
		tt_stun_put(&c->w, TT_STUN_ALTERNATE_DOMAIN, c->t->cfg.alternate_domain,
			    strlen(c->t->cfg.alternate_domain));
	turn_answer(c);
}

/* ---- requests ---- */

static void with_allocation(struct turn_call *c)
{
	struct world_turn_allocation *a = turn_allocation_of(c->t, c->path);

	if (!a || c->t->fault == WORLD_TURN_FORGETFUL) {
		turn_error(c, 437);
	} else if (a->user != c->user) { /* section 5 */
		turn_error(c, 441);
	} else {
		switch (c->m.method) {
		case TT_TURN_REFRESH:
			turn_refresh(c, a);
			break;
		case TT_TURN_CREATE_PERMISSION:
			turn_create_permission(c, a);
			break;
		default:
			turn_channel_bind(c, a);
		}
	}
	turn_answer(c);
}

static void binding(struct turn_call *c)
{
	if (c->m.unknown_count > 0) {
		turn_error(c, 420);
		tt_stun_put_unknown(&c->w, c->m.unknown, c->m.unknown_count);
	} else {
		turn_success(c);
		tt_stun_put_addr(&c->w, TT_STUN_XOR_MAPPED_ADDRESS, &c->path->remote);
	}
	tt_stun_put_fingerprint(&c->w);
	turn_answer(c);
}

static void request(struct turn_call *c)
{
	c->t->requests++;
	if (c->t->fault == WORLD_TURN_ALWAYS_300) {
		try_alternate(c);
	} else if (turn_authenticate(c)) {
		if (c->m.unknown_count > 0) {
			turn_error(c, 420);
			tt_stun_put_unknown(&c->w, c->m.unknown, c->m.unknown_count);
			turn_answer(c);
		} else if (c->m.method == TT_TURN_ALLOCATE) {
			turn_allocate(c);
			turn_answer(c);
		} else {
			with_allocation(c);
		}
	}
	tt_stun_key_free(&c->key);
}

static bool is_ours(uint16_t method)
{
	return method == TT_TURN_ALLOCATE || method == TT_TURN_REFRESH ||
	       method == TT_TURN_CREATE_PERMISSION || method == TT_TURN_CHANNEL_BIND;
}

static void on_stun(struct world_turn *t, const struct turn_path *path, const uint8_t *data,
		    size_t len)
{
	struct turn_call c = { .t = t, .path = path, .pkt = data, .user = -1 };
	enum tt_stun_err err = tt_stun_read(&c.m, data, len);

	if (err == TT_STUN_E_LENGTH || err == TT_STUN_E_VALUE) {
		/* A header that is STUN's and an attribute that is nobody's: section 7.2, step 3. */
		if (len >= TT_STUN_HEADER_LEN && tt_stun_is(data, len) &&
		    c.m.cls == TT_STUN_REQUEST && is_ours(c.m.method))
			turn_refuse(&c, 400);
		return;
	}
	if (err)
		return;
	if (c.m.cls == TT_STUN_REQUEST && c.m.method == TT_STUN_BINDING)
		binding(&c);
	else if (c.m.cls == TT_STUN_REQUEST && is_ours(c.m.method))
		request(&c);
	else if (c.m.cls == TT_STUN_INDICATION && c.m.method == TT_TURN_SEND)
		turn_from_client(t, turn_allocation_of(t, path), &c.m);
}

static void on_message(struct world_turn *t, const struct turn_path *path, const uint8_t *data,
		       size_t len)
{
	struct tt_turn_channel ch;

	if (t->fault == WORLD_TURN_SILENT)
		return;
	turn_purge(t);
	if (tt_turn_channel_read(&ch, data, len))
		turn_from_channel(t, turn_allocation_of(t, path), &ch);
	else
		on_stun(t, path, data, len);
}

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct world_turn *t = user;
	const struct turn_path path = { .local = *local, .remote = *remote };

	if (local->port == WORLD_TURN_PORT) {
		on_message(t, &path, data, len);
	} else if (t->fault != WORLD_TURN_SILENT && t->fault != WORLD_TURN_BLACK_HOLE) {
		turn_purge(t);
		turn_from_peer(t, local, remote, data, len);
	}
}

/* ---- streams ---- */

static void forget(struct world_turn_stream *ts)
{
	struct world_turn_stream **at = &ts->turn->streams;

	while (*at != ts)
		at = &(*at)->next;
	*at = ts->next;
	turn_drop(ts->turn, ts->stream);
	free(ts);
}

static void on_closed(struct world_stream *s, enum world_stream_end why)
{
	(void)why;
	forget(world_stream_user(s));
}

static void on_ended(struct world_stream *s)
{
	world_stream_shutdown(s);
}

/* False: it is not TURN, and the stream is gone. */
static bool next_message(struct world_turn_stream *ts)
{
	const struct turn_path path = { .stream = ts->stream,
					.local = *world_stream_local(ts->stream),
					.remote = *world_stream_remote(ts->stream) };
	size_t n = tt_turn_frame(ts->buf, ts->have);

	if (n == TT_TURN_NO_FRAME) {
		struct world_stream *s = ts->stream;
		forget(ts);
		world_stream_use(s, NULL, NULL);
		world_stream_reset(s);
		return false;
	}
	if (n == 0 || n > ts->have)
		return false;
	on_message(ts->turn, &path, ts->buf, n);
	memmove(ts->buf, ts->buf + n, ts->have - n);
	ts->have -= n;
	return true;
}

static void on_data(struct world_stream *s, const uint8_t *data, size_t len)
{
	struct world_turn_stream *ts = world_stream_user(s);

	for (size_t at = 0; at < len;) {
		size_t n = tt_min(len - at, sizeof ts->buf - ts->have);
		memcpy(ts->buf + ts->have, data + at, n);
		ts->have += n;
		at += n;
		while (next_message(ts))
			;
		if (world_stream_user(s) != ts) /* reset */
			return;
	}
}

static void accepted(void *user, struct world_stream *s)
{
	static const struct world_stream_ops ops = { .data = on_data,
						     .ended = on_ended,
						     .closed = on_closed };
	struct world_turn *t = user;
	struct world_turn_stream *ts = calloc(1, sizeof *ts);

	if (!ts)
		abort();
	ts->turn = t;
	ts->stream = s;
	ts->next = t->streams;
	t->streams = ts;
	world_stream_use(s, &ops, ts);
}

/* ---- life ---- */

static void set_defaults(struct world_turn_config *cfg)
{
	if (!cfg->realm)
		cfg->realm = "example";
	if (cfg->quota == 0)
		cfg->quota = 10;
	if (cfg->first_port == 0) {
		cfg->first_port = 49152;
		cfg->last_port = 65535;
	}
	if (cfg->nonce_life == 0)
		cfg->nonce_life = INT64_C(3600000000);
	if (cfg->longest == 0)
		cfg->longest = 3600;
	if (cfg->strangers == 0)
		cfg->strangers = 50;
}

void world_turn_add(struct world *w, struct world_turn *t, const struct world_turn_config *cfg)
{
	static const struct world_host_ops ops = { .recv = on_packet };
	struct world_listen_config listen = { .port = WORLD_TURN_PORT,
					      .accepted = accepted,
					      .user = t };

	*t = (struct world_turn){ .world = w, .cfg = *cfg };
	set_defaults(&t->cfg);
	t->host = world_add_host(w, "turn", &ops, t);
	t->random = world_stream(w->seed, 700 + (uint64_t)t->host);
	t->secret = world_draw(&t->random);
	t->tokens = 2 * t->cfg.strangers;
	t->tokens_at = w->now;
	listen.host = t->host;
	world_listen(w, &listen);
	if (cfg->tls) {
		listen.port = WORLD_TURNS_PORT;
		listen.tls = cfg->tls;
		world_listen(w, &listen);
	}
}

void world_turn_expire_nonces(struct world_turn *t)
{
	t->secret = world_draw(&t->random);
}

unsigned world_turn_count(struct world_turn *t)
{
	unsigned n = 0;

	turn_purge(t);
	for (const struct world_turn_allocation *a = t->allocations; a; a = a->next)
		n++;
	return n;
}

void world_turn_restart(struct world_turn *t)
{
	while (t->streams) {
		struct world_stream *s = t->streams->stream;
		forget(t->streams);
		world_stream_reset(s);
	}
	turn_drop(t, NULL);
	memset(t->reservations, 0, sizeof t->reservations);
	world_turn_expire_nonces(t);
}

void world_turn_free(struct world_turn *t)
{
	world_turn_restart(t);
}
