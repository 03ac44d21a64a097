/* world_tcp_recv.c - what comes in a stream: in order, each byte once, the FIN last. */
#include <stdlib.h>
#include <string.h>

#include "world/world_tcp_int.h"

static void keep(struct world_stream *s, const struct world_segment *seg)
{
	struct world_piece **at = &s->pieces, *k;

	while (*at && ((*at)->seq < seg->seq || ((*at)->seq == seg->seq && (*at)->len > seg->len)))
		at = &(*at)->next;
	k = malloc(sizeof *k + seg->len);
	if (!k)
		abort();
	*k = (struct world_piece){
		.next = *at, .seq = seg->seq, .len = seg->len, .fin = seg->flags & TCP_FIN
	};
	if (seg->len > 0)
		memcpy(k->data, seg->data, seg->len);
	*at = k;
}

/* Pieces may overlap: what was handed out already is skipped. */
static void hand_out(struct world_stream *s, const struct world_piece *k)
{
	uint32_t end = k->seq + (uint32_t)k->len;

	if (end > s->expected) {
		size_t skip = s->expected - k->seq;
		s->expected = end;
		world_stream_arrived(s, k->data + skip, k->len - skip);
	}
	if (k->fin && !s->fin_in && !s->dead) {
		s->fin_in = true;
		world_stream_finished(s);
	}
}

void world_tcp_data(struct world_stream *s, const struct world_segment *seg)
{
	struct world_piece *k;

	keep(s, seg);
	while (!s->dead && (k = s->pieces) != NULL && k->seq <= s->expected) {
		s->pieces = k->next;
		hand_out(s, k);
		free(k);
	}
	if (!s->dead)
		world_tcp_put(s, s->nxt, TCP_ACK, NULL, 0);
}

void world_tcp_forget(struct world_stream *s)
{
	for (struct world_piece *k; (k = s->pieces) != NULL;) {
		s->pieces = k->next;
		free(k);
	}
}
