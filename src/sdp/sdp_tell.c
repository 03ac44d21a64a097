/* sdp_tell.c - what the values of lines mean, those of RTP apart. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/never.h"
#include "base/num.h"
#include "sdp/sdp_candidate.h"
#include "sdp/sdp_tale.h"

void tt_sdp_say(struct tt_sdp_tale *t, const char *fmt, ...)
{
	const size_t room = sizeof t->said - t->len;
	va_list ap;

	va_start(ap, fmt);
	const int n = vsnprintf(t->said + t->len, room, fmt, ap);
	va_end(ap);
	if (TT_NEVER(n < 0, "no format of ours fails"))
		return;
	t->len += tt_min((size_t)n, room - 1);
}

struct tt_sdp_word tt_sdp_word_of(const char *text)
{
	return (struct tt_sdp_word){ text, strlen(text) };
}

void tt_sdp_say_meaning(struct tt_sdp_tale *t, enum tt_sdp_topic topic, struct tt_sdp_word w)
{
	const struct tt_sdp_meaning *row = tt_sdp_meaning(topic, w);

	if (!row) {
		t->unknown = true;
		tt_sdp_say(t, "%.*s, which nobody here knows", (int)w.len, w.p);
		return;
	}
	t->spec = row->spec;
	tt_sdp_say(t, "%s", row->words);
}

/* ---- lines that are no attributes ---- */

static void tell_origin(struct tt_sdp_tale *t)
{
	const struct tt_sdp *sdp = t->sdp;

	tt_sdp_say(t, "session %" PRIu64 " in version %" PRIu64 ", by %s at %s", sdp->sess_id,
		   sdp->sess_version,
		   strcmp(sdp->username, "-") == 0 ? "nobody named" : sdp->username,
		   sdp->origin.address);
}

static void tell_time(struct tt_sdp_tale *t)
{
	uint64_t start, stop;

	(void)tt_sdp_number(&t->x, 0, UINT64_MAX, &start, "", "");
	(void)tt_sdp_number(&t->x, 0, UINT64_MAX, &stop, "", "");
	if (start == 0 && stop == 0)
		tt_sdp_say(t, "from now on, without an end");
	else
		tt_sdp_say(t, "from %" PRIu64 " to %" PRIu64 ", in seconds of NTP", start, stop);
}

static void tell_address(struct tt_sdp_tale *t)
{
	struct tt_sdp_word net, type, address;

	(void)tt_sdp_word(&t->x, &net, "", "");
	(void)tt_sdp_word(&t->x, &type, "", "");
	(void)tt_sdp_word(&t->x, &address, "", "");
	if (tt_sdp_word_is(address, "0.0.0.0") || tt_sdp_word_is(address, "::"))
		tt_sdp_say(t, "none; ICE finds it");
	else
		tt_sdp_say(t, "%.*s", (int)address.len, address.p);
}

static void tell_bandwidth(struct tt_sdp_tale *t)
{
	struct tt_sdp_word type;

	(void)tt_sdp_word(&t->x, &type, ":", "");
	(void)tt_sdp_skip(&t->x, ':');
	const struct tt_sdp_word value = tt_sdp_rest(&t->x);
	tt_sdp_say(t, "%.*s ", (int)value.len, value.p);
	tt_sdp_say_meaning(t, TT_SDP_OF_BANDWIDTH, type);
}

static void tell_media(struct tt_sdp_tale *t)
{
	const struct tt_sdp_media *m = t->m;

	tt_sdp_say(t, "%s; ", m->kind_text);
	tt_sdp_say_meaning(t, TT_SDP_OF_PROTO, tt_sdp_word_of(m->proto_text));
	if (m->port == 0)
		tt_sdp_say(t, m->bundle_only ? "; port 0: only as part of its bundle"
					     : "; port 0: rejected, or stopped");
	else if (m->port == 9)
		tt_sdp_say(t, "; port 9: none, ICE finds it");
	else
		tt_sdp_say(t, "; port %u", m->port);
	if (m->codec_count > 0)
		tt_sdp_say(t, "; %zu payload type%s, the first is liked best", m->codec_count,
			   m->codec_count == 1 ? "" : "s");
}

void tt_sdp_tell_line(struct tt_sdp_tale *t, char type)
{
	switch (type) {
	case 'o':
		tell_origin(t);
		break;
	case 't':
		tell_time(t);
		break;
	case 'c':
		tell_address(t);
		break;
	case 'b':
		tell_bandwidth(t);
		break;
	case 'm':
		tell_media(t);
		break;
	}
}

/* ---- attributes ---- */

void tt_sdp_tell_group(struct tt_sdp_tale *t)
{
	struct tt_sdp_word semantics;

	(void)tt_sdp_word(&t->x, &semantics, "", "");
	const struct tt_sdp_word mids = tt_sdp_rest(&t->x);
	tt_sdp_say(t, "%.*s: ", (int)mids.len, mids.p);
	tt_sdp_say_meaning(t, TT_SDP_OF_GROUP, semantics);
}

static const char *transport_text(const struct tt_sdp_candidate *c)
{
	static const char *const texts[] = { [TT_SDP_TCP_NONE] = "TCP",
					     [TT_SDP_TCP_ACTIVE] = "TCP, which it opens",
					     [TT_SDP_TCP_PASSIVE] = "TCP, which it waits for",
					     [TT_SDP_TCP_SO] = "TCP, which both open" };

	return c->transport == TT_SDP_TCP ? texts[c->tcptype] : c->transport_text;
}

void tt_sdp_tell_candidate(struct tt_sdp_tale *t)
{
	struct tt_sdp_candidate c;

	(void)tt_sdp_candidate_parse(&t->x, &c);
	tt_sdp_say_meaning(t, TT_SDP_OF_CANDIDATE, tt_sdp_word_of(c.type_text));
	tt_sdp_say(t, "; %s, %s port %u", transport_text(&c), c.address, c.port);
	if (c.is_local_name)
		tt_sdp_say(t, " (a name of multicast DNS that hides an address)");
	tt_sdp_say(t, "; for %s", c.component == 1 ? "RTP, or all" : "RTCP");
	if (c.raddr[0])
		tt_sdp_say(t, "; seen from %s port %u", c.raddr, c.rport);
	tt_sdp_say(t, "; priority %" PRIu32, c.priority);
}

void tt_sdp_tell_ice_options(struct tt_sdp_tale *t)
{
	struct tt_sdp_word w;
	const char *before = "";

	while (tt_sdp_word(&t->x, &w, "", "")) {
		tt_sdp_say(t, "%s", before);
		tt_sdp_say_meaning(t, TT_SDP_OF_ICE_OPTION, w);
		before = "; ";
	}
}

void tt_sdp_tell_setup(struct tt_sdp_tale *t)
{
	struct tt_sdp_word w;

	(void)tt_sdp_word(&t->x, &w, "", "");
	tt_sdp_say_meaning(t, TT_SDP_OF_SETUP, w);
}

void tt_sdp_tell_length(struct tt_sdp_tale *t)
{
	tt_sdp_say(t, "%zu characters", tt_sdp_rest(&t->x).len);
}

void tt_sdp_tell_message_size(struct tt_sdp_tale *t)
{
	if (t->m->max_message_size == 0)
		tt_sdp_say(t, "any");
	else
		tt_sdp_say(t, "%" PRIu64 " bytes", t->m->max_message_size);
}
