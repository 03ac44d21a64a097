/* stun.h - STUN messages, RFC 8489, with the attributes of ICE, RFC 8445, and TURN, RFC 8656.
 *
 * Reading copies nothing: what a message points to lies in the datagram. It
 * shows that the bytes are well formed, not who wrote them; tt_stun_verify says
 * that. Writing goes through a struct wr that was made for this one message.
 * turn.h has the methods of TURN. Not here: transactions over TCP, OpaqueString,
 * ALTERNATE-DOMAIN, and, read as unknown, ADDRESS-ERROR-CODE, ICMP and the attributes of RFC 5780. */
#ifndef TAUT_STUN_STUN_H
#define TAUT_STUN_STUN_H

#include "base/hmac_sha1.h"
#include "base/span.h"
#include "base/wr.h"
#include "taut/taut.h"

#define TT_STUN_COOKIE 0x2112A442u
enum {
	TT_STUN_HEADER_LEN = 20,
	TT_STUN_TID_LEN = 12,
	TT_STUN_MAX_ATTRS = 64,
	TT_STUN_MAX_UNKNOWN = 8,
	TT_STUN_MAX_PEERS = 8, /* XOR-PEER-ADDRESS, in one message */
	TT_STUN_BINDING = 0x001,
	TT_STUN_USERHASH_LEN = 32,
	TT_STUN_TOKEN_LEN = 8,
};

enum tt_stun_class { TT_STUN_REQUEST, TT_STUN_INDICATION, TT_STUN_SUCCESS, TT_STUN_ERROR };

/* Why a datagram was refused; tt_stun_err_text gives the second column. */
#define TT_STUN_ERR_MAP(X)                                  \
	X(OK,         "ok")                                 \
	X(E_NOT_STUN, "no magic cookie")                    \
	X(E_SHORT,    "a field runs past the end")          \
	X(E_LENGTH,   "a length no such field can have")    \
	X(E_VALUE,    "a value outside its range")          \
	X(E_ORDER,    "an attribute after FINGERPRINT")     \
	X(E_MANY,     "more attributes than anyone needs")
enum tt_stun_err {
#define X(name, text) TT_STUN_##name,
	TT_STUN_ERR_MAP(X)
#undef X
};

enum tt_stun_attr {
	TT_STUN_MAPPED_ADDRESS = 0x0001,
	TT_STUN_CHANGE_REQUEST = 0x0003, /* RFC 5780 section 7; read as unknown */
	TT_STUN_USERNAME = 0x0006,
	TT_STUN_MESSAGE_INTEGRITY = 0x0008,
	TT_STUN_ERROR_CODE = 0x0009,
	TT_STUN_UNKNOWN_ATTRIBUTES = 0x000A,
	TT_STUN_CHANNEL_NUMBER = 0x000C,
	TT_STUN_LIFETIME = 0x000D,
	TT_STUN_XOR_PEER_ADDRESS = 0x0012,
	TT_STUN_DATA = 0x0013,
	TT_STUN_REALM = 0x0014,
	TT_STUN_NONCE = 0x0015,
	TT_STUN_XOR_RELAYED_ADDRESS = 0x0016,
	TT_STUN_REQUESTED_ADDRESS_FAMILY = 0x0017,
	TT_STUN_EVEN_PORT = 0x0018,
	TT_STUN_REQUESTED_TRANSPORT = 0x0019,
	TT_STUN_DONT_FRAGMENT = 0x001A,
	TT_STUN_MESSAGE_INTEGRITY_SHA256 = 0x001C,
	TT_STUN_PASSWORD_ALGORITHM = 0x001D,
	TT_STUN_USERHASH = 0x001E,
	TT_STUN_XOR_MAPPED_ADDRESS = 0x0020,
	TT_STUN_RESERVATION_TOKEN = 0x0022,
	TT_STUN_PRIORITY = 0x0024,
	TT_STUN_USE_CANDIDATE = 0x0025,
	TT_STUN_ADDITIONAL_ADDRESS_FAMILY = 0x8000,
	TT_STUN_ADDRESS_ERROR_CODE = 0x8001,
	TT_STUN_PASSWORD_ALGORITHMS = 0x8002,
	TT_STUN_ALTERNATE_DOMAIN = 0x8003,
	TT_STUN_SOFTWARE = 0x8022,
	TT_STUN_ALTERNATE_SERVER = 0x8023,
	TT_STUN_FINGERPRINT = 0x8028,
	TT_STUN_ICE_CONTROLLED = 0x8029,
	TT_STUN_ICE_CONTROLLING = 0x802A,
	TT_STUN_OTHER_ADDRESS = 0x802C, /* RFC 5780 section 7; tt_stun_find_addr */
	TT_STUN_NOMINATION = 0xC001, /* of draft-thatcher-ice-renomination; the number is libwebrtc's */
	TT_STUN_GOOG_NETWORK_INFO = 0xC057,
};

