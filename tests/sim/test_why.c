/* test_why.c - a connection that fails says why, in one sentence that is true: taut/why.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "sim_duo.h"
#include "taut/why.h"

#define SECOND INT64_C(1000000)

static const struct world_nat_config symmetric = { .mapping = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						   .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT };

static const struct world_nat_config blocked = { .filtering = WORLD_NAT_ADDRESS_PORT_DEPENDENT,
						 .blocked = true };
static const struct world_certificate another = { .name = "turn.elsewhere" };

/* ---- what happens to signaling ---- */

static bool other_password(uint32_t type, char *text, size_t cap)
{
	char *pwd = strstr(text, "a=ice-pwd:");

	(void)type, (void)cap;
	if (pwd)
		pwd[10] = pwd[10] == 'x' ? 'y' : 'x';
	return true;
}

static bool no_candidates(uint32_t type, char *text, size_t cap)
{
	(void)text, (void)cap;
	return type != 0;
}

static void replace(char *text, size_t cap, const char *what, const char *by)
{
	char *at = strstr(text, what);
	const size_t old = strlen(what), len = strlen(by);

	if (!at)
		return;
	assert_true(strlen(text) + len - old < cap);
	memmove(at + len, at + old, strlen(at + old) + 1);
	memcpy(at, by, len);
}

static bool names_for_addresses(uint32_t type, char *text, size_t cap)
{
	if (type == 0 && strstr(text, "192.0.2."))
		replace(text, cap, strstr(text, "192.0.2.1 ") ? "192.0.2.1" : "192.0.2.2",
			"6f2a8c1e-5b7d-4e3f-9a10-2b3c4d5e6f70.local");
	return true;
}

static bool tcp_alone(uint32_t type, char *text, size_t cap)
{
	if (type == 0)
		replace(text, cap, " udp ", " tcp ");
	return true;
}

static bool other_user_name(uint32_t type, char *text, size_t cap)
{
	static const char *const before[] = { "a=ice-ufrag:", " ufrag " };

	(void)type, (void)cap;
	for (size_t i = 0; i < TT_COUNT(before); i++) {
		char *at = strstr(text, before[i]);
		if (at) {
			at += strlen(before[i]);
			*at = *at == 'x' ? 'y' : 'x';
		}
	}
	return true;
}

static bool muted;

static bool unless_muted(uint32_t type, char *text, size_t cap)
{
	(void)type, (void)text, (void)cap;
	return !muted;
}

/* ---- what the world does ---- */

static void stun_is_silent(struct duo *d)
{
	d->stun.silent = true;
}

static void turn_is_silent(struct duo *d)
{
	d->turn.fault = WORLD_TURN_SILENT;
}

static void turn_forgets(struct duo *d)
{
	d->turn.fault = WORLD_TURN_FORGETFUL;
}

static void turn_swallows(struct duo *d)
{
	d->turn.fault = WORLD_TURN_BLACK_HOLE;
}

static void peer_is_unplugged(struct duo *d)
{
	world_outage(d->world, d->side[1].iface, WORLD_OUT | WORLD_IN, 0, 600 * SECOND);
}

static void peer_hears_nothing(struct duo *d)
{
	world_outage(d->world, d->side[0].iface, WORLD_OUT, 0, 600 * SECOND);
}

/* ---- the table ---- */

struct row {
	const char *name;
	struct duo_config cfg;
	void (*before)(struct duo *d);
	uint32_t code;
	const char *says, *spec; /* says: a part of the sentence */
	int side;                /* whose */
};

