/* session_call.c - negotiation and events: what an application does for a call. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "run/session_int.h"

static struct side *other(struct side *a)
{
	return &a->s->sides[1 - a->index];
}

static void failed(struct side *a, const char *what)
{
	world_fail(a->s->world, "%s: %s: %s", a->peer.cfg.name, what,
		   taut_pc_error(a->peer.pc)->message ? taut_pc_error(a->peer.pc)->message : "?");
}

/* ---- told to the other side, at once or when a scenario lets it go ---- */

struct session_letter {
	struct session_letter *next;
	uint32_t type;
	char *text, *mid;
};

static char *copy_of(const char *text)
{
	size_t len = text ? strlen(text) + 1 : 0;
	char *out = text ? malloc(len) : NULL;

	if (text && !out)
		abort();
	return text ? memcpy(out, text, len) : NULL;
}

static void send(struct side *a, const struct world_note *note)
{
	if (a->s->rooms)
		world_rooms_say(&a->member, NULL, note);
	else
		world_signal_send(&a->out, note);
}

static void tell(struct side *a, uint32_t type, const char *text, const char *mid)
{
	struct session_letter **at = &a->letters, *l;

	a->offers += type != 0;
	if (!a->holds) {
		send(a, &(struct world_note){ type, text, mid });
		return;
	}
	while (*at)
		at = &(*at)->next;
	if (!(l = malloc(sizeof *l)))
		abort();
	*l = (struct session_letter){ NULL, type, copy_of(text), copy_of(mid) };
	*at = l;
}

static void drop_first(struct side *a)
{
	struct session_letter *l = a->letters;

	a->letters = l->next;
	free(l->text);
	free(l->mid);
	free(l);
}

void session_release(struct side *a)
{
	a->holds = false;
	for (const struct session_letter *l; (l = a->letters) != NULL; drop_first(a))
		send(a, &(struct world_note){ l->type, l->text, l->mid });
}

void session_forget(struct side *a)
{
	while (a->letters)
		drop_first(a);
}

/* Another hash than that of the certificate: RFC 8122 section 6.2. */
static char *forged(const char *sdp)
{
	static const char mark[] = "a=fingerprint:sha-256 ";
	char *text = copy_of(sdp), *at = text;

	while ((at = strstr(at, mark)) != NULL) {
		at += strlen(mark);
		*at = *at == '0' ? '1' : '0';
	}
	return text;
}

static void send_description(struct side *a)
{
	uint32_t type = 0;
	const char *text = taut_pc_local_description(a->peer.pc, &type);

	if (!text) {
		failed(a, "no local description");
		return;
	}
	session_secrets_of(a->s, text);
	if (a->s->options->description)
		a->s->options->description(a->s->options->ctx, text);
	char *other_text = a->forges ? forged(text) : NULL;
	tell(a, type, other_text ? other_text : text, NULL);
	free(other_text);
}

static void set_local(struct side *a)
{
	if (taut_pc_set_local_description(a->peer.pc, a->s->world->now, 0, NULL, 0) != TAUT_OK)
		failed(a, "set_local_description");
	else
		send_description(a);
}

/* As browsers do: a private address becomes a .local name. */
static const char *hide(struct side *a, const char *line, char *out, size_t cap)
{
	struct world_mdns *m = session_mdns(a->s, a->index);
	const char *ip = line;
	struct taut_addr addr;

	for (int i = 0; i < 4 && ip; i++) {
		ip = strchr(ip, ' ');
		ip = ip ? ip + 1 : NULL;
	}
	size_t len = ip ? strcspn(ip, " ") : 0;
	if (!m || !strstr(line, " typ host") || !tt_addr_parse_ip(&addr, ip, len) ||
	    addr.family != 4 || !tt_addr_is_private(&addr))
		return line;
	const char *name = world_mdns_name(m, &addr, &a->s->random);
	snprintf(out, cap, "%.*s%s%s", (int)(ip - line), line, name ? name : "?", ip + len);
	return out;
}

