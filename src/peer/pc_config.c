/* pc_config.c - RTCConfiguration: webrtc-pc sections 4.2.1 and 4.4.1.6.
 *
 * What taut_pc_new was given can be handed out again, with the defaults filled in. Only the servers may
 * change later. */
#include <openssl/crypto.h>
#include <string.h>

#include "base/config.h"
#include "base/utf8.h"
#include "peer/pc.h"

enum {
	DEFAULT_MAX_MESSAGE = 262144,
	DEFAULT_MAX_MEMORY = 32 * 1024 * 1024,
	DEFAULT_MAX_WINDOW = 16 * 1024 * 1024,
	HOST = 256,
	MOST_POOLED = 255, /* an octet in webrtc-pc's IDL */
	TURN_TEXT = 508,   /* of a USERNAME, RFC 8489 section 14.3: below 509 octets */
};

size_t pc_max_message(const struct taut_config *cfg)
{
	return cfg->max_message_size ? cfg->max_message_size : DEFAULT_MAX_MESSAGE;
}

uint64_t pc_max_path_mtu(const struct taut_config *cfg)
{
	return cfg->max_path_mtu ? cfg->max_path_mtu : PC_PACKET;
}

uint64_t pc_max_window(const struct taut_config *cfg)
{
	return cfg->max_receive_window ? cfg->max_receive_window : DEFAULT_MAX_WINDOW;
}

size_t pc_max_memory(const struct taut_config *cfg)
{
	return cfg->max_memory ? cfg->max_memory : DEFAULT_MAX_MEMORY;
}

struct servers {
	struct tt_ice_server server[TT_ICE_MAX_SERVERS];
	char host[TT_ICE_MAX_SERVERS][HOST];
	bool relays;
};

/* RFC 8265 section 4.2: UTF-8 without control characters. Not normalized (NFC), and blanks of other scripts
 * stay what they are: who types such a password types it as the server has it. */
static bool is_turn_text(const char *text)
{
	const size_t len = strlen(text);

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c = 0;
		n = tt_utf8_char(text + i, len - i, &c);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return len <= TURN_TEXT;
}

/* webrtc-pc section 4.4.1.6, "set a configuration": TURN wants both, STUN neither. */
static int read_server(const struct taut_config *cfg, size_t i, struct tt_ice_server *out,
		       char *host, size_t cap)
{
	const char *at = (const char *)cfg->ice_servers + i * cfg->ice_servers[0].size;
	struct taut_ice_server s;
	bool turn = false;

	*out = (struct tt_ice_server){ .host = host };
	int err = tt_config_take(&s, sizeof s, at);
	if (!err)
		err = pc_read_server(s.url, host, cap, out, &turn);
	out->srv = cfg->ice_srv_servers >> i & 1 && out->port == 0;
	if (err || !turn)
		return err;
	if (!s.username || !s.credential || !is_turn_text(s.username) ||
	    !is_turn_text(s.credential))
		return TAUT_E_INVAL;
	out->user = s.username;
	out->password = s.credential;
	return TAUT_OK;
}

static int read_servers(const struct taut_config *cfg, struct servers *out)
{
	out->relays = false;
	if (cfg->ice_server_count > TT_ICE_MAX_SERVERS)
		return TAUT_E_LIMIT;
	if (cfg->ice_srv_servers >> cfg->ice_server_count != 0)
		return TAUT_E_INVAL;
	for (size_t i = 0; i < cfg->ice_server_count; i++) {
		int err = read_server(cfg, i, &out->server[i], out->host[i], HOST);
		if (err)
			return err;
		out->relays |= out->server[i].user != NULL;
	}
	return TAUT_OK;
}

static void resize_pool(struct taut_pc *pc, taut_time now, uint32_t size)
{
	pc->pool_size = (uint8_t)size;
	if (size > 0)
		tt_ice_pool(pc->ice, now);
	else
		tt_ice_unpool(pc->ice, now);
}