static const struct row rows[] = {
	{ .name = "wrong password",
	  .cfg = { .side = { { .alter = other_password }, { .alter = other_password } } },
	  .code = TAUT_WHY_PASSWORD,
	  .says = "signed with another password",
	  .spec = "RFC 8489 section 9.1.3" },
	{ .name = "silent STUN server",
	  .cfg = { .side = { { .nat = &symmetric }, { .nat = &symmetric } } },
	  .before = stun_is_silent,
	  .code = TAUT_WHY_UNANSWERED,
	  .says = "; no server answers over UDP, which may be blocked here: a TURN server over TCP "
		  "or TLS would help; stun:" DUO_STUN ":3478: it does not answer",
	  .spec = "RFC 8445 section 7.2.5.4" },
	{ .name = "TURN 401",
	  .cfg = { .side = { { .turn = true, .relay_only = true, .password = "byron" },
			     { .turn = true } } },
	  .code = TAUT_WHY_NO_RELAY,
	  .says = "turn:" DUO_TURN ":3478: it does not accept the username and password (401)",
	  .spec = "RFC 9429 section 3.5.3" },
	{ .name = "TURN 403",
	  .cfg = { .side = { { .turn = true, .relay_only = true },
			     { .nat = &symmetric, .no_stun = true } },
		   .turn.forbids_private = true },
	  .code = TAUT_WHY_FORBIDDEN,
	  .says = "has given no permission for any of the peer's addresses",
	  .spec = "RFC 8656 section 10.2" },
	{ .name = "TURN 437",
	  .cfg = { .side = { { .turn = true, .relay_only = true },
			     { .turn = true, .relay_only = true } } },
	  .before = turn_forgets,
	  .code = TAUT_WHY_NO_RELAY,
	  .says = "(437)",
	  .spec = "RFC 9429 section 3.5.3" },
	{ .name = "TURN 486",
	  .cfg = { .side = { { .turn = true, .relay_only = true },
			     { .turn = true, .relay_only = true } },
		   .turn.quota = 1 },
	  .side = 1,
	  .code = TAUT_WHY_NO_RELAY,
	  .says = "(486)",
	  .spec = "RFC 9429 section 3.5.3" },
	{ .name = "TURN 508",
	  .cfg = { .side = { { .turn = true, .relay_only = true },
			     { .turn = true, .relay_only = true } },
		   .turn = { .first_port = 50000, .last_port = 50000 } },
	  .side = 1,
	  .code = TAUT_WHY_NO_RELAY,
	  .says = "(508)",
	  .spec = "RFC 9429 section 3.5.3" },
	{ .name = "silent TURN server",
	  .cfg = { .side = { { .turn = true, .relay_only = true }, { .turn = true } } },
	  .before = turn_is_silent,
	  .code = TAUT_WHY_NO_RELAY,
	  .says = "turn:" DUO_TURN ":3478: ",
	  .spec = "RFC 9429 section 3.5.3" },
	{ .name = "no TURN server",
	  .cfg = { .side = { { .relay_only = true }, { .turn = false } } },
	  .code = TAUT_WHY_NO_RELAY,
	  .says = "no TURN server is configured",
	  .spec = "RFC 9429 section 3.5.3" },
	{ .name = "peer never answers",
	  .before = peer_is_unplugged,
	  .code = TAUT_WHY_UNANSWERED,
	  .says = " and no answer, and no check of the peer came",
	  .spec = "RFC 8445 section 7.2.5.4" },
	{ .name = "one way only",
	  .before = peer_hears_nothing,
	  .code = TAUT_WHY_ONE_WAY,
	  .says = "the peer's checks come, but none of ours is answered",
	  .spec = "RFC 8445 section 7.2.5.2.3" },
	{ .name = "only IPv6 against only IPv4",
	  .cfg = { .side = { { .ipv6 = true }, { .turn = false } } },
	  .code = TAUT_WHY_FAMILY,
	  .says = "there is only IPv6 here, and the peer has only IPv4",
	  .spec = "RFC 8445 section 6.1.2.2" },
	{ .name = "unresolved names",
	  .cfg = { .side = { { .no_stun = true, .alter = names_for_addresses },
			     { .no_stun = true, .alter = names_for_addresses } } },
	  .code = TAUT_WHY_NAME,
	  .says = "behind 1 .local name that nobody here resolves",
	  .spec = "draft-ietf-mmusic-mdns-ice-candidates section 3.2" },
	{ .name = "all candidates filtered",
	  .cfg = { .side = { { .alter = no_candidates }, { .alter = no_candidates } } },
	  .code = TAUT_WHY_NO_CANDIDATE,
	  .says = "the peer has given no candidate",
	  .spec = "RFC 8863 section 4" },
	{ .name = "TCP alone",
	  .cfg = { .side = { { .alter = tcp_alone }, { .alter = tcp_alone } } },
	  .code = TAUT_WHY_TCP,
	  .says = "the peer offers TCP alone, or candidates of an unknown type",
	  .spec = "RFC 6544 section 4" },
	{ .name = "wrong user name",
	  .cfg = { .side = { { .alter = other_user_name }, { .alter = other_user_name } } },
	  .code = TAUT_WHY_PASSWORD,
	  .says = "came for another user name than ours",
	  .spec = "RFC 8445 section 7.2.2" },
	{ .name = "TURN server that swallows",
	  .cfg = { .side = { { .nat = &symmetric, .turn = true }, { .nat = &symmetric } } },
	  .before = turn_swallows,
	  .code = TAUT_WHY_UNANSWERED,
	  .says = "; the NAT here maps each destination to another port; a relay did not help",
	  .spec = "RFC 8445 section 7.2.5.4" },
	{ .name = "two NATs and no relay",
	  .cfg = { .side = { { .nat = &symmetric }, { .nat = &symmetric } } },
	  .code = TAUT_WHY_UNANSWERED,
	  .says = "; a TURN server would help if NATs are in the way",
	  .spec = "RFC 8445 section 7.2.5.4" },
	{ .name = "UDP blocked",
	  .cfg = { .side = { { .nat = &blocked, .turn = true }, { .nat = &symmetric } } },
	  .code = TAUT_WHY_UNANSWERED,
	  .says = "; no server answers over UDP, which may be blocked here: a TURN server over TCP "
		  "or TLS would help; turn:" DUO_TURN ":3478: ",
	  .spec = "RFC 8445 section 7.2.5.4" },
	{ .name = "TCP refused as well",
	  .cfg = { .side = { { .nat = &blocked, .turn = true, .url = "turns:" DUO_TURN },
			     { .nat = &symmetric } } },
	  .code = TAUT_WHY_UNANSWERED,
	  .says = "; turns:" DUO_TURN ":5349: the TURN server refuses the connection",
	  .spec = "RFC 8445 section 7.2.5.4" },
	{ .name = "certificate of another",
	  .cfg = { .side = { { .turn = true, .relay_only = true, .url = "turns:" DUO_TURN },
			     { .turn = false } },
		   .turn.tls = &another },
	  .code = TAUT_WHY_NO_RELAY,
	  .says = "turns:" DUO_TURN ":5349: the certificate of the TURN server is not for its "
		  "name, or signed by nobody we trust",
	  .spec = "RFC 9429 section 3.5.3" },
	{ .name = "TLS to what speaks none",
	  .cfg = { .side = { { .turn = true, .relay_only = true, .url = "turns:" DUO_TURN ":3478" },
			     { .turn = false } } },
	  .code = TAUT_WHY_NO_RELAY,
	  .says = "turns:" DUO_TURN ":3478: what answers there ends the connection before it is "
		  "ready",
	  .spec = "RFC 9429 section 3.5.3" },
	{ .name = "two symmetric NATs",
	  .cfg = { .side = { { .nat = &symmetric, .turn = true, .url = "turn:nobody.example" },
			     { .nat = &symmetric } } },
	  .code = TAUT_WHY_UNANSWERED,
	  .says = "; turn:nobody.example:3478: ",
	  .spec = "RFC 8445 section 7.2.5.4" },
};