static void send_candidate(struct side *a, const struct taut_event *ev)
{
	char hidden[512];
	bool hides = a->s->plan.peers[a->index].hides_addresses && ev->text;

	if (a->s->options->description && ev->text)
		a->s->options->description(a->s->options->ctx, ev->text);
	tell(a, 0, hides ? hide(a, ev->text, hidden, sizeof hidden) : ev->text, ev->label);
}

/* The answerer wants to send as well as receive. */
static void answer_offer(struct side *a)
{
	const struct taut_transceiver_info *t;

	for (size_t i = 0; i < 2 && (t = taut_pc_transceiver_at(a->peer.pc, i)) != NULL; i++) {
		a->tracks[t->kind - 1] = t->id;
		if (taut_pc_set_direction(a->peer.pc, a->s->world->now, t->id, TAUT_SENDRECV) !=
		    TAUT_OK)
			failed(a, "set_direction");
	}
	set_local(a);
}

void session_signal(void *user, const struct world_note *note)
{
	struct side *from = user, *a = other(from);
	taut_time now = a->s->world->now;

	/* After the last frame there is time to end what was begun: a restart that nobody answers
	 * has no remote credentials to fail with. */
	if (!a->peer.pc || a->left || taut_pc_connection_state(a->peer.pc) == TAUT_STATE_CLOSED)
		return;
	if (note->type == TAUT_SDP_OFFER) {
		a->ignores =
			!a->polite && taut_pc_signaling_state(a->peer.pc) != TAUT_SIGNALING_STABLE;
		if (a->ignores)
			return;
	}
	if (note->type == 0) {
		if (taut_pc_add_ice_candidate(a->peer.pc, now, note->text,
					      note->text ? strlen(note->text) : 0, note->mid,
					      -1) != TAUT_OK &&
		    !a->ignores)
			failed(a, "add_ice_candidate");
	} else if (taut_pc_set_remote_description(a->peer.pc, now, note->type, note->text,
						  strlen(note->text)) != TAUT_OK) {
		failed(a, "set_remote_description");
	} else {
		world_watch_described(&a->peer.watch, note->text);
		if (note->type == TAUT_SDP_OFFER)
			answer_offer(a);
	}
	world_peer_pump(&a->peer);
}

/* The answerer of a call may want something at the same moment: perfect negotiation, with side 1
 * as the polite one, or as the relay says. */
static void begin_glare(struct side *a)
{
	const struct taut_data_channel_init channel = { .size = sizeof channel, .label = "glare" };
	if (taut_pc_create_data_channel(a->peer.pc, a->s->world->now, &channel, &a->made) !=
	    TAUT_OK)
		failed(a, "glare");
	world_peer_pump(&a->peer);
}

static void begin(struct session *s)
{
	struct side *a = &s->sides[s->plan.offerer];
	const struct taut_data_channel_init channel = { .size = sizeof channel, .label = "bulk" };
	int err = 0;

	for (uint32_t kind = TAUT_AUDIO; kind <= TAUT_VIDEO; kind++) {
		const struct taut_transceiver_init init = { .size = sizeof init,
							    .kind = kind,
							    .stream_id = "s" };
		err |= taut_pc_add_transceiver(a->peer.pc, s->world->now, &init,
					       &a->tracks[kind - 1]);
	}
	err |= taut_pc_create_data_channel(a->peer.pc, s->world->now, &channel, &a->made);
	if (err)
		failed(a, "begin");
	world_peer_pump(&a->peer);
	if (s->plan.glare)
		begin_glare(other(a));
}

/* In a room there is nobody to talk to before both are there. */
void session_begin(struct session *s)
{
	if (!s->rooms)
		begin(s);
}

static void meets(struct world_member *m, const char *id, const char *name, bool polite)
{
	struct side *a = m->user;

	(void)id;
	(void)name;
	a->polite = polite;
	a->meets = true;
	if (other(a)->meets)
		begin(a->s);
}

