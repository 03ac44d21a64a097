/* signal_json.h - JSON from strangers: RFC 8259 through jansson, with our limits in front of it.
 *
 * A message is one object of at most TT_SIGNAL_MESSAGE bytes whose values nest at most
 * TT_SIGNAL_DEPTH deep (checked by a scan before jansson, which recurses, sees it), in valid
 * UTF-8 and without duplicate names. Texts are handed out only when they keep their limit. */
#ifndef TAUT_SIGNAL_JSON_H
#define TAUT_SIGNAL_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum {
	TT_SIGNAL_MESSAGE = 256 * 1024, /* bytes of one message */
	TT_SIGNAL_DEPTH = 32,
	TT_SIGNAL_WORD = 64, /* characters of a room, a name, an id, a secret, a call */
	TT_SIGNAL_WORD_BYTES = 4 * 64 + 1, /* the same in UTF-8, with its NUL */
	TT_SIGNAL_CHAT = 8 * 1024,         /* bytes of a chat message */
	TT_SIGNAL_CANDIDATE = 1024,        /* bytes of a candidate line */
	TT_SIGNAL_FAILURE = 1024,          /* bytes of the sentence why a connection failed */
	TT_SIGNAL_ID = 20,                 /* hex digits of a peer's id */
};

/* How deep the text nests, as far as brackets outside of strings go. */
size_t tt_signal_depth(const char *text, size_t len);

/* A new reference to the object, or NULL and why: "bad_json", "too_deep", "too_large". */
json_t *tt_signal_parse(const char *text, size_t len, const char **why);

/* The member as text, when it is one of 1..64 characters without control characters; else NULL. */
const char *tt_signal_word(const json_t *o, const char *key);
bool tt_signal_is_word(const char *text, size_t len);
/* The member as text of at most max bytes, perhaps empty; else NULL. */
const char *tt_signal_text(const json_t *o, const char *key, size_t max);
/* Valid UTF-8, RFC 3629 section 4. */
bool tt_signal_is_utf8(const char *text, size_t len);

#endif