static void each_failure_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++) {
		const struct row *r = &rows[i];
		struct duo d;
		const struct duo_side *s = &d.side[r->side];

		duo_begin(&d, &r->cfg);
		if (r->before)
			r->before(&d);
		duo_start(&d);
		duo_wait(&d, 120 * SECOND);
		const struct taut_why *w = taut_pc_why_at(s->peer.pc, 0);
		assert_non_null(w);
		print_message("%s: %s (%s)\n", r->name, w->text, w->spec);
		if (s->state != TAUT_STATE_FAILED || w->about != TAUT_WHY_AGENT ||
		    w->code != r->code || !strstr(w->text, r->says) ||
		    strcmp(w->spec, r->spec) != 0 ||
		    strncmp(w->text, s->why, sizeof s->why - 1) != 0)
			fail_msg("%s: state %u, code %u, event: %s", r->name, d.side[0].state,
				 w->code, s->why);
		duo_end(&d);
	}
}

/* What is said of one thing, the first with these words; NULL: nothing. */
static const struct taut_why *said_of(const struct duo_side *s, uint32_t about, const char *words)
{
	const struct taut_why *w;

	for (size_t i = 0; (w = taut_pc_why_at(s->peer.pc, i)); i++)
		if (w->about == about && strstr(w->text, words))
			return w;
	return NULL;
}

static size_t count_of(const struct duo_side *s)
{
	size_t n = 0;

	while (taut_pc_why_at(s->peer.pc, n))
		n++;
	return n;
}