static void parts(struct world_member *m, const char *id, const char *reason)
{
	(void)id;
	(void)reason;
	((struct side *)m->user)->alone = true;
}

static void told(struct world_member *m, const char *from, const struct world_note *note)
{
	(void)from;
	session_signal(other(m->user), note);
}

static void refused(struct world_member *m, const char *code, const char *text)
{
	const struct side *a = m->user;

	world_fail(a->s->world, "%s: the relay refuses: %s (%s)", a->peer.cfg.name, code, text);
}

void session_join(struct side *a)
{
	static const struct world_member_ops ops = {
		.here = meets, .gone = parts, .note = told, .refused = refused
	};
	const struct plan *p = &a->s->plan;

	a->polite = a->index == 1;
	if (a->s->rooms)
		world_rooms_join(a->s->rooms, &a->member, 2 * (unsigned)a->index, "sim",
				 a->peer.cfg.name, p->signal_delay / 2, p->signal_jitter / 2, &ops,
				 a);
	else
		world_signal_init(&a->out, a->s->world, (unsigned)a->index, p->signal_delay,
				  p->signal_jitter, session_signal, a);
}

static void restart_now(void *arg, uint64_t number)
{
	struct side *a = arg;

	(void)number;
	if (!a->peer.pc || a->ended || a->s->hung_up ||
	    taut_pc_signaling_state(a->peer.pc) != TAUT_SIGNALING_STABLE)
		return;
	for (int i = 0; i < 2; i++)
		a->s->sides[i].peer.watch.generations++;
	if (taut_pc_restart_ice(a->peer.pc, a->s->world->now) != TAUT_OK)
		failed(a, "restart_ice");
	world_peer_pump(&a->peer);
}

void session_restart(struct side *a)
{
	taut_time now = a->s->world->now;

	if (a->restarted_at > 0 && now - a->restarted_at < 5 * (taut_time)SECOND)
		return;
	a->restarted_at = now;
	world_at(a->s->world, now, restart_now, a, 0);
}

/* "bulk" is the offerer's; another one is not used. */
static void opened(struct side *a, taut_channel channel)
{
	struct session *s = a->s;
	bool made_it = a->index == (int)s->plan.offerer;

	if (a->channel || made_it != (channel == a->made))
		return;
	a->channel = channel;
	a->first_out = s->world->now;
	session_send_messages(a);
}

static void state(struct side *a, const struct taut_event *ev)
{
	taut_time now = a->s->world->now;

	if (ev->number == TAUT_STATE_CONNECTED && !a->connected) {
		a->connected = true;
		a->connected_at = now;
		session_learn_keys(a);
		session_start_media(a);
	}
	bool down = ev->number == TAUT_STATE_DISCONNECTED || ev->number == TAUT_STATE_FAILED;
	if (down && a->connected && a->s->plan.heals && !a->s->hung_up)
		session_restart(a);
	else if (ev->number >= TAUT_STATE_FAILED && !a->ended) {
		a->ended = true;
		a->end_reason = ev->reason;
	}
}

void session_event(struct world_peer *p, const struct taut_event *ev)
{
	struct side *a = p->cfg.user;

	if (a->s->scenario)
		scenario_event(a, ev);
	switch (ev->type) {
	case TAUT_EV_NEGOTIATION_NEEDED:
		set_local(a);
		break;
	case TAUT_EV_ICE_CANDIDATE:
		send_candidate(a, ev);
		break;
	case TAUT_EV_CONNECTION_STATE:
		state(a, ev);
		break;
	case TAUT_EV_OPEN:
	case TAUT_EV_DATA_CHANNEL:
		opened(a, ev->channel);
		break;
	case TAUT_EV_BUFFERED_AMOUNT_LOW:
		session_send_messages(a);
		break;
	case TAUT_EV_MESSAGE:
		session_message(a, ev);
		break;
	case TAUT_EV_KEY_FRAME_WANTED:
		a->key_wanted = true;
		break;
	case TAUT_EV_FRAME:
		session_frame(a, ev->frame);
		break;
	default:
		break;
	}
}
