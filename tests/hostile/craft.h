/* craft.h - packets of every layer in the bad peer's name, or nearly.
 *
 * Each kind has a begin that writes a right header, for the test to spoil, and a send that
 * seals it with the bad peer's keys and injects it. */
#ifndef TAUT_TEST_HOSTILE_CRAFT_H
#define TAUT_TEST_HOSTILE_CRAFT_H

#include "hostile/peer.h"
#include "rtcp/rtp_session_int.h"
#include "sctp/sctp_assoc.h"
#include "stun/stun.h"

/* ---- STUN ---- */

/* A Binding request with USERNAME, PRIORITY and the bad peer's role; not yet signed. */
struct wr craft_check(struct hostile *h, uint8_t *buf, size_t cap);
/* Only the header and USERNAME. */
struct wr craft_bare_check(struct hostile *h, uint8_t *buf, size_t cap);
/* A success answer to that transaction, with an address; not yet signed. */
struct wr craft_answer(struct hostile *h, uint8_t *buf, size_t cap, const uint8_t *tid);
/* Its password is the good peer's: what signs requests to it; or the bad peer's: answers. */
void craft_sign_request(struct hostile *h, struct wr *w);
void craft_sign_answer(struct hostile *h, struct wr *w);
void craft_inject(struct hostile *h, const struct taut_addr *from, struct wr *w);
/* A consent check of the good peer that is not answered yet: its transaction id. */
void craft_open_transaction(struct hostile *h, uint8_t tid[TT_STUN_TID_LEN]);
void craft_newest_transaction(const struct hostile *h, uint8_t tid[TT_STUN_TID_LEN]);

/* ---- DTLS ---- */

enum { DTLS_CCS = 20, DTLS_ALERT, DTLS_HANDSHAKE, DTLS_DATA };
size_t craft_record(uint8_t *buf, uint8_t type, uint16_t epoch, uint64_t seq, const void *body,
		    size_t len);
/* A handshake record with one fragment. */
size_t craft_fragment(uint8_t *buf, uint8_t type, uint32_t total, uint16_t message_seq,
		      uint32_t offset, uint32_t claimed, const void *body, size_t len);
size_t craft_hello(uint8_t *buf); /* a whole ClientHello without a cookie */

/* ---- RTP and RTCP ---- */

/* The numbers of the bad peer's video (kind TAUT_VIDEO) or audio stream. */
const struct tt_rtp_sender *craft_stream(const struct hostile *h, uint32_t kind);
struct wr craft_rtp(uint8_t *buf, size_t cap, uint8_t pt, uint16_t seq, uint32_t ts, uint32_t ssrc);
/* The length after protection, with keys beside the bad peer's own stack. */
size_t craft_protect_rtp(struct hostile *h, uint8_t *buf, size_t len, size_t cap);
size_t craft_protect_rtcp(struct hostile *h, uint8_t *buf, size_t len, size_t cap);
void craft_send_rtp(struct hostile *h, const void *clear, size_t len);
void craft_send_rtcp(struct hostile *h, const void *clear, size_t len);

/* ---- SCTP ---- */

struct tt_sctp *craft_assoc(const struct hostile *h);      /* the bad peer's association */
const struct tt_sctp *craft_victim(const struct hostile *h); /* the good one's */
/* A packet with the right ports and tag. */
struct wr craft_sctp(struct hostile *h, uint8_t *buf, size_t cap);
struct wr craft_sctp_tag(struct hostile *h, uint8_t *buf, size_t cap, uint32_t tag);
/* Checksum, DTLS, in. */
void craft_send_sctp(struct hostile *h, struct wr *w);
/* Any octets through the bad peer's DTLS. */
void craft_send_data(struct hostile *h, const void *data, size_t len);
/* The bad peer's own association takes all up to that TSN as sent and acknowledged: who acknowledges what it did not send is aborted. */
void craft_sent_up_to(struct hostile *h, struct serial32 tsn);
/* The next TSN of the bad peer, which its own association takes as sent and acknowledged;
 * likewise the next SSN of a stream. */
uint32_t craft_take_tsn(struct hostile *h);
uint16_t craft_take_ssn(struct hostile *h, uint16_t stream);
/* A whole message in one chunk, with the next numbers. */
void craft_send_message(struct hostile *h, uint16_t stream, uint32_t ppid, const void *data,
			size_t len);

#endif
