/* cmd_demo.c - `taut demo`, what ./dev run starts: relay, page, a native peer, and a proof.
 *
 * The proof is a second native peer that joins for ten seconds: both must
 * connect, see the test card's counter advance, hear its tone and get a message. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/call.h"
#include "cli/cli.h"
#include "cli/cli_text.h"
#include "cli/runtime.h"

enum {
	KEY_JSON = 'j',
	KEY_PORT = 'p',
	KEY_HOST = 300,
	KEY_ONCE,
	KEY_SAVE,
	KEY_TRACE,
	KEY_TLS,
	KEY_SECONDS
};
enum { LAST_PORT = 8099, SECOND = 1000000, LEAST_FRAMES_PER_SECOND = 5 };

static int run(int argc, char **argv);

static const struct cli_option options[] = {
	{ "once", KEY_ONCE, NULL, "end after the self-call: status 0 if it worked, else 1" },
	{ "json", KEY_JSON, NULL, "one object per line; the last is the summary" },
	{ "port", KEY_PORT, "N", "of the relay; taken: the next free one to 8099 (default: 8080)" },
	{ "host", KEY_HOST, "ADDRESS", "where the relay listens (default: 127.0.0.1)" },
	{ "tls", KEY_TLS, NULL, "https with a self-made certificate" },
	{ "seconds", KEY_SECONDS, "N", "of the self-call (default: 10)" },
	{ "save", KEY_SAVE, "DIR", "where the received picture and sound go (default: out)" },
	{ "trace", KEY_TRACE, "FILE", "every packet and step in words; - is stderr" },
	{ NULL, 0, NULL, NULL },
};

const struct cli_command cli_demo = {
	"demo",
	"",
	"Starts the relay with its page and a native peer, calls it, and goes on serving.",
	options,
	"  taut demo                 then open http://localhost:8080/ in Chrome\n"
	"  taut demo --once --json   prove that it works, and end\n",
	run,
};

struct demo {
	struct runtime rt;
	taut_relay *relay;
	struct call *host, *guest;
	struct call_summary sides[2];
	const char *save;
	bool json, once, proved, ok, interactive;
	long seconds, passed;
	taut_timer timer;
};

static void print_url(struct demo *d)
{
	const char *url = taut_relay_url(d->relay);

	if (d->json)
		cli_put_json(stdout, json_pack("{s:s, s:s}", "event", "serving", "url", url));
	else
		printf("open %s in Chrome (Ctrl-C ends)\n", url);
	fflush(stdout);
}

static bool side_works(const struct call_summary *s, long seconds)
{
	return s->connected_ms >= 0 &&
	       s->frames_decoded >= (uint64_t)(seconds * LEAST_FRAMES_PER_SECOND) &&
	       s->card_frames > 0 && s->card_in_order > 0 && s->audio_level < 127 &&
	       s->messages_received > 0;
}

static void judge(struct demo *d)
{
	static const char *const names[] = { "taut", "guest" };

	bool both = call_summarize(d->host, &d->sides[0]) && call_summarize(d->guest, &d->sides[1]);
	call_snapshot(d->guest);
	call_leave(d->guest);
	d->guest = NULL;
	d->ok = both && side_works(&d->sides[0], d->seconds) &&
		side_works(&d->sides[1], d->seconds);
	d->proved = true;
	if (d->once)
		return;
	if (d->interactive)
		putchar('\n');
	call_print_summary(stdout, d->json, d->ok, names, d->sides, 2);
}

static void say_where(const struct demo *d)
{
	if (d->json)
		cli_put_json(stdout, json_pack("{s:s, s:o, s:b}", "event", "saved", "dir",
					       cli_json_text(d->save), "ok", d->ok));
	else if (d->ok)
		printf("the self-call works: received picture %s/snapshot.png, sound %s/audio.ogg, "
		       "video %s/video.ivf\n",
		       d->save, d->save, d->save);
	else
		printf("THE SELF-CALL FAILED; what was received, if anything, lies in %s\n",
		       d->save);
	fflush(stdout);
}

static void every_second(void *user)
{
	struct demo *d = user;

	d->timer = taut_loop_after(d->rt.loop, SECOND, every_second, d);
	if (d->guest && ++d->passed >= d->seconds) {
		judge(d);
		say_where(d);
		if (d->once)
			taut_loop_stop(d->rt.loop);
		else
			print_url(d);
	} else {
		call_print_stats(d->guest ? d->guest : d->host, d->interactive);
	}
}

static void stop(void *user)
{
	struct demo *d = user;

	taut_loop_stop(d->rt.loop);
}

static bool join(struct demo *d, struct call **out, const char *name, const char *save)
{
	const struct call_config cfg = {
		.url = taut_relay_url(d->relay),
		.room = "lobby",
		.name = name,
		.send = { "test" },
		.send_count = 1,
		.any_certificate = true, /* of the relay next door, made a moment ago */
		.save = save,
		.json = d->json,
		.out = stdout,
	};

	if (call_join(out, d->rt.loop, &cfg) == TAUT_OK)
		return true;
	fprintf(stderr, "taut demo: %s cannot join\n", name);
	return false;
}

