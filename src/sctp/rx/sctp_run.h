/* sctp_run.h - inside the reassembly: runs and their bookkeeping (sctp_run.c), their order
 * (sctp_reassembly.c) and the streams (sctp_order.c). */
#ifndef TAUT_SCTP_RUN_H
#define TAUT_SCTP_RUN_H

#include "sctp/rx/sctp_reassembly.h"

/* What runs are made of: TSNs, or FSNs. */
struct serial32 tt_sctp_run_number(const struct sctp_reassembly *r, const struct sctp_data *d);
struct sctp_run *tt_sctp_run_new(struct sctp_reassembly *r, const struct sctp_data *d);
void tt_sctp_run_free(struct sctp_reassembly *r, struct sctp_run *run);
/* Makes room for more bytes behind those it has; *run may move. */
bool tt_sctp_run_grow(struct sctp_reassembly *r, struct sctp_run **run, size_t more);
/* No more will come: gives back what growing took too much, if that is more than an eighth. */
void tt_sctp_run_trim(struct sctp_reassembly *r, struct sctp_run **run);
/* From its loan, if it has one, to its own block, which has room. */
void tt_sctp_run_bring_home(struct sctp_reassembly *r, struct sctp_run *run);
/* The loan, if it has one, is free for another message; what came is lost. */
void tt_sctp_run_give_back(struct sctp_reassembly *r, struct sctp_run *run);
/* Throws the bytes away and keeps the TSNs. */
void tt_sctp_run_discard(struct sctp_reassembly *r, struct sctp_run **run);
size_t tt_sctp_run_cost(size_t cap);

/* The message that an SSN stands for. */
struct serial32 tt_sctp_order_widen(const struct sctp_reassembly *r, uint16_t stream, uint16_t ssn);
/* Room for one more message of this stream to wait, so that order_add cannot fail. */
bool tt_sctp_order_prepare(struct sctp_reassembly *r, const struct sctp_data *d);
bool tt_sctp_order_has_stream(struct sctp_reassembly *r, uint16_t stream);
/* Interleaved: nobody waits for that message any more. It was skipped, or complete before. */
bool tt_sctp_order_is_over(struct sctp_reassembly *r, const struct sctp_data *d);
/* Frees the runs of messages of a stream from one number to the other (not past a wrap). */
void tt_sctp_reassembly_drop(struct sctp_reassembly *r, uint16_t stream, bool unordered,
                             uint32_t from, uint32_t to);
/* A complete message: to the ready queue, or to wait for its turn. */
void tt_sctp_order_add(struct sctp_reassembly *r, struct sctp_run *run);

#endif
