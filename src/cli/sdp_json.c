/* sdp_json.c - every field of a session description, by the names that SDP gives them.
 *
 * What is not said is left out, but for a section's direction, setup, ufrag and fingerprints:
 * there stands what holds for it, its own or the session's. */
#include "cli/sdp_json.h"

#include <stdio.h>
#include <string.h>

#include "cli/cli_text.h"

static void put(json_t *o, const char *key, const char *text)
{
	if (text)
		json_object_set_new(o, key, cli_json_text(text));
}

static void put_number(json_t *o, const char *key, uint64_t number)
{
	json_object_set_new(o, key, json_integer((json_int_t)number));
}

static void put_flag(json_t *o, const char *key, bool set)
{
	if (set)
		json_object_set_new(o, key, json_true());
}

/* An empty list is as good as none. */
static void put_list(json_t *o, const char *key, json_t *list)
{
	if (json_array_size(list) > 0)
		json_object_set_new(o, key, list);
	else
		json_decref(list);
}

static json_t *new_entry(json_t *list)
{
	json_t *o = json_object();

	json_array_append_new(list, o);
	return o;
}

static json_t *texts(const char *const *text, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, cli_json_text(text[i]));
	return list;
}

static void put_address(json_t *o, const char *key, const struct tt_sdp_address *a)
{
	json_t *inner;

	if (!a->address)
		return;
	inner = json_object();
	put(inner, "nettype", a->nettype);
	put(inner, "addrtype", a->addrtype);
	put(inner, "address", a->address);
	json_object_set_new(o, key, inner);
}

/* ---- what can stand on both levels ---- */

static json_t *extmaps_of(const struct tt_sdp_common *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->extmap_count; i++) {
		json_t *o = new_entry(list);
		put_number(o, "id", c->extmaps[i].id);
		if (c->extmaps[i].direction)
			put(o, "direction", tt_sdp_direction_text(c->extmaps[i].direction));
		put(o, "uri", c->extmaps[i].uri);
		put(o, "attributes", c->extmaps[i].params);
	}
	return list;
}

static json_t *fingerprints_of(const struct tt_sdp_fingerprint *all, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++) {
		char hex[sizeof all[i].value * 3 + 1] = "";
		json_t *o = new_entry(list);
		for (size_t k = 0; k < all[i].len; k++)
			snprintf(hex + 3 * k, 4, "%02X:", all[i].value[k]);
		if (all[i].len > 0)
			hex[3 * all[i].len - 1] = '\0';
		put(o, "hash", all[i].hash);
		put(o, "value", hex);
	}
	return list;
}

static json_t *bandwidths_of(const struct tt_sdp_common *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->bandwidth_count; i++) {
		json_t *o = new_entry(list);
		put(o, "type", c->bandwidths[i].type);
		put_number(o, "value", c->bandwidths[i].value);
	}
	return list;
}

static json_t *lines_of(const struct tt_sdp_common *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->line_count; i++) {
		const char type[] = { c->lines[i].type, '\0' };
		json_t *o = new_entry(list);
		put(o, "type", type);
		put(o, "value", c->lines[i].value);
	}
	return list;
}

static json_t *attributes_of(const struct tt_sdp_common *c)
{
	json_t *list = json_array();

	for (size_t i = 0; i < c->attr_count; i++) {
		json_t *o = new_entry(list);
		put(o, "name", c->attrs[i].name);
		put(o, "value", c->attrs[i].value);
	}
	return list;
}

static void put_common(json_t *o, const struct tt_sdp_common *c)
{
	put_address(o, "connection", &c->connection);
	put_list(o, "bandwidth", bandwidths_of(c));
	put(o, "ice_options", c->ice_options);
	put(o, "tls_id", c->tls_id);
	put_list(o, "extmaps", extmaps_of(c));
	put_flag(o, "extmap_allow_mixed", c->extmap_allow_mixed);
	put_flag(o, "end_of_candidates", c->end_of_candidates);
	put_list(o, "other_lines", lines_of(c));
	put_list(o, "other_attributes", attributes_of(c));
}

/* ---- a section ---- */

