/* cmd_call.c - `taut call URL`: a native peer in a room. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/call.h"
#include "cli/cli.h"
#include "cli/runtime.h"
#include "srtp/srtp.h"

enum {
	KEY_ROOM = 'r',
	KEY_SEND = 's',
	KEY_SAVE = 'o',
	KEY_NAME = 'n',
	KEY_TIME = 't',
	KEY_JSON = 'j',
	KEY_TRACE = 300,
	KEY_STUN,
	KEY_TURN,
	KEY_TURN_USER,
	KEY_TURN_PASSWORD,
	KEY_TURN_CA,
	KEY_ICE_TCP,
	KEY_RELAY_ONLY,
	KEY_MDNS,
	KEY_LITE,
	KEY_SRV,
	KEY_STDIN,
	KEY_ADDRESSES,
	KEY_LOOP,
	KEY_INSECURE,
	KEY_DATA_ONLY,
	KEY_WIDTH,
	KEY_HEIGHT,
	KEY_FPS,
	KEY_BITRATE,
	KEY_LOOPBACK,
	KEY_NO_GSO,
	KEY_NO_GRO,
	KEY_SRTP,
	KEY_STATS,
	KEY_DIAL,
	KEY_SIMULCAST
};
enum { AFTER_END = 1000000 }; /* what is under way still arrives, what is asked for again too */

static const struct cli_option options[] = {
	{ "room", KEY_ROOM, "NAME", "the room to join (default: lobby)" },
	{ "name", KEY_NAME, "NAME", "what the others see (default: taut)" },
	{ "send", KEY_SEND, "WHAT",
	  "test, echo, none, or a file: .ivf .y4m .ogg .wav; twice for picture and sound" },
	{ "save", KEY_SAVE, "DIR", "record what comes: video.ivf, audio.ogg, snapshot.png" },
	{ "time", KEY_TIME, "SECONDS",
	  "leave after so long (default: when the files end, or never)" },
	{ "loop", KEY_LOOP, NULL, "begin files again when they end" },
	{ "data-only", KEY_DATA_ONLY, NULL, "no sound, no picture: data channels alone" },
	{ "width", KEY_WIDTH, "N", "of the test card (default: 640)" },
	{ "height", KEY_HEIGHT, "N", "of the test card (default: 480)" },
	{ "fps", KEY_FPS, "N", "of the test card (default: 30)" },
	{ "bitrate", KEY_BITRATE, "BITS", "of encoded video, bits per second (default: 500000)" },
	{ "stun", KEY_STUN, "URL",
	  "stun:HOST[:PORT] for server-reflexive candidates (default: none); up to 4 servers" },
	{ "turn", KEY_TURN, "URL",
	  "turn:HOST[:PORT], turn:HOST?transport=tcp or turns:HOST (TLS), for relayed candidates "
	  "(default: none)" },
	{ "turn-user", KEY_TURN_USER, "NAME", "who we are there, or behind each --turn" },
	{ "turn-password", KEY_TURN_PASSWORD, "TEXT", "and how we prove it; never shown" },
	{ "turn-ca", KEY_TURN_CA, "FILE",
	  "certificates trusted beside the system's, PEM (turns:)" },
	{ "ice-tcp", KEY_ICE_TCP, "WHO",
	  "candidates over TCP: connect (to what the peer listens on), listen, or both" },
	{ "relay-only", KEY_RELAY_ONLY, NULL, "speak through a TURN server and in no other way" },
	{ "addresses", KEY_ADDRESSES, "WHICH",
	  "all, default (of the default route), public (as servers see it) or proxy (no UDP)" },
	{ "srv", KEY_SRV, NULL, "a server without a port is a domain, whose SRV records say more" },
	{ "mdns", KEY_MDNS, NULL,
	  "show random .local names in place of our addresses, and answer for them" },
	{ "ice-lite", KEY_LITE, NULL,
	  "wait for the peer's checks and send none, on a machine that everybody reaches; without "
	  "--stun and --turn" },
	{ "insecure", KEY_INSECURE, NULL,
	  "do not check the relay's certificate (https with a self-made one)" },
	{ "loopback-only", KEY_LOOPBACK, NULL, "use the loopback interface and no other" },
	{ "no-gso", KEY_NO_GSO, NULL, "send packet by packet, without UDP_SEGMENT" },
	{ "no-gro", KEY_NO_GRO, NULL, "receive packet by packet, without UDP_GRO" },
	{ "srtp", KEY_SRTP, "NAME",
	  "what protects media: taut or libsrtp2 (default: taut's choice)" },
	{ "dial", KEY_DIAL, "KEYS",
	  "press keys of a telephone when connected: 0-9 A-D * #, and a comma waits 2 s" },
	{ "simulcast", KEY_SIMULCAST, NULL,
	  "send the test card in three sizes at once, and take pictures that come so" },
	{ "stats-json", KEY_STATS, "FILE",
	  "getStats each second, in the shape of a dump of chrome://webrtc-internals" },
	{ "stdin", KEY_STDIN, NULL,
	  "lines of standard input: /restart restarts ICE, others are said in the chat" },
	{ "trace", KEY_TRACE, "FILE", "every packet and step in words; - is stderr" },
	{ "json", KEY_JSON, NULL, "one object per line; the last is the summary" },
	{ NULL, 0, NULL, NULL },
};

