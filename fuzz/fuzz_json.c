/* layers: signal base; corpus: none */
/* fuzz_json.c - a signaling message is an object within its limits, or refused. */
#include <string.h>

#include "fuzz.h"
#include "signal/signal_json.h"

/* What is handed out keeps what it promises. */
static void look(const json_t *o)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)o, key, value)
	{
		const char *word = tt_signal_word(o, key);
		const char *text = tt_signal_text(o, key, 100);
		FUZZ_CHECK(!word || (strlen(word) > 0 && strlen(word) < TT_SIGNAL_WORD_BYTES &&
				     tt_signal_is_word(word, strlen(word))),
			   "a word of 1 to 64 characters");
		FUZZ_CHECK(!text || strlen(text) <= 100, "a text keeps its limit");
		FUZZ_CHECK(!text || tt_signal_is_utf8(text, strlen(text)), "a text is UTF-8");
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	const char *text = (const char *)data, *why = NULL;
	const size_t depth = tt_signal_depth(text, size);

	(void)tt_signal_is_utf8(text, size);
	(void)tt_signal_is_word(text, size);
	json_t *o = tt_signal_parse(text, size, &why);
	fuzz_check_work(before, size, 4);
	if (!o) {
		FUZZ_CHECK(why, "refused without a reason");
		return 0;
	}
	FUZZ_CHECK(depth >= 1 && depth <= TT_SIGNAL_DEPTH, "an object within its depth");
	FUZZ_CHECK(tt_signal_is_utf8(text, size), "a message is UTF-8");
	look(o);
	char *written = json_dumps(o, JSON_COMPACT);
	json_t *again = tt_signal_parse(written, strlen(written), &why);
	FUZZ_CHECK(again ? json_equal(o, again) : strlen(written) > TT_SIGNAL_MESSAGE,
		   "written but not read");
	json_decref(again);
	free(written);
	json_decref(o);
	return 0;
}
