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

/* R2 and R5 of RFC 6716 section 3.4 at their edges, in each of the four codes. */
static void opus_frames_have_at_most_1275_bytes_and_play_120_ms(void **state)
{
	static const struct {
		const char *head;
		size_t zeros;
		uint32_t samples;
	} rows[] = {
		{ "78", 1275, 960 },
		{ "78", 1276, 0 },
		{ "e1", 2 * 1275, 240 },
		{ "e1", 2 * 1276, 0 },
		{ "e1", 2 * 1275 + 1, 0 },
		{ "e2fb", 251, 240 },		/* a length of one byte ends at 251 */
		{ "e2fc00", 252 + 1275, 240 }, /* and 252 begins one of two */
		{ "e2fc00", 252 + 1276, 0 },
		{ "e2fc00", 251, 0 },
		{ "e2ffff", 1275 + 1275, 240 },
		{ "e2ffff", 1274, 0 },
		{ "e2fc", 0, 0 }, /* half a length */
		{ "e2fd01", 257, 240 },
		{ "e302", 2 * 1275, 240 },
		{ "e302", 2 * 1276, 0 },
		{ "e30100", 0, 120 },
		{ "e301", 1275, 120 },
		{ "e301", 1276, 0 },
		{ "e38205", 5 + 1275, 240 },
		{ "e38205", 5 + 1276, 0 },
		{ "e38205", 5, 240 },
		{ "e38205", 4, 0 },
		{ "e382fc", 0, 0 },
		{ "e382", 0, 0 }, /* not a byte of it */
		{ "e3", 0, 0 },
		{ "e330", 48, 5760 },
		{ "e331", 49, 0 },
		{ "1802", 1, 2880 },
		{ "1b02", 2, 5760 },
		{ "1b03", 3, 0 },
		/* padding: 254 for each 255, and what is left of it */
		{ "e341ff00", 254, 120 },
		{ "e341ff00", 253, 0 },
		{ "e341fe", 254, 120 },
		{ "e341ffff00", 508, 120 },
		{ "e341ffff", 508, 0 }, /* it goes on, and the packet does not */
		{ "e34105", 5, 120 },
		{ "e34105", 4, 0 },
		{ "e34100", 0, 120 },
		{ "e341", 0, 0 },
		{ "e3c2010a", 11, 240 },
		{ "e3c20b01", 11, 0 },
	};

	(void)state;
	for (size_t i = 0; i < TT_COUNT(rows); i++)
		if (duration(rows[i].head, rows[i].zeros) != rows[i].samples)
			fail_msg("%s and %zu zeros", rows[i].head, rows[i].zeros);
}

/* RFC 6716 table 2. */
static void every_opus_configuration_has_its_frame_size(void **state)
{
	static const uint16_t samples[32] = {
		480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 1920, 2880, 480, 960, 480, 960,
		120, 240, 480,	960,  120, 240, 480,  960,  120, 240, 480,  960,  120, 240, 480, 960,
	};

	(void)state;
	for (unsigned config = 0; config < 32; config++) {
		const uint8_t toc = (uint8_t)(config << 3);

		assert_int_equal(tt_opus_duration(&toc, 1), samples[config]);
	}
}

static void only_ten_bytes_with_the_start_code_are_a_key_frame(void **state)
{
	static const uint8_t key[10] = { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01 };
	uint8_t p[11] = { 0x10 };
	struct tt_vp8_descriptor d;

	(void)state;
	for (size_t len = 0; len <= 10; len++) {
		uint8_t *exact = malloc(len ? len : 1);

		memcpy(exact, key, len);
		assert_int_equal(tt_vp8_is_key_frame(exact, len), len == 10);
		free(exact);
	}
	for (size_t i = 0; i < 10; i++) {
		uint8_t bad[10];

		memcpy(bad, key, 10);
		bad[i] ^= 1;
		assert_int_equal(tt_vp8_is_key_frame(bad, 10), i != 0 && (i < 3 || i > 5));
	}
	memcpy(p + 1, key, 10);
	assert_true(tt_vp8_read(&d, p, 11) && d.key && d.width == 640 && d.height == 480);
	p[0] = 0; /* not the start of a partition */
	assert_true(tt_vp8_read(&d, p, 11) && !d.key && d.width == 0);
	p[0] = 0x11; /* of another partition */
	assert_true(tt_vp8_read(&d, p, 11) && !d.start && !d.key);
}

/* RFC 7741 section 4.2: each flag takes its byte, in this order. */
static void every_flag_of_a_vp8_descriptor_takes_its_byte(void **state)
{
	(void)state;
	for (unsigned flags = 0; flags < 32; flags++) {
		const bool wide = flags & 1, pid = flags & 2, tl0 = flags & 4, tid = flags & 8,
			   key = flags & 16;
		const uint8_t head[2] = { 0x90, (uint8_t)(pid * 0x80 | tl0 * 0x40 | tid * 0x20 |
							  key * 0x10) };
		uint8_t buf[8];
		struct wr w = wr_make(buf, sizeof buf);
		struct tt_vp8_descriptor d;

		wr_bytes(&w, head, 2);
		if (pid)
			wr_u8(&w, wide ? 0x92 : 0x12);
		if (pid && wide)
			wr_u8(&w, 0x34);
		if (tl0)
			wr_u8(&w, 0x56);
		if (tid || key)
			wr_u8(&w, 0xb7);
		assert_false(tt_vp8_read(&d, buf, wr_len(&w)));
		wr_u8(&w, 1);
		assert_true(tt_vp8_read(&d, buf, wr_len(&w)));
		assert_int_equal(d.picture_id, !pid ? TT_VP8_NO_VALUE : wide ? 0x1234 : 0x12);
		assert_int_equal(d.tl0_picture_index, tl0 ? 0x56 : TT_VP8_NO_VALUE);
		assert_int_equal(d.temporal_index, tid ? 2 : TT_VP8_NO_VALUE);
		assert_int_equal(d.layer_sync, tid);
		assert_int_equal(d.key_index, key ? 0x17 : TT_VP8_NO_VALUE);
		assert_int_equal(d.payload.len, 1);
	}
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
		cmocka_unit_test(opus_frames_have_at_most_1275_bytes_and_play_120_ms),
		cmocka_unit_test(every_opus_configuration_has_its_frame_size),
		cmocka_unit_test(only_ten_bytes_with_the_start_code_are_a_key_frame),
		cmocka_unit_test(every_flag_of_a_vp8_descriptor_takes_its_byte),
		cmocka_unit_test(truncations_and_flips_of_payloads_are_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
