/* utf8.h - UTF-8, RFC 3629 section 4. */
#ifndef TAUT_BASE_UTF8_H
#define TAUT_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* How many octets the character has that begins the text, of which there are left, one at least; its number in
 * *number, which may be NULL. 0: it is none: cut short, longer than it needs to be, a surrogate, above U+10FFFF. */
size_t tt_utf8_char(const void *text, size_t left, uint32_t *number);

#endif
