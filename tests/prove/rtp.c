/* Every RTP header, with its contributing sources, extension and padding. */
#include "rtp/rtp_packet.h"

#include "prove.h"

int main(void)
{
	struct tt_rtp_packet p;
	size_t len = any_length();

	//@ split len;
	return tt_rtp_read(&p, room + (N - len), len);
}
