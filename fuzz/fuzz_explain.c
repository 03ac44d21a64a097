/* layers: trace stun base; corpus: stun sctp rtp rtcp dtls */
/* fuzz_explain.c - the trace explains any packet in one line of printable ASCII; the JSON sink
 * writes valid lines. */
#include <string.h>

#include "fuzz.h"
#include "trace/trace_line.h"

static void explain(uint32_t layer, const uint8_t *data, size_t size)
{
	struct tt_line l = { 0 };

	tt_explain(&l, layer, data, size);
	FUZZ_CHECK(l.len < sizeof l.text && strlen(l.text) == l.len, "a line that ends");
	for (size_t i = 0; i < l.len; i++)
		FUZZ_CHECK(l.text[i] >= ' ' && l.text[i] <= '~', "fit for a terminal");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t layers[] = { TAUT_LAYER_STUN, TAUT_LAYER_ICE, TAUT_LAYER_DTLS,
					   TAUT_LAYER_SCTP, TAUT_LAYER_RTP, TAUT_LAYER_RTCP };

	for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
		explain(layers[i], data, size);
	return 0;
}
