/* Every list of header extension elements, in both forms. */
#include "rtp/rtp_packet.h"

#include "prove.h"

int main(void)
{
	struct tt_rtp_packet p = { .ext_profile = (uint16_t)any_of(0xffff) };
	struct tt_rtp_ext_reader r;
	struct tt_rtp_ext e;
	int count = 0;
	size_t len = any_length();

	//@ split len;
	p.ext = (struct span){ room + (N - len), len };
	r = tt_rtp_ext_begin(&p);
	while (count < 1000 && tt_rtp_ext_next(&r, &e))
		count++;
	return count;
}
