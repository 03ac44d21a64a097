/* spin.c - a loop that works for nothing, and a test that waits for nothing.
 *
 * Counts are the measure, not time. Behind a failure, a step that makes more system calls than
 * this without ending is a finding, and so is a loop that is woken more often than all the
 * traffic of a test could wake it. A test that waits on for what the failure has taken is
 * ended after so many idle waits, like one whose assertion has seen it; a strict one bounds its
 * waits itself. */
#define _GNU_SOURCE
#include "torture.h"

enum {
	IN_A_STEP = 20000, /* system calls from one wait to the next */
	WOKEN = 50000,     /* waits that ended at once, after a failure that did not last */
	IDLE = 20,         /* waits in which nothing came, of ... */
	IDLE_MS = 100,     /* ... at most */
};

static long in_step, woken, idle;

bool torture_system(const char *call)
{
	(void)call;
	if (torture.phase == TORTURE_OFF || torture_busy || !torture_set.system)
		return false;
	/* what is sent octet by octet takes many calls, and libwebsockets waits elsewhere */
	if (torture.phase == TORTURE_FAILED && !torture_only_slowed() && ++in_step > IN_A_STEP)
		torture_spin("in one step");
	return true;
}

int torture_wait(int timeout)
{
	in_step = 0;
	if (torture.phase != TORTURE_FAILED || torture_busy)
		return timeout;
	return timeout < 0 || timeout > IDLE_MS ? IDLE_MS : timeout;
}

int torture_waited(int n)
{
	if (torture.phase != TORTURE_FAILED || torture_busy)
		return n;
	if (n == 0 && !torture_set.strict && ++idle > IDLE)
		torture_gave_up();
	if (n > 0)
		idle = 0;
	if (n > 0 && ++woken > WOKEN) {
		if (torture.mode == TORTURE_ONCE)
			torture_spin("woken");
		torture_gave_up();
	}
	return n;
}
