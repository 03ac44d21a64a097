/* against_usrsctp.c - our association against usrsctp, in one process and in virtual time.
 *
 * usrsctp is another's implementation of RFC 9260, 3758, 6525 and 8260; nothing of taut links to it
 * but this test. Both sides send messages of many sizes over a link that loses, doubles and
 * reorders; what arrives must be what was sent, in order where order was asked for. Of messages that may
 * be lost all arrive where the link is whole, and otherwise no fewer than half of what chance lets
 * through. Then each side resets a stream, uses it anew, and one of them ends the association.
 *
 * usrsctp counts its timers in the ticks given to it, but asks gettimeofday for round trips and
 * for the age of a chunk. This program has its own: it tells the virtual time. It has its own random
 * numbers for usrsctp as well, so that a seed plays the same packets each time; SEED NAME plays one
 * scenario and prints them, SEED --unspared all of them with what the plays keep off.
 *
 * What usrsctp 0.9.5.0 does wrong itself is kept out of the plays, docs/SCTP.md says by which packets:
 * messages that may be lost have streams of their own, ours are whole where they are unordered
 * DATA, and usrsctp sends none by I-DATA where packets are lost or late. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <usrsctp.h>

#include "base/num.h"
#include "sctp/sctp.h"
#include "support/sim.h"

#define PORT     5000
#define STREAMS  16    /* that lose nothing; as many behind them whose messages may be lost */
#define TICK     10000 /* microseconds between the ticks of usrsctp */
#define PATIENCE 600000000
#define BIGGEST  262144
#define OURS     0
#define THEIRS   1
#define AT_ONCE  100   /* messages that may be lost, each way, as fast as the world turns, ... */
#define APART    100   /* ... and then one by one */
#define EVERY    20000
#define LIMITED  (AT_ONCE + APART)
#define FEW      20
#define LONG     1432

enum { DATA = 0, SACK = 3, I_DATA = 64, RE_CONFIG = 130, FORWARD_TSN = 192, I_FORWARD_TSN = 194 };

/* What one side sent and what the other got of it, by stream. Ordered streams are chained, so that
 * order counts; unordered ones are summed. */
struct books {
	uint64_t sent[STREAMS], got[STREAMS];
	size_t sent_count, got_count, sent_bytes;
	uint64_t wrong; /* a stream, payload protocol or flag that was not sent so */
};

/* A message that may be lost. It begins with its number. */
struct note {
	uint64_t hash;
	uint16_t stream;
	bool came;
};

struct call {
	struct sim sim;
	struct tt_sctp *ours;
	struct socket *listener, *theirs;
	taut_time ticked;
	struct books books[2]; /* by sender */
	bool up[2], gone[2];
	int resets_in[2], resets_out[2];
	uint32_t reset_reason;
	bool interleaved;
	bool they_limit;           /* usrsctp sends messages, too, that may be lost */
	const struct limit *limit; /* messages may be lost: not in the books, but ... */
	struct note notes[2][3 * LIMITED]; /* ... here, by sender and number */
	uint32_t said[2], left[2]; /* left: all of one has left once */
	uint32_t latest[2]; /* TSN, by sender */
	bool begun[2];
	uint32_t after[2][2 * STREAMS]; /* by stream: no ordered one before that may come any more */
	uint32_t next[2];
	size_t chunks[2][256]; /* by receiver and type */
	/* messages that usrsctp hands over in pieces, by stream */
	uint8_t *part[2 * STREAMS];
	size_t part_len[2 * STREAMS];
	size_t longest;    /* packet with messages of ours */
	uint64_t misnamed; /* streams in FORWARD-TSNs that have no message which may be lost */
};

/* How often a message may be sent again, and how long; RFC 3758, RFC 7496. */
struct limit {
	const char *name;
	bool again; /* at most so often: */
	uint16_t often;
	uint16_t lives; /* milliseconds; 0: for ever */
};

static const struct limit limits[] = {
	{ "sent_once", true, 0, 0 },
	{ "sent_again_twice", true, 2, 0 },
	{ "lives_100_ms", false, 0, 100 },
};

struct scenario {
	const char *name;
	bool we_connect, they_connect, we_end;
	unsigned loss, reorder, duplicate;
	size_t bytes;     /* from each side */
	bool interleaved; /* I-DATA is wanted by usrsctp too */
	bool probes;      /* our packets may grow, to LONG */
};

static struct call *current; /* usrsctp knows addresses only */
static const char *shown; /* the only scenario, whose packets are printed; NULL: all are played */
static bool spares = true; /* what usrsctp does wrong itself is kept off */
static struct {
	unsigned plays, failed;
	uint64_t messages, bytes, limited, limited_left, limited_came; /* both ways */
} total;
static uint8_t *scratch;

/* In place of the C library's, which the shared library would call. */
__attribute__((visibility("default"))) int gettimeofday(struct timeval *restrict tv,
							void *restrict zone);
