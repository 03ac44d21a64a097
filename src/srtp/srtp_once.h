/* srtp_once.h - libsrtp2's process-wide state, started once. */
#ifndef TAUT_SRTP_SRTP_ONCE_H
#define TAUT_SRTP_SRTP_ONCE_H

#include <stdbool.h>

/* False: it could not be started. From any thread. */
bool tt_srtp_libsrtp_ready(void);

#endif
