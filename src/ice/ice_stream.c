/* ice_stream.c - streams of TCP and TLS to TURN servers, and of TCP with the peer: asked for, and taken apart
 * into messages.
 *
 * The driver connects them and says when they end; what comes over one comes in pieces of any length. RFC 8656
 * section 12.5 and RFC 8489 section 6.2.2 say where a message of a TURN server ends, RFC 4571 section 2 where one
 * of the peer does. One that lies whole in its piece is taken
 * where it lies; one that does not is put together first, up to the longest that anybody here takes. What
 * begins like no message of a TURN server ends the stream: nothing behind it can be told apart any more. */
#include <errno.h>
#include <string.h>

#include "base/num.h"
#include "base/work.h"
#include "ice/ice_agent.h"

int tt_ice_make_streams(struct tt_ice *ice)
{
	bool needed = ice->tcp != 0;

	for (size_t i = 0; i < ice->server_count; i++)
		needed |= ice->server[i].transport != TT_ICE_UDP;
	if (!needed)
		return TAUT_OK;
	ice->stream = tt_alloc(ice->env, TT_ICE_MAX_STREAMS * sizeof *ice->stream);
	return ice->stream ? TAUT_OK : TAUT_E_NOMEM;
}

void tt_ice_free_streams(struct tt_ice *ice)
{
	for (int i = 0; ice->stream && i < TT_ICE_MAX_STREAMS; i++)
		tt_free(ice->env, ice->stream[i].part);
	tt_free(ice->env, ice->stream);
	tt_free(ice->env, ice->waiting);
}

struct ice_stream *tt_ice_stream_of(const struct tt_ice *ice, taut_flow flow)
{
	for (int i = 0; ice->stream && flow != 0 && i < TT_ICE_MAX_STREAMS; i++)
		if (ice->stream[i].state != STREAM_NONE && ice->stream[i].flow == flow)
			return &ice->stream[i];
	return NULL;
}

bool tt_ice_is_stream(const struct tt_ice *ice, taut_flow flow)
{
	return tt_ice_stream_of(ice, flow) != NULL;
}

/* ---- open and closed ---- */

int tt_ice_stream_open(struct tt_ice *ice, const struct ice_stream *like)
{
	for (int i = 0; i < TT_ICE_MAX_STREAMS; i++) {
		struct ice_stream *s = &ice->stream[i];
		if (s->state != STREAM_NONE)
			continue;
		*s = *like;
		s->flow = (*ice->next_flow)++;
		if (s->state == STREAM_WANTED)
			s->local.port = 0;
		return i;
	}
	return -1;
}

void tt_ice_stream_close(struct tt_ice *ice, int stream)
{
	struct ice_stream *s = &ice->stream[stream];

	tt_free(ice->env, s->part);
	*s = (struct ice_stream){ .state = s->state == STREAM_WANTED ? STREAM_NONE : STREAM_CLOSING,
				  .flow = s->flow };
}

/* Connections to the peer's candidates are paced as checks are: a description may name many. */
static bool may_ask(struct tt_ice *ice, struct ice_stream *s)
{
	if (s->state != STREAM_WANTED || (s->framed && ice->last_now < ice->next_connect))
		return false;
	if (s->framed) {
		ice->next_connect = ice->last_now + TT_ICE_TA;
		s->until = ice->last_now + TT_ICE_TCP_PATIENCE;
	}
	return true;
}

bool tt_ice_stream_io(struct tt_ice *ice)
{
	for (int i = 0; ice->stream && i < TT_ICE_MAX_STREAMS; i++) {
		struct ice_stream *s = &ice->stream[i];
		if (s->state == STREAM_CLOSING) {
			s->state = STREAM_NONE;
			ice->io = (struct taut_io){ .kind = TAUT_IO_CLOSE, .flow = s->flow };
			return true;
		}
		if (may_ask(ice, s)) {
			s->state = STREAM_ASKED;
			ice->io = (struct taut_io){ .kind = s->listens ? TAUT_IO_LISTEN
							    : s->tls   ? TAUT_IO_TLS
								       : TAUT_IO_TCP,
						    .flow = s->flow,
						    .local = s->local,
						    .name = s->tls,
						    .remote = s->remote };
			return true;
		}
	}
	return false;
}

static const char *what_failed(const struct ice_stream *s, int os_errno)
{
	if (s->framed || s->listens)
		return s->state == STREAM_OPEN ? "the connection has ended" : "it was not made";
	if (s->state == STREAM_OPEN)
		return "the connection to the TURN server has ended";
	switch (os_errno) {
	case ECONNREFUSED:
		return "the TURN server refuses the connection";
	case ECONNRESET:
		return "what answers there ends the connection before it is ready";
	case EKEYREJECTED:
		return "the certificate of the TURN server is not for its name, or signed by "
		       "nobody we trust";
	case EPROTO:
		return "what answers there does not speak TLS as we do";
	default:
		return "no connection to the TURN server could be made";
	}
}

