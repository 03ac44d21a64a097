/* Every attribute of STUN by itself: any type with the rule that it has, any value of a length
 * that the rule allows. */
#include "stun/stun_attr.h"

#include "prove.h"

static const uint8_t tid[TT_STUN_TID_LEN];

int main(void)
{
	struct tt_stun_msg m = { .tid = tid };
	const size_t len = any_length();
	const struct tt_stun_attr_rule *rule = tt_stun_attr_rule((uint16_t)any_of(UINT16_MAX));
	struct rd value = rd_make(room + (N - len), len);
	struct rd packet = value;
	enum tt_stun_err err;

	if (!rule || !rule->read || len < rule->min || len > rule->max)
		return 0;
	err = rule->read(&value, &m);
	PROVE(value.off <= value.len && value.len == packet.len);
	return (int)err;
}
