/* stun_attr.c - the values of STUN attributes, one row each.
 *
 * RFC 8489 section 14 for STUN's own, RFC 8445 section 7.1 for ICE's, RFC 8656
 * section 18 for TURN's. A new
 * attribute is a row, a flag in stun.h and, when its value is more than
 * presence, a reader. */
#include "stun/stun_attr.h"

#include "base/num.h"

static struct span rest(struct rd *v)
{
	size_t len = rd_left(v);

	return (struct span){ rd_take(v, len), len };
}

static enum tt_stun_err read_username(struct rd *v, struct tt_stun_msg *m)
{
	m->username = rest(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_software(struct rd *v, struct tt_stun_msg *m)
{
	m->software = rest(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_realm(struct rd *v, struct tt_stun_msg *m)
{
	m->realm = rest(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_nonce(struct rd *v, struct tt_stun_msg *m)
{
	m->nonce = rest(v);
	return TT_STUN_OK;
}

/* 14.1: a zero byte that is to be ignored, the family, the port, the address. */
enum tt_stun_err tt_stun_read_address(struct rd *v, struct taut_addr *out)
{
	uint16_t family = rd_u16(v) & 0xff;
	uint16_t port = rd_u16(v);
	size_t n = rd_left(v);

	*out = (struct taut_addr){ .family = n == 4 ? 4 : 6, .port = port };
	if (!(family == 1 && n == 4) && !(family == 2 && n == 16))
		return TT_STUN_E_VALUE;
	for (size_t i = 0; i < n; i++)
		out->ip[i] = rd_u8(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_mapped(struct rd *v, struct tt_stun_msg *m)
{
	return tt_stun_read_address(v, &m->mapped);
}

static enum tt_stun_err read_alternate(struct rd *v, struct tt_stun_msg *m)
{
	return tt_stun_read_address(v, &m->alternate);
}

/* 14.2. The address is XORed with the cookie and transaction id, so that a NAT
 * which rewrites any address it recognises leaves it alone. */
static enum tt_stun_err read_xored(struct rd *v, const uint8_t *tid, struct taut_addr *out)
{
	static const uint8_t cookie[4] = { 0x21, 0x12, 0xA4, 0x42 };
	enum tt_stun_err err = tt_stun_read_address(v, out);

	if (err)
		return err;
	out->port ^= TT_STUN_COOKIE >> 16;
	for (size_t i = 0; i < (out->family == 4 ? 4u : 16u); i++)
		out->ip[i] ^= i < 4 ? cookie[i] : tid[i - 4];
	return TT_STUN_OK;
}

static enum tt_stun_err read_xor_mapped(struct rd *v, struct tt_stun_msg *m)
{
	return read_xored(v, m->tid, &m->xor_mapped);
}

/* 14.8: the hundreds digit and the rest travel in separate bytes. */
static enum tt_stun_err read_error(struct rd *v, struct tt_stun_msg *m)
{
	uint32_t word = rd_u32(v);
	uint32_t hundreds = word >> 8 & 7, tens = word & 0xff;

	if (hundreds < 3 || hundreds > 6 || tens > 99)
		return TT_STUN_E_VALUE;
	m->error_code = (uint16_t)(hundreds * 100 + tens);
	m->error_reason = rest(v);
	return TT_STUN_OK;
}

/* 14.13: a list of 16-bit types. */
static enum tt_stun_err read_unknown_list(struct rd *v, struct tt_stun_msg *m)
{
	if (rd_left(v) % 2 != 0)
		return TT_STUN_E_LENGTH;
	while (rd_left(v) > 0 && m->refused_count < TT_STUN_MAX_UNKNOWN)
		m->refused[m->refused_count++] = rd_u16(v);
	return TT_STUN_OK;
}

/* 14.6: 32 bytes, or cut to at least 16. */
static enum tt_stun_err read_sha256(struct rd *v, struct tt_stun_msg *m)
{
	m->integrity_sha256_len = rd_left(v);
	return m->integrity_sha256_len % 4 == 0 ? TT_STUN_OK : TT_STUN_E_LENGTH;
}

static enum tt_stun_err read_priority(struct rd *v, struct tt_stun_msg *m)
{
	m->priority = rd_u32(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_fingerprint(struct rd *v, struct tt_stun_msg *m)
{
	m->fingerprint = rd_u32(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_tiebreaker(struct rd *v, struct tt_stun_msg *m)
{
	m->tiebreaker = rd_u64(v);
	return TT_STUN_OK;
}

/* ---- the long-term mechanism ---- */

static enum tt_stun_err read_userhash(struct rd *v, struct tt_stun_msg *m)
{
	m->userhash = rd_take(v, TT_STUN_USERHASH_LEN);
	return TT_STUN_OK;
}

/* 14.12. Neither of the two there are has parameters, 18.5.1. */
static enum tt_stun_err read_algorithm(struct rd *v, struct tt_stun_msg *m)
{
	m->algorithm = rd_u16(v);
	return rd_u16(v) == 0 ? TT_STUN_OK : TT_STUN_E_VALUE;
}

static enum tt_stun_err read_algorithms(struct rd *v, struct tt_stun_msg *m)
{
	m->algorithms = rest(v);
	return TT_STUN_OK;
}

/* ---- TURN ---- */

static enum tt_stun_err read_channel(struct rd *v, struct tt_stun_msg *m)
{
	m->channel = rd_u16(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_lifetime(struct rd *v, struct tt_stun_msg *m)
{
	m->lifetime = rd_u32(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_peer(struct rd *v, struct tt_stun_msg *m)
{
	struct taut_addr a;
	enum tt_stun_err err = read_xored(v, m->tid, &a);

	if (err)
		return err;
	if (m->peer_count >= TT_STUN_MAX_PEERS)
		m->more_peers = true;
	else
		m->peers[m->peer_count++] = a;
	return TT_STUN_OK;
}

static enum tt_stun_err read_relayed(struct rd *v, struct tt_stun_msg *m)
{
	struct taut_addr a;
	enum tt_stun_err err = read_xored(v, m->tid, &a);

	if (!err && m->relayed_count < TT_COUNT(m->relayed))
		m->relayed[m->relayed_count++] = a;
	return err;
}

static enum tt_stun_err read_data(struct rd *v, struct tt_stun_msg *m)
{
	m->data = rest(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_family(struct rd *v, struct tt_stun_msg *m)
{
	m->family = rd_u8(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_more_family(struct rd *v, struct tt_stun_msg *m)
{
	m->more_family = rd_u8(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_even_port(struct rd *v, struct tt_stun_msg *m)
{
	m->even_port_and_next = rd_u8(v) & 0x80;
	return TT_STUN_OK;
}

static enum tt_stun_err read_transport(struct rd *v, struct tt_stun_msg *m)
{
	m->transport = rd_u8(v);
	return TT_STUN_OK;
}

static enum tt_stun_err read_token(struct rd *v, struct tt_stun_msg *m)
{
	m->token = rd_take(v, TT_STUN_TOKEN_LEN);
	return TT_STUN_OK;
}

/* draft-thatcher-ice-renomination-01 section 4: the three least significant bytes. */
static enum tt_stun_err read_nomination(struct rd *v, struct tt_stun_msg *m)
{
	m->nomination = rd_u32(v) & 0xffffff;
	return TT_STUN_OK;
}

static enum tt_stun_err read_network_info(struct rd *v, struct tt_stun_msg *m)
{
	m->network_info = rd_u32(v);
	return TT_STUN_OK;
}

/* min and max bound the value's length, so a reader never sees too few bytes.
 * Text of 14.3 and 14.8 to 14.14 is sent with fewer than 509 bytes and read up to
 * the 763 (here and there 767 with what precedes it) that older senders may use. */
static const struct tt_stun_attr_rule rules[] = {
	{ TT_STUN_MAPPED_ADDRESS, 8, 20, TT_STUN_HAS_MAPPED, read_mapped },        /* 14.1 */
	{ TT_STUN_USERNAME, 0, 763, TT_STUN_HAS_USERNAME, read_username },         /* 14.3 */
	{ TT_STUN_MESSAGE_INTEGRITY, 20, 20, TT_STUN_HAS_INTEGRITY, NULL },        /* 14.5 */
	{ TT_STUN_ERROR_CODE, 4, 767, TT_STUN_HAS_ERROR, read_error },             /* 14.8 */
	{ TT_STUN_UNKNOWN_ATTRIBUTES, 0, 512, TT_STUN_HAS_UNKNOWN_LIST, read_unknown_list },
	{ TT_STUN_REALM, 0, 763, TT_STUN_HAS_REALM, read_realm },                  /* 14.9 */
	{ TT_STUN_NONCE, 0, 763, TT_STUN_HAS_NONCE, read_nonce },                  /* 14.10 */
	{ TT_STUN_MESSAGE_INTEGRITY_SHA256, 16, 32, TT_STUN_HAS_INTEGRITY_SHA256, read_sha256 },
	{ TT_STUN_XOR_MAPPED_ADDRESS, 8, 20, TT_STUN_HAS_XOR_MAPPED, read_xor_mapped }, /* 14.2 */
	{ TT_STUN_PRIORITY, 4, 4, TT_STUN_HAS_PRIORITY, read_priority },           /* 8445 7.1.1 */
	{ TT_STUN_USE_CANDIDATE, 0, 0, TT_STUN_HAS_USE_CANDIDATE, NULL },          /* 8445 7.1.2 */
	{ TT_STUN_SOFTWARE, 0, 763, TT_STUN_HAS_SOFTWARE, read_software },         /* 14.14 */
	{ TT_STUN_FINGERPRINT, 4, 4, TT_STUN_HAS_FINGERPRINT, read_fingerprint },  /* 14.7 */
	{ TT_STUN_ICE_CONTROLLED, 8, 8, TT_STUN_HAS_CONTROLLED, read_tiebreaker }, /* 8445 7.1.3 */
	{ TT_STUN_ICE_CONTROLLING, 8, 8, TT_STUN_HAS_CONTROLLING, read_tiebreaker },
	{ TT_STUN_PASSWORD_ALGORITHM, 4, 4, TT_STUN_HAS_ALGORITHM, read_algorithm },  /* 14.12 */
	{ TT_STUN_PASSWORD_ALGORITHMS, 4, 512, TT_STUN_HAS_ALGORITHMS, read_algorithms },
	{ TT_STUN_USERHASH, 32, 32, TT_STUN_HAS_USERHASH, read_userhash },         /* 14.4 */
	{ TT_STUN_ALTERNATE_SERVER, 8, 20, TT_STUN_HAS_ALTERNATE, read_alternate }, /* 14.15 */
	{ TT_STUN_CHANNEL_NUMBER, 4, 4, TT_STUN_HAS_CHANNEL, read_channel },       /* 8656 18.1 */
	{ TT_STUN_LIFETIME, 4, 4, TT_STUN_HAS_LIFETIME, read_lifetime },           /* 8656 18.2 */
	{ TT_STUN_XOR_PEER_ADDRESS, 8, 20, TT_STUN_HAS_PEER, read_peer },    /* 8656 18.3 */
	{ TT_STUN_DATA, 0, UINT16_MAX, TT_STUN_HAS_DATA, read_data },              /* 8656 18.4 */
	{ TT_STUN_XOR_RELAYED_ADDRESS, 8, 20, TT_STUN_HAS_RELAYED, read_relayed },
	{ TT_STUN_REQUESTED_ADDRESS_FAMILY, 4, 4, TT_STUN_HAS_FAMILY, read_family },
	{ TT_STUN_ADDITIONAL_ADDRESS_FAMILY, 4, 4, TT_STUN_HAS_MORE_FAMILY, read_more_family },
	{ TT_STUN_EVEN_PORT, 1, 1, TT_STUN_HAS_EVEN_PORT, read_even_port },        /* 8656 18.7 */
	{ TT_STUN_REQUESTED_TRANSPORT, 4, 4, TT_STUN_HAS_TRANSPORT, read_transport },
	{ TT_STUN_DONT_FRAGMENT, 0, 0, TT_STUN_HAS_DONT_FRAGMENT, NULL },          /* 8656 18.9 */
	{ TT_STUN_RESERVATION_TOKEN, 8, 8, TT_STUN_HAS_TOKEN, read_token },        /* 8656 18.10 */
	{ TT_STUN_NOMINATION, 4, 4, TT_STUN_HAS_NOMINATION, read_nomination },
	/* libwebrtc's: 16 bits of network id, 16 of its cost. */
	{ TT_STUN_GOOG_NETWORK_INFO, 4, 4, TT_STUN_HAS_NETWORK_INFO, read_network_info },
};

const struct tt_stun_attr_rule *tt_stun_attr_rule(uint16_t type)
{
	for (size_t i = 0; i < TT_COUNT(rules); i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}
