/* layers: trace stun base; corpus: stun sctp rtp rtcp dtls */
/* fuzz_explain.c - the trace explains any packet in one line of printable ASCII; the JSON sink
 * writes valid lines; a STUN message is annotated in such lines too. */
#include <string.h>

#include "fuzz.h"
#include "trace/stun_annotate.h"
#include "trace/trace_line.h"

static void explain(uint32_t layer, const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	struct tt_line l = { 0 };

	tt_explain(&l, layer, data, size);
	fuzz_check_work_if(size >= 4, before, size, 8);
	FUZZ_CHECK(l.len < sizeof l.text && strlen(l.text) == l.len, "a line that ends");
	for (size_t i = 0; i < l.len; i++)
		FUZZ_CHECK(l.text[i] >= ' ' && l.text[i] <= '~', "fit for a terminal");
}

static void look_at(void *ctx, const char *text)
{
	size_t *lines = ctx;

	FUZZ_CHECK(strspn(text, " ") < strlen(text), "a line that says something");
	for (; *text; text++)
		FUZZ_CHECK(*text >= ' ' && *text <= '~', "fit for a terminal");
	++*lines;
}

static void annotate(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	size_t lines = 0;

	tt_stun_annotate(data, size, look_at, &lines);
	fuzz_check_work(before, size, 8);
	FUZZ_CHECK(lines > 0 && lines <= 3 + size, "lines for its octets, and no more");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint32_t layers[] = { TAUT_LAYER_STUN, TAUT_LAYER_ICE, TAUT_LAYER_DTLS,
					   TAUT_LAYER_SCTP, TAUT_LAYER_RTP, TAUT_LAYER_RTCP };

	for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++)
		explain(layers[i], data, size);
	annotate(data, size);
	return 0;
}