static void invite(void *user)
{
	struct demo *d = user;

	if (!join(d, &d->guest, "guest", d->save))
		stop(d);
}

static int serve(struct demo *d)
{
	static const char *const names[] = { "taut", "guest" };

	print_url(d);
	if (!join(d, &d->host, "taut", NULL))
		return CLI_FAILED;
	runtime_catch_signals(&d->rt, stop, d);
	taut_loop_after(d->rt.loop, SECOND / 5, invite, d);
	d->timer = taut_loop_after(d->rt.loop, SECOND / 5, every_second, d);
	taut_loop_run(d->rt.loop);
	if (d->guest) {
		call_summarize(d->guest, &d->sides[1]);
		call_leave(d->guest);
	}
	if (!d->proved || !d->once)
		call_summarize(d->host, &d->sides[0]);
	call_leave(d->host);
	if (d->interactive)
		putchar('\n');
	call_print_summary(stdout, d->json, d->ok, names, d->sides, 2);
	return d->ok ? CLI_OK : CLI_FAILED;
}

static bool take_option(struct demo *d, int key, struct taut_relay_config *relay,
			const char **trace)
{
	long n;

	switch (key) {
	case KEY_ONCE:
		d->once = true;
		return true;
	case KEY_JSON:
		d->json = true;
		return true;
	case KEY_HOST:
		relay->host = optarg;
		return true;
	case KEY_TLS:
		relay->flags |= TAUT_RELAY_TLS;
		return true;
	case KEY_SAVE:
		d->save = optarg;
		return true;
	case KEY_TRACE:
		*trace = optarg;
		return true;
	case KEY_SECONDS:
		return cli_number("seconds", optarg, 2, 3600, &d->seconds);
	case KEY_PORT:
		if (!cli_number("port", optarg, 1, 65535, &n))
			return false;
		relay->port = (uint16_t)n;
		relay->last_port = (uint16_t)(n <= LAST_PORT ? LAST_PORT : n);
		return true;
	default:
		return false;
	}
}

static int run(int argc, char **argv)
{
	struct demo d = { .save = "out",
			  .seconds = 10,
			  .sides = { call_no_summary(), call_no_summary() } };
	struct taut_relay_config relay = { .size = sizeof relay,
					   .port = 8080,
					   .last_port = LAST_PORT };
	const char *trace = NULL;
	int key, status;

	while ((key = cli_next(&cli_demo, argc, argv)) != CLI_END) {
		if (key == CLI_HELP)
			return CLI_OK;
		if (key == CLI_BAD || !take_option(&d, key, &relay, &trace))
			return CLI_USAGE;
	}
	if (optind != argc) {
		fprintf(stderr, "taut demo: takes no '%s'\n", argv[optind]);
		return CLI_USAGE;
	}
	d.interactive = !d.json && isatty(STDOUT_FILENO);
	if (!runtime_open(&d.rt, trace, &(struct runtime_config){ 0 }))
		return CLI_FAILED;
	int err = taut_relay_start(&d.relay, &relay);
	status = err ? cli_no_relay("demo", err, &relay) : serve(&d);
	taut_relay_stop(d.relay);
	runtime_close(&d.rt);
	return status;
}
