/* io_srv.c - see io_srv.h.
 *
 * The system asks (res_nquery of <resolv.h>: which servers, retries, TCP for what is too long for UDP); what comes back
 * is read here. It is from whoever sits on the way: a pointer in a name goes back only, so that none comes round. */
#define _GNU_SOURCE
#include "io/io_srv.h"

#include <arpa/nameser.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdbool.h>
#include <string.h>

#include "base/num.h"
#include "base/rd.h"

enum {
	LONGEST = 253, /* of 255 octets, RFC 1035 section 2.3.4 */
	MAX_POINTERS = 16,
	TYPE_SRV = 33,
	CLASS_IN = 1,
	RESPONSE = 0x8000,
	NO_ERROR_MASK = 0xf
};

static bool is_of_host(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_';
}

/* One label behind what is in out; false: it does not fit, or is cut. *odd: it is none of a host's name. */
static bool read_label(struct rd *r, uint8_t len, char out[TT_SRV_NAME], size_t *n, bool *odd)
{
	if (*n + len >= LONGEST) /* with its dot; a first label is shorter than that */
		return false;
	if (*n > 0)
		out[(*n)++] = '.';
	for (uint8_t i = 0; i < len; i++) {
		const uint8_t c = rd_u8(r);
		*odd |= !is_of_host(c);
		out[(*n)++] = (char)c;
	}
	return !r->bad;
}

/* At r, and past it in r. False: malformed. RFC 1035 section 4.1.4 */
static bool read_name(struct rd *r, char out[TT_SRV_NAME], bool *odd)
{
	struct rd at = *r;
	size_t n = 0, limit = r->off;
	unsigned pointers = 0;

	*odd = false;
	for (;;) {
		const uint8_t len = rd_u8(&at);
		if (at.bad || (len & 0xc0) == 0x40 || (len & 0xc0) == 0x80)
			return false;
		if (len == 0)
			break;
		if ((len & 0xc0) == 0) {
			if (!read_label(&at, len, out, &n, odd))
				return false;
			continue;
		}
		const size_t to = (size_t)(len & 0x3f) << 8 | rd_u8(&at);
		if (pointers++ == 0)
			*r = at;
		if (at.bad || to >= limit || pointers > MAX_POINTERS)
			return false;
		limit = at.off = to;
	}
	out[n] = '\0';
	if (pointers == 0)
		*r = at;
	return true;
}

/* RFC 2782: priority, weight, port, target, which is not compressed; pointers are understood all the same. */
static bool read_srv(struct rd *r, size_t end, struct tt_srv_found *out)
{
	bool odd = true;

	out->priority = rd_u16(r);
	out->weight = rd_u16(r);
	out->port = rd_u16(r);
	return read_name(r, out->target, &odd) && r->off == end && !odd;
}

size_t tt_srv_read(struct tt_srv_found out[TT_SRV_MAX], const uint8_t *msg, size_t len)
{
	struct rd r = rd_make(msg, len);
	char name[TT_SRV_NAME];
	bool odd;
	size_t n = 0;

	(void)rd_u16(&r);
	const uint16_t flags = rd_u16(&r), questions = rd_u16(&r), answers = rd_u16(&r);
	(void)rd_u32(&r);
	if (r.bad || !(flags & RESPONSE) || (flags & NO_ERROR_MASK))
		return 0;
	for (uint16_t i = 0; i < questions; i++)
		if (!read_name(&r, name, &odd) || !rd_take(&r, 4))
			return 0;
	for (uint16_t i = 0; i < answers && n < TT_SRV_MAX; i++) {
		if (!read_name(&r, name, &odd))
			break;
		const uint16_t type = rd_u16(&r), cls = rd_u16(&r);
		(void)rd_u32(&r);
		const uint16_t size = rd_u16(&r);
		if (r.bad || size > rd_left(&r))
			break;
		const size_t end = r.off + size;
		if (type == TYPE_SRV && cls == CLASS_IN)
			n += read_srv(&r, end, &out[n]);
		r.off = end;
	}
	return n;
}

static int errno_of(int h)
{
	return h == TRY_AGAIN ? EAGAIN : ENOENT;
}

int tt_srv_look_up(const char *name, struct tt_srv_found out[TT_SRV_MAX], size_t *count)
{
	struct __res_state state = { 0 };
	uint8_t msg[TT_SRV_MESSAGE];

	*count = 0;
	if (res_ninit(&state) != 0)
		return ENOMEM;
	const int len = res_nquery(&state, name, CLASS_IN, TYPE_SRV, msg, sizeof msg);
	const int h = state.res_h_errno;
	res_nclose(&state);
	/* Below 0: no answer; above what there is room for: it was cut. */
	*count = tt_srv_read(out, msg, (size_t)tt_clamp64(len, 0, sizeof msg));
	return *count > 0 ? 0 : errno_of(h);
}
