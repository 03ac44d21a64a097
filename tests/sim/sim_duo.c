/* sim_duo.c - see sim_duo.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim_duo.h"
#include "taut/stats.h"

enum { SECOND = 1000000, SEND_BUFFER = 16777216 };

static void note_said(struct duo_side *s, const char *text)
{
	const size_t at = strlen(s->said);

	assert_true(snprintf(s->said + at, sizeof s->said - at, "%s\n", text) <
		    (int)(sizeof s->said - at));
}

static void describe(struct duo_side *s)
{
	struct world_note note = { 0 };

	assert_int_equal(taut_pc_set_local_description(s->peer.pc, s->peer.world->now, 0, NULL, 0),
			 TAUT_OK);
	note.text = taut_pc_local_description(s->peer.pc, &note.type);
	note_said(s, note.text);
	world_signal_send(&s->out, &note);
}

static void own_candidate(struct duo_side *s, const struct taut_event *ev)
{
	static const char *const types[] = { "typ host", "typ srflx", "typ prflx", "typ relay" };

	world_signal_send(&s->out, &(struct world_note){ 0, ev->text, ev->label });
	note_said(s, ev->text ? ev->text : "");
	for (int i = 0; ev->text && i < 4; i++)
		if (strstr(ev->text, types[i])) {
			s->candidates[i]++;
			(void)snprintf(s->candidate[i], sizeof s->candidate[i], "%s", ev->text);
			(void)snprintf(s->server[i], sizeof s->server[i], "%s",
				       ev->url ? ev->url : "");
			s->reached_by[i] = ev->number;
		}
}

static void state_is(struct duo_side *s, const struct taut_event *ev)
{
	s->state = (uint32_t)ev->number;
	s->reason = ev->reason;
	(void)snprintf(s->why, sizeof s->why, "%s", ev->text ? ev->text : "");
	if (ev->number == TAUT_STATE_CONNECTED && s->connected_at == 0)
		s->connected_at = s->peer.world->now;
}

static void on_event(struct world_peer *p, const struct taut_event *ev)
{
	struct duo_side *s = p->cfg.user;

	switch (ev->type) {
	case TAUT_EV_NEGOTIATION_NEEDED:
		describe(s);
		break;
	case TAUT_EV_ICE_CANDIDATE:
		own_candidate(s, ev);
		break;
	case TAUT_EV_GATHERING_STATE:
		if (ev->number == TAUT_GATHERING_COMPLETE)
			s->gathered_at = p->world->now;
		break;
	case TAUT_EV_ICE_CANDIDATE_ERROR:
		s->errors++;
		s->error_code = (unsigned)ev->number;
		(void)snprintf(s->error_url, sizeof s->error_url, "%s", ev->label);
		(void)snprintf(s->error_text, sizeof s->error_text, "%s", ev->text);
		s->error_from[0] = 0;
		s->errors_with_address += ev->addr != NULL;
		if (ev->addr)
			tt_addr_text(ev->addr, s->error_from);
		break;
	case TAUT_EV_CONNECTION_STATE:
		state_is(s, ev);
		break;
	case TAUT_EV_MILESTONE:
		if (ev->number != TAUT_MS_NOMINATED)
			break;
		(void)snprintf(s->path, sizeof s->path, "%s", ev->text);
		s->nominated_at = p->world->now;
		break;
	case TAUT_EV_OPEN:
	case TAUT_EV_DATA_CHANNEL:
		s->channel = ev->channel;
		s->open = true;
		assert_int_equal(
			taut_pc_send_message(p->pc, p->world->now, ev->channel, 0, "hello", 5),
			TAUT_OK);
		break;
	case TAUT_EV_MESSAGE:
		s->heard++;
		s->heard_bytes += ev->len;
		break;
	default:
		break;
	}
}

static void on_note(void *user, const struct world_note *note)
{
	struct duo_side *from = user, *s = &from->duo->side[from == &from->duo->side[0]];
	const taut_time now = s->peer.world->now;
	char text[8192] = "";

	if (!s->peer.pc)
		return;
	assert_true(snprintf(text, sizeof text, "%s", note->text ? note->text : "") <
		    (int)sizeof text);
	if (from->alter && !from->alter(note->type, text, sizeof text))
		return;
	const size_t len = strlen(text);
	if (note->type == 0)
		taut_pc_add_ice_candidate(s->peer.pc, now, note->text ? text : NULL, len, note->mid,
					  -1);
	else if (taut_pc_set_remote_description(s->peer.pc, now, note->type, text, len) == TAUT_OK)
		world_watch_described(&s->peer.watch, text);
	if (note->type == TAUT_SDP_OFFER)
		describe(s);
	world_peer_pump(&s->peer);
}

/* ---- building ---- */