/* RFC 8445 section 5.2: host candidates alone; RFC 6544 section 4.1: over TCP none that connect. */
static bool fits_lite(const struct taut_config *cfg)
{
	return cfg->ice_server_count == 0 && cfg->ice_transport_policy == TAUT_ICE_ALL &&
	       cfg->ice_address_policy <= TAUT_ICE_ADDRESS_DEFAULT &&
	       !(cfg->ice_tcp & TAUT_ICE_TCP_CONNECT);
}

int pc_make_ice(struct taut_pc *pc, const struct taut_config *cfg, taut_time now)
{
	struct servers s;
	int err = read_servers(cfg, &s);

	if (!err && (cfg->ice_transport_policy > TAUT_ICE_RELAY || cfg->ice_mdns > 1 ||
		     cfg->ice_address_policy > TAUT_ICE_ADDRESS_PROXY ||
		     cfg->ice_candidate_pool_size > MOST_POOLED ||
		     cfg->ice_tcp > (TAUT_ICE_TCP_CONNECT | TAUT_ICE_TCP_LISTEN) ||
		     cfg->ice_lite > 1 || (cfg->ice_lite && !fits_lite(cfg))))
		err = TAUT_E_INVAL;
	if (err)
		return err;
	pc->relays = s.relays;
	const struct tt_ice_config ice = { .servers = s.server,
					   .server_count = cfg->ice_server_count,
					   .relay_only =
						   cfg->ice_transport_policy == TAUT_ICE_RELAY,
					   .lite = cfg->ice_lite == 1,
					   .tcp = (uint8_t)cfg->ice_tcp, /* the same bits */
					   .hide_hosts = cfg->ice_mdns == 1,
					   /* numbered alike */
					   .addresses =
						   (enum tt_ice_addresses)cfg->ice_address_policy,
					   .next_flow = &pc->next_flow };
	err = tt_ice_new(&pc->ice, pc->env, &ice, now);
	if (!err)
		resize_pool(pc, now, cfg->ice_candidate_pool_size);
	return err;
}

/* ---- kept ---- */

static struct taut_ice_server server_at(const struct taut_config *cfg, size_t i)
{
	struct taut_ice_server s;

	(void)tt_config_take(&s, sizeof s,
			     (const char *)cfg->ice_servers + i * cfg->ice_servers[0].size);
	return s;
}

static const char *put_text(char **at, const char *text)
{
	const size_t size = text ? strlen(text) + 1 : 0;
	const char *start = *at;

	if (!text)
		return NULL;
	memcpy(*at, text, size);
	*at += size;
	return start;
}