int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	taut_time now = 1700000000000000 + (current ? current->sim.now : 0);

	(void)zone;
	*tv = (struct timeval){ .tv_sec = now / 1000000, .tv_usec = now % 1000000 };
	return 0;
}

/* In place of usrsctp's own: tags, TSNs and secrets come from the seed. */
__attribute__((visibility("default"))) void read_random(void *out, size_t len);
void read_random(void *out, size_t len)
{
	static uint64_t before_any = 1;
	uint8_t *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = current ? (uint8_t)sim_random(&current->sim) : (uint8_t)before_any++;
}

#define FNV 0xcbf29ce484222325u

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

static bool is_unordered(uint16_t stream)
{
	return stream % 4 == 3;
}

static uint64_t enter(uint64_t so_far, uint16_t stream, const void *data, size_t len)
{
	if (is_unordered(stream))
		return so_far + hash(FNV, data, len);
	return hash(so_far, data, len);
}

/* What arrives of messages that may be lost is one of them, whole, once, and later than those before it where order was
 * asked for; usrsctp sends some of them minutes later. */
static bool arrives_as_sent(struct call *c, int from, uint16_t stream, const void *data, size_t len)
{
	uint32_t n = UINT32_MAX;

	memcpy(&n, data, tt_min(len, sizeof n));
	if (n >= c->said[from])
		return false;
	struct note *note = &c->notes[from][n];
	if (note->came || note->stream != stream || note->hash != hash(FNV, data, len))
		return false;
	note->came = true;
	if (is_unordered(stream))
		return true;
	const bool in_order = n >= c->after[from][stream];
	c->after[from][stream] = n + 1;
	return in_order;
}

static void got(struct call *c, int from, uint16_t stream, uint32_t ppid, bool unordered,
		const void *data, size_t len)
{
	struct books *b = &c->books[from];

	b->wrong += ppid != 53u + stream || unordered != is_unordered(stream);
	if (stream >= STREAMS) {
		b->wrong += stream >= 2 * STREAMS || !arrives_as_sent(c, from, stream, data, len);
		return;
	}
	b->wrong += c->limit != NULL;
	b->got[stream] = enter(b->got[stream], stream, data, len);
	b->got_count++;
	if (shown)
		printf("%10.6f from %d came sid %d len %zu\n", (double)c->sim.now / 1e6, from,
		       stream, len);
}

/* ---- what is on the wire, for who looks for a fault ---- */

static uint32_t be(const uint8_t *p, size_t bytes)
{
	uint32_t v = 0;

	while (bytes-- > 0)
		v = v << 8 | *p++;
	return v;
}

static void print_data(const uint8_t *p, size_t len, bool interleaved)
{
	const uint8_t f = p[1];

	printf(" %s tsn %" PRIu32 " sid %" PRIu32, interleaved ? "I-DATA" : "DATA", be(p + 4, 4),
	       be(p + 8, 2));
	if (interleaved)
		printf(" mid %" PRIu32, be(p + 12, 4));
	else
		printf(" ssn %" PRIu32, be(p + 10, 2));
	if (interleaved && !(f & 2))
		printf(" fsn %" PRIu32, be(p + 16, 4));
	printf(" %s%s%s %zu;", f & 4 ? "U" : "", f & 2 ? "B" : "", f & 1 ? "E" : "",
	       len - (interleaved ? 20 : 16));
}

static void print_sack(const uint8_t *p)
{
	printf(" SACK %" PRIu32 " window %" PRIu32, be(p + 4, 4), be(p + 8, 4));
	for (uint32_t i = 0; i < be(p + 12, 2); i++)
		printf(" [%" PRIu32 "-%" PRIu32 "]", be(p + 4, 4) + be(p + 16 + 4 * i, 2),
		       be(p + 4, 4) + be(p + 18 + 4 * i, 2));
	printf(";");
}

static void print_forward(const uint8_t *p, size_t len, bool interleaved)
{
	printf(" %sFORWARD-TSN %" PRIu32, interleaved ? "I-" : "", be(p + 4, 4));
	for (size_t at = 8; at + 4 <= len; at += interleaved ? 8 : 4)
		if (interleaved)
			printf(" (sid %" PRIu32 "%s mid %" PRIu32 ")", be(p + at, 2),
			       p[at + 3] & 1 ? " U" : "", be(p + at + 4, 4));
		else
			printf(" (sid %" PRIu32 " ssn %" PRIu32 ")", be(p + at, 2),
			       be(p + at + 2, 2));
	printf(";");
}

static void print_other(const uint8_t *p, size_t len)
{
	printf(" type %d", p[0]);
	if (p[0] == RE_CONFIG)
		for (size_t at = 4; at + 4 <= len; at += 4)
			printf(" %08" PRIx32, be(p + at, 4));
	printf(";");
}

