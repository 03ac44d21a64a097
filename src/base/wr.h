/* wr.h - write bytes into a span that may be too short.
 *
 * The mirror of rd.h: a cursor over a borrowed span, big-endian. Writing past
 * the end writes nothing and marks the cursor bad; the mark sticks, so a writer
 * builds a whole packet and asks once whether it fitted. Lengths that are known
 * only afterwards are patched by wr_patch_u16, at an offset already written. */
#ifndef TAUT_BASE_WR_H
#define TAUT_BASE_WR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wr {
	uint8_t *base;
	size_t off, cap; /* off <= cap, always */
	bool bad;
};

static inline struct wr wr_make(uint8_t *base, size_t cap)
{
	return (struct wr){ .base = base, .cap = base ? cap : 0 };
}

static inline size_t wr_left(const struct wr *w)
{
	return w->bad ? 0 : w->cap - w->off;
}

/* What was written so far, 0 if it did not fit. */
static inline size_t wr_len(const struct wr *w)
{
	return w->bad ? 0 : w->off;
}

/* Room for n bytes, to be filled by the caller; NULL and a bad cursor if there is none. */
static inline uint8_t *wr_room(struct wr *w, size_t n)
{
	if (wr_left(w) < n || w->bad) {
		w->bad = true;
		return NULL;
	}
	uint8_t *p = w->base + w->off;
	w->off += n;
	return p;
}

/* Of a width that has no function of its own below. */
static inline void wr_be(struct wr *w, uint64_t v, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p)
		for (size_t i = 0; i < n; i++)
			p[i] = (uint8_t)(v >> 8 * (n - 1 - i));
}

static inline void wr_u8(struct wr *w, uint8_t v)
{
	uint8_t *p = wr_room(w, 1);

	if (p)
		p[0] = v;
}

static inline void wr_u16(struct wr *w, uint16_t v)
{
	uint8_t *p = wr_room(w, 2);

	if (!p)
		return;
	p[0] = (uint8_t)(v >> 8);
	p[1] = (uint8_t)v;
}

static inline void wr_u24(struct wr *w, uint32_t v)
{
	wr_be(w, v, 3);
}

static inline void wr_u32(struct wr *w, uint32_t v)
{
	uint8_t *p = wr_room(w, 4);

	if (!p)
		return;
	p[0] = (uint8_t)(v >> 24);
	p[1] = (uint8_t)(v >> 16);
	p[2] = (uint8_t)(v >> 8);
	p[3] = (uint8_t)v;
}

static inline void wr_u64(struct wr *w, uint64_t v)
{
	wr_u32(w, (uint32_t)(v >> 32));
	wr_u32(w, (uint32_t)v);
}

static inline void wr_bytes(struct wr *w, const void *data, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p && n > 0)
		memcpy(p, data, n);
}

static inline void wr_zeros(struct wr *w, size_t n)
{
	uint8_t *p = wr_room(w, n);

	if (p)
		memset(p, 0, n);
}

static inline void wr_patch_u16(struct wr *w, size_t at, uint16_t v)
{
	if (w->bad || at + 2 > w->off) {
		w->bad = true;
		return;
	}
	w->base[at] = (uint8_t)(v >> 8);
	w->base[at + 1] = (uint8_t)v;
}

#endif
