/* cli_ice.c - see cli_ice.h. */
#include "cli/cli_ice.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli.h"

static bool add(struct cli_servers *s, const char *url)
{
	if (s->count == CLI_SERVERS) {
		fprintf(stderr, "taut: %d servers at most\n", CLI_SERVERS);
		return false;
	}
	s->list[s->count++] = (struct taut_ice_server){ .size = sizeof s->list[0], .url = url };
	return true;
}

static bool add_login(struct cli_servers *s, struct cli_login *l, const char *text)
{
	if (!text)
		return false; /* said */
	if (l->count == CLI_SERVERS) {
		fprintf(stderr, "taut: as many names and passwords as servers, at most\n");
		return false;
	}
	l->after[l->count] = s->count;
	l->text[l->count++] = text;
	return true;
}

static bool is_turn(const struct taut_ice_server *s)
{
	return strncmp(s->url, "turn", strlen("turn")) == 0;
}

static bool wrong(const char *option, const char *takes, const char *url)
{
	fprintf(stderr, "taut: --%s takes %s, not '%s'\n", option, takes, url);
	return false;
}

static bool wrong_stun(const char *url)
{
	return wrong("stun", "stun:HOST[:PORT]", url);
}

static bool wrong_turn(const char *url)
{
	return wrong("turn", "turn:HOST[:PORT][?transport=tcp] or turns:HOST[:PORT]", url);
}

bool cli_servers_stun(struct cli_servers *s, const char *url)
{
	return strncmp(url, "stun:", strlen("stun:")) == 0 ? add(s, url) : wrong_stun(url);
}

bool cli_servers_turn(struct cli_servers *s, const char *url)
{
	const bool known = strncmp(url, "turn:", strlen("turn:")) == 0 ||
			   strncmp(url, "turns:", strlen("turns:")) == 0;

	return known ? add(s, url) : wrong_turn(url);
}

bool cli_servers_user(struct cli_servers *s, const char *name)
{
	return add_login(s, &s->users, name);
}

bool cli_servers_password(struct cli_servers *s, char *text)
{
	return add_login(s, &s->passwords, cli_secret("turn-password", text));
}

/* For the server at i; NULL: there is none at all. */
static const char *login_of(const struct cli_login *l, size_t i)
{
	for (size_t k = 0; k < l->count; k++)
		if (l->after[k] > i)
			return l->text[k];
	return l->count > 0 ? l->text[l->count - 1] : NULL;
}

bool cli_servers_finish(struct cli_servers *s)
{
	bool complete = true, any = false;

	for (size_t i = 0; i < s->count; i++) {
		if (!is_turn(&s->list[i]))
			continue;
		any = true;
		s->list[i].username = login_of(&s->users, i);
		s->list[i].credential = login_of(&s->passwords, i);
		complete = complete && s->list[i].username && s->list[i].credential;
	}
	if (complete && (any || s->users.count + s->passwords.count == 0))
		return true;
	fprintf(stderr, "taut: --turn, --turn-user and --turn-password belong together\n");
	return false;
}

uint64_t cli_servers_srv(const struct cli_servers *s)
{
	return s->srv ? (UINT64_C(1) << s->count) - 1 : 0;
}

bool cli_servers_usable(const struct cli_servers *s, taut_env *env, taut_time now)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct taut_config cfg = { .size = sizeof cfg,
						 .ice_servers = &s->list[i],
						 .ice_server_count = 1 };
		taut_pc *probe = NULL;
		const int err = taut_pc_new(&probe, env, &cfg, now);
		taut_pc_free(probe);
		if (err != TAUT_OK)
			return (is_turn(&s->list[i]) ? wrong_turn : wrong_stun)(s->list[i].url);
	}
	return true;
}

bool cli_ice_tcp(const char *who, uint32_t *out)
{
	*out = strcmp(who, "connect") == 0  ? TAUT_ICE_TCP_CONNECT
	       : strcmp(who, "listen") == 0 ? TAUT_ICE_TCP_LISTEN
	       : strcmp(who, "both") == 0   ? TAUT_ICE_TCP_CONNECT | TAUT_ICE_TCP_LISTEN
					    : 0;
	return *out != 0 || wrong("ice-tcp", "connect, listen or both", who);
}
