/* ice_why.c - why a server, a name or a pair is of no help, in a sentence each. RFC 8445.
 *
 * What is known is little: which addresses there are, which checks were answered, what else came. The
 * sentences say that, and what follows from it for certain. That of the agent as a whole is
 * ice_why_agent.c's. */
#include "ice/ice_why.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/addr.h"

void tt_why_say(struct tt_ice_why *w, const char *fmt, ...)
{
	const size_t at = strlen(w->text);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(w->text + at, sizeof w->text - at, fmt, ap);
	va_end(ap);
}

const char *const tt_why_ends[TAUT_WHY_SPARED + 1] = {
	[TAUT_WHY_UNANSWERED] = "no check was answered",
	[TAUT_WHY_ASYMMETRIC] = "the answer came from another address",
	[TAUT_WHY_REFUSED] = "the peer refuses checks",
	[TAUT_WHY_ROLES] = "both sides insist on the same role",
	[TAUT_WHY_FORBIDDEN] = "the TURN server gives no permission",
	[TAUT_WHY_CONSENT] = "consent has expired",
	[TAUT_WHY_SPARED] = "another pair was nominated first",
};
const char *const tt_why_specs[TAUT_WHY_SPARED + 1] = {
	[TAUT_WHY_UNANSWERED] = "RFC 8445 section 7.2.5.2.3",
	[TAUT_WHY_ASYMMETRIC] = "RFC 8445 section 7.2.5.2.1",
	[TAUT_WHY_REFUSED] = "RFC 8445 section 7.2.5.2.4",
	[TAUT_WHY_ROLES] = "RFC 8445 section 7.3.1.1",
	[TAUT_WHY_FORBIDDEN] = "RFC 8656 section 10.2",
	[TAUT_WHY_CONSENT] = "RFC 7675 section 5.1",
	[TAUT_WHY_SPARED] = "RFC 8445 section 8.1.2",
};

void tt_why_url(struct tt_ice_why *w, const struct ice_server *s)
{
	const bool bare = strchr(s->host, ':') != NULL; /* an IPv6 address */

	tt_why_say(w, "%s:%s%s%s:%u%s",
		   !s->user                     ? "stun"
		   : s->transport == TT_ICE_TLS ? "turns"
						: "turn",
		   bare ? "[" : "", s->host, bare ? "]" : "", (unsigned)s->port,
		   s->transport == TT_ICE_TCP ? "?transport=tcp" : "");
}

void tt_why_server(struct tt_ice_why *w, const struct ice_server *s)
{
	tt_why_url(w, s);
	tt_why_say(w, ": %s", s->why);
	if (s->code >= 300 && s->code < 700)
		tt_why_say(w, " (%u)", (unsigned)s->code);
}

void tt_why_pair(struct tt_ice_why *w)
{
	char local[TT_ADDR_TEXT], remote[TT_ADDR_TEXT];

	tt_why_say(w, "%s -> %s", tt_addr_text(&w->local, local), tt_addr_text(&w->remote, remote));
}

static void about_server(const struct ice_server *s, struct tt_ice_why *w)
{
	w->about = TAUT_WHY_SERVER;
	tt_why_is(w, TAUT_WHY_SERVER_ERROR, "RFC 8445 section 5.1.1.2");
	tt_why_server(w, s);
}

static void about_name(const struct ice_name *n, struct tt_ice_why *w)
{
	w->about = TAUT_WHY_CANDIDATE;
	tt_why_is(w, n->done ? TAUT_WHY_NAME : TAUT_WHY_WAITING,
		  "draft-ietf-mmusic-mdns-ice-candidates section 3.2");
	if (n->sent == 0)
		tt_why_say(w, "%s: %s", n->text,
			   n->done ? "there is no multicast here" : "not asked yet");
	else
		tt_why_say(w, "%s: asked %d time%s, and nobody has answered%s", n->text, n->sent,
			   tt_why_plural((size_t)n->sent), n->done ? "" : " yet");
}

static void about_valid(const struct tt_ice *ice, int i, struct tt_ice_why *w)
{
	const struct ice_gen *g = ice->cur;
	const bool used = ice->path_gen == g && ice->path == i;

	if (used || (ice->path_gen && ice->last_now < tt_ice_pair_at(g, i)->consent_until)) {
		tt_why_is(w, used ? TAUT_WHY_CONNECTED : TAUT_WHY_VALID,
			  "RFC 8445 section 7.2.5.3.2");
		tt_why_say(w,
			   used ? ": data goes here" : ": it works, and another one carries data");
	} else {
		tt_why_is(w, TAUT_WHY_CONSENT, "RFC 7675 section 5.1");
		tt_why_say(w, ": it was answered, and consent has expired since");
	}
}

static void about_pair(const struct tt_ice *ice, int i, struct tt_ice_why *w)
{
	const struct ice_gen *g = ice->cur;
	const struct ice_pair *p = tt_ice_pair_at(g, i);

	w->about = TAUT_WHY_PAIR;
	w->local = ice->base[p->base].addr;
	w->remote = tt_ice_remote_at(g, p->remote)->addr;
	tt_why_pair(w);
	if (p->valid) {
		about_valid(ice, i, w);
		return;
	}
	if (p->state == TT_ICE_PAIR_FAILED) {
		tt_why_is(w, p->why, tt_why_specs[p->why]);
		tt_why_say(w, ": %s", tt_why_ends[p->why]);
	} else if (ice->lite) {
		tt_why_is(w, ice->state == TT_ICE_FAILED ? TAUT_WHY_SPARED : TAUT_WHY_WAITING,
			  "RFC 8445 section 7.3.2");
		tt_why_say(w, ": not nominated");
	} else if (ice->state == TT_ICE_FAILED) {
		tt_why_is(w, TAUT_WHY_SPARED, "RFC 8445 section 8.1.2");
		tt_why_say(w, ": not tried out before all was given up");
	} else {
		tt_why_is(w, TAUT_WHY_WAITING, "RFC 8445 section 6.1.2.6");
		tt_why_say(w, p->state == TT_ICE_PAIR_IN_PROGRESS ? ": no answer yet"
								  : ": not tried yet");
	}
	tt_why_say(w, ", %u request%s sent, %u came", p->tries, tt_why_plural(p->tries),
		   p->count.requests_received);
}

bool tt_ice_why(const struct tt_ice *ice, size_t i, struct tt_ice_why *out)
{
	const struct ice_gen *g = ice->cur;

	memset(out, 0, sizeof *out);
	if (i-- == 0) {
		tt_why_agent(ice, out);
		return true;
	}
	for (size_t k = 0; k < ice->server_count; k++)
		if (ice->server[k].why && i-- == 0) {
			about_server(&ice->server[k], out);
			return true;
		}
	for (int k = 0; k < tt_ice_names_of(g); k++)
		if (g->name[k].used && !g->name[k].resolved && i-- == 0) {
			about_name(&g->name[k], out);
			return true;
		}
	for (int k = 0; k < g->pairs; k++)
		if (tt_ice_pair_at(g, k)->used && i-- == 0) {
			about_pair(ice, k, out);
			return true;
		}
	return false;
}
