/* world_watch.c - see world_watch.h. */
#include "world/world_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "stun/turn.h"

enum {
	MS = 1000,
	CONSENT = 30000 * MS,
	TRANSMISSIONS = 7,
	RTO = 500 * MS,      /* RFC 8445 section 14.3: at the least */
	TA_MOST = 200 * MS,  /* of what a peer may ask for: longer ones are cut to it */
	PACE = 5 * MS,       /* section 14.2: whatever was agreed */
	TA = 50 * MS,        /* ... where nothing was, and of requests to servers */
	TA_OURS = 20 * MS,   /* what taut proposes */
	HURRIED = 8,         /* triggered checks of one generation that do not wait for Ta */
	ADDRESSES = 128 + 8, /* pairs of one generation, and STUN servers */
};

void world_watch_init(struct world_watch *w, struct world *world, const char *name)
{
	memset(w, 0, sizeof *w);
	w->world = world;
	w->name = name;
	w->generations = 1;
	w->ta = TA_OURS;
}

/* RFC 8445 section 14.2, RFC 8839 section 5.5: the higher of both proposals; 50 ms from who makes none. */
void world_watch_described(struct world_watch *w, const char *remote_sdp)
{
	static const char mark[] = "a=ice-pacing:";
	const char *at = strstr(remote_sdp, mark);
	const taut_time theirs = at ? (taut_time)strtoul(at + sizeof mark - 1, NULL, 10) * MS : TA;

	w->ta = tt_min64(tt_max64(theirs, TA_OURS), TA_MOST);
}

static int path_of(struct world_watch *w, taut_flow flow, const struct taut_addr *remote)
{
	for (int i = 0; i < w->path_count; i++)
		if (w->paths[i].flow == flow && tt_addr_eq(&w->paths[i].remote, remote))
			return i;
	if (w->path_count == WORLD_WATCH_PATHS) {
		world_fail(w->world, "%s: speaks with more than %d addresses", w->name,
			   WORLD_WATCH_PATHS);
		return WORLD_WATCH_PATHS - 1;
	}
	w->paths[w->path_count] = (struct world_watch_path){ .flow = flow, .remote = *remote };
	return w->path_count++;
}

static struct world_watch_request *request_of(struct world_watch *w, const uint8_t *tid)
{
	for (size_t i = 0; i < WORLD_WATCH_REQUESTS; i++)
		if (w->requests[i].sent > 0 && memcmp(w->requests[i].tid, tid, 12) == 0)
			return &w->requests[i];
	return NULL;
}

/* ---- STUN ---- */

/* The checks that may follow another sooner than Ta. None is a retransmission. */
static bool may_hurry(struct world_watch *w, const struct world_watch_request *q)
{
	const struct world_watch_path *p = &w->paths[q->path];

	if (q->sent > 1)
		return false;
	if (p->nominated) /* triggered by a nomination: the call waits for it */
		return true;
	/* Triggered by a check (RFC 8445 section 7.3.1.4): the peer's has opened the way; the first few. */
	if (p->asked_us > 0 && w->hurried < HURRIED * w->generations) {
		w->hurried++;
		return true;
	}
	/* The first of the other address family, so that an IPv6 which leads nowhere costs nothing. */
	return p->remote.family != w->last_family && w->families++ < w->generations;
}

static void pace(struct world_watch *w, const struct world_watch_request *q)
{
	const taut_time now = w->world->now;
	const taut_time since = now - w->last_request, check = now - w->last_check;

	if (w->last_request > 0 && since < PACE)
		world_fail(w->world, "%s: two requests within %lld us", w->name, (long long)since);
	if (q->check && w->last_check > 0 && check < w->ta && !may_hurry(w, q))
		world_fail(w->world, "%s: a check %lld us after another, and Ta is %lld", w->name,
			   (long long)check, (long long)w->ta);
	if (!q->check && w->last_asked > 0 && now - w->last_asked < TA)
		world_fail(w->world, "%s: two requests to servers within %lld us", w->name,
			   (long long)(now - w->last_asked));
	w->last_request = now;
	*(q->check ? &w->last_check : &w->last_asked) = now;
	if (q->check)
		w->last_family = w->paths[q->path].remote.family;
}

