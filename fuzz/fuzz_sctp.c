/* layers: datachannel sctp base */
/* fuzz_sctp.c - packets into an established association with data channels above it.
 *
 * Input: records of a length (two bytes), a control byte and that many bytes of
 * chunks. They get a header with the right ports, tag and checksum, so that the
 * fuzzer starts behind those; TSNs are made relative to what is expected when the
 * control byte says so. Between records time passes, and the other end answers. The highest bit of
 * the input makes the messages of both ends interleaved (RFC 8260). */
#include <stdlib.h>
#include <string.h>

#include "datachannel/datachannel.h"
#include "fuzz.h"
#include "sctp/wire/sctp_wire.h"

#define SECOND 1000000

struct world {
	struct tt_env env;
	uint64_t seed;
	taut_time now;
	struct tt_dcs *d[2];
	uint32_t tag[2]; /* that packets to this end must bear */
	uint32_t tsn;    /* of the last DATA that end 0 sent */
};

static int draw(void *ctx, void *out, size_t len)
{
	uint64_t *seed = ctx;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++) {
		*seed = *seed * 6364136223846793005u + 1442695040888963407u;
		p[i] = (uint8_t)(*seed >> 56);
	}
	return 0;
}

/* What end i says goes to the other one, unless that end is not to hear it. */
static void flush(struct world *w, int i, int heard)
{
	uint8_t buf[2048];
	size_t len;

	for (int n = 0; n < 64 && (len = tt_dcs_poll_send(w->d[i], w->now, buf, sizeof buf)) > 0;
	     n++) {
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

static void settle(struct world *w, int heard)
{
	for (int round = 0; round < 4; round++)
		for (int i = 0; i < 2; i++) {
			const struct tt_dcs_event *e;
			while ((e = tt_dcs_poll_event(w->d[i], w->now)) != NULL)
				if (e->type == TT_DCS_MESSAGE && e->len < 64)
					tt_dcs_send(w->d[i], w->now, e->channel, e->binary, e->data,
						    e->len);
			flush(w, i, heard);
		}
}

static void begin(struct world *w, bool interleaved)
{
	const struct tt_dcs_config cfg = { .sctp = { .no_interleaving = !interleaved } };
	taut_channel ch;

	*w = (struct world){ .seed = 1, .now = SECOND };
	tt_env_init(&w->env, &(struct taut_env_config){ .size = sizeof(struct taut_env_config),
							.random = draw,
							.ctx = &w->seed });
	for (int i = 0; i < 2; i++) {
		if (tt_dcs_new(&w->d[i], &w->env, &cfg, w->now) < 0)
			abort();
		tt_dcs_set_role(w->d[i], w->now, i == 0);
		tt_dcs_connect(w->d[i], w->now);
	}
	tt_dcs_create(w->d[0], w->now, &(struct tt_dcs_init){ .label = "even" }, &ch);
	tt_dcs_create(w->d[1], w->now, &(struct tt_dcs_init){ .label = "odd", .unordered = true },
		      &ch);
	settle(w, 1);
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
		w.now += (taut_time)(control >> 3) * SECOND / 8;
		for (int i = 0; i < 2; i++)
			tt_dcs_tick(w.d[i], w.now);
		settle(&w, control & 4);
		for (int i = 0; i < 2; i++)
			if (tt_dcs_deadline(w.d[i], NULL) <= w.now)
				abort();
	}
	for (int i = 0; i < 2; i++)
		tt_dcs_free(w.d[i]);
	if (w.env.memory != 0)
		abort();
	return 0;
}
