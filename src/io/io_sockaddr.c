/* io_sockaddr.c - see io_sockaddr.h. */
#define _GNU_SOURCE
#include "io/io_sockaddr.h"

#include <string.h>

socklen_t tt_sockaddr_from(union tt_sockaddr *out, const struct taut_addr *a)
{
	memset(out, 0, sizeof *out);
	if (a->family == 4) {
		out->in4.sin_family = AF_INET;
		out->in4.sin_port = htons(a->port);
		memcpy(&out->in4.sin_addr, a->ip, 4);
		return sizeof out->in4;
	}
	if (a->family == 6) {
		out->in6.sin6_family = AF_INET6;
		out->in6.sin6_port = htons(a->port);
		out->in6.sin6_scope_id = a->scope;
		memcpy(&out->in6.sin6_addr, a->ip, 16);
		return sizeof out->in6;
	}
	return 0;
}

struct taut_addr tt_sockaddr_to(const union tt_sockaddr *sa)
{
	struct taut_addr a = { 0 };

	if (sa->any.sa_family == AF_INET) {
		a.family = 4;
		a.port = ntohs(sa->in4.sin_port);
		memcpy(a.ip, &sa->in4.sin_addr, 4);
	} else if (sa->any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&sa->in6.sin6_addr)) {
		a.family = 4;
		a.port = ntohs(sa->in6.sin6_port);
		memcpy(a.ip, sa->in6.sin6_addr.s6_addr + 12, 4);
	} else if (sa->any.sa_family == AF_INET6) {
		a.family = 6;
		a.port = ntohs(sa->in6.sin6_port);
		a.scope = sa->in6.sin6_scope_id;
		memcpy(a.ip, &sa->in6.sin6_addr, 16);
	}
	return a;
}
