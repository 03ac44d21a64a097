/* call.c - a native peer in a room: joining, and who is there. */
#include "cli/call.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/call_peer.h"
#include "cli/call_report.h"
#include "cli/cli_text.h"

struct call_peer *call_peer_of(struct call *c, taut_pc *pc)
{
	for (size_t i = 0; i < c->peer_count; i++)
		if (c->peers[i]->pc == pc)
			return c->peers[i];
	return NULL;
}

/* ---- the room ---- */

static void set_up_media(struct call *c, struct call_peer *p)
{
	const uint32_t kinds[] = { TAUT_AUDIO, TAUT_VIDEO };
	taut_time now = taut_loop_now(c->loop);

	struct taut_rtp_encoding encodings[CALL_LAYERS];
	const size_t encoding_count = call_encodings(c, encodings);

	for (size_t i = 0; i < 2 && !c->cfg.data_only; i++) {
		struct taut_transceiver_init init = {
			.size = sizeof init,
			.kind = kinds[i],
			.direction = call_kinds(c) & kinds[i] ? TAUT_SENDRECV : TAUT_RECVONLY,
			.stream_id = "taut",
			.send_encodings = encodings,
			.send_encoding_count = kinds[i] == TAUT_VIDEO ? encoding_count : 0,
			.receive_rids = call_wanted,
			.receive_rid_count =
				kinds[i] == TAUT_VIDEO && c->cfg.simulcast ? CALL_LAYERS : 0,
		};
		taut_pc_add_transceiver(p->pc, now, &init,
					kinds[i] == TAUT_AUDIO ? &p->audio : &p->video);
	}
	struct taut_data_channel_init chat = { .size = sizeof chat, .label = "chat" };
	taut_pc_create_data_channel(p->pc, now, &chat, &p->chat);
}

/* Not before there is a connection: a call that never comes up leaves no directory, and the first
 * one that does has DIR itself. */
void call_open_sink(struct call_peer *p)
{
	struct call *c = p->call;
	struct taut_media_error error = { 0 };
	struct taut_sink_config cfg = { .size = sizeof cfg, .clock = call_clock };
	char dir[600];

	if (c->cfg.save) {
		if (++c->met == 1)
			snprintf(dir, sizeof dir, "%s", c->cfg.save);
		else
			snprintf(dir, sizeof dir, "%s/peer-%u", c->cfg.save, c->met);
		cfg.dir = dir;
		snprintf(c->save_dir, sizeof c->save_dir, "%s", dir);
	}
	if (!c->cfg.data_only && taut_sink_new(&p->sink, &cfg, &error) != TAUT_OK)
		call_say(p, "not saved", error.text);
}

static void drop_peer(struct call *c, struct call_peer *p)
{
	call_peer_update(p);
	if (c->dump)
		call_peer_dump(p);
	if (p->connected && !c->have_summary) {
		c->have_summary = true;
		c->summary = p->last;
	}
	for (size_t i = 0; i < c->peer_count; i++)
		if (c->peers[i] == p)
			c->peers[i] = c->peers[--c->peer_count];
	call_peer_free(p);
}

static struct call_peer *peer_by_id(struct call *c, const char *id)
{
	for (size_t i = 0; i < c->peer_count; i++)
		if (strcmp(c->peers[i]->id, id) == 0)
			return c->peers[i];
	return NULL;
}

static void on_peer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	struct call *c = user;
	struct call_peer *again = peer_by_id(c, peer->id);

	(void)room;
	if (again) { /* the call begins anew; the room has freed the earlier connection */
		again->pc = NULL;
		drop_peer(c, again);
	}
	struct call_peer *p = c->peer_count < CALL_MAX_PEERS ? calloc(1, sizeof *p) : NULL;
	if (!p)
		return;
	p->call = c;
	p->pc = pc;
	p->since = taut_loop_now(c->loop);
	p->pending_end = &p->pending;
	p->last = call_no_summary();
	snprintf(p->id, sizeof p->id, "%s", peer->id);
	snprintf(p->name, sizeof p->name, "%s", peer->name);
	snprintf(p->dumped_as, sizeof p->dumped_as, "0-%u", ++c->known);
	c->peers[c->peer_count++] = p;
	call_say(p, "peer", peer->name);
	if (peer->starts)
		set_up_media(c, p);
}

/* The peer's offer made transceivers that only receive: give back what we have. */
static void on_offer(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc)
{
	struct call *c = user;
	struct call_peer *p = call_peer_of(c, pc);
	const struct taut_transceiver_info *t;

	(void)room, (void)peer;
	for (size_t i = 0; p && (t = taut_pc_transceiver_at(pc, i)) != NULL; i++) {
		taut_transceiver *mine = t->kind == TAUT_AUDIO ? &p->audio : &p->video;
		taut_time now = taut_loop_now(c->loop);
		if (t->direction == TAUT_STOPPED || (*mine != 0 && *mine != t->id))
			continue;
		/* Inactive and not refused: when an answer refuses the first line of its bundle,
		 * Chromium 156 fails with "Failed to setup RTCP mux". */
		if (c->cfg.data_only) {
			taut_pc_set_direction(pc, now, t->id, TAUT_INACTIVE);
			continue;
		}
		*mine = t->id;
		taut_pc_set_stream(pc, now, t->id, "taut");
		if (t->direction == TAUT_RECVONLY && (call_kinds(c) & t->kind))
			taut_pc_set_direction(pc, now, t->id, TAUT_SENDRECV);
	}
}

