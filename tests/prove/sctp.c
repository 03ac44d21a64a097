/* Every SCTP packet: its chunks, each as a list of parameters, as DATA and as a SACK. */
#include "sctp/wire/sctp_wire.h"

#include "prove.h"

/* "nothing" so that the analyser's mixture of a chunk and none is well defined. */
static int read_chunk(const struct sctp_tlv *chunk, const struct sctp_tlv *nothing)
{
	struct rd params = chunk->value;
	struct sctp_tlv param = *nothing;
	struct sctp_sack sack;
	struct sctp_data data;

	while (tt_sctp_next(&params, &param))
		param = *nothing;
	return tt_sctp_read_sack(&sack, chunk) | tt_sctp_read_data(&data, chunk);
}

int main(void)
{
	struct sctp_header h;
	struct rd chunks = rd_make(room, 0);
	const struct sctp_tlv nothing = { .value = chunks };
	struct sctp_tlv chunk = nothing;
	int good = 0;
	size_t len = any_length();

	//@ split len;
	if (tt_sctp_read_packet(&h, &chunks, room + (N - len), len, len & 1))
		return -1;
	while (tt_sctp_next(&chunks, &chunk)) {
		good |= read_chunk(&chunk, &nothing);
		chunk = nothing;
	}
	return good;
}
