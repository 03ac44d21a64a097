/* turn_peer.c - where no relay is to be led: into its own machine and onto its own link.
 *
 * A peer names its candidates, and a client asks its server to relay to them. Addresses that no
 * peer can have (RFC 6890) would reach what stands beside the server. An IPv6 address that carries
 * an IPv4 address is as good as that one. Private addresses may be meant: those the server judges. */
#include "base/num.h"
#include "stun/turn_client.h"

struct prefix {
	uint8_t ip[16], bits;
};

static bool within(const uint8_t *ip, const struct prefix *p)
{
	const unsigned whole = p->bits / 8, rest = p->bits % 8;

	for (unsigned i = 0; i < whole; i++)
		if (ip[i] != p->ip[i])
			return false;
	return rest == 0 || (ip[whole] ^ p->ip[whole]) >> (8 - rest) == 0;
}

static bool forbids4(const uint8_t ip[4])
{
	static const struct prefix all[] = {
		{ { 0 }, 8 },          { { 127 }, 8 }, { { 169, 254 }, 16 },
		{ { 192, 0, 0 }, 24 }, { { 224 }, 4 }, { { 240 }, 4 },
	};

	for (size_t i = 0; i < TT_COUNT(all); i++)
		if (within(ip, &all[i]))
			return true;
	return false;
}

/* Where the IPv4 address lies in those that carry one, and what it is XORed with. */
static bool carries_forbidden(const uint8_t ip[16])
{
	static const struct {
		struct prefix prefix;
		uint8_t at, mask;
	} all[] = {
		{ { { 0x20, 0x02 }, 16 }, 2, 0 },           /* 6to4, RFC 3056 */
		{ { { 0x20, 0x01, 0, 0 }, 32 }, 12, 0xff }, /* Teredo, RFC 4380 */
		{ { { 0, 0x64, 0xff, 0x9b }, 96 }, 12, 0 }, /* NAT64, RFC 6052 */
	};

	for (size_t i = 0; i < TT_COUNT(all); i++) {
		uint8_t inner[4];
		if (!within(ip, &all[i].prefix))
			continue;
		for (unsigned k = 0; k < 4; k++)
			inner[k] = ip[all[i].at + k] ^ all[i].mask;
		return forbids4(inner);
	}
	return false;
}

bool tt_turn_forbids(const struct taut_addr *peer)
{
	static const struct prefix all[] = {
		{ { 0 }, 96 }, /* ::, ::1, and the IPv4-compatible ones, RFC 4291 section 2.5.5.1 */
		{ { [10] = 0xff, [11] = 0xff }, 96 },  /* IPv4-mapped: never on a wire */
		{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48 }, /* local NAT64, RFC 8215 */
		{ { 0xfe, 0x80 }, 10 },
		{ { 0xfe, 0xc0 }, 10 },
		{ { 0xff }, 8 },
	};

	if (peer->family == 4)
		return forbids4(peer->ip);
	for (size_t i = 0; i < TT_COUNT(all); i++)
		if (within(peer->ip, &all[i]))
			return true;
	return carries_forbidden(peer->ip);
}
