/* dcs.c - the set of channels: its life, and what it passes on to SCTP. */
#include "base/num.h"
#include "datachannel/dcs_internal.h"

int tt_dcs_new(struct tt_dcs **out, struct tt_env *env, const struct tt_dcs_config *cfg,
               taut_time now)
{
	struct tt_dcs *d = tt_alloc(env, sizeof *d);

	*out = NULL;
	if (!d)
		return TAUT_E_NOMEM;
	d->env = env;
	d->max_channels = cfg->max_channels ? cfg->max_channels : 1024;
	if (d->max_channels > UINT16_MAX)
		d->max_channels = UINT16_MAX; /* half of a channel's number */
	d->channel_buffer = cfg->channel_buffer ? cfg->channel_buffer : 2097152;
	d->max_message_in = cfg->sctp.max_message_in ? cfg->sctp.max_message_in : 262144;
	d->max_message_out = 65536; /* RFC 8841 section 6.1 */
	d->local_port = cfg->sctp.local_port ? cfg->sctp.local_port : 5000;
	d->max_streams = cfg->sctp.max_streams ? cfg->sctp.max_streams : 1024;
	d->generation = 1;
	d->work = d->talk = d->armed = (struct slots){ NO_SLOT, NO_SLOT };
	int err = tt_sctp_new(&d->sctp, env, &cfg->sctp, now);
	if (err < 0) {
		tt_free(env, d);
		return err;
	}
	tt_dcs_lend(d);
	*out = d;
	return TAUT_OK;
}

void tt_dcs_free(struct tt_dcs *d)
{
	if (!d)
		return;
	tt_sctp_free(d->sctp); /* it gives back what the channels have been lent */
	for (uint32_t i = 0; i < d->count; i++)
		if (d->channels[i].number != 0)
			tt_dcs_free_channel(d, &d->channels[i]);
	tt_free(d->env, d->channels);
	tt_free(d->env, d->by_stream);
	tt_free(d->env, d);
}

int tt_dcs_set_remote(struct tt_dcs *d, uint16_t port, uint64_t max_message_size)
{
	int err = tt_sctp_set_ports(d->sctp, d->local_port, port);

	if (err < 0)
		return err;
	d->max_message_out = max_message_size;
	return TAUT_OK;
}

void tt_dcs_set_role(struct tt_dcs *d, taut_time now, bool is_dtls_client)
{
	(void)now;
	if (d->role_known)
		return;
	d->role_known = true;
	d->is_client = is_dtls_client;
	/* in the order of creation, which is that of the work list: all of them wait in it */
	for (uint32_t i = d->work.first; i != NO_SLOT; i = d->channels[i].next_work) {
		struct channel *c = &d->channels[i];
		if (c->number != 0 && c->state == TT_DCS_STATE_CONNECTING && c->id < 0 &&
		    !tt_dcs_choose_id(d, c))
			tt_dcs_finish_close(d, c, TAUT_REASON_TRANSPORT_GONE);
	}
}

size_t tt_dcs_snap_write(const struct tt_dcs *d, uint8_t *buf, size_t cap)
{
	return tt_sctp_snap_write(d->sctp, buf, cap);
}

uint32_t tt_dcs_snap(struct tt_dcs *d, const uint8_t *init, size_t len, bool keep)
{
	return tt_sctp_snap(d->sctp, init, len, keep);
}

void tt_dcs_no_snap(struct tt_dcs *d)
{
	tt_sctp_no_snap(d->sctp);
}

int tt_dcs_connect(struct tt_dcs *d, taut_time now)
{
	return d->role_known ? tt_sctp_connect(d->sctp, now) : TAUT_E_STATE;
}

int tt_dcs_recv(struct tt_dcs *d, taut_time now, const uint8_t *pkt, size_t len)
{
	return tt_sctp_recv(d->sctp, now, pkt, len);
}

void tt_dcs_tick(struct tt_dcs *d, taut_time now)
{
	tt_sctp_tick(d->sctp, now);
}

taut_time tt_dcs_deadline(const struct tt_dcs *d, const char **why)
{
	return tt_sctp_deadline(d->sctp, why);
}

size_t tt_dcs_poll_send(struct tt_dcs *d, taut_time now, uint8_t *buf, size_t cap)
{
	tt_dcs_do_work(d, now);
	return tt_sctp_poll_send(d->sctp, now, buf, cap);
}

int tt_dcs_shutdown(struct tt_dcs *d, taut_time now)
{
	return tt_sctp_shutdown(d->sctp, now);
}

void tt_dcs_fail(struct tt_dcs *d, taut_time now, uint32_t reason, const char *text)
{
	tt_sctp_fail(d->sctp, now, reason, text);
}

void tt_dcs_new_path(struct tt_dcs *d)
{
	tt_sctp_new_path(d->sctp);
}

void tt_dcs_set_max_probed(struct tt_dcs *d, uint16_t max_probed)
{
	tt_sctp_set_max_probed(d->sctp, max_probed);
}

bool tt_dcs_sent_probe(const struct tt_dcs *d)
{
	return tt_sctp_sent_probe(d->sctp);
}

void tt_dcs_too_long(struct tt_dcs *d, taut_time now, bool probe)
{
	tt_sctp_too_long(d->sctp, now, probe);
}

size_t tt_dcs_max_message_in(const struct tt_dcs *d)
{
	return d->max_message_in;
}

uint16_t tt_dcs_local_port(const struct tt_dcs *d)
{
	return d->local_port;
}

struct tt_sctp_counters tt_dcs_count(const struct tt_dcs *d)
{
	return tt_sctp_count(d->sctp);
}
