/* doctor.h - what the files of `taut doctor` share. */
#ifndef TAUT_CLI_DOCTOR_H
#define TAUT_CLI_DOCTOR_H

#include <stdbool.h>

/* SLOW: it works, though something faster is missing. BAD: calls do not work. */
enum doctor_verdict { DOCTOR_OK, DOCTOR_SLOW, DOCTOR_BAD };

struct doctor {
	bool json;
	unsigned count[3]; /* by verdict */
};

void doctor_say(struct doctor *d, enum doctor_verdict v, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* doctor_network.c: sockets, offloads, interfaces, multicast. */
void doctor_network(struct doctor *d);

#endif
