/* sim_turn.c - see sim_turn.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/addr.h"
#include "base/num.h"
#include "sim_turn.h"
#include "world/world_turn.h"

enum { SECOND = 1000000 };

/* ---- what comes ---- */

static bool key_for(const struct turn_client *c, struct tt_stun_key *k)
{
	bool md5 = c->old || c->algorithm == TT_STUN_MD5 ||
		   (c->omits & TT_STUN_HAS_ALGORITHM && c->omits & TT_STUN_HAS_ALGORITHMS);

	return tt_stun_key_long_term(k, md5 ? TT_STUN_MD5 : TT_STUN_SHA256, span_of(c->user),
				     span_of(c->realm), span_of(c->password));
}

static void copy_text(char *out, size_t cap, struct span s)
{
	assert_true(s.len < cap);
	memcpy(out, s.p, s.len);
	out[s.len] = '\0';
}

static void learn(struct turn_client *c)
{
	if (c->m.has & TT_STUN_HAS_REALM)
		copy_text(c->realm, sizeof c->realm, c->m.realm);
	if (c->m.has & TT_STUN_HAS_NONCE)
		copy_text(c->nonce, sizeof c->nonce, c->m.nonce);
	if (c->m.has & TT_STUN_HAS_ALGORITHMS) {
		assert_true(c->m.algorithms.len <= sizeof c->algorithms);
		c->algorithms_len = c->m.algorithms.len;
		memcpy(c->algorithms, c->m.algorithms.p, c->algorithms_len);
	}
}

static void take_answer(struct turn_client *c, const uint8_t *data, size_t len)
{
	struct tt_stun_key k;

	assert_true(len <= sizeof c->pkt);
	memcpy(c->pkt, data, len);
	c->len = len;
	assert_int_equal(tt_stun_read(&c->m, c->pkt, len), TT_STUN_OK);
	assert_memory_equal(c->m.tid, c->tid, sizeof c->tid);
	c->answered = true;
	c->answers++;
	if (key_for(c, &k))
		c->verified = tt_stun_verify(&c->m, c->pkt, &k);
	tt_stun_key_free(&k);
	learn(c);
}

static void take_data(struct turn_client *c, uint16_t channel, const struct taut_addr *peer,
		      struct span data)
{
	assert_true(data.len <= sizeof c->data);
	c->datas++;
	c->channel = channel;
	if (peer)
		c->peer = *peer;
	c->data_len = data.len;
	memcpy(c->data, data.p, data.len);
}

static void take(struct turn_client *c, const uint8_t *data, size_t len)
{
	struct tt_turn_channel ch;
	struct tt_stun_msg m;

	if (tt_turn_channel_read(&ch, data, len)) {
		take_data(c, ch.number, NULL, ch.data);
		return;
	}
	assert_int_equal(tt_stun_read(&m, data, len), TT_STUN_OK);
	if (m.cls == TT_STUN_INDICATION) {
		assert_int_equal(m.method, TT_TURN_DATA);
		assert_int_equal(m.peer_count, 1);
		assert_true(m.has & TT_STUN_HAS_DATA);
		take_data(c, 0, &m.peers[0], m.data);
	} else {
		take_answer(c, data, len);
	}
}

static void on_packet(void *user, const struct taut_addr *local, const struct taut_addr *remote,
		      uint8_t *data, size_t len)
{
	struct turn_client *c = user;

	if (tt_addr_eq(local, &c->local) && tt_addr_eq(remote, &c->server))
		take(c, data, len);
}

static void on_opened(struct world_stream *s)
{
	struct turn_client *c = world_stream_user(s);

	c->opened = true;
}

static void on_data(struct world_stream *s, const uint8_t *data, size_t len)
{
	struct turn_client *c = world_stream_user(s);
	size_t n;

	assert_true(c->have + len <= sizeof c->in);
	memcpy(c->in + c->have, data, len);
	c->have += len;
	while ((n = tt_turn_frame(c->in, c->have)) > 0 && n <= c->have) {
		take(c, c->in, n);
		memmove(c->in, c->in + n, c->have - n);
		c->have -= n;
	}
}

static void on_closed(struct world_stream *s, enum world_stream_end why)
{
	struct turn_client *c = world_stream_user(s);

	c->closed = true;
	c->why = why;
	c->stream = NULL;
}

/* ---- what goes ---- */

void turn_client_open(struct turn_client *c, struct world *w, const char *ip, const char *server,
		      enum turn_transport transport)
{
	static const struct world_host_ops ops = { .recv = on_packet };
	static const struct world_stream_ops stream = { .opened = on_opened,
							.data = on_data,
							.closed = on_closed };
	static uint16_t next_port = 5000;

	*c = (struct turn_client){ .world = w, .user = "ada", .password = "lovelace" };
	c->local = world_addr(ip, next_port++);
	c->server = world_addr(server, transport == TURN_TLS ? WORLD_TURNS_PORT : WORLD_TURN_PORT);
	c->host = world_add_host(w, "client", &ops, c);
	world_add_iface(w, c->host, WORLD_INTERNET, &c->local, NULL, NULL);
	if (transport == TURN_UDP)
		return;
	c->stream = world_connect(w, c->host, &c->local, &c->server,
				  transport == TURN_TLS ? "turn.example" : NULL, &stream, c);
	world_run(w, w->now + SECOND, NULL, NULL);
}

