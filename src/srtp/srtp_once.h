/* srtp_once.h - wiping of keys; the once itself is tt_srtp_library_ready of srtp.h. */
#ifndef TAUT_SRTP_SRTP_ONCE_H
#define TAUT_SRTP_SRTP_ONCE_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroes in a way that no compiler takes away. */
void tt_srtp_wipe(void *p, size_t len);

#endif
