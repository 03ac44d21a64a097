/* explain_dtls.c - the records of a datagram: RFC 6347 section 4, names of RFC 5246 section 7. */
#include <inttypes.h>

#include "base/rd.h"
#include "trace/trace_line.h"

enum { CHANGE_CIPHER_SPEC = 20, ALERT = 21, HANDSHAKE = 22 };

static const struct tt_name types[] = {
	{ CHANGE_CIPHER_SPEC, "ChangeCipherSpec" },
	{ ALERT, "Alert" },
	{ HANDSHAKE, "Handshake" },
	{ 23, "ApplicationData" },
	{ 0, NULL },
};

static const struct tt_name messages[] = {
	{ 0, "HelloRequest" },
	{ 1, "ClientHello" },
	{ 2, "ServerHello" },
	{ 3, "HelloVerifyRequest" },
	{ 4, "NewSessionTicket" },
	{ 11, "Certificate" },
	{ 12, "ServerKeyExchange" },
	{ 13, "CertificateRequest" },
	{ 14, "ServerHelloDone" },
	{ 15, "CertificateVerify" },
	{ 16, "ClientKeyExchange" },
	{ 20, "Finished" },
	{ 0, NULL },
};

/* Messages in the clear, or parts of them: section 4.2.2. */
static void add_messages(struct tt_line *l, struct rd r)
{
	while (rd_left(&r) >= 12) {
		const uint8_t type = rd_u8(&r);
		const uint32_t len = (uint32_t)rd_be(&r, 3);
		rd_u16(&r);
		const uint32_t offset = (uint32_t)rd_be(&r, 3), part = (uint32_t)rd_be(&r, 3);
		const char *name = tt_name_of(messages, type);

		rd_take(&r, part);
		if (name)
			tt_line_add(l, " %s", name);
		else
			tt_line_add(l, " message %u", type);
		if (part != len)
			tt_line_add(l, "[%" PRIu32 "..%" PRIu32 " of %" PRIu32 "]", offset,
				    offset + part, len);
	}
}

static void add_alert(struct tt_line *l, struct rd r)
{
	const uint8_t level = rd_u8(&r);

	tt_line_add(l, " %s, number %u", level == 2 ? "fatal" : "warning", rd_u8(&r));
}

void tt_explain_dtls(struct tt_line *l, const uint8_t *p, size_t len)
{
	struct rd r = rd_make(p, len);
	bool first = true;

	while (rd_left(&r) > 0) {
		const uint8_t type = rd_u8(&r);
		rd_u16(&r);
		const uint16_t epoch = rd_u16(&r);
		const uint64_t seq = rd_be(&r, 6);
		const struct rd body = rd_sub(&r, rd_u16(&r));

		if (r.bad) {
			tt_line_add(l, "%snot a whole record", first ? "" : ", ");
			return;
		}
		const char *name = tt_name_of(types, type);
		tt_line_add(l, "%s%s", first ? "" : ", ", name ? name : "unknown record");
		if (epoch > 0)
			tt_line_add(l, " encrypted (epoch %u, %" PRIu64 ", %zu octets)", epoch, seq,
				    rd_left(&body));
		else if (type == HANDSHAKE)
			add_messages(l, body);
		else if (type == ALERT && rd_left(&body) == 2)
			add_alert(l, body);
		first = false;
	}
}
