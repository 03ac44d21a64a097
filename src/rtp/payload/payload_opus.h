/* payload_opus.h - Opus in RTP: one packet is one payload, RFC 7587 section 4.2. */
#ifndef TAUT_RTP_PAYLOAD_OPUS_H
#define TAUT_RTP_PAYLOAD_OPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How long the packet plays, in samples at 48 kHz; 0: it is no Opus packet. */
uint32_t tt_opus_duration(const uint8_t *data, size_t len);

#endif
