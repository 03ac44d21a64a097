/* sdp_json.h - a session description as JSON, for taut sdp --json. */
#ifndef TAUT_CLI_SDP_JSON_H
#define TAUT_CLI_SDP_JSON_H

#include "sdp/sdp.h"

/* A line for the session, one for each section, one for each warning. ICE passwords are told
 * by their length only: such output is pasted into reports. */
void sdp_json_print(const char *name, const struct tt_sdp *sdp);
void sdp_json_error(const char *name, const struct taut_error *e);

#endif
