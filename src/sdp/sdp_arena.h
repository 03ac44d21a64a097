/* sdp_arena.h - memory of one description: taken piece by piece, given back at once.
 *
 * Arrays grow by doubling, at counts that are powers of two, so no capacity is stored and the
 * arena holds at most twice what the description says. Between the pieces, and behind the last
 * element of an array, AddressSanitizer lets nobody tread. */
#ifndef TAUT_SDP_ARENA_H
#define TAUT_SDP_ARENA_H

#include "sdp/sdp.h"

/* What builders get when memory is used up: to be written to, never read. A description that was
 * read has none. */
struct tt_sdp_scrap {
	struct tt_sdp_media media;
	struct tt_sdp_codec codec;
	struct tt_sdp_extmap extmap;
	struct tt_sdp_group group;
};

/* For what is read of a text of that length; memory comes with its first piece. NULL: there is none. */
struct tt_sdp *tt_sdp_new_to_read(struct tt_env *env, size_t text);

/* Zeroed and aligned; NULL sets sdp->failed. */
void *tt_sdp_arena(struct tt_sdp *sdp, size_t size);
char *tt_sdp_copy_n(struct tt_sdp *sdp, const char *text, size_t len);

/* The array, perhaps moved, with room for one more after count elements of size. When that
 * fails it is the old one, and sdp->failed is set for good. */
void *tt_sdp_grow(struct tt_sdp *sdp, void *array, size_t count, size_t size);

/* A zeroed element at the end of array, or NULL. */
#define TT_SDP_PUSH(sdp, array, count)                                                             \
	((array) = tt_sdp_grow((sdp), (array), (count), sizeof *(array)),                          \
	 (sdp)->failed ? NULL : &(array)[(count)++])

#endif