static void over(struct tt_ice *ice, taut_time now, const struct ice_stream *s, const char *why,
		 int os_errno)
{
	const int stream = (int)(s - ice->stream);

	tt_note(ice->env, now, TAUT_LAYER_ICE, "stream over", TT_ADDR("remote", &s->remote),
		TT_STR("why", why), TT_INT("errno", os_errno));
	if (s->framed || s->listens)
		tt_ice_tcp_cut(ice, now, stream);
	else
		tt_ice_relay_cut(ice, now, stream, why);
}

bool tt_ice_stream_result(struct tt_ice *ice, taut_time now, taut_flow flow, int os_errno,
			  const struct taut_addr *found, size_t n)
{
	struct ice_stream *s = tt_ice_stream_of(ice, flow);

	if (!s || s->state == STREAM_CLOSING)
		return s != NULL;
	if (os_errno == 0 && n > 0 && s->state == STREAM_ASKED) {
		s->state = STREAM_OPEN;
		s->local = found[0];
		if (s->framed || s->listens)
			tt_ice_tcp_open(ice, now, s);
		return true;
	}
	over(ice, now, s, what_failed(s, os_errno), os_errno);
	return true;
}

/* ---- messages ---- */

/* How long the message is that begins at p, with what frames it; as tt_turn_frame says it. */
static size_t frame_of(const struct ice_stream *s, const uint8_t *p, size_t len)
{
	if (!s->framed)
		return tt_turn_frame(p, len);
	tt_work(tt_min(len, TT_ICE_TCP_HEAD));
	return len < TT_ICE_TCP_HEAD ? 0 : TT_ICE_TCP_HEAD + ((size_t)p[0] << 8 | p[1]);
}

static size_t head_of(const struct ice_stream *s)
{
	return s->framed ? TT_ICE_TCP_HEAD : TT_TURN_CHANNEL_HEAD;
}

static void spoil(struct tt_ice *ice, taut_time now, const struct ice_stream *s)
{
	tt_drop(ice->env, now, TAUT_DROP_TURN_STREAM, TT_ADDR("from", &s->remote));
	tt_ice_relay_cut(ice, now, (int)(s - ice->stream),
			 "what comes from the TURN server is neither STUN nor ChannelData");
}

/* Up to so many octets of a message are in s->part then, if they came. */
static bool collect(struct ice_stream *s, uint8_t **p, size_t *left, size_t whole)
{
	const size_t n = tt_min(whole - s->have, *left);

	tt_work(n);
	memcpy(s->part + s->have, *p, n);
	s->have += n;
	*p += n;
	*left -= n;
	return s->have == whole;
}

/* How long the message is that begins in s->part. 0: more has to come, or it is none. */
static size_t begun(struct tt_ice *ice, taut_time now, struct ice_stream *s, uint8_t **p,
		    size_t *left)
{
	if (!s->part)
		s->part = tt_alloc(ice->env, TT_ICE_MESSAGE);
	if (!s->part) { /* where the next one would begin is not known any more */
		over(ice, now, s, "no memory", ENOMEM);
		return 0;
	}
	if (s->have < head_of(s) && !collect(s, p, left, head_of(s)))
		return 0;
	const size_t whole = frame_of(s, s->part, s->have);
	/* No datagram is as long, so that nobody relayed one. */
	if (whole > UINT16_MAX && !s->framed) {
		spoil(ice, now, s);
		return 0;
	}
	return whole;
}

size_t tt_ice_stream_next(struct tt_ice *ice, taut_time now, taut_flow flow, uint8_t **p,
			  size_t *left, uint8_t **msg)
{
	struct ice_stream *s;

	while (*left > 0 && (s = tt_ice_stream_of(ice, flow)) != NULL && s->state == STREAM_OPEN) {
		const size_t skipped = tt_min(s->skip, *left);
		s->skip -= skipped;
		*p += skipped;
		*left -= skipped;
		const size_t head = s->framed ? TT_ICE_TCP_HEAD : 0;
		size_t whole = s->have > 0 ? 0 : frame_of(s, *p, *left);
		if (whole > 0 && whole <= *left) {
			*msg = *p + head;
			*p += whole;
			*left -= whole;
			if (whole > head)
				return whole - head;
			continue;
		}
		whole = begun(ice, now, s, p, left);
		if (whole > TT_ICE_MESSAGE) {
			tt_drop(ice->env, now, TAUT_DROP_LENGTH, TT_INT("bytes", whole));
			s->skip = whole - s->have;
			s->have = 0;
		} else if (whole > 0 && collect(s, p, left, whole)) {
			s->have = 0;
			*msg = s->part + head;
			if (whole > head)
				return whole - head;
		}
	}
	return 0;
}
