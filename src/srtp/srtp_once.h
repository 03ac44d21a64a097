/* srtp_once.h - libsrtp's process-wide state, made once; and wiping of keys. */
#ifndef TAUT_SRTP_SRTP_ONCE_H
#define TAUT_SRTP_SRTP_ONCE_H

#include <stdbool.h>
#include <stddef.h>

/* From any thread. False: libsrtp would not start. */
bool tt_srtp_library_ready(void);

/* Zeroes in a way that no compiler takes away. */
void tt_srtp_wipe(void *p, size_t len);

#endif