static int run(int argc, char **argv);

const struct cli_command cli_call = {
	"call",
	"URL",
	"Joins a room as a native peer and has a call with everyone in it.\n"
	"Offers or answers as the room requires. A channel named \"echo\" is always sent back.",
	options,
	"  taut call http://localhost:8080/ --room lobby --send test --save out\n"
	"  taut call http://localhost:8080/ --send film.ivf --send film.ogg\n"
	"  taut call https://localhost:8080/ --insecure --send echo --json\n"
	"  taut call http://localhost:8080/ --send test --stats-json call.json\n"
	"  taut call http://localhost:8080/ --send test --dial '12#'\n"
	"  taut call http://localhost:8080/ --send test --stdin\n"
	"  taut call http://localhost:8080/ --send test --simulcast --save out\n"
	"  taut call http://localhost:8080/ --turn turn:turn.example --turn-user ada \\\n"
	"    --turn-password lovelace --relay-only\n",
	run,
};

struct job {
	struct runtime rt;
	struct runtime_config runtime;
	struct call_config cfg;
	struct call *call;
	long seconds;
};

static void stop(void *user)
{
	struct job *j = user;

	taut_loop_stop(j->rt.loop);
}

static void files_ended(void *user)
{
	struct job *j = user;

	taut_loop_after(j->rt.loop, AFTER_END, stop, j);
}

static void every_second(void *user)
{
	struct job *j = user;

	if (j->cfg.json)
		call_print_stats(j->call, false);
	call_take_stats(j->call);
	taut_loop_after(j->rt.loop, 1000000, every_second, j);
}

static bool take_send(struct call_config *cfg, const char *what)
{
	if (strcmp(what, "echo") == 0)
		cfg->echo = true;
	else if (strcmp(what, "none") != 0 && cfg->send_count < CALL_MAX_SOURCES)
		cfg->send[cfg->send_count++] = what;
	else if (strcmp(what, "none") != 0)
		return false;
	return true;
}

static bool take_srtp(struct call_config *cfg, const char *name)
{
	const uint32_t backend = strcmp(name, "taut") == 0       ? TAUT_SRTP_TAUT
				 : strcmp(name, "libsrtp2") == 0 ? TAUT_SRTP_LIBSRTP
								 : TAUT_SRTP_DEFAULT;

	if (backend == TAUT_SRTP_DEFAULT || !tt_srtp_backend_name(backend)) {
		if (backend == TAUT_SRTP_DEFAULT)
			fprintf(stderr, "taut call: --srtp takes taut or libsrtp2, not '%s'\n",
				name);
		else
			fprintf(stderr, "taut call: --srtp: this build has no %s\n", name);
		return false;
	}
	cfg->srtp_backend = backend;
	return true;
}

