/* world_turn_forbid.c - where a relay must not be led: into its own machine and its own network.
 *
 * Compared bit by bit against prefixes of the special-purpose registries (RFC 6890). An IPv6
 * address that carries an IPv4 address is as good as that one. */
#include <string.h>

#include "base/num.h"
#include "world/world_turn.h"

struct prefix {
	uint8_t ip[16], bits;
};

static bool within(const uint8_t *ip, const struct prefix *p)
{
	for (unsigned i = 0; i < p->bits; i++)
		if ((ip[i / 8] ^ p->ip[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

static bool any(const uint8_t *ip, const struct prefix *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (within(ip, &list[i]))
			return true;
	return false;
}

static bool forbids4(const struct world_turn_config *cfg, const uint8_t ip[4])
{
	static const struct prefix never[] = {
		{ { 0 }, 8 },          { { 127 }, 8 }, { { 169, 254 }, 16 },
		{ { 192, 0, 0 }, 24 }, { { 224 }, 4 }, { { 240 }, 4 },
	};
	static const struct prefix private[] = {
		{ { 10 }, 8 },
		{ { 172, 16 }, 12 },
		{ { 192, 168 }, 16 },
		{ { 100, 64 }, 10 },
	};

	return any(ip, never, TT_COUNT(never)) ||
	       (cfg->forbids_private && any(ip, private, TT_COUNT(private)));
}

/* Where the IPv4 address lies in those that carry one. */
static const struct {
	struct prefix prefix;
	unsigned at;
	bool inverted;
} carriers[] = {
	{ { { 0x20, 0x02 }, 16 }, 2, false },           /* 6to4, RFC 3056 */
	{ { { 0x20, 0x01, 0, 0 }, 32 }, 12, true },     /* Teredo, RFC 4380 */
	{ { { 0, 0x64, 0xff, 0x9b }, 96 }, 12, false }, /* NAT64, RFC 6052 */
};

static bool carries_forbidden(const struct world_turn_config *cfg, const uint8_t ip[16])
{
	for (size_t i = 0; i < TT_COUNT(carriers); i++) {
		uint8_t inner[4];
		if (!within(ip, &carriers[i].prefix))
			continue;
		for (unsigned k = 0; k < 4; k++)
			inner[k] = ip[carriers[i].at + k] ^ (carriers[i].inverted ? 0xff : 0);
		return forbids4(cfg, inner);
	}
	return false;
}

bool world_turn_forbids(const struct world_turn_config *cfg, const struct taut_addr *peer)
{
	static const struct prefix never[] = {
		{ { 0 }, 96 }, /* ::, ::1, and the IPv4-compatible ones, RFC 4291 section 2.5.5.1 */
		{ { [10] = 0xff, [11] = 0xff }, 96 },  /* IPv4-mapped: never on a wire */
		{ { 0, 0x64, 0xff, 0x9b, 0, 1 }, 48 }, /* local NAT64, RFC 8215 */
		{ { 0xfe, 0x80 }, 10 },
		{ { 0xfe, 0xc0 }, 10 },
		{ { 0xff }, 8 },
	};
	static const struct prefix private[] = { { { 0xfc }, 7 } };

	if (peer->family == 4)
		return forbids4(cfg, peer->ip);
	return any(peer->ip, never, TT_COUNT(never)) || carries_forbidden(cfg, peer->ip) ||
	       (cfg->forbids_private && any(peer->ip, private, TT_COUNT(private)));
}
