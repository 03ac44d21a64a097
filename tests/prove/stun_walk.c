/* Every STUN message as stun_read.c walks through it, whatever the table of attributes says: each
 * rule that a type can have, and a reader that takes any part of its value. For CBMC, to which all
 * readers at each attribute are too much; stun_attr.c has them one by one. */
#include "stun/stun_attr.h"

#include "prove.h"

static enum tt_stun_err read_some(struct rd *v, struct tt_stun_msg *m)
{
	m->lifetime = rd_u8(v);
	rd_take(v, any_of(UINT16_MAX));
	return any_of(1) ? TT_STUN_E_VALUE : TT_STUN_OK;
}

const struct tt_stun_attr_rule *tt_stun_attr_rule(uint16_t type)
{
	static struct tt_stun_attr_rule rule;

	rule = (struct tt_stun_attr_rule){ .type = type,
					   .min = (uint16_t)any_of(UINT16_MAX),
					   .max = (uint16_t)any_of(UINT16_MAX),
					   .flag = UINT32_C(1) << any_of(31),
					   .read = any_of(1) ? read_some : NULL };
	return any_of(1) ? &rule : NULL;
}

enum tt_stun_err tt_stun_read_address(struct rd *v, struct taut_addr *out)
{
	*out = (struct taut_addr){ .port = rd_u16(v) };
	return TT_STUN_OK;
}

int main(void)
{
	struct tt_stun_msg m;
	const size_t len = any_length();
	const uint8_t *pkt = room + (N - len);
	struct span value;

	if (tt_stun_find(pkt, len, (uint16_t)any_of(UINT16_MAX), &value))
		PROVE(value.len <= len && value.p >= pkt && value.p + value.len <= pkt + len);
	return tt_stun_is(pkt, len) + (int)tt_stun_read(&m, pkt, len);
}
