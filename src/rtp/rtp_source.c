/* rtp_source.c - see rtp_source.h. */
#include "rtp/rtp_source.h"

#include "base/num.h"

/* A.1; misorder is as wide as SRTP's window, which passes nothing older: what lies further back is a
 * queue that empties late, and never a sender that started anew */
enum { MAX_DROPOUT = 3000, MAX_MISORDER = 1024, NO_SEQ = 0x10000 };

static void restart(struct tt_rtp_source *s, uint16_t seq)
{
	/* one cycle up, so that packets before the first one are not negative */
	*s = (struct tt_rtp_source){
		.started = true, .base = 0x10000 + seq, .newest = 0x10000 + seq, .bad_seq = NO_SEQ
	};
}

int64_t tt_rtp_source_nearest(const struct tt_rtp_source *s, uint16_t seq)
{
	uint16_t ahead = (uint16_t)(seq - (uint16_t)s->newest);

	return s->newest + (ahead < 0x8000 ? ahead : (int64_t)ahead - 0x10000);
}

enum tt_rtp_seq tt_rtp_source_seq(struct tt_rtp_source *s, uint16_t seq, int64_t *ext)
{
	if (!s->started) {
		restart(s, seq);
		*ext = s->newest;
		return TT_RTP_SEQ_OK;
	}
	*ext = tt_rtp_source_nearest(s, seq);
	int64_t ahead = *ext - s->newest;

	if (ahead > -MAX_MISORDER && ahead < MAX_DROPOUT) {
		s->newest = tt_max64(s->newest, *ext);
		s->bad_seq = NO_SEQ;
		return TT_RTP_SEQ_OK;
	}
	if (seq == s->bad_seq) {
		int64_t base = *ext < s->newest ? *ext + 0x10000 : *ext;

		restart(s, seq);
		s->base = s->newest = *ext =
			base; /* extended numbers go on, so that none comes twice */
		return TT_RTP_SEQ_RESTART;
	}
	s->bad_seq = (seq + 1u) & 0xffff;
	return TT_RTP_SEQ_JUMPED;
}

void tt_rtp_source_arrived(struct tt_rtp_source *s, uint32_t ts, taut_time at, uint32_t clock_rate)
{
	s->received++;
	if (clock_rate == 0 || (s->has_transit && ts == s->last_ts))
		return; /* packets of one frame leave together but are not sampled together */
	s->last_ts = ts;
	int64_t arrival = at / 1000000 * clock_rate + at % 1000000 * clock_rate / 1000000;
	int64_t transit = (int64_t)((uint32_t)arrival - ts);
	/* A.8, in arithmetic modulo 2^32 like the timestamps */
	uint32_t d = (uint32_t)transit - (uint32_t)s->transit;

	if (d > 0x80000000u)
		d = 0u - d;
	s->transit = transit;
	if (!s->has_transit) {
		s->has_transit = true;
		return;
	}
	if (d < 10 * clock_rate) /* a clock that was set says nothing about the network */
		s->jitter += d - ((s->jitter + 8) >> 4);
}

int64_t tt_rtp_source_lost(const struct tt_rtp_source *s)
{
	return s->started ? s->newest - s->base + 1 - (int64_t)s->received : 0;
}

uint8_t tt_rtp_source_fraction(struct tt_rtp_source *s)
{
	uint64_t expected = s->started ? (uint64_t)(s->newest - s->base + 1) : 0;
	uint64_t expected_interval = expected - s->expected_prior;
	uint64_t received_interval = s->received - s->received_prior;

	s->expected_prior = expected;
	s->received_prior = s->received;
	if (expected_interval == 0 || received_interval >= expected_interval)
		return 0;
	return tt_u8(
		tt_min(255, ((expected_interval - received_interval) << 8) / expected_interval));
}

taut_time tt_rtp_source_jitter_us(const struct tt_rtp_source *s, uint32_t clock_rate)
{
	return clock_rate ? (taut_time)((uint64_t)(s->jitter >> 4) * 1000000 / clock_rate) : 0;
}