static void each_pair_and_server_has_its_own_sentence(void **state)
{
	static const struct duo_config cfg = {
		.side = { { .nat = &symmetric, .turn = true, .password = "byron" },
			  { .nat = &symmetric } }
	};
	const struct taut_why *w;
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	assert_int_equal(taut_pc_why_at(d.side[0].peer.pc, 0)->code, TAUT_WHY_NO_DESCRIPTION);
	duo_start(&d);
	duo_wait(&d, SECOND);
	w = said_of(&d.side[0], TAUT_WHY_AGENT, "so far, and no answer yet");
	assert_non_null(w);
	assert_int_equal(w->code, TAUT_WHY_WAITING);
	assert_non_null(said_of(&d.side[0], TAUT_WHY_PAIR, ": no answer yet, "));
	duo_wait(&d, 120 * SECOND);
	w = said_of(&d.side[0], TAUT_WHY_SERVER, "turn:" DUO_TURN ":3478");
	assert_non_null(w);
	assert_int_equal(w->code, TAUT_WHY_SERVER_ERROR);
	w = said_of(&d.side[0], TAUT_WHY_PAIR, ": no check was answered, 7 requests sent, 0 came");
	assert_non_null(w);
	assert_int_equal(w->code, TAUT_WHY_UNANSWERED);
	assert_int_equal(w->local.family, 4);
	assert_int_equal(w->remote.family, 4);
	duo_end(&d);
}

/* The room carries 1,024 octets of it; the longest name has 255. */
static void a_sentence_with_the_longest_name_is_whole(void **state)
{
	static char url[5 + 255 + sizeof "?transport=tcp"] = "turn:", end[400];
	struct duo_config cfg = { .side = { { .turn = true, .relay_only = true, .url = url },
					    { .turn = false } } };
	struct duo d;

	(void)state;
	memset(url + 5, 'n', 255);
	for (int i = 63; i < 255; i += 64)
		url[5 + i] = '.';
	(void)snprintf(end, sizeof end, ": %s:3478?transport=tcp: its name was not found", url);
	memcpy(url + 5 + 255, "?transport=tcp", sizeof "?transport=tcp");
	duo_begin(&d, &cfg);
	duo_start(&d);
	duo_wait(&d, 120 * SECOND);
	assert_int_equal(d.side[0].state, TAUT_STATE_FAILED);
	const char *text = taut_pc_why_at(d.side[0].peer.pc, 0)->text;
	assert_in_range(strlen(text), strlen(end), 1023);
	assert_string_equal(text + strlen(text) - strlen(end), end);
	duo_end(&d);
}

/* What an address looks like in it, and which way it was to be reached. */
static void a_server_is_named_by_its_url(void **state)
{
	static const struct {
		const char *url, *said;
	} rows_of_urls[] = {
		{ "turn:[2001:db8::77]", "turn:[2001:db8::77]:3478: " },
		{ "turn:203.0.113.77?transport=tcp", "turn:203.0.113.77:3478?transport=tcp: " },
		{ "turns:203.0.113.77:443", "turns:203.0.113.77:443: " },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows_of_urls); i++) {
		const struct duo_config cfg = {
			.side = { { .turn = true, .ipv6 = i == 0, .url = rows_of_urls[i].url },
				  { .turn = false } }
		};
		struct duo d;
		duo_begin(&d, &cfg);
		duo_start(&d);
		duo_wait(&d, 15 * SECOND);
		assert_non_null(said_of(&d.side[0], TAUT_WHY_SERVER, rows_of_urls[i].said));
		duo_end(&d);
	}
}

static void a_path_is_named_as_well(void **state)
{
	static const struct duo_config plain = { .seed = 3 };
	const struct taut_why *w;
	struct duo d;

	(void)state;
	duo_begin(&d, &plain);
	assert_true(duo_meet(&d, 20));
	duo_wait(&d, 3 * SECOND);
	w = taut_pc_why_at(d.side[0].peer.pc, 0);
	assert_int_equal(w->code, TAUT_WHY_CONNECTED);
	assert_non_null(strstr(w->text, "data goes over 192.0.2.1:"));
	w = said_of(&d.side[0], TAUT_WHY_PAIR, " -> 192.0.2.2:");
	assert_int_equal(w->code, TAUT_WHY_CONNECTED);
	assert_non_null(strstr(w->text, ": data goes here"));
	world_outage(d.world, d.side[1].iface, WORLD_OUT | WORLD_IN, d.world->now, 600 * SECOND);
	duo_wait(&d, 60 * SECOND);
	w = taut_pc_why_at(d.side[0].peer.pc, 0);
	assert_int_equal(w->code, TAUT_WHY_CONSENT);
	assert_string_equal(w->text, "the peer has answered no consent check for 30 s");
	assert_string_equal(w->text, d.side[0].why);
	world_iface_up(d.world, d.side[1].iface, false);
	duo_end(&d);
}

