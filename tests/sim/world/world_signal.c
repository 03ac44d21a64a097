/* world_signal.c - see world_signal.h. */
#include "world/world_signal.h"

#include <stdlib.h>
#include <string.h>

#include "base/num.h"

struct world_letter {
	struct world_letter *next;
	uint32_t type;
	char *text, *mid;
};

static char *copy(const char *text)
{
	size_t n = text ? strlen(text) + 1 : 0;
	char *c = text ? malloc(n) : NULL;

	if (text && !c)
		abort();
	return c ? memcpy(c, text, n) : NULL;
}

static struct world_letter *take(struct world_signal *s)
{
	struct world_letter *l = s->letters;

	if (l)
		s->letters = l->next;
	return l;
}

static void burn(struct world_letter *l)
{
	free(l->text);
	free(l->mid);
	free(l);
}

static void comes(void *arg, uint64_t number)
{
	struct world_signal *s = arg;
	struct world_letter *l = take(s);

	(void)number;
	if (!l)
		return;
	world_absorb(s->world, &s->world->now, sizeof s->world->now);
	s->arrives(s->user, &(struct world_note){ l->type, l->text, l->mid });
	burn(l);
}

void world_signal_init(struct world_signal *s, struct world *w, unsigned which, taut_time delay,
		       taut_time jitter, void (*arrives)(void *user, const struct world_note *note),
		       void *user)
{
	*s = (struct world_signal){ .world = w,
				    .delay = delay,
				    .jitter = jitter,
				    .random = world_stream(w->seed, 500 + which),
				    .arrives = arrives,
				    .user = user };
}

void world_signal_send(struct world_signal *s, const struct world_note *note)
{
	struct world_letter *l = calloc(1, sizeof *l), **at = &s->letters;

	if (!l)
		abort();
	*l = (struct world_letter){ .type = note->type,
				    .text = copy(note->text),
				    .mid = copy(note->mid) };
	while (*at)
		at = &(*at)->next;
	*at = l;
	taut_time when = s->world->now + s->delay + world_between(&s->random, 0, s->jitter);
	s->last_at = tt_max64(s->last_at, when);
	world_at(s->world, s->last_at, comes, s, 0);
}

void world_signal_free(struct world_signal *s)
{
	for (struct world_letter *l; (l = take(s)) != NULL;)
		burn(l);
}
