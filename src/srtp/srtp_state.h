/* srtp_state.h - what is inside; for this folder, and for tests that compare whole states. */
#ifndef TAUT_SRTP_SRTP_STATE_H
#define TAUT_SRTP_SRTP_STATE_H

#include "srtp/srtp_backend.h"
#include "srtp/srtp_streams.h"
#include "srtp/srtp_transform.h"

struct tt_srtp {
	struct tt_env *env;
	const struct tt_srtp_backend *backend;
	void *me; /* the backend's */
	size_t rtp_tag, rtcp_tag;
	struct tt_srtp_counters counters;
};

/* One direction of tt_srtp_taut. */
struct tt_srtp_side {
	struct tt_srtp_streams streams;
	struct tt_srtp_transform rtp, rtcp;
};

struct tt_srtp_own {
	struct tt_env *env;
	struct tt_srtp_side out, in;
};

#endif
