/* ice_agent.c - the agent's life, its credentials, and its generations.
 * RFC 8445 sections 5.3 and 9, RFC 8839 section 5.4. */
#include <string.h>

#include <openssl/crypto.h>

#include "base/addr.h"
#include "base/num.h"
#include "ice/ice_agent.h"

/* Six bits of randomness each, the ice-char of RFC 8839. */
static void to_ice_chars(char *out, const uint8_t *random, size_t n)
{
	static const char chars[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789+/";

	for (size_t i = 0; i < n; i++)
		out[i] = chars[random[i] & 63];
	out[n] = '\0';
}

static int gen_new(struct tt_ice *ice, struct ice_gen **out)
{
	uint8_t random[TT_ICE_UFRAG_LEN + TT_ICE_PWD_LEN];
	struct ice_gen *g = tt_alloc(ice->env, sizeof *g);

	if (!g)
		return TAUT_E_NOMEM;
	g->nominating = g->selected = -1;
	g->ta = TT_ICE_TA;
	if (!tt_random(ice->env, random, sizeof random)) {
		tt_ice_gen_free(ice, g);
		return TAUT_E_CRYPTO;
	}
	to_ice_chars(g->ufrag, random, TT_ICE_UFRAG_LEN);
	to_ice_chars(g->pwd, random + TT_ICE_UFRAG_LEN, TT_ICE_PWD_LEN);
	if (!tt_stun_key_init(&g->local_key, g->pwd, TT_ICE_PWD_LEN)) {
		tt_ice_gen_free(ice, g);
		return TAUT_E_CRYPTO;
	}
	*out = g;
	return TAUT_OK;
}

void tt_ice_gen_free(struct tt_ice *ice, struct ice_gen *g)
{
	if (!g)
		return;
	if (ice->path_gen == g)
		ice->path_gen = NULL;
	tt_stun_key_free(&g->local_key);
	tt_stun_key_free(&g->remote_key);
	for (size_t i = 0; i < TT_COUNT(g->pair_blocks); i++)
		tt_free(ice->env, g->pair_blocks[i]);
	for (size_t i = 0; i < TT_COUNT(g->remotes); i++)
		tt_free(ice->env, g->remotes[i]);
	tt_free(ice->env, g->name);
	tt_free(ice->env, g);
}

static bool copy_login(struct tt_ice *ice, struct ice_server *s, const struct tt_ice_server *from)
{
	if (!from->user)
		return true;
	s->user = tt_copy_text(ice->env, from->user, strlen(from->user));
	s->password = tt_copy_text(ice->env, from->password, strlen(from->password));
	return s->user && s->password;
}

static int copy_servers(struct tt_ice *ice, const struct tt_ice_config *cfg)
{
	size_t n = tt_min(cfg->server_count, TT_ICE_MAX_SERVERS);

	ice->server = n > 0 ? tt_alloc(ice->env, n * sizeof *ice->server) : NULL;
	if (n > 0 && !ice->server)
		return TAUT_E_NOMEM;
	for (size_t i = 0; i < n; i++) {
		struct ice_server *s = &ice->server[i];
		const char *host = cfg->servers[i].host;
		struct taut_addr literal;
		s->transport = (uint8_t)cfg->servers[i].transport;
		s->port = cfg->servers[i].port         ? cfg->servers[i].port
			  : s->transport == TT_ICE_TLS ? 5349
						       : 3478;
		s->host = tt_copy_text(ice->env, host, strlen(host));
		ice->server_count = i + 1;
		if (!s->host || !copy_login(ice, s, &cfg->servers[i]))
			return TAUT_E_NOMEM;
		if (!tt_addr_parse_ip(&literal, host, strlen(host))) {
			if (cfg->servers[i].srv && tt_ice_srv_make(ice, s) != TAUT_OK)
				return TAUT_E_NOMEM;
			continue;
		}
		literal.port = s->port;
		s->addr[literal.family == 6] = literal;
		s->state = SERVER_KNOWN;
	}
	return TAUT_OK;
}

static int make_probes(struct tt_ice *ice)
{
	ice->probe_room = ice->server_count * TT_ICE_MAX_BASES;
	if (ice->probe_room > 0)
		ice->probe = tt_alloc(ice->env, ice->probe_room * sizeof *ice->probe);
	return ice->probe_room == 0 || ice->probe ? TAUT_OK : TAUT_E_NOMEM;
}

static void free_servers(struct tt_ice *ice)
{
	tt_ice_free_relays(ice);
	tt_ice_free_streams(ice);
	for (size_t i = 0; i < ice->server_count; i++) {
		struct ice_server *s = &ice->server[i];
		if (s->password)
			OPENSSL_cleanse(s->password, strlen(s->password));
		tt_free(ice->env, s->password);
		tt_free(ice->env, s->user);
		tt_free(ice->env, s->host);
		tt_free(ice->env, s->srv);
	}
	tt_free(ice->env, ice->server);
	tt_free(ice->env, ice->probe);
	tt_free(ice->env, ice->base);
}

static int take_servers(struct tt_ice *ice, const struct tt_ice_config *cfg)
{
	int err = copy_servers(ice, cfg);

	if (!err)
		err = make_probes(ice);
	if (!err)
		err = tt_ice_make_streams(ice);
	return err ? err : tt_ice_make_bases(ice);
}

/* Streams are kept as they are, and so are sockets on other ports: some may have to be closed yet. */
static void replace_servers(struct tt_ice *ice, struct tt_ice *fresh)
{
	struct ice_stream *const stream = ice->stream;

	if (stream) {
		tt_ice_free_streams(fresh);
		fresh->stream = stream;
		ice->stream = NULL;
	}
	memcpy(fresh->base, ice->base, TT_ICE_MAX_BASES * sizeof *ice->base);
	free_servers(ice);
	ice->server = fresh->server;
	ice->server_count = fresh->server_count;
	ice->probe = fresh->probe;
	ice->probe_room = fresh->probe_room;
	ice->relay = fresh->relay;
	ice->stream = fresh->stream;
	ice->waiting = NULL;
	ice->waiting_count = 0;
	ice->base = fresh->base;
	ice->base_count = fresh->base_count;
}

int tt_ice_set_servers(struct tt_ice *ice, taut_time now, const struct tt_ice_server *servers,
		       size_t count)
{
	const struct tt_ice_config cfg = { .servers = servers, .server_count = count };
	const bool pooled = ice->pooled;

	if (tt_ice_has_gathered(ice))
		return TAUT_E_STATE;
	struct tt_ice *fresh = tt_alloc(ice->env, sizeof *fresh);
	if (!fresh)
		return TAUT_E_NOMEM;
	fresh->env = ice->env;
	fresh->tcp = ice->tcp;
	int err = take_servers(fresh, &cfg);
	if (err) {
		free_servers(fresh);
	} else {
		tt_ice_unpool(ice, now);
		replace_servers(ice, fresh);
		if (pooled)
			tt_ice_pool(ice, now);
	}
	tt_free(ice->env, fresh);
	return err;
}

int tt_ice_new(struct tt_ice **out, struct tt_env *env, const struct tt_ice_config *cfg,
	       taut_time now)
{
	if (!cfg->next_flow || (cfg->server_count > 0 && (!cfg->servers || cfg->lite)))
		return TAUT_E_INVAL;
	struct tt_ice *ice = tt_alloc(env, sizeof *ice);
	if (!ice)
		return TAUT_E_NOMEM;
	ice->env = env;
	ice->next_flow = cfg->next_flow;
	ice->lite = cfg->lite;
	ice->controlling = cfg->controlling && !cfg->lite;
	ice->use_loopback = cfg->loopback;
	ice->addresses = cfg->addresses;
	ice->relay_only = cfg->relay_only || cfg->addresses == TT_ICE_ADDRESS_PROXY;
	/* Candidates over TCP are host candidates, which mode 3 of RFC 8828 section 5.2 does not tell. */
	ice->tcp = ice->relay_only || cfg->addresses == TT_ICE_ADDRESS_PUBLIC ? 0 : cfg->tcp;
	ice->next_check = ice->next_ask = now; /* the first of them leave at once */
	ice->last_check = now - TT_ICE_TA;
	ice->why = "new";
	int err = take_servers(ice, cfg);
	if (!err && cfg->hide_hosts && !tt_ice_own_make(ice))
		err = TAUT_E_NOMEM;
	if (!err && !tt_random(env, &ice->tiebreaker, sizeof ice->tiebreaker))
		err = TAUT_E_CRYPTO;
	if (!err)
		err = gen_new(ice, &ice->cur);
	if (err) {
		tt_ice_free(ice);
		return err;
	}
	*out = ice;
	return TAUT_OK;
}

void tt_ice_free(struct tt_ice *ice)
{
	if (!ice)
		return;
	tt_ice_gen_free(ice, ice->prev);
	tt_ice_gen_free(ice, ice->cur);
	free_servers(ice);
	tt_free(ice->env, ice->port);
	tt_free(ice->env, ice->wanted);
	tt_free(ice->env, ice->local);
	tt_free(ice->env, ice->own);
	tt_free(ice->env, ice->response);
	tt_free(ice->env, ice->diagnosis);
	tt_free(ice->env, ice);
}

const char *tt_ice_local_ufrag(const struct tt_ice *ice)
{
	return ice->cur->ufrag;
}

const char *tt_ice_local_pwd(const struct tt_ice *ice)
{
	return ice->cur->pwd;
}

bool tt_ice_controlling(const struct tt_ice *ice)
{
	return ice->controlling;
}

void tt_ice_set_role(struct tt_ice *ice, taut_time now, bool controlling)
{
	if (ice->controlling == controlling || ice->cur->first_check || ice->lite)
		return; /* once checks run, only a conflict turns it: 6.1.1 */
	ice->controlling = controlling;
	tt_ice_reprioritize(ice);
	tt_ice_update(ice, now);
}

static bool good_text(const char *text, size_t min)
{
	size_t n = 0;

	for (; text[n]; n++)
		if (text[n] <= ' ' || text[n] > '~' || n == 256)
			return false;
	return n >= min;
}

bool tt_ice_remote_usable(const char *ufrag, const char *pwd)
{
	return good_text(ufrag, 4) && good_text(pwd, 22); /* RFC 8839 section 5.4 */
}

bool tt_ice_remote_changes(const struct tt_ice *ice, const char *ufrag, const char *pwd)
{
	return ice->cur->has_remote && (strcmp(ice->cur->remote_ufrag, ufrag) != 0 ||
					strcmp(ice->cur->remote_pwd, pwd) != 0);
}

/* Checks that came before the description were not from the peer it describes. */
static void forget_early_peer(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g = ice->cur;

	for (int i = 0; i < g->pairs; i++)
		*tt_ice_pair_at(g, i) = (struct ice_pair){ 0 };
	g->pairs = 0;
	g->heard = 0;
	ice->waiting_count =
		0; /* candidates have other numbers now, and wait anew where there is no room */
	size_t kept = 0;
	for (size_t i = 0; i < g->remote_count; i++)
		if (tt_ice_remote_at(g, (int)i)->type != TT_ICE_PRFLX)
			*tt_ice_remote_at(g, (int)kept++) = *tt_ice_remote_at(g, (int)i);
	g->remote_count = kept;
	g->prflx_count = 0;
	for (size_t i = 0; i < kept; i++)
		tt_ice_pair_remote(ice, now, (int)i);
}

/* RFC 8445 section 14.2: the higher one counts. */
void tt_ice_set_remote_ta(struct tt_ice *ice, taut_time ta)
{
	if (!ice->cur->has_remote)
		ice->cur->ta = tt_max64(TT_ICE_TA_OURS, tt_min64(ta, TT_ICE_TA_MOST));
}

int tt_ice_set_remote(struct tt_ice *ice, taut_time now, const char *ufrag, const char *pwd,
		      bool lite)
{
	struct ice_gen *g = ice->cur;

	if (!tt_ice_remote_usable(ufrag, pwd))
		return TAUT_E_INVAL;
	if (g->has_remote)
		return tt_ice_remote_changes(ice, ufrag, pwd) ? TAUT_E_STATE : TAUT_OK;
	if (lite &&
	    ice->lite) /* 6.1.1: they would talk without a check, and RFC 7675 forbids that */
		return TAUT_E_UNSUPPORTED;
	if (!tt_stun_key_init(&g->remote_key, pwd, strlen(pwd)))
		return TAUT_E_CRYPTO;
	const bool other = g->remote_ufrag[0] && strcmp(g->remote_ufrag, ufrag) != 0;
	if (other)
		tt_note(ice->env, now, TAUT_LAYER_ICE, "early checks were not from this peer",
			TT_STR("ufrag", g->remote_ufrag));
	memset(g->remote_ufrag, 0, sizeof g->remote_ufrag);
	memcpy(g->remote_ufrag, ufrag, strlen(ufrag)); /* at most 256; the rest is zero */
	memcpy(g->remote_pwd, pwd, strlen(pwd));
	g->has_remote = true;
	g->lite = lite;
	if (lite && !ice->controlling) { /* 6.1.1: a lite agent is never controlling a full one */
		ice->controlling = true;
		tt_ice_reprioritize(ice);
	}
	if (other)
		forget_early_peer(ice, now);
	g->pac_until = now + TT_ICE_PAC;
	ice->answer_until = 0;
	tt_ice_lite_knows_peer(ice);
	if (ice->state == TT_ICE_FAILED) { /* the answer was given up, and comes all the same */
		ice->state = TT_ICE_NEW;
		ice->reason = TAUT_REASON_NONE;
	}
	tt_note(ice->env, now, TAUT_LAYER_ICE, "remote credentials known", TT_STR("ufrag", ufrag),
		TT_STR("role", ice->controlling ? "controlling" : "controlled"));
	tt_ice_update(ice, now);
	return TAUT_OK;
}

void tt_ice_set_renomination(struct tt_ice *ice, bool can)
{
	ice->cur->renomination = can && ice->cur->has_remote && !ice->cur->lite && !ice->lite;
}

int tt_ice_restart(struct tt_ice *ice, taut_time now)
{
	struct ice_gen *g;
	int err = gen_new(ice, &g);

	if (err)
		return err;
	/* The generation that carries data stays; if none does, the one signaled last. */
	if (ice->prev && ice->path_gen == ice->prev) {
		tt_ice_gen_free(ice, ice->cur);
	} else {
		tt_ice_gen_free(ice, ice->prev);
		ice->prev = ice->cur;
		ice->prev_until = 0;
		for (size_t i = 0; i < ice->response_count; i++)
			tt_ice_response_at(ice, i)->prev = true;
	}
	ice->cur = g;
	ice->answer_until = 0;
	ice->selected_known = ice->selected_due = false;
	tt_ice_gather_reset(ice, now);
	if (ice->state == TT_ICE_FAILED || !ice->path_gen) {
		ice->state = TT_ICE_NEW;
		ice->reason = TAUT_REASON_NONE;
		ice->why = "restarted";
	}
	tt_note(ice->env, now, TAUT_LAYER_ICE, "restart", TT_STR("ufrag", g->ufrag));
	tt_ice_update(ice, now);
	return TAUT_OK;
}

/* It has told all, so that what the restart has asked for comes too late for it (RFC 8838). */
static void stay_gathered(struct tt_ice *ice)
{
	ice->gathering = true;
	for (size_t i = 0; i < ice->local_count; i++)
		ice->local[i].told = true; /* with these credentials they were, before */
	for (int i = 0; i < TT_ICE_MAX_BASES; i++)
		ice->base[i].late = ice->base[i].late_before;
	for (size_t i = 0; i < ice->probe_room; i++)
		ice->probe[i].again |= !ice->probe[i].done;
}

/* It was not at its end: what it may have told already is told again. */
static void gather_on(struct tt_ice *ice, taut_time now)
{
	for (size_t i = 0; i < ice->local_count; i++)
		ice->local[i].told = false;
	tt_ice_begin_gathering(ice, now);
}

int tt_ice_restart_undo(struct tt_ice *ice, taut_time now)
{
	if (!ice->prev || ice->prev_until > 0)
		return TAUT_E_STATE;
	tt_ice_gen_free(ice, ice->cur);
	ice->cur = ice->prev;
	ice->prev = NULL;
	ice->answer_until = 0;
	ice->response_count = 0;
	ice->selected_known =
		ice->path_gen == ice->cur && tt_ice_pair_at(ice->cur, ice->path)->nominated;
	if (ice->cur->done_told)
		stay_gathered(ice);
	else if (ice->gathered)
		gather_on(ice, now);
	tt_note(ice->env, now, TAUT_LAYER_ICE, "restart undone", TT_STR("ufrag", ice->cur->ufrag));
	tt_ice_update(ice, now);
	return TAUT_OK;
}

int tt_ice_add_remote(struct tt_ice *ice, taut_time now, const struct tt_ice_candidate *c)
{
	struct tt_ice_candidate bare = *c;
	struct ice_gen *g = ice->cur;
	int err;

	/* RFC 8838 section 4.3: of another generation. */
	if (c->ufrag && g->has_remote && strcmp(c->ufrag, g->remote_ufrag) != 0) {
		tt_drop(ice->env, now, TAUT_DROP_ICE_OTHER_GENERATION, TT_STR("ufrag", c->ufrag));
		return TAUT_OK;
	}
	bare.network_id = bare.network_cost = 0;
	if (c->network_id > 0 || c->network_cost > 0)
		tt_ice_take_network(ice, now, &bare,
				    (uint32_t)c->network_id << 16 | c->network_cost);
	if (c->addr.family == 0 && c->name) {
		err = tt_ice_add_name(ice, now, &bare);
	} else {
		bare.name = NULL; /* the caller's */
		err = tt_ice_put_remote(ice, now, &bare);
	}
	tt_ice_update(ice, now);
	return err;
}

void tt_ice_remote_end(struct tt_ice *ice, taut_time now)
{
	ice->cur->remote_end = true;
	tt_ice_update(ice, now);
}
