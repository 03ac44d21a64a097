/* serial.h - numbers that wrap, RFC 1982.
 *
 * TSNs, stream sequence numbers and RTP sequence numbers are struct types, so
 * that `<` does not compile on them. a is before b when the distance from a to
 * b, taken forwards, is less than half the number space. Two numbers exactly
 * half the space apart are in no order (section 3.2); here neither is before
 * the other. */
#ifndef TAUT_BASE_SERIAL_H
#define TAUT_BASE_SERIAL_H

#include <stdbool.h>
#include <stdint.h>

struct serial16 {
	uint16_t v;
};

struct serial32 {
	uint32_t v;
};

static inline struct serial16 s16(uint16_t v) { return (struct serial16){ v }; }
static inline struct serial32 s32(uint32_t v) { return (struct serial32){ v }; }

static inline bool s16_eq(struct serial16 a, struct serial16 b) { return a.v == b.v; }
static inline bool s32_eq(struct serial32 a, struct serial32 b) { return a.v == b.v; }

static inline bool s16_before(struct serial16 a, struct serial16 b)
{
	uint16_t d = (uint16_t)(b.v - a.v);

	return d != 0 && d < 0x8000;
}

static inline bool s32_before(struct serial32 a, struct serial32 b)
{
	uint32_t d = b.v - a.v;

	return d != 0 && d < 0x80000000u;
}

static inline bool s16_before_eq(struct serial16 a, struct serial16 b)
{
	return s16_eq(a, b) || s16_before(a, b);
}

static inline bool s32_before_eq(struct serial32 a, struct serial32 b)
{
	return s32_eq(a, b) || s32_before(a, b);
}

static inline struct serial16 s16_add(struct serial16 a, uint16_t n)
{
	return s16((uint16_t)(a.v + n));
}

static inline struct serial32 s32_add(struct serial32 a, uint32_t n) { return s32(a.v + n); }

/* How far b lies ahead of a; b must not be before a. */
static inline uint16_t s16_diff(struct serial16 a, struct serial16 b)
{
	return (uint16_t)(b.v - a.v);
}

static inline uint32_t s32_diff(struct serial32 a, struct serial32 b) { return b.v - a.v; }

#endif
