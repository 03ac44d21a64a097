/* stun_client.c - a Binding transaction with a STUN server, and the retry clock.
 *
 * RFC 8489 sections 6.2.1 and 6.3.3. No authentication and no DNS: the caller
 * resolved the name. A datagram counts only if it comes from the server and
 * carries the id that was drawn for this transaction. */
#include "stun/stun_client.h"

#include <string.h>

#include "base/addr.h"
#include "base/num.h"

int tt_stun_retry_count(taut_time rto)
{
	int n = 1;

	while (n < TT_STUN_RC && rto << n <= TT_STUN_TI) /* when the next one has had its RTO */
		n++;
	return n;
}

void tt_stun_retry_start(struct tt_stun_retry *r, taut_time now, taut_time rto, int rc)
{
	*r = (struct tt_stun_retry){ .next = now, .rto = rto, .interval = rto, .rc = rc };
}

void tt_stun_retry_sent(struct tt_stun_retry *r, taut_time now)
{
	r->sent++;
	if (r->sent >= r->rc) {
		const taut_time gone = r->interval - r->rto; /* since the first one */
		r->next = now + tt_min64(TT_STUN_RM * r->rto, tt_max64(TT_STUN_TI - gone, 0));
		return;
	}
	r->next = now + r->interval;
	r->interval *= 2;
}

void tt_stun_client_init(struct tt_stun_client *c, struct tt_env *env, taut_time now,
                         const struct taut_addr *server, taut_time give_up_after)
{
	*c = (struct tt_stun_client){ .env = env, .server = *server, .answers_from = *server };
	tt_stun_retry_start(&c->retry, now, TT_STUN_RTO, TT_STUN_RC);
	c->give_up = give_up_after > 0 ? now + give_up_after : INT64_MAX;
	if (!tt_random(env, c->tid, sizeof c->tid)) {
		c->state = TT_STUN_CLIENT_NO_RANDOM;
		c->why = "the random source failed, so no transaction id could be drawn";
	}
}

size_t tt_stun_client_poll_send(struct tt_stun_client *c, taut_time now, void *buf, size_t cap)
{
	static const char name[] = "taut";

	if (c->state != TT_STUN_CLIENT_WAITING || !tt_stun_retry_due(&c->retry, now))
		return 0;
	struct wr w = wr_make(buf, cap);
	tt_stun_begin(&w, TT_STUN_REQUEST, TT_STUN_BINDING, c->tid);
	tt_stun_put(&w, TT_STUN_SOFTWARE, name, sizeof name - 1);
	if (c->change)
		tt_stun_put_u32(&w, TT_STUN_CHANGE_REQUEST, c->change);
	tt_stun_put_fingerprint(&w);
	tt_stun_retry_sent(&c->retry, now);
	c->last_sent = now;
	tt_trace_packet(c->env, now, TAUT_LAYER_STUN, true, buf, tt_stun_finish(&w), NULL,
	                &c->server);
	return tt_stun_finish(&w);
}

static bool drop(struct tt_stun_client *c, taut_time now, const char *why)
{
	tt_drop(c->env, now, TAUT_DROP_STUN_NOT_OURS, TT_STR("why", why));
	return false;
}

static void finish(struct tt_stun_client *c, enum tt_stun_client_state state, const char *why)
{
	c->state = state;
	c->why = why;
}

bool tt_stun_client_recv(struct tt_stun_client *c, taut_time now, const struct taut_addr *from,
                         const void *buf, size_t len)
{
	struct tt_stun_msg m;
	enum tt_stun_err err = tt_stun_read(&m, buf, len);

	if (err)
		return drop(c, now, tt_stun_err_text(err));
	if (c->state != TT_STUN_CLIENT_WAITING || c->retry.sent == 0 || m.method != TT_STUN_BINDING)
		return drop(c, now, "nothing was asked");
	if ((m.cls != TT_STUN_SUCCESS && m.cls != TT_STUN_ERROR) ||
	    memcmp(m.tid, c->tid, sizeof c->tid) != 0)
		return drop(c, now, "another transaction");
	if (!tt_addr_eq(from, &c->answers_from))
		return drop(c, now, "not from the server");
	if ((m.has & TT_STUN_HAS_FINGERPRINT) && !tt_stun_fingerprint_ok(&m, buf))
		return drop(c, now, "the FINGERPRINT is wrong");

	tt_trace_packet(c->env, now, TAUT_LAYER_STUN, false, buf, len, NULL, from);
	c->rtt = now - c->last_sent;
	if (m.cls == TT_STUN_ERROR) {
		c->error_code = m.has & TT_STUN_HAS_ERROR ? m.error_code : 0;
		finish(c, TT_STUN_CLIENT_REFUSED, "the server answered with an error");
	} else if (m.unknown_count > 0) { /* 6.3.3: such a response is discarded */
		finish(c, TT_STUN_CLIENT_REFUSED, "the answer needs an attribute we do not know");
	} else if (!tt_stun_mapped(&m)) {
		finish(c, TT_STUN_CLIENT_NO_ADDRESS, "the answer holds no mapped address");
	} else {
		c->mapped = *tt_stun_mapped(&m);
		tt_stun_find_addr(buf, len, TT_STUN_OTHER_ADDRESS, &c->other);
		finish(c, TT_STUN_CLIENT_DONE, NULL);
	}
	return true;
}

void tt_stun_client_tick(struct tt_stun_client *c, taut_time now)
{
	if (c->state != TT_STUN_CLIENT_WAITING)
		return;
	if (now >= c->give_up || tt_stun_retry_over(&c->retry, now))
		finish(c, TT_STUN_CLIENT_NO_ANSWER, "no answer came: the server is down, or UDP "
		                                    "to it is blocked");
}

taut_time tt_stun_client_deadline(const struct tt_stun_client *c)
{
	if (c->state != TT_STUN_CLIENT_WAITING)
		return INT64_MAX;
	return tt_min64(c->retry.next, c->give_up);
}
