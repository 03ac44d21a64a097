/* layers: media base; corpus: none */
/* fuzz_ogg.c - the Opus packets of an Ogg file are read to its end or to where it is broken.
 *
 * libogg passes over pages whose checksum is wrong, and no fuzzer finds the right one: what begins
 * like a page gets it before the reader sees the file. */
#define _GNU_SOURCE
#include "fuzz_file.h"
#include "media/media_ogg.h"

/* RFC 3533 section 6: 27 bytes of header, the lengths of the segments, the segments. */
static size_t page_len(const uint8_t *p, size_t left, size_t *head)
{
	size_t len = left < 27 || memcmp(p, "OggS", 4) != 0 ? 0 : 27u + p[26];

	if (len == 0 || len > left)
		return 0;
	*head = len;
	for (size_t i = 27; i < *head; i++)
		len += p[i];
	return len <= left ? len : 0;
}

static void set_checksums(uint8_t *p, size_t size)
{
	for (size_t i = 0, len; i < size; i += len) {
		size_t head = 0;
		len = page_len(p + i, size - i, &head);
		if (len > 0) {
			ogg_page page = { .header = p + i,
					  .header_len = (long)head,
					  .body = p + i + head,
					  .body_len = (long)(len - head) };
			ogg_page_checksum_set(&page);
		}
		len += len == 0;
	}
}

static size_t read_all(struct tt_ogg_reader *r, size_t *sum)
{
	struct taut_media_error error;
	struct tt_ogg_packet p;
	size_t n = 0;

	*sum = 0;
	while (tt_ogg_next(r, &p, &error) > 0) {
		FUZZ_CHECK(p.len > 0 && p.samples > 0 && p.samples <= 5760, "an Opus packet");
		for (size_t i = 0; i < p.len; i++)
			*sum += p.data[i] + 1u;
		n++;
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint64_t before = tt_work_total;
	struct taut_media_error error;
	struct tt_ogg_reader r;
	struct fuzz_file f;
	size_t sum, again;

	uint8_t *copy = malloc(size + 1);
	if (!copy)
		abort();
	if (size > 0)
		memcpy(copy, data, size);
	set_checksums(copy, size);
	fuzz_file_begin(&f, copy, size);
	free(copy);
	if (tt_ogg_open(&r, f.name, &error) == TAUT_OK) {
		const size_t n = read_all(&r, &sum);
		FUZZ_CHECK(n <= size, "each packet takes bytes");
		FUZZ_CHECK(tt_ogg_rewind(&r), "back to the beginning");
		FUZZ_CHECK(read_all(&r, &again) == n && again == sum, "the same again");
		tt_ogg_close(&r);
	}
	fuzz_check_work(before, size, 8); /* read twice */
	fuzz_file_end(&f);
	return 0;
}
