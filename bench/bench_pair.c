/* bench_pair.c - see bench_pair.h. */
#include "bench_pair.h"

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "dtls/dtls_state.h"
#include "io/io_loop.h"
#include "peer/pc.h"

enum { SECOND = 1000000, PATIENCE = 10 * SECOND };

static void on_event(void *user, taut_pc *pc, const struct taut_event *ev)
{
	struct bench_end *e = user, *other = &e->pair->end[e == e->pair->end];
	const taut_time now = taut_loop_now(e->loop);

	(void)pc;
	if (ev->type == TAUT_EV_ICE_CANDIDATE && other->pc)
		(void)taut_pc_add_ice_candidate(other->pc, now, ev->text,
						ev->text ? strlen(ev->text) : 0, ev->label, -1);
	else if (ev->type == TAUT_EV_CONNECTION_STATE)
		e->connected = ev->number == TAUT_STATE_CONNECTED;
	else if (ev->type == TAUT_EV_OPEN)
		e->open = true;
	else if (ev->type == TAUT_EV_DATA_CHANNEL)
		e->channel = ev->channel;
	else if (ev->type == TAUT_EV_MESSAGE) {
		e->messages++;
		e->message_bytes += ev->len;
	}
}

static int add(struct bench_end *e, const struct bench_pair_config *cfg, bool offers)
{
	static const struct taut_codec codecs[] = {
		{ .size = sizeof codecs[0],
		  .mime = "audio/opus",
		  .clock_rate = 48000,
		  .channels = 2 },
		{ .size = sizeof codecs[0], .mime = "video/VP8", .clock_rate = 90000 },
	};
	const struct taut_loop_config loop = { .size = sizeof loop,
					       .flags = cfg->loop_flags | TAUT_LOOP_NO_IPV6 };
	const struct taut_config pc = { .size = sizeof pc,
					.codecs = codecs,
					.codec_count = 2,
					.srtp_backend = cfg->srtp_backend,
					.pacing_burst = cfg->burst_every ? cfg->burst : UINT32_MAX,
					.pacing_interval = cfg->burst_every };
	struct taut_transceiver_init t = { .size = sizeof t };
	const struct taut_data_channel_init channel = { .size = sizeof channel, .label = "bench" };
	int err = TAUT_OK;

	e->loop = cfg->loops[!offers];
	e->own_loop = !e->loop;
	if (e->own_loop)
		err = taut_loop_new(&e->loop, &loop);

	if (!err && cfg->sha1) /* there is no call for it, and need not be */
		SSL_CTX_set_tlsext_use_srtp(taut_loop_env(e->loop)->dtls->ctx,
					    "SRTP_AES128_CM_SHA1_80");
	if (!err)
		err = taut_pc_new(&e->pc, taut_loop_env(e->loop), &pc, taut_loop_now(e->loop));
	if (!err)
		err = taut_loop_add(e->loop, e->pc, on_event, e);
	for (uint32_t kind = TAUT_AUDIO; !err && offers && cfg->media && kind <= TAUT_VIDEO;
	     kind++) {
		t.kind = kind;
		err = taut_pc_add_transceiver(e->pc, taut_loop_now(e->loop), &t,
					      kind == TAUT_AUDIO ? &e->audio : &e->video);
	}
	if (!err && offers && cfg->data)
		err = taut_pc_create_data_channel(e->pc, taut_loop_now(e->loop), &channel,
						  &e->channel);
	return err;
}

/* The description of `from`, set at both. */
static int describe(struct bench_pair *p, int from, uint32_t type)
{
	struct bench_end *a = &p->end[from], *b = &p->end[1 - from];
	uint32_t made = 0;
	int err = taut_pc_set_local_description(a->pc, taut_loop_now(a->loop), type, NULL, 0);
	const char *text = err ? NULL : taut_pc_local_description(a->pc, &made);

	if (!text)
		return TAUT_E_NOMEM;
	return taut_pc_set_remote_description(b->pc, taut_loop_now(b->loop), made, text,
					      strlen(text));
}

static bool up(const struct bench_pair *p, const struct bench_pair_config *cfg)
{
	return p->end[0].connected && p->end[1].connected &&
	       (!cfg->data || (p->end[0].open && p->end[1].open));
}

void bench_pair_step(struct bench_pair *p)
{
	for (int i = 0; i < 2; i++)
		(void)taut_loop_step(p->end[i].loop, 0);
}

/* Until they are up they open sockets, and each has to be where its sockets belong. */
static void step_in_place(struct bench_pair *p, const struct bench_veth *veth)
{
	for (int i = 0; i < 2; i++) {
		bench_veth_enter(veth, i);
		(void)taut_loop_step(p->end[i].loop, 0);
		bench_veth_home(veth);
	}
}

/* From home they would read the wrong interfaces when the kernel says that theirs changed. */
static void watch_no_interfaces(taut_loop *loop)
{
	(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, loop->netlink, NULL);
	taut_loop_cancel(loop, loop->ifaces_timer); /* it may have said so already */
}

static int add_in_place(struct bench_pair *p, int i, const struct bench_pair_config *cfg)
{
	bench_veth_enter(cfg->veth, i);
	const int err = add(&p->end[i], cfg, i == 0);
	bench_veth_home(cfg->veth);
	return err;
}

struct bench_pair *bench_pair_new(const struct bench_pair_config *cfg, const char **why)
{
	struct bench_pair *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->end[0].pair = p->end[1].pair = p;
	*why = "the connections could not be made";
	if (add_in_place(p, 0, cfg) || add_in_place(p, 1, cfg) || describe(p, 0, TAUT_SDP_OFFER) ||
	    describe(p, 1, TAUT_SDP_ANSWER)) {
		bench_pair_free(p);
		return NULL;
	}
	const taut_time end = taut_loop_now(p->end[0].loop) + PATIENCE;
	while (!up(p, cfg) && taut_loop_now(p->end[0].loop) < end)
		step_in_place(p, cfg->veth);
	for (int i = 0; cfg->veth && i < 2; i++)
		watch_no_interfaces(p->end[i].loop);
	if (up(p, cfg))
		return p;
	*why = "they did not connect";
	bench_pair_free(p);
	return NULL;
}

void bench_pair_free(struct bench_pair *p)
{
	for (int i = 0; i < 2; i++) {
		if (p->end[i].own_loop)
			taut_loop_free(p->end[i].loop);
		else if (p->end[i].pc)
			taut_loop_free_pc(p->end[i].loop, p->end[i].pc);
	}
	free(p);
}

struct taut_counters bench_pair_counters(const struct bench_pair *p, int end)
{
	struct taut_counters c = { .size = sizeof c };

	(void)taut_pc_get_counters(p->end[end].pc, &c);
	return c;
}