static int home(struct duo *d, int i, const struct duo_side_config *cfg)
{
	struct taut_addr outside = world_addr(i ? "198.51.100.2" : "198.51.100.1", 0);
	struct taut_addr middle = world_addr(i ? "100.64.2.1" : "100.64.1.1", 0);
	int net = WORLD_INTERNET;

	if (cfg->outer) {
		net = world_add_net(d->world, net);
		world_set_nat(d->world, net, cfg->outer, &outside);
		outside = middle;
	}
	if (cfg->nat) {
		net = world_add_net(d->world, net);
		world_set_nat(d->world, net, cfg->nat, &outside);
	}
	return net;
}

static void configure(struct duo_side *s, const struct duo_side_config *cfg)
{
	size_t n = 0;

	if (!cfg->no_stun && !cfg->lite)
		s->servers[n++] = (struct taut_ice_server){ .size = sizeof s->servers[0],
							    .url = "stun:" DUO_STUN };
	if (cfg->turn)
		s->servers[n++] = (struct taut_ice_server){
			.size = sizeof s->servers[0],
			.url = cfg->url    ? cfg->url
			       : cfg->ipv6 ? "turn:[" DUO_TURN6 "]"
					   : "turn:" DUO_TURN,
			.username = DUO_USER,
			.credential = cfg->password ? cfg->password : DUO_PASSWORD,
		};
	s->pc = (struct taut_config){ .size = sizeof s->pc,
				      .ice_servers = s->servers,
				      .ice_server_count = n,
				      .ice_srv_servers = cfg->srv ? UINT64_C(1) << (n - 1) : 0,
				      .ice_tcp = cfg->tcp,
				      .ice_lite = cfg->lite,
				      .ice_mdns = cfg->mdns,
				      .congestion_control = cfg->congestion_control,
				      .max_path_mtu = cfg->max_path_mtu,
				      .sctp_snap = cfg->snap,
				      .max_receive_window = cfg->receive_window,
				      .send_buffer_size = cfg->send_buffer,
				      .max_memory = cfg->memory,
				      .ice_address_policy = cfg->addresses,
				      .ice_candidate_pool_size = cfg->pool,
				      .ice_transport_policy =
					      cfg->relay_only ? TAUT_ICE_RELAY : TAUT_ICE_ALL };
}

static void after_step(struct world_peer *p)
{
	const struct duo_side *s = p->cfg.user;

	sim_inside_step(p, s->pc.send_buffer_size ? s->pc.send_buffer_size : SEND_BUFFER);
}

static void before_packet(struct world_peer *p, const uint8_t *data, size_t len)
{
	struct duo_side *s = p->cfg.user;

	sim_inside_before(&s->inside, p, data, len);
}

static void after_packet(struct world_peer *p)
{
	struct duo_side *s = p->cfg.user;

	sim_inside_after(&s->inside, p);
}

static void add_side(struct duo *d, int i, const struct duo_config *cfg)
{
	static const struct world_link_config usual = { .delay = 10000 };
	const struct duo_side_config *mine = &cfg->side[i];
	const struct world_link_config *wire = cfg->wire ? cfg->wire : &usual;
	struct duo_side *s = &d->side[i];
	struct taut_addr at =
		world_addr(mine->ipv6  ? i ? "2001:db8:3::2" : "2001:db8:3::1"
			   : mine->nat ? cfg->same_home && i ? "192.168.0.3" : "192.168.0.2"
			   : i         ? "192.0.2.2"
				       : "192.0.2.1",
			   0);

	s->duo = d;
	s->alter = mine->alter;
	configure(s, mine);
	const struct world_peer_config peer = { .name = i ? "bob" : "alice",
						.pc = &s->pc,
						.trace = i ? NULL : cfg->trace,
						.no_multicast = mine->no_multicast,
						.dns = cfg->dns ? world_addr(DUO_DNS, 0)
								: (struct taut_addr){ 0 },
						.handler = on_event,
						.user = s,
						.after_step = cfg->bulk ? NULL : after_step,
						.before_packet = cfg->bulk ? NULL : before_packet,
						.after_packet = cfg->bulk ? NULL : after_packet };
	s->net = i && cfg->same_home ? d->side[0].net : home(d, i, mine);
	world_peer_add(d->world, &s->peer, &peer);
	s->iface = world_add_iface(d->world, s->peer.host, s->net, &at, wire, wire);
	world_iface_network(d->world, s->iface, mine->network);
	if (mine->second) {
		const struct taut_addr other = world_addr(DUO_SECOND, 0);
		const struct world_link_config *its = mine->second_wire ? mine->second_wire : wire;
		s->second =
			world_add_iface(d->world, s->peer.host, WORLD_INTERNET, &other, its, its);
		world_iface_network(d->world, s->second, mine->second_network);
	}
	world_signal_init(&s->out, d->world, (unsigned)i, cfg->signal ? cfg->signal : 20000, 0,
			  on_note, s);
}

