/* VP8 and Opus payloads: vectors, every short descriptor, and packets that lie about their frames. */
#include "unit/rtp/rtp_support.h"

#include "base/num.h"
#include "rtp/payload/payload_opus.h"
#include "rtp/payload/payload_vp8.h"

static void expect(const json_t *want, const char *key, int64_t got)
{
	if (json_object_get(want, key))
		assert_int_equal(got, rtp_int(want, key));
}

static void every_vp8_vector_reads_as_expected(void **state)
{
	json_t *root = rtp_vectors("vp8"), *v;
	size_t i;

	(void)state;
	json_array_foreach(json_object_get(root, "vectors"), i, v) {
		const json_t *want = json_object_get(v, "expected");
		struct tt_vp8_descriptor d;
		size_t len;
		uint8_t *data = rtp_unhex(rtp_text(v, "bytes"), &len);
		bool refuse = strncmp(rtp_text(want, "parse"), "reject", 6) == 0;

		assert_int_equal(tt_vp8_read(&d, data, len), !refuse);
		if (!refuse) {
			expect(want, "PID", d.partition);
			expect(want, "N", d.non_reference);
			expect(want, "offset", (int64_t)(len - d.payload.len));
			expect(want, "picture_id", d.picture_id);
			expect(want, "tl0picidx", d.tl0_picture_index);
			expect(want, "tid", d.temporal_index);
			expect(want, "Y", d.layer_sync);
			expect(want, "keyidx", d.key_index);
			expect(want, "width", d.width);
			expect(want, "height", d.height);
			if (json_object_get(want, "keyframe"))
				assert_int_equal(d.key, json_is_true(json_object_get(want, "keyframe")));
		}
		free(data);
	}
	assert_int_equal(i, 13);
	json_decref(root);
}

/* C22: flags that need bytes which are absent. */
static void every_pair_of_descriptor_bytes_is_safe_at_any_length(void **state)
{
	(void)state;
	for (unsigned first = 0; first < 0x10000; first++) {
		for (size_t len = 0; len <= 8; len += len < 3 ? 1 : 5) {
			uint8_t *p = malloc(len ? len : 1);
			struct tt_vp8_descriptor d;

			for (size_t i = 0; i < len; i++)
				p[i] = (uint8_t)(i == 0 ? first >> 8 : i == 1 ? first : 0xff);
			if (tt_vp8_read(&d, p, len))
				assert_true(d.payload.len > 0 && d.payload.p + d.payload.len == p + len);
			free(p);
		}
	}
}

static void a_written_vp8_descriptor_reads_the_same(void **state)
{
	(void)state;
	for (unsigned id = 0; id < 0x8000; id += 1111) {
		uint8_t buf[8];
		struct wr w = wr_make(buf, sizeof buf);
		struct tt_vp8_descriptor d;

		tt_vp8_write(&w, id & 1, tt_u16(id));
		assert_int_equal(wr_len(&w), TT_VP8_DESCRIPTOR);
		wr_u8(&w, 7);
		assert_true(tt_vp8_read(&d, buf, wr_len(&w)));
		assert_int_equal(d.picture_id, id);
		assert_int_equal(d.start, id & 1);
	}
}

static uint32_t duration(const char *hex, size_t zeros)
{
	size_t len;
	uint8_t *head = rtp_unhex(hex, &len), *p = malloc(len + zeros);

	memcpy(p, head, len);
	memset(p + len, 0, zeros);
	uint32_t d = tt_opus_duration(p, len + zeros);

	free(head);
	free(p);
	return d;
}

static void opus_packets_say_how_long_they_play(void **state)
{
	(void)state;
	assert_int_equal(duration("fc", 0), 960);     /* DTX: 20 ms CELT, no data */
	assert_int_equal(duration("78", 80), 960);    /* hybrid 20 ms */
	assert_int_equal(duration("18", 80), 2880);   /* SILK 60 ms */
	assert_int_equal(duration("e1", 80), 240);    /* two CELT frames of 2.5 ms */
	assert_int_equal(duration("fa05", 30), 1920); /* code 2 */
	assert_int_equal(duration("fb03", 30), 2880); /* code 3, constant */
	assert_int_equal(duration("fb830a05", 30), 2880);
	assert_int_equal(duration("fb410c", 40), 960); /* padded */
	assert_int_equal(duration("e330", 48), 5760);  /* 48 x 2.5 ms = 120 ms */
}

static void opus_packets_that_do_not_add_up_are_refused(void **state)
{
	(void)state;
	assert_int_equal(duration("", 0), 0);
	assert_int_equal(duration("78", 1276), 0); /* R2 */
	assert_int_equal(duration("e1", 81), 0);   /* R3 */
	assert_int_equal(duration("fa", 0), 0);    /* R4 */
	assert_int_equal(duration("fafb", 10), 0); /* first frame longer than the packet */
	assert_int_equal(duration("fb", 0), 0);    /* R6, R7: no count */
	assert_int_equal(duration("fb00", 10), 0); /* count 0 */
	assert_int_equal(duration("e33f", 63), 0); /* 157 ms */
	assert_int_equal(duration("fb03", 31), 0); /* not divisible */
	assert_int_equal(duration("fb41ff", 10), 0);
	assert_int_equal(duration("fb830afe", 30), 0);
	assert_int_equal(duration("1b03", 30), 0); /* 180 ms */
}

static void take(const uint8_t *p, size_t len)
{
	struct tt_vp8_descriptor d;

	assert_true(tt_opus_duration(p, len) <= 5760);
	(void)tt_vp8_read(&d, p, len);
}

static void truncations_and_flips_of_payloads_are_safe(void **state)
{
	static const char *const samples[] = { "fb830a05000102030405060708090a", "fb41ff03000102030405",
		                               "fafc01aabbcc", "a6f092342a71100000009d012a8002e001" };

	(void)state;
	for (size_t i = 0; i < TT_COUNT(samples); i++) {
		size_t len;
		uint8_t *p = rtp_unhex(samples[i], &len);

		rtp_sweep(p, len, take);
		free(p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_vp8_vector_reads_as_expected),
		cmocka_unit_test(every_pair_of_descriptor_bytes_is_safe_at_any_length),
		cmocka_unit_test(a_written_vp8_descriptor_reads_the_same),
		cmocka_unit_test(opus_packets_say_how_long_they_play),
		cmocka_unit_test(opus_packets_that_do_not_add_up_are_refused),
		cmocka_unit_test(truncations_and_flips_of_payloads_are_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
