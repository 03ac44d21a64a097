/* sctp_cookie.c - the state cookie: RFC 9260 section 5.1.3.
 *
 * Between INIT ACK and COOKIE ECHO the peer carries our state: numbers of both
 * sides and the moment, no address of ours, signed by HMAC-SHA-256 under a secret
 * that this association drew at random and never shows. */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/never.h"
#include "base/unchecked.h"
#include "sctp/sctp_assoc.h"

#define MAGIC 0x74617574u
#define MAC_SIZE 32
#define SIGNED (SCTP_COOKIE_SIZE - MAC_SIZE)

static bool sign(const struct tt_sctp *s, const uint8_t *bytes, uint8_t mac[MAC_SIZE])
{
	unsigned len = MAC_SIZE;

	return HMAC(EVP_sha256(), s->secret, sizeof s->secret, bytes, SIGNED, mac, &len) != NULL;
}

bool tt_sctp_cookie_write(const struct tt_sctp *s, const struct sctp_cookie *c,
                          uint8_t out[SCTP_COOKIE_SIZE])
{
	struct wr w = wr_make(out, SIGNED);

	wr_u32(&w, MAGIC);
	wr_u16(&w, s->cfg.local_port);
	wr_u16(&w, s->cfg.remote_port);
	wr_u64(&w, (uint64_t)c->created);
	wr_u32(&w, c->my_tag);
	wr_u32(&w, c->peer_tag);
	wr_u32(&w, c->my_tie);
	wr_u32(&w, c->peer_tie);
	wr_u32(&w, c->my_tsn.v);
	wr_u32(&w, c->peer_tsn.v);
	wr_u32(&w, c->peer_window);
	wr_u16(&w, c->peer_out);
	wr_u16(&w, c->peer_in);
	wr_u8(&w, c->forward_tsn);
	wr_u8(&w, c->reconfig);
	wr_u8(&w, c->interleaved);
	wr_u8(&w, c->zero_checksum);
	wr_zeros(&w, wr_left(&w));
	if (TT_NEVER(w.bad, "what is signed has room for all that is written"))
		return false;
	return sign(s, out, out + SIGNED);
}

bool tt_sctp_cookie_read(const struct tt_sctp *s, struct sctp_cookie *c, struct span bytes)
{
	uint8_t mac[MAC_SIZE];
	struct rd r = rd_make(bytes.p, bytes.len);

	if (bytes.len != SCTP_COOKIE_SIZE || !sign(s, bytes.p, mac) ||
	    (!TT_UNCHECKED && CRYPTO_memcmp(mac, bytes.p + SIGNED, MAC_SIZE) != 0))
		return false;
	if (rd_u32(&r) != MAGIC || rd_u16(&r) != s->cfg.local_port ||
	    rd_u16(&r) != s->cfg.remote_port)
		return false;
	*c = (struct sctp_cookie){ .created = (taut_time)rd_u64(&r) };
	c->my_tag = rd_u32(&r);
	c->peer_tag = rd_u32(&r);
	c->my_tie = rd_u32(&r);
	c->peer_tie = rd_u32(&r);
	c->my_tsn = s32(rd_u32(&r));
	c->peer_tsn = s32(rd_u32(&r));
	c->peer_window = rd_u32(&r);
	c->peer_out = rd_u16(&r);
	c->peer_in = rd_u16(&r);
	c->forward_tsn = rd_u8(&r);
	c->reconfig = rd_u8(&r);
	c->interleaved = rd_u8(&r);
	c->zero_checksum = rd_u8(&r);
	return !r.bad;
}