static void on_event(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		     const struct taut_event *event)
{
	struct call_peer *p = call_peer_of(user, pc);

	(void)room, (void)peer;
	if (p)
		call_peer_event(p, event);
}

static void on_peer_left(void *user, taut_room *room, const struct taut_room_peer *peer,
			 taut_pc *pc, const char *why)
{
	struct call *c = user;
	struct call_peer *p = call_peer_of(c, pc);

	(void)room, (void)peer;
	if (!p)
		return;
	call_say(p, "peer left", why);
	drop_peer(c, p);
}

static void on_failure(void *user, taut_room *room, const struct taut_room_peer *peer, taut_pc *pc,
		       const char *text)
{
	struct call_peer *p = call_peer_of(user, pc);

	(void)room, (void)peer;
	if (p)
		call_peer_failed(p, text);
}

static void on_chat(void *user, taut_room *room, const struct taut_room_peer *peer,
		    const char *text)
{
	struct call *c = user;
	struct call_peer *p = peer_by_id(c, peer->id);

	if (p)
		call_say(p, "chat (relay)", text);
	if (c->cfg.echo && peer->agent != TAUT_AGENT_NATIVE) /* that might be an echo, too */
		taut_room_chat(room, text);
}

static void on_error(void *user, taut_room *room, const char *code, const char *text)
{
	struct call *c = user;
	char line[600];

	(void)room;
	snprintf(line, sizeof line, "%s: %s", code, text);
	call_report(c->cfg.out, c->cfg.json, c->cfg.name, -1, "error", line,
		    json_pack("{s:o}", "code", cli_json_text(code)));
	if (c->cfg.ended && strcmp(code, "room_full") == 0)
		c->cfg.ended(c->cfg.user);
}

static void on_state(void *user, taut_room *room, uint32_t state)
{
	struct call *c = user;

	(void)room;
	call_report(c->cfg.out, c->cfg.json, c->cfg.name, -1, "room",
		    state == TAUT_ROOM_JOINED ? "joined" : "connecting to the relay", NULL);
}

/* ---- from join to leave ---- */

/* What is wrong with --save is said before the call, not after it. */
static int check_save(const struct call *c)
{
	const struct taut_sink_config cfg = { .size = sizeof cfg, .dir = c->cfg.save };
	struct taut_media_error error = { 0 };
	taut_sink *probe = NULL;

	if (!c->cfg.save)
		return TAUT_OK;
	if (taut_sink_new(&probe, &cfg, &error) != TAUT_OK) {
		fprintf(stderr, "taut: %s\n", error.text);
		return TAUT_E_IO;
	}
	taut_sink_close(probe, NULL);
	if (access(c->cfg.save, W_OK | X_OK) == 0)
		return TAUT_OK;
	fprintf(stderr, "taut: %s: cannot be written: %s\n", c->cfg.save, strerror(errno));
	return TAUT_E_IO;
}

static int check_dump(const struct call *c)
{
	if (!c->dump || stats_dump_write(c->dump, c->cfg.stats_json))
		return TAUT_OK;
	fprintf(stderr, "taut: %s: cannot be written: %s\n", c->cfg.stats_json, strerror(errno));
	return TAUT_E_IO;
}

/* A URL that is none would make every connection of the room fail. */
static int check_servers(const struct call *c)
{
	return cli_servers_usable(&c->cfg.servers, taut_loop_env(c->loop), taut_loop_now(c->loop))
		       ? TAUT_OK
		       : TAUT_E_UNSUPPORTED;
}

static int join(struct call *c)
{
	const struct taut_room_config cfg = {
		.size = sizeof cfg,
		.url = c->cfg.url,
		.room = c->cfg.room,
		.name = c->cfg.name,
		.flags = c->cfg.any_certificate ? TAUT_ROOM_ANY_CERTIFICATE : 0,
		.pc = &c->pc,
		.user = c,
		.on_peer = on_peer,
		.on_offer = on_offer,
		.on_event = on_event,
		.on_peer_left = on_peer_left,
		.on_chat = on_chat,
		.on_error = on_error,
		.on_state = on_state,
		.on_failure = on_failure,
	};

	return taut_room_join(&c->room, c->loop, &cfg);
}

