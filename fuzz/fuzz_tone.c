/* layers: rtp base; corpus: none */
/* fuzz_tone.c - telephone events that come in, beside a list of all that was said.
 *
 * The first byte says how long a list of events is, which follows ("0-15,66"); then packets: a byte
 * says how many reports, two how far the timestamp is from the one before, then the reports. */
#include <string.h>

#include "fuzz.h"
#include "rtp/payload/payload_event.h"
#include "rtp/rtp_tone.h"

enum { MAX_LIST = 64, MAX_REPORTS = 8, MAX_TOLD = 4096 };

/* Whether the list says it, by counting what it says. */
static bool says(const char *list, unsigned event)
{
	char text[MAX_LIST + 1];
	char *rest = text, *end;
	memcpy(text, list, strlen(list) + 1);

	while (*rest) {
		char *comma = strchr(rest, ',');
		const size_t digits = strspn(rest, "0123456789");
		unsigned long from = digits ? strtoul(rest, &end, 10) : 256, to = from;

		if (digits == 0)
			end = rest;
		if (*end == '-') {
			const size_t more = strspn(end + 1, "0123456789");
			to = more ? strtoul(end + 1, NULL, 10) : 256;
			end += 1 + more;
		}
		if (from <= event && event <= to && to < 256)
			return true;
		if (*end != '\0' && end != comma)
			return false;
		rest = *end ? end + 1 : end;
	}
	return false;
}

static size_t check_list(const uint8_t *data, size_t size)
{
	char list[MAX_LIST + 1] = { 0 };
	const size_t n = size == 0 ? 0 : data[0] % (MAX_LIST + 1);
	const size_t len = n < size ? n : size == 0 ? 0 : size - 1;

	if (len > 0)
		memcpy(list, data + 1, len);
	for (unsigned event = 0; event < 256; event++)
		FUZZ_CHECK(tt_event_listed(list, event) == says(list, event), "a list says otherwise");
	return size == 0 ? 0 : 1 + len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tt_rtp_heard heard = { 0 };
	size_t at = check_list(data, size), reports = 0, told = 0;
	uint32_t ts = 0xfffff000;

	while (size - at > 3) {
		const size_t n = data[at] % (4 * MAX_REPORTS + 1);
		const size_t len = n < size - at - 3 ? n : size - at - 3;
		uint8_t *exact = malloc(len ? len : 1);
		const struct span payload = { exact, len };
		const uint64_t before = tt_work_total;

		ts += (uint32_t)(int16_t)(data[at + 1] << 8 | data[at + 2]);
		memcpy(exact, data + at + 3, len);
		at += 3 + len;
		FUZZ_CHECK(tt_rtp_heard_whole(payload) == (len > 0 && len % 4 == 0), "whole reports");
		if (tt_rtp_heard_whole(payload)) {
			const unsigned waiting = heard.count;
			const bool room = tt_rtp_heard_take(&heard, ts, payload);
			reports += len / 4;
			FUZZ_CHECK(heard.count >= waiting && heard.count <= TT_RTP_HEARD, "the ring");
			FUZZ_CHECK(room || heard.count == TT_RTP_HEARD, "refused though there is room");
			fuzz_check_work(before, len, 2);
		}
		free(exact);
		if (data[at - 1] & 1)
			continue;
		for (int event; (event = tt_rtp_heard_tell(&heard)) >= 0; told++)
			FUZZ_CHECK(event < 256, "an event number");
	}
	FUZZ_CHECK(told + heard.count <= reports, "more keys than reports");
	return 0;
}
