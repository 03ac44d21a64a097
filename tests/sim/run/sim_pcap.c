/* sim_pcap.c - see sim_pcap.h. The format is pcapng, draft-ietf-opsawg-pcapng: a section header, an
 * interface of raw IP, and a packet block each with its virtual time in microseconds.
 *
 * alice is 192.0.2.1 and bob 192.0.2.2, whatever their addresses in the world are, and each layer
 * has a port of its own, so that a reader knows without guessing what is in a datagram: STUN 3478,
 * DTLS 4433, RTP 5004, RTCP 5005, SCTP 9899 (RFC 6951). */
#include "run/sim_pcap.h"

#include <string.h>

#include "base/num.h"
#include "base/wr.h"

enum {
	SECTION = 0x0a0d0d0a,
	INTERFACE = 1,
	PACKET = 6,
	BYTE_ORDER = 0x1a2b3c4d,
	RAW_IP = 101, /* LINKTYPE_RAW */
	HEADERS = 28, /* of IPv4 and UDP */
	MOST = 9000,
};

static void put_u32(FILE *f, uint32_t v) /* in the order that BYTE_ORDER shows */
{
	(void)fwrite(&v, sizeof v, 1, f);
}

bool sim_pcap_begin(FILE *f)
{
	const uint32_t section[] = { SECTION,    28,         BYTE_ORDER, 1, /* version 1.0 */
				     UINT32_MAX, UINT32_MAX, 28 };
	const uint32_t interface[] = { INTERFACE, 20, RAW_IP, 0, 20 };

	return fwrite(section, sizeof section, 1, f) == 1 &&
	       fwrite(interface, sizeof interface, 1, f) == 1;
}

static uint16_t port_of(uint32_t layer)
{
	switch (layer) {
	case TAUT_LAYER_STUN:
		return 3478;
	case TAUT_LAYER_DTLS:
		return 4433;
	case TAUT_LAYER_RTP:
		return 5004;
	case TAUT_LAYER_RTCP:
		return 5005;
	case TAUT_LAYER_SCTP:
		return 9899;
	default:
		return 0;
	}
}

static void write_headers(struct wr *w, int side, uint16_t port, size_t len)
{
	wr_u16(w, 0x4500);
	wr_u16(w, tt_u16(HEADERS + len));
	wr_u32(w, 0);
	wr_u16(w, 64 << 8 | 17);
	wr_u16(w, 0); /* no checksum: nobody asks for it */
	wr_u32(w, 0xc0000201u + (uint32_t)side);
	wr_u32(w, 0xc0000202u - (uint32_t)side);
	wr_u16(w, port);
	wr_u16(w, port);
	wr_u16(w, tt_u16(HEADERS - 20 + len));
	wr_u16(w, 0);
}

void sim_pcap_packet(void *ctx, int side, const struct taut_trace_record *r)
{
	FILE *f = ctx;
	uint8_t bytes[HEADERS + MOST + 3] = { 0 };
	struct wr w = wr_make(bytes, sizeof bytes);
	const uint16_t port = port_of(r->layer);

	if (r->kind != TAUT_TRACE_PACKET_OUT || port == 0 || r->len > MOST)
		return;
	write_headers(&w, side, port, r->len);
	wr_bytes(&w, r->data, r->len);
	const uint32_t len = (uint32_t)w.off, padded = (len + 3) & ~3u;
	put_u32(f, PACKET);
	put_u32(f, 32 + padded);
	put_u32(f, 0); /* the interface */
	put_u32(f, (uint32_t)((uint64_t)r->at >> 32));
	put_u32(f, (uint32_t)r->at);
	put_u32(f, len);
	put_u32(f, len);
	(void)fwrite(bytes, padded, 1, f);
	put_u32(f, 32 + padded);
}
