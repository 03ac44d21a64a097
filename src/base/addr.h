/* addr.h - transport addresses: text, order, and what kind of address it is. */
#ifndef TAUT_BASE_ADDR_H
#define TAUT_BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>

#include "taut/taut.h"

enum { TT_ADDR_TEXT = 64 }; /* room for "[address%scope]:port" and its NUL */

bool tt_addr_eq(const struct taut_addr *a, const struct taut_addr *b);    /* port too */
bool tt_addr_eq_ip(const struct taut_addr *a, const struct taut_addr *b); /* but for the port */
bool tt_addr_is_any(const struct taut_addr *a);
bool tt_addr_is_loopback(const struct taut_addr *a);
bool tt_addr_is_link_local(const struct taut_addr *a);
bool tt_addr_is_private(const struct taut_addr *a); /* RFC 1918, RFC 4193 */

/* "192.0.2.1:4000" or "[2001:db8::1]:4000"; buf has TT_ADDR_TEXT bytes and is returned. */
const char *tt_addr_text(const struct taut_addr *a, char *buf);
/* The address alone, as it stands in a candidate line. */
const char *tt_addr_ip_text(const struct taut_addr *a, char *buf);
/* Reads an IPv4 dotted quad or an IPv6 address (RFC 4291, without brackets or zone). */
bool tt_addr_parse_ip(struct taut_addr *out, const char *text, size_t len);

#endif
