/* fields.c - packets as our readers see them, by the names that tshark has for the fields.
 *
 * Reads lines "KIND HEX", KIND one of stun, rtp, rtcp and sctp; answers each with a line of
 * "field=value,value ..." in the order of the packet, or with "refused". */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/num.h"
#include "rtcp/rtcp_packet.h"
#include "rtp/rtp_packet.h"
#include "sctp/wire/sctp_wire.h"
#include "stun/stun.h"

static void put(const char *field, uint64_t value)
{
	printf(" %s=%" PRIu64, field, value);
}

static void put_hex(const char *field, const uint8_t *p, size_t len)
{
	printf(" %s=x", field);
	for (size_t i = 0; i < len; i++)
		printf("%02x", p[i]);
}

static void put_addr(const char *v4, const char *v6, const char *port, const struct taut_addr *a)
{
	char text[TT_ADDR_TEXT];

	put(port, a->port);
	printf(" %s=%s", a->family == 4 ? v4 : v6, tt_addr_ip_text(a, text));
}

/* ---- STUN ---- */

static bool stun(const uint8_t *p, size_t len)
{
	struct tt_stun_msg m;

	if (tt_stun_read(&m, p, len) != TT_STUN_OK)
		return false;
	/* tshark shifts the mask 0x110 by its last bit only. */
	put("stun.type.class", (m.cls & 2u) << 3 | (m.cls & 1u));
	put("stun.type.method", m.method);
	put_hex("stun.id", m.tid, TT_STUN_TID_LEN);
	if (m.has & TT_STUN_HAS_USERNAME)
		put_hex("stun.att.username", m.username.p, m.username.len);
	if (m.has & TT_STUN_HAS_SOFTWARE)
		put_hex("stun.att.software", m.software.p, m.software.len);
	if (m.has & TT_STUN_HAS_REALM)
		put_hex("stun.att.realm", m.realm.p, m.realm.len);
	if (m.has & TT_STUN_HAS_NONCE)
		put_hex("stun.att.nonce", m.nonce.p, m.nonce.len);
	if (m.has & TT_STUN_HAS_XOR_MAPPED)
		put_addr("stun.att.ipv4", "stun.att.ipv6", "stun.att.port", &m.xor_mapped);
	if (m.has & TT_STUN_HAS_MAPPED)
		put_addr("stun.att.ipv4", "stun.att.ipv6", "stun.att.port", &m.mapped);
	if (m.has & TT_STUN_HAS_PRIORITY)
		put("stun.att.priority", m.priority);
	if (m.has & (TT_STUN_HAS_CONTROLLED | TT_STUN_HAS_CONTROLLING))
		printf(" stun.att.tie-breaker=x%016" PRIx64, m.tiebreaker);
	if (m.has & TT_STUN_HAS_ERROR) {
		put("stun.att.error.class", m.error_code / 100);
		put("stun.att.error", m.error_code % 100);
	}
	if (m.has & TT_STUN_HAS_INTEGRITY)
		put_hex("stun.att.hmac", p + m.integrity_at + 4, 20);
	if (m.has & TT_STUN_HAS_FINGERPRINT) {
		put("stun.att.crc32", m.fingerprint);
		put("stun.att.crc32.status", tt_stun_fingerprint_ok(&m, p));
	}
	return true;
}

/* ---- RTP ---- */

static bool rtp(const uint8_t *p, size_t len)
{
	struct tt_rtp_packet h;
	struct tt_rtp_ext e;

	if (!tt_rtp_read(&h, p, len))
		return false;
	put("rtp.marker", h.marker);
	put("rtp.p_type", h.pt);
	put("rtp.seq", h.seq);
	put("rtp.timestamp", h.ts);
	put("rtp.ssrc", h.ssrc);
	put("rtp.cc", h.csrc_count);
	put("rtp.padding", h.padding > 0);
	if (h.padding)
		put("rtp.padding.count", h.padding);
	put("rtp.ext", h.ext.p != NULL);
	for (size_t i = 0; i < h.csrc_count; i++) {
		struct rd r = rd_make(h.csrcs.p + 4 * i, 4);
		put("rtp.csrc.item", rd_u32(&r));
	}
	if (h.ext.p) {
		put("rtp.ext.profile", h.ext_profile);
		put("rtp.ext.len", h.ext.len / 4);
	}
	struct tt_rtp_ext_reader r = tt_rtp_ext_begin(&h);
	while (h.ext.p && tt_rtp_ext_next(&r, &e)) {
		put("rtp.ext.rfc5285.id", e.id);
		put("rtp.ext.rfc5285.len", e.value.len);
		if (e.value.len > 0)
			put_hex("rtp.ext.rfc5285.data", e.value.p, e.value.len);
	}
	if (h.payload.len > 0)
		put_hex("rtp.payload", h.payload.p, h.payload.len);
	return true;
}

