/* sdp_read_line.c - RFC 8866 section 5: what each type of line says, attributes apart.
 *
 * Type letters nobody knows are left out (RFC 8866 section 5 allows that or refusing). */
#include "sdp/sdp.h"

#include <string.h>

#include "base/num.h"
#include "sdp/sdp_names.h"
#include "sdp/sdp_reader.h"

const char *tt_sdp_hold(struct tt_sdp_reader *r, struct tt_sdp_word w)
{
	return tt_sdp_copy_n(r->sdp, w.p, w.len);
}

bool tt_sdp_hold_once(struct tt_sdp_reader *r, const char **slot, struct tt_sdp_word w)
{
	if (*slot && !tt_sdp_word_is(w, *slot))
		return tt_sdp_bad(&r->x, w.p, "contradicts an earlier line", "one of them");
	if (!*slot)
		*slot = tt_sdp_hold(r, w);
	return true;
}

void tt_sdp_hold_list(struct tt_sdp_reader *r, const char ***list, size_t *count,
		      struct tt_sdp_word w)
{
	const char **slot = TT_SDP_PUSH(r->sdp, *list, *count);

	if (slot)
		*slot = tt_sdp_hold(r, w);
}

void tt_sdp_warn(struct tt_sdp_reader *r, const char *text)
{
	struct tt_sdp_warning *w = TT_SDP_PUSH(r->sdp, r->sdp->warnings, r->sdp->warning_count);

	if (w)
		*w = (struct tt_sdp_warning){ r->x.number, text };
}

bool tt_sdp_full(struct tt_sdp_reader *r, const char *what)
{
	return tt_sdp_refuse(&r->x, TAUT_E_LIMIT, r->x.line, "too many", what);
}

bool tt_sdp_read_address(struct tt_sdp_reader *r, struct tt_sdp_address *out)
{
	struct tt_sdp_word net, type, address;

	if (!tt_sdp_word(&r->x, &net, "", "a network type (IN)") ||
	    !tt_sdp_word(&r->x, &type, "", "an address type (IP4 or IP6)") ||
	    !tt_sdp_word(&r->x, &address, "", "an address") || !tt_sdp_done(&r->x))
		return false;
	out->nettype = tt_sdp_hold(r, net);
	out->addrtype = tt_sdp_hold(r, type);
	out->address = tt_sdp_hold(r, address);
	return true;
}

static bool read_version(struct tt_sdp_reader *r)
{
	uint64_t v;

	r->x.spec = "RFC 8866 section 5.1";
	return tt_sdp_number(&r->x, 0, 0, &v, "", "the version") && tt_sdp_done(&r->x);
}

static bool read_origin(struct tt_sdp_reader *r)
{
	struct tt_sdp_word user;

	r->x.spec = "RFC 8866 section 5.2";
	r->has_origin = true;
	if (!tt_sdp_word(&r->x, &user, "", "a user name or -") ||
	    !tt_sdp_number(&r->x, 0, UINT64_MAX, &r->sdp->sess_id, "", "a session id") ||
	    !tt_sdp_number(&r->x, 0, UINT64_MAX, &r->sdp->sess_version, "", "a session version"))
		return false;
	r->sdp->username = tt_sdp_hold(r, user);
	return tt_sdp_read_address(r, &r->sdp->origin);
}

void tt_sdp_keep_line(struct tt_sdp *sdp, struct tt_sdp_common *at, char type, const char *value,
		      size_t len)
{
	struct tt_sdp_line *l = TT_SDP_PUSH(sdp, at->lines, at->line_count);

	if (l)
		*l = (struct tt_sdp_line){ type, tt_sdp_copy_n(sdp, value, len) };
}

static bool keep_line(struct tt_sdp_reader *r, char type)
{
	tt_sdp_keep_line(r->sdp, r->at, type, r->x.at, (size_t)(r->x.end - r->x.at));
	return true;
}

static bool read_name(struct tt_sdp_reader *r)
{
	const size_t len = (size_t)(r->x.end - r->x.at);

	/* 5.3: not empty; "-" or a space stand for none */
	r->sdp->session_name = len > 0 ? tt_sdp_copy_n(r->sdp, r->x.at, len) : "-";
	return true;
}

static bool read_time(struct tt_sdp_reader *r)
{
	const struct tt_sdp_lex line = r->x;
	uint64_t start, stop;

	r->x.spec = "RFC 8866 section 5.9";
	if (!tt_sdp_number(&r->x, 0, UINT64_MAX, &start, "", "a start time") ||
	    !tt_sdp_number(&r->x, 0, UINT64_MAX, &stop, "", "a stop time") || !tt_sdp_done(&r->x))
		return false;
	r->x.at = line.at;
	return keep_line(r, 't');
}

static bool read_connection_line(struct tt_sdp_reader *r)
{
	struct tt_sdp_address a;
	const char *at = r->x.at;

	r->x.spec = "RFC 8866 section 5.7";
	if (!tt_sdp_read_address(r, &a))
		return false;
	if (!r->at->connection.address) {
		r->at->connection = a;
		return true;
	}
	r->x.at = at;
	return keep_line(r, 'c');
}

static bool read_bandwidth(struct tt_sdp_reader *r)
{
	struct tt_sdp_word type;
	uint64_t value;

	r->x.spec = "RFC 8866 section 5.8";
	if (!tt_sdp_word(&r->x, &type, ":", "a type of bandwidth"))
		return false;
	if (!tt_sdp_skip(&r->x, ':'))
		return tt_sdp_bad(&r->x, r->x.at, "no bandwidth", "a colon and a number");
	/* -1 is what some say for "no limit" */
	if (tt_sdp_next_is(&r->x, '-')) {
		tt_sdp_warn(r, "left out: a bandwidth is not negative");
		return true;
	}
	if (!tt_sdp_number(&r->x, 0, UINT64_MAX, &value, "", "a bandwidth") || !tt_sdp_done(&r->x))
		return false;
	struct tt_sdp_bandwidth *b = TT_SDP_PUSH(r->sdp, r->at->bandwidths, r->at->bandwidth_count);
	if (b)
		*b = (struct tt_sdp_bandwidth){ tt_sdp_hold(r, type), value };
	return true;
}

