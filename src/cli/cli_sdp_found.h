/* cli_sdp_found.h - what taut sdp diff finds, and where it says so. */
#ifndef TAUT_CLI_CLI_SDP_FOUND_H
#define TAUT_CLI_CLI_SDP_FOUND_H

#include <stdbool.h>
#include <stddef.h>

#include "sdp/sdp.h"

enum cli_sdp_verdict {
	CLI_SDP_AGREED,
	CLI_SDP_NARROWED,
	CLI_SDP_REFUSED,
	CLI_SDP_ADDED,
	CLI_SDP_WRONG,
	CLI_SDP_VERDICTS,
};

struct cli_sdp_found {
	const struct tt_sdp *offer, *answer;
	bool json;
	size_t section; /* that is being compared, from 1; 0: the session */
	unsigned count[CLI_SDP_VERDICTS];
};

/* Prints it. topic and spec are literals. */
__attribute__((format(printf, 5, 6))) void cli_sdp_found(struct cli_sdp_found *f,
							 enum cli_sdp_verdict v, const char *topic,
							 const char *spec, const char *fmt, ...);

void cli_sdp_section(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
		     const struct tt_sdp_media *answer);
void cli_sdp_codecs(struct cli_sdp_found *f, const struct tt_sdp_media *offer,
		    const struct tt_sdp_media *answer);

#endif
