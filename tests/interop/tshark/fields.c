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
#include "rtcp/rtcp_twcc.h"
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

static void put_stun_addr(const struct taut_addr *a)
{
	put_addr("stun.att.ipv4", "stun.att.ipv6", "stun.att.port", a);
}

/* In the order of the packet: of each kind those that the reader gives, the first mapped ones and all
 * of TURN. */
static void stun_addrs(const struct tt_stun_msg *m, const uint8_t *p, size_t len)
{
	size_t mapped = 0, plain = 0, peers = 0, relayed = 0, alternate = 0;
	struct rd r = rd_make(p + TT_STUN_HEADER_LEN, len - TT_STUN_HEADER_LEN);

	while (rd_left(&r) >= 4) {
		const uint16_t type = rd_u16(&r), size = rd_u16(&r);
		if (type == TT_STUN_XOR_MAPPED_ADDRESS && m->has & TT_STUN_HAS_XOR_MAPPED &&
		    !mapped++)
			put_stun_addr(&m->xor_mapped);
		if (type == TT_STUN_MAPPED_ADDRESS && m->has & TT_STUN_HAS_MAPPED && !plain++)
			put_stun_addr(&m->mapped);
		if (type == TT_STUN_XOR_PEER_ADDRESS && peers < m->peer_count)
			put_stun_addr(&m->peers[peers++]);
		if (type == TT_STUN_XOR_RELAYED_ADDRESS && relayed < m->relayed_count)
			put_stun_addr(&m->relayed[relayed++]);
		if (type == TT_STUN_ALTERNATE_SERVER && m->has & TT_STUN_HAS_ALTERNATE &&
		    !alternate++)
			put_stun_addr(&m->alternate);
		rd_take(&r, (size + 3u) & ~3u);
	}
}

/* RFC 8656 section 18 */
static void turn(const struct tt_stun_msg *m)
{
	if (m->has & TT_STUN_HAS_CHANNEL)
		put("stun.att.channelnum", m->channel);
	if (m->has & TT_STUN_HAS_LIFETIME)
		put("stun.att.lifetime", m->lifetime);
	if (m->has & TT_STUN_HAS_TRANSPORT)
		put("stun.att.transp", m->transport);
	if (m->has & TT_STUN_HAS_EVEN_PORT)
		put("stun.att.even-port.reserve-next", m->even_port_and_next);
	if (m->has & TT_STUN_HAS_TOKEN)
		put_hex("stun.att.token", m->token, TT_STUN_TOKEN_LEN);
}

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
	stun_addrs(&m, p, len);
	turn(&m);
	if (m.has & TT_STUN_HAS_PRIORITY)
		put("stun.att.priority", m.priority);
	if (m.has & (TT_STUN_HAS_CONTROLLED | TT_STUN_HAS_CONTROLLING))
		printf(" stun.att.tie-breaker=x%016" PRIx64, m.tiebreaker);
	if (m.has & TT_STUN_HAS_ERROR) {
		put("stun.att.error.class", m.error_code / 100);
		put("stun.att.error", m.error_code % 100);
		put_hex("stun.att.error.reason", m.error_reason.p, m.error_reason.len);
	}
	for (size_t i = 0; i < m.refused_count; i++)
		put("stun.att.unknown", m.refused[i]);
	if (m.has & TT_STUN_HAS_NETWORK_INFO) {
		put("stun.att.google.network_id", m.network_info >> 16);
		put("stun.att.google.network_cost", m.network_info & 0xffff);
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

static void rtcp_twcc(struct span fci)
{
	struct tt_twcc_reader r;
	struct tt_twcc_status s;

	tt_twcc_begin(&r, fci);
	put("rtcp.rtpfb.transportcc.baseseq", r.base);
	put("rtcp.rtpfb.transportcc.statuscount", r.count);
	printf(" rtcp.rtpfb.transportcc.reftime=%" PRId32, r.reference);
	put("rtcp.rtpfb.transportcc.pktcount", r.feedback);
	while (tt_twcc_next(&r, &s))
		if (s.has_delta) /* of one octet, or signed of two */
			put("rtcp.rtpfb.transportcc.recv_delta",
			    (uint16_t)(s.delta_us / TT_TWCC_TICK));
}

/* Chunks of SSRC and items; an item of type 0 ends one, on a multiple of four (RFC 3550 section 6.5). */
static void rtcp_sdes(const struct tt_rtcp *p)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	for (size_t i = 0; i < p->count; i++) {
		put("rtcp.ssrc.identifier", rd_u32(&r));
		for (uint8_t type; (type = rd_u8(&r)) != 0 && !r.bad;) {
			const uint8_t len = rd_u8(&r);
			put("rtcp.sdes.type", type);
			put("rtcp.sdes.length", len);
			put_hex("rtcp.sdes.text", rd_take(&r, len), len);
		}
		put("rtcp.sdes.type", 0);
		rd_take(&r, -r.off & 3);
	}
}