static json_t *codecs_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->codec_count; i++) {
		const struct tt_sdp_codec *c = &m->codecs[i];
		json_t *o = new_entry(list);
		put_number(o, "payload_type", c->payload_type);
		put(o, "name", c->name);
		put_number(o, "clock_rate", c->clock_rate);
		if (c->channels)
			put_number(o, "channels", c->channels);
		put_flag(o, "static", c->is_static);
		put(o, "fmtp", c->fmtp);
		put_list(o, "rtcp_fb", texts(c->rtcp_fb, c->rtcp_fb_count));
	}
	return list;
}

static void put_candidate(json_t *o, const struct tt_sdp_candidate *c)
{
	static const char *const tcptypes[] = { NULL, "active", "passive", "so" };

	put(o, "foundation", c->foundation);
	put_number(o, "component", c->component);
	put(o, "transport", c->transport_text);
	put_number(o, "priority", c->priority);
	put(o, "address", c->address);
	put_number(o, "port", c->port);
	put(o, "type", c->type_text);
	if (c->raddr[0]) {
		put(o, "raddr", c->raddr);
		put_number(o, "rport", c->rport);
	}
	put(o, "tcptype", tcptypes[c->tcptype]);
	if (c->has_generation)
		put_number(o, "generation", c->generation);
	if (c->ufrag[0])
		put(o, "ufrag", c->ufrag);
	if (c->extensions[0])
		put(o, "extensions", c->extensions);
}

static json_t *candidates_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->candidate_count; i++)
		put_candidate(new_entry(list), &m->candidates[i]);
	return list;
}

static json_t *msids_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->msid_count; i++) {
		json_t *o = new_entry(list);
		put(o, "stream", m->msids[i].stream);
		put(o, "track", m->msids[i].track);
	}
	return list;
}

static json_t *ssrcs_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->ssrc_count; i++) {
		json_t *o = new_entry(list);
		put_number(o, "id", m->ssrcs[i].id);
		put(o, "attribute", m->ssrcs[i].attribute);
		put(o, "value", m->ssrcs[i].value);
	}
	return list;
}

static json_t *ssrc_groups_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->ssrc_group_count; i++) {
		json_t *o = new_entry(list), *ids = json_array();
		for (size_t k = 0; k < m->ssrc_groups[i].id_count; k++)
			json_array_append_new(ids, json_integer(m->ssrc_groups[i].ids[k]));
		put(o, "semantics", m->ssrc_groups[i].semantics);
		json_object_set_new(o, "ids", ids);
	}
	return list;
}

static json_t *rids_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->rid_count; i++) {
		json_t *o = new_entry(list);
		put(o, "id", m->rids[i].id);
		put(o, "direction", m->rids[i].recv ? "recv" : "send");
		put(o, "restrictions", m->rids[i].params);
	}
	return list;
}

static json_t *simulcast_of(const struct tt_sdp_media *m)
{
	json_t *list = json_array();

	for (size_t i = 0; i < m->simulcast_count; i++) {
		json_t *o = new_entry(list);
		put(o, "rid", m->simulcast[i].rid);
		put(o, "direction", m->simulcast[i].recv ? "recv" : "send");
		put_number(o, "stream", m->simulcast[i].stream);
		put_flag(o, "paused", m->simulcast[i].paused);
	}
	return list;
}

static void put_rtp(json_t *o, const struct tt_sdp_media *m)
{
	put_list(o, "codecs", codecs_of(m));
	put_list(o, "rtcp_fb_all", texts(m->rtcp_fb_all, m->rtcp_fb_all_count));
	put_flag(o, "rtcp_mux_only", m->rtcp_mux_only);
	put_flag(o, "rtcp_rsize", m->rtcp_rsize);
	if (m->has_rtcp)
		put_number(o, "rtcp_port", m->rtcp_port);
	put_address(o, "rtcp_address", &m->rtcp_address);
	put_list(o, "msids", msids_of(m));
	put_list(o, "ssrcs", ssrcs_of(m));
	put_list(o, "ssrc_groups", ssrc_groups_of(m));
	put_list(o, "rids", rids_of(m));
	put_list(o, "simulcast", simulcast_of(m));
}