/* When it leaves, by one stroke, and when it arrives, by two: what is lost has only the first. */
static void print_packet(const struct call *c, const char *how, const uint8_t *data, size_t packet)
{
	if (!shown)
		return;
	printf("%10.6f %s", (double)c->sim.now / 1e6, how);
	for (size_t at = 12; at + 4 <= packet;) {
		const uint8_t *chunk = data + at;
		const size_t len = be(chunk + 2, 2);
		if (chunk[0] == DATA || chunk[0] == I_DATA)
			print_data(chunk, len, chunk[0] == I_DATA);
		else if (chunk[0] == SACK)
			print_sack(chunk);
		else if (chunk[0] == FORWARD_TSN || chunk[0] == I_FORWARD_TSN)
			print_forward(chunk, len, chunk[0] == I_FORWARD_TSN);
		else
			print_other(chunk, len);
		at += (tt_max(len, 4) + 3) & ~(size_t)3;
	}
	printf("\n");
}

/* Messages that may be lost, as their last chunk leaves for the first time. */
static void note_leaving(struct call *c, int from, const uint8_t *data, size_t packet)
{
	for (size_t at = 12; at + 12 <= packet;) {
		const uint8_t *chunk = data + at;
		const uint32_t tsn = be(chunk + 4, 4);
		const bool is_data = chunk[0] == DATA || chunk[0] == I_DATA;
		if (is_data && (!c->begun[from] || (int32_t)(tsn - c->latest[from]) > 0)) {
			c->begun[from] = true;
			c->latest[from] = tsn;
			c->left[from] += chunk[1] & 1 && be(chunk + 8, 2) >= STREAMS;
		}
		at += (tt_max(be(chunk + 2, 2), 4) + 3) & ~(size_t)3;
	}
}

/* ---- usrsctp's side ---- */

static int on_output(void *addr, void *data, size_t len, uint8_t tos, uint8_t df)
{
	(void)tos, (void)df;
	if (current && addr == current) {
		print_packet(current, "<-", data, len);
		note_leaving(current, THEIRS, data, len);
		sim_send(&current->sim, OURS, data, len, NULL, NULL);
	}
	return 0;
}

static void on_notification(struct call *c, const uint8_t *data, size_t len)
{
	union sctp_notification n = { 0 };

	memcpy(&n, data, tt_min(len, sizeof n));
	if (n.sn_header.sn_type == SCTP_ASSOC_CHANGE) {
		if (n.sn_assoc_change.sac_state == SCTP_COMM_UP)
			c->up[THEIRS] = true;
		else if (n.sn_assoc_change.sac_state == SCTP_COMM_LOST ||
			 n.sn_assoc_change.sac_state == SCTP_SHUTDOWN_COMP)
			c->gone[THEIRS] = true;
	} else if (n.sn_header.sn_type == SCTP_STREAM_RESET_EVENT) {
		uint16_t flags = n.sn_strreset_event.strreset_flags;
		c->resets_in[THEIRS] += (flags & SCTP_STREAM_RESET_INCOMING_SSN) != 0;
		c->resets_out[THEIRS] += (flags & SCTP_STREAM_RESET_OUTGOING_SSN) != 0;
	}
}

static void on_piece(struct call *c, const struct sctp_rcvinfo *info, const void *data, size_t len,
		     bool last)
{
	uint16_t stream = info->rcv_sid % (2 * STREAMS);
	size_t *at = &c->part_len[stream];

	if (*at + len <= BIGGEST)
		memcpy(c->part[stream] + *at, data, len);
	*at += len;
	if (!last)
		return;
	got(c, OURS, info->rcv_sid, ntohl(info->rcv_ppid), info->rcv_flags & SCTP_UNORDERED,
	    c->part[stream], tt_min(*at, BIGGEST));
	*at = 0;
}

static int on_receive(struct socket *sock, union sctp_sockstore addr, void *data, size_t len,
		      struct sctp_rcvinfo info, int flags, void *ulp)
{
	struct call *c = ulp;

	(void)sock, (void)addr;
	if (!data)
		return 1;
	if (flags & MSG_NOTIFICATION)
		on_notification(c, data, len);
	else
		on_piece(c, &info, data, len, flags & MSG_EOR);
	free(data);
	return 1;
}

static void set(struct socket *s, int option, const void *value, size_t len)
{
	if (usrsctp_setsockopt(s, IPPROTO_SCTP, option, value, (socklen_t)len) < 0)
		printf("# option %d: %s\n", option, strerror(errno));
}

static struct sockaddr_conn address(struct call *c)
{
	struct sockaddr_conn a = { 0 };

	a.sconn_family = AF_CONN;
	a.sconn_port = htons(PORT);
	a.sconn_addr = c;
	return a;
}

/* RFC 8260 section 4.3.1; the header of usrsctp leaves it out. */
#define INTERLEAVING_SUPPORTED 0x00001206

static void interleave(struct socket *s)
{
	const struct sctp_assoc_value on = { .assoc_id = SCTP_ALL_ASSOC, .assoc_value = 1 };
	const int fully = 2; /* what comes in of several messages is handed over as it comes */

	set(s, SCTP_FRAGMENT_INTERLEAVE, &fully, sizeof fully);
	set(s, INTERLEAVING_SUPPORTED, &on, sizeof on);
}

