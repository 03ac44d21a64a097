/* sctp_forge.h - packets made as pair.s[1]'s peer would make them, with the right tags, ports and
 * checksum, to say what an honest association never does. */
#ifndef TAUT_TEST_SCTP_FORGE_H
#define TAUT_TEST_SCTP_FORGE_H

#include "sctp/sctp_assoc.h"
#include "unit/sctp/sctp_pair.h"

static struct pair pair;
#define VICTIM (pair.s[1])

static inline struct wr begin_packet(uint8_t *buf, size_t cap, uint32_t tag)
{
	struct wr w = wr_make(buf, cap);

	tt_sctp_write_header(&w, &(struct sctp_header){ 5000, 5000, tag });
	return w;
}

static inline int give(struct wr *w)
{
	size_t len = tt_sctp_seal(w);

	assert_true(len > 0);
	return pair_recv(&pair, 1, w->base, len);
}

static inline void begin(uint64_t seed)
{
	pair_init(&pair, seed, NULL, NULL);
	pair_connect(&pair);
}

static inline uint32_t next_tsn(void)
{
	return VICTIM->tracker.cum.v + 1;
}

static inline int give_data(uint32_t tsn, uint16_t stream, uint16_t ssn, const char *flags,
                     const char *text)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);

	tt_sctp_write_data(&w, &(struct sctp_data){
		.tsn = { tsn }, .stream = stream, .mid = { ssn }, .ppid = 53,
		.begin = strchr(flags, 'B'), .end = strchr(flags, 'E'), .unordered = strchr(flags, 'U'),
		.immediate = strchr(flags, 'I'),
		.data = (const uint8_t *)text, .len = strlen(text) });
	return give(&w);
}

static inline int give_sack_window(uint32_t cum, uint32_t window, const uint16_t *gaps, size_t n)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_SACK, 0);

	wr_u32(&w, cum);
	wr_u32(&w, window);
	wr_u16(&w, (uint16_t)(n / 2));
	wr_u16(&w, 0);
	for (size_t i = 0; i < n; i++)
		wr_u16(&w, gaps[i]);
	tt_sctp_end(&w, at);
	return give(&w);
}

static inline int give_sack(uint32_t cum, const uint16_t *gaps, size_t n)
{
	return give_sack_window(cum, 1000000, gaps, n);
}

static inline int give_forward(uint32_t cum, const uint16_t *list, size_t n)
{
	uint8_t buf[1500];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_FORWARD_TSN, 0);

	wr_u32(&w, cum);
	for (size_t i = 0; i < n; i++)
		wr_u16(&w, list[i]);
	tt_sctp_end(&w, at);
	return give(&w);
}

static inline int give_response(uint32_t seq, uint32_t result)
{
	uint8_t buf[128];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_RE_CONFIG, 0);
	size_t p = tt_sctp_begin_param(&w, SCTP_P_RESPONSE);

	wr_u32(&w, seq);
	wr_u32(&w, result);
	tt_sctp_end(&w, p);
	tt_sctp_end(&w, at);
	return give(&w);
}

static inline int give_shutdown(uint32_t cum)
{
	uint8_t buf[128];
	struct wr w = begin_packet(buf, sizeof buf, VICTIM->my_tag);
	size_t at = tt_sctp_begin(&w, SCTP_SHUTDOWN, 0);

	wr_u32(&w, cum);
	tt_sctp_end(&w, at);
	return give(&w);
}

#endif
