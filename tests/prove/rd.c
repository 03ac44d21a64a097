/* The byte reader by itself: any two calls, with any argument, of a cursor over any bytes. */
#include "base/rd.h"

#include "prove.h"

static int one_call(struct rd *r, size_t n)
{
	struct rd sub;
	const uint8_t *p;

	switch (any_of(6)) {
	case 0:
		return rd_u8(r);
	case 1:
		return rd_u16(r);
	case 2:
		return (int)(rd_u32(r) >> 1);
	case 3:
		return rd_be(r, any_of(8)) > 0;
	case 4:
		p = rd_take(r, n);
		return p && n > 0 ? p[0] + p[n - 1] : 0;
	case 5:
		sub = rd_sub(r, n);
		PROVE(sub.off <= sub.len && rd_left(&sub) <= n);
		return rd_u8(&sub);
	default:
		return rd_skip(r, n);
	}
}

int main(void)
{
	const size_t len = any_length();
	struct rd r = rd_make(room + (N - len), len);
	int sum = 0;

	for (int i = 0; i < 2; i++) {
		const struct rd before = r;
		sum |= one_call(&r, any_of(SIZE_MAX));
		PROVE(r.off <= r.len && r.len == len && r.off >= before.off);
		PROVE(r.bad ? rd_left(&r) == 0 : rd_at(&r) == room + (N - len) + r.off);
		PROVE(r.bad || !before.bad);
	}
	return sum;
}