enum tt_stun_has {
	TT_STUN_HAS_USERNAME = 1 << 0,
	TT_STUN_HAS_INTEGRITY = 1 << 1,
	TT_STUN_HAS_ERROR = 1 << 2,
	TT_STUN_HAS_XOR_MAPPED = 1 << 3,
	TT_STUN_HAS_PRIORITY = 1 << 4,
	TT_STUN_HAS_USE_CANDIDATE = 1 << 5,
	TT_STUN_HAS_FINGERPRINT = 1 << 6,
	TT_STUN_HAS_CONTROLLED = 1 << 7,
	TT_STUN_HAS_CONTROLLING = 1 << 8,
	TT_STUN_HAS_INTEGRITY_SHA256 = 1 << 9,
	TT_STUN_HAS_MAPPED = 1 << 10, /* the address without XOR, of RFC 3489 servers */
	TT_STUN_HAS_SOFTWARE = 1 << 11,
	TT_STUN_HAS_REALM = 1 << 12,
	TT_STUN_HAS_NONCE = 1 << 13,
	TT_STUN_HAS_UNKNOWN_LIST = 1 << 14,
	TT_STUN_HAS_NETWORK_INFO = 1 << 15,
	TT_STUN_HAS_CHANNEL = 1 << 16,
	TT_STUN_HAS_LIFETIME = 1 << 17,
	TT_STUN_HAS_PEER = 1 << 18,
	TT_STUN_HAS_DATA = 1 << 19,
	TT_STUN_HAS_RELAYED = 1 << 20,
	TT_STUN_HAS_FAMILY = 1 << 21,
	TT_STUN_HAS_EVEN_PORT = 1 << 22,
	TT_STUN_HAS_TRANSPORT = 1 << 23,
	TT_STUN_HAS_DONT_FRAGMENT = 1 << 24,
	TT_STUN_HAS_TOKEN = 1 << 25,
	TT_STUN_HAS_MORE_FAMILY = 1 << 26,
	TT_STUN_HAS_ALGORITHM = 1 << 27,
	TT_STUN_HAS_ALGORITHMS = 1 << 28,
	TT_STUN_HAS_USERHASH = 1 << 29,
	TT_STUN_HAS_ALTERNATE = 1 << 30,
};
#define TT_STUN_HAS_NOMINATION (UINT32_C(1) << 31) /* an int has no room for it */

/* What CHANGE-REQUEST asks for, RFC 5780 section 7.2. */
enum { TT_STUN_CHANGE_ADDRESS = 4, TT_STUN_CHANGE_PORT = 2 };

/* Section 18.5.1: what makes a key of a password. */
enum tt_stun_algorithm { TT_STUN_MD5 = 1, TT_STUN_SHA256 = 2 };

/* Spans point into the datagram. A field counts only if its bit in has is set. */
struct tt_stun_msg {
	enum tt_stun_class cls;
	uint16_t method;
	const uint8_t *tid; /* TT_STUN_TID_LEN bytes */
	uint32_t has;
	struct span username, software, realm, nonce;
	size_t integrity_at, integrity_sha256_at, fingerprint_at; /* offsets of the attributes */
	size_t integrity_sha256_len;                               /* 16 to 32, section 14.6 */
	struct taut_addr xor_mapped, mapped;
	uint16_t error_code;
	struct span error_reason;
	uint32_t priority;
	uint32_t fingerprint;
	uint32_t network_info;
	uint32_t nomination; /* 24 bits */
	uint64_t tiebreaker;
	/* of the long-term mechanism, section 9.2 */
	const uint8_t *userhash; /* TT_STUN_USERHASH_LEN bytes */
	uint16_t algorithm;      /* enum tt_stun_algorithm, or one that is not ours */
	struct span algorithms;  /* as sent, so that it can be compared with what was offered */
	struct taut_addr alternate;
	/* of TURN, RFC 8656 section 18 */
	uint16_t channel;
	uint32_t lifetime;                        /* seconds */
	struct taut_addr peers[TT_STUN_MAX_PEERS]; /* several in a CreatePermission */
	size_t peer_count;
	bool more_peers; /* than fit */
	struct taut_addr relayed[2];
	size_t relayed_count;
	struct span data;
	uint8_t family, more_family; /* 1: IPv4, 2: IPv6, as on the wire; REQUESTED-, ADDITIONAL- */
	bool even_port_and_next;     /* the R bit of EVEN-PORT */
	uint8_t transport;           /* an IP protocol number */
	const uint8_t *token;        /* TT_STUN_TOKEN_LEN bytes */
	/* Comprehension-required attributes of this message that we do not know: 420. */
	uint16_t unknown[TT_STUN_MAX_UNKNOWN];
	size_t unknown_count;
	/* What an UNKNOWN-ATTRIBUTES of the other side lists. */
	uint16_t refused[TT_STUN_MAX_UNKNOWN];
	size_t refused_count;
};