void turn_send_raw(struct turn_client *c, const uint8_t *data, size_t len)
{
	if (c->stream)
		assert_int_equal(world_stream_write(c->stream, data, len), len);
	else
		world_send(c->world, c->host, &c->local, &c->server, data, len);
}

void turn_begin(struct turn_client *c, uint16_t method)
{
	memset(c->tid, 0, sizeof c->tid);
	c->turn++;
	memcpy(c->tid, &c->turn, sizeof c->turn);
	c->w = wr_make(c->out, sizeof c->out);
	tt_stun_begin(&c->w, TT_STUN_REQUEST, method, c->tid);
}

static bool says(const struct turn_client *c, uint32_t what)
{
	return !(c->omits & what);
}

static void put_credentials(struct turn_client *c)
{
	uint16_t algorithm = c->algorithm ? c->algorithm : TT_STUN_SHA256;
	uint8_t hash[TT_STUN_USERHASH_LEN];

	if (c->hides_name) {
		assert_true(tt_stun_userhash(hash, span_of(c->user), span_of(c->realm)));
		tt_stun_put(&c->w, TT_STUN_USERHASH, hash, sizeof hash);
	} else if (says(c, TT_STUN_HAS_USERNAME)) {
		tt_stun_put(&c->w, TT_STUN_USERNAME, c->user, strlen(c->user));
	}
	if (says(c, TT_STUN_HAS_REALM))
		tt_stun_put(&c->w, TT_STUN_REALM, c->realm, strlen(c->realm));
	if (says(c, TT_STUN_HAS_NONCE))
		tt_stun_put(&c->w, TT_STUN_NONCE, c->nonce, strlen(c->nonce));
	if (!c->old && says(c, TT_STUN_HAS_ALGORITHMS))
		tt_stun_put(&c->w, TT_STUN_PASSWORD_ALGORITHMS, c->algorithms, c->algorithms_len);
	if (!c->old && says(c, TT_STUN_HAS_ALGORITHM))
		tt_stun_put_u32(&c->w, TT_STUN_PASSWORD_ALGORITHM, (uint32_t)algorithm << 16);
}

static bool answered(void *user)
{
	return ((struct turn_client *)user)->answered;
}

int turn_ask_again(struct turn_client *c)
{
	c->answered = c->verified = false;
	turn_send_raw(c, c->out, tt_stun_finish(&c->w));
	if (!world_run(c->world, c->world->now + SECOND, answered, c))
		return TURN_SILENCE;
	return c->m.cls == TT_STUN_SUCCESS ? TURN_OK : c->m.error_code;
}

int turn_ask(struct turn_client *c)
{
	struct tt_stun_key k;

	if (!c->says_nothing && c->nonce[0]) {
		put_credentials(c);
		assert_true(key_for(c, &k));
		if (c->old)
			tt_stun_put_integrity(&c->w, &k);
		else
			tt_stun_put_integrity_sha256(&c->w, &k);
		tt_stun_key_free(&k);
	}
	assert_true(tt_stun_finish(&c->w) > 0);
	return turn_ask_again(c);
}

/* ---- the usual ---- */

int turn_allocate_udp(struct turn_client *c)
{
	int code = TURN_SILENCE;

	for (int i = 0; i < 2 && (i == 0 || code == 401); i++) {
		turn_begin(c, TT_TURN_ALLOCATE);
		tt_stun_put_u32(&c->w, TT_STUN_REQUESTED_TRANSPORT, (uint32_t)TT_TURN_UDP << 24);
		code = turn_ask(c);
	}
	return code;
}

int turn_permit(struct turn_client *c, const struct taut_addr *peer)
{
	turn_begin(c, TT_TURN_CREATE_PERMISSION);
	tt_stun_put_addr(&c->w, TT_STUN_XOR_PEER_ADDRESS, peer);
	return turn_ask(c);
}

int turn_bind(struct turn_client *c, uint16_t number, const struct taut_addr *peer)
{
	turn_begin(c, TT_TURN_CHANNEL_BIND);
	tt_stun_put_u32(&c->w, TT_STUN_CHANNEL_NUMBER, (uint32_t)number << 16);
	tt_stun_put_addr(&c->w, TT_STUN_XOR_PEER_ADDRESS, peer);
	return turn_ask(c);
}

int turn_refresh_for(struct turn_client *c, uint32_t seconds)
{
	turn_begin(c, TT_TURN_REFRESH);
	tt_stun_put_u32(&c->w, TT_STUN_LIFETIME, seconds);
	return turn_ask(c);
}

void turn_say(struct turn_client *c, const struct taut_addr *peer, const void *data, size_t len)
{
	uint8_t out[2048];
	struct wr w = wr_make(out, sizeof out);

	tt_stun_begin(&w, TT_STUN_INDICATION, TT_TURN_SEND, c->tid);
	tt_stun_put_addr(&w, TT_STUN_XOR_PEER_ADDRESS, peer);
	tt_stun_put(&w, TT_STUN_DATA, data, len);
	turn_send_raw(c, out, tt_stun_finish(&w));
	world_run(c->world, c->world->now + SECOND, NULL, NULL);
}

void turn_say_channel(struct turn_client *c, uint16_t number, const void *data, size_t len)
{
	uint8_t out[2048] = { 0 };

	tt_turn_channel_head(out, number, len);
	memcpy(out + TT_TURN_CHANNEL_HEAD, data, len);
	turn_send_raw(c, out, TT_TURN_CHANNEL_HEAD + len + (c->stream ? -len & 3 : 0));
	world_run(c->world, c->world->now + SECOND, NULL, NULL);
}