static void request_out(struct world_watch *w, const uint8_t *tid, int path, bool check)
{
	struct world_watch_request *q = request_of(w, tid);
	struct world_watch_path *p = &w->paths[path];

	if (!q) {
		q = &w->requests[w->request_at++ % WORLD_WATCH_REQUESTS];
		*q = (struct world_watch_request){ .path = path, .check = check };
		memcpy(q->tid, tid, sizeof q->tid);
	}
	if (++q->sent > TRANSMISSIONS)
		world_fail(w->world, "%s: a transaction is sent %u times", w->name, q->sent);
	if (q->sent > 1 && w->world->now - q->at < RTO)
		world_fail(w->world, "%s: a transaction is sent again after %lld us", w->name,
			   (long long)(w->world->now - q->at));
	q->at = w->world->now;
	if (q->path != path)
		world_fail(w->world, "%s: one transaction to two addresses", w->name);
	if (p->answered_at > 0)
		return;
	pace(w, q);
	w->unanswered = 0;
	for (int i = 0; i < w->path_count; i++)
		w->unanswered += w->paths[i].answered_at == 0;
	if (w->unanswered > ADDRESSES * (int)w->generations)
		world_fail(w->world, "%s: checks to %d addresses", w->name, w->unanswered);
}

static void stun_out(struct world_watch *w, int path, const uint8_t *data, size_t len)
{
	struct world_watch_path *p = &w->paths[path];
	struct tt_stun_msg m;

	w->sent_stun++;
	if (tt_stun_read(&m, data, len) != TT_STUN_OK) {
		world_fail(w->world, "%s: sends STUN that is malformed", w->name);
		return;
	}
	/* Keepalives (RFC 8445 section 11), also of an allocation. What is relayed is looked at inside. */
	if (m.cls == TT_STUN_INDICATION) {
		if (p->answered_at == 0 && !p->serves)
			world_fail(w->world, "%s: sends an indication to an address that has not answered",
				   w->name);
		return;
	}
	/* An allocation given back, once and at the end: nothing paces that. */
	if (m.method == TT_TURN_REFRESH && m.has & TT_STUN_HAS_LIFETIME && m.lifetime == 0)
		return;
	if (m.cls == TT_STUN_REQUEST && w->lite)
		world_fail(w->world, "%s: sends a request, although it is lite", w->name);
	if (m.cls == TT_STUN_REQUEST) {
		request_out(w, m.tid, path, m.has & TT_STUN_HAS_PRIORITY);
		return;
	}
	if (w->lite && m.cls == TT_STUN_SUCCESS)
		p->answered_at = w->world->now;
	p->answered_them += len;
	if (p->answered_them > p->asked_us)
		world_fail(w->world, "%s: answers with more bytes than it was asked with", w->name);
}

void world_watch_in(struct world_watch *w, taut_flow flow, const struct taut_addr *remote,
		    const uint8_t *data, size_t len)
{
	struct world_watch_relayed inside;
	struct tt_stun_msg m;

	if (world_watch_turn_in(w, flow, remote, data, len, &inside)) {
		world_watch_in(w, inside.flow, &inside.peer, inside.data, inside.len);
		return;
	}
	if (!tt_stun_is(data, len) || tt_stun_read(&m, data, len) != TT_STUN_OK)
		return;
	struct world_watch_path *p = &w->paths[path_of(w, flow, remote)];
	if (m.cls == TT_STUN_REQUEST) {
		p->asked_us += len;
		p->nominated |= (m.has & TT_STUN_HAS_USE_CANDIDATE) != 0;
		return;
	}
	struct world_watch_request *q = m.cls == TT_STUN_INDICATION ? NULL : request_of(w, m.tid);
	if (!q || &w->paths[q->path] != p)
		return;
	if (!q->check) /* an allocation takes a few requests, each after an answer: the next need not wait */
		w->last_asked = 0;
	if (m.cls != TT_STUN_SUCCESS)
		return;
	if (tt_stun_fingerprint_ok(&m, data))
		p->answered_at = w->world->now;
	p->serves |= !q->check; /* RFC 8656 asks for no FINGERPRINT */
}

/* ---- nonces ---- */

static uint64_t hash_of(const uint8_t *data, size_t len)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < len; i++)
		h = (h ^ data[i]) * 0x100000001b3u;
	return h;
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static struct world_watch_stream *stream_of(struct world_watch *w, uint32_t ssrc)
{
	for (int i = 0; i < w->stream_count; i++)
		if (w->streams[i].ssrc == ssrc)
			return &w->streams[i];
	if (w->stream_count == WORLD_WATCH_STREAMS) {
		world_fail(w->world, "%s: sends more than %d SSRCs", w->name, WORLD_WATCH_STREAMS);
		return &w->streams[0];
	}
	struct world_watch_stream *s = &w->streams[w->stream_count++];
	s->ssrc = ssrc;
	return s;
}