/* ---- RTCP ---- */

static void rtcp_blocks(const struct tt_rtcp *p)
{
	struct tt_rtcp_block b;

	for (size_t i = 0; i < p->count; i++) {
		tt_rtcp_read_block(p, i, &b);
		put("rtcp.ssrc.identifier", b.ssrc);
		put("rtcp.ssrc.fraction", b.fraction);
		printf(" rtcp.ssrc.cum_nr=%" PRId32, b.lost);
		put("rtcp.ssrc.ext_high", b.highest);
		put("rtcp.ssrc.jitter", b.jitter);
		put("rtcp.ssrc.lsr", b.lsr);
		put("rtcp.ssrc.dlsr", b.dlsr);
	}
}

static void rtcp_sender(const struct tt_rtcp *p)
{
	struct tt_rtcp_sender_info s;

	tt_rtcp_read_sender_info(p, &s);
	put("rtcp.senderssrc", s.ssrc);
	put("rtcp.timestamp.ntp.msw", s.ntp >> 32);
	put("rtcp.timestamp.ntp.lsw", s.ntp & 0xffffffff);
	put("rtcp.timestamp.rtp", s.rtp);
	put("rtcp.sender.packetcount", s.packets);
	put("rtcp.sender.octetcount", s.octets);
}

static void rtcp_feedback(const struct tt_rtcp *p)
{
	struct tt_rtcp_feedback f;
	uint32_t ssrc;
	uint64_t rate;
	uint8_t seq;

	tt_rtcp_read_feedback(p, &f);
	put(p->type == TT_RTCP_RTPFB ? "rtcp.rtpfb.fmt" : "rtcp.psfb.fmt", p->count);
	put("rtcp.senderssrc", f.sender);
	if (p->type == TT_RTCP_PSFB && p->count == TT_PSFB_FIR)
		for (size_t i = 0; tt_rtcp_read_fir(f.fci, i, &ssrc, &seq); i++) {
			put("rtcp.psfb.fir.fci.ssrc", ssrc);
			put("rtcp.psfb.fir.fci.csn", seq);
		}
	if (p->type == TT_RTCP_PSFB && p->count == TT_PSFB_AFB && tt_rtcp_read_remb(f.fci, &rate))
		put("rate", rate);
	if (p->type == TT_RTCP_RTPFB && p->count == TT_RTPFB_NACK) {
		uint16_t lost;
		for (size_t i = 0; tt_rtcp_read_nack(f.fci, &i, &lost);)
			put("nack", lost);
	}
}

static bool rtcp(const uint8_t *p, size_t len)
{
	struct rd r = rd_make(p, len);
	struct tt_rtcp one;

	if (tt_rtcp_check(p, len) != 0)
		return false;
	while (tt_rtcp_next(&r, &one)) {
		put("rtcp.pt", one.type);
		put("rtcp.length", one.all.len / 4 - 1);
		if (one.type == TT_RTCP_SR)
			rtcp_sender(&one);
		if (one.type == TT_RTCP_RR) {
			struct rd body = rd_make(one.body.p, one.body.len);
			put("rtcp.senderssrc", rd_u32(&body));
		}
		if (one.type == TT_RTCP_SR || one.type == TT_RTCP_RR)
			rtcp_blocks(&one);
		if (one.type == TT_RTCP_RTPFB || one.type == TT_RTCP_PSFB)
			rtcp_feedback(&one);
	}
	return true;
}

/* ---- SCTP ---- */