static bool take_number(struct job *j, int key)
{
	static const struct {
		int key;
		const char *name;
		long min, max;
	} numbers[] = {
		{ KEY_TIME, "time", 1, 1000000 },
		{ KEY_WIDTH, "width", 160, 4096 },
		{ KEY_HEIGHT, "height", 120, 4096 },
		{ KEY_FPS, "fps", 1, 60 },
		{ KEY_BITRATE, "bitrate", 20000, 50000000 },
	};
	long v = 0;

	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (numbers[i].key == key &&
		    !cli_number(numbers[i].name, optarg, numbers[i].min, numbers[i].max, &v))
			return false;
	if (key == KEY_TIME)
		j->seconds = v;
	else if (key == KEY_WIDTH)
		j->cfg.width = (uint32_t)v;
	else if (key == KEY_HEIGHT)
		j->cfg.height = (uint32_t)v;
	else if (key == KEY_FPS)
		j->cfg.fps = (uint32_t)v;
	else
		j->cfg.bitrate = (uint32_t)v;
	return true;
}

static bool take_server(struct cli_servers *s, int key)
{
	switch (key) {
	case KEY_STUN:
		return cli_servers_stun(s, optarg);
	case KEY_TURN:
		return cli_servers_turn(s, optarg);
	case KEY_TURN_USER:
		return cli_servers_user(s, optarg);
	default:
		return cli_servers_password(s, optarg);
	}
}

/* Options without a value; false: it is none. */
static bool take_switch(struct job *j, int key)
{
	bool *const on = key == KEY_LOOP         ? &j->cfg.loop_files
			 : key == KEY_DATA_ONLY  ? &j->cfg.data_only
			 : key == KEY_MDNS       ? &j->cfg.mdns
			 : key == KEY_LITE       ? &j->cfg.lite
			 : key == KEY_SRV        ? &j->cfg.servers.srv
			 : key == KEY_STDIN      ? &j->cfg.lines
			 : key == KEY_RELAY_ONLY ? &j->cfg.relay_only
			 : key == KEY_INSECURE   ? &j->cfg.any_certificate
			 : key == KEY_SIMULCAST  ? &j->cfg.simulcast
			 : key == KEY_JSON       ? &j->cfg.json
						 : NULL;
	const uint32_t flag = key == KEY_LOOPBACK ? TAUT_LOOP_LOOPBACK_ONLY
			      : key == KEY_NO_GSO ? TAUT_LOOP_NO_GSO
			      : key == KEY_NO_GRO ? TAUT_LOOP_NO_GRO
						  : 0;

	if (on)
		*on = true;
	j->runtime.loop_flags |= flag;
	return on || flag;
}

static bool take_dial(struct call_config *cfg, const char *keys)
{
	cfg->dial = keys;
	if (keys[strspn(keys, "0123456789ABCDabcd*#,")] == '\0')
		return true;
	fprintf(stderr, "taut call: --dial takes 0-9 A-D * # and commas, not '%s'\n", keys);
	return false;
}

static bool take_option(struct job *j, int key, const char **trace)
{
	switch (key) {
	case KEY_STUN:
	case KEY_TURN:
	case KEY_TURN_USER:
	case KEY_TURN_PASSWORD:
		return take_server(&j->cfg.servers, key);
	case KEY_TURN_CA:
		j->runtime.tls_trust = optarg;
		return true;
	case KEY_ICE_TCP:
		return cli_ice_tcp(optarg, &j->cfg.ice_tcp);
	case KEY_ADDRESSES:
		return cli_addresses("call", optarg, &j->cfg.addresses);
	case KEY_ROOM:
		j->cfg.room = optarg;
		return true;
	case KEY_NAME:
		j->cfg.name = optarg;
		return true;
	case KEY_SEND:
		if (take_send(&j->cfg, optarg))
			return true;
		fprintf(stderr, "taut call: at most two --send, for picture and sound\n");
		return false;
	case KEY_SAVE:
		j->cfg.save = optarg;
		return true;
	case KEY_SRTP:
		return take_srtp(&j->cfg, optarg);
	case KEY_DIAL:
		return take_dial(&j->cfg, optarg);
	case KEY_STATS:
		j->cfg.stats_json = optarg;
		return true;
	case KEY_TRACE:
		*trace = optarg;
		return true;
	default:
		return take_number(j, key);
	}
}