static void put_transport(json_t *o, const struct tt_sdp *sdp, const struct tt_sdp_media *m)
{
	const char *pwd = tt_sdp_pwd(sdp, m);
	const struct tt_sdp_fingerprint *fingerprints;
	size_t count;

	json_object_set_new(o, "ice_ufrag", cli_json_text(tt_sdp_ufrag(sdp, m)));
	if (pwd)
		put_number(o, "ice_pwd_length", strlen(pwd));
	put(o, "setup", tt_sdp_setup_text(tt_sdp_setup(sdp, m)));
	fingerprints = tt_sdp_fingerprints(sdp, m, &count);
	put_list(o, "fingerprints", fingerprints_of(fingerprints, count));
	put_list(o, "candidates", candidates_of(m));
}

static json_t *section_of(const struct tt_sdp *sdp, size_t index)
{
	const struct tt_sdp_media *m = sdp->media[index];
	json_t *o = json_object();

	put_number(o, "section", index + 1);
	put(o, "kind", m->kind_text);
	json_object_set_new(o, "mid", cli_json_text(m->mid));
	put_number(o, "port", m->port);
	if (m->port_count)
		put_number(o, "port_count", m->port_count);
	put(o, "proto", m->proto_text);
	put_list(o, "formats", texts(m->formats, m->format_count));
	put(o, "direction", tt_sdp_direction_text(tt_sdp_direction(sdp, m)));
	put_flag(o, "bundle_only", m->bundle_only);
	json_object_set_new(o, "rtcp_mux", json_boolean(m->rtcp_mux));
	put_transport(o, sdp, m);
	put_common(o, &m->common);
	put_rtp(o, m);
	put(o, "sctpmap", m->sctpmap);
	put(o, "sctp_init", m->sctp_init);
	if (m->connection_new)
		put(o, "connection_use", m->connection_new == 1 ? "new" : "existing");
	if (tt_sdp_is_sctp(m)) {
		put_number(o, "sctp_port", tt_sdp_sctp_port(m));
		put_number(o, "max_message_size", tt_sdp_max_message_size(m));
	}
	return o;
}

/* ---- the session ---- */

static json_t *groups_of(const struct tt_sdp *sdp)
{
	json_t *groups = json_array();

	for (size_t i = 0; i < sdp->group_count; i++) {
		json_t *o = new_entry(groups);
		put(o, "semantics", sdp->groups[i].semantics);
		json_object_set_new(o, "mids",
				    texts(sdp->groups[i].mids, sdp->groups[i].mid_count));
	}
	return groups;
}

/* 64 bits do not fit a number of JavaScript. */
static void put_long(json_t *o, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%llu", (unsigned long long)number);
	put(o, key, text);
}

static json_t *session_of(const char *name, const struct tt_sdp *sdp)
{
	json_t *o = json_object();

	put(o, "file", name);
	put(o, "user", sdp->username);
	put_long(o, "session_id", sdp->sess_id);
	put_long(o, "session_version", sdp->sess_version);
	put_address(o, "origin", &sdp->origin);
	put(o, "session_name", sdp->session_name);
	put_number(o, "sections", sdp->media_count);
	json_object_set_new(o, "ice_lite", json_boolean(sdp->ice_lite));
	if (sdp->has_ice_pacing)
		put_long(o, "ice_pacing", sdp->ice_pacing);
	put(o, "msid_semantic", sdp->msid_semantic);
	json_object_set_new(o, "groups", groups_of(sdp));
	put_common(o, &sdp->common);
	return o;
}

void sdp_json_print(const char *name, const struct tt_sdp *sdp)
{
	cli_put_json(stdout, session_of(name, sdp));
	for (size_t i = 0; i < sdp->media_count; i++)
		cli_put_json(stdout, section_of(sdp, i));
	for (size_t i = 0; i < sdp->warning_count; i++)
		cli_put_json(stdout, json_pack("{s:i, s:s}", "line", (int)sdp->warnings[i].line,
					       "warning", sdp->warnings[i].text));
}

void sdp_json_error(const char *name, const struct taut_error *e)
{
	cli_put_json(stdout,
		     json_pack("{s:o, s:i, s:i, s:s, s:o, s:s, s:s}", "file", cli_json_text(name),
			       "line", (int)e->line, "column", (int)e->column, "error", e->message,
			       "found", cli_json_text(e->found), "expected", e->expected, "spec",
			       e->spec));
}