static size_t text_size(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* One block: the servers, and behind them their texts. */
static int copy_servers(struct taut_pc *pc, const struct taut_config *cfg,
			struct taut_ice_server **out)
{
	const size_t n = cfg->ice_server_count;
	size_t len = n * sizeof **out;

	*out = NULL;
	if (n == 0)
		return TAUT_OK;
	for (size_t i = 0; i < n; i++) {
		const struct taut_ice_server s = server_at(cfg, i);
		len += text_size(s.url) + text_size(s.username) + text_size(s.credential);
	}
	struct taut_ice_server *all = tt_alloc(pc->env, len);
	if (!all)
		return TAUT_E_NOMEM;
	char *at = (char *)(all + n);
	for (size_t i = 0; i < n; i++) {
		const struct taut_ice_server s = server_at(cfg, i);
		all[i] = s;
		all[i].url = put_text(&at, s.url);
		all[i].username = put_text(&at, s.username);
		all[i].credential = put_text(&at, s.credential);
	}
	*out = all;
	return TAUT_OK;
}

int pc_keep_servers(struct taut_pc *pc, const struct taut_config *cfg)
{
	pc->policy = (uint8_t)cfg->ice_transport_policy;
	pc->ice_tcp = (uint8_t)cfg->ice_tcp;
	pc->address_policy = (uint8_t)cfg->ice_address_policy;
	int err = copy_servers(pc, cfg, &pc->servers);
	if (err)
		return err;
	pc->server_count = (uint8_t)cfg->ice_server_count;
	pc->srv_servers = (uint8_t)cfg->ice_srv_servers;
	return TAUT_OK;
}

static void forget_servers(struct taut_pc *pc)
{
	for (size_t i = 0; i < pc->server_count; i++) {
		const char *secret = pc->servers[i].credential;
		if (secret)
			OPENSSL_cleanse((void *)(uintptr_t)secret, strlen(secret));
	}
	tt_free(pc->env, pc->servers);
}

void pc_free_config(struct taut_pc *pc)
{
	forget_servers(pc);
	tt_free(pc->env, pc->config);
}

/* ---- handed out ---- */

/* Made of what the connection goes by, when somebody asks: most never do. */
struct pc_config {
	struct taut_config c;
	struct taut_codec codecs[];
};

static struct taut_config config_of(const struct taut_pc *pc)
{
	return (struct taut_config){
		.size = sizeof(struct taut_config),
		.user = pc->user,
		.ice_servers = pc->servers,
		.ice_server_count = pc->server_count,
		.codec_count = pc->codec_count,
		.max_message_size = pc->max_message_size,
		.send_buffer_size = pc->send_buffer_size,
		.max_memory = pc->base.max_memory,
		.pacing_burst = pc->pacing_burst,
		.pacing_interval = pc->pacing_interval,
		.srtp_backend = pc->srtp_backend,
		.max_receive_encodings = pc->max_receive_encodings,
		.ice_transport_policy = pc->policy,
		.ice_tcp = pc->ice_tcp,
		.ice_mdns = pc->ice_mdns,
		.congestion_control = pc->congestion_control,
		.ice_address_policy = pc->address_policy,
		.ice_candidate_pool_size = pc->pool_size,
		.ice_srv_servers = pc->srv_servers,
		.max_path_mtu = pc->max_path_mtu,
		.sctp_snap = pc->sctp_snap,
		.ice_lite = pc->ice_lite,
		.max_receive_window = pc->max_receive_window,
	};
}

const struct taut_config *taut_pc_get_configuration(taut_pc *pc)
{
	if (!pc->config)
		pc->config = tt_alloc(pc->env, sizeof *pc->config +
						       pc->codec_count * sizeof(struct taut_codec));
	if (!pc->config)
		return NULL;
	pc->config->c = config_of(pc);
	pc->config->c.codecs = pc->codec_count > 0 ? pc->config->codecs : NULL;
	for (size_t i = 0; i < pc->codec_count; i++)
		pc->config->codecs[i] = pc->codecs[i].codec; /* with the texts that those own */
	return &pc->config->c;
}

/* ---- changed ---- */

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : !a && !b;
}

static bool same_codecs(const struct taut_pc *pc, const struct taut_config *c)
{
	if (c->codec_count != pc->codec_count || (c->codec_count > 0 && !c->codecs))
		return false;
	for (size_t i = 0; i < c->codec_count; i++) {
		struct taut_codec a;
		const struct taut_codec *b = &pc->codecs[i].codec;
		const char *at = (const char *)c->codecs + i * c->codecs[0].size;
		if (tt_config_take(&a, sizeof a, at) || !same_text(a.mime, b->mime) ||
		    !same_text(a.fmtp, b->fmtp) || a.clock_rate != b->clock_rate ||
		    a.channels != b->channels || a.payload_type != b->payload_type)
			return false;
	}
	return true;
}

static bool same_rest(const struct taut_pc *pc, const struct taut_config *c)
{
	const struct taut_config is = config_of(pc);

	return c->ice_lite == is.ice_lite && c->sctp_snap == is.sctp_snap &&
	       pc_max_window(c) == is.max_receive_window && pc_max_path_mtu(c) == is.max_path_mtu &&
	       pc_max_message(c) == is.max_message_size &&
	       c->send_buffer_size == is.send_buffer_size && pc_max_memory(c) == is.max_memory &&
	       c->pacing_burst == is.pacing_burst && c->pacing_interval == is.pacing_interval &&
	       c->srtp_backend == is.srtp_backend &&
	       c->max_receive_encodings == is.max_receive_encodings &&
	       c->ice_transport_policy == is.ice_transport_policy && c->ice_mdns == is.ice_mdns &&
	       c->ice_tcp == is.ice_tcp && c->ice_address_policy == is.ice_address_policy &&
	       c->congestion_control == is.congestion_control && same_codecs(pc, c);
}