int call_join(struct call **out, taut_loop *loop, const struct call_config *cfg)
{
	struct call *c = calloc(1, sizeof *c);

	*out = NULL;
	if (!c)
		return TAUT_E_NOMEM;
	c->cfg = *cfg;
	c->loop = loop;
	c->pc = (struct taut_config){ .size = sizeof c->pc };
	c->pc.srtp_backend = cfg->srtp_backend;
	c->pc.codecs = call_codecs(&c->pc.codec_count);
	c->pc.max_receive_encodings = cfg->simulcast ? CALL_MAX_LAYERS : 0;
	c->pc.ice_tcp = cfg->ice_tcp;
	c->pc.ice_mdns = cfg->mdns;
	c->pc.ice_lite = cfg->lite;
	c->pc.ice_address_policy = cfg->addresses;
	c->pc.ice_transport_policy = cfg->relay_only ? TAUT_ICE_RELAY : TAUT_ICE_ALL;
	if (cfg->stats_json && !(c->dump = stats_dump_new())) {
		call_leave(c);
		return TAUT_E_NOMEM;
	}
	c->pc.ice_servers = c->cfg.servers.list;
	c->pc.ice_server_count = c->cfg.servers.count;
	c->pc.ice_srv_servers = cli_servers_srv(&c->cfg.servers);
	c->summary = call_no_summary();
	int err = check_save(c);
	if (!err)
		err = check_dump(c);
	if (!err)
		err = check_servers(c);
	if (!err)
		err = call_open_sources(c);
	if (!err)
		err = join(c);
	if (err) {
		stats_dump_free(c->dump); /* what is wrong was said */
		c->dump = NULL;
		call_leave(c);
		return err;
	}
	call_lines_open(c);
	*out = c;
	return TAUT_OK;
}

bool call_leave(struct call *c)
{
	bool ok = true;

	if (!c)
		return true;
	if (c->timer)
		taut_loop_cancel(c->loop, c->timer);
	call_lines_close(c);
	while (c->peer_count > 0)
		drop_peer(c, c->peers[0]);
	taut_room_leave(c->room);
	for (size_t i = 0; i < c->source_count; i++)
		taut_source_free(c->sources[i]);
	if (c->dump)
		ok = check_dump(c) == TAUT_OK;
	stats_dump_free(c->dump);
	free(c);
	return ok;
}

bool call_summarize(struct call *c, struct call_summary *out)
{
	for (size_t i = 0; i < c->peer_count; i++) {
		call_peer_update(c->peers[i]);
		if (!c->have_summary && c->peers[i]->connected) {
			*out = c->peers[i]->last;
			return true;
		}
	}
	*out = c->summary;
	return c->have_summary;
}

void call_take_stats(struct call *c)
{
	for (size_t i = 0; c->dump && i < c->peer_count; i++)
		call_peer_dump(c->peers[i]);
}

size_t call_peer_count(const struct call *c)
{
	return c->peer_count;
}

const char *call_save_dir(const struct call *c)
{
	return c->save_dir;
}

int call_snapshot(struct call *c)
{
	for (size_t i = 0; i < c->peer_count; i++)
		if (c->peers[i]->sink && taut_sink_image(c->peers[i]->sink))
			return taut_sink_snapshot(c->peers[i]->sink, NULL);
	return TAUT_E_STATE;
}

static void print_peer_stats(struct call *c, struct call_peer *p, bool same_line)
{
	const struct call_summary *s = &p->last;
	struct taut_counters n = { .size = sizeof n };

	taut_pc_get_counters(p->pc, &n);
	if (c->cfg.json) {
		cli_put_json(c->cfg.out,
			     json_pack("{s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:f, s:i}",
				       "event", "stats", "side", c->cfg.name, "peer",
				       cli_json_text(p->name), "bytes_sent",
				       (json_int_t)s->bytes_sent, "bytes_received",
				       (json_int_t)s->bytes_received, "frames_sent",
				       (json_int_t)s->frames_sent, "frames_decoded",
				       (json_int_t)s->frames_decoded, "packets_lost",
				       (json_int_t)s->packets_lost, "rtt_ms",
				       (double)n.round_trip_time / 1000.0, "audio_level",
				       (int)s->audio_level));
		return;
	}
	fprintf(c->cfg.out,
		"%s%-7s out %6llu KB %5llu pictures | in %6llu KB %5llu pictures | sound -%u dBov "
		"| "
		"lost %llu | rtt %.2f ms%s",
		same_line ? "\r" : "", c->cfg.name, (unsigned long long)s->bytes_sent / 1000,
		(unsigned long long)s->frames_sent, (unsigned long long)s->bytes_received / 1000,
		(unsigned long long)s->frames_decoded, s->audio_level,
		(unsigned long long)s->packets_lost, (double)n.round_trip_time / 1000.0,
		same_line ? "" : "\n");
	fflush(c->cfg.out);
}

void call_print_stats(struct call *c, bool same_line)
{
	for (size_t i = 0; i < c->peer_count; i++) {
		call_peer_update(c->peers[i]);
		if (c->peers[i]->connected)
			print_peer_stats(c, c->peers[i], same_line);
	}
}