/* And why, RFC 3550 section 6.6: tshark has no other names for that than those of SDES. */
static void rtcp_bye(const struct tt_rtcp *p)
{
	struct rd r = rd_make(p->body.p, p->body.len);

	for (size_t i = 0; i < p->count; i++)
		put("rtcp.ssrc.identifier", tt_rtcp_read_bye(p, i));
	rd_take(&r, 4u * p->count);
	if (rd_left(&r) == 0)
		return;
	const uint8_t len = rd_u8(&r);
	put("rtcp.sdes.length", len);
	if (len > 0)
		put_hex("rtcp.sdes.text", rd_take(&r, len), len);
}

/* NTP as tshark knows it: nanoseconds, cut off. */
static void put_ntp(const char *field, uint64_t ntp)
{
	printf(" %s=%" PRIu64 ".%09" PRIu64, field, ntp >> 32,
	       (ntp & 0xffffffff) * 1000000000 >> 32);
}

/* RFC 3611 section 3; of blocks other than those two only the head is ours. */
static void rtcp_xr(const struct tt_rtcp *p)
{
	struct tt_rtcp_xr b;
	struct tt_rtcp_dlrr d;

	put("rtcp.senderssrc", tt_rtcp_read_xr_sender(p));
	for (size_t i = 0; tt_rtcp_read_xr(p, &i, &b);) {
		put("rtcp.xr.bt", b.type);
		put("rtcp.xr.bl", b.body.len / 4);
		if (b.type == TT_XR_RRTR)
			put_ntp("rtcp.xr.timestamp", tt_rtcp_read_rrtr(&b));
		for (size_t k = 0; b.type == TT_XR_DLRR && tt_rtcp_read_dlrr(&b, k, &d); k++) {
			put("rtcp.ssrc.identifier", d.ssrc);
			put("rtcp.xr.lrr", d.last);
			put("rtcp.xr.dlrr", d.delay);
		}
	}
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
	if (p->type == TT_RTCP_RTPFB && p->count == TT_RTPFB_TRANSPORT_CC)
		rtcp_twcc(f.fci);
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
		if (one.type == TT_RTCP_SDES)
			rtcp_sdes(&one);
		if (one.type == TT_RTCP_BYE)
			rtcp_bye(&one);
		if (one.type == TT_RTCP_RTPFB || one.type == TT_RTCP_PSFB)
			rtcp_feedback(&one);
		if (one.type == TT_RTCP_XR)
			rtcp_xr(&one);
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
	put(d.interleaved ? "sctp.data_mid" : "sctp.data_ssn", d.mid.v);
	if (d.interleaved && !d.begin)
		put("sctp.data_fsn", d.fsn);
	else
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

static void sctp_value(const struct sctp_tlv *p, const char *field)
{
	put_hex(field, rd_at(&p->value), rd_left(&p->value));
}

/* RFC 6525 section 4 */
static void sctp_reconfig(struct sctp_tlv *p)
{
	static const char *const asks = "sctp.parameter_reconfig_request_sequence_number",
				 *const answers =
					 "sctp.parameter_reconfig_response_sequence_number",
				 *const streams = "sctp.parameter_reconfig_sid";

	switch (p->tag) {
	case SCTP_P_RESET_OUT:
		put(asks, rd_u32(&p->value));
		put(answers, rd_u32(&p->value));
		put("sctp.parameter_senders_last_assigned_tsn", rd_u32(&p->value));
		break;
	case SCTP_P_RESET_IN:
		put(asks, rd_u32(&p->value));
		break;
	case SCTP_P_RESET_TSN:
	case SCTP_P_ADD_OUT:
	case SCTP_P_ADD_IN:
		put(asks, rd_u32(&p->value));
		return;
	case SCTP_P_RESPONSE:
		put(answers, rd_u32(&p->value));
		put("sctp.parameter_reconfig_response_result", rd_u32(&p->value));
		return;
	default:
		return;
	}
	while (rd_left(&p->value) >= 2)
		put(streams, rd_u16(&p->value));
}

static void sctp_params(struct rd r)
{
	struct sctp_tlv p;

	while (tt_sctp_next(&r, &p)) {
		put("sctp.parameter_type", p.tag);
		put("sctp.parameter_length", p.whole.len);
		if (p.tag == SCTP_P_COOKIE)
			sctp_value(&p, "sctp.parameter_state_cookie");
		if (p.tag == SCTP_P_HEARTBEAT_INFO)
			sctp_value(&p, "sctp.parameter_heartbeat_information");
		sctp_reconfig(&p);
	}
}

static void sctp_causes(struct rd r)
{
	struct sctp_tlv cause;

	while (tt_sctp_next(&r, &cause)) {
		put("sctp.cause_code", cause.tag);
		put("sctp.cause_length", cause.whole.len);
	}
}

static bool sctp_forward(const struct sctp_tlv *chunk)
{
	struct sctp_forward f;
	struct sctp_skipped s;

	if (!tt_sctp_read_forward(&f, chunk))
		return false;
	put(f.interleaved ? "sctp.i_forward_tsn_tsn" : "sctp.forward_tsn_tsn", f.cum.v);
	while (tt_sctp_next_skipped(&f, &s)) {
		put(f.interleaved ? "sctp.i_forward_tsn_sid" : "sctp.forward_tsn_sid", s.stream);
		put(f.interleaved ? "sctp.forward_tsn_mid" : "sctp.forward_tsn_ssn", s.mid.v);
		if (f.interleaved)
			put("sctp.i_forward_tsn_u_bit", s.unordered);
	}
	return true;
}

/* Chunks whose readers are inside the association: what stands where. */
static void sctp_other(const struct sctp_tlv *c)
{
	struct rd value = c->value;

	switch (c->type) {
	case SCTP_INIT:
	case SCTP_INIT_ACK:
		rd_take(&value, 16);
		sctp_params(value);
		break;
	case SCTP_HEARTBEAT:
	case SCTP_HEARTBEAT_ACK:
	case SCTP_RE_CONFIG:
		sctp_params(value);
		break;
	case SCTP_ABORT:
		put("sctp.abort_t_bit", c->flags & SCTP_FLAG_T);
		sctp_causes(value);
		break;
	case SCTP_ERROR:
		sctp_causes(value);
		break;
	case SCTP_COOKIE_ECHO:
		sctp_value(c, "sctp.cookie");
		break;
	case SCTP_SHUTDOWN:
		put("sctp.shutdown_cumulative_tsn_ack", rd_u32(&value));
		break;
	case SCTP_SHUTDOWN_COMPLETE:
		put("sctp.shutdown_complete_t_bit", c->flags & SCTP_FLAG_T);
		break;
	default:
		break;
	}
}

static bool sctp(const uint8_t *p, size_t len)
{
	struct sctp_header h;
	struct rd chunks;
	struct sctp_tlv c;
	bool good = true;

	const uint32_t why = tt_sctp_read_packet(&h, &chunks, p, len, false);
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
		if (c.type == SCTP_DATA || c.type == SCTP_I_DATA)
			good = sctp_data(&c) && good;
		else if (c.type == SCTP_FORWARD_TSN || c.type == SCTP_I_FORWARD_TSN)
			good = sctp_forward(&c) && good;
		else if (c.type == SCTP_SACK)
			good = sctp_sack(&c) && good;
		else if (c.type == SCTP_INIT || c.type == SCTP_INIT_ACK)
			good = sctp_init(&c, c.type == SCTP_INIT_ACK) && good;
		sctp_other(&c);
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
