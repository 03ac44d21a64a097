/* open.c - an exercise: this parser has a bug, and a fuzzer finds it. README.md leads through it.
 *
 * It reads the DATA_CHANNEL_OPEN message of RFC 8832 section 5.1, as many would write it: with
 * offsets into the packet, and not with the cursor of base/rd.h.
 *
 *   |  type 0x03    | channel type  |          priority             |
 *   |                    reliability parameter                      |
 *   |         label length          |       protocol length         |
 *   |  label, protocol                                              | */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { HEADER = 12, OPEN = 3, ROOM = 64 };

struct open_message {
	uint16_t priority;
	uint32_t reliability;
	char label[ROOM], protocol[ROOM]; /* cut to what fits, with a NUL */
};

static uint16_t u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static void copy_text(char *to, const uint8_t *from, size_t len)
{
	if (len > ROOM - 1)
		len = ROOM - 1;
	memcpy(to, from, len);
	to[len] = '\0';
}

static bool read_open(struct open_message *out, const uint8_t *p, size_t len)
{
	if (len < HEADER || p[0] != OPEN)
		return false;
	const size_t label_len = u16(p + 8);
	const size_t protocol_len = u16(p + 10);

	if (HEADER + label_len > len)
		return false;
	out->priority = u16(p + 2);
	out->reliability = (uint32_t)u16(p + 4) << 16 | u16(p + 6);
	copy_text(out->label, p + HEADER, label_len);
	copy_text(out->protocol, p + HEADER + label_len, protocol_len);
	return true;
}

/* What every fuzz target is: any bytes, and nothing bad may come of them. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct open_message m;

	(void)read_open(&m, data, size);
	return 0;
}
