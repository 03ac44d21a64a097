/* Every STUN message: the header, the attributes and what is read of each. */
#include "stun/stun.h"

#include "prove.h"

int main(void)
{
	struct tt_stun_msg m;
	size_t len = any_length();

	//@ split len;
	return tt_stun_is(room + (N - len), len) + (int)tt_stun_read(&m, room + (N - len), len);
}