/* RFC 3711 appendix A: the index nearest to the highest one so far. */
static uint64_t index_of(const struct world_watch_stream *s, uint16_t seq)
{
	if (s->highest == 0)
		return 0x10000u + seq;
	uint64_t near = (s->highest & ~(uint64_t)0xffff) | seq;
	if (near + 0x8000 < s->highest)
		near += 0x10000;
	else if (near > s->highest + 0x8000)
		near -= 0x10000;
	return near;
}

static void rtp_out(struct world_watch *w, const uint8_t *data, size_t len)
{
	struct world_watch_stream *s = stream_of(w, be32(data + 8));
	uint64_t index = index_of(s, (uint16_t)(data[2] << 8 | data[3]));
	uint64_t hash = hash_of(data, len), *slot = &s->index[index % WORLD_WATCH_WINDOW];

	if (*slot == index && s->hash[index % WORLD_WATCH_WINDOW] != hash)
		world_fail(w->world, "%s: SRTP index %llu of SSRC %08x used for two packets",
			   w->name, (unsigned long long)index, s->ssrc);
	if (index + WORLD_WATCH_WINDOW < s->highest)
		world_fail(w->world, "%s: SRTP index %llu long after %llu", w->name,
			   (unsigned long long)index, (unsigned long long)s->highest);
	*slot = index;
	s->hash[index % WORLD_WATCH_WINDOW] = hash;
	s->highest = index > s->highest ? index : s->highest;
}

static void rtcp_out(struct world_watch *w, const uint8_t *data, size_t len, bool gcm)
{
	size_t at = gcm ? len - 4 : len - 14; /* RFC 7714 section 9.2, RFC 3711 section 3.4 */
	struct world_watch_stream *s = stream_of(w, be32(data + 4));
	uint32_t index = len < 22 ? 0 : be32(data + at) & 0x7fffffffu;

	if (s->has_rtcp && index <= s->rtcp)
		world_fail(w->world, "%s: SRTCP index %u of SSRC %08x after %u", w->name, index,
			   s->ssrc, s->rtcp);
	s->has_rtcp = true;
	s->rtcp = index;
}

static void media_out(struct world_watch *w, const uint8_t *data, size_t len, bool gcm)
{
	w->sent_media++;
	if (len < 12)
		world_fail(w->world, "%s: sends %zu bytes of media", w->name, len);
	else if (data[1] >= 192 && data[1] <= 223)
		rtcp_out(w, data, len, gcm);
	else
		rtp_out(w, data, len);
}

/* From wherever it began, upwards by less than half of all. */
static void nonce_out(struct world_watch *w, uint64_t nonce)
{
	if (w->record[1] > 0 && nonce - w->nonce - 1 >= UINT64_MAX / 2)
		world_fail(w->world, "%s: DTLS nonce %llu after %llu", w->name,
			   (unsigned long long)nonce, (unsigned long long)w->nonce);
	w->nonce = nonce;
}

static void dtls_out(struct world_watch *w, const uint8_t *data, size_t len)
{
	w->sent_dtls++;
	for (size_t at = 0; at + 13 <= len;) {
		unsigned epoch = (unsigned)(data[at + 3] << 8 | data[at + 4]);
		uint64_t number = (uint64_t)be32(data + at + 5) << 16 |
				  (unsigned)(data[at + 9] << 8 | data[at + 10]);
		if (epoch > 1 || number < w->record[epoch]) {
			world_fail(w->world, "%s: DTLS record %u/%llu is not new", w->name, epoch,
				   (unsigned long long)number);
			return;
		}
		if (epoch == 1 && at + 21 <= len)
			nonce_out(w, (uint64_t)be32(data + at + 13) << 32 | be32(data + at + 17));
		w->record[epoch] = number + 1;
		at += 13 + (size_t)(data[at + 11] << 8 | data[at + 12]);
	}
}

void world_watch_out(struct world_watch *w, taut_flow flow, const struct taut_addr *remote,
		     const uint8_t *data, size_t len, bool gcm)
{
	struct world_watch_relayed inside;

	if (world_watch_turn_out(w, flow, remote, data, len, &inside)) {
		w->sent_relayed++;
		world_watch_out(w, inside.flow, &inside.peer, inside.data, inside.len, gcm);
		return;
	}
	int path = path_of(w, flow, remote);
	const struct world_watch_path *p = &w->paths[path];

	if (data[0] <= 3) {
		stun_out(w, path, data, len);
		return;
	}
	if (p->answered_at == 0 || w->world->now - p->answered_at > CONSENT)
		world_fail(w->world, "%s: sends to an address without consent (first byte %u)",
			   w->name, data[0]);
	if (data[0] >= 128)
		media_out(w, data, len, gcm);
	else
		dtls_out(w, data, len);
}