static bool sctp_data(const struct sctp_tlv *chunk)
{
	struct sctp_data d;

	if (!tt_sctp_read_data(&d, chunk))
		return false;
	put("sctp.data_tsn_raw", d.tsn.v);
	put("sctp.data_sid", d.stream);
	put("sctp.data_ssn", d.ssn.v);
	put("sctp.data_payload_proto_id", d.ppid);
	put("sctp.data_b_bit", d.begin);
	put("sctp.data_e_bit", d.end);
	put("sctp.data_u_bit", d.unordered);
	put("sctp.data_i_bit", d.immediate);
	return true;
}

static bool sctp_sack(const struct sctp_tlv *chunk)
{
	struct sctp_sack s;

	if (!tt_sctp_read_sack(&s, chunk))
		return false;
	put("sctp.sack_cumulative_tsn_ack_raw", s.cum.v);
	put("sctp.sack_a_rwnd", s.window);
	put("sctp.sack_number_of_gap_blocks", s.gap_count);
	put("sctp.sack_number_of_duplicated_tsns", s.dup_count);
	for (size_t i = 0; i < s.gap_count; i++) {
		struct sctp_gap g = tt_sctp_next_gap(&s.gaps);
		put("sctp.sack_gap_block_start", g.start);
		put("sctp.sack_gap_block_end", g.end);
	}
	return true;
}

static bool sctp_init(const struct sctp_tlv *chunk, bool ack)
{
	struct sctp_init i;

	if (!tt_sctp_read_init(&i, chunk))
		return false;
	put(ack ? "sctp.initack_initiate_tag" : "sctp.init_initiate_tag", i.tag);
	put(ack ? "sctp.initack_credit" : "sctp.init_credit", i.window);
	put(ack ? "sctp.initack_nr_out_streams" : "sctp.init_nr_out_streams", i.out_streams);
	put(ack ? "sctp.initack_nr_in_streams" : "sctp.init_nr_in_streams", i.in_streams);
	put(ack ? "sctp.initack_initial_tsn" : "sctp.init_initial_tsn", i.tsn.v);
	return true;
}

static bool sctp(const uint8_t *p, size_t len)
{
	struct sctp_header h;
	struct rd chunks;
	struct sctp_tlv c;
	bool good = true;

	const uint32_t why = tt_sctp_read_packet(&h, &chunks, p, len);
	if (why != 0) {
		printf(" why=%" PRIu32, why);
		return false;
	}
	put("sctp.srcport", h.from);
	put("sctp.dstport", h.to);
	put("sctp.verification_tag", h.tag);
	while (tt_sctp_next(&chunks, &c)) {
		put("sctp.chunk_type", c.type);
		put("sctp.chunk_flags", c.flags);
		put("sctp.chunk_length", c.whole.len);
		if (c.type == SCTP_DATA)
			good = sctp_data(&c) && good;
		else if (c.type == SCTP_SACK)
			good = sctp_sack(&c) && good;
		else if (c.type == SCTP_INIT || c.type == SCTP_INIT_ACK)
			good = sctp_init(&c, c.type == SCTP_INIT_ACK) && good;
	}
	return good;
}

/* ---- */

static const struct {
	const char *name;
	bool (*read)(const uint8_t *p, size_t len);
} kinds[] = { { "stun", stun }, { "rtp", rtp }, { "rtcp", rtcp }, { "sctp", sctp } };

static size_t unhex(const char *text, uint8_t *out)
{
	size_t n = 0;

	for (char pair[3] = ""; text[0] > ' ' && text[1] > ' '; text += 2) {
		memcpy(pair, text, 2);
		out[n++] = (uint8_t)strtoul(pair, NULL, 16);
	}
	return n;
}

int main(void)
{
	static char line[140000];
	static uint8_t bytes[70000];

	while (fgets(line, sizeof line, stdin)) {
		char *hex = strchr(line, ' ');
		size_t len = hex ? unhex(hex + 1, bytes) : 0;
		uint8_t *exact = malloc(len + (len == 0)); /* so that the sanitizer sees its end */
		if (!exact || !hex)
			return 1;
		memcpy(exact, bytes, len);
		*hex = '\0';
		for (size_t i = 0; i < TT_COUNT(kinds); i++)
			if (strcmp(line, kinds[i].name) == 0)
				printf("%s\n", kinds[i].read(exact, len) ? "" : " refused");
		free(exact);
	}
	return 0;
}