void duo_begin(struct duo *d, const struct duo_config *cfg)
{
	const struct taut_addr stun = world_addr(DUO_STUN, 0), turn = world_addr(DUO_TURN, 0),
			       turn6 = world_addr(DUO_TURN6, 0);
	struct world_turn_config t = cfg->turn;

	memset(d, 0, sizeof *d);
	d->world = world_new(cfg->seed ? cfg->seed : 1);
	world_stun_add(d->world, &d->stun);
	world_add_iface(d->world, d->stun.host, WORLD_INTERNET, &stun, NULL, NULL);
	if (!t.users[0].name)
		t.users[0] = (struct world_turn_user){ DUO_USER, DUO_PASSWORD };
	world_turn_add(d->world, &d->turn, &t);
	d->turn_iface = world_add_iface(d->world, d->turn.host, WORLD_INTERNET, &turn, NULL, NULL);
	world_add_iface(d->world, d->turn.host, WORLD_INTERNET, &turn6, NULL, NULL);
	if (cfg->dns) {
		const struct taut_addr dns = world_addr(DUO_DNS, 0);
		world_dns_add(d->world, &d->dns);
		world_add_iface(d->world, d->dns.host, WORLD_INTERNET, &dns, NULL, NULL);
	}
	for (int i = 0; i < 2; i++)
		add_side(d, i, cfg);
	for (int i = 0; i < 2; i++) {
		world_peer_start(&d->side[i].peer);
		assert_non_null(d->side[i].peer.pc);
	}
}

/* ---- running ---- */

void duo_start(struct duo *d)
{
	static const struct taut_data_channel_init init = { .size = sizeof init };

	taut_pc_create_data_channel(d->side[0].peer.pc, d->world->now, &init, &d->side[0].channel);
	world_peer_pump(&d->side[0].peer);
}

static bool both_heard(void *user)
{
	const struct duo *d = user;

	return d->side[0].heard && d->side[1].heard;
}

bool duo_meet(struct duo *d, int seconds)
{
	if (!d->side[0].channel)
		duo_start(d);
	return world_run(d->world, d->world->now + (taut_time)seconds * SECOND, both_heard, d);
}

bool duo_meet_for_good(struct duo *d)
{
	const bool met = duo_meet(d, 20);

	duo_wait(d, 3 * SECOND);
	return met;
}

void duo_talk(struct duo *d, taut_time within)
{
	const unsigned heard[2] = { d->side[0].heard, d->side[1].heard };

	for (int i = 0; i < 2; i++)
		duo_say(d, i, 1000);
	duo_wait(d, within);
	assert_int_equal(d->side[0].heard, heard[0] + 1);
	assert_int_equal(d->side[1].heard, heard[1] + 1);
}

void duo_wait(struct duo *d, taut_time duration)
{
	world_run(d->world, d->world->now + duration, NULL, NULL);
}

void duo_say(struct duo *d, int side, size_t len)
{
	struct duo_side *s = &d->side[side];
	uint8_t *bytes = calloc(1, len);

	assert_non_null(bytes);
	assert_int_equal(taut_pc_send_message(s->peer.pc, d->world->now, s->channel, 1, bytes, len),
			 TAUT_OK);
	free(bytes);
	world_peer_pump(&s->peer);
}

bool duo_goes_by(const struct duo *d, int side, const char *ip)
{
	const struct taut_addr want = world_addr(ip, 0);
	bool both = true;

	for (int i = 0; i < 2; i++) {
		struct taut_counters c = { .size = sizeof c };
		assert_int_equal(taut_pc_get_counters(d->side[i].peer.pc, &c), TAUT_OK);
		both &= tt_addr_eq_ip(i == side ? &c.local : &c.remote, &want);
	}
	return both;
}

double duo_path_stat(struct duo_side *s, const char *member)
{
	const struct taut_stats *all;
	size_t count;

	assert_int_equal(taut_pc_get_stats(s->peer.pc, s->duo->world->now, &all, &count), TAUT_OK);
	for (size_t i = 0; i < count; i++)
		if (strcmp(all[i].type, "candidate-pair") == 0 &&
		    taut_stats_member(&all[i], "nominated")->number != 0)
			return taut_stats_member(&all[i], member)->number;
	return -1;
}

void duo_restart(struct duo *d, int side)
{
	for (int i = 0; i < 2; i++)
		d->side[i].peer.watch.generations++;
	assert_int_equal(taut_pc_restart_ice(d->side[side].peer.pc, d->world->now), TAUT_OK);
	world_peer_pump(&d->side[side].peer);
}

void duo_close(struct duo *d, int side)
{
	taut_pc_close(d->side[side].peer.pc, d->world->now);
	world_peer_pump(&d->side[side].peer);
}

void duo_end(struct duo *d)
{
	for (int i = 0; i < 2; i++) {
		world_peer_free(&d->side[i].peer);
		world_signal_free(&d->side[i].out);
	}
	world_turn_free(&d->turn);
	world_dns_free(&d->dns);
	if (d->world->failures)
		print_error("%s\n", d->world->failure);
	assert_int_equal(d->world->failures, 0);
	world_free(d->world);
}