static struct socket *open_socket(struct call *c, bool interleaved)
{
	struct socket *s =
		usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, on_receive, NULL, 0, c);
	struct sockaddr_conn a = address(c);
	const uint16_t events[] = { SCTP_ASSOC_CHANGE, SCTP_STREAM_RESET_EVENT };
	struct sctp_initmsg init = { .sinit_num_ostreams = 64, .sinit_max_instreams = 64 };
	struct sctp_assoc_value resets = { .assoc_id = SCTP_ALL_ASSOC,
					   .assoc_value = SCTP_ENABLE_RESET_STREAM_REQ };
	const int on = 1, buffer = 1 << 20;

	if (!s) {
		perror("usrsctp_socket");
		exit(1);
	}
	usrsctp_set_non_blocking(s, 1);
	for (size_t i = 0; i < TT_COUNT(events); i++) {
		struct sctp_event e = { .se_assoc_id = SCTP_ALL_ASSOC,
					.se_type = events[i],
					.se_on = 1 };
		set(s, SCTP_EVENT, &e, sizeof e);
	}
	set(s, SCTP_INITMSG, &init, sizeof init);
	set(s, SCTP_ENABLE_STREAM_RESET, &resets, sizeof resets);
	set(s, SCTP_NODELAY, &on, sizeof on);
	if (interleaved)
		interleave(s);
	usrsctp_setsockopt(s, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
	usrsctp_setsockopt(s, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
	if (usrsctp_bind(s, (struct sockaddr *)&a, sizeof a) < 0)
		perror("usrsctp_bind");
	return s;
}

/* False: its buffer is full. */
static bool they_send(struct call *c, uint16_t stream, const void *data, size_t len)
{
	const struct limit *l = c->limit;
	struct sctp_sendv_spa spa = {
		.sendv_flags = SCTP_SEND_SNDINFO_VALID | (l ? SCTP_SEND_PRINFO_VALID : 0),
		.sendv_sndinfo = { .snd_sid = stream,
				   .snd_ppid = htonl(53u + stream),
				   .snd_flags = is_unordered(stream) ? SCTP_UNORDERED : 0 },
		.sendv_prinfo = { .pr_policy = l && l->lives ? SCTP_PR_SCTP_TTL : SCTP_PR_SCTP_RTX,
				  .pr_value = !l         ? 0
					      : l->lives ? l->lives
							 : l->often },
	};

	return usrsctp_sendv(c->theirs, data, len, NULL, 0, &spa, sizeof spa, SCTP_SENDV_SPA, 0) >=
	       0;
}

static void they_reset(struct call *c, uint16_t stream)
{
	union {
		struct sctp_reset_streams head;
		uint8_t bytes[sizeof(struct sctp_reset_streams) + 2];
	} r = { .head = { .srs_assoc_id = SCTP_ALL_ASSOC,
			  .srs_flags = SCTP_STREAM_RESET_OUTGOING,
			  .srs_number_streams = 1 } };

	memcpy(r.bytes + sizeof r.head, &stream, 2);
	set(c->theirs, SCTP_RESET_STREAMS, &r, sizeof r.head + 2);
}

/* ---- our side ---- */

static void our_events(struct call *c)
{
	const struct tt_sctp_event *e;

	while ((e = tt_sctp_poll_event(c->ours)) != NULL) {
		switch (e->type) {
		case TT_SCTP_CONNECTED:
			c->up[OURS] = true;
			break;
		case TT_SCTP_MESSAGE:
			got(c, THEIRS, e->stream, e->ppid, e->unordered, e->data, e->len);
			break;
		case TT_SCTP_STREAM_RESET_IN:
			c->resets_in[OURS]++;
			break;
		case TT_SCTP_STREAM_RESET_OUT:
			c->resets_out[OURS]++;
			c->reset_reason |= e->reason;
			break;
		case TT_SCTP_CLOSED:
			c->gone[OURS] = true;
			if (e->text)
				printf("# ours ended: %s\n", e->text);
			break;
		default:
			c->books[THEIRS].wrong++;
			break;
		}
	}
}

static void our_turn(struct call *c)
{
	uint8_t packet[2048];
	size_t len;

	our_events(c);
	while ((len = tt_sctp_poll_send(c->ours, c->sim.now, packet, sizeof packet)) > 0) {
		print_packet(c, "->", packet, len);
		note_leaving(c, OURS, packet, len);
		sim_send(&c->sim, THEIRS, packet, len, NULL, NULL);
	}
}

/* ---- the world ---- */

/* RFC 3758 section 3.5 C3, RFC 8260 section 2.3.1: only what is skipped is named. */
static uint64_t misnamed(const uint8_t *forward, size_t len)
{
	const size_t entry = forward[0] == I_FORWARD_TSN ? 8 : 4;
	uint64_t n = 0;

	for (size_t at = 8; at + entry <= len; at += entry)
		n += be(forward + at, 2) < STREAMS;
	return n;
}

static void note_chunks(struct call *c, const struct sim_packet *p)
{
	for (size_t at = 12; at + 4 <= p->len;) {
		const uint8_t *chunk = p->data + at;
		const size_t len = be(chunk + 2, 2);
		c->chunks[p->to][chunk[0]]++;
		if (p->to == THEIRS && (chunk[0] == DATA || chunk[0] == I_DATA))
			c->longest = tt_max(c->longest, p->len);
		if (chunk[0] == FORWARD_TSN || chunk[0] == I_FORWARD_TSN)
			c->misnamed += misnamed(chunk, len);
		at += (tt_max(len, 4) + 3) & ~(size_t)3;
	}
}

/* Both sides sent messages by the one kind of chunk, and by no other; and we skipped nothing that must arrive. */
static bool as_agreed(const struct call *c, bool interleaved)
{
	bool good = c->misnamed == 0;

	for (int to = 0; to < 2; to++) {
		const size_t *n = c->chunks[to];
		good = good && n[interleaved ? I_DATA : DATA] > 0 &&
		       n[interleaved ? DATA : I_DATA] == 0 &&
		       n[interleaved ? FORWARD_TSN : I_FORWARD_TSN] == 0;
	}
	return good;
}

static void step(struct call *c)
{
	our_turn(c);
	taut_time next = tt_min64(c->ticked + TICK,
				  tt_min64(sim_next(&c->sim), tt_sctp_deadline(c->ours, NULL)));
	c->sim.now = tt_max64(c->sim.now, next);
	struct sim_packet *p;
	while ((p = sim_take(&c->sim)) != NULL) {
		note_chunks(c, p);
		print_packet(c, p->to == OURS ? "<=" : "=>", p->data, p->len);
		if (p->to == OURS)
			tt_sctp_recv(c->ours, c->sim.now, p->data, p->len);
		else
			usrsctp_conninput(c, p->data, p->len, 0);
		free(p);
	}
	while (c->ticked + TICK <= c->sim.now) {
		usrsctp_handle_timers(TICK / 1000);
		c->ticked += TICK;
	}
	if (c->listener && !c->theirs) {
		c->theirs = usrsctp_accept(c->listener, NULL, NULL);
		if (c->theirs) {
			usrsctp_set_non_blocking(c->theirs, 1);
			c->up[THEIRS] = true;
		}
	}
	tt_sctp_tick(c->ours, c->sim.now);
	our_turn(c);
}

typedef bool condition(const struct call *c);

static bool wait_for(struct call *c, condition *done)
{
	taut_time end = c->sim.now + PATIENCE;

	while (!done(c)) {
		if (c->sim.now > end)
			return false;
		step(c);
	}
	return true;
}

static bool both_up(const struct call *c)
{
	return c->up[OURS] && c->up[THEIRS] && c->theirs;
}

static bool both_gone(const struct call *c)
{
	return c->gone[OURS] && c->gone[THEIRS];
}

static bool all_arrived(const struct call *c)
{
	return c->books[0].got_count == c->books[0].sent_count &&
	       c->books[1].got_count == c->books[1].sent_count;
}

static bool reset_both_ways(const struct call *c)
{
	return c->resets_in[OURS] && c->resets_in[THEIRS] && c->resets_out[OURS] &&
	       c->resets_out[THEIRS];
}

static bool is_drained(const struct call *c)
{
	return tt_sctp_held(c->ours) == 0;
}

/* Small ones, around a packet's end, and up to the largest. */
static size_t size_of(uint32_t n)
{
	static const size_t odd[] = { 1, 2, 3, 4, 5, 100, 511, 512, 513, 4096, 65535, 65536 };

	if (n % 97 == 96)
		return BIGGEST;
	if (n % 5 == 0)
		return 1100 + n / 5 % 140;
	if (n % 5 == 1)
		return odd[n / 5 % TT_COUNT(odd)];
	return 1 + n * 2654435761u % 9000;
}

/* Up to 503 bytes a message of ours is in one chunk. */
static size_t limited_size(const struct call *c, uint32_t n, int from)
{
	const bool whole = spares && from == OURS && !c->interleaved && is_unordered(n % STREAMS);

	return 4 + n * 53 % (whole ? 500 : 3000);
}

static void fill(size_t len, uint32_t n, int from)
{
	for (size_t i = 0; i < len; i++)
		scratch[i] = (uint8_t)(i * 7 + (i >> 8) * 13 + n * 31 + (uint32_t)from);
}

/* One message from a side; false: not now. */
static bool say(struct call *c, int from)
{
	const struct tt_sctp_send_options opt = {
		.unordered = is_unordered((uint16_t)(c->next[from] % STREAMS)),
		.limit_retransmits = c->limit && c->limit->again,
		.max_retransmits = c->limit ? c->limit->often : 0,
		.lifetime_ms = c->limit ? c->limit->lives : 0,
	};
	uint32_t n = c->next[from];
	uint16_t stream = (uint16_t)(n % STREAMS + (c->limit ? STREAMS : 0));
	size_t len = c->limit ? limited_size(c, n, from) : size_of(n);
	struct books *b = &c->books[from];

	fill(len, n, from);
	if (c->limit)
		memcpy(scratch, &c->said[from], 4);
	if (from == THEIRS ? !they_send(c, stream, scratch, len)
			   : tt_sctp_send(c->ours, c->sim.now, stream, 53u + stream, &opt, scratch,
					  len) < 0)
		return false;
	c->next[from]++;
	if (shown)
		printf("%10.6f from %d sent sid %d len %zu%s\n", (double)c->sim.now / 1e6, from,
		       stream, len, c->limit ? " limited" : "");
	if (c->limit) {
		c->notes[from][c->said[from]++] =
			(struct note){ .hash = hash(FNV, scratch, len), .stream = stream };
		return true;
	}
	b->sent[stream] = enter(b->sent[stream], stream, scratch, len);
	b->sent_count++;
	b->sent_bytes += len;
	return true;
}

static bool same_bytes(const struct call *c, int from)
{
	bool same = true;

	for (int i = 0; i < STREAMS; i++)
		if (c->books[from].sent[i] != c->books[from].got[i]) {
			printf("# from %d stream %d differs\n", from, i);
			same = false;
		}
	return same;
}

static bool exchange(struct call *c, size_t bytes)
{
	size_t end[2] = { c->books[0].sent_bytes + bytes, c->books[1].sent_bytes + bytes };
	taut_time give_up = c->sim.now + PATIENCE;

	while (c->sim.now < give_up &&
	       (c->books[0].sent_bytes < end[0] || c->books[1].sent_bytes < end[1])) {
		for (int from = 0; from < 2; from++)
			while (c->books[from].sent_bytes < end[from] && say(c, from))
				;
		step(c);
	}
	if (!wait_for(c, all_arrived))
		return false;
	for (int from = 0; from < 2; from++)
		if (c->books[from].wrong || !same_bytes(c, from))
			return false;
	return true;
}

static void say_limited(struct call *c)
{
	(void)say(c, OURS);
	if (c->they_limit)
		(void)say(c, THEIRS);
}

static void pass(struct call *c, taut_time time)
{
	for (taut_time end = c->sim.now + time; c->sim.now < end;)
		step(c);
}

/* Everything of usrsctp is acknowledged or given up. It may go on only when it has more to send: a
 * FORWARD-TSN of its own that is lost it does not repeat. What late packets there are, are here then. */
static void until_they_are_done(struct call *c)
{
	struct sctp_status status = { .sstat_unackdata = 1 };
	socklen_t len = sizeof status;

	for (int i = 0; i < 300 && status.sstat_unackdata + status.sstat_penddata > 0; i++) {
		pass(c, 1000000);
		if (usrsctp_getsockopt(c->theirs, IPPROTO_SCTP, SCTP_STATUS, &status, &len) < 0)
			break;
	}
	pass(c, 1000000);
}

static uint32_t came(const struct call *c, int from, uint32_t first, uint32_t end)
{
	uint32_t n = 0;

	for (uint32_t i = first; i < end; i++)
		n += c->notes[from][i].came;
	return n;
}

/* Of so many messages that left whole: one has three packets at most, and each arrives by its
 * chances, one, or as often as it may be sent. What the link holds back comes too late. Half of that
 * is far outside of what luck does to a hundred; a few may all be lost. */
static uint32_t fair(const struct call *c, uint32_t left)
{
	const double missed = (c->sim.link.loss + c->sim.link.reorder) / 1000.0;
	double gone = missed;

	for (int i = 0; i < c->limit->often; i++)
		gone *= missed;
	return left < FEW ? 0 : (uint32_t)(left * (1 - gone) * (1 - gone) * (1 - gone) / 2);
}

/* How many leave at all in their lifetime is the windows' and T3's to say, on a link that loses; and
 * usrsctp may fall silent (docs/SCTP.md). */
static bool enough_came(const struct call *c, int from, uint32_t first, uint32_t left_before)
{
	const uint32_t end = c->said[from], said = end - first, all = came(c, from, first, end);
	const uint32_t left = c->left[from] - left_before;
	const bool whole = c->sim.link.loss + c->sim.link.reorder + c->sim.link.duplicate == 0;

	total.limited += said;
	total.limited_left += left;
	total.limited_came += all;
	printf("# %s from %d: %" PRIu32 " of %" PRIu32 " left and %" PRIu32 " came, fair %" PRIu32
	       "\n",
	       c->limit->name, from, left, said, all, fair(c, left));
	if (said != (from == OURS || c->they_limit ? LIMITED : 0))
		return false;
	if (from == OURS && left == 0)
		return false;
	return whole ? all == said : all >= fair(c, left);
}

/* Messages with a limit: what is lost beyond it stays lost, and holds up nothing that follows. */
static bool exchange_limited(struct call *c, const struct limit *limit)
{
	const uint32_t first[2] = { c->said[0], c->said[1] };
	const uint32_t left[2] = { c->left[0], c->left[1] };
	bool enough = true;

	c->limit = limit;
	for (int n = 0; n < AT_ONCE; n++) {
		say_limited(c);
		step(c);
	}
	if (!wait_for(c, is_drained))
		return false;
	until_they_are_done(c);
	for (int n = 0; n < APART; n++) {
		say_limited(c);
		pass(c, EVERY);
	}
	if (!wait_for(c, is_drained))
		return false;
	until_they_are_done(c);
	for (int from = 0; from < 2; from++)
		enough = enough_came(c, from, first[from], left[from]) && enough;
	c->limit = NULL;
	return enough && c->books[0].wrong + c->books[1].wrong == 0 && exchange(c, 20000);
}

static bool reset_streams(struct call *c)
{
	if (tt_sctp_reset_stream(c->ours, c->sim.now, 5) < 0)
		return false;
	they_reset(c, 5);
	return wait_for(c, reset_both_ways) && c->reset_reason == 0 && exchange(c, 50000);
}

static bool end_call(struct call *c, bool we_end)
{
	if (we_end)
		tt_sctp_shutdown(c->ours, c->sim.now);
	else
		usrsctp_shutdown(c->theirs, SHUT_WR);
	return wait_for(c, both_gone);
}

/* ---- */

static void begin(struct call *c, const struct scenario *s, uint64_t seed)
{
	const struct sim_link link = { .delay = 20000,
				       .jitter = s->loss ? 1000 : 0,
				       .loss = s->loss,
				       .reorder = s->reorder,
				       .duplicate = s->duplicate };
	const struct tt_sctp_config cfg = { .max_streams = 64, .max_probed = s->probes ? LONG : 0 };
	struct sockaddr_conn a = address(c);

	sim_init(&c->sim, seed, &link);
	c->interleaved = s->interleaved;
	c->they_limit = !spares || !s->interleaved || s->loss + s->reorder == 0;
	c->ticked = c->sim.now;
	for (int i = 0; i < 2 * STREAMS; i++)
		if (!(c->part[i] = malloc(BIGGEST)))
			exit(1);
	if (tt_sctp_new(&c->ours, &c->sim.env[OURS], &cfg, c->sim.now) < 0)
		exit(1);
	usrsctp_register_address(c);
	current = c;
	if (s->we_connect)
		tt_sctp_connect(c->ours, c->sim.now);
	if (s->they_connect) {
		c->theirs = open_socket(c, s->interleaved);
		if (usrsctp_connect(c->theirs, (struct sockaddr *)&a, sizeof a) < 0 &&
		    errno != EINPROGRESS)
			perror("usrsctp_connect");
	} else {
		c->listener = open_socket(c, s->interleaved);
		usrsctp_listen(c->listener, 1);
	}
}

static void finish(struct call *c)
{
	const struct linger none = { .l_onoff = 1 }; /* what failed is not in the way of the next play */

	if (c->theirs) {
		usrsctp_setsockopt(c->theirs, SOL_SOCKET, SO_LINGER, &none, sizeof none);
		usrsctp_close(c->theirs);
	}
	if (c->listener)
		usrsctp_close(c->listener);
	for (int i = 0; i < 100; i++) {
		c->sim.now += 100000;
		usrsctp_handle_timers(100);
	}
	usrsctp_deregister_address(c);
	current = NULL;
	tt_sctp_free(c->ours);
	sim_free(&c->sim);
	for (int i = 0; i < 2 * STREAMS; i++)
		free(c->part[i]);
	free(c);
}

static bool check(const struct scenario *s, const char *what, bool ok, const struct call *c)
{
	printf("%s interop/usrsctp/%s/%s\n", ok ? "ok" : "not ok", s->name, what);
	if (!ok) {
		struct tt_sctp_counters n = tt_sctp_count(c->ours);
		printf("# at %" PRId64 " us: sent %zu and %zu, arrived %zu and %zu, wrong %" PRIu64
		       " and %" PRIu64 ", up %d %d, gone %d %d, resets %d %d %d %d reason %" PRIu32
		       "; cwnd %" PRIu32 " flight %" PRIu32 " window %" PRIu32 " held %zu\n",
		       c->sim.now, c->books[0].sent_count, c->books[1].sent_count,
		       c->books[0].got_count, c->books[1].got_count, c->books[0].wrong,
		       c->books[1].wrong, c->up[0], c->up[1], c->gone[0], c->gone[1],
		       c->resets_in[0], c->resets_out[0], c->resets_in[1], c->resets_out[1],
		       c->reset_reason, n.cwnd, n.flight, n.peer_window, tt_sctp_held(c->ours));
	}
	fflush(stdout);
	return ok;
}

static bool play(const struct scenario *s, uint64_t seed)
{
	struct call *c = calloc(1, sizeof *c);

	if (!c)
		exit(1);
	begin(c, s, seed);
	bool ok = check(s, "set_up", wait_for(c, both_up), c) &&
		  check(s, "messages", exchange(c, s->bytes), c);
	taut_time took = c->sim.now;
	for (size_t i = 0; i < TT_COUNT(limits); i++)
		ok = ok && check(s, limits[i].name, exchange_limited(c, &limits[i]), c);
	if (s->probes && s->loss == 0) /* it answers the probes, and skips their PAD */
		ok = ok && check(s, "long_packets", c->longest == LONG, c);
	ok = ok && check(s, "reset", reset_streams(c), c) &&
	     check(s, "end", end_call(c, s->we_end), c) &&
	     check(s, "chunks", as_agreed(c, s->interleaved), c);
	struct tt_sctp_counters n = tt_sctp_count(c->ours);
	printf("# %s: %zu + %zu bytes in %.1f s, %" PRIu64 " of our chunks and %" PRIu64 " again\n",
	       s->name, c->books[0].sent_bytes, c->books[1].sent_bytes, (double)took / 1e6,
	       n.chunks_sent, n.chunks_resent);
	total.plays++;
	total.failed += !ok;
	for (int from = 0; from < 2; from++) {
		total.messages += c->books[from].got_count;
		total.bytes += c->books[from].sent_bytes;
	}
	finish(c);
	return ok;
}

static void say_debug(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
}

int main(int argc, char **argv)
{
	static const struct scenario all[] = {
		{ "we_connect", true, false, true, 0, 0, 0, 3000000, false, false },
		{ "they_connect", false, true, false, 0, 0, 0, 3000000, false, false },
		{ "both_connect", true, true, true, 0, 20, 20, 2000000, false, false },
		{ "we_connect_loss_5", true, false, false, 50, 20, 20, 1500000, false, false },
		{ "they_connect_loss_5", false, true, true, 50, 20, 20, 1500000, false, false },
		{ "both_connect_loss_20", true, true, false, 200, 50, 20, 600000, false, false },
		{ "they_connect_loss_20", false, true, true, 200, 50, 20, 600000, false, false },
		{ "we_connect_i_data", true, false, true, 0, 0, 0, 3000000, true, false },
		{ "they_connect_i_data", false, true, false, 0, 0, 0, 3000000, true, false },
		{ "both_connect_i_data", true, true, true, 0, 20, 20, 2000000, true, false },
		{ "we_connect_i_data_loss_5", true, false, false, 50, 20, 20, 1500000, true,
		  false },
		{ "they_connect_i_data_loss_20", false, true, true, 200, 50, 20, 600000, true,
		  false },
		{ "we_connect_loss_1", true, false, true, 10, 5, 5, 3000000, false, true },
		{ "they_connect_loss_1", false, true, false, 10, 5, 5, 3000000, false, true },
		{ "we_connect_loss_10", true, false, true, 100, 50, 20, 1000000, false, true },
		{ "they_connect_loss_10", false, true, false, 100, 50, 20, 1000000, false, true },
		{ "both_connect_loss_10", true, true, false, 100, 50, 20, 1000000, false, true },
		{ "we_connect_loss_20", true, false, false, 200, 50, 20, 600000, false, true },
		{ "we_connect_i_data_loss_10", true, false, true, 100, 50, 20, 1000000, true,
		  true },
		{ "they_connect_i_data_loss_10", false, true, false, 100, 50, 20, 1000000, true,
		  true },
		{ "both_connect_i_data_loss_20", true, true, true, 200, 50, 20, 600000, true,
		  true },
		{ "we_connect_i_data_loss_20", true, false, false, 200, 50, 20, 600000, true,
		  true },
		{ "we_connect_long_packets", true, false, true, 0, 0, 0, 3000000, false, true },
		{ "they_connect_i_data_long_packets", false, true, true, 0, 0, 0, 3000000, true,
		  true },
		{ "reordered_without_loss", true, true, true, 0, 200, 0, 2000000, false, true },
	};
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	spares = argc < 3 || strcmp(argv[2], "--unspared") != 0;
	shown = spares && argc > 2 ? argv[2] : NULL;
	bool ok = true;

	scratch = malloc(BIGGEST);
	usrsctp_init_nothreads(0, on_output, say_debug);
	usrsctp_sysctl_set_sctp_ecn_enable(0);
	usrsctp_sysctl_set_sctp_rto_min_default(400);
	usrsctp_sysctl_set_sctp_rto_initial_default(500);
	usrsctp_sysctl_set_sctp_rto_max_default(10000);
	usrsctp_sysctl_set_sctp_init_rto_max_default(10000);
	printf("# seed %" PRIu64 "\n", seed);
	for (size_t i = 0; i < TT_COUNT(all); i++)
		if (!shown || strcmp(shown, all[i].name) == 0)
			ok = play(&all[i], seed + i) && ok;
	for (int i = 0; i < 1000 && usrsctp_finish() != 0; i++)
		usrsctp_handle_timers(100);
	free(scratch);
	printf("# total plays=%u failed=%u messages=%" PRIu64 " bytes=%" PRIu64
	       " may_be_lost=%" PRIu64 " of_those_left=%" PRIu64 " of_those_came=%" PRIu64 "\n",
	       total.plays, total.failed, total.messages, total.bytes, total.limited,
	       total.limited_left, total.limited_came);
	return ok ? 0 : 1;
}
