/* layers: datachannel sctp base */
/* fuzz_sctp.c - packets into an established association with data channels above it.
 *
 * Input: records of a length (two bytes), a control byte and that many bytes of
 * chunks. They get a header with the right ports, tag and checksum, so that the
 * fuzzer starts behind those; TSNs are made relative to what is expected when the
 * control byte says so. Between records time passes, and the other end answers. The highest bit of
 * the input makes the messages of both ends interleaved (RFC 8260).
 *
 * Since the input writes in the name of the other end, what arrives need not be what was sent: that is
 * fuzz_sctp_assoc's to check. Here polls end, packets and messages keep their length, the flight adds up, and
 * queues, windows and memory keep their ceilings. */
#include <string.h>

#include "datachannel/dcs_internal.h"
#include "fuzz_env.h"
#include "sctp/sctp_assoc.h"

enum { ECHOED = 64 }; /* messages up to there are sent back */

struct world {
	struct fuzz_env env;
	taut_time now;
	struct tt_dcs *d[2];
	uint32_t tag[2]; /* that packets to this end must bear */
	uint32_t tsn;    /* of the last DATA that end 0 sent */
};

/* What end i says goes to the other one, unless that end is not to hear it. */
static void flush(struct world *w, int i, int heard)
{
	uint8_t buf[2048];
	size_t len;
	int n = 0;

	while ((len = tt_dcs_poll_send(w->d[i], w->now, buf, sizeof buf)) > 0) {
		FUZZ_CHECK(n++ < 2000, "poll_send ends");
		FUZZ_CHECK(len <= w->d[i]->sctp->cfg.max_packet,
			   "a packet has at most max_packet bytes");
		struct rd r = rd_make(buf, len);
		rd_u32(&r);
		uint32_t tag = rd_u32(&r);
		if (tag != 0)
			w->tag[1 - i] = tag;
		rd_u32(&r);
		const uint8_t type = rd_u8(&r);
		if (i == 0 && len > 20 && (type == SCTP_DATA || type == SCTP_I_DATA)) {
			rd_take(&r, 3);
			w->tsn = rd_u32(&r);
		}
		if (heard)
			tt_dcs_recv(w->d[1 - i], w->now, buf, len);
	}
}

static void take_events(struct world *w, int i)
{
	struct tt_dcs *d = w->d[i];
	const struct tt_dcs_event *e;
	int n = 0;

	while ((e = tt_dcs_poll_event(d, w->now)) != NULL) {
		FUZZ_CHECK(n++ < 5000, "poll_event ends");
		if (e->type != TT_DCS_MESSAGE)
			continue;
		FUZZ_CHECK(e->len <= d->max_message_in, "its length");
		if (e->len < ECHOED)
			tt_dcs_send(d, w->now, e->channel, e->binary, e->data, e->len);
	}
}

static void check(const struct world *w, int i)
{
	const struct tt_dcs *d = w->d[i];
	const struct tt_sctp *s = d->sctp;

	FUZZ_CHECK(tt_sctp_flight_adds_up(&s->flight), "the flight adds up");
	FUZZ_CHECK(s->rx.held <= s->cfg.recv_window + s->rx.resets * 128, "the window is kept");
	FUZZ_CHECK(s->queue.held <= s->cfg.send_buffer, "the send buffer is kept");
	FUZZ_CHECK(s->control_count <= SCTP_MAX_CONTROL, "few control chunks wait");
	FUZZ_CHECK(s->cc.cwnd >= s->cc.pmdcs, "a packet fits the congestion window");
	FUZZ_CHECK(s->rtt.rto >= SCTP_RTO_MIN && s->rtt.rto <= SCTP_RTO_MAX, "the RTO is kept");
	FUZZ_CHECK(d->used <= d->max_channels, "channels have a ceiling");
	FUZZ_CHECK(w->env.env.memory < 8 << 20, "memory has a ceiling");
}

static void settle(struct world *w, int heard)
{
	for (int round = 0; round < 4; round++)
		for (int i = 0; i < 2; i++) {
			take_events(w, i);
			flush(w, i, heard);
			check(w, i);
		}
}

static void begin(struct world *w, bool interleaved)
{
	const struct tt_dcs_config cfg = { .sctp = { .no_interleaving = !interleaved } };
	taut_channel ch;

	*w = (struct world){ .now = FUZZ_SECOND };
	fuzz_env_begin(&w->env, 1);
	for (int i = 0; i < 2; i++) {
		if (tt_dcs_new(&w->d[i], &w->env.env, &cfg, w->now) < 0)
			abort();
		tt_dcs_set_role(w->d[i], w->now, i == 0);
		tt_dcs_connect(w->d[i], w->now);
	}
	tt_dcs_create(w->d[0], w->now, &(struct tt_dcs_init){ .label = "even" }, &ch);
	tt_dcs_create(w->d[1], w->now, &(struct tt_dcs_init){ .label = "odd", .unordered = true },
		      &ch);
	settle(w, 1);
	FUZZ_CHECK(w->d[0]->sctp->state == SCTP_ESTABLISHED &&
			   w->d[1]->sctp->state == SCTP_ESTABLISHED,
		   "both are up before the input has a say");
}

static void give(struct world *w, const uint8_t *chunks, size_t len, uint8_t control)
{
	uint8_t *copy = malloc(len + SCTP_COMMON_HEADER);

	if (!copy)
		abort();
	struct wr out = wr_make(copy, len + SCTP_COMMON_HEADER);
	tt_sctp_write_header(&out,
			     &(struct sctp_header){ 5000, 5000, control & 1 ? 0 : w->tag[1] });
	wr_bytes(&out, chunks, len);
	if (control & 2 && len >= 8) { /* DATA and FORWARD-TSN: near what is expected */
		struct wr tsn = wr_make(copy + SCTP_COMMON_HEADER + 4, 4);
		wr_u32(&tsn, w->tsn + 1 + chunks[7]);
	}
	const size_t sealed = tt_sctp_seal(&out);
	const uint64_t before = tt_work_total;
	tt_dcs_recv(w->d[1], w->now, copy, sealed);
	fuzz_check_work(before, sealed, 16);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct world w;
	struct rd r = rd_make(data, size);

	begin(&w, size > 0 && data[0] & 0x80);
	for (int n = 0; n < 64 && rd_left(&r) > 3; n++) {
		size_t len = rd_u16(&r) % 1500;
		uint8_t control = rd_u8(&r);
		len = len < rd_left(&r) ? len : rd_left(&r);
		give(&w, rd_take(&r, len), len, control);
		settle(&w, control & 4);
		w.now += (taut_time)(control >> 3) * FUZZ_SECOND / 8;
		for (int i = 0; i < 2; i++)
			tt_dcs_tick(w.d[i], w.now);
		settle(&w, control & 4);
		for (int i = 0; i < 2; i++)
			FUZZ_CHECK(tt_dcs_deadline(w.d[i], NULL) > w.now, "the deadline lies ahead");
	}
	for (int i = 0; i < 2; i++)
		tt_dcs_free(w.d[i]);
	fuzz_env_end(&w.env);
	return 0;
}