static bool read_rtp_formats(struct tt_sdp_reader *r)
{
	struct tt_sdp_media *m = r->m;

	do {
		uint64_t pt;
		(void)tt_sdp_at_end(&r->x);
		const char *where = r->x.at;
		if (!tt_sdp_number(&r->x, 0, 127, &pt, "", "a payload type"))
			return false;
		if (r->codec_of[pt] != 0)
			return tt_sdp_bad(&r->x, where, "this payload type stands here twice",
					  "each once");
		if (m->codec_count >= TT_SDP_MAX_CODECS)
			return tt_sdp_full(r, "at most 64 payload types");
		struct tt_sdp_codec *c = TT_SDP_PUSH(r->sdp, m->codecs, m->codec_count);
		if (!c)
			return true;
		r->codec_of[pt] = tt_u8(m->codec_count);
		c->payload_type = tt_u8(pt);
		const struct tt_sdp_static_codec *known =
			tt_sdp_static_codec((unsigned)pt, m->kind);
		if (!known)
			continue;
		c->is_static = true;
		c->name = known->name;
		c->clock_rate = known->clock_rate;
		c->channels = known->channels;
	} while (!tt_sdp_at_end(&r->x));
	return true;
}

static bool read_formats(struct tt_sdp_reader *r)
{
	if (tt_sdp_is_rtp(r->m))
		return read_rtp_formats(r);
	do {
		struct tt_sdp_word w;
		if (!tt_sdp_word(&r->x, &w, "", "a format"))
			return false;
		if (r->m->format_count >= TT_SDP_MAX_CODECS)
			return tt_sdp_full(r, "at most 64 formats");
		tt_sdp_hold_list(r, &r->m->formats, &r->m->format_count, w);
	} while (!tt_sdp_at_end(&r->x));
	return true;
}

/* What comes from here on is its. NULL: out of memory. */
static struct tt_sdp_media *new_section(struct tt_sdp_reader *r)
{
	struct tt_sdp_media *m = tt_sdp_arena(r->sdp, sizeof *m);
	struct tt_sdp_media **slot = TT_SDP_PUSH(r->sdp, r->sdp->media, r->sdp->media_count);

	if (!slot)
		return NULL;
	*slot = r->m = m;
	r->at = &m->common;
	r->attr_lines = r->fmtp_lines = 0;
	memset(r->codec_of, 0, sizeof r->codec_of);
	m->line = r->x.number;
	m->kind = TT_SDP_OTHER;
	m->kind_text = m->proto_text = "";
	return m;
}

/* m=audio 9 UDP/TLS/RTP/SAVPF 111 63 */
static bool read_media(struct tt_sdp_reader *r)
{
	struct tt_sdp_word kind, proto;
	uint64_t port, count = 0;

	r->x.spec = "RFC 8866 section 5.14";
	if (r->sdp->media_count >= TT_SDP_MAX_MEDIA)
		return tt_sdp_full(r, "at most 128 m-lines");
	struct tt_sdp_media *m = new_section(r);
	if (!m)
		return true;
	if (!tt_sdp_word(&r->x, &kind, "", "a kind of media") ||
	    !tt_sdp_number(&r->x, 0, UINT16_MAX, &port, "/", "a port"))
		return false;
	if (tt_sdp_skip(&r->x, '/') &&
	    !tt_sdp_number(&r->x, 1, UINT16_MAX, &count, "", "a number of ports"))
		return false;
	if (!tt_sdp_word(&r->x, &proto, "", "a transport"))
		return false;
	m->kind = tt_sdp_kind_of(kind);
	m->kind_text = tt_sdp_hold(r, kind);
	m->proto = tt_sdp_proto_of(proto);
	m->proto_text = tt_sdp_hold(r, proto);
	m->port = tt_u16(port);
	m->port_count = tt_u16(count);
	return read_formats(r);
}

static bool out_of_place(struct tt_sdp_reader *r)
{
	return tt_sdp_bad(&r->x, r->x.line, "this line belongs before the first m-line",
			  "i c b k a m");
}

bool tt_sdp_read_line(struct tt_sdp_reader *r, char type)
{
	r->x.spec = "RFC 8866 section 5";
	switch (type) {
	case 'a':
		return tt_sdp_read_attr(r);
	case 'b':
		return read_bandwidth(r);
	case 'c':
		return read_connection_line(r);
	case 'm':
		return read_media(r);
	case 'i':
		return keep_line(r, type);
	case 'k':
		tt_sdp_warn(r, "left out: keys do not belong here, RFC 8866 section 5.12");
		return true;
	case 'v':
		if (r->x.number > 1)
			return tt_sdp_bad(&r->x, r->x.line, "a second v= line", "one description");
		return read_version(r);
	case 'o':
		if (r->has_origin)
			return tt_sdp_bad(&r->x, r->x.line, "a second o= line", "one origin");
		return r->m ? out_of_place(r) : read_origin(r);
	case 's':
		return r->m ? out_of_place(r) : read_name(r);
	case 't':
		return r->m ? out_of_place(r) : read_time(r);
	case 'e':
	case 'p':
	case 'r':
	case 'u':
	case 'z':
		return r->m ? out_of_place(r) : keep_line(r, type);
	default:
		tt_sdp_warn(r, "left out: a type letter that RFC 8866 does not have");
		return true;
	}
}