/* What is sent in several sizes is drawn in them; a file has one. */
static bool fits_together(const struct call_config *cfg)
{
	const bool drawn =
		!cfg->echo && (cfg->send_count == 0 ||
			       (cfg->send_count == 1 && strcmp(cfg->send[0], "test") == 0));

	if (!cfg->simulcast || drawn)
		return true;
	fprintf(stderr, "taut call: --simulcast goes with --send test, or none\n");
	return false;
}

static bool fits_lite(const struct call_config *cfg)
{
	if (!cfg->lite ||
	    (cfg->servers.count == 0 && !cfg->relay_only &&
	     cfg->addresses <= TAUT_ICE_ADDRESS_DEFAULT && !(cfg->ice_tcp & TAUT_ICE_TCP_CONNECT)))
		return true;
	fprintf(stderr, "taut call: --ice-lite waits for the peer: it goes with no server, no "
			"--relay-only, --addresses all "
			"or default, and --ice-tcp listen\n");
	return false;
}

static int run_call(struct job *j)
{
	struct call_summary sum;
	int err = call_join(&j->call, j->rt.loop, &j->cfg);

	if (err == TAUT_E_INVAL)
		fprintf(stderr,
			"taut call: cannot join '%s' at '%s' as '%s': a relay is "
			"http://HOST:PORT/, "
			"and both names have 1 to 64 characters\n",
			j->cfg.room, j->cfg.url, j->cfg.name);
	else if (err == TAUT_E_NOMEM)
		fprintf(stderr, "taut call: out of memory\n");
	if (err)
		return CLI_FAILED;
	runtime_catch_signals(&j->rt, stop, j);
	if (j->seconds > 0)
		taut_loop_after(j->rt.loop, j->seconds * 1000000, stop, j);
	if (j->cfg.json || j->cfg.stats_json)
		every_second(j);
	taut_loop_run(j->rt.loop);
	bool had = call_summarize(j->call, &sum);
	const bool written = call_leave(j->call);
	call_print_summary(j->cfg.out, j->cfg.json, had, &j->cfg.name, &sum, had ? 1 : 0);
	if (!had && !j->cfg.json)
		fprintf(j->cfg.out, "nobody was connected\n");
	return had && written ? CLI_OK : CLI_FAILED;
}

static int run(int argc, char **argv)
{
	struct job j = { .cfg = { .room = "lobby", .name = "taut", .out = stdout } };
	const char *trace = NULL;
	int key;

	while ((key = cli_next(&cli_call, argc, argv)) != CLI_END) {
		if (key == CLI_HELP)
			return CLI_OK;
		if (key == CLI_BAD || (!take_switch(&j, key) && !take_option(&j, key, &trace)))
			return CLI_USAGE;
	}
	if (optind != argc - 1) {
		fprintf(stderr, "taut call: one URL is needed, such as http://localhost:8080/\n");
		return CLI_USAGE;
	}
	if (!fits_together(&j.cfg) || !fits_lite(&j.cfg) || !cli_servers_finish(&j.cfg.servers))
		return CLI_USAGE;
	j.cfg.url = argv[optind];
	j.cfg.ended = files_ended;
	j.cfg.user = &j;
	if (!runtime_open(&j.rt, trace, &j.runtime))
		return CLI_FAILED;
	int status = run_call(&j);
	runtime_close(&j.rt);
	return status;
}