/* One look at the first bytes: is it STUN and not DTLS, RTP or RTCP (RFC 7983)? */
bool tt_stun_is(const void *pkt, size_t len);

/* One datagram is one message: a length that disagrees with len is refused. On an error
 * the content of m is undefined. */
enum tt_stun_err tt_stun_read(struct tt_stun_msg *m, const uint8_t *pkt, size_t len);
const char *tt_stun_err_text(enum tt_stun_err err);
/* The first attribute of that type, of a message that tt_stun_read took. False: there is none. */
bool tt_stun_find(const uint8_t *pkt, size_t len, uint16_t type, struct span *value);
/* The same, of one that is an address without XOR. False too: it is none; out is untouched. */
bool tt_stun_find_addr(const uint8_t *pkt, size_t len, uint16_t type, struct taut_addr *out);
/* The address the other side saw: XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS. NULL: neither. */
const struct taut_addr *tt_stun_mapped(const struct tt_stun_msg *m);
/* RFC 8489 section 14.7. False too when there is none. */
bool tt_stun_fingerprint_ok(const struct tt_stun_msg *m, const uint8_t *pkt);

/* ---- who wrote it ---- */

/* A password and what HMAC makes of it, once: one credential object, one key. The short-term key
 * is the password itself (9.1.1). Holds OpenSSL memory until tt_stun_key_free. */
struct tt_stun_key {
	struct tt_hmac_sha1 sha1;
	struct tt_stun_strong *strong; /* of SHA-256; NULL: not initialized */
};
bool tt_stun_key_init(struct tt_stun_key *k, const void *secret, size_t len);
/* The long-term key, 9.2.2 and 18.5.1, of texts that OpaqueString (RFC 8265) leaves as they are. */
bool tt_stun_key_long_term(struct tt_stun_key *k, enum tt_stun_algorithm algorithm,
                           struct span user, struct span realm, struct span password);
/* 14.4: what stands for a name that is not to be seen on the way. */
bool tt_stun_userhash(uint8_t out[TT_STUN_USERHASH_LEN], struct span user, struct span realm);
void tt_stun_key_free(struct tt_stun_key *k); /* a zeroed key is fine */
/* The stronger of the integrity attributes present, compared in constant time. False too
 * when there is none. */
bool tt_stun_verify(const struct tt_stun_msg *m, const uint8_t *pkt, const struct tt_stun_key *k);

/* ---- writing: w was made for this message, begin comes first, finish last ---- */

void tt_stun_begin(struct wr *w, enum tt_stun_class cls, uint16_t method,
                   const uint8_t tid[TT_STUN_TID_LEN]);
void tt_stun_put(struct wr *w, uint16_t type, const void *value, size_t len); /* padded by zeros */
void tt_stun_put_u32(struct wr *w, uint16_t type, uint32_t v);
void tt_stun_put_u64(struct wr *w, uint16_t type, uint64_t v);
/* The three XOR- types are XORed with the id of the message begun, other types are plain. */
void tt_stun_put_addr(struct wr *w, uint16_t type, const struct taut_addr *a);
void tt_stun_put_error(struct wr *w, uint16_t code, const char *reason);
void tt_stun_put_unknown(struct wr *w, const uint16_t *types, size_t n);
void tt_stun_put_integrity(struct wr *w, const struct tt_stun_key *k);
void tt_stun_put_integrity_sha256(struct wr *w, const struct tt_stun_key *k);
void tt_stun_put_fingerprint(struct wr *w);
/* The length of the message, 0: it did not fit. */
size_t tt_stun_finish(struct wr *w);

#endif