static bool same_servers(const struct taut_config *is, const struct taut_config *c)
{
	bool same = is->ice_server_count == c->ice_server_count &&
		    is->ice_srv_servers == c->ice_srv_servers;

	for (size_t i = 0; same && i < c->ice_server_count; i++) {
		const struct taut_ice_server a = server_at(is, i), b = server_at(c, i);
		same = same_text(a.url, b.url) && same_text(a.username, b.username) &&
		       same_text(a.credential, b.credential);
	}
	return same;
}

/* RFC 9429 section 4.1.18 */
static int check_pool(struct taut_pc *pc, const struct taut_config *c)
{
	if (c->ice_candidate_pool_size > MOST_POOLED)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", "webrtc-pc section 4.2.1",
			       "the candidate pool has at most %d", MOST_POOLED);
	if (c->ice_candidate_pool_size != pc->pool_size && tt_ice_has_gathered(pc->ice))
		return pc_fail(pc, TAUT_E_INVAL, "InvalidModificationError",
			       "webrtc-pc section 4.4.1.6",
			       "another candidate pool after the first local description");
	return TAUT_OK;
}

static int check(struct taut_pc *pc, const struct taut_config *c, struct servers *s)
{
	if (check_pool(pc, c))
		return TAUT_E_INVAL;
	if (!same_rest(pc, c))
		return pc_fail(pc, TAUT_E_INVAL, "InvalidModificationError",
			       "webrtc-pc section 4.4.1.6",
			       "only the ICE servers and the pool may change");
	if (c->ice_server_count > 0 && !c->ice_servers)
		return pc_fail(pc, TAUT_E_INVAL, "TypeError", NULL, "there are no servers");
	if (c->ice_lite && c->ice_server_count > 0)
		return pc_fail(pc, TAUT_E_INVAL, "InvalidModificationError", "RFC 8445 section 5.2",
			       "a lite agent asks no server");
	int err = read_servers(c, s);
	return err ? pc_fail(pc, err, "SyntaxError", "webrtc-pc section 4.4.1.6",
			     "at most %d servers, each with a URL that is known here",
			     TT_ICE_MAX_SERVERS)
		   : TAUT_OK;
}

/* What may fail comes first. */
static int take_servers(struct taut_pc *pc, taut_time now, const struct taut_config *c,
			const struct servers *s)
{
	struct taut_ice_server *copy;

	if (copy_servers(pc, c, &copy))
		return pc_fail_nomem(pc);
	int err = tt_ice_set_servers(pc->ice, now, s->server, c->ice_server_count);
	if (err) {
		tt_free(pc->env, copy);
		return err == TAUT_E_STATE
			       ? pc_fail(pc, TAUT_E_UNSUPPORTED, "OperationError",
					 "webrtc-pc section 4.4.1.6",
					 "other servers after the first local description")
			       : pc_fail_nomem(pc);
	}
	forget_servers(pc);
	pc->servers = copy;
	pc->server_count = (uint8_t)c->ice_server_count;
	pc->srv_servers = (uint8_t)c->ice_srv_servers;
	pc->relays = s->relays;
	return TAUT_OK;
}

int taut_pc_set_configuration(taut_pc *pc, taut_time now, const struct taut_config *cfg)
{
	struct taut_config c;
	struct servers s;
	int err = tt_config_take(&c, sizeof c, cfg);

	pc_touch(pc, now);
	if (pc->closed)
		return pc_fail_closed(pc);
	if (err)
		return pc_fail(pc, err, "TypeError", NULL,
			       "the configuration has another size than this library knows");
	const struct taut_config is = config_of(pc);
	err = check(pc, &c, &s);
	if (!err && !same_servers(&is, &c))
		err = take_servers(pc, now, &c, &s);
	if (err)
		return err;
	resize_pool(pc, now, c.ice_candidate_pool_size);
	pc->user = c.user;
	return TAUT_OK;
}