static void a_restart_that_is_not_answered_is_named(void **state)
{
	static const struct duo_config cfg = {
		.seed = 5, .side = { { .alter = unless_muted }, { .ipv6 = false } }
	};
	const struct taut_why *w;
	struct duo d;

	(void)state;
	muted = false;
	duo_begin(&d, &cfg);
	assert_true(duo_meet(&d, 20));
	duo_wait(&d, 3 * SECOND);
	muted = true;
	duo_restart(&d, 0);
	duo_wait(&d, SECOND);
	assert_int_equal(taut_pc_why_at(d.side[0].peer.pc, 0)->code, TAUT_WHY_CONNECTED);
	world_outage(d.world, d.side[1].iface, WORLD_OUT | WORLD_IN, d.world->now, 600 * SECOND);
	duo_wait(&d, 10 * SECOND);
	w = taut_pc_why_at(d.side[0].peer.pc, 0);
	assert_int_equal(w->code, TAUT_WHY_CONNECTED);
	assert_non_null(
		strstr(w->text, ", and the peer has not answered consent checks for a while"));
	duo_wait(&d, 30 * SECOND);
	w = taut_pc_why_at(d.side[0].peer.pc, 0);
	assert_int_equal(w->code, TAUT_WHY_CONSENT);
	assert_string_equal(w->text,
			    "the peer has answered no consent check for 30 s, and the restart is "
			    "not answered yet");
	duo_wait(&d, 60 * SECOND);
	w = taut_pc_why_at(d.side[0].peer.pc, 0);
	assert_string_equal(w->text,
			    "the peer has answered no consent check for 30 s, and the restart was "
			    "not answered");
	assert_string_equal(w->text, d.side[0].why);
	taut_pc_close(d.side[0].peer.pc, d.world->now);
	assert_int_equal(taut_pc_why_at(d.side[0].peer.pc, 0)->code, TAUT_WHY_CLOSED);
	duo_end(&d);
}

static void an_interface_that_goes_is_the_reason(void **state)
{
	static const struct duo_config plain = { .seed = 4 };
	struct duo d;

	(void)state;
	duo_begin(&d, &plain);
	assert_true(duo_meet(&d, 20));
	world_iface_up(d.world, d.side[0].iface, false);
	duo_wait(&d, 60 * SECOND);
	const struct taut_why *w = taut_pc_why_at(d.side[0].peer.pc, 0);
	assert_int_equal(w->code, TAUT_WHY_GONE);
	assert_non_null(strstr(w->text, "network interface in use is gone"));
	duo_end(&d);
}

static void names_have_a_sentence_each(void **state)
{
	static const struct duo_config cfg = {
		.side = { { .no_stun = true }, { .no_stun = true, .alter = names_for_addresses } }
	};
	const struct taut_why *w;
	struct duo d;

	(void)state;
	duo_begin(&d, &cfg);
	duo_start(&d);
	duo_wait(&d, SECOND);
	w = said_of(&d.side[0], TAUT_WHY_CANDIDATE, "6f2a8c1e");
	assert_non_null(w);
	assert_int_equal(w->code, TAUT_WHY_WAITING);
	duo_wait(&d, 30 * SECOND);
	assert_true(count_of(&d.side[0]) >= 2);
	w = said_of(&d.side[0], TAUT_WHY_CANDIDATE, ".local: asked ");
	assert_non_null(w);
	assert_int_equal(w->code, TAUT_WHY_NAME);
	duo_end(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_failure_is_named),
		cmocka_unit_test(each_pair_and_server_has_its_own_sentence),
		cmocka_unit_test(a_sentence_with_the_longest_name_is_whole),
		cmocka_unit_test(a_server_is_named_by_its_url),
		cmocka_unit_test(a_path_is_named_as_well),
		cmocka_unit_test(a_restart_that_is_not_answered_is_named),
		cmocka_unit_test(an_interface_that_goes_is_the_reason),
		cmocka_unit_test(names_have_a_sentence_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
